/* SPDX-License-Identifier: Apache-2.0 */
/* sequence - ids that are never given twice, at one row a transaction. */
#include "storage/store_private.h"

int sequence_next(struct store_conn *conn, int64_t *ret_id, struct ltps_error *err)
{
	struct sequence_cache *c = &conn->sequence;
	if (!c->valid && db_run_int(conn->db, SQL_SEQUENCE_GET, &c->next, err) != 0)
		return -1;
	/* Without its row every id would be an old one. */
	if (c->next <= 0)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "the sequence of ids is lost");
	c->valid = true;
	*ret_id = c->next++;
	return 0;
}

int sequence_flush(struct store_conn *conn, struct ltps_error *err)
{
	struct db_stmt *s;
	if (!conn->sequence.valid)
		return 0;
	if (db_get(conn->db, SQL_SEQUENCE_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(conn->sequence.next));
	return db_finish(s, err);
}
