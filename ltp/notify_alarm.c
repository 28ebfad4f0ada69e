/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify - alarms of /health that come and go. What was told last stands in a setting
 * of the store, written with the entry of the audit that tells the change: a crash
 * between two looks neither forgets an alarm nor tells it twice.
 */
#include <inttypes.h>
#include <stdio.h>
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

struct alarms {
	bool on[ALARM_COUNT];
	char text[ALARM_COUNT][TEXT_MAX];
	int64_t now_ms;
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

static unsigned mask_of(const struct alarms *a)
{
	unsigned mask = 0;
	for (unsigned i = 0; i < ALARM_COUNT; i++)
		mask |= a->on[i] ? 1u << i : 0;
	return mask;
}

/* Of names that are known; one of a later program is forgotten. */
static int told(struct store_conn *conn, unsigned *ret_mask, struct ltps_error *err)
{
	char text[256] = "";
	char *rest = NULL;
	size_t n = 0;
	*ret_mask = 0;
	if (store_setting_find(conn, ALARMS_SETTING, (uint8_t *)text, sizeof(text) - 1,
			       &n, err) != 0)
		return -1;
	text[n] = '\0';
	for (char *name = strtok_r(text, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest))
		for (unsigned i = 0; i < ALARM_COUNT; i++)
			*ret_mask |= strcmp(name, NAMES[i]) == 0 ? 1u << i : 0;
	return 0;
}

static int keep(struct store_conn *conn, unsigned mask, struct ltps_error *err)
{
	char text[256] = "";
	for (unsigned i = 0; i < ALARM_COUNT; i++) {
		const size_t n = strlen(text);
		if ((mask & 1u << i) != 0)
			snprintf(text + n, sizeof(text) - n, "%s ", NAMES[i]);
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
	const unsigned now = mask_of(a);
	unsigned was;
	if (told(conn, &was, err) != 0)
		return -1;
	for (unsigned i = 0; i < ALARM_COUNT; i++)
		if (((now ^ was) & 1u << i) != 0 && tell(conn, a, i, err) != 0)
			return -1;
	return now == was ? 0 : keep(conn, now, err);
}

int notify_alarms(struct ltp_worker *w, int64_t now_ms, struct ltps_error *err)
{
	struct ltp_health h;
	struct alarms a = { .now_ms = now_ms };
	unsigned was;
	if (ltp_health(w, &h, err) != 0 || told(w->conn, &was, err) != 0)
		return -1;
	raise_all(&h, &a);
	return mask_of(&a) == was ? 0 : store_write(w->l->o.store, run_tell, &a, err);
}
