/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report - everything that a judgement found out, and its three forms: JSON of the
 * interfaces, a text for people, XML of ETSI TS 119 102-2 V1.4.1. The same judgement
 * gives the same octets.
 */
#ifndef LTPS_VALIDATION_REPORT_H
#define LTPS_VALIDATION_REPORT_H

#include "base/jsonw.h"
#include "validation/document.h"
#include "validation/past.h"
#include "validation/validation_policy.h"

#define REPORT_FINDINGS_MAX 1000

/* An outcome with the report data that tables 5 and 6 of EN 319 102-1 require. Texts
 * are in English; times INT64_MIN when not applicable. */
struct conclusion {
	enum indication indication;
	enum subindication sub;
	const char *clause; /* static; NULL */
	char text[256];     /* why */
	int64_t time_ms;    /* of the revocation, hold, end of the algorithm */
	int reason;         /* CRLReason; -1 */
	int64_t retry_ms;   /* of TRY_LATER */
	char algorithm[64]; /* of CRYPTO_...: "RSA 1024", "sha1"; "" */
	uint8_t object[32]; /* SHA-256 of the object concerned */
	bool has_object;
	enum constraint constraint; /* that failed; CONSTRAINT_COUNT: none */
};

/* One constraint, as it was applied or not. */
struct report_constraint {
	enum constraint constraint;
	enum constraint_level level; /* IGNORE: disabled */
	bool checked;                /* it had something to say here */
	bool holds;
	char text[160];
};

struct report_stamp {
	const struct document_stamp *stamp;
	struct conclusion conclusion; /* of 5.4, then of 5.6 where that ran */
	bool signature_intact;
	const struct cert *signer;                  /* NULL: not found */
	struct cert_validation_result *certificate; /* owned; NULL before 5.2.6 */
	int64_t poe_ms; /* lowest proof of its existence; INT64_MAX: none */
	bool counted;   /* its time and what it covers served as proofs */
	struct report_constraint *constraints;
	size_t n_constraints;
};

struct report_record {
	const struct document_record *record;
	struct ers_report *report; /* owned; NULL: it could not be read */
	bool intact;               /* itself, and it covers this file */
	enum cms_er_form form;     /* that it covers */
	struct conclusion conclusion;
	int64_t time_ms; /* proof of existence; INT64_MIN */
};

enum report_process { PROCESS_BASIC, PROCESS_LTVM, PROCESS_LTA };

struct report_signature {
	const struct document_signature *signature;
	enum report_process process;  /* the outermost that ran */
	struct conclusion conclusion; /* TOTAL-... */
	struct conclusion basic;      /* of 5.3 at the time of validation */
	bool checked;                 /* the value was verified with a certificate */
	bool signature_intact;        /* DESIGN: the value verifies */
	enum document_match references_intact;
	const struct cert *signing_certificate; /* NULL: not identified */
	struct cert_validation_result
	    *certificate;                    /* owned; 5.2.6; NULL: not reached */
	struct cert_validation_result *past; /* owned; 5.6.2.1; NULL: not run */
	int64_t best_signature_time_ms;
	const char *best_proof;     /* id of the time-stamp or record; NULL: now */
	enum signature_level level; /* that it holds */
	const char *profile;
	struct report_constraint *constraints;
	size_t n_constraints;
};

struct report_finding {
	const char *code;             /* "SIGNING_CERTIFICATE_ISSUER_SERIAL" */
	const char *clause;           /* NULL */
	enum constraint_level level;  /* FAIL, WARN, INFORM */
	char object[DOCUMENT_ID_MAX]; /* id; "" the file */
	char text[256];
};

struct report {
	/* Borrowed: document, policy and pools outlive the report. */
	const struct document *document;
	const struct validation_policy *policy;
	int64_t time_ms;            /* the time of validation: now */
	enum indication indication; /* the worst of all signatures, or of all top-level
				       time-stamps and records when there is none */
	bool nothing;               /* nothing to judge: no signature, no time-stamp */
	struct report_signature *signatures; /* as document->signatures */
	size_t n_signatures;
	struct report_stamp *stamps; /* as document->stamps */
	size_t n_stamps;
	struct report_record *records; /* as document->records */
	size_t n_records;
	struct report_finding *findings;
	size_t n_findings;
	struct need *needs; /* owned; what could change the outcome */
	size_t n_needs;
	/* Certificates, CRLs and responses that counted, each once; borrowed. */
	const struct cert **certs;
	size_t n_certs;
	const struct crl **crls;
	size_t n_crls;
	const struct ocsp **ocsps;
	size_t n_ocsps;
	struct poe_set *poes; /* owned: the proofs when it was over */
};

void report_free(struct report *r);

/* Beside the report: who asked for what. Texts NULL when unknown. */
struct report_frame {
	const char *file;    /* name of the file */
	const char *service; /* URI of the service; NULL: this program */
	const char *version; /* of the program */
	bool whole;          /* XML: put certificates, CRLs... in; else their digests */
	const struct cert *signer; /* XML: of who will sign the report; NULL: nobody */
};
/* One JSON object, as DESIGN has it and more keys. */
void report_json(const struct report *r, const struct report_frame *f, struct jsonw *j);
int report_text(const struct report *r, const struct report_frame *f, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;
/*
 * report_xml - ValidationReport of TS 119 102-2 V1.4.1, without signature. The text
 * is already in exclusive canonical form, so that whoever signs it hashes these very
 * octets.
 */
int report_xml(const struct report *r, const struct report_frame *f, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;
/* Exit status of the judging commands: 0, 1, 2; 3 nothing to judge. */
int report_exit_status(const struct report *r);

/*
 * Names and texts of whoever made a file stand in the lines of a report: what could move
 * a terminal's cursor or deceive the reader becomes '?'.
 */
void report_make_harmless(char *s, size_t n);

#endif
