/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart - the parts of a multipart/form-data body, in place.
 */
#ifndef LTPS_SERVER_MULTIPART_H
#define LTPS_SERVER_MULTIPART_H

#include "base/bytes.h"
#include "base/err.h"

#define MULTIPART_BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */
#define MULTIPART_PARTS_MAX 16
#define MULTIPART_HEADER_MAX ((size_t)8 << 10) /* of one part: names of files */
#define MULTIPART_FIELDS_MAX 16                /* lines of it; three are usual */

/* Views into the body. Quoted strings are given as they stand between the quotes. */
struct multipart_part {
	struct view name;
	struct view filename; /* n == 0: absent or empty */
	struct view body;
};

/*
 * multipart_parse - all parts, strictly: a closing delimiter, each part with a
 * Content-Disposition of form-data and a name. Text before the first and behind the
 * last delimiter is passed over.
 * content_type  value of the request's Content-Type
 * parts         room for `max`
 * Fails: FORMAT (caller) for a body, a boundary or a part that is not so; UNSUPPORTED
 *        (caller) for another type than multipart/form-data, or a part in a
 *        transfer encoding; TOO_LARGE (caller)
 * Spec:  RFC 7578 4; RFC 2046 5.1; RFC 2183 2
 */
int multipart_parse(struct view content_type, struct view body,
		    struct multipart_part *parts, size_t max, size_t *ret_n,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
