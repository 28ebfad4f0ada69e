/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scvp_kit - an SCVP service in memory for tests: root, CA, end entity with status, a
 * responder certificate, an archive over a pool, and requests made and answers read in
 * one line each. Every function ends the test when it cannot do its work.
 */
#ifndef LTPS_TESTS_SCVP_KIT_H
#define LTPS_TESTS_SCVP_KIT_H

#include "scvp/responder.h"
#include "tests/support/pki_fixture.h"

#define KIT_NOW_MS FIX_T0_MS
#define KIT_LIST_MAX 32

/* Octets preserved by the service, and whether they have evidence. */
struct kit_object {
	struct buf bytes;
	bool evident;
};

struct scvp_kit {
	struct fix_cert *root, *ca, *ee;
	struct material *trust; /* the root */
	struct material *pool;  /* CA, CRLs of both */
	struct material *clients;
	struct scvp_signer *signer;
	struct scvp_signer *signers[2];
	struct scvp_policy_config policies[3];
	enum digest_alg hashes[3];
	struct view own_name;
	struct scvp_config config;
	struct scvp_archive archive;
	struct sig_cache *cache;
	struct kit_object objects[64];
	size_t n_objects;
	bool fail_busy, fail_internal; /* of judge */
	size_t judged;
};
void scvp_kit_make(struct scvp_kit *k);
void scvp_kit_free(struct scvp_kit *k);
/* Every object that was preserved gets a record: OCTET-for-octet findable. */
void scvp_kit_give_evidence(struct scvp_kit *k);
/* A further certificate below the CA, already parsed elsewhere; fix_cert_free() it. */
struct fix_cert *scvp_kit_ee(struct scvp_kit *k, const char *cn, const char *config);
/* Another signer with this configuration of extensions; scvp_signer_free(). */
struct scvp_signer *scvp_kit_signer(struct scvp_kit *k, const char *cn,
				    enum fix_key key, bool server);
/* The CA's CRL with this entry, in place of the one in the pool. */
void scvp_kit_revoke(struct scvp_kit *k, const struct fix_revoked *r);
/* A pool without any status, or with status as of that time alone. */
void scvp_kit_status_at(struct scvp_kit *k, int64_t this_ms);

/* A request being made; everything it points to is in it. */
struct kit_ask {
	struct scvp_request q;
	struct scvp_cert_ref certs[KIT_LIST_MAX];
	struct view checks[KIT_LIST_MAX];
	struct view wants[KIT_LIST_MAX];
	struct view names[4];
	struct digest hash;
	struct buf issuer;
};
/* The default policy, this certificate, stc 3. */
void scvp_kit_ask(struct kit_ask *a, const struct fix_cert *c);
void scvp_kit_check(struct kit_ask *a,
		    enum scvp_check_id id); /* in place of, then more */
void scvp_kit_want(struct kit_ask *a, enum scvp_want_id id);
void scvp_kit_also(struct kit_ask *a, const struct fix_cert *c);
/* The certificate by reference; the kit's alg for the hash. */
void scvp_kit_refer(struct kit_ask *a, const struct fix_cert *c, enum digest_alg alg);
/* Wrapped bare. */
struct buf scvp_kit_bytes(const struct kit_ask *a);

struct kit_answer {
	struct scvp_answer raw;
	struct scvp_envelope *e;
	struct scvp_response *p;
	bool is_signed; /* and the signature holds */
};
/* Sends bytes at KIT_NOW_MS (or x->now_ms when given). */
void scvp_kit_send(struct scvp_kit *k, struct view bytes, struct kit_answer *ret);
void scvp_kit_send_at(struct scvp_kit *k, struct view bytes, int64_t now_ms,
		      struct kit_answer *ret);
/* Makes, sends and reads. */
void scvp_kit_exchange(struct scvp_kit *k, const struct kit_ask *a,
		       struct kit_answer *ret);
void scvp_kit_answer_free(struct kit_answer *a);
/* The value of a wantBack of the i-th reply; n == 0 when there is none. */
struct view scvp_kit_value(const struct kit_answer *a, size_t i, enum scvp_want_id id);
bool scvp_kit_has_error(const struct kit_answer *a, size_t i, unsigned alg,
			unsigned arc);

#endif
