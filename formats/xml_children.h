/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_children - table-driven reading of an element whose children stand in the order
 * of a schema: one pass, no tree.
 */
#ifndef LTPS_FORMATS_XML_CHILDREN_H
#define LTPS_FORMATS_XML_CHILDREN_H

#include "formats/xml.h"

/* One child element that may stand at a place of a sequence. */
struct xml_child {
	const char *ns;
	const char *local;
	bool required, many;
	/* At its START; reads to its END. at: of the table's offset. */
	int (*read)(struct xml_reader *r, void *arg, void *at, struct ltps_error *err);
	size_t offset;
};

/*
 * xml_children - from a START: the children in this order, to its END.
 * arg    given to every reader; at: what the offsets count from
 * Fails: FORMAT (object) for a child that is not of the table, stands in another order
 *        or too often, for one that is missing and for text between; with the element
 */
int xml_children(struct xml_reader *r, const struct xml_child *list, size_t n,
		 void *arg, void *at, struct ltps_error *err) LTPS_CHECKED;
/* A reader that passes the element over. */
int xml_child_skip(struct xml_reader *r, void *arg, void *at,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * xml_base64 - from a START: its text as base64 with blanks anywhere, appended; END is
 * consumed.
 * Fails: as xml_collect(); FORMAT (object)
 */
int xml_base64(struct xml_reader *r, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;
/* Without blanks and ends of lines around it (XML Schema: collapse). */
struct view xml_trim(struct view v);
/* FORMAT (object) about the element at hand; -1. */
int xml_fail_element(const struct xml_reader *r, struct ltps_error *err,
		     const char *what);

#endif
