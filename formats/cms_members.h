/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_members - a set of a CMS file that gains members; those that were there keep
 * their bytes and their order among each other. Private to the room.
 */
#ifndef LTPS_FORMATS_CMS_MEMBERS_H
#define LTPS_FORMATS_CMS_MEMBERS_H

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/err.h"

struct cms_members {
	struct view *v; /* borrowed items; free the array with mem_free() */
	size_t n;
	size_t existing; /* the first ones were there */
	size_t max;
};

/* Begins with what is there and room for `more`. Fails: TOO_LARGE (caller), NOMEM */
int cms_members_start(struct cms_members *s, const struct view *existing, size_t n,
		      size_t more, size_t max, struct ltps_error *err) LTPS_CHECKED;
/* What is there already is not added twice. Fails: TOO_LARGE (object) */
int cms_members_add(struct cms_members *s, struct view item,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * cms_members_put - the set with its new members: in order when it was in order
 * (X.690 11.6), otherwise the new ones behind, since a set that is not DER may be
 * covered as it stands.
 * id    identifier octet of a new set
 * like  the old one, whose form of length is kept; NULL when there was none
 */
int cms_members_put(const struct cms_members *s, uint8_t id, const struct tlv *like,
		    struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* Whether the existing members stand as DER wants them. */
bool cms_members_sorted(const struct cms_members *s);
/* Members in order when `sort`, otherwise as they stand in the list. */
int cms_members_put_as(const struct cms_members *s, bool sort, uint8_t id,
		       const struct tlv *like, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;

#endif
