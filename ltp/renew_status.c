/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_status - the status of a TSA and its CAs as it is told today, for the tokens
 * whose hash a renewal is about to take: behind it they carry no more. What they carry
 * already does not answer; only what is fetched does.
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/acquire.h"
#include "ltp/needs.h"
#include "ltp/renew_private.h"
#include "timestamping/tst.h"

static const enum material_kind KINDS[] = { MATERIAL_CERT, MATERIAL_CRL,
					    MATERIAL_OCSP };
#define KINDS_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

/* One question about one token's TSA. */
struct question {
	struct ltp_worker *w;
	const struct tst *tst;
	struct material *m; /* anchors, what the token carries, what is fetched */
	struct tst_intact intact;
	struct tsa_path_result path;
};

/* The status that counts at this time has to be as new as `since`. */
static int judge(struct question *q, int64_t since_ms, struct ltps_error *err)
{
	const struct tsa_path_input in = {
		.signer = q->intact.signer,
		.material = q->m,
		.gen_time_ms = since_ms,
		.time_ms = ltp_now(q->w->l),
		.need_revocation = true,
		.want_needs = true,
	};
	tsa_path_result_clear(&q->path);
	return tsa_path_judge(&in, &q->path, err);
}

static bool is_status(const struct need *n)
{
	return n->kind == NEED_CRL || n->kind == NEED_DELTA_CRL || n->kind == NEED_OCSP;
}

/* Certificates that some status is missing of. */
static size_t count_open(const struct tsa_path_result *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n_needs; i++) {
		bool again = !is_status(&p->needs[i]);
		for (size_t k = 0; k < i && !again; k++)
			again = is_status(&p->needs[k]) &&
				cert_equal(p->needs[k].cert, p->needs[i].cert);
		n += !again;
	}
	return n;
}

/* One round is enough: the certificates of the path are in the token. */
static int ask(struct question *q, struct renew_fresh *f, struct ltps_error *err)
{
	size_t before[KINDS_COUNT];
	bool news = false;
	const struct path_sources sources = { .fetch = q->w->fetch,
					      .clock = q->w->l->o.clock,
					      .cancelled = &q->w->cancelled,
					      .crl_first = true,
					      .crl_max = ACQUIRE_CRL_MAX };
	struct needs needs = { .sources = &sources,
			       .time_ms = ltp_now(q->w->l),
			       .got = q->m };
	if (judge(q, ltp_now(q->w->l), err) != 0)
		return -1;
	for (size_t k = 0; k < KINDS_COUNT; k++)
		before[k] = material_count(q->m, KINDS[k]);
	int rc = needs_answer(&needs, q->path.needs, q->path.n_needs, &news, err);
	f->complete = needs.status_got >= count_open(&q->path);
	needs_clear(&needs);
	for (size_t k = 0; rc == 0 && k < KINDS_COUNT; k++)
		for (size_t i = before[k];
		     rc == 0 && i < material_count(q->m, KINDS[k]); i++)
			rc = material_add(f->got, KINDS[k],
					  material_at(q->m, KINDS[k], i), err);
	return rc;
}

/* ---- what falls ---- */

struct lose_task {
	int64_t footing;
	int64_t now_ms;
	const char *why;
	struct footing_loss loss;
};

static int run_lose(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct lose_task *t = arg;
	const struct upkeep_event e = { .operation = "EvidenceLost",
					.now_ms = t->now_ms };
	struct footing f = { 0 };
	if (footing_lose(conn, t->footing, t->now_ms, t->why, &t->loss, err) != 0 ||
	    footing_get(conn, t->footing, &f, err) != 0)
		return -1;
	int rc = preserve_lost(conn, f.tsa_sha256, t->now_ms, err);
	footing_clear(&f);
	if (rc != 0)
		return -1;
	return upkeep_audit(conn, &e, err,
			    "before a renewal: %s; tokens fallen: %llu, tips again: "
			    "%llu, trees without proof: %llu",
			    t->why, (unsigned long long)t->loss.tokens,
			    (unsigned long long)t->loss.restored,
			    (unsigned long long)t->loss.trees);
}

static int lose(struct question *q, struct renew_fresh *f, struct ltps_error *err)
{
	struct lose_task t = { .footing = f->footing,
			       .now_ms = ltp_now(q->w->l),
			       .why = q->path.text };
	f->lost = true;
	if (store_write(q->w->l->o.store, run_lose, &t, err) != 0)
		return -1;
	log_write(q->w->l->o.log, LOG_OPERATION, LOG_ERROR,
		  "evidence is lost with its TSA", LOG_FIELDS({ "why", t.why }));
	return 0;
}

/* ---- one footing ---- */

static int question_begin(struct question *q, struct ltps_error *err)
{
	/* Old ones may end at an anchor of the past. */
	if (material_new(&q->m, err) != 0 ||
	    material_add_all(q->m, q->w->l->history, err) != 0 ||
	    material_add_cms(q->m, q->tst->cms, err) != 0)
		return -1;
	return tst_check(q->tst, material_views(q->m, MATERIAL_CERT),
			 material_count(q->m, MATERIAL_CERT), &q->intact, err);
}

static int answer(struct question *q, struct renew_fresh *f, struct ltps_error *err)
{
	if (question_begin(q, err) != 0)
		return -1;
	/* Without its certificate there is nobody to ask about. */
	if (q->intact.signer == NULL) {
		f->complete = true;
		return 0;
	}
	if (ask(q, f, err) != 0 || judge(q, q->tst->gen_time_ms, err) != 0)
		return -1;
	return preserve_weigh(&q->path) == COMPLETION_FOOTING_LOST ? lose(q, f, err)
								   : 0;
}

static void fresh_clear(struct renew_fresh *f)
{
	material_free(f->got);
	*f = (struct renew_fresh){ 0 };
}

/* Many parties that are slow to answer outlast a lease. */
struct lease_task {
	struct job *job;
	int64_t now_ms;
};

static int run_lease(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct lease_task *t = arg;
	return job_extend(conn, t->job, t->now_ms, UPKEEP_LEASE_MS, err);
}

static int keep_lease(struct renew_status *s, struct ltps_error *err)
{
	struct lease_task t = { .job = &s->turn->job, .now_ms = ltp_now(s->w->l) };
	return t.job->id == 0 || t.now_ms < t.job->lease_until_ms - UPKEEP_LEASE_MS / 2
		   ? 0
		   : store_write(s->w->l->o.store, run_lease, &t, err);
}

static int fill(struct renew_status *s, int64_t footing, const struct token *token,
		struct renew_fresh *f, struct ltps_error *err)
{
	struct tst *tst = NULL;
	struct question q = { .w = s->w };
	if (failpoint_fail("ltp.renew.status", err) != 0)
		return -1;
	if (preserve_go_on(s->w, err) != 0 || keep_lease(s, err) != 0 ||
	    tst_parse(token->der, &tst, err) != 0)
		return -1;
	q.tst = tst;
	f->footing = footing;
	int rc = material_new(&f->got, err);
	if (rc == 0)
		rc = answer(&q, f, err);
	tsa_path_result_clear(&q.path);
	tst_intact_clear(&q.intact);
	material_free(q.m);
	tst_free(tst);
	return rc;
}

int renew_status_get(struct renew_status *s, int64_t footing, const struct token *token,
		     const struct renew_fresh **ret, struct ltps_error *err)
{
	for (size_t i = 0; i < RENEW_FRESH_MAX; i++)
		if (s->fresh[i].footing == footing) {
			*ret = &s->fresh[i];
			return 0;
		}
	struct renew_fresh *f = &s->fresh[s->next++ % RENEW_FRESH_MAX];
	fresh_clear(f);
	if (fill(s, footing, token, f, err) != 0) {
		fresh_clear(f);
		return -1;
	}
	*ret = f;
	return 0;
}

void renew_status_clear(struct renew_status *s)
{
	for (size_t i = 0; i < RENEW_FRESH_MAX; i++)
		fresh_clear(&s->fresh[i]);
}
