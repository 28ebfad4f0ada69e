/* SPDX-License-Identifier: Apache-2.0 */
/* "ltps devpki": exit statuses, and that what it did is in the directory. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/commands.h"
#include "tests/support/devpki_kit.h"

#define WORDS_MAX 24
#define T2026 "2026-01-01T00:00:00Z"

/* Splits at blanks; "DIR" stands for the directory. */
static int run(const char *dir, const char *line)
{
	char text[512];
	char *argv[WORDS_MAX] = { NULL };
	int argc = 0;
	snprintf(text, sizeof(text), "devpki %s", line);
	char *save = NULL;
	for (char *w = strtok_r(text, " ", &save); w != NULL;
	     w = strtok_r(NULL, " ", &save)) {
		cr_assert_lt(argc, WORDS_MAX - 1);
		argv[argc++] = w;
	}
	char copy[64];
	snprintf(copy, sizeof(copy), "%s", dir);
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "DIR") == 0)
			argv[i] = copy;
	}
	return cmd_devpki(argc, argv);
}

Test(cmd_devpki, mistakes_on_the_command_line_are_usage, .init = cr_redirect_stderr)
{
	static const char *const lines[] = {
		"",
		"nonsense",
		"create",
		"create DIR --key des",
		"create DIR --time yesterday",
		"create DIR --tsas 17",
		"create DIR --tsas x",
		"create DIR --days tsa",
		"create DIR --days xyz=3",
		"create DIR --days tsa=-1",
		"create DIR --url ftp://x",
		"create DIR --tsa-policy none",
		"create DIR more",
		"issue",
		"issue DIR --kind king",
		"revoke DIR",
		"revoke DIR x --reason boredom",
		"revoke DIR x --invalid soon",
		"release DIR",
		"need DIR",
		"need DIR king",
		"point DIR",
		"point DIR x --reasons boredom",
		"point DIR x --scope some",
		"issue DIR --hash md5",
		"issue DIR --extension keyUsage",
		"issue DIR --extension keyUsage=dancing",
		"issue DIR --remove me",
		"rollover DIR",
		"rollover DIR king",
		"serve DIR",
		"serve DIR --listen 0.0.0.0:0 --control",
		"serve DIR --listen nowhere",
	};
	char dir[64];
	kit_dir(dir);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* A directory without a PKI is the later mistake. */
		int status = run(dir, lines[i]);
		bool later = strcmp(lines[i], "serve DIR --listen nowhere") == 0;
		cr_expect_eq(status, later ? EXIT_DATA : EXIT_USAGE, "%s: %d", lines[i],
			     status);
	}
	kit_remove(dir);
}

Test(cmd_devpki, steps_are_found_in_the_directory, .init = cr_redirect_stdout)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(0) };
	struct devpki *p = NULL;
	kit_dir(dir);
	cr_expect_eq(run(dir, "create DIR --time 1995-01-01T00:00:00Z --tsas 2 "
			      "--days tsa=365"),
		     0);
	cr_expect_eq(run(dir, "issue DIR --name alice --time 1995-06-01T00:00:00Z "
			      "--until 1995-07-01T00:00:00Z"),
		     0);
	cr_expect_eq(run(dir, "revoke DIR alice --reason superseded "
			      "--time 1995-06-02T00:00:00Z"),
		     0);
	cr_expect_eq(run(dir, "rollover DIR tsa --tsa 1 --time 1995-06-02T00:00:00Z"),
		     0);
	cr_expect_eq(run(dir, "list DIR"), 0);
	cr_assert_eq(devpki_open(dir, &o, &p, &err), 0, "%s", err.text);
	const struct devpki_cert *alice = kit_named(p, "alice");
	cr_expect_eq(alice->reason, DEVPKI_REASON_SUPERSEDED);
	cr_expect_eq(alice->revoked_ms, kit_time("1995-06-02T00:00:00Z"));
	cr_expect_eq(kit_asn1_ms(X509_get0_notAfter(alice->x509)),
		     kit_time("1995-07-01T00:00:00Z"));
	cr_expect_str_eq(devpki_active(p, DEVPKI_TSA, 1)->name, "tsa1-2");
	devpki_free(p);
	kit_remove(dir);
}

Test(cmd_devpki, points_crosses_and_suspensions_are_found_in_the_directory,
     .init = cr_redirect_stdout)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T2026)) };
	struct devpki *p = NULL;
	static const char *const lines[] = {
		"create DIR --key rsa2048 --freshest --time " T2026,
		"need DIR scvp --time " T2026,
		"need DIR crl --time " T2026,
		"point DIR all --signer crl",
		"point DIR part --ca ca --reasons keyCompromise,superseded "
		"--scope users --named --freshest",
		"issue DIR --name bob --point all --hash sha1 --remove 2.5.29.14 "
		"--extension extendedKeyUsage=emailProtection --time " T2026,
		"issue DIR --name cross --kind ca --cross ca --issuer root "
		"--pss --time " T2026,
		"revoke DIR bob --reason certificateHold --invalid "
		"2020-01-01T00:00:00Z --time " T2026,
		"release DIR bob --time " T2026,
		"crl DIR all --delta --time " T2026 " -o /dev/null",
		"crl DIR ca --delta --time " T2026 " -o /dev/null",
		"ocsp DIR --by-key --by-issuer",
	};
	kit_dir(dir);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		cr_assert_eq(run(dir, lines[i]), 0, "%s", lines[i]);
	cr_assert_eq(devpki_open(dir, &o, &p, &err), 0, "%s", err.text);
	const struct devpki_cert *bob = kit_named(p, "bob");
	cr_expect(bob->released && bob->has_invalidity);
	cr_expect_eq(bob->invalidity_ms, kit_time("2020-01-01T00:00:00Z"));
	cr_assert_eq(bob->n_points, 1);
	cr_expect_str_eq(bob->point[0]->signer->name, "crl");
	cr_expect_eq(X509_get_signature_nid(bob->x509), NID_sha1WithRSAEncryption);
	cr_expect_lt(X509_get_ext_by_NID(bob->x509, NID_subject_key_identifier, -1), 0);
	cr_expect_eq(X509_get_signature_nid(kit_named(p, "cross")->x509),
		     NID_rsassaPss);
	const struct devpki_point *part = devpki_point_find(p, view_text("part"));
	cr_assert_not_null(part);
	cr_expect_eq(part->reasons, 1u << 1 | 1u << 4);
	cr_expect_eq(part->scope, DEVPKI_SCOPE_USERS);
	cr_expect(part->named_only && part->freshest);
	cr_expect_not_null(devpki_active(p, DEVPKI_SCVP, 0));
	devpki_free(p);
	kit_remove(dir);
}

Test(cmd_devpki, what_is_not_there_or_taken_fails, .init = cr_redirect_stderr)
{
	char dir[64];
	devpki_free(kit_pki(kit_dir(dir), "2026-01-01T00:00:00Z"));
	cr_expect_eq(run(dir, "revoke DIR nobody"), EXIT_DATA);
	cr_expect_eq(run(dir, "release DIR nobody"), EXIT_DATA);
	cr_expect_neq(run(dir, "release DIR tsa0"), 0);
	cr_expect_eq(run(dir, "point DIR ca --ca ca"), EXIT_USAGE);
	cr_expect_eq(run(dir, "point DIR x --ca nobody"), EXIT_USAGE);
	cr_expect_eq(run(dir, "point DIR x --signer nobody"), EXIT_USAGE);
	cr_expect_eq(run(dir, "issue DIR --cross nobody"), EXIT_USAGE);
	cr_expect_eq(run(dir, "issue DIR --point nobody"), EXIT_USAGE);
	cr_expect_eq(run(dir, "need DIR ee"), EXIT_USAGE);
	cr_expect_eq(run(dir, "crl DIR nobody"), EXIT_DATA);
	cr_expect_eq(run(dir, "crl DIR tsa0"), EXIT_USAGE);
	cr_expect_neq(run(dir, "create DIR"), 0);
	kit_remove(dir);
	cr_expect_eq(run(dir, "list DIR"), EXIT_DATA);
}
