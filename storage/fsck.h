/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsck - is everything that was stored still there and unchanged? Nothing is
 * modified. It may run while a service uses the store.
 */
#ifndef LTPS_STORAGE_FSCK_H
#define LTPS_STORAGE_FSCK_H

#include "base/bytes.h"
#include "storage/evidence.h"
#include "storage/store.h"

enum fsck_kind {
	FSCK_DATABASE,     /* integrity_check, foreign_key_check */
	FSCK_BLOB_DAMAGED, /* bytes do not hash to their address */
	FSCK_BLOB_MISSING,
	FSCK_BLOB_REFS,   /* reference count differs from the references */
	FSCK_BLOB_ORPHAN, /* a file without a row; harmless, swept at start */
	FSCK_PART_DIGEST, /* digests of a part differ from its blob */
	FSCK_LEAF,        /* leaf and what it covers differ, or gap in the numbers */
	FSCK_TREE,        /* counts, nodes or root */
	FSCK_TOKEN,
	FSCK_AUDIT,
	FSCK_RENEWAL, /* the order of tokens, what chains end with */
	FSCK_KIND_COUNT
};

struct fsck_finding {
	enum fsck_kind kind;
	bool harmless;       /* does not count as damage (orphans) */
	const char *subject; /* address, tree, poid; borrowed */
	const char *text;
};

/*
 * What the store cannot judge itself; ltp/ fills it. A -1 from a hook is a
 * finding with the error's text. Either may be NULL.
 */
struct fsck_hooks {
	void *arg;
	/* Stamped tree: nodes recomputed from the leaves, root, node layout. */
	int (*check_tree)(void *arg, const struct tree *tree, struct view leaves,
			  struct view nodes, struct ltps_error *err);
	/* The token: decodes, its imprint is the tree's root, signature holds. */
	int (*check_token)(void *arg, const struct token *token,
			   const struct tree *tree, struct ltps_error *err);
	/*
	 * Digest of a version from its parts' digests: the single one, or that of
	 * the data group. NULL: only single-part versions are compared.
	 */
	int (*group_digest)(void *arg, enum digest_alg alg, const struct view *digests,
			    size_t n, struct digest *ret_d, struct ltps_error *err);
	/* The leaf of a version that came with chains of another service (concatenated),
	 * in its first tree here. NULL: such leaves are not compared. */
	int (*continued_digest)(void *arg, enum digest_alg alg,
				const struct view *digests, size_t n,
				struct view chains, struct digest *ret_d,
				struct ltps_error *err);
};

struct fsck_report {
	uint64_t blobs;
	uint64_t bytes;
	uint64_t leaves;
	uint64_t trees;
	uint64_t audit_entries;
	uint64_t damaged; /* findings that are not harmless */
	uint64_t harmless;
};

struct fsck_options {
	const struct fsck_hooks *hooks; /* NULL: none */
	void (*finding)(void *arg, const struct fsck_finding *finding);
	/* done, total: octets of blobs, trees; 0 where a stage cannot tell */
	void (*progress)(void *arg, const char *stage, uint64_t done, uint64_t total);
	void *arg; /* of finding and progress, both may be NULL */
};

const char *fsck_kind_name(enum fsck_kind kind);
/*
 * store_fsck - 0 with the report, also when damage was found; -1 when it could
 * not be carried out.
 */
int store_fsck(struct store *store, const struct fsck_options *options,
	       struct fsck_report *ret_report, struct ltps_error *err) LTPS_CHECKED;

#endif
