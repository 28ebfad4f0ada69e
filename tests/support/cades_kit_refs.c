/* SPDX-License-Identifier: Apache-2.0 */
/* cades_kit_refs - references and values as attributes; evidence records. */
#include <openssl/x509.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"
#include "tests/support/ers_make.h"
#include "timestamping/merkle.h"

static struct ltps_error failure;

static void must(int rc)
{
	if (rc != 0)
		ck_die(failure.text);
}

static struct tlv next(struct view *cursor)
{
	struct tlv t;
	must(tlv_next(cursor, &t, &failure));
	return t;
}

static struct view body_of(struct view tlv)
{
	return next(&tlv).body;
}

/* A view of the buffer's bytes that lives on; frees it. */
static struct view keep(struct buf b)
{
	struct view v = ck_copy(&b);
	buf_free(&b);
	return v;
}

/* ---- references, RFC 5126 6.2 ---- */

/* OtherHash: a bare OCTET STRING is SHA-1. */
static struct view other_hash(enum digest_alg alg, struct view octets)
{
	if (alg == DIGEST_SHA1)
		return ck_digest_octets(alg, octets);
	return make_el(DER_SEQUENCE, digest_algorithm_identifier(alg),
		       ck_digest_octets(alg, octets));
}

/* IssuerSerial out of a certificate: [0] version, serial, algorithm, issuer. */
static struct view issuer_serial(struct view cert)
{
	struct view tbs = body_of(body_of(cert));
	struct view serial, issuer;
	struct tlv t = next(&tbs);
	serial = t.cls == ASN1_CONTEXT ? next(&tbs).whole : t.whole;
	next(&tbs);
	issuer = next(&tbs).whole;
	return make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, make_el(0xa4, issuer)),
		       serial);
}

static struct view cert_refs(const struct cades_kit_material *m, enum digest_alg alg)
{
	struct view all = VIEW_NULL;
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->certs[i].n > 0; i++)
		all =
		    make_joined(all, make_el(DER_SEQUENCE, other_hash(alg, m->certs[i]),
					     issuer_serial(m->certs[i])));
	return make_el(DER_SEQUENCE, all);
}

/* CrlOcspRef with [0] crlids of one CrlValidatedID. */
static struct view crl_reference(struct view crl, enum digest_alg alg)
{
	struct view tbs = body_of(body_of(crl));
	next(&tbs); /* version */
	next(&tbs); /* algorithm */
	struct view issuer = next(&tbs).whole;
	struct view issued = next(&tbs).whole;
	struct view id = make_el(DER_SEQUENCE, other_hash(alg, crl),
				 make_el(DER_SEQUENCE, issuer, issued));
	return make_el(DER_SEQUENCE,
		       make_el(0xa0, make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, id))));
}

/* CrlOcspRef with [1] ocspids of one OcspResponsesID; the hash of the basic response.
 */
static struct view ocsp_reference(struct view ocsp, enum digest_alg alg)
{
	struct view basic = cades_kit_basic(ocsp);
	struct view data = body_of(body_of(basic));
	struct tlv t = next(&data);
	if (t.cls == ASN1_CONTEXT && t.number == 0) /* version */
		t = next(&data);
	struct view produced = next(&data).whole;
	struct view id = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, t.whole, produced),
				 other_hash(alg, basic));
	return make_el(DER_SEQUENCE,
		       make_el(0xa1, make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, id))));
}

static struct view status_refs(const struct cades_kit_material *m, enum digest_alg alg)
{
	struct view all = VIEW_NULL;
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->crls[i].n > 0; i++)
		all = make_joined(all, crl_reference(m->crls[i], alg));
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->ocsps[i].n > 0; i++)
		all = make_joined(all, ocsp_reference(m->ocsps[i], alg));
	return make_el(DER_SEQUENCE, all);
}

struct view cades_kit_attribute(struct view file, size_t signer, struct view attribute)
{
	struct ck_file *f = ck_file_read(file);
	CK_NEED(signer < f->n_signers);
	ck_push(&f->signers[signer].unsigned_attrs, attribute);
	return ck_file_write(f);
}

struct view cades_kit_refs(struct view file, size_t signer,
			   const struct cades_kit_material *m, enum digest_alg alg)
{
	if (alg == DIGEST_NONE)
		alg = DIGEST_SHA256;
	file = cades_kit_attribute(file, signer,
				   make_attr(OID_CERTIFICATE_REFS, cert_refs(m, alg)));
	return cades_kit_attribute(file, signer,
				   make_attr(OID_REVOCATION_REFS, status_refs(m, alg)));
}

/* ---- values, RFC 5126 6.3 ---- */

static struct view joined(const struct view *list)
{
	struct view all = VIEW_NULL;
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && list[i].n > 0; i++)
		all = make_joined(all, list[i]);
	return all;
}

struct view ck_certificate_values(const struct cades_kit_material *m)
{
	if (m->certs[0].n == 0)
		return VIEW_NULL;
	return make_attr(OID_CERTIFICATE_VALUES,
			 make_el(DER_SEQUENCE, joined(m->certs)));
}

/* RevocationValues: [0] crlVals, [1] ocspVals (BasicOCSPResponse), explicit tags. */
struct view ck_revocation_values(const struct cades_kit_material *m)
{
	struct view crls = VIEW_NULL, ocsps = VIEW_NULL, basic = VIEW_NULL;
	if (m->crls[0].n == 0 && m->ocsps[0].n == 0)
		return VIEW_NULL;
	for (size_t i = 0; i < CADES_KIT_LIST_MAX && m->ocsps[i].n > 0; i++)
		basic = make_joined(basic, cades_kit_basic(m->ocsps[i]));
	if (m->crls[0].n > 0)
		crls = make_el(0xa0, make_el(DER_SEQUENCE, joined(m->crls)));
	if (basic.n > 0)
		ocsps = make_el(0xa1, make_el(DER_SEQUENCE, basic));
	return make_attr(OID_REVOCATION_VALUES, make_el(DER_SEQUENCE, crls, ocsps));
}

struct view cades_kit_values(struct view file, size_t signer,
			     const struct cades_kit_material *m)
{
	struct view certs = ck_certificate_values(m);
	struct view status = ck_revocation_values(m);
	if (certs.n > 0)
		file = cades_kit_attribute(file, signer, certs);
	if (status.n > 0)
		file = cades_kit_attribute(file, signer, status);
	return file;
}

struct view cades_kit_add(struct view file, const struct cades_kit_material *m)
{
	struct ck_file *f = ck_file_read(file);
	ck_file_material(f, m);
	return ck_file_write(f);
}

/* ---- evidence records, RFC 4998 5.1, appendix A ---- */

static struct digest group(enum digest_alg alg, const struct digest *h, size_t n)
{
	struct view views[2] = { digest_view(&h[0]), digest_view(&h[n - 1]) };
	if (n == 1)
		return h[0];
	if (view_compare(views[0], views[1]) > 0)
		return cades_kit_hash(alg, make_joined(views[1], views[0]));
	return cades_kit_hash(alg, make_joined(views[0], views[1]));
}

static struct view hash_list(const struct digest *h, size_t n)
{
	struct buf list = buf_make(MAKE_MAX);
	for (size_t i = 0; i < n; i++)
		list = make_join(list, make_octet_string(digest_view(&h[i])));
	return keep(make_tlv(0xa2, 1, make_tlv(DER_SEQUENCE, 1, list)));
}

/* The second archive time-stamp: over the first one's token. */
static struct view renewal(const struct cades_kit_record *o, enum digest_alg alg,
			   struct view first)
{
	struct digest d = cades_kit_hash(alg, first);
	struct cades_kit_stamp t = { .tsa = o->renewal_tsa, .gen_ms = o->renewal_ms };
	if (o->renewal_tsa == NULL)
		return VIEW_NULL;
	return make_el(DER_SEQUENCE, keep(make_algorithm(0xa0, alg)), hash_list(&d, 1),
		       cades_kit_token(&t, &d));
}

struct view cades_kit_record_of(struct view file, const struct cades_kit_record *o)
{
	enum digest_alg alg = o->alg != DIGEST_NONE ? o->alg : DIGEST_SHA256;
	struct view content =
	    o->content.n > 0 ? o->content : view_text(CADES_KIT_CONTENT);
	struct digest h[2] = { cades_kit_hash(alg, file),
			       cades_kit_hash(alg, content) };
	size_t n = o->external ? 2 : 1;
	if (o->wrong_hash)
		h[0].p[0] ^= 1;
	struct digest root = group(alg, h, n);
	struct cades_kit_stamp t = {
		.tsa = o->tsa, .gen_ms = o->gen_ms, .alg = alg, .inside = o->inside
	};
	struct view token = cades_kit_token(&t, &root);
	struct view first = make_el(DER_SEQUENCE, keep(make_algorithm(0xa0, alg)),
				    hash_list(h, n), token);
	struct view chain = make_el(DER_SEQUENCE, first, renewal(o, alg, token));
	return make_el(DER_SEQUENCE, make_int(1),
		       make_el(DER_SEQUENCE, digest_algorithm_identifier(alg)),
		       make_el(DER_SEQUENCE, chain));
}

struct view cades_kit_record(struct view file, const struct cades_kit_record *o)
{
	return cades_kit_attribute(
	    file, o->signer,
	    make_attr(o->external ? OID_ER_EXTERNAL : OID_ER_INTERNAL,
		      cades_kit_record_of(file, o)));
}
