/* SPDX-License-Identifier: Apache-2.0 */
/* The directory: what a reopened PKI knows, also after SIGKILL at any write. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "tests/support/devpki_kit.h"

#define T2026 "2026-06-01T12:00:00Z"

static int reopen(const char *dir, struct devpki **ret_p, struct ltps_error *err)
{
	struct devpki_options o = { .control = true,
				    .clock = clock_fixed(kit_time(T2026)) };
	return devpki_open(dir, &o, ret_p, err);
}

static struct devpki *must_reopen(const char *dir)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = NULL;
	cr_assert_eq(reopen(dir, &p, &err), 0, "%s: %s", err.where, err.text);
	return p;
}

static void expect_refused(const char *dir, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = NULL;
	cr_expect_eq(reopen(dir, &p, &err), -1);
	cr_expect_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
	cr_expect_null(p);
	cr_expect_eq(ERR_peek_error(), 0);
}

Test(store, reopened_knows_certificates_revocations_and_rollovers)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(kit_dir(dir), T2026);
	const struct devpki_cert *leaf = kit_issue(p, "leaf"), *c = NULL;
	int64_t at = kit_time("1950-01-01T00:00:00Z");
	uint64_t serial = leaf->serial;
	cr_assert_eq(devpki_revoke(p, serial, at, DEVPKI_REASON_AA_COMPROMISE, &err),
		     0);
	cr_assert_eq(devpki_rollover(p, DEVPKI_CA, 0, NULL, &c, &err), 0);
	cr_assert_eq(devpki_rollover(p, DEVPKI_TSA, 1, NULL, &c, &err), 0);
	cr_assert_eq(devpki_set_url(p, "http://127.0.0.1:9", &err), 0);
	size_t n = devpki_count(p);
	devpki_free(p);

	p = must_reopen(dir);
	cr_expect_eq(devpki_count(p), n);
	cr_expect_str_eq(devpki_url(p), "http://127.0.0.1:9");
	leaf = devpki_find(p, serial);
	cr_expect_str_eq(leaf->name, "leaf");
	cr_expect(leaf->revoked);
	cr_expect_eq(leaf->revoked_ms, at);
	cr_expect_eq(leaf->reason, DEVPKI_REASON_AA_COMPROMISE);
	cr_expect_str_eq(leaf->issuer->name, "ca");
	cr_expect_str_eq(devpki_active(p, DEVPKI_CA, 0)->name, "ca-2");
	cr_expect_str_eq(devpki_active(p, DEVPKI_TSA, 1)->name, "tsa1-2");
	cr_expect_str_eq(devpki_active(p, DEVPKI_TSA, 0)->name, "tsa0");
	cr_expect_eq(kit_issue(p, "next")->serial, DEVPKI_SERIAL_FIRST + n);
	devpki_free(p);
	kit_remove(dir);
}

/* A directory as it was before CRL points, modes and kinds made on demand. */
static void age_state(const char *dir)
{
	static const char *const newer[] = { "freshest = ", "ocsp-modes = ",
					     "kind = scvp ", "kind = crl " };
	char path[128], line[512];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf old = buf_make(1 << 16);
	int dropped = 0;
	snprintf(path, sizeof(path), "%s/state", dir);
	FILE *f = fopen(path, "r");
	cr_assert_not_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		bool keep = true;
		for (size_t i = 0; i < 4; i++)
			keep = keep && strncmp(line, newer[i], strlen(newer[i])) != 0;
		dropped += !keep;
		char *more = strstr(line, " revoked-crl=");
		if (more != NULL)
			snprintf(more, 2, "\n");
		if (keep)
			cr_assert_eq(buf_put_text(&old, line, &err), 0);
	}
	fclose(f);
	cr_assert_eq(dropped, 4);
	cr_assert_eq(file_write(path, view_buf(&old), 0600, &err), 0);
	buf_free(&old);
}

Test(store, directory_of_before_opens_and_learns_the_new)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(kit_dir(dir), T2026);
	const struct devpki_cert *c = NULL;
	uint64_t serial = kit_issue(p, "leaf")->serial;
	cr_assert_eq(
	    devpki_revoke(p, serial, kit_time(T2026), DEVPKI_REASON_HOLD, &err), 0);
	devpki_free(p);
	age_state(dir);
	p = must_reopen(dir);
	cr_expect(devpki_find(p, serial)->revoked);
	cr_assert_eq(devpki_release(p, serial, kit_time(T2026), &err), 0);
	cr_assert_eq(devpki_need(p, DEVPKI_SCVP, &c, &err), 0, "%s", err.text);
	devpki_free(p);
	p = must_reopen(dir);
	cr_expect_not_null(devpki_active(p, DEVPKI_SCVP, 0));
	cr_expect(devpki_find(p, serial)->released);
	devpki_free(p);
	kit_remove(dir);
}

Test(store, crl_numbers_grow_over_a_reopening)
{
	char dir[64];
	uint64_t before = 0, after = 0;
	struct devpki *p = kit_pki(kit_dir(dir), T2026);
	for (int i = 0; i < 2; i++) {
		X509_CRL *crl = kit_crl(p, "ca");
		ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
		ASN1_INTEGER_get_uint64(i == 0 ? &before : &after, n);
		ASN1_INTEGER_free(n);
		X509_CRL_free(crl);
		devpki_free(p);
		p = must_reopen(dir);
	}
	cr_expect_lt(before, after);
	devpki_free(p);
	kit_remove(dir);
}

Test(store, keys_are_for_the_owner_only)
{
	char dir[64], path[128];
	struct stat st;
	devpki_free(kit_pki(kit_dir(dir), T2026));
	static const char *const names[] = { "root", "ca", "ocsp-ca", "tsa0", "tsa1" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/keys/%s.pem", dir, names[i]);
		cr_assert_eq(stat(path, &st), 0, "%s", path);
		cr_expect_eq(st.st_mode & 0777, 0600);
	}
	snprintf(path, sizeof(path), "%s/anchors.pem", dir);
	cr_expect_eq(stat(path, &st), 0);
	kit_remove(dir);
}

Test(store, second_creation_and_second_opening_are_refused)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { 0 };
	struct devpki *p = kit_pki(kit_dir(dir), T2026), *q = NULL;
	expect_refused(dir, LTPS_BUSY);
	devpki_free(p);
	cr_expect_eq(devpki_create(dir, &o, &q, &err), -1);
	cr_expect_eq(err.code, LTPS_EXISTS);
	kit_remove(dir);
}

Test(store, empty_or_absent_directory_is_not_found)
{
	char dir[64];
	expect_refused(kit_dir(dir), LTPS_NOT_FOUND);
	kit_remove(dir);
	expect_refused(dir, LTPS_NOT_FOUND);
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[160];
	struct ltps_error err = LTPS_ERROR_INIT;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	cr_assert_eq(file_write(path, view_text(text), 0600, &err), 0);
}

static char *read_state(const char *dir, struct buf *b)
{
	char path[160];
	const char *text = NULL;
	struct ltps_error err = LTPS_ERROR_INIT;
	snprintf(path, sizeof(path), "%s/state", dir);
	cr_assert_eq(file_read(path, b, &err), 0);
	cr_assert_eq(buf_text(b, &text, &err), 0);
	return (char *)b->p;
}

Test(store, damaged_lines_of_the_state_are_refused)
{
	/* Each replaces a word by one of the same length. */
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "certificate = tsa0 tsa 0", "certificate = tsa0 xyz 0" },
		{ "certificate = tsa0 tsa 0", "certificate = tsa0 tsa x" },
		{ "certificate = tsa0 tsa 0", "certificate = TSA0 tsa 0" },
		{ "certificate = tsa0 tsa 0", "certificate = tsa1 tsa 0" },
		{ "tsa 0 ca serving - -", "tsa 0 cx serving - -" },
		{ "tsa 0 ca serving - -", "tsa 0 ca serving x -" },
		{ "tsa 0 ca serving - -", "tsa 0 ca serving 1 -" },
		{ "tsa 0 ca serving - -", "tsa 0 ca serving   -" },
		{ "kind = root default ", "kind = root defaulx " },
	};
	char dir[64];
	devpki_free(kit_pki(kit_dir(dir), T2026));
	struct buf b = buf_make(1 << 20);
	char *text = read_state(dir, &b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *at = strstr(text, cases[i].from);
		cr_assert_not_null(at, "case %zu", i);
		memcpy(at, cases[i].to, strlen(cases[i].to));
		write_file(dir, "state", text);
		expect_refused(dir, LTPS_CORRUPT);
		memcpy(at, cases[i].from, strlen(cases[i].from));
	}
	write_file(dir, "state", text);
	devpki_free(must_reopen(dir));
	buf_free(&b);
	kit_remove(dir);
}

/* One of each: a point, a certificate that names it, a release, a base. */
static void make_all_lines(const char *dir)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(dir, T2026);
	struct devpki_point how = { .name = "part",
				    .ca = devpki_active(p, DEVPKI_CA, 0),
				    .named_only = true };
	const struct devpki_point *point = NULL;
	const struct devpki_cert *c = NULL;
	struct buf crl = buf_make(DEVPKI_ANSWER_MAX);
	cr_assert_eq(devpki_point_add(p, &how, &point, &err), 0);
	struct devpki_issue ee = {
		.kind = DEVPKI_EE, .name = "leaf", .points = &point, .n_points = 1
	};
	cr_assert_eq(devpki_issue(p, &ee, &c, &err), 0);
	cr_assert_eq(devpki_crl(p, how.ca, &crl, &err), 0);
	cr_assert_eq(
	    devpki_revoke_since(p, c->serial, 5000, DEVPKI_REASON_HOLD, 4000, &err), 0);
	cr_assert_eq(devpki_release(p, c->serial, 6000, &err), 0);
	buf_free(&crl);
	devpki_free(p);
}

Test(store, damaged_words_of_points_and_status_are_refused)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ " points=part", " points=prat" },
		{ " points=part", " dots=partxx" },
		{ " invalid=4000", " invalid=4oo0" },
		{ " released=6000", " released=----" },
		{ " revoked-crl=", " revoked-crx=" },
		{ " released-crl=", " released-crl=z" },
		{ " base=0,", " base=0;" },
		{ " base=0,", " base=-," },
		{ "point = part ca ca 0 all", "point = part cx ca 0 all" },
		{ "point = part ca ca 0 all", "point = part ca cx 0 all" },
		{ "point = part ca ca 0 all", "point = part ca ca 1 all" },
		{ "point = part ca ca 0 all", "point = part ca ca x all" },
		{ "point = part ca ca 0 all", "point = part ca ca 0 any" },
		{ "point = part ca ca 0 all", "point = leaf ca ca 0 all" },
		{ "point = part ca ca 0 all", "point = part ca ca 0    " },
		{ " named=1", " named=2" },
	};
	char dir[64];
	make_all_lines(kit_dir(dir));
	struct buf b = buf_make(1 << 20);
	char *text = read_state(dir, &b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *at = strstr(text, cases[i].from);
		size_t n = strlen(cases[i].to);
		char kept[64];
		cr_assert_not_null(at, "case %zu", i);
		memcpy(kept, at, n);
		memcpy(at, cases[i].to, n);
		write_file(dir, "state", text);
		expect_refused(dir, LTPS_CORRUPT);
		memcpy(at, kept, n);
	}
	write_file(dir, "state", text);
	struct devpki *p = must_reopen(dir);
	const struct devpki_cert *c = kit_named(p, "leaf");
	cr_expect(c->has_invalidity && c->released);
	cr_expect_eq(c->invalidity_ms, 4000);
	cr_expect_eq(c->released_ms, 6000);
	cr_expect_eq(c->n_points, 1);
	devpki_free(p);
	buf_free(&b);
	kit_remove(dir);
}

Test(store, missing_exchanged_or_damaged_files_are_refused)
{
	char dir[64], a[128], b[128];
	devpki_free(kit_pki(kit_dir(dir), T2026));
	write_file(dir, "certs/tsa0.pem", "no certificate\n");
	expect_refused(dir, LTPS_CORRUPT);
	snprintf(a, sizeof(a), "%s/certs/tsa0.pem", dir);
	unlink(a);
	expect_refused(dir, LTPS_NOT_FOUND);
	/* The key of the other: serial numbers fit, key does not. */
	kit_remove(dir);
	devpki_free(kit_pki(kit_dir(dir), T2026));
	snprintf(a, sizeof(a), "%s/keys/tsa0.pem", dir);
	snprintf(b, sizeof(b), "%s/keys/tsa1.pem", dir);
	cr_assert_eq(rename(b, a), 0);
	expect_refused(dir, LTPS_CORRUPT);
	write_file(dir, "keys/tsa0.pem",
		   "-----BEGIN "
		   "PRIVATE KEY-----\nAAAA\n"
		   "-----END "
		   "PRIVATE KEY-----\n");
	expect_refused(dir, LTPS_CORRUPT);
	kit_remove(dir);
}

Test(store, failed_write_leaves_everything_as_it_was)
{
	char dir[64];
	struct devpki *p = kit_pki(kit_dir(dir), T2026);
	const struct devpki_cert *leaf = kit_issue(p, "leaf"), *c = NULL;
	struct devpki_issue how = { .kind = DEVPKI_EE };
	size_t n = devpki_count(p);
	/* key, certificate, anchors, state */
	for (int i = 1; i <= 4; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		char spec[64];
		snprintf(spec, sizeof(spec), "file.before-rename:%d:fail", i);
		cr_assert_eq(failpoint_arm(spec, &err), 0);
		cr_expect_eq(devpki_issue(p, &how, &c, &err), -1, "write %d", i);
		cr_expect_eq(devpki_count(p), n);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(failpoint_arm("file.before-rename:2:fail", &err), 0);
	cr_expect_eq(devpki_revoke(p, leaf->serial, 0, DEVPKI_REASON_ABSENT, &err), -1);
	cr_expect_not(leaf->revoked);
	ltps_error_clear(&err);
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	cr_expect_eq(devpki_issue(p, &how, &c, &err), 0);
	devpki_free(p);
	kit_remove(dir);
}

/* What the child had finished when it was killed, told through a pipe. */
struct done {
	uint64_t leaf;
	int revoked;
	int rolled;
};

static void work_until_killed(const char *dir, const char *spec, int fd)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct done d = { 0 };
	struct devpki *p = must_reopen(dir);
	const struct devpki_cert *c = NULL;
	struct devpki_issue how = { .kind = DEVPKI_EE };
	if (failpoint_arm(spec, &err) != 0 || devpki_issue(p, &how, &c, &err) != 0)
		_exit(1);
	d.leaf = c->serial;
	if (write(fd, &d, sizeof(d)) != sizeof(d) ||
	    devpki_revoke(p, d.leaf, 1000, DEVPKI_REASON_HOLD, &err) != 0)
		_exit(1);
	d.revoked = 1;
	if (write(fd, &d, sizeof(d)) != sizeof(d) ||
	    devpki_rollover(p, DEVPKI_TSA, 0, NULL, &c, &err) != 0)
		_exit(1);
	d.rolled = 1;
	if (write(fd, &d, sizeof(d)) != sizeof(d))
		_exit(1);
	_exit(0);
}

/* Kills at the nth write; false when the work ended before. */
static bool kill_at(const char *dir, int nth, struct done *ret_d)
{
	char spec[64];
	int fds[2], status = 0;
	struct done d;
	cr_assert_eq(pipe(fds), 0);
	snprintf(spec, sizeof(spec), "file.before-rename:%d:kill", nth);
	pid_t pid = fork();
	if (pid == 0)
		work_until_killed(dir, spec, fds[1]);
	close(fds[1]);
	*ret_d = (struct done){ 0 };
	while (read(fds[0], &d, sizeof(d)) == sizeof(d))
		*ret_d = d;
	close(fds[0]);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

Test(store, kill_at_any_write_loses_nothing_that_was_answered)
{
	char dir[64];
	devpki_free(kit_pki(kit_dir(dir), T2026));
	int nth = 1;
	bool killed = true;
	for (; killed && nth < 50; nth++) {
		struct devpki *p = must_reopen(dir);
		const char *old = devpki_active(p, DEVPKI_TSA, 0)->name;
		char before[DEVPKI_NAME_MAX];
		struct done d;
		memcpy(before, old, sizeof(before));
		devpki_free(p);
		killed = kill_at(dir, nth, &d);
		p = must_reopen(dir);
		if (d.leaf != 0)
			cr_expect_not_null(devpki_find(p, d.leaf), "write %d", nth);
		if (d.revoked)
			cr_expect(devpki_find(p, d.leaf)->revoked, "write %d", nth);
		if (d.rolled)
			cr_expect_str_neq(devpki_active(p, DEVPKI_TSA, 0)->name,
					  before);
		/* And it works on. */
		kit_issue(p, NULL);
		devpki_free(p);
	}
	/* 4 for the certificate, 2 to revoke, 4 to roll over, 1 beyond. */
	cr_expect_eq(nth - 1, 11);
	kit_remove(dir);
}

Test(store, kill_during_creation_lets_it_be_created_again)
{
	char dir[64];
	kit_dir(dir);
	for (int nth = 1; nth < 20; nth += 3) {
		int status = 0;
		pid_t pid = fork();
		if (pid == 0) {
			struct ltps_error err = LTPS_ERROR_INIT;
			char spec[64];
			snprintf(spec, sizeof(spec), "file.before-rename:%d:kill", nth);
			if (failpoint_arm(spec, &err) == 0)
				kit_pki(dir, T2026);
			_exit(0);
		}
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status))
			break;
		expect_refused(dir, LTPS_NOT_FOUND);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	if (access(dir, F_OK) == 0) {
		struct devpki *p = NULL;
		if (reopen(dir, &p, &err) != 0)
			p = kit_pki(dir, T2026);
		kit_issue(p, "leaf");
		devpki_free(p);
	}
	kit_remove(dir);
}
