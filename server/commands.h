/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands - the subcommands of the program, and what they share.
 *
 * Each takes its own name as argv[0], prints its errors as "ltps: what: why"
 * on standard error, and returns the exit status.
 */
#ifndef LTPS_SERVER_COMMANDS_H
#define LTPS_SERVER_COMMANDS_H

#include <stdbool.h>

#include "base/err.h"

/* Exit status of every command (DESIGN.md, command line). */
enum command_exit {
	EXIT_VALID = 0,
	EXIT_INVALID = 1,
	EXIT_UNDETERMINED = 2,
	EXIT_NOTHING = 3,
	EXIT_USAGE = 64,
	EXIT_DATA = 65,        /* malformed input */
	EXIT_UNAVAILABLE = 69, /* a remote party */
	EXIT_SOFTWARE = 70,    /* internal */
};

int cmd_serve(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_preserve(int argc, char **argv);
int cmd_update(int argc, char **argv);
int cmd_retrieve(int argc, char **argv);
int cmd_delete(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_package(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_evidence(int argc, char **argv);
int cmd_path(int argc, char **argv);
int cmd_validate(int argc, char **argv);
int cmd_augment(int argc, char **argv);
int cmd_seal(int argc, char **argv);
int cmd_trusted_list(int argc, char **argv);
int cmd_policy(int argc, char **argv);
int cmd_scvp(int argc, char **argv);
int cmd_fsck(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_renewals(int argc, char **argv);
int cmd_token(int argc, char **argv);
int cmd_link(int argc, char **argv);
int cmd_devpki(int argc, char **argv);
int cmd_simulate(int argc, char **argv);

/* Prints "ltps: what: why" and gives the exit status that suits the error. */
int command_error(const char *what, const struct ltps_error *err);
/* A mistake on the command line: "ltps: text" and where help is; EXIT_USAGE. */
int command_usage(const char *command, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * One option of a command line. Options start with "--" (or one '-' and a
 * letter) and take the next argument, or stand alone (flag set).
 */
struct command_option {
	const char *name;  /* "--url"; another spelling may follow as alias */
	const char *alias; /* "-u" or NULL */
	const char **text; /* set to the argument; or */
	int *flag;         /* set to 1 */
	/* or, for one that may be repeated: up to max texts in list. */
	const char **list;
	unsigned max;
	unsigned *count;
};

/*
 * command_parse - options anywhere, "--" ends them, what remains goes to rest.
 * help    printed for -h and --help
 * ret_n   arguments in rest (at most max_rest)
 * Returns 0; 1 after help was printed (exit 0); -1 after a message (usage).
 */
struct command_line {
	const char *command;
	const char *help;
	const struct command_option *options;
	unsigned n_options;
	const char **rest;
	unsigned max_rest;
};
int command_parse(int argc, char **argv, const struct command_line *line,
		  unsigned *ret_n) LTPS_CHECKED;
/*
 * command_read - command_parse(), and an argument must be there.
 * wanted      what is missing otherwise: "a file is wanted"
 * ret_status  with which to end
 * Returns whether to go on.
 */
bool command_read(int argc, char **argv, const struct command_line *line,
		  const char *wanted, int *ret_status);

#endif
