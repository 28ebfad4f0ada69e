/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api_json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/search_filter.h"
#include "server/api_call.h"
#include "server/digest_list.h"
#include "server/multipart.h"
#include "server/result.h"

static void put_result(struct jsonw *j, const struct ltp_result *result)
{
	const struct result_uris uris = result_of_minor(result->minor);
	jsonw_key(j, "result");
	jsonw_object(j);
	jsonw_member(j, "maj", uris.major);
	if (uris.minor != NULL)
		jsonw_member(j, "min", uris.minor);
	if (result->message[0] != '\0') {
		jsonw_key(j, "msg");
		jsonw_object(j);
		jsonw_member(j, "value", result->message);
		jsonw_member(j, "lang", "en");
		jsonw_object_end(j);
	}
	jsonw_object_end(j);
}

static struct jsonw start(const struct api_answer *a, struct buf *out)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	if (a->req_id != NULL)
		jsonw_member(&j, "reqId", a->req_id);
	put_result(&j, a->result);
	return j;
}

static int finish(struct jsonw *j, struct ltps_error *err)
{
	jsonw_object_end(j);
	return jsonw_end(j, err);
}

/* What V1.2.1 writes otherwise than V1.1.2: docs/decisions/0021. */
static bool is_v121(const struct api_answer *a)
{
	return a->form != NULL && a->form->v121;
}

/* RFC 3339; in V1.2.1 milliseconds since 1970. */
static void put_time(struct jsonw *j, const char *key, int64_t t_ms, bool v121)
{
	jsonw_key(j, key);
	if (v121)
		jsonw_int(j, t_ms);
	else
		jsonw_time(j, t_ms);
}

static void member_if(struct jsonw *j, const char *key, const char *text)
{
	if (text != NULL)
		jsonw_member(j, key, text);
}

int api_out_result(const struct api_answer *a, enum operation op, struct buf *out,
		   struct ltps_error *err)
{
	struct jsonw j = start(a, out);
	if (op == OP_RETRIEVE_TRACE) {
		/* Required by the schema; an empty trace is allowed. */
		jsonw_key(&j, "trace");
		jsonw_object(&j);
		jsonw_object_end(&j);
	}
	return finish(&j, err);
}

/* --- RetrieveInfo: md:ProfileType and pres:ProfileType --- */

static void put_texts(struct jsonw *j, const char *key, const char *const *texts,
		      size_t max)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < max && texts[i] != NULL; i++)
		jsonw_cstr(j, texts[i]);
	jsonw_array_end(j);
}

/* Of a DigestList: the algorithms that the profile takes (TS 119 511 OVR-9.3-08). */
static void put_list_algs(struct jsonw *j, const enum digest_alg *algs)
{
	char oid[OID_TEXT_MAX + 8];
	jsonw_key(j, "format");
	jsonw_array(j);
	jsonw_object(j);
	jsonw_member(j, "name", "DigestMethod");
	jsonw_key(j, "form");
	jsonw_array(j);
	for (size_t i = 0; algs[i] != DIGEST_NONE; i++) {
		snprintf(oid, sizeof(oid), "urn:oid:%s", digest_oid_text(algs[i]));
		jsonw_object(j);
		jsonw_member(j, "fid", oid);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
	jsonw_array_end(j);
}

static void put_formats(struct jsonw *j, const char *key, const char *const *ids,
			bool first_is_default)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < PROFILE_LIST_MAX && ids[i] != NULL; i++) {
		/* "" is our own: the object as it was submitted. */
		if (ids[i][0] == '\0')
			continue;
		jsonw_object(j);
		jsonw_member(j, "fid", ids[i]);
		if (i == 0 && first_is_default)
			jsonw_member_bool(j, "def", true);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static bool has_format(const char *const *ids)
{
	return ids[0] != NULL && (ids[0][0] != '\0' || ids[1] != NULL);
}

/* name: "PO" of PreservePO, "DeltaPOC" of UpdatePOC */
static void put_submissions(struct jsonw *j, const char *name, const struct profile *p)
{
	const char *const *ids = p->submission_formats;
	if (!has_format(ids))
		return;
	jsonw_key(j, "in");
	jsonw_array(j);
	jsonw_object(j);
	jsonw_member(j, "name", name);
	jsonw_key(j, "form");
	jsonw_array(j);
	for (size_t i = 0; ids[i] != NULL; i++) {
		jsonw_object(j);
		jsonw_member(j, "fid", ids[i]);
		if (strcmp(ids[i], DIGEST_LIST_FORMAT) == 0)
			put_list_algs(j, p->list_algs);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
	jsonw_object_end(j);
	jsonw_array_end(j);
}

static void put_retrieve_outputs(struct jsonw *j, const struct profile *p)
{
	jsonw_key(j, "out");
	jsonw_array(j);
	if (has_format(p->po_formats)) {
		jsonw_object(j);
		jsonw_member(j, "name", "POFormat");
		put_formats(j, "form", p->po_formats, true);
		jsonw_object_end(j);
	}
	jsonw_object(j);
	jsonw_member(j, "name", "EvidenceFormat");
	put_formats(j, "form", p->evidence_formats, true);
	jsonw_object_end(j);
	jsonw_array_end(j);
}

/* What the standard leaves to the service is told where it is asked for. */
static const char *description_of(enum operation op)
{
	switch (op) {
	case OP_UPDATE_POC:
		return "A new version: the parts of the newest version, those replaced "
		       "whose id (as RetrievePO gives it) is the id of a DeltaPOC, the "
		       "other DeltaPOCs added behind them. relObj names parts of the "
		       "new version. Earlier versions stay retrievable by VersionID.";
	case OP_SEARCH:
		return "Filter: conditions 'field operator value' joined by and, or, "
		       "not and parentheses; then order newest|oldest, after POID, "
		       "limit N (at most 1000). Fields: " SEARCH_FILTER_FIELDS
		       ". Operators: = != < <= > >= ~ (contains). "
		       "Values: words, or texts in double quotes. Empty: all.";
	default:
		return NULL;
	}
}

static void put_description(struct jsonw *j, const char *key, const char *text)
{
	if (text == NULL)
		return;
	jsonw_key(j, key);
	jsonw_array(j);
	jsonw_object(j);
	jsonw_member(j, "value", text);
	jsonw_member(j, "lang", "en");
	jsonw_object_end(j);
	jsonw_array_end(j);
}

static void put_operations(struct jsonw *j, const struct profile *p)
{
	jsonw_key(j, "op");
	jsonw_array(j);
	for (unsigned op = 0; op < OP_COUNT; op++) {
		if ((p->operations & 1u << op) == 0)
			continue;
		jsonw_object(j);
		jsonw_member(j, "name", operation_name((enum operation)op));
		put_description(j, "desc", description_of((enum operation)op));
		if (op == OP_PRESERVE_PO)
			put_submissions(j, "PO", p);
		if (op == OP_UPDATE_POC)
			put_submissions(j, "DeltaPOC", p);
		if (op == OP_RETRIEVE_PO)
			put_retrieve_outputs(j, p);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_policy(struct jsonw *j, const char *type, const char *id)
{
	if (id == NULL)
		return;
	jsonw_object(j);
	jsonw_member(j, "type", type);
	jsonw_key(j, "pbref");
	jsonw_object(j);
	jsonw_member(j, "polid", id);
	jsonw_object_end(j);
	jsonw_object_end(j);
}

void api_duration_text(struct duration d, char out[DURATION_TEXT_MAX])
{
	const int32_t years = d.months / 12;
	const int32_t months = d.months % 12;
	const int64_t days = d.ms / 86400000;
	const int64_t rest = d.ms % 86400000;
	size_t n = 0;
	n += (size_t)snprintf(out + n, DURATION_TEXT_MAX - n, "P");
	if (years != 0)
		n += (size_t)snprintf(out + n, DURATION_TEXT_MAX - n, "%" PRId32 "Y",
				      years);
	if (months != 0)
		n += (size_t)snprintf(out + n, DURATION_TEXT_MAX - n, "%" PRId32 "M",
				      months);
	if (days != 0)
		n += (size_t)snprintf(out + n, DURATION_TEXT_MAX - n, "%" PRId64 "D",
				      days);
	if (rest != 0 && rest % 1000 == 0)
		n += (size_t)snprintf(out + n, DURATION_TEXT_MAX - n, "T%" PRId64 "S",
				      rest / 1000);
	else if (rest != 0)
		n += (size_t)snprintf(out + n, DURATION_TEXT_MAX - n,
				      "T%" PRId64 ".%03" PRId64 "S", rest / 1000,
				      rest % 1000);
	if (n == 1)
		snprintf(out, DURATION_TEXT_MAX, "PT0S");
}

static void put_duration(struct jsonw *j, const char *key, struct duration d)
{
	char text[DURATION_TEXT_MAX];
	if (d.months == 0 && d.ms == 0)
		return;
	api_duration_text(d, text);
	jsonw_member(j, key, text);
}

static void put_validity(struct jsonw *j, const struct profile *p, bool v121)
{
	jsonw_key(j, "pvp");
	jsonw_object(j);
	put_time(j, "vfrom", p->valid_from_ms, v121);
	if (p->valid_until_ms != INT64_MAX)
		put_time(j, "vuntl", p->valid_until_ms, v121);
	jsonw_object_end(j);
}

static void put_profile(struct jsonw *j, const struct profile *p, bool v121)
{
	jsonw_object(j);
	jsonw_member(j, "pid", p->id);
	if (p->specification != NULL)
		put_texts(j, "spec", &p->specification, 1);
	put_description(j, v121 ? "desc" : "description", p->description);
	put_operations(j, p);
	jsonw_key(j, "pol");
	jsonw_array(j);
	put_policy(j, API_POLICY_EVIDENCE, p->evidence_policy);
	put_policy(j, API_POLICY_SIGNATURE, p->signature_policy);
	jsonw_array_end(j);
	member_if(j, "sid", p->scheme);
	put_validity(j, p, v121);
	jsonw_member(j, "psm", storage_model_name(p->storage));
	put_texts(j, "pg", p->goals, PROFILE_LIST_MAX);
	put_formats(j, "ef", p->evidence_formats, true);
	put_duration(j, "eed", p->expected_evidence_duration);
	/* Told where it is the client's business (Annex F: WTS only). */
	if (p->storage == WITH_TEMPORARY_STORAGE)
		put_duration(j, "perp", p->period);
	jsonw_object_end(j);
}

static int api_out_info(const struct api_answer *a,
			const struct profile *const *profiles, size_t n,
			struct buf *out, struct ltps_error *err)
{
	struct jsonw j = start(a, out);
	jsonw_key(&j, "pro");
	jsonw_array(&j);
	for (size_t i = 0; i < n; i++)
		put_profile(&j, profiles[i], is_v121(a));
	jsonw_array_end(&j);
	return finish(&j, err);
}

static int api_out_preserved(const struct api_answer *a, const char *poid,
			     struct buf *out, struct ltps_error *err)
{
	struct jsonw j = start(a, out);
	jsonw_member(&j, "poId", poid);
	return finish(&j, err);
}

static int api_out_updated(const struct api_answer *a, const char *version,
			   struct buf *out, struct ltps_error *err)
{
	struct jsonw j = start(a, out);
	jsonw_member(&j, "versionId", version);
	return finish(&j, err);
}

static int api_out_found(const struct api_answer *a, const struct ltp_found *found,
			 struct buf *out, struct ltps_error *err)
{
	struct jsonw j = start(a, out);
	if (found->n > 0) {
		jsonw_key(&j, "poId");
		jsonw_array(&j);
		for (size_t i = 0; i < found->n; i++)
			jsonw_cstr(&j, found->poids[i]);
		jsonw_array_end(&j);
	}
	return finish(&j, err);
}

/* --- RetrievePO --- */

static void put_po_out(struct jsonw *j, struct ltp_po_out *po)
{
	jsonw_object(j);
	/* XML too: V1.2.1 has no xmlData, and both are base64 (docs/decisions/0021). */
	jsonw_key(j, "binaryData");
	jsonw_object(j);
	jsonw_key(j, "value");
	jsonw_base64(j, view_buf(&po->data));
	jsonw_object_end(j);
	buf_free(&po->data);
	member_if(j, "formatId", po->format_id);
	member_if(j, "mimeType", po->mime);
	member_if(j, "pronomId", po->pronom);
	member_if(j, "id", po->id);
	if (po->n_related > 0) {
		jsonw_key(j, "relObj");
		jsonw_array(j);
		for (size_t i = 0; i < po->n_related; i++)
			jsonw_cstr(j, po->related[i]);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

/* One allocation for all of it, as the buffer would otherwise grow by copies. */
static int reserve_pos(const struct ltp_retrieved *r, struct buf *out,
		       struct ltps_error *err)
{
	size_t n = 1024;
	for (size_t i = 0; i < r->n_pos; i++)
		n += b64_encoded_len(r->pos[i].data.n) + 1024;
	if (n > out->max)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "the answer is larger than %zu bytes", out->max);
	return buf_reserve(out, n, err);
}

int api_out_retrieved(const struct api_answer *a, enum operation op,
		      struct ltp_retrieved *retrieved, struct buf *out,
		      struct ltps_error *err)
{
	(void)op; /* the path says it */
	if (reserve_pos(retrieved, out, err) != 0)
		return -1;
	struct jsonw j = start(a, out);
	if (retrieved->n_pos > 0) {
		jsonw_key(&j, "po");
		jsonw_array(&j);
		for (size_t i = 0; i < retrieved->n_pos; i++)
			put_po_out(&j, &retrieved->pos[i]);
		jsonw_array_end(&j);
	}
	return finish(&j, err);
}

int api_out_trace(const struct api_answer *a, const struct ltp_trace *trace,
		  struct buf *out, struct ltps_error *err)
{
	struct jsonw j = start(a, out);
	jsonw_key(&j, "trace");
	jsonw_object(&j);
	jsonw_key(&j, "event");
	jsonw_array(&j);
	for (size_t i = 0; i < trace->n; i++) {
		const struct ltp_event *e = &trace->events[i];
		jsonw_object(&j);
		put_time(&j, "time", e->time_ms, is_v121(a));
		jsonw_member(&j, "sub", e->subject);
		jsonw_member(&j, "op", e->operation);
		member_if(&j, "obj", e->object);
		member_if(&j, "det", e->detail);
		jsonw_object_end(&j);
	}
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return finish(&j, err);
}

/* --- ValidateEvidence --- */

int api_report_json(const struct evidence_reports *reports, struct buf *out,
		    struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	if (reports->n > 1)
		jsonw_array(&j);
	for (size_t i = 0; i < reports->n; i++)
		ers_report_json(reports->r[i], &j);
	if (reports->n > 1)
		jsonw_array_end(&j);
	return jsonw_end(&j, err);
}

static int api_out_validated(const struct api_answer *a,
			     const struct evidence_reports *reports, struct buf *out,
			     struct ltps_error *err)
{
	struct buf report = buf_make(API_REPORT_MAX);
	struct jsonw j = start(a, out);
	int rc = -1;
	if (reports->n > 0) {
		const struct ers_report *worst = evidence_worst(reports);
		if (api_report_json(reports, &report, err) != 0)
			goto out;
		jsonw_key(&j, "valRep");
		jsonw_object(&j);
		jsonw_key(&j, "binaryData");
		jsonw_object(&j);
		jsonw_key(&j, "value");
		jsonw_base64(&j, view_buf(&report));
		jsonw_object_end(&j);
		jsonw_member(&j, "mimeType", "application/json");
		jsonw_object_end(&j);
		if (worst->proof_of_existence_ms != INT64_MIN)
			put_time(&j, "poe", worst->proof_of_existence_ms, is_v121(a));
	}
	rc = finish(&j, err);
out:
	buf_free(&report);
	return rc;
}

/* --- the binding --- */

/* The parameter "version" of the media type: 1.1.2, which is meant without it,
 * or 1.2.1. False: refused. */
static bool read_version(struct api_call *call, struct ltp_result *ret_refusal)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view version;
	if (media_type_parameter(call->content_type, "version", &version, &ignored) !=
		0 ||
	    version.p == NULL || view_is_text(version, "1.1.2"))
		return true;
	call->form.v121 = view_is_text(version, "1.2.1");
	snprintf(call->form.type, sizeof(call->form.type), "%s",
		 call->form.v121 ? "application/json; version=1.2.1" : "");
	if (!call->form.v121)
		result_set(ret_refusal, LTP_NOT_SUPPORTED,
			   "Content-Type: the version is neither 1.1.2 nor 1.2.1");
	return call->form.v121;
}

static int parse(struct api_call *call, struct ltp_result *ret_refusal,
		 struct ltps_error *err)
{
	bool malformed;
	struct ltp_result version = { .minor = LTP_OK };
	const bool known = read_version(call, &version);
	if (api_in_parse(call->op, &call->body, &call->in, ret_refusal, &malformed,
			 err) != 0)
		return -1;
	if (malformed)
		call->status = 400;
	else if (!known)
		*ret_refusal = version; /* the request's id is known by now */
	return 0;
}

const struct api_binding api_json_binding = {
	.parse = parse,
	.media_type = "application/json",
	.result = api_out_result,
	.info = api_out_info,
	.preserved = api_out_preserved,
	.updated = api_out_updated,
	.found = api_out_found,
	.retrieved = api_out_retrieved,
	.trace = api_out_trace,
	.validated = api_out_validated,
};
