/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates that a cache keeps decoded, and files read with it. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_kit.h"
#include "validation/engine.h"

static struct cades_kit_scene s;
static struct sig_cache *cache;
static struct ltps_error err;

static void set_up(void)
{
	err = (struct ltps_error)LTPS_ERROR_INIT;
	s = cades_kit_scene(NULL);
	cr_assert_eq(sig_cache_new(&cache, &err), 0, "%s", err.text);
}

static void tear_down(void)
{
	sig_cache_free(cache);
	cades_kit_scene_free(&s);
}

TestSuite(sig_cache, .init = set_up, .fini = tear_down);

static struct cert *take(struct sig_cache *from, struct view der, const uint8_t *sha256)
{
	struct cert *c = NULL;
	cr_assert_eq(sig_cache_cert(from, der, sha256, &c, &err), 0, "%s", err.text);
	cr_assert_eq(view_compare(c->der, der), 0);
	return c;
}

static void hash(struct view der, struct digest *d)
{
	cr_assert_eq(digest_once(DIGEST_SHA256, der, d, &err), 0, "%s", err.text);
}

Test(sig_cache, a_certificate_is_decoded_once_and_outlives_the_cache)
{
	struct digest d;
	hash(s.ca->der, &d);
	struct cert *a = take(cache, s.ca->der, d.p), *b = take(cache, s.ca->der, d.p);
	struct cert *alone = take(NULL, s.ca->der, d.p);
	cr_assert_eq(a, b);
	cr_assert_neq(a, alone);
	sig_cache_free(cache);
	cache = NULL;
	cr_assert_eq(memcmp(a->sha256, d.p, sizeof(a->sha256)), 0);
	cert_free(a);
	cert_free(b);
	cert_free(alone);
}

Test(sig_cache, other_octets_are_another_certificate_whatever_hash_is_told)
{
	struct digest d;
	hash(s.ca->der, &d);
	struct cert *a = take(cache, s.ca->der, d.p),
		    *b = take(cache, s.root->der, d.p);
	struct cert *again = take(cache, s.ca->der, d.p);
	cr_assert_not(cert_equal(a, b));
	cr_assert(cert_equal(a, again));
	cert_free(a);
	cert_free(b);
	cert_free(again);
}

Test(sig_cache, what_is_no_certificate_is_refused_and_not_kept)
{
	struct digest d;
	struct cert *c = NULL;
	struct view cut = view_head(s.ca->der, s.ca->der.n - 1);
	hash(s.ca->der, &d);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(sig_cache_cert(cache, cut, d.p, &c, &err), -1);
		cr_assert_eq(err.code, LTPS_FORMAT);
		ltps_error_clear(&err);
	}
	c = take(cache, s.ca->der, d.p);
	cert_free(c);
}

/* ---- files ---- */

static void judge(struct view file, struct sig_cache *certs,
		  struct sig_cache *signatures, struct buf *out)
{
	const struct material *pool = s.anchors;
	struct validation_policy *policy = NULL;
	struct document *d = NULL;
	struct report *r = NULL;
	const struct report_frame frame = { .file = "file" };
	struct jsonw j = jsonw_to(out);
	cr_assert_eq(validation_policy_builtin("default", &policy, &err), 0);
	cr_assert_eq(document_read_known(file, NULL, certs, &d, &err), 0, "%s",
		     err.text);
	const struct engine_input in = { .document = d,
					 .policy = policy,
					 .pools = &pool,
					 .n_pools = 1,
					 .time_ms = KIT_DAY(4),
					 .cache = signatures };
	cr_assert_eq(engine_judge(&in, &r, &err), 0, "%s", err.text);
	report_json(r, &frame, &j);
	cr_assert_eq(jsonw_end(&j, &err), 0, "%s", err.text);
	report_free(r);
	document_free(d);
	validation_policy_free(policy);
}

/* Octets that are changed, one after another. */
#define STEP 97

Test(sig_cache, a_file_is_judged_alike_with_and_without_what_is_known)
{
	struct view whole = cades_kit_typical(&s, CADES_KIT_LTA);
	uint8_t *octets = mem_dup(whole.p, whole.n);
	struct buf plain = buf_make(1 << 20), known = buf_make(1 << 20);
	cr_assert_not_null(octets);
	for (size_t at = 0; at <= whole.n; at += STEP) {
		struct document *d = NULL;
		/* The whole file first: then everything in it is known. */
		if (at > 0)
			octets[at - 1] ^= 1;
		struct view file = view_of(octets, whole.n);
		if (document_read(file, NULL, &d, &err) == 0) {
			document_free(d);
			buf_clear(&plain);
			buf_clear(&known);
			judge(file, NULL, NULL, &plain);
			judge(file, cache, cache, &known);
			cr_assert_eq(view_compare(view_buf(&plain), view_buf(&known)),
				     0, "octet %zu:\n%.*s\n%.*s", at, (int)plain.n,
				     plain.p, (int)known.n, known.p);
		}
		ltps_error_clear(&err);
		if (at > 0)
			octets[at - 1] ^= 1;
	}
	buf_free(&plain);
	buf_free(&known);
	mem_free(octets);
}
