/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki_random - a small PKI drawn from a seed: several roots, CAs in any shape
 * above one another, cross-certificates, bridges and rolled keys, lists of every
 * kind, and every second time a defect. Two validators that agree on many of them
 * agree by more than chance. The same seed gives the same shape; keys are new each
 * time.
 */
#ifndef LTPS_TESTS_PKI_RANDOM_H
#define LTPS_TESTS_PKI_RANDOM_H

#include "devpki/devpki_shapes.h"

#define PKI_RANDOM_LEAVES_MAX 6
#define PKI_RANDOM_CAS_MAX 14 /* roots, crosses and rolled keys included */
/* Complete lists and deltas at one time: four for each CA. */
#define PKI_RANDOM_LISTS_MAX (4 * PKI_RANDOM_CAS_MAX)

/* The time at which its certificates are meant to be judged. */
#define PKI_RANDOM_NOW "2026-06-01T12:00:00Z"

/* How a CA tells the status of what it issued. */
enum pki_random_lists {
	PKI_RANDOM_LISTS_FULL,
	PKI_RANDOM_LISTS_NONE,
	PKI_RANDOM_LISTS_STALE,
	PKI_RANDOM_LISTS_FUTURE,
	PKI_RANDOM_LISTS_BROKEN,         /* the signature */
	PKI_RANDOM_LISTS_CRITICAL,       /* an unknown critical extension */
	PKI_RANDOM_LISTS_CRITICAL_ENTRY, /* the same in the entries */
	PKI_RANDOM_LISTS_ENDLESS,        /* no nextUpdate */
	PKI_RANDOM_LISTS_DELTA,          /* old enough that its delta matters */
	PKI_RANDOM_LISTS_REASONS,        /* two points, each for some reasons */
	PKI_RANDOM_LISTS_SOME_REASONS,   /* the same, but one is not at hand */
	PKI_RANDOM_LISTS_SCOPES,         /* users here, CAs there */
	PKI_RANDOM_LISTS_POINT,          /* only what names the point */
	PKI_RANDOM_LISTS_INDIRECT,       /* by a CRL issuer of its own */
	PKI_RANDOM_LISTS_COUNT
};

struct pki_random {
	struct devpki *p;                 /* its clock stands at PKI_RANDOM_NOW */
	const struct devpki_cert *anchor; /* of those that judge; one of the roots */
	const struct devpki_cert *ca[PKI_RANDOM_CAS_MAX];
	size_t n_ca;
	/* Of the CA with the same index; of a cross-certificate, of its original. */
	enum pki_random_lists lists[PKI_RANDOM_CAS_MAX];
	const struct devpki_point *point[PKI_RANDOM_CAS_MAX][2];
	bool cross[PKI_RANDOM_CAS_MAX];
	bool freshest[PKI_RANDOM_CAS_MAX]; /* what it issued names its delta */
	const struct devpki_cert *leaf[PKI_RANDOM_LEAVES_MAX];
	size_t n_leaf;
	/* One line a certificate, what was drawn: for the explanation. */
	char story[8192];
};

/* What may be drawn; each is a feature that a validator may lack. */
enum pki_random_feature {
	PKI_RANDOM_TIMES = 1 << 0,       /* expired, not yet valid */
	PKI_RANDOM_CONSTRAINTS = 1 << 1, /* cA, pathLen, keyUsage */
	PKI_RANDOM_NAMES = 1 << 2,       /* name constraints and alternative names */
	PKI_RANDOM_POLICIES = 1 << 3,    /* policies, mappings, constraints */
	PKI_RANDOM_CRITICAL = 1 << 4,    /* unknown critical extensions */
	PKI_RANDOM_CROSSES = 1 << 5,     /* further ways to a root */
	PKI_RANDOM_REVOCATIONS = 1 << 6, /* before and after now */
	PKI_RANDOM_ROLLOVERS = 1 << 7,   /* CAs of one name with several keys */
	PKI_RANDOM_LISTS = 1 << 8,       /* other lists than full ones */
	PKI_RANDOM_ALL = (1 << 9) - 1,
};

/* Ends the test when it cannot be made. */
void pki_random_make(uint64_t seed, unsigned features, struct pki_random *r);
void pki_random_free(struct pki_random *r);

/* All lists at hand at a time, made an hour earlier and good for a day. */
struct pki_random_status {
	struct buf der[PKI_RANDOM_LISTS_MAX];
	size_t n;
};
/*
 * pki_random_status - ends the test when they cannot be made.
 * deltas  false: where there would be a list and its delta, there is one complete
 *         list instead, which says the same
 */
void pki_random_status(struct pki_random *r, int64_t at_ms, bool deltas,
		       struct pki_random_status *ret);
void pki_random_status_free(struct pki_random_status *s);

#endif
