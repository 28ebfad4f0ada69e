/* SPDX-License-Identifier: Apache-2.0 */
/*
 * material - collected certificates, CRLs and OCSP responses, each stored
 * once, and the history of trust anchors. Material outlives the objects that
 * used it.
 */
#ifndef LTPS_STORAGE_MATERIAL_H
#define LTPS_STORAGE_MATERIAL_H

#include "base/bytes.h"
#include "base/digest.h"
#include "storage/blob.h"
#include "storage/store.h"

/* Values are stored: never renumber. */
enum material_row_kind {
	MATERIAL_ROW_CERT = 1,
	MATERIAL_ROW_CRL = 2,
	MATERIAL_ROW_OCSP = 3,
	MATERIAL_ROW_SCVP = 4,
	MATERIAL_ROW_OTHER = 5,
};

struct material_new {
	enum material_row_kind kind;
	struct blob_new *blob; /* of STORE_TENANT_SYSTEM */
	struct view key;       /* caller's search key (issuer, CertID); n 0: none */
	const char *source;    /* URL, or where it was embedded; may be NULL */
	int64_t fetched_ms;
	int64_t produced_ms; /* thisUpdate, producedAt, notBefore; 0 unknown */
	int64_t until_ms;    /* nextUpdate, notAfter; 0 unknown */
};

struct material_row {
	int64_t id;
	enum material_row_kind kind;
	struct digest sha512;
	int64_t blob;
	uint64_t size;
	struct view key;    /* borrowed during row() */
	const char *source; /* borrowed during row(); NULL */
	int64_t fetched_ms;
	int64_t produced_ms;
	int64_t until_ms;
};

/*
 * material_put - store once by kind and SHA-512; what exists keeps its key,
 * source and times, and takes those that it has not.
 * ret_added  may be NULL
 */
int material_put(struct store_conn *conn, const struct material_new *material,
		 int64_t *ret_id, bool *ret_added, struct ltps_error *err) LTPS_CHECKED;

typedef int material_row_fn(void *arg, const struct material_row *row,
			    struct ltps_error *err);
/* Calls row() once. Fails: NOT_FOUND */
int material_get(struct store_conn *conn, int64_t id, material_row_fn *row, void *arg,
		 struct ltps_error *err) LTPS_CHECKED;
int material_by_sha512(struct store_conn *conn, enum material_row_kind kind,
		       const struct digest *sha512, material_row_fn *row, void *arg,
		       struct ltps_error *err) LTPS_CHECKED;
/* Of one source. A CRL a day makes thousands in a few years, and each judgement would
 * read them all: what an older one could still answer, a newer one answers too, and
 * some dozens leave room for forged lists before the real one. */
#define MATERIAL_KEY_ROWS_MAX 64
/* What was produced until then, newest first, at most MATERIAL_KEY_ROWS_MAX; none is no
 * error. */
int material_by_key(struct store_conn *conn, enum material_row_kind kind,
		    struct view key, int64_t produced_until, material_row_fn *row,
		    void *arg, struct ltps_error *err) LTPS_CHECKED;
int material_list(struct store_conn *conn, int64_t after_id, size_t limit,
		  material_row_fn *row, void *arg, struct ltps_error *err) LTPS_CHECKED;

/* Who needs a piece of material. Values are stored: never renumber. */
enum material_user {
	MATERIAL_USER_TOKEN = 1,   /* user: token id */
	MATERIAL_USER_VERSION = 2, /* user: version id */
};
/* Idempotent. */
int material_link(struct store_conn *conn, int64_t material, enum material_user kind,
		  int64_t user, struct ltps_error *err) LTPS_CHECKED;
int material_of(struct store_conn *conn, enum material_user kind, int64_t user,
		material_row_fn *row, void *arg, struct ltps_error *err) LTPS_CHECKED;

struct anchor_row {
	int64_t id;
	struct view der; /* borrowed during row() */
	int64_t trusted_from_ms;
	int64_t sunset_ms;  /* 0: still trusted */
	const char *source; /* may be NULL */
};
/*
 * anchor_put - one period in which an anchor was trusted. The same DER with
 * the same beginning is updated (sunset, source).
 */
int anchor_put(struct store_conn *conn, const struct anchor_row *anchor,
	       int64_t *ret_id, struct ltps_error *err) LTPS_CHECKED;
int anchor_list(struct store_conn *conn,
		int (*row)(void *arg, const struct anchor_row *anchor,
			   struct ltps_error *err),
		void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
