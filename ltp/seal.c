/* SPDX-License-Identifier: Apache-2.0 */
/* seal - a CAdES baseline B signature made, then raised by augment_cades(). */
#include "ltp/seal_private.h"

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
	const struct seal_content *content;
	struct buf attrs; /* signed, with tag 0x31 */
	struct buf algorithm;
	struct buf value;
};

/* RFC 8419 3.1: Ed25519 goes with SHA-512 alone; what Ed448 wants is no digest of
 * ours. */
int seal_digest(const struct seal_input *in, enum digest_alg *ret,
		struct ltps_error *err)
{
	*ret = EVP_PKEY_is_a(in->key->key, "ED25519") ? DIGEST_SHA512 : in->digest;
	if (EVP_PKEY_is_a(in->key->key, "ED448"))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "RFC 8419 3.1", "Ed448 signs with SHAKE256");
	return 0;
}

/* EN 319 122-1 5.2.5: with content-hints it must not stand, so only this is written. */
static int put_mime_type(const char *text, struct buf *out, struct ltps_error *err)
{
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
		rc = cms_build_attribute(OID_MIME_TYPE, &v, 1, out, err);
	}
	buf_free(&value);
	return rc;
}

static int sign(struct sealing *s, struct ltps_error *err)
{
	const struct seal_content *c = s->content;
	const struct cms_build_attrs attrs = {
		.content_type = OID_DATA,
		.message_digest = c->digest,
		.signing_time_ms = c->signing_time_ms,
		.certificate = s->in->key->certificate->der,
		.more = &c->attribute,
		.n_more = c->attribute.n > 0 ? 1 : 0,
	};
	if (cms_build_signed_attrs(&attrs, &s->attrs, err) != 0)
		return -1;
	return signature_sign(s->in->key->key, c->digest.alg, view_buf(&s->attrs),
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
		.digest = s->content->digest.alg,
		.signed_attrs = view_buf(&s->attrs),
		.algorithm = view_buf(&s->algorithm),
		.signature = view_buf(&s->value),
	};
	const struct cms_build b = {
		.content_type = OID_DATA,
		.has_content = s->content->enveloped,
		.content = s->content->bytes,
		.certs = certs,
		.n_certs = 1 + in->key->n_chain,
		.signers = &signer,
		.n_signers = 1,
	};
	return cms_build(&b, out, err);
}

int seal_sign(const struct seal_input *in, const struct seal_content *content,
	      struct buf *out, struct ltps_error *err)
{
	struct sealing s = { .in = in,
			     .content = content,
			     .attrs = buf_make(SIGNED_ATTRS_MAX),
			     .algorithm = buf_make(ALGORITHM_MAX),
			     .value = buf_make(SIGNATURE_MAX) };
	const int rc = sign(&s, err) != 0 ? -1 : build(&s, out, err);
	buf_free(&s.attrs);
	buf_free(&s.algorithm);
	buf_free(&s.value);
	return rc;
}

static int make(const struct seal_input *in, struct buf *out, struct ltps_error *err)
{
	struct buf mime = buf_make(SIGNED_ATTRS_MAX);
	struct seal_content c = {
		.signing_time_ms = in->augment.judgement.time_ms,
		.enveloped = in->enveloping,
		.bytes = in->enveloping ? in->content->bytes : VIEW_NULL,
	};
	enum digest_alg alg;
	int rc = -1;
	if (in->enveloping && !in->content->in_memory)
		ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
			  "content that is not in memory goes beside its signature");
	else if (seal_digest(in, &alg, err) == 0 &&
		 put_mime_type(in->mime_type, &mime, err) == 0 &&
		 content_digest(in->content, alg, &c.digest, err) == 0) {
		c.attribute = view_buf(&mime);
		rc = seal_sign(in, &c, out, err);
	}
	buf_free(&mime);
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
