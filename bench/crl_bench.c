/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl_bench ENTRIES - a revocation list of so many entries: loaded once, its memory,
 * and serial numbers looked up in it; and the decoding of one certificate.
 */
#include <malloc.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/mem.h"
#include "validation/crl.h"
#include "validation/name_coarse.h"
#include "validation/material.h"

#define LOOKUPS 1000000
#define CERTS 100000
#define PEER_CERTS 2000
#define SERIAL_OCTETS 16
/* SEQUENCE, serial number, UTCTime, and room for reasonCode. */
#define ENTRY_MAX 64

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop_on(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "crl_bench: %s: %s\n", what, err->text);
	exit(1);
}

/* Numbers in no order, each once: what a bijection makes of 0, 1, 2. */
static void serial_make(uint64_t i, uint8_t out[SERIAL_OCTETS])
{
	uint64_t a = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	uint64_t b = (a ^ a >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
	memcpy(out, &a, sizeof(a));
	memcpy(out + sizeof(a), &b, sizeof(b));
	out[0] = (uint8_t)(0x40 | (out[0] & 0x3f));
}

/* Every fourth entry says why, as in lists of real authorities. */
static void entry_put(struct buf *out, uint64_t i)
{
	static const uint8_t date[] = "\x17\x0d"
				      "250101000000Z";
	static const uint8_t reason[] = "\x30\x0c\x30\x0a\x06\x03\x55\x1d\x15\x04\x03"
					"\x0a\x01\x04";
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t serial[SERIAL_OCTETS];
	size_t tail = i % 4 == 0 ? sizeof(reason) - 1 : 0;
	serial_make(i, serial);
	stop_on(der_put_header(out, DER_SEQUENCE,
			       2 + SERIAL_OCTETS + sizeof(date) - 1 + tail, &err),
		&err, "entry");
	stop_on(der_put(out, ASN1_TAG_INTEGER, view_of(serial, SERIAL_OCTETS), &err),
		&err, "entry");
	stop_on(buf_put(out, view_of(date, sizeof(date) - 1), &err), &err, "entry");
	stop_on(buf_put(out, view_of(reason, tail), &err), &err, "entry");
}

static const uint8_t ALGORITHM[] = "\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";
static const uint8_t ISSUER[] = "\x30\x0d\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02"
				"CA";
static const uint8_t TIMES[] = "\x17\x0d"
			       "260101000000Z"
			       "\x17\x0d"
			       "270101000000Z";
static const uint8_t VERSION[] = "\x02\x01\x01";
static const uint8_t SIGNATURE[] = "\x03\x02\x00\x00";

#define CONSTANT(c) view_of((c), sizeof(c) - 1)

static struct buf list_make(uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf entries = buf_make(CRL_SIZE_MAX), out = buf_make(CRL_SIZE_MAX);
	for (uint64_t i = 0; i < n; i++)
		entry_put(&entries, i);
	size_t list = der_header_len(entries.n) + entries.n;
	size_t tbs = sizeof(VERSION) + sizeof(ALGORITHM) + sizeof(ISSUER) +
		     sizeof(TIMES) - 4 + list;
	size_t all =
	    der_header_len(tbs) + tbs + sizeof(ALGORITHM) + sizeof(SIGNATURE) - 2;
	stop_on(buf_reserve(&out, der_header_len(all) + all, &err), &err, "list");
	stop_on(der_put_header(&out, DER_SEQUENCE, all, &err), &err, "list");
	stop_on(der_put_header(&out, DER_SEQUENCE, tbs, &err), &err, "list");
	stop_on(buf_put(&out, CONSTANT(VERSION), &err), &err, "list");
	stop_on(buf_put(&out, CONSTANT(ALGORITHM), &err), &err, "list");
	stop_on(buf_put(&out, CONSTANT(ISSUER), &err), &err, "list");
	stop_on(buf_put(&out, CONSTANT(TIMES), &err), &err, "list");
	stop_on(der_put(&out, DER_SEQUENCE, view_buf(&entries), &err), &err, "list");
	stop_on(buf_put(&out, CONSTANT(ALGORITHM), &err), &err, "list");
	stop_on(buf_put(&out, CONSTANT(SIGNATURE), &err), &err, "list");
	buf_free(&entries);
	return out;
}

static void lookups(const struct crl *c, uint64_t n)
{
	uint8_t serial[SERIAL_OCTETS];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf issuer = buf_make(NAME_COARSE_MAX);
	struct crl_entry e;
	uint64_t found = 0;
	stop_on(name_coarse(c->issuer, &issuer, &err), &err, "issuer");
	double begin = now();
	for (uint64_t i = 0; i < LOOKUPS; i++) {
		/* Half of them are not in the list. */
		serial_make((uint64_t)rand() % (2 * n), serial);
		found += crl_find(c, view_of(serial, SERIAL_OCTETS),
				  view_buf(&issuer), &e);
	}
	buf_free(&issuer);
	printf("entry looked up: %.2f us (%.0f %% found)\n",
	       (now() - begin) / LOOKUPS * 1e6, (double)found / LOOKUPS * 100);
}

static void list(uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct crl *c = NULL;
	struct buf der = list_make(n);
	double size = (double)der.n / 1e6;
	size_t before = mallinfo2().uordblks + mallinfo2().hblkhd - der.cap;
	double begin = now();
	stop_on(crl_take(&der, &c, &err), &err, "CRL");
	double took = now() - begin;
	size_t after = mallinfo2().uordblks + mallinfo2().hblkhd;
	printf("CRL of %zu entries, %.1f MB: loaded in %.3f s (%.0f MB/s)\n",
	       c->n_entries, size, took, size / took);
	printf("memory with its index: %.1f MB\n", (double)(after - before) / 1e6);
	lookups(c, n);
	crl_free(c);
}

static struct buf cert_make(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(CERT_SIZE_MAX);
	X509 *x = X509_new();
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_NAME *name = X509_get_subject_name(x);
	unsigned char *der = NULL;
	X509_set_version(x, X509_VERSION_3);
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
				   (const unsigned char *)"Example", -1, -1, 0);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
				   (const unsigned char *)"Example CA", -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	int n = X509_sign(x, key, EVP_sha256()) > 0 ? i2d_X509(x, &der) : 0;
	if (n <= 0)
		exit(1);
	stop_on(buf_put(&out, view_of(der, (size_t)n), &err), &err, "certificate");
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	X509_free(x);
	return out;
}

static void certs(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf der = cert_make();
	double begin = now();
	for (int i = 0; i < CERTS; i++) {
		struct cert *c = NULL;
		stop_on(cert_parse(view_buf(&der), &c, &err), &err, "certificate");
		cert_free(c);
	}
	printf("certificate of %zu bytes decoded: %.2f us", der.n,
	       (now() - begin) / CERTS * 1e6);
	begin = now();
	for (int i = 0; i < PEER_CERTS; i++) {
		const uint8_t *p = der.p;
		X509_free(d2i_X509(NULL, &p, (long)der.n));
	}
	printf(" (d2i_X509: %.2f us)\n", (now() - begin) / PEER_CERTS * 1e6);
	begin = now();
	for (int i = 0; i < CERTS; i++) {
		struct material *m = NULL;
		stop_on(material_new(&m, &err), &err, "material");
		material_free(m);
	}
	printf("empty material: %.2f us\n", (now() - begin) / CERTS * 1e6);
	buf_free(&der);
}

int main(int argc, char **argv)
{
	struct rusage u;
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	mem_init();
	srand(1);
	if (n == 0)
		return 1;
	list(n);
	certs();
	getrusage(RUSAGE_SELF, &u);
	printf("peak memory %ld MB\n", u.ru_maxrss / 1024);
	return 0;
}
