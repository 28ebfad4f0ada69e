/* SPDX-License-Identifier: Apache-2.0 */
/* tsa_crl - the word of one CRL about one certificate of a path. */
#include <openssl/x509v3.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "timestamping/x509_der.h"
#include "validation/tsa_status.h"

#define OID_EXPIRED_CERTS_ON_CRL "2.5.29.60"

/* issuer of a CertificateList, without decoding its thousands of entries. */
static bool issuer_name(struct view crl, struct view *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, tbs, t;
	bool present;
	if (tlv_expect(&crl, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "CertificateList",
		       &outer, &ignored) != 0 ||
	    tlv_expect(&outer.body, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "tbsCertList",
		       &tbs, &ignored) != 0 ||
	    tlv_optional(&tbs.body, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, &t, &present,
			 &ignored) != 0 ||
	    tlv_next(&tbs.body, &t, &ignored) != 0 || /* signature */
	    tlv_next(&tbs.body, &t, &ignored) != 0)
		return false;
	*ret = t.whole;
	return true;
}

static bool may_be_of_issuer(const struct tsa_status_query *q, struct view crl)
{
	struct view der;
	if (!issuer_name(crl, &der))
		return false;
	const uint8_t *p = der.p;
	X509_NAME *name = d2i_X509_NAME(NULL, &p, (long)der.n);
	bool same = name != NULL &&
		    X509_NAME_cmp(name, X509_get_issuer_name(q->certificate)) == 0;
	X509_NAME_free(name);
	return same;
}

/* Extensions of the list: any that is critical must be understood. */
static bool extensions_understood(const X509_CRL *crl)
{
	if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0)
		return false; /* not a complete list */
	for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(crl, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (X509_EXTENSION_get_critical(e) &&
		    nid != NID_issuing_distribution_point &&
		    nid != NID_authority_key_identifier && nid != NID_crl_number)
			return false;
	}
	return true;
}

static bool entry_understood(const X509_REVOKED *r)
{
	for (int i = 0; i < X509_REVOKED_get_ext_count(r); i++) {
		X509_EXTENSION *e = X509_REVOKED_get_ext(r, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (X509_EXTENSION_get_critical(e) && nid != NID_crl_reason &&
		    nid != NID_invalidity_date)
			return false;
	}
	return true;
}

/* RFC 5280 5.3: one such entry makes the list useless for every certificate. */
static bool entries_understood(X509_CRL *crl)
{
	STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(crl);
	for (int i = 0; i < sk_X509_REVOKED_num(entries); i++) {
		if (!entry_understood(sk_X509_REVOKED_value(entries, i)))
			return false;
	}
	return true;
}

static bool names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++) {
		for (int j = 0; j < sk_GENERAL_NAME_num(b); j++) {
			if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i),
					     sk_GENERAL_NAME_value(b, j)) == 0)
				return true;
		}
	}
	return false;
}

/* RFC 5280 6.3.3 (b)(2)(i): a partitioned CRL covers its own point only. */
static bool point_is_named(const struct tsa_status_query *q,
			   const DIST_POINT_NAME *name)
{
	if (name->type != 0)
		return false; /* relative names: nobody uses them */
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(q->certificate, NID_crl_distribution_points, NULL, NULL);
	bool found = false;
	for (int i = 0; points != NULL && i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);
		found = found ||
			(p->distpoint != NULL && p->distpoint->type == 0 &&
			 names_meet(p->distpoint->name.fullname, name->name.fullname));
	}
	CRL_DIST_POINTS_free(points);
	return found;
}

static bool scope_covers(const struct tsa_status_query *q, const X509_CRL *crl)
{
	int critical = -1;
	ISSUING_DIST_POINT *idp =
	    X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
	if (idp == NULL)
		return critical == -1; /* absent; else malformed or twice */
	bool ca = X509_check_ca(q->certificate) > 0;
	bool covers = idp->onlysomereasons == NULL && idp->indirectCRL <= 0 &&
		      idp->onlyattr <= 0 && !(idp->onlyuser > 0 && ca) &&
		      !(idp->onlyCA > 0 && !ca) &&
		      (idp->distpoint == NULL || point_is_named(q, idp->distpoint));
	ISSUING_DIST_POINT_free(idp);
	return covers;
}

static bool is_signed_by_issuer(const struct tsa_status_query *q, X509_CRL *crl)
{
	EVP_PKEY *key = X509_get0_pubkey(q->issuer);
	/* All bits are set when the certificate has no key usage. */
	if (key == NULL || (X509_get_key_usage(q->issuer) & KU_CRL_SIGN) == 0)
		return false;
	return X509_CRL_verify(crl, key) == 1;
}

/* expiredCertsOnCRL: entries are kept from then on. */
static int64_t kept_from(const X509_CRL *crl)
{
	int64_t ms = INT64_MAX;
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_EXPIRED_CERTS_ON_CRL, 1);
	int at = oid != NULL ? X509_CRL_get_ext_by_OBJ(crl, oid, -1) : -1;
	ASN1_OBJECT_free(oid);
	if (at < 0)
		return ms;
	const ASN1_OCTET_STRING *value =
	    X509_EXTENSION_get_data(X509_CRL_get_ext(crl, at));
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv t;
	if (tlv_only(view_of(ASN1_STRING_get0_data(value),
			     (size_t)ASN1_STRING_length(value)),
		     &t, &ignored) != 0 ||
	    tlv_time(&t, &ms, &ignored) != 0)
		return INT64_MAX;
	return ms;
}

static int reason_of(const X509_REVOKED *r)
{
	ASN1_ENUMERATED *e = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	int reason = e != NULL ? (int)ASN1_ENUMERATED_get(e) : TSA_STATUS_NO_REASON;
	ASN1_ENUMERATED_free(e);
	return reason;
}

static void read_entry(const struct tsa_status_query *q, X509_CRL *crl,
		       struct tsa_word *w)
{
	X509_REVOKED *r = NULL;
	int found =
	    X509_CRL_get0_by_serial(crl, &r, X509_get0_serialNumber(q->certificate));
	if (found == 1) {
		if (!tsa_status_time(X509_REVOKED_get0_revocationDate(r),
				     &w->revoked_at_ms))
			w->revoked_at_ms = INT64_MIN; /* revoked, at no known time */
		w->reason = reason_of(r);
		w->kind = TSA_WORD_REVOKED;
	} else if (tsa_status_kept(q, w->this_ms, kept_from(crl))) {
		w->kind = TSA_WORD_GOOD;
	}
}

static bool is_usable(const struct tsa_status_query *q, X509_CRL *crl, int64_t *this_ms)
{
	int64_t next_ms;
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	return X509_NAME_cmp(X509_CRL_get_issuer(crl),
			     X509_get_subject_name(q->issuer)) == 0 &&
	       tsa_status_time(X509_CRL_get0_lastUpdate(crl), this_ms) &&
	       (next == NULL ||
		(tsa_status_time(next, &next_ms) && next_ms >= *this_ms)) &&
	       extensions_understood(crl) && scope_covers(q, crl) &&
	       entries_understood(crl) && is_signed_by_issuer(q, crl);
}

int tsa_crl_word(const struct tsa_status_query *q, struct view der,
		 struct tsa_word *ret, struct ltps_error *err)
{
	struct tsa_word w = { .kind = TSA_WORD_NONE, .reason = TSA_STATUS_NO_REASON };
	X509_CRL *crl = NULL;
	if (may_be_of_issuer(q, der)) {
		if (x509_der_crl(der, &crl, err) != 0) {
			if (!x509_der_is_object_fault(err))
				return -1;
			ltps_error_clear(err);
		} else if (is_usable(q, crl, &w.this_ms)) {
			read_entry(q, crl, &w);
		}
	}
	X509_CRL_free(crl);
	if (x509_der_settle(err) != 0)
		return -1;
	*ret = w;
	return 0;
}
