/* SPDX-License-Identifier: Apache-2.0 */
/* ltps export - objects with their evidence as an EvidenceExchange document. */
#include <stdio.h>
#include <string.h>

#include "base/fetch.h"
#include "base/file.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "formats/exchange.h"
#include "ltp/profile.h"
#include "server/client.h"
#include "server/commands.h"
#include "server/progress.h"

#define POIDS_MAX 1000
#define EVIDENCE_PREFIX "evidence-" /* of the ids of records in RetrievePO */
#define OPTIONS_COUNT (1 + CLIENT_OPTIONS_COUNT + PROGRESS_OPTIONS_COUNT)

static const char help[] =
    "usage: ltps export POID... -o FILE.xml [--url URL]\n"
    "Writes objects, all their versions, evidence records and traces, and the trust\n"
    "anchors with their dates, as an EvidenceExchange document (TS 119 512 annex G),\n"
    "which another service takes over with \"ltps import\".\n" CLIENT_HELP PROGRESS_HELP
    "\nexit status: 0 done, 1 refused, 2 not wholly there yet, 64 usage,\n"
    "69 no service or it failed\n";

struct export
{
	struct progress progress;
	struct client client;
	const char *out;
	const char *poids[POIDS_MAX];
	unsigned n;
	struct exchange x;
	unsigned k; /* of the present object, from 1 */
	const json_t *pos;
};

/* ---- ids: xs:ID in the document, unique over all objects ---- */

static bool is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || *s == '-' || *s == '_' || *s == '.'))
			return false;
	return true;
}

static void make_id(const struct export *e, const char *id, size_t i,
		    char out[EXCHANGE_TEXT_MAX])
{
	if (id != NULL && is_plain(id) && strlen(id) < EXCHANGE_TEXT_MAX - 16)
		snprintf(out, EXCHANGE_TEXT_MAX, "p%u-%s", e->k, id);
	else
		snprintf(out, EXCHANGE_TEXT_MAX, "p%u-part-%zu", e->k, i + 1);
}

static int set_text(char **at, const char *text, struct ltps_error *err)
{
	if (text == NULL)
		return 0;
	*at = mem_dup_text(text);
	return *at != NULL ? 0 : ltps_fail_nomem(err);
}

/* ---- one object ---- */

static int fail_answer(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "TS 119 512 5.4.5", "%s",
			 what);
}

static int add_refs(struct export *e, const json_t *po, struct exchange_item *item,
		    struct ltps_error *err)
{
	size_t i, k;
	json_t *ref, *other;
	json_array_foreach(json_object_get(po, "relObj"), i, ref)
	{
		char id[EXCHANGE_TEXT_MAX] = "";
		json_array_foreach(e->pos, k, other)
		{
			const char *own = client_text(other, "id");
			if (own != NULL && json_is_string(ref) &&
			    strcmp(own, json_string_value(ref)) == 0)
				make_id(e, own, k, id);
		}
		if (id[0] == '\0')
			return fail_answer(err, "evidence about what is not there");
		if (exchange_add_ref(item, id, err) != 0)
			return -1;
	}
	return item->n_refs > 0 ? 0 : fail_answer(err, "evidence about nothing");
}

static int add_po(struct export *e, const json_t *po, size_t i, struct ltps_error *err)
{
	const char *format = client_text(po, "formatId"), *id = client_text(po, "id");
	const bool record = format != NULL && strcmp(format, URI_ER_4998) == 0 &&
			    id != NULL &&
			    strncmp(id, EVIDENCE_PREFIX, strlen(EVIDENCE_PREFIX)) == 0;
	const json_t *value =
	    json_object_get(json_object_get(po, "binaryData"), "value");
	struct exchange_item *item = NULL;
	char own[EXCHANGE_TEXT_MAX];
	if (value == NULL)
		value = json_object_get(json_object_get(po, "xmlData"), "b64Content");
	if (!json_is_string(value))
		return fail_answer(err, "a PO without data");
	make_id(e, id, i, own);
	if (exchange_add(&e->x, record ? EXCHANGE_EVIDENCE : EXCHANGE_OBJECT, &item,
			 err) != 0 ||
	    set_text(&item->id, own, err) != 0 ||
	    set_text(&item->format_id, format, err) != 0 ||
	    set_text(&item->mime, client_text(po, "mimeType"), err) != 0 ||
	    b64_decode(view_of(json_string_value(value), json_string_length(value)),
		       true, &item->data, err) != 0)
		return -1;
	if (!record)
		return 0;
	if (set_text(&item->poid, e->poids[e->k - 1], err) != 0 ||
	    set_text(&item->version, id + strlen(EVIDENCE_PREFIX), err) != 0)
		return -1;
	return add_refs(e, po, item, err);
}

static int put_message(const char *poid, bool retrieve, struct buf *out,
		       struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "poId", poid);
	if (retrieve) {
		jsonw_key(&j, "versionId");
		jsonw_array(&j);
		jsonw_cstr(&j, "all");
		jsonw_array_end(&j);
		jsonw_member(&j, "sor", "POwithDetachedEvidence");
	}
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* 0, or the exit status with which to end. */
static int ask(const struct export *e, const char *operation, json_t **ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(CLIENT_BODY_MAX);
	int status;
	if (put_message(e->poids[e->k - 1], strcmp(operation, "RetrievePO") == 0,
			&message, &err) != 0 ||
	    client_call(&e->client, operation, view_buf(&message), ret, &err) != 0)
		status = command_error(e->client.url, &err);
	else
		status = client_verdict("export", *ret);
	buf_free(&message);
	return status;
}

static int add_other(struct export *e, const char *id, const char *mime,
		     struct view data, struct ltps_error *err)
{
	struct exchange_item *item = NULL;
	if (exchange_add(&e->x, EXCHANGE_OTHER, &item, err) != 0 ||
	    set_text(&item->id, id, err) != 0 || set_text(&item->mime, mime, err) != 0)
		return -1;
	return buf_put(&item->data, data, err);
}

static int add_trace(struct export *e, const json_t *answer, struct ltps_error *err)
{
	char id[32];
	char *text = json_dumps(json_object_get(answer, "trace"),
				JSON_COMPACT | JSON_PRESERVE_ORDER);
	snprintf(id, sizeof(id), "p%u-trace", e->k);
	if (text == NULL)
		return fail_answer(err, "a trace that is none");
	const int rc = add_other(e, id, "application/json", view_text(text), err);
	mem_free(text);
	return rc;
}

static int export_one(struct export *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	json_t *answer = NULL, *trace = NULL, *po;
	size_t i;
	int status = ask(e, "RetrievePO", &answer);
	if (status == 0)
		status = ask(e, "RetrieveTrace", &trace);
	if (status != 0)
		goto out;
	e->pos = json_object_get(answer, "po");
	json_array_foreach(e->pos, i, po)
	{
		if (add_po(e, po, i, &err) != 0) {
			status = command_error(e->poids[e->k - 1], &err);
			goto out;
		}
	}
	if (add_trace(e, trace, &err) != 0)
		status = command_error(e->poids[e->k - 1], &err);
out:
	json_decref(answer);
	json_decref(trace);
	return status;
}

/* ---- the whole ---- */

static int add_anchors(struct export *e, struct ltps_error *err)
{
	struct fetch_result r = { 0 };
	int rc =
	    client_get(&e->client, "anchors.pem", "application/x-pem-file", &r, err);
	if (rc == 0)
		rc = r.status != 200 || r.body.n == 0
			 ? fail_answer(err, "the service gives no trust anchors")
			 : add_other(e, "anchors", "application/x-pem-file",
				     view_buf(&r.body), err);
	fetch_result_free(&r);
	return rc;
}

static int export_all(struct export *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (e->k = 1; e->k <= e->n; e->k++) {
		progress_part(&e->progress, "object", e->k, e->n);
		const int status = export_one(e);
		if (status != 0)
			return status;
	}
	if (add_anchors(e, &err) != 0)
		return command_error(e->client.url, &err);
	struct buf xml = buf_make(EXCHANGE_SIZE_MAX);
	int status = EXIT_VALID;
	if (exchange_write(&e->x, &xml, &err) != 0 ||
	    file_write(e->out, view_buf(&xml), 0644, &err) != 0)
		status = command_error(e->out, &err);
	buf_free(&xml);
	return status;
}

int cmd_export(int argc, char **argv)
{
	struct export *e = mem_zalloc(1, sizeof(*e));
	struct ltps_error err = LTPS_ERROR_INIT;
	if (e == NULL) {
		ltps_fail_nomem(&err);
		return command_error("export", &err);
	}
	e->progress = (struct progress)PROGRESS_OF("export");
	e->client = (struct client)CLIENT_DEFAULT;
	e->client.progress = &e->progress;
	const struct command_option options[] = {
		CLIENT_OPTIONS(e->client),
		{ .name = "-o", .alias = "--output", .text = &e->out },
		PROGRESS_OPTIONS(e->progress),
	};
	const struct command_line line = { "export", help,
					   options,  OPTIONS_COUNT,
					   e->poids, POIDS_MAX };
	int status = command_parse(argc, argv, &line, &e->n);
	if (status != 0)
		status = status > 0 ? 0 : EXIT_USAGE;
	else if (e->n == 0)
		status = command_usage("export", "no POID is given");
	else if (e->out == NULL)
		status = command_usage("export", "-o names the file to write");
	else
		status = export_all(e);
	exchange_clear(&e->x);
	mem_free(e);
	return status;
}
