/* SPDX-License-Identifier: Apache-2.0 */
/* crl - full certificate revocation lists (RFC 5280 5). */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "devpki/inside.h"

/* ITU-T X.509 9.5.2.8; OpenSSL has no name for it. */
#define OID_EXPIRED_CERTS_ON_CRL "2.5.29.60"
/* The time alone: tag, length, "YYYYMMDDHHMMSSZ". */
#define TIME_DER_MAX 32

/* reasonCode; absent is a value of its own for time-stamps (RFC 3161 4). */
static int put_reason(X509_REVOKED *r, enum devpki_reason reason)
{
	ASN1_ENUMERATED *e;
	int ok;
	if (reason == DEVPKI_REASON_ABSENT)
		return 1;
	e = ASN1_ENUMERATED_new();
	ok = e != NULL && ASN1_ENUMERATED_set(e, reason) == 1 &&
	     X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0) == 1;
	ASN1_ENUMERATED_free(e);
	return ok;
}

static int put_entry(X509_CRL *crl, const struct devpki_cert *c, struct ltps_error *err)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *at = devpki_time(c->revoked_ms);
	int ok =
	    r != NULL && at != NULL &&
	    X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(c->x509)) == 1 &&
	    X509_REVOKED_set_revocationDate(r, at) == 1 && put_reason(r, c->reason) &&
	    X509_CRL_add0_revoked(crl, r) == 1;
	ASN1_TIME_free(at);
	if (ok)
		return 0;
	X509_REVOKED_free(r);
	return devpki_fail_crypto(err, "making a CRL entry");
}

static int put_entries(const struct devpki *p, const struct devpki_cert *ca,
		       int64_t now_ms, X509_CRL *crl, struct ltps_error *err)
{
	for (size_t i = 0; i < p->n_cert; i++) {
		const struct devpki_cert *c = p->cert[i];
		if (c->issuer == ca && devpki_is_revoked(c, now_ms) &&
		    put_entry(crl, c, err) != 0)
			return -1;
	}
	if (X509_CRL_sort(crl) != 1)
		return devpki_fail_crypto(err, "sorting a CRL");
	return 0;
}

static int put_times(X509_CRL *crl, int64_t this_ms, int64_t next_ms,
		     struct ltps_error *err)
{
	ASN1_TIME *this_update = devpki_time(this_ms);
	ASN1_TIME *next_update = devpki_time(next_ms);
	int ok = this_update != NULL && next_update != NULL &&
		 X509_CRL_set1_lastUpdate(crl, this_update) == 1 &&
		 X509_CRL_set1_nextUpdate(crl, next_update) == 1;
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(this_update);
	return ok ? 0 : devpki_fail_crypto(err, "setting the times of a CRL");
}

/* The list names the expired too, from the beginning of its CA on. */
static int put_expired(const struct devpki_cert *ca, X509_CRL *crl,
		       struct ltps_error *err)
{
	ASN1_GENERALIZEDTIME *from =
	    ASN1_TIME_to_generalizedtime(X509_get0_notBefore(ca->x509), NULL);
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_EXPIRED_CERTS_ON_CRL, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char der[TIME_DER_MAX];
	unsigned char *end = der;
	X509_EXTENSION *e = NULL;
	int n = from != NULL ? i2d_ASN1_GENERALIZEDTIME(from, NULL) : 0;
	int ok = oid != NULL && value != NULL && n > 0 && n <= (int)sizeof(der) &&
		 i2d_ASN1_GENERALIZEDTIME(from, &end) == n &&
		 ASN1_OCTET_STRING_set(value, der, n) == 1 &&
		 (e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value)) != NULL &&
		 X509_CRL_add_ext(crl, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	ASN1_GENERALIZEDTIME_free(from);
	return ok ? 0 : devpki_fail_crypto(err, "making a CRL extension");
}

static int put_extensions(struct devpki *p, const struct devpki_cert *ca, X509_CRL *crl,
			  struct ltps_error *err)
{
	X509V3_CTX ctx;
	X509_EXTENSION *aki;
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	uint64_t n = 0;
	int ok;
	if (devpki_store_crl_number(p, &n, err) != 0) {
		ASN1_INTEGER_free(number);
		return -1;
	}
	X509V3_set_ctx(&ctx, ca->x509, NULL, NULL, crl, 0);
	aki = X509V3_EXT_nconf_nid(NULL, &ctx, NID_authority_key_identifier,
				   "keyid:always");
	ok = aki != NULL && X509_CRL_add_ext(crl, aki, -1) == 1 && number != NULL &&
	     ASN1_INTEGER_set_uint64(number, n) == 1 &&
	     X509_CRL_add1_ext_i2d(crl, NID_crl_number, number, 0, 0) == 1;
	X509_EXTENSION_free(aki);
	ASN1_INTEGER_free(number);
	if (!ok)
		return devpki_fail_crypto(err, "making a CRL extension");
	return p->keep_expired ? put_expired(ca, crl, err) : 0;
}

static int put_crl(X509_CRL *crl, struct devpki_fault_state fault, struct buf *out,
		   struct ltps_error *err)
{
	unsigned char *der = NULL;
	int n = i2d_X509_CRL(crl, &der);
	int ret;
	if (n <= 0)
		return devpki_fail_crypto(err, "encoding a CRL");
	/* The signature value comes last. */
	if (fault.fault == DEVPKI_FAULT_BAD_SIGNATURE)
		der[n - 1] ^= 1;
	ret = buf_put(out, view_of(der, (size_t)n), err);
	OPENSSL_free(der);
	return ret;
}

int devpki_crl_make(struct devpki *p, const struct devpki_cert *ca,
		    struct devpki_fault_state fault, struct buf *out,
		    struct ltps_error *err)
{
	int64_t now_ms = clock_now_ms(&p->clock);
	X509_CRL *crl = X509_CRL_new();
	int ret = -1;
	if (fault.fault == DEVPKI_FAULT_STALE)
		now_ms -= fault.value != 0 ? fault.value : 30 * DEVPKI_DAY_MS;
	if (crl == NULL || X509_CRL_set_version(crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x509)) != 1) {
		devpki_fail_crypto(err, "making a CRL");
		goto out;
	}
	if (put_times(crl, now_ms, now_ms + p->status_ms, err) != 0 ||
	    put_entries(p, ca, now_ms, crl, err) != 0 ||
	    put_extensions(p, ca, crl, err) != 0)
		goto out;
	if (X509_CRL_sign(crl, ca->key, devpki_key_md(ca->key)) <= 0) {
		devpki_fail_crypto(err, "signing a CRL");
		goto out;
	}
	ret = put_crl(crl, fault, out, err);
out:
	X509_CRL_free(crl);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

int devpki_crl(struct devpki *p, const struct devpki_cert *ca, struct buf *out,
	       struct ltps_error *err)
{
	struct devpki_fault_state none = { .fault = DEVPKI_FAULT_NONE };
	if (!devpki_is_ca(ca))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "only a CA has a CRL");
	return devpki_crl_make(p, ca, none, out, err);
}
