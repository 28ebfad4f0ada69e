/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_private - one question about one certificate, and what the files of
 * revocation share about it.
 *
 *   revocation.c         the question, nested questions, the answer
 *   revocation_words.c   what counts: the latest word, freshness, reasons covered
 *   revocation_crl.c     lists and their deltas, RFC 5280 6.3.3
 *   revocation_scope.c   distribution points against issuing distribution points
 *   revocation_ocsp.c    responses, RFC 6960 3.2 and 4.2.2.2
 *   revocation_signer.c  who signed, and that signer's own path and status
 *   revocation_need.c    where more could be had
 */
#ifndef LTPS_VALIDATION_REVOCATION_PRIVATE_H
#define LTPS_VALIDATION_REVOCATION_PRIVATE_H

#include "validation/revocation.h"

/* CAs' clocks differ from ours: a status this much in the future is not yet wrong. */
#define REVOCATION_SKEW_MS 60000
/* Distribution points of one certificate; real ones have one to four. */
#define REVOCATION_POINTS_MAX 64
/* Signers tried for one certificate whose path had to be looked for; key rollover
 * and indirect lists need two or three. */
#define REVOCATION_SIGNERS_MAX 64
/* Bits of ReasonFlags, RFC 5280 4.2.1.13. */
#define REVOCATION_REASON_BITS 9

/* CRLReason, RFC 5280 5.3.1; the same bit of ReasonFlags for the hold. */
#define REASON_HOLD 6
#define REASON_REMOVE 8
#define REASON_NONE (-1)

#define TIME_NONE INT64_MIN

/* ---- words ---- */

enum revocation_kind {
	REVOCATION_SILENT, /* nothing about this certificate, or nothing that counts */
	REVOCATION_GOOD,
	REVOCATION_HOLD,
	REVOCATION_REVOKED, /* for good */
};

enum revocation_role {
	REVOCATION_CRL_ISSUER,     /* cRLSign; may speak about itself */
	REVOCATION_OCSP_ISSUER,    /* the key that signed the certificate */
	REVOCATION_OCSP_DELEGATED, /* RFC 6960 4.2.2.2 */
};

/* A signer that was looked at: an entry of the question's memory. */
struct revocation_signer {
	const struct cert *cert;
	enum revocation_role role;
	int64_t at_ms; /* its path was judged for then */
	bool judged;
	bool entitled; /* a path to the anchor, valid then, nobody on it revoked */
	bool of_path;  /* and by a CA of the path in question: may say "good" */
	EVP_PKEY *key; /* owned; NULL when it cannot be used */
	uint8_t key_id[32];
	const struct cert *path[PATH_CERTS_MAX]; /* signer first */
	size_t n_path;                           /* 0: it is the issuer on the path */
	struct path_status_object *objects;      /* that its status rests on */
	size_t n_objects;
};

/* What one object, or a list with its delta, says. */
struct revocation_word {
	enum revocation_kind kind;
	uint16_t reasons; /* that it covers: the interim mask of 6.3.3 d */
	int64_t this_ms;
	int64_t next_ms;       /* TIME_NONE absent */
	int64_t revoked_ms;    /* TIME_NONE: not listed */
	int64_t invalidity_ms; /* TIME_NONE absent */
	int reason;
	bool fresh;
	bool kept; /* issued after the certificate's end and keeps such entries */
	enum path_source source;
	const struct crl *crl;
	const struct crl *delta;
	const struct ocsp *ocsp;
	const struct revocation_signer *signer;
};

/* The words that count so far. Copies; signers are of the question's memory. */
struct revocation_words {
	bool revoked, held;
	struct revocation_word first_revoked;  /* the earliest date */
	struct revocation_word latest_revoked; /* its reason is the reason */
	struct revocation_word hold;           /* the latest */
	/* By bit of ReasonFlags: a fresh one before a stale, a later before an
	 * earlier. */
	struct revocation_word good[REVOCATION_REASON_BITS];
	int64_t released_ms; /* latest good that covers the hold's reason */
	int64_t later_ms;    /* earliest revocation after the time asked for */
	int64_t later_invalidity_ms;
	int later_reason;
};

/* ---- the question ---- */

/* A distribution point, its cRLIssuer as a name to look lists up by. */
struct revocation_point {
	struct dist_point dp;
	bool implied;                /* 6.3.3 last paragraph: named like the issuer */
	struct view issuer_name;     /* Name TLV of cRLIssuer; n 0: cert's issuer */
	struct buf issuer_canonical; /* of issuer_name */
};

struct revocation_job {
	struct path_run *run;
	const struct revocation_query *q;
	const struct revocation_job *asker; /* on whose behalf; NULL at the top */
	const struct path_candidate *path;
	const struct cert *cert;
	const struct cert *issuer;
	struct buf issuer_coarse; /* of cert: what entries of lists are found by */
	int64_t known_ms;
	struct revocation_point points[REVOCATION_POINTS_MAX + 1];
	size_t n_points;
	struct revocation_words words;
	struct revocation_signer *signers[REVOCATION_SIGNERS_MAX];
	size_t n_signers;
	bool cut;   /* a budget or limit let something pass unseen */
	bool stale; /* a source failed for the age of its signer's own status */
};

/* As revocation_judge(), asked on behalf of another question (or NULL). */
int revocation_ask(struct path_run *run, const struct revocation_query *q,
		   const struct revocation_job *asker, struct path_cert_revocation *ret,
		   struct ltps_error *err) LTPS_CHECKED;

/* One step of the budget; false (and job->cut) when it is spent. */
bool revocation_step(struct revocation_job *job, uint32_t n);
/* 0 and the error cleared when the fault is the object's; -1 when it is ours. */
int revocation_forgive(struct ltps_error *err) LTPS_CHECKED;

/* ---- words (revocation_words.c) ---- */

void revocation_words_init(struct revocation_words *w);
/* An empty word of this time, with freshness judged. */
struct revocation_word revocation_word_of(const struct revocation_job *job,
					  enum path_source source, int64_t this_ms,
					  int64_t next_ms);
/* The certificate is listed: sets the kind by reason and dates. */
void revocation_word_listed(const struct revocation_job *job, struct revocation_word *w,
			    int64_t revoked_ms, int64_t invalidity_ms, int reason);
/* The certificate is not listed, or good: counts when issued before the certificate's
 * end, or by who keeps entries from kept_from_ms on (INT64_MAX: nobody). */
void revocation_word_unlisted(const struct revocation_job *job,
			      struct revocation_word *w, int64_t kept_from_ms);
/* Whether it would change the answer: else its signature need not be computed. */
bool revocation_word_matters(const struct revocation_job *job,
			     const struct revocation_word *w);
void revocation_word_add(struct revocation_job *job, const struct revocation_word *w);
void revocation_conclude(const struct revocation_job *job,
			 struct path_cert_revocation *ret);
/* The answer before anything is known. */
void revocation_unknown(struct path_cert_revocation *ret);

/* ---- scope (revocation_scope.c) ---- */

/* The certificate's points and the implied one; free with revocation_points_free(). */
int revocation_points_read(struct revocation_job *job,
			   struct ltps_error *err) LTPS_CHECKED;
void revocation_points_free(struct revocation_job *job);
/* Reasons for which this list speaks about the certificate: 6.3.3 b and d over all
 * points; 0 when it does not. */
int revocation_scope(struct revocation_job *job, const struct crl *crl,
		     uint16_t *ret_reasons, struct ltps_error *err) LTPS_CHECKED;
/* 6.3.3 c, 5.2.4: whether the delta can be combined with this complete list. */
bool revocation_delta_fits(const struct crl *complete, const struct crl *delta);

/* ---- sources ---- */

int revocation_ask_crls(struct revocation_job *job,
			struct ltps_error *err) LTPS_CHECKED;
int revocation_ask_ocsp(struct revocation_job *job,
			struct ltps_error *err) LTPS_CHECKED;

/* ---- signers (revocation_signer.c) ---- */

/* What is signed, and when. */
struct revocation_signed {
	struct signed_object object;
	enum revocation_role role;
	int64_t issued_ms;
	bool good; /* it says good: a signer revoked before cannot */
};

/*
 * revocation_try_signer - whether this certificate's key made the signature and
 * its holder was entitled to. ret stays NULL when not.
 */
int revocation_try_signer(struct revocation_job *job, const struct revocation_signed *s,
			  const struct cert *cert, const struct revocation_signer **ret,
			  struct ltps_error *err) LTPS_CHECKED;
/* The same signer for another object of its key: a delta. */
int revocation_signed_too(struct revocation_job *job, const struct revocation_signed *s,
			  const struct revocation_signer *signer, bool *ret,
			  struct ltps_error *err) LTPS_CHECKED;
/* Whether the key of the certificate's issuer on this path signed this certificate. */
int revocation_issued_by_key(struct revocation_job *job, const struct cert *cert,
			     bool *ret, struct ltps_error *err) LTPS_CHECKED;
void revocation_signers_free(struct revocation_job *job);

/* Candidates of the pools by their subject: zero it, then until NULL. */
struct revocation_cursor {
	size_t pool;
	int kind; /* 0 certificates, 1 anchors */
	const struct cert *last;
};
const struct cert *revocation_next_subject(const struct revocation_job *job,
					   struct revocation_cursor *cursor,
					   struct view subject_canonical);
const struct cert *revocation_next_key(const struct revocation_job *job,
				       struct revocation_cursor *cursor,
				       const uint8_t key_sha1[20]);

/* ---- needs (revocation_need.c) ---- */

int revocation_needs(struct revocation_job *job, const struct path_cert_revocation *r,
		     struct ltps_error *err) LTPS_CHECKED;

#endif
