/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_list_private - what the files of the parser share. */
#ifndef LTPS_FORMATS_TRUSTED_LIST_PRIVATE_H
#define LTPS_FORMATS_TRUSTED_LIST_PRIVATE_H

#include "formats/trusted_list.h"
#include "formats/xml_children.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Readers for struct xml_child; arg is the struct trusted_list whose arena keeps. */

/* const char *; not empty */
int tl_read_text(struct xml_reader *r, void *arg, void *at,
		 struct ltps_error *err) LTPS_CHECKED;
/* int64_t; TS 119 612 5.1.4 (UTC) */
int tl_read_time(struct xml_reader *r, void *arg, void *at,
		 struct ltps_error *err) LTPS_CHECKED;
/* struct view; base64, not empty */
int tl_read_base64(struct xml_reader *r, void *arg, void *at,
		   struct ltps_error *err) LTPS_CHECKED;

/* A text that the list keeps. */
int tl_keep(struct trusted_list *l, struct view v, const char **ret,
	    struct ltps_error *err) LTPS_CHECKED;
/* That of an attribute; *ret stays where there is none. */
int tl_keep_attribute(struct xml_reader *r, struct trusted_list *l, const char *name,
		      const char **ret, struct ltps_error *err) LTPS_CHECKED;
/*
 * tl_grow - room for one more in a list of n elements.
 * list   the address of the pointer to its elements
 * max    TOO_LARGE (object) beyond; what: for the error
 */
struct tl_bound {
	size_t size, max;
	const char *what;
};
int tl_grow(struct trusted_list *l, void *list, size_t n, const struct tl_bound *bound,
	    struct ltps_error *err) LTPS_CHECKED;

/* At the START of a ds:Signature that is a child of the root: to its END. */
int tl_read_signature(struct xml_reader *r, struct trusted_list *l,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
