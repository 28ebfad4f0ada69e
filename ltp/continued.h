/* SPDX-License-Identifier: Apache-2.0 */
/*
 * continued - the evidence record of another service that comes with the data that it
 * is about, and that the evidence of this one goes on with. It is a PO of a format of
 * its own, behind those that it covers. What is kept of it are its chains, as the first
 * ones of the version; the first leaf here is then that of a hash-tree renewal:
 *
 *   chains 1 to m   as they came
 *   chain m + 1     the leaf of a FIRST tree: H(H(d) || H(chains 1 to m))
 *   chain m + 2...  leaves of HASH_RENEWAL trees
 *
 * How many came is known from the leaves: each has a chain of its own.
 *
 * Spec: RFC 4998 5.2; TS 119 512 annex G
 */
#ifndef LTPS_LTP_CONTINUED_H
#define LTPS_LTP_CONTINUED_H

#include "ltp/carried.h"

/* Chains that come: as many hash-tree renewals find room behind them. */
#define CONTINUED_CHAINS_MAX (ERS_CHAINS_MAX / 2)

/* The data objects of a version, by their digests in any algorithm. */
struct continued_data {
	int (*digest)(void *arg, size_t i, enum digest_alg alg, struct digest *ret,
		      struct ltps_error *err);
	void *arg;
	size_t n;
};
/* By what it is judged. */
struct continued_judge {
	const struct material *material; /* anchors, with their sunsets */
	const struct algorithm_policy *policy;
	int64_t time_ms;
	struct sig_cache *cache; /* or NULL */
};
struct continued {
	struct carried carried; /* er NULL: none */
	int64_t proof_ms;       /* since when it proves the data; INT64_MAX: none */
};

/*
 * continued_record - the one of these POs that is such a record, the last of them, so
 * that the others keep their places.
 * ret  NULL: there is none
 * Returns false when it is refused in r: it stands elsewhere, or one is related to it
 */
bool continued_record(const struct ltp_po *pos, size_t n, const struct ltp_po **ret,
		      struct ltp_result *r);
/* How many they are without it: it takes no place in a version. */
size_t continued_without(const struct ltp_po *pos, size_t n);
/* The anchors that the service has and had, its policy, now. */
struct continued_judge continued_judge_of(const struct ltp_worker *w);
/*
 * continued_take - a record read, and judged over exactly these data objects, as it
 * will stand before the chain of this service: without cryptoInfos, which no later
 * record would have a place for.
 * ret        release with continued_clear(), also when it is refused
 * ret_holds  false: refused in r (POFormatError), naming what does not hold
 */
int continued_take(const struct continued_judge *by, struct view record,
		   const struct continued_data *data, struct continued *ret,
		   bool *ret_holds, struct ltp_result *r,
		   struct ltps_error *err) LTPS_CHECKED;
void continued_clear(struct continued *c);
/* The leaf of the version in its first tree here. */
int continued_leaf(const struct continued *c, enum digest_alg alg,
		   const struct continued_data *data, struct digest *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/* The leaf of a hash-tree renewal: H(H(d) || H(sequence)) of each, as one group.
 * n  1 or more
 * Spec: RFC 4998 5.3 */
int continued_leaf_of(const struct digest *digests, size_t n, struct view sequence,
		      struct digest *ret, struct ltps_error *err) LTPS_CHECKED;
/* Its chains become the first ones of a version, which has no others yet; the trace of
 * its object says since when they prove. On the writer's thread. */
struct continued_note {
	int64_t time_ms;
	const char *tenant, *actor, *poid;
	const char *version; /* label */
};
int continued_keep(const struct continued *c, struct store_conn *conn, int64_t version,
		   const struct continued_note *note,
		   struct ltps_error *err) LTPS_CHECKED;

/* The digest of each of the chains that came with a version. Fails: CORRUPT */
int continued_algs(const struct view *chains, size_t n, enum digest_alg *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * continued_proof - since when a record proves that these data objects exist;
 * INT64_MAX: it does not.
 */
int continued_proof(const struct continued_judge *by, struct view record,
		    const struct continued_data *data, int64_t *ret_ms,
		    struct ltps_error *err) LTPS_CHECKED;
/* Whether a record is intact, and nothing in it is known not to hold. */
int continued_stands(const struct continued_judge *by, struct view record,
		     const struct continued_data *data, bool *ret_stands,
		     struct ltps_error *err) LTPS_CHECKED;

#endif
