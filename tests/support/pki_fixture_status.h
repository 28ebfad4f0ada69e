/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki_fixture_status - a path of fixture certificates, a pool, and the status of one
 * certificate of the path asked of revocation_judge() without a search for the path.
 */
#ifndef LTPS_TESTS_PKI_FIXTURE_STATUS_H
#define LTPS_TESTS_PKI_FIXTURE_STATUS_H

#include "tests/support/pki_fixture.h"
#include "validation/revocation.h"

struct fix_status {
	struct material *m; /* the anchor is in it; CRLs and responses to be added */
	struct path_candidate path;
	struct path_input in;      /* to be changed before asking */
	struct revocation_query q; /* the same; time_ms is in.time_ms unless set */
	/* the answer */
	struct path_cert_revocation r;
	struct need *needs;
	size_t n_needs;
	uint32_t signatures, steps;
	bool spent;
};

/* From the target to the anchor; time_ms of the question. */
void fix_status_begin(struct fix_status *s, const struct fix_cert *const *certs,
		      size_t n, int64_t time_ms);
void fix_status_end(struct fix_status *s);
/* Another certificate for the pool. */
void fix_status_cert(struct fix_status *s, const struct fix_cert *c);
void fix_status_crl(struct fix_status *s, const struct fix_crl_options *o);
void fix_status_ocsp(struct fix_status *s, const struct fix_ocsp_options *o);
/* Asks about the certificate of this index of the path; an error ends the test. */
const struct path_cert_revocation *fix_status_ask(struct fix_status *s, size_t index);
/* Whether the last answer has this need. */
bool fix_status_needs(const struct fix_status *s, enum need_kind kind, const char *url);

#endif
