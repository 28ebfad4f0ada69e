/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/verify_request.h"

static struct verify_request r;
static struct ltp_result refusal;
static bool json;

static void tear_down(void)
{
	verify_request_clear(&r);
}

TestSuite(verify_request, .fini = tear_down);

static enum ltp_minor parse(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	verify_request_clear(&r);
	cr_assert_eq(verify_request_parse(view_text(text), &r, &refusal, &json, &err),
		     0);
	return refusal.minor;
}

#define SIG "\"sigObj\":[{\"b64Sig\":{\"val\":\"QUJD\"}}]"
#define SIX_ZEROS "AAAAAAAA"

Test(verify_request, what_is_not_understood_is_refused_and_not_passed_over)
{
	static const struct {
		const char *text;
		enum ltp_minor minor;
	} cases[] = {
		{ "{}", LTP_PARAMETER_ERROR },
		{ "[]", LTP_PARAMETER_ERROR },
		{ "{\"sigObj\":[]}", LTP_PARAMETER_ERROR },
		{ "{\"sigObj\":[{}]}", LTP_PARAMETER_ERROR },
		{ "{\"sigObj\":[{\"b64Sig\":{\"val\":\"\"}}]}", LTP_PARAMETER_ERROR },
		{ "{\"sigObj\":[{\"b64Sig\":{\"val\":\"?\"}}]}", LTP_PARAMETER_ERROR },
		{ "{" SIG ",\"future\":1}", LTP_NOT_SUPPORTED },
		{ "{" SIG ",\"optInp\":{\"future\":1}}", LTP_NOT_SUPPORTED },
		{ "{" SIG ",\"optInp\":{\"returnSigner\":true}}", LTP_NOT_SUPPORTED },
		{ "{" SIG ",\"optInp\":{\"returnSigner\":1}}", LTP_NOT_SUPPORTED },
		{ "{" SIG ",\"optInp\":{\"useVerificationTime\":{}}}",
		  LTP_PARAMETER_ERROR },
		{ "{" SIG ",\"optInp\":{\"useVerificationTime\":{\"currTime\":false}}}",
		  LTP_PARAMETER_ERROR },
		{ "{" SIG ",\"inDocs\":{\"transformed\":[]}}", LTP_NOT_SUPPORTED },
		{ "{" SIG ",\"inDocs\":{\"doc\":[{\"b64Data\":{\"val\":\"QQ==\","
		  "\"transforms\":{}}}]}}",
		  LTP_NOT_SUPPORTED },
		{ "{" SIG ",\"inDocs\":{\"docHash\":[{\"dis\":[]}]}}",
		  LTP_PARAMETER_ERROR },
		{ "{" SIG ",\"inDocs\":{\"docHash\":[{\"dis\":[{\"alg\":\"sha256\","
		  "\"val\":\"" SIX_ZEROS "\"}]}]}}",
		  LTP_PARAMETER_ERROR },
		{ "{" SIG ",\"inDocs\":{\"docHash\":[{\"dis\":[{\"alg\":\"crc\","
		  "\"val\":\"" SIX_ZEROS "\"}]}]}}",
		  LTP_NOT_SUPPORTED },
		{ "{\"inDocs\":{\"docHash\":[]}}", LTP_PARAMETER_ERROR },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(parse(cases[i].text), cases[i].minor, "%s: %d %s",
			     cases[i].text, (int)refusal.minor, refusal.message);
		cr_expect(json);
		cr_expect_neq(refusal.message[0], '\0');
	}
}

Test(verify_request, a_body_that_is_no_json_is_told_apart)
{
	cr_assert_neq(parse("{"), LTP_OK);
	cr_assert_not(json);
}

Test(verify_request, the_request_is_named_even_when_it_is_refused)
{
	cr_assert_neq(parse("{\"future\":1,\"reqID\":\"r\"}"), LTP_OK);
	cr_assert_str_eq(r.id, "r");
}

Test(verify_request, a_document_is_the_file_or_what_the_signature_is_about)
{
	cr_assert_eq(parse("{\"inDocs\":{\"doc\":[{\"b64Data\":{\"val\":\"QUJD\"}}]}}"),
		     LTP_OK, "%s", refusal.message);
	cr_assert(view_is_text(r.file, "ABC"));
	cr_assert_not(r.has_content);
	cr_assert_eq(r.time_ms, INT64_MIN);
	cr_assert_eq(parse("{" SIG
			   ",\"inDocs\":{\"doc\":[{\"b64Data\":{\"val\":\"QQ==\"}}]},"
			   "\"optInp\":{\"useVerificationTime\":{\"specTime\":"
			   "\"1970-01-01T00:00:01Z\"}}}"),
		     LTP_OK, "%s", refusal.message);
	cr_assert(view_is_text(r.file, "ABC"));
	cr_assert(r.has_content && view_is_text(r.content.bytes, "A"));
	cr_assert_eq(r.time_ms, 1000);
}
