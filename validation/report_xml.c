/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_xml - the report of ETSI TS 119 102-2 V1.4.1.
 *
 *   SignatureValidationReport for each signature; in a file that is a time-stamp or has
 *   nothing but records, for those instead
 *   SignatureValidationObjects (report_xml_objects.c), time-stamps and records with
 *   reports of their own
 *   SignatureValidator
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/poe.h"
#include "validation/report_xml_private.h"

#define ATTRIBUTE_URI_MAX (OID_TEXT_MAX + 16)

static const struct xmlw_namespace namespaces[] = {
	{ "vr", "http://uri.etsi.org/19102/v1.4.1#" },
	{ "ds", "http://www.w3.org/2000/09/xmldsig#" },
	{ "xades", "http://uri.etsi.org/01903/v1.3.2#" },
	{ "tsl", "http://uri.etsi.org/02231/v2#" },
};

void report_xml_digest(struct report_xml *w, enum digest_alg alg, struct view value)
{
	xmlw_open(&w->x, "ds:DigestMethod");
	xmlw_attribute(&w->x, "Algorithm", view_text(xml_digest_uri(alg)));
	xmlw_close(&w->x);
	xmlw_element_base64(&w->x, "ds:DigestValue", value);
}

/* ---- SignatureIdentifier ---- */

/* Digest of the data to be signed representation. */
static void write_signed_digest(struct report_xml *w,
				const struct document_signature *d)
{
	struct digest digest;
	if (d->n_octets == 0 || d->digest == DIGEST_NONE ||
	    digest_once(d->digest, d->octets[0], &digest, &w->x.err) != 0)
		return;
	xmlw_open(&w->x, "vr:DigestAlgAndValue");
	report_xml_digest(w, d->digest, digest_view(&digest));
	xmlw_close(&w->x);
}

static void write_identifier(struct report_xml *w, const struct document_signature *d,
			     const char *id)
{
	const struct content *content = w->r->document->content;
	xmlw_open(&w->x, "vr:SignatureIdentifier");
	xmlw_attribute(&w->x, "id", view_text(id));
	write_signed_digest(w, d);
	xmlw_element_base64(&w->x, "ds:SignatureValue", d->value);
	xmlw_element_bool(&w->x, "vr:HashOnly", false);
	xmlw_element_bool(&w->x, "vr:DocHashOnly",
			  content != NULL && content->digests_only);
	if (w->f->file != NULL && d->role != ROLE_TIME_STAMP)
		xmlw_element(&w->x, "vr:DAIdentifier", w->f->file);
	xmlw_close(&w->x);
}

/* ---- ValidationTimeInfo ---- */

/* by: id of the time-stamp or record; NULL: the validation itself, or a proof that was
 * brought. */
static void write_time_info(struct report_xml *w, int64_t best_ms, const char *by,
			    bool brought)
{
	const int64_t now_ms = w->r->time_ms;
	xmlw_open(&w->x, "vr:ValidationTimeInfo");
	xmlw_element_time(&w->x, "vr:ValidationTime", now_ms);
	report_xml_poe(w, "vr:BestSignatureTime",
		       report_has_time(best_ms) ? best_ms : now_ms, by, brought);
	xmlw_close(&w->x);
}

static void write_stamp_time(struct report_xml *w, const struct report_stamp *s)
{
	const struct report *r = w->r;
	const char *by = r->poes != NULL ? poe_source(r->poes, s->stamp->sha256) : NULL;
	write_time_info(w, s->poe_ms, by, report_is_brought(r, s->poe_ms, by));
}

/* ---- SignersDocument ---- */

static const struct document_reference *
signed_reference(const struct document_signature *d)
{
	for (size_t i = 0; i < d->n_references; i++)
		if (d->references[i].alg != DIGEST_NONE && d->references[i].value.n > 0)
			return &d->references[i];
	return NULL;
}

static void write_document(struct report_xml *w, const struct document_signature *d)
{
	const struct document_reference *reference = signed_reference(d);
	struct xmlw *x = &w->x;
	if (reference == NULL && !d->has_content)
		return;
	xmlw_open(x, "vr:SignersDocument");
	xmlw_open(x, "vr:DigestAlgAndValue");
	if (reference != NULL)
		report_xml_digest(w, reference->alg, reference->value);
	else
		report_xml_digest(w, DIGEST_SHA256, view_of(d->content_sha256, 32));
	xmlw_close(x);
	if (d->has_content)
		report_xml_refer(w, "vr:SignersDocumentRepresentation",
				 d->content_sha256);
	xmlw_close(x);
}

/* ---- SignatureAttributes ---- */

static void open_attribute(struct report_xml *w, const char *name, bool is_signed)
{
	xmlw_open(&w->x, name);
	xmlw_attribute(&w->x, "Signed", view_text(is_signed ? "true" : "false"));
}

static void write_signing_certs(struct report_xml *w,
				const struct document_signature *d)
{
	const struct cades_signing_certs *c = &d->signing_certs;
	if (c->n == 0)
		return;
	open_attribute(w, "vr:SigningCertificate", true);
	for (size_t i = 0; i < c->n; i++) {
		if (xml_digest_uri(c->refs[i].alg) == NULL)
			continue;
		xmlw_open(&w->x, "vr:CertID");
		report_xml_digest(w, c->refs[i].alg, c->refs[i].hash);
		xmlw_close(&w->x);
	}
	xmlw_close(&w->x);
}

static void oid_urn(struct view body, char out[ATTRIBUTE_URI_MAX])
{
	char dotted[OID_TEXT_MAX];
	oid_text(body, dotted);
	snprintf(out, ATTRIBUTE_URI_MAX, "urn:oid:%s", dotted);
}

static void write_format(struct report_xml *w, const struct document_signature *d)
{
	char uri[ATTRIBUTE_URI_MAX];
	if (d->content_type_attr.n == 0 && d->claims.mime_type.n == 0)
		return;
	open_attribute(w, "vr:DataObjectFormat", true);
	if (d->content_type_attr.n > 0) {
		oid_urn(d->content_type_attr, uri);
		xmlw_element(&w->x, "vr:ContentType", uri);
	}
	if (d->claims.mime_type.n > 0) {
		xmlw_open(&w->x, "vr:MimeType");
		xmlw_text(&w->x, d->claims.mime_type);
		xmlw_close(&w->x);
	}
	xmlw_close(&w->x);
}

static void write_policy_attribute(struct report_xml *w, const struct cades_policy *p)
{
	char uri[ATTRIBUTE_URI_MAX];
	if (!p->present)
		return;
	snprintf(uri, sizeof(uri), "urn:oid:%s", p->oid);
	open_attribute(w, "vr:SigPolicyIdentifier", true);
	xmlw_element(&w->x, "vr:SigPolicyId",
		     p->implied ? "urn:ltps:report:policy-implied" : uri);
	xmlw_close(&w->x);
}

static void write_signed_attributes(struct report_xml *w,
				    const struct document_signature *d)
{
	char uri[ATTRIBUTE_URI_MAX];
	if (report_has_time(d->claims.signing_time_ms)) {
		open_attribute(w, "vr:SigningTime", true);
		xmlw_element_time(&w->x, "vr:Time", d->claims.signing_time_ms);
		xmlw_close(&w->x);
	}
	write_signing_certs(w, d);
	write_format(w, d);
	for (size_t i = 0; i < d->claims.n_commitments; i++) {
		snprintf(uri, sizeof(uri), "urn:oid:%s", d->claims.commitments[i]);
		open_attribute(w, "vr:CommitmentTypeIndication", true);
		xmlw_element(&w->x, "vr:CommitmentTypeIdentifier", uri);
		xmlw_close(&w->x);
	}
	write_policy_attribute(w, &d->policy);
	for (size_t i = 0; d->has_signed_attrs && i < d->n_references; i++) {
		open_attribute(w, "vr:MessageDigest", true);
		xmlw_element_base64(&w->x, "vr:Digest", d->references[i].value);
		xmlw_close(&w->x);
	}
}

/* The names of annex A for the time-stamps of CAdES and PAdES. */
static const char *stamp_element(const struct document_stamp *d)
{
	switch (d->type) {
	case STAMP_CONTENT:
		return "vr:AllDataObjectsTimeStamp";
	case STAMP_SIGNATURE:
		return "vr:SignatureTimeStamp";
	case STAMP_VALIDATION_DATA:
		return strcmp(d->name, cades_stamp_kind_name(CADES_STAMP_REFS)) == 0
			   ? "vr:RefsOnlyTimeStamp"
			   : "vr:SigAndRefsTimeStamp";
	case STAMP_ARCHIVE:
		return "vr:ArchiveTimeStamp";
	case STAMP_DOCUMENT:
		break;
	}
	return "vr:DocTimeStamp";
}

static void write_stamp_attributes(struct report_xml *w, int signature)
{
	const struct report *r = w->r;
	for (size_t i = report_next_stamp(r, signature, 0); i < r->n_stamps;
	     i = report_next_stamp(r, signature, i + 1)) {
		const struct document_stamp *d = r->stamps[i].stamp;
		if (d->tst == NULL)
			continue;
		open_attribute(w, stamp_element(d), d->type == STAMP_CONTENT);
		report_xml_refer_id(w, "vr:AttributeObject", d->id);
		xmlw_element_time(&w->x, "vr:TimeStampValue", d->tst->gen_time_ms);
		xmlw_close(&w->x);
	}
}

static void write_countersignatures(struct report_xml *w, int signature)
{
	for (size_t i = 0; i < w->r->n_signatures; i++) {
		const struct document_signature *d = w->r->signatures[i].signature;
		if (d->parent != signature)
			continue;
		open_attribute(w, "vr:CounterSignature", false);
		xmlw_open(&w->x, "vr:CounterSignature");
		xmlw_element(&w->x, "vr:DigestMethod", xml_digest_uri(DIGEST_SHA256));
		xmlw_element_base64(&w->x, "vr:DigestValue", view_of(d->sha256, 32));
		xmlw_close(&w->x);
		xmlw_close(&w->x);
	}
}

/* Annex A wants one attribute at least, where the element is there. */
static bool has_attributes(const struct report *r, const struct document_signature *d,
			   int signature)
{
	if (report_has_time(d->claims.signing_time_ms) || d->signing_certs.n > 0 ||
	    d->content_type_attr.n > 0 || d->claims.mime_type.n > 0 ||
	    d->claims.n_commitments > 0 || d->policy.present ||
	    (d->has_signed_attrs && d->n_references > 0))
		return true;
	for (size_t i = 0; signature >= 0 && i < r->n_stamps; i++)
		if (r->stamps[i].stamp->signature == signature &&
		    r->stamps[i].stamp->tst != NULL)
			return true;
	for (size_t i = 0; signature >= 0 && i < r->n_signatures; i++)
		if (r->signatures[i].signature->parent == signature)
			return true;
	return false;
}

/* signature: index, whose time-stamps and countersignatures are told; -1: none */
static void write_attributes(struct report_xml *w, const struct document_signature *d,
			     int signature)
{
	if (!has_attributes(w->r, d, signature))
		return;
	xmlw_open(&w->x, "vr:SignatureAttributes");
	write_signed_attributes(w, d);
	if (signature >= 0) {
		write_stamp_attributes(w, signature);
		write_countersignatures(w, signature);
	}
	xmlw_close(&w->x);
}

/* ---- who, how ---- */

static void write_signer(struct report_xml *w, const struct cert *c)
{
	char name[CERT_TEXT_MAX];
	char id[REPORT_XML_ID_MAX];
	if (c == NULL)
		return;
	const struct report_object *o = report_xml_find(w, c->sha256);
	if (o == NULL)
		return;
	report_xml_object_id(o, id);
	cert_text(c, name);
	xmlw_open(&w->x, "vr:SignerInformation");
	report_xml_refer_id(w, "vr:SignerCertificate", id);
	xmlw_element(&w->x, "vr:Signer", name);
	xmlw_close(&w->x);
}

static void write_process(struct report_xml *w, enum report_process p)
{
	static const char *const uris[] = {
		[PROCESS_BASIC] = "urn:etsi:019102:validationprocess:Basic",
		[PROCESS_LTVM] = "urn:etsi:019102:validationprocess:LTVM",
		[PROCESS_LTA] = "urn:etsi:019102:validationprocess:LTA",
	};
	xmlw_open(&w->x, "vr:SignatureValidationProcess");
	xmlw_element(&w->x, "vr:SignatureValidationProcessID", uris[p]);
	xmlw_close(&w->x);
}

/* ---- one report each ---- */

static void write_signature(struct report_xml *w, size_t i)
{
	const struct report_signature *s = &w->r->signatures[i];
	const struct report_subject subject = {
		.conclusion = &s->conclusion,
		.total = true,
		.signer = s->signing_certificate,
		.certificate = report_chain_of(s),
		.present = s->certificate,
		.signature = (int)i,
	};
	xmlw_open(&w->x, "vr:SignatureValidationReport");
	write_identifier(w, s->signature, s->signature->id);
	report_xml_constraints(w,
			       s->signature->role == ROLE_COUNTERSIGNATURE
				   ? CONTEXT_COUNTERSIGNATURE
				   : CONTEXT_SIGNATURE,
			       s->constraints, s->n_constraints);
	write_time_info(
	    w, s->best_signature_time_ms, s->best_proof,
	    report_is_brought(w->r, s->best_signature_time_ms, s->best_proof));
	write_document(w, s->signature);
	write_attributes(w, s->signature, (int)i);
	write_signer(w, s->signing_certificate);
	write_process(w, s->process);
	report_xml_status(w, "vr:SignatureValidationStatus", &subject);
	xmlw_close(&w->x);
}

void report_xml_stamp(struct report_xml *w, const char *name, size_t index)
{
	const struct report_stamp *s = &w->r->stamps[index];
	const struct document_signature *d = s->stamp->as_signature;
	const struct report_subject subject = {
		.conclusion = &s->conclusion,
		.signer = s->signer,
		.certificate = s->certificate,
		.sha256 = s->stamp->sha256,
		.signature = s->stamp->signature,
	};
	char id[REPORT_XML_ID_MAX];
	snprintf(id, sizeof(id), "%s-signature", s->stamp->id);
	xmlw_open(&w->x, name);
	if (d != NULL)
		write_identifier(w, d, id);
	report_xml_constraints(w, CONTEXT_TIME_STAMP, s->constraints, s->n_constraints);
	write_stamp_time(w, s);
	if (d != NULL)
		write_attributes(w, d, -1);
	write_signer(w, s->signer);
	write_process(w, PROCESS_BASIC);
	report_xml_status(w, "vr:SignatureValidationStatus", &subject);
	xmlw_close(&w->x);
}

void report_xml_record(struct report_xml *w, const char *name, size_t index)
{
	const struct report_record *e = &w->r->records[index];
	const struct report_subject subject = { .conclusion = &e->conclusion,
						.sha256 = e->record->sha256,
						.signature = -2 };
	xmlw_open(&w->x, name);
	write_time_info(w, e->time_ms, NULL, false);
	write_process(w, PROCESS_LTA);
	report_xml_status(w, "vr:SignatureValidationStatus", &subject);
	xmlw_close(&w->x);
}

/* Of a file with nothing to judge: the schema wants one report. */
static void write_nothing(struct report_xml *w)
{
	const struct conclusion c = {
		.indication = INDICATION_INDETERMINATE,
		.sub = SUB_CUSTOM,
		.text = "the file holds no signature, time-stamp or evidence record",
		.constraint = CONSTRAINT_COUNT,
	};
	const struct report_subject subject = { .conclusion = &c, .signature = -2 };
	xmlw_open(&w->x, "vr:SignatureValidationReport");
	report_xml_constraints(w, CONTEXT_SIGNATURE, NULL, 0);
	write_time_info(w, w->r->time_ms, NULL, false);
	report_xml_status(w, "vr:SignatureValidationStatus", &subject);
	xmlw_close(&w->x);
}

/*
 * A time-stamp of the file itself is a signature of its own, and is a validation
 * object too: there its report stands already, so here only its outcome does, by
 * reference.
 */
static void write_file_stamp(struct report_xml *w, size_t i)
{
	const struct report_stamp *s = &w->r->stamps[i];
	const struct report_subject subject = {
		.conclusion = &s->conclusion,
		.signer = s->signer,
		.certificate = s->certificate,
		.sha256 = s->stamp->sha256,
		.signature = -1,
	};
	xmlw_open(&w->x, "vr:SignatureValidationReport");
	report_xml_constraints(w, CONTEXT_TIME_STAMP, s->constraints, s->n_constraints);
	write_stamp_time(w, s);
	write_signer(w, s->signer);
	write_process(w, PROCESS_BASIC);
	report_xml_status(w, "vr:SignatureValidationStatus", &subject);
	xmlw_close(&w->x);
}

static void write_reports(struct report_xml *w)
{
	const struct report *r = w->r;
	size_t written = r->n_signatures;
	for (size_t i = 0; i < r->n_signatures; i++)
		write_signature(w, i);
	for (size_t i = report_next_stamp(r, -1, 0);
	     r->n_signatures == 0 && i < r->n_stamps;
	     i = report_next_stamp(r, -1, i + 1), written++)
		write_file_stamp(w, i);
	for (size_t i = 0; written == 0 && i < r->n_records; i++)
		report_xml_record(w, "vr:SignatureValidationReport", i);
	if (written == 0 && r->n_records == 0)
		write_nothing(w);
}

/* ---- SignatureValidator ---- */

static void write_validator(struct report_xml *w)
{
	struct xmlw *x = &w->x;
	xmlw_open(x, "vr:SignatureValidator");
	xmlw_open(x, "vr:DigitalId");
	if (w->f->signer != NULL) {
		xmlw_element_base64(x, "tsl:X509Certificate", w->f->signer->der);
	} else {
		xmlw_element(x, "tsl:Other",
			     w->f->service != NULL ? w->f->service : "urn:ltps");
	}
	xmlw_close(x);
	xmlw_open(x, "vr:OtherInformation");
	xmlw_text(x, view_text("LTPS "));
	xmlw_text(x, view_text(w->f->version != NULL ? w->f->version : ""));
	if (w->f->service != NULL && w->f->signer != NULL) {
		xmlw_text(x, view_text(" "));
		xmlw_text(x, view_text(w->f->service));
	}
	xmlw_close(x);
	xmlw_close(x);
}

int report_xml(const struct report *r, const struct report_frame *f, struct buf *out,
	       struct ltps_error *err)
{
	struct report_xml w = {
		.x = xmlw_to(out, namespaces,
			     sizeof(namespaces) / sizeof(namespaces[0])),
		.r = r,
		.f = f,
	};
	int rc = report_xml_collect(&w, err);
	if (rc == 0) {
		xmlw_open(&w.x, "vr:ValidationReport");
		write_reports(&w);
		report_xml_objects(&w);
		write_validator(&w);
		xmlw_close(&w.x);
		rc = xmlw_end(&w.x, err);
	}
	mem_free(w.objects);
	return rc;
}
