/* SPDX-License-Identifier: Apache-2.0 */
/* Our verdict on tokens beside OpenSSL's, on made and on real ones. */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ts.h>
#include <string.h>

#include "tests/support/corpus.h"
#include "tests/support/pki_fixture.h"
#include "timestamping/ers.h"
#include "timestamping/tst.h"

/* OpenSSL's view of a token: signature, references, purpose, path to anchor. */
static bool ts_oracle(struct view token, const struct digest *d, X509 *anchor)
{
	const uint8_t *p = token.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)token.n);
	TS_VERIFY_CTX *ctx = TS_VERIFY_CTX_new();
	X509_STORE *store = X509_STORE_new();
	cr_assert(p7 != NULL && ctx != NULL && store != NULL);
	X509_STORE_add_cert(store, anchor);
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store),
				   (time_t)(FIX_T0_MS / 1000));
	TS_VERIFY_CTX_set_flags(ctx,
				TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_IMPRINT);
	TS_VERIFY_CTX_set_store(ctx, store);
	TS_VERIFY_CTX_set_imprint(ctx, OPENSSL_memdup(d->p, d->n), (long)d->n);
	bool good = TS_RESP_verify_token(ctx, p7) == 1;
	TS_VERIFY_CTX_free(ctx);
	PKCS7_free(p7);
	ERR_clear_error();
	return good;
}

/*
 * Signature and attributes alone, by the part of OpenSSL that knows RSASSA-PSS
 * and OCSP responses in SignedData, which its time-stamp code does not.
 */
static bool cms_oracle(struct view token)
{
	const uint8_t *p = token.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)token.n);
	bool good =
	    cms != NULL && CMS_verify(cms, NULL, NULL, NULL, NULL,
				      CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) == 1;
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return good;
}

static struct tst *parse(struct view token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *tst = NULL;
	cr_assert_eq(tst_parse(token, &tst, &err), 0, "%s", err.text);
	return tst;
}

static struct tst_intact check(const struct tst *tst)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst_intact r;
	cr_assert_eq(tst_check(tst, NULL, 0, &r, &err), 0, "%s", err.text);
	return r;
}

Test(tst_oracle, openssl_agrees_about_good_tokens_and_about_defects)
{
	static const struct {
		struct tsp_deviation deviation;
		bool good;
	} cases[] = {
		{ { 0 }, true },
		{ { .v1_beside = true }, true },
		{ { .v1_alone = true }, true },
		{ { .bad_signature = true }, false },
		{ { .wrong_message_digest = true }, false },
		{ { .no_signing_certificate = true }, false },
		{ { .wrong_signing_certificate = true }, false },
		{ { .wrong_v1_beside = true }, false },
		{ { .no_certificate = true }, false },
	};
	static const enum fix_key keys[] = { FIX_KEY_P256, FIX_KEY_RSA };
	struct digest d = fix_digest("content");
	for (size_t k = 0; k < 2; k++) {
		struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
		    .cn = "TSA", .key = keys[k], .eku = FIX_EKU_TIMESTAMPING });
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct buf token = buf_make(TST_SIZE_MAX);
			fix_token_deviating(tsa, &d, FIX_T0_MS, &cases[i].deviation,
					    &token);
			struct tst *tst = parse(view_buf(&token));
			struct tst_intact r = check(tst);
			cr_assert_eq(r.defect == TST_OK, cases[i].good, "case %zu", i);
			cr_assert_eq(ts_oracle(view_buf(&token), &d, tsa->x),
				     cases[i].good, "OpenSSL, case %zu", i);
			tst_intact_clear(&r);
			tst_free(tst);
			buf_free(&token);
		}
		fix_cert_free(tsa);
	}
}

/* ---- real tokens ---- */

/* For us and for OpenSSL. */
static void expect_intact(struct view token, const char *name)
{
	struct tst *tst = parse(token);
	struct tst_intact r = check(tst);
	cr_assert_eq(r.defect, TST_OK, "%s: %s", name, tst_defect_name(r.defect));
	cr_assert(r.signature_intact);
	cr_assert(cms_oracle(token), "OpenSSL on %s", name);
	tst_intact_clear(&r);
	tst_free(tst);
}

static void expect_corpus(const char *path)
{
	struct buf b = corpus_read(path);
	expect_intact(view_buf(&b), path);
	buf_free(&b);
}

Test(tst_corpus, real_tokens_are_intact)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	expect_corpus("tokens/archive_timestamp.tst");
	expect_corpus("tokens/disig.tst");
	expect_corpus("tokens/tst_with_broken_ocsp.tst");
	expect_corpus("tokens/d-trust.tsr");
}

static void visit_record(const char *path, struct view bytes, void *arg)
{
	size_t *n = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	const char *dot = strrchr(path, '.');
	if (dot == NULL || (strcmp(dot, ".ers") != 0 && strcmp(dot, ".er") != 0) ||
	    ers_parse(bytes, &er, &err) != 0)
		return;
	for (size_t c = 0; c < er->n_chains; c++) {
		for (size_t i = 0; i < er->chains[c].n; i++, (*n)++)
			expect_intact(er->chains[c].stamps[i].token, path);
	}
	ers_free(er);
}

Test(tst_corpus, tokens_of_real_evidence_records_are_intact)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	size_t n = 0;
	corpus_walk("ers/rfc4998", visit_record, &n);
	cr_assert(n > 20, "%zu tokens", n);
}

Test(tst_corpus, each_changed_octet_of_the_info_is_found)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = corpus_read("tokens/disig.tst");
	struct tst *whole = parse(view_buf(&b));
	size_t at = (size_t)(whole->cms->content.p - whole->cms->whole.p);
	size_t n = whole->cms->content.n;
	tst_free(whole);
	for (size_t i = at; i < at + n; i++) {
		struct tst *tst = NULL;
		b.p[i] ^= 1;
		if (tst_parse(view_buf(&b), &tst, &err) == 0) {
			struct tst_intact r = check(tst);
			cr_assert_not(r.signature_intact);
			cr_assert_eq(r.defect, TST_MESSAGE_DIGEST);
			tst_intact_clear(&r);
			tst_free(tst);
		}
		ltps_error_clear(&err);
		b.p[i] ^= 1;
	}
	buf_free(&b);
}
