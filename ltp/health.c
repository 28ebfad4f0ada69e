/* SPDX-License-Identifier: Apache-2.0 */
/* health - what an operator must know now. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ltp/inside.h"

#define HEALTH_TREES_MAX 1000

static int look(void *arg, const struct tree *t, struct ltps_error *err)
{
	struct ltp_health *h = arg;
	(void)err;
	h->waiting_leaves += t->n_leaves;
	if (t->n_leaves > 0 && t->opened_ms < h->oldest_waiting_ms)
		h->oldest_waiting_ms = t->opened_ms;
	if (t->state == TREE_CLOSING && t->attempts > h->stamp_failures) {
		h->stamp_failures = t->attempts;
		snprintf(h->last_stamp_error, sizeof(h->last_stamp_error), "%.255s",
			 t->last_error);
	}
	return 0;
}

int ltp_health(struct ltp_worker *w, struct ltp_health *ret_h, struct ltps_error *err)
{
	struct ltp_health h = { .oldest_waiting_ms = INT64_MAX };
	struct store_summary sum;
	struct statvfs fs;
	if (store_summary_get(w->conn, &sum, err) != 0 ||
	    tree_list(w->conn, TREE_OPEN, 0, HEALTH_TREES_MAX, look, &h, err) != 0 ||
	    tree_list(w->conn, TREE_CLOSING, 0, HEALTH_TREES_MAX, look, &h, err) != 0)
		return -1;
	h.objects = sum.objects - sum.objects_deleted;
	h.trees_open = sum.trees_open;
	h.trees_closing = sum.trees_closing;
	h.trees_stamped = sum.trees_stamped;
	h.alarm = h.stamp_failures > 0;
	if (statvfs(store_dir(w->l->o.store), &fs) == 0) {
		h.free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
		h.low_space = h.free_bytes < w->l->o.low_space_bytes;
		h.no_space = h.free_bytes < w->l->o.no_space_bytes;
	}
	*ret_h = h;
	return 0;
}
