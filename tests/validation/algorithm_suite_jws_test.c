/* SPDX-License-Identifier: Apache-2.0 */
/* Signed suites: what verifies is told, what does not is refused. */
#include <criterion/criterion.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "validation/algorithm_suite.h"

#define TEXT_MAX ((size_t)1 << 16)
#define HEAD                                                                           \
	"{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"n\"},"             \
	"\"Publisher\":{\"Name\":\"p\"},"                                              \
	"\"PolicyIssueDate\":\"2024-10-13T00:00:00Z\",\"Algorithm\":["                 \
	"{\"AlgorithmIdentifier\":{\"Name\":\"SHA256\",\"ObjectIdentifier\":"          \
	"\"2.16.840.1.101.3.4.2.1\"},\"Evaluation\":[{\"Validity\":{}}]}]"
#define SUITE HEAD "}}"

static void put(struct buf *b, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(b, text, &err), 0);
}

static void put_base64url(struct buf *b, const void *p, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf plain = buf_make(TEXT_MAX);
	cr_assert_eq(b64_encode(view_of(p, n), &plain, &err), 0);
	for (size_t i = 0; i < plain.n && plain.p[i] != '='; i++) {
		const uint8_t c = plain.p[i];
		cr_assert_eq(buf_put_byte(b,
					  c == '+'   ? '-'
					  : c == '/' ? '_'
						     : c,
					  &err),
			     0);
	}
	buf_free(&plain);
}

/* A key with a certificate by itself, DER in base64. */
struct signer {
	EVP_PKEY *key;
	struct buf certificate;
};

static struct signer signer_make(EVP_PKEY *key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signer s = { .key = key, .certificate = buf_make(TEXT_MAX) };
	X509 *c = X509_new();
	uint8_t *der = NULL;
	X509_set_version(c, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
				   (const uint8_t *)"publisher", -1, -1, 0);
	X509_set_issuer_name(c, X509_get_subject_name(c));
	ASN1_TIME_set_string_X509(X509_getm_notBefore(c), "20200101000000Z");
	ASN1_TIME_set_string_X509(X509_getm_notAfter(c), "20400101000000Z");
	X509_set_pubkey(c, key);
	cr_assert_gt(X509_sign(c, key, EVP_sha256()), 0);
	const int n = i2d_X509(c, &der);
	cr_assert_gt(n, 0);
	cr_assert_eq(b64_encode(view_of(der, (size_t)n), &s.certificate, &err), 0);
	OPENSSL_free(der);
	X509_free(c);
	return s;
}

static void signer_free(struct signer *s)
{
	EVP_PKEY_free(s->key);
	buf_free(&s->certificate);
}

/* RFC 7518 3.4: r and s, each as long as the curve's field. */
static size_t raw_ecdsa(uint8_t *value, size_t n, int coordinate)
{
	const uint8_t *p = value;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	cr_assert_not_null(sig);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), value, coordinate);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), value + coordinate, coordinate);
	ECDSA_SIG_free(sig);
	return (size_t)coordinate * 2;
}

static void put_signature(struct buf *out, const char *alg, EVP_PKEY *key,
			  struct view input)
{
	const char *digest = strcmp(alg + 2, "512") == 0   ? "SHA512"
			     : strcmp(alg + 2, "384") == 0 ? "SHA384"
							   : "SHA256";
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *p = NULL;
	uint8_t value[1024];
	size_t n = sizeof(value);
	cr_assert_eq(EVP_DigestSignInit_ex(ctx, &p, digest, NULL, NULL, key, NULL), 1);
	if (alg[0] == 'P') {
		EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(p, RSA_PSS_SALTLEN_DIGEST);
	}
	cr_assert_eq(EVP_DigestSign(ctx, value, &n, input.p, input.n), 1);
	EVP_MD_CTX_free(ctx);
	if (alg[0] == 'E')
		n = raw_ecdsa(value, n, (EVP_PKEY_get_bits(key) + 7) / 8);
	put_base64url(out, value, n);
}

enum form { COMPACT, FLATTENED };

/* A signed file. more: further members of the header, with a comma before them. */
static struct buf make(const struct signer *s, const char *alg, const char *more,
		       const char *payload, enum form form)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf header = buf_make(TEXT_MAX), input = buf_make(TEXT_MAX);
	struct buf value = buf_make(TEXT_MAX), out = buf_make(TEXT_MAX);
	cr_assert_eq(buf_put_fmt(&header, &err, "{\"alg\":\"%s\"%s", alg, more), 0);
	if (s->certificate.n > 0)
		cr_assert_eq(buf_put_fmt(&header, &err, ",\"x5c\":[\"%.*s\"]",
					 (int)s->certificate.n, s->certificate.p),
			     0);
	put(&header, "}");
	put_base64url(&input, header.p, header.n);
	const size_t protected = input.n;
	put(&input, ".");
	put_base64url(&input, payload, strlen(payload));
	put_signature(&value, alg, s->key, view_buf(&input));
	if (form == COMPACT)
		cr_assert_eq(buf_put_fmt(&out, &err, "%.*s.%.*s", (int)input.n, input.p,
					 (int)value.n, value.p),
			     0);
	else
		cr_assert_eq(
		    buf_put_fmt(&out, &err,
				"{\"protected\":\"%.*s\",\"payload\":\"%.*s\","
				"\"signature\":\"%.*s\"}",
				(int)protected, input.p, (int)(input.n - protected - 1),
				input.p + protected + 1, (int)value.n, value.p),
		    0);
	buf_free(&header);
	buf_free(&input);
	buf_free(&value);
	return out;
}

static void expect_refused(const struct buf *file, const char *says)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	cr_expect_eq(algorithm_suite_parse(view_buf(file), &s, &err), -1);
	cr_expect(strstr(err.text, says) != NULL, "%s: %s", says, err.text);
	cr_expect_eq(ERR_peek_error(), 0);
}

static struct algorithm_suite *expect_read(const struct buf *file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	cr_assert_eq(algorithm_suite_parse(view_buf(file), &s, &err), 0, "%s",
		     err.text);
	cr_expect_eq(ERR_peek_error(), 0);
	return s;
}

Test(suite_jws, every_algorithm_verifies_in_both_forms_and_not_when_changed)
{
	static const struct {
		const char *alg, *type, *group;
	} cases[] = {
		{ "RS256", "RSA", NULL },   { "RS384", "RSA", NULL },
		{ "RS512", "RSA", NULL },   { "PS256", "RSA", NULL },
		{ "PS384", "RSA", NULL },   { "PS512", "RSA", NULL },
		{ "ES256", "EC", "P-256" }, { "ES384", "EC", "P-384" },
		{ "ES512", "EC", "P-521" },
	};
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		EVP_PKEY *key = rsa;
		if (cases[i].group != NULL)
			key = EVP_EC_gen(cases[i].group);
		else
			EVP_PKEY_up_ref(rsa);
		struct signer by = signer_make(key);
		for (int form = COMPACT; form <= FLATTENED; form++) {
			struct buf file =
			    make(&by, cases[i].alg, "", SUITE, (enum form)form);
			struct algorithm_suite *s = expect_read(&file);
			cr_expect_eq(s->signature, SUITE_SIGNATURE_VERIFIES);
			cr_expect_str_eq(s->signer, "CN=publisher");
			algorithm_suite_free(s);
			/* In the middle of the value, which stands at the end. */
			uint8_t *at = file.p + file.n - 40;
			*at = *at == 'A' ? 'B' : 'A';
			expect_refused(&file, "does not verify");
			buf_free(&file);
		}
		signer_free(&by);
	}
	EVP_PKEY_free(rsa);
}

Test(suite_jws, payload_when_changed_is_refused)
{
	struct signer by = signer_make(EVP_EC_gen("P-256"));
	struct buf file = make(&by, "ES256", "", SUITE " ", COMPACT);
	uint8_t *dot = memchr(file.p, '.', file.n);
	uint8_t *end = memchr(dot + 1, '.', file.n - (size_t)(dot + 1 - file.p));
	end[-1] =
	    'o'; /* the blank at the end of the payload becomes a line feed or so */
	expect_refused(&file, "Signature");
	buf_free(&file);
	signer_free(&by);
}

Test(suite_jws, algorithm_when_it_does_not_fit_is_refused)
{
	struct signer by = signer_make(EVP_EC_gen("P-384"));
	struct buf file = make(&by, "ES256", "", SUITE, COMPACT);
	expect_refused(&file, "does not verify");
	buf_free(&file);
	file = make(&by, "HS256", "", SUITE, COMPACT);
	expect_refused(&file, "alg HS256 is not known");
	buf_free(&file);
	file = make(&by, "none", "", SUITE, COMPACT);
	expect_refused(&file, "alg none is not known");
	buf_free(&file);
	signer_free(&by);
}

/* RFC 7518 3.4: ES256 is with P-256, not with whatever has as many bits. */
Test(suite_jws, curve_of_the_same_size_is_refused)
{
	static const struct {
		const char *alg, *group;
	} cases[] = {
		{ "ES256", "secp256k1" },
		{ "ES256", "brainpoolP256r1" },
		{ "ES384", "brainpoolP384r1" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signer by = signer_make(EVP_EC_gen(cases[i].group));
		struct buf file = make(&by, cases[i].alg, "", SUITE, COMPACT);
		expect_refused(&file, "does not verify");
		buf_free(&file);
		signer_free(&by);
	}
}

Test(suite_jws, critical_header_when_unknown_is_refused)
{
	struct signer by = signer_make(EVP_EC_gen("P-256"));
	struct buf file =
	    make(&by, "ES256", ",\"crit\":[\"b64\"],\"b64\":false", SUITE, COMPACT);
	expect_refused(&file, "critical header b64");
	buf_free(&file);
	file = make(&by, "ES256", ",\"crit\":1", SUITE, COMPACT);
	expect_refused(&file, "crit is no array");
	buf_free(&file);
	signer_free(&by);
}

Test(suite_jws, file_without_a_certificate_is_read_as_not_verified)
{
	struct signer by = { .key = EVP_EC_gen("P-256") };
	struct buf file = make(&by, "ES256", "", SUITE, COMPACT);
	struct algorithm_suite *s = expect_read(&file);
	cr_expect_eq(s->signature, SUITE_SIGNATURE_UNVERIFIED);
	cr_expect_null(s->signer);
	cr_expect_eq(s->n_notes, 1);
	algorithm_suite_free(s);
	buf_free(&file);
	signer_free(&by);
}

/* A signature in the file over something else is never one over the file. */
Test(suite_jws, member_with_its_own_payload_does_not_cover_the_file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signer by = signer_make(EVP_EC_gen("P-256"));
	struct buf jws = make(&by, "ES256", "", SUITE, COMPACT);
	struct buf file = buf_make(TEXT_MAX);
	cr_assert_eq(buf_put_fmt(&file, &err, HEAD ",\"Signature\":\"%.*s\"}}",
				 (int)jws.n, jws.p),
		     0);
	struct algorithm_suite *s = expect_read(&file);
	cr_expect_eq(s->signature, SUITE_SIGNATURE_ELSEWHERE);
	algorithm_suite_free(s);
	buf_free(&file);
	buf_free(&jws);
	signer_free(&by);
}

Test(suite_jws, payload_that_is_no_suite_is_refused)
{
	struct signer by = signer_make(EVP_EC_gen("P-256"));
	struct buf file = make(&by, "ES256", "", "{\"a\":1}", FLATTENED);
	expect_refused(&file, "unknown member a");
	buf_free(&file);
	file = make(&by, "ES256", "", "[1]", COMPACT);
	expect_refused(&file, "the payload is no JSON object");
	buf_free(&file);
	signer_free(&by);
}
