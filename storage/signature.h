/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature - who signed what, as last judged: for searches (storage/search.h). The
 * judgements themselves are the reports, which are preserved.
 */
#ifndef LTPS_STORAGE_SIGNATURE_H
#define LTPS_STORAGE_SIGNATURE_H

#include "storage/store.h"

/* Of one version; beyond it they are not found by their signers. */
#define SIGNATURE_ROWS_MAX 4096
/* Names longer than this are cut. */
#define SIGNATURE_SUBJECT_MAX 255

struct signature_row {
	uint32_t part;       /* seq of the part that holds it, from 1 */
	const char *subject; /* of the signing certificate */
	const char *verdict; /* as that of a version */
};

/*
 * signatures_put - in place of those known of this version (writer only). Nothing
 * happens when the version or its data is deleted.
 * Fails: TOO_LARGE beyond SIGNATURE_ROWS_MAX; ARGUMENT (an empty text)
 */
int signatures_put(struct store_conn *conn, int64_t version,
		   const struct signature_row *rows, size_t n,
		   struct ltps_error *err) LTPS_CHECKED;
/* Those of another version's parts that this one holds unchanged at the same place, in
 * addition (writer only). */
int signatures_copy(struct store_conn *conn, int64_t from, int64_t to,
		    struct ltps_error *err) LTPS_CHECKED;
/* Those of a version, in their order; the texts are lent to row(). None is no error. */
int signatures_list(struct store_conn *conn, int64_t version,
		    int (*row)(void *arg, const struct signature_row *row,
			       struct ltps_error *err),
		    void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
