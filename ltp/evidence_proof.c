/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_proof - since when a version is proven to exist: by its own tokens, of which
 * those that count no more are known; by what came with it, when its whole record says
 * so now. The chains of another service are never taken at their word.
 */
#include "base/mem.h"
#include "ltp/continued.h"
#include "ltp/evidence_private.h"
#include "storage/renewal.h"

struct proof {
	struct ltp_worker *w;
	const struct version *v;
	size_t n_leaves;
	int64_t own_ms; /* by tokens of ours; INT64_MAX: none */
};

/* genTime of the first token on the way to the tip that has not fallen. */
static int proof_of_tree(struct proof *p, const struct tree *t, struct ltps_error *err)
{
	struct token *token = NULL;
	struct token_link link;
	for (int64_t id = t->token; id != 0 && p->own_ms == INT64_MAX; id = link.next) {
		if (token_link_get(p->w->conn, id, &link, err) != 0)
			return -1;
		if (link.fallen)
			continue;
		if (token_get(p->w->conn, id, &token, err) != 0)
			return -1;
		p->own_ms = token->gen_time_ms;
		token_free(token);
	}
	return 0;
}

static int take_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct proof *p = arg;
	struct tree t;
	p->n_leaves++;
	if (p->own_ms != INT64_MAX)
		return 0;
	if (tree_get(p->w->conn, leaf->tree, &t, err) != 0)
		return -1;
	return t.state == TREE_STAMPED ? proof_of_tree(p, &t, err) : 0;
}

/* ---- what came ---- */

static int digest_of_part(void *arg, size_t i, enum digest_alg alg, struct digest *ret,
			  struct ltps_error *err)
{
	const struct proof *p = arg;
	return part_digest(p->w, &p->v->parts[i], alg, ret, err);
}

static int proof_of_record(struct proof *p, struct view record, int64_t *ret_ms,
			   struct ltps_error *err)
{
	const struct continued_data data = { .digest = digest_of_part,
					     .arg = p,
					     .n = p->v->n_parts };
	const struct continued_judge by = continued_judge_of(p->w);
	return continued_proof(&by, record, &data, ret_ms, err);
}

/* The record as it came. */
static int encode_came(const struct evidence_chains *chains, size_t came,
		       struct buf *out, struct ltps_error *err)
{
	struct view views[ERS_CHAINS_MAX];
	enum digest_alg algs[ERS_CHAINS_MAX];
	for (size_t i = 0; i < came; i++)
		views[i] = evidence_chain_at(chains, i);
	return continued_algs(views, came, algs, err) == 0
		   ? ers_encode(views, came, algs, came, VIEW_NULL, out, err)
		   : -1;
}

/* By the record as it is now; before our first token, by that which came. */
static int proof_of_chains(struct proof *p, const struct evidence_chains *chains,
			   size_t came, int64_t *ret_ms, struct ltps_error *err)
{
	struct buf record = buf_make(ERS_SIZE_MAX);
	bool ready = false;
	int rc = evidence_assemble(p->w, p->v, &record, &ready, err);
	if (rc == 0 && ready)
		rc = proof_of_record(p, view_buf(&record), ret_ms, err);
	buf_clear(&record);
	if (rc == 0 && *ret_ms == INT64_MAX &&
	    (rc = encode_came(chains, came, &record, err)) == 0)
		rc = proof_of_record(p, view_buf(&record), ret_ms, err);
	buf_free(&record);
	return rc;
}

static int proof_of_came(struct proof *p, size_t came, int64_t *ret_ms,
			 struct ltps_error *err)
{
	struct evidence_chains *chains = mem_zalloc(1, sizeof(*chains));
	if (chains == NULL)
		return ltps_fail_nomem(err);
	int rc = evidence_chains_load(p->w, LEAF_VERSION, p->v->id, chains, err);
	if (rc == 0)
		rc = proof_of_chains(p, chains, came, ret_ms, err);
	buf_free(&chains->octets);
	mem_free(chains);
	/* Chains that are damaged, more than is judged, or data that is gone with a
	 * digest that was not kept: the proof is left to our own tokens. */
	if (rc != 0 &&
	    (err->code == LTPS_CORRUPT || err->fault == LTPS_FAULT_OBJECT)) {
		ltps_error_clear(err);
		*ret_ms = INT64_MAX;
		rc = 0;
	}
	return rc;
}

/* With chains of ours missing nobody knows how many came: no record is made of them. */
static int count_came(struct proof *p, size_t *ret, struct ltps_error *err)
{
	uint64_t chains;
	*ret = 0;
	if (chain_count(p->w->conn, LEAF_VERSION, p->v->id, &chains, err) != 0)
		return -1;
	if (continued_count((size_t)chains, p->n_leaves, ret, err) == 0)
		return 0;
	ltps_error_clear(err);
	return 0;
}

int evidence_proof_time(struct ltp_worker *w, const struct version *v, int64_t *ret_ms,
			struct ltps_error *err)
{
	struct proof p = { .w = w, .v = v, .own_ms = INT64_MAX };
	int64_t came_ms = INT64_MAX;
	size_t came;
	*ret_ms = INT64_MAX;
	if (tree_leaves_of(w->conn, LEAF_VERSION, v->id, take_leaf, &p, err) != 0 ||
	    count_came(&p, &came, err) != 0 ||
	    (came > 0 && proof_of_came(&p, came, &came_ms, err) != 0))
		return -1;
	*ret_ms = came_ms < p.own_ms ? came_ms : p.own_ms;
	return 0;
}
