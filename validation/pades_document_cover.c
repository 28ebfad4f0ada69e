/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_document_cover - what each document time-stamp of a PDF is a proof of: all that
 * stands in the octets of its ByteRange. Those of a signature are its /Contents, with
 * everything in the CMS, and what it signed itself; those of the DSS are the streams of
 * the revisions that are covered (EN 319 142-1 5.4.3; EN 319 102-1 5.6.2.3).
 */
#include "validation/pades_document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct covering {
	struct pdf_reader *r;
	struct cover_list list;
};

static int put_list(struct covering *c, const struct located_list *l,
		    struct ltps_error *err)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct document_cover *o = &l->v[i].cover;
		if (covers_put(&c->list, o->kind, o->sha256, o->by, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- what stands in a ByteRange ---- */

/* The content of a signature: its own ByteRange, or the digest inside its CMS. */
static int put_signed_data(struct covering *c, const struct pdf_part *stamp,
			   const struct pdf_part *p, struct ltps_error *err)
{
	static const uint8_t unknown[32];
	const uint64_t *s = stamp->found->range, *o = p->found->range;

	if (p->detached && o[2] + o[3] > s[1])
		return 0;
	for (size_t i = p->first; i < p->first + p->n; i++) {
		const struct document_signature *sig = &c->r->d->signatures[i];
		if (sig->role == ROLE_SIGNATURE &&
		    memcmp(sig->content_sha256, unknown, sizeof(unknown)) != 0 &&
		    covers_put(&c->list, OBJECT_SIGNED_DATA, sig->content_sha256,
			       DIGEST_NONE, err) != 0)
			return -1;
	}
	return 0;
}

static int put_dss(struct covering *c, size_t revision, struct ltps_error *err)
{
	for (size_t i = 0; i < c->r->dss.n; i++) {
		const struct located *o = &c->r->dss.v[i];
		if (o->attr <= revision &&
		    covers_put(&c->list, o->cover.kind, o->cover.sha256, o->cover.by,
			       err) != 0)
			return -1;
	}
	return 0;
}

/* /DSS /VRI /key /TS of the catalog as a revision has it. */
static int find_vri_stamp(struct pades *p, size_t revision, const char *key,
			  struct view *ret, struct ltps_error *err)
{
	const char *const path[] = { "DSS", "VRI", key, "TS" };
	const struct pdf_value *v;

	*ret = VIEW_NULL;
	if (pdf_catalog(p->objects, revision, &v, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		if (pdf_get(p->objects, revision, v, path[i], &v, err) != 0)
			return -1;
	}
	return v->kind == PDF_STREAM
		   ? pdf_stream_data(p->objects, revision, v, ret, err)
		   : 0;
}

/* Whether a token was in the VRI dictionary of a revision already. */
static int has_vri_stamp(const struct covering *c, size_t revision,
			 const struct pades_vri *vri, bool *ret, struct ltps_error *err)
{
	char key[64];
	struct view then = VIEW_NULL;

	*ret = false;
	if (vri->key.n >= sizeof(key) || memchr(vri->key.p, '\0', vri->key.n) != NULL)
		return 0;
	snprintf(key, sizeof(key), "%.*s", (int)vri->key.n, (const char *)vri->key.p);
	if (find_vri_stamp(c->r->d->pdf, revision, key, &then, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	*ret = view_compare(then, vri->stamp) == 0;
	return 0;
}

static int put_part(struct covering *c, const struct pdf_part *stamp,
		    const struct pdf_part *p, struct ltps_error *err)
{
	bool covered = p != stamp && pdf_part_covers(stamp, p);

	if (p->kind == PDF_PART_VRI &&
	    has_vri_stamp(c, stamp->found->revision, p->vri, &covered, err) != 0)
		return -1;
	if (!covered)
		return 0;
	if (p->kind == PDF_PART_SIGNATURE && put_signed_data(c, stamp, p, err) != 0)
		return -1;
	return put_list(c, &p->inside, err);
}

/* ---- all of them ---- */

static int cover_stamp(struct covering *c, const struct pdf_part *p,
		       struct ltps_error *err)
{
	struct document_stamp *st = &c->r->d->stamps[p->first];

	/* What the token itself covers is there already. */
	if (covers_put_all(&c->list, st->covers, st->n_covers, err) != 0)
		return -1;
	for (size_t i = 0; i < c->r->n_parts; i++) {
		if (put_part(c, p, &c->r->parts[i], err) != 0)
			return -1;
	}
	if (put_dss(c, p->found->revision, err) != 0)
		return -1;
	return covers_finish(&c->list, c->r->d, &st->n_covers, err);
}

/* The list may have moved while it grew. */
static void set_pointers(const struct pdf_reader *r)
{
	size_t at = 0;

	for (size_t i = 0; i < r->n_dictionaries; i++) {
		if (!r->parts[i].proves)
			continue;
		struct document_stamp *st = &r->d->stamps[r->parts[i].first];
		st->covers = st->n_covers > 0 ? r->d->all_covers + at : NULL;
		at += st->n_covers;
	}
}

int pdf_covers(struct pdf_reader *r, struct ltps_error *err)
{
	struct covering c = { .r = r };
	int rc = 0;

	for (size_t i = 0; i < r->n_dictionaries && rc == 0; i++) {
		if (r->parts[i].proves)
			rc = cover_stamp(&c, &r->parts[i], err);
	}
	if (rc == 0)
		set_pointers(r);
	covers_end(&c.list, r->d);
	return rc;
}
