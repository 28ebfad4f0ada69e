/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixity - every blob read and hashed again, at a rate and from where the last run
 * ended; and a second directory that holds a copy of each, from which a damaged one is
 * repaired.
 *
 * The copy is made behind the ingest, never in its way: fixity_copy() takes the blobs
 * that came since (by id) in batches. Directory: files as in the store, small blobs in
 * a database of its own (copy.db). It belongs to one store, whose name stands in it.
 */
#ifndef LTPS_STORAGE_FIXITY_H
#define LTPS_STORAGE_FIXITY_H

#include "base/digest.h"
#include "storage/blob.h"
#include "storage/store.h"

/*
 * A second directory; one at a time has it open.
 * dir      made when missing, its parent too
 * Fails:   STATE when it holds the copies of another store, or a store, or copies that
 *          are newer than this store (it was put back from a backup; from then on, and
 *          nothing in it is replaced or removed: it is for the operator to put the
 *          directory aside); ARGUMENT when
 *          it is inside the store; BUSY when it is open already; READ_ONLY, DENIED,
 *          IO, CORRUPT (its database)
 */
struct copies;
int copies_open(struct store *store, const char *dir, struct copies **ret_c,
		struct ltps_error *err) LTPS_CHECKED;
/* What exists, only to be read by fixity_verify(). Fails: NOT_FOUND and as above */
int copies_open_reading(struct store *store, const char *dir, struct copies **ret_c,
			struct ltps_error *err) LTPS_CHECKED;
void copies_close(struct copies *c); /* NULL-safe */
/* Name of this copy, given when its directory was made: progress of fixity_copy()
 * belongs to it. */
#define COPIES_ID_BYTES 16
void copies_id(const struct copies *c, uint8_t out[COPIES_ID_BYTES]);

/* How much one call may do; 0: no bound. One blob is always looked at. */
struct fixity_bound {
	uint64_t bytes;
	size_t blobs;
};
struct fixity_progress {
	int64_t after;  /* in and out: the last blob looked at; 0 at the beginning */
	bool end;       /* out: there is none behind it */
	uint64_t blobs; /* out, added to: looked at */
	uint64_t bytes; /* likewise, read on both sides */
};
struct fixity_damage {
	int64_t blob;
	char tenant[STORE_TENANT_MAX + 1];
	struct digest sha512;
	uint64_t size;
	bool copy; /* the copy is meant, not the store's own */
	bool repaired;
	char kept[STORE_TEXT_MAX +
		  1]; /* where the damaged bytes stand now; "": nowhere */
	char text[256];
};
/* More damaged blobs end a call, the rest is for the next one. */
#define FIXITY_DAMAGED_MAX 64
typedef int fixity_damage_row(void *arg, const struct fixity_damage *d,
			      struct ltps_error *err);
/*
 * fixity_copy - copy what is behind progress->after, durable when it returns; after a
 * failure what was copied before is. A blob that is damaged here is not copied:
 * damaged() hears of it, and the fixity_check() that finds it whole copies it.
 * Removes from the copy what is gone from the store when end is reached; in parts, each
 * a call without end, when that takes long and there is a bound.
 */
int fixity_copy(struct store_conn *conn, struct copies *c,
		const struct fixity_bound *bound, struct fixity_progress *progress,
		fixity_damage_row *damaged, void *arg,
		struct ltps_error *err) LTPS_CHECKED;
/*
 * fixity_check - read and hash what is behind progress->after, here and, when c is not
 * NULL, in the copy. What is damaged on one side is repaired from the other: the
 * damaged file is renamed (NAME.damaged-N), never overwritten; damaged small blobs are
 * kept as such files too. What is damaged on both sides stays and is told. conn  a
 * reader outside of store_read_begin(); repairs of the store are tasks of the writer
 */
int fixity_check(struct store_conn *conn, struct copies *c,
		 const struct fixity_bound *bound, struct fixity_progress *progress,
		 fixity_damage_row *damaged, void *arg,
		 struct ltps_error *err) LTPS_CHECKED;
/* The same, and nothing is changed: for whoever notes what is damaged before it is
 * repaired, and for fsck. */
int fixity_verify(struct store_conn *conn, struct copies *c,
		  const struct fixity_bound *bound, struct fixity_progress *progress,
		  fixity_damage_row *damaged, void *arg,
		  struct ltps_error *err) LTPS_CHECKED;
/* One blob, at once: after a read that found it damaged. One that is gone is whole. */
int fixity_check_one(struct store_conn *conn, struct copies *c, int64_t blob,
		     fixity_damage_row *damaged, void *arg,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * fixity_mend - the bytes of one blob, which somebody got again from where they once
 * came, in the place of damaged ones; those are kept as by fixity_check(). A blob that
 * is whole stays as it is. conn as for fixity_check()
 * Fails: NOT_FOUND; ARGUMENT when they are not the bytes once stored; CORRUPT when the
 *        database cannot take them
 */
int fixity_mend(struct store_conn *conn, int64_t blob, struct view bytes,
		struct ltps_error *err) LTPS_CHECKED;
/* Removes files of the copy that it does not know: leavings of a crash. Reads all
 * names, for once a round. */
int fixity_sweep(struct copies *c, struct ltps_error *err) LTPS_CHECKED;
/* What holds this blob: kind "object" with its POID; "tree", "tail" (of chains),
 * "material" with "tree:7" and so on, of STORE_TENANT_SYSTEM. */
int fixity_users(struct store_conn *conn, int64_t blob,
		 int (*row)(void *arg, const char *kind, const char *tenant,
			    const char *subject, struct ltps_error *err),
		 void *arg, struct ltps_error *err) LTPS_CHECKED;

/*
 * blob_digests - one pass over the bytes for several digests; not compared with the
 * address unless SHA-512 is among them. For hash-tree renewal, whose caller compares
 * with what the tree once covered.
 * algs     n of them, at most DIGEST_ALG_COUNT
 * Fails:   NOT_FOUND; CORRUPT naming the address (missing, cut, or SHA-512 differs)
 */
int blob_digests(struct store_conn *conn, int64_t blob, const enum digest_alg *algs,
		 size_t n, struct digest *ret, struct ltps_error *err) LTPS_CHECKED;
/* One other digest of what still has its address, in the same pass. */
int blob_digest(struct store_conn *conn, int64_t blob, enum digest_alg alg,
		struct digest *ret_d, struct ltps_error *err) LTPS_CHECKED;

/* Durability steps of copying and repairing (base/failpoint.h); NULL-terminated. */
extern const char *const fixity_failpoints[];

#endif
