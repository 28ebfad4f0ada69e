/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonw - a writer of JSON text into a bounded buffer (RFC 8259), for reports,
 * logs and answers. Commas and nesting are kept by the writer. The first
 * error stays in the writer; jsonw_end reports it, so calls can follow one
 * another without a check each.
 */
#ifndef LTPS_BASE_JSONW_H
#define LTPS_BASE_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 32

struct jsonw {
	struct buf *out;
	struct ltps_error err;
	uint32_t depth;
	bool filled[JSON_DEPTH_MAX]; /* a member stands already at this depth */
	bool object[JSON_DEPTH_MAX]; /* an object at this depth, else an array */
	bool after_key;
};

struct jsonw jsonw_to(struct buf *out);
void jsonw_object(struct jsonw *j);     /* { */
void jsonw_object_end(struct jsonw *j); /* } */
void jsonw_array(struct jsonw *j);      /* [ */
void jsonw_array_end(struct jsonw *j);  /* ] */
void jsonw_key(struct jsonw *j, const char *key);
/* Invalid UTF-8 is written with U+FFFD, so that the text is always JSON. */
void jsonw_text(struct jsonw *j, struct view v);
void jsonw_cstr(struct jsonw *j, const char *s); /* NULL writes null */
void jsonw_int(struct jsonw *j, int64_t v);
void jsonw_bool(struct jsonw *j, bool v);
void jsonw_null(struct jsonw *j);
void jsonw_hex(struct jsonw *j, struct view v);
void jsonw_base64(struct jsonw *j, struct view v);
void jsonw_time(struct jsonw *j, int64_t t_ms); /* RFC 3339 text */
/* Key and value in one call. */
void jsonw_member(struct jsonw *j, const char *key, const char *s);
void jsonw_member_int(struct jsonw *j, const char *key, int64_t v);
void jsonw_member_bool(struct jsonw *j, const char *key, bool v);
/* INT64_MIN and INT64_MAX are no date: null. */
void jsonw_member_time(struct jsonw *j, const char *key, int64_t t_ms);
/* 0 when all of it was written and nesting is closed. */
int jsonw_end(struct jsonw *j, struct ltps_error *err) LTPS_CHECKED;

#endif
