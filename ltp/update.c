/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update - UpdatePOC: a new version of an object out of its newest one and what came.
 *
 * Annex E: the old versions stay as they are. A DeltaPOC whose id is that of a part of
 * the newest version stands in its place, any other one behind all (docs/decisions/
 * 0020). What is taken over is not copied: its bytes are counted once more.
 *
 *   check            the request, by the object's profile
 *   compose          the parts of the new version, from rows as they are now
 *   judge            the record that came, over all of them, and signatures that came,
 *                    or that are about something that came; without the store
 *   run_update       version, leaf, job, audit: one transaction on the writer's thread;
 *                    when another update was there first, from compose on again
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/ingest_private.h"
#include "ltp/tenant.h"
#include "ltp/update_private.h"
#include "storage/audit.h"

/* Others that may be first at the same object before the client is told to come again.
 */
#define UPDATE_TRIES 16
/* Everything is made, half of it stored (base/failpoint.h). */
#define FP_UPDATE_KEEP "update.keep"

/* ---- what the object and the request may be; false: refused ---- */

static bool object_takes(const struct update *u, struct ltp_result *r)
{
	const struct object *o = u->object;
	const struct profile *p = u->profile;
	if (o->state == OBJECT_DELETED)
		refuse(r, LTP_UNKNOWN_POID, "the object was deleted");
	else if (p == NULL)
		refuse(r, LTP_NOT_SUPPORTED,
		       "the object's profile is configured no more");
	else if (!object_allows(u->w->l, o, OP_UPDATE_POC, r))
		return false;
	else if (!profile_active(p, u->now_ms))
		refuse(r, LTP_NOT_SUPPORTED, "the profile '%s' is not active", p->id);
	else if (o->state != OBJECT_LIVE)
		refuse(r, LTP_PARAMETER_ERROR,
		       "the data of the object was deleted: it takes no more");
	else
		return true;
	return false;
}

static bool request_holds(const struct update *u, struct ltp_result *r)
{
	return request_deltas_hold(u->profile, u->req->pos, u->req->n_pos,
				   u->detected, u->record, r) &&
	       ingest_space_left(u->w->l, r);
}

/* What comes counts; what is taken over is counted already. 1: it fits. */
static int quota_left(const struct update *u, struct ltp_result *r,
		      struct ltps_error *err)
{
	uint64_t bytes = u->record != NULL ? u->record->data.n : 0;
	bool fits;
	for (size_t i = 0; i < u->req->n_pos; i++)
		bytes += u->req->pos[i].data.n;
	if (tenant_has_room(u->w->l, u->w->conn, u->object->tenant, 0, bytes, &fits, r,
			    err) != 0)
		return -1;
	return fits;
}

/* ---- rows of what came, made once ---- */

static int make_delta(struct update *u, struct ltps_error *err)
{
	const struct ltp_update_request *req = u->req;
	for (size_t i = 0; i < req->n_pos; i++) {
		const struct ltp_po *po = &req->pos[i];
		u->delta[i] = (struct part_new){ .po_id = po->id,
						 .format_id = po->format_id,
						 .mime = po->mime,
						 .pronom = po->pronom,
						 .detected = u->detected[i]->name,
						 .xml = po->xml };
		if (ingest_join_related(po, &u->related[i], err) != 0)
			return -1;
		u->delta[i].related = u->related[i];
		if (part_row_make(u->w->l->o.store, u->object->tenant, po->data,
				  &u->delta[i], err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the new version ---- */

static void describe(struct update *u)
{
	unsigned n = 1;
	for (size_t i = 0; i < u->object->n_versions; i++)
		n += version_is_logical(&u->object->versions[i]);
	snprintf(u->label, sizeof(u->label), "v%u", n);
	snprintf(u->detail, sizeof(u->detail), "%s: %zu added, %zu replaced", u->label,
		 u->req->n_pos - u->n_replaced, u->n_replaced);
	u->version =
	    (struct version_new){ .label = u->label,
				  .kind = VERSION_UPDATED,
				  .created_ms = u->now_ms,
				  .digest = u->version.digest,
				  .record_id = u->record != NULL ? u->record->id : NULL,
				  .parts = u->parts,
				  .n_parts = u->n_parts };
	update_verdict(u);
}

/* Rows, digests and octets of one state. 1: composed, or there already; 0: refused;
 * -1: failed. */
static int compose_now(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	if (!operation_offered(u->w->l, OP_UPDATE_POC))
		return refuse(r, LTP_NOT_SUPPORTED,
			      "no profile of this service offers UpdatePOC");
	if (object_find(u->w, &u->req->caller, u->req->poid, &u->object, r, err) != 0)
		return -1;
	if (u->object == NULL)
		return 0;
	u->profile = profile_by_id(u->w->l, u->object->profile);
	u->former = object_latest(u->object);
	if (!object_takes(u, r))
		return 0;
	if (u->delta == NULL) { /* the first time */
		if (update_begin(u, err) != 0)
			return -1;
		if (!request_holds(u, r))
			return 0;
		const int fits = quota_left(u, r, err);
		if (fits <= 0)
			return fits;
		if (make_delta(u, err) != 0)
			return -1;
	}
	const int look = update_look(u, r, err);
	if (look <= 0 || u->there)
		return look;
	const int made = update_compose(u, r, err);
	if (made <= 0)
		return made;
	return update_hash(u, err) == 0 && update_read(u, err) == 0 ? 1 : -1;
}

static int compose(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	update_again(u);
	if (store_read_begin(u->w->conn, err) != 0)
		return -1;
	const int made = compose_now(u, r, err);
	store_read_end(u->w->conn);
	if (made <= 0 || u->there)
		return made;
	/* Judging may take long: nobody waits for the end of a snapshot meanwhile. That
	 * what was judged is still what is there, run_update() sees. */
	int judged = update_take_record(u, r, err);
	if (judged > 0)
		judged = update_judge(u, r, err);
	if (judged > 0)
		describe(u);
	return judged;
}

/* ---- on the writer's thread ---- */

static int insert_signatures(struct store_conn *conn, const struct update *u,
			     int64_t version, struct ltps_error *err)
{
	if (u->facts.n > 0 && signatures_facts_keep(conn, version, &u->facts, err) != 0)
		return -1;
	if (u->former != NULL &&
	    signatures_copy(conn, u->former->id, version, err) != 0)
		return -1;
	return u->cared_for ? ingest_add_care(conn, version, u->now_ms, err) : 0;
}

static const char *actor_of(const struct update *u)
{
	return u->req->caller.name != NULL ? u->req->caller.name : "anonymous";
}

static int audit_update(struct store_conn *conn, const struct update *u,
			struct ltps_error *err)
{
	const struct audit_entry entry = { .time_ms = u->now_ms,
					   .tenant = u->object->tenant,
					   .actor = actor_of(u),
					   .operation = operation_name(OP_UPDATE_POC),
					   .poid = u->object->poid,
					   .detail = u->detail,
					   .outcome = "success" };
	return audit_append(conn, &entry, NULL, err);
}

static int run_update(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct update *u = arg;
	int64_t last, version;
	if (object_last_logical(conn, u->object->id, &last, err) != 0)
		return -1;
	u->overtaken = last != (u->former != NULL ? u->former->id : 0);
	if (u->overtaken) /* no blob was touched: they serve the next attempt */
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "another update was first");
	if (update_unique(u, conn, err) != 0 ||
	    object_add_version(conn, u->object->id, &u->version, &version, err) != 0 ||
	    failpoint_fail(FP_UPDATE_KEEP, err) != 0)
		return -1;
	const struct leaf_new leaf = { .profile = u->profile->id,
				       .alg = u->leaf.alg,
				       .kind = LEAF_VERSION,
				       .ref = version,
				       .digest = u->leaf,
				       .bytes = u->bytes,
				       .now_ms = u->now_ms };
	if (tree_append_leaf(conn, &leaf, NULL, err) != 0 ||
	    insert_signatures(conn, u, version, err) != 0)
		return -1;
	const struct continued_note note = { .time_ms = u->now_ms,
					     .tenant = u->object->tenant,
					     .actor = actor_of(u),
					     .poid = u->object->poid,
					     .version = u->label };
	if (audit_update(conn, u, err) != 0 ||
	    continued_keep(&u->continued, conn, version, &note, err) != 0)
		return -1;
	/* Everything that counts is there. */
	return tenant_check_room(u->w->l, conn, u->object->tenant, err);
}

/* ---- the whole ---- */

/* What was refused, or was there already. */
static int audit_result(const struct update *u, const struct ltp_result *r,
			 struct ltps_error *err)
{
	const struct audit_note note = { .caller = &u->req->caller,
					 .operation = OP_UPDATE_POC,
					 .poid = u->req->poid,
					 .detail = r->message,
					 .result = r };
	return ltp_audit(u->w, &note, err);
}

/* 1: stored; 0: refused, or overtaken; -1: failed. */
static int try_once(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	const int made = compose(u, r, err);
	if (made <= 0 || u->there)
		return made;
	if (store_write(u->w->l->o.store, run_update, u, err) == 0)
		return 1;
	if (u->overtaken) {
		ltps_error_clear(err);
		return 0;
	}
	if (u->taken) {
		refuse(r, LTP_PARAMETER_ERROR, "%s", err->text);
		ltps_error_clear(err);
		return 0;
	}
	if (err->code != LTPS_STATE && err->code != LTPS_NOT_FOUND)
		return -1;
	/* Another request deleted it between our look and the write. */
	ltps_error_clear(err);
	return refuse(r, LTP_UNKNOWN_POID, "the object was deleted");
}

int ltp_update(struct ltp_worker *w, const struct ltp_update_request *req,
	       char ret_version[LTP_VERSION_MAX], struct ltp_result *ret_result,
	       struct ltps_error *err)
{
	struct ltp_update_request own = *req;
	struct update u = { .w = w, .req = &own, .now_ms = ltp_now(w->l) };
	int rc = 0;
	ret_version[0] = '\0';
	refuse(ret_result, LTP_OK, "%s", "");
	const bool go = continued_record(req->pos, req->n_pos, &u.record, ret_result);
	own.n_pos -= u.record != NULL;
	if (!go)
		request_delta_refused(ret_result);
	for (unsigned i = 0; go && i < UPDATE_TRIES; i++) {
		rc = try_once(&u, ret_result, err);
		if (rc != 0 || !u.overtaken)
			break;
	}
	if (rc > 0 && u.there)
		rc = audit_result(&u, ret_result, err) == 0 ? 1 : -1;
	if (rc > 0)
		snprintf(ret_version, LTP_VERSION_MAX, "%s", u.label);
	else if (rc == 0 && u.overtaken)
		rc = ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
			       "%d other updates of this object were first",
			       UPDATE_TRIES);
	else if (rc == 0)
		rc = audit_result(&u, ret_result, err);
	update_clear(&u);
	return rc < 0 ? -1 : 0;
}
