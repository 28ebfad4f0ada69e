/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress - how far a long command is, on standard error: a line that is written over
 * in place while standard error is a terminal, and nothing is left of it at the end.
 * With --progress also elsewhere, then a line for each step; with --quiet never.
 *
 * Rooms below only call back; this alone prints. Standard output stays what the command
 * answers.
 */
#ifndef LTPS_SERVER_PROGRESS_H
#define LTPS_SERVER_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PROGRESS_TEXT_MAX 256
#define PROGRESS_NAME_MAX 96
/* So many lines at the most are drawn in a second. */
#define PROGRESS_PER_SECOND 5

/* Entries of a table of command_option. */
#define PROGRESS_OPTIONS(p)                                                            \
	{ .name = "--progress", .flag = &(p).forced },                                 \
	{                                                                              \
		.name = "--quiet", .flag = &(p).quiet                                  \
	}
#define PROGRESS_OPTIONS_COUNT 2
#define PROGRESS_HELP                                                                  \
	"  --progress      tell on standard error how far it is, as lines where\n"     \
	"                  that is no terminal\n"                                      \
	"  --quiet         do not, where it is one\n"

enum progress_unit {
	PROGRESS_THINGS,
	PROGRESS_BYTES,
};
enum progress_form {
	PROGRESS_UNDECIDED, /* until the first step */
	PROGRESS_NONE,
	PROGRESS_IN_PLACE,
	PROGRESS_LINES,
};

/* Of one command. */
struct progress {
	const char *command;
	int forced, quiet; /* the options */
	/* NULL: standard error and the monotonic clock. */
	FILE *out;
	int64_t (*now_ms)(void);

	/* --- private --- */
	enum progress_form form;
	size_t columns;               /* of the terminal */
	char part[PROGRESS_NAME_MAX]; /* "object 3 of 10"; "": there is no part */
	char what[PROGRESS_NAME_MAX];
	enum progress_unit unit;
	uint64_t done, total, first; /* first: done when it began */
	int64_t began_ms;            /* this stage */
	int64_t drawn_ms[PROGRESS_PER_SECOND]; /* the last lines, in turn */
	size_t n_drawn;
	uint64_t told; /* hundredths that the last of several lines told */
};
#define PROGRESS_OF(name)                                                              \
	{                                                                              \
		.command = (name)                                                      \
	}

/*
 * progress_step - so much of `what` is done.
 * p      NULL: nobody is told
 * what   "blobs"; another one than before is another stage
 * total  0: unknown
 */
void progress_step(struct progress *p, const char *what, enum progress_unit unit,
		   uint64_t done, uint64_t total);
/* What follows is of the i-th of n things: "object 3 of 10". p may be NULL. */
void progress_part(struct progress *p, const char *what, uint64_t i, uint64_t n);
/* The callback of fetch_policy; arg: a struct progress, or NULL. */
struct fetch_state;
void progress_fetch(void *arg, const struct fetch_state *state);
/* Takes away the line that stands there, if any: before anything else is printed. */
void progress_hide(void);

/* The line as it would stand now, without an end. For tests. */
void progress_text(const struct progress *p, int64_t now_ms,
		   char out[PROGRESS_TEXT_MAX]);

#endif
