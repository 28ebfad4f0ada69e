/* SPDX-License-Identifier: Apache-2.0 */
/* pades_private - what the files of pades.h share. Private to the room. */
#ifndef LTPS_FORMATS_PADES_PRIVATE_H
#define LTPS_FORMATS_PADES_PRIVATE_H

#include "formats/cades_private.h"
#include "formats/pades.h"

/* Fields below fields, pages below pages, /Parent above /Parent: real files have less
 * than ten. */
#define PADES_DEPTH_MAX 64
/* Fields, widgets and pages looked at in all revisions together: what a file can make
 * us walk. */
#define PADES_VISITS_MAX 1000000
/* Full name of a field, names, reasons: longer ones are no text for people. */
#define PADES_TEXT_MAX ((size_t)64 << 10)
/* Names, lists of items and locks of one file. */
#define PADES_ARENA_MAX ((size_t)128 << 20)
/* Signature dictionaries of all revisions, those that are gone included. */
#define PADES_CANDIDATES_MAX (4 * PADES_SIGNATURES_MAX)

/* Object numbers with something beside them. Zeroed = empty. */
struct pades_map {
	struct pades_map_slot {
		uint32_t key; /* 0: free */
		uint32_t value;
	} * slots;
	size_t n, cap;
};

/* A signature field. */
struct pades_field {
	struct pdf_ref ref; /* number 0: direct */
	const struct pdf_value *dict;
	const struct pdf_value *value; /* /V as it stands, own or inherited; NULL */
	uint32_t holder;               /* object that /V stands in; 0: not known */
	struct view name;
	bool is_signature; /* /FT /Sig; of pades_field_climb() alone */
};

/* A signature dictionary that some revision has. */
struct pades_candidate {
	const struct pdf_value *dict;
	struct pdf_ref ref; /* number 0: direct in a field */
	size_t revision;
};

struct pades_reader {
	struct pades *p;
	size_t newest;
	const struct pdf_value *catalog; /* of the newest revision */
	struct cades_list fields;        /* struct pades_field, those with a value */
	struct cades_list signatures;    /* struct pades_signature */
	struct cades_list candidates;    /* struct pades_candidate */
	struct pades_map seen;           /* fields and widgets of the newest revision */
	size_t visits;
	struct pdf_finding findings[PDF_FINDINGS_MAX];
	size_t n_findings;
};

/* ---- pades_util.c ---- */

/* ret_slot: of this key, made when it is new. */
int pades_map_put(struct pades_map *m, uint32_t key, bool *ret_new,
		  struct pades_map_slot **ret_slot,
		  struct ltps_error *err) LTPS_CHECKED;
bool pades_map_has(const struct pades_map *m, uint32_t key);
void pades_map_free(struct pades_map *m);

/* The same once; notices give way when there are too many. */
void pades_finding(struct pades_reader *r, enum pdf_finding_kind kind, const char *code,
		   size_t revision, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));
/* Fails: TOO_LARGE (object) when the file makes us look at too much. */
int pades_visit(struct pades_reader *r, struct ltps_error *err) LTPS_CHECKED;

/*
 * As pdf_object(), pdf_resolve(), pdf_get(), pdf_stream_data(), but what cannot be read
 * by the file's fault is a finding and null: one broken object hides no signature.
 */
int pades_object(struct pades_reader *r, size_t revision, struct pdf_ref ref,
		 const struct pdf_value **ret_v, struct ltps_error *err) LTPS_CHECKED;
/* Whether that null is what cannot be read. */
bool pades_is_unreadable(const struct pdf_value *v);
/* A notice only: the object was not expected to matter. */
int pades_object_any(struct pades_reader *r, size_t revision, struct pdf_ref ref,
		     const struct pdf_value **ret_v,
		     struct ltps_error *err) LTPS_CHECKED;
int pades_resolve(struct pades_reader *r, size_t revision,
		  const struct pdf_value *v_or_null, const struct pdf_value **ret_v,
		  struct ltps_error *err) LTPS_CHECKED;
int pades_get(struct pades_reader *r, size_t revision,
	      const struct pdf_value *dict_or_null, const char *key,
	      const struct pdf_value **ret_v, struct ltps_error *err) LTPS_CHECKED;
/* p NULL when it cannot be decoded. */
int pades_data(struct pades_reader *r, size_t revision, const struct pdf_value *stream,
	       struct view *ret_data, struct ltps_error *err) LTPS_CHECKED;
/* As pdf_signed_stream(). */
int pades_signed_data(struct pades_reader *r, const struct pdf_value *entry,
		      struct view *ret_data, struct ltps_error *err) LTPS_CHECKED;
/* A text string in UTF-8, in the arena; n == 0 for anything else. */
int pades_text(struct pades_reader *r, const struct pdf_value *v, struct view *ret_text,
	       struct ltps_error *err) LTPS_CHECKED;
/* What a value refers to; number 0 when it is direct or not there. */
struct pdf_ref pades_ref(const struct pdf_value *v_or_null);
/* What is wrong first is kept. */
void pades_defect(struct pades_signature *s, const char *clause, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- pades_fields.c ---- */

struct pades_walk {
	struct pades_reader *r;
	size_t revision;
	struct pades_map *seen; /* objects passed */
	bool quiet;             /* no findings: it is an old revision */
	int (*found)(void *to, const struct pades_field *f, struct ltps_error *err);
	void *to;
	size_t n; /* private */
};
/* Every signature field of the form of a revision, with or without a value. */
int pades_fields_walk(struct pades_walk *w, struct ltps_error *err) LTPS_CHECKED;
/* One field or widget as seen from below, by its /Parent entries. */
int pades_field_climb(struct pades_reader *r, size_t revision, struct pdf_ref ref,
		      const struct pdf_value *dict, struct pades_field *ret_f,
		      struct ltps_error *err) LTPS_CHECKED;
/* A field of the newest revision: with a value into r->fields, else counted. */
int pades_field_keep(void *reader, const struct pades_field *f,
		     struct ltps_error *err) LTPS_CHECKED;

/* ---- pades_updates.c ---- */

/* Candidates of all revisions, and fields that the form misses. */
int pades_updates_scan(struct pades_reader *r, struct ltps_error *err) LTPS_CHECKED;
/* Findings for signatures that the newest revision has no more. */
void pades_updates_removed(struct pades_reader *r);

/* ---- pades_range.c ---- */

/* /ByteRange, gap, coverage and the TLV of a signature dictionary; revision is SIZE_MAX
 * when it covers none. Spec: EN 319 142-1 5.5; ISO 32000-2 12.8.1 */
void pades_range_read(const struct pdf_file *f, const struct pdf_value *dict,
		      struct pades_signature *s);
/* Whether the /Contents of this very dictionary is what stands in the gap. */
bool pades_range_holds(const struct pdf_file *f, const struct pades_signature *s,
		       const struct pdf_value *dict);

/* ---- pades_signature.c, pades_lock.c, pades_dss.c, pades_claim.c ---- */

/* Everything of one signature; f->value is there. */
int pades_signature_read(struct pades_reader *r, const struct pades_field *f,
			 struct pades_signature *s,
			 struct ltps_error *err) LTPS_CHECKED;
/* /Reference of a signature dictionary. ISO 32000-2 12.8.1 Table 256, 12.8.2 */
int pades_references_read(struct pades_reader *r, size_t revision,
			  const struct pdf_value *dict, struct pades_signature *s,
			  struct ltps_error *err) LTPS_CHECKED;
/* SigFieldLock dictionary, or TransformParams of FieldMDP. Whatever is not understood
 * locks everything. */
int pades_lock_read(struct pades_reader *r, size_t revision,
		    const struct pdf_value *dict, struct pades_lock *ret_l,
		    struct ltps_error *err) LTPS_CHECKED;
/* After the signatures. */
int pades_dss_read(struct pades_reader *r, struct ltps_error *err) LTPS_CHECKED;
/* PDF/A, version. */
int pades_claims_read(struct pades_reader *r, struct ltps_error *err) LTPS_CHECKED;

#endif
