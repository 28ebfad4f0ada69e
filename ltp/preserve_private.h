/* SPDX-License-Identifier: Apache-2.0 */
/* preserve_private - between preserve.c and preserve_token.c. */
#ifndef LTPS_LTP_PRESERVE_PRIVATE_H
#define LTPS_LTP_PRESERVE_PRIVATE_H

#include <openssl/x509.h>

#include "ltp/inside.h"
#include "scheduler/job.h"
#include "storage/evidence.h"
#include "timestamping/tst.h"
#include "validation/tsa_path.h"

#define PRESERVE_CLAIMANT "preserve"
/* A larger answer of a TSA is refused: what is in it that nobody asked for would leave
 * its validation data no room in a token that can be read. */
#define PRESERVE_ANSWER_MAX (TST_SIZE_MAX / 2)

/* Fails with CANCELLED when the service ends. */
int preserve_go_on(struct ltp_worker *w, struct ltps_error *err) LTPS_CHECKED;

/* What the path of its TSA says of a token. */
enum completion {
	COMPLETION_KEPT,
	COMPLETION_FOOTING_LOST, /* RFC 3161 4: nothing of that key counts any more */
	COMPLETION_TOKEN_LOST,   /* revoked before genTime: at least this one */
	COMPLETION_UNKNOWN
};
enum completion preserve_weigh(const struct tsa_path_result *path);

/* What follows when a footing was lost: the certificate of its TSA is not accepted
 * again, and whatever may stand otherwise now is looked at. In the same task. */
int preserve_lost(struct store_conn *conn, const uint8_t tsa_sha256[32], int64_t now_ms,
		  struct ltps_error *err) LTPS_CHECKED;

/* The validation data of one token, whose job was claimed: into it, and its footing. */
int preserve_complete(struct ltp_worker *w, const struct job *job,
		      struct ltps_error *err) LTPS_CHECKED;

/*
 * preserve_splice - the token with this material in it.
 * m    nothing in it, or the token frozen: out stays empty, it stays as it is
 * out  empty; appended to
 * Fails: TOO_LARGE when nobody could read the result; else as cms_add_material()
 */
int preserve_splice(const struct token *token, const struct material *m,
		    struct buf *out, struct ltps_error *err) LTPS_CHECKED;

/*
 * preserve_gate - of struct tsp_client: a token with room for its validation data,
 * under one of the anchors, by a TSA certificate that is not known to be revoked.
 * arg    const struct ltp_worker *
 * Fails: REMOTE (remote)
 */
int preserve_gate(const void *arg, const struct tst *tst, X509 *signer,
		  int64_t received_ms, struct ltps_error *err) LTPS_CHECKED;

#endif
