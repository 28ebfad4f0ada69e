/* SPDX-License-Identifier: Apache-2.0 */
/* x509_der - exact decoding of OpenSSL's X.509 objects. */
#include "timestamping/x509_der.h"

#include <limits.h>
#include <openssl/err.h>

#include "base/asn1.h"

static int check_length(struct view der, const char *what, struct ltps_error *err)
{
	if (der.n == 0 || der.n > LONG_MAX)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
				 "%s: impossible length", what);
	return 0;
}

static int fail_trailing(const char *what, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL,
			 "%s: bytes behind its end", what);
}

int x509_der_certificate(struct view der, X509 **ret_x, struct ltps_error *err)
{
	if (check_length(der, "certificate", err) != 0)
		return -1;
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	if (x == NULL)
		return ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
					 "RFC 5280 4.1", "certificate does not decode");
	if (p != der.p + der.n) {
		X509_free(x);
		return fail_trailing("certificate", err);
	}
	*ret_x = x;
	return 0;
}

/* Fields of TBSCertificate behind serialNumber, up to the optional ones: signature,
 * issuer, validity, subject, subjectPublicKeyInfo. RFC 5280 4.1 */
#define TBS_FIELDS 5
#define OID_SUBJECT_KEY_ID "2.5.29.14"

/* TBSCertificate up to its serial number; *ret_rest begins behind that. */
static int enter_tbs(struct view der, struct view *ret_serial, struct view *ret_rest,
		     struct ltps_error *err)
{
	struct view cursor = der;
	struct tlv certificate, tbs, version, serial;
	bool has_version;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "Certificate",
		       &certificate, err) != 0)
		return -1;
	cursor = certificate.body;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "tbsCertificate",
		       &tbs, err) != 0)
		return -1;
	cursor = tbs.body;
	if (tlv_optional(&cursor, ASN1_CONTEXT, 0, &version, &has_version, err) != 0)
		return -1;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, "serialNumber",
		       &serial, err) != 0)
		return -1;
	*ret_serial = serial.body;
	*ret_rest = cursor;
	return 0;
}

int x509_der_serial(struct view der, struct view *ret_serial, struct ltps_error *err)
{
	struct view serial, rest;
	if (enter_tbs(der, &serial, &rest, err) != 0)
		return -1;
	*ret_serial = serial;
	return 0;
}

/* Contents of Extensions; n == 0 when there are none. */
static int find_extensions(struct view der, struct view *ret, struct ltps_error *err)
{
	struct view ignored, cursor;
	struct tlv t;
	*ret = VIEW_NULL;
	if (enter_tbs(der, &ignored, &cursor, err) != 0)
		return -1;
	for (int i = 0; i < TBS_FIELDS; i++)
		if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE,
			       "tbsCertificate", &t, err) != 0)
			return -1;
	while (cursor.n > 0) {
		if (tlv_next(&cursor, &t, err) != 0)
			return -1;
		if (!tlv_is(&t, ASN1_CONTEXT, 3))
			continue;
		if (tlv_only(t.body, &t, err) != 0)
			return -1;
		*ret = t.body;
		return 0;
	}
	return 0;
}

/* The extnValue's OCTET STRING, which holds another one. RFC 5280 4.2.1.2 */
static int read_key_id(struct view extension, struct view *ret_id,
		       struct ltps_error *err)
{
	struct tlv t;
	bool present;
	if (tlv_optional(&extension, ASN1_UNIVERSAL, ASN1_TAG_BOOLEAN, &t, &present,
			 err) != 0)
		return -1;
	for (int depth = 0; depth < 2; depth++) {
		if (tlv_only(extension, &t, err) != 0)
			return -1;
		if (!tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING) || t.constructed)
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
					 "RFC 5280 4.2.1.2",
					 "subjectKeyIdentifier in another form");
		extension = t.body;
	}
	*ret_id = t.body;
	return 0;
}

int x509_der_key_id(struct view der, struct view *ret_id, struct ltps_error *err)
{
	struct view extensions;
	*ret_id = VIEW_NULL;
	if (find_extensions(der, &extensions, err) != 0)
		return -1;
	while (extensions.n > 0) {
		struct tlv extension, oid;
		if (tlv_expect(&extensions, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE,
			       "Extension", &extension, err) != 0)
			return -1;
		if (tlv_expect(&extension.body, ASN1_UNIVERSAL, ASN1_TAG_OID, "extnID",
			       &oid, err) != 0)
			return -1;
		if (oid_is(oid.body, OID_SUBJECT_KEY_ID))
			return read_key_id(extension.body, ret_id, err);
	}
	return 0;
}

bool x509_der_is_object_fault(const struct ltps_error *err)
{
	return err->code == LTPS_FORMAT || err->code == LTPS_UNSUPPORTED;
}

int x509_der_settle(struct ltps_error *err)
{
	bool no_memory = false;
	for (unsigned long e; (e = ERR_get_error()) != 0;)
		no_memory = no_memory || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	return no_memory ? ltps_fail_nomem(err) : 0;
}
