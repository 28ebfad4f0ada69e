/* SPDX-License-Identifier: Apache-2.0 */
/* evidence_private - between evidence.c and evidence_chain.c. */
#ifndef LTPS_LTP_EVIDENCE_PRIVATE_H
#define LTPS_LTP_EVIDENCE_PRIVATE_H

#include "ltp/evidence.h"
#include "timestamping/ers.h"

/*
 * The first attempt to complete a token is still to come or under way: a record with it
 * would verify only with help.
 */
int evidence_token_awaited(struct ltp_worker *w, const struct token *token,
			   bool *ret_awaited, struct ltps_error *err) LTPS_CHECKED;
/* As evidence_tail_read(). finished: it ends before a tip that is awaited; the first
 * token is in it anyway. */
int evidence_tail_until(struct ltp_worker *w, const struct tree *tree, bool finished,
			struct evidence_tail *ret, struct ltps_error *err) LTPS_CHECKED;

/* The earlier chains, one behind the other. */
struct evidence_chains {
	struct buf octets;
	size_t end[ERS_CHAINS_MAX];
	size_t n;
};
/* ret  free octets */
int evidence_chains_load(struct ltp_worker *w, enum leaf_kind kind, int64_t ref,
			 struct evidence_chains *ret,
			 struct ltps_error *err) LTPS_CHECKED;
struct view evidence_chain_at(const struct evidence_chains *c, size_t i);

#endif
