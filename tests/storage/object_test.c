/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "storage/object.h"
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

TestSuite(object, .init = setup, .fini = teardown);

/* A change with up to three numbers and one new object or version. */
struct change {
	const struct object_new *object;
	const struct version_new *version;
	int64_t id;
	int64_t value;
	const char *text;
	int64_t ret_object, ret_version;
};

static int run_insert(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return object_insert(c, x->object, &x->ret_object, &x->ret_version, err);
}

static int run_add_version(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return object_add_version(c, x->id, x->version, &x->ret_version, err);
}

static int run_delete_data(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return object_delete_data(c, x->id, x->value, err);
}

static int run_delete(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return object_delete(c, x->id, x->value, err);
}

static int run_verdict(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return object_set_verdict(c, x->id, x->text, x->value, err);
}

static int run_until(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return object_set_preserve_until(c, x->id, x->value, err);
}

static enum ltps_code
code_of(int (*run)(struct store_conn *, void *, struct ltps_error *), struct change *x)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = store_write(store, run, x, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

static struct object *get(const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	if (object_get(reader, FIXTURE_TENANT, poid, &o, &err) != 0)
		cr_assert_eq(err.code, LTPS_NOT_FOUND, "%s", err.text);
	return o;
}

static struct object_new plain(const char *poid)
{
	return (struct object_new){ .tenant = FIXTURE_TENANT,
				    .poid = poid,
				    .profile = FIXTURE_PROFILE,
				    .created_ms = 7 };
}

Test(object, known_poid_is_refused_and_keeps_the_first)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixture_add(store, 1, 100, NULL, NULL, &err), 0);
	struct object_new n = plain("poid-00000001");
	n.profile = "urn:other";
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_EXISTS);
	struct object *o = get("poid-00000001");
	cr_assert_str_eq(o->profile, FIXTURE_PROFILE);
	object_free(o);
}

Test(object, same_poid_of_another_tenant_is_another_object)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	cr_assert_eq(fixture_add(store, 1, 100, NULL, NULL, &err), 0);
	cr_assert_eq(object_get(reader, "beta", "poid-00000001", &o, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	struct object_new n = plain("poid-00000001");
	n.tenant = "beta";
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_OK);
}

Test(object, unacceptable_texts_are_refused)
{
	char longest[STORE_POID_MAX + 2];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	struct object_new n = plain(longest);
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_ARGUMENT);
	n = plain("");
	cr_assert_eq(code_of(run_insert, &x), LTPS_ARGUMENT);
	n = plain("\xff");
	cr_assert_eq(code_of(run_insert, &x), LTPS_ARGUMENT);
	n = plain("p");
	n.tenant = "../x";
	cr_assert_eq(code_of(run_insert, &x), LTPS_ARGUMENT);
	n = plain("p");
	n.profile = NULL;
	cr_assert_eq(code_of(run_insert, &x), LTPS_ARGUMENT);
}

Test(object, part_and_blob_of_different_size_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct part_new p = { .size = 4 };
	struct version_new v = {
		.label = "v1", .kind = VERSION_SUBMITTED, .parts = &p, .n_parts = 1
	};
	struct object_new n = plain("p");
	n.first = &v;
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, view_text("five!"), NULL,
				  &p.blob, &err),
		     0);
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_ARGUMENT);
	blob_new_free(p.blob);
}

Test(object, too_many_parts_are_refused)
{
	struct part_new p = { 0 };
	struct version_new v = { .label = "v1",
				 .parts = &p,
				 .n_parts = STORE_PARTS_MAX + 1 };
	struct object_new n = plain("p");
	n.first = &v;
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_TOO_LARGE);
}

/* As many updates as there may be. */
static int run_fill(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	char label[16];
	struct version_new v = { .label = label, .kind = VERSION_UPDATED };
	for (int i = 1; i <= STORE_UPDATES_MAX; i++) {
		snprintf(label, sizeof(label), "v%d", i);
		if (object_add_version(c, x->id, &v, &x->ret_version, err) != 0)
			return -1;
	}
	return 0;
}

Test(object, updates_leave_room_for_forms)
{
	struct object_new n = plain("p");
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_OK);
	x.id = x.ret_object;
	cr_assert_eq(code_of(run_fill, &x), LTPS_OK);
	struct version_new v = { .label = "more", .kind = VERSION_UPDATED };
	x.version = &v;
	cr_assert_eq(code_of(run_add_version, &x), LTPS_TOO_LARGE);
	v.kind = VERSION_AUGMENTED;
	cr_assert_eq(code_of(run_add_version, &x), LTPS_OK);
	v.label = "report";
	v.kind = VERSION_REPORT;
	cr_assert_eq(code_of(run_add_version, &x), LTPS_OK);
}

Test(object, everything_comes_back_as_it_was_given)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct part_new p[2] = {
		{ .po_id = "a",
		  .format_id = "urn:f",
		  .mime = "text/plain",
		  .pronom = "x-fmt/111",
		  .related = "b",
		  .detected = "text",
		  .size = 5 },
		{ .po_id = "b",
		  .size = 12345,
		  .given = { .alg = DIGEST_SHA384, .n = 48, .p = { 9 } } },
	};
	struct version_new v = {
		.label = "v1",
		.kind = VERSION_SUBMITTED,
		.created_ms = 8,
		.digest = { .alg = DIGEST_SHA512, .n = 64, .p = { 1, 2 } },
		.verdict = "INDETERMINATE",
		.judged_ms = 9,
		.parts = p,
		.n_parts = 2
	};
	struct object_new n = plain("p");
	n.preserve_until_ms = 99;
	n.first = &v;
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, view_text("hello"), NULL,
				  &p[0].blob, &err),
		     0);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text("hello"), &p[0].sha256, &err),
		     0);
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_OK);
	blob_new_free(p[0].blob);
	struct object *o = get("p");
	cr_assert_eq(o->id, x.ret_object);
	cr_assert_eq(o->state, OBJECT_LIVE);
	cr_assert_eq(o->created_ms, 7);
	cr_assert_eq(o->preserve_until_ms, 99);
	cr_assert_eq(o->n_versions, 1);
	const struct version *w = object_version(o, "v1");
	cr_assert_eq(w->id, x.ret_version);
	cr_assert_eq(w->number, 1);
	cr_assert(digest_equal(&w->digest, &v.digest));
	cr_assert_str_eq(w->verdict, "INDETERMINATE");
	cr_assert_eq(w->judged_ms, 9);
	cr_assert_eq(w->n_parts, 2);
	cr_assert_str_eq(w->parts[0].pronom, "x-fmt/111");
	cr_assert_str_eq(w->parts[0].related, "b");
	cr_assert_str_eq(w->parts[0].detected, "text");
	cr_assert(digest_equal(&w->parts[0].sha256, &p[0].sha256));
	cr_assert_eq(w->parts[0].sha512.n, 0);
	cr_assert_gt(w->parts[0].blob, 0);
	cr_assert_eq(w->parts[1].blob, 0);
	cr_assert_null(w->parts[1].mime);
	cr_assert(digest_equal(&w->parts[1].given, &p[1].given));
	cr_assert_eq(w->parts[1].size, 12345);
	cr_assert_null(object_version(o, "v2"));
	object_free(o);
}

Test(object, container_without_versions_takes_them_later)
{
	struct object_new n = plain("p");
	struct version_new v = { .label = "v1",
				 .kind = VERSION_UPDATED,
				 .created_ms = 8 };
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_OK);
	cr_assert_eq(x.ret_version, 0);
	struct change y = { .id = x.ret_object, .version = &v };
	cr_assert_eq(code_of(run_add_version, &y), LTPS_OK);
	cr_assert_eq(code_of(run_add_version, &y), LTPS_EXISTS);
	v.label = "v2";
	cr_assert_eq(code_of(run_add_version, &y), LTPS_OK);
	struct object *o = get("p");
	cr_assert_eq(o->n_versions, 2);
	cr_assert_eq(o->versions[1].number, 2);
	object_free(o);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(object_get_by_version(reader, y.ret_version, &o, &err), 0);
	cr_assert_str_eq(o->poid, "p");
	object_free(o);
	cr_assert_eq(object_get_by_version(reader, 999, &o, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(object, changes_of_unknown_rows_are_not_found)
{
	struct version_new v = { .label = "v1" };
	struct change x = { .id = 77, .version = &v, .text = "PASSED", .value = 1 };
	cr_assert_eq(code_of(run_add_version, &x), LTPS_NOT_FOUND);
	cr_assert_eq(code_of(run_delete_data, &x), LTPS_NOT_FOUND);
	cr_assert_eq(code_of(run_delete, &x), LTPS_NOT_FOUND);
	cr_assert_eq(code_of(run_verdict, &x), LTPS_NOT_FOUND);
	cr_assert_eq(code_of(run_until, &x), LTPS_NOT_FOUND);
}

Test(object, verdict_and_period_are_kept)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t object = 0, version = 0;
	cr_assert_eq(fixture_add(store, 1, 100, &object, &version, &err), 0);
	struct change x = { .id = version, .text = "TOTAL_PASSED", .value = 55 };
	cr_assert_eq(code_of(run_verdict, &x), LTPS_OK);
	struct change y = { .id = object, .value = 66 };
	cr_assert_eq(code_of(run_until, &y), LTPS_OK);
	struct object *o = get("poid-00000001");
	cr_assert_str_eq(o->versions[0].verdict, "TOTAL_PASSED");
	cr_assert_eq(o->versions[0].judged_ms, 55);
	cr_assert_eq(o->preserve_until_ms, 66);
	object_free(o);
}

/* Deletion */

Test(object, deletion_of_data_keeps_rows_and_digests)
{
	static const size_t sizes[] = { 100, FIXTURE_LARGE };
	struct ltps_error err = LTPS_ERROR_INIT;
	for (uint64_t i = 0; i < 2; i++) {
		int64_t object = 0;
		char poid[32];
		fixture_poid(i, poid);
		cr_assert_eq(fixture_add(store, i, sizes[i], &object, NULL, &err), 0);
		struct change x = { .id = object, .value = 123 };
		cr_assert_eq(code_of(run_delete_data, &x), LTPS_OK);
		struct object *o = get(poid);
		cr_assert_eq(o->state, OBJECT_DATA_DELETED);
		cr_assert_eq(o->deleted_ms, 123);
		cr_assert_eq(o->versions[0].parts[0].blob, 0);
		cr_assert_eq(o->versions[0].parts[0].sha256.n, 32);
		object_free(o);
		cr_assert_eq(code_of(run_delete_data, &x), LTPS_STATE);
		struct version_new v = { .label = "v2" };
		struct change y = { .id = object, .version = &v };
		cr_assert_eq(code_of(run_add_version, &y), LTPS_STATE);
	}
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM blob"), 0);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(object, deletion_leaves_a_tombstone)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t object = 0;
	cr_assert_eq(fixture_add(store, 1, FIXTURE_LARGE, &object, NULL, &err), 0);
	cr_assert_eq(fixture_add(store, 2, FIXTURE_LARGE, NULL, NULL, &err), 0);
	struct change x = { .id = object, .value = 123 };
	cr_assert_eq(code_of(run_delete, &x), LTPS_OK);
	struct object *o = get("poid-00000001");
	cr_assert_eq(o->state, OBJECT_DELETED);
	cr_assert_eq(o->n_versions, 0);
	object_free(o);
	cr_assert_eq(code_of(run_delete, &x), LTPS_STATE);
	cr_assert_eq(code_of(run_delete_data, &x), LTPS_STATE);
	/* The leaf stays for the paths of others. */
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM leaf"), 2);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
	cr_assert_eq(fixture_check(reader, 2, FIXTURE_LARGE, &err), 0);
}

Test(object, deletion_after_deletion_of_data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t object = 0;
	cr_assert_eq(fixture_add(store, 1, 100, &object, NULL, &err), 0);
	struct change x = { .id = object, .value = 123 };
	cr_assert_eq(code_of(run_delete_data, &x), LTPS_OK);
	cr_assert_eq(code_of(run_delete, &x), LTPS_OK);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(object, blob_shared_by_two_objects_outlives_the_first)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t first = 0;
	cr_assert_eq(fixture_add(store, 1, FIXTURE_LARGE, &first, NULL, &err), 0);
	struct fixture_object *copy = NULL;
	cr_assert_eq(
	    fixture_object_make(store, FIXTURE_TENANT, 1, FIXTURE_LARGE, &copy, &err),
	    0);
	fixture_poid(2, copy->poid);
	cr_assert_eq(store_write(store, fixture_object_run, copy, &err), 0, "%s",
		     err.text);
	struct change x = { .id = first, .value = 1 };
	cr_assert_eq(code_of(run_delete, &x), LTPS_OK);
	struct object *o = get("poid-00000002");
	struct buf b = buf_make(FIXTURE_LARGE);
	cr_assert_eq(blob_read(reader, o->versions[0].parts[0].blob, &b, &err), 0);
	buf_free(&b);
	object_free(o);
	fixture_object_free(copy);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(object, ids_of_deleted_rows_are_never_given_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t object = 0, version = 0, again = 0;
	cr_assert_eq(fixture_add(store, 1, 100, &object, &version, &err), 0);
	struct change x = { .id = object, .value = 1 };
	int64_t blob = storage_sql_int(dir, "SELECT max(id) FROM blob");
	cr_assert_eq(code_of(run_delete, &x), LTPS_OK);
	cr_assert_eq(fixture_add(store, 2, 100, NULL, &again, &err), 0);
	cr_assert_gt(again, version);
	cr_assert_gt(storage_sql_int(dir, "SELECT min(id) FROM blob"), blob);
}

static bool file_contains(const char *name, struct view what)
{
	char path[4200];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)64 << 20);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	bool found =
	    file_read(path, &b, &err) == 0 && memmem(b.p, b.n, what.p, what.n) != NULL;
	buf_free(&b);
	return found;
}

Test(object, deleted_bytes_are_gone_from_the_database)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t object = 0;
	uint8_t bytes[300];
	fixture_bytes(1, sizeof(bytes), bytes);
	cr_assert_eq(fixture_add(store, 1, sizeof(bytes), &object, NULL, &err), 0);
	store_reader_close(reader);
	store_close(store);
	cr_assert(file_contains("ltps.db", view_of(bytes, sizeof(bytes))));
	store = fixture_open(dir);
	struct change x = { .id = object, .value = 1 };
	cr_assert_eq(code_of(run_delete, &x), LTPS_OK);
	store_close(store);
	cr_assert_not(file_contains("ltps.db", view_of(bytes + 100, 50)));
	cr_assert_not(file_contains("ltps.db-wal", view_of(bytes + 100, 50)));
	store = fixture_open(dir);
	cr_assert_eq(store_reader_open(store, &reader, &err), 0);
}

/* Listing */

struct listed {
	int64_t ids[64];
	size_t n;
	size_t stop_at;
};

static int list_row(void *arg, const struct object *o, struct ltps_error *err)
{
	struct listed *l = arg;
	l->ids[l->n++] = o->id;
	if (l->n == l->stop_at)
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_CALLER, NULL,
				 "enough");
	return 0;
}

static size_t count(const struct object_query *q)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct listed l = { .n = 0 };
	cr_assert_eq(object_list(reader, q, list_row, &l, &err), 0, "%s", err.text);
	return l.n;
}

Test(object, listing_obeys_every_filter)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest sha512;
	uint8_t bytes[100];
	for (uint64_t i = 1; i <= 9; i++) {
		int64_t object = 0;
		cr_assert_eq(fixture_add(store, i, 100, &object, NULL, &err), 0);
		struct change x = { .id = object, .value = (int64_t)(1000 * i) };
		cr_assert_eq(code_of(i % 2 == 0 ? run_until : run_delete_data, &x),
			     LTPS_OK);
	}
	struct object_new n = plain("other");
	n.tenant = "beta";
	n.profile = "urn:other";
	struct change x = { .object = &n };
	cr_assert_eq(code_of(run_insert, &x), LTPS_OK);
	cr_assert_eq(count(&(struct object_query){ 0 }), 10);
	cr_assert_eq(count(&(struct object_query){ .tenant = FIXTURE_TENANT }), 9);
	cr_assert_eq(count(&(struct object_query){ .tenant = "nobody" }), 0);
	cr_assert_eq(count(&(struct object_query){ .profile = "urn:other" }), 1);
	cr_assert_eq(count(&(struct object_query){ .poid_prefix = "poid-0000000" }), 9);
	cr_assert_eq(count(&(struct object_query){ .poid_prefix = "%" }), 0);
	cr_assert_eq(count(&(struct object_query){ .has_state = true,
						   .state = OBJECT_DATA_DELETED }),
		     5);
	cr_assert_eq(count(&(struct object_query){ .created_until_ms = 8 }), 1);
	cr_assert_eq(count(&(struct object_query){ .created_from_ms = 8 }), 9);
	cr_assert_eq(count(&(struct object_query){ .preserve_until_before_ms = 6000 }),
		     2);
	cr_assert_eq(count(&(struct object_query){ .limit = 3 }), 3);
	cr_assert_eq(count(&(struct object_query){ .after_id = x.ret_object - 1 }), 1);
	fixture_bytes(4, sizeof(bytes), bytes);
	cr_assert_eq(
	    digest_once(DIGEST_SHA512, view_of(bytes, sizeof(bytes)), &sha512, &err),
	    0);
	cr_assert_eq(count(&(struct object_query){ .sha512 = &sha512 }), 1);
}

Test(object, listing_ends_when_a_row_says_so)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (uint64_t i = 1; i <= 3; i++)
		cr_assert_eq(fixture_add(store, i, 10, NULL, NULL, &err), 0);
	struct listed l = { .stop_at = 2 };
	cr_assert_eq(
	    object_list(reader, &(struct object_query){ 0 }, list_row, &l, &err), -1);
	cr_assert_eq(err.code, LTPS_CANCELLED);
	cr_assert_eq(l.n, 2);
	cr_assert_eq(count(&(struct object_query){ 0 }), 3);
}
