/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes - revision by revision, entry by entry: an object that was there before,
 * or that something was waiting for, is judged at every place where it is used; one
 * that is new is harmless until something old refers to it, which is a change of that.
 */
#include "validation/pdf_changes_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ISO 32000-2 7.5.5: readers look for startxref in the last 1024 octets, some in fewer;
 * it takes a few dozen itself. What transport puts behind a file is an end of line. */
#define TRAILING_WHITE_MAX ((size_t)512)

const struct pdf_value pdf_change_null = { .kind = PDF_NULL };

/* ---- changes ---- */

static int put_change(struct pdf_run *r, const struct pdf_change *c,
		      struct ltps_error *err)
{
	struct pdf_changes *out = r->out;
	if (mem_grow(&out->v, sizeof(*out->v), out->n + 1, &r->cap, err) != 0)
		return -1;
	out->v[out->n++] = *c;
	return 0;
}

static bool said_already(const struct pdf_run *r, const struct pdf_change *c)
{
	if (r->out->n == 0)
		return false;
	const struct pdf_change *last = &r->out->v[r->out->n - 1];
	return last->revision == c->revision && last->kind == c->kind &&
	       last->object.number == c->object.number &&
	       last->any_field == c->any_field &&
	       strcmp(last->what, c->what) == 0;
}

/* All that follows counts as changed, for everybody who signed before. */
static int too_many(struct pdf_run *r, struct ltps_error *err)
{
	size_t newest = r->p->file->n_revisions - 1;
	struct pdf_change c = { .revision = r->revision > newest ? r->revision : newest,
				.kind = PDF_CHANGE_UNDEFINED,
				.any_field = true };
	if (r->full)
		return 0;
	r->full = true;
	(void)snprintf(c.what, sizeof(c.what),
		       "too many changes to look at all: stopped in revision %zu",
		       r->revision);
	return put_change(r, &c, err);
}

int pdf_change_add(struct pdf_run *r, enum pdf_change_kind kind, const char *attack,
		   struct view field, struct ltps_error *err, const char *fmt, ...)
{
	struct pdf_change c = { .revision = r->revision,
				.kind = kind,
				.object = r->object,
				.attack = attack,
				.field = field,
				.any_field = r->any_field,
				.is_new = r->is_new };
	va_list ap;
	if (r->full)
		return 0;
	va_start(ap, fmt);
	(void)vsnprintf(c.what, sizeof(c.what), fmt, ap);
	va_end(ap);
	for (size_t i = 0; c.what[i] != 0; i++)
		if ((unsigned char)c.what[i] < 0x20)
			c.what[i] = '?';
	if (said_already(r, &c))
		return 0;
	if (r->out->n + 1 >= PDF_CHANGES_MAX)
		return too_many(r, err);
	return put_change(r, &c, err);
}

bool pdf_change_step(struct pdf_run *r, uint64_t n)
{
	if (r->steps < PDF_CHANGE_STEPS_MAX)
		r->steps += n;
	return r->steps < PDF_CHANGE_STEPS_MAX;
}

const struct pdf_entry *pdf_in_use(const struct pdf_file *f, size_t revision,
				   uint32_t number)
{
	const struct pdf_entry *e = pdf_file_find(f, revision, number);
	return e != NULL && e->place != PDF_FREE ? e : NULL;
}

bool pdf_was_there(const struct pdf_run *r, const struct pdf_value *raw_or_null)
{
	return raw_or_null != NULL && raw_or_null->kind == PDF_REF &&
	       pdf_in_use(r->p->file, r->revision - 1, raw_or_null->ref.number) != NULL;
}

/* ---- one entry ---- */

struct entry_judge {
	struct pdf_run *r;
	enum pdf_node own; /* as which it was judged already; COUNT: none */
	const struct pdf_pair *pair;
	bool undefined; /* a use that must not change is told */
};

/* Where nobody climbed to the end, it may be a field that uses it. */
static int judge_lost(struct entry_judge *j, const struct pdf_spot *spot,
		      struct ltps_error *err)
{
	j->r->any_field = true;
	int rc = pdf_judge_pair(j->r, spot, j->pair, err);
	j->r->any_field = false;
	return rc;
}

static int judge_at(void *arg, const struct pdf_spot *spot, struct ltps_error *err)
{
	struct entry_judge *j = arg;
	struct pdf_run *r = j->r;
	size_t n = r->out->n;
	/* What may not change anywhere is about no field, and was told once. */
	if (spot->node == j->own ||
	    (j->undefined && spot->node == PDF_NODE_OTHER && !spot->too_deep))
		return 0;
	if (spot->too_deep ? judge_lost(j, spot, err)
			   : pdf_judge_pair(r, spot, j->pair, err))
		return -1;
	for (; n < r->out->n; n++)
		j->undefined |= r->out->v[n].kind == PDF_CHANGE_UNDEFINED;
	/* One use that must not change is enough, unless another one is a field that
	 * somebody has locked: ISO 32000-2 12.8.2.4 is about that one alone. */
	return r->full || (j->undefined && !r->locked) ? 1 : 0;
}

/* Whether the object itself says what may change in it; then every use of it that does
 * not say so too is a place of its own. */
static int judge_object(struct pdf_run *r, const struct pdf_pair *p,
			struct ltps_error *err)
{
	struct entry_judge j = { .r = r, .own = PDF_NODE_COUNT, .pair = p };
	enum pdf_top top = pdf_top_of(r, r->revision - 1, r->object.number, p->before);
	struct pdf_spot spot = { .top = top,
				 .number = r->object.number,
				 .node = pdf_node_of_top(top) };
	if (top == PDF_TOP_NONE)
		return pdf_each_spot(r, r->object.number, false, judge_at, &j, err);
	/* A page, field or annotation that nothing refers to is not in the document. */
	if (top != PDF_TOP_CATALOG && top != PDF_TOP_INFO &&
	    pdf_edges_to(&r->edges, r->object.number) == NULL)
		return 0;
	if (pdf_judge_pair(r, &spot, p, err))
		return -1;
	j.own = spot.node;
	/* A page is referred to by destinations anywhere; what may change in it means
	 * nothing to any other kind of object. */
	if (top == PDF_TOP_PAGE)
		return 0;
	/* Information is nobody's parent, child or neighbour. */
	return pdf_each_spot(r, r->object.number, top != PDF_TOP_INFO, judge_at, &j,
			     err);
}

static bool is_of_type(const struct pdf_value *v, const char *type)
{
	return v->kind == PDF_STREAM && pdf_is_name(pdf_dict_get(v, "Type"), type);
}

/* ISO 32000-2 7.5.7, 7.5.8: the objects of a stream that is replaced would all be
 * others. */
static int judge_collision(struct pdf_run *r, const struct pdf_pair *p, bool *ret_done,
			   struct ltps_error *err)
{
	const char *what =
	    is_of_type(p->before, "ObjStm")  ? "object stream"
	    : is_of_type(p->after, "ObjStm") ? "existing object by an object stream"
	    : is_of_type(p->after, "XRef") && !is_of_type(p->before, "XRef")
		? "existing object by a cross-reference stream"
		: NULL;
	*ret_done = what != NULL;
	if (what == NULL)
		return 0;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "colliding-object-stream",
			      VIEW_NULL, err, "%s replaced (object %u)", what,
			      r->object.number);
}

static int judge_entry(struct pdf_run *r, const struct pdf_entry *e,
		       struct ltps_error *err)
{
	const struct pdf_entry *old = pdf_in_use(r->p->file, r->revision - 1, e->number);
	struct pdf_pair p = { .before = &pdf_change_null, .after = &pdf_change_null };
	bool used, done = false;
	r->object = (struct pdf_ref){ e->number, e->generation };
	used = e->place != PDF_FREE && pdf_edges_to(&r->edges, e->number) != NULL;
	if (e->number == 0 || (old == NULL && !used))
		return 0;
	struct pdf_ref was = { e->number, old != NULL ? old->generation : 0 };
	if ((old != NULL && pdf_run_object(r, r->revision - 1, was, &p.before, err)) ||
	    (e->place != PDF_FREE &&
	     pdf_run_object(r, r->revision, r->object, &p.after, err)))
		return -1;
	if (pdf_same(p.before, p.after))
		return 0;
	if (p.before->kind != PDF_NULL && judge_collision(r, &p, &done, err))
		return -1;
	return done ? 0 : judge_object(r, &p, err);
}

/* ---- the trailer ---- */

static const struct pdf_value *trailer_get(const struct pdf_run *r, size_t revision,
					   const char *key)
{
	return pdf_dict_get(r->p->file->revisions[revision].trailer, key);
}

/* ISO 32000-2 7.5.5: another catalog is another document. */
static int judge_trailer(struct pdf_run *r, struct ltps_error *err)
{
	struct pdf_spot info = { .top = PDF_TOP_INFO, .node = PDF_NODE_INFO };
	size_t now = r->revision;
	r->object = (struct pdf_ref){ 0 };
	if (!pdf_same(trailer_get(r, now - 1, "Root"), trailer_get(r, now, "Root")) &&
	    pdf_change_add(r, PDF_CHANGE_UNDEFINED, "shadow-hide-and-replace",
			   VIEW_NULL, err, "trailer: /Root is another object"))
		return -1;
	if (!pdf_same(trailer_get(r, now - 1, "Encrypt"),
		      trailer_get(r, now, "Encrypt")) &&
	    pdf_change_add(r, PDF_CHANGE_UNDEFINED, NULL, VIEW_NULL, err,
			   "trailer: /Encrypt changed"))
		return -1;
	return pdf_judge(r, &info, trailer_get(r, now - 1, "Info"),
			 trailer_get(r, now, "Info"), err);
}

/* The encryption dictionary is used by the trailer alone. */
static int judge_encrypt(struct pdf_run *r, struct ltps_error *err)
{
	const struct pdf_value *ref = trailer_get(r, r->revision, "Encrypt");
	const struct pdf_value *before, *after;
	if (ref == NULL || ref->kind != PDF_REF)
		return 0;
	if (pdf_run_resolve(r, r->revision - 1, ref, &before, err) ||
	    pdf_run_resolve(r, r->revision, ref, &after, err))
		return -1;
	if (pdf_same(before, after))
		return 0;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, NULL, VIEW_NULL, err,
			      "encryption dictionary replaced (object %u)",
			      ref->ref.number);
}

/* ---- findings of the chain ---- */

static int judge_findings(struct pdf_run *r, const struct pdf_finding *v, size_t n,
			  struct ltps_error *err)
{
	r->object = (struct pdf_ref){ 0 };
	for (size_t i = 0; i < n; i++) {
		if (v[i].kind != PDF_SUSPICIOUS || v[i].revision != r->revision)
			continue;
		bool unreferenced = strcmp(v[i].code, "PDF_OCTETS_OF_NO_REVISION") == 0;
		if (pdf_change_add(r, PDF_CHANGE_UNDEFINED,
				   unreferenced ? "incremental-saving" : NULL,
				   VIEW_NULL, err, "%s", v[i].text))
			return -1;
	}
	return 0;
}

/* ---- revisions ---- */

/* A certification signature, or a lock as strict, that covers what was before this
 * revision. */
static bool is_certified(const struct pades *p, size_t revision)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		if ((p->signatures[i].docmdp > 0 || p->signatures[i].lock.p > 0) &&
		    p->signatures[i].revision < revision)
			return true;
	return false;
}

static bool is_locked(const struct pades *p)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		if (p->signatures[i].fieldmdp.action != PADES_LOCK_NONE ||
		    p->signatures[i].lock.action != PADES_LOCK_NONE)
			return true;
	return false;
}

/* Not one of them is known. */
static int too_many_references(struct pdf_run *r, struct ltps_error *err)
{
	r->any_field = true;
	int rc = pdf_change_add(r, PDF_CHANGE_UNDEFINED, NULL, VIEW_NULL, err,
				"too many references to judge what changed");
	r->any_field = false;
	return rc;
}

/* What it refers to may be used there, whatever that is: one such object is enough. */
static int judge_lost_objects(struct pdf_run *r, struct ltps_error *err)
{
	const struct pdf_entry *e = NULL;
	size_t n = r->edges.lost.n;
	for (size_t i = 0; i < n && e == NULL && pdf_change_step(r, 1); i++)
		e = pdf_edges_lost(&r->edges, r->p->file, r->revision, i);
	if (e == NULL)
		return 0;
	r->object = (struct pdf_ref){ e->number, e->generation };
	r->any_field = true;
	int rc = pdf_change_add(r, PDF_CHANGE_UNDEFINED, NULL, VIEW_NULL, err,
				"object %u is not where it should be, or not in its "
				"object stream: what it shows is not known",
				e->number);
	r->any_field = false;
	return rc;
}

static int judge_revision(struct pdf_run *r, struct ltps_error *err)
{
	const struct pdf_file *f = r->p->file;
	const struct pdf_revision *rev = &f->revisions[r->revision];
	r->certified = is_certified(r->p, r->revision);
	if (judge_findings(r, f->findings, f->n_findings, err) ||
	    judge_trailer(r, err) || judge_encrypt(r, err))
		return -1;
	if (rev->n_entries == 0)
		return pdf_judge_repair(r, err);
	if (pdf_edges_finish(r->p, &r->edges, err))
		return -1;
	if (r->edges.list.too_many)
		return too_many_references(r, err);
	if (judge_lost_objects(r, err) || pdf_judge_repair(r, err))
		return -1;
	for (size_t i = 0; i < rev->n_entries && !r->full; i++) {
		if (judge_entry(r, &rev->entries[i], err))
			return -1;
		if (r->steps >= PDF_CHANGE_STEPS_MAX && too_many(r, err))
			return -1;
	}
	return 0;
}

/* A signature covers the file to its last octet: whoever repairs it sees what was
 * signed. */
static bool is_signed_to_the_end(const struct pades *p)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		if (p->signatures[i].coverage == PADES_COVERS_FILE &&
		    p->signatures[i].range[2] + p->signatures[i].range[3] ==
			p->file->octets.n)
			return true;
	return false;
}

/* Behind the last end nothing but white space, and little of it: readers that repair
 * files take objects from there, and repair those whose end they do not find. */
static int judge_trailing(struct pdf_run *r, struct ltps_error *err)
{
	const struct pdf_file *f = r->p->file;
	struct view octets = f->octets;
	uint64_t n = f->trailing < octets.n ? f->trailing : octets.n;
	struct view rest = view_skip(octets, octets.n - (size_t)n);
	bool white = true;
	r->object = (struct pdf_ref){ 0 };
	r->revision = f->n_revisions;
	r->full = false; /* that was about older ones */
	for (size_t i = 0; i < rest.n && white; i++)
		white = memchr(" \t\r\n\f", rest.p[i], 6) != NULL;
	if (white && (rest.n <= TRAILING_WHITE_MAX || is_signed_to_the_end(r->p)))
		return 0;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving", VIEW_NULL,
			      err, "%zu octets behind the last revision%s", rest.n,
			      white ? ": some readers do not find its end" : "");
}

/* What was signed, as soon as anything stands behind it. That is a change of the newest
 * revision, or of what is behind: whoever signed before it sees it. */
static int judge_signed(struct pdf_run *r, size_t first, struct ltps_error *err)
{
	const struct pdf_file *f = r->p->file;
	bool behind = f->trailing > 0 && !is_signed_to_the_end(r->p);
	if (first + 1 == f->n_revisions && !behind)
		return 0;
	r->revision = behind ? f->n_revisions : f->n_revisions - 1;
	r->full = false;
	return pdf_judge_heads(r, first, err);
}

/* What was before the first signature is nobody's affair. */
static size_t first_signed(const struct pades *p)
{
	size_t first = SIZE_MAX;
	for (size_t i = 0; i < p->n_signatures; i++)
		if (p->signatures[i].revision < first)
			first = p->signatures[i].revision;
	return first;
}

/* Whether a revision behind the first signature names an object. */
static bool is_updated(const struct pades *p)
{
	const struct pdf_file *f = p->file;
	size_t first = first_signed(p);
	for (size_t i = f->n_revisions; first < i && --i > first;)
		if (f->revisions[i].n_entries > 0)
			return true;
	return false;
}

struct pdf_passing {
	struct pades *p;
	struct pdf_edges edges; /* base NULL: nobody will ask */
};

int pdf_passing_new(struct pades *p, struct pdf_passing **ret_g, struct ltps_error *err)
{
	struct pdf_passing *g = mem_zalloc(1, sizeof(*g));
	if (g == NULL)
		return ltps_fail_nomem(err);
	g->p = p;
	if (is_updated(p) && pdf_edges_begin(p, first_signed(p), &g->edges, err)) {
		pdf_passing_free(g);
		return -1;
	}
	*ret_g = g;
	return 0;
}

int pdf_passing_upto(struct pdf_passing *g, uint64_t end, struct ltps_error *err)
{
	pdf_file_upto(g->p->file, end);
	return g->edges.base != NULL ? pdf_edges_upto(g->p, &g->edges, end, err) : 0;
}

void pdf_passing_free(struct pdf_passing *g)
{
	if (g == NULL)
		return;
	pdf_edges_clear(&g->edges);
	mem_free(g);
}

int pdf_changes_find_passed(struct pdf_passing *g, struct pdf_changes *ret_c,
			    struct ltps_error *err)
{
	struct pdf_changes c = { .arena = arena_make(PDF_CHANGES_ARENA_MAX) };
	struct pdf_run r = { .p = g->p, .out = &c, .edges = g->edges };
	size_t first = first_signed(g->p), n = g->p->file->n_revisions;
	int rc = 0;
	r.locked = is_locked(g->p);
	pdf_file_upto(g->p->file, g->p->file->octets.n); /* findings are changes */
	if (first < n)
		for (r.revision = first + 1; rc == 0 && r.revision < n && !r.full;
		     r.revision++) {
			rc = judge_revision(&r, err);
			/* Of trailers, too. */
			if (rc == 0 && r.steps >= PDF_CHANGE_STEPS_MAX)
				rc = too_many(&r, err);
		}
	g->edges = r.edges; /* for whoever frees it */
	pdf_long_arrays_clear(&r);
	if (rc == 0 && first < n)
		rc = judge_trailing(&r, err);
	if (rc == 0 && first < n)
		rc = judge_signed(&r, first, err);
	if (rc != 0) {
		pdf_changes_clear(&c);
		return -1;
	}
	*ret_c = c;
	return 0;
}

int pdf_changes_find(struct pades *p, struct pdf_changes *ret_c, struct ltps_error *err)
{
	struct pdf_passing *g = NULL;
	int rc = pdf_passing_new(p, &g, err);
	if (rc == 0)
		rc = pdf_changes_find_passed(g, ret_c, err);
	pdf_passing_free(g);
	return rc;
}

void pdf_changes_clear(struct pdf_changes *c)
{
	mem_free(c->v);
	arena_free(&c->arena);
	*c = (struct pdf_changes){ 0 };
}

const char *pdf_change_kind_name(enum pdf_change_kind k)
{
	static const char *const names[PDF_CHANGE_KIND_COUNT] = {
		[PDF_CHANGE_EXTENSION] = "extension",
		[PDF_CHANGE_FORM_FILL] = "form_fill",
		[PDF_CHANGE_ANNOTATION] = "annotation",
		[PDF_CHANGE_UNDEFINED] = "undefined",
	};
	return (unsigned)k < PDF_CHANGE_KIND_COUNT ? names[k] : "?";
}

/* ---- permissions ---- */

static void stricter(int p, int *strictest)
{
	if (p > 0 && (*strictest == 0 || p < *strictest))
		*strictest = p;
}

/* ISO 32000-2 12.8.2.2.2 and Table 236: the strictest of those in force when it signed,
 * its own among them. 0: none. */
static int permission_of(const struct pades *p, size_t signature)
{
	const struct pades_signature *s = &p->signatures[signature];
	int strictest = 0;
	for (size_t i = 0; i < p->n_signatures; i++) {
		const struct pades_signature *t = &p->signatures[i];
		if (t->is_stamp || t->revision > s->revision)
			continue;
		stricter(t->docmdp, &strictest);
		stricter(t->lock.p, &strictest);
	}
	return strictest;
}

/* 12.7.5.5 Table 236, 12.8.2.4 Table 259. "a" changes "a.b", which inherits from it:
 * 12.7.4.1. */
static bool locks(const struct pades_lock *l, const struct pdf_change *c)
{
	struct view field = c->field;
	if (c->any_field)
		return l->action != PADES_LOCK_NONE;
	switch (l->action) {
	case PADES_LOCK_ALL:
		return !c->is_new;
	case PADES_LOCK_INCLUDE:
		return pades_lock_names_near(l, field);
	case PADES_LOCK_EXCLUDE:
		return !c->is_new && !pades_lock_names(l, field);
	default:
		return false;
	}
}

static bool docmdp_forbids(int p, enum pdf_change_kind kind)
{
	switch (kind) {
	case PDF_CHANGE_EXTENSION:
		return false;
	case PDF_CHANGE_FORM_FILL:
		return p == 1;
	case PDF_CHANGE_ANNOTATION:
		return p == 1 || p == 2;
	default:
		return p > 0;
	}
}

static bool forbids(const struct pades_signature *s, int p, const struct pdf_change *c,
		    char why[200])
{
	bool about_field =
	    c->kind != PDF_CHANGE_EXTENSION && (c->field.n > 0 || c->any_field);
	struct view field = c->field.n > 0 ? c->field : view_text("?");
	int n = (int)(field.n < 60 ? field.n : 60);
	if (docmdp_forbids(p, c->kind))
		(void)snprintf(why, 200, "DocMDP P=%d forbids in revision %zu: %.120s",
			       p, c->revision, c->what);
	else if (about_field && locks(&s->fieldmdp, c))
		(void)snprintf(why, 200, "FieldMDP forbids to change field \"%.*s\"", n,
			       (const char *)field.p);
	else if (about_field && locks(&s->lock, c))
		(void)snprintf(why, 200,
			       "the lock of its field forbids to change field \"%.*s\"",
			       n, (const char *)field.p);
	else
		return false;
	return true;
}

void pdf_changes_forbidden(const struct pades *p, const struct pdf_changes *c,
			   size_t signature, const struct pdf_change **ret_change,
			   char ret_why[200])
{
	const struct pades_signature *s = &p->signatures[signature];
	int permission = permission_of(p, signature);
	*ret_change = NULL;
	ret_why[0] = 0;
	for (size_t i = 0; i < c->n && *ret_change == NULL; i++)
		if (c->v[i].revision > s->revision &&
		    forbids(s, permission, &c->v[i], ret_why))
			*ret_change = &c->v[i];
}
