/* SPDX-License-Identifier: Apache-2.0 */
/* What /health says of a service that cannot make evidence. */
#include <criterion/criterion.h>
#include <string.h>

#include "server/service.h"

static const char *health(const struct service *s, const struct ltp_health *h,
			  struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text = "";
	cr_assert_eq(status_health(s, h, out, &err), 0, "%s", err.text);
	cr_assert_eq(buf_text(out, &text, &err), 0);
	return text;
}

Test(status, every_trouble_has_its_word)
{
	static const struct {
		struct ltp_health h;
		bool step_failing;
		const char *word, *late;
	} cases[] = {
		{ { .alarm = false }, false, "\"status\":\"ok\"", "\"late\":false" },
		{ { .low_space = true },
		  false,
		  "\"status\":\"warning\"",
		  "\"late\":false" },
		{ { .no_space = true },
		  false,
		  "\"status\":\"alarm\"",
		  "\"late\":false" },
		{ { .alarm = true }, false, "\"status\":\"alarm\"", "\"late\":true" },
		{ { .trouble = "x" },
		  false,
		  "\"status\":\"warning\"",
		  "\"trouble\":\"x\"" },
		{ { .trouble = "x", .trouble_alarm = true },
		  false,
		  "\"status\":\"alarm\"",
		  "\"late\":false" },
		{ { .damaged = 1 }, false, "\"status\":\"alarm\"", "\"damaged\":1" },
		{ { .overdue = 2 }, false, "\"status\":\"warning\"", "\"overdue\":2" },
		{ { .clock_back_ms = 400000 },
		  false,
		  "\"status\":\"alarm\"",
		  "\"clock_back_seconds\":400" },
		/* A store that takes no line of a failure shows none either. */
		{ { .alarm = false }, true, "\"status\":\"alarm\"", "\"late\":true" },
	};
	const struct config config = { .id = "urn:test" };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf out = buf_make(4096);
		const struct service s = { .config = &config,
					   .step_failing = cases[i].step_failing };
		const char *text = health(&s, &cases[i].h, &out);
		cr_expect_not_null(strstr(text, cases[i].word), "%zu: %s", i, text);
		cr_expect_not_null(strstr(text, cases[i].late), "%zu: %s", i, text);
		buf_free(&out);
	}
}

/* INT64_MAX is no date; a reader would take it for the year 292278994. */
Test(status, what_is_not_planned_has_no_date)
{
	const struct config config = { .id = "urn:test" };
	const struct service s = { .config = &config };
	struct ltp_health h = { .next_renewal_ms = INT64_MAX, .weakest_ms = INT64_MAX };
	struct buf out = buf_make(4096);
	const char *text = health(&s, &h, &out);
	cr_expect_null(strstr(text, "next_renewal"), "%s", text);
	cr_expect_null(strstr(text, "weakens_first"), "%s", text);
	buf_clear(&out);
	h.next_renewal_ms = 0;
	h.weakest_ms = 1000;
	text = health(&s, &h, &out);
	cr_expect_not_null(strstr(text, "\"next_renewal\":\"1970-01-01T00:00:00Z\""),
			   "%s", text);
	cr_expect_not_null(strstr(text, "\"weakens_first\":\"1970-01-01T00:00:01Z\""),
			   "%s", text);
	buf_free(&out);
}

Test(budget, takes_no_more_than_there_is)
{
	struct budget b = { .max = 10 };
	cr_expect(budget_take(&b, 10));
	cr_expect_not(budget_take(&b, 1));
	cr_expect_not(budget_has(&b, 1));
	budget_give(&b, 4);
	cr_expect_not(budget_take(&b, 5));
	cr_expect_not(budget_take(&b, SIZE_MAX));
	cr_expect(budget_has(&b, 4));
	budget_add(&b, 100); /* what is there already is counted beyond it */
	cr_expect_not(budget_has(&b, 0));
	cr_expect_not(budget_take(&b, 0));
}
