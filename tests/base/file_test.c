/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/mem.h"

static char dir[64];

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "/tmp/ltps-file-XXXXXX");
	cr_assert_neq(mkdtemp(dir), NULL);
}

static void remove_dir(void)
{
	char command[192];
	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", dir, dir);
	cr_assert_eq(system(command), 0);
}

TestSuite(file, .init = make_dir, .fini = remove_dir);

static const char *in_dir(const char *name)
{
	static char path[PATH_MAX];
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(file_join(dir, name, path, sizeof(path), &err), 0);
	return path;
}

static size_t count_entries(void)
{
	size_t n = 0;
	DIR *d = opendir(dir);
	cr_assert_neq(d, NULL);
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void write_text(const char *name, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(file_write(in_dir(name), view_text(text), 0600, &err), 0, "%s",
		     err.text);
}

static void assert_holds(const char *name, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1000);
	cr_assert_eq(file_read(in_dir(name), &b, &err), 0, "%s", err.text);
	cr_assert(view_is_text(view_buf(&b), text));
	buf_free(&b);
}

Test(file, missing_file_is_not_found_with_its_path)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(10);
	cr_assert_eq(file_read(in_dir("none"), &b, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	cr_assert_eq(strncmp(err.where, dir, strlen(dir)), 0);
	cr_assert_eq(b.p, NULL);
}

Test(file, folder_is_no_file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(10);
	cr_assert_eq(file_read(dir, &b, &err), -1);
	cr_assert_eq(err.code, LTPS_IO);
}

Test(file, larger_than_the_maximum_is_too_large)
{
	write_text("ten", "0123456789");
	for (size_t max = 0; max <= 11; max++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(max);
		int rc = file_read(in_dir("ten"), &b, &err);
		cr_assert_eq(rc, max >= 10 ? 0 : -1, "%zu", max);
		cr_assert_eq(b.n, max >= 10 ? 10 : 0);
		if (rc != 0) {
			cr_assert_eq(err.code, LTPS_TOO_LARGE);
			cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
		}
		buf_free(&b);
	}
}

Test(file, empty_file_is_read_with_maximum_zero)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(0);
	write_text("empty", "");
	cr_assert_eq(file_read(in_dir("empty"), &b, &err), 0);
	cr_assert_eq(b.n, 0);
	buf_free(&b);
}

Test(file, file_of_no_stated_size_is_read_to_its_end)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1 << 20);
	cr_assert_eq(file_read("/proc/self/maps", &b, &err), 0);
	cr_assert_gt(b.n, 100);
	buf_free(&b);
	b = buf_make(10);
	cr_assert_eq(file_read("/proc/self/maps", &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	b = buf_make(1 << 20);
	cr_assert_eq(file_read("/dev/zero", &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
}

Test(file, dash_reads_standard_input)
{
	int ends[2];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(100);
	cr_assert_eq(pipe(ends), 0);
	cr_assert_eq(write(ends[1], "piped", 5), 5);
	close(ends[1]);
	cr_assert_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	cr_assert_eq(file_read("-", &b, &err), 0);
	cr_assert(view_is_text(view_buf(&b), "piped"));
	buf_free(&b);
}

Test(file, failed_allocation_leaves_the_buffer_empty)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(100);
	write_text("a", "text");
	mem_fail_nth(1);
	cr_assert_eq(file_read(in_dir("a"), &b, &err), -1);
	cr_assert_eq(err.code, LTPS_NOMEM);
	cr_assert_eq(b.n, 0);
}

Test(file, write_replaces_the_whole_file)
{
	write_text("a", "longer than the second");
	write_text("a", "second");
	assert_holds("a", "second");
	cr_assert_eq(count_entries(), 1);
}

Test(file, write_uses_the_mode)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct stat st;
	umask(022);
	cr_assert_eq(file_write(in_dir("key"), view_text("k"), 0600, &err), 0);
	cr_assert_eq(stat(in_dir("key"), &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0600);
	cr_assert_eq(file_write(in_dir("pub"), view_text("k"), 0666, &err), 0);
	cr_assert_eq(stat(in_dir("pub"), &st), 0);
	cr_assert_eq(st.st_mode & 0777, 0644);
}

Test(file, write_into_a_missing_folder_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(file_write(in_dir("none/a"), view_text("x"), 0600, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(file, write_over_a_folder_fails_and_leaves_no_temporary)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(mkdir(in_dir("d"), 0700), 0);
	cr_assert_eq(file_write(in_dir("d"), view_text("x"), 0600, &err), -1);
	cr_assert_eq(err.code, LTPS_IO);
	cr_assert_eq(count_entries(), 1);
}

Test(file, write_that_fails_before_the_rename_keeps_the_old_file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	write_text("a", "old");
	cr_assert_eq(failpoint_arm("file.before-rename:1:fail", &err), 0);
	cr_assert_eq(file_write(in_dir("a"), view_text("new"), 0600, &err), -1);
	cr_assert_eq(err.code, LTPS_IO);
	assert_holds("a", "old");
	cr_assert_eq(count_entries(), 1);
}

Test(file, write_does_not_follow_a_link_at_the_target)
{
	char target[PATH_MAX];
	write_text("target", "kept");
	snprintf(target, sizeof(target), "%s", in_dir("target"));
	cr_assert_eq(symlink(target, in_dir("link")), 0);
	write_text("link", "new");
	assert_holds("target", "kept");
	assert_holds("link", "new");
}

Test(file, make_dir_makes_parents_and_accepts_what_is_there)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct stat st;
	for (int i = 0; i < 2; i++)
		cr_assert_eq(file_make_dir(in_dir("a//b/c/"), 0700, &err), 0, "%s",
			     err.text);
	cr_assert_eq(stat(in_dir("a/b/c"), &st), 0);
	cr_assert(S_ISDIR(st.st_mode));
	cr_assert_eq(file_make_dir("/", 0700, &err), 0);
}

Test(file, make_dir_through_a_file_fails)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	write_text("a", "x");
	cr_assert_eq(file_make_dir(in_dir("a"), 0700, &err), -1);
	cr_assert_eq(err.code, LTPS_IO);
	ltps_error_clear(&err);
	cr_assert_eq(file_make_dir(in_dir("a/b"), 0700, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(file_make_dir("", 0700, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(file, path_too_long_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char path[PATH_MAX + 10];
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	cr_assert_eq(file_write(path, view_text("x"), 0600, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	cr_assert_eq(file_make_dir(path, 0700, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(file, join_puts_one_slash_and_keeps_to_the_size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char out[8] = "before";
	cr_assert_eq(file_join("abc", "defg", out, sizeof(out), &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_str_eq(out, "before");
	ltps_error_clear(&err);
	cr_assert_eq(file_join("abc", "def", out, sizeof(out), &err), 0);
	cr_assert_str_eq(out, "abc/def");
	cr_assert_eq(file_join("abc/", "def", out, sizeof(out), &err), 0);
	cr_assert_str_eq(out, "abc/def");
	cr_assert_eq(file_join("/", "x", out, sizeof(out), &err), 0);
	cr_assert_str_eq(out, "/x");
}
