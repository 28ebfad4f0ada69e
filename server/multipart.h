/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart - the parts of a multipart/form-data or multipart/related body, in place,
 * and the parameters of a media type.
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
	struct view name;     /* of form-data */
	struct view filename; /* n == 0: absent or empty */
	struct view type;     /* Content-Type; VIEW_NULL: absent, as the next */
	struct view id;       /* Content-ID without its angle brackets */
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
/*
 * multipart_related - likewise of multipart/related: each part but the root has a
 * Content-ID, and no two the same.
 * ret_root  the part that `start` names, else the first
 * Fails: as multipart_parse()
 * Spec:  RFC 2387 3; RFC 2046 5.1; RFC 2392 2
 */
int multipart_related(struct view content_type, struct view body,
		      struct multipart_part *parts, size_t max, size_t *ret_n,
		      size_t *ret_root, struct ltps_error *err) LTPS_CHECKED;

/*
 * media_type_parameter - of the value of a Content-Type.
 * name       lower case
 * ret_value  VIEW_NULL when absent; of a quoted string what is between the quotes
 * Fails: FORMAT (caller) for a malformed one, or two of this name
 * Spec:  RFC 2045 5.1
 */
int media_type_parameter(struct view content_type, const char *name,
			 struct view *ret_value, struct ltps_error *err) LTPS_CHECKED;
/* Whether the type before the parameters is this one, given in lower case. */
bool media_type_is(struct view content_type, const char *type);

#endif
