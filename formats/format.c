/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/format.h"

#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "formats/asic.h"
#include "formats/asic_names.h"
#include "formats/cms.h"
#include "formats/xml.h"
#include "formats/zip.h"
#include "formats/zip_layout.h"

#define NS_ERS_XML "urn:ietf:params:xml:ns:ers" /* RFC 6283 3.1.1 */
#define NS_PRES "http://uri.etsi.org/19512/v1.1.2#"
#define NS_XAIP "http://www.bsi.bund.de/tr-esor/xaip"
#define URI_DIGEST_LIST "http://uri.etsi.org/19512/format/DigestList"
#define UTF8_BOM "\xef\xbb\xbf"

/* TS 119 512 Annex A; PRONOM only where the identifier is certain. */
static const struct format formats[FORMAT_KIND_COUNT] = {
	{ FORMAT_OCTETS, "octets", NULL, "application/octet-stream", NULL },
	{ FORMAT_PDF, "PDF", NULL, "application/pdf", NULL },
	{ FORMAT_PADES, "PAdES", "http://uri.etsi.org/ades/PAdES", "application/pdf",
	  NULL },
	{ FORMAT_CADES, "CAdES", "http://uri.etsi.org/ades/CAdES", "application/cms",
	  NULL },
	{ FORMAT_TIME_STAMP_TOKEN, "time-stamp token",
	  "urn:ietf:rfc:3161:TimeStampToken", "application/vnd.etsi.timestamp-token",
	  NULL },
	{ FORMAT_EVIDENCE_RECORD, "evidence record", "urn:ietf:rfc:4998:EvidenceRecord",
	  "application/octet-stream", NULL },
	{ FORMAT_EVIDENCE_RECORD_XML, "XML evidence record",
	  "urn:ietf:rfc:6283:EvidenceRecord", "application/xml", NULL },
	{ FORMAT_XML, "XML", NULL, "application/xml", "fmt/101" },
	{ FORMAT_XADES, "XAdES", "http://uri.etsi.org/ades/XAdES", "application/xml",
	  NULL },
	{ FORMAT_ZIP, "ZIP", NULL, "application/zip", "x-fmt/263" },
	{ FORMAT_ASIC_E, "ASiC-E", "http://uri.etsi.org/ades/ASiC/type/ASiC-E",
	  ASIC_MIMETYPE_E, NULL },
	{ FORMAT_ASIC_S, "ASiC-S", "http://uri.etsi.org/ades/ASiC/type/ASiC-S",
	  ASIC_MIMETYPE_S, NULL },
	{ FORMAT_ASIC_ERS, "ASiC-ERS", "http://uri.etsi.org/ades/ASiC/type/ASiC-ERS",
	  ASIC_MIMETYPE_E, NULL },
	{ FORMAT_DIGEST_LIST_JSON, "DigestList", URI_DIGEST_LIST, "application/json",
	  NULL },
	{ FORMAT_DIGEST_LIST_XML, "DigestList", URI_DIGEST_LIST, "application/xml",
	  NULL },
	{ FORMAT_XAIP, "XAIP", "http://www.bsi.bund.de/tr-esor/xaip/1.3",
	  "application/xml", NULL },
	{ FORMAT_CADES_ATS3, "CAdES archive-time-stamp-v3",
	  "http://uri.etsi.org/ades/CAdES/archive-time-stamp-v3", "application/cms",
	  NULL },
	{ FORMAT_CADES_ER, "CAdES with evidence record",
	  "http://uri.etsi.org/ades/CAdES/EvidenceRecord", "application/cms", NULL },
	{ FORMAT_XADES_ATS, "XAdES archive time-stamp",
	  "http://uri.etsi.org/ades/XAdES/ArchiveTimeStamp", "application/xml", NULL },
	{ FORMAT_PADES_DTS, "PAdES document time-stamp",
	  "http://uri.etsi.org/ades/PAdES/document-time-stamp", "application/pdf",
	  NULL },
};

/* Other spellings that profiles and clients use. */
static const struct {
	const char *uri;
	enum format_kind kind;
} aliases[] = {
	{ "urn:ietf:rfc:3161", FORMAT_TIME_STAMP_TOKEN },
	{ "urn:ietf:rfc:4998", FORMAT_EVIDENCE_RECORD },
	{ "urn:ietf:rfc:6283", FORMAT_EVIDENCE_RECORD_XML },
	{ "http://www.bsi.bund.de/tr-esor/xaip/1.2", FORMAT_XAIP },
};

const struct format *format_by_kind(enum format_kind kind)
{
	return (unsigned)kind < FORMAT_KIND_COUNT ? &formats[kind] : NULL;
}

const struct format *format_by_uri(struct view uri)
{
	for (size_t i = 0; i < FORMAT_KIND_COUNT; i++) {
		if (formats[i].uri != NULL && view_is_text(uri, formats[i].uri))
			return &formats[i];
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (view_is_text(uri, aliases[i].uri))
			return &formats[aliases[i].kind];
	}
	return NULL;
}

bool format_agrees(const struct format *claimed, const struct format *detected)
{
	enum format_kind d = detected->kind;

	if (claimed->kind == d || claimed->kind == FORMAT_OCTETS)
		return true;
	switch (claimed->kind) {
	case FORMAT_PDF:
	case FORMAT_PADES_DTS:
		return d == FORMAT_PADES;
	case FORMAT_CADES:
		return d == FORMAT_TIME_STAMP_TOKEN;
	case FORMAT_CADES_ATS3:
	case FORMAT_CADES_ER:
		return d == FORMAT_CADES;
	case FORMAT_XADES_ATS:
		return d == FORMAT_XADES;
	case FORMAT_XADES: /* the signature may be deeper than we look */
		return d == FORMAT_XML || d == FORMAT_XAIP;
	case FORMAT_XML:
		return d == FORMAT_XADES || d == FORMAT_XAIP ||
		       d == FORMAT_EVIDENCE_RECORD_XML || d == FORMAT_DIGEST_LIST_XML;
	case FORMAT_ZIP:
		return d == FORMAT_ASIC_E || d == FORMAT_ASIC_S || d == FORMAT_ASIC_ERS;
	case FORMAT_ASIC_E:
		return d == FORMAT_ASIC_ERS;
	case FORMAT_DIGEST_LIST_JSON: /* one format id for both */
		return d == FORMAT_DIGEST_LIST_XML;
	default:
		return false;
	}
}

static bool holds(struct view v, const char *s)
{
	struct view t = view_text(s);
	return v.n >= t.n && memmem(v.p, v.n, t.p, t.n) != NULL;
}

/* ---- PDF ---- */

static enum format_kind look_pdf(struct view in)
{
	if (!holds(view_head(in, FORMAT_PDF_HEADER_WITHIN), "%PDF-"))
		return FORMAT_OCTETS;
	/* A signature dictionary cannot hide in an object stream: its /Contents
	 * is addressed by offset in the file. */
	return holds(view_head(in, FORMAT_PDF_LOOK), "/ByteRange") ? FORMAT_PADES
								   : FORMAT_PDF;
}

/* ---- ASN.1 ---- */

static bool next_is(struct view *c, enum asn1_class cls, uint32_t number, struct tlv *t)
{
	struct ltps_error unread = LTPS_ERROR_INIT;
	return tlv_next(c, t, &unread) == 0 && tlv_is(t, cls, number);
}

static bool next_universal(struct view *c, uint32_t number, struct tlv *t)
{
	return next_is(c, ASN1_UNIVERSAL, number, t);
}

/* eContentType inside a SignedData tells a token from other signatures. */
static enum format_kind look_cms(struct view body)
{
	struct tlv t;

	if (!next_is(&body, ASN1_CONTEXT, 0, &t))
		return FORMAT_OCTETS;
	struct view c = t.body;
	if (!next_universal(&c, ASN1_TAG_SEQUENCE, &t))
		return FORMAT_OCTETS;
	c = t.body;
	if (!next_universal(&c, ASN1_TAG_INTEGER, &t) ||
	    !next_universal(&c, ASN1_TAG_SET, &t) ||
	    !next_universal(&c, ASN1_TAG_SEQUENCE, &t))
		return FORMAT_OCTETS;
	c = t.body;
	if (!next_universal(&c, ASN1_TAG_OID, &t))
		return FORMAT_OCTETS;
	return oid_is(t.body, OID_TST_INFO) ? FORMAT_TIME_STAMP_TOKEN : FORMAT_CADES;
}

/* RFC 4998 3.1: version 1, digestAlgorithms, [0], [1], sequence, no more */
static enum format_kind look_record(struct view c)
{
	struct tlv t;

	if (!next_universal(&c, ASN1_TAG_INTEGER, &t) || t.body.n != 1 ||
	    t.body.p[0] != 1 || !next_universal(&c, ASN1_TAG_SEQUENCE, &t))
		return FORMAT_OCTETS;
	/* SEQUENCE OF AlgorithmIdentifier; a private key has the OID at once */
	struct view algs = t.body;
	if (!next_universal(&algs, ASN1_TAG_SEQUENCE, &t))
		return FORMAT_OCTETS;
	struct view alg = t.body;
	if (!next_universal(&alg, ASN1_TAG_OID, &t))
		return FORMAT_OCTETS;
	for (uint32_t number = 0; number < 2; number++) {
		struct view before = c;
		if (!next_is(&c, ASN1_CONTEXT, number, &t))
			c = before;
	}
	return next_universal(&c, ASN1_TAG_SEQUENCE, &t) && c.n == 0
		   ? FORMAT_EVIDENCE_RECORD
		   : FORMAT_OCTETS;
}

static enum format_kind look_asn1(struct view in)
{
	struct ltps_error unread = LTPS_ERROR_INIT;
	struct tlv t;

	if (in.n == 0 || in.p[0] != DER_SEQUENCE || tlv_only(in, &t, &unread) != 0)
		return FORMAT_OCTETS;
	struct view c = t.body;
	struct tlv first;
	if (next_universal(&c, ASN1_TAG_OID, &first))
		return oid_is(first.body, OID_SIGNED_DATA) ? look_cms(c)
							   : FORMAT_OCTETS;
	return look_record(t.body);
}

/* ---- PEM ---- */

static const char *const pem_labels[] = { "CMS", "PKCS7" };

/* Base64 text between the two lines of the first block; n == 0: none. */
static struct view pem_body(struct view in, const char *label)
{
	char begin[40], end[40];
	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	snprintf(end, sizeof(end), "-----END %s-----", label);
	struct view b = view_text(begin), e = view_text(end);
	const uint8_t *from = in.n > 0 ? memmem(in.p, in.n, b.p, b.n) : NULL;

	if (from == NULL || (from != in.p && from[-1] != '\n'))
		return VIEW_NULL;
	struct view rest = view_skip(in, (size_t)(from - in.p) + b.n);
	const uint8_t *to = rest.n > 0 ? memmem(rest.p, rest.n, e.p, e.n) : NULL;
	return to != NULL ? view_head(rest, (size_t)(to - rest.p)) : VIEW_NULL;
}

static struct view find_pem(struct view in)
{
	for (size_t i = 0; i < sizeof(pem_labels) / sizeof(pem_labels[0]); i++) {
		struct view body = pem_body(in, pem_labels[i]);
		if (body.n > 0)
			return body;
	}
	return VIEW_NULL;
}

bool format_is_pem(struct view in)
{
	/* Explanatory text may stand before a block (RFC 7468 2), not binary. */
	struct view head = view_head(in, FORMAT_PDF_HEADER_WITHIN);
	return (head.n == 0 || memchr(head.p, 0, head.n) == NULL) && find_pem(in).n > 0;
}

int format_pem_decode(struct view in, struct buf *out, struct ltps_error *err)
{
	struct view body = find_pem(in);
	struct buf text = buf_make(body.n);
	struct ltps_error bad = LTPS_ERROR_INIT;
	size_t n = 0;
	int rc = -1;

	if (body.n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 7468 8",
				 "no CMS or PKCS7 block");
	if (buf_reserve(&text, body.n, err) != 0)
		goto out;
	for (size_t i = 0; i < body.n; i++) {
		uint8_t c = body.p[i];
		if (c != '\n' && c != '\r' && c != ' ' && c != '\t')
			text.p[text.n++] = c;
	}
	if (b64_decode_in_place(text.p, text.n, false, &n, &bad) != 0 || n == 0) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 7468 3",
			  "PEM block is not base64");
		goto out;
	}
	rc = buf_put(out, view_of(text.p, n), err);
out:
	buf_free(&text);
	return rc;
}

static enum format_kind look_pem(struct view in)
{
	return format_is_pem(in) ? FORMAT_CADES : FORMAT_OCTETS;
}

/* ---- XML ---- */

static bool starts_like_xml(struct view in)
{
	struct view head = view_head(in, FORMAT_XML_ROOT_WITHIN);
	static const char utf16[2][4] = { { '\xff', '\xfe', '<', 0 },
					  { '\xfe', '\xff', 0, '<' } };

	for (int i = 0; i < 2; i++) {
		if (view_starts(head, view_of(utf16[i], 4)))
			return true;
	}
	if (view_starts(head, view_text(UTF8_BOM)))
		head = view_skip(head, 3);
	while (head.n > 0 && memchr(" \t\r\n", head.p[0], 4) != NULL)
		head = view_skip(head, 1);
	if (head.n < 2 || head.p[0] != '<')
		return false;
	uint8_t c = head.p[1], lower = c | 0x20;
	return c == '?' || c == '!' || c == '_' || c >= 0x80 ||
	       (lower >= 'a' && lower <= 'z');
}

static enum format_kind root_kind(const struct xml_reader *r)
{
	if (xml_is(r, NS_ERS_XML, "EvidenceRecord"))
		return FORMAT_EVIDENCE_RECORD_XML;
	if (xml_is(r, NS_PRES, "DigestList"))
		return FORMAT_DIGEST_LIST_XML;
	if (xml_is(r, NS_XAIP, "XAIP"))
		return FORMAT_XAIP;
	return xml_is(r, XML_NS_DSIG, "Signature") ? FORMAT_XADES : FORMAT_XML;
}

/* Whether a ds:Signature follows before the reader stops. */
static bool has_signature(struct xml_reader *r)
{
	struct ltps_error unread = LTPS_ERROR_INIT;
	enum xml_event event = XML_START;

	while (event != XML_DONE) {
		if (xml_next(r, &event, &unread) != 0)
			return false;
		if (event == XML_START && xml_is(r, XML_NS_DSIG, "Signature"))
			return true;
	}
	return false;
}

static enum format_kind look_xml(struct view in)
{
	struct ltps_error unread = LTPS_ERROR_INIT;
	enum format_kind kind = FORMAT_XML;
	enum xml_event event;
	struct xml_reader *r = NULL;

	if (!starts_like_xml(in))
		return FORMAT_OCTETS;
	/* Out of memory or refused by the reader: still XML by its looks, when it
	 * has a declaration. */
	kind = holds(view_head(in, 8), "<?xml") ? FORMAT_XML : FORMAT_OCTETS;
	if (xml_open(view_head(in, FORMAT_XML_LOOK), &r, &unread) != 0)
		return kind;
	if (xml_next(r, &event, &unread) == 0 && event == XML_START) {
		kind = root_kind(r);
		if (kind == FORMAT_XML && has_signature(r))
			kind = FORMAT_XADES;
	}
	xml_close(r);
	return kind;
}

/* ---- ZIP ---- */

/* The contents of a first, stored entry "mimetype"; n == 0 when it is not. */
static struct view zip_mimetype(struct view in)
{
	static const char name[] = ASIC_MIMETYPE_NAME;

	if (in.n < ZIP_LOCAL_LEN || get16(in.p + 8) != ZIP_STORED ||
	    get16(in.p + 26) != sizeof(name) - 1)
		return VIEW_NULL;
	size_t extra = get16(in.p + 28), size = get32(in.p + 18);
	struct view rest = view_skip(in, ZIP_LOCAL_LEN);
	if (!view_starts(rest, view_text(name)))
		return VIEW_NULL;
	rest = view_skip(rest, sizeof(name) - 1 + extra);
	return size <= 256 ? view_head(rest, size) : VIEW_NULL;
}

static bool has_record_manifest(struct view in)
{
	struct ltps_error unread = LTPS_ERROR_INIT;
	struct zip *z = NULL;
	bool found = false;

	if (zip_open(in, &z, &unread) != 0)
		return false;
	for (size_t i = 0; i < z->n && !found; i++)
		found = asic_is_record_manifest(z->entries[i].name);
	zip_free(z);
	return found;
}

static enum format_kind look_zip(struct view in)
{
	uint32_t sig = in.n >= ZIP_END_LEN ? get32(in.p) : 0;

	if (sig != ZIP_LOCAL_SIG && sig != ZIP_END_SIG)
		return FORMAT_OCTETS;
	struct view type = zip_mimetype(in);
	if (view_is_text(type, ASIC_MIMETYPE_S))
		return FORMAT_ASIC_S;
	if (!view_is_text(type, ASIC_MIMETYPE_E))
		return FORMAT_ZIP;
	return has_record_manifest(in) ? FORMAT_ASIC_ERS : FORMAT_ASIC_E;
}

/* ---- JSON ---- */

/* TS 119 512 5.6.1: an object with digAlg and digVal, at the front. */
static enum format_kind look_json(struct view in)
{
	struct view head = view_head(in, FORMAT_JSON_LOOK);

	while (head.n > 0 && memchr(" \t\r\n", head.p[0], 4) != NULL)
		head = view_skip(head, 1);
	if (head.n == 0 || head.p[0] != '{' || !holds(head, "\"digAlg\"") ||
	    !holds(head, "\"digVal\""))
		return FORMAT_OCTETS;
	/* The first key must be one of the list's own. */
	head = view_skip(head, 1);
	while (head.n > 0 && memchr(" \t\r\n", head.p[0], 4) != NULL)
		head = view_skip(head, 1);
	static const char *const keys[] = { "\"digAlg\"", "\"digVal\"", "\"ev\"" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (view_starts(head, view_text(keys[i])))
			return FORMAT_DIGEST_LIST_JSON;
	}
	return FORMAT_OCTETS;
}

const struct format *format_detect(struct view in)
{
	/* Exact marks first; a PDF header may stand behind foreign bytes. */
	static enum format_kind (*const looks[])(struct view) = {
		look_asn1, look_zip, look_xml, look_json, look_pem, look_pdf,
	};

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		enum format_kind kind = looks[i](in);
		if (kind != FORMAT_OCTETS)
			return &formats[kind];
	}
	return &formats[FORMAT_OCTETS];
}
