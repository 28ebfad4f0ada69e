/* SPDX-License-Identifier: Apache-2.0 */
/* provider_ask - what is to be judged, as a request to an SCVP server. */
#include <openssl/rand.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/provider.h"
#include "validation/name.h"

/* A judgement for about now needs no validationTime, which servers may refuse. */
#define NOW_MS 60000
#define NAME_MAX_OCTETS 255

struct asking {
	struct scvp_ask ask;
	struct scvp_cert_ref target;
	struct scvp_cert_ref anchors[SCVP_ANCHORS_MAX];
	struct view certs[PROVIDER_CERTS_MAX];
	struct scvp_rev_info infos[PROVIDER_INFOS_MAX];
	uint8_t nonce[SCVP_NONCE_LEN];
	struct buf name;
	struct view refs[1];
	size_t n_anchors;
};

static const char *inexpressible(const struct path_input *in)
{
	if (in->model != PATH_SHELL)
		return "the chain model cannot be asked for";
	if (in->algorithms != NULL)
		return "an algorithm policy cannot be asked for";
	if (in->max_age_ms != 0)
		return "freshness of status cannot be asked for";
	if (in->known_ms != 0 && in->known_ms != in->time_ms)
		return "hindsight cannot be asked for";
	if (in->ignore_anchor_constraints)
		return "constraints of anchors cannot be set aside";
	if (in->explain || in->want_paths > 0)
		return "further paths are wanted";
	return NULL;
}

/* ---- anchors ---- */

static bool add_anchor(struct asking *a, const struct cert *c)
{
	for (size_t i = 0; i < a->n_anchors; i++)
		if (view_equal(a->anchors[i].cert, c->der))
			return true;
	if (a->n_anchors == SCVP_ANCHORS_MAX)
		return false;
	a->anchors[a->n_anchors++] = (struct scvp_cert_ref){ .cert = c->der };
	return true;
}

/* Only ours count, whatever the server trusts. */
static bool put_anchors(struct asking *a, const struct path_input *in)
{
	for (size_t i = 0; i < in->n_anchors; i++)
		if (!add_anchor(a, in->anchors[i]))
			return false;
	for (size_t k = 0; in->n_anchors == 0 && k < in->n_pools; k++) {
		const struct material *m = in->pools[k];
		for (size_t i = 0; i < material_count(m, MATERIAL_ANCHOR); i++)
			if (material_sunset(m, i) > in->time_ms &&
			    !add_anchor(a, material_cert(m, MATERIAL_ANCHOR, i)))
				return false;
	}
	a->ask.policy.has_anchors = true;
	a->ask.policy.anchors = a->anchors;
	a->ask.policy.n_anchors = a->n_anchors;
	return a->n_anchors > 0;
}

/* ---- what goes along ---- */

static void put_certs(struct asking *a, const struct path_input *in)
{
	size_t n = 0;
	for (size_t k = 0; k < in->n_pools; k++) {
		const struct material *m = in->pools[k];
		for (size_t i = 0; i < material_count(m, MATERIAL_CERT); i++) {
			if (n == PROVIDER_CERTS_MAX)
				return; /* none rather than some by chance */
			a->certs[n++] = material_at(m, MATERIAL_CERT, i);
		}
	}
	a->ask.intermediates = (struct scvp_list){ a->certs, n };
}

static bool add_info(struct asking *a, enum scvp_rev_kind kind, struct view der,
		     size_t *n, size_t *bytes)
{
	*bytes += der.n;
	if (*n == PROVIDER_INFOS_MAX || *bytes > PROVIDER_INFO_BYTES_MAX)
		return false;
	a->infos[(*n)++] = (struct scvp_rev_info){ kind, der };
	return true;
}

static void put_infos(struct asking *a, const struct path_input *in)
{
	size_t n = 0, bytes = 0;
	for (size_t k = 0; k < in->n_pools; k++) {
		const struct material *m = in->pools[k];
		for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++) {
			const struct crl *c = material_crl(m, i);
			if (!add_info(a,
				      c->is_delta ? SCVP_REV_DELTA_CRL : SCVP_REV_CRL,
				      c->der, &n, &bytes))
				return;
		}
		for (size_t i = 0; i < material_count(m, MATERIAL_OCSP); i++)
			if (!add_info(a, SCVP_REV_OCSP,
				      material_at(m, MATERIAL_OCSP, i), &n, &bytes))
				return;
	}
	a->ask.rev_infos = a->infos;
	a->ask.n_rev_infos = n;
}

/* ---- the rest ---- */

static void put_policy(struct asking *a, const struct path_input *in)
{
	struct scvp_policy *p = &a->ask.policy;
	p->has_user_policies = in->n_initial_policies > 0;
	p->user_policies =
	    (struct scvp_list){ in->initial_policies, in->n_initial_policies };
	p->explicit_policy = in->explicit_policy ? SCVP_TRUE : SCVP_FALSE;
	p->inhibit_mapping = in->inhibit_mapping ? SCVP_TRUE : SCVP_FALSE;
	p->inhibit_any = in->inhibit_any ? SCVP_TRUE : SCVP_FALSE;
	p->has_key_usages = in->n_key_usages > 0;
	p->key_usages = in->key_usages;
	p->n_key_usages = in->n_key_usages;
	p->has_extended_key_usages = in->n_extended_key_usages > 0;
	p->extended_key_usages =
	    (struct scvp_list){ in->extended_key_usages, in->n_extended_key_usages };
	p->has_specified_key_usages = in->n_specified_key_usages > 0;
	p->specified_key_usages =
	    (struct scvp_list){ in->specified_key_usages, in->n_specified_key_usages };
}

static int put_name(const struct provider *p, struct asking *a, struct ltps_error *err)
{
	a->name = buf_make(NAME_MAX_OCTETS + 8);
	if (p->own_name == NULL)
		return 0;
	if (der_put(&a->name, DER_ID(ASN1_CONTEXT, 0, GENERAL_NAME_DNS),
		    view_text(p->own_name), err) != 0)
		return -1;
	a->refs[0] = view_buf(&a->name);
	a->ask.requestor_ref = (struct scvp_list){ a->refs, 1 };
	return 0;
}

static int fill(const struct provider *p, const struct path_input *in, int64_t now_ms,
		struct asking *a, struct ltps_error *err)
{
	struct scvp_ask *q = &a->ask;
	a->target = (struct scvp_cert_ref){ .cert = in->target->der };
	q->certs = &a->target;
	q->n_certs = 1;
	q->checks =
	    in->no_revocation ? 1u << SCVP_CHECK_VALID : 1u << SCVP_CHECK_STATUS;
	q->wants = 1u << SCVP_WANT_BEST_PATH;
	if (!in->no_revocation)
		q->wants |= 1u << SCVP_WANT_REVOCATION;
	q->has_time = in->time_ms < now_ms - NOW_MS || in->time_ms > now_ms + NOW_MS;
	q->time_ms = in->time_ms - in->time_ms % 1000;
	q->fresh_only = true;
	q->hash = DIGEST_SHA256;
	q->signer = p->signer;
	put_policy(a, in);
	put_certs(a, in);
	put_infos(a, in);
	if (RAND_bytes(a->nonce, sizeof(a->nonce)) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "no random octets");
	q->nonce = view_of(a->nonce, sizeof(a->nonce));
	return put_name(p, a, err);
}

int provider_ask(const struct provider *p, const struct path_input *in, int64_t now_ms,
		 struct scvp_asked **ret, const char **ret_why, struct ltps_error *err)
{
	struct asking *a;
	int rc = -1;
	*ret = NULL;
	*ret_why = inexpressible(in);
	if (*ret_why != NULL)
		return 0;
	a = mem_zalloc(1, sizeof(*a));
	if (a == NULL)
		return ltps_fail_nomem(err);
	if (!put_anchors(a, in)) {
		*ret_why = "no trust anchors, or too many";
		rc = 0;
	} else if (fill(p, in, now_ms, a, err) == 0) {
		rc = scvp_ask_make(&a->ask, ret, err);
	}
	buf_free(&a->name);
	mem_free(a);
	return rc;
}
