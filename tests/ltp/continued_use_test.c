/* SPDX-License-Identifier: Apache-2.0 */
/*
 * continued_use - what evidence of another service costs who has it: room in the quota,
 * names that find it, and judgements, which the outlook remembers.
 */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "base/failpoint.h"
#include "ltp/evidence.h"
#include "ltp/inside.h"
#include "ltp/limit.h"
#include "ltp/outlook.h"
#include "ltp/proofs.h"
#include "storage/credential.h"
#include "storage/object.h"
#include "tests/support/continued_kit.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"

static struct ltps_error err;

#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

TestSuite(continued_use, .fini = ckit_end, .timeout = TEST_SECONDS_MAX);

static const char *const ONE[] = { "the only one" };

/* ---- what is counted ---- */

static uint64_t used(struct ltp_kit *k)
{
	struct tenant_use u;
	MUST(tenant_use_get(k->w->conn, "default", &u, &err));
	return u.bytes;
}

static void limit_use(struct ltp_kit *k, struct ltp_tenant *t, uint64_t bytes)
{
	*t = (struct ltp_tenant){ .name = "default", .max_bytes = bytes };
	ltp_kit_close(k);
	k->tenants = t;
	k->n_tenants = 1;
	ltp_kit_open(k);
}

static size_t chain_size(struct view record)
{
	struct ers *er = NULL;
	MUST(ers_parse(record, &er, &err));
	const size_t n = er->chains[0].whole.n;
	ers_free(er);
	return n;
}

Test(continued_use, record_counts_in_the_quota_until_its_object_goes)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	struct ltp_tenant tenant;
	struct ltp_result r;
	char pa[64], pb[64];
	const struct ltp_po delta = ckit_text("a", "another");
	ckit_preserve(a, ONE, 1, VIEW_NULL, pa);
	ckit_settle();
	const struct view v1 = ckit_record_of(a, pa, "v1");
	cr_assert_eq(ckit_update(a, pa, &delta, 1, &r), LTP_OK);
	ckit_settle();
	const struct view v2 = ckit_record_of(a, pa, "v2");
	b = ckit_start(SHA256, 1);
	const struct ltp_po one[] = { ckit_text("a", ONE[0]), ckit_record_po(v1) },
			    two[] = { delta, ckit_record_po(v2) };
	limit_use(b, &tenant, strlen(ONE[0]) + v1.n - 1);
	cr_expect_eq(ltp_kit_preserve(b, one, 2, NULL), LTP_NO_SPACE, "with a record");
	cr_assert_eq(ltp_kit_preserve(b, one, 1, pb), LTP_OK, "the data alone fits");
	const struct ltp_delete_request all = { .caller = { "", "tester" },
						.poid = pb,
						.reason = "test" };
	MUST(ltp_delete(b->w, &all, &r, &err));
	cr_assert_eq(used(b), 0);
	limit_use(b, &tenant, strlen(ONE[0]) + v1.n);
	cr_assert_eq(ltp_kit_preserve(b, one, 2, pb), LTP_OK, "%s", b->answer.message);
	const uint64_t with = strlen(ONE[0]) + chain_size(v1);
	cr_expect_eq(used(b), with);
	limit_use(b, &tenant, with + strlen("another") + v2.n - 1);
	cr_expect_eq(ckit_update(b, pb, two, 2, &r), LTP_NO_SPACE);
	cr_expect_eq(used(b), with, "what is refused does not count");
	limit_use(b, &tenant, with + strlen("another") + v2.n);
	cr_assert_eq(ckit_update(b, pb, two, 2, &r), LTP_OK, "%s", r.message);
	const uint64_t both = with + strlen("another") + chain_size(v2);
	cr_expect_eq(used(b), both);
	/* What a renewal puts down is the service's. */
	ckit_settle();
	ckit_end_digest(DIGEST_SHA256);
	ltp_kit_live(b, 2 * DAY_MS, DAY_MS / 2);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM chain"), 4);
	cr_expect_eq(used(b), both);
	MUST(ltp_delete(b->w, &all, &r, &err));
	cr_expect_eq(used(b), 0);
}

struct committed {
	atomic_bool done;
	enum ltps_code code;
};

static void take_commit(void *arg, struct ltp_ingest *i, const struct ltps_error *e)
{
	struct committed *c = arg;
	(void)i;
	c->code = e->code;
	atomic_store(&c->done, true);
}

static enum ltps_code commit(struct ltp_ingest *i)
{
	struct committed c = { .code = LTPS_OK };
	MUST(ltp_ingest_commit(i, take_commit, &c, &err));
	while (!atomic_load(&c.done))
		sched_yield();
	ltp_ingest_free(i);
	return c.code;
}

/* Two that fit each by itself, at the same moment. */
Test(continued_use, quota_is_exact_when_the_record_is_stored)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	struct ltp_tenant tenant;
	struct ltp_ingest *i[2] = { NULL };
	struct ltp_result r;
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	const struct view record = ckit_record_of(a, poid, "v1");
	b = ckit_start(SHA256, 1);
	limit_use(b, &tenant, 2 * strlen(ONE[0]) + 2 * chain_size(record) - 1);
	const struct ltp_po pos[] = { ckit_text("a", ONE[0]), ckit_record_po(record) };
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = pos,
						.n_pos = 2 };
	enum ltps_code codes[2] = { LTPS_OK, LTPS_OK };
	for (size_t n = 0; n < 2; n++) {
		MUST(ltp_ingest_prepare(b->w, &req, &i[n], &r, &err));
		cr_assert_not_null(i[n], "%s", r.message);
	}
	for (size_t n = 0; n < 2; n++)
		codes[n] = commit(i[n]);
	cr_expect_eq(codes[0], LTPS_OK);
	cr_expect_eq(codes[1], LTPS_NO_SPACE);
	cr_expect_eq(storage_sql_int(b->dir, "SELECT count(*) FROM object"), 1);
	cr_expect_eq(used(b), strlen(ONE[0]) + chain_size(record));
}

/* The name of a record finds its object. */
Test(continued_use, record_with_a_name_is_found_by_it)
{
	struct ltp_kit *a = ckit_start(SHA256 "operation = Search\n", 1), *b;
	struct ltp_found f = { 0 };
	struct ltp_result r;
	char pa[64], pb[64];
	const struct ltp_po delta = ckit_text("a", "another");
	ckit_preserve(a, ONE, 1, VIEW_NULL, pa);
	ckit_settle();
	struct ltp_po one[] = { ckit_text("a", ONE[0]),
				ckit_record_po(ckit_record_of(a, pa, "v1")) };
	cr_assert_eq(ckit_update(a, pa, &delta, 1, &r), LTP_OK);
	ckit_settle();
	struct ltp_po two[] = { delta, ckit_record_po(ckit_record_of(a, pa, "v2")) };
	one[1].id = "first-record";
	two[1].id = "second-record";
	b = ckit_start(SHA256 "operation = Search\n", 1);
	cr_assert_eq(ltp_kit_preserve(b, one, 2, pb), LTP_OK, "%s", b->answer.message);
	cr_assert_eq(ckit_update(b, pb, two, 2, &r), LTP_OK, "%s", r.message);
	static const char *const filters[] = {
		"id = first-record", "id = second-record", "id = a",
		"id ~ SECOND",       "id = third-record",  "not id = second-record"
	};
	for (size_t i = 0; i < 6; i++) {
		MUST(ltp_search(b->w, &(struct ltp_caller){ "", "tester" }, filters[i],
				&f, &r, &err));
		cr_expect_eq(r.minor, LTP_OK, "%s", r.message);
		cr_expect_eq(f.n, i < 4, "%s", filters[i]);
		cr_expect(f.n == 0 || strcmp(f.poids[0], pb) == 0);
		ltp_found_clear(&f);
	}
}

/* ---- what is remembered ---- */

/* "proven_since" of its first version, as GET /outlook/POID tells it. */
static int64_t told(struct ltp_kit *k, const char *poid)
{
	static const char KEY[] = "\"proven_since\":";
	struct buf out = buf_make((size_t)1 << 20);
	struct ltp_result r;
	const char *text;
	int64_t ms = INT64_MAX;
	MUST(ltp_outlook(k->w, &(struct ltp_caller){ "", "tester" }, poid, &out, &r,
			 &err));
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	MUST(buf_text(&out, &text, &err));
	const char *at = strstr(text, KEY);
	cr_assert_not_null(at);
	at += sizeof(KEY) - 1;
	if (*at == '"')
		MUST(time_parse_rfc3339(view_of(at + 1, strcspn(at + 1, "\"")), &ms,
					&err));
	buf_free(&out);
	return ms;
}

/* Since when the record proves that came with it. */
static int64_t take_over_one(struct ltp_kit **ret, char poid[64])
{
	return ckit_judged(ckit_take_over(ONE, 1, ret, poid), ONE, 1).first_ms;
}

/* While it runs, and so that nothing else tells that it is another. */
static void spoil_chain(struct ltp_kit *k)
{
	storage_sql(k->dir,
		    "UPDATE chain SET der = CAST(" CKIT_OTHER_END " AS BLOB) WHERE "
		    "ref_kind = 1 AND tail IS NULL");
}

Test(continued_use, outlook_judges_a_record_once_while_nothing_changes)
{
	struct ltp_kit *b;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	ckit_settle();
	cr_expect_eq(told(b, poid), first);
	/* A judgement would see it. */
	spoil_chain(b);
	cr_expect_eq(told(b, poid), first, "judged once");
	ckit_pass(59 * 60000);
	cr_expect_eq(told(b, poid), first, "within the hour");
	cr_expect_gt(ckit_proof_of(b, poid, 0), first, "signatures are judged anew");
	ckit_pass(60000);
	cr_expect_gt(told(b, poid), first, "and the outlook behind it");
}

/* The tag of a chain that came. */
static void put_tag(struct ltp_kit *k, const char *hex)
{
	char sql[128];
	snprintf(sql, sizeof(sql),
		 "UPDATE chain SET der = CAST(x'%s' || substr(der, 2) AS BLOB) WHERE "
		 "ref_kind = 1 AND tail IS NULL",
		 hex);
	storage_sql(k->dir, sql);
}

Test(continued_use, damage_that_is_repaired_is_not_remembered)
{
	struct ltp_kit *b;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	put_tag(b, "31");
	cr_expect_eq(told(b, poid), INT64_MAX, "damaged");
	put_tag(b, "30");
	cr_expect_eq(told(b, poid), first, "repaired");
}

Test(continued_use, outlook_judges_again_when_the_record_grew)
{
	struct ltp_kit *b;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	cr_expect_eq(told(b, poid), first, "by what came alone");
	spoil_chain(b);
	cr_expect_eq(told(b, poid), first);
	ckit_settle();
	cr_expect_gt(told(b, poid), first, "a token of ours");
	cr_expect_neq(told(b, poid), INT64_MAX);
}

/* Trusts the first service's anchors until then. */
static struct ltp_kit *start_trusting_until(int64_t until_ms)
{
	struct ltp_kit *b = &ckit_kits[ckit_n++];
	struct buf anchors = buf_make(1 << 20);
	struct material *m = NULL;
	const struct ltp_kit_upkeep how = { .profile_change = SHA256,
					    .n_tsas = 1,
					    .algorithms = &ckit_policy };
	ltp_kit_start_upkeep(b, &how);
	ltp_kit_close(b);
	ckit_change_pki(b);
	MUST(devpki_anchors(pki_server_enter(ckit_kits[0].pki), &anchors, &err));
	pki_server_leave(ckit_kits[0].pki);
	MUST(material_new(&m, &err));
	MUST(material_add_text_or_der(m, MATERIAL_ANCHOR, view_buf(&anchors), &err));
	for (size_t i = 0; i < material_count(m, MATERIAL_ANCHOR); i++)
		MUST(material_add_anchor(b->trust, material_at(m, MATERIAL_ANCHOR, i),
					 until_ms, &err));
	material_free(m);
	buf_free(&anchors);
	ltp_kit_pass(b, clock_now_ms(&ckit_kits[0].clock) - clock_now_ms(&b->clock));
	ltp_kit_open(b);
	return b;
}

Test(continued_use, anchor_that_ends_shows_at_the_next_request)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	const struct view record = ckit_record_of(a, poid, "v1");
	const int64_t first = ckit_judged(record, ONE, 1).first_ms;
	b = start_trusting_until(ckit_now() + 10 * 60000);
	ckit_preserve(b, ONE, 1, record, poid);
	cr_expect_eq(told(b, poid), first);
	ckit_pass(9 * 60000);
	cr_expect_eq(told(b, poid), first);
	ckit_pass(60001);
	cr_expect_eq(told(b, poid), INT64_MAX, "before a token of ours");
}

Test(continued_use, algorithm_that_ends_shows_at_the_next_request)
{
	struct ltp_kit *a = ckit_start(SHA256, 1), *b;
	char poid[64];
	ckit_preserve(a, ONE, 1, VIEW_NULL, poid);
	ckit_settle();
	const struct view record = ckit_record_of(a, poid, "v1");
	const int64_t first = ckit_judged(record, ONE, 1).first_ms;
	b = ckit_start(SHA256, 1);
	ckit_limits[CKIT_ECDSA].until_ms = ckit_now() + 10 * 60000;
	ckit_preserve(b, ONE, 1, record, poid);
	cr_expect_eq(told(b, poid), first);
	ckit_pass(10 * 60000 + 1);
	cr_expect_eq(told(b, poid), INT64_MAX, "before a token of ours");
}

Test(continued_use, anchors_of_another_configuration_are_not_those_of_before)
{
	struct ltp_kit *b;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	cr_expect_eq(told(b, poid), first);
	ltp_kit_close(b);
	material_free(b->trust);
	MUST(material_new(&b->trust, &err));
	ltp_kit_trust(b);
	ltp_kit_open(b);
	ckit_pass(60000); /* they were trusted until a moment ago */
	cr_expect_eq(told(b, poid), INT64_MAX);
}

Test(continued_use, judging_ends_with_its_limit_and_goes_on)
{
	struct ltp_kit *b;
	struct limit over = limit_of(0, NULL);
	struct evidence_proofs proofs = { 0 }, remembered = { 0 };
	struct object *o = NULL;
	struct evidence_recalled r;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	MUST(object_get(b->w->conn, "default", poid, &o, &err));
	cr_expect_eq(outlook_prepare(b->w, o, &over, &proofs, &err), -1);
	cr_expect_eq(err.code, LTPS_BUSY, "%s", err.text);
	ltps_error_clear(&err);
	MUST(evidence_proof_recall(b->w, &o->versions[0], &proofs, &r, &err));
	cr_expect_not(r.known, "nothing is judged within a transaction");
	MUST(outlook_prepare(b->w, o, NULL, &proofs, &err));
	MUST(outlook_prepare(b->w, o, &over, &remembered, &err));
	spoil_chain(b);
	MUST(evidence_proof_recall(b->w, &o->versions[0], &proofs, &r, &err));
	cr_expect(r.known && r.proven_ms == first);
	cr_expect_eq(r.came, 1);
	MUST(evidence_proof_recall(b->w, &o->versions[0], &remembered, &r, &err));
	cr_expect(r.known && r.proven_ms == first);
	evidence_proofs_clear(&remembered);
	evidence_proofs_clear(&proofs);
	object_free(o);
}

/* ---- between judging and telling ---- */

static struct meanwhile {
	struct ltp_kit *k;
	size_t times; /* passed */
	size_t n;     /* of them in which something happens */
	void (*happen)(struct ltp_kit *k);
} meanwhile;

static void pause_at(void *arg, const char *name)
{
	struct meanwhile *m = arg;
	(void)name;
	if (m->times++ < m->n)
		m->happen(m->k);
	cr_assert_eq(failpoint_arm("outlook.tell:1:pause", &err), 0);
}

static void pause_in(struct ltp_kit *k, size_t n, void (*happen)(struct ltp_kit *k))
{
	meanwhile = (struct meanwhile){ .k = k, .n = n, .happen = happen };
	failpoint_on_pause(pause_at, &meanwhile);
	MUST(failpoint_arm("outlook.tell:1:pause", &err));
}

/* Others are asked for until none of before is remembered; the chain is no more what
 * was judged, which only a judgement sees. */
static void evict(struct ltp_kit *k)
{
	struct proof_key key = { .version = INT64_MAX };
	const int64_t now_ms = clock_now_ms(&k->clock);
	for (int64_t i = 0; i < 4 * PROOFS_MAX; i++) {
		MUST(digest_once(DIGEST_SHA256, view_of(&i, sizeof(i)), &key.state,
				 &err));
		proofs_keep(k->ltp->proofs, &key, now_ms, INT64_MAX, 0);
	}
	spoil_chain(k);
}

Test(continued_use, what_was_judged_is_told_though_it_is_remembered_no_more)
{
	struct ltp_kit *b;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	ckit_settle();
	pause_in(b, 1, evict);
	cr_expect_eq(told(b, poid), first);
	cr_expect_eq(meanwhile.times, 1);
	MUST(failpoint_arm(NULL, &err));
	cr_expect_neq(told(b, poid), first, "it was forgotten");
}

/* Validation data of the token came, and another record is made of it. */
static void touch_token(struct ltp_kit *k)
{
	storage_sql(k->dir, "UPDATE token SET replaced_ms = "
			    "coalesce(replaced_ms, 0) + 1");
}

Test(continued_use, record_that_changes_while_it_is_judged_is_judged_again)
{
	struct ltp_kit *b;
	struct buf out = buf_make((size_t)1 << 20);
	struct ltp_result r;
	char poid[64];
	const int64_t first = take_over_one(&b, poid);
	ckit_settle();
	pause_in(b, 2, touch_token);
	cr_expect_eq(told(b, poid), first);
	cr_expect_eq(meanwhile.times, 3);
	/* Whoever never finds it at rest is sent away. */
	pause_in(b, SIZE_MAX, touch_token);
	cr_expect_eq(ltp_outlook(b->w, &(struct ltp_caller){ "", "tester" }, poid, &out,
				 &r, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_BUSY, "%s", err.text);
	cr_expect_eq(meanwhile.times, OUTLOOK_TRIES);
	ltps_error_clear(&err);
	MUST(failpoint_arm(NULL, &err));
	buf_free(&out);
}

/* ---- what is read ---- */

/* Where none came, too: the first token alone is no record. */
Test(continued_use, own_evidence_without_a_later_token_proves_nothing)
{
	char poid[64];
	int64_t first, ms = 0;
	struct object *o = NULL;
	struct ltp_kit *a = ckit_start_renewed(ONE, 1, poid, &first);
	storage_sql(a->dir, "PRAGMA foreign_keys = OFF; DELETE FROM token "
			    "WHERE id > (SELECT min(id) FROM token)");
	MUST(object_get(a->w->conn, "default", poid, &o, &err));
	cr_expect_eq(evidence_proof_time(a->w, &o->versions[0], &ms, &err), -1);
	cr_expect_eq(err.code, LTPS_NOT_FOUND, "%s", err.text);
	cr_expect_eq(ms, INT64_MAX);
	ltps_error_clear(&err);
	object_free(o);
}
