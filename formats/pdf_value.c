/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_value - the reader: values are put on a stack and moved into the arena when the
 * array or dictionary around them ends, so that depth costs no stack of the program.
 */
#include "formats/pdf_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_lex.h"

/* Up to here keys are compared each with each. */
#define FEW_MEMBERS ((size_t)12)
/* Values on the stack for which no memory is asked: most objects have fewer. */
#define FEW_VALUES ((size_t)40)

struct frame {
	size_t first; /* on the stack */
	size_t start; /* offset of the bracket */
	bool dict;
};

struct reader {
	struct pdf_lex lex;
	struct pdf_value *stack; /* few, or memory of its own */
	size_t n, cap;
	size_t elements;
	size_t depth;
	struct frame frames[PDF_DEPTH_MAX];
	struct pdf_value few[FEW_VALUES];
};

static int fail_at(const struct reader *r, const char *text, struct ltps_error *err)
{
	return pdf_fail(r->lex.at, "ISO 32000-2 7.3", text, err);
}

static int grow(struct reader *r, struct ltps_error *err)
{
	size_t cap = r->cap * 2;
	bool few = r->stack == r->few;
	struct pdf_value *more =
	    mem_resize(few ? NULL : r->stack, cap, sizeof(*more));
	if (more == NULL)
		return ltps_fail_nomem(err);
	if (few)
		memcpy(more, r->few, sizeof(r->few));
	r->stack = more;
	r->cap = cap;
	return 0;
}

static int push(struct reader *r, const struct pdf_value *v, struct ltps_error *err)
{
	if (r->elements >= PDF_ELEMENTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: object of too many elements");
	if (r->n == r->cap && grow(r, err) != 0)
		return -1;
	const struct frame *f = r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
	if (f != NULL && f->dict && (r->n - f->first) % 2 == 0 && v->kind != PDF_NAME)
		return fail_at(r, "key of a dictionary is no name", err);
	r->stack[r->n++] = *v;
	r->elements++;
	return 0;
}

static int open_frame(struct reader *r, bool dict, struct ltps_error *err)
{
	if (r->depth == PDF_DEPTH_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d arrays and dictionaries in each "
				 "other",
				 PDF_DEPTH_MAX);
	r->frames[r->depth++] = (struct frame){ r->n, r->lex.at, dict };
	r->lex.at += dict ? 2 : 1;
	return 0;
}

/* ---- the end of an array or dictionary ---- */

static int by_key(const void *a, const void *b)
{
	const struct pdf_member *const *x = a, *const *y = b;
	return view_compare((*x)->key, (*y)->key);
}

static int find_twice(const struct pdf_member *m, size_t n, bool *ret_twice,
		      struct ltps_error *err)
{
	const struct pdf_member **sorted = mem_zalloc(n, sizeof(const void *));
	if (sorted == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &m[i];
	qsort(sorted, n, sizeof(const void *), by_key);
	for (size_t i = 1; i < n && !*ret_twice; i++)
		*ret_twice = view_compare(sorted[i - 1]->key, sorted[i]->key) == 0;
	mem_free(sorted);
	return 0;
}

static bool same_key(const struct pdf_member *a, const struct pdf_member *b)
{
	return a->key.n == b->key.n && view_compare(a->key, b->key) == 0;
}

static int has_twice(const struct pdf_member *m, size_t n, bool *ret_twice,
		     struct ltps_error *err)
{
	*ret_twice = false;
	if (n > FEW_MEMBERS)
		return find_twice(m, n, ret_twice, err);
	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			*ret_twice |= same_key(&m[i], &m[k]);
	return 0;
}

static int close_dict(struct reader *r, const struct frame *f, struct pdf_value *v,
		      struct ltps_error *err)
{
	size_t n = (r->n - f->first) / 2;
	struct pdf_member *members;
	if ((r->n - f->first) % 2 != 0)
		return fail_at(r, "dictionary with a key that has no value", err);
	if (arena_take(r->lex.arena, n, sizeof(*members), &members, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		members[i].key = r->stack[f->first + 2 * i].text;
		members[i].value = r->stack[f->first + 2 * i + 1];
	}
	v->kind = PDF_DICT;
	v->members = members;
	v->n = n;
	return has_twice(members, n, &v->duplicate_keys, err);
}

static int close_array(struct reader *r, const struct frame *f, struct pdf_value *v,
		       struct ltps_error *err)
{
	size_t n = r->n - f->first;
	struct pdf_value *items;
	if (arena_take(r->lex.arena, n, sizeof(*items), &items, err) != 0)
		return -1;
	if (n > 0)
		memcpy(items, r->stack + f->first, n * sizeof(*items));
	v->kind = PDF_ARRAY;
	v->items = items;
	v->n = n;
	return 0;
}

static int close_frame(struct reader *r, bool dict, struct ltps_error *err)
{
	if (r->depth == 0 || r->frames[r->depth - 1].dict != dict)
		return fail_at(r, "bracket that closes nothing", err);
	const struct frame *f = &r->frames[r->depth - 1];
	struct pdf_value v = { .kind = PDF_NULL };
	if ((dict ? close_dict(r, f, &v, err) : close_array(r, f, &v, err)) != 0)
		return -1;
	r->lex.at += dict ? 2 : 1;
	v.where = view_of(r->lex.in.p + f->start, r->lex.at - f->start);
	r->n = f->first;
	r->depth--;
	return push(r, &v, err);
}

/* ---- tokens ---- */

static bool next_is(const struct reader *r, uint8_t c)
{
	return r->lex.at + 1 < r->lex.in.n && r->lex.in.p[r->lex.at + 1] == c;
}

static int read_word(struct reader *r, struct pdf_value *v, struct ltps_error *err)
{
	if (pdf_keyword(r->lex.in, &r->lex.at, "null")) {
		v->kind = PDF_NULL;
	} else if (pdf_keyword(r->lex.in, &r->lex.at, "true")) {
		v->kind = PDF_BOOL;
		v->integer = 1;
	} else if (pdf_keyword(r->lex.in, &r->lex.at, "false")) {
		v->kind = PDF_BOOL;
	} else if (pdf_reference(r->lex.in, &r->lex.at, &v->ref)) {
		v->kind = PDF_REF;
	} else {
		return pdf_lex_number(&r->lex, v, err);
	}
	return 0;
}

static int read_simple(struct reader *r, uint8_t c, struct ltps_error *err)
{
	struct pdf_value v = { .kind = PDF_STRING };
	size_t start = r->lex.at;
	int rc;
	if (c == '/') {
		v.kind = PDF_NAME;
		rc = pdf_lex_name(&r->lex, &v.text, err);
	} else if (c == '(') {
		rc = pdf_lex_literal(&r->lex, &v.text, err);
	} else if (c == '<') {
		v.hex = true;
		rc = pdf_lex_hex(&r->lex, &v.text, err);
		v.pairs = r->lex.pairs;
	} else {
		rc = read_word(r, &v, err);
	}
	if (rc != 0)
		return -1;
	v.where = view_of(r->lex.in.p + start, r->lex.at - start);
	return push(r, &v, err);
}

static int read_token(struct reader *r, struct ltps_error *err)
{
	r->lex.at = pdf_skip_white_and_comments(r->lex.in, r->lex.at);
	if (r->lex.at >= r->lex.in.n)
		return fail_at(r, "octets end within an object", err);
	uint8_t c = r->lex.in.p[r->lex.at];
	if (c == '[')
		return open_frame(r, false, err);
	if (c == '<' && next_is(r, '<'))
		return open_frame(r, true, err);
	if (c == ']')
		return close_frame(r, false, err);
	if (c == '>' && next_is(r, '>'))
		return close_frame(r, true, err);
	return read_simple(r, c, err);
}

static int read_all(struct reader *r, const struct pdf_value **ret_v,
		    struct ltps_error *err)
{
	struct pdf_value *v;
	do {
		if (read_token(r, err) != 0)
			return -1;
	} while (r->depth > 0);
	if (arena_take(r->lex.arena, 1, sizeof(*v), &v, err) != 0)
		return -1;
	*v = r->stack[0];
	*ret_v = v;
	return 0;
}

int pdf_value_read_at(struct view in, size_t *at, struct arena *a,
		      const struct pdf_value **ret_v, struct ltps_error *err)
{
	struct reader r; /* large, and most of it never touched */
	r.lex = (struct pdf_lex){ .in = in, .at = *at, .arena = a };
	r.stack = r.few;
	r.n = r.elements = r.depth = 0;
	r.cap = FEW_VALUES;
	int rc = read_all(&r, ret_v, err);
	*at = r.lex.at;
	if (r.stack != r.few)
		mem_free(r.stack);
	return rc;
}

int pdf_value_read(struct view in, struct arena *a, const struct pdf_value **ret_v,
		   size_t *ret_used, struct ltps_error *err)
{
	const struct pdf_value *v;
	size_t at = 0;
	if (pdf_value_read_at(in, &at, a, &v, err) != 0)
		return -1;
	if (ret_used != NULL)
		*ret_used = at;
	else if (pdf_skip_white_and_comments(in, at) != in.n)
		return pdf_fail(at, "ISO 32000-2 7.3", "octets behind an object", err);
	*ret_v = v;
	return 0;
}

/* ---- looking into ---- */

const struct pdf_value *pdf_dict_get(const struct pdf_value *v, const char *key)
{
	if (!pdf_is_dict(v))
		return NULL;
	size_t n = strlen(key);
	for (size_t i = v->n; i-- > 0;) {
		const struct pdf_member *m = &v->members[i];
		if (m->key.n == n && memcmp(m->key.p, key, n) == 0)
			return m->value.kind != PDF_NULL ? &m->value : NULL;
	}
	return NULL;
}

bool pdf_is_name(const struct pdf_value *v, const char *name)
{
	return v != NULL && v->kind == PDF_NAME && view_is_text(v->text, name);
}

bool pdf_is_dict(const struct pdf_value *v)
{
	return v != NULL && (v->kind == PDF_DICT || v->kind == PDF_STREAM);
}
