/* SPDX-License-Identifier: Apache-2.0 */
/* key - public keys by OpenSSL, out of SubjectPublicKeyInfo. */
#include "validation/key.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "timestamping/x509_der.h"
#include "validation/fields.h"

/* Algorithms whose keys may lack parameters, RFC 3279 2.3.2 and 2.3.5. */
static const struct view oid_dsa = OID_VIEW("\x2a\x86\x48\xce\x38\x04\x01");
static const struct view oid_ec = OID_VIEW("\x2a\x86\x48\xce\x3d\x02\x01");

static const struct view oid_rsa = OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");

/*
 * Keys beyond any standard are only slow: a signature takes tens of milliseconds, and
 * whoever sends certificates chooses them. FIPS 186-5 5.1 has public exponents below
 * 2^256, FIPS 186-4 4.2 p of 3072 bits at most; OpenSSL bounds the modulus.
 */
#define RSA_EXPONENT_BITS_MAX 256
#define DSA_BITS_MAX 4096

struct algorithm {
	struct view oid;
	struct view parameters; /* TLV; n == 0 absent */
};

static bool split(struct view algorithm, struct algorithm *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view body;
	if (field_only(algorithm, DER_SEQUENCE, "AlgorithmIdentifier", &body,
		       &ignored) != 0 ||
	    field_oid(&body, "algorithm", &ret->oid, &ignored) != 0)
		return false;
	ret->parameters = body;
	return true;
}

static bool takes_parameters(struct view oid)
{
	return view_equal(oid, oid_dsa) || view_equal(oid, oid_ec);
}

/* Omitted or NULL: RFC 5280 6.1.4 (d)-(f). */
static bool lacks_parameters(const struct algorithm *a)
{
	return a->parameters.n == 0 || a->parameters.p[0] == FIELD_NULL;
}

bool key_parameters_missing(const struct cert *c)
{
	struct algorithm a;
	return split(c->key_algorithm, &a) && takes_parameters(a.oid) &&
	       lacks_parameters(&a);
}

/* SubjectPublicKeyInfo, taken apart. */
struct parts {
	struct algorithm algorithm;
	struct view octets; /* of the BIT STRING */
};

static bool take_apart(struct view spki, struct parts *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view body, algorithm;
	return field_only(spki, DER_SEQUENCE, "key", &body, &ignored) == 0 &&
	       field_algorithm(&body, "key", &algorithm, &ignored) == 0 &&
	       field_bit_octets(&body, "key", &ret->octets, &ignored) == 0 &&
	       body.n == 0 && split(algorithm, &ret->algorithm);
}

/* RSAPublicKey, RFC 8017 A.1.1; the parameters are NULL, or left out. */
static EVP_PKEY *make_rsa(const struct parts *k)
{
	const uint8_t *p = k->octets.p;
	if (k->octets.n > LONG_MAX || !lacks_parameters(&k->algorithm))
		return NULL;
	EVP_PKEY *key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)k->octets.n);
	if (key != NULL && p == k->octets.p + k->octets.n)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* OpenSSL's name of the curve; NULL when the parameters are not one's OID. */
static const char *named_curve(const struct algorithm *a)
{
	const uint8_t *p = a->parameters.p;
	if (a->parameters.n == 0 || a->parameters.n > LONG_MAX || *p != FIELD_OID)
		return NULL;
	ASN1_OBJECT *o = d2i_ASN1_OBJECT(NULL, &p, (long)a->parameters.n);
	int nid = o != NULL ? OBJ_obj2nid(o) : NID_undef;
	ASN1_OBJECT_free(o);
	return nid != NID_undef ? OBJ_nid2sn(nid) : NULL;
}

static EVP_PKEY *make_ec(const struct parts *k)
{
	const char *curve = named_curve(&k->algorithm);
	EVP_PKEY *key = NULL;
	if (curve == NULL)
		return NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	/* OpenSSL takes parameters by pointers that it only reads. */
	union {
		const void *in;
		void *out;
	} group = { .in = curve }, point = { .in = k->octets.p };
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.out,
						 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.out,
						  k->octets.n),
		OSSL_PARAM_construct_end(),
	};
	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* DSA, RSA-PSS, EdDSA and whatever comes: OpenSSL's own way, some 150 us. */
static EVP_PKEY *make_other(struct view spki)
{
	const uint8_t *p = spki.p;
	if (spki.n > LONG_MAX)
		return NULL;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, (long)spki.n);
	if (key != NULL && p == spki.p + spki.n)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

static bool is_affordable(EVP_PKEY *key)
{
	int id = EVP_PKEY_get_base_id(key);
	BIGNUM *e = NULL;
	if (id == EVP_PKEY_DSA)
		return EVP_PKEY_get_bits(key) <= DSA_BITS_MAX;
	if (id != EVP_PKEY_RSA && id != EVP_PKEY_RSA_PSS)
		return true;
	bool ok = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
		  BN_num_bits(e) <= RSA_EXPONENT_BITS_MAX;
	BN_free(e);
	return ok;
}

/*
 * The two common algorithms are made directly, in a tenth of the time of the
 * decoders of OpenSSL 3. Curves are named: others MUST NOT be used (RFC 5480
 * 2.1.1), and parameters of one's own choice allow forging somebody else's key.
 */
static EVP_PKEY *make_any_key(struct view spki)
{
	struct parts k;
	if (!take_apart(spki, &k))
		return NULL;
	if (view_equal(k.algorithm.oid, oid_rsa))
		return make_rsa(&k);
	if (view_equal(k.algorithm.oid, oid_ec))
		return make_ec(&k);
	return make_other(spki);
}

static EVP_PKEY *make_key(struct view spki)
{
	EVP_PKEY *key = make_any_key(spki);
	/* OpenSSL gives a key without its size when memory fails while it takes that.
	 */
	if (key == NULL || (EVP_PKEY_get_bits(key) > 0 && is_affordable(key)))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

int key_decode(struct view spki, EVP_PKEY **ret_key, struct ltps_error *err)
{
	EVP_PKEY *key = make_key(spki);
	if (key == NULL) /* OpenSSL may swallow a failed allocation: ask twice */
		key = make_key(spki);
	if (key == NULL) {
		*ret_key = NULL;
		return x509_der_settle(err);
	}
	ERR_clear_error();
	*ret_key = key;
	return 0;
}

/* SubjectPublicKeyInfo of this key under another's AlgorithmIdentifier. */
static int put_spki(const struct cert *c, struct view algorithm, struct buf *out,
		    struct ltps_error *err)
{
	size_t bits = 1 + c->key_octets.n;
	if (der_put_header(out, DER_SEQUENCE, algorithm.n + der_header_len(bits) + bits,
			   err) != 0 ||
	    buf_put(out, algorithm, err) != 0 ||
	    der_put_header(out, FIELD_BITS, bits, err) != 0 ||
	    buf_put_byte(out, 0, err) != 0)
		return -1;
	return buf_put(out, c->key_octets, err);
}

int key_inherited(const struct cert *c, struct view from, EVP_PKEY **ret_key,
		  struct ltps_error *err)
{
	struct buf spki = buf_make(2 * CERT_SIZE_MAX);
	struct algorithm own, other;
	int rc = 0;
	*ret_key = NULL;
	if (!split(c->key_algorithm, &own) || !split(from, &other) ||
	    !view_equal(own.oid, other.oid) || !takes_parameters(own.oid) ||
	    lacks_parameters(&other))
		goto out;
	rc = put_spki(c, from, &spki, err);
	if (rc == 0)
		rc = key_decode(view_buf(&spki), ret_key, err);
out:
	buf_free(&spki);
	return rc;
}

/* OpenSSL's names of curves and those of algorithm policies. */
static const struct {
	const char *openssl;
	const char *name;
} curves[] = {
	{ "prime256v1", "P-256" },
	{ "secp384r1", "P-384" },
	{ "secp521r1", "P-521" },
	{ "secp224r1", "P-224" },
	{ "prime192v1", "P-192" },
	{ "secp256k1", "secp256k1" },
	{ "brainpoolP224r1", "brainpoolP224r1" },
	{ "brainpoolP256r1", "brainpoolP256r1" },
	{ "brainpoolP320r1", "brainpoolP320r1" },
	{ "brainpoolP384r1", "brainpoolP384r1" },
	{ "brainpoolP512r1", "brainpoolP512r1" },
};

static const char *curve_name(EVP_PKEY *key)
{
	char group[64];
	size_t n = 0;
	if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group,
					   sizeof(group), &n) != 1)
		return NULL;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(group, curves[i].openssl) == 0)
			return curves[i].name;
	}
	return NULL;
}

void key_size(EVP_PKEY *key, struct key_facts *ret)
{
	static const struct {
		int id;
		const char *name;
	} names[] = {
		{ EVP_PKEY_RSA, "RSA" },         { EVP_PKEY_RSA_PSS, "RSA" },
		{ EVP_PKEY_DSA, "DSA" },         { EVP_PKEY_EC, "ECDSA" },
		{ EVP_PKEY_ED25519, "Ed25519" }, { EVP_PKEY_ED448, "Ed448" },
	};
	int id = EVP_PKEY_get_base_id(key);
	int bits = EVP_PKEY_get_bits(key);
	*ret = (struct key_facts){ .algorithm = "?",
				   .bits = bits > 0 ? (unsigned)bits : 0 };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].id == id)
			ret->algorithm = names[i].name;
	}
	if (bits <= 0)
		ERR_clear_error();
}

void key_facts(EVP_PKEY *key, struct key_facts *ret)
{
	key_size(key, ret);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC)
		ret->curve = curve_name(key);
	ERR_clear_error();
}
