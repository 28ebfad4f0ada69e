/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The threads on which trees close and tokens come, on which signatures are cared for,
 * on which what is kept is kept up, and on which others are told. Each has a pool of
 * one, so that waiting for a remote party never takes a worker from requests, and no
 * tree waits for the care of an object or for a reading of everything.
 */
#include <poll.h>

#include "server/service.h"

/* After an ingest the plan is looked at once, for all that come meanwhile. */
#define WAKE_MS 100
/* After an error of our own. */
#define RETRY_MS 5000
/* No plan is trusted for longer: the wall clock may have been set, or another process
 * have left work behind. */
#define SLEEP_MAX_MS 30000
/* How often a step that is to end is told so. */
#define CANCEL_MS 20

static int lane_init(void *arg, void **ret_state, struct ltps_error *err)
{
	struct service_lane *l = arg;
	if (ltp_worker_new(l->s->ltp, &l->worker, err) != 0)
		return -1;
	ltp_worker_set_background(l->worker);
	*ret_state = l->worker;
	return 0;
}

static void lane_free(void *state)
{
	ltp_worker_free(state);
}

static struct service_lane *lane_of(struct pool_job *job)
{
	return (struct service_lane *)((char *)job -
				       offsetof(struct service_lane, job));
}

static enum pool_outcome lane_work(struct pool_job *job, void *state)
{
	struct service_lane *l = lane_of(job);
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t next_ms = INT64_MAX;
	l->failed = l->step(state, &next_ms, &err) != 0;
	l->next_ms = next_ms;
	if (l->failed && err.code != LTPS_CANCELLED)
		log_error(l->s->log, LOG_OPERATION, LOG_ERROR, l->failure, &err, NULL,
			  0);
	return POOL_DONE;
}

static void arm(struct service_lane *l, int64_t in_ms)
{
	const int64_t due_ms = clock_monotonic_ms() + in_ms;
	if (l->due_ms <= due_ms)
		return;
	l->due_ms = due_ms;
	loop_timer_set(l->timer, in_ms);
}

static void wake(struct service_lane *l)
{
	if (l->pool == NULL)
		return; /* it is closed, or not open yet */
	if (l->running)
		l->again = true;
	else if (!l->s->draining)
		arm(l, WAKE_MS);
}

static void lane_done(struct pool_job *job)
{
	struct service_lane *l = lane_of(job);
	struct service *s = l->s;
	int64_t in_ms = SLEEP_MAX_MS;
	l->running = false;
	l->failing = l->failed;
	s->step_failing = s->evidence.failing || s->care.failing || s->upkeep.failing ||
			  s->notify.failing;
	if (s->draining)
		return;
	if (l == &s->upkeep)
		service_lists_look(s);
	if (l->next_ms != INT64_MAX) {
		in_ms = l->next_ms - clock_now_ms(s->clock);
		if (in_ms > SLEEP_MAX_MS)
			in_ms = SLEEP_MAX_MS;
		if (in_ms < 0)
			in_ms = 0;
	}
	if (l->failed && in_ms < RETRY_MS)
		in_ms = RETRY_MS;
	arm(l, in_ms);
	if (l->again)
		arm(l, l->failed ? RETRY_MS : WAKE_MS);
	l->again = false;
	if (l->failed || l == &s->notify)
		return;
	wake(&s->notify);
	/* A new token is dated and renewed at once; the last step of several says no
	 * more that there was work. */
	if (l == &s->evidence)
		wake(&s->upkeep);
	else if (l->next_ms <= clock_now_ms(s->clock)) /* it has worked */
		wake(&s->evidence);
}

static void lane_start(void *arg)
{
	struct service_lane *l = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	l->due_ms = INT64_MAX;
	if (l->s->draining || l->running)
		return;
	l->running = true;
	if (pool_submit(l->pool, &l->job, &err) != 0) {
		l->running = false;
		arm(l, RETRY_MS);
	}
}

static void lane_ready(void *arg)
{
	struct service_lane *l = arg;
	pool_drain(l->pool);
}

static int lane_open(struct service_lane *l, struct ltps_error *err)
{
	const struct pool_options options = { .threads = 1,
					      .queue_max = 1,
					      .thread_init = lane_init,
					      .thread_free = lane_free,
					      .arg = l };
	l->job.work = lane_work;
	l->job.done = lane_done;
	l->due_ms = INT64_MAX;
	if (loop_timer_new(l->s->loop, lane_start, l, &l->timer, err) != 0 ||
	    pool_new(&options, &l->pool, err) != 0 ||
	    loop_watch_fd(l->s->loop, pool_fd(l->pool), lane_ready, l, &l->watch,
			  err) != 0)
		return -1;
	arm(l, 0); /* what was left over when the service ended */
	return 0;
}

static void lane_cancel(struct service_lane *l)
{
	if (l->worker != NULL)
		ltp_worker_cancel(l->worker);
}

static void lane_close(struct service_lane *l)
{
	if (l->pool != NULL) {
		/* A cancel may come between two exchanges: until the step is over. */
		while (pool_in_flight(l->pool) > 0) {
			struct pollfd p = { .fd = pool_fd(l->pool), .events = POLLIN };
			lane_cancel(l);
			(void)poll(&p, 1, CANCEL_MS);
			pool_drain(l->pool);
		}
		pool_stop(l->pool);
		l->worker = NULL;
		pool_free(l->pool);
		l->pool = NULL;
	}
	loop_watch_free(l->watch);
	l->watch = NULL;
	loop_timer_free(l->timer);
	l->timer = NULL;
}

int background_start(struct service *s, struct ltps_error *err)
{
	s->evidence = (struct service_lane){ .s = s,
					     .step = ltp_step,
					     .failure = "evidence could not be made" };
	s->care = (struct service_lane){
		.s = s, .step = ltp_care, .failure = "signatures could not be cared for"
	};
	s->upkeep =
	    (struct service_lane){ .s = s,
				   .step = ltp_upkeep,
				   .failure = "what is kept could not be kept up" };
	s->notify = (struct service_lane){
		.s = s, .step = ltp_notify, .failure = "notifications could not be told"
	};
	if (lane_open(&s->evidence, err) != 0 || lane_open(&s->care, err) != 0 ||
	    lane_open(&s->upkeep, err) != 0 || lane_open(&s->notify, err) != 0) {
		background_stop(s);
		return -1;
	}
	return 0;
}

void background_wake(struct service *s)
{
	s = s->shell->now; /* what an old generation took is cared for by the new one */
	wake(&s->evidence);
	wake(&s->care);
}

bool background_running(const struct service *s)
{
	return s->evidence.running || s->care.running || s->upkeep.running ||
	       s->notify.running;
}

void background_cancel(struct service *s)
{
	lane_cancel(&s->evidence);
	lane_cancel(&s->care);
	lane_cancel(&s->upkeep);
	lane_cancel(&s->notify);
}

void background_stop(struct service *s)
{
	lane_close(&s->notify);
	lane_close(&s->upkeep);
	lane_close(&s->care);
	lane_close(&s->evidence);
}
