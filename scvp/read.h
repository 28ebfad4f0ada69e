/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read - the reading tools of the codec: an arena that owns what a parsed message
 * points to, and a reader that knows which CVStatusCode a defect deserves.
 * Private to the room.
 */
#ifndef LTPS_SCVP_READ_H
#define LTPS_SCVP_READ_H

#include "base/asn1.h"
#include "scvp/scvp.h"

/* Blocks of memory that live and go together. */
struct scvp_arena;
struct scvp_arena *scvp_arena_new(void);
void scvp_arena_free(struct scvp_arena *a); /* NULL-safe */
/* Zeroed; NULL when there is none. */
void *scvp_arena_alloc(struct scvp_arena *a, size_t count, size_t size);

/* What an element must look like besides its tag. */
enum read_form {
	READ_LIST,   /* constructed */
	READ_VALUE,  /* primitive */
	READ_STRING, /* either: BER strings may come in segments */
};

struct reader {
	struct scvp_arena *arena;
	enum scvp_status status; /* of the first failure */
	struct ltps_error *err;
	/* What an answer would repeat must be DER, as all of a CVRequest should be
	 * (RFC 5055 appendix B): names, parameters. */
	bool strict;
};

/* Identifier octets. Context tags: form and number. */
#define ID_SEQUENCE DER_SEQUENCE
#define ID_INTEGER DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_INTEGER)
#define ID_ENUMERATED DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_ENUMERATED)
#define ID_OCTETS DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING)
#define ID_BITS DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_BIT_STRING)
#define ID_OID DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OID)
#define ID_UTF8 DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_UTF8)
#define ID_TIME DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_GENERALIZED_TIME)
#define ID_BOOLEAN DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_BOOLEAN)
#define ID_LIST(number) DER_ID(ASN1_CONTEXT, 1, number)
#define ID_VALUE(number) DER_ID(ASN1_CONTEXT, 0, number)

/* We could not work, as against bad bytes: want of memory, a library that fails. */
bool read_own_failure(const struct ltps_error *e);
/* Hands such a failure on and returns -1; 0 when e is another one. */
int read_pass_failure(const struct ltps_error *e, struct ltps_error *err) LTPS_CHECKED;
/* Records the failure and its status; -1. */
int read_fail(struct reader *r, enum scvp_status status, const char *clause,
	      const char *what);
int read_nomem(struct reader *r);
/* The next element, whatever it is. */
int read_any(struct reader *r, struct view *c, struct tlv *ret) LTPS_CHECKED;
/* The element with this identifier (the constructed bit is judged by form). */
int read_need(struct reader *r, struct view *c, uint8_t id, enum read_form form,
	      const char *what, struct tlv *ret) LTPS_CHECKED;
int read_maybe(struct reader *r, struct view *c, uint8_t id, enum read_form form,
	       const char *what, struct tlv *ret, bool *ret_there) LTPS_CHECKED;
/* Nothing may follow: what does is unrecognized (context tags) or bad. */
int read_end(struct reader *r, struct view c, const char *what) LTPS_CHECKED;

/* The input is BER through and through: nothing that is repeated or left unread can
 * spoil an answer. */
int read_deep(struct reader *r, struct view in) LTPS_CHECKED;
/* Nothing to say unless r->strict. */
int read_der(struct reader *r, struct view in, const char *what) LTPS_CHECKED;

/* Values of an element that was read. */
int read_octets(struct reader *r, const struct tlv *t, size_t max, const char *what,
		struct view *ret) LTPS_CHECKED;
int read_utf8(struct reader *r, const struct tlv *t, size_t max_chars,
	      struct view *ret) LTPS_CHECKED;
int read_uint(struct reader *r, const struct tlv *t, uint64_t *ret) LTPS_CHECKED;
int read_boolean(struct reader *r, const struct tlv *t, bool *ret) LTPS_CHECKED;
/* YYYYMMDDHHMMSSZ without fraction, RFC 5055 3.2.7. */
int read_time(struct reader *r, const struct tlv *t, int64_t *ret) LTPS_CHECKED;
/* The element's own encoding under the universal SEQUENCE tag. */
int read_retagged(struct reader *r, const struct tlv *t, struct view *ret) LTPS_CHECKED;

/* Members of a SEQUENCE OF: whole TLVs, or contents when of OIDs. */
int read_oids(struct reader *r, struct view body, size_t min, size_t max,
	      const char *what, struct scvp_list *ret) LTPS_CHECKED;
int read_tlvs(struct reader *r, struct view body, size_t min, size_t max,
	      const char *what, struct scvp_list *ret) LTPS_CHECKED;
int read_names(struct reader *r, struct view body, struct scvp_list *ret) LTPS_CHECKED;
/* The only GeneralName in an EXPLICIT tag. */
int read_name(struct reader *r, struct view body, struct view *ret) LTPS_CHECKED;
int read_extensions(struct reader *r, struct view body,
		    struct scvp_extensions *ret) LTPS_CHECKED;
int read_algorithm_oid(struct reader *r, struct view body,
		       struct view *ret) LTPS_CHECKED;
/* Counts the members. */
int read_count(struct reader *r, struct view body, size_t min, size_t max,
	       const char *what, size_t *ret) LTPS_CHECKED;

/* parts.c: what requests and responses share. */
int read_cert_ref(struct reader *r, struct view *c,
		  struct scvp_cert_ref *ret) LTPS_CHECKED;
int read_cert_refs(struct reader *r, struct view body, size_t max, const char *what,
		   const struct scvp_cert_ref **ret, size_t *ret_n) LTPS_CHECKED;
int read_policy(struct reader *r, struct view body,
		struct scvp_policy *ret) LTPS_CHECKED;
int read_rev_infos(struct reader *r, struct view body, const struct scvp_rev_info **ret,
		   size_t *ret_n) LTPS_CHECKED;

#endif
