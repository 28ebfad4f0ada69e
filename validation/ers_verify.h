/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ers_verify - judge an evidence record over data objects, offline and pure.
 */
#ifndef LTPS_VALIDATION_ERS_VERIFY_H
#define LTPS_VALIDATION_ERS_VERIFY_H

#include "base/jsonw.h"
#include "timestamping/ers.h"
#include "validation/material.h"
#include "validation/tsa_path.h"

#define ERS_FINDINGS_MAX 1000 /* a report is for people; hostile records cause many */
/*
 * Every time-stamp is judged over all the material: their product is bounded. In
 * bytes, each item counting ERS_WORK_ITEM more for its decoding: two hundred
 * time-stamps over 40 MB of CRLs, or a thousand over two thousand items.
 */
#define ERS_WORK_MAX ((uint64_t)8 << 30)
#define ERS_WORK_ITEM 4096
/*
 * Of all paths of a record together. A time-stamp in use costs one to five new
 * signatures and some hundred steps: enough for the most that a chain may hold,
 * and some ten seconds of a hostile mesh.
 */
#define ERS_SIGNATURES_MAX 50000
#define ERS_STEPS_MAX 20000000

/* A data object: its bytes, or digests of it. */
struct ers_object {
	const char *name;
	bool has_data;
	struct view data;
	const struct digest *digests;
	size_t n_digests;
};

struct sig_cache;

struct ers_input {
	const struct ers_object *objects; /* a data group when several */
	size_t n_objects;
	/* Anchors (with their sunsets), further certs and status; may be NULL. */
	const struct material *material;
	/* Every token is to be reliable at the time of the next (the last at time_ms):
	 * its signature, its TSA's path, its imprint; every tree's digest at the time
	 * of the first token of the next chain; every status when it is proven to
	 * exist. NULL: algorithms are not judged. */
	const struct algorithm_policy *policy;
	/* The certificates of a TSA's path are to be valid at the time of the next,
	 * also without a policy. */
	bool ends;
	/* Proofs of existence from elsewhere, of the status that tokens rest on. NULL:
	 * there are those alone that the record itself gives. */
	const struct poe_set *poes;
	/* Another record that holds proves that this one, as it stands, existed then:
	 * its last token is to be reliable at that time, as if renewed (RFC 4998 5.3). A
	 * time before that token, such as 0, proves nothing. */
	int64_t proven_ms;
	int64_t time_ms; /* time of judgement */
	/* Verified signatures, kept from one record to the next (key.h): records of
	 * one tree share their tokens. NULL: each judgement has its own. */
	struct sig_cache *cache;
};

struct ers_stamp_report {
	enum digest_alg alg;
	int64_t time_ms;     /* genTime; INT64_MIN when the token does not decode */
	bool imprint_intact; /* root of the hash tree is the imprint */
	bool link_intact;    /* renewal: the token before it is in the first list; true
				for the first time-stamp of a chain */
	bool signature_intact;
	enum indication indication;
	const char *subindication;
	const char *clause;
	char text[256];
	/* Of CRYPTO_CONSTRAINTS_FAILURE_NO_POE under a policy: what had ended. */
	char algorithm[ALGORITHM_WHAT_MAX];
	int64_t status_age_ms; /* as in tsa_path_result */
};

struct ers_chain_report {
	struct ers_stamp_report *stamps;
	size_t n;
	bool link_checked;   /* a given object allows to check the next one */
	bool links_previous; /* hash-tree renewal covers the earlier chains, with
				every given object that these cover */
	bool sorted_variant; /* only the non-conforming sorted reading matches */
};

struct ers_cover {
	const char *name; /* borrowed from the input */
	bool covered;
	bool group_complete; /* the first list holds exactly the given objects */
};

struct ers_finding {
	const char *code; /* such as "ERS_IMPRINT_MISMATCH" */
	const char *clause;
	char object[64]; /* "chain 1, time-stamp 2", or the data object's name */
	char text[256];
};

/*
 * `intact` speaks of the record alone; whether it is the record of a given
 * object is said by that object's `covered`. An object that is not in the
 * first list of the first chain leaves the record intact: the outcome is then
 * INDETERMINATE / SIGNED_DATA_NOT_FOUND, as it is when no object is given. An
 * object that the earlier chains cover and a later one does not shows a broken
 * renewal (RFC 4998 5.3 step 3): not intact, FAILED / HASH_FAILURE.
 */
struct ers_report {
	bool intact; /* every hash, imprint, link, order and signature holds */
	enum indication indication; /* the worst: a FAILED time-stamp, then an object
				       not covered, then an INDETERMINATE one */
	const char *subindication;
	int64_t proof_of_existence_ms; /* genTime of the first time-stamp, when
					  intact and PASSED; else INT64_MIN */
	struct ers_cover *covers;
	size_t n_covers;
	struct ers_chain_report *chains;
	size_t n_chains;
	struct ers_finding *findings;
	size_t n_findings; /* at most ERS_FINDINGS_MAX; further ones are left out */
};

/*
 * ers_verify - verify hash trees, links between time-stamps and chains, order
 * in time, algorithms, and every token: each but the last is judged at the
 * time of the next, the last at time_ms or proven_ms. Status issued up to time_ms
 * counts for all: the next token proves that the one before existed then, so that
 * only a revocation up to that proof touches it.
 * ret_report  free with ers_report_free()
 * Returns -1 when the record is not decodable (FORMAT, TOO_LARGE: object), has
 * too much material for its time-stamps (TOO_LARGE: object, see ERS_WORK_MAX) or
 * on NOMEM / CRYPTO; otherwise everything is in the report.
 * Spec: RFC 4998 3.3, 4.3, 5.3; EN 319 102-1 5.6.3
 */
int ers_verify(struct view record, const struct ers_input *in,
	       struct ers_report **ret_report, struct ltps_error *err) LTPS_CHECKED;
void ers_report_free(struct ers_report *r);
/* A further finding of the caller's; copied. Fails: NOMEM */
int ers_report_add(struct ers_report *rep, const struct ers_finding *finding,
		   struct ltps_error *err) LTPS_CHECKED;
/* The JSON of `ltps evidence verify` (one object) and a text for people. */
void ers_report_json(const struct ers_report *r, struct jsonw *j);
/* Its members alone, into an object that the caller has begun. */
void ers_report_json_members(const struct ers_report *r, struct jsonw *j);
int ers_report_text(const struct ers_report *r, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
