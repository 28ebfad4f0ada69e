/* SPDX-License-Identifier: Apache-2.0 */
/* client_private - what the files of the client share. Private to the room. */
#ifndef LTPS_SCVP_CLIENT_PRIVATE_H
#define LTPS_SCVP_CLIENT_PRIVATE_H

#include "scvp/client.h"

/* Where findings go: of a response, or of a policy response. */
struct finder {
	struct scvp_finding *f;
	size_t *n;
	int reply; /* what they are about */
};
void finder_add(struct finder *f, enum scvp_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* client_protect.c: signature and the server's certificate. */
struct protection {
	const struct scvp_envelope *envelope;
	const struct scvp_expect *expect;
	bool unprotected_ok;
	/* found */
	struct cert *signer;
	struct material *got;
	struct path_result *path;
};
int protection_check(struct protection *p, struct finder *f,
		     struct ltps_error *err) LTPS_CHECKED;

/* client_echo.c */
int echo_check(const struct scvp_expect *x, const struct scvp_response *p,
	       struct finder *f, struct ltps_error *err) LTPS_CHECKED;
/* Extensions: none is known to us. */
void extensions_check(const struct scvp_extensions *e, const char *where,
		      struct finder *f);
/* A clock difference of at most this is none. */
int64_t skew_of(const struct scvp_expect *x);

/* client_policy.c */
int policy_check(const struct scvp_request *q, const struct scvp_response *p,
		 struct finder *f, struct ltps_error *err) LTPS_CHECKED;

/* client_reply.c. q NULL: not known. */
int ref_matches(const struct scvp_cert_ref *asked, const struct scvp_cert_ref *got,
		bool *ret, struct ltps_error *err) LTPS_CHECKED;
int reply_check(struct scvp_judgement *j, const struct scvp_expect *x, size_t i,
		struct finder *f, struct ltps_error *err) LTPS_CHECKED;

/* client_want.c */
int want_check(struct scvp_judgement *j, const struct scvp_expect *x,
	       struct scvp_report *r, struct finder *f,
	       struct ltps_error *err) LTPS_CHECKED;
/* The wantBack of a reply; NULL when it is not there. */
const struct scvp_want_back *reply_want(const struct scvp_reply *r,
					enum scvp_want_id id);

/* client_evidence.c */
int evidence_check(const struct scvp_expect *x, struct scvp_report *r, struct finder *f,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
