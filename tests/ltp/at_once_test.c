/* SPDX-License-Identifier: Apache-2.0 */
/* at_once - signatures raised in the answer, and nothing kept (TS 119 512 F.4). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/inside.h"
#include "tests/support/signed_kit.h"
#include "tests/support/test_time.h"

#define CADES "http://uri.etsi.org/ades/CAdES"
#define PADES "http://uri.etsi.org/ades/PAdES"

static const char PROFILE[] =
    "[profile]\n"
    "id = " KIT_PROFILE "\n"
    "scheme = http://uri.etsi.org/19512/scheme/pds+wos+aug\n"
    "description = for tests\n"
    "goal = http://uri.etsi.org/19512/goal/pds\n"
    "submission_format = " CADES "\nsubmission_format = " PADES "\n"
    "evidence_format = http://uri.etsi.org/ades/CAdES/archive-time-stamp-v3\n"
    "evidence_format = http://uri.etsi.org/ades/PAdES/document-time-stamp\n"
    "evidence_policy = urn:test:policy\n"
    "signature_policy = default\naugment = lta\n"
    "storage = WithoutStorage\n"
    "operation = RetrieveInfo\noperation = PreservePO\n"
    "valid_from = 2020-01-01T00:00:00Z\n"
    "digest = sha256\nmax_po_bytes = 1M\nmax_pos = 10\n";

static struct ltp_kit k;
static struct ltp_retrieved got;

static void start(void)
{
	ltp_kit_start_as(&k, PROFILE);
}

static void end(void)
{
	ltp_retrieved_clear(&got);
	ltp_kit_stop(&k);
}

TestSuite(at_once, .init = start, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct ltp_po po_of(const struct buf *file)
{
	return (struct ltp_po){ .data = view_buf(file),
				.mime = "application/cms",
				.id = "contract" };
}

static struct ltp_result preserve(const struct ltp_po *pos, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = pos,
						.n_pos = n };
	ltp_retrieved_clear(&got);
	cr_assert_eq(ltp_preserve_at_once(k.w, &req, &got, &r, &err), 0, "%s",
		     err.text);
	if (r.minor != LTP_OK)
		cr_expect_eq(got.n_pos, 0);
	return r;
}

static void expect_refused(const struct ltp_po *pos, size_t n, enum ltp_minor minor,
			   const char *why)
{
	const struct ltp_result r = preserve(pos, n);
	cr_expect_eq(r.minor, minor, "%s", r.message);
	cr_expect_not_null(strstr(r.message, why), "%s", r.message);
}

static void fault(enum devpki_target target, enum devpki_fault f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (unsigned slot = 0; slot < (target == DEVPKI_TARGET_TSA ? 2 : 1); slot++) {
		cr_assert_eq(devpki_fault_set(pki_server_enter(k.pki), target, slot, f,
					      0, 0, &err),
			     0, "%s", err.text);
		pki_server_leave(k.pki);
	}
}

/* ---- refused ---- */

Test(at_once, what_holds_no_signature_is_refused)
{
	struct buf file = signed_kit_cades(&k, "text", false);
	const struct ltp_po pos[] = {
		po_of(&file),
		{ .data = view_text("a letter"), .mime = "text/plain" },
		{ .data = view_text("another"), .mime = "text/plain" },
	};
	expect_refused(pos + 1, 1, LTP_PO_FORMAT_ERROR, "no CAdES or PAdES signature");
	expect_refused(pos, 3, LTP_PO_FORMAT_ERROR, "po[1]");
	/* The only other one would be its content; but it has that in it. */
	expect_refused(pos, 2, LTP_PO_FORMAT_ERROR, "po[1]");
	buf_free(&file);
}

Test(at_once, format_that_it_is_not_is_refused)
{
	struct buf file = signed_kit_cades(&k, "text", false);
	struct ltp_po po = po_of(&file);
	po.format_id = PADES;
	expect_refused(&po, 1, LTP_PO_FORMAT_ERROR, "but it is");
	po.format_id = "http://uri.etsi.org/ades/XAdES";
	expect_refused(&po, 1, LTP_UNKNOWN_PO_FORMAT, "does not take");
	buf_free(&file);
}

Test(at_once, signature_that_failed_is_refused_with_its_report)
{
	struct buf file = signed_kit_cades(&k, "text", false);
	uint8_t *text = memmem(file.p, file.n, "text", 4);
	cr_assert_not_null(text);
	text[0] = 'n';
	const struct ltp_po po = po_of(&file);
	expect_refused(&po, 1, LTP_PO_FORMAT_ERROR, "TOTAL_FAILED");
	buf_free(&file);
}

Test(at_once, silent_tsas_are_told)
{
	struct buf file = signed_kit_cades(&k, "text", false);
	const struct ltp_po po = po_of(&file);
	fault(DEVPKI_TARGET_TSA, DEVPKI_FAULT_HTTP_503);
	expect_refused(&po, 1, LTP_EXTERNAL_UNAVAILABLE, "TSA");
	fault(DEVPKI_TARGET_TSA, DEVPKI_FAULT_NONE);
	cr_expect_eq(preserve(&po, 1).minor, LTP_OK);
	buf_free(&file);
}

Test(at_once, silent_sources_of_status_are_told)
{
	struct buf file = signed_kit_cades(&k, "text", false);
	const struct ltp_po po = po_of(&file);
	/* What signing has asked for is known: only a new service does not know it. */
	ltp_kit_close(&k);
	ltp_kit_open(&k);
	fault(DEVPKI_TARGET_OCSP, DEVPKI_FAULT_HTTP_503);
	fault(DEVPKI_TARGET_CRL, DEVPKI_FAULT_HTTP_503);
	expect_refused(&po, 1, LTP_EXTERNAL_UNAVAILABLE, "po[0]");
	/* And while they are left in peace. */
	expect_refused(&po, 1, LTP_EXTERNAL_UNAVAILABLE, "po[0]");
	buf_free(&file);
}

Test(at_once, no_more_wait_than_may)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	struct buf file = signed_kit_cades(&k, "text", false);
	const struct ltp_po po = po_of(&file);
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = &po,
						.n_pos = 1 };
	k.ltp->o.fetchers = 2;
	atomic_store(&k.ltp->at_once, 2);
	cr_assert_eq(ltp_preserve_at_once(k.w, &req, &got, &r, &err), -1);
	cr_expect_eq(err.code, LTPS_BUSY);
	atomic_store(&k.ltp->at_once, 1);
	cr_expect_eq(preserve(&po, 1).minor, LTP_OK);
	cr_expect_eq(atomic_load(&k.ltp->at_once), 1);
	buf_free(&file);
}

Test(at_once, stores_nothing_by_the_other_way)
{
	struct buf file = signed_kit_cades(&k, "text", false);
	const struct ltp_po po = po_of(&file);
	cr_expect_eq(ltp_kit_preserve(&k, &po, 1, NULL), LTP_NOT_SUPPORTED);
	buf_free(&file);
}

/* ---- raised ---- */

static void expect_nothing_kept(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct store_counts c;
	cr_assert_eq(store_reader_open(k.store, &conn, &err), 0);
	cr_assert_eq(store_counts_get(conn, &c, &err), 0);
	store_reader_close(conn);
	cr_expect_eq(c.objects, 0);
	cr_expect_eq(c.trees_open, 0);
	cr_expect_eq(c.jobs, 0);
}

/* Time-stamps of whole seconds: that of the archive is the later one all the same. */
Test(at_once, both_stamps_of_a_pdf_within_one_second_make_it_lta)
{
	k.clock = clock_fixed(clock_now_ms(&k.clock));
	devpki_set_clock(pki_server_enter(k.pki), k.clock);
	pki_server_leave(k.pki);
	struct buf pdf = signed_kit_pades(&k);
	struct ltp_po po = po_of(&pdf);
	po.format_id = PADES;
	cr_assert_eq(preserve(&po, 1).minor, LTP_OK);
	cr_assert_eq(got.n_pos, 1);
	cr_expect_eq(signed_kit_level(&k, view_buf(&got.pos[0].data), VIEW_NULL),
		     LEVEL_LTA);
	buf_free(&pdf);
}

Test(at_once, each_signature_comes_back_raised)
{
	struct buf cms = signed_kit_cades(&k, "text", false),
		   pdf = signed_kit_pades(&k);
	struct ltp_po pos[] = { po_of(&cms), po_of(&pdf) };
	pos[1].id = "form";
	pos[1].format_id = PADES;
	cr_assert_eq(preserve(pos, 2).minor, LTP_OK);
	cr_assert_eq(got.n_pos, 2);
	cr_expect_str_eq(got.pos[0].id, "contract");
	cr_expect_str_eq(got.pos[0].format_id, CADES);
	cr_expect_str_eq(got.pos[1].id, "form");
	cr_expect_str_eq(got.pos[1].format_id, PADES);
	cr_expect_str_eq(got.pos[1].mime, "application/pdf");
	cr_expect(view_starts(view_buf(&got.pos[1].data), view_buf(&pdf)));
	for (size_t i = 0; i < 2; i++)
		cr_expect_eq(
		    signed_kit_level(&k, view_buf(&got.pos[i].data), VIEW_NULL),
		    LEVEL_LTA);
	expect_nothing_kept();
	char detail[256];
	cr_expect_eq(ltp_kit_audited(&k, "PreservePO", detail), 1);
	cr_expect_not_null(strstr(detail, "2 POs raised"));
	buf_free(&pdf);
	buf_free(&cms);
}

Test(at_once, detached_signature_comes_with_its_content)
{
	struct buf cms = signed_kit_cades(&k, "text", true);
	const struct ltp_po pos[] = {
		{ .data = view_text("text"), .mime = "text/plain", .id = "t" },
		po_of(&cms),
	};
	cr_assert_eq(preserve(pos, 2).minor, LTP_OK);
	cr_assert_eq(got.n_pos, 1);
	cr_expect_str_eq(got.pos[0].id, "contract");
	cr_expect_str_eq(got.pos[0].mime, "application/pkcs7-signature");
	cr_expect_eq(
	    signed_kit_level(&k, view_buf(&got.pos[0].data), view_text("text")),
	    LEVEL_LTA);
	expect_nothing_kept();
	buf_free(&cms);
}
