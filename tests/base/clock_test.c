/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"

#define DAY_MS INT64_C(86400000)

/* -1 is a time too: "unread" is told by the return value. */
static int rfc3339(const char *s, int64_t *ret_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = time_parse_rfc3339(view_text(s), ret_ms, &err);
	if (rc != 0) {
		cr_assert_eq(err.code, LTPS_FORMAT);
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
	}
	return rc;
}

static int asn1(const char *s, bool utc, int64_t *ret_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = time_parse_asn1(view_text(s), utc, ret_ms, &err);
	if (rc != 0) {
		cr_assert_eq(err.code, LTPS_FORMAT);
		cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	}
	return rc;
}

Test(rfc3339, malformed_or_unreal_is_refused)
{
	static const char *const bad[] = {
		"",
		"2026",
		"2026-01-01",
		"2026-01-01T00:00:00",
		"2026-01-01 00:00:00Z",
		"2026-01-01T00:00Z",
		"2026-1-01T00:00:00Z",
		"20260101T000000Z",
		"2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00,5Z",
		"2026-01-01T00:00:00.1234567890Z",
		"2026-01-01T00:00:00ZZ",
		"2026-01-01T00:00:00Z ",
		" 2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00+0100",
		"2026-01-01T00:00:00+01",
		"2026-01-01T00:00:00+24:00",
		"2026-01-01T00:00:00+01:60",
		"2026-01-01T00:00:00+1:00",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-32T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2100-02-29T00:00:00Z",
		"2026-01-01T24:00:00Z",
		"2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z",
		"2016-12-31T23:59:60Z",
		"+2026-01-01T00:00:00Z",
		"-001-01-01T00:00:00Z",
		"10000-01-01T00:00:00Z",
		"2026-0a-01T00:00:00Z",
		"0000-01-01T00:00:00+00:01",
		"9999-12-31T23:59:59-00:01",
	};
	int64_t t = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(rfc3339(bad[i], &t), -1, "%s", bad[i]);
	cr_assert_eq(t, 77);
}

Test(rfc3339, nul_inside_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t t;
	cr_assert_eq(
	    time_parse_rfc3339(view_of("2026-01-01T00:00:00Z\0", 21), &t, &err), -1);
}

Test(rfc3339, known_instants_are_read)
{
	static const struct {
		const char *text;
		int64_t t;
	} good[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1970-01-01t00:00:00z", 0 },
		{ "1970-01-01T00:00:00.0019Z", 1 },
		{ "1969-12-31T23:59:59.999Z", -1 },
		{ "1970-01-01T01:00:00+01:00", 0 },
		{ "1969-12-31T23:30:00-00:30", 0 },
		{ "1970-01-01T00:00:00-00:00", 0 },
		{ "2000-02-29T00:00:00Z", INT64_C(951782400000) },
		{ "2026-11-21T20:04:05.123456789Z", INT64_C(1795291445123) },
		{ "2038-01-19T03:14:08Z", INT64_C(2147483648000) },
		{ "1582-10-15T00:00:00Z", INT64_C(-12219292800000) },
		{ "0000-01-01T00:00:00Z", INT64_C(-62167219200000) },
		{ "0000-02-29T00:00:00Z", INT64_C(-62167219200000) + 59 * DAY_MS },
		{ "0001-01-01T00:00:00Z", INT64_C(-62135596800000) },
		{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999) },
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t t = 77;
		cr_assert_eq(rfc3339(good[i].text, &t), 0, "%s", good[i].text);
		cr_assert_eq(t, good[i].t, "%s: %lld", good[i].text, (long long)t);
	}
}

Test(rfc3339, every_day_of_ten_thousand_years_survives)
{
	int64_t t = INT64_C(-62167219200000), back = 0;
	int64_t last = INT64_C(253402300799999);
	char text[TIME_TEXT_MAX], before[TIME_TEXT_MAX] = "";
	for (size_t i = 0; t <= last; i++, t += DAY_MS + (i % 7 == 0 ? 1 : 0)) {
		time_rfc3339(t, text);
		cr_assert_eq(rfc3339(text, &back), 0, "%s", text);
		cr_assert_eq(back, t, "%s", text);
		cr_assert_lt(strcmp(before, text), 0, "%s", text);
		memcpy(before, text, sizeof(text));
	}
}

Test(rfc3339, extreme_times_fit_the_text)
{
	char text[TIME_TEXT_MAX];
	memset(text, '#', sizeof(text));
	time_rfc3339(INT64_MIN, text);
	cr_assert_neq(memchr(text, 0, sizeof(text)), NULL);
	time_rfc3339(INT64_MAX, text);
	cr_assert_str_eq(text, "292278994-08-17T07:12:55.807Z");
	time_generalized(INT64_MIN, text);
	time_generalized(INT64_MAX, text);
	cr_assert_neq(memchr(text, 0, sizeof(text)), NULL);
}

Test(rfc3339, fraction_is_written_only_when_there)
{
	char text[TIME_TEXT_MAX];
	time_rfc3339(0, text);
	cr_assert_str_eq(text, "1970-01-01T00:00:00Z");
	time_rfc3339(120, text);
	cr_assert_str_eq(text, "1970-01-01T00:00:00.120Z");
	time_rfc3339(-1, text);
	cr_assert_str_eq(text, "1969-12-31T23:59:59.999Z");
}

Test(generalized, fraction_has_no_trailing_zero)
{
	char text[TIME_TEXT_MAX];
	time_generalized(INT64_C(1795291445000), text);
	cr_assert_str_eq(text, "20261121200405Z");
	time_generalized(INT64_C(1795291445120), text);
	cr_assert_str_eq(text, "20261121200405.12Z");
	time_generalized(INT64_C(1795291445100), text);
	cr_assert_str_eq(text, "20261121200405.1Z");
	time_generalized(INT64_C(1795291445001), text);
	cr_assert_str_eq(text, "20261121200405.001Z");
}

Test(asn1_time, other_than_der_is_refused)
{
	static const char *const generalized[] = {
		"",
		"Z",
		"20260101000000",
		"202601010000Z",
		"2026010100Z",
		"20260101000000+0000",
		"20260101000000.Z",
		"20260101000000.0Z",
		"20260101000000.10Z",
		"20260101000000,1Z",
		"20260101000000z",
		"20260101000000ZZ",
		"20260229000000Z",
		"20261301000000Z",
		"20260101240000Z",
		"20260101006000Z",
		"20260101000060Z",
		"2026010100000-Z",
		"260101000000Z",
	};
	static const char *const utc[] = {
		"",
		"2601010000Z",
		"260101000000",
		"260101000000+0000",
		"260101000000.1Z",
		"260229000000Z",
		"261301000000Z",
		"20260101000000Z",
		"2601010000000Z",
		" 60101000000Z",
		"260101000000ZZ",
	};
	int64_t t = 77;
	for (size_t i = 0; i < sizeof(generalized) / sizeof(generalized[0]); i++)
		cr_assert_eq(asn1(generalized[i], false, &t), -1, "%s", generalized[i]);
	for (size_t i = 0; i < sizeof(utc) / sizeof(utc[0]); i++)
		cr_assert_eq(asn1(utc[i], true, &t), -1, "%s", utc[i]);
	cr_assert_eq(t, 77);
}

Test(asn1_time, two_digit_years_turn_at_fifty)
{
	int64_t t;
	cr_assert_eq(asn1("500101000000Z", true, &t), 0);
	cr_assert_eq(t, INT64_C(-631152000000));
	cr_assert_eq(asn1("491231235959Z", true, &t), 0);
	cr_assert_eq(t, INT64_C(2524607999000));
	cr_assert_eq(asn1("000229000000Z", true, &t), 0);
	cr_assert_eq(t, INT64_C(951782400000));
}

Test(asn1_time, fraction_is_cut_to_milliseconds)
{
	int64_t t;
	cr_assert_eq(asn1("19700101000000.5Z", false, &t), 0);
	cr_assert_eq(t, 500);
	cr_assert_eq(asn1("19700101000001.0019999999999999999999Z", false, &t), 0);
	cr_assert_eq(t, 1001);
	cr_assert_eq(asn1("19691231235959.75Z", false, &t), 0);
	cr_assert_eq(t, -250);
}

static int duration(const char *s, struct duration *ret_d)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = time_parse_duration(view_text(s), ret_d, &err);
	if (rc != 0)
		cr_assert_eq(err.code, LTPS_FORMAT);
	return rc;
}

Test(duration, malformed_is_refused)
{
	static const char *const bad[] = {
		"",
		"P",
		"T",
		"PT",
		"P1",
		"PY",
		"1Y",
		"P1YT",
		"P1H",
		"PT1Y",
		"PT1D",
		"P1M1Y",
		"P1D1M",
		"PT1S1M",
		"P1Y1Y",
		"P-1Y",
		"-P1Y",
		"P+1Y",
		"P1.5Y",
		"PT1,5S",
		"p1y",
		"P1Y ",
		" P1Y",
		"P1YT1H1",
		"PTT1H",
		"P1YTT1H",
		"PT1HT1M",
		"P1000000000000000Y",
		"P10000Y",
		"P9999Y1M",
		"P999999999999999D",
		"PT999999999999999S",
		"P1D1W",
	};
	struct duration d;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(duration(bad[i], &d), -1, "%s", bad[i]);
}

Test(duration, parts_are_added)
{
	static const struct {
		const char *text;
		int32_t months;
		int64_t ms;
	} good[] = {
		{ "P10Y6M", 126, 0 },
		{ "P30D", 0, 30 * DAY_MS },
		{ "PT2S", 0, 2000 },
		{ "P2W", 0, 14 * DAY_MS },
		{ "PT5M", 0, 300000 },
		{ "P5M", 5, 0 },
		{ "P1Y2M3DT4H5M6S", 14, 3 * DAY_MS + 14706000 },
		{ "P0D", 0, 0 },
		{ "P9999Y", 119988, 0 },
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct duration d = { -1, -1 };
		cr_assert_eq(duration(good[i].text, &d), 0, "%s", good[i].text);
		cr_assert_eq(d.months, good[i].months, "%s", good[i].text);
		cr_assert_eq(d.ms, good[i].ms, "%s", good[i].text);
	}
}

Test(duration, adding_follows_the_calendar)
{
	static const struct {
		const char *from, *add, *to;
	} cases[] = {
		{ "2026-01-31T10:00:00Z", "P1M", "2026-02-28T10:00:00Z" },
		{ "2024-01-31T10:00:00Z", "P1M", "2024-02-29T10:00:00Z" },
		{ "2024-02-29T00:00:00Z", "P1Y", "2025-02-28T00:00:00Z" },
		{ "2024-02-29T00:00:00Z", "P4Y", "2028-02-29T00:00:00Z" },
		{ "2026-12-15T00:00:00.5Z", "P1M", "2027-01-15T00:00:00.500Z" },
		{ "2026-01-31T00:00:00Z", "P1M1D", "2026-03-01T00:00:00Z" },
		{ "1969-12-31T23:59:59Z", "PT1S", "1970-01-01T00:00:00Z" },
		{ "2000-01-01T00:00:00Z", "P100Y", "2100-01-01T00:00:00Z" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct duration d;
		int64_t t = 0;
		char text[TIME_TEXT_MAX];
		cr_assert_eq(rfc3339(cases[i].from, &t), 0);
		cr_assert_eq(duration(cases[i].add, &d), 0);
		time_rfc3339(time_add_duration(t, d), text);
		cr_assert_str_eq(text, cases[i].to);
	}
}

Test(duration, adding_never_overflows)
{
	struct duration most = { INT32_MAX, INT64_MAX },
			least = { INT32_MIN, INT64_MIN };
	cr_assert_eq(time_add_duration(INT64_MAX, most), INT64_MAX);
	cr_assert_eq(time_add_duration(INT64_MIN, least), INT64_MIN);
}

Test(clock, fixed_clock_stands_still)
{
	struct clock c = clock_fixed(-5);
	cr_assert_eq(clock_now_ms(&c), -5);
	cr_assert_eq(clock_now_ms(&c), -5);
}

Test(clock, shifted_clock_runs_from_its_start)
{
	struct clock c = clock_shifted(1000000);
	int64_t a = clock_now_ms(&c);
	/* Wide bounds: only a wrong sign or unit is to be seen. */
	cr_assert(a >= 1000000 - 3600000 && a < 1000000 + 3600000);
	int64_t m = clock_monotonic_ms();
	cr_assert_geq(clock_monotonic_ms(), m);
}
