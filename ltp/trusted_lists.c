/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_lists - the turn of the care of trusted lists: the most overdue one is tried,
 * and what is new is kept. trusted_lists_watch() sees what follows from it.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/fixity.h"
#include "ltp/rows.h"
#include "ltp/trusted_lists_private.h"
#include "storage/fixity.h"

/* After a failure: soon, then later and later up to the rhythm. */
#define FIRST_DELAY_MS 60000
/* A list with all its pivots: well within the lease, since other upkeep waits. */
#define ATTEMPT_MS 240000
#define KEY_PREFIX "trusted-list "

/* ---- keeping ---- */

/* The document and the pivots it was believed by. */
#define KEPT_MAX (1 + TRUSTED_LIST_PIVOTS_MAX)

struct keeping {
	const struct tl_entry *entry;
	struct tl_state *state;
	const struct profile *profile; /* NULL: no tree takes leaves */
	struct material_new rows[KEPT_MAX];
	struct leaf_new leaves[KEPT_MAX];
	char key[TL_KEY_MAX + sizeof(KEY_PREFIX)];
	size_t n;
	int64_t now_ms;
	bool good;    /* the attempt */
	bool is_news; /* another document than before */
};

static int add_document(struct ltp_worker *w, struct keeping *k, struct view octets,
			const char *source, struct ltps_error *err)
{
	struct ltp *l = w->l;
	struct material_new *row = &k->rows[k->n];
	struct leaf_new *leaf = &k->leaves[k->n];
	*row = (struct material_new){ .kind = MATERIAL_ROW_OTHER,
				      .key = view_text(k->key),
				      .source = source,
				      .fetched_ms = k->now_ms };
	if (blob_prepare(l->o.store, STORE_TENANT_SYSTEM, octets, NULL, &row->blob,
			 err) != 0)
		return -1;
	k->n++;
	if (k->profile == NULL)
		return 0;
	leaf->profile = k->profile->id;
	leaf->now_ms = k->now_ms;
	leaf->alg = leaf_digest(l, k->profile, k->now_ms);
	leaf->bytes = octets.n;
	return digest_once(leaf->alg, octets, &leaf->digest, err);
}

static int add_documents(struct ltp_worker *w, const struct tl_attempt *a,
			 struct keeping *k, struct ltps_error *err)
{
	if (!a->good || !k->is_news)
		return 0;
	if (add_document(w, k, view_buf(&a->document), a->state.url, err) != 0)
		return -1;
	k->rows[0].produced_ms = a->state.issued_ms;
	k->rows[0].until_ms =
	    trusted_list_until(a->state.issued_ms, a->state.next_update_ms);
	for (size_t i = 0; i < a->n_pivots; i++)
		if (add_document(w, k, view_buf(&a->pivots[i]), a->pivot_urls[i],
				 err) != 0)
			return -1;
	return 0;
}

static int tell_accepted(struct store_conn *conn, const struct keeping *k,
			 struct ltps_error *err)
{
	const struct upkeep_event e = { .operation = "TrustedListAccepted",
					.now_ms = k->now_ms };
	char name[TL_KEY_MAX];
	tl_entry_name(k->entry, name);
	return upkeep_audit(conn, &e, err, "%s number %llu, SHA-512 %s", name,
			    (unsigned long long)k->state->sequence, k->state->sha512);
}

/* The lists below a list of lists that changed may lie elsewhere now. */
static int wake_below(struct store_conn *conn, const struct keeping *k,
		      struct ltps_error *err)
{
	const struct ltp_trusted_list *l = k->entry->l;
	for (size_t i = 0; k->entry->territory == NULL && l->lists &&
			   i < l->n_territories;
	     i++) {
		const struct tl_entry below = { l, l->territories[i] };
		struct tl_state s;
		if (tl_state_get(conn, &below, &s, err) != 0)
			return -1;
		s.due_ms = 0;
		if (tl_state_put(conn, &below, &s, err) != 0)
			return -1;
	}
	return 0;
}

/* What was found of the stored version while another was got stays found; whether
 * something else may follow from the list than before. */
static int compare_with_stored(struct store_conn *conn, const struct keeping *k,
			       bool *ret_other, struct ltps_error *err)
{
	struct tl_state was;
	if (tl_state_get(conn, k->entry, &was, err) != 0)
		return -1;
	if (!k->good)
		k->state->damaged = was.damaged;
	*ret_other = k->n > 0 || was.accepted != k->state->accepted ||
		     was.damaged != k->state->damaged;
	return 0;
}

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct keeping *k = arg;
	bool other;
	int64_t id;
	if (compare_with_stored(conn, k, &other, err) != 0 ||
	    (other && trusted_lists_stir(conn, err) != 0))
		return -1;
	for (size_t i = 0; i < k->n; i++)
		if ((k->profile != NULL
			 ? material_preserve(conn, &k->rows[i], &k->leaves[i], &id, err)
			 : material_put(conn, &k->rows[i], &id, NULL, err)) != 0)
			return -1;
	if (k->n > 0 &&
	    (tell_accepted(conn, k, err) != 0 || wake_below(conn, k, err) != 0))
		return -1;
	return tl_state_put(conn, k->entry, k->state, err);
}

static int keep_attempt(struct ltp_worker *w, const struct tl_entry *e,
			struct tl_attempt *a, bool is_news, struct ltps_error *err)
{
	struct keeping *k = mem_zalloc(1, sizeof(*k));
	if (k == NULL)
		return ltps_fail_nomem(err);
	k->entry = e;
	k->state = &a->state;
	k->profile = keeping_profile(w->l);
	k->now_ms = a->state.tried_ms;
	k->good = a->good;
	k->is_news = is_news;
	memcpy(k->key, KEY_PREFIX, sizeof(KEY_PREFIX));
	tl_entry_name(e, k->key + sizeof(KEY_PREFIX) - 1);
	int rc = add_documents(w, a, k, err);
	if (rc == 0)
		rc = store_write(w->l->o.store, run_keep, k, err);
	for (size_t i = 0; i < k->n; i++)
		blob_new_free(k->rows[i].blob);
	mem_free(k);
	return rc;
}

/* ---- one list ---- */

static void plan_next(const struct tl_entry *e, struct tl_attempt *a)
{
	struct tl_state *s = &a->state;
	const struct job_policy policy = { FIRST_DELAY_MS, e->l->refresh_ms, 0 };
	if (a->good) {
		s->failures = 0;
		s->due_ms = s->tried_ms + e->l->refresh_ms;
	} else {
		s->failures++;
		s->due_ms =
		    s->tried_ms + job_delay(&policy, s->failures, view_text(s->url).n);
	}
	/* Its end is to be noticed when it comes. */
	const int64_t until_ms = trusted_list_until(s->issued_ms, s->next_update_ms);
	if (s->accepted && until_ms >= s->tried_ms && s->due_ms > until_ms)
		s->due_ms = until_ms + 1;
}

struct mending {
	int64_t blob;
	int64_t now_ms;
};

static int run_mended(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct mending *m = arg;
	return fixity_wake(conn, m->blob, m->now_ms, err);
}

/* The document came again whose stored octets are damaged: they are whole then, and
 * whoever listed the damage looks again.
 * ret_there  false: nothing is stored of it, not even damaged */
static int mend_stored(struct ltp_worker *w, const struct tl_attempt *a,
		       bool *ret_there, struct ltps_error *err)
{
	struct mending m = { .now_ms = a->state.tried_ms };
	*ret_there = false;
	if (tl_blob(w->conn, &a->state, &m.blob, err) != 0)
		return -1;
	if (m.blob == 0)
		return 0;
	*ret_there = true;
	if (fixity_mend(w->conn, m.blob, view_buf(&a->document), err) != 0)
		return -1;
	return store_write(w->l->o.store, run_mended, &m, err);
}

/* Whether the version that was got is to be stored. */
static int check_news(struct ltp_worker *w, const struct tl_state *before,
		      const struct tl_attempt *a, bool *ret_is_news,
		      struct ltps_error *err)
{
	bool there = before->accepted && strcmp(a->state.sha512, before->sha512) == 0;
	if (a->good && there && before->damaged &&
	    mend_stored(w, a, &there, err) != 0)
		return -1;
	*ret_is_news = !there;
	return 0;
}

static int keep_or_mend(struct ltp_worker *w, const struct tl_entry *e,
			const struct tl_state *before, struct tl_attempt *a,
			struct ltps_error *err)
{
	bool is_news = false;
	if (check_news(w, before, a, &is_news, err) != 0)
		return -1;
	plan_next(e, a);
	return keep_attempt(w, e, a, is_news, err);
}

/*
 * What cannot be kept is an attempt that failed: were it nothing, the list would be the
 * most overdue for ever and no other would be got.
 */
static int keep_failure(struct ltp_worker *w, const struct tl_entry *e,
			const struct tl_state *before, struct tl_attempt *a,
			const struct ltps_error *why, struct ltps_error *err)
{
	const int64_t tried_ms = a->state.tried_ms;
	char line[512];
	log_error(w->l->o.log, LOG_OPERATION, LOG_ERROR,
		  "a trusted list could not be stored", why,
		  LOG_FIELDS({ "list", e->l->name }));
	ltps_error_line(why, line, sizeof(line));
	a->good = false;
	a->state = *before;
	a->state.tried_ms = tried_ms;
	a->state.accepted = before->accepted && !a->forgotten;
	tl_attempt_fail(a, TL_WORD_UNKEPT, line);
	plan_next(e, a);
	return keep_attempt(w, e, a, false, err);
}

static bool is_cut_short(const struct ltps_error *e)
{
	return e->code == LTPS_CANCELLED || e->code == LTPS_NOMEM;
}

static int refresh(struct ltp_worker *w, const struct tl_entry *e,
		   const struct tl_state *before, int64_t now_ms,
		   struct ltps_error *err)
{
	struct tl_attempt a = { .state = *before };
	struct ltps_error why = LTPS_ERROR_INIT;
	fetch_until(w->fetch, clock_monotonic_ms() + ATTEMPT_MS);
	int rc = tl_attempt(w, e, now_ms, &a, err);
	fetch_until(w->fetch, INT64_MAX);
	if (rc == 0 && keep_or_mend(w, e, before, &a, &why) != 0) {
		if (is_cut_short(&why)) {
			*err = why;
			rc = -1;
		} else {
			rc = keep_failure(w, e, before, &a, &why, err);
		}
	}
	tl_attempt_clear(&a);
	return rc;
}

/* ---- all of them ---- */

struct overview {
	struct tl_entry first; /* the most overdue */
	struct tl_state of_first;
	int64_t due_ms; /* of it; INT64_MAX: there is none */
	char trouble[STORE_ERROR_MAX + 1];
	bool alarm;
};

/* That nobody answers is trouble; that what was got is not to be believed, or the last
 * that was has expired, puts what is judged by it in danger. */
static void look_trouble(struct overview *o, const struct tl_entry *e,
			 const struct tl_state *s, int64_t now_ms)
{
	const char *word = tl_state_word(s, now_ms);
	char name[TL_KEY_MAX], why[TRUSTED_LIST_WHY_MAX];
	if (strcmp(word, trusted_list_word(TRUSTED_LIST_GOOD)) == 0 ||
	    strcmp(word, TL_WORD_NONE) == 0)
		return;
	const bool alarm = strcmp(word, TL_WORD_UNREACHABLE) != 0;
	if (o->trouble[0] != '\0' && (o->alarm || !alarm))
		return;
	tl_entry_name(e, name);
	tl_state_why(s, now_ms, why);
	o->alarm = alarm;
	snprintf(o->trouble, sizeof(o->trouble), "%s: %s%s%s", name, word,
		 why[0] != '\0' ? ": " : "", why);
}

static int look(struct ltp_worker *w, int64_t now_ms, struct overview *o,
		struct ltps_error *err)
{
	struct tl_entry e;
	*o = (struct overview){ .due_ms = INT64_MAX };
	for (size_t i = 0; tl_entry_at(&w->l->o.lists, i, &e); i++) {
		struct tl_state s;
		if (tl_state_get(w->conn, &e, &s, err) != 0)
			return -1;
		look_trouble(o, &e, &s, now_ms);
		s.due_ms = tl_due_ms(&s, now_ms);
		if (s.due_ms >= o->due_ms)
			continue;
		o->due_ms = s.due_ms;
		o->first = e;
		o->of_first = s;
	}
	return 0;
}

int trusted_lists_turn(struct ltp_worker *w, struct upkeep_turn *t,
		       struct ltps_error *err)
{
	struct overview *o;
	int rc;
	t->again_ms = INT64_MAX;
	if (w->l->o.lists.n == 0)
		return 0;
	o = mem_zalloc(1, sizeof(*o));
	if (o == NULL)
		return ltps_fail_nomem(err);
	rc = look(w, t->now_ms, o, err);
	if (rc == 0 && o->due_ms <= t->now_ms) {
		const struct tl_entry e = o->first;
		const struct tl_state before = o->of_first;
		rc = refresh(w, &e, &before, t->now_ms, err);
		if (rc == 0)
			rc = look(w, t->now_ms, o, err);
	}
	if (rc == 0) {
		t->again_ms = o->due_ms > t->now_ms ? o->due_ms : t->now_ms;
		t->alarm = o->alarm;
		memcpy(t->trouble, o->trouble, sizeof(t->trouble));
	}
	mem_free(o);
	return rc;
}
