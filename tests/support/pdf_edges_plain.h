/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_edges_plain - the references of a PDF found in the plainest way: every token of
 * every object, one after the other, all at once. What validation/pdf_changes_edges.c
 * finds must be the same. Memory ends the test when it ends.
 */
#ifndef LTPS_TESTS_PDF_EDGES_PLAIN_H
#define LTPS_TESTS_PDF_EDGES_PLAIN_H

#include "validation/pdf_changes_private.h"

struct plain_edge {
	uint32_t target, source;
	enum pdf_edge_form form;
};
struct plain_edges {
	struct plain_edge *v; /* free() */
	size_t n, cap;
};

/* Of the object whose value starts here, in their order. ret_end: behind it */
void pdf_edges_plain_object(struct view in, size_t at, uint32_t source,
			    struct plain_edges *l, size_t *ret_end);
/* Of all entries of all revisions, in any order. */
void pdf_edges_plain_file(struct pades *p, struct plain_edges *l);
/* By target, source, form. */
void pdf_edges_plain_sort(struct plain_edges *l);

#endif
