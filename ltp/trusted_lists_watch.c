/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_lists_watch - whether what the store holds of the lists is still what this
 * service began with. Another process may have kept a newer list, time may have ended
 * one, and what is stored may be damaged: then it is got again, or repaired.
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/fixity.h"
#include "ltp/trusted_lists_private.h"

/* Counts what happened to the lists or their documents: who remembers the number knows
 * without reading them that nothing did. */
#define GENERATION_SETTING "trusted-lists.generation"
/* After a failure of our own, which is told each time. */
#define RETRY_MS 60000
/* So long what is new waits for lists that are due: an attempt at one takes its time, but
 * one that nothing comes of must not hold up the others. */
#define PATIENCE_MS 300000

static int generation_of(struct store_conn *conn, uint64_t *ret, struct ltps_error *err)
{
	uint64_t generation = 0;
	size_t n;
	if (store_setting_find(conn, GENERATION_SETTING, (uint8_t *)&generation,
			       sizeof(generation), &n, err) != 0)
		return -1;
	*ret = generation;
	return 0;
}

int trusted_lists_stir(struct store_conn *conn, struct ltps_error *err)
{
	uint64_t generation;
	if (generation_of(conn, &generation, err) != 0)
		return -1;
	generation++;
	return store_setting_put(conn, GENERATION_SETTING, &generation,
				 sizeof(generation), err);
}

/* ---- what is stored ---- */

struct finding {
	struct tl_entry entry;
	struct tl_state state; /* as it was read */
	bool damaged;          /* now */
	int64_t blob;          /* 0: there is none */
	int64_t now_ms;
	bool noted;
};

static int note(struct store_conn *conn, struct finding *f, struct ltps_error *err)
{
	struct tl_state s;
	if (tl_state_get(conn, &f->entry, &s, err) != 0)
		return -1;
	/* Another version came meanwhile, or somebody else found it too. */
	if (!s.accepted || strcmp(s.sha512, f->state.sha512) != 0 ||
	    s.damaged == f->damaged)
		return 0;
	s.damaged = f->damaged;
	if (s.damaged)
		s.due_ms = 0;
	f->noted = true;
	if (tl_state_put(conn, &f->entry, &s, err) != 0 ||
	    upkeep_wake(conn, JOB_TRUSTED_LISTS, f->now_ms, err) != 0 ||
	    trusted_lists_stir(conn, err) != 0)
		return -1;
	/* A copy may be whole, and its damage is told like that of all evidence. */
	return s.damaged && f->blob != 0 ? fixity_wake(conn, f->blob, f->now_ms, err)
					 : 0;
}

static int run_note(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct finding *f = arg;
	f->noted = false;
	return note(conn, f, err);
}

static void tell(struct ltp_worker *w, const struct finding *f)
{
	char name[TL_KEY_MAX];
	tl_entry_name(&f->entry, name);
	log_write(w->l->o.log, LOG_OPERATION, f->damaged ? LOG_ERROR : LOG_INFO,
		  f->damaged ? "what is stored of a trusted list is damaged; it is "
			       "got again"
			     : "what is stored of a trusted list is whole again",
		  LOG_FIELDS({ "list", name }, { "sha512", f->state.sha512 }));
}

static int check_one(struct ltp_worker *w, struct finding *f, struct ltps_error *err)
{
	struct trusted_list *l = NULL;
	if (!f->state.accepted)
		return 0;
	if (tl_accepted(w->conn, &f->state, &l, err) != 0)
		return -1;
	f->damaged = l == NULL;
	trusted_list_free(l);
	if (f->damaged == f->state.damaged)
		return 0;
	if (tl_blob(w->conn, &f->state, &f->blob, err) != 0 ||
	    store_write(w->l->o.store, run_note, f, err) != 0)
		return -1;
	if (f->noted)
		tell(w, f);
	return 0;
}

/* ret_due  one was found damaged that was not before: it is got again */
static int check_stored(struct ltp_worker *w, int64_t now_ms, bool *ret_due,
			struct ltps_error *err)
{
	struct finding f = { .now_ms = now_ms };
	for (size_t i = 0; tl_entry_at(&w->l->o.lists, i, &f.entry); i++) {
		f.noted = false;
		if (tl_state_get(w->conn, &f.entry, &f.state, err) != 0 ||
		    check_one(w, &f, err) != 0)
			return -1;
		*ret_due = *ret_due || (f.noted && f.damaged);
	}
	return 0;
}

/* ---- what follows ---- */

/* Whether other anchors follow from the lists than this service began with.
 * waiting  for lists that are due: only what has ended is told, which waits for nobody */
static int check_anchors(struct ltp_worker *w, int64_t now_ms, bool waiting,
			 struct ltps_error *err)
{
	const struct ltp_options *o = &w->l->o;
	struct material *m = NULL;
	struct anchor_origins origins = { 0 };
	bool same = true;
	int rc = material_new(&m, err);
	if (rc == 0)
		rc =
		    trusted_lists_anchors(w->conn, &o->lists, now_ms, m, &origins, err);
	if (rc == 0)
		same = waiting ? !trusted_lists_ended(m, o->lists_anchors, now_ms)
			       : trusted_lists_same(m, o->lists_anchors, o->lists_at_ms,
						    now_ms);
	mem_free(origins.list);
	material_free(m);
	if (rc == 0 && !same && o->trust_changed != NULL)
		o->trust_changed(o->trust_changed_arg);
	return rc;
}

struct outlook {
	int64_t due_ms;  /* of the list that is due first */
	int64_t next_ms; /* when something may end or begin by itself */
};

/* A list ends when it is not to be believed any more; services begin and end as it is
 * read again, and the disk is not trusted for longer either. */
static int look_ahead(struct ltp_worker *w, int64_t now_ms, struct outlook *ret,
		      struct ltps_error *err)
{
	struct outlook o = { INT64_MAX, INT64_MAX };
	struct tl_entry e;
	for (size_t i = 0; tl_entry_at(&w->l->o.lists, i, &e); i++) {
		struct tl_state s;
		if (tl_state_get(w->conn, &e, &s, err) != 0)
			return -1;
		if (tl_due_ms(&s, now_ms) < o.due_ms)
			o.due_ms = tl_due_ms(&s, now_ms);
		if (now_ms + e.l->refresh_ms < o.next_ms)
			o.next_ms = now_ms + e.l->refresh_ms;
		if (tl_state_is_valid(&s, now_ms) && s.until_ms < o.next_ms)
			o.next_ms = s.until_ms + 1;
	}
	*ret = o;
	return 0;
}

static bool is_known(const struct ltp_worker *w, uint64_t generation, int64_t now_ms)
{
	return w->lists.looked && w->lists.generation == generation &&
	       now_ms >= w->lists.at_ms && now_ms < w->lists.next_ms;
}

/* Once for all lists that are due together, since whoever is told begins anew; but not
 * for ever. */
static void wait_for_due(const struct ltp_worker *w, int64_t now_ms,
			 struct lists_seen *seen)
{
	const struct lists_seen *before = &w->lists;
	const bool goes_on = before->since_ms != 0 && before->since_ms <= now_ms;
	seen->since_ms = goes_on ? before->since_ms : now_ms;
	seen->waiting = now_ms - seen->since_ms < PATIENCE_MS;
	if (seen->waiting && seen->since_ms + PATIENCE_MS < seen->next_ms)
		seen->next_ms = seen->since_ms + PATIENCE_MS;
}

/* seen  what is known then; also after a failure, which does not keep the rest from
 *       being looked at */
static int look(struct ltp_worker *w, int64_t now_ms, struct lists_seen *seen,
		struct ltps_error *err)
{
	struct ltps_error of_anchors = LTPS_ERROR_INIT;
	struct outlook o;
	if (look_ahead(w, now_ms, &o, err) != 0)
		return -1;
	bool due = o.due_ms <= now_ms;
	if (due && is_known(w, seen->generation, now_ms)) {
		*seen = w->lists;
		return 0;
	}
	int rc = check_stored(w, now_ms, &due, err);
	seen->next_ms = o.next_ms;
	if (due)
		wait_for_due(w, now_ms, seen);
	if (check_anchors(w, now_ms, seen->waiting, &of_anchors) != 0 && rc == 0) {
		*err = of_anchors;
		rc = -1;
	}
	return rc;
}

int trusted_lists_watch(struct ltp_worker *w, int64_t now_ms, struct ltps_error *err)
{
	struct lists_seen seen = { .at_ms = now_ms };
	if (w->l->o.lists.n == 0)
		return 0;
	if (generation_of(w->conn, &seen.generation, err) != 0)
		return -1;
	if (!w->lists.waiting && is_known(w, seen.generation, now_ms))
		return 0;
	const int rc = look(w, now_ms, &seen, err);
	if (rc != 0)
		seen.next_ms = now_ms + RETRY_MS;
	seen.looked = true;
	w->lists = seen;
	return rc;
}
