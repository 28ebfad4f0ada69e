/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/outlook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/evidence.h"
#include "storage/term.h"

/* It holds a worker: what is left to judge is for the next request. */
#define OUTLOOK_MS_MAX 10000
/* What had to be judged is, and is not told yet (base/failpoint.h). */
#define FP_OUTLOOK_TELL "outlook.tell"

/* ---- time-stamps ---- */

static void take_footing(struct outlook_stamp *s, const struct footing *f)
{
	snprintf(s->authority, sizeof(s->authority), "%s", f->tsa);
	snprintf(s->why, sizeof(s->why), "%s", f->reason);
	s->weakens_ms = f->weakens_ms;
}

/* The footing of the token, or that of the one before by another TSA when it ends
 * first: as the tips are dated (storage/renewal.h). */
static int date_stamp(struct ltp_worker *w, const struct token_link *link,
		      struct outlook_stamp *s, struct ltps_error *err)
{
	struct footing f = { 0 };
	s->weakens_ms = INT64_MIN;
	if (link->footing == 0)
		return 0;
	if (footing_get(w->conn, link->footing, &f, err) != 0)
		return -1;
	take_footing(s, &f);
	footing_clear(&f);
	if (link->partner == 0 || link->next != 0)
		return 0;
	if (footing_get(w->conn, link->partner, &f, err) != 0)
		return -1;
	if (f.weakens_ms < s->weakens_ms) {
		s->weakens_ms = f.weakens_ms;
		snprintf(s->why, sizeof(s->why), "%s", f.reason);
	}
	footing_clear(&f);
	return 0;
}

static int add_stamp(struct ltp_worker *w, int64_t id, const struct token_link *link,
		     struct outlook_chain *c, size_t *capacity, struct ltps_error *err)
{
	struct token *token = NULL;
	if (mem_grow(&c->stamps, sizeof(*c->stamps), c->n + 1, capacity, err) != 0)
		return -1;
	struct outlook_stamp *s = &c->stamps[c->n];
	memset(s, 0, sizeof(*s));
	if (token_get(w->conn, id, &token, err) != 0)
		return -1;
	s->gen_time_ms = token->gen_time_ms;
	s->stored_ms = token->stored_ms;
	snprintf(s->tsa, sizeof(s->tsa), "%s", token->tsa);
	s->fallen = link->fallen;
	s->tip = link->next == 0;
	token_free(token);
	if (date_stamp(w, link, s, err) != 0)
		return -1;
	c->n++;
	return 0;
}

static int read_stamps(struct ltp_worker *w, struct outlook_chain *c,
		       struct ltps_error *err)
{
	struct token_link link;
	size_t capacity = 0;
	if (c->tree.state != TREE_STAMPED)
		return 0;
	for (int64_t id = c->tree.token; id != 0; id = link.next)
		if (token_link_get(w->conn, id, &link, err) != 0 ||
		    add_stamp(w, id, &link, c, &capacity, err) != 0)
			return -1;
	return 0;
}

/* ---- chains ---- */

struct reading {
	struct ltp_worker *w;
	struct outlook_version *v;
	size_t capacity;
};

static int add_chain(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct reading *r = arg;
	struct outlook_version *v = r->v;
	if (mem_grow(&v->chains, sizeof(*v->chains), v->n + 1, &r->capacity, err) != 0)
		return -1;
	struct outlook_chain *c = &v->chains[v->n];
	memset(c, 0, sizeof(*c));
	if (tree_get(r->w->conn, leaf->tree, &c->tree, err) != 0)
		return -1;
	c->leaf = leaf->index;
	v->n++;
	return 0;
}

static int read_chains(struct ltp_worker *w, struct outlook_version *v,
		       struct ltps_error *err)
{
	struct reading r = { .w = w, .v = v };
	if (tree_leaves_of(w->conn, LEAF_VERSION, v->version->id, add_chain, &r, err) !=
	    0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (read_stamps(w, &v->chains[i], err) != 0)
			return -1;
	return 0;
}

/* ---- what falls due ---- */

static void add_due(struct outlook_version *v, enum forecast_kind kind,
		    int64_t weakens_ms, int64_t margin_ms, struct outlook_due *d)
{
	if (weakens_ms == INT64_MAX)
		return; /* no end is known */
	d->kind = kind;
	d->weakens_ms = weakens_ms;
	d->due_ms = weakens_ms == INT64_MIN ? INT64_MIN : weakens_ms - margin_ms;
	v->dues[v->n_dues++] = *d;
}

/* The chain that grows: the newest with a time-stamp. */
static const struct outlook_chain *growing(const struct outlook_version *v)
{
	for (size_t i = v->n; i-- > 0;)
		if (v->chains[i].n > 0)
			return &v->chains[i];
	return NULL;
}

static void due_of_evidence(const struct ltp *l, const struct object *o,
			    struct outlook_version *v)
{
	const struct outlook_chain *c = growing(v);
	const int64_t margin_ms = l->o.upkeep.margin_ms;
	if (c == NULL)
		return;
	const struct outlook_stamp *tip = &c->stamps[c->n - 1];
	struct outlook_due d = { .alg = c->tree.alg };
	snprintf(d.why, sizeof(d.why), "%s", tip->why);
	snprintf(d.authority, sizeof(d.authority), "%s", tip->authority);
	/* Without a footing yet there is no date, which is no alarm by itself. */
	if (tip->authority[0] != '\0')
		add_due(v, FORECAST_TIMESTAMP, tip->weakens_ms, margin_ms, &d);
	/* What has no data gets no other digest (DESIGN: evidence model). */
	if (o->state != OBJECT_LIVE)
		return;
	d = (struct outlook_due){ .alg = c->tree.alg };
	snprintf(d.why, sizeof(d.why), "%s", digest_name(c->tree.alg));
	add_due(v, FORECAST_HASH_TREE, plan_digest_end(l, c->tree.alg), margin_ms, &d);
}

static int due_of_form(struct ltp_worker *w, struct outlook_version *v,
		       struct ltps_error *err)
{
	struct footing f = { 0 };
	struct outlook_due d = { .alg = DIGEST_NONE };
	struct version_stood s;
	if (version_stand_get(w->conn, v->version->id, &s, err) != 0)
		return -1;
	if (s.stand.footing == 0)
		return 0;
	if (footing_first(w->conn, s.stand.footing, s.stand.partner, s.weakens_ms, &f,
			  err) != 0)
		return -1;
	snprintf(d.why, sizeof(d.why), "%s", f.reason);
	snprintf(d.authority, sizeof(d.authority), "%s", f.tsa);
	footing_clear(&f);
	add_due(v, FORECAST_AUGMENT, s.weakens_ms, w->l->o.upkeep.margin_ms, &d);
	return 0;
}

static int by_due(const void *a, const void *b)
{
	const struct outlook_due *x = a, *y = b;
	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static int read_version(struct ltp_worker *w, const struct object *o,
			const struct evidence_proofs *proofs, struct outlook_version *v,
			bool *ret_known, struct ltps_error *err)
{
	struct evidence_recalled proof;
	if (evidence_proof_recall(w, v->version, proofs, &proof, err) != 0)
		return -1;
	*ret_known = proof.known;
	if (!proof.known)
		return 0;
	v->proven_ms = proof.proven_ms;
	v->came = proof.came;
	if (read_chains(w, v, err) != 0)
		return -1;
	due_of_evidence(w->l, o, v);
	if (due_of_form(w, v, err) != 0)
		return -1;
	qsort(v->dues, v->n_dues, sizeof(v->dues[0]), by_due);
	return 0;
}

/* ---- all of it ---- */

static int read_all(struct ltp_worker *w, const struct evidence_proofs *proofs,
		    struct outlook *o, bool *ret_known, struct ltps_error *err)
{
	const size_t n = o->object->n_versions;
	o->versions = mem_zalloc(n > 0 ? n : 1, sizeof(*o->versions));
	if (o->versions == NULL)
		return ltps_fail_nomem(err);
	for (; o->n < n; o->n++)
		o->versions[o->n].version = &o->object->versions[o->n];
	*ret_known = true;
	for (size_t i = 0; i < n && *ret_known; i++)
		if (read_version(w, o->object, proofs, &o->versions[i], ret_known,
				 err) != 0)
			return -1;
	return 0;
}

int outlook_prepare(struct ltp_worker *w, const struct object *object,
		    struct limit *limit, struct evidence_proofs *into,
		    struct ltps_error *err)
{
	for (size_t i = 0; i < object->n_versions; i++)
		if (evidence_proof_prepare(w, &object->versions[i], limit, into, err) !=
		    0)
			return -1;
	return 0;
}

int outlook_restless(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
			 "evidence changed %d times while it was judged: ask again",
			 OUTLOOK_TRIES);
}

int outlook_read(struct ltp_worker *w, const struct object *object,
		 const struct evidence_proofs *proofs, int64_t now_ms,
		 struct outlook *ret, bool *ret_known, struct ltps_error *err)
{
	struct outlook o = { .object = object,
			     .now_ms = now_ms,
			     .margin_ms = w->l->o.upkeep.margin_ms,
			     .rhythm_ms = w->l->o.upkeep.rhythm_ms };
	const int rc = read_all(w, proofs, &o, ret_known, err);
	if (rc != 0 || !*ret_known)
		outlook_clear(&o);
	else
		*ret = o;
	return rc;
}

void outlook_clear(struct outlook *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < o->n; i++) {
		for (size_t c = 0; c < o->versions[i].n; c++)
			mem_free(o->versions[i].chains[c].stamps);
		mem_free(o->versions[i].chains);
	}
	mem_free(o->versions);
	*o = (struct outlook){ 0 };
}

const struct outlook_due *outlook_next(const struct outlook *o)
{
	const struct outlook_due *next = NULL;
	for (size_t i = 0; i < o->n; i++) {
		const struct outlook_version *v = &o->versions[i];
		if (v->n_dues > 0 && (next == NULL || v->dues[0].due_ms < next->due_ms))
			next = &v->dues[0];
	}
	return next;
}

bool outlook_is_undated(const struct outlook *o)
{
	for (size_t i = 0; i < o->n; i++) {
		const struct outlook_chain *c = growing(&o->versions[i]);
		if (c != NULL && c->stamps[c->n - 1].authority[0] == '\0')
			return true;
	}
	return false;
}

/* A request to be told of one object. */
struct asking {
	struct ltp_worker *w;
	const struct ltp_caller *caller;
	const char *poid;
	struct limit limit;
	struct evidence_proofs proofs;
	struct ltp_result *result;
};

static bool is_allowed(const struct asking *a, const struct object *object)
{
	return object != NULL &&
	       object_allows(a->w->l, object, OP_RETRIEVE_TRACE, a->result);
}

/* What takes long, before that. */
static int prepare(struct asking *a, struct ltps_error *err)
{
	struct object *object = NULL;
	if (store_read_begin(a->w->conn, err) != 0)
		return -1;
	int rc = object_find(a->w, a->caller, a->poid, &object, a->result, err);
	store_read_end(a->w->conn);
	if (rc == 0 && is_allowed(a, object))
		rc = outlook_prepare(a->w, object, &a->limit, &a->proofs, err);
	object_free(object);
	return rc;
}

/* Found, read and written from one state of the store. */
static int tell(struct asking *a, struct buf *out, bool *ret_known,
		struct ltps_error *err)
{
	struct object *object = NULL;
	struct outlook o = { 0 };
	struct jsonw j = jsonw_to(out);
	*ret_known = true;
	if (store_read_begin(a->w->conn, err) != 0)
		return -1;
	int rc = object_find(a->w, a->caller, a->poid, &object, a->result, err);
	const bool allowed = rc == 0 && is_allowed(a, object);
	if (allowed)
		rc = outlook_read(a->w, object, &a->proofs, ltp_now(a->w->l), &o,
				  ret_known, err);
	if (rc == 0 && allowed && *ret_known)
		rc = outlook_json(&o, a->w->conn, &j, err);
	store_read_end(a->w->conn);
	outlook_clear(&o);
	object_free(object);
	return rc;
}

/* Again where the evidence changed between the two. */
static int ask(struct asking *a, struct buf *out, struct ltps_error *err)
{
	bool known = false;
	for (unsigned i = 0; i < OUTLOOK_TRIES && !known; i++) {
		if (prepare(a, err) != 0)
			return -1;
		if (a->result->minor != LTP_OK)
			return 0;
		if (failpoint_fail(FP_OUTLOOK_TELL, err) != 0 ||
		    tell(a, out, &known, err) != 0)
			return -1;
	}
	return known ? 0 : outlook_restless(err);
}

int ltp_outlook(struct ltp_worker *w, const struct ltp_caller *caller, const char *poid,
		struct buf *out, struct ltp_result *ret_result, struct ltps_error *err)
{
	struct asking a = { .w = w,
			    .caller = caller,
			    .poid = poid,
			    .limit = limit_of(OUTLOOK_MS_MAX, &w->cancelled),
			    .result = ret_result };
	refuse(ret_result, LTP_OK, "%s", "");
	const int rc = ask(&a, out, err);
	evidence_proofs_clear(&a.proofs);
	if (rc != 0)
		return -1;
	const struct audit_note note = { .caller = caller,
					 .operation = OP_RETRIEVE_TRACE,
					 .what = "Outlook",
					 .poid = poid,
					 .detail = ret_result->message,
					 .result = ret_result };
	return ltp_audit(w, &note, err);
}
