/* SPDX-License-Identifier: Apache-2.0 */
/* chain - RFC 5280 6.1 over one given path, without status. Private to the room. */
#ifndef LTPS_VALIDATION_CHAIN_H
#define LTPS_VALIDATION_CHAIN_H

#include "validation/path.h"

/* Which dates are compared with the validity of certificates. */
enum chain_time {
	CHAIN_TIME_ALL,        /* as the model says, at in->time_ms */
	CHAIN_TIME_NOT_TARGET, /* the same, but for the target: EN 319 102-1 5.2.6.4
				  step 4 leaves it to step 7 */
	CHAIN_TIME_NONE,       /* no dates: 5.6.2.1 chooses one inside */
};

/*
 * What all parts of one judgement share: budgets spent, the signature cache, needs.
 * path.c makes it; chain, revocation and search spend from it.
 */
struct path_run {
	const struct path_input *in;
	struct sig_cache *cache; /* never NULL: in->cache or an own one */
	uint32_t signatures, paths, steps;
	bool spent; /* a budget ended something: the outcome cannot be INVALID for
		       want of a path */
	struct need *needs;
	size_t n_needs;
	unsigned depth; /* nesting of judgements: status of a CRL issuer's issuer ... */
};
/* Counts n steps; false when a budget is spent (then run->spent is set). */
bool path_run_step(struct path_run *run, uint32_t n);
/*
 * Verify within the budget; a spent one gives SIGNATURE_UNSUPPORTED and run->spent.
 * issuer_key, key_id  as sig_cache_verify
 */
int path_run_verify(struct path_run *run, const struct signed_object *o,
		    EVP_PKEY *issuer_key, const uint8_t key_id[32],
		    enum signature_verdict *ret, struct ltps_error *err) LTPS_CHECKED;
/* Whether issuer signed c, with the issuer's own key (no inherited parameters: those
 * give SIGNATURE_UNSUPPORTED and *ret_inherited). */
int path_run_signed_by(struct path_run *run, const struct cert *c,
		       const struct cert *issuer, enum signature_verdict *ret,
		       bool *ret_inherited, struct ltps_error *err) LTPS_CHECKED;
/* Remembers a need once. */
int path_run_need(struct path_run *run, enum need_kind kind, struct view url,
		  const struct cert *cert, const struct cert *issuer,
		  struct ltps_error *err) LTPS_CHECKED;

/*
 * chain_check - everything of RFC 5280 6.1 but revocation: signatures with
 * inherited parameters, dates, names, name constraints, policies (RFC 9618),
 * basic constraints, key usages, critical extensions; the target's usages that the
 * input asks for; the algorithm policy at in->time_ms when there is one.
 * All defects are collected as findings (up to the maximum), c->why is the first
 * that decides; c->certs is the input; policies are filled in when it holds.
 * target_usages  false for issuers of CRLs and the like: usages not looked at
 * Status of c after: VALID or INVALID (UNDETERMINED only when a budget was spent).
 */
int chain_check(struct path_run *run, enum chain_time times, bool target_usages,
		struct path_candidate *c, struct ltps_error *err) LTPS_CHECKED;
/* A further finding; keeps `why` and `status` at the worse. */
void candidate_find(struct path_candidate *c, enum path_code code, int cert,
		    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/*
 * The working public key of certs[i] as RFC 5280 6.1.4 d-f computes it on this path
 * (parameters inherited where absent), for what it signed besides certificates.
 * ret_key  own it (EVP_PKEY_free); NULL when unusable
 * key_id   for sig_cache_verify
 */
int chain_key(const struct path_candidate *c, size_t i, EVP_PKEY **ret_key,
	      uint8_t key_id[32], struct ltps_error *err) LTPS_CHECKED;

#endif
