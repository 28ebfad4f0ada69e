/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trusted_list_kit - trusted lists made and signed for tests, each with one defect at
 * will. The text is written in canonical form, so that its octets are what is hashed.
 * What cannot be made ends the test.
 */
#ifndef LTPS_TESTS_TRUSTED_LIST_KIT_H
#define LTPS_TESTS_TRUSTED_LIST_KIT_H

#include "base/bytes.h"
#include "tests/support/pki_fixture.h"

#define TLKIT_EXC "http://www.w3.org/2001/10/xml-exc-c14n#"
#define TLKIT_ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define TLKIT_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define TLKIT_TRANSFORM(uri)                                                           \
	"<ds:Transform Algorithm=\"" uri "\"></ds:Transform>"
#define TLKIT_TRANSFORMS TLKIT_TRANSFORM(TLKIT_ENVELOPED) TLKIT_TRANSFORM(TLKIT_EXC)
#define TLKIT_STATUS "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
#define TLKIT_CA_QC "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
#define TLKIT_TSA_QTST "http://uri.etsi.org/TrstSvc/Svctype/TSA/QTST"

/* NULL or 0: what a good list has. */
struct tlkit_list {
	const char *version, *sequence, *type, *territory, *issued, *next_update;
	const char *information; /* URI elements */
	const char *pointers;    /* OtherTSLPointer elements; NULL: none */
	const char *services;    /* TSPService elements; NULL: none */
	const char *id;          /* of the root; NULL: no attribute */
	const char *extension;   /* contents of a scheme extension; NULL: none */
	bool closed;             /* NextUpdate is empty */
};
/* Appended to out. */
void tlkit_list(const struct tlkit_list *o, struct buf *out);

/* Strings that live as long as the process. */
const char *tlkit_service(const char *type, const char *status, const char *from,
			  const struct fix_cert *cert, const char *history);
const char *tlkit_past(const char *type, const char *status, const char *from);
const char *tlkit_pointer(const char *location, const char *territory, const char *type,
			  const struct fix_cert *cert);

struct tlkit_signature {
	const struct fix_cert *signer;
	const struct fix_cert *named;     /* in the properties; NULL: the signer */
	const char *method;               /* NULL: what fits the key, with SHA-256 */
	const char *digest, *cert_digest; /* methods */
	const char *canonicalization, *uri, *transforms, *properties_uri;
	const char *properties_transforms;
	const char *time;     /* "": no signing time */
	const char *more;     /* a further reference behind the two */
	const char *unsigned_properties;
	bool first_version;   /* SigningCertificate instead of V2 */
	bool no_certificate;  /* neither of them */
	bool both;            /* both of them */
	bool no_properties;   /* no XAdES at all, and one reference */
	/* The properties as Canonical XML 1.0 has them, and no transform is named; with
	 * properties_transforms these are. */
	bool inclusive;
	bool wrong_digest, wrong_properties, wrong_value;
};
/* The list with a signature at the end of its root, appended to out. */
void tlkit_sign(struct view list, const struct tlkit_signature *o, struct buf *out);

#endif
