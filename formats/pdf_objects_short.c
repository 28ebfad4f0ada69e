/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file that libqpdf reads, where it is small: a copy in which the hexadecimal
 * digits of signatures are left out. It takes a token octet by octet, and the /Contents
 * of a signature has tens of thousands of them: that is most of its work on a signed
 * file. There is nothing in them to read in two ways: hexadecimal digits between angle
 * brackets, which our reader has seen. Every other octet of the dictionary is read from
 * the copy, moved up; nothing else of the file is touched, so all offsets stay true.
 *
 *	12 0 obj << /Type /Sig /Contents <3082...00> /ByteRange [...] >> endobj
 *	12 0 obj << /Type /Sig /Contents <5A> /ByteRange [...] >> endobj ...spaces
 *
 * Whatever else begins within what was moved is read differently, and so differs.
 */
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

/* Larger files are given to libqpdf as they are: there the rest costs more. */
#define COPIED_MAX ((size_t)8 << 20)
/* Digits that are worth it. */
#define DIGITS_MIN 1024
#define MARK "<5A>"
#define END " endobj "

static const struct pdf_value *find_contents(const struct pdf_slot *s)
{
	const struct pdf_value *own = s->own;

	if (s->state != PDF_SLOT_READ || s->container != NULL ||
	    own->kind != PDF_DICT || own->duplicate_keys ||
	    pdf_dict_get(own, "ByteRange") == NULL)
		return NULL;
	const struct pdf_value *c = pdf_dict_get(own, "Contents");
	return c != NULL && c->kind == PDF_STRING && c->hex && c->where.n >= DIGITS_MIN
		   ? c
		   : NULL;
}

static bool is_within(struct view inner, struct view outer)
{
	return inner.p >= outer.p && inner.n <= outer.n &&
	       (size_t)(inner.p - outer.p) <= outer.n - inner.n;
}

static void shorten(struct pdf_objects *o, struct pdf_slot *s,
		    const struct pdf_value *contents)
{
	const struct view octets = o->file->octets, dict = s->own->where;

	if (!is_within(dict, octets) || !is_within(contents->where, dict))
		return;
	const uint8_t *tail = contents->where.p + contents->where.n;
	const size_t tail_n = (size_t)(dict.p + dict.n - tail);
	uint8_t *to = o->copy + (contents->where.p - octets.p);
	uint8_t *end = to + contents->where.n + tail_n;

	memcpy(to, MARK, sizeof(MARK) - 1);
	to += sizeof(MARK) - 1;
	memcpy(to, tail, tail_n);
	to += tail_n;
	memcpy(to, END, sizeof(END) - 1);
	to += sizeof(END) - 1;
	memset(to, ' ', (size_t)(end - to));
	s->shortened = true;
}

int pdf_short_copy(struct pdf_objects *o, struct ltps_error *err)
{
	const struct view octets = o->file->octets;

	if (o->copy != NULL || o->encrypted || octets.n > COPIED_MAX ||
	    o->revisions_opened > 1)
		return 0;
	for (size_t i = 0; i < o->n_looked; i++) {
		const struct pdf_value *c = find_contents(o->looked[i]);
		if (c == NULL)
			continue;
		if (o->copy == NULL) {
			o->copy = mem_dup(octets.p, octets.n);
			if (o->copy == NULL)
				return ltps_fail_nomem(err);
		}
		shorten(o, o->looked[i], c);
	}
	return 0;
}

bool pdf_is_mark(const struct pdf_value *v)
{
	return v->kind == PDF_STRING && view_is_text(v->text, "Z");
}
