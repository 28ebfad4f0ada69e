/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers serve is shared by all judgements: how much harm that can do. */
#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/devpki.h"
#include "ltp/needs.h"
#include "ltp/path.h"
#include "tests/support/http_stub.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/pki_server.h"

#define NOW "2026-01-01T00:00:00Z"
#define FORGED 600

static struct pki_server *server;
static struct material *anchors;
static struct fetch *fetch;
static struct clock now;
static struct cert *target;
static struct known *known;

static void begin(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true };
	const struct devpki_issue how = { .kind = DEVPKI_EE };
	const struct devpki_cert *c = NULL;
	int64_t ms = 0;
	cr_assert_eq(time_parse_rfc3339(view_text(NOW), &ms, &err), 0);
	now = clock_fixed(ms + 60000);
	server = pki_server_start(NOW);
	cr_assert_eq(material_new(&anchors, &err), 0);
	struct devpki *p = pki_server_enter(server);
	cr_assert_eq(devpki_issue(p, &how, &c, &err), 0, "%s", err.text);
	cr_assert_eq(cert_parse(c->der, &target, &err), 0);
	cr_assert_eq(material_add(anchors, MATERIAL_ANCHOR,
				  devpki_active(p, DEVPKI_ROOT, 0)->der, &err),
		     0);
	pki_server_leave(server);
	cr_assert_eq(fetch_new(&policy, &fetch, &err), 0);
	cr_assert_eq(known_new(anchors, &known, &err), 0);
}

static void end(void)
{
	known_free(known);
	fetch_free(fetch);
	cert_free(target);
	material_free(anchors);
	pki_server_stop(server);
}

TestSuite(review_fetch, .init = begin, .fini = end);

static struct judged_path judge(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct judged_path j = { 0 };
	const struct path_sources s = { .fetch = fetch, .clock = &now, .known = known };
	const struct path_input in = {
		.target = target,
		.pools = { anchors },
		.n_pools = 1,
		.time_ms = clock_now_ms(&now),
	};
	cr_assert_eq(path_judge_fetching(&s, &in, &j, &err), 0, "%s", err.text);
	return j;
}

/* ---- namesakes of a CA ---- */

static void put_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	cr_assert(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

/* The CA's name and key identifier, another key. */
static void add_namesake(struct material *m, EVP_PKEY *key, uint64_t serial)
{
	const uint8_t *p = target->issuer.p;
	X509 *x = X509_new();
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)target->issuer.n);
	ASN1_OCTET_STRING *ski = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x), serial);
	X509_set_subject_name(x, name);
	X509_set_issuer_name(x, name);
	X509_set_pubkey(x, key);
	ASN1_TIME_adj(X509_getm_notBefore(x), 1735689600, 0, 0);
	ASN1_TIME_adj(X509_getm_notAfter(x), 1735689600, 3650, 0);
	put_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	put_extension(x, NID_key_usage, "critical,keyCertSign,cRLSign");
	ASN1_OCTET_STRING_set(ski, target->aki_key.p, (int)target->aki_key.n);
	X509_add1_ext_i2d(x, NID_subject_key_identifier, ski, 0, 0);
	cr_assert_gt(X509_sign(x, key, EVP_sha256()), 0);
	int n = i2d_X509(x, &der);
	fix_material_add(m, MATERIAL_CERT, view_of(der, (size_t)n));
	OPENSSL_free(der);
	ASN1_OCTET_STRING_free(ski);
	X509_NAME_free(name);
	X509_free(x);
}

static size_t count(enum material_kind kind)
{
	struct known_generation *g = known_take(known);
	size_t n = material_count(known_material(g), kind);
	known_drop(g);
	return n;
}

/* Somebody has a certificate judged whose caIssuers address is his own. */
Test(review_fetch, crowd_of_namesakes_does_not_keep_others_from_their_ca)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	struct material *m = fix_material(NULL, NULL);
	for (uint64_t i = 1; i <= FORGED; i++)
		add_namesake(m, key, i);
	cr_assert_eq(known_add(known, m, clock_now_ms(&now), NULL, &err), 0);
	cr_assert_leq(count(MATERIAL_CERT), KNOWN_NAMESAKES_MAX);
	struct judged_path j = judge();
	cr_assert_eq(j.result->status, PATH_VALID, "%s", path_code_name(j.result->why));
	judged_path_clear(&j);
	material_free(m);
	EVP_PKEY_free(key);
}

/* ---- answers that are none ---- */

/* Serves the answer once and asks for it; whether it was taken. */
static bool takes(const struct fix_ocsp_options *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf der = buf_make(1 << 16), http = buf_make(1 << 17);
	struct cert *cert = NULL, *issuer = NULL;
	struct material *m = fix_material(NULL, NULL);
	fix_ocsp_make(o, &der);
	cr_assert_eq(cert_parse(o->cert->der, &cert, &err), 0);
	cr_assert_eq(cert_parse(o->issuer->der, &issuer, &err), 0);
	cr_assert_eq(buf_put_fmt(&http, &err,
				 "HTTP/1.1 200 OK\r\nContent-Type: "
				 "application/ocsp-response\r\n"
				 "Content-Length: %zu\r\n\r\n",
				 der.n),
		     0);
	cr_assert_eq(buf_put(&http, view_buf(&der), &err), 0);
	const struct stub_answer answer = { .text = (const char *)http.p, .n = http.n };
	struct http_stub *stub = http_stub_start(&answer, 1);
	char url[128];
	snprintf(url, sizeof(url), "%s", http_stub_url(stub, "/"));
	const struct need need = {
		.kind = NEED_OCSP, .url = url, .cert = cert, .issuer = issuer
	};
	int rc = need_fetch(fetch, &need, m, &err);
	cr_assert(rc == 0 || err.code == LTPS_REMOTE, "%s", err.text);
	cr_assert_eq(material_count(m, MATERIAL_OCSP), rc == 0);
	http_stub_stop(stub);
	material_free(m);
	cert_free(issuer);
	cert_free(cert);
	buf_free(&http);
	buf_free(&der);
	return rc == 0;
}

Test(review_fetch, response_about_another_certificate_is_no_answer)
{
	struct fix_pki p = fix_pki_make();
	struct fix_ocsp_options o = { .cert = p.tsa,
				      .issuer = p.ca,
				      .reason = FIX_NO_REASON,
				      .this_ms = FIX_T0_MS };
	cr_assert(takes(&o));
	o.wrong_serial = true;
	cr_assert(!takes(&o));
	o.wrong_serial = false;
	o.wrong_issuer_key = true;
	cr_assert(!takes(&o));
	fix_pki_free(&p);
}
