/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest - PreservePO: check, digest, write large blobs ahead (worker thread);
 * then object, leaf and audit entry in one transaction (writer thread).
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/mem.h"
#include "formats/format.h"
#include "ltp/ingest_private.h"
#include "ltp/origin.h"
#include "ltp/rows.h"
#include "ltp/signatures.h"
#include "ltp/tenant.h"
#include "scheduler/job.h"
#include "storage/audit.h"

void ltp_ingest_free(struct ltp_ingest *i)
{
	if (i == NULL)
		return;
	for (size_t k = 0; k < i->n_parts; k++) {
		blob_new_free(i->parts[k].blob);
		mem_free(i->related[k]);
	}
	mem_free(i->related);
	mem_free(i->parts);
	signatures_facts_clear(&i->facts);
	continued_clear(&i->continued);
	mem_free(i);
}

const char *ltp_ingest_poid(const struct ltp_ingest *i)
{
	return i->poid;
}

const struct ltp_result *ltp_ingest_result(const struct ltp_ingest *i)
{
	return &i->result;
}

/* RFC 9562 5.7: a UUID that sorts by time, so that index pages fill in order. */
static int make_poid(int64_t now_ms, char out[INGEST_POID_LEN + 1],
		     struct ltps_error *err)
{
	uint8_t b[16];
	if (RAND_bytes(b, sizeof(b)) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "random number generator");
	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)((uint64_t)now_ms >> (40 - 8 * i));
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x70);
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
	char hex[33];
	hex_encode(view_of(b, sizeof(b)), hex);
	snprintf(out, INGEST_POID_LEN + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		 hex + 12, hex + 16, hex + 20);
	return 0;
}

/* --- checks of the request; a refusal leaves *ret_result set --- */

static const struct profile *request_profile(const struct ltp *l,
					     const struct ltp_ingest_request *req,
					     struct ltp_result *r)
{
	const struct profile *p = profile_by_id(l, req->profile_id);
	/* Another tenant's profile is not there for this one. */
	if (p == NULL || !tenant_has_profile(l, tenant_of(&req->caller), p->id))
		refuse(r, LTP_PARAMETER_ERROR, "no profile has the id '%s'",
		       req->profile_id);
	else if (!request_profile_serves(p, OP_PRESERVE_PO, ltp_now(l), r))
		return NULL;
	else if (req->has_optional_inputs)
		refuse(r, LTP_NOT_SUPPORTED, "optIn: no optional input is known here");
	else if (req->n_pos == 0 && (p->operations & 1u << OP_UPDATE_POC) == 0)
		refuse(
		    r, LTP_PARAMETER_ERROR,
		    "no po: an empty container needs UpdatePOC, which the profile does "
		    "not offer");
	else
		return p;
	return NULL;
}

int ingest_check(const struct ltp *l, const struct ltp_ingest_request *req,
		 const struct profile **ret_profile, struct ltp_result *r,
		 struct ltps_error *err)
{
	const struct profile *p = request_profile(l, req, r);
	bool holds = false;
	*ret_profile = NULL;
	if (p != NULL &&
	    request_pos_hold(p, req->pos, req->n_pos, &holds, r, err) != 0)
		return -1;
	if (holds && p->storage == WITH_TEMPORARY_STORAGE)
		holds = ingest_digests_hold(l, p, req, r);
	if (holds)
		*ret_profile = p;
	return 0;
}

/* Room on the disk: refused below one mark, warned below the other. */
bool ingest_space_left(const struct ltp *l, struct ltp_result *r)
{
	struct statvfs fs;
	if (statvfs(store_dir(l->o.store), &fs) != 0)
		return true; /* the write itself will tell */
	uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (left < l->o.no_space_bytes) {
		refuse(r, LTP_NO_SPACE, "the archive has no space left");
		return false;
	}
	if (left < l->o.low_space_bytes)
		refuse(r, LTP_WARN_LOW_SPACE, "preserved, but space is running low");
	return true;
}

/* --- making the rows --- */

/* Ids of related parts as one text, blank-separated; NULL for none. */
int ingest_join_related(const struct ltp_po *po, char **ret_text,
			struct ltps_error *err)
{
	struct buf b = buf_make(STORE_SUBJECT_MAX);
	*ret_text = NULL;
	if (po->n_related == 0)
		return 0;
	for (size_t i = 0; i < po->n_related; i++)
		if (buf_put_fmt(&b, err, "%s%s", i > 0 ? " " : "", po->related[i]) != 0)
			goto fail;
	if (buf_put_byte(&b, 0, err) != 0)
		goto fail;
	size_t n;
	*ret_text = (char *)buf_take(&b, &n);
	return 0;
fail:
	buf_free(&b);
	return -1;
}

int ingest_describe(struct ltp_ingest *i, size_t k, const struct ltp_po *po,
		    const char *detected, struct ltps_error *err)
{
	struct part_new *p = &i->parts[k];
	*p = (struct part_new){
		.po_id = po->id,
		.format_id = po->format_id,
		.mime = po->mime,
		.pronom = po->pronom,
		.detected = detected,
		.xml = po->xml,
	};
	if (ingest_join_related(po, &i->related[k], err) != 0)
		return -1;
	p->related = i->related[k];
	return 0;
}

static int make_part(struct ltp_ingest *i, size_t k, const struct ltp_po *po,
		     const struct format *detected, struct ltps_error *err)
{
	if (ingest_describe(i, k, po, detected->name, err) != 0)
		return -1;
	i->bytes += po->data.n;
	return part_row_make(i->l->o.store, i->tenant, po->data, &i->parts[k], err);
}

static int make_leaf(struct ltp_ingest *i, const struct ltp_po *pos, int64_t now,
		     struct ltps_error *err)
{
	if (i->n_parts == 0)
		return 0;
	struct view *datas = mem_zalloc(i->n_parts, sizeof(*datas));
	if (datas == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; k < i->n_parts; k++)
		datas[k] = pos[k].data;
	int rc = part_rows_leaf(leaf_digest(i->l, i->profile, now), i->parts, datas,
				i->n_parts, &i->version.digest, err);
	mem_free(datas);
	return rc;
}

static int digest_of_po(void *arg, size_t k, enum digest_alg alg, struct digest *ret,
			struct ltps_error *err)
{
	const struct ltp_po *pos = arg;
	return digest_once(alg, pos[k].data, ret, err);
}

static struct continued_data data_of(const struct ltp_ingest_request *req)
{
	return (struct continued_data){ .digest = digest_of_po,
					.arg = (void *)(uintptr_t)req->pos,
					.n = req->n_pos };
}

/* What stands in the tree: the version's digest, or that with the chains before. */
static int continue_leaf(struct ltp_ingest *i, const struct ltp_ingest_request *req,
			 struct ltps_error *err)
{
	const struct continued_data data = data_of(req);
	i->leaf = i->version.digest;
	return i->continued.carried.er == NULL
		   ? 0
		   : continued_leaf(&i->continued, i->leaf.alg, &data, &i->leaf, err);
}

static int make_rows(struct ltp_ingest *i, const struct ltp_ingest_request *req,
		     int64_t now, struct ltps_error *err)
{
	if (make_poid(now, i->poid, err) != 0)
		return -1;
	/* Without data the leaf was made with the parts. */
	if ((i->version.digest.alg == DIGEST_NONE &&
	     make_leaf(i, req->pos, now, err) != 0) ||
	    continue_leaf(i, req, err) != 0)
		return -1;
	snprintf(i->actor, sizeof(i->actor), "%s",
		 req->caller.name != NULL ? req->caller.name : "anonymous");
	i->version.label = "v1";
	i->version.kind = VERSION_SUBMITTED;
	i->version.created_ms = now;
	i->version.parts = i->parts;
	i->version.n_parts = i->n_parts;
	i->object = (struct object_new){
		.tenant = i->tenant,
		.poid = i->poid,
		.profile = i->profile->id,
		.created_ms = now,
		.preserve_until_ms = time_add_duration(now, i->profile->period),
		/* 5.3.3.1.1: a container that UpdatePOC fills. */
		.first = i->n_parts > 0 ? &i->version : NULL,
	};
	return 0;
}

static int ingest_new(struct ltp *l, const struct ltp_ingest_request *req,
		      const struct profile *p, struct ltp_ingest **ret_i,
		      struct ltps_error *err)
{
	const size_t n = ingest_parts_wanted(req);
	struct ltp_ingest *i = mem_zalloc(1, sizeof(*i));
	if (i == NULL)
		return ltps_fail_nomem(err);
	i->l = l;
	i->profile = p;
	snprintf(i->tenant, sizeof(i->tenant), "%s", tenant_of(&req->caller));
	/* One more than none: a container may be empty. */
	i->parts = mem_zalloc(n + 1, sizeof(*i->parts));
	i->related = mem_zalloc(n + 1, sizeof(*i->related));
	if (i->parts == NULL || i->related == NULL) {
		ltp_ingest_free(i);
		return ltps_fail_nomem(err);
	}
	i->n_parts = n;
	i->continued.proof_ms = INT64_MAX;
	*ret_i = i;
	return 0;
}

/* 1: all parts made, 0: refused, -1: failed. */
static int make_parts(struct ltp_ingest *i, const struct ltp_ingest_request *req,
		      struct ltp_result *r, struct ltps_error *err)
{
	if (i->profile->storage == WITH_TEMPORARY_STORAGE)
		return ingest_digests_make(i, req, r, err);
	for (size_t k = 0; k < req->n_pos; k++) {
		const struct format *detected = format_detect(req->pos[k].data);
		if (!request_format_true(&req->pos[k], detected, k, r))
			return 0;
		if (make_part(i, k, &req->pos[k], detected, err) != 0)
			return -1;
	}
	return 1;
}

/* ---- signatures ---- */

struct signatures_part *ingest_signature_parts(const struct ltp_ingest_request *req)
{
	struct signatures_part *parts = mem_zalloc(req->n_pos, sizeof(*parts));
	for (size_t k = 0; parts != NULL && k < req->n_pos; k++)
		parts[k] = (struct signatures_part){
			.data = req->pos[k].data,
			.id = req->pos[k].id,
			.related = req->pos[k].related,
			.n_related = req->pos[k].n_related,
			.detected = format_detect(req->pos[k].data),
		};
	return parts;
}

/* 1: a part without a signature would get no evidence, and there is none; 0: refused */
int ingest_forms_possible(const struct profile *p, const struct signatures_part *parts,
			  size_t n, struct ltp_result *r, struct ltps_error *err)
{
	size_t bare = n;
	if (p->evidence != EVIDENCE_FORM)
		return 1;
	if (signatures_find_bare(parts, n, &bare, err) != 0)
		return -1;
	if (bare == n)
		return 1;
	refuse(
	    r, LTP_PO_FORMAT_ERROR,
	    "po[%zu]: it is %s, with no CAdES or PAdES signature that could be raised",
	    bare, parts[bare].detected->name);
	return 0;
}

/*
 * What is at hand says whether the signatures may stay (DESIGN: data path).
 * 1: they may, 0: refused, -1: failed.
 */
static int judge_signatures(struct ltp_worker *w, struct ltp_ingest *i,
			    const struct ltp_ingest_request *req, struct ltp_result *r,
			    struct ltps_error *err)
{
	struct signatures_verdict v;
	if (i->profile->signature_policy == NULL || req->n_pos == 0)
		return 1;
	struct signatures_part *parts = ingest_signature_parts(req);
	if (parts == NULL)
		return ltps_fail_nomem(err);
	int rc = ingest_forms_possible(i->profile, parts, req->n_pos, r, err);
	if (rc > 0 && signatures_judge(w, i->profile, parts, req->n_pos,
				       i->continued.proof_ms, &v, &i->facts, err) != 0)
		rc = -1;
	mem_free(parts);
	if (rc <= 0)
		return rc;
	i->cared_for = v.any || i->profile->seal != SEAL_NONE;
	if (!v.any)
		return 1;
	signatures_verdict_text(&v, i->verdict);
	i->version.verdict = i->verdict;
	i->version.judged_ms = ltp_now(i->l);
	if (v.worst != INDICATION_FAILED || i->profile->on_failed == FAILED_KEEP)
		return 1;
	refuse(r, LTP_PO_FORMAT_ERROR, "%s", v.text);
	return 0;
}

/* Refused requests leave a line in the audit too. */
int ingest_audit_refusal(struct ltp_worker *w, const struct ltp_ingest_request *req,
			 const struct ltp_result *r, struct ltps_error *err)
{
	const struct audit_note note = {
		.caller = &req->caller,
		.operation = OP_PRESERVE_PO,
		.detail = r->message,
		.result = r,
	};
	return ltp_audit(w, &note, err);
}

static int quota_left(struct ltp_worker *w, const struct ltp_ingest_request *req,
		      bool *ret_fits, struct ltp_result *r, struct ltps_error *err)
{
	uint64_t bytes = 0;
	for (size_t k = 0; k < req->n_pos; k++)
		bytes += req->pos[k].data.n;
	return tenant_has_room(w->l, w->conn, tenant_of(&req->caller), 1, bytes,
			       ret_fits, r, err);
}

/* The record that is to be continued, over the others. 1: it holds, or there is none;
 * 0: refused; -1: failed. */
static int take_record(struct ltp_worker *w, struct ltp_ingest *i,
		       const struct ltp_ingest_request *req,
		       const struct ltp_po *record, struct ltp_result *r,
		       struct ltps_error *err)
{
	const struct continued_data data = data_of(req);
	const struct continued_judge by = continued_judge_of(w);
	bool holds;
	if (record == NULL)
		return 1;
	if (req->n_pos == 0)
		return refuse(r, LTP_PARAMETER_ERROR,
			      "an evidence record, and nothing that it is about");
	if (continued_take(&by, record->data, &data, &i->continued, &holds, r, err) !=
	    0)
		return -1;
	return holds ? 1 : 0;
}

/* req: without the record. 1: made; 0: refused; -1: failed. */
static int make_all(struct ltp_worker *w, struct ltp_ingest *i,
		    const struct ltp_ingest_request *req, const struct ltp_po *record,
		    struct ltp_result *r, struct ltps_error *err)
{
	int made = take_record(w, i, req, record, r, err);
	i->version.record_id = record != NULL ? record->id : NULL;
	if (made > 0)
		made = judge_signatures(w, i, req, r, err);
	if (made > 0)
		made = make_parts(i, req, r, err);
	if (made > 0 && make_rows(i, req, ltp_now(w->l), err) != 0)
		made = -1;
	return made;
}

/* 1: ret_i is set; 0: refused; -1: failed. */
static int prepare(struct ltp_worker *w, const struct ltp_ingest_request *req,
		   const struct profile *p, struct ltp_ingest **ret_i,
		   struct ltp_result *r, struct ltps_error *err)
{
	struct ltp_ingest_request own = *req;
	const struct ltp_po *record;
	struct ltp_ingest *i = NULL;
	if (!continued_record(req->pos, req->n_pos, &record, r))
		return 0;
	own.n_pos -= record != NULL;
	if (ingest_new(w->l, &own, p, &i, err) != 0)
		return -1;
	i->result = *r;
	const int made = make_all(w, i, &own, record, r, err);
	if (made > 0)
		*ret_i = i;
	else
		ltp_ingest_free(i);
	return made;
}

int ltp_ingest_prepare(struct ltp_worker *w, const struct ltp_ingest_request *req,
		       struct ltp_ingest **ret_i, struct ltp_result *ret_result,
		       struct ltps_error *err)
{
	struct ltp *l = w->l;
	*ret_i = NULL;
	refuse(ret_result, LTP_OK, "%s", "");
	const struct profile *p;
	if (ingest_check(l, req, &p, ret_result, err) != 0)
		return -1;
	bool holds = p != NULL;
	if (holds && p->storage == WITHOUT_STORAGE)
		holds = refuse(ret_result, LTP_NOT_SUPPORTED,
			       "the profile answers at once: nothing is to be stored");
	if (holds && quota_left(w, req, &holds, ret_result, err) != 0)
		return -1;
	if (!holds || !ingest_space_left(l, ret_result))
		return ingest_audit_refusal(w, req, ret_result, err);
	const int made = prepare(w, req, p, ret_i, ret_result, err);
	if (made < 0)
		return -1;
	return made > 0 ? 0 : ingest_audit_refusal(w, req, ret_result, err);
}

/* --- on the writer's thread --- */

int ingest_add_care(struct store_conn *conn, int64_t version, int64_t now_ms,
		    struct ltps_error *err)
{
	char subject[32];
	snprintf(subject, sizeof(subject), "%lld", (long long)version);
	return job_add(conn, JOB_CARE, subject, now_ms, NULL, err);
}

static int insert_leaf(struct store_conn *conn, const struct ltp_ingest *i,
		       int64_t version, struct ltps_error *err)
{
	const struct leaf_new leaf = {
		.profile = i->profile->id,
		.alg = i->leaf.alg,
		.kind = LEAF_VERSION,
		.ref = version,
		.digest = i->leaf,
		.bytes = i->bytes,
		.now_ms = i->object.created_ms,
	};
	if (tree_append_leaf(conn, &leaf, NULL, err) != 0 ||
	    (i->cared_for && ingest_add_care(conn, version, leaf.now_ms, err) != 0) ||
	    (i->facts.n > 0 &&
	     signatures_facts_keep(conn, version, &i->facts, err) != 0))
		return -1;
	return 0;
}

/* What another request, or a run before, took over is given as it stands: the same is
 * not kept twice, and nothing else passes for it. */
static int look_at_origin(struct store_conn *conn, struct ltp_ingest *i,
			  enum origin_state *ret, struct ltps_error *err)
{
	struct origin_found found;
	char text[ORIGIN_TEXT_MAX];
	const struct origin o = { .tenant = i->tenant,
				  .profile = i->profile->id,
				  .parts = i->parts,
				  .n_parts = i->n_parts,
				  .record_id = i->version.record_id,
				  .record = i->continued.carried.er };
	if (origin_look(conn, &o, &found, err) != 0)
		return -1;
	*ret = found.state;
	if (found.state == ORIGIN_NEW)
		return 0;
	origin_text(&found, text);
	if (found.state == ORIGIN_OTHER)
		return ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL, "%s", text);
	snprintf(i->poid, sizeof(i->poid), "%s", found.poid);
	return refuse(&i->result, LTP_OK, "%s", text);
}

static int audit(struct store_conn *conn, const struct ltp_ingest *i,
		 const char *detail, struct ltps_error *err)
{
	const struct audit_entry entry = {
		.time_ms = i->object.created_ms,
		.tenant = i->tenant,
		.actor = i->actor,
		.operation = operation_name(OP_PRESERVE_PO),
		.poid = i->poid,
		.detail = detail,
		.outcome = "success",
	};
	return audit_append(conn, &entry, NULL, err);
}

static int run_insert(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct ltp_ingest *i = arg;
	enum origin_state origin;
	int64_t object, version;
	if (look_at_origin(conn, i, &origin, err) != 0)
		return -1;
	if (origin == ORIGIN_THERE)
		return audit(conn, i, i->result.message, err);
	if (object_insert(conn, &i->object, &object, &version, err) != 0 ||
	    (version != 0 && insert_leaf(conn, i, version, err) != 0))
		return -1;
	const struct continued_note note = { .time_ms = i->object.created_ms,
					     .tenant = i->tenant,
					     .actor = i->actor,
					     .poid = i->poid,
					     .version = i->version.label };
	if (audit(conn, i, i->profile->id, err) != 0 ||
	    continued_keep(&i->continued, conn, version, &note, err) != 0)
		return -1;
	/* Everything that counts is there. */
	return tenant_check_room(i->l, conn, i->tenant, err);
}

static void insert_done(void *arg, const struct ltps_error *error)
{
	struct ltp_ingest *i = arg;
	i->done(i->done_arg, i, error);
}

int ltp_ingest_commit(struct ltp_ingest *i,
		      void (*done)(void *arg, struct ltp_ingest *i,
				   const struct ltps_error *err),
		      void *arg, struct ltps_error *err)
{
	i->done = done;
	i->done_arg = arg;
	i->task =
	    (struct store_task){ .run = run_insert, .done = insert_done, .arg = i };
	return store_submit(i->l->o.store, &i->task, err);
}
