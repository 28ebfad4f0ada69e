/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real PDFs: what is read of each, pinned; and the facts that others recorded about
 * them (expected.tsv), with the places where we differ and why.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/test_time.h"
#include "validation/document.h"

#define DIR "pades/validation/"

/*
 * signatures: of each a match of message-digest (+ - ?, 0 without signed attributes),
 * the level of its structure (n B T L A), ! where the format is broken. stamps: of each
 * its kind (c content, s signature, v validation data, d document), its imprint, !.
 */
struct row {
	const char *file;
	const char *signatures;
	const char *stamps;
	const char *profile; /* of the first signature */
};

static const struct row rows[] = {
	{ "pades/protected/edition_protected_none.pdf", "", "", NULL },
	{ "pades/protected/edition_protected_signing_allowed_no_field.pdf", "", "",
	  NULL },
	{ "pades/protected/edition_protected_signing_allowed_with_field.pdf", "", "",
	  NULL },
	{ "pades/protected/edition_protected_signing_allowed_with_field_signed.pdf",
	  "+n", "s+", "PKCS7-T" },
	{ "pades/protected/restricted_fields.pdf", "", "", NULL },
	{ DIR "AD-RB.pdf", "+n+n", "s+", "PDF" },
	{ DIR "BadEncodedCMS.pdf", "+n", "s+", "PAdES-BES" },
	{ DIR "DSS-1683.pdf", "0n", "", "PDF" },
	{ DIR "DSS-1983.pdf", "+A", "s+d+", "PAdES-BASELINE-LTA" },
	{ DIR "DSS-2025.pdf", "+n", "", "PKCS7-B" },
	{ DIR "DSS-2155.pdf", "+n!", "s+", "PKCS7-T" },
	{ DIR "DSS-3226.pdf", "+B+B", "", "PAdES-BASELINE-B" },
	{ DIR "Signature-P-BG_BOR-1.pdf", "+n", "s+", "PKCS7-T" },
	{ DIR "Signature-P-DE_SCI-4.pdf", "+A", "s+d+", "PAdES-BASELINE-LTA" },
	{ DIR "Signature-P-FR_CS-5.pdf", "+n", "s+d+d+", "PAdES-LTV" },
	{ DIR "Signature-P-HU_MIC-3.pdf", "+A", "s+d+", "PAdES-BASELINE-LTA" },
	{ DIR "Signature-P-HU_NET-2.pdf", "?n", "s+", "PKCS7-T" },
	{ DIR "Signature-P-HU_POL-3.pdf", "+A", "s+d+", "PAdES-BASELINE-LTA" },
	{ DIR "Signature-P-HU_POL-7.pdf", "+A+A", "s+s+d+d+", "PAdES-BASELINE-LTA" },
	{ DIR "TEST2_signed_with_zero_policy_hash.pdf", "+L", "s+",
	  "PAdES-BASELINE-LT" },
	{ DIR "Test.signed_Certipost-2048-SHA512.extended-LTA.pdf", "+A", "d+d+",
	  "PAdES-BASELINE-LTA" },
	{ DIR "TestToSignPDFSHA256_TST_SIG_NOT_FOUND.pdf", "+T", "s+",
	  "PAdES-BASELINE-T" },
	{ DIR "adbe_ocsp_signed.pdf", "+n", "", "PKCS7-B" },
	{ DIR "belgian_pki_multiple_ocsps.pdf", "+A", "s+d+", "PAdES-BASELINE-LTA" },
	{ DIR "doc-firmado-LT.pdf", "+L", "s+", "PAdES-BASELINE-LT" },
	{ DIR "doc-firmado-T.pdf", "+T", "s+", "PAdES-BASELINE-T" },
	{ DIR "dss-1376/DSS1376-rev_n-2.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "dss-1420/PAdES-BpB-att-SHA256-SHA3_224withRSA.pdf", "+n", "",
	  "PAdES-BES" },
	{ DIR
	  "dss-1696/Test.signed_Certipost-2048-SHA512.extended.extended-2019-07-02.pdf",
	  "+A", "d+d+d+", "PAdES-BASELINE-LTA" },
	{ DIR "dss-1696/Test.signed_Certipost-2048-SHA512.extended.pdf", "+A", "d+d+",
	  "PAdES-BASELINE-LTA" },
	{ DIR "dss-1959/pades-tst-with-orphan-refs.pdf", "+A+A", "s+s+d+d+",
	  "PAdES-BASELINE-LTA" },
	{ DIR "dss-2236/hide.pdf", "+n", "", "PKCS7-B" },
	{ DIR "dss-2554/certified-changes-permitted.pdf", "+B", "",
	  "PAdES-BASELINE-B" },
	{ DIR "dss-2554/certified-no-change-permitted.pdf", "+T", "s+",
	  "PAdES-BASELINE-T" },
	{ DIR "dss-2554/fieldmdp-exclude-signed.pdf", "+L", "s+", "PAdES-BASELINE-LT" },
	{ DIR "dss-2554/fieldmdp-include.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "dss-818/Signature-P-DE_CRY-2 (HASH_FAILURE).pdf", "+n", "",
	  "PAdES-BES" },
	{ DIR "dss-PLAIN-ECDSA/TeleSec_PKS_eIDAS_QES_CA_1-baseline-b.pdf", "+n", "",
	  "PKCS7-B" },
	{ DIR "encrypted.pdf", "+n", "", "PKCS7-B" },
	{ DIR "evidence-record/Signature-P-B-7da49953-d837-4f0b-8f38-aa5aa4181e3c.pdf",
	  "+B", "", "PAdES-BASELINE-B" },
	{ DIR "evidence-record/Signature-P-LT-ef971596-8f2e-407d-a413-aae9cb9b8e4a.pdf",
	  "+L", "d+", "PAdES-BASELINE-LT" },
	{ DIR "hello_signed_INCSAVE_signed.pdf", "+B+B", "", "PAdES-BASELINE-B" },
	{ DIR "hello_signed_INCSAVE_signed_EDITED.pdf", "+B-n!", "",
	  "PAdES-BASELINE-B" },
	{ DIR "modified_after_signature.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "pades-5-signatures-and-1-document-timestamp.pdf", "", "d+!", NULL },
	{ DIR "pades-enveloping-empty-bytes-cms.pdf", "+n!", "s+", "PDF" },
	{ DIR "pades-level-b-sig-policy-invalid-digest-algo.pdf", "+B", "",
	  "PAdES-BASELINE-B" },
	{ DIR "pades-lt-extended-dss.pdf", "+L+L", "s+d+", "PAdES-BASELINE-LT" },
	{ DIR "pades-ltv-with-reason.pdf", "+n", "d+d+", "PAdES-LTV" },
	{ DIR "pades-t-duplicated-doctst.pdf", "+L", "d+d-", "PAdES-BASELINE-LT" },
	{ DIR "pades-t-level-extended.pdf", "+T", "d+", "PAdES-BASELINE-T" },
	{ DIR "pades-tst-with-null-type.pdf", "+L", "s+d+!", "PAdES-BASELINE-LT" },
	{ DIR "pades-tst-with-sig-type.pdf", "+L", "s+d+!", "PAdES-BASELINE-LT" },
	{ DIR "pades3_Baseline_B.pdf", "+A+B", "d+d+", "PAdES-BASELINE-LTA" },
	{ DIR "pdf-eof.pdf", "?n!", "s+", "PAdES-BES" },
	{ DIR "pdf-self-issued-ocsp.pdf", "+A", "s+d+", "PAdES-BASELINE-LTA" },
	{ DIR "pdf-signed-added-page.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "pdf-signed-original.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "pdf-signed-out-of-byteRange.pdf", "?n!", "", "PAdES-BES" },
	{ DIR "pdf-structtreeroot-changes.pdf", "+n+n", "", "PKCS7-B" },
	{ DIR "pdf-with-eof-cr.pdf", "+T", "s+", "PAdES-BASELINE-T" },
	{ DIR "pdf-with-two-empty-sigs.pdf", "0n!0n!", "", "PDF" },
	{ DIR "pdf-with-vri-timestamp.pdf", "+B", "v+", "PAdES-BASELINE-B" },
	{ DIR "pkcs7-no-message-digest.pdf", "0n", "", "PDF" },
	{ DIR "retrieved-modified_after_signature.pdf", "", "", NULL },
	{ DIR "self-issued-qesig.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "test-with-vri.pdf", "+B", "", "PAdES-BASELINE-B" },
	{ DIR "timestamped-fields.pdf", "", "d+d+", NULL },
	{ DIR "timestamped_and_signed.pdf", "+B", "d+", "PAdES-BASELINE-B" },
	{ DIR "wrong-digest-algo.pdf", "+n", "s+d+d+d+", "PDF" },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Those that cannot be read: encrypted, cut, without a chain of revisions. */
static const struct {
	const char *file;
	enum ltps_code code;
} unreadable[] = {
	{ "pades/protected/open_protected.pdf", LTPS_DENIED },
	{ "pades/protected/protected_two_empty_fields.pdf", LTPS_DENIED },
	{ DIR "malformed-pades.pdf", LTPS_FORMAT },
	{ DIR "pades_infinite_loop.pdf", LTPS_FORMAT },
	{ DIR "pdf-signed-corrupted.pdf", LTPS_FORMAT },
};

static char letter(enum document_match m)
{
	return m == MATCH_YES ? '+' : m == MATCH_NO ? '-' : '?';
}

static void describe_signatures(const struct document *d, char *out)
{
	for (size_t i = 0; i < d->n_signatures; i++) {
		const struct document_signature *s = &d->signatures[i];
		*out++ = s->n_references > 0 ? letter(s->references[0].match) : '0';
		*out++ = "nBTLA"[s->structure];
		if (s->defect[0] != '\0')
			*out++ = '!';
	}
	*out = '\0';
}

static void describe_stamps(const struct document *d, char *out)
{
	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		*out++ = "csvad"[st->type];
		*out++ = letter(st->imprint);
		if (st->tst == NULL || st->as_signature->defect[0] != '\0')
			*out++ = '!';
	}
	*out = '\0';
}

static void check_row(const struct row *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf file = corpus_read(r->file);
	struct document *d = NULL;
	char text[4096];

	cr_assert_eq(document_read_pdf(view_buf(&file), VIEW_NULL, &d, &err), 0,
		     "%s: %s", r->file, err.text);
	describe_signatures(d, text);
	cr_expect_str_eq(text, r->signatures, "%s: %s", r->file, text);
	describe_stamps(d, text);
	cr_expect_str_eq(text, r->stamps, "%s: %s", r->file, text);
	if (r->profile != NULL)
		cr_expect_str_eq(d->signatures[0].profile, r->profile, "%s: %s",
				 r->file, d->signatures[0].profile);
	document_free(d);
	buf_free(&file);
}

Test(pades_document_corpus, real_files_are_read_as_pinned, .timeout = TEST_SECONDS_MAX)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	for (size_t i = 0; i < N_ROWS; i++)
		check_row(&rows[i]);
}

Test(pades_document_corpus, what_has_no_chain_or_password_is_an_error)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	for (size_t i = 0; i < sizeof(unreadable) / sizeof(unreadable[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf file = corpus_read(unreadable[i].file);
		struct document *d = NULL;
		cr_expect_eq(document_read_pdf(view_buf(&file), VIEW_NULL, &d, &err),
			     -1, "%s", unreadable[i].file);
		cr_expect_eq(err.code, unreadable[i].code, "%s: %s", unreadable[i].file,
			     err.text);
		document_free(d);
		buf_free(&file);
	}
}

/* ---- what others recorded ---- */

/* Where a row and a standard differ, or the row is about something else. */
static const struct {
	const char *file;
	const char *why;
} exceptions[] = {
	{ "pades/protected/open_protected.pdf", "a password is wanted" },
	{ DIR "BadEncodedCMS.pdf", "a serial number of a certificate is not in the "
				   "shortest form; the CMS reads" },
	{ DIR "dss-1959/pades-tst-with-orphan-refs.pdf",
	  "the count is of one of the two signatures" },
	{ DIR "pades-t-duplicated-doctst.pdf",
	  "LT by its structure; that status is missing is judged later (level.c)" },
	{ DIR "pades-tst-with-null-type.pdf",
	  "a time-stamp without /Type, which Table 255 of ISO 32000-2 wants" },
	{ DIR "pades-tst-with-sig-type.pdf",
	  "a time-stamp with /Type /Sig (12.8.5) is listed with its defect" },
	{ DIR "pades_infinite_loop.pdf",
	  "no cross-reference section where startxref says (7.5.5)" },
	{ DIR "pdf-signed-corrupted.pdf", "the same" },
	{ DIR "retrieved-modified_after_signature.pdf",
	  "the row is about modified_after_signature.pdf" },
};

static bool is_excepted(const char *file)
{
	for (size_t i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
		if (strcmp(exceptions[i].file, file) == 0)
			return true;
	}
	return false;
}

static const char *profile_of(const char *level)
{
	static const char *const map[][2] = {
		{ "PAdES_BASELINE_B", "PAdES-BASELINE-B" },
		{ "PAdES_BASELINE_T", "PAdES-BASELINE-T" },
		{ "PAdES_BASELINE_LT", "PAdES-BASELINE-LT" },
		{ "PAdES_BASELINE_LTA", "PAdES-BASELINE-LTA" },
		{ "PAdES_BES", "PAdES-BES" },
		{ "PAdES_EPES", "PAdES-EPES" },
		{ "PAdES_LTV", "PAdES-LTV" },
		{ "PKCS7_B", "PKCS7-B" },
		{ "PKCS7_T", "PKCS7-T" },
		{ "PKCS7_LT", "PKCS7-LT" },
		{ "PKCS7_LTA", "PKCS7-LTA" },
		{ "PDF_NOT_ETSI", "PDF" },
	};
	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++) {
		if (strcmp(map[i][0], level) == 0)
			return map[i][1];
	}
	return "?";
}

static size_t count_signatures(const struct document *d)
{
	size_t n = 0;
	for (size_t i = 0; i < d->n_signatures; i++)
		n += d->signatures[i].role == ROLE_SIGNATURE;
	return n;
}

/* "ntst*=3:timestampList.size(),..." gives 3; -1: it says nothing. */
static long stamps_recorded(const char *expectations)
{
	const char *p = strstr(expectations, ":timestampList.size()");
	while (p != NULL && p > expectations && p[-1] >= '0' && p[-1] <= '9')
		p--;
	return p != NULL ? strtol(p, NULL, 10) : -1;
}

enum {
	COL_FILE,
	COL_FAMILY,
	COL_EXPECTATIONS,
	COL_NSIG,
	COL_LEVEL,
	COL_NOTE = 14,
	COL_MAX = 17
};

/* Rows about files whose signature is broken, or one of them. */
static bool tells_of_damage(const char *expectations)
{
	static const char *const words[] = { "isSignatureIntact=F", "isDataIntact=F",
					     "isSignatureByteRangeValid=F",
					     "isPdfSignatureDictionaryConsistent=T,F" };
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strstr(expectations, words[i]) != NULL)
			return true;
	}
	return false;
}

static void compare(char *const col[COL_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf file = corpus_read(col[COL_FILE]);
	struct document *d = NULL;

	if (document_read_pdf(view_buf(&file), VIEW_NULL, &d, &err) == 0) {
		const char *level = d->n_signatures > 0 ? d->signatures[0].profile : "";
		long stamps = stamps_recorded(col[COL_EXPECTATIONS]);
		if (col[COL_NSIG][0] != '\0')
			cr_expect_eq(count_signatures(d),
				     (size_t)strtoul(col[COL_NSIG], NULL, 10),
				     "%s: %zu signatures", col[COL_FILE],
				     count_signatures(d));
		if (col[COL_LEVEL][0] != '\0')
			cr_expect_str_eq(level, profile_of(col[COL_LEVEL]), "%s: %s",
					 col[COL_FILE], level);
		if (stamps >= 0)
			cr_expect_eq(d->n_stamps, (size_t)stamps, "%s: %zu stamps",
				     col[COL_FILE], d->n_stamps);
		for (size_t i = 0; i < d->n_signatures; i++)
			cr_expect(tells_of_damage(col[COL_EXPECTATIONS]) ||
				      d->signatures[i].n_references == 0 ||
				      d->signatures[i].references[0].match == MATCH_YES,
				  "%s: the digest does not fit", col[COL_FILE]);
	} else {
		cr_expect_fail("%s: %s", col[COL_FILE], err.text);
	}
	document_free(d);
	buf_free(&file);
}

static void compare_line(char *line)
{
	char *col[COL_MAX] = { NULL };
	size_t n = 0;

	for (char *p = line; p != NULL && n < COL_MAX; n++) {
		col[n] = p;
		p = strchr(p, '\t');
		if (p != NULL)
			*p++ = '\0';
	}
	if (n < COL_MAX || strncmp(col[COL_FILE], "pades/", 6) != 0 ||
	    strstr(col[COL_FILE], ".pdf") == NULL || is_excepted(col[COL_FILE]) ||
	    strstr(col[COL_NOTE], "POST-EXTENSION") != NULL)
		return;
	compare(col);
}

Test(pades_document_corpus, recorded_facts_agree, .timeout = TEST_SECONDS_MAX)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text = NULL;

	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct buf table = corpus_read("expected.tsv");
	cr_assert_eq(buf_text(&table, &text, &err), 0);
	char *copy = mem_dup_text(text), *line = copy;
	cr_assert_not_null(copy);
	while (line != NULL) {
		char *next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		compare_line(line);
		line = next;
	}
	mem_free(copy);
	buf_free(&table);
}
