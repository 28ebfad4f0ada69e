/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format - what a file looks like, by its bytes alone. A guess that steers;
 * it proves nothing, and the parser of the format may still refuse the file.
 */
#ifndef LTPS_FORMATS_FORMAT_H
#define LTPS_FORMATS_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

#define FORMAT_PDF_HEADER_WITHIN 1024       /* where readers look for %PDF- */
#define FORMAT_XML_ROOT_WITHIN 65536        /* comments and so on before the root */
#define FORMAT_XML_LOOK ((size_t)64 << 20)  /* how far a signature is looked for */
#define FORMAT_PDF_LOOK ((size_t)512 << 20) /* the same in a PDF */
#define FORMAT_JSON_LOOK 65536              /* where a digest list's keys must be */

/* Values may be stored: never renumber. */
enum format_kind {
	FORMAT_OCTETS = 0,
	FORMAT_PDF = 1,   /* without a signature */
	FORMAT_PADES = 2, /* PDF with a /ByteRange */
	FORMAT_CADES = 3, /* CMS SignedData, BER, DER or PEM */
	FORMAT_TIME_STAMP_TOKEN = 4,
	FORMAT_EVIDENCE_RECORD = 5,     /* RFC 4998 */
	FORMAT_EVIDENCE_RECORD_XML = 6, /* RFC 6283 */
	FORMAT_XML = 7,
	FORMAT_XADES = 8, /* XML with a ds:Signature in it */
	FORMAT_ZIP = 9,
	FORMAT_ASIC_E = 10,
	FORMAT_ASIC_S = 11,
	FORMAT_ASIC_ERS = 12, /* ASiC-E with an ASiCEvidenceRecordManifest */
	FORMAT_DIGEST_LIST_JSON = 13,
	FORMAT_DIGEST_LIST_XML = 14,
	FORMAT_XAIP = 15,
	/* Never detected; names of evidence that lives inside another format. */
	FORMAT_CADES_ATS3 = 16,
	FORMAT_CADES_ER = 17,
	FORMAT_XADES_ATS = 18,
	FORMAT_PADES_DTS = 19,
	FORMAT_KIND_COUNT
};

/* Static; all text is constant. */
struct format {
	enum format_kind kind;
	const char *name; /* "PAdES" */
	const char *uri;  /* format id of TS 119 512 Annex A; NULL: plain data */
	const char *mime;
	const char *pronom; /* PRONOM identifier when certain, or NULL */
};

/* format_detect - never NULL; anything unknown is FORMAT_OCTETS. */
const struct format *format_detect(struct view in);
/* NULL for a value out of range. */
const struct format *format_by_kind(enum format_kind kind);
/*
 * format_by_uri - by TS 119 512 format id; the spellings that others use
 * ("urn:ietf:rfc:4998") are accepted. NULL when unknown.
 */
const struct format *format_by_uri(struct view uri);
/*
 * format_agrees - whether a file detected as `detected` may be submitted under
 * the format id of `claimed`: the same kind, or a narrower one (an ASiC-ERS is
 * an ASiC-E, a time-stamp token is a CMS).
 */
bool format_agrees(const struct format *claimed, const struct format *detected);

/* Whether the bytes are PEM text holding a CMS ("CMS" or "PKCS7"). */
bool format_is_pem(struct view in);
/*
 * format_pem_decode - the DER inside the first CMS or PKCS7 block.
 * out    appended to
 * Fails: FORMAT (object), TOO_LARGE, NOMEM
 * Spec:  RFC 7468 8, 9
 */
int format_pem_decode(struct view in, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
