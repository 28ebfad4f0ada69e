/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page - what a request tells of the page that a browser sent it from. Who is anonymous
 * has rights by where he is, and a browser there lends them to any page: one of another
 * site may send, and one whose name was made to point here may read as well.
 */
#ifndef LTPS_SERVER_PAGE_H
#define LTPS_SERVER_PAGE_H

#include <stdbool.h>

#include "base/bytes.h"

/* Fields of the request; VIEW_NULL: it has none, as those of programs. */
struct page_fields {
	struct view host;   /* RFC 9110 7.2 */
	struct view origin; /* RFC 6454 7 */
	struct view site;   /* Sec-Fetch-Site, W3C Fetch Metadata 2.4 */
};
/* Whether Host says a name that is not an address, nor localhost: then the name has to
 * be known as one of this service. Set without its port. */
bool page_has_name(const struct page_fields *f, struct view *ret_name);
/* Why it is the page of another site; NULL: of this one, or of none. */
const char *page_foreign(const struct page_fields *f);
/* Names are equal whatever the case (RFC 4343). */
bool page_name_is(struct view name, const char *known);

#endif
