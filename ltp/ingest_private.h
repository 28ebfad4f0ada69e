/* SPDX-License-Identifier: Apache-2.0 */
/* ingest_private - what PreservePO and UpdatePOC check and keep alike; between
 * ingest.c, ingest_digests.c, at_once.c and update.c. */
#ifndef LTPS_LTP_INGEST_PRIVATE_H
#define LTPS_LTP_INGEST_PRIVATE_H

#include "formats/format.h"
#include "ltp/continued.h"
#include "ltp/inside.h"
#include "ltp/request.h"
#include "ltp/signatures.h"

#define INGEST_POID_LEN 36 /* a UUID as text */

struct ltp_ingest {
	struct ltp *l;
	const struct profile *profile;
	char poid[STORE_POID_MAX + 1]; /* made, or of what was there already */
	char actor[STORE_NAME_MAX + 1];
	char tenant[STORE_TENANT_MAX + 1];
	struct part_new *parts;
	char **related; /* one text a part, or NULL */
	size_t n_parts;
	struct version_new version;
	struct digest leaf; /* the version's digest, unless it continues a record */
	struct continued continued;
	struct object_new object;
	char verdict[SIGNATURES_VERDICT_MAX];
	struct signatures_facts facts;
	bool cared_for; /* signatures to judge further, or data to seal */
	uint64_t bytes;
	struct ltp_result result;
	struct store_task task;
	void (*done)(void *arg, struct ltp_ingest *i, const struct ltps_error *err);
	void *done_arg;
};

/* What holds for every request: the profile, sizes, texts, ids, formats that the
 * profile takes. *ret_profile NULL: refused. Fails: NOMEM */
int ingest_check(const struct ltp *l, const struct ltp_ingest_request *req,
		 const struct profile **ret_profile, struct ltp_result *r,
		 struct ltps_error *err) LTPS_CHECKED;
/* The texts of part k, which borrow from po. */
int ingest_describe(struct ltp_ingest *i, size_t k, const struct ltp_po *po,
		    const char *detected, struct ltps_error *err) LTPS_CHECKED;
int ingest_audit_refusal(struct ltp_worker *w, const struct ltp_ingest_request *req,
			 const struct ltp_result *r,
			 struct ltps_error *err) LTPS_CHECKED;

/* The POs as judgement sees them; free with mem_free(). NULL: no memory. */
struct signatures_part *ingest_signature_parts(const struct ltp_ingest_request *req);
/* Whether, where the signature itself is the evidence, every part holds one or is what
 * one is about. 1: so, or evidence is another; 0: refused; -1: failed. */
int ingest_forms_possible(const struct profile *p, const struct signatures_part *parts,
			  size_t n, struct ltp_result *r,
			  struct ltps_error *err) LTPS_CHECKED;

/* ---- ingest_digests.c ---- */

/* Rows of parts that the request makes: a digest list makes one of each value, and one
 * of the record to be renewed. */
size_t ingest_parts_wanted(const struct ltp_ingest_request *req);
/* A digest list stands alone, in an algorithm that the profile takes and that is still
 * reliable; false: refused. */
bool ingest_digests_hold(const struct ltp *l, const struct profile *p,
			 const struct ltp_ingest_request *req, struct ltp_result *r);
/* The rows, and the leaf over them. 1: made, 0: refused, -1: failed. */
int ingest_digests_make(struct ltp_ingest *i, const struct ltp_ingest_request *req,
			struct ltp_result *r, struct ltps_error *err) LTPS_CHECKED;

/* Room on the disk: refused below one mark (false), warned below the other. */
bool ingest_space_left(const struct ltp *l, struct ltp_result *r);
/* Ids of related parts as one text, blank-separated; NULL for none. Free with
 * mem_free(). */
int ingest_join_related(const struct ltp_po *po, char **ret_text,
			struct ltps_error *err) LTPS_CHECKED;
/* The job that cares for the signatures of a version. On the writer's thread. */
int ingest_add_care(struct store_conn *conn, int64_t version, int64_t now_ms,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
