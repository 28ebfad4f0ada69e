/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects written so plainly that there is nothing in them to read in two ways: a second
 * reading of these few forms, beside the value that our reader made of the same octets.
 * It shares nothing with that reader. What has any other form is not plain, and libqpdf
 * reads it.
 *
 *	<< /Type /Annot /T (field 1) /Rect [0 0 90 9.5] /P 3 0 R >>
 *
 * Left out is all that readers are known to differ about: keys that stand twice, null,
 * comments, escapes in names and strings, octets that are no printable ASCII, numbers of
 * more than nine digits or with signs in odd places, other generations than 0, streams.
 */
#include <string.h>

#include "formats/pdf_objects_private.h"

#define DEPTH_MAX 8
#define MEMBERS_MAX 32 /* of one dictionary: their keys are compared each with each */
#define NAME_MAX 127   /* ISO 32000-1 Annex C */
#define DIGITS_MAX 9   /* an integer of 32 bits holds them */

struct plain {
	const uint8_t *p, *end;
};

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '+';
}

static bool is_figure(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static void skip(struct plain *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
}

/* Behind a name, a number or a word there is white space or what cannot be a part of
 * it. */
static bool ends(const struct plain *s)
{
	return s->p < s->end && (is_space(*s->p) || *s->p == '/' || *s->p == '(' ||
				 *s->p == '<' || *s->p == '>' || *s->p == '[' ||
				 *s->p == ']');
}

static bool take(struct plain *s, const char *text)
{
	const size_t n = strlen(text);

	if ((size_t)(s->end - s->p) < n || memcmp(s->p, text, n) != 0)
		return false;
	s->p += n;
	return true;
}

static bool is_same(struct view v, const uint8_t *from, const uint8_t *to)
{
	return v.n == (size_t)(to - from) && memcmp(v.p, from, v.n) == 0;
}

static bool name(struct plain *s, struct view expected)
{
	if (!take(s, "/"))
		return false;
	const uint8_t *from = s->p;
	while (s->p < s->end && is_letter(*s->p))
		s->p++;
	return s->p > from && s->p - from <= NAME_MAX && ends(s) &&
	       is_same(expected, from, s->p);
}

static bool string(struct plain *s, const struct pdf_value *v)
{
	if (v->hex || !take(s, "("))
		return false;
	const uint8_t *from = s->p;
	while (s->p < s->end && *s->p >= ' ' && *s->p <= '~' && *s->p != '(' &&
	       *s->p != ')' && *s->p != '\\')
		s->p++;
	return is_same(v->text, from, s->p) && take(s, ")");
}

/* So many digits at most, the first of which is no zero unless it is alone. */
static bool figures(struct plain *s, uint64_t *ret_n)
{
	const uint8_t *from = s->p;

	*ret_n = 0;
	while (s->p < s->end && is_figure(*s->p) && s->p - from < DIGITS_MAX)
		*ret_n = *ret_n * 10 + (uint64_t)(*s->p++ - '0');
	return s->p > from && (*from != '0' || s->p - from == 1);
}

static bool integer(struct plain *s, int64_t expected)
{
	const bool minus = take(s, "-");
	uint64_t n;

	return figures(s, &n) && ends(s) && (minus ? -(int64_t)n : (int64_t)n) == expected;
}

static bool real(struct plain *s, struct view expected)
{
	const uint8_t *from = s->p;
	uint64_t n;

	(void)take(s, "-");
	if (!figures(s, &n) || !take(s, "."))
		return false;
	const uint8_t *part = s->p;
	while (s->p < s->end && is_figure(*s->p))
		s->p++;
	return s->p > part && s->p - part <= DIGITS_MAX && ends(s) &&
	       is_same(expected, from, s->p);
}

static bool reference(struct plain *s, struct pdf_ref expected)
{
	uint64_t n;

	return figures(s, &n) && take(s, " 0 R") && ends(s) && n > 0 &&
	       n == expected.number && expected.generation == 0;
}

static bool value(struct plain *s, const struct pdf_value *v, unsigned depth);

static bool array(struct plain *s, const struct pdf_value *v, unsigned depth)
{
	if (!take(s, "["))
		return false;
	for (size_t i = 0; i < v->n; i++) {
		skip(s);
		if (!value(s, &v->items[i], depth))
			return false;
	}
	skip(s);
	return take(s, "]");
}

static bool stands_before(const struct pdf_value *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (v->members[k].key.n == v->members[i].key.n &&
		    memcmp(v->members[k].key.p, v->members[i].key.p,
			   v->members[i].key.n) == 0)
			return true;
	return false;
}

static bool dictionary(struct plain *s, const struct pdf_value *v, unsigned depth)
{
	if (v->n > MEMBERS_MAX || !take(s, "<<"))
		return false;
	for (size_t i = 0; i < v->n; i++) {
		skip(s);
		if (!name(s, v->members[i].key) || stands_before(v, i))
			return false;
		skip(s);
		if (!value(s, &v->members[i].value, depth))
			return false;
	}
	skip(s);
	return take(s, ">>");
}

static bool value(struct plain *s, const struct pdf_value *v, unsigned depth)
{
	if (depth == DEPTH_MAX)
		return false;
	switch (v->kind) {
	case PDF_DICT:
		return dictionary(s, v, depth + 1);
	case PDF_ARRAY:
		return array(s, v, depth + 1);
	case PDF_NAME:
		return name(s, v->text);
	case PDF_STRING:
		return string(s, v);
	case PDF_INTEGER:
		return integer(s, v->integer);
	case PDF_REAL:
		return real(s, v->text);
	case PDF_REF:
		return reference(s, v->ref);
	case PDF_BOOL:
		return take(s, v->integer != 0 ? "true" : "false") && ends(s);
	case PDF_NULL:
	case PDF_STREAM:
		break;
	}
	return false;
}

bool pdf_is_plain(const struct pdf_value *v, struct view behind)
{
	struct plain s = { v->where.p, v->where.p + v->where.n };
	struct plain rest = { behind.p, behind.p + behind.n };

	if ((v->kind != PDF_DICT && v->kind != PDF_ARRAY) || !value(&s, v, 0) ||
	    s.p != s.end)
		return false;
	skip(&rest);
	return take(&rest, "endobj") && rest.p == rest.end;
}
