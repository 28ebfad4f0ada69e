/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api_json_in.h"

#include <string.h>

#include "base/mem.h"
#include "base/names.h"
#include "server/api_json_read.h"
#include "server/digest_list.h"
#include "server/result.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Everything that any request may hold, before it is checked together. */
struct raw_request {
	struct api_in *in;
	struct texts versions;
	struct read_evidence evidence;
};

#define IN(field) offsetof(struct api_in, field)

/* --- optIn (dsb:OptionalInputsType): nothing in it is supported --- */

static bool skip_object(struct reader *r, const json_t *v)
{
	return json_is_object(v)
		   ? true
		   : reader_refuse(r, LTP_PARAMETER_ERROR, "must be an object");
}

static bool refuse_policies(struct reader *r, const json_t *v, void *at)
{
	struct texts texts = { 0 };
	(void)at;
	if (!read_texts(r, v, &texts))
		return false;
	return texts.n == 0 ? true
			    : reader_refuse(r, LTP_NOT_SUPPORTED, "is not supported");
}

static bool refuse_others(struct reader *r, const json_t *v, void *at)
{
	(void)at;
	if (!json_is_array(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be an array");
	if (json_array_size(v) == 0)
		return true;
	reader_push_index(r, 0);
	return skip_object(r, json_array_get(v, 0)) &&
	       reader_refuse(r, LTP_NOT_SUPPORTED, "is not supported");
}

/* A wish for a language is heard, though the answer is English. */
static bool read_language(struct reader *r, const json_t *v, void *at)
{
	const char *ignored;
	(void)at;
	return read_text(r, v, &ignored);
}

static bool read_opt_in(struct reader *r, const json_t *v, void *at)
{
	static const struct member members[] = {
		{ "policy", refuse_policies, 0, false },
		{ "lang", read_language, 0, false },
		{ "other", refuse_others, 0, false },
	};
	return read_object_minor(r, v, members, COUNT(members), at, LTP_NOT_SUPPORTED);
}

/* --- lists of PO --- */

static struct named *sort_ids(struct reader *r, const struct ltp_po *pos, size_t n,
			     size_t *ret_n)
{
	struct named *ids = reader_list(r, n, sizeof(*ids));
	if (ids == NULL)
		return NULL;
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (pos[i].id != NULL)
			ids[(*ret_n)++] = (struct named){ .text = pos[i].id, .i = i };
	names_sort(ids, *ret_n);
	return ids;
}

/* ID is unique in a message, RelatedObjects name IDs of it (5.4.5). */
static bool check_ids(struct reader *r, const struct ltp_po *pos, size_t n)
{
	size_t n_ids;
	const struct named *ids = sort_ids(r, pos, n, &n_ids);
	if (ids == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const size_t before = reader_push_index(r, i);
		if (pos[i].id != NULL &&
		    ids[names_find(ids, n_ids, pos[i].id)].i != i)
			return reader_refuse(r, LTP_PARAMETER_ERROR,
					     "id is already another object's");
		for (size_t k = 0; k < pos[i].n_related; k++) {
			if (names_find(ids, n_ids, pos[i].related[k]) == n_ids)
				return reader_refuse(r, LTP_PARAMETER_ERROR,
						     "relObj[%zu] names no object", k);
		}
		reader_pop(r, before);
	}
	return true;
}

static bool read_pos(struct reader *r, const json_t *v, void *at)
{
	struct api_in *in = at;
	if (!json_is_array(v))
		return reader_refuse(r, LTP_PARAMETER_ERROR, "must be an array");
	const size_t n = json_array_size(v);
	if (n > API_POS_MAX)
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "holds more than %d objects", API_POS_MAX);
	if (n == 0)
		return true;
	in->pos = reader_list(r, n, sizeof(*in->pos));
	if (in->pos == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const size_t before = reader_push_index(r, i);
		if (!read_po(r, json_array_get(v, i), &in->pos[i]))
			return false;
		reader_pop(r, before);
	}
	in->n_pos = n;
	/* What a DeltaPOC names may be in the object: the domain looks. */
	return in->op == OP_UPDATE_POC || check_ids(r, in->pos, n);
}

static bool read_versions(struct reader *r, const json_t *v, void *at)
{
	struct api_in *in = at;
	struct texts texts = { 0 };
	if (!read_texts(r, v, &texts))
		return false;
	in->versions = texts.p;
	in->n_versions = texts.n;
	return true;
}

static bool read_ev(struct reader *r, const json_t *v, void *at)
{
	struct api_in *in = at;
	struct read_evidence e = { 0 };
	if (!read_evidence(r, v, &e))
		return false;
	in->has_evidence = true;
	in->evidence = e.po;
	in->evidence_poid = e.poid;
	in->evidence_version = e.version;
	return true;
}

static bool read_status(struct reader *r, const json_t *v, void *at)
{
	static const struct {
		const char *name;
		enum profile_status status;
	} names[] = { { "active", PROFILE_STATUS_ACTIVE },
		      { "inactive", PROFILE_STATUS_INACTIVE },
		      { "all", PROFILE_STATUS_ALL } };
	struct api_in *in = at;
	if (!read_text(r, v, &in->status))
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(names[i].name, in->status) == 0) {
			in->profile_status = names[i].status;
			return true;
		}
	}
	return reader_refuse(r, LTP_PARAMETER_ERROR, "must be active, inactive or all");
}

static bool read_subject(struct reader *r, const json_t *v, void *at)
{
	static const struct {
		const char *name;
		enum subject subject;
	} names[] = { { "PO", SUBJECT_PO },
		      { "Evidence", SUBJECT_EVIDENCE },
		      { "POwithEmbeddedEvidence", SUBJECT_PO_EMBEDDED },
		      { "POwithDetachedEvidence", SUBJECT_PO_DETACHED } };
	struct api_in *in = at;
	if (!read_text(r, v, &in->subject))
		return false;
	for (size_t i = 0; i < COUNT(names); i++) {
		if (strcmp(names[i].name, in->subject) == 0) {
			in->sor = names[i].subject;
			return true;
		}
	}
	return reader_refuse(r, LTP_PARAMETER_ERROR,
			     "must be PO, Evidence, POwithEmbeddedEvidence or "
			     "POwithDetachedEvidence");
}

/* --- the messages; clause 5.3.x each --- */

#define BASE_MEMBERS                                                                   \
	{ "optIn", read_opt_in, 0, false },                                            \
	{                                                                              \
		"reqId", read_text, IN(req_id), false                                  \
	}

static const struct member info_members[] = {
	BASE_MEMBERS,
	{ "pro", read_text, IN(profile), false },
	{ "stat", read_status, 0, false },
};
static const struct member preserve_members[] = {
	BASE_MEMBERS,
	{ "pro", read_text, IN(profile), true },
	{ "po", read_pos, 0, false },
};
static const struct member retrieve_members[] = {
	BASE_MEMBERS,
	{ "poId", read_text, IN(poid), true },
	{ "versionId", read_versions, 0, false },
	{ "sor", read_subject, 0, false },
	{ "poFormat", read_text, IN(po_format), false },
	{ "evFormat", read_text, IN(evidence_format), false },
};
static const struct member delete_members[] = {
	BASE_MEMBERS,
	{ "poId", read_text, IN(poid), true },
	{ "mod", read_text, IN(mode), false },
	{ "crn", read_text, IN(claimed_requestor), false },
	{ "reason", read_text, IN(reason), false },
};
static const struct member update_members[] = {
	BASE_MEMBERS,
	{ "poId", read_text, IN(poid), true },
	{ "deltaPoc", read_pos, 0, true },
};
static const struct member trace_members[] = {
	BASE_MEMBERS,
	{ "poId", read_text, IN(poid), true },
};
static const struct member validate_members[] = {
	BASE_MEMBERS,
	{ "ev", read_ev, 0, false },
	{ "po", read_pos, 0, false },
};
static const struct member search_members[] = {
	BASE_MEMBERS,
	{ "fi", read_text, IN(filter), true },
};

static const struct {
	const struct member *members;
	size_t n;
} messages[OP_COUNT] = {
	[OP_RETRIEVE_INFO] = { info_members, COUNT(info_members) },
	[OP_PRESERVE_PO] = { preserve_members, COUNT(preserve_members) },
	[OP_RETRIEVE_PO] = { retrieve_members, COUNT(retrieve_members) },
	[OP_DELETE_PO] = { delete_members, COUNT(delete_members) },
	[OP_UPDATE_POC] = { update_members, COUNT(update_members) },
	[OP_RETRIEVE_TRACE] = { trace_members, COUNT(trace_members) },
	[OP_VALIDATE_EVIDENCE] = { validate_members, COUNT(validate_members) },
	[OP_SEARCH] = { search_members, COUNT(search_members) },
};

/* 5.3.6: one delta at least. 5.3.8: an evidence or an object that embeds it. */
static bool check_whole(struct reader *r, const struct api_in *in)
{
	r->path_n = 0;
	if (in->op == OP_UPDATE_POC && in->n_pos == 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR, "deltaPoc is empty");
	if (in->op == OP_VALIDATE_EVIDENCE && !in->has_evidence && in->n_pos == 0)
		return reader_refuse(r, LTP_PARAMETER_ERROR,
				     "neither ev nor po is given");
	return true;
}

/* A DigestList is looked into, whatever the profile will say to it. */
static bool check_digest_lists(struct reader *r, struct api_in *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result why = { .minor = LTP_OK };
	if (digest_lists_read(in->pos, in->n_pos,
			      in->op == OP_UPDATE_POC ? "deltaPoc" : "po",
			      &in->digest_lists, &why, &err) != 0) {
		r->nomem = true;
		return false;
	}
	return why.minor == LTP_OK || reader_refuse(r, why.minor, "%s", why.message);
}

/* The identity of the request is wanted even when the rest is refused. */
static void find_req_id(struct api_in *in)
{
	const char *id = json_string_value(json_object_get(in->doc, "reqId"));
	if (in->req_id == NULL)
		in->req_id = id;
}

static bool read_request(struct reader *r, struct api_in *in, bool *ret_malformed)
{
	in->doc = reader_load(r);
	if (in->doc == NULL) {
		*ret_malformed = true;
		return false;
	}
	find_req_id(in);
	return read_object(r, in->doc, messages[in->op].members, messages[in->op].n,
			   in) &&
	       check_whole(r, in) && check_digest_lists(r, in);
}

int api_in_parse(enum operation op, struct buf *body, struct api_in *ret_in,
		 struct ltp_result *ret_refusal, bool *ret_malformed,
		 struct ltps_error *err)
{
	struct api_in *in = ret_in;
	*in = (struct api_in){ .op = op, .body = *body, .sor = SUBJECT_PO_EMBEDDED };
	*body = buf_make(0);
	ret_refusal->minor = LTP_OK;
	ret_refusal->message[0] = '\0';
	*ret_malformed = false;
	if (json_cut_make(in->body.p, in->body.n, &in->cut, err) != 0) {
		if (err->code == LTPS_NOMEM)
			return -1;
		*ret_malformed = err->code == LTPS_FORMAT;
		result_set(ret_refusal, LTP_PARAMETER_ERROR, "%s", err->text);
		ltps_error_clear(err);
		return 0;
	}
	struct reader r = { .cut = &in->cut,
			    .lists = &in->lists,
			    .n_lists = &in->n_lists,
			    .refusal = ret_refusal };
	if (!read_request(&r, in, ret_malformed) && r.nomem)
		return ltps_fail_nomem(err);
	return 0;
}

void api_in_free(struct api_in *in)
{
	digest_lists_free(in->digest_lists, in->n_pos);
	json_decref(in->doc);
	reader_free_lists(in->lists, in->n_lists);
	json_cut_free(&in->cut);
	buf_free(&in->body);
	*in = (struct api_in){ .op = in->op };
}
