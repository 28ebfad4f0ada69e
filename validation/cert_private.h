/* SPDX-License-Identifier: Apache-2.0 */
/* cert_private - what cert.c and cert_ext.c share. */
#ifndef LTPS_VALIDATION_CERT_PRIVATE_H
#define LTPS_VALIDATION_CERT_PRIVATE_H

#include "validation/cert.h"
#include "validation/fields.h"

/* Reads the contents of an Extensions SEQUENCE into the certificate.
 * Fails: FORMAT, TOO_LARGE (object) when the list itself does not hold */
int cert_ext_read(struct cert *c, struct view list,
		  struct ltps_error *err) LTPS_CHECKED;
/* A whole CRLDistributionPoints value: at least one, each decodes; its contents. */
int dist_points_check(struct view value, struct view *ret_list,
		      struct ltps_error *err) LTPS_CHECKED;
/* DistributionPointName inside its EXPLICIT tag, into full_name or relative. */
int dist_point_name(struct view tagged, struct dist_point *ret,
		    struct ltps_error *err) LTPS_CHECKED;
/* ReasonFlags contents, without the unused bit 0. */
int dist_point_reasons(struct view bits, uint16_t *ret,
		       struct ltps_error *err) LTPS_CHECKED;
/* AuthorityKeyIdentifier, RFC 5280 4.2.1.1. Absent members are empty. */
struct authority_key {
	struct view key, issuer, serial;
};
int authority_key_read(struct view value, struct authority_key *ret,
		       struct ltps_error *err) LTPS_CHECKED;
/* GeneralNames as a whole value. */
int general_names_check(struct view value, struct ltps_error *err) LTPS_CHECKED;
/* AuthorityInfoAccessSyntax, RFC 5280 4.2.2.1. */
int access_check(struct view value, struct ltps_error *err) LTPS_CHECKED;

#endif
