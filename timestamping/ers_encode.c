/* SPDX-License-Identifier: Apache-2.0 */
/* The frozen encoding of evidence records: golden files watch its bytes. */
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "timestamping/ers.h"

/* Context tags of ArchiveTimeStamp and EvidenceRecord, RFC 4998 3.1 and 4.1. */
#define STAMP_ALGORITHM DER_ID(ASN1_CONTEXT, true, 0)
#define STAMP_ATTRIBUTES DER_ID(ASN1_CONTEXT, true, 1)
#define STAMP_TREE DER_ID(ASN1_CONTEXT, true, 2)
#define RECORD_CRYPTO_INFOS DER_ID(ASN1_CONTEXT, true, 0)

static int by_value(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

/* AlgorithmIdentifier under another tag (IMPLICIT). */
static int put_algorithm(enum digest_alg alg, uint8_t id, struct buf *out,
			 struct ltps_error *err)
{
	struct tlv t;
	struct view whole = digest_algorithm_identifier(alg);

	if (whole.n == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.1",
				 "a digest algorithm without identifier");
	if (tlv_only(whole, &t, err) != 0)
		return -1;
	return der_put(out, id, t.body, err);
}

/* One PartialHashtree in ascending order (RFC 4998 4.2, reduction step 2). */
static int put_list(const struct view *hashes, size_t n, struct buf *out,
		    struct ltps_error *err)
{
	struct view *sorted = NULL;
	size_t len = 0;
	int rc = -1;

	sorted = mem_zalloc(n, sizeof(*sorted));
	if (sorted == NULL)
		return ltps_fail_nomem(err);
	memcpy(sorted, hashes, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	for (size_t i = 0; i < n; i++)
		len += der_header_len(sorted[i].n) + sorted[i].n;
	if (der_put_header(out, DER_SEQUENCE, len, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (der_put(out, ASN1_TAG_OCTET_STRING, sorted[i], err) != 0)
			goto out;
	rc = 0;
out:
	mem_free(sorted);
	return rc;
}

static int put_tree(const struct ers_stamp_parts *p, struct buf *out,
		    struct ltps_error *err)
{
	struct buf lists = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (put_list(p->group, p->n_group, &lists, err) != 0)
		goto out;
	for (size_t i = 0; i < p->n_path; i++)
		if (put_list(&p->path[i], 1, &lists, err) != 0)
			goto out;
	rc = der_put(out, STAMP_TREE, view_buf(&lists), err);
out:
	buf_free(&lists);
	return rc;
}

/* A SET needs its members apart, to put them in DER order. */
static int put_attributes(struct view attributes, struct buf *out,
			  struct ltps_error *err)
{
	struct view members[ERS_ATTRIBUTES_MAX];
	struct tlv t;
	size_t n = 0;

	while (attributes.n > 0) {
		if (n == ERS_ATTRIBUTES_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER,
					 "RFC 4998 4.1", "too many attributes");
		if (tlv_expect(&attributes, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE,
			       "Attribute", &t, err) != 0)
			return -1;
		members[n++] = t.whole;
	}
	return der_put_set_of(out, STAMP_ATTRIBUTES, members, n, err);
}

/* Lengths that fit the algorithm, or no other verifier finds the root. */
static int check_hashes(enum digest_alg alg, const struct view *hashes, size_t n,
			struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (hashes[i].n != digest_len(alg))
			return ltps_fail(
			    err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.1",
			    "a hash of another length than the algorithm's");
	return 0;
}

static int check_parts(const struct ers_stamp_parts *p, struct ltps_error *err)
{
	if (p->n_group > ERS_HASHES_MAX || p->n_path >= ERS_LISTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, "RFC 4998 4.1",
				 "too many hashes for one archive time-stamp");
	if (p->n_group == 0 && p->n_path > 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.1",
				 "a path without a first list");
	if (check_hashes(p->alg, p->group, p->n_group, err) != 0)
		return -1;
	return check_hashes(p->alg, p->path, p->n_path, err);
}

/* The members of an archive time-stamp before its token. */
static int put_before_token(const struct ers_stamp_parts *p, struct buf *out,
			    struct ltps_error *err)
{
	if (check_parts(p, err) != 0 ||
	    put_algorithm(p->alg, STAMP_ALGORITHM, out, err) != 0)
		return -1;
	if (p->attributes.n > 0 && put_attributes(p->attributes, out, err) != 0)
		return -1;
	return p->n_group > 0 ? put_tree(p, out, err) : 0;
}

int ers_stamp_encode(const struct ers_stamp_parts *p, struct buf *out,
		     struct ltps_error *err)
{
	struct buf body = buf_make(ERS_SIZE_MAX);
	struct tlv t;
	int rc = -1;

	if (put_before_token(p, &body, err) != 0 || tlv_only(p->token, &t, err) != 0 ||
	    buf_put(&body, p->token, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

int ers_chain_head_encode(const struct ers_stamp_parts *p, size_t n_token,
			  size_t n_rest, struct buf *out, struct ltps_error *err)
{
	struct buf before = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (n_token == 0 || n_token > ERS_SIZE_MAX || n_rest > ERS_SIZE_MAX) {
		ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 5.1",
			  "%zu and %zu octets are no possible rest of a chain", n_token,
			  n_rest);
		goto out;
	}
	if (put_before_token(p, &before, err) != 0)
		goto out;
	const size_t stamp = before.n + n_token;
	const size_t chain = der_header_len(stamp) + stamp + n_rest;
	if (der_put_header(out, DER_SEQUENCE, chain, err) != 0 ||
	    der_put_header(out, DER_SEQUENCE, stamp, err) != 0)
		goto out;
	rc = buf_put(out, view_buf(&before), err);
out:
	buf_free(&before);
	return rc;
}

static int put_sequence_of(const struct view *members, size_t n, size_t max,
			   struct buf *out, struct ltps_error *err)
{
	size_t len = 0;
	if (n == 0 || n > max)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 5.1",
				 "%zu is not a possible number of members", n);
	for (size_t i = 0; i < n; i++) {
		if (members[i].n > ERS_SIZE_MAX - len)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER,
					 "RFC 4998 5.1",
					 "the evidence grows too large");
		len += members[i].n;
	}
	if (der_put_header(out, DER_SEQUENCE, len, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (buf_put(out, members[i], err) != 0)
			return -1;
	return 0;
}

int ers_chain_encode(const struct view *stamps, size_t n, struct buf *out,
		     struct ltps_error *err)
{
	return put_sequence_of(stamps, n, ERS_STAMPS_MAX, out, err);
}

int ers_sequence_encode(const struct view *chains, size_t n, struct buf *out,
			struct ltps_error *err)
{
	return put_sequence_of(chains, n, ERS_CHAINS_MAX, out, err);
}

/* The union of the algorithms, each once, in the order of first use. */
static int put_algorithms(const enum digest_alg *algs, size_t n, struct buf *out,
			  struct ltps_error *err)
{
	bool seen[DIGEST_ALG_COUNT] = { false };
	struct buf body = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	for (size_t i = 0; i < n; i++) {
		if (digest_len(algs[i]) != 0 && seen[algs[i]])
			continue;
		if (put_algorithm(algs[i], DER_SEQUENCE, &body, err) != 0)
			goto out;
		seen[algs[i]] = true;
	}
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

int ers_encode(const struct view *chains, size_t n_chains, const enum digest_alg *algs,
	       size_t n_algs, struct view crypto_infos, struct buf *out,
	       struct ltps_error *err)
{
	struct buf body = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (der_put_uint(&body, 1, err) != 0 ||
	    put_algorithms(algs, n_algs, &body, err) != 0)
		goto out;
	if (crypto_infos.n > 0 &&
	    der_put(&body, RECORD_CRYPTO_INFOS, crypto_infos, err) != 0)
		goto out;
	if (ers_sequence_encode(chains, n_chains, &body, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

int ers_token_hash(enum digest_alg alg, struct view token, struct digest *ret_d,
		   struct ltps_error *err)
{
	return digest_once(alg, token, ret_d, err);
}

int ers_renewed_hash(const struct digest *object_digest, struct view sequence,
		     struct digest *ret_d, struct ltps_error *err)
{
	uint8_t both[2 * DIGEST_MAX];
	struct digest chains;

	if (digest_once(object_digest->alg, sequence, &chains, err) != 0)
		return -1;
	memcpy(both, object_digest->p, object_digest->n);
	memcpy(both + object_digest->n, chains.p, chains.n);
	return digest_once(object_digest->alg,
			   view_of(both, object_digest->n + chains.n), ret_d, err);
}
