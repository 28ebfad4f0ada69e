/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crash_kill - a child process stores objects and is killed at every
 * fail-point of the store, and at random; what it acknowledged must be there
 * in the next one, and fsck must find nothing.
 *
 *   crash_kill [ROUNDS [SEED]]   rounds of random kills (default 12)
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "storage/failpoints.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_scene.h"

#define ROUND_OBJECTS 40

struct message {
	uint64_t what;
	uint64_t i;
};

static char dir[4096];
static struct scene_state state;
static uint64_t next_object = 1;

static void tell(void *arg, enum scene_event what, uint64_t i)
{
	struct message m = { what, i };
	if (write(*(int *)arg, &m, sizeof(m)) != (ssize_t)sizeof(m))
		_exit(3);
}

static void child(int out, const char *spec)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene scene = {
		.first = next_object, .count = ROUND_OBJECTS, .event = tell, .arg = &out
	};
	if (spec != NULL && failpoint_arm(spec, &err) != 0)
		fixture_die("arm", &err);
	struct store *store = fixture_open(dir);
	scene_run(store, &scene);
	store_close(store);
	_exit(0);
}

/* One child; killed by the fail-point, or after this many messages (0: never). */
static bool play(const char *spec, unsigned kill_after)
{
	int ends[2];
	int status;
	struct message m;
	unsigned heard = 0;
	if (pipe(ends) != 0)
		exit(70);
	pid_t pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(ends[1], spec);
	}
	close(ends[1]);
	while (read(ends[0], &m, sizeof(m)) == (ssize_t)sizeof(m)) {
		scene_note(&state, (enum scene_event)m.what, m.i);
		if (++heard == kill_after)
			kill(pid, SIGKILL);
	}
	close(ends[0]);
	waitpid(pid, &status, 0);
	next_object += ROUND_OBJECTS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return false;
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
		fprintf(stderr, "the child ended with status %x\n", (unsigned)status);
		exit(1);
	}
	return true;
}

static unsigned judge(const char *what)
{
	struct store *store = fixture_open(dir);
	unsigned bad = scene_check(store, &state);
	store_close(store);
	if (bad > 0)
		fprintf(stderr, "not ok - %s: %u complaints\n", what, bad);
	return bad;
}

static unsigned at_failpoint(const char *name, unsigned nth, const char *action)
{
	char spec[128];
	snprintf(spec, sizeof(spec), "%s:%u:%s", name, nth, action);
	bool killed = play(spec, 0);
	if (nth == 1 && strcmp(action, "kill") == 0 && !killed) {
		fprintf(stderr, "not ok - %s is never passed\n", name);
		return 1;
	}
	return judge(spec);
}

int main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 12;
	unsigned seed = argc > 2 ? (unsigned)atoi(argv[2]) : 20261121;
	unsigned bad = 0;
	fixture_dir(dir);
	for (size_t k = 0; k < store_failpoint_count && bad == 0; k++) {
		bad += at_failpoint(store_failpoints[k], 1, "kill");
		bad += at_failpoint(store_failpoints[k], 3, "kill");
		bad += at_failpoint(store_failpoints[k], 2, "fail");
	}
	printf("seed %u\n", seed);
	srandom(seed);
	for (unsigned k = 0; k < rounds && bad == 0; k++) {
		unsigned after = 1 + (unsigned)random() % (ROUND_OBJECTS + 10);
		char what[64];
		snprintf(what, sizeof(what), "seed %u round %u, killed after %u", seed,
			 k, after);
		(void)play(NULL, after);
		bad += judge(what);
	}
	fixture_remove(dir);
	printf("%s - %llu objects over %zu fail-points and %u random kills\n",
	       bad == 0 ? "ok" : "not ok", (unsigned long long)next_object - 1,
	       store_failpoint_count, rounds);
	return bad == 0 ? 0 : 1;
}
