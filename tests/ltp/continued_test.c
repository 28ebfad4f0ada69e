/* SPDX-License-Identifier: Apache-2.0 */
/*
 * continued - data that comes with the evidence record of another service: one record
 * over three services, through renewals of both kinds; what it lends to signatures;
 * what is refused, and what a change of a stored chain does.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms_build.h"
#include "ltp/continued.h"
#include "ltp/evidence.h"
#include "ltp/outlook.h"
#include "storage/object.h"
#include "tests/support/continued_kit.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"
#include "timestamping/signature.h"
#include "validation/ers_verify.h"

static struct ltps_error err;

#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

TestSuite(continued, .fini = ckit_end, .timeout = TEST_SECONDS_MAX);

/* ---- one record ---- */

static const char *const ONE[] = { "the only one" };
static const char *const THREE[] = { "one of three", "two of three", "three of three" };

Test(continued, record_goes_on_through_three_services_and_all_renewals)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b, *c;
	char pa[2][64], pb[2][64], pc[2][64];
	const char *const *texts[2] = { ONE, THREE };
	const size_t counts[2] = { 1, 3 };
	int64_t first[2];
	for (size_t i = 0; i < 2; i++)
		ckit_preserve(a, texts[i], counts[i], VIEW_NULL, pa[i]);
	ckit_settle();
	for (size_t i = 0; i < 2; i++)
		first[i] =
		    ckit_judged(ckit_record_of(a, pa[i], "v1"), texts[i], counts[i])
			.first_ms;
	/* A hash-tree renewal there, then over to one that has two TSAs. */
	ckit_end_digest(DIGEST_SHA256);
	ltp_kit_live(a, 2 * DAY_MS, DAY_MS / 2);
	b = ckit_start(SHA256, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct view r = ckit_record_of(a, pa[i], "v1");
		cr_expect_eq(ckit_judged(r, texts[i], counts[i]).chains, 2);
		ckit_preserve(b, texts[i], counts[i], r, pb[i]);
		cr_expect_eq(ckit_proof_of(b, pb[i], 0), first[i],
			     "by what came alone");
	}
	ckit_settle();
	for (size_t i = 0; i < 2; i++) {
		const struct ckit_facts f =
		    ckit_judged(ckit_record_of(b, pb[i], "v1"), texts[i], counts[i]);
		cr_expect_eq(f.chains, 3);
		cr_expect_eq(f.last_stamps, 2, "by both TSAs: a time-stamp renewal");
		cr_expect_eq(f.first_ms, first[i]);
		cr_expect_eq(ckit_proof_of(b, pb[i], 0), first[i]);
	}
	cr_expect_eq(ckit_damage(b), 0);
	/* Two hash-tree renewals there. */
	for (size_t chains = 4; chains <= 5; chains++) {
		ckit_end_digest(
		    ckit_judged(ckit_record_of(b, pb[0], "v1"), ONE, 1).last_alg);
		ckit_live(b);
		for (size_t i = 0; i < 2; i++) {
			const struct ckit_facts f = ckit_judged(
			    ckit_record_of(b, pb[i], "v1"), texts[i], counts[i]);
			cr_expect_eq(f.chains, chains);
			cr_expect_eq(f.first_ms, first[i]);
		}
		cr_expect_eq(ckit_damage(b), 0);
	}
	ltp_kit_close(b);
	ltp_kit_open(b);
	c = ckit_start(SHA256, 1);
	for (size_t i = 0; i < 2; i++)
		ckit_preserve(c, texts[i], counts[i], ckit_record_of(b, pb[i], "v1"),
			      pc[i]);
	ckit_settle();
	for (size_t i = 0; i < 2; i++) {
		const struct ckit_facts f =
		    ckit_judged(ckit_record_of(c, pc[i], "v1"), texts[i], counts[i]);
		cr_expect_eq(f.chains, 6);
		cr_expect_eq(f.first_ms, first[i]);
		cr_expect_eq(ckit_proof_of(c, pc[i], 0), first[i]);
	}
	cr_expect_eq(ckit_damage(c), 0);
	cr_expect_eq(ltp_kit_audited(c, "EvidenceContinued", NULL), 2);
}

Test(continued, versions_come_with_a_record_each)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	const char *const before[] = { "first", "second" };
	const char *const after[] = { "first", "changed", "third" };
	const struct ltp_po delta[] = { ckit_text("b", "changed"),
					ckit_text("c", "third") };
	struct ltp_result r;
	char pa[64], pb[64], detail[256];
	ckit_preserve(a, before, 2, VIEW_NULL, pa);
	ckit_settle();
	ckit_pass(DAY_MS);
	cr_assert_eq(ckit_update(a, pa, delta, 2, &r), LTP_OK);
	ckit_settle();
	const struct view old[] = { ckit_record_of(a, pa, "v1"),
				    ckit_record_of(a, pa, "v2") };
	const int64_t first = ckit_judged(old[0], before, 2).first_ms,
		      second = ckit_judged(old[1], after, 3).first_ms;
	b = ckit_start(SHA256, 1);
	ckit_preserve(b, before, 2, old[0], pb);
	struct ltp_po came[] = { delta[0], delta[1], ckit_record_po(old[0]) };
	cr_expect_eq(ckit_update(b, pb, came, 3, &r), LTP_DELTA_POC_PROBLEM, "%s",
		     r.message);
	came[2] = ckit_record_po(old[1]);
	cr_assert_eq(ckit_update(b, pb, came, 3, &r), LTP_OK, "%s", r.message);
	ckit_settle();
	cr_expect_eq(ckit_judged(ckit_record_of(b, pb, "v1"), before, 2).first_ms,
		     first);
	cr_expect_eq(ckit_judged(ckit_record_of(b, pb, "v2"), after, 3).first_ms,
		     second);
	cr_expect_eq(ckit_proof_of(b, pb, 0), first);
	cr_expect_eq(ckit_proof_of(b, pb, 1), second);
	cr_expect_lt(first, second);
	/* A further one is of this service alone. */
	const struct ltp_po own = ckit_text("d", "fourth");
	cr_assert_eq(ckit_update(b, pb, &own, 1, &r), LTP_OK);
	ckit_settle();
	const char *const all[] = { "first", "changed", "third", "fourth" };
	cr_expect_eq(ckit_judged(ckit_record_of(b, pb, "v3"), all, 4).chains, 1);
	cr_expect_eq(ckit_damage(b), 0);
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
	return ckit_keep(out);
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
	return ckit_keep(out);
}

Test(continued, signature_whose_certificate_ended_before_stays_valid)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	struct ltp_po po = { .mime = "application/pkcs7-mime", .id = "x" };
	char pa[64], with[64], without[64];
	po.data = sign(a);
	cr_assert_eq(ltp_kit_preserve(a, &po, 1, pa), LTP_OK);
	ckit_settle();
	ckit_pass(5 * DAY_MS);
	const struct view crl = crl_of(a);
	ckit_pass(60 * DAY_MS);
	b = ckit_start(SHA256 "signature_policy = default\n", 1);
	ltp_kit_close(b);
	MUST(material_add_text_or_der(b->trust, MATERIAL_CRL, crl, &err));
	ltp_kit_open(b);
	const struct ltp_po both[] = { po,
				       ckit_record_po(ckit_record_of(a, pa, "v1")) };
	cr_assert_eq(ltp_kit_preserve(b, both, 2, with), LTP_OK, "%s",
		     b->answer.message);
	cr_assert_eq(ltp_kit_preserve(b, &po, 1, without), LTP_OK);
	expect_verdict(b, without, "INDETERMINATE/OUT_OF_BOUNDS_NO_POE");
	ltp_kit_work(b);
	expect_verdict(b, with, "TOTAL_PASSED");
	expect_verdict(b, without, "INDETERMINATE/OUT_OF_BOUNDS");
	ckit_settle();
	/* And when it is judged again, by the record as it is then. */
	for (int i = 0; i < 40; i++) {
		ckit_pass(DAY_MS);
		ltp_kit_work(b);
	}
	expect_verdict(b, with, "TOTAL_PASSED");
}

/* ---- refused ---- */

Test(continued, what_does_not_hold_is_refused)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	const char *const two[] = { "one of three", "two of three" };
	char poid[64];
	ckit_preserve(a, THREE, 3, VIEW_NULL, poid);
	ckit_settle();
	const struct view good = ckit_record_of(a, poid, "v1");
	ckit_preserve(a, two, 2, VIEW_NULL, poid);
	ckit_settle();
	const struct view of_two = ckit_record_of(a, poid, "v1");
	struct buf broken = buf_make(good.n);
	MUST(buf_put(&broken, good, &err));
	broken.p[broken.n - 1] ^= 1;
	const struct view bad = ckit_keep(broken);
	b = ckit_start(SHA256, 1);
	static const char *const names_record[] = { "r" };
	const struct ltp_po p1 = ckit_text("a", THREE[0]),
			    p2 = ckit_text("b", THREE[1]),
			    p3 = ckit_text("c", THREE[2]),
			    other = ckit_text("c", "three of threE");
	struct ltp_po named = ckit_record_po(good), related = p3;
	named.id = "r";
	related.related = names_record;
	related.n_related = 1;
	const struct {
		const char *name, *why;
		struct ltp_po pos[5];
		size_t n;
		enum ltp_minor minor;
	} cases[] = {
		{ "changed data",
		  "not covered",
		  { p1, p2, other, ckit_record_po(good) },
		  4,
		  LTP_PO_FORMAT_ERROR },
		{ "changed record",
		  "FAILED",
		  { p1, p2, p3, ckit_record_po(bad) },
		  4,
		  LTP_PO_FORMAT_ERROR },
		{ "less than it is about",
		  "about more",
		  { p1, p2, ckit_record_po(good) },
		  3,
		  LTP_PO_FORMAT_ERROR },
		{ "more than it is about",
		  "not covered",
		  { p1, p2, p3, ckit_record_po(of_two) },
		  4,
		  LTP_PO_FORMAT_ERROR },
		{ "nothing that it is about",
		  "nothing",
		  { ckit_record_po(good) },
		  1,
		  LTP_PARAMETER_ERROR },
		{ "two records",
		  "is one",
		  { p1, p2, p3, ckit_record_po(good), ckit_record_po(good) },
		  5,
		  LTP_PARAMETER_ERROR },
		{ "a record that is not the last",
		  "behind all",
		  { p1, ckit_record_po(good), p2, p3 },
		  4,
		  LTP_PARAMETER_ERROR },
		{ "a part about the record",
		  "becomes no object",
		  { p1, p2, related, named },
		  4,
		  LTP_PARAMETER_ERROR },
		{ "no record",
		  "cannot be",
		  { p1, p2, p3, ckit_record_po(view_text("none")) },
		  4,
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
	ckit_preserve(b, THREE, 3, good, poid);
}

Test(continued, record_of_a_tsa_that_is_not_trusted_is_refused)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	const struct view r = ckit_record_of(a, poid, "v1");
	ckit_n = 2; /* without trust in the first */
	b = &ckit_kits[1];
	const struct ltp_kit_upkeep how = { .profile_change = SHA256,
					    .algorithms = &ckit_policy };
	ltp_kit_start_upkeep(b, &how);
	ltp_kit_pass(b, 60000);
	const struct ltp_po pos[] = { ckit_text("a", ONE[0]), ckit_record_po(r) };
	cr_expect_eq(ltp_kit_preserve(b, pos, 2, NULL), LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(b->answer.message, "NO_CERTIFICATE_CHAIN_FOUND"),
			   "%s", b->answer.message);
}

/* A record that grows has no place for those of its middle. */
Test(continued, crypto_infos_are_dropped_where_they_are_not_needed)
{
	static const uint8_t INFO[] = { 0x30, 0x0b, 0x06, 0x03, 0x2a, 0x03, 0x04,
					0x31, 0x04, 0x04, 0x02, 0x01, 0x02 };
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	struct buf with = buf_make(ERS_SIZE_MAX);
	struct ers *er = NULL;
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	MUST(ers_parse(ckit_record_of(a, poid, "v1"), &er, &err));
	const enum digest_alg alg = er->chains[0].stamps[0].alg;
	MUST(ers_encode(&er->chains[0].whole, 1, &alg, 1, view_of(INFO, sizeof(INFO)),
			&with, &err));
	ers_free(er);
	b = ckit_start(SHA256, 1);
	ckit_preserve(b, ONE, 1, ckit_keep(with), poid);
	ckit_settle();
	const struct view record = ckit_record_of(b, poid, "v1");
	cr_expect_eq(ckit_judged(record, ONE, 1).chains, 2);
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
	return ckit_keep(out);
}

static void expect_one_of_more(struct view record, size_t chains, int64_t first_ms)
{
	struct ers_report *r = NULL;
	const struct ers_object object = { .name = ONE[0],
					   .has_data = true,
					   .data = view_text(ONE[0]) };
	const struct ers_input in = { .objects = &object,
				      .n_objects = 1,
				      .material = ckit_kits[ckit_n - 1].trust,
				      .policy = &ckit_policy,
				      .time_ms = ckit_now() };
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
	struct ltp_kit *a = ckit_start(SHA256, 1), *b, *c;
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	const struct view plain = ckit_record_of(a, poid, "v1"),
			  record = with_sibling(plain);
	const int64_t first = ckit_judged(plain, ONE, 1).first_ms;
	expect_one_of_more(record, 1, first);
	b = ckit_start(SHA256, 1);
	ckit_preserve(b, ONE, 1, record, poid);
	cr_expect_eq(ckit_proof_of(b, poid, 0), first);
	ckit_settle();
	expect_one_of_more(ckit_record_of(b, poid, "v1"), 2, first);
	ckit_end_digest(DIGEST_SHA256);
	ckit_live(b);
	expect_one_of_more(ckit_record_of(b, poid, "v1"), 3, first);
	cr_expect_eq(ckit_proof_of(b, poid, 0), first);
	cr_expect_eq(ckit_damage(b), 0);
	const struct view next = ckit_record_of(b, poid, "v1");
	c = ckit_start("digest = sha512\n" TREE, 1);
	ckit_preserve(c, ONE, 1, next, poid);
	ckit_settle();
	expect_one_of_more(ckit_record_of(c, poid, "v1"), 4, first);
	const struct ltp_po other[] = { ckit_text("a", "another"),
					ckit_record_po(record) };
	cr_expect_eq(ltp_kit_preserve(c, other, 2, NULL), LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(c->answer.message, "not covered"), "%s",
			   c->answer.message);
}

/* ---- damage, and the end ---- */

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
	cr_expect_gt(ckit_damage(k), 0);
}

Test(continued, changed_chain_is_found_and_no_evidence_is_given)
{
	struct ltp_kit *b;
	char poid[64];
	(void)ckit_take_over(ONE, 1, &b, poid);
	ckit_settle();
	cr_expect_eq(ckit_damage(b), 0);
	const int64_t first = ckit_proof_of(b, poid, 0);
	change_chain(b, CKIT_OTHER_END);
	expect_corrupt(b, poid);
	/* Our own token still proves since it is there. */
	cr_expect_gt(ckit_proof_of(b, poid, 0), first);
	cr_expect_neq(ckit_proof_of(b, poid, 0), INT64_MAX);
	change_chain(b, "x'3000'");
	expect_corrupt(b, poid);
	cr_expect_gt(ckit_proof_of(b, poid, 0), first);
}

Test(continued, chains_go_with_their_object)
{
	struct ltp_kit *b;
	struct ltp_result result;
	char poid[64];
	(void)ckit_take_over(ONE, 1, &b, poid);
	ckit_settle();
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 1);
	/* Without its data the evidence goes on. */
	struct ltp_delete_request req = { .caller = { "", "tester" },
					  .poid = poid,
					  .mode = "OnlySubDOs",
					  .reason = "test" };
	MUST(ltp_delete(b->w, &req, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	cr_expect_eq(ckit_judged(ckit_record_of(b, poid, "v1"), ONE, 1).chains, 2);
	req.mode = "SubDOsAndEvidence";
	MUST(ltp_delete(b->w, &req, &result, &err));
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 0);
	cr_expect_eq(ckit_damage(b), 0);
}

/* Of no digest that the parts are kept with. */
Test(continued, changed_chain_is_found_under_any_digest)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	char poid[64];
	ckit_preserve(a, THREE, 3, VIEW_NULL, poid);
	ckit_settle();
	const struct view record = ckit_record_of(a, poid, "v1");
	b = ckit_start("digest = sha384\n" TREE, 1);
	ckit_preserve(b, THREE, 3, record, poid);
	ckit_settle();
	cr_expect_eq(ckit_judged(ckit_record_of(b, poid, "v1"), THREE, 3).last_alg,
		     DIGEST_SHA384);
	cr_expect_eq(ckit_damage(b), 0);
	change_chain(b, CKIT_OTHER_END);
	expect_corrupt(b, poid);
}

Test(continued, chain_that_did_not_come_is_found)
{
	struct ltp_kit *a = ckit_start(SHA256, 1);
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	cr_expect_eq(ckit_damage(a), 0);
	ltp_kit_close(a);
	storage_sql(a->dir, "INSERT INTO chain (ref_kind, ref, seq, der) "
			    "SELECT 1, id, 1, x'3000' FROM version");
	ltp_kit_open(a);
	expect_corrupt(a, poid);
}

/* A chain of ours that is lost takes nothing from the tokens. */
Test(continued, lost_chain_leaves_the_proof_by_own_tokens)
{
	char poid[64];
	int64_t first;
	struct ltp_kit *a = ckit_start_renewed(ONE, 1, poid, &first);
	ltp_kit_close(a);
	storage_sql(a->dir, "DELETE FROM chain WHERE ref_kind = 1");
	ltp_kit_open(a);
	cr_expect_eq(ckit_proof_of(a, poid, 0), first);
	struct buf out = buf_make((size_t)1 << 20);
	struct ltp_result r;
	MUST(ltp_outlook(a->w, &(struct ltp_caller){ "", "tester" }, poid, &out, &r,
			 &err));
	cr_expect_eq(r.minor, LTP_OK, "%s", r.message);
	cr_expect_gt(out.n, 0);
	buf_free(&out);
}

/* Nor from what came, which is known still; only no record is made of it. */
Test(continued, lost_chain_of_ours_is_told_from_what_came)
{
	struct ltp_kit *b;
	char poid[64];
	(void)ckit_take_over(ONE, 1, &b, poid);
	ckit_settle();
	const int64_t first = ckit_proof_of(b, poid, 0);
	ckit_end_digest(DIGEST_SHA256);
	ckit_live(b);
	cr_assert_eq(ckit_judged(ckit_record_of(b, poid, "v1"), ONE, 1).chains, 3);
	ltp_kit_close(b);
	storage_sql(b->dir, "DELETE FROM chain WHERE tail IS NOT NULL");
	ltp_kit_open(b);
	expect_corrupt(b, poid);
	cr_expect_gt(ckit_proof_of(b, poid, 0), first);
	cr_expect_neq(ckit_proof_of(b, poid, 0), INT64_MAX);
}

/* A version that is as large as the profile takes. */
Test(continued, record_takes_no_place_of_a_version)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	char poid[64];
	ckit_preserve(a, THREE, 3, VIEW_NULL, poid);
	ckit_settle();
	b = ckit_start(SHA256, 1);
	b->profile->max_pos = 3;
	ckit_preserve(b, THREE, 3, ckit_record_of(a, poid, "v1"), poid);
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
	struct ltp_kit *a = ckit_start("digest = sha384\n" TREE, 1);
	char poids[2][64];
	ckit_preserve(a, THREE, 3, VIEW_NULL, poids[0]);
	ckit_settle();
	/* The other goes before its tree has a token. */
	ckit_preserve(a, THREE, 3, VIEW_NULL, poids[1]);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(delete_data(a, poids[i]), LTP_OK);
	ckit_settle();
	for (size_t i = 0; i < 2; i++) {
		const struct ckit_facts f =
		    ckit_judged(ckit_record_of(a, poids[i], "v1"), THREE, 3);
		cr_expect_eq(f.chains, 1);
		cr_expect_eq(f.last_alg, DIGEST_SHA384);
	}
	cr_expect_eq(ckit_damage(a), 0);
}

Test(continued, evidence_stays_without_data_after_a_hash_tree_renewal)
{
	struct ltp_kit *a = ckit_start(SHA256, 1);
	char poid[64];
	ckit_preserve(a, THREE, 3, VIEW_NULL, poid);
	ckit_settle();
	for (int i = CKIT_SHA256; i <= CKIT_SHA512; i += CKIT_SHA512 - CKIT_SHA256)
		ckit_limits[i].until_ms = ckit_now() + 30 * DAY_MS;
	ltp_kit_live(a, 2 * DAY_MS, DAY_MS / 2);
	const struct ckit_facts before =
	    ckit_judged(ckit_record_of(a, poid, "v1"), THREE, 3);
	cr_assert_eq(before.chains, 2);
	cr_assert_neq(before.last_alg, DIGEST_SHA512);
	cr_assert_eq(delete_data(a, poid), LTP_OK);
	const struct ckit_facts f =
	    ckit_judged(ckit_record_of(a, poid, "v1"), THREE, 3);
	cr_expect_eq(f.chains, 2);
	cr_expect_eq(f.last_alg, before.last_alg);
	cr_expect_eq(f.first_ms, before.first_ms);
	cr_expect_eq(ckit_damage(a), 0);
}

/* Two digests are needed that no part is kept with: nothing is deleted. */
Test(continued, data_is_held_while_two_further_digests_need_it)
{
	struct ltp_kit *a = ckit_start("digest = sha384\n" TREE, 1);
	char poid[64];
	ckit_preserve(a, THREE, 3, VIEW_NULL, poid);
	ckit_settle();
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
