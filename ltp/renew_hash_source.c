/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash_source - what all leaves of a source share: its tail, and the new digest.
 *
 * Which tail. The chain that ends takes every time-stamp up to the tip, since the first
 * time-stamp of the next chain is to prove them all (RFC 4998 5.2). While a source is
 * read its tip may change:
 *
 *   nothing put yet    the new tail is taken.
 *   some chains are    a chain that ends with the older tip T is complete as long as T
 *   put                itself is good when the new tree is time-stamped: T's own
 * renewal is another proof of T, not one that this chain misses. So the rest goes on
 * with the same tail if T stands: it has not fallen, its footing is not lost, and has
 * not weakened. Covered is not enough: a T whose TSA was compromised stays a link of
 * the longer chain, where T2 by another TSA proves it, but at the end of the shorter
 * one nothing does. T stands no more   all that was put into the unstamped tree is
 * useless: the tree is given up (footing_lose() does so by itself; here for what
 *                      weakens) and its sources go on before what it had.
 *   the new tree is    chains in it are proven, or will be. What is left over of the
 *   closed already     source (damaged then, repaired now) gets the tail of today and
 *                      goes into another tree.
 */
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/plan.h"
#include "ltp/renew_hash.h"
#include "timestamping/tst.h"

void hash_source_drop(struct hash_source *s)
{
	if (s == NULL || --s->users > 0)
		return;
	buf_free(&s->tail.octets);
	mem_free(s);
}

struct hash_source *hash_source_take(struct hash_source *s)
{
	s->users++;
	return s;
}

/* Whether chains may still end with this token: it proves what it covers, and will. */
static int hash_tail_stands(struct store_conn *conn, int64_t tip, int64_t now_ms,
			    bool *ret_stands, struct ltps_error *err)
{
	struct token_link link;
	struct footing f = { 0 };
	*ret_stands = false;
	if (token_link_get(conn, tip, &link, err) != 0) {
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	if (link.fallen)
		return 0;
	if (link.footing == 0) { /* taken as it was, near the deadline */
		*ret_stands = true;
		return 0;
	}
	if (footing_get(conn, link.footing, &f, err) != 0)
		return -1;
	*ret_stands = f.lost_ms == 0 && f.weakens_ms > now_ms;
	footing_clear(&f);
	return 0;
}

static int run_abandon(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return tree_abandon(conn, *(int64_t *)arg, err);
}

/* Somebody else may have been first, or have stamped it. */
int hash_target_abandon(struct ltp_worker *w, int64_t tree, struct ltps_error *err)
{
	if (store_write(w->l->o.store, run_abandon, &tree, err) == 0)
		return 0;
	if (err->code != LTPS_NOT_FOUND && err->code != LTPS_STATE)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* ---- the tail ---- */

/* The octets that the tree holds; its first token is the first element. */
static int read_held(struct ltp_worker *w, struct hash_source *s,
		     struct ltps_error *err)
{
	struct tlv first;
	s->tail.octets = buf_make(STORE_CHAIN_MAX);
	if (blob_read(w->conn, s->row.tail, &s->tail.octets, err) != 0)
		return -1;
	struct view in = view_buf(&s->tail.octets);
	if (tlv_expect(&in, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "timeStamp", &first,
		       err) != 0)
		return -1;
	s->tail.n_token = first.whole.n;
	s->tail.tip = s->row.tail_tip;
	s->held = true;
	return 0;
}

/* State of the tree that takes the leaves; given up (or none): STAMPED. */
static int target_of(struct ltp_worker *w, const struct renewal_source *row,
		     struct tree *ret, struct ltps_error *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->state = TREE_STAMPED;
	if (row->into == 0 || tree_get(w->conn, row->into, ret, err) == 0)
		return 0;
	if (err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* Too late is no reason to begin again for ever: only when there is another tip. */
static int has_better_tip(struct ltp_worker *w, const struct hash_source *s, bool *ret,
			  struct ltps_error *err)
{
	struct evidence_tail now = { 0 };
	if (evidence_tail_read(w, &s->tree, &now, err) != 0)
		return -1;
	*ret = now.tip != s->row.tail_tip;
	buf_free(&now.octets);
	return 0;
}

/* What was begun: goes on, is given up, or was brought to an end before. */
static int take_up(struct ltp_worker *w, struct hash_source *s, enum hash_ready *ret,
		   struct ltps_error *err)
{
	struct tree into;
	struct token_link link;
	bool stands, better = false;
	if (s->row.tail == 0)
		return 0;
	if (target_of(w, &s->row, &into, err) != 0)
		return -1;
	if (into.state == TREE_STAMPED)
		return 0;
	if (hash_tail_stands(w->conn, s->row.tail_tip, s->now_ms, &stands, err) != 0 ||
	    (!stands && has_better_tip(w, s, &better, err) != 0))
		return -1;
	if (better) {
		*ret = HASH_AGAIN;
		return hash_target_abandon(w, into.id, err);
	}
	if (into.state != TREE_OPEN)
		return 0;
	if (token_link_get(w->conn, s->row.tail_tip, &link, err) != 0)
		return -1;
	if (link.next != 0 && s->row.done == 0)
		return 0;
	s->target = into.id;
	s->alg = into.alg;
	return read_held(w, s, err);
}

static int take_fresh(struct ltp_worker *w, struct hash_source *s, bool late,
		      enum hash_ready *ret, struct ltps_error *err)
{
	struct token_link link;
	if (evidence_tail_read(w, &s->tree, &s->tail, err) != 0 ||
	    token_link_get(w->conn, s->tail.tip, &link, err) != 0)
		return -1;
	if (link.footing == 0 && !late)
		*ret = HASH_WAITS;
	return 0;
}

/* ---- the digest ---- */

/* A profile that is configured no more has no wish. */
static enum digest_alg choose(const struct ltp *l, const struct renewal_source *row,
			      int64_t now_ms)
{
	const struct profile *p = profile_by_id(l, row->profile);
	const enum digest_alg alg =
	    plan_digest(l, p != NULL ? p->digest : row->alg, now_ms);
	return alg == row->alg ? DIGEST_NONE : alg;
}

/* What was not time-stamped gets no new leaf, however well it hangs together. */
static int check_token(const struct hash_source *s, struct ltps_error *err)
{
	struct tst *tst = NULL;
	int rc = 0;
	if (tst_parse(view_of(s->tail.octets.p, s->tail.n_token), &tst, err) != 0)
		return -1;
	if (tst->imprint_alg != s->tree.alg ||
	    !view_equal(tst->imprint, digest_view(&s->tree.root)))
		rc = ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
			       "its token is not over its root");
	tst_free(tst);
	return rc;
}

/* A policy may end the digest of a tree that is still being filled. */
static int keep_or_choose(struct ltp_worker *w, struct hash_source *s,
			  enum hash_ready *ret, struct ltps_error *err)
{
	const struct ltp *l = w->l;
	const enum digest_alg best = choose(l, &s->row, s->now_ms);
	if (s->target != 0 && best != s->alg && best != DIGEST_NONE &&
	    plan_is_due(plan_digest_end(l, s->alg), l->o.upkeep.margin_ms, s->now_ms)) {
		*ret = HASH_AGAIN;
		return hash_target_abandon(w, s->target, err);
	}
	if (s->target == 0)
		s->alg = best;
	if (s->alg == DIGEST_NONE)
		*ret = HASH_STUCK;
	return 0;
}

int hash_source_open(struct ltp_worker *w, const struct renewal_source *row,
		     int64_t now_ms, bool late, enum hash_ready *ret_ready,
		     struct hash_source **ret, struct ltps_error *err)
{
	struct hash_source *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->users = 1;
	s->row = *row;
	s->now_ms = now_ms;
	*ret_ready = HASH_READY;
	int rc = tree_get(w->conn, row->tree, &s->tree, err);
	if (rc == 0)
		rc = take_up(w, s, ret_ready, err);
	if (rc == 0 && *ret_ready == HASH_READY)
		rc = keep_or_choose(w, s, ret_ready, err);
	if (rc == 0 && *ret_ready == HASH_READY && !s->held)
		rc = take_fresh(w, s, late, ret_ready, err);
	if (rc == 0 && *ret_ready == HASH_READY)
		rc = check_token(s, err);
	if (rc == 0 && *ret_ready == HASH_READY)
		*ret = s;
	else
		hash_source_drop(s);
	return rc;
}
