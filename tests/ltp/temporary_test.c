/* SPDX-License-Identifier: Apache-2.0 */
/* temporary - digest lists and data that is not kept (TS 119 512 F.2). */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/check.h"
#include "storage/fsck.h"
#include "storage/object.h"
#include "tests/support/ltp_kit.h"
#include "validation/ers_verify.h"

#define LIST "http://uri.etsi.org/19512/format/DigestList"
#define ER "urn:ietf:rfc:4998:EvidenceRecord"
#define DAY_MS ((int64_t)86400000)

static const char PROFILE[] =
    "[profile]\n"
    "id = " KIT_PROFILE "\n"
    "scheme = http://uri.etsi.org/19512/scheme/pgd+wts+ers\n"
    "description = for tests\n"
    "goal = http://uri.etsi.org/19512/goal/pgd\n"
    "submission_format = " LIST "\n"
    "digest_list_algorithm = sha256\ndigest_list_algorithm = sha512\n"
    "evidence_format = " ER "\n"
    "evidence_policy = urn:test:policy\n"
    "storage = WithTemporaryStorage\n"
    "operation = RetrieveInfo\noperation = PreservePO\noperation = RetrievePO\n"
    "operation = RetrieveTrace\n"
    "valid_from = 2020-01-01T00:00:00Z\n"
    "period = P30D\nperiod_end = delete\ndigest = sha256\n"
    "tree_max_leaves = 1000\ntree_max_age = 2s\ntree_max_bytes = 1G\n"
    "max_po_bytes = 1M\nmax_pos = 10\n";

static struct digest digest_of(enum digest_alg alg, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(digest_once(alg, view_text(text), &d, &err), 0);
	return d;
}

static enum ltp_minor preserve_list(struct ltp_kit *k, const struct ltp_digest_list *l,
				    char poid[64])
{
	const struct ltp_po po = { .data = view_text("{}"),
				   .format_id = LIST,
				   .digests = l };
	return ltp_kit_preserve(k, &po, 1, poid);
}

/* A list of the digests of these texts, at most 4. */
struct list {
	struct digest values[4];
	struct ltp_digest_list l;
};

static void list_make(struct list *out, enum digest_alg alg, const char *const *texts,
		      size_t n)
{
	memset(out, 0, sizeof(*out));
	out->l.alg = alg;
	out->l.values = out->values;
	out->l.n = n;
	for (size_t i = 0; i < n; i++)
		out->values[i] = digest_of(alg, texts[i]);
}

static void list_renew(struct list *out, struct buf record)
{
	out->l.has_evidence = true;
	out->l.evidence = record;
}

static void stamp(struct ltp_kit *k)
{
	ltp_kit_pass(k, 2001);
	ltp_kit_work(k);
}

/* The record, which is the one PO of the answer. */
static struct buf evidence(struct ltp_kit *k, const char *poid)
{
	struct ltp_retrieved r = { 0 };
	struct buf record;
	cr_assert_eq(ltp_kit_retrieve(k, poid, SUBJECT_EVIDENCE, &r), LTP_OK);
	cr_assert_eq(r.n_pos, 1);
	cr_assert_str_eq(r.pos[0].format_id, ER);
	record = r.pos[0].data;
	r.pos[0].data = buf_make(0);
	ltp_retrieved_clear(&r);
	return record;
}

static struct buf preserved(struct ltp_kit *k, const struct list *l)
{
	char poid[64];
	cr_assert_eq(preserve_list(k, &l->l, poid), LTP_OK, "%s", k->answer.message);
	stamp(k);
	return evidence(k, poid);
}

/* Judged over texts of which each digest of algs is known. */
static struct ers_report *judged(struct ltp_kit *k, struct view record,
				 const char *const *texts, size_t n)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA512 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d[4][2];
	struct ers_object objects[4];
	struct ers_report *r = NULL;
	for (size_t i = 0; i < n; i++) {
		for (size_t a = 0; a < 2; a++)
			d[i][a] = digest_of(algs[a], texts[i]);
		objects[i] = (struct ers_object){ .name = texts[i],
						  .digests = d[i],
						  .n_digests = 2 };
	}
	const struct ers_input in = { .objects = objects,
				      .n_objects = n,
				      .material = k->trust,
				      .time_ms = clock_now_ms(&k->clock) };
	cr_assert_eq(ers_verify(record, &in, &r, &err), 0, "%s", err.text);
	return r;
}

static void expect_proof(struct ltp_kit *k, struct view record,
			 const char *const *texts, size_t n, size_t chains,
			 size_t last_stamps)
{
	struct ers_report *r = judged(k, record, texts, n);
	cr_expect(r->intact);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s", r->subindication);
	for (size_t i = 0; i < n; i++)
		cr_expect(r->covers[i].covered && r->covers[i].group_complete);
	cr_assert_eq(r->n_chains, chains);
	cr_expect_eq(r->chains[chains - 1].n, last_stamps);
	ers_report_free(r);
}

/* ---- refused ---- */

Test(temporary, lists_that_cannot_be_taken_are_refused)
{
	static const char *const a[] = { "a", "b" };
	struct ltp_kit k;
	struct list good, short_one, weak, other;
	struct digest many[11];
	ltp_kit_start_as(&k, PROFILE);
	list_make(&good, DIGEST_SHA256, a, 1);
	list_make(&weak, DIGEST_SHA1, a, 1);
	list_make(&other, DIGEST_SHA384, a, 1);
	list_make(&short_one, DIGEST_SHA256, a, 2);
	short_one.l.n_wrong_len = 1;
	for (size_t i = 0; i < 11; i++)
		many[i] = good.values[0];
	struct ltp_digest_list unknown = good.l, empty = good.l, long_one = good.l,
			       xml = good.l, garbage = good.l;
	unknown.alg = DIGEST_NONE;
	empty.n = 0;
	long_one.values = many;
	long_one.n = 11;
	xml.has_evidence = garbage.has_evidence = true;
	xml.evidence = garbage.evidence =
	    (struct buf){ .p = (uint8_t *)(uintptr_t) "no", .n = 2, .max = 2 };
	xml.evidence_format = (char *)(uintptr_t) "urn:ietf:rfc:6283:EvidenceRecord";
	const struct {
		const char *name;
		const struct ltp_digest_list *list;
		enum ltp_minor minor;
	} cases[] = {
		{ "not read", NULL, LTP_PO_FORMAT_ERROR },
		{ "unknown algorithm", &unknown, LTP_PO_FORMAT_ERROR },
		{ "weak algorithm", &weak.l, LTP_PO_FORMAT_ERROR },
		{ "algorithm of another profile", &other.l, LTP_PO_FORMAT_ERROR },
		{ "wrong length", &short_one.l, LTP_PO_FORMAT_ERROR },
		{ "no digest", &empty, LTP_PO_FORMAT_ERROR },
		{ "too many", &long_one, LTP_PARAMETER_ERROR },
		{ "evidence of another format", &xml, LTP_UNKNOWN_PO_FORMAT },
		{ "evidence that is none", &garbage, LTP_PO_FORMAT_ERROR },
		{ "good", &good.l, LTP_OK },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(preserve_list(&k, cases[i].list, NULL), cases[i].minor,
			     "%s: %s", cases[i].name, k.answer.message);
	ltp_kit_stop(&k);
}

Test(temporary, list_stands_alone_in_its_request)
{
	static const char *const a[] = { "a" };
	struct ltp_kit k;
	struct list l;
	ltp_kit_start_as(&k, PROFILE);
	list_make(&l, DIGEST_SHA256, a, 1);
	const struct ltp_po pos[] = {
		{ .data = view_text("{}"), .format_id = LIST, .digests = &l.l },
		{ .data = view_text("{}"), .format_id = LIST, .digests = &l.l },
		{ .data = view_text("text"), .mime = "text/plain" },
	};
	cr_expect_eq(ltp_kit_preserve(&k, pos, 2, NULL), LTP_PARAMETER_ERROR);
	cr_expect_eq(ltp_kit_preserve(&k, pos + 1, 2, NULL), LTP_PARAMETER_ERROR);
	ltp_kit_stop(&k);
}

Test(temporary, list_is_refused_with_storage)
{
	static const char *const a[] = { "a" };
	struct ltp_kit k;
	struct list l;
	ltp_kit_start(&k, NULL);
	list_make(&l, DIGEST_SHA256, a, 1);
	cr_expect_eq(preserve_list(&k, &l.l, NULL), LTP_UNKNOWN_PO_FORMAT);
	ltp_kit_stop(&k);
}

Test(temporary, digest_that_is_reliable_no_more_is_refused)
{
	static const char *const a[] = { "a" };
	struct algorithm_limit limits[] = {
		{ .algorithm = "sha256", .until_ms = 1 },
		{ .algorithm = "sha512", .until_ms = INT64_MAX },
	};
	const struct algorithm_policy policy = { limits, 2 };
	const struct ltp_kit_upkeep how = { .profile = PROFILE, .algorithms = &policy };
	struct ltp_kit k;
	struct list l;
	ltp_kit_start_upkeep(&k, &how);
	list_make(&l, DIGEST_SHA256, a, 1);
	cr_expect_eq(preserve_list(&k, &l.l, NULL), LTP_PO_FORMAT_ERROR);
	list_make(&l, DIGEST_SHA512, a, 1);
	cr_expect_eq(preserve_list(&k, &l.l, NULL), LTP_OK);
	ltp_kit_stop(&k);
}

Test(temporary, nothing_is_deleted_by_clients)
{
	static const char *const a[] = { "a" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	struct ltp_kit k;
	struct list l;
	char poid[64];
	ltp_kit_start_as(&k, PROFILE);
	list_make(&l, DIGEST_SHA256, a, 1);
	cr_assert_eq(preserve_list(&k, &l.l, poid), LTP_OK);
	const struct ltp_delete_request req = { { "", "x" }, poid, NULL, NULL, "now" };
	cr_assert_eq(ltp_delete(k.w, &req, &r, &err), 0);
	cr_expect_eq(r.minor, LTP_NOT_SUPPORTED);
	ltp_kit_stop(&k);
}

/* ---- evidence ---- */

static uint64_t blobs(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_counts c;
	struct store_conn *conn = NULL;
	cr_assert_eq(store_reader_open(k->store, &conn, &err), 0);
	cr_assert_eq(store_counts_get(conn, &c, &err), 0);
	store_reader_close(conn);
	return c.blobs;
}

Test(temporary, evidence_covers_what_was_digested_elsewhere)
{
	static const char *const texts[] = { "one", "two", "three" };
	static const char *const wrong[] = { "one", "two", "four" };
	struct ltp_kit k;
	ltp_kit_start_as(&k, PROFILE);
	for (size_t n = 1; n <= 3; n++)
		for (int alg = 0; alg < 2; alg++) {
			struct list l;
			list_make(&l, alg == 0 ? DIGEST_SHA256 : DIGEST_SHA512, texts,
				  n);
			struct buf record = preserved(&k, &l);
			expect_proof(&k, view_buf(&record), texts, n, 1, 1);
			struct ers_report *r = judged(&k, view_buf(&record), wrong, 3);
			cr_expect_not(r->covers[2].covered);
			ers_report_free(r);
			buf_free(&record);
		}
	ltp_kit_stop(&k);
}

Test(temporary, data_is_digested_and_not_kept)
{
	static const char *const texts[] = { "the text", "its picture" };
	struct ltp_kit k;
	struct ltp_retrieved r = { 0 };
	char poid[64];
	const struct ltp_po pos[] = {
		{ .data = view_text("the text"), .mime = "text/plain", .id = "a" },
		{ .data = view_text("its picture"), .mime = "image/png" },
	};
	ltp_kit_start_as(&k, PROFILE);
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	cr_expect_eq(blobs(&k), 0);
	stamp(&k);
	struct buf record = evidence(&k, poid);
	expect_proof(&k, view_buf(&record), texts, 2, 1, 1);
	buf_free(&record);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_WARN_PARTLY);
	cr_expect_eq(r.n_pos, 0);
	ltp_retrieved_clear(&r);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO_EMBEDDED, &r),
		     LTP_WARN_PARTLY);
	cr_assert_eq(r.n_pos, 1);
	cr_expect_str_eq(r.pos[0].format_id, ER);
	ltp_retrieved_clear(&r);
	ltp_kit_stop(&k);
}

/* ---- attributes of annex H ---- */

static bool has(struct view all, const char *text)
{
	return memmem(all.p, all.n, text, strlen(text)) != NULL;
}

Test(temporary, attributes_stand_in_the_record_where_the_profile_says_so)
{
	static const char *const texts[] = { "one" };
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int with = 0; with < 2; with++) {
		char profile[4096];
		struct ltp_kit k;
		struct list l, again;
		struct ers *er = NULL;
		snprintf(profile, sizeof(profile), "%sevidence_attributes = %s\n",
			 PROFILE, with != 0 ? "true" : "false");
		ltp_kit_start_as(&k, profile);
		list_make(&l, DIGEST_SHA256, texts, 1);
		struct buf record = preserved(&k, &l);
		expect_proof(&k, view_buf(&record), texts, 1, 1, 1);
		cr_assert_eq(ers_parse(view_buf(&record), &er, &err), 0);
		const struct view a = er->chains[0].stamps[0].attributes;
		cr_expect_eq(a.n > 0, with != 0);
		if (with != 0) {
			cr_expect_eq(der_check(record.n > 0 ? a : VIEW_NULL, &err), 0,
				     "%s", err.text);
			cr_expect(has(a, "urn:test:service"));
			cr_expect(has(a, "urn:test:policy"));
			cr_expect(has(a, KIT_PROFILE));
		}
		ers_free(er);
		/* A further chain covers them, as it does all before it. */
		list_make(&again, DIGEST_SHA512, texts, 1);
		list_renew(&again, record);
		struct buf renewed = preserved(&k, &again);
		expect_proof(&k, view_buf(&renewed), texts, 1, 2, 1);
		buf_free(&renewed);
		buf_free(&record);
		ltp_kit_stop(&k);
	}
}

/* ---- renewal of a record that comes along ---- */

Test(temporary, record_of_the_same_digest_gets_a_further_time_stamp)
{
	static const char *const texts[] = { "one", "two" };
	struct ltp_kit k;
	struct list l, again;
	ltp_kit_start_as(&k, PROFILE);
	list_make(&l, DIGEST_SHA256, texts, 2);
	struct buf record = preserved(&k, &l);
	for (size_t stamps = 2; stamps <= 3; stamps++) {
		list_make(&again, DIGEST_SHA256, texts, 2);
		list_renew(&again, record);
		struct buf renewed = preserved(&k, &again);
		expect_proof(&k, view_buf(&renewed), texts, 2, 1, stamps);
		buf_free(&record);
		record = renewed;
	}
	buf_free(&record);
	ltp_kit_stop(&k);
}

Test(temporary, record_under_another_digest_gets_a_further_chain)
{
	static const char *const texts[] = { "one", "two" };
	static const char *const wrong[] = { "one", "too" };
	struct ltp_kit k;
	struct list l, again;
	ltp_kit_start_as(&k, PROFILE);
	list_make(&l, DIGEST_SHA256, texts, 2);
	struct buf record = preserved(&k, &l);
	list_make(&again, DIGEST_SHA512, texts, 2);
	list_renew(&again, record);
	struct buf renewed = preserved(&k, &again);
	expect_proof(&k, view_buf(&renewed), texts, 2, 2, 1);
	/* And both in turn: the second chain goes on. */
	struct list third;
	list_make(&third, DIGEST_SHA512, texts, 2);
	list_renew(&third, renewed);
	struct buf twice = preserved(&k, &third);
	expect_proof(&k, view_buf(&twice), texts, 2, 2, 2);
	buf_free(&twice);
	/* Digests of other data: found out by whoever has the data. */
	list_make(&again, DIGEST_SHA512, wrong, 2);
	list_renew(&again, record);
	struct buf lie = preserved(&k, &again);
	struct ers_report *r = judged(&k, view_buf(&lie), texts, 2);
	cr_expect_eq(r->indication, INDICATION_FAILED);
	ers_report_free(r);
	buf_free(&lie);
	buf_free(&renewed);
	buf_free(&record);
	ltp_kit_stop(&k);
}

Test(temporary, record_that_does_not_hold_is_not_renewed)
{
	static const char *const texts[] = { "one" }, *const wrong[] = { "two" };
	struct ltp_kit k;
	struct list l, again;
	ltp_kit_start_as(&k, PROFILE);
	list_make(&l, DIGEST_SHA256, texts, 1);
	struct buf record = preserved(&k, &l);
	/* Of something else. */
	list_make(&again, DIGEST_SHA256, wrong, 1);
	list_renew(&again, record);
	cr_expect_eq(preserve_list(&k, &again.l, NULL), LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(k.answer.message, "not covered"), "%s",
			   k.answer.message);
	/* Two digests, of which one is covered. */
	list_make(&again, DIGEST_SHA256, texts, 1);
	again.values[1] = digest_of(DIGEST_SHA256, "two");
	again.l.n = 2;
	list_renew(&again, record);
	cr_expect_eq(preserve_list(&k, &again.l, NULL), LTP_PO_FORMAT_ERROR);
	/* A TSA that nobody trusts. */
	list_make(&again, DIGEST_SHA256, texts, 1);
	list_renew(&again, record);
	cr_expect_eq(preserve_list(&k, &again.l, NULL), LTP_OK);
	/* One octet of its last time-stamp is another; under either digest. */
	record.p[record.n - 1] ^= 1;
	cr_expect_eq(preserve_list(&k, &again.l, NULL), LTP_PO_FORMAT_ERROR);
	list_make(&again, DIGEST_SHA512, texts, 1);
	list_renew(&again, record);
	cr_expect_eq(preserve_list(&k, &again.l, NULL), LTP_PO_FORMAT_ERROR);
	/* Behind it stands something. */
	record.p[record.n - 1] ^= 1;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf longer = buf_make(record.n + 1);
	cr_assert_eq(buf_put(&longer, view_buf(&record), &err), 0);
	cr_assert_eq(buf_put_byte(&longer, 0, &err), 0);
	list_renew(&again, longer);
	cr_expect_eq(preserve_list(&k, &again.l, NULL), LTP_PO_FORMAT_ERROR);
	buf_free(&longer);
	buf_free(&record);
	ltp_kit_stop(&k);
}

Test(temporary, record_of_a_tsa_that_nobody_trusts_is_not_renewed)
{
	static const char *const texts[] = { "one" };
	struct ltp_kit here, there;
	struct list l;
	ltp_kit_start_as(&there, PROFILE);
	list_make(&l, DIGEST_SHA256, texts, 1);
	struct buf record = preserved(&there, &l);
	ltp_kit_stop(&there);
	ltp_kit_start_as(&here, PROFILE);
	ltp_kit_pass(&here, 60000);
	list_renew(&l, record);
	cr_expect_eq(preserve_list(&here, &l.l, NULL), LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(here.answer.message, "INDETERMINATE"), "%s",
			   here.answer.message);
	buf_free(&record);
	ltp_kit_stop(&here);
}

/* Each new token is at once renewed by the other TSA. */
Test(temporary, renewed_record_is_renewed_on_while_it_is_held)
{
	static const char *const texts[] = { "one", "two" };
	const struct ltp_kit_upkeep how = { .profile = PROFILE };
	struct ltp_kit k;
	struct list l, again;
	ltp_kit_start_upkeep(&k, &how);
	list_make(&l, DIGEST_SHA256, texts, 2);
	struct buf record = preserved(&k, &l);
	expect_proof(&k, view_buf(&record), texts, 2, 1, 2);
	list_make(&again, DIGEST_SHA256, texts, 2);
	list_renew(&again, record);
	struct buf renewed = preserved(&k, &again);
	expect_proof(&k, view_buf(&renewed), texts, 2, 1, 4);
	buf_free(&renewed);
	list_make(&again, DIGEST_SHA512, texts, 2);
	list_renew(&again, record);
	renewed = preserved(&k, &again);
	expect_proof(&k, view_buf(&renewed), texts, 2, 2, 2);
	buf_free(&renewed);
	buf_free(&record);
	ltp_kit_stop(&k);
}

/* ---- the end ---- */

static void print_finding(void *arg, const struct fsck_finding *f)
{
	(void)arg;
	printf("%s %s: %s\n", fsck_kind_name(f->kind), f->subject, f->text);
}

static void expect_sound(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fsck_report report = { 0 };
	const struct fsck_hooks *hooks = ltp_fsck_hooks();
	const struct fsck_options o = { .hooks = hooks, .finding = print_finding };
	cr_assert_eq(store_fsck(k->store, &o, &report, &err), 0, "%s", err.text);
	cr_expect_eq(report.damaged, 0);
}

Test(temporary, evidence_is_removed_when_its_time_is_over)
{
	static const char *const texts[] = { "one", "two" };
	const struct ltp_kit_upkeep how = { .profile = PROFILE };
	struct ltp_kit k;
	struct list l, again;
	struct ltp_retrieved r = { 0 };
	char poid[64], second[64];
	ltp_kit_start_upkeep(&k, &how);
	list_make(&l, DIGEST_SHA256, texts, 2);
	cr_assert_eq(preserve_list(&k, &l.l, poid), LTP_OK);
	stamp(&k);
	struct buf record = evidence(&k, poid);
	list_make(&again, DIGEST_SHA512, texts, 2);
	list_renew(&again, record);
	cr_assert_eq(preserve_list(&k, &again.l, second), LTP_OK);
	stamp(&k);
	buf_free(&record);
	expect_sound(&k);
	ltp_kit_live(&k, 29 * DAY_MS, 29 * DAY_MS);
	cr_expect_eq(ltp_kit_retrieve(&k, second, SUBJECT_EVIDENCE, &r), LTP_OK);
	ltp_retrieved_clear(&r);
	/* Over by the clock: given out no more, and removed once a token says so. */
	ltp_kit_pass(&k, 2 * DAY_MS);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r),
		     LTP_UNKNOWN_POID);
	ltp_retrieved_clear(&r);
	list_make(&l, DIGEST_SHA256, texts, 1);
	cr_assert_eq(preserve_list(&k, &l.l, NULL), LTP_OK);
	stamp(&k);
	ltp_kit_live(&k, 2 * DAY_MS, DAY_MS);
	char detail[256];
	cr_expect_eq(ltp_kit_audited(&k, "PreservationPeriodEnded", detail), 2);
	cr_expect_not_null(strstr(detail, "deleted"), "%s", detail);
	cr_expect_eq(ltp_kit_audited(&k, "PreservationPeriodEnding", NULL), 0);
	cr_expect_eq(ltp_kit_retrieve(&k, second, SUBJECT_EVIDENCE, &r),
		     LTP_UNKNOWN_POID);
	ltp_retrieved_clear(&r);
	expect_sound(&k);
	ltp_kit_stop(&k);
}
