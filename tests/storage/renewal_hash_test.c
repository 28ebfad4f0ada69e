/* SPDX-License-Identifier: Apache-2.0 */
/* Hash-tree renewals: sources, chains with a tail in common, giving up. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "storage/object.h"
#include "tests/support/renewal_kit.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

TestSuite(renewal_hash, .init = rkit_begin, .fini = rkit_end);

#define TOKENS(...) ((const int64_t[]){ __VA_ARGS__, 0 })
static const struct tip_query ALL = { .weakens_until = INT64_MAX };

struct work {
	int64_t tree, into, tip, ref, object;
	const char *tail;
	struct blob_new *blob;
	uint64_t done;
	bool finished;
	uint32_t seq;
};

static int run_begin(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return renewal_source_begin(c, w->tree, w->into, w->blob, w->tip, err);
}

static enum ltps_code begin(int64_t tree, int64_t into, const char *tail, int64_t tip)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { .tree = tree, .into = into, .tip = tip };
	cr_assert_eq(blob_prepare(rkit_store, STORE_TENANT_SYSTEM, view_text(tail),
				  NULL, &w.blob, &err),
		     0);
	enum ltps_code code = rkit_try(run_begin, &w);
	blob_new_free(w.blob);
	return code;
}

static int run_progress(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return renewal_source_progress(c, w->tree, w->done, w->finished, err);
}

static enum ltps_code progress(int64_t tree, uint64_t done, bool finished)
{
	struct work w = { .tree = tree, .done = done, .finished = finished };
	return rkit_try(run_progress, &w);
}

static int run_shared(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return chain_put_shared(c, LEAF_VERSION, w->ref, w->seq, view_text("head "),
				w->tree, err);
}

static enum ltps_code shared(int64_t ref, uint32_t seq, int64_t source)
{
	struct work w = { .ref = ref, .seq = seq, .tree = source };
	return rkit_try(run_shared, &w);
}

/* Chain and leaf of one version. */
static void renew(int64_t version, uint32_t seq, int64_t source, int64_t into)
{
	cr_assert_eq(shared(version, seq, source), LTPS_OK);
	cr_assert_eq(rkit_try_leaf(into, LEAF_VERSION, version, rkit_tree_at(into).alg),
		     LTPS_OK);
}

static int run_abandon(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return tree_abandon(c, *(int64_t *)arg, err);
}

static enum ltps_code abandon(int64_t tree)
{
	return rkit_try(run_abandon, &tree);
}

static int run_delete(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete(c, *(int64_t *)arg >> 14, 1, err);
}

static int run_delete_data(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete_data(c, *(int64_t *)arg >> 14, 1, err);
}

struct sources {
	size_t n;
	struct renewal_source s[8];
};

static int take_source(void *arg, const struct renewal_source *s,
		       struct ltps_error *err)
{
	struct sources *all = arg;
	(void)err;
	all->s[all->n++] = *s;
	return 0;
}

static struct sources sources(enum digest_alg alg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sources all = { .n = 0 };
	cr_assert_eq(
	    renewal_source_list(rkit_reader, alg, 0, 0, take_source, &all, &err), 0,
	    "%s", err.text);
	return all;
}

static struct renewal_sum sum(enum digest_alg alg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct renewal_sum s;
	cr_assert_eq(renewal_sum_get(rkit_reader, alg, &s, &err), 0, "%s", err.text);
	return s;
}

static int take_chain(void *arg, uint32_t seq, struct view der, struct ltps_error *err)
{
	char *out = arg;
	(void)err;
	cr_assert_eq(seq, 1 + (*out != '\0'));
	strncat(out, (const char *)der.p, der.n);
	return 0;
}

static const char *chains(int64_t version)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char out[256];
	out[0] = '\0';
	cr_assert_eq(
	    chain_list(rkit_reader, LEAF_VERSION, version, take_chain, out, &err), 0,
	    "%s", err.text);
	return out;
}

static int64_t count(const char *table)
{
	char sql[100];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
	return storage_sql_int(rkit_dir, sql);
}

/* A tree of two objects, stamped on a footing of its own; and a target. */
struct scene {
	int64_t v[2];
	int64_t a;
	int64_t tree;
	int64_t k1;
	int64_t into;
};

static struct scene scene(void)
{
	struct scene s = { .a = rkit_footing("A", 1000) };
	s.tree = rkit_tree_of_objects(2, s.v);
	s.k1 = rkit_stamp(s.tree, "a");
	rkit_stand(s.k1, s.a);
	s.into = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	return s;
}

/* All of it renewed, the target closing. */
static struct scene renewed_scene(void)
{
	struct scene s = scene();
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	renew(s.v[1], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	rkit_close(s.into);
	return s;
}

/* Sources */

Test(renewal_hash, only_stamped_trees_of_objects_are_sources)
{
	struct scene s = scene();
	rkit_tree(1, DIGEST_SHA256);
	int64_t k2 = rkit_renew(TOKENS(s.k1), "a", s.a, 0);
	rkit_stamp(rkit_tree(4, DIGEST_SHA512), "a");
	struct sources all = sources(DIGEST_SHA256);
	cr_assert_eq(all.n, 1);
	cr_assert_eq(all.s[0].tree, s.tree);
	cr_assert_eq(all.s[0].alg, DIGEST_SHA256);
	cr_assert_str_eq(all.s[0].profile, FIXTURE_PROFILE);
	cr_assert_eq(all.s[0].n_leaves, 3);
	cr_assert_eq(all.s[0].bytes, 2 * RKIT_OBJECT_BYTES);
	cr_assert_eq(all.s[0].done, 0);
	cr_assert_eq(all.s[0].into, 0);
	cr_assert_eq(all.s[0].tail, 0);
	cr_assert_eq(all.s[0].tail_tip, 0);
	cr_assert_eq(begin(rkit_link(k2).tree, s.into, "tail", k2), LTPS_STATE);
	cr_assert_eq(progress(rkit_link(k2).tree, 1, false), LTPS_STATE);
	cr_assert_eq(begin(99, s.into, "tail", s.k1), LTPS_NOT_FOUND);
	cr_assert_eq(progress(99, 1, false), LTPS_NOT_FOUND);
}

Test(renewal_hash, target_is_open_and_the_tip_stands)
{
	struct scene s = scene();
	int64_t tokens = rkit_open(TREE_TIMESTAMP_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(begin(s.tree, tokens, "tail", s.k1), LTPS_STATE);
	cr_assert_eq(begin(s.tree, 99, "tail", s.k1), LTPS_NOT_FOUND);
	cr_assert_eq(begin(s.tree, s.into, "tail", 99), LTPS_NOT_FOUND);
	int64_t closed = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(rkit_try_leaf(closed, LEAF_VERSION, s.v[0], DIGEST_SHA512),
		     LTPS_OK);
	rkit_close(closed);
	cr_assert_eq(begin(s.tree, closed, "tail", s.k1), LTPS_STATE);
	int64_t b = rkit_footing("B", 1000);
	int64_t k2 = rkit_renew(TOKENS(s.k1), "b", b, s.a);
	rkit_lose(b);
	cr_assert_eq(begin(s.tree, s.into, "tail", k2), LTPS_STATE);
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	cr_assert_eq(abandon(closed), LTPS_OK);
}

Test(renewal_hash, begun_again_goes_on_and_a_new_tail_replaces_an_unused_one)
{
	struct scene s = scene();
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	struct renewal_source one = sources(DIGEST_SHA256).s[0];
	cr_assert_eq(one.into, s.into);
	cr_assert_eq(one.tail_tip, s.k1);
	cr_assert_gt(one.tail, 0);
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].tail, one.tail);
	int64_t k2 = rkit_renew(TOKENS(s.k1), "a", s.a, 0);
	cr_assert_eq(begin(s.tree, s.into, "tail and more", k2), LTPS_OK);
	cr_assert_neq(sources(DIGEST_SHA256).s[0].tail, one.tail);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].tail_tip, k2);
	cr_assert_eq(count("tail"), 1);
}

Test(renewal_hash, chains_keep_the_tail_that_they_were_put_with)
{
	struct scene s = scene();
	cr_assert_eq(shared(s.v[0], 1, s.tree), LTPS_STATE, "not begun");
	cr_assert_eq(begin(s.tree, s.into, "of one tip.", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	int64_t k2 = rkit_renew(TOKENS(s.k1), "a", s.a, 0);
	cr_assert_eq(begin(s.tree, s.into, "of another.", k2), LTPS_OK);
	renew(s.v[1], 1, s.tree, s.into);
	cr_assert_str_eq(chains(s.v[0]), "head of one tip.");
	cr_assert_str_eq(chains(s.v[1]), "head of another.");
	cr_assert_eq(count("tail"), 2);
}

Test(renewal_hash, chain_is_put_once_and_for_a_leaf_of_its_source)
{
	struct scene s = scene();
	int64_t other;
	int64_t tree = rkit_tree_of_objects(1, &other);
	rkit_stand(rkit_stamp(tree, "a"), s.a);
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	cr_assert_eq(shared(other, 1, s.tree), LTPS_NOT_FOUND);
	cr_assert_eq(shared(s.v[0], 1, 99), LTPS_NOT_FOUND);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(shared(s.v[0], 2, s.tree), LTPS_EXISTS);
	cr_assert_eq(count("chain"), 1);
}

Test(renewal_hash, chains_of_two_generations_come_in_order)
{
	struct scene s = renewed_scene();
	int64_t k2 = rkit_stamp(s.into, "a");
	int64_t last = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA3_256);
	cr_assert_eq(begin(s.into, last, "second tail", k2), LTPS_OK);
	renew(s.v[0], 2, s.into, last);
	cr_assert_str_eq(chains(s.v[0]), "head tailhead second tail");
}

Test(renewal_hash, progress_is_remembered_and_bounded)
{
	struct scene s = scene();
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 4, false), LTPS_ARGUMENT);
	cr_assert_eq(progress(s.tree, 1, false), LTPS_OK);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].done, 1);
	cr_assert_eq(sum(DIGEST_SHA256).trees, 1);
	cr_assert_eq(sum(DIGEST_SHA256).leaves, 2);
	cr_assert_eq(sum(DIGEST_SHA256).bytes, 13, "two thirds of 20");
	cr_assert_eq(sum(DIGEST_SHA512).trees, 0);
	renew(s.v[1], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	cr_assert_eq(sources(DIGEST_SHA256).n, 0);
	cr_assert_eq(sum(DIGEST_SHA256).leaves, 0);
}

static int take_index(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	uint64_t *seen = arg;
	(void)err;
	*seen = *seen * 10 + leaf->index + 1;
	return 0;
}

Test(renewal_hash, leaves_come_in_pages)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t tree = rkit_tree(4, DIGEST_SHA256);
	uint64_t seen = 0;
	cr_assert_eq(tree_leaves_page(rkit_reader, tree, 1, 2, take_index, &seen, &err),
		     0);
	cr_assert_eq(seen, 23);
	seen = 0;
	cr_assert_eq(tree_leaves_page(rkit_reader, tree, 3, 0, take_index, &seen, &err),
		     0);
	cr_assert_eq(seen, 45);
	seen = 0;
	cr_assert_eq(tree_leaves_page(rkit_reader, tree, 5, 0, take_index, &seen, &err),
		     0);
	cr_assert_eq(seen, 0);
	cr_assert_eq(tree_leaves_page(rkit_reader, 99, 0, 0, take_index, &seen, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* Superseding */

Test(renewal_hash, only_a_stamped_target_supersedes)
{
	struct scene s = renewed_scene();
	rkit_only_tip(s.k1);
	int64_t k2 = rkit_stamp(s.into, "a");
	rkit_only_tip(k2);
	cr_assert_eq(rkit_tips(&ALL).tips[0].objects, 2);
	cr_assert_eq(rkit_tips(&ALL).tips[0].bytes, 2 * RKIT_OBJECT_BYTES);
}

Test(renewal_hash, unfinished_source_keeps_its_tip)
{
	struct scene s = scene();
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 1, false), LTPS_OK);
	rkit_close(s.into);
	rkit_stamp(s.into, "a");
	cr_assert_eq(rkit_tips(&ALL).n, 2);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].into, 0, "it takes none any more");
	int64_t next = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(begin(s.tree, next, "tail", s.k1), LTPS_OK);
	renew(s.v[1], 1, s.tree, next);
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	cr_assert_eq(rkit_tips(&ALL).n, 2, "a target is not stamped");
	rkit_close(next);
	rkit_stamp(next, "a");
	struct rkit_tips t = rkit_tips(&ALL);
	cr_assert_eq(t.n, 2);
	cr_assert_neq(t.tips[0].token, s.k1);
	cr_assert_eq(t.tips[0].objects + t.tips[1].objects, 2);
}

Test(renewal_hash, object_whose_data_is_gone_keeps_the_tip)
{
	struct scene s = scene();
	cr_assert_eq(rkit_try(run_delete_data, &s.v[1]), LTPS_OK);
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	rkit_close(s.into);
	rkit_stamp(s.into, "a");
	cr_assert_eq(sources(DIGEST_SHA256).n, 0, "there is nothing left to do");
	cr_assert_eq(rkit_tips(&ALL).n, 2);
	cr_assert_eq(rkit_tips(&ALL).tips[0].token, s.k1);
}

Test(renewal_hash, object_that_is_gone_keeps_nothing)
{
	struct scene s = scene();
	cr_assert_eq(rkit_try(run_delete, &s.v[1]), LTPS_OK);
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	rkit_close(s.into);
	int64_t k2 = rkit_stamp(s.into, "a");
	cr_assert_eq(rkit_tips(&ALL).n, 2);
	/* Here what is finished comes last. */
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	rkit_only_tip(k2);
}

Test(renewal_hash, shared_tip_counts_only_what_still_needs_it)
{
	struct scene s = scene();
	int64_t k2 = rkit_first(5, "a", s.a);
	int64_t k3 = rkit_renew(TOKENS(s.k1, k2), "a", s.a, 0);
	cr_assert_eq(rkit_tips(&ALL).tips[0].objects, 7);
	cr_assert_eq(begin(s.tree, s.into, "tail", k3), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	renew(s.v[1], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	rkit_close(s.into);
	int64_t k4 = rkit_stamp(s.into, "a");
	struct rkit_tips t = rkit_tips(&ALL);
	cr_assert_eq(t.n, 2);
	cr_assert_eq(t.tips[0].token, k3);
	cr_assert_eq(t.tips[0].objects, 5);
	cr_assert_eq(t.tips[0].bytes, 5 * RKIT_OBJECT_BYTES);
	cr_assert_eq(t.tips[1].token, k4);
	/* What a renewal of it gathers is no more than that. */
	rkit_renew(TOKENS(k3), "a", s.a, 0);
	t = rkit_tips(&ALL);
	cr_assert_eq(t.tips[1].objects, 5);
}

/* Deletion */

Test(renewal_hash, heads_go_with_their_object_and_tails_stay)
{
	struct scene s = renewed_scene();
	rkit_stamp(s.into, "a");
	cr_assert_eq(rkit_try(run_delete_data, &s.v[0]), LTPS_OK);
	cr_assert_eq(count("chain"), 2, "evidence goes on without the data");
	cr_assert_eq(rkit_try(run_delete, &s.v[0]), LTPS_OK);
	cr_assert_eq(count("chain"), 1);
	cr_assert_eq(rkit_try(run_delete, &s.v[1]), LTPS_OK);
	cr_assert_eq(count("chain"), 0);
	cr_assert_eq(count("tail"), 1);
}

/* Giving up */

Test(renewal_hash, stamped_and_other_trees_are_not_given_up)
{
	struct scene s = renewed_scene();
	rkit_stamp(s.into, "a");
	cr_assert_eq(abandon(s.into), LTPS_STATE);
	cr_assert_eq(abandon(s.tree), LTPS_STATE);
	cr_assert_eq(abandon(rkit_open(TREE_TIMESTAMP_RENEWAL, DIGEST_SHA256)),
		     LTPS_STATE);
	cr_assert_eq(abandon(99), LTPS_NOT_FOUND);
}

Test(renewal_hash, given_up_renewal_leaves_nothing_and_begins_anew)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene s = renewed_scene();
	struct tree t;
	int64_t leaves = storage_sql_int(rkit_dir, "SELECT count(*) FROM leaf");
	cr_assert_eq(abandon(s.into), LTPS_OK);
	cr_assert_eq(tree_get(rkit_reader, s.into, &t, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	cr_assert_eq(count("chain"), 0);
	cr_assert_eq(count("tail"), 0);
	cr_assert_eq(count("leaf"), leaves - 3);
	struct sources all = sources(DIGEST_SHA256);
	cr_assert_eq(all.n, 1);
	cr_assert_eq(all.s[0].done, 0);
	cr_assert_eq(all.s[0].tail, 0);
	int64_t again = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_gt(again, s.into, "no number twice");
	cr_assert_eq(begin(s.tree, again, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, again);
	cr_assert_str_eq(chains(s.v[0]), "head tail");
}

Test(renewal_hash, given_up_second_target_goes_back_to_its_own_first_leaf)
{
	struct scene s = scene();
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 1, false), LTPS_OK);
	rkit_close(s.into);
	rkit_stamp(s.into, "a");
	int64_t next = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(begin(s.tree, next, "tail", s.k1), LTPS_OK);
	renew(s.v[1], 1, s.tree, next);
	cr_assert_eq(progress(s.tree, 3, true), LTPS_OK);
	cr_assert_eq(abandon(next), LTPS_OK);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].done, 1);
	cr_assert_str_eq(chains(s.v[0]), "head tail");
	cr_assert_str_eq(chains(s.v[1]), "");
}

/* Open when it is given up: its counters are at hand in the same task. */
static int run_leaf_and_abandon(struct store_conn *c, void *arg, struct ltps_error *err)
{
	int64_t tree = *(int64_t *)arg;
	struct leaf_new leaf = { .alg = DIGEST_SHA512,
				 .kind = LEAF_VERSION,
				 .ref = 5,
				 .digest = { .alg = DIGEST_SHA512, .n = 64 } };
	if (tree_add_leaf(c, tree, &leaf, NULL, err) != 0 ||
	    tree_abandon(c, tree, err) != 0)
		return -1;
	leaf.ref = 6;
	return tree_add_leaf(c, tree, &leaf, NULL, err);
}

Test(renewal_hash, given_up_tree_takes_no_leaf_in_the_same_task)
{
	int64_t into = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(rkit_try(run_leaf_and_abandon, &into), LTPS_NOT_FOUND);
}

/* Losing a footing */

Test(renewal_hash, unstamped_renewal_with_chains_that_end_in_the_lost_is_given_up)
{
	struct scene s = scene();
	int64_t b = rkit_footing("B", 2000);
	int64_t k2 = rkit_renew(TOKENS(s.k1), "b", b, s.a);
	cr_assert_eq(begin(s.tree, s.into, "tail", k2), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 1, false), LTPS_OK);
	struct footing_loss l = rkit_lose(b);
	cr_assert_eq(l.tokens, 1);
	cr_assert_eq(l.restored, 1);
	cr_assert_eq(l.trees, 0);
	cr_assert_eq(count("chain"), 0);
	cr_assert_eq(count("tail"), 0);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].done, 0);
	rkit_only_tip(s.k1);
}

Test(renewal_hash, renewal_with_chains_that_end_elsewhere_goes_on)
{
	struct scene s = scene();
	int64_t b = rkit_footing("B", 2000);
	rkit_first(1, "b", b);
	cr_assert_eq(begin(s.tree, s.into, "tail", s.k1), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	rkit_lose(b);
	cr_assert_eq(count("chain"), 1);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].into, s.into);
}

Test(renewal_hash, lost_tail_is_used_no_more_but_stamped_chains_keep_it)
{
	struct scene s = scene();
	int64_t b = rkit_footing("B", 2000), c = rkit_footing("C", 3000);
	int64_t k2 = rkit_renew(TOKENS(s.k1), "b", b, s.a);
	cr_assert_eq(begin(s.tree, s.into, "tail", k2), LTPS_OK);
	renew(s.v[0], 1, s.tree, s.into);
	cr_assert_eq(progress(s.tree, 1, false), LTPS_OK);
	rkit_close(s.into);
	int64_t k3 = rkit_stamp(s.into, "c");
	rkit_stand(k3, c);
	struct footing_loss l = rkit_lose(b);
	cr_assert_eq(l.tokens, 1);
	cr_assert_eq(l.restored, 1);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].tail, 0);
	cr_assert_eq(sources(DIGEST_SHA256).s[0].done, 1);
	cr_assert_eq(shared(s.v[1], 1, s.tree), LTPS_STATE);
	cr_assert_str_eq(chains(s.v[0]), "head tail");
	int64_t next = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(begin(s.tree, next, "other", s.k1), LTPS_OK);
	renew(s.v[1], 1, s.tree, next);
}

Test(renewal_hash, superseded_tip_does_not_fall)
{
	struct scene s = renewed_scene();
	int64_t b = rkit_footing("B", 2000);
	int64_t k2 = rkit_stamp(s.into, "b");
	rkit_stand(k2, b);
	struct footing_loss l = rkit_lose(s.a);
	cr_assert_eq(l.tokens, 0);
	cr_assert_eq(rkit_link(s.k1).fallen, false);
	rkit_only_tip(k2);
}

Test(renewal_hash, fallen_target_waits_and_what_it_superseded_is_needed_again)
{
	struct scene s = renewed_scene();
	int64_t b = rkit_footing("B", 2000);
	rkit_stand(rkit_stamp(s.into, "b"), b);
	struct footing_loss l = rkit_lose(b);
	cr_assert_eq(l.tokens, 1);
	cr_assert_eq(l.trees, 1);
	cr_assert_eq(l.leaves, 2);
	cr_assert_eq(rkit_tree_at(s.into).state, TREE_CLOSING);
	rkit_only_tip(s.k1);
	cr_assert_eq(rkit_tips(&ALL).tips[0].objects, 2);
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 0);
	int64_t k3 = rkit_stamp(s.into, "c");
	rkit_only_tip(k3);
}

Test(renewal_hash, target_that_falls_with_the_end_of_its_chains_is_given_up)
{
	struct scene s = renewed_scene();
	rkit_stand(rkit_stamp(s.into, "a"), s.a);
	struct footing_loss l = rkit_lose(s.a);
	cr_assert_eq(l.tokens, 2);
	cr_assert_eq(l.trees, 1, "the first one: the other is gone");
	cr_assert_eq(l.leaves, 2);
	cr_assert_eq(count("tree"), 1);
	cr_assert_eq(rkit_tree_at(s.tree).state, TREE_CLOSING);
	cr_assert_eq(count("chain"), 0);
	int64_t k3 = rkit_stamp(s.tree, "b");
	rkit_only_tip(k3);
	cr_assert_eq(sources(DIGEST_SHA256).n, 1);
}

Test(renewal_hash, waiting_target_is_given_up_when_its_chains_lose_their_end_later)
{
	struct scene s = renewed_scene();
	int64_t b = rkit_footing("B", 2000);
	rkit_stand(rkit_stamp(s.into, "b"), b);
	rkit_lose(b);
	struct footing_loss l = rkit_lose(s.a);
	cr_assert_eq(l.tokens, 1);
	cr_assert_eq(l.trees, 1);
	cr_assert_eq(l.leaves, 2);
	cr_assert_eq(count("tree"), 1);
}

Test(renewal_hash, two_generations_that_end_in_the_lost_go_newest_first)
{
	struct scene s = renewed_scene();
	int64_t k2 = rkit_stamp(s.into, "a");
	rkit_stand(k2, s.a);
	int64_t last = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA3_256);
	cr_assert_eq(begin(s.into, last, "tail", k2), LTPS_OK);
	renew(s.v[0], 2, s.into, last);
	struct footing_loss l = rkit_lose(s.a);
	cr_assert_eq(l.trees, 1);
	cr_assert_eq(count("tree"), 1);
	cr_assert_eq(count("chain"), 0);
	cr_assert_eq(count("tail"), 0);
	cr_assert_eq(count("token"), 1);
}

/* fsck */

TestSuite(renewal_hash_damage, .init = rkit_begin, .fini = rkit_end_damaged);

Test(renewal_hash_damage, each_is_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char out[64] = "";
	struct scene s = renewed_scene();
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 0);
	storage_sql(rkit_dir, "UPDATE tail SET chains = 3");
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 1);
	storage_sql(rkit_dir, "UPDATE tail SET chains = 2; UPDATE blob SET refs = 2"
			      " WHERE id = (SELECT blob FROM tail)");
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 1);
	storage_sql(rkit_dir, "UPDATE blob SET refs = 1;"
			      "UPDATE chain SET tail = 77 WHERE ref ="
			      " (SELECT max(ref) FROM chain)");
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 2);
	cr_assert_eq(
	    chain_list(rkit_reader, LEAF_VERSION, s.v[1], take_chain, out, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
}

/* ---- what is covered, in time ---- */

static int64_t covers_at(int64_t tree, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms;
	cr_assert_eq(tree_covers_ms(rkit_reader, tree, now_ms, "record", &ms, &err), 0,
		     "%s", err.text);
	return ms;
}

static int64_t covers(int64_t tree)
{
	return covers_at(tree, FIXTURE_TIME);
}

static int run_came(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return chain_put(c, LEAF_VERSION, *(int64_t *)arg, 1, view_text("came"), err);
}

Test(renewal_hash, tree_covers_the_latest_of_its_tokens_or_tails)
{
	const int64_t f = rkit_footing("F", 1000);
	const int64_t one = rkit_first(2, "first", f), two = rkit_first(2, "first", f);
	const int64_t above = rkit_cover(TOKENS(one, two));
	cr_expect_eq(covers(rkit_link(one).tree), INT64_MIN, "objects");
	cr_expect_eq(covers(above), FIXTURE_TIME + 2);
	int64_t versions[2];
	const int64_t source = rkit_tree_of_objects(2, versions);
	const int64_t tip = rkit_stamp(source, "first");
	const int64_t into = rkit_open(TREE_HASH_RENEWAL, DIGEST_SHA512);
	cr_assert_eq(begin(source, into, "tail", tip), LTPS_OK);
	cr_expect_eq(covers(into), INT64_MIN, "no chain yet");
	renew(versions[0], 1, source, into);
	cr_expect_eq(covers(into), FIXTURE_TIME + 3);
}

Test(renewal_hash, tree_covers_a_record_that_came_until_it_closed)
{
	int64_t versions[2];
	const int64_t tree = rkit_tree_of_objects(2, versions);
	cr_expect_eq(covers(tree), INT64_MIN);
	cr_assert_eq(rkit_try(run_came, &versions[1]), LTPS_OK);
	cr_expect_eq(covers(tree), FIXTURE_TIME - FIXTURE_TIME % 1000);
	cr_expect_eq(covers_at(tree, FIXTURE_TIME - 1), INT64_MIN, "a clock ahead");
}

Test(renewal_hash, tree_covers_a_record_kept_as_a_part_until_it_closed)
{
	int64_t versions[2];
	const int64_t tree = rkit_tree_of_objects(2, versions);
	storage_sql(rkit_dir, "UPDATE part SET detected = 'record'");
	cr_expect_eq(covers(tree), FIXTURE_TIME - FIXTURE_TIME % 1000);
}
