/* SPDX-License-Identifier: Apache-2.0 */
/* retrieve, delete, trace and validate over one preserved object. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "formats/asic.h"
#include "storage/audit.h"
#include "ltp/inside.h"
#include "tests/support/ltp_kit.h"

static const struct ltp_caller ME = { "", "tester" };

/* One object of two parts, with evidence. */
static void start_with_object(struct ltp_kit *k, char poid[64])
{
	const char *related[] = { "a" };
	const struct ltp_po pos[] = {
		{ .data = view_text("first"), .mime = "text/plain", .id = "a" },
		{ .data = view_text("second"),
		  .mime = "text/html",
		  .id = "b",
		  .related = related,
		  .n_related = 1 },
	};
	ltp_kit_start(k, NULL);
	cr_assert_eq(ltp_kit_preserve(k, pos, 2, poid), LTP_OK);
	ltp_kit_pass(k, 2001);
	ltp_kit_work(k);
}

/* And what is given of it. */
static void start_retrieved(struct ltp_kit *k, char poid[64], enum subject subject,
			    struct ltp_retrieved *r)
{
	start_with_object(k, poid);
	cr_assert_eq(ltp_kit_retrieve(k, poid, subject, r), LTP_OK);
}

static void stop_retrieved(struct ltp_kit *k, struct ltp_retrieved *r)
{
	ltp_retrieved_clear(r);
	ltp_kit_stop(k);
}

static struct ltp_result retrieve(struct ltp_kit *k,
				  const struct ltp_retrieve_request *req,
				  struct ltp_retrieved *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	cr_assert_eq(ltp_retrieve(k->w, req, ret, &r, &err), 0, "%s", err.text);
	return r;
}

Test(retrieve, parts_come_back_as_submitted)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	start_retrieved(&k, poid, SUBJECT_PO, &r);
	cr_assert_eq(r.n_pos, 2);
	cr_expect_str_eq(r.pos[0].id, "a");
	cr_expect_str_eq(r.pos[1].mime, "text/html");
	cr_expect_null(r.pos[0].format_id);
	cr_assert_eq(r.pos[1].n_related, 1);
	cr_expect_str_eq(r.pos[1].related[0], "a");
	cr_expect(view_is_text(view_buf(&r.pos[0].data), "first"));
	cr_expect(view_is_text(view_buf(&r.pos[1].data), "second"));
	stop_retrieved(&k, &r);
}

Test(retrieve, detached_evidence_names_its_parts)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	start_retrieved(&k, poid, SUBJECT_PO_DETACHED, &r);
	cr_assert_eq(r.n_pos, 3);
	cr_assert_eq(r.pos[2].n_related, 2);
	cr_expect_str_eq(r.pos[2].related[0], "a");
	cr_expect_str_eq(r.pos[2].related[1], "b");
	stop_retrieved(&k, &r);
}

Test(retrieve, container_holds_parts_and_a_record_that_covers_them)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	struct asic *asic = NULL;
	struct evidence_reports reports = { 0 };
	struct ltps_error err = LTPS_ERROR_INIT;
	start_retrieved(&k, poid, SUBJECT_PO_EMBEDDED, &r);
	cr_assert_eq(r.n_pos, 1);
	struct view box = view_buf(&r.pos[0].data);
	cr_assert_eq(asic_parse(box, &asic, &err), 0, "%s", err.text);
	cr_expect_eq(asic->n_objects, 2);
	cr_assert_eq(asic->n_records, 1);
	cr_expect(asic->records[0].all_match);
	asic_free(asic);
	const struct ers_input in = { .material = k.trust,
				      .time_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(evidence_judge(box, &in, &reports, &err), 0, "%s", err.text);
	cr_assert_eq(reports.n, 1);
	cr_expect_eq(reports.r[0]->indication, INDICATION_PASSED);
	evidence_reports_clear(&reports);
	stop_retrieved(&k, &r);
}

Test(retrieve, before_the_evidence_there_is_a_warning)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "x", poid), LTP_OK);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_WARN_PARTLY);
	cr_expect_eq(r.n_pos, 0);
	ltp_retrieved_clear(&r);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO_EMBEDDED, &r),
		     LTP_WARN_PARTLY);
	cr_expect_eq(r.n_pos, 1);
	ltp_retrieved_clear(&r);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
	ltp_retrieved_clear(&r);
	ltp_kit_stop(&k);
}

Test(retrieve, wrong_questions_have_their_answers)
{
	struct ltp_kit k;
	char poid[64];
	const char *v1[] = { "v1" }, *v9[] = { "v9" }, *all[] = { "all" };
	start_with_object(&k, poid);
	const struct {
		struct ltp_retrieve_request req;
		enum ltp_minor minor;
	} table[] = {
		{ { ME, "nobody", NULL, 0, SUBJECT_PO, NULL, NULL }, LTP_UNKNOWN_POID },
		{ { { "other", "x" }, poid, NULL, 0, SUBJECT_PO, NULL, NULL },
		  LTP_UNKNOWN_POID },
		{ { ME, poid, v9, 1, SUBJECT_PO, NULL, NULL }, LTP_UNKNOWN_VERSION },
		{ { ME, poid, v1, 1, SUBJECT_PO, NULL, NULL }, LTP_OK },
		{ { ME, poid, all, 1, SUBJECT_PO, NULL, NULL }, LTP_OK },
		{ { ME, poid, NULL, 0, SUBJECT_PO, "urn:nothing", NULL },
		  LTP_UNKNOWN_PO_FORMAT },
		{ { ME, poid, NULL, 0, SUBJECT_PO_EMBEDDED, "urn:nothing", NULL },
		  LTP_UNKNOWN_PO_FORMAT },
		{ { ME, poid, NULL, 0, SUBJECT_EVIDENCE, NULL, "urn:ietf:rfc:6283" },
		  LTP_UNKNOWN_EVIDENCE_FORMAT },
		{ { ME, poid, NULL, 0, SUBJECT_EVIDENCE, NULL, "urn:ietf:rfc:4998" },
		  LTP_OK },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct ltp_retrieved r = { 0 };
		struct ltp_result result = retrieve(&k, &table[i].req, &r);
		cr_expect_eq(result.minor, table[i].minor, "row %zu: %s", i,
			     result.message);
		if (table[i].minor != LTP_OK)
			cr_expect_eq(r.n_pos, 0, "row %zu", i);
		ltp_retrieved_clear(&r);
	}
	ltp_kit_stop(&k);
}

static struct ltp_result delete (struct ltp_kit *k, const char *poid, const char *mode,
				 const char *reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	const struct ltp_delete_request req = { ME, poid, mode, "requestor", reason };
	cr_assert_eq(ltp_delete(k->w, &req, &r, &err), 0, "%s", err.text);
	return r;
}

/* What a client says stands in quotes: it cannot say what the service would. */
Test(delete, claimed_requestor_cannot_write_the_reason)
{
	struct ltp_kit k;
	char poid[64], detail[256];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	start_with_object(&k, poid);
	const struct ltp_delete_request req = { ME, poid, NULL,
						"judge; reason: \"\\order\"", "typo" };
	cr_assert_eq(ltp_delete(k.w, &req, &r, &err), 0, "%s", err.text);
	cr_expect_eq(r.minor, LTP_OK, "%s", r.message);
	cr_expect_eq(ltp_kit_audited(&k, "DeletePO", detail), 1);
	cr_expect_str_eq(detail, "mode: SubDOsAndEvidence; claimed requestor: "
				 "\"judge; reason: \\\"\\\\order\\\"\"; "
				 "reason: \"typo\"");
	ltp_kit_stop(&k);
}

/* 3003 octets, cut before in the midst of a letter; nothing is cut now. */
Test(delete, reason_without_room_is_refused_by_name_and_the_object_stays)
{
	struct ltp_kit k;
	char poid[64], reason[3004];
	struct ltp_result r;
	memcpy(reason, "x", 2);
	for (size_t i = 1; i + 2 < sizeof(reason); i += 2)
		memcpy(reason + i, "\xc4\x83", 3);
	start_with_object(&k, poid);
	r = delete (&k, poid, NULL, reason);
	cr_expect_eq(r.minor, LTP_PARAMETER_ERROR);
	cr_expect_not_null(strstr(r.message, "the reason has more"), "%s", r.message);
	cr_expect_eq(delete (&k, poid, NULL, "new\nline").minor, LTP_PARAMETER_ERROR);
	reason[2999] = '\0';
	r = delete (&k, poid, NULL, reason);
	cr_expect_eq(r.minor, LTP_OK, "%s", r.message);
	ltp_kit_stop(&k);
}

Test(delete, needs_a_reason_before_the_period_ends)
{
	struct ltp_kit k;
	char poid[64];
	start_with_object(&k, poid);
	cr_expect_eq(delete (&k, poid, NULL, NULL).minor, LTP_PARAMETER_ERROR);
	cr_expect_eq(delete (&k, poid, NULL, " \t").minor, LTP_PARAMETER_ERROR);
	cr_expect_eq(delete (&k, poid, "Both", "r").minor, LTP_UNKNOWN_MODE);
	cr_expect_eq(delete (&k, "nobody", NULL, "r").minor, LTP_UNKNOWN_POID);
	k.clock.offset_ms += (int64_t)3660 * 86400000;
	cr_expect_eq(delete (&k, poid, NULL, NULL).minor, LTP_OK);
	ltp_kit_stop(&k);
}

Test(delete, of_the_data_leaves_the_evidence)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	start_with_object(&k, poid);
	cr_expect_eq(delete (&k, poid, "OnlySubDOs", "space").minor, LTP_OK);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_WARN_PARTLY);
	cr_expect_eq(r.n_pos, 0);
	ltp_retrieved_clear(&r);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_OK);
	cr_expect_eq(r.n_pos, 1);
	ltp_retrieved_clear(&r);
	cr_expect_eq(delete (&k, poid, "OnlySubDOs", "again").minor,
		     LTP_PARAMETER_ERROR);
	cr_expect_eq(delete (&k, poid, NULL, "the rest").minor, LTP_OK);
	cr_expect_eq(delete (&k, poid, NULL, "again").minor, LTP_UNKNOWN_POID);
	ltp_kit_stop(&k);
}

Test(trace, tells_the_whole_life_in_order)
{
	static const char *const wanted[] = { "PreservePO", "EvidenceCreated",
					      "RetrievePO", "DeletePO",
					      "DeletePO",   "RetrievePO" };
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	struct ltp_trace t = { 0 };
	struct ltp_result result;
	struct ltps_error err = LTPS_ERROR_INIT;
	start_with_object(&k, poid);
	ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r);
	ltp_retrieved_clear(&r);
	delete (&k, poid, NULL, NULL);
	delete (&k, poid, NULL, "no room for it");
	ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r);
	ltp_retrieved_clear(&r);
	cr_assert_eq(ltp_trace(k.w, &ME, poid, &t, &result, &err), 0);
	cr_assert_eq(result.minor, LTP_OK);
	/* A deleted object has no leaf to tell of its evidence. */
	size_t n = 0;
	for (size_t i = 0; i < t.n; i++) {
		if (strcmp(wanted[n], "EvidenceCreated") == 0)
			n++;
		cr_expect_str_eq(t.events[i].operation, wanted[n]);
		n++;
	}
	cr_expect_eq(n, 6);
	cr_expect_not_null(strstr(t.events[2].detail, "error/parameterError"));
	cr_expect_not_null(strstr(t.events[3].detail, "no room for it"));
	cr_expect_str_eq(t.events[0].subject, "tester");
	ltp_trace_clear(&t);
	ltp_kit_stop(&k);
}

Test(trace, of_a_live_object_tells_of_its_evidence)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_trace t = { 0 };
	struct ltp_result result;
	struct ltps_error err = LTPS_ERROR_INIT;
	start_with_object(&k, poid);
	cr_assert_eq(ltp_trace(k.w, &ME, poid, &t, &result, &err), 0);
	cr_assert_eq(t.n, 2);
	cr_expect_str_eq(t.events[1].operation, "EvidenceCreated");
	cr_expect_str_eq(t.events[1].subject, "urn:test:service");
	ltp_trace_clear(&t);
	cr_assert_eq(ltp_trace(k.w, &ME, "nobody", &t, &result, &err), 0);
	cr_expect_eq(result.minor, LTP_UNKNOWN_POID);
	ltp_trace_clear(&t);
	ltp_kit_stop(&k);
}

static struct ltp_result validate(struct ltp_kit *k, struct ltp_evidence_request *req,
				  struct evidence_reports *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	req->caller = ME;
	cr_assert_eq(ltp_validate_evidence(k->w, req, ret, &r, &err), 0, "%s",
		     err.text);
	return r;
}

Test(validate, record_over_stored_given_and_wrong_objects)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved er = { 0 };
	struct evidence_reports reports = { 0 };
	start_retrieved(&k, poid, SUBJECT_EVIDENCE, &er);
	struct ltp_evidence_request stored = { .evidence = view_buf(&er.pos[0].data),
					       .poid = poid };
	cr_expect_eq(validate(&k, &stored, &reports).minor, LTP_OK);
	cr_assert_eq(reports.n, 1);
	cr_expect_eq(reports.r[0]->indication, INDICATION_PASSED);
	cr_expect_gt(reports.r[0]->proof_of_existence_ms, 0);
	evidence_reports_clear(&reports);

	const struct ltp_po wrong[] = { { .data = view_text("FIRST"), .id = "a" } };
	struct ltp_evidence_request given = { .evidence = view_buf(&er.pos[0].data),
					      .pos = wrong,
					      .n_pos = 1 };
	cr_expect_eq(validate(&k, &given, &reports).minor, LTP_OK);
	cr_assert_eq(reports.n, 1);
	cr_expect_neq(reports.r[0]->indication, INDICATION_PASSED);
	cr_expect_not(reports.r[0]->covers[0].covered);
	evidence_reports_clear(&reports);
	stop_retrieved(&k, &er);
}

static enum indication judge_stored(struct ltp_kit *k, const char *poid,
				    struct ltp_retrieved *er)
{
	struct evidence_reports reports = { 0 };
	struct ltp_evidence_request req = { .evidence = view_buf(&er->pos[0].data),
					    .poid = poid };
	cr_expect_eq(validate(k, &req, &reports).minor, LTP_OK);
	cr_assert_eq(reports.n, 1);
	const enum indication found = reports.r[0]->indication;
	evidence_reports_clear(&reports);
	return found;
}

Test(validate, record_over_data_that_is_gone_goes_by_the_digests_kept)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved er = { 0 };
	start_retrieved(&k, poid, SUBJECT_EVIDENCE, &er);
	cr_assert_eq(delete (&k, poid, "OnlySubDOs", "over").minor, LTP_OK);
	cr_expect_eq(judge_stored(&k, poid, &er), INDICATION_PASSED);
	stop_retrieved(&k, &er);
}

Test(validate, algorithm_of_a_record_that_has_ended_proves_nothing)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved er = { 0 };
	struct algorithm_limit limits[] = { { .algorithm = "sha256", .until_ms = 1 } };
	const struct algorithm_policy policy = { .limits = limits, .n = 1 };
	start_retrieved(&k, poid, SUBJECT_EVIDENCE, &er);
	k.ltp->o.algorithms = &policy;
	cr_expect_eq(judge_stored(&k, poid, &er), INDICATION_INDETERMINATE);
	k.ltp->o.algorithms = NULL;
	stop_retrieved(&k, &er);
}

Test(validate, bad_requests_are_refused)
{
	struct ltp_kit k;
	char poid[64];
	const struct ltp_po text[] = { { .data = view_text("text"), .id = "a" } };
	start_with_object(&k, poid);
	const struct {
		struct ltp_evidence_request req;
		enum ltp_minor minor;
	} table[] = {
		{ { .n_pos = 0 }, LTP_PARAMETER_ERROR },
		{ { .pos = text, .n_pos = 1 }, LTP_PARAMETER_ERROR },
		{ { .evidence = view_text("junk"), .pos = text, .n_pos = 1 },
		  LTP_PARAMETER_ERROR },
		{ { .evidence = view_text("junk"), .poid = poid },
		  LTP_PARAMETER_ERROR },
		{ { .evidence = view_text("junk"), .poid = "nobody" },
		  LTP_PARAMETER_ERROR },
		{ { .evidence = view_text("junk"), .poid = poid, .version = "v7" },
		  LTP_PARAMETER_ERROR },
		{ { .evidence = view_text("<a/>"),
		    .pos = text,
		    .n_pos = 1,
		    .evidence_format = "urn:ietf:rfc:6283:EvidenceRecord" },
		  LTP_NOT_SUPPORTED },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct evidence_reports reports = { 0 };
		struct ltp_evidence_request req = table[i].req;
		cr_expect_eq(validate(&k, &req, &reports).minor, table[i].minor,
			     "row %zu", i);
		cr_expect_eq(reports.n, 0, "row %zu", i);
		evidence_reports_clear(&reports);
	}
	ltp_kit_stop(&k);
}

/* Overwrites one byte in the middle of the first blob file that is found. */
static void damage_a_file(const char *dir)
{
	char command[256], path[512] = "";
	snprintf(command, sizeof(command), "find '%s/blobs' -type f | head -n 1", dir);
	FILE *p = popen(command, "r");
	cr_assert(p != NULL && fgets(path, sizeof(path), p) != NULL);
	pclose(p);
	path[strcspn(path, "\n")] = '\0';
	snprintf(command, sizeof(command), "chmod u+w '%.200s'", path);
	cr_assert_eq(system(command), 0);
	int fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pwrite(fd, "!", 1, 50000), 1);
	close(fd);
}

Test(retrieve, damaged_bytes_are_never_handed_out)
{
	struct ltp_kit k;
	char poid[64], good[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_retrieved r = { 0 };
	struct ltp_result result;
	ltp_kit_start(&k, NULL);
	char *big = malloc(200001);
	memset(big, 'x', 200000);
	big[200000] = '\0';
	cr_assert_eq(ltp_kit_preserve_text(&k, big, poid), LTP_OK);
	cr_assert_eq(ltp_kit_preserve_text(&k, "small", good), LTP_OK);
	free(big);
	damage_a_file(k.dir);
	const struct ltp_retrieve_request req = { .caller = ME,
						  .poid = poid,
						  .subject = SUBJECT_PO };
	cr_assert_eq(ltp_retrieve(k.w, &req, &r, &result, &err), -1);
	cr_expect_eq(err.code, LTPS_CORRUPT);
	cr_expect_eq(r.n_pos, 0);
	cr_expect_eq(ltp_kit_retrieve(&k, good, SUBJECT_PO, &r), LTP_OK);
	ltp_retrieved_clear(&r);
	ltp_kit_stop(&k);
}

Test(profile_operations, what_the_profile_does_not_offer_is_not_done)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	struct ltp_trace t = { 0 };
	struct evidence_reports reports = { 0 };
	struct ltp_evidence_request v = { .evidence = view_text("x") };
	struct ltp_result result;
	struct ltps_error err = LTPS_ERROR_INIT;
	start_with_object(&k, poid);
	k.profile->operations = 1u << OP_PRESERVE_PO;
	cr_expect_eq(delete (&k, poid, NULL, "r").minor, LTP_NOT_SUPPORTED);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_NOT_SUPPORTED);
	cr_expect_eq(r.n_pos, 0);
	cr_assert_eq(ltp_trace(k.w, &ME, poid, &t, &result, &err), 0);
	cr_expect_eq(result.minor, LTP_NOT_SUPPORTED);
	cr_expect_eq(t.n, 0);
	cr_expect_eq(validate(&k, &v, &reports).minor, LTP_NOT_SUPPORTED);
	k.profile->operations |= 1u << OP_RETRIEVE_PO;
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
	ltp_retrieved_clear(&r);
	ltp_kit_stop(&k);
}

struct events {
	const char *poid;
	int64_t now_ms;
	const char *operation;
};

static int add_events(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct events *e = arg;
	const struct audit_entry entry = { .time_ms = e->now_ms,
					   .tenant = "default",
					   .actor = "reader",
					   .operation = e->operation,
					   .poid = e->poid,
					   .outcome = "success" };
	for (int i = 0; i < LTP_TRACE_EVENTS_MAX; i++)
		if (audit_append(conn, &entry, NULL, err) != 0)
			return -1;
	return 0;
}

/* Whoever reads an object often enough must not make its trace unreadable. */
Test(trace, beyond_its_limit_is_cut_and_says_so)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_trace t = { 0 };
	struct ltp_result result;
	struct ltps_error err = LTPS_ERROR_INIT;
	start_with_object(&k, poid);
	struct events e = { poid, clock_now_ms(&k.clock), "RetrievePO" };
	cr_assert_eq(store_write(k.store, add_events, &e, &err), 0, "%s", err.text);
	cr_assert_eq(ltp_trace(k.w, &ME, poid, &t, &result, &err), 0, "%s", err.text);
	cr_expect_eq(result.minor, LTP_OK);
	cr_expect_not_null(strstr(result.message, "1 later reads or"), "%s",
			   result.message);
	cr_expect_eq(t.n, LTP_TRACE_EVENTS_MAX + 1,
		     "its evidence is told all the same");
	ltp_trace_clear(&t);
	ltp_kit_stop(&k);
}

static size_t count_operation(const struct ltp_trace *t, const char *operation)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += strcmp(t->events[i].operation, operation) == 0;
	return n;
}

/* As many reads as the list holds, and then what must not be missed. */
Test(trace, tells_of_a_deletion_when_reads_fill_the_list)
{
	static const char *const readings[] = { "RetrievePO", "Outlook",
						"RetrieveTrace", "OpenLink" };
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		struct ltp_kit k;
		char poid[64];
		struct ltp_trace t = { 0 };
		struct ltp_result result;
		struct ltps_error err = LTPS_ERROR_INIT;
		start_with_object(&k, poid);
		struct events e = { poid, clock_now_ms(&k.clock), readings[i] };
		const struct ltp_delete_request gone = { .caller = ME,
							 .poid = poid,
							 .reason = "a test" };
		cr_assert_eq(store_write(k.store, add_events, &e, &err), 0);
		cr_assert_eq(ltp_delete(k.w, &gone, &result, &err), 0);
		cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
		cr_assert_eq(ltp_trace(k.w, &ME, poid, &t, &result, &err), 0);
		cr_expect_eq(count_operation(&t, "DeletePO"), 1, "%s", readings[i]);
		cr_expect_eq(count_operation(&t, "PreservePO"), 1);
		cr_expect_eq(count_operation(&t, readings[i]),
			     LTP_TRACE_EVENTS_MAX - 2);
		cr_expect_not_null(strstr(result.message, "2 later reads"), "%s",
				   result.message);
		ltp_trace_clear(&t);
		ltp_kit_stop(&k);
	}
}

/* Of what is no reading the newest stand. */
Test(trace, keeps_the_newest_acts_when_they_are_too_many)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_trace t = { 0 };
	struct ltp_result result;
	struct ltps_error err = LTPS_ERROR_INIT;
	start_with_object(&k, poid);
	struct events e = { poid, clock_now_ms(&k.clock), "UpdatePOC" };
	const struct ltp_delete_request gone = { .caller = ME,
						 .poid = poid,
						 .reason = "a test" };
	cr_assert_eq(store_write(k.store, add_events, &e, &err), 0);
	cr_assert_eq(ltp_delete(k.w, &gone, &result, &err), 0);
	cr_assert_eq(ltp_trace(k.w, &ME, poid, &t, &result, &err), 0);
	cr_expect_eq(count_operation(&t, "DeletePO"), 1);
	cr_expect_eq(count_operation(&t, "PreservePO"), 0);
	cr_expect_eq(count_operation(&t, "UpdatePOC"), LTP_TRACE_EVENTS_MAX - 1);
	cr_expect_not_null(strstr(result.message, "2 earlier events"), "%s",
			   result.message);
	ltp_trace_clear(&t);
	ltp_kit_stop(&k);
}

static bool take_from(void *arg, size_t n)
{
	size_t *left = arg;
	if (n > *left)
		return false;
	*left -= n;
	return true;
}

Test(retrieve, without_room_is_put_off_and_beyond_the_service_refused)
{
	struct ltp_kit k;
	char poid[64];
	struct ltp_retrieved r = { 0 };
	struct ltp_result result;
	size_t left = 20; /* "first" and "second" need 11, and 16 in base64 */
	start_with_object(&k, poid);
	const struct ltp_retrieve_request req = { .caller = ME,
						  .poid = poid,
						  .subject = SUBJECT_PO };
	struct ltps_error busy = LTPS_ERROR_INIT;
	ltp_worker_set_room(k.w, (struct ltp_room){ take_from, &left, 1000 });
	cr_expect_eq(ltp_retrieve(k.w, &req, &r, &result, &busy), -1);
	cr_expect_eq(busy.code, LTPS_BUSY);
	struct ltps_error large = LTPS_ERROR_INIT;
	left = 1000;
	ltp_worker_set_room(k.w, (struct ltp_room){ take_from, &left, 26 });
	cr_expect_eq(ltp_retrieve(k.w, &req, &r, &result, &large), -1);
	cr_expect_eq(large.code, LTPS_TOO_LARGE);
	cr_expect_eq(large.fault, LTPS_FAULT_CALLER);
	struct ltps_error err = LTPS_ERROR_INIT;
	left = 27;
	ltp_worker_set_room(k.w, (struct ltp_room){ take_from, &left, 27 });
	cr_expect_eq(ltp_retrieve(k.w, &req, &r, &result, &err), 0, "%s", err.text);
	cr_expect_eq(left, 0);
	ltp_retrieved_clear(&r);
	ltp_kit_stop(&k);
}

Test(health, deleted_objects_are_not_counted)
{
	struct ltp_kit k;
	char poid[64];
	start_with_object(&k, poid);
	cr_expect_eq(ltp_kit_health(&k).objects, 1);
	cr_expect_eq(delete (&k, poid, NULL, "r").minor, LTP_OK);
	cr_expect_eq(ltp_kit_health(&k).objects, 0);
	ltp_kit_stop(&k);
}
