/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp_request - a request about one certificate, RFC 6960 4.1.1. */
#include "validation/fields.h"
#include "validation/ocsp.h"

#define OID_NONCE "1.3.6.1.5.5.7.48.1.2"
/* RFC 9654 2.1 */
#define NONCE_MAX 128
/* Everything but the serial number and the nonce: hashes and headers. */
#define REQUEST_ROOM 1024

/* AlgorithmIdentifier with NULL, as responders compare it octet by octet. */
static int put_algorithm(enum digest_alg alg, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(64);
	int rc = -1;
	if (der_put_oid(&body, digest_oid_text(alg), err) == 0 &&
	    der_put_null(&body, err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

static int put_hash(enum digest_alg alg, struct view v, struct buf *out,
		    struct ltps_error *err)
{
	struct digest d;
	if (digest_once(alg, v, &d, err) != 0)
		return -1;
	return der_put(out, FIELD_OCTETS, digest_view(&d), err);
}

/* CertID */
static int put_cert_id(const struct cert *c, const struct cert *issuer,
		       enum digest_alg alg, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(REQUEST_ROOM + c->serial.n);
	int rc = -1;
	if (put_algorithm(alg, &body, err) == 0 &&
	    put_hash(alg, c->issuer, &body, err) == 0 &&
	    put_hash(alg, issuer->key_octets, &body, err) == 0 &&
	    der_put(&body, FIELD_INTEGER, c->serial, err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* Extension: the nonce is an OCTET STRING within extnValue. */
static int put_nonce(struct view nonce, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(REQUEST_ROOM), octets = buf_make(REQUEST_ROOM);
	int rc = -1;
	if (der_put(&octets, FIELD_OCTETS, nonce, err) == 0 &&
	    der_put_oid(&body, OID_NONCE, err) == 0 &&
	    der_put(&body, FIELD_OCTETS, view_buf(&octets), err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&octets);
	buf_free(&body);
	return rc;
}

/* The contents inside this many SEQUENCEs. */
static int wrap(struct buf *b, int times, struct ltps_error *err)
{
	for (int i = 0; i < times; i++) {
		struct buf outer = buf_make(b->max);
		if (der_put(&outer, DER_SEQUENCE, view_buf(b), err) != 0) {
			buf_free(&outer);
			return -1;
		}
		buf_free(b);
		*b = outer;
	}
	return 0;
}

int ocsp_request_make(const struct cert *c, const struct cert *issuer,
		      enum digest_alg alg, struct view nonce, struct buf *out,
		      struct ltps_error *err)
{
	size_t room = 2 * REQUEST_ROOM + c->serial.n;
	struct buf request = buf_make(room), extensions = buf_make(room);
	int rc = -1;
	if (digest_evp(alg) == NULL || nonce.n > NONCE_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 9654 2.1",
				 "OCSP request: unknown hash or too long a nonce");
	/* requestList of one Request; then TBSRequest and OCSPRequest around it */
	if (put_cert_id(c, issuer, alg, &request, err) != 0 ||
	    wrap(&request, 2, err) != 0)
		goto out;
	if (nonce.n > 0 && (put_nonce(nonce, &extensions, err) != 0 ||
			    wrap(&extensions, 1, err) != 0 ||
			    der_put(&request, FIELD_CONTEXT_CONSTRUCTED(2),
				    view_buf(&extensions), err) != 0))
		goto out;
	if (wrap(&request, 2, err) != 0)
		goto out;
	rc = buf_put(out, view_buf(&request), err);
out:
	buf_free(&extensions);
	buf_free(&request);
	return rc;
}
