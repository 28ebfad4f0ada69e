/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash_write - what was read of a batch put down in one task of the writer: each
 * chain that ended, each leaf of the new tree, what was found damaged, and how far the
 * source has come. A task that is repeated finds the source further on and is refused.
 *
 * What comes between the reading of an object and its writing: its deletion. Then its
 * chain and leaf are left out; what stood in earlier trees goes as object_delete()
 * says.
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/renew_hash.h"
#include "storage/object.h"

/* A damaged object is looked at again after this, if nothing was repaired before. */
#define DAMAGED_AGAIN_MS ((int64_t)6 * 3600000)

#define FP_BATCH "ltp.renew_hash.batch"
#define FP_CLOSE "ltp.renew_hash.close"

const char *const renew_hash_failpoints[] = { FP_BATCH, FP_CLOSE, NULL };

struct batch_task {
	const struct hash_batch *b;
	struct hash_source *s;
	struct blob_new *tail;
	/* Of the run: taken over when it is durable. */
	int64_t target;
	bool held;
	struct hash_left left;
};

/* ---- whether everything is as it was read ---- */

static int keep_row(void *arg, const struct renewal_source *row, struct ltps_error *err)
{
	(void)err;
	*(struct renewal_source *)arg = *row;
	return 0;
}

static int fail_changed(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			 "the source is not as it was read");
}

static int check_source(struct store_conn *conn, const struct batch_task *t,
			struct ltps_error *err)
{
	const struct hash_source *s = t->s;
	struct renewal_source row = { 0 };
	struct token_link link;
	if (renewal_source_list(conn, s->row.alg, s->row.tree - 1, 1, keep_row, &row,
				err) != 0)
		return -1;
	if (row.tree != s->row.tree ||
	    (t->b->retry ? row.done < row.n_leaves : row.done != t->b->from))
		return fail_changed(err);
	if (token_link_get(conn, s->tail.tip, &link, err) != 0)
		return -1;
	return link.fallen || (!s->held && link.next != 0) ? fail_changed(err) : 0;
}

/* ---- the new tree ---- */

/* The tree that takes the leaves, and the tail that the chains share. */
static int open_target(struct store_conn *conn, struct batch_task *t,
		       struct ltps_error *err)
{
	const struct hash_source *s = t->s;
	if (t->held)
		return 0;
	if (t->target == 0 &&
	    tree_open_renewal(conn, TREE_HASH_RENEWAL, s->row.profile, s->alg,
			      s->now_ms, &t->target, err) != 0)
		return -1;
	if (renewal_source_begin(conn, s->row.tree, t->target, t->tail, s->tail.tip,
				 err) != 0)
		return -1;
	t->held = true;
	return 0;
}

static int put_renewed(struct store_conn *conn, struct batch_task *t,
		       const struct hash_item *item, struct ltps_error *err)
{
	const struct leaf_new leaf = { .kind = item->leaf.kind,
				       .ref = item->leaf.ref,
				       .digest = item->digest,
				       .bytes = item->bytes,
				       .now_ms = t->s->now_ms };
	if (open_target(conn, t, err) != 0 ||
	    chain_put_shared(conn, item->leaf.kind, item->leaf.ref, item->seq,
			     view_buf(&item->head), t->s->row.tree, err) != 0)
		return -1;
	return tree_add_leaf(conn, t->target, &leaf, NULL, err);
}

/* ---- findings ---- */

static int audit_object(struct store_conn *conn, const struct batch_task *t,
			const struct hash_item *item, const char *operation,
			const char *text, struct ltps_error *err)
{
	const struct upkeep_event e = {
		.operation = operation,
		.tenant = item->object != 0 ? item->tenant : NULL,
		.poid = item->object != 0 ? item->poid : NULL,
		.now_ms = t->s->now_ms,
	};
	return upkeep_audit(
	    conn, &e, err, "tree %lld, leaf %llu, %s: %s", (long long)item->leaf.tree,
	    (unsigned long long)item->leaf.index, digest_name(t->s->row.alg), text);
}

/* The blob is looked at at once, and repaired if there is a copy. */
static int put_damaged(struct store_conn *conn, struct batch_task *t,
		       const struct hash_item *item, struct ltps_error *err)
{
	bool added;
	char subject[32];
	if (hash_left_add(&t->left, item->leaf.index, &added, err) != 0)
		return -1;
	if (!added)
		return 0;
	if (audit_object(conn, t, item, "EvidenceDamaged", item->why, err) != 0)
		return -1;
	if (item->blob == 0)
		return 0;
	snprintf(subject, sizeof(subject), "%lld", (long long)item->blob);
	return job_add(conn, JOB_FIXITY, subject, t->s->now_ms, NULL, err);
}

/* ---- items ---- */

struct seen {
	int64_t object;
	bool live;
};

static int see_object(void *arg, const struct object *o, struct ltps_error *err)
{
	struct seen *seen = arg;
	(void)err;
	seen->live = o->id == seen->object && o->state == OBJECT_LIVE;
	return 0;
}

/* Deleted since it was read? */
static int is_live(struct store_conn *conn, const struct hash_item *item, bool *ret,
		   struct ltps_error *err)
{
	struct seen seen = { .object = item->object };
	const struct object_query one = { .after_id = item->object - 1, .limit = 1 };
	*ret = true;
	if (item->object == 0)
		return 0;
	if (object_list(conn, &one, see_object, &seen, err) != 0)
		return -1;
	*ret = seen.live;
	return 0;
}

static int put_item(struct store_conn *conn, struct batch_task *t,
		    const struct hash_item *item, struct ltps_error *err)
{
	bool live = true;
	if (item->outcome == HASH_RENEWED || item->outcome == HASH_DAMAGED)
		if (is_live(conn, item, &live, err) != 0)
			return -1;
	if (live && item->outcome == HASH_DAMAGED)
		return put_damaged(conn, t, item, err);
	hash_left_remove(&t->left, item->leaf.index);
	if (live && item->outcome == HASH_RENEWED)
		return put_renewed(conn, t, item, err);
	if (item->outcome != HASH_DATA_DELETED || t->b->retry)
		return 0;
	return audit_object(conn, t, item, "EvidenceEnding",
			    "its data is not here: the evidence ends with its digest",
			    err);
}

/* ---- progress ---- */

static int put_progress(struct store_conn *conn, struct batch_task *t,
			struct ltps_error *err)
{
	const struct hash_batch *b = t->b;
	const struct renewal_source *row = &t->s->row;
	const bool empty = t->left.n == 0;
	uint64_t done = b->retry ? row->n_leaves : b->from + b->n;
	/* What stays damaged must not keep the next turn from the leaves behind it. */
	if (b->retry && b->n > 0)
		t->left.from = b->items[b->n - 1].leaf.index + 1;
	if (b->last) {
		t->left.from = 0;
		t->left.again_ms = t->s->now_ms + DAMAGED_AGAIN_MS;
		if (empty && t->left.overflow && b->retry) { /* for the others */
			t->left.overflow = false;
			done = 0;
		}
	}
	return renewal_source_progress(
	    conn, row->tree, done, done == row->n_leaves && empty && !t->left.overflow,
	    err);
}

static int run_batch(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct batch_task *t = arg;
	const struct hash_batch *b = t->b;
	t->target = t->s->target;
	t->held = t->s->held;
	if (check_source(conn, t, err) != 0 ||
	    hash_left_read(conn, t->s->row.tree, &t->left, err) != 0)
		return -1;
	const bool had_any = t->left.n > 0 || t->left.overflow;
	for (size_t i = 0; i < b->n; i++)
		if (put_item(conn, t, &b->items[i], err) != 0)
			return -1;
	if (put_progress(conn, t, err) != 0)
		return -1;
	return had_any || t->left.n > 0 || t->left.overflow
		   ? hash_left_write(conn, t->s->row.tree, &t->left, err)
		   : 0;
}

/* ---- trees closed ---- */

struct close_task {
	int64_t tree;
	uint64_t n_leaves;
	int64_t now_ms;
	const char *cause;
	enum digest_alg alg;
};

static int run_close(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct close_task *c = arg;
	const struct upkeep_event e = { .operation = "EvidenceHashRenewed",
					.now_ms = c->now_ms };
	if (tree_close(conn, c->tree, c->now_ms, err) != 0)
		return -1;
	return upkeep_audit(conn, &e, err, "tree %lld, %llu leaves under %s: %s",
			    (long long)c->tree, (unsigned long long)c->n_leaves,
			    digest_name(c->alg), c->cause);
}

static int close_target(struct ltp_worker *w, const struct tree *tree,
			const char *cause, int64_t now_ms, struct ltps_error *err)
{
	struct close_task c = { .tree = tree->id,
				.n_leaves = tree->n_leaves,
				.now_ms = now_ms,
				.cause = cause,
				.alg = tree->alg };
	if (failpoint_fail(FP_CLOSE, err) != 0)
		return -1;
	if (store_write(w->l->o.store, run_close, &c, err) == 0)
		return 0;
	if (err->code != LTPS_STATE && err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err); /* another process was first */
	return 0;
}

/* Open trees of hash renewals; one more each call, by id. */
struct search {
	const char *profile; /* NULL: any */
	enum digest_alg alg;
	bool found;
	struct tree tree;
};

static int match_tree(void *arg, const struct tree *t, struct ltps_error *err)
{
	struct search *s = arg;
	(void)err;
	if (s->found || t->purpose != TREE_HASH_RENEWAL ||
	    (s->profile != NULL &&
	     (strcmp(t->profile, s->profile) != 0 || t->alg != s->alg)))
		return 0;
	s->tree = *t;
	s->found = true;
	return 0;
}

static int find_target(struct store_conn *conn, struct search *s, int64_t after,
		       struct ltps_error *err)
{
	s->found = false;
	return tree_list(conn, TREE_OPEN, after, 0, match_tree, s, err);
}

int hash_targets_close(struct ltp_worker *w, const char *cause, int64_t now_ms,
		       struct ltps_error *err)
{
	struct search s = { 0 };
	if (find_target(w->conn, &s, 0, err) != 0)
		return -1;
	while (s.found) {
		if (s.tree.n_leaves > 0 &&
		    close_target(w, &s.tree, cause, now_ms, err) != 0)
			return -1;
		if (find_target(w->conn, &s, s.tree.id, err) != 0)
			return -1;
	}
	return 0;
}

/* The open tree that takes leaves of this source; one that would become too large by it
 * is closed. */
static int choose_target(struct ltp_worker *w, struct hash_source *s, const char *cause,
			 struct ltps_error *err)
{
	struct search search = { .profile = s->row.profile, .alg = s->alg };
	if (find_target(w->conn, &search, 0, err) != 0)
		return -1;
	if (!search.found)
		return 0;
	const uint64_t n = search.tree.n_leaves;
	if (n > 0 && n + s->row.n_leaves > HASH_TARGET_LEAVES)
		return close_target(w, &search.tree, cause, s->now_ms, err);
	s->target = search.tree.id;
	return 0;
}

/* ---- a batch ---- */

static bool has_renewed(const struct hash_batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].outcome == HASH_RENEWED)
			return true;
	return false;
}

int hash_batch_write(struct ltp_worker *w, const struct hash_batch *b,
		     const char *cause, struct ltps_error *err)
{
	int rc = -1;
	struct hash_source *s = b->source;
	struct batch_task t = { .b = b, .s = s };
	if (has_renewed(b)) {
		if (s->target == 0 && choose_target(w, s, cause, err) != 0)
			return -1;
		if (!s->held &&
		    blob_prepare(w->l->o.store, STORE_TENANT_SYSTEM,
				 view_buf(&s->tail.octets), NULL, &t.tail, err) != 0)
			return -1;
	}
	if (failpoint_fail(FP_BATCH, err) != 0)
		goto out;
	rc = store_write(w->l->o.store, run_batch, &t, err);
	if (rc == 0) {
		s->target = t.target;
		s->held = t.held;
	}
out:
	hash_left_clear(&t.left);
	blob_new_free(t.tail);
	return rc;
}
