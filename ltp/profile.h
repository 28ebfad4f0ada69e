/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile - preservation profiles (TS 119 512 5.4.7, Annex F) as data, read
 * from configuration text.
 */
#ifndef LTPS_LTP_PROFILE_H
#define LTPS_LTP_PROFILE_H

#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"
#include "validation/document.h"

#define PROFILES_MAX 64
#define PROFILE_LIST_MAX 32

enum storage_model { WITH_STORAGE, WITH_TEMPORARY_STORAGE, WITHOUT_STORAGE };

/* What becomes of an object at the end of its preservation period. */
enum period_end { PERIOD_KEEP, PERIOD_DELETE };

/* What becomes of a signed object whose signature is TOTAL-FAILED. */
enum profile_failed { FAILED_REFUSE, FAILED_KEEP };

/* How unsigned objects are sealed with the key of the service. */
enum profile_seal { SEAL_NONE, SEAL_DETACHED, SEAL_ENVELOPING };

/* What proves that the object existed, of the schemes of annex F. */
enum profile_evidence {
	EVIDENCE_RECORD, /* F.1, F.2: evidence records */
	EVIDENCE_FORM,   /* F.3, F.4: the signature itself, raised by time-stamps */
};

/* Evidence formats, annex A.2. */
#define URI_ER_4998 "urn:ietf:rfc:4998:EvidenceRecord"
#define URI_CADES_ATS "http://uri.etsi.org/ades/CAdES/archive-time-stamp-v3"
#define URI_PADES_DTS "http://uri.etsi.org/ades/PAdES/document-time-stamp"
/* formatId of a PO that is a record to be continued (continued.h). */
#define URI_ER_CONTINUED "urn:ltps:format:EvidenceRecord:continued"

/* TS 119 512 5.3: one bit an operation. */
enum operation {
	OP_RETRIEVE_INFO,
	OP_PRESERVE_PO,
	OP_RETRIEVE_PO,
	OP_DELETE_PO,
	OP_UPDATE_POC,
	OP_RETRIEVE_TRACE,
	OP_VALIDATE_EVIDENCE,
	OP_SEARCH,
	OP_COUNT
};

struct profile {
	const char *id;                                   /* ProfileIdentifier, URI */
	const char *scheme;                               /* SchemeIdentifier, URI */
	const char *specification;                        /* URI or NULL */
	const char *description;                          /* English */
	const char *goals[PROFILE_LIST_MAX];              /* URIs; NULL ends the list */
	const char *submission_formats[PROFILE_LIST_MAX]; /* PreservePO input format
				       ids; NULL ends; empty list: any format */
	const char *po_formats[PROFILE_LIST_MAX]; /* RetrievePO output formats; the
				       first is the default; "" = as submitted */
	const char *evidence_formats[PROFILE_LIST_MAX]; /* first is the default */
	const char *evidence_policy;                    /* URI */
	const char *signature_policy; /* id of the validation policy that signatures
					 are judged by; NULL: they are not judged */
	enum profile_failed on_failed;
	enum signature_level augment; /* to which level they are raised; LEVEL_NONE */
	enum profile_seal seal;
	enum storage_model storage;
	enum profile_evidence evidence; /* what proves: by the scheme */
	/* Digests that may be submitted in the place of data (WithTemporaryStorage);
	 * NONE ends the list. */
	enum digest_alg list_algs[DIGEST_ALG_COUNT];
	/* Annex H: new archive time-stamps say by whom, under which policy and which
	 * profile they were made. */
	bool evidence_attributes;
	unsigned operations; /* bit per enum operation */
	int64_t valid_from_ms;
	int64_t valid_until_ms; /* INT64_MAX when open */
	struct duration period; /* preservation period; of WithTemporaryStorage that for
				   which evidence is held (PreservationEvidence-
				   RetentionPeriod) */
	enum period_end period_end;
	struct duration expected_evidence_duration; /* zero: not told */
	enum digest_alg digest;                     /* of the tree */
	uint64_t tree_max_leaves; /* a tree closes at the first limit reached */
	int64_t tree_max_age_ms;
	uint64_t tree_max_bytes;
	uint64_t max_po_bytes; /* of one PO */
	uint64_t max_pos;      /* of one request */
	void *owned;           /* private */
};

/*
 * profile_parse - one profile file (section [profile], conf.h syntax).
 * ret_p  free with profile_free()
 * Fails: FORMAT (caller) with file and line, also for what contradicts its scheme;
 *        UNSUPPORTED for a scheme that this build does not implement
 */
int profile_parse(struct view text, const char *name, struct profile **ret_p,
		  struct ltps_error *err) LTPS_CHECKED;
void profile_free(struct profile *p);
/* All profiles built into the program (policies/profile-*.conf). */
int profile_builtin(struct profile **ret_list, size_t max, size_t *ret_n,
		    struct ltps_error *err) LTPS_CHECKED;
bool profile_active(const struct profile *p, int64_t now_ms);
const char *operation_name(enum operation op);        /* "PreservePO" */
const char *storage_model_name(enum storage_model m); /* "WithStorage" */

#endif
