/* SPDX-License-Identifier: Apache-2.0 */
/* https and ldaps: only the trust anchors of the policy, only the right name. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/fetch.h"
#include "tests/base/fetch_fixture.h"

/* A TLS server thread with a certificate of its own making. */
struct tls_stub {
	SSL_CTX *ctx;
	int listener;
	unsigned port;
	unsigned answered; /* read after tls_stop */
	bool offered_h2;   /* the same */
	bool offered_any;  /* an application protocol at all; the same */
	bool ldap;         /* answers a bind and a search */
	char anchor[32];   /* path of the certificate */
	pthread_t thread;
};

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	cr_assert_not_null(ext);
	cr_assert_eq(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Self-signed, for this subjectAltName, valid until end_s from now. */
static X509 *make_certificate(EVP_PKEY *key, const char *name, long end_s)
{
	X509 *cert = X509_new();
	cr_assert_not_null(cert);
	cr_assert_eq(X509_set_version(cert, X509_VERSION_3), 1);
	cr_assert_eq(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notBefore(cert), -7200));
	cr_assert_not_null(X509_gmtime_adj(X509_getm_notAfter(cert), end_s));
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)"stub", -1, -1, 0);
	cr_assert_eq(X509_set_issuer_name(cert, X509_get_subject_name(cert)), 1);
	cr_assert_eq(X509_set_pubkey(cert, key), 1);
	add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
	add_extension(cert, NID_subject_alt_name, name);
	cr_assert_gt(X509_sign(cert, key, EVP_sha256()), 0);
	return cert;
}

static void write_anchor(struct tls_stub *s, X509 *cert)
{
	strcpy(s->anchor, "/tmp/fetch_tls.XXXXXX");
	const int fd = mkstemp(s->anchor);
	cr_assert(fd >= 0);
	FILE *file = fdopen(fd, "w");
	cr_assert_not_null(file);
	cr_assert_eq(PEM_write_X509(file, cert), 1);
	fclose(file);
}

static void answer(struct tls_stub *s, SSL *ssl)
{
	char request[4096];
	int n = 0;
	if (SSL_accept(ssl) != 1)
		return;
	do {
		const int got = SSL_read(ssl, request + n, (int)sizeof(request) - n);
		if (got <= 0)
			return;
		n += got;
	} while (memmem(request, (size_t)n, "\r\n\r\n", 4) == NULL);
	s->answered++;
	if (SSL_write(ssl, OK_ABC, sizeof(OK_ABC) - 1) > 0)
		SSL_shutdown(ssl);
}

/* The value 30 00, whatever was asked. */
static void answer_ldap(struct tls_stub *s, SSL *ssl)
{
	static const char bound[] = "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04"
				    "\x00\x04\x00";
	static const char found[] =
	    "\x30\x22\x02\x01\x02\x64\x1d\x04\x00\x30\x19\x30\x17\x04\x0d"
	    "cACertificate"
	    "\x31\x06\x04\x02\x30\x00\x04\x00"
	    "\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00";
	char request[4096];
	if (SSL_accept(ssl) != 1 || SSL_read(ssl, request, sizeof(request)) <= 0)
		return;
	s->answered++;
	if (SSL_write(ssl, bound, sizeof(bound) - 1) > 0 &&
	    SSL_read(ssl, request, sizeof(request)) > 0 &&
	    SSL_write(ssl, found, sizeof(found) - 1) > 0 &&
	    SSL_read(ssl, request, sizeof(request)) > 0)
		SSL_shutdown(ssl);
}

static void *tls_main(void *arg)
{
	struct tls_stub *s = arg;
	int fd;
	while ((fd = accept(s->listener, NULL, NULL)) >= 0) {
		SSL *ssl = SSL_new(s->ctx);
		if (ssl != NULL && SSL_set_fd(ssl, fd) == 1) {
			if (s->ldap)
				answer_ldap(s, ssl);
			else
				answer(s, ssl);
		}
		SSL_free(ssl);
		close(fd);
	}
	return NULL;
}

static void tls_listen(struct tls_stub *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(s->listener >= 0);
	cr_assert_eq(bind(s->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	cr_assert_eq(listen(s->listener, 8), 0);
	cr_assert_eq(getsockname(s->listener, (struct sockaddr *)&a, &n), 0);
	s->port = ntohs(a.sin_port);
}

/* Looks for HTTP/2 among what the client offers (RFC 7301), takes nothing. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
		   const unsigned char *in, unsigned in_n, void *arg)
{
	struct tls_stub *s = arg;
	(void)ssl, (void)out, (void)out_n;
	s->offered_any = true;
	s->offered_h2 |= memmem(in, in_n, "\x02h2", 3) != NULL;
	return SSL_TLSEXT_ERR_NOACK;
}

static void tls_start(struct tls_stub *s, const char *name, long end_s, int version)
{
	memset(s, 0, sizeof(*s));
	signal(SIGPIPE, SIG_IGN); /* SSL_write to a client that left */
	EVP_PKEY *key = EVP_EC_gen("P-256");
	cr_assert_not_null(key);
	X509 *cert = make_certificate(key, name, end_s);
	s->ctx = SSL_CTX_new(TLS_server_method());
	cr_assert_not_null(s->ctx);
	SSL_CTX_set_security_level(s->ctx, 0); /* or it has no TLS 1.1 to offer */
	cr_assert_eq(SSL_CTX_set_min_proto_version(s->ctx, TLS1_VERSION), 1);
	cr_assert_eq(SSL_CTX_set_max_proto_version(s->ctx, version), 1);
	cr_assert_eq(SSL_CTX_use_certificate(s->ctx, cert), 1);
	cr_assert_eq(SSL_CTX_use_PrivateKey(s->ctx, key), 1);
	SSL_CTX_set_alpn_select_cb(s->ctx, on_alpn, s);
	write_anchor(s, cert);
	X509_free(cert);
	EVP_PKEY_free(key);
	tls_listen(s);
	cr_assert_eq(pthread_create(&s->thread, NULL, tls_main, s), 0);
}

static void tls_stop(struct tls_stub *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
	SSL_CTX_free(s->ctx);
	unlink(s->anchor);
}

static struct outcome get_tls(const struct tls_stub *s, const char *host,
			      const char *ca_file)
{
	char url[64];
	struct fetch_policy policy = lenient();
	policy.allow_http = false;
	policy.ca_file = ca_file;
	snprintf(url, sizeof(url), "https://%s:%u/", host, s->port);
	return get(&policy, url);
}

/* Refused before any request was sent. */
static void expect_refusal(const char *name, long end_s, int version, bool own_anchor)
{
	struct tls_stub s;
	tls_start(&s, name, end_s, version);
	const struct outcome o = get_tls(&s, "127.0.0.1", own_anchor ? s.anchor : NULL);
	tls_stop(&s);
	cr_expect_eq(s.answered, 0);
	expect_failure(o, LTPS_REMOTE, LTPS_FAULT_REMOTE);
}

Test(fetch, https_server_without_trust_anchor_is_a_remote_error)
{
	expect_refusal("IP:127.0.0.1", 3600, TLS1_3_VERSION, false);
}

Test(fetch, https_server_of_another_anchor_is_a_remote_error)
{
	struct tls_stub s;
	struct tls_stub other;
	tls_start(&s, "IP:127.0.0.1", 3600, TLS1_3_VERSION);
	tls_start(&other, "IP:127.0.0.1", 3600, TLS1_3_VERSION);
	const struct outcome o = get_tls(&s, "127.0.0.1", other.anchor);
	tls_stop(&other);
	tls_stop(&s);
	cr_expect_eq(s.answered, 0);
	expect_failure(o, LTPS_REMOTE, LTPS_FAULT_REMOTE);
}

Test(fetch, https_server_of_another_name_is_a_remote_error)
{
	expect_refusal("IP:127.0.0.2", 3600, TLS1_3_VERSION, true);
	expect_refusal("DNS:localhost", 3600, TLS1_3_VERSION, true);
}

Test(fetch, https_server_with_expired_certificate_is_a_remote_error)
{
	expect_refusal("IP:127.0.0.1", -3600, TLS1_3_VERSION, true);
}

Test(fetch, https_below_tls_1_2_is_a_remote_error)
{
	expect_refusal("IP:127.0.0.1", 3600, TLS1_1_VERSION, true);
}

Test(fetch, https_server_of_the_given_anchor_is_answered)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	for (int i = 0; i < 2; i++) {
		struct tls_stub s;
		tls_start(&s, "IP:127.0.0.1,DNS:localhost", 3600, versions[i]);
		expect_body(get_tls(&s, "127.0.0.1", s.anchor), 200, "abc");
		expect_body(get_tls(&s, "localhost", s.anchor), 200, "abc");
		tls_stop(&s);
		cr_expect_eq(s.answered, 2);
		cr_expect_not(s.offered_h2);
	}
}

static struct outcome get_ldaps(struct tls_stub *s, const char *host,
				const char *ca_file)
{
	char url[96];
	struct fetch_policy policy = lenient();
	policy.allow_http = false;
	policy.allow_ldap = true;
	policy.ca_file = ca_file;
	snprintf(url, sizeof(url), "ldaps://%s:%u/cn=x?cACertificate;binary", host,
		 s->port);
	return get(&policy, url);
}

static void expect_ldaps_refusal(const char *name, long end_s, int version,
				 bool own_anchor)
{
	struct tls_stub s;
	tls_start(&s, name, end_s, version);
	s.ldap = true;
	const struct outcome o =
	    get_ldaps(&s, "127.0.0.1", own_anchor ? s.anchor : NULL);
	tls_stop(&s);
	cr_expect_eq(s.answered, 0);
	expect_failure(o, LTPS_REMOTE, LTPS_FAULT_REMOTE);
}

Test(fetch, ldaps_server_that_is_not_the_right_one_is_a_remote_error)
{
	expect_ldaps_refusal("IP:127.0.0.1", 3600, TLS1_3_VERSION, false);
	expect_ldaps_refusal("IP:127.0.0.2", 3600, TLS1_3_VERSION, true);
	expect_ldaps_refusal("IP:127.0.0.1", -3600, TLS1_3_VERSION, true);
	expect_ldaps_refusal("IP:127.0.0.1", 3600, TLS1_1_VERSION, true);
}

Test(fetch, ldaps_with_an_unusable_ca_file_is_our_own_fault)
{
	struct tls_stub s;
	tls_start(&s, "IP:127.0.0.1", 3600, TLS1_3_VERSION);
	s.ldap = true;
	expect_failure(get_ldaps(&s, "127.0.0.1", "/nonexistent/anchors.pem"), LTPS_IO,
		       LTPS_FAULT_SELF);
	tls_stop(&s);
}

Test(fetch, ldaps_server_of_the_given_anchor_is_answered)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	for (int i = 0; i < 2; i++) {
		struct tls_stub s;
		tls_start(&s, "IP:127.0.0.1,DNS:localhost", 3600, versions[i]);
		s.ldap = true;
		for (int host = 0; host < 2; host++) {
			struct outcome o = get_ldaps(
			    &s, host == 0 ? "127.0.0.1" : "localhost", s.anchor);
			cr_expect_eq(o.rc, 0, "%s", o.err.text);
			cr_expect_eq(o.r.status, 200);
			cr_expect(
			    view_equal(view_buf(&o.r.body), view_of("\x30\x00", 2)));
			fetch_result_free(&o.r);
		}
		tls_stop(&s);
		cr_expect_eq(s.answered, 2);
		cr_expect_not(s.offered_any);
	}
}
