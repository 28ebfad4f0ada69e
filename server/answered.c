/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answered - what is known of each request that was answered by an operation: a record
 * of the log, and a count of how long it took.
 *
 *   request      X-Request-Id of the answer
 *   peer         address of the caller; of a proxy where there is one
 *   caller       who that is
 *   operation    RetrieveInfo ..., scvp, validate ...
 *   status       of HTTP
 *   outcome      success, refused, failed
 *   duration_ms  from request to answer
 *
 * Nothing of a body or of a query is logged.
 */
#include <inttypes.h>
#include <stdio.h>

#include "server/auth.h"

/* Upper bounds in microseconds: from what the cache answers to what waits for the
 * network. */
static const struct {
	int64_t us;
	const char *text; /* in seconds */
} BOUNDS[SERVICE_BUCKETS - 1] = {
	{ 1000, "0.001" },  { 2500, "0.0025" }, { 5000, "0.005" },  { 10000, "0.01" },
	{ 25000, "0.025" }, { 50000, "0.05" },  { 100000, "0.1" },  { 250000, "0.25" },
	{ 1000000, "1" },   { 2500000, "2.5" }, { 10000000, "10" }, { 60000000, "60" },
};

static const char *name_of(unsigned what)
{
	static const char *const others[ANSWER_COUNT - OP_COUNT] = {
		[ANSWER_SCVP - OP_COUNT] = "scvp",
		[ANSWER_VALIDATE - OP_COUNT] = "validate",
		[ANSWER_VERIFY - OP_COUNT] = "verify",
		[ANSWER_CERTIFICATES - OP_COUNT] = "certificates",
		[ANSWER_PACKAGE - OP_COUNT] = "package",
		[ANSWER_LINK - OP_COUNT] = "link",
		[ANSWER_OUTLOOK - OP_COUNT] = "outlook",
		[ANSWER_RENEWALS - OP_COUNT] = "renewals",
		[ANSWER_ANCHORS - OP_COUNT] = "anchors",
		[ANSWER_UPKEEP - OP_COUNT] = "upkeep",
	};
	return what < OP_COUNT ? operation_name((enum operation)what)
			       : others[what - OP_COUNT];
}

void service_answered(struct service *s, const struct service_answer *a)
{
	struct service_durations *d = &s->durations[a->what];
	char status[16], ms[32];
	size_t i = 0;
	while (i < SERVICE_BUCKETS - 1 && a->us > BOUNDS[i].us)
		i++;
	d->bucket[i]++;
	d->us += (uint64_t)a->us;
	snprintf(status, sizeof(status), "%d", a->status);
	snprintf(ms, sizeof(ms), "%.3f", (double)a->us / 1000);
	log_write(s->log, LOG_OPERATION, LOG_INFO, "answered",
		  LOG_FIELDS({ "request", http_request_id(a->x) },
			     { "peer", http_alive(a->x) ? http_peer(a->x) : NULL },
			     { "caller", auth_caller(a->x).name },
			     { "operation", name_of(a->what) }, { "status", status },
			     { "outcome", a->outcome }, { "duration_ms", ms }));
}

void service_answered_status(struct service *s, const struct http_exchange *x,
			     unsigned what, int status, int64_t started_us)
{
	const struct service_answer answer = {
		.x = x,
		.what = what,
		.status = status,
		.outcome = status < 400	  ? "success"
			   : status < 500 ? "refused"
					  : "failed",
		.us = clock_monotonic_us() - started_us,
	};
	service_answered(s, &answer);
}

static int put_one(const struct service_durations *d, const char *name, struct buf *out,
		   struct ltps_error *err)
{
	static const char line[] =
	    "ltps_request_duration_seconds_bucket{operation=\"%s\","
	    "le=\"%s\"} %" PRIu64 "\n";
	uint64_t n = 0;
	for (size_t i = 0; i < SERVICE_BUCKETS; i++) {
		n += d->bucket[i];
		if (buf_put_fmt(out, err, line, name,
				i < SERVICE_BUCKETS - 1 ? BOUNDS[i].text : "+Inf",
				n) != 0)
			return -1;
	}
	return buf_put_fmt(out, err,
			   "ltps_request_duration_seconds_sum{operation=\"%s\"} %.6f\n"
			   "ltps_request_duration_seconds_count{operation=\"%s\"} "
			   "%" PRIu64 "\n",
			   name, (double)d->us / 1e6, name, n);
}

int answered_metrics(const struct service *s, struct buf *out, struct ltps_error *err)
{
	static const char head[] =
	    "# HELP ltps_request_duration_seconds Time from request to answer.\n"
	    "# TYPE ltps_request_duration_seconds histogram\n";
	if (buf_put_text(out, head, err) != 0)
		return -1;
	for (unsigned what = 0; what < ANSWER_COUNT; what++)
		if (put_one(&s->durations[what], name_of(what), out, err) != 0)
			return -1;
	return 0;
}
