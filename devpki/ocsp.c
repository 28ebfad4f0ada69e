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
/* Far above every serial number of the list: nobody asks about it. */
#define RESPONDER_SERIAL UINT64_C(0x0c5b0000)
#define STALE_MS (30 * DEVPKI_DAY_MS)

struct ocsp_call {
	struct devpki *p;
	const struct devpki_ocsp_how *how;
	unsigned modes;
	OCSP_REQUEST *request;
	OCSP_BASICRESP *basic;
	const struct devpki_cert *ca; /* whose certificates are known */
	const struct devpki_cert *signer;
	struct devpki_cert made; /* a responder for this answer alone */
	int64_t now_ms;          /* revocations until here count */
	int64_t this_ms, next_ms, produced_ms;
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

/* Another CA than the one that answers: its issuer, or (for a root) its child. */
static const struct devpki_cert *other_ca(const struct ocsp_call *c)
{
	for (size_t i = 0; i < c->p->n_cert; i++) {
		const struct devpki_cert *other = c->p->cert[i];
		if (devpki_is_ca(other) && !devpki_name_equal(other, c->ca))
			return other;
	}
	return NULL; /* there is always a root and a CA */
}

/* A new key each time: nothing of the true responder is in it. */
static int make_responder(struct ocsp_call *c, bool *ret_made, struct ltps_error *err)
{
	struct devpki_issue how = { .kind = DEVPKI_OCSP };
	struct devpki_profile profile = {
		.kind = DEVPKI_OCSP,
		.serial = RESPONDER_SERIAL,
		.common_name = devpki_fault_name(c->how->fault),
		.issuer = c->ca,
		.not_before_ms = c->this_ms - DEVPKI_DAY_MS,
		.not_after_ms = c->this_ms + 30 * DEVPKI_DAY_MS,
		.how = &how,
	};
	int64_t ago = c->how->fault_value != 0 ? c->how->fault_value : DEVPKI_DAY_MS;
	switch (c->how->fault) {
	case DEVPKI_FAULT_EXPIRED_RESPONDER:
		profile.not_after_ms = c->this_ms - ago;
		profile.not_before_ms = profile.not_after_ms - 30 * DEVPKI_DAY_MS;
		break;
	case DEVPKI_FAULT_FOREIGN_RESPONDER:
		profile.issuer = other_ca(c);
		break;
	case DEVPKI_FAULT_NO_PURPOSE_RESPONDER:
		how.flaws = DEVPKI_FLAW_NO_EKU;
		break;
	case DEVPKI_FAULT_SELF_SIGNED_RESPONDER:
		profile.issuer = NULL;
		break;
	default:
		*ret_made = false;
		return 0;
	}
	*ret_made = true;
	if (devpki_key_make(DEVPKI_KEY_P256, &c->made.key, err) != 0)
		return -1;
	profile.key = c->made.key;
	return devpki_profile_make(c->p, &profile, &c->made.x509, err);
}

/* A responder speaks for one CA: that of the first certificate we know. */
static int choose_signer(struct ocsp_call *c, struct ltps_error *err)
{
	bool made = false;
	for (int i = 0; i < OCSP_request_onereq_count(c->request) && c->ca == NULL;
	     i++) {
		OCSP_ONEREQ *one = OCSP_request_onereq_get0(c->request, i);
		if (issuer_of_id(c->p, OCSP_onereq_get0_id(one), &c->ca, err) != 0)
			return -1;
	}
	if (c->ca == NULL)
		c->ca = devpki_active(c->p, DEVPKI_CA, 0);
	if (c->how->signer != NULL) {
		c->signer = c->how->signer;
		return 0;
	}
	if (make_responder(c, &made, err) != 0)
		return -1;
	if (made) {
		c->signer = &c->made;
		return 0;
	}
	if ((c->modes & DEVPKI_OCSP_BY_ISSUER) == 0)
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
	/* A cross-certificate has the name and key of the CA that it certifies. */
	if (found != NULL && found->issuer != NULL &&
	    (found->issuer == c->ca ||
	     (devpki_name_equal(found->issuer, c->ca) &&
	      EVP_PKEY_eq(found->issuer->key, c->ca->key) == 1)))
		*ret_cert = found;
	return 0;
}

/* ---- making the answer ---- */

/* RFC 6960 4.4.4: we keep the status of the expired. */
static int put_cutoff(const struct ocsp_call *c, OCSP_SINGLERESP *single)
{
	ASN1_TIME *at = c->how->cutoff_ms != 0
			    ? devpki_time(c->how->cutoff_ms)
			    : ASN1_STRING_dup(X509_get0_notBefore(c->ca->x509));
	ASN1_GENERALIZEDTIME *from =
	    at != NULL ? ASN1_TIME_to_generalizedtime(at, NULL) : NULL;
	int ok = from != NULL &&
		 OCSP_SINGLERESP_add1_ext_i2d(single, NID_id_pkix_OCSP_archiveCutoff,
					      from, 0, 0) == 1;
	ASN1_GENERALIZEDTIME_free(from);
	ASN1_TIME_free(at);
	return ok;
}

/* RFC 6960 4.4.5: extensions of CRL entries may stand here. */
static int put_invalidity(const struct devpki_cert *cert, OCSP_SINGLERESP *single)
{
	ASN1_TIME *at = devpki_time(cert->invalidity_ms);
	ASN1_GENERALIZEDTIME *general =
	    at != NULL ? ASN1_TIME_to_generalizedtime(at, NULL) : NULL;
	int ok =
	    general != NULL && OCSP_SINGLERESP_add1_ext_i2d(single, NID_invalidity_date,
							    general, 0, 0) == 1;
	ASN1_GENERALIZEDTIME_free(general);
	ASN1_TIME_free(at);
	return ok;
}

/* CertHash ::= SEQUENCE { hashAlgorithm, certificateHash OCTET STRING } */
static int put_cert_hash(const struct devpki_cert *cert, bool wrong,
			 struct devpki_shapes *s, struct ltps_error *err)
{
	struct digest d;
	struct buf body = buf_make(256), whole = buf_make(256);
	int ret = -1;
	if (digest_once(DIGEST_SHA256, cert->der, &d, err) != 0)
		return -1;
	d.p[0] ^= wrong ? 1 : 0;
	if (buf_put(&body, digest_algorithm_identifier(DIGEST_SHA256), err) == 0 &&
	    der_put(&body, ASN1_TAG_OCTET_STRING, digest_view(&d), err) == 0 &&
	    der_put(&whole, DER_SEQUENCE, view_buf(&body), err) == 0)
		ret = devpki_shape_der(s, DEVPKI_OID_CERT_HASH, false, view_buf(&whole),
				       err);
	buf_free(&whole);
	buf_free(&body);
	return ret;
}

static int single_add(void *single, X509_EXTENSION *e)
{
	return OCSP_SINGLERESP_add_ext(single, e, -1);
}

static int put_single_extensions(const struct ocsp_call *c,
				 const struct devpki_cert *cert, bool revoked,
				 OCSP_SINGLERESP *single, struct ltps_error *err)
{
	const struct devpki_ocsp_how *how = c->how;
	struct devpki_shapes s = { 0 };
	bool wrong = how->fault == DEVPKI_FAULT_WRONG_CERT_HASH;
	int ret = 0;
	if ((cert != NULL && (c->p->keep_expired || how->cutoff_ms != 0) &&
	     !put_cutoff(c, single)) ||
	    (revoked && cert->has_invalidity && !put_invalidity(cert, single)))
		return devpki_fail_crypto(err, "making an OCSP response");
	if (cert != NULL && (wrong || (c->modes & DEVPKI_OCSP_CERT_HASH) != 0))
		ret = put_cert_hash(cert, wrong, &s, err);
	if (ret == 0 && how->fault == DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION)
		ret = devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, true, err);
	if (ret == 0)
		ret = devpki_extensions_add(s.e, s.n, single_add, single, err);
	if (ret == 0)
		ret = devpki_extensions_add(how->single_extensions,
					    how->n_single_extensions, single_add,
					    single, err);
	devpki_shapes_free(&s);
	return ret;
}

/* One bit of the issuerKeyHash, or the serial number after. */
static int spoil_id(OCSP_CERTID *id, bool key)
{
	ASN1_OCTET_STRING *key_hash = NULL;
	ASN1_INTEGER *serial = NULL;
	unsigned char copy[EVP_MAX_MD_SIZE];
	uint64_t n = 0;
	OCSP_id_get0_info(NULL, NULL, &key_hash, &serial, id);
	if (!key)
		return ASN1_INTEGER_get_uint64(&n, serial) == 1 &&
		       ASN1_INTEGER_set_uint64(serial, n + 1) == 1;
	int len = ASN1_STRING_length(key_hash);
	if (len <= 0 || len > (int)sizeof(copy))
		return 0;
	memcpy(copy, ASN1_STRING_get0_data(key_hash), (size_t)len);
	copy[0] ^= 1;
	return ASN1_OCTET_STRING_set(key_hash, copy, len) == 1;
}

/* The certID of the answer: as it came, or about something else. */
static OCSP_CERTID *answer_id(const struct ocsp_call *c, OCSP_CERTID *asked)
{
	ASN1_INTEGER *serial = NULL;
	OCSP_CERTID *id;
	if (c->how->fault == DEVPKI_FAULT_OTHER_CERT_ID_HASH) {
		OCSP_id_get0_info(NULL, NULL, NULL, &serial, asked);
		return OCSP_cert_id_new(EVP_sha512(),
					X509_get_subject_name(c->ca->x509),
					X509_get0_pubkey_bitstr(c->ca->x509), serial);
	}
	id = OCSP_CERTID_dup(asked);
	if (id != NULL &&
	    ((c->how->fault == DEVPKI_FAULT_WRONG_ISSUER && !spoil_id(id, true)) ||
	     (c->how->fault == DEVPKI_FAULT_WRONG_SERIAL && !spoil_id(id, false)))) {
		OCSP_CERTID_free(id);
		return NULL;
	}
	return id;
}

/* NULL: OpenSSL failed. */
static OCSP_SINGLERESP *add_status(struct ocsp_call *c, OCSP_CERTID *asked, int status,
				   const struct devpki_cert *cert)
{
	bool revoked = status == V_OCSP_CERTSTATUS_REVOKED;
	bool endless = c->how->fault == DEVPKI_FAULT_NO_NEXT_UPDATE;
	OCSP_CERTID *id = answer_id(c, asked);
	ASN1_TIME *this_update = devpki_time(c->this_ms);
	ASN1_TIME *next_update = devpki_time(c->next_ms);
	ASN1_TIME *at = revoked ? devpki_time(cert->revoked_ms) : NULL;
	OCSP_SINGLERESP *single = NULL;
	if (id != NULL && this_update != NULL && next_update != NULL &&
	    (!revoked || at != NULL))
		single = OCSP_basic_add1_status(
		    c->basic, id, status, revoked ? (int)cert->reason : 0, at,
		    this_update, endless ? NULL : next_update);
	ASN1_TIME_free(at);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(this_update);
	OCSP_CERTID_free(id);
	return single;
}

static int put_single(struct ocsp_call *c, OCSP_CERTID *id, struct ltps_error *err)
{
	const struct devpki_cert *cert = NULL;
	if (cert_of_id(c, id, &cert, err) != 0)
		return -1;
	if (c->how->fault == DEVPKI_FAULT_UNKNOWN)
		cert = NULL;
	bool revoked = cert != NULL && devpki_is_revoked(cert, c->now_ms);
	int status = cert == NULL ? V_OCSP_CERTSTATUS_UNKNOWN
		     : revoked    ? V_OCSP_CERTSTATUS_REVOKED
				  : V_OCSP_CERTSTATUS_GOOD;
	OCSP_SINGLERESP *single = add_status(c, id, status, cert);
	if (single == NULL)
		return devpki_fail_crypto(err, "making an OCSP response");
	return put_single_extensions(c, cert, revoked, single, err);
}

/* The nonce as it came, or spoilt. */
static int put_nonce(struct ocsp_call *c, struct ltps_error *err)
{
	int at = OCSP_REQUEST_get_ext_by_NID(c->request, NID_id_pkix_OCSP_Nonce, -1);
	X509_EXTENSION *e;
	if (at < 0 || c->how->fault == DEVPKI_FAULT_NO_NONCE)
		return 0;
	e = OCSP_REQUEST_get_ext(c->request, at);
	if (c->how->fault == DEVPKI_FAULT_WRONG_NONCE) {
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
		   at, (time_t)(devpki_whole_second(c->produced_ms) / 1000)) != NULL;
}

static int sign(struct ocsp_call *c, struct ltps_error *err)
{
	EVP_MD_CTX *ctx = NULL;
	unsigned long flags = OCSP_NOTIME;
	if ((c->modes & DEVPKI_OCSP_BY_KEY) != 0)
		flags |= OCSP_RESPID_KEY;
	if (c->how->fault == DEVPKI_FAULT_NO_CERTIFICATE)
		flags |= OCSP_NOCERTS;
	if (devpki_signer_new(c->signer->key, devpki_signing_of(c->p, c->how->signing),
			      &ctx, err) != 0)
		return -1;
	int ok = put_produced(c) &&
		 OCSP_basic_sign_ctx(c->basic, c->signer->x509, ctx, NULL, flags) == 1;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : devpki_fail_crypto(err, "signing an OCSP response");
}

static int basic_add(void *basic, X509_EXTENSION *e)
{
	return OCSP_BASICRESP_add_ext(basic, e, -1);
}

static int put_extensions(struct ocsp_call *c, struct ltps_error *err)
{
	struct devpki_shapes s = { 0 };
	int ret = put_nonce(c, err);
	if (ret == 0 && c->how->fault == DEVPKI_FAULT_CRITICAL_EXTENSION)
		ret = devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, true, err);
	if (ret == 0)
		ret = devpki_extensions_add(s.e, s.n, basic_add, c->basic, err);
	if (ret == 0)
		ret = devpki_extensions_add(c->how->extensions, c->how->n_extensions,
					    basic_add, c->basic, err);
	devpki_shapes_free(&s);
	return ret;
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
	if (put_extensions(c, err) != 0 || sign(c, err) != 0 ||
	    put_response(OCSP_RESPONSE_STATUS_SUCCESSFUL, c->basic, out, err) != 0)
		return -1;
	if (c->how->fault == DEVPKI_FAULT_BAD_SIGNATURE)
		return spoil_signature(c, from, out, err);
	return 0;
}

static void choose_times(struct ocsp_call *c)
{
	const struct devpki_ocsp_how *how = c->how;
	int64_t value = how->fault_value;
	c->now_ms = c->this_ms =
	    how->this_ms != 0 ? how->this_ms : clock_now_ms(&c->p->clock);
	if (how->fault == DEVPKI_FAULT_STALE)
		c->this_ms -= value != 0 ? value : STALE_MS;
	if (how->fault == DEVPKI_FAULT_FUTURE)
		c->this_ms += value != 0 ? value : DEVPKI_DAY_MS;
	c->next_ms = how->next_ms != 0 ? how->next_ms : c->this_ms + c->p->status_ms;
	c->produced_ms = how->produced_ms != 0 ? how->produced_ms : c->this_ms;
	if (how->fault == DEVPKI_FAULT_OLD_PRODUCED_AT)
		c->produced_ms -= value != 0 ? value : STALE_MS;
}

int devpki_ocsp_shaped(struct devpki *p, struct view request,
		       const struct devpki_ocsp_how *how, struct buf *out,
		       struct ltps_error *err)
{
	struct ocsp_call c = { .p = p,
			       .how = how,
			       .modes = p->ocsp_modes | how->modes };
	int ret;
	if (how->n_extensions > DEVPKI_EXTENSIONS_MAX ||
	    how->n_single_extensions > DEVPKI_EXTENSIONS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "more than %d extensions", DEVPKI_EXTENSIONS_MAX);
	choose_times(&c);
	if (how->fault == DEVPKI_FAULT_REFUSE)
		return put_response(OCSP_RESPONSE_STATUS_TRYLATER, NULL, out, err);
	if (parse(request, &c.request, err) != 0)
		return -1;
	if (c.request == NULL)
		return put_response(OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, NULL, out,
				    err);
	ret = answer(&c, out, err);
	X509_free(c.made.x509);
	EVP_PKEY_free(c.made.key);
	OCSP_BASICRESP_free(c.basic);
	OCSP_REQUEST_free(c.request);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

int devpki_ocsp(struct devpki *p, struct view request, struct buf *out,
		struct ltps_error *err)
{
	struct devpki_ocsp_how how = { 0 };
	return devpki_ocsp_shaped(p, request, &how, out, err);
}
