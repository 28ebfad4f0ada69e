/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/check.h"

#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/continued.h"
#include "timestamping/merkle.h"
#include "timestamping/tst.h"

/* The stored nodes are those that the leaves give, and the last is the root. */
static int check_tree(void *arg, const struct tree *tree, struct view leaves,
		      struct view nodes, struct ltps_error *err)
{
	(void)arg;
	int rc = -1;
	struct digest root;
	size_t n = (size_t)merkle_node_count(tree->n_leaves) * digest_len(tree->alg);
	uint8_t *own = NULL;
	if (nodes.n != n || leaves.n > n)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
				 "%zu bytes of nodes instead of %zu", nodes.n, n);
	own = mem_alloc(n);
	if (own == NULL)
		return ltps_fail_nomem(err);
	memcpy(own, leaves.p, leaves.n);
	if (merkle_build(tree->alg, own, tree->n_leaves, &root, err) != 0)
		goto out;
	if (!view_equal(view_of(own, n), nodes) || !digest_equal(&root, &tree->root)) {
		ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
			  "nodes or root are not those of the leaves");
		goto out;
	}
	rc = 0;
out:
	mem_free(own);
	return rc;
}

/* The token decodes, stamps the root, and is intact. */
static int check_token(void *arg, const struct token *token, const struct tree *tree,
		       struct ltps_error *err)
{
	(void)arg;
	int rc = -1;
	struct tst *tst = NULL;
	struct tst_intact intact = { 0 };
	if (tst_parse(token->der, &tst, err) != 0 ||
	    tst_check(tst, NULL, 0, &intact, err) != 0)
		goto out;
	if (!tst_covers(tst, &tree->root))
		ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, "RFC 4998 4.3",
			  "the imprint is not the root of its tree");
	else if (!intact.signature_intact || intact.defect != TST_OK)
		ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_OBJECT, intact.clause, "%s",
			  tst_defect_text(intact.defect));
	else
		rc = 0;
out:
	tst_intact_clear(&intact);
	tst_free(tst);
	return rc;
}

static int group_digest(void *arg, enum digest_alg alg, const struct view *digests,
			size_t n, struct digest *ret_d, struct ltps_error *err)
{
	(void)arg;
	return merkle_group(alg, digests, n, true, ret_d, err);
}

/* As ltp/continued.h says: the leaf of a hash-tree renewal. */
static int continued_digest(void *arg, enum digest_alg alg, const struct view *digests,
			    size_t n, struct view chains, struct digest *ret_d,
			    struct ltps_error *err)
{
	struct digest *d = mem_zalloc(n, sizeof(*d));
	struct buf sequence = buf_make(ERS_SIZE_MAX);
	int rc = d != NULL ? 0 : ltps_fail_nomem(err);
	(void)arg;
	for (size_t i = 0; rc == 0 && i < n; i++) {
		d[i] = (struct digest){ .alg = alg, .n = digests[i].n };
		memcpy(d[i].p, digests[i].p, d[i].n);
	}
	if (rc == 0)
		rc = der_put(&sequence, DER_SEQUENCE, chains, err);
	if (rc == 0)
		rc = continued_leaf_of(d, n, view_buf(&sequence), ret_d, err);
	buf_free(&sequence);
	mem_free(d);
	return rc;
}

static const struct fsck_hooks HOOKS = {
	.check_tree = check_tree,
	.check_token = check_token,
	.group_digest = group_digest,
	.continued_digest = continued_digest,
};

const struct fsck_hooks *ltp_fsck_hooks(void)
{
	return &HOOKS;
}
