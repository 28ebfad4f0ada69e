/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scvp_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"

#define MUST(expression)                                                               \
	do {                                                                           \
		struct ltps_error err = LTPS_ERROR_INIT;                               \
		if ((expression) != 0) {                                               \
			fprintf(stderr, "scvp_kit: %s: %s\n", #expression, err.text);  \
			abort();                                                       \
		}                                                                      \
	} while (0)

/* What an archive without a real record gives: a SEQUENCE with the octets' digest. */
static int kit_evidence(void *arg, struct view object, struct buf *out, bool *ret_found,
			struct ltps_error *err)
{
	const struct scvp_kit *k = arg;
	struct digest d;
	*ret_found = false;
	for (size_t i = 0; i < k->n_objects; i++) {
		if (!k->objects[i].evident ||
		    !view_equal(view_buf(&k->objects[i].bytes), object))
			continue;
		*ret_found = true;
		if (digest_once(DIGEST_SHA256, object, &d, err) != 0)
			return -1;
		return der_put(out, DER_SEQUENCE, digest_view(&d), err);
	}
	return 0;
}

static int kit_preserve(void *arg, struct view object, struct ltps_error *err)
{
	struct scvp_kit *k = arg;
	for (size_t i = 0; i < k->n_objects; i++) {
		if (view_equal(view_buf(&k->objects[i].bytes), object))
			return 0;
	}
	if (k->n_objects == sizeof(k->objects) / sizeof(k->objects[0]))
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL, "kit");
	struct kit_object *o = &k->objects[k->n_objects++];
	o->bytes = buf_make(object.n + 1);
	o->evident = false;
	return buf_put(&o->bytes, object, err);
}

static int kit_judge(void *arg, const struct path_input *in, struct path_result **ret,
		     struct ltps_error *err)
{
	struct scvp_kit *k = arg;
	struct path_input more = *in;
	k->judged++;
	if (k->fail_busy)
		return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL, "busy");
	if (k->fail_internal)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "broken");
	more.pools[more.n_pools++] = k->trust;
	more.pools[more.n_pools++] = k->pool;
	more.cache = k->cache;
	return path_judge(&more, ret, err);
}

static int kit_find(void *arg, const struct scvp_cert_id *id, struct cert **ret,
		    struct ltps_error *err)
{
	const struct scvp_kit *k = arg;
	const enum digest_alg alg = id->hash_algorithm.n == 0
					? DIGEST_SHA1
					: digest_from_oid(id->hash_algorithm);
	struct digest d;
	*ret = NULL;
	if (alg == DIGEST_NONE)
		return 0;
	if (digest_once(alg, k->ee->der, &d, err) != 0)
		return -1;
	return view_equal(digest_view(&d), id->hash) ? cert_parse(k->ee->der, ret, err)
						     : 0;
}

static void add_crl(struct scvp_kit *k, const struct fix_cert *issuer, int64_t this_ms,
		    const struct fix_revoked *r)
{
	struct buf crl = buf_make((size_t)1 << 20);
	fix_crl_simple(issuer, this_ms, r, &crl);
	fix_material_add(k->pool, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
}

static void new_pool(struct scvp_kit *k)
{
	material_free(k->pool);
	MUST(material_new(&k->pool, &err));
	fix_material_add(k->pool, MATERIAL_CERT, k->ca->der);
}

void scvp_kit_status_at(struct scvp_kit *k, int64_t this_ms)
{
	new_pool(k);
	if (this_ms == 0)
		return;
	add_crl(k, k->root, this_ms, NULL);
	add_crl(k, k->ca, this_ms, NULL);
}

void scvp_kit_revoke(struct scvp_kit *k, const struct fix_revoked *r)
{
	new_pool(k);
	add_crl(k, k->root, KIT_NOW_MS - FIX_DAY_MS, NULL);
	add_crl(k, k->ca, KIT_NOW_MS - FIX_DAY_MS, r);
}

struct scvp_signer *scvp_kit_signer(struct scvp_kit *k, const char *cn,
				    enum fix_key key, bool server)
{
	const struct fix_cert_options o = {
		.cn = cn,
		.issuer = k->ca,
		.key = key,
		.san = "DNS:scvp.example",
		.config = server ? "[ext]\nextendedKeyUsage = 1.3.6.1.5.5.7.3.15\n"
				 : "[ext]\nextendedKeyUsage = 1.3.6.1.5.5.7.3.16\n",
	};
	struct fix_cert *f = fix_cert_make(&o);
	struct cert *c = NULL;
	struct scvp_signer *s = NULL;
	MUST(cert_parse(f->der, &c, &err));
	MUST(scvp_signer_new(c, f->key, NULL, 0, server, &s, &err));
	cert_free(c);
	fix_cert_free(f);
	return s;
}

struct fix_cert *scvp_kit_ee(struct scvp_kit *k, const char *cn, const char *config)
{
	return fix_cert_make(
	    &(struct fix_cert_options){ .cn = cn, .issuer = k->ca, .config = config });
}

static void make_certs(struct scvp_kit *k)
{
	k->root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	k->ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .ca = true, .issuer = k->root });
	k->ee = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "signer.example",
					.issuer = k->ca,
					.key_usage = "critical,digitalSignature" });
	MUST(material_new(&k->trust, &err));
	fix_material_add(k->trust, MATERIAL_ANCHOR, k->root->der);
	MUST(material_new(&k->clients, &err));
	fix_material_add(k->clients, MATERIAL_ANCHOR, k->root->der);
	MUST(sig_cache_new(&k->cache, &err));
	k->signer = scvp_kit_signer(k, "SCVP", FIX_KEY_P256, true);
}

void scvp_kit_make(struct scvp_kit *k)
{
	static const uint8_t id[] = { 0x65, 0x00 };
	static const uint8_t dns[] = { 0x82, 4, 'u', 's', '.', 'x' };
	static const uint8_t hindsight[] = { 0x2a, 0x03, 0x01 };
	static const uint8_t strict[] = { 0x2a, 0x03, 0x02 };
	memset(k, 0, sizeof(*k));
	make_certs(k);
	scvp_kit_status_at(k, KIT_NOW_MS - FIX_DAY_MS);
	k->own_name = view_of(dns, sizeof(dns));
	k->signers[0] = k->signer;
	k->policies[0].id = scvp_svp_oid(1);
	k->policies[1] =
	    (struct scvp_policy_config){ .id = view_of(hindsight, sizeof(hindsight)),
					 .hindsight = true };
	k->policies[2] =
	    (struct scvp_policy_config){ .id = view_of(strict, sizeof(strict)),
					 .fixed = 0x1ff };
	k->hashes[0] = DIGEST_SHA256;
	k->hashes[1] = DIGEST_SHA1;
	k->hashes[2] = DIGEST_SHA512;
	k->config = (struct scvp_config){
		.signers = k->signers,
		.n_signers = 1,
		.policies = k->policies,
		.n_policies = 3,
		.own_names = &k->own_name,
		.n_own_names = 1,
		.config_id = view_of(id, sizeof(id)),
		.clock_skew_min = SCVP_CLOCK_SKEW_DEFAULT_MIN,
		.hashes = k->hashes,
		.n_hashes = 3,
		.trust = k->trust,
		.client_trust = k->clients,
		.client_no_revocation = true,
		.context_key = "a key that only the kit has",
		.cache_ms = 60000,
		.vp_cache_ms = 3600000,
	};
	k->archive = (struct scvp_archive){ .arg = k,
					    .judge = kit_judge,
					    .find = kit_find,
					    .preserve = kit_preserve,
					    .evidence = kit_evidence };
	MUST(scvp_config_check(&k->config, &err));
}

void scvp_kit_free(struct scvp_kit *k)
{
	for (size_t i = 0; i < k->n_objects; i++)
		buf_free(&k->objects[i].bytes);
	scvp_signer_free(k->signer);
	sig_cache_free(k->cache);
	material_free(k->clients);
	material_free(k->pool);
	material_free(k->trust);
	fix_cert_free(k->ee);
	fix_cert_free(k->ca);
	fix_cert_free(k->root);
}

void scvp_kit_give_evidence(struct scvp_kit *k)
{
	for (size_t i = 0; i < k->n_objects; i++)
		k->objects[i].evident = true;
}

/* ---- requests ---- */

void scvp_kit_also(struct kit_ask *a, const struct fix_cert *c)
{
	a->certs[a->q.query.n_certs++] =
	    (struct scvp_cert_ref){ .kind = SCVP_REF_CERT, .cert = c->der };
}

void scvp_kit_ask(struct kit_ask *a, const struct fix_cert *c)
{
	memset(a, 0, sizeof(*a));
	a->q.query.certs = a->certs;
	a->q.query.checks.v = a->checks;
	a->q.query.want_backs.v = a->wants;
	a->q.query.policy.id = scvp_svp_oid(1);
	scvp_kit_also(a, c);
	a->checks[0] = scvp_check_oid(SCVP_CHECK_STATUS);
	a->q.query.checks.n = 1;
}

void scvp_kit_check(struct kit_ask *a, enum scvp_check_id id)
{
	struct scvp_list *l = &a->q.query.checks;
	if (l->n == 1 && scvp_check_id(a->checks[0]) == SCVP_CHECK_STATUS)
		l->n = 0;
	a->checks[l->n++] = scvp_check_oid(id);
}

void scvp_kit_want(struct kit_ask *a, enum scvp_want_id id)
{
	a->wants[a->q.query.want_backs.n++] = scvp_want_oid(id);
}

void scvp_kit_refer(struct kit_ask *a, const struct fix_cert *c, enum digest_alg alg)
{
	static uint8_t oid[16];
	struct cert *parsed = NULL;
	struct buf b = { .p = oid, .cap = sizeof(oid), .max = sizeof(oid) };
	struct scvp_cert_ref *ref = &a->certs[0];
	MUST(cert_parse(c->der, &parsed, &err));
	MUST(digest_once(alg, c->der, &a->hash, &err));
	MUST(der_put_oid(&b, digest_oid_text(alg), &err));
	a->issuer = buf_make(4096);
	MUST(der_put(&a->issuer, DER_ID(ASN1_CONTEXT, 1, 4), parsed->issuer, &err));
	/* The serial goes behind it in the same memory. */
	const size_t n = a->issuer.n;
	MUST(buf_put(&a->issuer, parsed->serial, &err));
	*ref = (struct scvp_cert_ref){ .kind = SCVP_REF_PKC };
	ref->id.hash = digest_view(&a->hash);
	ref->id.hash_algorithm = view_of(oid + 2, b.n - 2);
	ref->id.issuer = view_of(a->issuer.p, n);
	ref->id.serial = view_of(a->issuer.p + n, a->issuer.n - n);
	cert_free(parsed);
}

struct buf scvp_kit_bytes(const struct kit_ask *a)
{
	struct buf message = buf_make(SCVP_REQUEST_MAX),
		   out = buf_make(SCVP_REQUEST_MAX);
	MUST(scvp_request_encode(&a->q, &message, &err));
	MUST(scvp_envelope_bare(SCVP_CONTENT_CV_REQUEST, view_buf(&message), &out,
				&err));
	buf_free(&message);
	return out;
}

/* ---- answers ---- */

static void read_answer(struct kit_answer *ret)
{
	enum scvp_status status;
	struct cert *signer = NULL;
	MUST(der_check(view_buf(&ret->raw.body), &err));
	MUST(scvp_envelope_parse(view_buf(&ret->raw.body), &ret->e, &status, &err));
	MUST(der_check(ret->e->content, &err));
	MUST(scvp_response_parse(ret->e->content, &ret->p, &err));
	if (ret->e->protection == SCVP_SIGNED) {
		MUST(scvp_envelope_verify(ret->e, &status, &signer, &err));
		ret->is_signed = status == SCVP_OKAY;
		cert_free(signer);
	}
}

void scvp_kit_send_at(struct scvp_kit *k, struct view bytes, int64_t now_ms,
		      struct kit_answer *ret)
{
	const struct scvp_exchange x = { .body = bytes, .now_ms = now_ms };
	memset(ret, 0, sizeof(*ret));
	ret->raw.body = buf_make(SCVP_RESPONSE_MAX);
	MUST(scvp_respond(&k->config, &k->archive, &x, &ret->raw, &err));
	read_answer(ret);
}

void scvp_kit_send(struct scvp_kit *k, struct view bytes, struct kit_answer *ret)
{
	scvp_kit_send_at(k, bytes, KIT_NOW_MS, ret);
}

void scvp_kit_exchange(struct scvp_kit *k, const struct kit_ask *a,
		       struct kit_answer *ret)
{
	struct buf b = scvp_kit_bytes(a);
	scvp_kit_send(k, view_buf(&b), ret);
	buf_free(&b);
}

void scvp_kit_answer_free(struct kit_answer *a)
{
	scvp_response_free(a->p);
	scvp_envelope_free(a->e);
	buf_free(&a->raw.body);
}

struct view scvp_kit_value(const struct kit_answer *a, size_t i, enum scvp_want_id id)
{
	const struct scvp_reply *r = &a->p->replies[i];
	for (size_t k = 0; k < r->n_want_backs; k++) {
		if (scvp_want_id(r->want_backs[k].oid) == id)
			return r->want_backs[k].value;
	}
	return VIEW_NULL;
}

bool scvp_kit_has_error(const struct kit_answer *a, size_t i, unsigned alg,
			unsigned arc)
{
	char oid[64];
	const struct scvp_list l = a->p->replies[i].errors;
	snprintf(oid, sizeof(oid), "%s.%u.%u", OID_SVP, alg, arc);
	for (size_t k = 0; k < l.n; k++) {
		if (oid_is(l.v[k], oid))
			return true;
	}
	return false;
}
