/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash_leaf - what one leaf becomes under another digest H':
 *
 *   each data object  h' = H'(H'(d) || H'(all chains so far)), not sorted
 *   the leaf          h' of the single one, or H'(those of the group, sorted)
 *
 * The chain that ends here is written on the way. Its first list is made of digests of
 * the bytes just read: its writing finds that they lead to the leaf and to
 * the root, so that what is renewed is what was time-stamped.
 *
 * Spec: RFC 4998 4.2, 5.2 (its figure 4 says sorted; nobody does)
 */
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "ltp/renew_hash.h"
#include "storage/fixity.h"
#include "storage/material.h"
#include "storage/object.h"
#include "timestamping/merkle.h"

/* One data object: where its bytes are, and what is on record of them. */
struct datum {
	int64_t blob;
	uint64_t size;
	struct digest sha256, sha512; /* alg NONE: not on record */
	struct digest was, is;        /* under the old digest, and the new one */
};

struct work {
	struct ltp_worker *w;
	const struct hash_source *s;
	struct hash_item *item;
	struct datum *data;
	struct view *hashes; /* n of them */
	size_t n;
	struct buf chains; /* earlier ones */
	uint32_t n_chains;
};

/* ---- what is not the service's failure but the leaf's ---- */

bool hash_is_damage(const struct ltps_error *err)
{
	switch (err->code) {
	case LTPS_NOMEM:
	case LTPS_STATE:
	case LTPS_BUSY:
	case LTPS_NO_SPACE:
	case LTPS_READ_ONLY:
	case LTPS_CANCELLED:
	case LTPS_INTERNAL:
		return false;
	default:
		/* A sector or a file that cannot be read, a token that is too large:
		 * one object's or one tree's, and the others go on. */
		return true;
	}
}

static int fail_damage(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 5.2", "%s",
			 what);
}

/* ---- a later tree ---- */

struct later {
	const struct hash_source *s;
	int64_t tree;
};

static int find_later(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct later *later = arg;
	(void)err;
	if (leaf->tree > later->s->row.tree)
		later->tree = leaf->tree;
	return 0;
}

/* As after a tree was given up that had some leaves of a source, but not this one. */
static int look_later(struct work *k, bool *ret_handled, struct ltps_error *err)
{
	struct later later = { .s = k->s };
	if (tree_leaves_of(k->w->conn, k->item->leaf.kind, k->item->leaf.ref,
			   find_later, &later, err) != 0)
		return -1;
	*ret_handled = later.tree != 0;
	if (*ret_handled)
		k->item->outcome = HASH_HANDLED;
	return 0;
}

/* ---- digests ---- */

static int agree(const struct digest *on_record, const struct digest *found,
		 struct ltps_error *err)
{
	if (on_record->alg != found->alg || digest_equal(on_record, found))
		return 0;
	char text[96];
	snprintf(text, sizeof(text), "the bytes do not have the %s digest on record",
		 digest_name(found->alg));
	return fail_damage(err, text);
}

static int read_datum(struct work *k, struct datum *d, struct ltps_error *err)
{
	const enum digest_alg algs[2] = { k->s->row.alg, k->s->alg };
	struct digest found[2];
	k->item->blob = d->blob;
	k->item->bytes += d->size; /* also when it is damaged: it was read */
	if (blob_digests(k->w->conn, d->blob, algs, 2, found, err) != 0)
		return -1;
	d->was = found[0];
	d->is = found[1];
	for (size_t i = 0; i < 2; i++)
		if (agree(&d->sha256, &found[i], err) != 0 ||
		    agree(&d->sha512, &found[i], err) != 0)
			return -1;
	k->item->blob = 0;
	return 0;
}

/* H(H(d) || sequence), the sequence being hashed already. */
static int join(enum digest_alg alg, const struct digest *d,
		const struct digest *sequence, struct digest *ret,
		struct ltps_error *err)
{
	uint8_t both[2 * DIGEST_MAX];
	memcpy(both, d->p, d->n);
	memcpy(both + d->n, sequence->p, sequence->n);
	return digest_once(alg, view_of(both, d->n + sequence->n), ret, err);
}

/* H(ArchiveTimeStampSequence of these chains), the header of the SEQUENCE included,
 * without putting the pieces together. */
static int hash_sequence(enum digest_alg alg, const struct view *pieces, size_t n,
			 struct digest *ret, struct ltps_error *err)
{
	int rc = -1;
	size_t len = 0;
	struct digest_ctx *ctx = NULL;
	struct buf header = buf_make(16);
	for (size_t i = 0; i < n; i++)
		len += pieces[i].n;
	if (der_put_header(&header, DER_SEQUENCE, len, err) != 0 ||
	    digest_new(alg, &ctx, err) != 0 ||
	    digest_update(ctx, view_buf(&header), err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (digest_update(ctx, pieces[i], err) != 0)
			goto out;
	rc = digest_final(ctx, ret, err);
out:
	digest_free(ctx);
	buf_free(&header);
	return rc;
}

/* The first list of the chain that ends: as its tree took the objects. */
static int old_hashes(struct work *k, struct ltps_error *err)
{
	struct digest sequence;
	/* Chains before a first tree came with the version (continued.h); if they did
	 * not, what is made of them is not the leaf. */
	const bool renewed = k->n_chains > 0;
	const enum digest_alg alg = k->s->row.alg;
	if (!renewed && k->s->tree.purpose == TREE_HASH_RENEWAL)
		return fail_damage(err, "its earlier chains are missing");
	if (renewed) {
		const struct view all = view_buf(&k->chains);
		if (hash_sequence(alg, &all, 1, &sequence, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < k->n; i++) {
		struct digest *was = &k->data[i].was;
		if (renewed && join(alg, was, &sequence, was, err) != 0)
			return -1;
		k->hashes[i] = digest_view(was);
	}
	return 0;
}

static int new_leaf(struct work *k, struct ltps_error *err)
{
	struct hash_item *item = k->item;
	struct digest sequence;
	const enum digest_alg alg = k->s->alg;
	const struct view pieces[] = { view_buf(&k->chains), view_buf(&item->head),
				       view_buf(&k->s->tail.octets) };
	if (hash_sequence(alg, pieces, 3, &sequence, err) != 0)
		return -1;
	for (size_t i = 0; i < k->n; i++) {
		struct digest *is = &k->data[i].is;
		if (join(alg, is, &sequence, is, err) != 0)
			return -1;
		k->hashes[i] = digest_view(is);
	}
	return merkle_group(alg, k->hashes, k->n, true, &item->digest, err);
}

static int write_head(struct work *k, struct ltps_error *err)
{
	struct hash_item *item = k->item;
	if (item->nodes != NULL)
		return hash_head_write(item->nodes, k->s, &item->leaf, k->hashes, k->n,
				       &item->head, err);
	return evidence_head_write(k->w, &k->s->tree, &item->leaf, k->hashes, k->n,
				   &k->s->tail, &item->head, err);
}

static int renew(struct work *k, struct ltps_error *err)
{
	struct hash_item *item = k->item;
	k->hashes = mem_zalloc(k->n, sizeof(*k->hashes));
	if (k->hashes == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < k->n; i++)
		if (read_datum(k, &k->data[i], err) != 0)
			return -1;
	k->chains = buf_make(STORE_CHAIN_MAX);
	item->head = buf_make(STORE_CHAIN_MAX);
	if (evidence_chains_read(k->w, item->leaf.kind, item->leaf.ref, &k->chains,
				 &k->n_chains, err) != 0 ||
	    old_hashes(k, err) != 0 || write_head(k, err) != 0 || new_leaf(k, err) != 0)
		return -1;
	item->seq = k->n_chains + 1;
	item->outcome = HASH_RENEWED;
	return 0;
}

/* ---- versions ---- */

static const struct version *version_of(const struct object *o, int64_t id)
{
	for (size_t i = 0; o != NULL && i < o->n_versions; i++)
		if (o->versions[i].id == id)
			return &o->versions[i];
	return NULL;
}

/* NULL: it is gone, with its object. */
static int read_object(struct work *k, struct object **ret_o, struct ltps_error *err)
{
	*ret_o = NULL;
	if (object_get_by_version(k->w->conn, k->item->leaf.ref, ret_o, err) == 0)
		return 0;
	if (err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int take_parts(struct work *k, const struct version *v, bool *ret_given,
		      struct ltps_error *err)
{
	*ret_given = false;
	k->n = v->n_parts;
	k->data = mem_zalloc(k->n + 1, sizeof(*k->data));
	if (k->data == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < k->n; i++) {
		const struct part *p = &v->parts[i];
		if (p->blob == 0 && p->given.alg != DIGEST_NONE)
			*ret_given = true; /* the bytes never were here */
		k->data[i] = (struct datum){ .blob = p->blob,
					     .size = p->size,
					     .sha256 = p->sha256,
					     .sha512 = p->sha512 };
	}
	return k->n > 0 ? 0 : fail_damage(err, "it has no parts");
}

static int renew_version(struct work *k, const struct object *o, struct ltps_error *err)
{
	struct hash_item *item = k->item;
	const struct version *v = version_of(o, item->leaf.ref);
	bool given;
	if (v == NULL || o->state == OBJECT_DELETED)
		return 0;
	item->object = o->id;
	snprintf(item->tenant, sizeof(item->tenant), "%s", o->tenant);
	snprintf(item->poid, sizeof(item->poid), "%s", o->poid);
	if (o->state == OBJECT_DATA_DELETED) {
		item->outcome = HASH_DATA_DELETED;
		return 0;
	}
	if (take_parts(k, v, &given, err) != 0)
		return -1;
	if (given) {
		item->outcome = HASH_DATA_DELETED;
		return 0;
	}
	return renew(k, err);
}

/* What is missing since it was deleted while it was read is no damage. */
static int is_deleted(struct work *k, bool *ret_deleted, struct ltps_error *err)
{
	struct object *o = NULL;
	if (read_object(k, &o, err) != 0)
		return -1;
	*ret_deleted =
	    version_of(o, k->item->leaf.ref) == NULL || o->state != OBJECT_LIVE;
	object_free(o);
	return 0;
}

static int read_version(struct work *k, struct ltps_error *err)
{
	struct object *o = NULL;
	struct ltps_error again = LTPS_ERROR_INIT;
	bool deleted = false;
	if (read_object(k, &o, err) != 0)
		return -1;
	int rc = o == NULL ? 0 : renew_version(k, o, err);
	object_free(o);
	if (rc != 0 && hash_is_damage(err) && is_deleted(k, &deleted, &again) == 0 &&
	    deleted) {
		ltps_error_clear(err);
		k->item->outcome = HASH_PASSED;
		k->item->bytes = 0;
		rc = 0;
	}
	return rc;
}

/* ---- material of the service ---- */

static int take_material(void *arg, const struct material_row *row,
			 struct ltps_error *err)
{
	struct work *k = arg;
	k->n = 1;
	k->data = mem_zalloc(1, sizeof(*k->data));
	if (k->data == NULL)
		return ltps_fail_nomem(err);
	k->data[0] = (struct datum){ .blob = row->blob,
				     .size = row->size,
				     .sha512 = row->sha512 };
	return 0;
}

static int read_material(struct work *k, struct ltps_error *err)
{
	if (material_get(k->w->conn, k->item->leaf.ref, take_material, k, err) != 0)
		return -1;
	return renew(k, err);
}

/* ---- any leaf ---- */

static int read_leaf(struct work *k, struct ltps_error *err)
{
	const enum leaf_kind kind = k->item->leaf.kind;
	bool handled = false;
	k->item->outcome = HASH_PASSED;
	if (kind != LEAF_VERSION && kind != LEAF_MATERIAL)
		return 0;
	if (look_later(k, &handled, err) != 0)
		return -1;
	if (handled)
		return 0;
	return kind == LEAF_VERSION ? read_version(k, err) : read_material(k, err);
}

int hash_leaf_read(struct ltp_worker *w, const struct hash_source *s,
		   struct hash_item *item, struct ltps_error *err)
{
	struct work k = { .w = w, .s = s, .item = item };
	int rc = read_leaf(&k, err);
	if (rc != 0 && hash_is_damage(err)) {
		item->outcome = HASH_DAMAGED;
		ltps_error_line(err, item->why, sizeof(item->why));
		ltps_error_clear(err);
		rc = 0;
	}
	buf_free(&k.chains);
	mem_free(k.hashes);
	mem_free(k.data);
	return rc;
}
