/* SPDX-License-Identifier: Apache-2.0 */
/* serve - run a configured service until it is told to end. */
#ifndef LTPS_SERVER_SERVE_H
#define LTPS_SERVER_SERVE_H

#include "server/config.h"
#include "server/loop.h"

struct serve_options {
	int64_t seconds; /* end after that time; 0: never */
	bool reloads;    /* read the configuration again on SIGHUP */
	void (*ready)(void *arg, unsigned port); /* once requests are served; or NULL */
	void *arg;
};
/*
 * serve_run - start the service, run the loop, drain on SIGTERM and SIGINT,
 * stop. Logs to standard error.
 * loop     may carry further servers
 * Fails:   as service_start() and loop_run()
 */
int serve_run(const struct config *config, struct loop *loop,
	      const struct serve_options *options, struct ltps_error *err) LTPS_CHECKED;
/* Limits of the process that suit the configuration; log may be NULL. */
void serve_tune(const struct config *config, struct log *log);

#endif
