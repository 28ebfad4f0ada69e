/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_lists - the trusted lists that the operator configured, kept up to date: got
 * at a rhythm, judged (validation/trusted_list.h), each version that was believed kept
 * and preserved. Its granted services become anchors until the status, or the list
 * itself, ends; nothing else than the configured types of the configured lists does.
 *
 * A list of lists stands for a few lists of states: those whose territory is named.
 * What is known of each stands in a setting of the store, "trusted-list.NAME" or
 * "trusted-list.NAME/TERRITORY".
 */
#ifndef LTPS_LTP_TRUSTED_LISTS_H
#define LTPS_LTP_TRUSTED_LISTS_H

#include "base/jsonw.h"
#include "ltp/anchors.h"
#include "ltp/ltp.h"
#include "storage/store.h"
#include "validation/trusted_list.h"

#define TRUSTED_LISTS_MAX 16
#define TRUSTED_LISTS_NAME_MAX 64
#define TRUSTED_LISTS_TERRITORY_MAX 16
#define TRUSTED_LISTS_TERRITORIES_MAX 64 /* there are some 35 */
#define TRUSTED_LISTS_SERVICES_MAX 16
#define TRUSTED_LISTS_REFRESH_MS ((int64_t)6 * 3600000) /* TLFreshness of EU DSS */

/* One configured list; all borrowed. */
struct ltp_trusted_list {
	const char *name; /* letters, digits, '.', '-', '_' */
	const char *url;  /* http, https; or: */
	const char *file;
	struct trusted_list_signers signers;
	bool lists;               /* a list of lists */
	const char *announcement; /* of its signers; NULL: not known */
	const char *const *territories;
	size_t n_territories;
	const char *const *services; /* types of which anchors are taken, whole URIs */
	size_t n_services;
	int64_t refresh_ms;
};

/*
 * trusted_lists_anchors - the anchors of all lists as they were believed last: services
 * trusted now, and those that were with the end of their trust; of a list whose next
 * update is overdue they end then.
 * into     anchors are added
 * origins  since when, and by which list; appended, for anchors_record()
 */
int trusted_lists_anchors(struct store_conn *conn, const struct trusted_lists *lists,
			  int64_t now_ms, struct material *into,
			  struct anchor_origins *origins,
			  struct ltps_error *err) LTPS_CHECKED;

/* Whether these are the same anchors with the same ends, in the same order, and none of
 * them ended between the two times. b NULL: none. */
bool trusted_lists_same(const struct material *a, const struct material *b,
			int64_t from_ms, int64_t to_ms);

/* Whether an anchor that was trusted still at a time is not any more. */
bool trusted_lists_ended(const struct material *now, const struct material *before,
			 int64_t now_ms);

/*
 * trusted_lists_watch - whether what the store holds of the lists is still what this
 * service began with, for each process that has the store: when other anchors follow,
 * the service is told (ltp_options.trust_changed); what is stored of a list and damaged
 * is got again. Costs one small read when nothing happened.
 */
int trusted_lists_watch(struct ltp_worker *w, int64_t now_ms,
			struct ltps_error *err) LTPS_CHECKED;
/* Something happened to the lists, or to what may be their documents. On the writer's
 * thread, in the task in which it does. */
int trusted_lists_stir(struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;

/* What is known of each list, as elements of an array. */
int trusted_lists_json(struct store_conn *conn, const struct trusted_lists *lists,
		       int64_t now_ms, struct jsonw *j,
		       struct ltps_error *err) LTPS_CHECKED;
/* How many there are, and how many of them are to be believed. */
int trusted_lists_count(struct store_conn *conn, const struct trusted_lists *lists,
			int64_t now_ms, uint64_t *ret_n, uint64_t *ret_good,
			struct ltps_error *err) LTPS_CHECKED;

#endif
