/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preserve_token - what a token needs before a renewal may take its hash (DESIGN:
 * evidence model): the validation data of its TSA inside it, and beside it the footing
 * that says when it weakens.
 *
 * The path of its TSA decides:
 *   PASSED                   data in, footing set
 *   revoked, key unsafe      RFC 3161 4: the footing is lost, with all that only it
 *                            proves
 *   revoked before genTime   this token alone is lost
 *   anything else            tried again later
 * The certificate of a lost token is not accepted again.
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/acquire.h"
#include "ltp/plan.h"
#include "ltp/preserve_private.h"
#include "ltp/upkeep.h"
#include "storage/renewal.h"

#define REFUSED_NAME_MAX 96

struct complete_task {
	const struct job *job;
	int64_t token;
	int64_t now_ms;
	enum completion how;
	char why[256];   /* of a loss */
	struct view der; /* n == 0: the token stays as it is */
	struct footing_made footing;
	uint8_t tsa_sha256[32];
	struct material_new *rows;
	size_t n_rows;
	struct footing_loss loss; /* the result */
};

/* ---- certificates that are refused ---- */

static void refused_name(const uint8_t sha256[32], char out[REFUSED_NAME_MAX])
{
	size_t n = (size_t)snprintf(out, REFUSED_NAME_MAX, "tsa.refused.");
	for (size_t i = 0; i < 32; i++)
		n += (size_t)snprintf(out + n, REFUSED_NAME_MAX - n, "%02x", sha256[i]);
}

static int signer_sha256(X509 *signer, uint8_t ret[32], struct ltps_error *err)
{
	struct digest d;
	uint8_t *der = NULL;
	int n = i2d_X509(signer, &der);
	if (n <= 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "certificate");
	int rc = digest_once(DIGEST_SHA256, view_of(der, (size_t)n), &d, err);
	OPENSSL_free(der);
	if (rc == 0)
		memcpy(ret, d.p, 32);
	return rc;
}

int preserve_gate(const void *arg, const struct tst *tst, X509 *signer,
		  int64_t received_ms, struct ltps_error *err)
{
	const struct ltp_worker *w = arg;
	char name[REFUSED_NAME_MAX];
	uint8_t sha256[32], since[8];
	size_t n;
	if (tst->cms->whole.n > PRESERVE_ANSWER_MAX)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 3161 2.4.2",
				 "a token of %zu bytes has no room for its validation "
				 "data (limit %zu)",
				 tst->cms->whole.n, PRESERVE_ANSWER_MAX);
	if (w->l->o.trust != NULL &&
	    tsa_path_gate(w->l->o.trust, tst, signer, received_ms, err) != 0)
		return -1;
	if (signer_sha256(signer, sha256, err) != 0)
		return -1;
	refused_name(sha256, name);
	if (store_setting_get(w->conn, name, since, sizeof(since), &n, err) == 0)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 3161 4",
				 "the certificate of the TSA was revoked");
	if (err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* ---- on the writer's thread ---- */

static int keep_material(struct store_conn *conn, const struct complete_task *c,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < c->n_rows; i++) {
		int64_t id;
		if (material_put(conn, &c->rows[i], &id, NULL, err) != 0 ||
		    material_link(conn, id, MATERIAL_USER_TOKEN, c->token, err) != 0)
			return -1;
	}
	return c->der.n == 0 ? 0
			     : token_replace(conn, c->token, c->der, c->now_ms, err);
}

int preserve_lost(struct store_conn *conn, const uint8_t tsa_sha256[32], int64_t now_ms,
		  struct ltps_error *err)
{
	static const char *const kinds[] = { JOB_PLAN, JOB_RENEW_TIMESTAMPS,
					     JOB_RENEW_HASHES, JOB_REAUGMENT };
	char name[REFUSED_NAME_MAX];
	refused_name(tsa_sha256, name);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (upkeep_wake(conn, kinds[i], now_ms, err) != 0)
			return -1;
	/* Tips that are ones again have dates of another day. */
	return plan_forget(conn, err) != 0
		   ? -1
		   : store_setting_put(conn, name, &now_ms, sizeof(now_ms), err);
}

static int lose(struct store_conn *conn, struct complete_task *c, int64_t footing,
		struct ltps_error *err)
{
	const struct upkeep_event e = { .operation = "EvidenceLost",
					.now_ms = c->now_ms };
	if (footing_lose(conn, footing, c->now_ms, c->why, &c->loss, err) != 0 ||
	    preserve_lost(conn, c->tsa_sha256, c->now_ms, err) != 0)
		return -1;
	return upkeep_audit(
	    conn, &e, err,
	    "token %lld: %s; tokens fallen: %llu, tips again: %llu, "
	    "trees without proof: %llu",
	    (long long)c->token, c->why, (unsigned long long)c->loss.tokens,
	    (unsigned long long)c->loss.restored, (unsigned long long)c->loss.trees);
}

static int set_footing(struct store_conn *conn, struct complete_task *c,
		       struct ltps_error *err)
{
	int64_t id;
	struct footing f = { 0 };
	if (footing_put(conn, &c->footing.row, &id, err) != 0 ||
	    token_set_footing(conn, c->token, id, err) != 0 ||
	    footing_get(conn, id, &f, err) != 0)
		return -1;
	const bool was_lost = f.lost_ms != 0;
	footing_clear(&f);
	if (was_lost && c->how == COMPLETION_KEPT)
		snprintf(c->why, sizeof(c->why), "its TSA had been lost before");
	return was_lost || c->how != COMPLETION_KEPT ? lose(conn, c, id, err) : 0;
}

static int run_complete(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct complete_task *c = arg;
	if (keep_material(conn, c, err) != 0 || set_footing(conn, c, err) != 0 ||
	    upkeep_wake(conn, JOB_RENEW_TIMESTAMPS, c->now_ms, err) != 0)
		return -1;
	return job_finish(conn, c->job, err);
}

/* ---- judging ---- */

/* What was used, as rows of collected material. */
static int make_rows(struct ltp_worker *w, const struct material *m,
		     struct complete_task *c, struct ltps_error *err)
{
	static const struct {
		enum material_kind kind;
		enum material_row_kind row;
	} KINDS[] = {
		{ MATERIAL_CERT, MATERIAL_ROW_CERT },
		{ MATERIAL_CRL, MATERIAL_ROW_CRL },
		{ MATERIAL_OCSP, MATERIAL_ROW_OCSP },
	};
	size_t n = 0;
	for (size_t k = 0; k < sizeof(KINDS) / sizeof(KINDS[0]); k++)
		n += material_count(m, KINDS[k].kind);
	c->rows = mem_zalloc(n > 0 ? n : 1, sizeof(*c->rows));
	if (c->rows == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; k < sizeof(KINDS) / sizeof(KINDS[0]); k++)
		for (size_t i = 0; i < material_count(m, KINDS[k].kind); i++) {
			struct material_new *row = &c->rows[c->n_rows];
			row->kind = KINDS[k].row;
			row->fetched_ms = c->now_ms;
			if (blob_prepare(w->l->o.store, STORE_TENANT_SYSTEM,
					 material_at(m, KINDS[k].kind, i), NULL,
					 &row->blob, err) != 0)
				return -1;
			c->n_rows++;
		}
	return 0;
}

static bool is_text(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

enum completion preserve_weigh(const struct tsa_path_result *path)
{
	if (path->indication == INDICATION_PASSED)
		return COMPLETION_KEPT;
	if (is_text(path->subindication, "REVOKED_NO_POE") ||
	    (is_text(path->subindication, "REVOKED") &&
	     is_text(path->clause, "RFC 3161 4")))
		return COMPLETION_FOOTING_LOST;
	/* Whether the earlier ones go with it is for the watch to say. */
	if (is_text(path->subindication, "REVOKED") ||
	    is_text(path->subindication, "REVOKED_CA_NO_POE"))
		return COMPLETION_TOKEN_LOST;
	return COMPLETION_UNKNOWN;
}

/* -1: nothing can be said of it yet. */
static int weigh(struct complete_task *c, const struct tsa_path_result *path,
		 struct ltps_error *err)
{
	snprintf(c->why, sizeof(c->why), "%s", path->text);
	c->how = preserve_weigh(path);
	if (c->how != COMPLETION_UNKNOWN)
		return 0;
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, path->clause,
			 "TSA path of token %lld: %s", (long long)c->token, path->text);
}

static int make_footing(struct ltp_worker *w, struct complete_task *c,
			const struct token *token, const struct tst *tst,
			const struct tsa_path_result *path, struct ltps_error *err)
{
	struct tree tree;
	struct digest own;
	if (tree_get(w->conn, token->tree, &tree, err) != 0 ||
	    plan_token(w->l, tst, path, tree.alg, &c->footing, err) != 0)
		return -1;
	memcpy(c->tsa_sha256, c->footing.row.tsa_sha256, sizeof(c->tsa_sha256));
	if (c->how != COMPLETION_TOKEN_LOST)
		return 0;
	/* A footing of its own, so that no other token is lost with it. */
	if (digest_once(DIGEST_SHA256, token->der, &own, err) != 0)
		return -1;
	memcpy(c->footing.row.tsa_sha256, own.p, sizeof(c->footing.row.tsa_sha256));
	return 0;
}

int preserve_splice(const struct token *token, const struct material *m,
		    struct buf *out, struct ltps_error *err)
{
	const struct cms_material add = {
		.certs = material_views(m, MATERIAL_CERT),
		.n_certs = material_count(m, MATERIAL_CERT),
		.crls = material_views(m, MATERIAL_CRL),
		.n_crls = material_count(m, MATERIAL_CRL),
		.ocsps = material_views(m, MATERIAL_OCSP),
		.n_ocsps = material_count(m, MATERIAL_OCSP),
	};
	struct tst *read = NULL;
	if (token->frozen || add.n_certs + add.n_crls + add.n_ocsps == 0)
		return 0;
	if (cms_add_material(token->der, &add, out, err) != 0)
		return -1;
	/* What cannot be read again must not take the place of what can. */
	const int rc = tst_parse(view_buf(out), &read, err);
	tst_free(read);
	return rc;
}

/* Fetch, judge, splice; the new token in *out. */
static int complete_token(struct ltp_worker *w, struct complete_task *c,
			  struct material *m, struct buf *out, struct ltps_error *err)
{
	int rc = -1;
	struct token *token = NULL;
	struct tst *tst = NULL;
	struct tsa_path_result path = { 0 };
	const struct acquire a = { .fetch = w->fetch,
				   .clock = w->l->o.clock,
				   .trust = w->l->o.trust };
	if (token_get(w->conn, c->token, &token, err) == 0 &&
	    tst_parse(token->der, &tst, err) == 0 &&
	    acquire_for_token(&a, tst, m, &path, err) == 0 &&
	    weigh(c, &path, err) == 0 &&
	    make_footing(w, c, token, tst, &path, err) == 0)
		rc = preserve_splice(token, m, out, err);
	tsa_path_result_clear(&path);
	tst_free(tst);
	token_free(token);
	return rc;
}

/* ---- the job ---- */

static int run_job_failed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return job_fail(conn, arg, NULL, err);
}

static int run_job_postponed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct job_failure *f = arg;
	return job_postpone(conn, f->job, f->now_ms, err);
}

static int complete_failed(struct ltp_worker *w, const struct job *job,
			   const struct ltps_error *why, struct ltps_error *err)
{
	struct job_failure f = { .job = job, .now_ms = ltp_now(w->l), .why = why };
	if (atomic_load(&w->cancelled)) { /* the attempt does not count */
		(void)!store_write(w->l->o.store, run_job_postponed, &f, err);
		return preserve_go_on(w, err);
	}
	log_error(w->l->o.log, LOG_OPERATION, LOG_WARNING,
		  "validation data of a token is missing; will be tried again", why,
		  LOG_FIELDS({ "token", job->subject }));
	return store_write(w->l->o.store, run_job_failed, &f, err);
}

static void tell_loss(const struct ltp_worker *w, const struct complete_task *c)
{
	if (c->loss.tokens > 0)
		log_write(w->l->o.log, LOG_OPERATION, LOG_ERROR,
			  "evidence is lost with its TSA",
			  LOG_FIELDS({ "token", c->job->subject }, { "why", c->why }));
}

static int complete_one(struct ltp_worker *w, struct complete_task *c,
			struct material *m, struct buf *out, struct ltps_error *err)
{
	uint64_t token;
	if (sscanf(c->job->subject, "%20lu", &token) != 1)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "job subject '%s'", c->job->subject);
	c->token = (int64_t)token;
	c->now_ms = ltp_now(w->l);
	if (complete_token(w, c, m, out, err) != 0 || make_rows(w, m, c, err) != 0)
		return -1;
	c->der = view_buf(out);
	if (failpoint_pass("ltp.complete.store"))
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_SELF, NULL, "fail-point");
	return store_write(w->l->o.store, run_complete, c, err);
}

int preserve_complete(struct ltp_worker *w, const struct job *job,
		      struct ltps_error *err)
{
	struct complete_task c = { .job = job };
	struct material *m = NULL;
	struct buf out = buf_make(STORE_TOKEN_MAX);
	struct ltps_error why = LTPS_ERROR_INIT;
	int rc = material_new(&m, &why);
	if (rc == 0)
		rc = complete_one(w, &c, m, &out, &why);
	if (rc == 0)
		tell_loss(w, &c);
	else
		rc = complete_failed(w, job, &why, err);
	for (size_t i = 0; i < c.n_rows; i++)
		blob_new_free(c.rows[i].blob);
	mem_free(c.rows);
	footing_made_clear(&c.footing);
	buf_free(&out);
	material_free(m);
	return rc;
}
