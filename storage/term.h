/* SPDX-License-Identifier: Apache-2.0 */
/* term - what the ends of periods and of forms need to know (ltp/period.c). */
#ifndef LTPS_STORAGE_TERM_H
#define LTPS_STORAGE_TERM_H

#include "storage/renewal.h"

/* What a version of forms stands on, and until when. Nothing is written down: footing
 * is 0, both dates INT64_MAX. */
struct version_stood {
	struct version_stand stand;
	int64_t weakens_ms; /* the first of the two */
	int64_t holds_ms;   /* the last of those that are not lost; -1: all are */
	int64_t holds;      /* the footing of that */
};
int version_stand_get(struct store_conn *conn, int64_t version,
		      struct version_stood *ret, struct ltps_error *err) LTPS_CHECKED;
/* Versions of forms that stand on one authority of two. */
struct version_alone {
	uint64_t n;
	uint64_t n_long; /* the other one was asked so often in vain */
	int64_t next_ms; /* when it is asked next; INT64_MAX: never */
};
int version_alone_get(struct store_conn *conn, uint32_t often,
		      struct version_alone *ret, struct ltps_error *err) LTPS_CHECKED;
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
