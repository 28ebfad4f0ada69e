/* SPDX-License-Identifier: Apache-2.0 */
#include "server/service.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "server/auth.h"
#include "server/policy_file.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PROFILE_FILE_MAX ((size_t)64 << 10)
/* How often a draining service looks whether it is done. */
#define DRAIN_POLL_MS 20

/* --- the stages, in the order in which they start --- */

static int start_trust(struct service *s, struct ltps_error *err)
{
	if (material_new(&s->trust, err) != 0)
		return -1;
	for (size_t i = 0; i < s->config->n_anchors; i++) {
		if (material_read(s->trust, MATERIAL_ANCHOR, s->config->anchors[i],
				  err) != 0)
			return ltps_where(err, "%s", s->config->anchors[i]);
	}
	for (size_t i = 0; i < s->config->n_material; i++) {
		if (material_read(s->trust, MATERIAL_CERT, s->config->material[i],
				  err) != 0)
			return ltps_where(err, "%s", s->config->material[i]);
	}
	return 0;
}

static void stop_trust(struct service *s)
{
	material_free(s->trust);
}

static int read_profile(struct service *s, const char *path, struct ltps_error *err)
{
	struct buf text = buf_make(PROFILE_FILE_MAX);
	int rc = -1;
	if (s->n_profiles == PROFILES_MAX)
		ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			  "more than %d profiles", PROFILES_MAX);
	else if (file_read(path, &text, err) == 0)
		rc = profile_parse(view_buf(&text), path, &s->profiles[s->n_profiles],
				   err);
	if (rc == 0)
		s->n_profiles++;
	buf_free(&text);
	return rc;
}

/* An id names one profile (TS 119 511 OVR-6.4-04). */
static int check_profiles(struct service *s, struct ltps_error *err)
{
	for (size_t i = 0; i < s->n_profiles; i++) {
		struct profile *p = s->profiles[i];
		for (size_t k = 0; k < i; k++) {
			if (strcmp(p->id, s->profiles[k]->id) == 0)
				return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
						 NULL, "profile %s is there twice",
						 p->id);
		}
		if (s->config->tree_max_age_ms != 0 &&
		    p->tree_max_age_ms > s->config->tree_max_age_ms)
			p->tree_max_age_ms = s->config->tree_max_age_ms;
	}
	return 0;
}

/* The built-in profiles that seal are offered where there is a key for it. */
static void drop_sealing(struct service *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_profiles; i++) {
		if (s->profiles[i]->seal == SEAL_NONE || s->config->seal.key != NULL)
			s->profiles[n++] = s->profiles[i];
		else
			profile_free(s->profiles[i]);
	}
	s->n_profiles = n;
}

static int start_profiles(struct service *s, struct ltps_error *err)
{
	if (s->config->builtin_profiles &&
	    profile_builtin(s->profiles, PROFILES_MAX, &s->n_profiles, err) != 0)
		return -1;
	drop_sealing(s);
	for (size_t i = 0; i < s->config->n_profile_files; i++) {
		if (read_profile(s, s->config->profile_files[i], err) != 0)
			return -1;
	}
	return check_profiles(s, err);
}

static void stop_profiles(struct service *s)
{
	while (s->n_profiles > 0)
		profile_free(s->profiles[--s->n_profiles]);
}

static int start_store(struct service *s, struct ltps_error *err)
{
	const struct store_options options = { .dir = s->config->dir };
	return store_open(&options, &s->store, err);
}

static void stop_store(struct service *s)
{
	store_close(s->store);
}

static int open_key(const struct config_key *k, struct signing_key **ret,
		    struct ltps_error *err)
{
	const struct signing_key_source source = {
		.key = k->key,
		.certificate = k->certificate,
		.password_file = k->password_file,
		.module = k->module,
	};
	return k->key != NULL ? signing_key_open(&source, ret, err) : 0;
}

static int start_keys(struct service *s, struct ltps_error *err)
{
	if (open_key(&s->config->validation.key, &s->report_key, err) != 0)
		return ltps_where(err, "[validation]");
	if (open_key(&s->config->seal, &s->seal_key, err) != 0)
		return ltps_where(err, "[seal]");
	return 0;
}

static void stop_keys(struct service *s)
{
	signing_key_free(s->seal_key);
	signing_key_free(s->report_key);
}

static int start_policy(struct service *s, struct ltps_error *err)
{
	const char *name = s->config->upkeep.policy;
	if (policy_load(name != NULL ? name : "default", &s->evidence_policy, err) != 0)
		return ltps_where(
		    err, "%s:%u: [upkeep] policy", s->config->name,
		    conf_line(s->config->conf, "upkeep", NULL, "policy", 0));
	return 0;
}

static void stop_policy(struct service *s)
{
	validation_policy_free(s->evidence_policy);
}

static int start_ltp(struct service *s, struct ltps_error *err)
{
	const size_t n_tenants = s->config->n_tenants;
	s->tenants = mem_zalloc(n_tenants + 1, sizeof(*s->tenants));
	if (s->tenants == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n_tenants; i++)
		s->tenants[i] = s->config->tenants[i].rules;
	const struct ltp_options options = {
		.store = s->store,
		.clock = s->clock,
		.log = s->log,
		.profiles = s->profiles,
		.n_profiles = s->n_profiles,
		.tsas = s->config->tsas,
		.n_tsas = s->config->n_tsas,
		.tsa_skew_ms = s->config->tsa_skew_ms,
		.trust = s->trust,
		.algorithms = &s->evidence_policy->algorithms,
		.upkeep = s->config->upkeep.options,
		.fetch = s->config->fetch,
		/* The others go on serving what needs no network. */
		.fetchers = (unsigned)s->config->workers / 2 + 1,
		.seal_key = s->seal_key,
		.report_key = s->report_key,
		.tenants = s->tenants,
		.n_tenants = n_tenants,
		.service_id = s->config->id,
		.low_space_bytes = s->config->low_space,
		.no_space_bytes = s->config->no_space,
	};
	return ltp_new(&options, &s->ltp, err);
}

static void stop_ltp(struct service *s)
{
	ltp_free(s->ltp);
	mem_free(s->tenants);
}

static void worker_free(void *state)
{
	struct service_worker *w = state;
	if (w == NULL)
		return;
	ltp_scvp_worker_free(w->scvp);
	sig_cache_free(w->signatures);
	ltp_worker_free(w->ltp);
	mem_free(w);
}

static int worker_init(void *arg, void **ret_state, struct ltps_error *err)
{
	struct service *s = arg;
	struct service_worker *w = mem_zalloc(1, sizeof(*w));
	if (w == NULL)
		return ltps_fail_nomem(err);
	if (ltp_worker_new(s->ltp, &w->ltp, err) != 0 ||
	    sig_cache_new(&w->signatures, err) != 0 ||
	    (s->scvp != NULL &&
	     ltp_scvp_worker_new(s->scvp, w->ltp, &w->scvp, err) != 0)) {
		worker_free(w);
		return -1;
	}
	*ret_state = w;
	return 0;
}

static void workers_ready(void *arg)
{
	struct service *s = arg;
	pool_drain(s->workers);
}

/* Jobs that wait for the group commit come back although all workers ended. */
static void stop_workers(struct service *s)
{
	if (s->workers != NULL) {
		pool_stop(s->workers);
		while (pool_in_flight(s->workers) > 0) {
			struct pollfd p = { .fd = pool_fd(s->workers),
					    .events = POLLIN };
			if (poll(&p, 1, -1) < 0 && errno != EINTR)
				break;
			pool_drain(s->workers);
		}
		pool_free(s->workers);
	}
	loop_watch_free(s->workers_watch);
}

static int start_workers(struct service *s, struct ltps_error *err)
{
	const struct pool_options options = { .threads = s->config->workers,
					      .queue_max = s->config->queue_max,
					      .thread_init = worker_init,
					      .thread_free = worker_free,
					      .arg = s };
	if (pool_new(&options, &s->workers, err) == 0 &&
	    loop_watch_fd(s->loop, pool_fd(s->workers), workers_ready, s,
			  &s->workers_watch, err) == 0)
		return 0;
	return -1;
}

static void drain_poll(void *arg);

static int start_http(struct service *s, struct ltps_error *err)
{
	s->budget.max = s->config->limits.in_flight_max;
	route_table(s);
	const struct http_options options = {
		.listen = s->config->listen,
		.limits = s->config->limits,
		.routes = s->routes,
		.n_routes = s->n_routes,
		.clock = s->clock,
		.budget = &s->budget,
		.refusal_body = route_refusal_body,
		.tls = s->tls,
		.gate = auth_gate,
		.gate_arg = s,
	};
	if (loop_timer_new(s->loop, drain_poll, s, &s->drain_timer, err) != 0)
		return -1;
	return http_new(s->loop, &options, &s->http, err);
}

static void stop_http(struct service *s)
{
	http_free(s->http);
	s->http = NULL;
	loop_timer_free(s->drain_timer);
}

static const struct {
	const char *name;
	int (*start)(struct service *s, struct ltps_error *err);
	void (*stop)(struct service *s); /* also after a start that failed */
} stages[] = {
	{ "trust anchors", start_trust, stop_trust },
	{ "profiles", start_profiles, stop_profiles },
	{ "store", start_store, stop_store },
	{ "signing keys", start_keys, stop_keys },
	{ "evidence policy", start_policy, stop_policy },
	{ "domain", start_ltp, stop_ltp },
	{ "SCVP", scvp_http_start, scvp_http_stop },
	{ "validation", validate_http_start, validate_http_stop },
	{ "callers", auth_start, auth_stop },
	{ "workers", start_workers, stop_workers },
	{ "background", background_start, background_stop },
	{ "listener", start_http, stop_http },
};

int service_start(const struct config *config, const struct clock *clock,
		  struct log *log, struct loop *loop, struct service **ret_s,
		  struct ltps_error *err)
{
	struct service *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->config = config;
	s->clock = clock;
	s->log = log;
	s->loop = loop;
	s->started_ms = clock_now_ms(clock);
	while (s->n_started < COUNT(stages)) {
		const size_t i = s->n_started++;
		if (stages[i].start(s, err) != 0) {
			ltps_where(err, "starting: %s", stages[i].name);
			service_stop(s);
			return -1;
		}
	}
	*ret_s = s;
	return 0;
}

void service_stop(struct service *s)
{
	if (s == NULL)
		return;
	s->draining = true;
	atomic_store(&s->abandoned, true);
	while (s->n_started > 0)
		stages[--s->n_started].stop(s);
	mem_free(s);
}

unsigned service_port(const struct service *s)
{
	return http_port(s->http);
}

int service_reload_tls(struct service *s, struct ltps_error *err)
{
	return s->tls != NULL ? tls_reload(s->tls, err) : 0;
}

static void drain_poll(void *arg)
{
	struct service *s = arg;
	const bool done = http_connections(s->http) == 0 &&
			  pool_in_flight(s->workers) == 0 && !background_running(s);
	if (done || clock_monotonic_ms() >= s->drain_until_ms) {
		loop_stop(s->loop);
		return;
	}
	if (background_running(s))
		background_cancel(s);
	loop_timer_set(s->drain_timer, DRAIN_POLL_MS);
}

void service_drain(struct service *s)
{
	if (s->draining) {
		/* Asked twice: the operator does not want to wait. */
		loop_stop(s->loop);
		return;
	}
	s->draining = true;
	s->drain_until_ms = clock_monotonic_ms() + s->config->drain_ms;
	log_write(s->log, LOG_OPERATION, LOG_INFO, "stopping", NULL, 0);
	http_drain(s->http);
	drain_poll(s);
}
