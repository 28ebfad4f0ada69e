/* SPDX-License-Identifier: Apache-2.0 */
/* report_xml_private - the parts of the XML report. */
#ifndef LTPS_VALIDATION_REPORT_XML_PRIVATE_H
#define LTPS_VALIDATION_REPORT_XML_PRIVATE_H

#include "base/xmlw.h"
#include "formats/xml.h"
#include "validation/report_private.h"

#define REPORT_XML_ID_MAX (DOCUMENT_ID_MAX + 16) /* or "C-" and 64 hex digits */

/* Objects named by their SHA-256; time-stamps and records have ids of the document. */
enum report_object_kind {
	XML_CERT,
	XML_CRL,
	XML_OCSP,
	XML_DATA,
	XML_STAMP,
	XML_RECORD
};

struct report_object {
	enum report_object_kind kind;
	const uint8_t *sha256;
	struct view octets; /* n == 0: not at hand (signed data) */
	const char *id;     /* of a time-stamp or a record; else NULL */
	size_t index;       /* of a time-stamp or a record */
};

struct report_xml {
	struct xmlw x;
	const struct report *r;
	const struct report_frame *f;
	struct report_object *objects; /* sorted by kind and digest, each once */
	size_t n_objects;
	size_t max_objects;
};

/* ---- report_xml_objects.c ---- */

/* Everything that a part of the report may refer to. Free objects with mem_free(). */
int report_xml_collect(struct report_xml *w, struct ltps_error *err) LTPS_CHECKED;
/* By digest, of any kind; NULL when there is none. */
const struct report_object *report_xml_find(const struct report_xml *w,
					    const uint8_t sha256[32]);
void report_xml_object_id(const struct report_object *o, char out[REPORT_XML_ID_MAX]);
/* SignatureValidationObjects. */
void report_xml_objects(struct report_xml *w);
/* An empty element with VOReference; nothing when the object is not in the table. */
void report_xml_refer(struct report_xml *w, const char *name, const uint8_t sha256[32]);
void report_xml_refer_id(struct report_xml *w, const char *name, const char *id);
/*
 * POE, BestSignatureTime: an element of POEType.
 * by  id of the time-stamp or record that proves it; NULL: none of the file
 */
void report_xml_poe(struct report_xml *w, const char *name, int64_t t_ms,
		    const char *by, bool brought);
bool report_xml_has(const struct report_xml *w, const uint8_t sha256[32]);

/* ---- report_xml_status.c ---- */

/* What a status is about, for the report data of tables 5 and 6. */
struct report_subject {
	const struct conclusion *conclusion;
	bool total;                /* of a signature: TOTAL-... */
	const struct cert *signer; /* NULL */
	const struct cert_validation_result *certificate; /* NULL */
	const uint8_t *sha256; /* of the object judged, by report_xml_find() */
	int signature;         /* whose time-stamps are meant; -2: none */
	/* Looked at beside it, where `certificate` does not say who is revoked; NULL */
	const struct cert_validation_result *present;
};
/* SignatureValidationStatus, or ValidationStatus, of this name. */
void report_xml_status(struct report_xml *w, const char *name,
		       const struct report_subject *s);
/* ValidationConstraintsEvaluationReport: the list, and what the policy switches off in
 * this context and the judgement did not get to. */
void report_xml_constraints(struct report_xml *w, enum constraint_context context,
			    const struct report_constraint *list, size_t n);

/* ---- report_xml.c ---- */

/* The nested report of a time-stamp, of an evidence record: content of an element
 * `name` of SignatureValidationReportType. */
void report_xml_stamp(struct report_xml *w, const char *name, size_t index);
void report_xml_record(struct report_xml *w, const char *name, size_t index);
/* ds:DigestMethod and ds:DigestValue; the algorithm must be known. */
void report_xml_digest(struct report_xml *w, enum digest_alg alg, struct view value);

#endif
