/* SPDX-License-Identifier: Apache-2.0 */
/* ltps package - an object with everything that verifies it, as a ZIP file. */
#include <stdio.h>
#include <string.h>

#include "base/fetch.h"
#include "base/file.h"
#include "server/client.h"
#include "server/commands.h"
#include "server/progress.h"

#define POID_MAX 256 /* longer than any of a service */
#define OPTIONS_COUNT (2 + CLIENT_OPTIONS_COUNT + PROGRESS_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps package POID -o OUT.zip [--url URL] [--partial]\n"
    "Gets an object with all that verifies it without the service: every version,\n"
    "evidence records, trust anchors with their dates, the material and the policy\n"
    "that signatures are judged by, reports, the trace, and a page (README.txt,\n"
    "VERIFY.html) with the commands that check each file.\n" CLIENT_HELP
    "  --partial       also while the evidence of some version is not made yet,\n"
    "                  and without the parts whose stored octets are damaged\n"
    PROGRESS_HELP
    "\nexit status: 0 done, 1 refused, 2 not wholly there yet, 64 usage,\n"
    "69 no service or it failed\n";

static int exit_of(int status)
{
	if (status == 409)
		return EXIT_UNDETERMINED;
	return status < 500 ? EXIT_INVALID : EXIT_UNAVAILABLE;
}

static int take(const struct fetch_result *r, const char *out, struct ltps_error *err)
{
	if (r->status == 200)
		return file_write(out, view_buf(&r->body), 0644, err) == 0
			   ? EXIT_VALID
			   : command_error(out, err);
	json_error_t why;
	json_t *problem = json_loadb((const char *)r->body.p, r->body.n,
				     JSON_REJECT_DUPLICATES, &why);
	progress_hide();
	fprintf(stderr, "ltps: package: HTTP %d: ", r->status);
	client_show(stderr, client_text(problem, "detail"));
	fputc('\n', stderr);
	json_decref(problem);
	return exit_of(r->status);
}

/* A POID is a name of the service's: what a path cannot hold is none. */
static bool is_poid(const char *s)
{
	return s[0] != '\0' &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
			   "TUVWXYZ0123456789-._:")] == '\0';
}

static int get(const struct client *client, const char *poid, bool partial,
	       const char *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_result result = { 0 };
	char path[POID_MAX + 32];
	snprintf(path, sizeof(path), "package/%s%s", poid,
		 partial ? "?partial=true" : "");
	const int status =
	    client_get(client, path, "application/zip", &result, &err) == 0
		? take(&result, out, &err)
		: command_error(client->url, &err);
	fetch_result_free(&result);
	return status;
}

int cmd_package(int argc, char **argv)
{
	struct progress progress = PROGRESS_OF("package");
	struct client client = CLIENT_DEFAULT;
	const char *out = NULL, *poid = NULL;
	int partial = 0;
	const struct command_option options[] = {
		CLIENT_OPTIONS(client),
		{ .name = "-o", .alias = "--output", .text = &out },
		{ .name = "--partial", .flag = &partial },
		PROGRESS_OPTIONS(progress),
	};
	const struct command_line line = { "package", help,
					   options,   OPTIONS_COUNT,
					   &poid,     1 };
	int status;
	client.progress = &progress;
	if (!command_read(argc, argv, &line, "no POID is given", &status))
		return status;
	if (out == NULL)
		return command_usage("package", "-o names the file to write");
	if (!is_poid(poid))
		return command_usage("package", "that is no POID");
	return get(&client, poid, partial != 0, out);
}
