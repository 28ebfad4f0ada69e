/* SPDX-License-Identifier: Apache-2.0 */
/*
 * responder - the answering side of RFC 5055 and RFC 5276: request bytes to response
 * bytes. A pure function of its configuration, what the archive knows, and a time.
 *
 *   scvp_respond (responder.c)
 *     envelope.c   unwrap, verify the client's signature
 *     request.c    decode
 *     demand.c     what exactly is asked, or which CVStatusCode answers it
 *     reply.c      one CertReply a certificate: judge, map to statuses and errors
 *     want.c       paths, revocation information, evidence records
 *     response.c   encode; envelope.c: sign
 */
#ifndef LTPS_SCVP_RESPONDER_H
#define LTPS_SCVP_RESPONDER_H

#include "scvp/envelope.h"
#include "validation/path.h"

#define SCVP_POLICIES_MAX 16 /* that one service offers */
#define SCVP_SIGNERS_MAX 8
#define SCVP_OWN_NAMES_MAX 8
#define SCVP_CONTEXT_KEY 32

/*
 * What the responder needs from whoever keeps certificates and evidence. Functions
 * that are NULL: the archive cannot do that. All run on the caller's thread.
 */
struct scvp_archive {
	void *arg;
	/* path_judge over the archive's own pools, behind those of the input; may also
	 * fetch what is missing. What the result borrows must stay until done(). */
	int (*judge)(void *arg, const struct path_input *in, struct path_result **ret,
		     struct ltps_error *err);
	void (*done)(void *arg);
	/* A certificate by issuer and serial number whose hash is id->hash.
	 * ret  NULL when it is not known; cert_free() */
	int (*find)(void *arg, const struct scvp_cert_id *id, struct cert **ret,
		    struct ltps_error *err);
	/* Keep these octets as a preserved object of the service itself, once; evidence
	 * comes later. */
	int (*preserve)(void *arg, struct view object, struct ltps_error *err);
	/* The EvidenceRecord that covers exactly these octets, appended; *ret_found
	 * false when there is none (yet). */
	int (*evidence)(void *arg, struct view object, struct buf *out, bool *ret_found,
			struct ltps_error *err);
};

/* Parameters that a policy does not let a request change. */
#define SCVP_FIXED_ALG 0x01
#define SCVP_FIXED_USER_POLICIES 0x02
#define SCVP_FIXED_INHIBIT_MAPPING 0x04
#define SCVP_FIXED_EXPLICIT 0x08
#define SCVP_FIXED_INHIBIT_ANY 0x10
#define SCVP_FIXED_ANCHORS 0x20
#define SCVP_FIXED_KEY_USAGES 0x40
#define SCVP_FIXED_EXTENDED 0x80
#define SCVP_FIXED_SPECIFIED 0x100

struct scvp_policy_config {
	struct view id; /* contents octets */
	/* Defaults. Absent items: basic algorithm, anyPolicy, FALSE, the trust anchors
	 * of the service, no usages asked. anchors are not looked at. */
	struct scvp_policy values;
	uint32_t fixed; /* SCVP_FIXED_... */
	/* A past validationTime is judged with what is known now (a later revocation
	 * with an earlier invalidity date is seen), not with what was known then. */
	bool hindsight;
};

/* Optional services that an operator may refuse. */
#define SCVP_REFUSE_FULL_REQUEST 0x01
#define SCVP_REFUSE_POLICY_BY_VALUE 0x02
#define SCVP_REFUSE_INHIBIT_MAPPING 0x04
#define SCVP_REFUSE_EXPLICIT 0x08
#define SCVP_REFUSE_INHIBIT_ANY 0x10
#define SCVP_REFUSE_VALIDATION_TIME 0x20
#define SCVP_REFUSE_DEFAULT_POLICY 0x40

/* Everything is borrowed and only read: may be shared by threads. */
struct scvp_config {
	struct scvp_signer *const *signers; /* the first by default; none: responses
					       cannot be protected */
	size_t n_signers;
	/* The default policy (id-svp 1) must be the first. */
	const struct scvp_policy_config *policies;
	size_t n_policies;
	/* GeneralName TLVs by which a relay would know us; the signers' subjects count
	 * too. */
	const struct view *own_names;
	size_t n_own_names;
	struct view config_id; /* INTEGER contents: serverConfigurationID */
	unsigned clock_skew_min;
	const enum digest_alg *hashes; /* hashAlgorithms, the first by default */
	size_t n_hashes;
	const struct material *trust;        /* default anchors */
	const struct material *client_trust; /* for clients' certificates; may be NULL:
						nobody is authenticated */
	bool client_no_revocation;           /* their status is not asked for */
	bool require_authentication;
	const struct view *auth_policies; /* OIDs to announce */
	size_t n_auth_policies;
	bool relays;      /* wantBack 9 is answered, with an empty sequence */
	uint32_t refused; /* SCVP_REFUSE_... */
	uint8_t context_key[SCVP_CONTEXT_KEY];
	int64_t cache_ms; /* longest life of a cached answer */
	int64_t
	    vp_cache_ms; /* life of a policy response; 0: each answers one request */
};

/*
 * scvp_config_check - what cannot work is said at the start.
 * Fails: ARGUMENT (caller)
 */
int scvp_config_check(const struct scvp_config *c, struct ltps_error *err) LTPS_CHECKED;
/* SHA-256 over what serverConfigurationID stands for: RFC 5055 6.4. */
int scvp_config_digest(const struct scvp_config *c, struct digest *ret,
		       struct ltps_error *err) LTPS_CHECKED;

/* What one exchange brings along. */
struct scvp_exchange {
	struct view body;
	bool policy_request; /* by its media type */
	bool secure;         /* over TLS: errors are not signed then */
	int64_t now_ms;
};

struct scvp_answer {
	struct buf body; /* made with SCVP_RESPONSE_MAX by the caller */
	/* Nothing to send: the request for policies could not be read, and a
	 * ValPolResponse has no status to say so. */
	bool bad_policy_request;
	enum scvp_status status;
	bool cached; /* came from the cache */
	/* For the cache: may be given again until then; 0: never. */
	int64_t until_ms;
};

/*
 * scvp_respond - one response to any bytes. Every defect of the request is a response
 * with its status; so is a failure of ours (internalError) where one can be made.
 * Fails: NOMEM, CRYPTO (self) when not even that is possible
 * Spec:  RFC 5055 3 to 7, RFC 5276
 */
int scvp_respond(const struct scvp_config *c, const struct scvp_archive *archive,
		 const struct scvp_exchange *x, struct scvp_answer *answer,
		 struct ltps_error *err) LTPS_CHECKED;

/*
 * Answers that may be given again, of one thread. A request without nonce, text and
 * protection is answered by the same bytes until the earliest nextUpdate of what the
 * answer rests on, at most config->cache_ms.
 */
struct scvp_cache;
#define SCVP_CACHE_ENTRIES_MAX 4096
#define SCVP_CACHE_BYTES_MAX ((size_t)32 << 20) /* answers held by one thread */
int scvp_cache_new(struct scvp_cache **ret, struct ltps_error *err) LTPS_CHECKED;
void scvp_cache_free(struct scvp_cache *c);
/* scvp_respond with a cache (which may be NULL) in front. */
int scvp_serve(const struct scvp_config *c, const struct scvp_archive *archive,
	       struct scvp_cache *cache, const struct scvp_exchange *x,
	       struct scvp_answer *answer, struct ltps_error *err) LTPS_CHECKED;

/* Whether the reference names this certificate: serial number, and issuer where one
 * is named. Its hash is compared by who calls. RFC 5055 3.2.1 */
int scvp_id_names(const struct scvp_cert_id *id, const struct cert *c, bool *ret,
		  struct ltps_error *err) LTPS_CHECKED;

/* A CVResponse with this status alone, for who cannot even begin (tooBusy). */
int scvp_refusal(const struct scvp_config *c, enum scvp_status status, int64_t now_ms,
		 struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
