/* SPDX-License-Identifier: Apache-2.0 */
/* tsa_ocsp - the word of one OCSP response about one certificate of a path. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "formats/cms.h"
#include "timestamping/signature.h"
#include "timestamping/x509_der.h"
#include "validation/tsa_status.h"

/* A BasicOCSPResponse over its original bytes: what was signed, and how. */
struct signed_bytes {
	struct view tbs;
	struct view algorithm;
	struct view value;
};

struct response {
	const struct tsa_status_query *q;
	struct signed_bytes bytes;
	OCSP_BASICRESP *basic;
	int64_t produced_ms;
};

/* BIT STRING of whole octets. */
static bool bit_string(const struct tlv *t, struct view *ret)
{
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_BIT_STRING) || t->constructed ||
	    t->body.n < 1 || t->body.p[0] != 0)
		return false;
	*ret = view_skip(t->body, 1);
	return true;
}

/* Down to the BasicOCSPResponse, RFC 6960 4.2.1; primitive strings only. */
static bool find_signed_bytes(struct view der, struct signed_bytes *ret)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct tlv outer, status, tagged, bytes, t, basic;
	if (tlv_only(der, &outer, &e) != 0 || tlv_next(&outer.body, &status, &e) != 0 ||
	    tlv_expect(&outer.body, ASN1_CONTEXT, 0, "responseBytes", &tagged, &e) !=
		0 ||
	    tlv_only(tagged.body, &bytes, &e) != 0 ||
	    tlv_expect(&bytes.body, ASN1_UNIVERSAL, ASN1_TAG_OID, "responseType", &t,
		       &e) != 0 ||
	    !oid_is(t.body, OID_PKIX_OCSP_BASIC) ||
	    tlv_expect(&bytes.body, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "response",
		       &t, &e) != 0 ||
	    t.constructed || tlv_only(t.body, &basic, &e) != 0 ||
	    tlv_next(&basic.body, &t, &e) != 0)
		return false;
	ret->tbs = t.whole;
	if (tlv_next(&basic.body, &t, &e) != 0)
		return false;
	ret->algorithm = t.whole;
	return tlv_next(&basic.body, &t, &e) == 0 && bit_string(&t, &ret->value);
}

/* ---- which certificate is meant ---- */

static bool equals_octets(const ASN1_OCTET_STRING *s, const struct digest *d)
{
	return view_equal(
	    view_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)),
	    digest_view(d));
}

static struct view key_bits(const X509 *x)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(x);
	if (bits == NULL)
		return VIEW_NULL;
	return view_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
}

static struct view name_bytes(const X509_NAME *name)
{
	const unsigned char *p;
	size_t n;
	return X509_NAME_get0_der(name, &p, &n) == 1 ? view_of(p, n) : VIEW_NULL;
}

static enum digest_alg digest_of_object(const ASN1_OBJECT *oid)
{
	return digest_from_oid(view_of(OBJ_get0_data(oid), OBJ_length(oid)));
}

/* certID: hashes of the issuer's name and key, and the serial number. */
static int is_meant(const struct tsa_status_query *q, const OCSP_SINGLERESP *single,
		    bool *ret, struct ltps_error *err)
{
	ASN1_OCTET_STRING *name_hash, *key_hash;
	ASN1_OBJECT *md;
	ASN1_INTEGER *serial;
	struct digest name, key;
	/* The accessor takes no const, but changes nothing. */
	union {
		const OCSP_CERTID *c;
		OCSP_CERTID *p;
	} id = { .c = OCSP_SINGLERESP_get0_id(single) };
	*ret = false;
	if (OCSP_id_get0_info(&name_hash, &md, &key_hash, &serial, id.p) != 1 ||
	    ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(q->certificate)) != 0)
		return 0;
	enum digest_alg alg = digest_of_object(md);
	if (digest_evp(alg) == NULL)
		return 0;
	if (digest_once(alg, name_bytes(X509_get_issuer_name(q->certificate)), &name,
			err) != 0 ||
	    digest_once(alg, key_bits(q->issuer), &key, err) != 0)
		return -1;
	*ret = equals_octets(name_hash, &name) && equals_octets(key_hash, &key);
	return 0;
}

/* ---- who signed ---- */

/* responderID: byName, or byKey as SHA-1 of the key (RFC 6960 4.2.1). */
static int is_responder(const struct response *r, const X509 *x, bool *ret,
			struct ltps_error *err)
{
	const ASN1_OCTET_STRING *id = NULL;
	const X509_NAME *name = NULL;
	struct digest d;
	*ret = false;
	if (OCSP_resp_get0_id(r->basic, &id, &name) != 1)
		return 0;
	if (name != NULL) {
		*ret = X509_NAME_cmp(name, X509_get_subject_name(x)) == 0;
		return 0;
	}
	if (digest_once(DIGEST_SHA1, key_bits(x), &d, err) != 0)
		return -1;
	*ret = equals_octets(id, &d);
	return 0;
}

static bool is_valid_at(const X509 *x, int64_t t_ms)
{
	int64_t begin, end;
	return tsa_status_time(X509_get0_notBefore(x), &begin) &&
	       tsa_status_time(X509_get0_notAfter(x), &end) && begin <= t_ms &&
	       t_ms <= end;
}

/* RFC 6960 4.2.2.2: issued directly by the CA, with the same key. */
static bool is_delegated(const struct tsa_status_query *q, X509 *x)
{
	EVP_PKEY *ca_key = X509_get0_pubkey(q->issuer);
	uint32_t flags = X509_get_extension_flags(x);
	if ((flags & (EXFLAG_INVALID | EXFLAG_CRITICAL)) != 0 ||
	    (flags & EXFLAG_XKUSAGE) == 0 ||
	    (X509_get_extended_key_usage(x) & XKU_OCSP_SIGN) == 0 ||
	    (X509_get_key_usage(x) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return false;
	return X509_NAME_cmp(X509_get_issuer_name(x),
			     X509_get_subject_name(q->issuer)) == 0 &&
	       ca_key != NULL && X509_verify(x, ca_key) == 1;
}

static int verifies_with(const struct response *r, X509 *x, bool *ret,
			 struct ltps_error *err)
{
	enum signature_verdict verdict;
	EVP_PKEY *key = X509_get0_pubkey(x);
	*ret = false;
	if (key == NULL)
		return x509_der_settle(err);
	if (signature_verify(r->bytes.algorithm, DIGEST_NONE, key, r->bytes.tbs,
			     r->bytes.value, &verdict, err) != 0)
		return -1;
	*ret = verdict == SIGNATURE_VALID;
	return 0;
}

enum standing { RESPONDER_ISSUER, RESPONDER_DELEGATED, RESPONDER_UNKNOWN };

/* This certificate as the signer of the response: named, entitled, fitting. */
static int try_responder(const struct response *r, X509 *x, enum standing standing,
			 bool *ret, struct ltps_error *err)
{
	bool named;
	*ret = false;
	if (is_responder(r, x, &named, err) != 0)
		return -1;
	if (!named ||
	    (standing != RESPONDER_ISSUER && !is_valid_at(x, r->produced_ms)) ||
	    (standing == RESPONDER_UNKNOWN && !is_delegated(r->q, x)))
		return 0;
	return verifies_with(r, x, ret, err);
}

static int try_all(const struct response *r, const STACK_OF(X509) * all,
		   enum standing standing, bool *ret, struct ltps_error *err)
{
	*ret = false;
	for (int i = 0; i < sk_X509_num(all) && !*ret; i++) {
		if (try_responder(r, sk_X509_value(all, i), standing, ret, err) != 0)
			return -1;
	}
	return 0;
}

static int is_authentic(const struct response *r, bool *ret, struct ltps_error *err)
{
	const STACK_OF(X509) *inside = OCSP_resp_get0_certs(r->basic);
	if (try_responder(r, r->q->issuer, RESPONDER_ISSUER, ret, err) != 0)
		return -1;
	if (!*ret && try_all(r, inside, RESPONDER_UNKNOWN, ret, err) != 0)
		return -1;
	return *ret ? 0 : try_all(r, r->q->responders, RESPONDER_DELEGATED, ret, err);
}

/* Keeps the certificate when it is entitled. */
static int keep_delegated(const struct tsa_status_query *q, struct view der,
			  STACK_OF(X509) * all, struct ltps_error *err)
{
	X509 *x = NULL;
	int rc = 0;
	if (x509_der_certificate(der, &x, err) != 0)
		return -1; /* it did decode when it was added */
	if (is_delegated(q, x)) {
		if (sk_X509_push(all, x) > 0)
			x = NULL;
		else
			rc = ltps_fail_nomem(err);
	}
	X509_free(x);
	return rc == 0 ? x509_der_settle(err) : rc;
}

int tsa_ocsp_responders(const struct tsa_status_query *q, STACK_OF(X509) * *ret,
			struct ltps_error *err)
{
	const struct material *m = q->material;
	STACK_OF(X509) *all = sk_X509_new_null();
	if (all == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < material_count(m, MATERIAL_CERT); i++) {
		if (keep_delegated(q, material_at(m, MATERIAL_CERT, i), all, err) !=
		    0) {
			sk_X509_pop_free(all, X509_free);
			ERR_clear_error();
			return -1;
		}
	}
	*ret = all;
	return 0;
}

/* ---- what it says ---- */

static bool basic_understood(OCSP_BASICRESP *basic)
{
	for (int i = 0; i < OCSP_BASICRESP_get_ext_count(basic); i++) {
		X509_EXTENSION *e = OCSP_BASICRESP_get_ext(basic, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (X509_EXTENSION_get_critical(e) && nid != NID_id_pkix_OCSP_Nonce)
			return false;
	}
	return true;
}

static bool single_understood(OCSP_SINGLERESP *single)
{
	for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(single); i++) {
		X509_EXTENSION *e = OCSP_SINGLERESP_get_ext(single, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (X509_EXTENSION_get_critical(e) &&
		    nid != NID_id_pkix_OCSP_archiveCutoff &&
		    nid != NID_id_pkix_OCSP_CrlID)
			return false;
	}
	return true;
}

static int64_t archive_cutoff(OCSP_SINGLERESP *single)
{
	int64_t ms = INT64_MAX;
	ASN1_GENERALIZEDTIME *t = OCSP_SINGLERESP_get1_ext_d2i(
	    single, NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
	if (t != NULL && !tsa_status_time(t, &ms))
		ms = INT64_MAX;
	ASN1_GENERALIZEDTIME_free(t);
	return ms;
}

static void read_single(const struct response *r, OCSP_SINGLERESP *single,
			struct tsa_word *w)
{
	int reason = TSA_STATUS_NO_REASON;
	ASN1_GENERALIZEDTIME *revoked = NULL, *this = NULL, *next = NULL;
	int64_t next_ms;
	int status = OCSP_single_get0_status(single, &reason, &revoked, &this, &next);
	if (!single_understood(single) || !tsa_status_time(this, &w->this_ms) ||
	    (next != NULL &&
	     (!tsa_status_time(next, &next_ms) || next_ms < w->this_ms)))
		return;
	if (status == V_OCSP_CERTSTATUS_REVOKED) {
		if (!tsa_status_time(revoked, &w->revoked_at_ms))
			w->revoked_at_ms = INT64_MIN;
		w->reason = reason;
		w->kind = TSA_WORD_REVOKED;
	} else if (status == V_OCSP_CERTSTATUS_GOOD &&
		   tsa_status_kept(r->q, w->this_ms, archive_cutoff(single))) {
		w->kind = TSA_WORD_GOOD;
	}
}

/* The first SingleResponse that means our certificate; NULL when none does. */
static int find_single(const struct response *r, OCSP_SINGLERESP **ret,
		       struct ltps_error *err)
{
	*ret = NULL;
	for (int i = 0; i < OCSP_resp_count(r->basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(r->basic, i);
		bool meant;
		if (is_meant(r->q, single, &meant, err) != 0)
			return -1;
		if (meant) {
			*ret = single;
			return 0;
		}
	}
	return 0;
}

static int read_basic(struct response *r, struct tsa_word *w, struct ltps_error *err)
{
	OCSP_SINGLERESP *single;
	bool authentic;
	if (!basic_understood(r->basic) ||
	    !tsa_status_time(OCSP_resp_get0_produced_at(r->basic), &r->produced_ms) ||
	    r->produced_ms > r->q->now_ms + TSA_STATUS_SKEW_MS)
		return 0;
	if (find_single(r, &single, err) != 0)
		return -1;
	if (single == NULL)
		return 0;
	if (is_authentic(r, &authentic, err) != 0)
		return -1;
	if (authentic)
		read_single(r, single, w);
	return 0;
}

int tsa_ocsp_word(const struct tsa_status_query *q, struct view der,
		  struct tsa_word *ret, struct ltps_error *err)
{
	struct tsa_word w = { .kind = TSA_WORD_NONE, .reason = TSA_STATUS_NO_REASON };
	struct response r = { .q = q };
	OCSP_RESPONSE *response = NULL;
	int rc = 0;
	if (x509_der_ocsp(der, &response, err) != 0)
		return -1; /* it did decode when it was added */
	if (OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL &&
	    find_signed_bytes(der, &r.bytes)) {
		r.basic = OCSP_response_get1_basic(response);
		if (r.basic != NULL)
			rc = read_basic(&r, &w, err);
	}
	OCSP_BASICRESP_free(r.basic);
	OCSP_RESPONSE_free(response);
	if (rc != 0) {
		ERR_clear_error();
		return -1;
	}
	if (x509_der_settle(err) != 0)
		return -1;
	*ret = w;
	return 0;
}
