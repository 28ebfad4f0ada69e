/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml - a strict pull reader for small documents of known kinds (manifests,
 * format detection), and escaping for writers. It reads well-formed,
 * namespace-aware XML 1.0 in UTF-8 and refuses a DOCTYPE, so there are no
 * entities but the five predefined ones. No tree is built, nothing is fetched.
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

#define XML_NS_DSIG "http://www.w3.org/2000/09/xmldsig#"

enum xml_event {
	XML_START, /* also for <a/>, an XML_END follows */
	XML_END,
	XML_TEXT, /* character data or one CDATA section; may come in pieces */
	XML_DONE, /* behind the root element and all after it */
};

struct xml_attr {
	struct view ns; /* n == 0: none, as is usual */
	struct view local;
	struct view value; /* raw: see xml_decode */
	struct view prefix;
};

struct xml_reader;

/*
 * xml_open - start reading; nothing is checked yet.
 * in     borrowed; must outlive ret_r
 * ret_r  free with xml_close()
 */
int xml_open(struct view in, struct xml_reader **ret_r,
	     struct ltps_error *err) LTPS_CHECKED;
void xml_close(struct xml_reader *r);
/*
 * xml_next - the next event.
 * Fails: FORMAT (object) for anything not well-formed, UNSUPPORTED (object) for
 *        a DOCTYPE or another encoding, TOO_LARGE (object) beyond a limit
 * Spec:  XML 1.0 (fifth edition), Namespaces in XML 1.0
 */
int xml_next(struct xml_reader *r, enum xml_event *ret_event,
	     struct ltps_error *err) LTPS_CHECKED;

/* Of the present START or END: depth of the root is 1. */
size_t xml_depth(const struct xml_reader *r);
struct view xml_ns(const struct xml_reader *r);
struct view xml_local(const struct xml_reader *r);
bool xml_is(const struct xml_reader *r, const char *ns, const char *local);
/* Attribute without a namespace of the present START; NULL when absent. */
const struct xml_attr *xml_attr(const struct xml_reader *r, const char *local);
/* Appends the present XML_TEXT, references resolved. */
int xml_put_text(const struct xml_reader *r, struct buf *out,
		 struct ltps_error *err) LTPS_CHECKED;
/* From a START: everything to its END, which is consumed. */
int xml_skip(struct xml_reader *r, struct ltps_error *err) LTPS_CHECKED;
/* From a START: its text, which may hold no element; END is consumed. */
int xml_collect(struct xml_reader *r, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

/* Attribute value or character data with its references resolved; never longer. */
int xml_decode(struct view raw, struct buf *out, struct ltps_error *err) LTPS_CHECKED;
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
