/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_make - small CMS files made field by field, so that a test changes the
 * one field that it is about. All views live until the program ends.
 */
#ifndef LTPS_TESTS_CMS_MAKE_H
#define LTPS_TESTS_CMS_MAKE_H

#include "base/bytes.h"

/* One element; the parts end with a view whose p is NULL and n 1 (MAKE_END). */
#define MAKE_END ((struct view){ NULL, 1 })
struct view make_parts(uint8_t id, int indefinite, ...);
#define make_el(id, ...) make_parts(id, false, __VA_ARGS__, MAKE_END)
#define make_el_indefinite(id, ...) make_parts(id, true, __VA_ARGS__, MAKE_END)
struct view make_empty(uint8_t id);
/* Parts one after another. */
struct view make_joined(struct view a, struct view b);
struct view make_oid(const char *dotted);
struct view make_int(unsigned v);
/* OCTET STRING of this text. */
struct view make_octets(const char *text);
/* Attribute with one value. */
struct view make_attr(const char *dotted, struct view value);
/* A copy with one octet changed. */
struct view make_flipped(struct view v, size_t at);

struct make_signer {
	struct view version, sid, digest_algorithm, signed_attrs, signature_algorithm,
	    signature, unsigned_attrs, extra;
};
struct make_cms {
	struct view content_type, version, digest_algorithms, encap, certs, crls,
	    signers, extra;
	bool indefinite; /* ContentInfo, its [0] and SignedData */
};
/* Two signed attributes, no unsigned ones. */
struct make_signer make_signer_default(void);
struct view make_signer_build(const struct make_signer *s);
/* Attached content "hello", one signer, nothing optional. */
struct make_cms make_cms_default(void);
struct view make_cms_build(const struct make_cms *c);
/* Something with the outline of a certificate or CRL; differs by n. */
struct view make_item(unsigned n);
/* A BasicOCSPResponse in outline, and the OCSPResponse around it. */
struct view make_basic_ocsp(unsigned n);
struct view make_ocsp(struct view basic, unsigned status);
/* RevocationInfoChoice [1] */
struct view make_other_revocation(const char *dotted, struct view value);

#endif
