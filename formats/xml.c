/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define NS_XML "http://www.w3.org/XML/1998/namespace"
#define NS_XMLNS "http://www.w3.org/2000/xmlns/"

struct binding {
	struct view prefix;
	struct view ns;
	size_t depth;
};

struct open_element {
	struct view qname;
	struct view prefix;
	struct view local;
};

struct xml_reader {
	struct view in;
	size_t at;
	size_t depth;
	bool started; /* prolog read */
	bool had_root;
	bool empty_tag; /* an END is due */
	bool popped;    /* the last event was END: its element goes first */
	bool cdata;
	struct view text;
	struct view ns;
	struct view local;
	struct xml_attr attrs[XML_ATTRS_MAX];
	size_t n_attrs;
	struct open_element stack[XML_DEPTH_MAX];
	struct binding bindings[XML_BINDINGS_MAX];
	size_t n_bindings;
};

static int fail_at(const struct xml_reader *r, struct ltps_error *err,
		   enum ltps_code code, const char *text)
{
	ltps_fail(err, code, LTPS_FAULT_OBJECT, "XML 1.0", "XML: %s", text);
	return ltps_where(err, "offset %zu", r->at);
}

static int fail_format(const struct xml_reader *r, struct ltps_error *err,
		       const char *text)
{
	return fail_at(r, err, LTPS_FORMAT, text);
}

/* ---- characters ---- */

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ASCII part of NameStartChar; all beyond ASCII is taken, once it is UTF-8. */
static bool is_name_start(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c >= 0x80;
}

static bool is_name(uint8_t c)
{
	return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool chars_valid(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < 0x20 && !is_space(v.p[i]))
			return false;
	}
	return utf8_valid(v);
}

static struct view rest_of(const struct xml_reader *r)
{
	return view_skip(r->in, r->at);
}

static bool looking_at(const struct xml_reader *r, const char *s)
{
	return view_starts(rest_of(r), view_text(s));
}

static bool take(struct xml_reader *r, const char *s)
{
	if (!looking_at(r, s))
		return false;
	r->at += view_text(s).n;
	return true;
}

static bool take_space(struct xml_reader *r)
{
	size_t start = r->at;
	while (r->at < r->in.n && is_space(r->in.p[r->at]))
		r->at++;
	return r->at > start;
}

/* Everything up to `end`, which is consumed. */
static int take_until(struct xml_reader *r, const char *end, struct view *ret_v,
		      struct ltps_error *err)
{
	struct view rest = rest_of(r), e = view_text(end);
	const uint8_t *hit = rest.n > 0 ? memmem(rest.p, rest.n, e.p, e.n) : NULL;

	if (hit == NULL)
		return fail_format(r, err, "cut off");
	*ret_v = view_head(rest, (size_t)(hit - rest.p));
	if (!chars_valid(*ret_v))
		return fail_format(r, err, "character that is not allowed");
	r->at += ret_v->n + e.n;
	return 0;
}

/* ---- references ---- */

static int put_utf8(struct buf *out, uint32_t c, struct ltps_error *err)
{
	uint8_t b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		b[i] = (uint8_t)(0x80 | (c & 0x3f));
	b[0] = (uint8_t)(lead[n] | c);
	return buf_put(out, view_of(b, n), err);
}

static bool is_char(uint32_t c)
{
	return c == 9 || c == 10 || c == 13 || (c >= 0x20 && c < 0xd800) ||
	       (c >= 0xe000 && c <= 0x10ffff && c != 0xfffe && c != 0xffff);
}

static int digit_of(uint8_t c, unsigned base)
{
	int d = -1;
	if (c >= '0' && c <= '9')
		d = c - '0';
	else if (c >= 'a' && c <= 'f')
		d = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		d = c - 'A' + 10;
	return d < (int)base ? d : -1;
}

/* Number behind "&#"; 0 (never a character) when it is none. */
static uint32_t char_number(struct view v)
{
	unsigned base = v.n > 0 && v.p[0] == 'x' ? 16 : 10;
	uint32_t c = 0;

	if (base == 16)
		v = view_skip(v, 1);
	if (v.n == 0 || v.n > 8)
		return 0;
	for (size_t i = 0; i < v.n; i++) {
		int d = digit_of(v.p[i], base);
		if (d < 0)
			return 0;
		c = c * base + (uint32_t)d;
		if (c > 0x10ffff)
			return 0;
	}
	return c;
}

/* Code point of a reference without '&' and ';', or 0. */
static uint32_t reference(struct view name)
{
	static const struct {
		const char *name;
		uint32_t c;
	} known[] = { { "amp", '&' },
		      { "lt", '<' },
		      { "gt", '>' },
		      { "quot", '"' },
		      { "apos", '\'' } };

	if (name.n > 0 && name.p[0] == '#') {
		uint32_t c = char_number(view_skip(name, 1));
		return is_char(c) ? c : 0;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (view_is_text(name, known[i].name))
			return known[i].c;
	}
	return 0;
}

/* Reference at the front, '&' included: its length, or 0 when it is none. */
static size_t reference_len(struct view v, uint32_t *ret_c)
{
	/* the longest is &#x0010FFFF; */
	const uint8_t *end = memchr(v.p, ';', v.n < 12 ? v.n : 12);

	if (end == NULL)
		return 0;
	*ret_c = reference(view_of(v.p + 1, (size_t)(end - v.p) - 1));
	return *ret_c != 0 ? (size_t)(end - v.p) + 1 : 0;
}

static bool references_valid(struct view raw)
{
	while (raw.n > 0) {
		const uint8_t *hit = memchr(raw.p, '&', raw.n);
		uint32_t c;
		if (hit == NULL)
			return true;
		raw = view_skip(raw, (size_t)(hit - raw.p));
		size_t n = reference_len(raw, &c);
		if (n == 0)
			return false;
		raw = view_skip(raw, n);
	}
	return true;
}

int xml_decode(struct view raw, struct buf *out, struct ltps_error *err)
{
	while (raw.n > 0) {
		const uint8_t *hit = memchr(raw.p, '&', raw.n);
		size_t plain = hit != NULL ? (size_t)(hit - raw.p) : raw.n;
		uint32_t c = 0;
		if (buf_put(out, view_head(raw, plain), err) != 0)
			return -1;
		raw = view_skip(raw, plain);
		if (raw.n == 0)
			break;
		size_t n = reference_len(raw, &c);
		if (n == 0)
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
					 "XML 1.0 4.1", "XML: unknown reference");
		if (put_utf8(out, c, err) != 0)
			return -1;
		raw = view_skip(raw, n);
	}
	return 0;
}

int xml_put_escaped(struct buf *out, struct view text, struct ltps_error *err)
{
	if (!chars_valid(text))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "XML 1.0 2.2",
				 "text that XML cannot hold");
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		int rc;
		if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' ||
		    c < 0x20)
			rc = buf_put_fmt(out, err, "&#%d;", c);
		else
			rc = buf_put_byte(out, c, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* ---- names and namespaces ---- */

static int take_ncname(struct xml_reader *r, struct view *ret_v, struct ltps_error *err)
{
	size_t start = r->at;

	if (start >= r->in.n || !is_name_start(r->in.p[start]))
		return fail_format(r, err, "name expected");
	while (r->at < r->in.n && is_name(r->in.p[r->at]))
		r->at++;
	*ret_v = view_of(r->in.p + start, r->at - start);
	if (!utf8_valid(*ret_v))
		return fail_format(r, err, "name is not UTF-8");
	return 0;
}

static int take_qname(struct xml_reader *r, struct view *ret_prefix,
		      struct view *ret_local, struct ltps_error *err)
{
	*ret_prefix = VIEW_NULL;
	if (take_ncname(r, ret_local, err) != 0)
		return -1;
	if (!take(r, ":"))
		return 0;
	*ret_prefix = *ret_local;
	return take_ncname(r, ret_local, err);
}

static int resolve(const struct xml_reader *r, struct view prefix, struct view *ret_ns,
		   struct ltps_error *err)
{
	if (view_is_text(prefix, "xml")) {
		*ret_ns = view_text(NS_XML);
		return 0;
	}
	for (size_t i = r->n_bindings; i-- > 0;) {
		if (view_equal(r->bindings[i].prefix, prefix)) {
			*ret_ns = r->bindings[i].ns;
			return 0;
		}
	}
	if (prefix.n > 0)
		return fail_format(r, err, "undeclared prefix");
	*ret_ns = VIEW_NULL;
	return 0;
}

static int bind(struct xml_reader *r, struct view prefix, struct view ns,
		struct ltps_error *err)
{
	bool reserved = view_is_text(prefix, "xml") || view_is_text(prefix, "xmlns") ||
			view_is_text(ns, NS_XML) || view_is_text(ns, NS_XMLNS);

	if (reserved || (prefix.n > 0 && ns.n == 0) ||
	    (ns.n > 0 && memchr(ns.p, '&', ns.n) != NULL))
		return fail_format(r, err, "namespace declaration");
	if (r->n_bindings == XML_BINDINGS_MAX)
		return fail_at(r, err, LTPS_TOO_LARGE, "too many namespaces");
	r->bindings[r->n_bindings++] = (struct binding){ prefix, ns, r->depth };
	return 0;
}

/* ---- tags ---- */

static int take_attr(struct xml_reader *r, struct ltps_error *err)
{
	struct xml_attr *a = &r->attrs[r->n_attrs];

	if (r->n_attrs == XML_ATTRS_MAX)
		return fail_at(r, err, LTPS_TOO_LARGE, "too many attributes");
	*a = (struct xml_attr){ 0 };
	if (take_qname(r, &a->prefix, &a->local, err) != 0)
		return -1;
	take_space(r);
	if (!take(r, "="))
		return fail_format(r, err, "attribute without value");
	take_space(r);
	const char *quote = looking_at(r, "\"") ? "\"" : "'";
	if (!take(r, quote))
		return fail_format(r, err, "attribute value without quotes");
	if (take_until(r, quote, &a->value, err) != 0)
		return -1;
	if ((a->value.n > 0 && memchr(a->value.p, '<', a->value.n) != NULL) ||
	    !references_valid(a->value))
		return fail_format(r, err, "attribute value");
	if (view_is_text(a->prefix, "xmlns"))
		return bind(r, a->local, a->value, err);
	if (a->prefix.n == 0 && view_is_text(a->local, "xmlns"))
		return bind(r, VIEW_NULL, a->value, err);
	r->n_attrs++;
	return 0;
}

/* After all declarations of the tag are known (Namespaces 6.2, 6.3). */
static int resolve_attrs(struct xml_reader *r, struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_attrs; i++) {
		struct xml_attr *a = &r->attrs[i];
		if (a->prefix.n > 0 && resolve(r, a->prefix, &a->ns, err) != 0)
			return -1;
		for (size_t k = 0; k < i; k++) {
			if (view_equal(r->attrs[k].local, a->local) &&
			    view_equal(r->attrs[k].ns, a->ns))
				return fail_format(r, err, "attribute given twice");
		}
	}
	for (size_t i = r->n_bindings; i-- > 0 && r->bindings[i].depth == r->depth;) {
		for (size_t k = i; k-- > 0 && r->bindings[k].depth == r->depth;) {
			if (view_equal(r->bindings[k].prefix, r->bindings[i].prefix))
				return fail_format(r, err, "namespace given twice");
		}
	}
	return 0;
}

static int take_start(struct xml_reader *r, struct ltps_error *err)
{
	if (r->depth == XML_DEPTH_MAX)
		return fail_at(r, err, LTPS_TOO_LARGE, "nested too deep");
	struct open_element *e = &r->stack[r->depth++];
	size_t start = r->at;
	if (take_qname(r, &e->prefix, &e->local, err) != 0)
		return -1;
	e->qname = view_of(r->in.p + start, r->at - start);
	r->n_attrs = 0;
	for (;;) {
		bool space = take_space(r);
		r->empty_tag = take(r, "/>");
		if (r->empty_tag || take(r, ">"))
			break;
		if (!space)
			return fail_format(r, err, "start tag");
		if (take_attr(r, err) != 0)
			return -1;
	}
	if (resolve_attrs(r, err) != 0)
		return -1;
	r->local = e->local;
	return resolve(r, e->prefix, &r->ns, err);
}

static int set_end(struct xml_reader *r, struct ltps_error *err)
{
	const struct open_element *e = &r->stack[r->depth - 1];

	r->popped = true;
	r->n_attrs = 0;
	r->local = e->local;
	return resolve(r, e->prefix, &r->ns, err);
}

static int take_end(struct xml_reader *r, struct ltps_error *err)
{
	if (r->depth == 0)
		return fail_format(r, err, "end tag outside of the root");
	struct view qname = r->stack[r->depth - 1].qname;
	if (!view_starts(rest_of(r), qname))
		return fail_format(r, err, "end tag of another element");
	r->at += qname.n;
	take_space(r);
	if (!take(r, ">"))
		return fail_format(r, err, "end tag of another element");
	return set_end(r, err);
}

static void pop(struct xml_reader *r)
{
	while (r->n_bindings > 0 && r->bindings[r->n_bindings - 1].depth == r->depth)
		r->n_bindings--;
	r->depth--;
	r->popped = false;
}

/* ---- everything else ---- */

/* The declaration, XML 1.0 2.8 and 4.3.3: only what concerns us. */
static int take_prolog(struct xml_reader *r, struct ltps_error *err)
{
	struct view decl;

	r->started = true;
	take(r, "\xef\xbb\xbf");
	if (!looking_at(r, "<?xml") || r->in.n - r->at < 6 ||
	    !is_space(r->in.p[r->at + 5]))
		return 0;
	if (take_until(r, "?>", &decl, err) != 0)
		return -1;
	const uint8_t *e = memmem(decl.p, decl.n, "encoding", 8);
	if (e == NULL)
		return 0;
	struct view rest = view_skip(decl, (size_t)(e - decl.p) + 8);
	while (rest.n > 0 && (is_space(rest.p[0]) || rest.p[0] == '=' ||
			      rest.p[0] == '"' || rest.p[0] == '\''))
		rest = view_skip(rest, 1);
	size_t n = 0;
	while (n < rest.n && rest.p[n] != '"' && rest.p[n] != '\'')
		n++;
	char name[9] = "";
	if (n < sizeof(name))
		memcpy(name, rest.p, n);
	if (strcasecmp(name, "utf-8") != 0 && strcasecmp(name, "us-ascii") != 0)
		return fail_at(r, err, LTPS_UNSUPPORTED, "encoding other than UTF-8");
	return 0;
}

static int take_comment(struct xml_reader *r, struct ltps_error *err)
{
	struct view v;

	if (take_until(r, "--", &v, err) != 0)
		return -1;
	return take(r, ">") ? 0 : fail_format(r, err, "comment with two hyphens");
}

static int take_instruction(struct xml_reader *r, struct ltps_error *err)
{
	struct view v;

	if (take_ncname(r, &v, err) != 0)
		return -1;
	if (v.n == 3 && strncasecmp((const char *)v.p, "xml", 3) == 0)
		return fail_format(r, err, "XML declaration out of place");
	if (!looking_at(r, "?>") && !take_space(r))
		return fail_format(r, err, "processing instruction");
	return take_until(r, "?>", &v, err);
}

static int take_text(struct xml_reader *r, struct ltps_error *err)
{
	struct view rest = rest_of(r);
	const uint8_t *lt = memchr(rest.p, '<', rest.n);
	size_t n = lt != NULL ? (size_t)(lt - rest.p) : rest.n;
	struct view v = view_head(rest, n);

	if (!chars_valid(v) || !references_valid(v))
		return fail_format(r, err, "character data");
	if (memmem(v.p, v.n, "]]>", 3) != NULL)
		return fail_format(r, err, "]]> in character data");
	for (size_t i = 0; r->depth == 0 && i < n; i++) {
		if (!is_space(v.p[i]))
			return fail_format(r, err, "text outside of the root");
	}
	r->at += n;
	r->text = v;
	r->cdata = false;
	return 0;
}

static int take_cdata(struct xml_reader *r, struct ltps_error *err)
{
	if (r->depth == 0)
		return fail_format(r, err, "text outside of the root");
	r->cdata = true;
	return take_until(r, "]]>", &r->text, err);
}

static int take_root_or_child(struct xml_reader *r, struct ltps_error *err)
{
	if (r->depth == 0 && r->had_root)
		return fail_format(r, err, "second root element");
	r->had_root = true;
	return take_start(r, err);
}

/* One piece of markup or text; ret_event stays -1 for what is passed over. */
static int take_piece(struct xml_reader *r, int *ret_event, struct ltps_error *err)
{
	if (!looking_at(r, "<")) {
		*ret_event = r->depth > 0 ? XML_TEXT : -1;
		return take_text(r, err);
	}
	if (take(r, "<!--"))
		return take_comment(r, err);
	if (take(r, "<?"))
		return take_instruction(r, err);
	if (take(r, "<![CDATA[")) {
		*ret_event = XML_TEXT;
		return take_cdata(r, err);
	}
	if (looking_at(r, "<!"))
		return fail_at(r, err, LTPS_UNSUPPORTED, "DOCTYPE");
	if (take(r, "</")) {
		*ret_event = XML_END;
		return take_end(r, err);
	}
	r->at++;
	*ret_event = XML_START;
	return take_root_or_child(r, err);
}

int xml_next(struct xml_reader *r, enum xml_event *ret_event, struct ltps_error *err)
{
	int event = -1;

	if (r->popped)
		pop(r);
	if (r->empty_tag) {
		r->empty_tag = false;
		*ret_event = XML_END;
		return set_end(r, err);
	}
	if (!r->started && take_prolog(r, err) != 0)
		return -1;
	while (event < 0) {
		if (r->at >= r->in.n) {
			if (r->depth > 0 || !r->had_root)
				return fail_format(r, err, "cut off");
			*ret_event = XML_DONE;
			return 0;
		}
		if (take_piece(r, &event, err) != 0)
			return -1;
	}
	*ret_event = (enum xml_event)event;
	return 0;
}

int xml_open(struct view in, struct xml_reader **ret_r, struct ltps_error *err)
{
	struct xml_reader *r = mem_zalloc(1, sizeof(*r));
	if (r == NULL)
		return ltps_fail_nomem(err);
	r->in = in;
	*ret_r = r;
	return 0;
}

void xml_close(struct xml_reader *r)
{
	mem_free(r);
}

size_t xml_depth(const struct xml_reader *r)
{
	return r->depth;
}

struct view xml_ns(const struct xml_reader *r)
{
	return r->ns;
}

struct view xml_local(const struct xml_reader *r)
{
	return r->local;
}

bool xml_is(const struct xml_reader *r, const char *ns, const char *local)
{
	return view_is_text(r->ns, ns) && view_is_text(r->local, local);
}

const struct xml_attr *xml_attr(const struct xml_reader *r, const char *local)
{
	for (size_t i = 0; i < r->n_attrs; i++) {
		if (r->attrs[i].ns.n == 0 && view_is_text(r->attrs[i].local, local))
			return &r->attrs[i];
	}
	return NULL;
}

int xml_put_text(const struct xml_reader *r, struct buf *out, struct ltps_error *err)
{
	return r->cdata ? buf_put(out, r->text, err) : xml_decode(r->text, out, err);
}

int xml_skip(struct xml_reader *r, struct ltps_error *err)
{
	size_t depth = r->depth;
	enum xml_event event = XML_START;

	while (event != XML_END || r->depth != depth) {
		if (xml_next(r, &event, err) != 0)
			return -1;
	}
	return 0;
}

int xml_collect(struct xml_reader *r, struct buf *out, struct ltps_error *err)
{
	for (;;) {
		enum xml_event event;
		if (xml_next(r, &event, err) != 0)
			return -1;
		if (event == XML_END)
			return 0;
		if (event != XML_TEXT)
			return fail_format(r, err, "element where text must be");
		if (xml_put_text(r, out, err) != 0)
			return -1;
	}
}

/* ---- names of digest algorithms ---- */

static const char *const digest_uris[DIGEST_ALG_COUNT] = {
	[DIGEST_SHA1] = XML_NS_DSIG "sha1",
	[DIGEST_SHA224] = "http://www.w3.org/2001/04/xmldsig-more#sha224",
	[DIGEST_SHA256] = "http://www.w3.org/2001/04/xmlenc#sha256",
	[DIGEST_SHA384] = "http://www.w3.org/2001/04/xmldsig-more#sha384",
	[DIGEST_SHA512] = "http://www.w3.org/2001/04/xmlenc#sha512",
	[DIGEST_SHA3_224] = "http://www.w3.org/2007/05/xmldsig-more#sha3-224",
	[DIGEST_SHA3_256] = "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
	[DIGEST_SHA3_384] = "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
	[DIGEST_SHA3_512] = "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
};

const char *xml_digest_uri(enum digest_alg alg)
{
	return (unsigned)alg < DIGEST_ALG_COUNT ? digest_uris[alg] : NULL;
}

enum digest_alg xml_digest_from_uri(struct view uri)
{
	static const char urn[] = "urn:oid:";

	for (int i = 0; i < DIGEST_ALG_COUNT; i++) {
		if (digest_uris[i] != NULL && view_is_text(uri, digest_uris[i]))
			return (enum digest_alg)i;
	}
	if (view_starts(uri, view_text(urn)))
		return digest_from_oid_text(view_skip(uri, sizeof(urn) - 1));
	return DIGEST_NONE;
}
