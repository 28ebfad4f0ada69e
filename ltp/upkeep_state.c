/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upkeep_state - what keeps the archive up, as JSON for operators: alarms with their
 * beginning, how the TSAs answer, the certificates that evidence stands on, the history
 * of trust anchors, and the durable jobs.
 */
#include <inttypes.h>
#include <string.h>

#include "base/jsonw.h"
#include "ltp/notify_private.h"
#include "ltp/plan_private.h"
#include "ltp/trusted_lists.h"
#include "storage/queue.h"
#include "storage/term.h"

struct telling {
	struct ltp_worker *w;
	struct jsonw *j;
	int64_t now_ms;
};

/* ---- TSAs as configured ---- */

/* "host:port" of a URL: its path or query may be a secret of the contract. */
static struct view host_of(const char *url)
{
	const char *host = strstr(url, "://");
	host = host != NULL ? host + 3 : url;
	const size_t n = strcspn(host, "/?#");
	const char *at = memchr(host, '@', n);
	return at != NULL ? view_of(at + 1, n - (size_t)(at + 1 - host))
			  : view_of(host, n);
}

static int put_tsa(struct telling *t, size_t i, struct ltps_error *err)
{
	const struct tsa *tsa = &t->w->l->o.tsas[i];
	struct tsa_seen_state seen;
	int64_t stamped_ms;
	if (token_newest_of(t->w->conn, tsa->name, &stamped_ms, err) != 0)
		return -1;
	tsa_seen_get(t->w->l->tsas, i, &seen);
	jsonw_object(t->j);
	jsonw_member(t->j, "name", tsa->name);
	jsonw_key(t->j, "host");
	jsonw_text(t->j, host_of(tsa->url));
	jsonw_member_time(t->j, "answered", seen.answered_ms);
	jsonw_member_time(t->j, "stamped", stamped_ms);
	jsonw_member_time(t->j, "failing_since", seen.failing_ms);
	jsonw_member_int(t->j, "failures", (int64_t)seen.failures);
	jsonw_member(t->j, "error", seen.why[0] != '\0' ? seen.why : NULL);
	jsonw_object_end(t->j);
	return 0;
}

static int put_tsas(struct telling *t, struct ltps_error *err)
{
	const size_t n = t->w->l->o.n_tsas;
	for (size_t i = 0; i < n && i < TSP_TSAS_MAX; i++)
		if (put_tsa(t, i, err) != 0)
			return -1;
	return 0;
}

/* ---- certificates that evidence stands on ---- */

static const char *word_of(const struct footing *f, const struct plan_tsa *known)
{
	if (f->lost_ms != 0)
		return "lost";
	if (known->withdrawn_ms != INT64_MAX)
		return "withdrawn";
	if (known->held)
		return "on-hold";
	return known->good_ms != INT64_MIN ? "good" : "unknown";
}

/* footing_row */
static int put_footing(void *arg, const struct footing *f, struct ltps_error *err)
{
	struct telling *t = arg;
	struct plan_tsa known;
	if (plan_tsa_get(t->w->conn, f->tsa_sha256, &known, err) != 0)
		return -1;
	jsonw_object(t->j);
	jsonw_member(t->j, "subject", f->tsa);
	jsonw_key(t->j, "sha256");
	jsonw_hex(t->j, view_of(f->tsa_sha256, sizeof(f->tsa_sha256)));
	jsonw_member(t->j, "status", word_of(f, &known));
	jsonw_member_time(t->j, "known_good", known.good_ms);
	jsonw_member_time(t->j, "withdrawn", known.withdrawn_ms);
	jsonw_member(t->j, "status_why", known.why[0] != '\0' ? known.why : NULL);
	jsonw_member_time(t->j, "ends", f->ends_ms);
	jsonw_member_time(t->j, "weakens", f->weakens_ms);
	jsonw_member(t->j, "why", f->reason);
	jsonw_object_end(t->j);
	return 0;
}

static int put_footings(struct telling *t, struct ltps_error *err)
{
	return footing_list(t->w->conn, put_footing, t, err);
}

/* ---- anchors ---- */

static int put_anchor(void *arg, const struct anchor_row *row, struct ltps_error *err)
{
	struct telling *t = arg;
	char name[CERT_TEXT_MAX];
	struct cert *c = NULL;
	if (cert_parse(row->der, &c, err) != 0)
		return -1;
	cert_text(c, name);
	jsonw_object(t->j);
	jsonw_member(t->j, "subject", name);
	jsonw_member_time(t->j, "ends", c->not_after_ms);
	jsonw_member_time(t->j, "trusted_from", row->trusted_from_ms);
	jsonw_member_time(t->j, "trusted_until",
			  row->sunset_ms != 0 ? row->sunset_ms : INT64_MAX);
	jsonw_member_bool(t->j, "trusted",
			  row->sunset_ms == 0 || row->sunset_ms > t->now_ms);
	jsonw_member(t->j, "source", row->source);
	jsonw_object_end(t->j);
	cert_free(c);
	return 0;
}

static int put_anchors(struct telling *t, struct ltps_error *err)
{
	return anchor_list(t->w->conn, put_anchor, t, err);
}

static int put_lists(struct telling *t, struct ltps_error *err)
{
	return trusted_lists_json(t->w->conn, &t->w->l->o.lists, t->now_ms, t->j, err);
}

/* ---- jobs ---- */

/* The care of an object tells who signed it, which is not for who runs the place. */
static const char *error_of(const struct queue_sum *s)
{
	return s->last_error[0] != '\0' && strcmp(s->kind, JOB_CARE) != 0
		   ? s->last_error
		   : NULL;
}

static int put_jobs(void *arg, const struct queue_sum *s, struct ltps_error *err)
{
	struct telling *t = arg;
	(void)err;
	jsonw_object(t->j);
	jsonw_member(t->j, "kind", s->kind);
	jsonw_member_int(t->j, "waiting", (int64_t)s->waiting);
	jsonw_member_int(t->j, "due", (int64_t)s->due);
	jsonw_member_int(t->j, "running", (int64_t)s->running);
	jsonw_member_int(t->j, "given_up", (int64_t)s->dead);
	jsonw_member_time(t->j, "due_since", s->due_since_ms);
	jsonw_member(t->j, "error", error_of(s));
	jsonw_object_end(t->j);
	return 0;
}

static int put_queue(struct telling *t, struct ltps_error *err)
{
	return queue_sums(t->w->conn, t->now_ms, put_jobs, t, err);
}

/* ---- all of it ---- */

static const struct {
	const char *key;
	int (*put)(struct telling *t, struct ltps_error *err);
} LISTS[] = {
	{ "tsas", put_tsas },
	{ "certificates", put_footings },
	{ "anchors", put_anchors },
	{ "trusted_lists", put_lists },
	{ "jobs", put_queue },
};

static int put_all(struct ltp_worker *w, struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	struct telling t = { .w = w, .j = &j, .now_ms = ltp_now(w->l) };
	jsonw_object(&j);
	jsonw_member_time(&j, "time", t.now_ms);
	jsonw_key(&j, "alarms");
	if (notify_alarms_json(w, &j, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(LISTS) / sizeof(LISTS[0]); i++) {
		jsonw_key(&j, LISTS[i].key);
		jsonw_array(&j);
		if (LISTS[i].put(&t, err) != 0)
			return -1;
		jsonw_array_end(&j);
	}
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

int ltp_upkeep_state(struct ltp_worker *w, struct buf *out, struct ltps_error *err)
{
	if (store_read_begin(w->conn, err) != 0)
		return -1;
	const int rc = put_all(w, out, err);
	store_read_end(w->conn);
	return rc;
}
