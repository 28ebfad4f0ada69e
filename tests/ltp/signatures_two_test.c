/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms and the two authorities that stamp them: a form outlives the loss of either,
 * asks for the other one again less and less often, and holds what it needs when both
 * have ended.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/inside.h"
#include "ltp/signatures.h"
#include "ltp/upkeep.h"
#include "storage/term.h"
#include "tests/support/signed_kit.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
#define RAISED                                                                         \
	"digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 2s\n"                 \
	"signature_policy = default\naugment = lta\n"
#define SEALED RAISED "seal = enveloping\n"

static struct ltp_kit k;
static char poid[64];
static struct ltp_retrieved got;

static void start(const char *profile)
{
	const struct ltp_kit_upkeep how = { .profile_change = profile, .n_tsas = 2 };
	ltp_kit_start_upkeep(&k, &how);
	ltp_kit_look(&k, 0);
}

static void end(void)
{
	ltp_retrieved_clear(&got);
	ltp_kit_stop(&k);
}

TestSuite(signatures_two, .fini = end, .timeout = TEST_SECONDS_MAX);

/* Signed, and raised in the work that follows. */
static void preserve(struct buf file)
{
	const struct ltp_po po = { .data = view_buf(&file),
				   .mime = "application/cms",
				   .id = "contract" };
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK, "%s",
		     k.answer.message);
	buf_free(&file);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

static size_t audited(const char *operation)
{
	char detail[256];
	return ltp_kit_audited(&k, operation, detail);
}

/* ---- what a form stands on ---- */

static struct version_stood stood(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct version_stood s = { 0 };
	struct object *o = NULL;
	cr_assert_eq(object_get(k.w->conn, "default", poid, &o, &err), 0, "%s",
		     err.text);
	for (size_t i = o->n_versions; s.stand.footing == 0 && i-- > 0;)
		cr_assert_eq(version_stand_get(k.w->conn, o->versions[i].id, &s, &err),
			     0, "%s", err.text);
	object_free(o);
	return s;
}

static void tsa_of(int64_t footing, uint8_t sha256[32])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing f;
	cr_assert_eq(footing_get(k.w->conn, footing, &f, &err), 0, "%s", err.text);
	memcpy(sha256, f.tsa_sha256, 32);
	footing_clear(&f);
}

static void expect_pair(void)
{
	uint8_t last[32], under[32];
	const struct version_stood s = stood();
	cr_assert_neq(s.stand.footing, 0);
	cr_assert_neq(s.stand.partner, 0, "it stands on one authority");
	cr_assert_eq(s.stand.second_ms, 0);
	tsa_of(s.stand.footing, last);
	tsa_of(s.stand.partner, under);
	cr_assert_neq(memcmp(last, under, 32), 0);
}

/* ---- the file itself ---- */

/* The newest form, judged now; release with end_judging(). */
struct judging {
	struct content content;
	struct document *doc;
	struct judged judged;
};

static void begin_judging(struct judging *j)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ltp_retrieved_clear(&got);
	cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &got), LTP_OK);
	cr_assert_eq(got.n_pos, 2);
	const struct view file = view_buf(&got.pos[1].data);
	const bool pdf = file.n > 4 && memcmp(file.p, "%PDF", 4) == 0;
	cr_assert_eq(pdf ? document_read_pdf(file, VIEW_NULL, &j->doc, &err)
			 : document_read(file, NULL, &j->doc, &err),
		     0, "%s", err.text);
	const struct path_sources sources = worker_sources(k.w, true);
	const struct engine_input in = { .document = j->doc,
					 .policy = k.w->l->policies[0],
					 .pools = &k.w->l->history_pool,
					 .n_pools = 1,
					 .time_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(judge_document(&sources, &in, &j->judged, &err), 0, "%s",
		     err.text);
}

static void end_judging(struct judging *j)
{
	judged_clear(&j->judged);
	document_free(j->doc);
}

/* Signers of the time-stamps over the file, each once. */
static size_t archive_signers(const struct report *r)
{
	const struct cert *seen[8];
	size_t n = 0;
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *s = &r->stamps[i];
		size_t at = 0;
		if (s->stamp->type != STAMP_ARCHIVE &&
		    s->stamp->type != STAMP_DOCUMENT)
			continue;
		while (at < n && !view_equal(seen[at]->der, s->signer->der))
			at++;
		if (at == n)
			seen[n++] = s->signer;
	}
	return n;
}

static size_t archive_stamps(const struct report *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_stamps; i++)
		n += r->stamps[i].stamp->type == STAMP_ARCHIVE ||
		     r->stamps[i].stamp->type == STAMP_DOCUMENT;
	return n;
}

/* ---- the first form ---- */

Test(signatures_two, first_form_is_archived_by_both_authorities)
{
	struct judging j = { 0 };
	start(RAISED);
	preserve(signed_kit_cades(&k, "text", false));
	begin_judging(&j);
	cr_expect_eq(archive_stamps(j.judged.report), 2);
	cr_expect_eq(archive_signers(j.judged.report), 2);
	end_judging(&j);
	expect_pair();
}

Test(signatures_two, first_form_of_a_pdf_is_archived_by_both_authorities)
{
	struct judging j = { 0 };
	start(RAISED);
	preserve(signed_kit_pades(&k));
	begin_judging(&j);
	/* The first of the three proves the signature. */
	cr_expect_eq(archive_stamps(j.judged.report), 3);
	cr_expect_eq(archive_signers(j.judged.report), 2);
	const struct signatures_pair p =
	    signatures_pair_of(j.judged.report, 0, INT64_MIN);
	cr_assert_not_null(p.last);
	cr_assert_not_null(p.under);
	/* All of one second: the last one is what the others are covered by. */
	for (size_t i = 0; i < p.last->stamp->n_covers; i++)
		cr_expect_neq(memcmp(p.last->stamp->covers[i].sha256,
				     p.last->stamp->sha256, 32),
			      0);
	cr_expect_geq(p.last->stamp->n_covers, p.under->stamp->n_covers);
	end_judging(&j);
	expect_pair();
}

Test(signatures_two, sealed_form_stands_on_both_authorities)
{
	start(SEALED);
	cr_assert_eq(ltp_kit_preserve_text(&k, "The buyer pays.\n", poid), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
	expect_pair();
}

/* ---- one of them is lost ---- */

static void lose(unsigned slot)
{
	ltp_kit_revoke(&k, slot, DEVPKI_REASON_KEY_COMPROMISE);
	ltp_kit_rollover(&k, slot, 0);
	ltp_kit_live(&k, 30 * DAY, DAY);
}

/* Whichever it is, the last one's or the other's: within days there are two again. */
Test(signatures_two, form_is_raised_after_the_loss_of_either_authority)
{
	start(RAISED);
	preserve(signed_kit_cades(&k, "text", false));
	ltp_kit_live(&k, 10 * DAY, 5 * DAY);
	for (unsigned i = 0; i < 4; i++) {
		const size_t before = audited("Augmented");
		lose(i % 2);
		cr_expect_eq(audited("Augmented"), before + 1, "%u: %zu", i,
			     audited("Augmented"));
		expect_pair();
	}
	struct judging j = { 0 };
	begin_judging(&j);
	cr_expect_eq(j.judged.report->signatures[0].conclusion.indication,
		     INDICATION_PASSED, "%s",
		     j.judged.report->signatures[0].conclusion.text);
	end_judging(&j);
}

/* ---- one of them does not answer ---- */

static void expect_trouble(const char *begin)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(reaugment_turn(k.w, &t, &err), 0, "%s", err.text);
	cr_expect_eq(strncmp(t.trouble, begin, strlen(begin)), 0, "%s", t.trouble);
	cr_expect(begin[0] != '\0' || t.trouble[0] == '\0', "%s", t.trouble);
	cr_expect_gt(t.again_ms, t.now_ms);
}

static uint32_t tries_after(int64_t days)
{
	ltp_kit_live(&k, days * DAY, DAY);
	return stood().stand.seconds;
}

Test(signatures_two, other_authority_is_asked_after_a_day_then_two_then_four)
{
	start(RAISED);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_CLOSED);
	preserve(signed_kit_cades(&k, "text", false));
	cr_assert_eq(stood().stand.partner, 0);
	cr_assert_neq(stood().stand.second_ms, 0, "it stands on one authority");
	static const struct {
		int64_t days; /* more */
		uint32_t tries;
	} cases[] = { { 2, 1 }, { 1, 2 }, { 3, 2 }, { 1, 3 }, { 7, 3 }, { 1, 4 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(tries_after(cases[i].days), cases[i].tries, "%zu", i);
	cr_expect_eq(audited("Augmented"), 1, "nothing is taken meanwhile");
	expect_trouble("1 augmented forms stand on one time-stamping authority");
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 17 * DAY, DAY);
	cr_expect_eq(audited("Augmented"), 2);
	expect_pair();
	expect_trouble("");
}

/* The certificate of the only one ends: then it is raised without the other. */
Test(signatures_two, form_does_not_wait_for_the_other_authority_past_its_date)
{
	start(RAISED);
	ltp_kit_rollover(&k, 0, 200);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_CLOSED);
	preserve(signed_kit_cades(&k, "text", false));
	ltp_kit_live(&k, 60 * DAY, 5 * DAY);
	cr_expect_eq(audited("Augmented"), 1);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_live(&k, 100 * DAY, 5 * DAY);
	cr_expect_eq(audited("Augmented"), 2);
	cr_expect_gt(stood().holds_ms, clock_now_ms(&k.clock) + 365 * DAY);
}

/*
 * The archive time-stamp of the first signer comes from the first authority, since the
 * second one fails just then; that of the second signer comes from the second one, and
 * the further ones of both from the first.
 */
Test(signatures_two, form_of_which_one_signer_has_one_authority_stands_on_one)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct judging j = { 0 };
	start(RAISED);
	cr_assert_eq(devpki_fault_set(pki_server_enter(k.pki), DEVPKI_TARGET_TSA, 1,
				      DEVPKI_FAULT_CLOSED, 1, 0, &err),
		     0, "%s", err.text);
	pki_server_leave(k.pki);
	preserve(signed_kit_cades_by_two(&k));
	begin_judging(&j);
	cr_expect_eq(archive_stamps(j.judged.report), 4);
	cr_expect_eq(archive_signers(j.judged.report), 2, "one over one of the two");
	cr_expect_eq(signatures_standing_of(j.judged.report, INT64_MIN), STANDS_ON_ONE);
	end_judging(&j);
	cr_expect_eq(stood().stand.partner, 0, "one signer stands on one authority");
	cr_expect_neq(stood().stand.second_ms, 0, "the other one is not asked");
	ltp_kit_live(&k, 2 * DAY, DAY);
	cr_expect_eq(audited("Augmented"), 2);
	expect_pair();
}

Test(signatures_two, form_of_two_signers_stands_on_both_authorities)
{
	struct judging j = { 0 };
	start(RAISED);
	preserve(signed_kit_cades_by_two(&k));
	expect_pair();
	begin_judging(&j);
	cr_expect_eq(archive_stamps(j.judged.report), 4);
	cr_expect_eq(signatures_standing_of(j.judged.report, INT64_MIN), STANDS_ON_TWO);
	end_judging(&j);
}

/* ---- when both have ended ---- */

static void expect_outlook(bool good)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signatures_outlook o;
	struct judging j = { 0 };
	struct cared_part p = { 0 };
	begin_judging(&j);
	cr_expect_eq(j.judged.report->signatures[0].conclusion.indication,
		     INDICATION_PASSED);
	p.augmented.document = j.doc;
	p.augmented.judged = j.judged;
	const struct signatures_judging how = { .w = k.w,
						.policy = k.w->l->policies[0],
						.now_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(signatures_outlook(&how, &p, INT64_MIN, &o, &err), 0, "%s",
		     err.text);
	cr_expect_eq(o.why[0] == '\0', good, "%s", o.why);
	end_judging(&j);
}

/* The second form is made while the status of the first is known, some seconds old. */
Test(signatures_two, forms_made_seconds_apart_share_no_status_that_proves_nothing)
{
	start(RAISED);
	preserve(signed_kit_cades(&k, "one", false));
	cr_assert_eq(audited("Augmented"), 1);
	expect_outlook(true);
	ltp_kit_pass(&k, 2000);
	preserve(signed_kit_cades(&k, "two", false));
	cr_assert_eq(audited("Augmented"), 2);
	expect_outlook(true);
	expect_pair();
}

/*
 * The clock goes on by more than a second at each look of the PKI. The status of the
 * second authority comes from before the time-stamp of the first over its own, and
 * control time goes back to it (EN 319 102-1 5.6.2.2 c) to where that time-stamp is not
 * proven (5.6.2.4 step 3): two more, over status from after, make the two good. Made
 * again instead of going on, the two would fail again.
 */
static void expect_four_where_the_clock_runs(struct buf file, size_t archives)
{
	struct judging j = { 0 };
	ltp_kit_look(&k, 1100);
	preserve(file);
	ltp_kit_look(&k, 0);
	begin_judging(&j);
	cr_expect_eq(archive_stamps(j.judged.report), archives, "%zu",
		     archive_stamps(j.judged.report));
	cr_expect_eq(archive_signers(j.judged.report), 2);
	end_judging(&j);
	expect_outlook(true);
	expect_pair();
	cr_expect_eq(audited("Augmented"), 1);
}

Test(signatures_two, status_from_before_its_proof_is_made_good_by_two_more)
{
	start(RAISED);
	expect_four_where_the_clock_runs(signed_kit_cades(&k, "text", false), 4);
}

Test(signatures_two, status_from_before_its_proof_is_made_good_by_two_more_in_a_pdf)
{
	start(RAISED);
	expect_four_where_the_clock_runs(signed_kit_pades(&k), 5);
}

/* All of it within one second: nothing is to be made good. */
Test(signatures_two, two_of_one_second_need_no_more)
{
	struct judging j = { 0 };
	start(RAISED);
	preserve(signed_kit_cades(&k, "text", false));
	begin_judging(&j);
	cr_expect_eq(archive_stamps(j.judged.report), 2);
	end_judging(&j);
	expect_outlook(true);
}

/* Whatever is published is this much older, as it is with CRLs. */
static void published_before(int64_t ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(k.pki);
	static const enum devpki_target targets[] = { DEVPKI_TARGET_OCSP,
						      DEVPKI_TARGET_CRL };
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(devpki_fault_set(p, targets[i], 0, DEVPKI_FAULT_STALE, 0,
					      ms, &err),
			     0, "%s", err.text);
	pki_server_leave(k.pki);
}

/* The first form is kept all the same; the next word, due in twenty-three hours, makes
 * it good. */
Test(signatures_two, form_waits_for_status_that_is_published_later)
{
	start(RAISED);
	published_before(DAY / 24);
	preserve(signed_kit_cades(&k, "text", false));
	expect_outlook(false);
	cr_expect_neq(stood().stand.second_ms, 0, "it does not wait");
	ltp_kit_live(&k, 2 * DAY, DAY / 4);
	cr_expect_eq(audited("Augmented"), 2);
	expect_outlook(true);
	expect_pair();
	ltp_kit_live(&k, 20 * DAY, DAY);
	cr_expect_eq(audited("Augmented"), 2);
}

/* What was published before the two stays the last word for sixty days: two more over
 * that would win nothing, and are asked for no sooner than the next word. */
Test(signatures_two, form_does_not_grow_while_status_stays_old)
{
	start(RAISED);
	const int64_t start_ms = clock_now_ms(&k.clock);
	published_before(DAY / 24);
	preserve(signed_kit_cades(&k, "text", false));
	devpki_set_status(pki_server_enter(k.pki), 60 * DAY);
	pki_server_leave(k.pki);
	for (int i = 1; i <= 20; i++) {
		published_before(DAY / 24 + i * DAY);
		ltp_kit_live(&k, DAY, DAY);
	}
	cr_expect_eq(audited("Augmented"), 1);
	cr_expect_eq(stood().stand.seconds, 1, "%u", stood().stand.seconds);
	cr_expect_gt(stood().stand.second_ms, start_ms + 59 * DAY);
}

/* Each attempt counts, also one that fails for want of status: it is not made again
 * every hour. */
Test(signatures_two, form_that_waits_tries_no_sooner_for_want_of_status)
{
	start(RAISED);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_CLOSED);
	preserve(signed_kit_cades(&k, "text", false));
	cr_assert_neq(stood().stand.second_ms, 0);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_CLOSED);
	ltp_kit_live(&k, 3 * DAY, DAY / 24);
	cr_expect_eq(stood().stand.seconds, 2, "%u", stood().stand.seconds);
	ltp_kit_live(&k, 3 * DAY, DAY / 24);
	cr_expect_eq(stood().stand.seconds, 2, "%u", stood().stand.seconds);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_NONE);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 6 * DAY, DAY);
	cr_expect_eq(audited("Augmented"), 2);
	expect_pair();
}

/* ---- a form that is due, and cannot be raised ---- */

static uint32_t attempts(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct queue_row row = { 0 };
	struct object *o = NULL;
	char subject[32];
	bool found = false;
	cr_assert_eq(object_get(k.w->conn, "default", poid, &o, &err), 0, "%s",
		     err.text);
	snprintf(subject, sizeof(subject), "%lld", (long long)o->versions[0].id);
	cr_assert_eq(queue_find(k.w->conn, JOB_CARE, subject, &row, &found, &err), 0,
		     "%s", err.text);
	object_free(o);
	return found ? row.attempts : 0;
}

/* After an hour, two, four, up to a day, as long as its sources do not answer. */
Test(signatures_two, due_form_is_tried_less_and_less_often_up_to_a_day)
{
	start(RAISED);
	ltp_kit_rollover(&k, 0, 200);
	preserve(signed_kit_cades(&k, "text", false));
	expect_pair();
	ltp_kit_status_fault(&k, DEVPKI_FAULT_CLOSED);
	for (int i = 0; i < 200 && attempts() == 0; i++)
		ltp_kit_live(&k, DAY, DAY / 2);
	const uint32_t first = attempts();
	cr_assert_gt(first, 0, "it is not due");
	ltp_kit_live(&k, 10 * DAY, DAY / 24);
	cr_expect(attempts() >= first + 8 && attempts() <= first + 15, "%u, then %u",
		  first, attempts());
	cr_expect_eq(audited("Augmented"), 1);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_NONE);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_live(&k, 2 * DAY, DAY / 24);
	cr_expect_eq(audited("Augmented"), 2, "it is late by a day at most");
	expect_pair();
}
