/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_gather - tips into one tree, page by page, each token with the status of today
 * when it is there.
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/renew_private.h"

static bool wants(const struct renew_gather *g, const struct tip *tip)
{
	if (tip->footing == 0)
		return false;
	if (g->what == RENEW_SECOND)
		return tip->footing == g->footing && strcmp(tip->tsa, g->tsa) == 0;
	return g->young || !renew_is_young(tip, g->last_ms);
}

static int keep_tip(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct renew_gather *g = arg;
	(void)err;
	g->after_id = tip->token;
	if (wants(g, tip))
		g->page[g->n_page++] = *tip;
	return 0;
}

/* A token that has no room for the status of today is taken as it was completed. */
static int splice(struct renew_gather *g, const struct tip *tip,
		  const struct token *token, const struct material *got,
		  struct buf *out, struct ltps_error *err)
{
	if (got == NULL || preserve_splice(token, got, out, err) == 0)
		return 0;
	if (err->code != LTPS_TOO_LARGE)
		return -1;
	ltps_error_clear(err);
	buf_clear(out);
	renew_trouble(g->r, false,
		      "a time-stamp of TSA %.100s has no room for the status of today: "
		      "it is renewed without it",
		      tip->tsa);
	return 0;
}

/* Fresh status first; *ret_take false: it waits for that, or is lost. */
static int prepare(struct renew_gather *g, const struct tip *tip,
		   const struct token *token, struct buf *out, bool *ret_take,
		   struct ltps_error *err)
{
	const struct renew_fresh *f;
	*ret_take = true;
	if (g->what == RENEW_SECOND)
		return 0; /* it was completed just now */
	if (renew_status_get(&g->r->status, tip->footing, token, &f, err) != 0)
		return -1;
	*ret_take = !f->lost && (f->complete || renew_is_late(g->r, tip->weakens_ms,
							      RENEW_WAIT_SHARE));
	if (!f->lost && !*ret_take) {
		renew_again(g->r, g->r->t->now_ms + RENEW_LOOK_MS);
		renew_trouble(
		    g->r, false,
		    "the status of TSA %.100s cannot be had: the renewal of what "
		    "it stamped waits for it",
		    tip->tsa);
	}
	return *ret_take ? splice(g, tip, token, f->got, out, err) : 0;
}

static int take(struct renew_gather *g, const struct tip *tip, struct ltps_error *err)
{
	struct token *token = NULL;
	struct buf der = buf_make(STORE_TOKEN_MAX);
	bool may = false;
	if (renew_has_room(g->r, tip, &may, err) != 0)
		return -1;
	if (!may)
		return 0;
	if (renew_tree_is_full(g->tree) && renew_tree_store(g->tree, err) != 0)
		return -1;
	if (token_get(g->r->w->conn, tip->token, &token, err) != 0)
		return -1;
	int rc = prepare(g, tip, token, &der, &may, err);
	if (rc == 0 && may) {
		renew_tree_take(g->tree, tip, token, der);
		der = buf_make(0);
		g->r->left--;
	}
	buf_free(&der);
	token_free(token);
	return rc;
}

static int next_page(struct renew_gather *g, bool *ret_more, struct ltps_error *err)
{
	const int64_t before = g->after_id;
	const struct tip_query q = { .alg = g->alg,
				     .weakens_until = g->until_ms,
				     .unpaired = g->what == RENEW_SECOND,
				     .idle = true,
				     .after_id = g->after_id,
				     .limit = RENEW_PAGE };
	g->n_page = 0;
	if (tip_list(g->r->w->conn, &q, keep_tip, g, err) != 0)
		return -1;
	*ret_more = g->after_id != before;
	return 0;
}

/* All that are wanted, and the tree is closed: unless the turn ends before. */
int renew_gather_run(struct renew_gather *g, struct ltps_error *err)
{
	bool more = true;
	g->page = mem_zalloc(RENEW_PAGE, sizeof(*g->page));
	if (g->page == NULL)
		return ltps_fail_nomem(err);
	int rc = 0;
	while (rc == 0 && more && g->r->left > 0) {
		rc = next_page(g, &more, err);
		for (size_t i = 0; rc == 0 && i < g->n_page && g->r->left > 0; i++)
			rc = take(g, &g->page[i], err);
	}
	if (rc == 0)
		rc = renew_tree_store(g->tree, err);
	mem_free(g->page);
	if (rc != 0)
		return -1;
	g->r->more = g->r->more || (more && g->r->left == 0);
	return more && g->r->left == 0 ? 0 : renew_tree_close(g->tree, err);
}
