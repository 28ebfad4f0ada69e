/* SPDX-License-Identifier: Apache-2.0 */
/* health - what an operator must know now. */
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ltp/anchors.h"
#include "ltp/fixity.h"
#include "ltp/plan.h"
#include "ltp/trusted_lists.h"
#include "ltp/upkeep.h"

#define HEALTH_TREES_MAX 1000
/* A clock that is set by hand, or by NTP, goes back that far without a word. */
#define CLOCK_BACK_MS 300000
/* Signatures that wait for so long are behind, whatever holds them up: hosts that are
 * silent, or more of them than can be cared for. What is missing may be had no longer
 * once its CRLs end. */
#define CARE_LATE_MS ((int64_t)86400000)

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

/* Renewals: from the sums by footing, few rows whatever the archive. */
struct renewals {
	struct ltp_health *h;
	int64_t margin_ms;
	int64_t now_ms;
	struct plan_pairs pairs;
};

static int look_sum(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct renewals *r = arg;
	const struct plan_pair pair = { sum->footing, sum->partner, sum->tips,
					sum->objects };
	if (plan_pairs_add(&r->pairs, &pair, err) != 0)
		return -1;
	if (sum->weakens_ms == INT64_MIN) {
		r->h->undated += sum->tips;
		return 0;
	}
	if (plan_is_due(sum->weakens_ms, r->margin_ms, r->now_ms))
		r->h->overdue += sum->tips;
	if (sum->weakens_ms != INT64_MAX &&
	    sum->weakens_ms - r->margin_ms < r->h->next_renewal_ms)
		r->h->next_renewal_ms = sum->weakens_ms - r->margin_ms;
	if (sum->weakens_ms < r->h->weakest_ms)
		r->h->weakest_ms = sum->weakens_ms;
	return 0;
}

static int look_renewals(struct ltp_worker *w, int64_t now_ms, struct ltp_health *h,
			 struct ltps_error *err)
{
	struct renewals r = { .h = h,
			      .margin_ms = w->l->o.upkeep.margin_ms,
			      .now_ms = now_ms };
	struct plan_shares s = { .n = 0 };
	h->next_renewal_ms = h->weakest_ms = INT64_MAX;
	int rc = tip_sums(w->conn, look_sum, &r, err);
	if (rc == 0)
		rc = plan_pairs_shares(w->conn, &r.pairs, &s, err);
	if (s.n > 0)
		snprintf(h->shared_authority, sizeof(h->shared_authority), "%s",
			 s.list[0].authority);
	plan_pairs_clear(&r.pairs);
	return rc;
}

/* No turn can tell of work that nobody comes to. An alarm there is goes first. */
static int look_care(struct ltp_worker *w, int64_t now_ms, struct ltp_health *h,
		     struct ltps_error *err)
{
	int64_t due_ms;
	if (queue_next_due(w->conn, JOB_CARE, &due_ms, err) != 0)
		return -1;
	if (h->trouble_alarm || due_ms == 0 || due_ms > now_ms - CARE_LATE_MS)
		return 0;
	snprintf(h->trouble, sizeof(h->trouble),
		 JOB_CARE ": the first that is due waits for %lld hours",
		 (long long)((now_ms - due_ms) / 3600000));
	h->trouble_alarm = true;
	return 0;
}

static int look_upkeep(struct ltp_worker *w, struct ltp_health *h,
		       struct ltps_error *err)
{
	const int64_t now_ms = ltp_now(w->l);
	char trouble[STORE_ERROR_MAX + 1];
	int64_t seen_ms;
	if (look_renewals(w, now_ms, h, err) != 0 ||
	    fixity_damage_count(w->conn, &h->damaged, err) != 0 ||
	    upkeep_trouble(w->conn, trouble, &h->trouble_alarm, err) != 0 ||
	    upkeep_clock(w->conn, &seen_ms, err) != 0 ||
	    trusted_lists_count(w->conn, &w->l->o.lists, now_ms, &h->lists,
				&h->lists_trusted, err) != 0)
		return -1;
	snprintf(h->trouble, sizeof(h->trouble), "%.511s", trouble);
	if (look_care(w, now_ms, h, err) != 0)
		return -1;
	if (seen_ms != INT64_MIN && now_ms < seen_ms - CLOCK_BACK_MS)
		h->clock_back_ms = seen_ms - now_ms;
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
	if (look_upkeep(w, &h, err) != 0)
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

int ltp_renewals(struct ltp_worker *w, const struct algorithm_policy *policy,
		 struct buf *out, struct ltps_error *err)
{
	struct forecast f;
	if (plan_forecast(w->l, w->conn, policy, ltp_now(w->l), &f, err) != 0)
		return -1;
	struct jsonw j = jsonw_to(out);
	forecast_json(&f, &j);
	forecast_clear(&f);
	return jsonw_end(&j, err);
}

int ltp_anchors(struct ltp_worker *w, struct buf *out, struct ltps_error *err)
{
	return anchors_write(w->conn, out, err);
}
