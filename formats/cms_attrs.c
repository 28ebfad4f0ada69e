/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_attrs - unsigned attributes put into an existing SignedData, and into a token
 * inside of one. Everything that was there keeps its bytes.
 */
#include "base/mem.h"
#include "formats/cms.h"
#include "formats/cms_frame.h"
#include "formats/cms_members.h"

#define ID_UNSIGNED_ATTRS DER_ID(ASN1_CONTEXT, 1, 1)

/* ---- around a changed signer ---- */

/* Signers as they stand, or as they became; n == 0 is unchanged. */
static int put_signers(const struct cms *cms, const struct cms_frame *f,
		       const struct buf *changed, struct buf *out,
		       struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	for (size_t i = 0; i < cms->n_signers; i++) {
		struct view v =
		    changed[i].n > 0 ? view_buf(&changed[i]) : cms->signers[i].whole;
		if (buf_put(&body, v, err) != 0)
			goto out;
	}
	rc = cms_rewrap(out, &f->signer_infos, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* Whether an AlgorithmIdentifier names this algorithm, whatever its parameters. */
static bool is_algorithm(struct view identifier, enum digest_alg alg)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct tlv t, oid;

	return tlv_only(identifier, &t, &e) == 0 && t.constructed &&
	       tlv_peek(t.body, &oid, &e) == 0 &&
	       tlv_is(&oid, ASN1_UNIVERSAL, ASN1_TAG_OID) &&
	       digest_from_oid(oid.body) == alg;
}

static int add_algorithm(struct cms_members *s, enum digest_alg alg,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < s->n; i++) {
		if (is_algorithm(s->v[i], alg))
			return 0;
	}
	struct view identifier = digest_algorithm_identifier(alg);
	if (identifier.n == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "unknown digest algorithm");
	return cms_members_add(s, identifier, err);
}

/* digestAlgorithms hold one entry a signer, and those of time-stamps. */
#define DIGEST_ALGORITHMS_MAX (CMS_SIGNERS_MAX + (int)DIGEST_ALG_COUNT)

static int read_members(struct view body, struct view *items, size_t max, size_t *ret_n,
			struct ltps_error *err)
{
	struct tlv t;

	for (*ret_n = 0; body.n > 0; ++*ret_n) {
		if (*ret_n == max)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "set of more than %zu elements", max);
		if (tlv_next(&body, &t, err) != 0)
			return -1;
		items[*ret_n] = t.whole;
	}
	return 0;
}

static int put_algorithms(const struct cms_frame *f, const enum digest_alg *algs,
			  size_t n, struct buf *out, struct ltps_error *err)
{
	struct view items[DIGEST_ALGORITHMS_MAX];
	struct cms_members s = { 0 };
	size_t existing;
	int rc = -1;

	if (n == 0)
		return buf_put(out, f->digest_algorithms.whole, err);
	if (read_members(f->digest_algorithms.body, items, DIGEST_ALGORITHMS_MAX,
			 &existing, err) != 0 ||
	    cms_members_start(&s, items, existing, n, DIGEST_ALGORITHMS_MAX, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (add_algorithm(&s, algs[i], err) != 0)
			goto out;
	}
	rc = s.n == existing
		 ? buf_put(out, f->digest_algorithms.whole, err)
		 : cms_members_put(&s, DER_SET, &f->digest_algorithms, out, err);
out:
	mem_free(s.v);
	return rc;
}

static int put_cms(const struct cms *cms, const struct buf *changed,
		   const enum digest_alg *algs, size_t n_algs, struct buf *out,
		   struct ltps_error *err)
{
	struct cms_frame f;
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_frame_parse(cms->whole, &f, err) != 0 ||
	    buf_put(&body, f.version.whole, err) != 0 ||
	    put_algorithms(&f, algs, n_algs, &body, err) != 0 ||
	    buf_put(&body, f.encap.whole, err) != 0 ||
	    buf_put(&body, cms->certs_whole, err) != 0 ||
	    buf_put(&body, cms->crls_whole, err) != 0 ||
	    put_signers(cms, &f, changed, &body, err) != 0)
		goto out;
	rc = cms_frame_close(out, &f, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* ---- attributes ---- */

/* One Attribute with a value, no more. RFC 5652 5.3 */
static int check_attr(struct view attr, struct ltps_error *err)
{
	struct tlv whole, type, values, first;
	struct view c = attr;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "Attribute", &whole, err) != 0 ||
	    tlv_end(c, "Attribute", err) != 0)
		return -1;
	c = whole.body;
	if (cms_expect(&c, ASN1_TAG_OID, "attrType", &type, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SET, "attrValues", &values, err) != 0 ||
	    tlv_end(c, "Attribute", err) != 0)
		return -1;
	return tlv_peek(values.body, &first, err);
}

static int gather_attrs(const struct cms_signer *signer, const struct view *attrs,
			size_t n, struct cms_members *s, struct ltps_error *err)
{
	struct view existing[CMS_ATTRS_MAX];

	for (size_t i = 0; i < signer->unsigned_attrs.n; i++)
		existing[i] = signer->unsigned_attrs.a[i].whole;
	if (cms_members_start(s, existing, signer->unsigned_attrs.n, n, CMS_ATTRS_MAX,
			      err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (check_attr(attrs[i], err) != 0 ||
		    cms_members_add(s, attrs[i], err) != 0)
			return ltps_where(err, "attribute %zu", i + 1);
	}
	return 0;
}

/* A signer with these unsigned attributes, which are put in order or not. */
static int put_signer(struct view signer, const struct cms_members *attrs, bool sort,
		      struct buf *out, struct ltps_error *err)
{
	struct cms_signer_frame f;
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_signer_frame_next(&signer, &f, err) != 0 ||
	    buf_put(&body, f.before, err) != 0 ||
	    cms_members_put_as(attrs, sort, ID_UNSIGNED_ATTRS,
			       f.has_unsigned ? &f.unsigned_attrs : NULL, &body,
			       err) != 0)
		goto out;
	rc = cms_rewrap(out, &f.whole, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* ---- further attributes ---- */

/* Additions to one signer, put together from the whole list. */
static int collect(const struct cms_addition *additions, size_t n, size_t signer,
		   struct view attrs[CMS_ATTRS_MAX], size_t *ret_n,
		   struct ltps_error *err)
{
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (additions[i].signer != signer)
			continue;
		if (additions[i].n_attrs > CMS_ATTRS_MAX - *ret_n)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "more than %d attributes to add",
					 CMS_ATTRS_MAX);
		for (size_t k = 0; k < additions[i].n_attrs; k++)
			attrs[(*ret_n)++] = additions[i].attrs[k];
	}
	return 0;
}

static int change_signer(const struct cms *cms, const struct cms_addition *additions,
			 size_t n, size_t signer, struct buf *out,
			 struct ltps_error *err)
{
	struct view attrs[CMS_ATTRS_MAX];
	struct cms_members s = { 0 };
	size_t n_attrs;
	int rc = -1;

	if (collect(additions, n, signer, attrs, &n_attrs, err) != 0 ||
	    gather_attrs(&cms->signers[signer], attrs, n_attrs, &s, err) != 0)
		goto out;
	if (s.n == s.existing)
		rc = 0;
	else
		rc = put_signer(cms->signers[signer].whole, &s, cms_members_sorted(&s),
				out, err);
out:
	mem_free(s.v);
	return rc;
}

static struct buf *make_changed(const struct cms *cms, struct ltps_error *err)
{
	struct buf *changed = mem_zalloc(cms->n_signers, sizeof(changed[0]));

	if (changed == NULL) {
		ltps_fail_nomem(err);
		return NULL;
	}
	for (size_t i = 0; i < cms->n_signers; i++)
		changed[i] = buf_make(CMS_SIZE_MAX);
	return changed;
}

static void free_changed(const struct cms *cms, struct buf *changed)
{
	for (size_t i = 0; changed != NULL && i < cms->n_signers; i++)
		buf_free(&changed[i]);
	mem_free(changed);
}

static int fail_place(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
			 "no such signer or attribute");
}

int cms_add_attributes(struct view in, const struct cms_addition *additions, size_t n,
		       const enum digest_alg *digests, size_t n_digests,
		       struct buf *out, struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct buf *changed = NULL;
	int rc = -1;

	if (cms_parse(in, &cms, err) != 0)
		return -1;
	changed = make_changed(cms, err);
	if (changed == NULL)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if (additions[i].signer >= cms->n_signers) {
			fail_place(err);
			goto out;
		}
	}
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (change_signer(cms, additions, n, i, &changed[i], err) != 0)
			goto out;
	}
	rc = put_cms(cms, changed, digests, n_digests, out, err);
out:
	free_changed(cms, changed);
	cms_free(cms);
	return rc;
}

/* ---- attributes of a token inside ---- */

/* Values of one attribute; more than time-stamps of a signer are not met. */
#define NESTED_VALUES_MAX 256

/* The attribute with one of its values exchanged. */
static int put_attr(const struct cms_attr *a, size_t value, struct view with,
		    struct buf *out, struct ltps_error *err)
{
	struct view items[NESTED_VALUES_MAX];
	struct cms_members s = { 0 };
	struct tlv whole, type, values;
	struct buf body = buf_make(CMS_SIZE_MAX);
	size_t n;
	int rc = -1;

	if (tlv_only(a->whole, &whole, err) != 0)
		return -1;
	struct view c = whole.body;
	if (tlv_next(&c, &type, err) != 0 || tlv_next(&c, &values, err) != 0 ||
	    read_members(values.body, items, NESTED_VALUES_MAX, &n, err) != 0 ||
	    cms_members_start(&s, items, n, 0, NESTED_VALUES_MAX, err) != 0)
		return -1;
	bool sort = cms_members_sorted(&s);
	s.v[value] = with;
	if (buf_put(&body, type.whole, err) == 0 &&
	    cms_members_put_as(&s, sort, DER_SET, &values, &body, err) == 0)
		rc = cms_rewrap(out, &whole, view_buf(&body), err);
	mem_free(s.v);
	buf_free(&body);
	return rc;
}

/* The value at this place; ARGUMENT when there is none. */
static int find_value(const struct cms *cms, size_t signer, size_t attr, size_t value,
		      struct view *ret_v, struct ltps_error *err)
{
	struct tlv t;

	if (signer >= cms->n_signers || attr >= cms->signers[signer].unsigned_attrs.n)
		return fail_place(err);
	struct view c = cms->signers[signer].unsigned_attrs.a[attr].values;
	for (size_t i = 0; c.n > 0; i++) {
		if (tlv_next(&c, &t, err) != 0)
			return -1;
		if (i == value) {
			*ret_v = t.whole;
			return 0;
		}
	}
	return fail_place(err);
}

/* The signer with one of its unsigned attributes exchanged. */
static int exchange_attr(const struct cms_signer *signer, size_t attr, struct view with,
			 struct buf *out, struct ltps_error *err)
{
	struct cms_members s = { 0 };
	int rc = -1;

	if (gather_attrs(signer, NULL, 0, &s, err) != 0)
		goto out;
	bool sort = cms_members_sorted(&s);
	s.v[attr] = with;
	rc = put_signer(signer->whole, &s, sort, out, err);
out:
	mem_free(s.v);
	return rc;
}

int cms_nested_attributes(struct view in, size_t signer, size_t attr, size_t value,
			  const struct view *attrs, size_t n_attrs, struct buf *out,
			  struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct buf *changed = NULL;
	struct buf token = buf_make(CMS_SIZE_MAX), whole = buf_make(CMS_SIZE_MAX);
	const struct cms_addition addition = { 0, attrs, n_attrs };
	struct view old = VIEW_NULL;
	int rc = -1;

	if (cms_parse(in, &cms, err) != 0 ||
	    find_value(cms, signer, attr, value, &old, err) != 0 ||
	    cms_add_attributes(old, &addition, 1, NULL, 0, &token, err) != 0)
		goto out;
	const struct cms_signer *s = &cms->signers[signer];
	changed = make_changed(cms, err);
	if (changed == NULL ||
	    put_attr(&s->unsigned_attrs.a[attr], value, view_buf(&token), &whole,
		     err) != 0 ||
	    exchange_attr(s, attr, view_buf(&whole), &changed[signer], err) != 0)
		goto out;
	rc = put_cms(cms, changed, NULL, 0, out, err);
out:
	if (cms != NULL)
		free_changed(cms, changed);
	buf_free(&whole);
	buf_free(&token);
	cms_free(cms);
	return rc;
}
