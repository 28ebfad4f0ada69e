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
#include "timestamping/ers.h"

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
	if (rc == 0 && im->run[0] != '\0')
		rc = buf_put_fmt(text, err, "run %s\n", im->run);
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
	snprintf(ret->name, sizeof(ret->name), ORIGIN_PREFIX "%.64s", hex);
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

static bool read_po(const json_t *po, struct buf *out, struct ltps_error *err)
{
	const json_t *value =
	    json_object_get(json_object_get(po, "binaryData"), "value");
	if (value == NULL)
		value = json_object_get(json_object_get(po, "xmlData"), "b64Content");
	return json_is_string(value) &&
	       b64_decode(view_of(json_string_value(value), json_string_length(value)),
			  true, out, err) == 0;
}

/* A name proves nothing: any client can give it to what it submits. */
static bool is_po(const json_t *po, struct view data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf octets = buf_make(data.n);
	const bool same =
	    read_po(po, &octets, &err) && view_equal(view_buf(&octets), data);
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
		  const struct import_request *r, const json_t *pos)
{
	if (p->v.e == NULL && !is_among(pos, view_buf(&r->origin.text)))
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

/* The record that came begins the one that is there now. */
static bool begins(const struct ers *came, const json_t *po)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf octets = buf_make(ERS_SIZE_MAX);
	struct ers *now = NULL;
	bool same = read_po(po, &octets, &err) &&
		    ers_parse(view_buf(&octets), &now, &err) == 0 &&
		    now->n_chains >= came->n_chains;
	for (size_t i = 0; same && i < came->n_chains; i++)
		same = view_equal(now->chains[i].whole, came->chains[i].whole);
	ers_free(now);
	buf_free(&octets);
	return same;
}

static int put_retrieval(const char *poid, const char *subject, struct buf *out,
			 struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "poId", poid);
	jsonw_member(&j, "sor", subject);
	jsonw_key(&j, "versionId");
	jsonw_array(&j);
	jsonw_cstr(&j, "all");
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* Of all versions; NULL: it cannot be had. Free with json_decref(). */
static json_t *retrieve(const struct import *im, const char *poid, const char *subject)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	if (put_retrieval(poid, subject, &message, &err) != 0 ||
	    client_call(&im->client, "RetrievePO", view_buf(&message), &answer, &err) !=
		0)
		answer = NULL;
	buf_free(&message);
	return answer;
}

/* Whether some version there has the evidence that came. */
static bool has_record(const struct import *im, const struct import_piece *p,
		       const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers *came = NULL;
	json_t *answer = NULL;
	const json_t *po;
	bool has = false;
	size_t i;
	if (ers_parse(view_buf(&p->e->data), &came, &err) == 0)
		answer = retrieve(im, poid, "Evidence");
	json_array_foreach(json_object_get(answer, "po"), i, po)
		has = has || begins(came, po);
	json_decref(answer);
	ers_free(came);
	return has;
}

static void tell(const char *poid, const char *why, const char *what)
{
	progress_hide();
	fputs("ltps: import: ", stderr);
	client_show(stderr, poid);
	fputs(why, stderr);
	client_show(stderr, what);
	fputc('\n', stderr);
}

/* What is beside goes by where it is from; what else differs, as the trace does in a
 * later export, is not taken in silence for what is there. */
static void tell_others(const struct import_request *r, const json_t *pos,
			const char *poid)
{
	for (size_t i = 0; i < r->n; i++)
		if (!is_among(pos, r->pos[i].data))
			tell(poid, " stays as it is, with another ", r->pos[i].id);
}

/* What cannot be had is not believed: it is submitted then. */
static enum import_found compare(const struct import *im, const struct import_piece *p,
				 const struct import_request *r, const char *poid)
{
	enum import_found found = IMPORT_MISSING;
	json_t *answer = retrieve(im, poid, "PO");
	const json_t *pos = json_object_get(answer, "po");
	if (!holds(im, p, r, pos))
		tell(poid,
		     " has the name of what was taken over, and is not the same; "
		     "passed over: ",
		     p->e->id);
	else if (p->v.e != NULL)
		found = has_record(im, p, poid) ? IMPORT_THERE : IMPORT_UNSURE;
	else
		found = IMPORT_THERE;
	if (found == IMPORT_THERE && p->v.e == NULL)
		tell_others(r, pos, poid);
	json_decref(answer);
	return found;
}

/* The oldest that is the same, or the one of this POID. */
static enum import_found choose(const struct import *im, const struct import_piece *p,
				const struct import_request *r, const json_t *answer,
				const char *within, char poid[IMPORT_POID_MAX])
{
	const json_t *poids = json_object_get(answer, "poId"), *item;
	enum import_found found = IMPORT_MISSING;
	char chosen[IMPORT_POID_MAX] = "";
	size_t i;
	json_array_foreach(poids, i, item)
	{
		const char *text = json_string_value(item);
		if (text == NULL || (within != NULL && strcmp(text, within) != 0))
			continue;
		const enum import_found one = compare(im, p, r, text);
		if (one == IMPORT_THERE ||
		    (one == IMPORT_UNSURE && found == IMPORT_MISSING)) {
			found = one;
			snprintf(chosen, sizeof(chosen), "%s", text);
		}
		if (one == IMPORT_THERE)
			break;
	}
	if (found != IMPORT_MISSING)
		memcpy(poid, chosen, sizeof(chosen));
	return found;
}

static int refused(void)
{
	fputs("ltps: import: the service does not tell what is there already; --new "
	      "submits all of it without asking\n",
	      stderr);
	return EXIT_INVALID;
}

int import_find(const struct import *im, const struct import_piece *p,
		const struct import_request *r, const char *within,
		char poid[IMPORT_POID_MAX], enum import_found *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(MESSAGE_MAX);
	json_t *answer = NULL;
	int status;
	*ret = IMPORT_MISSING;
	if (put_message(im, p, r->origin.name, &message, &err) != 0 ||
	    client_call(&im->client, "Search", view_buf(&message), &answer, &err) != 0)
		status = command_error(im->client.url, &err);
	else
		status = client_verdict("import", answer);
	if (status == EXIT_VALID)
		*ret = choose(im, p, r, answer, within, poid);
	if (status == EXIT_INVALID)
		status = refused();
	buf_free(&message);
	json_decref(answer);
	return status;
}
