/* SPDX-License-Identifier: Apache-2.0 */
/* checkpoint - the log stays bounded while tasks come without a pause. */
#include <criterion/criterion.h>
#include <string.h>

#include "storage/store.h"
#include "tests/support/storage_fixture.h"

#define PIECE ((size_t)256 << 10)
#define PIECES 400 /* 100 MB: six times STORE_WAL_MAX */

static char dir[4096];

static void setup(void)
{
	fixture_dir(dir);
}

static void teardown(void)
{
	fixture_remove(dir);
}

TestSuite(checkpoint, .init = setup, .fini = teardown);

static int run_put(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return store_setting_put(conn, "piece", arg, PIECE, err);
}

Test(checkpoint, log_is_written_back_under_load)
{
	static uint8_t piece[PIECE];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_stats stats;
	uint64_t largest = 0;
	struct store *s = fixture_open(dir);
	for (int i = 0; i < PIECES; i++) {
		memset(piece, i, sizeof(piece));
		cr_assert_eq(store_write(s, run_put, piece, &err), 0, "%s", err.text);
		store_stats_get(s, &stats);
		if (stats.wal_bytes > largest)
			largest = stats.wal_bytes;
	}
	cr_expect_geq(stats.checkpoints, 4);
	cr_expect_gt(largest, 0, "the size of the log is known");
	cr_expect_leq(largest, 2 * STORE_WAL_MAX);
	store_close(s);
}
