/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixity_copies - the second directory follows the store. A directory that is not there
 * is not made anew where copies stood before: it is rather not mounted.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/mem.h"
#include "ltp/fixity_private.h"

#define COPIES_SETTING "copies"
#define COPIES_DB "copy.db"
/* How soon trouble is looked at again. */
#define AGAIN_MS 60000
/* One turn: about a second of a common disk. */
#define TURN_BYTES ((uint64_t)64 << 20)
#define TURN_BLOBS 4000
#define PATH_BYTES 4096

/* What the store remembers of its copies. */
struct memory {
	uint8_t id[COPIES_ID_BYTES];
	int64_t after;     /* progress of fixity_copy() there */
	int64_t elsewhere; /* they stood on another file system than the store */
	char dir[PATH_BYTES];
};

static int memory_read(struct ltp_worker *w, struct memory *ret_m, bool *ret_known,
		       struct ltps_error *err)
{
	size_t n;
	memset(ret_m, 0, sizeof(*ret_m));
	*ret_known = false;
	if (store_setting_find(w->conn, COPIES_SETTING, (uint8_t *)ret_m,
			       sizeof(*ret_m) - 1, &n, err) != 0)
		return -1;
	*ret_known = n > 0 && strcmp(ret_m->dir, w->l->o.upkeep.copies) == 0;
	if (!*ret_known)
		memset(ret_m, 0, sizeof(*ret_m));
	return 0;
}

/* Written at the end of a turn, with what damage is to be looked at. */
struct remembering {
	const struct memory *m;
	const struct fixity_look *damaged;
	int64_t now_ms;
};

static int run_remember(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct remembering *r = arg;
	for (size_t i = 0; r->damaged != NULL && i < r->damaged->n; i++)
		if (fixity_wake(conn, r->damaged->found[i].blob, r->now_ms, err) != 0)
			return -1;
	return store_setting_put(conn, COPIES_SETTING, r->m,
				 offsetof(struct memory, dir) + strlen(r->m->dir), err);
}

static int remember(struct ltp_worker *w, const struct memory *m,
		    const struct fixity_look *damaged, int64_t now_ms,
		    struct ltps_error *err)
{
	struct remembering r = { .m = m, .damaged = damaged, .now_ms = now_ms };
	if (failpoint_fail(FP_COPY_BEFORE_CURSOR, err) != 0)
		return -1;
	return store_write(w->l->o.store, run_remember, &r, err);
}

/* Whether two paths are on one file system; an unknown one is on none. */
static bool same_system(const char *a, const char *b)
{
	struct stat sa, sb;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev;
}

static bool is_missing(const char *path)
{
	struct stat st;
	return stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

/* Where copies stood before there is nothing now, and not because it was emptied. */
static bool is_unmounted(struct ltp_worker *w, const struct memory *m)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char db[PATH_BYTES];
	if (is_missing(m->dir))
		return true;
	return m->elsewhere != 0 &&
	       file_join(m->dir, COPIES_DB, db, sizeof(db), &ignored) == 0 &&
	       is_missing(db) && same_system(m->dir, store_dir(w->l->o.store));
}

static void trouble(struct upkeep_turn *t, const char *text)
{
	snprintf(t->trouble, sizeof(t->trouble), "%.*s", STORE_ERROR_MAX, text);
	t->alarm = true;
}

static int open_known(struct ltp_worker *w, struct upkeep_turn *t,
		      enum copies_state *ret_state, struct copies **ret_c,
		      struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	char line[STORE_ERROR_MAX + 1], text[STORE_ERROR_MAX + 1];
	if (copies_open(w->l->o.store, w->l->o.upkeep.copies, ret_c, &e) == 0) {
		*ret_state = COPIES_OPEN;
		return 0;
	}
	if (e.code == LTPS_NOMEM) {
		*err = e;
		return -1;
	}
	*ret_state = e.code == LTPS_BUSY ? COPIES_BUSY : COPIES_TROUBLE;
	ltps_error_line(&e, line, sizeof(line));
	snprintf(text, sizeof(text), "no copies are made: %.*s", STORE_ERROR_MAX - 32,
		 line);
	if (*ret_state == COPIES_TROUBLE)
		trouble(t, text);
	return 0;
}

/* The directory is another than the store remembers: what was copied is not there. */
static int begin_anew(struct ltp_worker *w, struct memory *m, bool known,
		      const struct copies *c, int64_t now_ms, struct ltps_error *err)
{
	const char *dir = w->l->o.upkeep.copies;
	uint8_t id[COPIES_ID_BYTES];
	copies_id(c, id);
	if (known && memcmp(id, m->id, sizeof(id)) == 0)
		return 0;
	log_write(w->l->o.log, LOG_OPERATION, LOG_WARNING,
		  known ? "the copies are gone and are made anew" : "copies are begun",
		  LOG_FIELDS({ "directory", dir }));
	*m =
	    (struct memory){ .elsewhere = !same_system(dir, store_dir(w->l->o.store)) };
	memcpy(m->id, id, sizeof(id));
	snprintf(m->dir, sizeof(m->dir), "%s", dir);
	return remember(w, m, NULL, now_ms, err);
}

static int open_copies(struct ltp_worker *w, struct upkeep_turn *t,
		       enum copies_state *ret_state, struct copies **ret_c,
		       struct memory *ret_m, struct ltps_error *err)
{
	char text[STORE_ERROR_MAX + 1];
	bool known;
	*ret_c = NULL;
	*ret_state = COPIES_NONE;
	if (w->l->o.upkeep.copies == NULL)
		return 0;
	if (memory_read(w, ret_m, &known, err) != 0)
		return -1;
	if (known && is_unmounted(w, ret_m)) {
		*ret_state = COPIES_TROUBLE;
		snprintf(text, sizeof(text),
			 "the copies that stood in %.300s are gone: is it mounted?",
			 ret_m->dir);
		trouble(t, text);
		return 0;
	}
	if (open_known(w, t, ret_state, ret_c, err) != 0)
		return -1;
	if (*ret_state != COPIES_OPEN)
		return 0;
	if (begin_anew(w, ret_m, known, *ret_c, t->now_ms, err) == 0)
		return 0;
	copies_close(*ret_c);
	*ret_c = NULL;
	return -1;
}

int fixity_copies_open(struct ltp_worker *w, struct upkeep_turn *t,
		       enum copies_state *ret_state, struct copies **ret_c,
		       int64_t *ret_after, struct ltps_error *err)
{
	struct memory m = { 0 };
	if (open_copies(w, t, ret_state, ret_c, &m, err) != 0)
		return -1;
	if (ret_after != NULL)
		*ret_after = m.after;
	return 0;
}

int fixity_copies_rewind(struct ltp_worker *w, int64_t now_ms, struct ltps_error *err)
{
	struct memory m;
	bool known;
	if (memory_read(w, &m, &known, err) != 0)
		return -1;
	if (!known || m.after == 0)
		return 0;
	m.after = 0;
	return remember(w, &m, NULL, now_ms, err);
}

/* One turn of copying */

static int copy_batch(struct ltp_worker *w, struct upkeep_turn *t, struct copies *c,
		      struct memory *m, struct ltps_error *err)
{
	const struct fixity_bound bound = { .bytes = TURN_BYTES, .blobs = TURN_BLOBS };
	struct fixity_progress p = { .after = m->after };
	struct fixity_look *damaged = mem_zalloc(1, sizeof(*damaged));
	if (damaged == NULL)
		return ltps_fail_nomem(err);
	int rc = fixity_copy(w->conn, c, &bound, &p, fixity_look_add, damaged, err);
	/* What was copied before a failure is durable too. */
	if (p.after != m->after || damaged->n > 0) {
		struct ltps_error e = LTPS_ERROR_INIT;
		m->after = p.after;
		if (remember(w, m, damaged, t->now_ms, rc == 0 ? err : &e) != 0)
			rc = -1;
	}
	/* Woken when there is more: each tree that is stamped does so. */
	t->again_ms = p.end ? INT64_MAX : t->now_ms;
	mem_free(damaged);
	return rc;
}

int copy_turn(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	enum copies_state state;
	struct copies *c = NULL;
	struct memory m = { 0 };
	t->again_ms = INT64_MAX;
	if (open_copies(w, t, &state, &c, &m, err) != 0)
		return -1;
	if (state == COPIES_BUSY)
		t->again_ms = t->now_ms + COPIES_BUSY_MS;
	if (state == COPIES_TROUBLE)
		t->again_ms = t->now_ms + AGAIN_MS;
	if (state != COPIES_OPEN)
		return 0;
	int rc = copy_batch(w, t, c, &m, err);
	copies_close(c);
	return rc;
}
