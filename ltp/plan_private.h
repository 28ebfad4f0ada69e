/* SPDX-License-Identifier: Apache-2.0 */
/* plan_private - what the parts of the plan share. */
#ifndef LTPS_LTP_PLAN_PRIVATE_H
#define LTPS_LTP_PLAN_PRIVATE_H

#include "ltp/footing_private.h"
#include "ltp/plan.h"
#include "ltp/upkeep.h"

#define PLAN_DAY_MS ((int64_t)86400000)

/* ---- plan_tsa.c: what the watch knows of one TSA certificate, as a setting ---- */

struct plan_tsa {
	int64_t good_ms;      /* last word of it; before the first one: first asked */
	int64_t withdrawn_ms; /* it weakens then; INT64_MAX: not withdrawn */
	bool held;            /* on hold when last asked */
	char why[STORE_REASON_MAX + 1]; /* of withdrawn_ms, or why there is no word */
};
/* Nothing known yet is no error: good_ms is INT64_MIN then. */
int plan_tsa_get(struct store_conn *conn, const uint8_t sha256[32],
		 struct plan_tsa *ret, struct ltps_error *err) LTPS_CHECKED;
int plan_tsa_put(struct store_conn *conn, const uint8_t sha256[32],
		 const struct plan_tsa *t, struct ltps_error *err) LTPS_CHECKED;

/* ---- dates ---- */

struct plan_judging {
	const struct ltp *l;
	struct store_conn *conn;
	const struct algorithm_policy *policy; /* NULL: certificates alone */
	struct footing_memo *memo;             /* of this policy */
};
/* When a footing weakens: policy, certificates, sunset, withdrawal. */
int plan_judge(const struct plan_judging *j, const struct footing *f,
	       struct footing_plan *ret, struct ltps_error *err) LTPS_CHECKED;
/* Footings (of one TSA certificate; NULL: all) get the dates of today, where they
 * differ; *ret_n were changed, of *ret_all. */
struct plan_change {
	int64_t footing;
	struct footing_plan plan;
};
struct plan_changes {
	struct plan_change *list; /* free with mem_free() */
	size_t n, capacity;
	size_t judged;
};
int plan_changes_find(struct ltp_worker *w, const uint8_t *tsa_sha256,
		      struct plan_changes *ret, struct ltps_error *err) LTPS_CHECKED;
/* On the writer's thread; wakes who renews when there are any. */
int plan_changes_apply(struct store_conn *conn, const struct plan_changes *c,
		       int64_t now_ms, struct ltps_error *err) LTPS_CHECKED;

/* ---- turns ---- */

/* The worst of a turn's troubles is told: an alarm before what is none. */
void plan_trouble(struct upkeep_turn *t, bool alarm, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Again at this time at the latest. */
static inline void plan_again(struct upkeep_turn *t, int64_t at_ms)
{
	if (at_ms < t->again_ms)
		t->again_ms = at_ms;
}
/* plan_watch.c: asks about some of the TSAs that evidence stands on. */
int plan_watch(struct ltp_worker *w, struct upkeep_turn *t,
	       struct ltps_error *err) LTPS_CHECKED;

#endif
