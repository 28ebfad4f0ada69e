/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outlook - one object's own life, from what the store knows of it: its versions, their
 * evidence time-stamp by time-stamp, and what falls due for it when. The sums over the
 * archive are those of plan.h; the dates are the same.
 */
#ifndef LTPS_LTP_OUTLOOK_H
#define LTPS_LTP_OUTLOOK_H

#include "ltp/plan.h"

/* One archive time-stamp on the way from a leaf to its tip. */
struct outlook_stamp {
	int64_t gen_time_ms;
	int64_t stored_ms;
	char tsa[STORE_TEXT_MAX + 1];       /* name in the configuration */
	char authority[STORE_TEXT_MAX + 1]; /* subject of its TSA; "": not yet */
	int64_t weakens_ms; /* INT64_MIN: not known yet, or never; INT64_MAX: no end */
	char why[STORE_REASON_MAX + 1];
	bool fallen; /* it proves nothing any more */
	bool tip;    /* the last one: what is renewed next */
};
/* What one hash tree did for a version. */
struct outlook_chain {
	struct tree tree;
	uint64_t leaf;
	struct outlook_stamp *stamps; /* oldest first; none until the tree is stamped */
	size_t n;
};
struct outlook_due {
	enum forecast_kind kind;
	int64_t due_ms;      /* weakens_ms less the margin */
	int64_t weakens_ms;  /* INT64_MIN: never was reliable, an alarm */
	enum digest_alg alg; /* NONE of augmentation */
	char why[STORE_REASON_MAX + 1];
	char authority[STORE_TEXT_MAX + 1];
};
#define OUTLOOK_DUES_MAX 3 /* one of each kind */
struct outlook_version {
	const struct version *version; /* of the object */
	int64_t proven_ms;             /* INT64_MAX: not yet */
	uint64_t came; /* chains of another service before them (continued.h) */
	struct outlook_chain *chains; /* oldest first */
	size_t n;
	struct outlook_due dues[OUTLOOK_DUES_MAX]; /* by due_ms */
	size_t n_dues;
};
struct outlook {
	const struct object *object;
	int64_t now_ms, margin_ms, rhythm_ms;
	bool for_operator; /* set by the caller: errors in full. A tree is of several
			      tenants, and what a TSA said of it is not for them. */
	struct outlook_version *versions; /* as those of the object */
	size_t n;
};
/*
 * outlook_prepare - before that, outside of store_read_begin(): what has to be judged,
 * which may take long, for outlook_read() to find. limit, into  as
 * evidence_proof_prepare()
 */
struct limit;
struct evidence_proofs;
int outlook_prepare(struct ltp_worker *w, const struct object *object,
		    struct limit *limit, struct evidence_proofs *into,
		    struct ltps_error *err) LTPS_CHECKED;
/* How often evidence may change between the two, until who asks is sent away. */
#define OUTLOOK_TRIES 8
int outlook_restless(struct ltps_error *err); /* BUSY; returns -1 */
/*
 * outlook_read - all of it. Between store_read_begin() and store_read_end(), with the
 * object and outlook_json(), so that all is of one state. Nothing is judged.
 * object     borrowed, outlives ret
 * ret        release with outlook_clear()
 * ret_known  false: some evidence is not what was prepared; ret is left alone
 */
int outlook_read(struct ltp_worker *w, const struct object *object,
		 const struct evidence_proofs *proofs, int64_t now_ms,
		 struct outlook *ret, bool *ret_known,
		 struct ltps_error *err) LTPS_CHECKED;
void outlook_clear(struct outlook *o); /* NULL-safe */
/* What is due first; NULL: nothing that has a date. */
const struct outlook_due *outlook_next(const struct outlook *o);
/* Whether a time-stamp that is to be renewed next has no date yet. */
bool outlook_is_undated(const struct outlook *o);
/* Its signers are read from the store. Appended. */
int outlook_json(const struct outlook *o, struct store_conn *conn, struct jsonw *j,
		 struct ltps_error *err) LTPS_CHECKED;
/* For people. Appended. */
int outlook_text(const struct outlook *o, struct buf *out,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
