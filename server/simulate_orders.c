/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_orders - the parent's side: starting the service, giving it orders, and
 * burying it. A death that was ordered is a crash; any other one ends the simulation.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "ltp/fixity.h"
#include "ltp/plan.h"
#include "ltp/renew.h"
#include "ltp/renew_hash.h"
#include "ltp/signatures.h"
#include "ltp/upkeep.h"
#include "server/simulate.h"
#include "storage/failpoints.h"
#include "storage/fixity.h"

/* An order takes seconds; with sanitizers on a busy machine, minutes. */
#define HUNG_MS 900000
/* Deaths during one order: each point is armed for one. */
#define DEATHS_MAX 100

static void on_message(void *arg)
{
	struct sim *s = arg;
	loop_stop(s->loop);
}

void sim_watchdog(void *arg)
{
	struct sim *s = arg;
	s->hung = true;
	loop_stop(s->loop);
}

/* ---- start ---- */

static int make_trust(struct sim *s, struct ltps_error *err)
{
	material_free(s->trust);
	s->trust = NULL;
	if (material_new(&s->trust, err) != 0)
		return -1;
	for (size_t i = 0; i < s->n_anchors; i++)
		if (material_add(s->trust, MATERIAL_ANCHOR, s->anchors[i]->der, err) !=
		    0)
			return -1;
	return 0;
}

_Noreturn static void be_service(struct sim *s, int fd)
{
	/* What the parent holds open must end when the parent ends it. */
	if (dup2(fd, 3) != 3 || close_range(4, ~0u, 0) != 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(1);
	sim_service(s, 3);
}

static struct sim_server *server(struct sim *s)
{
	return &s->servers[s->at];
}

static int start(struct sim *s, struct ltps_error *err)
{
	struct sim_server *v = server(s);
	int pair[2];
	s->restart = false;
	if (make_trust(s, err) != 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return ltps_fail_errno(err, "no socket for the service");
	v->child = fork();
	if (v->child == 0)
		be_service(s, pair[1]);
	close(pair[1]);
	v->fd = pair[0];
	if (v->child < 0)
		return ltps_fail_errno(err, "cannot start the service");
	return loop_watch_fd(s->loop, v->fd, on_message, s, &v->watch, err);
}

static void hang_up(struct sim_server *v)
{
	loop_watch_free(v->watch);
	v->watch = NULL;
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

/* ---- end ---- */

static int wait_for(struct sim_server *v)
{
	int status = 0;
	hang_up(v);
	while (waitpid(v->child, &status, 0) < 0 && errno == EINTR)
		;
	v->child = 0;
	return status;
}

static int bury(struct sim *s, struct ltps_error *err)
{
	const int status = wait_for(server(s));
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL || !s->armed ||
	    s->armed_at != s->at)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "the service ended with %s %d",
				 WIFSIGNALED(status) ? "signal" : "status",
				 WIFSIGNALED(status) ? WTERMSIG(status)
						     : WEXITSTATUS(status));
	s->armed = false;
	s->owed--;
	s->crashes++;
	sim_tally(&s->points, s->armed_name);
	sim_say(s, "killed at %s", s->armed_name);
	if (!s->two.on)
		return 0;
	sim_tally(&s->events, "one-of-two-killed");
	return sim_meanwhile(s, err);
}

void sim_kill(struct sim *s)
{
	for (size_t i = 0; i < SIM_SERVERS; i++) {
		struct sim_server *v = &s->servers[i];
		hang_up(v);
		if (v->child <= 0)
			continue;
		kill(v->child, SIGKILL);
		waitpid(v->child, NULL, 0);
		v->child = 0;
	}
}

/* ---- orders ---- */

/* 1: answered; 0: it died */
static int await(struct sim *s, struct sim_reply *ret, struct ltps_error *err)
{
	ssize_t n;
	s->hung = false;
	loop_timer_set(s->watchdog, HUNG_MS);
	do {
		if (loop_run(s->loop, err) != 0)
			return -1;
		n = recv(server(s)->fd, ret, sizeof(*ret), MSG_DONTWAIT);
		/* The other one of two may have died. */
	} while (n < 0 && errno == EAGAIN && !s->hung);
	loop_timer_stop(s->watchdog);
	if (n < 0 && s->hung)
		return ltps_fail(err, LTPS_TIMEOUT, LTPS_FAULT_SELF, NULL,
				 "the service does not answer");
	return n == sizeof(*ret) ? 1 : 0;
}

static bool tell(struct sim *s, const struct sim_order *order)
{
	return send(server(s)->fd, order, sizeof(*order), MSG_NOSIGNAL) ==
	       sizeof(*order);
}

/* As await(); what is interrupted goes on after the other one has had its time. */
static int exchange(struct sim *s, const struct sim_order *order, struct sim_reply *ret,
		    struct ltps_error *err)
{
	const struct sim_order go = { .kind = SIM_ORDER_GO };
	if (!tell(s, order))
		return 0;
	for (;;) {
		int rc = await(s, ret, err);
		if (rc <= 0 || !ret->paused)
			return rc;
		sim_tally(&s->events, "one-of-two-paused");
		s->two.text[0] = '\0';
		if (sim_meanwhile(s, err) != 0)
			return -1;
		if (!tell(s, &go))
			return 0;
	}
}

static int begin(struct sim *s, struct ltps_error *err)
{
	if (server(s)->child != 0)
		return 0;
	return start(s, err) != 0 ? -1 : sim_arm_all(s, err);
}

int sim_ask(struct sim *s, const struct sim_order *order, struct sim_reply *ret,
	    struct ltps_error *err)
{
	for (int i = 0; i < DEATHS_MAX; i++) {
		if (begin(s, err) != 0)
			return -1;
		int rc = exchange(s, order, ret, err);
		if (rc != 0)
			return rc > 0 ? 0 : -1;
		if (bury(s, err) != 0)
			return -1;
	}
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			 "the service died %d times at one order", DEATHS_MAX);
}

/* It may die on the way: then it has ended too. */
static int stop_one(struct sim *s, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_END };
	struct sim_reply reply;
	if (server(s)->child == 0)
		return 0;
	int rc = exchange(s, &o, &reply, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return bury(s, err);
	wait_for(server(s));
	return 0;
}

int sim_stop(struct sim *s, struct ltps_error *err)
{
	const bool two = s->two.on;
	int rc = 0;
	/* Whoever ends now leaves nothing to the other one. */
	s->two.on = false;
	for (s->at = SIM_SERVERS; rc == 0 && s->at > 0;) {
		s->at--;
		rc = stop_one(s, err);
	}
	s->at = 0;
	s->two.on = two;
	/* Armed, and not reached: the next processes do not know of it. */
	s->armed = false;
	return rc;
}

/* ---- crashes ---- */

/* Passed at almost any work; the others, some of them once in a while only. */
static const char *const often[] = { FP_BATCH_BEGIN, FP_BEFORE_COMMIT, FP_AFTER_COMMIT,
				     FP_BEFORE_ACK };
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static const char *const *const seldom[] = {
	preserve_failpoints,   plan_failpoints,       renew_failpoints,
	renew_hash_failpoints, fixity_failpoints,     ltp_fixity_failpoints,
	period_failpoints,     signatures_failpoints,
};

/* The k-th of all tables; their number with k too large. */
static size_t seldom_at(size_t k, const char **ret_name)
{
	size_t n = 0;
	for (size_t i = 0; i < store_failpoint_count; i++, n++)
		if (n == k)
			*ret_name = store_failpoints[i];
	for (size_t t = 0; t < COUNT(seldom); t++)
		for (size_t i = 0; seldom[t][i] != NULL; i++, n++)
			if (n == k)
				*ret_name = seldom[t][i];
	return n;
}

/* A point that is not reached until the next crash is due gives way to a sure one. */
static void choose_point(struct sim *s, char *out, size_t n)
{
	struct sim_random *r = &s->random[SIM_CRASH];
	const bool sure = s->owed > 1 || sim_between(r, 0, 3) == 0;
	const char *name = often[sim_between(r, 0, COUNT(often) - 1)];
	const size_t count = seldom_at(SIZE_MAX, &name);
	const size_t k = (size_t)sim_between(r, 0, (int64_t)count - 1);
	if (!sure)
		(void)seldom_at(k, &name);
	snprintf(s->armed_name, sizeof(s->armed_name), "%s", name);
	snprintf(out, n, "%s:%d:kill", name, (int)sim_between(r, 1, sure ? 8 : 3));
}

static void add_spec(char *out, size_t n, const char *spec)
{
	const size_t at = strlen(out);
	if (spec[0] != '\0')
		snprintf(out + at, n - at, "%s%s", at > 0 ? "," : "", spec);
}

int sim_arm_all(struct sim *s, struct ltps_error *err)
{
	struct sim_order o = { .kind = SIM_ORDER_ARM };
	struct sim_reply reply;
	if (server(s)->child == 0)
		return 0;
	if (s->armed && s->armed_at == s->at)
		add_spec(o.text, sizeof(o.text), s->armed_text);
	add_spec(o.text, sizeof(o.text), s->disk.text);
	if (s->two.on && s->at == 0)
		add_spec(o.text, sizeof(o.text), s->two.text);
	int rc = exchange(s, &o, &reply, err);
	if (rc < 0 || (rc == 0 && bury(s, err) != 0))
		return -1;
	if (rc > 0 && reply.rc != 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "%s: %s",
				 o.text, reply.text);
	return 0;
}

int sim_arm(struct sim *s, struct ltps_error *err)
{
	const unsigned at = s->at;
	if (s->owed == 0 || (s->armed && s->owed == s->armed_owed))
		return 0;
	if (!s->armed && s->two.on)
		s->armed_at = (unsigned)(s->owed + s->crashes) % SIM_SERVERS;
	else if (!s->armed)
		s->armed_at = 0;
	choose_point(s, s->armed_text, sizeof(s->armed_text));
	s->armed = true;
	s->armed_owed = s->owed;
	s->at = s->armed_at;
	const int rc = sim_arm_all(s, err);
	s->at = at;
	return rc;
}
