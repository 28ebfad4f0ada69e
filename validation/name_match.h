/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_match - names of one form held against the base of a subtree: RFC 5280
 * 4.2.1.10. Private to the room. Nothing here allocates.
 */
#ifndef LTPS_VALIDATION_NAME_MATCH_H
#define LTPS_VALIDATION_NAME_MATCH_H

#include "validation/name.h"

#define DNS_NAME_MAX 253 /* RFC 1035 2.3.4, without the root */
#define DNS_LABEL_MAX 63
/* Longest local part compared; RFC 5321 4.5.3.1.1 has 64. */
#define MAIL_LOCAL_MAX 256

struct mail_address {
	uint8_t local[MAIL_LOCAL_MAX]; /* unquoted: "a"@b is a@b */
	size_t local_n;
	struct view host;
};
/* utf8: the local part may hold any UTF-8 (RFC 9598 3). False: not an address. */
bool mail_address_read(struct view v, bool utf8, struct mail_address *ret);

/* What a subtree's base is worth. */
enum base_state {
	BASE_USABLE,
	BASE_UNSUPPORTED, /* decodes, but means nothing that we could apply */
	BASE_MALFORMED,
};
enum base_state base_check(enum general_name_kind kind, struct view base);

/* A name made ready for comparison. */
struct ready_name {
	enum general_name_kind kind;
	struct view text;         /* DNS: without the wildcard label; URI: host; IP */
	bool wildcard;            /* DNS "*.text" */
	struct mail_address mail; /* EMAIL */
	struct view canonical;    /* DIRECTORY */
	struct view coarse;       /* DIRECTORY: what excluded subtrees are held against */
};
/* DNS, URI and IP names, EMAIL with `utf8`; false: malformed as this form. */
bool ready_name_make(enum general_name_kind kind, struct view value, bool utf8,
		     struct ready_name *ret);
/* base: as base_check() found it usable; of DIRECTORY its canonical form. */
bool name_within(const struct ready_name *n, struct view base);
/* Whether an excluded subtree has it, or any name that a wildcard stands for. base: as
 * above, but of DIRECTORY the coarse form. */
bool name_touches(const struct ready_name *n, struct view base);

#endif
