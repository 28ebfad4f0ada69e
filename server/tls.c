/* SPDX-License-Identifier: Apache-2.0 */
#include "server/tls.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/mem.h"

/* RFC 9325 4.2, of TLS 1.2: forward secrecy and authenticated encryption only. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"
/* Certificates of a client with their issuers; longer paths are not in use. */
#define CLIENT_CHAIN_OCTETS 32768
#define CLIENT_DEPTH 8

struct tls {
	SSL_CTX *ctx;
};

/* ---- the context ---- */

/* RFC 7301 3.2: a client that speaks of protocols and not of ours is told so. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *n,
			   const unsigned char *in, unsigned in_n, void *arg)
{
	static const char ours[] = "http/1.1";
	(void)ssl;
	(void)arg;
	for (unsigned at = 0; at < in_n; at += in[at] + 1u) {
		if (in[at] != sizeof(ours) - 1 || in_n - at <= in[at] ||
		    memcmp(in + at + 1, ours, sizeof(ours) - 1) != 0)
			continue;
		*out = in + at + 1;
		*n = in[at];
		return SSL_TLSEXT_ERR_OK;
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* A service has nobody to ask for one. */
static int no_password(char *out, int n, int writing, void *arg)
{
	(void)out, (void)n, (void)writing, (void)arg;
	return -1;
}

static void set_rules(SSL_CTX *ctx)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
				     SSL_OP_NO_TICKET |
				     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_max_early_data(ctx, 0);
	SSL_CTX_set_read_ahead(ctx, 0);
	SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_OCTETS);
	SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
}

static int bad_file(const char *what, const char *path, const char **ret_key,
		    struct ltps_error *err)
{
	*ret_key = what;
	return ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "[tls] %s %.200s does not serve", what, path);
}

static int set_own(SSL_CTX *ctx, const struct tls_options *o, const char **ret_key,
		   struct ltps_error *err)
{
	if (SSL_CTX_use_certificate_chain_file(ctx, o->certificate) != 1)
		return bad_file("certificate", o->certificate, ret_key, err);
	if (SSL_CTX_use_PrivateKey_file(ctx, o->key, SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return bad_file("key", o->key, ret_key, err);
	return 0;
}

/* Only these anchors: the system's have nothing to say about our clients. */
static int set_clients(SSL_CTX *ctx, const struct tls_options *o, const char **ret_key,
		       struct ltps_error *err)
{
	int mode = SSL_VERIFY_PEER;
	if (o->clients == TLS_CLIENTS_NONE || o->client_ca == NULL) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return 0;
	}
	STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(o->client_ca);
	if (names == NULL || SSL_CTX_load_verify_file(ctx, o->client_ca) != 1) {
		sk_X509_NAME_pop_free(names, X509_NAME_free);
		return bad_file("client_ca", o->client_ca, ret_key, err);
	}
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify_depth(ctx, CLIENT_DEPTH);
	if (o->clients == TLS_CLIENTS_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ctx, mode, NULL);
	return 0;
}

static int make_context(const struct tls_options *o, SSL_CTX **ret_ctx,
			const char **ret_key, struct ltps_error *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	int rc = -1;
	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, TLS12_CIPHERS) != 1) {
		ltps_fail_nomem(err);
		goto out;
	}
	set_rules(ctx);
	if (set_own(ctx, o, ret_key, err) != 0 ||
	    set_clients(ctx, o, ret_key, err) != 0)
		goto out;
	*ret_ctx = ctx;
	ctx = NULL;
	rc = 0;
out:
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}

int tls_new(const struct tls_options *options, struct tls **ret_t, const char **ret_key,
	    struct ltps_error *err)
{
	*ret_key = "certificate";
	struct tls *t = mem_zalloc(1, sizeof(*t));
	if (t == NULL)
		return ltps_fail_nomem(err);
	if (make_context(options, &t->ctx, ret_key, err) != 0) {
		mem_free(t);
		return -1;
	}
	*ret_t = t;
	return 0;
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	SSL_CTX_free(t->ctx);
	mem_free(t);
}

/* ---- one connection ---- */

int tls_accept(struct tls *t, int fd, int64_t now_ms, SSL **ret_ssl,
	       struct ltps_error *err)
{
	SSL *ssl = SSL_new(t->ctx);
	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		ERR_clear_error();
		return ltps_fail_nomem(err);
	}
	X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl), (time_t)(now_ms / 1000));
	SSL_set_accept_state(ssl);
	*ret_ssl = ssl;
	return 0;
}

/* What a call that did not go through wants; the queue is empty afterwards. */
static int reason_of(const SSL *ssl, int rc)
{
	const int reason = SSL_get_error(ssl, rc);
	ERR_clear_error();
	return reason;
}

enum tls_step tls_handshake(SSL *ssl)
{
	ERR_clear_error();
	const int rc = SSL_do_handshake(ssl);
	if (rc == 1)
		return TLS_DONE;
	switch (reason_of(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANTS_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANTS_WRITE;
	default:
		return TLS_FAILED;
	}
}

ssize_t tls_recv(SSL *ssl, void *out, size_t n)
{
	ERR_clear_error();
	const int rc = SSL_read(ssl, out, n < INT_MAX ? (int)n : INT_MAX);
	if (rc > 0)
		return rc;
	switch (reason_of(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default: /* a broken record; an end that was not announced (RFC 8446 6.1) */
		errno = EPROTO;
		return -1;
	}
}

ssize_t tls_send(SSL *ssl, const void *p, size_t n)
{
	ERR_clear_error();
	const int rc = SSL_write(ssl, p, n < INT_MAX ? (int)n : INT_MAX);
	if (rc > 0)
		return rc;
	/* Without renegotiation a write never waits for a read. */
	errno = reason_of(ssl, rc) == SSL_ERROR_WANT_WRITE ? EAGAIN : EPROTO;
	return -1;
}

bool tls_pending(const SSL *ssl)
{
	return SSL_pending(ssl) > 0;
}

void tls_shut(SSL *ssl)
{
	ERR_clear_error();
	if (SSL_is_init_finished(ssl))
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

void tls_end(SSL *ssl)
{
	SSL_free(ssl);
	ERR_clear_error();
}

X509 *tls_client(const SSL *ssl)
{
	if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0 ||
	    SSL_get_verify_result(ssl) != X509_V_OK)
		return NULL;
	return SSL_get0_peer_certificate(ssl);
}
