/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the injected clocks and the text forms of time. The calendar is the
 * proleptic Gregorian one, computed here: timegm() and the locale's time zone
 * play no part.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE (60 * MS_PER_SECOND)
#define MS_PER_HOUR (60 * MS_PER_MINUTE)
#define MS_PER_DAY (24 * MS_PER_HOUR)
#define DAYS_PER_400_YEARS 146097
/* From 0000-03-01 to 1970-01-01. */
#define DAYS_MARCH_0_TO_1970 719468

/* 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z. */
#define TIME_MIN_MS INT64_C(-62167219200000)
#define TIME_MAX_MS INT64_C(253402300799999)

/* Longest duration: what reaches from year 0 to year 9999. */
#define DURATION_MONTHS_MAX (9999 * 12)
#define DURATION_MS_MAX (TIME_MAX_MS - TIME_MIN_MS)

/* RFC 3339 5.6 sets no end to the fraction; ours is the nanosecond. */
#define FRACTION_DIGITS_MAX 9

struct civil {
	int64_t year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour, minute, second, ms;
};

static int64_t system_now(const struct clock *clock)
{
	struct timespec ts;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * MS_PER_SECOND + ts.tv_nsec / 1000000 +
	       clock->offset_ms;
}

static int64_t fixed_now(const struct clock *clock)
{
	return clock->fixed_ms;
}

struct clock clock_system(void)
{
	return (struct clock){ .now_ms = system_now };
}

struct clock clock_shifted(int64_t start_ms)
{
	struct clock clock = clock_system();
	clock.offset_ms = start_ms - clock_now_ms(&clock);
	return clock;
}

struct clock clock_fixed(int64_t at_ms)
{
	return (struct clock){ .now_ms = fixed_now, .fixed_ms = at_ms };
}

int64_t clock_now_ms(const struct clock *clock)
{
	return clock->now_ms(clock);
}

int64_t clock_monotonic_us(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_monotonic_ms(void)
{
	return clock_monotonic_us() / 1000;
}

/* ---- calendar ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static bool is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int64_t year, int month)
{
	static const uint8_t days[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

/*
 * Counted in years that begin in March, the leap day is the last of its year
 * and the days before month m (March = 0) are (153 m + 2) / 5.
 */
static int64_t days_of_civil(int64_t year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t m = month > 2 ? month - 3 : month + 9;
	int64_t leaps = floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);
	return 365 * y + leaps + (153 * m + 2) / 5 + day - 1 - DAYS_MARCH_0_TO_1970;
}

static void civil_of_days(int64_t days, struct civil *c)
{
	int64_t z = days + DAYS_MARCH_0_TO_1970;
	int64_t cycle = floor_div(z, DAYS_PER_400_YEARS);
	int64_t rest = z - cycle * DAYS_PER_400_YEARS;
	/* Leap days before this one are taken out: 1460 days a 4-year, 36524 a
	 * century and the very last day of the cycle. */
	int64_t y = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
	int64_t in_year = rest - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;
	c->day = (int)(in_year - (153 * m + 2) / 5 + 1);
	c->month = (int)(m < 10 ? m + 3 : m - 9);
	c->year = cycle * 400 + y + (m < 10 ? 0 : 1);
}

static int64_t ms_of_civil(const struct civil *c)
{
	return days_of_civil(c->year, c->month, c->day) * MS_PER_DAY +
	       c->hour * MS_PER_HOUR + c->minute * MS_PER_MINUTE +
	       c->second * MS_PER_SECOND + c->ms;
}

static struct civil civil_of_ms(int64_t t_ms)
{
	struct civil c;
	int64_t days = floor_div(t_ms, MS_PER_DAY);
	int64_t rest = t_ms % MS_PER_DAY;
	if (rest < 0)
		rest += MS_PER_DAY;
	civil_of_days(days, &c);
	c.hour = (int)(rest / MS_PER_HOUR);
	c.minute = (int)(rest / MS_PER_MINUTE % 60);
	c.second = (int)(rest / MS_PER_SECOND % 60);
	c.ms = (int)(rest % MS_PER_SECOND);
	return c;
}

/* No leap second: our unit has none, and 23:59:60 would be another day. */
static bool is_real(const struct civil *c)
{
	return c->month >= 1 && c->month <= 12 && c->day >= 1 &&
	       c->day <= days_in_month(c->year, c->month) && c->hour < 24 &&
	       c->minute < 60 && c->second < 60;
}

/* ---- writing ---- */

static char *put_digits(char *p, unsigned n, int value)
{
	for (unsigned i = n; i-- > 0; value /= 10)
		p[i] = (char)('0' + value % 10);
	return p + n;
}

/* Of a year with four digits and a whole second: nearly all, and reports hold many. */
static void put_plain(const struct civil *c, char out[TIME_TEXT_MAX])
{
	const struct {
		int value;
		char before;
	} parts[] = { { c->month, '-' },
		      { c->day, '-' },
		      { c->hour, 'T' },
		      { c->minute, ':' },
		      { c->second, ':' } };
	char *p = put_digits(out, 4, (int)c->year);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		*p++ = parts[i].before;
		p = put_digits(p, 2, parts[i].value);
	}
	*p++ = 'Z';
	*p = '\0';
}

void time_rfc3339(int64_t t_ms, char out[TIME_TEXT_MAX])
{
	struct civil c = civil_of_ms(t_ms);
	if (c.year >= 0 && c.year <= 9999 && c.ms == 0) {
		put_plain(&c, out);
		return;
	}
	int n = snprintf(out, TIME_TEXT_MAX, "%04lld-%02d-%02dT%02d:%02d:%02d",
			 (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (c.ms != 0)
		n += snprintf(out + n, TIME_TEXT_MAX - (size_t)n, ".%03d", c.ms);
	snprintf(out + n, TIME_TEXT_MAX - (size_t)n, "Z");
}

void time_generalized(int64_t t_ms, char out[TIME_TEXT_MAX])
{
	struct civil c = civil_of_ms(t_ms);
	int n = snprintf(out, TIME_TEXT_MAX, "%04lld%02d%02d%02d%02d%02d",
			 (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
	if (c.ms != 0) {
		n += snprintf(out + n, TIME_TEXT_MAX - (size_t)n, ".%03d", c.ms);
		while (out[n - 1] == '0')
			n--;
	}
	snprintf(out + n, TIME_TEXT_MAX - (size_t)n, "Z");
}

/* ---- reading ---- */

/* Exactly n digits at the cursor. */
static bool take_digits(struct view *v, size_t n, int *ret_value)
{
	int value = 0;
	if (v->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (v->p[i] < '0' || v->p[i] > '9')
			return false;
		value = value * 10 + (v->p[i] - '0');
	}
	*v = view_skip(*v, n);
	*ret_value = value;
	return true;
}

static bool take_char(struct view *v, char c)
{
	if (v->n == 0 || v->p[0] != (uint8_t)c)
		return false;
	*v = view_skip(*v, 1);
	return true;
}

static size_t count_digits(struct view v)
{
	size_t n = 0;
	while (n < v.n && v.p[n] >= '0' && v.p[n] <= '9')
		n++;
	return n;
}

/* Digits behind the point, cut to milliseconds. */
static int fraction_ms(struct view digits)
{
	int ms = 0;
	for (size_t i = 0; i < 3; i++)
		ms = ms * 10 + (i < digits.n ? digits.p[i] - '0' : 0);
	return ms;
}

static bool take_rfc3339_date(struct view *v, struct civil *c)
{
	int year = 0;
	bool ok = take_digits(v, 4, &year) && take_char(v, '-') &&
		  take_digits(v, 2, &c->month) && take_char(v, '-') &&
		  take_digits(v, 2, &c->day) &&
		  (take_char(v, 'T') || take_char(v, 't'));
	c->year = year;
	return ok;
}

static bool take_rfc3339_time(struct view *v, struct civil *c)
{
	if (!take_digits(v, 2, &c->hour) || !take_char(v, ':') ||
	    !take_digits(v, 2, &c->minute) || !take_char(v, ':') ||
	    !take_digits(v, 2, &c->second))
		return false;
	c->ms = 0;
	if (!take_char(v, '.'))
		return true;
	size_t n = count_digits(*v);
	if (n == 0 || n > FRACTION_DIGITS_MAX)
		return false;
	c->ms = fraction_ms(view_head(*v, n));
	*v = view_skip(*v, n);
	return true;
}

static bool take_rfc3339_offset(struct view *v, int64_t *ret_ms)
{
	int hours, minutes;
	*ret_ms = 0;
	if (take_char(v, 'Z') || take_char(v, 'z'))
		return true;
	bool west = take_char(v, '-');
	if (!west && !take_char(v, '+'))
		return false;
	if (!take_digits(v, 2, &hours) || !take_char(v, ':') ||
	    !take_digits(v, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_ms = (hours * MS_PER_HOUR + minutes * MS_PER_MINUTE) * (west ? -1 : 1);
	return true;
}

int time_parse_rfc3339(struct view text, int64_t *ret_ms, struct ltps_error *err)
{
	struct civil c = { 0 };
	int64_t offset;
	if (!take_rfc3339_date(&text, &c) || !take_rfc3339_time(&text, &c) ||
	    !take_rfc3339_offset(&text, &offset) || text.n != 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 3339 5.6",
				 "not a date and time");
	if (!is_real(&c))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 3339 5.7",
				 "no such day or time of day");
	int64_t t_ms = ms_of_civil(&c) - offset;
	if (t_ms < TIME_MIN_MS || t_ms > TIME_MAX_MS)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 3339 1",
				 "in UTC outside of the years 0000 to 9999");
	*ret_ms = t_ms;
	return 0;
}

/* UTCTime has two digits of the year: 50 is 1950, 49 is 2049 (RFC 5280 4.1.2.5.1). */
static bool take_asn1_year(struct view *v, bool utc_time, struct civil *c)
{
	int year = 0;
	if (!take_digits(v, utc_time ? 2 : 4, &year))
		return false;
	c->year = !utc_time ? year : year >= 50 ? 1900 + year : 2000 + year;
	return true;
}

/* The fraction of a GeneralizedTime: no trailing zero (X.690 11.7.3). */
static bool take_asn1_fraction(struct view *v, struct civil *c)
{
	if (!take_char(v, '.'))
		return true;
	size_t n = count_digits(*v);
	if (n == 0 || v->p[n - 1] == '0')
		return false;
	c->ms = fraction_ms(view_head(*v, n));
	*v = view_skip(*v, n);
	return true;
}

int time_parse_asn1(struct view body, bool utc_time, int64_t *ret_ms,
		    struct ltps_error *err)
{
	const char *clause = utc_time ? "X.690 11.8" : "X.690 11.7";
	struct civil c = { 0 };
	if (!take_asn1_year(&body, utc_time, &c) || !take_digits(&body, 2, &c.month) ||
	    !take_digits(&body, 2, &c.day) || !take_digits(&body, 2, &c.hour) ||
	    !take_digits(&body, 2, &c.minute) || !take_digits(&body, 2, &c.second) ||
	    (!utc_time && !take_asn1_fraction(&body, &c)) || !take_char(&body, 'Z') ||
	    body.n != 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause,
				 "time not in its DER form");
	if (!is_real(&c))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause,
				 "no such day or time of day");
	*ret_ms = ms_of_civil(&c);
	return 0;
}

/* ---- durations ---- */

/* The designators in the order in which they must come (ISO 8601-1 5.5.2). */
static const struct part {
	char letter;
	bool time; /* behind the 'T' */
	int32_t months;
	int64_t ms;
} parts[] = {
	{ 'Y', false, 12, 0 },
	{ 'M', false, 1, 0 },
	{ 'W', false, 0, 7 * MS_PER_DAY },
	{ 'D', false, 0, MS_PER_DAY },
	{ 'H', true, 0, MS_PER_HOUR },
	{ 'M', true, 0, MS_PER_MINUTE },
	{ 'S', true, 0, MS_PER_SECOND },
};

#define PART_COUNT (sizeof(parts) / sizeof(parts[0]))
/* More digits than DURATION_MS_MAX has; keeps the number below in 64 bits. */
#define PART_DIGITS_MAX 15

static bool take_number(struct view *v, int64_t *ret_value)
{
	size_t n = count_digits(*v);
	int64_t value = 0;
	if (n == 0 || n > PART_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		value = value * 10 + (v->p[i] - '0');
	*v = view_skip(*v, n);
	*ret_value = value;
	return true;
}

static bool add_part(const struct part *part, int64_t value, struct duration *d)
{
	if (part->months > 0) {
		if (value > (DURATION_MONTHS_MAX - d->months) / part->months)
			return false;
		d->months += (int32_t)value * part->months;
		return true;
	}
	if (value > (DURATION_MS_MAX - d->ms) / part->ms)
		return false;
	d->ms += value * part->ms;
	return true;
}

/* One number with its designator, no earlier in the table than *next. */
static bool take_part(struct view *v, bool time, size_t *next, struct duration *d)
{
	int64_t value;
	if (!take_number(v, &value))
		return false;
	for (size_t i = *next; i < PART_COUNT; i++) {
		if (parts[i].time != time || !take_char(v, parts[i].letter))
			continue;
		*next = i + 1;
		return add_part(&parts[i], value, d);
	}
	return false;
}

static bool take_duration(struct view v, struct duration *d)
{
	size_t next = 0;
	bool time = false;
	if (!take_char(&v, 'P') || v.n == 0)
		return false;
	while (v.n > 0) {
		if (!time && take_char(&v, 'T'))
			time = true;
		if (!take_part(&v, time, &next, d))
			return false;
	}
	return true;
}

int time_parse_duration(struct view text, struct duration *ret_d,
			struct ltps_error *err)
{
	struct duration d = { 0 };
	if (!take_duration(text, &d))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
				 "ISO 8601-1 5.5.2", "not a duration");
	*ret_d = d;
	return 0;
}

/* Far outside of every date; keeps the sums below within 64 bits. */
#define TIME_CLAMP_MS (INT64_C(1) << 61)

int64_t time_add_duration(int64_t t_ms, struct duration d)
{
	if (t_ms > TIME_CLAMP_MS || t_ms < -TIME_CLAMP_MS)
		t_ms = t_ms > 0 ? TIME_CLAMP_MS : -TIME_CLAMP_MS;
	if (d.months != 0) {
		struct civil c = civil_of_ms(t_ms);
		int64_t month = c.year * 12 + (c.month - 1) + d.months;
		c.year = floor_div(month, 12);
		c.month = (int)(month - c.year * 12) + 1;
		/* January 31 and a month is the last day of February. */
		if (c.day > days_in_month(c.year, c.month))
			c.day = days_in_month(c.year, c.month);
		t_ms = ms_of_civil(&c);
	}
	int64_t sum;
	if (__builtin_add_overflow(t_ms, d.ms, &sum))
		return d.ms > 0 ? INT64_MAX : INT64_MIN;
	return sum;
}
