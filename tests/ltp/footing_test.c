/* SPDX-License-Identifier: Apache-2.0 */
/* What a time-stamp stands on: each reason for which it weakens, alone. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/footing.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/storage_fixture.h"

#define END (FIX_T0_MS + 3 * FIX_YEAR_MS)
#define NEVER INT64_MIN
#define OPEN INT64_MAX

/* ---- a policy in which nothing ends, and what ends in it ---- */

static struct algorithm_limit limits[16];
static struct algorithm_policy policy;

static void begin(void)
{
	static const struct algorithm_limit open[] = {
		{ .algorithm = "sha256", .until_ms = OPEN },
		{ .algorithm = "sha384", .until_ms = OPEN },
		{ .algorithm = "sha512", .until_ms = OPEN },
		{ .algorithm = "RSA", .min_bits = 2048, .until_ms = OPEN },
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = OPEN },
		{ .algorithm = "Ed25519", .until_ms = OPEN },
	};
	memcpy(limits, open, sizeof(open));
	policy = (struct algorithm_policy){ limits, sizeof(open) / sizeof(open[0]) };
}

TestSuite(footing, .init = begin);

static void ends(const char *algorithm, int64_t until_ms)
{
	for (size_t i = 0; i < policy.n; i++)
		if (strcmp(limits[i].algorithm, algorithm) == 0)
			limits[i].until_ms = until_ms;
}

/* ---- tokens ---- */

struct scene {
	struct fix_cert *root, *ca, *tsa;
	struct tst *tst;
	struct view chain[3];
	struct footing_made made;
};

static struct tst *token_of(const struct fix_cert *tsa, const struct fix_cert *ca,
			    enum digest_alg imprint, const struct tsp_deviation *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf der = buf_make(1 << 20);
	struct tst *tst = NULL;
	struct digest d;
	cr_assert_eq(digest_once(imprint, view_text("root of a tree"), &d, &err), 0);
	if (how != NULL)
		fix_token_deviating(tsa, &d, FIX_T0_MS, how, &der);
	else
		fix_token(tsa, &ca->der, 1, &d, FIX_T0_MS, &der);
	cr_assert_eq(tst_parse(view_buf(&der), &tst, &err), 0, "%s", err.text);
	buf_free(&der);
	return tst;
}

struct wishes {
	enum fix_key root, ca, tsa;
	int64_t root_end_ms, ca_end_ms, tsa_end_ms; /* 0: the usual */
	enum digest_alg imprint;                    /* NONE: SHA-256 */
	const struct tsp_deviation *deviation;
};

static struct scene scene(const struct wishes *w)
{
	struct scene s = { 0 };
	s.root = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Root", .ca = true, .key = w->root, .not_after_ms = w->root_end_ms });
	s.ca =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA",
						      .issuer = s.root,
						      .ca = true,
						      .key = w->ca,
						      .not_after_ms = w->ca_end_ms });
	s.tsa =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "TSA",
						      .issuer = s.ca,
						      .key = w->tsa,
						      .eku = FIX_EKU_TIMESTAMPING,
						      .not_after_ms = w->tsa_end_ms });
	s.tst = token_of(s.tsa, s.ca,
			 w->imprint != DIGEST_NONE ? w->imprint : DIGEST_SHA256,
			 w->deviation);
	s.chain[0] = s.tsa->der;
	s.chain[1] = s.ca->der;
	s.chain[2] = s.root->der;
	return s;
}

static void clear(struct scene *s)
{
	footing_made_clear(&s->made);
	tst_free(s->tst);
	fix_cert_free(s->tsa);
	fix_cert_free(s->ca);
	fix_cert_free(s->root);
}

static void make(struct scene *s, size_t n_chain, const enum digest_alg *extra)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	footing_made_clear(&s->made);
	cr_assert_eq(footing_of_token(s->tst, s->chain, n_chain, extra, &s->made, &err),
		     0, "%s", err.text);
}

static struct footing_plan weakens(const struct scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing_plan plan;
	cr_assert_eq(footing_weakens(&policy, s->made.row.uses, s->made.row.ends_ms,
				     s->made.row.tsa, &plan, &err),
		     0, "%s", err.text);
	return plan;
}

static void expect(const struct scene *s, int64_t weakens_ms, const char *reason)
{
	const struct footing_plan plan = weakens(s);
	cr_assert_eq(plan.weakens_ms, weakens_ms, "%lld: %s",
		     (long long)plan.weakens_ms, plan.reason);
	cr_assert_str_eq(plan.reason, reason);
}

static struct scene usual(void)
{
	const struct wishes w = { 0 };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	return s;
}

/* ---- what cannot be a footing ---- */

Test(footing, chain_that_does_not_decode_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct wishes w = { 0 };
	struct scene s = scene(&w);
	s.chain[1].n--;
	cr_assert_eq(footing_of_token(s.tst, s.chain, 3, NULL, &s.made, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	s.chain[1].n++;
	clear(&s);
}

Test(footing, empty_chain_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct wishes w = { 0 };
	struct scene s = scene(&w);
	cr_assert_eq(footing_of_token(s.tst, s.chain, 0, NULL, &s.made, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	clear(&s);
}

Test(footing, octets_that_are_no_footing_are_corrupt)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing_plan plan;
	struct scene s = usual();
	struct buf bad = buf_make(STORE_USES_MAX);
	cr_assert_eq(buf_put(&bad, s.made.row.uses, &err), 0);
	bad.p[4] = 0xA7; /* a member of another kind */
	cr_assert_eq(
	    footing_weakens(&policy, view_buf(&bad), END, "CN=TSA", &plan, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
	ltps_error_clear(&err);
	cr_assert_eq(footing_weakens(&policy,
				     view_head(s.made.row.uses, s.made.row.uses.n - 1),
				     END, "CN=TSA", &plan, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
	ltps_error_clear(&err);
	cr_assert_eq(footing_path(VIEW_NULL, NULL, NULL, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
	buf_free(&bad);
	clear(&s);
}

/* ---- each reason alone ---- */

Test(footing, certificate_of_the_tsa_ends)
{
	const struct wishes w = { .tsa_end_ms = END };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	cr_assert_eq(s.made.row.ends_ms, END);
	expect(&s, END, "TSA certificate CN=TSA, O=LTPS Test ends");
	clear(&s);
}

Test(footing, certificate_of_its_ca_ends)
{
	const struct wishes w = { .ca_end_ms = END };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	expect(&s, END, "CA certificate CN=CA, O=LTPS Test ends");
	clear(&s);
}

Test(footing, end_of_the_anchor_does_not_count)
{
	const struct wishes w = { .root_end_ms = END };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	cr_assert_eq(s.made.row.ends_ms, FIX_NOT_AFTER_MS);
	clear(&s);
}

Test(footing, without_a_policy_certificates_count_alone)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing_plan plan;
	struct scene s = usual();
	cr_assert_eq(footing_weakens(NULL, s.made.row.uses, s.made.row.ends_ms,
				     s.made.row.tsa, &plan, &err),
		     0);
	cr_assert_eq(plan.weakens_ms, FIX_NOT_AFTER_MS);
	clear(&s);
}

Test(footing, rsa_key_of_the_tsa_ends)
{
	const struct wishes w = { .tsa = FIX_KEY_RSA };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("RSA", END);
	expect(&s, END, "RSA 2048");
	clear(&s);
}

Test(footing, key_of_the_ca_ends)
{
	const struct wishes w = { .ca = FIX_KEY_RSA };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("RSA", END);
	expect(&s, END, "RSA 2048");
	clear(&s);
}

Test(footing, key_of_the_anchor_ends_with_what_it_signed)
{
	const struct wishes w = { .root = FIX_KEY_RSA };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("RSA", END);
	expect(&s, END, "RSA 2048");
	clear(&s);
}

Test(footing, signature_on_the_anchor_does_not_count)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct wishes w = { .root = FIX_KEY_RSA };
	struct scene s = scene(&w);
	/* The CA is the anchor, which the root signed. */
	struct tsa_path_result path = { .n_chain = 2 };
	path.chain[0] = s.chain[0];
	path.chain[1] = s.chain[1];
	cr_assert_eq(footing_of_path(s.tst, &path, NULL, &s.made, &err), 0);
	ends("RSA", END);
	expect(&s, FIX_NOT_AFTER_MS, "TSA certificate CN=TSA, O=LTPS Test ends");
	make(&s, 2, NULL);
	ends("sha256", END); /* of a key that is not known the digest counts */
	expect(&s, END, "sha256");
	clear(&s);
}

Test(footing, rsa_pss_key_and_digest_end)
{
	const struct wishes w = { .tsa = FIX_KEY_RSA_PSS };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("RSA", END);
	expect(&s, END, "RSA 2048");
	ends("RSA", OPEN);
	ends("sha256", END);
	expect(&s, END, "sha256");
	clear(&s);
}

Test(footing, elliptic_key_ends)
{
	struct scene s = usual();
	ends("ECDSA", END);
	expect(&s, END, "ECDSA 256");
	clear(&s);
}

Test(footing, edwards_key_ends)
{
	const struct wishes w = { .tsa = FIX_KEY_ED25519 };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("Ed25519", END);
	expect(&s, END, "Ed25519");
	clear(&s);
}

/* Ed25519 names no digest; the message digest attribute has one: RFC 8419 3.1. */
Test(footing, message_digest_ends)
{
	const struct wishes w = { .tsa = FIX_KEY_ED25519 };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("sha512", END);
	expect(&s, END, "sha512");
	clear(&s);
}

Test(footing, digest_of_signatures_ends)
{
	const struct wishes w = { .imprint = DIGEST_SHA512 };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("sha256", END);
	expect(&s, END, "sha256");
	clear(&s);
}

Test(footing, imprint_ends)
{
	const struct wishes w = { .imprint = DIGEST_SHA384 };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("sha384", END);
	expect(&s, END, "sha384");
	clear(&s);
}

Test(footing, digest_of_the_tree_ends)
{
	static const enum digest_alg tree[] = { DIGEST_SHA384, DIGEST_NONE };
	struct scene s = usual();
	ends("sha384", END);
	expect(&s, FIX_NOT_AFTER_MS, "TSA certificate CN=TSA, O=LTPS Test ends");
	make(&s, 3, tree);
	expect(&s, END, "sha384");
	clear(&s);
}

Test(footing, reference_of_version_1_does_not_count)
{
	const struct tsp_deviation v1 = { .v1_alone = true };
	const struct wishes w = { .deviation = &v1 };
	struct scene s = scene(&w);
	make(&s, 3, NULL); /* SHA-1 is not in the policy */
	expect(&s, FIX_NOT_AFTER_MS, "TSA certificate CN=TSA, O=LTPS Test ends");
	clear(&s);
}

Test(footing, earliest_of_several_counts)
{
	const struct wishes w = { .tsa = FIX_KEY_RSA, .tsa_end_ms = END + 2000 };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	ends("sha256", END + 1000);
	ends("RSA", END);
	expect(&s, END, "RSA 2048");
	ends("RSA", END + 3000);
	expect(&s, END + 1000, "sha256");
	ends("sha256", END + 4000);
	expect(&s, END + 2000, "TSA certificate CN=TSA, O=LTPS Test ends");
	clear(&s);
}

Test(footing, what_the_policy_does_not_name_never_was_reliable)
{
	struct scene s = usual();
	policy.n = 4; /* without ECDSA */
	expect(&s, NEVER, "ECDSA 256");
	clear(&s);
}

Test(footing, key_below_the_size_never_was_reliable)
{
	const struct wishes w = { .tsa = FIX_KEY_RSA };
	struct scene s = scene(&w);
	make(&s, 3, NULL);
	limits[3].min_bits = 3000;
	expect(&s, NEVER, "RSA 2048");
	clear(&s);
}

/* SEQUENCE { [0] SEQUENCE { spki, SEQUENCE { 1.2.3.4 }, 0 } } */
Test(footing, unknown_algorithm_never_was_reliable)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene s = usual();
	struct footing_plan plan;
	struct cert *c = NULL;
	struct buf oid = buf_make(64), use = buf_make(4096), member = buf_make(4096),
		   uses = buf_make(8192), all = buf_make(8192);
	cr_assert_eq(cert_parse(s.tsa->der, &c, &err), 0);
	cr_assert_eq(der_put_oid(&oid, "1.2.3.4", &err), 0);
	cr_assert_eq(buf_put(&use, c->spki, &err), 0);
	cr_assert_eq(der_put(&use, DER_SEQUENCE, view_buf(&oid), &err), 0);
	cr_assert_eq(der_put_uint(&use, 0, &err), 0);
	cr_assert_eq(der_put(&member, DER_SEQUENCE, view_buf(&use), &err), 0);
	cr_assert_eq(der_put(&uses, 0xA0, view_buf(&member), &err), 0);
	cr_assert_eq(der_put(&all, DER_SEQUENCE, view_buf(&uses), &err), 0);
	cr_assert_eq(footing_weakens(&policy, view_buf(&all), OPEN, "x", &plan, &err),
		     0, "%s", err.text);
	cr_assert_eq(plan.weakens_ms, NEVER);
	cert_free(c);
	buf_free(&oid);
	buf_free(&use);
	buf_free(&member);
	buf_free(&uses);
	buf_free(&all);
	clear(&s);
}

/* ---- the row ---- */

Test(footing, same_path_has_the_same_octets)
{
	static const enum digest_alg twice[] = { DIGEST_SHA256, DIGEST_SHA256,
						 DIGEST_NONE };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene s = usual();
	struct footing_made again = { 0 };
	struct tst *other = token_of(s.tsa, s.ca, DIGEST_SHA256, NULL);
	cr_assert_eq(footing_of_token(other, s.chain, 3, twice, &again, &err), 0);
	cr_assert(view_equal(again.row.uses, s.made.row.uses));
	cr_assert_eq(der_check(again.row.uses, &err), 0, "%s", err.text);
	cr_assert_eq(memcmp(again.row.tsa_sha256, s.made.row.tsa_sha256, 32), 0);
	footing_made_clear(&again);
	tst_free(other);
	clear(&s);
}

Test(footing, path_can_be_read_back)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene s = usual();
	struct material *m = NULL;
	struct cert *anchor = NULL;
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(footing_path(s.made.row.uses, m, &anchor, &err), 0);
	cr_assert_eq(material_count(m, MATERIAL_CERT), 3);
	cr_assert(view_equal(anchor->der, s.root->der));
	cr_assert_not_null(material_find_cert(m, MATERIAL_CERT, s.made.row.tsa_sha256));
	cert_free(anchor);
	make(&s, 2, NULL);
	cr_assert_eq(footing_path(s.made.row.uses, NULL, &anchor, &err), 0);
	cr_assert_null(anchor);
	material_free(m);
	clear(&s);
}

Test(footing, name_is_cut_between_characters)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	/* 64 characters are the most of a common name: RFC 5280 A.1 ub-common-name. */
	static const char name[] =
	    "ÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜÄÖÜ";
	struct scene s = usual();
	struct footing_plan plan;
	char tsa[3 * sizeof(name)];
	snprintf(tsa, sizeof(tsa), "C%s%s", name, name);
	cr_assert_eq(footing_weakens(NULL, s.made.row.uses, END, tsa, &plan, &err), 0);
	cr_assert(utf8_valid(view_text(plan.reason)), "%s", plan.reason);
	cr_assert_str_eq(plan.reason + strlen(plan.reason) - 5, " ends");
	clear(&s);
}

/* ---- in the store ---- */

struct putting {
	const struct footing_new *row;
	int64_t id;
};

static int run_put(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct putting *p = arg;
	return footing_put(conn, p->row, &p->id, err);
}

Test(footing, same_footing_twice_is_one_row)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char dir[4096];
	struct store *store;
	struct store_conn *reader;
	struct footing f;
	struct scene s = usual();
	fixture_start(dir, &store, &reader);
	cr_assert_eq(footing_made_plan(&s.made, END, "first", &err), 0);
	struct putting one = { .row = &s.made.row }, two = one;
	cr_assert_eq(store_write(store, run_put, &one, &err), 0, "%s", err.text);
	cr_assert_eq(footing_made_plan(&s.made, END + 1, "second", &err), 0);
	cr_assert_eq(store_write(store, run_put, &two, &err), 0, "%s", err.text);
	cr_assert_eq(one.id, two.id);
	cr_assert_eq(footing_get(reader, one.id, &f, &err), 0);
	cr_assert_eq(f.weakens_ms, END);
	cr_assert_str_eq(f.reason, "first");
	cr_assert(view_equal(f.uses, s.made.row.uses));
	footing_clear(&f);
	fixture_stop(dir, store, reader);
	clear(&s);
}
