/* SPDX-License-Identifier: Apache-2.0 */
/* fixity_private - what the files of fixity share; not for others. */
#ifndef LTPS_LTP_FIXITY_PRIVATE_H
#define LTPS_LTP_FIXITY_PRIVATE_H

#include "ltp/fixity.h"
#include "storage/fixity.h"

/* Another process has the copies open: it closes them after its turn. */
#define COPIES_BUSY_MS 10000

#define FP_FIXITY_BEFORE_NOTE "ltp.fixity.before_note"
#define FP_FIXITY_BEFORE_REPAIRED "ltp.fixity.before_repaired"
#define FP_COPY_BEFORE_CURSOR "ltp.copy.before_cursor"

/* fixity_copies.c */
enum copies_state {
	COPIES_OPEN,
	COPIES_NONE,    /* not configured */
	COPIES_BUSY,    /* come again */
	COPIES_TROUBLE, /* told in the turn */
};
/*
 * ret_c      NULL unless open; close with copies_close()
 * ret_after  how far fixity_copy() came in this directory; may be NULL
 */
int fixity_copies_open(struct ltp_worker *w, struct upkeep_turn *t,
		       enum copies_state *ret_state, struct copies **ret_c,
		       int64_t *ret_after, struct ltps_error *err) LTPS_CHECKED;

/* Once a round: whatever has no copy gets one, what has one is passed over. */
int fixity_copies_rewind(struct ltp_worker *w, int64_t now_ms,
			 struct ltps_error *err) LTPS_CHECKED;

/* fixity_damage.c: what a look at a range of blobs found. */
struct fixity_look {
	int64_t after; /* looked at: greater than this */
	int64_t until; /* up to this */
	/* Each blob can be damaged on both sides. */
	struct fixity_damage found[2 * FIXITY_DAMAGED_MAX + 2];
	size_t n;
};
/* A fixity_damage_row; arg: the look. */
int fixity_look_add(void *arg, const struct fixity_damage *d, struct ltps_error *err);
/* Damage that is new is listed and told; what is listed and was not found is whole
 * again. */
int fixity_note(struct ltp_worker *w, const struct fixity_look *look, int64_t now_ms,
		struct ltps_error *err) LTPS_CHECKED;
/* After the repairs: told, and no longer listed. */
int fixity_note_repaired(struct ltp_worker *w, const struct fixity_look *repaired,
			 int64_t now_ms, struct ltps_error *err) LTPS_CHECKED;
#define FIXITY_LIST_MAX 4096 /* blobs; a disk that lost more is to be replaced */
struct fixity_list {
	int64_t ids[FIXITY_LIST_MAX];
	size_t n;
};
/* In order. ret_list: free with mem_free() */
int fixity_list_read(struct store_conn *conn, struct fixity_list **ret_list,
		     struct ltps_error *err) LTPS_CHECKED;

#endif
