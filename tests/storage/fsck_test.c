/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/evidence.h"
#include "storage/fsck.h"
#include "storage/material.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_scene.h"
#include "tests/support/storage_sql.h"

static char dir[4096];
static struct store *store;

static void ignore_event(void *arg, enum scene_event what, uint64_t i)
{
	(void)arg;
	(void)what;
	(void)i;
}

struct put {
	struct material_new m;
	struct leaf_new leaf;
};

static int put_material(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct put *p = arg;
	if (material_put(c, &p->m, &p->leaf.ref, NULL, err) != 0)
		return -1;
	return tree_append_leaf(c, &p->leaf, NULL, err);
}

/* Objects, stamped trees, deletions, a leaf of material; the last tree is open. */
static void setup(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene scene = { .first = 1, .count = 22, .event = ignore_event };
	fixture_dir(dir);
	store = fixture_open(dir);
	scene_run(store, &scene);
	struct put p = { .m = { .kind = MATERIAL_ROW_CRL, .fetched_ms = 1 },
			 .leaf = { .profile = FIXTURE_PROFILE,
				   .alg = DIGEST_SHA256,
				   .kind = LEAF_MATERIAL } };
	if (digest_once(DIGEST_SHA256, view_text("a list"), &p.leaf.digest, &err) !=
		0 ||
	    blob_prepare(store, STORE_TENANT_SYSTEM, view_text("a list"), NULL,
			 &p.m.blob, &err) != 0 ||
	    store_write(store, put_material, &p, &err) != 0)
		fixture_die("material", &err);
	blob_new_free(p.m.blob);
}

static void teardown(void)
{
	store_close(store);
	fixture_remove(dir);
}

TestSuite(fsck, .init = setup, .fini = teardown);

struct found {
	unsigned count[FSCK_KIND_COUNT];
	unsigned total;
	char last[512];
};

static void note(void *arg, const struct fsck_finding *f)
{
	struct found *n = arg;
	n->count[f->kind]++;
	n->total++;
	snprintf(n->last, sizeof(n->last), "%s: %s: %s", fsck_kind_name(f->kind),
		 f->subject, f->text);
}

static struct found check(const struct fsck_hooks *hooks)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct found n = { .total = 0 };
	struct fsck_report report;
	struct fsck_options options = { .hooks = hooks, .finding = note, .arg = &n };
	cr_assert_eq(store_fsck(store, &options, &report, &err), 0, "%s", err.text);
	cr_assert_eq(report.damaged + report.harmless, n.total);
	return n;
}

/* Exactly one finding, of this kind. */
static void only(enum fsck_kind kind)
{
	struct found n = check(NULL);
	cr_assert_eq(n.total, 1, "%u findings, last %s", n.total, n.last);
	cr_assert_eq(n.count[kind], 1, "%s", n.last);
}

static void at_least(enum fsck_kind kind)
{
	struct found n = check(NULL);
	cr_assert_geq(n.count[kind], 1u, "%u findings, last %s", n.total, n.last);
}

/* The n-th blob that is a file. */
static void a_file(char out[4200])
{
	static const char hex[] = "0123456789abcdef";
	char address[129];
	for (int i = 0; i < 64; i++) {
		char sql[400];
		snprintf(
		    sql, sizeof(sql),
		    "SELECT instr('%s', lower(substr(hex(sha512), %d, 1))) - 1 + 16 *"
		    "(instr('%s', lower(substr(hex(sha512), %d, 1))) - 1)"
		    " FROM blob WHERE data IS NULL AND tenant = 'alpha' ORDER BY id",
		    hex, 2 * i + 2, hex, 2 * i + 1);
		snprintf(address + 2 * i, 3, "%02x",
			 (unsigned)storage_sql_int(dir, sql));
	}
	snprintf(out, 4200, "%.3900s/blobs/alpha/%.2s/%s", dir, address, address);
}

Test(fsck, untouched_store_is_clean)
{
	struct found n = check(NULL);
	cr_assert_eq(n.total, 0, "%s", n.last);
}

Test(fsck, changed_byte_of_a_file)
{
	char path[4200];
	a_file(path);
	cr_assert_eq(chmod(path, 0600), 0);
	int fd = open(path, O_WRONLY);
	cr_assert_eq(pwrite(fd, "!", 1, 20000), 1);
	close(fd);
	only(FSCK_BLOB_DAMAGED);
}

Test(fsck, shortened_file)
{
	char path[4200];
	a_file(path);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(truncate(path, 100), 0);
	only(FSCK_BLOB_DAMAGED);
}

Test(fsck, missing_file)
{
	char path[4200];
	a_file(path);
	cr_assert_eq(unlink(path), 0);
	only(FSCK_BLOB_MISSING);
}

Test(fsck, file_without_a_row_is_harmless)
{
	char path[4200], other[4200];
	a_file(path);
	snprintf(other, sizeof(other), "%s", path);
	char *name = strrchr(other, '/') + 1;
	memset(name, 'e', 128);
	FILE *f = fopen(other, "w");
	fclose(f);
	struct found n = check(NULL);
	cr_assert_eq(n.total, 1);
	cr_assert_eq(n.count[FSCK_BLOB_ORPHAN], 1);
}

Test(fsck, changed_inline_bytes)
{
	storage_sql(dir, "UPDATE blob SET data = zeroblob(length(data)) WHERE id ="
			 " (SELECT min(blob) FROM part WHERE blob IN"
			 " (SELECT id FROM blob WHERE data IS NOT NULL))");
	only(FSCK_BLOB_DAMAGED);
}

Test(fsck, too_many_references)
{
	storage_sql(
	    dir,
	    "UPDATE blob SET refs = refs + 1 WHERE id = (SELECT min(id) FROM blob)");
	only(FSCK_BLOB_REFS);
}

Test(fsck, unreferenced_blob)
{
	storage_sql(dir,
		    "INSERT INTO blob (tenant, sha512, size, refs, data) SELECT 'beta',"
		    " sha512, size, 1, data FROM blob WHERE data IS NOT NULL LIMIT 1");
	only(FSCK_BLOB_REFS);
}

Test(fsck, changed_sha256_of_a_part)
{
	storage_sql(dir, "UPDATE part SET sha256 = zeroblob(32) WHERE version ="
			 " (SELECT min(version) FROM part WHERE blob IS NOT NULL)");
	struct found n = check(NULL);
	cr_assert_eq(n.count[FSCK_PART_DIGEST], 1);
	/* The leaf no longer fits either, nor that of its hash-tree renewal. */
	cr_assert_geq(n.count[FSCK_LEAF], 1);
	cr_assert_eq(n.total, 1 + n.count[FSCK_LEAF]);
}

Test(fsck, changed_digest_of_a_version)
{
	storage_sql(dir, "UPDATE version SET digest = zeroblob(32)"
			 " WHERE id = (SELECT min(id) FROM version)");
	at_least(FSCK_LEAF);
}

Test(fsck, changed_leaf_of_an_open_tree)
{
	storage_sql(dir, "UPDATE leaf SET digest = zeroblob(32) WHERE kind = 3");
	only(FSCK_LEAF);
}

Test(fsck, changed_leaf_of_a_stamped_tree)
{
	storage_sql(dir,
		    "UPDATE leaf SET digest = zeroblob(32) WHERE tree = 1 AND idx = 0");
	struct found n = check(NULL);
	cr_assert_eq(n.count[FSCK_LEAF], 1);
	cr_assert_eq(n.count[FSCK_TREE], 1);
}

Test(fsck, changed_audit_head_leaf)
{
	storage_sql(dir, "UPDATE leaf SET ref = ref - 1 WHERE tree = 1 AND kind = 2");
	only(FSCK_LEAF);
}

Test(fsck, missing_leaf)
{
	storage_sql(dir, "DELETE FROM leaf WHERE tree = 1 AND idx = 0");
	at_least(FSCK_LEAF);
}

Test(fsck, leaf_count_that_is_too_high)
{
	storage_sql(dir, "UPDATE tree SET n_leaves = n_leaves + 1 WHERE state = 0");
	only(FSCK_TREE);
}

Test(fsck, changed_root)
{
	storage_sql(dir, "UPDATE tree SET root = zeroblob(32) WHERE id = 1");
	only(FSCK_TREE);
}

Test(fsck, token_of_another_tree)
{
	storage_sql(dir, "UPDATE token SET tree = 2 WHERE tree = 1");
	at_least(FSCK_TOKEN);
}

Test(fsck, dangling_reference)
{
	storage_sql(dir, "UPDATE part SET blob = 4711 WHERE version ="
			 " (SELECT min(version) FROM part WHERE blob IS NOT NULL)");
	struct found n = check(NULL);
	cr_assert_eq(n.count[FSCK_DATABASE], 1);
	cr_assert_eq(n.count[FSCK_BLOB_REFS], 1);
}

Test(fsck, changed_audit_entry)
{
	storage_sql(dir, "DROP TRIGGER audit_no_update;"
			 "UPDATE audit SET actor = 'nobody' WHERE seq = 3");
	only(FSCK_AUDIT);
}

Test(fsck, damaged_page_is_reported_and_the_rest_goes_on)
{
	char path[4200];
	int64_t pages = storage_sql_int(dir, "PRAGMA page_count");
	int64_t page = storage_sql_int(dir, "SELECT rootpage FROM sqlite_schema"
					    " WHERE name = 'audit_poid'");
	cr_assert_leq(page, pages);
	store_close(store);
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	int fd = open(path, O_WRONLY);
	static char junk[4096];
	memset(junk, 0x5a, sizeof(junk));
	cr_assert_eq(pwrite(fd, junk, sizeof(junk), (page - 1) * 4096), 4096);
	close(fd);
	store = fixture_open(dir);
	struct found n = check(NULL);
	cr_assert_geq(n.count[FSCK_DATABASE], 1u);
	cr_assert_eq(n.count[FSCK_DATABASE], n.total, "%s", n.last);
	/* Nothing else is lost: objects are read through other pages. */
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *r = NULL;
	cr_assert_eq(store_reader_open(store, &r, &err), 0);
	cr_assert_eq(fixture_check(r, 1, scene_size(1), &err), 0, "%s", err.text);
	store_reader_close(r);
	/* A write that needs the page says so and is not acknowledged. */
	cr_assert_eq(fixture_add(store, 500, 100, NULL, NULL, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
}

static int complain(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 4998",
			 "the hook says no");
}

static int refuse_tree(void *arg, const struct tree *t, struct view leaves,
		       struct view nodes, struct ltps_error *err)
{
	(void)arg;
	size_t len = digest_len(t->alg);
	cr_assert_eq(leaves.n, t->n_leaves * len);
	cr_assert_eq(nodes.n, leaves.n + len);
	return t->id == 1 ? complain(err) : 0;
}

static int refuse_token(void *arg, const struct token *token, const struct tree *t,
			struct ltps_error *err)
{
	(void)arg;
	cr_assert_gt(token->der.n, 0u);
	return t->id == 2 ? complain(err) : 0;
}

Test(fsck, hooks_judge_trees_and_tokens)
{
	struct fsck_hooks hooks = { .check_tree = refuse_tree,
				    .check_token = refuse_token };
	struct found n = check(&hooks);
	cr_assert_eq(n.count[FSCK_TREE], 1);
	cr_assert_eq(n.count[FSCK_TOKEN], 1);
	cr_assert_eq(n.total, 2);
}

Test(fsck, nothing_is_modified)
{
	int64_t before = storage_sql_int(
	    dir, "SELECT total_changes() + (SELECT count(*) FROM blob)");
	char path[4200];
	a_file(path);
	cr_assert_eq(unlink(path), 0);
	(void)check(NULL);
	cr_assert_eq(storage_sql_int(
			 dir, "SELECT total_changes() + (SELECT count(*) FROM blob)"),
		     before);
}
