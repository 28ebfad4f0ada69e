/* SPDX-License-Identifier: Apache-2.0 */
/* Every request that must be refused, with what is said about it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/api_json_in.h"
#include "server/digest_list.h"
#include "tests/support/corpus.h"

static struct api_in in;
static struct ltp_result refusal;
static bool malformed;

static void parse(enum operation op, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = buf_make(1 << 20);
	cr_assert_eq(buf_put_text(&body, text, &err), 0);
	cr_assert_eq(api_in_parse(op, &body, &in, &refusal, &malformed, &err), 0, "%s",
		     err.text);
	cr_assert_null(body.p);
}

#define PO(content) "{\"reqId\":\"r\",\"pro\":\"p\",\"po\":[" content "]}"
#define DATA "\"binaryData\":{\"value\":\"QQ==\"}"

struct bad {
	enum operation op;
	const char *text;
	enum ltp_minor minor;
	const char *says; /* start of the message */
	bool echoes;      /* reqId "r" is known */
};

static const struct bad bad[] = {
	/* unknown, missing and mistyped members */
	{ OP_PRESERVE_PO, "{\"reqId\":\"r\"}", LTP_PARAMETER_ERROR, "pro: is required",
	  true },
	{ OP_PRESERVE_PO, "{\"reqId\":\"r\",\"pro\":\"p\",\"x\":1}",
	  LTP_PARAMETER_ERROR, "x: is not a member", true },
	{ OP_PRESERVE_PO, "{\"x\":1,\"pro\":\"p\",\"reqId\":\"r\"}",
	  LTP_PARAMETER_ERROR, "x: is not a member", true },
	{ OP_PRESERVE_PO, "{\"reqId\":\"r\",\"pro\":7}", LTP_PARAMETER_ERROR,
	  "pro: must be a string", true },
	{ OP_PRESERVE_PO, "{\"reqId\":\"r\",\"pro\":null}", LTP_PARAMETER_ERROR,
	  "pro: must be a string", true },
	{ OP_PRESERVE_PO, "{\"reqId\":7,\"pro\":\"p\"}", LTP_PARAMETER_ERROR,
	  "reqId: must be a string", false },
	{ OP_PRESERVE_PO, "[]", LTP_PARAMETER_ERROR, "must be an object", false },
	{ OP_PRESERVE_PO, "\"x\"", LTP_PARAMETER_ERROR, "must be an object", false },
	{ OP_PRESERVE_PO, "1", LTP_PARAMETER_ERROR, "must be an object", false },
	{ OP_PRESERVE_PO, "{\"reqId\":\"r\",\"pro\":\"p\",\"po\":{}}",
	  LTP_PARAMETER_ERROR, "po: must be an array", true },
	{ OP_PRESERVE_PO, PO("1"), LTP_PARAMETER_ERROR, "po[0]: must be an object",
	  true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"x\":\"\"}"), LTP_PARAMETER_ERROR,
	  "po[0].x: is not a member", true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"poId\":\"a\"}"), LTP_PARAMETER_ERROR,
	  "po[0].poId: is not a member", true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"mimeType\":1}"), LTP_PARAMETER_ERROR,
	  "po[0].mimeType: must be a string", true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"relObj\":\"a\"}"), LTP_PARAMETER_ERROR,
	  "po[0].relObj: must be an array", true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"relObj\":[1]}"), LTP_PARAMETER_ERROR,
	  "po[0].relObj[0]: must be a string", true },
	{ OP_PRESERVE_PO, "{\"\\u001b[31m\":1}", LTP_PARAMETER_ERROR,
	  "(unprintable): is not a member", false },
	/* payloads */
	{ OP_PRESERVE_PO, PO("{}"), LTP_PARAMETER_ERROR, "po[0]: has neither", true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"xmlData\":{\"b64Content\":\"QQ==\"}}"),
	  LTP_PARAMETER_ERROR, "po[0]: has both", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{}}"), LTP_PARAMETER_ERROR,
	  "po[0].binaryData.value: is required", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{\"value\":\"QQ==\",\"x\":1}}"),
	  LTP_PARAMETER_ERROR, "po[0].binaryData.x: is not a member", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":\"QQ==\"}"), LTP_PARAMETER_ERROR,
	  "po[0].binaryData: must be an object", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{\"value\":\"\"}}"), LTP_PARAMETER_ERROR,
	  "po[0].binaryData.value: is empty", true },
	{ OP_PRESERVE_PO, PO("{" DATA "},{\"binaryData\":{\"value\":\"Q!==\"}}"),
	  LTP_PARAMETER_ERROR, "po[1].binaryData.value: wrong base64", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{\"value\":\"QUE\"}}"),
	  LTP_PARAMETER_ERROR, "po[0].binaryData.value: wrong base64", true },
	{ OP_PRESERVE_PO, PO("{\"xmlData\":{\"b64Content\":\"QUE\"}}"),
	  LTP_PARAMETER_ERROR, "po[0].xmlData.b64Content: wrong base64", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{\"value\":0}}"), LTP_PARAMETER_ERROR,
	  "po[0].binaryData.value: must be a string", true },
	{ OP_PRESERVE_PO, PO("{" DATA "},{\"binaryData\":{\"value\":0}}"),
	  LTP_PARAMETER_ERROR, "po[1].binaryData.value: must be a string", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{\"value\":null}}"), LTP_PARAMETER_ERROR,
	  "po[0].binaryData.value: must be a string", true },
	{ OP_PRESERVE_PO, PO("{\"binaryData\":{\"value\":[\"QQ==\"]}}"),
	  LTP_PARAMETER_ERROR, "po[0].binaryData.value: must be a string", true },
	/* identities */
	{ OP_PRESERVE_PO, PO("{" DATA ",\"id\":\"a\"},{" DATA ",\"id\":\"a\"}"),
	  LTP_PARAMETER_ERROR, "po[1]: id is already", true },
	{ OP_PRESERVE_PO, PO("{" DATA ",\"relObj\":[\"b\"]}"), LTP_PARAMETER_ERROR,
	  "po[0]: relObj[0] names no object", true },
	/* optional inputs */
	{ OP_PRESERVE_PO,
	  "{\"pro\":\"p\",\"optIn\":{\"policy\":[\"x\"]},\"reqId\":\"r\"}",
	  LTP_NOT_SUPPORTED, "optIn.policy: is not supported", true },
	{ OP_PRESERVE_PO, "{\"pro\":\"p\",\"optIn\":{\"other\":[{\"val\":\"QQ==\"}]}}",
	  LTP_NOT_SUPPORTED, "optIn.other[0]: is not supported", false },
	{ OP_PRESERVE_PO, "{\"pro\":\"p\",\"optIn\":{\"AOID\":\"x\"}}",
	  LTP_NOT_SUPPORTED, "optIn.AOID: is not supported", false },
	{ OP_DELETE_PO, "{\"poId\":\"p\",\"optIn\":{\"policy\":[\"x\"]}}",
	  LTP_NOT_SUPPORTED, "optIn.policy: is not supported", false },
	{ OP_PRESERVE_PO, "{\"pro\":\"p\",\"optIn\":1}", LTP_PARAMETER_ERROR,
	  "optIn: must be an object", false },
	{ OP_PRESERVE_PO, "{\"pro\":\"p\",\"optIn\":{\"lang\":1}}", LTP_PARAMETER_ERROR,
	  "optIn.lang: must be a string", false },
	{ OP_PRESERVE_PO, "{\"pro\":\"p\",\"optIn\":{\"other\":[1]}}",
	  LTP_PARAMETER_ERROR, "optIn.other[0]: must be an object", false },
	/* the other messages */
	{ OP_RETRIEVE_INFO, "{\"stat\":\"dead\"}", LTP_PARAMETER_ERROR,
	  "stat: must be active", false },
	{ OP_RETRIEVE_INFO, "{\"poId\":\"x\"}", LTP_PARAMETER_ERROR,
	  "poId: is not a member", false },
	{ OP_RETRIEVE_PO, "{}", LTP_PARAMETER_ERROR, "poId: is required", false },
	{ OP_RETRIEVE_PO, "{\"poId\":\"x\",\"versionId\":\"v1\"}", LTP_PARAMETER_ERROR,
	  "versionId: must be an array", false },
	{ OP_RETRIEVE_PO, "{\"poId\":\"x\",\"sor\":\"po\"}", LTP_PARAMETER_ERROR,
	  "sor: must be PO", false },
	{ OP_DELETE_PO, "{\"mod\":\"x\"}", LTP_PARAMETER_ERROR, "poId: is required",
	  false },
	{ OP_UPDATE_POC, "{\"poId\":\"x\"}", LTP_PARAMETER_ERROR,
	  "deltaPoc: is required", false },
	{ OP_UPDATE_POC, "{\"poId\":\"x\",\"deltaPoc\":[]}", LTP_PARAMETER_ERROR,
	  "deltaPoc is empty", false },
	{ OP_RETRIEVE_TRACE, "{}", LTP_PARAMETER_ERROR, "poId: is required", false },
	{ OP_VALIDATE_EVIDENCE, "{}", LTP_PARAMETER_ERROR, "neither ev nor po", false },
	{ OP_VALIDATE_EVIDENCE, "{\"ev\":{\"formatId\":\"f\"}}", LTP_PARAMETER_ERROR,
	  "ev: has neither", false },
	{ OP_VALIDATE_EVIDENCE, "{\"ev\":{\"binaryData\":{\"value\":\"Q\"}}}",
	  LTP_PARAMETER_ERROR, "ev.binaryData.value: wrong base64", false },
	{ OP_SEARCH, "{}", LTP_PARAMETER_ERROR, "fi: is required", false },
	/* a DigestList that is none: {} */
	{ OP_PRESERVE_PO,
	  PO("{\"binaryData\":{\"value\":\"e30=\"},\"formatId\":\"" DIGEST_LIST_FORMAT
	     "\"}"),
	  LTP_PO_FORMAT_ERROR, "po[0]: DigestList: digAlg: is required", true },
};

Test(api_in, bad_requests_are_refused_by_name)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		parse(bad[i].op, bad[i].text);
		cr_expect_eq(refusal.minor, bad[i].minor, "%zu: %d %s", i,
			     refusal.minor, refusal.message);
		cr_expect_eq(strncmp(refusal.message, bad[i].says, strlen(bad[i].says)),
			     0, "%zu: %s", i, refusal.message);
		cr_expect_not(malformed, "%zu", i);
		cr_expect_eq(in.req_id != NULL && strcmp(in.req_id, "r") == 0,
			     bad[i].echoes, "%zu", i);
		api_in_free(&in);
	}
}

Test(api_in, malformed_json_is_told_apart)
{
	static const char *const cases[] = {
		"",
		" ",
		"{",
		"}",
		"{]",
		"[1,]",
		"{\"a\"}",
		"{\"a\":}",
		"{a:1}",
		"nul",
		"{\"pro\":\"p\"}x",
		"{\"pro\":\"p\"} {}",
		"{\"pro\":\"p\",}",
		"'p'",
		"{\"pro\":\"p\",\"pro\":\"p\"}",
		"{\"pro\":\"p\",\"p\\u0072o\":\"p\"}",
		PO("{\"binaryData\":{\"value\":\"QQ==\",\"value\":\"QQ==\"}}"),
		PO("{" DATA "," DATA "}"),
		"{\"pro\":\"\xff\"}",
		"{\"pro\":\"\xc0\x80\"}",
		"{\"pro\":\"\\ud800\"}",
		"{\"pro\":\"a\nb\"}",
		"{\"pro\":\"\\q\"}",
		"{\"pro\":01}",
		"{\"pro\":+1}",
		"{\"pro\":\"\\u0000\"}",
		"\xef\xbb\xbf{}",
		"{\"pro\":\"p",
		"/**/{}",
		"{\"pro\":NaN}",
		"{\"pro\":1e999}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		parse(OP_PRESERVE_PO, cases[i]);
		cr_expect_eq(refusal.minor, LTP_PARAMETER_ERROR, "%zu", i);
		cr_expect(malformed, "%zu: %s", i, refusal.message);
		cr_expect(refusal.message[0] != '\0', "%zu", i);
		api_in_free(&in);
	}
}

Test(api_in, hundred_thousand_levels_are_malformed)
{
	static char text[200001];
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	parse(OP_PRESERVE_PO, text);
	cr_expect(malformed);
	api_in_free(&in);
}

Test(api_in, more_objects_than_the_limit_are_refused)
{
	struct buf text = buf_make(1 << 20);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *s;
	cr_assert_eq(buf_put_text(&text, "{\"pro\":\"p\",\"po\":[1", &err), 0);
	for (int i = 0; i < API_POS_MAX; i++)
		cr_assert_eq(buf_put_text(&text, ",1", &err), 0);
	cr_assert_eq(buf_put_text(&text, "]}", &err), 0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	parse(OP_PRESERVE_PO, s);
	cr_expect_eq(refusal.minor, LTP_PARAMETER_ERROR);
	cr_expect_str_eq(refusal.message, "po: holds more than 1000 objects");
	api_in_free(&in);
	buf_free(&text);
}

/* Before anything is looked up: a hundred names for each of a thousand objects. */
Test(api_in, more_related_objects_than_the_limit_are_refused_while_reading)
{
	struct buf text = buf_make(1 << 16);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *s;
	cr_assert_eq(buf_put_text(&text,
				  "{\"pro\":\"p\",\"po\":[{" DATA
				  ",\"id\":\"a\",\"relObj\":[\"a\"",
				  &err),
		     0);
	for (int i = 0; i < API_RELATED_MAX; i++)
		cr_assert_eq(buf_put_text(&text, ",\"a\"", &err), 0);
	cr_assert_eq(buf_put_text(&text, "]}]}", &err), 0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	parse(OP_PRESERVE_PO, s);
	cr_expect_eq(refusal.minor, LTP_PARAMETER_ERROR);
	cr_expect_str_eq(refusal.message, "po[0]: relObj holds more than 64 names");
	api_in_free(&in);
	buf_free(&text);
}

Test(api_in, large_texts_are_refused_but_not_malformed)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct buf text = buf_make(4 << 20);
	const char *s = NULL;
	cr_assert_eq(buf_put_text(&text, "{\"pro\":\"", &e), 0);
	while (text.n < JSON_CUT_SMALL_MAX)
		cr_assert_eq(buf_put_text(&text, "0123456789abcdef", &e), 0);
	cr_assert_eq(buf_put_text(&text, "\"}", &e), 0);
	cr_assert_eq(buf_text(&text, &s, &e), 0);
	struct buf body = buf_make(4 << 20);
	cr_assert_eq(buf_put_text(&body, s, &e), 0);
	cr_assert_eq(api_in_parse(OP_PRESERVE_PO, &body, &in, &refusal, &malformed, &e),
		     0);
	cr_expect_eq(refusal.minor, LTP_PARAMETER_ERROR);
	cr_expect_not(malformed);
	api_in_free(&in);
	buf_free(&text);
}

Test(api_in, good_submission_gives_its_parts)
{
	parse(OP_PRESERVE_PO,
	      "{\"optIn\":{\"lang\":\"de\",\"policy\":[],\"other\":[]},\"reqId\":"
	      "\"r\\u00e4\","
	      "\"pro\":\"urn:p\",\"po\":[{\"binaryData\":{\"value\":\"\\/\\/8=\"},"
	      "\"formatId\":\"f\",\"mimeType\":\"m/m\",\"pronomId\":\"fmt/"
	      "1\",\"id\":\"a\","
	      "\"relObj\":[\"b\"]},{\"xmlData\":{\"b64Content\":\"PGEvPg==\"},\"id\":"
	      "\"b\"}]}");
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect_str_eq(in.req_id, "r\xc3\xa4");
	cr_expect_str_eq(in.profile, "urn:p");
	cr_assert_eq(in.n_pos, 2);
	cr_expect(view_equal(in.pos[0].data, view_of("\xff\xff", 2)));
	cr_expect_not(in.pos[0].xml);
	cr_expect_str_eq(in.pos[0].format_id, "f");
	cr_expect_str_eq(in.pos[0].mime, "m/m");
	cr_expect_str_eq(in.pos[0].pronom, "fmt/1");
	cr_expect_str_eq(in.pos[0].related[0], "b");
	cr_expect(view_is_text(in.pos[1].data, "<a/>"));
	cr_expect(in.pos[1].xml);
	api_in_free(&in);
}

/* An empty set is legal: a container that is filled later (5.3.3). */
Test(api_in, submission_without_objects_is_well_formed)
{
	parse(OP_PRESERVE_PO, "{\"pro\":\"p\"}");
	cr_expect_eq(refusal.minor, LTP_OK);
	cr_expect_eq(in.n_pos, 0);
	api_in_free(&in);
}

Test(api_in, other_messages_give_their_parts)
{
	parse(OP_RETRIEVE_INFO, "{\"pro\":\"p\",\"stat\":\"all\"}");
	cr_expect_eq(in.profile_status, PROFILE_STATUS_ALL);
	api_in_free(&in);
	parse(OP_RETRIEVE_PO, "{\"poId\":\"x\",\"versionId\":[\"v1\",\"v2\"],\"sor\":"
			      "\"Evidence\",\"poFormat\":\"f\",\"evFormat\":\"e\"}");
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect_eq(in.n_versions, 2);
	cr_expect_str_eq(in.versions[1], "v2");
	cr_expect_eq(in.sor, SUBJECT_EVIDENCE);
	cr_expect_str_eq(in.po_format, "f");
	cr_expect_str_eq(in.evidence_format, "e");
	api_in_free(&in);
	parse(OP_RETRIEVE_PO, "{\"poId\":\"x\"}");
	cr_expect_eq(in.sor, SUBJECT_PO_EMBEDDED);
	api_in_free(&in);
	parse(OP_DELETE_PO,
	      "{\"poId\":\"x\",\"mod\":\"m\",\"crn\":\"c\",\"reason\":\"r\"}");
	cr_expect_str_eq(in.mode, "m");
	cr_expect_str_eq(in.claimed_requestor, "c");
	cr_expect_str_eq(in.reason, "r");
	api_in_free(&in);
	parse(OP_VALIDATE_EVIDENCE,
	      "{\"ev\":{" DATA ",\"poId\":\"x\",\"verId\":\"v1\",\"formatId\":\"f\"},"
	      "\"po\":[{" DATA "}]}");
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect(in.has_evidence);
	cr_expect_str_eq(in.evidence_poid, "x");
	cr_expect_str_eq(in.evidence_version, "v1");
	cr_expect(view_is_text(in.evidence.data, "A"));
	cr_expect_eq(in.n_pos, 1);
	api_in_free(&in);
	parse(OP_UPDATE_POC, "{\"poId\":\"x\",\"deltaPoc\":[{" DATA "}]}");
	cr_expect_eq(refusal.minor, LTP_OK);
	api_in_free(&in);
	parse(OP_SEARCH, "{\"fi\":\"f\"}");
	cr_expect_str_eq(in.filter, "f");
	api_in_free(&in);
}

/* Each allocation of a request may fail; nothing leaks, nothing is half. */
Test(api_in, failing_allocations_are_clean)
{
	static const char text[] = PO("{" DATA ",\"id\":\"a\",\"relObj\":[\"a\"]}");
	for (uint64_t n = 1; n < 100; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf body = buf_make(sizeof(text));
		cr_assert_eq(buf_put_text(&body, text, &err), 0);
		mem_fail_nth(n);
		const int rc = api_in_parse(OP_PRESERVE_PO, &body, &in, &refusal,
					    &malformed, &err);
		const int hit = mem_fail_hit();
		mem_fail_nth(0);
		api_in_free(&in);
		if (!hit)
			return;
		cr_expect(rc == -1 && err.code == LTPS_NOMEM, "%d: %s", (int)n,
			  refusal.message);
	}
	cr_assert_fail("more than 100 allocations");
}
