/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate_request - what POST /certificates/validate is asked: a body of
 * certificates with parameters in the query, or one JSON object.
 */
#ifndef LTPS_SERVER_CERTIFICATE_REQUEST_H
#define LTPS_SERVER_CERTIFICATE_REQUEST_H

#include "server/path_options.h"

#define CERTIFICATE_ITEMS_MAX 256                /* of one kind in a request */
#define CERTIFICATE_LISTS_MAX ((size_t)16 << 10) /* texts of lists in a query */
#define NUMBER_TEXT_MAX 24                       /* any int64_t */

struct certificate_request {
	struct path_options path;
	struct material *material; /* what came; the first certificate is judged */
	const char *policy;        /* NULL: none */
	const char *time;          /* NULL: now */
	/* private: what the texts point into */
	struct buf texts;
	char numbers[2][NUMBER_TEXT_MAX];
	void *json;
	void **lists;
	size_t n_lists;
};

/*
 * certificate_request_json - from {"certificates":[...]}: the certificates (base64 of
 * DER, or PEM) first, "crls" and "ocsps" likewise, and the options of `ltps path`.
 * body   borrowed until certificate_request_clear()
 * Fails: FORMAT (caller) naming the member; ARGUMENT (caller); TOO_LARGE, NOMEM
 */
int certificate_request_json(struct certificate_request *r, struct view body,
			     struct ltps_error *err) LTPS_CHECKED;
/* PEM or DER, several in one. Fails: FORMAT (caller) */
int certificate_request_body(struct certificate_request *r, struct view body,
			     struct ltps_error *err) LTPS_CHECKED;
/*
 * certificate_request_query - the parameters, each looked up by get().
 * Fails: ARGUMENT (caller) naming the parameter; NOMEM
 */
int certificate_request_query(struct certificate_request *r,
			      const char *(*get)(void *arg, const char *name),
			      void *arg, struct ltps_error *err) LTPS_CHECKED;
void certificate_request_clear(struct certificate_request *r);

#endif
