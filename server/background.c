/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread on which trees close and tokens come. It has a pool of one, so
 * that waiting for a remote party never takes a worker from requests.
 */
#include <poll.h>

#include "server/service.h"

/* After an ingest the plan is looked at once, for all that come meanwhile. */
#define WAKE_MS 100
/* After an error of our own. */
#define RETRY_MS 5000
/* No plan is trusted for longer: the wall clock may have been set. */
#define SLEEP_MAX_MS 60000
/* How often a step that is to end is told so. */
#define CANCEL_MS 20

static int step_init(void *arg, void **ret_state, struct ltps_error *err)
{
	struct service *s = arg;
	if (ltp_worker_new(s->ltp, &s->step_worker, err) != 0)
		return -1;
	*ret_state = s->step_worker;
	return 0;
}

static void step_free(void *state)
{
	ltp_worker_free(state);
}

static enum pool_outcome step_work(struct pool_job *job, void *state)
{
	struct service *s =
	    (struct service *)((char *)job - offsetof(struct service, step_job));
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t next_ms = INT64_MAX;
	s->step_failed = ltp_step(state, &next_ms, &err) != 0;
	s->step_next_ms = next_ms;
	if (s->step_failed && err.code != LTPS_CANCELLED)
		log_error(s->log, LOG_OPERATION, LOG_ERROR,
			  "evidence could not be made", &err, NULL, 0);
	return POOL_DONE;
}

static void arm(struct service *s, int64_t in_ms)
{
	const int64_t due_ms = clock_monotonic_ms() + in_ms;
	if (s->step_due_ms <= due_ms)
		return;
	s->step_due_ms = due_ms;
	loop_timer_set(s->step_timer, in_ms);
}

static void step_done(struct pool_job *job)
{
	struct service *s =
	    (struct service *)((char *)job - offsetof(struct service, step_job));
	int64_t in_ms = SLEEP_MAX_MS;
	s->step_running = false;
	s->step_failing = s->step_failed;
	if (s->draining)
		return;
	if (s->step_next_ms != INT64_MAX) {
		in_ms = s->step_next_ms - clock_now_ms(s->clock);
		if (in_ms > SLEEP_MAX_MS)
			in_ms = SLEEP_MAX_MS;
		if (in_ms < 0)
			in_ms = 0;
	}
	if (s->step_failed && in_ms < RETRY_MS)
		in_ms = RETRY_MS;
	arm(s, in_ms);
	if (s->step_again)
		arm(s, s->step_failed ? RETRY_MS : WAKE_MS);
	s->step_again = false;
}

static void step_start(void *arg)
{
	struct service *s = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	s->step_due_ms = INT64_MAX;
	if (s->draining || s->step_running)
		return;
	s->step_running = true;
	if (pool_submit(s->background, &s->step_job, &err) != 0) {
		s->step_running = false;
		arm(s, RETRY_MS);
	}
}

static void background_ready(void *arg)
{
	struct service *s = arg;
	pool_drain(s->background);
}

int background_start(struct service *s, struct ltps_error *err)
{
	const struct pool_options options = { .threads = 1,
					      .queue_max = 1,
					      .thread_init = step_init,
					      .thread_free = step_free,
					      .arg = s };
	s->step_job.work = step_work;
	s->step_job.done = step_done;
	s->step_due_ms = INT64_MAX;
	if (loop_timer_new(s->loop, step_start, s, &s->step_timer, err) != 0 ||
	    pool_new(&options, &s->background, err) != 0 ||
	    loop_watch_fd(s->loop, pool_fd(s->background), background_ready, s,
			  &s->background_watch, err) != 0) {
		background_stop(s);
		return -1;
	}
	arm(s, 0); /* what was left over when the service ended */
	return 0;
}

void background_wake(struct service *s)
{
	if (s->step_running)
		s->step_again = true;
	else if (!s->draining)
		arm(s, WAKE_MS);
}

void background_cancel(struct service *s)
{
	if (s->step_worker != NULL)
		ltp_worker_cancel(s->step_worker);
}

void background_stop(struct service *s)
{
	if (s->background != NULL) {
		/* A cancel may come between two exchanges: until the step is over. */
		while (pool_in_flight(s->background) > 0) {
			struct pollfd p = { .fd = pool_fd(s->background),
					    .events = POLLIN };
			background_cancel(s);
			(void)poll(&p, 1, CANCEL_MS);
			pool_drain(s->background);
		}
		pool_stop(s->background);
		s->step_worker = NULL;
		pool_free(s->background);
		s->background = NULL;
	}
	loop_watch_free(s->background_watch);
	s->background_watch = NULL;
	loop_timer_free(s->step_timer);
	s->step_timer = NULL;
}
