/* SPDX-License-Identifier: Apache-2.0 */
/* term - what the ends of periods and of forms need to know (ltp/period.c). */
#ifndef LTPS_STORAGE_TERM_H
#define LTPS_STORAGE_TERM_H

#include "storage/renewal.h"

/* What a version of forms stands on: 0 and INT64_MAX when nothing is written down. */
int version_footing_get(struct store_conn *conn, int64_t version, int64_t *ret_footing,
			int64_t *ret_weakens_ms, struct ltps_error *err) LTPS_CHECKED;
/* Live objects whose period ended until then and behind (from_ms, from_object), by end
 * and id. */
int object_ended_list(struct store_conn *conn, int64_t from_ms, int64_t from_object,
		      int64_t until_ms, size_t limit,
		      int (*row)(void *arg, int64_t object, int64_t ended_ms,
				 struct ltps_error *err),
		      void *arg, struct ltps_error *err) LTPS_CHECKED;
/* The next end of a period after a time; INT64_MAX: none. */
int object_next_end(struct store_conn *conn, int64_t after_ms, int64_t *ret_ms,
		    struct ltps_error *err) LTPS_CHECKED;
/* genTime of the newest token: a time that somebody else has sworn to. INT64_MIN: none.
 */
int token_newest_time(struct store_conn *conn, int64_t *ret_ms,
		      struct ltps_error *err) LTPS_CHECKED;
/* genTime of the newest token of the TSA with this name in the configuration, among the
 * TOKEN_NEWEST_LOOK newest of all: a TSA that was not asked for long has none.
 * INT64_MIN: none. */
#define TOKEN_NEWEST_LOOK 1000
int token_newest_of(struct store_conn *conn, const char *tsa, int64_t *ret_ms,
		    struct ltps_error *err) LTPS_CHECKED;
/* The oldest judgement of a live submitted version; INT64_MAX: none. */
int version_oldest_judgement(struct store_conn *conn, int64_t *ret_ms,
			     struct ltps_error *err) LTPS_CHECKED;

#endif
