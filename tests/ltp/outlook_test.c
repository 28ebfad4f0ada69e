/* SPDX-License-Identifier: Apache-2.0 */
/* An object's own outlook against what the archive plans, through renewals, a lost TSA
 * and a deletion; how TSAs answer and since when alarms stand. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/evidence.h"
#include "ltp/inside.h"
#include "ltp/notify_private.h"
#include "ltp/outlook.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
#define MARGIN (180 * DAY)
#define OPEN INT64_MAX
/* 2035-01-01T00:00:00Z */
#define SHA256_END ((int64_t)2051222400000)

static struct ltp_kit k;
static char poid[64];

static struct algorithm_limit limits[] = {
	{ .algorithm = "sha256", .until_ms = SHA256_END },
	{ .algorithm = "sha512", .until_ms = OPEN },
	{ .algorithm = "RSA", .min_bits = 2048, .until_ms = OPEN },
	{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = OPEN },
};
static const struct algorithm_policy policy = { limits, 4 };

/* Certificates of the TSAs that end before those of their CA, the second's later. */
#define FIRST_DAYS 670
#define SECOND_MORE_DAYS 30
#define LIFE_DAYS 730

static void begin_with(unsigned n_tsas)
{
	const struct ltp_kit_upkeep how = { .n_tsas = n_tsas, .algorithms = &policy };
	ltp_kit_start_upkeep(&k, &how);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(&k, i, FIRST_DAYS + (int32_t)i * SECOND_MORE_DAYS);
	cr_assert_eq(ltp_kit_preserve_text(&k, "an object", poid), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

static void nothing(void)
{
}

static void end(void)
{
	ltp_kit_stop(&k);
}

TestSuite(outlook, .init = nothing, .fini = end, .timeout = TEST_SECONDS_MAX);

/* ---- reading ---- */

struct seen {
	struct object *object;
	struct outlook o;
};

static void read_at(struct seen *s, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_proofs proofs = { 0 };
	bool known;
	cr_assert_eq(outlook_prepare(k.w, s->object, NULL, &proofs, &err), 0, "%s",
		     err.text);
	cr_assert_eq(outlook_read(k.w, s->object, &proofs, now_ms, &s->o, &known, &err),
		     0, "%s", err.text);
	cr_assert(known);
	evidence_proofs_clear(&proofs);
}

static void look(struct seen *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(object_get(k.w->conn, "default", poid, &s->object, &err), 0, "%s",
		     err.text);
	read_at(s, clock_now_ms(&k.clock));
}

static void clear(struct seen *s)
{
	outlook_clear(&s->o);
	object_free(s->object);
}

/* The first item of the forecast of this kind. */
static struct forecast_item planned(enum forecast_kind kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct forecast f = { 0 };
	struct forecast_item found = { .due_ms = OPEN };
	cr_assert_eq(
	    plan_forecast(k.ltp, k.w->conn, NULL, clock_now_ms(&k.clock), &f, &err), 0);
	for (size_t i = f.n; i-- > 0;)
		if (f.items[i].kind == kind)
			found = f.items[i];
	forecast_clear(&f);
	cr_assert_neq(found.due_ms, OPEN, "nothing of this kind is planned");
	return found;
}

static const struct outlook_due *due_of(const struct seen *s, enum forecast_kind kind)
{
	const struct outlook_version *v = &s->o.versions[0];
	for (size_t i = 0; i < v->n_dues; i++)
		if (v->dues[i].kind == kind)
			return &v->dues[i];
	return NULL;
}

static struct buf ask(const struct ltp_caller *caller, const char *of,
		      struct ltp_result *answer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	cr_assert_eq(ltp_outlook(k.w, caller, of, &out, answer, &err), 0, "%s",
		     err.text);
	cr_assert_eq(buf_put_byte(&out, 0, &err), 0);
	return out;
}

/* ---- dates ---- */

static void expect_planned(const struct seen *s, enum forecast_kind kind)
{
	const struct outlook_due *d = due_of(s, kind);
	const struct forecast_item item = planned(kind);
	cr_assert_not_null(d);
	cr_expect_eq(d->weakens_ms, item.weakens_ms);
	cr_expect_eq(d->due_ms, item.due_ms);
	cr_expect_str_eq(d->why, item.reason);
	cr_expect_eq(d->alg, item.alg);
}

Test(outlook, is_what_the_archive_plans_when_there_is_one_object)
{
	struct seen s = { 0 };
	begin_with(1);
	look(&s);
	expect_planned(&s, FORECAST_TIMESTAMP);
	expect_planned(&s, FORECAST_HASH_TREE);
	cr_expect_eq(due_of(&s, FORECAST_HASH_TREE)->weakens_ms, SHA256_END);
	cr_expect_eq(outlook_next(&s.o), &s.o.versions[0].dues[0]);
	cr_expect_leq(s.o.versions[0].dues[0].due_ms, s.o.versions[0].dues[1].due_ms);
	clear(&s);
}

Test(outlook, names_each_time_stamp_when_a_second_tsa_confirms)
{
	struct seen s = { 0 };
	begin_with(2);
	look(&s);
	const struct outlook_chain *c = &s.o.versions[0].chains[0];
	cr_assert_eq(c->n, 2);
	cr_expect_str_neq(c->stamps[0].tsa, c->stamps[1].tsa);
	cr_expect_eq(c->stamps[0].tip, false);
	cr_expect_eq(c->stamps[1].tip, true);
	cr_expect_eq(s.o.versions[0].proven_ms, c->stamps[0].gen_time_ms);
	/* The tip weakens when the first of both does. */
	cr_expect_eq(c->stamps[1].weakens_ms, c->stamps[0].weakens_ms);
	cr_expect_str_neq(c->stamps[1].authority, c->stamps[0].authority);
	expect_planned(&s, FORECAST_TIMESTAMP);
	clear(&s);
}

Test(outlook, moves_on_when_the_time_stamp_is_renewed)
{
	struct seen before = { 0 }, after = { 0 };
	begin_with(1);
	look(&before);
	const int64_t due_ms = due_of(&before, FORECAST_TIMESTAMP)->due_ms;
	const int64_t left_ms = due_ms - clock_now_ms(&k.clock);
	ltp_kit_live(&k, left_ms - DAY, left_ms / 8);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 50 * DAY, 5 * DAY);
	look(&after);
	const struct outlook_chain *c = &after.o.versions[0].chains[0];
	cr_assert_geq(c->n, 2);
	cr_expect_gt(due_of(&after, FORECAST_TIMESTAMP)->due_ms, due_ms);
	cr_expect_eq(after.o.versions[0].proven_ms, before.o.versions[0].proven_ms);
	clear(&before);
	clear(&after);
}

Test(outlook, has_no_hash_tree_renewal_when_the_data_is_deleted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct seen s = { 0 };
	struct ltp_result r;
	begin_with(1);
	const struct ltp_delete_request gone = { .poid = poid,
						 .mode = "OnlySubDOs",
						 .reason = "test" };
	cr_assert_eq(ltp_delete(k.w, &gone, &r, &err), 0);
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	look(&s);
	cr_expect_not_null(due_of(&s, FORECAST_TIMESTAMP));
	cr_expect_null(due_of(&s, FORECAST_HASH_TREE));
	clear(&s);
}

Test(outlook, says_that_there_is_no_time_stamp_when_the_tsa_is_down)
{
	struct seen s = { 0 };
	const struct ltp_kit_upkeep how = { .n_tsas = 1, .algorithms = &policy };
	ltp_kit_start_upkeep(&k, &how);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(ltp_kit_preserve_text(&k, "an object", poid), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
	look(&s);
	cr_assert_eq(s.o.versions[0].n, 1);
	cr_expect_eq(s.o.versions[0].chains[0].n, 0);
	cr_expect_eq(s.o.versions[0].proven_ms, OPEN);
	cr_expect_null(outlook_next(&s.o));
	cr_expect_not(outlook_is_undated(&s.o), "there is no time-stamp to be dated");
	clear(&s);
}

static bool told(const struct seen *s, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	struct jsonw j = jsonw_to(&out);
	cr_assert_eq(outlook_json(&s->o, k.w->conn, &j, &err), 0, "%s", err.text);
	cr_assert_eq(buf_put_byte(&out, 0, &err), 0);
	const bool there = strstr((const char *)out.p, text) != NULL;
	buf_free(&out);
	return there;
}

Test(outlook, says_that_there_is_no_date_when_a_time_stamp_has_no_footing)
{
	struct seen s = { 0 };
	begin_with(1);
	look(&s);
	cr_expect_not(outlook_is_undated(&s.o));
	s.o.versions[0].chains[0].stamps[0].authority[0] = '\0';
	cr_expect(outlook_is_undated(&s.o));
	clear(&s);
}

Test(outlook, is_of_the_time_that_is_asked_for)
{
	struct seen s = { 0 };
	begin_with(1);
	look(&s);
	outlook_clear(&s.o);
	read_at(&s, SHA256_END);
	cr_expect(told(&s, "\"time\":\"2035-01-01T00:00:00"));
	clear(&s);
}

/* Trees are shared: their size, and what a TSA answered, are not one tenant's. */
Test(outlook, keeps_errors_and_sizes_of_trees_from_tenants)
{
	struct seen s = { 0 };
	begin_with(1);
	look(&s);
	snprintf(s.o.versions[0].chains[0].tree.last_error, STORE_ERROR_MAX,
		 "refused for account Maier");
	cr_expect_not(told(&s, "Maier"));
	cr_expect(told(&s, "\"error\":\"time-stamping failed\""));
	cr_expect_not(told(&s, "\"leaves\""));
	s.o.for_operator = true;
	cr_expect(told(&s, "Maier"));
	clear(&s);
}

/* ---- who may ---- */

Test(outlook, of_another_tenant_is_unknown_and_told_to_the_audit)
{
	struct ltp_result r;
	const struct ltp_caller mine = { .name = "me" };
	const struct ltp_caller other = { .tenant = "other", .name = "you" };
	begin_with(1);
	struct buf out = ask(&other, poid, &r);
	cr_expect_eq(r.minor, LTP_UNKNOWN_POID);
	cr_expect_eq(out.n, 1);
	buf_free(&out);
	out = ask(&mine, "no-such", &r);
	cr_expect_eq(r.minor, LTP_UNKNOWN_POID);
	cr_expect_eq(out.n, 1);
	buf_free(&out);
	out = ask(&mine, poid, &r);
	cr_expect_eq(r.minor, LTP_OK);
	cr_expect_not_null(strstr((const char *)out.p, poid));
	buf_free(&out);
	cr_expect_eq(ltp_kit_audited(&k, "Outlook", NULL), 3);
}

/* ---- what keeps the archive up ---- */

static struct buf upkeep(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	cr_assert_eq(ltp_upkeep_state(k.w, &out, &err), 0, "%s", err.text);
	cr_assert_eq(buf_put_byte(&out, 0, &err), 0);
	return out;
}

static void expect_upkeep(const char *text, bool wanted)
{
	struct buf out = upkeep();
	cr_expect_eq(strstr((const char *)out.p, text) != NULL, wanted, "%s: %s", text,
		     (const char *)out.p);
	buf_free(&out);
}

Test(outlook, tells_since_when_a_tsa_fails_and_that_it_serves_again)
{
	struct tsa_seen_state t;
	begin_with(1);
	tsa_seen_get(k.ltp->tsas, 0, &t);
	cr_expect_neq(t.answered_ms, INT64_MIN);
	cr_expect_eq(t.failing_ms, INT64_MIN);
	expect_upkeep("\"failing_since\":null", true);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(ltp_kit_preserve_text(&k, "another", NULL), LTP_OK);
	ltp_kit_pass(&k, 3000);
	const int64_t from_ms = clock_now_ms(&k.clock);
	ltp_kit_work(&k);
	ltp_kit_live(&k, 600000, 60000);
	tsa_seen_get(k.ltp->tsas, 0, &t);
	/* The clock of the kit runs; the next attempt is a minute later. */
	cr_expect_geq(t.failing_ms, from_ms);
	cr_expect_lt(t.failing_ms, from_ms + 60000);
	cr_expect_gt(t.failures, 1);
	cr_expect_neq(t.why[0], '\0');
	expect_upkeep("\"failing_since\":null", false);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 3600000, 600000);
	tsa_seen_get(k.ltp->tsas, 0, &t);
	cr_expect_eq(t.failing_ms, INT64_MIN);
	cr_expect_eq(t.why[0], '\0');
}

Test(outlook, tells_since_when_an_alarm_stands)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[96], at[TIME_TEXT_MAX];
	begin_with(1);
	expect_upkeep("\"alarms\":[]", true);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(ltp_kit_preserve_text(&k, "another", NULL), LTP_OK);
	ltp_kit_live(&k, DAY, DAY / 24);
	cr_assert(ltp_kit_health(&k).alarm);
	expect_upkeep("\"name\":\"evidence-late\",\"since\":null", true);
	const int64_t since_ms = clock_now_ms(&k.clock);
	cr_assert_eq(notify_alarms(k.w, since_ms, &err), 0);
	ltp_kit_pass(&k, DAY);
	cr_assert_eq(notify_alarms(k.w, clock_now_ms(&k.clock), &err), 0);
	time_rfc3339(since_ms, at);
	snprintf(text, sizeof(text), "\"name\":\"evidence-late\",\"since\":\"%s\"", at);
	expect_upkeep(text, true);
	cr_expect_eq(ltp_kit_audited(&k, "AlarmRaised", NULL), 1);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, DAY, DAY / 24);
	cr_assert_eq(notify_alarms(k.w, clock_now_ms(&k.clock), &err), 0);
	expect_upkeep("\"alarms\":[]", true);
	cr_expect_eq(ltp_kit_audited(&k, "AlarmCleared", NULL), 1);
}

/* As an earlier program left it: raised, without the time. */
static int put_old_setting(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	(void)arg;
	return store_setting_put(conn, "notify.alarms", "evidence-late ", 14, err);
}

Test(outlook, takes_over_an_alarm_that_has_no_beginning)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	begin_with(1);
	cr_assert_eq(store_write(k.store, put_old_setting, NULL, &err), 0);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(ltp_kit_preserve_text(&k, "another", NULL), LTP_OK);
	ltp_kit_live(&k, DAY, DAY / 24);
	cr_assert_eq(notify_alarms(k.w, clock_now_ms(&k.clock), &err), 0);
	cr_expect_eq(ltp_kit_audited(&k, "AlarmRaised", NULL), 0, "told before");
	expect_upkeep("\"name\":\"evidence-late\",\"since\":null", true);
}
