/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ers_make - evidence records made piece by piece, so that each piece can be
 * wrong. Buffers given as arguments are consumed (freed).
 */
#ifndef LTPS_TESTS_ERS_MAKE_H
#define LTPS_TESTS_ERS_MAKE_H

#include "base/bytes.h"
#include "base/digest.h"
#include "timestamping/ers.h"

#define MAKE_MAX ((size_t)64 << 20)

/* One element around the given ones, in their order. */
struct buf make_tlv(uint8_t id, size_t n, ...);
struct buf make_bytes(const void *p, size_t n);
struct buf make_copy(struct view v);
struct buf make_join(struct buf a, struct buf b);

/* Fields of a record, as they should be. */
struct buf make_version(uint64_t v);
struct buf make_algorithm(uint8_t id, enum digest_alg alg);
/* OCTET STRING of n octets of this value. */
struct buf make_hash(uint8_t value, size_t n);
struct buf make_octet_string(struct view v);
/* ContentInfo { id-data, OCTET STRING text }: no time-stamp, always the same. */
struct buf make_fake_token(const char *text);
/* [0] algorithm, [2] one list with one hash, this token. */
struct buf make_plain_stamp(struct buf token);
/* The record around an archiveTimeStampSequence; digestAlgorithms is SHA-256. */
struct buf make_record(struct buf sequence);
/* Record with one chain of one time-stamp. */
struct buf make_record_of_stamp(struct buf stamp);

struct digest make_digest(enum digest_alg alg, const char *text);

#endif
