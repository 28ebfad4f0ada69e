/* SPDX-License-Identifier: Apache-2.0 */
/* The mapping table has an answer to everything, and never blames wrongly. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/bytes.h"
#include "server/result.h"

Test(result, every_minor_has_a_major_and_its_uri)
{
	for (unsigned m = 0; m < LTP_MINOR_COUNT; m++) {
		const struct result_uris u = result_of_minor((enum ltp_minor)m);
		cr_assert_not_null(u.major, "%u", m);
		cr_expect_eq(u.minor == NULL, m == LTP_OK, "%u", m);
		if (u.minor == NULL)
			continue;
		const bool warning = strstr(u.minor, "/19512/warning/") != NULL;
		cr_expect(warning || strstr(u.minor, "/19512/error/") != NULL, "%s",
			  u.minor);
		cr_expect_eq(warning, strstr(u.major, ":Success") != NULL, "%s",
			     u.minor);
	}
	cr_expect_str_eq(result_of_minor(LTP_MINOR_COUNT).minor,
			 "http://uri.etsi.org/19512/error/internalError");
}

Test(result, minors_differ)
{
	for (unsigned m = 1; m < LTP_MINOR_COUNT; m++) {
		for (unsigned k = 1; k < m; k++)
			cr_expect_str_neq(result_of_minor((enum ltp_minor)m).minor,
					  result_of_minor((enum ltp_minor)k).minor);
	}
}

Test(result, every_error_code_has_a_row)
{
	static const enum ltps_fault faults[] = { LTPS_FAULT_SELF, LTPS_FAULT_CALLER,
						  LTPS_FAULT_OBJECT,
						  LTPS_FAULT_REMOTE };
	for (unsigned code = 1; code <= LTPS_CODE_COUNT; code++) {
		for (unsigned f = 0; f < 4; f++) {
			const struct ltps_error e = { .code = (enum ltps_code)code,
						      .fault = faults[f] };
			const struct result_error r = result_of_error(&e);
			cr_expect(r.pres_status == 200 || r.pres_status == 503, "%u",
				  code);
			cr_expect(r.http_status >= 400 && r.http_status < 600, "%u",
				  code);
			cr_expect_neq(r.minor, LTP_OK, "%u", code);
		}
	}
}

/* "Not found" deep inside is no unknown POID of the client. */
Test(result, own_faults_do_not_blame_the_request)
{
	static const enum ltps_code codes[] = { LTPS_FORMAT,   LTPS_NOT_FOUND,
						LTPS_ARGUMENT, LTPS_TOO_LARGE,
						LTPS_DENIED,   LTPS_STATE,
						LTPS_MISMATCH, LTPS_UNSUPPORTED };
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		struct ltps_error e = { .code = codes[i], .fault = LTPS_FAULT_SELF };
		cr_expect_eq(result_of_error(&e).minor, LTP_INTERNAL_ERROR, "%u",
			     codes[i]);
		e.fault = LTPS_FAULT_REMOTE;
		cr_expect_eq(result_of_error(&e).minor, LTP_EXTERNAL_UNAVAILABLE);
		e.fault = LTPS_FAULT_CALLER;
		cr_expect_neq(result_of_error(&e).minor, LTP_INTERNAL_ERROR);
	}
}

Test(result, what_passes_by_is_503)
{
	static const enum ltps_code codes[] = { LTPS_BUSY, LTPS_NOMEM, LTPS_CANCELLED };
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const struct ltps_error e = { .code = codes[i] };
		cr_expect_eq(result_of_error(&e).pres_status, 503);
	}
}

Test(result, long_message_is_cut)
{
	struct ltp_result r;
	char text[2000];
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	cr_expect_eq(result_set(&r, LTP_PARAMETER_ERROR, "%s", text), 0);
	cr_expect_eq(strlen(r.message), sizeof(r.message) - 1);
}

Test(result, no_letter_is_cut_in_the_midst)
{
	struct ltp_result r;
	char text[1024] = "x";
	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc4\x83", 3);
	for (size_t skip = 0; skip < 2; skip++) {
		result_set(&r, LTP_PARAMETER_ERROR, "'%.8s' in %s", text + skip,
			   text + skip);
		cr_expect(utf8_valid(view_text(r.message)), "%zu", skip);
	}
}

Test(result, operations_tell_only_minors_of_their_table)
{
	static const struct {
		enum operation op;
		enum ltp_minor minor, told;
	} cases[] = {
		{ OP_PRESERVE_PO, LTP_NO_SPACE, LTP_NO_SPACE },
		{ OP_RETRIEVE_PO, LTP_NO_SPACE, LTP_INTERNAL_ERROR },
		{ OP_RETRIEVE_PO, LTP_WARN_PARTLY, LTP_WARN_PARTLY },
		{ OP_DELETE_PO, LTP_WARN_PARTLY, LTP_OK },
		{ OP_RETRIEVE_TRACE, LTP_UNKNOWN_POID, LTP_UNKNOWN_POID },
		{ OP_VALIDATE_EVIDENCE, LTP_UNKNOWN_POID, LTP_PARAMETER_ERROR },
		{ OP_VALIDATE_EVIDENCE, LTP_PO_FORMAT_ERROR, LTP_PARAMETER_ERROR },
		{ OP_RETRIEVE_INFO, LTP_EXTERNAL_UNAVAILABLE, LTP_INTERNAL_ERROR },
		{ OP_SEARCH, LTP_NOT_SUPPORTED, LTP_NOT_SUPPORTED },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(result_minor_for(cases[i].op, cases[i].minor),
			     cases[i].told, "%zu", i);
	/* The major stays what it was. */
	for (int op = 0; op < OP_COUNT; op++) {
		for (int m = 0; m < LTP_MINOR_COUNT; m++) {
			const enum ltp_minor told =
			    result_minor_for((enum operation)op, (enum ltp_minor)m);
			cr_expect_str_eq(result_of_minor(told).major,
					 result_of_minor((enum ltp_minor)m).major);
		}
	}
}
