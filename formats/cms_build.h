/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_build - writes a SignedData in DER around signers whose parts are ready. It
 * signs nothing and knows no key.
 */
#ifndef LTPS_FORMATS_CMS_BUILD_H
#define LTPS_FORMATS_CMS_BUILD_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

/* One Attribute: its type and its values, TLVs. The SET is sorted. */
int cms_build_attribute(const char *oid, const struct view *values, size_t n,
			struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/*
 * Signed attributes of a CAdES baseline signature: content-type, message-digest,
 * signing-time, signing-certificate-v2, then the further ones; sorted.
 * out  appended: the SET with tag 0x31, which is what is signed
 * Spec: EN 319 122-1 6.3
 */
struct cms_build_attrs {
	const char *content_type; /* dotted OID */
	struct digest message_digest;
	int64_t signing_time_ms; /* INT64_MIN: none (PAdES) */
	struct view certificate; /* DER of the signer's */
	const struct view *more; /* Attribute TLVs */
	size_t n_more;
};
int cms_build_signed_attrs(const struct cms_build_attrs *in, struct buf *out,
			   struct ltps_error *err) LTPS_CHECKED;

struct cms_build_signer {
	struct view certificate; /* DER: its issuer and serial make the sid */
	enum digest_alg digest;
	struct view signed_attrs;          /* with tag 0x31; n == 0: none */
	struct view algorithm;             /* AlgorithmIdentifier TLV */
	struct view signature;             /* octets */
	const struct view *unsigned_attrs; /* Attribute TLVs */
	size_t n_unsigned_attrs;
};
struct cms_build {
	const char *content_type;
	bool has_content; /* enveloping */
	struct view content;
	const struct view *certs; /* DER, sorted by us, each once */
	size_t n_certs;
	const struct cms_build_signer *signers;
	size_t n_signers;
};
/* out  appended: the ContentInfo. Fails: TOO_LARGE, FORMAT, NOMEM. Spec: RFC 5652 5 */
int cms_build(const struct cms_build *in, struct buf *out,
	      struct ltps_error *err) LTPS_CHECKED;

#endif
