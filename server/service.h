/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service - the running service: what is started in which order, the routes,
 * the workers, the background.
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
 * /certificates/validate, /package/; links; six more. */
#define SERVICE_ROUTES_MAX (OP_COUNT + 18)

struct service;
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
	const struct config *config; /* borrowed, as the following */
	const struct clock *clock;
	struct log *log;
	struct loop *loop;

	struct material *trust;
	struct validation_policy *evidence_policy; /* its algorithms */
	struct profile *profiles[PROFILES_MAX];
	size_t n_profiles;
	struct store *store;
	struct signing_key *report_key; /* NULL: not configured, as the next */
	struct signing_key *seal_key;
	struct ltp *ltp;
	struct material *scvp_clients;
	struct ltp_scvp *scvp; /* NULL: not configured */
	struct pool *workers;
	struct loop_watch *workers_watch;
	/* Trees never wait for what the care of an object waits for. */
	struct service_lane evidence, care, upkeep;
	bool step_failing; /* of any */
	struct http_route routes[SERVICE_ROUTES_MAX];
	size_t n_routes;
	struct service_route pres_routes[OP_COUNT];
	struct http_server *http;
	struct service_counts counts[OP_COUNT];
	struct service_scvp_counts scvp_counts;
	struct service_validate_counts validate_counts, certificate_counts;
	struct service_auth_counts auth_counts;
	struct rate *rate;
	struct tls *tls;            /* NULL: plain HTTP */
	struct ltp_tenant *tenants; /* as the domain wants them */
	/* The first serves where a request names none. */
	struct service_policy policies[SERVICE_POLICIES_MAX];
	size_t n_policies;
	int64_t started_ms;
	bool draining;
	struct budget budget;  /* bytes of all requests and answers */
	atomic_bool abandoned; /* what still waits for a worker is not begun */
	struct loop_timer *drain_timer;
	int64_t drain_until_ms; /* monotonic */
	size_t n_started;       /* stages of the start-up list */
};

/*
 * service_start - bring everything up, in order; on failure what was brought
 * up is taken down again. Requests are served once the loop runs.
 * config, clock, log, loop  borrowed, outlive the service
 * ret_s  end with service_stop()
 * Fails: as the stage that failed; its name is in `where`
 */
int service_start(const struct config *config, const struct clock *clock,
		  struct log *log, struct loop *loop, struct service **ret_s,
		  struct ltps_error *err) LTPS_CHECKED;
/* Refuses new requests, lets running ones end, then stops the loop. */
void service_drain(struct service *s);
/* After the loop has ended. NULL-safe. */
void service_stop(struct service *s);
unsigned service_port(const struct service *s);

/* Takes up certificate and key of the listener again, and those of its clients. Nothing
 * without [tls]. Fails: as tls_reload() */
int service_reload_tls(struct service *s, struct ltps_error *err) LTPS_CHECKED;

/* --- private to server/ --- */
/* links_http.c: /links, /link/ */
void links_http_list(struct http_exchange *x, void *arg);
void links_http_add(struct http_exchange *x, void *arg);
void links_http_revoke(struct http_exchange *x, void *arg);
void links_http_open(struct http_exchange *x, void *arg);
/* route.c */
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
/* background.c */
int background_start(struct service *s, struct ltps_error *err) LTPS_CHECKED;
void background_stop(struct service *s);
/* Something was ingested: look soon whether a tree has to close. */
void background_wake(struct service *s);
bool background_running(const struct service *s);
void background_cancel(struct service *s);
/* operator.c: /renewals, /anchors.pem */
void operator_renewals(struct http_exchange *x, void *arg);
void operator_anchors(struct http_exchange *x, void *arg);
/* status.c */
int status_health(const struct service *s, const struct ltp_health *h, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;
/* What anybody may see. */
int status_health_bare(const struct service *s, const struct ltp_health *h,
		       struct buf *out, struct ltps_error *err) LTPS_CHECKED;
int status_metrics(struct service *s, const struct ltp_health *h, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
