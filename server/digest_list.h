/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest_list - the DigestList of TS 119 512 5.6.1, carried as the data of a PO, in its
 * JSON and its XML form: octets to a checked structure. What may be preserved of it is
 * not decided here.
 */
#ifndef LTPS_SERVER_DIGEST_LIST_H
#define LTPS_SERVER_DIGEST_LIST_H

#include "ltp/ltp.h"

#define DIGEST_LIST_FORMAT "http://uri.etsi.org/19512/format/DigestList"
/* Values of one list: one data object group of that many. */
#define DIGEST_LIST_VALUES_MAX 1000

/*
 * digest_list_read - one list; what begins with '<' is XML, anything else JSON.
 * Algorithm spellings: dotted OID, urn:oid:, XML signature URI or name; in JSON as a
 * string or as {"alg": ...}. Padding of base64 may be missing, as existing clients send
 * it.
 * ret_list     release with ltp_digest_list_clear(); set when accepted
 * ret_refusal  minor LTP_OK: well-formed
 * Fails:       NOMEM (self)
 */
int digest_list_read(struct view data, struct ltp_digest_list *ret_list,
		     struct ltp_result *ret_refusal,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * digest_lists_read - those among the POs of a request, which then point to them.
 * member       what holds them, for the message: "po"
 * ret_lists    n of them, free with digest_lists_free(); NULL when there is none
 * ret_refusal  POFormatError, naming the PO
 * Fails:       NOMEM (self)
 */
int digest_lists_read(struct ltp_po *pos, size_t n, const char *member,
		      struct ltp_digest_list **ret_lists,
		      struct ltp_result *ret_refusal,
		      struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void digest_lists_free(struct ltp_digest_list *lists, size_t n);

/* An algorithm by its name, OID, urn:oid: or URI of XML signatures, as JSON messages
 * name it; NONE: unknown. */
enum digest_alg digest_alg_of_text(const char *text);

/* ---- private to digest_list*.c ---- */

int digest_list_read_xml(struct view data, struct ltp_digest_list *ret_list,
			 struct ltp_result *ret_refusal,
			 struct ltps_error *err) LTPS_CHECKED;
/* One more value, as base64. Fails: FORMAT (caller) with a text, TOO_LARGE, NOMEM */
int digest_list_add(struct ltp_digest_list *list, size_t *cap, struct view base64,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
