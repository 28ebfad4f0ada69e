/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_call - one call of TS 119 512, in either binding: request body in, answer
 * body and HTTP status out. No HTTP here, no loop; route.c carries it.
 */
#ifndef LTPS_SERVER_API_CALL_H
#define LTPS_SERVER_API_CALL_H

#include "server/api_binding.h"
#include "server/api_json_in.h"

/* Largest answer: an object of the largest body, in base64, with evidence. */
#define API_ANSWER_MAX ((size_t)2 << 30)

struct api_call {
	/* Set before api_run(). */
	const struct api_binding *binding; /* NULL: JSON */
	enum operation op;        /* where the body says it: set by the parser */
	bool op_unknown;          /* until then */
	struct view content_type; /* of the request; stays as request_id */
	struct ltp *ltp;
	struct log *log;
	struct ltp_caller caller;
	unsigned denied; /* operations that the caller has no right to: 1 << op */
	const char *request_id; /* for the log; stays until the call is freed */
	struct ltp_room room;   /* for what is read out of the store; may be zero */
	struct buf body;        /* taken by api_run() */
	/* Called on another thread when api_run() said "later". */
	void (*later)(struct api_call *call);
	void *later_arg;

	/* Set when the call is over. */
	int status;
	struct buf answer;
	enum { API_SUCCESS, API_REFUSED, API_FAILED } outcome;
	bool ingested; /* something new waits for its tree */

	struct api_form form; /* how it is answered */

	/* private */
	struct api_in in;
	struct ltp_ingest_request ingest_request;
	struct ltp_ingest *ingest;
	struct ltps_error ingest_err;
};

/*
 * api_run - carry a call out, on a worker thread. Every call that comes here
 * leaves a line in the audit, also when it is refused for its form; what the
 * HTTP front end refuses before (docs/decisions/0006) does not.
 * Returns true when status and answer are set; false when later() will be
 * called, after which api_finish() sets them.
 */
bool api_run(struct api_call *call, struct ltp_worker *w);
/* After later(), on any one thread. */
void api_finish(struct api_call *call);
/* Frees what it holds, not the call itself; request_id may go after. */
void api_clear(struct api_call *call);

/* Media type of the answer, valid as long as the call. */
const char *api_media_type(const struct api_call *call);

/* The operation of a path's last part, "PreservePO"; false: none. */
bool api_operation(const char *name, enum operation *ret_op);
/* Body of a refusal by the front end under /pres (http_options). */
int api_refusal_body(enum operation op, int http_status, const char *text,
		     struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
