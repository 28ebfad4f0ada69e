/* SPDX-License-Identifier: Apache-2.0 */
/* update_private - what the files of UpdatePOC share. */
#ifndef LTPS_LTP_UPDATE_PRIVATE_H
#define LTPS_LTP_UPDATE_PRIVATE_H

#include "base/names.h"
#include "ltp/continued.h"
#include "ltp/rows.h"
#include "ltp/signatures.h"

#define UPDATE_FORMER SIZE_MAX

/* A running update. What changes from one attempt to the next is marked *. */
struct update {
	struct ltp_worker *w;
	const struct ltp_update_request *req; /* without the record */
	const struct ltp_po *record;          /* that is to be continued; or NULL */
	struct ers *er; /* the same, read; NULL: it cannot be, or there is none */
	int64_t now_ms;
	/* By DeltaPOC: */
	struct part_new *delta;
	const struct format **detected;
	char **related;
	/* The object as it was read *, */
	struct object *object;
	const struct profile *profile;
	const struct version *former; /* its newest version; NULL: an empty container */
	/* and by part of the new version *: */
	struct part_new *parts;
	size_t *from; /* index of its DeltaPOC, or UPDATE_FORMER: as it was */
	struct update_digests {
		struct digest d[DIGEST_ALG_COUNT]; /* alg NONE: not asked for */
	} *digests;
	size_t n_parts;
	size_t n_replaced;
	struct named *names; /* the ids among them, sorted */
	size_t n_names;
	uint64_t bytes; /* of all parts */
	struct signatures_part *judged;
	char ***judged_related;
	struct buf *read;
	/* What is written *. */
	struct version_new version;
	struct continued continued;
	struct digest leaf; /* the version's digest, unless it continues a record */
	char label[LTP_VERSION_MAX];
	char detail[96];
	char verdict[SIGNATURES_VERDICT_MAX];
	struct signatures_verdict judgement;
	struct signatures_facts facts;
	bool cared_for;
	bool overtaken; /* another update was first */
	bool there;     /* an update before was this one: label is what it made */
	bool taken;     /* what came stands elsewhere */
};

/* Room for what is by DeltaPOC, and their formats. */
int update_begin(struct update *u, struct ltps_error *err) LTPS_CHECKED;
/* Forgets what is of one attempt; then everything. */
void update_again(struct update *u);
void update_clear(struct update *u);
/* The parts of the new version. 1: made; 0: refused; -1: failed. */
int update_compose(struct update *u, struct ltp_result *r,
		   struct ltps_error *err) LTPS_CHECKED;
/* ---- update_record.c ---- */

/* Once: what its digests are. One that cannot be read is refused when it is judged. */
int update_read_record(struct update *u, struct ltps_error *err) LTPS_CHECKED;
/* Whether what came was taken over before. 1: not so, or u->there is
 * set; 0: refused, as something else bears its name; -1: failed. */
int update_look(struct update *u, struct ltp_result *r,
		struct ltps_error *err) LTPS_CHECKED;
/* The same on the writer's thread, where it is decided: EXISTS, with u->taken. */
int update_unique(struct update *u, struct store_conn *conn,
		  struct ltps_error *err) LTPS_CHECKED;
/* The leaf, and all digests that the record is judged by; in compose's snapshot. */
int update_hash(struct update *u, struct ltps_error *err) LTPS_CHECKED;
/* The record over all of the new version, without the store: it may take long. 1: it
 * holds, or there is none; 0: refused; -1: failed. */
int update_take_record(struct update *u, struct ltp_result *r,
		       struct ltps_error *err) LTPS_CHECKED;
/* ---- update_parts.c ---- */

/* Data of former parts that the judgement needs; in the snapshot of compose. */
int update_read(struct update *u, struct ltps_error *err) LTPS_CHECKED;
/* 1: it may stay; 0: refused; -1: failed. */
int update_judge(struct update *u, struct ltp_result *r,
		 struct ltps_error *err) LTPS_CHECKED;
/* What is known of the whole until its care: of u->version. */
void update_verdict(struct update *u);

#endif
