/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result - the one mapping from what happened to what is said: error codes and
 * minors to HTTP status, ResultMajor and ResultMinor (TS 119 512 5.3, spec
 * section 4; the pairing of major and minor is not laid down and is ours).
 */
#ifndef LTPS_SERVER_RESULT_H
#define LTPS_SERVER_RESULT_H

#include <stdarg.h>

#include "base/err.h"
#include "ltp/ltp.h"

/* ResultMajor and ResultMinor URIs; minor NULL: none. */
struct result_uris {
	const char *major;
	const char *minor;
};
struct result_uris result_of_minor(enum ltp_minor minor);

/* For an error of ours: the minor that tells it, and its HTTP status under
 * /pres (200 for what the protocol can say) and elsewhere. */
struct result_error {
	enum ltp_minor minor;
	int pres_status;
	int http_status;
};
struct result_error result_of_error(const struct ltps_error *err);

/* The minor of a refusal by the front end, for its body under /pres. */
enum ltp_minor result_of_status(int http_status);

/*
 * The minor under which an operation tells this: itself where the operation's
 * table has it, otherwise the common one with the same ResultMajor.
 */
enum ltp_minor result_minor_for(enum operation op, enum ltp_minor minor);

/* Fills a refusal; the text is cut to its room. Returns 0, for tail calls. */
int result_set(struct ltp_result *r, enum ltp_minor minor, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, with the place in the message before the text; path "": the whole. */
void result_set_at(struct ltp_result *r, enum ltp_minor minor, const char *path,
		   const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));

#endif
