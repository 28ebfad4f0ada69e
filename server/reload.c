/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload - the configuration read again while the service runs.
 *
 *   loop      service_reload(): a job for the reloader
 *   reloader  file read and checked; anchors, profiles, keys, policies, domain built
 *             beside those in use
 *   loop      workers started; then, at one stroke, requests and events go to the new
 *             generation; the old one's background is told to end, and when it has, the
 *             new one's begins
 *   loop      the old generation ends when its last request is answered
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/serve.h"
#include "server/service.h"

/* How often it is looked whether an old generation is done. */
#define RETIRE_POLL_MS 50

struct reload_job {
	struct pool_job job;
	struct service_shell *shell;
	char *path;
	struct config *config;
	struct service *made; /* NULL: it failed */
	struct ltps_error err;
};

static void free_config(struct config *c)
{
	if (c != NULL)
		config_clear(c);
	mem_free(c);
}

/* --- on the reloader --- */

static int build(struct reload_job *j)
{
	j->config = mem_zalloc(1, sizeof(*j->config));
	if (j->config == NULL)
		return ltps_fail_nomem(&j->err);
	if (config_read(j->path, j->config, &j->err) != 0 ||
	    service_make(j->shell, j->config, &j->made, &j->err) != 0)
		return -1;
	j->made->own_config = j->config;
	j->config = NULL;
	return service_build(j->made, &j->err);
}

static enum pool_outcome work(struct pool_job *job, void *state)
{
	struct reload_job *j = (struct reload_job *)job;
	(void)state;
	if (build(j) != 0) {
		service_end(j->made);
		j->made = NULL;
		free_config(j->config);
		j->config = NULL;
	}
	return POOL_DONE;
}

/* --- on the loop's thread --- */

static void warn_fixed(const struct service_shell *h, const char *key,
		       const char *in_force)
{
	log_write(h->log, LOG_OPERATION, LOG_WARNING,
		  "a changed value waits for a restart",
		  LOG_FIELDS({ "key", key }, { "in_force", in_force }));
}

static void look_fixed(const struct service_shell *h, const struct config *c)
{
	char text[32];
	if (strcmp(c->listen, h->listen) != 0)
		warn_fixed(h, "listen", h->listen);
	if (strcmp(c->dir, h->dir) != 0)
		warn_fixed(h, "dir", h->dir);
	if (c->limits.header_max != h->header_max) {
		snprintf(text, sizeof(text), "%zu", h->header_max);
		warn_fixed(h, "header_max", text);
	}
}

static void retire_poll(void *arg);

/* Whether the background of every retired generation has ended. */
static bool backgrounds_over(struct service_shell *h)
{
	bool over = true;
	for (struct service *s = h->retired; s != NULL; s = s->next_retired) {
		if (!background_running(s))
			continue;
		background_cancel(s);
		over = false;
	}
	return over;
}

static void end_answered(struct service_shell *h)
{
	struct service **at = &h->retired;
	while (*at != NULL) {
		struct service *s = *at;
		if (background_running(s) || pool_in_flight(s->workers) > 0) {
			at = &s->next_retired;
			continue;
		}
		*at = s->next_retired;
		service_end(s);
	}
}

/* Without it nothing gets evidence any more: tried until it begins. */
static void begin_background(struct service_shell *h)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (h->draining || h->now->evidence.pool != NULL || !backgrounds_over(h))
		return;
	if (service_begin_background(h->now, &err) != 0)
		log_error(h->log, LOG_OPERATION, LOG_ERROR,
			  "background work could not begin; will be tried again", &err,
			  NULL, 0);
}

static void retire_poll(void *arg)
{
	struct service_shell *h = arg;
	(void)backgrounds_over(h);
	begin_background(h);
	end_answered(h);
	if (h->retired != NULL || (!h->draining && h->now->evidence.pool == NULL))
		loop_timer_set(h->retire_timer, RETIRE_POLL_MS);
}

/* Nothing here can fail: from one request to the next it is the other. */
static void take_over(struct service_shell *h, struct service *s)
{
	struct service *old = h->now;
	service_hand_over(old, s);
	h->now = s;
	h->budget.max = s->config->limits.in_flight_max;
	route_table(s);
	http_change(h->http, &s->config->limits, h->n_routes, s->tls);
	log_set(h->log, s->config->log_json, s->config->log_level);
	serve_tune(s->config, h->log);
	ltp_take_over(s->ltp);
	old->draining = true;
	old->next_retired = h->retired;
	h->retired = old;
	h->reloads++;
	look_fixed(h, s->config);
	log_write(h->log, LOG_OPERATION, LOG_INFO, "reloaded",
		  LOG_FIELDS({ "file", s->config->name }));
	loop_timer_set(h->retire_timer, 0);
}

static void tell_failed(struct service_shell *h, const struct ltps_error *err)
{
	h->reloads_failed++;
	log_error(h->log, LOG_OPERATION, LOG_ERROR,
		  "not reloaded, the configuration in force stays", err,
		  LOG_FIELDS({ "file", h->now->config->name }));
}

static void done(struct pool_job *job)
{
	struct reload_job *j = (struct reload_job *)job;
	struct service_shell *h = j->shell;
	h->reloading = false;
	if (j->made != NULL &&
	    (h->draining || service_begin_workers(j->made, &j->err) != 0)) {
		service_end(j->made);
		j->made = NULL;
	}
	if (j->made != NULL)
		take_over(h, j->made);
	else if (!h->draining)
		tell_failed(h, &j->err);
	mem_free(j->path);
	mem_free(j);
	if (h->reload_again && !h->draining)
		service_reload(h);
}

static void reloader_ready(void *arg)
{
	struct service_shell *h = arg;
	pool_drain(h->reloader);
}

static int open_reloader(struct service_shell *h, struct ltps_error *err)
{
	const struct pool_options options = { .threads = 1, .queue_max = 1 };
	if (h->retire_timer == NULL &&
	    loop_timer_new(h->loop, retire_poll, h, &h->retire_timer, err) != 0)
		return -1;
	if (h->reloader == NULL && pool_new(&options, &h->reloader, err) != 0)
		return -1;
	if (h->reloader_watch != NULL)
		return 0;
	return loop_watch_fd(h->loop, pool_fd(h->reloader), reloader_ready, h,
			     &h->reloader_watch, err);
}

static int submit(struct service_shell *h, struct ltps_error *err)
{
	struct reload_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL)
		return ltps_fail_nomem(err);
	j->job.work = work;
	j->job.done = done;
	j->shell = h;
	j->path = mem_dup_text(h->now->config->name);
	if (j->path == NULL)
		ltps_fail_nomem(err);
	else if (pool_submit(h->reloader, &j->job, err) == 0)
		return 0;
	mem_free(j->path);
	mem_free(j);
	return -1;
}

void service_reload(struct service_shell *h)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (h->draining)
		return;
	/* What is being read may be older than what was just written. */
	h->reload_again = h->reloading;
	if (h->reloading)
		return;
	h->reloading = true;
	if (open_reloader(h, &err) != 0 || submit(h, &err) != 0) {
		h->reloading = false;
		tell_failed(h, &err);
	}
}

void reload_stop(struct service_shell *h)
{
	if (h->reloader != NULL) {
		pool_stop(h->reloader);
		pool_drain(h->reloader);
		pool_free(h->reloader);
	}
	loop_watch_free(h->reloader_watch);
	loop_timer_free(h->retire_timer);
	while (h->retired != NULL) {
		struct service *s = h->retired;
		h->retired = s->next_retired;
		service_end(s);
	}
}
