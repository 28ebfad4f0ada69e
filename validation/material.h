/* SPDX-License-Identifier: Apache-2.0 */
/*
 * material - certificates, anchors, CRLs and OCSP responses handed to a
 * judgement: each decoded and kept once, with indexes for the builder of paths.
 * Once filled it is only read, and may be shared by threads.
 */
#ifndef LTPS_VALIDATION_MATERIAL_H
#define LTPS_VALIDATION_MATERIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "validation/cert.h"
#include "validation/crl.h"
#include "validation/ocsp.h"

#define MATERIAL_ITEMS_MAX 20000
#define MATERIAL_BYTES_MAX ((size_t)512 << 20)

enum material_kind {
	MATERIAL_ANCHOR, /* certificate that is trusted */
	MATERIAL_CERT,
	MATERIAL_CRL,
	MATERIAL_OCSP, /* OCSPResponse */
	MATERIAL_KIND_COUNT
};

struct material;
int material_new(struct material **ret_m, struct ltps_error *err) LTPS_CHECKED;
/* Certificates are taken decoded from this cache (key.h), and left there; NULL ends
 * that, before the cache does or another thread uses it. */
struct sig_cache;
void material_know(struct material *m, struct sig_cache *cache);
void material_free(struct material *m);
/* Copies; an item that is there already is not added twice.
 * Fails: FORMAT (object) when it does not decode as its kind; TOO_LARGE */
int material_add(struct material *m, enum material_kind kind, struct view der,
		 struct ltps_error *err) LTPS_CHECKED;
/*
 * material_add_anchor - an anchor that was trusted until a moment (EN 319 102-1: its
 * sunset): what is proven to have existed before it may end at it. An anchor added twice
 * keeps the later sunset.
 * sunset_ms  INT64_MAX: trusted still
 */
int material_add_anchor(struct material *m, struct view der, int64_t sunset_ms,
			struct ltps_error *err) LTPS_CHECKED;
/* Of material_at(m, MATERIAL_ANCHOR, i); INT64_MAX: trusted still. */
int64_t material_sunset(const struct material *m, size_t i);
/* The latest of all anchors with this name and key; INT64_MAX when one has none,
 * INT64_MIN when there is no such anchor. */
int64_t material_sunset_of(const struct material *m, const struct cert *anchor);
/* DER, or PEM with several objects in one file (CERTIFICATE, X509 CRL, OCSP
 * RESPONSE, PKCS7 bundle); MATERIAL_ANCHOR turns every certificate into one, and a line
 * "Trusted-Until: RFC3339" before a block is its sunset. */
int material_add_text_or_der(struct material *m, enum material_kind kind,
			     struct view bytes, struct ltps_error *err) LTPS_CHECKED;
int material_read(struct material *m, enum material_kind kind, const char *path,
		  struct ltps_error *err) LTPS_CHECKED;
/* Everything inside a token or CMS: certificates, CRLs, OCSP responses. */
struct cms;
int material_add_cms(struct material *m, const struct cms *cms,
		     struct ltps_error *err) LTPS_CHECKED;
size_t material_count(const struct material *m, enum material_kind kind);
struct view material_at(const struct material *m, enum material_kind kind, size_t i);
const struct view *material_views(const struct material *m, enum material_kind kind);

/* Decoded forms of what material_at() gives; borrowed. */
const struct cert *material_cert(const struct material *m, enum material_kind kind,
				 size_t i); /* ANCHOR or CERT */
const struct crl *material_crl(const struct material *m, size_t i);
const struct ocsp *material_ocsp(const struct material *m, size_t i);
/* Without decoding again: one more owner. */
int material_add_cert(struct material *m, enum material_kind kind, const struct cert *c,
		      struct ltps_error *err) LTPS_CHECKED;
int material_add_crl(struct material *m, const struct crl *c,
		     struct ltps_error *err) LTPS_CHECKED;
int material_add_ocsp(struct material *m, const struct ocsp *o,
		      struct ltps_error *err) LTPS_CHECKED;
/* Everything of another one, shared. */
int material_add_all(struct material *m, const struct material *from,
		     struct ltps_error *err) LTPS_CHECKED;

/*
 * Lookups: the first for after == NULL, then the next one, NULL at the end; in
 * the order in which things were added. Constant time each, whatever the size.
 */
const struct cert *material_with_subject(const struct material *m,
					 enum material_kind kind,
					 struct view subject_canonical,
					 const struct cert *after);
const struct cert *material_with_key(const struct material *m, enum material_kind kind,
				     const uint8_t key_sha1[20],
				     const struct cert *after);
const struct crl *material_crl_of(const struct material *m,
				  struct view issuer_canonical,
				  const struct crl *after);
const struct ocsp *material_ocsp_for(const struct material *m, struct view serial,
				     const struct ocsp *after);
/* The same certificate, by its SHA-256; NULL when it is not there. */
const struct cert *material_find_cert(const struct material *m, enum material_kind kind,
				      const uint8_t sha256[32]);

#endif
