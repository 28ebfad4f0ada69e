/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp - decoding of OCSP responses, RFC 6960 4.2.1. */
#include "validation/ocsp.h"

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "validation/cert_private.h"
#include "validation/key.h"
#include "validation/name.h"

struct ocsp_owned {
	struct ocsp o; /* first: one address for both */
	atomic_uint owners;
	struct buf responder_canonical;
	size_t cap_singles;
	struct sig_cache *cache; /* while it is read */
	uint8_t der[];
};

static struct ocsp_owned *owned(const struct ocsp *o)
{
	return (struct ocsp_owned *)(uintptr_t)o; /* counting owners is invisible */
}

static int fail(struct ltps_error *err, const char *clause, const char *why)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause,
			 "OCSP response: %s", why);
}

static int fail_large(struct ltps_error *err, const char *what, int max)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			 "OCSP response with more than %d %s", max, what);
}

#define ID_OCSP(last) OID_VIEW("\x2b\x06\x01\x05\x05\x07\x30\x01" last)
static const struct view oid_basic = ID_OCSP("\x01");
static const struct view oid_nonce = ID_OCSP("\x02");
static const struct view oid_archive_cutoff = ID_OCSP("\x06");
static const struct view oid_extended_revoke = ID_OCSP("\x09");
/* Common PKI: CertHash, 1.3.36.8.3.13 */
static const struct view oid_cert_hash = OID_VIEW("\x2b\x24\x08\x03\x0d");
/* invalidityDate, RFC 5280 5.3.2; of the entry extensions of CRLs (RFC 6960 4.4.5) the
 * one that changes what an answer means. */
static const struct view oid_invalidity = OID_VIEW("\x55\x1d\x18");
/* What a single answer may also say and we need not know: crlID (RFC 6960 4.4.2), the
 * reason, which stands in the answer itself, and holdInstructionCode. */
static const struct view harmless_single[] = {
	ID_OCSP("\x03"),
	OID_VIEW("\x55\x1d\x15"),
	OID_VIEW("\x55\x1d\x17"),
};

/* --- one answer --- */

static enum digest_alg digest_of(struct view algorithm)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view body, oid;
	if (field_only(algorithm, DER_SEQUENCE, "hash", &body, &ignored) != 0 ||
	    field_oid(&body, "hash", &oid, &ignored) != 0)
		return DIGEST_NONE;
	return digest_from_oid(oid);
}

/* CertID, RFC 6960 4.1.1. */
static int read_cert_id(struct view body, struct ocsp_single *s, struct ltps_error *err)
{
	struct view algorithm;
	struct tlv name, key;
	if (field_algorithm(&body, "hashAlgorithm", &algorithm, err) != 0 ||
	    field_next(&body, FIELD_OCTETS, "issuerNameHash", &name, err) != 0 ||
	    field_next(&body, FIELD_OCTETS, "issuerKeyHash", &key, err) != 0 ||
	    field_integer(&body, "serialNumber", &s->serial, err) != 0 ||
	    tlv_end(body, "CertID", err) != 0)
		return -1;
	s->hash_alg = digest_of(algorithm);
	s->issuer_name_hash = name.body;
	s->issuer_key_hash = key.body;
	return 0;
}

/* RevokedInfo: time and [0] EXPLICIT CRLReason. */
static int read_revoked(struct view body, struct ocsp_single *s, struct ltps_error *err)
{
	struct tlv tagged;
	struct view reason;
	if (field_generalized_time(&body, "revocationTime", &s->revoked_ms, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "revocationReason",
			   &tagged, err) != 0 ||
	    tlv_end(body, "RevokedInfo", err) != 0)
		return -1;
	if (tagged.whole.n == 0)
		return 0;
	if (field_only(tagged.body, FIELD_ENUMERATED, "revocationReason", &reason,
		       err) != 0)
		return -1;
	reason = field_shortest_integer(reason);
	if (reason.n != 1 || reason.p[0] > 10 || reason.p[0] == 7)
		return fail(err, "RFC 5280 5.3.1", "unknown reason");
	s->reason = reason.p[0];
	return 0;
}

static int read_status(struct view *cursor, struct ocsp_single *s,
		       struct ltps_error *err)
{
	struct tlv t;
	if (tlv_next(cursor, &t, err) != 0)
		return -1;
	if (t.indefinite || t.cls != ASN1_CONTEXT || t.number > 2)
		return fail(err, "RFC 6960 4.2.1", "unknown certStatus");
	if (t.number == 1) {
		s->status = OCSP_REVOKED;
		if (!t.constructed)
			return fail(err, "RFC 6960 4.2.1", "revoked without a time");
		return read_revoked(t.body, s, err);
	}
	s->status = t.number == 0 ? OCSP_GOOD : OCSP_UNKNOWN;
	if (t.constructed || t.body.n > 0)
		return fail(err, "RFC 6960 4.2.1", "certStatus with contents");
	return 0;
}

/* CertHash ::= SEQUENCE { hashAlgorithm, certificateHash OCTET STRING } */
static int read_cert_hash(struct view value, struct ocsp_single *s,
			  struct ltps_error *err)
{
	struct view body, algorithm;
	struct tlv hash;
	if (field_only(value, DER_SEQUENCE, "CertHash", &body, err) != 0 ||
	    field_algorithm(&body, "hashAlgorithm", &algorithm, err) != 0 ||
	    field_next(&body, FIELD_OCTETS, "certificateHash", &hash, err) != 0 ||
	    tlv_end(body, "CertHash", err) != 0)
		return -1;
	s->cert_hash_alg = digest_of(algorithm);
	s->cert_hash = hash.body;
	return 0;
}

static bool is_harmless(struct view oid)
{
	for (size_t i = 0; i < sizeof(harmless_single) / sizeof(harmless_single[0]);
	     i++) {
		if (view_equal(oid, harmless_single[i]))
			return true;
	}
	return false;
}

static int read_single_extension(const struct extension *x, struct ocsp_single *s,
				 struct ltps_error *err)
{
	struct view value = x->value;
	if (view_equal(x->oid, oid_archive_cutoff)) {
		if (s->archive_cutoff_ms != INT64_MAX)
			return fail(err, "RFC 6960 4.4.4", "two archive cutoffs");
		if (field_generalized_time(&value, "archiveCutoff",
					   &s->archive_cutoff_ms, err) != 0)
			return -1;
		return tlv_end(value, "archiveCutoff", err);
	}
	if (view_equal(x->oid, oid_invalidity)) {
		if (s->invalidity_ms != INT64_MIN)
			return fail(err, "RFC 6960 4.4.5", "two invalidity dates");
		if (field_generalized_time(&value, "invalidityDate", &s->invalidity_ms,
					   err) != 0)
			return -1;
		return tlv_end(value, "invalidityDate", err);
	}
	if (view_equal(x->oid, oid_cert_hash)) {
		if (s->cert_hash.p != NULL)
			return fail(err, NULL, "two CertHash");
		return read_cert_hash(value, s, err);
	}
	s->unknown_critical |= x->critical && !is_harmless(x->oid);
	return 0;
}

static int read_single_extensions(struct view tagged, struct ocsp_single *s,
				  struct ltps_error *err)
{
	struct view list;
	if (field_only(tagged, DER_SEQUENCE, "singleExtensions", &list, err) != 0)
		return -1;
	while (list.n > 0) {
		struct extension x;
		if (extension_next(&list, &x, err) != 0 ||
		    read_single_extension(&x, s, err) != 0)
			return -1;
	}
	return 0;
}

/* SingleResponse, RFC 6960 4.2.1. */
static int read_single(struct view body, struct ocsp_single *ret,
		       struct ltps_error *err)
{
	struct ocsp_single s = { .reason = -1,
				 .invalidity_ms = INT64_MIN,
				 .next_ms = INT64_MIN,
				 .archive_cutoff_ms = INT64_MAX };
	struct tlv id, next, extensions;
	if (field_next(&body, DER_SEQUENCE, "certID", &id, err) != 0 ||
	    read_cert_id(id.body, &s, err) != 0 || read_status(&body, &s, err) != 0 ||
	    field_generalized_time(&body, "thisUpdate", &s.this_ms, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "nextUpdate", &next,
			   err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(1), "singleExtensions",
			   &extensions, err) != 0 ||
	    tlv_end(body, "SingleResponse", err) != 0)
		return -1;
	if (next.whole.n > 0) {
		struct view cursor = next.body;
		if (field_generalized_time(&cursor, "nextUpdate", &s.next_ms, err) !=
			0 ||
		    tlv_end(cursor, "nextUpdate", err) != 0)
			return -1;
	}
	if (extensions.whole.n > 0 &&
	    read_single_extensions(extensions.body, &s, err) != 0)
		return -1;
	*ret = s;
	return 0;
}

static int grow_singles(struct ocsp_owned *o, struct ltps_error *err)
{
	if (o->o.n_singles < o->cap_singles)
		return 0;
	size_t cap = o->cap_singles > 0 ? 4 * o->cap_singles : 1;
	struct ocsp_single *p = mem_resize(o->o.singles, cap, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	o->o.singles = p;
	o->cap_singles = cap;
	return 0;
}

static int read_singles(struct ocsp_owned *o, struct view list, struct ltps_error *err)
{
	while (list.n > 0) {
		struct tlv t;
		if (o->o.n_singles >= OCSP_SINGLES_MAX)
			return fail_large(err, "answers", OCSP_SINGLES_MAX);
		if (field_next(&list, DER_SEQUENCE, "SingleResponse", &t, err) != 0 ||
		    grow_singles(o, err) != 0 ||
		    read_single(t.body, &o->o.singles[o->o.n_singles], err) != 0)
			return -1;
		o->o.n_singles++;
	}
	return 0;
}

/* --- the response --- */

/* ResponderID: [1] EXPLICIT Name or [2] EXPLICIT OCTET STRING. */
static int read_responder(struct ocsp_owned *w, struct view *cursor,
			  struct ltps_error *err)
{
	struct ocsp *o = &w->o;
	struct tlv t;
	if (field_optional(cursor, FIELD_CONTEXT_CONSTRUCTED(1), "byName", &t, err) !=
	    0)
		return -1;
	if (t.whole.n > 0) {
		o->responder_name = t.body;
		if (name_canonical(t.body, &w->responder_canonical, err) != 0)
			return -1;
		o->responder_canonical = view_buf(&w->responder_canonical);
		return 0;
	}
	if (field_next(cursor, FIELD_CONTEXT_CONSTRUCTED(2), "byKey", &t, err) != 0 ||
	    field_only(t.body, FIELD_OCTETS, "byKey", &o->responder_key, err) != 0)
		return -1;
	return o->responder_key.n > 0 ? 0 : fail(err, "RFC 6960 4.2.1", "empty byKey");
}

/* A nonce is an OCTET STRING (RFC 9654 2.1); before RFC 6960 it was any octets. */
static struct view nonce_of(struct view value)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view octets;
	return field_only(value, FIELD_OCTETS, "nonce", &octets, &ignored) == 0 ? octets
										: value;
}

static int read_response_extensions(struct ocsp *o, struct view tagged,
				    struct ltps_error *err)
{
	struct view list, body;
	if (field_only(tagged, DER_SEQUENCE, "responseExtensions", &list, err) != 0)
		return -1;
	while (list.n > 0) {
		struct extension x;
		if (extension_next(&list, &x, err) != 0)
			return -1;
		if (view_equal(x.oid, oid_nonce)) {
			if (o->nonce.p != NULL)
				return fail(err, "RFC 9654 2.1", "two nonces");
			o->nonce = nonce_of(x.value);
		} else if (view_equal(x.oid, oid_extended_revoke)) {
			if (field_only(x.value, FIELD_NULL, "extended revoke", &body,
				       err) != 0)
				return -1;
			o->extended_revoke = true;
		} else {
			o->unknown_critical |= x.critical;
		}
	}
	return 0;
}

/* v1 is all there is; writing the DEFAULT down is tolerated. */
static int read_version(struct view *cursor, struct ltps_error *err)
{
	struct tlv tagged;
	struct view n;
	if (field_optional(cursor, FIELD_CONTEXT_CONSTRUCTED(0), "version", &tagged,
			   err) != 0)
		return -1;
	if (tagged.whole.n == 0)
		return 0;
	if (field_only(tagged.body, FIELD_INTEGER, "version", &n, err) != 0)
		return -1;
	return n.n == 1 && n.p[0] == 0 ? 0
				       : fail(err, "RFC 6960 4.2.1", "unknown version");
}

/* ResponseData, RFC 6960 4.2.1. */
static int read_tbs(struct ocsp_owned *w, struct view cursor, struct ltps_error *err)
{
	struct ocsp *o = &w->o;
	struct tlv singles, extensions;
	if (read_version(&cursor, err) != 0 || read_responder(w, &cursor, err) != 0 ||
	    field_generalized_time(&cursor, "producedAt", &o->produced_ms, err) != 0 ||
	    field_next(&cursor, DER_SEQUENCE, "responses", &singles, err) != 0 ||
	    read_singles(w, singles.body, err) != 0 ||
	    field_optional(&cursor, FIELD_CONTEXT_CONSTRUCTED(1), "responseExtensions",
			   &extensions, err) != 0 ||
	    tlv_end(cursor, "ResponseData", err) != 0)
		return -1;
	if (extensions.whole.n > 0)
		return read_response_extensions(o, extensions.body, err);
	return 0;
}

/* Keeps what decodes as a certificate; the others cannot help anybody. */
static int parse_cert(struct sig_cache *cache, struct view der, struct cert **ret,
		      struct ltps_error *err)
{
	struct digest d;
	if (cache == NULL)
		return cert_parse(der, ret, err);
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	return sig_cache_cert(cache, der, d.p, ret, err);
}

static int take_cert(struct ocsp_owned *w, struct view der, struct ltps_error *err)
{
	struct ltps_error own = LTPS_ERROR_INIT;
	struct ocsp *o = &w->o;
	if (parse_cert(w->cache, der, &o->certs[o->n_certs], &own) == 0) {
		o->n_certs++;
		return 0;
	}
	if (own.fault == LTPS_FAULT_OBJECT)
		return 0;
	*err = own;
	return -1;
}

static int read_certs(struct ocsp_owned *w, struct view tagged, struct ltps_error *err)
{
	struct ocsp *o = &w->o;
	struct view list;
	size_t n = 0;
	if (field_only(tagged, DER_SEQUENCE, "certs", &list, err) != 0)
		return -1;
	o->certs = mem_zalloc(list.n > 0 ? OCSP_CERTS_MAX : 0, sizeof(struct cert *));
	if (o->certs == NULL)
		return ltps_fail_nomem(err);
	while (list.n > 0) {
		struct tlv t;
		if (n++ >= OCSP_CERTS_MAX)
			return fail_large(err, "certificates", OCSP_CERTS_MAX);
		if (tlv_next(&list, &t, err) != 0 || take_cert(w, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

/* BasicOCSPResponse, RFC 6960 4.2.1. */
static int read_basic(struct ocsp_owned *w, struct view in, struct ltps_error *err)
{
	struct ocsp *o = &w->o;
	struct view body;
	struct tlv tbs, certs;
	if (field_only(in, DER_SEQUENCE, "BasicOCSPResponse", &body, err) != 0 ||
	    field_next(&body, DER_SEQUENCE, "tbsResponseData", &tbs, err) != 0 ||
	    field_algorithm(&body, "signatureAlgorithm", &o->algorithm, err) != 0 ||
	    field_signature(&body, "signature", &o->signature, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "certs", &certs, err) !=
		0 ||
	    tlv_end(body, "BasicOCSPResponse", err) != 0)
		return -1;
	o->basic = in;
	o->tbs = tbs.whole;
	if (read_tbs(w, tbs.body, err) != 0)
		return -1;
	return certs.whole.n > 0 ? read_certs(w, certs.body, err) : 0;
}

/* ResponseBytes inside its tag. */
static int read_bytes(struct ocsp_owned *w, struct view tagged, struct ltps_error *err)
{
	struct view body, oid;
	struct tlv response;
	if (field_only(tagged, DER_SEQUENCE, "ResponseBytes", &body, err) != 0 ||
	    field_oid(&body, "responseType", &oid, err) != 0 ||
	    field_next(&body, FIELD_OCTETS, "response", &response, err) != 0 ||
	    tlv_end(body, "ResponseBytes", err) != 0)
		return -1;
	if (!view_equal(oid, oid_basic))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "RFC 6960 4.2.1", "OCSP response that is not basic");
	return read_basic(w, response.body, err);
}

/* OCSPResponse; bytes beside a status of failure say nothing and are passed over. */
static int read_outer(struct ocsp_owned *w, struct ltps_error *err)
{
	struct view body;
	struct tlv status, tagged;
	if (field_only(w->o.der, DER_SEQUENCE, "OCSPResponse", &body, err) != 0 ||
	    field_next(&body, FIELD_ENUMERATED, "responseStatus", &status, err) != 0 ||
	    tlv_uint(&status, &w->o.response_status, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "responseBytes",
			   &tagged, err) != 0 ||
	    tlv_end(body, "OCSPResponse", err) != 0)
		return -1;
	if (w->o.response_status != 0)
		return 0;
	if (tagged.whole.n == 0)
		return fail(err, "RFC 6960 4.2.1", "successful without an answer");
	return read_bytes(w, tagged.body, err);
}

static int check_size(struct view der, struct ltps_error *err)
{
	if (der.n > OCSP_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "OCSP response of more than %zu bytes", OCSP_SIZE_MAX);
	return 0;
}

int ocsp_parse_known(struct view der, const uint8_t sha256[32], struct sig_cache *cache,
		     struct ocsp **ret, struct ltps_error *err)
{
	if (check_size(der, err) != 0)
		return -1;
	struct ocsp_owned *w = mem_zalloc(1, sizeof(*w) + der.n);
	if (w == NULL)
		return ltps_fail_nomem(err);
	atomic_init(&w->owners, 1);
	w->cache = cache;
	w->responder_canonical = buf_make(NAME_CANONICAL_MAX);
	if (der.n > 0)
		memcpy(w->der, der.p, der.n);
	w->o.der = view_of(w->der, der.n);
	if (read_outer(w, err) != 0) {
		ocsp_free(&w->o);
		return field_fail_clause(err, "RFC 6960 4.2.1");
	}
	memcpy(w->o.sha256, sha256, sizeof(w->o.sha256));
	w->cache = NULL;
	*ret = &w->o;
	return 0;
}

int ocsp_parse(struct view der, struct ocsp **ret, struct ltps_error *err)
{
	struct digest d;
	if (check_size(der, err) != 0 || digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	return ocsp_parse_known(der, d.p, NULL, ret, err);
}

struct ocsp *ocsp_ref(const struct ocsp *o)
{
	struct ocsp_owned *w = owned(o);
	atomic_fetch_add_explicit(&w->owners, 1, memory_order_relaxed);
	return &w->o;
}

void ocsp_free(struct ocsp *o)
{
	if (o == NULL)
		return;
	struct ocsp_owned *w = owned(o);
	if (atomic_fetch_sub_explicit(&w->owners, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < o->n_certs; i++)
		cert_free(o->certs[i]);
	mem_free(o->certs);
	mem_free(o->singles);
	buf_free(&w->responder_canonical);
	mem_free(w);
}

/* --- finding the answer --- */

/* SHA-1, which most responders answer with, is known already. */
static int key_digest(const struct cert *c, enum digest_alg alg, struct digest *ret,
		      struct ltps_error *err)
{
	if (alg != DIGEST_SHA1)
		return digest_once(alg, c->key_octets, ret, err);
	*ret = (struct digest){ .alg = alg, .n = sizeof(c->key_sha1) };
	memcpy(ret->p, c->key_sha1, sizeof(c->key_sha1));
	return 0;
}

/* Whether the certID's hashes are of this issuer. RFC 6960 4.1.1 hashes the name
 * as the certificate writes its issuer; some responders take the subject of the
 * issuer's certificate, which may be written otherwise. */
static int names_issuer(const struct ocsp_single *s, const struct cert *c,
			const struct cert *issuer, bool *ret, struct ltps_error *err)
{
	struct digest key, name;
	*ret = false;
	if (digest_evp(s->hash_alg) == NULL)
		return 0;
	if (key_digest(issuer, s->hash_alg, &key, err) != 0)
		return -1;
	if (!view_equal(s->issuer_key_hash, digest_view(&key)))
		return 0;
	if (digest_once(s->hash_alg, c->issuer, &name, err) != 0)
		return -1;
	*ret = view_equal(s->issuer_name_hash, digest_view(&name));
	if (*ret || view_equal(c->issuer, issuer->subject) ||
	    !view_equal(c->issuer_canonical, issuer->subject_canonical))
		return 0;
	if (digest_once(s->hash_alg, issuer->subject, &name, err) != 0)
		return -1;
	*ret = view_equal(s->issuer_name_hash, digest_view(&name));
	return 0;
}

int ocsp_single_next(const struct ocsp *o, const struct cert *c,
		     const struct cert *issuer, const struct ocsp_single **io,
		     struct ltps_error *err)
{
	struct view serial = field_shortest_integer(c->serial);
	for (size_t i = *io == NULL ? 0 : (size_t)(*io - o->singles) + 1;
	     i < o->n_singles; i++) {
		const struct ocsp_single *s = &o->singles[i];
		bool names;
		if (view_compare(field_shortest_integer(s->serial), serial) != 0)
			continue;
		if (names_issuer(s, c, issuer, &names, err) != 0)
			return -1;
		if (names) {
			*io = s;
			return 0;
		}
	}
	*io = NULL;
	return 0;
}

int ocsp_single_for(const struct ocsp *o, const struct cert *c,
		    const struct cert *issuer, const struct ocsp_single **ret,
		    struct ltps_error *err)
{
	const struct ocsp_single *best = NULL, *s = NULL;
	do {
		if (ocsp_single_next(o, c, issuer, &s, err) != 0)
			return -1;
		if (s != NULL && (best == NULL || s->this_ms >= best->this_ms))
			best = s;
	} while (s != NULL);
	*ret = best;
	return 0;
}
