/* SPDX-License-Identifier: Apache-2.0 */
#include "server/loop.h"

#include <event2/event.h>
#include <pthread.h>

#include "base/mem.h"

struct loop {
	struct event_base *base;
};

struct loop_timer {
	struct event *event;
	void (*fire)(void *arg);
	void *arg;
};

struct loop_watch {
	struct event *event;
	void (*ready)(void *arg);
	void *arg;
};

/* libevent's own memory comes from the house as well. */
static void *libevent_alloc(size_t n)
{
	return mem_alloc(n);
}

static void *libevent_realloc(void *p, size_t n)
{
	return mem_resize(p, n, 1);
}

static void set_memory(void)
{
	event_set_mem_functions(libevent_alloc, libevent_realloc, mem_free);
}

int loop_new(struct loop **ret_loop, struct ltps_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, set_memory);
	struct loop *loop = mem_zalloc(1, sizeof(*loop));
	if (loop == NULL)
		return ltps_fail_nomem(err);
	loop->base = event_base_new();
	if (loop->base == NULL) {
		mem_free(loop);
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "cannot make an event loop");
	}
	*ret_loop = loop;
	return 0;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	event_base_free(loop->base);
	mem_free(loop);
}

int loop_run(struct loop *loop, struct ltps_error *err)
{
	if (event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "the event loop failed");
	return 0;
}

void loop_stop(struct loop *loop)
{
	event_base_loopbreak(loop->base);
}

void *loop_base(struct loop *loop)
{
	return loop->base;
}

static void timer_fires(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct loop_timer *timer = arg;
	timer->fire(timer->arg);
}

int loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg,
		   struct loop_timer **ret_timer, struct ltps_error *err)
{
	struct loop_timer *timer = mem_zalloc(1, sizeof(*timer));
	if (timer == NULL)
		return ltps_fail_nomem(err);
	timer->fire = fire;
	timer->arg = arg;
	timer->event = event_new(loop->base, -1, 0, timer_fires, timer);
	if (timer->event == NULL) {
		mem_free(timer);
		return ltps_fail_nomem(err);
	}
	*ret_timer = timer;
	return 0;
}

void loop_timer_set(struct loop_timer *timer, int64_t in_ms)
{
	if (in_ms < 0)
		in_ms = 0;
	const struct timeval tv = { .tv_sec = in_ms / 1000,
				    .tv_usec = (in_ms % 1000) * 1000 };
	/* Fails only when it must allocate more room for timers. */
	if (event_add(timer->event, &tv) != 0)
		event_active(timer->event, EV_TIMEOUT, 0);
}

void loop_timer_stop(struct loop_timer *timer)
{
	event_del(timer->event);
}

void loop_timer_free(struct loop_timer *timer)
{
	if (timer == NULL)
		return;
	event_free(timer->event);
	mem_free(timer);
}

static void watch_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct loop_watch *watch = arg;
	watch->ready(watch->arg);
}

static int watch_new(struct loop *loop, int fd, short what, void (*ready)(void *arg),
		     void *arg, struct loop_watch **ret_watch, struct ltps_error *err)
{
	struct loop_watch *watch = mem_zalloc(1, sizeof(*watch));
	if (watch == NULL)
		return ltps_fail_nomem(err);
	watch->ready = ready;
	watch->arg = arg;
	watch->event = event_new(loop->base, fd, what, watch_ready, watch);
	if (watch->event == NULL || event_add(watch->event, NULL) != 0) {
		loop_watch_free(watch);
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "cannot watch descriptor or signal %d", fd);
	}
	*ret_watch = watch;
	return 0;
}

int loop_watch_fd(struct loop *loop, int fd, void (*ready)(void *arg), void *arg,
		  struct loop_watch **ret_watch, struct ltps_error *err)
{
	return watch_new(loop, fd, EV_READ | EV_PERSIST, ready, arg, ret_watch, err);
}

int loop_watch_signal(struct loop *loop, int signo, void (*ready)(void *arg), void *arg,
		      struct loop_watch **ret_watch, struct ltps_error *err)
{
	return watch_new(loop, signo, EV_SIGNAL | EV_PERSIST, ready, arg, ret_watch,
			 err);
}

void loop_watch_free(struct loop_watch *watch)
{
	if (watch == NULL)
		return;
	if (watch->event != NULL)
		event_free(watch->event);
	mem_free(watch);
}
