/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_private - what PreservePO and UpdatePOC check and keep alike. */
#ifndef LTPS_LTP_INGEST_PRIVATE_H
#define LTPS_LTP_INGEST_PRIVATE_H

#include "formats/format.h"
#include "ltp/inside.h"

/* False: refused. i: its index, for the message ("po[3]"). */
bool ingest_po_holds(const struct profile *p, const struct ltp_po *po, size_t i,
		     struct ltp_result *r);
/* An object that says what it is must be that (POFormatError); false: refused. */
bool ingest_format_true(const struct ltp_po *po, const struct format *detected,
			size_t i, struct ltp_result *r);
/* Room on the disk: refused below one mark (false), warned below the other. */
bool ingest_space_left(const struct ltp *l, struct ltp_result *r);
/* Ids of related parts as one text, blank-separated; NULL for none. Free with
 * mem_free(). */
int ingest_join_related(const struct ltp_po *po, char **ret_text,
			struct ltps_error *err) LTPS_CHECKED;
/* The job that cares for the signatures of a version. On the writer's thread. */
int ingest_add_care(struct store_conn *conn, int64_t version, int64_t now_ms,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
