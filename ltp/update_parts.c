/* SPDX-License-Identifier: Apache-2.0 */
/* update_parts - the parts of the version that UpdatePOC makes, and the judgement of
 * those that are signed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/fixity.h"
#include "ltp/update_private.h"

#define PART_NAME_MAX (PO_ID_MAX + 1)

int update_begin(struct update *u, struct ltps_error *err)
{
	const size_t n = u->req->n_pos;
	u->delta = mem_zalloc(n + 1, sizeof(*u->delta));
	u->detected = mem_zalloc(n + 1, sizeof(*u->detected));
	u->related = mem_zalloc(n + 1, sizeof(*u->related));
	if (u->delta == NULL || u->detected == NULL || u->related == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		u->detected[i] = format_detect(u->req->pos[i].data);
	return update_read_record(u, err);
}

void update_again(struct update *u)
{
	for (size_t i = 0; i < u->n_parts; i++) {
		if (u->read != NULL)
			buf_free(&u->read[i]);
		if (u->judged_related != NULL)
			signatures_related_free(u->judged_related[i]);
	}
	mem_free(u->read);
	mem_free(u->judged_related);
	mem_free(u->judged);
	mem_free(u->parts);
	mem_free(u->from);
	mem_free(u->digests);
	mem_free(u->names);
	signatures_facts_clear(&u->facts);
	continued_clear(&u->continued);
	object_free(u->object);
	u->read = NULL;
	u->judged_related = NULL;
	u->judged = NULL;
	u->parts = NULL;
	u->from = NULL;
	u->digests = NULL;
	u->names = NULL;
	u->object = NULL;
	u->former = NULL;
	u->n_parts = u->n_replaced = u->n_names = 0;
	u->bytes = 0;
	u->overtaken = false;
}

void update_clear(struct update *u)
{
	update_again(u);
	for (size_t i = 0; i < u->req->n_pos; i++) {
		if (u->delta != NULL)
			blob_new_free(u->delta[i].blob);
		if (u->related != NULL)
			mem_free(u->related[i]);
	}
	mem_free(u->delta);
	mem_free(u->detected);
	mem_free(u->related);
	ers_free(u->er);
}

/* ---- which part stands where ---- */

/* As RetrievePO calls it: the i-th part. */
static const char *part_name(const char *po_id, size_t i, char made[PART_NAME_MAX])
{
	if (po_id != NULL)
		return po_id;
	snprintf(made, PART_NAME_MAX, "po-%zu", i + 1);
	return made;
}

/* Of the parts that u holds now: the ids, to be found by text. */
static void sort_names(struct update *u)
{
	u->n_names = 0;
	for (size_t i = 0; i < u->n_parts; i++)
		if (u->parts[i].po_id != NULL)
			u->names[u->n_names++] =
			    (struct named){ .text = u->parts[i].po_id, .i = i };
	names_sort(u->names, u->n_names);
}

/* The part without an id whose made name this is; n_parts: none. */
static size_t made_place(const struct update *u, const char *name)
{
	char made[PART_NAME_MAX];
	static const char PO[] = "po-";
	if (strncmp(name, PO, sizeof(PO) - 1) != 0)
		return u->n_parts;
	const unsigned long long nth = strtoull(name + sizeof(PO) - 1, NULL, 10);
	if (nth == 0 || nth > u->n_parts || u->parts[nth - 1].po_id != NULL ||
	    strcmp(part_name(NULL, (size_t)nth - 1, made), name) != 0)
		return u->n_parts;
	return (size_t)nth - 1;
}

/* The first part of this name besides one; n_parts: none. Names that were made up for
 * parts without an id are names, too. */
static size_t place_named(const struct update *u, const char *name, size_t besides)
{
	const size_t made = made_place(u, name);
	size_t at = names_find(u->names, u->n_names, name);
	if (at < u->n_names && u->names[at].i == besides)
		at++;
	const bool given =
	    at < u->n_names && strcmp(u->names[at].text, name) == 0;
	if (made == besides || made == u->n_parts)
		return given ? u->names[at].i : u->n_parts;
	return given && u->names[at].i < made ? u->names[at].i : made;
}

static void take_former(struct update *u)
{
	const size_t n = u->former != NULL ? u->former->n_parts : 0;
	for (size_t i = 0; i < n; i++) {
		const struct part *p = &u->former->parts[i];
		u->parts[i] = (struct part_new){ .po_id = p->po_id,
						 .format_id = p->format_id,
						 .mime = p->mime,
						 .pronom = p->pronom,
						 .related = p->related,
						 .detected = p->detected,
						 .size = p->size,
						 .sha256 = p->sha256,
						 .sha512 = p->sha512,
						 .given = p->given,
						 .same_blob = p->blob,
						 .xml = p->xml };
		u->from[i] = UPDATE_FORMER;
	}
	u->n_parts = n;
}

/* A DeltaPOC replaces the part of the newest version that bears its id. */
static void take_delta(struct update *u)
{
	size_t n = u->n_parts;
	sort_names(u);
	for (size_t k = 0; k < u->req->n_pos; k++) {
		const char *id = u->req->pos[k].id;
		const size_t at =
		    id != NULL ? place_named(u, id, SIZE_MAX) : u->n_parts;
		const size_t i = at < u->n_parts ? at : n++;
		u->n_replaced += at < u->n_parts;
		u->parts[i] = u->delta[k];
		u->from[i] = k;
	}
	u->n_parts = n;
	sort_names(u);
	for (size_t i = 0; i < u->n_parts; i++)
		u->bytes += u->parts[i].size;
}

static bool names_differ(const struct update *u, struct ltp_result *r)
{
	char made[PART_NAME_MAX];
	for (size_t i = 0; i < u->n_parts; i++) {
		if (u->from[i] == UPDATE_FORMER)
			continue;
		const char *name = part_name(u->parts[i].po_id, i, made);
		if (place_named(u, name, i) < u->n_parts) {
			refuse(r, LTP_DELTA_POC_PROBLEM,
			       "deltaPoc[%zu]: two objects of the new version "
			       "would be called '%s'",
			       u->from[i], name);
			return false;
		}
	}
	return true;
}

/* RelatedObjects name what is in the new version. */
static bool related_there(const struct update *u, struct ltp_result *r)
{
	for (size_t k = 0; k < u->req->n_pos; k++)
		for (size_t m = 0; m < u->req->pos[k].n_related; m++) {
			const char *name = u->req->pos[k].related[m];
			if (place_named(u, name, SIZE_MAX) < u->n_parts)
				continue;
			refuse(r, LTP_DELTA_POC_PROBLEM,
			       "deltaPoc[%zu].relObj names '%s', which the new version "
			       "does not hold",
			       k, name);
			return false;
		}
	return true;
}

int update_compose(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	const size_t n_former = u->former != NULL ? u->former->n_parts : 0;
	const size_t max = n_former + u->req->n_pos;
	u->parts = mem_zalloc(max, sizeof(*u->parts));
	u->from = mem_zalloc(max, sizeof(*u->from));
	u->read = mem_zalloc(max, sizeof(*u->read));
	u->judged = mem_zalloc(max, sizeof(*u->judged));
	u->judged_related = mem_zalloc(max, sizeof(*u->judged_related));
	u->digests = mem_zalloc(max, sizeof(*u->digests));
	u->names = mem_zalloc(max, sizeof(*u->names));
	if (u->parts == NULL || u->from == NULL || u->read == NULL ||
	    u->judged == NULL || u->judged_related == NULL || u->digests == NULL ||
	    u->names == NULL)
		return ltps_fail_nomem(err);
	take_former(u);
	take_delta(u);
	if (u->n_parts > STORE_PARTS_MAX)
		return refuse(r, LTP_PARAMETER_ERROR,
			      "the new version would hold %zu objects, more than %d",
			      u->n_parts, STORE_PARTS_MAX);
	return names_differ(u, r) && related_there(u, r) ? 1 : 0;
}

/* ---- judged ---- */

/* Formats of stored parts go by their names. */
static const struct format *format_named(const char *name)
{
	for (int k = 0; name != NULL && k < FORMAT_KIND_COUNT; k++) {
		const struct format *f = format_by_kind((enum format_kind)k);
		if (f != NULL && strcmp(f->name, name) == 0)
			return f;
	}
	return format_by_kind(FORMAT_OCTETS);
}

static int describe_parts(struct update *u, struct ltps_error *err)
{
	for (size_t i = 0; i < u->n_parts; i++) {
		const struct part_new *p = &u->parts[i];
		struct signatures_part *s = &u->judged[i];
		const bool former = u->from[i] == UPDATE_FORMER;
		if (signatures_related(p->related, &u->judged_related[i], &s->n_related,
				       err) != 0)
			return -1;
		s->known = former;
		s->id = p->po_id;
		s->related = (const char *const *)u->judged_related[i];
		s->detected =
		    former ? format_named(p->detected) : u->detected[u->from[i]];
		s->data = former ? VIEW_NULL : u->req->pos[u->from[i]].data;
	}
	return 0;
}

static int read_former(struct update *u, size_t i, struct ltps_error *err)
{
	const struct part_new *p = &u->parts[i];
	if (u->from[i] != UPDATE_FORMER || u->judged[i].data.n > 0 || p->same_blob == 0)
		return 0;
	u->read[i] = buf_make((size_t)p->size);
	if (worker_take(u->w, p->size, err) != 0 ||
	    fixity_blob_read(u->w, p->same_blob, &u->read[i], err) != 0)
		return -1;
	u->judged[i].data = view_buf(&u->read[i]);
	return 0;
}

/* A signature that came may be about what was there, and the other way round. */
static int read_about(struct update *u, size_t i, struct ltps_error *err)
{
	struct signatures_part *s = &u->judged[i];
	if (s->detected->kind != FORMAT_CADES)
		return 0;
	const struct signatures_part *content =
	    signatures_content(u->judged, u->n_parts, i);
	if (content == NULL)
		return 0;
	const size_t at = (size_t)(content - u->judged);
	if (s->known && u->from[at] != UPDATE_FORMER)
		s->known = false;
	if (s->known)
		return 0;
	return read_former(u, i, err) == 0 ? read_former(u, at, err) : -1;
}

int update_read(struct update *u, struct ltps_error *err)
{
	if (describe_parts(u, err) != 0)
		return -1;
	if (u->profile->signature_policy == NULL)
		return 0;
	for (size_t i = 0; i < u->n_parts; i++)
		if (read_about(u, i, err) != 0)
			return -1;
	return 0;
}

int update_judge(struct update *u, struct ltp_result *r, struct ltps_error *err)
{
	const struct profile *p = u->profile;
	u->judgement = (struct signatures_verdict){ .any = false };
	u->cared_for = false;
	if (p->signature_policy == NULL)
		return 1;
	if (signatures_judge(u->w, p, u->judged, u->n_parts, u->continued.proof_ms,
			     &u->judgement, &u->facts, err) != 0)
		return -1;
	u->cared_for = u->judgement.any || p->seal != SEAL_NONE ||
		       (u->former != NULL && u->former->verdict != NULL);
	if (!u->judgement.any || u->judgement.worst != INDICATION_FAILED ||
	    p->on_failed == FAILED_KEEP)
		return 1;
	return refuse(r, LTP_DELTA_POC_PROBLEM, "of the new version: %s",
		      u->judgement.text);
}

/* The care that follows judges the whole; until then: what came, else what was known.
 */
void update_verdict(struct update *u)
{
	const char *former = u->former != NULL ? u->former->verdict : NULL;
	if (u->judgement.any)
		signatures_verdict_text(&u->judgement, u->verdict);
	else
		snprintf(u->verdict, sizeof(u->verdict), "%s",
			 former != NULL ? former : "");
	if (u->verdict[0] == '\0')
		return;
	u->version.verdict = u->verdict;
	u->version.judged_ms = u->judgement.any ? u->now_ms : u->former->judged_ms;
}
