/* SPDX-License-Identifier: Apache-2.0 */
/* tst_check - the checks of a time-stamp token that need no trust. */
#include "timestamping/tst.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "timestamping/signature.h"
#include "timestamping/x509_der.h"

/* SHAKE256 with 512 bits, the companion of Ed448: RFC 8419 2.3, RFC 8702 3.1. */
#define OID_SHAKE256 "2.16.840.1.101.3.4.2.12"
#define OID_SHAKE256_LEN "2.16.840.1.101.3.4.2.18"
#define SHAKE256_OCTETS 64
/* Relative names compared without their order; more is no name of a TSA. */
#define NAME_ENTRIES_MAX 64

struct check {
	const struct tst *tst;
	const struct cms_signer *signer;
	const struct view *candidates;
	size_t n_candidates;
	struct view certificate; /* original bytes of ret->signer */
	struct tst_intact *ret;
};

static void note(struct check *c, enum tst_defect defect, const char *clause)
{
	if (c->ret->defect != TST_OK)
		return;
	c->ret->defect = defect;
	c->ret->clause = clause;
}

/*
 * The only value of a signed attribute; n == 0 when there is none or several:
 * either way there is nothing to rely on.
 */
static int find_attribute(const struct check *c, const char *oid,
			  struct view *ret_value, bool *ret_several,
			  struct ltps_error *err)
{
	*ret_several = false;
	*ret_value = VIEW_NULL;
	if (cms_attr_one(&c->signer->signed_attrs, oid, ret_value, err) == 0)
		return 0;
	if (!x509_der_is_object_fault(err))
		return -1;
	ltps_error_clear(err);
	*ret_value = VIEW_NULL;
	*ret_several = true;
	return 0;
}

/* ---- references to the signing certificate ---- */

enum reference {
	REFERENCE_ABSENT,
	REFERENCE_MATCHES,
	REFERENCE_DIFFERS,
	REFERENCE_UNKNOWN_DIGEST,
};

/* hashAlgorithm of an ESSCertIDv2: SHA-256 when left out (RFC 5035 4). */
static int read_reference_digest(struct view *cursor, enum digest_alg *ret,
				 struct ltps_error *err)
{
	struct tlv algorithm, oid;
	bool present;
	*ret = DIGEST_SHA256;
	if (tlv_optional(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &algorithm,
			 &present, err) != 0)
		return -1;
	if (!present)
		return 0;
	if (tlv_expect(&algorithm.body, ASN1_UNIVERSAL, ASN1_TAG_OID, "hashAlgorithm",
		       &oid, err) != 0)
		return -1;
	*ret = digest_from_oid(oid.body);
	return 0;
}

/* Hash and its algorithm of the first ESSCertID or ESSCertIDv2. */
static int read_reference(struct view value, bool v2, enum digest_alg *alg,
			  struct view *hash, struct ltps_error *err)
{
	struct tlv t;
	struct view cursor = value;
	/* SigningCertificate, its certs, the first of them */
	for (int depth = 0; depth < 3; depth++) {
		if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE,
			       "signing-certificate", &t, err) != 0)
			return -1;
		cursor = t.body;
	}
	*alg = DIGEST_SHA1;
	if (v2 && read_reference_digest(&cursor, alg, err) != 0)
		return -1;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "certHash", &t,
		       err) != 0)
		return -1;
	*hash = t.body;
	return 0;
}

static int compare_reference(struct view value, bool v2, struct view certificate,
			     enum reference *ret, struct ltps_error *err)
{
	enum digest_alg alg;
	struct view hash;
	struct digest d;
	if (read_reference(value, v2, &alg, &hash, err) != 0) {
		ltps_error_clear(err);
		*ret = REFERENCE_DIFFERS;
		return 0;
	}
	if (alg == DIGEST_NONE) {
		*ret = REFERENCE_UNKNOWN_DIGEST;
		return 0;
	}
	if (digest_once(alg, certificate, &d, err) != 0)
		return -1;
	*ret =
	    view_equal(hash, digest_view(&d)) ? REFERENCE_MATCHES : REFERENCE_DIFFERS;
	return 0;
}

static int check_reference(const struct check *c, const char *oid, bool v2,
			   struct view certificate, enum reference *ret,
			   struct ltps_error *err)
{
	struct view value;
	bool several;
	if (find_attribute(c, oid, &value, &several, err) != 0)
		return -1;
	if (value.n > 0)
		return compare_reference(value, v2, certificate, ret, err);
	*ret = several ? REFERENCE_DIFFERS : REFERENCE_ABSENT;
	return 0;
}

static int check_references(const struct check *c, struct view certificate,
			    enum reference *v1, enum reference *v2,
			    struct ltps_error *err)
{
	if (check_reference(c, OID_SIGNING_CERTIFICATE, false, certificate, v1, err) !=
	    0)
		return -1;
	return check_reference(c, OID_SIGNING_CERTIFICATE_V2, true, certificate, v2,
			       err);
}

/* ---- the signer's certificate ---- */

static bool issuer_matches(const struct check *c, const X509 *x)
{
	const uint8_t *p = c->signer->issuer.p;
	X509_NAME *issuer = d2i_X509_NAME(NULL, &p, (long)c->signer->issuer.n);
	bool same =
	    issuer != NULL && X509_NAME_cmp(issuer, X509_get_issuer_name(x)) == 0;
	X509_NAME_free(issuer);
	return same;
}

static bool key_id_matches(const struct check *c, X509 *x)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(x);
	return id != NULL &&
	       view_equal(c->signer->ski, view_of(ASN1_STRING_get0_data(id),
						  (size_t)ASN1_STRING_length(id)));
}

/* Cheap look before a certificate is decoded: there may be thousands. What it cannot
 * read is left to the decoder. */
static bool may_be_signer(const struct check *c, struct view der)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view serial, id;
	if (der.n == 0 || der.p[0] != DER_SEQUENCE)
		return false;
	if (c->signer->ski.n > 0)
		return x509_der_key_id(der, &id, &ignored) != 0 ||
		       view_equal(id, c->signer->ski);
	return x509_der_serial(der, &serial, &ignored) == 0 &&
	       view_equal(serial, c->signer->serial);
}

/*
 * Take this certificate when SignerIdentifier names it. Several may bear the
 * same name and number: one that the signed reference names goes first, and no
 * other is decoded once there is one.
 */
static int consider(struct check *c, struct view der, bool *settled,
		    struct ltps_error *err)
{
	X509 *x = NULL;
	enum reference v1, v2;
	if (!may_be_signer(c, der))
		return 0;
	if (check_references(c, der, &v1, &v2, err) != 0)
		return -1;
	bool referenced = v1 == REFERENCE_MATCHES || v2 == REFERENCE_MATCHES;
	if (c->ret->signer != NULL && !referenced)
		return 0;
	if (x509_der_certificate(der, &x, err) != 0) {
		if (!x509_der_is_object_fault(err))
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	if (c->signer->ski.n > 0 ? key_id_matches(c, x) : issuer_matches(c, x)) {
		X509_free(c->ret->signer);
		c->ret->signer = x;
		c->certificate = der;
		x = NULL;
		*settled = referenced;
	}
	X509_free(x);
	return 0;
}

static int find_signer(struct check *c, struct ltps_error *err)
{
	const struct cms *cms = c->tst->cms;
	bool settled = false;
	for (size_t i = 0; i < cms->n_certs && !settled; i++) {
		if (consider(c, cms->certs[i], &settled, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < c->n_candidates && !settled; i++) {
		if (consider(c, c->candidates[i], &settled, err) != 0)
			return -1;
	}
	if (c->ret->signer == NULL)
		note(c, TST_NO_SIGNER_CERTIFICATE, "RFC 5652 5.3");
	return 0;
}

/* ---- signed attributes and value ---- */

static int check_content_type(struct check *c, struct ltps_error *err)
{
	struct view value;
	struct tlv t;
	bool several;
	if (find_attribute(c, OID_CONTENT_TYPE, &value, &several, err) != 0)
		return -1;
	if (value.n > 0 && tlv_only(value, &t, err) == 0 &&
	    tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OID) && oid_is(t.body, OID_TST_INFO))
		return 0;
	ltps_error_clear(err);
	note(c, TST_CONTENT_TYPE, "RFC 5652 11.1");
	return 0;
}

/* DIGEST_NONE and *shake for SHAKE256, or when unknown. */
static enum digest_alg message_digest_algorithm(const struct check *c, bool *shake)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view cursor = c->signer->digest_algorithm;
	struct tlv outer, oid;
	*shake = false;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "digestAlgorithm",
		       &outer, &ignored) != 0)
		return DIGEST_NONE;
	cursor = outer.body;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_OID, "digestAlgorithm", &oid,
		       &ignored) != 0)
		return DIGEST_NONE;
	*shake = oid_is(oid.body, OID_SHAKE256) || oid_is(oid.body, OID_SHAKE256_LEN);
	return digest_from_oid(oid.body);
}

static int compute_shake(struct view data, struct digest *ret, struct ltps_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_shake256(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, data.p, data.n) == 1 &&
		  EVP_DigestFinalXOF(ctx, ret->p, SHAKE256_OCTETS) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "SHAKE256");
	ret->n = SHAKE256_OCTETS;
	return 0;
}

static int compute_message_digest(struct check *c, struct digest *ret, bool *known,
				  struct ltps_error *err)
{
	bool shake;
	enum digest_alg alg = message_digest_algorithm(c, &shake);
	*known = true;
	if (shake)
		return compute_shake(c->tst->cms->content, ret, err);
	if (digest_evp(alg) != NULL)
		return digest_once(alg, c->tst->cms->content, ret, err);
	*known = false;
	return 0;
}

static int check_message_digest(struct check *c, bool *intact, struct ltps_error *err)
{
	struct view value;
	struct tlv t;
	struct digest d = { 0 };
	bool several, known;
	*intact = false;
	if (find_attribute(c, OID_MESSAGE_DIGEST, &value, &several, err) != 0 ||
	    compute_message_digest(c, &d, &known, err) != 0)
		return -1;
	if (!known) {
		note(c, TST_ALGORITHM, "RFC 5652 5.4");
		return 0;
	}
	if (value.n > 0 && tlv_only(value, &t, err) == 0 &&
	    tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING) &&
	    view_equal(t.body, digest_view(&d))) {
		*intact = true;
		return 0;
	}
	ltps_error_clear(err);
	note(c, TST_MESSAGE_DIGEST, "RFC 5652 11.2");
	return 0;
}

/*
 * A token signs over attributes (RFC 5652 5.3: they must be there for a content
 * that is not id-data); a value without them is none of its.
 */
static int verify_value(struct check *c, EVP_PKEY *key, enum signature_verdict *ret,
			struct ltps_error *err)
{
	struct buf signed_bytes = buf_make(TST_SIZE_MAX);
	bool shake;
	if (c->signer->signed_attrs.whole.n == 0) {
		*ret = SIGNATURE_INVALID;
		return 0;
	}
	int rc = cms_signed_attrs_der(c->signer, &signed_bytes, err);
	if (rc == 0) {
		rc = signature_verify(
		    c->signer->signature_algorithm, message_digest_algorithm(c, &shake),
		    key, view_buf(&signed_bytes), c->signer->signature, ret, err);
	} else if (x509_der_is_object_fault(err) || err->code == LTPS_TOO_LARGE) {
		ltps_error_clear(err);
		*ret = SIGNATURE_INVALID;
		rc = 0;
	}
	buf_free(&signed_bytes);
	return rc;
}

static int check_signature(struct check *c, bool digest_intact, struct ltps_error *err)
{
	enum signature_verdict verdict = SIGNATURE_UNSUPPORTED;
	if (c->ret->signer == NULL)
		return 0;
	EVP_PKEY *key = X509_get0_pubkey(c->ret->signer);
	if (key != NULL && verify_value(c, key, &verdict, err) != 0)
		return -1;
	if (verdict == SIGNATURE_UNSUPPORTED)
		note(c, TST_ALGORITHM, "RFC 5652 5.6");
	else if (verdict == SIGNATURE_INVALID)
		note(c, TST_SIGNATURE, "RFC 5652 5.6");
	c->ret->signature_intact = digest_intact && verdict == SIGNATURE_VALID;
	return 0;
}

/* ---- what the certificate must say ---- */

static int check_certificate_reference(struct check *c, struct ltps_error *err)
{
	enum reference v1, v2;
	if (c->ret->signer == NULL)
		return 0;
	if (check_references(c, c->certificate, &v1, &v2, err) != 0)
		return -1;
	if (v1 == REFERENCE_ABSENT && v2 == REFERENCE_ABSENT)
		note(c, TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE, "RFC 5816 2.2.1");
	else if (v1 == REFERENCE_DIFFERS || v2 == REFERENCE_DIFFERS)
		note(c, TST_SIGNING_CERTIFICATE_MISMATCH, "RFC 5816 2.2.1");
	else if (v1 == REFERENCE_UNKNOWN_DIGEST || v2 == REFERENCE_UNKNOWN_DIGEST)
		note(c, TST_ALGORITHM, "RFC 5035 4");
	return 0;
}

static void check_extended_key_usage(struct check *c)
{
	int critical = -1;
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(c->ret->signer, NID_ext_key_usage, &critical, NULL);
	bool good = eku != NULL && critical == 1 && sk_ASN1_OBJECT_num(eku) == 1 &&
		    OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, 0)) == NID_time_stamp;
	EXTENDED_KEY_USAGE_free(eku);
	if (!good)
		note(c, TST_EXTENDED_KEY_USAGE, "RFC 3161 2.3");
}

/* digitalSignature (bit 0) and nonRepudiation (bit 1), nothing else. */
static bool is_signing_usage(const ASN1_BIT_STRING *usage)
{
	bool signs = false;
	for (int bit = 0; bit < ASN1_STRING_length(usage) * 8; bit++) {
		if (!ASN1_BIT_STRING_get_bit(usage, bit))
			continue;
		if (bit > 1)
			return false;
		signs = true;
	}
	return signs;
}

static void check_key_usage(struct check *c)
{
	int critical = -1;
	ASN1_BIT_STRING *usage =
	    X509_get_ext_d2i(c->ret->signer, NID_key_usage, &critical, NULL);
	bool absent = usage == NULL && critical == -1;
	if (!absent && (usage == NULL || !is_signing_usage(usage)))
		note(c, TST_KEY_USAGE, "RFC 3161 2.3");
	ASN1_BIT_STRING_free(usage);
}

static bool entry_matches(const X509_NAME_ENTRY *a, const X509_NAME_ENTRY *b)
{
	X509_NAME *x = X509_NAME_new(), *y = X509_NAME_new();
	bool same = x != NULL && y != NULL && X509_NAME_add_entry(x, a, -1, 0) == 1 &&
		    X509_NAME_add_entry(y, b, -1, 0) == 1 && X509_NAME_cmp(x, y) == 0;
	X509_NAME_free(x);
	X509_NAME_free(y);
	return same;
}

/*
 * The same name, or the same parts in another order: some TSAs write the
 * hint last part first, and RFC 3161 asks only that it "correspond".
 */
static bool names_correspond(const X509_NAME *a, const X509_NAME *b)
{
	bool used[NAME_ENTRIES_MAX] = { false };
	int n = X509_NAME_entry_count(a);
	if (X509_NAME_cmp(a, b) == 0)
		return true;
	if (n != X509_NAME_entry_count(b) || n > NAME_ENTRIES_MAX)
		return false;
	for (int i = 0; i < n; i++) {
		int j = 0;
		while (j < n && (used[j] || !entry_matches(X509_NAME_get_entry(a, i),
							   X509_NAME_get_entry(b, j))))
			j++;
		if (j == n)
			return false;
		used[j] = true;
	}
	return true;
}

static bool is_alternative_name(const GENERAL_NAMES *names, GENERAL_NAME *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), name) == 0)
			return true;
	}
	return false;
}

static bool is_name_of_signer(const struct check *c, GENERAL_NAME *name)
{
	if (name->type == GEN_DIRNAME &&
	    names_correspond(name->d.directoryName,
			     X509_get_subject_name(c->ret->signer)))
		return true;
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(c->ret->signer, NID_subject_alt_name, NULL, NULL);
	bool found = names != NULL && is_alternative_name(names, name);
	GENERAL_NAMES_free(names);
	return found;
}

static void check_tsa_name(struct check *c)
{
	const uint8_t *p = c->tst->tsa.p;
	if (c->tst->tsa.n == 0)
		return;
	GENERAL_NAME *name = d2i_GENERAL_NAME(NULL, &p, (long)c->tst->tsa.n);
	if (name == NULL || !is_name_of_signer(c, name))
		note(c, TST_TSA_NAME, "RFC 5816 2.2.2");
	GENERAL_NAME_free(name);
}

static int run_checks(struct check *c, struct ltps_error *err)
{
	bool digest_intact;
	if (find_signer(c, err) != 0 || check_content_type(c, err) != 0 ||
	    check_message_digest(c, &digest_intact, err) != 0 ||
	    check_signature(c, digest_intact, err) != 0 ||
	    check_certificate_reference(c, err) != 0)
		return -1;
	if (c->ret->signer != NULL) {
		check_extended_key_usage(c);
		check_key_usage(c);
		check_tsa_name(c);
	}
	if (c->tst->critical_extension)
		note(c, TST_CRITICAL_EXTENSION, "RFC 5280 4.2");
	return x509_der_settle(err);
}

static int check_once(const struct tst *tst, const struct view *candidates,
		      size_t n_candidates, struct tst_intact *ret,
		      struct ltps_error *err)
{
	struct tst_intact result = { 0 };
	struct check c = {
		.tst = tst,
		.signer = &tst->cms->signers[0],
		.candidates = candidates,
		.n_candidates = n_candidates,
		.ret = &result,
	};
	if (run_checks(&c, err) != 0) {
		ERR_clear_error();
		tst_intact_clear(&result);
		return -1;
	}
	*ret = result;
	return 0;
}

/*
 * OpenSSL hides some failed allocations (a public key that it could not build
 * looks like an unknown one), so a defect must be found twice to be believed.
 */
int tst_check(const struct tst *tst, const struct view *candidates, size_t n_candidates,
	      struct tst_intact *ret, struct ltps_error *err)
{
	struct tst_intact first = { 0 };
	struct tst_intact again = { 0 };
	if (check_once(tst, candidates, n_candidates, &first, err) != 0)
		return -1;
	if (first.defect == TST_OK) {
		*ret = first;
		return 0;
	}
	int rc = check_once(tst, candidates, n_candidates, &again, err);
	if (rc == 0 && again.defect != first.defect)
		rc = ltps_fail_nomem(err);
	tst_intact_clear(&first);
	if (rc == 0)
		*ret = again;
	else
		tst_intact_clear(&again);
	return rc;
}

void tst_intact_clear(struct tst_intact *r)
{
	if (r == NULL)
		return;
	X509_free(r->signer);
	*r = (struct tst_intact){ 0 };
}

static const struct {
	const char *name;
	const char *text;
} defects[] = {
	[TST_OK] = { "TST_OK", "the token is intact" },
	[TST_NO_SIGNER_CERTIFICATE] = { "TST_NO_SIGNER_CERTIFICATE",
					"the certificate of the signer is not at "
					"hand" },
	[TST_MESSAGE_DIGEST] = { "TST_MESSAGE_DIGEST",
				 "the signed digest is not that of the TSTInfo" },
	[TST_CONTENT_TYPE] = { "TST_CONTENT_TYPE",
			       "the signed content type is not TSTInfo" },
	[TST_SIGNATURE] = { "TST_SIGNATURE", "the signature value does not verify" },
	[TST_ALGORITHM] = { "TST_ALGORITHM",
			    "an algorithm of the signature cannot be computed" },
	[TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE] = { "TST_NO_SIGNING_CERTIFICATE_"
						   "ATTRIBUTE",
						   "no signed attribute names the "
						   "certificate of the TSA" },
	[TST_SIGNING_CERTIFICATE_MISMATCH] = { "TST_SIGNING_CERTIFICATE_MISMATCH",
					       "the signed attribute names another "
					       "certificate" },
	[TST_EXTENDED_KEY_USAGE] = { "TST_EXTENDED_KEY_USAGE",
				     "the extended key usage of the certificate is not "
				     "time-stamping alone, "
				     "critical" },
	[TST_KEY_USAGE] = { "TST_KEY_USAGE",
			    "the key usage of the certificate is not signing alone" },
	[TST_TSA_NAME] = { "TST_TSA_NAME", "the TSA named in the token is not that of "
					   "the certificate" },
	[TST_CRITICAL_EXTENSION] = { "TST_CRITICAL_EXTENSION",
				     "the token has an unknown critical extension" },
};

#define N_DEFECTS (sizeof(defects) / sizeof(defects[0]))

const char *tst_defect_name(enum tst_defect d)
{
	return (size_t)d < N_DEFECTS ? defects[d].name : "?";
}

const char *tst_defect_text(enum tst_defect d)
{
	return (size_t)d < N_DEFECTS ? defects[d].text : "?";
}
