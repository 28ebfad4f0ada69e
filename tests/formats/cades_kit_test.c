/* SPDX-License-Identifier: Apache-2.0 */
/* The files that cades_kit makes, before they judge others: OpenSSL verifies them, and
 * each defect is in the file that was asked for. */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/err.h>

#include "tests/support/cades_kit.h"
#include "tests/support/cms_make.h"
#include "timestamping/tst.h"

/* What OpenSSL says of the signatures and, with CMS_CADES, of the references. */
static bool openssl_accepts(const struct cades_kit_scene *s, struct view file,
			    const char *detached, unsigned flags)
{
	const unsigned char *p = file.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)file.n);
	BIO *in = detached != NULL ? BIO_new_mem_buf(detached, -1) : NULL;
	BIO *out = BIO_new(BIO_s_mem());
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *how = X509_STORE_get0_param(store);
	cr_assert_not_null(cms);
	cr_assert_eq(p, file.p + file.n);
	X509_STORE_add_cert(store, s->root->x);
	X509_STORE_add_cert(store, s->ca->x);
	X509_STORE_add_cert(store, s->tsa_ca->x);
	X509_VERIFY_PARAM_set_time(how, KIT_DAY(4) / 1000);
	X509_VERIFY_PARAM_set_purpose(how, X509_PURPOSE_ANY);
	int rc = CMS_verify(cms, NULL, store, in, out, CMS_BINARY | flags);
	X509_STORE_free(store);
	BIO_free(out);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return rc == 1;
}

static struct view make_one(const struct cades_kit_signer *s)
{
	return cades_kit_make(&(struct cades_kit_make){ .signers = s, .n_signers = 1 });
}

Test(cades_kit, make_when_content_changed_expect_openssl_refuses)
{
	struct cades_kit_scene s = cades_kit_scene(NULL);
	struct cades_kit_signer signer = { .cert = s.signer };
	struct view file = cades_kit_make(&(struct cades_kit_make){
	    .signers = &signer, .n_signers = 1, .detached = true });
	cr_assert(openssl_accepts(&s, file, CADES_KIT_CONTENT, CMS_CADES));
	cr_assert_not(openssl_accepts(&s, file, CADES_KIT_CONTENT "!", CMS_CADES));
	cades_kit_scene_free(&s);
}

Test(cades_kit, make_when_broken_expect_openssl_refuses)
{
	struct cades_kit_scene s = cades_kit_scene(NULL);
	const struct cades_kit_signer defects[] = {
		{ .cert = s.signer, .broken = true },
		{ .cert = s.signer, .sign_with = s.ca },
		{ .cert = s.signer, .message_digest = CADES_KIT_WRONG },
		{ .cert = s.signer, .message_digest = CADES_KIT_ABSENT },
		{ .cert = s.signer, .signing_certificate = CADES_KIT_WRONG },
		{ .cert = s.signer, .signing_certificate = CADES_KIT_ABSENT },
	};
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++)
		cr_expect_not(
		    openssl_accepts(&s, make_one(&defects[i]), NULL, CMS_CADES),
		    "defect %zu", i);
	cades_kit_scene_free(&s);
}

Test(cades_kit, make_when_right_expect_openssl_accepts_each_key_and_encoding)
{
	for (int kind = FIX_KEY_P256; kind <= FIX_KEY_ED25519; kind++) {
		struct cades_kit_scene s = cades_kit_scene(
		    &(struct cades_kit_scene_options){ .signer = { .key = kind } });
		struct cades_kit_signer signers[2] = {
			{ .cert = s.signer,
			  .algorithm_protection = CADES_KIT_FITS,
			  .policy = "1.2.3",
			  .policy_uri = "http://a/",
			  .commitment = "1.2.3",
			  .mime_type = "text/plain" },
			{ .cert = s.tsa2, .by_ski = true, .reference = CADES_KIT_V1 },
		};
		for (int ber = 0; ber < 2; ber++) {
			struct cades_kit_make o = { .signers = signers,
						    .n_signers = 2,
						    .ber = ber != 0 };
			struct view file = cades_kit_make(&o);
			/* OpenSSL 3.0 cannot sign or verify EdDSA in CMS. */
			cr_expect(openssl_accepts(&s, file, NULL, 0) ||
				      kind == FIX_KEY_ED25519,
				  "key %d, BER %d", kind, ber);
		}
		cades_kit_scene_free(&s);
	}
}

Test(cades_kit, steps_when_made_expect_openssl_still_accepts)
{
	struct cades_kit_scene s = cades_kit_scene(NULL);
	for (int ber = 0; ber < 2; ber++) {
		struct cades_kit_signer signer = { .cert = s.signer };
		struct cades_kit_make o = { .signers = &signer,
					    .n_signers = 1,
					    .ber = ber != 0 };
		struct view file =
		    cades_kit_raise(&s, cades_kit_make(&o), CADES_KIT_LTA);
		struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(3));
		m.ocsps[0] =
		    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
							       .issuer = s.ca,
							       .responder = s.ocsp,
							       .this_ms = KIT_DAY(3) });
		file = cades_kit_add(file, &m);
		file = cades_kit_refs(file, 0, &m, DIGEST_SHA1);
		file = cades_kit_values(file, 0, &m);
		file = cades_kit_stamp(
		    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_C,
						     .tsa = s.tsa2,
						     .gen_ms = KIT_DAY(4) });
		file = cades_kit_stamp(
		    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V2,
						     .tsa = s.tsa2,
						     .gen_ms = KIT_DAY(5) });
		file = cades_kit_countersign(
		    file, 0, &(struct cades_kit_signer){ .cert = s.tsa2 });
		file = cades_kit_record(
		    file, &(struct cades_kit_record){ .tsa = s.tsa,
						      .gen_ms = KIT_DAY(6),
						      .renewal_tsa = s.tsa2,
						      .renewal_ms = KIT_DAY(7) });
		cr_assert(openssl_accepts(&s, file, NULL, CMS_CADES));
	}
	cades_kit_scene_free(&s);
}

Test(cades_kit, token_when_made_expect_intact_and_its_time)
{
	struct cades_kit_scene s = cades_kit_scene(NULL);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = cades_kit_hash(DIGEST_SHA512, view_text("x"));
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(1));
	struct tst *t;
	struct tst_intact intact;
	struct view v = cades_kit_token(
	    &(struct cades_kit_stamp){
		.tsa = s.tsa, .gen_ms = KIT_DAY(9), .inside = m, .values = m },
	    &d);
	cr_assert_eq(tst_parse(v, &t, &err), 0, "%s", err.text);
	cr_assert_eq(t->gen_time_ms, KIT_DAY(9));
	cr_assert(tst_covers(t, &d));
	cr_assert_eq(tst_check(t, NULL, 0, &intact, &err), 0);
	cr_assert_eq(intact.defect, TST_OK);
	tst_intact_clear(&intact);
	tst_free(t);
	cades_kit_scene_free(&s);
}
