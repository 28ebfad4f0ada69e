/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_file - the revisions of a PDF: the chain of cross-reference sections from the
 * last startxref back to the first, read strictly and without any repair. It is the
 * security core: which octets belong to which revision, and which object stands where
 * in it.
 *
 *   revision 0  | header, body, xref, trailer, startxref, %%EOF |
 *   revision 1                                                  | body, xref, ... %%EOF
 * |
 *
 * A linearised file's two sections, and the table and stream of a hybrid section, are
 * one revision.
 */
#ifndef LTPS_FORMATS_PDF_FILE_H
#define LTPS_FORMATS_PDF_FILE_H

#include "formats/pdf_value.h"

#define PDF_SIZE_MAX ((uint64_t)4 << 30)
#define PDF_REVISIONS_MAX 4096
#define PDF_ENTRIES_MAX 16000000 /* of all sections together */
#define PDF_FINDINGS_MAX 64

enum pdf_style { PDF_STYLE_TABLE, PDF_STYLE_STREAM, PDF_STYLE_HYBRID };
enum pdf_place { PDF_FREE, PDF_AT_OFFSET, PDF_IN_STREAM };

struct pdf_entry {
	uint32_t number;
	uint32_t revision; /* index: where this entry came */
	uint64_t offset; /* AT_OFFSET: from the start of the file; IN_STREAM: number of
			    the object stream */
	uint32_t index;  /* IN_STREAM */
	uint16_t generation;
	enum pdf_place place : 8;
	bool hidden; /* named by the stream of a hybrid section, not by its table */
};

struct pdf_revision {
	uint64_t start; /* end of the one before; 0 */
	uint64_t end;   /* behind %%EOF and its end of line, if any; of the newest: the
			   same,   what follows is `trailing` */
	uint64_t startxref; /* where it points, from the start of the file */
	enum pdf_style style;
	const struct pdf_value *trailer; /* DICT, or STREAM of an xref stream */
	/* What its sections name, by number, each once; what a hybrid's stream adds is
	 * in. */
	const struct pdf_entry *entries;
	size_t n_entries;
	uint32_t size; /* /Size */
	/* Rows that are not 20 octets, an entry in use at offset 0 or of object 0, a free
	 * one beyond /Size, one of unknown type, a subsection that does not begin with a
	 * line of two numbers, too wide fields, an end that takes too much room: some
	 * readers leave such a section for one that they make out of all octets. */
	bool irregular;
};

/*
 * What is unusual or wrong. One of a code for each revision.
 *
 * SUSPICIOUS  TRAILING_OCTETS, OCTETS_OF_NO_REVISION (before the first object),
 *             OCTETS_BEFORE_STARTXREF, REVISION_SKIPPED (by /Prev), PREV_ZERO,
 *             SECTION_WITHOUT_END (a part of the next revision then),
 *             STARTXREF_OF_ANOTHER_SECTION, TWO_READINGS (of startxref),
 *             ENTRIES_CONTRADICT, ENTRY_BEYOND_REVISION,
 *             ENTRY_INTO_OLDER_REVISION, ENTRY_OUTSIDE_FILE, ENTRY_BEFORE_HEADER,
 *             NO_OBJECT_STREAM, OBJECT_STREAM_REPLACED (under objects still in use),
 *             GENERATION_CHANGED, SIZE_TOO_SMALL, HYBRID_CONTRADICTS,
 *             HYBRID_STREAM_OUTSIDE, TRAILER_KEY_TWICE, NO_ROOT, ENCRYPT_CHANGED
 * NOTICE      OCTETS_BEFORE_HEADER, TRAILING_WHITE_SPACE, END_INSIDE (of another file,
 *             embedded), SPACE_BEFORE_SECTION, TABLE_STARTS_AT_ONE,
 *             ENTRY_NOT_20_OCTETS, ENTRY_AT_ZERO, ENTRY_OF_OBJECT_ZERO (in use),
 *             ENTRY_AT_WHITE_SPACE, ENTRY_TWICE, ENTRY_REPEATED,
 *             ENTRY_OF_UNKNOWN_TYPE, FREE_ENTRY_BEYOND_SIZE, SUBSECTION_NOT_A_LINE,
 *             XREF_FIELDS_TOO_WIDE, LONG_END, XREF_DATA_LONGER, HYBRID,
 *             HYBRID_REPLACES, HYBRID_STALE, HYBRID_STREAM_AGAIN
 *
 * A hybrid section alone is a notice: word processors write every file so, and the
 * readers of today agree about it.
 */
enum pdf_finding_kind {
	PDF_NOTICE,    /* harmless */
	PDF_SUSPICIOUS /* what attacks need, or where readers differ */
};
struct pdf_finding {
	enum pdf_finding_kind kind;
	const char *code; /* "PDF_OCTETS_OF_NO_REVISION", static */
	size_t revision;
	uint64_t offset;
	char text[160];
};

/* Rows of a table that have the twenty octets which they shall have, all of them:
 * nothing in them can be read in two ways. At least PDF_ROWS_MIN. */
#define PDF_ROWS_MIN 64
#define PDF_ROW_LEN ((size_t)20)
struct pdf_rows {
	uint64_t start; /* of the line that says which objects these are */
	uint64_t at;    /* of the first row */
	uint32_t first, count;
	struct pdf_rows *next; /* behind it in the same table; NULL */
};
/* A cross-reference section with its trailer; the stream of a hybrid one apart. */
struct pdf_span {
	uint64_t start, end;
	const struct pdf_rows *rows; /* NULL: none that are many */
};

struct pdf_file {
	struct view octets; /* borrowed */
	uint64_t header;    /* offset of %PDF- */
	uint64_t base;    /* what offsets written in the file count from: 0 or header */
	int major, minor; /* of the header */
	struct pdf_revision *revisions; /* from the oldest to the newest */
	size_t n_revisions;
	bool linearised;
	const struct pdf_value *encrypt; /* of the newest trailer; NULL */
	uint64_t trailing; /* octets behind the last %%EOF and its end of line */
	struct pdf_finding findings[PDF_FINDINGS_MAX];
	size_t n_findings;         /* the most serious ones first when there are more */
	struct pdf_span *sections; /* private */
	size_t n_sections;
	struct pdf_span front; /* private: the end of a linearised file's first page */
	size_t searched; /* private: octets, for ends that no section owns */
	struct arena arena;                 /* private */
	size_t largest; /* private: the revision with the most entries */
	const struct pdf_entry **updates; /* private: of all others, by number, then
					     revision */
	size_t n_updates;
	size_t n_entries; /* of all revisions together */
};

/*
 * pdf_file_read - the whole chain. Object offsets are taken from the start of the file,
 * or from the header where that stands later and only this fits.
 * Fails: FORMAT (object) with the offset: no header, no startxref, a section that is
 *        not where it should be, a loop, ...; TOO_LARGE; NOMEM
 * Spec:  ISO 32000-2 7.5, Annex F; hybrid 7.5.8.4
 */
int pdf_file_read(struct view octets, struct pdf_file **ret_f,
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_file_begin, pdf_file_upto - the same for a caller who goes through all octets
 * anyway, and says after each piece how far he is. REVISION_SKIPPED and END_INSIDE,
 * which may stand anywhere, are found up to there. Findings are complete, and in their
 * order, when he was at the end of the file.
 */
int pdf_file_begin(struct view octets, struct pdf_file **ret_f,
		   struct ltps_error *err) LTPS_CHECKED;
void pdf_file_upto(struct pdf_file *f, uint64_t end);
void pdf_file_free(struct pdf_file *f);

/* Where an object stands as seen by a revision; NULL: never defined by then. */
const struct pdf_entry *pdf_file_find(const struct pdf_file *f, size_t revision,
				      uint32_t number);
/* Whether any revision is: what comes behind it does not count as harmless. */
bool pdf_file_irregular(const struct pdf_file *f);
/* The revision that ends here (white space may lie between); SIZE_MAX: none does. */
size_t pdf_file_revision_at(const struct pdf_file *f, uint64_t end);

#endif
