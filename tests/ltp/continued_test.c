/* SPDX-License-Identifier: Apache-2.0 */
/*
 * continued - data that comes with the evidence record of another service: one record
 * over three services, through renewals of both kinds; what it lends to signatures;
 * what is refused, and what a change of a stored chain does.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms_build.h"
#include "ltp/check.h"
#include "ltp/continued.h"
#include "ltp/evidence.h"
#include "ltp/outlook.h"
#include "storage/credential.h"
#include "storage/fsck.h"
#include "storage/object.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"
#include "timestamping/signature.h"
#include "validation/ers_verify.h"

#define DAY_MS ((int64_t)86400000)
#define TREE "tree_max_leaves = 1000\ntree_max_age = 2s\noperation = UpdatePOC\n"
#define SHA256 "digest = sha256\n" TREE
#define SERVICES 3

enum { P_SHA256, P_SHA384, P_SHA512, P_SHA3_256, P_SHA3_512, P_ECDSA, P_COUNT };

/* Services with a PKI of their own, under one policy. */
static struct ltp_kit kits[SERVICES];
static size_t n_kits;
static struct algorithm_limit limits[P_COUNT];
static struct algorithm_policy policy;
static struct ltps_error err;
static struct buf records[16]; /* until the test ends */
static size_t n_records;

#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

static void end(void)
{
	while (n_kits > 0)
		ltp_kit_stop(&kits[--n_kits]);
	while (n_records > 0)
		buf_free(&records[--n_records]);
}

TestSuite(continued, .fini = end, .timeout = TEST_SECONDS_MAX);

/* ---- services ---- */

static void set_policy(void)
{
	static const char *const NAMES[P_COUNT] = { "sha256",   "sha384",   "sha512",
						    "sha3-256", "sha3-512", "ECDSA" };
	for (int i = 0; i < P_COUNT; i++)
		limits[i] =
		    (struct algorithm_limit){ .algorithm = NAMES[i],
					      .min_bits = i == P_ECDSA ? 224 : 0,
					      .until_ms = INT64_MAX };
	policy = (struct algorithm_policy){ .limits = limits, .n = P_COUNT };
}

static void trust(struct ltp_kit *here, struct ltp_kit *there)
{
	struct buf anchors = buf_make(1 << 20);
	MUST(devpki_anchors(pki_server_enter(there->pki), &anchors, &err));
	pki_server_leave(there->pki);
	MUST(material_add_text_or_der(here->trust, MATERIAL_ANCHOR, view_buf(&anchors),
				      &err));
	buf_free(&anchors);
}

/* The PKI rests on SHA-384 alone, so that other digests can end without it. */
static void change_pki(struct ltp_kit *k)
{
	static const enum devpki_kind KINDS[] = { DEVPKI_ROOT, DEVPKI_CA };
	const struct devpki_cert *c;
	struct devpki *p = pki_server_enter(k->pki);
	devpki_set_digest(p, DIGEST_SHA384);
	for (size_t i = 0; i < 2; i++)
		MUST(devpki_rollover(p, KINDS[i], 0, NULL, &c, &err));
	for (unsigned slot = 0; slot < 2; slot++)
		MUST(devpki_rollover(p, DEVPKI_TSA, slot, NULL, &c, &err));
	pki_server_leave(k->pki);
	ltp_kit_trust(k);
}

/* Each trusts those before it, whose name it bears. */
static struct ltp_kit *start(const char *profile_change, unsigned n_tsas)
{
	struct ltp_kit *k = &kits[n_kits++];
	const struct ltp_kit_upkeep how = { .profile_change = profile_change,
					    .n_tsas = n_tsas,
					    .algorithms = &policy,
					    .options = { .threads = 2 } };
	if (policy.n == 0)
		set_policy();
	ltp_kit_start_upkeep(k, &how);
	ltp_kit_close(k);
	change_pki(k);
	for (size_t i = 0; i + 1 < n_kits; i++)
		trust(k, &kits[i]);
	if (n_kits > 1)
		ltp_kit_pass(k, clock_now_ms(&kits[0].clock) - clock_now_ms(&k->clock));
	ltp_kit_open(k);
	return k;
}

static void pass(int64_t ms)
{
	for (size_t i = 0; i < n_kits; i++)
		ltp_kit_pass(&kits[i], ms);
}

/* Open trees close and are stamped. */
static void settle(void)
{
	pass(2001);
	for (size_t i = 0; i < n_kits; i++)
		ltp_kit_work(&kits[i]);
}

static int64_t now(void)
{
	return clock_now_ms(&kits[0].clock);
}

/* In a month: all that stands on it is renewed. */
static void end_digest(enum digest_alg alg)
{
	for (int i = 0; i < P_COUNT; i++)
		if (strcmp(limits[i].algorithm, digest_name(alg)) == 0)
			limits[i].until_ms = now() + 30 * DAY_MS;
}

/* ---- objects ---- */

static struct ltp_po text(const char *id, const char *data)
{
	return (
	    struct ltp_po){ .data = view_text(data), .mime = "text/plain", .id = id };
}

static struct ltp_po record_po(struct view record)
{
	return (struct ltp_po){ .data = record, .format_id = URI_ER_CONTINUED };
}

static struct view keep(struct buf record)
{
	cr_assert_lt(n_records, sizeof(records) / sizeof(records[0]));
	records[n_records++] = record;
	return view_buf(&record);
}

static struct view record_of(struct ltp_kit *k, const char *poid, const char *version)
{
	struct ltp_retrieved r = { 0 };
	struct ltp_result result;
	struct buf out = buf_make(ERS_SIZE_MAX);
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .versions = &version,
						  .n_versions = 1,
						  .subject = SUBJECT_EVIDENCE };
	MUST(ltp_retrieve(k->w, &req, &r, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	cr_assert_eq(r.n_pos, 1);
	MUST(buf_put(&out, view_buf(&r.pos[0].data), &err));
	ltp_retrieved_clear(&r);
	return keep(out);
}

/* These texts, under the names a, b, c, and a record of them when there is one. */
static void preserve(struct ltp_kit *k, const char *const *texts, size_t n,
		     struct view record, char poid[64])
{
	static const char *const IDS[] = { "a", "b", "c" };
	struct ltp_po pos[4];
	for (size_t i = 0; i < n; i++)
		pos[i] = text(IDS[i], texts[i]);
	if (record.n > 0)
		pos[n++] = record_po(record);
	cr_assert_eq(ltp_kit_preserve(k, pos, n, poid), LTP_OK, "%s",
		     k->answer.message);
}

static enum ltp_minor update(struct ltp_kit *k, const char *poid,
			     const struct ltp_po *pos, size_t n, struct ltp_result *r)
{
	char version[LTP_VERSION_MAX];
	const struct ltp_update_request req = {
		.caller = { "", "tester" }, .poid = poid, .pos = pos, .n_pos = n
	};
	MUST(ltp_update(k->w, &req, version, r, &err));
	return r->minor;
}

/* ---- looking ---- */

struct facts {
	size_t chains, last_stamps;
	enum digest_alg last_alg;
	int64_t first_ms; /* INT64_MIN: it does not pass */
};

/* By the verifier, from record, texts and the anchors of the newest service. */
static struct facts judged(struct view record, const char *const *texts, size_t n)
{
	struct ers_object objects[4];
	struct ers_report *r = NULL;
	for (size_t i = 0; i < n; i++)
		objects[i] = (struct ers_object){ .name = texts[i],
						  .has_data = true,
						  .data = view_text(texts[i]) };
	const struct ers_input in = { .objects = objects,
				      .n_objects = n,
				      .material = kits[n_kits - 1].trust,
				      .policy = &policy,
				      .time_ms = now() };
	MUST(ers_verify(record, &in, &r, &err));
	for (size_t i = 0; i < n; i++)
		cr_expect(r->covers[i].covered && r->covers[i].group_complete);
	for (size_t i = 1; i < r->n_chains; i++)
		cr_expect(r->chains[i].link_checked && r->chains[i].links_previous &&
			      !r->chains[i].sorted_variant,
			  "chain %zu", i);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s: %s", r->subindication,
		     r->n_findings > 0 ? r->findings[0].text : "");
	const struct ers_chain_report *last = &r->chains[r->n_chains - 1];
	const struct facts f = { r->n_chains, last->n, last->stamps[0].alg,
				 r->proof_of_existence_ms };
	ers_report_free(r);
	return f;
}

static int64_t proof_of(struct ltp_kit *k, const char *poid, size_t version)
{
	struct object *o = NULL;
	int64_t ms;
	MUST(object_get(k->w->conn, "default", poid, &o, &err));
	MUST(evidence_proof_time(k->w, &o->versions[version], &ms, &err));
	object_free(o);
	return ms;
}

static void print_finding(void *arg, const struct fsck_finding *f)
{
	(void)arg;
	printf("%s %s: %s\n", fsck_kind_name(f->kind), f->subject, f->text);
}

static uint64_t damage(struct ltp_kit *k)
{
	struct fsck_report report = { 0 };
	const struct fsck_options o = { .hooks = ltp_fsck_hooks(),
					.finding = print_finding };
	MUST(store_fsck(k->store, &o, &report, &err));
	return report.damaged;
}

/* ---- one record ---- */

static const char *const ONE[] = { "the only one" };
static const char *const THREE[] = { "one of three", "two of three", "three of three" };

Test(continued, record_goes_on_through_three_services_and_all_renewals)
{
	struct ltp_kit *a = start(SHA256, 1), *b, *c;
	char pa[2][64], pb[2][64], pc[2][64];
	const char *const *texts[2] = { ONE, THREE };
	const size_t counts[2] = { 1, 3 };
	int64_t first[2];
	for (size_t i = 0; i < 2; i++)
		preserve(a, texts[i], counts[i], VIEW_NULL, pa[i]);
	settle();
	for (size_t i = 0; i < 2; i++)
		first[i] =
		    judged(record_of(a, pa[i], "v1"), texts[i], counts[i]).first_ms;
	/* A hash-tree renewal there, then over to one that has two TSAs. */
	end_digest(DIGEST_SHA256);
	ltp_kit_live(a, 2 * DAY_MS, DAY_MS / 2);
	b = start(SHA256, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct view r = record_of(a, pa[i], "v1");
		cr_expect_eq(judged(r, texts[i], counts[i]).chains, 2);
		preserve(b, texts[i], counts[i], r, pb[i]);
		cr_expect_eq(proof_of(b, pb[i], 0), first[i], "by what came alone");
	}
	settle();
	for (size_t i = 0; i < 2; i++) {
		const struct facts f =
		    judged(record_of(b, pb[i], "v1"), texts[i], counts[i]);
		cr_expect_eq(f.chains, 3);
		cr_expect_eq(f.last_stamps, 2, "by both TSAs: a time-stamp renewal");
		cr_expect_eq(f.first_ms, first[i]);
		cr_expect_eq(proof_of(b, pb[i], 0), first[i]);
	}
	cr_expect_eq(damage(b), 0);
	/* Two hash-tree renewals there. */
	for (size_t chains = 4; chains <= 5; chains++) {
		end_digest(judged(record_of(b, pb[0], "v1"), ONE, 1).last_alg);
		for (int i = 0; i < 4; i++) {
			pass(DAY_MS / 2);
			ltp_kit_work(b);
		}
		for (size_t i = 0; i < 2; i++) {
			const struct facts f =
			    judged(record_of(b, pb[i], "v1"), texts[i], counts[i]);
			cr_expect_eq(f.chains, chains);
			cr_expect_eq(f.first_ms, first[i]);
		}
		cr_expect_eq(damage(b), 0);
	}
	ltp_kit_close(b);
	ltp_kit_open(b);
	c = start(SHA256, 1);
	for (size_t i = 0; i < 2; i++)
		preserve(c, texts[i], counts[i], record_of(b, pb[i], "v1"), pc[i]);
	settle();
	for (size_t i = 0; i < 2; i++) {
		const struct facts f =
		    judged(record_of(c, pc[i], "v1"), texts[i], counts[i]);
		cr_expect_eq(f.chains, 6);
		cr_expect_eq(f.first_ms, first[i]);
		cr_expect_eq(proof_of(c, pc[i], 0), first[i]);
	}
	cr_expect_eq(damage(c), 0);
	cr_expect_eq(ltp_kit_audited(c, "EvidenceContinued", NULL), 2);
}

Test(continued, versions_come_with_a_record_each)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	const char *const before[] = { "first", "second" };
	const char *const after[] = { "first", "changed", "third" };
	const struct ltp_po delta[] = { text("b", "changed"), text("c", "third") };
	struct ltp_result r;
	char pa[64], pb[64], detail[256];
	preserve(a, before, 2, VIEW_NULL, pa);
	settle();
	pass(DAY_MS);
	cr_assert_eq(update(a, pa, delta, 2, &r), LTP_OK);
	settle();
	const struct view old[] = { record_of(a, pa, "v1"), record_of(a, pa, "v2") };
	const int64_t first = judged(old[0], before, 2).first_ms,
		      second = judged(old[1], after, 3).first_ms;
	b = start(SHA256, 1);
	preserve(b, before, 2, old[0], pb);
	struct ltp_po came[] = { delta[0], delta[1], record_po(old[0]) };
	cr_expect_eq(update(b, pb, came, 3, &r), LTP_DELTA_POC_PROBLEM, "%s",
		     r.message);
	came[2] = record_po(old[1]);
	cr_assert_eq(update(b, pb, came, 3, &r), LTP_OK, "%s", r.message);
	settle();
	cr_expect_eq(judged(record_of(b, pb, "v1"), before, 2).first_ms, first);
	cr_expect_eq(judged(record_of(b, pb, "v2"), after, 3).first_ms, second);
	cr_expect_eq(proof_of(b, pb, 0), first);
	cr_expect_eq(proof_of(b, pb, 1), second);
	cr_expect_lt(first, second);
	/* A further one is of this service alone. */
	const struct ltp_po own = text("d", "fourth");
	cr_assert_eq(update(b, pb, &own, 1, &r), LTP_OK);
	settle();
	const char *const all[] = { "first", "changed", "third", "fourth" };
	cr_expect_eq(judged(record_of(b, pb, "v3"), all, 4).chains, 1);
	cr_expect_eq(damage(b), 0);
	cr_expect_eq(ltp_kit_audited(b, "EvidenceContinued", detail), 2);
	cr_expect_not_null(strstr(detail, "v2: 1 chain"), "%s", detail);
}

/* ---- signatures ---- */

/* A CMS over a text by a key that is certified for ten days. */
static struct view sign(struct ltp_kit *k)
{
	struct buf attrs = buf_make(65536), algorithm = buf_make(4096),
		   value = buf_make(16384), out = buf_make(1 << 20);
	const struct devpki_issue how = { .kind = DEVPKI_EE,
					  .name = "anna",
					  .days = 10 };
	const struct devpki_cert *c;
	MUST(devpki_issue(pki_server_enter(k->pki), &how, &c, &err));
	struct cms_build_attrs in = { .content_type = "1.2.840.113549.1.7.1",
				      .signing_time_ms = clock_now_ms(&k->clock),
				      .certificate = c->der };
	MUST(digest_once(DIGEST_SHA256, view_text("x"), &in.message_digest, &err));
	MUST(cms_build_signed_attrs(&in, &attrs, &err));
	MUST(signature_sign(c->key, DIGEST_SHA256, view_buf(&attrs), &algorithm, &value,
			    &err));
	const struct view certs[] = { c->der, c->issuer->der };
	const struct cms_build_signer signer = { .certificate = c->der,
						 .digest = DIGEST_SHA256,
						 .signed_attrs = view_buf(&attrs),
						 .algorithm = view_buf(&algorithm),
						 .signature = view_buf(&value) };
	const struct cms_build b = { .content_type = "1.2.840.113549.1.7.1",
				     .has_content = true,
				     .content = view_text("x"),
				     .certs = certs,
				     .n_certs = 2,
				     .signers = &signer,
				     .n_signers = 1 };
	MUST(cms_build(&b, &out, &err));
	pki_server_leave(k->pki);
	buf_free(&attrs);
	buf_free(&algorithm);
	buf_free(&value);
	return keep(out);
}

static void expect_verdict(struct ltp_kit *k, const char *poid, const char *begin)
{
	struct object *o = NULL;
	MUST(object_get(k->w->conn, "default", poid, &o, &err));
	const char *v = o->versions[0].verdict;
	cr_expect(v != NULL && strncmp(v, begin, strlen(begin)) == 0, "%s, not %s",
		  v != NULL ? v : "none", begin);
	object_free(o);
}

/* What the signer's CA says now, as the importing service got to know it. */
static struct view crl_of(struct ltp_kit *k)
{
	struct buf out = buf_make(1 << 20);
	struct devpki *p = pki_server_enter(k->pki);
	MUST(devpki_crl(p, devpki_find_text(p, view_text("anna"))->issuer, &out, &err));
	pki_server_leave(k->pki);
	return keep(out);
}

Test(continued, signature_whose_certificate_ended_before_stays_valid)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	struct ltp_po po = { .mime = "application/pkcs7-mime", .id = "x" };
	char pa[64], with[64], without[64];
	po.data = sign(a);
	cr_assert_eq(ltp_kit_preserve(a, &po, 1, pa), LTP_OK);
	settle();
	pass(5 * DAY_MS);
	const struct view crl = crl_of(a);
	pass(60 * DAY_MS);
	b = start(SHA256 "signature_policy = default\n", 1);
	ltp_kit_close(b);
	MUST(material_add_text_or_der(b->trust, MATERIAL_CRL, crl, &err));
	ltp_kit_open(b);
	const struct ltp_po both[] = { po, record_po(record_of(a, pa, "v1")) };
	cr_assert_eq(ltp_kit_preserve(b, both, 2, with), LTP_OK, "%s",
		     b->answer.message);
	cr_assert_eq(ltp_kit_preserve(b, &po, 1, without), LTP_OK);
	expect_verdict(b, without, "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
	ltp_kit_work(b);
	expect_verdict(b, with, "TOTAL_PASSED");
	expect_verdict(b, without, "INDETERMINATE/OUT_OF_BOUNDS");
	settle();
	/* And when it is judged again, by the record as it is then. */
	for (int i = 0; i < 40; i++) {
		pass(DAY_MS);
		ltp_kit_work(b);
	}
	expect_verdict(b, with, "TOTAL_PASSED");
}

/* ---- refused ---- */

Test(continued, what_does_not_hold_is_refused)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	const char *const two[] = { "one of three", "two of three" };
	char poid[64];
	preserve(a, THREE, 3, VIEW_NULL, poid);
	settle();
	const struct view good = record_of(a, poid, "v1");
	preserve(a, two, 2, VIEW_NULL, poid);
	settle();
	const struct view of_two = record_of(a, poid, "v1");
	struct buf broken = buf_make(good.n);
	MUST(buf_put(&broken, good, &err));
	broken.p[broken.n - 1] ^= 1;
	const struct view bad = keep(broken);
	b = start(SHA256, 1);
	static const char *const names_record[] = { "r" };
	const struct ltp_po p1 = text("a", THREE[0]), p2 = text("b", THREE[1]),
			    p3 = text("c", THREE[2]),
			    other = text("c", "three of threE");
	struct ltp_po named = record_po(good), related = p3;
	named.id = "r";
	related.related = names_record;
	related.n_related = 1;
	const struct {
		const char *name, *why;
		struct ltp_po pos[5];
		size_t n;
		enum ltp_minor minor;
	} cases[] = {
		{ "changed data", "not covered",
		  { p1, p2, other, record_po(good) }, 4, LTP_PO_FORMAT_ERROR },
		{ "changed record", "FAILED",
		  { p1, p2, p3, record_po(bad) }, 4, LTP_PO_FORMAT_ERROR },
		{ "less than it is about", "about more",
		  { p1, p2, record_po(good) }, 3, LTP_PO_FORMAT_ERROR },
		{ "more than it is about", "not covered",
		  { p1, p2, p3, record_po(of_two) }, 4, LTP_PO_FORMAT_ERROR },
		{ "nothing that it is about", "nothing",
		  { record_po(good) }, 1, LTP_PARAMETER_ERROR },
		{ "two records", "is one",
		  { p1, p2, p3, record_po(good), record_po(good) }, 5,
		  LTP_PARAMETER_ERROR },
		{ "a record that is not the last", "behind all",
		  { p1, record_po(good), p2, p3 }, 4, LTP_PARAMETER_ERROR },
		{ "a part about the record", "becomes no object",
		  { p1, p2, related, named }, 4, LTP_PARAMETER_ERROR },
		{ "no record", "cannot be",
		  { p1, p2, p3, record_po(view_text("none")) }, 4,
		  LTP_PO_FORMAT_ERROR },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(ltp_kit_preserve(b, cases[i].pos, cases[i].n, NULL),
			     cases[i].minor, "%s: %s", cases[i].name,
			     b->answer.message);
		cr_expect_not_null(strstr(b->answer.message, cases[i].why), "%s: %s",
				   cases[i].name, b->answer.message);
	}
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM object"), 0);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 0);
	preserve(b, THREE, 3, good, poid);
}

Test(continued, record_of_a_tsa_that_is_not_trusted_is_refused)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view r = record_of(a, poid, "v1");
	n_kits = 2; /* without trust in the first */
	b = &kits[1];
	const struct ltp_kit_upkeep how = { .profile_change = SHA256,
					    .algorithms = &policy };
	ltp_kit_start_upkeep(b, &how);
	ltp_kit_pass(b, 60000);
	const struct ltp_po pos[] = { text("a", ONE[0]), record_po(r) };
	cr_expect_eq(ltp_kit_preserve(b, pos, 2, NULL), LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(b->answer.message, "NO_CERTIFICATE_CHAIN_FOUND"),
			   "%s", b->answer.message);
}

/* A record that grows has no place for those of its middle. */
Test(continued, crypto_infos_are_dropped_where_they_are_not_needed)
{
	static const uint8_t INFO[] = { 0x30, 0x0b, 0x06, 0x03, 0x2a, 0x03, 0x04,
					0x31, 0x04, 0x04, 0x02, 0x01, 0x02 };
	struct ltp_kit *a = start(SHA256, 1), *b;
	struct buf with = buf_make(ERS_SIZE_MAX);
	struct ers *er = NULL;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	MUST(ers_parse(record_of(a, poid, "v1"), &er, &err));
	const enum digest_alg alg = er->chains[0].stamps[0].alg;
	MUST(ers_encode(&er->chains[0].whole, 1, &alg, 1, view_of(INFO, sizeof(INFO)),
			&with, &err));
	ers_free(er);
	b = start(SHA256, 1);
	preserve(b, ONE, 1, keep(with), poid);
	settle();
	const struct view record = record_of(b, poid, "v1");
	cr_expect_eq(judged(record, ONE, 1).chains, 2);
	MUST(ers_parse(record, &er, &err));
	cr_expect_eq(er->crypto_infos.n, 0);
	ers_free(er);
}

/* ---- records of other makers ---- */

/* The record of one object with its sibling in the first list, as RFC 4998 4.2 makes it
 * by the letter: the same root. */
static struct view with_sibling(struct view record)
{
	struct ers *er = NULL;
	struct view group[4], path[64], chain;
	struct buf stamp = buf_make(ERS_SIZE_MAX), chains = buf_make(ERS_SIZE_MAX),
		   out = buf_make(ERS_SIZE_MAX);
	size_t n = 0;
	MUST(ers_parse(record, &er, &err));
	const struct ers_stamp *s = &er->chains[0].stamps[0];
	cr_assert(er->n_chains == 1 && er->chains[0].n == 1 && s->n_lists >= 2);
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < s->lists[l].n; i++)
			group[n++] = s->lists[l].hashes[i];
	for (size_t l = 2; l < s->n_lists; l++)
		path[l - 2] = s->lists[l].hashes[0];
	const struct ers_stamp_parts parts = { .alg = s->alg,
					       .group = group,
					       .n_group = n,
					       .path = path,
					       .n_path = s->n_lists - 2,
					       .token = s->token };
	MUST(ers_stamp_encode(&parts, &stamp, &err));
	const struct view whole = view_buf(&stamp);
	MUST(ers_chain_encode(&whole, 1, &chains, &err));
	chain = view_buf(&chains);
	MUST(ers_encode(&chain, 1, &s->alg, 1, VIEW_NULL, &out, &err));
	buf_free(&stamp);
	buf_free(&chains);
	ers_free(er);
	return keep(out);
}

static void expect_one_of_more(struct view record, size_t chains, int64_t first_ms)
{
	struct ers_report *r = NULL;
	const struct ers_object object = { .name = ONE[0],
					   .has_data = true,
					   .data = view_text(ONE[0]) };
	const struct ers_input in = { .objects = &object,
				      .n_objects = 1,
				      .material = kits[n_kits - 1].trust,
				      .policy = &policy,
				      .time_ms = now() };
	MUST(ers_verify(record, &in, &r, &err));
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s: %s", r->subindication,
		     r->n_findings > 0 ? r->findings[0].text : "");
	cr_expect(r->intact && r->covers[0].covered);
	cr_expect_not(r->covers[0].group_complete, "it never was a group");
	cr_expect_eq(r->n_chains, chains);
	for (size_t i = 1; i < r->n_chains; i++)
		cr_expect(r->chains[i].links_previous && !r->chains[i].sorted_variant);
	cr_expect_eq(r->proof_of_existence_ms, first_ms);
	ers_report_free(r);
}

Test(continued, record_of_one_object_may_have_siblings_in_its_first_list)
{
	struct ltp_kit *a = start(SHA256, 1), *b, *c;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view plain = record_of(a, poid, "v1"),
			  record = with_sibling(plain);
	const int64_t first = judged(plain, ONE, 1).first_ms;
	expect_one_of_more(record, 1, first);
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	cr_expect_eq(proof_of(b, poid, 0), first);
	settle();
	expect_one_of_more(record_of(b, poid, "v1"), 2, first);
	end_digest(DIGEST_SHA256);
	for (int i = 0; i < 4; i++) {
		pass(DAY_MS / 2);
		ltp_kit_work(b);
	}
	expect_one_of_more(record_of(b, poid, "v1"), 3, first);
	cr_expect_eq(proof_of(b, poid, 0), first);
	cr_expect_eq(damage(b), 0);
	const struct view next = record_of(b, poid, "v1");
	c = start("digest = sha512\n" TREE, 1);
	preserve(c, ONE, 1, next, poid);
	settle();
	expect_one_of_more(record_of(c, poid, "v1"), 4, first);
	const struct ltp_po other[] = { text("a", "another"), record_po(record) };
	cr_expect_eq(ltp_kit_preserve(c, other, 2, NULL), LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(c->answer.message, "not covered"), "%s",
			   c->answer.message);
}

/* ---- what is counted ---- */

static uint64_t used(struct ltp_kit *k)
{
	struct tenant_use u;
	MUST(tenant_use_get(k->w->conn, "default", &u, &err));
	return u.bytes;
}

static void limit_use(struct ltp_kit *k, struct ltp_tenant *t, uint64_t bytes)
{
	*t = (struct ltp_tenant){ .name = "default", .max_bytes = bytes };
	ltp_kit_close(k);
	k->tenants = t;
	k->n_tenants = 1;
	ltp_kit_open(k);
}

static size_t chain_size(struct view record)
{
	struct ers *er = NULL;
	MUST(ers_parse(record, &er, &err));
	const size_t n = er->chains[0].whole.n;
	ers_free(er);
	return n;
}

Test(continued, record_counts_in_the_quota_until_its_object_goes)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	struct ltp_tenant tenant;
	struct ltp_result r;
	char pa[64], pb[64];
	const struct ltp_po delta = text("a", "another");
	preserve(a, ONE, 1, VIEW_NULL, pa);
	settle();
	const struct view v1 = record_of(a, pa, "v1");
	cr_assert_eq(update(a, pa, &delta, 1, &r), LTP_OK);
	settle();
	const struct view v2 = record_of(a, pa, "v2");
	b = start(SHA256, 1);
	const struct ltp_po one[] = { text("a", ONE[0]), record_po(v1) },
			    two[] = { delta, record_po(v2) };
	limit_use(b, &tenant, strlen(ONE[0]) + v1.n - 1);
	cr_expect_eq(ltp_kit_preserve(b, one, 2, NULL), LTP_NO_SPACE, "with a record");
	cr_assert_eq(ltp_kit_preserve(b, one, 1, pb), LTP_OK, "the data alone fits");
	const struct ltp_delete_request all = { .caller = { "", "tester" },
						.poid = pb,
						.reason = "test" };
	MUST(ltp_delete(b->w, &all, &r, &err));
	cr_assert_eq(used(b), 0);
	limit_use(b, &tenant, strlen(ONE[0]) + v1.n);
	cr_assert_eq(ltp_kit_preserve(b, one, 2, pb), LTP_OK, "%s", b->answer.message);
	const uint64_t with = strlen(ONE[0]) + chain_size(v1);
	cr_expect_eq(used(b), with);
	limit_use(b, &tenant, with + strlen("another") + v2.n - 1);
	cr_expect_eq(update(b, pb, two, 2, &r), LTP_NO_SPACE);
	cr_expect_eq(used(b), with, "what is refused does not count");
	limit_use(b, &tenant, with + strlen("another") + v2.n);
	cr_assert_eq(update(b, pb, two, 2, &r), LTP_OK, "%s", r.message);
	const uint64_t both = with + strlen("another") + chain_size(v2);
	cr_expect_eq(used(b), both);
	/* What a renewal puts down is the service's. */
	settle();
	end_digest(DIGEST_SHA256);
	ltp_kit_live(b, 2 * DAY_MS, DAY_MS / 2);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 4);
	cr_expect_eq(used(b), both);
	MUST(ltp_delete(b->w, &all, &r, &err));
	cr_expect_eq(used(b), 0);
}

struct committed {
	atomic_bool done;
	enum ltps_code code;
};

static void take_commit(void *arg, struct ltp_ingest *i, const struct ltps_error *e)
{
	struct committed *c = arg;
	(void)i;
	c->code = e->code;
	atomic_store(&c->done, true);
}

static enum ltps_code commit(struct ltp_ingest *i)
{
	struct committed c = { .code = LTPS_OK };
	MUST(ltp_ingest_commit(i, take_commit, &c, &err));
	while (!atomic_load(&c.done))
		sched_yield();
	ltp_ingest_free(i);
	return c.code;
}

/* Two that fit each by itself, at the same moment. */
Test(continued, quota_is_exact_when_the_record_is_stored)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	struct ltp_tenant tenant;
	struct ltp_ingest *i[2] = { NULL };
	struct ltp_result r;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	b = start(SHA256, 1);
	limit_use(b, &tenant, 2 * strlen(ONE[0]) + 2 * chain_size(record) - 1);
	const struct ltp_po pos[] = { text("a", ONE[0]), record_po(record) };
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = pos,
						.n_pos = 2 };
	enum ltps_code codes[2] = { LTPS_OK, LTPS_OK };
	for (size_t n = 0; n < 2; n++) {
		MUST(ltp_ingest_prepare(b->w, &req, &i[n], &r, &err));
		cr_assert_not_null(i[n], "%s", r.message);
	}
	for (size_t n = 0; n < 2; n++)
		codes[n] = commit(i[n]);
	cr_expect_eq(codes[0], LTPS_OK);
	cr_expect_eq(codes[1], LTPS_NO_SPACE);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM object"), 1);
	cr_expect_eq(used(b), strlen(ONE[0]) + chain_size(record));
}

/* The name of a record finds its object. */
Test(continued, record_with_a_name_is_found_by_it)
{
	struct ltp_kit *a = start(SHA256 "operation = Search\n", 1), *b;
	struct ltp_found f = { 0 };
	struct ltp_result r;
	char pa[64], pb[64];
	const struct ltp_po delta = text("a", "another");
	preserve(a, ONE, 1, VIEW_NULL, pa);
	settle();
	struct ltp_po one[] = { text("a", ONE[0]), record_po(record_of(a, pa, "v1")) };
	cr_assert_eq(update(a, pa, &delta, 1, &r), LTP_OK);
	settle();
	struct ltp_po two[] = { delta, record_po(record_of(a, pa, "v2")) };
	one[1].id = "first-record";
	two[1].id = "second-record";
	b = start(SHA256 "operation = Search\n", 1);
	cr_assert_eq(ltp_kit_preserve(b, one, 2, pb), LTP_OK, "%s", b->answer.message);
	cr_assert_eq(update(b, pb, two, 2, &r), LTP_OK, "%s", r.message);
	static const char *const filters[] = { "id = first-record",
					       "id = second-record",
					       "id = a",
					       "id ~ SECOND",
					       "id = third-record",
					       "not id = second-record" };
	for (size_t i = 0; i < 6; i++) {
		MUST(ltp_search(b->w, &(struct ltp_caller){ "", "tester" }, filters[i],
				&f, &r, &err));
		cr_expect_eq(r.minor, LTP_OK, "%s", r.message);
		cr_expect_eq(f.n, i < 4, "%s", filters[i]);
		cr_expect(f.n == 0 || strcmp(f.poids[0], pb) == 0);
		ltp_found_clear(&f);
	}
}

/* ---- damage, and the end ---- */

/* Another last octet, whatever it was. */
#define OTHER_END                                                                      \
	"substr(der, 1, length(der) - 1) || iif(substr(der, length(der)) = x'2a', "    \
	"x'2b', x'2a')"

static void change_chain(struct ltp_kit *k, const char *der)
{
	char sql[256];
	snprintf(sql, sizeof(sql),
		 "UPDATE chain SET der = CAST(%s AS BLOB) WHERE ref_kind = 1", der);
	ltp_kit_close(k);
	storage_sql(k->dir, sql);
	ltp_kit_open(k);
}

static void expect_corrupt(struct ltp_kit *k, const char *poid)
{
	struct ltp_retrieved r = { 0 };
	struct ltp_result result;
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .subject = SUBJECT_EVIDENCE };
	cr_expect_eq(ltp_retrieve(k->w, &req, &r, &result, &err), -1);
	cr_expect_eq(err.code, LTPS_CORRUPT, "%s", err.text);
	ltps_error_clear(&err);
	cr_expect_gt(damage(k), 0);
}

Test(continued, changed_chain_is_found_and_no_evidence_is_given)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	settle();
	cr_expect_eq(damage(b), 0);
	const int64_t first = proof_of(b, poid, 0);
	change_chain(b, OTHER_END);
	expect_corrupt(b, poid);
	/* Our own token still proves since it is there. */
	cr_expect_gt(proof_of(b, poid, 0), first);
	cr_expect_neq(proof_of(b, poid, 0), INT64_MAX);
	change_chain(b, "x'3000'");
	expect_corrupt(b, poid);
	cr_expect_gt(proof_of(b, poid, 0), first);
}

Test(continued, chains_go_with_their_object)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	struct ltp_result result;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	settle();
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 1);
	/* Without its data the evidence goes on. */
	struct ltp_delete_request req = { .caller = { "", "tester" },
					  .poid = poid,
					  .mode = "OnlySubDOs",
					  .reason = "test" };
	MUST(ltp_delete(b->w, &req, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	cr_expect_eq(judged(record_of(b, poid, "v1"), ONE, 1).chains, 2);
	req.mode = "SubDOsAndEvidence";
	MUST(ltp_delete(b->w, &req, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 0);
	cr_expect_eq(damage(b), 0);
}

/* Of no digest that the parts are kept with. */
Test(continued, changed_chain_is_found_under_any_digest)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, THREE, 3, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	b = start("digest = sha384\n" TREE, 1);
	preserve(b, THREE, 3, record, poid);
	settle();
	cr_expect_eq(judged(record_of(b, poid, "v1"), THREE, 3).last_alg,
		     DIGEST_SHA384);
	cr_expect_eq(damage(b), 0);
	change_chain(b, OTHER_END);
	expect_corrupt(b, poid);
}

Test(continued, chain_that_did_not_come_is_found)
{
	struct ltp_kit *a = start(SHA256, 1);
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	cr_expect_eq(damage(a), 0);
	ltp_kit_close(a);
	storage_sql(a->dir, "INSERT INTO chain (ref_kind, ref, seq, der) "
			    "SELECT 1, id, 1, x'3000' FROM version");
	ltp_kit_open(a);
	expect_corrupt(a, poid);
}

/* A chain of ours that is lost takes nothing from the tokens. */
Test(continued, lost_chain_leaves_the_proof_by_own_tokens)
{
	struct ltp_kit *a = start(SHA256, 1);
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const int64_t first = proof_of(a, poid, 0);
	end_digest(DIGEST_SHA256);
	ltp_kit_live(a, 2 * DAY_MS, DAY_MS / 2);
	cr_assert_eq(judged(record_of(a, poid, "v1"), ONE, 1).chains, 2);
	ltp_kit_close(a);
	storage_sql(a->dir, "DELETE FROM chain WHERE ref_kind = 1");
	ltp_kit_open(a);
	cr_expect_eq(proof_of(a, poid, 0), first);
	struct buf out = buf_make((size_t)1 << 20);
	struct ltp_result r;
	MUST(ltp_outlook(a->w, &(struct ltp_caller){ "", "tester" }, poid, &out, &r,
			 &err));
	cr_expect_eq(r.minor, LTP_OK, "%s", r.message);
	cr_expect_gt(out.n, 0);
	buf_free(&out);
}

/* A version that is as large as the profile takes. */
Test(continued, record_takes_no_place_of_a_version)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, THREE, 3, VIEW_NULL, poid);
	settle();
	b = start(SHA256, 1);
	b->profile->max_pos = 3;
	preserve(b, THREE, 3, record_of(a, poid, "v1"), poid);
}

/* ---- what is remembered ---- */

/* "proven_since" of its first version, as GET /outlook/POID tells it. */
static int64_t told(struct ltp_kit *k, const char *poid)
{
	static const char KEY[] = "\"proven_since\":";
	struct buf out = buf_make((size_t)1 << 20);
	struct ltp_result r;
	const char *text;
	int64_t ms = INT64_MAX;
	MUST(ltp_outlook(k->w, &(struct ltp_caller){ "", "tester" }, poid, &out, &r,
			 &err));
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	MUST(buf_text(&out, &text, &err));
	const char *at = strstr(text, KEY);
	cr_assert_not_null(at);
	at += sizeof(KEY) - 1;
	if (*at == '"')
		MUST(time_parse_rfc3339(view_of(at + 1, strcspn(at + 1, "\"")), &ms,
					&err));
	buf_free(&out);
	return ms;
}

/* While it runs, and so that nothing else tells that it is another. */
static void spoil_chain(struct ltp_kit *k)
{
	storage_sql(k->dir, "UPDATE chain SET der = CAST(" OTHER_END " AS BLOB) WHERE "
			    "ref_kind = 1 AND tail IS NULL");
}

Test(continued, outlook_judges_a_record_once_while_nothing_changes)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	const int64_t first = judged(record, ONE, 1).first_ms;
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	settle();
	cr_expect_eq(told(b, poid), first);
	/* A judgement would see it. */
	spoil_chain(b);
	cr_expect_eq(told(b, poid), first, "judged once");
	pass(59 * 60000);
	cr_expect_eq(told(b, poid), first, "within the hour");
	cr_expect_gt(proof_of(b, poid, 0), first, "signatures are judged anew");
	pass(60000);
	cr_expect_gt(told(b, poid), first, "and the outlook behind it");
}

Test(continued, outlook_judges_again_when_the_record_grew)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	const int64_t first = judged(record, ONE, 1).first_ms;
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	cr_expect_eq(told(b, poid), first, "by what came alone");
	spoil_chain(b);
	cr_expect_eq(told(b, poid), first);
	settle();
	cr_expect_gt(told(b, poid), first, "a token of ours");
	cr_expect_neq(told(b, poid), INT64_MAX);
}

/* Trusts the first service's anchors until then. */
static struct ltp_kit *start_trusting_until(int64_t until_ms)
{
	struct ltp_kit *b = &kits[n_kits++];
	struct buf anchors = buf_make(1 << 20);
	struct material *m = NULL;
	const struct ltp_kit_upkeep how = { .profile_change = SHA256,
					    .n_tsas = 1,
					    .algorithms = &policy };
	ltp_kit_start_upkeep(b, &how);
	ltp_kit_close(b);
	change_pki(b);
	MUST(devpki_anchors(pki_server_enter(kits[0].pki), &anchors, &err));
	pki_server_leave(kits[0].pki);
	MUST(material_new(&m, &err));
	MUST(material_add_text_or_der(m, MATERIAL_ANCHOR, view_buf(&anchors), &err));
	for (size_t i = 0; i < material_count(m, MATERIAL_ANCHOR); i++)
		MUST(material_add_anchor(b->trust, material_at(m, MATERIAL_ANCHOR, i),
					 until_ms, &err));
	material_free(m);
	buf_free(&anchors);
	ltp_kit_pass(b, clock_now_ms(&kits[0].clock) - clock_now_ms(&b->clock));
	ltp_kit_open(b);
	return b;
}

Test(continued, anchor_that_ends_shows_at_the_next_request)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	const int64_t first = judged(record, ONE, 1).first_ms;
	b = start_trusting_until(now() + 10 * 60000);
	preserve(b, ONE, 1, record, poid);
	cr_expect_eq(told(b, poid), first);
	pass(9 * 60000);
	cr_expect_eq(told(b, poid), first);
	pass(60001);
	cr_expect_eq(told(b, poid), INT64_MAX, "before a token of ours");
}

Test(continued, algorithm_that_ends_shows_at_the_next_request)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	const int64_t first = judged(record, ONE, 1).first_ms;
	b = start(SHA256, 1);
	limits[P_ECDSA].until_ms = now() + 10 * 60000;
	preserve(b, ONE, 1, record, poid);
	cr_expect_eq(told(b, poid), first);
	pass(10 * 60000 + 1);
	cr_expect_eq(told(b, poid), INT64_MAX, "before a token of ours");
}

Test(continued, anchors_of_another_configuration_are_not_those_of_before)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	char poid[64];
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	const int64_t first = judged(record, ONE, 1).first_ms;
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	cr_expect_eq(told(b, poid), first);
	ltp_kit_close(b);
	material_free(b->trust);
	MUST(material_new(&b->trust, &err));
	ltp_kit_trust(b);
	ltp_kit_open(b);
	pass(60000); /* they were trusted until a moment ago */
	cr_expect_eq(told(b, poid), INT64_MAX);
}

Test(continued, judging_ends_with_its_limit_and_goes_on)
{
	struct ltp_kit *a = start(SHA256, 1), *b;
	struct limit over = limit_of(0, NULL);
	struct object *o = NULL;
	char poid[64];
	int64_t ms;
	preserve(a, ONE, 1, VIEW_NULL, poid);
	settle();
	const struct view record = record_of(a, poid, "v1");
	const int64_t first = judged(record, ONE, 1).first_ms;
	b = start(SHA256, 1);
	preserve(b, ONE, 1, record, poid);
	MUST(object_get(b->w->conn, "default", poid, &o, &err));
	cr_expect_eq(outlook_prepare(b->w, o, &over, &err), -1);
	cr_expect_eq(err.code, LTPS_BUSY, "%s", err.text);
	ltps_error_clear(&err);
	MUST(outlook_prepare(b->w, o, NULL, &err));
	MUST(outlook_prepare(b->w, o, &over, &err));
	/* Prepared, it is not judged again within a transaction. */
	spoil_chain(b);
	MUST(evidence_proof_recall(b->w, &o->versions[0], &ms, &err));
	cr_expect_eq(ms, first);
	object_free(o);
}

/* ---- evidence that outlasts the data ---- */

static enum ltp_minor delete_data(struct ltp_kit *k, const char *poid)
{
	struct ltp_result result;
	const struct ltp_delete_request req = { .caller = { "", "tester" },
						.poid = poid,
						.mode = "OnlySubDOs",
						.reason = "test" };
	MUST(ltp_delete(k->w, &req, &result, &err));
	return result.minor;
}

Test(continued, evidence_stays_without_data_under_any_digest)
{
	struct ltp_kit *a = start("digest = sha384\n" TREE, 1);
	char poids[2][64];
	preserve(a, THREE, 3, VIEW_NULL, poids[0]);
	settle();
	/* The other goes before its tree has a token. */
	preserve(a, THREE, 3, VIEW_NULL, poids[1]);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(delete_data(a, poids[i]), LTP_OK);
	settle();
	for (size_t i = 0; i < 2; i++) {
		const struct facts f = judged(record_of(a, poids[i], "v1"), THREE, 3);
		cr_expect_eq(f.chains, 1);
		cr_expect_eq(f.last_alg, DIGEST_SHA384);
	}
	cr_expect_eq(damage(a), 0);
}

Test(continued, evidence_stays_without_data_after_a_hash_tree_renewal)
{
	struct ltp_kit *a = start(SHA256, 1);
	char poid[64];
	preserve(a, THREE, 3, VIEW_NULL, poid);
	settle();
	for (int i = P_SHA256; i <= P_SHA512; i += P_SHA512 - P_SHA256)
		limits[i].until_ms = now() + 30 * DAY_MS;
	ltp_kit_live(a, 2 * DAY_MS, DAY_MS / 2);
	const struct facts before = judged(record_of(a, poid, "v1"), THREE, 3);
	cr_assert_eq(before.chains, 2);
	cr_assert_neq(before.last_alg, DIGEST_SHA512);
	cr_assert_eq(delete_data(a, poid), LTP_OK);
	const struct facts f = judged(record_of(a, poid, "v1"), THREE, 3);
	cr_expect_eq(f.chains, 2);
	cr_expect_eq(f.last_alg, before.last_alg);
	cr_expect_eq(f.first_ms, before.first_ms);
	cr_expect_eq(damage(a), 0);
}

/* Two digests are needed that no part is kept with: nothing is deleted. */
Test(continued, data_is_held_while_two_further_digests_need_it)
{
	struct ltp_kit *a = start("digest = sha384\n" TREE, 1);
	char poid[64];
	preserve(a, THREE, 3, VIEW_NULL, poid);
	settle();
	ltp_kit_close(a);
	/* As while the tree of a hash-tree renewal waits for its token. */
	storage_sql(a->dir,
		    "INSERT INTO tree (purpose, profile, alg, state, opened_ms, "
		    "n_leaves, bytes, attempts) SELECT 2, profile, 9, 0, opened_ms, 1, "
		    "0, 0 FROM tree WHERE alg = 4 LIMIT 1;"
		    "INSERT INTO leaf (tree, idx, kind, ref, digest) SELECT "
		    "(SELECT max(id) FROM tree), 0, 1, min(id), zeroblob(64) "
		    "FROM version");
	ltp_kit_open(a);
	cr_expect_eq(delete_data(a, poid), LTP_PARAMETER_ERROR);
	cr_expect_eq(storage_sql_int(a->dir, "SELECT count(*) FROM part "
					     "WHERE blob IS NULL OR given_alg <> 0"),
		     0);
	cr_expect_eq(storage_sql_int(a->dir, "SELECT count(*) FROM object "
					     "WHERE state <> 0"),
		     0);
}
