/* SPDX-License-Identifier: Apache-2.0 */
/* The language of searches: what is refused and where, then what it means. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/search_filter.h"

static struct search_filter f;

Test(search_filter, bad_filters_are_refused_where_they_are_bad)
{
	static const struct {
		const char *text;
		const char *why;
	} bad[] = {
		{ "x", "character 1: expected a field (poid" },
		{ "x", "found 'x'" },
		{ "poid", "character 5: expected an operator" },
		{ "poid a", "character 6: expected an operator" },
		{ "poid =", "character 7: expected a value, found the end" },
		{ "poid = =", "character 8: expected a value, found '='" },
		{ "poid = a b", "character 10: expected and, or, order, after, limit" },
		{ "poid = a and", "character 13: expected a field" },
		{ "and poid = a", "character 1: expected a field" },
		{ "not", "character 4: expected a field" },
		{ "(poid = a", "character 10: expected and, or or )" },
		{ "()", "character 2: expected a field" },
		{ "poid = a)", "character 9: expected and, or, order" },
		{ "poid = \"a", "character 8: the quote is never closed" },
		{ "poid = \"a\\x\"", "character 10: expected \\\" or \\\\" },
		{ "poid = \"a\\", "character 10: expected \\\" or \\\\" },
		{ "poid = \"\x01\"", "character 9: a control character" },
		{ "poid = \"\"", "character 8: an empty text" },
		{ "poid == a", "character 7: expected a value" },
		{ "poid ! a", "character 6: a character that may stand only within" },
		{ "id = \"\xc3\xa4\" \xc3\xa4", "character 10: a character that may" },
		{ "id = \xc3", "not UTF-8" },
		{ "mime < a", "character 6: mime has no operator <" },
		{ "stored ~ 2026", "character 8: stored has no operator ~" },
		{ "stored = yesterday", "character 10: expected a date or time" },
		{ "stored = 2026-13-01", "expected a date or time" },
		{ "stored = 2026-01-01T00:00:00", "expected a date or time" },
		{ "stored = 2026-01-01T00:00:00.000000000000000Z", "expected a date" },
		{ "versions = -1", "character 12: expected a number up to" },
		{ "versions = 1x", "expected a number up to" },
		{ "versions = 99999999999999999999", "expected a number up to" },
		{ "state = deleted", "character 9: expected live or data-deleted" },
		{ "indication = PASSED", "character 14: expected TOTAL_PASSED" },
		{ "limit 0", "character 7: expected a number from 1" },
		{ "limit 1001", "character 7: expected a number up to 1000" },
		{ "limit", "character 6: expected a value" },
		{ "limit 1 limit 2", "character 9: limit stands twice" },
		{ "order up", "character 7: expected oldest or newest" },
		{ "after \"\"", "character 7: an empty text" },
		{ "limit 1 poid = a", "character 9: expected and, or, order" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_expect_eq(search_filter_parse(view_text(bad[i].text), &f, &err), -1,
			     "%s", bad[i].text);
		cr_expect_eq(err.code, LTPS_FORMAT, "%s", bad[i].text);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER);
		cr_expect_not_null(strstr(err.text, bad[i].why), "%s: %s", bad[i].text,
				   err.text);
		cr_expect(utf8_valid(view_text(err.text)), "%s", bad[i].text);
	}
}

/* One condition repeated; whether it is taken. */
static bool takes(const char *before, const char *again, unsigned n, const char *after)
{
	static char text[2 * LTP_FILTER_MAX];
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t at = (size_t)snprintf(text, sizeof(text), "%s", before);
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", again);
	snprintf(text + at, sizeof(text) - at, "%s", after);
	return search_filter_parse(view_text(text), &f, &err) == 0;
}

Test(search_filter, bounds_hold)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char text[LTP_FILTER_MAX + 2];
	cr_expect(takes("id=a", " or id=a", 127, ""));
	cr_expect_not(takes("id=a", " or id=a", 128, ""),
		      "more nodes than there may be");
	cr_expect(takes("", "not ", SEARCH_FILTER_DEPTH_MAX, "id=a"));
	cr_expect_not(takes("", "not ", SEARCH_FILTER_DEPTH_MAX + 1, "id=a"));
	cr_expect(takes("", "(", SEARCH_FILTER_DEPTH_MAX, "id=a))))))))"));
	cr_expect_not(takes("", "(", SEARCH_FILTER_DEPTH_MAX + 1, "id=a"));
	/* One after the other is not within each other. */
	cr_expect(takes("id=a", " or (id=a)", 100, ""));
	cr_expect(takes("id=a", " or not id=a", 80, ""));
	memset(text, ' ', LTP_FILTER_MAX + 1);
	cr_expect_eq(search_filter_parse(view_text(text), &f, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	text[LTP_FILTER_MAX] = '\0';
	cr_expect_eq(search_filter_parse(view_text(text), &f, &err), 0);
	/* Texts of one octet each fill what holds them. */
	memcpy(text, "id=\"", 4);
	memset(text + 4, 'x', LTP_FILTER_MAX - 5);
	text[LTP_FILTER_MAX - 1] = '"';
	cr_expect_eq(search_filter_parse(view_text(text), &f, &err), 0, "%s", err.text);
}

/* The condition with every pair in parentheses. */
static void show(size_t at, char *out, size_t size)
{
	static const char *const ops[] = { "=", "!=", "<", "<=", ">", ">=", "~" };
	const struct search_node *n = &f.nodes[at];
	char left[512], right[512];
	switch (n->kind) {
	case SEARCH_TERM:
		if (search_is_number(n->field))
			snprintf(out, size, "%d%s%lld", (int)n->field, ops[n->op],
				 (long long)n->number);
		else
			snprintf(out, size, "%d%s%s", (int)n->field, ops[n->op],
				 n->text);
		return;
	case SEARCH_NOT:
		show(n->left, left, sizeof(left));
		snprintf(out, size, "!%.500s", left);
		return;
	default:
		show(n->left, left, sizeof(left));
		show(n->right, right, sizeof(right));
		snprintf(out, size, "(%.240s%c%.240s)", left,
			 n->kind == SEARCH_AND ? '&' : '|', right);
	}
}

Test(search_filter, filters_mean_what_they_say)
{
	static const struct {
		const char *text, *means;
	} good[] = {
		{ "poid=a", "0=a" },
		{ " POID != \"a \\\" \\\\ b\" ", "0!=a \" \\ b" },
		{ "mime = application/pdf", "5=application/pdf" },
		{ "format=http://uri.etsi.org/ades/PAdES",
		  "4=http://uri.etsi.org/ades/PAdES" },
		{ "stored>=1970-01-02", "1>=86400000" },
		{ "period < 1970-01-01T01:00:00+01:00", "2<0" },
		{ "versions > 2", "12>2" },
		{ "state = data-deleted", "13=1" },
		{ "indication = total-passed", "10=TOTAL_PASSED" },
		{ "indication = \"\"", "10=" },
		{ "record = imported-1", "8=imported-1" },
		{ "subindication = no_poe", "11=NO_POE" },
		{ "id = and and id = \"or\"", "(7=and&7=or)" },
		{ "id=a or id=b and id=c", "(7=a|(7=b&7=c))" },
		{ "(id=a or id=b) and id=c", "((7=a|7=b)&7=c)" },
		{ "id=a and id=b and id=c", "((7=a&7=b)&7=c)" },
		{ "not id=a and id=b", "(!7=a&7=b)" },
		{ "not (id=a or id=b)", "!(7=a|7=b)" },
		{ "not not id=a", "!!7=a" },
		{ "signer ~ \"M\xc3\xbcller\"", "9~M\xc3\xbcller" },
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		char text[1024];
		cr_assert_eq(search_filter_parse(view_text(good[i].text), &f, &err), 0,
			     "%s: %s", good[i].text, err.text);
		show(f.n_nodes - 1, text, sizeof(text));
		cr_expect_str_eq(text, good[i].means, "%s: %s", good[i].text, text);
	}
}

Test(search_filter, clauses_stand_behind_in_any_order)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(search_filter_parse(view_text(""), &f, &err), 0);
	cr_expect_eq(f.n_nodes, 0);
	cr_expect_null(f.after);
	cr_expect_eq(f.limit, 0);
	cr_expect_not(f.newest_first);
	cr_assert_eq(
	    search_filter_parse(view_text("id=a limit 7 Order Newest after \"x y\""),
				&f, &err),
	    0);
	cr_expect_eq(f.n_nodes, 1);
	cr_expect_eq(f.limit, 7);
	cr_expect(f.newest_first);
	cr_expect_str_eq(f.after, "x y");
	cr_assert_eq(search_filter_parse(view_text("after p order oldest"), &f, &err),
		     0);
	cr_expect_eq(f.n_nodes, 0);
	cr_expect_str_eq(f.after, "p");
}
