/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_crypto - cryptographic verification, EN 319 102-1 5.2.7, and until when what
 * it rests on is reliable, 5.2.8.4.3.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "validation/chain.h"
#include "validation/engine_private.h"
#include "validation/past_private.h"

#define OID_RSA_PSS "1.2.840.113549.1.1.10"
#define VERIFY_CLAUSE "EN 319 102-1 5.2.7"

/* ---- the key ---- */

/*
 * Of the signing certificate, with parameters that it inherits on its path.
 * ret_key  own it (EVP_PKEY_free); NULL when it cannot be used
 */
static int signer_key(const struct basic *b, EVP_PKEY **ret_key, uint8_t key_id[32],
		      struct ltps_error *err)
{
	const struct path_candidate *c =
	    b->certificate != NULL ? &b->certificate->chain : NULL;
	EVP_PKEY *key = NULL;
	*ret_key = NULL;
	if (c != NULL && c->n_certs > 0 && cert_equal(c->certs[0], b->signer))
		return chain_key(c, 0, ret_key, key_id, err);
	if (cert_key(b->signer, &key, err) != 0)
		return -1;
	memcpy(key_id, b->signer->spki_sha256, 32);
	if (key != NULL && EVP_PKEY_up_ref(key) == 1)
		*ret_key = key;
	return 0;
}

/* ---- the value ---- */

/* Everything that the verdict depends on but the key. */
static int identity_of(const struct document_signature *s, struct view octets,
		       uint8_t out[32], struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	struct digest d;
	/* Where the value ends and the octets begin. */
	const uint8_t frame[5] = { (uint8_t)s->digest, (uint8_t)(s->value.n >> 24),
				   (uint8_t)(s->value.n >> 16),
				   (uint8_t)(s->value.n >> 8), (uint8_t)s->value.n };
	int rc = -1;
	if (digest_new(DIGEST_SHA256, &ctx, err) == 0 &&
	    digest_update(ctx, view_of(frame, sizeof(frame)), err) == 0 &&
	    digest_update(ctx, s->algorithm, err) == 0 &&
	    digest_update(ctx, s->value, err) == 0 &&
	    digest_update(ctx, octets, err) == 0 && digest_final(ctx, &d, err) == 0) {
		memcpy(out, d.p, 32);
		rc = 0;
	}
	digest_free(ctx);
	return rc;
}

/* Over one form of the octets. */
static int verify_over(struct engine *e, const struct basic *b, struct view octets,
		       EVP_PKEY *key, const uint8_t key_id[32],
		       enum signature_verdict *ret, struct ltps_error *err)
{
	const struct document_signature *s = b->signature;
	uint8_t id[32];
	if (identity_of(s, octets, id, err) != 0)
		return -1;
	const struct signed_object o = { id, octets, s->algorithm, s->value };
	return sig_cache_verify_with(e->cache, &o, s->digest, key, key_id, ret, err);
}

/* Whether the reader found it valid by the same key. One with inherited parameters has
 * another identity than its SubjectPublicKeyInfo. */
static bool is_verified(const struct document_signature *s, const uint8_t key_id[32])
{
	return s->verified.valid && memcmp(s->verified.spki_sha256, key_id,
					   sizeof(s->verified.spki_sha256)) == 0;
}

/* *ret_form: which of the octets it is over, when valid. */
static int verify_value(struct engine *e, const struct basic *b,
			enum signature_verdict *ret, size_t *ret_form,
			struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	uint8_t key_id[32];
	int rc = signer_key(b, &key, key_id, err);
	*ret = SIGNATURE_UNSUPPORTED;
	if (rc == 0 && key != NULL && is_verified(b->signature, key_id)) {
		EVP_PKEY_free(key);
		*ret = SIGNATURE_VALID;
		*ret_form = b->signature->verified.form;
		return 0;
	}
	for (size_t i = 0; rc == 0 && key != NULL && i < b->signature->n_octets; i++) {
		rc = verify_over(e, b, b->signature->octets[i], key, key_id, ret, err);
		*ret_form = i;
		if (*ret != SIGNATURE_INVALID)
			break;
	}
	EVP_PKEY_free(key);
	return rc;
}

int engine_signed_by(struct engine *e, const struct basic *b, bool *ret,
		     struct ltps_error *err)
{
	enum signature_verdict verdict;
	size_t form;
	if (verify_value(e, b, &verdict, &form, err) != 0)
		return -1;
	*ret = verdict == SIGNATURE_VALID;
	return 0;
}

/* ---- the digest of the signature beside digestAlgorithm ---- */

/* hashAlgorithm of RSASSA-PSS-params: SHA-1 when left out, RFC 4055 3.1. */
static enum digest_alg pss_digest(struct view parameters)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, tagged, id, oid;
	bool present;
	if (tlv_only(parameters, &outer, &ignored) != 0)
		return DIGEST_NONE;
	struct view cursor = outer.body;
	if (tlv_optional(&cursor, ASN1_CONTEXT, 0, &tagged, &present, &ignored) != 0)
		return DIGEST_NONE;
	if (!present)
		return DIGEST_SHA1;
	if (tlv_only(tagged.body, &id, &ignored) != 0 ||
	    tlv_peek(id.body, &oid, &ignored) != 0)
		return DIGEST_NONE;
	return digest_from_oid(oid.body);
}

/* NONE when the algorithm names none itself. */
static enum digest_alg digest_of(struct view algorithm)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, oid;
	if (tlv_only(algorithm, &outer, &ignored) != 0)
		return DIGEST_NONE;
	struct view cursor = outer.body;
	if (tlv_next(&cursor, &oid, &ignored) != 0)
		return DIGEST_NONE;
	return oid_is(oid.body, OID_RSA_PSS) ? pss_digest(cursor)
					     : signature_digest(oid.body);
}

/*
 * RFC 8933 3.1 has signers use one digest for the content and the attributes, and
 * RFC 5652 5.4 had meant so; the value is over what signatureAlgorithm says, so that
 * one made with digestAlgorithm's while another is named does not verify.
 */
static int note_digest(struct engine *e, const struct basic *b, struct ltps_error *err)
{
	enum digest_alg named = digest_of(b->signature->algorithm);
	if (named == DIGEST_NONE || named == b->signature->digest)
		return 0;
	return engine_find(e, CONSTRAINT_WARN, "SIGNATURE_DIGEST", "RFC 8933 3.1",
			   b->ledger.object, err,
			   "the signature algorithm uses %s, digestAlgorithm is %s",
			   digest_name(named), digest_name(b->signature->digest));
}

static int note_form(struct engine *e, const struct basic *b, size_t form,
		     struct ltps_error *err)
{
	if (form == 0)
		return 0;
	return engine_find(e, CONSTRAINT_INFORM, "SIGNED_ATTRIBUTES_ORDER",
			   "RFC 5652 5.4", b->ledger.object, err,
			   "the value is over the signed attributes as they stand, not "
			   "in DER order");
}

/* ---- signed data ---- */

static const struct document_reference *
reference_with(const struct document_signature *s, enum document_match match)
{
	for (size_t i = 0; i < s->n_references; i++)
		if (s->references[i].match == match)
			return &s->references[i];
	return NULL;
}

/* Steps 1 and 2: a wrong digest is wrong whatever else is missing. */
static struct conclusion judge_data(const struct document_signature *s)
{
	const struct document_reference *wrong = reference_with(s, MATCH_NO);
	const struct document_reference *open = reference_with(s, MATCH_UNKNOWN);
	struct conclusion c = conclusion_passed();
	if (wrong != NULL)
		c = conclusion_of(SUB_HASH_FAILURE, VERIFY_CLAUSE,
				  "%s is not the digest of the signed data",
				  wrong->name);
	else if (open != NULL && open->alg == DIGEST_NONE)
		c = conclusion_of(SUB_CRYPTO_CONSTRAINTS_FAILURE, VERIFY_CLAUSE,
				  "the digest algorithm of %s cannot be computed",
				  open->name);
	else if (open != NULL || s->n_octets == 0)
		c = conclusion_of(SUB_SIGNED_DATA_NOT_FOUND, VERIFY_CLAUSE,
				  "the signed data is not at hand");
	else if (s->has_signed_attrs && s->n_references == 0)
		c = conclusion_of(SUB_FORMAT_FAILURE, "RFC 5652 5.3",
				  "the signed attributes have no message-digest");
	if (wrong != NULL) {
		memcpy(c.object, s->content_sha256, sizeof(c.object));
		c.has_object = s->has_content;
		c.constraint = CONSTRAINT_REFERENCES_INTACT;
	}
	return c;
}

/* Digests were given instead of the data, and not the one that was signed: whoever has
 * them can only help when told which one it is. */
static int note_missing_digest(struct engine *e, const struct basic *b,
			       struct ltps_error *err)
{
	const struct document_signature *s = b->signature;
	const struct content *c = e->in->document->content;
	const struct document_reference *open = reference_with(s, MATCH_UNKNOWN);
	if (c == NULL || !c->digests_only || c == &e->in->document->own)
		return 0;
	if (open == NULL && s->n_octets > 0)
		return 0;
	if (open == NULL || open->alg == DIGEST_NONE)
		return engine_find(e, CONSTRAINT_WARN, "SIGNED_DATA_OCTETS_WANTED",
				   VERIFY_CLAUSE, b->ledger.object, err,
				   "a digest of the data does not do: its octets are "
				   "wanted");
	return engine_find(e, CONSTRAINT_WARN, "SIGNED_DATA_DIGEST_WANTED",
			   VERIFY_CLAUSE, b->ledger.object, err,
			   "the signature is over the %s digest of the data, which is "
			   "not among those given",
			   digest_name(open->alg));
}

static int write_data(struct engine *e, const struct basic *b,
		      const struct conclusion *data, struct ltps_error *err)
{
	bool fails;
	if (data->sub == SUB_SIGNED_DATA_NOT_FOUND &&
	    note_missing_digest(e, b, err) != 0)
		return -1;
	return engine_constrain(e, &b->ledger, CONSTRAINT_REFERENCES_INTACT,
				data->sub == SUB_NONE, &fails, err, "%s",
				data->sub == SUB_NONE ? "all digests fit" : data->text);
}

/* ---- 5.2.7 ---- */

/* Step 3. A value that cannot be computed is not broken, and never passes. */
static struct conclusion judge_value(const struct basic *b,
				     enum signature_verdict verdict)
{
	struct conclusion c = conclusion_passed();
	if (verdict == SIGNATURE_INVALID) {
		c = conclusion_of(SUB_SIG_CRYPTO_FAILURE, VERIFY_CLAUSE,
				  "the signature value does not verify with the key of "
				  "the signing certificate");
		c.constraint = CONSTRAINT_SIGNATURE_INTACT;
	} else if (verdict == SIGNATURE_UNSUPPORTED) {
		c = conclusion_of(
		    SUB_CRYPTO_CONSTRAINTS_FAILURE, VERIFY_CLAUSE,
		    "the signature cannot be computed: unknown algorithm, "
		    "or a key that does not fit it");
		c.constraint = CONSTRAINT_CRYPTO;
	}
	if (c.sub != SUB_NONE) {
		memcpy(c.object, b->signer->sha256, sizeof(c.object));
		c.has_object = true;
	}
	return c;
}

static int write_value(struct engine *e, const struct basic *b, const char *text,
		       struct ltps_error *err)
{
	bool fails;
	if (b->signature->n_octets == 0)
		return 0;
	return engine_constrain(e, &b->ledger, CONSTRAINT_SIGNATURE_INTACT, b->intact,
				&fails, err, "%s", text);
}

int engine_verify(struct engine *e, struct basic *b, struct conclusion *ret,
		  struct ltps_error *err)
{
	enum signature_verdict verdict;
	size_t form = 0;
	if (verify_value(e, b, &verdict, &form, err) != 0)
		return -1;
	b->intact = verdict == SIGNATURE_VALID;
	b->checked = verdict != SIGNATURE_UNSUPPORTED;
	struct conclusion data = judge_data(b->signature);
	struct conclusion value = judge_value(b, verdict);
	*ret = data.sub != SUB_NONE ? data : value;
	if (write_data(e, b, &data, err) != 0 ||
	    write_value(e, b, b->intact ? "the value verifies" : value.text, err) !=
		0 ||
	    note_digest(e, b, err) != 0)
		return -1;
	return b->intact ? note_form(e, b, form, err) : 0;
}

/* ---- 5.2.8.4.3: until when ---- */

static void take_earlier(int64_t *until_ms, char what[64], int64_t other_ms,
			 const char *name)
{
	if (other_ms >= *until_ms)
		return;
	*until_ms = other_ms;
	snprintf(what, 64, "%s", name);
}

/*
 * The digests of what was signed and of version 2's reference to the certificate. That
 * of version 1 is SHA-1 by definition (RFC 2634 5.4): engine_accept() tells of it, but
 * the signature does not end with it, since only a second preimage would do harm.
 */
static void take_digests(const struct algorithm_policy *p,
			 const struct document_signature *s, int64_t *until_ms,
			 char what[64])
{
	for (size_t i = 0; i < s->n_references; i++)
		take_earlier(until_ms, what,
			     algorithm_policy_digest_until(p, s->references[i].alg),
			     digest_name(s->references[i].alg));
	const struct cades_signing_certs *c = &s->signing_certs;
	if (c->has_v2 && c->v2_from < c->n)
		take_earlier(until_ms, what,
			     algorithm_policy_digest_until(p, c->refs[c->v2_from].alg),
			     digest_name(c->refs[c->v2_from].alg));
}

int engine_reliable_until(const struct engine *e, const struct basic *b,
			  int64_t *ret_ms, char what[64], struct ltps_error *err)
{
	const struct algorithm_policy *p = &e->in->policy->algorithms;
	struct algorithm_use use = { NULL, b->signature->algorithm,
				     b->signature->digest };
	struct algorithm_verdict v = { 0 };
	uint8_t key_id[32];
	*ret_ms = INT64_MAX;
	what[0] = '\0';
	if (signer_key(b, &use.key, key_id, err) != 0)
		return -1;
	algorithm_policy_explain(p, &use, &v);
	EVP_PKEY_free(use.key);
	take_earlier(ret_ms, what, v.until_ms, v.what);
	take_digests(p, b->signature, ret_ms, what);
	return 0;
}

/* ---- 5.5.4 step 10 ---- */

static struct conclusion weak_material(const struct past_weakest *w)
{
	char at[TIME_TEXT_MAX] = "";
	if (w->until_ms != INT64_MIN)
		time_rfc3339(w->until_ms, at);
	struct conclusion c = conclusion_of(
	    SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "EN 319 102-1 5.5.4",
	    "%s, which a certificate or its status is signed with, is reliable %s%s",
	    w->algorithm, at[0] != '\0' ? "until " : "at no time", at);
	memcpy(c.object, w->object, sizeof(c.object));
	c.has_object = true;
	snprintf(c.algorithm, sizeof(c.algorithm), "%s", w->algorithm);
	c.time_ms = w->until_ms;
	c.constraint = CONSTRAINT_CRYPTO;
	return c;
}

int engine_material_reliable(const struct engine *e,
			     const struct cert_validation_result *c, int64_t time_ms,
			     struct conclusion *ret, struct ltps_error *err)
{
	const struct algorithm_policy *p = &e->in->policy->algorithms;
	const struct constraint_rule *rule =
	    validation_policy_rule(e->in->policy, CONTEXT_SIGNATURE, CONSTRAINT_CRYPTO);
	*ret = conclusion_passed();
	if (rule->level != CONSTRAINT_FAIL || c == NULL)
		return 0;
	for (size_t i = 0; i + 1 < c->chain.n_certs; i++) {
		const struct path_cert_revocation *r =
		    c->chain.revocation != NULL ? &c->chain.revocation[i] : NULL;
		struct past_weakest w;
		if (past_weakest(p, &c->chain, i, r, &w, err) != 0)
			return -1;
		if (w.until_ms >= time_ms)
			continue;
		*ret = weak_material(&w);
		return 0;
	}
	return 0;
}
