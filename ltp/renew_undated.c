/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_undated - tokens whose validation data cannot be had: before their certificate
 * ends they are renewed without it.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/renew_private.h"
#include "timestamping/tst.h"
#include "validation/cert.h"

/* Tips looked at before those that are near their end are taken; a page of a listing.
 */
#define UNDATED_PAGE 64

struct undated {
	struct renew_turn *r;
	int64_t after_id;
	struct tip tips[UNDATED_PAGE];
	size_t n;
	struct renew_tree *trees[DIGEST_ALG_COUNT]; /* NULL: none yet */
};

static int keep_undated(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct undated *u = arg;
	(void)err;
	u->after_id = tip->token;
	if (tip->footing != 0)
		return 0;
	renew_again(u->r, u->r->t->now_ms + RENEW_DAY_MS);
	/* A young one is being completed. */
	if (tip->gen_time_ms + RENEW_DAY_MS <= u->r->t->now_ms)
		u->tips[u->n++] = *tip;
	return 0;
}

static int cert_end(X509 *x509, int64_t *ret_ms, struct ltps_error *err)
{
	struct cert *c = NULL;
	uint8_t *der = NULL;
	const int n = i2d_X509(x509, &der);
	if (n <= 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "certificate");
	int rc = cert_parse(view_of(der, (size_t)n), &c, err);
	if (rc == 0)
		*ret_ms = c->not_after_ms;
	cert_free(c);
	OPENSSL_free(der);
	return rc;
}

/* End of its signer's certificate; now when nothing is known of it. */
static int token_end(const struct renew_turn *r, const struct token *token,
		     int64_t *ret_ms, struct ltps_error *err)
{
	struct tst *tst = NULL;
	struct tst_intact intact = { 0 };
	int rc = tst_parse(token->der, &tst, err);
	*ret_ms = r->t->now_ms;
	if (rc == 0)
		rc = tst_check(tst, NULL, 0, &intact, err);
	if (rc == 0 && intact.signer != NULL)
		rc = cert_end(intact.signer, ret_ms, err);
	tst_intact_clear(&intact);
	tst_free(tst);
	return rc;
}

/* The tree of this digest that takes them all. NULL: no memory */
static struct renew_tree *tree_of(struct undated *u, enum digest_alg alg)
{
	if (u->trees[alg] != NULL)
		return u->trees[alg];
	struct renew_tree *tree = renew_tree_new(u->r, alg, NULL);
	if (tree == NULL)
		return NULL;
	snprintf(tree->cause, sizeof(tree->cause),
		 "its end is near, without its validation data");
	u->trees[alg] = tree;
	return tree;
}

static int take_late(struct undated *u, const struct tip *tip,
		     const struct token *token, struct ltps_error *err)
{
	bool room;
	if (renew_has_room(u->r, tip, &room, err) != 0)
		return -1;
	if (!room)
		return 0;
	struct renew_tree *tree = tree_of(u, tip->alg);
	if (tree == NULL)
		return ltps_fail_nomem(err);
	renew_trouble(u->r, true,
		      "a time-stamp of TSA %.100s is near its end and its validation "
		      "data cannot be had",
		      tip->tsa);
	if (renew_tree_is_full(tree) && renew_tree_store(tree, err) != 0)
		return -1;
	renew_tree_take(tree, tip, token, buf_make(0));
	return 0;
}

static int take_undated(struct undated *u, const struct tip *tip,
			struct ltps_error *err)
{
	struct token *token = NULL;
	int64_t end_ms = 0;
	if (token_get(u->r->w->conn, tip->token, &token, err) != 0)
		return -1;
	int rc = token_end(u->r, token, &end_ms, err);
	if (rc == 0 && renew_is_late(u->r, end_ms, RENEW_LAST_SHARE))
		rc = take_late(u, tip, token, err);
	token_free(token);
	return rc;
}

static int take_page(struct undated *u, bool *ret_more, struct ltps_error *err)
{
	const struct tip_query q = { .weakens_until = INT64_MIN,
				     .idle = true,
				     .after_id = u->after_id,
				     .limit = UNDATED_PAGE };
	u->n = 0;
	if (tip_list(u->r->w->conn, &q, keep_undated, u, err) != 0)
		return -1;
	*ret_more = u->after_id != q.after_id;
	for (size_t i = 0; i < u->n; i++)
		if (take_undated(u, &u->tips[i], err) != 0)
			return -1;
	return 0;
}

static int close_trees(struct undated *u, struct ltps_error *err)
{
	for (size_t i = 0; i < DIGEST_ALG_COUNT; i++)
		if (u->trees[i] != NULL && (renew_tree_store(u->trees[i], err) != 0 ||
					    renew_tree_close(u->trees[i], err) != 0))
			return -1;
	return 0;
}

/* All of them each time: those that have long to go hide none that is near its end. */
int renew_undated(struct renew_turn *r, struct ltps_error *err)
{
	struct undated *u = mem_zalloc(1, sizeof(*u));
	bool more = true;
	int rc = 0;
	if (u == NULL)
		return ltps_fail_nomem(err);
	u->r = r;
	while (rc == 0 && more)
		rc = take_page(u, &more, err);
	if (rc == 0)
		rc = close_trees(u, err);
	for (size_t i = 0; i < DIGEST_ALG_COUNT; i++)
		renew_tree_free(u->trees[i]);
	mem_free(u);
	return rc;
}
