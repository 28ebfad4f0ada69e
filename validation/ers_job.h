/* SPDX-License-Identifier: Apache-2.0 */
/* ers_job - what the files of the evidence record verifier share; private. */
#ifndef LTPS_VALIDATION_ERS_JOB_H
#define LTPS_VALIDATION_ERS_JOB_H

#include "timestamping/tst.h"
#include "validation/ers_verify.h"

struct ers_job {
	const struct ers *er;
	const struct ers_input *in;
	struct ers_report *rep;
	struct tst **tokens; /* in order of the sequence; NULL where undecodable */
	size_t n_tokens;
	size_t *first;             /* index of the first token of each chain */
	struct material *material; /* of the caller and of the record */
	/* What lies in a token existed when the next one took over; all else, now. */
	struct poe_set *poes;
	struct sig_cache *cache; /* of all its tokens */
	struct tsa_path_budget budget;
	bool broken; /* a verdict says that the record is not intact */
};

/* What can be said against a time-stamp of a record. */
enum ers_verdict {
	ERS_TOKEN_MALFORMED,
	ERS_ALGORITHM_UNKNOWN,
	ERS_HASH_LENGTH,
	ERS_IMPRINT_MISMATCH,
	ERS_LINK_MISSING,
	ERS_RENEWAL_MISSING,
	ERS_RENEWAL_SORTED,
	ERS_ORDER,
	ERS_MIXED_ALGORITHMS,
	ERS_FUTURE,
	ERS_VERDICT_COUNT
};

/* Lower the time-stamp's indication and add the finding. */
int ers_judge(struct ers_job *job, size_t chain, size_t stamp, enum ers_verdict v,
	      struct ltps_error *err) LTPS_CHECKED;
void ers_name_stamp(size_t chain, size_t stamp, char out[64]);
struct tst *ers_token(const struct ers_job *job, size_t chain, size_t stamp);
/* By its index: genTime of the next token that decodes; of the last one when the whole
 * record is proven to have existed, or the time of judgement. */
int64_t ers_time_of_next(const struct ers_job *job, size_t token);
/* Whether an error is about the object (true), or ends the judgement. */
bool ers_is_objects_fault(const struct ltps_error *err);

/* ers_hashes.c: roots and the links within chains. */
int ers_check_hashes(struct ers_job *job, struct ltps_error *err) LTPS_CHECKED;
/* ers_objects.c: the given objects, and the links between chains. */
int ers_check_objects(struct ers_job *job, struct ltps_error *err) LTPS_CHECKED;
/* ers_material.c: what the record brings with it. */
int ers_gather_material(struct ers_job *job, struct ltps_error *err) LTPS_CHECKED;
/* ers_tokens.c: signatures and paths. */
int ers_check_tokens(struct ers_job *job, struct ltps_error *err) LTPS_CHECKED;
/* Not failed, but open: the time-stamp's indication, and a finding. */
int ers_open(struct ers_job *job, size_t chain, size_t stamp, const char *subindication,
	     const char *clause, const char *text, struct ltps_error *err) LTPS_CHECKED;
/* ers_policy.c: whether a token whose path has passed still carried the proof when the
 * next one came. */
int ers_check_policy(struct ers_job *job, size_t chain, size_t stamp,
		     const struct tst *tst, const struct tsa_path_result *path,
		     int64_t next_ms, struct ltps_error *err) LTPS_CHECKED;

#endif
