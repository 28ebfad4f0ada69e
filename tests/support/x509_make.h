/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509_make - certificates, CRLs and OCSP responses made field by field, so that a
 * test changes the one field that it is about. Nothing is signed: for decoders.
 * All views live until the program ends.
 */
#ifndef LTPS_TESTS_X509_MAKE_H
#define LTPS_TESTS_X509_MAKE_H

#include "base/asn1.h"
#include "tests/support/cms_make.h"

/* Octets written as text. */
#define MAKE_RAW(octets) view_of((octets), sizeof(octets) - 1)
#define MAKE_BOOLEAN_TRUE MAKE_RAW("\x01\x01\xff")
#define MAKE_NULL MAKE_RAW("\x05\x00")
/* Identifier octets. */
#define MAKE_CONTEXT(n) DER_ID(ASN1_CONTEXT, 0, (n))
#define MAKE_TAGGED(n) DER_ID(ASN1_CONTEXT, 1, (n))

/* String of this universal tag. */
struct view make_string(unsigned tag, const char *text);
/* Name with one attribute, commonName as UTF8String. */
struct view make_name(const char *cn);
/* SET of one attribute, contents and all. */
struct view make_rdn(const char *type, struct view value);
struct view make_utc(const char *text);
struct view make_generalized(const char *text);
/* Extension; critical is left out when false. */
struct view make_ext(const char *dotted, bool critical, struct view value);
/* [0] to [8] with the GeneralName's contents: a URI and a directory name. */
struct view make_uri(const char *uri);
struct view make_directory(struct view name);
/* BIT STRING of whole octets. */
struct view make_bits(struct view octets);

struct make_cert {
	struct view version, serial, tbs_algorithm, issuer, validity, subject, spki,
	    unique_ids, extensions, tbs_extra, algorithm, signature, extra;
};
/* Version 3 of CN=CA for CN=EE, P-256, no extensions. */
struct make_cert make_cert_default(void);
struct view make_cert_build(const struct make_cert *c);
/* The default with these extensions: parts of the list. */
struct view make_cert_with(struct view extensions);

struct make_crl {
	struct view version, tbs_algorithm, issuer, this_update, next_update, entries,
	    extensions, tbs_extra, algorithm, signature, extra;
};
/* Version 2 of CN=CA, no entries, no extensions. */
struct make_crl make_crl_default(void);
struct view make_crl_build(const struct make_crl *c);
/* One entry; extensions are the parts of their list, n == 0: none. */
struct view make_crl_entry(struct view serial, struct view extensions);

struct make_answer {
	struct view hash_algorithm, name_hash, key_hash, serial, status, this_update,
	    next_update, extensions, extra;
};
struct make_answer make_answer_default(void);
struct view make_answer_build(const struct make_answer *a);

struct make_response {
	struct view status, type, version, responder, produced, answers, extensions,
	    tbs_extra, algorithm, signature, certs, extra;
};
/* One default answer, by CN=CA, without certificates. */
struct make_response make_response_default(void);
struct view make_response_build(const struct make_response *r);

#endif
