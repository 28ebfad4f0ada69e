/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/acquire.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"

#define OCSP_NONCE_LEN 32 /* RFC 9654 2.1 */

/* A running acquisition: budget and what was asked already. */
struct run {
	const struct acquire *a;
	struct material *m;
	char *asked[ACQUIRE_FETCHES_MAX]; /* "kind url serial"; never asked twice */
	size_t n_asked;
};

static X509 *certificate(struct view der)
{
	const unsigned char *p = der.p;
	return d2i_X509(NULL, &p, (long)der.n);
}

/* Whether this question may be asked; remembers it. */
static bool first_time(struct run *run, const char *kind, const char *url,
		       const char *id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf key = buf_make(FETCH_URL_MAX + 256);
	const char *text = NULL;
	if (run->n_asked == ACQUIRE_FETCHES_MAX ||
	    buf_put_fmt(&key, &err, "%s %s %s", kind, url, id) != 0 ||
	    buf_text(&key, &text, &err) != 0)
		goto no;
	for (size_t i = 0; i < run->n_asked; i++)
		if (strcmp(run->asked[i], text) == 0)
			goto no;
	run->asked[run->n_asked] = mem_dup_text(text);
	if (run->asked[run->n_asked] == NULL)
		goto no;
	run->n_asked++;
	buf_free(&key);
	return true;
no:
	buf_free(&key);
	return false;
}

/*
 * One exchange; true when an item of that kind was added. What a remote party
 * answers wrongly is as good as no answer here.
 */
static bool get(struct run *run, const struct fetch_request *req,
		enum material_kind kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_result r = { 0 };
	if (fetch_do(run->a->fetch, req, &r, &err) != 0)
		return false;
	bool added =
	    r.status == 200 && (kind != MATERIAL_CRL || r.body.n <= ACQUIRE_CRL_MAX) &&
	    material_add_text_or_der(run->m, kind, view_buf(&r.body), &err) == 0;
	fetch_result_free(&r);
	ERR_clear_error();
	return added;
}

static bool get_url(struct run *run, const char *url, enum material_kind kind)
{
	const struct fetch_request req = { .url = url };
	return first_time(run, "get", url, "") && get(run, &req, kind);
}

/* Text of a URI GeneralName, or NULL. */
static const char *uri_of(const GENERAL_NAME *name)
{
	if (name->type != GEN_URI)
		return NULL;
	const ASN1_IA5STRING *s = name->d.uniformResourceIdentifier;
	const char *text = (const char *)ASN1_STRING_get0_data(s);
	size_t n = (size_t)ASN1_STRING_length(s);
	return n > 0 && n < FETCH_URL_MAX && memchr(text, 0, n) == NULL ? text : NULL;
}

static bool get_issuers(struct run *run, X509 *x)
{
	bool added = false;
	AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(x, NID_info_access, NULL, NULL);
	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
		const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(aia, i);
		const char *url = OBJ_obj2nid(d->method) == NID_ad_ca_issuers
				      ? uri_of(d->location)
				      : NULL;
		if (url != NULL && get_url(run, url, MATERIAL_CERT))
			added = true;
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_clear_error();
	return added;
}

/* DER of an OCSP request for one certificate, with a nonce. */
static int ocsp_request(X509 *x, X509 *issuer, struct buf *out, struct ltps_error *err)
{
	int rc = -1;
	unsigned char *der = NULL;
	OCSP_REQUEST *req = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, x, issuer);
	if (req == NULL || id == NULL || OCSP_request_add0_id(req, id) == NULL)
		goto out;
	id = NULL;
	if (OCSP_request_add1_nonce(req, NULL, OCSP_NONCE_LEN) != 1)
		goto out;
	int n = i2d_OCSP_REQUEST(req, &der);
	if (n <= 0)
		goto out;
	rc = buf_put(out, view_of(der, (size_t)n), err);
out:
	if (rc != 0)
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, "RFC 6960 4.1",
				  "OCSP request");
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(req);
	return rc;
}

static bool get_ocsp(struct run *run, X509 *x, X509 *issuer)
{
	bool added = false;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf request = buf_make(4096);
	char serial[2 * 64 + 1] = "";
	const ASN1_INTEGER *number = X509_get0_serialNumber(x);
	size_t n = (size_t)ASN1_STRING_length(number);
	hex_encode(view_of(ASN1_STRING_get0_data(number), n < 64 ? n : 64), serial);
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(x);
	if (ocsp_request(x, issuer, &request, &err) != 0)
		goto out;
	for (int i = 0; i < sk_OPENSSL_STRING_num(urls) && !added; i++) {
		const struct fetch_request req = {
			.url = sk_OPENSSL_STRING_value(urls, i),
			.post = true,
			.body = view_buf(&request),
			.content_type = "application/ocsp-request",
			.accept = "application/ocsp-response",
		};
		if (first_time(run, "ocsp", req.url, serial))
			added = get(run, &req, MATERIAL_OCSP);
	}
out:
	X509_email_free(urls);
	buf_free(&request);
	ERR_clear_error();
	return added;
}

static bool get_crls(struct run *run, X509 *x)
{
	bool added = false;
	CRL_DIST_POINTS *points =
	    X509_get_ext_d2i(x, NID_crl_distribution_points, NULL, NULL);
	for (int i = 0; i < sk_DIST_POINT_num(points) && !added; i++) {
		const DIST_POINT *p = sk_DIST_POINT_value(points, i);
		if (p->distpoint == NULL || p->distpoint->type != 0)
			continue;
		const GENERAL_NAMES *names = p->distpoint->name.fullname;
		for (int k = 0; k < sk_GENERAL_NAME_num(names) && !added; k++) {
			const char *url = uri_of(sk_GENERAL_NAME_value(names, k));
			added = url != NULL && get_url(run, url, MATERIAL_CRL);
		}
	}
	CRL_DIST_POINTS_free(points);
	ERR_clear_error();
	return added;
}

/* Issuers of everything known so far: each round climbs one level. */
static bool get_all_issuers(struct run *run, X509 *signer)
{
	bool added = get_issuers(run, signer);
	size_t n = material_count(run->m, MATERIAL_CERT);
	for (size_t i = 0; i < n; i++) {
		X509 *x = certificate(material_at(run->m, MATERIAL_CERT, i));
		if (x != NULL && get_issuers(run, x))
			added = true;
		X509_free(x);
	}
	return added;
}

/*
 * Status of every certificate of the chain below its anchor. CRLs first: they
 * need no further certificate to be judged by, and the common tools read a
 * token that carries them, but not one with OCSP inside (RFC 5940). A CRL that
 * is missing, too large or older than the token leads to OCSP in the next round.
 */
static bool get_status(struct run *run, const struct tsa_path_result *path)
{
	bool added = false;
	for (size_t i = 0; i + 1 < path->n_chain; i++) {
		X509 *x = certificate(path->chain[i]);
		X509 *issuer = certificate(path->chain[i + 1]);
		if (x != NULL && issuer != NULL &&
		    (get_crls(run, x) || get_ocsp(run, x, issuer)))
			added = true;
		X509_free(x);
		X509_free(issuer);
	}
	return added;
}

static int add_known(const struct acquire *a, const struct tst *tst, struct material *m,
		     struct ltps_error *err)
{
	for (int kind = 0; kind < MATERIAL_KIND_COUNT; kind++)
		for (size_t i = 0; i < material_count(a->trust, kind); i++)
			if (material_add(m, kind, material_at(a->trust, kind, i),
					 err) != 0)
				return -1;
	return material_add_cms(m, tst->cms, err);
}

/* One round: judge; *ret_more when something new was got and it is worth another. */
static int round_once(struct run *run, X509 *signer, const struct tst *tst,
		      struct tsa_path_result *ret_path, bool *ret_more,
		      struct ltps_error *err)
{
	const struct tsa_path_input in = {
		.signer = signer,
		.material = run->m,
		.gen_time_ms = tst->gen_time_ms,
		.time_ms = clock_now_ms(run->a->clock),
		.need_revocation = true,
	};
	*ret_more = false;
	if (tsa_path_judge(&in, ret_path, err) != 0)
		return -1;
	if (ret_path->indication != INDICATION_INDETERMINATE)
		return 0;
	*ret_more = ret_path->n_chain > 1 ? get_status(run, ret_path)
					  : get_all_issuers(run, signer);
	return 0;
}

int acquire_for_token(const struct acquire *a, const struct tst *tst,
		      struct material *m, struct tsa_path_result *ret_result,
		      struct ltps_error *err)
{
	int rc = -1;
	struct run run = { .a = a, .m = m };
	struct tst_intact intact = { 0 };
	struct tsa_path_result path = { 0 };
	bool more = true;
	if (add_known(a, tst, m, err) != 0 ||
	    tst_check(tst, material_views(m, MATERIAL_CERT),
		      material_count(m, MATERIAL_CERT), &intact, err) != 0)
		goto out;
	if (intact.signer == NULL) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 3161 2.4.2",
			  "the token's signer certificate is missing");
		goto out;
	}
	for (int i = 0; i < ACQUIRE_ROUNDS_MAX && more; i++) {
		tsa_path_result_clear(&path);
		if (round_once(&run, intact.signer, tst, &path, &more, err) != 0)
			goto out;
	}
	*ret_result = path;
	memset(&path, 0, sizeof(path));
	rc = 0;
out:
	tsa_path_result_clear(&path);
	tst_intact_clear(&intact);
	for (size_t i = 0; i < run.n_asked; i++)
		mem_free(run.asked[i]);
	return rc;
}
