/* SPDX-License-Identifier: Apache-2.0 */
/* delete - DeletePO: the data alone, or everything down to a tombstone. */
#include <stdio.h>
#include <string.h>

#include "ltp/inside.h"
#include "storage/audit.h"

#define MODE_DATA "OnlySubDOs"
#define MODE_ALL "SubDOsAndEvidence"

struct run {
	const struct ltp *l;
	const struct ltp_delete_request *req;
	const struct object *object;
	const char *mode;
	int64_t now_ms;
};

/* The deletion and its line in the audit, or neither. */
static int run_delete(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct run *run = arg;
	char detail[STORE_TEXT_MAX + 1];
	int rc = strcmp(run->mode, MODE_DATA) == 0
		     ? object_delete_data(conn, run->object->id, run->now_ms, err)
		     : object_delete(conn, run->object->id, run->now_ms, err);
	if (rc != 0)
		return -1;
	const char *reason = run->req->reason, *crn = run->req->claimed_requestor;
	snprintf(detail, sizeof(detail),
		 "mode: %s; claimed requestor: %.500s; reason: %.3000s", run->mode,
		 crn != NULL ? crn : "-",
		 reason != NULL ? reason : "preservation period has ended");
	const struct audit_entry entry = {
		.time_ms = run->now_ms,
		.tenant = tenant_of(&run->req->caller),
		.actor = run->req->caller.name,
		.operation = operation_name(OP_DELETE_PO),
		.poid = run->req->poid,
		.detail = detail,
		.outcome = "success",
	};
	return audit_append(conn, &entry, NULL, err);
}

/* Whether the deletion is allowed; the answer tells why not. */
static bool allowed(const struct run *run, struct ltp_result *r)
{
	const struct object *o = run->object;
	bool ended = o->preserve_until_ms != 0 && run->now_ms >= o->preserve_until_ms;
	const char *reason = run->req->reason;
	if (!object_allows(run->l, o, OP_DELETE_PO, r))
		return false;
	if (o->state == OBJECT_DELETED)
		refuse(r, LTP_UNKNOWN_POID, "the object was deleted already");
	else if (o->state == OBJECT_DATA_DELETED && strcmp(run->mode, MODE_DATA) == 0)
		refuse(r, LTP_PARAMETER_ERROR, "the data was deleted already");
	else if (!ended &&
		 (reason == NULL || reason[strspn(reason, " \t\r\n")] == '\0'))
		/* TS 119 511 PRP-8.1-12 */
		refuse(r, LTP_PARAMETER_ERROR,
		       "the preservation period has not ended: a reason is needed");
	else
		return true;
	return false;
}

static int audit_refused(struct ltp_worker *w, const struct run *run,
			 const struct ltp_result *r, struct ltps_error *err)
{
	const struct audit_note note = {
		.caller = &run->req->caller,
		.operation = OP_DELETE_PO,
		.poid = run->req->poid,
		.detail = r->message,
		.result = r,
	};
	return ltp_audit(w, &note, err);
}

int ltp_delete(struct ltp_worker *w, const struct ltp_delete_request *req,
	       struct ltp_result *ret_result, struct ltps_error *err)
{
	int rc = -1;
	struct object *object = NULL;
	struct run run = {
		.l = w->l,
		.req = req,
		.mode = req->mode != NULL ? req->mode : MODE_ALL,
		.now_ms = ltp_now(w->l),
	};
	refuse(ret_result, LTP_OK, "%s", "");
	if (strcmp(run.mode, MODE_DATA) != 0 && strcmp(run.mode, MODE_ALL) != 0) {
		refuse(ret_result, LTP_UNKNOWN_MODE,
		       "the mode is " MODE_DATA " or " MODE_ALL);
	} else {
		if (object_find(w, &req->caller, req->poid, &object, ret_result, err) !=
		    0)
			goto out;
		run.object = object;
	}
	if (object == NULL || !allowed(&run, ret_result)) {
		rc = audit_refused(w, &run, ret_result, err);
		goto out;
	}
	rc = store_write(w->l->o.store, run_delete, &run, err);
	if (rc != 0 && (err->code == LTPS_STATE || err->code == LTPS_NOT_FOUND)) {
		/* Another request deleted it between our look and the write. */
		ltps_error_clear(err);
		refuse(ret_result, LTP_UNKNOWN_POID, "the object was deleted already");
		rc = audit_refused(w, &run, ret_result, err);
	}
out:
	object_free(object);
	return rc;
}
