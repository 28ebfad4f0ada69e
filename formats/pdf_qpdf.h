/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_qpdf - libqpdf as a second reader: one revision of a file, no repair, nothing on
 * standard error. What it refuses is told as text, since that is data; an error is only
 * what keeps it from judging.
 *
 * It reads lazily, but it has no limits of its own: whoever asks for an object has read
 * that object and the object stream that it stands in within limits before
 * (pdf_objects_confirm.c).
 */
#ifndef LTPS_FORMATS_PDF_QPDF_H
#define LTPS_FORMATS_PDF_QPDF_H

#include "formats/pdf_value.h"

#define PDF_QPDF_WHY 160

/* One thread at a time. */
struct pdf_qpdf;

/*
 * pdf_qpdf_open - the octets are borrowed, not copied, until pdf_qpdf_close().
 * password  n == 0: the empty one
 * ret_q     NULL when it refuses the file, and then why
 * Fails:    DENIED (object) when the password does not open it; UNSUPPORTED (object)
 *           for an encryption that it does not know; UNSUPPORTED (self) without
 *           libqpdf; NOMEM
 */
int pdf_qpdf_open(struct view file, struct view password, struct pdf_qpdf **ret_q,
		  char why[PDF_QPDF_WHY], struct ltps_error *err) LTPS_CHECKED;
void pdf_qpdf_close(struct pdf_qpdf *q); /* NULL-safe */

/* What an object should be: references that are members of its dictionaries, and the
 * same, are left out of what is given. Writing them down, the library would read what
 * they refer to, to leave out those to null. */
struct pdf_qpdf_expected {
	const struct pdf_value *value;
	size_t left_out; /* set: how many were the same */
};
/*
 * pdf_qpdf_object - an indirect object, decrypted; null when there is none. Members
 * that are null are left out; a stream comes without its data.
 * expected  NULL: nothing is left out, and all that is referred to is read. With it an
 *           object is asked for once; of a stream where null is expected the /Type
 *           alone is given, since its references cannot be the same
 * ret_v     in the arena; NULL when it refuses, and then why
 */
int pdf_qpdf_object(struct pdf_qpdf *q, struct pdf_ref ref,
		    struct pdf_qpdf_expected *expected, struct arena *a,
		    const struct pdf_value **ret_v, char why[PDF_QPDF_WHY],
		    struct ltps_error *err) LTPS_CHECKED;
/* A member of the trailer, or of the dictionary of the xref stream; a PDF_NULL value
 * when it is not there. */
int pdf_qpdf_trailer(struct pdf_qpdf *q, const char *key, struct arena *a,
		     const struct pdf_value **ret_v, char why[PDF_QPDF_WHY],
		     struct ltps_error *err) LTPS_CHECKED;

/* The data of a stream as stored, decrypted. ret_refused: and then why. Free with
 * pdf_qpdf_data_free(). */
int pdf_qpdf_data(struct pdf_qpdf *q, struct pdf_ref ref, struct view *ret_data,
		  bool *ret_refused, char why[PDF_QPDF_WHY],
		  struct ltps_error *err) LTPS_CHECKED;
void pdf_qpdf_data_free(struct view *data);

#endif
