/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of the listener, between two ends of one socket. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "server/tls.h"

#define NOW INT64_C(1800000000000)
#define YEAR (365L * 86400)
#define TURNS 200 /* of a handshake; far more than it takes */

static char dir[64];
static struct ltps_error err;

static char *path_of(const char *name)
{
	static char paths[8][128];
	static unsigned i;
	char *p = paths[i++ % 8];
	snprintf(p, sizeof(paths[0]), "%s/%s", dir, name);
	return p;
}

/* A self-signed certificate and its key: NAME.pem, NAME.key. */
static void make(const char *name, long from, long until)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *c = X509_new();
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
	ASN1_TIME_set(X509_getm_notBefore(c), (time_t)(NOW / 1000 + from));
	ASN1_TIME_set(X509_getm_notAfter(c), (time_t)(NOW / 1000 + until));
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(c));
	X509_set_pubkey(c, key);
	cr_assert_gt(X509_sign(c, key, EVP_sha256()), 0);
	char file[32];
	snprintf(file, sizeof(file), "%s.pem", name);
	FILE *f = fopen(path_of(file), "w");
	cr_assert(f != NULL && PEM_write_X509(f, c) == 1 && fclose(f) == 0);
	snprintf(file, sizeof(file), "%s.key", name);
	f = fopen(path_of(file), "w");
	cr_assert(f != NULL &&
		  PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		  fclose(f) == 0);
	X509_free(c);
	EVP_PKEY_free(key);
}

static void setup(void)
{
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(dir, sizeof(dir), "/tmp/ltps-tls-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
	make("server", -YEAR, YEAR);
	make("other", -YEAR, YEAR);
	make("client", -YEAR, YEAR);
	make("late", -2 * YEAR, -YEAR);
}

static void teardown(void)
{
	static const char *const names[] = { "server", "other", "client", "late" };
	char file[32];
	for (size_t i = 0; i < 4; i++) {
		snprintf(file, sizeof(file), "%s.pem", names[i]);
		unlink(path_of(file));
		snprintf(file, sizeof(file), "%s.key", names[i]);
		unlink(path_of(file));
	}
	unlink(path_of("empty"));
	rmdir(dir);
}

TestSuite(tls, .init = setup, .fini = teardown);

static struct tls_options usual(enum tls_clients clients, const char *ca)
{
	return (struct tls_options){ .certificate = path_of("server.pem"),
				     .key = path_of("server.key"),
				     .client_ca = ca != NULL ? path_of(ca) : NULL,
				     .clients = clients };
}

static struct tls *open_tls(enum tls_clients clients, const char *ca)
{
	struct tls *t;
	const char *key;
	const struct tls_options o = usual(clients, ca);
	cr_assert_eq(tls_new(&o, &t, &key, &err), 0, "%s", err.text);
	return t;
}

struct ends {
	int fd[2];
	SSL *server;
	SSL_CTX *ctx;
	SSL *client;
};

static void ends_open(struct ends *e, struct tls *t)
{
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fd), 0);
	cr_assert_eq(tls_accept(t, e->fd[0], NOW, &e->server, &err), 0);
	e->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(e->ctx, 0);
	e->client = SSL_new(e->ctx);
	SSL_set_fd(e->client, e->fd[1]);
	SSL_set_connect_state(e->client);
}

static void ends_close(struct ends *e)
{
	tls_end(e->server);
	SSL_free(e->client);
	SSL_CTX_free(e->ctx);
	close(e->fd[0]);
	close(e->fd[1]);
}

static void use(struct ends *e, const char *name)
{
	char file[32];
	snprintf(file, sizeof(file), "%s.pem", name);
	cr_assert_eq(
	    SSL_use_certificate_file(e->client, path_of(file), SSL_FILETYPE_PEM), 1);
	snprintf(file, sizeof(file), "%s.key", name);
	cr_assert_eq(
	    SSL_use_PrivateKey_file(e->client, path_of(file), SSL_FILETYPE_PEM), 1);
}

static bool shake(struct ends *e)
{
	enum tls_step step = TLS_WANTS_READ;
	bool client = false;
	for (int i = 0; i < TURNS && step != TLS_FAILED; i++) {
		if (!client)
			client = SSL_do_handshake(e->client) == 1;
		if (step != TLS_DONE)
			step = tls_handshake(e->server);
		if (client && step == TLS_DONE)
			break;
	}
	cr_assert_eq(ERR_peek_error() == 0 || step != TLS_DONE || client, true);
	return client && step == TLS_DONE;
}

Test(tls, files_that_do_not_serve_are_refused_by_name)
{
	static const struct {
		const char *certificate, *key, *ca, *named;
	} cases[] = {
		{ "none", "server.key", NULL, "certificate" },
		{ "server.key", "server.key", NULL, "certificate" },
		{ "server.pem", "none", NULL, "key" },
		{ "server.pem", "server.pem", NULL, "key" },
		{ "server.pem", "other.key", NULL, "key" },
		{ "server.pem", "server.key", "none", "client_ca" },
		{ "server.pem", "server.key", "server.key", "client_ca" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls *t = NULL;
		const char *key = NULL;
		const struct tls_options o = {
			.certificate = path_of(cases[i].certificate),
			.key = path_of(cases[i].key),
			.client_ca = cases[i].ca != NULL ? path_of(cases[i].ca) : NULL,
			.clients = TLS_CLIENTS_OPTIONAL,
		};
		ltps_error_clear(&err);
		cr_assert_eq(tls_new(&o, &t, &key, &err), -1, "%zu", i);
		cr_expect_eq(err.code, LTPS_ARGUMENT);
		cr_expect_str_eq(key, cases[i].named);
		cr_expect_not_null(strstr(err.text, cases[i].named), "%s", err.text);
		cr_expect_eq(ERR_peek_error(), 0);
	}
}

Test(tls, protocols_before_1_2_are_refused)
{
	struct tls *t = open_tls(TLS_CLIENTS_NONE, NULL);
	static const int versions[] = { TLS1_VERSION, TLS1_1_VERSION };
	for (size_t i = 0; i < 2; i++) {
		struct ends e;
		ends_open(&e, t);
		SSL_set_max_proto_version(e.client, versions[i]);
		cr_expect_not(shake(&e), "%zu", i);
		cr_expect_eq(tls_handshake(e.server), TLS_FAILED);
		ends_close(&e);
	}
	tls_free(t);
}

Test(tls, protocol_of_the_application_must_be_ours)
{
	struct tls *t = open_tls(TLS_CLIENTS_NONE, NULL);
	static const struct {
		const char *list;
		unsigned n;
		bool good;
	} cases[] = {
		{ "\x02h2", 3, false },
		{ "\x08http/1.0", 9, false },
		{ "\x02h2\x08http/1.1", 12, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ends e;
		ends_open(&e, t);
		SSL_set_alpn_protos(e.client, (const unsigned char *)cases[i].list,
				    cases[i].n);
		cr_expect_eq(shake(&e), cases[i].good, "%zu", i);
		ends_close(&e);
	}
	tls_free(t);
}

Test(tls, certificates_of_clients_are_judged)
{
	static const struct {
		enum tls_clients clients;
		const char *ca, *uses;
		bool in, known;
	} cases[] = {
		{ TLS_CLIENTS_REQUIRED, "client.pem", NULL, false, false },
		{ TLS_CLIENTS_REQUIRED, "client.pem", "other", false, false },
		{ TLS_CLIENTS_OPTIONAL, "client.pem", "other", false, false },
		{ TLS_CLIENTS_OPTIONAL, "late.pem", "late", false, false },
		{ TLS_CLIENTS_OPTIONAL, "client.pem", NULL, true, false },
		{ TLS_CLIENTS_NONE, NULL, "client", true, false },
		{ TLS_CLIENTS_OPTIONAL, "client.pem", "client", true, true },
		{ TLS_CLIENTS_REQUIRED, "client.pem", "client", true, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct tls *t = open_tls(cases[i].clients, cases[i].ca);
		struct ends e;
		ends_open(&e, t);
		SSL_set_max_proto_version(e.client, TLS1_2_VERSION);
		if (cases[i].uses != NULL)
			use(&e, cases[i].uses);
		cr_expect_eq(shake(&e), cases[i].in, "%zu", i);
		cr_expect_eq(tls_client(e.server) != NULL, cases[i].known, "%zu", i);
		ends_close(&e);
		tls_free(t);
	}
}

Test(tls, octets_go_both_ways_until_the_end_is_said)
{
	struct tls *t = open_tls(TLS_CLIENTS_NONE, NULL);
	struct ends e;
	char in[100];
	ends_open(&e, t);
	cr_assert(shake(&e));
	cr_assert_eq(tls_recv(e.server, in, sizeof(in)), -1);
	cr_assert_eq(errno, EAGAIN);
	cr_assert_eq(SSL_write(e.client, "hello", 5), 5);
	cr_assert_eq(tls_recv(e.server, in, 2), 2);
	/* The socket has nothing more to tell. */
	cr_assert(tls_pending(e.server));
	cr_assert_eq(tls_recv(e.server, in, sizeof(in)), 3);
	cr_assert_not(tls_pending(e.server));
	cr_assert_eq(tls_send(e.server, "world!", 6), 6);
	cr_assert_eq(SSL_read(e.client, in, sizeof(in)), 6);
	SSL_shutdown(e.client);
	cr_assert_eq(tls_recv(e.server, in, sizeof(in)), 0);
	tls_shut(e.server);
	cr_assert_eq(SSL_read(e.client, in, sizeof(in)), 0);
	cr_assert_eq(SSL_get_error(e.client, 0), SSL_ERROR_ZERO_RETURN);
	ends_close(&e);
	tls_free(t);
}

Test(tls, end_that_is_not_said_is_an_error)
{
	struct tls *t = open_tls(TLS_CLIENTS_NONE, NULL);
	struct ends e;
	char in[10];
	ends_open(&e, t);
	cr_assert(shake(&e));
	shutdown(e.fd[1], SHUT_WR);
	cr_assert_eq(tls_recv(e.server, in, sizeof(in)), -1);
	cr_assert_eq(errno, EPROTO);
	ends_close(&e);
	tls_free(t);
}

Test(tls, connection_outlives_what_it_was_accepted_by)
{
	struct tls *t = open_tls(TLS_CLIENTS_NONE, NULL);
	struct ends e;
	char in;
	ends_open(&e, t);
	cr_assert(shake(&e));
	tls_free(t);
	cr_assert_eq(tls_send(e.server, "x", 1), 1);
	cr_assert_eq(SSL_read(e.client, &in, 1), 1);
	ends_close(&e);
}
