/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_read - table-driven reading of XML messages into structures, as api_json_read.h
 * is of JSON: one pass, no tree. Elements stand in the order of the schema. Private to
 * server/.
 */
#ifndef LTPS_SERVER_XML_READ_H
#define LTPS_SERVER_XML_READ_H

#include "formats/xml.h"
#include "ltp/ltp.h"

#define XREAD_PATH_MAX 160
/* Texts and attributes of one message together; payloads are not among them. */
#define XREAD_TEXTS_MAX ((size_t)1 << 20)

/* One reading: where it stands, and why it ended early. */
struct xread {
	struct xml_reader *xml;
	const char *ns; /* of the message: elements without another */
	/* Payloads are decoded to the front of the document's own bytes, which the
	 * parser is behind already. */
	uint8_t *body;
	size_t written;
	void ***lists; /* what is allocated on the way is put here */
	size_t *n_lists;
	size_t texts; /* kept so far */
	char path[XREAD_PATH_MAX];
	size_t path_n;
	struct ltp_result *refusal; /* the message is not as it has to be, or... */
	struct ltps_error err;      /* ...there is no XML, or no memory */
	/*
	 * In a message of several parts: at the START of an xop:Include, the part that
	 * it names (XOP 1.0 3.2); to its END. NULL: there are no parts.
	 */
	bool (*include)(struct xread *r, struct view *ret);
	void *arg; /* of who reads */
};

#define XREAD_NS_XOP "http://www.w3.org/2004/08/xop/include"

struct xfield {
	const char *name;
	const char *ns; /* NULL: the message's */
	/* At its START; reads to its END. False: refused, or an error. */
	bool (*read)(struct xread *r, void *at);
	size_t offset;
	bool required, many;
};

struct xattr {
	const char *name;
	size_t offset; /* of a const char * */
};

/*
 * At a START: the children, in this order, to its END. An element that is not of the
 * table, stands twice or in another order is refused; so is text between.
 */
bool xread_children(struct xread *r, const struct xfield *fields, size_t n, void *at);
/* At a START: its attributes. One without a namespace that is not of the table is
 * refused; those of a namespace (xsi, xml) are passed over. */
bool xread_attrs(struct xread *r, const struct xattr *attrs, size_t n, void *at);
/* Readers of one element with text and no attributes: const char *, as it is, and
 * without the blanks around it (anyURI, token). */
bool xread_text(struct xread *r, void *at);
bool xread_uri(struct xread *r, void *at);
/* From a START: base64 with blanks anywhere, decoded in place, or an xop:Include; not
 * empty. */
bool xread_base64(struct xread *r, struct view *ret);
/* The next event, when only elements may follow: text but blanks is refused. */
bool xread_next(struct xread *r, enum xml_event *ret_event);
/* Refuses what is in the element besides blanks. */
bool xread_empty(struct xread *r, void *at);

bool xread_refuse(struct xread *r, enum ltp_minor minor, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Zeroed memory that lives as long as the request; NULL: err is set. */
void *xread_list(struct xread *r, size_t count, size_t size);
/* Takes memory over; it is freed at once when that fails. */
bool xread_adopt(struct xread *r, void *p);
/* A copy that does. */
const char *xread_keep(struct xread *r, struct view text);

#endif
