/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_accept - signature acceptance, EN 319 102-1 5.2.8: the attributes that the
 * policy asks for, the references to certificates beside the path, and algorithms at
 * the time of judgement. All are looked at, so that a report names all that fail.
 */
#include "validation/engine_accept.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/engine_signer.h"

#define ACCEPT_CLAUSE "EN 319 102-1 5.2.8.4.2"
#define CRYPTO_CLAUSE "EN 319 102-1 5.2.8.4.3"
#define OID_DATA "1.2.840.113549.1.7.1"

/* ---- collecting ---- */

void accept_fail(struct accepting *a, enum constraint c, const char *what)
{
	size_t n = strlen(a->failed);
	if (a->first == CONSTRAINT_COUNT)
		a->first = c;
	snprintf(a->failed + n, sizeof(a->failed) - n, "%s%s", n > 0 ? ", " : "", what);
}

int accept_apply(struct accepting *a, enum constraint c, bool holds, const char *text,
		 struct ltps_error *err)
{
	bool fails;
	if (engine_constrain(a->e, &a->b->ledger, c, holds, &fails, err, "%s", text) !=
	    0)
		return -1;
	if (fails)
		accept_fail(a, c, constraint_name(c));
	return 0;
}

/* ---- attributes: each says whether it holds ---- */

static bool signing_time_holds(const struct accepting *a,
			       const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.signing_time_ms != INT64_MIN;
}

/* Present and equal to eContentType; without signed attributes the content is
 * id-data (RFC 5652 5.3). */
static bool content_type_holds(const struct accepting *a,
			       const struct constraint_rule *r)
{
	const struct document_signature *s = a->b->signature;
	char oid[OID_TEXT_MAX];
	oid_text(s->cms->content_type, oid);
	bool fits = s->has_signed_attrs
			? s->content_type_attr.n > 0 &&
			      view_equal(s->content_type_attr, s->cms->content_type)
			: strcmp(oid, OID_DATA) == 0;
	return fits && engine_allows(r, oid);
}

static bool content_hints_holds(const struct accepting *a,
				const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.content_hints_type.n > 0;
}

static bool content_identifier_holds(const struct accepting *a,
				     const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.content_identifier.n > 0;
}

static bool content_reference_holds(const struct accepting *a,
				    const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.content_reference.n > 0;
}

/* Any of those allowed. */
static bool commitment_holds(const struct accepting *a, const struct constraint_rule *r)
{
	const struct cades_claims *c = &a->b->signature->claims;
	for (size_t i = 0; i < c->n_commitments; i++)
		if (engine_allows(r, c->commitments[i]))
			return true;
	return false;
}

static bool location_holds(const struct accepting *a, const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.location.n > 0;
}

static bool signer_attributes_holds(const struct accepting *a,
				    const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.signer_attributes.n > 0;
}

static bool mime_type_holds(const struct accepting *a, const struct constraint_rule *r)
{
	(void)r;
	return a->b->signature->claims.mime_type.n > 0;
}

static bool algorithm_protection_holds(const struct accepting *a,
				       const struct constraint_rule *r)
{
	const struct cades_claims *c = &a->b->signature->claims;
	(void)r;
	return !c->algorithm_protection || c->algorithm_protection_ok;
}

/* One that passes 5.4 and is over the signed data. */
static bool content_stamp_holds(const struct accepting *a,
				const struct constraint_rule *r)
{
	(void)r;
	return a->b->content_stamp_ms != INT64_MIN;
}

static bool format_holds(const struct accepting *a, const struct constraint_rule *r)
{
	return engine_allows(r, signature_format_name(a->b->signature->format));
}

/* What its structure promises: whether that holds is for the processes to say. */
static bool level_holds(const struct accepting *a, const struct constraint_rule *r)
{
	enum signature_level asked = LEVEL_B;
	if (r->n_values == 0)
		return true;
	while (asked <= LEVEL_LTA &&
	       strcmp(signature_level_name(asked), r->values[0]) != 0)
		asked++;
	return asked <= LEVEL_LTA && a->b->signature->structure >= asked;
}

/* EN 319 122-1 5.2.2: one attribute of one kind. */
static bool reference_attribute_holds(const struct accepting *a,
				      const struct constraint_rule *r)
{
	const struct cades_signing_certs *c = &a->b->signature->signing_certs;
	(void)r;
	return c->n_attributes == 1 && c->n > 0;
}

static const struct {
	enum constraint constraint;
	bool (*holds)(const struct accepting *a, const struct constraint_rule *r);
	const char *failure;
} checks[] = {
	{ CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE, reference_attribute_holds,
	  "not exactly one signing-certificate attribute" },
	{ CONSTRAINT_SIGNING_TIME, signing_time_holds, "no signing-time" },
	{ CONSTRAINT_CONTENT_TYPE, content_type_holds,
	  "content-type is absent, differs from that of the content, or is not "
	  "allowed" },
	{ CONSTRAINT_CONTENT_HINTS, content_hints_holds, "no content-hints" },
	{ CONSTRAINT_CONTENT_IDENTIFIER, content_identifier_holds,
	  "no content-identifier" },
	{ CONSTRAINT_CONTENT_REFERENCE, content_reference_holds,
	  "no content-reference" },
	{ CONSTRAINT_COMMITMENT_TYPE, commitment_holds,
	  "no commitment-type-indication, or none that is allowed" },
	{ CONSTRAINT_SIGNER_LOCATION, location_holds, "no signer-location" },
	{ CONSTRAINT_SIGNER_ATTRIBUTES, signer_attributes_holds,
	  "no signer-attributes" },
	{ CONSTRAINT_MIME_TYPE, mime_type_holds, "no mime-type" },
	{ CONSTRAINT_ALGORITHM_PROTECTION, algorithm_protection_holds,
	  "cms-algorithm-protection names other algorithms" },
	{ CONSTRAINT_CONTENT_TIME_STAMP, content_stamp_holds,
	  "no content-time-stamp that passes" },
	{ CONSTRAINT_FORMAT_ALLOWED, format_holds, "the format is not allowed" },
	{ CONSTRAINT_LEVEL, level_holds, "the level is lower than asked for" },
};

static int apply_attributes(struct accepting *a, struct ltps_error *err)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum constraint c = checks[i].constraint;
		const struct constraint_rule *r;
		if (!constraint_applies(c, a->b->ledger.context))
			continue;
		r = accept_rule(a, c);
		bool holds = r->level == CONSTRAINT_IGNORE || checks[i].holds(a, r);
		if (accept_apply(a, c, holds, holds ? "" : checks[i].failure, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- countersignatures ---- */

/* SIZE_MAX: it is a time-stamp's. */
static size_t index_of(const struct accepting *a)
{
	const struct document *d = a->e->in->document;
	for (size_t i = 0; i < d->n_signatures; i++)
		if (&d->signatures[i] == a->b->signature)
			return i;
	return SIZE_MAX;
}

/* They are judged before their parents; what was not has not passed. */
static bool has_passed(const struct report_signature *r)
{
	return r->signature != NULL && r->checked &&
	       r->conclusion.indication == INDICATION_PASSED;
}

static int apply_countersignatures(struct accepting *a, struct ltps_error *err)
{
	const struct document *d = a->e->in->document;
	const char *failed = NULL;
	size_t parent = index_of(a);
	for (size_t i = 0; parent != SIZE_MAX && i < d->n_signatures; i++)
		if (d->signatures[i].role == ROLE_COUNTERSIGNATURE &&
		    d->signatures[i].parent == (int)parent && failed == NULL &&
		    !has_passed(&a->e->report->signatures[i]))
			failed = d->signatures[i].id;
	return accept_apply(a, CONSTRAINT_COUNTERSIGNATURE, failed == NULL,
			    failed != NULL ? failed : "", err);
}

/* ---- references to certificates ---- */

/* issuerSerial of the entries that have the signer's hash. */
static int apply_issuer_serial(struct accepting *a, struct ltps_error *err)
{
	const struct cades_signing_certs *c = &a->b->signature->signing_certs;
	bool holds = true;
	for (size_t i = 0; i < c->n && holds; i++) {
		const struct cades_cert_ref *r = &c->refs[i];
		bool ours;
		if (r->issuer.n == 0 && r->serial.n == 0)
			continue;
		if (signer_reference_matches(r, a->b->signer, &ours, err) != 0)
			return -1;
		if (ours &&
		    signer_names(r->issuer, r->serial, a->b->signer, &holds, err) != 0)
			return -1;
	}
	return accept_apply(a, CONSTRAINT_ISSUER_SERIAL, holds,
			    holds ? ""
				  : "issuerSerial of the signed reference is that of "
				    "another certificate",
			    err);
}

/* Which entries and which certificates of the path have found each other. */
struct pairing {
	const struct path_candidate *path;
	const struct cades_signing_certs *refs;
	bool *of_path; /* by entry; owned */
	bool referenced[PATH_CERTS_MAX];
};

/* SHA-256 is known already. */
static int digest_of(const struct cert *c, enum digest_alg alg, struct digest *ret,
		     struct ltps_error *err)
{
	if (alg != DIGEST_SHA256)
		return digest_once(alg, c->der, ret, err);
	*ret = (struct digest){ .alg = alg, .n = sizeof(c->sha256) };
	memcpy(ret->p, c->sha256, sizeof(c->sha256));
	return 0;
}

/* A digest algorithm at a time, so that each certificate is hashed once by it. */
static int pair_by(struct pairing *p, enum digest_alg alg, struct ltps_error *err)
{
	for (size_t k = 0; k < p->path->n_certs; k++) {
		struct digest d = { 0 };
		for (size_t i = 0; i < p->refs->n; i++) {
			const struct cades_cert_ref *r = &p->refs->refs[i];
			if (r->alg != alg)
				continue;
			if (d.n == 0 && digest_of(p->path->certs[k], alg, &d, err) != 0)
				return -1;
			if (!view_equal(r->hash, digest_view(&d)))
				continue;
			p->of_path[i] = true;
			p->referenced[k] = true;
		}
	}
	return 0;
}

static int pair_all(struct pairing *p, struct ltps_error *err)
{
	p->of_path = mem_zalloc(p->refs->n + 1, sizeof(*p->of_path));
	if (p->of_path == NULL)
		return ltps_fail_nomem(err);
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_ALG_COUNT; alg++)
		if (pair_by(p, (enum digest_alg)alg, err) != 0)
			return -1;
	return 0;
}

/* 5.2.8.4.2.2: none to a certificate beside the path; all of the path if asked. */
static int apply_pairing(struct accepting *a, const struct pairing *p,
			 struct ltps_error *err)
{
	size_t beside = 0, missing = 0;
	for (size_t i = 0; i < p->refs->n; i++)
		beside += !p->of_path[i];
	for (size_t k = 0; k < p->path->n_certs; k++)
		missing += !p->referenced[k];
	if (accept_apply(a, CONSTRAINT_CERTIFICATE_REFERENCES, beside == 0,
			 beside > 0 ? "a signed reference is to no certificate of the "
				      "path"
				    : "",
			 err) != 0)
		return -1;
	return accept_apply(
	    a, CONSTRAINT_PATH_REFERENCED, missing == 0,
	    missing > 0 ? "a certificate of the path is not referenced" : "", err);
}

static int apply_references(struct accepting *a, struct ltps_error *err)
{
	const struct cert_validation_result *c = a->b->certificate;
	struct pairing p = { .refs = &a->b->signature->signing_certs };
	if (c == NULL || c->chain.n_certs == 0 || p.refs->n == 0)
		return 0;
	p.path = &c->chain;
	int rc = pair_all(&p, err);
	if (rc == 0)
		rc = apply_pairing(a, &p, err);
	mem_free(p.of_path);
	return rc;
}

/* ---- algorithms ---- */

/* RFC 2634 5.4 knows no other digest than SHA-1: told, and no more. */
static int note_reference_digest(struct accepting *a, int64_t time_ms,
				 struct ltps_error *err)
{
	const struct cades_signing_certs *c = &a->b->signature->signing_certs;
	const struct constraint_rule *r = accept_rule(a, CONSTRAINT_CRYPTO);
	if (!c->has_v1 || c->has_v2 || r->level == CONSTRAINT_IGNORE ||
	    algorithm_policy_digest_until(&a->e->in->policy->algorithms, DIGEST_SHA1) >=
		time_ms)
		return 0;
	return engine_find(
	    a->e, r->level == CONSTRAINT_INFORM ? CONSTRAINT_INFORM : CONSTRAINT_WARN,
	    "SIGNING_CERTIFICATE_DIGEST", CRYPTO_CLAUSE, a->b->ledger.object, err,
	    "signing-certificate refers to the certificate by SHA-1");
}

static struct conclusion weak(const struct basic *b, const char *what, int64_t until_ms)
{
	char at[TIME_TEXT_MAX] = "";
	if (until_ms != INT64_MIN)
		time_rfc3339(until_ms, at);
	struct conclusion c =
	    conclusion_of(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, CRYPTO_CLAUSE,
			  "%s, which the signature is made with, is reliable %s%s",
			  what, at[0] != '\0' ? "until " : "at no time", at);
	memcpy(c.object, b->signature->sha256, sizeof(c.object));
	c.has_object = true;
	snprintf(c.algorithm, sizeof(c.algorithm), "%s", what);
	c.time_ms = until_ms;
	c.constraint = CONSTRAINT_CRYPTO;
	return c;
}

static int apply_algorithms(struct engine *e, struct basic *b, int64_t time_ms,
			    struct conclusion *ret, struct ltps_error *err)
{
	char what[64];
	bool fails;
	b->weak_signature = false;
	if (engine_reliable_until(e, b, &b->weak_until_ms, what, err) != 0)
		return -1;
	bool holds = time_ms <= b->weak_until_ms;
	if (engine_constrain(e, &b->ledger, CONSTRAINT_CRYPTO, holds, &fails, err, "%s",
			     holds ? "" : what) != 0)
		return -1;
	if (!fails)
		return 0;
	b->weak_signature = true;
	if (ret->sub == SUB_NONE)
		*ret = weak(b, what, b->weak_until_ms);
	return 0;
}

/* ---- 5.2.8 ---- */

int engine_accept(struct engine *e, struct basic *b, int64_t time_ms,
		  struct conclusion *ret, struct ltps_error *err)
{
	struct accepting a = { .e = e, .b = b, .first = CONSTRAINT_COUNT };
	*ret = conclusion_passed();
	if (apply_attributes(&a, err) != 0 || apply_issuer_serial(&a, err) != 0 ||
	    apply_references(&a, err) != 0 || apply_countersignatures(&a, err) != 0 ||
	    accept_pdf(&a, err) != 0 || accept_stamp(&a, err) != 0 ||
	    note_reference_digest(&a, time_ms, err) != 0)
		return -1;
	if (a.first != CONSTRAINT_COUNT) {
		*ret = conclusion_of(SUB_SIG_CONSTRAINTS_FAILURE, ACCEPT_CLAUSE,
				     "constraints of the policy that do not hold: %s",
				     a.failed);
		ret->constraint = a.first;
	}
	return apply_algorithms(e, b, time_ms, ret, err);
}
