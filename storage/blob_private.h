/* SPDX-License-Identifier: Apache-2.0 */
/* blob_private - what the files of blobs share; not for other files of the room. */
#ifndef LTPS_STORAGE_BLOB_PRIVATE_H
#define LTPS_STORAGE_BLOB_PRIVATE_H

#include "storage/store_private.h"

/* Setting: how many blobs went, ever; 8 octets as the machine has them. */
#define BLOBS_GONE_SETTING "blobs.gone"

/* "blob ADDRESS what" */
int blob_fail(enum ltps_code code, const struct digest *sha512, const char *what,
	      struct ltps_error *err);
/* A file that the running batch has not placed yet; NULL: none. */
const struct blob_new *blob_in_batch(const struct store_conn *conn, const char *tenant,
				     const struct digest *sha512);

/* A file below DIR/blobs. */
struct blob_name {
	const char *tenant;
	const char *name;
	struct digest sha512;
	bool kept;  /* damaged bytes that a repair put away */
	int64_t id; /* of these: number of the small blob; 0: of a file */
};
/* All of them, in no order; other names are skipped. */
int blob_sweep_names(const char *dir,
		     int (*file)(void *arg, const struct blob_name *n,
				 struct ltps_error *err),
		     void *arg, struct ltps_error *err) LTPS_CHECKED;
void blob_name_unlink(const struct store_io *io, const char *dir,
		      const struct blob_name *n);

#endif
