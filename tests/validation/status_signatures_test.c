/* SPDX-License-Identifier: Apache-2.0 */
/* What was signed with what behind a status: each once, with the key that made it. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/pki_fixture_status.h"
#include "validation/past.h"
#include "validation/status_signatures.h"

#define NOW FIX_T0_MS
#define DAY FIX_DAY_MS
#define SEEN_MAX 8

static struct fix_cert *root, *ca, *ee;
static struct fix_status s;

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	ee = fix_cert_make(&(struct fix_cert_options){ .cn = "EE", .issuer = ca });
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
}

static void tear_down(void)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

TestSuite(status_signatures, .init = set_up, .fini = tear_down);

struct seen {
	struct status_signature s[SEEN_MAX];
	bool by_ca[SEEN_MAX], by_other[SEEN_MAX];
	const struct fix_cert *other;
	size_t n;
};

/* The key is gone when the call is over. */
static void note(void *arg, const struct status_signature *signature)
{
	struct seen *x = arg;
	cr_assert_lt(x->n, SEEN_MAX);
	x->by_ca[x->n] = EVP_PKEY_eq(signature->key, ca->key) == 1;
	x->by_other[x->n] =
	    x->other != NULL && EVP_PKEY_eq(signature->key, x->other->key) == 1;
	x->s[x->n++] = *signature;
}

static void walk(struct seen *x)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct path_cert_revocation *r = fix_status_ask(&s, 0);
	cr_assert_eq(r->status, PATH_STATUS_GOOD);
	cr_assert_eq(status_signatures(&s.path, 0, r, note, x, &err), 0);
}

Test(status_signatures, list_of_the_issuer_is_one_signature_by_its_key)
{
	struct seen x = { 0 };
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = ca, .this_ms = NOW - DAY });
	walk(&x);
	cr_assert_eq(x.n, 1);
	cr_expect_null(x.s[0].cert);
	cr_expect(x.by_ca[0]);
	cr_expect_eq(x.s[0].sha256, s.r.objects[0].crl->sha256);
	cr_expect(view_equal(x.s[0].algorithm, s.r.objects[0].crl->algorithm));
}

static const uint8_t *response;

static int64_t since(void *arg, const uint8_t sha256[32])
{
	const int64_t *at = arg;
	return memcmp(sha256, response, 32) == 0 ? at[0] : at[1];
}

Test(status_signatures, response_of_a_responder_brings_its_certificate_along)
{
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = ca,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true });
	struct seen x = { .other = responder };
	int64_t at[2] = { NOW, NOW - DAY };
	fix_status_ocsp(&s, &(struct fix_ocsp_options){ .cert = ee,
							.issuer = ca,
							.responder = responder,
							.reason = FIX_NO_REASON,
							.this_ms = NOW - DAY });
	walk(&x);
	/* The response, its signer, and the CA's own certificate above. */
	cr_assert_eq(x.n, 3);
	cr_expect_null(x.s[0].cert);
	cr_expect(x.by_other[0] && !x.by_ca[0]);
	cr_assert_not_null(x.s[1].cert);
	cr_expect(view_equal(x.s[1].cert->der, responder->der));
	cr_expect(x.by_ca[1] && !x.by_other[1]);
	cr_expect_eq(x.s[2].cert, s.path.certs[1]);
	/* What proves the response proves the certificate inside, not the other way. */
	response = s.r.objects[0].ocsp->sha256;
	cr_expect_eq(status_known_since(x.s[1].word, x.s[1].cert, since, at), at[1]);
	at[0] = NOW - 2 * DAY;
	cr_expect_eq(status_known_since(x.s[1].word, x.s[1].cert, since, at), at[0]);
	cr_expect_eq(status_known_since(x.s[1].word, s.path.certs[1], since, at),
		     at[1]);
	fix_cert_free(responder);
}
