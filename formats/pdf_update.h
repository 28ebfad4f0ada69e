/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_update - one more revision behind the octets of a file, in the style (table or
 * stream) of its last section; what stands before stays as it is, octet by octet.
 *
 *	pdf_update_new(); number = pdf_update_number(); pdf_update_object()...
 *	pdf_update_finish(); for a signature: hash the ranges, pdf_update_fill()
 *
 * and what signatures need of a document: pdf_update_field(), pdf_update_dss(),
 * pdf_update_extension().
 */
#ifndef LTPS_FORMATS_PDF_UPDATE_H
#define LTPS_FORMATS_PDF_UPDATE_H

#include "formats/pades.h"

struct pdf_update;
/* The newest revision is continued. Fails: UNSUPPORTED (object) when encrypted, when a
 * section is irregular, or when readers differ about what its offsets count from */
int pdf_update_new(const struct pdf_file *f, struct pdf_objects *o,
		   struct pdf_update **ret_u, struct ltps_error *err) LTPS_CHECKED;
void pdf_update_free(struct pdf_update *u);
/* A number that no revision has used or mentions. 0: none is left */
uint32_t pdf_update_number(struct pdf_update *u);
/* body: PDF syntax between "obj" and "endobj". The same number twice: the later counts.
 */
int pdf_update_object(struct pdf_update *u, struct pdf_ref ref, struct view body,
		      struct ltps_error *err) LTPS_CHECKED;
/* Data deflated when that is shorter. */
int pdf_update_stream(struct pdf_update *u, struct pdf_ref ref, struct view data,
		      struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_update_signature - a signature dictionary, with /ByteRange and /Contents put in.
 * entries        the other members, PDF syntax without << >>
 * contents_room  octets that the CMS may take
 */
int pdf_update_signature(struct pdf_update *u, struct pdf_ref ref, struct view entries,
			 size_t contents_room, struct ltps_error *err) LTPS_CHECKED;
/* A member of the catalog put in or replaced. key: static. */
int pdf_update_catalog(struct pdf_update *u, const char *key, struct view value,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_update_finish - the octets to append to the file (a line end first, where the
 * file lacks one). ret_range  ByteRange of the new signature, whole file; NULL when
 * there is none
 */
int pdf_update_finish(struct pdf_update *u, struct buf *out, uint64_t ret_range[4],
		      struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_update_fill - the CMS into the gap of what pdf_update_finish() gave.
 * appended  its octets; base: length of the file before them
 * Fails:    TOO_LARGE (self) when it does not fit
 */
int pdf_update_fill(struct buf *appended, uint64_t base, const uint64_t range[4],
		    struct view cms, struct ltps_error *err) LTPS_CHECKED;

/* ---- what signatures need ---- */

/*
 * pdf_update_field - an invisible signature field with this value, in the form (made
 * when there is none) and on the first page.
 * name   a number is put behind it when a field has it already
 * Spec:  ISO 32000-2 12.7.3, 12.7.5.5; EN 319 142-1 5.3
 */
int pdf_update_field(struct pdf_update *u, const struct pades *p, const char *name,
		     struct pdf_ref value, struct ltps_error *err) LTPS_CHECKED;

/* DER of objects; of a VRI: each of them is in the DSS or comes into it. */
struct pdf_update_material {
	const struct view *certs, *crls, *ocsps;
	size_t n_certs, n_crls, n_ocsps;
};
struct pdf_update_vri {
	const char *key;
	struct pdf_update_material m;
};
/*
 * pdf_update_dss - the document security store with these objects more. What is in it
 * stays; a VRI that is there already is left as it is, and one without anything is not
 * made.
 * Spec:  ISO 32000-2 12.8.4.3; EN 319 142-1 5.4.2
 */
int pdf_update_dss(struct pdf_update *u, struct pades *p,
		   const struct pdf_update_material *more,
		   const struct pdf_update_vri *vris, size_t n_vris,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * pdf_update_extension - tells a reader of PDF 1.7 what is in it: 1 DSS and document
 * time-stamps, 2 ETSI.CAdES.detached. BaseVersion may not be above that of the
 * document, and PDF 2.0 has all that itself: nothing is written for other versions.
 * Spec:  ISO 32000-2 7.12; EN 319 142-1 5.6
 */
int pdf_update_extension(struct pdf_update *u, const struct pades *p, int level,
			 struct ltps_error *err) LTPS_CHECKED;

#endif
