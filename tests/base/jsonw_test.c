/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void assert_written(struct jsonw *j, const char *expected)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *s = "";
	cr_assert_eq(jsonw_end(j, &err), 0, "%s", err.text);
	cr_assert_eq(buf_text(j->out, &s, &err), 0);
	cr_assert_str_eq(s, expected);
}

static void assert_code(struct jsonw *j, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(jsonw_end(j, &err), -1);
	cr_assert_eq(err.code, code);
	cr_assert_eq(err.fault, LTPS_FAULT_SELF);
}

static void nothing(struct jsonw *j)
{
	(void)j;
}

static void two_values(struct jsonw *j)
{
	jsonw_int(j, 1);
	jsonw_int(j, 2);
}

static void value_without_key(struct jsonw *j)
{
	jsonw_object(j);
	jsonw_int(j, 1);
	jsonw_object_end(j);
}

static void key_without_value(struct jsonw *j)
{
	jsonw_object(j);
	jsonw_key(j, "a");
	jsonw_object_end(j);
}

static void two_keys(struct jsonw *j)
{
	jsonw_object(j);
	jsonw_key(j, "a");
	jsonw_key(j, "b");
}

static void key_in_array(struct jsonw *j)
{
	jsonw_array(j);
	jsonw_member(j, "a", "b");
	jsonw_array_end(j);
}

static void key_at_top(struct jsonw *j)
{
	jsonw_key(j, "a");
}

static void wrong_end(struct jsonw *j)
{
	jsonw_object(j);
	jsonw_array_end(j);
}

static void other_wrong_end(struct jsonw *j)
{
	jsonw_array(j);
	jsonw_object_end(j);
}

static void end_at_top(struct jsonw *j)
{
	jsonw_array_end(j);
}

static void left_open(struct jsonw *j)
{
	jsonw_array(j);
	jsonw_object(j);
	jsonw_object_end(j);
}

static void second_value_after_object(struct jsonw *j)
{
	jsonw_object(j);
	jsonw_object_end(j);
	jsonw_array(j);
	jsonw_array_end(j);
}

static void too_deep(struct jsonw *j)
{
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		jsonw_array(j);
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		jsonw_array_end(j);
}

Test(jsonw, wrong_order_of_calls_is_internal)
{
	static void (*const wrong[])(struct jsonw * j) = {
		nothing,           two_values, value_without_key,
		key_without_value, two_keys,   key_in_array,
		key_at_top,        wrong_end,  other_wrong_end,
		end_at_top,        left_open,  second_value_after_object,
		too_deep,
	};
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct buf b = buf_make(1000);
		struct jsonw j = jsonw_to(&b);
		wrong[i](&j);
		assert_code(&j, LTPS_INTERNAL);
		buf_free(&b);
	}
}

Test(jsonw, deepest_nesting_is_written)
{
	struct buf b = buf_make(1000);
	struct jsonw j = jsonw_to(&b);
	for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
		jsonw_array(&j);
	for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
		jsonw_array_end(&j);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(jsonw_end(&j, &err), 0);
	buf_free(&b);
}

Test(jsonw, full_buffer_is_too_large_and_stays_so)
{
	for (size_t max = 0; max < 13; max++) {
		struct buf b = buf_make(max);
		struct jsonw j = jsonw_to(&b);
		jsonw_array(&j);
		jsonw_cstr(&j, "abcdefgh");
		jsonw_array_end(&j);
		if (max == 12)
			assert_written(&j, "[\"abcdefgh\"]");
		else
			assert_code(&j, LTPS_TOO_LARGE);
		buf_free(&b);
	}
}

Test(jsonw, failed_allocation_is_nomem)
{
	struct buf b = buf_make(1000);
	struct jsonw j = jsonw_to(&b);
	mem_fail_nth(1);
	jsonw_array(&j);
	jsonw_cstr(&j, "x");
	jsonw_array_end(&j);
	mem_fail_nth(0);
	assert_code(&j, LTPS_NOMEM);
	buf_free(&b);
}

Test(jsonw, earlier_error_of_the_caller_is_kept)
{
	struct buf b = buf_make(1000);
	struct jsonw j = jsonw_to(&b);
	struct ltps_error err = LTPS_ERROR_INIT;
	ltps_fail(&err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "lower");
	cr_assert_eq(jsonw_end(&j, &err), -1);
	cr_assert_str_eq(err.text, "lower");
}

Test(jsonw, text_is_escaped)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out;
	} cases[] = {
		{ "", 0, "\"\"" },
		{ "a\"b\\c/d", 7, "\"a\\\"b\\\\c/d\"" },
		{ "\b\f\n\r\t", 5, "\"\\b\\f\\n\\r\\t\"" },
		{ "\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"" },
		{ "\xc3\xa6\xe2\x82\xac\xf0\x9f\x98\x80", 9,
		  "\"\xc3\xa6\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xff", 1, "\"\xef\xbf\xbd\"" },
		{ "a\xc3", 2, "\"a\xef\xbf\xbd\"" },
		{ "\xc3\x28", 2, "\"\xef\xbf\xbd(\"" },
		{ "\xc0\x80", 2, "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80z", 4, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"" },
		{ "\xe2\x82\"", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\"" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf b = buf_make(1000);
		struct jsonw j = jsonw_to(&b);
		jsonw_text(&j, view_of(cases[i].in, cases[i].n));
		cr_assert(utf8_valid(view_buf(&b)));
		assert_written(&j, cases[i].out);
		buf_free(&b);
	}
}

Test(jsonw, key_is_escaped)
{
	struct buf b = buf_make(1000);
	struct jsonw j = jsonw_to(&b);
	jsonw_object(&j);
	jsonw_member_bool(&j, "a\"\n", false);
	jsonw_object_end(&j);
	assert_written(&j, "{\"a\\\"\\n\":false}");
	buf_free(&b);
}

Test(jsonw, commas_stand_between_members_only)
{
	struct buf b = buf_make(1000);
	struct jsonw j = jsonw_to(&b);
	jsonw_object(&j);
	jsonw_member(&j, "text", "x");
	jsonw_member(&j, "none", NULL);
	jsonw_member_int(&j, "least", INT64_MIN);
	jsonw_member_bool(&j, "yes", true);
	jsonw_key(&j, "list");
	jsonw_array(&j);
	jsonw_array(&j);
	jsonw_array_end(&j);
	jsonw_object(&j);
	jsonw_object_end(&j);
	jsonw_int(&j, -1);
	jsonw_null(&j);
	jsonw_array_end(&j);
	jsonw_key(&j, "hex");
	jsonw_hex(&j, view_text("\x01\xff"));
	jsonw_key(&j, "b64");
	jsonw_base64(&j, view_text("foob"));
	jsonw_key(&j, "time");
	jsonw_time(&j, 0);
	jsonw_object_end(&j);
	assert_written(&j,
		       "{\"text\":\"x\",\"none\":null,\"least\":-9223372036854775808,"
		       "\"yes\":true,\"list\":[[],{},-1,null],\"hex\":\"01ff\","
		       "\"b64\":\"Zm9vYg==\",\"time\":\"1970-01-01T00:00:00Z\"}");
	buf_free(&b);
}
