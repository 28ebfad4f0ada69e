/* SPDX-License-Identifier: Apache-2.0 */
/* renew_hash_tell - what a hash-tree renewal leaves behind, and whom it names. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/renew_hash.h"
#include "storage/object.h"

#define NAMED_MAX 4   /* objects named in the text of trouble */
#define TOLD_MAX 1000 /* objects of one source that the trace names as not renewed */

/* A source with leaves that were left. */
struct telling {
	struct ltp_worker *w;
	const struct hash_due *due;
	int64_t now_ms;
	int64_t tree;
	struct hash_left left;
	struct hash_told *told;
};

/* ret_o  NULL: material of the service, or deleted */
static int name_leaf(struct store_conn *conn, int64_t tree, uint64_t index,
		     char out[STORE_POID_MAX + 1], struct object **ret_o,
		     struct ltps_error *err)
{
	struct leaf leaf;
	const size_t size = STORE_POID_MAX + 1;
	*ret_o = NULL;
	if (tree_leaf_at(conn, tree, index, &leaf, err) != 0)
		return -1;
	snprintf(out, size, "%s %lld",
		 leaf.kind == LEAF_VERSION ? "version" : "material",
		 (long long)leaf.ref);
	if (leaf.kind != LEAF_VERSION)
		return 0;
	if (object_get_by_version(conn, leaf.ref, ret_o, err) == 0) {
		snprintf(out, size, "%s", (*ret_o)->poid);
		return 0;
	}
	if (err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int name_damaged(struct telling *x, size_t i, struct ltps_error *err)
{
	char name[STORE_POID_MAX + 1];
	struct object *o = NULL;
	struct hash_told *t = x->told;
	const size_t n = strlen(t->names);
	t->damaged++;
	if (t->n_named == NAMED_MAX)
		return 0;
	if (name_leaf(x->w->conn, x->tree, x->left.index[i], name, &o, err) != 0)
		return -1;
	object_free(o);
	if (n + strlen(name) + 3 < sizeof(t->names)) {
		snprintf(t->names + n, sizeof(t->names) - n, "%s%s", n > 0 ? ", " : "",
			 name);
		t->n_named++;
	}
	return 0;
}

/* ---- a digest that ended before all was renewed ---- */

static int audit_lost(struct store_conn *conn, const struct telling *x, uint64_t index,
		      struct ltps_error *err)
{
	char name[STORE_POID_MAX + 1], end[TIME_TEXT_MAX];
	struct object *o = NULL;
	if (name_leaf(conn, x->tree, index, name, &o, err) != 0)
		return -1;
	const struct upkeep_event e = { .operation = "EvidenceLost",
					.tenant = o != NULL ? o->tenant : NULL,
					.poid = o != NULL ? o->poid : NULL,
					.now_ms = x->now_ms };
	time_rfc3339(x->due->end_ms, end);
	log_write(x->w->l->o.log, LOG_OPERATION, LOG_ERROR,
		  "an object was not renewed before its digest ended",
		  LOG_FIELDS({ "object", name }));
	int rc = upkeep_audit(conn, &e, err,
			      "tree %lld, leaf %llu: not renewed before %s ended, %s",
			      (long long)x->tree, (unsigned long long)index,
			      digest_name(x->due->alg), end);
	object_free(o);
	return rc;
}

static int run_lost(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct telling *x = arg;
	for (size_t i = 0; i < x->left.n && i < TOLD_MAX; i++)
		if (audit_lost(conn, x, x->left.index[i], err) != 0)
			return -1;
	x->left.ended_told = true;
	return hash_left_write(conn, x->tree, &x->left, err);
}

/* ---- one source, all sources ---- */

static int tell_damaged(struct telling *x, struct ltps_error *err)
{
	for (size_t i = 0; i < x->left.n; i++)
		if (name_damaged(x, i, err) != 0)
			return -1;
	if (x->left.n == 0)
		return 0;
	x->told->late = x->told->late || x->due->late;
	if (x->due->end_ms > x->now_ms)
		return 0;
	x->told->ended = true;
	return x->left.ended_told ? 0 : store_write(x->w->l->o.store, run_lost, x, err);
}

static int tell_source(struct telling *x, const struct hash_dues *dues,
		       struct ltps_error *err)
{
	struct tree tree;
	if (tree_get(x->w->conn, x->tree, &tree, err) != 0) {
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err); /* given up, after its token fell */
		return 0;
	}
	if (hash_left_read(x->w->conn, x->tree, &x->left, err) != 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < dues->n; i++) {
		if (dues->d[i].alg != tree.alg)
			continue;
		x->due = &dues->d[i];
		/* No time yet: the end of the tree is not reached, and the next turn
		 * goes on with it. */
		if (x->left.again_ms != 0 && x->left.again_ms < x->told->again_ms)
			x->told->again_ms = x->left.again_ms;
		rc = tell_damaged(x, err);
	}
	hash_left_clear(&x->left);
	return rc;
}

static int tell_unread(struct ltp_worker *w, const struct hash_due *d, int64_t now_ms,
		       struct hash_told *told, struct ltps_error *err)
{
	struct renewal_sum sum;
	if (renewal_sum_get(w->conn, d->alg, &sum, err) != 0)
		return -1;
	if (sum.leaves == 0)
		return 0;
	told->unread += sum.leaves;
	told->late = told->late || d->late;
	told->ended = told->ended || d->end_ms <= now_ms;
	return 0;
}

int hash_tell(struct ltp_worker *w, const struct hash_dues *dues, int64_t now_ms,
	      struct hash_told *ret, struct ltps_error *err)
{
	struct hash_trees left;
	int rc = 0;
	*ret = (struct hash_told){ .again_ms = INT64_MAX };
	for (size_t i = 0; rc == 0 && i < dues->n; i++)
		rc = tell_unread(w, &dues->d[i], now_ms, ret, err);
	if (rc != 0 || hash_left_trees(w->conn, &left, err) != 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < left.n; i++) {
		struct telling x = {
			.w = w, .now_ms = now_ms, .tree = left.trees[i], .told = ret
		};
		rc = tell_source(&x, dues, err);
	}
	mem_free(left.trees);
	return rc;
}
