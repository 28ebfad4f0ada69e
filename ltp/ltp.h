/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ltp - the preservation domain as the server sees it: requests in, answers
 * out, typed; no HTTP, no JSON.
 *
 * A refusal is an answer (minor and message), not an error: functions return 0
 * with it. -1 means that the service could not do its part; server/result.c
 * maps the error code. Every function here runs on a worker thread with that
 * thread's struct ltp_worker, except where told otherwise.
 */
#ifndef LTPS_LTP_LTP_H
#define LTPS_LTP_LTP_H

#include "base/clock.h"
#include "base/fetch.h"
#include "base/log.h"
#include "ltp/profile.h"
#include "ltp/signing_key.h"
#include "timestamping/tsp_client.h"
#include "validation/evidence_source.h"
#include "validation/material.h"

struct store;
struct anchor_origins;
struct ltp_trusted_list;
struct algorithm_policy;
struct notify_hook;
struct validation_policy;

/* ResultMinor of TS 119 512 (spec section 4), and none. */
enum ltp_minor {
	LTP_OK = 0,
	LTP_NO_PERMISSION,
	LTP_INTERNAL_ERROR,
	LTP_PARAMETER_ERROR,
	LTP_NOT_SUPPORTED,
	LTP_TRANSFER_ERROR,
	LTP_NO_SPACE,
	LTP_UNKNOWN_PO_FORMAT,
	LTP_PO_FORMAT_ERROR,
	LTP_EXTERNAL_UNAVAILABLE,
	LTP_UNKNOWN_EVIDENCE_FORMAT,
	LTP_UNKNOWN_POID,
	LTP_UNKNOWN_VERSION,
	LTP_UNKNOWN_MODE,
	LTP_UNKNOWN_DELTA_POC,
	LTP_DELTA_POC_PROBLEM,
	LTP_WARN_LOW_SPACE,
	LTP_WARN_PARTLY, /* requestOnlyPartlySuccessful */
	LTP_MINOR_COUNT
};

struct ltp_result {
	enum ltp_minor minor;
	char message[512]; /* English; may be empty on LTP_OK */
};

/* How what is kept is kept up; a zeroed member is its default. */
struct ltp_upkeep_options {
	int64_t margin_ms;    /* renewed that much before it weakens; 180 days */
	int64_t watch_ms;     /* how often the TSAs in use are asked about; a day */
	int64_t rhythm_ms;    /* objects are judged anew after; a year */
	int64_t notice_ms;    /* the end of a period is announced before; 90 days */
	int64_t fixity_ms;    /* one reading of everything; 90 days */
	uint64_t fixity_rate; /* octets a second; 16 MiB */
	uint64_t
	    renewal_rate;   /* likewise, of hash-tree renewals; 0: as fast as it goes */
	unsigned threads;   /* that read for hash-tree renewals; 0: one a core */
	const char *copies; /* second directory; NULL: none */
};

/* What is said of one tenant; 0: no limit. */
struct ltp_tenant {
	const char *name;
	uint64_t max_objects; /* that are not deleted */
	uint64_t max_bytes;   /* of all it has in the store (storage/credential.h) */
	const char *const *profiles; /* that are for it, and others that name them */
	size_t n_profiles;
};

/* Where the validation policies come from that profiles name: as
 * validation_policy_builtin(), which is asked where find is NULL. */
struct ltp_policies {
	int (*find)(void *arg, const char *name, struct validation_policy **ret_p,
		    struct ltps_error *err);
	void *arg;
};

struct ltp_options {
	struct store *store;             /* borrowed, outlives ltp */
	const struct clock *clock;       /* borrowed */
	struct log *log;                 /* borrowed, may be NULL */
	struct profile *const *profiles; /* borrowed */
	size_t n_profiles;
	struct ltp_policies policies; /* asked in ltp_new() */
	const struct tsa *tsas;       /* borrowed */
	size_t n_tsas;
	int64_t tsa_skew_ms;
	const struct material *trust; /* anchors for the TSAs; borrowed */
	/* The trusted lists to care for (trusted_lists.h), and the anchors that came of
	 * them: those not ended are in `trust` too. All borrowed. */
	struct trusted_lists {
		const struct ltp_trusted_list *list;
		size_t n;
	} lists;
	const struct material *lists_anchors; /* also what ended; NULL: none */
	int64_t lists_at_ms;                  /* when that followed from them */
	const struct anchor_origins *anchor_origins; /* NULL: none */
	/* Told, on a background thread, when other anchors follow from the lists: then
	 * another ltp with those is to take the place of this one. NULL: nobody. */
	void (*trust_changed)(void *arg);
	void *trust_changed_arg;
	/* Until when evidence may rest on which algorithm; NULL: no end is known. */
	const struct algorithm_policy *algorithms; /* borrowed */
	/* The policy that they are of, for those who judge elsewhere; NULL: not told. */
	const struct validation_policy *evidence_policy; /* borrowed */
	struct ltp_upkeep_options upkeep;
	struct fetch_policy fetch;
	/* Threads of requests that may wait for what a judgement lacks, and as many that
	 * may answer at once (at_once.c), at a time; 0: all. */
	unsigned fetchers;
	const struct signing_key *seal_key;   /* of profiles that seal; NULL: none */
	const struct signing_key *report_key; /* NULL: reports are not signed */
	const struct ltp_tenant *tenants;     /* borrowed */
	size_t n_tenants;
	const struct notify_hook *hooks; /* who is told what (notify.h); borrowed */
	size_t n_hooks;
	bool stands_by;           /* others have the hooks until ltp_take_over() */
	const char *service_id;   /* URI of this service, for the trace */
	uint64_t low_space_bytes; /* free space below which a warning is given */
	uint64_t no_space_bytes;  /* and below which ingest is refused */
};

struct ltp;
/* Fails: NOT_FOUND (caller) for a profile whose validation policy is unknown, ARGUMENT
 * (caller) for one that seals without a key; NOMEM */
int ltp_new(const struct ltp_options *options, struct ltp **ret_l,
	    struct ltps_error *err) LTPS_CHECKED;
void ltp_free(struct ltp *l);
/* From now on events go to the hooks of this one, not to those of another over the same
 * store; none is told to neither. */
void ltp_take_over(struct ltp *l);

/* State of one worker thread: reader connection, fetch handle. */
struct ltp_worker;
int ltp_worker_new(struct ltp *l, struct ltp_worker **ret_w,
		   struct ltps_error *err) LTPS_CHECKED;
void ltp_worker_free(struct ltp_worker *w);
/* It has a thread that serves no requests: what it waits for counts for none of
 * ltp_options.fetchers. Before its first step. */
void ltp_worker_set_background(struct ltp_worker *w);
/* What it reads the store with; its own. */
struct store_conn *ltp_worker_conn(struct ltp_worker *w);
/*
 * Ends this worker's running remote exchange soon, and ltp_step() before its
 * next one (any thread). An exchange that begins at this very moment is missed:
 * call again until the step is over. Not undone.
 */
void ltp_worker_cancel(struct ltp_worker *w);
/*
 * Whoever bounds the memory of all requests is asked before stored data is read
 * into one: take() says whether n more bytes may be held. NULL: they may.
 */
struct ltp_room {
	bool (*take)(void *arg, size_t n);
	void *arg;
	size_t max; /* for one request: beyond it waiting is of no use */
};
/* For the call that follows on this worker. */
void ltp_worker_set_room(struct ltp_worker *w, struct ltp_room room);

/* Who asks. Texts are borrowed for the call. */
struct ltp_caller {
	const char *tenant; /* "": "default" */
	const char *name;   /* for the audit: "anonymous", "token:7:archive"... */
};

/* One line of the audit for an operation, durable when it returns. The
 * functions below write their own; this is for what is decided before them. */
struct audit_note {
	const struct ltp_caller *caller;
	enum operation operation;
	const char *what;   /* in place of the operation's name; NULL: that */
	const char *poid;   /* NULL: none; what no object can be called is left out */
	const char *detail; /* NULL: none; cut at STORE_TEXT_MAX */
	const struct ltp_result *result;
};
int ltp_audit(struct ltp_worker *w, const struct audit_note *note,
	      struct ltps_error *err) LTPS_CHECKED;

/*
 * DigestList (TS 119 512 5.6.1): digests in the place of data; several are one data
 * object group.
 */
struct ltp_digest_list {
	enum digest_alg alg; /* NONE: well-formed, but not known to us */
	struct digest *values;
	size_t n;
	size_t n_wrong_len;    /* values that are not as long as the algorithm's */
	bool has_evidence;     /* a record that is to be renewed: */
	struct buf evidence;   /* its octets */
	char *evidence_format; /* NULL when absent */
};
void ltp_digest_list_clear(struct ltp_digest_list *l);

/* PO of TS 119 512 5.4.5; texts NULL when absent. */
struct ltp_po {
	struct view data;
	bool xml; /* came as xmlData */
	const char *format_id;
	const char *mime;
	const char *pronom;
	const char *id;
	const char *const *related;
	size_t n_related;
	/* What data says, when its format_id is that of a DigestList; NULL: it was not
	 * looked into, and is refused. Borrowed. */
	const struct ltp_digest_list *digests;
};

struct ltp_po_out {
	char *id;
	char *format_id; /* NULL when none */
	char *mime;
	char *pronom;
	char **related;
	size_t n_related;
	bool xml; /* was submitted as xmlData */
	struct buf data;
};
struct ltp_retrieved {
	struct ltp_po_out *pos;
	size_t n_pos;
};
void ltp_retrieved_clear(struct ltp_retrieved *r);

/* --- RetrieveInfo (5.3.2) --- */
enum profile_status {
	PROFILE_STATUS_ACTIVE,
	PROFILE_STATUS_INACTIVE,
	PROFILE_STATUS_ALL
};
/* profile_id NULL: all that the caller's tenant may use. ret_list holds borrowed
 * profiles. Any thread. */
int ltp_info(struct ltp *l, const struct ltp_caller *caller, const char *profile_id,
	     enum profile_status status, const struct profile **ret_list, size_t max,
	     size_t *ret_n, struct ltp_result *ret_result,
	     struct ltps_error *err) LTPS_CHECKED;

/* --- PreservePO (5.3.3): two halves around the group commit --- */
struct ltp_ingest_request {
	struct ltp_caller caller;
	const char *profile_id;
	const struct ltp_po *pos;
	size_t n_pos;
	bool has_optional_inputs; /* any that we do not know: notSupported */
};
struct ltp_ingest; /* one running ingest */
/*
 * ltp_ingest_prepare - check, detect the format, take the digests, write large
 * blobs ahead.
 * req, its texts and data must stay until done() of ltp_ingest_commit
 * ret_i  NULL when the answer is a refusal (ret_result tells); otherwise it
 *        must go to ltp_ingest_commit or ltp_ingest_free
 */
int ltp_ingest_prepare(struct ltp_worker *w, const struct ltp_ingest_request *req,
		       struct ltp_ingest **ret_i, struct ltp_result *ret_result,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * ltp_ingest_commit - hand over to the group commit. done() runs on the
 * writer's thread after the transaction is durable, or failed (err set).
 * Fails: BUSY when the writer's queue is full; then done() is not called.
 */
int ltp_ingest_commit(struct ltp_ingest *i,
		      void (*done)(void *arg, struct ltp_ingest *i,
				   const struct ltps_error *err),
		      void *arg, struct ltps_error *err) LTPS_CHECKED;
/* After done(): the POID, also of what stood already (origin.h), OK or WARN_LOW_SPACE. */
const char *ltp_ingest_poid(const struct ltp_ingest *i);
const struct ltp_result *ltp_ingest_result(const struct ltp_ingest *i);
void ltp_ingest_free(struct ltp_ingest *i);

/* --- PreservePO without storage (annex F.4) --- */
/* Whether this profile answers at once, by ltp_preserve_at_once(). */
bool ltp_is_at_once(const struct ltp *l, const char *profile_id);
/*
 * ltp_preserve_at_once - the signatures of the request judged and raised, nothing kept
 * but a line of the audit. It may wait for the network, for AT_ONCE_MS_MAX at most.
 * ret  a PO of each one that holds a signature, in its format, with the evidence in it;
 *      none with a refusal. Release with ltp_retrieved_clear()
 * Refusals: POFormatError for what is not valid or no signature; externalService-
 *      Unavailable, naming what is missing and who did not answer
 * Fails: BUSY (self) when as many wait for the network as may
 */
#define AT_ONCE_MS_MAX 60000
int ltp_preserve_at_once(struct ltp_worker *w, const struct ltp_ingest_request *req,
			 struct ltp_retrieved *ret, struct ltp_result *ret_result,
			 struct ltps_error *err) LTPS_CHECKED;
/* --- UpdatePOC (5.3.6) --- */
struct ltp_update_request {
	struct ltp_caller caller;
	const char *poid;
	const struct ltp_po *pos; /* DeltaPOC */
	size_t n_pos;
};
#define LTP_VERSION_MAX 32 /* of the ids of versions that a client makes: "v12" */
/*
 * ltp_update - a new version of an object: the parts of its newest one, those that a
 * DeltaPOC's id names replaced, the others behind them. Durable when it returns; at
 * once with another update both are kept, one after the other.
 * ret_version  VersionID of the new version; empty with a refusal
 * Fails:       BUSY when others were first again and again; as the store
 * Spec:        TS 119 512 5.3.6, Annex E; docs/decisions/0020
 */
int ltp_update(struct ltp_worker *w, const struct ltp_update_request *req,
	       char ret_version[LTP_VERSION_MAX], struct ltp_result *ret_result,
	       struct ltps_error *err) LTPS_CHECKED;

/* --- Search (5.3.9) --- */
#define LTP_FILTER_MAX 4096 /* octets of a filter: some pages of typing */
struct ltp_found {
	char **poids; /* in the order in which they were stored */
	size_t n;
};
/*
 * ltp_search - the caller's objects that a filter names (ltp/search_filter.h), at most
 * SEARCH_FOUND_MAX; the message of the answer says when there are more.
 * filter  "" or NULL: all
 * Spec:   TS 119 512 5.3.9; docs/decisions/0020
 */
int ltp_search(struct ltp_worker *w, const struct ltp_caller *caller,
	       const char *filter, struct ltp_found *ret_f,
	       struct ltp_result *ret_result, struct ltps_error *err) LTPS_CHECKED;
void ltp_found_clear(struct ltp_found *f);

/* --- RetrievePO (5.3.4) --- */
enum subject {
	SUBJECT_PO,
	SUBJECT_EVIDENCE,
	SUBJECT_PO_EMBEDDED,
	SUBJECT_PO_DETACHED,
};
struct ltp_retrieve_request {
	struct ltp_caller caller;
	const char *poid;
	const char *const *versions; /* none: latest; "all" */
	size_t n_versions;
	enum subject subject;
	const char *po_format;       /* NULL: default */
	const char *evidence_format; /* NULL: default */
};
int ltp_retrieve(struct ltp_worker *w, const struct ltp_retrieve_request *req,
		 struct ltp_retrieved *ret_r, struct ltp_result *ret_result,
		 struct ltps_error *err) LTPS_CHECKED;

/* --- DeletePO (5.3.5) --- */
struct ltp_delete_request {
	struct ltp_caller caller;
	const char *poid;
	const char *mode; /* "OnlySubDOs", "SubDOsAndEvidence", NULL: the latter */
	const char *claimed_requestor;
	const char *reason; /* needed before the preservation period ends */
};
int ltp_delete(struct ltp_worker *w, const struct ltp_delete_request *req,
	       struct ltp_result *ret_result, struct ltps_error *err) LTPS_CHECKED;

/* --- RetrieveTrace (5.3.7) --- */
struct ltp_event {
	int64_t time_ms;
	char *subject;
	char *operation;
	char *object; /* NULL when none */
	char *detail;
};
struct ltp_trace {
	struct ltp_event *events;
	size_t n;
};
/* Beyond LTP_TRACE_EVENTS_MAX events of the audit the later of those that only read or
 * were refused are left out, then the oldest of the others; the message of the answer
 * says how many. Who may read cannot push out what was done. */
#define LTP_TRACE_EVENTS_MAX                                                           \
	10000 /* a read a minute for a week; some MiB of answer                        \
	       */
int ltp_trace(struct ltp_worker *w, const struct ltp_caller *caller, const char *poid,
	      struct ltp_trace *ret_t, struct ltp_result *ret_result,
	      struct ltps_error *err) LTPS_CHECKED;
void ltp_trace_clear(struct ltp_trace *t);

/* --- ValidateEvidence (5.3.8) --- */
struct ltp_evidence_request {
	struct ltp_caller caller;
	struct view evidence;        /* n == 0: the PO embeds it */
	const char *evidence_format; /* NULL when absent */
	const char *poid;            /* data objects of this POID when no PO is given */
	const char *version;
	const struct ltp_po *pos;
	size_t n_pos;
};
/*
 * ret_reports  one report a record that was judged; none with a refusal.
 *              Release with evidence_reports_clear().
 */
int ltp_validate_evidence(struct ltp_worker *w, const struct ltp_evidence_request *req,
			  struct evidence_reports *ret_reports,
			  struct ltp_result *ret_result,
			  struct ltps_error *err) LTPS_CHECKED;

/* --- the background: trees close, tokens come --- */
/*
 * ltp_step - do what is due now: close trees, stamp closed ones, put validation
 * data into tokens. Bounded work; call again at *ret_next_ms (INT64_MAX: when
 * something new was ingested). Errors of remote parties are recorded and
 * retried, not returned.
 */
int ltp_step(struct ltp_worker *w, int64_t *ret_next_ms,
	     struct ltps_error *err) LTPS_CHECKED;
/*
 * ltp_care - judge, raise and seal one object that is due: may wait for the network for
 * minutes, so it is for another thread than ltp_step(). Otherwise as that; whoever
 * calls it lets ltp_step() run afterwards, since there may be new leaves.
 */
int ltp_care(struct ltp_worker *w, int64_t *ret_next_ms,
	     struct ltps_error *err) LTPS_CHECKED;

/*
 * ltp_upkeep - one turn of the most overdue work of upkeep.h: for a third thread.
 * Otherwise as ltp_care().
 */
int ltp_upkeep(struct ltp_worker *w, int64_t *ret_next_ms,
	       struct ltps_error *err) LTPS_CHECKED;

/*
 * ltp_notify - look for alarms, then deliver one notification that is due: for a fourth
 * thread, since a webhook may keep it waiting (notify.h). Otherwise as ltp_care().
 */
int ltp_notify(struct ltp_worker *w, int64_t *ret_next_ms,
	       struct ltps_error *err) LTPS_CHECKED;

/* --- what an operator and an auditor ask for --- */
/* JSON of what falls due when (plan.h). Appended. policy NULL: the one in force. */
int ltp_renewals(struct ltp_worker *w, const struct algorithm_policy *policy,
		 struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/*
 * ltp_outlook - JSON of one object's own life: what it is, who signed it, its evidence
 * time-stamp by time-stamp, and what falls due for it when (outlook.h). Appended with
 * LTP_OK. One line of the audit, as of RetrieveTrace, whose right it takes.
 */
int ltp_outlook(struct ltp_worker *w, const struct ltp_caller *caller, const char *poid,
		struct buf *out, struct ltp_result *ret_result,
		struct ltps_error *err) LTPS_CHECKED;
/* JSON of what keeps the archive up: alarms with their beginning, TSAs, certificates
 * that evidence stands on, trust anchors, jobs. Appended. */
int ltp_upkeep_state(struct ltp_worker *w, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/* The history of trust anchors, as PEM with dates (anchors.h). Appended. */
int ltp_anchors(struct ltp_worker *w, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

/* --- /health, /metrics --- */
struct ltp_health {
	uint64_t objects;
	uint64_t waiting_leaves;   /* without evidence yet */
	int64_t oldest_waiting_ms; /* INT64_MAX: none */
	uint64_t trees_open, trees_closing, trees_stamped;
	uint64_t stamp_failures; /* in a row */
	char last_stamp_error[256];
	bool alarm; /* evidence is late: a TSA is down */
	bool low_space, no_space;
	uint64_t free_bytes;
	/* Upkeep. */
	int64_t next_renewal_ms; /* INT64_MAX: none is planned */
	uint64_t undated;        /* tokens of which nothing is known yet: no date */
	uint64_t overdue;        /* tokens past the operator's margin */
	int64_t weakest_ms;      /* when the first of them weakens; INT64_MAX */
	/* The CA that both authorities of some tip stand on; "": none is known. No
	 * alarm: it is told to who chooses them. Forms of signatures: the forecast. */
	char shared_authority[256];
	uint64_t damaged;        /* blobs that no copy could repair */
	int64_t clock_back_ms;   /* the clock is that far behind what was seen; 0 */
	char trouble[512];       /* of the worst job; "" */
	uint64_t lists, lists_trusted; /* trusted lists; those to be believed now */
	bool trouble_alarm;
};
int ltp_health(struct ltp_worker *w, struct ltp_health *ret_h,
	       struct ltps_error *err) LTPS_CHECKED;

#endif
