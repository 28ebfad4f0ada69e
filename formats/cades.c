/* SPDX-License-Identifier: Apache-2.0 */
/* cades - time-stamps and countersignatures of a signer, and the shared helpers. */
#include "formats/cades.h"

#include <string.h>

#include "base/mem.h"
#include "formats/cades_private.h"
#include "formats/cms_frame.h"

/* ---- helpers ---- */

/* First allocation of a list: most attributes hold fewer. */
#define LIST_CAP_MIN ((size_t)8)

void *cades_list_add(struct cades_list *l, struct ltps_error *err)
{
	if (l->n == l->max) {
		ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			  "more than %zu %s", l->max, l->what);
		return NULL;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? LIST_CAP_MIN : l->cap * 2;
		void *v = mem_resize(l->v, cap, l->item);
		if (v == NULL) {
			ltps_fail_nomem(err);
			return NULL;
		}
		l->v = v;
		l->cap = cap;
	}
	uint8_t *at = (uint8_t *)l->v + l->n++ * l->item;
	memset(at, 0, l->item);
	return at;
}

int cades_list_add_view(struct cades_list *l, struct view v, struct ltps_error *err)
{
	struct view *to = cades_list_add(l, err);
	if (to == NULL)
		return -1;
	*to = v;
	return 0;
}

void *cades_list_take(struct cades_list *l, size_t *ret_n)
{
	void *v = l->v;

	*ret_n = l->n;
	l->v = NULL;
	l->n = l->cap = 0;
	return v;
}

static int each_value(const struct cms_attr *a, size_t attr, cades_take *take, void *to,
		      struct ltps_error *err)
{
	struct view c = a->values;

	for (size_t i = 0; c.n > 0; i++) {
		struct tlv t;
		struct cades_value v = { &t, attr, i };
		if (tlv_next(&c, &t, err) != 0 || take(to, &v, err) != 0)
			return -1;
	}
	return 0;
}

int cades_each(const struct cms_attrs *attrs, const char *oid, const char *name,
	       cades_take *take, void *to, struct ltps_error *err)
{
	for (size_t i = 0; i < attrs->n; i++) {
		if (oid_is(attrs->a[i].type, oid) &&
		    each_value(&attrs->a[i], i, take, to, err) != 0)
			return ltps_where(err, "%s", name);
	}
	return 0;
}

int cades_octets(struct view *cursor, const char *what, struct view *ret_v,
		 struct ltps_error *err)
{
	struct tlv t;

	if (cms_expect(cursor, ASN1_TAG_OCTET_STRING, what, &t, err) != 0)
		return -1;
	if (t.constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "X.690 10.2",
				 "%s: constructed value", what);
	*ret_v = t.body;
	return 0;
}

int cades_algorithm(struct view *cursor, enum digest_alg *ret_alg, struct view *ret_oid,
		    struct ltps_error *err)
{
	struct tlv t, oid, null;
	bool has_null;

	if (cms_expect(cursor, ASN1_TAG_SEQUENCE, "hashAlgorithm", &t, err) != 0)
		return -1;
	struct view c = t.body;
	if (cms_expect(&c, ASN1_TAG_OID, "hashAlgorithm", &oid, err) != 0 ||
	    tlv_optional(&c, ASN1_UNIVERSAL, ASN1_TAG_NULL, &null, &has_null, err) !=
		0 ||
	    tlv_end(c, "hashAlgorithm", err) != 0)
		return -1;
	*ret_alg = digest_from_oid(oid.body);
	*ret_oid = oid.body;
	return 0;
}

int cades_hash_and_value(struct view body, enum digest_alg *ret_alg,
			 struct view *ret_oid, struct view *ret_hash,
			 struct ltps_error *err)
{
	if (cades_algorithm(&body, ret_alg, ret_oid, err) != 0 ||
	    cades_octets(&body, "hashValue", ret_hash, err) != 0)
		return -1;
	return tlv_end(body, "hash", err);
}

/* ---- time-stamps ---- */

static const struct stamp_kind {
	const char *oid;
	const char *name;
} stamp_kinds[CADES_STAMP_KIND_COUNT] = {
	[CADES_STAMP_CONTENT] = { OID_CONTENT_TIME_STAMP, "content-time-stamp" },
	[CADES_STAMP_SIGNATURE] = { OID_SIGNATURE_TIME_STAMP, "signature-time-stamp" },
	[CADES_STAMP_C] = { OID_C_TIME_STAMP, "CAdES-C-timestamp" },
	[CADES_STAMP_REFS] = { OID_CERTS_CRLS_TIME_STAMP,
			       "time-stamped-certs-crls-references" },
	[CADES_STAMP_ARCHIVE_V1] = { OID_ARCHIVE_TIME_STAMP_V1, "archive-time-stamp" },
	[CADES_STAMP_ARCHIVE_V2] = { OID_ARCHIVE_TIME_STAMP_V2,
				     "archive-time-stamp-v2" },
	[CADES_STAMP_ARCHIVE_V3] = { OID_ARCHIVE_TIME_STAMP_V3,
				     "archive-time-stamp-v3" },
	[CADES_STAMP_LONG_TERM] = { OID_LONG_TERM_VALIDATION, "long-term-validation" },
};

const char *cades_stamp_kind_name(enum cades_stamp_kind k)
{
	return (unsigned)k < CADES_STAMP_KIND_COUNT ? stamp_kinds[k].name : "?";
}

/* CADES_STAMP_KIND_COUNT when the type is no time-stamp of this kind of attributes. */
static enum cades_stamp_kind kind_of(struct view type, bool is_signed)
{
	size_t from = is_signed ? CADES_STAMP_CONTENT : CADES_STAMP_SIGNATURE;
	size_t to = is_signed ? CADES_STAMP_CONTENT + 1 : CADES_STAMP_KIND_COUNT;

	for (size_t k = from; k < to; k++) {
		if (oid_is(type, stamp_kinds[k].oid))
			return (enum cades_stamp_kind)k;
	}
	return CADES_STAMP_KIND_COUNT;
}

/*
 * The token of a LongTermValidation: poeDate, then [0] around it; what follows is
 * material. ret_token stays empty when it holds an evidence record or nothing.
 */
static int long_term_token(const struct tlv *value, struct view *ret_token,
			   struct ltps_error *err)
{
	struct tlv date, choice, token;
	struct view c = value->body;
	bool has;

	if (!tlv_is(value, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) || !value->constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
				 "not a SEQUENCE");
	if (cms_expect(&c, ASN1_TAG_GENERALIZED_TIME, "poeDate", &date, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 0, &choice, &has, err) != 0)
		return -1;
	if (!has || !choice.constructed)
		return 0;
	c = choice.body;
	if (tlv_next(&c, &token, err) != 0)
		return -1;
	/* A list of certificates has the same tag when poeValue is absent. */
	struct tlv first;
	struct view inner = token.body;
	if (c.n > 0 || !token.constructed || tlv_next(&inner, &first, err) != 0)
		return c.n > 0 || !token.constructed ? 0 : -1;
	if (tlv_is(&first, ASN1_UNIVERSAL, ASN1_TAG_OID))
		*ret_token = token.whole;
	return 0;
}

struct stamp_sink {
	struct cades_list list;
	enum cades_stamp_kind kind;
};

static int take_stamp(void *to, const struct cades_value *v, struct ltps_error *err)
{
	struct stamp_sink *s = to;
	struct view token = v->t->whole;

	if (s->kind == CADES_STAMP_LONG_TERM) {
		token = VIEW_NULL;
		if (long_term_token(v->t, &token, err) != 0)
			return -1;
		if (token.n == 0)
			return 0;
	}
	struct cades_stamp *stamp = cades_list_add(&s->list, err);
	if (stamp == NULL)
		return -1;
	*stamp = (struct cades_stamp){ s->kind, v->attr, v->value, token };
	return 0;
}

static int list_stamps(const struct cms_attrs *attrs, bool is_signed,
		       struct stamp_sink *s, struct ltps_error *err)
{
	for (size_t i = 0; i < attrs->n; i++) {
		s->kind = kind_of(attrs->a[i].type, is_signed);
		if (s->kind != CADES_STAMP_KIND_COUNT &&
		    each_value(&attrs->a[i], i, take_stamp, s, err) != 0)
			return ltps_where(err, "%s", cades_stamp_kind_name(s->kind));
	}
	return 0;
}

int cades_stamps(const struct cms_signer *s, struct cades_stamp **ret, size_t *ret_n,
		 struct ltps_error *err)
{
	struct stamp_sink sink = { .list = { .item = sizeof(struct cades_stamp),
					     .max = CADES_STAMPS_MAX,
					     .what = "time-stamps" } };

	if (list_stamps(&s->signed_attrs, true, &sink, err) != 0 ||
	    list_stamps(&s->unsigned_attrs, false, &sink, err) != 0) {
		mem_free(sink.list.v);
		return -1;
	}
	*ret = cades_list_take(&sink.list, ret_n);
	return 0;
}

/* ---- countersignatures ---- */

static int take_view(void *to, const struct cades_value *v, struct ltps_error *err)
{
	return cades_list_add_view(to, v->t->whole, err);
}

int cades_countersignatures(const struct cms_signer *s, struct view **ret,
			    size_t *ret_n, struct ltps_error *err)
{
	struct cades_list l = { .item = sizeof(struct view),
				.max = CMS_SIGNERS_MAX,
				.what = "countersignatures" };

	if (cades_each(&s->unsigned_attrs, OID_COUNTERSIGNATURE, "countersignature",
		       take_view, &l, err) != 0) {
		mem_free(l.v);
		return -1;
	}
	*ret = cades_list_take(&l, ret_n);
	return 0;
}
