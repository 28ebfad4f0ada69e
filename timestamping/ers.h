/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ers - RFC 4998 evidence records: decode, encode, and the hashes that the two
 * kinds of renewal take. The encoding is a frozen format: digestAlgorithm
 * always present, one object hash or one true data group in the first list,
 * one hash in each later list.
 */
#ifndef LTPS_TIMESTAMPING_ERS_H
#define LTPS_TIMESTAMPING_ERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

#define ERS_SIZE_MAX ((size_t)256 << 20)
#define ERS_CHAINS_MAX 256
#define ERS_STAMPS_MAX 1024   /* archive time-stamps of one chain */
#define ERS_LISTS_MAX 64      /* partial hash trees of one time-stamp */
#define ERS_HASHES_MAX 100000 /* of one list: a data group */
#define ERS_HASH_LEN_MIN 20   /* SHA-1, the shortest that old records use */
#define ERS_ATTRIBUTES_MAX 64 /* of one time-stamp */
#define ERS_ALGS_MAX 64       /* digestAlgorithms; each at most once makes sense */

struct ers_list {
	struct view *hashes;
	size_t n;
};

/* ArchiveTimeStamp */
struct ers_stamp {
	enum digest_alg alg; /* digestAlgorithm, or that of the imprint; NONE unknown */
	struct view algorithm;  /* AlgorithmIdentifier contents of [0]; n == 0 absent */
	struct view attributes; /* [1] whole, or n == 0 */
	bool has_tree;
	struct ers_list *lists; /* reducedHashtree, first list first */
	size_t n_lists;
	struct view token; /* timeStamp, as encoded */
	struct view whole;
};

/* ArchiveTimeStampChain */
struct ers_chain {
	struct ers_stamp *stamps;
	size_t n;
	struct view whole;
};

struct ers {
	uint64_t version;
	enum digest_alg *algs; /* digestAlgorithms; NONE where unknown */
	size_t n_algs;
	struct view crypto_infos;    /* [0] whole, or n == 0 */
	struct view encryption_info; /* [1] whole, or n == 0 */
	struct ers_chain *chains;
	size_t n_chains;
	struct view sequence; /* archiveTimeStampSequence, as encoded */
	struct buf owned;     /* private */
	struct buf joined;    /* private: hashes that came in pieces */
};

/*
 * ers_parse - decode an EvidenceRecord (BER accepted, trailing bytes refused).
 * ret_er  free with ers_free(); all views point into its own copy
 * Fails:  FORMAT, TOO_LARGE, UNSUPPORTED (version) (object), NOMEM
 * Spec:   RFC 4998 3.1, 4.1, 5.1, RFC 4998 appendix B
 */
int ers_parse(struct view in, struct ers **ret_er, struct ltps_error *err) LTPS_CHECKED;
void ers_free(struct ers *er);

/* What an archive time-stamp is made of; all borrowed. */
struct ers_stamp_parts {
	enum digest_alg alg;
	const struct view *group; /* first list: one hash, or the whole data group */
	size_t n_group;           /* 0: reducedHashtree omitted */
	const struct view *path;  /* siblings, lowest first, one list each */
	size_t n_path;
	struct view token;
	struct view attributes; /* DER Attribute TLVs, concatenated; n == 0 none */
};

int ers_stamp_encode(const struct ers_stamp_parts *p, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/* ArchiveTimeStampChain from encoded time-stamps, oldest first. */
int ers_chain_encode(const struct view *stamps, size_t n, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * ers_chain_head_encode - the octets of a chain before its first token: behind them
 * follow that token (n_token octets) and n_rest octets, the further time-stamps. So
 * that what many objects share need not be kept for each.
 * p  token unused
 */
int ers_chain_head_encode(const struct ers_stamp_parts *p, size_t n_token,
			  size_t n_rest, struct buf *out,
			  struct ltps_error *err) LTPS_CHECKED;
/* ArchiveTimeStampSequence from encoded chains, oldest first. */
int ers_sequence_encode(const struct view *chains, size_t n, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;
/*
 * ers_encode - the EvidenceRecord around encoded chains; digestAlgorithms is
 * the union of algs, in their order. crypto_infos: Attribute TLVs or n == 0.
 */
int ers_encode(const struct view *chains, size_t n_chains, const enum digest_alg *algs,
	       size_t n_algs, struct view crypto_infos, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;

/*
 * ers_crypto_infos_encode - what ers_encode takes as crypto_infos: certificates
 * as certificate-values, CRLs and OCSP responses as revocation-values.
 * Fails: FORMAT (object) for an OCSP response that does not decode
 * Spec:  RFC 4998 3.1 leaves the types open; RFC 5126 6.3.3, 6.3.4
 */
struct cms_material;
int ers_crypto_infos_encode(const struct cms_material *m, struct buf *out,
			    struct ltps_error *err) LTPS_CHECKED;
/* Attribute types of cryptoInfos that we write, RFC 5126 6.3.3 and 6.3.4. */
#define OID_CERT_VALUES "1.2.840.113549.1.9.16.2.23"
#define OID_REVOCATION_VALUES "1.2.840.113549.1.9.16.2.24"
/* OCSPResponse around a BasicOCSPResponse, RFC 6960 4.2.1. */
int ers_ocsp_wrap(struct view basic, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;

/*
 * ers_in_order - whether a time-stamp of this genTime may follow one of that: ascending
 * over the whole sequence. Equal times happen; milliseconds count, so that a genTime in
 * whole seconds is before one of the same second with a fraction.
 * Spec: RFC 4998 5.1
 */
bool ers_in_order(int64_t before_ms, int64_t gen_time_ms);

/* Hash that a timestamp renewal takes: H(timeStamp as encoded). RFC 4998 5.2 */
int ers_token_hash(enum digest_alg alg, struct view token, struct digest *ret_d,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * ers_token_hash_der - the same over the DER form of the token. RFC 4998 5.2 hashes the
 * content of the field and names no encoding of it: over a token in BER some writers
 * take this one.
 * Fails: FORMAT, TOO_LARGE (object), NOMEM, CRYPTO
 */
int ers_token_hash_der(enum digest_alg alg, struct view token, struct digest *ret_d,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * ers_renewed_hash - leaf of a hash-tree renewal: H(H(d) || H(sequence of all
 * previous chains)), not sorted.
 * object_digest  H(d) with the new algorithm
 * Spec: RFC 4998 5.2 step 4 (its figure 4 says sorted; nobody does)
 */
int ers_renewed_hash(const struct digest *object_digest, struct view sequence,
		     struct digest *ret_d, struct ltps_error *err) LTPS_CHECKED;

#endif
