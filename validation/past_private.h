/* SPDX-License-Identifier: Apache-2.0 */
/* past_private - what judgements in the past share about status. Private. */
#ifndef LTPS_VALIDATION_PAST_PRIVATE_H
#define LTPS_VALIDATION_PAST_PRIVATE_H

#include "validation/past.h"
#include "validation/revocation.h"

/* Asked of revocation_judge where no age is too old, or it is judged afterwards. */
#define PAST_ANY_AGE_MS ((int64_t)1 << 60)

/* As time_slide(). optional: a missing status takes nothing back */
int time_slide_with(struct path_run *run, const struct poe_set *poes, int64_t start_ms,
		    bool optional, struct path_candidate *c, struct time_slide *ret,
		    struct ltps_error *err) LTPS_CHECKED;
/* From when on a revoked or suspended certificate is not good: its revocation, or
 * the date since when it is doubted. RFC 5280 5.3.2 */
int64_t past_bad_from(const struct path_cert_revocation *r);
/*
 * The same where status was asked for this moment: a certificate that is listed by then
 * is bad by then, though the list has a date ahead of it. RFC 5280 6.3.3 j looks at no
 * date, and by 5.1.2.6 it is that of something that has happened. Only an end that
 * leaves earlier signatures their worth may be told before its day.
 */
int64_t past_lost_from(const struct path_cert_revocation *r, int64_t asked_ms);
/*
 * EN 319 102-1 5.2.5: issued within the maximum age before this time or, without one
 * (0), no later than its nextUpdate. Both ends belong to it, as where the certificate
 * was judged.
 */
bool past_is_fresh(const struct path_cert_revocation *r, int64_t time_ms,
		   int64_t max_age_ms);
/* Whether signatures made before such a revocation keep their worth in the chain
 * model: not when the key was lost, nor when nobody says why, nor during a hold. */
bool past_reason_keeps_earlier(int reason);
/* Of several signatures the one that ends first. */
struct past_weakest {
	int64_t until_ms;   /* INT64_MAX: no end; INT64_MIN: reliable at no time */
	uint8_t object[32]; /* SHA-256 of what is signed; with an end only */
	char algorithm[ALGORITHM_WHAT_MAX]; /* "RSA 1024", "sha1" */
};
/* As past_reliable_until(), telling which object it is. Fails: NOMEM, CRYPTO */
int past_weakest(const struct algorithm_policy *p, const struct path_candidate *c,
		 size_t i, const struct path_cert_revocation *r,
		 struct past_weakest *ret, struct ltps_error *err) LTPS_CHECKED;
/*
 * past_reliable_until - the last moment at which the signatures on certs[i] and on
 * the status objects that counted for it are all reliable; INT64_MAX: no end,
 * INT64_MIN: never.
 * r  may be NULL: the certificate alone
 * Fails: NOMEM, CRYPTO
 */
int past_reliable_until(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i,
			const struct path_cert_revocation *r, int64_t *ret_ms,
			struct ltps_error *err) LTPS_CHECKED;

#endif
