/* SPDX-License-Identifier: Apache-2.0 */
/* ltps renewals - what falls due when, of all or of one object, and what if a policy
 * changed. Reads the store; the service may be running. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/outlook.h"
#include "server/commands.h"
#include "server/config.h"
#include "server/policy_file.h"

#define FORECAST_TEXT_MAX ((size_t)16 << 20)

static const char help[] =
    "ltps renewals - when evidence weakens, and what renewing it will cost\n"
    "\n"
    "  ltps renewals [-c ltps.conf] [--policy P] [--time T] [--format text|json]\n"
    "  ltps renewals --object POID [--tenant T] [-c ltps.conf] [--format text|json]\n"
    "\n"
    "  -c FILE     configuration that names the store (" CONFIG_DEFAULT ")\n"
    "  --policy P  what if: a validation policy (a name or a file) other than the one\n"
    "              in force, whose algorithm suite says until when algorithms serve\n"
    "  --time T    now is T (RFC 3339)\n"
    "  --object POID  of this object alone: its versions, their time-stamps with the\n"
    "              day when each weakens and why, and what is due for it next\n"
    "  --tenant T  whose object it is (default)\n"
    "\n"
    "Each line is a renewal that the service will do by itself: from when on, until\n"
    "when it must be done, how many time-stamps, objects, requests to a TSA and bytes\n"
    "it takes, and why. A running service answers the same at GET /renewals, and of\n"
    "one object at GET /outlook/POID. Nothing is changed.\n"
    "Exit status: 0; 1 when something is overdue or has no date; 65 no such object.\n";

struct command {
	const char *config_path, *policy_name, *time, *format, *object, *tenant;
	struct config config;
	struct validation_policy *in_force, *other;
	struct store *store;
	struct store_conn *conn;
	struct clock clock;
	int64_t now_ms;
};

static int set_time(struct command *c, struct ltps_error *err)
{
	c->clock = clock_system();
	c->now_ms = clock_now_ms(&c->clock);
	if (c->time == NULL)
		return 0;
	if (time_parse_rfc3339(view_text(c->time), &c->now_ms, err) != 0)
		return ltps_where(err, "--time");
	return 0;
}

static int open_all(struct command *c, struct ltps_error *err)
{
	const char *path = c->config_path != NULL ? c->config_path : CONFIG_DEFAULT;
	if (set_time(c, err) != 0 || config_read(path, &c->config, err) != 0)
		return -1;
	const struct store_options options = { .dir = c->config.dir,
					       .read_only = true,
					       .must_exist = true };
	const char *policy = c->config.upkeep.policy;
	if (policy_load(policy != NULL ? policy : "default", &c->in_force, err) != 0 ||
	    (c->policy_name != NULL &&
	     policy_load(c->policy_name, &c->other, err) != 0) ||
	    store_open(&options, &c->store, err) != 0)
		return -1;
	return store_reader_open(c->store, &c->conn, err);
}

static void clear(struct command *c)
{
	store_reader_close(c->conn);
	store_close(c->store);
	validation_policy_free(c->in_force);
	validation_policy_free(c->other);
	config_clear(&c->config);
}

static bool is_late(const struct forecast *f)
{
	if (f->undated > 0)
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (f->items[i].due_ms <= f->now_ms)
			return true;
	return false;
}

static bool wants_json(const struct command *c)
{
	return c->format != NULL && strcmp(c->format, "json") == 0;
}

static int write_out(const struct buf *out, struct ltps_error *err)
{
	if (fwrite(out->p, 1, out->n, stdout) != out->n || fflush(stdout) != 0)
		return ltps_fail_errno(err, "cannot write to standard output");
	return 0;
}

static int print(const struct command *c, const struct forecast *f,
		 struct ltps_error *err)
{
	struct buf out = buf_make(FORECAST_TEXT_MAX);
	struct jsonw j = jsonw_to(&out);
	int rc;
	if (wants_json(c)) {
		forecast_json(f, &j);
		rc = jsonw_end(&j, err);
		if (rc == 0)
			rc = buf_put_byte(&out, '\n', err);
	} else {
		rc = forecast_text(f, &out, err);
	}
	if (rc == 0)
		rc = write_out(&out, err);
	buf_free(&out);
	return rc;
}

/* ---- one object ---- */

static int print_outlook(const struct command *c, const struct outlook *o,
			 struct store_conn *conn, struct ltps_error *err)
{
	struct buf out = buf_make(FORECAST_TEXT_MAX);
	struct jsonw j = jsonw_to(&out);
	int rc =
	    wants_json(c) ? outlook_json(o, conn, &j, err) : outlook_text(o, &out, err);
	if (rc == 0 && wants_json(c))
		rc = buf_put_byte(&out, '\n', err);
	if (rc == 0)
		rc = write_out(&out, err);
	buf_free(&out);
	return rc;
}

static bool is_object_late(const struct outlook *o)
{
	const struct outlook_due *next = outlook_next(o);
	return (next != NULL && next->due_ms <= o->now_ms) || outlook_is_undated(o);
}

static const char *tenant_named(const struct command *c)
{
	return c->tenant != NULL ? c->tenant : "default";
}

/* What takes long, while the service that runs beside is not held up. */
static int prepare_object(const struct command *c, struct ltp_worker *w,
			  struct evidence_proofs *proofs, struct ltps_error *err)
{
	struct store_conn *conn = ltp_worker_conn(w);
	struct object *object = NULL;
	if (store_read_begin(conn, err) != 0)
		return -1;
	int rc = object_get(conn, tenant_named(c), c->object, &object, err);
	store_read_end(conn);
	if (rc == 0)
		rc = outlook_prepare(w, object, NULL, proofs, err);
	object_free(object);
	return rc;
}

static int tell_object(const struct command *c, struct ltp_worker *w,
		       const struct evidence_proofs *proofs, bool *ret_known,
		       int *ret_status, struct ltps_error *err)
{
	struct store_conn *conn = ltp_worker_conn(w);
	struct object *object = NULL;
	struct outlook o = { 0 };
	if (store_read_begin(conn, err) != 0)
		return -1;
	int rc = object_get(conn, tenant_named(c), c->object, &object, err);
	if (rc == 0)
		rc = outlook_read(w, object, proofs, c->now_ms, &o, ret_known, err);
	if (rc == 0 && *ret_known) {
		o.for_operator = true; /* who reads the store itself */
		*ret_status = is_object_late(&o) ? EXIT_INVALID : EXIT_VALID;
		rc = print_outlook(c, &o, conn, err);
	}
	store_read_end(conn);
	outlook_clear(&o);
	object_free(object);
	return rc;
}

static int run_object(struct command *c, struct ltp *l, int *ret_status,
		      struct ltps_error *err)
{
	struct ltp_worker *w = NULL;
	struct evidence_proofs proofs = { 0 };
	bool known = false;
	int rc = ltp_worker_new(l, &w, err);
	for (unsigned i = 0; rc == 0 && i < OUTLOOK_TRIES && !known; i++) {
		rc = prepare_object(c, w, &proofs, err);
		if (rc == 0)
			rc = tell_object(c, w, &proofs, &known, ret_status, err);
	}
	if (rc == 0 && !known)
		rc = outlook_restless(err);
	evidence_proofs_clear(&proofs);
	ltp_worker_free(w);
	return rc;
}

/* ---- the archive ---- */

static int run_forecast(struct command *c, struct ltp *l, int *ret_status,
			struct ltps_error *err)
{
	struct forecast f = { 0 };
	int rc =
	    plan_forecast(l, c->conn, c->other != NULL ? &c->other->algorithms : NULL,
			  c->now_ms, &f, err);
	if (rc == 0)
		rc = print(c, &f, err);
	*ret_status = is_late(&f) ? EXIT_INVALID : EXIT_VALID;
	forecast_clear(&f);
	return rc;
}

static int run(struct command *c, int *ret_status, struct ltps_error *err)
{
	struct ltp *l = NULL;
	if (open_all(c, err) != 0)
		return -1;
	const struct ltp_options options = { .store = c->store,
					     .clock = &c->clock,
					     .tsas = c->config.tsas,
					     .n_tsas = c->config.n_tsas,
					     .algorithms = &c->in_force->algorithms,
					     .upkeep = c->config.upkeep.options };
	if (ltp_new(&options, &l, err) != 0)
		return -1;
	const int rc = c->object != NULL ? run_object(c, l, ret_status, err)
					 : run_forecast(c, l, ret_status, err);
	ltp_free(l);
	return rc;
}

int cmd_renewals(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct command c = { 0 };
	int status = 0;
	unsigned n;
	const struct command_option options[] = {
		{ .name = "--config", .alias = "-c", .text = &c.config_path },
		{ .name = "--policy", .text = &c.policy_name },
		{ .name = "--time", .text = &c.time },
		{ .name = "--format", .text = &c.format },
		{ .name = "--object", .text = &c.object },
		{ .name = "--tenant", .text = &c.tenant },
	};
	const struct command_line line = {
		.command = argv[0], .help = help, .options = options, .n_options = 6
	};
	const int parsed = command_parse(argc, argv, &line, &n);
	if (parsed != 0)
		return parsed > 0 ? 0 : EXIT_USAGE;
	if (c.format != NULL && strcmp(c.format, "json") != 0 &&
	    strcmp(c.format, "text") != 0)
		return command_usage(argv[0], "--format is text or json");
	if (c.object != NULL && c.policy_name != NULL)
		return command_usage(argv[0], "--policy is of all objects");
	if (c.object == NULL && c.tenant != NULL)
		return command_usage(argv[0], "--tenant goes with --object");
	if (run(&c, &status, &err) != 0)
		status = command_error("renewals", &err);
	clear(&c);
	return status;
}
