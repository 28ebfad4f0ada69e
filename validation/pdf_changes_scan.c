/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_scan - the references in one object, in two ways that find the same ones
 * and end in the same place. The exact way goes token by token, without making values
 * of them, and tells how each reference stands there. The quick way does not: it looks
 * at brackets, strings and the letter R alone, and reads backwards from that. Every
 * object of a file is passed over quickly; exactly only those that somebody asks about.
 *
 * Neither touches the data of streams: the object is over with its dictionary. Where it
 * is over, only what stands in it can tell, not where the next one begins: offsets may
 * lead into the middle of another object.
 */
#include "validation/pdf_changes_private.h"

#include <string.h>

#include "base/mem.h"

/* Deeper than any value that can be read. */
#define SCAN_DEPTH_MAX (PDF_DEPTH_MAX + 2)

struct cursor {
	struct view in;
	size_t at;
};
struct sink {
	struct pdf_edge_list *list;
	uint32_t source;
};

/* ---- forms ---- */

enum pdf_edge_form pdf_edge_form_of(struct view key, bool in_array)
{
#define KEY(text, form, array)                                                         \
	{                                                                              \
		text, sizeof(text) - 1, form, array                                    \
	}
	static const struct {
		const char *key;
		size_t n;
		enum pdf_edge_form form;
		bool array; /* in an array alone */
	} keys[] = {
		KEY("P", PDF_EDGE_BACK, false),
		KEY("T", PDF_EDGE_BACK, false),
		KEY("K", PDF_EDGE_TREE, false),
		KEY("Pg", PDF_EDGE_BACK, false),
		KEY("AN", PDF_EDGE_BACK, false),
		KEY("CO", PDF_EDGE_LIST, true),
		KEY("IRT", PDF_EDGE_BACK, false),
		KEY("Obj", PDF_EDGE_BACK, false),
		KEY("Ref", PDF_EDGE_TREE, true),
		KEY("Kids", PDF_EDGE_KIDS, true),
		KEY("Nums", PDF_EDGE_TREE, true),
		KEY("Names", PDF_EDGE_TREE, true),
		KEY("Popup", PDF_EDGE_BACK, false),
		KEY("Parent", PDF_EDGE_BACK, false),
		KEY("Annots", PDF_EDGE_LIST, true),
		KEY("Fields", PDF_EDGE_LIST, true),
		/* Of a signature reference: ISO 32000-2 Table 256. */
		KEY("Data", PDF_EDGE_BACK, false),
	};
#undef KEY
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].n == key.n && (in_array || !keys[i].array) &&
		    memcmp(keys[i].key, key.p, key.n) == 0)
			return keys[i].form;
	return PDF_EDGE_PLAIN;
}

/* ---- what is found ---- */

static int list_grow(struct pdf_edge_list *l, struct ltps_error *err)
{
	size_t cap = l->cap > 0 ? l->cap * 2 : 64;
	struct pdf_edge *v = mem_resize(l->v, cap, sizeof(*v));
	if (v == NULL)
		return ltps_fail_nomem(err);
	l->v = v;
	l->cap = cap;
	return 0;
}

static int edge_add(const struct sink *s, uint32_t target, enum pdf_edge_form form,
		    struct ltps_error *err)
{
	struct pdf_edge_list *l = s->list;
	if (l->n >= PDF_EDGES_MAX) {
		l->too_many = true;
		return 0;
	}
	if (l->n == l->cap && list_grow(l, err))
		return -1;
	l->v[l->n++] =
	    (struct pdf_edge){ .target = target, .source = s->source, .form = form };
	return 0;
}

/* ---- octets ---- */

/* ISO 32000-2 7.2.3: every octet of a file may pass here. */
enum { REGULAR, WHITE, DELIMITER };
static const uint8_t classes[256] = {
	[0] = WHITE,       ['\t'] = WHITE,    ['\n'] = WHITE,    ['\f'] = WHITE,
	['\r'] = WHITE,    [' '] = WHITE,     ['('] = DELIMITER, [')'] = DELIMITER,
	['<'] = DELIMITER, ['>'] = DELIMITER, ['['] = DELIMITER, [']'] = DELIMITER,
	['{'] = DELIMITER, ['}'] = DELIMITER, ['/'] = DELIMITER, ['%'] = DELIMITER,
};
/* Where the quick way stops: what opens or closes, hides octets, or ends a reference or
 * the word "obj". */
static const bool marks[256] = {
	['('] = true, ['<'] = true, ['>'] = true, ['['] = true,
	[']'] = true, ['%'] = true, ['R'] = true, ['j'] = true,
};

static bool is_white(uint8_t c)
{
	return classes[c] == WHITE;
}

static bool is_regular(uint8_t c)
{
	return classes[c] == REGULAR;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static void skip_space(struct cursor *s)
{
	struct view in = s->in;
	size_t at = s->at;
	while (at < in.n && (is_white(in.p[at]) || in.p[at] == '%')) {
		if (in.p[at++] != '%')
			continue;
		while (at < in.n && in.p[at] != '\r' && in.p[at] != '\n')
			at++;
	}
	s->at = at;
}

/* Most strings have no parenthesis but the last and nothing escaped. */
static void skip_literal(struct cursor *s)
{
	const uint8_t *from = s->in.p + s->at + 1;
	size_t n = s->in.n - s->at - 1, nested = 0;
	const uint8_t *end = memchr(from, ')', n);
	n = end != NULL ? (size_t)(end - from) : n;
	if (memchr(from, '\\', n) == NULL && memchr(from, '(', n) == NULL) {
		s->at += 1 + n + (end != NULL);
		return;
	}
	while (s->at < s->in.n) {
		uint8_t c = s->in.p[s->at++];
		if (c == '\\')
			s->at++;
		else if (c == '(')
			nested++;
		else if (c == ')' && --nested == 0)
			return;
	}
}

static void skip_hex(struct cursor *s)
{
	const uint8_t *end = memchr(s->in.p + s->at, '>', s->in.n - s->at);
	s->at = end != NULL ? (size_t)(end - s->in.p) + 1 : s->in.n;
}

static struct view regular(struct cursor *s)
{
	struct view in = s->in;
	size_t from = s->at, at = from;
	while (at < in.n && is_regular(in.p[at]))
		at++;
	s->at = at;
	return view_of(in.p + from, at - from);
}

/* As many zeroes as anybody likes may stand before. */
static bool digits_of(struct view v, uint64_t *ret_n)
{
	uint64_t n = 0;
	while (v.n > 1 && v.p[0] == '0')
		v = view_of(v.p + 1, v.n - 1);
	if (v.n == 0 || v.n > 10)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!is_digit(v.p[i]))
			return false;
		n = n * 10 + (v.p[i] - (unsigned)'0');
	}
	*ret_n = n;
	return true;
}

bool pdf_scan_number(struct view in, size_t *at, uint64_t *ret_n)
{
	struct cursor s = { in, *at };
	skip_space(&s);
	bool is = digits_of(regular(&s), ret_n);
	*at = s.at;
	return is;
}

/* Up to seven digits and the space behind them, as most numbers of objects stand. Moves
 * behind the space. */
#define PLAIN_ROOM ((size_t)16) /* in which a number, and what follows it, must fit */
static bool plain_number(struct view in, size_t *at, uint64_t *ret_n)
{
	if (in.n < PLAIN_ROOM || *at > in.n - PLAIN_ROOM)
		return false;
	uint64_t v = octets8(in.p + *at), x = v ^ OCTETS8(' ');
	uint64_t space = (x - OCTETS8(1)) & ~x & OCTETS8(0x80);
	unsigned bits = space != 0 ? (unsigned)__builtin_ctzll(space) & ~7u : 0;
	if (bits == 0)
		return false;
	uint64_t digits = v << (64 - bits) | OCTETS8('0') >> bits;
	if (!octets8_are_digits(digits))
		return false;
	*ret_n = octets8_number(digits);
	*at += bits / 8 + 1;
	return true;
}

/* What stands behind a plain number, with nothing regular behind it: there is room. */
static bool plain_word(struct view in, size_t *at, const char *word, size_t n)
{
	if (memcmp(in.p + *at, word, n) != 0 || is_regular(in.p[*at + n]))
		return false;
	*at += n;
	return true;
}

size_t pdf_scan_header(struct view in, size_t at, uint64_t *ret_plain)
{
	size_t plain = at;
	if (plain_number(in, &plain, ret_plain) &&
	    plain_word(in, &plain, "0 obj", sizeof("0 obj") - 1))
		return plain;
	*ret_plain = 0;
	struct cursor s = { in, at };
	for (int i = 0; i < 3; i++) {
		skip_space(&s);
		(void)regular(&s);
	}
	return s.at;
}

/* ---- token by token ---- */

struct scan {
	struct cursor c;
	struct sink to;
	/* What is open: the key of a dictionary that an array stands under counts for
	 * the array too. */
	struct {
		bool dict;
		bool want_key;
		struct view key;
	} open[SCAN_DEPTH_MAX];
	size_t depth;
	uint64_t number[2]; /* the last two, for "12 0 R" */
	size_t n_numbers;
};

static enum pdf_edge_form form_of(const struct scan *s)
{
	size_t d = s->depth;
	while (d > 0 && !s->open[d - 1].dict)
		d--;
	if (d == 0)
		return s->depth > 0 ? PDF_EDGE_ARRAY : PDF_EDGE_PLAIN;
	return pdf_edge_form_of(s->open[d - 1].key, s->depth > d);
}

/* A value, or a key, of the innermost dictionary is over. */
static void value_done(struct scan *s)
{
	if (s->depth > 0 && s->open[s->depth - 1].dict)
		s->open[s->depth - 1].want_key = true;
}

static bool push(struct scan *s, bool dict)
{
	if (s->depth == SCAN_DEPTH_MAX)
		return false;
	s->open[s->depth].dict = dict;
	s->open[s->depth].want_key = dict;
	s->open[s->depth++].key = VIEW_NULL;
	return true;
}

static void name_token(struct scan *s)
{
	s->c.at++;
	struct view name = regular(&s->c);
	if (s->depth > 0 && s->open[s->depth - 1].dict &&
	    s->open[s->depth - 1].want_key) {
		s->open[s->depth - 1].key = name;
		s->open[s->depth - 1].want_key = false;
	} else {
		value_done(s);
	}
}

static int word_token(struct scan *s, struct ltps_error *err)
{
	uint64_t n;
	struct view w = regular(&s->c);
	if (digits_of(w, &n)) {
		s->number[0] = s->number[1];
		s->number[1] = n;
		s->n_numbers++;
		/* It ends a value unless a reference goes on, which does so itself. */
		value_done(s);
		return 0;
	}
	int rc = 0;
	if (w.n == 1 && w.p[0] == 'R' && s->n_numbers >= 2 && s->number[0] > 0 &&
	    s->number[0] <= PDF_OBJECT_NUMBER_MAX)
		rc = edge_add(&s->to, (uint32_t)s->number[0], form_of(s), err);
	s->n_numbers = 0;
	value_done(s);
	return rc;
}

/* One token; *ret_over: the object ends. */
static int token(struct scan *s, bool *ret_over, struct ltps_error *err)
{
	*ret_over = true;
	skip_space(&s->c);
	if (s->c.at >= s->c.in.n)
		return 0;
	uint8_t c = s->c.in.p[s->c.at];
	bool twice = s->c.at + 1 < s->c.in.n && s->c.in.p[s->c.at + 1] == c;
	*ret_over = false;
	if (is_regular(c))
		return word_token(s, err);
	s->n_numbers = 0;
	if (c == '/') {
		name_token(s);
	} else if (c == '[' || (c == '<' && twice)) {
		s->c.at += c == '[' ? 1 : 2;
		*ret_over = !push(s, c == '<');
	} else if (c == ']' || (c == '>' && twice)) {
		s->c.at += c == ']' ? 1 : 2;
		if (s->depth > 0)
			s->depth--;
		value_done(s);
		*ret_over = s->depth == 0;
	} else if (c == '(') {
		skip_literal(&s->c);
		value_done(s);
	} else if (c == '<') {
		skip_hex(&s->c);
		value_done(s);
	} else {
		s->c.at++;
	}
	return 0;
}

/* What was passed over counts against what may be. */
static void charge(struct pdf_edge_list *l, size_t octets)
{
	if (octets > l->octets)
		l->too_many = true;
	l->octets -= octets < l->octets ? octets : l->octets;
}

int pdf_scan_exact(struct view in, size_t at, uint32_t source, struct pdf_edge_list *l,
		   struct ltps_error *err)
{
	struct scan s = { .c = { in, at }, .to = { l, source } };
	bool over = l->too_many;
	size_t words = 0;
	while (!over) {
		if (token(&s, &over, err))
			return -1;
		/* Scalars hold no references, except that an object may be a reference
		 * and nothing else. */
		if (s.depth == 0 && ++words > 3)
			over = true;
		if (l->too_many || s.c.at - at > l->octets)
			over = true;
	}
	charge(l, s.c.at - at);
	return 0;
}

/* ---- quickly ---- */

/* Digits backwards from *end, those that fit into ten behind their zeroes; *end: before
 * them. */
static bool digits_before(struct view in, size_t *end, uint64_t *ret_n)
{
	uint64_t n = 0, unit = 1;
	bool fits = true;
	size_t at = *end;
	for (; is_digit(in.p[at - 1]); at--) {
		uint8_t d = in.p[at - 1] - '0';
		if (*end - at < 10) {
			n += d * unit;
			unit *= 10;
		} else if (d != 0) {
			fits = false;
		}
	}
	fits = fits && at < *end;
	*end = at;
	*ret_n = n;
	return fits;
}

static bool white_before(struct view in, size_t *end)
{
	size_t from = *end;
	while (is_white(in.p[*end - 1]))
		(*end)--;
	return *end < from;
}

/*
 * The R of "12 0 R". The object's first octet is a bracket, where going backwards ends;
 * so it does at the R of the reference before. Nothing here is a comment or a part of
 * a string.
 */
static bool reference_before(struct view in, size_t r, uint64_t *ret_number)
{
	uint64_t generation;
	size_t end = r;
	if ((r + 1 < in.n && is_regular(in.p[r + 1])) || !white_before(in, &end) ||
	    !digits_before(in, &end, &generation) || !white_before(in, &end) ||
	    !digits_before(in, &end, ret_number))
		return false;
	return !is_regular(in.p[end - 1]) && in.p[end - 1] != '/' && *ret_number > 0 &&
	       *ret_number <= PDF_OBJECT_NUMBER_MAX;
}

struct quick {
	struct cursor c;
	struct sink to;
	size_t depth;
	bool word; /* "obj" stands in it */
};
enum quick_end { QUICK_ON, QUICK_OVER, QUICK_COMMENT };

/* "12 0 R 13 0 R", as the items of most arrays stand: found going forwards, too, from
 * a bracket or the R before. */
static int plain_references(struct quick *q, struct ltps_error *err)
{
	struct view in = q->c.in;
	size_t at = q->c.at;
	uint64_t number;
	for (;;) {
		if (at < in.n && is_white(in.p[at]))
			at++;
		if (!plain_number(in, &at, &number) || number == 0 ||
		    number > PDF_OBJECT_NUMBER_MAX ||
		    !plain_word(in, &at, "0 R", sizeof("0 R") - 1))
			return 0;
		if (edge_add(&q->to, (uint32_t)number, PDF_EDGE_UNKNOWN, err))
			return -1;
		q->c.at = at;
	}
}

/* An escaped octet that is missing leaves it one behind the end. */
static void next_mark(struct cursor *s)
{
	const uint8_t *p = s->in.p;
	size_t at = s->at, n = s->in.n;
	while (at + 4 <= n &&
	       !(marks[p[at]] | marks[p[at + 1]] | marks[p[at + 2]] | marks[p[at + 3]]))
		at += 4;
	while (at < n && !marks[p[at]])
		at++;
	s->at = at;
}

/* Behind a bracket or a string. */
static enum quick_end quick_mark(struct quick *q)
{
	struct cursor *s = &q->c;
	uint8_t c = s->in.p[s->at];
	bool twice = s->at + 1 < s->in.n && s->in.p[s->at + 1] == c;
	const size_t from = s->at;
	if (c == '(') {
		skip_literal(s);
	} else if (c == '[' || (c == '<' && twice)) {
		s->at += c == '[' ? 1 : 2;
		return q->depth++ == SCAN_DEPTH_MAX ? QUICK_OVER : QUICK_ON;
	} else if (c == ']' || (c == '>' && twice)) {
		s->at += c == ']' ? 1 : 2;
		return --q->depth == 0 ? QUICK_OVER : QUICK_ON;
	} else if (c == '<') {
		skip_hex(s);
		q->word |= memchr(s->in.p + from, 'j', s->at - from) != NULL;
	} else {
		s->at++;
	}
	return QUICK_ON;
}

/* At an R. */
static int quick_reference(struct quick *q, struct ltps_error *err)
{
	uint64_t number;
	bool is = reference_before(q->c.in, q->c.at++, &number);
	if (is && edge_add(&q->to, (uint32_t)number, PDF_EDGE_UNKNOWN, err))
		return -1;
	return is ? plain_references(q, err) : 0;
}

/* At a j, behind a bracket of two octets or one and something regular. */
static void quick_word(struct quick *q)
{
	const uint8_t *p = q->c.in.p + q->c.at++;
	q->word |= p[-1] == 'b' && p[-2] == 'o';
}

/* From a bracket on. A comment may stand between the words of a reference, where
 * reading backwards would take it for none: whoever writes one is read exactly. */
static int quick_object(struct quick *q, enum quick_end *ret_end,
			struct ltps_error *err)
{
	struct cursor *s = &q->c;
	int rc = 0;
	*ret_end = QUICK_ON;
	while (*ret_end == QUICK_ON && rc == 0) {
		next_mark(s);
		uint8_t c = s->at < s->in.n ? s->in.p[s->at] : 0;
		if (s->at >= s->in.n)
			*ret_end = QUICK_OVER;
		else if (c == '%')
			*ret_end = QUICK_COMMENT;
		else if (c == 'R')
			rc = quick_reference(q, err);
		else if (c == 'j')
			quick_word(q);
		else
			*ret_end = quick_mark(q);
		if (c == '[' && *ret_end == QUICK_ON)
			rc = plain_references(q, err);
	}
	return rc;
}

static bool opens(const struct cursor *s)
{
	const uint8_t *p = s->in.p + s->at;
	return s->at < s->in.n && s->in.n - s->at > 1 &&
	       (p[0] == '[' || (p[0] == '<' && p[1] == '<'));
}

int pdf_scan_quick(struct view in, size_t at, uint32_t source, struct pdf_edge_list *l,
		   struct ltps_error *err)
{
	struct quick q = { .c = { in, at }, .to = { l, source } };
	enum quick_end end = QUICK_COMMENT;
	size_t mark = l->n;
	l->plain_end = 0;
	if (l->too_many)
		return 0;
	skip_space(&q.c);
	if (opens(&q.c) && quick_object(&q, &end, err))
		return -1;
	charge(l, q.c.at - at);
	if (end == QUICK_OVER) {
		l->plain_end = q.word || q.depth > 0 ? 0 : q.c.at;
		return 0;
	}
	l->n = mark;
	return pdf_scan_exact(in, at, source, l, err);
}
