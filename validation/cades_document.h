/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_document - how a CMS file becomes a document. Private to the room.
 *
 *   document_read (document.c)
 *     -> reader_signatures  (cades_document_signer.c): values, octets, defects
 *     -> reader_stamps      (cades_document_stamp.c): tokens and their signers
 *     -> reader_records     (cades_document_record.c): evidence records by age
 *     -> reader_digests     (cades_document.c): all of the content, in one pass
 *     -> reader_material    (cades_document_material.c): everything inside
 *     -> reader_imprints    (cades_document_stamp.c): imprints and hash indexes
 *     -> reader_covers      (cades_document_cover.c): what they are proofs of
 *     -> reader_levels      (cades_document_level.c): structure and profile
 */
#ifndef LTPS_VALIDATION_CADES_DOCUMENT_H
#define LTPS_VALIDATION_CADES_DOCUMENT_H

#include "validation/document.h"

/* An object and where in the file it stands: an attribute covers what lies in it. */
struct located {
	struct view where; /* n == 0: in the signed part */
	size_t attr;       /* unsigned attribute that holds it, by the cover step */
	struct document_cover cover;
};
struct located_list {
	struct located *v;
	size_t n, cap;
};

/* Beside each signature, by the same index. */
struct reader_signer {
	struct cades_stamp *stamps; /* cades_stamps() */
	size_t n_stamps;
	size_t first;             /* of them in doc->stamps */
	struct content content;   /* of a countersignature: the parent's value */
	struct located_list core; /* what its signed part speaks of */
	bool knows_signer;        /* the first reference to a certificate resolves: */
	uint8_t signer_sha256[32];
	bool
	    value_tried; /* by the cover step: `verified` of the signature is settled */
	struct located_list
	    unsigned_objects; /* what stands in its unsigned attributes */
};

/* Beside each time-stamp. */
struct reader_stamp {
	const struct cades_stamp *as_found; /* NULL: the file itself */
	struct located_list inside;         /* certificates and status in the token */
	struct cades_index_match match;     /* of V3, with has_match */
	bool has_match;
};

struct reader {
	struct document *d;
	struct reader_signer *signers;
	size_t cap_signatures;
	struct reader_stamp *stamps;
	struct located_list root;     /* certificates and crls of the SignedData */
	struct located_list *records; /* beside each record: what is inside */
	uint64_t work;
	bool detached; /* the content is the given one, whatever the CMS holds */
};

/* What one time-stamp or record covers, while it is collected; zeroed at first. Whoever
 * ends it sets the pointers to covers afterwards: the list of all may move. */
struct cover_list {
	struct document_cover *v;
	size_t n, cap;
	size_t cap_all; /* of doc->all_covers */
	bool full;      /* DOCUMENT_COVERS_MAX: the rest is left out */
};
int covers_put(struct cover_list *l, enum object_kind kind, const uint8_t sha256[32],
	       enum digest_alg by, struct ltps_error *err) LTPS_CHECKED;
int covers_put_all(struct cover_list *l, const struct document_cover *v, size_t n,
		   struct ltps_error *err) LTPS_CHECKED;
/* Each once to the end of doc->all_covers; then the list is empty for the next. */
int covers_finish(struct cover_list *l, struct document *d, size_t *ret_n,
		  struct ltps_error *err) LTPS_CHECKED;
/* Frees, and tells when it was full. */
void covers_end(struct cover_list *l, struct document *d);

/* Whether the error is the object's, to be passed over; then it is cleared. */
bool reader_passes_over(struct ltps_error *err);
void reader_note(struct document *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Takes from the work that is left; false when it is used up. */
bool reader_spend(struct reader *r, uint64_t octets);
int located_put(struct located_list *l, struct view where, enum object_kind kind,
		const uint8_t sha256[32], enum digest_alg by,
		struct ltps_error *err) LTPS_CHECKED;
/* The certificates inside a response, where that stands (5.6.2.3: containment). */
int located_put_responders(struct located_list *l, struct view where,
			   const struct ocsp *o, enum digest_alg by,
			   struct ltps_error *err) LTPS_CHECKED;
/* The content of a signature; never NULL, but it may hold nothing. */
struct content *reader_content(struct reader *r, size_t signature);
/*
 * Signed attributes that were taken for content: the signer never meant them so, and
 * whoever has a signature with signed attributes can make such a file (RFC 5652 5.4
 * hashes both alike).
 */
bool reader_is_signed_attributes(struct view content);
void reader_id(char id[DOCUMENT_ID_MAX], char prefix, const uint8_t sha256[32],
	       unsigned nth);

/* One signer, of whatever role, into `s`: everything but parent, id and content. */
int reader_signer_read(struct document *d, struct document_signature *s,
		       struct ltps_error *err) LTPS_CHECKED;
void document_signature_clear(struct document_signature *s);
/* Compares message-digest with the digest of what was signed. */
int reader_compare(struct document_signature *s, struct content *content,
		   struct ltps_error *err) LTPS_CHECKED;
int reader_signatures(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
int reader_stamps(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
/* A file that is a token. */
int reader_token(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
int reader_records(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
int reader_material(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
int reader_imprints(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
int reader_covers(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
void reader_levels(struct reader *r);
/* Rules of level B that PAdES has too: the digest; signing-certificate-v2. */
bool level_is_md5(const struct document_signature *s);
bool level_is_v2_with_sha1(const struct document_signature *s);

/*
 * A CMS inside another file (pades_document_part.c), read in two steps, so that the
 * digests of its content can be taken with those of others.
 *
 * reader_open - with r->d empty but for its material, r->work and r->detached set:
 * signatures, time-stamps and records. The content must outlive the reader.
 */
int reader_open(struct reader *r, struct view der, struct content *content,
		struct ltps_error *err) LTPS_CHECKED;
/* Adds the digests of the content that reader_finish() compares with. */
void reader_wants(const struct reader *r, bool wanted[DIGEST_ALG_COUNT]);
int reader_finish(struct reader *r, struct ltps_error *err) LTPS_CHECKED;
void reader_clear(struct reader *r);
/* What document_read_pdf() put into a document; nothing of others. */
void document_pdf_clear(struct document *d);

#endif
