/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms_der.h"

#include "base/mem.h"
#include "formats/cms.h"
#include "formats/cms_frame.h"

static int put_element(struct buf *out, struct view element, unsigned depth,
		       struct ltps_error *err);

static bool is_string(const struct tlv *t)
{
	if (t->cls != ASN1_UNIVERSAL)
		return false;
	switch (t->number) {
	case ASN1_TAG_OCTET_STRING:
	case ASN1_TAG_UTF8:
	case ASN1_TAG_UTC_TIME:
	case ASN1_TAG_GENERALIZED_TIME:
		return true;
	default:
		/* NumericString to BMPString, without the two times */
		return t->number >= 18 && t->number <= 30;
	}
}

/* Identifier octets as they stand, then the shortest length. */
static int put_header_like(struct buf *out, const struct tlv *t, size_t n,
			   struct ltps_error *err)
{
	size_t id_n = 1;

	if ((t->whole.p[0] & 0x1f) == 0x1f) {
		while (id_n < t->whole.n && (t->whole.p[id_n] & 0x80) != 0)
			id_n++;
		id_n++;
	}
	if (buf_put(out, view_head(t->whole, id_n), err) != 0)
		return -1;
	size_t start = out->n;
	/* der_put_header writes one identifier octet, which is taken out again. */
	if (der_put_header(out, 0, n, err) != 0)
		return -1;
	for (size_t i = start; i + 1 < out->n; i++)
		out->p[i] = out->p[i + 1];
	out->n--;
	return 0;
}

static int put_children(struct buf *out, struct view body, unsigned depth,
			struct ltps_error *err)
{
	while (body.n > 0) {
		struct tlv t;
		if (tlv_next(&body, &t, err) != 0 ||
		    put_element(out, t.whole, depth, err) != 0)
			return -1;
	}
	return 0;
}

/* Cuts a sequence of elements into views. */
static int split(struct view body, struct view **ret_items, size_t *ret_n,
		 struct ltps_error *err)
{
	size_t n = 0;
	struct tlv t;

	for (struct view c = body; c.n > 0; n++) {
		if (n == CMS_DER_SET_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "set of more than %d elements",
					 CMS_DER_SET_MAX);
		if (tlv_next(&c, &t, err) != 0)
			return -1;
	}
	struct view *items = mem_zalloc(n, sizeof(items[0]));
	if (items == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		if (tlv_next(&body, &t, err) != 0) {
			mem_free(items);
			return -1;
		}
		items[i] = t.whole;
	}
	*ret_items = items;
	*ret_n = n;
	return 0;
}

static int put_set(struct buf *out, uint8_t id, struct view body, unsigned depth,
		   struct ltps_error *err)
{
	struct buf tmp = buf_make(CMS_SIZE_MAX);
	struct view *items = NULL;
	size_t n = 0;
	int rc = -1;

	if (put_children(&tmp, body, depth, err) != 0 ||
	    split(view_buf(&tmp), &items, &n, err) != 0)
		goto out;
	rc = der_put_set_of(out, id, items, n, err);
out:
	mem_free(items);
	buf_free(&tmp);
	return rc;
}

static int put_constructed(struct buf *out, const struct tlv *t, unsigned depth,
			   struct ltps_error *err)
{
	struct buf tmp = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (is_string(t)) {
		if (tlv_octets(t, &tmp, err) != 0 ||
		    der_put(out, (uint8_t)t->number, view_buf(&tmp), err) != 0)
			goto out;
	} else {
		if (put_children(&tmp, t->body, depth, err) != 0 ||
		    put_header_like(out, t, tmp.n, err) != 0 ||
		    buf_put(out, view_buf(&tmp), err) != 0)
			goto out;
	}
	rc = 0;
out:
	buf_free(&tmp);
	return rc;
}

static int put_element(struct buf *out, struct view element, unsigned depth,
		       struct ltps_error *err)
{
	struct tlv t;

	if (depth == ASN1_DEPTH_MAX)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
				 "nested deeper than %d", ASN1_DEPTH_MAX);
	if (tlv_only(element, &t, err) != 0)
		return -1;
	/* A primitive one is no set (X.690 8.12.1) and stays what it is. */
	if (t.constructed && tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SET))
		return put_set(out, DER_SET, t.body, depth + 1, err);
	if (t.constructed)
		return put_constructed(out, &t, depth + 1, err);
	if (tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_BOOLEAN) && t.body.n == 1)
		return der_put_boolean(out, t.body.p[0] != 0, err);
	if (put_header_like(out, &t, t.body.n, err) != 0)
		return -1;
	return buf_put(out, t.body, err);
}

int cms_der_put(struct buf *out, struct view element, struct ltps_error *err)
{
	return put_element(out, element, 0, err);
}

int cms_der_put_set(struct buf *out, uint8_t id, struct view body,
		    struct ltps_error *err)
{
	return put_set(out, id, body, 1, err);
}

/* SignerInfo: its [0] and [1] are sets under implicit tags. */
static int put_signer(struct buf *out, struct view *cursor, struct ltps_error *err)
{
	struct cms_signer_frame f;
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_signer_frame_next(cursor, &f, err) != 0)
		goto out;
	struct view c = f.before;
	for (size_t i = 0; c.n > 0; i++) {
		struct tlv t;
		if (tlv_next(&c, &t, err) != 0)
			goto out;
		/* Fourth field; the second, sid, may be [0] too. */
		bool attrs = i == 3 && t.cls == ASN1_CONTEXT;
		if ((attrs ? put_set(&body, t.whole.p[0], t.body, 1, err)
			   : put_element(&body, t.whole, 1, err)) != 0)
			goto out;
	}
	if (f.has_unsigned && put_set(&body, f.unsigned_attrs.whole.p[0],
				      f.unsigned_attrs.body, 1, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

static int put_signers(struct buf *out, struct view body, struct ltps_error *err)
{
	struct buf all = buf_make(CMS_SIZE_MAX);
	struct view *items = NULL;
	size_t n = 0;
	int rc = -1;

	while (body.n > 0) {
		if (put_signer(&all, &body, err) != 0)
			goto out;
	}
	if (split(view_buf(&all), &items, &n, err) != 0)
		goto out;
	rc = der_put_set_of(out, DER_SET, items, n, err);
out:
	mem_free(items);
	buf_free(&all);
	return rc;
}

/* Definite lengths for the wrappers whatever they had. */
static void make_definite(struct cms_frame *f)
{
	f->content_info.indefinite = false;
	f->explicit_content.indefinite = false;
	f->signed_data.indefinite = false;
}

int cms_der_put_cms(struct buf *out, struct view in, struct ltps_error *err)
{
	struct cms_frame f;
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_frame_parse(in, &f, err) != 0 ||
	    put_element(&body, f.version.whole, 0, err) != 0 ||
	    put_element(&body, f.digest_algorithms.whole, 0, err) != 0 ||
	    put_element(&body, f.encap.whole, 0, err) != 0)
		goto out;
	if (f.has_certs &&
	    put_set(&body, f.certs.whole.p[0], f.certs.body, 1, err) != 0)
		goto out;
	if (f.has_crls && put_set(&body, f.crls.whole.p[0], f.crls.body, 1, err) != 0)
		goto out;
	if (put_signers(&body, f.signer_infos.body, err) != 0)
		goto out;
	make_definite(&f);
	rc = cms_frame_close(out, &f, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}
