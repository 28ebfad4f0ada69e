/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>

#include <string.h>

#include "storage/material.h"
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

TestSuite(material, .init = setup, .fini = teardown);

struct put {
	struct material_new m;
	int64_t id;
	bool added;
};

static int run_put(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct put *p = arg;
	return material_put(c, &p->m, &p->id, &p->added, err);
}

static struct put put(enum material_row_kind kind, const char *bytes, const char *key,
		      int64_t produced_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct put p = { .m = { .kind = kind,
				.source = "http://example/crl",
				.fetched_ms = 5,
				.key = view_text(key),
				.produced_ms = produced_ms } };
	cr_assert_eq(blob_prepare(store, STORE_TENANT_SYSTEM, view_text(bytes), NULL,
				  &p.m.blob, &err),
		     0);
	cr_assert_eq(store_write(store, run_put, &p, &err), 0, "%s", err.text);
	blob_new_free(p.m.blob);
	return p;
}

struct rows {
	int64_t ids[8];
	size_t n;
	struct material_row last;
};

static int row(void *arg, const struct material_row *m, struct ltps_error *err)
{
	(void)err;
	struct rows *r = arg;
	r->ids[r->n++] = m->id;
	r->last = *m;
	r->last.source = NULL;
	return 0;
}

Test(material, same_bytes_are_stored_once_for_each_kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct put a = put(MATERIAL_ROW_CRL, "bytes", "k", 1);
	struct put b = put(MATERIAL_ROW_CRL, "bytes", "k2", 2);
	struct put c = put(MATERIAL_ROW_OTHER, "bytes", "k", 1);
	cr_assert(a.added);
	cr_assert_not(b.added);
	cr_assert_eq(a.id, b.id);
	cr_assert(c.added);
	cr_assert_neq(a.id, c.id);
	struct rows r = { .n = 0 };
	cr_assert_eq(material_get(reader, a.id, row, &r, &err), 0);
	cr_assert_eq(r.last.produced_ms, 1, "what exists stays as it is");
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(material, unknown_material_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = { .alg = DIGEST_SHA512, .n = 64 };
	struct rows r = { .n = 0 };
	cr_assert_eq(material_get(reader, 1, row, &r, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	cr_assert_eq(material_by_sha512(reader, MATERIAL_ROW_CRL, &d, row, &r, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	cr_assert_eq(
	    material_by_key(reader, MATERIAL_ROW_CRL, view_text("k"), INT64_MAX, row,
			    &r, &err),
	    0);
	cr_assert_eq(r.n, 0);
}

Test(material, newest_comes_first_by_key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct rows r = { .n = 0 };
	struct put old = put(MATERIAL_ROW_CRL, "old", "issuer", 10);
	struct put new = put(MATERIAL_ROW_CRL, "new", "issuer", 30);
	put(MATERIAL_ROW_CRL, "other", "other issuer", 40);
	put(MATERIAL_ROW_OCSP, "ocsp", "issuer", 50);
	cr_assert_eq(material_by_key(reader, MATERIAL_ROW_CRL, view_text("issuer"),
				     INT64_MAX, row, &r, &err),
		     0);
	cr_assert_eq(r.n, 2);
	cr_assert_eq(r.ids[0], new.id);
	cr_assert_eq(r.ids[1], old.id);
	r.n = 0;
	cr_assert_eq(material_by_key(reader, MATERIAL_ROW_CRL, view_text("issuer"), 29,
				     row, &r, &err),
		     0);
	cr_assert_eq(r.n, 1, "what was produced later does not count");
	cr_assert_eq(r.ids[0], old.id);
}

static int count_row(void *arg, const struct material_row *m, struct ltps_error *err)
{
	(void)m;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

Test(material, of_one_source_the_newest_are_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char bytes[32];
	size_t n = 0;
	for (int i = 0; i < MATERIAL_KEY_ROWS_MAX + 3; i++) {
		snprintf(bytes, sizeof(bytes), "CRL %d", i);
		put(MATERIAL_ROW_CRL, bytes, "issuer", 1 + i);
	}
	cr_assert_eq(material_by_key(reader, MATERIAL_ROW_CRL, view_text("issuer"),
				     INT64_MAX, count_row, &n, &err),
		     0);
	cr_assert_eq(n, MATERIAL_KEY_ROWS_MAX);
	n = 0;
	cr_assert_eq(material_by_key(reader, MATERIAL_ROW_CRL, view_text("issuer"), 3,
				     count_row, &n, &err),
		     0);
	cr_assert_eq(n, 3, "older ones answer for their time");
}

struct link {
	int64_t material, user;
};

static int run_link(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct link *l = arg;
	return material_link(c, l->material, MATERIAL_USER_TOKEN, l->user, err);
}

Test(material, links_are_idempotent_and_need_their_material)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct rows r = { .n = 0 };
	struct put p = put(MATERIAL_ROW_CERT, "cert", "", 0);
	struct link l = { p.id, 3 };
	cr_assert_eq(store_write(store, run_link, &l, &err), 0);
	cr_assert_eq(store_write(store, run_link, &l, &err), 0);
	cr_assert_eq(material_of(reader, MATERIAL_USER_TOKEN, 3, row, &r, &err), 0);
	cr_assert_eq(r.n, 1);
	cr_assert_eq(material_of(reader, MATERIAL_USER_VERSION, 3, row, &r, &err), 0);
	cr_assert_eq(r.n, 1);
	l.material = 99;
	cr_assert_eq(store_write(store, run_link, &l, &err), -1);
}

static int run_anchor(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct anchor_row *a = arg;
	return anchor_put(c, a, &a->id, err);
}

struct anchors {
	struct anchor_row rows[4];
	size_t n;
};

static int anchor_seen(void *arg, const struct anchor_row *a, struct ltps_error *err)
{
	(void)err;
	struct anchors *s = arg;
	s->rows[s->n++] = *a;
	return 0;
}

Test(material, anchor_periods_are_a_history)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct anchor_row a = { .der = view_text("root"),
				.trusted_from_ms = 100,
				.source = "c" };
	cr_assert_eq(store_write(store, run_anchor, &a, &err), 0, "%s", err.text);
	int64_t first = a.id;
	a.sunset_ms = 200;
	cr_assert_eq(store_write(store, run_anchor, &a, &err), 0);
	cr_assert_eq(a.id, first, "the same period is updated");
	a.trusted_from_ms = 300;
	a.sunset_ms = 0;
	cr_assert_eq(store_write(store, run_anchor, &a, &err), 0);
	cr_assert_neq(a.id, first);
	struct anchors s = { .n = 0 };
	cr_assert_eq(anchor_list(reader, anchor_seen, &s, &err), 0);
	cr_assert_eq(s.n, 2);
	cr_assert_eq(s.rows[0].sunset_ms, 200);
	cr_assert_eq(s.rows[1].trusted_from_ms, 300);
	cr_assert_eq(s.rows[1].sunset_ms, 0);
}
