/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_value_write - values and dictionaries as PDF syntax. */
#include <inttypes.h>
#include <string.h>

#include "formats/pdf_lex.h"
#include "formats/pdf_value.h"

int pdf_name_write(struct view name, struct buf *out, struct ltps_error *err)
{
	static const char hex[] = "0123456789ABCDEF";
	if (buf_put_byte(out, '/', err) != 0)
		return -1;
	for (size_t i = 0; i < name.n; i++) {
		uint8_t c = name.p[i];
		if (c == 0)
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
					 "ISO 32000-2 7.3.5", "PDF: name with a NUL");
		uint8_t escaped[3] = { '#', (uint8_t)hex[c >> 4],
				       (uint8_t)hex[c & 15] };
		bool plain = c > ' ' && c < 0x7f && c != '#' && !pdf_is_end(c);
		if (buf_put(out, plain ? view_of(&c, 1) : view_of(escaped, 3), err) !=
		    0)
			return -1;
	}
	return 0;
}

int pdf_string_write(struct view octets, struct buf *out, struct ltps_error *err)
{
	static const char hex[] = "0123456789abcdef";
	if (octets.n > (SIZE_MAX - 2) / 2)
		return ltps_fail_nomem(err);
	if (buf_reserve(out, octets.n * 2 + 2, err) != 0)
		return -1;
	uint8_t *p = out->p + out->n;
	*p++ = '<';
	for (size_t i = 0; i < octets.n; i++) {
		*p++ = (uint8_t)hex[octets.p[i] >> 4];
		*p++ = (uint8_t)hex[octets.p[i] & 15];
	}
	*p = '>';
	out->n += octets.n * 2 + 2;
	return 0;
}

static int write_array(const struct pdf_value *v, struct buf *out,
		       struct ltps_error *err)
{
	if (buf_put_byte(out, '[', err) != 0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if ((i > 0 && buf_put_byte(out, ' ', err) != 0) ||
		    pdf_value_write(&v->items[i], out, err) != 0)
			return -1;
	return buf_put_byte(out, ']', err);
}

static int write_dict(const struct pdf_value *v, struct buf *out,
		      struct ltps_error *err)
{
	if (buf_put_text(out, "<<", err) != 0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (pdf_name_write(v->members[i].key, out, err) != 0 ||
		    buf_put_byte(out, ' ', err) != 0 ||
		    pdf_value_write(&v->members[i].value, out, err) != 0)
			return -1;
	return buf_put_text(out, ">>", err);
}

int pdf_value_write(const struct pdf_value *v, struct buf *out, struct ltps_error *err)
{
	switch (v->kind) {
	case PDF_BOOL:
		return buf_put_text(out, v->integer != 0 ? "true" : "false", err);
	case PDF_INTEGER:
		return buf_put_fmt(out, err, "%" PRId64, v->integer);
	case PDF_REAL:
		return buf_put(out, v->text, err);
	case PDF_STRING:
		return pdf_string_write(v->text, out, err);
	case PDF_NAME:
		return pdf_name_write(v->text, out, err);
	case PDF_ARRAY:
		return write_array(v, out, err);
	case PDF_DICT:
	case PDF_STREAM:
		return write_dict(v, out, err);
	case PDF_REF:
		return buf_put_fmt(out, err, "%" PRIu32 " %" PRIu32 " R", v->ref.number,
				   v->ref.generation);
	case PDF_NULL:
		break;
	}
	return buf_put_text(out, "null", err);
}

/* ---- a dictionary with changes ---- */

static const struct pdf_edit *edit_of(const struct pdf_edit *edits, size_t n,
				      struct view key)
{
	for (size_t i = 0; i < n; i++)
		if (view_is_text(key, edits[i].key))
			return &edits[i];
	return NULL;
}

static int write_entry(struct view key, struct view value, struct buf *out,
		       struct ltps_error *err)
{
	/* The blank keeps a key apart from a value that begins with a letter. */
	return buf_put_byte(out, '\n', err) != 0 ||
		       pdf_name_write(key, out, err) != 0 ||
		       buf_put_byte(out, ' ', err) != 0 || buf_put(out, value, err) != 0
		   ? -1
		   : 0;
}

static int write_member(const struct pdf_member *m, const struct pdf_edit *e,
			struct buf *out, struct ltps_error *err)
{
	if (e != NULL)
		return e->value.n > 0 ? write_entry(m->key, e->value, out, err) : 0;
	if (m->value.where.n > 0)
		return write_entry(m->key, m->value.where, out, err);
	if (write_entry(m->key, VIEW_NULL, out, err) != 0)
		return -1;
	return pdf_value_write(&m->value, out, err);
}

int pdf_dict_write(const struct pdf_value *dict, const struct pdf_edit *edits, size_t n,
		   struct buf *out, struct ltps_error *err)
{
	size_t members = pdf_is_dict(dict) ? dict->n : 0;
	if (buf_put_text(out, "<<", err) != 0)
		return -1;
	for (size_t i = 0; i < members; i++) {
		const struct pdf_member *m = &dict->members[i];
		if (write_member(m, edit_of(edits, n, m->key), out, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		bool known = false;
		for (size_t k = 0; k < members && !known; k++)
			known = view_is_text(dict->members[k].key, edits[i].key);
		if (!known && edits[i].value.n > 0 &&
		    write_entry(view_text(edits[i].key), edits[i].value, out, err) != 0)
			return -1;
	}
	return buf_put_text(out, "\n>>", err);
}
