/* SPDX-License-Identifier: Apache-2.0 */
/* digest - the algorithms as one table, EVP_MD fetched once for each. */
#include "base/digest.h"

#include <stdatomic.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/mem.h"

struct alg {
	const char *name;
	const char *alias; /* as FIPS 180 and FIPS 202 write it, in lower case */
	const char *openssl_name;
	const char *oid;
	size_t n;
	/* SEQUENCE { OBJECT IDENTIFIER }, parameters absent. */
	uint8_t identifier[16];
	uint8_t identifier_n;
};

/* The NIST arc 2.16.840.1.101.3.4.2 of all but SHA-1 (RFC 5754, RFC 8702). */
#define NIST_HASH(last)                                                                \
	{                                                                              \
		0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,                              \
		0x01, 0x65, 0x03, 0x04, 0x02, last                                     \
	},                                                                             \
	    13
#define NIST_OID(last) "2.16.840.1.101.3.4.2." last

static const struct alg algs[DIGEST_ALG_COUNT] = {
	[DIGEST_SHA1] = { "sha1",
			  "sha-1",
			  "SHA1",
			  "1.3.14.3.2.26",
			  20,
			  { 0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a },
			  9 },
	[DIGEST_SHA224] = { "sha224", "sha-224", "SHA2-224", NIST_OID("4"), 28,
			    NIST_HASH(4) },
	[DIGEST_SHA256] = { "sha256", "sha-256", "SHA2-256", NIST_OID("1"), 32,
			    NIST_HASH(1) },
	[DIGEST_SHA384] = { "sha384", "sha-384", "SHA2-384", NIST_OID("2"), 48,
			    NIST_HASH(2) },
	[DIGEST_SHA512] = { "sha512", "sha-512", "SHA2-512", NIST_OID("3"), 64,
			    NIST_HASH(3) },
	[DIGEST_SHA3_224] = { "sha3-224", "sha3-224", "SHA3-224", NIST_OID("7"), 28,
			      NIST_HASH(7) },
	[DIGEST_SHA3_256] = { "sha3-256", "sha3-256", "SHA3-256", NIST_OID("8"), 32,
			      NIST_HASH(8) },
	[DIGEST_SHA3_384] = { "sha3-384", "sha3-384", "SHA3-384", NIST_OID("9"), 48,
			      NIST_HASH(9) },
	[DIGEST_SHA3_512] = { "sha3-512", "sha3-512", "SHA3-512", NIST_OID("10"), 64,
			      NIST_HASH(10) },
};

/* Fetched at first use and kept; a failed fetch is tried again. */
static _Atomic(EVP_MD *) fetched[DIGEST_ALG_COUNT];

static const struct alg *alg_of(enum digest_alg alg)
{
	if ((unsigned)alg >= DIGEST_ALG_COUNT || algs[alg].name == NULL)
		return NULL;
	return &algs[alg];
}

size_t digest_len(enum digest_alg alg)
{
	const struct alg *a = alg_of(alg);
	return a != NULL ? a->n : 0;
}

const char *digest_name(enum digest_alg alg)
{
	const struct alg *a = alg_of(alg);
	return a != NULL ? a->name : "?";
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool name_is(struct view v, const char *name)
{
	size_t i = 0;
	while (i < v.n && name[i] != '\0' && lower(v.p[i]) == (uint8_t)name[i])
		i++;
	return i == v.n && name[i] == '\0';
}

enum digest_alg digest_from_name(struct view name)
{
	for (int i = 1; i < DIGEST_ALG_COUNT; i++)
		if (name_is(name, algs[i].name) || name_is(name, algs[i].alias))
			return (enum digest_alg)i;
	return DIGEST_NONE;
}

static bool text_is(const char *text, const char *name)
{
	while (*name != '\0' && lower((uint8_t)*text) == (uint8_t)*name) {
		text++;
		name++;
	}
	return *name == '\0' && *text == '\0';
}

bool digest_has_name(enum digest_alg alg, const char *name)
{
	const struct alg *a = alg_of(alg);
	return a != NULL && (text_is(name, a->name) || text_is(name, a->alias));
}

enum digest_alg digest_from_oid(struct view oid_body)
{
	for (int i = 1; i < DIGEST_ALG_COUNT; i++) {
		/* Behind SEQUENCE and OBJECT IDENTIFIER headers of two octets. */
		struct view own =
		    view_of(algs[i].identifier + 4, (size_t)algs[i].identifier_n - 4);
		if (own.n == oid_body.n && memcmp(own.p, oid_body.p, own.n) == 0)
			return (enum digest_alg)i;
	}
	return DIGEST_NONE;
}

const char *digest_oid_text(enum digest_alg alg)
{
	const struct alg *a = alg_of(alg);
	return a != NULL ? a->oid : NULL;
}

enum digest_alg digest_from_oid_text(struct view dotted)
{
	for (int i = 1; i < DIGEST_ALG_COUNT; i++)
		if (view_is_text(dotted, algs[i].oid))
			return (enum digest_alg)i;
	return DIGEST_NONE;
}

struct view digest_algorithm_identifier(enum digest_alg alg)
{
	const struct alg *a = alg_of(alg);
	return a != NULL ? view_of(a->identifier, a->identifier_n) : VIEW_NULL;
}

static const EVP_MD *md_fetch(enum digest_alg alg)
{
	ERR_set_mark();
	EVP_MD *md = EVP_MD_fetch(NULL, algs[alg].openssl_name, NULL);
	ERR_pop_to_mark();
	if (md == NULL)
		return NULL;
	EVP_MD *first = NULL;
	if (atomic_compare_exchange_strong(&fetched[alg], &first, md))
		return md;
	EVP_MD_free(md); /* another thread was first */
	return first;
}

static const EVP_MD *md_of(enum digest_alg alg)
{
	if (alg_of(alg) == NULL)
		return NULL;
	const EVP_MD *md = atomic_load_explicit(&fetched[alg], memory_order_acquire);
	return md != NULL ? md : md_fetch(alg);
}

const void *digest_evp(enum digest_alg alg)
{
	return md_of(alg);
}

static int fail_unsupported(enum digest_alg alg, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
			 "digest algorithm %s is not offered", digest_name(alg));
}

static int fail_crypto(enum digest_alg alg, struct ltps_error *err)
{
	return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
				 "digest %s failed", digest_name(alg));
}

int digest_once(enum digest_alg alg, struct view data, struct digest *ret_d,
		struct ltps_error *err)
{
	const EVP_MD *md = md_of(alg);
	if (md == NULL)
		return fail_unsupported(alg, err);
	struct digest d = { .alg = alg, .n = digest_len(alg) };
	if (EVP_Digest(data.n > 0 ? data.p : d.p, data.n, d.p, NULL, md, NULL) != 1)
		return fail_crypto(alg, err);
	*ret_d = d;
	return 0;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return a->alg == b->alg && view_equal(digest_view(a), digest_view(b));
}

/*
 * OpenSSL 3.0 allocates a small state of the provider at each start and has no
 * way around it; our own part is allocated once. The start is put off until the
 * next update, so that digest_final() itself cannot fail for memory and a
 * failed start can be tried again.
 */
struct digest_ctx {
	enum digest_alg alg;
	const EVP_MD *md;
	EVP_MD_CTX *evp;
	bool started;
};

static int start(struct digest_ctx *ctx, struct ltps_error *err)
{
	if (!ctx->started && EVP_DigestInit_ex2(ctx->evp, ctx->md, NULL) != 1)
		return fail_crypto(ctx->alg, err);
	ctx->started = true;
	return 0;
}

int digest_new(enum digest_alg alg, struct digest_ctx **ret_ctx, struct ltps_error *err)
{
	const EVP_MD *md = md_of(alg);
	if (md == NULL)
		return fail_unsupported(alg, err);
	struct digest_ctx *ctx = mem_zalloc(1, sizeof(*ctx));
	if (ctx == NULL)
		return ltps_fail_nomem(err);
	ctx->alg = alg;
	ctx->md = md;
	ctx->evp = EVP_MD_CTX_new();
	if (ctx->evp == NULL)
		fail_crypto(alg, err);
	if (ctx->evp == NULL || start(ctx, err) != 0) {
		digest_free(ctx);
		return -1;
	}
	*ret_ctx = ctx;
	return 0;
}

int digest_copy(const struct digest_ctx *from, struct digest_ctx **ret_ctx,
		struct ltps_error *err)
{
	struct digest_ctx *ctx;
	if (digest_new(from->alg, &ctx, err) != 0)
		return -1;
	if (from->started && EVP_MD_CTX_copy_ex(ctx->evp, from->evp) != 1) {
		fail_crypto(from->alg, err);
		digest_free(ctx);
		return -1;
	}
	*ret_ctx = ctx;
	return 0;
}

void digest_free(struct digest_ctx *ctx)
{
	if (ctx == NULL)
		return;
	EVP_MD_CTX_free(ctx->evp);
	mem_free(ctx);
}

int digest_update(struct digest_ctx *ctx, struct view data, struct ltps_error *err)
{
	if (start(ctx, err) != 0)
		return -1;
	if (data.n > 0 && EVP_DigestUpdate(ctx->evp, data.p, data.n) != 1)
		return fail_crypto(ctx->alg, err);
	return 0;
}

int digest_final(struct digest_ctx *ctx, struct digest *ret_d, struct ltps_error *err)
{
	struct digest d = { .alg = ctx->alg, .n = digest_len(ctx->alg) };
	if (start(ctx, err) != 0)
		return -1;
	ctx->started = false;
	if (EVP_DigestFinal_ex(ctx->evp, d.p, NULL) != 1)
		return fail_crypto(ctx->alg, err);
	*ret_d = d;
	return 0;
}
