/* SPDX-License-Identifier: Apache-2.0 */
/*
 * material - certificates, anchors, CRLs and OCSP responses handed to a
 * judgement. Plain bytes, kept once each.
 */
#ifndef LTPS_TIMESTAMPING_MATERIAL_H
#define LTPS_TIMESTAMPING_MATERIAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

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
void material_free(struct material *m);
/* Copies; an item that is there already is not added twice.
 * Fails: FORMAT (object) when it does not decode as its kind; TOO_LARGE */
int material_add(struct material *m, enum material_kind kind, struct view der,
		 struct ltps_error *err) LTPS_CHECKED;
/* DER, or PEM with several objects in one file (CERTIFICATE, X509 CRL, OCSP
 * RESPONSE, PKCS7 bundle); MATERIAL_ANCHOR turns every certificate into one. */
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

#endif
