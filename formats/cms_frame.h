/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_frame - the fields of ContentInfo and SignedData as they stand in the
 * file, for cms.c and the files that splice. Private to the room.
 */
#ifndef LTPS_FORMATS_CMS_FRAME_H
#define LTPS_FORMATS_CMS_FRAME_H

#include <stdbool.h>

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/err.h"

/* All views borrow from the input. */
struct cms_frame {
	struct tlv content_info;
	struct view content_type;    /* whole OID element */
	struct tlv explicit_content; /* [0] of ContentInfo */
	struct tlv signed_data;
	struct tlv version;
	struct tlv digest_algorithms;
	struct tlv encap;
	bool has_certs;
	struct tlv certs; /* [0] */
	bool has_crls;
	struct tlv crls; /* [1] */
	struct tlv signer_infos;
};

/* The fields of one SignerInfo that a splice has to tell apart. */
struct cms_signer_frame {
	struct tlv whole;
	struct view before; /* everything before unsignedAttrs */
	bool has_unsigned;
	struct tlv unsigned_attrs; /* [1] */
};

/*
 * cms_expect - tlv_expect of a universal type that also insists on its form:
 * SEQUENCE and SET constructed, all else but strings primitive.
 * Spec: X.690 8.2 to 8.11
 */
int cms_expect(struct view *cursor, uint32_t number, const char *what,
	       struct tlv *ret_t, struct ltps_error *err) LTPS_CHECKED;
/*
 * cms_frame_parse - find the fields; their contents are not looked into.
 * Fails: FORMAT, UNSUPPORTED (object), TOO_LARGE (object)
 * Spec:  RFC 5652 3, 5.1
 */
int cms_frame_parse(struct view in, struct cms_frame *ret_f,
		    struct ltps_error *err) LTPS_CHECKED;
/* Reads the next SignerInfo and advances. Spec: RFC 5652 5.3 */
int cms_signer_frame_next(struct view *cursor, struct cms_signer_frame *ret_s,
			  struct ltps_error *err) LTPS_CHECKED;
/*
 * cms_rewrap - new contents under the identifier of an existing element:
 * indefinite stays indefinite, a definite length becomes the shortest.
 */
int cms_rewrap(struct buf *out, const struct tlv *like, struct view body,
	       struct ltps_error *err) LTPS_CHECKED;
/* ContentInfo and its [0] around a new SignedData, in the form they had. */
int cms_frame_close(struct buf *out, const struct cms_frame *f, struct view signed_data,
		    struct ltps_error *err) LTPS_CHECKED;
/* An OCSPResponse around a BasicOCSPResponse, whose bytes stay. RFC 6960 4.2.1 */
int cms_put_ocsp_response(struct buf *out, struct view basic,
			  struct ltps_error *err) LTPS_CHECKED;

#endif
