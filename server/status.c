/* SPDX-License-Identifier: Apache-2.0 */
/* The bodies of /health and /metrics. */
#include <inttypes.h>
#include <string.h>

#include "base/jsonw.h"
#include "server/service.h"

/* A step that fails here (store, memory) leaves no trace in the store. */
static bool evidence_late(const struct service *s, const struct ltp_health *h)
{
	return h->alarm || s->step_failing;
}

static const char *status_word(const struct service *s, const struct ltp_health *h)
{
	if (evidence_late(s, h) || h->no_space || h->trouble_alarm || h->damaged > 0 ||
	    h->clock_back_ms > 0)
		return "alarm";
	return h->low_space || h->trouble[0] != '\0' || h->overdue > 0 ? "warning"
								       : "ok";
}

static void put_renewals(struct jsonw *j, const struct ltp_health *h)
{
	jsonw_key(j, "upkeep");
	jsonw_object(j);
	if (h->next_renewal_ms != INT64_MAX) {
		jsonw_key(j, "next_renewal");
		jsonw_time(j, h->next_renewal_ms);
	}
	if (h->weakest_ms != INT64_MAX) {
		jsonw_key(j, "weakens_first");
		jsonw_time(j, h->weakest_ms);
	}
	jsonw_member_int(j, "overdue", (int64_t)h->overdue);
	jsonw_member_int(j, "undated", (int64_t)h->undated);
	jsonw_member_int(j, "damaged", (int64_t)h->damaged);
	jsonw_member_int(j, "clock_back_seconds", h->clock_back_ms / 1000);
	jsonw_member_bool(j, "alarm", h->trouble_alarm);
	if (h->trouble[0] != '\0')
		jsonw_member(j, "trouble", h->trouble);
	if (h->shared_authority[0] != '\0')
		jsonw_member(j, "shared_authority", h->shared_authority);
	jsonw_object_end(j);
}

int status_health(const struct service *s, const struct ltp_health *h, struct buf *out,
		  struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "status", status_word(s, h));
	jsonw_member(&j, "version", LTPS_VERSION);
	jsonw_member(&j, "service", s->config->id);
	jsonw_key(&j, "started");
	jsonw_time(&j, s->started_ms);
	jsonw_member_int(&j, "objects", (int64_t)h->objects);
	jsonw_key(&j, "evidence");
	jsonw_object(&j);
	jsonw_member_bool(&j, "late", evidence_late(s, h));
	jsonw_member_int(&j, "waiting", (int64_t)h->waiting_leaves);
	if (h->oldest_waiting_ms != INT64_MAX) {
		jsonw_key(&j, "waiting_since");
		jsonw_time(&j, h->oldest_waiting_ms);
	}
	jsonw_member_int(&j, "trees_open", (int64_t)h->trees_open);
	jsonw_member_int(&j, "trees_closing", (int64_t)h->trees_closing);
	jsonw_member_int(&j, "trees_stamped", (int64_t)h->trees_stamped);
	jsonw_member_int(&j, "stamp_failures", (int64_t)h->stamp_failures);
	if (h->last_stamp_error[0] != '\0')
		jsonw_member(&j, "last_stamp_error", h->last_stamp_error);
	jsonw_object_end(&j);
	put_renewals(&j, h);
	jsonw_key(&j, "space");
	jsonw_object(&j);
	jsonw_member_int(&j, "free_bytes", (int64_t)h->free_bytes);
	jsonw_member_bool(&j, "low", h->low_space);
	jsonw_member_bool(&j, "none", h->no_space);
	jsonw_object_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

int status_health_bare(const struct service *s, const struct ltp_health *h,
		       struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "status", status_word(s, h));
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

struct metric {
	const char *name;
	const char *type;
	const char *help;
	uint64_t value;
};

static int put_metrics(const struct metric *m, size_t n, struct buf *out,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (buf_put_fmt(out, err,
				"# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n",
				m[i].name, m[i].help, m[i].name, m[i].type, m[i].name,
				m[i].value) != 0)
			return -1;
	}
	return 0;
}

static int put_calls(const struct service *s, struct buf *out, struct ltps_error *err)
{
	static const char request_head[] =
	    "# HELP ltps_requests_total Answered protocol requests.\n"
	    "# TYPE ltps_requests_total counter\n";
	static const char time_head[] =
	    "# HELP ltps_request_seconds_total Time from request to answer.\n"
	    "# TYPE ltps_request_seconds_total counter\n";
	if (buf_put_text(out, request_head, err) != 0)
		return -1;
	for (unsigned op = 0; op < OP_COUNT; op++) {
		const struct service_counts *c = &s->counts[op];
		const char *name = operation_name((enum operation)op);
		if (buf_put_fmt(out, err,
				"ltps_requests_total{operation=\"%s\",result="
				"\"success\"} %" PRIu64 "\n"
				"ltps_requests_total{operation=\"%s\",result="
				"\"refused\"} %" PRIu64 "\n"
				"ltps_requests_total{operation=\"%s\",result="
				"\"failed\"} %" PRIu64 "\n",
				name, c->success, name, c->refused, name,
				c->failed) != 0)
			return -1;
	}
	if (buf_put_text(out, time_head, err) != 0)
		return -1;
	for (unsigned op = 0; op < OP_COUNT; op++) {
		if (buf_put_fmt(out, err,
				"ltps_request_seconds_total{operation=\"%s\"} %.6f\n",
				operation_name((enum operation)op),
				(double)s->counts[op].us / 1e6) != 0)
			return -1;
	}
	return 0;
}

static int put_http(const struct service *s, struct buf *out, struct ltps_error *err)
{
	struct http_stats h;
	http_stats(s->http, &h);
	const struct metric metrics[] = {
		{ "ltps_http_connections", "gauge", "Open connections.",
		  http_connections(s->http) },
		{ "ltps_http_connections_total", "counter", "Accepted connections.",
		  h.connections_accepted },
		{ "ltps_http_connections_refused_total", "counter",
		  "Connections beyond a limit.", h.connections_refused },
		{ "ltps_http_connections_displaced_total", "counter",
		  "Connections that waited longest and made room for new ones.",
		  h.connections_displaced },
		{ "ltps_http_requests_total", "counter", "Requests handed to a route.",
		  h.requests },
		{ "ltps_http_refused_total", "counter", "Requests refused before that.",
		  h.refused },
		{ "ltps_http_deadlines_total", "counter",
		  "Connections ended as too slow.", h.deadlines },
		{ "ltps_http_in_flight_bytes", "gauge",
		  "Bytes of requests and answers held.", h.in_flight_bytes },
		{ "ltps_http_answers_2xx_total", "counter", "Answers 200 to 299.",
		  h.status[2] },
		{ "ltps_http_answers_4xx_total", "counter", "Answers 400 to 499.",
		  h.status[4] },
		{ "ltps_http_answers_5xx_total", "counter", "Answers 500 to 599.",
		  h.status[5] },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

static int put_validation(const struct service *s, struct buf *out,
			  struct ltps_error *err)
{
	const struct service_validate_counts *c = s->validate_counts;
	const struct service_validate_counts *certificates = s->certificate_counts;
	const struct metric metrics[] = {
		{ "ltps_validations_total", "counter", "Documents judged for clients.",
		  c->okay },
		{ "ltps_validations_refused_total", "counter",
		  "Requests that could not be judged.", c->refused },
		{ "ltps_validations_failed_total", "counter",
		  "Judgements that failed here.", c->failed },
		{ "ltps_validation_microseconds_total", "counter",
		  "Time from request to report.", c->us },
		{ "ltps_certificates_judged_total", "counter",
		  "Certificates judged for clients.", certificates->okay },
		{ "ltps_certificates_refused_total", "counter",
		  "Requests that could not be judged.", certificates->refused },
		{ "ltps_certificates_failed_total", "counter",
		  "Judgements of certificates that failed here.",
		  certificates->failed },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

static int put_auth(const struct service *s, struct buf *out, struct ltps_error *err)
{
	const struct service_auth_counts *c = s->auth_counts;
	struct http_stats h;
	http_stats(s->http, &h);
	const struct metric metrics[] = {
		{ "ltps_callers_unknown_total", "counter",
		  "Requests without credentials, or with wrong ones.", c->unknown },
		{ "ltps_callers_denied_total", "counter",
		  "Requests that the caller's role does not allow.", c->denied },
		{ "ltps_callers_limited_total", "counter",
		  "Requests beyond a rate, answered 429.", c->limited },
		{ "ltps_tls_failed_total", "counter", "TLS handshakes that failed.",
		  h.handshakes_failed },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

static int put_store(struct service *s, struct buf *out, struct ltps_error *err)
{
	struct store_stats st = { 0 };
	store_stats_get(s->store, &st);
	const struct metric metrics[] = {
		{ "ltps_store_writes_total", "counter", "Committed writes.", st.tasks },
		{ "ltps_store_writes_failed_total", "counter", "Failed writes.",
		  st.tasks_failed },
		{ "ltps_store_batches_total", "counter", "Transactions.", st.batches },
		{ "ltps_store_commit_microseconds_total", "counter",
		  "Time spent in transactions.", st.commit_us },
		{ "ltps_store_queue", "gauge", "Writes waiting.", st.queued },
		{ "ltps_store_wal_bytes", "gauge", "Size of the write-ahead log.",
		  st.wal_bytes },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

static int put_domain(const struct service *s, const struct ltp_health *h,
		      struct buf *out, struct ltps_error *err)
{
	const int64_t now_ms = clock_now_ms(s->clock);
	const int64_t age_ms =
	    h->oldest_waiting_ms == INT64_MAX || h->oldest_waiting_ms > now_ms
		? 0
		: now_ms - h->oldest_waiting_ms;
	const struct metric metrics[] = {
		{ "ltps_objects", "gauge", "Preserved objects.", h->objects },
		{ "ltps_leaves_waiting", "gauge", "Leaves without evidence yet.",
		  h->waiting_leaves },
		{ "ltps_oldest_waiting_seconds", "gauge",
		  "Age of the oldest leaf without evidence.", (uint64_t)age_ms / 1000 },
		{ "ltps_trees_open", "gauge", "Trees that take leaves.",
		  h->trees_open },
		{ "ltps_trees_closing", "gauge",
		  "Trees that wait for their time-stamp.", h->trees_closing },
		{ "ltps_trees_stamped", "gauge", "Trees with a time-stamp.",
		  h->trees_stamped },
		{ "ltps_stamp_failures", "gauge", "Time-stamp failures in a row.",
		  h->stamp_failures },
		{ "ltps_evidence_late", "gauge", "1 when evidence is late.",
		  evidence_late(s, h) },
		{ "ltps_renewals_overdue", "gauge",
		  "Time-stamps past the margin of their renewal.", h->overdue },
		{ "ltps_tokens_undated", "gauge",
		  "Time-stamps of which it is not known when they weaken.",
		  h->undated },
		{ "ltps_blobs_damaged", "gauge",
		  "Blobs that are damaged and that no copy could repair.", h->damaged },
		{ "ltps_upkeep_alarm", "gauge", "1 when evidence or data is in danger.",
		  h->trouble_alarm },
		{ "ltps_trusted_lists", "gauge", "Trusted lists that are cared for.",
		  h->lists },
		{ "ltps_trusted_lists_untrusted", "gauge",
		  "Trusted lists of which no version is to be believed now.",
		  h->lists - h->lists_trusted },
		{ "ltps_clock_back_seconds", "gauge",
		  "How far the clock is behind what was seen.",
		  (uint64_t)(h->clock_back_ms / 1000) },
		{ "ltps_free_bytes", "gauge", "Free space of the store.",
		  h->free_bytes },
		{ "ltps_space_low", "gauge", "1 when space runs out.", h->low_space },
		{ "ltps_space_none", "gauge", "1 when nothing is taken any more.",
		  h->no_space },
		{ "ltps_workers_in_flight", "gauge", "Requests at workers.",
		  pool_in_flight(s->workers) },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

static int put_scvp(const struct service *s, struct buf *out, struct ltps_error *err)
{
	const struct service_scvp_counts *c = s->scvp_counts;
	const struct metric metrics[] = {
		{ "ltps_scvp_total", "counter", "SCVP requests answered.", c->okay },
		{ "ltps_scvp_refused_total", "counter",
		  "SCVP requests answered by an error.", c->refused },
		{ "ltps_scvp_failed_total", "counter",
		  "SCVP requests that failed here.", c->failed },
		{ "ltps_scvp_cached_total", "counter",
		  "SCVP answers that were given before.", c->cached },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

static int put_shell(const struct service *s, struct buf *out, struct ltps_error *err)
{
	const struct service_shell *h = s->shell;
	const struct metric metrics[] = {
		{ "ltps_reloads_total", "counter", "Configurations taken over.",
		  h->reloads },
		{ "ltps_reloads_failed_total", "counter",
		  "Configurations that were refused.", h->reloads_failed },
		{ "ltps_start_time_seconds", "gauge", "When the service started.",
		  (uint64_t)(h->started_ms / 1000) },
	};
	return put_metrics(metrics, sizeof(metrics) / sizeof(metrics[0]), out, err);
}

int status_metrics(struct service *s, const struct ltp_health *h, struct buf *out,
		   struct ltps_error *err)
{
	if (put_calls(s, out, err) != 0 || answered_metrics(s, out, err) != 0 ||
	    put_scvp(s, out, err) != 0 || put_shell(s, out, err) != 0 ||
	    process_metrics(out, err) != 0 || put_http(s, out, err) != 0 ||
	    put_validation(s, out, err) != 0 || put_auth(s, out, err) != 0 ||
	    put_store(s, out, err) != 0)
		return -1;
	return put_domain(s, h, out, err);
}
