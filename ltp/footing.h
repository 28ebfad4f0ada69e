/* SPDX-License-Identifier: Apache-2.0 */
/*
 * footing - what the proof of a time-stamp rests on, as a row that can be judged anew
 * under any policy without the token: for each signature of the token and of its TSA's
 * path below the anchor the key (SubjectPublicKeyInfo) and AlgorithmIdentifier, and
 * each digest alone (imprint, message digest, signed attributes' reference); and the
 * path itself, so that its end, its status and its anchor can be asked for.
 *
 *   uses ::= SEQUENCE OF CHOICE { use [0] SEQUENCE { spki, algorithm,
 *                                 digest INTEGER (enum digest_alg; 0: none) },
 *                                 digest [1] INTEGER,
 *                                 certificate [2] Certificate, anchor [3] Certificate }
 * DER, explicit tags, sorted, each once: the same footing has the same octets.
 *
 * The reference of a signing-certificate attribute of version 1 is SHA-1 by definition
 * and does not count, as in engine_reliable_until(): only a second preimage would harm.
 */
#ifndef LTPS_LTP_FOOTING_H
#define LTPS_LTP_FOOTING_H

#include "storage/renewal.h"
#include "timestamping/tst.h"
#include "validation/algorithm_policy.h"
#include "validation/tsa_path.h"

struct footing_made {
	struct footing_new row; /* views into owned; weakens_ms, reason not set */
	struct buf owned;
	char tsa[STORE_TEXT_MAX + 1];
};
/*
 * footing_of_token - from a token and the chain of its TSA, signer first, the anchor
 * last or left out: what an anchor's own signature is made with does not count, its end
 * does not either (its sunset does: the plan looks at it). A last certificate that
 * signed itself is taken for the anchor. Without an anchor the key that signed the last
 * certificate is not known, and only the digest of that signature counts: give it
 * whenever it is at hand.
 * extra  further digests that the proof needs (the hash tree's); NONE ends the list;
 *        NULL: none
 * ret    release with footing_made_clear()
 * Fails: FORMAT (object) for a chain that does not decode, or a token without exactly
 *        one signer; TOO_LARGE (object); NOMEM, CRYPTO
 */
int footing_of_token(const struct tst *tst, const struct view *chain, size_t n_chain,
		     const enum digest_alg *extra, struct footing_made *ret,
		     struct ltps_error *err) LTPS_CHECKED;
/* The same for a path that was judged PASSED: its last certificate is the anchor,
 * whoever signed that. */
int footing_of_path(const struct tst *tst, const struct tsa_path_result *path,
		    const enum digest_alg *extra, struct footing_made *ret,
		    struct ltps_error *err) LTPS_CHECKED;
void footing_made_clear(struct footing_made *f); /* NULL-safe */
/* Date and reason into the row; the text is kept in owned. */
int footing_made_plan(struct footing_made *f, int64_t weakens_ms, const char *reason,
		      struct ltps_error *err) LTPS_CHECKED;

/*
 * footing_first - of a footing and its partner (0: none) the one whose date this is, as
 * tips and forms are dated by the earlier of the two.
 * ret    free with footing_clear()
 * Fails: NOT_FOUND; CORRUPT, NOMEM
 */
int footing_first(struct store_conn *conn, int64_t footing, int64_t partner,
		  int64_t weakens_ms, struct footing *ret,
		  struct ltps_error *err) LTPS_CHECKED;

/* When it weakens under a policy: the first of the certificates' end and the ends of
 * all its uses. NULL policy: certificates alone. */
struct footing_plan {
	int64_t weakens_ms;                /* INT64_MIN: never was reliable */
	char reason[STORE_REASON_MAX + 1]; /* "TSA certificate CN=... ends", "sha256" */
};
/* Fails: CORRUPT when the uses do not decode; NOMEM, CRYPTO */
int footing_weakens(const struct algorithm_policy *policy, struct view uses,
		    int64_t ends_ms, const char *tsa, struct footing_plan *ret,
		    struct ltps_error *err) LTPS_CHECKED;
/* An earlier date takes the place of the present one. */
void footing_plan_earlier(struct footing_plan *p, int64_t weakens_ms, const char *fmt,
			  ...) __attribute__((format(printf, 3, 4)));

/*
 * footing_path - the certificates in it.
 * into       MATERIAL_CERT, the anchor's among them; NULL: not wanted
 * ret_anchor NULL in it when none is known; release with cert_free(); may be NULL
 * Fails: CORRUPT; NOMEM, CRYPTO
 */
int footing_path(struct view uses, struct material *into, struct cert **ret_anchor,
		 struct ltps_error *err) LTPS_CHECKED;

/*
 * footing_shared - a certification authority, or an anchor, whose key certifies in both
 * paths: what takes it takes both time-stamps. By key, since a CA has other
 * certificates over the years. Of several the one that ends first, which is the nearest.
 * ret_name  its subject; "": they share none
 * Fails: CORRUPT; NOMEM, CRYPTO
 */
int footing_shared(struct view uses, struct view other, char ret_name[CERT_TEXT_MAX],
		   struct ltps_error *err) LTPS_CHECKED;

#endif
