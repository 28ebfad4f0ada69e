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
/* Requests that may wait for remote parties at a time, beside those that are worked
 * on: eight of a small service, and no more than its descriptors bear. */
#define WAITING_MIN 8
#define WAITING_MAX 32
/* How often a draining service looks whether it is done. */
#define DRAIN_POLL_MS 20

int service_at_line(const struct service *s, const char *section, const char *label,
		    const char *key, size_t i, struct ltps_error *err)
{
	char text[sizeof(err->text)];
	const unsigned line = conf_line(s->config->conf, section, label, key, i);
	if (line == 0)
		return -1;
	snprintf(text, sizeof(text), "%.100s:%u: %.140s", s->config->name, line,
		 err->text);
	memcpy(err->text, text, sizeof(text));
	return -1;
}

/* --- the stages, in the order in which they start --- */

static int start_trust(struct service *s, struct ltps_error *err)
{
	if (material_new(&s->trust, err) != 0)
		return -1;
	for (size_t i = 0; i < s->config->n_anchors; i++) {
		if (material_read(s->trust, MATERIAL_ANCHOR, s->config->anchors[i],
				  err) != 0) {
			ltps_where(err, "%s", s->config->anchors[i]);
			return service_at_line(s, "trust", NULL, "anchors", i, err);
		}
	}
	for (size_t i = 0; i < s->config->n_material; i++) {
		if (material_read(s->trust, MATERIAL_CERT, s->config->material[i],
				  err) != 0) {
			ltps_where(err, "%s", s->config->material[i]);
			return service_at_line(s, "trust", NULL, "material", i, err);
		}
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
			return service_at_line(s, "profiles", NULL, "file", i, err);
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
	if (store_open(&options, &s->shell->store, err) != 0)
		return -1;
	s->store = s->shell->store;
	return 0;
}

static void stop_store(struct service *s)
{
	store_close(s->shell->store);
	s->shell->store = NULL;
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
	if (open_key(&s->config->validation.key, &s->report_key, err) != 0) {
		ltps_where(err, "[validation]");
		return service_at_line(s, "validation", NULL, "key", 0, err);
	}
	if (open_key(&s->config->seal, &s->seal_key, err) != 0) {
		ltps_where(err, "[seal]");
		return service_at_line(s, "seal", NULL, "key", 0, err);
	}
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

/* Of each of the two kinds that ltp_options.fetchers tells of. */
static unsigned waiting_max(const struct config *c)
{
	const unsigned n = c->workers > WAITING_MIN ? c->workers : WAITING_MIN;
	return n < WAITING_MAX ? n : WAITING_MAX;
}

static int start_ltp(struct service *s, struct ltps_error *err)
{
	const size_t n_tenants = s->config->n_tenants;
	s->tenants = mem_zalloc(n_tenants + 1, sizeof(*s->tenants));
	if (s->tenants == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n_tenants; i++)
		s->tenants[i] = s->config->tenants[i].rules;
	struct ltp_options options = {
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
		.evidence_policy = s->evidence_policy,
		.upkeep = s->config->upkeep.options,
		.fetch = s->config->fetch,
		.fetchers = waiting_max(s->config),
		.seal_key = s->seal_key,
		.report_key = s->report_key,
		.tenants = s->tenants,
		.n_tenants = n_tenants,
		.service_id = s->config->id,
		.stands_by = s->shell->now != s,
		.hooks = s->hooks,
		.n_hooks = s->n_hooks,
		.low_space_bytes = s->config->low_space,
		.no_space_bytes = s->config->no_space,
	};
	service_lists_options(s, &options);
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
	/* Whoever waits has a thread beside the workers: were all places taken, as many
	 * as are configured would go on serving what needs no network. */
	const struct pool_options options = { .threads = s->config->workers +
							 2 * waiting_max(s->config),
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

static int start_tls(struct service *s, struct ltps_error *err)
{
	const struct config *c = s->config;
	const char *key;
	if (c->auth.insecure)
		log_write(s->log, LOG_OPERATION, LOG_WARNING,
			  "INSECURE by configuration: whoever reaches the listener is "
			  "trusted as if it were this machine",
			  LOG_FIELDS({ "listen", c->listen }));
	if (c->tls.certificate == NULL || tls_new(&c->tls, &s->tls, &key, err) == 0)
		return 0;
	return service_at_line(s, "tls", NULL, key, 0, err);
}

static void stop_tls(struct service *s)
{
	tls_free(s->tls);
}

static int start_rates(struct service *s, struct ltps_error *err)
{
	if (rate_new(&s->shell->rate, err) != 0)
		return -1;
	s->rate = s->shell->rate;
	return 0;
}

static void stop_rates(struct service *s)
{
	rate_free(s->shell->rate);
	s->shell->rate = NULL;
}

static void drain_poll(void *arg);

static int start_http(struct service *s, struct ltps_error *err)
{
	struct service_shell *h = s->shell;
	h->budget.max = s->config->limits.in_flight_max;
	route_table(s);
	const struct http_options options = {
		.listen = s->config->listen,
		.limits = s->config->limits,
		.routes = h->routes,
		.n_routes = h->n_routes,
		.clock = s->clock,
		.budget = &h->budget,
		.refusal_body = route_refusal_body,
		.tls = s->tls,
		.gate = auth_gate,
		.gate_arg = h,
	};
	if (loop_timer_new(s->loop, drain_poll, h, &h->drain_timer, err) != 0 ||
	    http_new(s->loop, &options, &h->http, err) != 0)
		return -1;
	s->http = h->http;
	return 0;
}

static void stop_http(struct service *s)
{
	http_free(s->shell->http);
	s->shell->http = NULL;
	loop_timer_free(s->shell->drain_timer);
	s->shell->drain_timer = NULL;
}

/* Where a stage belongs. */
enum stage_place {
	PLACE_BUILD,      /* of a generation; on any thread */
	PLACE_SHELL,      /* once */
	PLACE_WORKERS,    /* of a generation, on the loop's thread, as the next */
	PLACE_BACKGROUND, /* when no other generation's runs */
};

static const struct {
	const char *name;
	int (*start)(struct service *s, struct ltps_error *err);
	void (*stop)(struct service *s); /* also after a start that failed */
	enum stage_place place;
} stages[] = {
	{ "trust anchors", start_trust, stop_trust, PLACE_BUILD },
	{ "profiles", start_profiles, stop_profiles, PLACE_BUILD },
	{ "store", start_store, stop_store, PLACE_SHELL },
	{ "trusted lists", service_lists_start, service_lists_stop, PLACE_BUILD },
	{ "signing keys", start_keys, stop_keys, PLACE_BUILD },
	{ "evidence policy", start_policy, stop_policy, PLACE_BUILD },
	{ "notifications", notify_hooks_start, notify_hooks_stop, PLACE_BUILD },
	{ "domain", start_ltp, stop_ltp, PLACE_BUILD },
	{ "SCVP", scvp_http_start, scvp_http_stop, PLACE_BUILD },
	{ "validation", validate_http_start, validate_http_stop, PLACE_BUILD },
	{ "TLS", start_tls, stop_tls, PLACE_BUILD },
	{ "rates", start_rates, stop_rates, PLACE_SHELL },
	{ "workers", start_workers, stop_workers, PLACE_WORKERS },
	{ "background", background_start, background_stop, PLACE_BACKGROUND },
	{ "listener", start_http, stop_http, PLACE_SHELL },
};
_Static_assert(COUNT(stages) <= SERVICE_STAGES_MAX, "stages have room");

static int start_stage(struct service *s, size_t i, struct ltps_error *err)
{
	s->started[i] = true;
	return stages[i].start(s, err) == 0
		   ? 0
		   : ltps_where(err, "starting: %s", stages[i].name);
}

static int start_place(struct service *s, enum stage_place place,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < COUNT(stages); i++)
		if (stages[i].place == place && start_stage(s, i, err) != 0)
			return -1;
	return 0;
}

int service_build(struct service *s, struct ltps_error *err)
{
	return start_place(s, PLACE_BUILD, err);
}

int service_begin_workers(struct service *s, struct ltps_error *err)
{
	return start_place(s, PLACE_WORKERS, err);
}

int service_begin_background(struct service *s, struct ltps_error *err)
{
	return start_place(s, PLACE_BACKGROUND, err);
}

int service_make(struct service_shell *shell, const struct config *config,
		 struct service **ret_s, struct ltps_error *err)
{
	struct service *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->shell = shell;
	s->config = config;
	s->clock = shell->clock;
	s->log = shell->log;
	s->loop = shell->loop;
	s->store = shell->store;
	s->http = shell->http;
	s->counts = shell->counts;
	s->scvp_counts = &shell->scvp_counts;
	s->validate_counts = &shell->validate_counts;
	s->certificate_counts = &shell->certificate_counts;
	s->auth_counts = &shell->auth_counts;
	s->rate = shell->rate;
	s->durations = shell->durations;
	s->budget = &shell->budget;
	s->started_ms = shell->started_ms;
	*ret_s = s;
	return 0;
}

void service_hand_over(struct service *from, struct service *to)
{
	for (size_t i = 0; i < COUNT(stages); i++) {
		if (stages[i].place != PLACE_SHELL)
			continue;
		to->started[i] = from->started[i];
		from->started[i] = false;
	}
}

void service_end(struct service *s)
{
	if (s == NULL)
		return;
	s->draining = true;
	atomic_store(&s->abandoned, true);
	for (size_t i = COUNT(stages); i-- > 0;) {
		if (s->started[i])
			stages[i].stop(s);
	}
	if (s->own_config != NULL) {
		config_clear(s->own_config);
		mem_free(s->own_config);
	}
	mem_free(s);
}

/* What a reload cannot change is remembered. */
static int keep_fixed(struct service_shell *h, const struct config *config,
		      struct ltps_error *err)
{
	h->listen = mem_dup_text(config->listen);
	h->dir = mem_dup_text(config->dir);
	h->header_max = config->limits.header_max;
	return h->listen != NULL && h->dir != NULL ? 0 : ltps_fail_nomem(err);
}

int service_start(const struct config *config, const struct clock *clock,
		  struct log *log, struct loop *loop, struct service_shell **ret_shell,
		  struct ltps_error *err)
{
	struct service_shell *h = mem_zalloc(1, sizeof(*h));
	int rc = -1;
	if (h == NULL)
		return ltps_fail_nomem(err);
	h->clock = clock;
	h->log = log;
	h->loop = loop;
	h->started_ms = clock_now_ms(clock);
	if (keep_fixed(h, config, err) == 0 &&
	    service_make(h, config, &h->now, err) == 0)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < COUNT(stages); i++)
		rc = start_stage(h->now, i, err);
	if (rc != 0) {
		service_stop(h);
		return -1;
	}
	*ret_shell = h;
	return 0;
}

void service_stop(struct service_shell *h)
{
	if (h == NULL)
		return;
	h->draining = true;
	reload_stop(h);
	service_end(h->now);
	mem_free(h->listen);
	mem_free(h->dir);
	mem_free(h);
}

unsigned service_port(const struct service_shell *h)
{
	return http_port(h->http);
}

static void drain_poll(void *arg)
{
	struct service_shell *h = arg;
	struct service *s = h->now;
	const bool done = http_connections(h->http) == 0 && h->retired == NULL &&
			  pool_in_flight(s->workers) == 0 && !background_running(s);
	if (done || clock_monotonic_ms() >= h->drain_until_ms) {
		loop_stop(h->loop);
		return;
	}
	if (background_running(s))
		background_cancel(s);
	loop_timer_set(h->drain_timer, DRAIN_POLL_MS);
}

void service_drain(struct service_shell *h)
{
	if (h->draining) {
		/* Asked twice: the operator does not want to wait. */
		loop_stop(h->loop);
		return;
	}
	h->draining = true;
	h->now->draining = true;
	h->drain_until_ms = clock_monotonic_ms() + h->now->config->drain_ms;
	log_write(h->log, LOG_OPERATION, LOG_INFO, "stopping", NULL, 0);
	http_drain(h->http);
	drain_poll(h);
}
