/* SPDX-License-Identifier: Apache-2.0 */
#include "server/multipart.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FORM_DATA "multipart/form-data"
#define RELATED "multipart/related"
#define DELIMITER_MAX (4 + MULTIPART_BOUNDARY_MAX) /* CRLF "--" boundary */

static int bad(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, clause, "%s", what);
}

/* ---- text ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct view trim(struct view v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = view_skip(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static bool same_text(struct view v, const char *text)
{
	if (v.n != strlen(text))
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (lower(v.p[i]) != (uint8_t)text[i])
			return false;
	return true;
}

/* Up to the first `c`, which is dropped; all of it when there is none. */
static struct view take_until(struct view *rest, uint8_t c)
{
	const uint8_t *at = rest->n > 0 ? memchr(rest->p, c, rest->n) : NULL;
	const size_t n = at != NULL ? (size_t)(at - rest->p) : rest->n;
	const struct view head = view_head(*rest, n);
	*rest = view_skip(*rest, n < rest->n ? n + 1 : n);
	return head;
}

/* The string behind the opening quote; *rest stands behind the closing one. Blank
 * and '"' may be escaped with '\', RFC 822 quoted-string. */
static int take_quoted(struct view *rest, struct view *ret, struct ltps_error *err)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] != '"')
		n += rest->p[n] == '\\' && n + 1 < rest->n ? 2 : 1;
	if (n >= rest->n)
		return bad(err, "RFC 2045 5.1", "a quoted string does not end");
	*ret = view_head(*rest, n);
	*rest = view_skip(*rest, n + 1);
	return 0;
}

struct parameter {
	struct view name, value;
};

/* The next ";name=value"; *ret_more false at the end. */
static int next_parameter(struct view *rest, struct parameter *ret, bool *ret_more,
			  struct ltps_error *err)
{
	*rest = trim(*rest);
	*ret_more = rest->n > 0;
	if (rest->n == 0)
		return 0;
	if (rest->p[0] != ';')
		return bad(err, "RFC 2045 5.1", "a parameter is malformed");
	*rest = trim(view_skip(*rest, 1));
	if (rest->n == 0) /* a last ';' is written by some */
		return next_parameter(rest, ret, ret_more, err);
	if (memchr(rest->p, '=', rest->n) == NULL)
		return bad(err, "RFC 2045 5.1", "a parameter is malformed");
	ret->name = trim(take_until(rest, '='));
	*rest = trim(*rest);
	if (rest->n > 0 && rest->p[0] == '"') {
		*rest = view_skip(*rest, 1);
		return take_quoted(rest, &ret->value, err);
	}
	const uint8_t *end = rest->n > 0 ? memchr(rest->p, ';', rest->n) : NULL;
	const size_t n = end != NULL ? (size_t)(end - rest->p) : rest->n;
	ret->value = trim(view_head(*rest, n));
	*rest = view_skip(*rest, n);
	return 0;
}

/* ---- the boundary ---- */

static bool is_boundary_char(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') ||
	       (c != '\0' && strchr("'()+_,-./:=? ", c) != NULL);
}

static bool is_boundary(struct view v)
{
	if (v.n == 0 || v.n > MULTIPART_BOUNDARY_MAX || v.p[v.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!is_boundary_char(v.p[i]))
			return false;
	return true;
}

/* The type before the parameters; *rest stands behind it. */
static struct view take_type(struct view *rest)
{
	*rest = trim(*rest);
	const uint8_t *semicolon = rest->n > 0 ? memchr(rest->p, ';', rest->n) : NULL;
	const size_t n = semicolon != NULL ? (size_t)(semicolon - rest->p) : rest->n;
	const struct view type = trim(view_head(*rest, n));
	*rest = view_skip(*rest, n);
	return type;
}

bool media_type_is(struct view content_type, const char *type)
{
	struct view rest = content_type;
	return same_text(take_type(&rest), type);
}

int media_type_parameter(struct view content_type, const char *name,
			 struct view *ret_value, struct ltps_error *err)
{
	struct view rest = content_type;
	struct parameter p = { VIEW_NULL, VIEW_NULL };
	bool more = true, found = false;
	*ret_value = VIEW_NULL;
	(void)take_type(&rest);
	while (more) {
		if (next_parameter(&rest, &p, &more, err) != 0)
			return -1;
		if (!more || !same_text(p.name, name))
			continue;
		if (found)
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
					 "RFC 2045 5.1", "two parameters '%s'", name);
		found = true;
		*ret_value = p.value;
	}
	return 0;
}

static int find_boundary(struct view content_type, const char *type, struct view *ret,
			 struct ltps_error *err)
{
	if (!media_type_is(content_type, type))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "RFC 2046 5.1", "the body is not %s", type);
	if (media_type_parameter(content_type, "boundary", ret, err) != 0)
		return -1;
	if (!is_boundary(*ret))
		return bad(err, "RFC 2046 5.1.1", "no usable boundary");
	return 0;
}

/* ---- delimiters ---- */

struct delimiter {
	uint8_t p[DELIMITER_MAX];
	size_t n;
};

/* Where it begins in v; v.n when nowhere. */
static size_t find(struct view v, const struct delimiter *d)
{
	const uint8_t *at = v.n > 0 ? memmem(v.p, v.n, d->p, d->n) : NULL;
	return at != NULL ? (size_t)(at - v.p) : v.n;
}

/*
 * Behind a delimiter: "--" closes, else blanks and CRLF. Anything else is no delimiter
 * but content that begins like one.
 * ret_kind  0 content, 1 a delimiter, 2 the closing one
 */
static size_t line_end(struct view after, int *ret_kind)
{
	size_t n = 0;
	*ret_kind = 1;
	if (after.n >= 2 && after.p[0] == '-' && after.p[1] == '-') {
		*ret_kind = 2;
		n = 2;
	}
	while (n < after.n && is_blank(after.p[n]))
		n++;
	if (*ret_kind == 2 && n == after.n)
		return n; /* its CRLF belongs to the epilogue, which may be missing */
	if (n + 2 <= after.n && after.p[n] == '\r' && after.p[n + 1] == '\n')
		return n + 2;
	*ret_kind = 0;
	return 0;
}

/*
 * The next delimiter from *at on.
 * ret_begin  where it begins; *at is put behind its line
 */
static int next_delimiter(struct view body, const struct delimiter *d, size_t *at,
			  size_t *ret_begin, bool *ret_closing, struct ltps_error *err)
{
	size_t from = *at;
	for (;;) {
		const struct view rest = view_skip(body, from);
		const size_t found = find(rest, d);
		int kind;
		if (found == rest.n)
			return bad(err, "RFC 2046 5.1.1",
				   "the body ends without its last delimiter");
		const size_t end = line_end(view_skip(rest, found + d->n), &kind);
		if (kind == 0) {
			from += found + 1;
			continue;
		}
		*ret_begin = from + found;
		*at = from + found + d->n + end;
		*ret_closing = kind == 2;
		return 0;
	}
}

/* ---- one part ---- */

static int read_disposition(struct view value, struct multipart_part *part,
			    struct ltps_error *err)
{
	struct view rest = value;
	struct parameter p = { VIEW_NULL, VIEW_NULL };
	bool more = true, named = part->name.p != NULL;
	const uint8_t *semicolon = rest.n > 0 ? memchr(rest.p, ';', rest.n) : NULL;
	const size_t n = semicolon != NULL ? (size_t)(semicolon - rest.p) : rest.n;
	if (named || !same_text(trim(view_head(rest, n)), "form-data"))
		return bad(err, "RFC 7578 4.2", "a part is not form-data once");
	rest = view_skip(rest, n);
	while (more) {
		if (next_parameter(&rest, &p, &more, err) != 0)
			return -1;
		if (more && same_text(p.name, "name")) {
			if (named)
				return bad(err, "RFC 7578 4.2", "a part has two names");
			named = true;
			part->name = p.value;
		} else if (more && same_text(p.name, "filename")) {
			part->filename = p.value;
		}
	}
	if (!named || part->name.n == 0)
		return bad(err, "RFC 7578 4.2", "a part has no name");
	return 0;
}

/* RFC 7578 4.7: deprecated; only what changes nothing is taken. */
static int check_encoding(struct view value, struct ltps_error *err)
{
	const struct view v = trim(value);
	if (same_text(v, "binary") || same_text(v, "8bit") || same_text(v, "7bit"))
		return 0;
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, "RFC 7578 4.7",
			 "a part has a transfer encoding");
}

static int read_once(struct view value, struct view *at, struct ltps_error *err)
{
	if (at->p != NULL)
		return bad(err, "RFC 2046 5.1",
			   "a header field of a part stands twice");
	*at = trim(value);
	return 0;
}

/* RFC 2045 7: "<" addr-spec ">". */
static int read_id(struct view value, struct view *id, struct ltps_error *err)
{
	if (read_once(value, id, err) != 0)
		return -1;
	if (id->n < 3 || id->p[0] != '<' || id->p[id->n - 1] != '>')
		return bad(err, "RFC 2045 7", "a Content-ID is not in angle brackets");
	*id = view_of(id->p + 1, id->n - 2);
	return 0;
}

static int read_field(struct view line, bool form, struct multipart_part *part,
		      struct ltps_error *err)
{
	struct view value = line;
	if (memchr(line.p, ':', line.n) == NULL)
		return bad(err, "RFC 2046 5.1",
			   "a header field of a part is malformed");
	const struct view name = take_until(&value, ':');
	if (form && same_text(name, "content-disposition"))
		return read_disposition(trim(value), part, err);
	if (same_text(name, "content-transfer-encoding"))
		return check_encoding(value, err);
	if (same_text(name, "content-type"))
		return read_once(value, &part->type, err);
	if (!form && same_text(name, "content-id"))
		return read_id(value, &part->id, err);
	return 0;
}

/* Header lines up to the empty one; the rest is the part's body. */
static int read_part(struct view whole, bool form, struct multipart_part *part,
		     struct ltps_error *err)
{
	struct view rest = whole;
	for (size_t i = 0; i <= MULTIPART_FIELDS_MAX; i++) {
		const struct view window = view_head(rest, MULTIPART_HEADER_MAX);
		const uint8_t *end =
		    window.n > 0 ? memmem(window.p, window.n, "\r\n", 2) : NULL;
		if (end == NULL)
			return bad(err, "RFC 2046 5.1",
				   "the header of a part does not end");
		const struct view line = view_head(rest, (size_t)(end - rest.p));
		rest = view_skip(rest, line.n + 2);
		if (line.n == 0) {
			part->body = rest;
			return !form || part->name.p != NULL
				   ? 0
				   : bad(err, "RFC 7578 4.2", "a part has no name");
		}
		if (read_field(line, form, part, err) != 0)
			return -1;
	}
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			 "more than %d header fields in a part", MULTIPART_FIELDS_MAX);
}

/* ---- the body ---- */

static int read_parts(struct view body, const struct delimiter *d, size_t at, bool form,
		      struct multipart_part *parts, size_t max, size_t *ret_n,
		      struct ltps_error *err)
{
	bool closing = false;
	size_t n = 0;
	while (!closing) {
		const size_t begin = at;
		size_t end;
		/* The CRLF of the line before may be that of the delimiter when a part
		 * is empty of header and body; such a part is malformed anyway. */
		if (next_delimiter(body, d, &at, &end, &closing, err) != 0)
			return -1;
		if (n == max)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "more than %zu parts", max);
		parts[n] = (struct multipart_part){ .name = VIEW_NULL };
		if (read_part(view_head(view_skip(body, begin), end - begin), form,
			      &parts[n], err) != 0)
			return -1;
		n++;
	}
	*ret_n = n;
	return 0;
}

static int parse(struct view content_type, bool form, struct view body,
		 struct multipart_part *parts, size_t max, size_t *ret_n,
		 struct ltps_error *err)
{
	struct delimiter d = { .n = 4 };
	struct view boundary = VIEW_NULL;
	size_t at = 0, begin;
	bool closing = false;
	if (find_boundary(content_type, form ? FORM_DATA : RELATED, &boundary, err) !=
	    0)
		return -1;
	memcpy(d.p, "\r\n--", 4);
	memcpy(d.p + 4, boundary.p, boundary.n);
	d.n += boundary.n;
	/* The first one may open the body, then without a CRLF before it. */
	struct delimiter first = { .n = d.n - 2 };
	memcpy(first.p, d.p + 2, first.n);
	int kind = 0;
	if (view_starts(body, view_of(first.p, first.n)))
		at = first.n + line_end(view_skip(body, first.n), &kind);
	closing = kind == 2;
	if (kind == 0) {
		at = 0;
		if (next_delimiter(body, &d, &at, &begin, &closing, err) != 0)
			return -1;
	}
	if (closing)
		return bad(err, "RFC 2046 5.1.1", "the body has no part");
	return read_parts(body, &d, at, form, parts, max, ret_n, err);
}

int multipart_parse(struct view content_type, struct view body,
		    struct multipart_part *parts, size_t max, size_t *ret_n,
		    struct ltps_error *err)
{
	return parse(content_type, true, body, parts, max, ret_n, err);
}

/* ---- multipart/related ---- */

static bool same_id(struct view a, struct view b)
{
	return a.n == b.n && a.n > 0 && memcmp(a.p, b.p, a.n) == 0;
}

/* RFC 2387 3.2: "start" is written with its angle brackets, by some without. */
static int find_root(struct view content_type, const struct multipart_part *parts,
		     size_t n, size_t *ret_root, struct ltps_error *err)
{
	struct view start;
	*ret_root = 0;
	if (media_type_parameter(content_type, "start", &start, err) != 0)
		return -1;
	if (start.p == NULL)
		return 0;
	if (start.n > 2 && start.p[0] == '<' && start.p[start.n - 1] == '>')
		start = view_of(start.p + 1, start.n - 2);
	for (size_t i = 0; i < n; i++) {
		if (same_id(parts[i].id, start)) {
			*ret_root = i;
			return 0;
		}
	}
	return bad(err, "RFC 2387 3.2", "no part is the one that \"start\" names");
}

static int by_id(const void *a, const void *b)
{
	const struct view *x = a, *y = b;
	return view_compare(*x, *y);
}

/* Sorted, since there may be a thousand. */
static int check_part_ids(const struct multipart_part *parts, size_t n, size_t root,
			  struct ltps_error *err)
{
	struct view *ids = mem_zalloc(n, sizeof(*ids));
	int rc = 0;
	if (ids == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		ids[i] = parts[i].id;
		if (parts[i].id.n == 0 && i != root)
			rc = bad(err, "RFC 2387 3", "a part has no Content-ID");
	}
	qsort(ids, n, sizeof(*ids), by_id);
	for (size_t i = 1; i < n && rc == 0; i++)
		if (same_id(ids[i - 1], ids[i]))
			rc = bad(err, "RFC 2045 7", "two parts have one Content-ID");
	mem_free(ids);
	return rc;
}

int multipart_related(struct view content_type, struct view body,
		      struct multipart_part *parts, size_t max, size_t *ret_n,
		      size_t *ret_root, struct ltps_error *err)
{
	if (parse(content_type, false, body, parts, max, ret_n, err) != 0 ||
	    find_root(content_type, parts, *ret_n, ret_root, err) != 0)
		return -1;
	return check_part_ids(parts, *ret_n, *ret_root, err);
}
