/* SPDX-License-Identifier: Apache-2.0 */
/* Whole calls over a real domain, and the form of the answers. */
#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/api_call.h"
#include "server/api_json_out.h"
#include "server/result.h"
#include "tests/support/ltp_kit.h"

static struct ltp_kit kit;
static struct api_call call;
static struct ltp_room room; /* for the next calls */
static sem_t committed;

static void on_later(struct api_call *c)
{
	(void)c;
	sem_post(&committed);
}

/* Carries out one call; its answer as text, until the next. */
static const char *ask(enum operation op, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *answer = "";
	api_clear(&call);
	call = (struct api_call){ .op = op,
				  .ltp = kit.ltp,
				  .request_id = "1",
				  .caller = { "", "tester" },
				  .later = on_later,
				  .room = room };
	call.body = buf_make(1 << 20);
	cr_assert_eq(buf_put_text(&call.body, text, &err), 0);
	if (!api_run(&call, kit.w)) {
		while (sem_wait(&committed) != 0)
			;
		api_finish(&call);
	}
	cr_assert_eq(buf_text(&call.answer, &answer, &err), 0);
	return answer;
}

static void start(void)
{
	cr_assert_eq(sem_init(&committed, 0, 0), 0);
	ltp_kit_start(&kit, NULL);
}

static void stop(void)
{
	api_clear(&call);
	ltp_kit_stop(&kit);
}

static bool has(const char *answer, const char *part)
{
	return strstr(answer, part) != NULL;
}

#define ERROR(name) "\"min\":\"http://uri.etsi.org/19512/error/" name "\""

TestSuite(api_json, .init = start, .fini = stop);

Test(api_json, refusals_tell_minor_and_echo_the_request)
{
	static const struct {
		enum operation op;
		const char *text;
		int status;
		const char *minor;
	} cases[] = {
		{ OP_PRESERVE_PO, "{\"reqId\":\"r\",", 400, ERROR("parameterError") },
		{ OP_PRESERVE_PO, "{\"reqId\":\"r\",\"x\":1}", 200,
		  ERROR("parameterError") },
		{ OP_PRESERVE_PO,
		  "{\"reqId\":\"r\",\"pro\":\"urn:none\",\"po\":[{\"binaryData\":"
		  "{\"value\":\"QQ==\"},\"mimeType\":\"a/b\"}]}",
		  200, ERROR("parameterError") },
		{ OP_RETRIEVE_INFO, "{\"reqId\":\"r\",\"pro\":\"urn:none\"}", 200,
		  ERROR("parameterError") },
		{ OP_RETRIEVE_PO, "{\"reqId\":\"r\",\"poId\":\"none\"}", 200,
		  ERROR("unknownPOID") },
		{ OP_DELETE_PO, "{\"reqId\":\"r\",\"poId\":\"none\"}", 200,
		  ERROR("unknownPOID") },
		{ OP_RETRIEVE_TRACE, "{\"reqId\":\"r\",\"poId\":\"none\"}", 200,
		  ERROR("unknownPOID") },
		{ OP_UPDATE_POC,
		  "{\"reqId\":\"r\",\"poId\":\"none\",\"deltaPoc\":[{\"binaryData\":"
		  "{\"value\":\"QQ==\"}}]}",
		  200, ERROR("notSupported") },
		{ OP_SEARCH, "{\"reqId\":\"r\",\"fi\":\"x\"}", 200,
		  ERROR("notSupported") },
		{ OP_RETRIEVE_INFO, "{\"reqId\":\"r\",\"optIn\":{\"policy\":[\"x\"]}}",
		  200, ERROR("notSupported") },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *a = ask(cases[i].op, cases[i].text);
		cr_expect_eq(call.status, cases[i].status, "%zu: %s", i, a);
		cr_expect(has(a, cases[i].minor), "%zu: %s", i, a);
		cr_expect(has(a, "resultmajor:RequesterError"), "%zu: %s", i, a);
		cr_expect_eq(has(a, "{\"reqId\":\"r\","), cases[i].status == 200,
			     "%zu: %s", i, a);
		cr_expect_eq(call.outcome, API_REFUSED, "%zu", i);
		cr_expect_eq(has(a, "\"trace\":"), cases[i].op == OP_RETRIEVE_TRACE,
			     "%zu", i);
	}
}

static const char *ask_as(const char *type, enum operation op, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *answer = "";
	api_clear(&call);
	call = (struct api_call){ .op = op,
				  .content_type = view_text(type),
				  .ltp = kit.ltp,
				  .request_id = "1",
				  .caller = { "", "tester" } };
	call.body = buf_make(1 << 20);
	cr_assert_eq(buf_put_text(&call.body, text, &err), 0);
	cr_assert(api_run(&call, kit.w));
	cr_assert_eq(buf_text(&call.answer, &answer, &err), 0);
	return answer;
}

Test(api_json, the_version_that_is_asked_for_is_answered)
{
	const char *a = ask_as("application/json; version=1.3.1", OP_RETRIEVE_INFO,
			       "{\"reqId\":\"r\"}");
	cr_expect(has(a, ERROR("notSupported")), "%s", a);
	cr_expect(has(a, "{\"reqId\":\"r\","), "%s", a);
	cr_expect_str_eq(api_media_type(&call), "application/json");
	static const char *const v112[] = { "application/json",
					    "application/json; charset=utf-8",
					    "application/json; version=\"1.1.2\"",
					    "application/json; version" };
	for (size_t i = 0; i < sizeof(v112) / sizeof(v112[0]); i++) {
		a = ask_as(v112[i], OP_RETRIEVE_INFO, "{}");
		cr_expect(has(a, "\"pvp\":{\"vfrom\":\""), "%s", a);
		cr_expect(!has(a, "\"desc\":"), "%s", a);
		cr_expect_str_eq(api_media_type(&call), "application/json");
	}
	a = ask_as("application/json;version=1.2.1", OP_RETRIEVE_INFO, "{}");
	cr_expect(has(a, "\"pvp\":{\"vfrom\":1"), "%s", a);
	cr_expect(!has(a, "\"description\":"), "%s", a);
	cr_expect_str_eq(api_media_type(&call), "application/json; version=1.2.1");
}

Test(api_json, submitted_object_comes_back_byte_for_byte)
{
	char request[512];
	char poid[64] = "";
	const char *a =
	    ask(OP_PRESERVE_PO,
		"{\"reqId\":\"\\\"\\n\",\"pro\":\"" KIT_PROFILE "\",\"po\":[{"
		"\"binaryData\":{\"value\":\"AAEC\\/\\/8=\"},\"mimeType\":\"a/b\"}]}");
	cr_assert_eq(call.status, 200);
	cr_assert(has(a, "{\"reqId\":\"\\\"\\n\",\"result\":{\"maj\":"), "%s", a);
	cr_assert(has(a, "resultmajor:Success"), "%s", a);
	cr_expect(call.ingested);
	const char *id = strstr(a, "\"poId\":\"");
	cr_assert_not_null(id);
	cr_assert_eq(sscanf(id, "\"poId\":\"%63[^\"]\"", poid), 1);

	snprintf(request, sizeof(request), "{\"poId\":\"%s\",\"sor\":\"PO\"}", poid);
	a = ask(OP_RETRIEVE_PO, request);
	cr_expect(has(a, "\"po\":[{\"binaryData\":{\"value\":\"AAEC//8=\"}"), "%s", a);

	snprintf(request, sizeof(request), "{\"poId\":\"%s\",\"sor\":\"Evidence\"}",
		 poid);
	a = ask(OP_RETRIEVE_PO, request);
	cr_expect(has(a, "\"min\":\"http://uri.etsi.org/19512/warning/"
			 "requestOnlyPartlySuccessful\""),
		  "%s", a);
	cr_expect_eq(call.outcome, API_SUCCESS);

	snprintf(request, sizeof(request), "{\"poId\":\"%s\"}", poid);
	a = ask(OP_RETRIEVE_TRACE, request);
	cr_expect(has(a, "\"op\":\"PreservePO\""), "%s", a);
	cr_expect(has(a, "\"sub\":\"tester\""), "%s", a);
}

static uint64_t audit_lines(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct store_counts counts;
	cr_assert_eq(store_reader_open(kit.store, &conn, &err), 0);
	cr_assert_eq(store_counts_get(conn, &counts, &err), 0);
	store_reader_close(conn);
	return counts.audit_entries;
}

Test(api_json, every_call_leaves_one_line_in_the_audit)
{
	static const struct {
		enum operation op;
		const char *text;
	} cases[] = {
		{ OP_PRESERVE_PO, "{" },
		{ OP_PRESERVE_PO, "{\"pro\":\"p\",\"x\":1}" },
		{ OP_PRESERVE_PO,
		  "{\"pro\":\"p\",\"po\":[{\"formatId\":\"http://uri.etsi.org/"
		  "19512/format/DigestList\",\"binaryData\":{\"value\":\"QQ==\"}}]}" },
		{ OP_RETRIEVE_PO, "{}" },
		{ OP_RETRIEVE_PO, "{\"poId\":\"a\\u001bb\"}" },
		{ OP_DELETE_PO, "{\"poId\":1}" },
		{ OP_RETRIEVE_INFO, "{}" },
		{ OP_RETRIEVE_INFO, "{\"pro\":\"urn:none\"}" },
		{ OP_UPDATE_POC, "{\"poId\":\"a\",\"deltaPoc\":[]}" },
		{ OP_SEARCH, "{\"fi\":\"x\"}" },
		{ OP_VALIDATE_EVIDENCE, "{}" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint64_t before = audit_lines();
		ask(cases[i].op, cases[i].text);
		cr_expect_eq(audit_lines(), before + 1, "%zu", i);
	}
}

static bool no_room(void *arg, size_t n)
{
	(void)arg;
	(void)n;
	return false;
}

Test(api_json, answer_without_room_is_503)
{
	char request[128];
	char poid[64] = "";
	const char *a =
	    ask(OP_PRESERVE_PO, "{\"pro\":\"" KIT_PROFILE "\",\"po\":[{\"binaryData\":"
				"{\"value\":\"QQ==\"},\"mimeType\":\"a/b\"}]}");
	const char *id = strstr(a, "\"poId\":\"");
	cr_assert_not_null(id);
	cr_assert_eq(sscanf(id, "\"poId\":\"%63[^\"]\"", poid), 1);
	room = (struct ltp_room){ .take = no_room, .max = 1000 };
	snprintf(request, sizeof(request),
		 "{\"reqId\":\"r\",\"poId\":\"%s\",\"sor\":\"PO\"}", poid);
	a = ask(OP_RETRIEVE_PO, request);
	cr_expect_eq(call.status, 503, "%s", a);
	cr_expect(has(a, "\"reqId\":\"r\""), "%s", a);
	cr_expect(has(a, "resultmajor:ResponderError"), "%s", a);
	room.max = 1; /* will never fit */
	a = ask(OP_RETRIEVE_PO, request);
	cr_expect_eq(call.status, 200, "%s", a);
	cr_expect(has(a, ERROR("parameterError")), "%s", a);
}

Test(api_json, made_evidence_is_judged_with_a_report)
{
	char poid[64] = "";
	static char request[65536];
	const char *a;
	cr_assert_eq(ltp_kit_preserve_text(&kit, "text", poid), LTP_OK);
	ltp_kit_pass(&kit, 3600000);
	ltp_kit_work(&kit);
	snprintf(request, sizeof(request), "{\"poId\":\"%s\",\"sor\":\"Evidence\"}",
		 poid);
	a = ask(OP_RETRIEVE_PO, request);
	const char *value = strstr(a, "{\"value\":\"");
	cr_assert_not_null(value, "%s", a);
	snprintf(request, sizeof(request),
		 "{\"ev\":{\"binaryData\":%.*s,\"formatId\":\"urn:ietf:rfc:4998:"
		 "EvidenceRecord\"},"
		 "\"po\":[{\"binaryData\":{\"value\":\"dGV4dA==\"}}]}",
		 (int)(strchr(value, '}') + 1 - value), value);
	a = ask(OP_VALIDATE_EVIDENCE, request);
	cr_expect(has(a, "resultmajor:Success"), "%s", a);
	cr_expect(has(a, "\"valRep\":{\"binaryData\":{\"value\":\""), "%s", a);
	cr_expect(has(a, "\"mimeType\":\"application/json\""), "%s", a);
	cr_expect(has(a, "\"poe\":\"2026-"), "%s", a);
	/* Other data: judged all the same, but nothing is proved. */
	*strstr(request, "dGV4dA==") = 'e';
	a = ask(OP_VALIDATE_EVIDENCE, request);
	cr_expect(has(a, "\"valRep\":"), "%s", a);
	cr_expect_not(has(a, "\"poe\":"), "%s", a);
}

Test(api_json, operations_have_their_names)
{
	enum operation op;
	cr_expect(api_operation("PreservePO", &op) && op == OP_PRESERVE_PO);
	cr_expect_not(api_operation("preservePO", &op));
	cr_expect_not(api_operation("", &op));
}

Test(api_out, durations_are_written_as_they_are_read)
{
	static const char *const texts[] = { "P10Y", "P1Y6M",      "P30D",
					     "PT2S", "P1Y2M3DT4S", "PT0S" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct duration d;
		char out[DURATION_TEXT_MAX];
		cr_assert_eq(time_parse_duration(view_text(texts[i]), &d, &err), 0,
			     "%s", texts[i]);
		api_duration_text(d, out);
		cr_expect_str_eq(out, texts[i]);
	}
}

/* What a client or a file put into a text cannot leave its string. */
Test(api_out, texts_are_escaped)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(4096);
	struct ltp_result result;
	const char *text;
	const struct api_answer a = { .result = &result, .req_id = "\"}\x01\xff" };
	result_set(&result, LTP_PARAMETER_ERROR, "%s", "a\"b\\c");
	cr_assert_eq(api_out_result(&a, OP_DELETE_PO, &out, &err), 0);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_expect_eq(strncmp(text, "{\"reqId\":\"\\\"}\\u0001\xef\xbf\xbd\",", 24), 0,
		     "%s", text);
	cr_expect_not_null(strstr(text, "\"value\":\"a\\\"b\\\\c\",\"lang\":\"en\""));
	buf_free(&out);
}

Test(api_out, answer_beyond_its_limit_is_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(2000);
	struct ltp_result result = { .minor = LTP_OK };
	const struct api_answer a = { .result = &result };
	struct ltp_po_out po = { .data = buf_make(4096) };
	struct ltp_retrieved r = { .pos = &po, .n_pos = 1 };
	cr_assert_eq(buf_reserve(&po.data, 2048, &err), 0);
	po.data.n = 2048;
	cr_expect_eq(api_out_retrieved(&a, OP_RETRIEVE_PO, &r, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&po.data);
	buf_free(&out);
}

/* ---- versions and searches ---- */

static void offer(void)
{
	kit.profile->operations |= 1u << OP_UPDATE_POC | 1u << OP_SEARCH;
}

static void preserve_one(char poid[64])
{
	const char *a =
	    ask(OP_PRESERVE_PO,
		"{\"pro\":\"" KIT_PROFILE "\",\"po\":[{\"binaryData\":"
		"{\"value\":\"QQ==\"},\"mimeType\":\"a/b\",\"id\":\"d\"}]}");
	const char *id = strstr(a, "\"poId\":\"");
	cr_assert_not_null(id, "%s", a);
	cr_assert_eq(sscanf(id, "\"poId\":\"%63[^\"]\"", poid), 1);
}

Test(api_json, delta_problems_are_told_by_their_own_minors)
{
	static const struct {
		const char *members, *minor;
	} cases[] = {
		{ "\"relObj\":[\"nowhere\"],\"mimeType\":\"a/b\"",
		  ERROR("DeltaPOCInternalProblem") },
		{ "\"formatId\":\"http://www.bsi.bund.de/tr-esor/xaip/1.3\"",
		  ERROR("unknownDeltaPOCType") },
		{ "\"formatId\":\"http://uri.etsi.org/ades/PAdES\"",
		  ERROR("DeltaPOCInternalProblem") },
		{ "\"id\":\"x\"", ERROR("parameterError") },
	};
	char request[512], poid[64] = "";
	offer();
	preserve_one(poid);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(request, sizeof(request),
			 "{\"poId\":\"%s\",\"deltaPoc\":[{\"binaryData\":{\"value\":"
			 "\"QQ==\"},%s}]}",
			 poid, cases[i].members);
		const char *a = ask(OP_UPDATE_POC, request);
		cr_expect(has(a, cases[i].minor), "%zu: %s", i, a);
		cr_expect_not(has(a, "versionId"), "%zu: %s", i, a);
		cr_expect_eq(call.outcome, API_REFUSED, "%zu", i);
		cr_expect_not(call.ingested);
	}
}

Test(api_json, an_update_gives_its_version_and_may_be_related_to_what_is_there)
{
	char request[512], poid[64] = "";
	offer();
	preserve_one(poid);
	snprintf(request, sizeof(request),
		 "{\"reqId\":\"r\",\"poId\":\"%s\",\"deltaPoc\":[{\"binaryData\":{"
		 "\"value\":\"Qg==\"},\"mimeType\":\"a/b\",\"relObj\":[\"d\"]}]}",
		 poid);
	const char *a = ask(OP_UPDATE_POC, request);
	cr_expect(has(a, "{\"reqId\":\"r\",\"result\":{\"maj\":"), "%s", a);
	cr_expect(has(a, "resultmajor:Success\"},\"versionId\":\"v2\"}"), "%s", a);
	cr_expect(call.ingested, "its tree is waited for");
}

Test(api_json, a_search_gives_poids_and_says_when_there_are_more)
{
	char poid[64] = "", other[64] = "";
	offer();
	const char *a = ask(OP_SEARCH, "{\"reqId\":\"r\",\"fi\":\"\"}");
	cr_expect(has(a, "{\"reqId\":\"r\",\"result\":{\"maj\":"), "%s", a);
	cr_expect_not(has(a, "poId"), "%s", a);
	preserve_one(poid);
	preserve_one(other);
	a = ask(OP_SEARCH, "{\"fi\":\"id = d limit 1\"}");
	cr_expect(has(a, "\"msg\":{\"value\":\"there are more"), "%s", a);
	cr_expect(has(a, "\"poId\":[\""), "%s", a);
	cr_expect(has(a, poid), "%s", a);
	cr_expect_not(has(a, other), "%s", a);
	cr_expect_eq(call.outcome, API_SUCCESS);
}

Test(api_json, empty_container_is_preserved_where_it_can_be_filled)
{
	const char *a = ask(OP_PRESERVE_PO, "{\"pro\":\"" KIT_PROFILE "\"}");
	cr_expect(has(a, ERROR("parameterError")), "%s", a);
	offer();
	a = ask(OP_PRESERVE_PO, "{\"pro\":\"" KIT_PROFILE "\"}");
	cr_expect(has(a, "\"poId\":\""), "%s", a);
}

Test(api_json, what_the_service_decided_of_both_is_described)
{
	offer();
	const char *a = ask(OP_RETRIEVE_INFO, "{}");
	cr_expect(
	    has(a, "{\"name\":\"UpdatePOC\",\"desc\":[{\"value\":\"A new version"),
	    "%s", a);
	cr_expect(has(a, "{\"name\":\"Search\",\"desc\":[{\"value\":\"Filter:"), "%s",
		  a);
}
