/* SPDX-License-Identifier: Apache-2.0 */
/* demand - a request checked against what we offer: what exactly is to be done, or
 * which status answers it. Private to the room. */
#ifndef LTPS_SCVP_DEMAND_H
#define LTPS_SCVP_DEMAND_H

#include "scvp/read.h"
#include "scvp/responder.h"

/* Paths already given, by hash: what serverContextInfo remembers. */
#define CONTEXT_PATHS_MAX 64

struct path_hash {
	uint8_t p[32];
};
struct path_hashes {
	struct path_hash h[CONTEXT_PATHS_MAX];
	size_t n;
};

struct demand {
	const struct scvp_config *config;
	const struct scvp_archive *archive;
	const struct scvp_exchange *exchange;
	const struct scvp_request *request;
	struct scvp_arena *arena; /* owns what replies point to */

	bool authenticated;
	const struct cert *client; /* of a verified signature; NULL */
	bool protect;
	const struct scvp_signer *signer;
	size_t alg;   /* of signer */
	bool skipped; /* non-critical extensions were ignored */

	bool checks[SCVP_CHECK_AC_STATUS + 1];
	bool wants[SCVP_WANT_COUNT];
	bool needs_revocation; /* a check or a wantBack does */
	bool many_paths;       /* alternatives are of use */

	const struct scvp_policy_config *policy_config;
	struct scvp_policy policy; /* values of the request, the rest from the policy;
				      without anchors */
	struct cert **anchors;     /* of the request, owned */
	size_t n_anchors;
	bool by_name; /* nameValAlg */
	struct scvp_name_params names;

	int64_t time_ms;
	int64_t known_ms;
	bool historical;
	struct material *extra; /* intermediateCerts and revInfos; NULL: none */

	uint8_t identity[32];     /* of the query, for the context */
	struct path_hashes given; /* from the context */
	struct path_hashes next;  /* for the next one */
	bool more_paths;
	size_t value_octets; /* of wantBacks so far, all replies */
	bool settled;        /* every reply is one that time alone does not change */
	int64_t until_ms;
	const char *text; /* errorMessage; static; NULL */
};

/*
 * demand_make - all checks of a request that do not look at the certificates.
 * d    config, archive, exchange, request, arena, authenticated, client are given
 * ret  OKAY, or the status of an error response
 * Release with demand_clear() in either case.
 */
int demand_make(struct demand *d, enum scvp_status *ret,
		struct ltps_error *err) LTPS_CHECKED;
void demand_clear(struct demand *d);
/* policy.c: request and policy become one. */
int demand_policy(struct demand *d, enum scvp_status *ret,
		  struct ltps_error *err) LTPS_CHECKED;
/* RespValidationPolicy of the answer. by_value: everything populated. */
int demand_policy_value(const struct demand *d, bool by_value, struct scvp_policy *ret,
			struct ltps_error *err) LTPS_CHECKED;
/* The default values of a policy, all populated; allocated in the arena. */
int policy_populate(const struct scvp_config *c, const struct scvp_policy *values,
		    struct scvp_arena *arena, struct scvp_policy *ret,
		    struct ltps_error *err) LTPS_CHECKED;

/* A certificate by reference, from the request itself or the archive; NULL: unknown. */
int demand_find(const struct demand *d, const struct scvp_cert_id *id,
		struct cert **ret, struct ltps_error *err) LTPS_CHECKED;

/* reply.c: the answer about one certificate. */
int reply_make(struct demand *d, const struct scvp_cert_ref *ref,
	       struct scvp_reply *ret, struct ltps_error *err) LTPS_CHECKED;

/* want.c */
struct found_paths {
	const struct path_candidate *paths[PATH_ALTERNATIVES_MAX + 1]; /* best first */
	size_t n;
};
/* Fills in reply->want_backs. *ret_satisfied false: some cannot be given. */
int want_make(struct demand *d, const struct cert *target,
	      const struct found_paths *paths, struct scvp_reply *reply,
	      bool *ret_satisfied, struct ltps_error *err) LTPS_CHECKED;
/* The DER CertBundle of a path from its certificate `from` on, without the anchor. */
int want_bundle(const struct path_candidate *c, size_t from, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

/* names.c: the name validation algorithm on one certificate. *ret_error: an id-nvae
 * OID, absent when the names match. */
int names_check(const struct scvp_name_params *p, const struct cert *target,
		struct view *ret_error, struct ltps_error *err) LTPS_CHECKED;

/* context.c */
int context_identity(const struct scvp_request *q, uint8_t ret[32],
		     struct ltps_error *err) LTPS_CHECKED;
int context_path_hash(const struct path_candidate *c, struct path_hash *ret,
		      struct ltps_error *err) LTPS_CHECKED;
bool context_has(const struct path_hashes *h, const struct path_hash *one);
void context_add(struct path_hashes *h, const struct path_hash *one);
/* False when it is not one of ours for this query. */
bool context_read(const struct scvp_config *c, const uint8_t identity[32],
		  struct view in, struct path_hashes *ret);
int context_write(const struct scvp_config *c, const uint8_t identity[32],
		  const struct path_hashes *h, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;

/* policy_answer.c: a ValPolResponse, not yet wrapped. nonce n == 0: cached form. */
int policy_answer(const struct scvp_config *c, struct view nonce, int64_t now_ms,
		  struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
