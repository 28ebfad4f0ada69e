/* SPDX-License-Identifier: Apache-2.0 */
/*
 * write - a DER writer that remembers its first failure, so that a message reads
 * like its module. Private to the room.
 */
#ifndef LTPS_SCVP_WRITE_H
#define LTPS_SCVP_WRITE_H

#include "scvp/read.h"

struct writer {
	struct buf *out;
	struct ltps_error *err;
	bool failed;
};
struct writer writer_to(struct buf *out, struct ltps_error *err);
/* 0, or -1 when anything had failed. */
int writer_end(const struct writer *w) LTPS_CHECKED;

/* Begins an element; what it gives goes to write_close(). */
size_t write_open(struct writer *w, uint8_t id);
void write_close(struct writer *w, size_t at);
void write_raw(struct writer *w, struct view bytes);
void write_value(struct writer *w, uint8_t id, struct view body);
void write_uint(struct writer *w, uint8_t id, uint64_t v);
void write_boolean(struct writer *w, uint8_t id, bool v);
/* Whole seconds. */
void write_time(struct writer *w, uint8_t id, int64_t ms);
/* A SEQUENCE TLV under another identifier. */
void write_retagged(struct writer *w, uint8_t id, struct view tlv);
void write_oids(struct writer *w, uint8_t id, struct scvp_list oids);
void write_tlvs(struct writer *w, uint8_t id, struct scvp_list tlvs);
void write_extensions(struct writer *w, uint8_t id, const struct scvp_extensions *e);
/* AlgorithmIdentifier without parameters; nothing for SHA-1 and absence, which are
 * the default wherever SCVP names a hash. */
void write_hash_algorithm(struct writer *w, struct view oid);

void write_cert_ref(struct writer *w, const struct scvp_cert_ref *ref);
void write_policy(struct writer *w, uint8_t id, const struct scvp_policy *p);
void write_rev_infos(struct writer *w, uint8_t id, const struct scvp_rev_info *infos,
		     size_t n);

#endif
