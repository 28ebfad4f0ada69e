/* SPDX-License-Identifier: Apache-2.0 */
/* policy_answer - what this service does, as a ValPolResponse: RFC 5055 6. */
#include <string.h>

#include "scvp/demand.h"

#define LIST_MAX 64

struct lists {
	struct view checks[3];
	struct view wants[SCVP_WANT_COUNT];
	size_t n_wants;
	struct view policies[SCVP_POLICIES_MAX];
	size_t n_policies;
	struct view algorithms[2];
	struct view hashes[DIGEST_ALG_COUNT];
	size_t n_hashes;
	struct view generation[SCVP_SIGNERS_MAX * SCVP_SIGNATURE_ALGS_MAX];
	size_t n_generation;
	struct buf bytes; /* OIDs made on the way */
};

static void list_wants(const struct scvp_config *c, struct lists *l)
{
	static const enum scvp_want_id always[] = {
		SCVP_WANT_BEST_PATH,        SCVP_WANT_REVOCATION,
		SCVP_WANT_PUBLIC_KEY,       SCVP_WANT_CERT,
		SCVP_WANT_ALL_PATHS,        SCVP_WANT_EE_REVOCATION,
		SCVP_WANT_CA_REVOCATION,    SCVP_WANT_PARTIAL_PATH,
		SCVP_WANT_ERS_CERT,         SCVP_WANT_ERS_BEST_PATH,
		SCVP_WANT_ERS_PARTIAL_PATH, SCVP_WANT_ERS_REVOCATION,
		SCVP_WANT_ERS_ALL,
	};
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
		l->wants[l->n_wants++] = scvp_want_oid(always[i]);
	if (c->relays)
		l->wants[l->n_wants++] = scvp_want_oid(SCVP_WANT_RELAYED);
}

static void list_policies(const struct scvp_config *c, struct lists *l)
{
	const bool no_default = (c->refused & SCVP_REFUSE_DEFAULT_POLICY) != 0;
	for (size_t i = no_default ? 1 : 0; i < c->n_policies; i++)
		l->policies[l->n_policies++] = c->policies[i].id;
}

/* Different algorithms of all keys, the default first. */
static void list_generation(const struct scvp_config *c, struct lists *l)
{
	for (size_t i = 0; i < c->n_signers; i++) {
		for (size_t k = 0; k < c->signers[i]->n_algs; k++) {
			const struct scvp_list have = { l->generation,
							l->n_generation };
			if (!scvp_list_has(have, c->signers[i]->algs[k]))
				l->generation[l->n_generation++] =
				    c->signers[i]->algs[k];
		}
	}
}

static int list_hashes(const struct scvp_config *c, struct lists *l,
		       struct ltps_error *err)
{
	size_t ends[DIGEST_ALG_COUNT];
	for (size_t i = 0; i < c->n_hashes && i < DIGEST_ALG_COUNT; i++) {
		if (der_put_oid(&l->bytes, digest_oid_text(c->hashes[i]), err) != 0)
			return -1;
		ends[l->n_hashes++] = l->bytes.n;
	}
	/* All OIDs of hashes are short: two octets in front of the contents. */
	for (size_t i = 0, at = 0; i < l->n_hashes; at = ends[i++])
		l->hashes[i] = view_of(l->bytes.p + at + 2, ends[i] - at - 2);
	return 0;
}

/* What signature_verify() of the house can do and is in common use. */
static struct scvp_list verification_list(void)
{
	static const uint8_t rsa256[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a,
					  0x86, 0x48, 0x86, 0xf7, 0x0d,
					  0x01, 0x01, 0x0b, 0x05, 0x00 };
	static const uint8_t rsa384[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a,
					  0x86, 0x48, 0x86, 0xf7, 0x0d,
					  0x01, 0x01, 0x0c, 0x05, 0x00 };
	static const uint8_t rsa512[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a,
					  0x86, 0x48, 0x86, 0xf7, 0x0d,
					  0x01, 0x01, 0x0d, 0x05, 0x00 };
	static const uint8_t ec256[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02 };
	static const uint8_t ec384[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03 };
	static const uint8_t ec512[] = { 0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
					 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04 };
	static const uint8_t ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
	static const struct view list[] = {
		{ rsa256, sizeof(rsa256) },   { rsa384, sizeof(rsa384) },
		{ rsa512, sizeof(rsa512) },   { ec256, sizeof(ec256) },
		{ ec384, sizeof(ec384) },     { ec512, sizeof(ec512) },
		{ ed25519, sizeof(ed25519) },
	};
	return (struct scvp_list){ list, sizeof(list) / sizeof(list[0]) };
}

static void fill_answer(const struct scvp_config *c, const struct lists *l,
			struct view nonce, int64_t now_ms, struct scvp_vp_response *p)
{
	p->version = SCVP_VERSION;
	p->max_cv_version = SCVP_VERSION;
	p->max_vp_version = SCVP_VERSION;
	p->config_id = c->config_id;
	p->this_update_ms = now_ms;
	p->has_next_update = nonce.n == 0;
	p->next_update_ms = now_ms + c->vp_cache_ms;
	p->checks = (struct scvp_list){ l->checks, 3 };
	p->want_backs = (struct scvp_list){ l->wants, l->n_wants };
	p->policies = (struct scvp_list){ l->policies, l->n_policies };
	p->algorithms = (struct scvp_list){ l->algorithms, 2 };
	p->auth_policies = (struct scvp_list){ c->auth_policies, c->n_auth_policies };
	p->response_types = c->cache_ms > 0 ? SCVP_TYPES_BOTH : SCVP_TYPES_NON_CACHED;
	p->revocation_types = SCVP_TYPE_FULL_CRLS | SCVP_TYPE_DELTA_CRLS |
			      SCVP_TYPE_INDIRECT_CRLS | SCVP_TYPE_OCSP;
	p->signature_generation = (struct scvp_list){ l->generation, l->n_generation };
	if (c->client_trust != NULL)
		p->signature_verification = verification_list();
	p->hash_algorithms = (struct scvp_list){ l->hashes, l->n_hashes };
	p->clock_skew_min = c->clock_skew_min;
	p->has_nonce = nonce.n > 0;
	p->nonce = nonce;
}

int policy_answer(const struct scvp_config *c, struct view nonce, int64_t now_ms,
		  struct buf *out, struct ltps_error *err)
{
	struct lists l = { .checks = { scvp_check_oid(SCVP_CHECK_BUILD),
				       scvp_check_oid(SCVP_CHECK_VALID),
				       scvp_check_oid(SCVP_CHECK_STATUS) },
			   .algorithms = { scvp_svp_oid(3), scvp_svp_oid(2) },
			   .bytes = buf_make(1024) };
	struct scvp_vp_response p = { .version = SCVP_VERSION };
	struct scvp_arena *arena = scvp_arena_new();
	int rc = -1;
	if (arena == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	list_wants(c, &l);
	list_policies(c, &l);
	list_generation(c, &l);
	if (list_hashes(c, &l, err) != 0)
		goto out;
	fill_answer(c, &l, nonce, now_ms, &p);
	if (policy_populate(c, &c->policies[0].values, arena, &p.defaults, err) != 0)
		goto out;
	p.defaults.id = c->policies[0].id;
	rc = scvp_vp_response_encode(&p, out, err);
out:
	scvp_arena_free(arena);
	buf_free(&l.bytes);
	return rc;
}
