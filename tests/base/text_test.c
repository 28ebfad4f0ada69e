/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include <criterion/criterion.h>
#include <string.h>

Test(text, what_is_left_of_a_letter_becomes_question_marks)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "\xc4\x83\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\xc4\x83\xe2\x82\xac\xf0\x9f\x98\x80" },
		{ "x\xc4", "x?" },
		{ "x\xe2\x82", "x??" },
		{ "x\xf0\x9f\x98", "x???" },
		{ "'\xc4' is cut", "'?' is cut" },
		{ "\x83y", "?y" },
		{ "\xed\xa0\x80", "???" },
		{ "\xc0\x80\xff", "???" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char s[32];
		strcpy(s, cases[i].from);
		text_make_utf8(s);
		cr_expect_str_eq(s, cases[i].to, "%zu", i);
	}
}
