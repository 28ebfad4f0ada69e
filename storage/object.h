/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object - preserved objects (a POID), their versions, and the parts of a
 * version (the preservation objects submitted together, TS 119 512 5.4.5).
 */
#ifndef LTPS_STORAGE_OBJECT_H
#define LTPS_STORAGE_OBJECT_H

#include "base/bytes.h"
#include "base/digest.h"
#include "storage/blob.h"
#include "storage/store.h"

/* Values are stored: never renumber. */
enum object_state {
	OBJECT_LIVE = 0,
	OBJECT_DATA_DELETED = 1, /* OnlySubDOs: evidence and digests remain */
	OBJECT_DELETED = 2,      /* SubDOsAndEvidence: a tombstone remains */
};

/* What a version is. Values are stored: never renumber. */
enum version_kind {
	VERSION_SUBMITTED = 1, /* byte for byte what came */
	VERSION_AUGMENTED = 2,
	VERSION_SEALED = 3,
	VERSION_UPDATED = 4, /* UpdatePOC */
	VERSION_REPORT = 5,  /* a validation report; preserved like the rest */
};

/* One part to insert. Texts may be NULL. */
struct part_new {
	const char *po_id;
	const char *format_id;
	const char *mime;
	const char *pronom;
	const char *related;  /* ids of related parts, blank-separated */
	const char *detected; /* format that the detector found */
	uint64_t size;
	struct digest sha256; /* alg DIGEST_NONE: not known (digest list) */
	struct digest sha512;
	struct digest given;   /* a digest submitted instead of the data */
	struct blob_new *blob; /* NULL: no data (digest list) */
	int64_t same_blob;     /* instead: bytes stored already; 0: none */
	bool xml;              /* submitted as xmlData */
};

struct version_new {
	const char *label; /* "v1"; unique within the object */
	enum version_kind kind;
	int64_t created_ms;
	struct digest digest; /* of the single part or the data group: the leaf */
	const char *verdict;  /* indication of the last judgement, or NULL */
	int64_t judged_ms;
	int64_t base; /* of a form or report: version that it was made of; 0: the newest
			 that was submitted or updated */
	const char *record_id; /* what the client called the record that came with it;
				  NULL: none, or it has no name */
	const struct part_new *parts;
	size_t n_parts;
};

struct object_new {
	const char *tenant;
	const char *poid;
	const char *profile;
	int64_t created_ms;
	int64_t preserve_until_ms;       /* 0: without end */
	const struct version_new *first; /* NULL: an empty container */
};

/*
 * object_insert - the object, its first version, its parts and blobs.
 * ret_version  0 without a first version
 * Fails: EXISTS (tenant and poid known), ARGUMENT, CORRUPT (equal address,
 *        other bytes)
 */
int object_insert(struct store_conn *conn, const struct object_new *object,
		  int64_t *ret_object, int64_t *ret_version,
		  struct ltps_error *err) LTPS_CHECKED;
/* Fails: NOT_FOUND; STATE (object not live); EXISTS (label); ARGUMENT (base);
 * TOO_LARGE (an update behind STORE_UPDATES_MAX, anything behind STORE_VERSIONS_MAX). */
int object_add_version(struct store_conn *conn, int64_t object,
		       const struct version_new *version, int64_t *ret_version,
		       struct ltps_error *err) LTPS_CHECKED;
/* Where something that is taken over from another service stands already. */
struct object_origin {
	const char *tenant, *profile;
	const char *name;            /* of the record that came with the version, */
	const struct digest *sha256; /* or, where set, of a part of this SHA-256 */
	int64_t version;             /* the last one given; 0: begin */
};
/* The next version of an object that is live; ret_more false: there is none. */
int object_origin_next(struct store_conn *conn, struct object_origin *q, bool *ret_more,
		       struct ltps_error *err) LTPS_CHECKED;
/* The newest version that was submitted or updated; 0: none. */
int object_last_logical(struct store_conn *conn, int64_t object, int64_t *ret_version,
			struct ltps_error *err) LTPS_CHECKED;
int object_set_verdict(struct store_conn *conn, int64_t version, const char *verdict,
		       int64_t judged_ms, struct ltps_error *err) LTPS_CHECKED;
/* Its end is announced anew (storage/renewal.h). */
int object_set_preserve_until(struct store_conn *conn, int64_t object, int64_t until_ms,
			      struct ltps_error *err) LTPS_CHECKED;
/*
 * object_keep_digest - a further digest of a part's bytes, as `given`, which stays when
 * they go (writer only). There is room for one.
 * Fails: NOT_FOUND when the part has no bytes, or such a digest already
 */
int object_keep_digest(struct store_conn *conn, int64_t version, uint32_t seq,
		       const struct digest *digest,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * object_delete_data - the blobs of all versions go, rows and digests stay: evidence
 * is renewed, forms and judgements are not. Who signed is forgotten.
 * Fails: NOT_FOUND; STATE when already deleted
 */
int object_delete_data(struct store_conn *conn, int64_t object, int64_t now_ms,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * object_delete - the object becomes a tombstone: POID, profile, times. Its
 * versions and parts go, and the heads of its earlier chains; leaves in trees keep
 * their digests, which other objects' paths do not need but fsck does. Who and why
 * stand in the audit chain, which the caller extends in the same task.
 */
int object_delete(struct store_conn *conn, int64_t object, int64_t now_ms,
		  struct ltps_error *err) LTPS_CHECKED;

struct part {
	uint32_t seq; /* from 1 */
	char *po_id;  /* texts: NULL when absent */
	char *format_id;
	char *mime;
	char *pronom;
	char *related;
	char *detected;
	uint64_t size;
	struct digest sha256;
	struct digest sha512;
	struct digest given; /* submitted instead of the data, or kept when that went */
	int64_t blob;        /* 0: no data (digest list, or deleted) */
	bool xml;            /* submitted as xmlData */
};

struct version {
	int64_t id;
	uint32_t number; /* from 1 */
	char *label;
	enum version_kind kind;
	int64_t created_ms;
	struct digest digest;
	char *verdict; /* NULL: not judged */
	int64_t judged_ms;
	int64_t base; /* of a form or report: version that it was made of; else 0 */
	struct part *parts;
	size_t n_parts;
};

struct object {
	int64_t id;
	char tenant[STORE_TENANT_MAX + 1];
	char poid[STORE_POID_MAX + 1];
	char profile[STORE_URI_MAX + 1];
	enum object_state state;
	int64_t created_ms;
	int64_t preserve_until_ms; /* 0: without end */
	int64_t deleted_ms;        /* 0: not deleted */
	struct version *versions;  /* by number; NULL in listings */
	size_t n_versions;
};

/*
 * object_get - with versions and parts. Another tenant's POID is NOT_FOUND.
 * ret_object  free with object_free()
 */
int object_get(struct store_conn *conn, const char *tenant, const char *poid,
	       struct object **ret_object, struct ltps_error *err) LTPS_CHECKED;
int object_get_by_id(struct store_conn *conn, int64_t object,
		     struct object **ret_object, struct ltps_error *err) LTPS_CHECKED;
/* The object that a version belongs to; the version is in its list. */
int object_get_by_version(struct store_conn *conn, int64_t version,
			  struct object **ret_object,
			  struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void object_free(struct object *object);
/* NULL when there is none. */
const struct version *object_version(const struct object *object, const char *label);
const struct version *object_version_by_id(const struct object *object, int64_t id);
/* Whether this came from the client: submitted or updated, no form and no report. */
bool version_is_logical(const struct version *v);
/* The newest of these; NULL when there is none. */
const struct version *object_latest(const struct object *object);

/* Unset members (NULL, 0) do not restrict. */
struct object_query {
	const char *tenant;
	const char *profile;
	const char *poid_prefix;
	const struct digest *sha512; /* some part has these bytes; looks at all */
	bool has_state;
	enum object_state state;
	int64_t created_from_ms;
	int64_t created_until_ms;         /* exclusive */
	int64_t preserve_until_before_ms; /* ends before; never those without end */
	int64_t after_id;                 /* paging: greater object ids only */
	size_t limit;                     /* 0: STORE_PAGE_MAX */
};
/* row() gets objects without versions, by id; -1 from it ends the listing. */
int object_list(struct store_conn *conn, const struct object_query *query,
		int (*row)(void *arg, const struct object *object,
			   struct ltps_error *err),
		void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
