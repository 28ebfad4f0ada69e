/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api_call.h"

#include <stdio.h>
#include <string.h>

#include "server/api_json_out.h"
#include "server/result.h"

static const struct api_binding *binding_of(const struct api_call *call)
{
	return call->binding != NULL ? call->binding : &api_json_binding;
}

const char *api_media_type(const struct api_call *call)
{
	return call->form.type[0] != '\0' ? call->form.type
					  : binding_of(call)->media_type;
}

static struct api_answer answer_of(const struct api_call *call,
				   const struct ltp_result *result)
{
	return (struct api_answer){ .result = result,
				    .req_id = call->in.req_id,
				    .status = call->status,
				    .form = &call->form };
}

/* For the log, and for the table of minors: what every operation has. */
static const char *operation_text(const struct api_call *call)
{
	return call->op_unknown ? "unknown" : operation_name(call->op);
}

/* Enough for the client to know whether to wait, and for what. */
static const char *what_failed(const struct ltps_error *e)
{
	if (e->fault == LTPS_FAULT_REMOTE)
		return "a service that is needed failed";
	switch (e->code) {
	case LTPS_BUSY:
		return "the service is busy, come again";
	case LTPS_CANCELLED:
		return "the service is stopping";
	case LTPS_NO_SPACE:
		return "the store is full";
	case LTPS_READ_ONLY:
		return "the store is read-only";
	case LTPS_CORRUPT:
		return "what is stored is damaged";
	default:
		return "the service failed";
	}
}

/*
 * An error of ours: told by the mapping table, with its text only when the
 * request is to blame, and logged once, here.
 */
static void fail(struct api_call *call, struct ltps_error *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result result;
	const struct result_error mapped = result_of_error(e);
	const enum ltp_minor minor = result_minor_for(call->op, mapped.minor);
	const bool theirs =
	    e->fault == LTPS_FAULT_CALLER || e->fault == LTPS_FAULT_OBJECT;
	result_set(&result, minor, "%s", theirs ? e->text : what_failed(e));
	log_error(call->log, LOG_OPERATION,
		  e->code == LTPS_BUSY ? LOG_DEBUG : LOG_ERROR, "a request failed", e,
		  LOG_FIELDS({ "operation", operation_text(call) },
			     { "request", call->request_id }));
	call->status = mapped.pres_status;
	call->outcome = API_FAILED;
	buf_clear(&call->answer);
	call->form.mtom = false; /* as plain as can be */
	if (call->form.fault == API_FAULT_NONE)
		call->form.type[0] = '\0';
	const struct api_answer a = answer_of(call, &result);
	if (binding_of(call)->result(&a, call->op, &call->answer, &err) != 0) {
		buf_clear(&call->answer);
		call->status = 503;
	}
}

static bool is_refusal(const struct ltp_result *r)
{
	return r->minor != LTP_OK && r->minor != LTP_WARN_LOW_SPACE &&
	       r->minor != LTP_WARN_PARTLY;
}

static int answer_result(struct api_call *call, const struct ltp_result *result,
			 struct ltps_error *err)
{
	struct ltp_result fit = *result;
	fit.minor = result_minor_for(call->op, fit.minor);
	const struct api_answer a = answer_of(call, &fit);
	if (is_refusal(result))
		call->outcome = API_REFUSED;
	return binding_of(call)->result(&a, call->op, &call->answer, err);
}

/*
 * The line of what never reaches the domain, or failed there. The answer does
 * not depend on it: nothing was given away or changed.
 */
static void audit(const struct api_call *call, struct ltp_worker *w,
		  const struct ltp_result *result)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct audit_note note = {
		.caller = &call->caller,
		.operation = call->op,
		.poid = call->in.poid,
		.detail = result->message,
		.result = result,
	};
	if (call->op_unknown) /* as what the front end refuses */
		return;
	if (ltp_audit(w, &note, &err) != 0)
		log_error(call->log, LOG_OPERATION, LOG_ERROR,
			  "a line of the audit is missing", &err,
			  LOG_FIELDS({ "operation", operation_name(call->op) },
				     { "request", call->request_id }));
}

/* What passes by is not worth a line, and there may be no memory for one. */
static void audit_failure(const struct api_call *call, struct ltp_worker *w,
			  const struct ltps_error *e)
{
	struct ltp_result result;
	const struct result_error mapped = result_of_error(e);
	if (mapped.pres_status == 503)
		return;
	result_set(&result, result_minor_for(call->op, mapped.minor), "%s", e->text);
	audit(call, w, &result);
}

static int run_info(struct api_call *call, struct ltp_worker *w, struct ltps_error *err)
{
	const struct profile *profiles[PROFILES_MAX];
	struct ltp_result result = { .minor = LTP_OK };
	size_t n = 0;
	if (ltp_info(call->ltp, &call->caller, call->in.profile,
		     call->in.profile_status, profiles, PROFILES_MAX, &n, &result,
		     err) != 0)
		return -1;
	audit(call, w, &result);
	if (is_refusal(&result))
		return answer_result(call, &result, err);
	const struct api_answer a = answer_of(call, &result);
	return binding_of(call)->info(&a, profiles, n, &call->answer, err);
}

static int run_retrieve(struct api_call *call, struct ltp_worker *w,
			struct ltps_error *err)
{
	const struct api_in *in = &call->in;
	const struct ltp_retrieve_request req = {
		.caller = call->caller,
		.poid = in->poid,
		.versions = in->versions,
		.n_versions = in->n_versions,
		.subject = in->sor,
		.po_format = in->po_format,
		.evidence_format = in->evidence_format,
	};
	struct ltp_retrieved retrieved = { 0 };
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_retrieve(w, &req, &retrieved, &result, err) != 0)
		return -1;
	const struct api_answer a = answer_of(call, &result);
	const int rc = is_refusal(&result)
			   ? answer_result(call, &result, err)
			   : binding_of(call)->retrieved(&a, OP_RETRIEVE_PO, &retrieved,
							 &call->answer, err);
	ltp_retrieved_clear(&retrieved);
	return rc;
}

static int run_delete(struct api_call *call, struct ltp_worker *w,
		      struct ltps_error *err)
{
	const struct api_in *in = &call->in;
	const struct ltp_delete_request req = {
		.caller = call->caller,
		.poid = in->poid,
		.mode = in->mode,
		.claimed_requestor = in->claimed_requestor,
		.reason = in->reason,
	};
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_delete(w, &req, &result, err) != 0)
		return -1;
	return answer_result(call, &result, err);
}

static int run_trace(struct api_call *call, struct ltp_worker *w,
		     struct ltps_error *err)
{
	struct ltp_trace trace = { 0 };
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_trace(w, &call->caller, call->in.poid, &trace, &result, err) != 0)
		return -1;
	const struct api_answer a = answer_of(call, &result);
	const int rc = is_refusal(&result)
			   ? answer_result(call, &result, err)
			   : binding_of(call)->trace(&a, &trace, &call->answer, err);
	ltp_trace_clear(&trace);
	return rc;
}

static int run_validate(struct api_call *call, struct ltp_worker *w,
			struct ltps_error *err)
{
	const struct api_in *in = &call->in;
	const struct ltp_evidence_request req = {
		.caller = call->caller,
		.evidence = in->has_evidence ? in->evidence.data : VIEW_NULL,
		.evidence_format = in->has_evidence ? in->evidence.format_id : NULL,
		.poid = in->evidence_poid,
		.version = in->evidence_version,
		.pos = in->pos,
		.n_pos = in->n_pos,
	};
	struct evidence_reports reports = { .n = 0 };
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_validate_evidence(w, &req, &reports, &result, err) != 0)
		return -1;
	const struct api_answer a = answer_of(call, &result);
	const int rc =
	    is_refusal(&result)
		? answer_result(call, &result, err)
		: binding_of(call)->validated(&a, &reports, &call->answer, err);
	evidence_reports_clear(&reports);
	return rc;
}

static int run_update(struct api_call *call, struct ltp_worker *w,
		      struct ltps_error *err)
{
	const struct api_in *in = &call->in;
	const struct ltp_update_request req = {
		.caller = call->caller,
		.poid = in->poid,
		.pos = in->pos,
		.n_pos = in->n_pos,
	};
	char version[LTP_VERSION_MAX];
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_update(w, &req, version, &result, err) != 0)
		return -1;
	if (is_refusal(&result))
		return answer_result(call, &result, err);
	const struct api_answer a = answer_of(call, &result);
	call->ingested = true;
	return binding_of(call)->updated(&a, version, &call->answer, err);
}

static int run_search(struct api_call *call, struct ltp_worker *w,
		      struct ltps_error *err)
{
	struct ltp_found found = { 0 };
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_search(w, &call->caller, call->in.filter, &found, &result, err) != 0)
		return -1;
	const struct api_answer a = answer_of(call, &result);
	const int rc = is_refusal(&result)
			   ? answer_result(call, &result, err)
			   : binding_of(call)->found(&a, &found, &call->answer, err);
	ltp_found_clear(&found);
	return rc;
}

/* --- PreservePO: the answer leaves after the commit --- */

static void ingest_done(void *arg, struct ltp_ingest *i, const struct ltps_error *err)
{
	struct api_call *call = arg;
	(void)i;
	call->ingest_err = *err;
	call->later(call);
}

/* Without storage the answer is all there is: no POID, the POs with their evidence. */
static int run_at_once(struct api_call *call, struct ltp_worker *w,
		       struct ltps_error *err)
{
	struct ltp_retrieved made = { 0 };
	struct ltp_result result = { .minor = LTP_OK };
	if (ltp_preserve_at_once(w, &call->ingest_request, &made, &result, err) != 0)
		return -1;
	const struct api_answer a = answer_of(call, &result);
	const int rc = is_refusal(&result)
			   ? answer_result(call, &result, err)
			   : binding_of(call)->retrieved(&a, OP_PRESERVE_PO, &made,
							 &call->answer, err);
	ltp_retrieved_clear(&made);
	return rc;
}

static int run_preserve(struct api_call *call, struct ltp_worker *w, bool *ret_later,
			struct ltps_error *err)
{
	struct ltp_result result = { .minor = LTP_OK };
	call->ingest_request = (struct ltp_ingest_request){
		.caller = call->caller,
		.profile_id = call->in.profile,
		.pos = call->in.pos,
		.n_pos = call->in.n_pos,
	};
	if (ltp_is_at_once(call->ltp, call->in.profile))
		return run_at_once(call, w, err);
	if (ltp_ingest_prepare(w, &call->ingest_request, &call->ingest, &result, err) !=
	    0)
		return -1;
	if (call->ingest == NULL)
		return answer_result(call, &result, err);
	/* From here on the call may be finished, and freed, by another thread. */
	*ret_later = true;
	if (ltp_ingest_commit(call->ingest, ingest_done, call, err) == 0)
		return 0;
	*ret_later = false;
	return -1;
}

void api_finish(struct api_call *call)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (call->ingest_err.code != LTPS_OK) {
		fail(call, &call->ingest_err);
		return;
	}
	const struct ltp_result *result = ltp_ingest_result(call->ingest);
	const struct api_answer a = answer_of(call, result);
	call->status = 200;
	call->ingested = true;
	if (binding_of(call)->preserved(&a, ltp_ingest_poid(call->ingest),
					&call->answer, &err) != 0)
		fail(call, &err);
}

static int run_parsed(struct api_call *call, struct ltp_worker *w, bool *ret_later,
		      struct ltps_error *err)
{
	switch (call->op) {
	case OP_RETRIEVE_INFO:
		return run_info(call, w, err);
	case OP_PRESERVE_PO:
		return run_preserve(call, w, ret_later, err);
	case OP_RETRIEVE_PO:
		return run_retrieve(call, w, err);
	case OP_DELETE_PO:
		return run_delete(call, w, err);
	case OP_RETRIEVE_TRACE:
		return run_trace(call, w, err);
	case OP_VALIDATE_EVIDENCE:
		return run_validate(call, w, err);
	case OP_UPDATE_POC:
		return run_update(call, w, err);
	case OP_SEARCH:
		return run_search(call, w, err);
	case OP_COUNT:
		break;
	}
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "operation %d",
			 (int)call->op);
}

bool api_run(struct api_call *call, struct ltp_worker *w)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result refusal = { .minor = LTP_OK };
	bool later = false;
	call->answer = buf_make(API_ANSWER_MAX);
	call->status = 200;
	if (binding_of(call)->parse(call, &refusal, &err) != 0) {
		fail(call, &err);
		return true;
	}
	if (refusal.minor == LTP_OK && (call->denied & 1u << call->op) != 0)
		result_set(&refusal, LTP_NO_PERMISSION, "%s is not for this role",
			   operation_name(call->op));
	if (refusal.minor != LTP_OK) {
		audit(call, w, &refusal);
		if (answer_result(call, &refusal, &err) != 0)
			fail(call, &err);
		return true;
	}
	ltp_worker_set_room(w, call->room);
	const int rc = run_parsed(call, w, &later, &err);
	if (later)
		return false;
	if (rc != 0) {
		audit_failure(call, w, &err);
		fail(call, &err);
	}
	return true;
}

void api_clear(struct api_call *call)
{
	ltp_ingest_free(call->ingest);
	call->ingest = NULL;
	api_in_free(&call->in);
	buf_free(&call->body);
	buf_free(&call->answer);
}

bool api_operation(const char *name, enum operation *ret_op)
{
	for (unsigned op = 0; op < OP_COUNT; op++) {
		if (strcmp(operation_name((enum operation)op), name) == 0) {
			*ret_op = (enum operation)op;
			return true;
		}
	}
	return false;
}

int api_refusal_body(enum operation op, int http_status, const char *text,
		     struct buf *out, struct ltps_error *err)
{
	struct ltp_result result;
	const struct api_answer a = { .result = &result };
	result_set(&result, result_of_status(http_status), "%s", text);
	result.minor = result_minor_for(op, result.minor);
	return api_out_result(&a, op, out, err);
}
