/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls - TLS under the HTTP front end: TLS 1.2 and 1.3 (RFC 8446, RFC 5246, within
 * RFC 9325), HTTP/1.1 and nothing else by ALPN (RFC 7301).
 *
 * There is no renegotiation, no compression, no early data and no resumption: the first
 * two and early data are attacks of their own, and a resumed session would bring along
 * a judgement of the client's certificate from another day.
 *
 * Functions are for the loop's thread. OpenSSL's queue is empty when one returns.
 */
#ifndef LTPS_SERVER_TLS_H
#define LTPS_SERVER_TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/types.h>

#include "base/err.h"

enum tls_clients {
	TLS_CLIENTS_NONE, /* no certificate is asked for */
	TLS_CLIENTS_OPTIONAL,
	TLS_CLIENTS_REQUIRED,
};

struct tls_options {
	const char *certificate; /* PEM, issuers behind it */
	const char *key;         /* PEM, without a password */
	const char *client_ca;   /* PEM; NULL: TLS_CLIENTS_NONE */
	enum tls_clients clients;
};

struct tls;
/*
 * tls_new
 * ret_key  which of the options does not serve, by its name in [tls]; "certificate"
 *          where none is to blame
 * Fails: ARGUMENT (caller) when a file does not serve, or key and certificate do not
 * belong together; NOMEM
 */
int tls_new(const struct tls_options *options, struct tls **ret_t, const char **ret_key,
	    struct ltps_error *err) LTPS_CHECKED;
/* Connections may outlive it. NULL-safe. */
void tls_free(struct tls *t);

/* --- one connection --- */

/* fd is borrowed, non-blocking. Certificates are judged at now_ms. Ends with tls_end().
 * Fails: NOMEM */
int tls_accept(struct tls *t, int fd, int64_t now_ms, SSL **ret_ssl,
	       struct ltps_error *err) LTPS_CHECKED;

enum tls_step {
	TLS_DONE,
	TLS_WANTS_READ,
	TLS_WANTS_WRITE,
	TLS_FAILED,
};
enum tls_step tls_handshake(SSL *ssl);
/* As recv() and send() on a non-blocking socket: -1 with errno, EAGAIN to come again.
 * 0 from tls_recv(): the peer said that nothing follows. After EAGAIN, tls_send() wants
 * the same bytes. */
ssize_t tls_recv(SSL *ssl, void *out, size_t n);
ssize_t tls_send(SSL *ssl, const void *p, size_t n);
/* Whether octets are decrypted already, so that the socket will not tell of them. */
bool tls_pending(const SSL *ssl);
/* Says that nothing follows (RFC 8446 6.1), without waiting. */
void tls_shut(SSL *ssl);
/* NULL-safe. */
void tls_end(SSL *ssl);
/* Certificate that the client has proved to hold, by a path to client_ca; NULL: none.
 * Borrowed. */
X509 *tls_client(const SSL *ssl);

#endif
