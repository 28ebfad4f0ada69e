/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_file_private - the parts of pdf_file.c: sections, their order, what is found. */
#ifndef LTPS_FORMATS_PDF_FILE_PRIVATE_H
#define LTPS_FORMATS_PDF_FILE_PRIVATE_H

#include "formats/pdf_file.h"
#include "formats/pdf_lex.h"

/* Before "xref" and object headers some producers' offsets name a line end. */
#define PDF_WHITE_BEFORE_MAX ((size_t)32)

/* startxref N %%EOF */
struct pdf_tail {
	uint64_t at;    /* of the keyword */
	uint64_t value; /* as written */
	uint64_t end;   /* behind %%EOF and its end of line */
};

/* A cross-reference section with its trailer. */
struct pdf_section {
	uint64_t named; /* offset that led here, from the start of the file */
	uint64_t at;    /* behind white space that should not be there */
	uint64_t end;   /* behind the trailer's dictionary or endobj */
	enum pdf_style style;
	const struct pdf_value *trailer;
	struct pdf_entry *entries; /* in order of precedence, a number maybe twice */
	size_t n;
	struct pdf_rows *rows;
	uint64_t hybrid_at, hybrid_end; /* HYBRID: its stream */
	bool stale; /* which an older section names as well: left in a copied trailer */
	bool forward; /* /Prev stands behind: linearised */
	bool irregular; /* pdf_file.h */
	struct pdf_tail tail;
	bool has_tail;
	size_t revision;
};

#define PDF_FOUND 64
struct pdf_found {
	uint32_t revision, number; /* number 0: empty */
	const struct pdf_entry *entry;
};

struct pdf_chain {
	struct pdf_file *f;
	struct pdf_section *sections; /* newest first */
	size_t n, cap;
	size_t last_hybrid; /* the oldest one read so far */
	size_t entries_left;
	uint64_t work_left; /* octets of hybrid sections' streams */
	struct pdf_entry *scratch; /* in the arena: a section may keep them */
	size_t n_scratch, cap_scratch;
	size_t revision;  /* section being read, for findings */
	bool irregular;   /* the section being read is */
	bool hybrid_base; /* revision 1 only adds a stream to the table of revision 0 */
	struct pdf_found found[PDF_FOUND];
};
#define PDF_NO_REVISION SIZE_MAX

/* The same code again in the same revision is counted, not repeated. */
void pdf_note(struct pdf_file *f, enum pdf_finding_kind kind, const char *code,
	      size_t revision, uint64_t offset, const char *text);

/* ---- pdf_file_tail.c ---- */

int pdf_header_find(struct pdf_file *f, struct ltps_error *err) LTPS_CHECKED;
/* The last one of the file. */
int pdf_tail_last(struct pdf_file *f, struct pdf_tail *ret_tail,
		  struct ltps_error *err) LTPS_CHECKED;
/* Where sections end: startxref behind each of them. */
void pdf_tails_find(struct pdf_chain *c, const struct pdf_tail *last);
/* startxref and %%EOF in the file that no section owns, before this place. */
void pdf_tails_check(struct pdf_file *f, uint64_t end);

/* ---- pdf_file_section.c ---- */

/* Whether "xref" or an object stands here. */
bool pdf_section_here(struct view in, uint64_t at);
/*
 * The section at this offset, read no further than `limit`; its entries have `revision`
 * set to the order in which the parts of it count: 0 table, 1 stream of a hybrid, 2
 * free entries of its table.
 */
int pdf_section_read(struct pdf_chain *c, uint64_t at, uint64_t limit,
		     struct pdf_section *s, struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_file_index.c ---- */

/* The revisions out of the chain, each with its entries; then the updates. */
int pdf_revisions_make(struct pdf_chain *c, struct ltps_error *err) LTPS_CHECKED;

/* All entries, by number, then revision: the next one; NULL: that was the last one. */
struct pdf_walk {
	size_t large, update;
};
const struct pdf_entry *pdf_entries_next(const struct pdf_file *f, struct pdf_walk *w);

/* ---- pdf_file_check.c ---- */

void pdf_file_check(struct pdf_chain *c);

#endif
