/* SPDX-License-Identifier: Apache-2.0 */
/* Chains that grow: told in time, and never made longer than can be read. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
/* Certificates of this life are renewed after 490 days of the first ones. */
#define FIRST_DAYS 670
#define LIFE_DAYS 730

TestSuite(renew_long, .timeout = TEST_SECONDS_MAX, .init = mem_init);

static void generation(struct ltp_kit *k)
{
	ltp_kit_live(k, 480 * DAY, 60 * DAY);
	ltp_kit_rollover(k, 0, LIFE_DAYS);
	ltp_kit_live(k, 50 * DAY, 5 * DAY);
}

/* Two time-stamps, the first of which is said to have so many octets. */
static void start(struct ltp_kit *k, unsigned octets)
{
	char text[96];
	const struct ltp_kit_upkeep how = { .n_tsas = 1 };
	ltp_kit_start_upkeep(k, &how);
	ltp_kit_rollover(k, 0, FIRST_DAYS);
	cr_assert_eq(ltp_kit_preserve_text(k, "a", NULL), LTP_OK);
	ltp_kit_pass(k, 2001);
	ltp_kit_work(k);
	generation(k);
	cr_assert_eq(pki_server_stamps(k->pki), 2);
	snprintf(text, sizeof(text), "UPDATE token SET der = zeroblob(%u) WHERE id = 1",
		 octets);
	storage_sql(k->dir, text);
}

static void expect(unsigned octets, size_t stamps, const char *told)
{
	struct ltp_kit k;
	start(&k, octets);
	generation(&k);
	ltp_kit_live(&k, 2 * DAY, DAY);
	cr_expect_eq(pki_server_stamps(k.pki), stamps, "%zu", pki_server_stamps(k.pki));
	const struct ltp_health h = ltp_kit_health(&k);
	if (told == NULL)
		cr_expect_str_empty(h.trouble);
	else
		cr_expect_not_null(strstr(h.trouble, told), "%s", h.trouble);
	ltp_kit_stop(&k);
}

Test(renew_long, chain_below_half_is_renewed_without_a_word)
{
	expect(30u << 20, 3, NULL);
}

Test(renew_long, chain_past_half_is_renewed_and_told)
{
	expect(33u << 20, 3, "past half");
}

Test(renew_long, chain_without_room_is_not_renewed_and_told)
{
	expect(60u << 20, 2, "is not renewed any more");
}
