/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_two - two services on one store: they take turns, and now and then one is
 * interrupted in the middle of its work, or dies, and the other one goes on: for some
 * seconds, in which the lease of the first holds, or for longer than any lease, so that
 * the first one has to find out that its work is not its own any more.
 */
#include <stdio.h>

#include "server/simulate.h"

/* A guard: two that never come to an end would be a defect of theirs. */
#define TURNS_MAX 10000
#define MEANWHILE_TURNS_MAX 300
/* Rounds from one interruption until another may come, on average. */
#define PAUSES_APART 8
/* Upkeep has leases of ten minutes, stamping of half a minute. */
#define LONGER_MS (20 * 60 * SIM_SECOND_MS)
#define SHORTER_MS (10 * SIM_SECOND_MS)

/* Passed by whoever works, not by the thread that writes: the store is not locked. */
static const char *const pauses[] = {
	"ltp.stamp.token_received", "ltp.plan.judged",
	"ltp.plan.watched",         "ltp.plan.lost",
	"ltp.renew.status",
};
#define N_PAUSES (sizeof(pauses) / sizeof(pauses[0]))

int sim_two_pause(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_TWO];
	size_t n = 0;
	for (size_t i = 0; i < N_PAUSES; i++)
		n += (size_t)snprintf(s->two.text + n, sizeof(s->two.text) - n,
				      "%s%s:%d:pause", i > 0 ? "," : "", pauses[i],
				      (int)sim_between(r, 1, 3));
	return sim_arm_all(s, err);
}

static bool is_idle(const struct sim *s, const struct sim_reply *reply)
{
	return reply->rc != 0 ||
	       reply->next_ms - atomic_load(&s->shared->skew_ms) > sim_now(s);
}

static int turns_of_other(struct sim *s, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_RUN, .a = 1 };
	struct sim_reply reply = { 0 };
	for (int i = 0; i < MEANWHILE_TURNS_MAX; i++) {
		if (sim_ask(s, &o, &reply, err) != 0)
			return -1;
		if (is_idle(s, &reply))
			return 0;
	}
	return 0;
}

int sim_meanwhile(struct sim *s, struct ltps_error *err)
{
	struct sim_random *r = &s->random[SIM_TWO];
	const int64_t step_ms = sim_between(r, 0, 1) != 0 ? LONGER_MS : SHORTER_MS;
	/* Both at once in the middle of something: one of them waits. */
	if (!s->two.on || s->two.meanwhile)
		return 0;
	s->two.meanwhile = true;
	s->at = 1 - s->at;
	atomic_fetch_add(&s->shared->now_ms, step_ms);
	const int rc = turns_of_other(s, err);
	s->at = 1 - s->at;
	s->two.meanwhile = false;
	return rc;
}

int sim_serve_two(struct sim *s, struct sim_reply *ret, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_RUN, .a = 1 };
	struct sim_reply one = { 0 };
	const bool soon = sim_between(&s->random[SIM_TWO], 1, PAUSES_APART) == 1;
	int rc = soon && s->two.text[0] == '\0' ? sim_two_pause(s, err) : 0;
	bool idle = false;
	for (int i = 0; rc == 0 && !idle && i < TURNS_MAX; i++) {
		*ret = (struct sim_reply){ .next_ms = INT64_MAX };
		idle = true;
		for (s->at = 0; rc == 0 && s->at < SIM_SERVERS; s->at++) {
			rc = sim_ask(s, &o, &one, err);
			idle = idle && is_idle(s, &one);
			if (one.next_ms < ret->next_ms)
				ret->next_ms = one.next_ms;
			if (one.rc != 0)
				ret->rc = one.rc;
			if (one.rc != 0)
				snprintf(ret->text, sizeof(ret->text), "%s", one.text);
		}
		s->at = 0;
	}
	return rc;
}
