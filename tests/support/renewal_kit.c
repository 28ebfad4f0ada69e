/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/renewal_kit.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/storage_fixture.h"

char rkit_dir[4096];
struct store *rkit_store;
struct store_conn *rkit_reader;
static int64_t next_ref;
static unsigned next_token;

void rkit_begin(void)
{
	next_ref = 1000000;
	next_token = 0;
	fixture_start(rkit_dir, &rkit_store, &rkit_reader);
}

void rkit_end_damaged(void)
{
	fixture_stop(rkit_dir, rkit_store, rkit_reader);
}

void rkit_end(void)
{
	cr_assert_eq(fixture_fsck(rkit_store, NULL), 0);
	rkit_end_damaged();
}

enum ltps_code rkit_try(int (*run)(struct store_conn *, void *, struct ltps_error *),
			void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = store_write(rkit_store, run, arg, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

static void must(int (*run)(struct store_conn *, void *, struct ltps_error *),
		 void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(store_write(rkit_store, run, arg, &err), 0, "%s", err.text);
}

/* Trees */

struct leaves {
	int64_t tree;
	unsigned n;
	enum digest_alg alg;
	int64_t ref;
	enum tree_purpose purpose;
};

static struct leaf_new leaf_of(enum leaf_kind kind, int64_t ref, enum digest_alg alg)
{
	struct leaf_new l = { .profile = FIXTURE_PROFILE,
			      .alg = alg,
			      .kind = kind,
			      .ref = ref,
			      .bytes = RKIT_OBJECT_BYTES,
			      .now_ms = FIXTURE_TIME };
	l.digest = (struct digest){ .alg = alg, .n = digest_len(alg) };
	memcpy(l.digest.p, &ref, sizeof(ref));
	return l;
}

static int run_tree(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct leaves *w = arg;
	struct leaf placed = { .tree = 0 };
	for (unsigned i = 0; i < w->n; i++) {
		struct leaf_new l = leaf_of(LEAF_VERSION, next_ref++, w->alg);
		if (tree_append_leaf(c, &l, &placed, err) != 0)
			return -1;
	}
	w->tree = placed.tree;
	return tree_close(c, w->tree, FIXTURE_TIME, err);
}

int64_t rkit_tree(unsigned n, enum digest_alg alg)
{
	struct leaves w = { .n = n, .alg = alg };
	must(run_tree, &w);
	return w.tree;
}

static int run_close(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return tree_close(c, *(int64_t *)arg, FIXTURE_TIME, err);
}

void rkit_close(int64_t tree)
{
	must(run_close, &tree);
}

static int newest_tree(void *arg, const struct tree *t, struct ltps_error *err)
{
	(void)err;
	*(int64_t *)arg = t->id;
	return 0;
}

int64_t rkit_tree_of_objects(unsigned n, int64_t *versions)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t tree = 0;
	for (unsigned i = 0; i < n; i++)
		cr_assert_eq(fixture_add(rkit_store, (uint64_t)next_ref++,
					 RKIT_OBJECT_BYTES, NULL, &versions[i], &err),
			     0, "%s", err.text);
	cr_assert_eq(tree_list(rkit_reader, TREE_OPEN, 0, 0, newest_tree, &tree, &err),
		     0);
	rkit_close(tree);
	return tree;
}

struct stamping {
	struct tree_stamp stamp;
	int64_t token;
};

static int run_stamp(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct stamping *w = arg;
	return tree_stamp(c, &w->stamp, &w->token, err);
}

enum ltps_code rkit_try_stamp(int64_t tree, const char *tsa, int64_t *ret_token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree t = rkit_tree_at(tree);
	char token[64];
	size_t len = digest_len(t.alg), n = (size_t)t.n_leaves * len;
	uint8_t *nodes = mem_alloc(n + len);
	snprintf(token, sizeof(token), "token %u of tree %lld", ++next_token,
		 (long long)tree);
	struct stamping w = { .stamp = { .tree = tree,
					 .token = view_text(token),
					 .gen_time_ms = FIXTURE_TIME + next_token,
					 .tsa = tsa,
					 .now_ms = FIXTURE_TIME } };
	cr_assert_eq(tree_leaves(rkit_reader, tree, nodes, n, &err), 0, "%s", err.text);
	w.stamp.root =
	    (struct digest){ .alg = t.alg, .n = len, .p = { 0xee, (uint8_t)tree } };
	memcpy(nodes + n, w.stamp.root.p, len);
	cr_assert_eq(blob_prepare(rkit_store, STORE_TENANT_SYSTEM,
				  view_of(nodes, n + len), NULL, &w.stamp.nodes, &err),
		     0, "%s", err.text);
	enum ltps_code code = rkit_try(run_stamp, &w);
	blob_new_free(w.stamp.nodes);
	mem_free(nodes);
	*ret_token = w.token;
	return code;
}

int64_t rkit_stamp(int64_t tree, const char *tsa)
{
	int64_t token = 0;
	cr_assert_eq(rkit_try_stamp(tree, tsa, &token), LTPS_OK);
	return token;
}

int64_t rkit_first(unsigned n, const char *tsa, int64_t footing)
{
	int64_t token = rkit_stamp(rkit_tree(n, DIGEST_SHA256), tsa);
	rkit_stand(token, footing);
	return token;
}

/* Footings */

struct standing {
	struct footing_new footing;
	int64_t id;
	int64_t token;
	struct footing_loss loss;
};

static int run_footing(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct standing *w = arg;
	return footing_put(c, &w->footing, &w->id, err);
}

int64_t rkit_footing(const char *name, int64_t weakens_ms)
{
	struct standing w = { .footing = { .uses = view_text(name),
					   .tsa = name,
					   .ends_ms = weakens_ms,
					   .weakens_ms = weakens_ms,
					   .reason = "its certificate ends" } };
	memcpy(w.footing.tsa_sha256, name, strlen(name));
	must(run_footing, &w);
	return w.id;
}

static int run_stand(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct standing *w = arg;
	return token_set_footing(c, w->token, w->id, err);
}

void rkit_stand(int64_t token, int64_t footing)
{
	struct standing w = { .token = token, .id = footing };
	must(run_stand, &w);
}

static int run_lose(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct standing *w = arg;
	return footing_lose(c, w->id, FIXTURE_TIME + 500, "key compromise", &w->loss,
			    err);
}

enum ltps_code rkit_try_lose(int64_t footing, struct footing_loss *ret)
{
	struct standing w = { .id = footing };
	enum ltps_code code = rkit_try(run_lose, &w);
	*ret = w.loss;
	return code;
}

static int run_lapse(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct standing *w = arg;
	return tips_lapse(c, FIXTURE_TIME + 500, w->id, &w->loss, err);
}

struct footing_loss rkit_lapse(int64_t proven_ms)
{
	struct standing w = { .id = proven_ms };
	must(run_lapse, &w);
	return w.loss;
}

struct footing_loss rkit_lose(int64_t footing)
{
	struct standing w = { .id = footing };
	must(run_lose, &w);
	return w.loss;
}

/* Renewals */

static int run_open(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct leaves *w = arg;
	return tree_open_renewal(c, w->purpose, FIXTURE_PROFILE, w->alg, FIXTURE_TIME,
				 &w->tree, err);
}

int64_t rkit_open(enum tree_purpose purpose, enum digest_alg alg)
{
	struct leaves w = { .purpose = purpose, .alg = alg };
	must(run_open, &w);
	return w.tree;
}

struct adding {
	int64_t tree;
	struct leaf_new leaf;
};

static int run_leaf(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct adding *w = arg;
	return tree_add_leaf(c, w->tree, &w->leaf, NULL, err);
}

enum ltps_code rkit_try_leaf(int64_t tree, enum leaf_kind kind, int64_t ref,
			     enum digest_alg alg)
{
	struct adding w = { .tree = tree, .leaf = leaf_of(kind, ref, alg) };
	return rkit_try(run_leaf, &w);
}

static void add_token(int64_t tree, int64_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct token *t = NULL;
	struct adding w = { .tree = tree,
			    .leaf = leaf_of(LEAF_TOKEN, id, DIGEST_SHA256) };
	cr_assert_eq(token_get(rkit_reader, id, &t, &err), 0, "%s", err.text);
	cr_assert_eq(digest_once(DIGEST_SHA256, t->der, &w.leaf.digest, &err), 0);
	token_free(t);
	must(run_leaf, &w);
}

int64_t rkit_cover(const int64_t *tokens)
{
	int64_t tree = rkit_open(TREE_TIMESTAMP_RENEWAL, DIGEST_SHA256);
	for (size_t i = 0; tokens[i] != 0; i++)
		add_token(tree, tokens[i]);
	rkit_close(tree);
	return tree;
}

struct second {
	int64_t tree;
	const char *not_tsa;
	int64_t partner;
};

static int run_second(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct second *w = arg;
	return tree_set_second(c, w->tree, w->not_tsa, w->partner, err);
}

enum ltps_code rkit_try_second(int64_t tree, const char *not_tsa, int64_t partner)
{
	struct second w = { tree, not_tsa, partner };
	return rkit_try(run_second, &w);
}

int64_t rkit_renew(const int64_t *tokens, const char *tsa, int64_t footing,
		   int64_t partner)
{
	int64_t tree = rkit_cover(tokens);
	if (partner != 0)
		cr_assert_eq(rkit_try_second(tree, "other", partner), LTPS_OK);
	int64_t token = rkit_stamp(tree, tsa);
	rkit_stand(token, footing);
	return token;
}

/* Looking */

struct token_link rkit_link(int64_t token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct token_link link;
	cr_assert_eq(token_link_get(rkit_reader, token, &link, &err), 0, "%s",
		     err.text);
	return link;
}

struct tree rkit_tree_at(int64_t tree)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree t;
	cr_assert_eq(tree_get(rkit_reader, tree, &t, &err), 0, "%s", err.text);
	return t;
}

static int take_tip(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct rkit_tips *t = arg;
	(void)err;
	cr_assert_lt(t->n, RKIT_TIPS_MAX);
	t->tips[t->n++] = *tip;
	return 0;
}

struct rkit_tips rkit_tips(const struct tip_query *query)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct rkit_tips t = { .n = 0 };
	cr_assert_eq(tip_list(rkit_reader, query, take_tip, &t, &err), 0, "%s",
		     err.text);
	return t;
}

void rkit_only_tip(int64_t token)
{
	struct rkit_tips t =
	    rkit_tips(&(struct tip_query){ .weakens_until = INT64_MAX });
	cr_assert_eq(t.n, 1, "%zu tips", t.n);
	cr_assert_eq(t.tips[0].token, token, "%lld", (long long)t.tips[0].token);
}
