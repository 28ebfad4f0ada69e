/* SPDX-License-Identifier: Apache-2.0 */
#include "server/service_job.h"

bool service_submit(struct service *s, struct http_exchange *x, struct pool_job *job)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (pool_submit(s->workers, job, &err) == 0)
		return true;
	http_refuse(x, 503, "the service is busy, come again");
	return false;
}

/* ---- bytes ---- */

static bool take(void *arg, size_t n)
{
	struct service_room *r = arg;
	if (!budget_take(r->budget, n))
		return false;
	r->taken += n;
	return true;
}

struct ltp_room service_room_for(struct service_room *r)
{
	return (struct ltp_room){ .take = take, .arg = r, .max = r->budget->max };
}

void service_room_give(struct service_room *r)
{
	budget_give(r->budget, r->taken);
	r->taken = 0;
}

/* ---- what became of it ---- */

void service_count(struct service_validate_counts *c, int status, int64_t started_us)
{
	if (status < 400)
		c->okay++;
	else if (status < 500)
		c->refused++;
	else
		c->failed++;
	c->us += (uint64_t)(clock_monotonic_us() - started_us);
}

void service_refuse(struct service *s, struct http_exchange *x, int status,
		    const char *failure, const struct ltps_error *why)
{
	char line[400];
	if (status >= 500) {
		log_error(s->log, LOG_OPERATION, LOG_ERROR, failure, why, NULL, 0);
		http_refuse(x, status, "the service cannot judge it now");
		return;
	}
	ltps_error_line(why, line, sizeof(line));
	http_refuse(x, status, line);
}
