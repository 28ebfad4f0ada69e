/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_json_in - requests of the TS 119 512 JSON binding (schema 1.1.2): bytes
 * to checked structures. Nothing is decided here about preservation.
 */
#ifndef LTPS_SERVER_API_JSON_IN_H
#define LTPS_SERVER_API_JSON_IN_H

#include "ltp/ltp.h"
#include "server/json_cut.h"

/* More objects in one request than any profile takes. */
#define API_POS_MAX 1000
/* relObj, versionId, optIn.other... of one object. */
#define API_LIST_MAX 1000
/* relObj or RelatedObjects of one object; ltp/ takes no more either. */
#define API_RELATED_MAX 64

/* One request. Texts and data are borrowed from it; data lies in the body. */
struct api_in {
	enum operation op;
	const char *req_id;  /* NULL when absent */
	const char *profile; /* pro */
	const char *status;  /* stat */
	struct ltp_po *pos;  /* po or deltaPoc */
	size_t n_pos;
	const char *poid;
	const char **versions; /* versionId */
	size_t n_versions;
	const char *subject; /* sor */
	const char *po_format;
	const char *evidence_format;
	const char *mode;
	const char *claimed_requestor;
	const char *reason;
	const char *filter; /* fi */
	bool has_evidence;  /* ev */
	struct ltp_po evidence;
	const char *evidence_poid;
	const char *evidence_version;
	enum profile_status profile_status; /* from stat */
	enum subject sor;                   /* from sor */

	/* Of each pos[i] that is a DigestList; n_pos of them, or NULL for none. */
	struct ltp_digest_list *digest_lists;

	/* private */
	struct buf body;
	struct json_cut cut;
	void *doc;
	void **lists; /* allocated with it */
	size_t n_lists;
};

/*
 * api_in_parse - parse and check one request body.
 * body         taken over, decoded in place
 * ret_in       free with api_in_free(), also after a refusal: req_id is set as
 *              soon as it is known, so that every answer can echo it
 * ret_refusal  minor LTP_OK: accepted; otherwise why not, naming the member
 * ret_malformed  the body is no JSON at all (or nested too deep, or names a
 *              member twice): answered by HTTP 400
 * Fails:       NOMEM (self)
 * Spec:        TS 119 512 5.3, Annex D; spec sections 1.2, 1.3, 1.5, 2.1, 2.2
 */
int api_in_parse(enum operation op, struct buf *body, struct api_in *ret_in,
		 struct ltp_result *ret_refusal, bool *ret_malformed,
		 struct ltps_error *err) LTPS_CHECKED;
void api_in_free(struct api_in *in);

#endif
