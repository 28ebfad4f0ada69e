/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_repair - what makes readers leave the tables of a file and go through all
 * its octets for objects, and what they would find there. Both are needed to show other
 * contents than were signed, and neither is there in an honest update.
 */
#include "validation/pdf_changes_private.h"

/* ---- sections ---- */

/* The first revision whose table readers may not take; behind the one looked at: none
 * up to it is. */
static size_t first_irregular(const struct pdf_run *r)
{
	size_t i = 0;
	while (i <= r->revision && !r->p->file->revisions[i].irregular)
		i++;
	return i;
}

static int judge_sections(struct pdf_run *r, struct ltps_error *err)
{
	size_t i = first_irregular(r);
	if (i > r->revision)
		return 0;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving", VIEW_NULL,
			      err,
			      "the cross-reference table of revision %zu is irregular: "
			      "some readers look for objects themselves",
			      i);
}

/* ---- references to nothing ---- */

/* A reader that fetches such a one takes the table for broken. */
static bool is_nothing(const struct pdf_file *f, size_t revision, struct pdf_ref ref)
{
	const struct pdf_entry *e = pdf_in_use(f, revision, ref.number);
	return e == NULL || e->generation != ref.generation;
}

/* Whether a value refers there, at any depth. */
static bool refers(struct pdf_run *r, const struct pdf_value *v, struct pdf_ref to)
{
	bool is = v->kind == PDF_REF && v->ref.number == to.number &&
		  v->ref.generation == to.generation;
	if (!pdf_change_step(r, 1))
		return true; /* which is told by itself */
	for (size_t i = 0; !is && i < v->n; i++)
		is = refers(r, v->kind == PDF_ARRAY ? &v->items[i]
						    : &v->members[i].value,
			    to);
	return is;
}

/* The first reference to nothing in `after` that did not stand in `before`. */
static uint32_t new_nothing(struct pdf_run *r, const struct pdf_value *before,
			    const struct pdf_value *after)
{
	const struct pdf_file *f = r->p->file;
	uint32_t found = 0;
	if (after->kind == PDF_REF && is_nothing(f, r->revision, after->ref) &&
	    !(is_nothing(f, r->revision - 1, after->ref) &&
	      refers(r, before, after->ref)))
		return after->ref.number;
	for (size_t i = 0; found == 0 && i < after->n && pdf_change_step(r, 1); i++)
		found = new_nothing(r, before,
				    after->kind == PDF_ARRAY
					? &after->items[i]
					: &after->members[i].value);
	return found;
}

/* As it stands; null where it cannot be read, which is told elsewhere. */
static int read_own(struct pdf_run *r, size_t revision, const struct pdf_entry *e,
		    const struct pdf_value **ret_v, struct ltps_error *err)
{
	struct pdf_ref ref = { e->number, e->generation };
	*ret_v = &pdf_change_null;
	return pdf_object_own(r->p->objects, revision, ref, ret_v, err) == 0
		   ? 0
		   : pdf_forgive(err);
}

/* Whether what a reader needs to find the objects of a stream stands elsewhere: some do
 * not go there for it. */
static bool is_indirect_list(const struct pdf_value *v)
{
	const struct pdf_value *type = pdf_dict_get(v, "Type");
	if (v->kind != PDF_STREAM || pdf_dict_get(v, "First") == NULL ||
	    pdf_dict_get(v, "N") == NULL)
		return false;
	return pdf_is_read_by_others(v) || (type != NULL && type->kind == PDF_REF);
}

static int nothing_in_entry(struct pdf_run *r, const struct pdf_entry *e,
			    uint32_t *ret_number, struct ltps_error *err)
{
	const struct pdf_file *f = r->p->file;
	const struct pdf_entry *old = pdf_in_use(f, r->revision - 1, e->number);
	const struct pdf_value *before = &pdf_change_null, *after;
	*ret_number = 0;
	/* A cross-reference stream is a trailer. */
	if (e->place == PDF_FREE ||
	    (e->place == PDF_AT_OFFSET &&
	     e->offset == f->revisions[r->revision].startxref))
		return 0;
	if (read_own(r, r->revision, e, &after, err) != 0 ||
	    (old != NULL && read_own(r, r->revision - 1, old, &before, err) != 0))
		return -1;
	*ret_number = new_nothing(r, before, after);
	if (*ret_number == 0 && is_indirect_list(after))
		return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving",
				      VIEW_NULL, err,
				      "object stream %u leaves to other objects how it "
				      "is read: some readers look for objects themselves",
				      e->number);
	return 0;
}

/* Tables 15, 17 and 19: nobody goes after what else stands in a trailer, and some
 * writers copy it with numbers that mean something else in this file. */
static uint32_t nothing_in_trailer(struct pdf_run *r)
{
	static const char *const keys[] = { "Root",  "Info",	"Encrypt",     "ID",
					    "Size",  "Prev",	"XRefStm",     "Type",
					    "Index", "W",	"Length",      "Filter",
					    "F",     "FFilter", "DecodeParms", "DL" };
	const struct pdf_revision *rev = &r->p->file->revisions[r->revision];
	uint32_t found = 0;
	for (size_t i = 0; found == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct pdf_value *v = pdf_dict_get(rev->trailer, keys[i]);
		if (v != NULL)
			found = new_nothing(r, rev[-1].trailer, v);
	}
	return found;
}

static int judge_references(struct pdf_run *r, struct ltps_error *err)
{
	const struct pdf_revision *rev = &r->p->file->revisions[r->revision];
	uint32_t number = nothing_in_trailer(r);
	for (size_t i = 0; number == 0 && i < rev->n_entries; i++)
		if (nothing_in_entry(r, &rev->entries[i], &number, err) != 0)
			return -1;
	return number == 0
		   ? 0
		   : pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving",
				    VIEW_NULL, err,
				    "the update refers to object %u, which is not "
				    "there: some readers look for it themselves",
				    number);
}

/* ---- octets ---- */

static int judge_octets(struct pdf_run *r, struct ltps_error *err)
{
	char what[PDF_HIDDEN_TEXT];
	if (pdf_revision_hides(r->p->objects, r->revision, what, err) != 0)
		return -1;
	return what[0] == 0 ? 0
			    : pdf_change_add(r, PDF_CHANGE_UNDEFINED,
					     "incremental-saving", VIEW_NULL, err, "%s",
					     what);
}

int pdf_judge_heads(struct pdf_run *r, size_t signed_revision, struct ltps_error *err)
{
	char what[PDF_HIDDEN_TEXT];
	r->object = (struct pdf_ref){ 0 };
	if (pdf_signed_hides(r->p->objects, signed_revision, r->edges.plain.v,
			     r->edges.plain.n, what, err) != 0)
		return -1;
	return what[0] == 0 ? 0
			    : pdf_change_add(r, PDF_CHANGE_UNDEFINED,
					     "incremental-saving", VIEW_NULL, err, "%s",
					     what);
}

int pdf_judge_repair(struct pdf_run *r, struct ltps_error *err)
{
	r->object = (struct pdf_ref){ 0 }; /* no single one is to blame */
	if (judge_octets(r, err) != 0 || judge_sections(r, err) != 0)
		return -1;
	return judge_references(r, err);
}
