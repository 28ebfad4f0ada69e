/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml - libxml2's push parser behind a pull interface: a piece of the document
 * goes in, what it calls back is queued, xml_next() takes from the queue.
 */
#include "formats/xml.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlmemory.h>

#include "base/late_library.h"
#include "base/mem.h"

#define XML_PIECE 4096 /* bytes given at once: few calls, a short queue */
#define UTF8_BOM "\xef\xbb\xbf"

/* What is called of libxml2, without "xml"; it comes with the first document. */
#define FUNCTIONS(F)                                                                   \
	F(ByteConsumed)                                                                \
	F(CreatePushParserCtxt)                                                        \
	F(CtxtUseOptions)                                                              \
	F(DictSetLimit)                                                                \
	F(FreeParserCtxt)                                                              \
	F(InitParser)                                                                  \
	F(MemSetup)                                                                    \
	F(ParseChunk)                                                                  \
	F(SetStructuredErrorFunc)                                                      \
	F(StopParser)                                                                  \
	F(SwitchEncoding)

#define MEMBER(name) __typeof__(xml##name) *name;
#define SYMBOL(name) { "xml" #name, &libxml2.name },

static struct {
	FUNCTIONS(MEMBER)
} libxml2;
static const struct late_symbol symbols[] = { FUNCTIONS(SYMBOL) };
static struct late_library library = LATE_LIBRARY("libxml2.so.2", "libxml2", symbols);

struct item {
	enum xml_event event;
	size_t depth;
	const char *ns; /* NULL: none; these live in the parser's dictionary */
	const char *prefix;
	const char *local;
	size_t at; /* of a text or a value in reader->text */
	size_t n;
	size_t n_attrs; /* items behind a START that are its attributes */
	size_t n_bindings; /* and behind those its namespace declarations */
};

#define XML_PREFIX "xml"

struct xml_reader {
	struct view in;
	size_t fed;
	bool ended; /* the parser knows that nothing follows */
	bool no_instructions;
	xmlParserCtxt *parser;
	struct ltps_error failed; /* told when the queue is empty */
	size_t depth;
	size_t bindings[XML_DEPTH_MAX + 1]; /* in scope at each depth */
	struct item *items;
	size_t n, cap, next;
	size_t last_start;
	const struct item *now;
	struct buf text;
	/* Of what was given out: the parser is ahead. */
	struct xml_binding scope[XML_BINDINGS_MAX];
	size_t n_scope;
	bool inheritable[XML_DEPTH_MAX + 1]; /* the element there has xml:... */
};

/*
 * Whether libxml2 was refused memory: it may take that for an error of the
 * document, or go on without.
 */
static _Thread_local bool starved;

/* ---- what the parser calls ---- */

static void fail(struct xml_reader *r, enum ltps_code code, const char *text)
{
	(void)ltps_fail(&r->failed, code, LTPS_FAULT_OBJECT, "XML 1.0", "XML: %.*s",
			(int)strcspn(text, "\n"), text);
	(void)ltps_where(&r->failed, "line %d, offset %ld", r->parser->input->line,
			 libxml2.ByteConsumed(r->parser));
}

/*
 * Namespace errors come here too, after which the parser would go on. Only a
 * namespace name that is no URI is let pass: it is compared, never resolved.
 */
static void on_error(void *reader, xmlError *e)
{
	struct xml_reader *r = reader;

	if (e->level < XML_ERR_ERROR || e->code == XML_WAR_NS_URI || starved)
		return;
	/* A tag without its end was given out already. */
	if (e->code == XML_ERR_GT_REQUIRED &&
	    r->parser->instate == XML_PARSER_START_TAG && r->failed.code == LTPS_OK)
		r->n = r->last_start;
	if (e->code == XML_ERR_NO_MEMORY) /* so it calls a full dictionary */
		fail(r, LTPS_TOO_LARGE, "too many names");
	else
		fail(r, e->code == XML_ERR_NAME_TOO_LONG ? LTPS_TOO_LARGE : LTPS_FORMAT,
		     e->message != NULL ? e->message : "not well-formed");
}

/* NULL once anything is wrong. */
static struct item *add_item(struct xml_reader *r, enum xml_event event,
			     const xmlChar *local, const xmlChar *prefix,
			     const xmlChar *ns)
{
	if (r->failed.code != LTPS_OK)
		return NULL;
	if (r->n == r->cap) {
		size_t cap = r->cap > 0 ? r->cap * 2 : 64;
		void *p = mem_resize(r->items, cap, sizeof(r->items[0]));
		if (p == NULL) {
			(void)ltps_fail_nomem(&r->failed);
			return NULL;
		}
		r->items = p;
		r->cap = cap;
	}
	struct item *i = &r->items[r->n++];
	*i = (struct item){ .event = event,
			    .depth = r->depth,
			    .ns = (const char *)ns,
			    .prefix = (const char *)prefix,
			    .local = (const char *)local,
			    .at = r->text.n };
	return i;
}

/* Encoding of an XML declaration (XML 1.0 2.8) that the parser found well-formed. */
static bool declares_utf8(struct view decl)
{
	static const char *const names[] = { "UTF-8", "US-ASCII" };
	const uint8_t *end = decl.p + decl.n;
	const uint8_t *e = decl.n > 0 ? memmem(decl.p, decl.n, "encoding", 8) : NULL;

	if (e == NULL)
		return true;
	while (e < end && *e != '"' && *e != '\'')
		e++;
	for (size_t i = 0; i < 2; i++) {
		size_t n = view_text(names[i]).n;
		if ((size_t)(end - e) > n + 1 && e[n + 1] == e[0] &&
		    strncasecmp((const char *)e + 1, names[i], n) == 0)
			return true;
	}
	return false;
}

/*
 * Behind the declaration, if there is one. The parser itself was told not to
 * look at the encoding, so that no converter is ever loaded.
 */
static void on_document(void *reader)
{
	struct xml_reader *r = reader;

	if (!declares_utf8(view_head(r->in, (size_t)libxml2.ByteConsumed(r->parser))))
		fail(r, LTPS_UNSUPPORTED, "encoding other than UTF-8");
}

/* Before anything of it is read but its name. */
static void on_doctype(void *reader, const xmlChar *name, const xmlChar *public_id,
		       const xmlChar *system_id)
{
	struct xml_reader *r = reader;

	(void)name;
	(void)public_id;
	(void)system_id;
	fail(r, LTPS_UNSUPPORTED, "DOCTYPE");
	libxml2.StopParser(r->parser);
}

/* References are resolved already, but for '&', which comes as "&#38;". */
static void add_attr(struct xml_reader *r, const xmlChar **attr)
{
	struct item *i = add_item(r, XML_START, attr[0], attr[1], attr[2]);
	struct view v = view_of(attr[3], (size_t)(attr[4] - attr[3]));
	static const char amp[] = "&#38;";

	if (i == NULL)
		return;
	while (v.n > 0 && buf_put_byte(&r->text, v.p[0], &r->failed) == 0)
		v = view_skip(v, view_starts(v, view_text(amp)) ? sizeof(amp) - 1 : 1);
	i->n = r->text.n - i->at;
}

static void on_start(void *reader, const xmlChar *local, const xmlChar *prefix,
		     const xmlChar *ns, int n_bindings, const xmlChar **bindings,
		     int n_attrs, int n_defaulted, const xmlChar **attrs)
{
	struct xml_reader *r = reader;

	(void)n_defaulted;
	if (r->depth == XML_DEPTH_MAX) {
		fail(r, LTPS_TOO_LARGE, "nested too deep");
		return;
	}
	r->depth++;
	r->bindings[r->depth] = r->bindings[r->depth - 1] + (size_t)n_bindings;
	for (int k = 0; k < n_bindings; k++) {
		/* libxml2 leaves a reference in a namespace name as it is. */
		if (bindings[2 * k + 1] != NULL &&
		    strchr((const char *)bindings[2 * k + 1], '&'))
			fail(r, LTPS_FORMAT, "reference in a namespace name");
	}
	if (r->bindings[r->depth] > XML_BINDINGS_MAX)
		fail(r, LTPS_TOO_LARGE, "too many namespaces");
	if (n_attrs > XML_ATTRS_MAX)
		fail(r, LTPS_TOO_LARGE, "too many attributes");
	r->last_start = r->n;
	struct item *i = add_item(r, XML_START, local, prefix, ns);
	if (i == NULL)
		return;
	i->n_attrs = (size_t)n_attrs;
	i->n_bindings = (size_t)n_bindings;
	for (int k = 0; k < n_attrs; k++)
		add_attr(r, attrs + 5 * k);
	for (int k = 0; k < n_bindings; k++)
		(void)add_item(r, XML_START, NULL, bindings[2 * k],
			       bindings[2 * k + 1]);
}

static void on_end(void *reader, const xmlChar *local, const xmlChar *prefix,
		   const xmlChar *ns)
{
	struct xml_reader *r = reader;

	if (add_item(r, XML_END, local, prefix, ns) != NULL)
		r->depth--;
}

/* Called for a few bytes at a time: texts that follow each other are joined. */
static void on_text(void *reader, const xmlChar *text, int n)
{
	struct xml_reader *r = reader;
	struct item *i = r->n > 0 ? &r->items[r->n - 1] : NULL;

	if (i == NULL || i->event != XML_TEXT)
		i = add_item(r, XML_TEXT, (const xmlChar *)"", NULL, NULL);
	if (i == NULL || r->failed.code != LTPS_OK ||
	    buf_put(&r->text, view_of(text, (size_t)n), &r->failed) != 0)
		return;
	i->n += (size_t)n;
}

static void on_instruction(void *reader, const xmlChar *target, const xmlChar *data)
{
	struct xml_reader *r = reader;

	(void)target;
	(void)data;
	if (r->no_instructions)
		fail(r, LTPS_UNSUPPORTED, "processing instruction");
}

/* ---- reading ---- */

static void *noting(void *p)
{
	starved = starved || p == NULL;
	return p;
}

static void *give(size_t n)
{
	return noting(mem_alloc(n));
}

static void *resize(void *p, size_t n)
{
	return noting(mem_resize(p, n, 1));
}

static char *copy(const char *s)
{
	return noting(mem_dup_text(s));
}

/*
 * Once a process. Before libxml2's memory comes from base/mem.h it makes its own
 * tables: they cannot be made again when an allocation failed. They stay until
 * the process ends (xmlCleanupParser() is not for libraries), always reachable.
 * The routing holds for all of the process; since base/mem.h gives what malloc
 * gives, it would not disturb another user of libxml2.
 */
static void set_up(void)
{
	libxml2.InitParser();
	(void)libxml2.MemSetup(mem_free, give, resize, copy);
}

/* What has no parser to belong to (no memory for one) would be printed. */
static void on_stray_error(void *nothing, xmlError *e)
{
	(void)nothing;
	(void)e;
}

int xml_load(struct ltps_error *err)
{
	return late_library_load(&library, err);
}

static int new_parser(struct xml_reader *r, struct ltps_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	xmlSAXHandler calls = { .initialized = XML_SAX2_MAGIC,
				.serror = on_error,
				.startDocument = on_document,
				.internalSubset = on_doctype,
				.startElementNs = on_start,
				.endElementNs = on_end,
				.characters = on_text,
				.ignorableWhitespace = on_text,
				.cdataBlock = on_text,
				.processingInstruction = on_instruction };

	if (xml_load(err) != 0)
		return -1;
	pthread_once(&once, set_up);
	libxml2.SetStructuredErrorFunc(NULL, on_stray_error); /* of this thread */
	starved = false;
	r->parser = libxml2.CreatePushParserCtxt(&calls, r, NULL, 0, NULL);
	if (r->parser == NULL)
		return ltps_fail_nomem(err);
	/* Neither the first bytes nor the declaration choose the encoding. */
	(void)libxml2.SwitchEncoding(r->parser, XML_CHAR_ENCODING_UTF8);
	(void)libxml2.CtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC |
						    XML_PARSE_NOERROR |
						    XML_PARSE_NOWARNING);
	(void)libxml2.DictSetLimit(r->parser->dict, XML_NAMES_MAX);
	return starved ? ltps_fail_nomem(err) : 0;
}

int xml_open(struct view in, struct xml_reader **ret_r, struct ltps_error *err)
{
	struct xml_reader *r = mem_zalloc(1, sizeof(*r));

	if (r == NULL)
		return ltps_fail_nomem(err);
	r->in = in;
	r->text = buf_make(XML_MARKUP_MAX + 2 * XML_PIECE);
	if (view_starts(in, view_text(UTF8_BOM)))
		r->in = view_skip(in, 3);
	if (new_parser(r, err) != 0) {
		xml_close(r);
		return -1;
	}
	*ret_r = r;
	return 0;
}

void xml_close(struct xml_reader *r)
{
	if (r == NULL)
		return;
	if (r->parser != NULL)
		libxml2.FreeParserCtxt(r->parser);
	mem_free(r->items);
	buf_free(&r->text);
	mem_free(r);
}

void xml_refuse_instructions(struct xml_reader *r)
{
	r->no_instructions = true;
}

/* Gives the parser the next piece and fills the queue anew. */
static void feed(struct xml_reader *r)
{
	struct view piece = view_head(view_skip(r->in, r->fed), XML_PIECE);

	r->n = r->next = 0;
	buf_clear(&r->text);
	r->fed += piece.n;
	r->ended = r->fed == r->in.n;
	starved = false;
	int rc = libxml2.ParseChunk(r->parser, (const char *)piece.p, (int)piece.n,
				    r->ended);
	if (starved) {
		ltps_error_clear(&r->failed);
		(void)ltps_fail_nomem(&r->failed);
	} else if (rc != XML_ERR_OK && rc != XML_WAR_NS_URI) {
		fail(r, LTPS_FORMAT, "not well-formed");
	} else if (r->parser->input->end - r->parser->input->cur > XML_MARKUP_MAX) {
		fail(r, LTPS_TOO_LARGE, "tag, comment or section too long");
	}
	if (r->failed.code == LTPS_NOMEM) /* what was queued may lack something */
		r->n = 0;
}

static const char *or_none(const char *name)
{
	return name != NULL ? name : "";
}

/* What the present event leaves, and what it begins. */
static void keep_scope(struct xml_reader *r)
{
	const struct item *now = r->now;
	const bool start = now->event == XML_START;
	const size_t outside = start ? now->depth : now->depth + 1;
	while (r->n_scope > 0 && r->scope[r->n_scope - 1].depth >= outside)
		r->n_scope--;
	if (!start)
		return;
	r->inheritable[now->depth] = false;
	for (size_t i = 1; i <= now->n_attrs; i++)
		if (strcmp(or_none(now[i].prefix), XML_PREFIX) == 0)
			r->inheritable[now->depth] = true;
	for (size_t i = 1; i <= now->n_bindings; i++) {
		const struct item *b = &now[now->n_attrs + i];
		r->scope[r->n_scope++] =
		    (struct xml_binding){ or_none(b->prefix), or_none(b->ns),
					  now->depth };
	}
}

int xml_next(struct xml_reader *r, enum xml_event *ret_event, struct ltps_error *err)
{
	while (r->next == r->n) {
		if (r->failed.code != LTPS_OK) {
			if (err->code == LTPS_OK)
				*err = r->failed;
			return -1;
		}
		if (r->ended) {
			*ret_event = XML_DONE;
			return 0;
		}
		feed(r);
	}
	r->now = &r->items[r->next];
	r->next += 1 + r->now->n_attrs + r->now->n_bindings;
	keep_scope(r);
	*ret_event = r->now->event;
	return 0;
}

size_t xml_depth(const struct xml_reader *r)
{
	return r->now->depth;
}

struct view xml_local(const struct xml_reader *r)
{
	return view_text(r->now->local);
}

bool xml_in(const struct xml_reader *r, const char *ns)
{
	return strcmp(or_none(r->now->ns), ns) == 0;
}

bool xml_is(const struct xml_reader *r, const char *ns, const char *local)
{
	return xml_in(r, ns) && strcmp(r->now->local, local) == 0;
}

static struct view text_of(const struct xml_reader *r, const struct item *i)
{
	return r->text.p != NULL ? view_of(r->text.p + i->at, i->n) : VIEW_NULL;
}

bool xml_attr(const struct xml_reader *r, const char *local, struct view *ret_value)
{
	return xml_attr_in(r, "", local, ret_value);
}

bool xml_attr_in(const struct xml_reader *r, const char *ns, const char *local,
		 struct view *ret_value)
{
	for (const struct item *i = r->now + 1; i <= r->now + r->now->n_attrs; i++) {
		if (strcmp(or_none(i->ns), ns) == 0 && strcmp(i->local, local) == 0) {
			*ret_value = text_of(r, i);
			return true;
		}
	}
	return false;
}

size_t xml_attrs(const struct xml_reader *r)
{
	return r->now->n_attrs;
}

struct xml_attribute xml_attr_at(const struct xml_reader *r, size_t i)
{
	const struct item *a = r->now + 1 + i;

	return (struct xml_attribute){ .ns = or_none(a->ns),
				       .prefix = or_none(a->prefix),
				       .local = a->local,
				       .value = text_of(r, a) };
}

const char *xml_ns(const struct xml_reader *r)
{
	return or_none(r->now->ns);
}

const char *xml_prefix(const struct xml_reader *r)
{
	return or_none(r->now->prefix);
}

size_t xml_bindings(const struct xml_reader *r)
{
	return r->n_scope;
}

struct xml_binding xml_binding_at(const struct xml_reader *r, size_t i)
{
	return r->scope[i];
}

bool xml_inherits(const struct xml_reader *r)
{
	for (size_t depth = 1; depth < r->now->depth; depth++)
		if (r->inheritable[depth])
			return true;
	return false;
}

struct view xml_text(const struct xml_reader *r)
{
	return text_of(r, r->now);
}

int xml_skip(struct xml_reader *r, struct ltps_error *err)
{
	size_t depth = xml_depth(r);
	enum xml_event event = XML_START;

	while (event != XML_END || xml_depth(r) != depth) {
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
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
					 "XML: element where text must be");
		if (buf_put(out, xml_text(r), err) != 0)
			return -1;
	}
}

/* ---- writing ---- */

static bool chars_valid(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < 0x20 && v.p[i] != '\t' && v.p[i] != '\n' && v.p[i] != '\r')
			return false;
	}
	return utf8_valid(v);
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
