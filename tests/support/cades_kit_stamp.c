/* SPDX-License-Identifier: Apache-2.0 */
/* cades_kit_stamp - time-stamps of each kind: tokens, hash indexes, imprints. */
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"
#include "timestamping/tst.h"

static void must(int rc, const struct ltps_error *err)
{
	if (rc != 0)
		ck_die(err->text);
}

static enum digest_alg alg_of(const struct cades_kit_stamp *o)
{
	return o->alg != DIGEST_NONE ? o->alg : DIGEST_SHA256;
}

/* ---- tokens ---- */

static void answer(const struct cades_kit_stamp *o, const struct digest *d,
		   struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_responder r = { .certificate = o->tsa->x,
				   .key = o->tsa->key,
				   .policy = FIX_POLICY,
				   .signature_digest = o->token_alg,
				   .accuracy_ms = o->accuracy_ms };
	struct tsp_request request;
	struct tsp_response response;
	struct buf query = buf_make(TSP_QUERY_MAX), reply = buf_make(TST_SIZE_MAX);
	must(tsp_request_make(d, NULL, &request, &err), &err);
	request.nonce_n = 0;
	must(tsp_request_encode(&request, &query, &err), &err);
	must(tsp_respond(&r, view_buf(&query), o->gen_ms, &o->deviation, &reply, &err),
	     &err);
	must(tsp_response_parse(view_buf(&reply), &response, &err), &err);
	CK_NEED(response.token.n > 0);
	must(buf_put(out, response.token, &err), &err);
	buf_free(&reply);
	buf_free(&query);
}

/* What is put into the token beside its signature. */
static struct view furnish(struct view token, const struct cades_kit_stamp *o)
{
	struct ck_file *f = ck_file_read(token);
	struct view certs = ck_certificate_values(&o->values);
	struct view status = ck_revocation_values(&o->values);
	ck_file_material(f, &o->inside);
	if (certs.n > 0)
		ck_push(&f->signers[0].unsigned_attrs, certs);
	if (status.n > 0)
		ck_push(&f->signers[0].unsigned_attrs, status);
	return ck_file_write(f);
}

struct view cades_kit_token(const struct cades_kit_stamp *o, const struct digest *d)
{
	struct buf b = buf_make(TST_SIZE_MAX);
	struct digest imprint = *d;
	CK_NEED(o->tsa != NULL && o->gen_ms != 0);
	if (o->wrong_imprint)
		imprint.p[0] ^= 1;
	answer(o, &imprint, &b);
	struct view v = furnish(ck_copy(&b), o);
	buf_free(&b);
	return v;
}

static int64_t gen_time_of(struct view token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *t = NULL;
	must(tst_parse(token, &t, &err), &err);
	int64_t ms = t->gen_time_ms;
	tst_free(t);
	return ms;
}

/* ---- attributes of the file ---- */

static bool is_attr(struct view attribute, const char *oid)
{
	struct view whole = make_oid(oid);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	must(tlv_only(attribute, &t, &err), &err);
	return view_starts(t.body, whole);
}

/* attrType and attrValues, without the SEQUENCE around. */
static struct view inside_of(struct view attribute)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	must(tlv_only(attribute, &t, &err), &err);
	return t.body;
}

/* i-th value; n 0 past the end. */
static struct view value_of(struct view attribute, size_t i, struct view *ret_type)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view cursor = inside_of(attribute);
	struct tlv type, set, v = { 0 };
	must(tlv_next(&cursor, &type, &err), &err);
	must(tlv_next(&cursor, &set, &err), &err);
	if (ret_type != NULL)
		*ret_type = type.whole;
	cursor = set.body;
	for (size_t k = 0; k <= i; k++) {
		if (cursor.n == 0)
			return VIEW_NULL;
		must(tlv_next(&cursor, &v, &err), &err);
	}
	return v.whole;
}

/* ---- hash index ---- */

static struct view hash_list(const struct ck_list *l, enum digest_alg alg,
			     bool left_out, bool of_nothing)
{
	struct view all = VIEW_NULL;
	for (size_t i = 0; i < l->n && !left_out; i++)
		all = make_joined(all, ck_digest_octets(alg, l->a[i]));
	if (of_nothing)
		all = make_joined(all, ck_digest_octets(alg, view_text("nothing")));
	return make_el(DER_SEQUENCE, all);
}

/* Version 3 hashes type and value of each value; 1 and 2 each Attribute. */
static void attr_members(const struct ck_list *attrs, unsigned version,
			 struct ck_list *ret)
{
	for (size_t i = 0; i < attrs->n; i++) {
		if (version < 3) {
			ck_push(ret, attrs->a[i]);
			continue;
		}
		for (size_t k = 0;; k++) {
			struct view type, v = value_of(attrs->a[i], k, &type);
			if (v.n == 0)
				break;
			ck_push(ret, make_joined(type, v));
		}
	}
}

/* ATSHashIndex of this version over what the file holds now. */
static struct view hash_index(const struct ck_file *f, const struct ck_signer_info *s,
			      const struct cades_kit_stamp *o, unsigned version)
{
	enum digest_alg alg = o->index_alg != DIGEST_NONE ? o->index_alg : alg_of(o);
	struct ck_list *attrs = mem_zalloc(1, sizeof(*attrs));
	struct view id = digest_algorithm_identifier(alg);
	CK_NEED(attrs != NULL);
	attr_members(&s->unsigned_attrs, version, attrs);
	if (version == 1 && alg == DIGEST_SHA256) /* DEFAULT, left out in DER */
		id = VIEW_NULL;
	struct view v =
	    make_el(DER_SEQUENCE, id,
		    hash_list(&f->certs, alg, o->without_certs, o->nothing_in_certs),
		    hash_list(&f->crls, alg, o->without_crls, o->nothing_in_crls),
		    hash_list(attrs, alg, o->without_attrs, o->nothing_in_attrs));
	mem_free(attrs);
	return v;
}

static const char *index_oid(unsigned version)
{
	return version == 1   ? OID_ATS_HASH_INDEX
	       : version == 2 ? OID_ATS_HASH_INDEX_V2
			      : OID_ATS_HASH_INDEX_V3;
}

static struct view put_index(struct view token, const struct cades_kit_stamp *o,
			     unsigned version, struct view index)
{
	struct ck_file *f = ck_file_read(token);
	struct ck_list *attrs = &f->signers[0].unsigned_attrs;
	if (o->index_attr == CADES_KIT_WRONG) /* an octet of its last hash */
		index = make_flipped(index, index.n - 1);
	if (o->index_attr == CADES_KIT_TWO_VALUES)
		ck_push(attrs, make_el(DER_SEQUENCE, make_oid(index_oid(version)),
				       make_el(DER_SET, index, index)));
	else if (o->index_attr != CADES_KIT_ABSENT)
		ck_push(attrs, make_attr(index_oid(version), index));
	if (o->index_attr == CADES_KIT_TWICE)
		ck_push(attrs, make_attr(index_oid(version), index));
	return ck_file_write(f);
}

/* ---- imprints ---- */

static struct view signed_content(const struct ck_file *f,
				  const struct cades_kit_stamp *o)
{
	struct view content;
	if (ck_file_content(f, &content))
		return content;
	return o->content.n > 0 ? o->content : view_text(CADES_KIT_CONTENT);
}

static struct view fields_of(const struct ck_signer_info *s)
{
	struct view a = make_joined(s->version, s->sid);
	struct view b = make_joined(s->digest_algorithm, s->signed_attrs);
	struct view c = make_joined(s->signature_algorithm, s->signature);
	return make_joined(make_joined(a, b), c);
}

/* EN 319 122-1 5.5.3 */
static struct view octets_v3(const struct ck_file *f, const struct ck_signer_info *s,
			     const struct cades_kit_stamp *o, struct view index)
{
	struct view head = make_joined(ck_content_type(f),
				       ck_hash_view(alg_of(o), signed_content(f, o)));
	return make_joined(make_joined(head, fields_of(s)), index);
}

/* An archive time-stamp of version 2 or 3 that is not older than this one. */
static bool is_left_out(struct view attribute, int64_t gen_ms)
{
	if (!is_attr(attribute, OID_ARCHIVE_TIME_STAMP_V2) &&
	    !is_attr(attribute, OID_ARCHIVE_TIME_STAMP_V3))
		return false;
	return gen_time_of(value_of(attribute, 0, NULL)) >= gen_ms;
}

static struct view kept_attributes(const struct ck_signer_info *s,
				   const struct cades_kit_stamp *o)
{
	struct view all = VIEW_NULL;
	for (size_t i = 0; i < s->unsigned_attrs.n; i++)
		if (!is_left_out(s->unsigned_attrs.a[i], o->gen_ms))
			all = make_joined(all, s->unsigned_attrs.a[i]);
	if (all.n == 0 || o->v2_bare)
		return all;
	return make_el(0xa1, all);
}

/* RFC 5126 6.4.1 as TS 101 733 V2.2.1 and V1.8.3 (bare) read it. */
static struct view octets_v2(const struct ck_file *f, const struct ck_signer_info *s,
			     const struct cades_kit_stamp *o)
{
	struct view content;
	struct view head = f->encap;
	if (!ck_file_content(f, &content))
		head = make_joined(head, signed_content(f, o));
	head = make_joined(head, make_joined(f->certs_whole, f->crls_whole));
	return make_joined(make_joined(head, fields_of(s)), kept_attributes(s, o));
}

static struct view all_of(const struct ck_signer_info *s, const char *oid)
{
	struct view all = VIEW_NULL;
	for (size_t i = 0; i < s->unsigned_attrs.n; i++)
		if (is_attr(s->unsigned_attrs.a[i], oid))
			all = make_joined(all, inside_of(s->unsigned_attrs.a[i]));
	return all;
}

static struct view octets_refs(const struct ck_signer_info *s)
{
	return make_joined(all_of(s, OID_CERTIFICATE_REFS),
			   all_of(s, OID_REVOCATION_REFS));
}

/* RFC 5126 6.3.5 */
static struct view octets_c(const struct ck_signer_info *s)
{
	return make_joined(
	    make_joined(ck_body(s->signature), all_of(s, OID_SIGNATURE_TIME_STAMP)),
	    octets_refs(s));
}

static const char *stamp_oid(enum cades_stamp_kind kind)
{
	switch (kind) {
	case CADES_STAMP_SIGNATURE:
		return OID_SIGNATURE_TIME_STAMP;
	case CADES_STAMP_C:
		return OID_C_TIME_STAMP;
	case CADES_STAMP_REFS:
		return OID_CERTS_CRLS_TIME_STAMP;
	case CADES_STAMP_ARCHIVE_V1:
		return OID_ARCHIVE_TIME_STAMP_V1;
	case CADES_STAMP_ARCHIVE_V2:
		return OID_ARCHIVE_TIME_STAMP_V2;
	case CADES_STAMP_ARCHIVE_V3:
		return OID_ARCHIVE_TIME_STAMP_V3;
	default:
		ck_die("no such time-stamp");
	}
}

static struct view octets_of(const struct ck_file *f, const struct ck_signer_info *s,
			     const struct cades_kit_stamp *o, struct view index)
{
	switch (o->kind) {
	case CADES_STAMP_SIGNATURE:
		return ck_body(s->signature);
	case CADES_STAMP_C:
		return octets_c(s);
	case CADES_STAMP_REFS:
		return octets_refs(s);
	case CADES_STAMP_ARCHIVE_V1:
	case CADES_STAMP_ARCHIVE_V2:
		return octets_v2(f, s, o);
	default:
		return octets_v3(f, s, o, index);
	}
}

struct view cades_kit_stamp(struct view file, const struct cades_kit_stamp *o)
{
	struct ck_file *f = ck_file_read(file);
	unsigned version = o->index != 0 ? o->index : 3;
	bool v3 = o->kind == CADES_STAMP_ARCHIVE_V3;
	struct view index = VIEW_NULL;
	CK_NEED(o->signer < f->n_signers);
	struct ck_signer_info *s = &f->signers[o->signer];
	if (v3)
		index = hash_index(f, s, o, version);
	struct digest d = cades_kit_hash(alg_of(o), octets_of(f, s, o, index));
	struct view token = cades_kit_token(o, &d);
	if (v3) {
		token = put_index(token, o, version, index);
		ck_file_digest(f, alg_of(o)); /* EN 319 122-1 5.5.3 */
	}
	ck_push(&s->unsigned_attrs, make_attr(stamp_oid(o->kind), token));
	return ck_file_write(f);
}
