/* SPDX-License-Identifier: Apache-2.0 */
/* delete - DeletePO: the data alone, or everything down to a tombstone. */
#include <stdio.h>
#include <string.h>

#include "ltp/inside.h"
#include "storage/audit.h"
#include "storage/evidence.h"
#include "storage/fixity.h"

#define MODE_DATA "OnlySubDOs"
#define MODE_ALL "SubDOsAndEvidence"
/* What a line of the audit has room for besides the rest (STORE_TEXT_MAX); quoted. */
#define REQUESTOR_MAX 500
#define REASON_MAX 3000

struct run {
	const struct ltp *l;
	const struct ltp_delete_request *req;
	const struct object *object;
	const char *mode;
	/* The client's texts in quotes, that none looks like a text of ours. */
	char requestor[REQUESTOR_MAX + 3], reason[REASON_MAX + 3];
	int64_t now_ms;
	bool unkept; /* out: evidence needs more digests than can be kept */
};

/* ---- digests that evidence needs without the data ---- */

/* Parts are kept with SHA-256 and SHA-512, and have room for one digest more. Chains
 * before the one that grows are stored whole; a tree without a token yet leaves the
 * record to the chain before it. */
struct needed {
	struct store_conn *conn;
	enum digest_alg alg; /* NONE: those that are kept do */
	bool more;           /* another one is needed besides */
};

/* Leaves come oldest tree first: with a token, nothing before them is needed. */
static int need_of_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct needed *n = arg;
	struct tree t;
	if (tree_get(n->conn, leaf->tree, &t, err) != 0)
		return -1;
	if (t.state == TREE_STAMPED) {
		n->alg = DIGEST_NONE;
		n->more = false;
	}
	if (t.alg == DIGEST_SHA256 || t.alg == DIGEST_SHA512 || t.alg == n->alg)
		return 0;
	if (n->alg != DIGEST_NONE)
		n->more = true;
	n->alg = t.alg;
	return 0;
}

static int keep_digest(struct store_conn *conn, int64_t version, const struct part *p,
		       enum digest_alg alg, struct ltps_error *err)
{
	struct digest d;
	return blob_digest(conn, p->blob, alg, &d, err) == 0
		   ? object_keep_digest(conn, version, p->seq, &d, err)
		   : -1;
}

static int keep_of_version(struct store_conn *conn, struct run *run,
			   const struct version *v, struct ltps_error *err)
{
	struct needed n = { .conn = conn };
	if (tree_leaves_of(conn, LEAF_VERSION, v->id, need_of_leaf, &n, err) != 0)
		return -1;
	for (size_t i = 0; n.alg != DIGEST_NONE && i < v->n_parts; i++) {
		const struct part *p = &v->parts[i];
		if (p->blob == 0)
			continue;
		const bool has = p->given.alg == n.alg;
		run->unkept = n.more || (!has && p->given.alg != DIGEST_NONE);
		if (run->unkept)
			return ltps_fail(err, LTPS_STATE, LTPS_FAULT_OBJECT,
					 "RFC 4998 4.2",
					 "not every digest can be kept");
		if (!has && keep_digest(conn, v->id, p, n.alg, err) != 0)
			return -1;
	}
	return 0;
}

/* Its digests outlast the data: without them no record could be made again. */
static int delete_data(struct store_conn *conn, struct run *run, struct ltps_error *err)
{
	struct object *o = NULL;
	if (object_get_by_id(conn, run->object->id, &o, err) != 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < o->n_versions; i++)
		rc = keep_of_version(conn, run, &o->versions[i], err);
	object_free(o);
	return rc == 0 ? object_delete_data(conn, run->object->id, run->now_ms, err)
		       : -1;
}

/* ---- deleting ---- */

/* In quotes, and with a backslash before quotes and backslashes inside. False: there is
 * no room for it, or it holds control characters. */
static bool quote(const char *text, char *out, size_t size)
{
	size_t n = 0;
	if (!text_is_clean(text))
		return false;
	out[n++] = '"';
	for (; *text != '\0'; text++) {
		const bool special = *text == '"' || *text == '\\';
		if (n + special + 3 > size)
			return false;
		if (special)
			out[n++] = '\\';
		out[n++] = *text;
	}
	out[n++] = '"';
	out[n] = '\0';
	return true;
}

/* Whole or not at all: TS 119 511 PRP-8.1-12 wants the reason recorded. */
static bool texts_fit(struct run *run, struct ltp_result *r)
{
	const char *reason = run->req->reason, *crn = run->req->claimed_requestor;
	if (crn != NULL && !quote(crn, run->requestor, sizeof(run->requestor)))
		refuse(r, LTP_PARAMETER_ERROR,
		       "the claimed requestor (crn) has more than %d octets, or control "
		       "characters",
		       REQUESTOR_MAX);
	else if (reason != NULL && !quote(reason, run->reason, sizeof(run->reason)))
		refuse(r, LTP_PARAMETER_ERROR,
		       "the reason has more than %d octets, or control characters",
		       REASON_MAX);
	else
		return true;
	return false;
}

/* The deletion and its line in the audit, or neither. */
static int run_delete(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct run *run = arg;
	char detail[STORE_TEXT_MAX + 1];
	int rc = strcmp(run->mode, MODE_DATA) == 0
		     ? delete_data(conn, run, err)
		     : object_delete(conn, run->object->id, run->now_ms, err);
	if (rc != 0)
		return -1;
	snprintf(detail, sizeof(detail), "mode: %s; claimed requestor: %s; reason: %s",
		 run->mode, run->requestor[0] != '\0' ? run->requestor : "-",
		 run->reason[0] != '\0' ? run->reason
					: "preservation period has ended");
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
	if (!texts_fit(&run, ret_result)) {
		; /* refused */
	} else if (strcmp(run.mode, MODE_DATA) != 0 && strcmp(run.mode, MODE_ALL) != 0) {
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
	if (rc != 0 && run.unkept) {
		ltps_error_clear(err);
		refuse(ret_result, LTP_PARAMETER_ERROR,
		       "the evidence is moving to another digest and needs the data "
		       "until that has its time-stamp");
		rc = audit_refused(w, &run, ret_result, err);
	} else if (rc != 0 &&
		   (err->code == LTPS_STATE || err->code == LTPS_NOT_FOUND)) {
		/* Another request deleted it between our look and the write. */
		ltps_error_clear(err);
		refuse(ret_result, LTP_UNKNOWN_POID, "the object was deleted already");
		rc = audit_refused(w, &run, ret_result, err);
	}
out:
	object_free(object);
	return rc;
}
