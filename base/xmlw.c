/* SPDX-License-Identifier: Apache-2.0 */
/* xmlw - the writer. Wrong orders of calls are our own mistake and become INTERNAL. */
#include "base/xmlw.h"

#include <string.h>

#include "base/clock.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define UTF8_LEN_MAX 4
/* 0001-01-01T00:00:00Z: xs:dateTime knows no year 0000 (XML Schema 1.0 part 2 3.2.7).
 */
#define DATE_TIME_MIN_MS INT64_C(-62135596800000)
#define C14N "XML-EXC-C14N 3"

static bool failed(const struct xmlw *x)
{
	return x->err.code != LTPS_OK;
}

static void misuse(struct xmlw *x, const char *what)
{
	ltps_fail(&x->err, LTPS_INTERNAL, LTPS_FAULT_SELF, C14N, "XML writer: %s",
		  what);
}

/* Errors stay in x->err; that is why the result is dropped here only. */
static void put(struct xmlw *x, struct view v)
{
	if (!failed(x) && buf_put(x->out, v, &x->err) != 0)
		return;
}

static void put_cstr(struct xmlw *x, const char *s)
{
	put(x, view_text(s));
}

struct xmlw xmlw_to(struct buf *out, const struct xmlw_namespace *namespaces, size_t n)
{
	struct xmlw x = { .out = out,
			  .err = LTPS_ERROR_INIT,
			  .namespaces = namespaces,
			  .n_namespaces = n };
	if (n > XMLW_NAMESPACES_MAX)
		misuse(&x, "too many namespaces");
	return x;
}

/* ---- characters ---- */

/* The well-formed multi-byte sequence at the start of v that XML 1.0 allows, or 0. */
static size_t sequence_len(struct view v)
{
	for (size_t n = 2; n <= UTF8_LEN_MAX && n <= v.n; n++) {
		if (!utf8_valid(view_head(v, n)))
			continue;
		/* U+FFFE and U+FFFF are no characters (XML 1.0 2.2). */
		return n == 3 && v.p[0] == 0xef && v.p[1] == 0xbf && v.p[2] >= 0xbe ? 0
										    : n;
	}
	return 0;
}

const char *xmlw_reference(uint8_t c, bool attribute)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return attribute ? NULL : "&gt;";
	case '"':
		return attribute ? "&quot;" : NULL;
	case '\t':
		return attribute ? "&#x9;" : NULL;
	case '\n':
		return attribute ? "&#xA;" : NULL;
	case '\r':
		return "&#xD;";
	default:
		return NULL;
	}
}

/* How an ASCII character is written that cannot stand for itself; NULL: it can. */
static const char *escape_of(uint8_t c, bool attribute)
{
	const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
	return control ? REPLACEMENT : xmlw_reference(c, attribute);
}

static size_t plain_run(struct view v, bool attribute)
{
	size_t n = 0;
	while (n < v.n && v.p[n] < 0x80 && escape_of(v.p[n], attribute) == NULL)
		n++;
	return n;
}

static void put_characters(struct xmlw *x, struct view v, bool attribute)
{
	while (v.n > 0 && !failed(x)) {
		size_t n = plain_run(v, attribute);
		if (n > 0) {
			put(x, view_head(v, n));
		} else if (v.p[0] < 0x80) {
			put_cstr(x, escape_of(v.p[0], attribute));
			n = 1;
		} else if ((n = sequence_len(v)) > 0) {
			put(x, view_head(v, n));
		} else {
			put_cstr(x, REPLACEMENT);
			n = 1;
		}
		v = view_skip(v, n);
	}
}

/* ---- elements ---- */

static void end_tag(struct xmlw *x)
{
	if (x->in_tag)
		put_cstr(x, ">");
	x->in_tag = false;
}

static size_t namespace_of(const struct xmlw *x, const char *name)
{
	const char *colon = strchr(name, ':');
	for (size_t i = 0; colon != NULL && i < x->n_namespaces; i++) {
		const char *prefix = x->namespaces[i].prefix;
		if (strlen(prefix) == (size_t)(colon - name) &&
		    memcmp(prefix, name, (size_t)(colon - name)) == 0)
			return i;
	}
	return x->n_namespaces;
}

/* Visibly utilised and not yet in force: declared here. */
static void declare(struct xmlw *x, size_t ns)
{
	put_cstr(x, " xmlns:");
	put_cstr(x, x->namespaces[ns].prefix);
	put_cstr(x, "=\"");
	put_characters(x, view_text(x->namespaces[ns].uri), true);
	put_cstr(x, "\"");
}

void xmlw_open(struct xmlw *x, const char *name)
{
	if (failed(x))
		return;
	const size_t ns = namespace_of(x, name);
	if (x->depth == XMLW_DEPTH_MAX || ns == x->n_namespaces ||
	    (x->depth == 0 && x->began)) {
		misuse(x, "an element out of place");
		return;
	}
	end_tag(x);
	const uint32_t outside = x->depth > 0 ? x->declared[x->depth - 1] : 0;
	put_cstr(x, "<");
	put_cstr(x, name);
	if ((outside >> ns & 1) == 0)
		declare(x, ns);
	x->declared[x->depth] = outside | (uint32_t)1 << ns;
	x->names[x->depth++] = name;
	x->last_attribute = NULL;
	x->in_tag = true;
	x->began = true;
}

void xmlw_attribute(struct xmlw *x, const char *name, struct view value)
{
	if (failed(x))
		return;
	if (!x->in_tag ||
	    (x->last_attribute != NULL && strcmp(x->last_attribute, name) >= 0)) {
		misuse(x, "an attribute out of place");
		return;
	}
	put_cstr(x, " ");
	put_cstr(x, name);
	put_cstr(x, "=\"");
	put_characters(x, value, true);
	put_cstr(x, "\"");
	x->last_attribute = name;
}

void xmlw_close(struct xmlw *x)
{
	if (failed(x))
		return;
	if (x->depth == 0) {
		misuse(x, "an end without a beginning");
		return;
	}
	end_tag(x);
	put_cstr(x, "</");
	put_cstr(x, x->names[--x->depth]);
	put_cstr(x, ">");
}

static bool begin_content(struct xmlw *x)
{
	if (!failed(x) && x->depth == 0)
		misuse(x, "text outside of the root");
	end_tag(x);
	return !failed(x);
}

void xmlw_text(struct xmlw *x, struct view v)
{
	if (begin_content(x))
		put_characters(x, v, false);
}

void xmlw_base64(struct xmlw *x, struct view v)
{
	if (begin_content(x) && b64_encode(v, x->out, &x->err) != 0)
		return;
}

void xmlw_canonical(struct xmlw *x, struct view v)
{
	if (begin_content(x))
		put(x, v);
}

void xmlw_element(struct xmlw *x, const char *name, const char *text)
{
	xmlw_open(x, name);
	xmlw_text(x, view_text(text));
	xmlw_close(x);
}

void xmlw_element_base64(struct xmlw *x, const char *name, struct view v)
{
	xmlw_open(x, name);
	xmlw_base64(x, v);
	xmlw_close(x);
}

void xmlw_element_bool(struct xmlw *x, const char *name, bool v)
{
	xmlw_element(x, name, v ? "true" : "false");
}

void xmlw_element_time(struct xmlw *x, const char *name, int64_t t_ms)
{
	char text[TIME_TEXT_MAX];
	time_rfc3339(t_ms < DATE_TIME_MIN_MS ? DATE_TIME_MIN_MS : t_ms, text);
	xmlw_element(x, name, text);
}

int xmlw_end(struct xmlw *x, struct ltps_error *err)
{
	if (!failed(x) && (x->depth > 0 || !x->began))
		misuse(x, "the text is not closed");
	if (!failed(x))
		return 0;
	if (err->code == LTPS_OK)
		*err = x->err;
	return -1;
}
