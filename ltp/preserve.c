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
 *   complete  job        job gone            preserve_token.c: later again
 *
 * Renewal trees are opened and closed by upkeep.h; from then on they are as all others.
 *
 * Beside it, on a thread of its own so that no tree waits for it: ltp_care().
 *   care      job        job gone            signatures.c: judged again later
 */
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/carried.h"
#include "ltp/evidence_attributes.h"
#include "ltp/plan.h"
#include "ltp/preserve_private.h"
#include "ltp/renew.h"
#include "ltp/signatures.h"
#include "ltp/upkeep.h"
#include "storage/audit.h"
#include "storage/renewal.h"
#include "timestamping/merkle.h"

#define STEP_TREES_MAX 64 /* trees looked at in one step */
#define STAMP_RETRY_FIRST_MS 1000
#define STAMP_RETRY_LONGEST_MS 300000 /* a TSA that is back is used within 5 min */
/* A process that died frees its job after this. Work that takes longer may be done
 * twice, which is harmless: only the last to claim it can finish it. */
#define JOB_LEASE_MS 30000
/* No job is put off for longer: signatures are judged again after a month and a bit. */
#define JOB_LONGEST_MS ((int64_t)40 * 86400000)
/* The TSA that was to be spared is asked after this when the other one does not answer
 * and what it covers will not wait: a day, so that a chain does not grow by the hour.
 */
#define SPARED_WAIT_MS 86400000

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

/* --- close --- */

struct close_task {
	const struct ltp *l;
	const struct tree *tree;
	int64_t now_ms;
};

static int run_close(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct close_task *c = arg;
	if (tree_close(conn, c->tree->id, c->now_ms, err) != 0)
		return -1;
	return evidence_attributes_put(
	    conn, c->l, profile_by_id(c->l, c->tree->profile), c->tree->id, err);
}

/* Time at which this open tree is to close; now or earlier when it is due. */
static int64_t close_time(const struct ltp *l, const struct tree *t, int64_t now)
{
	const struct profile *p = profile_by_id(l, t->profile);
	/* A profile that is configured no more takes no more leaves. */
	if (p == NULL || t->n_leaves >= p->tree_max_leaves ||
	    t->bytes >= p->tree_max_bytes)
		return now;
	/* It was opened while the clock was ahead: its age is not known. */
	if (t->opened_ms > now + UPKEEP_CLOCK_SLACK_MS)
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
		struct close_task c = { .l = w->l, .tree = t, .now_ms = now };
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

int preserve_go_on(struct ltp_worker *w, struct ltps_error *err)
{
	if (!atomic_load(&w->cancelled))
		return 0;
	return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
			 "the step was cancelled");
}

/* --- stamp --- */

/* Who is asked for a tree, in this order. */
struct choice {
	struct tsa tsas[TSP_TSAS_MAX];
	size_t n;
	struct tree_second second;
	bool any;        /* the one that was to be spared is asked, too */
	bool has_key;    /* of the time-stamps that this is the second opinion on: */
	uint8_t key[32]; /* SHA-256 of the TSA's SubjectPublicKeyInfo */
	bool is_same;    /* the answer came from this key */
	const struct tree *tree;
	int64_t behind_ms; /* an answer was so long before what it covers; 0: none */
	struct ltp_worker *w;
};

static bool is_spared(const struct choice *c, const struct tsa *tsa)
{
	return c->second.not_tsa[0] != '\0' &&
	       strcmp(c->second.not_tsa, tsa->name) == 0;
}

/* The key of the partner: a TSA under two names is one TSA. */
static int read_key(struct choice *c, const struct footing *f, struct ltps_error *err)
{
	struct material *m = NULL;
	int rc = material_new(&m, err);
	if (rc == 0)
		rc = footing_path(f->uses, m, NULL, err);
	for (size_t i = 0; rc == 0 && i < material_count(m, MATERIAL_CERT); i++) {
		const struct cert *cert = material_cert(m, MATERIAL_CERT, i);
		if (memcmp(cert->sha256, f->tsa_sha256, 32) != 0)
			continue;
		memcpy(c->key, cert->spki_sha256, 32);
		c->has_key = true;
	}
	material_free(m);
	return rc;
}

static int signer_has_key(X509 *signer, const struct choice *c, bool *ret_same,
			  struct ltps_error *err)
{
	struct cert *cert = NULL;
	uint8_t *der = NULL;
	const int n = i2d_X509(signer, &der);
	if (n <= 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "certificate");
	int rc = cert_parse(view_of(der, (size_t)n), &cert, err);
	if (rc == 0)
		*ret_same = memcmp(cert->spki_sha256, c->key, 32) == 0;
	cert_free(cert);
	OPENSSL_free(der);
	return rc;
}

/* Clocks of two TSAs differ: a token that is older than one below it is of no use in
 * any record, and its link would be frozen. */
static int check_order(struct choice *c, const struct tst *tst, struct ltps_error *err)
{
	int64_t covers_ms;
	char covers[TIME_TEXT_MAX];
	if (tree_covers_ms(c->w->conn, c->tree->id, ltp_now(c->w->l), CARRIED_PART,
			   &covers_ms, err) != 0)
		return -1;
	if (ers_in_order(covers_ms, tst->gen_time_ms))
		return 0;
	/* The next one may be cut to its second. */
	const int64_t behind_ms = covers_ms + 999 - tst->gen_time_ms;
	if (c->behind_ms == 0 || behind_ms < c->behind_ms)
		c->behind_ms = behind_ms;
	time_rfc3339(covers_ms, covers);
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 4998 5.1",
			 "genTime is %lld ms before that of what is to be covered, %s",
			 (long long)(covers_ms - tst->gen_time_ms), covers);
}

/* Of struct tsp_client: preserve_gate(), another key for a second opinion, and in the
 * order of time. */
static int stamp_gate(const void *arg, const struct tst *tst, X509 *signer,
		      int64_t received_ms, struct ltps_error *err)
{
	/* The client hands on what stamp_tree() gave it, which is its own. */
	struct choice *c = (struct choice *)(uintptr_t)arg;
	c->is_same = false;
	if (preserve_gate(c->w, tst, signer, received_ms, err) != 0 ||
	    (c->has_key && signer_has_key(signer, c, &c->is_same, err) != 0))
		return -1;
	if (!c->is_same || c->any)
		return check_order(c, tst, err);
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL,
			 "it signs with the key of TSA %.100s: that is no second "
			 "opinion",
			 c->second.not_tsa);
}

/* A second opinion is no longer waited for: less than half of the margin is left. */
static int may_not_wait(struct ltp_worker *w, const struct tree *t, struct choice *c,
			struct ltps_error *err)
{
	struct footing f = { 0 };
	const int64_t now = ltp_now(w->l);
	c->any = false;
	if (c->second.partner == 0)
		return 0;
	if (footing_get(w->conn, c->second.partner, &f, err) != 0)
		return -1;
	const int rc = read_key(c, &f, err);
	/* Closed in the future: the clock was ahead, and nothing is gained by waiting.
	 */
	if (t->closed_ms > now + UPKEEP_CLOCK_SLACK_MS ||
	    now >= t->closed_ms + SPARED_WAIT_MS)
		c->any = f.weakens_ms != INT64_MIN &&
			 plan_is_due(f.weakens_ms, w->l->o.upkeep.margin_ms / 2, now);
	footing_clear(&f);
	return rc;
}

/* For a second opinion first all but the TSA of the first. */
static int choose_tsas(struct ltp_worker *w, const struct tree *t, struct choice *c,
		       struct ltps_error *err)
{
	const struct ltp *l = w->l;
	c->w = w;
	c->tree = t;
	c->any = true;
	if (t->purpose == TREE_TIMESTAMP_RENEWAL &&
	    tree_second_get(w->conn, t->id, &c->second, err) != 0)
		return -1;
	for (size_t i = 0; i < l->o.n_tsas && c->n < TSP_TSAS_MAX; i++)
		if (!is_spared(c, &l->o.tsas[i]))
			c->tsas[c->n++] = l->o.tsas[i];
	/* With no other configured any more it is a renewal like all others. */
	if (c->n > 0 && may_not_wait(w, t, c, err) != 0)
		return -1;
	for (size_t i = 0; c->any && i < l->o.n_tsas && c->n < TSP_TSAS_MAX; i++)
		if (is_spared(c, &l->o.tsas[i]))
			c->tsas[c->n++] = l->o.tsas[i];
	return 0;
}

struct stamp_task {
	struct tree_stamp stamp;
	const struct tree *tree;
	struct blob_new *nodes;
	const char *same_tsa; /* it came from the TSA that was to be spared, whatever
				 its name is now; else NULL */
	bool copies;          /* there is a second directory */
	bool given_up;        /* by what lapsed at this token's time */
};

static int audit_stamp(struct store_conn *conn, const struct stamp_task *s,
		       struct ltps_error *err)
{
	const bool first = s->tree->purpose == TREE_FIRST;
	const struct upkeep_event e = {
		.operation = first ? "EvidenceCreated" : "EvidenceTimestamped",
		.now_ms = s->stamp.now_ms,
	};
	return upkeep_audit(conn, &e, err, "tree %lld, %llu leaves%s%s",
			    (long long)s->tree->id,
			    (unsigned long long)s->tree->n_leaves, first ? "" : ", by ",
			    first ? "" : s->stamp.tsa);
}

/* The genTime proves that time has passed: what ended meanwhile, as when the service
 * stood still for long, is not to be a link of any chain from now on. */
static int lapse(struct store_conn *conn, struct stamp_task *s, struct ltps_error *err)
{
	const struct upkeep_event e = { .operation = "EvidenceLost",
					.now_ms = s->stamp.now_ms };
	struct footing_loss loss = { 0 };
	struct tree t;
	if (tips_lapse(conn, e.now_ms, s->stamp.gen_time_ms, &loss, err) != 0)
		return -1;
	if (loss.restored == 0)
		return 0;
	if (upkeep_wake(conn, JOB_RENEW_TIMESTAMPS, e.now_ms, err) != 0 ||
	    upkeep_wake(conn, JOB_RENEW_HASHES, e.now_ms, err) != 0 ||
	    plan_forget(conn, err) != 0 ||
	    upkeep_audit(conn, &e, err,
			 "not renewed before they ended: %llu time-stamps fell, %llu "
			 "before them count again",
			 (unsigned long long)loss.tokens,
			 (unsigned long long)loss.restored) != 0)
		return -1;
	/* Chains in it may have ended in one of these: it was given up. */
	if (tree_get(conn, s->tree->id, &t, err) == 0)
		return 0;
	if (err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	s->given_up = true;
	return 0;
}

static int run_stamp(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct stamp_task *s = arg;
	int64_t token;
	char text[32];
	s->given_up = false;
	if (lapse(conn, s, err) != 0)
		return -1;
	if (s->given_up)
		return 0;
	if (s->same_tsa != NULL &&
	    tree_set_second(conn, s->tree->id, s->same_tsa, 0, err) != 0)
		return -1;
	if (tree_stamp(conn, &s->stamp, &token, err) != 0)
		return -1;
	snprintf(text, sizeof(text), "%lld", (long long)token);
	if (job_add(conn, JOB_COMPLETE_TOKEN, text, s->stamp.now_ms, NULL, err) != 0)
		return -1;
	/* What came since the last tree, and this tree's nodes, want a copy. */
	if (s->copies && upkeep_wake(conn, JOB_COPY, s->stamp.now_ms, err) != 0)
		return -1;
	return audit_stamp(conn, s, err);
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

static int keep_stamp(struct ltp_worker *w, struct stamp_task *s,
		      const struct tsp_answer *answer, const struct tsa *tsa,
		      struct ltps_error *err)
{
	s->stamp.tree = s->tree->id;
	s->stamp.nodes = s->nodes;
	s->stamp.token = answer->tst->cms->whole;
	s->stamp.gen_time_ms = answer->tst->gen_time_ms;
	s->stamp.tsa = tsa->name;
	s->stamp.now_ms = ltp_now(w->l);
	if (failpoint_pass("ltp.stamp.store"))
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_SELF, NULL, "fail-point");
	return store_write(w->l->o.store, run_stamp, s, err);
}

/* Two tokens that were both taken are not further apart, but for the cut second. */
static int64_t behind_max(const struct tsp_client *c)
{
	return 2 * (c->skew_ms != 0 ? c->skew_ms : TSP_SKEW_MS_DEFAULT) + 2 * 1000;
}

/* ret_behind_ms  when it failed: an answer was so long before what the tree covers, no
 *                longer than clocks may differ; else 0 */
static int stamp_tree(struct ltp_worker *w, const struct tree *t,
		      int64_t *ret_behind_ms, struct ltps_error *err)
{
	int rc = -1;
	struct ltp *l = w->l;
	uint8_t *nodes = NULL;
	size_t n_nodes = 0;
	struct tsp_answer answer = { 0 };
	struct stamp_task s = { .tree = t, .copies = l->o.upkeep.copies != NULL };
	struct choice choice = { .n = 0 };
	struct tsp_client client = ltp_tsp_client(l);
	*ret_behind_ms = 0;
	if (choose_tsas(w, t, &choice, err) != 0)
		return -1;
	client.tsas = choice.tsas;
	client.n_tsas = choice.n;
	client.gate = stamp_gate;
	client.gate_arg = &choice;
	if (build_nodes(w, t, &nodes, &n_nodes, &s.stamp.root, err) != 0)
		goto out;
	if (tsp_client_stamp(&client, w->fetch, &s.stamp.root, &answer, err) != 0) {
		if (choice.behind_ms <= behind_max(&client))
			*ret_behind_ms = choice.behind_ms;
		goto out;
	}
	if (failpoint_pass("ltp.stamp.token_received")) {
		ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_SELF, NULL, "fail-point");
		goto out;
	}
	if (blob_prepare(l->o.store, STORE_TENANT_SYSTEM, view_of(nodes, n_nodes), NULL,
			 &s.nodes, err) != 0)
		goto out;
	if (choice.is_same || is_spared(&choice, &choice.tsas[answer.tsa]))
		s.same_tsa = choice.second.not_tsa;
	rc = keep_stamp(w, &s, &answer, &choice.tsas[answer.tsa], err);
	if (rc == 0)
		log_tree(l, LOG_INFO,
			 s.given_up ? "tree given up: chains in it ended before"
				    : "tree time-stamped",
			 t, NULL);
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
	const struct tree *tree;
	int64_t now_ms;
	int64_t next_ms;
	const struct ltps_error *why;
};

static int run_failed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct failed_task *f = arg;
	char line[STORE_ERROR_MAX + 1];
	ltps_error_line(f->why, line, sizeof(line));
	if (tree_attempt_failed(conn, f->tree->id, f->next_ms, line, err) != 0)
		return -1;
	/* Whoever opened a renewal tells that it fails. */
	return f->tree->purpose == TREE_FIRST || f->tree->attempts > 0
		   ? 0
		   : upkeep_wake(conn, JOB_RENEW_TIMESTAMPS, f->now_ms, err);
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
	struct failed_task f = { .tree = t, .now_ms = ltp_now(w->l), .why = why };
	f.next_ms = f.now_ms + stamp_delay(t->attempts);
	log_tree(w->l, LOG_ERROR, "no time-stamp for a tree; will be tried again", t,
		 why);
	earlier(ret_next_ms, f.next_ms);
	return store_write(w->l->o.store, run_failed, &f, err);
}

struct put_off_task {
	int64_t tree;
	int64_t next_ms;
};

static int run_put_off(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct put_off_task *p = arg;
	return tree_put_off(conn, p->tree, p->next_ms, err);
}

/* The TSA's clock will be there: no failure yet. One that stands, or falls further
 * behind, is soon refused as not of our time, and that is one. */
static int stamp_put_off(struct ltp_worker *w, const struct tree *t, int64_t behind_ms,
			 const struct ltps_error *why, int64_t *ret_next_ms,
			 struct ltps_error *err)
{
	const int64_t wait_ms =
	    behind_ms < STAMP_RETRY_LONGEST_MS ? behind_ms : STAMP_RETRY_LONGEST_MS;
	struct put_off_task p = { .tree = t->id, .next_ms = ltp_now(w->l) + wait_ms };
	log_tree(w->l, LOG_WARNING,
		 "the clock of a TSA is behind that of another: asked again later", t,
		 why);
	earlier(ret_next_ms, p.next_ms);
	return store_write(w->l->o.store, run_put_off, &p, err);
}

/* What is further away than any delay was put off while the clock was ahead. */
static bool is_put_off(const struct tree *t, int64_t now_ms)
{
	return t->next_attempt_ms > now_ms &&
	       t->next_attempt_ms <=
		   now_ms + STAMP_RETRY_LONGEST_MS + UPKEEP_CLOCK_SLACK_MS;
}

static int step_stamp(struct ltp_worker *w, int64_t *ret_next_ms,
		      struct ltps_error *err)
{
	struct trees *closing = mem_zalloc(1, sizeof(*closing));
	if (closing == NULL)
		return ltps_fail_nomem(err);
	/* By next attempt: those that fail stand behind those that were not tried. */
	int rc = tree_due_to_stamp(w->conn, INT64_MAX, keep_tree, closing, err);
	for (size_t i = 0; rc == 0 && i < closing->n; i++) {
		const struct tree *t = &closing->t[i];
		struct ltps_error why = LTPS_ERROR_INIT;
		int64_t behind_ms;
		if (is_put_off(t, ltp_now(w->l))) {
			earlier(ret_next_ms, t->next_attempt_ms);
			continue;
		}
		if (preserve_go_on(w, err) != 0) {
			rc = -1;
			break;
		}
		if (stamp_tree(w, t, &behind_ms, &why) == 0)
			continue;
		if (atomic_load(&w->cancelled)) /* no fault of the TSA's */
			rc = preserve_go_on(w, err);
		else if (behind_ms > 0)
			rc = stamp_put_off(w, t, behind_ms, &why, ret_next_ms, err);
		else if (why.code != LTPS_STATE) /* STATE: another process was first */
			rc = stamp_failed(w, t, &why, ret_next_ms, err);
	}
	mem_free(closing);
	return rc;
}

/* --- jobs --- */

/* The most overdue job of a kind is claimed; found false: none is due, and *ret_next_ms
 * not later than when one will be. */
struct claimed {
	struct job job;
	bool found;
	struct job_claim claim;
};

static int run_claim(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct claimed *c = arg;
	return job_claim(conn, &c->claim, &c->job, &c->found, err);
}

static int preserve_claim(struct ltp_worker *w, const char *kind, struct claimed *c,
			  int64_t *ret_next_ms, struct ltps_error *err)
{
	int64_t due = 0;
	c->claim = (struct job_claim){
		.kind = kind,
		.owner = PRESERVE_CLAIMANT,
		.now_ms = ltp_now(w->l),
		.lease_ms = JOB_LEASE_MS,
	};
	if (upkeep_due(w, kind, c->claim.now_ms, JOB_LONGEST_MS, &due, err) != 0)
		return -1;
	if (due == 0 || due > c->claim.now_ms) { /* nothing: no write for a look */
		if (due != 0)
			earlier(ret_next_ms, due);
		return 0;
	}
	if (preserve_go_on(w, err) != 0)
		return -1;
	return store_write(w->l->o.store, run_claim, c, err);
}

static int step_complete(struct ltp_worker *w, bool *ret_worked, int64_t *ret_next_ms,
			 struct ltps_error *err)
{
	struct claimed c = { 0 };
	*ret_worked = false;
	if (preserve_claim(w, JOB_COMPLETE_TOKEN, &c, ret_next_ms, err) != 0)
		return -1;
	if (!c.found)
		return 0;
	*ret_worked = true;
	return preserve_complete(w, &c.job, err);
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
	if (worked)
		earlier(ret_next_ms, ltp_now(w->l));
	return 0;
}

int ltp_care(struct ltp_worker *w, int64_t *ret_next_ms, struct ltps_error *err)
{
	struct claimed c = { 0 };
	*ret_next_ms = INT64_MAX;
	if (preserve_claim(w, JOB_CARE, &c, ret_next_ms, err) != 0 ||
	    (c.found && signatures_care(w, &c.job, err) != 0))
		return -1;
	if (c.found)
		earlier(ret_next_ms, ltp_now(w->l));
	return 0;
}

const char *const preserve_failpoints[] = {
	"ltp.stamp.token_received",
	"ltp.stamp.store",
	"ltp.complete.store",
	NULL,
};
