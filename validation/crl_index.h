/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl_index - where the entries of a list stand, by serial number and issuer.
 *
 * Entries are put into buckets by a hash of both, in one array of positions: five
 * octets an entry, built in linear time whatever the order of the list. The hash
 * is keyed by the digest of the list, so that serial numbers cannot be chosen to
 * fall together.
 */
#ifndef LTPS_VALIDATION_CRL_INDEX_H
#define LTPS_VALIDATION_CRL_INDEX_H

#include "base/bytes.h"
#include "base/err.h"

struct crl_index;
/*
 * entries    contents of revokedCertificates; must outlive the index
 * sha256     of the list
 * own_issuer coarse form of the list's issuer; copied
 * Fails: NOMEM
 */
int crl_index_new(struct view entries, const uint8_t sha256[32], struct view own_issuer,
		  struct crl_index **ret, struct ltps_error *err) LTPS_CHECKED;
void crl_index_free(struct crl_index *x); /* NULL-safe */
/* The following entries are of this issuer (coarse), RFC 5280 5.3.3. Fails: NOMEM,
 * TOO_LARGE (object) */
int crl_index_issuer(struct crl_index *x, size_t position, struct view issuer,
		     struct ltps_error *err) LTPS_CHECKED;
/* An entry, in their order. Fails: NOMEM */
int crl_index_add(struct crl_index *x, size_t position, struct view serial,
		  struct ltps_error *err) LTPS_CHECKED;
/* After the last one; before that nothing is found. Fails: NOMEM */
int crl_index_finish(struct crl_index *x, struct ltps_error *err) LTPS_CHECKED;
/* The last entry of these that was not given yet: its position, or false. cursor: 0
 * at first. */
bool crl_index_find(const struct crl_index *x, struct view serial, struct view issuer,
		    size_t *cursor, size_t *ret_position);
/* Octets that it occupies. */
size_t crl_index_size(const struct crl_index *x);

#endif
