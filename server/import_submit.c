/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_submit - what becomes of an object of another service:
 *
 *   its first version             PreservePO, with the record that goes on
 *   one that holds all of the     UpdatePOC of what differs, with its record
 *   version before
 *   any other: reports, forms     PreservePO, an object of its own, with its record
 *   trace, anchors                PreservePO, an object beside
 *
 * With --beside all of it becomes one object, and no record goes on. What is there from
 * a run before is told, and the rest goes on behind it.
 */
#include <stdio.h>
#include <string.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "ltp/profile.h"
#include "server/commands.h"
#include "server/import.h"

#define BESIDE "beside"
#define ALL "all" /* with --beside */
#define THERE " there" /* behind what was taken over before */

/* ---- ids ---- */

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

static size_t count_evidence(const struct import *im, const char *poid)
{
	size_t n = 0;
	for (size_t i = 0; i < im->x.n; i++)
		n += import_is_of(&im->x.items[i], poid);
	return n;
}

/* "v2-name": the parts of several versions are told apart by these. */
static size_t label_of(const char *id, const char *version)
{
	const size_t n = version != NULL ? strlen(version) : 0;
	const bool has = n > 0 && strncmp(id, version, n) == 0 && id[n] == '-' &&
			 id[n + 1] != '\0';
	return has ? n + 1 : 0;
}

/* A version that evidence is about. */
struct old_version {
	const struct exchange_item *e; /* NULL: none */
	bool labelled;                 /* ids of its parts have its label before them */
};

static struct old_version version_of(const struct import *im,
				     const struct exchange_item *e)
{
	struct old_version v = { e, count_evidence(im, e->poid) > 1 };
	for (size_t k = 0; k < e->n_refs; k++)
		v.labelled =
		    v.labelled && label_of(part_id(e->refs[k]), e->version) > 0;
	return v;
}

/* As its service called the k-th part. */
static const char *own_id(const struct old_version *v, size_t k)
{
	const char *id = part_id(v->e->refs[k]);
	return id + (v->labelled ? label_of(id, v->e->version) : 0);
}

/* What an earlier take-over named stays: a service calls what it imports by names that
 * nothing else has. */
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

/* ---- messages ---- */

static void put_data(struct jsonw *j, const struct exchange_item *item)
{
	jsonw_key(j, "binaryData");
	jsonw_object(j);
	jsonw_key(j, "value");
	jsonw_base64(j, view_buf(&item->data));
	jsonw_object_end(j);
}

static void put_format(struct jsonw *j, const struct exchange_item *item)
{
	if (item->kind == EXCHANGE_EVIDENCE)
		jsonw_member(j, "formatId", URI_ER_4998);
	else if (item->format_id != NULL)
		jsonw_member(j, "formatId", item->format_id);
	if (item->mime != NULL)
		jsonw_member(j, "mimeType", item->mime);
	else if (item->format_id == NULL && item->kind != EXCHANGE_EVIDENCE)
		jsonw_member(j, "mimeType", "application/octet-stream");
}

static void put_part(struct jsonw *j, const struct exchange_item *item, const char *id)
{
	jsonw_object(j);
	put_data(j, item);
	put_format(j, item);
	jsonw_member(j, "id", id);
	jsonw_object_end(j);
}

/* What an object is taken over with as it is. */
static void put_item(const struct import *im, struct jsonw *j,
		     const struct exchange_item *item)
{
	char id[EXCHANGE_TEXT_MAX + 32];
	if (item->kind == EXCHANGE_OBJECT)
		snprintf(id, sizeof(id), "%s", part_id(item->id));
	else
		snprintf(id, sizeof(id), IMPORTED "%s", im->hop, part_id(item->id));
	jsonw_object(j);
	put_data(j, item);
	put_format(j, item);
	jsonw_member(j, "id", id);
	if (item->n_refs > 0) {
		jsonw_key(j, "relObj");
		jsonw_array(j);
		for (size_t k = 0; k < item->n_refs; k++)
			jsonw_cstr(j, part_id(item->refs[k]));
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

/* name: under which its version is found again. */
static void put_record(struct jsonw *j, const struct exchange_item *e, const char *name)
{
	jsonw_object(j);
	put_data(j, e);
	jsonw_member(j, "formatId", URI_ER_CONTINUED);
	jsonw_member(j, "id", name);
	jsonw_object_end(j);
}

/* ---- versions ---- */

static const struct exchange_item *part_of(const struct import *im,
					   const struct old_version *v, size_t k)
{
	return exchange_find(&im->x, v->e->refs[k]);
}

/* The place of the part of this name; n_refs: there is none. */
static size_t place_of(const struct old_version *v, const char *id)
{
	size_t k = 0;
	while (k < v->e->n_refs && strcmp(own_id(v, k), id) != 0)
		k++;
	return k;
}

/* Whether the k-th part of a version stood in the one before as it is. */
static bool is_same(const struct import *im, const struct old_version *v, size_t k,
		    const struct old_version *before)
{
	const size_t at = place_of(before, own_id(v, k));
	return at < before->e->n_refs &&
	       view_equal(view_buf(&part_of(im, before, at)->data),
			  view_buf(&part_of(im, v, k)->data));
}

/* Whether UpdatePOC makes it of the version before: everything is there still, and
 * something is new. */
static bool is_update(const struct import *im, const struct old_version *v,
		      const struct old_version *before)
{
	bool all = true, news = false;
	for (size_t k = 0; all && k < before->e->n_refs; k++)
		all = place_of(v, own_id(before, k)) < v->e->n_refs;
	for (size_t k = 0; all && !news && k < v->e->n_refs; k++)
		news = !is_same(im, v, k, before);
	return all && news;
}

/* before: with what differs from it as an update of this POID; NULL: a new object. */
static int put_version(const struct import *im, const struct old_version *v,
		       const struct old_version *before, const char *poid,
		       const char *name, struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	if (before != NULL)
		jsonw_member(&j, "poId", poid);
	else
		jsonw_member(&j, "pro", im->profile);
	jsonw_key(&j, before != NULL ? "deltaPoc" : "po");
	jsonw_array(&j);
	for (size_t k = 0; k < v->e->n_refs; k++)
		if (before == NULL || !is_same(im, v, k, before))
			put_part(&j, part_of(im, v, k), own_id(v, k));
	put_record(&j, v->e, name);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* ---- what is beside ---- */

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
		return im->beside != 0 && strcmp(item->poid, first->poid) == 0;
	case EXCHANGE_OBJECT:
		for (size_t i = 0; im->beside != 0 && i < im->x.n; i++)
			if (import_is_of(&im->x.items[i], first->poid) &&
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

static bool has_beside(const struct import *im, const struct exchange_item *first)
{
	for (size_t i = 0; i < im->x.n; i++)
		if (belongs(im, &im->x.items[i], first))
			return true;
	return false;
}

/* Where it is from, as a part of its own. */
static void put_origin(struct jsonw *j, const struct import_origin *origin)
{
	jsonw_object(j);
	jsonw_key(j, "binaryData");
	jsonw_object(j);
	jsonw_key(j, "value");
	jsonw_base64(j, view_buf(&origin->text));
	jsonw_object_end(j);
	jsonw_member(j, "mimeType", "text/plain");
	jsonw_member(j, "id", origin->name);
	jsonw_object_end(j);
}

static int put_beside(const struct import *im, const struct exchange_item *first,
		      const struct import_origin *origin, struct buf *out,
		      struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "pro", im->profile);
	jsonw_key(&j, "po");
	jsonw_array(&j);
	for (size_t i = 0; i < im->x.n; i++)
		if (belongs(im, &im->x.items[i], first))
			put_item(im, &j, &im->x.items[i]);
	put_origin(&j, origin);
	jsonw_array_end(&j);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}

/* ---- sending ---- */

static void tell(const char *old, const char *poid, const char *what, bool there)
{
	progress_hide();
	client_show(stdout, old);
	putchar(' ');
	client_show(stdout, poid);
	putchar(' ');
	client_show(stdout, what);
	puts(there ? THERE : "");
	fflush(stdout);
}

/* poid: where the object is new, its POID is put here. A warning was told, and what it
 * is about is preserved. */
static int send_message(const struct import *im, const char *operation,
			struct view message, char poid[IMPORT_POID_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	json_t *answer = NULL;
	int status;
	if (client_call(&im->client, operation, message, &answer, &err) != 0)
		return command_error(im->client.url, &err);
	status = client_verdict("import", answer);
	const char *made = client_text(answer, "poId");
	if (made != NULL)
		snprintf(poid, IMPORT_POID_MAX, "%s", made);
	if (status == EXIT_UNDETERMINED)
		status = EXIT_VALID;
	json_decref(answer);
	return status;
}

static int submit_version(const struct import *im, const struct old_version *v,
			  const struct old_version *before,
			  const struct import_origin *origin,
			  char poid[IMPORT_POID_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(CLIENT_BODY_MAX);
	int status;
	if (put_version(im, v, before, poid, origin->name, &message, &err) != 0)
		status = command_error(v->e->id, &err);
	else
		status = send_message(im, before != NULL ? "UpdatePOC" : "PreservePO",
				      view_buf(&message), poid);
	buf_free(&message);
	return status;
}

static int submit_beside(const struct import *im, const struct exchange_item *first,
			 const struct import_origin *origin, char poid[IMPORT_POID_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(CLIENT_BODY_MAX);
	int status;
	if (put_beside(im, first, origin, &message, &err) != 0)
		status = command_error(first->id, &err);
	else
		status = send_message(im, "PreservePO", view_buf(&message), poid);
	buf_free(&message);
	return status;
}

/* ---- what is missing ---- */

/* Something of an object: a version, or what is beside when v is NULL. */
struct piece {
	const struct exchange_item *e; /* its record; evidence of the object */
	const struct old_version *v, *before;
	const char *what;
};

/* poid: of the object that it belongs to; where that is new, it is put here. */
static int take_origin(const struct import *im, const struct piece *p,
		       const struct import_origin *origin, char poid[IMPORT_POID_MAX])
{
	bool there = false;
	int status = EXIT_VALID;
	if (im->anew == 0)
		status = import_find(im, origin, p->before != NULL ? poid : NULL, poid,
				     &there);
	if (status == EXIT_VALID && !there)
		status = p->v != NULL
			     ? submit_version(im, p->v, p->before, origin, poid)
			     : submit_beside(im, p->e, origin, poid);
	if (status == EXIT_VALID)
		tell(p->e->poid, poid, p->what, there);
	return status;
}

static int take(const struct import *im, const struct piece *p,
		char poid[IMPORT_POID_MAX])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct import_origin origin = { .name = "" };
	const char *what = p->v == NULL && im->beside != 0 ? ALL : p->what;
	const int status =
	    import_origin_make(im, p->e, p->v == NULL, what, &origin, &err) == 0
		? take_origin(im, p, &origin, poid)
		: command_error(p->e->id, &err);
	import_origin_clear(&origin);
	return status;
}

static int take_versions(const struct import *im, const struct exchange_item *first)
{
	struct old_version newest = { 0 }; /* of the object */
	char poid[IMPORT_POID_MAX] = "";
	for (size_t i = 0; i < im->x.n; i++) {
		const struct exchange_item *e = &im->x.items[i];
		char own[IMPORT_POID_MAX] = "";
		if (!import_is_of(e, first->poid))
			continue;
		const struct old_version v = version_of(im, e);
		const bool alone = newest.e != NULL && !is_update(im, &v, &newest);
		const struct piece p = {
			.e = e,
			.v = &v,
			.before = newest.e != NULL && !alone ? &newest : NULL,
			.what = e->version != NULL ? e->version : "-"
		};
		const int status = take(im, &p, alone ? own : poid);
		if (status != EXIT_VALID)
			return status;
		if (!alone)
			newest = v;
	}
	return EXIT_VALID;
}

static int take_object(const struct import *im, const struct exchange_item *first)
{
	const struct piece beside = { .e = first, .what = BESIDE };
	char poid[IMPORT_POID_MAX] = "";
	const int status = im->beside != 0 ? EXIT_VALID : take_versions(im, first);
	return status == EXIT_VALID && has_beside(im, first) ? take(im, &beside, poid)
							     : status;
}

/* Whether the i-th item is the first evidence of its POID. */
static bool is_first(const struct import *im, size_t i)
{
	const struct exchange_item *e = &im->x.items[i];
	bool first = e->kind == EXCHANGE_EVIDENCE;
	for (size_t k = 0; k < i && first; k++)
		first = !import_is_of(&im->x.items[k], e->poid);
	return first;
}

int import_submit(struct import *im)
{
	size_t n = 0, done = 0;
	find_hop(im);
	for (size_t i = 0; i < im->x.n; i++)
		n += is_first(im, i);
	for (size_t i = 0; i < im->x.n; i++) {
		if (!is_first(im, i))
			continue;
		progress_part(&im->trust.progress, "object", ++done, n);
		const int status = take_object(im, &im->x.items[i]);
		if (status != EXIT_VALID)
			return status;
	}
	return EXIT_VALID;
}
