/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_find - what was taken over already, so that a second run takes what is missing
 * only. The service is asked: each version was submitted with its record under a name
 * that says where it is from, what is beside with a part of such a name.
 */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "server/commands.h"
#include "server/import.h"

#define MESSAGE_MAX 4096

/* ---- names ---- */

bool import_is_of(const struct exchange_item *e, const char *poid)
{
	return e->kind == EXCHANGE_EVIDENCE && strcmp(e->poid, poid) == 0;
}

static int put_record(struct buf *text, const struct exchange_item *e,
		      struct ltps_error *err)
{
	struct digest d;
	char hex[2 * DIGEST_MAX + 1];
	if (digest_once(DIGEST_SHA256, view_buf(&e->data), &d, err) != 0)
		return -1;
	hex_encode(digest_view(&d), hex);
	return buf_put_fmt(text, err, "record %s\n", hex);
}

static int put_text(const struct import *im, const struct exchange_item *e, bool all,
		    const char *what, struct buf *text, struct ltps_error *err)
{
	int rc = buf_put_fmt(text, err, "object %s\n%s\n", e->poid, what);
	for (size_t i = 0; rc == 0 && i < im->x.n; i++) {
		const struct exchange_item *item = &im->x.items[i];
		if (all ? import_is_of(item, e->poid) : item == e)
			rc = put_record(text, item, err);
	}
	return rc;
}

int import_origin_make(const struct import *im, const struct exchange_item *e, bool all,
		       const char *what, struct import_origin *ret,
		       struct ltps_error *err)
{
	struct digest d;
	char hex[2 * DIGEST_MAX + 1];
	ret->text = buf_make(EXCHANGE_ITEMS_MAX * sizeof(hex));
	if (put_text(im, e, all, what, &ret->text, err) != 0 ||
	    digest_once(DIGEST_SHA256, view_buf(&ret->text), &d, err) != 0)
		return -1;
	hex_encode(digest_view(&d), hex);
	snprintf(ret->name, sizeof(ret->name), IMPORT_NAME "%.64s", hex);
	return 0;
}

void import_origin_clear(struct import_origin *o)
{
	buf_free(&o->text);
}

/* ---- the question ---- */

/* What was deleted is not there; where the data is gone nothing can follow. */
static int put_message(const struct import *im, const struct import_piece *p,
		       const char *name, struct buf *out, struct ltps_error *err)
{
	char filter[IMPORT_NAME_SIZE + EXCHANGE_TEXT_MAX];
	struct jsonw j = jsonw_to(out);
	/* The name of a record that the service judged is no name of a part. */
	snprintf(filter, sizeof(filter), "%s = %s and state = live and profile = \"%s\"",
		 p->v.e != NULL ? "record" : "id", name, im->profile);
	jsonw_object(&j);
	jsonw_member(&j, "fi", filter);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* ---- what is found ---- */

/* A name proves nothing: any client can give it to what it submits. */
static bool is_po(const json_t *po, struct view data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf octets = buf_make(data.n);
	const json_t *value =
	    json_object_get(json_object_get(po, "binaryData"), "value");
	if (value == NULL)
		value = json_object_get(json_object_get(po, "xmlData"), "b64Content");
	const bool same =
	    json_is_string(value) &&
	    b64_decode(
		view_of(json_string_value(value), json_string_length(value)), true,
		&octets, &err) == 0 &&
	    view_equal(view_buf(&octets), data);
	buf_free(&octets);
	return same;
}

static bool is_among(const json_t *pos, struct view data)
{
	const json_t *po;
	size_t i;
	json_array_foreach(pos, i, po)
		if (is_po(po, data))
			return true;
	return false;
}

/* All that the record is about; where it is from, of what is beside. The trace grows
 * from one export to the next. */
static bool holds(const struct import *im, const struct import_piece *p,
		  const struct import_origin *origin, const json_t *pos)
{
	if (p->v.e == NULL && !is_among(pos, view_buf(&origin->text)))
		return false;
	for (size_t i = 0; i < im->x.n; i++) {
		const struct exchange_item *e = &im->x.items[i];
		const bool beside = p->v.e == NULL && im->beside != 0;
		if (!(e == p->v.e || (beside && import_is_of(e, p->e->poid))))
			continue;
		if (beside && !is_among(pos, view_buf(&e->data)))
			return false;
		for (size_t k = 0; k < e->n_refs; k++)
			if (!is_among(pos, view_buf(&exchange_find(&im->x, e->refs[k])
							 ->data)))
				return false;
	}
	return true;
}

static int put_retrieval(const char *poid, struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "poId", poid);
	jsonw_member(&j, "sor", "PO");
	jsonw_key(&j, "versionId");
	jsonw_array(&j);
	jsonw_cstr(&j, "all");
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* What cannot be had is not believed: it is submitted then. */
static bool is_same(const struct import *im, const struct import_piece *p,
		    const struct import_origin *origin, const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	const bool same =
	    put_retrieval(poid, &message, &err) == 0 &&
	    client_call(&im->client, "RetrievePO", view_buf(&message), &answer, &err) ==
		0 &&
	    holds(im, p, origin, json_object_get(answer, "po"));
	if (!same) {
		progress_hide();
		fputs("ltps: import: ", stderr);
		client_show(stderr, poid);
		fputs(" has the name of what was taken over, and is not the same; "
		      "passed over: ",
		      stderr);
		client_show(stderr, p->e->id);
		fputc('\n', stderr);
	}
	buf_free(&message);
	json_decref(answer);
	return same;
}

/* The oldest that is the same, or the one of this POID. */
static const char *choose(const struct import *im, const struct import_piece *p,
			  const struct import_origin *origin, const json_t *answer,
			  const char *within)
{
	const json_t *poids = json_object_get(answer, "poId"), *poid;
	size_t i;
	json_array_foreach(poids, i, poid)
	{
		const char *text = json_string_value(poid);
		if (text != NULL && (within == NULL || strcmp(text, within) == 0) &&
		    is_same(im, p, origin, text))
			return text;
	}
	return NULL;
}

static int refused(void)
{
	fputs("ltps: import: the service does not tell what is there already; --new "
	      "submits all of it without asking\n",
	      stderr);
	return EXIT_INVALID;
}

int import_find(const struct import *im, const struct import_piece *p,
		const struct import_origin *origin, const char *within,
		char poid[IMPORT_POID_MAX], bool *ret_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	int status;
	*ret_found = false;
	if (put_message(im, p, origin->name, &message, &err) != 0 ||
	    client_call(&im->client, "Search", view_buf(&message), &answer, &err) != 0)
		status = command_error(im->client.url, &err);
	else
		status = client_verdict("import", answer);
	const char *text = status == EXIT_VALID ? choose(im, p, origin, answer, within) : NULL;
	if (text != NULL) {
		snprintf(poid, IMPORT_POID_MAX, "%s", text);
		*ret_found = true;
	}
	if (status == EXIT_INVALID)
		status = refused();
	buf_free(&message);
	json_decref(answer);
	return status;
}
