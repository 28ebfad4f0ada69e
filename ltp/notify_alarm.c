/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify - alarms of /health that come and go. What was told last, and since when it
 * stands, is kept in a setting of the store, written with the entry of the audit that
 * tells the change: a crash between two looks neither forgets an alarm nor tells it
 * twice.
 *
 *   setting = *( name [ "=" milliseconds ] " " )
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ltp/notify_private.h"
#include "ltp/upkeep.h"

#define ALARMS_SETTING "notify.alarms"

enum alarm {
	ALARM_LATE,
	ALARM_OVERDUE,
	ALARM_UPKEEP,
	ALARM_DAMAGED,
	ALARM_NO_SPACE,
	ALARM_LOW_SPACE,
	ALARM_CLOCK,
	ALARM_COUNT
};

/* Names stand in settings and bodies: never changed. */
static const char *const NAMES[ALARM_COUNT] = {
	[ALARM_LATE] = NOTIFY_ALARM_LATE, [ALARM_OVERDUE] = NOTIFY_ALARM_OVERDUE,
	[ALARM_UPKEEP] = "upkeep",        [ALARM_DAMAGED] = "damaged",
	[ALARM_NO_SPACE] = "no-space",    [ALARM_LOW_SPACE] = "low-space",
	[ALARM_CLOCK] = "clock-back",
};
#define TEXT_MAX 640
/* All names with their times. */
#define SETTING_MAX 512

struct alarms {
	bool on[ALARM_COUNT];
	char text[ALARM_COUNT][TEXT_MAX];
	int64_t now_ms;
};

/* INT64_MIN: it is not raised; 0: since when was not written down (an earlier
 * program). */
struct told {
	int64_t since_ms[ALARM_COUNT];
};

static void raise_all(const struct ltp_health *h, struct alarms *a)
{
	a->on[ALARM_LATE] = h->alarm;
	snprintf(a->text[ALARM_LATE], TEXT_MAX,
		 "%" PRIu64 " failures in a row, %" PRIu64 " leaves wait: %s",
		 h->stamp_failures, h->waiting_leaves, h->last_stamp_error);
	a->on[ALARM_OVERDUE] = h->overdue > 0;
	snprintf(a->text[ALARM_OVERDUE], TEXT_MAX,
		 "%" PRIu64 " time-stamps are past the margin of their renewal",
		 h->overdue);
	a->on[ALARM_UPKEEP] = h->trouble_alarm;
	snprintf(a->text[ALARM_UPKEEP], TEXT_MAX, "%s", h->trouble);
	a->on[ALARM_DAMAGED] = h->damaged > 0;
	snprintf(a->text[ALARM_DAMAGED], TEXT_MAX,
		 "%" PRIu64 " blobs are damaged and no copy could repair them",
		 h->damaged);
	a->on[ALARM_NO_SPACE] = h->no_space;
	a->on[ALARM_LOW_SPACE] = h->low_space;
	snprintf(a->text[ALARM_NO_SPACE], TEXT_MAX,
		 "%" PRIu64 " octets are free: nothing is taken", h->free_bytes);
	snprintf(a->text[ALARM_LOW_SPACE], TEXT_MAX, "%" PRIu64 " octets are free",
		 h->free_bytes);
	a->on[ALARM_CLOCK] = h->clock_back_ms > 0;
	snprintf(a->text[ALARM_CLOCK], TEXT_MAX,
		 "the clock is %" PRId64 " s behind what was seen",
		 h->clock_back_ms / 1000);
}

/* "name" or "name=milliseconds"; one of a later program is forgotten. */
static void read_told(struct told *t, char *word)
{
	char *since = strchr(word, '=');
	if (since != NULL)
		*since++ = '\0';
	for (unsigned i = 0; i < ALARM_COUNT; i++)
		if (strcmp(word, NAMES[i]) == 0)
			t->since_ms[i] = since != NULL ? strtoll(since, NULL, 10) : 0;
}

static int told_get(struct store_conn *conn, struct told *ret, struct ltps_error *err)
{
	char text[SETTING_MAX] = "";
	char *rest = NULL;
	size_t n = 0;
	for (unsigned i = 0; i < ALARM_COUNT; i++)
		ret->since_ms[i] = INT64_MIN;
	if (store_setting_find(conn, ALARMS_SETTING, (uint8_t *)text, sizeof(text) - 1,
			       &n, err) != 0)
		return -1;
	text[n] = '\0';
	for (char *word = strtok_r(text, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest))
		read_told(ret, word);
	return 0;
}

static bool is_changed(const struct alarms *a, const struct told *t, unsigned i)
{
	return a->on[i] != (t->since_ms[i] != INT64_MIN);
}

static bool any_changed(const struct alarms *a, const struct told *t)
{
	for (unsigned i = 0; i < ALARM_COUNT; i++)
		if (is_changed(a, t, i))
			return true;
	return false;
}

static int keep(struct store_conn *conn, const struct told *t, struct ltps_error *err)
{
	char text[SETTING_MAX] = "";
	for (unsigned i = 0; i < ALARM_COUNT; i++) {
		const size_t n = strlen(text);
		if (t->since_ms[i] != INT64_MIN)
			snprintf(text + n, sizeof(text) - n, "%s=%" PRId64 " ",
				 NAMES[i], t->since_ms[i]);
	}
	return store_setting_put(conn, ALARMS_SETTING, text, strlen(text), err);
}

static int tell(struct store_conn *conn, const struct alarms *a, unsigned i,
		struct ltps_error *err)
{
	const struct upkeep_event e = {
		.operation = a->on[i] ? NOTIFY_RAISED : NOTIFY_CLEARED,
		.outcome = a->on[i] ? "failure" : NULL,
		.now_ms = a->now_ms,
	};
	return upkeep_audit(conn, &e, err, "%s: %s", NAMES[i],
			    a->on[i] ? a->text[i] : "it is over");
}

static int run_tell(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct alarms *a = arg;
	struct told t;
	if (told_get(conn, &t, err) != 0)
		return -1;
	if (!any_changed(a, &t))
		return 0;
	for (unsigned i = 0; i < ALARM_COUNT; i++) {
		if (!is_changed(a, &t, i))
			continue;
		t.since_ms[i] = a->on[i] ? a->now_ms : INT64_MIN;
		if (tell(conn, a, i, err) != 0)
			return -1;
	}
	return keep(conn, &t, err);
}

int notify_alarms(struct ltp_worker *w, int64_t now_ms, struct ltps_error *err)
{
	struct ltp_health h;
	struct alarms a = { .now_ms = now_ms };
	struct told t;
	if (ltp_health(w, &h, err) != 0 || told_get(w->conn, &t, err) != 0)
		return -1;
	raise_all(&h, &a);
	return any_changed(&a, &t) ? store_write(w->l->o.store, run_tell, &a, err) : 0;
}

static void put_alarm(struct jsonw *j, const struct alarms *a, const struct told *t,
		      unsigned i)
{
	jsonw_object(j);
	jsonw_member(j, "name", NAMES[i]);
	jsonw_key(j, "since");
	if (t->since_ms[i] > 0)
		jsonw_time(j, t->since_ms[i]);
	else
		jsonw_null(j);
	jsonw_member(j, "text", a->text[i]);
	jsonw_object_end(j);
}

int notify_alarms_json(struct ltp_worker *w, struct jsonw *j, struct ltps_error *err)
{
	struct ltp_health h;
	struct alarms a = { 0 };
	struct told t;
	if (ltp_health(w, &h, err) != 0 || told_get(w->conn, &t, err) != 0)
		return -1;
	raise_all(&h, &a);
	jsonw_array(j);
	for (unsigned i = 0; i < ALARM_COUNT; i++)
		if (a.on[i])
			put_alarm(j, &a, &t, i);
	jsonw_array_end(j);
	return 0;
}
