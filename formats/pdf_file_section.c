/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_file_section - cross-reference tables and streams (ISO 32000-2 7.5.4, 7.5.8). */
#include <string.h>

#include "formats/pdf_file_private.h"
#include "formats/pdf_filter.h"

#define TABLE "ISO 32000-2 7.5.4"
#define STREAM "ISO 32000-2 7.5.8"
#define ENTRY_OFFSET_MAX ((uint64_t)9999999999) /* ten digits */
/* White space, a number and a generation: asked at many places of a file. */
#define HEAD_MAX (4 * PDF_WHITE_BEFORE_MAX)
#define WIDTH_MAX 8               /* octets of one field: 64 bits */
/* Readers keep the type in one octet and the last field in an integer of four; wider
 * ones some refuse. */
#define TYPE_WIDTH_PLAIN 1
#define LAST_WIDTH_PLAIN 4
#define DATA_SLACK ((size_t)4096) /* data behind the last entry that is put up with */

enum { PART_TABLE, PART_STREAM, PART_FREE };

bool pdf_section_here(struct view in, uint64_t at)
{
	uint64_t n;
	if (at >= in.n)
		return false;
	struct view near = view_head(in, (size_t)at + PDF_WHITE_BEFORE_MAX);
	size_t i = pdf_skip_white(near, (size_t)at);
	in = view_head(in, (size_t)at + HEAD_MAX);
	if (pdf_keyword(in, &i, "xref"))
		return true;
	if (!pdf_unsigned(in, &i, PDF_OBJECT_NUMBER_MAX, &n))
		return false;
	i = pdf_skip_white(view_head(in, i + PDF_WHITE_BEFORE_MAX), i);
	if (!pdf_unsigned(in, &i, UINT16_MAX, &n))
		return false;
	i = pdf_skip_white(view_head(in, i + PDF_WHITE_BEFORE_MAX), i);
	return pdf_keyword(in, &i, "obj");
}

/* ---- entries, gathered before they are kept ---- */

static int reserve(struct pdf_chain *c, uint64_t n, struct ltps_error *err)
{
	if (n > c->entries_left)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: too many cross-reference entries");
	size_t need = c->n_scratch + (size_t)n;
	if (need <= c->cap_scratch)
		return 0;
	if (need < c->cap_scratch * 2)
		need = c->cap_scratch * 2;
	struct pdf_entry *more;
	if (arena_take(&c->f->arena, need, sizeof(*more), &more, err) != 0)
		return -1;
	if (c->n_scratch > 0)
		memcpy(more, c->scratch, c->n_scratch * sizeof(*more));
	c->scratch = more;
	c->cap_scratch = need;
	return 0;
}

/* In the room that is reserved; of millions none is copied. */
static struct pdf_entry *add(struct pdf_chain *c, uint32_t number, int part)
{
	struct pdf_entry *e = &c->scratch[c->n_scratch++];
	c->entries_left--;
	*e = (struct pdf_entry){ .number = number,
				 .revision = (uint32_t)part,
				 .hidden = part == PART_STREAM };
	return e;
}

/* An offset as the file writes it. One beyond any file stays what it is. */
static uint64_t absolute(const struct pdf_chain *c, uint64_t offset)
{
	return offset > PDF_SIZE_MAX ? offset : offset + c->f->base;
}

/* What readers may make a table of their own for. */
static void irregular(struct pdf_chain *c, uint64_t at, const char *code,
		      const char *text)
{
	c->irregular = true;
	pdf_note(c->f, PDF_NOTICE, code, c->revision, at, text);
}

static struct pdf_entry *add_used(struct pdf_chain *c, uint32_t number, int part)
{
	if (number == 0) /* the head of the free list: 7.5.4 */
		irregular(c, 0, "PDF_ENTRY_OF_OBJECT_ZERO",
			  "object 0 has an entry in use, which is left out");
	return add(c, number, part);
}

static void add_offset(struct pdf_chain *c, uint32_t number, uint64_t offset,
		       uint64_t generation, int part)
{
	struct pdf_entry *e = add_used(c, number, part);
	e->generation = (uint16_t)generation;
	if (offset == 0) { /* no object can stand there; some writers mean: none */
		irregular(c, 0, "PDF_ENTRY_AT_ZERO",
			  "an entry in use at offset 0 is taken as free");
		return;
	}
	e->place = PDF_AT_OFFSET;
	e->offset = absolute(c, offset);
}

static void add_free(struct pdf_chain *c, uint32_t number, uint64_t generation,
		     int part)
{
	add(c, number, part)->generation =
	    generation < UINT16_MAX ? (uint16_t)generation : UINT16_MAX;
}

/* ---- table ---- */

struct table_entry {
	uint64_t offset, generation;
	bool used;
	bool strict;
};

/* Twenty octets, as they shall be: nnnnnnnn nn ggggg n, in two words, in the second of
 * which the space becomes a zero. There may be millions. */
static bool entry_strict(const uint8_t *p, struct table_entry *e)
{
	const uint64_t space_to_zero = (uint64_t)(' ' ^ '0') << 16;
	const uint64_t high = octets8(p), low = octets8(p + 8) ^ space_to_zero;
	if (p[10] != ' ' || p[16] != ' ' || (p[17] != 'n' && p[17] != 'f') ||
	    !octets8_are_digits(high) || !octets8_are_digits(low))
		return false;
	const uint64_t rest = octets8_number(low);
	e->offset = octets8_number(high) * 100 + rest / 1000000;
	e->generation = rest % 1000000;
	e->used = p[17] == 'n';
	e->strict = true;
	if (e->used && e->generation > UINT16_MAX)
		return false;
	return (p[18] == ' ' && (p[19] == '\r' || p[19] == '\n')) ||
	       (p[18] == '\r' && p[19] == '\n');
}

/* The same three parts with other white space. */
static bool entry_loose(struct view in, size_t *at, struct table_entry *e)
{
	size_t i = *at, next;
	e->strict = false;
	if (!pdf_unsigned(in, &i, ENTRY_OFFSET_MAX, &e->offset))
		return false;
	next = pdf_skip_white(in, i);
	if (next == i || !pdf_unsigned(in, &next, UINT16_MAX, &e->generation))
		return false;
	i = pdf_skip_white(in, next);
	e->used = pdf_keyword(in, &i, "n");
	if (i == next || (!e->used && !pdf_keyword(in, &i, "f")))
		return false;
	*at = pdf_skip_white(in, i);
	return true;
}

static int read_entry(struct pdf_chain *c, struct view in, size_t *at,
		      struct table_entry *e, struct ltps_error *err)
{
	size_t start = *at;
	if (in.n - start >= PDF_ROW_LEN && entry_strict(in.p + start, e)) {
		*at += PDF_ROW_LEN;
		return 0;
	}
	*at = pdf_skip_white(in, start);
	if (!entry_loose(in, at, e))
		return pdf_fail(start, TABLE, "broken cross-reference entry", err);
	irregular(c, start, "PDF_ENTRY_NOT_20_OCTETS",
		  "entries of a cross-reference table are not 20 octets long");
	return 0;
}

/* A table that begins with object 1 but whose first entry can only be that of object 0:
 * a known fault of producers, which readers put right in the same way. */
static bool starts_too_late(uint64_t first, const struct table_entry *e)
{
	return first == 1 && !e->used && e->offset == 0 && e->generation == UINT16_MAX;
}

/* ret_strict: each row, and the number of the first is what the table says */
static int read_subsection(struct pdf_chain *c, struct view in, size_t *at,
			   uint64_t first, uint64_t count, bool *ret_strict,
			   struct ltps_error *err)
{
	struct table_entry e;
	*ret_strict = true;
	if (count > (in.n - *at) / 10 + 1)
		return pdf_fail(*at, TABLE, "cross-reference table is cut off", err);
	if (reserve(c, count, err) != 0)
		return -1;
	for (uint64_t i = 0; i < count; i++) {
		size_t start = *at;
		if (read_entry(c, in, at, &e, err) != 0)
			return -1;
		if (i == 0 && starts_too_late(first, &e)) {
			pdf_note(c->f, PDF_NOTICE, "PDF_TABLE_STARTS_AT_ONE",
				 c->revision, start,
				 "the table says 1 for its first object, meaning 0");
			first = 0;
			*ret_strict = false;
		}
		*ret_strict = *ret_strict && e.strict;
		uint32_t number = (uint32_t)(first + i);
		if (e.used)
			add_offset(c, number, e.offset, e.generation, PART_TABLE);
		else
			add_free(c, number, e.generation, PART_FREE);
	}
	return 0;
}

static int keep_rows(struct pdf_chain *c, const struct pdf_rows *rows,
		     struct pdf_rows ***tail, struct ltps_error *err)
{
	struct pdf_rows *copy;
	if (rows->count < PDF_ROWS_MIN)
		return 0;
	if (arena_take(&c->f->arena, 1, sizeof(*copy), &copy, err) != 0)
		return -1;
	*copy = *rows;
	**tail = copy;
	*tail = &copy->next;
	return 0;
}

/* Spaces, then one end of line. */
static bool is_line_end(struct view in, size_t at, size_t end)
{
	while (at < end && in.p[at] == ' ')
		at++;
	return at < end && pdf_skip_eol(in, at) == end;
}

/* "12 3" and the end of the line, as 7.5.4 asks for, right behind what stood before. */
static bool is_plain_line(struct view in, size_t at, size_t end)
{
	uint64_t n;
	return pdf_unsigned(in, &at, UINT64_MAX, &n) && in.p[at++] == ' ' &&
	       pdf_unsigned(in, &at, UINT64_MAX, &n) && is_line_end(in, at, end);
}

static int read_subsections(struct pdf_chain *c, struct view in, size_t *at,
			    struct pdf_rows **tail, struct ltps_error *err)
{
	for (bool head = true;; head = false) {
		uint64_t first, count;
		bool strict;
		size_t before = *at, start = *at = pdf_skip_white(in, before);
		if (pdf_keyword(in, at, "trailer"))
			return 0;
		bool ok = pdf_unsigned(in, at, PDF_OBJECT_NUMBER_MAX, &first);
		size_t next = pdf_skip_white(in, *at);
		ok = ok && next > *at &&
		     pdf_unsigned(in, &next, PDF_OBJECT_NUMBER_MAX + 1, &count) &&
		     first + count <= PDF_OBJECT_NUMBER_MAX + 1;
		*at = pdf_skip_white(in, next);
		if (!ok || (*at == next && count > 0))
			return pdf_fail(start, TABLE,
					"neither a subsection nor a trailer", err);
		bool plain = head ? is_line_end(in, before, start) : before == start;
		if (!plain || !is_plain_line(in, start, *at))
			irregular(c, start, "PDF_SUBSECTION_NOT_A_LINE",
				  "a subsection does not begin with a line of two "
				  "numbers");
		struct pdf_rows rows = { start, *at, (uint32_t)first, (uint32_t)count,
					 NULL };
		if (read_subsection(c, in, at, first, count, &strict, err) != 0 ||
		    (strict && keep_rows(c, &rows, &tail, err) != 0))
			return -1;
	}
}

static int read_table(struct pdf_chain *c, struct view in, size_t at,
		      struct pdf_section *s, struct ltps_error *err)
{
	if (read_subsections(c, in, &at, &s->rows, err) != 0)
		return -1;
	size_t start = at;
	if (pdf_value_read_at(in, &at, &c->f->arena, &s->trailer, err) != 0)
		return -1;
	if (s->trailer->kind != PDF_DICT)
		return pdf_fail(start, "ISO 32000-2 7.5.5",
				"trailer without a dictionary", err);
	s->end = at;
	s->style = PDF_STYLE_TABLE;
	return 0;
}

/* ---- stream ---- */

struct layout {
	size_t width[3];
	size_t row;
	const struct pdf_value *index; /* NULL: from 0 to size */
	uint64_t size, count;
};

static int field(const struct pdf_value *v, uint64_t max, uint64_t *ret_n)
{
	if (v == NULL || v->kind != PDF_INTEGER || v->integer < 0 ||
	    (uint64_t)v->integer > max)
		return -1;
	*ret_n = (uint64_t)v->integer;
	return 0;
}

static int read_widths(const struct pdf_value *w, struct layout *l)
{
	uint64_t n;
	if (w == NULL || w->kind != PDF_ARRAY || w->n != 3)
		return -1;
	l->row = 0;
	for (size_t i = 0; i < 3; i++) {
		if (field(&w->items[i], WIDTH_MAX, &n) != 0)
			return -1;
		l->width[i] = (size_t)n;
		l->row += (size_t)n;
	}
	return l->width[1] > 0 ? 0 : -1;
}

static int read_index(const struct pdf_value *index, struct layout *l)
{
	l->index = index;
	l->count = l->size;
	if (index == NULL)
		return 0;
	if (index->kind != PDF_ARRAY || index->n % 2 != 0)
		return -1;
	l->count = 0;
	for (size_t i = 0; i < index->n; i += 2) {
		uint64_t first, n;
		if (field(&index->items[i], PDF_OBJECT_NUMBER_MAX, &first) != 0 ||
		    field(&index->items[i + 1], PDF_OBJECT_NUMBER_MAX + 1, &n) != 0 ||
		    first + n > PDF_OBJECT_NUMBER_MAX + 1)
			return -1;
		l->count += n; /* at most elements of one object times 2^23 */
	}
	return 0;
}

static int read_layout(const struct pdf_value *v, uint64_t at, struct layout *l,
		       struct ltps_error *err)
{
	if (v->kind != PDF_STREAM || !pdf_is_name(pdf_dict_get(v, "Type"), "XRef"))
		return pdf_fail(at, STREAM, "no cross-reference stream stands here",
				err);
	if (field(pdf_dict_get(v, "Size"), PDF_OBJECT_NUMBER_MAX + 1, &l->size) != 0 ||
	    read_widths(pdf_dict_get(v, "W"), l) != 0 ||
	    read_index(pdf_dict_get(v, "Index"), l) != 0)
		return pdf_fail(at, STREAM,
				"false /Size, /W or /Index of a cross-reference stream",
				err);
	return 0;
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

static int add_row(struct pdf_chain *c, const struct layout *l, const uint8_t *p,
		   uint32_t number, int part, struct ltps_error *err)
{
	uint64_t type = l->width[0] > 0 ? big_endian(p, l->width[0]) : 1;
	uint64_t b = big_endian(p + l->width[0], l->width[1]);
	uint64_t third = big_endian(p + l->width[0] + l->width[1], l->width[2]);
	if (type == 1) {
		if (third > UINT16_MAX)
			return pdf_fail(0, STREAM, "generation too large", err);
		add_offset(c, number, b, third, part);
	} else if (type == 2) {
		if (b == 0 || b > PDF_OBJECT_NUMBER_MAX || third > UINT32_MAX)
			return pdf_fail(0, STREAM, "impossible object stream", err);
		struct pdf_entry *e = add_used(c, number, part);
		e->place = PDF_IN_STREAM;
		e->offset = b;
		e->index = (uint32_t)third;
	} else {
		if (type != 0)
			irregular(c, 0, "PDF_ENTRY_OF_UNKNOWN_TYPE",
				  "an entry of unknown type is taken as free");
		add_free(c, number, third, part);
	}
	return 0;
}

static int add_rows(struct pdf_chain *c, const struct layout *l, const uint8_t *p,
		    int part, struct ltps_error *err)
{
	size_t ranges = l->index != NULL ? l->index->n / 2 : 1;
	for (size_t r = 0; r < ranges; r++) {
		uint64_t first = 0, n = l->size;
		if (l->index != NULL) {
			first = (uint64_t)l->index->items[2 * r].integer;
			n = (uint64_t)l->index->items[2 * r + 1].integer;
		}
		for (uint64_t i = 0; i < n; i++, p += l->row)
			if (add_row(c, l, p, (uint32_t)(first + i), part, err) != 0)
				return -1;
	}
	return 0;
}

static int read_rows(struct pdf_chain *c, const struct layout *l,
		     const struct pdf_value *v, uint64_t at, int part,
		     struct ltps_error *err)
{
	if (reserve(c, l->count, err) != 0)
		return -1;
	size_t need = (size_t)l->count * l->row;
	struct buf data = buf_make(need + DATA_SLACK);
	int rc = pdf_filter_decode(v, &data, err);
	if (rc == 0 && data.n < need)
		rc = pdf_fail(at, STREAM, "cross-reference stream with too few entries",
			      err);
	if (rc == 0 && data.n > need)
		pdf_note(c->f, PDF_NOTICE, "PDF_XREF_DATA_LONGER", c->revision, at,
			 "a cross-reference stream has octets behind its entries");
	if (rc == 0)
		rc = add_rows(c, l, data.p, part, err);
	buf_free(&data);
	return rc != 0 ? ltps_where(err, "cross-reference stream at %llu",
				    (unsigned long long)at)
		       : 0;
}

static int read_stream(struct pdf_chain *c, struct view in, uint64_t at, int part,
		       const struct pdf_value **ret_v, uint64_t *ret_end,
		       struct ltps_error *err)
{
	struct pdf_ref ref;
	struct layout l = { 0 };
	if (pdf_indirect_read(in, at, &c->f->arena, NULL, NULL, &ref, ret_v, ret_end,
			      err) != 0)
		return -1;
	if (read_layout(*ret_v, at, &l, err) != 0)
		return -1;
	if (l.width[0] > TYPE_WIDTH_PLAIN || l.width[2] > LAST_WIDTH_PLAIN)
		irregular(c, at, "PDF_XREF_FIELDS_TOO_WIDE",
			  "a cross-reference stream has wider fields than they need");
	return read_rows(c, &l, *ret_v, at, part, err);
}

/* ---- hybrid ---- */

/*
 * The stream of a hybrid section counts before the free entries of its table, which are
 * there to hide its objects from readers that know no such stream, and behind the
 * table's entries in use.
 */
static int read_hybrid(struct pdf_chain *c, struct pdf_section *s,
		       struct ltps_error *err)
{
	const struct pdf_value *at = pdf_dict_get(s->trailer, "XRefStm"), *stream;
	uint64_t n;
	if (at == NULL)
		return 0;
	if (field(at, c->f->octets.n, &n) != 0)
		return pdf_fail(s->at, "ISO 32000-2 7.5.8.4", "false /XRefStm", err);
	s->hybrid_at = absolute(c, n);
	if (read_stream(c, c->f->octets, s->hybrid_at, PART_STREAM, &stream,
			&s->hybrid_end, err) != 0)
		return -1;
	/* Sections may name the same stream again and again. */
	if (s->hybrid_end - s->hybrid_at > c->work_left)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: streams of hybrid sections read too often");
	c->work_left -= s->hybrid_end - s->hybrid_at;
	s->style = PDF_STYLE_HYBRID;
	return 0;
}

static void keep_part(const struct pdf_chain *c, struct pdf_section *s, uint32_t part)
{
	for (size_t i = 0; i < c->n_scratch; i++)
		if (c->scratch[i].revision == part && c->scratch[i].number != 0)
			s->entries[s->n++] = c->scratch[i];
}

/* The order of the file, where they stand: there may be millions. The head of the free
 * list mostly comes first, and then nothing has to move. */
static void keep_all(struct pdf_chain *c, struct pdf_section *s)
{
	size_t first = 0;
	while (first < c->n_scratch && c->scratch[first].number == 0)
		first++;
	if (first == c->n_scratch)
		return;
	s->entries = c->scratch + first;
	for (size_t i = first; i < c->n_scratch; i++) {
		if (c->scratch[i].number == 0)
			continue;
		if (&s->entries[s->n] != &c->scratch[i])
			s->entries[s->n] = c->scratch[i];
		s->n++;
	}
	c->scratch = NULL;
	c->cap_scratch = 0;
}

static int keep(struct pdf_chain *c, struct pdf_section *s, struct ltps_error *err)
{
	s->n = 0;
	if (s->style != PDF_STYLE_HYBRID) {
		keep_all(c, s);
		return 0;
	}
	if (arena_take(&c->f->arena, c->n_scratch, sizeof(*s->entries), &s->entries,
		       err) != 0)
		return -1;
	for (uint32_t part = PART_TABLE; part <= PART_FREE; part++)
		keep_part(c, s, part);
	return 0;
}

int pdf_section_read(struct pdf_chain *c, uint64_t at, uint64_t limit,
		     struct pdf_section *s, struct ltps_error *err)
{
	struct view in = view_head(c->f->octets, (size_t)limit);
	if (!pdf_section_here(in, at))
		return pdf_fail(at, "ISO 32000-2 7.5.5",
				"no cross-reference section stands here", err);
	size_t i = pdf_skip_white(in, (size_t)at);
	*s = (struct pdf_section){ .named = at, .at = i };
	c->n_scratch = 0;
	c->irregular = false;
	if (pdf_keyword(in, &i, "xref")) {
		if (read_table(c, in, i, s, err) != 0 || read_hybrid(c, s, err) != 0)
			return -1;
	} else {
		s->style = PDF_STYLE_STREAM;
		if (read_stream(c, in, s->at, PART_TABLE, &s->trailer, &s->end, err) !=
		    0)
			return -1;
	}
	if (s->at > at)
		pdf_note(c->f, PDF_NOTICE, "PDF_SPACE_BEFORE_SECTION", c->revision, at,
			 "white space where a cross-reference section should begin");
	s->irregular = c->irregular;
	return keep(c, s, err);
}
