/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name - distinguished names and general names, compared as RFC 5280 7 says.
 *
 * A canonical name is an opaque string of octets: two names match exactly when
 * their canonical forms are equal, so that they can be hashed and indexed.
 */
#ifndef LTPS_VALIDATION_NAME_H
#define LTPS_VALIDATION_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/err.h"

#define NAME_SIZE_MAX ((size_t)64 << 10) /* DER of one Name */
#define NAME_RDNS_MAX 256
/* Room for any canonical form: an attribute of 8 octets takes 12 more at most, text
 * twice its octets. */
#define NAME_CANONICAL_MAX (4 * NAME_SIZE_MAX)
#define GENERAL_NAMES_MAX 10000 /* of one extension; real ones stay below 1000 */

/*
 * name_canonical - canonical form of a Name, appended.
 * name   the whole SEQUENCE TLV
 * String types are compared as text: case of ASCII letters folded (that of the others
 * by validation/name_coarse.h, where names wrongly different would do harm), outer
 * space dropped and inner runs made one (RFC 5280 7.1, RFC 4518 2.6.1); other types by
 * their octets. Each RDN's attributes are sorted.
 * The form of a name begins with the forms of its leading RDNs, so that a
 * directoryName subtree is a prefix (RFC 5280 7.1 last paragraph).
 * Fails: FORMAT, TOO_LARGE (object), NOMEM
 */
int name_canonical(struct view name, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;
/* Canonical form of issuer followed by one RelativeDistinguishedName (the SET's
 * contents): nameRelativeToCRLIssuer, RFC 5280 4.2.1.13. */
int name_canonical_relative(struct view issuer_name, struct view rdn, struct buf *out,
			    struct ltps_error *err) LTPS_CHECKED;
/* Whether it decodes as a Name; of name_canonical_relative()'s rdn the same.
 * Fails: FORMAT, TOO_LARGE (object) */
int name_check(struct view name, struct ltps_error *err) LTPS_CHECKED;
int name_check_relative(struct view rdn, struct ltps_error *err) LTPS_CHECKED;
/* Empty sequence of RDNs. */
bool name_is_empty(struct view name);
/* "CN=a, O=b" for people, most specific first, RFC 4514 escapes, control characters and
 * malformed UTF-8 escaped; cut to the buffer. Always terminates. */
void name_text(struct view name, char *out, size_t out_size);

/* Context tags of GeneralName, RFC 5280 4.2.1.6. */
enum general_name_kind {
	GENERAL_NAME_OTHER = 0,
	GENERAL_NAME_EMAIL = 1,
	GENERAL_NAME_DNS = 2,
	GENERAL_NAME_X400 = 3,
	GENERAL_NAME_DIRECTORY = 4,
	GENERAL_NAME_EDI = 5,
	GENERAL_NAME_URI = 6,
	GENERAL_NAME_IP = 7,
	GENERAL_NAME_RID = 8,
};

struct general_name {
	enum general_name_kind kind;
	struct view whole; /* TLV with its context tag */
	struct view value; /* directoryName: the Name TLV; else the contents octets */
};

/*
 * general_name_next - read one GeneralName and advance.
 * Fails: FORMAT (object)
 */
int general_name_next(struct view *cursor, struct general_name *ret_g,
		      struct ltps_error *err) LTPS_CHECKED;
/* Whether two names are the same: directory names by their canonical form, DNS and
 * the host of mail addresses without regard to ASCII case, others by octets. */
int general_name_equal(const struct general_name *a, const struct general_name *b,
		       bool *ret_equal, struct ltps_error *err) LTPS_CHECKED;

#endif
