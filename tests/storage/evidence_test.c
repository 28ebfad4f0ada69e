/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/audit.h"
#include "storage/evidence.h"
#include "storage/failpoints.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

static char dir[4096];
static struct store *store;
static struct store_conn *reader;

static void setup(void)
{
	fixture_start(dir, &store, &reader);
}

static void teardown(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fixture_stop(dir, store, reader);
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
}

TestSuite(evidence, .init = setup, .fini = teardown);

/* Arguments and results of whatever a task does. */
struct work {
	int64_t tree, token, ref, time;
	struct leaf_new leaf;
	struct leaf placed;
	struct tree_stamp stamp;
	struct view der;
	enum tree_purpose purpose;
	uint32_t seq;
	size_t repeat;
	bool then_fail;
};

static int run_append(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	for (size_t i = 0; i <= w->repeat; i++) {
		w->leaf.ref += i > 0;
		if (tree_append_leaf(c, &w->leaf, &w->placed, err) != 0)
			return -1;
	}
	if (w->then_fail)
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
				 "on purpose");
	return 0;
}

static int run_add(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return tree_add_leaf(c, w->tree, &w->leaf, &w->placed, err);
}

static int run_close(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return tree_close(c, w->tree, w->time, err);
}

static int run_stamp(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return tree_stamp(c, &w->stamp, &w->token, err);
}

static int run_failed(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return tree_attempt_failed(c, w->tree, w->time, "TSA silent", err);
}

static int run_replace(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return token_replace(c, w->token, w->der, w->time, err);
}

static int run_renewal(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return tree_open_renewal(c, w->purpose, FIXTURE_PROFILE, DIGEST_SHA256, 1,
				 &w->tree, err);
}

static int run_chain(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return chain_put(c, LEAF_VERSION, w->ref, w->seq, w->der, err);
}

static enum ltps_code
code_of(int (*run)(struct store_conn *, void *, struct ltps_error *), struct work *w)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = store_write(store, run, w, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

static struct leaf_new leaf_of(int64_t ref, enum digest_alg alg)
{
	struct leaf_new l = { .profile = FIXTURE_PROFILE,
			      .alg = alg,
			      .kind = LEAF_VERSION,
			      .ref = ref,
			      .bytes = 10,
			      .now_ms = 1000 };
	l.digest = (struct digest){ .alg = alg, .n = digest_len(alg) };
	memcpy(l.digest.p, &ref, sizeof(ref));
	return l;
}

static struct leaf append(int64_t ref)
{
	struct work w = { .leaf = leaf_of(ref, DIGEST_SHA256) };
	cr_assert_eq(code_of(run_append, &w), LTPS_OK);
	return w.placed;
}

static struct tree tree_at(int64_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree t;
	cr_assert_eq(tree_get(reader, id, &t, &err), 0, "%s", err.text);
	return t;
}

/* A closed tree of n leaves gets made-up nodes and a made-up token. */
static enum ltps_code stamp(int64_t tree, const char *token, int64_t *ret_token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree t = tree_at(tree);
	size_t n = (size_t)t.n_leaves * 32;
	uint8_t *nodes = mem_alloc(n + 32);
	struct work w = { .stamp = { .tree = tree,
				     .token = view_text(token),
				     .gen_time_ms = 5000,
				     .tsa = "CN=TSA",
				     .now_ms = 6000 } };
	cr_assert_eq(tree_leaves(reader, tree, nodes, n, &err), 0, "%s", err.text);
	w.stamp.root = (struct digest){ .alg = DIGEST_SHA256, .n = 32, .p = { 0xee } };
	memcpy(nodes + n, w.stamp.root.p, 32);
	cr_assert_eq(blob_prepare(store, STORE_TENANT_SYSTEM, view_of(nodes, n + 32),
				  NULL, &w.stamp.nodes, &err),
		     0, "%s", err.text);
	enum ltps_code code = code_of(run_stamp, &w);
	blob_new_free(w.stamp.nodes);
	mem_free(nodes);
	if (code == LTPS_OK)
		*ret_token = w.token;
	return code;
}

static int64_t stamped_tree(int64_t first_ref, const char *token, int64_t *ret_token)
{
	struct leaf l = append(first_ref);
	struct work w = { .tree = l.tree, .time = 2000 };
	cr_assert_eq(code_of(run_close, &w), LTPS_OK);
	cr_assert_eq(stamp(l.tree, token, ret_token), LTPS_OK);
	return l.tree;
}

/* Leaves */

Test(evidence, leaf_of_another_digest_is_refused)
{
	struct work w = { .leaf = leaf_of(1, DIGEST_SHA256) };
	w.leaf.alg = DIGEST_SHA512;
	cr_assert_eq(code_of(run_append, &w), LTPS_ARGUMENT);
	w.leaf = leaf_of(1, DIGEST_SHA256);
	w.leaf.digest.n = 31;
	cr_assert_eq(code_of(run_append, &w), LTPS_ARGUMENT);
	w.leaf = leaf_of(1, DIGEST_SHA256);
	w.leaf.alg = DIGEST_NONE;
	cr_assert_eq(code_of(run_append, &w), LTPS_ARGUMENT);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM tree"), 0);
}

Test(evidence, same_row_twice_in_a_tree_is_refused)
{
	append(1);
	struct work w = { .leaf = leaf_of(1, DIGEST_SHA256) };
	cr_assert_eq(code_of(run_append, &w), LTPS_EXISTS);
	/* Another kind with the same number is another row. */
	w.leaf.kind = LEAF_MATERIAL;
	cr_assert_eq(code_of(run_append, &w), LTPS_OK);
}

Test(evidence, leaves_are_numbered_without_gaps)
{
	for (int64_t ref = 1; ref <= 5; ref++) {
		struct leaf l = append(ref);
		cr_assert_eq(l.tree, 1);
		cr_assert_eq(l.index, (uint64_t)ref - 1);
	}
	struct tree t = tree_at(1);
	cr_assert_eq(t.n_leaves, 5);
	cr_assert_eq(t.bytes, 50);
	cr_assert_eq(t.opened_ms, 1000);
	cr_assert_eq(t.state, TREE_OPEN);
}

Test(evidence, failed_task_takes_no_number)
{
	struct work w = { .leaf = leaf_of(1, DIGEST_SHA256),
			  .then_fail = true,
			  .repeat = 3 };
	cr_assert_eq(code_of(run_append, &w), LTPS_MISMATCH);
	struct leaf l = append(2);
	cr_assert_eq(l.index, 0);
	cr_assert_eq(tree_at(l.tree).n_leaves, 1);
}

Test(evidence, one_open_tree_for_each_profile_and_digest)
{
	append(1);
	struct work w = { .leaf = leaf_of(2, DIGEST_SHA512) };
	cr_assert_eq(code_of(run_append, &w), LTPS_OK);
	cr_assert_eq(w.placed.tree, 2);
	w.leaf = leaf_of(3, DIGEST_SHA256);
	w.leaf.profile = "urn:other";
	cr_assert_eq(code_of(run_append, &w), LTPS_OK);
	cr_assert_eq(w.placed.tree, 3);
	cr_assert_eq(append(4).tree, 1);
	cr_assert_eq(
	    storage_sql_try(dir,
			    "INSERT INTO tree (purpose, profile, alg, state, opened_ms,"
			    " n_leaves, bytes, attempts)"
			    " VALUES (0, 'urn:other', 3, 0, 0, 0, 0, 0)"),
	    -1);
}

static int run_many_trees(struct store_conn *c, void *arg, struct ltps_error *err)
{
	/* More trees at once than are remembered. */
	for (int round = 0; round < 3; round++) {
		for (int k = 0; k < 20; k++) {
			char profile[32];
			struct leaf_new l = leaf_of(100 * round + k, DIGEST_SHA256);
			snprintf(profile, sizeof(profile), "urn:p%d", k);
			l.profile = profile;
			if (tree_append_leaf(c, &l, NULL, err) != 0)
				return -1;
		}
	}
	return tree_get(c, 1, arg, err);
}

Test(evidence, many_open_trees_in_one_task)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree seen;
	cr_assert_eq(store_write(store, run_many_trees, &seen, &err), 0, "%s",
		     err.text);
	cr_assert_eq(seen.n_leaves, 3, "the task sees its own leaves");
	cr_assert_eq(
	    storage_sql_int(dir, "SELECT count(*) FROM tree WHERE n_leaves = 3"), 20);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(evidence, bulk_read_needs_exact_room)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t out[64];
	append(1);
	append(2);
	cr_assert_eq(tree_leaves(reader, 1, out, 32, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	cr_assert_eq(tree_leaves(reader, 1, out, 64, &err), 0);
	cr_assert_eq(out[0], 1);
	cr_assert_eq(out[32], 2);
}

Test(evidence, missing_leaf_is_corrupt)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t out[96];
	append(1);
	append(2);
	append(3);
	storage_sql(dir, "DELETE FROM leaf WHERE idx = 1");
	cr_assert_eq(tree_leaves(reader, 1, out, 96, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
}

static int count_leaf(void *arg, const struct leaf *l, struct ltps_error *err)
{
	(void)l;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

Test(evidence, leaf_is_found_by_what_it_covers)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct leaf l;
	size_t n = 0;
	append(1);
	append(2);
	cr_assert_eq(tree_leaves_of(reader, LEAF_VERSION, 2, count_leaf, &n, &err), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(tree_leaves_of(reader, LEAF_TOKEN, 2, count_leaf, &n, &err), 0);
	cr_assert_eq(n, 1);
	cr_assert_eq(tree_leaf_at(reader, 1, 1, &l, &err), 0);
	cr_assert_eq(l.ref, 2);
	cr_assert_eq(tree_leaf_at(reader, 1, 2, &l, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* Closing */

Test(evidence, close_appends_the_audit_head_and_fixes_the_leaves)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest head, expected;
	int64_t seq;
	struct leaf l;
	cr_assert_eq(fixture_add(store, 1, 100, NULL, NULL, &err), 0);
	struct work w = { .tree = 1, .time = 2000 };
	cr_assert_eq(code_of(run_close, &w), LTPS_OK);
	struct tree t = tree_at(1);
	cr_assert_eq(t.state, TREE_CLOSING);
	cr_assert_eq(t.closed_ms, 2000);
	cr_assert_eq(t.n_leaves, 2);
	cr_assert_eq(audit_head(reader, &seq, &head, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA256, digest_view(&head), &expected, &err),
		     0);
	cr_assert_eq(tree_leaf_at(reader, 1, 1, &l, &err), 0);
	cr_assert_eq(l.kind, LEAF_AUDIT_HEAD);
	cr_assert_eq(l.ref, seq);
	cr_assert(digest_equal(&l.digest, &expected));
	/* The next leaf opens the next tree. */
	cr_assert_eq(append(50).tree, 2);
	w.leaf = leaf_of(51, DIGEST_SHA256);
	cr_assert_eq(code_of(run_add, &w), LTPS_STATE);
	cr_assert_eq(code_of(run_close, &w), LTPS_STATE);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(evidence, empty_or_unknown_tree_does_not_close)
{
	struct work w = { .purpose = TREE_TIMESTAMP_RENEWAL, .time = 1 };
	cr_assert_eq(code_of(run_renewal, &w), LTPS_OK);
	cr_assert_eq(code_of(run_close, &w), LTPS_STATE);
	w.tree = 99;
	cr_assert_eq(code_of(run_close, &w), LTPS_NOT_FOUND);
}

static int append_and_close(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	if (run_append(c, arg, err) != 0 || tree_close(c, w->placed.tree, 1, err) != 0)
		return -1;
	w->leaf.ref = 1000;
	return tree_append_leaf(c, &w->leaf, &w->placed, err);
}

Test(evidence, leaf_after_close_in_one_task_goes_to_a_new_tree)
{
	struct work w = { .leaf = leaf_of(1, DIGEST_SHA256), .repeat = 4 };
	cr_assert_eq(code_of(append_and_close, &w), LTPS_OK);
	cr_assert_eq(w.placed.tree, 2);
	cr_assert_eq(w.placed.index, 0);
	cr_assert_eq(tree_at(1).n_leaves, 6);
}

struct due {
	int64_t ids[8];
	size_t n;
};

static int due_row(void *arg, const struct tree *t, struct ltps_error *err)
{
	(void)err;
	struct due *d = arg;
	d->ids[d->n++] = t->id;
	return 0;
}

static size_t due_to_close(struct tree_limits limits)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct due d = { .n = 0 };
	cr_assert_eq(tree_due_to_close(reader, &limits, due_row, &d, &err), 0);
	return d.n;
}

Test(evidence, trees_are_due_by_count_bytes_or_age)
{
	append(1);
	append(2);
	cr_assert_eq(due_to_close((struct tree_limits){ 0 }), 0);
	cr_assert_eq(due_to_close((struct tree_limits){ .leaves = 3 }), 0);
	cr_assert_eq(due_to_close((struct tree_limits){ .leaves = 2 }), 1);
	cr_assert_eq(due_to_close((struct tree_limits){ .bytes = 21 }), 0);
	cr_assert_eq(due_to_close((struct tree_limits){ .bytes = 20 }), 1);
	cr_assert_eq(due_to_close((struct tree_limits){ .opened_before_ms = 999 }), 0);
	cr_assert_eq(due_to_close((struct tree_limits){ .opened_before_ms = 1000 }), 1);
	cr_assert_eq(
	    due_to_close((struct tree_limits){ .leaves = 1, .profile = "urn:x" }), 0);
}

Test(evidence, failed_attempt_waits_for_its_time)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct due d = { .n = 0 };
	append(1);
	struct work w = { .tree = 1, .time = 2000 };
	cr_assert_eq(code_of(run_failed, &w), LTPS_STATE);
	cr_assert_eq(code_of(run_close, &w), LTPS_OK);
	cr_assert_eq(tree_due_to_stamp(reader, 1999, due_row, &d, &err), 0);
	cr_assert_eq(d.n, 0);
	cr_assert_eq(tree_due_to_stamp(reader, 2000, due_row, &d, &err), 0);
	cr_assert_eq(d.n, 1);
	w.time = 3000;
	cr_assert_eq(code_of(run_failed, &w), LTPS_OK);
	d.n = 0;
	cr_assert_eq(tree_due_to_stamp(reader, 2999, due_row, &d, &err), 0);
	cr_assert_eq(d.n, 0);
	struct tree t = tree_at(1);
	cr_assert_eq(t.attempts, 1);
	cr_assert_str_eq(t.last_error, "TSA silent");
}

/* Stamping */

Test(evidence, only_a_closing_tree_is_stamped_and_once)
{
	int64_t token = 0;
	append(1);
	cr_assert_eq(stamp(1, "token", &token), LTPS_STATE);
	struct work w = { .tree = 1, .time = 2000 };
	cr_assert_eq(code_of(run_close, &w), LTPS_OK);
	cr_assert_eq(stamp(1, "", &token), LTPS_ARGUMENT);
	cr_assert_eq(stamp(1, "token", &token), LTPS_OK);
	cr_assert_eq(stamp(1, "other", &token), LTPS_STATE);
	struct tree t = tree_at(1);
	cr_assert_eq(t.state, TREE_STAMPED);
	cr_assert_eq(t.token, token);
	cr_assert_gt(t.nodes_blob, 0);
	cr_assert_eq(t.root.p[0], 0xee);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM token"), 1);
}

Test(evidence, stamp_is_all_or_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t token = 0;
	append(1);
	struct work w = { .tree = 1, .time = 2000 };
	cr_assert_eq(code_of(run_close, &w), LTPS_OK);
	cr_assert_eq(failpoint_arm(FP_BEFORE_COMMIT ":1:fail", &err), 0);
	cr_assert_eq(stamp(1, "token", &token), LTPS_IO);
	cr_assert_eq(tree_at(1).state, TREE_CLOSING);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM token"), 0);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM blob"), 0);
	cr_assert_eq(stamp(1, "token", &token), LTPS_OK);
}

Test(evidence, root_of_another_digest_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	append(1);
	struct work w = { .tree = 1, .time = 1 };
	cr_assert_eq(code_of(run_close, &w), LTPS_OK);
	w.stamp = (struct tree_stamp){ .tree = 1,
				       .token = view_text("t"),
				       .root = { .alg = DIGEST_SHA512, .n = 64 } };
	cr_assert_eq(blob_prepare(store, STORE_TENANT_SYSTEM, view_text("n"), NULL,
				  &w.stamp.nodes, &err),
		     0);
	cr_assert_eq(code_of(run_stamp, &w), LTPS_ARGUMENT);
	blob_new_free(w.stamp.nodes);
}

Test(evidence, token_is_replaced_until_a_renewal_takes_its_hash)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	struct token *t = NULL;
	stamped_tree(1, "token", &id);
	struct work w = { .token = id,
			  .der = view_text("token with data"),
			  .time = 7000 };
	cr_assert_eq(code_of(run_replace, &w), LTPS_OK);
	cr_assert_eq(token_get(reader, id, &t, &err), 0);
	cr_assert(view_is_text(t->der, "token with data"));
	cr_assert_eq(t->replaced_ms, 7000);
	cr_assert_eq(t->frozen, false);
	token_free(t);

	w.purpose = TREE_TIMESTAMP_RENEWAL;
	cr_assert_eq(code_of(run_renewal, &w), LTPS_OK);
	w.leaf = leaf_of(id, DIGEST_SHA256);
	w.leaf.kind = LEAF_TOKEN;
	cr_assert_eq(code_of(run_add, &w), LTPS_MISMATCH);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text("token with data"),
				 &w.leaf.digest, &err),
		     0);
	cr_assert_eq(code_of(run_add, &w), LTPS_OK);
	cr_assert_eq(code_of(run_replace, &w), LTPS_STATE);
	cr_assert_eq(token_get(reader, id, &t, &err), 0);
	cr_assert_eq(t->frozen, true);
	token_free(t);
	w.leaf.ref = 4711;
	cr_assert_eq(code_of(run_add, &w), LTPS_NOT_FOUND);
}

Test(evidence, unknown_tokens_and_trees_are_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct token *t = NULL;
	struct tree tree;
	struct work w = { .token = 9,
			  .tree = 9,
			  .der = view_text("x"),
			  .time = 1,
			  .leaf = leaf_of(1, DIGEST_SHA256) };
	cr_assert_eq(code_of(run_replace, &w), LTPS_NOT_FOUND);
	cr_assert_eq(code_of(run_add, &w), LTPS_NOT_FOUND);
	cr_assert_eq(token_get(reader, 9, &t, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	cr_assert_eq(tree_get(reader, 9, &tree, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* Chains */

static int chain_seen(void *arg, uint32_t seq, struct view der, struct ltps_error *err)
{
	(void)err;
	struct due *d = arg;
	d->ids[d->n++] = (int64_t)(seq * 100 + der.n);
	return 0;
}

Test(evidence, earlier_chains_are_kept_as_they_are)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct work w = { .ref = 5, .seq = 2, .der = view_text("two") };
	cr_assert_eq(code_of(run_chain, &w), LTPS_OK);
	w.der = view_text("other");
	cr_assert_eq(code_of(run_chain, &w), LTPS_EXISTS);
	w.seq = 1;
	cr_assert_eq(code_of(run_chain, &w), LTPS_OK);
	w.der = VIEW_NULL;
	w.seq = 3;
	cr_assert_eq(code_of(run_chain, &w), LTPS_ARGUMENT);
	struct due d = { .n = 0 };
	cr_assert_eq(chain_list(reader, LEAF_VERSION, 5, chain_seen, &d, &err), 0);
	cr_assert_eq(d.n, 2);
	cr_assert_eq(d.ids[0], 105);
	cr_assert_eq(d.ids[1], 203);
	d.n = 0;
	cr_assert_eq(chain_list(reader, LEAF_MATERIAL, 5, chain_seen, &d, &err), 0);
	cr_assert_eq(d.n, 0);
}

static int list_again(void *arg, const struct leaf *l, struct ltps_error *err)
{
	return tree_leaves_list(reader, l->tree, count_leaf, arg, err);
}

Test(evidence, listing_within_the_same_listing_is_an_error_not_a_mess)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n = 0;
	append(1);
	cr_assert_eq(tree_leaves_list(reader, 1, list_again, &n, &err), -1);
	cr_assert_eq(err.code, LTPS_INTERNAL);
	ltps_error_clear(&err);
	cr_assert_eq(tree_leaves_list(reader, 1, count_leaf, &n, &err), 0);
	cr_assert_eq(n, 1);
}
