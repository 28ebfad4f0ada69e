/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth - who asks, and whether they may: the gate before every route of the service.
 *
 *   Authorization: Bearer    a token of the store (RFC 6750), looked up by its hash
 *   client certificate       by [client NAME] of the configuration
 *   neither                  anonymous, with every role in the tenant "default": on
 * this machine, and where the configuration says insecure; unless it says require
 *
 * Then the table of server/rights.h, then the rates of the tenant. Nothing of a body is
 * read before. Credentials that are presented must hold, also where none are needed.
 */
#ifndef LTPS_SERVER_AUTH_H
#define LTPS_SERVER_AUTH_H

#include "server/rights.h"
#include "server/service.h"

/* For http_options. arg: the service's shell */
void auth_gate(struct http_exchange *x, void *arg);

/* Who asks; texts are the exchange's. For handlers behind the gate. */
struct ltp_caller auth_caller(const struct http_exchange *x);
/* Whether the caller may use this route too. */
bool auth_may(const struct http_exchange *x, const char *route);

/* What is presented and opens nothing counts by address, wherever it is presented. */
/* Whether there were so many that no more lines are written to the audit. */
bool auth_is_loud(struct service *s, const struct http_exchange *x);
/* Counts one; refuses with this status and text, or with 429 when there were too many.
 */
void auth_refuse_unknown(struct service *s, struct http_exchange *x, int status,
			 const char *text);

#endif
