/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scvp - the SCVP responder over this archive: its certificates and CRLs, what it
 * fetches, and the evidence it keeps for paths and status it has given out.
 *
 * What a client wants evidence for is kept as material of the service, a leaf of the
 * open tree, and its record follows when that tree is stamped (RFC 5276, DESIGN:
 * collected material is a preserved object).
 */
#ifndef LTPS_LTP_SCVP_H
#define LTPS_LTP_SCVP_H

#include "ltp/ltp.h"
#include "scvp/responder.h"

#define LTP_SCVP_NAMES_MAX SCVP_OWN_NAMES_MAX

struct ltp_scvp_options {
	struct ltp *ltp;                /* borrowed, as all that follows */
	const struct material *trust;   /* anchors, and what else is at hand */
	const struct material *clients; /* anchors for clients; NULL: none */
	const char *certificate;        /* PEM with chain, or PKCS #12 without key */
	const char *key;                /* PEM; NULL */
	const char *password_file;      /* NULL; of key or PKCS #12 */
	const char *const *names;       /* DNS names of this server */
	size_t n_names;
	const char *hindsight_policy; /* dotted; NULL: not offered */
	enum digest_alg hash;         /* default of hashAlgorithms */
	bool fetch;                   /* ask the network for what is missing */
	bool client_status; /* clients' certificates need a good status */
	bool require_authentication;
	uint32_t refused; /* SCVP_REFUSE_... */
	int64_t cache_ms;
	int64_t policy_cache_ms;
	unsigned clock_skew_min;
	/* Objects an hour that evidence is wanted for, which clients may have kept; 0:
	 * ALLOWANCE_OBJECTS */
	unsigned keep_objects;
};

struct ltp_scvp;
/*
 * ltp_scvp_new - read the key, find or make the secret and the configuration number
 * of this service in its store.
 * Fails: as reading files; ARGUMENT, UNSUPPORTED, MISMATCH (caller) for a key or
 *        certificate that does not do; as the store
 */
int ltp_scvp_new(const struct ltp_scvp_options *options, struct ltp_scvp **ret,
		 struct ltps_error *err) LTPS_CHECKED;
void ltp_scvp_free(struct ltp_scvp *s); /* NULL-safe */

/* One thread's part: caches, and what its running answer borrows. */
struct ltp_scvp_worker;
int ltp_scvp_worker_new(struct ltp_scvp *s, struct ltp_worker *w,
			struct ltp_scvp_worker **ret,
			struct ltps_error *err) LTPS_CHECKED;
void ltp_scvp_worker_free(struct ltp_scvp_worker *w); /* NULL-safe */
/*
 * ltp_scvp_answer - scvp_serve() on this thread.
 * ret_preserved  something was kept: trees have a new leaf
 * Fails: as scvp_serve()
 */
int ltp_scvp_answer(struct ltp_scvp_worker *w, struct view body, bool policy_request,
		    struct scvp_answer *answer, bool *ret_preserved,
		    struct ltps_error *err) LTPS_CHECKED;

/* Private to ltp/: certificate, chain and key from files (scvp_key.c). */
int scvp_key_read(const struct ltp_scvp_options *options, struct scvp_signer **ret,
		  struct ltps_error *err) LTPS_CHECKED;

#endif
