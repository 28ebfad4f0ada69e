/* SPDX-License-Identifier: Apache-2.0 */
/* The history of trust anchors: periods begin, end, begin anew; and its file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/anchors.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/storage_fixture.h"

#define DAY FIX_DAY_MS

static char dir[4096];
static struct store *store;
static struct store_conn *reader;
static struct fix_cert *one, *two;
static struct material *configured;
static struct anchor_origins origins;

static void begin(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fixture_start(dir, &store, &reader);
	one = fix_cert_make(&(struct fix_cert_options){ .cn = "One", .ca = true });
	two = fix_cert_make(&(struct fix_cert_options){ .cn = "Two", .ca = true });
	cr_assert_eq(material_new(&configured, &err), 0);
}

static void end(void)
{
	mem_free(origins.list);
	material_free(configured);
	fix_cert_free(one);
	fix_cert_free(two);
	fixture_stop(dir, store, reader);
}

TestSuite(anchors, .init = begin, .fini = end);

/* What is configured from now on. */
static void configure(const struct fix_cert *c, int64_t sunset_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(material_add_anchor(configured, c->der, sunset_ms, &err), 0, "%s",
		     err.text);
}

static void configure_nothing(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	material_free(configured);
	cr_assert_eq(material_new(&configured, &err), 0);
}

struct recording {
	int64_t now_ms;
	size_t changes;
	const struct anchor_origins *origins;
};

static int run_record(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct recording *r = arg;
	return anchors_record(conn, configured, r->origins, r->now_ms, &r->changes, err);
}

static size_t record(int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct recording r = { .now_ms = now_ms, .origins = &origins };
	cr_assert_eq(store_write(store, run_record, &r, &err), 0, "%s", err.text);
	return r.changes;
}

/* INT64_MIN: not in the history. */
static int64_t sunset_of(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	struct cert *decoded = NULL;
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(anchors_read(reader, m, &err), 0, "%s", err.text);
	cr_assert_eq(cert_parse(c->der, &decoded, &err), 0);
	const int64_t t = material_sunset_of(m, decoded);
	cert_free(decoded);
	material_free(m);
	return t;
}

struct periods {
	struct view der;
	size_t n;
	int64_t from_ms, sunset_ms; /* of the last */
	char source[64];
};

static int count_period(void *arg, const struct anchor_row *row, struct ltps_error *err)
{
	struct periods *p = arg;
	(void)err;
	if (!view_equal(row->der, p->der))
		return 0;
	p->n++;
	p->from_ms = row->trusted_from_ms;
	p->sunset_ms = row->sunset_ms;
	snprintf(p->source, sizeof(p->source), "%s", row->source);
	return 0;
}

static struct periods periods_of(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct periods p = { .der = c->der };
	cr_assert_eq(anchor_list(reader, count_period, &p, &err), 0);
	return p;
}

Test(anchors, same_configuration_changes_nothing)
{
	configure(one, INT64_MAX);
	cr_assert_eq(record(FIX_T0_MS), 1);
	cr_assert_eq(record(FIX_T0_MS + DAY), 0);
	cr_assert_eq(periods_of(one).n, 1);
	cr_assert_eq(periods_of(one).from_ms, FIX_T0_MS);
	cr_assert_eq(sunset_of(one), INT64_MAX);
	cr_assert_eq(sunset_of(two), INT64_MIN);
}

Test(anchors, what_is_configured_no_more_has_its_sunset_now)
{
	configure(one, INT64_MAX);
	configure(two, INT64_MAX);
	cr_assert_eq(record(FIX_T0_MS), 2);
	configure_nothing();
	configure(two, INT64_MAX);
	cr_assert_eq(record(FIX_T0_MS + DAY), 1);
	cr_assert_eq(sunset_of(one), FIX_T0_MS + DAY);
	cr_assert_eq(sunset_of(two), INT64_MAX);
	/* Once: it does not end again each day. */
	cr_assert_eq(record(FIX_T0_MS + 2 * DAY), 0);
	cr_assert_eq(sunset_of(one), FIX_T0_MS + DAY);
}

Test(anchors, what_is_back_begins_a_new_period)
{
	configure(one, INT64_MAX);
	record(FIX_T0_MS);
	configure_nothing();
	record(FIX_T0_MS + DAY);
	configure(one, INT64_MAX);
	cr_assert_eq(record(FIX_T0_MS + 2 * DAY), 1);
	const struct periods p = periods_of(one);
	cr_assert_eq(p.n, 2);
	cr_assert_eq(p.from_ms, FIX_T0_MS + 2 * DAY);
	cr_assert_eq(p.sunset_ms, 0);
	cr_assert_eq(sunset_of(one), INT64_MAX);
}

Test(anchors, announced_sunset_is_recorded_and_follows_the_configuration)
{
	configure(one, FIX_T0_MS + 9 * DAY);
	cr_assert_eq(record(FIX_T0_MS), 1);
	cr_assert_eq(sunset_of(one), FIX_T0_MS + 9 * DAY);
	configure_nothing();
	configure(one, FIX_T0_MS + 5 * DAY);
	cr_assert_eq(record(FIX_T0_MS + DAY), 1);
	cr_assert_eq(periods_of(one).n, 1);
	cr_assert_eq(sunset_of(one), FIX_T0_MS + 5 * DAY);
	/* Behind it the period is over, and stays as it was. */
	cr_assert_eq(record(FIX_T0_MS + 6 * DAY), 0);
	configure_nothing();
	cr_assert_eq(record(FIX_T0_MS + 7 * DAY), 0);
	cr_assert_eq(sunset_of(one), FIX_T0_MS + 5 * DAY);
}

Test(anchors, sunset_before_the_first_record_counts_from_the_certificate_on)
{
	configure(one, FIX_T0_MS - DAY);
	cr_assert_eq(record(FIX_T0_MS), 1);
	cr_assert_eq(periods_of(one).from_ms, FIX_NOT_BEFORE_MS);
	cr_assert_eq(sunset_of(one), FIX_T0_MS - DAY);
	cr_assert_eq(record(FIX_T0_MS + DAY), 0);
}

Test(anchors, clock_set_back_ends_nothing_before_it_began)
{
	configure(one, INT64_MAX);
	record(FIX_T0_MS);
	configure_nothing();
	record(FIX_T0_MS - DAY);
	cr_assert_eq(sunset_of(one), FIX_T0_MS);
}

Test(anchors, file_is_read_as_it_was_written)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	struct material *m = NULL;
	const char *text;
	configure(one, INT64_MAX);
	configure(two, INT64_MAX);
	record(FIX_T0_MS);
	configure_nothing();
	configure(two, INT64_MAX);
	record(FIX_T0_MS + DAY);
	cr_assert_eq(anchors_write(reader, &out, &err), 0, "%s", err.text);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_assert_not_null(strstr(text, "Subject: CN=One, O=LTPS Test\n"
					"Trusted-From: 2026-01-01T00:00:00Z\n"
					"Trusted-Until: 2026-01-02T00:00:00Z\n"
					"-----BEGIN CERTIFICATE-----\n"));
	cr_assert_not_null(strstr(text, "Subject: CN=Two, O=LTPS Test\n"
					"Trusted-From: 2026-01-01T00:00:00Z\n"
					"-----BEGIN CERTIFICATE-----\n"));
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(material_add_text_or_der(m, MATERIAL_ANCHOR, view_buf(&out), &err),
		     0, "%s", err.text);
	cr_assert_eq(material_count(m, MATERIAL_ANCHOR), 2);
	for (size_t i = 0; i < 2; i++) {
		const bool first =
		    view_equal(material_at(m, MATERIAL_ANCHOR, i), one->der);
		cr_assert_eq(material_sunset(m, i),
			     first ? FIX_T0_MS + DAY : INT64_MAX);
	}
	material_free(m);
	buf_free(&out);
}

Test(anchors, empty_history_is_an_empty_file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	cr_assert_eq(anchors_write(reader, &out, &err), 0);
	cr_assert_eq(out.n, 0);
	buf_free(&out);
}

/* ---- of a trusted list ---- */

static void come_from(const struct fix_cert *c, int64_t from_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct anchor_origin o = { .from_ms = from_ms,
				   .until_ms = INT64_MAX,
				   .source = "trusted list XX" };
	struct digest d;
	cr_assert_eq(digest_once(DIGEST_SHA256, c->der, &d, &err), 0);
	memcpy(o.sha256, d.p, sizeof(o.sha256));
	cr_assert_eq(anchor_origins_add(&origins, &o, &err), 0);
}

Test(anchors, one_of_a_list_begins_and_ends_with_its_status)
{
	configure(one, INT64_MAX);
	come_from(one, FIX_T0_MS - 100 * DAY);
	cr_assert_eq(record(FIX_T0_MS), 1);
	struct periods p = periods_of(one);
	cr_expect_eq(p.from_ms, FIX_T0_MS - 100 * DAY);
	cr_expect_str_eq(p.source, "trusted list XX");
	configure_nothing();
	configure(one, FIX_T0_MS - DAY);
	cr_assert_eq(record(FIX_T0_MS), 1);
	p = periods_of(one);
	cr_expect_eq(p.n, 1);
	cr_expect_eq(p.sunset_ms, FIX_T0_MS - DAY);
	cr_assert_eq(record(FIX_T0_MS + DAY), 0, "told once");
}

Test(anchors, one_of_a_list_that_is_back_begins_a_new_period)
{
	configure(one, INT64_MAX);
	come_from(one, FIX_T0_MS - 100 * DAY);
	record(FIX_T0_MS);
	configure_nothing();
	record(FIX_T0_MS + DAY);
	cr_expect_str_eq(periods_of(one).source, "trusted list XX");
	configure(one, INT64_MAX);
	record(FIX_T0_MS + 2 * DAY);
	const struct periods p = periods_of(one);
	cr_expect_eq(p.n, 2);
	cr_expect_eq(p.from_ms, FIX_T0_MS + 2 * DAY, "what was between was not trusted");
}

/* A beginning that the list tells of the future is not believed as one behind us. */
Test(anchors, one_of_a_list_never_begins_in_the_future)
{
	configure(one, INT64_MAX);
	come_from(one, FIX_T0_MS + DAY);
	record(FIX_T0_MS);
	cr_expect_eq(periods_of(one).from_ms, FIX_T0_MS);
}

/* ---- of several origins ---- */

#define JOINED_MAX 3

static struct anchor_origin origin(int64_t days, int64_t until_ms, const char *source)
{
	struct anchor_origin o = { .from_ms = FIX_T0_MS + days * DAY,
				   .until_ms = until_ms };
	snprintf(o.source, sizeof(o.source), "%s", source);
	return o;
}

Test(anchors, any_origin_that_trusts_is_enough_in_every_order)
{
	const int64_t t = FIX_T0_MS;
	const int64_t still = INT64_MAX;
	const struct {
		const char *what;
		struct anchor_origin of[JOINED_MAX];
		struct anchor_origin joined;
	} cases[] = {
		{ "one that ended, and one that goes on from before that",
		  { origin(-90, t - 30 * DAY, "a"), origin(-60, still, "b") },
		  origin(-90, still, "b") },
		{ "one that ended before the other began",
		  { origin(-90, t - 60 * DAY, "a"), origin(-30, still, "b") },
		  origin(-30, still, "b") },
		{ "both still",
		  { origin(-90, still, "b"), origin(-30, still, "a") },
		  origin(-90, still, "b") },
		{ "both the same",
		  { origin(-30, still, "b"), origin(-30, still, "a") },
		  origin(-30, still, "a") },
		{ "a third that closes the gap",
		  { origin(-90, t - 60 * DAY, "a"), origin(-30, t - 10 * DAY, "b"),
		    origin(-60, t - 30 * DAY, "c") },
		  origin(-90, t - 10 * DAY, "b") },
	};
	static const size_t orders[][JOINED_MAX] = { { 0, 1, 2 }, { 0, 2, 1 },
						     { 1, 0, 2 }, { 1, 2, 0 },
						     { 2, 0, 1 }, { 2, 1, 0 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t k = 0; k < sizeof(orders) / sizeof(orders[0]); k++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			struct anchor_origins all = { 0 };
			struct anchor_origin joined;
			for (size_t n = 0; n < JOINED_MAX; n++) {
				const struct anchor_origin *o =
				    &cases[i].of[orders[k][n]];
				if (o->source[0] != '\0')
					cr_assert_eq(anchor_origins_add(&all, o, &err),
						     0);
			}
			cr_assert(anchor_origins_join(&all, cases[i].joined.sha256,
						      &joined));
			cr_expect_eq(joined.from_ms, cases[i].joined.from_ms, "%s, %zu",
				     cases[i].what, k);
			cr_expect_eq(joined.until_ms, cases[i].joined.until_ms,
				     "%s, %zu", cases[i].what, k);
			cr_expect_str_eq(joined.source, cases[i].joined.source,
					 "%s, %zu", cases[i].what, k);
			mem_free(all.list);
		}
}

Test(anchors, another_anchor_is_no_origin)
{
	struct anchor_origin joined;
	const uint8_t sha256[32] = { 1 };
	come_from(one, FIX_T0_MS);
	cr_expect_not(anchor_origins_join(&origins, sha256, &joined));
	cr_expect_not(anchor_origins_join(NULL, sha256, &joined));
}

Test(anchors, the_source_follows_who_trusts_it_now)
{
	configure(one, INT64_MAX);
	come_from(one, FIX_T0_MS - 100 * DAY);
	record(FIX_T0_MS);
	cr_expect_str_eq(periods_of(one).source, "trusted list XX");
	/* The operator names it himself from now on. */
	origins.n = 0;
	cr_assert_eq(record(FIX_T0_MS + DAY), 1);
	struct periods p = periods_of(one);
	cr_expect_eq(p.n, 1);
	cr_expect_eq(p.from_ms, FIX_T0_MS - 100 * DAY);
	cr_expect_str_eq(p.source, "configuration");
	/* And leaves it to the list again. */
	come_from(one, FIX_T0_MS - 100 * DAY);
	cr_assert_eq(record(FIX_T0_MS + 2 * DAY), 1);
	p = periods_of(one);
	cr_expect_eq(p.n, 1, "it was trusted all the time");
	cr_expect_eq(p.sunset_ms, 0);
	cr_expect_str_eq(p.source, "trusted list XX");
	cr_assert_eq(record(FIX_T0_MS + 2 * DAY), 0, "told once");
}
