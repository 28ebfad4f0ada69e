/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_document - how a PDF becomes a document. Private to the room.
 *
 *   document_read_pdf (pades_document.c)
 *     -> pades_begin: fields, dictionaries
 *     -> pdf_part_open   (pades_document_part.c): each CMS as a document of its own
 *     -> pdf_hash        (pades_document_hash.c): all ByteRanges in one pass, and with
 *        it what else needs every octet (pdf_passing)
 *     -> pdf_changes_find_passed: what changed
 *     -> pdf_confirm     (pades_document.c): does the second reader agree?
 *     -> pdf_material    (pades_document_material.c): what the DSS holds
 *     -> pdf_part_finish (pades_document_part.c): digests compared, proofs inside
 *     -> pdf_levels      (pades_document_level.c): structure and profile
 *     -> pdf_merge       (pades_document_merge.c): one list of each
 *     -> pdf_covers      (pades_document_cover.c): what document time-stamps prove
 */
#ifndef LTPS_VALIDATION_PADES_DOCUMENT_H
#define LTPS_VALIDATION_PADES_DOCUMENT_H

#include "validation/cades_document.h"

enum pdf_part_kind {
	PDF_PART_SIGNATURE,
	PDF_PART_STAMP, /* a document time-stamp */
	PDF_PART_VRI,   /* /TS of a VRI dictionary: the token in a stream */
};

/* A signature dictionary, or a token of a VRI dictionary, with its CMS. */
struct pdf_part {
	enum pdf_part_kind kind;
	const struct pades_signature *found;
	const struct document_pdf *pdf;
	const struct pades_vri *vri; /* of a VRI */
	size_t of;                   /* of a VRI: the part that it is about */
	struct document *d;          /* NULL: there is no CMS that can be used */
	struct reader reader;        /* of d */
	bool detached;               /* the CMS is about the ByteRange itself */
	bool has_range;              /* pieces are octets of the file */
	struct view pieces[2];       /* ByteRange */
	struct content content;      /* the same; of a VRI: the signature value */
	bool wanted[DIGEST_ALG_COUNT];
	/* The first thing that is wrong with dictionary, revision or CMS; "". */
	char defect[200];
	const char *defect_clause;
	struct located_list archived; /* adbe-revocationInfoArchival */
	struct located_list inside;   /* everything that stands in its CMS */
	bool proves;                  /* a document time-stamp that fits */
	size_t first, n;              /* its signatures, or its time-stamp, in the
					 whole document */
};

struct pdf_reader {
	struct document *d;
	struct view file;
	struct pdf_part *parts; /* those of dictionaries first, in pades' order */
	size_t n_parts, n_dictionaries;
	struct located_list dss; /* `attr` is the revision that the object came in */
	uint64_t work;
	uint64_t bare; /* octets that may still be taken into memory */
};

/* The first defect stays. */
void pdf_part_defect(struct pdf_part *p, const char *clause, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int pdf_part_open(struct pdf_reader *r, struct pdf_part *p,
		  struct ltps_error *err) LTPS_CHECKED;
int pdf_part_finish(struct pdf_reader *r, struct pdf_part *p,
		    struct ltps_error *err) LTPS_CHECKED;
void pdf_part_clear(struct pdf_part *p);
/* Whether /Contents of a part stand in what a document time-stamp hashed. */
bool pdf_part_covers(const struct pdf_part *stamp, const struct pdf_part *other);

/* Digests of all ByteRanges, as `wanted` says; what they share is hashed once. passing:
 * told how far it is. */
int pdf_hash(struct pdf_reader *r, struct pdf_passing *passing,
	     struct ltps_error *err) LTPS_CHECKED;
int pdf_material(struct pdf_reader *r, struct ltps_error *err) LTPS_CHECKED;
/* adbe-revocationInfoArchival of the signers of a part. */
int pdf_archived(struct pdf_reader *r, struct pdf_part *p,
		 struct ltps_error *err) LTPS_CHECKED;
void pdf_levels(struct pdf_reader *r);
int pdf_merge(struct pdf_reader *r, struct ltps_error *err) LTPS_CHECKED;
int pdf_covers(struct pdf_reader *r, struct ltps_error *err) LTPS_CHECKED;

/* document_record_octets() and document_profile() of a PDF. */
int pdf_record_octets(const struct document *d, const struct document_record *r,
		      enum cms_er_form form, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;
const char *pdf_profile(const struct document_signature *s, enum signature_level held);

#endif
