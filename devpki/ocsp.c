/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp - answers about the certificates of this PKI (RFC 6960, RFC 9654). */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

#include "devpki/inside.h"

/* RFC 9654 2.1: shorter or longer nonces are refused. */
#define NONCE_MIN 1
#define NONCE_MAX 128
/* More than any chain needs at once. */
#define SINGLE_MAX 64
#define STALE_MS (30 * DEVPKI_DAY_MS)

struct ocsp_call {
	struct devpki *p;
	struct devpki_fault_state fault;
	OCSP_REQUEST *request;
	OCSP_BASICRESP *basic;
	const struct devpki_cert *ca; /* whose certificates are known */
	const struct devpki_cert *signer;
	int64_t now_ms; /* revocations until here count */
	int64_t this_ms;
};

static int put_response(int status, OCSP_BASICRESP *basic, struct buf *out,
			struct ltps_error *err)
{
	OCSP_RESPONSE *r = OCSP_response_create(status, basic);
	unsigned char *der = NULL;
	int n = r != NULL ? i2d_OCSP_RESPONSE(r, &der) : 0;
	int ret;
	OCSP_RESPONSE_free(r);
	if (n <= 0)
		return devpki_fail_crypto(err, "encoding an OCSP response");
	ret = buf_put(out, view_of(der, (size_t)n), err);
	OPENSSL_free(der);
	return ret;
}

/* ---- reading the request ---- */

static struct view octets(const ASN1_OCTET_STRING *s)
{
	return view_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* Nonce ::= OCTET STRING(SIZE(1..128)) inside extnValue. */
static bool is_nonce(X509_EXTENSION *e)
{
	struct ltps_error ignored = LTPS_ERROR_INIT; /* the answer says it all */
	const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);
	struct tlv t;
	return tlv_only(octets(v), &t, &ignored) == 0 &&
	       tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING) && !t.constructed &&
	       t.body.n >= NONCE_MIN && t.body.n <= NONCE_MAX;
}

/* At most one nonce, well-formed; nothing critical besides. */
static bool extensions_are_fine(OCSP_REQUEST *request)
{
	bool nonce = false;
	for (int i = 0; i < OCSP_REQUEST_get_ext_count(request); i++) {
		X509_EXTENSION *e = OCSP_REQUEST_get_ext(request, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (nid == NID_id_pkix_OCSP_Nonce) {
			if (nonce || !is_nonce(e))
				return false;
			nonce = true;
		} else if (X509_EXTENSION_get_critical(e)) {
			return false;
		}
	}
	return true;
}

/* *ret_r NULL: malformed. Frees it with OCSP_REQUEST_free(). */
static int parse(struct view in, OCSP_REQUEST **ret_r, struct ltps_error *err)
{
	const unsigned char *at = in.p;
	OCSP_REQUEST *r;
	*ret_r = NULL;
	if (in.n == 0 || in.n > DEVPKI_BODY_MAX)
		return 0;
	r = d2i_OCSP_REQUEST(NULL, &at, (long)in.n);
	if (r == NULL) {
		bool memory = ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
		ERR_clear_error();
		return memory ? ltps_fail_nomem(err) : 0;
	}
	int n = OCSP_request_onereq_count(r);
	if (at == in.p + in.n && n > 0 && n <= SINGLE_MAX && extensions_are_fine(r))
		*ret_r = r;
	else
		OCSP_REQUEST_free(r);
	return 0;
}

/* ---- whose certificate ---- */

/* Is id by name and key hash one of this CA's? */
static int id_is_of(OCSP_CERTID *id, const struct devpki_cert *ca, bool *ret_is,
		    struct ltps_error *err)
{
	ASN1_OCTET_STRING *name_hash = NULL, *key_hash = NULL;
	ASN1_OBJECT *alg = NULL;
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	const EVP_MD *type;
	*ret_is = false;
	OCSP_id_get0_info(&name_hash, &alg, &key_hash, NULL, id);
	type = EVP_get_digestbyobj(alg);
	if (type == NULL)
		return 0;
	if (X509_NAME_digest(X509_get_subject_name(ca->x509), type, md, &n) != 1)
		return devpki_fail_crypto(err, "hashing a name");
	if (!view_equal(view_of(md, n), octets(name_hash)))
		return 0;
	if (X509_pubkey_digest(ca->x509, type, md, &n) != 1)
		return devpki_fail_crypto(err, "hashing a key");
	*ret_is = view_equal(view_of(md, n), octets(key_hash));
	return 0;
}

/* *ret_ca NULL: nobody here. */
static int issuer_of_id(const struct devpki *p, OCSP_CERTID *id,
			const struct devpki_cert **ret_ca, struct ltps_error *err)
{
	bool is = false;
	*ret_ca = NULL;
	for (size_t i = 0; i < p->n_cert; i++) {
		if (!devpki_is_ca(p->cert[i]))
			continue;
		if (id_is_of(id, p->cert[i], &is, err) != 0)
			return -1;
		if (is) {
			*ret_ca = p->cert[i];
			return 0;
		}
	}
	return 0;
}

/* A responder speaks for one CA: that of the first certificate we know. */
static int choose_signer(struct ocsp_call *c, struct ltps_error *err)
{
	for (int i = 0; i < OCSP_request_onereq_count(c->request) && c->ca == NULL;
	     i++) {
		OCSP_ONEREQ *one = OCSP_request_onereq_get0(c->request, i);
		if (issuer_of_id(c->p, OCSP_onereq_get0_id(one), &c->ca, err) != 0)
			return -1;
	}
	if (c->ca == NULL)
		c->ca = devpki_active(c->p, DEVPKI_CA, 0);
	c->signer = devpki_responder_of(c->p, c->ca);
	if (c->signer == NULL)
		c->signer = c->ca;
	return 0;
}

/* *ret_cert NULL: none that the answering CA issued. */
static int cert_of_id(const struct ocsp_call *c, OCSP_CERTID *id,
		      const struct devpki_cert **ret_cert, struct ltps_error *err)
{
	ASN1_INTEGER *serial = NULL;
	const struct devpki_cert *found;
	uint64_t n = 0;
	bool is = false;
	*ret_cert = NULL;
	if (id_is_of(id, c->ca, &is, err) != 0)
		return -1;
	OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
	if (!is || ASN1_INTEGER_get_uint64(&n, serial) != 1) {
		ERR_clear_error(); /* negative, or longer than any of ours */
		return 0;
	}
	found = devpki_find(c->p, n);
	if (found != NULL && found->issuer == c->ca)
		*ret_cert = found;
	return 0;
}

/* ---- making the answer ---- */

/* RFC 6960 4.4.4: we keep the status of the expired. */
static int put_cutoff(const struct ocsp_call *c, OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *from =
	    ASN1_TIME_to_generalizedtime(X509_get0_notBefore(c->ca->x509), NULL);
	int ok = from != NULL &&
		 OCSP_SINGLERESP_add1_ext_i2d(single, NID_id_pkix_OCSP_archiveCutoff,
					      from, 0, 0) == 1;
	ASN1_GENERALIZEDTIME_free(from);
	return ok;
}

static int put_single(struct ocsp_call *c, OCSP_CERTID *id, struct ltps_error *err)
{
	const struct devpki_cert *cert = NULL;
	if (cert_of_id(c, id, &cert, err) != 0)
		return -1;
	bool known = cert != NULL && c->fault.fault != DEVPKI_FAULT_UNKNOWN;
	bool revoked = known && devpki_is_revoked(cert, c->now_ms);
	int status = !known    ? V_OCSP_CERTSTATUS_UNKNOWN
		     : revoked ? V_OCSP_CERTSTATUS_REVOKED
			       : V_OCSP_CERTSTATUS_GOOD;
	ASN1_TIME *this_update = devpki_time(c->this_ms);
	ASN1_TIME *next_update = devpki_time(c->this_ms + c->p->status_ms);
	ASN1_TIME *at = revoked ? devpki_time(cert->revoked_ms) : NULL;
	OCSP_SINGLERESP *single = NULL;
	if (this_update != NULL && next_update != NULL && (!revoked || at != NULL))
		single = OCSP_basic_add1_status(c->basic, id, status,
						revoked ? (int)cert->reason : 0, at,
						this_update, next_update);
	int ok =
	    single != NULL && (!known || !c->p->keep_expired || put_cutoff(c, single));
	ASN1_TIME_free(at);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(this_update);
	return ok ? 0 : devpki_fail_crypto(err, "making an OCSP response");
}

/* The nonce as it came, or spoilt. */
static int put_nonce(struct ocsp_call *c, struct ltps_error *err)
{
	int at = OCSP_REQUEST_get_ext_by_NID(c->request, NID_id_pkix_OCSP_Nonce, -1);
	X509_EXTENSION *e;
	if (at < 0 || c->fault.fault == DEVPKI_FAULT_NO_NONCE)
		return 0;
	e = OCSP_REQUEST_get_ext(c->request, at);
	if (c->fault.fault == DEVPKI_FAULT_WRONG_NONCE) {
		/* The request is ours to change; its last octet is the nonce's. */
		ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);
		unsigned char copy[NONCE_MAX + 3];
		int n = ASN1_STRING_length(v);
		memcpy(copy, ASN1_STRING_get0_data(v), (size_t)n);
		copy[n - 1] ^= 1;
		if (ASN1_OCTET_STRING_set(v, copy, n) != 1)
			return devpki_fail_crypto(err, "spoiling a nonce");
	}
	if (OCSP_BASICRESP_add_ext(c->basic, e, -1) != 1)
		return devpki_fail_crypto(err, "making an OCSP response");
	return 0;
}

/*
 * OCSP_basic_sign() would read the system's clock for producedAt; with
 * OCSP_NOTIME it leaves the field to us, but only a const accessor reaches it.
 */
static int put_produced(struct ocsp_call *c)
{
	ASN1_GENERALIZEDTIME *at =
	    (ASN1_GENERALIZEDTIME *)(uintptr_t)OCSP_resp_get0_produced_at(c->basic);
	return at != NULL &&
	       ASN1_GENERALIZEDTIME_set(
		   at, (time_t)(devpki_whole_second(c->this_ms) / 1000)) != NULL;
}

static int sign(struct ocsp_call *c, struct ltps_error *err)
{
	EVP_PKEY *key = c->signer->key;
	if (!put_produced(c) ||
	    OCSP_basic_sign(c->basic, c->signer->x509, key, devpki_key_md(key), NULL,
			    OCSP_NOTIME) != 1)
		return devpki_fail_crypto(err, "signing an OCSP response");
	return 0;
}

/* One bit of the signature value, found again in the encoding. */
static int spoil_signature(struct ocsp_call *c, size_t from, struct buf *out,
			   struct ltps_error *err)
{
	const ASN1_OCTET_STRING *sig = OCSP_resp_get0_signature(c->basic);
	size_t n = (size_t)ASN1_STRING_length(sig);
	uint8_t *at =
	    memmem(out->p + from, out->n - from, ASN1_STRING_get0_data(sig), n);
	if (at == NULL || n == 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "signature not found in its own encoding");
	at[n - 1] ^= 1;
	return 0;
}

static int answer(struct ocsp_call *c, struct buf *out, struct ltps_error *err)
{
	size_t from = out->n;
	if (choose_signer(c, err) != 0)
		return -1;
	c->basic = OCSP_BASICRESP_new();
	if (c->basic == NULL)
		return devpki_fail_crypto(err, "making an OCSP response");
	for (int i = 0; i < OCSP_request_onereq_count(c->request); i++) {
		OCSP_ONEREQ *one = OCSP_request_onereq_get0(c->request, i);
		if (put_single(c, OCSP_onereq_get0_id(one), err) != 0)
			return -1;
	}
	if (put_nonce(c, err) != 0 || sign(c, err) != 0 ||
	    put_response(OCSP_RESPONSE_STATUS_SUCCESSFUL, c->basic, out, err) != 0)
		return -1;
	if (c->fault.fault == DEVPKI_FAULT_BAD_SIGNATURE)
		return spoil_signature(c, from, out, err);
	return 0;
}

int devpki_ocsp_make(struct devpki *p, struct view request,
		     struct devpki_fault_state fault, struct buf *out,
		     struct ltps_error *err)
{
	struct ocsp_call c = { .p = p, .fault = fault };
	int ret;
	c.now_ms = c.this_ms = clock_now_ms(&p->clock);
	if (fault.fault == DEVPKI_FAULT_STALE)
		c.this_ms -= fault.value != 0 ? fault.value : STALE_MS;
	if (fault.fault == DEVPKI_FAULT_REFUSE)
		return put_response(OCSP_RESPONSE_STATUS_TRYLATER, NULL, out, err);
	if (parse(request, &c.request, err) != 0)
		return -1;
	if (c.request == NULL)
		return put_response(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL, out,
				    err);
	ret = answer(&c, out, err);
	OCSP_BASICRESP_free(c.basic);
	OCSP_REQUEST_free(c.request);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

int devpki_ocsp(struct devpki *p, struct view request, struct buf *out,
		struct ltps_error *err)
{
	struct devpki_fault_state none = { .fault = DEVPKI_FAULT_NONE };
	return devpki_ocsp_make(p, request, none, out, err);
}
