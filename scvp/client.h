/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client - the asking side of RFC 5055 and RFC 5276: requests from plain options,
 * and every check that a response must pass before its word counts. Pure, but for
 * scvp_post().
 *
 *   scvp_ask_make (client_ask.c)      options to request bytes
 *   scvp_post (client_post.c)         the exchange over HTTP
 *   scvp_judge (client.c)             response bytes to a judgement
 *     client_protect.c   signature, server certificate
 *     client_echo.c      what must come back as it was sent
 *     client_policy.c    the policy is the one asked for
 *     client_reply.c     one report a certificate
 *     client_want.c      paths, revocation information
 *     client_evidence.c  evidence records (RFC 5276)
 *   client_report.c      JSON and text
 */
#ifndef LTPS_SCVP_CLIENT_H
#define LTPS_SCVP_CLIENT_H

#include "base/fetch.h"
#include "base/jsonw.h"
#include "scvp/envelope.h"
#include "validation/ers_verify.h"
#include "validation/path.h"

#define SCVP_FINDINGS_MAX 128
/* Octets of a request nonce: profiles ask for 16 to 64. */
#define SCVP_NONCE_LEN 32
/* Paths of all-cert-paths that are looked at. */
#define SCVP_PATHS_MAX 64
/* Evidence records of one reply. */
#define SCVP_EVIDENCE_MAX 64

/* --- asking --- */

/* What is to be asked; zeroed is a question about nothing. Everything borrowed. */
struct scvp_ask {
	const struct scvp_cert_ref *certs;
	size_t n_certs;
	uint32_t checks; /* bits 1 << enum scvp_check_id; at least one */
	uint32_t wants;  /* bits 1 << enum scvp_want_id */
	/* id n == 0: the default policy (id-svp 1). */
	struct scvp_policy policy;
	bool has_time;
	int64_t time_ms; /* validationTime; cut to whole seconds */
	struct scvp_list intermediates;
	const struct scvp_rev_info *rev_infos;
	size_t n_rev_infos;
	bool full_request;    /* fullRequestInResponse */
	bool policy_by_value; /* not by reference */
	bool unprotected;     /* an unsigned response is welcome */
	bool fresh_only;      /* no cached response */
	bool has_oldest;
	int64_t oldest_ms; /* producedAt: of cached responses */
	struct view nonce;
	struct view context;
	struct scvp_list requestor_ref; /* GeneralNames */
	struct view requestor_name;     /* GeneralName */
	struct view responder_name;
	enum digest_alg hash; /* of requestHash; NONE: the server's default */
	struct view text;
	const struct scvp_signer *signer; /* NULL: a bare request */
};

/* A request as it is sent, and read back from these very bytes. */
struct scvp_asked {
	struct buf body; /* the CMS message */
	struct scvp_envelope *envelope;
	struct scvp_request *request;
};
/*
 * scvp_ask_make - the request.
 * Fails: ARGUMENT (caller) without certificates or checks, or an evidence record
 *        without the wantBack that it is about (RFC 5276 4); TOO_LARGE, NOMEM, CRYPTO
 * Spec:  RFC 5055 3, RFC 5276 4
 */
int scvp_ask_make(const struct scvp_ask *ask, struct scvp_asked **ret,
		  struct ltps_error *err) LTPS_CHECKED;
/* One that was stored. Fails: FORMAT, UNSUPPORTED, TOO_LARGE (object), NOMEM */
int scvp_asked_read(struct view body, struct scvp_asked **ret,
		    struct ltps_error *err) LTPS_CHECKED;
void scvp_asked_free(struct scvp_asked *a); /* NULL-safe */

/*
 * scvp_post - one exchange over HTTP.
 * policy  a ValPolRequest, else a CVRequest
 * ret     a buffer made with SCVP_RESPONSE_MAX
 * Fails:  REMOTE for a status other than 200 or another media type, else as fetch_do
 * Spec:   RFC 5055 B
 */
int scvp_post(struct fetch *fetch, const char *url, bool policy, struct view body,
	      struct buf *ret, struct ltps_error *err) LTPS_CHECKED;

/* --- judging --- */

/* Everything that can be said against a response; names and clauses are in
 * client_code.c, in this order. */
enum scvp_code {
	SCVP_CODE_OK = 0,
	/* the message */
	SCVP_CODE_UNREADABLE,
	SCVP_CODE_NOT_A_RESPONSE, /* another SCVP message */
	SCVP_CODE_VERSION,
	SCVP_CODE_SERVER_ERROR,  /* responseStatus */
	SCVP_CODE_ERROR_CONTENT, /* an error response with replies or a policy */
	SCVP_CODE_EXTENSION,     /* an unknown critical one */
	/* its protection */
	SCVP_CODE_UNPROTECTED,
	SCVP_CODE_MAC,     /* AuthenticatedData, which we share no key for */
	SCVP_CODE_SIGNERS, /* not exactly one SignerInfo */
	SCVP_CODE_UNSIGNED_ATTRIBUTES,
	SCVP_CODE_SIGNED_ATTRIBUTES, /* missing, twice, or not fitting */
	SCVP_CODE_NO_SIGNER_CERT,
	SCVP_CODE_SIGNATURE,
	SCVP_CODE_SIGNATURE_UNSUPPORTED,
	SCVP_CODE_SERVER_USAGE, /* usages of its certificate; no SCVP server's */
	SCVP_CODE_SERVER_PATH,  /* not valid under the anchors */
	/* echoes */
	SCVP_CODE_NONCE,
	SCVP_CODE_NOT_FRESH, /* cached, where a fresh answer was asked for */
	SCVP_CODE_PRODUCED_FUTURE,
	SCVP_CODE_PRODUCED_OLD,
	SCVP_CODE_REQUEST_REF,
	SCVP_CODE_REQUESTOR_REF,
	SCVP_CODE_REQUESTOR_TEXT,
	SCVP_CODE_CONTEXT, /* serverContextInfo beside all paths */
	/* policy */
	SCVP_CODE_POLICY_MISSING,
	SCVP_CODE_POLICY_OTHER,
	SCVP_CODE_POLICY_CHANGED,    /* a parameter is not the one asked for */
	SCVP_CODE_POLICY_INCOMPLETE, /* by value, not every item */
	/* replies */
	SCVP_CODE_REPLY_COUNT,
	SCVP_CODE_REPLY_CERT,   /* about another certificate, or out of order */
	SCVP_CODE_REPLY_STATUS, /* a number that RFC 5055 does not name */
	SCVP_CODE_REPLY_CHECKS,
	SCVP_CODE_REPLY_CONTRADICTS,
	SCVP_CODE_REPLY_TIME,
	SCVP_CODE_REPLY_OUTDATED, /* past its nextUpdate */
	SCVP_CODE_REPLY_ERRORS,   /* validationErrors with success */
	/* wantBacks */
	SCVP_CODE_WANTS,
	SCVP_CODE_WANT_FORMAT,
	SCVP_CODE_WANT_EMPTY,
	SCVP_CODE_PATH_START,
	SCVP_CODE_PATH_ORDER,
	SCVP_CODE_PATH_SIGNATURE,
	SCVP_CODE_PATH_ANCHOR, /* ends elsewhere than at an anchor asked for */
	SCVP_CODE_REVOCATION_KIND,
	SCVP_CODE_REVOCATION_MISSING, /* none about a certificate of the path */
	SCVP_CODE_PUBLIC_KEY,
	SCVP_CODE_EVIDENCE_FORMAT,
	SCVP_CODE_EVIDENCE_TARGET, /* of a wantBack that is not there */
	SCVP_CODE_EVIDENCE_INVALID,
	/* notes: not against it */
	SCVP_CODE_NOTE_SKIPPED,
	SCVP_CODE_NOTE_CACHED,
	SCVP_CODE_NOTE_SERVER_STATUS, /* nothing known of the server's revocation */
	SCVP_CODE_NOTE_NO_SIGNING_CERTIFICATE,
	SCVP_CODE_NOTE_SIGNED, /* though an unsigned response was asked for */
	SCVP_CODE_NOTE_HASH,   /* another hash than asked for */
	SCVP_CODE_NOTE_REQUEST_UNKNOWN,
	SCVP_CODE_NOTE_NO_EVIDENCE,
	SCVP_CODE_NOTE_EVIDENCE_UNDETERMINED,
	SCVP_CODE_COUNT
};
/* "SCVP_NONCE"; "?" out of range. Static. */
const char *scvp_code_name(enum scvp_code c);
const char *scvp_code_clause(enum scvp_code c); /* NULL when there is none */
const char *scvp_code_text(enum scvp_code c);
bool scvp_code_is_note(enum scvp_code c);

struct scvp_finding {
	enum scvp_code code;
	int reply;      /* index of the reply; -1: the response as a whole */
	char text[160]; /* what exactly; may be empty */
};

struct scvp_expect {
	/* NULL: the request is not known; only what can be said without it. */
	const struct scvp_asked *asked;
	int64_t sent_ms; /* when it was sent; 0: not known */
	int64_t now_ms;  /* when the response is judged */
	int64_t skew_ms; /* 0: RFC 5055 6.16, ten minutes */
	/* For the server's certificate. Its anchors, further certificates and status.
	 */
	const struct material *trust;
	bool server_status; /* a server without known status is not accepted */
	/* CERT: servers whose certificates need not say id-kp-scvpServer. NULL: none. */
	const struct material *servers;
	/* For the tokens of evidence records; NULL: trust. Anchors inside the response
	 * count for nothing. */
	const struct material *evidence_trust;
	struct sig_cache *cache; /* may be NULL */
};

/* One path of a reply: the target first, its last certificate is issued by an anchor.
 */
struct scvp_path {
	const struct cert *certs[PATH_CERTS_MAX];
	size_t n_certs;
	const struct cert *anchor; /* of the request, that issued the last; else NULL */
};

struct scvp_evidence {
	enum scvp_want_id want; /* what it is about; NONE: SCVP_WANT_OTHER */
	bool present;           /* false: the server has none (yet) */
	bool covered;           /* intact, and of exactly these octets */
	enum indication indication;
	const char *subindication;
	int64_t proof_ms; /* INT64_MIN: none */
};

/* What a reply says. */
struct scvp_report {
	const struct scvp_reply *reply; /* borrowed from the response */
	struct cert *target;            /* NULL: asked by reference and not returned */
	/* The server's word: VALID when each check asked for holds. Only the outcome of
	 * scvp_verdict() may be relied on. */
	enum path_status status;
	struct scvp_path best;   /* n_certs == 0: not returned */
	struct scvp_path *paths; /* of all-cert-paths */
	size_t n_paths;
	/* Every certificate, CRL and response that came with it. */
	struct material *got;
	struct scvp_evidence evidence[SCVP_EVIDENCE_MAX];
	size_t n_evidence;
};

struct scvp_judgement {
	/* Every check on the response as a whole holds; what is found against a single
	 * reply touches that one alone. */
	bool trusted;
	struct scvp_envelope *envelope; /* NULL: unreadable */
	struct scvp_response *response;
	struct cert *signer;         /* NULL: unprotected or unknown */
	struct path_result *server;  /* path of the server's certificate; may be NULL */
	struct material *server_got; /* certificates of the message */
	struct material *anchors;    /* of the request, as far as certificates */
	struct scvp_report *reports; /* one a reply */
	size_t n_reports;
	struct scvp_finding findings[SCVP_FINDINGS_MAX];
	size_t n_findings;
};

/*
 * scvp_judge - is this the answer to what was asked, complete, fresh and by a server
 * that we trust?
 * body  copied
 * ret   free with scvp_judgement_free(); expect->trust must outlive it
 * Fails: NOMEM, CRYPTO, TOO_LARGE (self) only; all else is in the findings
 * Spec:  RFC 5055 4, RFC 5276 5
 */
int scvp_judge(struct view body, const struct scvp_expect *expect,
	       struct scvp_judgement **ret, struct ltps_error *err) LTPS_CHECKED;
void scvp_judgement_free(struct scvp_judgement *j);
/* The word about one certificate, UNDETERMINED where the response is not trusted or
 * the reply is contradictory; of all of them, the worst. */
enum path_status scvp_verdict(const struct scvp_judgement *j, size_t i);
enum path_status scvp_worst(const struct scvp_judgement *j);
/* What decided against it, for people and programs; NULL when valid. Static. */
const char *scvp_why(const struct scvp_judgement *j, size_t i);
bool scvp_has_finding(const struct scvp_judgement *j, enum scvp_code code);

/* The JSON of `ltps scvp`, and a text for people. */
void scvp_judgement_json(const struct scvp_judgement *j, struct jsonw *w);
int scvp_judgement_text(const struct scvp_judgement *j, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;

/* --- policies of a server --- */

/* A ValPolRequest in its wrapper, appended. Spec: RFC 5055 5 */
int scvp_policy_ask(struct view nonce, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
struct scvp_policy_judgement {
	bool trusted;
	struct scvp_envelope *envelope;
	struct scvp_vp_response *response;
	struct cert *signer;
	struct path_result *server;
	struct material *server_got;
	struct scvp_finding findings[SCVP_FINDINGS_MAX];
	size_t n_findings;
};
/* nonce as sent; n == 0: not known. Fails: NOMEM, CRYPTO. Spec: RFC 5055 6 */
int scvp_policy_judge(struct view body, struct view nonce,
		      const struct scvp_expect *expect,
		      struct scvp_policy_judgement **ret,
		      struct ltps_error *err) LTPS_CHECKED;
void scvp_policy_judgement_free(struct scvp_policy_judgement *j);
void scvp_policy_judgement_json(const struct scvp_policy_judgement *j, struct jsonw *w);
int scvp_policy_judgement_text(const struct scvp_policy_judgement *j, struct buf *out,
			       struct ltps_error *err) LTPS_CHECKED;

/* --- names --- */

/* "path", "revocation", "ers-all"; "?" when RFC 5055 and 5276 do not name it. */
const char *scvp_want_name(enum scvp_want_id id);
enum scvp_want_id scvp_want_from_name(struct view name); /* OTHER: unknown */
/* "build", "valid", "status". */
const char *scvp_check_name(enum scvp_check_id id);
enum scvp_check_id scvp_check_from_name(struct view name);
/* "revoked", "wrongTrustAnchor", "nameMismatch"; NULL for another OID. */
const char *scvp_error_name(struct view oid);

#endif
