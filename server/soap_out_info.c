/* SPDX-License-Identifier: Apache-2.0 */
/* A preservation profile (TS 119 512 5.4.7) as XML: what api_json_out.c tells in JSON.
 */
#include "server/api_json_out.h"
#include "server/soap_private.h"

static void put_format(struct xmlw *w, const char *name, const char *id,
		       bool is_default)
{
	xmlw_open(w, name);
	soap_attribute(w, "IsDefault", is_default ? "true" : NULL);
	soap_element(w, "md:FormatID", id);
	xmlw_close(w);
}

static void put_formats(struct xmlw *w, const char *name, const char *const *ids,
			bool first_is_default)
{
	for (size_t i = 0; i < PROFILE_LIST_MAX && ids[i] != NULL; i++) {
		/* "" is our own: the object as it was submitted. */
		if (ids[i][0] != '\0')
			put_format(w, name, ids[i], i == 0 && first_is_default);
	}
}

static bool has_format(const char *const *ids)
{
	return ids[0] != NULL && (ids[0][0] != '\0' || ids[1] != NULL);
}

static void put_parameter(struct xmlw *w, const char *element, const char *name,
			  const char *const *ids, bool first_is_default)
{
	if (!has_format(ids))
		return;
	xmlw_open(w, element);
	soap_element(w, "md:Name", name);
	put_formats(w, "md:Format", ids, first_is_default);
	xmlw_close(w);
}

static void put_operations(struct xmlw *w, const struct profile *p)
{
	for (unsigned op = 0; op < OP_COUNT; op++) {
		if ((p->operations & 1u << op) == 0)
			continue;
		xmlw_open(w, "md:Operation");
		soap_element(w, "md:Name", operation_name((enum operation)op));
		if (op == OP_PRESERVE_PO)
			put_parameter(w, "md:Input", "PO", p->submission_formats,
				      false);
		if (op == OP_RETRIEVE_PO) {
			put_parameter(w, "md:Output", "POFormat", p->po_formats, true);
			put_parameter(w, "md:Output", "EvidenceFormat",
				      p->evidence_formats, true);
		}
		xmlw_close(w);
	}
}

static void put_policy(struct xmlw *w, const char *type, const char *id)
{
	if (id == NULL)
		return;
	xmlw_open(w, "md:Policy");
	soap_attribute(w, "Type", type);
	xmlw_open(w, "md:PolicyByRef");
	soap_element(w, "md:PolicyID", id);
	xmlw_close(w);
	xmlw_close(w);
}

static void put_description(struct xmlw *w, const char *text)
{
	if (text == NULL)
		return;
	xmlw_open(w, "md:Description");
	soap_attribute(w, "xml:lang", "en");
	xmlw_text(w, view_text(text));
	xmlw_close(w);
}

static void put_validity(struct xmlw *w, const struct profile *p)
{
	xmlw_open(w, "pres:ProfileValidityPeriod");
	xmlw_element_time(w, "pres:ValidFrom", p->valid_from_ms);
	if (p->valid_until_ms != INT64_MAX)
		xmlw_element_time(w, "pres:ValidUntil", p->valid_until_ms);
	xmlw_close(w);
}

static void put_duration(struct xmlw *w, const char *name, struct duration d)
{
	char text[DURATION_TEXT_MAX];
	if (d.months == 0 && d.ms == 0)
		return;
	api_duration_text(d, text);
	soap_element(w, name, text);
}

void soap_put_profile(struct xmlw *w, const struct profile *p)
{
	xmlw_open(w, "pres:Profile");
	soap_element(w, "md:ProfileIdentifier", p->id);
	soap_element(w, "md:Specification", p->specification);
	put_description(w, p->description);
	put_operations(w, p);
	put_policy(w, API_POLICY_EVIDENCE, p->evidence_policy);
	put_policy(w, API_POLICY_SIGNATURE, p->signature_policy);
	soap_element(w, "pres:SchemeIdentifier", p->scheme);
	put_validity(w, p);
	soap_element(w, "pres:PreservationStorageModel",
		     storage_model_name(p->storage));
	for (size_t i = 0; i < PROFILE_LIST_MAX && p->goals[i] != NULL; i++)
		soap_element(w, "pres:PreservationGoal", p->goals[i]);
	put_formats(w, "pres:EvidenceFormat", p->evidence_formats, true);
	put_duration(w, "pres:ExpectedEvidenceDuration", p->expected_evidence_duration);
	/* Told where it is the client's business (Annex F: WTS only). */
	if (p->storage == WITH_TEMPORARY_STORAGE)
		put_duration(w, "pres:PreservationEvidenceRetentionPeriod", p->period);
	xmlw_close(w);
}
