/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_replay - records every file operation of a busy store, then builds the
 * states that a loss of power may leave: at every sync and acknowledgement,
 * with everything lost that no sync covered, and with random parts of it kept,
 * torn at sectors. Each state is opened: what was acknowledged is there, fsck
 * finds nothing.
 *
 *   crash_replay [STATES [SEED]]   states at random points beyond the syncs
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storage/store.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_record.h"
#include "tests/support/storage_scene.h"

/* Objects of the recording: all kinds of operations, a few checkpoints. */
#define OBJECTS 60
/* Small batches sync each file and folder, large ones the file system. */
#define SMALL_BATCH 3
#define LARGE_BATCH 16

static void note(void *arg, enum scene_event what, uint64_t i)
{
	(void)arg;
	record_note((int)what, i);
}

static void record_scene(const char *dir)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *store = NULL;
	struct store_options options = { .dir = dir,
					 .io = record_io(),
					 .vfs = RECORD_VFS };
	record_begin(dir);
	/* Twice, so that a log is written back and begun anew in between. */
	for (uint64_t k = 0; k < 2; k++) {
		struct scene scene = { .first = 1 + k * (OBJECTS / 2),
				       .count = OBJECTS / 2,
				       .event = note };
		options.batch_max = k == 0 ? SMALL_BATCH : LARGE_BATCH;
		if (store_open(&options, &store, &err) != 0)
			fixture_die("open", &err);
		scene_run(store, &scene);
		store_close(store);
	}
	record_end();
}

/* What had been acknowledged before operation n. */
static void acknowledged(size_t n, struct scene_state *state)
{
	memset(state, 0, sizeof(*state));
	for (size_t i = 0; i < n; i++) {
		int what;
		uint64_t number;
		if (record_is_note(i, &what, &number))
			scene_note(state, (enum scene_event)what, number);
	}
}

static unsigned judge(size_t n, enum record_mode mode, unsigned seed)
{
	static struct scene_state state;
	static const char *const modes[] = { "all lost", "all kept", "random",
					     "names only", "data only" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *store = NULL;
	char dir[4096];
	fixture_dir(dir);
	record_replay(n, mode, seed, dir);
	acknowledged(n, &state);
	struct store_options options = { .dir = dir };
	unsigned bad = 0;
	if (store_open(&options, &store, &err) != 0) {
		fprintf(stderr, "open: %s\n", err.text);
		bad = 1;
	} else {
		bad = scene_check(store, &state);
	}
	store_close(store);
	if (bad > 0)
		fprintf(
		    stderr,
		    "not ok - %u complaints after operation %zu of %zu, %s, seed %u\n",
		    bad, n, record_count(), modes[mode], seed);
	fixture_remove(dir);
	return bad;
}

static bool interesting(size_t at)
{
	int what;
	uint64_t number;
	return record_is_sync(at) || record_is_note(at, &what, &number);
}

/* Before and behind every sync, behind every acknowledgement. */
static unsigned judge_syncs(unsigned seed, size_t *ret_states)
{
	unsigned bad = 0;
	for (size_t at = 0; at < record_count() && bad == 0; at++) {
		if (!interesting(at))
			continue;
		bad += judge(at + 1, RECORD_LOSE_ALL, seed);
		bad += judge(at, RECORD_RANDOM, seed + (unsigned)at);
		bad +=
		    judge(at, at % 2 == 0 ? RECORD_NAMES_ONLY : RECORD_DATA_ONLY, seed);
		*ret_states += 3;
	}
	return bad;
}

static unsigned judge_random(unsigned seed, unsigned states)
{
	unsigned bad = 0;
	srandom(seed);
	for (unsigned k = 0; k < states && bad == 0; k++) {
		size_t at = (size_t)random() % (record_count() + 1);
		enum record_mode mode = k % 8 == 0 ? RECORD_KEEP_ALL : RECORD_RANDOM;
		bad += judge(at, mode, seed + k);
	}
	return bad;
}

int main(int argc, char **argv)
{
	unsigned states = argc > 1 ? (unsigned)atoi(argv[1]) : 100;
	unsigned seed = argc > 2 ? (unsigned)atoi(argv[2]) : 20261121;
	size_t at_syncs = 0;
	char dir[4096];
	fixture_dir(dir);
	record_scene(dir);
	fixture_remove(dir);
	printf("seed %u, %zu operations recorded\n", seed, record_count());
	fflush(stdout);
	unsigned bad = judge_syncs(seed, &at_syncs);
	if (bad == 0)
		bad += judge_random(seed, states);
	printf("%s - %zu states at syncs and acknowledgements, %u at random\n",
	       bad == 0 ? "ok" : "not ok", at_syncs, states);
	return bad == 0 ? 0 : 1;
}
