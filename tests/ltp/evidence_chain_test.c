/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_chain - head and tail are the chain; records over renewals of both kinds. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/evidence.h"
#include "storage/evidence.h"
#include "storage/renewal.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"
#include "timestamping/ers.h"
#include "timestamping/merkle.h"
#include "validation/ers_verify.h"

TestSuite(evidence_chain, .timeout = TEST_SECONDS_MAX, .init = mem_init);

/* ---- the encoding ---- */

static struct view hash_of(uint8_t c, uint8_t out[32])
{
	memset(out, c, 32);
	return view_of(out, 32);
}

/* Lengths of tokens and rests around each change of their length's length. */
Test(evidence_chain, head_token_and_rest_are_the_chain)
{
	static const size_t tokens[] = { 2, 10, 80, 127, 128, 200, 255, 256, 65000 };
	static const size_t rests[] = { 0, 1, 60, 130, 70000 };
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
		for (size_t k = 0; k < sizeof(rests) / sizeof(rests[0]); k++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			uint8_t a[32], b[32], *octets = mem_zalloc(1, 200000);
			struct buf token = buf_make(100000), stamp = buf_make(200000);
			struct buf chain = buf_make(300000), split = buf_make(300000);
			struct buf rest = buf_make(100000);
			const struct view group = hash_of('g', a),
					  path = hash_of('p', b);
			cr_assert_eq(
			    der_put(&token, 0x30, view_of(octets, tokens[i] - 2), &err),
			    0);
			if (rests[k] > 0)
				cr_assert_eq(der_put(&rest, 0x30,
						     view_of(octets, rests[k]), &err),
					     0);
			struct ers_stamp_parts p = { .alg = DIGEST_SHA256,
						     .group = &group,
						     .n_group = 1,
						     .path = &path,
						     .n_path = 1,
						     .token = view_buf(&token) };
			cr_assert_eq(ers_stamp_encode(&p, &stamp, &err), 0, "%s",
				     err.text);
			const struct view stamps[] = { view_buf(&stamp),
						       view_buf(&rest) };
			cr_assert_eq(ers_chain_encode(stamps, rests[k] > 0 ? 2 : 1,
						      &chain, &err),
				     0);
			p.token = VIEW_NULL;
			cr_assert_eq(
			    ers_chain_head_encode(&p, token.n, rest.n, &split, &err), 0,
			    "%s", err.text);
			cr_assert_eq(buf_put(&split, view_buf(&token), &err), 0);
			cr_assert_eq(buf_put(&split, view_buf(&rest), &err), 0);
			cr_expect(view_equal(view_buf(&split), view_buf(&chain)),
				  "token %zu, rest %zu", tokens[i], rests[k]);
			buf_free(&rest);
			buf_free(&split);
			buf_free(&chain);
			buf_free(&stamp);
			buf_free(&token);
			mem_free(octets);
		}
}

Test(evidence_chain, head_without_token_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t a[32];
	struct buf out = buf_make(1000);
	const struct view group = hash_of('g', a);
	const struct ers_stamp_parts p = { .alg = DIGEST_SHA256,
					   .group = &group,
					   .n_group = 1 };
	cr_expect_eq(ers_chain_head_encode(&p, 0, 0, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(ers_chain_head_encode(&p, ERS_SIZE_MAX + 1, 0, &out, &err), -1);
	buf_free(&out);
}

Test(evidence_chain, head_with_a_hash_of_another_length_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t a[32];
	struct buf out = buf_make(1000);
	const struct view group = hash_of('g', a);
	const struct ers_stamp_parts p = { .alg = DIGEST_SHA512,
					   .group = &group,
					   .n_group = 1 };
	cr_expect_eq(ers_chain_head_encode(&p, 10, 0, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	buf_free(&out);
}

/* ---- chains in a store ---- */

struct scene {
	struct ltp_kit k;
	struct ltp_worker *w;
	struct store_conn *conn; /* a reader of its own */
};

static void scene_start(struct scene *s, unsigned n_tsas)
{
	const struct ltp_kit_upkeep how = { .n_tsas = n_tsas };
	struct ltps_error err = LTPS_ERROR_INIT;
	ltp_kit_start_upkeep(&s->k, &how);
	s->w = s->k.w;
	cr_assert_eq(store_reader_open(s->k.store, &s->conn, &err), 0);
}

static void scene_stop(struct scene *s)
{
	store_reader_close(s->conn);
	ltp_kit_stop(&s->k);
}

/* One object, stamped. */
static void keep_object(struct scene *s, const char *text, char poid[64])
{
	cr_assert_eq(ltp_kit_preserve_text(&s->k, text, poid), LTP_OK);
	ltp_kit_pass(&s->k, 2001);
	ltp_kit_work(&s->k);
}

static struct tree get_tree(struct scene *s, int64_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree t;
	cr_assert_eq(tree_get(s->conn, id, &t, &err), 0, "%s", err.text);
	return t;
}

static struct buf record_of(struct scene *s, const char *poid)
{
	struct ltp_retrieved r = { 0 };
	struct buf out = buf_make(1 << 24);
	struct ltps_error err = LTPS_ERROR_INIT;
	if (ltp_kit_retrieve(&s->k, poid, SUBJECT_EVIDENCE, &r) == LTP_OK)
		cr_assert_eq(buf_put(&out, view_buf(&r.pos[0].data), &err), 0);
	ltp_retrieved_clear(&r);
	return out;
}

/* From nothing but record, object and anchors. */
static struct ers_report *verify(struct scene *s, struct view record, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers_report *r = NULL;
	const struct ers_object object = { .name = "object",
					   .has_data = true,
					   .data = view_text(text) };
	const struct ers_input in = { .objects = &object,
				      .n_objects = 1,
				      .material = s->k.trust,
				      .time_ms = clock_now_ms(&s->k.clock) };
	cr_assert_eq(ers_verify(record, &in, &r, &err), 0, "%s", err.text);
	return r;
}

static void expect_passed(struct scene *s, const char *poid, const char *text,
			  size_t n_chains, size_t n_stamps)
{
	struct buf record = record_of(s, poid);
	struct ers_report *r = verify(s, view_buf(&record), text);
	cr_expect(r->intact);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s: %s",
		     r->subindication != NULL ? r->subindication : "-",
		     r->n_findings > 0 ? r->findings[0].text : "-");
	cr_expect(r->covers[0].covered);
	cr_expect_eq(r->n_chains, n_chains, "%zu chains", r->n_chains);
	cr_expect_eq(r->chains[r->n_chains - 1].n, n_stamps, "%zu time-stamps",
		     r->chains[r->n_chains - 1].n);
	ers_report_free(r);
	buf_free(&record);
}

Test(evidence_chain, tail_of_one_token_is_that_token)
{
	struct scene s;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_tail tail;
	struct token *token;
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	struct tree t = get_tree(&s, 1);
	cr_assert_eq(evidence_tail_read(s.w, &t, &tail, &err), 0, "%s", err.text);
	cr_assert_eq(token_get(s.conn, t.token, &token, &err), 0);
	cr_expect(view_equal(view_buf(&tail.octets), token->der));
	cr_expect_eq(tail.n_token, token->der.n);
	cr_expect_eq(tail.tip, t.token);
	cr_expect_eq(tail.tip_ms, token->gen_time_ms);
	token_free(token);
	buf_free(&tail.octets);
	scene_stop(&s);
}

Test(evidence_chain, tail_of_a_tree_without_token_is_refused)
{
	struct scene s;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_tail tail;
	scene_start(&s, 1);
	cr_assert_eq(ltp_kit_preserve_text(&s.k, "a", NULL), LTP_OK);
	struct tree t = get_tree(&s, 1);
	cr_expect_eq(evidence_tail_read(s.w, &t, &tail, &err), -1);
	cr_expect_eq(err.code, LTPS_STATE);
	scene_stop(&s);
}

Test(evidence_chain, second_opinion_stands_behind_the_token)
{
	struct scene s;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_tail tail;
	scene_start(&s, 2);
	keep_object(&s, "a", poid);
	struct tree t = get_tree(&s, 1);
	cr_assert_eq(evidence_tail_read(s.w, &t, &tail, &err), 0, "%s", err.text);
	cr_expect_neq(tail.tip, t.token);
	cr_expect_gt(tail.octets.n, tail.n_token);
	buf_free(&tail.octets);
	expect_passed(&s, poid, "a", 1, 2);
	scene_stop(&s);
}

Test(evidence_chain, head_of_other_data_is_refused)
{
	struct scene s;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_tail tail;
	struct leaf leaf;
	struct digest d;
	struct buf out = buf_make(100000);
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	struct tree t = get_tree(&s, 1);
	cr_assert_eq(evidence_tail_read(s.w, &t, &tail, &err), 0);
	cr_assert_eq(tree_leaf_at(s.conn, 1, 0, &leaf, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text("b"), &d, &err), 0);
	struct view hash = digest_view(&d);
	cr_expect_eq(evidence_head_write(s.w, &t, &leaf, &hash, 1, &tail, &out, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_CORRUPT);
	ltps_error_clear(&err);
	/* and of a leaf that is not of this tree */
	hash = digest_view(&leaf.digest);
	leaf.index = 1;
	cr_expect_eq(evidence_head_write(s.w, &t, &leaf, &hash, 1, &tail, &out, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_CORRUPT);
	buf_free(&tail.octets);
	buf_free(&out);
	scene_stop(&s);
}

/* ---- hash-tree renewals, step by step ---- */

struct renewal {
	struct scene *s;
	const char *text;
	int64_t version;
	struct tree from;
	struct leaf leaf;
	enum digest_alg alg;
	struct evidence_tail tail;
	struct buf head;
	struct blob_new *blob; /* of the tail */
	uint32_t seq;
	struct digest digest;
	int64_t tree; /* the new one */
};

static int run_renewal(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct renewal *r = arg;
	const int64_t now = clock_now_ms(&r->s->k.clock);
	struct leaf_new leaf = { .alg = r->alg,
				 .kind = LEAF_VERSION,
				 .ref = r->version,
				 .digest = r->digest,
				 .bytes = strlen(r->text),
				 .now_ms = now };
	if (token_freeze(conn, r->tail.tip, err) != 0 ||
	    tree_open_renewal(conn, TREE_HASH_RENEWAL, "renewal", r->alg, now, &r->tree,
			      err) != 0 ||
	    renewal_source_begin(conn, r->from.id, r->tree, r->blob, r->tail.tip,
				 err) != 0 ||
	    chain_put_shared(conn, LEAF_VERSION, r->version, r->seq, view_buf(&r->head),
			     r->from.id, err) != 0 ||
	    tree_add_leaf(conn, r->tree, &leaf, NULL, err) != 0)
		return -1;
	return tree_close(conn, r->tree, now, err);
}

/* As the hash-tree renewal does it for one object of one part. */
static void renew_hash(struct scene *s, struct renewal *r, int64_t tree,
		       const char *text, enum digest_alg alg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf chains = buf_make(1 << 24), sequence = buf_make(1 << 24);
	struct digest d, old;
	uint32_t n = 0;
	*r = (struct renewal){ .s = s, .text = text, .alg = alg };
	r->from = get_tree(s, tree);
	cr_assert_eq(tree_leaf_at(s->conn, tree, 0, &r->leaf, &err), 0);
	r->version = r->leaf.ref;
	cr_assert_eq(evidence_tail_read(s->w, &r->from, &r->tail, &err), 0, "%s",
		     err.text);
	cr_assert_eq(
	    evidence_chains_read(s->w, LEAF_VERSION, r->version, &chains, &n, &err), 0,
	    "%s", err.text);
	r->seq = n + 1;
	/* The first list of the chain to be put down. */
	cr_assert_eq(digest_once(r->from.alg, view_text(text), &old, &err), 0);
	if (n > 0) {
		const struct view all = view_buf(&chains);
		cr_assert_eq(der_put(&sequence, 0x30, all, &err), 0);
		const struct digest was = old;
		cr_assert_eq(ers_renewed_hash(&was, view_buf(&sequence), &old, &err),
			     0);
		buf_free(&sequence);
		sequence = buf_make(1 << 24);
	}
	const struct view group = digest_view(&old);
	r->head = buf_make(1 << 24);
	cr_assert_eq(evidence_head_write(s->w, &r->from, &r->leaf, &group, 1, &r->tail,
					 &r->head, &err),
		     0, "%s", err.text);
	cr_assert_eq(buf_put(&chains, view_buf(&r->head), &err), 0);
	cr_assert_eq(buf_put(&chains, view_buf(&r->tail.octets), &err), 0);
	cr_assert_eq(der_put(&sequence, 0x30, view_buf(&chains), &err), 0);
	cr_assert_eq(digest_once(alg, view_text(text), &d, &err), 0);
	cr_assert_eq(ers_renewed_hash(&d, view_buf(&sequence), &r->digest, &err), 0);
	cr_assert_eq(blob_prepare(s->k.store, STORE_TENANT_SYSTEM,
				  view_buf(&r->tail.octets), NULL, &r->blob, &err),
		     0, "%s", err.text);
	cr_assert_eq(store_write(s->k.store, run_renewal, r, &err), 0, "%s", err.text);
	blob_new_free(r->blob);
	buf_free(&sequence);
	buf_free(&chains);
	buf_free(&r->head);
	buf_free(&r->tail.octets);
}

Test(evidence_chain, record_over_hash_renewals_verifies)
{
	struct scene s;
	char poid[64];
	struct renewal r;
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	ltp_kit_pass(&s.k, 86400000);
	renew_hash(&s, &r, 1, "a", DIGEST_SHA512);
	ltp_kit_work(&s.k);
	expect_passed(&s, poid, "a", 2, 1);
	ltp_kit_pass(&s.k, 86400000);
	renew_hash(&s, &r, r.tree, "a", DIGEST_SHA3_256);
	ltp_kit_work(&s.k);
	expect_passed(&s, poid, "a", 3, 1);
	scene_stop(&s);
}

/* Second opinions in each chain. */
Test(evidence_chain, record_over_hash_renewals_of_two_tsas_verifies)
{
	struct scene s;
	char poid[64];
	struct renewal r;
	scene_start(&s, 2);
	keep_object(&s, "a", poid);
	ltp_kit_pass(&s.k, 86400000);
	renew_hash(&s, &r, 1, "a", DIGEST_SHA384);
	ltp_kit_work(&s.k);
	expect_passed(&s, poid, "a", 2, 2);
	scene_stop(&s);
}

Test(evidence_chain, digest_algorithms_are_the_union)
{
	struct scene s;
	char poid[64];
	struct renewal r;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	renew_hash(&s, &r, 1, "a", DIGEST_SHA512);
	ltp_kit_work(&s.k);
	struct buf record = record_of(&s, poid);
	cr_assert_eq(ers_parse(view_buf(&record), &er, &err), 0, "%s", err.text);
	cr_assert_eq(er->n_algs, 2);
	cr_expect_eq(er->algs[0], DIGEST_SHA256);
	cr_expect_eq(er->algs[1], DIGEST_SHA512);
	ers_free(er);
	buf_free(&record);
	scene_stop(&s);
}

/* While the new tree waits for its token the chain before it is shown. */
Test(evidence_chain, unstamped_hash_renewal_changes_no_record)
{
	struct scene s;
	char poid[64];
	struct renewal r;
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	struct buf before = record_of(&s, poid);
	ltp_kit_fault(&s.k, 0, DEVPKI_FAULT_CLOSED);
	renew_hash(&s, &r, 1, "a", DIGEST_SHA512);
	ltp_kit_work(&s.k);
	struct buf after = record_of(&s, poid);
	cr_expect_gt(after.n, 0);
	cr_expect(view_equal(view_buf(&before), view_buf(&after)));
	buf_free(&before);
	buf_free(&after);
	scene_stop(&s);
}

static int run_chain_twice(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	/* A third chain where a second is due. */
	return chain_put(conn, LEAF_VERSION, *(int64_t *)arg, 3, view_of("\x30\x00", 2),
			 err);
}

Test(evidence_chain, chains_with_a_gap_are_corrupt)
{
	struct scene s;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1000);
	int64_t version = 1;
	uint32_t n = 7;
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	cr_assert_eq(store_write(s.k.store, run_chain_twice, &version, &err), 0, "%s",
		     err.text);
	cr_expect_eq(evidence_chains_read(s.w, LEAF_VERSION, version, &out, &n, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_CORRUPT);
	cr_expect_eq(n, 7);
	buf_free(&out);
	scene_stop(&s);
}

Test(evidence_chain, no_earlier_chain_reads_as_none)
{
	struct scene s;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1000);
	uint32_t n = 7;
	scene_start(&s, 1);
	keep_object(&s, "a", poid);
	cr_expect_eq(evidence_chains_read(s.w, LEAF_VERSION, 1, &out, &n, &err), 0);
	cr_expect_eq(n, 0);
	cr_expect_eq(out.n, 0);
	buf_free(&out);
	scene_stop(&s);
}
