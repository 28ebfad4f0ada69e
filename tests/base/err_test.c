/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/err.h"

Test(err, second_failure_keeps_the_first)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 1", "lower"),
		     -1);
	ltps_where(&err, "here");
	cr_assert_eq(ltps_fail(&err, LTPS_IO, LTPS_FAULT_SELF, "RFC 2", "upper"), -1);
	cr_assert_eq(ltps_fail_nomem(&err), -1);
	errno = ENOENT;
	cr_assert_eq(ltps_fail_errno(&err, "file"), -1);
	cr_assert_eq(ltps_where(&err, "there"), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_eq(err.foreign, LTPS_FOREIGN_NONE);
	cr_assert_str_eq(err.clause, "RFC 1");
	cr_assert_str_eq(err.text, "lower");
	cr_assert_str_eq(err.where, "here");
}

Test(err, control_characters_are_replaced)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "a\nb\x1b[1m\x7f%s",
		  "\xc2\x9b"
		  "31m");
	cr_assert_str_eq(err.text, "a?b?[1m???31m");
	ltps_where(&err, "x\ry");
	cr_assert_str_eq(err.where, "x?y");
}

Test(err, broken_utf8_is_replaced_and_good_is_kept)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s", "\xff\xc3x");
	cr_assert_str_eq(err.text, "??x");
	ltps_error_clear(&err);
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s", "\xc3\xa6rlig");
	cr_assert_str_eq(err.text, "\xc3\xa6rlig");
}

Test(err, long_text_is_cut_at_a_character)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[400];
	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', shift);
		size_t n = shift;
		for (; n + 4 < sizeof(text); n += 3)
			memcpy(text + n, "\xe2\x82\xac", 3);
		text[n] = '\0';
		ltps_error_clear(&err);
		ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s", text);
		cr_assert(utf8_valid(view_text(err.text)));
		cr_assert_eq(strchr(err.text, '?'), NULL);
		cr_assert_geq(strlen(err.text), sizeof(err.text) - 4);
	}
}

Test(err, errno_maps_to_its_code)
{
	static const struct {
		int e;
		enum ltps_code code;
	} cases[] = {
		{ ENOSPC, LTPS_NO_SPACE }, { EDQUOT, LTPS_NO_SPACE },
		{ EROFS, LTPS_READ_ONLY }, { ENOENT, LTPS_NOT_FOUND },
		{ EACCES, LTPS_DENIED },   { EPERM, LTPS_DENIED },
		{ ENOMEM, LTPS_NOMEM },    { EIO, LTPS_IO },
		{ EISDIR, LTPS_IO },       { 0, LTPS_IO },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		errno = cases[i].e;
		cr_assert_eq(ltps_fail_errno(&err, "cannot %s", "open"), -1);
		cr_assert_eq(err.code, cases[i].code, "errno %d", cases[i].e);
		cr_assert_eq(err.foreign, LTPS_FOREIGN_ERRNO);
		cr_assert_eq(err.foreign_code, cases[i].e);
		cr_assert_eq(strncmp(err.text, "cannot open: ", 13), 0);
	}
}

Test(err, openssl_queue_is_drained_into_the_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ERR_raise(ERR_LIB_ASN1, ERR_R_PASSED_NULL_PARAMETER);
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	unsigned long first = ERR_peek_error();
	ltps_fail_openssl(&err, LTPS_CRYPTO, LTPS_FAULT_OBJECT, "X", "decoding");
	cr_assert_eq(err.code, LTPS_CRYPTO);
	cr_assert_eq(err.foreign, LTPS_FOREIGN_OPENSSL);
	cr_assert_eq((unsigned long)err.foreign_code, first);
	cr_assert_eq(strncmp(err.text, "decoding: ", 10), 0);
	cr_assert_eq(ERR_peek_error(), 0);
}

Test(err, openssl_queue_is_drained_when_an_error_stands_already)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "lower");
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	ltps_fail_openssl(&err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL, "upper");
	cr_assert_str_eq(err.text, "lower");
	cr_assert_eq(ERR_peek_error(), 0);
}

Test(err, openssl_without_a_queued_reason_has_no_foreign_code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ERR_clear_error();
	ltps_fail_openssl(&err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL, "text");
	cr_assert_eq(err.foreign, LTPS_FOREIGN_NONE);
	cr_assert_str_eq(err.text, "text");
}

Test(err, openssl_out_of_memory_is_nomem_of_ours)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
	ltps_fail_openssl(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "decoding");
	cr_assert_eq(err.code, LTPS_NOMEM);
	cr_assert_eq(err.fault, LTPS_FAULT_SELF);
}

Test(err, names_out_of_range_are_question_marks)
{
	cr_assert_str_eq(ltps_code_name((enum ltps_code)LTPS_CODE_COUNT), "?");
	cr_assert_str_eq(ltps_code_name((enum ltps_code) - 1), "?");
	cr_assert_str_eq(ltps_fault_name((enum ltps_fault)4), "?");
	for (int i = 0; i < LTPS_CODE_COUNT; i++)
		cr_assert_neq(ltps_code_name((enum ltps_code)i), NULL);
	cr_assert_str_eq(ltps_code_name(LTPS_TOO_LARGE), "TOO_LARGE");
	cr_assert_str_eq(ltps_code_name(LTPS_INTERNAL), "INTERNAL");
	cr_assert_str_eq(ltps_fault_name(LTPS_FAULT_REMOTE), "remote");
}

Test(err, line_joins_only_what_is_set)
{
	char line[200];
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_error_line(&err, line, sizeof(line));
	cr_assert_str_eq(line, "OK");
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 3161 2.4.2", "bad token");
	ltps_error_line(&err, line, sizeof(line));
	cr_assert_str_eq(line, "bad token (RFC 3161 2.4.2)");
	ltps_where(&err, "offset %d", 7);
	err.foreign = LTPS_FOREIGN_SQLITE;
	err.foreign_code = 11;
	ltps_error_line(&err, line, sizeof(line));
	cr_assert_str_eq(line, "bad token (offset 7; RFC 3161 2.4.2; sqlite 11)");
}

Test(err, line_is_terminated_in_any_size)
{
	char line[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "clause", "\xc3\xa6 text");
	ltps_where(&err, "where");
	for (size_t n = 0; n < sizeof(line); n++) {
		memset(line, '#', sizeof(line));
		ltps_error_line(&err, line, n);
		cr_assert_eq(line[n], '#');
		if (n == 0)
			continue;
		cr_assert_lt(strlen(line), n);
		cr_assert(utf8_valid(view_text(line)));
	}
}

Test(err, clear_leaves_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "clause", "text");
	ltps_where(&err, "where");
	ltps_error_clear(&err);
	cr_assert_eq(err.code, LTPS_OK);
	cr_assert_eq(err.clause, NULL);
	cr_assert_str_eq(err.text, "");
	cr_assert_str_eq(err.where, "");
}
