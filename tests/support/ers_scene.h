/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ers_scene - evidence records with real tokens of a small PKI, at chosen
 * times, of any shape; and what the verifier says of them.
 */
#ifndef LTPS_TESTS_ERS_SCENE_H
#define LTPS_TESTS_ERS_SCENE_H

#include "tests/support/ers_make.h"
#include "tests/support/pki_fixture.h"
#include "validation/ers_verify.h"

/* Days after FIX_T0_MS. */
#define DAY(n) (FIX_T0_MS + (n)*FIX_DAY_MS)

struct scene {
	struct fix_pki pki;
	struct material *material; /* root as anchor, the issuing CA */
	const struct algorithm_policy *policy; /* NULL: none */
};

struct scene scene_new(void);
void scene_free(struct scene *s);
/* CRLs of both CAs, issued on that day, revoked_or_null in the issuing one. */
void scene_crls(struct scene *s, int64_t day,
		const struct fix_revoked *revoked_or_null);

struct scene_list {
	const struct digest *h;
	size_t n;
};

struct scene_stamp {
	enum digest_alg alg;          /* digestAlgorithm; NONE: left out */
	struct scene_list lists[4];   /* up to the first with n == 0 */
	const struct digest *imprint; /* NULL: the root of the lists, as everybody
					 computes it */
	int64_t day;
	const struct tsp_deviation *deviation;
	const struct fix_cert *tsa; /* NULL: that of the scene */
	struct view material;       /* put into the token: a CRL, or n == 0 */
	struct view ocsp;           /* the same, an OCSPResponse */
	bool ber; /* the token's outermost length is indefinite, X.690 8.1.3.6 */
};

/* An ArchiveTimeStamp; a copy of its token goes to ret_token_or_null. */
struct buf scene_stamp_make(const struct scene *s, const struct scene_stamp *o,
			    struct buf *ret_token_or_null);
/* Chain and sequence of consumed parts; then the record. */
struct buf scene_record(size_t n_chains, ...);
/* One chain of one time-stamp over these lists. */
struct buf scene_simple(const struct scene *s, const struct scene_stamp *o);
/* Hash of a token, or of chains for a hash-tree renewal. */
struct digest scene_token_hash(enum digest_alg alg, const struct buf *token);
struct digest scene_renewed(const struct digest *object, const struct buf *chain);

/* Objects are texts: their data and their names. Frees the record. */
struct ers_report *scene_verify(const struct scene *s, struct buf record, int64_t day,
				size_t n_objects, ...);
struct ers_report *scene_verify_objects(const struct scene *s, struct buf record,
					int64_t day, const struct ers_object *objects,
					size_t n);
bool scene_has_finding(const struct ers_report *r, const char *code);
/* Checks intact, indication and sub-indication (NULL: none) and frees. */
void scene_expect(struct ers_report *r, bool intact, enum indication indication,
		  const char *subindication);

#endif
