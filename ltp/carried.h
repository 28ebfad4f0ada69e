/* SPDX-License-Identifier: Apache-2.0 */
/*
 * carried - an evidence record that came with a digest list and is to be renewed
 * (TS 119 512 5.6.1): judged when it comes, kept beside the digests as a part of its
 * own, and put before what grows here.
 *
 *   the list's algorithm is that of the record's last chain: timestamp renewal, a
 *       further ArchiveTimeStamp of that chain, over its last token
 *   it is another: hash-tree renewal, a further chain, over the digests and the
 *       sequence of the chains before
 *
 * Under a new algorithm nothing can tell whether the digests are of the same data: who
 * holds the data says so, and whoever verifies with the data finds it out.
 */
#ifndef LTPS_LTP_CARRIED_H
#define LTPS_LTP_CARRIED_H

#include "ltp/inside.h"
#include "timestamping/ers.h"

/* part.detected of the record among the parts of a version: no name of a format. */
#define CARRIED_PART "EvidenceRecord-to-renew"
/* Of a record that is taken: hundreds of renewals with their validation data. */
#define CARRIED_SIZE_MAX ((size_t)32 << 20)

struct carried {
	struct buf octets;
	struct ers *er;
	bool continues; /* its last chain goes on; else a new one begins */
};

/* NULL: the version has none. */
const struct part *carried_part(const struct version *v);
/*
 * carried_take - a record read, and how it is renewed by digests of this algorithm.
 * octets  copied
 * ret     release with carried_clear()
 * Fails:  FORMAT, TOO_LARGE, UNSUPPORTED (object)
 * Spec:   RFC 4998 5.2
 */
int carried_take(struct view octets, enum digest_alg alg, struct carried *ret,
		 struct ltps_error *err) LTPS_CHECKED;
/* The one that a version was submitted with. Fails: CORRUPT too */
int carried_read(struct ltp_worker *w, const struct version *v, enum digest_alg alg,
		 struct carried *ret, struct ltps_error *err) LTPS_CHECKED;
void carried_clear(struct carried *c);

/* Chains that stand before the one that grows. */
size_t carried_before(const struct carried *c);
/*
 * carried_chain - the chain that grows: `own`, as it was made here, or the record's
 * last one with the time-stamps of `own` behind its own.
 * out  appended
 */
int carried_chain(const struct carried *c, struct view own, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;
/* Attributes of its cryptoInfos, for ers_encode(); n == 0: none. */
int carried_infos(const struct carried *c, struct view *ret,
		  struct ltps_error *err) LTPS_CHECKED;

/*
 * carried_group - the first list of the ArchiveTimeStamp that renews: the hash of the
 * last token, or each digest taken with the chains before.
 * ret    room for n
 * ret_n  1 or n of them
 */
int carried_group(const struct carried *c, const struct digest *digests, size_t n,
		  struct digest *ret, size_t *ret_n,
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * carried_report_holds - whether each time-stamp is PASSED and all is intact. Neither is
 * what is not known to hold renewed: a renewal would lend it a life that nobody can vouch
 * for.
 * what   names the record in the refusal
 */
struct ers_report;
bool carried_report_holds(const struct ers_report *rep, const char *what,
			  struct ltp_result *r);
/*
 * carried_judge - whether the record proves what it says now, and, in a timestamp
 * renewal, that of each digest.
 * ret_holds  false: refused in r (POFormatError), naming what does not hold
 */
int carried_judge(const struct ltp *l, const struct carried *c,
		  const struct digest *digests, size_t n, bool *ret_holds,
		  struct ltp_result *r, struct ltps_error *err) LTPS_CHECKED;

#endif
