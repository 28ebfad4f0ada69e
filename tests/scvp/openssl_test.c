/* SPDX-License-Identifier: Apache-2.0 */
/* Requests signed by another implementation, right and wrong: RFC 5055 3, RFC 5652 5.
 */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <string.h>

#include "tests/support/scvp_kit.h"

static struct scvp_kit kit;
static struct fix_cert *client, *other;

static void make_kit(void)
{
	static const char client_only[] =
	    "[ext]\nextendedKeyUsage = 1.3.6.1.5.5.7.3.16\n";
	scvp_kit_make(&kit);
	client = scvp_kit_ee(&kit, "client", client_only);
	other = scvp_kit_ee(&kit, "other client", client_only);
}

static void free_kit(void)
{
	fix_cert_free(other);
	fix_cert_free(client);
	scvp_kit_free(&kit);
}

TestSuite(scvp_openssl, .init = make_kit, .fini = free_kit);

struct making {
	unsigned flags; /* of CMS_add1_signer */
	bool two_signers, unsigned_attribute, wrong_type;
};

static struct buf make(const struct kit_ask *ask, const struct making *m)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(65536), out = buf_make(65536);
	unsigned char *der = NULL;
	cr_assert_eq(scvp_request_encode(&ask->q, &message, &err), 0);
	BIO *content = BIO_new_mem_buf(message.p, (int)message.n);
	ASN1_OBJECT *type =
	    OBJ_txt2obj(m->wrong_type ? "1.2.3" : OID_SCVP_CV_REQUEST, 1);
	CMS_ContentInfo *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, CMS_PARTIAL | CMS_BINARY);
	cr_assert_eq(CMS_set1_eContentType(cms, type), 1);
	CMS_SignerInfo *signer =
	    CMS_add1_signer(cms, client->x, client->key, EVP_sha256(), m->flags);
	cr_assert_not_null(signer);
	if (m->two_signers)
		cr_assert_not_null(
		    CMS_add1_signer(cms, other->x, other->key, EVP_sha256(), m->flags));
	if (m->unsigned_attribute)
		cr_assert_eq(CMS_unsigned_add1_attr_by_txt(signer, "1.2.3.4",
							   V_ASN1_UTF8STRING, "?", 1),
			     1);
	cr_assert_eq(CMS_final(cms, content, NULL, CMS_BINARY), 1);
	const int n = i2d_CMS_ContentInfo(cms, &der);
	cr_assert_eq(buf_put(&out, view_of(der, (size_t)n), &err), 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
	ASN1_OBJECT_free(type);
	BIO_free(content);
	buf_free(&message);
	return out;
}

static void expect(const struct making *m, enum scvp_status status)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	kit.config.require_authentication = true;
	struct buf b = make(&ask, m);
	scvp_kit_send(&kit, view_buf(&b), &a);
	cr_assert_eq(a.p->status, (uint64_t)status, "%s",
		     scvp_status_name(a.p->status));
	/* Its proven name comes back. */
	cr_assert_eq(a.p->requestor_name.n, status == SCVP_OKAY ? 1 : 0);
	scvp_kit_answer_free(&a);
	buf_free(&b);
}

Test(scvp_openssl, signed_request_is_verified)
{
	expect(&(struct making){ .flags = 0 }, SCVP_OKAY);
	expect(&(struct making){ .flags = CMS_USE_KEYID }, SCVP_OKAY);
	expect(&(struct making){ .flags = CMS_CADES }, SCVP_OKAY);
}

Test(scvp_openssl, two_signers_are_bad_structure)
{
	expect(&(struct making){ .two_signers = true }, SCVP_BAD_STRUCTURE);
}

Test(scvp_openssl, unsigned_attributes_are_bad_structure)
{
	expect(&(struct making){ .unsigned_attribute = true }, SCVP_BAD_STRUCTURE);
}

Test(scvp_openssl, signature_without_signed_attributes_is_bad_structure)
{
	expect(&(struct making){ .flags = CMS_NOATTR }, SCVP_BAD_STRUCTURE);
}

Test(scvp_openssl, signer_whose_certificate_is_left_out_is_unrecognized)
{
	expect(&(struct making){ .flags = CMS_NOCERTS }, SCVP_UNRECOGNIZED_SIG_KEY);
}

Test(scvp_openssl, other_content_is_bad_structure)
{
	expect(&(struct making){ .wrong_type = true }, SCVP_BAD_STRUCTURE);
}

/* Our answers verify there. */
Test(scvp_openssl, answer_is_verified_by_the_other_side)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_exchange(&kit, &ask, &a);
	const unsigned char *p = a.raw.body.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)a.raw.body.n);
	cr_assert_not_null(cms);
	X509_STORE *store = X509_STORE_new();
	X509_STORE_add_cert(store, kit.root->x);
	X509_STORE_add_cert(store, kit.ca->x);
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(store);
	X509_VERIFY_PARAM_set_time(param, (time_t)(KIT_NOW_MS / 1000));
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	BIO *out = BIO_new(BIO_s_mem());
	cr_assert_eq(CMS_verify(cms, NULL, store, NULL, out, CMS_BINARY | CMS_CADES),
		     1);
	BIO_free(out);
	X509_STORE_free(store);
	CMS_ContentInfo_free(cms);
	scvp_kit_answer_free(&a);
}
