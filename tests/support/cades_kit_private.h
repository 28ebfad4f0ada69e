/* SPDX-License-Identifier: Apache-2.0 */
/* cades_kit_private - what the files of cades_kit share. */
#ifndef LTPS_TESTS_CADES_KIT_PRIVATE_H
#define LTPS_TESTS_CADES_KIT_PRIVATE_H

#include "tests/support/cades_kit.h"

#define CK_MEMBERS_MAX 128
#define CK_SIGNERS_MAX 8

void ck_die(const char *what) __attribute__((noreturn));
#define CK_BYTES_MAX ((size_t)64 << 20)
#define CK_NEED(condition)                                                             \
	do {                                                                           \
		if (!(condition))                                                      \
			ck_die(#condition);                                            \
	} while (0)

/* Lists of TLVs; a set of DER is sorted when it is written. */
struct ck_list {
	bool present, indefinite;
	struct view a[CK_MEMBERS_MAX];
	size_t n;
};
void ck_push(struct ck_list *l, struct view v);
/* Under this identifier; sorted unless indefinite or as_is. */
struct view ck_write(const struct ck_list *l, uint8_t id, bool as_is);

/* A SignerInfo: its fields as TLVs. */
struct ck_signer_info {
	struct view version, sid, digest_algorithm, signed_attrs, signature_algorithm,
	    signature;
	struct ck_list unsigned_attrs;
	struct view unsigned_whole; /* as stored; n 0: absent */
};
void ck_signer_info_read(struct view tlv, struct ck_signer_info *ret);
struct view ck_signer_info_write(const struct ck_signer_info *s, bool ber);

/* A SignedData in its ContentInfo. */
struct ck_file {
	bool ber;
	struct view version;
	struct ck_list digests;
	struct view encap;
	struct ck_list certs, crls;
	struct view certs_whole, crls_whole; /* as stored; n 0: absent */
	bool signers_indefinite;
	struct ck_signer_info signers[CK_SIGNERS_MAX];
	size_t n_signers;
};
/* free with mem_free() */
struct ck_file *ck_file_read(struct view file);
struct view ck_file_write(struct ck_file *f);
void ck_file_digest(struct ck_file *f, enum digest_alg alg);
void ck_file_material(struct ck_file *f, const struct cades_kit_material *m);
/* Octets of eContent, joined when in pieces; false: there is none. */
bool ck_file_content(const struct ck_file *f, struct view *ret);
struct view ck_content_type(const struct ck_file *f); /* OID TLV */

/* Contents of a TLV, an OCTET STRING's pieces joined. */
struct view ck_body(struct view tlv);
/* A copy that lives on. */
struct view ck_copy(const struct buf *b);
struct view ck_digest_octets(enum digest_alg alg,
			     struct view octets);                  /* OCTET STRING */
struct view ck_hash_view(enum digest_alg alg, struct view octets); /* bare */
struct view ck_time(int64_t t_ms);                                 /* GeneralizedTime */
struct view ck_utc_time(int64_t t_ms);
struct view ck_issuer_serial(const struct fix_cert *c, bool wrong); /* ESS form */
/* certificate-values, revocation-values as Attributes; n 0: nothing to put in. */
struct view ck_certificate_values(const struct cades_kit_material *m);
struct view ck_revocation_values(const struct cades_kit_material *m);
/* A SignerInfo over these octets. */
struct view ck_sign(const struct cades_kit_signer *s, struct view octets,
		    const char *content_type, bool countersignature);

#endif
