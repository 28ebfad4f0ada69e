/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failpoint - a small table of armed points behind a lock; the lock is only
 * taken while something is armed.
 */
#include "base/failpoint.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

/* A simulation arms one or two; tests a few more. */
#define FAILPOINT_SPECS_MAX 16
#define FAILPOINT_NAME_MAX 64
/* Nine digits: no run passes a point more often. */
#define FAILPOINT_DIGITS_MAX 9

enum action { ACTION_KILL, ACTION_FAIL, ACTION_FULL, ACTION_PAUSE };
static const char *const action_names[] = { "kill", "fail", "full", "pause" };
#define N_ACTIONS (sizeof(action_names) / sizeof(action_names[0]))

struct spec {
	char name[FAILPOINT_NAME_MAX + 1];
	uint32_t left; /* passages until it acts; 0: has acted */
	enum action action;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct spec specs[FAILPOINT_SPECS_MAX]; /* under lock */
static size_t n_specs;                         /* under lock */
static bool disk_full;                         /* under lock */
static void (*on_pause)(void *arg, const char *name);
static void *on_pause_arg;
static atomic_bool armed;

/* Text up to the separator; the cursor moves behind it. */
static struct view take_until(struct view *v, char separator)
{
	const uint8_t *at = v->n > 0 ? memchr(v->p, separator, v->n) : NULL;
	struct view head = view_head(*v, at != NULL ? (size_t)(at - v->p) : v->n);
	*v = view_skip(*v, at != NULL ? head.n + 1 : head.n);
	return head;
}

static bool parse_count(struct view v, uint32_t *ret_n)
{
	uint32_t n = 0;
	if (v.n == 0 || v.n > FAILPOINT_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		n = n * 10 + (uint32_t)(v.p[i] - '0');
	}
	*ret_n = n;
	return n > 0;
}

static bool parse_spec(struct view v, struct spec *ret_s)
{
	struct spec s = { 0 };
	size_t a = 0;
	struct view name = take_until(&v, ':');
	struct view count = take_until(&v, ':');
	if (name.n == 0 || name.n > FAILPOINT_NAME_MAX || !parse_count(count, &s.left))
		return false;
	while (a < N_ACTIONS && !view_is_text(v, action_names[a]))
		a++;
	if (a == N_ACTIONS)
		return false;
	s.action = (enum action)a;
	memcpy(s.name, name.p, name.n);
	*ret_s = s;
	return true;
}

int failpoint_arm(const char *text, struct ltps_error *err)
{
	struct spec parsed[FAILPOINT_SPECS_MAX];
	struct view rest = view_text(text != NULL ? text : "");
	size_t n = 0;
	bool more = rest.n > 0;
	while (more) {
		if (n == FAILPOINT_SPECS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "more than %d failpoints",
					 FAILPOINT_SPECS_MAX);
		size_t before = rest.n;
		struct view one = take_until(&rest, ',');
		more = one.n < before; /* a separator stood there */
		if (!parse_spec(one, &parsed[n++]))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "failpoint is not name:n:kill, fail, full "
					 "or pause");
	}
	pthread_mutex_lock(&lock);
	if (n > 0)
		memcpy(specs, parsed, n * sizeof(parsed[0]));
	n_specs = n;
	disk_full = false;
	atomic_store(&armed, n > 0);
	pthread_mutex_unlock(&lock);
	return 0;
}

/* Kills are not put off by a full disk. */
static void act(const struct spec *s, bool *fail, bool *pause)
{
	switch (s->action) {
	case ACTION_KILL:
		kill(getpid(), SIGKILL);
		break;
	case ACTION_FAIL:
		*fail = true;
		break;
	case ACTION_FULL:
		disk_full = true;
		break;
	case ACTION_PAUSE:
		*pause = true;
		break;
	}
}

static bool pass_armed(const char *name)
{
	bool fail = false, pause = false;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n_specs; i++) {
		struct spec *s = &specs[i];
		if (s->left == 0 || strcmp(s->name, name) != 0 || --s->left > 0)
			continue;
		act(s, &fail, &pause);
	}
	const bool full = disk_full;
	pthread_mutex_unlock(&lock);
	if (pause && on_pause != NULL)
		on_pause(on_pause_arg, name);
	errno = full ? ENOSPC : fail ? EIO : errno;
	return fail || full;
}

bool failpoint_pass(const char *name)
{
	if (!atomic_load_explicit(&armed, memory_order_relaxed))
		return false;
	return pass_armed(name);
}

int failpoint_fail(const char *name, struct ltps_error *err)
{
	return failpoint_pass(name) ? ltps_fail_errno(err, "failpoint") : 0;
}

void failpoint_on_pause(void (*fn)(void *arg, const char *name), void *arg)
{
	on_pause = fn;
	on_pause_arg = arg;
}
