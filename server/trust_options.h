/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trust_options - the options that every judging command takes: --anchor,
 * --cert, --crl, --ocsp, --time, --policy, and those of progress.
 */
#ifndef LTPS_SERVER_TRUST_OPTIONS_H
#define LTPS_SERVER_TRUST_OPTIONS_H

#include <stdint.h>

#include "server/commands.h"
#include "server/progress.h"
#include "validation/material.h"

#define TRUST_FILES_MAX 256 /* of one kind on a command line */
#define TRUST_OPTIONS_COUNT (6 + PROGRESS_OPTIONS_COUNT)

/* The lines about them in the help text of a command. */
#define TRUST_OPTIONS_HELP                                                             \
	"  --anchor F       trusted certificates (DER or PEM, several in one)\n"       \
	"  --cert F         further certificates\n"                                    \
	"  --crl F          certificate revocation lists\n"                            \
	"  --ocsp F         OCSP responses\n"                                          \
	"  --time T         judge as if now were T (RFC 3339)\n"                       \
	"  --policy P       validation policy: name, id or file (default: \"default\")\n"

struct trust_options {
	const char *files[MATERIAL_KIND_COUNT][TRUST_FILES_MAX];
	unsigned counts[MATERIAL_KIND_COUNT];
	const char *time;
	const char *policy; /* NULL: not given */
	struct progress progress;
	/* By trust_options_load: */
	struct material *material;
	int64_t now_ms;  /* by the system's clock, read once */
	int64_t time_ms; /* --time, or now */
};

/* The options for command_parse; they write to o, which is zeroed first. PROGRESS_HELP
 * is in the help text too. */
void trust_options_table(struct trust_options *o, const char *command,
			 struct command_option out[TRUST_OPTIONS_COUNT]);
/*
 * trust_options_load - read the files and the time, after command_parse.
 * Release with trust_options_clear(), also after a failure.
 * Fails: ARGUMENT (caller) for the time or a policy that is not there, else as
 *        material_read
 */
int trust_options_load(struct trust_options *o, struct ltps_error *err) LTPS_CHECKED;
void trust_options_clear(struct trust_options *o);

#endif
