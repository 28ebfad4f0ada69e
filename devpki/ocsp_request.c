/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp_request - asking about certificates of this PKI (RFC 6960 4.1). */
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "devpki/inside.h"

static int add_one(OCSP_REQUEST *r, const struct devpki_cert *c, enum digest_alg hash,
		   struct ltps_error *err)
{
	if (c->issuer == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "nobody speaks of a root");
	OCSP_CERTID *id =
	    OCSP_cert_to_id(digest_evp(hash != DIGEST_NONE ? hash : DIGEST_SHA1),
			    c->x509, c->issuer->x509);
	if (id == NULL || OCSP_request_add0_id(r, id) == NULL) {
		OCSP_CERTID_free(id);
		return devpki_fail_crypto(err, "making a certID");
	}
	return 0;
}

static int put_request(OCSP_REQUEST *r, struct buf *out, struct ltps_error *err)
{
	unsigned char *der = NULL;
	int n = i2d_OCSP_REQUEST(r, &der);
	if (n <= 0)
		return devpki_fail_crypto(err, "encoding an OCSP request");
	int ret = buf_put(out, view_of(der, (size_t)n), err);
	OPENSSL_free(der);
	return ret;
}

int devpki_ocsp_request(const struct devpki_cert *const *certs, size_t n,
			enum digest_alg hash, struct view nonce, struct buf *out,
			struct ltps_error *err)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	int ret = -1;
	if (r == NULL)
		return devpki_fail_crypto(err, "making an OCSP request");
	for (size_t i = 0; i < n; i++) {
		if (add_one(r, certs[i], hash, err) != 0)
			goto out;
	}
	if (nonce.n > 0 &&
	    OCSP_request_add1_nonce(r, (unsigned char *)(uintptr_t)nonce.p,
				    (int)nonce.n) != 1) {
		devpki_fail_crypto(err, "making an OCSP request");
		goto out;
	}
	ret = put_request(r, out, err);
out:
	OCSP_REQUEST_free(r);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

int devpki_ocsp_about(struct devpki *p, const struct devpki_cert *c,
		      const struct devpki_ocsp_how *how, struct buf *out,
		      struct ltps_error *err)
{
	struct devpki_ocsp_how usual = { 0 };
	struct buf request = buf_make(DEVPKI_BODY_MAX);
	int ret = devpki_ocsp_request(&c, 1, DIGEST_NONE, VIEW_NULL, &request, err);
	if (ret == 0)
		ret = devpki_ocsp_shaped(p, view_buf(&request),
					 how != NULL ? how : &usual, out, err);
	buf_free(&request);
	return ret;
}
