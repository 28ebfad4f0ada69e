/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_again - the forms that were made before their last time-stamp weakens:
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

/* All forms are raised with the first that is due: the newest version of forms then
 * holds every part, and what it stands on speaks for all. */
int signatures_forms_due(struct care *c, bool *ret_due, struct ltps_error *err)
{
	const int64_t margin_ms = c->w->l->o.upkeep.margin_ms;
	*ret_due = false;
	c->weakens_ms = INT64_MAX;
	for (size_t i = 0; i < c->version->n_parts; i++) {
		struct signatures_form f;
		int64_t footing, weakens_ms;
		if (!any_form(c, i, &f))
			continue;
		if (version_footing_get(c->w->conn, f.version->id, &footing,
					&weakens_ms, err) != 0)
			return -1;
		if (footing == 0 || weakens_ms >= c->weakens_ms)
			continue;
		c->weakens_ms = weakens_ms;
		*ret_due = plan_is_due(weakens_ms, margin_ms, c->now_ms);
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

/* The time-stamp of a signature, or of the file, that was made last and counted. */
static const struct report_stamp *last_stamp(const struct report *r)
{
	const struct report_stamp *last = NULL;
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *s = &r->stamps[i];
		if (s->stamp->tst == NULL || s->certificate == NULL ||
		    s->conclusion.indication != INDICATION_PASSED ||
		    (s->stamp->type != STAMP_ARCHIVE &&
		     s->stamp->type != STAMP_DOCUMENT))
			continue;
		if (last == NULL ||
		    s->stamp->tst->gen_time_ms >= last->stamp->tst->gen_time_ms)
			last = s;
	}
	return last;
}

static int footing_of(struct care *c, struct cared_part *p,
		      const struct report_stamp *s, struct ltps_error *err)
{
	static const enum digest_alg none[] = { DIGEST_NONE };
	struct view chain[TSA_PATH_DEPTH_MAX];
	const struct path_candidate *path = &s->certificate->chain;
	size_t n = 0;
	for (; n < path->n_certs && n < TSA_PATH_DEPTH_MAX; n++)
		chain[n] = path->certs[n]->der;
	if (footing_of_token(s->stamp->tst, chain, n, none, &p->footing, err) != 0 ||
	    plan_made(c->w->l, &p->footing, err) != 0)
		return -1;
	p->has_footing = true;
	return 0;
}

/*
 * The other authority did not answer: until it does the form is due, as if it weakened
 * when the margin is over. Its loss would be that of the form.
 */
static int stand_alone(struct care *c, struct cared_part *p, struct ltps_error *err)
{
	struct footing_new *row = &p->footing.row;
	const int64_t until_ms = c->now_ms + c->w->l->o.upkeep.margin_ms;
	if (row->ends_ms > until_ms)
		row->ends_ms = until_ms;
	return row->weakens_ms <= until_ms
		   ? 0
		   : footing_made_plan(&p->footing, until_ms,
				       "it stands on one authority", err);
}

int signatures_stand(struct care *c, struct cared_part *p, struct ltps_error *err)
{
	const struct report *r = p->augmented.judged.report;
	const struct report_stamp *s =
	    p->made.n > 0 && r != NULL ? last_stamp(r) : NULL;
	if (s == NULL)
		return 0;
	if (footing_of(c, p, s, err) != 0)
		return -1;
	return c->w->l->o.n_tsas < 2 || signatures_on_two(r) ? 0
							     : stand_alone(c, p, err);
}

/* Of what was made now, the one that weakens first. */
static const struct cared_part *weakest(const struct care *c, bool sealed)
{
	const struct cared_part *first = NULL;
	for (size_t i = 0; i < c->n_cared; i++) {
		const struct cared_part *p = &c->cared[i];
		if (p->has_footing && p->sealed == sealed &&
		    (first == NULL ||
		     p->footing.row.weakens_ms < first->footing.row.weakens_ms))
			first = p;
	}
	return first;
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
			enum version_kind kind, int64_t *footing, int64_t *weakens_ms,
			struct ltps_error *err)
{
	for (size_t i = 0; i < c->version->n_parts; i++) {
		struct signatures_form f;
		int64_t other, when_ms;
		if (is_made(c, i) || !signatures_form_find(c, kind, i, true, &f))
			continue;
		if (version_footing_get(conn, f.version->id, &other, &when_ms, err) !=
		    0)
			return -1;
		if (other != 0 && (*footing == 0 || when_ms < *weakens_ms)) {
			*footing = other;
			*weakens_ms = when_ms;
		}
	}
	return 0;
}

int signatures_stand_keep(struct store_conn *conn, const struct care *c,
			  enum version_kind kind, int64_t version,
			  struct ltps_error *err)
{
	const struct cared_part *p = weakest(c, kind == VERSION_SEALED);
	int64_t footing = 0, weakens_ms = INT64_MAX;
	if (kind != VERSION_AUGMENTED && kind != VERSION_SEALED)
		return 0;
	if (p != NULL && footing_put(conn, &p->footing.row, &footing, err) != 0)
		return -1;
	if (p != NULL)
		weakens_ms = p->footing.row.weakens_ms;
	if (weakest_left(conn, c, kind, &footing, &weakens_ms, err) != 0)
		return -1;
	return footing != 0 ? version_set_footing(conn, version, footing, err) : 0;
}
