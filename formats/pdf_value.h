/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_value - objects of PDF: read strictly from octets, looked into, written again.
 * Values are read-only once read and live in the arena of their reader; names, strings
 * and `where` may point into the octets that were read.
 */
#ifndef LTPS_FORMATS_PDF_VALUE_H
#define LTPS_FORMATS_PDF_VALUE_H

#include "base/arena.h"
#include "base/bytes.h"

#define PDF_DEPTH_MAX 64              /* arrays and dictionaries in each other */
#define PDF_OBJECT_NUMBER_MAX 8388607 /* ISO 32000-1 Annex C */
#define PDF_ELEMENTS_MAX 1000000      /* of one object, all depths */

enum pdf_kind {
	PDF_NULL,
	PDF_BOOL,
	PDF_INTEGER,
	PDF_REAL,
	PDF_STRING,
	PDF_NAME,
	PDF_ARRAY,
	PDF_DICT,
	PDF_REF,
	PDF_STREAM, /* a dictionary and data */
};

struct pdf_ref {
	uint32_t number; /* 0: none */
	uint32_t generation;
};

struct pdf_member;
struct pdf_value {
	enum pdf_kind kind;
	bool duplicate_keys; /* DICT, STREAM: a key stands twice: readers differ */
	bool hex;            /* STRING: written <...> */
	bool pairs;          /* and so: pairs of digits alone, no white space */
	struct view where;   /* its octets as read (STREAM: of its dictionary); n == 0:
				made from elsewhere */
	int64_t integer;     /* INTEGER; BOOL: 0 or 1 */
	struct view text;   /* STRING: its octets; NAME: without '/', #xx decoded; REAL:
			       as   written */
	struct pdf_ref ref; /* REF */
	const struct pdf_value *items;    /* ARRAY */
	const struct pdf_member *members; /* DICT, STREAM; in the order of the file */
	size_t n;                         /* of items or members */
	struct view data;                 /* STREAM: as stored, filters not undone */
};
struct pdf_member {
	struct view key; /* as text of NAME */
	struct pdf_value value;
};

/*
 * pdf_value_read - one object at the start of the octets. "12 0 R" is a reference.
 * ret_used  octets consumed; NULL: then only white space and comments may follow
 * Fails:    FORMAT (object) with the offset in `where`; TOO_LARGE; NOMEM
 * Spec:     ISO 32000-2 7.2, 7.3
 */
int pdf_value_read(struct view in, struct arena *a, const struct pdf_value **ret_v,
		   size_t *ret_used, struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_indirect_read - "12 0 obj ... endobj" at this offset, or behind a little white
 * space there; a stream's data is found by its direct /Length, or else by the length
 * that the callback resolves; "endstream" must follow it.
 * length  gives what an indirect /Length refers to; -1 fails the reading; NULL: refused
 * ret_end behind it; on failure behind what was looked at
 */
int pdf_indirect_read(struct view file, uint64_t offset, struct arena *a,
		      int (*length)(void *arg, struct pdf_ref ref, uint64_t *ret_n,
				    struct ltps_error *err),
		      void *arg, struct pdf_ref *ret_ref,
		      const struct pdf_value **ret_v, uint64_t *ret_end,
		      struct ltps_error *err) LTPS_CHECKED;

/* ---- looking into ---- */

/* Entry of a DICT or STREAM (the last one when it stands twice), not resolved; NULL for
 * anything else, for NULL and for an entry that is null. */
const struct pdf_value *pdf_dict_get(const struct pdf_value *v_or_null,
				     const char *key);
bool pdf_is_name(const struct pdf_value *v_or_null, const char *name);
bool pdf_is_dict(const struct pdf_value *v_or_null); /* DICT or STREAM */
/* Same kind and meaning: dictionaries in any order, numbers by value, names and strings
 * decoded, references by number, data of streams octet by octet. */
bool pdf_value_equal(const struct pdf_value *a, const struct pdf_value *b);
/* Text string (PDFDocEncoding, UTF-16BE, UTF-8) as UTF-8; appended. */
int pdf_text(struct view string, struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* Readers differ about what it says: it is UTF-16LE, is not of its encoding to the
 * end, or holds a NUL or the escape of a language. Spec: ISO 32000-2 7.9.2.2 */
bool pdf_text_is_doubtful(struct view string);
/* "D:20260102030405+01'00'"; false when it is none. */
bool pdf_date(struct view string, int64_t *ret_ms);

/* ---- writing ---- */

/* In PDF syntax, all of it; of a STREAM the dictionary alone. */
int pdf_value_write(const struct pdf_value *v, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
int pdf_name_write(struct view name, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;
/* As <hex>. */
int pdf_string_write(struct view octets, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_dict_write - a dictionary with members replaced, added (value: PDF syntax) or
 * taken out (value n == 0); all others keep the octets that they have.
 */
struct pdf_edit {
	const char *key;
	struct view value;
};
int pdf_dict_write(const struct pdf_value *dict_or_null, const struct pdf_edit *edits,
		   size_t n, struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
