/* SPDX-License-Identifier: Apache-2.0 */
/* ltps policy - show what a validation policy decides, list the built-in ones. */
#include <stdio.h>
#include <string.h>

#include "server/commands.h"
#include "server/policy_file.h"

static const char help[] =
    "usage: ltps policy show [ID|FILE] [--format text|json]\n"
    "       ltps policy list\n\n"
    "Prints a validation policy with everything that it decides: each constraint\n"
    "with its level, and until when each algorithm counts. Without a name it is\n"
    "\"default\". The text can be read again as a policy file; a FILE may also be\n"
    "a policy of EU DSS (XML), whose parts that are not used are named.\n\n"
    "  --format F       text (default) or json\n";

static int list_policies(void)
{
	char name[VALIDATION_POLICY_NAME_MAX];
	for (size_t i = 0; validation_policy_builtin_name(i, name); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		if (validation_policy_builtin(name, &p, &err) != 0)
			return command_error("policy", &err);
		printf("%-10s %s\n           %s\n", name, p->id, p->description);
		validation_policy_free(p);
	}
	return EXIT_VALID;
}

static int print_policy(const struct validation_policy *p, bool json,
			struct ltps_error *err)
{
	struct buf out = buf_make(VALIDATION_POLICY_TEXT_MAX);
	int rc = json ? validation_policy_json(p, &out, err)
		      : validation_policy_text(p, &out, err);
	if (rc == 0 && json)
		rc = buf_put_byte(&out, '\n', err);
	if (rc == 0 && fwrite(out.p, 1, out.n, stdout) != out.n)
		rc = ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL,
			       "writing to standard output");
	buf_free(&out);
	return rc;
}

static int show_policy(const char *name, bool json)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	int rc = policy_load(name, &p, &err);
	if (rc == 0)
		rc = print_policy(p, json, &err);
	validation_policy_free(p);
	return rc == 0 ? EXIT_VALID : command_error("policy", &err);
}

int cmd_policy(int argc, char **argv)
{
	const char *format = "text", *rest[2];
	const struct command_option options[] = {
		{ .name = "--format", .text = &format },
	};
	const struct command_line line = {
		.command = "policy",
		.help = help,
		.options = options,
		.n_options = 1,
		.rest = rest,
		.max_rest = 2,
	};
	unsigned n = 0;
	int rc = command_parse(argc, argv, &line, &n);
	if (rc != 0)
		return rc > 0 ? EXIT_VALID : EXIT_USAGE;
	if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return command_usage("policy", "--format: %s is not text or json",
				     format);
	if (n == 1 && strcmp(rest[0], "list") == 0)
		return list_policies();
	if (n >= 1 && strcmp(rest[0], "show") == 0)
		return show_policy(n > 1 ? rest[1] : "default",
				   strcmp(format, "json") == 0);
	return command_usage("policy", "show or list is expected");
}
