/* SPDX-License-Identifier: Apache-2.0 */
#include "server/auth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/mem.h"
#include "ltp/access.h"
#include "server/api_call.h"
#include "server/page.h"
#include "server/result.h"
#include "server/service_job.h"

#define REFUSAL_MAX ((size_t)8 << 10)
#define SUBJECT_MAX 1024
/* Kinds of keys in the table of rates. */
#define KEY_ADDRESS 'a'
#define KEY_TENANT 't'
#define KEY_CALLER 'c'

enum verdict {
	VERDICT_PASS,
	VERDICT_UNKNOWN, /* 401 */
	VERDICT_DENIED,  /* noPermission, 403 */
	VERDICT_FAILED,  /* 503 */
};

/* The context of an exchange behind the gate, and the job before. */
struct asker {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	bool known;
	unsigned roles;
	char tenant[STORE_TENANT_MAX + 1];
	char name[CREDENTIAL_NAME_MAX + 32];
	const char *why; /* not known */
	bool lookup;     /* hash is to be found in the store */
	bool presented;  /* something that should say who it is */
	bool foreign;    /* a browser sends it, and is not to lend its rights */
	bool loud;
	struct digest hash;
	enum verdict verdict;
	struct ltps_error err;
};

/* ---- who asks ---- */

static void set_name(struct asker *a, const char *tenant, const char *name,
		     unsigned roles)
{
	a->known = true;
	a->roles = roles;
	snprintf(a->tenant, sizeof(a->tenant), "%s", tenant);
	snprintf(a->name, sizeof(a->name), "%s", name);
}

/* RFC 6750 2.1; the scheme in any case (RFC 9110 11.1). */
static bool read_bearer(struct view field, struct digest *ret_hash)
{
	static const char scheme[] = "bearer ";
	const size_t n = sizeof(scheme) - 1;
	return field.n > n && strncasecmp((const char *)field.p, scheme, n) == 0 &&
	       access_hash(CREDENTIAL_TOKEN, view_trim(view_skip(field, n)), ret_hash);
}

static bool subject_is(X509 *cert, const char *wanted)
{
	char text[SUBJECT_MAX];
	BIO *out = BIO_new(BIO_s_mem());
	if (out == NULL)
		return false;
	const int printed =
	    X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	const int n = printed > 0 ? BIO_read(out, text, sizeof(text)) : 0;
	BIO_free(out);
	return n > 0 && (size_t)n < sizeof(text) && (size_t)n == strlen(wanted) &&
	       memcmp(text, wanted, (size_t)n) == 0;
}

static const struct config_client *find_client(const struct config *c, X509 *cert)
{
	uint8_t print[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (X509_digest(cert, EVP_sha256(), print, &n) != 1 || n != 32)
		return NULL;
	for (size_t i = 0; i < c->n_clients; i++) {
		const struct config_client *k = &c->clients[i];
		if (k->has_fingerprint ? memcmp(k->fingerprint, print, 32) == 0
				       : subject_is(cert, k->subject))
			return k;
	}
	return NULL;
}

/* The handshake was perhaps long ago. */
static bool still_valid(X509 *cert, int64_t now_ms)
{
	return ASN1_TIME_cmp_time_t(X509_get0_notAfter(cert), (time_t)(now_ms / 1000)) >
	       0;
}

static void identify_certificate(struct asker *a, X509 *cert)
{
	char name[sizeof(a->name)];
	const struct config_client *k = find_client(a->s->config, cert);
	a->presented = true;
	if (k == NULL) {
		a->why = "no [client] has this certificate";
	} else if (!still_valid(cert, clock_now_ms(a->s->clock))) {
		a->why = "the certificate has expired";
	} else {
		snprintf(name, sizeof(name), "client:%s", k->name);
		set_name(a, k->tenant, name, k->roles);
	}
}

static bool is_own_name(const struct service *s, struct view name)
{
	const char *known;
	for (size_t i = 0;
	     (known = conf_text_at(s->config->conf, "auth", NULL, "name", i)) != NULL;
	     i++)
		if (page_name_is(name, known))
			return true;
	return false;
}

static struct page_fields page_of(const struct asker *a)
{
	return (struct page_fields){ .host = http_field(a->x, "host"),
				     .origin = http_field(a->x, "origin"),
				     .site = http_field(a->x, "sec-fetch-site") };
}

/* Why nobody is anonymous in this request; NULL: he may be. */
static const char *why_not_anonymous(const struct asker *a)
{
	const struct page_fields f = page_of(a);
	struct view name;
	if (page_has_name(&f, &name) && !is_own_name(a->s, name))
		return "without credentials the service is asked by its address, by "
		       "localhost or by an [auth] name of its configuration";
	return page_foreign(&f);
}

/* What a browser adds by itself counts for its own pages alone. */
static void identify_place(struct asker *a, X509 *cert)
{
	const struct page_fields f = page_of(a);
	a->why = cert != NULL ? page_foreign(&f) : why_not_anonymous(a);
	a->foreign = a->why != NULL;
	if (!a->foreign && cert != NULL)
		identify_certificate(a, cert);
	else if (!a->foreign)
		set_name(a, "default", "anonymous", ROLE_ALL);
}

static void identify(struct asker *a)
{
	const struct config_auth *c = &a->s->config->auth;
	const struct view field = http_field(a->x, "authorization");
	X509 *cert = http_client_certificate(a->x);
	if (field.p != NULL) {
		a->presented = true;
		a->lookup = read_bearer(field, &a->hash);
		a->why = "not a token of this service";
	} else if (cert != NULL ||
		   (!c->require && (c->insecure || http_peer_loopback(a->x)))) {
		identify_place(a, cert);
	} else {
		a->why = "no credentials";
	}
}

static void decide(struct asker *a)
{
	const unsigned needed = rights_of(http_route_path(a->x));
	const bool anyone = (needed & ROLE_ANYONE) != 0;
	if (!a->known && (a->presented || !anyone))
		a->verdict = VERDICT_UNKNOWN;
	else if (anyone || (a->roles & needed) != 0)
		a->verdict = VERDICT_PASS;
	else
		a->verdict = VERDICT_DENIED;
}

/* ---- on a worker: what needs the store ---- */

static int look_up(struct asker *a, struct ltp_worker *w, struct ltps_error *err)
{
	struct credential c;
	char name[sizeof(a->name)];
	if (access_find(w, CREDENTIAL_TOKEN, &a->hash, &c, &a->why, err) != 0)
		return -1;
	snprintf(name, sizeof(name), "token:%lld:%s", (long long)c.id, c.name);
	if (a->why == NULL)
		set_name(a, c.tenant, name, c.roles);
	else if (c.id != 0) /* not known, but somebody whose line this is */
		snprintf(a->name, sizeof(a->name), "%s", name);
	return 0;
}

static int write_down(const struct asker *a, struct ltp_worker *w,
		      struct ltps_error *err)
{
	char detail[256], roles[ROLES_TEXT_MAX];
	struct ltp_result result;
	const struct ltp_caller caller = {
		.tenant = a->known ? a->tenant : STORE_TENANT_SYSTEM,
		.name = a->name[0] != '\0' ? a->name : "nobody",
	};
	roles_text(a->roles, roles);
	if (a->known)
		snprintf(detail, sizeof(detail), "from %s: role %s has no right to it",
			 http_peer(a->x), roles);
	else
		snprintf(detail, sizeof(detail), "from %s: %s", http_peer(a->x),
			 a->why);
	result_set(&result, LTP_NO_PERMISSION, "%s", detail);
	const struct audit_note note = { .caller = &caller,
					 .what = http_route_path(a->x),
					 .detail = detail,
					 .result = &result };
	return ltp_audit(w, &note, err);
}

static enum pool_outcome gate_work(struct pool_job *job, void *state)
{
	struct asker *a = (struct asker *)job;
	const struct service_worker *w = state;
	int rc = atomic_load(&a->s->abandoned) ? -1 : 0;
	if (rc == 0 && a->lookup)
		rc = look_up(a, w->ltp, &a->err);
	if (rc == 0)
		decide(a);
	if (rc == 0 && (a->verdict == VERDICT_DENIED ||
			(a->verdict == VERDICT_UNKNOWN && !a->loud)))
		rc = write_down(a, w->ltp, &a->err);
	if (rc != 0)
		a->verdict = VERDICT_FAILED;
	return POOL_DONE;
}

/* ---- back on the loop ---- */

static void refuse_soon(struct service *s, struct http_exchange *x, int64_t wait_ms,
			const char *text)
{
	char seconds[24];
	s->auth_counts->limited++;
	snprintf(seconds, sizeof(seconds), "%lld", (long long)((wait_ms + 999) / 1000));
	http_add_field(x, "Retry-After", seconds);
	http_refuse(x, 429, text);
}

static struct view address_key(const struct http_exchange *x, uint8_t out[17])
{
	out[0] = KEY_ADDRESS;
	return view_of(out, http_peer_key(x, out + 1) ? 17 : 0);
}

static struct rate_rule failure_rule(const struct service *s)
{
	const uint32_t n = s->config->auth.failures;
	return (struct rate_rule){ .per_minute = n, .burst = n };
}

bool auth_is_loud(struct service *s, const struct http_exchange *x)
{
	uint8_t key[17];
	return rate_look(s->rate, address_key(x, key), failure_rule(s),
			 clock_monotonic_ms()) > 0;
}

/*
 * Who has something that holds is let in meanwhile, although from the same address:
 * behind one proxy anybody could lock out everybody else, and 256 bits are not found
 * by trying, whatever the rate.
 */
void auth_refuse_unknown(struct service *s, struct http_exchange *x, int status,
			 const char *text)
{
	uint8_t key[17];
	const int64_t wait_ms = rate_take(s->rate, address_key(x, key), failure_rule(s),
					  clock_monotonic_ms());
	s->auth_counts->unknown++;
	if (wait_ms > 0)
		refuse_soon(s, x, wait_ms, "too many wrong credentials");
	else
		http_refuse(x, status, text);
}

static void refuse_denied(struct asker *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static const char text[] = "the caller's role has no right to this";
	const char *path = http_route_path(a->x);
	struct buf out = buf_make(REFUSAL_MAX);
	enum operation op;
	a->s->auth_counts->denied++;
	if (strncmp(path, "/pres/", 6) == 0 && api_operation(path + 6, &op) &&
	    api_refusal_body(op, 403, text, &out, &err) == 0)
		http_reply(a->x, 200, "application/json", &out);
	else
		http_refuse(a->x, 403, text);
	buf_free(&out);
}

/* Milliseconds until it may come again; 0: now. */
static int64_t over_rate(struct asker *a)
{
	const int64_t now_ms = clock_monotonic_ms();
	char key[RATE_KEY_MAX];
	int64_t wait_ms = 0;
	for (size_t i = 0; i < a->s->config->n_tenants; i++) {
		const struct config_tenant *t = &a->s->config->tenants[i];
		if (strcmp(t->rules.name, a->tenant) != 0)
			continue;
		const struct rate_rule all = { t->rate * 60, t->rate };
		const struct rate_rule one = { t->caller_rate * 60, t->caller_rate };
		int n = snprintf(key, sizeof(key), "%c%s %s", KEY_CALLER, a->tenant,
				 a->name);
		wait_ms = rate_take(a->s->rate, view_of(key, (size_t)n), one, now_ms);
		n = snprintf(key, sizeof(key), "%c%s", KEY_TENANT, a->tenant);
		if (wait_ms == 0)
			wait_ms =
			    rate_take(a->s->rate, view_of(key, (size_t)n), all, now_ms);
	}
	return wait_ms;
}

static void let_pass(struct asker *a)
{
	const bool anyone = (rights_of(http_route_path(a->x)) & ROLE_ANYONE) != 0;
	const int64_t wait_ms = anyone ? 0 : over_rate(a);
	if (wait_ms > 0)
		refuse_soon(a->s, a->x, wait_ms, "the tenant's rate is reached");
	else
		http_pass(a->x);
}

static void settle(struct asker *a)
{
	switch (a->verdict) {
	case VERDICT_PASS:
		let_pass(a);
		break;
	case VERDICT_UNKNOWN:
		if (a->foreign) {
			auth_refuse_unknown(a->s, a->x, 403, a->why);
			break;
		}
		http_add_field(a->x, "WWW-Authenticate",
			       a->presented
				   ? "Bearer realm=\"ltps\", error=\"invalid_token\""
				   : "Bearer realm=\"ltps\"");
		auth_refuse_unknown(a->s, a->x, 401,
				    "credentials are needed that are known here");
		break;
	case VERDICT_DENIED:
		refuse_denied(a);
		break;
	case VERDICT_FAILED:
		if (a->err.code != LTPS_OK)
			log_error(a->s->log, LOG_OPERATION, LOG_ERROR,
				  "a caller cannot be judged", &a->err, NULL, 0);
		http_refuse(a->x, 503, "the caller cannot be judged now");
		break;
	}
}

static void gate_done(struct pool_job *job)
{
	settle((struct asker *)job);
}

/* Frees what is hung on an exchange; jobs are over by then. */
static void asker_free(void *context)
{
	mem_free(context);
}

void auth_gate(struct http_exchange *x, void *arg)
{
	struct service *s = ((struct service_shell *)arg)->now;
	struct asker *a = mem_zalloc(1, sizeof(*a));
	if (a == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	http_set_context(x, a, asker_free);
	a->s = s;
	a->x = x;
	a->job.work = gate_work;
	a->job.done = gate_done;
	identify(a);
	if (!a->lookup)
		decide(a);
	a->loud = auth_is_loud(s, x);
	if (!a->lookup &&
	    (a->verdict == VERDICT_PASS || (a->verdict == VERDICT_UNKNOWN && a->loud)))
		settle(a);
	else
		(void)service_submit(s, x, &a->job); /* the exchange frees it */
}

struct ltp_caller auth_caller(const struct http_exchange *x)
{
	const struct asker *a = http_context(x);
	if (a == NULL || !a->known)
		return (struct ltp_caller){ .tenant = STORE_TENANT_SYSTEM,
					    .name = "nobody" };
	return (struct ltp_caller){ .tenant = a->tenant, .name = a->name };
}

bool auth_may(const struct http_exchange *x, const char *route)
{
	const struct asker *a = http_context(x);
	const unsigned needed = rights_of(route);
	return (needed & ROLE_ANYONE) != 0 || (a != NULL && (a->roles & needed) != 0);
}
