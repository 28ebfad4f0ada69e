/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin - what is taken over from another service stands once, also where two take it
 * over at the same moment; what bears its name and is something else is told.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "ltp/origin.h"
#include "tests/support/continued_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"

static struct ltps_error err;

#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

TestSuite(origin, .fini = ckit_end, .timeout = TEST_SECONDS_MAX);

#define HEX "0123456789abcdef"
#define NAME ORIGIN_PREFIX HEX HEX HEX HEX
#define OTHER_NAME ORIGIN_PREFIX HEX HEX HEX "fedcba9876543210"

/* ---- submitting ---- */

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
	struct ltps_error err;
};

static void committed(void *arg, struct ltp_ingest *i, const struct ltps_error *error)
{
	struct waiting *w = arg;
	(void)i;
	pthread_mutex_lock(&w->lock);
	w->err = *error;
	w->done = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static struct ltp_ingest *prepare(struct ltp_kit *k, const struct ltp_po *pos, size_t n)
{
	struct ltp_ingest *i = NULL;
	struct ltp_result r;
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = pos,
						.n_pos = n };
	MUST(ltp_ingest_prepare(k->w, &req, &i, &r, &err));
	cr_assert_not_null(i, "%s", r.message);
	return i;
}

struct outcome {
	enum ltps_code code;
	char text[512]; /* of the error, or the answer */
	char poid[64];
};

static struct outcome commit(struct ltp_ingest *i)
{
	struct waiting w = { .lock = PTHREAD_MUTEX_INITIALIZER,
			     .cond = PTHREAD_COND_INITIALIZER };
	struct outcome o = { .code = LTPS_OK };
	MUST(ltp_ingest_commit(i, committed, &w, &err));
	pthread_mutex_lock(&w.lock);
	while (!w.done)
		pthread_cond_wait(&w.cond, &w.lock);
	pthread_mutex_unlock(&w.lock);
	o.code = w.err.code;
	snprintf(o.text, sizeof(o.text), "%s",
		 o.code != LTPS_OK ? w.err.text : ltp_ingest_result(i)->message);
	snprintf(o.poid, sizeof(o.poid), "%s", ltp_ingest_poid(i));
	ltp_ingest_free(i);
	return o;
}

static struct outcome submit(struct ltp_kit *k, const struct ltp_po *pos, size_t n)
{
	return commit(prepare(k, pos, n));
}

static int64_t objects(struct ltp_kit *k)
{
	return storage_sql_int(k->dir, "SELECT count(*) FROM object WHERE state = 0");
}

static int64_t versions(struct ltp_kit *k)
{
	return storage_sql_int(k->dir, "SELECT count(*) FROM version");
}

static struct ltp_po named(struct view record, const char *name)
{
	struct ltp_po po = ckit_record_po(record);
	po.id = name;
	return po;
}

/* A service that is to take over, and what it is to: a text, and two records of it, of
 * which the other is of another service. */
static const char *const TEXT[] = { "the only one" };

static struct ltp_kit *begin(struct view *record, struct view *other)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b = ckit_start(SHA256, 1), *c;
	char pa[64], pb[64];
	ckit_preserve(a, TEXT, 1, VIEW_NULL, pa);
	ckit_preserve(b, TEXT, 1, VIEW_NULL, pb);
	ckit_settle();
	*record = ckit_record_of(a, pa, "v1");
	*other = ckit_record_of(b, pb, "v1");
	c = ckit_start(SHA256, 1);
	return c;
}

/* ---- records ---- */

Test(origin, same_record_at_the_same_moment_stands_once)
{
	struct view record, other;
	struct ltp_kit *k = begin(&record, &other);
	const struct ltp_po pos[] = { ckit_text("a", TEXT[0]), named(record, NAME) };
	struct ltp_ingest *first = prepare(k, pos, 2), *second = prepare(k, pos, 2);
	const struct outcome x = commit(first), y = commit(second);
	cr_expect_eq(x.code, LTPS_OK, "%s", x.text);
	cr_expect_str_empty(x.text);
	cr_expect_eq(y.code, LTPS_OK, "%s", y.text);
	cr_expect_str_eq(x.poid, y.poid);
	cr_expect_not_null(strstr(y.text, "taken over before"), "%s", y.text);
	cr_expect_eq(objects(k), 1);
	cr_expect_eq(ckit_damage(k), 0);
	/* Also behind time-stamps of our own. */
	ckit_settle();
	const struct outcome z = submit(k, pos, 2);
	cr_expect_str_eq(z.poid, x.poid);
	cr_expect_eq(objects(k), 1);
}

Test(origin, other_record_or_data_of_that_name_is_refused)
{
	struct view record, other;
	struct ltp_kit *k = begin(&record, &other);
	struct ltp_po pos[] = { ckit_text("a", TEXT[0]), named(record, NAME) };
	const struct outcome first = submit(k, pos, 2);
	const struct ltp_po changed[] = { ckit_text("a", TEXT[0]), named(other, NAME) };
	const struct ltp_po renamed[] = { ckit_text("b", TEXT[0]), pos[1] };
	const struct ltp_po *const lists[] = { changed, renamed };
	for (size_t i = 0; i < 2; i++) {
		const struct outcome o = submit(k, lists[i], 2);
		cr_expect_eq(o.code, LTPS_EXISTS, "%zu", i);
		cr_expect_not_null(strstr(o.text, first.poid), "%s", o.text);
		cr_expect_not_null(strstr(o.text, "not the same"), "%s", o.text);
	}
	cr_expect_eq(objects(k), 1);
	cr_expect_eq(ckit_damage(k), 0);
}

Test(origin, name_holds_only_while_its_object_stands)
{
	struct view record, other;
	struct ltp_kit *k = begin(&record, &other);
	const struct ltp_po pos[] = { ckit_text("a", TEXT[0]), named(record, NAME) };
	const struct outcome first = submit(k, pos, 2);
	const struct ltp_delete_request gone = { .caller = { "", "tester" },
						 .poid = first.poid,
						 .reason = "test" };
	struct ltp_result r;
	MUST(ltp_delete(k->w, &gone, &r, &err));
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	const struct outcome again = submit(k, pos, 2);
	cr_expect_eq(again.code, LTPS_OK);
	cr_expect_str_neq(again.poid, first.poid);
	cr_expect_eq(objects(k), 1);
}

Test(origin, other_names_and_none_keep_nothing_out)
{
	static const char *const names[] = { NULL, "record", ORIGIN_PREFIX "1" };
	struct view record, other;
	struct ltp_kit *k = begin(&record, &other);
	struct ltp_po pos[] = { ckit_text("a", TEXT[0]), named(record, NAME) };
	cr_expect_eq(submit(k, pos, 2).code, LTPS_OK);
	pos[1].id = OTHER_NAME;
	cr_expect_eq(submit(k, pos, 2).code, LTPS_OK);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		pos[1].id = names[i];
		cr_expect_eq(submit(k, pos, 2).code, LTPS_OK);
		cr_expect_eq(submit(k, pos, 2).code, LTPS_OK);
	}
	cr_expect_eq(objects(k), 8);
}

/* ---- parts ---- */

/* SHA-256 of "where it is from". */
static void name_of(const char *text, char out[sizeof(NAME)])
{
	struct digest d;
	char hex[2 * DIGEST_MAX + 1];
	MUST(digest_once(DIGEST_SHA256, view_text(text), &d, &err));
	hex_encode(digest_view(&d), hex);
	snprintf(out, sizeof(NAME), ORIGIN_PREFIX "%.64s", hex);
}

Test(origin, note_of_where_it_is_from_stands_once)
{
	struct ltp_kit *k = ckit_start(SHA256, 1);
	char name[sizeof(NAME)];
	name_of("where it is from", name);
	struct ltp_po pos[] = { ckit_text("trace", "trace"),
				ckit_text(name, "where it is from") };
	struct ltp_ingest *first = prepare(k, pos, 2), *second = prepare(k, pos, 2);
	const struct outcome x = commit(first), y = commit(second);
	cr_expect_eq(y.code, LTPS_OK, "%s", y.text);
	cr_expect_str_eq(x.poid, y.poid);
	pos[0] = ckit_text("trace", "a longer trace");
	const struct outcome z = submit(k, pos, 2);
	cr_expect_eq(z.code, LTPS_EXISTS);
	cr_expect_eq(objects(k), 1);
	/* What is called so and is not that is anybody's part. */
	pos[1] = ckit_text(name, "planted");
	cr_expect_eq(submit(k, pos, 2).code, LTPS_OK);
	cr_expect_eq(submit(k, pos, 2).code, LTPS_OK);
	cr_expect_eq(objects(k), 3);
}

/* ---- updates ---- */

static const char *const LATER[] = { "the only one", "another" };

/* The second version of a text, and its record. */
static struct ltp_kit *begin_update(struct view records[2], char poid[64])
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	const struct ltp_po delta = ckit_text("b", LATER[1]);
	struct ltp_result r;
	char pa[64];
	ckit_preserve(a, LATER, 1, VIEW_NULL, pa);
	ckit_settle();
	cr_assert_eq(ckit_update(a, pa, &delta, 1, &r), LTP_OK, "%s", r.message);
	ckit_settle();
	records[0] = ckit_record_of(a, pa, "v1");
	records[1] = ckit_record_of(a, pa, "v2");
	b = ckit_start(SHA256, 1);
	const struct ltp_po pos[] = { ckit_text("a", LATER[0]),
				      named(records[0], OTHER_NAME) };
	const struct outcome o = submit(b, pos, 2);
	cr_assert_eq(o.code, LTPS_OK, "%s", o.text);
	snprintf(poid, 64, "%s", o.poid);
	return b;
}

Test(origin, update_that_came_before_is_told)
{
	struct view records[2];
	char poid[64];
	struct ltp_kit *k = begin_update(records, poid);
	struct ltp_po pos[] = { ckit_text("b", LATER[1]), named(records[1], NAME) };
	const struct ltp_po own = ckit_text("c", "of this service alone");
	struct ltp_result r;
	cr_assert_eq(ckit_update(k, poid, pos, 2, &r), LTP_OK, "%s", r.message);
	cr_expect_str_empty(r.message);
	cr_assert_eq(ckit_update(k, poid, &own, 1, &r), LTP_OK, "%s", r.message);
	cr_expect_eq(versions(k), 3);
	/* Its record is not about what the third version holds, and need not be. */
	cr_expect_eq(ckit_update(k, poid, pos, 2, &r), LTP_OK, "%s", r.message);
	cr_expect_not_null(strstr(r.message, "version v2"), "%s", r.message);
	pos[0] = ckit_text("b", "something else");
	cr_expect_eq(ckit_update(k, poid, pos, 2, &r), LTP_PARAMETER_ERROR);
	cr_expect_not_null(strstr(r.message, "not the same"), "%s", r.message);
	cr_expect_eq(versions(k), 3);
}

/* ---- between judging and writing ---- */

static struct meanwhile {
	struct ltp_kit *k;
	const char *poid;
	const struct ltp_po *pos;
	size_t n;
	int within; /* times that the worker held a snapshot */
	struct ltp_worker *other;
	enum ltp_minor minor;
} meanwhile;

/* While the record is judged, another worker does the same. */
static void do_meanwhile(void *arg, const char *name)
{
	struct meanwhile *m = arg;
	struct ltps_error why = LTPS_ERROR_INIT;
	struct ltp_worker *own = m->k->w;
	struct store_conn *conn = ltp_worker_conn(own);
	struct ltp_result r;
	(void)name;
	if (store_read_begin(conn, &why) != 0)
		m->within++;
	else
		store_read_end(conn);
	m->k->w = m->other;
	m->minor = ckit_update(m->k, m->poid, m->pos, m->n, &r);
	m->k->w = own;
}

Test(origin, update_at_the_same_moment_is_made_once_and_judged_outside_of_the_snapshot)
{
	struct view records[2];
	char poid[64];
	struct ltp_kit *k = begin_update(records, poid);
	const struct ltp_po pos[] = { ckit_text("b", LATER[1]),
				      named(records[1], NAME) };
	struct ltp_result r;
	meanwhile = (struct meanwhile){ .k = k, .poid = poid, .pos = pos, .n = 2 };
	MUST(ltp_worker_new(k->ltp, &meanwhile.other, &err));
	failpoint_on_pause(do_meanwhile, &meanwhile);
	MUST(failpoint_arm("update.judge:1:pause", &err));
	cr_expect_eq(ckit_update(k, poid, pos, 2, &r), LTP_OK, "%s", r.message);
	MUST(failpoint_arm(NULL, &err));
	cr_expect_eq(meanwhile.within, 0);
	cr_expect_eq(meanwhile.minor, LTP_OK);
	cr_expect_not_null(strstr(r.message, "taken over before"), "%s", r.message);
	cr_expect_eq(versions(k), 2);
	cr_expect_eq(ckit_damage(k), 0);
	ltp_worker_free(meanwhile.other);
}

/* Two objects that hold the same: only one of them gets the second version. */
Test(origin, update_of_another_object_at_the_same_moment_is_refused)
{
	struct view records[2];
	char poid[64];
	struct ltp_kit *k = begin_update(records, poid);
	struct ltp_po pos[] = { ckit_text("a", LATER[0]),
				named(records[0], "another-name") };
	const struct outcome twin = submit(k, pos, 2);
	struct ltp_result r;
	cr_assert_eq(twin.code, LTPS_OK, "%s", twin.text);
	pos[0] = ckit_text("b", LATER[1]);
	pos[1] = named(records[1], NAME);
	meanwhile = (struct meanwhile){ .k = k, .poid = twin.poid, .pos = pos, .n = 2 };
	MUST(ltp_worker_new(k->ltp, &meanwhile.other, &err));
	failpoint_on_pause(do_meanwhile, &meanwhile);
	MUST(failpoint_arm("update.judge:1:pause", &err));
	cr_expect_eq(ckit_update(k, poid, pos, 2, &r), LTP_PARAMETER_ERROR);
	MUST(failpoint_arm(NULL, &err));
	cr_expect_eq(meanwhile.minor, LTP_OK);
	cr_expect_not_null(strstr(r.message, twin.poid), "%s", r.message);
	cr_expect_eq(versions(k), 3);
	cr_expect_eq(ckit_damage(k), 0);
	ltp_worker_free(meanwhile.other);
}
