/* SPDX-License-Identifier: Apache-2.0 */
/* What is taken out of a request, and what cannot be made to look like it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/json_cut.h"

static uint8_t body[1 << 16];
static struct json_cut cut;
static struct ltps_error err;

static int run(const char *text)
{
	const size_t n = strlen(text);
	memcpy(body, text, n);
	err = (struct ltps_error)LTPS_ERROR_INIT;
	return json_cut_make(body, n, &cut, &err);
}

static bool small_is(const char *text)
{
	return view_is_text(view_buf(&cut.small), text);
}

Test(json_cut, payloads_become_slot_numbers)
{
	static const struct {
		const char *in;
		const char *small;
		size_t slots;
	} cases[] = {
		{ "{\"po\":[{\"binaryData\":{\"value\":\"QQ==\"}}]}",
		  "{\"po\":[{\"binaryData\":{\"value\":0}}]}", 1 },
		{ "{\"po\":[{\"xmlData\":{\"b64Content\":\"\"}}]}",
		  "{\"po\":[{\"xmlData\":{\"b64Content\":0}}]}", 1 },
		{ " { \"deltaPoc\" : [ { \"binaryData\" : { \"value\" : \"QQ==\" } } ] "
		  "} ",
		  " { \"deltaPoc\" : [ { \"binaryData\" : { \"value\" : 0 } } ] } ",
		  1 },
		{ "{\"ev\":{\"binaryData\":{\"value\":\"QQ==\"}},\"po\":[{"
		  "\"binaryData\":"
		  "{\"value\":\"QQ==\"}},{\"xmlData\":{\"b64Content\":\"QQ==\"}}]}",
		  "{\"ev\":{\"binaryData\":{\"value\":0}},\"po\":[{\"binaryData\":{"
		  "\"value\":1}},"
		  "{\"xmlData\":{\"b64Content\":2}}]}",
		  3 },
		/* Names compare as the parser reads them. */
		{ "{\"p\\u006f\":[{\"binary\\u0044ata\":{\"\\u0076alue\":\"QQ==\"}}]}",
		  "{\"p\\u006f\":[{\"binary\\u0044ata\":{\"\\u0076alue\":0}}]}", 1 },
		/* A second one of the same name is cut too; the parser refuses it. */
		{ "{\"po\":[{\"binaryData\":{\"value\":\"QQ==\",\"value\":\"QQ==\"}}]}",
		  "{\"po\":[{\"binaryData\":{\"value\":0,\"value\":1}}]}", 2 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(run(cases[i].in), 0, "%zu: %s", i, err.text);
		cr_expect(small_is(cases[i].small), "%zu: %.*s", i, (int)cut.small.n,
			  (char *)cut.small.p);
		cr_expect_eq(cut.n_slots, cases[i].slots, "%zu", i);
		json_cut_free(&cut);
	}
}

Test(json_cut, strings_elsewhere_stay)
{
	static const char *const cases[] = {
		"{\"binaryData\":{\"value\":\"QQ==\"}}",
		"{\"po\":{\"binaryData\":{\"value\":\"QQ==\"}}}",
		"{\"po\":[[{\"binaryData\":{\"value\":\"QQ==\"}}]]}",
		"{\"po\":[{\"binaryData\":[{\"value\":\"QQ==\"}]}]}",
		"{\"po\":[{\"binaryData\":{\"value\":[\"QQ==\"]}}]}",
		"{\"po\":[{\"binaryData\":{\"b64Content\":\"QQ==\"}}]}",
		"{\"po\":[{\"xmlData\":{\"value\":\"QQ==\"}}]}",
		"{\"po\":[{\"x\":{\"binaryData\":{\"value\":\"QQ==\"}}}]}",
		"{\"x\":{\"po\":[{\"binaryData\":{\"value\":\"QQ==\"}}]}}",
		"{\"ev\":[{\"binaryData\":{\"value\":\"QQ==\"}}]}",
		"{\"ev\":{\"ev\":{\"binaryData\":{\"value\":\"QQ==\"}}}}",
		"[{\"po\":[{\"binaryData\":{\"value\":\"QQ==\"}}]}]",
		"{\"po\\u0000\":[{\"binaryData\":{\"value\":\"QQ==\"}}]}",
		"{\"po\":[{\"binaryData\":{\"value\":true}}]}",
		"{\"po\":[{\"binaryData\":{\"value\":null}}]}",
		"{\"po\":[{\"binaryData\":{\"value\":{\"value\":\"QQ==\"}}}]}",
		"\"{\\\"po\\\":[{\\\"binaryData\\\":{\\\"value\\\":\\\"QQ==\\\"}}]}\"",
		"{\"reqId\":\"\\\",\\\"po\\\":[{\\\"binaryData\\\":\"}",
		"",
		"}",
		"]]]",
		",",
		"{\"po\":[}]",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(run(cases[i]), 0, "%zu: %s", i, err.text);
		cr_expect(small_is(cases[i]), "%zu: %.*s", i, (int)cut.small.n,
			  (char *)cut.small.p);
		cr_expect_eq(cut.n_slots, 0, "%zu", i);
		json_cut_free(&cut);
	}
}

/* The client's own integer must not be taken for the number of a slot. */
Test(json_cut, number_in_place_of_a_payload_is_no_slot)
{
	static const char *const numbers[] = { "0", "-1", "1e2", "0.5", "00" };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		char in[128];
		char out[128];
		snprintf(in, sizeof(in), "{\"po\":[{\"binaryData\":{\"value\":%s}}]}",
			 numbers[i]);
		snprintf(out, sizeof(out),
			 "{\"po\":[{\"binaryData\":{\"value\":[%s]}}]}", numbers[i]);
		cr_expect_eq(run(in), 0);
		cr_expect(small_is(out), "%.*s", (int)cut.small.n, (char *)cut.small.p);
		cr_expect_eq(cut.n_slots, 0);
		json_cut_free(&cut);
	}
	cr_expect_eq(run("{\"po\":[{\"binaryData\":{\"\\u0076alue\":0}}]}"), 0);
	cr_expect(small_is("{\"po\":[{\"binaryData\":{\"\\u0076alue\":[0]}}]}"));
	json_cut_free(&cut);
}

Test(json_cut, deep_nesting_is_refused)
{
	static char text[200001];
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	static uint8_t copy[200000];
	memcpy(copy, text, sizeof(copy));
	err = (struct ltps_error)LTPS_ERROR_INIT;
	cr_expect_eq(json_cut_make(copy, sizeof(copy), &cut, &err), -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
	memset(text, '\0', sizeof(text));
	memset(text, '[', JSON_CUT_DEPTH_MAX);
	cr_expect_eq(run(text), 0);
	json_cut_free(&cut);
	text[JSON_CUT_DEPTH_MAX] = '[';
	cr_expect_eq(run(text), -1);
}

Test(json_cut, string_without_end_is_refused)
{
	static const char *const cases[] = {
		"\"",
		"{\"po",
		"{\"po\":[{\"binaryData\":{\"value\":\"QQ==",
		"{\"a\":\"b\\\"",
		"{\"a\":\"b\\",
		"{\"a\":\"b\\\\\\\"",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(run(cases[i]), -1, "%zu", i);
		cr_expect_eq(err.code, LTPS_FORMAT, "%zu", i);
	}
}

Test(json_cut, large_remainder_is_refused)
{
	const size_t n = JSON_CUT_SMALL_MAX + 10;
	uint8_t *large = mem_alloc(n);
	cr_assert_not_null(large);
	memset(large, 'x', n);
	large[0] = '"';
	large[n - 1] = '"';
	err = (struct ltps_error)LTPS_ERROR_INIT;
	cr_expect_eq(json_cut_make(large, n, &cut, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	cr_expect_eq(err.fault, LTPS_FAULT_CALLER);
	mem_free(large);
}

Test(json_cut, large_payload_is_not_counted)
{
	const size_t n = 4 * JSON_CUT_SMALL_MAX;
	static const char head[] = "{\"po\":[{\"binaryData\":{\"value\":\"";
	static const char tail[] = "\"}}]}";
	struct buf b = buf_make(n + 100);
	err = (struct ltps_error)LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(&b, head, &err), 0);
	cr_assert_eq(buf_reserve(&b, n, &err), 0);
	memset(b.p + b.n, 'A', n);
	b.n += n;
	cr_assert_eq(buf_put_text(&b, tail, &err), 0);
	cr_assert_eq(json_cut_make(b.p, b.n, &cut, &err), 0);
	cr_assert_eq(cut.n_slots, 1);
	cr_expect_eq(json_slot_decode(&cut.slots[0], &err), 0);
	cr_expect_eq(cut.slots[0].n, n / 4 * 3);
	json_cut_free(&cut);
	buf_free(&b);
}

static int decode(const char *text, struct view *ret_v)
{
	static uint8_t bytes[256];
	struct json_slot slot = { .p = bytes,
				  .n = strlen(text),
				  .escaped = strchr(text, '\\') != NULL };
	memcpy(bytes, text, slot.n);
	err = (struct ltps_error)LTPS_ERROR_INIT;
	const int rc = json_slot_decode(&slot, &err);
	*ret_v = view_of(slot.p, slot.n);
	return rc;
}

Test(json_slot, escapes_are_resolved_before_base64)
{
	struct view v;
	cr_expect_eq(decode("\\/\\/\\u002f\\u0041", &v), 0, "%s", err.text);
	cr_expect_eq(v.n, 3);
	cr_expect_eq(memcmp(v.p, "\xff\xff\xc0", 3), 0);
}

Test(json_slot, wrong_base64_and_escapes_are_refused)
{
	static const char *const cases[] = {
		"A",        "AA",         "AA=",        "AAA",    "A===",
		"AA==AA==", "AA=A",       "AAAA=",      "A A=",   "AAAA\n",
		"AA-_",     "AB==",       "\xc3\xa4==", "AAA\\",  "AAA\\q",
		"AAA\\u00", "AAA\\u00zz", "AAA\\u0141", "AAA\\n", "AAA\\\"",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view v;
		cr_expect_eq(decode(cases[i], &v), -1, "%s", cases[i]);
		cr_expect_eq(err.code, LTPS_FORMAT, "%s", cases[i]);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%s", cases[i]);
	}
}
