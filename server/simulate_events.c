/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_events - what happens outside in a century. Each kind has its own stream of
 * numbers and plans its next time itself. What would go beyond the redundancy that is
 * declared (two TSAs, two directories, never both at once) waits until it does not.
 */
#include <stdio.h>
#include <string.h>

#include "server/simulate.h"

/* Towards the end nothing happens, so that all that is due can be done. */
#define CALM_MS (200 * SIM_DAY_MS)
#define LATER_MS (15 * SIM_DAY_MS)
/* A damaged copy is found within one reading of everything; then the next may err. */
#define DAMAGE_APART_MS (2 * SIM_FIXITY_MS + 60 * SIM_DAY_MS)
#define INGEST_BATCHES 100
#define DELETED_PERCENT 6
/* Of a century; in shorter runs as often, but not more often than recoveries take. */
#define DISASTER_DAYS_MIN 900
#define DISASTER_DAYS_MAX 2000

static int add(struct sim *s, int64_t at_ms, enum sim_event_kind kind, int64_t a,
	       int64_t b, struct ltps_error *err)
{
	return sim_calendar_add(&s->calendar, at_ms, kind, a, b, err);
}

int sim_again(struct sim *s, enum sim_event_kind kind, int days_min, int days_max,
	      struct ltps_error *err)
{
	const int64_t days = sim_between(&s->random[kind], days_min, days_max);
	return add(s, sim_now(s) + days * SIM_DAY_MS, kind, 0, 0, err);
}

bool sim_is_calm(const struct sim *s)
{
	return sim_now(s) > s->end_ms - CALM_MS;
}

/* Both TSAs, their status and the service are as they should be, and have been. */
bool sim_is_well(const struct sim *s)
{
	const int64_t now_ms = sim_now(s);
	for (unsigned i = 0; i < SIM_SLOTS; i++)
		if (!s->slots[i].open || s->slots[i].trouble)
			return false;
	return !s->status_trouble && !s->clock_wrong && !s->disk.full &&
	       now_ms >= s->quiet_until_ms && now_ms >= s->down_until_ms &&
	       now_ms >= s->hold_until_ms;
}

/* ---- objects ---- */

static int ingest(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	struct sim_order o = { .kind = SIM_ORDER_INGEST, .b = e->b };
	struct sim_reply reply;
	o.a = e->a;
	while (o.a < o.b && s->shared->objects[o.a].state != SIM_NOT_YET)
		o.a++;
	if (o.a == o.b)
		return 0;
	if (sim_signed_make(s, (uint64_t)o.a, (uint64_t)o.b, err) != 0 ||
	    sim_arm(s, err) != 0 || sim_ask(s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc == 0)
		return 0;
	/* A service that cannot take an object says so; it is submitted again. */
	s->failures++;
	sim_say(s, "ingest: %s", reply.text);
	return sim_disk_refused(s, err) != 0
		   ? -1
		   : add(s, sim_now(s) + SIM_DAY_MS, SIM_INGEST, e->a, e->b, err);
}

static int delete (struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_DELETE, .a = e->a, .b = e->b };
	struct sim_reply reply;
	if (s->shared->objects[e->a].state != SIM_STORED)
		return 0;
	if (sim_ask(s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc == 0) {
		sim_tally(&s->events, e->b != 0 ? "delete" : "delete-data");
		return 0;
	}
	s->failures++;
	sim_say(s, "delete: %s", reply.text);
	return sim_disk_refused(s, err) != 0
		   ? -1
		   : add(s, sim_now(s) + SIM_DAY_MS, SIM_DELETE, e->a, e->b, err);
}

/* Three fifths in the first years, the others until the end. */
static int plan_ingest(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_INGEST];
	const int64_t span_ms = s->end_ms - s->start_ms;
	const uint64_t n = s->o.objects;
	const uint64_t batches = n < INGEST_BATCHES ? n : INGEST_BATCHES;
	for (uint64_t i = 0; i < batches; i++) {
		const bool early = i * 5 < batches * 3;
		const int64_t from_ms = early ? SIM_HOUR_MS : span_ms / 30;
		const int64_t until_ms = early ? span_ms / 30 : span_ms - CALM_MS;
		const int64_t at_ms = s->start_ms + sim_between(r, from_ms, until_ms);
		const uint64_t a = n * i / batches, b = n * (i + 1) / batches;
		if (add(s, at_ms, SIM_INGEST, (int64_t)a, (int64_t)b, err) != 0)
			return -1;
		for (uint64_t k = a; k < b; k++) {
			struct sim_random d =
			    sim_random_of(s->o.seed, ((uint64_t)SIM_DELETE << 40) + k);
			if (sim_between(&d, 1, 100) > DELETED_PERCENT || k == s->chosen)
				continue;
			const int64_t when_ms =
			    sim_between(&d, at_ms + 30 * SIM_DAY_MS, s->end_ms);
			if (add(s, when_ms, SIM_DELETE, (int64_t)k,
				sim_between(&d, 0, 1), err) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- time-stamping authorities ---- */

static int tsa_rollover(struct sim *s, const struct sim_event *e,
			struct ltps_error *err)
{
	struct sim_slot *slot = &s->slots[e->a];
	if ((uint64_t)e->b != slot->rollovers)
		return 0;
	if (!slot->open)
		return add(s, sim_now(s) + LATER_MS, SIM_TSA_ROLLOVER, e->a, e->b, err);
	return sim_pki_renew(s, (unsigned)e->a, SIM_DEPTH_TSA, err);
}

static int following(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	if (!s->slots[e->a].open)
		return add(s, sim_now(s) + LATER_MS, SIM_FOLLOWING, e->a, 0, err);
	return sim_pki_renew(s, (unsigned)e->a, SIM_DEPTH_ROOT, err);
}

static int close_slot(struct sim *s, unsigned n, int64_t days, int64_t depth,
		      struct ltps_error *err)
{
	s->slots[n].open = false;
	if (devpki_fault_set(s->pki, DEVPKI_TARGET_TSA, n, DEVPKI_FAULT_CLOSED, 0, 0,
			     err) != 0)
		return -1;
	s->quiet_until_ms = sim_now(s) + days * SIM_DAY_MS + SIM_RECOVERY_MS;
	return add(s, sim_now(s) + days * SIM_DAY_MS, SIM_TSA_OPENS, n, depth, err);
}

static int tsa_opens(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	if (devpki_fault_set(s->pki, DEVPKI_TARGET_TSA, (unsigned)e->a,
			     DEVPKI_FAULT_NONE, 0, 0, err) != 0)
		return -1;
	sim_pki_rename(s, (unsigned)e->a);
	return sim_pki_renew(s, (unsigned)e->a, (enum sim_depth)e->b, err);
}

static int compromise(struct sim *s, unsigned n, int64_t days, struct ltps_error *err)
{
	sim_say(s, "%s is compromised", s->slots[n].name);
	if (devpki_revoke(s->pki, s->slots[n].tsa->serial, sim_now(s),
			  DEVPKI_REASON_KEY_COMPROMISE, err) != 0)
		return -1;
	return close_slot(s, n, days, SIM_DEPTH_TSA, err);
}

static int cease(struct sim *s, unsigned n, int64_t days, struct ltps_error *err)
{
	sim_say(s, "%s closes", s->slots[n].name);
	if (devpki_revoke(s->pki, s->slots[n].tsa->serial, sim_now(s),
			  DEVPKI_REASON_CESSATION, err) != 0)
		return -1;
	return close_slot(s, n, days, SIM_DEPTH_CA, err);
}

static int ca_compromise(struct sim *s, unsigned n, int64_t days,
			 struct ltps_error *err)
{
	sim_say(s, "the CA of %s is compromised", s->slots[n].name);
	if (devpki_revoke(s->pki, s->slots[n].ca->serial, sim_now(s),
			  DEVPKI_REASON_CA_COMPROMISE, err) != 0)
		return -1;
	return close_slot(s, n, days, SIM_DEPTH_CA, err);
}

/* Replaced first, revoked some weeks later. */
static int ca_superseded(struct sim *s, unsigned n, int64_t days,
			 struct ltps_error *err)
{
	const uint64_t serial = s->slots[n].ca->serial;
	s->quiet_until_ms = sim_now(s) + 2 * days * SIM_DAY_MS + SIM_RECOVERY_MS;
	if (sim_pki_renew(s, n, SIM_DEPTH_CA, err) != 0)
		return -1;
	return add(s, sim_now(s) + 2 * days * SIM_DAY_MS, SIM_CA_REVOKED,
		   (int64_t)serial, n, err);
}

static int ca_revoked(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	sim_say(s, "an old CA of %s is revoked", s->slots[e->b].name);
	return devpki_revoke(s->pki, (uint64_t)e->a, sim_now(s),
			     DEVPKI_REASON_SUPERSEDED, err);
}

/* Shorter runs see as many kinds, but never faster than is recovered from. */
static int64_t pace_percent(const struct sim *s)
{
	return s->o.years >= 100 ? 100 : s->o.years <= 30 ? 30 : s->o.years;
}

static int disaster(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	static const struct {
		const char *name;
		int (*happen)(struct sim *s, unsigned n, int64_t days,
			      struct ltps_error *err);
	} kinds[] = {
		{ "tsa-compromised", compromise },   { "tsa-closed", cease },
		{ "ca-superseded", ca_superseded },  { "tsa-compromised", compromise },
		{ "ca-compromised", ca_compromise },
	};
	struct sim_random *r = &s->random[SIM_DISASTER];
	if (sim_is_calm(s))
		return 0;
	if (!sim_is_well(s))
		return add(s, sim_now(s) + LATER_MS, SIM_DISASTER, e->a, 0, err);
	const size_t kind = (size_t)e->a % (sizeof(kinds) / sizeof(kinds[0]));
	sim_tally(&s->events, kinds[kind].name);
	if (kinds[kind].happen(s, (unsigned)sim_between(r, 0, SIM_SLOTS - 1),
			       sim_between(r, 2, 30), err) != 0)
		return -1;
	const int64_t days = sim_between(r, DISASTER_DAYS_MIN, DISASTER_DAYS_MAX);
	return add(s, sim_now(s) + days * SIM_DAY_MS * pace_percent(s) / 100,
		   SIM_DISASTER, e->a + sim_between(r, 1, 2), 0, err);
}

static int root_ends(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	sim_tally(&s->events, "root-removed");
	return sim_pki_remove_root(s, (uint64_t)e->a, err);
}

static int announcement(struct sim *s, const struct sim_event *e,
			struct ltps_error *err)
{
	s->limits[e->a].until_ms = e->b;
	sim_tally(&s->events, "algorithm-end-announced");
	return sim_pki_announce(s, (size_t)e->a, err);
}

/* ---- outages ---- */

static int tsa_trouble(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	static const enum devpki_fault kinds[] = {
		DEVPKI_FAULT_CLOSED,        DEVPKI_FAULT_LATE,
		DEVPKI_FAULT_GARBAGE,       DEVPKI_FAULT_HTTP_503,
		DEVPKI_FAULT_WRONG_NONCE,   DEVPKI_FAULT_REFUSE,
		DEVPKI_FAULT_WRONG_IMPRINT, DEVPKI_FAULT_BAD_SIGNATURE,
		DEVPKI_FAULT_LATE,          DEVPKI_FAULT_LATE,
	};
	struct sim_random *r = &s->random[SIM_TSA_TROUBLE];
	(void)e;
	if (sim_is_calm(s))
		return 0;
	if (!sim_is_well(s))
		return sim_again(s, SIM_TSA_TROUBLE, 15, 30, err);
	const unsigned n = (unsigned)sim_between(r, 0, SIM_SLOTS - 1);
	const enum devpki_fault fault =
	    kinds[sim_between(r, 0, sizeof(kinds) / sizeof(kinds[0]) - 1)];
	/* A clock can be wrong by minutes or by years, either way. */
	const int64_t off_ms = sim_between(r, 0, 1) == 0
				   ? sim_between(r, 5, 600) * -60 * SIM_SECOND_MS
				   : sim_between(r, 1, 800) * SIM_DAY_MS;
	sim_tally(&s->events,
		  fault == DEVPKI_FAULT_LATE ? "tsa-wrong-clock" : "tsa-trouble");
	s->slots[n].trouble = true;
	if (devpki_fault_set(s->pki, DEVPKI_TARGET_TSA, n, fault, 0,
			     fault == DEVPKI_FAULT_LATE ? off_ms : 0, err) != 0 ||
	    add(s, sim_now(s) + sim_between(r, 2, 15 * 24) * SIM_HOUR_MS, SIM_TSA_WELL,
		n, 0, err) != 0)
		return -1;
	return sim_again(s, SIM_TSA_TROUBLE, 100, 500, err);
}

static int tsa_well(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	s->slots[e->a].trouble = false;
	return devpki_fault_set(s->pki, DEVPKI_TARGET_TSA, (unsigned)e->a,
				DEVPKI_FAULT_NONE, 0, 0, err);
}

/* CRLs are issued no more for weeks, OCSP responders are down, or both. */
static int status_trouble(struct sim *s, const struct sim_event *e,
			  struct ltps_error *err)
{
	static const enum devpki_fault crl[] = { DEVPKI_FAULT_STALE,
						 DEVPKI_FAULT_HTTP_503,
						 DEVPKI_FAULT_GARBAGE };
	static const enum devpki_fault ocsp[] = { DEVPKI_FAULT_CLOSED,
						  DEVPKI_FAULT_REFUSE,
						  DEVPKI_FAULT_STALE,
						  DEVPKI_FAULT_BAD_SIGNATURE };
	struct sim_random *r = &s->random[SIM_STATUS_TROUBLE];
	(void)e;
	if (sim_is_calm(s))
		return 0;
	if (!sim_is_well(s))
		return sim_again(s, SIM_STATUS_TROUBLE, 15, 30, err);
	const int64_t which = sim_between(r, 1, 3);
	const int64_t days = sim_between(r, 1, which == 3 ? 15 : 40);
	const enum devpki_fault of_crl = crl[sim_between(r, 0, 2)];
	const enum devpki_fault of_ocsp = ocsp[sim_between(r, 0, 3)];
	s->status_trouble = true;
	sim_tally(&s->events, which == 1   ? "crl-trouble"
			      : which == 2 ? "ocsp-trouble"
					   : "status-trouble");
	if ((which & 1) != 0 &&
	    devpki_fault_set(s->pki, DEVPKI_TARGET_CRL, 0, of_crl, 0, 0, err) != 0)
		return -1;
	if ((which & 2) != 0 &&
	    devpki_fault_set(s->pki, DEVPKI_TARGET_OCSP, 0, of_ocsp, 0, 0, err) != 0)
		return -1;
	if (add(s, sim_now(s) + days * SIM_DAY_MS, SIM_STATUS_WELL, 0, 0, err) != 0)
		return -1;
	return sim_again(s, SIM_STATUS_TROUBLE, 200, 900, err);
}

static int status_well(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	(void)e;
	s->status_trouble = false;
	/* What follows from the status can be done only now. */
	if (s->quiet_until_ms < sim_now(s) + SIM_RECOVERY_MS)
		s->quiet_until_ms = sim_now(s) + SIM_RECOVERY_MS;
	if (devpki_fault_set(s->pki, DEVPKI_TARGET_CRL, 0, DEVPKI_FAULT_NONE, 0, 0,
			     err) != 0)
		return -1;
	return devpki_fault_set(s->pki, DEVPKI_TARGET_OCSP, 0, DEVPKI_FAULT_NONE, 0, 0,
				err);
}

/* ---- machine ---- */

static int disk_error(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_DISK_ERROR];
	const uint64_t object = (uint64_t)sim_between(r, 0, (int64_t)s->o.objects - 1);
	const bool copy = sim_between(r, 0, 1) != 0;
	const enum sim_damage how =
	    sim_between(r, 0, 2) == 0 ? SIM_DAMAGE_CUT : SIM_DAMAGE_FLIP;
	const struct sim_object *o = &s->shared->objects[object];
	const int64_t now_ms = sim_now(s);
	bool done;
	(void)e;
	if (sim_is_calm(s))
		return 0;
	/* Its copy is made, and what befell it before is repaired. */
	if (o->state == SIM_STORED && object != s->chosen && sim_is_well(s) &&
	    now_ms > o->stored_ms + 60 * SIM_DAY_MS &&
	    (s->damaged_ms[object] == 0 ||
	     now_ms > s->damaged_ms[object] + DAMAGE_APART_MS)) {
		if (sim_damage(s, object, copy, how, &done, err) != 0)
			return -1;
		s->damaged_ms[object] = now_ms;
		if (done)
			sim_tally(&s->events, copy ? "copy-damaged" : "store-damaged");
	}
	return sim_again(s, SIM_DISK_ERROR, 30, 200, err);
}

static int crash(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	(void)e, (void)err;
	s->owed++;
	return 0;
}

/* Over the whole run, and caught up with before the end. */
static int plan_crashes(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_CRASH];
	const int64_t span_ms = (s->end_ms - s->start_ms) / 100 * 97;
	for (uint64_t i = 0; i < s->o.crashes; i++)
		if (add(s, s->start_ms + sim_between(r, 0, span_ms), SIM_CRASH, 0, 0,
			err) != 0)
			return -1;
	return 0;
}

/* ---- what must be found ---- */

/* Upkeep is held back until something has ended that nothing else stands in for. */
static int hold(struct sim *s, int64_t longer_ms, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_TIPS };
	struct sim_reply reply;
	if (sim_ask(s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc != 0 || reply.next_ms == INT64_MAX)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "nothing is there to be renewed: %s", reply.text);
	s->hold_until_ms = reply.next_ms + longer_ms;
	if (s->end_ms < s->hold_until_ms + CALM_MS)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "too few years for this fault: nothing ends in time");
	return 0;
}

/* Nobody renews until the same has happened. */
static int sleep_through(struct sim *s, struct ltps_error *err)
{
	if (hold(s, 300 * SIM_DAY_MS, err) != 0)
		return -1;
	s->down_until_ms = s->hold_until_ms;
	s->quiet_until_ms = s->down_until_ms + SIM_RECOVERY_MS;
	return sim_stop(s, err);
}

static int fault(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	bool done = false;
	if (!sim_is_well(s))
		return add(s, sim_now(s) + LATER_MS, SIM_FAULT, e->a, 0, err);
	sim_tally(&s->events, sim_fault_name(s->o.fault));
	switch (s->o.fault) {
	case SIM_FAULT_SKIPPED_RENEWAL:
		return hold(s, 300 * SIM_DAY_MS, err);
	case SIM_FAULT_LATE_RENEWAL:
		return hold(s, SIM_DAY_MS, err);
	case SIM_FAULT_LONG_SLEEP:
		return sleep_through(s, err);
	case SIM_FAULT_SWAPPED_OBJECT:
		if (sim_swap(s, s->chosen, &done, err) != 0)
			return -1;
		break;
	case SIM_FAULT_DROPPED_TOKEN: /* when its record is handed out */
		done = true;
		break;
	case SIM_FAULT_NONE:
		return 0;
	}
	if (!done)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "object %llu has no file to be swapped",
				 (unsigned long long)s->chosen);
	return sim_harm(s, s->chosen, err);
}

/* Both TSAs at once, then both directories. */
static int beyond(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	const uint64_t objects[] = { s->o.objects / 7, s->o.objects / 5 };
	bool here, there;
	if (!sim_is_well(s))
		return add(s, sim_now(s) + LATER_MS, SIM_BEYOND, e->a, 0, err);
	if (e->a == 0) {
		sim_tally(&s->events, "both-tsas-compromised");
		for (unsigned i = 0; i < SIM_SLOTS; i++)
			if (compromise(s, i, 5 + i, err) != 0)
				return -1;
		for (uint64_t i = 0; i < s->o.objects; i++)
			if (s->shared->objects[i].state == SIM_STORED &&
			    sim_harm(s, i, err) != 0)
				return -1;
		return 0;
	}
	sim_tally(&s->events, "both-directories-damaged");
	for (size_t i = 0; i < 2; i++) {
		if (s->shared->objects[objects[i]].state != SIM_STORED)
			continue;
		if (sim_damage(s, objects[i], false, SIM_DAMAGE_FLIP, &here, err) !=
			0 ||
		    sim_damage(s, objects[i], true, SIM_DAMAGE_CUT, &there, err) != 0)
			return -1;
		s->damaged_ms[objects[i]] = INT64_MAX / 2;
		if (here && sim_harm(s, objects[i], err) != 0)
			return -1;
	}
	return 0;
}

/* ---- all ---- */

static int (*const handlers[SIM_EVENT_COUNT])(struct sim *s, const struct sim_event *e,
					      struct ltps_error *err) = {
	[SIM_INGEST] = ingest,
	[SIM_DELETE] = delete,
	[SIM_TSA_ROLLOVER] = tsa_rollover,
	[SIM_TSA_OPENS] = tsa_opens,
	[SIM_DISASTER] = disaster,
	[SIM_CA_REVOKED] = ca_revoked,
	[SIM_ROOT_ENDS] = root_ends,
	[SIM_ANNOUNCEMENT] = announcement,
	[SIM_FOLLOWING] = following,
	[SIM_TSA_TROUBLE] = tsa_trouble,
	[SIM_TSA_WELL] = tsa_well,
	[SIM_STATUS_TROUBLE] = status_trouble,
	[SIM_STATUS_WELL] = status_well,
	[SIM_DISK_ERROR] = disk_error,
	[SIM_CLOCK_STEP] = sim_clock_step,
	[SIM_CLOCK_RIGHT] = sim_clock_right,
	[SIM_DOWN] = sim_down,
	[SIM_DOWN_LONG] = sim_down_long,
	[SIM_DISK_FULL] = sim_disk_full,
	[SIM_DISK_ROOM] = sim_disk_room,
	[SIM_TWO] = sim_two_begin,
	[SIM_ONE] = sim_two_end,
	[SIM_CRASH] = crash,
	[SIM_FAULT] = fault,
	[SIM_BEYOND] = beyond,
};

int sim_event(struct sim *s, const struct sim_event *e, struct ltps_error *err)
{
	/* Nobody is there to take or delete anything. */
	if ((e->kind == SIM_INGEST || e->kind == SIM_DELETE) &&
	    sim_now(s) < s->down_until_ms)
		return add(s, s->down_until_ms + SIM_SECOND_MS, e->kind, e->a, e->b,
			   err);
	return handlers[e->kind](s, e, err);
}

int sim_plan(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_DISASTER];
	const int64_t span_ms = s->end_ms - s->start_ms;
	if (plan_ingest(s, err) != 0 || plan_crashes(s, err) != 0 ||
	    sim_again(s, SIM_TSA_TROUBLE, 50, 200, err) != 0 ||
	    sim_again(s, SIM_STATUS_TROUBLE, 100, 400, err) != 0 ||
	    sim_again(s, SIM_DISK_ERROR, 60, 200, err) != 0 ||
	    sim_again(s, SIM_CLOCK_STEP, 100, 800, err) != 0 ||
	    sim_again(s, SIM_DOWN, 200, 1000, err) != 0 ||
	    sim_again(s, SIM_DOWN_LONG, 1000, 2500, err) != 0 ||
	    sim_again(s, SIM_DISK_FULL, 200, 800, err) != 0 ||
	    sim_again(s, SIM_TWO, 100, 600, err) != 0 ||
	    add(s, s->start_ms + sim_between(r, 300, 700) * SIM_DAY_MS, SIM_DISASTER,
		sim_between(r, 0, 4), 0, err) != 0)
		return -1;
	if (s->o.fault != SIM_FAULT_NONE &&
	    add(s, s->start_ms + span_ms / 10 * 4, SIM_FAULT, 0, 0, err) != 0)
		return -1;
	if (!s->o.beyond)
		return 0;
	if (add(s, s->start_ms + span_ms / 10 * 5, SIM_BEYOND, 0, 0, err) != 0)
		return -1;
	return add(s, s->start_ms + span_ms / 10 * 7, SIM_BEYOND, 1, 0, err);
}
