/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_binding - what a binding of TS 119 512 (JSON, SOAP) does for a call: its request
 * read, its answers written. Between the two api_call.c is the same for all.
 */
#ifndef LTPS_SERVER_API_BINDING_H
#define LTPS_SERVER_API_BINDING_H

#include "ltp/ltp.h"

struct api_call;

/* Room for a media type with its parameters. */
#define API_TYPE_MAX 256

/* What makes an answer other than a SOAP response (SOAP 1.2 part 1, 5.4.6). */
enum api_fault {
	API_FAULT_NONE,
	API_FAULT_SENDER,
	API_FAULT_RECEIVER,
	API_FAULT_MUST_UNDERSTAND,
	API_FAULT_VERSION, /* of an envelope that is none of SOAP 1.1 or 1.2 */
	API_FAULT_VERSION_11,
	API_FAULT_ENCODING,
};

/* A header block that had to be understood. */
struct api_block {
	char ns[256];
	char local[128];
};
#define API_BLOCKS_MAX 8 /* more are not told */

/* How the caller asked, and so how it is answered. */
struct api_form {
	bool v121;               /* V1.2.1 of the specification; else V1.1.2 */
	bool mtom;               /* the request was multipart */
	char boundary[48];       /* of an answer in parts */
	char type[API_TYPE_MAX]; /* media type of the answer; "" the binding's own */
	enum api_fault fault;
	struct api_block blocks[API_BLOCKS_MAX];
	size_t n_blocks;
};

/* Each answer has the result and the request's id (NULL: none) besides its own content.
 */
struct api_answer {
	const struct ltp_result *result;
	const char *req_id;
	int status;                  /* HTTP */
	const struct api_form *form; /* NULL: as the binding does by itself */
};

/* The writers append to an empty buffer; content is left out where NULL.
 * Fail: TOO_LARGE (self) beyond the buffer's maximum, NOMEM */
struct api_binding {
	/*
	 * Reads call->body, which is taken, into call->in, call->form; call->op where
	 * the body says it. A refusal, and call->status unless that is 200.
	 * Fails: NOMEM, BUSY (self)
	 */
	int (*parse)(struct api_call *call, struct ltp_result *ret_refusal,
		     struct ltps_error *err);
	const char *media_type; /* static */
	int (*result)(const struct api_answer *a, enum operation op, struct buf *out,
		      struct ltps_error *err);
	int (*info)(const struct api_answer *a, const struct profile *const *profiles,
		    size_t n, struct buf *out, struct ltps_error *err);
	int (*preserved)(const struct api_answer *a, const char *poid, struct buf *out,
			 struct ltps_error *err);
	int (*updated)(const struct api_answer *a, const char *version, struct buf *out,
		       struct ltps_error *err);
	int (*found)(const struct api_answer *a, const struct ltp_found *found,
		     struct buf *out, struct ltps_error *err);
	/* Of RetrievePO, and of PreservePO that keeps nothing. Frees the data of each
	 * PO as soon as it is written. */
	int (*retrieved)(const struct api_answer *a, enum operation op,
			 struct ltp_retrieved *retrieved, struct buf *out,
			 struct ltps_error *err);
	int (*trace)(const struct api_answer *a, const struct ltp_trace *trace,
		     struct buf *out, struct ltps_error *err);
	int (*validated)(const struct api_answer *a,
			 const struct evidence_reports *reports, struct buf *out,
			 struct ltps_error *err);
};

extern const struct api_binding api_json_binding; /* api_json_out.h */
extern const struct api_binding api_soap_binding; /* soap.h */

#endif
