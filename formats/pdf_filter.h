/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_filter - FlateDecode with and without predictors, ASCIIHexDecode, ASCII85Decode.
 */
#ifndef LTPS_FORMATS_PDF_FILTER_H
#define LTPS_FORMATS_PDF_FILTER_H

#include "formats/pdf_value.h"

/*
 * pdf_filter_decode - the data of a stream whose /Filter and /DecodeParms are direct.
 * out    appended, bounded by its max
 * Fails: UNSUPPORTED (object) for other filters; FORMAT; TOO_LARGE; NOMEM
 * Spec:  ISO 32000-2 7.4
 */
int pdf_filter_decode(const struct pdf_value *stream, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;
/* What FlateDecode undoes; appended. */
int pdf_deflate(struct view data, struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
