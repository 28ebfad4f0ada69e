/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_outlook - a form that was just made, judged as it will be in its end.
 *
 * A time-stamp passes today by a status of its authority from a second before. Once the
 * certificate has ended, EN 319 102-1 5.6.2.2 c slides the control time back to the
 * issue of that status, at which the time-stamp did not exist yet: it proves nothing,
 * and no status of later can be had. So the time-stamps under the last one are judged
 * now at a time when all certificates of both have ended, by the material inside alone.
 * What nothing covers yet is left out: whatever is added next brings its status.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/signatures.h"

#define AFTERWARDS_MS ((int64_t)86400000)

/* ---- when all of it has ended ---- */

/* Of the pairs of all signatures. */
struct ends {
	int64_t end_ms;  /* when the last certificate ends; INT64_MIN: no pair */
	int64_t last_ms; /* of the youngest time-stamp */
};

static void take_ends(const struct report_stamp *s, int64_t *end_ms)
{
	const struct path_candidate *path = &s->certificate->chain;
	for (size_t i = 0; i + 1 < path->n_certs; i++)
		if (path->certs[i]->not_after_ms > *end_ms)
			*end_ms = path->certs[i]->not_after_ms;
}

static struct ends ends_of(const struct report *r)
{
	struct ends e = { INT64_MIN, INT64_MIN };
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct signatures_pair p = signatures_pair_of(r, i, INT64_MIN);
		if (p.last == NULL)
			continue;
		take_ends(p.last, &e.end_ms);
		if (p.under != NULL)
			take_ends(p.under, &e.end_ms);
		if (p.last->stamp->tst->gen_time_ms > e.last_ms)
			e.last_ms = p.last->stamp->tst->gen_time_ms;
	}
	return e;
}

static int judge_then(const struct signatures_judging *j, const struct document *d,
		      int64_t time_ms, int64_t proof_ms, struct judged *ret,
		      struct ltps_error *err)
{
	static const struct path_sources nothing = { 0 };
	struct engine_proof *proofs = NULL;
	struct engine_input in = signatures_input(j);
	in.document = d;
	in.time_ms = time_ms;
	if (signatures_proofs(d, proof_ms, &proofs, &in.n_proofs, err) != 0)
		return -1;
	in.proofs = proofs;
	const int rc = judge_document(&nothing, &in, ret, err);
	mem_free(proofs);
	return rc;
}

static void tell(struct signatures_outlook *o, const char *id,
		 const struct conclusion *c)
{
	const char *sub = subindication_name(c->sub);
	snprintf(o->why, sizeof(o->why), "%.60s: %s: %.220s", id,
		 sub != NULL ? sub : "", c->text);
}

/* Both reports are of one document: the same place is the same object. */
struct comparing {
	const struct report *now, *then;
	int64_t since_ms;
};

/* Those made in this turn can be mended, and go before older ones. */
static void compare_stamps(const struct comparing *k, struct signatures_outlook *o)
{
	for (size_t i = 0; i < k->now->n_stamps && i < k->then->n_stamps; i++) {
		const struct report_stamp *s = &k->now->stamps[i];
		const struct conclusion *c = &k->then->stamps[i].conclusion;
		if (!signatures_stamp_counts(s) ||
		    !signatures_stamp_is_covered(k->now, s) ||
		    c->indication == INDICATION_PASSED)
			continue;
		const bool young = s->stamp->tst->gen_time_ms >= k->since_ms;
		if (o->why[0] != '\0' && !young)
			continue;
		tell(o, s->stamp->id, c);
		o->young = young;
		if (young)
			return;
	}
}

static void compare_signatures(const struct comparing *k, struct signatures_outlook *o)
{
	for (size_t i = 0; i < k->now->n_signatures && i < k->then->n_signatures; i++) {
		const struct report_signature *s = &k->now->signatures[i];
		const struct conclusion *c = &k->then->signatures[i].conclusion;
		if (s->conclusion.indication == INDICATION_PASSED &&
		    c->indication != INDICATION_PASSED && o->why[0] == '\0')
			tell(o, s->signature->id, c);
	}
}

int signatures_outlook(const struct signatures_judging *j, const struct cared_part *p,
		       int64_t since_ms, struct signatures_outlook *ret,
		       struct ltps_error *err)
{
	const struct report *r = p->augmented.judged.report;
	struct judged then = { 0 };
	*ret = (struct signatures_outlook){ 0 };
	if (r == NULL)
		return 0;
	const struct ends e = ends_of(r);
	if (e.end_ms < r->time_ms)
		return 0;
	if (judge_then(j, p->augmented.document, e.end_ms + AFTERWARDS_MS, e.last_ms,
		       &then, err) != 0)
		return -1;
	const struct comparing k = { r, then.report, since_ms };
	compare_stamps(&k, ret);
	compare_signatures(&k, ret);
	judged_clear(&then);
	return 0;
}
