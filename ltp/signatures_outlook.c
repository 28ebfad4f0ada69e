/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_outlook - a form that was just made, judged as it will be in its end.
 *
 * A time-stamp passes today by a status of its authority from a second before. Once
 * its certificate has ended, or its CA is lost, EN 319 102-1 5.6.2.2 c takes the
 * control time back to the issue of that status, at which the time-stamp is not proven
 * by the younger one over it (5.6.2.4 step 3): it proves nothing, and no status of
 * later can be had. As long as an authority lives its status will be had, with
 * whatever is added next; two are never lost at once. So the form is judged now at a
 * time when all certificates of its last two time-stamps have ended, by the material
 * inside alone, but for the time-stamps of one of the two authorities, which are taken
 * as proven; then for those of the other.
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

/* Before any status: whatever that says of them, they existed. */
static void prove_living(const struct report *r, const struct cert *living,
			 struct engine_proof *proofs, size_t n)
{
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *s = &r->stamps[i];
		if (!signatures_stamp_counts(s) ||
		    !view_equal(s->signer->der, living->der))
			continue;
		for (size_t k = 0; k < n; k++)
			if (memcmp(proofs[k].sha256, s->stamp->sha256,
				   sizeof(proofs[k].sha256)) == 0)
				proofs[k].time_ms = living->not_before_ms + 1;
	}
}

/* ---- what the living one proves ---- */

static bool stamp_covers(const struct document_stamp *s, const uint8_t sha256[32])
{
	for (size_t i = 0; i < s->n_covers; i++)
		if (memcmp(s->covers[i].sha256, sha256, 32) == 0)
			return true;
	return false;
}

static bool stamp_rests_on(const struct report_stamp *s, const uint8_t sha256[32])
{
	const struct path_candidate *c = &s->certificate->chain;
	for (size_t i = 0; c->revocation != NULL && i + 1 < c->n_certs; i++)
		for (size_t k = 0; k < c->revocation[i].n_objects; k++) {
			const uint8_t *id =
			    path_status_id(&c->revocation[i].objects[k]);
			if (id != NULL && memcmp(id, sha256, 32) == 0)
				return true;
		}
	return false;
}

static bool is_proven_by(const struct report *r, const struct cert *living,
			 const uint8_t sha256[32])
{
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *s = &r->stamps[i];
		if (signatures_stamp_counts(s) &&
		    view_equal(s->signer->der, living->der) &&
		    (stamp_covers(s->stamp, sha256) || stamp_rests_on(s, sha256)))
			return true;
	}
	return false;
}

static void forget(struct engine_proof *proofs, size_t n, const uint8_t sha256[32])
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(proofs[i].sha256, sha256, sizeof(proofs[i].sha256)) == 0)
			proofs[i].time_ms = INT64_MAX;
}

/*
 * What only the lost one covers is proven by whatever comes next, and that comes when
 * its CA is lost already: status that it alone covers might as well not be there.
 * That of the living one will be had again.
 */
static void forget_status(const struct report *r, const struct cert *living,
			  const struct material *m, struct engine_proof *proofs,
			  size_t n)
{
	for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++)
		if (!is_proven_by(r, living, material_crl(m, i)->sha256))
			forget(proofs, n, material_crl(m, i)->sha256);
	for (size_t i = 0; i < material_count(m, MATERIAL_OCSP); i++)
		if (!is_proven_by(r, living, material_ocsp(m, i)->sha256))
			forget(proofs, n, material_ocsp(m, i)->sha256);
}

static int judge_then(const struct signatures_judging *j, const struct cared_part *p,
		      const struct ends *e, const struct cert *living,
		      struct judged *ret, struct ltps_error *err)
{
	static const struct path_sources nothing = { 0 };
	struct engine_proof *proofs = NULL;
	struct engine_input in = signatures_input(j);
	in.document = p->augmented.document;
	in.time_ms = e->end_ms + AFTERWARDS_MS;
	if (signatures_proofs(in.document, e->last_ms, &proofs, &in.n_proofs, err) != 0)
		return -1;
	prove_living(p->augmented.judged.report, living, proofs, in.n_proofs);
	forget_status(p->augmented.judged.report, living, in.document->material, proofs,
		      in.n_proofs);
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
	const struct cert *living;
	int64_t since_ms;
};

static bool holds(const struct comparing *k, size_t stamp)
{
	return k->then->stamps[stamp].conclusion.indication == INDICATION_PASSED;
}

/* It counts now, and has a time-stamp over it. */
static bool is_asked(const struct comparing *k, size_t stamp)
{
	const struct report_stamp *s = &k->now->stamps[stamp];
	return signatures_stamp_counts(s) && signatures_stamp_is_covered(k->now, s);
}

static struct signatures_pair pair_of(const struct comparing *k, size_t signature)
{
	return signatures_pair_of(k->now, signature, k->since_ms);
}

/* The one that it stands with: a countersignature with its parent. */
static size_t signer_of(const struct comparing *k, size_t signature)
{
	const int parent = k->now->signatures[signature].signature->parent;
	return parent >= 0 && (size_t)parent < k->now->n_signatures ? (size_t)parent
								    : signature;
}

/* Whether the living one is of its two. Of another two, with neither alive, nothing is
 * asked: never are both lost at once. One without such has nothing to lose. */
static bool is_asked_of(const struct comparing *k, size_t signature)
{
	const struct signatures_pair p = pair_of(k, signer_of(k, signature));
	return p.last == NULL || view_equal(p.last->signer->der, k->living->der) ||
	       (p.under != NULL && view_equal(p.under->signer->der, k->living->der));
}

/* By the same certificate, over the same signature, and it will pass. */
static bool has_proven(const struct comparing *k, const struct report_stamp *under)
{
	for (size_t i = 0; i < k->now->n_stamps; i++) {
		const struct report_stamp *s = &k->now->stamps[i];
		if (is_asked(k, i) && holds(k, i) &&
		    s->stamp->signature == under->stamp->signature &&
		    view_equal(s->signer->der, under->signer->der))
			return true;
	}
	return false;
}

/* When the status of its path that is from before its proof is followed by another. */
static int64_t retry_of(const struct report_stamp *s, int64_t proof_ms)
{
	const struct path_candidate *c = &s->certificate->chain;
	int64_t retry_ms = INT64_MIN;
	for (size_t i = 0; c->revocation != NULL && i + 1 < c->n_certs; i++)
		if (c->revocation[i].this_ms < proof_ms &&
		    c->revocation[i].next_ms > retry_ms)
			retry_ms = c->revocation[i].next_ms;
	return retry_ms;
}

/* It is of the authority that is lost. */
static bool is_lost(const struct comparing *k, const struct report_stamp *under)
{
	return under != NULL && !view_equal(under->signer->der, k->living->der);
}

static void compare_pairs(const struct comparing *k, struct signatures_outlook *o)
{
	for (size_t i = 0; i < k->now->n_signatures; i++) {
		const struct signatures_pair p = pair_of(k, i);
		if (!is_asked_of(k, i) || !is_lost(k, p.under) ||
		    has_proven(k, p.under))
			continue;
		if (o->why[0] == '\0')
			tell(o, p.under->stamp->id,
			     &k->then->stamps[p.under - k->now->stamps].conclusion);
		const int64_t retry_ms =
		    retry_of(p.under, p.last->stamp->tst->gen_time_ms);
		if (retry_ms > o->retry_ms)
			o->retry_ms = retry_ms;
		o->young = true;
	}
}

/* By one of the two authorities of its signature: what the living one says is taken,
 * and of the other one enough was asked. */
static bool is_of_both(const struct comparing *k, const struct report_stamp *s)
{
	for (size_t i = 0; i < k->now->n_signatures; i++) {
		const struct signatures_pair p = pair_of(k, i);
		if (signatures_by_same(s, p.last) || signatures_by_same(s, p.under))
			return true;
	}
	return false;
}

/* Of the file, or of a signature that is asked of. */
static bool is_stamp_asked_of(const struct comparing *k, size_t stamp)
{
	const int signature = k->now->stamps[stamp].stamp->signature;
	return signature < 0 || (size_t)signature >= k->now->n_signatures ||
	       is_asked_of(k, (size_t)signature);
}

/* Those of earlier authorities. */
static void compare_stamps(const struct comparing *k, struct signatures_outlook *o)
{
	for (size_t i = 0; i < k->now->n_stamps && o->why[0] == '\0'; i++)
		if (is_asked(k, i) && is_stamp_asked_of(k, i) && !holds(k, i) &&
		    !is_of_both(k, &k->now->stamps[i]))
			tell(o, k->now->stamps[i].stamp->id,
			     &k->then->stamps[i].conclusion);
}

static void compare_signatures(const struct comparing *k, struct signatures_outlook *o)
{
	for (size_t i = 0; i < k->now->n_signatures && i < k->then->n_signatures; i++) {
		const struct report_signature *s = &k->now->signatures[i];
		const struct conclusion *c = &k->then->signatures[i].conclusion;
		if (is_asked_of(k, i) &&
		    s->conclusion.indication == INDICATION_PASSED &&
		    c->indication != INDICATION_PASSED && o->why[0] == '\0')
			tell(o, s->signature->id, c);
	}
}

static int look_with(const struct signatures_judging *j, const struct cared_part *p,
		     const struct ends *e, struct comparing *k,
		     struct signatures_outlook *o, struct ltps_error *err)
{
	struct judged then = { 0 };
	if (judge_then(j, p, e, k->living, &then, err) != 0)
		return -1;
	k->then = then.report;
	compare_pairs(k, o);
	compare_stamps(k, o);
	compare_signatures(k, o);
	judged_clear(&then);
	return 0;
}

/* ---- each authority in turn ---- */

/* Of the pairs of signatures before this one. */
static bool was_asked(const struct comparing *k, size_t signature,
		      const struct report_stamp *s)
{
	for (size_t i = 0; i < signature; i++) {
		const struct signatures_pair p = pair_of(k, i);
		if (signatures_by_same(s, p.last) || signatures_by_same(s, p.under))
			return true;
	}
	return false;
}

/* The two of one signature, each as the one that lives. */
static int look_at_pair(const struct signatures_judging *j, const struct cared_part *p,
			const struct ends *e, struct comparing *k, size_t signature,
			struct signatures_outlook *o, struct ltps_error *err)
{
	const struct signatures_pair pair = pair_of(k, signature);
	const struct report_stamp *const both[] = { pair.last, pair.under };
	for (size_t i = 0; i < 2; i++) {
		if (both[i] == NULL || o->why[0] != '\0' ||
		    was_asked(k, signature, both[i]))
			continue;
		k->living = both[i]->signer;
		if (look_with(j, p, e, k, o, err) != 0)
			return -1;
	}
	return 0;
}

int signatures_outlook(const struct signatures_judging *j, const struct cared_part *p,
		       int64_t since_ms, struct signatures_outlook *ret,
		       struct ltps_error *err)
{
	const struct report *r = p->augmented.judged.report;
	*ret = (struct signatures_outlook){ .retry_ms = INT64_MIN };
	if (r == NULL)
		return 0;
	const struct ends e = ends_of(r);
	struct comparing k = { .now = r, .since_ms = since_ms };
	if (e.end_ms < r->time_ms)
		return 0;
	for (size_t i = 0; i < r->n_signatures; i++)
		if (look_at_pair(j, p, &e, &k, i, ret, err) != 0)
			return -1;
	return 0;
}
