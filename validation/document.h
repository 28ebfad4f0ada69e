/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document - a file as the engine sees it, whatever its format: signatures, their
 * time-stamps and what those cover, evidence records, the material inside. Made by a
 * reader of the format (cades_document.c). Hashes are taken and compared here; a value
 * is verified where covers follow from it, and nothing is trusted.
 */
#ifndef LTPS_VALIDATION_DOCUMENT_H
#define LTPS_VALIDATION_DOCUMENT_H

#include "base/content.h"
#include "formats/cades.h"
#include "formats/cms_er.h"
#include "timestamping/tst.h"
#include "validation/ers_verify.h"
#include "validation/material.h"
#include "validation/pdf_changes.h"

#define DOCUMENT_SIGNATURES_MAX 512 /* countersignatures included */
#define DOCUMENT_STAMPS_MAX 1024
#define DOCUMENT_COVERS_MAX 100000 /* of all time-stamps together */
#define DOCUMENT_ID_MAX 80
/* Octets hashed for archive time-stamps and compared for references, of one file: a
 * hostile one asks for its product of stamps and contents. Beyond, an imprint stays
 * unknown. */
#define DOCUMENT_WORK_MAX ((uint64_t)8 << 30)
/* Detached content that is read in pieces, taken into memory where a signature without
 * signed attributes is over it. */
#define DOCUMENT_BARE_CONTENT_MAX ((size_t)256 << 20)

/* What a proof of existence may speak of; identified by SHA-256. */
enum object_kind {
	OBJECT_SIGNATURE,   /* of the signature value's octets */
	OBJECT_SIGNED_DATA, /* of the content */
	OBJECT_CERT,        /* of its DER, as for the following */
	OBJECT_CRL,
	OBJECT_OCSP, /* the OCSPResponse, as struct ocsp has it */
	OBJECT_STAMP,
	OBJECT_RECORD,
	OBJECT_KIND_COUNT
};

/* What a time-stamp covers: the object itself, or a digest of it that stands in the
 * stamped octets (a reference, EN 319 102-1 5.6.2.3). */
struct document_cover {
	enum object_kind kind;
	uint8_t sha256[32];
	enum digest_alg by; /* NONE: the object's octets; else through this digest */
};

enum signature_role { ROLE_SIGNATURE, ROLE_COUNTERSIGNATURE, ROLE_TIME_STAMP };
enum signature_format { SIGNATURE_CADES, SIGNATURE_PADES, SIGNATURE_PKCS7 };
enum signature_level { LEVEL_NONE, LEVEL_B, LEVEL_T, LEVEL_LT, LEVEL_LTA };
enum stamp_type {
	STAMP_CONTENT,
	STAMP_SIGNATURE,
	STAMP_VALIDATION_DATA, /* CAdES-C-timestamp, time-stamped-certs-crls */
	STAMP_ARCHIVE,
	STAMP_DOCUMENT, /* of a PDF; or a file that is a time-stamp */
};
enum document_match { MATCH_UNKNOWN, MATCH_YES, MATCH_NO }; /* UNKNOWN: not at hand */

/* A digest that was signed: message-digest. */
struct document_reference {
	const char *name;    /* "message-digest" */
	enum digest_alg alg; /* NONE: an algorithm that we cannot compute */
	struct view value;
	enum document_match match;
};

/* Beside a signature or time-stamp of a PDF. */
struct document_pdf {
	const struct pades_signature *found;
	size_t index; /* in pades->signatures */
	bool byte_range_valid;
	bool covers_whole_file;
	const struct pdf_change *changes; /* of all revisions after the one it covers */
	size_t n_changes;
	const struct pdf_change *undefined; /* the first UNDEFINED one of them; NULL */
	const struct pdf_change *forbidden; /* by DocMDP, FieldMDP, a lock; NULL */
	char forbidden_why[200];
	/* Why no second reader was asked about its revision: then nobody knows what
	 * others see in it, and it cannot pass. "": one was */
	char unconfirmed[120];
};

struct document_signature {
	char id[DOCUMENT_ID_MAX]; /* "S-" and 16 hex digits of sha256; "-2"... when they
				     stand several times in a file */
	uint8_t sha256[32];       /* as OBJECT_SIGNATURE */
	enum signature_role role;
	enum signature_format format;
	int parent;            /* index of the signature that it countersigns; -1 */
	const struct cms *cms; /* of countersignatures: where the parent stands */
	const struct document_pdf *pdf; /* NULL outside a PDF */
	const struct cms_signer *signer;
	enum digest_alg digest; /* digestAlgorithm; NONE: unknown */
	struct view algorithm;  /* AlgorithmIdentifier TLV */
	struct view value;
	/*
	 * What the value may be over, tried in order: the signed attributes in DER
	 * order, then as they were received when that differs (RFC 5652 5.4); without
	 * signed attributes the content. 0: the octets are not at hand.
	 */
	struct view octets[2];
	size_t n_octets;
	/*
	 * What the reader has verified already: that the value is over octets[form] by
	 * the key of this SubjectPublicKeyInfo (SHA-256). Not valid: not asked, or not
	 * so; nothing follows from that.
	 */
	struct {
		bool valid;
		size_t form;
		uint8_t spki_sha256[32];
	} verified;
	struct document_reference references[4];
	size_t n_references;
	char defect[200]; /* of the format, 5.2.2; "" when it is well-formed */
	const char *defect_clause;

	struct cades_signing_certs signing_certs;
	struct cades_policy policy;
	struct cades_claims claims;
	bool has_signed_attrs;
	struct view content_type_attr; /* OID contents octets; n == 0 absent */
	/* OBJECT_SIGNED_DATA; zeroes when the content is known by other digests only.
	 * Of a countersignature: the parent's value. */
	uint8_t content_sha256[32];
	bool has_content; /* it, or digests of it, are at hand */

	/* What its structure promises; what it holds is judged later (level.c). */
	enum signature_level structure; /* EN 319 122-1 6: LEVEL_NONE: not even B */
	const char *profile; /* "CAdES-BASELINE-LTA", "CAdES-BES", "CAdES-EPES",
				"CAdES-T", "CAdES-C", "CAdES-X", "CAdES-X-L", "CAdES-A",
				"CAdES-ERS", "CMS" */
	char why_not[160];   /* the first rule of B that it breaks; "" */
	struct buf owned;    /* private: octets, ... */
	struct cms_signer *own_signer; /* private: ... of a countersignature */
	struct buf joined;
};

struct document_stamp {
	char id[DOCUMENT_ID_MAX]; /* "T-..." */
	uint8_t sha256[32];       /* of the token: OBJECT_STAMP */
	enum stamp_type type;
	const char *name; /* "archive-time-stamp-v3"; "time-stamp" */
	bool is_archive_v3;
	int signature;                  /* index; -1: the file itself */
	const struct document_pdf *pdf; /* of STAMP_DOCUMENT in a PDF; else NULL */
	struct view token;
	struct tst *tst; /* NULL when it does not decode: see defect */
	struct document_signature *as_signature; /* the token's own signer,
						    ROLE_TIME_STAMP; NULL with tst */
	enum document_match imprint;
	const char *reading;       /* which one matched; NULL */
	enum document_match index; /* of V3: UNKNOWN for others */
	char defect[200];          /* why it does not decode, or what does not match */
	const struct document_cover *covers;
	size_t n_covers;
};

struct document_record {
	char id[DOCUMENT_ID_MAX]; /* "E-..." */
	uint8_t sha256[32];
	struct view record;
	bool external;
	bool alone; /* the file is the record: it is about the content alone */
	size_t er;  /* index into doc->ers */
	const struct document_cover *covers;
	size_t n_covers;
};

struct document {
	const struct format *format;
	struct cms *cms;         /* NULL of a PDF */
	struct content *content; /* what the signatures are about; borrowed. NULL of a
				    PDF: each has its own octets */
	struct pades *pdf;       /* NULL outside a PDF */
	struct pdf_changes changes; /* of a PDF */
	struct document_pdf *pdfs;  /* private: one for each signature dictionary */
	struct document **parts;    /* private: a PDF's CMS, each read as a document */
	size_t n_parts;
	/* Whether content that was given beside attached content is the same: callers
	 * that asked about it must not take NO for an answer about it. */
	enum document_match given;
	struct document_signature *signatures; /* parents before their children */
	size_t n_signatures;
	struct document_stamp *stamps; /* signature by signature, in the file's order */
	size_t n_stamps;
	struct document_record *records; /* from the oldest to the youngest */
	size_t n_records;
	struct cms_er *ers; /* private: as cms_er.h wants them */
	size_t n_ers;
	struct material *material; /* everything inside, tokens and records included */
	char notes[8][160];        /* what could not be decoded and was passed over */
	size_t n_notes;
	struct content own; /* private: attached content */
	struct buf
	    own_octets; /* private: of detached content, where a value is over it */
	struct document_cover *all_covers;
	size_t n_all_covers;
};

/*
 * document_read - a CMS SignedData (CAdES, time-stamp token), DER, BER or PEM.
 * content  detached content, or NULL: none given. Not used when the file holds its
 *          content: then `given` and a note say whether it is the same. Must outlive
 *          the document
 * ret_doc  free with document_free(). A time-stamp token has one stamp and no
 *          signature; its imprint is checked against the content
 * Fails:   FORMAT, UNSUPPORTED, TOO_LARGE (object): nothing to judge in it; NOMEM,
 *          CRYPTO; as reading the content
 * Spec:    EN 319 122-1 5, 6; RFC 5652; RFC 5126 6
 */
int document_read(struct view file, struct content *content, struct document **ret_doc,
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * The same with certificates that are decoded already, as in many files of one service,
 * and those of this file remembered.
 * known  may be NULL; not used after the call
 */
int document_read_known(struct view file, struct content *content,
			struct sig_cache *known, struct document **ret_doc,
			struct ltps_error *err) LTPS_CHECKED;
void document_free(struct document *d);
/*
 * document_read_pdf - a PDF: each signature dictionary is a signature (with the
 * time-stamps in its CMS) or a time-stamp of the file, STAMP_DOCUMENT with signature
 * -1, which covers what stands in its ByteRange: signatures with all that is in them,
 * earlier document time-stamps, the DSS of the revisions it covers. What is wrong with
 * ByteRange or dictionary, or what the two readers of objects do not agree on, is a
 * `defect`. password  n == 0: the empty one ret_doc   free with document_free();
 * borrows the octets. Without any signature n_signatures and n_stamps are 0 Fails: as
 * pades_read(); NOMEM, CRYPTO Spec:     EN 319 142-1 5, 6; ISO 32000-2 12.8
 */
int document_read_pdf(struct view file, struct view password, struct document **ret_doc,
		      struct ltps_error *err) LTPS_CHECKED;
/* The same with certificates as document_read_known() has them. */
int document_read_pdf_known(struct view file, struct view password,
			    struct sig_cache *known, struct document **ret_doc,
			    struct ltps_error *err) LTPS_CHECKED;
/*
 * document_read_record - a file that is an evidence record.
 * file     borrowed by the document
 * content  the data object that it covers, or digests of it; NULL: none given, then
 *          nothing says what the record is about. Must outlive the document
 * ret_doc  free with document_free(). One record, nothing else
 * Fails:   FORMAT, UNSUPPORTED, TOO_LARGE (object): it is no record; NOMEM, CRYPTO; as
 *          reading the content
 * Spec:    RFC 4998 3.1
 */
int document_read_record(struct view file, struct content *content,
			 struct document **ret_doc,
			 struct ltps_error *err) LTPS_CHECKED;
/*
 * document_record_octets - the octets that an evidence record covers, in one form of
 * cms_er.h.
 * out  appended
 */
int document_record_octets(const struct document *d, const struct document_record *r,
			   enum cms_er_form form, struct buf *out,
			   struct ltps_error *err) LTPS_CHECKED;
/* The profile to name when the signature holds this level. */
const char *document_profile(const struct document_signature *s,
			     enum signature_level held);
const char *signature_format_name(enum signature_format f); /* "CAdES" */
const char *signature_level_name(enum signature_level l);   /* "LTA", "none" */
const char *stamp_type_name(enum stamp_type t);             /* "validation_data" */

#endif
