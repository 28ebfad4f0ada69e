/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service - the running service: what is started in which order, the routes,
 * the workers, the background.
 *
 * A `struct service` is what stands on one reading of the configuration. A reload
 * (reload.c) builds another one beside it, hands the requests to that, and ends the old
 * one when it has answered its own. What must not come twice is in the shell: the
 * listener, the store, the counters.
 *
 *   request  http.c -> route.c -> worker: api_run() -> (group commit) ->
 *            loop: api_finish(), http_reply()
 *   trees    ltp_step() on a thread of its own, woken by a timer and by ingests
 *
 * Everything here runs on the loop's thread, but for what jobs do.
 */
#ifndef LTPS_SERVER_SERVICE_H
#define LTPS_SERVER_SERVICE_H

#include "base/clock.h"
#include "base/log.h"
#include "base/pool.h"
#include "ltp/ltp.h"
#include "ltp/scvp.h"
#include "server/config.h"
#include "server/http.h"
#include "server/loop.h"
#include "server/rate.h"
#include "storage/store.h"
#include "validation/validation_policy.h"

/* RetrieveInfo .. Search, each below /pres/; /pres/soap, /scvp, /validate, /verify,
 * /certificates/validate, /package/, /outlook/; links; /ui; eight more. */
#define SERVICE_ROUTES_MAX (OP_COUNT + 24)

/* Stages of the start-up list; service.c checks it. */
#define SERVICE_STAGES_MAX 24

struct service;
struct service_lists;
struct service_shell;
struct service_route {
	struct service *service;
	enum operation op;
	char path[32];
};

/* Answers since the start, by operation and ResultMajor, for /metrics. */
struct service_counts {
	uint64_t success, refused, failed;
	uint64_t us; /* total time from request to answer */
};

/* What SCVP did since the start, for /metrics. */
struct service_scvp_counts {
	uint64_t okay, refused, cached, failed;
	uint64_t us;
};

/* What /validate did since the start, for /metrics. */
struct service_validate_counts {
	uint64_t okay, refused, failed;
	uint64_t us;
};

/* Requests that did not get past the gate, for /metrics. */
struct service_auth_counts {
	uint64_t unknown; /* no credentials, or such as open nothing */
	uint64_t denied;  /* of somebody known */
	uint64_t limited; /* 429, also of the unknown */
};

/* Durations of answered requests, for /metrics: those of each bucket alone, the last of
 * those beyond all bounds. */
#define SERVICE_BUCKETS 13
struct service_durations {
	uint64_t bucket[SERVICE_BUCKETS];
	uint64_t us;
};
/* What is told apart: each operation, and: */
enum {
	ANSWER_SCVP = OP_COUNT,
	ANSWER_VALIDATE,
	ANSWER_VERIFY,
	ANSWER_CERTIFICATES,
	ANSWER_PACKAGE,
	ANSWER_LINK,
	ANSWER_OUTLOOK,
	ANSWER_RENEWALS,
	ANSWER_ANCHORS,
	ANSWER_UPKEEP,
	ANSWER_COUNT
};
struct service_answer {
	const struct http_exchange *x;
	unsigned what; /* enum operation, ANSWER_SCVP ... */
	int status;
	const char *outcome; /* "success", "refused", "failed" */
	int64_t us;
};

/* A policy that requests may name. */
struct service_policy {
	char name[VALIDATION_POLICY_NAME_MAX];
	struct validation_policy *policy;
};
#define CERTIFICATE_BODY_MAX ((size_t)8 << 20) /* a chain, CRLs of some MiB */
#define SERVICE_POLICIES_MAX 16 /* built-in ones, and the configured one */

/* State of one thread of the pool. */
struct service_worker {
	struct ltp_worker *ltp;
	struct sig_cache *signatures; /* of /validate */
	struct ltp_scvp_worker *scvp; /* NULL: no SCVP */
};

/* Background work on a thread of its own. */
struct service_lane {
	struct service *s;
	int (*step)(struct ltp_worker *w, int64_t *ret_next_ms, struct ltps_error *err);
	const char *failure; /* for the log */
	struct pool *pool;   /* NULL: not started */
	struct loop_watch *watch;
	struct ltp_worker *worker; /* of the thread */
	struct pool_job job;
	struct loop_timer *timer;
	int64_t next_ms;
	int64_t due_ms; /* monotonic; what the timer is set to */
	bool running;
	bool failed;  /* of the thread, until the job is done */
	bool failing; /* the last one that ended did */
	bool again;   /* something came meanwhile */
};

struct service {
	struct service_shell *shell;
	const struct config *config; /* borrowed, as the following */
	const struct clock *clock;
	struct log *log;
	struct loop *loop;

	struct material *trust;
	struct service_lists *lists; /* NULL: no trusted list is configured */
	struct validation_policy *evidence_policy; /* its algorithms */
	struct profile *profiles[PROFILES_MAX];
	size_t n_profiles;
	struct store *store;
	struct notify_hook hooks[NOTIFY_HOOKS_MAX];
	struct buf secrets[NOTIFY_HOOKS_MAX];
	size_t n_hooks;
	struct signing_key *report_key; /* NULL: not configured, as the next */
	struct signing_key *seal_key;
	struct ltp *ltp;
	struct material *scvp_clients;
	struct ltp_scvp *scvp; /* NULL: not configured */
	struct pool *workers;
	struct loop_watch *workers_watch;
	/* Trees never wait for what the care of an object waits for. */
	struct service_lane evidence, care, upkeep, notify;
	bool step_failing; /* of any */
	struct tls *tls;               /* NULL: plain HTTP */
	struct ltp_tenant *tenants;    /* as the domain wants them */
	/* Of the shell. */
	struct http_server *http;
	struct service_counts *counts; /* OP_COUNT of them */
	struct service_scvp_counts *scvp_counts;
	struct service_validate_counts *validate_counts, *certificate_counts;
	struct service_auth_counts *auth_counts;
	struct service_durations *durations; /* ANSWER_COUNT of them */
	struct rate *rate;
	struct budget *budget; /* bytes of all requests and answers */
	/* The first serves where a request names none. */
	struct service_policy policies[SERVICE_POLICIES_MAX];
	size_t n_policies;
	int64_t started_ms;    /* of the shell */
	bool draining;         /* it stops, or another one has taken its place */
	atomic_bool abandoned; /* what still waits for a worker is not begun */
	bool started[SERVICE_STAGES_MAX]; /* of the start-up list */
	struct config *own_config;        /* of a reload; NULL: borrowed */
	struct service *next_retired;
};

/* What outlives a reload. */
struct service_shell {
	struct service *now; /* takes the requests */
	const struct clock *clock;
	struct log *log; /* may be NULL */
	struct loop *loop;
	struct store *store;
	struct http_server *http;
	/* Rewritten in place: exchanges point at them while a body comes. A route keeps
	 * its position for good. */
	struct http_route routes[SERVICE_ROUTES_MAX];
	size_t n_routes;
	struct service_route pres_routes[OP_COUNT];
	struct service_counts counts[OP_COUNT];
	struct service_scvp_counts scvp_counts;
	struct service_validate_counts validate_counts, certificate_counts;
	struct service_auth_counts auth_counts;
	struct service_durations durations[ANSWER_COUNT];
	struct budget budget;
	struct rate *rate;
	int64_t started_ms;
	char *listen, *dir; /* as they were at the start */
	size_t header_max;
	struct loop_timer *drain_timer;
	int64_t drain_until_ms; /* monotonic */
	bool draining;
	/* reload.c */
	struct service *retired;
	struct loop_timer *retire_timer;
	struct pool *reloader; /* NULL: never asked to */
	struct loop_watch *reloader_watch;
	bool reloading;
	bool reload_again;
	uint64_t reloads, reloads_failed;
};

/*
 * service_start - bring everything up, in order; on failure what was brought
 * up is taken down again. Requests are served once the loop runs.
 * config, clock, log, loop  borrowed, outlive the service
 * ret_shell  end with service_stop()
 * Fails: as the stage that failed; its name is in `where`
 */
int service_start(const struct config *config, const struct clock *clock,
		  struct log *log, struct loop *loop, struct service_shell **ret_shell,
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * service_reload - read the configuration's file again, and serve as it says from then
 * on: profiles, TSAs, trust, policies, keys, callers, tenants, certificates of the
 * listener, limits, log, notifications, workers. What
 * runs ends as it began. When the file, or what it names, is bad, all stays as it is;
 * the log says which line. listen, dir and header_max keep their values until a
 * restart, which the log says, too. Returns at once.
 */
void service_reload(struct service_shell *shell);
/* Refuses new requests, lets running ones end, then stops the loop; asked again, at
 * once. */
void service_drain(struct service_shell *shell);
/* After the loop has ended. NULL-safe. */
void service_stop(struct service_shell *shell);
unsigned service_port(const struct service_shell *shell);

/* --- private to server/ --- */
/* service.c: one generation. Of the stages that are not of the shell: those that need
 * no loop (any thread), then the workers and, when no other's run, the background. */
int service_make(struct service_shell *shell, const struct config *config,
		 struct service **ret_s, struct ltps_error *err) LTPS_CHECKED;
int service_build(struct service *s, struct ltps_error *err) LTPS_CHECKED;
int service_begin_workers(struct service *s, struct ltps_error *err) LTPS_CHECKED;
int service_begin_background(struct service *s, struct ltps_error *err) LTPS_CHECKED;
/* Another one has its place: takes over the stages of the shell. */
void service_hand_over(struct service *from, struct service *to);
void service_end(struct service *s); /* NULL-safe */
/* reload.c */
void reload_stop(struct service_shell *shell);
/* The line of a key before the text of an error that its value led to; -1. */
int service_at_line(const struct service *s, const char *section, const char *label,
		    const char *key, size_t i, struct ltps_error *err);
/* links_http.c: /links, /link/ */
void links_http_list(struct http_exchange *x, void *arg);
void links_http_add(struct http_exchange *x, void *arg);
void links_http_revoke(struct http_exchange *x, void *arg);
void links_http_open(struct http_exchange *x, void *arg);
/* route.c: all routes lead to this one. */
void route_table(struct service *s);
int route_refusal_body(void *arg, const char *path, int status, const char *text,
		       struct buf *out, const char **ret_type,
		       struct ltps_error *err) LTPS_CHECKED;
/* scvp_http.c */
int scvp_http_start(struct service *s, struct ltps_error *err) LTPS_CHECKED;
void scvp_http_stop(struct service *s);
void scvp_http_handle(struct http_exchange *x, void *arg);
/* soap_http.c: GET ?wsdl, ?xsd=NAME */
void soap_http_describe(struct http_exchange *x);
/* validate_http.c */
int validate_http_start(struct service *s, struct ltps_error *err) LTPS_CHECKED;
void validate_http_stop(struct service *s);
void validate_http_handle(struct http_exchange *x, void *arg);
/* By name or id; NULL: there is none. name NULL: the one in force. */
const struct validation_policy *service_policy_find(const struct service *s,
						    const char *name);
/* verify_http.c: POST /verify */
void verify_http_handle(struct http_exchange *x, void *arg);
/* package_http.c: GET /package/POID */
void package_http_handle(struct http_exchange *x, void *arg);
/* certificate_http.c */
void certificate_http_handle(struct http_exchange *x, void *arg);
/* notify_hooks.c: [notify] with its secrets */
int notify_hooks_start(struct service *s, struct ltps_error *err) LTPS_CHECKED;
void notify_hooks_stop(struct service *s);
/* service_lists.c: [trusted_list]; behind the store, whose anchors go to `trust` */
int service_lists_start(struct service *s, struct ltps_error *err) LTPS_CHECKED;
void service_lists_stop(struct service *s);
void service_lists_options(struct service *s, struct ltp_options *o);
/* On the loop's thread: whether it has to reload, since other anchors follow. */
void service_lists_look(struct service *s);
/* background.c */
int background_start(struct service *s, struct ltps_error *err) LTPS_CHECKED;
void background_stop(struct service *s);
/* Something was ingested: look soon whether a tree has to close. */
void background_wake(struct service *s);
bool background_running(const struct service *s);
void background_cancel(struct service *s);
/* operator.c: /renewals, /anchors.pem, /upkeep */
void operator_renewals(struct http_exchange *x, void *arg);
void operator_anchors(struct http_exchange *x, void *arg);
void operator_upkeep(struct http_exchange *x, void *arg);
/* outlook_http.c: /outlook/ */
void outlook_http_handle(struct http_exchange *x, void *arg);
/* ui_http.c: /ui, /ui/, /ui/FILE */
void ui_http_redirect(struct http_exchange *x, void *arg);
void ui_http_handle(struct http_exchange *x, void *arg);
/* answered.c: one line of the log and one count for each; before the reply. */
void service_answered(struct service *s, const struct service_answer *a);
/* The same where HTTP's status is the outcome. */
void service_answered_status(struct service *s, const struct http_exchange *x,
			     unsigned what, int status, int64_t started_us);
int answered_metrics(const struct service *s, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/* process_metrics.c: memory, descriptors, time of the process. */
int process_metrics(struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* status.c */
int status_health(const struct service *s, const struct ltp_health *h, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;
/* What anybody may see. */
int status_health_bare(const struct service *s, const struct ltp_health *h,
		       struct buf *out, struct ltps_error *err) LTPS_CHECKED;
int status_metrics(struct service *s, const struct ltp_health *h, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
