/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_kit - CAdES files made in memory, field by field, each with chosen defects, at
 * chosen times. Imprints and hash indexes are computed here from the specification and
 * from nothing of formats/cades*.c, so that both sides check each other. All views live
 * until the program ends; what cannot be made ends the test.
 *
 *	struct cades_kit_scene s = cades_kit_scene(NULL);
 *	struct cades_kit_signer signer = { .cert = s.signer, .commitment = "1.2.3" };
 *	struct view file = cades_kit_make(
 *	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
 *	file = cades_kit_stamp(file, &(struct cades_kit_stamp){
 *		.kind = CADES_STAMP_SIGNATURE, .tsa = s.tsa, .gen_ms = KIT_DAY(1) });
 *	file = cades_kit_add(file, &(struct cades_kit_material){
 *		.certs = { s.ca->der, s.root->der, s.tsa_ca->der },
 *		.crls = { cades_kit_crl(s.ca, KIT_DAY(2), NULL) } });
 *	...
 *	cades_kit_scene_free(&s);
 *
 * or the usual B-LTA at once: cades_kit_typical(&s, CADES_KIT_LTA).
 */
#ifndef LTPS_TESTS_CADES_KIT_H
#define LTPS_TESTS_CADES_KIT_H

#include "formats/cades.h"
#include "tests/support/pki_fixture.h"

/* Days after FIX_T0_MS; everybody signs on day 0. */
#define KIT_DAY(n) (FIX_T0_MS + (n)*FIX_DAY_MS)
/* What is signed when nothing else is given: attached, or detached. */
#define CADES_KIT_CONTENT "what is signed\n"

/* ---- keys and certificates ---- */

#define CADES_KIT_KEYS_MAX 16
/* Holder of a key of this kind: the same one for the same place, made once. */
const struct fix_cert *cades_kit_key(enum fix_key kind, unsigned place);

/*
 * A root with two CAs below: one for signers and the OCSP responder, one for TSAs.
 * What is zero in an option is as usual; dates, keys, extensions are the test's.
 */
struct cades_kit_scene_options {
	struct fix_cert_options root, ca, signer, ocsp, tsa_ca, tsa, tsa2;
	bool own_tsa_root; /* the TSA CA is its own root, an anchor too */
};
struct cades_kit_scene {
	struct fix_cert *root, *ca, *signer, *ocsp, *tsa_ca, *tsa, *tsa2;
	struct material *anchors;
};
struct cades_kit_scene cades_kit_scene(const struct cades_kit_scene_options *o_or_null);
void cades_kit_scene_free(struct cades_kit_scene *s);

/* CRL of this issuer for thirty days, with at most one entry. */
struct view cades_kit_crl(const struct fix_cert *issuer, int64_t this_ms,
			  const struct fix_revoked *revoked_or_null);
struct view cades_kit_crl_make(const struct fix_crl_options *o);
/* An OCSPResponse; the BasicOCSPResponse inside one. */
struct view cades_kit_ocsp(const struct fix_ocsp_options *o);
struct view cades_kit_basic(struct view ocsp_response);

/* Each list ends at the first view with n 0. */
#define CADES_KIT_LIST_MAX 12
struct cades_kit_material {
	struct view certs[CADES_KIT_LIST_MAX];
	struct view crls[CADES_KIT_LIST_MAX];
	struct view ocsps[CADES_KIT_LIST_MAX];
	bool basic; /* OCSP as id-pkix-ocsp-basic instead of RFC 5940's own form */
};

/* ---- signers ---- */

enum cades_kit_attr {
	CADES_KIT_RIGHT = 0,
	CADES_KIT_ABSENT,
	CADES_KIT_WRONG,
	CADES_KIT_TWICE,      /* two attributes */
	CADES_KIT_TWO_VALUES, /* one attribute with its value twice */
};
/* What is not there unless asked for. */
enum cades_kit_extra { CADES_KIT_NONE = 0, CADES_KIT_FITS, CADES_KIT_DIFFERS };
enum cades_kit_reference { CADES_KIT_V2 = 0, CADES_KIT_V1, CADES_KIT_V1_AND_V2 };
enum cades_kit_order {
	CADES_KIT_SORTED = 0,
	CADES_KIT_UNSORTED,       /* stored so, signed as RFC 5652 5.4 says */
	CADES_KIT_UNSORTED_SIGNED /* stored so and signed so */
};

struct cades_kit_stamp {
	enum cades_stamp_kind kind; /* ignored for content and signature lists below */
	size_t signer;              /* index in the file */
	const struct fix_cert *tsa;
	int64_t gen_ms;
	enum digest_alg alg;       /* of the imprint (and index); NONE: SHA-256 */
	enum digest_alg token_alg; /* of the token's signature; NONE: SHA-256 */
	int64_t accuracy_ms;
	bool wrong_imprint;
	struct tsp_deviation deviation;
	struct view content;              /* n 0: eContent, or CADES_KIT_CONTENT */
	struct cades_kit_material inside; /* in the token's SignedData */
	struct cades_kit_material values; /* as its unsigned attributes */
	bool v2_bare; /* V1, V2: unsignedAttrs without tag and length */
	/* V3: its index */
	unsigned index;                 /* 1, 2, 3; 0: 3 */
	enum digest_alg index_alg;      /* another than alg */
	enum cades_kit_attr index_attr; /* WRONG: changed after the stamping */
	/* further entries that stand for nothing */
	bool nothing_in_certs, nothing_in_crls, nothing_in_attrs;
	/* not listed, so not protected */
	bool without_certs, without_crls, without_attrs;
};

struct cades_kit_signer {
	const struct fix_cert *cert;
	const struct fix_cert *sign_with; /* its key signs instead */
	enum digest_alg digest;           /* NONE: SHA-256; SHA-512 with Ed25519 */
	enum digest_alg signature_digest; /* NONE: as digest */
	bool by_ski;
	bool no_signed_attrs;
	enum cades_kit_order order;
	bool broken; /* signature value changed afterwards */

	enum cades_kit_attr content_type; /* of a countersignature: RIGHT is absent */
	enum cades_kit_attr message_digest;
	enum cades_kit_attr signing_time;        /* WRONG: no time */
	enum cades_kit_attr signing_certificate; /* WRONG: another hash */
	int64_t signing_ms;                      /* 0: day 0 */
	enum cades_kit_reference reference;
	enum digest_alg reference_digest; /* of v2; NONE: SHA-256 */
	enum cades_kit_extra issuer_serial;
	const struct fix_cert *more_references[4];

	const char *policy;          /* OID; "implied": SignaturePolicyImplied */
	struct view policy_document; /* hashed */
	bool policy_wrong_hash;
	const char *policy_uri;
	bool policy_store; /* the document in signature-policy-store */
	const char *commitment;
	const char *mime_type;
	const char *content_hints; /* contentDescription */
	enum cades_kit_extra algorithm_protection;
	const struct cades_kit_stamp *content_stamps;
	size_t n_content_stamps;
	struct view more_signed[4]; /* Attribute TLVs, up to n 0 */

	/* Signature time-stamps and countersignatures made at once (the only way for
	 * those inside countersignatures). */
	const struct cades_kit_stamp *stamps;
	size_t n_stamps;
	const struct cades_kit_signer *counters;
	size_t n_counters;
	struct view more_unsigned[4];
};

struct cades_kit_make {
	struct view content; /* n 0: CADES_KIT_CONTENT */
	bool detached;
	const char *content_type; /* eContentType; NULL: id-data */
	bool ber; /* indefinite lengths, content in pieces, sets as they come */
	bool no_signer_certificates;
	struct cades_kit_material material; /* beside the signers' certificates */
	const struct cades_kit_signer *signers;
	size_t n_signers;
	unsigned version; /* 0: as RFC 5652 5.1 says */
};
struct view cades_kit_make(const struct cades_kit_make *o);
/* One signer of this certificate, nothing special. */
struct view cades_kit_plain(const struct fix_cert *cert);

/* ---- steps on a finished file: each gives a new one ---- */

/* Any kind but CADES_STAMP_CONTENT and CADES_STAMP_LONG_TERM. */
struct view cades_kit_stamp(struct view file, const struct cades_kit_stamp *o);
struct view cades_kit_add(struct view file, const struct cades_kit_material *m);
/* An Attribute TLV: make_attr() of cms_make.h. */
struct view cades_kit_attribute(struct view file, size_t signer, struct view attribute);
struct view cades_kit_countersign(struct view file, size_t signer,
				  const struct cades_kit_signer *c);
/* complete-certificate-references, complete-revocation-references; NONE: SHA-256. */
struct view cades_kit_refs(struct view file, size_t signer,
			   const struct cades_kit_material *m, enum digest_alg alg);
/* certificate-values, revocation-values. */
struct view cades_kit_values(struct view file, size_t signer,
			     const struct cades_kit_material *m);

struct cades_kit_record {
	size_t signer;
	bool external;
	struct view content; /* of external; n 0: CADES_KIT_CONTENT */
	const struct fix_cert *tsa;
	int64_t gen_ms;
	const struct fix_cert *renewal_tsa; /* NULL: no second archive time-stamp */
	int64_t renewal_ms;
	enum digest_alg alg;              /* NONE: SHA-256 */
	bool wrong_hash;                  /* covers something else */
	struct cades_kit_material inside; /* in the first token */
};
struct view cades_kit_record(struct view file, const struct cades_kit_record *o);
/* The record alone, for this file as it stands. */
struct view cades_kit_record_of(struct view file, const struct cades_kit_record *o);

/* ---- the usual file ---- */

enum cades_kit_level { CADES_KIT_B, CADES_KIT_T, CADES_KIT_LT, CADES_KIT_LTA };
/* Signed on day 0, T on day 1, CRLs of day 2, archive time-stamp of day 3 (with the
 * scene's tsa). Judged from day 4 to day 30 it passes with the anchors alone. */
struct view cades_kit_typical(const struct cades_kit_scene *s, enum cades_kit_level l);
/* The same steps, on a file whose first signer is the scene's. */
struct view cades_kit_raise(const struct cades_kit_scene *s, struct view file,
			    enum cades_kit_level l);
/* CAs' certificates and their CRLs of this time. */
struct cades_kit_material cades_kit_status(const struct cades_kit_scene *s,
					   int64_t this_ms);

/* ---- pieces, for tests of readers ---- */

/* A TimeStampToken over this digest; kind, signer, content are not looked at. */
struct view cades_kit_token(const struct cades_kit_stamp *o, const struct digest *d);
/* H(octets). */
struct digest cades_kit_hash(enum digest_alg alg, struct view octets);

#endif
