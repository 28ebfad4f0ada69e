/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scvp_peer - an SCVP server for tests of the client: a small PKI, a request, and a
 * right answer to it that a test spoils in one place before it is sealed. What cannot
 * be made ends the program.
 */
#ifndef LTPS_TESTS_SCVP_PEER_H
#define LTPS_TESTS_SCVP_PEER_H

#include "scvp/client.h"
#include "tests/support/pki_fixture.h"

/* id-kp-scvpServer, for struct fix_cert_options. */
#define PEER_SERVER_EKU "[ext]\nextendedKeyUsage=1.3.6.1.5.5.7.3.15\n"
#define PEER_NOW_MS FIX_T0_MS
#define PEER_CERTS 2 /* asked about */
#define PEER_WANTS 8
#define PEER_VALUE_MAX ((size_t)64 << 10)

struct scvp_peer {
	struct fix_cert *root, *ca, *ee, *second, *server, *stranger;
	struct cert *root_cert, *ca_cert, *ee_cert, *second_cert, *server_cert;
	struct buf crl_root, crl_ca;
	struct material *trust; /* root as an anchor, ca */
	struct scvp_signer *signer;
	struct scvp_cert_ref certs[PEER_CERTS], anchors[1];
	struct scvp_ask ask; /* to be changed before peer_ask() */
	struct scvp_asked *asked;
};
struct scvp_peer *peer_new(void);
void peer_free(struct scvp_peer *p);
/* Builds p->asked from p->ask. */
void peer_ask(struct scvp_peer *p);

/* The answer to p->asked; everything may be changed. */
struct peer_answer {
	struct scvp_response r;
	struct scvp_reply replies[PEER_CERTS + 1];
	struct scvp_check checks[PEER_CERTS + 1][4];
	struct scvp_want_back wants[PEER_CERTS + 1][PEER_WANTS + 2];
	struct buf values[PEER_CERTS + 1][PEER_WANTS];
	struct digest hash;
	struct buf hash_oid;
	struct scvp_policy *policy; /* of r */
};
struct peer_answer *peer_answer(const struct scvp_peer *p);
void peer_answer_free(struct peer_answer *a);
/* One wantBack's value put in place of the right one. */
void peer_want(struct peer_answer *a, size_t reply, enum scvp_want_id id,
	       struct view value);
/* CertBundle; RevInfoWantBack. */
struct buf peer_bundle(const struct view *certs, size_t n);
struct buf peer_infos(const struct scvp_rev_info *infos, size_t n);

/* Encoded and signed; bare when signer is NULL. */
struct buf peer_seal(const struct peer_answer *a, const struct scvp_signer *signer);
struct scvp_signer *peer_signer(const struct fix_cert *c);
struct cert *peer_cert(const struct fix_cert *c);
struct view peer_oid(const char *dotted); /* contents octets; until the end */

/* Judged as of now with the peer's trust. */
struct scvp_expect peer_expect(const struct scvp_peer *p);
struct scvp_judgement *peer_judge(const struct scvp_expect *x, const struct buf *body);
/* The same for an answer that is sealed as usual; frees it. */
struct scvp_judgement *peer_judge_answer(const struct scvp_peer *p,
					 struct peer_answer *a);
/* Findings but notes: how many, and the first. */
size_t peer_findings(const struct scvp_judgement *j, enum scvp_code *ret_first);
/* Ends the program unless only this one is there, any number of times. */
void peer_expect_only(const struct scvp_judgement *j, enum scvp_code code,
		      const char *what);

#endif
