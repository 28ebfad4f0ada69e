/* SPDX-License-Identifier: Apache-2.0 */
/* What the subcommands share: the command line and error lines. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "server/commands.h"
#include "server/progress.h"

int command_error(const char *what, const struct ltps_error *err)
{
	char line[512];
	ltps_error_line(err, line, sizeof(line));
	progress_hide();
	fprintf(stderr, "ltps: %s: %s\n", what, line);
	switch (err->code) {
	case LTPS_ARGUMENT:
	case LTPS_EXISTS: /* a folder in use, an address taken: name another */
		return EXIT_USAGE;
	case LTPS_DENIED: /* a file, or an address that we do not speak to */
		return err->foreign == LTPS_FOREIGN_ERRNO ? EXIT_DATA : EXIT_USAGE;
	case LTPS_IO:
		return err->foreign == LTPS_FOREIGN_ERRNO && err->foreign_code == EISDIR
			   ? EXIT_DATA
			   : EXIT_SOFTWARE;
	case LTPS_FORMAT:
	case LTPS_TOO_LARGE:
	case LTPS_NOT_FOUND:
	case LTPS_UNSUPPORTED:
		return err->fault == LTPS_FAULT_REMOTE ? EXIT_UNAVAILABLE : EXIT_DATA;
	case LTPS_MISMATCH: /* two files that do not belong together */
		return err->fault == LTPS_FAULT_SELF ? EXIT_SOFTWARE : EXIT_DATA;
	case LTPS_REMOTE:
	case LTPS_TIMEOUT:
	case LTPS_BUSY:
		return EXIT_UNAVAILABLE;
	default:
		return EXIT_SOFTWARE;
	}
}

int command_usage(const char *command, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	fprintf(stderr, "ltps: %s: ", command);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (ltps %s -h tells more)\n", command);
	return EXIT_USAGE;
}

static const struct command_option *find_option(const struct command_line *line,
						const char *arg)
{
	for (unsigned i = 0; i < line->n_options; i++) {
		const struct command_option *o = &line->options[i];
		if (strcmp(o->name, arg) == 0 ||
		    (o->alias != NULL && strcmp(o->alias, arg) == 0))
			return o;
	}
	return NULL;
}

/* Takes one option; ret_used tells whether its argument was taken too. */
static int take_option(const struct command_line *line, const char *arg,
		       const char *value, int *ret_used)
{
	const struct command_option *o = find_option(line, arg);
	*ret_used = 0;
	if (o == NULL) {
		command_usage(line->command, "unknown option %s", arg);
		return -1;
	}
	if (o->flag != NULL) {
		*o->flag = 1;
		return 0;
	}
	if (value == NULL) {
		command_usage(line->command, "%s needs a value", arg);
		return -1;
	}
	*ret_used = 1;
	if (o->text != NULL) {
		*o->text = value;
		return 0;
	}
	if (*o->count >= o->max) {
		command_usage(line->command, "%s is given more than %u times", arg,
			      o->max);
		return -1;
	}
	o->list[(*o->count)++] = value;
	return 0;
}

int command_parse(int argc, char **argv, const struct command_line *line,
		  unsigned *ret_n)
{
	unsigned n = 0;
	int options_end = 0;
	for (int i = 1; i < argc; i++) {
		const char *arg = argv[i];
		int used = 0;
		if (!options_end && strcmp(arg, "--") == 0) {
			options_end = 1;
		} else if (!options_end &&
			   (strcmp(arg, "-h") == 0 || strcmp(arg, "--help") == 0)) {
			fputs(line->help, stdout);
			return 1;
		} else if (!options_end && arg[0] == '-' && arg[1] != '\0') {
			if (take_option(line, arg, i + 1 < argc ? argv[i + 1] : NULL,
					&used) != 0)
				return -1;
			i += used;
		} else if (n == line->max_rest) {
			command_usage(line->command, "unexpected argument %s", arg);
			return -1;
		} else {
			line->rest[n++] = arg;
		}
	}
	*ret_n = n;
	return 0;
}

bool command_read(int argc, char **argv, const struct command_line *line,
		  const char *wanted, int *ret_status)
{
	unsigned n = 0;
	const int rc = command_parse(argc, argv, line, &n);
	if (rc != 0)
		*ret_status = rc > 0 ? EXIT_VALID : EXIT_USAGE;
	else if (n == 0)
		*ret_status = command_usage(line->command, "%s", wanted);
	return rc == 0 && n > 0;
}
