/* SPDX-License-Identifier: Apache-2.0 */
/* ltps simulate - a century of preservation on a virtual clock. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/commands.h"
#include "server/simulate.h"

#define REPORT_MAX ((size_t)256 << 20)

static const char help[] =
    "usage: ltps simulate --years N --objects M --seed S [options]\n"
    "\n"
    "Runs the service on a virtual clock against a throwaway PKI in which\n"
    "certificates expire, time-stamping authorities roll over, close and are\n"
    "compromised, CAs are revoked, algorithms end, responders fail, disks err\n"
    "and are full, clocks are wrong, the service sleeps for a year, two share\n"
    "a store and processes die; then judges every object's evidence record offline.\n"
    "\n"
    "  --crashes K      kill the service at K fail-points, and start it again\n"
    "  --signed N       N of the objects (0) are signed, half as CAdES, half as\n"
    "                   PDFs, and kept verifiable by further time-stamps\n"
    "  --fault NAME     do wrong what must be found: skipped-renewal,\n"
    "                   late-renewal, long-sleep, dropped-token or\n"
    "                   swapped-object\n"
    "  --beyond         go beyond what two TSAs and two directories can bear\n"
    "  --dir DIR        keep the store there; DIR/store must not exist\n"
    "  --keep           leave everything there; in out/ records and objects, the\n"
    "                   anchors, and the policy with the time of the end\n"
    "  --verbose        tell what happens, on standard error\n"
    "  --format text|json\n" PROGRESS_HELP
    "\n"
    "Exit status: 0 nothing is lost and every record verifies, 1 otherwise,\n"
    "64 usage, 70 internal error.\n";

struct texts {
	const char *years, *objects, *seed, *crashes, *signed_objects, *fault, *format;
	int beyond, keep, verbose;
};

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *ret)
{
	char *end;
	if (text == NULL || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *ret >= least && *ret <= most;
}

/* 0, or the exit status. */
static int read_options(const struct texts *t, struct sim_options *o)
{
	uint64_t years = 0;
	if (!parse_number(t->years, 1, SIM_YEARS_MAX, &years))
		return command_usage("simulate", "--years takes 1 to %d",
				     SIM_YEARS_MAX);
	if (!parse_number(t->objects, 1, SIM_OBJECTS_MAX, &o->objects))
		return command_usage("simulate", "--objects takes 1 to %d",
				     SIM_OBJECTS_MAX);
	if (!parse_number(t->seed, 0, INT64_MAX, &o->seed))
		return command_usage("simulate", "--seed takes a number");
	if (t->crashes != NULL &&
	    !parse_number(t->crashes, 0, SIM_CRASHES_MAX, &o->crashes))
		return command_usage("simulate", "--crashes takes 0 to %d",
				     SIM_CRASHES_MAX);
	if (t->signed_objects != NULL &&
	    !parse_number(t->signed_objects, 0, o->objects, &o->signed_objects))
		return command_usage("simulate",
				     "--signed takes 0 to the number of objects");
	if (t->fault != NULL && !sim_fault_parse(t->fault, &o->fault))
		return command_usage("simulate", "there is no fault %s", t->fault);
	if (t->format != NULL && strcmp(t->format, "text") != 0 &&
	    strcmp(t->format, "json") != 0)
		return command_usage("simulate", "--format is text or json");
	o->years = (int64_t)years;
	o->beyond = t->beyond != 0;
	o->keep = t->keep != 0;
	o->verbose = t->verbose != 0;
	return 0;
}

static int print(const struct sim *s, bool json, struct ltps_error *err)
{
	struct buf out = buf_make(REPORT_MAX);
	progress_hide();
	int rc = json ? sim_report_json(s, &out, err) : sim_report_text(s, &out, err);
	if (rc == 0 &&
	    (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
		rc = ltps_fail_errno(err, "cannot write to standard output");
	buf_free(&out);
	return rc;
}

static int simulate(const struct sim_options *o, bool json)
{
	static struct sim s;
	struct ltps_error err = LTPS_ERROR_INIT;
	int status;
	if (sim_begin(o, &s, &err) != 0 || sim_run(&s, &err) != 0 ||
	    sim_judge(&s, &err) != 0 || print(&s, json, &err) != 0)
		status = command_error("simulate", &err);
	else
		status = s.lost == 0 && s.unverifiable == 0 ? EXIT_VALID : EXIT_INVALID;
	if (o->keep)
		fprintf(stderr, "ltps: simulate: kept in %s\n", s.dir);
	sim_end(&s);
	return status;
}

int cmd_simulate(int argc, char **argv)
{
	struct texts t = { 0 };
	struct progress progress = PROGRESS_OF("simulate");
	struct sim_options o = { .progress = &progress };
	const struct command_option options[] = {
		{ .name = "--years", .text = &t.years },
		{ .name = "--objects", .text = &t.objects },
		{ .name = "--seed", .text = &t.seed },
		{ .name = "--crashes", .text = &t.crashes },
		{ .name = "--signed", .text = &t.signed_objects },
		{ .name = "--fault", .text = &t.fault },
		{ .name = "--dir", .text = &o.dir },
		{ .name = "--format", .text = &t.format },
		{ .name = "--beyond", .flag = &t.beyond },
		{ .name = "--keep", .flag = &t.keep },
		{ .name = "--verbose", .flag = &t.verbose },
		PROGRESS_OPTIONS(progress),
	};
	const struct command_line line = { .command = "simulate",
					   .help = help,
					   .options = options,
					   .n_options =
					       sizeof(options) / sizeof(options[0]) };
	unsigned n;
	const int parsed = command_parse(argc, argv, &line, &n);
	if (parsed != 0)
		return parsed > 0 ? 0 : EXIT_USAGE;
	const int wrong = read_options(&t, &o);
	return wrong != 0
		   ? wrong
		   : simulate(&o, t.format != NULL && strcmp(t.format, "json") == 0);
}
