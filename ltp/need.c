/* SPDX-License-Identifier: Apache-2.0 */
/* need - one need of a judgement, asked over HTTP or LDAP. */
#include <openssl/rand.h>
#include <string.h>
#include <strings.h>

#include "base/asn1.h"
#include "ltp/needs.h"

#define OCSP_NONCE_LEN 32 /* RFC 9654 2.1 */
#define OCSP_REQUEST_MAX 4096
#define KEY_MAX (FETCH_URL_MAX + 256)

static const char *const KIND_NAMES[] = {
	[NEED_ISSUER] = "issuer",   [NEED_SUBJECTS] = "subjects", [NEED_CRL] = "crl",
	[NEED_DELTA_CRL] = "delta", [NEED_OCSP] = "ocsp",
};

enum material_kind need_material_kind(enum need_kind kind)
{
	if (kind == NEED_OCSP)
		return MATERIAL_OCSP;
	return kind == NEED_CRL || kind == NEED_DELTA_CRL ? MATERIAL_CRL
							  : MATERIAL_CERT;
}

int need_key(const struct need *need, struct buf *out, struct ltps_error *err)
{
	char hex[2 * 32 + 1] = "";
	*out = buf_make(KEY_MAX);
	if (need->kind == NEED_OCSP)
		hex_encode(view_of(need->cert->sha256, 32), hex);
	return buf_put_fmt(out, err, "%s %s %s", KIND_NAMES[need->kind], need->url,
			   hex);
}

static int fail_answer(struct ltps_error *err, const struct need *need,
		       const char *what)
{
	ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "%s", what);
	return ltps_where(err, "%s", need->url);
}

static int exchange(struct fetch *fetch, const struct need *need,
		    struct fetch_request req, struct fetch_result *ret,
		    struct ltps_error *err)
{
	req.silent_ms = NEED_SILENT_MS;
	if (fetch_do(fetch, &req, ret, err) != 0)
		return ltps_where(err, "%s", need->url);
	if (ret->status == 200)
		return 0;
	ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "status %d", ret->status);
	return ltps_where(err, "%s", need->url);
}

/* --- OCSP --- */

/* Something about another certificate would be kept as the answer to this need. */
static int add_about(const struct ocsp *o, const struct need *need, struct material *to,
		     struct ltps_error *err)
{
	const struct ocsp_single *single;
	if (ocsp_single_for(o, need->cert, need->issuer, &single, err) != 0)
		return -1;
	if (single == NULL)
		return fail_answer(err, need, "the response is about another");
	return material_add_ocsp(to, o, err);
}

/* A nonce is asked for; responders that sign in advance leave it out, and their
 * answers are as fresh as they say (RFC 9654 2.1). Another nonce is no answer. */
static int add_response(struct view der, struct view nonce, const struct need *need,
			struct material *to, struct ltps_error *err)
{
	struct ocsp *o = NULL;
	if (ocsp_parse(der, &o, err) != 0)
		return -1;
	int rc = o->response_status != 0
		     ? fail_answer(err, need, "the responder refuses")
		 : o->nonce.n > 0 && !view_equal(o->nonce, nonce)
		     ? fail_answer(err, need, "the response has another nonce")
		     : add_about(o, need, to, err);
	ocsp_free(o);
	return rc;
}

static int answer_ocsp(struct fetch *fetch, const struct need *need,
		       struct material *to, struct ltps_error *err)
{
	int rc = -1;
	uint8_t nonce[OCSP_NONCE_LEN];
	struct buf body = buf_make(OCSP_REQUEST_MAX);
	struct fetch_result r = { 0 };
	if (RAND_bytes(nonce, sizeof(nonce)) != 1) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL, "nonce");
		goto out;
	}
	if (ocsp_request_make(need->cert, need->issuer, DIGEST_SHA1,
			      view_of(nonce, sizeof(nonce)), &body, err) != 0)
		goto out;
	const struct fetch_request req = {
		.url = need->url,
		.post = true,
		.body = view_buf(&body),
		.content_type = "application/ocsp-request",
		.accept = "application/ocsp-response",
	};
	if (exchange(fetch, need, req, &r, err) == 0)
		rc = add_response(view_buf(&r.body), view_of(nonce, sizeof(nonce)),
				  need, to, err);
out:
	fetch_result_free(&r);
	buf_free(&body);
	return rc;
}

/* --- files and directories --- */

/* CertificatePair, RFC 4523 2.2: [0] issued to this CA, [1] issued by it. */
static int add_pair(struct view body, struct material *to, struct ltps_error *err)
{
	struct tlv t;
	while (body.n > 0)
		if (tlv_next(&body, &t, err) != 0 ||
		    material_add(to, MATERIAL_CERT, t.body, err) != 0)
			return -1;
	return 0;
}

/* The values of an LDAP attribute, one behind the other. */
static int add_values(struct view values, enum material_kind kind, struct material *to,
		      struct ltps_error *err)
{
	struct tlv t, first;
	while (values.n > 0) {
		if (tlv_next(&values, &t, err) != 0)
			return -1;
		bool pair = kind == MATERIAL_CERT && t.body.n > 0 &&
			    tlv_peek(t.body, &first, err) == 0 &&
			    first.cls == ASN1_CONTEXT;
		if (err->code != LTPS_OK ||
		    (pair ? add_pair(t.body, to, err)
			  : material_add(to, kind, t.whole, err)) != 0)
			return -1;
	}
	return 0;
}

static int answer_get(struct fetch *fetch, const struct need *need, struct material *to,
		      struct ltps_error *err)
{
	const struct fetch_request req = { .url = need->url };
	const enum material_kind kind = need_material_kind(need->kind);
	struct fetch_result r = { 0 };
	if (exchange(fetch, need, req, &r, err) != 0) {
		fetch_result_free(&r);
		return -1;
	}
	int rc = strncasecmp(need->url, "ldap", 4) == 0
		     ? add_values(view_buf(&r.body), kind, to, err)
		     : material_add_text_or_der(to, kind, view_buf(&r.body), err);
	fetch_result_free(&r);
	if (rc == 0 && material_count(to, kind) > NEED_ANSWER_CERTS_MAX)
		return fail_answer(err, need, "too many certificates");
	return rc;
}

int need_fetch(struct fetch *fetch, const struct need *need, struct material *to,
	       struct ltps_error *err)
{
	size_t before = material_count(to, need_material_kind(need->kind));
	int rc = need->kind == NEED_OCSP ? answer_ocsp(fetch, need, to, err)
					 : answer_get(fetch, need, to, err);
	if (rc == 0 && material_count(to, need_material_kind(need->kind)) == before)
		return fail_answer(err, need, "nothing new is there");
	return rc;
}
