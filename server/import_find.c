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
static int put_message(const char *name, struct buf *out, struct ltps_error *err)
{
	char filter[IMPORT_NAME_SIZE + 32];
	struct jsonw j = jsonw_to(out);
	snprintf(filter, sizeof(filter), "id = %s and state = live", name);
	jsonw_object(&j);
	jsonw_member(&j, "fi", filter);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* The oldest, or the one of this POID. */
static const char *choose(const json_t *answer, const char *within)
{
	const json_t *poids = json_object_get(answer, "poId"), *poid;
	size_t i;
	json_array_foreach(poids, i, poid)
	{
		const char *text = json_string_value(poid);
		if (text != NULL && (within == NULL || strcmp(text, within) == 0))
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

int import_find(const struct import *im, const struct import_origin *origin,
		const char *within, char poid[IMPORT_POID_MAX], bool *ret_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	int status;
	*ret_found = false;
	if (put_message(origin->name, &message, &err) != 0 ||
	    client_call(&im->client, "Search", view_buf(&message), &answer, &err) != 0)
		status = command_error(im->client.url, &err);
	else
		status = client_verdict("import", answer);
	const char *text = status == EXIT_VALID ? choose(answer, within) : NULL;
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
