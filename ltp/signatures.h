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
#include "ltp/footing.h"
#include "ltp/inside.h"
#include "scheduler/job.h"
#include "storage/signature.h"
#include "storage/term.h"

/* Signed parts of one object that are judged: beyond, its verdict stays open. And parts
 * that are sealed at a time: the others follow. */
#define SIGNATURES_PARTS_MAX 256
#define CARE_BYTES_MAX                                                                 \
	((uint64_t)2 << 30)       /* an object with its new forms and reports */
#define SIGNATURES_VERDICT_MAX 96 /* "INDETERMINATE/NO_CERTIFICATE_CHAIN_FOUND" */

/* A preservation object, submitted or stored. Texts may be NULL. */
struct signatures_part {
	bool known; /* judged as part of an earlier version: not by signatures_judge(),
		       and its data may be left out unless a judged one is about it */
	bool absent; /* was here once: a signature about it has no content */
	struct view data;
	const char *id;
	const char *const *related;
	size_t n_related;
	const struct format *detected;
};

/* Who signed what, for searches; as rows of storage/signature.h. */
struct signatures_fact {
	size_t part; /* index */
	char subject[SIGNATURE_SUBJECT_MAX + 1];
	char verdict[SIGNATURES_VERDICT_MAX];
};
/* Beyond SIGNATURE_ROWS_MAX the others are left out. */
struct signatures_facts {
	struct signatures_fact *list;
	size_t n, cap;
};
void signatures_facts_clear(struct signatures_facts *f);
/* Written down for a version whose parts these are. On the writer's thread. */
int signatures_facts_keep(struct store_conn *conn, int64_t version,
			  const struct signatures_facts *f,
			  struct ltps_error *err) LTPS_CHECKED;

/* "a b c" as a list, NULL for none; free with signatures_related_free(). */
int signatures_related(const char *text, char ***ret, size_t *ret_n,
		       struct ltps_error *err) LTPS_CHECKED;
void signatures_related_free(char **list);

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
 * proof_ms  since when the parts are proven to exist; INT64_MAX: they are not
 * facts     added to; free with signatures_facts_clear(), also after a failure
 */
int signatures_judge(struct ltp_worker *w, const struct profile *p,
		     const struct signatures_part *parts, size_t n, int64_t proof_ms,
		     struct signatures_verdict *ret, struct signatures_facts *facts,
		     struct ltps_error *err) LTPS_CHECKED;
/* The part that the detached signature in another is about, among these; NULL: none.
 * Whether it is detached, only its reader knows. */
const struct signatures_part *signatures_content(const struct signatures_part *parts,
						 size_t n, size_t signature);

/*
 * signatures_care - carry out a claimed job; it is finished, or due again later, when
 * this returns 0.
 * Fails: as the store; CANCELLED
 */
int signatures_care(struct ltp_worker *w, struct job *job,
		    struct ltps_error *err) LTPS_CHECKED;

/* ---- private to signatures*.c ---- */

/* How parts are judged. */
struct signatures_judging {
	struct ltp_worker *w;
	const struct validation_policy *policy;
	struct path_budget budget;
	bool network;
	int64_t now_ms;
	int64_t proof_ms; /* since when the object is proven to exist; INT64_MAX: not */
};

/* What a form stands on. */
struct signatures_stand {
	bool known;                 /* footing is set */
	bool paired;                /* partner is set too */
	struct footing_made footing; /* of its last time-stamp */
	struct footing_made partner; /* of the one under it, by another authority */
};

/* What was made of one part. */
struct cared_part {
	size_t part;       /* index into the version's parts */
	struct buf report; /* n == 0: not judged */
	struct buf made;   /* augmented or sealed form; n == 0: none */
	bool sealed;
	struct judged judged;
	struct augmented augmented;
	struct document *document;
	struct content content;      /* of a detached signature, or what was sealed */
	struct buf form;       /* the newest form, when that is raised */
	struct augmented half; /* of augmented, before its last time-stamp */
	struct augmented base[2]; /* where two more were made: the same before them */
	bool dim; /* an authority of this turn will prove nothing in the end */
	int64_t again_ms; /* of dim: when newer status may be had; INT64_MIN: now */
	struct signatures_stand stand; /* of `made` */
	int64_t waits; /* version of forms that waits for an authority; 0: none */
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
	struct signatures_facts facts;
	int64_t until_ms;   /* monotonic: no longer is anything fetched or begun */
	bool due;           /* a form weakens, or waited long enough: all are raised */
	int64_t holds_ms;   /* until then each stands on something */
	uint64_t bytes;     /* of the object, its new forms and reports */
	bool asleep;        /* its profile is configured no more */
	bool more;          /* parts are left for the next turn */
	bool incomplete;    /* something is missing: later again */
	bool soon;          /* it may be there at any time: a source failed */
	int64_t retry_ms;   /* INT64_MAX: as the policy of jobs says */
	char why[256];      /* of incomplete */
};

bool signatures_is_pdf(const struct signatures_part *p);
/* Of the signed formats, those that can be judged so far. */
int signatures_is_judged(const struct signatures_part *p, bool *ret,
			 struct ltps_error *err) LTPS_CHECKED;
/* What carries no signature, time-stamp or evidence of its own. A PDF: when it is not
 * judged. */
bool signatures_is_unsigned(const struct signatures_part *p);
/*
 * signatures_find_bare - the first part that neither holds a signature that can be
 * judged nor is the content of one.
 * ret_part  n: there is none
 */
int signatures_find_bare(const struct signatures_part *parts, size_t n,
			 size_t *ret_part, struct ltps_error *err) LTPS_CHECKED;
/* Format and media type of what was made of a signed part. */
void signatures_describe_form(const char *submitted_format, struct view made,
			      bool detached, const struct format **ret_format,
			      const char **ret_format_id, const char **ret_mime);
/* The worst stays, with the first reason. */
void signatures_worse(struct signatures_verdict *v, enum indication indication,
		      enum subindication sub, const char *text);
/* Beyond what is judged: nothing is known of it. */
void signatures_take_excess(struct signatures_verdict *v, size_t part);
/* With the anchors that the service has and once had. Borrows j. */
struct engine_input signatures_input(const struct signatures_judging *j);
/*
 * Judges one part into c: document and judged are set unless it cannot be read, which
 * the verdict then says. facts: NULL when nobody searches.
 */
int signatures_judge_part(const struct signatures_judging *j,
			  const struct signatures_part *parts, size_t n, size_t part,
			  struct cared_part *c, struct signatures_verdict *v,
			  struct signatures_facts *facts,
			  struct ltps_error *err) LTPS_CHECKED;
void signatures_cared_clear(struct cared_part *c);

/* "report-x" of part x, "report-po-2" of one without a name: of no other part. */
#define FORM_ID_MAX (PO_ID_MAX + 1)
void signatures_form_id(const struct part *p, enum version_kind kind,
			char out[FORM_ID_MAX]);
/* ---- signatures_raise.c ---- */
/* Neither a remote party's, nor that of what is too large for it. */
bool signatures_is_own_failure(const struct care *c, const struct ltps_error *err);
/* Nothing more is fetched or made in this turn. */
bool signatures_is_spent(const struct care *c);
/* The job once more, at this time (INT64_MIN: as its policy says). */
void signatures_later(struct care *c, int64_t retry_ms, const char *why);
/* What an attempt with one part failed with: remote parties are a reason to try again
 * later, what cannot be done with it is told. -1: neither. */
int signatures_tried(struct care *c, struct ltps_error *err) LTPS_CHECKED;
/* from  what p->augmented was made of: the part, or its newest form */
int signatures_take_outcome(struct care *c, struct cared_part *p, struct view from,
			    const char *what, struct ltps_error *err) LTPS_CHECKED;
/* The first form of a signed part. */
int signatures_raise(struct care *c, const struct signatures_judging *j,
		     struct cared_part *p, struct ltps_error *err) LTPS_CHECKED;
/* The newest form once more, when it is due. */
int signatures_raise_again(struct care *c, const struct signatures_judging *j,
			   struct cared_part *p, enum version_kind kind,
			   struct ltps_error *err) LTPS_CHECKED;
/* ---- signatures_make.c ---- */
/*
 * How a form is begun: p->augmented by what is got from these sources. Fails as
 * augment_document()
 */
typedef int signatures_beginning(struct care *c, const struct signatures_judging *j,
				 struct cared_part *p,
				 const struct path_sources *sources,
				 struct ltps_error *err);
/* The part, or its newest form. */
signatures_beginning signatures_begin_raised;
/*
 * signatures_make - begun, and where the goal is an archive time-stamp and two
 * authorities are configured, stamped by the other one too, so that it outlives the
 * loss of either; by both once more when those two have no outlook otherwise.
 * p->augmented  with both; with the first alone when the second could not be had
 */
int signatures_make(struct care *c, const struct signatures_judging *j,
		    struct cared_part *p, signatures_beginning *begin,
		    struct ltps_error *err) LTPS_CHECKED;
/* ---- signatures_outlook.c ---- */
struct signatures_outlook {
	char why[320]; /* the first that will not pass, and why; "": all will */
	bool young;    /* it is what one of the authorities of this turn has proven */
	int64_t retry_ms; /* of young: when newer status may be had; INT64_MIN: now */
};
/*
 * signatures_outlook - whether p->augmented will pass by what is inside when the
 * certificates of its last two time-stamps have ended, the last one having been
 * covered in time, and either of the two authorities was lost before: each signature
 * that passes now, each time-stamp of earlier authorities, and of each signature one
 * time-stamp by the certificate of the one under its last.
 * since_ms  of the two
 * Fails: NOMEM, CRYPTO
 */
int signatures_outlook(const struct signatures_judging *j, const struct cared_part *p,
		       int64_t since_ms, struct signatures_outlook *ret,
		       struct ltps_error *err) LTPS_CHECKED;
/* ---- signatures_pair.c ---- */
/* It passes, and is of a kind that a form stands on. */
bool signatures_stamp_counts(const struct report_stamp *s);
bool signatures_stamp_is_covered(const struct report *r, const struct report_stamp *s);
/* By the same certificate; false without another. */
bool signatures_by_same(const struct report_stamp *s, const struct report_stamp *other);
/* The two time-stamps of a signature that count: the last one, which nothing covers,
 * and the youngest of another signer that was made since a time; NULL: there is none,
 * as for all but ROLE_SIGNATURE. */
struct signatures_pair {
	const struct report_stamp *last, *under;
};
struct signatures_pair signatures_pair_of(const struct report *r, size_t signature,
					  int64_t since_ms);
/* How many authorities each signature of a form has: the weakest one speaks for all. */
enum signatures_standing {
	STANDS_ON_NONE, /* no archive time-stamp at all: not a form of that level */
	STANDS_ON_ONE,
	STANDS_ON_TWO
};
enum signatures_standing signatures_standing_of(const struct report *r,
						int64_t since_ms);
/* Whether each signature stood on the certificates that it stands on now. */
bool signatures_same_authorities(const struct report *before, const struct report *now);
/* ---- signatures_judge.c ---- */
/*
 * signatures_proofs - all that a document holds is proven to exist since a time;
 * INT64_MAX: nothing is.
 * ret  free with mem_free(); NULL without a proof
 */
int signatures_proofs(const struct document *d, int64_t time_ms,
		      struct engine_proof **ret, size_t *ret_n,
		      struct ltps_error *err) LTPS_CHECKED;
/* ---- signatures_again.c ---- */
struct signatures_form {
	const struct version *version;
	const struct part *part;
};
/*
 * The newest form of a part; false when there is none. What earlier versions held
 * unchanged has its forms from them; `own`: only those made of this version, which
 * its care keeps up.
 */
bool signatures_form_find(const struct care *c, enum version_kind kind, size_t part,
			  bool own, struct signatures_form *ret);
/* Whether any form of this object weakens within the margin, or waited long enough for
 * the other authority. */
int signatures_forms_due(struct care *c, bool *ret_due,
			 struct ltps_error *err) LTPS_CHECKED;
/* Forms that wait for the other authority are not raised again because of their dates
 * before this, counted from now. */
int64_t signatures_alone_until(const struct ltp *l, int64_t now_ms);
int signatures_form_read(struct care *c, struct cared_part *p,
			 const struct signatures_form *f,
			 struct ltps_error *err) LTPS_CHECKED;
/* What a form that was just made stands on. */
int signatures_stand(struct care *c, struct cared_part *p,
		     struct ltps_error *err) LTPS_CHECKED;
void signatures_stand_clear(struct signatures_stand *s);
/* What is made in this turn has a genTime from then on. */
int64_t signatures_turn_since(const struct care *c);
/* Whether that is one authority where there are two, or will be. */
bool signatures_is_alone(const struct care *c, const struct cared_part *p);
/* The same written down for the version of forms. On the writer's thread. */
int signatures_stand_keep(struct store_conn *conn, const struct care *c,
			  enum version_kind kind, int64_t version,
			  struct ltps_error *err) LTPS_CHECKED;
/* Forms of which nothing was made since the other authority does not answer: when it is
 * asked again. On the writer's thread. */
int signatures_wait_keep(struct store_conn *conn, const struct care *c,
			 struct ltps_error *err) LTPS_CHECKED;

/* Fail-points of signatures_keep(); NULL ends it. */
extern const char *const signatures_failpoints[];
/* Everything into the store, and the job finished or postponed, in one transaction. */
int signatures_keep(struct care *c, struct ltps_error *err) LTPS_CHECKED;

#endif
