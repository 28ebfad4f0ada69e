/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_c14n - an element in canonical form, written while it is read: no tree, no memory
 * but for the namespaces in scope.
 */
#ifndef LTPS_FORMATS_XML_C14N_H
#define LTPS_FORMATS_XML_C14N_H

#include "formats/xml.h"

/* Where the canonical form goes, and what may stand for an element. */
struct xml_c14n {
	int (*put)(void *arg, struct view v, struct ltps_error *err);
	/*
	 * Asked at every START below the first; NULL: none is replaced. *ret_taken:
	 * something was put instead of the element, whose END is consumed.
	 */
	int (*replace)(void *arg, struct xml_reader *r, bool *ret_taken,
		       struct ltps_error *err);
	void *arg;
	/* Canonical XML 1.0 instead of the exclusive form: what is declared around the
	 * element is declared on it. Attributes of the namespace of "xml" around it,
	 * which would stand on it too, are refused. */
	bool inclusive;
};

/*
 * xml_c14n_element - from a START: that element, up to its END, which is consumed.
 * Comments are left out, and so are processing instructions, which the canonical form
 * would hold: refuse them (xml_refuse_instructions) where that matters.
 * Fails: as xml_next() and the functions given; TOO_LARGE, UNSUPPORTED (object)
 * Spec:  Exclusive XML Canonicalization 1.0, without comments, empty prefix list;
 *        Canonical XML 1.0, without comments, of an element and all below it
 */
int xml_c14n_element(struct xml_reader *r, const struct xml_c14n *to,
		     struct ltps_error *err) LTPS_CHECKED;

#endif
