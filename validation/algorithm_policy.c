/* SPDX-License-Identifier: Apache-2.0 */
/* algorithm_policy - the reliable time of a digest, a key of some size, a curve. */
#include "validation/algorithm_policy.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "validation/fields.h"
#include "validation/key.h"

#define OID_RSA_PSS "1.2.840.113549.1.1.10"
#define CURVES_MAX 256 /* OpenSSL has some 80 */

/* Signature algorithms and keys that signature_verify() knows. */
static const struct row {
	const char *oid;
	struct view body; /* its contents octets */
	struct algorithm_name name;
} rows[] = {
	{ "1.2.840.113549.1.1.1",
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"),
	  { "RSA", DIGEST_NONE } },
	{ "1.2.840.113549.1.1.5",
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA1 } },
	{ "1.2.840.113549.1.1.14",
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA224 } },
	{ "1.2.840.113549.1.1.11",
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA256 } },
	{ "1.2.840.113549.1.1.12",
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA384 } },
	{ "1.2.840.113549.1.1.13",
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA512 } },
	{ "2.16.840.1.101.3.4.3.13",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x0d"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA3_224 } },
	{ "2.16.840.1.101.3.4.3.14",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x0e"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA3_256 } },
	{ "2.16.840.1.101.3.4.3.15",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x0f"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA3_384 } },
	{ "2.16.840.1.101.3.4.3.16",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x10"),
	  { ALGORITHM_RSA_PKCS1, DIGEST_SHA3_512 } },
	{ OID_RSA_PSS,
	  OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"),
	  { ALGORITHM_RSA_PSS, DIGEST_NONE } },
	{ "1.2.840.10045.2.1",
	  OID_VIEW("\x2a\x86\x48\xce\x3d\x02\x01"),
	  { "ECDSA", DIGEST_NONE } },
	{ "1.2.840.10045.4.1",
	  OID_VIEW("\x2a\x86\x48\xce\x3d\x04\x01"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA1 } },
	{ "1.2.840.10045.4.3.1",
	  OID_VIEW("\x2a\x86\x48\xce\x3d\x04\x03\x01"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA224 } },
	{ "1.2.840.10045.4.3.2",
	  OID_VIEW("\x2a\x86\x48\xce\x3d\x04\x03\x02"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA256 } },
	{ "1.2.840.10045.4.3.3",
	  OID_VIEW("\x2a\x86\x48\xce\x3d\x04\x03\x03"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA384 } },
	{ "1.2.840.10045.4.3.4",
	  OID_VIEW("\x2a\x86\x48\xce\x3d\x04\x03\x04"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA512 } },
	{ "2.16.840.1.101.3.4.3.9",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x09"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA3_224 } },
	{ "2.16.840.1.101.3.4.3.10",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x0a"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA3_256 } },
	{ "2.16.840.1.101.3.4.3.11",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x0b"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA3_384 } },
	{ "2.16.840.1.101.3.4.3.12",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x0c"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA3_512 } },
	{ "0.4.0.127.0.7.1.1.4.1.1",
	  OID_VIEW("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x01"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA1 } },
	{ "0.4.0.127.0.7.1.1.4.1.2",
	  OID_VIEW("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x02"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA224 } },
	{ "0.4.0.127.0.7.1.1.4.1.3",
	  OID_VIEW("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x03"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA256 } },
	{ "0.4.0.127.0.7.1.1.4.1.4",
	  OID_VIEW("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x04"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA384 } },
	{ "0.4.0.127.0.7.1.1.4.1.5",
	  OID_VIEW("\x04\x00\x7f\x00\x07\x01\x01\x04\x01\x05"),
	  { ALGORITHM_ECDSA_WITH, DIGEST_SHA512 } },
	{ "1.2.840.10040.4.1",
	  OID_VIEW("\x2a\x86\x48\xce\x38\x04\x01"),
	  { "DSA", DIGEST_NONE } },
	{ "1.2.840.10040.4.3",
	  OID_VIEW("\x2a\x86\x48\xce\x38\x04\x03"),
	  { ALGORITHM_DSA_WITH, DIGEST_SHA1 } },
	{ "2.16.840.1.101.3.4.3.1",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x01"),
	  { ALGORITHM_DSA_WITH, DIGEST_SHA224 } },
	{ "2.16.840.1.101.3.4.3.2",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x02"),
	  { ALGORITHM_DSA_WITH, DIGEST_SHA256 } },
	{ "2.16.840.1.101.3.4.3.3",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x03"),
	  { ALGORITHM_DSA_WITH, DIGEST_SHA384 } },
	{ "2.16.840.1.101.3.4.3.4",
	  OID_VIEW("\x60\x86\x48\x01\x65\x03\x04\x03\x04"),
	  { ALGORITHM_DSA_WITH, DIGEST_SHA512 } },
	{ "1.3.101.112", OID_VIEW("\x2b\x65\x70"), { "Ed25519", DIGEST_NONE } },
	{ "1.3.101.113", OID_VIEW("\x2b\x65\x71"), { "Ed448", DIGEST_NONE } },
};

/* ---- one part ---- */

/* What a part is looked up by. */
struct part {
	const char *algorithm;
	unsigned bits, q_bits;
	enum digest_alg digest; /* of a signature algorithm */
	enum digest_alg self;   /* it is a digest */
};

/* Most names differ in the first letter, in either case. */
static bool begins_alike(const char *a, const char *b)
{
	return (((unsigned char)a[0] ^ (unsigned char)b[0]) & ~0x20u) == 0;
}

static bool names(const struct algorithm_limit *l, const char *algorithm)
{
	return begins_alike(l->algorithm, algorithm) &&
	       strcasecmp(l->algorithm, algorithm) == 0;
}

/* Policies write "sha256" and "SHA-256". */
static bool names_part(const struct algorithm_limit *l, const struct part *part)
{
	return part->self != DIGEST_NONE ? digest_has_name(part->self, l->algorithm)
					 : names(l, part->algorithm);
}

static bool in_range(unsigned value, unsigned min, unsigned max)
{
	return value >= min && (max == 0 || value <= max);
}

/* One that is named so. */
static bool fits_part(const struct algorithm_limit *l, const struct part *part)
{
	return (l->digest == DIGEST_NONE || l->digest == part->digest) &&
	       in_range(part->bits, l->min_bits, l->max_bits) &&
	       in_range(part->q_bits, l->min_q, l->max_q);
}

static bool matches(const struct algorithm_limit *l, const struct part *part)
{
	return names_part(l, part) && fits_part(l, part);
}

static int64_t from_of(const struct algorithm_limit *l)
{
	return l->from_ms != 0 ? l->from_ms : INT64_MIN;
}

/* What a part is called in reports. */
static void say_what(const struct part *part, char what[ALGORITHM_WHAT_MAX])
{
	size_t n = strnlen(part->algorithm, ALGORITHM_WHAT_MAX - 1);
	memcpy(what, part->algorithm, n);
	what[n] = '\0';
	/* Of EdDSA the name says it. */
	if (part->bits > 0 && strncmp(part->algorithm, "Ed", 2) != 0)
		snprintf(what + n, ALGORITHM_WHAT_MAX - n, " %u", part->bits);
}

/* Of the limits that match, that which ends last; `what` is left to say_what(). */
static void look_up(const struct algorithm_policy *p, const struct part *part,
		    struct algorithm_verdict *ret)
{
	*ret =
	    (struct algorithm_verdict){ .until_ms = INT64_MIN, .from_ms = INT64_MIN };
	for (size_t i = 0; i < p->n; i++) {
		const struct algorithm_limit *l = &p->limits[i];
		if (!names_part(l, part))
			continue;
		ret->known = true;
		if (!fits_part(l, part) || l->until_ms < ret->until_ms)
			continue;
		ret->until_ms = l->until_ms;
		ret->from_ms = from_of(l);
	}
}

/* RFC 5698 6.2: an evaluation whose period holds the time, both ends included. */
static bool suitable_at(const struct algorithm_policy *p, const struct part *part,
			int64_t time_ms)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct algorithm_limit *l = &p->limits[i];
		if (matches(l, part) && time_ms >= from_of(l) && time_ms <= l->until_ms)
			return true;
	}
	return false;
}

/* ---- the parts of a signature ---- */

/* Digest, that of the mask, key, signature algorithm, curve. */
#define PARTS_MAX 5
struct parts {
	struct part list[PARTS_MAX];
	size_t n;
	char curve[OID_TEXT_MAX]; /* what the curve's part is named by */
};

static void add_part(struct parts *parts, const char *algorithm)
{
	parts->list[parts->n++] = (struct part){ .algorithm = algorithm };
}

/* A digest that cannot be named is "?", which no limit names. */
static void add_digest(struct parts *parts, enum digest_alg digest)
{
	add_part(parts, digest_name(digest));
	parts->list[parts->n - 1].self = digest;
}

/* EdDSA has a digest inside that no policy names apart: RFC 8032. */
static bool has_own_digest(struct view oid)
{
	return oid_is(oid, "1.3.101.112") || oid_is(oid, "1.3.101.113");
}

/* hashAlgorithm of RSASSA-PSS-params and that of the mask, RFC 4055 3.1. */
static bool pss_digests(struct view parameters, enum digest_alg digest[2])
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, t, id, oid;
	bool present;
	if (tlv_only(parameters, &outer, &ignored) != 0)
		return false;
	struct view cursor = outer.body;
	for (uint32_t i = 0; i < 2; i++) {
		digest[i] = DIGEST_SHA1; /* the DEFAULT of both */
		if (tlv_optional(&cursor, ASN1_CONTEXT, i, &t, &present, &ignored) != 0)
			return false;
		if (!present)
			continue;
		if (tlv_only(t.body, &id, &ignored) != 0 ||
		    tlv_next(&id.body, &oid, &ignored) != 0)
			return false;
		/* The mask function's parameter is the digest's identifier. */
		if (i == 1 && (tlv_only(id.body, &id, &ignored) != 0 ||
			       tlv_next(&id.body, &oid, &ignored) != 0))
			return false;
		digest[i] = digest_from_oid(oid.body);
	}
	return true;
}

enum digest_alg algorithm_digest_of(struct view identifier)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, oid;
	if (tlv_only(identifier, &outer, &ignored) != 0 ||
	    tlv_peek(outer.body, &oid, &ignored) != 0)
		return DIGEST_NONE;
	return digest_from_oid(oid.body);
}

static const struct algorithm_name *name_of(struct view oid)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct view body = rows[i].body;
		if (body.n == oid.n && body.p[body.n - 1] == oid.p[oid.n - 1] &&
		    memcmp(body.p, oid.p, oid.n) == 0)
			return &rows[i].name;
	}
	return NULL;
}

/* The signature algorithm that a key with a digest named beside it makes (CMS). */
static const char *scheme_of(const struct algorithm_name *name)
{
	if (strcmp(name->algorithm, "RSA") == 0)
		return ALGORITHM_RSA_PKCS1;
	if (strcmp(name->algorithm, "DSA") == 0)
		return ALGORITHM_DSA_WITH;
	return strcmp(name->algorithm, "ECDSA") == 0 ? ALGORITHM_ECDSA_WITH
						     : name->algorithm;
}

static bool policy_names(const struct algorithm_policy *p, const char *algorithm)
{
	size_t i = 0;
	while (i < p->n && !names(&p->limits[i], algorithm))
		i++;
	return i < p->n;
}

/* Whether it names signature algorithms that such keys make. */
static bool policy_names_schemes(const struct algorithm_policy *p, const char *key)
{
	if (strcmp(key, "RSA") == 0)
		return policy_names(p, ALGORITHM_RSA_PKCS1) ||
		       policy_names(p, ALGORITHM_RSA_PSS);
	if (strcmp(key, "DSA") == 0)
		return policy_names(p, ALGORITHM_DSA_WITH);
	return strcmp(key, "ECDSA") == 0 && policy_names(p, ALGORITHM_ECDSA_WITH);
}

/* Curves stand by their OID, other names never begin with a digit. */
static bool policy_names_curves(const struct algorithm_policy *p)
{
	size_t i = 0;
	while (i < p->n &&
	       !(p->limits[i].algorithm[0] >= '0' && p->limits[i].algorithm[0] <= '9'))
		i++;
	return i < p->n;
}

static unsigned q_bits(EVP_PKEY *key)
{
	BIGNUM *q = NULL;
	unsigned bits = 0;
	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_FFC_Q, &q) == 1)
		bits = (unsigned)BN_num_bits(q);
	BN_free(q);
	ERR_clear_error();
	return bits;
}

static void add_curve(struct parts *parts, EVP_PKEY *key)
{
	char group[64];
	size_t n = 0;
	snprintf(parts->curve, sizeof(parts->curve), "?");
	if (EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1) {
		const ASN1_OBJECT *o = OBJ_nid2obj(OBJ_sn2nid(group));
		if (o != NULL && OBJ_length(o) > 0)
			OBJ_obj2txt(parts->curve, sizeof(parts->curve), o, 1);
	}
	ERR_clear_error();
	add_part(parts, parts->curve);
}

static void add_key(const struct algorithm_policy *p, struct parts *parts,
		    EVP_PKEY *key, const char *scheme, enum digest_alg digest)
{
	struct key_facts facts;
	key_size(key, &facts);
	const unsigned q = strcmp(facts.algorithm, "DSA") == 0 ? q_bits(key) : 0;
	const bool schemes = policy_names_schemes(p, facts.algorithm);
	if (!schemes || policy_names(p, facts.algorithm)) {
		add_part(parts, facts.algorithm);
		parts->list[parts->n - 1].bits = facts.bits;
		parts->list[parts->n - 1].q_bits = q;
	}
	if (schemes) {
		parts->list[parts->n++] = (struct part){ .algorithm = scheme,
							 .bits = facts.bits,
							 .q_bits = q,
							 .digest = digest };
	}
	if (strcmp(facts.algorithm, "ECDSA") == 0 && policy_names_curves(p))
		add_curve(parts, key);
}

/* False: not to be judged, for no limit can name it. */
static bool take_apart(const struct algorithm_policy *p,
		       const struct algorithm_use *use, struct parts *parts)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	enum digest_alg digest[2] = { DIGEST_NONE, DIGEST_NONE };
	struct tlv outer, oid;
	parts->n = 0;
	if (use->key == NULL || tlv_only(use->algorithm, &outer, &ignored) != 0)
		return false;
	struct view cursor = outer.body;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_OID, "algorithm", &oid,
		       &ignored) != 0)
		return false;
	const struct algorithm_name *name = name_of(oid.body);
	if (name == NULL)
		return false;
	if (oid_is(oid.body, OID_RSA_PSS)) {
		if (!pss_digests(cursor, digest))
			return false;
		add_digest(parts, digest[0]);
		add_digest(parts, digest[1]);
	} else if (!has_own_digest(oid.body)) {
		digest[0] = name->digest != DIGEST_NONE ? name->digest : use->digest;
		add_digest(parts, digest[0]);
	}
	add_key(p, parts, use->key,
		name->digest == DIGEST_NONE ? scheme_of(name) : name->algorithm,
		digest[0]);
	return true;
}

/* ---- questions ---- */

static const struct algorithm_verdict nothing_known = { .until_ms = INT64_MIN,
							.from_ms = INT64_MIN,
							.what = "?" };

void algorithm_policy_explain(const struct algorithm_policy *p,
			      const struct algorithm_use *use,
			      struct algorithm_verdict *ret)
{
	struct parts parts;
	const struct part *first = &parts.list[0]; /* that ends first */
	bool known = true;
	*ret = nothing_known;
	if (!take_apart(p, use, &parts))
		return;
	for (size_t i = 0; i < parts.n; i++) {
		struct algorithm_verdict v;
		look_up(p, &parts.list[i], &v);
		known = known && v.known;
		if (i > 0 && v.until_ms >= ret->until_ms)
			continue;
		*ret = v;
		first = &parts.list[i];
	}
	ret->known = known;
	if (parts.n > 0)
		say_what(first, ret->what);
}

int64_t algorithm_policy_until(const struct algorithm_policy *p, EVP_PKEY *key,
			       struct view signature_algorithm)
{
	struct algorithm_verdict v;
	const struct algorithm_use use = { .key = key,
					   .algorithm = signature_algorithm };
	algorithm_policy_explain(p, &use, &v);
	return v.until_ms;
}

bool algorithm_policy_reliable_at(const struct algorithm_policy *p,
				  const struct algorithm_use *use, int64_t time_ms,
				  struct algorithm_verdict *ret_why)
{
	struct parts parts;
	*ret_why = nothing_known;
	if (!take_apart(p, use, &parts))
		return false;
	for (size_t i = 0; i < parts.n; i++) {
		if (suitable_at(p, &parts.list[i], time_ms))
			continue;
		look_up(p, &parts.list[i], ret_why);
		say_what(&parts.list[i], ret_why->what);
		return false;
	}
	algorithm_policy_explain(p, use, ret_why);
	return true;
}

int64_t algorithm_policy_digest_until(const struct algorithm_policy *p,
				      enum digest_alg digest)
{
	struct algorithm_verdict v;
	const struct part part = { .algorithm = digest_name(digest), .self = digest };
	look_up(p, &part, &v);
	return v.until_ms;
}

bool algorithm_policy_digest_at(const struct algorithm_policy *p,
				enum digest_alg digest, int64_t time_ms)
{
	const struct part part = { .algorithm = digest_name(digest), .self = digest };
	return suitable_at(p, &part, time_ms);
}

/* Looked for in OpenSSL's own list, which takes no memory: a curve that is lost for
 * want of it would let every other one in. */
static bool is_curve(const char *oid)
{
	EC_builtin_curve list[CURVES_MAX];
	const size_t n = EC_get_builtin_curves(list, CURVES_MAX);
	char text[OID_TEXT_MAX];
	for (size_t i = 0; i < n && i < CURVES_MAX; i++) {
		const ASN1_OBJECT *o = OBJ_nid2obj(list[i].nid);
		if (o != NULL && OBJ_length(o) > 0 &&
		    OBJ_obj2txt(text, sizeof(text), o, 1) > 0 && strcmp(text, oid) == 0)
			return true;
	}
	return false;
}

bool algorithm_policy_map(const char *oid, struct algorithm_name *ret)
{
	const enum digest_alg digest = digest_from_oid_text(view_text(oid));
	*ret = (struct algorithm_name){ NULL, DIGEST_NONE };
	if (digest != DIGEST_NONE) {
		ret->algorithm = digest_name(digest);
		return true;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].oid, oid) == 0) {
			*ret = rows[i].name;
			return true;
		}
	}
	return is_curve(oid);
}
