/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence - evidence records made on request: earlier chains as they were put down at
 * their hash-tree renewals, and the chain that grows, from the path of a leaf and the
 * tokens from its tree to the tip.
 */
#ifndef LTPS_LTP_EVIDENCE_H
#define LTPS_LTP_EVIDENCE_H

#include "ltp/inside.h"
#include "ltp/limit.h"

/*
 * evidence_assemble - the evidence record of a version.
 * ret_ready  false: no token yet, or its validation data is being fetched;
 *            nothing was appended
 * Fails:     CORRUPT when a path does not lead to the stored root
 * Spec:      RFC 4998 3.1, 4.2, 5.2
 */
int evidence_assemble(struct ltp_worker *w, const struct version *v, struct buf *out,
		      bool *ret_ready, struct ltps_error *err) LTPS_CHECKED;
/* The same for material of the service, whose octets these are. Without a leaf it is
 * never ready. */
int evidence_assemble_material(struct ltp_worker *w, int64_t material,
			       struct view octets, struct buf *out, bool *ret_ready,
			       struct ltps_error *err) LTPS_CHECKED;
/* Since when a version is proven to exist: genTime of the first token over it that has
 * not fallen, unless its record is not intact or FAILED; of the first one of another
 * service when its evidence goes on with that and the whole record holds now
 * (continued.h). INT64_MAX while there is none. */
int evidence_proof_time(struct ltp_worker *w, const struct version *v, int64_t *ret_ms,
			struct ltps_error *err) LTPS_CHECKED;

/* What judging the records of some versions said, for one request. */
struct evidence_proofs {
	struct evidence_judged *list;
	size_t n, cap;
};
void evidence_proofs_clear(struct evidence_proofs *p);
/*
 * evidence_proof_prepare - outside of a read transaction: judges what has to be judged
 * to recall it within one. What judging a record said is remembered for an hour, as
 * long as the record, the anchors and the policy are what they were: for what anyone
 * may ask again and again.
 * limit  when it is over, no further judgement is begun; NULL: none
 * into   more of them
 * Fails: BUSY when the limit is over and something is left to judge
 */
int evidence_proof_prepare(struct ltp_worker *w, const struct version *v,
			   struct limit *limit, struct evidence_proofs *into,
			   struct ltps_error *err) LTPS_CHECKED;
/* evidence_proof_recall - as evidence_proof_time(), judging nothing. */
struct evidence_recalled {
	bool known;        /* false: the record is not the one that was prepared */
	int64_t proven_ms; /* INT64_MAX: not yet, or not known */
	uint64_t came;     /* chains of another service before our own */
};
int evidence_proof_recall(struct ltp_worker *w, const struct version *v,
			  const struct evidence_proofs *from,
			  struct evidence_recalled *ret,
			  struct ltps_error *err) LTPS_CHECKED;

/* What all chains of a stamped tree share: its token, and behind it every further
 * ArchiveTimeStamp up to the tip. */
struct evidence_tail {
	struct buf octets;
	size_t n_token; /* of them: the first token */
	int64_t tip;
	int64_t tip_ms; /* its genTime */
};
/* ret  free octets. The tokens on the way are frozen but for the tip. */
int evidence_tail_read(struct ltp_worker *w, const struct tree *tree,
		       struct evidence_tail *ret, struct ltps_error *err) LTPS_CHECKED;
/*
 * evidence_head_write - the octets before the tail for one leaf: together they are the
 * ArchiveTimeStampChain.
 * group  the first list: the hash of the single data object or those of the whole
 *        group, as this tree's digest takes them (ers_renewed_hash() of each in a
 *        hash-renewal tree)
 * Fails: CORRUPT when the path does not lead to the root, or group not to the leaf
 */
int evidence_head_write(struct ltp_worker *w, const struct tree *tree,
			const struct leaf *leaf, const struct view *group,
			size_t n_group, const struct evidence_tail *tail,
			struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* The earlier chains of a version or material, oldest first, concatenated: what
 * ers_sequence_encode() frames. n: how many */
int evidence_chains_read(struct ltp_worker *w, enum leaf_kind kind, int64_t ref,
			 struct buf *out, uint32_t *ret_n,
			 struct ltps_error *err) LTPS_CHECKED;

#endif
