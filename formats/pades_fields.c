/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_fields - signature fields of a form: the tree below /AcroForm /Fields with what
 * fields inherit. ISO 32000-2 12.7.3, 12.7.4
 */
#include "formats/pades_private.h"

/* A field on the way down. */
struct node {
	const struct node *up;
	struct pdf_ref ref;
	const struct pdf_value *dict;
	uint32_t holder;              /* object that the dictionary stands in */
	const struct pdf_value *type; /* /FT, resolved, own or inherited; NULL */
	const struct pdf_value *value;
	uint32_t value_holder;
	const struct pdf_value *part; /* /T, resolved; NULL */
	unsigned depth;
};

/* ---- names ---- */

/* The parts from the top down, between them dots: 12.7.4.2. */
static int name_parts(struct pades_reader *r, const struct pdf_value *const *parts,
		      size_t n, struct view *ret_name, struct ltps_error *err)
{
	struct buf b = buf_make(PADES_TEXT_MAX);
	int rc = 0;

	*ret_name = VIEW_NULL;
	for (size_t i = n; rc == 0 && i-- > 0;) {
		struct view part = VIEW_NULL;
		rc = pades_text(r, parts[i], &part, err);
		if (rc == 0 && b.n > 0)
			rc = buf_put_byte(&b, '.', err);
		if (rc == 0)
			rc = buf_put(&b, part, err);
	}
	if (rc == 0)
		rc = arena_copy(&r->p->arena, view_buf(&b), ret_name, err);
	else if (err->code == LTPS_TOO_LARGE && err->fault == LTPS_FAULT_SELF) {
		pades_finding(r, PDF_SUSPICIOUS, "PDF_FIELD_NAME_TOO_LONG", r->newest,
			      "a signature field has a name of more than %zu octets",
			      PADES_TEXT_MAX);
		ltps_error_clear(err);
		rc = 0;
	}
	buf_free(&b);
	return rc;
}

static int name_of(struct pades_reader *r, const struct node *at, struct view *ret_name,
		   struct ltps_error *err)
{
	const struct pdf_value *parts[PADES_DEPTH_MAX + 1];
	size_t n = 0;

	for (; at != NULL && n <= PADES_DEPTH_MAX; at = at->up) {
		if (at->part != NULL)
			parts[n++] = at->part;
	}
	return name_parts(r, parts, n, ret_name, err);
}

/* ---- down the tree ---- */

static void say(struct pades_walk *w, enum pdf_finding_kind kind, const char *code,
		const struct node *n, const char *what)
{
	if (!w->quiet)
		pades_finding(w->r, kind, code, w->revision, "object %u: %s", n->holder,
			      what);
}

/* What a node has itself comes before what it inherits. */
static int node_read(struct pades_walk *w, struct node *n, struct ltps_error *err)
{
	const struct pdf_value *v, *own = pdf_dict_get(n->dict, "V");

	n->type = n->up != NULL ? n->up->type : NULL;
	n->value = n->up != NULL ? n->up->value : NULL;
	n->value_holder = n->up != NULL ? n->up->value_holder : 0;
	if (own != NULL) {
		n->value = own;
		n->value_holder = n->holder;
	}
	if (pades_get(w->r, w->revision, n->dict, "FT", &v, err) != 0)
		return -1;
	if (v->kind == PDF_NAME)
		n->type = v;
	if (pades_get(w->r, w->revision, n->dict, "T", &v, err) != 0)
		return -1;
	n->part = v->kind == PDF_STRING ? v : NULL;
	return 0;
}

static int give(struct pades_walk *w, const struct node *n, struct ltps_error *err)
{
	struct pades_field f = { .ref = n->ref,
				 .dict = n->dict,
				 .value = n->value,
				 .holder = n->value_holder };

	if (name_of(w->r, n, &f.name, err) != 0)
		return -1;
	return w->found(w->to, &f, err);
}

static int walk_entry(struct pades_walk *w, const struct pdf_value *entry,
		      const struct node *up, bool *ret_is_field,
		      struct ltps_error *err);

static int walk_kids(struct pades_walk *w, const struct node *n, bool *ret_fields,
		     struct ltps_error *err)
{
	const struct pdf_value *kids;

	*ret_fields = false;
	if (pades_get(w->r, w->revision, n->dict, "Kids", &kids, err) != 0)
		return -1;
	for (size_t i = 0; kids->kind == PDF_ARRAY && i < kids->n; i++) {
		bool is_field;
		if (walk_entry(w, &kids->items[i], n, &is_field, err) != 0)
			return -1;
		*ret_fields = *ret_fields || is_field;
	}
	return 0;
}

/*
 * A kid without a name of its own is a widget of its parent, unless it brings a value:
 * no form is made so, but a reader may show it.
 */
static int walk_node(struct pades_walk *w, struct node *n, bool *ret_is_field,
		     struct ltps_error *err)
{
	bool fields;

	if (node_read(w, n, err) != 0 || walk_kids(w, n, &fields, err) != 0)
		return -1;
	*ret_is_field =
	    n->up == NULL || n->part != NULL || pdf_dict_get(n->dict, "V") != NULL;
	if (fields || !*ret_is_field || !pdf_is_name(n->type, "Sig"))
		return 0;
	return give(w, n, err);
}

static int walk_entry(struct pades_walk *w, const struct pdf_value *entry,
		      const struct node *up, bool *ret_is_field, struct ltps_error *err)
{
	struct node n = { .up = up, .ref = pades_ref(entry) };
	bool is_new = true;

	*ret_is_field = false;
	n.holder = n.ref.number != 0 ? n.ref.number : up != NULL ? up->holder : 0;
	n.depth = up == NULL ? 0 : up->depth + 1;
	if (pades_visit(w->r, err) != 0)
		return -1;
	if (++w->n > PADES_FIELDS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d fields", PADES_FIELDS_MAX);
	if (n.ref.number != 0 &&
	    pades_map_put(w->seen, n.ref.number, &is_new, NULL, err) != 0)
		return -1;
	if (!is_new) {
		say(w, PDF_NOTICE, "PDF_FIELD_LISTED_TWICE", &n,
		    "listed as a field once more");
		return 0;
	}
	if (n.depth > PADES_DEPTH_MAX) {
		say(w, PDF_SUSPICIOUS, "PDF_FIELDS_TOO_DEEP", &n,
		    "a field too deep to look into");
		return 0;
	}
	if (pades_resolve(w->r, w->revision, entry, &n.dict, err) != 0)
		return -1;
	if (!pdf_is_dict(n.dict)) {
		say(w, PDF_NOTICE, "PDF_FIELD_MISSING", &n,
		    "listed as a field, is none");
		return 0;
	}
	return walk_node(w, &n, ret_is_field, err);
}

int pades_fields_walk(struct pades_walk *w, struct ltps_error *err)
{
	const struct pdf_value *catalog, *form, *fields;
	bool is_field;

	w->n = 0;
	if (pdf_catalog(w->r->p->objects, w->revision, &catalog, err) != 0 ||
	    pades_get(w->r, w->revision, catalog, "AcroForm", &form, err) != 0 ||
	    pades_get(w->r, w->revision, form, "Fields", &fields, err) != 0)
		return -1;
	for (size_t i = 0; fields->kind == PDF_ARRAY && i < fields->n; i++) {
		if (walk_entry(w, &fields->items[i], NULL, &is_field, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- up from a field ---- */

int pades_field_climb(struct pades_reader *r, size_t revision, struct pdf_ref ref,
		      const struct pdf_value *dict, struct pades_field *ret_f,
		      struct ltps_error *err)
{
	const struct pdf_value *parts[PADES_DEPTH_MAX + 1], *v, *type = NULL;
	struct pades_field f = { .ref = ref, .dict = dict };
	uint32_t holder = ref.number;
	size_t n = 0;

	for (size_t i = 0; pdf_is_dict(dict) && i <= PADES_DEPTH_MAX; i++) {
		if (f.value == NULL && (f.value = pdf_dict_get(dict, "V")) != NULL)
			f.holder = holder;
		if (pades_get(r, revision, dict, "FT", &v, err) != 0)
			return -1;
		type = type == NULL && v->kind == PDF_NAME ? v : type;
		if (pades_get(r, revision, dict, "T", &v, err) != 0)
			return -1;
		if (v->kind == PDF_STRING)
			parts[n++] = v;
		holder = pades_ref(pdf_dict_get(dict, "Parent")).number;
		if (pades_get(r, revision, dict, "Parent", &dict, err) != 0)
			return -1;
	}
	f.is_signature = pdf_is_name(type, "Sig");
	if (f.is_signature && name_parts(r, parts, n, &f.name, err) != 0)
		return -1;
	*ret_f = f;
	return 0;
}

/* ---- what is found ---- */

int pades_field_keep(void *reader, const struct pades_field *f, struct ltps_error *err)
{
	struct pades_reader *r = reader;
	const struct pdf_value *v;

	if (pades_resolve(r, r->newest, f->value, &v, err) != 0)
		return -1;
	/* A dictionary that cannot be read is one all the same: it gets its defect. */
	bool there = pdf_is_dict(v) || pades_is_unreadable(v);
	if (v->kind != PDF_NULL && !there)
		pades_finding(r, PDF_SUSPICIOUS, "PDF_SIGNATURE_VALUE", r->newest,
			      "object %u: /V of a signature field is no dictionary",
			      f->holder);
	if (!there) {
		r->p->n_empty_fields++;
		return 0;
	}
	struct pades_field *to = cades_list_add(&r->fields, err);
	if (to == NULL)
		return -1;
	*to = *f;
	return 0;
}
