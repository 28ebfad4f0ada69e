/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update - versions by UpdatePOC: what is refused, what a new version holds, that the
 * old ones stay, and that deletion, fsck, backup, copies and crashes treat them right.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/inside.h"
#include "storage/backup.h"
#include "storage/fsck.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"
#include "validation/ers_verify.h"

#define LARGE 70000 /* a file of its own in the store */

static struct ltp_kit k;
static char poid[64];
static struct ltp_result result;
static char version[LTP_VERSION_MAX];
static uint8_t large[LARGE];

static void offer(void)
{
	k.profile->operations |= 1u << OP_UPDATE_POC;
}

static void start(void)
{
	ltp_kit_start(&k, NULL);
	offer();
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (uint8_t)(i * 11 + i / 256);
}

static void end(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	ltp_kit_stop(&k);
}

TestSuite(update, .init = start, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct ltp_po text(const char *id, const char *data)
{
	return (
	    struct ltp_po){ .data = view_text(data), .mime = "text/plain", .id = id };
}

static enum ltp_minor update_as(const char *tenant, const char *what,
				const struct ltp_po *pos, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_update_request req = {
		.caller = { tenant, "tester" }, .poid = what, .pos = pos, .n_pos = n
	};
	cr_assert_eq(ltp_update(k.w, &req, version, &result, &err), 0, "%s", err.text);
	const bool stored =
	    result.minor == LTP_OK || result.minor == LTP_WARN_LOW_SPACE;
	cr_expect_eq(version[0] != '\0', stored, "%s", result.message);
	return result.minor;
}

static enum ltp_minor update(const struct ltp_po *pos, size_t n)
{
	return update_as("", poid, pos, n);
}

/* An object of two parts: "doc" and one without a name. */
static void preserve(void)
{
	const struct ltp_po pos[] = { text("doc", "first"), text(NULL, "second") };
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
}

/* Parts of a version as "id=data id=data"; NULL: the latest. */
static const char *parts_of(const char *of)
{
	static char out[4096];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	struct ltp_retrieved got = { 0 };
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .versions = &of,
						  .n_versions = of != NULL,
						  .subject = SUBJECT_PO };
	size_t n = 0;
	cr_assert_eq(ltp_retrieve(k.w, &req, &got, &r, &err), 0, "%s", err.text);
	out[0] = '\0';
	for (size_t i = 0; i < got.n_pos; i++) {
		const struct ltp_po_out *p = &got.pos[i];
		const int len = p->data.n < 100 ? (int)p->data.n : 0;
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s=%.*s",
				      i > 0 ? " " : "", p->id, len,
				      (const char *)p->data.p);
		for (size_t m = 0; m < p->n_related; m++)
			n += (size_t)snprintf(out + n, sizeof(out) - n, ">%s",
					      p->related[m]);
	}
	ltp_retrieved_clear(&got);
	return out;
}

static uint64_t damage(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fsck_options o = { 0 };
	struct fsck_report r;
	cr_assert_eq(store_fsck(k.store, &o, &r, &err), 0, "%s", err.text);
	return r.damaged; /* a file may wait to be removed: that is harmless */
}

static int64_t sql(const char *query)
{
	return storage_sql_int(k.dir, query);
}

/* ---- refused ---- */

Test(update, what_is_no_delta_is_refused_and_nothing_changes)
{
	static const char *const nowhere[] = { "nowhere" };
	static const char *const nearly[] = { "po-02" }, *const first[] = { "po-1" };
	static const struct {
		const char *name;
		struct ltp_po po;
		const char *data;
		enum ltp_minor minor;
	} bad[] = {
		{ "empty", { .mime = "a/b" }, "", LTP_DELTA_POC_PROBLEM },
		{ "no type", { .id = "x" }, "y", LTP_PARAMETER_ERROR },
		{ "id with a blank",
		  { .id = "a b", .mime = "a/b" },
		  "y",
		  LTP_PARAMETER_ERROR },
		{ "XAIP",
		  { .format_id = "http://www.bsi.bund.de/tr-esor/dxaip/1.3" },
		  "<a/>",
		  LTP_UNKNOWN_DELTA_POC },
		{ "digest list",
		  { .format_id = "http://uri.etsi.org/19512/format/DigestList" },
		  "{}",
		  LTP_UNKNOWN_DELTA_POC },
		{ "not what it says",
		  { .format_id = "http://uri.etsi.org/ades/PAdES" },
		  "text",
		  LTP_DELTA_POC_PROBLEM },
		{ "related to nothing",
		  { .mime = "a/b", .related = nowhere, .n_related = 1 },
		  "y",
		  LTP_DELTA_POC_PROBLEM },
		{ "related to what is only nearly called so",
		  { .mime = "a/b", .related = nearly, .n_related = 1 },
		  "y",
		  LTP_DELTA_POC_PROBLEM },
		{ "related to a name that an id took",
		  { .mime = "a/b", .related = first, .n_related = 1 },
		  "y",
		  LTP_DELTA_POC_PROBLEM },
		/* It would be the third, which is called so without a name. */
		{ "name of another",
		  { .id = "po-4", .mime = "a/b" },
		  "y",
		  LTP_DELTA_POC_PROBLEM },
	};
	preserve();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltp_po pos[] = { bad[i].po, text(NULL, "another") };
		pos[0].data = view_text(bad[i].data);
		cr_expect_eq(update(pos, 2), bad[i].minor, "%s: %s", bad[i].name,
			     result.message);
		cr_expect_not_null(strstr(result.message, "deltaPoc[0]"), "%s: %s",
				   bad[i].name, result.message);
	}
	cr_expect_str_eq(parts_of("all"), "doc=first po-2=second");
}

Test(update, two_of_one_id_are_refused)
{
	const struct ltp_po pos[] = { text("x", "a"), text("x", "b") };
	preserve();
	cr_expect_eq(update(pos, 2), LTP_DELTA_POC_PROBLEM);
	cr_expect_not_null(strstr(result.message, "deltaPoc[1].id 'x'"), "%s",
			   result.message);
}

Test(update, counts_are_bounded)
{
	struct ltp_po pos[11];
	preserve();
	cr_expect_eq(update(NULL, 0), LTP_PARAMETER_ERROR);
	for (size_t i = 0; i < 11; i++)
		pos[i] = text(NULL, "x");
	cr_expect_eq(update(pos, 11), LTP_PARAMETER_ERROR);
	cr_expect_eq(update(pos, 10), LTP_OK);
}

Test(update, what_is_not_there_takes_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_po po = text(NULL, "x");
	preserve();
	cr_expect_eq(update_as("", "nothing", &po, 1), LTP_UNKNOWN_POID);
	cr_expect_eq(update_as("other", poid, &po, 1), LTP_UNKNOWN_POID);
	struct ltp_delete_request d = { .caller = { "", "tester" },
					.poid = poid,
					.mode = "OnlySubDOs",
					.reason = "r" };
	cr_assert_eq(ltp_delete(k.w, &d, &result, &err), 0);
	cr_expect_eq(update(&po, 1), LTP_PARAMETER_ERROR);
	d.mode = NULL;
	cr_assert_eq(ltp_delete(k.w, &d, &result, &err), 0);
	cr_expect_eq(update(&po, 1), LTP_UNKNOWN_POID);
	cr_expect_eq(damage(), 0);
}

Test(update, profile_that_does_not_offer_it_or_is_over_takes_nothing)
{
	const struct ltp_po po = text(NULL, "x");
	preserve();
	k.profile->operations &= ~(1u << OP_UPDATE_POC);
	cr_expect_eq(update(&po, 1), LTP_NOT_SUPPORTED);
	cr_expect_eq(ltp_kit_preserve(&k, NULL, 0, NULL), LTP_PARAMETER_ERROR);
	offer();
	k.profile->valid_until_ms = k.profile->valid_from_ms + 1;
	cr_expect_eq(update(&po, 1), LTP_NOT_SUPPORTED);
}

Test(update, no_space_takes_nothing_and_little_is_told)
{
	const struct ltp_po po = text(NULL, "x");
	preserve();
	k.ltp->o.no_space_bytes = UINT64_MAX;
	cr_expect_eq(update(&po, 1), LTP_NO_SPACE);
	k.ltp->o.no_space_bytes = 0;
	k.ltp->o.low_space_bytes = UINT64_MAX;
	cr_expect_eq(update(&po, 1), LTP_WARN_LOW_SPACE);
	cr_expect_str_eq(version, "v2");
}

/* ---- what a new version holds ---- */

Test(update, additions_stand_behind_what_was_there)
{
	static const char *const about[] = { "doc", "note" };
	struct ltp_po pos[] = { text("note", "third"), text(NULL, "fourth") };
	pos[1].related = about;
	pos[1].n_related = 2;
	preserve();
	cr_assert_eq(update(pos, 2), LTP_OK, "%s", result.message);
	cr_expect_str_eq(version, "v2");
	cr_expect_str_eq(parts_of(NULL),
			 "doc=first po-2=second note=third po-4=fourth>doc>note");
	cr_expect_str_eq(parts_of("v1"), "doc=first po-2=second");
	char detail[256];
	cr_expect_eq(ltp_kit_audited(&k, "UpdatePOC", detail), 1);
	cr_expect_str_eq(detail, "v2: 2 added, 0 replaced");
}

Test(update, a_part_is_replaced_by_its_id_and_stays_in_the_old_version)
{
	const struct ltp_po pos[] = { text("doc", "FIRST"), text("po-2", "SECOND") };
	const struct ltp_po more = text("doc", "1st");
	preserve();
	cr_assert_eq(update(pos, 2), LTP_OK, "%s", result.message);
	cr_assert_eq(update(&more, 1), LTP_OK, "%s", result.message);
	cr_expect_str_eq(version, "v3");
	cr_expect_str_eq(parts_of(NULL), "doc=1st po-2=SECOND");
	cr_expect_str_eq(parts_of("v2"), "doc=FIRST po-2=SECOND");
	cr_expect_str_eq(parts_of("v1"), "doc=first po-2=second");
	cr_expect_str_eq(parts_of("all"),
			 "v1-doc=first v1-po-2=second v2-doc=FIRST v2-po-2=SECOND "
			 "v3-doc=1st v3-po-2=SECOND");
	cr_expect_eq(damage(), 0);
}

Test(update, empty_container_is_filled_later)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_retrieved r = { 0 };
	struct ltp_trace t = { 0 };
	const struct ltp_po po = text("doc", "first");
	cr_assert_eq(ltp_kit_preserve(&k, NULL, 0, poid), LTP_OK);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO_EMBEDDED, &r), LTP_OK);
	cr_expect_eq(r.n_pos, 0);
	cr_expect_eq(damage(), 0);
	cr_assert_eq(ltp_trace(k.w, &(struct ltp_caller){ "", "tester" }, poid, &t,
			       &result, &err),
		     0);
	cr_expect_eq(t.n, 2);
	ltp_trace_clear(&t);
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	cr_expect_str_eq(version, "v1");
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	cr_expect_str_eq(version, "v2");
	cr_expect_str_eq(parts_of("v1"), "doc=first");
	cr_expect_eq(damage(), 0);
}

Test(update, empty_container_is_deleted_like_others)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_delete_request d = { .caller = { "", "tester" },
					      .poid = poid,
					      .reason = "r" };
	cr_assert_eq(ltp_kit_preserve(&k, NULL, 0, poid), LTP_OK);
	cr_assert_eq(ltp_delete(k.w, &d, &result, &err), 0);
	cr_expect_eq(result.minor, LTP_OK);
	cr_expect_eq(damage(), 0);
}

/* ---- evidence ---- */

static void expect_covered(const char *of, const struct ers_object *objects, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	struct ltp_retrieved got = { 0 };
	struct ers_report *report = NULL;
	const struct ltp_retrieve_request req = { .caller = { "", "tester" },
						  .poid = poid,
						  .versions = &of,
						  .n_versions = of != NULL,
						  .subject = SUBJECT_EVIDENCE };
	cr_assert_eq(ltp_retrieve(k.w, &req, &got, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	cr_assert_geq(got.n_pos, 1);
	const struct ers_input in = { .objects = objects,
				      .n_objects = n,
				      .material = k.trust,
				      .time_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(ers_verify(view_buf(&got.pos[0].data), &in, &report, &err), 0,
		     "%s", err.text);
	cr_expect(report->intact);
	for (size_t i = 0; i < report->n_covers; i++)
		cr_expect(report->covers[i].covered && report->covers[i].group_complete,
			  "%s", objects[i].name);
	ers_report_free(report);
	ltp_retrieved_clear(&got);
}

Test(update, each_version_has_evidence_over_all_of_its_parts)
{
	const struct ers_object o[] = {
		{ .name = "doc", .has_data = true, .data = view_text("first") },
		{ .name = "second", .has_data = true, .data = view_text("second") },
		{ .name = "third", .has_data = true, .data = view_text("third") },
	};
	const struct ltp_po po = text(NULL, "third");
	preserve();
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_assert_eq(update(&po, 1), LTP_OK);
	struct ltp_retrieved r = { 0 };
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_WARN_PARTLY);
	ltp_retrieved_clear(&r);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	expect_covered(NULL, o, 3);
	expect_covered("v2", o, 3);
	expect_covered("v1", o, 2);
	cr_expect_eq(ltp_kit_audited(&k, "UpdatePOC", NULL), 1);
	cr_expect_eq(damage(), 0);
}

/* A digest that the rows do not hold is taken of all bytes. */
Test(update, leaf_under_another_digest_is_of_all_parts)
{
	const struct ers_object o[] = {
		{ .name = "doc", .has_data = true, .data = view_text("first") },
		{ .name = "second", .has_data = true, .data = view_text("second") },
		{ .name = "third", .has_data = true, .data = view_text("third") },
	};
	const struct ltp_po po = text(NULL, "third");
	k.profile->digest = DIGEST_SHA384;
	preserve();
	cr_assert_eq(update(&po, 1), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	expect_covered(NULL, o, 3);
}

/* ---- bytes are shared, and go with the last version ---- */

static void preserve_large(void)
{
	const struct ltp_po pos[] = {
		{ .data = view_of(large, LARGE), .mime = "a/b", .id = "large" },
		text("small", "first"),
	};
	const struct ltp_po po = text(NULL, "more");
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	cr_assert_eq(update(&po, 1), LTP_OK);
	cr_assert_eq(update(&po, 1), LTP_OK);
}

static enum ltp_minor delete (const char *mode) {
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_delete_request d = { .caller = { "", "tester" },
					      .poid = poid,
					      .mode = mode,
					      .reason = "r" };
	cr_assert_eq(ltp_delete(k.w, &d, &result, &err), 0, "%s", err.text);
	return result.minor;
}

Test(update, what_is_taken_over_is_stored_once_and_goes_with_the_object)
{
	preserve_large();
	cr_expect_eq(sql("SELECT count(*) FROM part"), 2 + 3 + 4);
	cr_expect_eq(sql("SELECT count(*) FROM blob WHERE tenant = 'default'"), 4);
	cr_expect_eq(sql("SELECT refs FROM blob WHERE data IS NULL"), 3);
	cr_expect_eq(damage(), 0);
	cr_expect_eq(delete ("OnlySubDOs"), LTP_OK);
	cr_expect_eq(sql("SELECT count(*) FROM blob WHERE tenant = 'default'"), 0);
	cr_expect_eq(damage(), 0);
	cr_expect_eq(delete (NULL), LTP_OK);
	cr_expect_eq(sql("SELECT count(*) FROM part"), 0);
	cr_expect_eq(damage(), 0);
}

Test(update, evidence_of_all_versions_outlives_their_data)
{
	struct ltp_retrieved r = { 0 };
	preserve_large();
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_expect_eq(delete ("OnlySubDOs"), LTP_OK);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_OK);
	cr_expect_eq(r.n_pos, 1);
	ltp_retrieved_clear(&r);
	cr_expect_eq(damage(), 0);
}

Test(update, backup_takes_all_versions_along)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct backup_report report;
	char to[128], back[128], command[512];
	preserve_large();
	snprintf(to, sizeof(to), "%s-backup", k.dir);
	snprintf(back, sizeof(back), "%s-back", k.dir);
	cr_assert_eq(store_backup(k.store, to, NULL, NULL, &report, &err), 0, "%s",
		     err.text);
	cr_assert_eq(store_restore(to, back, NULL, NULL, &report, &err), 0, "%s",
		     err.text);
	ltp_kit_close(&k);
	snprintf(command, sizeof(command), "rm -rf '%s' '%s' && mv '%s' '%s'", k.dir,
		 to, back, k.dir);
	cr_assert_eq(system(command), 0);
	ltp_kit_open(&k);
	cr_expect_str_eq(parts_of("v1"), "large= small=first");
	cr_expect_str_eq(parts_of("v2"), "large= small=first po-3=more");
	cr_expect_str_eq(parts_of(NULL), "large= small=first po-3=more po-4=more");
	cr_expect_eq(damage(), 0);
}

/* ---- the period is the object's ---- */

Test(update, an_update_does_not_move_the_end_of_the_period)
{
	const struct ltp_po po = text(NULL, "more");
	preserve();
	const int64_t until_ms = sql("SELECT preserve_until_ms FROM object");
	ltp_kit_pass(&k, 1000);
	cr_assert_eq(update(&po, 1), LTP_OK);
	cr_expect_eq(sql("SELECT preserve_until_ms FROM object"), until_ms);
}

/* ---- at once, and cut short ---- */

#define UPDATERS 4
#define UPDATES 5

static void *update_often(void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_worker *w = NULL;
	size_t *done = arg;
	if (ltp_worker_new(k.ltp, &w, &err) != 0)
		return NULL;
	for (unsigned i = 0; i < UPDATES; i++) {
		const struct ltp_po po = text(NULL, "x");
		const struct ltp_update_request req = {
			.caller = { "", "tester" }, .poid = poid, .pos = &po, .n_pos = 1
		};
		char v[LTP_VERSION_MAX];
		struct ltp_result r;
		*done += ltp_update(w, &req, v, &r, &err) == 0 && r.minor == LTP_OK;
		ltps_error_clear(&err);
	}
	ltp_worker_free(w);
	return NULL;
}

Test(update, updates_at_once_follow_each_other)
{
	pthread_t threads[UPDATERS];
	size_t done[UPDATERS] = { 0 }, all = 0;
	preserve();
	for (unsigned i = 0; i < UPDATERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, update_often, &done[i]),
			     0);
	for (unsigned i = 0; i < UPDATERS; i++) {
		pthread_join(threads[i], NULL);
		all += done[i];
	}
	/* As many tries as there can be others: nobody is sent away here. */
	cr_expect_eq(all, UPDATERS * UPDATES);
	cr_expect_eq(sql("SELECT count(*) FROM version"), 1 + (int64_t)all);
	cr_expect_eq(sql("SELECT count(*) FROM part"), 2 + (3 + 22) * 20 / 2);
	cr_expect_eq(damage(), 0);
}

Test(update, update_that_fails_half_way_leaves_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_po po = { .data = view_of(large, LARGE), .mime = "a/b" };
	const struct ltp_update_request req = {
		.caller = { "", "tester" }, .poid = poid, .pos = &po, .n_pos = 1
	};
	preserve();
	cr_assert_eq(failpoint_arm("update.keep:1:fail", &err), 0);
	cr_expect_eq(ltp_update(k.w, &req, version, &result, &err), -1);
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	cr_expect_str_eq(parts_of("all"), "doc=first po-2=second");
	cr_expect_eq(damage(), 0);
	cr_expect_eq(update(&po, 1), LTP_OK);
	cr_expect_str_eq(version, "v2");
	cr_expect_eq(damage(), 0);
}

Test(update, update_that_is_killed_half_way_leaves_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_po po = { .data = view_of(large, LARGE), .mime = "a/b" };
	int status;
	preserve();
	ltp_kit_close(&k);
	const pid_t pid = fork();
	if (pid == 0) {
		ltp_kit_open(&k);
		(void)!failpoint_arm("update.keep:1:kill", &err);
		(void)update(&po, 1);
		_exit(1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ltp_kit_open(&k);
	cr_expect_str_eq(parts_of("all"), "doc=first po-2=second");
	cr_expect_eq(damage(), 0);
	cr_expect_eq(update(&po, 1), LTP_OK);
	cr_expect_str_eq(version, "v2");
}
