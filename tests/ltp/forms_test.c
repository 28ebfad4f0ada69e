/* SPDX-License-Identifier: Apache-2.0 */
/* forms - preservation by augmentation with storage (TS 119 512 F.3). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/signed_kit.h"
#include "tests/support/test_time.h"

#define CADES "http://uri.etsi.org/ades/CAdES"
#define PADES "http://uri.etsi.org/ades/PAdES"
#define CADES_ATS CADES "/archive-time-stamp-v3"
#define PADES_DTS PADES "/document-time-stamp"
#define DAY_MS ((int64_t)86400000)

static const char PROFILE[] =
    "[profile]\n"
    "id = " KIT_PROFILE "\n"
    "scheme = http://uri.etsi.org/19512/scheme/pds+wst+aug\n"
    "description = for tests\n"
    "goal = http://uri.etsi.org/19512/goal/pds\n"
    "po_format = " CADES "\npo_format = " PADES "\n"
    "evidence_format = " CADES_ATS "\nevidence_format = " PADES_DTS "\n"
    "evidence_policy = urn:test:policy\n"
    "signature_policy = default\naugment = lta\n"
    "storage = WithStorage\n"
    "operation = RetrieveInfo\noperation = PreservePO\n"
    "operation = RetrievePO\noperation = DeletePO\noperation = RetrieveTrace\n"
    "valid_from = 2020-01-01T00:00:00Z\n"
    "period = P10Y\nperiod_end = keep\ndigest = sha256\n"
    "tree_max_leaves = 1000\ntree_max_age = 2s\ntree_max_bytes = 1G\n"
    "max_po_bytes = 1M\nmax_pos = 10\n";

static struct ltp_kit k;
static struct ltp_retrieved got;

static void end(void)
{
	ltp_retrieved_clear(&got);
	ltp_kit_stop(&k);
}

TestSuite(forms, .fini = end, .timeout = TEST_SECONDS_MAX);

static enum ltp_minor retrieve(const struct ltp_retrieve_request *req)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ltp_retrieved_clear(&got);
	cr_assert_eq(ltp_retrieve(k.w, req, &got, &k.answer, &err), 0, "%s", err.text);
	return k.answer.minor;
}

static enum ltp_minor subject(const char *poid, enum subject s)
{
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .subject = s };
	return retrieve(&req);
}

static void preserve(const struct buf *file, char poid[64])
{
	const struct ltp_po po = { .data = view_buf(file),
				   .mime = "application/cms",
				   .id = "contract" };
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK, "%s",
		     k.answer.message);
}

Test(forms, what_holds_no_signature_is_refused)
{
	const struct ltp_po po = { .data = view_text("a letter"),
				   .mime = "text/plain" };
	ltp_kit_start_as(&k, PROFILE);
	cr_expect_eq(ltp_kit_preserve(&k, &po, 1, NULL), LTP_PO_FORMAT_ERROR);
}

Test(forms, evidence_that_is_not_made_yet_is_told)
{
	char poid[64];
	ltp_kit_start_as(&k, PROFILE);
	struct buf file = signed_kit_cades(&k, "text", false);
	preserve(&file, poid);
	cr_expect_eq(subject(poid, SUBJECT_EVIDENCE), LTP_WARN_PARTLY);
	cr_expect_eq(got.n_pos, 0);
	cr_expect_eq(subject(poid, SUBJECT_PO_DETACHED), LTP_WARN_PARTLY);
	cr_expect_eq(got.n_pos, 1);
	cr_expect_eq(subject(poid, SUBJECT_PO), LTP_OK);
	buf_free(&file);
}

Test(forms, formats_that_are_not_offered_are_refused)
{
	char poid[64];
	ltp_kit_start_as(&k, PROFILE);
	struct buf file = signed_kit_cades(&k, "text", false);
	preserve(&file, poid);
	ltp_kit_work(&k);
	const struct {
		enum subject subject;
		const char *po, *evidence;
		enum ltp_minor minor;
	} cases[] = {
		{ SUBJECT_EVIDENCE, NULL, "urn:ietf:rfc:4998:EvidenceRecord",
		  LTP_UNKNOWN_EVIDENCE_FORMAT },
		{ SUBJECT_EVIDENCE, NULL, "urn:ietf:rfc:4998",
		  LTP_UNKNOWN_EVIDENCE_FORMAT },
		{ SUBJECT_EVIDENCE, NULL, PADES_DTS, LTP_UNKNOWN_EVIDENCE_FORMAT },
		{ SUBJECT_EVIDENCE, NULL, CADES_ATS, LTP_OK },
		{ SUBJECT_PO_EMBEDDED, PADES, NULL, LTP_UNKNOWN_PO_FORMAT },
		{ SUBJECT_PO_EMBEDDED, "http://uri.etsi.org/ades/ASiC/type/ASiC-ERS",
		  NULL, LTP_UNKNOWN_PO_FORMAT },
		{ SUBJECT_PO_EMBEDDED, CADES, NULL, LTP_OK },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ltp_retrieve_request req = { .caller = { "", "tester" },
							  .poid = poid,
							  .subject = cases[i].subject,
							  .po_format = cases[i].po,
							  .evidence_format =
							      cases[i].evidence };
		cr_expect_eq(retrieve(&req), cases[i].minor, "%zu: %s", i,
			     k.answer.message);
	}
	buf_free(&file);
}

static void expect_form(const struct buf *file, const char *format,
			const char *evidence)
{
	char poid[64];
	preserve(file, poid);
	ltp_kit_work(&k);
	cr_expect_eq(subject(poid, SUBJECT_EVIDENCE), LTP_OK);
	cr_assert_eq(got.n_pos, 1);
	cr_expect_str_eq(got.pos[0].format_id, evidence);
	cr_expect_eq(signed_kit_level(&k, view_buf(&got.pos[0].data), VIEW_NULL),
		     LEVEL_LTA);
	cr_expect_eq(subject(poid, SUBJECT_PO_EMBEDDED), LTP_OK);
	cr_assert_eq(got.n_pos, 1);
	cr_expect_str_eq(got.pos[0].format_id, format);
	cr_expect_eq(subject(poid, SUBJECT_PO_DETACHED), LTP_OK);
	cr_assert_eq(got.n_pos, 2);
	cr_expect(view_equal(view_buf(&got.pos[0].data), view_buf(file)));
	cr_expect_str_eq(got.pos[1].format_id, evidence);
	cr_assert_eq(got.pos[1].n_related, 1);
	cr_expect_str_eq(got.pos[1].related[0], got.pos[0].id);
	cr_expect_eq(subject(poid, SUBJECT_PO), LTP_OK);
	cr_expect_eq(got.n_pos, 2);
}

Test(forms, evidence_is_the_form_that_was_raised)
{
	ltp_kit_start_as(&k, PROFILE);
	struct buf cms = signed_kit_cades(&k, "text", false),
		   pdf = signed_kit_pades(&k);
	expect_form(&cms, CADES, CADES_ATS);
	expect_form(&pdf, PADES, PADES_DTS);
	buf_free(&cms);
	buf_free(&pdf);
}

Test(forms, versions_have_their_own)
{
	static const char *const all[] = { "all" }, *const report[] = { "report-1" };
	char poid[64];
	ltp_kit_start_as(&k, PROFILE);
	struct buf cms = signed_kit_cades(&k, "text", false);
	preserve(&cms, poid);
	ltp_kit_work(&k);
	struct ltp_retrieve_request req = { .caller = { "", "tester" },
					    .poid = poid,
					    .versions = all,
					    .n_versions = 1,
					    .subject = SUBJECT_EVIDENCE };
	cr_expect_eq(retrieve(&req), LTP_WARN_PARTLY);
	cr_expect_eq(got.n_pos, 2);
	req.versions = report;
	cr_expect_eq(retrieve(&req), LTP_WARN_PARTLY);
	cr_expect_eq(got.n_pos, 0);
	req.subject = SUBJECT_PO_EMBEDDED;
	cr_expect_eq(retrieve(&req), LTP_OK);
	cr_expect_eq(got.n_pos, 1);
	buf_free(&cms);
}

/* The certificates of the TSAs end after 400 days. */
Test(forms, form_is_raised_again_before_it_weakens)
{
	const struct ltp_kit_upkeep how = { .profile = PROFILE };
	char poid[64];
	ltp_kit_start_upkeep(&k, &how);
	ltp_kit_rollover(&k, 0, 400);
	ltp_kit_rollover(&k, 1, 400);
	struct buf cms = signed_kit_cades(&k, "text", false);
	preserve(&cms, poid);
	ltp_kit_work(&k);
	cr_assert_eq(subject(poid, SUBJECT_EVIDENCE), LTP_OK);
	const size_t before = got.pos[0].data.n;
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_rollover(&k, 1, 0);
	ltp_kit_live(&k, 380 * DAY_MS, 20 * DAY_MS);
	cr_assert_eq(subject(poid, SUBJECT_EVIDENCE), LTP_OK);
	cr_assert_eq(got.n_pos, 1);
	cr_expect_gt(got.pos[0].data.n, before);
	cr_expect_eq(signed_kit_level(&k, view_buf(&got.pos[0].data), VIEW_NULL),
		     LEVEL_LTA);
	buf_free(&cms);
}
