/* SPDX-License-Identifier: Apache-2.0 */
/* simulate - the run: time goes from what is due to what is due next. */
#include "server/simulate.h"

#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* The first of January of this year. */
#define START "2030-01-01T00:00:00Z"
/* After the end, for what is waited for then. */
#define AFTERWARDS_MS (5 * SIM_DAY_MS)
/* Crashes that did not come in their time are caught up with for so long. */
#define CATCH_UP_MS (5 * SIM_YEAR_MS)
/* A service that fails so often in a row is broken, not in trouble. */
#define FAILURES_MAX 2000
#define TROUBLE_STEP_MS (4 * SIM_HOUR_MS)
/* Looks that are as often as they like, and the first step of those behind them. */
#define LOOKS_FREE 4
#define LOOK_STEP_MS (60 * SIM_SECOND_MS)
#define MEMORY_DIR "/dev/shm"

static const struct {
	const char *name;
	enum sim_fault fault;
} faults[] = {
	{ "skipped-renewal", SIM_FAULT_SKIPPED_RENEWAL },
	{ "dropped-token", SIM_FAULT_DROPPED_TOKEN },
	{ "swapped-object", SIM_FAULT_SWAPPED_OBJECT },
	{ "late-renewal", SIM_FAULT_LATE_RENEWAL },
	{ "long-sleep", SIM_FAULT_LONG_SLEEP },
};
#define N_FAULTS (sizeof(faults) / sizeof(faults[0]))

const char *sim_fault_name(enum sim_fault fault)
{
	for (size_t i = 0; i < N_FAULTS; i++)
		if (faults[i].fault == fault)
			return faults[i].name;
	return "none";
}

bool sim_fault_parse(const char *text, enum sim_fault *ret)
{
	for (size_t i = 0; i < N_FAULTS; i++) {
		if (strcmp(faults[i].name, text) != 0)
			continue;
		*ret = faults[i].fault;
		return true;
	}
	return false;
}

int64_t sim_now(const struct sim *s)
{
	return atomic_load(&s->shared->now_ms);
}

void sim_say(const struct sim *s, const char *fmt, ...)
{
	char when[TIME_TEXT_MAX];
	va_list ap;
	if (!s->o.verbose)
		return;
	time_rfc3339(sim_now(s), when);
	progress_hide();
	fprintf(stderr, "%.10s ", when);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* By name, so that the summary does not depend on what came first. */
void sim_tally(struct sim_tallies *t, const char *name)
{
	size_t i = 0;
	int order = 1;
	while (i < t->n && (order = strncmp(t->t[i].name, name, SIM_ACT_MAX - 1)) < 0)
		i++;
	if (i == t->n || order != 0) {
		if (t->n == SIM_ACTS_MAX)
			return;
		memmove(&t->t[i + 1], &t->t[i], (t->n - i) * sizeof(t->t[0]));
		t->n++;
		t->t[i].n = 0;
		snprintf(t->t[i].name, SIM_ACT_MAX, "%s", name);
	}
	t->t[i].n++;
}

/* ---- begin ---- */

static int make_dirs(struct sim *s, struct ltps_error *err)
{
	const struct {
		const char *name;
		char *out;
	} dirs[] = { { "store", s->store_dir },
		     { "copies", s->copies_dir },
		     { "out", s->out_dir } };
	if (s->o.dir == NULL) {
		const bool memory = access(MEMORY_DIR, W_OK) == 0;
		snprintf(s->dir, sizeof(s->dir), "%s/ltps-simulate-XXXXXX",
			 memory ? MEMORY_DIR : "/tmp");
		if (mkdtemp(s->dir) == NULL)
			return ltps_fail_errno(err, "no directory for the simulation");
		s->own_dir = true;
	} else if (strlen(s->o.dir) >= sizeof(s->dir)) {
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the name of the directory is too long");
	} else {
		snprintf(s->dir, sizeof(s->dir), "%s", s->o.dir);
		if (file_make_dir(s->dir, 0755, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < 3; i++)
		if (file_join(s->dir, dirs[i].name, dirs[i].out, SIM_PATH_MAX, err) !=
			0 ||
		    (access(dirs[i].out, F_OK) == 0 &&
		     ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL,
			       "%s is there already", dirs[i].out) != 0) ||
		    file_make_dir(dirs[i].out, 0755, err) != 0)
			return -1;
	return 0;
}

static int share(struct sim *s, struct ltps_error *err)
{
	s->shared_n =
	    sizeof(*s->shared) + (s->o.objects * 2 + 1) * sizeof(struct sim_object);
	s->shared = mmap(NULL, s->shared_n, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->shared == MAP_FAILED) {
		s->shared = NULL;
		return ltps_fail_errno(err, "no shared memory");
	}
	s->damaged_ms = mem_zalloc(s->o.objects, sizeof(*s->damaged_ms));
	s->harmed = mem_zalloc(s->o.objects, sizeof(*s->harmed));
	s->losses = mem_zalloc(s->o.objects, sizeof(*s->losses));
	if (s->damaged_ms == NULL || s->harmed == NULL || s->losses == NULL)
		return ltps_fail_nomem(err);
	atomic_store(&s->shared->now_ms, s->start_ms);
	return 0;
}

int sim_begin(const struct sim_options *o, struct sim *s, struct ltps_error *err)
{
	memset(s, 0, sizeof(*s));
	s->o = *o;
	for (size_t i = 0; i < SIM_SERVERS; i++)
		s->servers[i].fd = -1;
	s->chosen = o->fault == SIM_FAULT_NONE ? UINT64_MAX : o->objects / 3;
	if (time_parse_rfc3339(view_text(START), &s->start_ms, err) != 0)
		return -1;
	s->end_ms = s->start_ms + o->years * SIM_YEAR_MS;
	for (uint64_t i = 0; i < SIM_EVENT_COUNT; i++)
		s->random[i] = sim_random_of(o->seed, i);
	if (make_dirs(s, err) != 0 || share(s, err) != 0 ||
	    sim_pki_plan_ends(s, err) != 0 || sim_pki_begin(s, err) != 0 ||
	    loop_timer_new(s->loop, sim_watchdog, s, &s->watchdog, err) != 0)
		return -1;
	return sim_plan(s, err);
}

/* ---- run ---- */

static int events(struct sim *s, struct ltps_error *err)
{
	struct sim_event e;
	while (sim_calendar_take(&s->calendar, sim_now(s), &e))
		if (sim_event(s, &e, err) != 0)
			return -1;
	return 0;
}

static int serve(struct sim *s, int64_t *ret_next_ms, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_RUN,
				     .hold = sim_now(s) < s->hold_until_ms };
	struct sim_reply reply;
	if (s->restart && sim_stop(s, err) != 0)
		return -1;
	if (sim_arm(s, err) != 0 || (s->two.on ? sim_serve_two(s, &reply, err)
					       : sim_ask(s, &o, &reply, err)) != 0)
		return -1;
	s->runs++;
	*ret_next_ms = INT64_MAX;
	if (reply.next_ms != INT64_MAX)
		*ret_next_ms = reply.next_ms - atomic_load(&s->shared->skew_ms);
	if (reply.rc == 0) {
		s->failures_in_row = 0;
		return 0;
	}
	sim_say(s, "the service fails: %s", reply.text);
	s->failures++;
	if (sim_disk_refused(s, err) != 0)
		return -1;
	if (++s->failures_in_row > FAILURES_MAX)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "the service does nothing but fail: %s", reply.text);
	return 0;
}

/* While something outside is out of order, what is tried again and again is tried every
 * few hours: weeks of it in steps of seconds would show nothing more. */
static bool is_in_trouble(const struct sim *s)
{
	for (unsigned i = 0; i < SIM_SLOTS; i++)
		if (!s->slots[i].open || s->slots[i].trouble)
			return true;
	return s->status_trouble || s->clock_wrong || s->disk.full;
}

/* What looks again and again and finds nothing is asked for less and less often, down
 * to once a day: polling is of no interest for a century. */
static int64_t not_before(struct sim *s, int64_t next_ms, bool happened)
{
	const int64_t now_ms = sim_now(s);
	if (happened || next_ms > now_ms + SIM_DAY_MS)
		s->looks = 0;
	else
		s->looks++;
	if (is_in_trouble(s))
		return now_ms + TROUBLE_STEP_MS;
	if (s->looks <= LOOKS_FREE)
		return now_ms;
	const unsigned doubled = s->looks - LOOKS_FREE;
	const int64_t step_ms = LOOK_STEP_MS << (doubled < 6 ? 2 * doubled : 12);
	return now_ms + (step_ms < SIM_DAY_MS ? step_ms : SIM_DAY_MS);
}

/* To what is due next, at most until then. */
static void pass(struct sim *s, int64_t next_ms, int64_t until_ms, bool happened)
{
	const int64_t event_ms = sim_calendar_next(&s->calendar);
	const int64_t now_ms = sim_now(s);
	const int64_t least_ms = not_before(s, next_ms, happened);
	if (next_ms < least_ms)
		next_ms = least_ms;
	if (event_ms < next_ms)
		next_ms = event_ms;
	if (sim_now(s) < s->hold_until_ms && s->hold_until_ms < next_ms)
		next_ms = s->hold_until_ms;
	if (until_ms < next_ms)
		next_ms = until_ms;
	if (next_ms <= now_ms)
		next_ms = now_ms + SIM_SECOND_MS;
	atomic_store(&s->shared->now_ms, next_ms);
}

/* What comes behind the end is part of the last year. */
static void tell(const struct sim *s)
{
	const int64_t years = (sim_now(s) - s->start_ms) / SIM_YEAR_MS;
	progress_step(s->o.progress, "year", PROGRESS_THINGS,
		      (uint64_t)(years < s->o.years ? years : s->o.years),
		      (uint64_t)s->o.years);
}

static int run_until(struct sim *s, int64_t until_ms, struct ltps_error *err)
{
	while (sim_now(s) < until_ms) {
		int64_t next_ms = s->down_until_ms;
		tell(s);
		bool happened = sim_calendar_next(&s->calendar) <= sim_now(s);
		if (events(s, err) != 0)
			return -1;
		/* Every exchange with the world takes time. */
		const int64_t before_ms = sim_now(s);
		if (before_ms >= s->down_until_ms && serve(s, &next_ms, err) != 0)
			return -1;
		happened = happened || sim_now(s) != before_ms;
		pass(s, next_ms, until_ms, happened);
	}
	return 0;
}

int sim_run(struct sim *s, struct ltps_error *err)
{
	const int64_t last_ms = s->end_ms + CATCH_UP_MS;
	if (run_until(s, s->end_ms, err) != 0)
		return -1;
	/* A disk that was to be full, and did not become so in time. */
	s->disk = (struct sim_disk){ .full = false };
	if (sim_arm_all(s, err) != 0)
		return -1;
	while (s->owed > 0 && sim_now(s) < last_ms) {
		s->armed_owed = 0; /* another point, if the one was not reached */
		if (run_until(s, sim_now(s) + SIM_WATCH_MS, err) != 0)
			return -1;
	}
	return run_until(s, sim_now(s) + AFTERWARDS_MS, err);
}

/* ---- what came of it ---- */

int sim_loss_add(struct sim *s, uint64_t object, bool lost, const char *reason,
		 struct ltps_error *err)
{
	(void)err;
	struct sim_loss *l = &s->losses[s->n_losses++];
	l->object = object;
	l->lost = lost;
	snprintf(l->reason, sizeof(l->reason), "%s", reason);
	if (lost)
		s->lost++;
	else
		s->unverifiable++;
	return 0;
}

int sim_harm(struct sim *s, uint64_t object, struct ltps_error *err)
{
	(void)err;
	for (size_t i = 0; i < s->n_harmed; i++)
		if (s->harmed[i] == object)
			return 0;
	s->harmed[s->n_harmed++] = object;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

void sim_end(struct sim *s)
{
	sim_kill(s);
	loop_timer_free(s->watchdog);
	devpki_http_free(s->http);
	devpki_free(s->pki);
	loop_free(s->loop);
	material_free(s->trust);
	mem_free(s->calendar.events);
	mem_free(s->damaged_ms);
	mem_free(s->harmed);
	mem_free(s->losses);
	if (s->shared != NULL)
		munmap(s->shared, s->shared_n);
	if (s->own_dir && !s->o.keep)
		nftw(s->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
