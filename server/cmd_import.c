/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ltps import - take over what another service exported: every record is judged over
 * its objects first, under anchors that are named here; what does not verify is not
 * submitted. Then the service judges it under its own (server/import_submit.c).
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/format.h"
#include "server/commands.h"
#include "server/import.h"
#include "server/policy_file.h"
#include "validation/evidence_source.h"

#define PROFILE_DEFAULT "urn:ltps:profile:pds+pgd+aug+wst+ers:1"
#define OWN_OPTIONS_COUNT (4 + CLIENT_OPTIONS_COUNT)
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + OWN_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps import FILE.xml --anchor F... [--url URL] [--profile P] [options]\n"
    "Takes over the objects of an EvidenceExchange document (TS 119 512 annex G).\n"
    "Every evidence record is judged over its objects, offline, under the anchors\n"
    "given here: those inside of the document are kept with it, and not trusted.\n"
    "What does not verify, or is covered by no record, is refused. The service then\n"
    "goes on with each record, once it holds under the anchors that it has itself:\n"
    "the versions of an object become those of a new one, reports and forms objects\n"
    "of their own, the trace and the anchors one beside. Prints for each the old\n"
    "POID, the new one, and the old version, or \"beside\"; \"there\" behind it when\n"
    "it was taken over before: a second run takes what is missing only.\n" CLIENT_HELP
    "  --profile P      preservation profile (" PROFILE_DEFAULT ")\n"
    "  --beside         go on with no record: all becomes one object, its old records\n"
    "                   parts of it; for services that do not have those anchors\n"
    "  --new            do not ask what is there already: all becomes new objects\n"
    "  --check          judge only, submit nothing\n" TRUST_OPTIONS_HELP PROGRESS_HELP
    "\nexit status: 0 done, 1 refused, 64 usage, 65 malformed input, 69 no service\n"
    "or it failed\n";

/* ---- whether it holds ---- */

static int refuse(const char *id, const char *why)
{
	progress_hide();
	fputs("ltps: import: POFormatError: ", stderr);
	client_show(stderr, id);
	fputs(": ", stderr);
	client_show(stderr, why);
	fputc('\n', stderr);
	return EXIT_INVALID;
}

static void fill_objects(const struct import *im, const struct exchange_item *e,
			 struct ers_object *objects)
{
	for (size_t i = 0; i < e->n_refs; i++) {
		const struct exchange_item *o = exchange_find(&im->x, e->refs[i]);
		objects[i] = (struct ers_object){ .name = o->id,
						  .has_data = true,
						  .data = view_buf(&o->data) };
	}
}

/* Why it does not hold; NULL when it does. */
static const char *defect_of(const struct evidence_reports *reports, char text[300])
{
	if (reports->n != 1)
		return "it is not one evidence record";
	const struct ers_report *r = reports->r[0];
	bool covered = r->n_covers > 0;
	for (size_t i = 0; i < r->n_covers; i++)
		covered = covered && r->covers[i].covered;
	if (r->intact && covered && r->indication == INDICATION_PASSED)
		return NULL;
	snprintf(text, 300, "%s%s%s: %s", indication_name(r->indication),
		 r->subindication != NULL ? "/" : "",
		 r->subindication != NULL ? r->subindication : "",
		 r->n_findings > 0 ? r->findings[0].text : "it does not verify");
	return text;
}

/* 0, or the exit status with which to end. */
static int judge_one(const struct import *im, const struct exchange_item *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_reports reports = { .n = 0 };
	char text[300];
	if (e->poid == NULL)
		return refuse(e->id, "it does not say which object it belongs to");
	if (e->n_refs == 0)
		return refuse(e->id, "it does not say what it is about");
	if (format_detect(view_buf(&e->data))->kind != FORMAT_EVIDENCE_RECORD)
		return refuse(e->id, "it is no evidence record of RFC 4998");
	struct ers_object *objects = mem_zalloc(e->n_refs, sizeof(*objects));
	const struct ers_input in = {
		.objects = objects,
		.n_objects = e->n_refs,
		.material = im->trust.material,
		.policy = im->policy != NULL ? &im->policy->algorithms : NULL,
		.time_ms = im->trust.time_ms,
	};
	int status = 0;
	if (objects != NULL)
		fill_objects(im, e, objects);
	else
		ltps_fail_nomem(&err);
	if (objects == NULL ||
	    evidence_judge(view_buf(&e->data), &in, &reports, &err) != 0) {
		status = err.fault == LTPS_FAULT_OBJECT ? refuse(e->id, err.text)
							: command_error(e->id, &err);
	} else {
		const char *why = defect_of(&reports, text);
		status = why != NULL ? refuse(e->id, why) : 0;
	}
	evidence_reports_clear(&reports);
	mem_free(objects);
	return status;
}

static bool is_covered(const struct exchange *x, const char *id)
{
	for (size_t i = 0; i < x->n; i++)
		for (size_t k = 0; k < x->items[i].n_refs; k++)
			if (strcmp(x->items[i].refs[k], id) == 0)
				return true;
	return false;
}

static int judge_all(struct import *im)
{
	size_t evidence = 0;
	for (size_t i = 0; i < im->x.n; i++) {
		const struct exchange_item *item = &im->x.items[i];
		int status = 0;
		progress_step(&im->trust.progress, "judging", PROGRESS_THINGS, i + 1,
			      im->x.n);
		evidence += item->kind == EXCHANGE_EVIDENCE;
		if (item->kind == EXCHANGE_EVIDENCE)
			status = judge_one(im, item);
		else if (item->kind == EXCHANGE_OBJECT && !is_covered(&im->x, item->id))
			status = refuse(item->id, "no evidence is about it");
		if (status != 0)
			return status;
	}
	return evidence > 0 ? 0 : refuse(im->rest[0], "there is no evidence in it");
}

/* ---- the command ---- */

static int import_file(struct import *im)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (trust_options_load(&im->trust, &err) != 0 ||
	    (im->trust.policy != NULL &&
	     policy_load(im->trust.policy, &im->policy, &err) != 0))
		return command_error("import", &err);
	if (file_read(im->rest[0], &im->file, &err) != 0 ||
	    exchange_parse(view_buf(&im->file), &im->x, &err) != 0)
		return command_error(im->rest[0], &err);
	buf_free(&im->file);
	const int status = judge_all(im);
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
