/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml_c14n.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/xmlw.h"

/* A namespace declaration that was written, on an element at this depth. */
struct rendered {
	const char *prefix; /* "": the default */
	const char *ns;
	size_t depth;
};

struct writer {
	struct xml_reader *r;
	const struct xml_c14n *to;
	/* Each was declared in the document between the one before of its prefix and
	 * here, so that there are no more than declarations in scope. */
	struct rendered seen[XML_BINDINGS_MAX];
	size_t n;
	struct xml_attribute attrs[XML_ATTRS_MAX];
	size_t apex; /* depth of the element that is written */
	struct ltps_error *err;
};

static int put(struct writer *w, struct view v)
{
	return v.n > 0 ? w->to->put(w->to->arg, v, w->err) : 0;
}

static int put_text(struct writer *w, const char *s)
{
	return put(w, view_text(s));
}

static int put_escaped(struct writer *w, struct view v, bool attribute)
{
	size_t from = 0;
	for (size_t i = 0; i < v.n; i++) {
		const char *ref = xmlw_reference(v.p[i], attribute);
		if (ref == NULL)
			continue;
		if (put(w, view_of(v.p + from, i - from)) != 0 || put_text(w, ref) != 0)
			return -1;
		from = i + 1;
	}
	return put(w, view_skip(v, from));
}

static int put_name(struct writer *w, const char *prefix, const char *local)
{
	if (prefix[0] != '\0' && (put_text(w, prefix) != 0 || put_text(w, ":") != 0))
		return -1;
	return put_text(w, local);
}

/* ---- namespaces ---- */

/* What the output has said last of this prefix; the default is none at first. */
static const char *said_of(const struct writer *w, const char *prefix)
{
	for (size_t i = w->n; i > 0; i--)
		if (strcmp(w->seen[i - 1].prefix, prefix) == 0)
			return w->seen[i - 1].ns;
	return prefix[0] == '\0' ? "" : NULL;
}

static int use(struct writer *w, const char *prefix, const char *ns)
{
	const char *said = said_of(w, prefix);
	if (strcmp(prefix, "xml") == 0 || (said != NULL && strcmp(said, ns) == 0))
		return 0;
	if (w->n == XML_BINDINGS_MAX)
		return ltps_fail(w->err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "XML: too many namespaces");
	w->seen[w->n++] =
	    (struct rendered){ .prefix = prefix, .ns = ns, .depth = xml_depth(w->r) };
	return 0;
}

/* Exclusive: where they are used, not where they are declared. */
static int use_visible(struct writer *w, size_t n_attrs)
{
	if (use(w, xml_prefix(w->r), xml_ns(w->r)) != 0)
		return -1;
	for (size_t i = 0; i < n_attrs; i++)
		if (w->attrs[i].prefix[0] != '\0' &&
		    use(w, w->attrs[i].prefix, w->attrs[i].ns) != 0)
			return -1;
	return 0;
}

static bool is_hidden(const struct writer *w, size_t i)
{
	const char *prefix = xml_binding_at(w->r, i).prefix;
	for (size_t k = i + 1; k < xml_bindings(w->r); k++)
		if (strcmp(xml_binding_at(w->r, k).prefix, prefix) == 0)
			return true;
	return false;
}

/* C14N 1.0 2.3: all that are in scope, as far as they are not said already; below the
 * first element only its own can be new. */
static int use_declared(struct writer *w)
{
	const size_t depth = xml_depth(w->r);
	if (depth == w->apex && xml_inherits(w->r))
		return ltps_fail(w->err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "Canonical XML 1.0 2.4",
				 "XML: attributes xml:... around what is signed");
	for (size_t i = 0; i < xml_bindings(w->r); i++) {
		const struct xml_binding b = xml_binding_at(w->r, i);
		if ((depth == w->apex || b.depth == depth) && !is_hidden(w, i) &&
		    use(w, b.prefix, b.ns) != 0)
			return -1;
	}
	return 0;
}

static int by_prefix(const void *a, const void *b)
{
	const struct rendered *x = a, *y = b;
	return strcmp(x->prefix, y->prefix);
}

static int put_namespaces(struct writer *w, size_t n_attrs)
{
	const size_t before = w->n;
	if ((w->to->inclusive ? use_declared(w) : use_visible(w, n_attrs)) != 0)
		return -1;
	qsort(w->seen + before, w->n - before, sizeof(w->seen[0]), by_prefix);
	for (size_t i = before; i < w->n; i++) {
		const struct rendered *s = &w->seen[i];
		if (put_text(w, s->prefix[0] != '\0' ? " xmlns:" : " xmlns") != 0 ||
		    put_text(w, s->prefix) != 0 || put_text(w, "=\"") != 0 ||
		    put_escaped(w, view_text(s->ns), true) != 0 ||
		    put_text(w, "\"") != 0)
			return -1;
	}
	return 0;
}

/* ---- elements ---- */

/* C14N 1.0 2.2: by namespace, those without first, then by name. */
static int by_name(const void *a, const void *b)
{
	const struct xml_attribute *x = a, *y = b;
	const int order = strcmp(x->ns, y->ns);
	return order != 0 ? order : strcmp(x->local, y->local);
}

static int put_start(struct writer *w)
{
	const size_t n = xml_attrs(w->r);
	for (size_t i = 0; i < n; i++)
		w->attrs[i] = xml_attr_at(w->r, i);
	qsort(w->attrs, n, sizeof(w->attrs[0]), by_name);
	if (put_text(w, "<") != 0 ||
	    put_name(w, xml_prefix(w->r), (const char *)xml_local(w->r).p) != 0 ||
	    put_namespaces(w, n) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put_text(w, " ") != 0 ||
		    put_name(w, w->attrs[i].prefix, w->attrs[i].local) != 0 ||
		    put_text(w, "=\"") != 0 ||
		    put_escaped(w, w->attrs[i].value, true) != 0 ||
		    put_text(w, "\"") != 0)
			return -1;
	return put_text(w, ">");
}

static int put_end(struct writer *w)
{
	while (w->n > 0 && w->seen[w->n - 1].depth == xml_depth(w->r))
		w->n--;
	if (put_text(w, "</") != 0 ||
	    put_name(w, xml_prefix(w->r), (const char *)xml_local(w->r).p) != 0)
		return -1;
	return put_text(w, ">");
}

static int put_child(struct writer *w)
{
	bool taken = false;
	if (w->to->replace != NULL &&
	    w->to->replace(w->to->arg, w->r, &taken, w->err) != 0)
		return -1;
	return taken ? 0 : put_start(w);
}

static int put_all(struct writer *w)
{
	const size_t depth = w->apex = xml_depth(w->r);
	if (put_start(w) != 0)
		return -1;
	for (;;) {
		enum xml_event event;
		int rc = 0;
		if (xml_next(w->r, &event, w->err) != 0)
			return -1;
		if (event == XML_START)
			rc = put_child(w);
		else if (event == XML_TEXT)
			rc = put_escaped(w, xml_text(w->r), false);
		else
			rc = put_end(w);
		if (rc != 0)
			return -1;
		if (event == XML_END && xml_depth(w->r) == depth)
			return 0;
	}
}

int xml_c14n_element(struct xml_reader *r, const struct xml_c14n *to,
		     struct ltps_error *err)
{
	struct writer *w = mem_zalloc(1, sizeof(*w));
	if (w == NULL)
		return ltps_fail_nomem(err);
	w->r = r;
	w->to = to;
	w->err = err;
	const int rc = put_all(w);
	mem_free(w);
	return rc;
}
