/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ltps import - take over what another service exported: every record is judged over
 * its objects first, under anchors that are named here, and every request by the rules
 * of the service (server/import_check.c); what does not hold is not submitted. Then the
 * service judges it under its own (server/import_submit.c).
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "server/commands.h"
#include "server/import.h"
#include "server/policy_file.h"

#define PROFILE_DEFAULT "urn:ltps:profile:pds+pgd+aug+wst+ers:1"
#define OWN_OPTIONS_COUNT (4 + CLIENT_OPTIONS_COUNT)
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + OWN_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps import FILE.xml --anchor F... [--url URL] [--profile P] [options]\n"
    "Takes over the objects of an EvidenceExchange document (TS 119 512 annex G).\n"
    "Every evidence record is judged over its objects, offline, under the anchors\n"
    "given here: those inside of the document are kept with it, and not trusted.\n"
    "What does not verify, is covered by no record, or would be refused by the rules\n"
    "of the service, is refused. The service then goes on with each record, once it\n"
    "holds under the anchors that it has itself: the versions of an object become\n"
    "those of a new one, reports and forms objects of their own, the trace and the\n"
    "anchors one beside. Prints for each the old POID, the new one, and the old\n"
    "version, or \"beside\"; \"there\" behind it when it was taken over before: a\n"
    "second run takes what is missing only.\n" CLIENT_HELP
    "  --profile P      preservation profile (" PROFILE_DEFAULT ")\n"
    "  --beside         go on with no record: all becomes one object, its old records\n"
    "                   parts of it; for services that do not have those anchors\n"
    "  --new            do not ask what is there already: all becomes new objects,\n"
    "                   which no later run takes for its own\n"
    "  --check          judge only, submit nothing, and say what is left "
    "open\n" TRUST_OPTIONS_HELP PROGRESS_HELP
    "\nexit status: 0 done, 1 refused, 64 usage, 65 malformed input, 69 no service\n"
    "or it failed\n";

/* ---- the command ---- */

/* What is to be made anew bears names that nothing has. */
static int name_run(struct import *im, struct ltps_error *err)
{
	uint8_t octets[IMPORT_RUN_LEN];
	if (im->anew == 0)
		return 0;
	if (RAND_bytes(octets, sizeof(octets)) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "random number generator");
	hex_encode(view_of(octets, sizeof(octets)), im->run);
	return 0;
}

static int import_file(struct import *im)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *policy = im->trust.policy != NULL ? im->trust.policy : "default";
	if (name_run(im, &err) != 0 || trust_options_load(&im->trust, &err) != 0 ||
	    policy_load(policy, &im->policy, &err) != 0)
		return command_error("import", &err);
	if (file_read(im->rest[0], &im->file, &err) != 0 ||
	    exchange_parse(view_buf(&im->file), &im->x, &err) != 0)
		return command_error(im->rest[0], &err);
	buf_free(&im->file);
	const int status = import_check(im);
	return status != 0 || im->check != 0 ? status : import_submit(im);
}

static int parse(struct import *im, int argc, char **argv)
{
	struct command_option options[OPTIONS_MAX];
	const struct command_option own[OWN_OPTIONS_COUNT] = {
		CLIENT_OPTIONS(im->client),
		{ .name = "--profile", .text = &im->profile },
		{ .name = "--beside", .flag = &im->beside },
		{ .name = "--new", .flag = &im->anew },
		{ .name = "--check", .flag = &im->check },
	};
	const struct command_line line = { "import",    help,     options,
					   OPTIONS_MAX, im->rest, 1 };
	int status;
	trust_options_table(&im->trust, "import", options);
	im->client.progress = &im->trust.progress;
	memcpy(options + TRUST_OPTIONS_COUNT, own, sizeof(own));
	if (!command_read(argc, argv, &line, "a file is wanted", &status))
		return status;
	return import_file(im);
}

int cmd_import(int argc, char **argv)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct import *im = mem_zalloc(1, sizeof(*im));
	if (im == NULL) {
		ltps_fail_nomem(&err);
		return command_error("import", &err);
	}
	im->client = (struct client)CLIENT_DEFAULT;
	im->profile = PROFILE_DEFAULT;
	im->file = buf_make(EXCHANGE_SIZE_MAX);
	const int status = parse(im, argc, argv);
	exchange_clear(&im->x);
	buf_free(&im->file);
	validation_policy_free(im->policy);
	trust_options_clear(&im->trust);
	mem_free(im);
	return status;
}
