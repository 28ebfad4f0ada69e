/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ltps import - take over what another service exported: every record is judged over
 * its objects first, under anchors that are named here; what does not verify is not
 * submitted. Objects, records and traces become one object of this service, which its
 * own evidence covers from now on.
 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "formats/exchange.h"
#include "formats/format.h"
#include "server/client.h"
#include "server/commands.h"
#include "server/policy_file.h"
#include "server/trust_options.h"
#include "validation/evidence_source.h"

#define PROFILE_DEFAULT "urn:ltps:profile:pds+pgd+aug+wst+ers:1"
#define FORMAT_RECORD "urn:ietf:rfc:4998:EvidenceRecord"
#define OWN_OPTIONS_COUNT (2 + CLIENT_OPTIONS_COUNT)
#define OPTIONS_MAX (TRUST_OPTIONS_COUNT + OWN_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps import FILE.xml --anchor F... [--url URL] [--profile P] [options]\n"
    "Takes over the objects of an EvidenceExchange document (TS 119 512 annex G).\n"
    "Every evidence record is judged over its objects, offline, under the anchors\n"
    "given here: those inside of the document are kept with it, and not trusted.\n"
    "What does not verify, or is covered by no record, is refused. Each object of the\n"
    "document becomes one object of the service, with its versions, records and trace\n"
    "as parts; prints the old POID and the new one.\n" CLIENT_HELP
    "  --profile P      preservation profile (" PROFILE_DEFAULT ")\n"
    "  --check          judge only, submit nothing\n" TRUST_OPTIONS_HELP PROGRESS_HELP
    "\nexit status: 0 done, 1 refused, 64 usage, 65 malformed input, 69 no service\n"
    "or it failed\n";

struct import {
	struct trust_options trust;
	struct client client;
	const char *profile;
	int check;
	unsigned hop; /* how often the objects were taken over, with this one */
	const char *rest[1];
	struct buf file;
	struct exchange x;
	struct validation_policy *policy; /* NULL: algorithms are not judged */
};

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

/* ---- submitting ---- */

/* "p12-name": of the 12th object. The length of that; 0: of no single one. */
static size_t prefix_of(const char *id)
{
	const size_t digits = id[0] == 'p' ? strspn(id + 1, "0123456789") : 0;
	return digits > 0 && id[1 + digits] == '-' && id[2 + digits] != '\0'
		   ? digits + 2
		   : 0;
}

static const char *part_id(const char *id)
{
	return id + prefix_of(id);
}

static bool refers(const struct exchange_item *e, const char *id)
{
	for (size_t k = 0; k < e->n_refs; k++)
		if (strcmp(e->refs[k], id) == 0)
			return true;
	return false;
}

/* Whether an item goes with the object of this POID, `first` being evidence of it. */
static bool belongs(const struct import *im, const struct exchange_item *item,
		    const struct exchange_item *first)
{
	switch (item->kind) {
	case EXCHANGE_EVIDENCE:
		return strcmp(item->poid, first->poid) == 0;
	case EXCHANGE_OBJECT:
		for (size_t i = 0; i < im->x.n; i++)
			if (im->x.items[i].kind == EXCHANGE_EVIDENCE &&
			    strcmp(im->x.items[i].poid, first->poid) == 0 &&
			    refers(&im->x.items[i], item->id))
				return true;
		return false;
	case EXCHANGE_OTHER:
		break;
	}
	const size_t n = prefix_of(item->id);
	return n == 0 ||
	       (n == prefix_of(first->id) && strncmp(item->id, first->id, n) == 0);
}

/* What an earlier take-over named stays: a service calls its own evidence and what it
 * imports by names that nothing else has. */
#define IMPORTED "imported-%u-"
#define HOPS_MAX 10000

static bool is_taken(const struct exchange *x, const char *prefix)
{
	for (size_t i = 0; i < x->n; i++)
		if (strncmp(part_id(x->items[i].id), prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

static void find_hop(struct import *im)
{
	char prefix[32];
	for (im->hop = 1; im->hop < HOPS_MAX; im->hop++) {
		snprintf(prefix, sizeof(prefix), IMPORTED, im->hop);
		if (!is_taken(&im->x, prefix))
			return;
	}
}

static void put_id(const struct import *im, struct jsonw *j,
		   const struct exchange_item *item)
{
	char id[EXCHANGE_TEXT_MAX + 32];
	if (item->kind == EXCHANGE_OBJECT)
		snprintf(id, sizeof(id), "%s", part_id(item->id));
	else
		snprintf(id, sizeof(id), IMPORTED "%s", im->hop, part_id(item->id));
	jsonw_member(j, "id", id);
}

static void put_item(const struct import *im, struct jsonw *j,
		     const struct exchange_item *item)
{
	jsonw_object(j);
	jsonw_key(j, "binaryData");
	jsonw_object(j);
	jsonw_key(j, "value");
	jsonw_base64(j, view_buf(&item->data));
	jsonw_object_end(j);
	if (item->kind == EXCHANGE_EVIDENCE)
		jsonw_member(j, "formatId", FORMAT_RECORD);
	else if (item->format_id != NULL)
		jsonw_member(j, "formatId", item->format_id);
	if (item->mime != NULL)
		jsonw_member(j, "mimeType", item->mime);
	else if (item->format_id == NULL && item->kind != EXCHANGE_EVIDENCE)
		jsonw_member(j, "mimeType", "application/octet-stream");
	put_id(im, j, item);
	if (item->n_refs > 0) {
		jsonw_key(j, "relObj");
		jsonw_array(j);
		for (size_t k = 0; k < item->n_refs; k++)
			jsonw_cstr(j, part_id(item->refs[k]));
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

static int put_message(const struct import *im, const struct exchange_item *first,
		       struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "pro", im->profile);
	jsonw_key(&j, "po");
	jsonw_array(&j);
	for (size_t i = 0; i < im->x.n; i++)
		if (belongs(im, &im->x.items[i], first))
			put_item(im, &j, &im->x.items[i]);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

static int submit_one(const struct import *im, const struct exchange_item *first)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(CLIENT_BODY_MAX);
	json_t *answer = NULL;
	int status;
	if (put_message(im, first, &message, &err) != 0 ||
	    client_call(&im->client, "PreservePO", view_buf(&message), &answer, &err) !=
		0)
		status = command_error(im->client.url, &err);
	else
		status = client_verdict("import", answer);
	const char *poid = client_text(answer, "poId");
	progress_hide();
	if (poid != NULL) {
		client_show(stdout, first->poid);
		putchar(' ');
		client_show(stdout, poid);
		putchar('\n');
		status = EXIT_VALID; /* a warning was told; the object is preserved */
	}
	json_decref(answer);
	buf_free(&message);
	return status;
}

/* Whether the i-th item is the first evidence of its POID. */
static bool is_first(const struct import *im, size_t i)
{
	const struct exchange_item *e = &im->x.items[i];
	bool first = e->kind == EXCHANGE_EVIDENCE;
	for (size_t k = 0; k < i && first; k++)
		first = im->x.items[k].kind != EXCHANGE_EVIDENCE ||
			strcmp(im->x.items[k].poid, e->poid) != 0;
	return first;
}

/* Each POID once. */
static int submit_all(struct import *im)
{
	size_t n = 0, done = 0;
	find_hop(im);
	for (size_t i = 0; i < im->x.n; i++)
		n += is_first(im, i);
	for (size_t i = 0; i < im->x.n; i++) {
		if (!is_first(im, i))
			continue;
		progress_part(&im->trust.progress, "object", ++done, n);
		const int status = submit_one(im, &im->x.items[i]);
		if (status != 0)
			return status;
	}
	return EXIT_VALID;
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
	return status != 0 || im->check != 0 ? status : submit_all(im);
}

static int parse(struct import *im, int argc, char **argv)
{
	struct command_option options[OPTIONS_MAX];
	const struct command_option own[OWN_OPTIONS_COUNT] = {
		CLIENT_OPTIONS(im->client),
		{ .name = "--profile", .text = &im->profile },
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
