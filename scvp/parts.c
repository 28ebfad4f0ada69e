/* SPDX-License-Identifier: Apache-2.0 */
/* parts - certificate references, policies, revocation information: what several
 * messages are made of. */
#include <string.h>

#include "base/mem.h"
#include "scvp/write.h"

/* ---- certificate references ---- */

/* A GeneralNames that is one directoryName [4] { Name }. */
static void find_issuer_name(struct view names, struct view *ret)
{
	struct ltps_error unused = LTPS_ERROR_INIT;
	struct tlv name, inner;
	if (tlv_only(names, &name, &unused) == 0 && tlv_is(&name, ASN1_CONTEXT, 4) &&
	    tlv_only(name.body, &inner, &unused) == 0 &&
	    tlv_is(&inner, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		*ret = inner.whole;
}

/* SCVPCertID ::= SEQUENCE { certHash, issuerSerial, hashAlgorithm DEFAULT sha-1 } */
static int read_cert_id(struct reader *r, struct view body, struct scvp_cert_id *ret)
{
	static const char what[] = "SCVPCertID";
	struct tlv t;
	bool there;
	if (read_need(r, &body, ID_OCTETS, READ_STRING, what, &t) != 0 ||
	    read_octets(r, &t, DIGEST_MAX, what, &ret->hash) != 0 ||
	    read_need(r, &body, ID_SEQUENCE, READ_LIST, what, &t) != 0)
		return -1;
	struct view issuer_serial = t.body;
	if (read_need(r, &issuer_serial, ID_SEQUENCE, READ_LIST, what, &t) != 0)
		return -1;
	struct scvp_list names;
	ret->issuer = t.body;
	if (read_names(r, t.body, &names) != 0)
		return -1;
	find_issuer_name(ret->issuer, &ret->issuer_name);
	if (read_need(r, &issuer_serial, ID_INTEGER, READ_VALUE, what, &t) != 0 ||
	    read_end(r, issuer_serial, what) != 0)
		return -1;
	ret->serial = t.body;
	if (read_maybe(r, &body, ID_SEQUENCE, READ_LIST, what, &t, &there) != 0)
		return -1;
	if (there && read_algorithm_oid(r, t.body, &ret->hash_algorithm) != 0)
		return -1;
	return read_end(r, body, what);
}

int read_cert_ref(struct reader *r, struct view *c, struct scvp_cert_ref *ret)
{
	struct tlv t;
	if (c->n == 0)
		return read_fail(r, SCVP_BAD_STRUCTURE, NULL,
				 "certificate reference is missing");
	if (read_any(r, c, &t) != 0)
		return -1;
	if (t.cls != ASN1_CONTEXT || t.number > SCVP_REF_AC || !t.constructed)
		return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5055 3.2.1",
				 "not a certificate reference");
	ret->kind = (enum scvp_ref_kind)t.number;
	if (ret->kind == SCVP_REF_CERT || ret->kind == SCVP_REF_ATTRIBUTE_CERT)
		return read_retagged(r, &t, &ret->cert);
	return read_cert_id(r, t.body, &ret->id);
}

int read_cert_refs(struct reader *r, struct view body, size_t max, const char *what,
		   const struct scvp_cert_ref **ret, size_t *ret_n)
{
	size_t n;
	if (read_count(r, body, 1, max, what, &n) != 0)
		return -1;
	struct scvp_cert_ref *refs = scvp_arena_alloc(r->arena, n, sizeof(*refs));
	if (refs == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_cert_ref(r, &body, &refs[i]) != 0)
			return -1;
	}
	*ret = refs;
	*ret_n = n;
	return 0;
}

static void write_cert_id(struct writer *w, uint8_t id, const struct scvp_cert_id *c)
{
	const size_t at = write_open(w, id);
	write_value(w, ID_OCTETS, c->hash);
	const size_t issuer_serial = write_open(w, ID_SEQUENCE);
	write_value(w, ID_SEQUENCE, c->issuer);
	write_value(w, ID_INTEGER, c->serial);
	write_close(w, issuer_serial);
	write_hash_algorithm(w, c->hash_algorithm);
	write_close(w, at);
}

void write_cert_ref(struct writer *w, const struct scvp_cert_ref *ref)
{
	const uint8_t id = ID_LIST((uint8_t)ref->kind);
	if (ref->kind == SCVP_REF_CERT || ref->kind == SCVP_REF_ATTRIBUTE_CERT)
		write_retagged(w, id, ref->cert);
	else
		write_cert_id(w, id, &ref->id);
}

/* ---- policies ---- */

/* SEQUENCE { OBJECT IDENTIFIER, ANY OPTIONAL }: a policy or an algorithm. */
static int read_oid_any(struct reader *r, struct view body, const char *what,
			struct view *ret_oid, struct view *ret_any)
{
	struct tlv t;
	if (read_need(r, &body, ID_OID, READ_VALUE, what, &t) != 0)
		return -1;
	*ret_oid = t.body;
	if (body.n > 0) {
		if (read_any(r, &body, &t) != 0)
			return -1;
		*ret_any = t.whole;
		if (read_der(r, t.whole, "parameters are not DER") != 0)
			return -1;
	}
	return read_end(r, body, what);
}

static int read_tri(struct reader *r, struct view *c, unsigned number,
		    enum scvp_tri *ret)
{
	struct tlv t;
	bool there, v;
	if (read_maybe(r, c, (uint8_t)ID_VALUE(number), READ_VALUE,
		       "flag of the validation policy", &t, &there) != 0)
		return -1;
	if (!there)
		return 0;
	if (read_boolean(r, &t, &v) != 0)
		return -1;
	*ret = v ? SCVP_TRUE : SCVP_FALSE;
	return 0;
}

/* Bits of a KeyUsage: the first bit of the BIT STRING is bit 0. */
static int read_key_usage(struct reader *r, struct view *c, uint16_t *ret)
{
	struct tlv t;
	if (read_need(r, c, ID_BITS, READ_VALUE, "keyUsages", &t) != 0)
		return -1;
	if (t.body.n == 0 || t.body.p[0] > 7 || (t.body.n == 1 && t.body.p[0] != 0))
		return read_fail(r, SCVP_BAD_STRUCTURE, "X.690 8.6.2", "keyUsages");
	const size_t bits = (t.body.n - 1) * 8 - t.body.p[0];
	for (size_t i = 0; i < bits; i++) {
		if ((t.body.p[1 + i / 8] & (0x80 >> i % 8)) == 0)
			continue;
		if (i > 8) /* a usage that no certificate can have */
			return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5280 4.2.1.3",
					 "unknown bit in keyUsages");
		*ret |= (uint16_t)(1u << i);
	}
	return 0;
}

static int read_key_usages(struct reader *r, struct view body, struct scvp_policy *ret)
{
	size_t n;
	if (read_count(r, body, 0, SCVP_KEY_USAGES_MAX, "keyUsages", &n) != 0)
		return -1;
	uint16_t *usages = scvp_arena_alloc(r->arena, n, sizeof(*usages));
	if (usages == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_key_usage(r, &body, &usages[i]) != 0)
			return -1;
	}
	ret->has_key_usages = true;
	ret->key_usages = usages;
	ret->n_key_usages = n;
	return 0;
}

/* [number] SEQUENCE OF OBJECT IDENTIFIER OPTIONAL */
static int read_oids_maybe(struct reader *r, struct view *c, unsigned number,
			   size_t min, const char *what, bool *ret_has,
			   struct scvp_list *ret)
{
	struct tlv t;
	if (read_maybe(r, c, (uint8_t)ID_LIST(number), READ_LIST, what, &t, ret_has) !=
	    0)
		return -1;
	return *ret_has ? read_oids(r, t.body, min, SCVP_OIDS_MAX, what, ret) : 0;
}

static int read_policy_usages(struct reader *r, struct view *c, struct scvp_policy *ret)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_LIST(5), READ_LIST, "trustAnchors", &t, &there) != 0)
		return -1;
	ret->has_anchors = there;
	/* Strict: a request. */
	const size_t max = r->strict ? SCVP_ANCHORS_MAX : SCVP_ANSWER_ANCHORS_MAX;
	if (there && read_cert_refs(r, t.body, max, "trustAnchors", &ret->anchors,
				    &ret->n_anchors) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(6), READ_LIST, "keyUsages", &t, &there) != 0)
		return -1;
	if (there && read_key_usages(r, t.body, ret) != 0)
		return -1;
	if (read_oids_maybe(r, c, 7, 0, "extendedKeyUsages",
			    &ret->has_extended_key_usages,
			    &ret->extended_key_usages) != 0)
		return -1;
	return read_oids_maybe(r, c, 8, 0, "specifiedKeyUsages",
			       &ret->has_specified_key_usages,
			       &ret->specified_key_usages);
}

int read_policy(struct reader *r, struct view body, struct scvp_policy *ret)
{
	struct tlv t;
	bool there;
	if (read_need(r, &body, ID_SEQUENCE, READ_LIST, "validationPolRef", &t) != 0 ||
	    read_oid_any(r, t.body, "validationPolRef", &ret->id, &ret->params) != 0 ||
	    read_maybe(r, &body, ID_LIST(0), READ_LIST, "validationAlg", &t, &there) !=
		0)
		return -1;
	if (there &&
	    read_oid_any(r, t.body, "validationAlg", &ret->alg, &ret->alg_params) != 0)
		return -1;
	if (read_oids_maybe(r, &body, 1, 1, "userPolicySet", &ret->has_user_policies,
			    &ret->user_policies) != 0 ||
	    read_tri(r, &body, 2, &ret->inhibit_mapping) != 0 ||
	    read_tri(r, &body, 3, &ret->explicit_policy) != 0 ||
	    read_tri(r, &body, 4, &ret->inhibit_any) != 0 ||
	    read_policy_usages(r, &body, ret) != 0)
		return -1;
	return read_end(r, body, "ValidationPolicy");
}

static void write_tri(struct writer *w, unsigned number, enum scvp_tri v)
{
	if (v != SCVP_ABSENT)
		write_boolean(w, (uint8_t)ID_VALUE(number), v == SCVP_TRUE);
}

/* A named bit list: no trailing zero bits (X.690 11.2.2). */
static void write_key_usage(struct writer *w, uint16_t usage)
{
	uint8_t bits[3] = { 0 };
	unsigned n = 0;
	for (unsigned i = 0; i < 9; i++) {
		if ((usage >> i & 1) != 0) {
			bits[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
			n = i + 1;
		}
	}
	bits[0] = (uint8_t)((8 - n % 8) % 8);
	write_value(w, ID_BITS, view_of(bits, 1 + (n + 7) / 8));
}

static void write_oid_any(struct writer *w, uint8_t id, struct view oid,
			  struct view any)
{
	const size_t at = write_open(w, id);
	write_value(w, ID_OID, oid);
	write_raw(w, any);
	write_close(w, at);
}

static void write_policy_usages(struct writer *w, const struct scvp_policy *p)
{
	if (p->has_anchors) {
		const size_t at = write_open(w, ID_LIST(5));
		for (size_t i = 0; i < p->n_anchors; i++)
			write_cert_ref(w, &p->anchors[i]);
		write_close(w, at);
	}
	if (p->has_key_usages) {
		const size_t at = write_open(w, ID_LIST(6));
		for (size_t i = 0; i < p->n_key_usages; i++)
			write_key_usage(w, p->key_usages[i]);
		write_close(w, at);
	}
	if (p->has_extended_key_usages)
		write_oids(w, ID_LIST(7), p->extended_key_usages);
	if (p->has_specified_key_usages)
		write_oids(w, ID_LIST(8), p->specified_key_usages);
}

void write_policy(struct writer *w, uint8_t id, const struct scvp_policy *p)
{
	const size_t at = write_open(w, id);
	write_oid_any(w, ID_SEQUENCE, p->id, p->params);
	if (p->alg.n > 0)
		write_oid_any(w, ID_LIST(0), p->alg, p->alg_params);
	if (p->has_user_policies)
		write_oids(w, ID_LIST(1), p->user_policies);
	write_tri(w, 2, p->inhibit_mapping);
	write_tri(w, 3, p->explicit_policy);
	write_tri(w, 4, p->inhibit_any);
	write_policy_usages(w, p);
	write_close(w, at);
}

/* ---- revocation information ---- */

int read_rev_infos(struct reader *r, struct view body, const struct scvp_rev_info **ret,
		   size_t *ret_n)
{
	size_t n;
	struct tlv t;
	if (read_count(r, body, 1, SCVP_REV_INFOS_MAX, "RevocationInfos", &n) != 0)
		return -1;
	struct scvp_rev_info *infos = scvp_arena_alloc(r->arena, n, sizeof(*infos));
	if (infos == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_any(r, &body, &t) != 0)
			return -1;
		if (t.cls != ASN1_CONTEXT || t.number > SCVP_REV_OTHER ||
		    !t.constructed)
			return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5055 3.2.9",
					 "not a RevocationInfo");
		infos[i].kind = (enum scvp_rev_kind)t.number;
		if (read_retagged(r, &t, &infos[i].der) != 0)
			return -1;
	}
	*ret = infos;
	*ret_n = n;
	return 0;
}

void write_rev_infos(struct writer *w, uint8_t id, const struct scvp_rev_info *infos,
		     size_t n)
{
	const size_t at = write_open(w, id);
	for (size_t i = 0; i < n; i++)
		write_retagged(w, ID_LIST((uint8_t)infos[i].kind), infos[i].der);
	write_close(w, at);
}

int scvp_rev_want_back_parse(struct view in, struct scvp_rev_want_back **ret,
			     struct ltps_error *err)
{
	struct reader r = { .err = err };
	struct scvp_rev_want_back *w = mem_zalloc(1, sizeof(*w));
	struct tlv t;
	bool there;
	uint8_t *copy = NULL;
	if (w == NULL || (r.arena = w->arena = scvp_arena_new()) == NULL ||
	    (copy = scvp_arena_alloc(w->arena, 1, in.n)) == NULL) {
		ltps_fail_nomem(err);
		goto fail;
	}
	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	struct view c = view_of(copy, in.n);
	if (read_need(&r, &c, ID_SEQUENCE, READ_LIST, "RevInfoWantBack", &t) != 0 ||
	    read_end(&r, c, "RevInfoWantBack") != 0)
		goto fail;
	c = t.body;
	if (read_need(&r, &c, ID_SEQUENCE, READ_LIST, "revocationInfo", &t) != 0 ||
	    read_rev_infos(&r, t.body, &w->infos, &w->n_infos) != 0 ||
	    read_maybe(&r, &c, ID_SEQUENCE, READ_LIST, "extraCerts", &t, &there) != 0)
		goto fail;
	if (there && read_tlvs(&r, t.body, 1, SCVP_INTERMEDIATES_MAX, "extraCerts",
			       &w->extra_certs) != 0)
		goto fail;
	if (read_end(&r, c, "RevInfoWantBack") != 0)
		goto fail;
	*ret = w;
	return 0;
fail:
	scvp_rev_want_back_free(w);
	return -1;
}

void scvp_rev_want_back_free(struct scvp_rev_want_back *w)
{
	if (w == NULL)
		return;
	scvp_arena_free(w->arena);
	mem_free(w);
}

int scvp_rev_want_back_encode(const struct scvp_rev_want_back *b, struct buf *out,
			      struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	write_rev_infos(&w, ID_SEQUENCE, b->infos, b->n_infos);
	if (b->extra_certs.n > 0)
		write_tlvs(&w, ID_SEQUENCE, b->extra_certs);
	write_close(&w, at);
	return writer_end(&w);
}

/* ---- bundles, evidence records, name parameters ---- */

int scvp_bundle_parse(struct view in, struct view *ret_items, size_t max, size_t *ret_n,
		      struct ltps_error *err)
{
	struct reader r = { .err = err };
	struct tlv t;
	size_t n = 0;
	if (read_need(&r, &in, ID_SEQUENCE, READ_LIST, "CertBundle", &t) != 0 ||
	    read_end(&r, in, "CertBundle") != 0)
		return -1;
	for (struct view c = t.body; c.n > 0; n++) {
		if (n == max)
			return read_fail(&r, SCVP_INVALID_REQUEST, NULL,
					 "too many items in a CertBundle");
		if (read_need(&r, &c, ID_SEQUENCE, READ_LIST, "CertBundle", &t) != 0)
			return -1;
		ret_items[n] = t.whole;
	}
	if (n == 0)
		return read_fail(&r, SCVP_BAD_STRUCTURE, "RFC 5055 3.2.8",
				 "empty CertBundle");
	*ret_n = n;
	return 0;
}

int scvp_bundle_encode(struct scvp_list items, struct buf *out, struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	write_tlvs(&w, ID_SEQUENCE, items);
	return writer_end(&w);
}

/* EvidenceRecordWantBack ::= SEQUENCE { targetWantBack, evidenceRecord OPTIONAL } */
int scvp_ers_all_parse(struct view in, struct scvp_want_back *ret_items, size_t max,
		       size_t *ret_n, struct ltps_error *err)
{
	struct reader r = { .err = err };
	struct tlv t;
	size_t n = 0;
	if (read_need(&r, &in, ID_SEQUENCE, READ_LIST, "EvidenceRecordWantBacks", &t) !=
		0 ||
	    read_end(&r, in, "EvidenceRecordWantBacks") != 0)
		return -1;
	for (struct view c = t.body; c.n > 0; n++) {
		struct scvp_want_back item = { .value = VIEW_NULL };
		if (n == max)
			return read_fail(&r, SCVP_INVALID_REQUEST, NULL,
					 "too many evidence records");
		if (read_need(&r, &c, ID_SEQUENCE, READ_LIST, "EvidenceRecordWantBack",
			      &t) != 0 ||
		    read_oid_any(&r, t.body, "EvidenceRecordWantBack", &item.oid,
				 &item.value) != 0)
			return -1;
		ret_items[n] = item;
	}
	if (n == 0)
		return read_fail(&r, SCVP_BAD_STRUCTURE, "RFC 5276 5.5",
				 "empty EvidenceRecordWantBacks");
	*ret_n = n;
	return 0;
}

int scvp_ers_all_encode(const struct scvp_want_back *items, size_t n, struct buf *out,
			struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	for (size_t i = 0; i < n; i++)
		write_oid_any(&w, ID_SEQUENCE, items[i].oid, items[i].value);
	write_close(&w, at);
	return writer_end(&w);
}

int scvp_name_params_parse(struct view alg_params, struct scvp_name_params *ret,
			   struct ltps_error *err)
{
	static const char what[] = "NameValidationAlgParms";
	struct reader r = { .err = err };
	struct tlv t;
	if (read_need(&r, &alg_params, ID_SEQUENCE, READ_LIST, what, &t) != 0 ||
	    read_end(&r, alg_params, what) != 0)
		return -1;
	struct view c = t.body;
	if (read_need(&r, &c, ID_OID, READ_VALUE, what, &t) != 0)
		return -1;
	ret->comparison = t.body;
	if (read_need(&r, &c, ID_SEQUENCE, READ_LIST, what, &t) != 0)
		return -1;
	ret->names = t.body;
	return read_end(&r, c, what);
}

int scvp_name_params_encode(const struct scvp_name_params *p, struct buf *out,
			    struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	write_value(&w, ID_OID, p->comparison);
	write_value(&w, ID_SEQUENCE, p->names);
	write_close(&w, at);
	return writer_end(&w);
}
