/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_head - the head of an HTTP/1.1 request, strictly: bytes to structure,
 * pure. Everything that two readers could understand differently is refused,
 * so that nothing can be smuggled past a proxy in front.
 */
#ifndef LTPS_SERVER_HTTP_HEAD_H
#define LTPS_SERVER_HTTP_HEAD_H

#include "base/bytes.h"
#include "server/http.h"

#define HTTP_FIELDS_MAX 64 /* browsers send about 20 */
#define HTTP_TARGET_MAX 4096

struct http_header_field {
	struct view name;  /* as sent; compared without case */
	struct view value; /* blanks around it removed */
};

struct http_head {
	enum http_method method;
	struct view method_text;
	char *path;           /* decoded, NUL-ended; lies in the scratch bytes */
	bool plain;           /* path holds no empty, "." or ".." segment */
	struct view raw_path; /* as sent */
	struct view query;    /* raw, behind the '?' */
	unsigned minor;       /* HTTP/1.minor */
	bool has_length;
	uint64_t content_length;
	bool chunked;
	bool expect_continue;
	bool keep_alive;
	char media_type[64]; /* lower case, without parameters; "" when absent */
	struct http_header_field fields[HTTP_FIELDS_MAX];
	size_t n_fields;
};

/*
 * http_head_find - length of the head at the start of the bytes, with the
 * empty line; 0: not complete yet; -1: a line does not end with CR LF.
 * from  in and out: where the search goes on when more bytes have come;
 *       0 at first
 */
int http_head_find(struct view bytes, size_t *from, size_t *ret_len) LTPS_CHECKED;

/*
 * http_head_parse - judge a complete head.
 * bytes    the head with its empty line; the structure points into it
 * scratch  as many bytes, for the decoded path
 * Returns 0, or the HTTP status of the refusal with its reason in ret_why
 * (static text). After a refusal the connection must be closed.
 * Spec: RFC 9112 2.2, 3, 5, 6; RFC 9110 5.5, 7.2, 8.6
 */
int http_head_parse(struct view bytes, uint8_t *scratch, struct http_head *ret_head,
		    const char **ret_why) LTPS_CHECKED;

/* First field of this name (any case); VIEW_NULL when absent. */
struct view http_head_field(const struct http_head *head, const char *name);

/*
 * http_decode_component - percent-decode in place and end with NUL (one byte
 * behind the text must be writable). plus: '+' is a blank (query only).
 * False on a bad escape, %00 or a control character.
 */
bool http_decode_component(char *text, size_t n, bool plus, size_t *ret_n);

/* The chunked transfer coding (RFC 9112 7.1), as a machine fed piecewise. */
struct http_chunked {
	enum {
		CHUNK_SIZE,
		CHUNK_EXTENSION,
		CHUNK_SIZE_LF,
		CHUNK_DATA,
		CHUNK_DATA_CR,
		CHUNK_DATA_LF,
		CHUNK_TRAILER_START,
		CHUNK_TRAILER,
		CHUNK_TRAILER_LF,
		CHUNK_END_LF,
		CHUNK_DONE
	} state;
	uint64_t left; /* of the present chunk */
	unsigned digits;
	size_t overhead; /* bytes of extensions and trailers seen */
};
#define HTTP_CHUNK_OVERHEAD_MAX                                                        \
	4096 /* extensions and trailers are not used by anyone */

/*
 * http_chunked_feed - eat some of the bytes.
 * ret_data  body bytes found (a part of in, maybe empty)
 * Returns how many bytes were eaten: 0 only when in is empty or the machine
 * is done; SIZE_MAX when the coding is malformed.
 */
size_t http_chunked_feed(struct http_chunked *c, struct view in, struct view *ret_data);

#endif
