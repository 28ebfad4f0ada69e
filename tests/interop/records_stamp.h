/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records_stamp - one archive time-stamp after another, until a record stands:
 * correct ones, and ones with a chosen flaw. A tool of the tests: what cannot
 * be made ends the program.
 */
#ifndef LTPS_TESTS_RECORDS_STAMP_H
#define LTPS_TESTS_RECORDS_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "devpki/devpki.h"

#define STEPS_MAX 6
#define MEMBERS_MAX 5
#define MATERIAL_MAX 4 /* of a kind, put into one token */
#define BYTES_MAX ((size_t)16 << 20)

enum step_kind {
	STEP_END = 0,
	STEP_CHAIN, /* the first chain; then hash-tree renewal, RFC 4998 5.2 */
	STEP_STAMP, /* time-stamp renewal */
};

enum flaw {
	FLAW_NONE = 0,
	FLAW_IMPRINT,   /* the token stamps another value than the root */
	FLAW_PATH,      /* a hash on the way to the root is another */
	FLAW_SIGNATURE, /* the last octet of the signature is changed */
	FLAW_LINK,      /* the renewal covers another token, other chains */
	FLAW_SORTED,    /* digest and chains sorted before they are hashed */
	FLAW_ORDER,     /* stamped before the time-stamp that it renews */
	FLAW_DIGEST,    /* another digest than its chain's */
};

/* Where the TSA's revocation status is. */
enum status_place {
	STATUS_OUTSIDE = 0, /* handed to the judge in files */
	STATUS_CRL_INSIDE,  /* put into each token (RFC 5652 5.1) */
	STATUS_OCSP_INSIDE, /* the same, as RFC 5940 */
	STATUS_INFOS,       /* in cryptoInfos of the record */
};

struct step {
	enum step_kind kind;
	enum digest_alg alg;
	unsigned leaves; /* of the tree; 0: no tree at all */
	enum flaw flaw;
};

struct plan {
	const struct view *members; /* the data objects */
	unsigned n_members;
	enum status_place status;
	const struct step *steps; /* STEPS_MAX */
};

void stop(const char *what, const struct ltps_error *err) __attribute__((noreturn));
/* Stops unless rc is 0. */
void must(int rc, const char *what, const struct ltps_error *err);

/* genTime of step i, and when its status is issued: an hour later. */
int64_t step_time(unsigned i);
int64_t status_time(unsigned i);
/* CRL of this CA at that time, DER appended. */
void crl_at(struct devpki *pki, const struct devpki_cert *ca, int64_t at_ms,
	    struct buf *out);
/*
 * The EvidenceRecord, appended. False when its flaw does not show: sorting what
 * stands in ascending order already changes nothing.
 */
bool record_make(struct devpki *pki, const struct plan *plan, struct buf *out);

#endif
