/* SPDX-License-Identifier: Apache-2.0 */
/* path_run - budgets, signatures and needs that the parts of one judgement share. */
#include <string.h>

#include "base/mem.h"
#include "validation/path_search.h"

/* Wall time is asked once for so many steps, and before each signature. */
#define STEPS_BETWEEN_CLOCKS 64
/* Longest URL of a need; real ones stay below 300 octets. */
#define NEED_URL_MAX 2048

static uint32_t limit_or(uint32_t limit, uint32_t dflt)
{
	return limit != 0 ? limit : dflt;
}

int path_run_init(struct path_run *run, const struct path_input *in,
		  struct ltps_error *err)
{
	memset(run, 0, sizeof(*run));
	run->in = in;
	run->cache = in->cache;
	if (run->cache == NULL)
		return sig_cache_new(&run->cache, err);
	return 0;
}

static void need_clear(struct need *n)
{
	mem_free(n->url);
	cert_free(n->cert);
	cert_free(n->issuer);
}

void path_needs_free(struct need *needs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		need_clear(&needs[i]);
	mem_free(needs);
}

void path_run_clear(struct path_run *run)
{
	if (run->in != NULL && run->cache != run->in->cache)
		sig_cache_free(run->cache);
	run->cache = NULL;
	path_needs_free(run->needs, run->n_needs);
	run->needs = NULL;
	run->n_needs = 0;
}

static bool out_of_time(const struct path_run *run)
{
	const struct path_budget *b = &run->in->budget;
	return b->expired != NULL && b->expired(b->arg);
}

bool path_run_step(struct path_run *run, uint32_t n)
{
	uint32_t limit = limit_or(run->in->budget.steps, PATH_STEPS_DEFAULT);
	uint32_t before = run->steps;
	if (n > limit || before > limit - n) {
		run->spent = true;
		return false;
	}
	run->steps += n;
	/* Once time was up it stays so, whatever ended first. */
	bool ask = run->spent ||
		   before / STEPS_BETWEEN_CLOCKS != run->steps / STEPS_BETWEEN_CLOCKS;
	if (ask && out_of_time(run)) {
		run->spent = true;
		return false;
	}
	return true;
}

int path_run_verify(struct path_run *run, const struct signed_object *o,
		    EVP_PKEY *issuer_key, const uint8_t key_id[32],
		    enum signature_verdict *ret, struct ltps_error *err)
{
	bool fresh = false;
	*ret = SIGNATURE_UNSUPPORTED;
	if (issuer_key == NULL)
		return 0;
	if (run->signatures >=
		limit_or(run->in->budget.signatures, PATH_SIGNATURES_DEFAULT) ||
	    out_of_time(run)) {
		run->spent = true;
		return 0;
	}
	if (sig_cache_verify(run->cache, o, issuer_key, key_id, ret, &fresh, err) != 0)
		return -1;
	run->signatures += fresh;
	return 0;
}

int path_run_signed_by(struct path_run *run, const struct cert *c,
		       const struct cert *issuer, enum signature_verdict *ret,
		       bool *ret_inherited, struct ltps_error *err)
{
	const struct signed_object o = { c->sha256, c->tbs, c->algorithm,
					 c->signature };
	EVP_PKEY *key = NULL;
	*ret = SIGNATURE_UNSUPPORTED;
	*ret_inherited = key_parameters_missing(issuer);
	if (*ret_inherited)
		return 0;
	if (cert_key(issuer, &key, err) != 0)
		return -1;
	return path_run_verify(run, &o, key, issuer->spki_sha256, ret, err);
}

static bool same_cert(const struct cert *a, const struct cert *b)
{
	return a == b || (a != NULL && b != NULL && cert_equal(a, b));
}

bool need_same(const struct need *a, const struct need *b)
{
	return a->kind == b->kind && strcmp(a->url, b->url) == 0 &&
	       (a->kind != NEED_OCSP ||
		(same_cert(a->cert, b->cert) && same_cert(a->issuer, b->issuer)));
}

static bool has_need(const struct path_run *run, const struct need *n)
{
	for (size_t i = 0; i < run->n_needs; i++)
		if (need_same(&run->needs[i], n))
			return true;
	return false;
}

/* Printable ASCII of a scheme that is fetched; anything else nobody can ask for. */
static bool url_is_usable(struct view url)
{
	static const char *const schemes[] = { "http://", "https://", "ldap://" };
	if (url.n == 0 || url.n > NEED_URL_MAX)
		return false;
	for (size_t i = 0; i < url.n; i++)
		if (url.p[i] <= 0x20 || url.p[i] >= 0x7f)
			return false;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t n = strlen(schemes[i]), k = 0;
		while (k < n && k < url.n &&
		       (url.p[k] | 0x20) == (schemes[i][k] | 0x20))
			k++;
		if (k == n)
			return true;
	}
	return false;
}

int path_run_need(struct path_run *run, enum need_kind kind, struct view url,
		  const struct cert *cert, const struct cert *issuer,
		  struct ltps_error *err)
{
	if (!url_is_usable(url) || run->n_needs == PATH_NEEDS_MAX)
		return 0;
	struct need n = {
		.kind = kind,
		.url = mem_alloc(url.n + 1),
		.cert = cert != NULL ? cert_ref(cert) : NULL,
		.issuer = kind == NEED_OCSP && issuer != NULL ? cert_ref(issuer) : NULL,
	};
	if (run->needs == NULL)
		run->needs = mem_zalloc(PATH_NEEDS_MAX, sizeof(*run->needs));
	if (run->needs == NULL || n.url == NULL) {
		need_clear(&n);
		return ltps_fail_nomem(err);
	}
	memcpy(n.url, url.p, url.n);
	n.url[url.n] = '\0';
	if (has_need(run, &n))
		need_clear(&n);
	else
		run->needs[run->n_needs++] = n;
	return 0;
}
