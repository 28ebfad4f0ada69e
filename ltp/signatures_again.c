/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_again - the forms that were made, before a time-stamp of theirs weakens:
 * each raised by a further archive time-stamp, and what a form stands on from then on.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/fixity.h"
#include "ltp/plan.h"
#include "ltp/signatures.h"
#include "storage/term.h"

/* ---- forms ---- */

/* Whether forms of this name that were made of `base` are forms of this part. */
static bool same_part(const struct care *c, int64_t base, const char *id,
		      enum version_kind kind, const struct part *part)
{
	const struct version *v = object_version_by_id(c->object, base);
	char other[FORM_ID_MAX];
	for (size_t i = 0; v != NULL && i < v->n_parts; i++) {
		signatures_form_id(&v->parts[i], kind, other);
		if (strcmp(id, other) == 0)
			return digest_equal(&v->parts[i].sha512, &part->sha512);
	}
	return false;
}

bool signatures_form_find(const struct care *c, enum version_kind kind, size_t part,
			  bool own, struct signatures_form *ret)
{
	char id[FORM_ID_MAX];
	bool found = false;
	signatures_form_id(&c->version->parts[part], kind, id);
	for (size_t i = 0; i < c->object->n_versions; i++) {
		const struct version *v = &c->object->versions[i];
		if (v->kind != kind ||
		    (own ? v->base != c->version->id
			 : !same_part(c, v->base, id, kind, &c->version->parts[part])))
			continue;
		for (size_t k = 0; k < v->n_parts; k++)
			if (v->parts[k].po_id != NULL &&
			    strcmp(v->parts[k].po_id, id) == 0) {
				*ret = (struct signatures_form){ v, &v->parts[k] };
				found = true; /* the last one is the newest */
			}
	}
	return found;
}

static bool any_form(const struct care *c, size_t part, struct signatures_form *ret)
{
	return signatures_form_find(c, VERSION_AUGMENTED, part, true, ret) ||
	       signatures_form_find(c, VERSION_SEALED, part, true, ret);
}

/* How often the other authority is asked: after a day, two, four, up to so many, since
 * what stands on one of them falls with it. */
#define ALONE_LONGEST_DAYS 16
#define DAY_MS ((int64_t)86400000)

int64_t signatures_alone_until(const struct ltp *l, int64_t now_ms)
{
	return now_ms + l->o.upkeep.margin_ms / 2;
}

static bool is_due(const struct care *c, const struct version_stood *s)
{
	const struct ltp *l = c->w->l;
	if (s->stand.second_ms == 0)
		return plan_is_due(s->weakens_ms, l->o.upkeep.margin_ms, c->now_ms);
	return s->stand.second_ms <= c->now_ms ||
	       s->weakens_ms <= signatures_alone_until(l, c->now_ms);
}

/* All forms are raised with the first that is due: the newest version of forms then
 * holds every part, and what it stands on speaks for all. */
int signatures_forms_due(struct care *c, bool *ret_due, struct ltps_error *err)
{
	*ret_due = false;
	c->holds_ms = INT64_MAX;
	for (size_t i = 0; i < c->version->n_parts; i++) {
		struct signatures_form f;
		struct version_stood s;
		if (!any_form(c, i, &f))
			continue;
		if (version_stand_get(c->w->conn, f.version->id, &s, err) != 0)
			return -1;
		if (s.stand.footing == 0)
			continue;
		if (s.holds_ms < c->holds_ms)
			c->holds_ms = s.holds_ms;
		*ret_due = *ret_due || is_due(c, &s);
	}
	return 0;
}

int signatures_form_read(struct care *c, struct cared_part *p,
			 const struct signatures_form *f, struct ltps_error *err)
{
	p->form = buf_make((size_t)f->part->size);
	c->bytes += f->part->size;
	return fixity_blob_read(c->w, f->part->blob, &p->form, err);
}

/* ---- what a form stands on ---- */

void signatures_stand_clear(struct signatures_stand *s)
{
	footing_made_clear(&s->footing);
	footing_made_clear(&s->partner);
	*s = (struct signatures_stand){ 0 };
}

static int footing_of(struct care *c, const struct report_stamp *s,
		      struct footing_made *ret, struct ltps_error *err)
{
	static const enum digest_alg none[] = { DIGEST_NONE };
	struct view chain[TSA_PATH_DEPTH_MAX];
	const struct path_candidate *path = &s->certificate->chain;
	size_t n = 0;
	for (; n < path->n_certs && n < TSA_PATH_DEPTH_MAX; n++)
		chain[n] = path->certs[n]->der;
	if (footing_of_token(s->stamp->tst, chain, n, none, ret, err) != 0)
		return -1;
	return plan_made(c->w->l, ret, err);
}

int64_t signatures_turn_since(const struct care *c)
{
	return c->now_ms - TSP_SKEW_MS_DEFAULT;
}

/* Whether what was made last, and counted, is of one authority for some signature where
 * there are two, or the other one will prove nothing. */
bool signatures_is_alone(const struct care *c, const struct cared_part *p)
{
	const struct report *r = p->augmented.judged.report;
	if (c->w->l->o.n_tsas < 2 || r == NULL)
		return false;
	const enum signatures_standing on =
	    signatures_standing_of(r, signatures_turn_since(c));
	return on == STANDS_ON_ONE || (on == STANDS_ON_TWO && p->dim);
}

static int64_t weakens_ms(const struct signatures_stand *s)
{
	if (s->paired && s->partner.row.weakens_ms < s->footing.row.weakens_ms)
		return s->partner.row.weakens_ms;
	return s->footing.row.weakens_ms;
}

/* Of one authority before two, then what weakens first. */
static bool is_weaker(const struct signatures_stand *s,
		      const struct signatures_stand *than)
{
	if (!than->known || s->paired != than->paired)
		return !than->known || !s->paired;
	return weakens_ms(s) < weakens_ms(than);
}

/*
 * The weakest stays. Both were made in this turn: an older time-stamp is no second
 * opinion, since it ends sooner, and may be of an earlier certificate of the same
 * authority.
 */
static int stand_one(struct care *c, const struct signatures_pair *pair,
		     struct signatures_stand *weakest, struct ltps_error *err)
{
	struct signatures_stand s = { .known = true };
	int rc = footing_of(c, pair->last, &s.footing, err);
	s.paired = c->w->l->o.n_tsas > 1 && pair->under != NULL;
	if (rc == 0 && s.paired)
		rc = footing_of(c, pair->under, &s.partner, err);
	if (rc == 0 && is_weaker(&s, weakest)) {
		signatures_stand_clear(weakest);
		*weakest = s;
		s = (struct signatures_stand){ 0 };
	}
	signatures_stand_clear(&s);
	return rc;
}

static bool same_pair(const struct signatures_pair *a, const struct signatures_pair *b)
{
	return a->last == b->last && a->under == b->under;
}

int signatures_stand(struct care *c, struct cared_part *p, struct ltps_error *err)
{
	const struct report *r = p->augmented.judged.report;
	const int64_t since_ms = signatures_turn_since(c);
	struct signatures_pair before = { 0 }; /* of a PDF, all have the same */
	for (size_t i = 0; p->made.n > 0 && r != NULL && i < r->n_signatures; i++) {
		const struct signatures_pair pair = signatures_pair_of(r, i, since_ms);
		if (pair.last == NULL || same_pair(&pair, &before))
			continue;
		if (stand_one(c, &pair, &p->stand, err) != 0)
			return -1;
		before = pair;
	}
	return 0;
}

/* ---- written down ---- */

/* A stand and its first date. */
struct dated {
	struct version_stand stand;
	int64_t weakens_ms;
};

/* What stands on one authority is the weaker, then what weakens first. */
static void keep_weaker(struct dated *d, const struct dated *other)
{
	const bool alone = d->stand.second_ms != 0;
	const bool other_alone = other->stand.second_ms != 0;
	if (other->stand.footing == 0)
		return;
	if (d->stand.footing == 0 || (other_alone && !alone) ||
	    (other_alone == alone && other->weakens_ms < d->weakens_ms))
		*d = *other;
}

/* Not before newer status may be had, where that is what it waits for. */
static int64_t after_days(const struct care *c, const struct cared_part *p,
			  int64_t days)
{
	const int64_t next_ms = c->now_ms + days * DAY_MS;
	return p->dim && p->again_ms > next_ms ? p->again_ms : next_ms;
}

/* Never past the time when it is raised without. */
static int64_t at_latest(const struct care *c, int64_t holds_ms, int64_t next_ms)
{
	const int64_t last_ms = holds_ms == INT64_MAX
				    ? INT64_MAX
				    : holds_ms - c->w->l->o.upkeep.margin_ms / 2;
	return next_ms < last_ms ? next_ms : last_ms;
}

static int64_t first_try(const struct care *c, const struct cared_part *p,
			 int64_t holds_ms)
{
	const int64_t first_ms = c->now_ms + DAY_MS;
	const int64_t next_ms = at_latest(c, holds_ms, after_days(c, p, 1));
	return next_ms > first_ms ? next_ms : first_ms;
}

static int put_made(struct store_conn *conn, const struct care *c,
		    const struct cared_part *p, struct dated *ret,
		    struct ltps_error *err)
{
	const struct signatures_stand *s = &p->stand;
	const bool alone = signatures_is_alone(c, p), paired = s->paired && !alone;
	struct dated d = { .weakens_ms = paired ? weakens_ms(s)
						: s->footing.row.weakens_ms };
	if (footing_put(conn, &s->footing.row, &d.stand.footing, err) != 0 ||
	    (paired && footing_put(conn, &s->partner.row, &d.stand.partner, err) != 0))
		return -1;
	if (alone)
		d.stand.second_ms = first_try(c, p, d.weakens_ms);
	keep_weaker(ret, &d);
	return 0;
}

static bool is_made(const struct care *c, size_t part)
{
	for (size_t i = 0; i < c->n_cared; i++)
		if (c->cared[i].part == part && c->cared[i].made.n > 0)
			return true;
	return false;
}

/* Forms of other parts stay behind in older versions, which are not asked for once
 * there is a newer one: it answers for the weakest of them too. */
static int weakest_left(struct store_conn *conn, const struct care *c,
			enum version_kind kind, struct dated *d, struct ltps_error *err)
{
	for (size_t i = 0; i < c->version->n_parts; i++) {
		struct signatures_form f;
		struct version_stood s;
		if (is_made(c, i) || !signatures_form_find(c, kind, i, true, &f))
			continue;
		if (version_stand_get(conn, f.version->id, &s, err) != 0)
			return -1;
		keep_weaker(d, &(struct dated){ s.stand, s.weakens_ms });
	}
	return 0;
}

int signatures_stand_keep(struct store_conn *conn, const struct care *c,
			  enum version_kind kind, int64_t version,
			  struct ltps_error *err)
{
	struct dated d = { .weakens_ms = INT64_MAX };
	if (kind != VERSION_AUGMENTED && kind != VERSION_SEALED)
		return 0;
	for (size_t i = 0; i < c->n_cared; i++) {
		const struct cared_part *p = &c->cared[i];
		if (p->stand.known && p->sealed == (kind == VERSION_SEALED) &&
		    put_made(conn, c, p, &d, err) != 0)
			return -1;
	}
	if (weakest_left(conn, c, kind, &d, err) != 0)
		return -1;
	return d.stand.footing != 0 ? version_stand_put(conn, version, &d.stand, err)
				    : 0;
}

/* ---- waiting for the other authority ---- */

/* After a day, two, four ... */
static int64_t next_try(const struct care *c, const struct cared_part *p,
			const struct version_stood *s)
{
	const int64_t days = s->stand.seconds < 4 ? 1 << s->stand.seconds
						  : ALONE_LONGEST_DAYS;
	return at_latest(c, s->holds_ms, after_days(c, p, days));
}

static int wait_one(struct store_conn *conn, const struct care *c,
		    const struct cared_part *p, struct ltps_error *err)
{
	struct version_stood s;
	if (version_stand_get(conn, p->waits, &s, err) != 0)
		return -1;
	if (s.stand.footing == 0 || s.holds_ms < 0)
		return 0;
	/* Counted from the moment when it was found to stand on one. */
	if (s.stand.second_ms != 0)
		s.stand.seconds++;
	s.stand = (struct version_stand){ .footing = s.holds,
					  .second_ms = next_try(c, p, &s),
					  .seconds = s.stand.seconds };
	return version_stand_put(conn, p->waits, &s.stand, err);
}

int signatures_wait_keep(struct store_conn *conn, const struct care *c,
			 struct ltps_error *err)
{
	int64_t before = 0; /* of parts of one version, once */
	for (size_t i = 0; i < c->n_cared; i++) {
		const int64_t version = c->cared[i].waits;
		if (version == 0 || version == before)
			continue;
		if (wait_one(conn, c, &c->cared[i], err) != 0)
			return -1;
		before = version;
	}
	return 0;
}
