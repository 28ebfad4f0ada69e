/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_signer - who signed, EN 319 102-1 5.2.3. The signed reference decides; the
 * SignerIdentifier, which nobody signed in many signatures, only helps to find the
 * certificate quickly and finds it alone where there is no reference.
 */
#include "validation/engine_private.h"

#include <string.h>

#include "base/mem.h"
#include "validation/engine_signer.h"
#include "validation/name.h"

/*
 * Candidates hashed for one reference whose digest nobody keeps (all but SHA-256):
 * what fits the SignerIdentifier comes first, so that only references to something
 * else get this far. A store of all trusted lists holds less.
 */
#define IDENTIFY_HASHES_MAX 4096

/* Certificates of one name and number, or of one key identifier, that are tried. */
#define IDENTIFY_NAMESAKES_MAX 16

/* Entries looked at for the signer: it is the first of them, as a rule. */
#define IDENTIFY_ENTRIES_MAX 32

/* ---- candidates ---- */

/* Pools in the order in which they are looked at: the document's, then those given;
 * the anchors among the latter, and anchors beside the pools last. */
struct candidates {
	const struct engine_input *in;
	size_t pool; /* 0: the document's */
	enum material_kind kind;
	size_t i;
};

static const struct material *pool_at(const struct engine_input *in, size_t pool)
{
	if (pool == 0)
		return in->document->material;
	if (pool <= in->n_pools)
		return in->pools[pool - 1];
	return pool == in->n_pools + 1 ? in->stamp_anchors : NULL;
}

static const struct cert *next_candidate(struct candidates *c)
{
	const struct engine_input *in = c->in;
	while (c->pool <= in->n_pools + 1) {
		const struct material *m = pool_at(in, c->pool);
		if (m != NULL && c->i < material_count(m, c->kind))
			return material_cert(m, c->kind, c->i++);
		c->i = 0;
		if (c->kind == MATERIAL_CERT) {
			c->kind = MATERIAL_ANCHOR;
		} else {
			c->kind = MATERIAL_CERT;
			c->pool++;
		}
	}
	return in->anchors != NULL && c->i < in->n_anchors ? in->anchors[c->i++] : NULL;
}

static struct candidates candidates_of(const struct engine *e)
{
	return (struct candidates){ .in = e->in, .kind = MATERIAL_CERT };
}

/* ---- SignerIdentifier ---- */

/* Canonical form of a Name that an outsider wrote; empty when it is none. */
static int canonical_of(struct view name, struct buf *out, struct ltps_error *err)
{
	buf_clear(out);
	if (name.n == 0 || name_canonical(name, out, err) == 0)
		return 0;
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	buf_clear(out);
	return 0;
}

/* Leading zero octets of an INTEGER are not its value. */
static struct view integer_value(struct view v)
{
	while (v.n > 1 && v.p[0] == 0)
		v = view_skip(v, 1);
	return v;
}

static bool is_named(const struct cert *c, struct view issuer_canonical,
		     struct view serial)
{
	return issuer_canonical.n > 0 &&
	       view_equal(integer_value(serial), integer_value(c->serial)) &&
	       view_equal(issuer_canonical, c->issuer_canonical);
}

int signer_names(struct view issuer, struct view serial, const struct cert *c,
		 bool *ret_fits, struct ltps_error *err)
{
	struct buf canonical = buf_make(NAME_CANONICAL_MAX);
	int rc = canonical_of(issuer, &canonical, err);
	*ret_fits = rc == 0 && is_named(c, view_buf(&canonical), serial);
	buf_free(&canonical);
	return rc;
}

/* Whether a SignerIdentifier names this certificate. Fails: NOMEM */
static int signer_fits(const struct cms_signer *s, const struct cert *c, bool *ret_fits,
		       struct ltps_error *err)
{
	*ret_fits = false;
	if (s->ski.n > 0) {
		*ret_fits = view_equal(s->ski, c->ski);
		return 0;
	}
	return signer_names(s->issuer, s->serial, c, ret_fits, err);
}

/*
 * The next candidate that the SignerIdentifier names.
 * canonical  of its issuer
 */
static const struct cert *next_named(struct candidates *k, const struct cms_signer *s,
				     struct view canonical)
{
	const struct cert *c;
	while ((c = next_candidate(k)) != NULL)
		if (s->ski.n > 0 ? view_equal(s->ski, c->ski)
				 : is_named(c, canonical, s->serial))
			return c;
	return NULL;
}

/* ---- references ---- */

int signer_reference_matches(const struct cades_cert_ref *r, const struct cert *c,
			     bool *ret_matches, struct ltps_error *err)
{
	struct digest d;
	*ret_matches = false;
	if (r->alg == DIGEST_SHA256) {
		*ret_matches = view_equal(r->hash, view_of(c->sha256, 32));
		return 0;
	}
	if (r->alg == DIGEST_NONE || r->hash.n != digest_len(r->alg))
		return 0;
	if (digest_once(r->alg, c->der, &d, err) != 0)
		return -1;
	*ret_matches = view_equal(r->hash, digest_view(&d));
	return 0;
}

/* The usual reference, without a look at every candidate. */
static const struct cert *find_by_sha256(const struct engine *e, struct view hash)
{
	const struct engine_input *in = e->in;
	const struct cert *c = NULL;
	for (size_t i = 0; i <= in->n_pools + 1 && c == NULL; i++) {
		const struct material *m = pool_at(in, i);
		if (m != NULL)
			c = material_find_cert(m, MATERIAL_CERT, hash.p);
		if (m != NULL && c == NULL)
			c = material_find_cert(m, MATERIAL_ANCHOR, hash.p);
	}
	for (size_t i = 0; in->anchors != NULL && i < in->n_anchors && c == NULL; i++)
		if (view_equal(hash, view_of(in->anchors[i]->sha256, 32)))
			c = in->anchors[i];
	return c;
}

/* named_only  of those named by the SignerIdentifier */
static int find_usual(const struct engine *e, const struct cms_signer *s,
		      struct view hash, bool named_only, const struct cert **ret,
		      struct ltps_error *err)
{
	const struct cert *c = hash.n == 32 ? find_by_sha256(e, hash) : NULL;
	bool fits = true;
	if (c != NULL && named_only && signer_fits(s, c, &fits, err) != 0)
		return -1;
	if (fits)
		*ret = c;
	return 0;
}

/* Among those named by the SignerIdentifier, then among all. */
static int find_referenced(struct engine *e, const struct cms_signer *s,
			   struct view canonical, const struct cades_cert_ref *r,
			   bool named_only, const struct cert **ret,
			   struct ltps_error *err)
{
	struct candidates k = candidates_of(e);
	unsigned hashed = 0;
	const struct cert *c;
	bool matches;
	if (r->alg == DIGEST_SHA256)
		return find_usual(e, s, r->hash, named_only, ret, err);
	while ((c = next_named(&k, s, canonical)) != NULL &&
	       hashed++ < IDENTIFY_HASHES_MAX) {
		if (signer_reference_matches(r, c, &matches, err) != 0)
			return -1;
		if (matches) {
			*ret = c;
			return 0;
		}
	}
	k = candidates_of(e);
	while (!named_only && (c = next_candidate(&k)) != NULL) {
		if (hashed++ >= IDENTIFY_HASHES_MAX)
			return 0;
		if (signer_reference_matches(r, c, &matches, err) != 0)
			return -1;
		if (matches) {
			*ret = c;
			return 0;
		}
	}
	return 0;
}

static bool is_first_entry(const struct cades_signing_certs *certs, size_t i)
{
	return i == 0 || i == certs->v2_from;
}

/*
 * The first entry that a candidate matches. The first of an attribute is the signer's
 * (RFC 5035 3); a later one counts only for whom the SignerIdentifier names too.
 */
static int identify_by_reference(struct engine *e, struct basic *b,
				 struct view canonical, struct ltps_error *err)
{
	const struct cades_signing_certs *certs = &b->signature->signing_certs;
	const struct cms_signer *s = b->signature->signer;
	size_t n = certs->n < IDENTIFY_ENTRIES_MAX ? certs->n : IDENTIFY_ENTRIES_MAX;
	if (certs->has_v2 && certs->v2_from >= n && certs->v2_from < certs->n &&
	    find_referenced(e, s, canonical, &certs->refs[certs->v2_from], false,
			    &b->signer, err) != 0)
		return -1;
	for (int later = 0; later < 2 && b->signer == NULL; later++)
		for (size_t i = 0; i < n && b->signer == NULL; i++)
			if (is_first_entry(certs, i) == (later == 0) &&
			    find_referenced(e, s, canonical, &certs->refs[i],
					    later != 0, &b->signer, err) != 0)
				return -1;
	return 0;
}

/*
 * Several certificates may bear the name and number, or the key identifier, since
 * nobody signed which of them are in the file: the first one whose key signed is
 * meant; where there is none, the first one.
 */
static int identify_by_name(struct engine *e, struct basic *b, struct view canonical,
			    struct ltps_error *err)
{
	struct candidates k = candidates_of(e);
	const struct cms_signer *s = b->signature->signer;
	const struct cert *first = next_named(&k, s, canonical);
	const struct cert *c = first;
	bool fits = false, alone = true;
	for (int i = 0; c != NULL && !fits && i < IDENTIFY_NAMESAKES_MAX; i++) {
		b->signer = c;
		do
			c = next_named(&k, s, canonical);
		while (c != NULL && cert_equal(c, b->signer));
		alone = alone && c == NULL;
		if (alone)
			return 0;
		if (engine_signed_by(e, b, &fits, err) != 0)
			return -1;
	}
	if (!fits)
		b->signer = first;
	return 0;
}

/* Whether it has a signing-certificate attribute, readable or not. */
static bool signer_is_referenced(const struct document_signature *s)
{
	return s->signing_certs.n > 0 || s->signing_certs.n_attributes > 0;
}

static int note_name(struct engine *e, const struct basic *b, struct ltps_error *err)
{
	bool fits;
	if (signer_fits(b->signature->signer, b->signer, &fits, err) != 0)
		return -1;
	if (fits)
		return 0;
	return engine_find(e, CONSTRAINT_WARN, "SIGNER_IDENTIFIER", "RFC 5652 5.3",
			   b->ledger.object, err,
			   "the SignerIdentifier names another certificate than the "
			   "signed reference");
}

static int conclude(struct engine *e, struct basic *b, struct ltps_error *err)
{
	bool fails, found = b->signer != NULL;
	bool referenced = signer_is_referenced(b->signature);
	if (engine_constrain(
		e, &b->ledger, CONSTRAINT_SIGNING_CERTIFICATE, found, &fails, err, "%s",
		found        ? "identified"
		: referenced ? "no certificate at hand has the hash of the "
			       "signed reference"
			     : "no certificate at hand is the one named by "
			       "the SignerIdentifier") != 0)
		return -1;
	if (found)
		return referenced ? note_name(e, b, err) : 0;
	b->conclusion = conclusion_of(
	    SUB_NO_SIGNING_CERTIFICATE_FOUND, "EN 319 102-1 5.2.3.4",
	    referenced ? "no certificate at hand has the hash of the signed reference"
		       : "no certificate at hand is the one that the SignerIdentifier "
			 "names");
	b->conclusion.constraint = CONSTRAINT_SIGNING_CERTIFICATE;
	return 0;
}

int engine_identify(struct engine *e, struct basic *b, struct ltps_error *err)
{
	struct buf canonical = buf_make(NAME_CANONICAL_MAX);
	int rc = -1;
	b->signer = NULL;
	b->conclusion = conclusion_passed();
	if (canonical_of(b->signature->signer->issuer, &canonical, err) != 0)
		goto out;
	if ((signer_is_referenced(b->signature)
		 ? identify_by_reference(e, b, view_buf(&canonical), err)
		 : identify_by_name(e, b, view_buf(&canonical), err)) != 0)
		goto out;
	rc = conclude(e, b, err);
out:
	buf_free(&canonical);
	return rc;
}
