/* SPDX-License-Identifier: Apache-2.0 */
#include "scvp/envelope.h"

#include <string.h>

#include "base/mem.h"
#include "scvp/write.h"
#include "timestamping/signature.h"

#define OID_AUTHENTICATED_DATA "1.2.840.113549.1.9.16.1.2"

static const char *const content_oids[SCVP_CONTENT_COUNT] = { OID_SCVP_CV_REQUEST,
							      OID_SCVP_CV_RESPONSE,
							      OID_SCVP_VP_REQUEST,
							      OID_SCVP_VP_RESPONSE };

/* ---- reading ---- */

static bool content_of(struct view oid, enum scvp_content *ret)
{
	for (unsigned i = 0; i < SCVP_CONTENT_COUNT; i++) {
		if (oid_is(oid, content_oids[i])) {
			*ret = (enum scvp_content)i;
			return true;
		}
	}
	return false;
}

static int fail_content(struct reader *r)
{
	return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5055 3",
			 "the content is not an SCVP message");
}

/* SignedData: the CMS reader of the house does it. */
static int open_signed(struct reader *r, struct view in, struct scvp_envelope *e)
{
	e->protection = SCVP_SIGNED;
	if (cms_parse(in, &e->cms, r->err) != 0) {
		r->status =
		    read_own_failure(r->err) ? SCVP_INTERNAL_ERROR : SCVP_BAD_STRUCTURE;
		return -1;
	}
	if (!e->cms->has_content || !content_of(e->cms->content_type, &e->kind))
		return fail_content(r);
	e->content = e->cms->content;
	return 0;
}

/* AuthenticatedData up to its content: RFC 5652 9.1. */
static int open_authenticated(struct reader *r, struct view c, struct scvp_envelope *e)
{
	static const char what[] = "AuthenticatedData";
	struct tlv t;
	bool there;
	e->protection = SCVP_AUTHENTICATED;
	if (read_need(r, &c, ID_SEQUENCE, READ_LIST, what, &t) != 0)
		return -1;
	c = t.body;
	if (read_need(r, &c, ID_INTEGER, READ_VALUE, what, &t) != 0 ||
	    read_maybe(r, &c, ID_LIST(0), READ_LIST, what, &t, &there) != 0 ||
	    read_need(r, &c, DER_SET, READ_LIST, what, &t) != 0 ||
	    read_need(r, &c, ID_SEQUENCE, READ_LIST, what, &t) != 0 ||
	    read_maybe(r, &c, ID_LIST(1), READ_LIST, what, &t, &there) != 0 ||
	    read_need(r, &c, ID_SEQUENCE, READ_LIST, what, &t) != 0)
		return -1;
	c = t.body;
	if (read_need(r, &c, ID_OID, READ_VALUE, what, &t) != 0)
		return -1;
	if (!content_of(t.body, &e->kind))
		return fail_content(r);
	if (read_need(r, &c, ID_LIST(0), READ_LIST, what, &t) != 0)
		return -1;
	c = t.body;
	if (read_need(r, &c, ID_OCTETS, READ_STRING, what, &t) != 0)
		return -1;
	e->owned = buf_make(t.body.n);
	if (tlv_octets(&t, &e->owned, r->err) != 0) {
		r->status =
		    read_own_failure(r->err) ? SCVP_INTERNAL_ERROR : SCVP_BAD_STRUCTURE;
		return -1;
	}
	e->content = view_buf(&e->owned);
	return 0;
}

static int open_bare(struct reader *r, struct view c, struct scvp_envelope *e)
{
	struct tlv t;
	if (read_need(r, &c, ID_SEQUENCE, READ_LIST, "message", &t) != 0 ||
	    read_end(r, c, "message") != 0)
		return -1;
	e->protection = SCVP_BARE;
	e->owned = buf_make(t.whole.n);
	if (buf_put(&e->owned, t.whole, r->err) != 0) {
		r->status = SCVP_INTERNAL_ERROR;
		return -1;
	}
	e->content = view_buf(&e->owned);
	return 0;
}

static int open_any(struct reader *r, struct view in, struct scvp_envelope *e)
{
	struct view c = in;
	struct tlv t;
	if (in.n > SCVP_RESPONSE_MAX)
		return read_fail(r, SCVP_INVALID_REQUEST, NULL, "message too large");
	if (read_need(r, &c, ID_SEQUENCE, READ_LIST, "ContentInfo", &t) != 0 ||
	    read_end(r, c, "ContentInfo") != 0)
		return -1;
	c = t.body;
	if (read_need(r, &c, ID_OID, READ_VALUE, "contentType", &t) != 0)
		return -1;
	const struct view type = t.body;
	if (read_need(r, &c, ID_LIST(0), READ_LIST, "content", &t) != 0 ||
	    read_end(r, c, "ContentInfo") != 0)
		return -1;
	if (oid_is(type, OID_SIGNED_DATA))
		return open_signed(r, in, e);
	if (oid_is(type, OID_AUTHENTICATED_DATA))
		return open_authenticated(r, t.body, e);
	return content_of(type, &e->kind) ? open_bare(r, t.body, e) : fail_content(r);
}

int scvp_envelope_parse(struct view in, struct scvp_envelope **ret,
			enum scvp_status *ret_status, struct ltps_error *err)
{
	struct reader r = { .err = err, .status = SCVP_INTERNAL_ERROR };
	struct scvp_envelope *e = mem_zalloc(1, sizeof(*e));
	int rc = e == NULL ? read_nomem(&r) : open_any(&r, in, e);
	*ret_status = rc == 0 ? SCVP_OKAY : r.status;
	if (rc == 0)
		*ret = e;
	else
		scvp_envelope_free(e);
	return rc;
}

void scvp_envelope_free(struct scvp_envelope *e)
{
	if (e == NULL)
		return;
	cms_free(e->cms);
	buf_free(&e->owned);
	mem_free(e);
}

/* ---- verifying ---- */

static bool is_signers(const struct cms_signer *s, const struct cert *c)
{
	if (s->issuer.n > 0)
		return view_equal(s->issuer, c->issuer) &&
		       view_equal(s->serial, c->serial);
	return s->ski.n > 0 && view_equal(s->ski, c->ski);
}

/* NULL in *ret when it is not inside, or does not decode. */
static int find_signer(const struct cms *cms, struct cert **ret, struct ltps_error *err)
{
	for (size_t i = 0; i < cms->n_certs; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		struct cert *c = NULL;
		if (cms->certs[i].p[0] != DER_SEQUENCE)
			continue;
		if (cert_parse(cms->certs[i], &c, &bad) != 0) {
			if (read_pass_failure(&bad, err) != 0)
				return -1;
			continue;
		}
		if (is_signers(&cms->signers[0], c)) {
			*ret = c;
			return 0;
		}
		cert_free(c);
	}
	return 0;
}

static bool is_sequence(const struct tlv *t)
{
	return tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) && t->constructed;
}

/* The only TLV of a primitive type. */
static bool is_plain(struct view v, uint32_t tag, struct tlv *ret)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	return tlv_only(v, ret, &bad) == 0 && tlv_is(ret, ASN1_UNIVERSAL, tag) &&
	       !ret->constructed;
}

/* The hash in the first ESSCertID(v2) of a SigningCertificate value. */
static bool reference_fits(struct view value, const struct cert *c, bool v2,
			   bool *ret_fits, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	struct digest d;
	enum digest_alg alg = v2 ? DIGEST_SHA256 : DIGEST_SHA1;
	*ret_fits = false;
	struct view id = value;
	for (unsigned depth = 0; depth < 3; depth++) {
		if (tlv_peek(id, &t, &bad) != 0 || !is_sequence(&t))
			return true;
		id = t.body;
	}
	if (tlv_next(&id, &t, &bad) != 0)
		return true;
	if (v2 && is_sequence(&t)) {
		struct tlv oid;
		alg = tlv_peek(t.body, &oid, &bad) == 0 ? digest_from_oid(oid.body)
							: DIGEST_NONE;
		if (tlv_next(&id, &t, &bad) != 0)
			return true;
	}
	if (!is_plain(t.whole, ASN1_TAG_OCTET_STRING, &t) || alg == DIGEST_NONE)
		return true;
	if (digest_once(alg, c->der, &d, err) != 0)
		return false;
	*ret_fits = view_equal(t.body, digest_view(&d));
	return true;
}

/* content-type, message-digest and what references the certificate. */
static int check_attributes(const struct scvp_envelope *e, const struct cert *c,
			    enum digest_alg alg, enum scvp_status *ret,
			    struct ltps_error *err)
{
	static const char *const references[] = { OID_SIGNING_CERTIFICATE,
						  OID_SIGNING_CERTIFICATE_V2 };
	const struct cms_attrs *attrs = &e->cms->signers[0].signed_attrs;
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct view type, digest, reference;
	struct tlv t;
	struct digest d;
	*ret = SCVP_INVALID_SIGNATURE_OR_MAC;
	if (cms_attr_one(attrs, OID_CONTENT_TYPE, &type, &bad) != 0 || type.n == 0 ||
	    cms_attr_one(attrs, OID_MESSAGE_DIGEST, &digest, &bad) != 0 ||
	    digest.n == 0 || !is_plain(type, ASN1_TAG_OID, &t) ||
	    !view_equal(t.body, e->cms->content_type) ||
	    !is_plain(digest, ASN1_TAG_OCTET_STRING, &t))
		return 0;
	for (unsigned i = 0; i < 2; i++) {
		bool fits = true;
		if (cms_attr_one(attrs, references[i], &reference, &bad) != 0)
			return 0;
		if (reference.n > 0 &&
		    !reference_fits(reference, c, i == 1, &fits, err))
			return -1;
		if (!fits)
			return 0;
	}
	if (digest_once(alg, e->content, &d, err) != 0)
		return -1;
	*ret =
	    view_equal(t.body, digest_view(&d)) ? SCVP_OKAY : SCVP_BAD_SIGNATURE_OR_MAC;
	return 0;
}

static enum digest_alg digest_of(struct view algorithm)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	if (tlv_only(algorithm, &t, &bad) != 0 || tlv_peek(t.body, &t, &bad) != 0)
		return DIGEST_NONE;
	return digest_from_oid(t.body);
}

static int check_signature(const struct scvp_envelope *e, const struct cert *c,
			   enum scvp_status *ret, struct ltps_error *err)
{
	const struct cms_signer *s = &e->cms->signers[0];
	const enum digest_alg alg = digest_of(s->digest_algorithm);
	enum signature_verdict verdict;
	EVP_PKEY *key;
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct buf attrs = buf_make(SCVP_REQUEST_MAX);
	int rc = -1;
	*ret = SCVP_UNSUPPORTED_SIGNATURE_OR_MAC;
	if (alg == DIGEST_NONE)
		return 0;
	if (check_attributes(e, c, alg, ret, err) != 0)
		return -1;
	if (*ret != SCVP_OKAY)
		return 0;
	if (cert_key(c, &key, err) != 0)
		return -1;
	if (key == NULL) {
		*ret = SCVP_UNSUPPORTED_SIGNATURE_OR_MAC;
		return 0;
	}
	if (cms_signed_attrs_der(s, &attrs, &bad) != 0) {
		/* what has no DER encoding was not signed as one */
		*ret = SCVP_INVALID_SIGNATURE_OR_MAC;
		rc = read_pass_failure(&bad, err);
		goto out;
	}
	if (signature_verify(s->signature_algorithm, alg, key, view_buf(&attrs),
			     s->signature, &verdict, err) != 0)
		goto out;
	if (verdict != SIGNATURE_VALID)
		*ret = verdict == SIGNATURE_INVALID ? SCVP_BAD_SIGNATURE_OR_MAC
						    : SCVP_UNSUPPORTED_SIGNATURE_OR_MAC;
	rc = 0;
out:
	buf_free(&attrs);
	return rc;
}

int scvp_envelope_verify(const struct scvp_envelope *e, enum scvp_status *ret_status,
			 struct cert **ret_signer, struct ltps_error *err)
{
	*ret_signer = NULL;
	*ret_status = SCVP_BAD_STRUCTURE;
	if (e->protection != SCVP_SIGNED) {
		*ret_status = SCVP_UNSUPPORTED_SIGNATURE_OR_MAC;
		return 0;
	}
	const struct cms *cms = e->cms;
	if (cms->n_signers != 1 || cms->signers[0].unsigned_attrs.whole.n > 0 ||
	    cms->signers[0].signed_attrs.whole.n == 0)
		return 0;
	struct cert *signer = NULL;
	*ret_status = SCVP_UNRECOGNIZED_SIG_KEY;
	if (find_signer(cms, &signer, err) != 0)
		return -1;
	if (signer == NULL)
		return 0;
	if (check_signature(e, signer, ret_status, err) != 0) {
		cert_free(signer);
		return -1;
	}
	*ret_signer = signer;
	return 0;
}

bool scvp_may_sign(const struct cert *c, bool server)
{
	const uint32_t unreadable =
	    c->malformed & (1u << CERT_EXT_KEY_USAGE | 1u << CERT_EXT_EKU);
	if (unreadable != 0)
		return false;
	if (cert_has(c, CERT_EXT_KEY_USAGE) &&
	    (c->key_usage &
	     (KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION)) == 0)
		return false;
	return !cert_has(c, CERT_EXT_EKU) || cert_has_eku(c, "2.5.29.37.0") ||
	       cert_has_eku(c, server ? OID_KP_SCVP_SERVER : OID_KP_SCVP_CLIENT);
}

/* ---- writing ---- */

static void write_oid(struct writer *w, const char *dotted)
{
	if (!w->failed && der_put_oid(w->out, dotted, w->err) != 0)
		w->failed = true;
}

int scvp_envelope_bare(enum scvp_content kind, struct view message, struct buf *out,
		       struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	write_oid(&w, content_oids[kind]);
	write_value(&w, ID_LIST(0), message);
	write_close(&w, at);
	return writer_end(&w);
}

/* ---- signers ---- */

/* What a key can sign with, tried once. */
static int find_algorithms(struct scvp_signer *s, struct ltps_error *err)
{
	static const enum digest_alg tries[] = { DIGEST_SHA256, DIGEST_SHA384,
						 DIGEST_SHA512 };
	struct buf value = buf_make((size_t)16 << 10);
	size_t ends[3];
	int rc = -1;
	s->alg_bytes = buf_make((size_t)4 << 10);
	if (EVP_PKEY_is_a(s->key, "ED448")) {
		/* RFC 8419 3.1 asks for SHAKE256 as the digest. */
		ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
			  "SCVP responses are not signed with Ed448");
		goto out;
	}
	const bool ed25519 = EVP_PKEY_is_a(s->key, "ED25519");
	for (size_t i = 0; i < (ed25519 ? 1 : 3); i++) {
		s->digests[i] = ed25519 ? DIGEST_SHA512 : tries[i];
		buf_clear(&value);
		if (signature_sign(s->key, s->digests[i], view_text("?"), &s->alg_bytes,
				   &value, err) != 0)
			goto out;
		ends[s->n_algs++] = s->alg_bytes.n;
	}
	for (size_t i = 0, begin = 0; i < s->n_algs; begin = ends[i++])
		s->algs[i] = view_of(s->alg_bytes.p + begin, ends[i] - begin);
	rc = 0;
out:
	buf_free(&value);
	return rc;
}

static int check_key(const struct scvp_signer *s, bool server, struct ltps_error *err)
{
	EVP_PKEY *public;
	if (cert_key(s->cert, &public, err) != 0)
		return -1;
	if (public == NULL || EVP_PKEY_eq(public, s->key) != 1)
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_CALLER, NULL,
				 "the key does not belong to the certificate");
	if (!scvp_may_sign(s->cert, server))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "RFC 5055 4.14.2",
				 "the key usages of the certificate do not allow "
				 "signing SCVP messages");
	return 0;
}

int scvp_signer_new(const struct cert *cert, EVP_PKEY *key,
		    const struct cert *const *chain, size_t n_chain, bool server,
		    struct scvp_signer **ret, struct ltps_error *err)
{
	struct digest d;
	if (n_chain > SCVP_CHAIN_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d certificates beside the signer's",
				 SCVP_CHAIN_MAX);
	struct scvp_signer *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->cert = cert_ref(cert);
	EVP_PKEY_up_ref(key);
	s->key = key;
	for (size_t i = 0; i < n_chain; i++)
		s->chain[s->n_chain++] = cert_ref(chain[i]);
	if (check_key(s, server, err) != 0 || find_algorithms(s, err) != 0 ||
	    digest_once(DIGEST_SHA1, cert->der, &d, err) != 0) {
		scvp_signer_free(s);
		return -1;
	}
	memcpy(s->cert_sha1, d.p, sizeof(s->cert_sha1));
	*ret = s;
	return 0;
}

void scvp_signer_free(struct scvp_signer *s)
{
	if (s == NULL)
		return;
	cert_free(s->cert);
	EVP_PKEY_free(s->key);
	for (size_t i = 0; i < s->n_chain; i++)
		cert_free(s->chain[i]);
	buf_free(&s->alg_bytes);
	mem_free(s);
}

/* ---- signing ---- */

#define ATTRIBUTES 4
#define ATTRIBUTES_BYTES_MAX ((size_t)4 << 10)

static size_t open_attribute(struct writer *w, const char *oid, size_t *ret_set)
{
	const size_t at = write_open(w, ID_SEQUENCE);
	write_oid(w, oid);
	*ret_set = write_open(w, DER_SET);
	return at;
}

static void close_attribute(struct writer *w, size_t at, size_t set)
{
	write_close(w, set);
	write_close(w, at);
}

/* SigningCertificate(V2) ::= { certs { { certHash } } }; SHA-256 is v2's default. */
static void write_reference(struct writer *w, const char *oid, struct view hash)
{
	size_t set, at = open_attribute(w, oid, &set);
	const size_t value = write_open(w, ID_SEQUENCE);
	const size_t certs = write_open(w, ID_SEQUENCE);
	const size_t id = write_open(w, ID_SEQUENCE);
	write_value(w, ID_OCTETS, hash);
	write_close(w, id);
	write_close(w, certs);
	write_close(w, value);
	close_attribute(w, at, set);
}

/* The attributes as SET OF, as they are signed, appended to out. */
static int put_attributes(const struct scvp_signer *s, enum scvp_content kind,
			  const struct digest *d, struct buf *out,
			  struct ltps_error *err)
{
	struct buf bytes = buf_make(ATTRIBUTES_BYTES_MAX);
	struct writer w = writer_to(&bytes, err);
	size_t ends[ATTRIBUTES], set, at = open_attribute(&w, OID_CONTENT_TYPE, &set);
	struct view members[ATTRIBUTES];
	write_oid(&w, content_oids[kind]);
	close_attribute(&w, at, set);
	ends[0] = bytes.n;
	at = open_attribute(&w, OID_MESSAGE_DIGEST, &set);
	write_value(&w, ID_OCTETS, digest_view(d));
	close_attribute(&w, at, set);
	ends[1] = bytes.n;
	write_reference(&w, OID_SIGNING_CERTIFICATE,
			view_of(s->cert_sha1, sizeof(s->cert_sha1)));
	ends[2] = bytes.n;
	write_reference(&w, OID_SIGNING_CERTIFICATE_V2,
			view_of(s->cert->sha256, sizeof(s->cert->sha256)));
	ends[3] = bytes.n;
	int rc = writer_end(&w);
	for (size_t i = 0, begin = 0; rc == 0 && i < ATTRIBUTES; begin = ends[i++])
		members[i] = view_of(bytes.p + begin, ends[i] - begin);
	if (rc == 0)
		rc = der_put_set_of(out, DER_SET, members, ATTRIBUTES, err);
	buf_free(&bytes);
	return rc;
}

static void write_certificates(struct writer *w, const struct scvp_signer *s)
{
	struct view certs[SCVP_CHAIN_MAX + 1];
	size_t n = 0;
	certs[n++] = s->cert->der;
	for (size_t i = 0; i < s->n_chain; i++)
		certs[n++] = s->chain[i]->der;
	if (!w->failed && der_put_set_of(w->out, ID_LIST(0), certs, n, w->err) != 0)
		w->failed = true;
}

struct signed_parts {
	enum digest_alg digest;
	struct buf attributes;
	struct buf algorithm;
	struct buf value;
};

static void write_signer_info(struct writer *w, const struct scvp_signer *s,
			      const struct signed_parts *p)
{
	const size_t set = write_open(w, DER_SET);
	const size_t at = write_open(w, ID_SEQUENCE);
	write_uint(w, ID_INTEGER, 1);
	const size_t sid = write_open(w, ID_SEQUENCE);
	write_raw(w, s->cert->issuer);
	write_value(w, ID_INTEGER, s->cert->serial);
	write_close(w, sid);
	write_raw(w, digest_algorithm_identifier(p->digest));
	write_retagged(w, ID_LIST(0), view_buf(&p->attributes));
	write_raw(w, view_buf(&p->algorithm));
	write_value(w, ID_OCTETS, view_buf(&p->value));
	write_close(w, at);
	write_close(w, set);
}

static int write_signed(const struct scvp_signer *s, const struct signed_parts *p,
			enum scvp_content kind, struct view message, struct buf *out,
			struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t info = write_open(&w, ID_SEQUENCE);
	write_oid(&w, OID_SIGNED_DATA);
	const size_t content = write_open(&w, ID_LIST(0));
	const size_t data = write_open(&w, ID_SEQUENCE);
	write_uint(&w, ID_INTEGER, 3); /* the content is not id-data: RFC 5652 5.1 */
	write_value(&w, DER_SET, digest_algorithm_identifier(p->digest));
	const size_t encap = write_open(&w, ID_SEQUENCE);
	write_oid(&w, content_oids[kind]);
	const size_t octets = write_open(&w, ID_LIST(0));
	write_value(&w, ID_OCTETS, message);
	write_close(&w, octets);
	write_close(&w, encap);
	write_certificates(&w, s);
	write_signer_info(&w, s, p);
	write_close(&w, data);
	write_close(&w, content);
	write_close(&w, info);
	return writer_end(&w);
}

int scvp_envelope_sign(const struct scvp_signer *signer, size_t alg,
		       enum scvp_content kind, struct view message, struct buf *out,
		       struct ltps_error *err)
{
	struct digest d;
	struct signed_parts p = { .digest = signer->digests[alg],
				  .attributes = buf_make(ATTRIBUTES_BYTES_MAX),
				  .algorithm = buf_make((size_t)1 << 10),
				  .value = buf_make((size_t)16 << 10) };
	int rc = -1;
	if (digest_once(p.digest, message, &d, err) == 0 &&
	    put_attributes(signer, kind, &d, &p.attributes, err) == 0 &&
	    signature_sign(signer->key, p.digest, view_buf(&p.attributes), &p.algorithm,
			   &p.value, err) == 0)
		rc = write_signed(signer, &p, kind, message, out, err);
	buf_free(&p.value);
	buf_free(&p.algorithm);
	buf_free(&p.attributes);
	return rc;
}
