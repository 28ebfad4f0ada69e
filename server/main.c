/* SPDX-License-Identifier: Apache-2.0 */
/* ltps - one program, a subcommand each for what it does. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "server/commands.h"
#include "server/progress.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *what;
} commands[] = {
	{ "serve", cmd_serve, "run the preservation service" },
	{ "demo", cmd_demo, "run it with a throwaway PKI and TSA" },
	{ "preserve", cmd_preserve, "submit files to a service" },
	{ "update", cmd_update, "add files to a preserved object" },
	{ "retrieve", cmd_retrieve, "get objects or their evidence" },
	{ "delete", cmd_delete, "delete a preserved object" },
	{ "trace", cmd_trace, "list what happened to an object" },
	{ "package", cmd_package, "get an object with all that verifies it" },
	{ "export", cmd_export, "objects and their evidence, for another service" },
	{ "import", cmd_import, "take over what another service exported" },
	{ "info", cmd_info, "list the preservation profiles" },
	{ "search", cmd_search, "search preserved objects" },
	{ "validate", cmd_validate, "judge the signatures of a file" },
	{ "augment", cmd_augment, "raise signatures to B-T, B-LT or B-LTA" },
	{ "seal", cmd_seal, "sign a file with a key of one's own" },
	{ "path", cmd_path, "judge the certification path of a certificate" },
	{ "scvp", cmd_scvp, "ask an SCVP server about certificates" },
	{ "evidence", cmd_evidence, "verify evidence records offline" },
	{ "trusted-list", cmd_trusted_list, "show a trusted list and judge it" },
	{ "policy", cmd_policy, "show what a validation policy decides" },
	{ "renewals", cmd_renewals, "when evidence weakens, and what that will cost" },
	{ "token", cmd_token, "who may come in: API tokens" },
	{ "link", cmd_link, "let an auditor read one object" },
	{ "fsck", cmd_fsck, "check a store" },
	{ "backup", cmd_backup, "copy a store while it runs" },
	{ "restore", cmd_restore, "make a store from a backup" },
	{ "simulate", cmd_simulate, "prove a century on a virtual clock" },
	{ "devpki", cmd_devpki, "throwaway PKI for tests" },
};

static void print_help(FILE *out)
{
	fputs("ltps - long-term preservation of signed documents\n\nusage:\n", out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(out, "  ltps %-12s %s\n", commands[i].name, commands[i].what);
	fputs("\nltps COMMAND -h tells more; ltps --version\n", out);
}

int main(int argc, char **argv)
{
	mem_init();
	signal(SIGPIPE, SIG_IGN);
	struct ltps_error err = LTPS_ERROR_INIT;
	if (failpoint_arm(getenv("LTPS_FAILPOINT"), &err) != 0)
		return command_error("LTPS_FAILPOINT", &err);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	const char *name = argv[1];
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
		print_help(stdout);
		return 0;
	}
	if (strcmp(name, "--version") == 0) {
		printf("ltps %s\n", LTPS_VERSION);
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, name) != 0)
			continue;
		const int status = commands[i].run(argc - 1, argv + 1);
		progress_hide();
		return status;
	}
	fprintf(stderr, "ltps: %s: no such command (ltps -h lists them)\n", name);
	return EXIT_USAGE;
}
