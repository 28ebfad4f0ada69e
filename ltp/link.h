/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link - read-only access to one object for who has the link, until a date: for an
 * auditor who has no account here.
 */
#ifndef LTPS_LTP_LINK_H
#define LTPS_LTP_LINK_H

#include "ltp/access.h"

struct link_request {
	struct ltp_caller caller;
	const char *poid;
	const char *name; /* for whom; NULL: "link" */
	int64_t until_ms;
};
/*
 * link_add - a link to an object of the caller's tenant.
 * ret_secret  shown once; "" with a refusal (unknown POID, bad name, an end that is
 * past)
 */
int link_add(struct ltp_worker *w, const struct link_request *req, int64_t *ret_id,
	     char ret_secret[ACCESS_SECRET_SIZE], struct ltp_result *ret_result,
	     struct ltps_error *err) LTPS_CHECKED;
/* ret_result: parameterError when the tenant has no such link. */
int link_revoke(struct ltp_worker *w, const struct ltp_caller *caller, int64_t id,
		struct ltp_result *ret_result, struct ltps_error *err) LTPS_CHECKED;

/* Label of the newest validation report of an object; "" when there is none, or no such
 * object. */
int link_report_label(struct ltp_worker *w, const struct ltp_caller *caller,
		      const char *poid, char ret_label[STORE_NAME_MAX + 1],
		      struct ltps_error *err) LTPS_CHECKED;

#endif
