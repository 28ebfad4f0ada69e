/* SPDX-License-Identifier: Apache-2.0 */
/* serve - run a configured service until it is told to end. */
#ifndef LTPS_SERVER_SERVE_H
#define LTPS_SERVER_SERVE_H

#include "server/config.h"
#include "server/loop.h"

/*
 * serve_run - start the service, run the loop, drain on SIGTERM and SIGINT,
 * stop. Logs to standard error.
 * loop     may carry further servers
 * seconds  end after that time; 0: never
 * ready    called once requests are served; NULL: nothing
 * Fails:   as service_start() and loop_run()
 */
int serve_run(const struct config *config, struct loop *loop, int64_t seconds,
	      void (*ready)(void *arg, unsigned port), void *arg,
	      struct ltps_error *err) LTPS_CHECKED;

#endif
