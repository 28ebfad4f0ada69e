/* SPDX-License-Identifier: Apache-2.0 */
/* Searches: what each condition finds and leaves, pages, who signed, and the bounds. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "storage/search.h"
#include "storage/signature.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

extern const struct embedded store_schemas[];

static char dir[4096];
static struct store *store;
static struct store_conn *reader;

/* Name, stored, period, profile, format, MIME, id, versions; of tenant alpha but "x".
 */
static const struct thing {
	const char *poid, *tenant;
	int64_t stored_ms, until_ms;
	const char *profile, *format, *mime, *id, *verdict;
	unsigned versions;
} THINGS[] = {
	{ "a", "alpha", 100, 900, "urn:p", "urn:f", "text/plain", "doc", NULL, 1 },
	{ "b", "alpha", 200, 800, "urn:q", NULL, "Image/PNG", "pic", "TOTAL_PASSED",
	  2 },
	{ "c", "alpha", 200, 0, "urn:p", "urn:g", NULL, NULL,
	  "INDETERMINATE/REVOKED_NO_POE", 3 },
	{ "x", "beta", 200, 900, "urn:p", "urn:f", "text/plain", "doc", "TOTAL_PASSED",
	  1 },
};

struct task {
	const struct thing *t;
	unsigned version;
	int64_t object, id;
	const struct signature_row *rows;
	size_t n;
};

static int run_thing(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct task *x = arg;
	const struct thing *t = x->t;
	const struct part_new p = { .po_id = t->id,
				    .format_id = t->format,
				    .mime = t->mime };
	struct version_new v = { .label = "v1",
				 .kind = VERSION_SUBMITTED,
				 .verdict = t->verdict,
				 .parts = &p,
				 .n_parts = 1 };
	const struct object_new o = { .tenant = t->tenant,
				      .poid = t->poid,
				      .profile = t->profile,
				      .created_ms = t->stored_ms,
				      .preserve_until_ms = t->until_ms,
				      .first = &v };
	char label[8];
	if (object_insert(c, &o, &x->object, &x->id, err) != 0)
		return -1;
	v.kind = VERSION_UPDATED;
	for (unsigned i = 2; i <= t->versions; i++) {
		snprintf(label, sizeof(label), "v%u", i);
		v.label = label;
		if (object_add_version(c, x->object, &v, &x->id, err) != 0)
			return -1;
	}
	/* Forms are no versions of the client. */
	v = (struct version_new){ .label = "report-1", .kind = VERSION_REPORT };
	int64_t ignored;
	return object_add_version(c, x->object, &v, &ignored, err);
}

static int run_signatures(struct store_conn *c, void *arg, struct ltps_error *err)
{
	const struct task *x = arg;
	return signatures_put(c, x->id, x->rows, x->n, err);
}

static int run_delete(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete(c, ((struct task *)arg)->object, 1, err);
}

static int run_delete_data(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return object_delete_data(c, ((struct task *)arg)->object, 1, err);
}

static struct task tasks[4];

static void put(unsigned i, const char *subject)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct signature_row row = { .part = 1,
					   .subject = subject,
					   .verdict = "TOTAL_PASSED" };
	tasks[i].rows = &row;
	tasks[i].n = 1;
	cr_assert_eq(store_write(store, run_signatures, &tasks[i], &err), 0, "%s",
		     err.text);
}

static void setup(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fixture_start(dir, &store, &reader);
	for (unsigned i = 0; i < 4; i++) {
		tasks[i] = (struct task){ .t = &THINGS[i] };
		cr_assert_eq(store_write(store, run_thing, &tasks[i], &err), 0, "%s",
			     err.text);
	}
	put(0, "CN=Anna Muster, O=Ämter");
	put(1, "CN=Bert");
	put(3, "CN=Anna Muster, O=Ämter");
}

static void teardown(void)
{
	fixture_stop(dir, store, reader);
}

TestSuite(search, .init = setup, .fini = teardown);

struct found {
	char text[256];
	size_t n;
};

static int take(void *arg, const char *poid, struct ltps_error *err)
{
	struct found *f = arg;
	(void)err;
	snprintf(f->text + strlen(f->text), sizeof(f->text) - strlen(f->text), "%s",
		 poid);
	f->n++;
	return 0;
}

static struct search_query query(const struct search_node *nodes, size_t n)
{
	return (struct search_query){ .tenant = "alpha", .nodes = nodes, .n_nodes = n };
}

static enum ltps_code try(const struct search_query *q, struct found *f, bool *more)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	*f = (struct found){ .n = 0 };
	return object_search(reader, q, take, f, more, &err) == 0 ? LTPS_OK : err.code;
}

static void expect(const struct search_node *nodes, size_t n, const char *poids)
{
	struct found f;
	bool more;
	const struct search_query q = query(nodes, n);
	cr_assert_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_str_eq(f.text, poids, "field %d op %d: %s, wanted %s",
			 n > 0 ? (int)nodes[n - 1].field : -1,
			 n > 0 ? (int)nodes[n - 1].op : -1, f.text, poids);
	cr_expect_not(more);
}

Test(search, each_field_and_operator_finds_its_own)
{
	static const struct {
		struct search_node node;
		const char *found;
	} cases[] = {
#define TEXT(f, o, t) { .field = SEARCH_##f, .op = SEARCH_##o, .text = (t) }
#define NUMBER(f, o, x)                                                                \
	{                                                                              \
		.field = SEARCH_##f, .op = SEARCH_##o, .number = (x)                   \
	}
		{ TEXT(POID, EQ, "b"), "b" },
		{ TEXT(POID, EQ, "x"), "" }, /* another tenant's */
		{ TEXT(POID, NE, "b"), "ac" },
		{ TEXT(POID, LT, "b"), "a" },
		{ TEXT(POID, LE, "b"), "ab" },
		{ TEXT(POID, GT, "b"), "c" },
		{ TEXT(POID, GE, "b"), "bc" },
		{ TEXT(POID, HAS, "B"), "b" },
		{ NUMBER(STORED, EQ, 200), "bc" },
		{ NUMBER(STORED, NE, 200), "a" },
		{ NUMBER(STORED, LT, 200), "a" },
		{ NUMBER(STORED, LE, 200), "abc" },
		{ NUMBER(STORED, GT, 100), "bc" },
		{ NUMBER(STORED, GE, 100), "abc" },
		{ NUMBER(PERIOD, EQ, 900), "a" },
		{ NUMBER(PERIOD, NE, 900), "bc" }, /* without end, too */
		{ NUMBER(PERIOD, LT, 900), "b" },
		{ NUMBER(PERIOD, LE, 900), "ab" },
		{ NUMBER(PERIOD, GT, 800), "ac" },
		{ NUMBER(PERIOD, GE, 800), "abc" },
		{ TEXT(PROFILE, EQ, "urn:p"), "ac" },
		{ TEXT(PROFILE, NE, "urn:p"), "b" },
		{ TEXT(PROFILE, HAS, ":Q"), "b" },
		{ TEXT(FORMAT, EQ, "urn:f"), "a" },
		{ TEXT(FORMAT, NE, "urn:f"), "bc" },
		{ TEXT(FORMAT, HAS, "URN:"), "ac" },
		{ TEXT(MIME, EQ, "text/plain"), "a" },
		{ TEXT(MIME, NE, "text/plain"), "bc" },
		{ TEXT(MIME, HAS, "image/"), "b" },
		{ TEXT(PRONOM, EQ, "fmt/1"), "" },
		{ TEXT(ID, EQ, "doc"), "a" },
		{ TEXT(ID, NE, "doc"), "bc" },
		{ TEXT(ID, HAS, "i"), "b" },
		{ TEXT(SIGNER, EQ, "CN=Anna Muster, O=Ämter"), "a" },
		{ TEXT(SIGNER, NE, "CN=Anna Muster, O=Ämter"), "bc" },
		{ TEXT(SIGNER, HAS, "muster"), "a" },
		{ TEXT(SIGNER, HAS, "%"), "" },
		{ TEXT(INDICATION, EQ, "TOTAL_PASSED"), "b" },
		{ TEXT(INDICATION, NE, "TOTAL_PASSED"), "ac" },
		{ TEXT(INDICATION, EQ, "INDETERMINATE"), "c" },
		{ TEXT(INDICATION, EQ, ""), "a" },
		{ TEXT(SUBINDICATION, EQ, "REVOKED_NO_POE"), "c" },
		{ TEXT(SUBINDICATION, NE, "REVOKED_NO_POE"), "ab" },
		{ NUMBER(VERSIONS, EQ, 2), "b" },
		{ NUMBER(VERSIONS, NE, 2), "ac" },
		{ NUMBER(VERSIONS, LT, 2), "a" },
		{ NUMBER(VERSIONS, LE, 2), "ab" },
		{ NUMBER(VERSIONS, GT, 2), "c" },
		{ NUMBER(VERSIONS, GE, 2), "bc" },
		{ NUMBER(STATE, EQ, OBJECT_LIVE), "abc" },
		{ NUMBER(STATE, NE, OBJECT_LIVE), "" },
		/* No text is a statement. */
		{ TEXT(POID, EQ, "b' OR 1=1 --"), "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(&cases[i].node, 1, cases[i].found);
	expect(NULL, 0, "abc");
}

Test(search, operators_that_a_field_has_not_are_refused)
{
	struct found f;
	bool more;
	for (unsigned field = 0; field < SEARCH_FIELD_COUNT; field++)
		for (unsigned op = 0; op < SEARCH_OP_COUNT; op++) {
			const struct search_node n = { .field =
							   (enum search_field)field,
						       .op = (enum search_op)op,
						       .text = "1" };
			const struct search_query q = query(&n, 1);
			cr_expect_eq(try(&q, &f, &more),
				     search_has_op(n.field, n.op) ? LTPS_OK
								  : LTPS_ARGUMENT,
				     "field %u op %u", field, op);
		}
}

Test(search, conditions_are_joined)
{
	struct search_node n[] = {
		TEXT(PROFILE, EQ, "urn:p"),
		NUMBER(STORED, EQ, 200),
		{ .kind = SEARCH_AND, .left = 0, .right = 1 },
	};
	expect(n, 3, "c");
	n[2].kind = SEARCH_OR;
	expect(n, 3, "abc");
	n[2] = (struct search_node){ .kind = SEARCH_NOT, .left = 0 };
	n[1] = n[2];
	expect(n, 2, "b");
}

Test(search, nodes_that_make_no_condition_are_refused)
{
	struct found f;
	bool more;
	const struct search_node term = TEXT(POID, EQ, "b");
	const struct search_node bad[][3] = {
		{ term,
		  term,
		  { .kind = SEARCH_AND, .left = 0, .right = 2 } }, /* itself */
		{ term, term, { .kind = SEARCH_AND, .left = 0, .right = 9 } },
		{ term,
		  term,
		  { .kind = SEARCH_NOT, .left = 0 } }, /* one is left over */
		{ term, term, TEXT(POID, EQ, NULL) },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct search_query q = query(bad[i], 3);
		cr_expect_eq(try(&q, &f, &more), LTPS_ARGUMENT, "%zu", i);
	}
	struct search_query q = query(bad[0], SEARCH_NODES_MAX + 1);
	cr_expect_eq(try(&q, &f, &more), LTPS_TOO_LARGE);
}

Test(search, as_many_conditions_as_may_be_are_carried_out)
{
	static struct search_node n[SEARCH_NODES_MAX];
	size_t used = 1;
	n[0] = (struct search_node)TEXT(SIGNER, HAS, "muster");
	for (; used + 2 <= SEARCH_NODES_MAX; used += 2) {
		n[used] = (struct search_node)TEXT(SIGNER, HAS, "nobody");
		n[used + 1] = (struct search_node){ .kind = SEARCH_OR,
						    .left = used - 1,
						    .right = used };
	}
	expect(n, used, "a");
}

Test(search, conditions_within_each_other_are_bounded)
{
	static struct search_node n[SEARCH_NODES_MAX];
	struct found f;
	bool more;
	size_t used = 1;
	n[0] = (struct search_node)TEXT(SIGNER, HAS, "muster");
	/* The deepest that SQLite has to read: or, and, parenthesis. */
	for (unsigned i = 0; i <= SEARCH_DEPTH_MAX; i++) {
		const struct search_query q = query(n, used);
		cr_assert_eq(try(&q, &f, &more), LTPS_OK, "%u", i);
		const size_t inner = used - 1;
		n[used++] = (struct search_node)TEXT(MIME, HAS, "text");
		n[used++] = (struct search_node)TEXT(FORMAT, HAS, "urn");
		n[used++] = (struct search_node)TEXT(FORMAT, HAS, "urn");
		n[used] = (struct search_node){ .kind = SEARCH_OR,
						.left = used - 1,
						.right = inner };
		n[used + 1] = (struct search_node){ .kind = SEARCH_AND,
						    .left = used - 2,
						    .right = used };
		n[used + 2] = (struct search_node){ .kind = SEARCH_OR,
						    .left = used - 3,
						    .right = used + 1 };
		used += 3;
	}
	const struct search_query q = query(n, used);
	cr_expect_eq(try(&q, &f, &more), LTPS_TOO_LARGE);
}

Test(search, pages_go_on_where_they_ended)
{
	struct found f;
	bool more;
	struct search_query q = query(NULL, 0);
	q.limit = 2;
	cr_assert_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_str_eq(f.text, "ab");
	cr_expect(more);
	q.after = "b"; /* c was stored at the same moment */
	cr_assert_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_str_eq(f.text, "c");
	cr_expect_not(more);
	q.newest_first = true;
	cr_assert_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_str_eq(f.text, "a");
	q.after = NULL;
	cr_assert_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_str_eq(f.text, "cb");
	q.after = "x"; /* another tenant's */
	cr_expect_eq(try(&q, &f, &more), LTPS_NOT_FOUND);
}

Test(search, deleted_objects_are_not_found_but_still_a_place)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct found f;
	bool more;
	const struct search_node signer = TEXT(SIGNER, HAS, "bert");
	struct search_query q = query(NULL, 0);
	expect(&signer, 1, "b");
	cr_assert_eq(store_write(store, run_delete, &tasks[1], &err), 0);
	expect(NULL, 0, "ac");
	q.after = "b";
	cr_assert_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_str_eq(f.text, "c");
}

Test(search, signers_go_with_the_last_of_their_signatures)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct search_node state = NUMBER(STATE, EQ, OBJECT_DATA_DELETED);
	put(1, "CN=Carl"); /* instead of Bert */
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM signer"), 3);
	put(2, "CN=Carl");
	cr_assert_eq(store_write(store, run_delete, &tasks[1], &err), 0);
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM signer"), 3);
	cr_assert_eq(store_write(store, run_delete_data, &tasks[2], &err), 0);
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM signer"), 2);
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM signature"), 2);
	expect(&state, 1, "c");
	/* What is judged when the data is gone leaves no name. */
	put(2, "CN=Carl");
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM signer"), 2);
}

/* More than are gone to one by one, and what is rare among them. */
Test(search, what_many_share_and_what_few_have_are_both_found)
{
	struct found f;
	bool more;
	storage_sql(
	    dir,
	    "CREATE TEMP TABLE n AS WITH RECURSIVE c (v) AS (SELECT 1000 UNION ALL"
	    " SELECT v + 1 FROM c WHERE v < 23000) SELECT v FROM c;"
	    "INSERT INTO object SELECT v, 'alpha', 'n' || v, 'p', 0, 1000 + v, NULL, "
	    "NULL,"
	    " NULL FROM n;"
	    "INSERT INTO version (id, object, label, kind, created_ms, digest_alg, "
	    "verdict)"
	    " SELECT v * 16384 + 1, v, 'v1', 1, 5, 0, iif(v = 22000, 'TOTAL_FAILED/X',"
	    " 'INDETERMINATE/Y') FROM n;"
	    "INSERT INTO signer VALUES (900, 'alpha', 'CN=Many'), (901, 'alpha', "
	    "'CN=Few');"
	    "INSERT INTO signature SELECT v * 16384 + 1, 1, 1, iif(v = 22000, 901, "
	    "900),"
	    " 'X' FROM n;"
	    "INSERT INTO part (version, seq, po_id, format_id, size, given_alg)"
	    " SELECT v * 16384 + 1, 1, iif(v = 22000, 'few', 'many'),"
	    " iif(v = 22000, 'urn:few', 'urn:many'), 0, 0 FROM n;"
	    "UPDATE version SET record_id = iif(id = 22001 * 16384 + 1, 'rare', "
	    "'common') WHERE id >= 1000 * 16384");
	static const struct {
		struct search_node node;
		const char *first;
	} cases[] = {
		{ TEXT(SIGNER, EQ, "CN=Many"), "n1000" },
		{ TEXT(SIGNER, HAS, "many"), "n1000" },
		{ TEXT(SIGNER, EQ, "CN=Few"), "n22000" },
		{ TEXT(SIGNER, HAS, "few"), "n22000" },
		{ TEXT(INDICATION, EQ, "INDETERMINATE"), "c" },
		{ TEXT(INDICATION, EQ, "TOTAL_FAILED"), "n22000" },
		{ TEXT(SUBINDICATION, EQ, "Y"), "n1000" },
		{ TEXT(SUBINDICATION, EQ, "X"), "n22000" },
		{ TEXT(SUBINDICATION, EQ, "REVOKED_NO_POE"), "c" },
		{ TEXT(FORMAT, EQ, "urn:many"), "n1000" },
		{ TEXT(FORMAT, EQ, "urn:few"), "n22000" },
		{ TEXT(FORMAT, EQ, "urn:g"), "c" },
		{ TEXT(ID, EQ, "many"), "n1000" },
		{ TEXT(ID, EQ, "few"), "n22000" },
		{ TEXT(ID, EQ, "common"), "n1000" },
		{ TEXT(ID, EQ, "rare"), "n22001" },
		{ TEXT(ID, HAS, "RAR"), "n22001" },
		{ TEXT(RECORD, EQ, "common"), "n1000" },
		{ TEXT(RECORD, EQ, "rare"), "n22001" },
		{ TEXT(RECORD, HAS, "RAR"), "n22001" },
	};
	/* The end of one id and the beginning of another are no id. */
	static const struct search_node across = TEXT(ID, HAS, "y c");
	expect(&across, 1, "");
	/* What a part is called is no name of a record. */
	static const struct search_node part = TEXT(RECORD, EQ, "few");
	expect(&part, 1, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct search_node n[3] = {
			cases[i].node,
			TEXT(PROFILE, NE, "nothing"),
			{ .kind = SEARCH_AND, .left = 0, .right = 1 }
		};
		struct search_query q = query(n, 1);
		q.limit = 1;
		cr_assert_eq(try(&q, &f, &more), LTPS_OK);
		cr_expect_str_eq(f.text, cases[i].first, "%zu", i);
		q.n_nodes = 3;
		cr_assert_eq(try(&q, &f, &more), LTPS_OK);
		cr_expect_str_eq(f.text, cases[i].first, "%zu", i);
		n[2] =
		    (struct search_node){ .kind = SEARCH_AND, .left = 1, .right = 0 };
		cr_assert_eq(try(&q, &f, &more), LTPS_OK);
		cr_expect_str_eq(f.text, cases[i].first, "%zu", i);
	}
}

/* The verdict of an earlier version is not that of the object. */
Test(search, indication_is_that_of_the_newest_version)
{
	const struct search_node passed = TEXT(INDICATION, EQ, "TOTAL_PASSED");
	expect(&passed, 1, "b");
	storage_sql(dir, "UPDATE version SET verdict = NULL WHERE object ="
			 " (SELECT id FROM object WHERE poid = 'b') AND label = 'v2'");
	expect(&passed, 1, "");
}

Test(search, subindication_is_that_of_the_newest_version)
{
	const struct search_node before = TEXT(SUBINDICATION, EQ, "REVOKED_NO_POE"),
				 now = TEXT(SUBINDICATION, EQ, "TRY_LATER");
	expect(&before, 1, "c");
	storage_sql(dir, "UPDATE version SET verdict = 'INDETERMINATE/TRY_LATER' WHERE"
			 " object = (SELECT id FROM object WHERE poid = 'c') AND"
			 " label = 'v3'");
	expect(&before, 1, "");
	expect(&now, 1, "c");
}

static bool over(void *arg)
{
	(void)arg;
	return true;
}

Test(search, search_that_takes_too_long_ends)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct found f;
	bool more;
	const struct search_node n = TEXT(MIME, HAS, "nothing");
	struct search_query q = query(&n, 1);
	storage_sql(dir,
		    "INSERT INTO object SELECT 1000 + value, 'alpha', value, 'p', 0,"
		    " value, NULL, NULL, NULL FROM (WITH RECURSIVE c (value) AS"
		    " (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 3000)"
		    " SELECT value FROM c)");
	q.over = over;
	cr_expect_eq(try(&q, &f, &more), LTPS_TIMEOUT);
	/* The connection serves others afterwards. */
	q.over = NULL;
	cr_expect_eq(try(&q, &f, &more), LTPS_OK);
	cr_expect_eq(err.code, LTPS_OK);
}

/* Conditions that are quick in a million objects are those with an index. */
Test(search, narrow_conditions_are_found_by_an_index)
{
	static const char *const plans[] = {
		"SELECT poid FROM object WHERE tenant = 'a' AND state <> 2 AND poid = "
		"'b'",
		"SELECT poid FROM object WHERE tenant = 'a' AND state <> 2"
		" AND created_ms >= 5 ORDER BY created_ms, id LIMIT 9",
		"SELECT poid FROM object WHERE tenant = 'a' AND state <> 2"
		" AND profile = 'p' ORDER BY created_ms, id LIMIT 9",
		"SELECT version FROM part WHERE po_id = 'b'",
		"SELECT object FROM version WHERE record_id = 'b'",
		"SELECT version FROM part WHERE format_id = 'b'",
		"SELECT object FROM version WHERE"
		" substr(verdict, instr(verdict || '/', '/') + 1) = 'b'"
		" AND instr(verdict, '/') > 0 AND kind IN (1, 4)",
	};
	static const char *const indexes[] = {
		"object_poid",	  "object_stored", "object_of_profile",
		"part_id",	  "version_record", "part_format",
		"version_subindication"
	};
	for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		char sql[512];
		/* An index that is named but of no use is an error. */
		const char *where = strstr(plans[i], " WHERE");
		snprintf(sql, sizeof(sql), "%.*s INDEXED BY %s%s",
			 (int)(where - plans[i]), plans[i], indexes[i], where);
		cr_expect_eq(storage_sql_try(dir, sql), 0, "%s", sql);
	}
}

/* ---- stores of before ---- */

Test(search, store_of_the_second_schema_is_judged_once_more)
{
	fixture_stop(dir, store, reader);
	fixture_dir(dir);
	cr_assert_str_eq(store_schemas[1].name, "schema_002.sql");
	storage_sql(dir, (const char *)store_schemas[0].bytes.p);
	storage_sql(dir, (const char *)store_schemas[1].bytes.p);
	storage_sql(
	    dir,
	    "INSERT INTO object (id, tenant, poid, profile, state, created_ms) VALUES"
	    " (1, 'alpha', 'p', 'urn', 0, 5), (2, 'alpha', 'q', 'urn', 0, 5);"
	    "INSERT INTO version (id, object, label, kind, created_ms, digest_alg,"
	    " judged_ms) VALUES (16385, 1, 'v1', 1, 5, 0, 7),"
	    " (16386, 1, 'report-1', 5, 5, 0, NULL),"
	    " (16387, 1, 'augmented-1', 2, 5, 0, NULL), (32769, 2, 'v1', 1, 5, 0, "
	    "NULL);"
	    "INSERT INTO audit (seq, time_ms, operation, hash) VALUES"
	    " (1, 3000, 'x', zeroblob(32));"
	    "UPDATE sequence SET next = 50");
	store = fixture_open(dir);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(store_reader_open(store, &reader, &err), 0);
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM version"
					  " WHERE base = 16385"),
		     2);
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM version"
					  " WHERE base IS NULL"),
		     2);
	cr_expect_eq(storage_sql_int(dir, "SELECT count(*) FROM job"), 1);
	cr_expect_eq(storage_sql_int(dir, "SELECT due_ms FROM job WHERE"
					  " subject = '16385' AND"
					  " kind = 'care-signatures'"),
		     3500);
	cr_expect(storage_sql_int(dir, "SELECT next > (SELECT max(id) FROM job)"
				       " FROM sequence"));
	cr_expect_eq(storage_sql_int(dir, "SELECT next FROM sequence"), 52);
}

/* ---- who signed one version ---- */

struct listed {
	char text[400];
	size_t n;
};

static int list_signature(void *arg, const struct signature_row *row,
			  struct ltps_error *err)
{
	struct listed *l = arg;
	(void)err;
	l->n++;
	snprintf(l->text, sizeof(l->text), "%u %s %s", row->part, row->subject,
		 row->verdict);
	return 0;
}

static struct listed listed_of(int64_t version)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct listed l = { .n = 0 };
	cr_assert_eq(signatures_list(reader, version, list_signature, &l, &err), 0,
		     "%s", err.text);
	return l;
}

Test(search, signatures_of_a_version_are_its_own)
{
	struct listed l = listed_of(tasks[1].id);
	cr_expect_eq(l.n, 1);
	cr_expect_str_eq(l.text, "1 CN=Bert TOTAL_PASSED");
	cr_expect_eq(listed_of(tasks[2].id).n, 0);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(store_write(store, run_delete_data, &tasks[1], &err), 0);
	cr_expect_eq(listed_of(tasks[1].id).n, 0, "forgotten with the data");
}
