/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ldap_server - a loopback server thread that plays a script of raw answers to
 * LDAP messages and records what it was sent; and the answers, made by code.
 * A failure inside ends the test program.
 */
#ifndef LTPS_TESTS_LDAP_SERVER_H
#define LTPS_TESTS_LDAP_SERVER_H

#include <stddef.h>

#include "base/bytes.h"

enum ldap_then {
	LDAP_KEEP,    /* read the next message */
	LDAP_CLOSE,   /* close the connection behind the answer */
	LDAP_ENDLESS, /* repeat the answer until the client goes away */
};

/* The answer to the i-th message of a connection. Behind the last: silence. */
struct ldap_step {
	struct view answer;
	enum ldap_then then;
};

struct ldap_server;

/* Listens on 127.0.0.1, one connection at a time; steps are borrowed. */
struct ldap_server *ldap_server_start(const struct ldap_step *steps, size_t n);
/* Ends the thread, closes its connection, frees. */
void ldap_server_stop(struct ldap_server *s);
/* "ldap://127.0.0.1:PORT/tail", in memory of the server until the next call. */
const char *ldap_server_url(struct ldap_server *s, const char *tail);
unsigned ldap_server_port(const struct ldap_server *s);
size_t ldap_server_connections(struct ldap_server *s);
/* Blocks until n messages have been read, over all connections. */
void ldap_server_wait(struct ldap_server *s, size_t n);
/* Blocks until n connections have ended. */
void ldap_server_wait_closed(struct ldap_server *s, size_t n);
/* Bytes of the i-th message; empty beyond the last. */
struct view ldap_server_message(struct ldap_server *s, size_t i);

/* --- answers; each appends one message ------------------------------------- */

/* LDAPResult under this tag: 0x61 bind, 0x65 search done, 0x78 extended. */
void ldap_say_result(struct buf *out, unsigned id, uint8_t op, unsigned code);
/* The same with a referral. */
void ldap_say_referral(struct buf *out, unsigned id, uint8_t op, const char *uri);
/* An entry of one attribute with n values. */
void ldap_say_entry(struct buf *out, unsigned id, const char *type,
		    const struct view *values, size_t n);
void ldap_say_reference(struct buf *out, unsigned id, const char *uri);

#endif
