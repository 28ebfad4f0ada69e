/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_batch - tokens become leaves of one renewal tree, a batch a store task. A turn
 * that ends in between leaves an open tree, which the next one goes on with: what it
 * holds is listed as waiting.
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/renew.h"
#include "ltp/renew_private.h"
#include "timestamping/ers.h"

bool renew_tree_is_full(const struct renew_tree *r)
{
	return r->n == RENEW_BATCH || r->bytes >= RENEW_BATCH_BYTES;
}

void renew_tree_take(struct renew_tree *r, const struct tip *tip,
		     const struct token *token, struct buf der)
{
	r->items[r->n++] = (struct renew_item){ .token = tip->token,
						.replaced_ms = token->replaced_ms,
						.der = der };
	r->bytes += der.n;
	r->tokens++;
	r->objects += tip->objects;
}

static void drop_items(struct renew_tree *r)
{
	for (size_t i = 0; i < r->n; i++)
		buf_free(&r->items[i].der);
	r->n = 0;
	r->bytes = 0;
}

void renew_tree_free(struct renew_tree *r)
{
	if (r == NULL)
		return;
	drop_items(r);
	mem_free(r);
}

/* ---- on the writer's thread ---- */

/* Another worker that took the job over has the say. */
static int keep_lease(struct store_conn *conn, const struct renew_tree *r,
		      struct ltps_error *err)
{
	struct job *job = &r->turn->job;
	return job->id == 0
		   ? 0
		   : job_extend(conn, job, ltp_now(r->w->l), UPKEEP_LEASE_MS, err);
}

static int open_tree(struct store_conn *conn, struct renew_tree *r,
		     struct ltps_error *err)
{
	if (tree_open_renewal(conn, TREE_TIMESTAMP_RENEWAL, RENEW_PROFILE, r->alg,
			      r->turn->now_ms, &r->tree, err) != 0)
		return -1;
	return r->not_tsa == NULL
		   ? 0
		   : tree_set_second(conn, r->tree, r->not_tsa, r->partner, err);
}

/* A token that was completed since then keeps what it got. */
static bool may_replace(const struct renew_item *item, const struct token *token)
{
	return item->der.n > 0 && !token->frozen &&
	       token->replaced_ms == item->replaced_ms;
}

static int add_leaf(struct store_conn *conn, const struct renew_tree *r,
		    const struct renew_item *item, const struct token *token,
		    struct ltps_error *err)
{
	const bool replace = may_replace(item, token);
	const struct view der = replace ? view_buf(&item->der) : token->der;
	struct leaf_new leaf = { .alg = r->alg,
				 .kind = LEAF_TOKEN,
				 .ref = item->token,
				 .bytes = der.n,
				 .now_ms = r->turn->now_ms };
	if (ers_token_hash(r->alg, der, &leaf.digest, err) != 0 ||
	    (replace &&
	     token_replace(conn, item->token, der, r->turn->now_ms, err) != 0))
		return -1;
	return tree_add_leaf(conn, r->tree, &leaf, NULL, err);
}

static int add_item(struct store_conn *conn, const struct renew_tree *r,
		    const struct renew_item *item, struct ltps_error *err)
{
	struct token_link link;
	struct token *token = NULL;
	if (token_link_get(conn, item->token, &link, err) != 0)
		return -1;
	if (link.fallen || link.next != 0)
		return 0; /* it was lost, or renewed, since it was listed */
	if (token_get(conn, item->token, &token, err) != 0)
		return -1;
	int rc = add_leaf(conn, r, item, token, err);
	token_free(token);
	return rc;
}

struct batch_task {
	struct renew_tree *r;
	int64_t tree; /* as it was before, should the task be undone */
};

static int run_batch(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct batch_task *b = arg;
	struct renew_tree *r = b->r;
	r->tree = b->tree;
	if (keep_lease(conn, r, err) != 0 ||
	    (r->tree == 0 && open_tree(conn, r, err) != 0))
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (add_item(conn, r, &r->items[i], err) != 0)
			return -1;
	return 0;
}

static int run_close(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct renew_tree *r = arg;
	const struct upkeep_event e = { .operation = "EvidenceRenewed",
					.now_ms = r->turn->now_ms };
	struct tree t;
	char objects[48] = "";
	if (keep_lease(conn, r, err) != 0 ||
	    tree_close(conn, r->tree, r->turn->now_ms, err) != 0 ||
	    tree_get(conn, r->tree, &t, err) != 0)
		return -1;
	if (r->n_round > 0 &&
	    store_setting_put(conn, r->round_name, r->round, r->n_round, err) != 0)
		return -1;
	if (!r->resumed)
		snprintf(objects, sizeof(objects), ", %llu objects",
			 (unsigned long long)r->objects);
	/* The last leaf is the head of the audit. */
	return upkeep_audit(conn, &e, err, "tree %lld, %s: %llu time-stamps%s; %s",
			    (long long)r->tree, digest_name(r->alg),
			    (unsigned long long)t.n_leaves - 1, objects, r->cause);
}

/* ---- steps ---- */

int renew_tree_store(struct renew_tree *r, struct ltps_error *err)
{
	struct batch_task b = { .r = r, .tree = r->tree };
	if (r->n == 0)
		return 0;
	if (failpoint_fail("ltp.renew.batch", err) != 0 ||
	    store_write(r->w->l->o.store, run_batch, &b, err) != 0) {
		r->tree = b.tree;
		return -1;
	}
	drop_items(r);
	return 0;
}

/* All that was taken may have fallen meanwhile: it stays open, and is used next. */
int renew_tree_close(struct renew_tree *r, struct ltps_error *err)
{
	struct tree t;
	if (r->tree == 0)
		return 0;
	if (failpoint_fail("ltp.renew.close", err) != 0 ||
	    tree_get(r->w->conn, r->tree, &t, err) != 0)
		return -1;
	return t.n_leaves == 0 || t.state != TREE_OPEN
		   ? 0
		   : store_write(r->w->l->o.store, run_close, r, err);
}

const char *const renew_failpoints[] = {
	"ltp.renew.status",
	"ltp.renew.batch",
	"ltp.renew.close",
	NULL,
};
