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

/* ---- the last two time-stamps ---- */

static bool is_archive(const struct report_stamp *s)
{
	return s->stamp->type == STAMP_ARCHIVE || s->stamp->type == STAMP_DOCUMENT;
}

/* A signature time-stamp may be the second of a form. */
static bool counts(const struct report_stamp *s)
{
	return s->stamp->tst != NULL && s->signer != NULL && s->certificate != NULL &&
	       s->conclusion.indication == INDICATION_PASSED &&
	       (is_archive(s) || s->stamp->type == STAMP_SIGNATURE);
}

/* By another time-stamp: two of one second are told apart by that alone. */
static bool is_covered(const struct report *r, const struct report_stamp *s)
{
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct document_stamp *over = r->stamps[i].stamp;
		for (size_t k = 0; over != s->stamp && k < over->n_covers; k++)
			if (over->covers[k].kind == OBJECT_STAMP &&
			    memcmp(over->covers[k].sha256, s->stamp->sha256,
				   sizeof(s->stamp->sha256)) == 0)
				return true;
	}
	return false;
}

static bool is_younger(const struct report_stamp *s, const struct report_stamp *than)
{
	return than == NULL ||
	       s->stamp->tst->gen_time_ms >= than->stamp->tst->gen_time_ms;
}

struct signatures_pair signatures_pair_of(const struct report *r, int64_t since_ms)
{
	struct signatures_pair p = { 0 };
	for (size_t i = 0; i < r->n_stamps; i++)
		if (counts(&r->stamps[i]) && is_archive(&r->stamps[i]) &&
		    !is_covered(r, &r->stamps[i]) &&
		    is_younger(&r->stamps[i], p.last))
			p.last = &r->stamps[i];
	for (size_t i = 0; p.last != NULL && i < r->n_stamps; i++)
		if (counts(&r->stamps[i]) &&
		    r->stamps[i].stamp->tst->gen_time_ms >= since_ms &&
		    !view_equal(r->stamps[i].signer->der, p.last->signer->der) &&
		    is_younger(&r->stamps[i], p.under))
			p.under = &r->stamps[i];
	return p;
}

/* ---- when all of it has ended ---- */

static void take_ends(const struct report_stamp *s, int64_t *end_ms)
{
	const struct path_candidate *path = &s->certificate->chain;
	for (size_t i = 0; i + 1 < path->n_certs; i++)
		if (path->certs[i]->not_after_ms > *end_ms)
			*end_ms = path->certs[i]->not_after_ms;
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
		if (!counts(s) || !is_covered(k->now, s) ||
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
	const struct signatures_pair pair =
	    r != NULL ? signatures_pair_of(r, INT64_MIN)
		      : (struct signatures_pair){ 0 };
	int64_t end_ms = INT64_MIN;
	struct judged then = { 0 };
	*ret = (struct signatures_outlook){ 0 };
	if (pair.last == NULL)
		return 0;
	take_ends(pair.last, &end_ms);
	if (pair.under != NULL)
		take_ends(pair.under, &end_ms);
	if (end_ms < r->time_ms)
		return 0;
	if (judge_then(j, p->augmented.document, end_ms + AFTERWARDS_MS,
		       pair.last->stamp->tst->gen_time_ms, &then, err) != 0)
		return -1;
	const struct comparing k = { r, then.report, since_ms };
	compare_stamps(&k, ret);
	compare_signatures(&k, ret);
	judged_clear(&then);
	return 0;
}
