/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki_fixture_ocsp - OCSP responses by the DER writer: OpenSSL's own maker
 * leaves no say over producedAt and none over defects.
 */
#include <string.h>

#include "base/asn1.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/pki_fixture_private.h"
#include "timestamping/signature.h"

#define PART_MAX 65536
#define ID_OCTETS DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING)
#define OID_BASIC "1.3.6.1.5.5.7.48.1.1"
#define OID_ARCHIVE_CUTOFF "1.3.6.1.5.5.7.48.1.6"
#define OID_EXTENDED_REVOKE "1.3.6.1.5.5.7.48.1.9"
#define OID_INVALIDITY_DATE "2.5.29.24"
#define OID_CERT_HASH "1.3.36.8.3.13"
#define OID_NOBODY_KNOWS "1.3.6.1.4.1.99999.9"

/* The writer of a fixture: an error ends the process. */
static void put(struct buf *out, uint8_t id, struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fix_need(der_put(out, id, body, &err), &err);
}

/* Contents become one element; the scratch buffer is freed. */
static void wrap(struct buf *out, uint8_t id, struct buf *body)
{
	put(out, id, view_buf(body));
	buf_free(body);
}

static void put_raw(struct buf *out, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fix_need(buf_put(out, v, &err), &err);
}

static void put_oid(struct buf *out, const char *oid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fix_need(der_put_oid(out, oid, &err), &err);
}

static void put_time(struct buf *out, int64_t t_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fix_need(der_put_time(out, t_ms, &err), &err);
}

static struct digest hash(enum digest_alg alg, struct view v, bool wrong)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	fix_need(digest_once(alg, v, &d, &err), &err);
	if (wrong)
		d.p[0] ^= 1;
	return d;
}

static struct view name_of(const struct fix_cert *c)
{
	const unsigned char *p;
	size_t n;
	if (X509_NAME_get0_der(X509_get_subject_name(c->x), &p, &n) != 1)
		fix_die("name");
	return view_of(p, n);
}

static struct view key_of(const struct fix_cert *c)
{
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(c->x);
	return view_of(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits));
}

static void put_cert_id(const struct fix_ocsp_options *o, struct buf *out)
{
	enum digest_alg alg =
	    o->cert_id_digest != DIGEST_NONE ? o->cert_id_digest : DIGEST_SHA1;
	struct buf body = buf_make(PART_MAX);
	struct digest name = hash(alg, name_of(o->issuer), o->wrong_issuer_name);
	struct digest key = hash(alg, key_of(o->issuer), o->wrong_issuer_key);
	put_raw(&body, digest_algorithm_identifier(alg));
	put(&body, ID_OCTETS, digest_view(&name));
	put(&body, ID_OCTETS, digest_view(&key));
	unsigned char *serial = NULL;
	int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(o->cert->x), &serial);
	if (n <= 0)
		fix_die("serial");
	if (o->wrong_serial)
		serial[n - 1] ^= 1;
	put_raw(&body, view_of(serial, (size_t)n));
	OPENSSL_free(serial);
	wrap(out, DER_SEQUENCE, &body);
}

static void put_status(const struct fix_ocsp_options *o, struct buf *out)
{
	struct buf info = buf_make(PART_MAX);
	switch (o->status) {
	case FIX_OCSP_GOOD:
		put(out, DER_ID(ASN1_CONTEXT, 0, 0), VIEW_NULL);
		break;
	case FIX_OCSP_UNKNOWN:
		put(out, DER_ID(ASN1_CONTEXT, 0, 2), VIEW_NULL);
		break;
	case FIX_OCSP_REVOKED:
		put_time(&info, o->revoked_at_ms);
		if (o->reason != FIX_NO_REASON) {
			uint8_t reason[] = { 0x0a, 0x01, (uint8_t)o->reason };
			put(&info, DER_ID(ASN1_CONTEXT, 1, 0), view_of(reason, 3));
		}
		put(out, DER_ID(ASN1_CONTEXT, 1, 1), view_buf(&info));
		break;
	}
	buf_free(&info);
}

static void put_extension(struct buf *out, const char *oid, bool critical,
			  struct view value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf extension = buf_make(PART_MAX);
	put_oid(&extension, oid);
	if (critical)
		fix_need(der_put_boolean(&extension, true, &err), &err);
	put(&extension, ID_OCTETS, value);
	wrap(out, DER_SEQUENCE, &extension);
}

/* Extensions [1], unless there are none; the list is freed. */
static void put_extensions(struct buf *out, struct buf *list)
{
	struct buf all = buf_make(PART_MAX);
	if (list->n > 0) {
		wrap(&all, DER_SEQUENCE, list);
		wrap(out, DER_ID(ASN1_CONTEXT, 1, 1), &all);
	}
	buf_free(list);
}

/* CertHash ::= SEQUENCE { hashAlgorithm, certificateHash OCTET STRING } */
static void put_cert_hash(const struct fix_ocsp_options *o, struct buf *list)
{
	struct buf body = buf_make(PART_MAX);
	struct buf value = buf_make(PART_MAX);
	struct digest d = hash(DIGEST_SHA256, o->cert->der, o->wrong_cert_hash);
	put_raw(&body, digest_algorithm_identifier(DIGEST_SHA256));
	put(&body, ID_OCTETS, digest_view(&d));
	wrap(&value, DER_SEQUENCE, &body);
	put_extension(list, OID_CERT_HASH, false, view_buf(&value));
	buf_free(&value);
}

static void put_single(const struct fix_ocsp_options *o, struct buf *out)
{
	struct buf body = buf_make(PART_MAX);
	struct buf list = buf_make(PART_MAX);
	struct buf time = buf_make(64);
	put_cert_id(o, &body);
	put_status(o, &body);
	put_time(&body, o->this_ms);
	if (o->next_ms != INT64_MIN) {
		put_time(&time,
			 o->next_ms != 0 ? o->next_ms : o->this_ms + 7 * FIX_DAY_MS);
		put(&body, DER_ID(ASN1_CONTEXT, 1, 0), view_buf(&time));
		buf_clear(&time);
	}
	if (o->archive_cutoff_ms != 0) {
		put_time(&time, o->archive_cutoff_ms);
		put_extension(&list, OID_ARCHIVE_CUTOFF, false, view_buf(&time));
		buf_clear(&time);
	}
	if (o->invalidity_ms != 0) {
		put_time(&time, o->invalidity_ms);
		put_extension(&list, OID_INVALIDITY_DATE, true, view_buf(&time));
	}
	if (o->cert_hash || o->wrong_cert_hash)
		put_cert_hash(o, &list);
	if (o->critical_single_extension)
		put_extension(&list, OID_NOBODY_KNOWS, true, view_text("?"));
	put_extensions(&body, &list);
	buf_free(&time);
	wrap(out, DER_SEQUENCE, &body);
}

static void put_responder_id(const struct fix_ocsp_options *o,
			     const struct fix_cert *responder, struct buf *out)
{
	struct buf body = buf_make(PART_MAX);
	struct digest key = hash(DIGEST_SHA1, key_of(responder), false);
	if (!o->by_key_hash) {
		put(out, DER_ID(ASN1_CONTEXT, 1, 1), name_of(responder));
		return;
	}
	put(&body, ID_OCTETS, digest_view(&key));
	wrap(out, DER_ID(ASN1_CONTEXT, 1, 2), &body);
}

static void put_data(const struct fix_ocsp_options *o, const struct fix_cert *responder,
		     struct buf *out)
{
	static const uint8_t der_null[] = { 0x05, 0x00 };
	struct buf body = buf_make(PART_MAX);
	struct buf list = buf_make(PART_MAX);
	struct buf singles = buf_make(PART_MAX);
	put_responder_id(o, responder, &body);
	put_time(&body, o->produced_ms != 0 ? o->produced_ms : o->this_ms);
	put_single(o, &singles);
	if (o->beside != NULL)
		put_single(o->beside, &singles);
	wrap(&body, DER_SEQUENCE, &singles);
	if (o->critical_extension)
		put_extension(&list, OID_NOBODY_KNOWS, true, view_text("?"));
	if (o->extended_revoke)
		put_extension(&list, OID_EXTENDED_REVOKE, false,
			      view_of(der_null, sizeof(der_null)));
	put_extensions(&body, &list);
	wrap(out, DER_SEQUENCE, &body);
}

/* BIT STRING without unused bits. */
static void put_bits(struct buf *out, struct view value, bool bad)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = buf_make(PART_MAX);
	fix_need(buf_put_byte(&body, 0, &err), &err);
	put_raw(&body, value);
	if (bad)
		body.p[body.n - 1] ^= 1;
	wrap(out, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_BIT_STRING), &body);
}

static void put_basic(const struct fix_ocsp_options *o, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fix_cert *responder =
	    o->responder != NULL ? o->responder : o->issuer;
	const struct fix_cert *signer = o->sign_with != NULL ? o->sign_with : responder;
	struct buf body = buf_make(PART_MAX);
	struct buf data = buf_make(PART_MAX);
	struct buf value = buf_make(PART_MAX);
	struct buf certs = buf_make(PART_MAX);
	struct buf list = buf_make(PART_MAX);
	put_data(o, responder, &data);
	put_raw(&body, view_buf(&data));
	fix_need(signature_sign(signer->key, DIGEST_SHA256, view_buf(&data), &body,
				&value, &err),
		 &err);
	put_bits(&body, view_buf(&value), o->bad_signature);
	if (o->responder != NULL && !o->responder_left_out) {
		put_raw(&certs, (o->sent != NULL ? o->sent : o->responder)->der);
		for (size_t i = 0; i < o->n_crowd; i++)
			put_raw(&certs, o->crowd[i]->der);
		wrap(&list, DER_SEQUENCE, &certs);
		put(&body, DER_ID(ASN1_CONTEXT, 1, 0), view_buf(&list));
	}
	buf_free(&list);
	buf_free(&certs);
	buf_free(&value);
	buf_free(&data);
	wrap(out, DER_SEQUENCE, &body);
}

void fix_ocsp_make(const struct fix_ocsp_options *o, struct buf *out)
{
	static const uint8_t try_later[] = { 0x30, 0x03, 0x0a, 0x01, 0x03 };
	static const uint8_t successful[] = { 0x0a, 0x01, 0x00 };
	struct buf basic = buf_make(PART_MAX);
	struct buf bytes = buf_make(PART_MAX);
	struct buf tagged = buf_make(PART_MAX);
	struct buf body = buf_make(PART_MAX);
	if (o->not_successful) {
		put_raw(out, view_of(try_later, sizeof(try_later)));
		return;
	}
	put_basic(o, &basic);
	put_oid(&bytes, OID_BASIC);
	wrap(&bytes, ID_OCTETS, &basic);
	wrap(&tagged, DER_SEQUENCE, &bytes);
	put_raw(&body, view_of(successful, sizeof(successful)));
	wrap(&body, DER_ID(ASN1_CONTEXT, 1, 0), &tagged);
	wrap(out, DER_SEQUENCE, &body);
}

void fix_ocsp_good(const struct fix_cert *cert, const struct fix_cert *issuer,
		   int64_t this_ms, struct buf *out)
{
	fix_ocsp_make(&(struct fix_ocsp_options){ .cert = cert,
						  .issuer = issuer,
						  .this_ms = this_ms,
						  .reason = FIX_NO_REASON },
		      out);
}
