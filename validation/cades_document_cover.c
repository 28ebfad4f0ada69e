/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_document_cover - what each time-stamp and evidence record is a proof of.
 *
 * Every object inside a signature is listed once with the place where it stands; a
 * time-stamp covers those that lie in the attributes that it hashes. Objects that are
 * only named by a digest are covered through that digest (EN 319 102-1 5.6.2.3).
 */
#include "validation/cades_document.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/key.h"

/* Digests of all material of one kind, taken when a reference asks for them. */
struct digest_table {
	struct digest *v;
	size_t n;
};
/* What a reference to a status may be over. */
enum referenced { REF_CERT, REF_CRL, REF_OCSP, REF_BASIC, REF_COUNT };

struct covering {
	struct reader *r;
	struct digest_table tables[REF_COUNT][DIGEST_ALG_COUNT];
	struct cover_list list;
	size_t n_responders; /* certificates inside responses that are only named */
};

/* ---- references ---- */

static size_t referenced_count(const struct material *m, enum referenced what)
{
	return material_count(m, what == REF_CERT  ? MATERIAL_CERT
				 : what == REF_CRL ? MATERIAL_CRL
						   : MATERIAL_OCSP);
}

static struct view referenced_octets(const struct material *m, enum referenced what,
				     size_t i)
{
	switch (what) {
	case REF_CERT:
		return material_at(m, MATERIAL_CERT, i);
	case REF_CRL:
		return material_at(m, MATERIAL_CRL, i);
	case REF_BASIC:
		return material_ocsp(m, i)->basic;
	default:
		return material_at(m, MATERIAL_OCSP, i);
	}
}

static const uint8_t *referenced_identity(const struct material *m,
					  enum referenced what, size_t i)
{
	return what == REF_CERT  ? material_cert(m, MATERIAL_CERT, i)->sha256
	       : what == REF_CRL ? material_crl(m, i)->sha256
				 : material_ocsp(m, i)->sha256;
}

static int fill_table(struct covering *c, enum referenced what, enum digest_alg alg,
		      struct ltps_error *err)
{
	const struct material *m = c->r->d->material;
	struct digest_table *t = &c->tables[what][alg];
	size_t n = referenced_count(m, what);

	if (t->v != NULL)
		return 0;
	t->v = mem_zalloc(n + 1, sizeof(t->v[0]));
	if (t->v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		struct view octets = referenced_octets(m, what, i);
		if (!reader_spend(c->r, octets.n))
			break;
		if (digest_once(alg, octets, &t->v[i], err) != 0)
			return -1;
		t->n++;
	}
	return 0;
}

/* A reference is short, and the response that it names may hold a thousand
 * certificates: without a limit a small file would ask for their product. */
static int put_named_responders(struct covering *c, struct located_list *l,
				struct view where, const struct ocsp *o,
				enum digest_alg alg, struct ltps_error *err)
{
	if (o->n_certs > DOCUMENT_COVERS_MAX - c->n_responders) {
		reader_note(c->r->d, "references to responses with too many "
				     "certificates: the rest is left out");
		return 0;
	}
	c->n_responders += o->n_certs;
	return located_put_responders(l, where, o, alg, err);
}

static int find_referenced(struct covering *c, struct located_list *l,
			   struct view where, enum referenced what, enum digest_alg alg,
			   struct view hash, struct ltps_error *err)
{
	const struct material *m = c->r->d->material;
	enum object_kind kind = what == REF_CERT  ? OBJECT_CERT
				: what == REF_CRL ? OBJECT_CRL
						  : OBJECT_OCSP;

	if (fill_table(c, what, alg, err) != 0)
		return -1;
	const struct digest_table *t = &c->tables[what][alg];
	if (!reader_spend(c->r, 64 * (uint64_t)t->n))
		return 0;
	for (size_t i = 0; i < t->n; i++) {
		if (view_compare(digest_view(&t->v[i]), hash) != 0)
			continue;
		if (located_put(l, where, kind, referenced_identity(m, what, i), alg,
				err) != 0)
			return -1;
		return kind != OBJECT_OCSP
			   ? 0
			   : put_named_responders(c, l, where, material_ocsp(m, i), alg,
						  err);
	}
	return 0;
}

/* A digest of an object. SHA-256 is its identity already, wherever it is. */
static int put_reference(struct covering *c, struct located_list *l, struct view where,
			 enum referenced what, enum digest_alg alg, struct view hash,
			 struct ltps_error *err)
{
	if (alg == DIGEST_NONE || hash.n != digest_len(alg))
		return 0;
	if (alg == DIGEST_SHA256 && (what == REF_CERT || what == REF_CRL))
		return located_put(l, where,
				   what == REF_CERT ? OBJECT_CERT : OBJECT_CRL, hash.p,
				   alg, err);
	return find_referenced(c, l, where, what, alg, hash, err);
}

static int put_cert_refs(struct covering *c, struct located_list *l,
			 const struct cms_signer *signer, struct ltps_error *err)
{
	struct cades_cert_ref *refs = NULL;
	size_t n = 0;
	int rc = 0;

	if (cades_cert_refs(signer, &refs, &n, err) != 0) {
		reader_note(c->r->d, "certificate references that do not decode");
		return reader_passes_over(err) ? 0 : -1;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = put_reference(c, l, refs[i].hash, REF_CERT, refs[i].alg,
				   refs[i].hash, err);
	mem_free(refs);
	return rc;
}

/* RFC 5126 6.2.2: ocspRepHash is met over the BasicOCSPResponse and over the whole. */
static int put_status_refs(struct covering *c, struct located_list *l,
			   const struct cms_signer *signer, struct ltps_error *err)
{
	struct cades_status_ref *refs = NULL;
	size_t n = 0;
	int rc = 0;

	if (cades_status_refs(signer, &refs, &n, err) != 0) {
		reader_note(c->r->d, "revocation references that do not decode");
		return reader_passes_over(err) ? 0 : -1;
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		struct view h = refs[i].hash;
		size_t before = l->n;
		rc = put_reference(c, l, h, refs[i].ocsp ? REF_BASIC : REF_CRL,
				   refs[i].alg, h, err);
		if (rc == 0 && refs[i].ocsp && l->n == before)
			rc = put_reference(c, l, h, REF_OCSP, refs[i].alg, h, err);
	}
	mem_free(refs);
	return rc;
}

/* ---- the objects of each signature ---- */

/* A time-stamp with what is inside its token. */
static int put_stamp(struct reader *r, struct located_list *l, size_t stamp,
		     struct ltps_error *err)
{
	const struct document_stamp *st = &r->d->stamps[stamp];
	const struct located_list *in = &r->stamps[stamp].inside;

	if (located_put(l, st->token, OBJECT_STAMP, st->sha256, DIGEST_NONE, err) != 0)
		return -1;
	for (size_t i = 0; i < in->n; i++) {
		if (located_put(l, st->token, in->v[i].cover.kind,
				in->v[i].cover.sha256, DIGEST_NONE, err) != 0)
			return -1;
	}
	return 0;
}

static enum object_kind content_kind(const struct document_signature *s)
{
	return s->role == ROLE_COUNTERSIGNATURE ? OBJECT_SIGNATURE : OBJECT_SIGNED_DATA;
}

/* Whether the digest in message-digest is that of the content. */
static bool names_content(const struct document_signature *s)
{
	static const uint8_t unknown[32];

	return s->n_references > 0 && s->references[0].match == MATCH_YES &&
	       memcmp(s->content_sha256, unknown, sizeof(unknown)) != 0;
}

/* The signature value, and what the signed attributes speak of. */
static int fill_core(struct covering *c, size_t signature, struct ltps_error *err)
{
	struct reader *r = c->r;
	const struct document *d = r->d;
	const struct document_signature *s = &d->signatures[signature];
	struct reader_signer *rs = &r->signers[signature];
	int rc = located_put(&rs->core, VIEW_NULL, OBJECT_SIGNATURE, s->sha256,
			     DIGEST_NONE, err);

	if (rc == 0 && names_content(s))
		rc = located_put(&rs->core, VIEW_NULL, content_kind(s),
				 s->content_sha256, s->digest, err);
	for (size_t i = 0; i < s->signing_certs.n && rc == 0; i++) {
		size_t before = rs->core.n;
		rc = put_reference(c, &rs->core, VIEW_NULL, REF_CERT,
				   s->signing_certs.refs[i].alg,
				   s->signing_certs.refs[i].hash, err);
		/* The first of each attribute is the signer's. */
		bool first = i == 0 || i == s->signing_certs.v2_from;
		if (!first || rs->knows_signer || rs->core.n == before)
			continue;
		rs->knows_signer = true;
		memcpy(rs->signer_sha256, rs->core.v[before].cover.sha256, 32);
	}
	for (size_t i = 0; i < rs->n_stamps && rc == 0; i++) {
		if (rs->stamps[i].kind == CADES_STAMP_CONTENT)
			rc = put_stamp(r, &rs->core, rs->first + i, err);
	}
	return rc;
}

/* Everything of a countersignature stands where that stands. */
static int put_countersignature(struct reader *r, struct located_list *l, size_t child,
				struct ltps_error *err)
{
	const struct reader_signer *rs = &r->signers[child];
	struct view where = r->d->signatures[child].signer->whole;
	const struct located_list *from[] = { &rs->core, &rs->unsigned_objects };

	for (size_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < from[k]->n; i++) {
			const struct document_cover *o = &from[k]->v[i].cover;
			if (located_put(l, where, o->kind, o->sha256, o->by, err) != 0)
				return -1;
		}
	}
	return 0;
}

static int put_records(struct reader *r, struct located_list *l, size_t signer,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < r->d->n_records; i++) {
		const struct located_list *in = &r->records[i];
		struct view where = r->d->records[i].record;
		if (r->d->ers[i].signer != signer)
			continue;
		if (located_put(l, where, OBJECT_RECORD, r->d->records[i].sha256,
				DIGEST_NONE, err) != 0)
			return -1;
		for (size_t k = 0; k < in->n; k++) {
			if (located_put(l, where, in->v[k].cover.kind,
					in->v[k].cover.sha256, DIGEST_NONE, err) != 0)
				return -1;
		}
	}
	return 0;
}

static bool lies_in(struct view v, struct view around)
{
	return (uintptr_t)v.p >= (uintptr_t)around.p &&
	       (uintptr_t)v.p < (uintptr_t)around.p + around.n;
}

static void locate(struct located_list *l, const struct cms_attrs *attrs)
{
	for (size_t i = 0; i < l->n; i++) {
		l->v[i].attr = SIZE_MAX;
		for (size_t k = 0; k < attrs->n && l->v[i].where.n > 0; k++) {
			if (lies_in(l->v[i].where, attrs->a[k].whole))
				l->v[i].attr = k;
		}
	}
}

/* Its certificate-values and revocation-values are there already. */
static int fill_unsigned(struct covering *c, size_t signature, struct ltps_error *err)
{
	struct reader *r = c->r;
	const struct document *d = r->d;
	const struct document_signature *s = &d->signatures[signature];
	struct reader_signer *rs = &r->signers[signature];
	struct located_list *l = &rs->unsigned_objects;

	for (size_t i = 0; i < rs->n_stamps; i++) {
		if (rs->stamps[i].kind != CADES_STAMP_CONTENT &&
		    put_stamp(r, l, rs->first + i, err) != 0)
			return -1;
	}
	if (put_cert_refs(c, l, s->signer, err) != 0 ||
	    put_status_refs(c, l, s->signer, err) != 0)
		return -1;
	for (size_t i = signature + 1; i < d->n_signatures; i++) {
		if (d->signatures[i].parent == (int)signature &&
		    put_countersignature(r, l, i, err) != 0)
			return -1;
	}
	if (s->role == ROLE_SIGNATURE &&
	    put_records(r, l, (size_t)(s->signer - d->cms->signers), err) != 0)
		return -1;
	locate(l, &s->signer->unsigned_attrs);
	return 0;
}

/* ---- what each kind of time-stamp hashes ---- */

/* Orders of groups below are small enough to be searched. */
#define CURVE_BITS_MIN 160

/*
 * Keys whose signatures are over one set of octets only, whoever made the key. Of DSA
 * and the Edwards curves there are keys for which a value verifies over anything.
 */
static bool key_binds(EVP_PKEY *key)
{
	struct key_facts f;

	key_size(key, &f);
	return strcmp(f.algorithm, "RSA") == 0 ||
	       (strcmp(f.algorithm, "ECDSA") == 0 && f.bits >= CURVE_BITS_MIN);
}

/* Remembers it for the engine, which asks with the same octets, and the same key where
 * the certificate is the one that it identifies. */
static int check_value(struct document_signature *s, const struct cert *signer,
		       struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	enum signature_verdict v = SIGNATURE_INVALID;

	if (cert_key(signer, &key, err) != 0)
		return -1;
	if (key == NULL || !key_binds(key))
		return 0;
	for (size_t i = 0; i < s->n_octets && v == SIGNATURE_INVALID; i++) {
		if (signature_verify(s->algorithm, s->digest, key, s->octets[i],
				     s->value, &v, err) != 0)
			return -1;
		s->verified.form = i;
	}
	s->verified.valid = v == SIGNATURE_VALID;
	memcpy(s->verified.spki_sha256, signer->spki_sha256,
	       sizeof(s->verified.spki_sha256));
	return 0;
}

/*
 * Whether the value speaks of the signed attributes beside it. Anybody who had octets
 * stamped once, whatever they were, can put attributes beside them later; only where
 * they are a signature over these, by a key that these name (so that it was not made
 * to fit), have the attributes been there as long as the value.
 */
static int value_speaks(struct covering *c, size_t signature, bool *ret,
			struct ltps_error *err)
{
	struct document_signature *s = &c->r->d->signatures[signature];
	struct reader_signer *rs = &c->r->signers[signature];
	const struct cert *signer =
	    rs->knows_signer && s->has_signed_attrs
		? material_find_cert(c->r->d->material, MATERIAL_CERT,
				     rs->signer_sha256)
		: NULL;

	if (signer != NULL && !rs->value_tried && check_value(s, signer, err) != 0)
		return -1;
	rs->value_tried = true;
	*ret = s->verified.valid;
	return 0;
}

/* The digest under the value, where it is the weaker one. */
static enum digest_alg weaker(enum digest_alg by, enum digest_alg of_value)
{
	return by == DIGEST_NONE || digest_len(of_value) < digest_len(by) ? of_value
									  : by;
}

/* The signature value, and what it speaks of through its digest. */
static int cover_value(struct covering *c, size_t signature, struct ltps_error *err)
{
	const struct document_signature *s = &c->r->d->signatures[signature];
	const struct located_list *l = &c->r->signers[signature].core;
	bool speaks = false;

	if (covers_put(&c->list, OBJECT_SIGNATURE, s->sha256, DIGEST_NONE, err) != 0 ||
	    value_speaks(c, signature, &speaks, err) != 0)
		return -1;
	/* The first is the value itself. */
	for (size_t i = 1; i < l->n && speaks && s->digest != DIGEST_NONE; i++) {
		const struct document_cover *o = &l->v[i].cover;
		if (covers_put(&c->list, o->kind, o->sha256, weaker(o->by, s->digest),
			       err) != 0)
			return -1;
	}
	return 0;
}

/* The signed attributes, hashed themselves, and the value. */
static int cover_core(struct covering *c, size_t signature, struct ltps_error *err)
{
	const struct located_list *l = &c->r->signers[signature].core;

	for (size_t i = 0; i < l->n; i++) {
		const struct document_cover *o = &l->v[i].cover;
		if (covers_put(&c->list, o->kind, o->sha256, o->by, err) != 0)
			return -1;
	}
	return 0;
}

/* Content that is hashed itself, or by this digest. Its identity may be unknown. */
static int cover_content(struct covering *c, enum object_kind kind,
			 const struct content *content, enum digest_alg by,
			 struct ltps_error *err)
{
	if (content == NULL || content->known[DIGEST_SHA256].alg == DIGEST_NONE)
		return 0;
	return covers_put(&c->list, kind, content->known[DIGEST_SHA256].p, by, err);
}

static int cover_attributes(struct covering *c, size_t signature, const bool *attrs,
			    struct ltps_error *err)
{
	const struct located_list *l = &c->r->signers[signature].unsigned_objects;

	for (size_t i = 0; i < l->n; i++) {
		const struct located *o = &l->v[i];
		if (o->attr != SIZE_MAX && attrs[o->attr] &&
		    covers_put(&c->list, o->cover.kind, o->cover.sha256, o->cover.by,
			       err) != 0)
			return -1;
	}
	return 0;
}

/* The list is in the order of certificates and crls; some of these are not in it,
 * others several times (a response and the certificates in it). listed: NULL: all. */
static int cover_root(struct covering *c, const struct cades_index_match *listed,
		      struct ltps_error *err)
{
	const struct located_list *l = &c->r->root;
	const struct cms *cms = c->r->d->cms;
	size_t cert = 0, crl = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct located *o = &l->v[i];
		bool is_cert = lies_in(o->where, cms->certs_whole);
		while (is_cert && cert + 1 < cms->n_certs &&
		       cms->certs[cert].p != o->where.p)
			cert++;
		while (!is_cert && crl + 1 < cms->n_crls &&
		       cms->crls[crl].p != o->where.p)
			crl++;
		if (listed != NULL &&
		    !(is_cert ? listed->certs[cert] : listed->crls[crl]))
			continue;
		if (covers_put(&c->list, o->cover.kind, o->cover.sha256, o->cover.by,
			       err) != 0)
			return -1;
	}
	return 0;
}

static void mark(const struct cms_attrs *attrs, bool *marked, const char *const *oids)
{
	for (size_t i = 0; i < attrs->n; i++) {
		for (size_t k = 0; oids[k] != NULL && !marked[i]; k++)
			marked[i] = oid_is(attrs->a[i].type, oids[k]);
	}
}

/* Archive time-stamps are covered only by younger ones: the other ones are unmarked. */
static void unmark_younger(const struct reader *r, size_t signature, size_t stamp,
			   bool *marked)
{
	const struct reader_signer *rs = &r->signers[signature];
	const struct document_stamp *self = &r->d->stamps[rs->first + stamp];
	bool is_v1 = rs->stamps[stamp].kind == CADES_STAMP_ARCHIVE_V1;

	for (size_t i = 0; i < rs->n_stamps; i++) {
		const struct document_stamp *st = &r->d->stamps[rs->first + i];
		enum cades_stamp_kind k = rs->stamps[i].kind;
		bool archive = k == CADES_STAMP_ARCHIVE_V2 ||
			       k == CADES_STAMP_ARCHIVE_V3 ||
			       (is_v1 && k == CADES_STAMP_ARCHIVE_V1);
		bool older =
		    st->tst != NULL && st->tst->gen_time_ms < self->tst->gen_time_ms;
		if (i == stamp || (archive && !older))
			marked[rs->stamps[i].attr] = false;
	}
}

static const char *const c_attributes[] = { OID_SIGNATURE_TIME_STAMP,
					    OID_CERTIFICATE_REFS, OID_REVOCATION_REFS,
					    NULL };
static const char *const refs_attributes[] = { OID_CERTIFICATE_REFS,
					       OID_REVOCATION_REFS, NULL };
static int cover_v3(struct covering *c, const struct document_stamp *st,
		    struct ltps_error *err)
{
	const struct reader_stamp *rs = &c->r->stamps[st - c->r->d->stamps];
	size_t signature = (size_t)st->signature;

	if (cover_core(c, signature, err) != 0 ||
	    cover_content(c, content_kind(&c->r->d->signatures[signature]),
			  reader_content(c->r, signature), st->tst->imprint_alg,
			  err) != 0)
		return -1;
	if (!rs->has_match)
		return 0;
	return cover_root(c, &rs->match, err) != 0 ||
		       cover_attributes(c, signature, rs->match.attrs, err) != 0
		   ? -1
		   : 0;
}

/* All of the SignedData but younger archive time-stamps; the content is hashed where it
 * stands, or after encapContentInfo. */
static int cover_v2(struct covering *c, size_t signature, size_t stamp,
		    struct ltps_error *err)
{
	const struct document *d = c->r->d;
	const struct document_signature *s = &d->signatures[signature];
	bool marked[CMS_ATTRS_MAX];
	int rc =
	    d->cms->has_content
		? cover_content(c, OBJECT_SIGNED_DATA, d->content, DIGEST_NONE, err)
		: cover_content(c, content_kind(s), reader_content(c->r, signature),
				DIGEST_NONE, err);

	memset(marked, true, sizeof(marked));
	unmark_younger(c->r, signature, stamp, marked);
	if (rc != 0 || cover_core(c, signature, err) != 0 ||
	    cover_root(c, NULL, err) != 0)
		return -1;
	return cover_attributes(c, signature, marked, err);
}

static int cover_signature_stamp(struct covering *c, const struct document_stamp *st,
				 struct ltps_error *err)
{
	const struct document_signature *s = &c->r->d->signatures[st->signature];
	const struct reader_signer *rs = &c->r->signers[st->signature];
	const struct cms_attrs *attrs = &s->signer->unsigned_attrs;
	size_t signature = (size_t)st->signature,
	       i = (size_t)(st - c->r->d->stamps) - rs->first;
	bool marked[CMS_ATTRS_MAX] = { false };

	switch (rs->stamps[i].kind) {
	case CADES_STAMP_CONTENT:
		return cover_content(c, content_kind(s),
				     reader_content(c->r, signature), DIGEST_NONE, err);
	case CADES_STAMP_C:
		mark(attrs, marked, c_attributes);
		break;
	case CADES_STAMP_REFS:
		mark(attrs, marked, refs_attributes);
		return cover_attributes(c, signature, marked, err);
	case CADES_STAMP_ARCHIVE_V1:
	case CADES_STAMP_ARCHIVE_V2:
		return cover_v2(c, signature, i, err);
	case CADES_STAMP_ARCHIVE_V3:
		return cover_v3(c, st, err);
	case CADES_STAMP_SIGNATURE:
	case CADES_STAMP_LONG_TERM:
	case CADES_STAMP_KIND_COUNT:
		break;
	}
	if (cover_value(c, signature, err) != 0)
		return -1;
	return cover_attributes(c, signature, marked, err);
}

static int cover_stamp(struct covering *c, struct document_stamp *st,
		       struct ltps_error *err)
{
	const struct content *content = c->r->d->content;
	int rc = 0;

	/* Nothing is proven by an imprint that does not fit or could not be checked. */
	if (st->imprint == MATCH_YES && st->signature >= 0)
		rc = cover_signature_stamp(c, st, err);
	else if (st->imprint == MATCH_YES)
		rc = cover_content(c, OBJECT_SIGNED_DATA, content, DIGEST_NONE, err);
	return rc != 0 ? -1 : covers_finish(&c->list, c->r->d, &st->n_covers, err);
}

/* ---- evidence records: all that stood in the file ---- */

/* All attributes but those with records: these are cut out as their age tells. */
static int cover_signatures(struct covering *c, struct ltps_error *err)
{
	const struct document *d = c->r->d;

	for (size_t i = 0; i < d->n_signatures; i++) {
		const struct cms_attrs *attrs =
		    &d->signatures[i].signer->unsigned_attrs;
		bool kept[CMS_ATTRS_MAX] = { false };
		for (size_t k = 0; k < attrs->n; k++)
			kept[k] = !oid_is(attrs->a[k].type, OID_ER_INTERNAL) &&
				  !oid_is(attrs->a[k].type, OID_ER_EXTERNAL);
		if (cover_core(c, i, err) != 0 ||
		    cover_attributes(c, i, kept, err) != 0)
			return -1;
	}
	return 0;
}

static int cover_older_record(struct covering *c, size_t record, struct ltps_error *err)
{
	const struct located_list *in = &c->r->records[record];

	if (covers_put(&c->list, OBJECT_RECORD, c->r->d->records[record].sha256,
		       DIGEST_NONE, err) != 0)
		return -1;
	for (size_t i = 0; i < in->n; i++) {
		if (covers_put(&c->list, in->v[i].cover.kind, in->v[i].cover.sha256,
			       DIGEST_NONE, err) != 0)
			return -1;
	}
	return 0;
}

static int cover_record(struct covering *c, struct document_record *rec,
			struct ltps_error *err)
{
	const struct document *d = c->r->d;
	const struct content *content = d->content;

	if (cover_root(c, NULL, err) != 0 || cover_signatures(c, err) != 0)
		return -1;
	/* An external record covers a group: the file and its content. */
	if ((d->cms->has_content || rec->external) &&
	    cover_content(c, OBJECT_SIGNED_DATA, content, DIGEST_NONE, err) != 0)
		return -1;
	for (size_t i = 0; i < rec->er; i++) {
		const struct cms_er *older = &d->ers[i];
		/* Where a younger one stands beside it, it was cut out with that. */
		if (!cms_er_cuts(d->ers, d->n_ers, rec->er, older->signer,
				 older->attr) &&
		    cover_older_record(c, i, err) != 0)
			return -1;
	}
	return covers_finish(&c->list, c->r->d, &rec->n_covers, err);
}

/* ---- all of them ---- */

static int cover_all(struct covering *c, struct ltps_error *err)
{
	struct document *d = c->r->d;

	/* Children stand behind their parents, which list all that is in them. */
	for (size_t i = d->n_signatures; i-- > 0;) {
		if (fill_core(c, i, err) != 0 || fill_unsigned(c, i, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < d->n_stamps && !c->list.full; i++) {
		if (cover_stamp(c, &d->stamps[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < d->n_records && !c->list.full; i++) {
		if (cover_record(c, &d->records[i], err) != 0)
			return -1;
	}
	return 0;
}

static void set_pointers(struct document *d)
{
	size_t at = 0;

	for (size_t i = 0; i < d->n_stamps; i++) {
		d->stamps[i].covers =
		    d->stamps[i].n_covers > 0 ? d->all_covers + at : NULL;
		at += d->stamps[i].n_covers;
	}
	for (size_t i = 0; i < d->n_records; i++) {
		d->records[i].covers =
		    d->records[i].n_covers > 0 ? d->all_covers + at : NULL;
		at += d->records[i].n_covers;
	}
}

int reader_covers(struct reader *r, struct ltps_error *err)
{
	struct covering c = { .r = r };
	int rc = cover_all(&c, err);

	set_pointers(r->d);
	for (int what = 0; what < REF_COUNT; what++) {
		for (int alg = 0; alg < DIGEST_ALG_COUNT; alg++)
			mem_free(c.tables[what][alg].v);
	}
	covers_end(&c.list, r->d);
	return rc;
}
