/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every PDF of the corpus: its signatures and document time-stamps, what each covers,
 * its DSS, its claim, and what is wrong with it.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pades.h"
#include "tests/support/corpus.h"

/* ---- one file as a line of text ---- */

static void say(struct buf *line, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(line, text, &err), 0);
}

/* S signature, T time-stamp; the revision; N nothing, U unclear, R revision, F file;
 * ! a defect. */
static void say_signature(struct buf *line, const struct pades_signature *s)
{
	char text[64];

	snprintf(text, sizeof(text), "%c%zu%c%s ", s->is_stamp ? 'T' : 'S', s->revision,
		 "NURF"[s->coverage], s -> defect[0] != '\0' ? "!" : "");
	say(line, text);
	if (s->docmdp != 0) {
		snprintf(text, sizeof(text), "P%d%s ", s->docmdp,
			 s->is_certification ? "" : "?");
		say(line, text);
	}
	if (s->fieldmdp.action != PADES_LOCK_NONE ||
	    s->lock.action != PADES_LOCK_NONE) {
		snprintf(text, sizeof(text), "lock%d%d ", (int)s->fieldmdp.action,
			 (int)s->lock.action);
		say(line, text);
	}
}

static void say_rest(struct buf *line, const struct pades *p)
{
	char text[128];
	size_t matched = 0;

	if (p->n_empty_fields > 0) {
		snprintf(text, sizeof(text), "empty%zu ", p->n_empty_fields);
		say(line, text);
	}
	for (size_t i = 0; i < p->dss.n_vris; i++)
		matched += p->dss.vris[i].signature >= 0;
	if (p->dss.present) {
		snprintf(text, sizeof(text), "dss%zu:%zu-%zu-%zu vri%zu/%zu ",
			 p->dss.revision, p->dss.n_certs, p->dss.n_crls, p->dss.n_ocsps,
			 matched, p->dss.n_vris);
		say(line, text);
	}
	if (p->pdfa != NULL) {
		snprintf(text, sizeof(text), "A%s%c ", p->pdfa,
			 p->pdfa_conformance != 0 ? p->pdfa_conformance : '-');
		say(line, text);
	}
	for (size_t i = 0; i < p->n_findings; i++) {
		if (p->findings[i].kind == PDF_SUSPICIOUS &&
		    (i == 0 || p->findings[i].code != p->findings[i - 1].code)) {
			say(line, p->findings[i].code);
			say(line, " ");
		}
	}
}

/* ---- the facts ---- */

struct fact {
	const char *file; /* below pades/ */
	const char *line;
	const char *defect; /* in the text of every defect; NULL: there is none */
};

/* Files that are no PDF to a reader that repairs nothing say so: "-" and the code. */
static const struct fact facts[] = {
	{ "protected/edition_protected_none.pdf", "", NULL },
	{ "protected/edition_protected_signing_allowed_no_field.pdf", "", NULL },
	{ "protected/edition_protected_signing_allowed_with_field.pdf", "empty1 ",
	  NULL },
	{ "protected/edition_protected_signing_allowed_with_field_signed.pdf", "S0F ",
	  NULL },
	{ "protected/open_protected.pdf", "password ", NULL },
	{ "protected/protected_two_empty_fields.pdf", "password empty2 ", NULL },
	{ "protected/restricted_fields.pdf", "empty4 ", NULL },
	{ "validation/AD-RB.pdf", "S2R S3F lock11 ", NULL },
	{ "validation/BadEncodedCMS.pdf", "S1F ", NULL },
	{ "validation/DSS-1683.pdf", "S0F ", NULL },
	{ "validation/DSS-1983.pdf", "S1R T3F dss2:4-0-1 vri1/1 ", NULL },
	{ "validation/DSS-2025.pdf", "S2F ", NULL },
	{ "validation/DSS-2155.pdf", "S2F! ", "other octets than 00" },
	{ "validation/DSS-3226.pdf", "S2R S4F ", NULL },
	{ "validation/Signature-P-BG_BOR-1.pdf", "S2F ", NULL },
	{ "validation/Signature-P-DE_SCI-4.pdf", "S1R T3F dss2:0-0-3 vri0/0 A1A ",
	  NULL },
	{ "validation/Signature-P-FR_CS-5.pdf", "S2R T4R T6F dss3:3-2-0 vri1/1 ",
	  NULL },
	{ "validation/Signature-P-HU_MIC-3.pdf", "S1R T2F dss2:6-0-3 vri1/1 ", NULL },
	{ "validation/Signature-P-HU_NET-2.pdf", "S2F ", NULL },
	{ "validation/Signature-P-HU_POL-3.pdf", "S0R T2F dss1:10-3-4 vri0/0 ", NULL },
	{ "validation/Signature-P-HU_POL-7.pdf", "S0R T2R S3R T5F dss1:8-0-4 vri1/1 ",
	  NULL },
	{ "validation/TEST2_signed_with_zero_policy_hash.pdf", "S2R dss3:4-1-2 vri0/0 ",
	  NULL },
	{ "validation/Test.signed_Certipost-2048-SHA512.extended-LTA.pdf",
	  "S1R T3R T5F dss2:7-3-0 vri1/1 ", NULL },
	{ "validation/TestToSignPDFSHA256_TST_SIG_NOT_FOUND.pdf", "S0F ", NULL },
	{ "validation/adbe_ocsp_signed.pdf", "S0F A1A ", NULL },
	{ "validation/belgian_pki_multiple_ocsps.pdf", "S2R T4F dss3:7-1-2 vri1/1 ",
	  NULL },
	{ "validation/doc-firmado-LT.pdf", "S1R dss2:7-3-1 vri1/1 ", NULL },
	{ "validation/doc-firmado-T.pdf", "S1F ", NULL },
	{ "validation/dss-1376/DSS1376-rev_n-2.pdf", "S0R P2 ", NULL },
	{ "validation/dss-1420/PAdES-BpB-att-SHA256-SHA3_224withRSA.pdf", "S1F ",
	  NULL },
	{ "validation/dss-1696/"
	  "Test.signed_Certipost-2048-SHA512.extended.extended-2019-07-02.pdf",
	  "S1R T3R T4R T5F dss2:6-9-0 vri0/0 ", NULL },
	{ "validation/dss-1696/Test.signed_Certipost-2048-SHA512.extended.pdf",
	  "S1R T3R T4F dss2:3-5-0 vri0/0 ", NULL },
	{ "validation/dss-1959/pades-tst-with-orphan-refs.pdf",
	  "S0R T2R S3R T5F dss1:8-0-4 vri1/1 ", NULL },
	{ "validation/dss-2236/hide.pdf", "S1R PDF_OBJECT_UNREADABLE ", NULL },
	{ "validation/dss-2554/certified-changes-permitted.pdf", "S1F P3 empty1 ",
	  NULL },
	{ "validation/dss-2554/certified-no-change-permitted.pdf", "S2F P1 ", NULL },
	{ "validation/dss-2554/fieldmdp-exclude-signed.pdf",
	  "S1R lock03 empty2 dss2:5-0-1 vri1/2 ", NULL },
	{ "validation/dss-2554/fieldmdp-include.pdf", "S0F P2 lock22 A1A ", NULL },
	{ "validation/dss-818/Signature-P-DE_CRY-2 (HASH_FAILURE).pdf", "S1F A1B ",
	  NULL },
	{ "validation/dss-PLAIN-ECDSA/TeleSec_PKS_eIDAS_QES_CA_1-baseline-b.pdf",
	  "S0F empty1 ", NULL },
	{ "validation/encrypted.pdf", "S0F ", NULL },
	{ "validation/evidence-record/"
	  "Signature-P-B-7da49953-d837-4f0b-8f38-aa5aa4181e3c.pdf",
	  "S1F ", NULL },
	{ "validation/evidence-record/"
	  "Signature-P-LT-ef971596-8f2e-407d-a413-aae9cb9b8e4a.pdf",
	  "S1R T2R dss3:8-0-2 vri0/0 ", NULL },
	{ "validation/hello_signed_INCSAVE_signed.pdf", "S1R S3F ", NULL },
	{ "validation/hello_signed_INCSAVE_signed_EDITED.pdf", "S1R S3N! ",
	  "not /Contents in hex alone" },
	{ "validation/malformed-pades.pdf", "-FORMAT ", NULL },
	{ "validation/modified_after_signature.pdf", "S2R ", NULL },
	{ "validation/pades-5-signatures-and-1-document-timestamp.pdf", "T0F PDF_DSS ",
	  NULL },
	{ "validation/pades-enveloping-empty-bytes-cms.pdf", "S2R dss3:5-3-1 vri1/1 ",
	  NULL },
	{ "validation/pades-level-b-sig-policy-invalid-digest-algo.pdf", "S1F ", NULL },
	{ "validation/pades-lt-extended-dss.pdf", "S1R T2R S4F dss3:12-0-3 vri0/0 ",
	  NULL },
	{ "validation/pades-ltv-with-reason.pdf", "S1R T2R T4F dss3:4-1-1 vri0/0 ",
	  NULL },
	{ "validation/pades-t-duplicated-doctst.pdf", "S1R T2R T4F dss3:6-1-1 vri0/0 ",
	  NULL },
	{ "validation/pades-t-level-extended.pdf", "S1R T2F ", NULL },
	{ "validation/pades-tst-with-null-type.pdf", "S1R T3F! dss2:5-1-1 vri1/1 ",
	  "without /Type /DocTimeStamp" },
	{ "validation/pades-tst-with-sig-type.pdf", "S1R T3F! dss2:5-1-1 vri1/1 ",
	  "without /Type /DocTimeStamp" },
	{ "validation/pades3_Baseline_B.pdf", "S1R T3R T4R S5F dss2:3-5-0 vri0/0 ",
	  NULL },
	{ "validation/pades_infinite_loop.pdf", "-FORMAT ", NULL },
	{ "validation/pdf-eof.pdf", "S1N! P2 dss1:0-0-0 vri0/0 ",
	  "does not fit a file of 79187" },
	{ "validation/pdf-self-issued-ocsp.pdf", "S1R T3F dss2:9-3-4 vri1/1 ", NULL },
	{ "validation/pdf-signed-added-page.pdf", "S1R A1B ", NULL },
	{ "validation/pdf-signed-corrupted.pdf", "-FORMAT ", NULL },
	{ "validation/pdf-signed-original.pdf", "S1F A1B ", NULL },
	{ "validation/pdf-signed-out-of-byteRange.pdf", "S1N! A1B ", "does not fit" },
	{ "validation/pdf-structtreeroot-changes.pdf", "S2R S3F ", NULL },
	{ "validation/pdf-with-eof-cr.pdf", "S1F A2B ", NULL },
	{ "validation/pdf-with-two-empty-sigs.pdf", "S1R! S2F! ", "no BER element" },
	{ "validation/pdf-with-vri-timestamp.pdf", "S0R dss1:10-1-2 vri1/4 ", NULL },
	{ "validation/pkcs7-no-message-digest.pdf", "S0F P1 lock11 ", NULL },
	{ "validation/retrieved-modified_after_signature.pdf", "", NULL },
	{ "validation/self-issued-qesig.pdf", "S1F ", NULL },
	{ "validation/test-with-vri.pdf", "S1R lock11 dss3:3-2-0 vri1/3 ", NULL },
	{ "validation/timestamped-fields.pdf", "T3R T5F empty1 dss4:2-1-0 vri0/0 ",
	  NULL },
	{ "validation/timestamped_and_signed.pdf", "T2R S3F ", NULL },
	{ "validation/wrong-digest-algo.pdf", "S1R T2R T3R T4F dss3:0-0-0 vri3/3 ",
	  NULL },
};

static const struct fact *fact_of(const char *path)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (strcmp(facts[i].file, path + strlen("pades/")) == 0)
			return &facts[i];
	}
	return NULL;
}

static void describe(const char *path, struct view bytes, const struct fact *f,
		     struct buf *line)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;
	int rc = pades_read(bytes, VIEW_NULL, &p, &err);

	if (rc != 0 && err.code == LTPS_DENIED) {
		/* So says the folder's read-me. */
		ltps_error_clear(&err);
		say(line, "password ");
		rc = pades_read(bytes, view_text(" "), &p, &err);
	}
	if (rc != 0) {
		say(line, "-");
		say(line, ltps_code_name(err.code));
		say(line, " ");
		return;
	}
	for (size_t i = 0; i < p->n_signatures; i++) {
		const struct pades_signature *s = &p->signatures[i];
		say_signature(line, s);
		if (s->defect[0] != '\0')
			cr_expect(f != NULL && f->defect != NULL &&
				      strstr(s->defect, f->defect) != NULL,
				  "%s: %s", path, s->defect);
	}
	cr_expect_eq(pades_match_vris(p, &err), 0);
	say_rest(line, p);
	pades_free(p);
}

static void check_file(const char *path, struct view bytes, void *arg)
{
	const struct fact *f = fact_of(path);
	struct buf line = buf_make(4096);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text;
	size_t *n = arg;

	if (strstr(path, ".pdf") == NULL)
		return;
	describe(path, bytes, f, &line);
	cr_assert_eq(buf_text(&line, &text, &err), 0);
	cr_expect_str_eq(text, f != NULL ? f->line : "", "{ \"%s\", \"%s\", NULL },",
			 path + strlen("pades/"), text);
	*n += f != NULL;
	buf_free(&line);
}

Test(pades_corpus, signatures_of_real_files_are_as_known)
{
	size_t n = 0;

	if (!corpus_present())
		cr_skip("no corpus");
	corpus_walk("pades", check_file, &n);
	cr_expect_eq(n, sizeof(facts) / sizeof(facts[0]));
}
