/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_private - what fetch.c shares with fetch_link.c and fetch_ldap.c. */
#ifndef LTPS_BASE_FETCH_PRIVATE_H
#define LTPS_BASE_FETCH_PRIVATE_H

#include <stdatomic.h>

#include "base/fetch.h"

/* Longest wait before progress is looked at again; a cancel wakes it at once. */
#define FETCH_POLL_MS 1000

struct curl_slist;

/* libcurl's handles, without its header here; NULL before the first exchange. */
struct fetch {
	void *easy;
	_Atomic(void *) multi; /* owns the connections; also for fetch_cancel() */
	struct fetch_policy policy;
	char *ca_file;
	int64_t until_ms; /* monotonic; INT64_MAX: none */
	atomic_bool cancelled;
};

/* One fetch_do, as its callbacks see it. */
struct exchange {
	struct fetch *f;
	const char *url;
	struct curl_slist *headers;
	struct buf body;
	size_t header_bytes;      /* of all answers, redirects included */
	unsigned opened;          /* sockets since the last connection was made */
	unsigned refused;         /* addresses refused since then */
	bool awaiting;            /* connected, and no byte of the answer seen */
	bool headers_over;        /* the blank line behind the headers was seen */
	int64_t silent_until_ms;  /* monotonic; INT64_MAX: as long as the rest */
	struct ltps_error failed; /* why a callback stopped the exchange */
};

/* --- fetch.c --------------------------------------------------------------- */

/*
 * fetch_set_options - the handle as new, then safety, bounds and callbacks of
 * the policy. What the request says is left to the caller.
 */
int fetch_set_options(struct exchange *x) LTPS_CHECKED;
/*
 * fetch_perform - let libcurl run the handle to its end, judge how it ended.
 * The handle stays with the multi handle: take it away afterwards.
 */
int fetch_perform(struct exchange *x, struct ltps_error *err) LTPS_CHECKED;

/* --- fetch_link.c: a connection to speak something else than HTTP on ---------- */

/*
 * fetch_link_open - resolve, judge the address, connect, and for "https://" the
 * TLS handshake, just as for HTTP; nothing is sent.
 * origin   "http://host:port/" or "https://host:port/"
 * Fails:   as fetch_do
 */
int fetch_link_open(struct exchange *x, const char *origin,
		    struct ltps_error *err) LTPS_CHECKED;
/* All of it, before the monotonic time deadline_ms. */
int fetch_link_send(struct exchange *x, struct view bytes, int64_t deadline_ms,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * fetch_link_receive - append what has come, at least one byte.
 * Fails: REMOTE when the server has closed, TIMEOUT, CANCELLED, TOO_LARGE, NOMEM
 */
int fetch_link_receive(struct exchange *x, struct buf *in, int64_t deadline_ms,
		       struct ltps_error *err) LTPS_CHECKED;
/* Sends this if it can be sent at once, and closes. Never fails. */
void fetch_link_close(struct exchange *x, struct view last_words);

/* --- fetch_ldap.c ---------------------------------------------------------- */

/* Whether the scheme is ldap or ldaps. */
bool fetch_is_ldap(const char *url);
/* The exchange of fetch_do for such a URL of visible ASCII. */
int fetch_ldap_do(struct exchange *x, const struct fetch_request *req, int *ret_status,
		  struct ltps_error *err) LTPS_CHECKED;

#endif
