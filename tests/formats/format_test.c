/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/format.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "formats/cms.h"
#include "formats/xml.h"
#include "formats/zip.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"

static enum format_kind kind(struct view in)
{
	return format_detect(in)->kind;
}

static enum format_kind kind_of(const char *text)
{
	return kind(view_text(text));
}

/* ---- what only looks like something ---- */

Test(format, unknown_bytes_are_octets)
{
	static const char *const plain[] = { "",       "x",   "hello",     "0",  "P",
					     "PK\3\4", "%PD", "{",         "{}", "<",
					     "< a/>",  "<1>", "-----BEGIN" };
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		cr_expect_eq(kind_of(plain[i]), FORMAT_OCTETS, "%s", plain[i]);
	cr_expect_eq(kind(VIEW_NULL), FORMAT_OCTETS);
	cr_expect_eq(kind(view_of("\x30\x80", 2)), FORMAT_OCTETS);
	cr_expect_eq(kind(make_item(1)), FORMAT_OCTETS);
}

Test(format, pdf_header_beyond_the_first_kilobyte_is_octets)
{
	static char text[FORMAT_PDF_HEADER_WITHIN + 16];
	memset(text, 'x', sizeof(text));
	memcpy(text + FORMAT_PDF_HEADER_WITHIN - 4, "%PDF-1.7", 8);
	cr_expect_eq(kind(view_of(text, sizeof(text))), FORMAT_OCTETS);
	memcpy(text + FORMAT_PDF_HEADER_WITHIN - 5, "%PDF-1.7", 8);
	cr_expect_eq(kind(view_of(text, sizeof(text))), FORMAT_PDF);
}

Test(format, cms_with_trailing_bytes_is_octets)
{
	struct make_cms c = make_cms_default();
	struct view in = make_cms_build(&c);
	cr_expect_eq(kind(in), FORMAT_CADES);
	cr_expect_eq(kind(make_joined(in, view_text("x"))), FORMAT_OCTETS);
	cr_expect_eq(kind(view_head(in, in.n - 1)), FORMAT_OCTETS);
}

static struct view algorithms(struct view inner)
{
	return make_el(DER_SEQUENCE, inner);
}

static struct view record(unsigned version, struct view algs, struct view extra)
{
	return make_el(DER_SEQUENCE, make_int(version), algs, extra,
		       make_empty(DER_SEQUENCE));
}

Test(format, what_has_the_outline_of_a_record_is_octets)
{
	struct view oid = make_oid("2.16.840.1.101.3.4.2.1");
	struct view good = algorithms(make_el(DER_SEQUENCE, oid));
	cr_expect_eq(kind(record(1, good, VIEW_NULL)), FORMAT_EVIDENCE_RECORD);
	cr_expect_eq(
	    kind(record(1, good, make_joined(make_el(0xa0, oid), make_el(0xa1, oid)))),
	    FORMAT_EVIDENCE_RECORD);
	cr_expect_eq(kind(record(2, good, VIEW_NULL)), FORMAT_OCTETS);
	/* OneAsymmetricKey has the algorithm at once */
	cr_expect_eq(kind(record(1, algorithms(oid), VIEW_NULL)), FORMAT_OCTETS);
	cr_expect_eq(kind(record(1, good, make_el(0xa2, oid))), FORMAT_OCTETS);
	cr_expect_eq(kind(record(1, good, make_empty(DER_SEQUENCE))), FORMAT_OCTETS);
}

Test(format, pem_of_something_else_is_octets)
{
	cr_expect_eq(
	    kind_of("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----"),
	    FORMAT_OCTETS);
	cr_expect_eq(kind_of("-----BEGIN CMS-----\nAA=="), FORMAT_OCTETS);
	cr_expect_eq(kind_of("x-----BEGIN CMS-----\nAA==\n-----END CMS-----"),
		     FORMAT_OCTETS);
	cr_expect_eq(
	    kind(view_of("\0\n-----BEGIN CMS-----\nAA==\n-----END CMS-----", 44)),
	    FORMAT_OCTETS);
}

Test(format, json_that_is_no_digest_list_is_octets)
{
	cr_expect_eq(kind_of("{\"digAlg\":\"x\"}"), FORMAT_OCTETS);
	cr_expect_eq(kind_of("[{\"digAlg\":1,\"digVal\":[]}]"), FORMAT_OCTETS);
	cr_expect_eq(kind_of("{\"a\":{\"digAlg\":1,\"digVal\":[]}}"), FORMAT_OCTETS);
	cr_expect_eq(kind_of(" {\n \"digAlg\": \"x\", \"digVal\": [] }"),
		     FORMAT_DIGEST_LIST_JSON);
	cr_expect_eq(kind_of("{\"digVal\":[],\"digAlg\":\"x\"}"),
		     FORMAT_DIGEST_LIST_JSON);
}

/* ---- XML ---- */

#define NS_ERS "urn:ietf:params:xml:ns:ers"

Test(format, xml_root_and_signature_decide)
{
	static const struct {
		const char *text;
		enum format_kind kind;
	} cases[] = {
		{ "<a/>", FORMAT_XML },
		{ "\xef\xbb\xbf <?xml version='1.0'?><a/>", FORMAT_OCTETS },
		{ "\xef\xbb\xbf<?xml version='1.0'?><!-- c --><a/>", FORMAT_XML },
		{ "<?xml version='1.0'?><!DOCTYPE a><a/>", FORMAT_XML },
		{ "<!DOCTYPE html><html>", FORMAT_OCTETS },
		{ "<a>not closed", FORMAT_XML },
		{ "<EvidenceRecord xmlns='" NS_ERS "'/>", FORMAT_EVIDENCE_RECORD_XML },
		{ "<e:EvidenceRecord xmlns:e='" NS_ERS "'/>",
		  FORMAT_EVIDENCE_RECORD_XML },
		{ "<EvidenceRecord/>", FORMAT_XML },
		{ "<Signature xmlns='" XML_NS_DSIG "'/>", FORMAT_XADES },
		{ "<Signature/>", FORMAT_XML },
		{ "<a><b><s:Signature xmlns:s='" XML_NS_DSIG "'/></b></a>",
		  FORMAT_XADES },
		{ "<a><b xmlns:s='" XML_NS_DSIG "'><Signature/></b></a>", FORMAT_XML },
		{ "<a b='" XML_NS_DSIG " Signature'/>", FORMAT_XML },
		{ "<DigestList xmlns='http://uri.etsi.org/19512/v1.1.2#'/>",
		  FORMAT_DIGEST_LIST_XML },
		{ "<XAIP xmlns='http://www.bsi.bund.de/tr-esor/xaip'/>", FORMAT_XAIP },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(kind_of(cases[i].text), cases[i].kind, "%s gives %s",
			     cases[i].text,
			     format_detect(view_text(cases[i].text))->name);
	cr_expect_eq(kind(view_of("\xff\xfe<\0a\0/\0>\0", 10)), FORMAT_OCTETS);
}

/* ---- CMS ---- */

Test(format, content_type_tells_a_token_from_a_signature)
{
	struct make_cms c = make_cms_default();
	c.indefinite = true;
	cr_expect_eq(kind(make_cms_build(&c)), FORMAT_CADES);
	c.encap = make_el(DER_SEQUENCE, make_oid(OID_TST_INFO));
	cr_expect_eq(kind(make_cms_build(&c)), FORMAT_TIME_STAMP_TOKEN);
	c.content_type = make_oid("1.2.840.113549.1.7.3");
	cr_expect_eq(kind(make_cms_build(&c)), FORMAT_OCTETS);
}

static struct view pem(const char *label, struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(65536);
	cr_assert_eq(buf_put_fmt(&b, &err, "text\n-----BEGIN %s-----\r\n", label), 0);
	cr_assert_eq(b64_encode(der, &b, &err), 0);
	cr_assert_eq(buf_put_fmt(&b, &err, "\n-----END %s-----\n", label), 0);
	struct view v = make_joined(view_buf(&b), VIEW_NULL);
	buf_free(&b);
	return v;
}

Test(format, pem_of_a_cms_is_found_and_decoded)
{
	static const char *const labels[] = { "CMS", "PKCS7" };
	struct make_cms c = make_cms_default();
	struct view der = make_cms_build(&c);
	for (size_t i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(65536);
		struct view text = pem(labels[i], der);
		cr_expect_eq(kind(text), FORMAT_CADES);
		cr_expect(format_is_pem(text));
		cr_assert_eq(format_pem_decode(text, &b, &err), 0, "%s", err.text);
		cr_expect(view_equal(view_buf(&b), der));
		buf_free(&b);
	}
	cr_expect_not(format_is_pem(der));
}

Test(format, pem_that_is_not_base64_is_refused)
{
	static const char *const bad[] = { "-----BEGIN CMS-----\n*\n-----END CMS-----",
					   "-----BEGIN CMS-----\n\n-----END CMS-----",
					   "no block" };
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(64);
		cr_expect_eq(format_pem_decode(view_text(bad[i]), &b, &err), -1);
		cr_expect_eq(err.code, LTPS_FORMAT);
		buf_free(&b);
	}
}

/* ---- ZIP ---- */

static enum format_kind zip_kind(const char *first, const char *text,
				 const char *second)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(65536);
	struct zip_writer *w = NULL;
	cr_assert_eq(zip_writer_new(zip_sink_buf(&b), 0, &w, &err), 0);
	cr_assert_eq(zip_writer_add(w, view_text(first), view_text(text), &err), 0);
	cr_assert_eq(zip_writer_add(w, view_text(second), VIEW_NULL, &err), 0);
	cr_assert_eq(zip_writer_finish(w, &err), 0);
	zip_writer_free(w);
	enum format_kind k = kind(view_buf(&b));
	buf_free(&b);
	return k;
}

Test(format, mimetype_entry_decides_the_kind_of_container)
{
	static const char e[] = "application/vnd.etsi.asic-e+zip";
	static const char s[] = "application/vnd.etsi.asic-s+zip";
	static const char manifest[] = "META-INF/ASiCEvidenceRecordManifest001.xml";
	cr_expect_eq(zip_kind("a", e, "mimetype"), FORMAT_ZIP);
	cr_expect_eq(zip_kind("mimetype", "text/plain", "a"), FORMAT_ZIP);
	cr_expect_eq(zip_kind("mimetypes", e, "a"), FORMAT_ZIP);
	cr_expect_eq(zip_kind("mimetype", s, manifest), FORMAT_ASIC_S);
	cr_expect_eq(zip_kind("mimetype", e, "META-INF/ASiCManifest.xml"),
		     FORMAT_ASIC_E);
	cr_expect_eq(zip_kind("mimetype", e, "ASiCEvidenceRecordManifest.xml"),
		     FORMAT_ASIC_E);
	cr_expect_eq(zip_kind("mimetype", e, manifest), FORMAT_ASIC_ERS);
}

/* ---- PDF ---- */

Test(format, byte_range_tells_a_signed_pdf)
{
	cr_expect_eq(kind_of("%PDF-1.7\n1 0 obj"), FORMAT_PDF);
	cr_expect_eq(kind_of("junk\n%PDF-1.7\n<< /ByteRange [0 1 2 3] >>"),
		     FORMAT_PADES);
	cr_expect_eq(kind_of("<< /ByteRange [0 1 2 3] >>"), FORMAT_OCTETS);
}

/* ---- table ---- */

Test(format, every_kind_has_a_row_and_every_uri_finds_one)
{
	for (int i = 0; i < FORMAT_KIND_COUNT; i++) {
		const struct format *f = format_by_kind((enum format_kind)i);
		cr_assert_not_null(f);
		cr_expect_eq((int)f->kind, i);
		cr_expect_not_null(f->name);
		cr_expect_not_null(f->mime);
		if (f->uri != NULL)
			cr_expect_str_eq(format_by_uri(view_text(f->uri))->uri, f->uri);
	}
	cr_expect_null(format_by_kind(FORMAT_KIND_COUNT));
	cr_expect_null(format_by_kind((enum format_kind) - 1));
	cr_expect_null(format_by_uri(view_text("http://uri.etsi.org/ades/CAdES/")));
	cr_expect_null(format_by_uri(VIEW_NULL));
	cr_expect_eq(format_by_uri(view_text("urn:ietf:rfc:4998"))->kind,
		     FORMAT_EVIDENCE_RECORD);
}

Test(format, claimed_format_must_not_contradict_the_bytes)
{
	const struct format *pades = format_by_kind(FORMAT_PADES);
	const struct format *pdf = format_by_kind(FORMAT_PDF);
	const struct format *cades = format_by_kind(FORMAT_CADES);
	const struct format *token = format_by_kind(FORMAT_TIME_STAMP_TOKEN);
	const struct format *octets = format_by_kind(FORMAT_OCTETS);
	cr_expect_not(format_agrees(pades, pdf));
	cr_expect_not(format_agrees(pades, octets));
	cr_expect_not(format_agrees(cades, pades));
	cr_expect_not(format_agrees(token, cades));
	cr_expect(format_agrees(pades, pades));
	cr_expect(format_agrees(pdf, pades));
	cr_expect(format_agrees(cades, token));
	cr_expect(format_agrees(octets, pades));
	cr_expect(format_agrees(
	    format_by_uri(view_text("http://uri.etsi.org/19512/format/DigestList")),
	    format_by_kind(FORMAT_DIGEST_LIST_XML)));
	cr_expect(format_agrees(format_by_kind(FORMAT_ASIC_E),
				format_by_kind(FORMAT_ASIC_ERS)));
}

/* ---- corpus ---- */

static bool ends(const char *path, const char *end)
{
	size_t n = strlen(path), k = strlen(end);
	return n >= k && strcmp(path + n - k, end) == 0;
}

static void visit(const char *path, struct view bytes, void *arg)
{
	size_t *wrong = arg;
	enum format_kind k = kind(bytes);
	bool good = true;
	if (strstr(path, "malformed") != NULL)
		good = k == FORMAT_OCTETS;
	else if (ends(path, ".pdf"))
		good = k == FORMAT_PDF || k == FORMAT_PADES;
	else if (ends(path, ".p7m") || ends(path, ".p7s") || ends(path, ".p7c"))
		good = k == FORMAT_CADES;
	else if (ends(path, ".tst") || ends(path, ".tsr"))
		good = k == FORMAT_TIME_STAMP_TOKEN;
	else if (ends(path, ".ers") || ends(path, ".er"))
		good = k == FORMAT_EVIDENCE_RECORD;
	else if (ends(path, ".cer") || ends(path, ".crt") || ends(path, ".crl") ||
		 ends(path, ".png"))
		good = k == FORMAT_OCTETS;
	else if (strstr(path, "/rfc6283/er-") != NULL)
		good = k == FORMAT_EVIDENCE_RECORD_XML || strstr(path, "within-xades");
	cr_expect(good, "%s is %s", path, format_by_kind(k)->name);
	*wrong += !good;
}

Test(format, corpus_files_are_what_their_names_say)
{
	size_t wrong = 0;
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	corpus_walk("cades", visit, &wrong);
	corpus_walk("tokens", visit, &wrong);
	corpus_walk("ers", visit, &wrong);
	corpus_walk("pades", visit, &wrong);
	cr_expect_eq(wrong, 0);
}
