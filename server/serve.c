/* SPDX-License-Identifier: Apache-2.0 */
#include "server/serve.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "server/sd_notify.h"
#include "server/service.h"

/* Larger blocks go back to the system when freed, whatever came before. */
#define MMAP_THRESHOLD (512 << 10)
/* Beside the connections: database, blobs, fetches. */
#define DESCRIPTORS_BESIDE 512

static void on_signal(void *arg)
{
	sd_notify_state("STOPPING=1");
	service_drain(arg);
}

static void on_reload(void *arg)
{
	service_reload(arg);
}

static void on_seconds(void *arg)
{
	service_drain(arg);
}

void serve_tune(const struct config *config, struct log *log)
{
	const rlim_t want = config->limits.connections_max + DESCRIPTORS_BESIDE;
	struct rlimit limit;
	mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < want)
		log_write(log, LOG_OPERATION, LOG_WARNING,
			  "the limit of open files is below connections_max", NULL, 0);
}

static int run_service(struct service_shell *s, struct loop *loop,
		       const struct serve_options *o, struct ltps_error *err)
{
	struct loop_watch *hup = NULL;
	struct loop_watch *term = NULL;
	struct loop_watch *intr = NULL;
	struct loop_timer *end = NULL;
	int rc = -1;
	if (loop_watch_signal(loop, SIGTERM, on_signal, s, &term, err) != 0 ||
	    loop_watch_signal(loop, SIGINT, on_signal, s, &intr, err) != 0 ||
	    (o->reloads &&
	     loop_watch_signal(loop, SIGHUP, on_reload, s, &hup, err) != 0) ||
	    loop_timer_new(loop, on_seconds, s, &end, err) != 0)
		goto out;
	if (o->seconds > 0)
		loop_timer_set(end, o->seconds * 1000);
	rc = loop_run(loop, err);
out:
	loop_timer_free(end);
	loop_watch_free(hup);
	loop_watch_free(intr);
	loop_watch_free(term);
	return rc;
}

int serve_run(const struct config *config, struct loop *loop,
	      const struct serve_options *o, struct ltps_error *err)
{
	const struct clock clock = clock_system();
	struct log *log = NULL;
	struct service_shell *s = NULL;
	int rc = -1;
	char port[16];
	if (log_new(STDERR_FILENO, config->log_json, config->log_level, &clock, &log,
		    err) != 0)
		return -1;
	serve_tune(config, log);
	/* What comes too early is not to end the service. */
	if (o->reloads)
		signal(SIGHUP, SIG_IGN);
	if (service_start(config, &clock, log, loop, &s, err) != 0)
		goto out;
	snprintf(port, sizeof(port), "%u", service_port(s));
	log_write(log, LOG_OPERATION, LOG_INFO, "ready",
		  LOG_FIELDS({ "listen", config->listen }, { "port", port },
			     { "dir", config->dir }));
	sd_notify_state("READY=1");
	if (o->ready != NULL)
		o->ready(o->arg, service_port(s));
	rc = run_service(s, loop, o, err);
out:
	service_stop(s);
	if (rc == 0)
		log_write(log, LOG_OPERATION, LOG_INFO, "stopped", NULL, 0);
	log_free(log);
	return rc;
}
