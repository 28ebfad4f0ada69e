/* SPDX-License-Identifier: Apache-2.0 */
/* fixity_damage - the list of damaged blobs, and the audit entries of what came on it
 * and went from it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/fixity_private.h"
#include "ltp/trusted_lists.h"

#define LIST_SETTING "fixity.damaged"
/* Objects that hold one blob and get an entry of their own each; a file that more of
 * them share is told with their number. */
#define USERS_MAX 1000
#define NUMBER_MAX 24

const char *const ltp_fixity_failpoints[] = {
	FP_FIXITY_BEFORE_NOTE,
	FP_FIXITY_BEFORE_REPAIRED,
	FP_COPY_BEFORE_CURSOR,
	NULL,
};

/* The list */

int fixity_list_read(struct store_conn *conn, struct fixity_list **ret_list,
		     struct ltps_error *err)
{
	size_t n;
	struct fixity_list *l = mem_zalloc(1, sizeof(*l));
	if (l == NULL)
		return ltps_fail_nomem(err);
	if (store_setting_find(conn, LIST_SETTING, (uint8_t *)l->ids, sizeof(l->ids),
			       &n, err) != 0) {
		mem_free(l);
		return -1;
	}
	l->n = n / sizeof(l->ids[0]);
	*ret_list = l;
	return 0;
}

static int list_write(struct store_conn *conn, const struct fixity_list *l,
		      struct ltps_error *err)
{
	return store_setting_put(conn, LIST_SETTING, l->ids, l->n * sizeof(l->ids[0]),
				 err);
}

static bool list_has(const struct fixity_list *l, int64_t id)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->ids[i] == id)
			return true;
	return false;
}

/* False when it is there, or has no room. */
static bool list_add(struct fixity_list *l, int64_t id)
{
	size_t at = l->n;
	if (l->n == FIXITY_LIST_MAX || list_has(l, id))
		return false;
	for (; at > 0 && l->ids[at - 1] > id; at--)
		l->ids[at] = l->ids[at - 1];
	l->ids[at] = id;
	l->n++;
	return true;
}

static void list_drop(struct fixity_list *l, size_t at)
{
	memmove(&l->ids[at], &l->ids[at + 1], (l->n - at - 1) * sizeof(l->ids[0]));
	l->n--;
}

static bool is_stored(struct store_conn *conn, int64_t blob)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct blob_info info;
	return blob_get(conn, blob, &info, &e) == 0 || e.code != LTPS_NOT_FOUND;
}

int fixity_damage_count(struct store_conn *conn, uint64_t *ret_n,
			struct ltps_error *err)
{
	struct fixity_list *l = NULL;
	uint64_t n = 0;
	if (fixity_list_read(conn, &l, err) != 0)
		return -1;
	/* What was deleted since is no damage. */
	for (size_t i = 0; i < l->n; i++)
		n += is_stored(conn, l->ids[i]);
	mem_free(l);
	*ret_n = n;
	return 0;
}

int fixity_look_add(void *arg, const struct fixity_damage *d, struct ltps_error *err)
{
	struct fixity_look *look = arg;
	if (look->n == sizeof(look->found) / sizeof(look->found[0]))
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "more damage than a look may find");
	look->found[look->n++] = *d;
	return 0;
}

static bool is_found(const struct fixity_look *look, int64_t blob)
{
	for (size_t i = 0; i < look->n; i++)
		if (look->found[i].blob == blob && !look->found[i].copy)
			return true;
	return false;
}

/* The audit */

struct telling {
	struct store_conn *conn;
	int64_t now_ms;
	bool repaired;
	int64_t blob;
	const char *text;
	uint64_t users;
};

static int tell_event(const struct telling *t, const char *what, const char *tenant,
		      const char *poid, const char *subject, struct ltps_error *err)
{
	char operation[64];
	snprintf(operation, sizeof(operation), "%s%s", what,
		 t->repaired ? "Repaired" : "Damaged");
	const struct upkeep_event e = {
		.operation = operation,
		.tenant = tenant,
		.poid = poid,
		.outcome = t->repaired ? NULL : "failure",
		.now_ms = t->now_ms,
	};
	return upkeep_audit(t->conn, &e, err, "blob %lld%s%s %s", (long long)t->blob,
			    subject[0] != '\0' ? " of " : "", subject, t->text);
}

static int tell_user(void *arg, const char *kind, const char *tenant,
		     const char *subject, struct ltps_error *err)
{
	struct telling *t = arg;
	if (t->users++ >= USERS_MAX)
		return 0;
	if (strcmp(kind, "object") == 0)
		return tell_event(t, "Object", tenant, subject, "", err);
	return tell_event(t, "Evidence", NULL, NULL, subject, err);
}

static int tell_users(struct telling *t, struct ltps_error *err)
{
	char rest[64];
	if (fixity_users(t->conn, t->blob, tell_user, t, err) != 0)
		return -1;
	if (t->users <= USERS_MAX)
		return 0;
	snprintf(rest, sizeof(rest), "%llu further objects",
		 (unsigned long long)(t->users - USERS_MAX));
	return tell_event(t, "Object", NULL, NULL, rest, err);
}

struct noting {
	const struct fixity_look *look;
	int64_t now_ms;
	size_t n_new;
	size_t n_whole;
};

static int tell_blob(struct store_conn *conn, const struct noting *n, int64_t blob,
		     bool repaired, const char *text, struct ltps_error *err)
{
	struct telling t = { .conn = conn,
			     .now_ms = n->now_ms,
			     .repaired = repaired,
			     .blob = blob,
			     .text = text };
	return tell_users(&t, err);
}

static int drop_whole(struct store_conn *conn, struct noting *n, struct fixity_list *l,
		      struct ltps_error *err)
{
	for (size_t i = 0; i < l->n;) {
		int64_t id = l->ids[i];
		if (id <= n->look->after || id > n->look->until ||
		    is_found(n->look, id)) {
			i++;
			continue;
		}
		if (tell_blob(conn, n, id, true, "is whole again", err) != 0)
			return -1;
		list_drop(l, i);
		n->n_whole++;
	}
	return 0;
}

static int add_new(struct store_conn *conn, struct noting *n, struct fixity_list *l,
		   struct ltps_error *err)
{
	for (size_t i = 0; i < n->look->n; i++) {
		const struct fixity_damage *d = &n->look->found[i];
		if (d->copy || !list_add(l, d->blob))
			continue;
		if (tell_blob(conn, n, d->blob, false, d->text, err) != 0)
			return -1;
		n->n_new++;
	}
	return 0;
}

static int run_note(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct noting *n = arg;
	struct fixity_list *l = NULL;
	n->n_new = n->n_whole = 0;
	if (fixity_list_read(conn, &l, err) != 0)
		return -1;
	int rc = drop_whole(conn, n, l, err);
	if (rc == 0)
		rc = add_new(conn, n, l, err);
	if (rc == 0 && n->n_new + n->n_whole > 0)
		rc = list_write(conn, l, err);
	if (rc == 0 && n->n_new + n->n_whole > 0)
		rc = trusted_lists_stir(conn, err);
	mem_free(l);
	return rc;
}

static void log_damage(struct ltp_worker *w, const struct fixity_damage *d)
{
	char address[2 * DIGEST_MAX + 1], number[NUMBER_MAX];
	hex_encode(digest_view(&d->sha512), address);
	snprintf(number, sizeof(number), "%lld", (long long)d->blob);
	log_write(w->l->o.log, LOG_OPERATION, d->repaired ? LOG_WARNING : LOG_ERROR,
		  d->repaired ? "a damaged blob was repaired" : "a blob is damaged",
		  LOG_FIELDS({ "blob", number }, { "tenant", d->tenant },
			     { "sha512", address },
			     { "side", d->copy ? "copy" : "store" },
			     { "what", d->text },
			     { "kept", d->kept[0] != '\0' ? d->kept : NULL }));
}

/* What stays as it was needs no task: most looks find nothing. */
static int anything_to_note(struct ltp_worker *w, const struct fixity_look *look,
			    bool *ret_any, struct ltps_error *err)
{
	struct fixity_list *l = NULL;
	if (fixity_list_read(w->conn, &l, err) != 0)
		return -1;
	bool any = false;
	for (size_t i = 0; i < look->n; i++)
		any =
		    any || (!look->found[i].copy && !list_has(l, look->found[i].blob));
	for (size_t i = 0; i < l->n; i++)
		any = any || (l->ids[i] > look->after && l->ids[i] <= look->until &&
			      !is_found(look, l->ids[i]));
	mem_free(l);
	*ret_any = any;
	return 0;
}

int fixity_note(struct ltp_worker *w, const struct fixity_look *look, int64_t now_ms,
		struct ltps_error *err)
{
	struct noting n = { .look = look, .now_ms = now_ms };
	bool any;
	for (size_t i = 0; i < look->n; i++)
		log_damage(w, &look->found[i]);
	if (anything_to_note(w, look, &any, err) != 0)
		return -1;
	if (!any)
		return 0;
	if (failpoint_fail(FP_FIXITY_BEFORE_NOTE, err) != 0)
		return -1;
	return store_write(w->l->o.store, run_note, &n, err);
}

/* Repaired */

static int tell_copies(struct store_conn *conn, const struct noting *n,
		       struct ltps_error *err)
{
	const struct upkeep_event e = { .operation = "CopyRepaired",
					.now_ms = n->now_ms };
	size_t copies = 0;
	int64_t first = 0;
	for (size_t i = 0; i < n->look->n; i++) {
		const struct fixity_damage *d = &n->look->found[i];
		if (d->copy && d->repaired && copies++ == 0)
			first = d->blob;
	}
	return copies == 0
		   ? 0
		   : upkeep_audit(conn, &e, err, "%zu copies, the first of blob %lld",
				  copies, (long long)first);
}

static int run_repaired(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct noting *n = arg;
	struct fixity_list *l = NULL;
	if (fixity_list_read(conn, &l, err) != 0)
		return -1;
	int rc = tell_copies(conn, n, err);
	for (size_t i = 0; rc == 0 && i < n->look->n; i++) {
		const struct fixity_damage *d = &n->look->found[i];
		if (d->copy || !d->repaired)
			continue;
		rc = tell_blob(conn, n, d->blob, true, "was repaired from its copy",
			       err);
		for (size_t k = 0; k < l->n; k++)
			if (l->ids[k] == d->blob)
				list_drop(l, k--);
	}
	if (rc == 0)
		rc = list_write(conn, l, err);
	/* It may have left a leaf out for want of this blob. */
	if (rc == 0)
		rc = upkeep_wake(conn, JOB_RENEW_HASHES, n->now_ms, err);
	if (rc == 0)
		rc = trusted_lists_stir(conn, err);
	mem_free(l);
	return rc;
}

int fixity_note_repaired(struct ltp_worker *w, const struct fixity_look *repaired,
			 int64_t now_ms, struct ltps_error *err)
{
	struct noting n = { .look = repaired, .now_ms = now_ms };
	bool any = false;
	for (size_t i = 0; i < repaired->n; i++)
		if (repaired->found[i].repaired) {
			log_damage(w, &repaired->found[i]);
			any = true;
		}
	if (!any)
		return 0;
	if (failpoint_fail(FP_FIXITY_BEFORE_REPAIRED, err) != 0)
		return -1;
	return store_write(w->l->o.store, run_repaired, &n, err);
}

/* One blob at once */

int fixity_wake(struct store_conn *conn, int64_t blob, int64_t now_ms,
		struct ltps_error *err)
{
	char subject[NUMBER_MAX];
	snprintf(subject, sizeof(subject), "%lld", (long long)blob);
	return job_add(conn, JOB_FIXITY, subject, now_ms, NULL, err);
}

struct waking {
	int64_t blob;
	int64_t now_ms;
};

static int run_wake(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct waking *k = arg;
	return fixity_wake(conn, k->blob, k->now_ms, err);
}

int fixity_blob_read(struct ltp_worker *w, int64_t blob, struct buf *out,
		     struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct waking k = { .blob = blob, .now_ms = ltp_now(w->l) };
	if (blob_read(w->conn, blob, out, err) == 0)
		return 0;
	/* The answer is that it is damaged, whether or not this can be written down. */
	if (err->code == LTPS_CORRUPT &&
	    store_write(w->l->o.store, run_wake, &k, &e) != 0)
		log_error(w->l->o.log, LOG_OPERATION, LOG_ERROR,
			  "a damaged blob waits for the next round", &e, NULL, 0);
	return -1;
}

/* A database that does not hold together is no matter of one blob. */
static bool is_damage(const struct ltps_error *e)
{
	return e->code == LTPS_CORRUPT && e->foreign == LTPS_FOREIGN_NONE;
}

int fixity_blob_try(struct ltp_worker *w, int64_t blob, struct buf *out,
		    struct ltps_error *ret_damage, struct ltps_error *err)
{
	ltps_error_clear(ret_damage);
	if (fixity_blob_read(w, blob, out, ret_damage) == 0 || is_damage(ret_damage))
		return 0;
	*err = *ret_damage;
	return -1;
}
