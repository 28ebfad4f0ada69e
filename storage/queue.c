/* SPDX-License-Identifier: Apache-2.0 */
/* queue - rows of durable jobs. */
#include "storage/queue.h"

#include <string.h>

#include "storage/store_private.h"

/* A row, and what the public one does not show. */
struct job_row {
	struct queue_row row;
	int64_t again_ms;
};

static int read_row(struct db_stmt *s, struct job_row *r, struct ltps_error *err)
{
	struct queue_row *q = &r->row;
	memset(r, 0, sizeof(*r));
	q->id = db_int(s, 0);
	q->state = (enum queue_state)db_int(s, 3);
	q->due_ms = db_int(s, 4);
	if (q->state == QUEUE_LEASED)
		q->lease_until_ms = q->due_ms;
	q->fence = db_int(s, 6);
	q->attempts = (uint32_t)db_int(s, 7);
	r->again_ms = db_int(s, 9);
	if (db_copy_text(s, 1, q->kind, sizeof(q->kind), err) != 0 ||
	    db_copy_text(s, 2, q->subject, sizeof(q->subject), err) != 0 ||
	    db_copy_text(s, 5, q->owner, sizeof(q->owner), err) != 0)
		return -1;
	return db_copy_text(s, 8, q->last_error, sizeof(q->last_error), err);
}

static int get_row(struct store_conn *conn, int64_t id, struct job_row *ret_row,
		   struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_QUEUE_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no job %lld", (long long)id);
	if (rc == 0)
		rc = read_row(s, ret_row, err);
	db_reset(s);
	return rc;
}

/* Adding */

struct found {
	int64_t id; /* 0: none */
	enum queue_state state;
	int64_t due_ms;
	int64_t again_ms;
};

static int find_job(struct store_conn *conn, const char *kind, const char *subject,
		    struct found *ret_found, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	memset(ret_found, 0, sizeof(*ret_found));
	if (db_get(conn->db, SQL_QUEUE_FIND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(kind), DB_TEXT(subject));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		ret_found->id = db_int(s, 0);
		ret_found->state = (enum queue_state)db_int(s, 1);
		ret_found->due_ms = db_int(s, 2);
		ret_found->again_ms = db_int(s, 3);
	}
	db_reset(s);
	return rc;
}

static int insert_job(struct store_conn *conn, const char *kind, const char *subject,
		      int64_t due_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t id;
	if (sequence_next(conn, &id, err) != 0 ||
	    db_get(conn->db, SQL_QUEUE_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_TEXT(kind), DB_TEXT(subject), DB_INT(due_ms));
	return db_finish(s, err);
}

static int set_due(struct store_conn *conn, enum sql_id sql, int64_t id, int64_t due_ms,
		   struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(due_ms));
	return db_finish(s, err);
}

static int add_again(struct store_conn *conn, const struct found *f, int64_t due_ms,
		     struct ltps_error *err)
{
	switch (f->state) {
	case QUEUE_WAITING:
		if (due_ms >= f->due_ms)
			return 0;
		return set_due(conn, SQL_QUEUE_EARLIER, f->id, due_ms, err);
	case QUEUE_LEASED:
		if (f->again_ms != 0 && f->again_ms <= due_ms)
			return 0;
		return set_due(conn, SQL_QUEUE_AGAIN, f->id, due_ms, err);
	case QUEUE_DEAD:
		break;
	}
	return set_due(conn, SQL_QUEUE_REVIVE, f->id, due_ms, err);
}

int queue_add(struct store_conn *conn, const char *kind, const char *subject,
	      int64_t due_ms, bool *ret_added, struct ltps_error *err)
{
	struct found found;
	if (writer_require(conn, err) != 0 ||
	    text_check("job kind", kind, STORE_NAME_MAX, err) != 0 ||
	    text_check("job subject", subject, STORE_SUBJECT_MAX, err) != 0 ||
	    find_job(conn, kind, subject, &found, err) != 0)
		return -1;
	int rc = found.id == 0 ? insert_job(conn, kind, subject, due_ms, err)
			       : add_again(conn, &found, due_ms, err);
	if (rc == 0 && ret_added != NULL)
		*ret_added = found.id == 0;
	return rc;
}

/* Claiming */

static int find_due(struct store_conn *conn, const struct queue_claim *claim,
		    int64_t *ret_id, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	enum sql_id sql = claim->kind != NULL ? SQL_QUEUE_DUE_KIND : SQL_QUEUE_DUE;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	const struct db_value values[] = { DB_INT(claim->now_ms),
					   DB_TEXT(claim->kind) };
	db_bind(s, values, claim->kind != NULL ? 2 : 1);
	int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_id = row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

int queue_claim(struct store_conn *conn, const struct queue_claim *claim,
		struct queue_row *ret_row, bool *ret_found, struct ltps_error *err)
{
	struct db_stmt *s;
	struct job_row r;
	int64_t id;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("job owner", claim->owner, STORE_NAME_MAX, err) != 0)
		return -1;
	if (claim->lease_until_ms <= claim->now_ms)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a lease that has ended already");
	if (find_due(conn, claim, &id, err) != 0)
		return -1;
	if (id == 0) {
		*ret_found = false;
		return 0;
	}
	if (db_get(conn->db, SQL_QUEUE_CLAIM, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_TEXT(claim->owner), DB_INT(claim->lease_until_ms));
	if (db_finish(s, err) != 0 || get_row(conn, id, &r, err) != 0)
		return -1;
	*ret_row = r.row;
	*ret_found = true;
	return 0;
}

/* Ending */

static int require_lease(struct store_conn *conn, int64_t id, int64_t fence,
			 struct job_row *ret_row, struct ltps_error *err)
{
	if (writer_require(conn, err) != 0 || get_row(conn, id, ret_row, err) != 0)
		return -1;
	if (ret_row->row.state != QUEUE_LEASED || ret_row->row.fence != fence)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "the lease of job %lld was lost", (long long)id);
	return 0;
}

int queue_extend(struct store_conn *conn, int64_t id, int64_t fence,
		 int64_t lease_until_ms, struct ltps_error *err)
{
	struct job_row r;
	if (require_lease(conn, id, fence, &r, err) != 0)
		return -1;
	return set_due(conn, SQL_QUEUE_EXTEND, id, lease_until_ms, err);
}

/* What a job becomes when its lease ends. */
struct after {
	int64_t due_ms;
	enum queue_state state;
	const char *error; /* NULL keeps the last one */
	uint32_t attempts;
};

static int end_lease(struct store_conn *conn, int64_t id, const struct after *a,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_QUEUE_WAIT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(a->due_ms), DB_INT(a->state), DB_TEXT(a->error),
		DB_INT(a->attempts));
	return db_finish(s, err);
}

int queue_finish(struct store_conn *conn, int64_t id, int64_t fence,
		 struct ltps_error *err)
{
	struct db_stmt *s;
	struct job_row r;
	if (require_lease(conn, id, fence, &r, err) != 0)
		return -1;
	if (r.again_ms != 0) {
		struct after again = { .due_ms = r.again_ms, .state = QUEUE_WAITING };
		return end_lease(conn, id, &again, err);
	}
	if (db_get(conn->db, SQL_QUEUE_DELETE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	return db_finish(s, err);
}

/* A copy cut to its limit, at the beginning of a character. */
static void cut_text(const char *s, char *out, size_t out_size)
{
	size_t n = strnlen(s, out_size - 1);
	while (n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	memcpy(out, s, n);
	out[n] = '\0';
}

int queue_fail(struct store_conn *conn, const struct queue_failure *f,
	       struct ltps_error *err)
{
	struct job_row r;
	char text[STORE_ERROR_MAX + 1];
	if (require_lease(conn, f->id, f->fence, &r, err) != 0)
		return -1;
	cut_text(f->error != NULL ? f->error : "", text, sizeof(text));
	/* Asked for once more meanwhile: not given up, and not later than asked. */
	bool again = r.again_ms != 0;
	struct after a = {
		.due_ms = again && r.again_ms < f->due_ms ? r.again_ms : f->due_ms,
		.state = f->dead && !again ? QUEUE_DEAD : QUEUE_WAITING,
		.error = text,
		.attempts = r.row.attempts,
	};
	return end_lease(conn, f->id, &a, err);
}

int queue_postpone(struct store_conn *conn, int64_t id, int64_t fence, int64_t due_ms,
		   struct ltps_error *err)
{
	struct job_row r;
	if (require_lease(conn, id, fence, &r, err) != 0)
		return -1;
	bool earlier = r.again_ms != 0 && r.again_ms < due_ms;
	struct after a = {
		.due_ms = earlier ? r.again_ms : due_ms,
		.state = QUEUE_WAITING,
		.attempts = r.row.attempts - 1,
	};
	return end_lease(conn, id, &a, err);
}

/* Reading */

static int due_of_kind(struct store_conn *conn, enum sql_id sql, const char *kind,
		       int64_t *ret_due_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(kind));
	int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_due_ms = row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

int queue_next_due(struct store_conn *conn, const char *kind, int64_t *ret_due_ms,
		   struct ltps_error *err)
{
	return kind == NULL
		   ? db_run_int(conn->db, SQL_QUEUE_NEXT_DUE, ret_due_ms, err)
		   : due_of_kind(conn, SQL_QUEUE_NEXT_DUE_KIND, kind, ret_due_ms, err);
}

int queue_last_due(struct store_conn *conn, const char *kind, int64_t *ret_due_ms,
		   struct ltps_error *err)
{
	return due_of_kind(conn, SQL_QUEUE_LAST_DUE_KIND, kind, ret_due_ms, err);
}

int queue_find(struct store_conn *conn, const char *kind, const char *subject,
	       struct queue_row *ret_row, bool *ret_found, struct ltps_error *err)
{
	struct found found;
	struct job_row job;
	if (find_job(conn, kind, subject, &found, err) != 0 ||
	    (found.id != 0 && get_row(conn, found.id, &job, err) != 0))
		return -1;
	*ret_found = found.id != 0;
	if (*ret_found)
		*ret_row = job.row;
	return 0;
}

static int give_rows(struct db_stmt *s, queue_visit *row, void *arg,
		     struct ltps_error *err)
{
	bool more = false;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct job_row r;
		rc = read_row(s, &r, err);
		if (rc == 0)
			rc = row(arg, &r.row, err);
	}
	db_reset(s);
	return rc;
}

int queue_list(struct store_conn *conn, const struct queue_query *query,
	       queue_visit *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_QUEUE_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(query->after_id), DB_TEXT(query->kind),
		query->state < 0 ? DB_NULL : DB_INT(query->state),
		DB_INT(page_limit(query->limit)));
	return give_rows(s, row, arg, err);
}

int queue_list_ahead(struct store_conn *conn, const struct queue_ahead *query,
		     queue_visit *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_QUEUE_AHEAD, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(query->kind), DB_INT(query->due_ms),
		DB_INT(query->lease_ms), DB_INT(page_limit(query->limit)));
	return give_rows(s, row, arg, err);
}

static int read_sum(struct db_stmt *s, struct queue_sum *sum, struct ltps_error *err)
{
	*sum = (struct queue_sum){
		.waiting = (uint64_t)db_int(s, 1),
		.due = (uint64_t)db_int(s, 2),
		.running = (uint64_t)db_int(s, 3),
		.dead = (uint64_t)db_int(s, 4),
		.due_since_ms = db_is_null(s, 5) ? INT64_MAX : db_int(s, 5),
	};
	if (db_copy_text(s, 0, sum->kind, sizeof(sum->kind), err) != 0)
		return -1;
	return db_is_null(s, 6) ? 0
				: db_copy_text(s, 6, sum->last_error,
					       sizeof(sum->last_error), err);
}

int queue_sums(struct store_conn *conn, int64_t now_ms,
	       int (*row)(void *arg, const struct queue_sum *sum,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	struct queue_sum sum;
	bool more = true;
	int rc = 0;
	if (db_get(conn->db, SQL_QUEUE_SUMS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(now_ms));
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_sum(s, &sum, err);
		if (rc == 0)
			rc = row(arg, &sum, err);
	}
	db_reset(s);
	return rc;
}
