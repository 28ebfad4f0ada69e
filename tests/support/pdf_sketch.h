/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_sketch - PDFs written object by object, in which every place and number can lie.
 * What cannot be made ends the test; views live until the program ends.
 *
 *	struct pdf_sketch s = pdf_sketch_begin();
 *	pdf_sketch_object(&s, 1, "<</Type/Catalog/Pages 2 0 R>>");
 *	pdf_sketch_object(&s, 2, "<</Type/Pages/Kids[]/Count 0>>");
 *	pdf_sketch_table(&s, "");
 *	... a further revision ...
 */
#ifndef LTPS_TESTS_PDF_SKETCH_H
#define LTPS_TESTS_PDF_SKETCH_H

#include "base/bytes.h"

#define PDF_SKETCH_ENTRIES 256

struct pdf_sketch_entry {
	uint32_t number, generation;
	char kind; /* 'n' at an offset, 'f' free, 's' in an object stream */
	uint64_t offset;
	uint32_t index;
};
struct pdf_sketch {
	struct buf b;
	struct pdf_sketch_entry entries[PDF_SKETCH_ENTRIES]; /* of this revision */
	size_t n;
	uint32_t size;
	uint64_t prev;
};

struct pdf_sketch pdf_sketch_begin(void);
/* Catalog 1, page tree 2 without pages; more: members of the catalog. */
struct pdf_sketch pdf_sketch_blank(const char *more);
/* "12 0 obj body endobj" */
void pdf_sketch_object(struct pdf_sketch *s, uint32_t number, const char *body);
/* Length and data as they are; more: further members. */
void pdf_sketch_stream(struct pdf_sketch *s, uint32_t number, const char *more,
		       struct view data);
/* Text as it is; an entry points to it. */
void pdf_sketch_raw(struct pdf_sketch *s, uint32_t number, uint32_t generation,
		    const char *text);
/* An entry alone. */
void pdf_sketch_entry(struct pdf_sketch *s, struct pdf_sketch_entry entry);
/* The revision ends with a table or with a stream; more: members of the trailer. */
void pdf_sketch_table(struct pdf_sketch *s, const char *more);
void pdf_sketch_xref(struct pdf_sketch *s, uint32_t number, const char *more);
struct view pdf_sketch_view(const struct pdf_sketch *s);

#endif
