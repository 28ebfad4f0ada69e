/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - injected time, and its text forms.
 *
 * One unit everywhere: milliseconds since 1970-01-01T00:00:00Z, no leap
 * seconds, as int64_t named *_ms. Only the edge (main, the service shell,
 * tests) holds a clock; everything below takes the time as a parameter.
 */
#ifndef LTPS_BASE_CLOCK_H
#define LTPS_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct clock {
	int64_t (*now_ms)(const struct clock *clock);
	int64_t offset_ms; /* clock_shifted: added to the system's time */
	int64_t fixed_ms;  /* clock_fixed: the time that it shows */
};

/* The system's wall clock. */
struct clock clock_system(void);
/* Runs, but shows start_ms now. */
struct clock clock_shifted(int64_t start_ms);
/* Stands still. */
struct clock clock_fixed(int64_t at_ms);
int64_t clock_now_ms(const struct clock *clock);
/* CLOCK_MONOTONIC in ms, for durations and deadlines only. */
int64_t clock_monotonic_ms(void);
/* The same in microseconds, for figures. */
int64_t clock_monotonic_us(void);

#define TIME_TEXT_MAX 40
/* RFC 3339 in UTC: "2026-11-21T20:04:05Z", with ".123" when not whole. */
void time_rfc3339(int64_t t_ms, char out[TIME_TEXT_MAX]);
/*
 * time_parse_rfc3339 - any offset, fraction of up to 9 digits (cut to ms),
 * years 0000 to 9999, real calendar days only, 'Z' and 'T' of either case.
 * Fails: FORMAT (caller)
 */
int time_parse_rfc3339(struct view text, int64_t *ret_ms,
		       struct ltps_error *err) LTPS_CHECKED;
/* "20261121200405Z", or with a fraction without trailing zeros (RFC 3161). */
void time_generalized(int64_t t_ms, char out[TIME_TEXT_MAX]);
/*
 * time_parse_asn1 - UTCTime (utc_time) or GeneralizedTime contents, DER forms,
 * fraction allowed for GeneralizedTime (RFC 3161 2.4.2).
 * Fails: FORMAT (object)
 */
int time_parse_asn1(struct view body, bool utc_time, int64_t *ret_ms,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * time_parse_duration - ISO 8601 duration "P10Y6M", "P30D", "PT2S".
 * time_add_duration adds it by the calendar (years and months first).
 */
struct duration {
	int32_t months;
	int64_t ms;
};
int time_parse_duration(struct view text, struct duration *ret_d,
			struct ltps_error *err) LTPS_CHECKED;
int64_t time_add_duration(int64_t t_ms, struct duration d);

#endif
