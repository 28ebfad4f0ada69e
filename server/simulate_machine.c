/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_machine - what befalls the machine that the service runs on: a wrong clock,
 * times in which it is off, a full disk; and a second service on the same store.
 */
#include <stdio.h>

#include "server/simulate.h"
#include "storage/failpoints.h"

/* Between two sleeps of more than a year there is time for everything else. */
#define SLEEP_DAYS_MIN 380
#define SLEEP_DAYS_MAX 395
#define SLEEPS_APART_MIN 5000
#define SLEEPS_APART_MAX 12000
/* What is due soon after a sleep is renewed in time, after what follows from it. */
#define SLEEP_SLACK_MS SIM_RECOVERY_MS

/* ---- clock ---- */

/* Minutes to days, weeks, or months. */
static int64_t some_skew(struct sim_random *r)
{
	static const int64_t most_minutes[] = { 72 * 60, 40 * 24 * 60, 400 * 24 * 60 };
	const int64_t most = most_minutes[sim_between(r, 0, 2)];
	const int64_t skew_ms = sim_between(r, 10, most) * 60 * SIM_SECOND_MS;
	return sim_between(r, 0, 1) != 0 ? -skew_ms : skew_ms;
}

int sim_clock_step(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_CLOCK_STEP];
	(void)e;
	if (sim_is_calm(s))
		return 0;
	if (!sim_is_well(s))
		return sim_again(s, SIM_CLOCK_STEP, 15, 30, err);
	const int64_t skew_ms = some_skew(r);
	sim_tally(&s->events, skew_ms < 0 ? "clock-back" : "clock-forward");
	sim_say(s, "the clock steps by %lld days", (long long)(skew_ms / SIM_DAY_MS));
	s->clock_wrong = true;
	atomic_store(&s->shared->skew_ms, skew_ms);
	if (sim_calendar_add(&s->calendar,
			     sim_now(s) + sim_between(r, 1, 72) * SIM_HOUR_MS,
			     SIM_CLOCK_RIGHT, 0, 0, err) != 0)
		return -1;
	return sim_again(s, SIM_CLOCK_STEP, 500, 1500, err);
}

int sim_clock_right(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	(void)e, (void)err;
	s->clock_wrong = false;
	atomic_store(&s->shared->skew_ms, 0);
	return 0;
}

/* ---- off ---- */

static int be_down(struct sim *s, int64_t days, struct ltps_error *err)
{
	s->down_until_ms = sim_now(s) + days * SIM_DAY_MS;
	s->quiet_until_ms = s->down_until_ms + SIM_RECOVERY_MS;
	return sim_stop(s, err);
}

int sim_down(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_DOWN];
	(void)e;
	if (sim_is_calm(s))
		return 0;
	if (!sim_is_well(s))
		return sim_again(s, SIM_DOWN, 15, 30, err);
	sim_tally(&s->events, "service-down");
	if (be_down(s, sim_between(r, 1, 60), err) != 0)
		return -1;
	return sim_again(s, SIM_DOWN, 600, 2000, err);
}

/*
 * More than a year goes beyond the margin in which evidence is renewed. It is borne by
 * what stands that long on at least one of two TSAs; the simulation waits for a time at
 * which everything does. Otherwise it is a fault to be found (--fault long-sleep).
 */
int sim_down_long(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_TIPS, .b = 1 };
	struct sim_random *r = &s->random[SIM_DOWN_LONG];
	struct sim_reply reply;
	const int64_t days = sim_between(r, SLEEP_DAYS_MIN, SLEEP_DAYS_MAX);
	const int64_t until_ms = sim_now(s) + days * SIM_DAY_MS;
	(void)e;
	/* Archive time-stamps in augmented forms are no tips. */
	if (until_ms > s->end_ms - SIM_YEAR_MS || s->o.signed_objects > 0)
		return 0;
	if (!sim_is_well(s))
		return sim_again(s, SIM_DOWN_LONG, 15, 30, err);
	if (sim_ask(s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc != 0 || reply.next_ms == INT64_MAX ||
	    reply.next_ms < until_ms + SLEEP_SLACK_MS)
		return sim_again(s, SIM_DOWN_LONG, 15, 30, err);
	sim_tally(&s->events, "service-down-a-year");
	sim_say(s, "down for more than a year");
	if (be_down(s, days, err) != 0)
		return -1;
	return sim_again(s, SIM_DOWN_LONG, SLEEPS_APART_MIN, SLEEPS_APART_MAX, err);
}

/* ---- disk ---- */

/* The last octets go in the middle of a renewal, or of anything. */
static void choose_last_write(struct sim *s)
{
	static const char *const points[] = {
		"ltp.renew.batch", "ltp.renew.close", FP_TREE_STAMP,
		FP_TOKEN_REPLACE,  FP_BEFORE_COMMIT,  FP_BLOB_AFTER_TEMP,
	};
	struct sim_random *r = &s->random[SIM_DISK_FULL];
	const char *name =
	    points[sim_between(r, 0, sizeof(points) / sizeof(points[0]) - 1)];
	snprintf(s->disk.text, sizeof(s->disk.text), "%s:%d:full", name,
		 (int)sim_between(r, 1, 4));
}

int sim_disk_full(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	(void)e;
	if (sim_is_calm(s) || s->disk.text[0] != '\0')
		return 0;
	if (!sim_is_well(s) || s->two.on)
		return sim_again(s, SIM_DISK_FULL, 15, 30, err);
	choose_last_write(s);
	return sim_arm_all(s, err);
}

/* What is restarted finds it full from the first write on. */
int sim_disk_refused(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_DISK_FULL];
	if (s->disk.text[0] == '\0' || s->disk.full)
		return 0;
	sim_tally(&s->events, "disk-full");
	sim_say(s, "the disk is full: %s", s->disk.text);
	s->disk.full = true;
	snprintf(s->disk.text, sizeof(s->disk.text), "%s:1:full", FP_BATCH_BEGIN);
	return sim_calendar_add(&s->calendar,
				sim_now(s) + sim_between(r, 2, 12 * 24) * SIM_HOUR_MS,
				SIM_DISK_ROOM, 0, 0, err);
}

int sim_disk_room(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	(void)e;
	s->disk = (struct sim_disk){ .full = false };
	/* What was refused, and all that waited behind it, is done first. */
	if (s->quiet_until_ms < sim_now(s) + SIM_RECOVERY_MS)
		s->quiet_until_ms = sim_now(s) + SIM_RECOVERY_MS;
	if (sim_arm_all(s, err) != 0)
		return -1;
	return sim_again(s, SIM_DISK_FULL, 400, 1500, err);
}

/* ---- two at a time ---- */

int sim_two_begin(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_TWO];
	(void)e;
	if (sim_is_calm(s))
		return 0;
	if (s->two.on || s->disk.text[0] != '\0' || !sim_is_well(s))
		return sim_again(s, SIM_TWO, 15, 30, err);
	sim_tally(&s->events, "two-services");
	sim_say(s, "a second service begins");
	s->two.on = true;
	if (sim_two_pause(s, err) != 0 ||
	    sim_calendar_add(&s->calendar,
			     sim_now(s) + sim_between(r, 20, 400) * SIM_DAY_MS, SIM_ONE,
			     0, 0, err) != 0)
		return -1;
	return sim_again(s, SIM_TWO, 500, 1500, err);
}

/* Both end, so that it does not matter who goes on. */
int sim_two_end(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	(void)e;
	const int rc = sim_stop(s, err);
	s->two = (struct sim_two){ .on = false };
	sim_say(s, "one service again");
	return rc;
}
