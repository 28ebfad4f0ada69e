/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens and links in the store; what each tenant has. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "storage/credential.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

#define NOW INT64_C(1700000000000)

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

TestSuite(credential, .init = setup, .fini = teardown);
TestSuite(tenant_use, .init = setup, .fini = teardown);

struct change {
	enum credential_kind kind;
	struct digest hash;
	struct credential new;
	int64_t id;
	const char *tenant;
	int64_t now_ms;
};

static int run_add(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return credential_add(c, x->kind, &x->hash, &x->new, &x->id, err);
}

static int run_used(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return credential_used(c, x->id, x->now_ms, err);
}

static int run_revoke(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct change *x = arg;
	return credential_revoke(c, x->kind, x->id, x->tenant, x->now_ms, err);
}

static enum ltps_code
code_of(int (*run)(struct store_conn *, void *, struct ltps_error *), struct change *x)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const int rc = store_write(store, run, x, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

static struct change make(enum credential_kind kind, const char *secret,
			  const char *tenant, const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct change x = { .kind = kind, .new = { .created_ms = NOW, .roles = 5 } };
	snprintf(x.new.tenant, sizeof(x.new.tenant), "%s", tenant);
	snprintf(x.new.name, sizeof(x.new.name), "%s", name);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text(secret), &x.hash, &err), 0);
	return x;
}

static enum ltps_code find(const struct change *x, enum credential_kind kind,
			   struct credential *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const int rc = credential_find(reader, kind, &x->hash, ret, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

Test(credential, what_nobody_has_is_not_found)
{
	struct credential c;
	struct change token = make(CREDENTIAL_TOKEN, "a", "alpha", "n");
	cr_assert_eq(find(&token, CREDENTIAL_TOKEN, &c), LTPS_NOT_FOUND);
	cr_assert_eq(code_of(run_add, &token), LTPS_OK);
	/* A token opens nothing as a link. */
	cr_assert_eq(find(&token, CREDENTIAL_LINK, &c), LTPS_NOT_FOUND);
	const struct change other = make(CREDENTIAL_TOKEN, "b", "alpha", "n");
	cr_assert_eq(find(&other, CREDENTIAL_TOKEN, &c), LTPS_NOT_FOUND);
	cr_assert_eq(find(&token, CREDENTIAL_TOKEN, &c), LTPS_OK);
}

Test(credential, secret_is_taken_once_and_texts_are_checked)
{
	struct change a = make(CREDENTIAL_TOKEN, "a", "alpha", "n");
	struct change again = make(CREDENTIAL_LINK, "a", "beta", "m");
	struct change nameless = make(CREDENTIAL_TOKEN, "b", "alpha", "");
	struct change ownerless = make(CREDENTIAL_TOKEN, "c", "", "n");
	cr_assert_eq(code_of(run_add, &a), LTPS_OK);
	cr_assert_neq(code_of(run_add, &again), LTPS_OK);
	cr_assert_eq(code_of(run_add, &nameless), LTPS_ARGUMENT);
	cr_assert_eq(code_of(run_add, &ownerless), LTPS_ARGUMENT);
}

Test(credential, ends_by_time_or_by_hand)
{
	struct credential c;
	struct change a = make(CREDENTIAL_TOKEN, "a", "alpha", "n");
	a.new.until_ms = NOW + 10;
	cr_assert_eq(code_of(run_add, &a), LTPS_OK);
	cr_assert_eq(find(&a, CREDENTIAL_TOKEN, &c), LTPS_OK);
	cr_assert(credential_live(&c, NOW + 9));
	cr_assert_not(credential_live(&c, NOW + 10));
	a.now_ms = NOW + 5;
	cr_assert_eq(code_of(run_revoke, &a), LTPS_OK);
	cr_assert_eq(find(&a, CREDENTIAL_TOKEN, &c), LTPS_OK);
	cr_assert_not(credential_live(&c, NOW + 9));
	cr_assert_eq(c.revoked_ms, NOW + 5);
}

Test(credential, only_its_tenant_and_kind_revoke_it)
{
	struct change a = make(CREDENTIAL_LINK, "a", "alpha", "n");
	cr_assert_eq(code_of(run_add, &a), LTPS_OK);
	a.tenant = "beta";
	cr_assert_eq(code_of(run_revoke, &a), LTPS_NOT_FOUND);
	a.tenant = "alpha";
	a.kind = CREDENTIAL_TOKEN;
	cr_assert_eq(code_of(run_revoke, &a), LTPS_NOT_FOUND);
	a.kind = CREDENTIAL_LINK;
	cr_assert_eq(code_of(run_revoke, &a), LTPS_OK);
	cr_assert_eq(code_of(run_revoke, &a), LTPS_NOT_FOUND);
}

static int count_row(void *arg, const struct credential *c, struct ltps_error *err)
{
	(void)c;
	(void)err;
	++*(int *)arg;
	return 0;
}

Test(credential, everything_is_kept_listed_and_counted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct credential c;
	uint64_t live = 0;
	int n = 0;
	struct change a = make(CREDENTIAL_TOKEN, "a", "alpha", "n");
	struct change b = make(CREDENTIAL_LINK, "b", "alpha", "m");
	struct change d = make(CREDENTIAL_LINK, "d", "beta", "m");
	snprintf(b.new.poid, sizeof(b.new.poid), "object");
	b.new.until_ms = NOW + 10;
	cr_assert_eq(code_of(run_add, &a), LTPS_OK);
	cr_assert_eq(code_of(run_add, &b), LTPS_OK);
	cr_assert_eq(code_of(run_add, &d), LTPS_OK);
	b.now_ms = NOW + CREDENTIAL_USED_MS + 77;
	cr_assert_eq(code_of(run_used, &b), LTPS_OK);
	cr_assert_eq(find(&b, CREDENTIAL_LINK, &c), LTPS_OK);
	cr_assert(c.id == b.id && c.roles == 5 && c.created_ms == NOW &&
		  c.until_ms == NOW + 10 && c.revoked_ms == 0);
	cr_assert_str_eq(c.poid, "object");
	cr_assert(c.used_ms <= b.now_ms && c.used_ms % CREDENTIAL_USED_MS == 0);
	cr_assert_eq(
	    credential_list(reader, CREDENTIAL_LINK, NULL, 0, count_row, &n, &err), 0);
	cr_assert_eq(n, 2);
	cr_assert_eq(
	    credential_list(reader, CREDENTIAL_LINK, "alpha", 0, count_row, &n, &err),
	    0);
	cr_assert_eq(n, 3);
	cr_assert_eq(
	    credential_count(reader, CREDENTIAL_LINK, "alpha", NOW + 10, &live, &err),
	    0);
	cr_assert_eq(live, 0);
	cr_assert_eq(
	    credential_count(reader, CREDENTIAL_LINK, "alpha", NOW, &live, &err), 0);
	cr_assert_eq(live, 1);
}

/* ---- what a tenant has ---- */

static struct fixture_object *add(const char *tenant, uint64_t content, size_t n,
				  const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixture_object *o;
	cr_assert_eq(fixture_object_make(store, tenant, content, n, &o, &err), 0);
	snprintf(o->poid, sizeof(o->poid), "%s", poid);
	cr_assert_eq(store_write(store, fixture_object_run, o, &err), 0, "%s",
		     err.text);
	return o;
}

static void expect_use(const char *tenant, uint64_t objects, uint64_t bytes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tenant_use u;
	cr_assert_eq(tenant_use_get(reader, tenant, &u, &err), 0);
	cr_expect_eq(u.objects, objects, "%s: %llu", tenant,
		     (unsigned long long)u.objects);
	cr_expect_eq(u.bytes, bytes, "%s: %llu", tenant, (unsigned long long)u.bytes);
}

static int run_delete_data(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete_data(c, ((struct fixture_object *)arg)->object, NOW, err);
}

static int run_delete(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete(c, ((struct fixture_object *)arg)->object, NOW, err);
}

static int run_and_fail(struct store_conn *c, void *arg, struct ltps_error *err)
{
	cr_assert_eq(fixture_object_run(c, arg, err), 0);
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL, "on purpose");
}

Test(tenant_use, content_counts_once_for_each_tenant)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	expect_use("alpha", 0, 0);
	struct fixture_object *a = add("alpha", 1, FIXTURE_LARGE, "a");
	struct fixture_object *b = add("alpha", 1, FIXTURE_LARGE, "b");
	struct fixture_object *c = add("beta", 1, FIXTURE_LARGE, "c");
	expect_use("alpha", 2, FIXTURE_LARGE);
	expect_use("beta", 1, FIXTURE_LARGE);
	cr_assert_eq(store_write(store, run_delete, a, &err), 0);
	expect_use("alpha", 1, FIXTURE_LARGE);
	cr_assert_eq(store_write(store, run_delete_data, b, &err), 0);
	expect_use("alpha", 1, 0);
	cr_assert_eq(store_write(store, run_delete, b, &err), 0);
	expect_use("alpha", 0, 0);
	expect_use("beta", 1, FIXTURE_LARGE);
	fixture_object_free(a);
	fixture_object_free(b);
	fixture_object_free(c);
}

Test(tenant_use, what_is_undone_does_not_count)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixture_object *a;
	cr_assert_eq(fixture_object_make(store, "alpha", 1, 100, &a, &err), 0);
	cr_assert_eq(store_write(store, run_and_fail, a, &err), -1);
	expect_use("alpha", 0, 0);
	fixture_object_free(a);
}

Test(tenant_use, store_of_before_is_counted_when_it_is_opened)
{
	struct fixture_object *a = add("alpha", 1, 100, "a");
	struct fixture_object *b = add("beta", 2, 200, "b");
	fixture_object_free(a);
	fixture_object_free(b);
	store_reader_close(reader);
	store_close(store);
	storage_sql(dir,
		    "DROP TRIGGER tenant_use_chain; DROP TRIGGER tenant_use_no_chain;"
		    "DROP INDEX part_format; DROP INDEX version_subindication;"
		    "DROP INDEX version_record; DROP INDEX part_id;"
		    "ALTER TABLE version DROP COLUMN record_id;"
		    /* What came with alpha's. */
		    "INSERT INTO chain (ref_kind, ref, seq, der) SELECT 1, v.id, 1,"
		    " zeroblob(50) FROM version v JOIN object o ON o.id = v.object"
		    " WHERE o.tenant = 'alpha';"
		    "DROP TABLE tenant_use; DROP TABLE credential;"
		    "DROP TRIGGER tenant_use_blob; DROP TRIGGER tenant_use_no_blob;"
		    "DROP TRIGGER tenant_use_object;"
		    "DROP TRIGGER tenant_use_no_object;"
		    "DROP INDEX version_partner; DROP INDEX version_second;"
		    "ALTER TABLE version DROP COLUMN partner;"
		    "ALTER TABLE version DROP COLUMN second_ms;"
		    "ALTER TABLE version DROP COLUMN seconds; PRAGMA user_version = 3");
	store = fixture_open(dir);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(store_reader_open(store, &reader, &err), 0);
	expect_use("alpha", 1, 150);
	expect_use("beta", 1, 200);
}
