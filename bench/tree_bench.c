/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree_bench LEAVES [DIR] - building a hash tree and taking paths out of it in
 * memory; with DIR (a new store), the same archive on disk: evidence records
 * for objects chosen at random.
 */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/inside.h"
#include "storage/blob.h"
#include "timestamping/merkle.h"

#define PATHS 100000
#define RECORDS 2000
#define INSERT_BATCH 1000

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop_on(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "tree_bench: %s: %s\n", what, err->text);
	exit(1);
}

static uint8_t *leaves_make(uint64_t n, struct digest *ret_root)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t *nodes = mem_alloc((size_t)merkle_node_count(n) * 32);
	if (nodes == NULL || RAND_bytes(nodes, (int)(n * 32)) != 1)
		exit(1);
	double begin = now();
	stop_on(merkle_build(DIGEST_SHA256, nodes, n, ret_root, &err), &err, "build");
	printf("tree of %llu leaves (SHA-256): %.3f s\n", (unsigned long long)n,
	       now() - begin);
	return nodes;
}

static void paths(const uint8_t *nodes, uint64_t n)
{
	uint64_t positions[MERKLE_PATH_MAX], sum = 0;
	double begin = now();
	for (int i = 0; i < PATHS; i++) {
		size_t k = merkle_path_positions(n, (uint64_t)rand() % n, positions);
		for (size_t j = 0; j < k; j++)
			sum += nodes[positions[j] * 32];
	}
	printf("path out of it: %.2f us (%llu)\n", (now() - begin) / PATHS * 1e6,
	       (unsigned long long)sum % 10);
}

/* --- the archive on disk --- */

struct insert {
	uint64_t first, n;
	const uint8_t *leaves;
	struct blob_new *blob;
	int64_t *versions;
};

static int run_insert(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct insert *in = arg;
	for (uint64_t i = in->first; i < in->first + in->n; i++) {
		char poid[40];
		int64_t object;
		struct part_new part = { .mime = "a/b", .size = 1, .blob = in->blob };
		struct version_new v = { .label = "v1",
					 .kind = VERSION_SUBMITTED,
					 .created_ms = 1,
					 .parts = &part,
					 .n_parts = 1 };
		v.digest.alg = part.sha256.alg = DIGEST_SHA256;
		v.digest.n = part.sha256.n = 32;
		memcpy(v.digest.p, in->leaves + i * 32, 32);
		part.sha256 = v.digest;
		snprintf(poid, sizeof(poid), "object-%llu", (unsigned long long)i);
		const struct object_new o = { .tenant = "default",
					      .poid = poid,
					      .profile = "urn:bench",
					      .created_ms = 1,
					      .first = &v };
		if (object_insert(conn, &o, &object, &in->versions[i], err) != 0)
			return -1;
		const struct leaf_new leaf = { .profile = "urn:bench",
					       .alg = DIGEST_SHA256,
					       .kind = LEAF_VERSION,
					       .ref = in->versions[i],
					       .digest = v.digest,
					       .bytes = 1,
					       .now_ms = 1 };
		if (tree_append_leaf(conn, &leaf, NULL, err) != 0)
			return -1;
	}
	return 0;
}

static int run_close(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return tree_close(conn, *(int64_t *)arg, 2, err);
}

static int run_stamp(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	int64_t token;
	return tree_stamp(conn, arg, &token, err);
}

static void archive(const char *dir, uint64_t n, const uint8_t *leaves)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *store = NULL;
	struct ltp *l = NULL;
	struct ltp_worker *w = NULL;
	const struct store_options so = { .dir = dir };
	const struct clock clock = clock_system();
	struct insert in = { .leaves = leaves };
	in.versions = mem_zalloc(n, sizeof(*in.versions));
	stop_on(store_open(&so, &store, &err), &err, "store");
	double begin = now();
	for (; in.first < n; in.first += in.n) {
		in.n = n - in.first < INSERT_BATCH ? n - in.first : INSERT_BATCH;
		stop_on(blob_prepare(store, "default", view_text("x"), NULL, &in.blob,
				     &err),
			&err, "blob");
		stop_on(store_write(store, run_insert, &in, &err), &err, "insert");
		blob_new_free(in.blob);
	}
	printf("rows of %llu objects, %d a transaction: %.1f s\n",
	       (unsigned long long)n, INSERT_BATCH, now() - begin);
	int64_t tree = 1;
	stop_on(store_write(store, run_close, &tree, &err), &err, "close");
	const struct ltp_options lo = { .store = store, .clock = &clock };
	stop_on(ltp_new(&lo, &l, &err), &err, "ltp");
	stop_on(ltp_worker_new(l, &w, &err), &err, "worker");
	struct tree t;
	stop_on(tree_get(w->conn, tree, &t, &err), &err, "tree");
	begin = now();
	size_t size = (size_t)merkle_node_count(t.n_leaves) * 32;
	uint8_t *nodes = mem_alloc(size);
	struct tree_stamp stamp = { .tree = tree,
				    .gen_time_ms = 3,
				    .tsa = "none",
				    .now_ms = 3,
				    .token = view_of("\x30\x00", 2) };
	stop_on(tree_leaves(w->conn, tree, nodes, (size_t)t.n_leaves * 32, &err), &err,
		"leaves");
	stop_on(merkle_build(DIGEST_SHA256, nodes, t.n_leaves, &stamp.root, &err), &err,
		"build");
	stop_on(blob_prepare(store, STORE_TENANT_SYSTEM, view_of(nodes, size), NULL,
			     &stamp.nodes, &err),
		&err, "nodes");
	stop_on(store_write(store, run_stamp, &stamp, &err), &err, "stamp");
	blob_new_free(stamp.nodes);
	printf("leaves read, tree built and stored: %.2f s\n", now() - begin);
	begin = now();
	for (int i = 0; i < RECORDS; i++) {
		struct object *o = NULL;
		struct buf out = buf_make((size_t)1 << 20);
		bool ready = false;
		char poid[40];
		snprintf(poid, sizeof(poid), "object-%llu",
			 (unsigned long long)((uint64_t)rand() % n));
		stop_on(object_get(w->conn, "default", poid, &o, &err), &err, "object");
		stop_on(evidence_assemble(w, &o->versions[0], &out, &ready, &err), &err,
			"evidence");
		object_free(o);
		buf_free(&out);
	}
	printf("evidence record of an object of it: %.1f us\n",
	       (now() - begin) / RECORDS * 1e6);
	mem_free(nodes);
	mem_free(in.versions);
	ltp_worker_free(w);
	ltp_free(l);
	store_close(store);
}

int main(int argc, char **argv)
{
	struct digest root;
	struct rusage u;
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	mem_init();
	srand(1);
	uint8_t *nodes = leaves_make(n, &root);
	paths(nodes, n);
	if (argc > 2)
		archive(argv[2], n, nodes);
	mem_free(nodes);
	getrusage(RUSAGE_SELF, &u);
	printf("peak memory %ld MB\n", u.ru_maxrss / 1024);
	return 0;
}
