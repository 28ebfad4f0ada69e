/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bare - what no judgement of a signed file can do without: the signatures behind a
 * report, verified with keys that are parsed before; and a cache that knows those of
 * them that a service has seen with earlier files. What fails ends the program.
 */
#ifndef LTPS_BENCH_BARE_H
#define LTPS_BENCH_BARE_H

#include "validation/engine.h"

#define BARE_SIGNED_MAX 64

/* Seconds of the processor: what else runs on the machine does not count. */
double bench_now(void);
void bench_stop_on(int rc, const struct ltps_error *err, const char *what);

struct bare_signed {
	struct view algorithm, octets, value;
	enum digest_alg digest;
	const struct cert *signer;
	const uint8_t *object; /* SHA-256 of the certificate or status that it is on;
				  NULL: the file's own, a signature or time-stamp */
	EVP_PKEY *key;
};
struct bare {
	struct bare_signed s[BARE_SIGNED_MAX];
	size_t n;
	size_t own;
};
void bare_collect(struct bare *b, const struct report *r,
		  const struct material *anchors);
/* All, or the file's own, once each. */
void bare_verify(const struct bare *b, bool own);
/* The signatures on certificates and status, as of earlier files. The file's own are
 * not among them: a file that comes has not been seen. */
struct sig_cache *bare_remembered(const struct bare *b);

#endif
