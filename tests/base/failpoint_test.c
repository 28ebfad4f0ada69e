/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"

static void arm(const char *specs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(failpoint_arm(specs, &err), 0, "%s", specs);
}

Test(failpoint, unarmed_never_fails)
{
	for (int i = 0; i < 10; i++)
		cr_assert(!failpoint_pass("a"));
}

Test(failpoint, fails_at_the_nth_passage_only)
{
	arm("a:3:fail");
	for (int i = 1; i <= 10; i++) {
		cr_assert(!failpoint_pass("b"));
		cr_assert_eq(failpoint_pass("a"), i == 3, "%d", i);
	}
}

Test(failpoint, several_specs_count_on_their_own)
{
	arm("a:1:fail,b:2:fail,a:3:fail");
	cr_assert(failpoint_pass("a"));
	cr_assert(!failpoint_pass("b"));
	cr_assert(!failpoint_pass("a"));
	cr_assert(failpoint_pass("a"));
	cr_assert(failpoint_pass("b"));
	cr_assert(!failpoint_pass("a"));
}

Test(failpoint, full_disk_fails_everywhere_until_armed_anew)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	arm("a:2:full");
	cr_assert(!failpoint_pass("a"));
	cr_assert(!failpoint_pass("b"));
	cr_assert(failpoint_pass("a"));
	cr_assert_eq(failpoint_fail("b", &err), -1);
	cr_assert_eq(err.code, LTPS_NO_SPACE, "%s", err.text);
	cr_assert(failpoint_pass("a"));
	arm("a:9:fail");
	cr_assert(!failpoint_pass("b"), "there is room again");
}

Test(failpoint, a_failure_that_is_no_full_disk_is_io)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	arm("a:1:fail");
	cr_assert_eq(failpoint_fail("a", &err), -1);
	cr_assert_eq(err.code, LTPS_IO, "%s", err.text);
}

static void count_pause(void *arg, const char *name)
{
	cr_assert_str_eq(name, "a");
	++*(int *)arg;
}

Test(failpoint, pause_calls_and_does_not_fail)
{
	int n = 0;
	failpoint_on_pause(count_pause, &n);
	arm("a:2:pause");
	for (int i = 0; i < 5; i++)
		cr_assert(!failpoint_pass("a") && !failpoint_pass("b"));
	cr_assert_eq(n, 1);
	failpoint_on_pause(NULL, NULL);
	arm("a:1:pause");
	cr_assert(!failpoint_pass("a"));
}

Test(failpoint, prefix_of_a_name_is_another_point)
{
	arm("storage.commit:1:fail");
	cr_assert(!failpoint_pass("storage"));
	cr_assert(!failpoint_pass("storage.commit2"));
	cr_assert(!failpoint_pass(""));
	cr_assert(failpoint_pass("storage.commit"));
}

Test(failpoint, nothing_or_null_disarms)
{
	arm("a:1:fail");
	arm("");
	cr_assert(!failpoint_pass("a"));
	arm("a:1:fail");
	arm(NULL);
	cr_assert(!failpoint_pass("a"));
}

Test(failpoint, malformed_spec_is_refused_and_changes_nothing)
{
	static const char *const bad[] = {
		"a",
		"a:",
		"a:1",
		"a:1:",
		"a:1:FAIL",
		"a:1:fail:",
		"a:1:exit",
		":1:fail",
		"a::fail",
		"a:0:fail",
		"a:-1:fail",
		"a:x:fail",
		"a:1 :fail",
		"a:1:fail,",
		",a:1:fail",
		"a:1:fail,,b:1:fail",
		"a:1:fail b:1:fail",
		"a:10000000000:fail",
		",",
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:"
		 "fail"),
	};
	arm("kept:1:fail");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_assert_eq(failpoint_arm(bad[i], &err), -1, "%s", bad[i]);
		cr_assert_eq(err.code, LTPS_ARGUMENT);
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
	}
	cr_assert(failpoint_pass("kept"));
}

Test(failpoint, sixteen_specs_fit_and_seventeen_do_not)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char specs[17 * 9 + 1] = "";
	for (int i = 0; i < 17; i++)
		strcat(specs, i == 0 ? "a:1:fail" : ",a:1:fail");
	cr_assert_eq(failpoint_arm(specs, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	specs[16 * 9 - 1] = '\0';
	arm(specs);
}

Test(failpoint, longest_name_is_accepted)
{
	arm("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:1:fail");
	cr_assert(failpoint_pass(
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

Test(failpoint, kill_ends_the_process_at_the_nth_passage)
{
	arm("a:2:kill");
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		if (failpoint_pass("a"))
			_exit(1);
		if (failpoint_pass("a"))
			_exit(2);
		_exit(3);
	}
	int status = 0;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status));
	cr_assert_eq(WTERMSIG(status), SIGKILL);
}
