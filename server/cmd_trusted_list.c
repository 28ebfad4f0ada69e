/* SPDX-License-Identifier: Apache-2.0 */
/* ltps trusted-list - show a trusted list and judge it, offline. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "server/commands.h"
#include "validation/material.h"
#include "validation/trusted_list.h"

#define REPORT_MAX ((size_t)64 << 20)
#define SIGNERS_MAX 64 /* files */

static const char help[] =
    "usage: ltps trusted-list FILE --signer F [options]\n"
    "\n"
    "Shows a trusted list, or list of lists (TS 119 612, XML), and judges it: its\n"
    "signature by one of the signers, its version and its age. Services are shown\n"
    "as they were at the time.\n"
    "\n"
    "  --signer F       certificates (DER or PEM, several in one) that may sign it\n"
    "  --time T         judge as if now were T (RFC 3339)\n"
    "  --format text|json\n"
    "\n"
    "Exit status: 0 good, 1 not to be believed, 64 usage, 65 malformed input,\n"
    "70 internal error.\n";

struct command {
	const char *signers[SIGNERS_MAX], *time, *format, *rest[1];
	unsigned n_signers;
	const char *what; /* an error is about this */
	int64_t time_ms;
	struct material *material;
	const struct cert **certs;
	struct trusted_list *list;
};

static int read_signers(struct command *c, struct ltps_error *err)
{
	if (material_new(&c->material, err) != 0)
		return -1;
	for (unsigned i = 0; i < c->n_signers; i++) {
		c->what = c->signers[i];
		if (material_read(c->material, MATERIAL_CERT, c->signers[i], err) != 0)
			return -1;
	}
	const size_t n = material_count(c->material, MATERIAL_CERT);
	c->certs = mem_zalloc(n + 1, sizeof(struct cert *));
	if (c->certs == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		c->certs[i] = material_cert(c->material, MATERIAL_CERT, i);
	return 0;
}

static int read_list(struct command *c, struct ltps_error *err)
{
	struct buf octets = buf_make(TRUSTED_LIST_SIZE_MAX);
	c->what = c->rest[0];
	int rc = file_read(c->rest[0], &octets, err);
	if (rc == 0)
		rc = trusted_list_parse(view_buf(&octets), &c->list, err);
	buf_free(&octets);
	return rc;
}

static int read_time(struct command *c, struct ltps_error *err)
{
	const struct clock clock = clock_system();
	c->what = "--time";
	c->time_ms = clock_now_ms(&clock);
	if (c->time == NULL ||
	    time_parse_rfc3339(view_text(c->time), &c->time_ms, err) == 0)
		return 0;
	ltps_error_clear(err);
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "%.60s is no time of RFC 3339", c->time);
}

static int print_verdict(const struct command *c, const struct trusted_list_verdict *v,
			 struct ltps_error *err)
{
	struct buf out = buf_make(REPORT_MAX);
	int rc;
	if (c->format != NULL && strcmp(c->format, "json") == 0) {
		struct jsonw j = jsonw_to(&out);
		trusted_list_json(c->list, v, c->time_ms, &j);
		rc = jsonw_end(&j, err);
		if (rc == 0)
			rc = buf_put_byte(&out, '\n', err);
	} else {
		rc = trusted_list_text(c->list, v, c->time_ms, &out, err);
	}
	if (rc == 0 &&
	    (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0))
		rc = ltps_fail_errno(err, "cannot write to standard output");
	buf_free(&out);
	return rc;
}

static int run(struct command *c, struct ltps_error *err)
{
	struct trusted_list_verdict v;
	if (read_time(c, err) != 0 || read_signers(c, err) != 0 ||
	    read_list(c, err) != 0)
		return -1;
	const struct trusted_list_wanted wanted = {
		.signers = { c->certs, material_count(c->material, MATERIAL_CERT) },
		.lists = strcmp(c->list->type, TRUSTED_LIST_TYPE_LISTS) == 0,
		.time_ms = c->time_ms,
	};
	if (trusted_list_judge(c->list, &wanted, &v, err) != 0 ||
	    print_verdict(c, &v, err) != 0)
		return -1;
	return v.reason == TRUSTED_LIST_GOOD ? EXIT_VALID : EXIT_INVALID;
}

int cmd_trusted_list(int argc, char **argv)
{
	struct command c = { 0 };
	const struct command_option options[] = {
		{ .name = "--signer",
		  .list = c.signers,
		  .max = SIGNERS_MAX,
		  .count = &c.n_signers },
		{ .name = "--time", .text = &c.time },
		{ .name = "--format", .text = &c.format },
	};
	const struct command_line line = {
		.command = "trusted-list",
		.help = help,
		.options = options,
		.n_options = sizeof(options) / sizeof(options[0]),
		.rest = c.rest,
		.max_rest = 1,
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	int status;
	if (!command_read(argc, argv, &line, "a file is wanted", &status))
		return status;
	if (c.n_signers == 0)
		return command_usage("trusted-list", "--signer is wanted");
	if (c.format != NULL && strcmp(c.format, "text") != 0 &&
	    strcmp(c.format, "json") != 0)
		return command_usage("trusted-list", "--format is text or json");
	status = run(&c, &err);
	if (status < 0)
		status = command_error(c.what, &err);
	trusted_list_free(c.list);
	mem_free(c.certs);
	material_free(c.material);
	return status;
}
