/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_xml_status - indications with the report data that they require (tables 5 and
 * 6 of EN 319 102-1), and constraints as they were applied. TS 119 102-2 4.2.4, 4.3.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "validation/report_xml_private.h"

#define SUB_URI "urn:etsi:019102:subindication:"
#define REASON_URI "urn:etsi:019102:revocationReason:"
#define CONSTRAINT_URI "urn:ltps:constraint:"
#define DATA_URI "urn:ltps:report:"
#define URI_MAX 200

static const char *main_uri(enum indication i, bool total)
{
	switch (i) {
	case INDICATION_PASSED:
		return total ? "urn:etsi:019102:mainindication:total-passed"
			     : "urn:etsi:019102:mainindication:passed";
	case INDICATION_FAILED:
		return total ? "urn:etsi:019102:mainindication:total-failed"
			     : "urn:etsi:019102:mainindication:failed";
	case INDICATION_INDETERMINATE:
		break;
	}
	return "urn:etsi:019102:mainindication:indeterminate";
}

/* ---- report data ---- */

static const struct path_candidate *chain_of(const struct report_subject *s)
{
	return s->certificate != NULL && s->certificate->chain.n_certs > 0
		   ? &s->certificate->chain
		   : NULL;
}

static const struct cert *anchor_of(const struct report_subject *s)
{
	const struct path_candidate *c = chain_of(s);
	return c != NULL ? c->certs[c->n_certs - 1] : NULL;
}

static void write_chain(struct report_xml *w, const struct report_subject *s)
{
	const struct path_candidate *c = chain_of(s);
	const struct cert *first = c != NULL ? c->certs[0] : s->signer;
	if (first == NULL)
		return;
	xmlw_open(&w->x, "vr:CertificateChain");
	report_xml_refer(w, "vr:SigningCertificate", first->sha256);
	for (size_t i = 1; c != NULL && i + 1 < c->n_certs; i++)
		report_xml_refer(w, "vr:IntermediateCertificate", c->certs[i]->sha256);
	if (c != NULL)
		report_xml_refer(w, "vr:TrustAnchor", anchor_of(s)->sha256);
	xmlw_close(&w->x);
}

/* The time-stamps whose order or absence is meant: all of the signature. */
static void write_stamps(struct report_xml *w, int signature)
{
	const struct report *r = w->r;
	for (size_t i = report_next_stamp(r, signature, 0); i < r->n_stamps;
	     i = report_next_stamp(r, signature, i + 1))
		report_xml_refer_id(w, "vr:RelatedValidationObject",
				    r->stamps[i].stamp->id);
}

/* The signed data whose digest differs. */
static void write_signed_data(struct report_xml *w, const struct report_subject *s)
{
	if (s->signature < 0)
		return;
	const struct document_signature *d = w->r->signatures[s->signature].signature;
	if (d->has_content)
		report_xml_refer(w, "vr:RelatedValidationObject", d->content_sha256);
}

static void write_related(struct report_xml *w, const struct report_subject *s)
{
	const struct conclusion *c = s->conclusion;
	if (c->sub == SUB_TIMESTAMP_ORDER_FAILURE)
		write_stamps(w, s->signature);
	else if (c->has_object)
		report_xml_refer(w, "vr:RelatedValidationObject", c->object);
	else if (c->sub == SUB_HASH_FAILURE)
		write_signed_data(w, s);
}

/* Index on the chain of the certificate that is revoked or on hold, from one on; -1:
 * none. */
static int revoked_of(const struct path_candidate *c, size_t from)
{
	for (size_t i = from; c != NULL && c->revocation != NULL && i + 1 < c->n_certs;
	     i++) {
		const enum path_cert_status status = c->revocation[i].status;
		if (status == PATH_STATUS_REVOKED || status == PATH_STATUS_ON_HOLD)
			return (int)i;
	}
	return -1;
}

static void write_status_object(struct report_xml *w,
				const struct path_cert_revocation *v)
{
	for (size_t i = 0; i < v->n_objects; i++) {
		const struct path_status_object *o = &v->objects[i];
		if (o->crl == NULL && o->ocsp == NULL)
			continue;
		report_xml_refer(w, "vr:RevocationObject",
				 o->crl != NULL ? o->crl->sha256 : o->ocsp->sha256);
		return;
	}
}

static void write_revocation(struct report_xml *w, const struct report_subject *s)
{
	const struct conclusion *c = s->conclusion;
	const struct path_candidate *chain = chain_of(s);
	/* An authority is meant, never the signer. */
	const size_t from = c->sub == SUB_REVOKED_CA_NO_POE ? 1 : 0;
	int i = revoked_of(chain, from);
	if (i < 0 && s->present != NULL) {
		chain = &s->present->chain;
		i = revoked_of(chain, from);
	}
	const struct cert *cert = i >= 0      ? chain->certs[i]
				  : from == 0 ? s->signer
					      : NULL;
	const char *reason = report_reason_name(c->reason);
	char uri[URI_MAX];
	if (!report_is_revocation(c) || !report_has_time(c->time_ms) || cert == NULL)
		return;
	xmlw_open(&w->x, "vr:RevocationStatusInformation");
	report_xml_refer(w, "vr:ValidationObjectId", cert->sha256);
	xmlw_element_time(&w->x, "vr:RevocationTime", c->time_ms);
	if (reason != NULL) {
		snprintf(uri, sizeof(uri), REASON_URI "%s", reason);
		xmlw_element(&w->x, "vr:RevocationReason", uri);
	}
	if (i >= 0)
		write_status_object(w, &chain->revocation[i]);
	xmlw_close(&w->x);
}

/* ---- algorithms ---- */

/* URIs of what conclusions call an algorithm by its first word. */
static const struct {
	const char *word, *uri;
} algorithms[] = {
	{ "RSA", "http://www.w3.org/2000/09/xmldsig#RSAKeyValue" },
	{ "DSA", "http://www.w3.org/2000/09/xmldsig#DSAKeyValue" },
	{ "EC", "http://www.w3.org/2009/xmldsig11#ECKeyValue" },
	{ "ECDSA", "http://www.w3.org/2009/xmldsig11#ECKeyValue" },
	{ "MD5", "http://www.w3.org/2001/04/xmldsig-more#md5" },
	{ "Ed25519", "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519" },
	{ "Ed448", "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed448" },
};

static bool same_word(struct view v, const char *word)
{
	const size_t n = strlen(word);
	if (v.n != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((v.p[i] | 0x20) != (word[i] | 0x20))
			return false;
	return true;
}

static struct view first_word(const char *text)
{
	return view_of(text, strcspn(text, " "));
}

/* A URN of ours for what has no URI: letters, digits and hyphens are kept. */
static void own_urn(struct view word, char out[URI_MAX])
{
	size_t n = (size_t)snprintf(out, URI_MAX, "urn:ltps:algorithm:");
	for (size_t i = 0; i < word.n && n + 1 < URI_MAX; i++) {
		const uint8_t c = word.p[i];
		const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
				   (c >= 'A' && c <= 'Z') || c == '.';
		out[n++] = plain ? (char)c : '-';
	}
	out[n] = '\0';
}

static void algorithm_uri(const char *text, char out[URI_MAX])
{
	const struct view word = first_word(text);
	const enum digest_alg alg = digest_from_name(word);
	if (alg != DIGEST_NONE) {
		snprintf(out, URI_MAX, "%s", xml_digest_uri(alg));
		return;
	}
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (same_word(word, algorithms[i].word)) {
			snprintf(out, URI_MAX, "%s", algorithms[i].uri);
			return;
		}
	}
	own_urn(word.n > 0 ? word : view_text("unknown"), out);
}

static void write_typed(struct report_xml *w, const char *name, const char *type,
			const char *value)
{
	xmlw_open(&w->x, name);
	xmlw_element(&w->x, "vr:Type", type);
	xmlw_element(&w->x, "vr:Value", value);
	xmlw_close(&w->x);
}

/* The object that used it: named by the conclusion, else the judged one. */
static const uint8_t *crypto_object(const struct report_xml *w,
				    const struct report_subject *s)
{
	const struct conclusion *c = s->conclusion;
	if (c->has_object && report_xml_has(w, c->object))
		return c->object;
	if (s->sha256 != NULL && report_xml_has(w, s->sha256))
		return s->sha256;
	return NULL;
}

static void write_crypto(struct report_xml *w, const struct report_subject *s)
{
	const struct conclusion *c = s->conclusion;
	const char *parameters = strchr(c->algorithm, ' ');
	const uint8_t *object = crypto_object(w, s);
	char uri[URI_MAX];
	if (!report_is_crypto(c))
		return;
	algorithm_uri(c->algorithm, uri);
	xmlw_open(&w->x, "vr:CryptoInformation");
	if (object != NULL)
		report_xml_refer(w, "vr:ValidationObjectId", object);
	else if (s->signature >= 0)
		report_xml_refer_id(w, "vr:ValidationObjectId",
				    w->r->signatures[s->signature].signature->id);
	xmlw_element(&w->x, "vr:Algorithm", uri);
	if (parameters != NULL)
		write_typed(w, "vr:AlgorithmParameters", DATA_URI "key-size",
			    parameters + 1);
	xmlw_element_bool(&w->x, "vr:SecureAlgorithm", false);
	if (report_has_time(c->time_ms))
		xmlw_element_time(&w->x, "vr:NotAfter", c->time_ms);
	xmlw_close(&w->x);
}

/* ---- what else there is to say ---- */

static bool has_more(const struct conclusion *c)
{
	return c->text[0] != '\0' || c->clause != NULL ||
	       c->constraint < CONSTRAINT_COUNT;
}

static void write_more(struct report_xml *w, const struct conclusion *c)
{
	char retry[TIME_TEXT_MAX], uri[URI_MAX];
	if (!has_more(c))
		return;
	xmlw_open(&w->x, "vr:AdditionalValidationReportData");
	if (c->text[0] != '\0')
		write_typed(w, "vr:ReportData", DATA_URI "reason", c->text);
	if (c->clause != NULL)
		write_typed(w, "vr:ReportData", DATA_URI "clause", c->clause);
	if (c->constraint < CONSTRAINT_COUNT) {
		snprintf(uri, sizeof(uri), CONSTRAINT_URI "%s",
			 constraint_name(c->constraint));
		write_typed(w, "vr:ReportData", DATA_URI "constraint", uri);
	}
	if (c->sub == SUB_TRY_LATER && report_has_time(c->retry_ms)) {
		time_rfc3339(c->retry_ms, retry);
		write_typed(w, "vr:ReportData", DATA_URI "retry-after", retry);
	}
	xmlw_close(&w->x);
}

/* An empty AssociatedValidationReportData would say nothing. */
static bool has_data(const struct report_xml *w, const struct report_subject *s)
{
	const struct conclusion *c = s->conclusion;
	return chain_of(s) != NULL || s->signer != NULL || has_more(c) ||
	       report_is_crypto(c) || (c->has_object && report_xml_has(w, c->object)) ||
	       c->sub == SUB_HASH_FAILURE || c->sub == SUB_TIMESTAMP_ORDER_FAILURE;
}

void report_xml_status(struct report_xml *w, const char *name,
		       const struct report_subject *s)
{
	const struct conclusion *c = s->conclusion;
	const char *sub = subindication_name(c->sub);
	char uri[URI_MAX];
	xmlw_open(&w->x, name);
	xmlw_element(&w->x, "vr:MainIndication", main_uri(c->indication, s->total));
	if (sub != NULL) {
		snprintf(uri, sizeof(uri), SUB_URI "%s", sub);
		xmlw_element(&w->x, "vr:SubIndication", uri);
	}
	if (has_data(w, s)) {
		xmlw_open(&w->x, "vr:AssociatedValidationReportData");
		if (anchor_of(s) != NULL)
			report_xml_refer(w, "vr:TrustAnchor", anchor_of(s)->sha256);
		write_chain(w, s);
		write_related(w, s);
		write_revocation(w, s);
		write_crypto(w, s);
		write_more(w, c);
		xmlw_close(&w->x);
	}
	xmlw_close(&w->x);
}

/* ---- constraints ---- */

static void write_constraint_status(struct report_xml *w,
				    const struct report_constraint *c)
{
	const struct conclusion outcome = {
		.indication = c->holds ? INDICATION_PASSED : INDICATION_FAILED,
		.constraint = CONSTRAINT_COUNT,
	};
	struct conclusion with_text = outcome;
	const struct report_subject s = { .conclusion = &with_text, .signature = -2 };
	snprintf(with_text.text, sizeof(with_text.text), "%s", c->text);
	with_text.clause = c->holds ? NULL : constraint_clause(c->constraint);
	report_xml_status(w, "vr:ValidationStatus", &s);
}

static void write_constraint(struct report_xml *w, const struct report_constraint *c)
{
	const bool disabled = c->level == CONSTRAINT_IGNORE;
	char uri[URI_MAX];
	snprintf(uri, sizeof(uri), CONSTRAINT_URI "%s", constraint_name(c->constraint));
	xmlw_open(&w->x, "vr:ValidationConstraint");
	xmlw_element(&w->x, "vr:ValidationConstraintIdentifier", uri);
	write_typed(w, "vr:ValidationConstraintParameter", CONSTRAINT_URI "level",
		    constraint_level_name(c->level));
	xmlw_open(&w->x, "vr:ConstraintStatus");
	xmlw_element(&w->x, "vr:Status",
		     disabled ? "urn:etsi:019102:constraintStatus:disabled"
			      : "urn:etsi:019102:constraintStatus:applied");
	xmlw_close(&w->x);
	if (!disabled && c->checked)
		write_constraint_status(w, c);
	xmlw_close(&w->x);
}

static void write_policy(struct report_xml *w)
{
	const struct validation_policy *p = w->r->policy;
	struct xmlw *x = &w->x;
	xmlw_open(x, "vr:SignatureValidationPolicy");
	xmlw_open(x, "vr:SignaturePolicyIdentifier");
	xmlw_open(x, "xades:SignaturePolicyId");
	xmlw_open(x, "xades:SigPolicyId");
	xmlw_element(x, "xades:Identifier", p->id);
	xmlw_close(x);
	xmlw_open(x, "xades:SigPolicyHash");
	report_xml_digest(w, DIGEST_SHA256, view_of(p->sha256, 32));
	xmlw_close(x);
	xmlw_close(x);
	xmlw_close(x);
	if (p->description != NULL)
		xmlw_element(x, "vr:PolicyName", p->description);
	xmlw_close(x);
}

static bool is_listed(const struct report_constraint *list, size_t n, enum constraint c)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].constraint == c)
			return true;
	return false;
}

void report_xml_constraints(struct report_xml *w, enum constraint_context context,
			    const struct report_constraint *list, size_t n)
{
	struct report_constraint off = { .level = CONSTRAINT_IGNORE };
	xmlw_open(&w->x, "vr:ValidationConstraintsEvaluationReport");
	write_policy(w);
	for (size_t i = 0; i < n; i++)
		write_constraint(w, &list[i]);
	for (int c = 0; c < CONSTRAINT_COUNT; c++) {
		off.constraint = (enum constraint)c;
		if (report_switched_off(w->r, context, off.constraint) &&
		    !is_listed(list, n, off.constraint))
			write_constraint(w, &off);
	}
	xmlw_close(&w->x);
}
