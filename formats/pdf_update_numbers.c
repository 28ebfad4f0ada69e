/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_update_numbers - numbers of new objects. A reference to an object that is not
 * there is null (ISO 32000-2 7.3.10), and must stay so: what an old object mentions,
 * no new one becomes.
 */
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_update_private.h"

static bool is_white(uint8_t c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0;
}

/* Above all that any section names or promises. */
static uint32_t first_number(const struct pdf_file *f)
{
	uint32_t top = 1;
	for (size_t i = 0; i < f->n_revisions; i++) {
		const struct pdf_revision *r = &f->revisions[i];
		if (r->size > top)
			top = r->size;
		for (size_t k = 0; k < r->n_entries; k++)
			if (r->entries[k].number >= top)
				top = r->entries[k].number + 1;
	}
	return top;
}

/* The integer before white space that ends at `end`, which moves to its start. Beyond
 * the largest number it is only too large. */
static bool integer_before(struct view in, size_t *end, uint32_t *ret)
{
	size_t at = *end;
	while (at > 0 && is_white(in.p[at - 1]))
		at--;
	const size_t behind = at;
	while (at > 0 && in.p[at - 1] >= '0' && in.p[at - 1] <= '9')
		at--;
	*ret = 0;
	for (size_t i = at; i < behind && *ret <= PDF_OBJECT_NUMBER_MAX; i++)
		*ret = *ret * 10 + (uint32_t)(in.p[i] - '0');
	const bool there = at < behind && behind < *end;
	*end = at;
	return there;
}

/* Every "12 0 R", also where it is only the data of a stream: a number less is no
 * loss. */
static void note_mentions(struct pdf_update *u, struct view in)
{
	for (size_t at = 0; at < in.n; at++) {
		const uint8_t *r = memchr(in.p + at, 'R', in.n - at);
		uint32_t generation, number;
		if (r == NULL)
			return;
		at = (size_t)(r - in.p);
		size_t end = at;
		if (integer_before(in, &end, &generation) &&
		    integer_before(in, &end, &number) && number >= u->next &&
		    number <= PDF_OBJECT_NUMBER_MAX)
			u->mentioned[number / 8] |= (uint8_t)(1 << number % 8);
	}
}

/* What cannot be unpacked holds no object for anybody. */
static int note_stream(struct pdf_update *u, size_t revision, uint32_t number,
		       struct ltps_error *err)
{
	const struct pdf_ref ref = { number, 0 };
	const struct pdf_value *v;
	struct view data = VIEW_NULL;
	if (pdf_object(u->reader, revision, ref, &v, err) != 0 ||
	    (v->kind == PDF_STREAM &&
	     pdf_stream_data(u->reader, revision, v, &data, err) != 0)) {
		if (err->fault != LTPS_FAULT_OBJECT)
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	note_mentions(u, data);
	return 0;
}

/* Object streams: the octets of what they hold are packed. */
static int note_streams(struct pdf_update *u, struct ltps_error *err)
{
	const struct pdf_file *f = u->file;
	for (size_t i = 0; i < f->n_revisions; i++) {
		const struct pdf_revision *r = &f->revisions[i];
		uint64_t last = 0;
		for (size_t k = 0; k < r->n_entries; k++) {
			const struct pdf_entry *e = &r->entries[k];
			if (e->place != PDF_IN_STREAM || e->offset == last)
				continue;
			last = e->offset;
			if (note_stream(u, i, (uint32_t)last, err) != 0)
				return -1;
		}
	}
	return 0;
}

int pdf_update_numbers(struct pdf_update *u, struct ltps_error *err)
{
	u->next = first_number(u->file);
	u->mentioned = mem_zalloc(PDF_OBJECT_NUMBER_MAX / 8 + 1, 1);
	if (u->mentioned == NULL)
		return ltps_fail_nomem(err);
	note_mentions(u, u->file->octets);
	return note_streams(u, err);
}

uint32_t pdf_update_number(struct pdf_update *u)
{
	while (u->next <= PDF_OBJECT_NUMBER_MAX &&
	       (u->mentioned[u->next / 8] >> u->next % 8 & 1) != 0)
		u->next++;
	return u->next > PDF_OBJECT_NUMBER_MAX ? 0 : u->next++;
}
