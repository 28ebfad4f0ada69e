/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <string.h>

#include "scheduler/job.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

static char dir[4096];
static struct store *store;
static struct store_conn *reader;

static void setup(void)
{
	fixture_start(dir, &store, &reader);
}

static void teardown(void)
{
	fixture_stop(dir, store, reader);
}

TestSuite(job, .init = setup, .fini = teardown);

struct work {
	const char *kind, *subject;
	int64_t due, now, lease;
	bool added, found, dead, final;
	const struct job_policy *policy;
	const struct ltps_error *why;
	struct job job;
};

static int run_add(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return job_add(c, w->kind, w->subject, w->due, &w->added, err);
}

static int run_claim(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	struct job_claim claim = {
		.kind = w->kind, .owner = "test", .now_ms = w->now, .lease_ms = w->lease
	};
	return job_claim(c, &claim, &w->job, &w->found, err);
}

static int run_finish(struct store_conn *c, void *arg, struct ltps_error *err)
{
	return job_finish(c, &((struct work *)arg)->job, err);
}

static int run_extend(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return job_extend(c, &w->job, w->now, w->lease, err);
}

static int run_postpone(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	return job_postpone(c, &w->job, w->due, err);
}

static int run_fail(struct store_conn *c, void *arg, struct ltps_error *err)
{
	struct work *w = arg;
	struct job_failure f = { .job = &w->job,
				 .policy = w->policy,
				 .now_ms = w->now,
				 .why = w->why,
				 .final = w->final };
	return job_fail(c, &f, &w->dead, err);
}

static enum ltps_code
code_of(int (*run)(struct store_conn *, void *, struct ltps_error *), struct work *w)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = store_write(store, run, w, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

static bool add(const char *kind, const char *subject, int64_t due)
{
	struct work w = { .kind = kind, .subject = subject, .due = due };
	cr_assert_eq(code_of(run_add, &w), LTPS_OK);
	return w.added;
}

static struct work claim(const char *kind, int64_t now, int64_t lease)
{
	struct work w = { .kind = kind, .now = now, .lease = lease };
	cr_assert_eq(code_of(run_claim, &w), LTPS_OK);
	return w;
}

static int64_t next_due(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t due = -1;
	cr_assert_eq(queue_next_due(reader, NULL, &due, &err), 0);
	return due;
}

Test(job, is_found_by_kind_and_subject_alone)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct queue_row row;
	bool found = true;
	struct work w = { .kind = "renew", .subject = "7", .due = 5 };
	cr_assert_eq(store_write(store, run_add, &w, &err), 0);
	cr_assert_eq(queue_find(reader, "renew", "70", &row, &found, &err), 0);
	cr_expect_not(found);
	cr_assert_eq(queue_find(reader, "other", "7", &row, &found, &err), 0);
	cr_expect_not(found);
	cr_assert_eq(queue_find(reader, "renew", "7", &row, &found, &err), 0);
	cr_assert(found);
	cr_expect_eq(row.due_ms, 5);
	cr_expect_eq(row.state, QUEUE_WAITING);
}

Test(job, due_since_ever_is_not_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t due = -1;
	struct work w = { .kind = "renew", .subject = "7", .due = 0 };
	cr_assert_eq(store_write(store, run_add, &w, &err), 0);
	cr_expect_gt(next_due(), 0);
	cr_assert_eq(queue_next_due(reader, "renew", &due, &err), 0);
	cr_expect_gt(due, 0);
	cr_assert_eq(queue_next_due(reader, "other", &due, &err), 0);
	cr_expect_eq(due, 0);
}

Test(job, unacceptable_jobs_are_refused)
{
	char longest[STORE_SUBJECT_MAX + 2];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	struct work w = { .kind = "k", .subject = longest };
	cr_assert_eq(code_of(run_add, &w), LTPS_ARGUMENT);
	w.subject = "";
	cr_assert_eq(code_of(run_add, &w), LTPS_ARGUMENT);
	w.subject = "s";
	w.kind = NULL;
	cr_assert_eq(code_of(run_add, &w), LTPS_ARGUMENT);
	w.kind = "k";
	w.now = 5;
	w.lease = 0;
	cr_assert_eq(code_of(run_claim, &w), LTPS_ARGUMENT);
}

Test(job, nothing_is_claimed_before_it_is_due)
{
	cr_assert_eq(next_due(), 0);
	cr_assert(add("k", "s", 100));
	cr_assert_eq(next_due(), 100);
	cr_assert_not(claim(NULL, 99, 10).found);
	cr_assert_not(claim("other", 100, 10).found);
	struct work w = claim("k", 100, 10);
	cr_assert(w.found);
	cr_assert_str_eq(w.job.subject, "s");
	cr_assert_eq(w.job.attempts, 1);
	cr_assert_not(claim(NULL, 109, 10).found);
}

Test(job, most_overdue_comes_first)
{
	add("k", "late", 300);
	add("k", "early", 100);
	add("j", "middle", 200);
	cr_assert_str_eq(claim(NULL, 1000, 10).job.subject, "early");
	cr_assert_str_eq(claim(NULL, 1000, 10).job.subject, "middle");
	cr_assert_str_eq(claim("k", 1000, 10).job.subject, "late");
}

Test(job, adding_twice_keeps_one_and_the_earlier_time)
{
	cr_assert(add("k", "s", 100));
	cr_assert_not(add("k", "s", 200));
	cr_assert_eq(next_due(), 100);
	cr_assert_not(add("k", "s", 50));
	cr_assert_eq(next_due(), 50);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM job"), 1);
}

Test(job, lease_that_ran_out_is_claimed_anew_and_the_old_holder_refused)
{
	add("k", "s", 100);
	struct work old = claim(NULL, 100, 10);
	struct work new = claim(NULL, 110, 10);
	cr_assert(new.found);
	cr_assert_eq(new.job.id, old.job.id);
	cr_assert_eq(new.job.attempts, 2);
	cr_assert_neq(new.job.fence, old.job.fence);
	old.now = 111;
	old.lease = 100;
	cr_assert_eq(code_of(run_finish, &old), LTPS_STATE);
	cr_assert_eq(code_of(run_fail, &old), LTPS_STATE);
	cr_assert_eq(code_of(run_extend, &old), LTPS_STATE);
	cr_assert_eq(code_of(run_postpone, &old), LTPS_STATE);
	cr_assert_eq(code_of(run_finish, &new), LTPS_OK);
	cr_assert_eq(code_of(run_finish, &new), LTPS_NOT_FOUND);
	cr_assert_eq(next_due(), 0);
}

Test(job, extended_lease_holds)
{
	add("k", "s", 100);
	struct work w = claim(NULL, 100, 10);
	w.now = 105;
	w.lease = 100;
	cr_assert_eq(code_of(run_extend, &w), LTPS_OK);
	cr_assert_eq(w.job.lease_until_ms, 205);
	cr_assert_not(claim(NULL, 204, 10).found);
	cr_assert(claim(NULL, 205, 10).found);
}

Test(job, added_while_running_runs_again)
{
	add("k", "s", 100);
	struct work w = claim(NULL, 100, 10);
	cr_assert_not(add("k", "s", 150));
	cr_assert_not(add("k", "s", 140));
	cr_assert_eq(code_of(run_finish, &w), LTPS_OK);
	cr_assert_eq(next_due(), 140);
	struct work again = claim(NULL, 140, 10);
	cr_assert(again.found);
	cr_assert_eq(again.job.attempts, 1);
	cr_assert_eq(code_of(run_finish, &again), LTPS_OK);
	cr_assert_eq(next_due(), 0);
}

Test(job, postponed_job_does_not_count_the_attempt)
{
	add("k", "s", 100);
	struct work w = claim(NULL, 100, 10);
	w.due = 500;
	cr_assert_eq(code_of(run_postpone, &w), LTPS_OK);
	cr_assert_not(claim(NULL, 499, 10).found);
	cr_assert_eq(claim(NULL, 500, 10).job.attempts, 1);
}

struct seen {
	struct queue_row rows[8];
	size_t n;
};

static int see(void *arg, const struct queue_row *row, struct ltps_error *err)
{
	(void)err;
	struct seen *s = arg;
	s->rows[s->n++] = *row;
	return 0;
}

static struct seen list(const char *kind, int state)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct seen s = { .n = 0 };
	struct queue_query q = { .kind = kind, .state = state };
	cr_assert_eq(queue_list(reader, &q, see, &s, &err), 0);
	return s;
}

Test(job, failures_back_off_and_give_up)
{
	static const struct job_policy policy = { .first_delay_ms = 1000,
						  .longest_delay_ms = 3000,
						  .attempts_max = 3 };
	struct ltps_error why = LTPS_ERROR_INIT;
	ltps_fail(&why, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "no answer");
	add("k", "s", 0);
	int64_t now = 0;
	for (unsigned attempt = 1; attempt <= 3; attempt++) {
		struct work w = claim(NULL, now, 10);
		cr_assert(w.found);
		cr_assert_eq(w.job.attempts, attempt);
		w.policy = &policy;
		w.why = &why;
		w.now = now;
		cr_assert_eq(code_of(run_fail, &w), LTPS_OK);
		cr_assert_eq(w.dead, attempt == 3);
		if (!w.dead) {
			int64_t due = next_due();
			cr_assert_geq(due, now + 1000 * (int64_t)attempt);
			cr_assert_lt(due, now + 1125 * (int64_t)attempt);
			now = due;
		}
	}
	struct seen s = list(NULL, QUEUE_DEAD);
	cr_assert_eq(s.n, 1);
	cr_assert_str_eq(s.rows[0].last_error, "no answer");
	cr_assert_not(claim(NULL, INT64_MAX / 2, 10).found);
	/* Asked for again, it starts afresh. */
	cr_assert_not(add("k", "s", 7));
	cr_assert_eq(claim(NULL, 7, 10).job.attempts, 1);
}

Test(job, final_failure_is_given_up_at_once)
{
	add("k", "s", 0);
	struct work w = claim(NULL, 0, 10);
	w.final = true;
	cr_assert_eq(code_of(run_fail, &w), LTPS_OK);
	cr_assert(w.dead);
	cr_assert_eq(list(NULL, QUEUE_DEAD).n, 1);
	cr_assert_eq(list("other", QUEUE_DEAD).n, 0);
	cr_assert_eq(list("k", QUEUE_WAITING).n, 0);
}

Test(job, delays_double_up_to_the_longest)
{
	static const struct job_policy p = { .first_delay_ms = 100,
					     .longest_delay_ms = 1000 };
	for (uint64_t id = 0; id < 50; id++) {
		static const int64_t base[] = { 100, 100, 200, 400, 800, 1000, 1000 };
		for (uint32_t a = 0; a < 7; a++) {
			int64_t d = job_delay(&p, a, id);
			cr_assert_geq(d, base[a]);
			cr_assert_leq(d, base[a] + base[a] / 8);
		}
	}
	cr_assert_gt(job_delay(job_policy_default(), UINT32_MAX, 1), 0);
}

/* ---- sums for an operator ---- */

struct sums {
	struct queue_sum list[4];
	size_t n;
};

static int take_sum(void *arg, const struct queue_sum *sum, struct ltps_error *err)
{
	struct sums *s = arg;
	(void)err;
	cr_assert_lt(s->n, 4);
	s->list[s->n++] = *sum;
	return 0;
}

static struct sums sums_at(int64_t now)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sums s = { .n = 0 };
	cr_assert_eq(queue_sums(reader, now, take_sum, &s, &err), 0, "%s", err.text);
	return s;
}

static void expect_sum(const struct queue_sum *s, uint64_t waiting, uint64_t due,
		       uint64_t running, uint64_t dead)
{
	cr_expect_eq(s->waiting, waiting, "%s waits", s->kind);
	cr_expect_eq(s->due, due, "%s is due", s->kind);
	cr_expect_eq(s->running, running, "%s runs", s->kind);
	cr_expect_eq(s->dead, dead, "%s was given up", s->kind);
}

Test(job, sums_tell_what_waits_is_due_runs_and_was_given_up)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	cr_expect_eq(sums_at(0).n, 0);
	(void)!ltps_fail(&why, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "no answer");
	add("a", "dead", 0);
	struct work w = claim("a", 0, 10);
	w.final = true;
	w.why = &why;
	cr_assert_eq(code_of(run_fail, &w), LTPS_OK);
	add("a", "running", 5);
	claim("a", 5, 100);
	add("a", "due", 50);
	add("a", "later", 500);
	add("b", "later", 500);
	const struct sums s = sums_at(60);
	cr_assert_eq(s.n, 2);
	expect_sum(&s.list[0], 1, 1, 1, 1);
	cr_expect_eq(s.list[0].due_since_ms, 50);
	cr_expect_not_null(strstr(s.list[0].last_error, "no answer"));
	expect_sum(&s.list[1], 1, 0, 0, 0);
	cr_expect_eq(s.list[1].due_since_ms, INT64_MAX);
	cr_expect_str_eq(s.list[1].last_error, "");
	/* A lease that ran out is due again. */
	expect_sum(&sums_at(200).list[0], 1, 2, 0, 1);
}
