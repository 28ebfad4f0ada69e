/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/rows.h"

#include "base/mem.h"
#include "ltp/plan.h"
#include "timestamping/merkle.h"

/* Both digests go over a piece while it is in the first-level cache. */
#define DIGEST_PIECE ((size_t)16 << 10)

static int take_digests(struct view data, struct digest *ret_256,
			struct digest *ret_512, struct ltps_error *err)
{
	int rc = -1;
	struct digest_ctx *a = NULL, *b = NULL;
	if (data.n <= DIGEST_PIECE) {
		if (digest_once(DIGEST_SHA256, data, ret_256, err) != 0)
			return -1;
		return digest_once(DIGEST_SHA512, data, ret_512, err);
	}
	if (digest_new(DIGEST_SHA256, &a, err) != 0 ||
	    digest_new(DIGEST_SHA512, &b, err) != 0)
		goto out;
	while (data.n > 0) {
		struct view piece = view_head(data, DIGEST_PIECE);
		if (digest_update(a, piece, err) != 0 ||
		    digest_update(b, piece, err) != 0)
			goto out;
		data = view_skip(data, piece.n);
	}
	if (digest_final(a, ret_256, err) != 0 || digest_final(b, ret_512, err) != 0)
		goto out;
	rc = 0;
out:
	digest_free(a);
	digest_free(b);
	return rc;
}

int part_row_make(struct store *store, const char *tenant, struct view data,
		  struct part_new *ret, struct ltps_error *err)
{
	ret->size = data.n;
	if (take_digests(data, &ret->sha256, &ret->sha512, err) != 0)
		return -1;
	return blob_prepare(store, tenant, data, &ret->sha512, &ret->blob, err);
}

const char *version_kind_name(enum version_kind kind)
{
	static const char *const names[] = {
		[VERSION_SUBMITTED] = "submitted", [VERSION_AUGMENTED] = "augmented",
		[VERSION_SEALED] = "sealed",       [VERSION_UPDATED] = "updated",
		[VERSION_REPORT] = "report",
	};
	return names[kind];
}

enum digest_alg leaf_digest(const struct ltp *l, const struct profile *p,
			    int64_t now_ms)
{
	const enum digest_alg alg = plan_digest(l, p->digest, now_ms);
	return alg != DIGEST_NONE ? alg : p->digest;
}

int part_rows_leaf(enum digest_alg alg, const struct part_new *parts,
		   const struct view *datas, size_t n, struct digest *ret,
		   struct ltps_error *err)
{
	int rc = -1;
	struct digest *own = mem_zalloc(n, sizeof(*own));
	struct view *hashes = mem_zalloc(n, sizeof(*hashes));
	if (own == NULL || hashes == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	for (size_t k = 0; k < n; k++) {
		if (alg == DIGEST_SHA256)
			own[k] = parts[k].sha256;
		else if (alg == DIGEST_SHA512)
			own[k] = parts[k].sha512;
		else if (digest_once(alg, datas[k], &own[k], err) != 0)
			goto out;
		hashes[k] = digest_view(&own[k]);
	}
	rc = merkle_group(alg, hashes, n, true, ret, err);
out:
	mem_free(hashes);
	mem_free(own);
	return rc;
}
