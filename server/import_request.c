/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_request - what becomes of an object of another service, piece by piece:
 *
 *   its first version             PreservePO, with the record that goes on
 *   one that holds all of the     UpdatePOC of what differs, with its record
 *   version before
 *   any other: reports, forms     PreservePO, an object of its own, with its record
 *   trace, anchors                PreservePO, an object beside
 *
 * With --beside all of it becomes one object, and no record goes on.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/profile.h"
#include "server/import.h"

#define ALL "all" /* with --beside, where it is from */

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
	const bool has =
	    n > 0 && strncmp(id, version, n) == 0 && id[n] == '-' && id[n + 1] != '\0';
	return has ? n + 1 : 0;
}

static struct import_version version_of(const struct import *im,
					const struct exchange_item *e)
{
	struct import_version v = { e, count_evidence(im, e->poid) > 1 };
	for (size_t k = 0; k < e->n_refs; k++)
		v.labelled =
		    v.labelled && label_of(part_id(e->refs[k]), e->version) > 0;
	return v;
}

/* As its service called the k-th part. */
static const char *own_id(const struct import_version *v, size_t k)
{
	const char *id = part_id(v->e->refs[k]);
	return id + (v->labelled ? label_of(id, v->e->version) : 0);
}

/* What an earlier take-over named stays: a service calls what it imports by names that
 * nothing else has. */
#define IMPORTED ORIGIN_PREFIX "%u-"
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

/* ---- versions ---- */

static const struct exchange_item *part_of(const struct import *im,
					   const struct import_version *v, size_t k)
{
	return exchange_find(&im->x, v->e->refs[k]);
}

/* The place of the part of this name; n_refs: there is none. */
static size_t place_of(const struct import_version *v, const char *id)
{
	size_t k = 0;
	while (k < v->e->n_refs && strcmp(own_id(v, k), id) != 0)
		k++;
	return k;
}

/* Whether the k-th part of a version stood in the one before as it is. */
static bool is_same(const struct import *im, const struct import_version *v, size_t k,
		    const struct import_version *before)
{
	const size_t at = place_of(before, own_id(v, k));
	return at < before->e->n_refs &&
	       view_equal(view_buf(&part_of(im, before, at)->data),
			  view_buf(&part_of(im, v, k)->data));
}

/* Whether UpdatePOC makes it of the version before: everything is there still, and
 * something is new. */
static bool is_update(const struct import *im, const struct import_version *v,
		      const struct import_version *before)
{
	bool all = true, news = false;
	for (size_t k = 0; all && k < before->e->n_refs; k++)
		all = place_of(v, own_id(before, k)) < v->e->n_refs;
	for (size_t k = 0; all && !news && k < v->e->n_refs; k++)
		news = !is_same(im, v, k, before);
	return all && news;
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

static size_t count_beside(const struct import *im, const struct exchange_item *first)
{
	size_t n = 0;
	for (size_t i = 0; i < im->x.n; i++)
		n += belongs(im, &im->x.items[i], first);
	return n;
}

/* ---- requests ---- */

static struct ltp_po po_of(const struct exchange_item *item, const char *id)
{
	struct ltp_po po = { .data = view_buf(&item->data),
			     .format_id = item->format_id,
			     .mime = item->mime,
			     .id = id };
	if (item->kind == EXCHANGE_EVIDENCE)
		po.format_id = URI_ER_4998;
	else if (po.mime == NULL && po.format_id == NULL)
		po.mime = "application/octet-stream";
	return po;
}

/* What goes beside as it is, but for its name. */
static int add_item(const struct import *im, const struct exchange_item *item,
		    struct import_request *r, struct ltps_error *err)
{
	char *id = r->ids[r->n];
	if (item->kind == EXCHANGE_OBJECT)
		snprintf(id, IMPORT_ID_SIZE, "%s", part_id(item->id));
	else
		snprintf(id, IMPORT_ID_SIZE, IMPORTED "%s", im->hop, part_id(item->id));
	struct ltp_po *po = &r->pos[r->n++];
	*po = po_of(item, id);
	if (item->n_refs == 0)
		return 0;
	const char **related = mem_zalloc(item->n_refs, sizeof(*related));
	if (related == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; k < item->n_refs; k++)
		related[k] = part_id(item->refs[k]);
	po->related = related;
	po->n_related = item->n_refs;
	return 0;
}

static int fill_beside(const struct import *im, const struct import_piece *p,
		       struct import_request *r, struct ltps_error *err)
{
	for (size_t i = 0; i < im->x.n; i++)
		if (belongs(im, &im->x.items[i], p->e) &&
		    add_item(im, &im->x.items[i], r, err) != 0)
			return -1;
	/* Where it is from, as a part of its own. */
	r->pos[r->n++] = (struct ltp_po){ .data = view_buf(&r->origin.text),
					  .mime = "text/plain",
					  .id = r->origin.name };
	return 0;
}

/* What differs from the version before, or all of it; the record behind. */
static void fill_version(const struct import *im, const struct import_piece *p,
			 struct import_request *r)
{
	for (size_t k = 0; k < p->v.e->n_refs; k++)
		if (p->before.e == NULL || !is_same(im, &p->v, k, &p->before))
			r->pos[r->n++] = po_of(part_of(im, &p->v, k), own_id(&p->v, k));
	r->pos[r->n++] = (struct ltp_po){ .data = view_buf(&p->e->data),
					  .format_id = URI_ER_CONTINUED,
					  .id = r->origin.name };
}

int import_request_make(const struct import *im, const struct import_piece *p,
			struct import_request *r, struct ltps_error *err)
{
	const size_t n = 1 + (p->v.e != NULL ? p->e->n_refs : count_beside(im, p->e));
	const char *what = p->v.e == NULL && im->beside != 0 ? ALL : p->what;
	if (import_origin_make(im, p->e, p->v.e == NULL, what, &r->origin, err) != 0)
		return -1;
	r->pos = mem_zalloc(n, sizeof(*r->pos));
	r->ids = mem_zalloc(n, sizeof(*r->ids));
	if (r->pos == NULL || r->ids == NULL)
		return ltps_fail_nomem(err);
	r->operation = p->before.e != NULL ? OP_UPDATE_POC : OP_PRESERVE_PO;
	if (p->v.e == NULL)
		return fill_beside(im, p, r, err);
	fill_version(im, p, r);
	return 0;
}

void import_request_clear(struct import_request *r)
{
	for (size_t i = 0; i < r->n; i++)
		mem_free((void *)(uintptr_t)r->pos[i].related);
	mem_free(r->pos);
	mem_free(r->ids);
	import_origin_clear(&r->origin);
}

/* ---- all of them ---- */

static int walk_versions(const struct import *im, const struct exchange_item *first,
			 import_step step, void *arg)
{
	struct import_version newest = { 0 }; /* of the object */
	char poid[IMPORT_POID_MAX] = "";
	for (size_t i = 0; i < im->x.n; i++) {
		const struct exchange_item *e = &im->x.items[i];
		char own[IMPORT_POID_MAX] = "";
		if (!import_is_of(e, first->poid))
			continue;
		const struct import_version v = version_of(im, e);
		const bool alone = newest.e != NULL && !is_update(im, &v, &newest);
		const struct import_piece p = {
			.e = e,
			.v = v,
			.before = alone ? (struct import_version){ 0 } : newest,
			.what = e->version != NULL ? e->version : "-",
		};
		const int status = step(im, &p, alone ? own : poid, arg);
		if (status != 0)
			return status;
		if (!alone)
			newest = v;
	}
	return 0;
}

static int walk_object(const struct import *im, const struct exchange_item *first,
		       import_step step, void *arg)
{
	const struct import_piece beside = { .e = first, .what = "beside" };
	char poid[IMPORT_POID_MAX] = "";
	const int status = im->beside != 0 ? 0 : walk_versions(im, first, step, arg);
	return status == 0 && count_beside(im, first) > 0 ? step(im, &beside, poid, arg)
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

int import_walk(struct import *im, import_told told, import_step step, void *arg)
{
	size_t n = 0, done = 0;
	find_hop(im);
	for (size_t i = 0; i < im->x.n; i++)
		n += is_first(im, i);
	for (size_t i = 0; i < im->x.n; i++) {
		if (!is_first(im, i))
			continue;
		told(im, done++, n);
		const int status = walk_object(im, &im->x.items[i], step, arg);
		if (status != 0)
			return status;
	}
	told(im, n, n);
	return 0;
}
