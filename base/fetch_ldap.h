/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_ldap - LDAP as far as certificates and CRLs need it: the URLs that name
 * them and the messages of one search. Bytes only; fetch_ldap.c has the socket.
 *
 * Refused on purpose: authentication of any kind (user information, bindname),
 * critical extensions, a URL without a host, attributes other than those of
 * RFC 4523 2, extensible matches, referrals, StartTLS.
 */
#ifndef LTPS_BASE_FETCH_LDAP_H
#define LTPS_BASE_FETCH_LDAP_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* A host name has at most 253 octets (RFC 1035 2.3.4), an address fewer. */
#define LDAP_HOST_MAX 253
/* Filters in certificates are one item; nesting needs recursion. */
#define LDAP_FILTER_DEPTH_MAX 8
/* One entry holds what is asked for; a subtree of a directory does not. */
#define LDAP_ENTRIES_MAX 16
/* Cross-certificates of a bridge: some hundred. */
#define LDAP_VALUES_MAX 1024
/* Not followed, only counted: a server that sends more is not answering. */
#define LDAP_REFERENCES_MAX 16
/* Names, tags and lengths around the values of an answer. */
#define LDAP_OVERHEAD_MAX ((size_t)64 << 10)

#define LDAP_PORT 389  /* RFC 4516 2 */
#define LDAPS_PORT 636 /* IANA "ldaps" */

enum ldap_scope {
	LDAP_BASE = 0, /* the values of RFC 4511 4.5.1.2 */
	LDAP_ONE = 1,
	LDAP_SUB = 2,
};

struct ldap_url {
	bool tls;
	char host[LDAP_HOST_MAX + 1]; /* an IPv6 address in its brackets */
	unsigned port;
	enum ldap_scope scope;
	unsigned wanted;   /* attributes, a bit for each of the house's table */
	unsigned binary;   /* those that were asked for with ";binary" */
	struct buf base;   /* distinguished name, RFC 4514 */
	struct buf filter; /* BER of a Filter, RFC 4511 4.5.1.7 */
};

/*
 * ldap_url_parse - an LDAP URL of visible ASCII, ended by NUL.
 * ret_u  set on success only; free with ldap_url_free()
 * Fails: ARGUMENT (caller), NOMEM
 * Spec:  RFC 4516 2, RFC 5280 4.2.1.13 (attributes must be named)
 */
int ldap_url_parse(const char *text, struct ldap_url *ret_u,
		   struct ltps_error *err) LTPS_CHECKED;
void ldap_url_free(struct ldap_url *u);

/*
 * ldap_filter_encode - the text of a search filter to its BER.
 * A single item may stand without parentheses, as it often does in
 * certificates; no text at all is "(objectClass=*)".
 * Fails: ARGUMENT (caller), NOMEM, TOO_LARGE
 * Spec:  RFC 4515 3, RFC 4516 2
 */
int ldap_filter_encode(struct view text, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;

/* Bit of an attribute type by name or OID, 0 when it is not of RFC 4523 2. */
unsigned ldap_attribute_bit(struct view type);
/* Name by number of the bit; NULL beyond the last. */
const char *ldap_attribute_name(unsigned number);

/* --- messages (RFC 4511) ------------------------------------------------- */

/* Anonymous simple bind, message 1. */
struct view ldap_bind(void);
/* Unbind, message 3. */
struct view ldap_unbind(void);
/* The search that a URL names, message 2. */
int ldap_put_search(const struct ldap_url *u, uint32_t total_ms, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;

enum ldap_stage {
	LDAP_BINDING,   /* awaits the answer to the bind */
	LDAP_SEARCHING, /* entries, until the search is done */
	LDAP_OVER,
};

struct ldap_reply {
	unsigned wanted;    /* attributes, as in the URL */
	struct buf *values; /* borrowed; gets the values */
	enum ldap_stage stage;
	unsigned entries;
	unsigned references;
	unsigned n_values;
	int status; /* when over: 200 or 404 */
};

/*
 * ldap_frame - octets of the message at the start of what has come; 0: more
 * are needed to tell, or for its end.
 * max    longest message that is waited for
 * Fails: REMOTE, TOO_LARGE (remote)
 * Spec:  RFC 4511 5.1
 */
int ldap_frame(struct view in, size_t max, size_t *ret_n,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * ldap_reply_take - judge one whole message.
 * Values of the wanted attributes are appended to r->values, empty ones left
 * out (directories hold them where their schema insists on a value).
 * Fails: REMOTE, TOO_LARGE, TIMEOUT (remote), NOMEM
 * Spec:  RFC 4511 4.1.1, 4.2.2, 4.5.2, 4.4.1
 */
int ldap_reply_take(struct ldap_reply *r, struct view message,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
