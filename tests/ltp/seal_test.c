/* SPDX-License-Identifier: Apache-2.0 */
/* Octets without a signature become CAdES, by every kind of key. */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/seal.h"
#include "tests/support/augment_kit.h"
#include "tests/support/test_time.h"
#include "timestamping/signature.h"

#define CONTENT "what is sealed\n"

static struct augment_kit kit;
static struct content content;

static void begin(void)
{
	augment_kit_start(&kit);
	content = content_of(view_text(CONTENT));
}

static void end(void)
{
	augment_kit_stop(&kit);
}

TestSuite(seal, .init = begin, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct signing_key *key_of(const struct fix_cert *f, bool chain)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = mem_zalloc(1, sizeof(*k));
	EVP_PKEY_up_ref(f->key);
	k->key = f->key;
	cr_assert_eq(cert_parse(f->der, &k->certificate, &err), 0);
	if (!chain)
		return k;
	const struct devpki_cert *ca =
	    devpki_active(pki_server_enter(kit.server), DEVPKI_CA, 0);
	pki_server_leave(kit.server);
	cr_assert_eq(cert_parse(ca->der, &k->chain[0], &err), 0);
	k->n_chain = 1;
	return k;
}

static struct seal_input input(const struct signing_key *k, enum signature_level level)
{
	return (struct seal_input){ .content = &content,
				    .enveloping = true,
				    .key = k,
				    .digest = DIGEST_SHA256,
				    .augment = augment_kit_input(&kit, level) };
}

static struct augmented seal(const struct seal_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	cr_assert_eq(seal_cades(in, &a, &err), 0, "%s: %s", err.where, err.text);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s: %s", augment_outcome_name(a.outcome),
		     a.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return a;
}

static void expect_openssl(const struct augmented *a, bool detached)
{
	const unsigned char *p = a->out.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)a->out.n);
	BIO *data = detached ? BIO_new_mem_buf(CONTENT, -1) : NULL;
	cr_assert_eq(CMS_verify(cms, NULL, NULL, data, NULL,
				CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY),
		     1, "%s", ERR_error_string(ERR_peek_last_error(), NULL));
	BIO_free(data);
	CMS_ContentInfo_free(cms);
}

static void expect_level(const struct augmented *a, enum signature_level level)
{
	const struct report_signature *s = &a->judged.report->signatures[0];
	cr_assert_eq(a->judged.report->n_signatures, 1);
	cr_assert_eq(s->conclusion.indication, INDICATION_PASSED, "%s: %s",
		     subindication_name(s->conclusion.sub), s->conclusion.text);
	cr_assert_eq(s->level, level, "%s", signature_level_name(s->level));
}

/* ---- what is refused ---- */

static enum ltps_code refused(const struct seal_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	cr_assert_eq(seal_cades(in, &a, &err), -1);
	return err.code;
}

static int feed_none(void *arg, content_take *take, void *to, struct ltps_error *err)
{
	(void)arg;
	return take(to, view_text(CONTENT), err);
}

Test(seal, content_outside_memory_is_not_enveloped)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_P256);
	struct signing_key *k = key_of(&f, false);
	struct seal_input in = input(k, LEVEL_B);
	struct content fed = { .feed = feed_none };
	in.content = &fed;
	cr_assert_eq(refused(&in), LTPS_ARGUMENT);
	in.enveloping = false;
	struct augmented a = seal(&in);
	expect_openssl(&a, true);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal, mime_type_that_is_none_is_refused)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_P256);
	struct signing_key *k = key_of(&f, false);
	struct seal_input in = input(k, LEVEL_B);
	in.mime_type = "text/\xff";
	cr_assert_eq(refused(&in), LTPS_ARGUMENT);
	signing_key_free(k);
}

Test(seal, ed448_is_unsupported)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_ED448);
	struct signing_key *k = key_of(&f, false);
	const struct seal_input in = input(k, LEVEL_B);
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
}

Test(seal, without_a_tsa_nothing_is_made)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_P256);
	struct signing_key *k = key_of(&f, true);
	const struct seal_input in = input(k, LEVEL_LTA);
	augment_kit_fault(&kit, DEVPKI_TARGET_TSA, DEVPKI_FAULT_CLOSED);
	cr_assert_eq(refused(&in), LTPS_REMOTE);
	signing_key_free(k);
}

Test(seal, key_of_a_stranger_is_incomplete)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = key_of(cades_kit_key(FIX_KEY_P256, 3), false);
	const struct seal_input in = input(k, LEVEL_LTA);
	struct augmented a = { 0 };
	cr_assert_eq(seal_cades(&in, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.outcome, AUGMENT_INCOMPLETE, "%s", a.text);
	cr_assert_eq(a.out.n, 0);
	augmented_clear(&a);
	signing_key_free(k);
}

/* ---- what is made ---- */

static void expect_kind(enum devpki_key kind, bool detached)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", kind);
	struct signing_key *k = key_of(&f, true);
	struct seal_input in = input(k, LEVEL_LTA);
	in.enveloping = !detached;
	struct augmented a = seal(&in);
	expect_level(&a, LEVEL_LTA);
	expect_openssl(&a, detached);
	cr_assert_eq(a.tokens, 2);
	cr_assert_eq(a.document->cms->has_content, !detached);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal, ec_key_goes_to_lta)
{
	expect_kind(DEVPKI_KEY_P256, false);
	expect_kind(DEVPKI_KEY_P256, true);
}

Test(seal, rsa_key_goes_to_lta)
{
	expect_kind(DEVPKI_KEY_RSA2048, false);
	expect_kind(DEVPKI_KEY_RSA2048, true);
}

Test(seal, pss_key_goes_to_lta)
{
	expect_kind(DEVPKI_KEY_RSAPSS2048, false);
}

/* Outside of the suite of the default policy, so the level alone. RFC 8419 3.1 */
Test(seal, ed25519_signs_with_sha512)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_ED25519);
	struct signing_key *k = key_of(&f, true);
	const struct seal_input in = input(k, LEVEL_B);
	struct augmented a = seal(&in);
	const struct report_signature *s = &a.judged.report->signatures[0];
	cr_assert(s->signature_intact, "%s", s->conclusion.text);
	cr_assert_eq(s->signature->digest, DIGEST_SHA512);
	augmented_clear(&a);
	/* What keeps it from passing is not material, so it is raised all the same. */
	const struct seal_input all = input(k, LEVEL_LTA);
	a = seal(&all);
	cr_assert_eq(a.tokens, 2);
	cr_assert_neq(a.judged.report->signatures[0].conclusion.indication,
		      INDICATION_FAILED);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal, every_digest_serves)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384,
						DIGEST_SHA512, DIGEST_SHA3_256 };
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_P256);
	struct signing_key *k = key_of(&f, true);
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		struct seal_input in = input(k, LEVEL_B);
		in.digest = algs[i];
		struct augmented a = seal(&in);
		cr_assert(a.judged.report->signatures[0].signature_intact, "%s",
			  digest_name(algs[i]));
		expect_openssl(&a, false);
		augmented_clear(&a);
	}
	signing_key_free(k);
}

/* EN 319 122-1 6.3: what B-B has to have, and mime-type without content-hints. */
Test(seal, signed_attributes_are_those_of_the_baseline)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", DEVPKI_KEY_P256);
	struct signing_key *k = key_of(&f, true);
	struct seal_input in = input(k, LEVEL_B);
	in.mime_type = "text/plain";
	struct augmented a = seal(&in);
	const struct document_signature *s = &a.document->signatures[0];
	expect_level(&a, LEVEL_B);
	cr_assert_eq(a.tokens, 0);
	cr_assert(s->signing_certs.has_v2 && !s->signing_certs.has_v1);
	cr_assert_eq(s->signing_certs.refs[0].issuer.n, 0);
	cr_assert_eq(s->claims.signing_time_ms / 1000,
		     in.augment.judgement.time_ms / 1000);
	cr_assert(view_is_text(s->claims.mime_type, "text/plain"));
	cr_assert_null(cms_attr_find(&s->signer->signed_attrs, OID_CONTENT_HINTS, 0));
	cr_assert(oid_is(s->content_type_attr, "1.2.840.113549.1.7.1"));
	cr_assert_eq(a.document->cms->n_certs, 2);
	cr_assert(view_equal(a.document->cms->content, view_text(CONTENT)));
	augmented_clear(&a);
	in.mime_type = NULL;
	a = seal(&in);
	cr_assert_eq(a.document->signatures[0].claims.mime_type.n, 0);
	augmented_clear(&a);
	signing_key_free(k);
}
