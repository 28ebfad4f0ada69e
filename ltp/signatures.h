/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures - what becomes of the signatures of a preserved object: judged when it
 * comes, on what is at hand; then in the background judged with what can be fetched,
 * raised to the level of the profile, what is unsigned sealed; reports, new forms and
 * the material that counted kept and covered by evidence like the object itself.
 *
 *   ingest                        signatures_judge()  TOTAL-FAILED: refused
 *     job care-signatures         signatures_care()
 *       judge, augment, seal      (signatures.c)
 *       rows of the results       (signatures_keep.c), one transaction
 *       INDETERMINATE, or status is missing: the same job again later
 */
#ifndef LTPS_LTP_SIGNATURES_H
#define LTPS_LTP_SIGNATURES_H

#include "formats/format.h"
#include "ltp/augment.h"
#include "ltp/inside.h"
#include "scheduler/job.h"

/* Signed parts of one object that are judged: beyond, its verdict stays open. And parts
 * that are sealed at a time: the others follow. */
#define SIGNATURES_PARTS_MAX 256
#define SIGNATURES_VERDICT_MAX 96 /* "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND" */

/* A preservation object, submitted or stored. Texts may be NULL. */
struct signatures_part {
	struct view data;
	const char *id;
	const char *const *related;
	size_t n_related;
	const struct format *detected;
};

struct signatures_verdict {
	bool any; /* something was judged */
	enum indication worst;
	enum subindication sub;
	char text[400]; /* which part, whose signature, why */
};
void signatures_verdict_text(const struct signatures_verdict *v,
			     char out[SIGNATURES_VERDICT_MAX]);

/*
 * signatures_judge - all signed parts on what is at hand: no network.
 * Fails: NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store. A part that cannot be
 *        read is TOTAL-FAILED / FORMAT_FAILURE
 */
int signatures_judge(struct ltp_worker *w, const struct profile *p,
		     const struct signatures_part *parts, size_t n,
		     struct signatures_verdict *ret,
		     struct ltps_error *err) LTPS_CHECKED;

/*
 * signatures_care - carry out a claimed job; it is finished, or due again later, when
 * this returns 0.
 * Fails: as the store; CANCELLED
 */
int signatures_care(struct ltp_worker *w, struct job *job,
		    struct ltps_error *err) LTPS_CHECKED;

/* ---- private to signatures*.c ---- */

/* What was made of one part. */
struct cared_part {
	size_t part;       /* index into the version's parts */
	struct buf report; /* n == 0: not judged */
	struct buf made;   /* augmented or sealed form; n == 0: none */
	bool sealed;
	struct judged judged;
	struct augmented augmented;
	struct document *document;
	struct content content; /* of a detached signature, or what was sealed */
};

struct care {
	struct ltp_worker *w;
	struct job *job;
	struct object *object;
	const struct version *version;
	const struct profile *profile;
	const struct validation_policy *policy;
	int64_t now_ms;
	struct buf *data; /* by part */
	struct signatures_part *parts;
	char ***related; /* by part: its list */
	struct cared_part *cared;
	size_t n_cared;
	struct signatures_verdict verdict;
	int64_t until_ms; /* monotonic: no longer is anything fetched or begun */
	uint64_t bytes;   /* of the object, its new forms and reports */
	bool asleep;      /* its profile is configured no more */
	bool more;        /* parts are left for the next turn */
	bool incomplete;  /* something is missing: later again */
	int64_t retry_ms; /* INT64_MAX: as the policy of jobs says */
	char why[256];    /* of incomplete */
};
/* "report-x" of part x, "report-po-2" of one without a name: of no other part. */
#define FORM_ID_MAX (PO_ID_MAX + 1)
void signatures_form_id(const struct part *p, enum version_kind kind,
			char out[FORM_ID_MAX]);
/* Everything into the store, and the job finished or postponed, in one transaction. */
int signatures_keep(struct care *c, struct ltps_error *err) LTPS_CHECKED;

#endif
