/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_struct - new structure elements, and the trees that lead to elements by
 * number and by name. What is read aloud and extracted instead of the content stands in
 * them (ISO 32000-2 14.7.5.4, 14.9.3 to 14.9.6), so that nothing may lead from what was
 * signed to another element.
 */
#include "validation/pdf_changes_private.h"

#include "base/mem.h"

/* Levels of a tree: writers make two or three. */
#define TREE_DEPTH_MAX 16
/* Keys of a tree: pages and annotations of the largest documents are far fewer. */
#define TREE_KEYS_MAX 1000000

/* ---- new elements ---- */

struct element {
	bool for_annotation; /* and for no content (14.7.5.3) */
	bool has_text;       /* that is said instead of something */
	bool for_old;        /* an annotation that was there */
};

/* Table 355. /PhoneticAlphabet says nothing without a /Phoneme. */
static bool has_text(const struct pdf_value *v)
{
	return pdf_dict_get(v, "ActualText") != NULL ||
	       pdf_dict_get(v, "Alt") != NULL || pdf_dict_get(v, "E") != NULL ||
	       pdf_dict_get(v, "Phoneme") != NULL;
}

/* An element, or a list of its kids; an empty one may stand for any content. */
static int look_at(struct pdf_run *r, const struct pdf_value *raw, int depth,
		   struct element *e, struct ltps_error *err)
{
	const struct pdf_value *v;
	e->for_annotation = false;
	if (depth > PDF_FIELD_DEPTH_MAX || !pdf_change_step(r, 64))
		return 0;
	if (pdf_run_resolve(r, r->revision, raw, &v, err))
		return -1;
	if (v->kind == PDF_ARRAY) {
		e->for_annotation = v->n > 0;
		for (size_t i = 0; i < v->n && e->for_annotation; i++)
			if (look_at(r, &v->items[i], depth + 1, e, err))
				return -1;
		return 0;
	}
	if (v->kind != PDF_DICT || v->duplicate_keys)
		return 0;
	if (pdf_is_name(pdf_dict_get(v, "Type"), "OBJR")) {
		e->for_annotation = true;
		e->for_old |= pdf_was_there(r, pdf_dict_get(v, "Obj"));
		return 0;
	}
	if (pdf_dict_get(v, "S") == NULL || pdf_dict_get(v, "K") == NULL)
		return 0;
	e->has_text |= has_text(v);
	return look_at(r, pdf_dict_get(v, "K"), depth + 1, e, err);
}

/* Where there was no structure, a first element makes a reader follow that alone. */
static int had_structure(struct pdf_run *r, bool *ret_had, struct ltps_error *err)
{
	const struct pdf_value *catalog, *root;
	const struct pdf_value *trailer =
	    r->p->file->revisions[r->revision - 1].trailer;
	if (pdf_run_get(r, r->revision - 1, trailer, "Root", &catalog, err) ||
	    pdf_run_get(r, r->revision - 1, catalog, "StructTreeRoot", &root, err))
		return -1;
	*ret_had = root->kind == PDF_DICT;
	return 0;
}

int pdf_judge_new_element(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_value *raw, struct ltps_error *err)
{
	char text[110];
	struct element e = { 0 };
	bool had = false;
	if (look_at(r, raw, 0, &e, err) || had_structure(r, &had, err))
		return -1;
	if (!e.for_annotation)
		return pdf_change_undefined(r, spot, NULL, "has an element for content",
					    err);
	if (e.for_old && (e.has_text || !had))
		return pdf_change_undefined(r, spot, NULL,
					    "has other words for what was there", err);
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r,
			      e.has_text ? PDF_CHANGE_FORM_FILL : PDF_CHANGE_EXTENSION,
			      NULL, VIEW_NULL, err,
			      "%s has a new element%s for an annotation", text,
			      e.has_text ? " with words" : "");
}

/* ---- trees, 7.9.6, 7.9.7 ---- */

struct leaf {
	const struct pdf_value *key, *value; /* as they stand */
};
struct tree {
	struct pdf_run *r;
	size_t revision;
	const char *leaves; /* "Nums", "Names" */
	enum pdf_kind kind; /* of its keys */
	struct leaf *v;     /* by key, each once */
	size_t n, cap;
	bool broken; /* readers would find different things in it */
};

static int order(const struct pdf_value *a, const struct pdf_value *b)
{
	if (a->kind == PDF_STRING)
		return view_compare(a->text, b->text);
	return a->integer != b->integer ? (a->integer < b->integer ? -1 : 1) : 0;
}

static int put_leaves(struct tree *t, const struct pdf_value *list,
		      struct ltps_error *err)
{
	t->broken |= list->kind != PDF_ARRAY || list->n % 2 != 0 ||
		     list->n / 2 > TREE_KEYS_MAX - t->n;
	if (t->broken)
		return 0;
	if (mem_grow(&t->v, sizeof(*t->v), t->n + list->n / 2, &t->cap, err))
		return -1;
	for (size_t i = 0; i < list->n && !t->broken; i += 2) {
		struct leaf l = { &list->items[i], &list->items[i + 1] };
		t->broken = l.key->kind != t->kind ||
			    (t->n > 0 && order(t->v[t->n - 1].key, l.key) >= 0);
		if (!t->broken)
			t->v[t->n++] = l;
	}
	return 0;
}

/* Its least and its greatest key: readers go by them. */
static int check_limits(struct tree *t, const struct pdf_value *node, size_t first,
			struct ltps_error *err)
{
	const struct pdf_value *limits;
	if (pdf_run_get(t->r, t->revision, node, "Limits", &limits, err))
		return -1;
	t->broken |= limits->kind != PDF_ARRAY || limits->n != 2 || t->n == first ||
		     !pdf_same(&limits->items[0], t->v[first].key) ||
		     !pdf_same(&limits->items[1], t->v[t->n - 1].key);
	return 0;
}

static int put_node(struct tree *t, const struct pdf_value *node, int depth,
		    struct ltps_error *err)
{
	const struct pdf_value *kids, *leaves, *kid;
	size_t first = t->n;
	t->broken |= depth > TREE_DEPTH_MAX || node->kind != PDF_DICT ||
		     node->duplicate_keys;
	if (t->broken)
		return 0;
	if (pdf_run_get(t->r, t->revision, node, "Kids", &kids, err) ||
	    pdf_run_get(t->r, t->revision, node, t->leaves, &leaves, err))
		return -1;
	t->broken = (kids->kind == PDF_NULL) == (leaves->kind == PDF_NULL) ||
		    (kids->kind != PDF_NULL && kids->kind != PDF_ARRAY) ||
		    !pdf_change_step(t->r, 64 + kids->n + leaves->n);
	if (!t->broken && leaves->kind != PDF_NULL && put_leaves(t, leaves, err))
		return -1;
	for (size_t i = 0; i < kids->n && !t->broken; i++)
		if (pdf_run_resolve(t->r, t->revision, &kids->items[i], &kid, err) ||
		    put_node(t, kid, depth + 1, err))
			return -1;
	return depth > 0 && !t->broken ? check_limits(t, node, first, err) : 0;
}

static bool is_tree_key(struct view key)
{
	return view_is_text(key, "ParentTree") || view_is_text(key, "IDTree");
}

/* Where in the path the tree begins: behind its key. */
static size_t tree_at(const struct pdf_spot *spot)
{
	size_t i = 0;
	while (i < spot->n && (spot->keys[i].p == NULL || !is_tree_key(spot->keys[i])))
		i++;
	return i < spot->n ? i + 1 : i;
}

/* From the object that the place is in, down to the tree. */
static int read_tree(struct tree *t, const struct pdf_spot *spot,
		     struct ltps_error *err)
{
	const struct pdf_entry *e =
	    pdf_in_use(t->r->p->file, t->revision, spot->number);
	const struct pdf_value *v = &pdf_change_null;
	struct pdf_ref ref = { spot->number, e != NULL ? e->generation : 0 };
	if (e != NULL && pdf_run_object(t->r, t->revision, ref, &v, err))
		return -1;
	for (size_t i = 0; i < tree_at(spot); i++)
		if (pdf_run_resolve(t->r, t->revision, pdf_member(v, spot->keys[i]), &v,
				    err))
			return -1;
	return v->kind != PDF_NULL ? put_node(t, v, 0, err) : 0;
}

/* ---- what changed in a tree ---- */

static bool is_written_anew(const struct pdf_run *r, const struct pdf_value *raw)
{
	const struct pdf_entry *e =
	    raw->kind == PDF_REF
		? pdf_file_find(r->p->file, r->revision, raw->ref.number)
		: NULL;
	return e != NULL && e->revision == r->revision;
}

static bool is_element(const struct pdf_run *r, size_t revision, uint32_t number,
		       const struct pdf_value *v)
{
	return pdf_top_of(r, revision, number, v) == PDF_TOP_STRUCT;
}

/* The same elements. What became of one is judged where it says what it is. */
static int leads_to_same(struct pdf_run *r, const struct pdf_value *before,
			 const struct pdf_value *after, bool *ret_same,
			 struct ltps_error *err)
{
	bool same = pdf_same(before, after);
	const struct pdf_value *a, *b;
	*ret_same = same;
	if (same && !is_written_anew(r, after))
		return 0;
	if (pdf_run_resolve(r, r->revision - 1, before, &a, err) ||
	    pdf_run_resolve(r, r->revision, after, &b, err))
		return -1;
	*ret_same = (a->kind == PDF_ARRAY && pdf_same(a, b)) ||
		    (same && (pdf_same(a, b) ||
			      (is_element(r, r->revision - 1, after->ref.number, a) &&
			       is_element(r, r->revision, after->ref.number, b))));
	return 0;
}

/* Lists are for content alone: 14.7.5.4. */
static int judge_new_leaf(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_value *raw, struct ltps_error *err)
{
	const struct pdf_value *v;
	if (pdf_run_resolve(r, r->revision, raw, &v, err))
		return -1;
	if (v->kind == PDF_ARRAY)
		return pdf_change_undefined(r, spot, NULL, "has elements for content",
					    err);
	return pdf_judge_new_element(r, spot, raw, err);
}

/* What was there stays, and what comes leads to new annotations' elements. */
static int judge_leaves(const struct tree *was, const struct tree *now,
			const struct pdf_spot *spot, struct ltps_error *err)
{
	struct pdf_run *r = now->r;
	size_t i = 0;
	for (size_t k = 0; k < now->n && !r->full; k++) {
		int o = i < was->n ? order(was->v[i].key, now->v[k].key) : 1;
		bool same = false;
		if (o > 0) {
			if (judge_new_leaf(r, spot, now->v[k].value, err))
				return -1;
			continue;
		}
		if (o == 0 && leads_to_same(r, was->v[i].value, now->v[k].value, &same,
					    err))
			return -1;
		if (!same)
			return pdf_change_undefined(
			    r, spot, NULL, "leads from what was there elsewhere", err);
		i++;
	}
	if (i < was->n)
		return pdf_change_undefined(r, spot, NULL, "has lost a key", err);
	return 0;
}

static int judge_tree(struct pdf_run *r, const struct pdf_spot *spot,
		      struct ltps_error *err)
{
	bool by_name = view_is_text(spot->keys[tree_at(spot) - 1], "IDTree");
	struct tree was = { .r = r,
			    .revision = r->revision - 1,
			    .leaves = by_name ? "Names" : "Nums",
			    .kind = by_name ? PDF_STRING : PDF_INTEGER };
	struct tree now = was;
	char text[110];
	int rc = -1;
	now.revision = r->revision;
	if (read_tree(&was, spot, err) || read_tree(&now, spot, err))
		goto out;
	pdf_spot_text(spot, text, sizeof(text));
	rc = was.broken || now.broken
		 ? pdf_change_undefined(r, spot, NULL, "is no tree in order", err)
		 : judge_leaves(&was, &now, spot, err);
	if (rc == 0)
		rc = pdf_change_add(r, PDF_CHANGE_EXTENSION, NULL, VIEW_NULL, err,
				    "%s changed", text);
out:
	mem_free(was.v);
	mem_free(now.v);
	return rc;
}

static bool is_list(const struct pdf_value *v)
{
	return v->kind == PDF_ARRAY || v->kind == PDF_NULL;
}

/* Elements below the place where a leaf's value begins; SIZE_MAX: it is none of a
 * leaf, or of something else than lists. */
static size_t below_leaves(const struct pdf_spot *spot)
{
	size_t i = tree_at(spot);
	while (i < spot->n &&
	       (spot->keys[i].p == NULL || view_is_text(spot->keys[i], "Kids")))
		i++;
	return i < spot->n ? spot->n - i - 1 : SIZE_MAX;
}

/* The whole tree is compared, once in a revision: keys move from node to node. */
int pdf_judge_struct_tree(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	size_t below = below_leaves(spot);
	bool in_leaf = below != SIZE_MAX && below > 0;
	if (in_leaf && (below > 1 || !is_list(p->before) || !is_list(p->after))) {
		uint32_t number = r->object.number;
		for (size_t i = spot->n - below; i < spot->n; i++)
			if (spot->keys[i].p != NULL)
				return pdf_judge_other(r, spot, p, err);
		return is_element(r, r->revision - 1, number, p->before) &&
			       is_element(r, r->revision, number, p->after)
			   ? 0
			   : pdf_judge_other(r, spot, p, err);
	}
	struct pdf_known_tree known = { spot->number, r->revision,
					spot->keys[tree_at(spot) - 1].n };
	if (r->tree.number == known.number && r->tree.revision == known.revision &&
	    r->tree.key == known.key)
		return 0;
	r->tree = known;
	return judge_tree(r, spot, err);
}
