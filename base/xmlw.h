/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xmlw - a writer of XML text into a bounded buffer, the sibling of jsonw. What it
 * writes is in exclusive canonical form (Exclusive XML Canonicalization 1.0), so that
 * its octets can be hashed and signed as they are: no declaration, no white space of
 * its own, start and end tag always, a namespace declared at the element that uses it
 * first. Attributes have no prefix. The first error stays in the writer; xmlw_end
 * reports it.
 */
#ifndef LTPS_BASE_XMLW_H
#define LTPS_BASE_XMLW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define XMLW_DEPTH_MAX 64
#define XMLW_NAMESPACES_MAX 16

/* Prefixes of a document; each has one meaning throughout. */
struct xmlw_namespace {
	const char *prefix;
	const char *uri;
};

struct xmlw {
	struct buf *out;
	struct ltps_error err;
	const struct xmlw_namespace *namespaces; /* borrowed */
	size_t n_namespaces;
	uint32_t depth;
	const char *names[XMLW_DEPTH_MAX]; /* of the open elements; borrowed */
	uint32_t declared[XMLW_DEPTH_MAX]; /* bits: namespaces in force inside it */
	const char *last_attribute;        /* of the start tag being written */
	bool in_tag;
	bool began;
};

/* namespaces at most XMLW_NAMESPACES_MAX; outlive the writer */
struct xmlw xmlw_to(struct buf *out, const struct xmlw_namespace *namespaces, size_t n);
/* name: "vr:MainIndication", static text or one that lives until xmlw_close(). */
void xmlw_open(struct xmlw *x, const char *name);
/* Right after xmlw_open(), in the order of their names, as the form wants them. */
void xmlw_attribute(struct xmlw *x, const char *name, struct view value);
void xmlw_close(struct xmlw *x);
/*
 * Content. What is no character of XML 1.0 (control characters, U+FFFE, U+FFFF) and
 * what is no UTF-8 is written as U+FFFD.
 */
void xmlw_text(struct xmlw *x, struct view v);
void xmlw_base64(struct xmlw *x, struct view v);
/* An element that is in exclusive canonical form already. */
void xmlw_canonical(struct xmlw *x, struct view v);
/* A whole element of content only. */
void xmlw_element(struct xmlw *x, const char *name, const char *text);
void xmlw_element_base64(struct xmlw *x, const char *name, struct view v);
void xmlw_element_bool(struct xmlw *x, const char *name, bool v);
void xmlw_element_time(struct xmlw *x, const char *name, int64_t t_ms); /* dateTime */
/* Canonical XML 1.0 2.3: what stands in place of a character in content, or in the
 * value of an attribute. NULL: nothing does. */
const char *xmlw_reference(uint8_t c, bool attribute);
/* 0 when all of it was written and every element is closed. */
int xmlw_end(struct xmlw *x, struct ltps_error *err) LTPS_CHECKED;

#endif
