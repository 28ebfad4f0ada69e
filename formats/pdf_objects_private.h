/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_objects_private - what pdf_objects*.c share. */
#ifndef LTPS_FORMATS_PDF_OBJECTS_PRIVATE_H
#define LTPS_FORMATS_PDF_OBJECTS_PRIVATE_H

#include "formats/pdf_objects.h"
#include "formats/pdf_qpdf.h"

/* Objects whose reading needs another object: a length, an object stream, whose length
 * is in an object stream ... */
#define PDF_NESTING_MAX 16
/* Objects known, among them those that are referred to and nowhere. */
#define PDF_SLOTS_MAX 2000000
/* Of one object stream. */
#define PDF_OBJECT_STREAM_MAX 1000000
/*
 * Values in the object streams that libqpdf is let at: it reads all objects of a stream
 * for one of them, at some 250 octets of memory a value.
 */
#define PDF_QPDF_VALUES_MAX 3000000
/*
 * Octets that objects are read from: those of an honest file stand side by side, those
 * of another may all begin in one string and end with the file.
 */
#define PDF_WORK_MIN ((uint64_t)64 << 20)
#define PDF_WORK_FILES 8 /* and as many times the file */
/* Objects that it decrypts for one file: each time it makes the key from the password
 * again, with the newest cipher in some ten milliseconds. */
#define PDF_DECRYPTED_MAX 4000
/* Octets of object streams that it decodes for one file, over all revisions. */
#define PDF_QPDF_DECODED_MAX ((uint64_t)1 << 30)
/* Cross-reference entries that it reads for one file: all of them again for each
 * revision that is opened, at some 2 microseconds, and 100 octets of memory while it is
 * open. */
#define PDF_QPDF_ENTRIES_MAX 2000000
/* Kept open at once: as many as this while they are small. */
#define PDF_OPEN_MAX 8
#define PDF_OPEN_ENTRIES_MAX 100000
/* Values of libqpdf that are kept while it is compared. */
#define PDF_SCRATCH_MAX ((size_t)1 << 20)

/* ---- a table of addresses ---- */

struct pdf_key {
	const void *p;
	uint64_t n;
};
struct pdf_cell {
	struct pdf_key key;
	void *value; /* NULL: free */
};
struct pdf_table {
	struct pdf_cell *cells;
	size_t n, cap; /* cap: a power of two, or 0 */
};
#define PDF_KEY_OF_STREAM(value) ((struct pdf_key){ (value), UINT64_MAX })
#define PDF_KEY_OF_DATA(value) ((struct pdf_key){ (value), UINT64_MAX - 1 })
void *pdf_table_get(const struct pdf_table *t, struct pdf_key key);
/* The key must not be there. */
int pdf_table_put(struct pdf_table *t, struct pdf_key key, void *value,
		  struct ltps_error *err) LTPS_CHECKED;

/* ---- objects ---- */

enum pdf_slot_state { PDF_SLOT_NEW, PDF_SLOT_READING, PDF_SLOT_READ, PDF_SLOT_FAILED };

/* What stands in an object stream. */
struct pdf_inside {
	uint32_t number;
	bool twice;      /* the number stands twice */
	size_t at, size; /* in the data; size up to the next one */
};
struct pdf_inside_list {
	struct view data;
	struct pdf_inside *v;
	size_t n;
	size_t values; /* rough number of values in all of it */
};

/* One object: an entry of the chain, or a number that has none. */
struct pdf_slot {
	const struct pdf_entry *entry; /* the first of its place; NULL: never defined */
	struct pdf_ref ref;
	enum pdf_slot_state state;
	const struct pdf_value *own;     /* as we read it, not decrypted */
	const struct pdf_value *value;   /* decrypted; NULL: not yet */
	struct pdf_inside_list *inside;  /* of an object stream, once needed */
	const struct ltps_error *failed; /* of a state FAILED */
	const struct ltps_error *inside_failed;
	struct pdf_slot *container; /* of what stands in an object stream */
	/* Indirect length of the stream: what it was when it was read. */
	struct pdf_ref length_ref;
	uint64_t length;
	size_t allowed_for;    /* object stream: index + 1 of the revision in which
				  libqpdf was let at it last; 0: never */
	uint64_t end;          /* of what stands at an offset, once read; 0 */
	bool excerpted;        /* it is in the excerpt: pdf_objects_excerpt.c */
	bool data_excerpted;   /* and its data */
	bool shortened;        /* there, without the digits of its /Contents */
	bool plain;            /* there, as a mark: pdf_objects_plain.c */
	bool looked;           /* asked for by the caller, not only by ourselves */
	bool data_used;        /* its data was decoded */
	bool data_confirmed;   /* and was the same */
	bool confirmed;        /* in some revision */
	bool confirmed_newest; /* in the newest */
};

/* A stream decoded. */
struct pdf_decoded {
	const struct pdf_value *filter, *parms; /* resolved; NULL: none */
	struct view data;
	const struct ltps_error *failed; /* it cannot be */
	struct pdf_decoded *next; /* with other filters: they are indirect and were
				     replaced */
};

struct pdf_open {
	struct pdf_qpdf *q; /* NULL: the place is free */
	size_t revision;
	uint64_t used; /* clock of the last use */
};

/* Octets of the excerpt that nothing may alter, or that were. */
struct pdf_region {
	uint64_t start, end;
	bool altered;
	bool plain; /* altered by the mark of a plain object */
};

/* A section whose rows are shortened. */
struct pdf_short_table {
	const struct pdf_span *section;
	size_t written; /* octets from its start; behind them zeros */
};
/* What libqpdf reads: pdf_objects_excerpt.c. */
struct pdf_excerpt {
	uint8_t *p;                 /* as long as the file; NULL: the file itself */
	struct pdf_region *regions; /* in order */
	size_t n_regions, cap_regions;
	size_t n_tried; /* of what is looked at, whether it can be shorter */
	uint64_t secret; /* of the marks of plain objects */
	/* pdf_objects_rows.c */
	struct pdf_short_table *tables;
	size_t n_tables;
	uint32_t *pages;   /* by revision: number of the root of the page tree; 0 */
	uint32_t *numbers; /* whose rows stay, in order */
	size_t n_numbers;
	size_t n_looked; /* then */
	size_t left_out; /* rows */
};

struct pdf_objects {
	const struct pdf_file *file;
	uint8_t *password; /* copy */
	size_t password_n;
	bool encrypted;
	struct pdf_ref encrypt;            /* of the dictionary; number 0: direct */
	struct view encrypt_text, id_text; /* in PDF syntax, for pdf_objects_crypt.c */
	struct arena arena;
	struct pdf_table table;
	struct pdf_slot **looked; /* those looked at */
	size_t n_looked, cap_looked;
	uint8_t **kept; /* decoded data, each from mem_alloc() */
	size_t n_kept, cap_kept, kept_size;
	unsigned nesting;
	uint64_t work_left;
	size_t decrypted; /* objects */
	/* libqpdf */
	struct pdf_excerpt excerpt;
	struct pdf_open open[PDF_OPEN_MAX];
	uint64_t clock;
	size_t revisions_opened;
	bool *was_opened, *was_confirmed; /* by revision */
	size_t qpdf_values, qpdf_entries;
	uint64_t qpdf_decoded;
};

extern const struct pdf_value pdf_null;

/* FORMAT (object): "object 12 0: ..." */
int pdf_object_fail(struct ltps_error *err, struct pdf_ref ref, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A copy of what is the object's fault, so that what cannot be read costs its work
 * once; NULL for anything else. */
const struct ltps_error *pdf_remember(struct pdf_objects *o,
				      const struct ltps_error *why);
struct view pdf_password(const struct pdf_objects *o);
/* An update may name an object again that it leaves as it is. */
bool pdf_is_same_place(const struct pdf_entry *a_or_null,
		       const struct pdf_entry *b_or_null);

/*
 * pdf_slot_of - the place of an object; not read.
 * pdf_slot_read - our own reading is there after; again the same failure.
 * pdf_slot_value - decrypted.
 */
int pdf_slot_of(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
		struct pdf_slot **ret_s, struct ltps_error *err) LTPS_CHECKED;
int pdf_slot_read(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		  struct ltps_error *err) LTPS_CHECKED;
int pdf_slot_value(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		   struct ltps_error *err) LTPS_CHECKED;
/* As pdf_resolve(); looked: the caller's wish, so that it is to be confirmed. */
int pdf_resolve_as(struct pdf_objects *o, size_t revision, const struct pdf_value *v,
		   bool looked, const struct pdf_value **ret_v,
		   struct ltps_error *err) LTPS_CHECKED;
/* Memory kept until the end, counted against PDF_CACHE_MAX. Takes the buffer over. */
int pdf_keep(struct pdf_objects *o, struct buf *b, struct view *ret_v,
	     struct ltps_error *err) LTPS_CHECKED;
size_t pdf_room(const struct pdf_objects *o);

/* ---- pdf_objects_read.c ---- */

/* An object as it stands in the file, into s->own. */
int pdf_read_own(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		 struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_objects_data.c ---- */

/* A value in which everything that it refers to stands itself, a few levels deep. */
int pdf_resolve_deep(struct pdf_objects *o, size_t revision, const struct pdf_value *v,
		     const struct pdf_value **ret_v,
		     struct ltps_error *err) LTPS_CHECKED;
int pdf_decoded_data(struct pdf_objects *o, size_t revision,
		     const struct pdf_value *stream, struct view *ret_data,
		     struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_objects_crypt.c ---- */

/* Whether the file is encrypted, one way in all revisions, and opened by the password.
 */
int pdf_crypt_begin(struct pdf_objects *o, struct ltps_error *err) LTPS_CHECKED;
/* s->value of what s->own is. */
int pdf_decrypt(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		struct ltps_error *err) LTPS_CHECKED;

/* Of an encrypted file: the encryption dictionary, cross-reference streams. */
bool pdf_is_never_encrypted(const struct pdf_objects *o, const struct pdf_slot *s);
/* Whether this member is /Contents of a signature dictionary. */
bool pdf_is_contents(const struct pdf_value *dict, size_t i);

/* ---- pdf_objects_excerpt.c ---- */

/*
 * pdf_excerpt_begin - before this revision is opened, and before more is asked about.
 * pages        number of the root of the page tree, or 0: libqpdf looks at it at once
 * ret_changed  what was opened before has to be opened again
 */
int pdf_excerpt_begin(struct pdf_objects *o, size_t revision, uint32_t pages,
		      bool *ret_changed, struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_excerpt_add - before libqpdf is asked about an object: what it reads for it in
 * this revision. We have read it ourselves, and pdf_may_ask() let it pass.
 * data   of a stream, too
 * Fails: FORMAT (object) where it stands within what was altered
 */
int pdf_excerpt_add(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		    bool data, struct ltps_error *err) LTPS_CHECKED;
/* As far as this revision goes. */
struct view pdf_excerpt_of(struct pdf_objects *o, size_t revision);
void pdf_excerpt_clear(struct pdf_excerpt *x);
/* What stands for /Contents there. */
bool pdf_is_mark(const struct pdf_value *v);
/* What stands for this plain object there. */
bool pdf_is_plain_mark(const struct pdf_objects *o, const struct pdf_slot *s,
		       const struct pdf_value *theirs);
/* The plain objects as they are, from now on; whether there was one. What was opened
 * and confirmed before has to be so again. */
bool pdf_excerpt_unmark(struct pdf_objects *o);

/* ---- pdf_objects_plain.c ---- */

/*
 * pdf_is_plain - whether the octets of this dictionary or array can be read in one way
 * only, and so that they are this value.
 * behind  octets from its end to the end of the object: nothing but endobj may be there
 */
bool pdf_is_plain(const struct pdf_value *v, struct view behind);

/* ---- pdf_objects_rows.c ---- */

/* Whether there are no object streams: in a file of them an object may need others that
 * nobody knows yet. */
bool pdf_has_tables_alone(const struct pdf_objects *o);
/* Whether this section has rows to leave out. */
bool pdf_rows_worth(const struct pdf_objects *o, const struct pdf_span *s);
/* The tables, with the rows of what is looked at by now. */
int pdf_rows_write(struct pdf_objects *o, size_t revision, uint32_t pages,
		   bool *ret_changed, struct ltps_error *err) LTPS_CHECKED;

/* ---- pdf_objects_compare.c ---- */

#define PDF_DIFFERS 120
/*
 * pdf_may_ask - reads what libqpdf will read for this object, within our limits: it,
 * and the object stream that holds it. A failure that is the object's fault means that
 * it must not be asked.
 */
int pdf_may_ask(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		struct ltps_error *err) LTPS_CHECKED;
/* A member of a dictionary that libqpdf wrote: it sorts them. */
const struct pdf_member *pdf_sorted_get(const struct pdf_value *dict, struct view key);
/* Whether libqpdf has the same, from which this number of references was left out.
 * differs: "" or why */
int pdf_compare(const struct pdf_objects *o, const struct pdf_slot *s,
		const struct pdf_value *theirs, size_t left_out,
		char differs[PDF_DIFFERS], struct ltps_error *err) LTPS_CHECKED;

#endif
