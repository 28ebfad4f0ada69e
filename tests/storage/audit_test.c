/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "storage/audit.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

static char dir[4096];
static struct store *store;
static struct store_conn *reader;

static void setup(void)
{
	fixture_start(dir, &store, &reader);
}

static void teardown(void)
{
	fixture_stop(dir, store, reader);
}

TestSuite(audit, .init = setup, .fini = teardown);

static int run_append(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return audit_append(conn, arg, NULL, err);
}

static void append(const char *operation, const char *poid, const char *detail)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct audit_entry e = { .time_ms = 1700000000000,
				 .tenant = "alpha",
				 .actor = "client",
				 .operation = operation,
				 .poid = poid,
				 .detail = detail };
	cr_assert_eq(store_write(store, run_append, &e, &err), 0, "%s", err.text);
}

static int64_t bad_entry(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t bad = -1;
	cr_assert_eq(audit_verify(reader, &bad, &err), 0, "%s", err.text);
	return bad;
}

static void five_entries(void)
{
	append("one", "p1", NULL);
	append("two", "p2", "");
	append("three", NULL, "detail");
	append("four", "p1", "x");
	append("five", "p1", "y");
}

Test(audit, update_and_delete_are_forbidden)
{
	five_entries();
	cr_assert_eq(
	    storage_sql_try(dir, "UPDATE audit SET detail = 'z' WHERE seq = 2"), -1);
	cr_assert_eq(storage_sql_try(dir, "DELETE FROM audit WHERE seq = 5"), -1);
	cr_assert_eq(storage_sql_try(dir, "DELETE FROM audit"), -1);
	cr_assert_eq(bad_entry(), 0);
}

/* Somebody who drops the triggers first. */
static void tamper(const char *sql)
{
	five_entries();
	storage_sql(dir, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete");
	storage_sql(dir, sql);
}

Test(audit, changed_detail_breaks_the_chain)
{
	tamper("UPDATE audit SET detail = 'other' WHERE seq = 3");
	cr_assert_eq(bad_entry(), 3);
}

Test(audit, absent_made_empty_breaks_the_chain)
{
	tamper("UPDATE audit SET detail = '' WHERE seq = 1");
	cr_assert_eq(bad_entry(), 1);
}

Test(audit, changed_time_breaks_the_chain)
{
	tamper("UPDATE audit SET time_ms = time_ms + 1 WHERE seq = 4");
	cr_assert_eq(bad_entry(), 4);
}

Test(audit, text_moved_to_the_next_field_breaks_the_chain)
{
	tamper("UPDATE audit SET actor = NULL, operation = 'client' WHERE seq = 2");
	cr_assert_eq(bad_entry(), 2);
}

Test(audit, removed_entry_breaks_the_chain)
{
	tamper("DELETE FROM audit WHERE seq = 2");
	cr_assert_eq(bad_entry(), 2);
}

Test(audit, entry_with_a_new_hash_breaks_the_next)
{
	tamper("UPDATE audit SET hash = zeroblob(32) WHERE seq = 5");
	cr_assert_eq(bad_entry(), 5);
}

Test(audit, impossible_length_breaks_the_chain)
{
	tamper("UPDATE audit SET detail = printf('%.*c', 100000, 'x') WHERE seq = 2");
	cr_assert_eq(bad_entry(), 2);
}

Test(audit, cut_off_tail_shows_against_a_known_head)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest head, now;
	int64_t seq = 0;
	five_entries();
	cr_assert_eq(audit_head(reader, &seq, &head, &err), 0);
	cr_assert_eq(seq, 5);
	storage_sql(dir,
		    "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE seq = 5");
	/* The chain alone does not know; a stamped leaf of its head does. */
	cr_assert_eq(bad_entry(), 0);
	cr_assert_eq(audit_hash_at(reader, 5, &now, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(audit, first_link_is_computed_as_documented)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct audit_entry e = { .time_ms = 0x0102, .operation = "op", .detail = "" };
	cr_assert_eq(store_write(store, run_append, &e, &err), 0);
	uint8_t link[1 + 32 + 16 + 6 * 4 + 2] = { 0x01 };
	uint8_t *p = link + 33;
	p[7] = 1; /* seq */
	p[14] = 1;
	p[15] = 2; /* time */
	p += 16;
	memset(p, 0xff, 8); /* tenant, actor */
	p += 8;
	p[3] = 2;
	memcpy(p + 4, "op", 2);
	p += 6;
	memset(p, 0xff, 4); /* poid */
	p += 8;             /* detail: length 0 */
	memset(p, 0xff, 4); /* outcome */
	cr_assert_eq(p + 4 - link, (long)sizeof(link));
	struct digest expected, head;
	int64_t seq;
	cr_assert_eq(
	    digest_once(DIGEST_SHA256, view_of(link, sizeof(link)), &expected, &err),
	    0);
	cr_assert_eq(audit_head(reader, &seq, &head, &err), 0);
	cr_assert_eq(seq, 1);
	cr_assert(digest_equal(&head, &expected));
}

Test(audit, unacceptable_entries_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char longest[STORE_TEXT_MAX + 2];
	memset(longest, 'x', sizeof(longest) - 1);
	struct audit_entry none = { .time_ms = 1 };
	cr_assert_eq(store_write(store, run_append, &none, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	struct audit_entry much = { .operation = "x", .detail = longest };
	cr_assert_eq(store_write(store, run_append, &much, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_eq(bad_entry(), 0);
}

Test(audit, longest_entry_fits)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char text[STORE_TEXT_MAX + 1], uri[STORE_URI_MAX + 1],
	    poid[STORE_POID_MAX + 1], name[STORE_NAME_MAX + 1],
	    tenant[STORE_TENANT_MAX + 1];
	memset(text, 'x', STORE_TEXT_MAX);
	memset(uri, 'x', STORE_URI_MAX);
	memset(poid, 'x', STORE_POID_MAX);
	memset(name, 'x', STORE_NAME_MAX);
	memset(tenant, 'x', STORE_TENANT_MAX);
	struct audit_entry e = { .tenant = tenant,
				 .actor = uri,
				 .operation = name,
				 .poid = poid,
				 .detail = text,
				 .outcome = text };
	cr_assert_eq(store_write(store, run_append, &e, &err), 0, "%s", err.text);
	cr_assert_eq(bad_entry(), 0);
}

struct listed {
	int64_t seqs[16];
	size_t n;
};

static int list_row(void *arg, const struct audit_entry *e, struct ltps_error *err)
{
	(void)err;
	struct listed *l = arg;
	l->seqs[l->n++] = e->seq;
	return 0;
}

Test(audit, listing_by_poid_tenant_and_page)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	five_entries();
	struct listed l = { .n = 0 };
	struct audit_query q = { .poid = "p1" };
	cr_assert_eq(audit_list(reader, &q, list_row, &l, &err), 0);
	cr_assert_eq(l.n, 3);
	cr_assert_eq(l.seqs[1], 4);
	l.n = 0;
	q = (struct audit_query){ .poid = "p1", .tenant = "beta" };
	cr_assert_eq(audit_list(reader, &q, list_row, &l, &err), 0);
	cr_assert_eq(l.n, 0);
	q = (struct audit_query){ .after_seq = 2, .limit = 2 };
	cr_assert_eq(audit_list(reader, &q, list_row, &l, &err), 0);
	cr_assert_eq(l.n, 2);
	cr_assert_eq(l.seqs[0], 3);
}

Test(audit, empty_chain_has_a_zero_head)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest head;
	int64_t seq = -1;
	cr_assert_eq(audit_head(reader, &seq, &head, &err), 0);
	cr_assert_eq(seq, 0);
	cr_assert_eq(head.n, 32);
	cr_assert_eq(head.p[0], 0);
	cr_assert_eq(bad_entry(), 0);
}
