/* SPDX-License-Identifier: Apache-2.0 */
/* seal - a CAdES baseline B signature made, then raised by augment_cades(). */
#include "ltp/seal.h"

#include <string.h>

#include "formats/cms_build.h"
#include "timestamping/signature.h"

#define OID_DATA "1.2.840.113549.1.7.1"
#define SIGNED_ATTRS_MAX ((size_t)64 << 10)
#define SIGNATURE_MAX ((size_t)16 << 10) /* RSA with 16384 bits has 2 KiB */
#define ALGORITHM_MAX ((size_t)4 << 10)
/* Type and subtype are 127 characters each: RFC 6838 4.2; with a parameter. */
#define MIME_TYPE_MAX 1024

struct sealing {
	const struct seal_input *in;
	enum digest_alg digest;
	struct buf mime;  /* Attribute; empty: none */
	struct buf attrs; /* signed, with tag 0x31 */
	struct buf algorithm;
	struct buf value;
};

/* RFC 8419 3.1: Ed25519 goes with SHA-512 alone; what Ed448 wants is no digest of
 * ours. */
static int choose_digest(struct sealing *s, struct ltps_error *err)
{
	const EVP_PKEY *key = s->in->key->key;
	s->digest = s->in->digest;
	if (EVP_PKEY_is_a(key, "ED25519"))
		s->digest = DIGEST_SHA512;
	if (EVP_PKEY_is_a(key, "ED448"))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "RFC 8419 3.1", "Ed448 signs with SHAKE256");
	return 0;
}

/* EN 319 122-1 5.2.5: with content-hints it must not stand, so only this is written. */
static int put_mime_type(struct sealing *s, struct ltps_error *err)
{
	const char *text = s->in->mime_type;
	struct buf value = buf_make(MIME_TYPE_MAX + 16);
	int rc = 0;
	if (text == NULL || text[0] == '\0')
		return 0;
	if (strlen(text) > MIME_TYPE_MAX || !utf8_valid(view_text(text)))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
				 "EN 319 122-1 5.2.5", "no MIME type");
	rc = der_put(&value, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_UTF8), view_text(text),
		     err);
	if (rc == 0) {
		const struct view v = view_buf(&value);
		rc = cms_build_attribute(OID_MIME_TYPE, &v, 1, &s->mime, err);
	}
	buf_free(&value);
	return rc;
}

static int sign(struct sealing *s, struct ltps_error *err)
{
	const struct seal_input *in = s->in;
	const struct view more = view_buf(&s->mime);
	struct cms_build_attrs attrs = {
		.content_type = OID_DATA,
		.signing_time_ms = in->augment.judgement.time_ms,
		.certificate = in->key->certificate->der,
		.more = &more,
		.n_more = s->mime.n > 0 ? 1 : 0,
	};
	if (content_digest(in->content, s->digest, &attrs.message_digest, err) != 0 ||
	    cms_build_signed_attrs(&attrs, &s->attrs, err) != 0)
		return -1;
	return signature_sign(in->key->key, s->digest, view_buf(&s->attrs),
			      &s->algorithm, &s->value, err);
}

/* EN 319 122-1 6.3: the signing certificate and what is known of its path. */
static int build(const struct sealing *s, struct buf *out, struct ltps_error *err)
{
	const struct seal_input *in = s->in;
	struct view certs[1 + SIGNING_KEY_CHAIN_MAX] = { in->key->certificate->der };
	for (size_t i = 0; i < in->key->n_chain; i++)
		certs[1 + i] = in->key->chain[i]->der;
	const struct cms_build_signer signer = {
		.certificate = in->key->certificate->der,
		.digest = s->digest,
		.signed_attrs = view_buf(&s->attrs),
		.algorithm = view_buf(&s->algorithm),
		.signature = view_buf(&s->value),
	};
	const struct cms_build b = {
		.content_type = OID_DATA,
		.has_content = in->enveloping,
		.content = in->enveloping ? in->content->bytes : VIEW_NULL,
		.certs = certs,
		.n_certs = 1 + in->key->n_chain,
		.signers = &signer,
		.n_signers = 1,
	};
	return cms_build(&b, out, err);
}

static int make(const struct seal_input *in, struct buf *out, struct ltps_error *err)
{
	struct sealing s = { .in = in,
			     .mime = buf_make(SIGNED_ATTRS_MAX),
			     .attrs = buf_make(SIGNED_ATTRS_MAX),
			     .algorithm = buf_make(ALGORITHM_MAX),
			     .value = buf_make(SIGNATURE_MAX) };
	int rc = -1;
	if (in->enveloping && !in->content->in_memory)
		ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
			  "content that is not in memory goes beside its signature");
	else if (choose_digest(&s, err) == 0 && put_mime_type(&s, err) == 0 &&
		 sign(&s, err) == 0)
		rc = build(&s, out, err);
	buf_free(&s.mime);
	buf_free(&s.attrs);
	buf_free(&s.algorithm);
	buf_free(&s.value);
	return rc;
}

int seal_cades(const struct seal_input *in, struct augmented *ret,
	       struct ltps_error *err)
{
	struct augment_input next = in->augment;
	struct buf file = buf_make(CMS_SIZE_MAX);
	int rc = make(in, &file, err);
	if (rc == 0) {
		next.made_now = true;
		next.file = view_buf(&file);
		next.content = in->enveloping ? NULL : in->content;
		rc = augment_cades(&next, ret, err);
	}
	buf_free(&file);
	return rc;
}
