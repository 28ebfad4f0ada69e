/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_der - the DER form of BER elements, for the few hashes that a
 * specification takes over DER whatever the file holds.
 *
 * What cannot be known without the element's type stays: constructed strings
 * under implicit tags, default values, sets under implicit tags (but see
 * cms_der_put_set).
 */
#ifndef LTPS_FORMATS_CMS_DER_H
#define LTPS_FORMATS_CMS_DER_H

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/err.h"

/* Elements of one set that are put in order. */
#define CMS_DER_SET_MAX 4096

/*
 * cms_der_put - one element in DER: shortest definite lengths, universal
 * strings primitive, universal sets in order, TRUE as FF.
 * Fails: FORMAT (object), TOO_LARGE, NOMEM
 * Spec:  X.690 10, 11
 */
int cms_der_put(struct buf *out, struct view element,
		struct ltps_error *err) LTPS_CHECKED;
/* The elements of `body`, in DER and sorted, under this identifier octet. */
int cms_der_put_set(struct buf *out, uint8_t id, struct view body,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * cms_der_put_cms - a whole ContentInfo with SignedData in DER, its implicitly
 * tagged sets (certificates, crls, attributes) in order too.
 */
int cms_der_put_cms(struct buf *out, struct view in,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
