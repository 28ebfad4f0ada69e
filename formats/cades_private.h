/* SPDX-License-Identifier: Apache-2.0 */
/* cades_private - helpers shared by the files of cades.h. Private to the room. */
#ifndef LTPS_FORMATS_CADES_PRIVATE_H
#define LTPS_FORMATS_CADES_PRIVATE_H

#include "base/asn1.h"
#include "formats/cades.h"

/* A list that grows up to a limit; `what` names its items for the error. */
struct cades_list {
	void *v;
	size_t n;
	size_t cap;
	size_t item; /* size of one */
	size_t max;
	const char *what;
};

/* Zeroed room for one more; NULL when it failed. */
void *cades_list_add(struct cades_list *l, struct ltps_error *err);
/* cades_list_add() for lists of views. */
int cades_list_add_view(struct cades_list *l, struct view v,
			struct ltps_error *err) LTPS_CHECKED;
/* Hands the array over: NULL when it is empty. */
void *cades_list_take(struct cades_list *l, size_t *ret_n);

/* One value of an attribute, as an element. */
struct cades_value {
	const struct tlv *t;
	size_t attr;  /* index into the attributes */
	size_t value; /* index of the value in it */
};
typedef int cades_take(void *to, const struct cades_value *v, struct ltps_error *err);

/* Every value of every attribute of this type; `name` stands in `where` of errors. */
int cades_each(const struct cms_attrs *attrs, const char *oid, const char *name,
	       cades_take *take, void *to, struct ltps_error *err) LTPS_CHECKED;

/* Octets of a primitive OCTET STRING. */
int cades_octets(struct view *cursor, const char *what, struct view *ret_v,
		 struct ltps_error *err) LTPS_CHECKED;
/*
 * cades_algorithm - an AlgorithmIdentifier of a digest: parameters are absent or NULL.
 * ret_alg  NONE when it is not known
 * ret_oid  contents octets
 */
int cades_algorithm(struct view *cursor, enum digest_alg *ret_alg, struct view *ret_oid,
		    struct ltps_error *err) LTPS_CHECKED;
/* OtherHashAlgAndValue, after its SEQUENCE was opened. RFC 5126 5.8.1 */
int cades_hash_and_value(struct view body, enum digest_alg *ret_alg,
			 struct view *ret_oid, struct view *ret_hash,
			 struct ltps_error *err) LTPS_CHECKED;

/* The type of an attribute with its tag: it stands first in the SEQUENCE. */
int cades_attr_type(const struct cms_attr *a, struct view *ret_type,
		    struct ltps_error *err) LTPS_CHECKED;
/* The digest of two views one after another. */
int cades_hash_two(struct digest_ctx *ctx, struct view a, struct view b,
		   struct digest *ret_d, struct ltps_error *err) LTPS_CHECKED;

#endif
