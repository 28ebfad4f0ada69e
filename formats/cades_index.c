/* SPDX-License-Identifier: Apache-2.0 */
/* cades_index - the hash index of archive-time-stamp-v3. EN 319 122-1 5.5.2 */
#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cades_private.h"
#include "formats/cms_frame.h"

/* One attribute with one value, whatever the version. */
#define INDEX_CLAUSE "EN 319 122-1 5.5.2"

/* ---- reading ---- */

static const char *const index_oids[] = { OID_ATS_HASH_INDEX, OID_ATS_HASH_INDEX_V2,
					  OID_ATS_HASH_INDEX_V3 };

static int find_index(const struct cms_signer *s, unsigned *ret_version,
		      struct view *ret_value, struct ltps_error *err)
{
	struct view v;

	*ret_version = 0;
	for (unsigned i = 0; i < sizeof(index_oids) / sizeof(index_oids[0]); i++) {
		if (cms_attr_one(&s->unsigned_attrs, index_oids[i], &v, err) != 0)
			return -1;
		if (v.n == 0)
			continue;
		if (*ret_version != 0)
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
					 INDEX_CLAUSE, "several hash indexes");
		*ret_version = i + 1;
		*ret_value = v;
	}
	if (*ret_version == 0)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_OBJECT, INDEX_CLAUSE,
				 "the time-stamp has no hash index");
	return 0;
}

static int read_hashes(struct view *cursor, const char *what, struct view **ret,
		       size_t *ret_n, struct ltps_error *err)
{
	struct tlv list;
	struct cades_list l = { .item = sizeof(struct view),
				.max = CADES_REFS_MAX,
				.what = "entries of a hash index" };

	if (cms_expect(cursor, ASN1_TAG_SEQUENCE, what, &list, err) != 0)
		return -1;
	for (struct view c = list.body; c.n > 0;) {
		struct view hash = VIEW_NULL;
		if (cades_octets(&c, what, &hash, err) != 0 ||
		    cades_list_add_view(&l, hash, err) != 0) {
			mem_free(l.v);
			return -1;
		}
	}
	*ret = cades_list_take(&l, ret_n);
	return 0;
}

/* Version 1 leaves the algorithm out for SHA-256, so three lists are all. */
static int read_algorithm(struct view *cursor, struct cades_index *x,
			  struct ltps_error *err)
{
	struct tlv t, first;
	struct view oid;

	x->alg = DIGEST_SHA256;
	if (tlv_peek(*cursor, &t, err) != 0)
		return ltps_where(err, "hashIndAlgorithm");
	bool is_list = t.body.n == 0;
	if (!is_list && tlv_peek(t.body, &first, err) != 0)
		return -1;
	is_list = is_list || tlv_is(&first, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING);
	if (x->version == 1 && is_list)
		return 0;
	return cades_algorithm(cursor, &x->alg, &oid, err);
}

int cades_index_parse(const struct cms_signer *token_signer, struct cades_index *ret,
		      struct ltps_error *err)
{
	struct cades_index x = { 0 };
	struct tlv t;
	struct view c = VIEW_NULL;

	if (find_index(token_signer, &x.version, &c, err) != 0)
		return -1;
	x.whole = c;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "ATSHashIndex", &t, err) != 0)
		return -1;
	c = t.body;
	if (read_algorithm(&c, &x, err) != 0 ||
	    read_hashes(&c, "certificatesHashIndex", &x.certs, &x.n_certs, err) != 0 ||
	    read_hashes(&c, "crlsHashIndex", &x.crls, &x.n_crls, err) != 0 ||
	    read_hashes(&c, "unsignedAttrsHashIndex", &x.attrs, &x.n_attrs, err) != 0 ||
	    tlv_end(c, "ATSHashIndex", err) != 0) {
		cades_index_clear(&x);
		return -1;
	}
	*ret = x;
	return 0;
}

void cades_index_clear(struct cades_index *i)
{
	if (i == NULL)
		return;
	mem_free(i->attrs);
	mem_free(i->crls);
	mem_free(i->certs);
	*i = (struct cades_index){ 0 };
}

/* ---- building ---- */

int cades_attr_type(const struct cms_attr *a, struct view *ret_type,
		    struct ltps_error *err)
{
	struct tlv t, type;

	if (tlv_only(a->whole, &t, err) != 0 || tlv_peek(t.body, &type, err) != 0)
		return -1;
	*ret_type = type.whole;
	return 0;
}

int cades_hash_two(struct digest_ctx *ctx, struct view a, struct view b,
		   struct digest *ret_d, struct ltps_error *err)
{
	if (digest_update(ctx, a, err) != 0 || digest_update(ctx, b, err) != 0)
		return -1;
	return digest_final(ctx, ret_d, err);
}

static int put_hash(struct buf *out, struct digest_ctx *ctx, struct view a,
		    struct view b, struct ltps_error *err)
{
	struct digest d;

	if (cades_hash_two(ctx, a, b, &d, err) != 0)
		return -1;
	return der_put(out, ASN1_TAG_OCTET_STRING, digest_view(&d), err);
}

/* Nothing larger comes of the lists: entries have at most 66 octets. */
#define INDEX_SIZE_MAX ((size_t)3 * CADES_REFS_MAX * (DIGEST_MAX + 2) + 64)

static int put_objects(struct buf *out, struct digest_ctx *ctx,
		       const struct view *objects, size_t n, struct ltps_error *err)
{
	struct buf body = buf_make(INDEX_SIZE_MAX);
	int rc = -1;

	for (size_t i = 0; i < n; i++) {
		if (put_hash(&body, ctx, objects[i], VIEW_NULL, err) != 0)
			goto out;
	}
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

static int put_attr_values(struct buf *out, struct digest_ctx *ctx,
			   const struct cms_attr *a, size_t *n, struct ltps_error *err)
{
	struct view type = VIEW_NULL;
	struct tlv t;

	if (cades_attr_type(a, &type, err) != 0)
		return -1;
	for (struct view c = a->values; c.n > 0; (*n)++) {
		if (*n == CADES_REFS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "more than %d values of unsigned attributes",
					 CADES_REFS_MAX);
		if (tlv_next(&c, &t, err) != 0 ||
		    put_hash(out, ctx, type, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

static int put_attrs(struct buf *out, struct digest_ctx *ctx,
		     const struct cms_attrs *attrs, struct ltps_error *err)
{
	struct buf body = buf_make(INDEX_SIZE_MAX);
	size_t n = 0;
	int rc = -1;

	for (size_t i = 0; i < attrs->n; i++) {
		if (put_attr_values(&body, ctx, &attrs->a[i], &n, err) != 0)
			goto out;
	}
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

int cades_index_build(const struct cms *cms, size_t signer, enum digest_alg alg,
		      struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(INDEX_SIZE_MAX);
	struct digest_ctx *ctx = NULL;
	int rc = -1;

	if (signer >= cms->n_signers)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no signer %zu", signer);
	if (digest_new(alg, &ctx, err) != 0 ||
	    buf_put(&body, digest_algorithm_identifier(alg), err) != 0 ||
	    put_objects(&body, ctx, cms->certs, cms->n_certs, err) != 0 ||
	    put_objects(&body, ctx, cms->crls, cms->n_crls, err) != 0 ||
	    put_attrs(&body, ctx, &cms->signers[signer].unsigned_attrs, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	digest_free(ctx);
	buf_free(&body);
	return rc;
}
