/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_proof - since when a version is proven to exist: by its own tokens, of which
 * those that count no more are known, unless its record is broken; by what came with
 * it, when its whole record says so now. The chains of another service are never taken
 * at their word.
 *
 *   read     of one state of the store: own tokens, and what the record is made of
 *   take     the record itself, when it has to be judged
 *   judge    without the store
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/continued.h"
#include "ltp/evidence_private.h"
#include "storage/renewal.h"

/* A status or certificate that ends meanwhile is noticed after it; ends of anchors and
 * algorithms, which have dates of their own, at once. */
#define REMEMBERED_MS ((int64_t)3600 * 1000)
/* Forty octets for each token on the way from all leaves, and eight for each part. */
#define FACTS_MAX ((size_t)4 << 20)
/* In a key: of all versions with this one tree, whose paths are checked when a record
 * is made; what else is in it they have in common. */
#define OF_ONE_TREE (-1)

struct proof {
	struct ltp_worker *w;
	const struct version *v;
	uint64_t came;    /* chains of another service */
	int64_t own_ms;   /* by tokens of ours; INT64_MAX: none */
	size_t trees;     /* of its leaves */
	struct buf facts; /* that tell this record from any other */
	struct proof_key key;
};

/* ---- read ---- */

static int put_fact(struct proof *p, int64_t value, struct ltps_error *err)
{
	return buf_put(&p->facts, view_of(&value, sizeof(value)), err);
}

/* A token stays, but its validation data comes later, and may be waited for. */
static int read_token(struct proof *p, int64_t id, const struct token_link *link,
		      struct ltps_error *err)
{
	struct token *token = NULL;
	bool awaited = false;
	if (token_get(p->w->conn, id, &token, err) != 0)
		return -1;
	int rc = evidence_token_awaited(p->w, token, &awaited, err);
	if (!link->fallen && p->own_ms == INT64_MAX)
		p->own_ms = token->gen_time_ms;
	if (rc == 0 &&
	    (put_fact(p, id, err) != 0 || put_fact(p, link->next, err) != 0 ||
	     put_fact(p, link->fallen, err) != 0 ||
	     put_fact(p, token->replaced_ms, err) != 0 ||
	     put_fact(p, awaited, err) != 0))
		rc = -1;
	token_free(token);
	return rc;
}

/* From the tree to the tip. The first token that has not fallen proves; the others make
 * the record. */
static int read_tree(struct proof *p, const struct tree *t, struct ltps_error *err)
{
	struct token_link link;
	if (t->state != TREE_STAMPED)
		return 0;
	for (int64_t id = t->token; id != 0; id = link.next) {
		if (token_link_get(p->w->conn, id, &link, err) != 0 ||
		    read_token(p, id, &link, err) != 0)
			return -1;
	}
	return 0;
}

static int read_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct proof *p = arg;
	struct tree t;
	p->trees++;
	if (tree_get(p->w->conn, leaf->tree, &t, err) != 0 ||
	    put_fact(p, t.id, err) != 0 || put_fact(p, t.state, err) != 0)
		return -1;
	return read_tree(p, &t, err);
}

static bool is_of_one_tree(const struct proof *p)
{
	return p->came == 0 && p->trees == 1 && carried_part(p->v) == NULL;
}

/* Without its data a part has the digests that were kept. */
static int read_parts(struct proof *p, struct ltps_error *err)
{
	for (size_t i = 0; !is_of_one_tree(p) && i < p->v->n_parts; i++)
		if (put_fact(p, p->v->parts[i].blob, err) != 0)
			return -1;
	return put_fact(p, (int64_t)p->came, err);
}

static int proof_read(struct proof *p, struct ltps_error *err)
{
	p->own_ms = INT64_MAX;
	p->facts = buf_make(FACTS_MAX);
	if (chain_count_came(p->w->conn, LEAF_VERSION, p->v->id, &p->came, err) != 0 ||
	    tree_leaves_of(p->w->conn, LEAF_VERSION, p->v->id, read_leaf, p, err) !=
		0 ||
	    read_parts(p, err) != 0)
		return -1;
	p->key.version = is_of_one_tree(p) ? OF_ONE_TREE : p->v->id;
	return digest_once(DIGEST_SHA256, view_buf(&p->facts), &p->key.state, err);
}

/* There is a record. */
static bool is_to_judge(const struct proof *p)
{
	return p->came > 0 || p->own_ms != INT64_MAX;
}

/* ---- take ---- */

/* What came with the version, to be judged. */
struct taken {
	struct buf whole; /* the record as it is now; empty: not ready */
	struct buf came;  /* as it came */
	bool left; /* something could not be read: nothing of this is remembered */
};

static void taken_clear(struct taken *t)
{
	buf_free(&t->whole);
	buf_free(&t->came);
}

static int encode_came(const struct evidence_chains *chains, size_t came,
		       struct buf *out, struct ltps_error *err)
{
	struct view views[ERS_CHAINS_MAX];
	enum digest_alg algs[ERS_CHAINS_MAX];
	if (came > chains->n)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "chains that came are gone");
	for (size_t i = 0; i < came; i++)
		views[i] = evidence_chain_at(chains, i);
	return continued_algs(views, came, algs, err) == 0
		   ? ers_encode(views, came, algs, came, VIEW_NULL, out, err)
		   : -1;
}

static int take_came(const struct proof *p, struct buf *out, struct ltps_error *err)
{
	struct evidence_chains *chains = mem_zalloc(1, sizeof(*chains));
	if (chains == NULL)
		return ltps_fail_nomem(err);
	int rc = evidence_chains_load(p->w, LEAF_VERSION, p->v->id, chains, err);
	if (rc == 0)
		rc = encode_came(chains, p->came, out, err);
	buf_free(&chains->octets);
	mem_free(chains);
	return rc;
}

/* Chains that are damaged, more than is judged, or data that is gone with a digest that
 * was not kept: the proof is left to our own tokens. */
static bool is_left(struct ltps_error *err)
{
	if (err->code != LTPS_CORRUPT && err->fault != LTPS_FAULT_OBJECT)
		return false;
	ltps_error_clear(err);
	return true;
}

static int proof_take(const struct proof *p, struct taken *t, struct ltps_error *err)
{
	bool ready = false;
	*t = (struct taken){ .whole = buf_make(ERS_SIZE_MAX),
			     .came = buf_make(ERS_SIZE_MAX) };
	if ((p->came == 0 || take_came(p, &t->came, err) == 0) &&
	    evidence_assemble(p->w, p->v, &t->whole, &ready, err) == 0)
		return 0;
	t->left = is_left(err);
	return t->left ? 0 : -1;
}

/* ---- judge ---- */

static int digest_of_part(void *arg, size_t i, enum digest_alg alg, struct digest *ret,
			  struct ltps_error *err)
{
	const struct proof *p = arg;
	return part_digest(p->w, &p->v->parts[i], alg, ret, err);
}

static struct continued_data data_of(struct proof *p)
{
	return (struct continued_data){ .digest = digest_of_part,
					.arg = p,
					.n = p->v->n_parts };
}

static int judge_record(struct proof *p, const struct buf *record, int64_t *ret_ms,
			struct ltps_error *err)
{
	const struct continued_data data = data_of(p);
	const struct continued_judge by = continued_judge_of(p->w);
	*ret_ms = INT64_MAX;
	return record->n > 0
		   ? continued_proof(&by, view_buf(record), &data, ret_ms, err)
		   : 0;
}

/* By our own tokens, of which those that fell are known: what is not known to hold may
 * stand, what is broken or known not to hold may not. */
static int judge_own(struct proof *p, const struct taken *t, int64_t *ret_ms,
		     struct ltps_error *err)
{
	const struct continued_data data = data_of(p);
	const struct continued_judge by = continued_judge_of(p->w);
	bool stands = true;
	const int rc = t->whole.n == 0 ? 0
				       : continued_stands(&by, view_buf(&t->whole),
							  &data, &stands, err);
	*ret_ms = stands ? p->own_ms : INT64_MAX;
	return rc;
}

/* By the record as it is now; before our first token, by that which came. */
static int judge_came(struct proof *p, const struct taken *t, int64_t *ret_ms,
		      struct ltps_error *err)
{
	const int rc = judge_record(p, &t->whole, ret_ms, err);
	return rc == 0 && *ret_ms == INT64_MAX ? judge_record(p, &t->came, ret_ms, err)
					       : rc;
}

static int proof_judge(struct proof *p, struct taken *t, int64_t *ret_ms,
		       struct ltps_error *err)
{
	*ret_ms = p->came > 0 ? INT64_MAX : p->own_ms;
	if (t->left)
		return 0;
	int rc = p->came > 0 ? judge_came(p, t, ret_ms, err)
			     : judge_own(p, t, ret_ms, err);
	if (rc != 0 && is_left(err)) {
		*ret_ms = p->came > 0 ? INT64_MAX : p->own_ms;
		t->left = true;
		rc = 0;
	}
	return rc;
}

/* ---- remembered ---- */

/* It is judged anew at a moment that has a date, and right behind it. */
static void end_at(int64_t at_ms, int64_t now_ms, int64_t *until_ms)
{
	const int64_t end_ms = at_ms > now_ms ? at_ms : now_ms + 1;
	if (at_ms >= now_ms && end_ms < *until_ms)
		*until_ms = end_ms;
}

static int64_t remembered_until(const struct ltp *l, int64_t now_ms)
{
	int64_t until_ms = now_ms + REMEMBERED_MS;
	const struct algorithm_policy *policy = l->o.algorithms;
	for (size_t i = 0; i < material_count(l->history, MATERIAL_ANCHOR); i++)
		end_at(material_sunset(l->history, i), now_ms, &until_ms);
	for (size_t i = 0; policy != NULL && i < policy->n; i++) {
		end_at(policy->limits[i].until_ms, now_ms, &until_ms);
		end_at(policy->limits[i].from_ms, now_ms, &until_ms);
	}
	return until_ms;
}

/* now_ms: when the judgement began. A repair changes nothing that the key is of: what
 * could not be read is tried again each time. */
static void remember(const struct proof *p, const struct taken *t, int64_t now_ms,
		     int64_t proof_ms)
{
	struct ltp *l = p->w->l;
	if (!t->left)
		proofs_keep(l->proofs, &p->key, now_ms, remembered_until(l, now_ms),
			    proof_ms);
}

/* ---- held by a request ---- */

struct evidence_judged {
	struct proof_key key;
	int64_t proof_ms;
};

void evidence_proofs_clear(struct evidence_proofs *p)
{
	mem_free(p->list);
	*p = (struct evidence_proofs){ 0 };
}

static int hold(struct evidence_proofs *into, const struct proof_key *key,
		int64_t proof_ms, struct ltps_error *err)
{
	if (mem_grow(&into->list, sizeof(*into->list), into->n + 1, &into->cap, err) !=
	    0)
		return -1;
	into->list[into->n++] = (struct evidence_judged){ *key, proof_ms };
	return 0;
}

static bool is_held(const struct evidence_proofs *from, const struct proof_key *key,
		    int64_t *ret_ms)
{
	for (size_t i = from->n; i-- > 0;)
		if (proof_key_equal(&from->list[i].key, key)) {
			*ret_ms = from->list[i].proof_ms;
			return true;
		}
	return false;
}

/* ---- the questions ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Our own tokens stand beside chains that came. */
static int64_t proven_by(const struct proof *p, int64_t judged_ms)
{
	return p->came > 0 ? earlier(judged_ms, p->own_ms) : judged_ms;
}

int evidence_proof_time(struct ltp_worker *w, const struct version *v, int64_t *ret_ms,
			struct ltps_error *err)
{
	struct proof p = { .w = w, .v = v };
	struct taken t = { .left = false };
	const int64_t now_ms = ltp_now(w->l);
	int64_t judged_ms = INT64_MAX;
	*ret_ms = INT64_MAX;
	int rc = proof_read(&p, err);
	/* Chains that came are judged anew for each signature. */
	if (rc == 0 && is_to_judge(&p) &&
	    (p.came > 0 || !proofs_find(w->l->proofs, &p.key, now_ms, &judged_ms))) {
		rc = proof_take(&p, &t, err);
		if (rc == 0)
			rc = proof_judge(&p, &t, &judged_ms, err);
		if (rc == 0)
			remember(&p, &t, now_ms, judged_ms);
	}
	if (rc == 0)
		*ret_ms = proven_by(&p, judged_ms);
	taken_clear(&t);
	buf_free(&p.facts);
	return rc;
}

int evidence_proof_recall(struct ltp_worker *w, const struct version *v,
			  const struct evidence_proofs *from,
			  struct evidence_recalled *ret, struct ltps_error *err)
{
	struct proof p = { .w = w, .v = v };
	int64_t judged_ms = INT64_MAX;
	const int rc = proof_read(&p, err);
	*ret = (struct evidence_recalled){ .proven_ms = INT64_MAX, .came = p.came };
	if (rc == 0)
		ret->known = !is_to_judge(&p) || is_held(from, &p.key, &judged_ms);
	if (ret->known)
		ret->proven_ms = proven_by(&p, judged_ms);
	buf_free(&p.facts);
	return rc;
}

/* What has to be judged, of one state; what is remembered is held. */
static int take_unknown(struct proof *p, struct taken *t, struct evidence_proofs *into,
			bool *ret_unknown, struct ltps_error *err)
{
	int64_t judged_ms;
	*ret_unknown = false;
	if (store_read_begin(p->w->conn, err) != 0)
		return -1;
	int rc = proof_read(p, err);
	if (rc == 0 && is_to_judge(p) && !is_held(into, &p->key, &judged_ms)) {
		*ret_unknown = !proofs_find(p->w->l->proofs, &p->key,
					    ltp_now(p->w->l), &judged_ms);
		rc = *ret_unknown ? proof_take(p, t, err)
				  : hold(into, &p->key, judged_ms, err);
	}
	store_read_end(p->w->conn);
	return rc;
}

static int judge_and_hold(struct proof *p, struct taken *t, int64_t now_ms,
			  struct evidence_proofs *into, struct ltps_error *err)
{
	int64_t judged_ms;
	if (proof_judge(p, t, &judged_ms, err) != 0)
		return -1;
	remember(p, t, now_ms, judged_ms);
	return hold(into, &p->key, judged_ms, err);
}

int evidence_proof_prepare(struct ltp_worker *w, const struct version *v,
			   struct limit *limit, struct evidence_proofs *into,
			   struct ltps_error *err)
{
	struct proof p = { .w = w, .v = v };
	struct taken t = { .left = false };
	const int64_t now_ms = ltp_now(w->l);
	bool unknown;
	int rc = take_unknown(&p, &t, into, &unknown, err);
	if (rc == 0 && unknown && limit != NULL && limit_is_over(limit))
		rc = ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
			       "evidence of other services is still being judged: ask "
			       "again");
	else if (rc == 0 && unknown)
		rc = judge_and_hold(&p, &t, now_ms, into, err);
	if (rc != 0 && err->code == LTPS_NOT_FOUND) {
		/* Deleted meanwhile: what reads behind this sees it. */
		ltps_error_clear(err);
		rc = 0;
	}
	taken_clear(&t);
	buf_free(&p.facts);
	return rc;
}
