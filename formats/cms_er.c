/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms_er.h"

#include "base/mem.h"
#include "formats/cms_der.h"
#include "formats/cms_frame.h"

struct er_list {
	struct cms_er *v;
	size_t n;
};

/*
 * Every value of one attribute is taken for an evidence record, whatever it is: anybody
 * may add an unsigned attribute, and what is no record is told when it is judged. From
 * what is no element on, the rest is one.
 */
static int add_values(struct er_list *l, const struct cms_er *place, struct view values,
		      struct ltps_error *err)
{
	for (size_t i = 0; values.n > 0; i++) {
		struct tlv t;
		if (l->n == CMS_ERS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "more than %d evidence records", CMS_ERS_MAX);
		if (tlv_next(&values, &t, err) != 0) {
			ltps_error_clear(err);
			t.whole = values;
			values = view_skip(values, values.n);
		}
		l->v[l->n] = *place;
		l->v[l->n].value = i;
		l->v[l->n].record = t.whole;
		l->n++;
	}
	return 0;
}

static int list_signer(const struct cms *cms, size_t signer, struct er_list *l,
		       struct ltps_error *err)
{
	const struct cms_attrs *attrs = &cms->signers[signer].unsigned_attrs;

	for (size_t i = 0; i < attrs->n; i++) {
		bool external = oid_is(attrs->a[i].type, OID_ER_EXTERNAL);
		struct cms_er place = { .signer = signer,
					.attr = i,
					.external = external };
		if (!external && !oid_is(attrs->a[i].type, OID_ER_INTERNAL))
			continue;
		if (add_values(l, &place, attrs->a[i].values, err) != 0)
			return -1;
	}
	return 0;
}

int cms_er_list(const struct cms *cms, struct cms_er **ret_ers, size_t *ret_n,
		struct ltps_error *err)
{
	struct er_list l = { 0 };
	int rc = -1;

	l.v = mem_zalloc(CMS_ERS_MAX, sizeof(l.v[0]));
	if (l.v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (list_signer(cms, i, &l, err) != 0)
			goto out;
	}
	*ret_n = l.n;
	*ret_ers = NULL;
	if (l.n > 0) {
		*ret_ers = l.v;
		l.v = NULL;
	}
	rc = 0;
out:
	mem_free(l.v);
	return rc;
}

bool cms_er_cuts(const struct cms_er *ers, size_t n, size_t which, size_t signer,
		 size_t attr)
{
	for (size_t i = which; i < n; i++) {
		if (ers[i].signer == signer && ers[i].attr == attr)
			return true;
	}
	return false;
}

struct cut {
	const struct cms_er *ers;
	size_t n;
	size_t which;
	bool sort;
};

static bool touches(const struct cut *cut, size_t signer)
{
	for (size_t i = cut->which; i < cut->n; i++) {
		if (cut->ers[i].signer == signer)
			return true;
	}
	return false;
}

/* Elements one after another, or sorted as DER SET OF (X.690 11.6). */
static int put_elements(struct buf *out, const struct view *items, size_t n, bool sort,
			struct ltps_error *err)
{
	struct buf set = buf_make(CMS_SIZE_MAX);
	struct tlv t;
	int rc = -1;

	if (!sort) {
		for (size_t i = 0; i < n; i++) {
			if (buf_put(out, items[i], err) != 0)
				return -1;
		}
		return 0;
	}
	if (der_put_set_of(&set, DER_SET, items, n, err) != 0 ||
	    tlv_only(view_buf(&set), &t, err) != 0 || buf_put(out, t.body, err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&set);
	return rc;
}

/* The kept unsigned attributes of one signer under their [1]; none: nothing. */
static int put_unsigned(struct buf *out, const struct cms_attrs *attrs,
			const struct tlv *like, const struct cut *cut, size_t signer,
			struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	struct view *kept = mem_zalloc(attrs->n, sizeof(kept[0]));
	size_t n = 0;
	int rc = -1;

	if (kept == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < attrs->n; i++) {
		if (!cms_er_cuts(cut->ers, cut->n, cut->which, signer, i))
			kept[n++] = attrs->a[i].whole;
	}
	if (n > 0 && (put_elements(&body, kept, n, cut->sort, err) != 0 ||
		      cms_rewrap(out, like, view_buf(&body), err) != 0))
		goto out;
	rc = 0;
out:
	mem_free(kept);
	buf_free(&body);
	return rc;
}

static int put_signer(struct buf *out, const struct cms *cms, size_t signer,
		      const struct cut *cut, struct ltps_error *err)
{
	struct cms_signer_frame f;
	struct buf body = buf_make(CMS_SIZE_MAX);
	struct view c = cms->signers[signer].whole;
	int rc = -1;

	if (!touches(cut, signer))
		return buf_put(out, c, err);
	if (cms_signer_frame_next(&c, &f, err) != 0 ||
	    buf_put(&body, f.before, err) != 0)
		goto out;
	if (f.has_unsigned && put_unsigned(&body, &cms->signers[signer].unsigned_attrs,
					   &f.unsigned_attrs, cut, signer, err) != 0)
		goto out;
	rc = cms_rewrap(out, &f.whole, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* The contents of signerInfos after the cut. */
static int put_signers(struct buf *out, const struct cms *cms, const struct cut *cut,
		       struct ltps_error *err)
{
	struct buf all = buf_make(CMS_SIZE_MAX);
	struct view *items = mem_zalloc(cms->n_signers, sizeof(items[0]));
	int rc = -1;

	if (items == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (put_signer(&all, cms, i, cut, err) != 0)
			goto out;
	}
	struct view c = view_buf(&all);
	for (size_t i = 0; i < cms->n_signers; i++) {
		struct tlv t;
		if (tlv_next(&c, &t, err) != 0)
			goto out;
		items[i] = t.whole;
	}
	rc = put_elements(out, items, cms->n_signers, cut->sort, err);
out:
	mem_free(items);
	buf_free(&all);
	return rc;
}

static int put_cut(struct buf *out, const struct cms *cms, const struct cut *cut,
		   struct ltps_error *err)
{
	struct cms_frame f;
	struct buf signers = buf_make(CMS_SIZE_MAX);
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_frame_parse(cms->whole, &f, err) != 0 ||
	    put_signers(&signers, cms, cut, err) != 0)
		goto out;
	size_t before = (size_t)(f.signer_infos.whole.p - f.signed_data.body.p);
	if (buf_put(&body, view_head(f.signed_data.body, before), err) != 0 ||
	    cms_rewrap(&body, &f.signer_infos, view_buf(&signers), err) != 0 ||
	    cms_frame_close(out, &f, view_buf(&body), err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&body);
	buf_free(&signers);
	return rc;
}

static bool belongs(const struct cms *cms, const struct cms_er *er)
{
	if (er->signer >= cms->n_signers)
		return false;
	const struct cms_attrs *attrs = &cms->signers[er->signer].unsigned_attrs;
	return er->attr < attrs->n &&
	       (oid_is(attrs->a[er->attr].type, OID_ER_INTERNAL) ||
		oid_is(attrs->a[er->attr].type, OID_ER_EXTERNAL));
}

int cms_er_covered(const struct cms *cms, const struct cms_er *ers, size_t n,
		   size_t which, enum cms_er_form form, struct buf *out,
		   struct ltps_error *err)
{
	struct buf cut_bytes = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (which >= n || form < 0 || form >= CMS_ER_FORM_COUNT)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no such evidence record or form");
	for (size_t i = 0; i < n; i++) {
		if (!belongs(cms, &ers[i]))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "evidence record of another file");
	}
	struct cut cut = { ers, n, which, form == CMS_ER_SORTED };
	if (form != CMS_ER_DER)
		return put_cut(out, cms, &cut, err);
	if (put_cut(&cut_bytes, cms, &cut, err) != 0)
		goto out;
	rc = cms_der_put_cms(out, view_buf(&cut_bytes), err);
out:
	buf_free(&cut_bytes);
	return rc;
}
