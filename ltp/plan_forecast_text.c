/* SPDX-License-Identifier: Apache-2.0 */
/* plan_forecast_text - a forecast as JSON, and as a table for an operator. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ltp/plan.h"

#define DAY_MS 86400000

const char *forecast_kind_name(enum forecast_kind kind)
{
	static const char *const names[] = {
		[FORECAST_TIMESTAMP] = "time-stamp renewal",
		[FORECAST_HASH_TREE] = "hash-tree renewal",
		[FORECAST_AUGMENT] = "augmentation",
	};
	return names[kind];
}

/* ---- JSON ---- */

static void put_item(struct jsonw *j, const struct forecast_item *item)
{
	jsonw_object(j);
	jsonw_member(j, "what", forecast_kind_name(item->kind));
	jsonw_member_time(j, "due", item->due_ms);
	jsonw_member_time(j, "weakens", item->weakens_ms);
	jsonw_member_bool(j, "alarm", item->weakens_ms == INT64_MIN);
	jsonw_member(j, "why", item->reason);
	jsonw_member(j, "tsa", item->tsa[0] != '\0' ? item->tsa : NULL);
	jsonw_member(j, "digest",
		     item->alg != DIGEST_NONE ? digest_name(item->alg) : NULL);
	jsonw_member_int(j, "count", (int64_t)item->trees);
	jsonw_member_int(j, "objects", (int64_t)item->objects);
	jsonw_member_int(j, "requests", (int64_t)item->requests);
	jsonw_member_int(j, "bytes", (int64_t)item->bytes);
	jsonw_object_end(j);
}

static void put_shared(struct jsonw *j, const struct plan_shared *s)
{
	jsonw_object(j);
	jsonw_member(j, "authority", s->authority);
	jsonw_member_int(j, "count", (int64_t)s->count);
	jsonw_member_int(j, "objects", (int64_t)s->objects);
	jsonw_object_end(j);
}

void forecast_json(const struct forecast *f, struct jsonw *j)
{
	jsonw_object(j);
	jsonw_member_time(j, "time", f->now_ms);
	jsonw_member_int(j, "margin_days", f->margin_ms / DAY_MS);
	jsonw_member_int(j, "undated", (int64_t)f->undated);
	jsonw_key(j, "renewals");
	jsonw_array(j);
	for (size_t i = 0; i < f->n; i++)
		put_item(j, &f->items[i]);
	jsonw_array_end(j);
	jsonw_key(j, "shared_authorities");
	jsonw_array(j);
	for (size_t i = 0; i < f->shares.n; i++)
		put_shared(j, &f->shares.list[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

/* ---- text ---- */

void forecast_day(int64_t t_ms, char out[TIME_TEXT_MAX])
{
	if (t_ms == INT64_MIN || t_ms == INT64_MAX) {
		snprintf(out, TIME_TEXT_MAX, "%s", t_ms == INT64_MIN ? "NOW" : "-");
		return;
	}
	time_rfc3339(t_ms, out);
	out[strcspn(out, "T")] = '\0';
}

/* "16.0 KiB" */
static void size_of(uint64_t n, char out[32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t unit = 0;
	uint64_t tenths = n > UINT64_MAX / 10 ? UINT64_MAX : n * 10;
	while (tenths >= 10240 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		tenths /= 1024;
		unit++;
	}
	if (unit == 0)
		snprintf(out, 32, "%" PRIu64 " B", n);
	else
		snprintf(out, 32, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10,
			 tenths % 10, units[unit]);
}

static int put_line(struct buf *out, const struct forecast_item *item,
		    struct ltps_error *err)
{
	char due[TIME_TEXT_MAX], weakens[TIME_TEXT_MAX], size[32];
	forecast_day(item->due_ms, due);
	forecast_day(item->weakens_ms, weakens);
	size_of(item->bytes, size);
	/* Where the reason names it already, once is enough. */
	const bool tsa =
	    item->tsa[0] != '\0' && strstr(item->reason, item->tsa) == NULL;
	return buf_put_fmt(out, err,
			   "%-10s  %-10s  %-18s  %-8s  %9" PRIu64 "  %10" PRIu64
			   "  %9" PRIu64 "  %10s  %s%s%s%s\n",
			   due, weakens, forecast_kind_name(item->kind),
			   item->alg != DIGEST_NONE ? digest_name(item->alg) : "-",
			   item->trees, item->objects, item->requests, size,
			   item->reason[0] != '\0' ? item->reason : "no end is known",
			   tsa ? " (" : "", tsa ? item->tsa : "", tsa ? ")" : "");
}

static int put_shares(const struct forecast *f, struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < f->shares.n; i++)
		if (buf_put_fmt(out, err,
				"Note: both time-stamping authorities of %" PRIu64
				" renewals stand on one CA, %s: its loss takes both\n",
				f->shares.list[i].count,
				f->shares.list[i].authority) != 0)
			return -1;
	return 0;
}

static int put_head(const struct forecast *f, struct buf *out, struct ltps_error *err)
{
	char now[TIME_TEXT_MAX];
	uint64_t never = 0;
	time_rfc3339(f->now_ms, now);
	if (buf_put_fmt(out, err,
			"Renewals as planned at %s, %lld days before they "
			"are needed\n",
			now, (long long)(f->margin_ms / DAY_MS)) != 0)
		return -1;
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].weakens_ms == INT64_MIN)
			never++;
	if (f->undated > 0 &&
	    buf_put_fmt(out, err,
			"ALARM: time-stamps without a date, since their validation "
			"data is missing: %" PRIu64 "\n",
			f->undated) != 0)
		return -1;
	if (never > 0 &&
	    buf_put_fmt(out, err,
			"ALARM: renewals without a date, since what they renew was "
			"never reliable: %" PRIu64 "\n",
			never) != 0)
		return -1;
	return put_shares(f, out, err);
}

int forecast_text(const struct forecast *f, struct buf *out, struct ltps_error *err)
{
	if (put_head(f, out, err) != 0)
		return -1;
	if (f->n == 0)
		return buf_put_text(out, "Nothing is planned.\n", err);
	if (buf_put_fmt(out, err,
			"%-10s  %-10s  %-18s  %-8s  %9s  %10s  %9s  %10s  %s\n", "due",
			"weakens", "what", "digest", "count", "objects", "requests",
			"bytes", "why") != 0)
		return -1;
	for (size_t i = 0; i < f->n; i++)
		if (put_line(out, &f->items[i], err) != 0)
			return -1;
	return 0;
}
