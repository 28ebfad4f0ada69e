/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_ocsp - what responses say about a certificate. RFC 6960 3.2: the right
 * certificate, a responder who is entitled, times that fit; signatures last.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/revocation_private.h"

#define OID_OCSP_SIGNING "1.3.6.1.5.5.7.3.9"
/* What one step pays for. */
#define SINGLES_PER_STEP 64
#define OCTETS_PER_STEP 1024
/* Would-be responders in one response that are tried: its sender needs one, or two
 * while it changes them, and each costs a signature before anything is known of it. */
#define SENT_TRIED_MAX 4

struct reply {
	const struct ocsp *o;
	const struct ocsp_single *single;
};

struct replies {
	struct reply *p;
	size_t n, cap;
};

static int replies_put(struct replies *l, const struct reply *r, struct ltps_error *err)
{
	if (mem_grow(&l->p, sizeof(*l->p), l->n + 1, &l->cap, err) != 0)
		return -1;
	l->p[l->n++] = *r;
	return 0;
}

/* Latest first; equal responses beside each other, their answers in their order. */
static int compare_replies(const void *a, const void *b)
{
	const struct reply *x = a, *y = b;
	if (x->single->this_ms != y->single->this_ms)
		return x->single->this_ms > y->single->this_ms ? -1 : 1;
	const int order = memcmp(x->o->sha256, y->o->sha256, sizeof(x->o->sha256));
	if (order != 0 || x->o != y->o)
		return order;
	return (x->single > y->single) - (x->single < y->single);
}

/* ---- what can be seen without a signature ---- */

static bool is_admitted(const struct revocation_job *job, const struct ocsp *o)
{
	return o->response_status == 0 && !o->unknown_critical &&
	       o->produced_ms - REVOCATION_SKEW_MS <= job->known_ms;
}

/*
 * thisUpdate: the status was known then, RFC 6960 4.2.2.1; it cannot be later than
 * the response, nor nextUpdate earlier than itself.
 */
static bool times_fit(const struct revocation_job *job, const struct ocsp *o,
		      const struct ocsp_single *s)
{
	return s->this_ms - REVOCATION_SKEW_MS <= job->known_ms &&
	       s->this_ms - REVOCATION_SKEW_MS <= o->produced_ms &&
	       (s->next_ms == TIME_NONE || s->next_ms >= s->this_ms);
}

/*
 * Common PKI 2.0 part 4 3.1.2: a positive statement about this very certificate. One
 * whose hash we cannot compute is not about it as far as we can see. A revocation is
 * of the number, whatever certificate bears it.
 */
static int hash_fits(const struct revocation_job *job, const struct ocsp_single *s,
		     bool *ret, struct ltps_error *err)
{
	struct digest d;
	*ret = s->cert_hash.n == 0 || s->status != OCSP_GOOD;
	if (*ret || digest_evp(s->cert_hash_alg) == NULL)
		return 0;
	if (digest_once(s->cert_hash_alg, job->cert->der, &d, err) != 0)
		return -1;
	*ret = view_equal(digest_view(&d), s->cert_hash);
	return 0;
}

static int consider_single(struct revocation_job *job, const struct reply *r,
			   struct replies *l, struct ltps_error *err)
{
	const struct revocation_query *q = job->q;
	bool fits;
	/* "unknown" is no answer: the responder does not know the certificate. */
	if (r->single->unknown_critical || r->single->status == OCSP_UNKNOWN ||
	    !times_fit(job, r->o, r->single) ||
	    (q->usable != NULL && !q->usable(q->arg, r->o->sha256, r->single->this_ms)))
		return 0;
	if (hash_fits(job, r->single, &fits, err) != 0)
		return -1;
	return fits ? replies_put(l, r, err) : 0;
}

/* Each answer about the certificate is a word of its own, as if it had come alone: what
 * stands beside a revocation does not hide it. */
static int consider(struct revocation_job *job, const struct ocsp *o, struct replies *l,
		    struct ltps_error *err)
{
	struct reply r = { .o = o };
	if (!is_admitted(job, o))
		return 0;
	do {
		if (ocsp_single_next(o, job->cert, job->issuer, &r.single, err) != 0)
			return -1;
		if (r.single != NULL && consider_single(job, &r, l, err) != 0)
			return -1;
	} while (r.single != NULL);
	return 0;
}

/* A response may hold a thousand answers, and each digest is one over the issuer's name
 * and key. */
static uint32_t steps_of(const struct revocation_job *job, const struct ocsp *o)
{
	size_t hashed = job->cert->issuer.n + job->issuer->key_octets.n;
	return (uint32_t)((1 + o->n_singles / SINGLES_PER_STEP) *
			  (1 + hashed / OCTETS_PER_STEP));
}

static int gather(struct revocation_job *job, struct replies *l, struct ltps_error *err)
{
	const struct path_input *in = job->run->in;
	for (size_t i = 0; i < in->n_pools; i++) {
		const struct ocsp *o = NULL;
		while ((o = material_ocsp_for(in->pools[i], job->cert->serial, o)) !=
		       NULL) {
			if (!revocation_step(job, steps_of(job, o)))
				return 0;
			if (consider(job, o, l, err) != 0)
				return -1;
		}
	}
	return 0;
}

/*
 * Extended revoke (RFC 6960 2.2, 4.4.8): a certificate that was never issued is on
 * hold since 1970, which touches it at any time; nothing more is to be done.
 * archiveCutoff: 4.4.4.
 */
static struct revocation_word word_of(const struct revocation_job *job,
				      const struct reply *r)
{
	const struct ocsp_single *s = r->single;
	struct revocation_word w =
	    revocation_word_of(job, PATH_SOURCE_OCSP, s->this_ms, s->next_ms);
	w.ocsp = r->o;
	if (s->status == OCSP_REVOKED)
		revocation_word_listed(job, &w, s->revoked_ms, s->invalidity_ms,
				       s->reason);
	else
		revocation_word_unlisted(job, &w, s->archive_cutoff_ms);
	return w;
}

/* ---- the responder ---- */

static struct revocation_signed signed_of(const struct ocsp *o,
					  enum revocation_role role, bool good)
{
	return (struct revocation_signed){
		.object = { .sha256 = o->sha256,
			    .tbs = o->tbs,
			    .algorithm = o->algorithm,
			    .signature = o->signature },
		.role = role,
		.issued_ms = o->produced_ms,
		.good = good,
	};
}

static bool is_named(const struct ocsp *o, const struct cert *x)
{
	if (o->responder_key.n > 0)
		return view_equal(o->responder_key,
				  view_of(x->key_sha1, sizeof(x->key_sha1)));
	return view_equal(o->responder_canonical, x->subject_canonical);
}

/* The CA itself: the certificate on the path, or another of the same key. */
static int try_issuer(struct revocation_job *job, const struct ocsp *o, bool good,
		      const struct revocation_signer **ret, struct ltps_error *err)
{
	const struct revocation_signed s = signed_of(o, REVOCATION_OCSP_ISSUER, good);
	struct revocation_cursor cursor = { 0 };
	const struct cert *x;
	if (!is_named(o, job->issuer))
		return 0;
	if (revocation_try_signer(job, &s, job->issuer, ret, err) != 0)
		return -1;
	while (*ret == NULL &&
	       (x = revocation_next_subject(job, &cursor,
					    job->issuer->subject_canonical)) != NULL) {
		if (!revocation_step(job, 1))
			return 0;
		if (view_equal(x->spki, job->issuer->spki) &&
		    !cert_equal(x, job->issuer) &&
		    revocation_try_signer(job, &s, x, ret, err) != 0)
			return -1;
	}
	return 0;
}

static bool may_be_delegated(const struct revocation_job *job, const struct ocsp *o,
			     const struct cert *x)
{
	return is_named(o, x) &&
	       view_equal(x->issuer_canonical, job->issuer->subject_canonical) &&
	       cert_has_eku(x, OID_OCSP_SIGNING);
}

static int try_delegated(struct revocation_job *job, const struct ocsp *o, bool good,
			 const struct cert *x, const struct revocation_signer **ret,
			 struct ltps_error *err)
{
	const struct revocation_signed s =
	    signed_of(o, REVOCATION_OCSP_DELEGATED, good);
	bool issued;
	if (!may_be_delegated(job, o, x))
		return 0;
	if (revocation_issued_by_key(job, x, &issued, err) != 0)
		return -1;
	return issued ? revocation_try_signer(job, &s, x, ret, err) : 0;
}

static int try_sent(struct revocation_job *job, const struct ocsp *o, bool good,
		    const struct revocation_signer **ret, struct ltps_error *err)
{
	int tried = 0;
	for (size_t i = 0; i < o->n_certs && *ret == NULL; i++) {
		if (!revocation_step(job, 1))
			return 0;
		if (may_be_delegated(job, o, o->certs[i]) && ++tried > SENT_TRIED_MAX)
			return 0;
		if (try_delegated(job, o, good, o->certs[i], ret, err) != 0)
			return -1;
	}
	return 0;
}

static const struct cert *next_in_pools(const struct revocation_job *job,
					const struct ocsp *o,
					struct revocation_cursor *cursor)
{
	if (o->responder_key.n == 20)
		return revocation_next_key(job, cursor, o->responder_key.p);
	if (o->responder_key.n > 0)
		return NULL;
	return revocation_next_subject(job, cursor, o->responder_canonical);
}

static int try_pools(struct revocation_job *job, const struct ocsp *o, bool good,
		     const struct revocation_signer **ret, struct ltps_error *err)
{
	struct revocation_cursor cursor = { 0 };
	const struct cert *x;
	while (*ret == NULL && (x = next_in_pools(job, o, &cursor)) != NULL) {
		if (!revocation_step(job, 1))
			return 0;
		if (try_delegated(job, o, good, x, ret, err) != 0)
			return -1;
	}
	return 0;
}

static int find_responder(struct revocation_job *job, const struct ocsp *o, bool good,
			  const struct revocation_signer **ret, struct ltps_error *err)
{
	*ret = NULL;
	if (try_issuer(job, o, good, ret, err) != 0)
		return -1;
	if (*ret == NULL && try_sent(job, o, good, ret, err) != 0)
		return -1;
	return *ret == NULL ? try_pools(job, o, good, ret, err) : 0;
}

static int take(struct revocation_job *job, const struct reply *r,
		struct ltps_error *err)
{
	struct revocation_word w = word_of(job, r);
	if (!revocation_word_matters(job, &w))
		return 0;
	if (find_responder(job, r->o, w.kind == REVOCATION_GOOD, &w.signer, err) != 0)
		return -1;
	if (w.signer != NULL)
		revocation_word_add(job, &w);
	return 0;
}

int revocation_ask_ocsp(struct revocation_job *job, struct ltps_error *err)
{
	struct replies l = { 0 };
	int rc = gather(job, &l, err);
	if (rc == 0 && l.n > 1)
		qsort(l.p, l.n, sizeof(l.p[0]), compare_replies);
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		if (!revocation_step(job, 1))
			break;
		rc = take(job, &l.p[i], err);
	}
	mem_free(l.p);
	return rc;
}
