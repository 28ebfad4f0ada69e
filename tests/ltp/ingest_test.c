/* SPDX-License-Identifier: Apache-2.0 */
/* What PreservePO refuses before anything is stored (docs/decisions/0004). */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/ltp_kit.h"

Test(ingest, texts_that_could_not_come_back_are_refused)
{
	static const struct ltp_po bad[] = {
		{ .id = "" },
		{ .id = "a b" },
		{ .id = "a\nb" },
		{ .id = "\x7f" },
		{ .format_id = "urn:a\x1b[2J" },
		{ .mime = "text/plain\r\nX: y" },
		{ .pronom = "fmt/\t1" },
	};
	struct ltp_kit k;
	ltp_kit_start(&k, NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltp_po po = bad[i];
		po.data = view_text("x");
		if (po.mime == NULL)
			po.mime = "text/plain";
		cr_expect_eq(ltp_kit_preserve(&k, &po, 1, NULL), LTP_PARAMETER_ERROR,
			     "%zu", i);
	}
	ltp_kit_stop(&k);
}

/* Eight names are one text of the row: as long as that takes, and one more. */
Test(ingest, related_names_beyond_their_row_are_refused)
{
	enum { PARTS = 9 };
	static char ids[PARTS][121];
	const char *related[PARTS];
	struct ltp_po pos[PARTS];
	struct ltp_kit k;
	ltp_kit_start(&k, NULL);
	memset(pos, 0, sizeof(pos));
	for (size_t i = 0; i < PARTS; i++) {
		memset(ids[i], 'a' + (int)i, 120);
		related[i] = ids[i];
		pos[i].data = view_text("x");
		pos[i].mime = "text/plain";
		pos[i].id = ids[i];
	}
	pos[0].related = related;
	pos[0].n_related = PARTS;
	cr_expect_eq(ltp_kit_preserve(&k, pos, PARTS, NULL), LTP_PARAMETER_ERROR);
	pos[0].n_related = PARTS - 1;
	cr_expect_eq(ltp_kit_preserve(&k, pos, PARTS, NULL), LTP_OK);
	ltp_kit_stop(&k);
}

Test(ingest, message_holds_no_control_character_of_the_client)
{
	struct ltp_kit k;
	struct ltp_ingest *i = NULL;
	struct ltp_result r;
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_po po = { .data = view_text("x"), .mime = "a/b" };
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = "urn:\x1b[2J\n",
						.pos = &po,
						.n_pos = 1 };
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_ingest_prepare(k.w, &req, &i, &r, &err), 0);
	cr_assert_eq(r.minor, LTP_PARAMETER_ERROR);
	cr_expect_not_null(strstr(r.message, "'urn:?[2J?'"), "%s", r.message);
	ltp_kit_stop(&k);
}
