/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace - RetrieveTrace: what the audit says of one object, and when its
 * evidence came. Deleted objects keep their trace.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/inside.h"
#include "storage/audit.h"
#include "storage/renewal.h"

/* What changes nothing: whoever may read could fill the list with it. So could whoever
 * is refused; the outcome of that begins with "error/". */
static const char *const READING[] = {
	"RetrievePO", "RetrieveTrace", "RetrieveInfo", "ValidateEvidence",
	"Search",     "Outlook",       "OpenLink",
};

/* How many there are of each sort, and how many are passed over. */
struct tally {
	uint64_t reads, acts;
	uint64_t reads_kept;   /* the first ones */
	uint64_t acts_skipped; /* the first ones: the newest always stand */
};

struct run {
	struct ltp_trace out;
	size_t cap;
	int64_t last_seq; /* of the audit, for the next page */
	struct tally all, seen;
	size_t n_renewals;
	struct ltp_worker *w;
};

void ltp_trace_clear(struct ltp_trace *t)
{
	for (size_t i = 0; i < t->n; i++) {
		mem_free(t->events[i].subject);
		mem_free(t->events[i].operation);
		mem_free(t->events[i].object);
		mem_free(t->events[i].detail);
	}
	mem_free(t->events);
	*t = (struct ltp_trace){ 0 };
}

static int copy_text(char **ret_text, const char *s, struct ltps_error *err)
{
	if (s == NULL || s[0] == '\0')
		return 0;
	*ret_text = mem_dup_text(s);
	return *ret_text == NULL ? ltps_fail_nomem(err) : 0;
}

/* What an event says; copied. */
struct event_text {
	int64_t time_ms;
	const char *subject;
	const char *operation;
	const char *object;
	const char *detail;
};

static int add_event(struct run *run, const struct event_text *t,
		     struct ltps_error *err)
{
	if (mem_grow(&run->out.events, sizeof(*run->out.events), run->out.n + 1,
		     &run->cap, err) != 0)
		return -1;
	struct ltp_event *e = &run->out.events[run->out.n++];
	*e = (struct ltp_event){ .time_ms = t->time_ms };
	if (copy_text(&e->subject, t->subject, err) != 0 ||
	    copy_text(&e->operation, t->operation, err) != 0 ||
	    copy_text(&e->object, t->object, err) != 0 ||
	    copy_text(&e->detail, t->detail, err) != 0)
		return -1;
	return 0;
}

/* ---- of the audit ---- */

static bool is_reading(const struct audit_entry *a)
{
	static const char refused[] = "error/";
	if (a->outcome != NULL &&
	    strncmp(a->outcome, refused, sizeof(refused) - 1) == 0)
		return true;
	for (size_t i = 0; i < sizeof(READING) / sizeof(READING[0]); i++)
		if (strcmp(a->operation, READING[i]) == 0)
			return true;
	return false;
}

static int count_event(void *arg, const struct audit_entry *a, struct ltps_error *err)
{
	struct run *run = arg;
	(void)err;
	run->last_seq = a->seq;
	if (is_reading(a))
		run->all.reads++;
	else
		run->all.acts++;
	return 0;
}

/* Of the limit the acts take what they need, and the reads get what is left. */
static void share_out(struct tally *t)
{
	const uint64_t acts =
	    t->acts < LTP_TRACE_EVENTS_MAX ? t->acts : LTP_TRACE_EVENTS_MAX;
	const uint64_t left = LTP_TRACE_EVENTS_MAX - acts;
	t->acts_skipped = t->acts - acts;
	t->reads_kept = t->reads < left ? t->reads : left;
}

static bool is_kept(struct run *run, const struct audit_entry *a)
{
	if (is_reading(a))
		return run->seen.reads++ < run->all.reads_kept;
	return run->seen.acts++ >= run->all.acts_skipped;
}

static int audit_event(void *arg, const struct audit_entry *a, struct ltps_error *err)
{
	struct run *run = arg;
	char detail[STORE_TEXT_MAX + STORE_NAME_MAX + 8];
	bool good = a->outcome == NULL || strcmp(a->outcome, "success") == 0;
	snprintf(detail, sizeof(detail), "%s%s%s", good ? "" : a->outcome,
		 good || a->detail == NULL ? "" : ": ",
		 a->detail != NULL ? a->detail : "");
	const struct event_text t = {
		.time_ms = a->time_ms,
		.subject = a->actor != NULL ? a->actor : "service",
		.operation = a->operation,
		.object = a->poid,
		.detail = detail,
	};
	run->last_seq = a->seq;
	return is_kept(run, a) ? add_event(run, &t, err) : 0;
}

typedef int audit_row_fn(void *arg, const struct audit_entry *a,
			 struct ltps_error *err);

/* Every entry of one object, page by page. */
static int each_entry(struct run *run, const struct audit_query *of, audit_row_fn *row,
		      struct ltps_error *err)
{
	struct audit_query q = *of;
	run->last_seq = 0;
	for (int64_t before = -1; before != run->last_seq;) {
		before = run->last_seq;
		if (audit_list(run->w->conn, &q, row, run, err) != 0)
			return -1;
		q.after_seq = run->last_seq;
	}
	return 0;
}

/* ---- of the evidence ---- */

struct stamp_event {
	const char *operation;
	const char *object;
	const char *what; /* before the time-stamp */
};

static int token_event(struct run *run, int64_t id, const struct stamp_event *e,
		       struct ltps_error *err)
{
	struct token *token = NULL;
	char detail[512], time[TIME_TEXT_MAX];
	if (token_get(run->w->conn, id, &token, err) != 0)
		return -1;
	time_rfc3339(token->gen_time_ms, time);
	snprintf(detail, sizeof(detail), "%s, time-stamped by %.200s at %s", e->what,
		 token->tsa, time);
	const struct event_text t = {
		.time_ms = token->stored_ms,
		.subject = run->w->l->o.service_id,
		.operation = e->operation,
		.object = e->object,
		.detail = detail,
	};
	token_free(token);
	return add_event(run, &t, err);
}

/* The tokens that renewed the first one, up to the tip. */
static int renewal_events(struct run *run, int64_t first, const char *object,
			  struct ltps_error *err)
{
	const struct stamp_event e = { .operation = "EvidenceRenewed",
				       .object = object,
				       .what = "time-stamp renewed" };
	struct token_link link;
	if (token_link_get(run->w->conn, first, &link, err) != 0)
		return -1;
	while (link.next != 0 && run->n_renewals++ < LTP_TRACE_EVENTS_MAX)
		if (token_event(run, link.next, &e, err) != 0 ||
		    token_link_get(run->w->conn, link.next, &link, err) != 0)
			return -1;
	return 0;
}

/* The leaf's tree: its token, and those that renewed it, are events of the object. */
static int leaf_event(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct run *run = arg;
	struct tree tree;
	char what[128], object[64];
	if (tree_get(run->w->conn, leaf->tree, &tree, err) != 0)
		return -1;
	if (tree.state != TREE_STAMPED)
		return 0;
	const bool renewal = tree.purpose == TREE_HASH_RENEWAL;
	snprintf(object, sizeof(object), "tree:%lld/%llu", (long long)leaf->tree,
		 (unsigned long long)leaf->index);
	snprintf(what, sizeof(what), "%s hash tree%s", digest_name(tree.alg),
		 renewal ? " over object and earlier evidence" : "");
	const struct stamp_event e = { .operation = renewal ? "EvidenceHashRenewed"
							    : "EvidenceCreated",
				       .object = object,
				       .what = what };
	if (token_event(run, tree.token, &e, err) != 0)
		return -1;
	return renewal_events(run, tree.token, object, err);
}

/* ---- both ---- */

static int by_time(const void *a, const void *b)
{
	const struct ltp_event *x = a, *y = b;
	return x->time_ms < y->time_ms ? -1 : x->time_ms > y->time_ms;
}

static int collect(struct run *run, const struct ltp_caller *caller,
		   const struct object *o, struct ltps_error *err)
{
	const struct audit_query q = { .tenant = tenant_of(caller), .poid = o->poid };
	if (each_entry(run, &q, count_event, err) != 0)
		return -1;
	share_out(&run->all);
	if (each_entry(run, &q, audit_event, err) != 0)
		return -1;
	for (size_t i = 0; i < o->n_versions; i++)
		if (tree_leaves_of(run->w->conn, LEAF_VERSION, o->versions[i].id,
				   leaf_event, run, err) != 0)
			return -1;
	if (run->out.n > 1)
		qsort(run->out.events, run->out.n, sizeof(*run->out.events), by_time);
	return 0;
}

/* From one state of the store: what is counted is what is listed. */
static int collect_at_once(struct run *run, const struct ltp_caller *caller,
			   const struct object *o, struct ltps_error *err)
{
	if (store_read_begin(run->w->conn, err) != 0)
		return -1;
	const int rc = collect(run, caller, o, err);
	store_read_end(run->w->conn);
	return rc;
}

static void tell_omitted(const struct tally *t, struct ltp_result *r)
{
	const uint64_t reads = t->reads - t->reads_kept;
	if (t->acts_skipped > 0)
		refuse(r, LTP_OK,
		       "%" PRIu64 " later reads or refusals and %" PRIu64
		       " earlier events are left out",
		       reads, t->acts_skipped);
	else if (reads > 0)
		refuse(r, LTP_OK, "%" PRIu64 " later reads or refusals are left out", reads);
}

int ltp_trace(struct ltp_worker *w, const struct ltp_caller *caller, const char *poid,
	      struct ltp_trace *ret_t, struct ltp_result *ret_result,
	      struct ltps_error *err)
{
	int rc = -1;
	struct object *object = NULL;
	struct run run = { .w = w };
	refuse(ret_result, LTP_OK, "%s", "");
	if (object_find(w, caller, poid, &object, ret_result, err) != 0 ||
	    (object != NULL &&
	     object_allows(w->l, object, OP_RETRIEVE_TRACE, ret_result) &&
	     collect_at_once(&run, caller, object, err) != 0))
		goto out;
	tell_omitted(&run.all, ret_result);
	const struct audit_note note = {
		.caller = caller,
		.operation = OP_RETRIEVE_TRACE,
		.poid = poid,
		.detail = ret_result->message,
		.result = ret_result,
	};
	if (ltp_audit(w, &note, err) != 0)
		goto out;
	*ret_t = run.out;
	run.out = (struct ltp_trace){ 0 };
	rc = 0;
out:
	ltp_trace_clear(&run.out);
	object_free(object);
	return rc;
}
