/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proofs - what judging the evidence that came with a version said, remembered for a
 * while: a record may have thousands of signatures, and anyone who may look at its
 * object may do so again and again. Of all threads of a service; one with other anchors
 * or another policy has another.
 */
#ifndef LTPS_LTP_PROOFS_H
#define LTPS_LTP_PROOFS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/* Versions; one more takes the place of another. Some 300 KB. */
#define PROOFS_MAX 4096

struct proofs;
int proofs_new(struct proofs **ret, struct ltps_error *err) LTPS_CHECKED;
void proofs_free(struct proofs *p); /* NULL-safe */

/* What the outcome is of. */
struct proof_key {
	int64_t version;
	struct digest state; /* of all that its record is made of */
};
bool proof_key_equal(const struct proof_key *a, const struct proof_key *b);
/* Since when it proves; false: it is not known for this moment. */
bool proofs_find(struct proofs *p, const struct proof_key *key, int64_t now_ms,
		 int64_t *ret_ms);
/* From this moment on, and before until_ms. */
void proofs_keep(struct proofs *p, const struct proof_key *key, int64_t now_ms,
		 int64_t until_ms, int64_t proof_ms);

#endif
