/* SPDX-License-Identifier: Apache-2.0 */
/*
 * period - what time brings to objects: judged again, forms raised again, ends of
 * periods announced and carried out; and what no clock alone may do.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "ltp/inside.h"
#include "ltp/upkeep.h"
#include "storage/renewal.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
#define YEAR (365 * DAY)
#define TREE "digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 2s\n"
#define SEALED TREE "signature_policy = default\naugment = lta\nseal = enveloping\n"

static struct ltp_kit k;
static char poid[64];

/* The test's own period is ten years. */
static void start(const char *profile)
{
	const struct ltp_kit_upkeep how = { .profile_change = profile, .n_tsas = 1 };
	ltp_kit_start_upkeep(&k, &how);
}

/* Objects are kept for two years. */
static void start_ending(enum period_end what)
{
	start(TREE);
	k.profile->period = (struct duration){ .months = 24 };
	k.profile->period_end = what;
}

static void end(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	ltp_kit_stop(&k);
}

TestSuite(period, .fini = end, .timeout = TEST_SECONDS_MAX);

static void preserve(void)
{
	cr_assert_eq(ltp_kit_preserve_text(&k, "The buyer pays.\n", poid), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

static size_t audited(const char *operation)
{
	char detail[256];
	return ltp_kit_audited(&k, operation, detail);
}

static enum object_state state(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	cr_assert_eq(object_get(k.w->conn, "default", poid, &o, &err), 0, "%s",
		     err.text);
	const enum object_state s = o->state;
	object_free(o);
	return s;
}

/* ---- forms ---- */

Test(period, form_gets_a_further_time_stamp_before_its_last_one_weakens)
{
	start(SEALED);
	preserve();
	cr_assert_eq(audited("Sealed"), 1);
	/* The TSA's certificate lasts ten years, the margin is half a year. */
	ltp_kit_live(&k, 9 * YEAR, 90 * DAY);
	cr_assert_eq(audited("Sealed"), 1);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_live(&k, 250 * DAY, 25 * DAY);
	const struct ltp_health h = ltp_kit_health(&k);
	cr_assert_eq(audited("Sealed"), 2, "%zu %s", audited("Sealed"), h.trouble);
	/* The new one stands on the new certificate. */
	ltp_kit_live(&k, 2 * YEAR, 90 * DAY);
	cr_assert_eq(audited("Sealed"), 2);
}

Test(period, form_that_cannot_be_raised_is_trouble_and_then_an_alarm)
{
	start(SEALED);
	preserve();
	ltp_kit_live(&k, 9 * YEAR, 90 * DAY);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_CLOSED);
	ltp_kit_live(&k, 280 * DAY, 10 * DAY);
	struct ltp_health h = ltp_kit_health(&k);
	cr_assert_neq(h.trouble[0], '\0');
	ltp_kit_live(&k, 70 * DAY, 10 * DAY);
	h = ltp_kit_health(&k);
	cr_assert(h.trouble_alarm, "%s", h.trouble);
	cr_assert_eq(audited("Sealed"), 1);
}

/* Two time-stamps of two authorities: one may be lost at any time after. */
Test(period, form_outlives_the_loss_of_the_authority_of_its_last_time_stamp)
{
	const struct ltp_kit_upkeep how = { .profile_change = SEALED, .n_tsas = 2 };
	ltp_kit_start_upkeep(&k, &how);
	preserve();
	ltp_kit_live(&k, 9 * YEAR, 90 * DAY);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_rollover(&k, 1, 0);
	ltp_kit_live(&k, 250 * DAY, 25 * DAY);
	cr_assert_eq(audited("Sealed"), 2);
	/* Beyond the ends of the first certificates: only the second form counts. */
	ltp_kit_live(&k, 2 * YEAR, 90 * DAY);
	for (unsigned lost = 2; lost-- > 0;) {
		ltp_kit_revoke(&k, lost, DEVPKI_REASON_KEY_COMPROMISE);
		ltp_kit_rollover(&k, lost, 0);
		ltp_kit_live(&k, 30 * DAY, DAY);
		const struct ltp_health h = ltp_kit_health(&k);
		cr_expect_str_empty(h.trouble, "%u: %s", lost, h.trouble);
	}
	/* Each loss of the one that it stood on last was made good. */
	cr_expect_geq(audited("Sealed"), 3);
}

/* While there is time, it waits for the second. */
Test(period, form_waits_for_its_second_authority)
{
	const struct ltp_kit_upkeep how = { .profile_change = SEALED, .n_tsas = 2 };
	ltp_kit_start_upkeep(&k, &how);
	preserve();
	ltp_kit_live(&k, 9 * YEAR, 90 * DAY);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_rollover(&k, 1, 0);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_CLOSED);
	ltp_kit_live(&k, 220 * DAY, 10 * DAY);
	cr_expect_eq(audited("Sealed"), 1);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 20 * DAY, 2 * DAY);
	cr_expect_eq(audited("Sealed"), 2);
}

/* ---- versions of an update ---- */

static void update(const char *id, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	char version[LTP_VERSION_MAX];
	const struct ltp_po po = { .data = view_text(text),
				   .mime = "text/plain",
				   .id = id };
	const struct ltp_update_request req = {
		.caller = { "", "tester" }, .poid = poid, .pos = &po, .n_pos = 1
	};
	k.profile->operations |= 1u << OP_UPDATE_POC;
	cr_assert_eq(ltp_update(k.w, &req, version, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

/* Each is raised once and by the version that it was made of, also the form of what is
 * no part of the newest version any more. */
Test(period, forms_of_all_versions_get_a_further_time_stamp_each)
{
	start(SEALED);
	preserve();
	update("po-1", "The buyer pays later.\n");
	cr_assert_eq(audited("Sealed"), 2);
	ltp_kit_live(&k, 9 * YEAR, 90 * DAY);
	cr_assert_eq(audited("Sealed"), 2);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_live(&k, 250 * DAY, 25 * DAY);
	const struct ltp_health h = ltp_kit_health(&k);
	cr_assert_eq(audited("Sealed"), 4, "%zu %s", audited("Sealed"), h.trouble);
	cr_assert_eq(h.trouble[0], '\0', "%s", h.trouble);
	ltp_kit_live(&k, 2 * YEAR, 90 * DAY);
	cr_assert_eq(audited("Sealed"), 4);
}

Test(period, the_end_of_the_period_takes_all_versions)
{
	start_ending(PERIOD_DELETE);
	preserve();
	ltp_kit_live(&k, 600 * DAY, 100 * DAY);
	update("note", "The seller agrees.\n");
	char first[64];
	memcpy(first, poid, sizeof(first));
	ltp_kit_live(&k, 150 * DAY, 10 * DAY);
	preserve(); /* the token that tells */
	memcpy(poid, first, sizeof(first));
	ltp_kit_live(&k, 5 * DAY, DAY);
	cr_assert_eq(audited("PreservationPeriodEnded"), 1);
	cr_assert_eq(state(), OBJECT_DELETED);
}

/* ---- ends ---- */

Test(period, end_is_announced_once_and_kept_as_the_profile_says)
{
	start_ending(PERIOD_KEEP);
	preserve();
	ltp_kit_live(&k, 630 * DAY, 30 * DAY);
	cr_assert_eq(audited("PreservationPeriodEnding"), 0);
	ltp_kit_live(&k, 60 * DAY, 10 * DAY);
	cr_assert_eq(audited("PreservationPeriodEnding"), 1);
	cr_assert_eq(audited("PreservationPeriodEnded"), 0);
	ltp_kit_live(&k, 60 * DAY, 10 * DAY);
	/* A token after the end is what tells that it has come. */
	char first[64];
	memcpy(first, poid, sizeof(first));
	preserve();
	memcpy(poid, first, sizeof(first));
	ltp_kit_live(&k, 5 * DAY, DAY);
	cr_assert_eq(audited("PreservationPeriodEnded"), 1);
	cr_assert_eq(audited("PreservationPeriodEnding"), 1);
	cr_assert_eq(state(), OBJECT_LIVE);
	ltp_kit_live(&k, 90 * DAY, 30 * DAY);
	cr_assert_eq(audited("PreservationPeriodEnded"), 1);
}

Test(period, end_deletes_where_the_profile_says_so)
{
	start_ending(PERIOD_DELETE);
	preserve();
	char first[64];
	memcpy(first, poid, sizeof(first));
	ltp_kit_live(&k, 2 * YEAR + 10 * DAY, 30 * DAY);
	preserve();
	memcpy(poid, first, sizeof(first));
	ltp_kit_live(&k, 3 * DAY, DAY);
	cr_assert_eq(state(), OBJECT_DELETED);
	cr_assert_eq(audited("PreservationPeriodEnded"), 1);
}

Test(period, clock_alone_deletes_nothing)
{
	start_ending(PERIOD_DELETE);
	preserve();
	/* The machine's clock is set to another year, the TSA's is not. */
	k.clock = clock_fixed(clock_now_ms(&k.clock) + 20 * YEAR);
	for (int i = 0; i < 5; i++) {
		k.clock.fixed_ms += 2 * DAY;
		ltp_kit_work(&k);
	}
	cr_assert_eq(state(), OBJECT_LIVE);
	cr_assert_eq(audited("PreservationPeriodEnded"), 0);
}

Test(period, end_is_taken_up_again_after_a_failure)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	start_ending(PERIOD_DELETE);
	preserve();
	char first[64];
	memcpy(first, poid, sizeof(first));
	ltp_kit_live(&k, 2 * YEAR + 10 * DAY, 30 * DAY);
	preserve();
	memcpy(poid, first, sizeof(first));
	cr_assert_eq(failpoint_arm("ltp.period.end:1:fail", &err), 0);
	ltp_kit_live(&k, DAY, DAY);
	ltp_kit_live(&k, 3 * DAY, DAY);
	cr_assert_eq(state(), OBJECT_DELETED);
	cr_assert_eq(audited("PreservationPeriodEnded"), 1);
}

/* ---- judgements ---- */

/* The sealed form of an object, submitted as an object of its own: signed data. */
static void preserve_signed(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_retrieved r;
	struct ltp_result result;
	const char *const versions[] = { "sealed-1" };
	const struct ltp_retrieve_request req = { .poid = poid,
						  .versions = versions,
						  .n_versions = 1,
						  .subject = SUBJECT_PO };
	cr_assert_eq(ltp_retrieve(k.w, &req, &r, &result, &err), 0, "%s", err.text);
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	const struct ltp_po po = { .data = view_buf(&r.pos[0].data),
				   .mime = "application/pkcs7-mime" };
	const enum ltp_minor minor = ltp_kit_preserve(&k, &po, 1, poid);
	cr_assert_eq(minor, LTP_OK, "%s", ltp_minor_name(minor));
	ltp_retrieved_clear(&r);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

static int64_t judged_ms(char verdict[64])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	cr_assert_eq(object_get(k.w->conn, "default", poid, &o, &err), 0);
	const int64_t t = o->versions[0].judged_ms;
	snprintf(verdict, 64, "%s",
		 o->versions[0].verdict != NULL ? o->versions[0].verdict : "");
	object_free(o);
	return t;
}

Test(period, old_judgement_is_made_anew)
{
	char verdict[64], again[64];
	start(SEALED);
	preserve();
	preserve_signed();
	const int64_t first = judged_ms(verdict);
	cr_assert_str_eq(verdict, "TOTAL_PASSED");
	ltp_kit_live(&k, 300 * DAY, 30 * DAY);
	cr_assert_eq(judged_ms(again), first);
	ltp_kit_live(&k, 90 * DAY, 30 * DAY);
	cr_assert_gt(judged_ms(again), first);
	cr_assert_str_eq(again, "TOTAL_PASSED");
	cr_assert_eq(audited("VerdictChanged"), 0);
}

/* ---- many ---- */

/* Objects of two forms each, on one footing, judged once: nothing looks into them. */
struct crowd {
	size_t n;
	int64_t now_ms;
};

static int add_one(struct store_conn *conn, const char *id, int64_t footing,
		   int64_t now_ms, struct ltps_error *err)
{
	int64_t object, version;
	const struct part_new part = { .po_id = "p" };
	struct version_new v = { .label = "v1",
				 .kind = VERSION_SUBMITTED,
				 .created_ms = now_ms,
				 .verdict = "TOTAL_PASSED",
				 .judged_ms = now_ms,
				 .parts = &part,
				 .n_parts = 1 };
	const struct object_new o = { .tenant = "default",
				      .poid = id,
				      .profile = KIT_PROFILE,
				      .created_ms = now_ms,
				      .first = &v };
	if (digest_once(DIGEST_SHA256, view_text(id), &v.digest, err) != 0 ||
	    object_insert(conn, &o, &object, &version, err) != 0)
		return -1;
	v.label = "augmented-1";
	v.kind = VERSION_AUGMENTED;
	v.verdict = NULL;
	return object_add_version(conn, object, &v, &version, err) != 0
		   ? -1
		   : version_stand_put(conn, version, &(struct version_stand){ .footing = footing },
				       err);
}

static int run_crowd(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct crowd *c = arg;
	int64_t footing;
	const struct footing_new f = { .uses = view_text("uses"),
				       .tsa = "a TSA",
				       .ends_ms = c->now_ms + DAY,
				       .weakens_ms = c->now_ms + DAY,
				       .reason = "ends" };
	if (footing_put(conn, &f, &footing, err) != 0)
		return -1;
	for (size_t i = 0; i < c->n; i++) {
		char id[32];
		snprintf(id, sizeof(id), "crowd-%zu", i);
		if (add_one(conn, id, footing, c->now_ms, err) != 0)
			return -1;
	}
	return 0;
}

static int count_job(void *arg, const struct queue_row *row, struct ltps_error *err)
{
	(void)row;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

static size_t cares(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct queue_query q = { .kind = JOB_CARE, .state = -1 };
	size_t n = 0;
	cr_assert_eq(queue_list(k.w->conn, &q, count_job, &n, &err), 0);
	return n;
}

#define CROWD 1100

static void start_crowd(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	start(TREE);
	struct crowd c = { .n = CROWD, .now_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(store_write(k.store, run_crowd, &c, &err), 0, "%s", err.text);
}

/* Nobody cares for the first ones: the others do not wait for them. */
Test(period, forms_that_cannot_be_raised_hide_no_others)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = 0 };
	start_crowd();
	t.now_ms = clock_now_ms(&k.clock);
	cr_assert_eq(reaugment_turn(k.w, &t, &err), 0, "%s", err.text);
	cr_expect_leq(t.again_ms, t.now_ms + DAY / 2, "there are more");
	cr_expect_not_null(strstr(t.trouble, "1100 augmented forms"), "%s", t.trouble);
	cr_expect(t.alarm);
	cr_assert_eq(reaugment_turn(k.w, &t, &err), 0, "%s", err.text);
	cr_expect_eq(t.again_ms, t.now_ms + DAY);
	cr_expect_eq(cares(), CROWD);
	/* From the beginning once more. */
	cr_assert_eq(reaugment_turn(k.w, &t, &err), 0, "%s", err.text);
	cr_expect_leq(t.again_ms, t.now_ms + DAY / 2);
	cr_expect_eq(cares(), CROWD);
}

/* More in a day than a large archive has to. */
Test(period, old_judgements_are_many_in_a_day)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = 0 };
	start_crowd();
	t.now_ms = clock_now_ms(&k.clock) + 2 * YEAR;
	cr_assert_eq(revalidate_turn(k.w, &t, &err), 0, "%s", err.text);
	cr_expect_eq(cares(), 1000);
	cr_expect_leq(t.again_ms, t.now_ms + DAY / 2);
}
