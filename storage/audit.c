/* SPDX-License-Identifier: Apache-2.0 */
/* audit - the hash-chained journal. */
#include "storage/audit.h"

#include <string.h>

#include "storage/store_private.h"

/* First octet of every link, so that it is never the hash of something else. */
#define LINK_OCTET 0x01
#define ABSENT 0xffffffffu
/* Canonical entry: two numbers, six bounded texts with lengths, prefix and h. */
#define CANONICAL_MAX                                                                  \
	(2 * 8 + 6 * 4 + STORE_TENANT_MAX + STORE_NAME_MAX + STORE_POID_MAX +          \
	 2 * STORE_TEXT_MAX + STORE_URI_MAX + 64)

static const struct digest zero_head = { .alg = DIGEST_SHA256, .n = 32 };

/* Writes at out->p, which has room for every entry that passed the checks. */
static void put_number(struct buf *out, uint64_t v, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		out->p[out->n++] = (uint8_t)(v >> (8 * (octets - 1 - i)));
}

static void put_text(struct buf *out, const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;
	put_number(out, s != NULL ? (uint32_t)n : ABSENT, 4);
	if (n > 0)
		memcpy(out->p + out->n, s, n);
	out->n += n;
}

static int link_hash(const struct digest *before, const struct audit_entry *e,
		     struct digest *ret_hash, struct ltps_error *err)
{
	uint8_t space[CANONICAL_MAX];
	struct buf out = { .p = space, .cap = sizeof(space), .max = sizeof(space) };
	out.p[out.n++] = LINK_OCTET;
	memcpy(out.p + out.n, before->p, before->n);
	out.n += before->n;
	put_number(&out, (uint64_t)e->seq, 8);
	put_number(&out, (uint64_t)e->time_ms, 8);
	put_text(&out, e->tenant);
	put_text(&out, e->actor);
	put_text(&out, e->operation);
	put_text(&out, e->poid);
	put_text(&out, e->detail);
	put_text(&out, e->outcome);
	return digest_once(DIGEST_SHA256, view_buf(&out), ret_hash, err);
}

static int check_entry(const struct audit_entry *e, struct ltps_error *err)
{
	if (text_check("operation", e->operation, STORE_NAME_MAX, err) != 0 ||
	    text_check_optional("tenant", e->tenant, STORE_TENANT_MAX, err) != 0 ||
	    text_check_optional("actor", e->actor, STORE_URI_MAX, err) != 0 ||
	    text_check_optional("POID", e->poid, STORE_POID_MAX, err) != 0 ||
	    text_check_optional("detail", e->detail, STORE_TEXT_MAX, err) != 0 ||
	    text_check_optional("outcome", e->outcome, STORE_TEXT_MAX, err) != 0)
		return -1;
	return 0;
}

int audit_head(struct store_conn *conn, int64_t *ret_seq, struct digest *ret_head,
	       struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	struct digest head = zero_head;
	int64_t seq = 0;
	if (conn->audit.valid) {
		*ret_seq = conn->audit.seq;
		*ret_head = conn->audit.head;
		return 0;
	}
	if (db_get(conn->db, SQL_AUDIT_HEAD, &s, err) != 0)
		return -1;
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		seq = db_int(s, 0);
		rc = db_copy_digest(s, 1, DIGEST_SHA256, &head, err);
	}
	db_reset(s);
	if (rc != 0)
		return -1;
	*ret_seq = seq;
	*ret_head = head;
	return 0;
}

static int insert_entry(struct store_conn *conn, const struct audit_entry *e,
			const struct digest *hash, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_AUDIT_APPEND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(e->seq), DB_INT(e->time_ms), DB_TEXT(e->tenant),
		DB_TEXT(e->actor), DB_TEXT(e->operation), DB_TEXT(e->poid),
		DB_TEXT(e->detail), DB_TEXT(e->outcome), DB_DIGEST(hash));
	return db_finish(s, err);
}

void audit_follow(struct store *store, audit_appended_fn *appended, void *arg)
{
	struct audit_follower *f = &store->follower;
	pthread_mutex_lock(&f->lock);
	f->appended = appended;
	f->arg = arg;
	pthread_mutex_unlock(&f->lock);
}

void audit_unfollow(struct store *store, const void *arg)
{
	struct audit_follower *f = &store->follower;
	pthread_mutex_lock(&f->lock);
	if (f->arg == arg) {
		f->appended = NULL;
		f->arg = NULL;
	}
	pthread_mutex_unlock(&f->lock);
}

static int tell_follower(struct store_conn *conn, const struct audit_entry *e,
			 struct ltps_error *err)
{
	struct audit_follower *f = &conn->store->follower;
	int rc = 0;
	pthread_mutex_lock(&f->lock);
	if (f->appended != NULL)
		rc = f->appended(f->arg, conn, e, err);
	pthread_mutex_unlock(&f->lock);
	return rc;
}

int audit_append(struct store_conn *conn, const struct audit_entry *entry,
		 int64_t *ret_seq, struct ltps_error *err)
{
	struct digest head, hash;
	struct audit_entry e = *entry;
	if (writer_require(conn, err) != 0 || check_entry(entry, err) != 0 ||
	    audit_head(conn, &e.seq, &head, err) != 0)
		return -1;
	e.seq++;
	if (link_hash(&head, &e, &hash, err) != 0 ||
	    insert_entry(conn, &e, &hash, err) != 0)
		return -1;
	conn->audit = (struct audit_cache){ .valid = true, .seq = e.seq, .head = hash };
	if (ret_seq != NULL)
		*ret_seq = e.seq;
	return tell_follower(conn, &e, err);
}

int audit_hash_at(struct store_conn *conn, int64_t seq, struct digest *ret_hash,
		  struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (seq == 0) {
		*ret_hash = zero_head;
		return 0;
	}
	if (db_get(conn->db, SQL_AUDIT_HASH_AT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(seq));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no audit entry %lld", (long long)seq);
	if (rc == 0)
		rc = db_copy_digest(s, 0, DIGEST_SHA256, ret_hash, err);
	db_reset(s);
	return rc;
}

/* Reading */

static void read_entry(struct db_stmt *s, struct audit_entry *e)
{
	e->seq = db_int(s, 0);
	e->time_ms = db_int(s, 1);
	e->tenant = db_text(s, 2);
	e->actor = db_text(s, 3);
	e->operation = db_text(s, 4);
	e->poid = db_text(s, 5);
	e->detail = db_text(s, 6);
	e->outcome = db_text(s, 7);
}

int audit_list(struct store_conn *conn, const struct audit_query *query,
	       int (*row)(void *arg, const struct audit_entry *entry,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	enum sql_id sql = query->poid != NULL ? SQL_AUDIT_LIST_POID : SQL_AUDIT_LIST;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	const struct db_value values[] = {
		DB_INT(query->after_seq),
		DB_TEXT(query->tenant),
		DB_INT(page_limit(query->limit)),
		DB_TEXT(query->poid),
	};
	db_bind(s, values, query->poid != NULL ? 4 : 3);
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct audit_entry e;
		read_entry(s, &e);
		rc = row(arg, &e, err);
	}
	db_reset(s);
	return rc;
}

int audit_get(struct store_conn *conn, int64_t seq,
	      int (*row)(void *arg, const struct audit_entry *entry,
			 struct ltps_error *err),
	      void *arg, struct ltps_error *err)
{
	struct audit_entry e = { 0 };
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, SQL_AUDIT_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(seq - 1), DB_NULL, DB_INT(1));
	int rc = db_step(s, &more, err);
	if (rc == 0 && more)
		read_entry(s, &e);
	if (rc == 0 && (!more || e.seq != seq))
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "the audit has no entry %lld", (long long)seq);
	if (rc == 0)
		rc = row(arg, &e, err);
	db_reset(s);
	return rc;
}

/* A text so long that audit_append() cannot have written it. */
static bool entry_possible(const struct audit_entry *e)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	return check_entry(e, &ignored) == 0;
}

/* One page of the chain from *seq on; *ret_bad set when a link does not hold. */
static int verify_page(struct store_conn *conn, int64_t *seq, struct digest *head,
		       size_t *ret_rows, int64_t *ret_bad, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, SQL_AUDIT_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(*seq), DB_NULL, DB_INT(STORE_PAGE_MAX));
	int rc = 0;
	*ret_rows = 0;
	while (rc == 0 && *ret_bad == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct audit_entry e;
		struct digest hash;
		read_entry(s, &e);
		(*ret_rows)++;
		struct view stored = db_view(s, 8);
		bool good = e.seq == *seq + 1 && entry_possible(&e);
		if (good)
			rc = link_hash(head, &e, &hash, err);
		if (rc == 0 && (!good || !view_equal(stored, digest_view(&hash))))
			*ret_bad = *seq + 1;
		*head = good && rc == 0 ? hash : *head;
		*seq += 1;
	}
	db_reset(s);
	return rc;
}

int audit_verify(struct store_conn *conn, int64_t *ret_bad_seq, struct ltps_error *err)
{
	struct digest head = zero_head;
	int64_t seq = 0, bad = 0;
	size_t rows;
	do {
		if (verify_page(conn, &seq, &head, &rows, &bad, err) != 0)
			return -1;
	} while (bad == 0 && rows > 0);
	*ret_bad_seq = bad;
	return 0;
}
