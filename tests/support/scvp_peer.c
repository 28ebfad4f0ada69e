/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scvp_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static void need(int rc, const struct ltps_error *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "scvp_peer: %s\n", err->text);
	abort();
}

struct cert *peer_cert(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *ret = NULL;
	need(cert_parse(c->der, &ret, &err), &err);
	return ret;
}

struct scvp_signer *peer_signer(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_signer *s = NULL;
	struct cert *cert = peer_cert(c);
	need(scvp_signer_new(cert, c->key, NULL, 0, true, &s, &err), &err);
	cert_free(cert);
	return s;
}

struct view peer_oid(const char *dotted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OID_TEXT_MAX);
	struct tlv t;
	size_t n;
	need(der_put_oid(&b, dotted, &err), &err);
	need(tlv_only(view_buf(&b), &t, &err), &err);
	static uint8_t kept[64][OID_TEXT_MAX];
	static unsigned used;
	uint8_t *p = kept[used++ % 64];
	memcpy(p, t.body.p, t.body.n);
	n = t.body.n;
	buf_free(&b);
	return view_of(p, n);
}

static struct fix_cert *make(const char *cn, const struct fix_cert *issuer, bool ca,
			     const char *config)
{
	const struct fix_cert_options o = {
		.cn = cn, .issuer = issuer, .ca = ca, .config = config
	};
	return fix_cert_make(&o);
}

static void ask_usual(struct scvp_peer *p)
{
	static const uint8_t nonce[] = "0123456789abcdef";
	/* dNSName */
	static const uint8_t us[] = { 0x82, 2, 'u', 's' };
	static const struct view refs[] = { { us, sizeof(us) } };
	p->certs[0].cert = p->ee->der;
	p->certs[1].cert = p->second->der;
	p->anchors[0].cert = p->root->der;
	p->ask = (struct scvp_ask){
		.certs = p->certs,
		.n_certs = PEER_CERTS,
		.checks = 1u << SCVP_CHECK_VALID | 1u << SCVP_CHECK_STATUS,
		.wants = 1u << SCVP_WANT_BEST_PATH | 1u << SCVP_WANT_REVOCATION |
			 1u << SCVP_WANT_PUBLIC_KEY | 1u << SCVP_WANT_CERT,
		.policy = { .has_anchors = true,
			    .anchors = p->anchors,
			    .n_anchors = 1,
			    .explicit_policy = SCVP_FALSE },
		.fresh_only = true,
		.nonce = view_of(nonce, 16),
		.requestor_ref = { refs, 1 },
		.hash = DIGEST_SHA256,
		.text = view_text("for the file"),
	};
}

struct scvp_peer *peer_new(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_peer *p = mem_zalloc(1, sizeof(*p));
	if (p == NULL)
		abort();
	p->root = make("root", NULL, true, NULL);
	p->ca = make("ca", p->root, true, NULL);
	p->ee = make("ee", p->ca, false, NULL);
	p->second = make("second", p->ca, false, NULL);
	p->server = make("server", p->ca, false, PEER_SERVER_EKU);
	p->stranger = make("stranger", NULL, false, PEER_SERVER_EKU);
	p->root_cert = peer_cert(p->root);
	p->ca_cert = peer_cert(p->ca);
	p->ee_cert = peer_cert(p->ee);
	p->second_cert = peer_cert(p->second);
	p->server_cert = peer_cert(p->server);
	p->crl_root = buf_make(PEER_VALUE_MAX);
	p->crl_ca = buf_make(PEER_VALUE_MAX);
	fix_crl_simple(p->root, PEER_NOW_MS - FIX_DAY_MS, NULL, &p->crl_root);
	fix_crl_simple(p->ca, PEER_NOW_MS - FIX_DAY_MS, NULL, &p->crl_ca);
	need(material_new(&p->trust, &err), &err);
	fix_material_add(p->trust, MATERIAL_ANCHOR, p->root->der);
	fix_material_add(p->trust, MATERIAL_CERT, p->ca->der);
	fix_material_add(p->trust, MATERIAL_CRL, view_buf(&p->crl_root));
	fix_material_add(p->trust, MATERIAL_CRL, view_buf(&p->crl_ca));
	p->signer = peer_signer(p->server);
	ask_usual(p);
	return p;
}

void peer_free(struct scvp_peer *p)
{
	scvp_asked_free(p->asked);
	scvp_signer_free(p->signer);
	material_free(p->trust);
	buf_free(&p->crl_root);
	buf_free(&p->crl_ca);
	cert_free(p->root_cert);
	cert_free(p->ca_cert);
	cert_free(p->ee_cert);
	cert_free(p->second_cert);
	cert_free(p->server_cert);
	fix_cert_free(p->root);
	fix_cert_free(p->ca);
	fix_cert_free(p->ee);
	fix_cert_free(p->second);
	fix_cert_free(p->server);
	fix_cert_free(p->stranger);
	mem_free(p);
}

void peer_ask(struct scvp_peer *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	scvp_asked_free(p->asked);
	p->asked = NULL;
	need(scvp_ask_make(&p->ask, &p->asked, &err), &err);
}

/* ---- the answer ---- */

struct buf peer_bundle(const struct view *certs, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(PEER_VALUE_MAX);
	need(scvp_bundle_encode((struct scvp_list){ certs, n }, &b, &err), &err);
	return b;
}

struct buf peer_infos(const struct scvp_rev_info *infos, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(PEER_VALUE_MAX);
	const struct scvp_rev_want_back w = { .infos = infos, .n_infos = n };
	need(scvp_rev_want_back_encode(&w, &b, &err), &err);
	return b;
}

static struct buf copy(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(PEER_VALUE_MAX);
	need(buf_put(&b, v, &err), &err);
	return b;
}

static struct buf value_of(const struct scvp_peer *p, const struct cert *target,
			   enum scvp_want_id id)
{
	const struct view path[] = { target->der, p->ca->der };
	const struct scvp_rev_info infos[] = {
		{ SCVP_REV_CRL, view_buf(&p->crl_ca) },
		{ SCVP_REV_CRL, view_buf(&p->crl_root) },
	};
	switch (id) {
	case SCVP_WANT_BEST_PATH:
		return peer_bundle(path, 2);
	case SCVP_WANT_PARTIAL_PATH:
		return peer_bundle(path + 1, 1);
	case SCVP_WANT_ALL_PATHS: {
		struct buf one = peer_bundle(path, 2);
		const struct view v = view_buf(&one);
		struct buf all = peer_bundle(&v, 1);
		buf_free(&one);
		return all;
	}
	case SCVP_WANT_REVOCATION:
		return peer_infos(infos, 2);
	case SCVP_WANT_EE_REVOCATION:
		return peer_infos(infos, 1);
	case SCVP_WANT_CA_REVOCATION:
		return peer_infos(infos + 1, 1);
	case SCVP_WANT_PUBLIC_KEY:
		return copy(target->spki);
	case SCVP_WANT_RELAYED:
		return copy(view_of("\x30\x00", 2));
	default:
		return buf_make(1);
	}
}

static void answer_one(const struct scvp_peer *p, struct peer_answer *a, size_t i)
{
	const struct scvp_query *q = &p->asked->request->query;
	const struct cert *targets[] = { p->ee_cert, p->second_cert };
	struct scvp_reply *r = &a->replies[i];
	r->cert = q->certs[i];
	r->status = SCVP_REPLY_SUCCESS;
	r->validation_time_ms =
	    q->has_validation_time ? q->validation_time_ms : PEER_NOW_MS;
	for (size_t k = 0; k < q->checks.n; k++)
		a->checks[i][r->n_checks++].oid = q->checks.v[k];
	r->checks = a->checks[i];
	for (size_t k = 0; k < q->want_backs.n; k++) {
		const enum scvp_want_id id = scvp_want_id(q->want_backs.v[k]);
		if (id == SCVP_WANT_CERT)
			continue;
		a->values[i][r->n_want_backs] = value_of(p, targets[i], id);
		a->wants[i][r->n_want_backs].oid = q->want_backs.v[k];
		a->wants[i][r->n_want_backs].value =
		    view_buf(&a->values[i][r->n_want_backs]);
		r->n_want_backs++;
	}
	r->want_backs = a->wants[i];
}

struct peer_answer *peer_answer(const struct scvp_peer *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct peer_answer *a = mem_zalloc(1, sizeof(*a));
	const struct scvp_request *q = p->asked->request;
	if (a == NULL)
		abort();
	need(digest_once(DIGEST_SHA256, q->exact, &a->hash, &err), &err);
	a->r = (struct scvp_response){
		.version = q->version,
		.config_id = view_text("\1"),
		.produced_ms = PEER_NOW_MS,
		.has_policy = true,
		.policy = q->query.policy,
		.request_ref = SCVP_REQUEST_REF_HASH,
		.hash_algorithm = q->hash_alg,
		.request_hash = digest_view(&a->hash),
		.has_requestor_ref = q->has_requestor_ref,
		.requestor_ref = q->requestor_ref,
		.replies = a->replies,
		.n_replies = q->query.n_certs,
		.has_nonce = q->has_nonce,
		.nonce = q->nonce,
		.text = q->text,
	};
	if (q->query.full_request) {
		a->r.request_ref = SCVP_REQUEST_REF_FULL;
		a->r.full_request = q->exact;
	}
	a->policy = &a->r.policy;
	for (size_t i = 0; i < q->query.n_certs; i++)
		answer_one(p, a, i);
	return a;
}

void peer_answer_free(struct peer_answer *a)
{
	for (size_t i = 0; i < PEER_CERTS + 1; i++)
		for (size_t k = 0; k < PEER_WANTS; k++)
			buf_free(&a->values[i][k]);
	mem_free(a);
}

void peer_want(struct peer_answer *a, size_t reply, enum scvp_want_id id,
	       struct view value)
{
	for (size_t k = 0; k < a->replies[reply].n_want_backs; k++)
		if (scvp_want_id(a->wants[reply][k].oid) == id)
			a->wants[reply][k].value = value;
}

struct buf peer_seal(const struct peer_answer *a, const struct scvp_signer *signer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(SCVP_RESPONSE_MAX);
	struct buf body = buf_make(SCVP_RESPONSE_MAX);
	need(scvp_response_encode(&a->r, &message, &err), &err);
	if (signer != NULL)
		need(scvp_envelope_sign(signer, 0, SCVP_CONTENT_CV_RESPONSE,
					view_buf(&message), &body, &err),
		     &err);
	else
		need(scvp_envelope_bare(SCVP_CONTENT_CV_RESPONSE, view_buf(&message),
					&body, &err),
		     &err);
	buf_free(&message);
	return body;
}

/* ---- judging ---- */

struct scvp_expect peer_expect(const struct scvp_peer *p)
{
	return (struct scvp_expect){ .asked = p->asked,
				     .sent_ms = PEER_NOW_MS - 1000,
				     .now_ms = PEER_NOW_MS + 1000,
				     .trust = p->trust };
}

struct scvp_judgement *peer_judge(const struct scvp_expect *x, const struct buf *body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_judgement *j = NULL;
	need(scvp_judge(view_buf(body), x, &j, &err), &err);
	return j;
}

struct scvp_judgement *peer_judge_answer(const struct scvp_peer *p,
					 struct peer_answer *a)
{
	const struct scvp_expect x = peer_expect(p);
	struct buf body = peer_seal(a, p->signer);
	struct scvp_judgement *j = peer_judge(&x, &body);
	buf_free(&body);
	peer_answer_free(a);
	return j;
}

size_t peer_findings(const struct scvp_judgement *j, enum scvp_code *ret_first)
{
	size_t n = 0;
	*ret_first = SCVP_CODE_OK;
	for (size_t i = 0; i < j->n_findings; i++)
		if (!scvp_code_is_note(j->findings[i].code) && n++ == 0)
			*ret_first = j->findings[i].code;
	return n;
}

void peer_expect_only(const struct scvp_judgement *j, enum scvp_code code,
		      const char *what)
{
	bool there = false, other = false;
	for (size_t i = 0; i < j->n_findings; i++) {
		const struct scvp_finding *f = &j->findings[i];
		there |= f->code == code;
		if (f->code == code || scvp_code_is_note(f->code))
			continue;
		other = true;
		fprintf(stderr, "%s: %s: %s\n", what, scvp_code_name(f->code), f->text);
	}
	if (!there && code != SCVP_CODE_OK)
		fprintf(stderr, "%s: %s was not found\n", what, scvp_code_name(code));
	if (other || (!there && code != SCVP_CODE_OK))
		abort();
}
