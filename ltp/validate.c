/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate - ValidateEvidence: a record given beside its objects, inside a PO,
 * or over an object that is preserved here.
 */
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "ltp/carried.h"
#include "ltp/fixity.h"
#include "storage/blob.h"

/* The parts of an object preserved here, in the role of the POs of the request: by
 * their data, or where that is gone or was never here, by the digests that are kept. */
struct stored_part {
	struct buf data;
	struct digest digests[PART_DIGESTS_MAX];
};
struct stored {
	struct ers_object *objects;
	struct stored_part *parts;
	size_t n;
};

static void stored_clear(struct stored *s)
{
	for (size_t i = 0; i < s->n; i++)
		buf_free(&s->parts[i].data);
	mem_free(s->parts);
	mem_free(s->objects);
}

static int stored_add(struct ltp_worker *w, const struct part *p, struct stored *s,
		      struct ltps_error *err)
{
	struct stored_part *here = &s->parts[s->n];
	struct ers_object *o = &s->objects[s->n++];
	here->data = buf_make((size_t)p->size);
	*o = (struct ers_object){ .name = "preserved object",
				  .has_data = p->blob != 0,
				  .digests = here->digests,
				  .n_digests = part_digests(p, here->digests) };
	if (!o->has_data)
		return 0;
	if (worker_take(w, p->size, err) != 0 ||
	    fixity_blob_read(w, p->blob, &here->data, err) != 0)
		return -1;
	o->data = view_buf(&here->data);
	return 0;
}

static int stored_read(struct ltp_worker *w, const struct version *v, struct stored *s,
		       struct ltps_error *err)
{
	const struct part *carried = carried_part(v); /* covered as chains, not as data */
	s->objects = mem_zalloc(v->n_parts, sizeof(*s->objects));
	s->parts = mem_zalloc(v->n_parts, sizeof(*s->parts));
	if (s->objects == NULL || s->parts == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < v->n_parts; i++)
		if (&v->parts[i] != carried && stored_add(w, &v->parts[i], s, err) != 0)
			return -1;
	return 0;
}

/* The version that poid and verId name; false: refused. */
static bool choose_version(const struct ltp_evidence_request *req,
			   const struct object *o, const struct version **ret_v,
			   struct ltp_result *r)
{
	if (o->state == OBJECT_DELETED || object_latest(o) == NULL)
		refuse(r, LTP_PARAMETER_ERROR, "the object '%s' has no data", o->poid);
	else if (req->version == NULL)
		*ret_v = object_latest(o); /* as RetrievePO gives it */
	else if ((*ret_v = object_version(o, req->version)) == NULL)
		refuse(r, LTP_PARAMETER_ERROR, "the object has no version '%s'",
		       req->version);
	return *ret_v != NULL;
}

static bool request_holds(const struct ltp *l, const struct ltp_evidence_request *req,
			  struct ltp_result *r)
{
	const char *f = req->evidence_format;
	if (!operation_offered(l, OP_VALIDATE_EVIDENCE))
		refuse(r, LTP_NOT_SUPPORTED, "no profile offers ValidateEvidence");
	else if (f != NULL && strcmp(f, URI_ER_4998) != 0 &&
		 strcmp(f, URI_ER_4998_SHORT) != 0)
		refuse(r, LTP_NOT_SUPPORTED,
		       "evidence of the format '%s' is not validated", f);
	else if (req->evidence.n == 0 && req->n_pos == 0)
		refuse(r, LTP_PARAMETER_ERROR,
		       "neither ev nor a po that holds its evidence is given");
	else
		return true;
	return false;
}

/* A malformed record is the client's; everything else is ours. */
static int judge(struct view source, const struct ers_input *in,
		 struct evidence_reports *ret_reports, struct ltp_result *r,
		 struct ltps_error *err)
{
	if (evidence_judge(source, in, ret_reports, err) == 0) {
		if (ret_reports->n == 0)
			return refuse(r, LTP_PARAMETER_ERROR,
				      "there is no evidence record in it");
		return 0;
	}
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	refuse(r,
	       err->code == LTPS_UNSUPPORTED ? LTP_NOT_SUPPORTED : LTP_PARAMETER_ERROR,
	       "the evidence cannot be read: %s", err->text);
	ltps_error_clear(err);
	return 0;
}

/* The record stands in the first PO that can hold one; the others are its data. */
static int judge_embedded(const struct ltp_evidence_request *req, struct ers_input *in,
			  struct evidence_reports *ret_reports, struct ltp_result *r,
			  struct ltps_error *err)
{
	struct ers_object *rest = mem_zalloc(req->n_pos, sizeof(*rest));
	size_t n = 0, holder = req->n_pos;
	if (rest == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < req->n_pos; i++) {
		enum format_kind kind = format_detect(req->pos[i].data)->kind;
		bool holds = kind == FORMAT_CADES || kind == FORMAT_ASIC_E ||
			     kind == FORMAT_ASIC_S || kind == FORMAT_ASIC_ERS;
		if (holds && holder == req->n_pos) {
			holder = i;
			continue;
		}
		rest[n++] = (struct ers_object){ .name = req->pos[i].id,
						 .has_data = true,
						 .data = req->pos[i].data };
	}
	in->objects = rest;
	in->n_objects = n;
	int rc =
	    holder == req->n_pos
		? refuse(
		      r, LTP_PARAMETER_ERROR,
		      "ev is missing, and no po is a CAdES or ASiC that could hold it")
		: judge(req->pos[holder].data, in, ret_reports, r, err);
	mem_free(rest);
	return rc;
}

static int judge_given(const struct ltp_evidence_request *req, struct ers_input *in,
		       struct evidence_reports *ret_reports, struct ltp_result *r,
		       struct ltps_error *err)
{
	struct ers_object *objects = mem_zalloc(req->n_pos, sizeof(*objects));
	if (objects == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < req->n_pos; i++)
		objects[i] = (struct ers_object){ .name = req->pos[i].id,
						  .has_data = true,
						  .data = req->pos[i].data };
	in->objects = objects;
	in->n_objects = req->n_pos;
	int rc = judge(req->evidence, in, ret_reports, r, err);
	mem_free(objects);
	return rc;
}

static int judge_stored(struct ltp_worker *w, const struct ltp_evidence_request *req,
			struct ers_input *in, struct evidence_reports *ret_reports,
			struct ltp_result *r, struct ltps_error *err)
{
	int rc = -1;
	struct object *object = NULL;
	const struct version *v = NULL;
	struct stored stored = { 0 };
	if (object_find(w, &req->caller, req->poid, &object, r, err) != 0)
		goto out;
	if (object == NULL || !choose_version(req, object, &v, r)) {
		/* ValidateEvidence has no code of its own for it (TS 119 512 5.3.8). */
		r->minor = LTP_PARAMETER_ERROR;
		rc = 0;
		goto out;
	}
	if (stored_read(w, v, &stored, err) != 0)
		goto out;
	in->objects = stored.objects;
	in->n_objects = stored.n;
	rc = judge(req->evidence, in, ret_reports, r, err);
out:
	stored_clear(&stored);
	object_free(object);
	return rc;
}

int ltp_validate_evidence(struct ltp_worker *w, const struct ltp_evidence_request *req,
			  struct evidence_reports *ret_reports,
			  struct ltp_result *ret_result, struct ltps_error *err)
{
	int rc = 0;
	struct evidence_reports reports = { .n = 0 };
	struct ers_input in = { .material = w->l->history,
				.policy = w->l->o.algorithms,
				.time_ms = ltp_now(w->l) };
	refuse(ret_result, LTP_OK, "%s", "");
	if (request_holds(w->l, req, ret_result)) {
		if (req->evidence.n == 0)
			rc = judge_embedded(req, &in, &reports, ret_result, err);
		else if (req->n_pos == 0 && req->poid != NULL)
			rc = judge_stored(w, req, &in, &reports, ret_result, err);
		else
			rc = judge_given(req, &in, &reports, ret_result, err);
	}
	const char *found = ret_result->message;
	if (reports.n > 0)
		found = indication_name(evidence_worst(&reports)->indication);
	const struct audit_note note = {
		.caller = &req->caller,
		.operation = OP_VALIDATE_EVIDENCE,
		.poid = req->poid,
		.detail = found,
		.result = ret_result,
	};
	if (rc != 0 || ltp_audit(w, &note, err) != 0) {
		evidence_reports_clear(&reports);
		return -1;
	}
	*ret_reports = reports;
	return 0;
}
