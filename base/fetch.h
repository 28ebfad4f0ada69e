/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch - bounded HTTP and LDAP, the only user of libcurl.
 *
 * Every address is judged after name resolution, on each redirect again, so
 * that a name cannot be pointed at an inner address (no second resolution).
 *
 * LDAP is for the URLs of CRL distribution points and of authority and subject
 * information access (RFC 5280 4.2.1.13, 4.2.2.1): an anonymous bind, one
 * search, no referral followed, no redirect from HTTP to it.
 */
#ifndef LTPS_BASE_FETCH_H
#define LTPS_BASE_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* How far an exchange is; 0 of what is not known yet. */
struct fetch_state {
	const char *url; /* as asked for */
	uint64_t sent, to_send;
	uint64_t got, to_get;
};

/* What an operator allows; plain data. */
struct fetch_policy {
	bool allow_http;     /* https is always allowed */
	bool allow_ldap;     /* ldap and ldaps; neither unless allowed */
	bool allow_loopback; /* 127.0.0.0/8, ::1 */
	bool allow_private;  /* RFC 1918, ULA and the like; link-local is none */
	uint32_t connect_ms; /* 0: FETCH_CONNECT_MS */
	uint32_t total_ms;   /* 0: FETCH_TOTAL_MS */
	uint32_t redirects;  /* at most; 0 follows none */
	size_t max_bytes;    /* of the body; 0: FETCH_BODY_MAX */
	const char *ca_file; /* PEM for https; NULL: the system's */
	/* Of ourselves, PEM, for https; NULL: none. Borrowed, outlive the handle. */
	const char *client_certificate;
	const char *client_key;
	/* Told of each exchange now and then, within fetch_do(), at least once a
	 * second; NULL: nobody. Not over LDAP. */
	void (*progress)(void *arg, const struct fetch_state *state);
	void *progress_arg;
};

#define FETCH_CONNECT_MS 5000
#define FETCH_TOTAL_MS 30000
#define FETCH_BODY_MAX ((size_t)64 << 20) /* largest public CRLs: ~50 MB */
#define FETCH_HEADER_MAX ((size_t)64 << 10)
#define FETCH_URL_MAX 2048

/* A header field of one's own; both visible ASCII, 250 octets together. */
struct fetch_field {
	const char *name;
	const char *value;
};

struct fetch_request {
	const char *url;
	struct view body; /* n > 0 or post: POST; not over LDAP */
	bool post;
	const char *content_type; /* of the body; NULL none */
	const char *accept;       /* NULL none */
	/* HTTP alone. Not with redirects when one of them is a credential: libcurl
	 * would take it along on the same host. */
	const struct fetch_field *fields;
	size_t n_fields;
	/* HTTP alone: TIMEOUT when nothing of an answer has come after this time; 0: the
	 * policy's total_ms says. */
	uint32_t silent_ms;
};

/*
 * Over LDAP the status is 200 when a value came and 404 when none is there
 * (the entry or the attribute is missing); content_type is "". The body is then
 * every value of the attributes asked for, one behind the other in the order
 * of the answer. Each value is a whole BER element (checked), so that
 * tlv_next() takes them apart: Certificate, CertificateList, or the undivided
 * CertificatePair of crossCertificatePair (RFC 4523 2).
 */
struct fetch_result {
	int status; /* HTTP status, or as told above */
	char content_type[128];
	struct buf body; /* free with fetch_result_free */
};

/* One handle a thread; keeps connections alive between calls. */
struct fetch;
/*
 * fetch_load - what the first fetch_do of a process does otherwise: load
 * libcurl. For a service, which is to tell at its start what it lacks.
 * Fails: IO (self) when it is not installed, NOMEM
 */
int fetch_load(struct ltps_error *err) LTPS_CHECKED;
int fetch_new(const struct fetch_policy *policy, struct fetch **ret_f,
	      struct ltps_error *err) LTPS_CHECKED;
void fetch_free(struct fetch *f);
/* Makes a running fetch_do of this handle end soon, from any thread. */
void fetch_cancel(struct fetch *f);
/* Exchanges of this handle end at this monotonic time at the latest, and none begins
 * after it (TIMEOUT); INT64_MAX: only the policy bounds them. */
void fetch_until(struct fetch *f, int64_t until_ms);
/*
 * fetch_do - one exchange. Any HTTP status is a success here; the caller
 * judges it. content_type and accept have no meaning over LDAP.
 * Fails: ARGUMENT (caller; URL, or a body for LDAP),
 *        DENIED (caller; scheme or address),
 *        TIMEOUT, REMOTE, TOO_LARGE (all remote), CANCELLED, NOMEM,
 *        IO (self; libcurl or the trust anchors of policy->ca_file)
 * Spec:  RFC 9112; RFC 4511, RFC 4516, base/fetch_ldap.h for what is refused
 */
int fetch_do(struct fetch *f, const struct fetch_request *req,
	     struct fetch_result *ret_r, struct ltps_error *err) LTPS_CHECKED;
void fetch_result_free(struct fetch_result *r);
/* The address rule alone, for tests: sockaddr bytes of an address. */
bool fetch_address_allowed(const struct fetch_policy *policy, const void *sockaddr,
			   size_t n);

#endif
