/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop - the one event loop of a process: timers, descriptors, signals.
 *
 * Every function is for the thread that runs the loop (and for the one that
 * sets it up before). Other threads reach it through a watched eventfd, as
 * base/pool.h does.
 */
#ifndef LTPS_SERVER_LOOP_H
#define LTPS_SERVER_LOOP_H

#include <stdint.h>

#include "base/err.h"

struct loop;
/* Fails: NOMEM, INTERNAL (self). */
int loop_new(struct loop **ret_loop, struct ltps_error *err) LTPS_CHECKED;
/* After its timers, watches and servers. NULL-safe. */
void loop_free(struct loop *loop);
/* Runs until loop_stop(). Fails: INTERNAL (self). */
int loop_run(struct loop *loop, struct ltps_error *err) LTPS_CHECKED;
void loop_stop(struct loop *loop);

/* Fires once after each loop_timer_set(). */
struct loop_timer;
int loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg,
		   struct loop_timer **ret_timer, struct ltps_error *err) LTPS_CHECKED;
/* in_ms from now; replaces an earlier setting. Negative is now. */
void loop_timer_set(struct loop_timer *timer, int64_t in_ms);
void loop_timer_stop(struct loop_timer *timer);
/* NULL-safe. */
void loop_timer_free(struct loop_timer *timer);

/* A descriptor (borrowed) that is watched for being readable, or a signal. */
struct loop_watch;
int loop_watch_fd(struct loop *loop, int fd, void (*ready)(void *arg), void *arg,
		  struct loop_watch **ret_watch, struct ltps_error *err) LTPS_CHECKED;
int loop_watch_signal(struct loop *loop, int signo, void (*ready)(void *arg), void *arg,
		      struct loop_watch **ret_watch,
		      struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void loop_watch_free(struct loop_watch *watch);

/* The event_base behind it, for http.c. */
void *loop_base(struct loop *loop);

#endif
