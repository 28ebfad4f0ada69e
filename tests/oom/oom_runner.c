/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oom_runner [--all] [NAME] - every scenario (or one) with its first, second,
 * third... allocation failing, until one run needs no more. Each run must end
 * with 0 or with -1 and an error, leave OpenSSL's queue empty, leak nothing and
 * survive. A scenario of very many allocations (OpenSSL takes thousands for a
 * chain) has its first ones fail and then some evenly spread; --all: each.
 * Memory of OpenSSL, zlib and our own fails; that of SQLite is not routed
 * through base/mem.h, so that a run over storage/ would prove little: it is
 * left out.
 *
 * A process for each scenario, so that one that dies is named. Prints TAP.
 */
#include <openssl/err.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/oom/oom.h"

#define COMPLAINTS_MAX 5 /* told in detail; the rest is counted */
/* A run may take 20 ms under sanitizers: ten seconds for a long scenario. */
#define RUNS_FIRST 200
#define RUNS_SPREAD 300

/* LeakSanitizer's, when the program is built with it. */
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static bool all;

/* Seen by the parent also when the child dies. */
struct progress {
	uint64_t n; /* the allocation that fails */
	uint64_t total;
	uint64_t runs;
	unsigned complaints;
};
static struct progress *progress;

static void complain(const char *what, const struct ltps_error *err)
{
	char line[512] = "";
	if (err != NULL && err->code != LTPS_OK)
		ltps_error_line(err, line, sizeof(line));
	if (progress->complaints++ < COMPLAINTS_MAX)
		printf("# failing allocation %llu: %s%s%s\n",
		       (unsigned long long)progress->n, what,
		       line[0] != '\0' ? ": " : "", line);
}

static void check_queue(void)
{
	unsigned long e = ERR_peek_error();
	char text[200];

	if (e == 0)
		return;
	ERR_error_string_n(e, text, sizeof(text));
	complain("OpenSSL's queue is not empty", NULL);
	if (progress->complaints <= COMPLAINTS_MAX)
		printf("#   %s\n", text);
	ERR_clear_error();
}

/* Whether the hook fired: there may be a further allocation. */
static bool run_once(const struct oom_case *c, uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool hit;
	int rc;

	progress->n = n;
	mem_fail_nth(n);
	rc = c->run(&err);
	hit = mem_fail_hit() != 0;
	mem_fail_nth(0);
	if (!hit && rc != 0)
		complain("fails without need", &err);
	if (rc == -1 && err.code == LTPS_OK)
		complain("fails without an error", NULL);
	if (rc == 0 && err.code != LTPS_OK)
		complain("succeeds with an error", &err);
	if (rc != 0 && rc != -1)
		complain(rc == OOM_OTHER ? "changes the outcome"
					 : "gives neither 0 nor -1",
			 &err);
	check_queue();
	return hit;
}

/* How many allocations a run takes: the hook stays silent from there on. */
static uint64_t count_allocations(const struct oom_case *c)
{
	uint64_t low = 0, high = 1;
	while (run_once(c, high)) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (run_once(c, middle))
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* Twice unharmed: libraries keep what they made at first use. */
static void run_case(const struct oom_case *c)
{
	uint64_t n = 1, step = 1;

	run_once(c, 0);
	run_once(c, 0);
	if (progress->complaints > 0)
		return;
	progress->total = count_allocations(c);
	if (!all && progress->total > RUNS_FIRST + RUNS_SPREAD)
		step = (progress->total - RUNS_FIRST) / RUNS_SPREAD + 1;
	while (run_once(c, n)) {
		n += n < RUNS_FIRST ? 1 : step;
		progress->runs++;
	}
	if (__lsan_do_recoverable_leak_check != NULL &&
	    __lsan_do_recoverable_leak_check() != 0)
		complain("memory leaks (standard error tells where)", NULL);
}

/* 1 when the scenario is not fine. */
static int judge_case(const struct oom_case *c)
{
	int status = 0;
	pid_t pid;

	memset(progress, 0, sizeof(*progress));
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		run_case(c);
		fflush(stdout);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("oom_runner");
		exit(70);
	}
	if (status != 0)
		complain("the process died", NULL);
	printf("%s - %s (%llu allocations, %llu runs)\n",
	       progress->complaints == 0 ? "ok" : "not ok", c->name,
	       (unsigned long long)progress->total, (unsigned long long)progress->runs);
	if (progress->complaints > COMPLAINTS_MAX)
		printf("# %u complaints in all\n", progress->complaints);
	return progress->complaints == 0 ? 0 : 1;
}

static int judge_table(const struct oom_case *table, const char *only)
{
	int bad = 0;
	for (; table->name != NULL; table++)
		if (only == NULL || strcmp(only, table->name) == 0)
			bad += judge_case(table);
	return bad;
}

int main(int argc, char **argv)
{
	const char *only;
	int bad = 0;

	all = argc > 1 && strcmp(argv[1], "--all") == 0;
	only = argc > 1 + all ? argv[1 + all] : NULL;
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED) {
		perror("oom_runner");
		return 70;
	}
	oom_world_make();
	oom_validation_make();
	oom_scvp_make();
	oom_reports_make();
	oom_pdf_make();
	bad += judge_table(oom_base, only);
	bad += judge_table(oom_formats, only);
	bad += judge_table(oom_timestamping, only);
	bad += judge_table(oom_upper, only);
	bad += judge_table(oom_validation, only);
	bad += judge_table(oom_scvp, only);
	bad += judge_table(oom_reports, only);
	bad += judge_table(oom_pdf, only);
	oom_pdf_free();
	oom_reports_free();
	oom_scvp_free();
	oom_validation_free();
	oom_world_free();
	return bad > 0 ? 1 : 0;
}
