/* SPDX-License-Identifier: Apache-2.0 */
/* engine_private - what the processes of the engine share. Private to the room. */
#ifndef LTPS_VALIDATION_ENGINE_PRIVATE_H
#define LTPS_VALIDATION_ENGINE_PRIVATE_H

#include "validation/engine.h"
#include "validation/poe.h"

struct engine {
	const struct engine_input *in;
	struct report *report;   /* being filled */
	struct poe_set *poes;    /* of 5.6: proofs so far */
	struct sig_cache *cache; /* the input's, or its own */
	struct sig_cache *own_cache;
	/* A file with archive time-stamps, records or proofs from outside: 5.6.3 is
	 * worth trying, since what one of them covers may serve any of its time-stamps.
	 */
	bool long_term;
	/* Of each time-stamp what 5.6.3.4 step 5 made of it, while the report's entry
	 * still has the outcome of 5.4, which 5.3 and 5.5 go by. */
	struct stamp_past *past;
	/* The certificate of the last time-stamp that passed 5.2.6 on its only chain:
	 * most time-stamps of a file are of one TSA, and all are judged for now. */
	struct {
		bool wanted; /* several time-stamps, and one input for all */
		struct cert_validation_result *result; /* owned; NULL: none */
		const struct cert *signer;
		int64_t time_ms;
	} last_stamp;
};

struct stamp_past {
	struct conclusion conclusion;
	struct cert_validation_result *certificate; /* owned; 5.6.2.1; NULL: not run */
	/* engine_stamp(): the time at which 5.4 ran last. */
	bool judged;
	int64_t judged_ms;
};

/* ---- outcomes (engine_conclude.c) ---- */

struct conclusion conclusion_passed(void);
/* The main indication follows from the sub-indication (tables 5 and 6). */
struct conclusion conclusion_of(enum subindication sub, const char *clause,
				const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* An outcome of 5.2.6 or 5.6.2.1 with its report data. */
struct conclusion conclusion_of_certificate(const struct cert_validation_result *r);

/* A finding of the report; beyond REPORT_FINDINGS_MAX they are dropped. */
int engine_find(struct engine *e, enum constraint_level level, const char *code,
		const char *clause, const char *object, struct ltps_error *err,
		const char *fmt, ...)
    __attribute__((format(printf, 7, 8))) LTPS_CHECKED;

/* Where constraints of one object are written down. */
struct engine_ledger {
	enum constraint_context context;
	const char *object; /* id */
	struct report_constraint **list;
	size_t *n;
};
/*
 * engine_constrain - apply a constraint: written into the ledger, below FAIL into the
 * findings too.
 * holds     what the check found
 * ret_fails true when the level is FAIL and it does not hold
 */
int engine_constrain(struct engine *e, const struct engine_ledger *l, enum constraint c,
		     bool holds, bool *ret_fails, struct ltps_error *err,
		     const char *fmt, ...)
    __attribute__((format(printf, 7, 8))) LTPS_CHECKED;
const struct constraint_rule *
engine_rule(const struct engine *e, const struct engine_ledger *l, enum constraint c);

/* ---- 5.3: basic (engine_basic.c and what it calls) ---- */

/* One run of 5.3 over a signature or over a time-stamp's signer. */
struct basic {
	const struct document_signature *signature;
	struct engine_ledger ledger;
	struct conclusion conclusion;
	const struct cert *signer;                  /* identified; NULL */
	struct cert_validation_result *certificate; /* owned; may be NULL */
	bool same_chain; /* engine_certificate(): look at the chain of `certificate`
			    alone */
	struct conclusion x509; /* X509_status of 5.3.4 step 4 */
	bool checked, intact;
	/* Of CRYPTO_CONSTRAINTS_FAILURE_NO_POE: whether it is the signature value or a
	 * signed attribute (5.5.4 step 4 c), else a certificate or status. */
	bool weak_signature;
	int64_t weak_until_ms;    /* last moment at which that was reliable */
	int64_t content_stamp_ms; /* latest genTime of a content time-stamp that passed;
				     INT64_MIN none */
};
/*
 * engine_basic - 5.3.4 at a time.
 * stamps of the signature that are content time-stamps are judged by engine_stamp()
 * b  zeroed by it; release with basic_clear()
 */
int engine_basic(struct engine *e, const struct document_signature *s,
		 const struct engine_ledger *ledger, int64_t time_ms, struct basic *b,
		 struct ltps_error *err) LTPS_CHECKED;
void basic_clear(struct basic *b);
/* 5.2.3. Candidates are the document's material, then the pools. */
int engine_identify(struct engine *e, struct basic *b,
		    struct ltps_error *err) LTPS_CHECKED;
/* 5.2.4: the signature policy named; the conclusion set when it fails. */
int engine_context(struct engine *e, struct basic *b,
		   struct ltps_error *err) LTPS_CHECKED;
/* Whether a rule's list has this value; a rule without a list allows all. */
bool engine_allows(const struct constraint_rule *rule, const char *value);
/* 5.2.6 with the policy's constraints. past: 5.6.2.1 with the engine's proofs. */
int engine_certificate(struct engine *e, const struct basic *b, int64_t time_ms,
		       bool past, struct cert_validation_result **ret,
		       struct ltps_error *err) LTPS_CHECKED;
/* 5.2.7; false in b->intact and the conclusion set when it fails. */
int engine_verify(struct engine *e, struct basic *b, struct conclusion *ret,
		  struct ltps_error *err) LTPS_CHECKED;
/* Whether the value verifies with the key of b->signer alone, before there is a path.
 * Nothing is written down. */
int engine_signed_by(struct engine *e, const struct basic *b, bool *ret,
		     struct ltps_error *err) LTPS_CHECKED;
/* 5.2.8 at a time: attributes and algorithms of the signature. */
int engine_accept(struct engine *e, struct basic *b, int64_t time_ms,
		  struct conclusion *ret, struct ltps_error *err) LTPS_CHECKED;
/* The last moment at which value, digests and signed attributes of the signature are
 * reliable; `what` names the algorithm that ends first. */
int engine_reliable_until(const struct engine *e, const struct basic *b,
			  int64_t *ret_ms, char what[64],
			  struct ltps_error *err) LTPS_CHECKED;
/* The same for all certificates and status that a path rests on (5.5.4 step 10). */
int engine_material_reliable(const struct engine *e,
			     const struct cert_validation_result *c, int64_t time_ms,
			     struct conclusion *ret,
			     struct ltps_error *err) LTPS_CHECKED;

/* ---- 5.4: time-stamps (engine_stamp.c) ---- */

/*
 * engine_stamp - 5.4 at a time: fills the report's entry. Judged once; asked again for
 * another time it is judged again.
 */
int engine_stamp(struct engine *e, size_t stamp, int64_t time_ms,
		 struct ltps_error *err) LTPS_CHECKED;
/* The basic run behind an entry, for 5.6; owned by the caller. */
int engine_stamp_basic(struct engine *e, size_t stamp, int64_t time_ms, struct basic *b,
		       struct ltps_error *err) LTPS_CHECKED;

/* ---- 5.5 and 5.6 (engine_time.c, engine_poe.c, engine_past.c, engine_lta.c) ---- */

struct with_time {
	struct basic basic;
	struct conclusion conclusion;
	int64_t best_ms; /* best_signature_time */
	int best_stamp;  /* index into the stamps; -1: now */
};
int engine_with_time(struct engine *e, size_t signature, struct with_time *ret,
		     struct ltps_error *err) LTPS_CHECKED;
void with_time_clear(struct with_time *w);
int engine_long_term(struct engine *e, size_t signature,
		     struct ltps_error *err) LTPS_CHECKED;
/* 5.5.4 step 5 and 5.6.3.4 step 8: *ret_holds false leaves the outcome in *ret. */
int engine_delay(struct engine *e, const struct basic *b, int64_t best_ms,
		 bool *ret_holds, struct conclusion *ret,
		 struct ltps_error *err) LTPS_CHECKED;
/*
 * Whether the status of a path, as it was judged, holds for an earlier time: known and
 * fresh (5.2.5) for every certificate below the anchor, and bad only from later on.
 * ret_i  the first certificate for which it does not
 */
bool engine_status_holds(const struct engine *e, const struct cert_validation_result *c,
			 int64_t time_ms, size_t *ret_i);
/* 5.6.2.3 with what passed at time_ms; by: its id, outlives the engine's proofs. */
int engine_proofs(struct engine *e, const struct document_cover *covers, size_t n,
		  int64_t time_ms, const char *by, struct ltps_error *err) LTPS_CHECKED;
/* Whether a digest serves at this time, as the policy has it for time-stamps. */
bool engine_digest_reliable(const struct engine *e, enum digest_alg alg,
			    int64_t time_ms);
/* Whether the time-stamp covers what it should: its imprint, and the index of V3. */
bool engine_stamp_fits(const struct engine *e, size_t stamp);
/* Every time-stamp of the file by 5.4, then 5.6.3.4 step 5; once, before signatures. */
int engine_stamps(struct engine *e, struct ltps_error *err) LTPS_CHECKED;
/* Where the constraints of a signature of the report are written down. */
struct engine_ledger engine_signature_ledger(struct engine *e, size_t signature);
/* 5.6.2.4 */
struct past_signature {
	struct conclusion conclusion;
	int64_t validation_time_ms;                 /* of 5.6.2.1; INT64_MIN */
	struct cert_validation_result *certificate; /* owned */
};
/*
 * What 5.6 goes by: the outcome itself, but OUT_OF_BOUNDS_NO_POE where a path is a
 * general failure only because certificates above the signer have expired. 5.2.6.4
 * step 4 has no better term for it; with proofs of existence it is as good as an
 * expired signer, and without this reading nothing would outlive its CA.
 */
enum subindication engine_past_sub(const struct conclusion *c,
				   const struct cert_validation_result *r);
int engine_past(struct engine *e, struct basic *b, const uint8_t object[32],
		const struct conclusion *current, struct past_signature *ret,
		struct ltps_error *err) LTPS_CHECKED;
/* Whether the time-stamp is of the whole file and covers this signature's value. */
bool engine_stamp_over(const struct engine *e, size_t stamp, size_t signature);
/* What a PDF says of itself, as findings (engine_pdf.c). */
int engine_pdf(struct engine *e, struct ltps_error *err) LTPS_CHECKED;
/* Where a PDF has time-stamps alone, what came behind them is their own affair; after
 * they were taken as proofs. */
int engine_pdf_stamps(struct engine *e, struct ltps_error *err) LTPS_CHECKED;
/* Every evidence record of the file, and the proofs that it gives. */
int engine_records(struct engine *e, struct ltps_error *err) LTPS_CHECKED;
/* One more need of the report, unless it is there. */
int engine_need(struct engine *e, const struct need *n,
		struct ltps_error *err) LTPS_CHECKED;
/* Certificates and status that counted, and needs, once everything is judged. */
int engine_gather(struct engine *e, struct ltps_error *err) LTPS_CHECKED;
/* level.c: what the signature holds, after it was judged. */
enum signature_level level_judge(const struct engine *e, size_t signature);

#endif
