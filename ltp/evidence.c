/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence - an evidence record made on request.
 *
 *   leaves of a version   FIRST tree   HASH_RENEWAL   HASH_RENEWAL (the newest)
 *   its chains            stored 1     stored 2       made from path and tokens
 *
 * A leaf whose tree waits for a token counts for nothing yet: the chain of the tree
 * before it is the one that grows. A record that came with the object's digests to be
 * renewed stands before all of it (carried.h), and so do the chains of another service
 * that came with kept data (continued.h).
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/continued.h"
#include "ltp/evidence_private.h"
#include "storage/fixity.h"
#include "storage/queue.h"
#include "storage/renewal.h"
#include "timestamping/merkle.h"

/* How long a record is held back for its token's validation data at most. */
#define COMPLETION_AWAIT_MS 10000

int part_digest(struct ltp_worker *w, const struct part *p, enum digest_alg alg,
		struct digest *ret_d, struct ltps_error *err)
{
	if (alg == p->given.alg) {
		*ret_d = p->given;
		return 0;
	}
	if (alg == p->sha256.alg || alg == p->sha512.alg) {
		*ret_d = alg == p->sha256.alg ? p->sha256 : p->sha512;
		return 0;
	}
	if (p->blob == 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_OBJECT, NULL,
				 "the data is gone and its %s digest was not kept",
				 digest_name(alg));
	return blob_digest(w->conn, p->blob, alg, ret_d, err);
}

size_t part_digests(const struct part *p, struct digest ret[PART_DIGESTS_MAX])
{
	const bool given_apart =
	    p->given.alg != p->sha256.alg && p->given.alg != p->sha512.alg;
	size_t n = 0;
	if (p->sha256.alg != DIGEST_NONE)
		ret[n++] = p->sha256;
	if (p->sha512.alg != DIGEST_NONE)
		ret[n++] = p->sha512;
	if (p->given.alg != DIGEST_NONE && given_apart)
		ret[n++] = p->given;
	return n;
}

/* What a record covers: a version with its parts, or the octets of a material. */
struct covered {
	enum leaf_kind kind;
	int64_t ref;
	const struct version *version; /* NULL: octets */
	struct view octets;
};

/* The first list: the object's hash, or the hashes of the whole data group. */
struct group {
	struct digest *digests;
	struct view *hashes;
	size_t n;
};

static int group_read(struct ltp_worker *w, const struct covered *c,
		      enum digest_alg alg, struct group *g, struct ltps_error *err)
{
	const struct version *v = c->version;
	const size_t n = v != NULL ? v->n_parts : 1;
	g->digests = mem_zalloc(n, sizeof(*g->digests));
	g->hashes = mem_zalloc(n, sizeof(*g->hashes));
	if (g->digests == NULL || g->hashes == NULL)
		return ltps_fail_nomem(err);
	const struct part *carried = v != NULL ? carried_part(v) : NULL;
	for (size_t i = 0; i < n; i++) {
		if (v != NULL && &v->parts[i] == carried)
			continue;
		struct digest *d = &g->digests[g->n];
		if ((v != NULL ? part_digest(w, &v->parts[i], alg, d, err)
			       : digest_once(alg, c->octets, d, err)) != 0)
			return -1;
		g->hashes[g->n++] = digest_view(d);
	}
	return 0;
}

/*
 * A record is given out when its token carries its validation data, or when
 * that could not be had at the first attempt: it would verify only with help.
 */
int evidence_token_awaited(struct ltp_worker *w, const struct token *token,
			   bool *ret_awaited, struct ltps_error *err)
{
	struct queue_row job;
	bool found;
	char subject[32];
	*ret_awaited = false;
	if (token->replaced_ms != 0 || token->frozen ||
	    ltp_now(w->l) >= token->stored_ms + COMPLETION_AWAIT_MS ||
	    ltp_now(w->l) < token->stored_ms - COMPLETION_AWAIT_MS) /* a clock ahead */
		return 0;
	snprintf(subject, sizeof(subject), "%lld", (long long)token->id);
	if (queue_find(w->conn, JOB_COMPLETE_TOKEN, subject, &job, &found, err) != 0)
		return -1;
	*ret_awaited = found && ((job.state == QUEUE_WAITING && job.attempts == 0) ||
				 (job.state == QUEUE_LEASED && job.attempts <= 1));
	return 0;
}

/* ---- leaves ---- */

/* A first tree, and one more with each hash-tree renewal. */
struct leaves {
	struct leaf l[ERS_CHAINS_MAX];
	size_t n;
};

static int keep_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct leaves *ls = arg;
	if (ls->n == ERS_CHAINS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, "RFC 4998 5.1",
				 "more than %d hash-tree renewals", ERS_CHAINS_MAX);
	ls->l[ls->n++] = *leaf;
	return 0;
}

static int leaves_read(struct ltp_worker *w, enum leaf_kind kind, int64_t ref,
		       struct leaves *ls, struct ltps_error *err)
{
	ls->n = 0;
	return tree_leaves_of(w->conn, kind, ref, keep_leaf, ls, err);
}

/* It has a token that is fit to be shown. */
static int is_usable(struct ltp_worker *w, const struct tree *t, bool *ret_usable,
		     struct ltps_error *err)
{
	struct token *token = NULL;
	bool awaited = false;
	*ret_usable = false;
	if (t->state != TREE_STAMPED)
		return 0;
	if (token_get(w->conn, t->token, &token, err) != 0)
		return -1;
	int rc = evidence_token_awaited(w, token, &awaited, err);
	token_free(token);
	*ret_usable = !awaited;
	return rc;
}

/* ---- assembly ---- */

struct assembly {
	struct ltp_worker *w;
	const struct covered *c;
	struct leaves leaves;
	size_t at;              /* the leaf whose chain grows */
	size_t n;               /* chains before it */
	struct carried carried; /* er NULL: none */
	struct tree tree;       /* of that leaf */
	enum digest_alg algs[ERS_CHAINS_MAX];
	struct view views[ERS_CHAINS_MAX];
	struct evidence_chains earlier;
	struct evidence_tail tail;
	struct group group;
	struct buf chain;
};

/* The newest leaf with a usable tree. */
static int choose_leaf(struct assembly *a, bool *ret_found, struct ltps_error *err)
{
	*ret_found = false;
	for (size_t i = a->leaves.n; !*ret_found && i-- > 0;) {
		if (tree_get(a->w->conn, a->leaves.l[i].tree, &a->tree, err) != 0 ||
		    is_usable(a->w, &a->tree, ret_found, err) != 0)
			return -1;
		a->at = i;
	}
	return 0;
}

/* The chains before the one that grows, and every chain's digest: those that came with
 * the version, then those of its earlier trees. */
static int take_earlier(struct assembly *a, struct ltps_error *err)
{
	uint64_t came;
	if (chain_count_came(a->w->conn, a->c->kind, a->c->ref, &came, err) != 0 ||
	    evidence_chains_load(a->w, a->c->kind, a->c->ref, &a->earlier, err) != 0)
		return -1;
	/* Each leaf but the newest has one of our own. */
	if (a->earlier.n < came + a->leaves.n - 1)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 5.2",
				 "%zu earlier chains instead of %zu", a->earlier.n,
				 (size_t)came + a->leaves.n - 1);
	a->n = came + a->at;
	if (a->n >= ERS_CHAINS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, "RFC 4998 5.1",
				 "more than %d chains", ERS_CHAINS_MAX);
	for (size_t i = 0; i < a->n; i++)
		a->views[i] = evidence_chain_at(&a->earlier, i);
	if (continued_algs(a->views, came, a->algs, err) != 0)
		return -1;
	for (size_t i = 0; i < a->at; i++) {
		struct tree t;
		if (tree_get(a->w->conn, a->leaves.l[i].tree, &t, err) != 0)
			return -1;
		a->algs[came + i] = t.alg;
	}
	a->algs[a->n] = a->tree.alg;
	return 0;
}

/* The same of a record that was submitted to be renewed. What has no data gets no
 * hash-tree renewal here: there are no others. */
static int take_carried(struct assembly *a, struct ltps_error *err)
{
	const struct ers *er = a->carried.er;
	if (a->at != 0)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 5.2",
				 "a hash-tree renewal of what has no data");
	a->n = carried_before(&a->carried);
	for (size_t i = 0; i < a->n; i++) {
		a->algs[i] = er->chains[i].stamps[0].alg;
		a->views[i] = er->chains[i].whole;
	}
	a->algs[a->n] = a->tree.alg;
	return 0;
}

/* What a hash-tree renewal took of each data object: RFC 4998 5.2 step 4. */
static int renew_group(struct assembly *a, struct ltps_error *err)
{
	struct buf sequence = buf_make(ERS_SIZE_MAX);
	if (a->carried.er != NULL)
		return carried_group(&a->carried, a->group.digests, a->group.n,
				     a->group.digests, &a->group.n, err);
	int rc = a->n == 0 ? 0 : ers_sequence_encode(a->views, a->n, &sequence, err);
	for (size_t i = 0; a->n > 0 && rc == 0 && i < a->group.n; i++) {
		const struct digest d = a->group.digests[i];
		rc = ers_renewed_hash(&d, view_buf(&sequence), &a->group.digests[i],
				      err);
	}
	buf_free(&sequence);
	return rc;
}

/* The chain as this tree and its tokens make it. */
static int make_own(struct assembly *a, struct buf *out, struct ltps_error *err)
{
	if (group_read(a->w, a->c, a->tree.alg, &a->group, err) != 0 ||
	    renew_group(a, err) != 0 ||
	    evidence_tail_until(a->w, &a->tree, true, &a->tail, err) != 0 ||
	    evidence_head_write(a->w, &a->tree, &a->leaves.l[a->at], a->group.hashes,
				a->group.n, &a->tail, out, err) != 0)
		return -1;
	return buf_put(out, view_buf(&a->tail.octets), err);
}

static int make_chain(struct assembly *a, struct ltps_error *err)
{
	struct buf own = buf_make(ERS_SIZE_MAX);
	int rc = make_own(a, &own, err);
	a->chain = buf_make(ERS_SIZE_MAX);
	if (rc == 0 && a->carried.er != NULL) {
		rc = carried_chain(&a->carried, view_buf(&own), &a->chain, err);
	} else if (rc == 0) {
		a->chain = own;
		own = buf_make(0);
	}
	buf_free(&own);
	a->views[a->n] = view_buf(&a->chain);
	return rc;
}

static int encode(struct assembly *a, struct buf *out, struct ltps_error *err)
{
	struct view infos = VIEW_NULL;
	if (a->carried.er != NULL && carried_infos(&a->carried, &infos, err) != 0)
		return -1;
	return ers_encode(a->views, a->n + 1, a->algs, a->n + 1, infos, out, err);
}

static int assembly_run(struct assembly *a, struct buf *out, bool *ret_ready,
			struct ltps_error *err)
{
	bool found;
	if (leaves_read(a->w, a->c->kind, a->c->ref, &a->leaves, err) != 0)
		return -1;
	/* There is material that no tree was to cover. */
	if (a->leaves.n == 0 && a->c->version != NULL)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "version %lld has no leaf", (long long)a->c->ref);
	if (choose_leaf(a, &found, err) != 0)
		return -1;
	if (!found)
		return 0;
	if (a->c->version != NULL &&
	    carried_read(a->w, a->c->version, a->tree.alg, &a->carried, err) != 0)
		return -1;
	if ((a->carried.er != NULL ? take_carried(a, err) : take_earlier(a, err)) !=
		0 ||
	    make_chain(a, err) != 0 || encode(a, out, err) != 0)
		return -1;
	*ret_ready = true;
	return 0;
}

static void assembly_free(struct assembly *a)
{
	carried_clear(&a->carried);
	buf_free(&a->chain);
	buf_free(&a->tail.octets);
	buf_free(&a->earlier.octets);
	mem_free(a->group.hashes);
	mem_free(a->group.digests);
	mem_free(a);
}

/* All of it from one state of the store, which the caller may hold already. */
static int assemble(struct ltp_worker *w, const struct covered *c, struct buf *out,
		    bool *ret_ready, struct ltps_error *err)
{
	struct assembly *a = mem_zalloc(1, sizeof(*a));
	*ret_ready = false;
	if (a == NULL)
		return ltps_fail_nomem(err);
	a->w = w;
	a->c = c;
	const bool held = store_read_begin(w->conn, err) != 0;
	if (held && err->code != LTPS_STATE) {
		assembly_free(a);
		return -1;
	}
	ltps_error_clear(err);
	int rc = assembly_run(a, out, ret_ready, err);
	if (!held)
		store_read_end(w->conn);
	assembly_free(a);
	return rc;
}

int evidence_assemble(struct ltp_worker *w, const struct version *v, struct buf *out,
		      bool *ret_ready, struct ltps_error *err)
{
	const struct covered c = { .kind = LEAF_VERSION, .ref = v->id, .version = v };
	return assemble(w, &c, out, ret_ready, err);
}

int evidence_assemble_material(struct ltp_worker *w, int64_t material,
			       struct view octets, struct buf *out, bool *ret_ready,
			       struct ltps_error *err)
{
	const struct covered c = { .kind = LEAF_MATERIAL,
				   .ref = material,
				   .octets = octets };
	return assemble(w, &c, out, ret_ready, err);
}

static int count_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	(void)leaf;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

const struct profile *keeping_profile(const struct ltp *l)
{
	for (size_t i = 0; i < l->o.n_profiles; i++) {
		const struct profile *p = l->o.profiles[i];
		if (profile_active(p, ltp_now(l)) &&
		    (p->operations & 1u << OP_PRESERVE_PO) != 0)
			return p;
	}
	return NULL;
}

int material_preserve(struct store_conn *conn, const struct material_new *row,
		      struct leaf_new *leaf, int64_t *ret_id, struct ltps_error *err)
{
	size_t leaves = 0;
	leaf->kind = LEAF_MATERIAL;
	if (material_put(conn, row, ret_id, NULL, err) != 0 ||
	    tree_leaves_of(conn, LEAF_MATERIAL, *ret_id, count_leaf, &leaves, err) != 0)
		return -1;
	leaf->ref = *ret_id;
	return leaves > 0 ? 0 : tree_append_leaf(conn, leaf, NULL, err);
}
