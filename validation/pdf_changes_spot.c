/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_spot - where an object is used: from each reference to it upwards to the
 * nearest object that says itself what it is. An object that several places share must
 * be allowed to change at each of them.
 */
#include "validation/pdf_changes_private.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- objects that say what they are ---- */

static bool is_struct(const struct pdf_value *v)
{
	if (pdf_is_name(pdf_dict_get(v, "Type"), "StructTreeRoot") ||
	    pdf_is_name(pdf_dict_get(v, "Type"), "StructElem"))
		return true;
	const struct pdf_value *p = pdf_dict_get(v, "P");
	const struct pdf_value *s = pdf_dict_get(v, "S");
	return pdf_dict_get(v, "Type") == NULL && p != NULL && p->kind == PDF_REF &&
	       s != NULL && s->kind == PDF_NAME && pdf_dict_get(v, "Subtype") == NULL;
}

static bool trailer_names(const struct pdf_run *r, size_t revision, const char *key,
			  uint32_t number)
{
	const struct pdf_value *v =
	    pdf_dict_get(r->p->file->revisions[revision].trailer, key);
	return v != NULL && v->kind == PDF_REF && v->ref.number == number;
}

enum pdf_top pdf_top_of(const struct pdf_run *r, size_t revision, uint32_t number,
			const struct pdf_value *v)
{
	if (v->kind != PDF_DICT)
		return PDF_TOP_NONE;
	if (trailer_names(r, revision, "Root", number))
		return PDF_TOP_CATALOG;
	if (trailer_names(r, revision, "Info", number))
		return PDF_TOP_INFO;
	if (pdf_is_name(pdf_dict_get(v, "Type"), "Page"))
		return PDF_TOP_PAGE;
	if (pdf_is_field(v))
		return PDF_TOP_FIELD;
	if (pdf_is_annotation(v))
		return PDF_TOP_ANNOT;
	return is_struct(v) ? PDF_TOP_STRUCT : PDF_TOP_NONE;
}

/* ---- going down ---- */

void pdf_spot_down(const struct pdf_spot *above, struct view key,
		   struct pdf_spot *ret_p)
{
	*ret_p = *above;
	if (ret_p->n < PDF_PATH_MAX)
		ret_p->keys[ret_p->n++] = key;
	else
		ret_p->too_deep = true;
	ret_p->node =
	    ret_p->too_deep ? PDF_NODE_OTHER : pdf_node_below(above->node, key);
}

static void put(char *out, size_t size, size_t *at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void put(char *out, size_t size, size_t *at, const char *fmt, ...)
{
	va_list ap;
	if (*at + 1 >= size)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(out + *at, size - *at, fmt, ap);
	va_end(ap);
	if (n > 0)
		*at = *at + (size_t)n < size ? *at + (size_t)n : size - 1;
}

void pdf_spot_text(const struct pdf_spot *p, char *out, size_t size)
{
	static const char *const tops[] = {
		[PDF_TOP_NONE] = "object",      [PDF_TOP_CATALOG] = "catalog",
		[PDF_TOP_PAGE] = "page",        [PDF_TOP_FIELD] = "field",
		[PDF_TOP_ANNOT] = "annotation", [PDF_TOP_STRUCT] = "structure element",
		[PDF_TOP_INFO] = "Info"
	};
	size_t at = 0;
	out[0] = 0;
	put(out, size, &at, "%s", tops[p->top]);
	if (p->top != PDF_TOP_CATALOG && p->top != PDF_TOP_INFO)
		put(out, size, &at, " (object %u)", p->number);
	for (size_t i = 0; i < p->n; i++) {
		struct view k = p->keys[i];
		if (k.p == NULL)
			continue;
		put(out, size, &at, "%s/", i == 0 ? ": " : "");
		for (size_t j = 0; j < k.n && j < 40; j++)
			put(out, size, &at, "%c",
			    k.p[j] > 0x20 && k.p[j] < 0x7f ? k.p[j] : '?');
	}
}

/* ---- going up ---- */

struct climb {
	struct pdf_run *r;
	size_t graph; /* the revision whose references are followed */
	size_t fresh; /* objects on the way that came with the revision looked at */
	struct view keys[PDF_PATH_MAX]; /* from below */
	size_t n;
	bool too_deep;
	uint32_t passed[PDF_PATH_MAX]; /* objects on the way */
	size_t n_passed;
	size_t spots;
	int (*visit)(void *arg, const struct pdf_spot *spot, struct ltps_error *err);
	void *arg;
};
/* One object that refers to another. */
struct holder {
	struct climb *c;
	uint32_t number, target;
	enum pdf_top top;
	bool plain; /* references of other forms are passed over */
	struct view down[PDF_PATH_MAX];
	size_t n;
	bool too_deep;
};

static int climb(struct climb *c, uint32_t number, bool plain, struct ltps_error *err);

/* Ways that were there before are looked at there; what is new itself is judged by
 * whoever lists it. */
static bool is_known_way(const struct climb *c, enum pdf_top top, uint32_t number)
{
	if (c->graph != c->r->revision)
		return false;
	return c->fresh == 0 ||
	       (top != PDF_TOP_NONE &&
		pdf_in_use(c->r->p->file, c->graph - 1, number) == NULL);
}

static int arrived(struct climb *c, enum pdf_top top, uint32_t number,
		   struct ltps_error *err)
{
	struct pdf_spot spot = { .top = top, .number = number }, next;
	if (is_known_way(c, top, number))
		return 0;
	spot.too_deep = c->too_deep || ++c->spots > PDF_PLACES_MAX;
	spot.node = spot.too_deep ? PDF_NODE_OTHER : pdf_node_of_top(top);
	for (size_t i = c->n; i > 0; i--) {
		pdf_spot_down(&spot, c->keys[i - 1], &next);
		spot = next;
	}
	int rc = c->visit(c->arg, &spot, err);
	return rc == 0 && c->spots > PDF_PLACES_MAX ? 1 : rc;
}

/* Where the way leads from a holder that says what it is: to itself, and on where it is
 * used as something else too. */
static int from_top(struct holder *h, struct ltps_error *err)
{
	int rc = arrived(h->c, h->top, h->number, err);
	if (rc != 0 || h->top == PDF_TOP_PAGE)
		return rc;
	return climb(h->c, h->number, true, err);
}

static enum pdf_edge_form form_here(const struct holder *h)
{
	size_t n = h->n;
	while (n > 0 && h->down[n - 1].p == NULL)
		n--;
	return n == 0 ? PDF_EDGE_ARRAY : pdf_edge_form_of(h->down[n - 1], n < h->n);
}

static int is_passed_over(struct pdf_run *r, size_t graph, enum pdf_edge_form form,
			  uint32_t source, bool *ret_is, struct ltps_error *err);

static int hit(struct holder *h, struct ltps_error *err)
{
	struct climb *c = h->c;
	size_t mark = c->n;
	bool deep = c->too_deep, over = false;
	if (h->plain &&
	    is_passed_over(c->r, c->graph, form_here(h), h->number, &over, err))
		return -1;
	if (over)
		return 0;
	c->too_deep = deep || h->too_deep || h->n > PDF_PATH_MAX - c->n;
	for (size_t i = h->n; i > 0 && !c->too_deep; i--)
		c->keys[c->n++] = h->down[i - 1];
	int rc =
	    h->top != PDF_TOP_NONE ? from_top(h, err) : climb(c, h->number, false, err);
	c->n = mark;
	c->too_deep = deep;
	return rc;
}

static int descend(struct holder *h, const struct pdf_value *v, struct ltps_error *err);

/* Into one element or member. */
static int descend_at(struct holder *h, const struct pdf_value *v, size_t i,
		      struct ltps_error *err)
{
	bool array = v->kind == PDF_ARRAY;
	bool fits = h->n < PDF_PATH_MAX, deep = h->too_deep;
	if (fits)
		h->down[h->n++] = array ? VIEW_NULL : v->members[i].key;
	h->too_deep = deep || !fits;
	int rc = descend(h, array ? &v->items[i] : &v->members[i].value, err);
	h->n -= fits;
	h->too_deep = deep;
	return rc;
}

/* Every way from the holder down to its target. */
static int descend(struct holder *h, const struct pdf_value *v, struct ltps_error *err)
{
	const struct pdf_long_array *known;
	int rc = 0;
	if (v->kind == PDF_REF)
		return v->ref.number == h->target ? hit(h, err) : 0;
	if (v->kind != PDF_ARRAY && !pdf_is_dict(v))
		return 0;
	if (pdf_long_array(h->c->r, v, &known, err))
		return -1;
	if (known != NULL) {
		struct pdf_long_walk w = pdf_long_walk(known, h->target);
		for (size_t i; rc == 0 && pdf_long_next(h->c->r, &w, &i);)
			rc = descend_at(h, v, i, err);
		return rc;
	}
	if (!pdf_change_step(h->c->r, v->n))
		return 1;
	for (size_t i = 0; i < v->n && rc == 0; i++)
		rc = descend_at(h, v, i, err);
	return rc;
}

/* Beyond so many references to an object it is taken for granted. */
#define STILL_MAX 64

/* Whether the object that holds the reference still holds one after the revision; if
 * not, its own change says what came of that. */
static bool still_refers(const struct pdf_run *r, uint32_t target,
			 const struct pdf_entry *source)
{
	const struct pdf_entry *now =
	    pdf_file_find(r->p->file, r->revision, source->number);
	const struct pdf_edge *edge = pdf_edges_to(&r->edges, target);
	if (now == NULL || now->revision == source->revision)
		return true;
	for (size_t i = 0; i < STILL_MAX && edge != NULL; i++) {
		const struct pdf_entry *e =
		    pdf_edge_source(&r->edges, r->p->file, r->revision, edge);
		if (e != NULL && e->number == source->number)
			return true;
		edge = pdf_edges_next(&r->edges, edge);
	}
	return edge != NULL;
}

static bool was_passed(const struct climb *c, uint32_t number)
{
	for (size_t i = 0; i < c->n_passed; i++)
		if (c->passed[i] == number)
			return true;
	return false;
}

static int climb_to(struct climb *c, const struct pdf_entry *source, uint32_t target,
		    bool plain, struct ltps_error *err)
{
	struct holder h = { .c = c, .number = source->number, .target = target };
	struct pdf_ref ref = { source->number, source->generation };
	bool fresh = source->revision == c->r->revision;
	const struct pdf_value *v;
	if (pdf_run_object(c->r, c->graph, ref, &v, err))
		return -1;
	h.top = pdf_top_of(c->r, c->graph, source->number, v);
	h.plain = plain;
	c->fresh += fresh;
	int rc = descend(&h, v, err);
	c->fresh -= fresh;
	return rc;
}

static int climb(struct climb *c, uint32_t number, bool plain, struct ltps_error *err)
{
	struct pdf_run *r = c->r;
	const struct pdf_edge *edge = pdf_edges_to(&r->edges, number);
	uint32_t last = UINT32_MAX;
	enum pdf_edge_form form;
	int rc = 0;
	bool over;
	if (was_passed(c, number))
		return 0;
	if (c->n_passed == PDF_PATH_MAX) {
		c->too_deep = true;
		return arrived(c, PDF_TOP_NONE, number, err);
	}
	c->passed[c->n_passed++] = number;
	for (; edge != NULL && rc == 0; edge = pdf_edges_next(&r->edges, edge)) {
		if (!pdf_change_step(r, 1))
			break;
		const struct pdf_entry *source =
		    pdf_edge_source(&r->edges, r->p->file, c->graph, edge);
		if (source == NULL || source->number == last ||
		    (c->graph < r->revision && !still_refers(r, number, source)))
			continue;
		if (plain &&
		    (pdf_edge_form(r->p, &r->edges, edge, &form, err) ||
		     is_passed_over(r, c->graph, form, source->number, &over, err)))
			return -1;
		if (plain && over)
			continue;
		last = source->number;
		rc = climb_to(c, source, number, plain, err);
	}
	c->n_passed--;
	return rc;
}

/* ---- lists ---- */

/* Below fields there are fields, in trees of pages there are pages, and an object may
 * look like both. */
#define LISTS_DEPTH_MAX PDF_FIELD_DEPTH_MAX

static int is_no_list(void *arg, const struct pdf_spot *spot, struct ltps_error *err)
{
	bool *harmless = arg;
	(void)err;
	/* Behind the last place that is looked at there may be any other. */
	*harmless = !spot->too_deep &&
		    (spot->node == PDF_NODE_ANNOTS || spot->node == PDF_NODE_FIELDS ||
		     (spot->n > 0 && view_is_text(spot->keys[spot->n - 1], "CO")));
	return *harmless ? 0 : 1;
}

/* An array that is an object: of annotations or fields wherever it is used. */
static int judge_array(struct pdf_run *r, size_t graph, uint32_t number,
		       bool *ret_harmless, struct ltps_error *err)
{
	struct climb c = { .r = r,
			   .graph = graph,
			   .fresh = 1,
			   .visit = is_no_list,
			   .arg = ret_harmless };
	*ret_harmless = true;
	return climb(&c, number, false, err) < 0 ? -1 : 0;
}

/* A field: it is no page in a tree of them itself. */
static int judge_parent(struct pdf_run *r, size_t graph, uint32_t number,
			bool *ret_harmless, struct ltps_error *err)
{
	const struct pdf_edge *edge = pdf_edges_to(&r->edges, number);
	enum pdf_edge_form form;
	*ret_harmless = true;
	for (; edge != NULL && *ret_harmless; edge = pdf_edges_next(&r->edges, edge)) {
		const struct pdf_entry *source =
		    pdf_edge_source(&r->edges, r->p->file, graph, edge);
		if (source == NULL)
			continue;
		if (pdf_edge_form(r->p, &r->edges, edge, &form, err))
			return -1;
		if ((form == PDF_EDGE_KIDS || form == PDF_EDGE_ARRAY) &&
		    is_passed_over(r, graph, form, source->number, ret_harmless, err))
			return -1;
	}
	return 0;
}

static int judge_holder(struct pdf_run *r, size_t graph, uint32_t number,
			bool *ret_harmless, struct ltps_error *err)
{
	const struct pdf_entry *e = pdf_file_find(r->p->file, graph, number);
	struct pdf_ref ref = { number, e != NULL ? e->generation : 0 };
	const struct pdf_value *v;
	*ret_harmless = false;
	if (r->lists == LISTS_DEPTH_MAX || !pdf_change_step(r, 1))
		return 0;
	if (pdf_run_object(r, graph, ref, &v, err))
		return -1;
	r->lists++;
	int rc = 0;
	if (v->kind == PDF_ARRAY)
		rc = judge_array(r, graph, number, ret_harmless, err);
	else if (pdf_top_of(r, graph, number, v) == PDF_TOP_FIELD)
		rc = judge_parent(r, graph, number, ret_harmless, err);
	r->lists--;
	return rc;
}

/* References that say nothing about what the object is used as. */
static int is_passed_over(struct pdf_run *r, size_t graph, enum pdf_edge_form form,
			  uint32_t source, bool *ret_is, struct ltps_error *err)
{
	struct pdf_known_list *k = &r->known[source % PDF_LISTS_KNOWN];
	*ret_is = form != PDF_EDGE_PLAIN;
	if (form != PDF_EDGE_KIDS && form != PDF_EDGE_ARRAY)
		return 0;
	if (k->number != source || k->revision != graph) {
		/* Until it is known: lists may go in a circle. */
		*k = (struct pdf_known_list){ .number = source, .revision = graph };
		if (judge_holder(r, graph, source, ret_is, err))
			return -1;
		*k = (struct pdf_known_list){ source, graph, *ret_is };
	}
	*ret_is = k->harmless;
	return 0;
}

/* ---- all places ---- */

/* Whether anything of before refers to it, be it there or not. */
static bool was_known(const struct pdf_run *r, uint32_t number)
{
	const struct pdf_edge *edge = pdf_edges_to(&r->edges, number);
	if (pdf_in_use(r->p->file, r->revision - 1, number) != NULL)
		return true;
	for (; edge != NULL; edge = pdf_edges_next(&r->edges, edge))
		if (pdf_edge_source(&r->edges, r->p->file, r->revision - 1, edge) !=
		    NULL)
			return true;
	return false;
}

int pdf_each_spot(struct pdf_run *r, uint32_t number, bool plain,
		  int (*visit)(void *arg, const struct pdf_spot *spot,
			       struct ltps_error *err),
		  void *arg, struct ltps_error *err)
{
	struct climb c = {
		.r = r, .graph = r->revision - 1, .visit = visit, .arg = arg
	};
	int rc = climb(&c, number, plain, err);
	if (rc == 0 && was_known(r, number)) {
		c.graph = r->revision;
		c.too_deep = false;
		rc = climb(&c, number, plain, err);
	}
	return rc < 0 ? -1 : 0;
}
