/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of TS 119 512 5.3 as elements of the schema (Annex C.1). */
#include <string.h>

#include "base/names.h"
#include "server/digest_list.h"
#include "server/soap_private.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define IN(field) offsetof(struct api_in, field)

/* ---- OptionalInputs (dsb:OptionalInputsType): nothing in it is supported ---- */

static bool refuse_input(struct xread *r, void *at)
{
	(void)at;
	return xread_refuse(r, LTP_NOT_SUPPORTED, "is not supported");
}

/* A wish for a language is heard, though the answer is English. */
static bool read_language(struct xread *r, void *at)
{
	const char *ignored;
	(void)at;
	return xread_uri(r, &ignored);
}

/* An input that we do not know is one that we do not support. */
static bool read_inputs(struct xread *r, void *at)
{
	static const struct xfield fields[] = {
		{ "ServicePolicy", SOAP_NS_BASE, refuse_input, 0, false, true },
		{ "Language", SOAP_NS_BASE, read_language, 0, false, false },
		{ "Other", SOAP_NS_BASE, refuse_input, 0, false, true },
	};
	if (xread_attrs(r, NULL, 0, NULL) &&
	    xread_children(r, fields, COUNT(fields), at))
		return true;
	if (r->refusal->minor == LTP_PARAMETER_ERROR)
		r->refusal->minor = LTP_NOT_SUPPORTED;
	return false;
}

/* ---- lists ---- */

static bool read_pos(struct xread *r, void *at)
{
	struct api_in *in = at;
	if (in->pos == NULL) {
		in->pos = xread_list(r, API_POS_MAX, sizeof(*in->pos));
		if (in->pos == NULL)
			return false;
	}
	if (in->n_pos == API_POS_MAX)
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "there are more than %d objects", API_POS_MAX);
	return soap_read_po(r, &in->pos[in->n_pos++]);
}

static bool read_versions(struct xread *r, void *at)
{
	struct api_in *in = at;
	if (in->versions == NULL) {
		in->versions = xread_list(r, API_LIST_MAX, sizeof(*in->versions));
		if (in->versions == NULL)
			return false;
	}
	if (in->n_versions == API_LIST_MAX)
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "there are more than %d versions", API_LIST_MAX);
	return xread_text(r, &in->versions[in->n_versions++]);
}

static bool read_evidence(struct xread *r, void *at)
{
	struct api_in *in = at;
	struct soap_po e = { .poid = NULL };
	if (!soap_read_evidence(r, &e))
		return false;
	in->has_evidence = true;
	in->evidence = e.po;
	in->evidence_poid = e.poid;
	in->evidence_version = e.version;
	return true;
}

/* ---- enumerations ---- */

struct name {
	const char *name;
	int value;
};

static bool read_name(struct xread *r, const struct name *names, size_t n,
		      const char **ret_text, int *ret)
{
	if (!xread_text(r, ret_text))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i].name, *ret_text) == 0) {
			*ret = names[i].value;
			return true;
		}
	}
	return xread_refuse(r, LTP_PARAMETER_ERROR, "'%.60s' is no value of the schema",
			    *ret_text);
}

static bool read_status(struct xread *r, void *at)
{
	static const struct name names[] = { { "active", PROFILE_STATUS_ACTIVE },
					     { "inactive", PROFILE_STATUS_INACTIVE },
					     { "all", PROFILE_STATUS_ALL } };
	struct api_in *in = at;
	int value = 0;
	if (!read_name(r, names, COUNT(names), &in->status, &value))
		return false;
	in->profile_status = (enum profile_status)value;
	return true;
}

static bool read_subject(struct xread *r, void *at)
{
	static const struct name names[] = {
		{ "PO", SUBJECT_PO },
		{ "Evidence", SUBJECT_EVIDENCE },
		{ "POwithEmbeddedEvidence", SUBJECT_PO_EMBEDDED },
		{ "POwithDetachedEvidence", SUBJECT_PO_DETACHED },
	};
	struct api_in *in = at;
	int value = 0;
	if (!read_name(r, names, COUNT(names), &in->subject, &value))
		return false;
	in->sor = (enum subject)value;
	return true;
}

/* ---- the messages; clause 5.3.x each ---- */

#define INPUTS                                                                         \
	{                                                                              \
		"OptionalInputs", NULL, read_inputs, 0, false, false                   \
	}

static const struct xfield info_fields[] = {
	INPUTS,
	{ "Profile", NULL, xread_uri, IN(profile), false, false },
	{ "Status", NULL, read_status, 0, false, false },
};
static const struct xfield preserve_fields[] = {
	INPUTS,
	{ "Profile", NULL, xread_uri, IN(profile), true, false },
	{ "PO", NULL, read_pos, 0, false, true },
};
static const struct xfield retrieve_fields[] = {
	INPUTS,
	{ "POID", NULL, xread_text, IN(poid), true, false },
	{ "VersionID", NULL, read_versions, 0, false, true },
	{ "SubjectOfRetrieval", NULL, read_subject, 0, false, false },
	{ "POFormat", NULL, xread_uri, IN(po_format), false, false },
	{ "EvidenceFormat", NULL, xread_uri, IN(evidence_format), false, false },
};
/* A Mode that the schema does not have is the domain's to refuse: unknownMode. */
static const struct xfield delete_fields[] = {
	INPUTS,
	{ "POID", NULL, xread_text, IN(poid), true, false },
	{ "Mode", NULL, xread_text, IN(mode), false, false },
	{ "ClaimedRequestorName", NULL, xread_text, IN(claimed_requestor), false,
	  false },
	{ "Reason", NULL, xread_text, IN(reason), false, false },
};
static const struct xfield update_fields[] = {
	INPUTS,
	{ "POID", NULL, xread_text, IN(poid), true, false },
	{ "DeltaPOC", NULL, read_pos, 0, true, true },
};
static const struct xfield trace_fields[] = {
	INPUTS,
	{ "POID", NULL, xread_text, IN(poid), true, false },
};
static const struct xfield validate_fields[] = {
	INPUTS,
	{ "Evidence", NULL, read_evidence, 0, false, false },
	{ "PO", NULL, read_pos, 0, false, true },
};
static const struct xfield search_fields[] = {
	INPUTS,
	{ "Filter", NULL, xread_text, IN(filter), true, false },
};

static const struct {
	const struct xfield *fields;
	size_t n;
} messages[OP_COUNT] = {
	[OP_RETRIEVE_INFO] = { info_fields, COUNT(info_fields) },
	[OP_PRESERVE_PO] = { preserve_fields, COUNT(preserve_fields) },
	[OP_RETRIEVE_PO] = { retrieve_fields, COUNT(retrieve_fields) },
	[OP_DELETE_PO] = { delete_fields, COUNT(delete_fields) },
	[OP_UPDATE_POC] = { update_fields, COUNT(update_fields) },
	[OP_RETRIEVE_TRACE] = { trace_fields, COUNT(trace_fields) },
	[OP_VALIDATE_EVIDENCE] = { validate_fields, COUNT(validate_fields) },
	[OP_SEARCH] = { search_fields, COUNT(search_fields) },
};

/* ---- what holds for the whole of a message ---- */

/* The evidence stands before all objects. */
static struct named *sort_ids(struct xread *r, const struct api_in *in, size_t *ret_n)
{
	struct named *ids = xread_list(r, in->n_pos + 1, sizeof(*ids));
	size_t n = 0;
	if (ids == NULL)
		return NULL;
	if (in->evidence.id != NULL)
		ids[n++] = (struct named){ .text = in->evidence.id, .i = 0 };
	for (size_t i = 0; i < in->n_pos; i++)
		if (in->pos[i].id != NULL)
			ids[n++] =
			    (struct named){ .text = in->pos[i].id, .i = i + 1 };
	names_sort(ids, n);
	*ret_n = n;
	return ids;
}

/* ID is unique in a message, RelatedObjects name IDs of it (5.4.5). */
static bool check_ids(struct xread *r, const struct api_in *in)
{
	size_t n;
	const struct named *ids = sort_ids(r, in, &n);
	if (ids == NULL)
		return false;
	for (size_t i = 0; i < in->n_pos; i++) {
		const struct ltp_po *po = &in->pos[i];
		if (po->id != NULL && ids[names_find(ids, n, po->id)].i != i + 1)
			return xread_refuse(r, LTP_PARAMETER_ERROR,
					    "the ID '%.60s' stands twice", po->id);
		for (size_t k = 0; k < po->n_related; k++)
			if (names_find(ids, n, po->related[k]) == n)
				return xread_refuse(
				    r, LTP_PARAMETER_ERROR,
				    "RelatedObjects: no object has the ID '%.60s'",
				    po->related[k]);
	}
	return true;
}

/* A part that nothing names would be lost without a word. */
static bool check_parts(struct soap_in *s)
{
	for (size_t i = 0; i < s->n_parts; i++)
		if (i != s->root && !s->used[i])
			return xread_refuse(
			    &s->r, LTP_PARAMETER_ERROR, "nothing names the part '%.*s'",
			    (int)(s->parts[i].id.n < 100 ? s->parts[i].id.n : 100),
			    (const char *)s->parts[i].id.p);
	return true;
}

static bool check_whole(struct soap_in *s, const struct api_in *in)
{
	s->r.path_n = 0;
	if (in->op == OP_VALIDATE_EVIDENCE && !in->has_evidence && in->n_pos == 0)
		return xread_refuse(&s->r, LTP_PARAMETER_ERROR,
				    "neither Evidence nor PO is given");
	if (in->op == OP_UPDATE_POC && in->n_pos == 0)
		return xread_refuse(&s->r, LTP_PARAMETER_ERROR, "no DeltaPOC is given");
	/* A DeltaPOC may name what the object holds already. */
	return (in->op == OP_UPDATE_POC || check_ids(&s->r, in)) && check_parts(s);
}

/* A DigestList is looked into, whatever the profile will say to it. */
static bool read_digest_lists(struct soap_in *s, struct api_in *in)
{
	struct ltp_result why = { .minor = LTP_OK };
	if (digest_lists_read(in->pos, in->n_pos,
			      in->op == OP_UPDATE_POC ? "DeltaPOC" : "PO",
			      &in->digest_lists, &why, &s->r.err) != 0)
		return false;
	s->r.path_n = 0;
	return why.minor == LTP_OK || xread_refuse(&s->r, why.minor, "%s", why.message);
}

bool soap_read_message(struct soap_in *s)
{
	static const struct xattr attrs[] = { { "RequestID", IN(req_id) } };
	struct api_in *in = &s->call->in;
	return xread_attrs(&s->r, attrs, COUNT(attrs), in) &&
	       xread_children(&s->r, messages[in->op].fields, messages[in->op].n, in) &&
	       check_whole(s, in) && read_digest_lists(s, in);
}
