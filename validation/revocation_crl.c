/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_crl - what lists say about a certificate, RFC 5280 6.3.3. All that is
 * cheap comes first: names, dates, scope and the entry; a signature is computed only
 * for a list whose word would change the answer.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/name_coarse.h"
#include "validation/revocation_private.h"

/* Pairs of complete list and delta that one step pays for. */
#define PAIRS_PER_STEP 64

struct list {
	const struct crl *crl;
	uint16_t reasons; /* of a complete one */
};

struct lists {
	struct list *p;
	size_t n, cap;
};

struct gathered {
	struct lists complete;
	struct lists deltas;
};

static int lists_put(struct lists *l, const struct crl *crl, uint16_t reasons,
		     struct ltps_error *err)
{
	if (mem_grow(&l->p, sizeof(*l->p), l->n + 1, &l->cap, err) != 0)
		return -1;
	l->p[l->n++] = (struct list){ .crl = crl, .reasons = reasons };
	return 0;
}

/* Latest first; equal lists beside each other. */
static int compare_lists(const void *a, const void *b)
{
	const struct crl *x = ((const struct list *)a)->crl;
	const struct crl *y = ((const struct list *)b)->crl;
	if (x->this_ms != y->this_ms)
		return x->this_ms > y->this_ms ? -1 : 1;
	return memcmp(x->sha256, y->sha256, sizeof(x->sha256));
}

static void lists_sort(struct lists *l)
{
	size_t n = 0;
	if (l->n == 0)
		return;
	qsort(l->p, l->n, sizeof(l->p[0]), compare_lists);
	for (size_t i = 0; i < l->n; i++) {
		if (i == 0 || compare_lists(&l->p[n - 1], &l->p[i]) != 0)
			l->p[n++] = l->p[i];
	}
	l->n = n;
}

/* ---- gathering ---- */

/* Unknown critical extensions, also of entries: RFC 5280 5.2, 5.3. */
static bool is_well_made(const struct crl *c)
{
	return c->defect == NULL && !c->unknown_critical &&
	       !c->entry_unknown_critical &&
	       view_equal(c->tbs_algorithm, c->algorithm) &&
	       (c->next_ms == TIME_NONE || c->next_ms >= c->this_ms);
}

static bool is_admitted(const struct revocation_job *job, const struct crl *c)
{
	const struct revocation_query *q = job->q;
	return is_well_made(c) && c->this_ms - REVOCATION_SKEW_MS <= job->known_ms &&
	       (q->usable == NULL || q->usable(q->arg, c->sha256, c->this_ms));
}

static int consider(struct revocation_job *job, const struct crl *c, struct gathered *g,
		    struct ltps_error *err)
{
	uint16_t reasons;
	if (!is_admitted(job, c))
		return 0;
	if (c->is_delta)
		return lists_put(&g->deltas, c, 0, err);
	if (revocation_scope(job, c, &reasons, err) != 0)
		return -1;
	return reasons != 0 ? lists_put(&g->complete, c, reasons, err) : 0;
}

static int gather_named(struct revocation_job *job, struct view issuer,
			struct gathered *g, struct ltps_error *err)
{
	const struct path_input *in = job->run->in;
	for (size_t i = 0; i < in->n_pools; i++) {
		const struct crl *c = NULL;
		while ((c = material_crl_of(in->pools[i], issuer, c)) != NULL) {
			if (!revocation_step(job, 1))
				return 0;
			if (consider(job, c, g, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* Whether an earlier point, or the certificate's issuer, has this name already. */
static bool is_named_before(const struct revocation_job *job, size_t point)
{
	struct view name = view_buf(&job->points[point].issuer_canonical);
	if (view_equal(name, job->cert->issuer_canonical))
		return true;
	for (size_t i = 0; i < point; i++) {
		if (view_equal(name, view_buf(&job->points[i].issuer_canonical)))
			return true;
	}
	return false;
}

static int gather(struct revocation_job *job, struct gathered *g,
		  struct ltps_error *err)
{
	if (gather_named(job, job->cert->issuer_canonical, g, err) != 0)
		return -1;
	for (size_t i = 0; i < job->n_points; i++) {
		const struct revocation_point *p = &job->points[i];
		if (p->issuer_canonical.n == 0 || is_named_before(job, i))
			continue;
		if (gather_named(job, view_buf(&p->issuer_canonical), g, err) != 0)
			return -1;
	}
	lists_sort(&g->complete);
	lists_sort(&g->deltas);
	return 0;
}

/* ---- words ---- */

static bool find_entry(const struct revocation_job *job, const struct crl *c,
		       struct crl_entry *ret)
{
	return crl_find(c, job->cert->serial, view_buf(&job->issuer_coarse), ret);
}

/*
 * 6.3.3 j. An entry that removes belongs to deltas (5.3.1): in a complete list it lists
 * the certificate and says that it is not listed, which says nothing. 6.3.3 k is for
 * what was found in a delta.
 */
static struct revocation_word word_of_complete(const struct revocation_job *job,
					       const struct list *l)
{
	const struct crl *c = l->crl;
	struct crl_entry e;
	struct revocation_word w =
	    revocation_word_of(job, PATH_SOURCE_CRL, c->this_ms, c->next_ms);
	w.reasons = l->reasons;
	w.crl = c;
	if (!find_entry(job, c, &e))
		revocation_word_unlisted(job, &w, c->expired_kept_ms);
	else if (e.reason != REASON_REMOVE)
		revocation_word_listed(job, &w, e.revoked_ms, e.invalidity_ms,
				       e.reason);
	return w;
}

/* A delta that does not list the certificate: as the complete list says, if it does. */
static void word_as_before(const struct revocation_job *job, struct revocation_word *w,
			   const struct revocation_word *complete)
{
	if (complete->kind == REVOCATION_HOLD)
		revocation_word_listed(job, w, complete->revoked_ms,
				       complete->invalidity_ms, complete->reason);
	else if (complete->kind == REVOCATION_GOOD)
		revocation_word_unlisted(job, w, complete->crl->expired_kept_ms);
}

/*
 * 6.3.3 i to k. What the complete list revoked for good stays: there removeFromCRL
 * only says that the certificate has expired (5.3.1). It may say no more of any that
 * has: whether its hold had ended before, nobody knows.
 */
static struct revocation_word word_of_delta(const struct revocation_job *job,
					    const struct revocation_word *complete,
					    const struct crl *delta)
{
	struct crl_entry e;
	struct revocation_word w =
	    revocation_word_of(job, PATH_SOURCE_CRL, delta->this_ms, delta->next_ms);
	w.reasons = complete->reasons;
	w.crl = complete->crl;
	w.delta = delta;
	if (!find_entry(job, delta, &e))
		word_as_before(job, &w, complete);
	else if (e.reason != REASON_REMOVE)
		revocation_word_listed(job, &w, e.revoked_ms, e.invalidity_ms,
				       e.reason);
	else if (complete->kind != REVOCATION_REVOKED)
		revocation_word_unlisted(job, &w, INT64_MAX);
	return w;
}

/* ---- who signed ---- */

static struct revocation_signed signed_of(const struct crl *c, bool good)
{
	return (struct revocation_signed){
		.object = { .sha256 = c->sha256,
			    .tbs = c->tbs,
			    .algorithm = c->algorithm,
			    .signature = c->signature },
		.role = REVOCATION_CRL_ISSUER,
		.issued_ms = c->this_ms,
		.good = good,
	};
}

/* The certificate itself (a CRL issuer's own list) and those above it. */
static int try_path(struct revocation_job *job, const struct crl *c,
		    const struct revocation_signed *s,
		    const struct revocation_signer **ret, struct ltps_error *err)
{
	const size_t first = job->q->index;
	for (size_t i = first + 1; i < job->path->n_certs && *ret == NULL; i++) {
		const struct cert *x = job->path->certs[i];
		if (view_equal(x->subject_canonical, c->issuer_canonical) &&
		    revocation_try_signer(job, s, x, ret, err) != 0)
			return -1;
	}
	if (*ret == NULL &&
	    view_equal(job->cert->subject_canonical, c->issuer_canonical))
		return revocation_try_signer(job, s, job->cert, ret, err);
	return 0;
}

/* Key identifiers decide the order only. */
static bool is_likely(const struct crl *c, const struct cert *x)
{
	return c->aki_key.n == 0 || view_equal(c->aki_key, x->ski);
}

static int try_pools(struct revocation_job *job, const struct crl *c, bool likely,
		     const struct revocation_signed *s,
		     const struct revocation_signer **ret, struct ltps_error *err)
{
	struct revocation_cursor cursor = { 0 };
	const struct cert *x;
	while (*ret == NULL && (x = revocation_next_subject(
				    job, &cursor, c->issuer_canonical)) != NULL) {
		if (!revocation_step(job, 1))
			return 0;
		if (is_likely(c, x) == likely &&
		    revocation_try_signer(job, s, x, ret, err) != 0)
			return -1;
	}
	return 0;
}

static int find_signer(struct revocation_job *job, const struct crl *c, bool good,
		       const struct revocation_signer **ret, struct ltps_error *err)
{
	const struct revocation_signed s = signed_of(c, good);
	*ret = NULL;
	if (try_path(job, c, &s, ret, err) != 0)
		return -1;
	if (*ret == NULL && try_pools(job, c, true, &s, ret, err) != 0)
		return -1;
	return *ret == NULL ? try_pools(job, c, false, &s, ret, err) : 0;
}

/* ---- one complete list with its deltas ---- */

static bool any_matters(const struct revocation_job *job,
			const struct revocation_word *complete,
			const struct lists *deltas)
{
	if (revocation_word_matters(job, complete))
		return true;
	for (size_t i = 0; i < deltas->n; i++) {
		const struct crl *d = deltas->p[i].crl;
		if (!revocation_delta_fits(complete->crl, d))
			continue;
		struct revocation_word w = word_of_delta(job, complete, d);
		if (revocation_word_matters(job, &w))
			return true;
	}
	return false;
}

/* 6.3.3 h: by the key that signed the complete list. */
static int add_delta(struct revocation_job *job, const struct revocation_word *complete,
		     const struct crl *d, bool *ret_added, struct ltps_error *err)
{
	struct revocation_word w = word_of_delta(job, complete, d);
	const struct revocation_signed s = signed_of(d, w.kind == REVOCATION_GOOD);
	*ret_added = false;
	if (!revocation_word_matters(job, &w))
		return 0;
	if (revocation_signed_too(job, &s, complete->signer, ret_added, err) != 0)
		return -1;
	w.signer = complete->signer;
	if (*ret_added)
		revocation_word_add(job, &w);
	return 0;
}

static int add_deltas(struct revocation_job *job,
		      const struct revocation_word *complete,
		      const struct lists *deltas, bool *ret_any, struct ltps_error *err)
{
	*ret_any = false;
	for (size_t i = 0; i < deltas->n; i++) {
		bool added;
		if (!revocation_delta_fits(complete->crl, deltas->p[i].crl))
			continue;
		if (add_delta(job, complete, deltas->p[i].crl, &added, err) != 0)
			return -1;
		*ret_any = *ret_any || added;
	}
	return 0;
}

static int take(struct revocation_job *job, const struct list *l,
		const struct lists *deltas, struct ltps_error *err)
{
	struct revocation_word w = word_of_complete(job, l);
	bool renewed;
	if (!revocation_step(job, 1 + (uint32_t)(deltas->n / PAIRS_PER_STEP)) ||
	    !any_matters(job, &w, deltas))
		return 0;
	if (find_signer(job, l->crl, w.kind == REVOCATION_GOOD, &w.signer, err) != 0)
		return -1;
	if (w.signer == NULL)
		return 0;
	if (add_deltas(job, &w, deltas, &renewed, err) != 0)
		return -1;
	/* A delta of the same moment has the last word about a hold. */
	if (!(w.kind == REVOCATION_HOLD && renewed) && revocation_word_matters(job, &w))
		revocation_word_add(job, &w);
	return 0;
}

int revocation_ask_crls(struct revocation_job *job, struct ltps_error *err)
{
	struct gathered g = { 0 };
	/* Without it no list can say anything, good least of all. */
	if (name_coarse(job->cert->issuer, &job->issuer_coarse, err) != 0)
		return revocation_forgive(err);
	int rc = gather(job, &g, err);
	for (size_t i = 0; rc == 0 && i < g.complete.n; i++)
		rc = take(job, &g.complete.p[i], &g.deltas, err);
	mem_free(g.deltas.p);
	mem_free(g.complete.p);
	return rc;
}
