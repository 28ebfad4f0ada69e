/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_imprint - the octets under each kind of time-stamp. EN 319 122-1 5.2.8, 5.3,
 * 5.5.3; RFC 5126 6.1.1, 6.3.5, 6.3.6, 6.4.1
 */
#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cms_der.h"
#include "formats/cms_frame.h"

/* A running imprint; in DER what is taken is re-encoded first. */
struct imprint {
	const struct cades_imprint_input *in;
	struct digest_ctx *ctx;
	bool der;
	struct buf tmp;
};

#define ID_CERTS DER_ID(ASN1_CONTEXT, 1, 0)
#define ID_CRLS DER_ID(ASN1_CONTEXT, 1, 1)
#define ID_SIGNED_ATTRS DER_ID(ASN1_CONTEXT, 1, 0)
#define ID_UNSIGNED_ATTRS DER_ID(ASN1_CONTEXT, 1, 1)

/* ---- pieces ---- */

static int take_element(struct imprint *x, struct view element, struct ltps_error *err)
{
	if (!x->der || element.n == 0)
		return digest_update(x->ctx, element, err);
	buf_clear(&x->tmp);
	if (cms_der_put(&x->tmp, element, err) != 0)
		return -1;
	return digest_update(x->ctx, view_buf(&x->tmp), err);
}

/* A set under an implicit tag: in DER its members are in order. */
static int take_set(struct imprint *x, struct view set, uint8_t id,
		    struct ltps_error *err)
{
	struct tlv t;

	if (!x->der || set.n == 0)
		return digest_update(x->ctx, set, err);
	buf_clear(&x->tmp);
	if (tlv_only(set, &t, err) != 0 ||
	    cms_der_put_set(&x->tmp, id, t.body, err) != 0)
		return -1;
	return digest_update(x->ctx, view_buf(&x->tmp), err);
}

/* Type and values of an attribute without the SEQUENCE around them. */
static int take_attr_body(struct imprint *x, const struct cms_attr *a,
			  struct ltps_error *err)
{
	struct tlv t;
	struct view whole = a->whole;

	if (x->der) {
		buf_clear(&x->tmp);
		if (cms_der_put(&x->tmp, a->whole, err) != 0)
			return -1;
		whole = view_buf(&x->tmp);
	}
	if (tlv_only(whole, &t, err) != 0)
		return -1;
	return digest_update(x->ctx, t.body, err);
}

static int take_signer_fields(struct imprint *x, struct ltps_error *err)
{
	const struct cms_signer *s = x->in->signer;

	if (take_element(x, s->version, err) != 0 ||
	    take_element(x, s->sid, err) != 0 ||
	    take_element(x, s->digest_algorithm, err) != 0 ||
	    take_set(x, s->signed_attrs.whole, ID_SIGNED_ATTRS, err) != 0 ||
	    take_element(x, s->signature_algorithm, err) != 0)
		return -1;
	return take_element(x, s->signature_whole, err);
}

/* Whether the digest of the content can be had. */
static bool has_digest(const struct content *c, enum digest_alg alg)
{
	return c != NULL && (content_has_octets(c) || c->known[alg].alg != DIGEST_NONE);
}

static int take_content_digest(struct imprint *x, struct ltps_error *err)
{
	struct digest d;

	if (content_digest(x->in->content, x->in->alg, &d, err) != 0)
		return -1;
	return digest_update(x->ctx, digest_view(&d), err);
}

/* ---- archive time-stamps ---- */

/* Step 6 of the recipe; the index goes in as it stands in the token. */
static int take_archive_v3(struct imprint *x, bool *ret_possible,
			   struct ltps_error *err)
{
	const struct cades_imprint_input *in = x->in;
	struct tlv encap, type;

	if (in->index == NULL || !has_digest(in->content, in->alg))
		return 0;
	*ret_possible = true;
	if (tlv_only(in->cms->encap, &encap, err) != 0 ||
	    tlv_peek(encap.body, &type, err) != 0 ||
	    digest_update(x->ctx, type.whole, err) != 0 ||
	    take_content_digest(x, err) != 0 || take_signer_fields(x, err) != 0)
		return -1;
	return digest_update(x->ctx, in->index->whole, err);
}

static bool is_archive(enum cades_stamp_kind kind, enum cades_stamp_kind of)
{
	/* Version 1 stays under a later version 2, which does not know it. */
	return kind == CADES_STAMP_ARCHIVE_V2 || kind == CADES_STAMP_ARCHIVE_V3 ||
	       (kind == CADES_STAMP_ARCHIVE_V1 && of == CADES_STAMP_ARCHIVE_V1);
}

/*
 * Which unsigned attributes are left out: those with an archive time-stamp that is
 * not older than the one in question, and so that one itself. One whose time does not
 * decode stays, as any attribute that is no time-stamp.
 */
static void find_later(const struct cades_imprint_input *in, bool *later)
{
	const struct cades_stamp *own = &in->stamps[in->stamp];
	int64_t time = in->gen_times[in->stamp];

	for (size_t i = 0; i < in->n_stamps; i++) {
		const struct cades_stamp *s = &in->stamps[i];
		if (is_archive(s->kind, own->kind) && in->gen_times[i] >= time)
			later[s->attr] = true;
	}
	later[own->attr] = true;
}

static size_t kept_len(const struct cms_attrs *attrs, const bool *later)
{
	size_t n = 0;

	for (size_t i = 0; i < attrs->n; i++)
		n += later[i] ? 0 : attrs->a[i].whole.n;
	return n;
}

static int take_attr_list(struct imprint *x, const struct cms_attrs *attrs,
			  const bool *later, struct ltps_error *err)
{
	for (size_t i = 0; i < attrs->n; i++) {
		if (!later[i] && digest_update(x->ctx, attrs->a[i].whole, err) != 0)
			return -1;
	}
	return 0;
}

/* Kept attributes, each in DER in the order of the file, under the recomputed tag. */
static int take_der_attrs(struct imprint *x, const struct cms_attrs *attrs,
			  const bool *later, struct ltps_error *err)
{
	buf_clear(&x->tmp);
	for (size_t i = 0; i < attrs->n; i++) {
		if (!later[i] && cms_der_put(&x->tmp, attrs->a[i].whole, err) != 0)
			return -1;
	}
	struct buf header = buf_make(16);
	if (x->tmp.n == 0)
		return 0;
	int rc = -1;
	if (der_put_header(&header, ID_UNSIGNED_ATTRS, x->tmp.n, err) == 0 &&
	    digest_update(x->ctx, view_buf(&header), err) == 0)
		rc = digest_update(x->ctx, view_buf(&x->tmp), err);
	buf_free(&header);
	return rc;
}

/*
 * unsignedAttrs without the later archive time-stamps: with tag and a length of what
 * is kept (TS 101 733 V2.2.1), or bare (V1.8.3). Nothing kept: nothing.
 */
static int take_unsigned(struct imprint *x, const bool *later, struct ltps_error *err)
{
	const struct cms_attrs *attrs = &x->in->signer->unsigned_attrs;
	size_t n = kept_len(attrs, later);
	struct buf header = buf_make(16);
	int rc = -1;

	if (x->der)
		return take_der_attrs(x, attrs, later, err);
	if (n > 0 && x->in->reading != CADES_V2_NO_TAG &&
	    (der_put_header(&header, ID_UNSIGNED_ATTRS, n, err) != 0 ||
	     digest_update(x->ctx, view_buf(&header), err) != 0))
		goto out;
	rc = take_attr_list(x, attrs, later, err);
out:
	buf_free(&header);
	return rc;
}

/*
 * encapContentInfo, detached content, certificates, crls, the signer's fields and
 * its unsigned attributes. Version 1 is the same from TS 101 733 V1.5.1 on (RFC 5126
 * 6.4.1 note 1); the form of RFC 3126 before it is not tried.
 */
static int take_archive_v2(struct imprint *x, bool *ret_possible,
			   struct ltps_error *err)
{
	const struct cades_imprint_input *in = x->in;
	bool detached = !in->cms->has_content;
	int rc = -1;

	if (in->gen_times[in->stamp] == INT64_MIN ||
	    (detached && (in->content == NULL || !content_has_octets(in->content))))
		return 0;
	bool *later = mem_zalloc(in->signer->unsigned_attrs.n, sizeof(later[0]));
	if (later == NULL)
		return ltps_fail_nomem(err);
	*ret_possible = true;
	find_later(in, later);
	if (take_element(x, in->cms->encap, err) != 0 ||
	    (detached && content_update(in->content, x->ctx, err) != 0) ||
	    take_set(x, in->cms->certs_whole, ID_CERTS, err) != 0 ||
	    take_set(x, in->cms->crls_whole, ID_CRLS, err) != 0 ||
	    take_signer_fields(x, err) != 0 || take_unsigned(x, later, err) != 0)
		goto out;
	rc = 0;
out:
	mem_free(later);
	return rc;
}

/* ---- the others ---- */

static int take_content(struct imprint *x, struct digest *ret_d, bool *ret_possible,
			struct ltps_error *err)
{
	if (!has_digest(x->in->content, x->in->alg))
		return 0;
	*ret_possible = true;
	return content_digest(x->in->content, x->in->alg, ret_d, err);
}

/* Attributes of one of these types. */
static int take_attrs_of(struct imprint *x, const char *const *oids, size_t n,
			 size_t *ret_taken, struct ltps_error *err)
{
	const struct cms_attrs *attrs = &x->in->signer->unsigned_attrs;

	for (size_t i = 0; i < attrs->n; i++) {
		bool wanted = false;
		for (size_t k = 0; k < n && !wanted; k++)
			wanted = oid_is(attrs->a[i].type, oids[k]);
		if (!wanted)
			continue;
		++*ret_taken;
		if (take_attr_body(x, &attrs->a[i], err) != 0)
			return -1;
	}
	return 0;
}

/*
 * Type 1 of the X forms: signature, signature time-stamps, references; type 2: the
 * references alone. Without any of the attributes there is nothing to stamp.
 */
static int take_refs(struct imprint *x, bool with_signature, bool *ret_possible,
		     struct ltps_error *err)
{
	static const char *const oids[] = { OID_SIGNATURE_TIME_STAMP,
					    OID_CERTIFICATE_REFS, OID_REVOCATION_REFS };
	const size_t from = with_signature ? 0 : 1, to = 3;
	size_t taken = 0;
	int rc = 0;

	if (with_signature && digest_update(x->ctx, x->in->signer->signature, err) != 0)
		return -1;
	if (x->in->reading == CADES_FILE_ORDER)
		rc = take_attrs_of(x, oids + from, to - from, &taken, err);
	for (size_t k = from; k < to && rc == 0 && x->in->reading != CADES_FILE_ORDER;
	     k++)
		rc = take_attrs_of(x, oids + k, 1, &taken, err);
	*ret_possible = rc == 0 && taken > 0;
	return rc;
}

static int take_kind(struct imprint *x, enum cades_stamp_kind kind, bool *ret_possible,
		     struct ltps_error *err)
{
	switch (kind) {
	case CADES_STAMP_SIGNATURE:
		*ret_possible = true;
		return digest_update(x->ctx, x->in->signer->signature, err);
	case CADES_STAMP_C:
		return take_refs(x, true, ret_possible, err);
	case CADES_STAMP_REFS:
		return take_refs(x, false, ret_possible, err);
	case CADES_STAMP_ARCHIVE_V1:
	case CADES_STAMP_ARCHIVE_V2:
		return take_archive_v2(x, ret_possible, err);
	case CADES_STAMP_ARCHIVE_V3:
		return take_archive_v3(x, ret_possible, err);
	default:
		/* What long-term-validation covers is in no text that is open to us. */
		return 0;
	}
}

/* Octet strings and digests have one reading. */
static bool has_reading(enum cades_stamp_kind kind, enum cades_reading reading)
{
	switch (reading) {
	case CADES_AS_STORED:
		return true;
	case CADES_AS_DER:
		return kind != CADES_STAMP_CONTENT && kind != CADES_STAMP_SIGNATURE;
	case CADES_V2_NO_TAG:
		return kind == CADES_STAMP_ARCHIVE_V1 || kind == CADES_STAMP_ARCHIVE_V2;
	case CADES_FILE_ORDER:
		return kind == CADES_STAMP_C || kind == CADES_STAMP_REFS;
	default:
		return false;
	}
}

static int run(struct imprint *x, enum cades_stamp_kind kind, bool *ret_possible,
	       struct digest *ret_d, struct ltps_error *err)
{
	bool possible = false;
	int rc;

	if (kind == CADES_STAMP_CONTENT)
		return take_content(x, ret_d, ret_possible, err);
	if (digest_new(x->in->alg, &x->ctx, err) != 0)
		return -1;
	rc = take_kind(x, kind, &possible, err);
	if (rc == 0 && possible)
		rc = digest_final(x->ctx, ret_d, err);
	*ret_possible = rc == 0 && possible;
	return rc;
}

int cades_imprint(const struct cades_imprint_input *in, bool *ret_possible,
		  struct digest *ret_d, struct ltps_error *err)
{
	struct imprint x = { .in = in,
			     .der = in->reading == CADES_AS_DER,
			     .tmp = buf_make(CMS_SIZE_MAX) };
	struct ltps_error e = LTPS_ERROR_INIT;

	*ret_possible = false;
	if (in->stamp >= in->n_stamps)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no such time-stamp");
	enum cades_stamp_kind kind = in->stamps[in->stamp].kind;
	if (!has_reading(kind, in->reading) || digest_evp(in->alg) == NULL)
		return 0;
	int rc = run(&x, kind, ret_possible, ret_d, &e);
	digest_free(x.ctx);
	buf_free(&x.tmp);
	/* What has no DER form (nested too deep, a set too large) has no such reading.
	 */
	if (rc != 0 && x.der &&
	    (e.fault == LTPS_FAULT_OBJECT || e.code == LTPS_TOO_LARGE))
		return 0;
	if (rc != 0)
		*err = e;
	return rc;
}
