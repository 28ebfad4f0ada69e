/* SPDX-License-Identifier: Apache-2.0 */
/* rows - parts of a version made ready for the store, and the leaf over them. */
#ifndef LTPS_LTP_ROWS_H
#define LTPS_LTP_ROWS_H

#include "ltp/inside.h"

/*
 * part_row_make - size, SHA-256 and SHA-512 in one pass (DESIGN: data path), and the
 * bytes as a blob. Texts of the row are the caller's.
 * ret  its blob is freed with blob_new_free()
 */
int part_row_make(struct store *store, const char *tenant, struct view data,
		  struct part_new *ret, struct ltps_error *err) LTPS_CHECKED;
/* "submitted", as packages and outlooks say it. */
const char *version_kind_name(enum version_kind kind);
/* The digest that a new leaf under this profile takes: its own while that lasts. Of all
 * that end, the profile's: what is kept without proof is better than what is refused,
 * and the renewal of trees tells of it. */
enum digest_alg leaf_digest(const struct ltp *l, const struct profile *p,
			    int64_t now_ms);
/*
 * part_rows_leaf - the digest of the one part, or of the data group (RFC 4998 4.2).
 * datas  by part; read only for algorithms that the rows do not hold
 */
int part_rows_leaf(enum digest_alg alg, const struct part_new *parts,
		   const struct view *datas, size_t n, struct digest *ret,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
