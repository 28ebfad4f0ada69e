/* SPDX-License-Identifier: Apache-2.0 */
/* profile - what each kind of certificate contains. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "base/mem.h"
#include "devpki/inside.h"

#define KIND(k) (1u << (k))
#define CAS (KIND(DEVPKI_ROOT) | KIND(DEVPKI_CA))
#define OCSP KIND(DEVPKI_OCSP)
#define TSA KIND(DEVPKI_TSA)
#define EE KIND(DEVPKI_EE)
#define SCVP KIND(DEVPKI_SCVP)
#define CRL KIND(DEVPKI_CRL_ISSUER)
#define ALL (CAS | OCSP | TSA | EE | SCVP | CRL)
#define NO_USUAL_KU (DEVPKI_FLAW_NO_KEY_USAGE | DEVPKI_FLAW_KEY_USAGE)
#define NO_USUAL_EKU                                                                   \
	(DEVPKI_FLAW_NO_EKU | DEVPKI_FLAW_EKU_NOT_CRITICAL | DEVPKI_FLAW_EKU_SECOND)

/* A row applies to these kinds, with none of `unless`, with one of `only`. */
static const struct extension {
	unsigned kinds;
	unsigned unless;
	unsigned only; /* 0: always */
	int nid;
	const char *value;
} extensions[] = {
	/* RFC 5280 4.2.1.9 */
	{ CAS, DEVPKI_FLAW_NOT_A_CA, 0, NID_basic_constraints, "critical,CA:TRUE" },
	{ CAS, 0, DEVPKI_FLAW_NOT_A_CA, NID_basic_constraints, "critical,CA:FALSE" },
	/* RFC 5280 4.2.1.3 */
	{ CAS, NO_USUAL_KU, 0, NID_key_usage,
	  "critical,keyCertSign,cRLSign,digitalSignature" },
	{ OCSP | TSA | SCVP, NO_USUAL_KU, 0, NID_key_usage,
	  "critical,digitalSignature" },
	{ CRL, NO_USUAL_KU, 0, NID_key_usage, "critical,cRLSign" },
	{ EE, NO_USUAL_KU, 0, NID_key_usage,
	  "critical,digitalSignature,nonRepudiation" },
	{ ALL, 0, DEVPKI_FLAW_KEY_USAGE, NID_key_usage, "critical,keyAgreement" },
	/* RFC 3161 2.3: critical and alone */
	{ TSA, NO_USUAL_EKU, 0, NID_ext_key_usage, "critical,timeStamping" },
	{ TSA, 0, DEVPKI_FLAW_EKU_NOT_CRITICAL, NID_ext_key_usage, "timeStamping" },
	{ TSA, DEVPKI_FLAW_EKU_NOT_CRITICAL, DEVPKI_FLAW_EKU_SECOND, NID_ext_key_usage,
	  "critical,timeStamping,clientAuth" },
	/* RFC 6960 4.2.2.2, 4.2.2.2.1 */
	{ OCSP, DEVPKI_FLAW_NO_EKU, 0, NID_ext_key_usage, "OCSPSigning" },
	/* RFC 5055 8.1: id-kp-scvpServer */
	{ SCVP, DEVPKI_FLAW_NO_EKU, 0, NID_ext_key_usage, "1.3.6.1.5.5.7.3.15" },
	{ OCSP, DEVPKI_FLAW_NO_NOCHECK, 0, NID_id_pkix_OCSP_noCheck, "null" },
	{ ALL, 0, 0, NID_subject_key_identifier, "hash" },
};

ASN1_TIME *devpki_time(int64_t t_ms)
{
	/* ASN1_TIME_set() chooses the form; time_t has 64 bits here. */
	return ASN1_TIME_set(NULL, (time_t)(devpki_whole_second(t_ms) / 1000));
}

static int add_extension(X509 *x, X509V3_CTX *ctx, int nid, const char *value,
			 struct ltps_error *err)
{
	X509_EXTENSION *e = X509V3_EXT_nconf_nid(NULL, ctx, nid, value);
	int ok = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok ? 0 : devpki_fail_crypto(err, "making an extension");
}

/* Where the issuer's certificate and OCSP answers are found. */
static int add_aia(const struct devpki *p, const struct devpki_profile *how, X509 *x,
		   X509V3_CTX *ctx, struct ltps_error *err)
{
	char text[3 * DEVPKI_URL_MAX];
	/* Nobody asks for the status of a responder that says nocheck. */
	bool ocsp =
	    how->kind != DEVPKI_OCSP || (how->how->flaws & DEVPKI_FLAW_NO_NOCHECK) != 0;
	snprintf(text, sizeof(text), "%s%s%scaIssuers;URI:%s/aia/%s.cer",
		 ocsp ? "OCSP;URI:" : "", ocsp ? p->url : "", ocsp ? "/ocsp," : "",
		 p->url, how->issuer->name);
	return add_extension(x, ctx, NID_info_access, text, err);
}

static int x509_add(void *x, X509_EXTENSION *e)
{
	return X509_add_ext(x, e, -1);
}

/* Full or delta CRLs: those of the points, else the issuer's own. */
static int add_crl_points(const struct devpki *p, const struct devpki_profile *how,
			  bool delta, X509 *x, struct ltps_error *err)
{
	struct devpki_dp dp[DEVPKI_POINTS_PER_CERT_MAX] = { 0 };
	char url[DEVPKI_POINTS_PER_CERT_MAX][DEVPKI_CRL_URL_MAX];
	struct devpki_shapes s = { 0 };
	bool all = how->how->freshest || p->freshest;
	size_t n = 0;
	int ret = 0;
	for (size_t i = 0; i < how->how->n_points; i++) {
		const struct devpki_point *point = how->how->points[i];
		if (delta && !all && !point->freshest)
			continue;
		devpki_crl_url(p, point->name, delta, url[n]);
		dp[n].reasons = point->reasons;
		if (!devpki_name_equal(point->signer, how->issuer))
			dp[n].crl_issuer = X509_get_subject_name(point->signer->x509);
		dp[n].uri = url[n];
		n++;
	}
	if (how->how->n_points == 0 && (!delta || all)) {
		devpki_crl_url(p, how->issuer->name, delta, url[0]);
		dp[n++].uri = url[0];
	}
	if (n > 0) {
		ret = devpki_shape_crl_points(&s, delta, false, dp, n, err);
		if (ret == 0)
			ret = devpki_extensions_add(s.e, s.n, x509_add, x, err);
	}
	devpki_shapes_free(&s);
	return ret;
}

static int add_addresses(const struct devpki *p, const struct devpki_profile *how,
			 X509 *x, X509V3_CTX *ctx, struct ltps_error *err)
{
	if ((how->how->flaws & DEVPKI_FLAW_NO_AIA) == 0 &&
	    add_aia(p, how, x, ctx, err) != 0)
		return -1;
	if ((how->how->flaws & DEVPKI_FLAW_NO_CRL_POINT) != 0)
		return 0;
	if (add_crl_points(p, how, false, x, err) != 0)
		return -1;
	return add_crl_points(p, how, true, x, err);
}

/* Takes every extension with this OID away. */
static int remove_extension(X509 *x, const char *oid, struct ltps_error *err)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	int at;
	if (obj == NULL)
		return ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "OID of an extension");
	while ((at = X509_get_ext_by_OBJ(x, obj, -1)) >= 0)
		X509_EXTENSION_free(X509_delete_ext(x, at));
	ASN1_OBJECT_free(obj);
	return 0;
}

/* First all of the profile go, so that two of the caller's may be alike. */
static int put_own(X509 *x, const struct devpki_issue *how, struct ltps_error *err)
{
	for (size_t i = 0; i < how->n_extensions; i++) {
		if (remove_extension(x, how->extensions[i].oid, err) != 0)
			return -1;
	}
	return devpki_extensions_add(how->extensions, how->n_extensions, x509_add, x,
				     err);
}

static int add_extensions(const struct devpki *p, const struct devpki_profile *how,
			  X509 *x, struct ltps_error *err)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, how->issuer != NULL ? how->issuer->x509 : x, x, NULL, NULL,
		       0);
	for (size_t i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
		const struct extension *e = &extensions[i];
		if ((e->kinds & KIND(how->kind)) == 0 ||
		    (e->unless & how->how->flaws) != 0 ||
		    (e->only != 0 && (e->only & how->how->flaws) == 0))
			continue;
		if (add_extension(x, &ctx, e->nid, e->value, err) != 0)
			return -1;
	}
	if (how->issuer == NULL)
		return 0;
	/* An issuer may have been made without a key identifier. */
	if (X509_get0_subject_key_id(how->issuer->x509) != NULL &&
	    add_extension(x, &ctx, NID_authority_key_identifier, "keyid:always", err) !=
		0)
		return -1;
	return add_addresses(p, how, x, &ctx, err);
}

static int set_name(const struct devpki *p, X509 *x, const struct devpki_profile *how,
		    struct ltps_error *err)
{
	char organisation[64];
	const char *common_name = how->common_name;
	const X509_NAME *given = how->how->subject;
	if (how->how->cross != NULL)
		given = X509_get_subject_name(how->how->cross->x509);
	if (given != NULL)
		return X509_set_subject_name(x, given) == 1
			   ? 0
			   : devpki_fail_crypto(err, "subject name");
	X509_NAME *name = X509_NAME_new();
	snprintf(organisation, sizeof(organisation), "Throwaway PKI %s", p->tag);
	int ok = name != NULL &&
		 X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
					    (const unsigned char *)organisation, -1, -1,
					    0) == 1 &&
		 X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
					    (const unsigned char *)common_name, -1, -1,
					    0) == 1 &&
		 X509_set_subject_name(x, name) == 1;
	X509_NAME_free(name);
	if (!ok)
		return ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
					 "RFC 5280 4.1.2.6", "subject name");
	return 0;
}

static int set_times(X509 *x, const struct devpki_profile *how, struct ltps_error *err)
{
	ASN1_TIME *from = devpki_time(how->not_before_ms);
	ASN1_TIME *until = devpki_time(how->not_after_ms);
	int ok = from != NULL && until != NULL && X509_set1_notBefore(x, from) == 1 &&
		 X509_set1_notAfter(x, until) == 1;
	ASN1_TIME_free(until);
	ASN1_TIME_free(from);
	return ok ? 0 : devpki_fail_crypto(err, "setting the validity");
}

static int set_fields(X509 *x, const struct devpki_profile *how, struct ltps_error *err)
{
	const X509 *issuer = how->issuer != NULL ? how->issuer->x509 : x;
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	int ok = serial != NULL && ASN1_INTEGER_set_uint64(serial, how->serial) == 1 &&
		 X509_set_version(x, X509_VERSION_3) == 1 &&
		 X509_set_serialNumber(x, serial) == 1 &&
		 X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
		 X509_set_pubkey(x, how->key) == 1;
	ASN1_INTEGER_free(serial);
	return ok ? 0 : devpki_fail_crypto(err, "making a certificate");
}

int devpki_profile_make(const struct devpki *p, const struct devpki_profile *how,
			X509 **ret_x, struct ltps_error *err)
{
	EVP_PKEY *signer = how->issuer != NULL ? how->issuer->key : how->key;
	EVP_MD_CTX *ctx = NULL;
	int ret = -1;
	X509 *x = X509_new();
	if (x == NULL)
		return devpki_fail_crypto(err, "making a certificate");
	if (set_name(p, x, how, err) != 0 || set_fields(x, how, err) != 0 ||
	    set_times(x, how, err) != 0 || add_extensions(p, how, x, err) != 0 ||
	    put_own(x, how->how, err) != 0 ||
	    devpki_signer_new(signer, devpki_signing_of(p, how->how->signing), &ctx,
			      err) != 0)
		goto out;
	if (X509_sign_ctx(x, ctx) <= 0) {
		devpki_fail_crypto(err, "signing a certificate");
		goto out;
	}
	*ret_x = x;
	x = NULL;
	ret = 0;
out:
	EVP_MD_CTX_free(ctx);
	X509_free(x);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}
