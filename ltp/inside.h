/* SPDX-License-Identifier: Apache-2.0 */
/* inside - what the steps of the domain share; not for other rooms. */
#ifndef LTPS_LTP_INSIDE_H
#define LTPS_LTP_INSIDE_H

#include <stdatomic.h>

#include "ltp/allowance.h"
#include "ltp/asked.h"
#include "ltp/known.h"
#include "ltp/ltp.h"
#include "ltp/needs.h"
#include "ltp/proofs.h"
#include "ltp/tsa_seen.h"
#include "storage/evidence.h"
#include "storage/material.h"
#include "storage/object.h"
#include "storage/store.h"
#include "validation/validation_policy.h"

#define URI_DIGEST_LIST "http://uri.etsi.org/19512/format/DigestList"
#define URI_ER_4998_SHORT "urn:ietf:rfc:4998" /* spelling of S.4 profiles */
#define URI_ASIC_ERS "http://uri.etsi.org/ades/ASiC/type/ASiC-ERS"

#define JOB_COMPLETE_TOKEN "complete-token" /* subject: the token's id */
#define JOB_CARE "care-signatures"          /* subject: the id of a submitted version */
#define PO_ID_MAX 128 /* xs:ID of a part, for files in containers too */
#define MIME_MAX 127
#define RELATED_MAX 64 /* and STORE_SUBJECT_MAX characters, blanks included */
/* One answer of RetrievePO; the request of a part was bounded by its profile. */
#define RETRIEVE_BYTES_MAX ((size_t)1 << 30)

struct ltp {
	struct ltp_options o; /* defaults filled in */
	/* o.trust, and every anchor that was once trusted, with its sunset: for what is
	 * old. What is made now is judged by o.trust alone. */
	struct material *history;
	const struct material *history_pool; /* the same, as a list of one */
	struct material *nothing;            /* in place of trust where there is none */
	struct known *known; /* anchors, and what was fetched; of all threads */
	struct asked *asked;
	struct allowance fetched; /* what may be kept of it */
	atomic_uint at_once;      /* requests that are answered when all is done */
	struct tsa_seen *tsas;    /* how the TSAs answered */
	struct proofs *proofs;    /* what was judged, under these anchors */
	/* By profile; NULL: its signatures are not judged. */
	struct validation_policy **policies;
};

struct ltp_worker {
	struct ltp *l;
	atomic_bool cancelled; /* no further remote exchange is begun */
	struct ltp_room room;
	uint64_t room_taken; /* by the running request */
	struct store_conn *conn;
	struct fetch *fetch;
	/* Of the TSAs' paths, which are asked about again and again. */
	struct sig_cache *signatures;
	bool upkeep_begun;
	/* When it was looked last what anchors follow from the trusted lists. */
	struct lists_seen {
		bool looked;
		uint64_t generation;
		int64_t at_ms, next_ms;
		bool waiting; /* since then, for lists that are due */
		int64_t since_ms;
	} lists;
	struct notify_state *notify;
	bool background; /* serves no requests */
};

/* Tenant as the store names it: "default" for "". */
const char *tenant_of(const struct ltp_caller *caller);
/* Where this worker's judgements get what is missing; network false: only what is
 * known and stored. */
struct path_sources worker_sources(struct ltp_worker *w, bool network);
struct tsp_client ltp_tsp_client(const struct ltp *l);
/* NULL when there is none, or the profile is configured no more. */
const struct validation_policy *policy_of(const struct ltp *l, const struct profile *p);
/* NULL when there is none with this id. */
const struct profile *profile_by_id(const struct ltp *l, const char *id);
/* Whether any profile offers this operation. */
bool operation_offered(const struct ltp *l, enum operation op);
/* False, with notSupported, when the object's profile does not offer it. */
bool object_allows(const struct ltp *l, const struct object *o, enum operation op,
		   struct ltp_result *r);
/* Sets the answer; returns 0, so that it can be returned. Control characters
 * (texts of the client stand in messages) become '?'. */
int refuse(struct ltp_result *r, enum ltp_minor minor, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int64_t ltp_now(const struct ltp *l);
/* "error/unknownPOID" and so on; "" for LTP_OK. Part behind the URI prefix. */
const char *ltp_minor_name(enum ltp_minor minor);

/* No control characters; NULL is clean. */
bool text_is_clean(const char *s);

/* Room for n more bytes of the running request. Fails: BUSY, TOO_LARGE (caller) */
int worker_take(struct ltp_worker *w, uint64_t n, struct ltps_error *err) LTPS_CHECKED;

/*
 * object_find - the object a client speaks of.
 * ret_object  NULL with a refusal (unknown POID, deleted) in ret_result
 */
int object_find(struct ltp_worker *w, const struct ltp_caller *caller, const char *poid,
		struct object **ret_object, struct ltp_result *ret_result,
		struct ltps_error *err) LTPS_CHECKED;

/* A row of material kept, and once a leaf for it (DESIGN: collected material is a
 * preserved object in its own right). On the writer's thread. leaf: kind and ref are
 * set here. */
int material_preserve(struct store_conn *conn, const struct material_new *row,
		      struct leaf_new *leaf, int64_t *ret_id,
		      struct ltps_error *err) LTPS_CHECKED;
/* The profile whose trees take leaves that belong to no object: the first that
 * preserves with storage; NULL: none does. */
const struct profile *keeping_profile(const struct ltp *l);
/* Digest of a part in any algorithm: as stored, else from its bytes. */
int part_digest(struct ltp_worker *w, const struct part *p, enum digest_alg alg,
		struct digest *ret_d, struct ltps_error *err) LTPS_CHECKED;
/* The digests that are stored of a part, one of each algorithm; how many. */
#define PART_DIGESTS_MAX 3
size_t part_digests(const struct part *p, struct digest ret[PART_DIGESTS_MAX]);

#endif
