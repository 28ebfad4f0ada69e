/* SPDX-License-Identifier: Apache-2.0 */
#include "server/xml_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/result.h"

bool xread_refuse(struct xread *r, enum ltp_minor minor, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	result_set_at(r->refusal, minor, r->path, fmt, ap);
	va_end(ap);
	return false;
}

static size_t push(struct xread *r, const char *text)
{
	const size_t before = r->path_n;
	const size_t n = strlen(text);
	if (r->path_n + n < sizeof(r->path)) {
		memcpy(r->path + r->path_n, text, n + 1);
		r->path_n += n;
	}
	return before;
}

static size_t xread_push(struct xread *r, const char *name)
{
	char text[64];
	snprintf(text, sizeof(text), "%s%.50s", r->path_n > 0 ? "/" : "", name);
	return push(r, text);
}

static size_t xread_push_index(struct xread *r, size_t i)
{
	char text[32];
	snprintf(text, sizeof(text), "[%zu]", i);
	return push(r, text);
}

static void xread_pop(struct xread *r, size_t before)
{
	r->path_n = before;
	r->path[before] = '\0';
}

bool xread_adopt(struct xread *r, void *p)
{
	void **lists = NULL;
	if (p != NULL)
		lists = mem_resize(*r->lists, *r->n_lists + 1, sizeof(*lists));
	if (lists == NULL) {
		mem_free(p);
		ltps_fail_nomem(&r->err);
		return false;
	}
	*r->lists = lists;
	lists[(*r->n_lists)++] = p;
	return true;
}

void *xread_list(struct xread *r, size_t count, size_t size)
{
	void *p = mem_zalloc(count, size);
	return xread_adopt(r, p) ? p : NULL;
}

static bool count_text(struct xread *r, size_t n)
{
	if (n >= XREAD_TEXTS_MAX - r->texts)
		return xread_refuse(
		    r, LTP_PARAMETER_ERROR,
		    "the texts of the message are longer than %zu octets",
		    XREAD_TEXTS_MAX);
	r->texts += n + 1;
	return true;
}

const char *xread_keep(struct xread *r, struct view text)
{
	if (!count_text(r, text.n))
		return NULL;
	char *copy = xread_list(r, text.n + 1, 1);
	if (copy != NULL && text.n > 0)
		memcpy(copy, text.p, text.n);
	return copy;
}

/* ---- elements ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool all_blank(struct view v)
{
	size_t i = 0;
	while (i < v.n && is_blank(v.p[i]))
		i++;
	return i == v.n;
}

bool xread_next(struct xread *r, enum xml_event *ret_event)
{
	do {
		if (xml_next(r->xml, ret_event, &r->err) != 0)
			return false;
		if (*ret_event == XML_TEXT && !all_blank(xml_text(r->xml)))
			return xread_refuse(r, LTP_PARAMETER_ERROR,
					    "holds text where an element must be");
	} while (*ret_event == XML_TEXT);
	return true;
}

bool xread_empty(struct xread *r, void *at)
{
	return xread_children(r, NULL, 0, at);
}

static bool is_field(const struct xread *r, const struct xfield *f)
{
	return xml_is(r->xml, f->ns != NULL ? f->ns : r->ns, f->name);
}

/* The field that this START is, from `from` on; n: none. */
static size_t find_field(const struct xread *r, const struct xfield *fields,
			 size_t from, size_t n)
{
	while (from < n && !is_field(r, &fields[from]))
		from++;
	return from;
}

static bool refuse_element(struct xread *r, const struct xfield *fields, size_t n)
{
	const struct view name = xml_local(r->xml);
	if (name.n > 60)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "holds an unknown element");
	xread_push(r, (const char *)name.p);
	if (find_field(r, fields, 0, n) < n)
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "stands twice, or not where the schema has it");
	return xread_refuse(r, LTP_PARAMETER_ERROR,
			    "is not an element of this place in namespace '%.150s'",
			    xml_ns(r->xml));
}

/* The fields that the document has passed by, up to `to`. */
static bool check_required(struct xread *r, const struct xfield *fields, size_t from,
			   size_t to, size_t count)
{
	for (size_t i = from; i < to; i++) {
		if (fields[i].required && (i > from || count == 0)) {
			xread_push(r, fields[i].name);
			return xread_refuse(r, LTP_PARAMETER_ERROR, "is required");
		}
	}
	return true;
}

bool xread_children(struct xread *r, const struct xfield *fields, size_t n, void *at)
{
	size_t now = 0, count = 0; /* the field it stands at, how often it was there */
	for (;;) {
		enum xml_event event;
		if (!xread_next(r, &event))
			return false;
		if (event == XML_END)
			return check_required(r, fields, now, n, count);
		const bool full = now < n && count > 0 && !fields[now].many;
		const size_t next = find_field(r, fields, full ? now + 1 : now, n);
		if (next == n)
			return refuse_element(r, fields, n);
		if (next > now) {
			if (!check_required(r, fields, now, next, count))
				return false;
			now = next;
			count = 0;
		}
		const size_t before = xread_push(r, fields[now].name);
		if (fields[now].many)
			xread_push_index(r, count);
		if (!fields[now].read(r, (char *)at + fields[now].offset))
			return false;
		xread_pop(r, before);
		count++;
	}
}

/* ---- attributes and texts ---- */

bool xread_attrs(struct xread *r, const struct xattr *attrs, size_t n, void *at)
{
	for (size_t i = 0; i < xml_attrs(r->xml); i++) {
		const struct xml_attribute a = xml_attr_at(r->xml, i);
		size_t k = 0;
		if (a.ns[0] != '\0')
			continue;
		while (k < n && strcmp(attrs[k].name, a.local) != 0)
			k++;
		if (k == n)
			return xread_refuse(r, LTP_PARAMETER_ERROR,
					    "has an unknown attribute '%.60s'",
					    a.local);
		const char *text = xread_keep(r, a.value);
		if (text == NULL)
			return false;
		memcpy((char *)at + attrs[k].offset, &text, sizeof(text));
	}
	return true;
}

/* From a START to its END: the text, which no element interrupts. */
static bool collect(struct xread *r, struct buf *out)
{
	if (!xread_attrs(r, NULL, 0, NULL))
		return false;
	for (;;) {
		enum xml_event event;
		if (xml_next(r->xml, &event, &r->err) != 0)
			return false;
		if (event == XML_END)
			return true;
		if (event == XML_START)
			return xread_refuse(r, LTP_PARAMETER_ERROR,
					    "holds an element where text must be");
		const struct view v = xml_text(r->xml);
		if (v.n > out->max - out->n)
			return count_text(r, XREAD_TEXTS_MAX);
		if (buf_put(out, v, &r->err) != 0)
			return false;
	}
}

static bool read_text(struct xread *r, void *at, bool trimmed)
{
	struct buf text = buf_make(XREAD_TEXTS_MAX);
	const char *kept = NULL;
	if (collect(r, &text)) {
		struct view v = view_buf(&text);
		while (trimmed && v.n > 0 && is_blank(v.p[0]))
			v = view_skip(v, 1);
		while (trimmed && v.n > 0 && is_blank(v.p[v.n - 1]))
			v.n--;
		kept = xread_keep(r, v);
	}
	buf_free(&text);
	if (kept == NULL)
		return false;
	memcpy(at, &kept, sizeof(kept));
	return true;
}

bool xread_text(struct xread *r, void *at)
{
	return read_text(r, at, false);
}

bool xread_uri(struct xread *r, void *at)
{
	return read_text(r, at, true);
}

/* ---- payloads ---- */

/* What is written is no more than the parser has taken in: base64 and blanks only. */
static void keep_base64(struct xread *r, struct view v)
{
	size_t from = 0;
	for (size_t i = 0; i <= v.n; i++) {
		if (i < v.n && !is_blank(v.p[i]))
			continue;
		memmove(r->body + r->written, v.p + from, i - from);
		r->written += i - from;
		from = i + 1;
	}
}

/* It stands alone. */
static bool read_include(struct xread *r, const uint8_t *start, struct view *ret)
{
	enum xml_event event;
	if (r->include == NULL || r->body + r->written != start ||
	    !xml_is(r->xml, XREAD_NS_XOP, "Include"))
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "holds an element where base64 must be");
	if (!r->include(r, ret) || !xread_next(r, &event))
		return false;
	if (event != XML_END)
		return xread_refuse(r, LTP_PARAMETER_ERROR,
				    "holds more than an xop:Include");
	return ret->n > 0 ? true : xread_refuse(r, LTP_PARAMETER_ERROR, "is empty");
}

bool xread_base64(struct xread *r, struct view *ret)
{
	uint8_t *const start = r->body + r->written;
	enum xml_event event;
	if (!xread_attrs(r, NULL, 0, NULL))
		return false;
	for (;;) {
		if (xml_next(r->xml, &event, &r->err) != 0)
			return false;
		if (event != XML_TEXT)
			break;
		keep_base64(r, xml_text(r->xml));
	}
	if (event == XML_START)
		return read_include(r, start, ret);
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n = (size_t)(r->body + r->written - start);
	if (b64_decode_in_place(start, n, false, &n, &err) != 0)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "wrong base64: %s%s%s",
				    err.text, err.where[0] != '\0' ? ", " : "",
				    err.where);
	if (n == 0)
		return xread_refuse(r, LTP_PARAMETER_ERROR, "is empty");
	r->written = (size_t)(start - r->body) + n;
	*ret = view_of(start, n);
	return true;
}
