/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml - a strict pull reader for documents of known kinds (manifests, format
 * detection), and escaping for writers. libxml2 parses, a piece at a time; no
 * tree is built, nothing is fetched. A DOCTYPE is refused where it begins, so
 * there are no entities but the five predefined ones. UTF-8 only.
 */
#ifndef LTPS_FORMATS_XML_H
#define LTPS_FORMATS_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

#define XML_DEPTH_MAX 128    /* signatures in signatures stay below 40 */
#define XML_ATTRS_MAX 64     /* of one element */
#define XML_BINDINGS_MAX 256 /* namespace declarations in scope */
/*
 * One tag, comment, instruction or CDATA section, to within a piece: libxml2
 * collects them, and compares all attributes before their number is known.
 */
#define XML_MARKUP_MAX 65536
/* Bytes of different names, roughly: libxml2 finds more slower and slower. */
#define XML_NAMES_MAX 262144

#define XML_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"

enum xml_event {
	XML_START, /* also for <a/>, an XML_END follows */
	XML_END,
	XML_TEXT, /* character data, CDATA included; may come in pieces */
	XML_DONE, /* behind the root element and all after it */
};

struct xml_reader;

/* An attribute that is no namespace declaration. Texts as xml_local(). */
struct xml_attribute {
	const char *ns; /* "": none */
	const char *prefix;
	const char *local;
	struct view value;
};

/* A namespace declaration; ns "": the default is undone. Texts as xml_local(). */
struct xml_binding {
	const char *prefix; /* "": the default */
	const char *ns;
	size_t depth; /* of the element that declares it */
};

/*
 * xml_load - what the first xml_open of a process does otherwise: load libxml2.
 * For a service, which is to tell at its start what it lacks.
 * Fails: IO (self) when it is not installed
 */
int xml_load(struct ltps_error *err) LTPS_CHECKED;
/*
 * xml_open - start reading; nothing is checked yet.
 * in     borrowed; must outlive ret_r
 * ret_r  free with xml_close()
 * Fails: NOMEM, IO (self) as xml_load
 */
int xml_open(struct view in, struct xml_reader **ret_r,
	     struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void xml_close(struct xml_reader *r);
/* From now on a processing instruction is refused, UNSUPPORTED (object), instead of
 * passed over: before the first xml_next(). */
void xml_refuse_instructions(struct xml_reader *r);
/*
 * xml_next - the next event. What is wrong is told behind the events before it,
 * with line and offset.
 * Fails: FORMAT (object) for anything not well-formed, UNSUPPORTED (object) for
 *        a DOCTYPE or another encoding, TOO_LARGE (object) beyond a limit, NOMEM
 * Spec:  XML 1.0 (fifth edition), Namespaces in XML 1.0
 */
int xml_next(struct xml_reader *r, enum xml_event *ret_event,
	     struct ltps_error *err) LTPS_CHECKED;

/* Of the present event: a START and its END are as deep, the root is 1. */
size_t xml_depth(const struct xml_reader *r);
/* Name of the present START or END; valid until xml_close(). */
struct view xml_local(const struct xml_reader *r);
/* ns == "": none */
bool xml_is(const struct xml_reader *r, const char *ns, const char *local);
bool xml_in(const struct xml_reader *r, const char *ns);
/*
 * xml_attr - an attribute without a namespace of the present START.
 * ret_value  references resolved, never longer than it stands in the document;
 *            valid until xml_next()
 * Gives false when it is absent.
 */
bool xml_attr(const struct xml_reader *r, const char *local, struct view *ret_value);
/* Likewise of one in a namespace; ns == "": none. */
bool xml_attr_in(const struct xml_reader *r, const char *ns, const char *local,
		 struct view *ret_value);
/* All attributes of the present START, below xml_attrs(), in the document's order. */
size_t xml_attrs(const struct xml_reader *r);
struct xml_attribute xml_attr_at(const struct xml_reader *r, size_t i);
/* As xml_local(): the namespace ("": none) and the prefix, "" without one. */
const char *xml_ns(const struct xml_reader *r);
const char *xml_prefix(const struct xml_reader *r);
/* What is declared on the present START and around it, below xml_bindings(), the
 * outermost first; one may hide another. */
size_t xml_bindings(const struct xml_reader *r);
struct xml_binding xml_binding_at(const struct xml_reader *r, size_t i);
/* Whether an element around the present START has attributes of the namespace of "xml":
 * those hold below too. */
bool xml_inherits(const struct xml_reader *r);
/* Of the present TEXT; as xml_attr(). */
struct view xml_text(const struct xml_reader *r);
/* From a START: everything to its END, which is consumed. */
int xml_skip(struct xml_reader *r, struct ltps_error *err) LTPS_CHECKED;
/* From a START: its text, which may hold no element; END is consumed. */
int xml_collect(struct xml_reader *r, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

/*
 * xml_put_escaped - text as it may stand in content and in attributes.
 * Fails: ARGUMENT (caller) for bytes that XML 1.0 cannot hold
 */
int xml_put_escaped(struct buf *out, struct view text,
		    struct ltps_error *err) LTPS_CHECKED;

/* XML signature name of a digest algorithm (RFC 9231 2.1); NULL when none. */
const char *xml_digest_uri(enum digest_alg alg);
/* From that name, or "urn:oid:..."; NONE when unknown. */
enum digest_alg xml_digest_from_uri(struct view uri);

#endif
