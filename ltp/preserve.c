/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preserve - the background of a preservation: open trees close by count, age
 * or bytes; a closed tree gets one token; a token gets its validation data.
 *
 * Every state is in the store, so that a step that was cut short is done again:
 *
 *   stage     from       to                  on failure
 *   close     OPEN       CLOSING             stays open, tried at the next step
 *   stamp     CLOSING    STAMPED + job       tree_attempt_failed, later again
 *   complete  job        job gone            job_fail, later again
 *
 * Beside it, on a thread of its own so that no tree waits for it: ltp_care().
 *   care      job        job gone            signatures.c: judged again later
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/acquire.h"
#include "ltp/inside.h"
#include "ltp/signatures.h"
#include "scheduler/job.h"
#include "storage/audit.h"
#include "storage/material.h"
#include "timestamping/merkle.h"

#define STEP_TREES_MAX 64 /* trees looked at in one step */
#define STAMP_RETRY_FIRST_MS 1000
#define STAMP_RETRY_LONGEST_MS 300000 /* a TSA that is back is used within 5 min */
/* A process that died frees its job after this. Work that takes longer may be done
 * twice, which is harmless: only the last to claim it can finish it. */
#define JOB_LEASE_MS 30000
#define JOBS_POLL_MS 30000
#define SERVICE_ACTOR "service"

struct trees {
	struct tree t[STEP_TREES_MAX];
	size_t n;
};

static int keep_tree(void *arg, const struct tree *tree, struct ltps_error *err)
{
	struct trees *ts = arg;
	(void)err;
	if (ts->n < STEP_TREES_MAX)
		ts->t[ts->n++] = *tree;
	return 0;
}

static void log_tree(const struct ltp *l, enum log_level level, const char *text,
		     const struct tree *t, const struct ltps_error *e)
{
	char id[32], leaves[32];
	snprintf(id, sizeof(id), "%lld", (long long)t->id);
	snprintf(leaves, sizeof(leaves), "%llu", (unsigned long long)t->n_leaves);
	const struct log_field fields[] = { { "tree", id }, { "leaves", leaves } };
	if (e != NULL)
		log_error(l->o.log, LOG_OPERATION, level, text, e, fields, 2);
	else
		log_write(l->o.log, LOG_OPERATION, level, text, fields, 2);
}

static int audit_service(struct store_conn *conn, int64_t now, const char *operation,
			 const char *detail, struct ltps_error *err)
{
	const struct audit_entry entry = {
		.time_ms = now,
		.actor = SERVICE_ACTOR,
		.operation = operation,
		.detail = detail,
		.outcome = "success",
	};
	return audit_append(conn, &entry, NULL, err);
}

/* --- close --- */

struct close_task {
	int64_t tree;
	int64_t now_ms;
};

static int run_close(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct close_task *c = arg;
	return tree_close(conn, c->tree, c->now_ms, err);
}

/* Time at which this open tree is to close; now or earlier when it is due. */
static int64_t close_time(const struct ltp *l, const struct tree *t, int64_t now)
{
	const struct profile *p = profile_by_id(l, t->profile);
	/* A profile that is configured no more takes no more leaves. */
	if (p == NULL || t->n_leaves >= p->tree_max_leaves ||
	    t->bytes >= p->tree_max_bytes)
		return now;
	return t->opened_ms + p->tree_max_age_ms;
}

static void earlier(int64_t *t, int64_t candidate)
{
	if (candidate < *t)
		*t = candidate;
}

static int step_close(struct ltp_worker *w, int64_t *ret_next_ms,
		      struct ltps_error *err)
{
	struct trees *open = mem_zalloc(1, sizeof(*open));
	if (open == NULL)
		return ltps_fail_nomem(err);
	int rc = tree_list(w->conn, TREE_OPEN, 0, STEP_TREES_MAX, keep_tree, open, err);
	int64_t now = ltp_now(w->l);
	for (size_t i = 0; rc == 0 && i < open->n; i++) {
		const struct tree *t = &open->t[i];
		if (t->purpose != TREE_FIRST || t->n_leaves == 0)
			continue;
		int64_t due = close_time(w->l, t, now);
		if (due > now) {
			earlier(ret_next_ms, due);
			continue;
		}
		struct close_task c = { .tree = t->id, .now_ms = now };
		rc = store_write(w->l->o.store, run_close, &c, err);
		if (rc != 0 &&
		    err->code == LTPS_STATE) { /* another process was first */
			ltps_error_clear(err);
			rc = 0;
		}
	}
	mem_free(open);
	return rc;
}

/* Fails with CANCELLED when the service ends. */
static int go_on(struct ltp_worker *w, struct ltps_error *err)
{
	if (!atomic_load(&w->cancelled))
		return 0;
	return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
			 "the step was cancelled");
}

/* --- stamp --- */

struct stamp_task {
	struct tree_stamp stamp;
	const struct tree *tree;
	struct blob_new *nodes;
};

static int run_stamp(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct stamp_task *s = arg;
	int64_t token;
	char text[96];
	if (tree_stamp(conn, &s->stamp, &token, err) != 0)
		return -1;
	snprintf(text, sizeof(text), "%lld", (long long)token);
	if (job_add(conn, JOB_COMPLETE_TOKEN, text, s->stamp.now_ms, NULL, err) != 0)
		return -1;
	snprintf(text, sizeof(text), "tree %lld, %llu leaves", (long long)s->tree->id,
		 (unsigned long long)s->tree->n_leaves);
	return audit_service(conn, s->stamp.now_ms, "EvidenceCreated", text, err);
}

/* All nodes of the tree, from its leaves. */
static int build_nodes(struct ltp_worker *w, const struct tree *t, uint8_t **ret_nodes,
		       size_t *ret_n, struct digest *ret_root, struct ltps_error *err)
{
	size_t len = digest_len(t->alg);
	size_t n = (size_t)merkle_node_count(t->n_leaves) * len;
	uint8_t *nodes = mem_alloc(n);
	if (nodes == NULL)
		return ltps_fail_nomem(err);
	if (tree_leaves(w->conn, t->id, nodes, (size_t)t->n_leaves * len, err) != 0 ||
	    merkle_build(t->alg, nodes, t->n_leaves, ret_root, err) != 0) {
		mem_free(nodes);
		return -1;
	}
	*ret_nodes = nodes;
	*ret_n = n;
	return 0;
}

static int stamp_tree(struct ltp_worker *w, const struct tree *t,
		      struct ltps_error *err)
{
	int rc = -1;
	struct ltp *l = w->l;
	uint8_t *nodes = NULL;
	size_t n_nodes = 0;
	struct tsp_answer answer = { 0 };
	struct stamp_task s = { .tree = t };
	const struct tsp_client client = ltp_tsp_client(l);
	if (build_nodes(w, t, &nodes, &n_nodes, &s.stamp.root, err) != 0 ||
	    tsp_client_stamp(&client, w->fetch, &s.stamp.root, &answer, err) != 0)
		goto out;
	if (failpoint_pass("ltp.stamp.token_received")) {
		ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_SELF, NULL, "fail-point");
		goto out;
	}
	if (blob_prepare(l->o.store, STORE_TENANT_SYSTEM, view_of(nodes, n_nodes), NULL,
			 &s.nodes, err) != 0)
		goto out;
	s.stamp.tree = t->id;
	s.stamp.nodes = s.nodes;
	s.stamp.token = answer.tst->cms->whole;
	s.stamp.gen_time_ms = answer.tst->gen_time_ms;
	s.stamp.tsa = l->o.tsas[answer.tsa].name;
	s.stamp.now_ms = ltp_now(l);
	rc = store_write(l->o.store, run_stamp, &s, err);
	if (answer.skipped[0] != '\0')
		log_write(l->o.log, LOG_OPERATION, LOG_WARNING, "TSAs skipped",
			  LOG_FIELDS({ "why", answer.skipped }));
out:
	blob_new_free(s.nodes);
	tsp_answer_clear(&answer);
	mem_free(nodes);
	return rc;
}

struct failed_task {
	int64_t tree;
	int64_t next_ms;
	const struct ltps_error *why;
};

static int run_failed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct failed_task *f = arg;
	char line[STORE_ERROR_MAX + 1];
	ltps_error_line(f->why, line, sizeof(line));
	return tree_attempt_failed(conn, f->tree, f->next_ms, line, err);
}

static int64_t stamp_delay(uint32_t attempts)
{
	int64_t d = STAMP_RETRY_FIRST_MS;
	for (uint32_t i = 0; i < attempts && d < STAMP_RETRY_LONGEST_MS; i++)
		d *= 2;
	return d < STAMP_RETRY_LONGEST_MS ? d : STAMP_RETRY_LONGEST_MS;
}

static int stamp_failed(struct ltp_worker *w, const struct tree *t,
			const struct ltps_error *why, int64_t *ret_next_ms,
			struct ltps_error *err)
{
	struct failed_task f = {
		.tree = t->id,
		.next_ms = ltp_now(w->l) + stamp_delay(t->attempts),
		.why = why,
	};
	log_tree(w->l, LOG_ERROR, "no time-stamp for a tree; will be tried again", t,
		 why);
	earlier(ret_next_ms, f.next_ms);
	return store_write(w->l->o.store, run_failed, &f, err);
}

static int step_stamp(struct ltp_worker *w, int64_t *ret_next_ms,
		      struct ltps_error *err)
{
	struct trees *closing = mem_zalloc(1, sizeof(*closing));
	if (closing == NULL)
		return ltps_fail_nomem(err);
	int rc = tree_list(w->conn, TREE_CLOSING, 0, STEP_TREES_MAX, keep_tree, closing,
			   err);
	for (size_t i = 0; rc == 0 && i < closing->n; i++) {
		const struct tree *t = &closing->t[i];
		struct ltps_error why = LTPS_ERROR_INIT;
		if (t->next_attempt_ms > ltp_now(w->l)) {
			earlier(ret_next_ms, t->next_attempt_ms);
			continue;
		}
		if (go_on(w, err) != 0) {
			rc = -1;
			break;
		}
		if (stamp_tree(w, t, &why) == 0)
			log_tree(w->l, LOG_INFO, "tree time-stamped", t, NULL);
		else if (atomic_load(&w->cancelled)) /* no fault of the TSA's */
			rc = go_on(w, err);
		else if (why.code != LTPS_STATE) /* STATE: another process was first */
			rc = stamp_failed(w, t, &why, ret_next_ms, err);
	}
	mem_free(closing);
	return rc;
}

/* --- complete: validation data into the token (DESIGN: evidence model) --- */

struct complete_task {
	struct job job;
	bool found;
	struct job_claim claim;
	/* the result */
	struct view der; /* n == 0: the token stays as it is */
	int64_t token;
	int64_t now_ms;
	struct material_new *rows;
	size_t n_rows;
};

static int run_claim(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct complete_task *c = arg;
	return job_claim(conn, &c->claim, &c->job, &c->found, err);
}

static int run_complete(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct complete_task *c = arg;
	for (size_t i = 0; i < c->n_rows; i++) {
		int64_t id;
		if (material_put(conn, &c->rows[i], &id, NULL, err) != 0 ||
		    material_link(conn, id, MATERIAL_USER_TOKEN, c->token, err) != 0)
			return -1;
	}
	if (c->der.n > 0 && token_replace(conn, c->token, c->der, c->now_ms, err) != 0)
		return -1;
	return job_finish(conn, &c->job, err);
}

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
	if (token_get(w->conn, c->token, &token, err) != 0 ||
	    tst_parse(token->der, &tst, err) != 0 ||
	    acquire_for_token(&a, tst, m, &path, err) != 0)
		goto out;
	if (path.indication != INDICATION_PASSED) {
		ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, path.clause,
			  "TSA path of token %lld: %s", (long long)c->token, path.text);
		goto out;
	}
	const struct cms_material add = {
		.certs = material_views(m, MATERIAL_CERT),
		.n_certs = material_count(m, MATERIAL_CERT),
		.crls = material_views(m, MATERIAL_CRL),
		.n_crls = material_count(m, MATERIAL_CRL),
		.ocsps = material_views(m, MATERIAL_OCSP),
		.n_ocsps = material_count(m, MATERIAL_OCSP),
	};
	rc = token->frozen ? 0 : cms_add_material(token->der, &add, out, err);
out:
	tsa_path_result_clear(&path);
	tst_free(tst);
	token_free(token);
	return rc;
}

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
		return go_on(w, err);
	}
	log_error(w->l->o.log, LOG_OPERATION, LOG_WARNING,
		  "validation data of a token is missing; will be tried again", why,
		  LOG_FIELDS({ "token", job->subject }));
	return store_write(w->l->o.store, run_job_failed, &f, err);
}

static int complete_one(struct ltp_worker *w, struct complete_task *c,
			struct ltps_error *err)
{
	int rc = -1;
	struct material *m = NULL;
	struct buf out = buf_make(STORE_TOKEN_MAX);
	struct ltps_error why = LTPS_ERROR_INIT;
	uint64_t token = 0;
	if (sscanf(c->job.subject, "%20lu", &token) != 1) {
		ltps_fail(&why, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			  "job subject '%s'", c->job.subject);
		goto failed;
	}
	c->token = (int64_t)token;
	c->now_ms = ltp_now(w->l);
	if (material_new(&m, &why) != 0 || complete_token(w, c, m, &out, &why) != 0 ||
	    make_rows(w, m, c, &why) != 0)
		goto failed;
	c->der = view_buf(&out);
	rc = store_write(w->l->o.store, run_complete, c, &why);
	if (rc == 0)
		goto out;
failed:
	rc = complete_failed(w, &c->job, &why, err);
out:
	for (size_t i = 0; i < c->n_rows; i++)
		blob_new_free(c->rows[i].blob);
	mem_free(c->rows);
	c->rows = NULL;
	buf_free(&out);
	material_free(m);
	return rc;
}

/* The most overdue job of a kind is claimed; c->found false: none is due. */
static int claim_job(struct ltp_worker *w, const char *kind, struct complete_task *c,
		     int64_t *ret_next_ms, struct ltps_error *err)
{
	int64_t due = 0;
	c->claim = (struct job_claim){
		.kind = kind,
		.owner = "preserve",
		.now_ms = ltp_now(w->l),
		.lease_ms = JOB_LEASE_MS,
	};
	if (queue_next_due(w->conn, kind, &due, err) != 0)
		return -1;
	if (due == 0 || due > c->claim.now_ms) { /* nothing: no write for a look */
		if (due != 0)
			earlier(ret_next_ms, due);
		return 0;
	}
	if (go_on(w, err) != 0)
		return -1;
	return store_write(w->l->o.store, run_claim, c, err);
}

static int step_complete(struct ltp_worker *w, bool *ret_worked, int64_t *ret_next_ms,
			 struct ltps_error *err)
{
	struct complete_task c = { 0 };
	*ret_worked = false;
	if (claim_job(w, JOB_COMPLETE_TOKEN, &c, ret_next_ms, err) != 0)
		return -1;
	if (!c.found)
		return 0;
	*ret_worked = true;
	return complete_one(w, &c, err);
}

int ltp_step(struct ltp_worker *w, int64_t *ret_next_ms, struct ltps_error *err)
{
	bool worked = true;
	*ret_next_ms = INT64_MAX;
	if (step_close(w, ret_next_ms, err) != 0 ||
	    step_stamp(w, ret_next_ms, err) != 0)
		return -1;
	for (int i = 0; i < STEP_TREES_MAX && worked; i++)
		if (step_complete(w, &worked, ret_next_ms, err) != 0)
			return -1;
	/* What another process left behind is seen at the latest then. */
	earlier(ret_next_ms, ltp_now(w->l) + (worked ? 0 : JOBS_POLL_MS));
	return 0;
}

int ltp_care(struct ltp_worker *w, int64_t *ret_next_ms, struct ltps_error *err)
{
	struct complete_task c = { 0 };
	*ret_next_ms = INT64_MAX;
	if (claim_job(w, JOB_CARE, &c, ret_next_ms, err) != 0 ||
	    (c.found && signatures_care(w, &c.job, err) != 0))
		return -1;
	earlier(ret_next_ms, ltp_now(w->l) + (c.found ? 0 : JOBS_POLL_MS));
	return 0;
}
