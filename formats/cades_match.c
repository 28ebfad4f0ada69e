/* SPDX-License-Identifier: Apache-2.0 */
/* cades_match - what the entries of a hash index stand for. EN 319 122-1 5.5.2 */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cades_private.h"
#include "formats/cms_der.h"
#include "formats/cms_frame.h"

/* An entry: its hash, its place in the list, whether an object has it. */
struct entry {
	struct view hash;
	size_t place;
	bool found;
};

struct entries {
	struct entry *e; /* sorted by hash */
	size_t n;
	size_t n_found;
};

static int compare_entries(const void *a, const void *b)
{
	return view_compare(((const struct entry *)a)->hash,
			    ((const struct entry *)b)->hash);
}

static int entries_make(struct entries *s, const struct view *hashes, size_t n,
			struct ltps_error *err)
{
	*s = (struct entries){ .e = mem_zalloc(n, sizeof(s->e[0])) };
	if (s->e == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		s->e[i] = (struct entry){ hashes[i], i, false };
	qsort(s->e, n, sizeof(s->e[0]), compare_entries);
	s->n = n;
	return 0;
}

/* Ticks off every entry with this hash. */
static bool entries_tick(struct entries *s, const struct digest *d)
{
	size_t low = 0, high = s->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (view_compare(s->e[middle].hash, digest_view(d)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	size_t i = low;
	for (; i < s->n && view_equal(s->e[i].hash, digest_view(d)); i++) {
		/* Equal ones are ticked together. */
		if (s->e[i].found)
			return true;
		s->e[i].found = true;
		s->n_found++;
	}
	return i > low;
}

static void entries_report(const struct entries *s, const char *what,
			   struct cades_index_match *m)
{
	size_t first = SIZE_MAX;

	for (size_t i = 0; i < s->n; i++) {
		if (!s->e[i].found && s->e[i].place < first)
			first = s->e[i].place;
	}
	if (first != SIZE_MAX && m->unmatched == 0)
		snprintf(m->what, sizeof(m->what), "%s entry %zu", what, first + 1);
	m->unmatched += s->n - s->n_found;
}

/* Matching state of one signature. */
struct matching {
	struct digest_ctx *ctx;
	struct buf der; /* an object in DER, when it is not stored so */
	struct entries certs;
	struct entries crls;
	struct entries attrs;
	size_t budget; /* octets that may still be looked into outside */
};

/*
 * Whether an entry stands for prefix and object as stored, or for them in DER:
 * versions 1 and 2 say DER where the file may hold BER.
 */
static int match_object(struct matching *x, struct entries *s, struct view prefix,
			struct view object, bool *ret_listed, struct ltps_error *err)
{
	struct digest d;
	struct ltps_error unfit = LTPS_ERROR_INIT;

	if (cades_hash_two(x->ctx, prefix, object, &d, err) != 0)
		return -1;
	*ret_listed = entries_tick(s, &d);
	if (*ret_listed || s->n_found == s->n)
		return 0;
	buf_clear(&x->der);
	if (cms_der_put(&x->der, object, &unfit) != 0) {
		if (unfit.code == LTPS_NOMEM)
			*err = unfit;
		return unfit.code == LTPS_NOMEM ? -1 : 0;
	}
	if (view_equal(view_buf(&x->der), object))
		return 0;
	if (cades_hash_two(x->ctx, prefix, view_buf(&x->der), &d, err) != 0)
		return -1;
	*ret_listed = entries_tick(s, &d);
	return 0;
}

static int match_list(struct matching *x, struct entries *s, const struct view *objects,
		      size_t n, bool **ret_listed, struct ltps_error *err)
{
	*ret_listed = mem_zalloc(n, sizeof(**ret_listed));
	if (*ret_listed == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n && s->n > 0; i++) {
		if (match_object(x, s, VIEW_NULL, objects[i], &(*ret_listed)[i], err) !=
		    0)
			return -1;
	}
	return 0;
}

/* Every value has an entry of its own (version 3). */
static int match_values(struct matching *x, struct entries *s, const struct cms_attr *a,
			bool *ret_all, struct ltps_error *err)
{
	struct view type = VIEW_NULL;
	struct tlv t;
	bool all = a->values.n > 0;

	if (cades_attr_type(a, &type, err) != 0)
		return -1;
	for (struct view c = a->values; c.n > 0;) {
		bool listed = false;
		if (tlv_next(&c, &t, err) != 0 ||
		    match_object(x, s, type, t.whole, &listed, err) != 0)
			return -1;
		all = all && listed;
	}
	*ret_all = all;
	return 0;
}

static int match_attrs(struct matching *x, unsigned version,
		       const struct cms_attrs *attrs, bool **ret_listed,
		       struct ltps_error *err)
{
	bool *listed = mem_zalloc(attrs->n, sizeof(listed[0]));

	*ret_listed = listed;
	if (listed == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < attrs->n && x->attrs.n > 0; i++) {
		const struct cms_attr *a = &attrs->a[i];
		int rc = version == 3 ? match_values(x, &x->attrs, a, &listed[i], err)
				      : match_object(x, &x->attrs, VIEW_NULL, a->whole,
						     &listed[i], err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/* ---- what stands elsewhere in the signature ---- */

/*
 * Looking elsewhere is a courtesy to writers that list what they found in values and
 * time-stamps; a file with hundreds of indexes shall not be read hundreds of times.
 */
#define OUTSIDE_OCTETS_MAX ((size_t)8 << 20)

static bool may_look(struct matching *x, size_t n)
{
	if (n > x->budget)
		return false;
	x->budget -= n;
	return true;
}

/* What does not decode is not looked into; other failures are failures. */
static int unless_object(int rc, const struct ltps_error *e, struct ltps_error *err)
{
	if (rc == 0 || e->fault == LTPS_FAULT_OBJECT || e->code == LTPS_TOO_LARGE)
		return 0;
	*err = *e;
	return -1;
}

static int look_at(struct matching *x, struct entries *s, struct view object,
		   struct ltps_error *err)
{
	struct digest d;

	if (s->n_found == s->n || !may_look(x, object.n))
		return 0;
	if (cades_hash_two(x->ctx, object, VIEW_NULL, &d, err) != 0)
		return -1;
	entries_tick(s, &d);
	return 0;
}

static int look_at_list(struct matching *x, struct entries *s, const struct view *v,
			size_t n, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (look_at(x, s, v[i], err) != 0)
			return -1;
	}
	return 0;
}

/* RevocationInfoChoice [1] as it would stand in SignedData.crls. RFC 5940 2 */
static int look_at_choice(struct matching *x, const char *oid, struct view value,
			  struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX), choice = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (der_put_oid(&body, oid, err) == 0 && buf_put(&body, value, err) == 0 &&
	    der_put(&choice, DER_ID(ASN1_CONTEXT, 1, 1), view_buf(&body), err) == 0)
		rc = look_at(x, &x->crls, view_buf(&choice), err);
	buf_free(&choice);
	buf_free(&body);
	return rc;
}

/* An OCSP response in the forms that it can have in an index. */
static int look_at_ocsp(struct matching *x, struct view basic, struct ltps_error *err)
{
	struct buf response = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (look_at(x, &x->crls, basic, err) == 0 &&
	    cms_put_ocsp_response(&response, basic, err) == 0 &&
	    look_at(x, &x->crls, view_buf(&response), err) == 0 &&
	    look_at_choice(x, OID_RI_OCSP_RESPONSE, view_buf(&response), err) == 0)
		rc = look_at_choice(x, OID_PKIX_OCSP_BASIC, basic, err);
	buf_free(&response);
	return rc;
}

static int look_at_values(struct matching *x, const struct cms_signer *s,
			  struct ltps_error *err)
{
	struct cades_values v = { 0 };
	struct ltps_error e = LTPS_ERROR_INIT;
	int rc = -1;

	if (cades_values(s, &v, &e) != 0)
		return unless_object(-1, &e, err);
	if (look_at_list(x, &x->certs, v.certs, v.n_certs, err) != 0 ||
	    look_at_list(x, &x->crls, v.crls, v.n_crls, err) != 0)
		goto out;
	for (size_t i = 0; i < v.n_basic; i++) {
		if (look_at_ocsp(x, v.basic[i], err) != 0)
			goto out;
	}
	rc = 0;
out:
	cades_values_clear(&v);
	return rc;
}

static int look_at_token(struct matching *x, struct view token, struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct ltps_error e = LTPS_ERROR_INIT;
	int rc = -1;

	if (!may_look(x, token.n))
		return 0;
	if (cms_parse(token, &cms, &e) != 0)
		return unless_object(-1, &e, err);
	if (look_at_list(x, &x->certs, cms->certs, cms->n_certs, err) != 0 ||
	    look_at_list(x, &x->crls, cms->crls, cms->n_crls, err) != 0)
		goto out;
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (look_at_values(x, &cms->signers[i], err) != 0)
			goto out;
	}
	rc = 0;
out:
	cms_free(cms);
	return rc;
}

static int look_outside(struct matching *x, const struct cms_signer *s,
			size_t *ret_outside, struct ltps_error *err)
{
	struct cades_stamp *stamps = NULL;
	size_t n = 0, before = x->certs.n_found + x->crls.n_found;
	struct ltps_error e = LTPS_ERROR_INIT;
	int rc = 0;

	x->budget = OUTSIDE_OCTETS_MAX;
	if (before == x->certs.n + x->crls.n)
		return 0;
	if (look_at_values(x, s, err) != 0)
		return -1;
	if (cades_stamps(s, &stamps, &n, &e) != 0)
		rc = unless_object(-1, &e, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = look_at_token(x, stamps[i].token, err);
	mem_free(stamps);
	*ret_outside = x->certs.n_found + x->crls.n_found - before;
	return rc;
}

/* ---- all of it ---- */

/* An algorithm that we cannot compute: no entry stands for anything. */
static int match_nothing(const struct cms *cms, const struct cms_signer *s,
			 const struct cades_index *index, struct cades_index_match *m,
			 struct ltps_error *err)
{
	m->certs = mem_zalloc(cms->n_certs, sizeof(m->certs[0]));
	m->crls = mem_zalloc(cms->n_crls, sizeof(m->crls[0]));
	m->attrs = mem_zalloc(s->unsigned_attrs.n, sizeof(m->attrs[0]));
	if (m->certs == NULL || m->crls == NULL || m->attrs == NULL)
		return ltps_fail_nomem(err);
	m->unmatched = index->n_certs + index->n_crls + index->n_attrs;
	if (m->unmatched > 0)
		snprintf(m->what, sizeof(m->what), "all: unknown hash algorithm");
	return 0;
}

static int match_all(struct matching *x, const struct cms *cms,
		     const struct cms_signer *s, const struct cades_index *index,
		     struct cades_index_match *m, struct ltps_error *err)
{
	if (digest_new(index->alg, &x->ctx, err) != 0 ||
	    entries_make(&x->certs, index->certs, index->n_certs, err) != 0 ||
	    entries_make(&x->crls, index->crls, index->n_crls, err) != 0 ||
	    entries_make(&x->attrs, index->attrs, index->n_attrs, err) != 0 ||
	    match_list(x, &x->certs, cms->certs, cms->n_certs, &m->certs, err) != 0 ||
	    match_list(x, &x->crls, cms->crls, cms->n_crls, &m->crls, err) != 0 ||
	    match_attrs(x, index->version, &s->unsigned_attrs, &m->attrs, err) != 0 ||
	    look_outside(x, s, &m->outside, err) != 0)
		return -1;
	entries_report(&x->certs, "certificate", m);
	entries_report(&x->crls, "revocation", m);
	entries_report(&x->attrs, "unsigned attribute", m);
	return 0;
}

int cades_index_match(const struct cms *cms, const struct cms_signer *s,
		      const struct cades_index *index, struct cades_index_match *ret,
		      struct ltps_error *err)
{
	struct cades_index_match m = { 0 };
	struct matching x = { .der = buf_make(CMS_SIZE_MAX) };
	int rc = digest_evp(index->alg) != NULL ? match_all(&x, cms, s, index, &m, err)
						: match_nothing(cms, s, index, &m, err);

	mem_free(x.attrs.e);
	mem_free(x.crls.e);
	mem_free(x.certs.e);
	digest_free(x.ctx);
	buf_free(&x.der);
	if (rc != 0) {
		cades_index_match_clear(&m);
		return -1;
	}
	*ret = m;
	return 0;
}

void cades_index_match_clear(struct cades_index_match *m)
{
	if (m == NULL)
		return;
	mem_free(m->attrs);
	mem_free(m->crls);
	mem_free(m->certs);
	*m = (struct cades_index_match){ 0 };
}
