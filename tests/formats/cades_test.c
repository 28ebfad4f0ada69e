/* SPDX-License-Identifier: Apache-2.0 */
/* The attributes of CAdES signatures, read from signers that are made field by field.
 */
#include "formats/cades.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cms_make.h"

#define NONE ((struct view){ NULL, 0 })

/* ---- signers ---- */

struct scene {
	struct cms_signer s;
	struct buf joined;
};

static struct scene scene_of(struct view signed_attrs, struct view unsigned_attrs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene x = { 0 };
	struct make_signer m = make_signer_default();

	m.signed_attrs = make_el(0xa0, signed_attrs);
	m.unsigned_attrs = unsigned_attrs.n > 0 ? make_el(0xa1, unsigned_attrs) : NONE;
	cr_assert_eq(cms_signer_parse(make_signer_build(&m), &x.s, &x.joined, &err), 0,
		     "%s", err.text);
	return x;
}

static void scene_end(struct scene *x)
{
	cms_signer_clear(&x->s);
	buf_free(&x->joined);
}

static struct view seq(struct view a)
{
	return make_el(0x30, a);
}

static struct view algorithm(const char *oid)
{
	return seq(make_oid(oid));
}

/* Attribute with two values. */
static struct view make_attr2(const char *oid, struct view a, struct view b)
{
	return make_el(0x30, make_oid(oid), make_el(0x31, a, b));
}

static struct view repeated(struct view v, size_t n)
{
	struct view all = NONE;
	for (size_t i = 0; i < n; i++)
		all = make_joined(all, v);
	return all;
}

/* ---- each reader over one signer ---- */

typedef int reader(const struct cms_signer *s, struct ltps_error *err);

static int read_stamps(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_stamp *v = NULL;
	size_t n;
	int rc = cades_stamps(s, &v, &n, err);
	mem_free(v);
	return rc;
}

static int read_signing_certs(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_signing_certs c = { 0 };
	int rc = cades_signing_certs(s, &c, err);
	cades_signing_certs_clear(&c);
	return rc;
}

static int read_cert_refs(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_cert_ref *v = NULL;
	size_t n;
	int rc = cades_cert_refs(s, &v, &n, err);
	mem_free(v);
	return rc;
}

static int read_status_refs(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_status_ref *v = NULL;
	size_t n;
	int rc = cades_status_refs(s, &v, &n, err);
	mem_free(v);
	return rc;
}

static int read_values(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_values v = { 0 };
	int rc = cades_values(s, &v, err);
	cades_values_clear(&v);
	return rc;
}

static int read_policy(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_policy p;
	return cades_policy(s, &p, err);
}

static int read_claims(const struct cms_signer *s, struct ltps_error *err)
{
	struct cades_claims c;
	return cades_claims(s, &c, err);
}

static int read_counter(const struct cms_signer *s, struct ltps_error *err)
{
	struct view *v = NULL;
	size_t n;
	int rc = cades_countersignatures(s, &v, &n, err);
	mem_free(v);
	return rc;
}

static void refused_as(reader *read, bool is_signed, struct view attr,
		       enum ltps_code code, const char *where)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view plain = make_attr(OID_CONTENT_TYPE, make_oid("1.2.3"));
	struct scene x = is_signed ? scene_of(attr, NONE) : scene_of(plain, attr);

	cr_assert_eq(read(&x.s, &err), -1, "%s: accepted", where);
	cr_expect_eq(err.code, code, "%s: %s", where, err.text);
	cr_expect_eq(err.fault, LTPS_FAULT_OBJECT, "%s", where);
	cr_expect(strstr(err.where, where) != NULL, "'%s' for '%s'", err.where, where);
	scene_end(&x);
}

/* ---- refused ---- */

Test(cades, reference_of_the_wrong_shape_is_refused_by_its_attribute)
{
	struct view hash = make_octets("hash");
	struct view cut = make_el(0x30, seq(seq(make_el(0x24, hash))));
	const struct {
		const char *oid, *name;
		struct view value;
	} cases[] = {
		{ OID_SIGNING_CERTIFICATE, "signing-certificate", hash },
		{ OID_SIGNING_CERTIFICATE, "signing-certificate", make_empty(0x30) },
		{ OID_SIGNING_CERTIFICATE, "signing-certificate",
		  seq(make_empty(0x30)) },
		{ OID_SIGNING_CERTIFICATE, "signing-certificate",
		  make_el(0x30, seq(seq(hash)), make_empty(0x30), make_empty(0x30)) },
		{ OID_SIGNING_CERTIFICATE, "signing-certificate", cut },
		{ OID_SIGNING_CERTIFICATE, "signing-certificate",
		  seq(seq(make_el(0x30, algorithm("1.2.3"), hash))) },
		{ OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2",
		  seq(seq(algorithm("1.2.3"))) },
		{ OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2",
		  seq(seq(make_el(0x30, seq(make_int(1)), hash))) },
		{ OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2",
		  seq(seq(make_el(0x30, hash, make_int(1)))) },
		{ OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2",
		  seq(seq(make_el(0x30, hash,
				  make_el(0x30, make_empty(0x30), make_int(1)),
				  make_int(2)))) },
		{ OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2",
		  seq(seq(
		      make_el(0x30, hash,
			      make_el(0x30, make_empty(0x30), make_empty(0x02))))) },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused_as(read_signing_certs, true,
			   make_attr(cases[i].oid, cases[i].value), LTPS_FORMAT,
			   cases[i].name);
	refused_as(read_cert_refs, false, make_attr(OID_CERTIFICATE_REFS, hash),
		   LTPS_FORMAT, "complete-certificate-references");
	refused_as(read_cert_refs, false,
		   make_attr(OID_CERTIFICATE_REFS, seq(seq(make_int(1)))), LTPS_FORMAT,
		   "complete-certificate-references");
	refused_as(read_cert_refs, false,
		   make_attr(OID_ATTRIBUTE_CERTIFICATE_REFS,
			     seq(seq(seq(algorithm("1.2.3"))))),
		   LTPS_FORMAT, "attribute-certificate-references");
}

Test(cades, revocation_reference_of_the_wrong_shape_is_refused)
{
	struct view hash = make_octets("hash");
	struct view entries[] = {
		make_int(1),
		make_el(0x30, make_el(0xa3, hash)),
		/* [1] before [0] */
		make_el(0x30, make_el(0xa1, seq(make_empty(0x30))),
			make_el(0xa0, seq(make_empty(0x30)))),
		make_el(0x30, make_el(0xa0, make_empty(0x30))),
		make_el(0x30, make_el(0xa0, seq(seq(seq(make_int(1)))))),
		/* crlIdentifier without a time, and with one that is no time */
		make_el(0x30, make_el(0xa0, seq(seq(make_el(0x30, hash,
							    seq(make_empty(0x30))))))),
		make_el(0x30,
			make_el(0xa0, seq(seq(make_el(0x30, hash,
						      make_el(0x30, make_empty(0x30),
							      make_int(1))))))),
		/* OCSP without producedAt */
		make_el(0x30, make_el(0xa1, seq(seq(seq(seq(make_el(0xa2, hash))))))),
	};
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		refused_as(read_status_refs, false,
			   make_attr(OID_REVOCATION_REFS, seq(entries[i])), LTPS_FORMAT,
			   "complete-revocation-references");
}

Test(cades, values_of_the_wrong_shape_are_refused)
{
	struct view octets = make_octets("x");
	refused_as(read_values, false, make_attr(OID_CERTIFICATE_VALUES, octets),
		   LTPS_FORMAT, "certificate-values");
	refused_as(read_values, false, make_attr(OID_CERTIFICATE_VALUES, seq(octets)),
		   LTPS_FORMAT, "certificate-values");
	refused_as(read_values, false, make_attr(OID_REVOCATION_VALUES, octets),
		   LTPS_FORMAT, "revocation-values");
	refused_as(read_values, false, make_attr(OID_REVOCATION_VALUES, seq(octets)),
		   LTPS_FORMAT, "revocation-values");
	refused_as(read_values, false,
		   make_attr(OID_REVOCATION_VALUES, seq(make_el(0xa0, octets))),
		   LTPS_FORMAT, "revocation-values");
	refused_as(read_values, false,
		   make_attr(OID_REVOCATION_VALUES, seq(make_el(0xa1, seq(octets)))),
		   LTPS_FORMAT, "revocation-values");
}

Test(cades, policy_of_the_wrong_shape_is_refused)
{
	struct view hash = make_el(0x30, algorithm("1.2.3"), make_octets("hash"));
	struct view id = make_oid("1.2.3.4");
	struct view uri = make_oid("1.2.840.113549.1.9.16.5.1");
	struct view bad[] = {
		make_int(1),
		make_empty(0x30),
		make_el(0x30, id, make_int(1)),
		make_el(0x30, id, hash, make_empty(0x30), make_int(1)),
		make_el(0x30, id, hash, seq(make_int(1))),
		make_el(0x30, id, hash, seq(seq(uri))),
		make_el(0x30, id, hash, seq(make_el(0x30, uri, make_octets("u")))),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused_as(read_policy, true, make_attr(OID_SIGNATURE_POLICY, bad[i]),
			   LTPS_FORMAT, "signature-policy-identifier");
	refused_as(read_policy, true,
		   make_attr2(OID_SIGNATURE_POLICY, seq(id), seq(id)), LTPS_FORMAT,
		   "signature-policy-identifier");
	refused_as(read_policy, false, make_attr(OID_SIGNATURE_POLICY_STORE, seq(id)),
		   LTPS_FORMAT, "signature-policy-store");
}

Test(cades, claims_of_the_wrong_type_are_refused_by_name)
{
	const struct {
		const char *oid, *name;
		struct view value;
	} cases[] = {
		{ OID_SIGNING_TIME, "signing-time", make_int(1) },
		{ OID_MIME_TYPE, "mime-type", make_octets("text/plain") },
		{ OID_CONTENT_HINTS, "content-hints", make_int(1) },
		{ OID_CONTENT_HINTS, "content-hints", seq(make_int(1)) },
		{ OID_CONTENT_IDENTIFIER, "content-identifier", make_int(1) },
		{ OID_CONTENT_REFERENCE, "content-reference", make_int(1) },
		{ OID_SIGNER_LOCATION, "signer-location", make_int(1) },
		{ OID_SIGNER_ATTRIBUTES, "signer-attributes", make_int(1) },
		{ OID_SIGNER_ATTRIBUTES_V2, "signer-attributes-v2", make_int(1) },
		{ OID_COMMITMENT_TYPE, "commitment-type-indication", make_int(1) },
		{ OID_COMMITMENT_TYPE, "commitment-type-indication", make_empty(0x30) },
		{ OID_CMS_ALGORITHM_PROTECTION, "cms-algorithm-protection",
		  make_int(1) },
		{ OID_CMS_ALGORITHM_PROTECTION, "cms-algorithm-protection",
		  make_empty(0x30) },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		refused_as(read_claims, true, make_attr(cases[i].oid, cases[i].value),
			   LTPS_FORMAT, cases[i].name);
}

Test(cades, several_values_of_a_single_claim_are_refused)
{
	static const char *const oids[] = { OID_SIGNING_TIME, OID_MIME_TYPE,
					    OID_CONTENT_HINTS, OID_SIGNER_LOCATION,
					    OID_CMS_ALGORITHM_PROTECTION };
	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++)
		refused_as(read_claims, true,
			   make_attr2(oids[i], make_empty(0x30), make_empty(0x30)),
			   LTPS_FORMAT, "");
}

Test(cades, counts_beyond_the_limits_are_too_large)
{
	struct view item = make_el(0x30, make_octets("h"));
	struct view v1 = make_attr(OID_SIGNING_CERTIFICATE,
				   seq(seq(repeated(item, CADES_REFS_MAX + 1))));
	refused_as(read_signing_certs, true, v1, LTPS_TOO_LARGE, "signing-certificate");
	refused_as(
	    read_cert_refs, false,
	    make_attr(OID_CERTIFICATE_REFS, seq(repeated(item, CADES_REFS_MAX + 1))),
	    LTPS_TOO_LARGE, "complete-certificate-references");
	refused_as(
	    read_values, false,
	    make_attr(OID_CERTIFICATE_VALUES, seq(repeated(item, CADES_REFS_MAX + 1))),
	    LTPS_TOO_LARGE, "certificate-values");
	refused_as(
	    read_stamps, false,
	    make_attr(OID_SIGNATURE_TIME_STAMP, repeated(item, CADES_STAMPS_MAX + 1)),
	    LTPS_TOO_LARGE, "signature-time-stamp");
	refused_as(read_counter, false,
		   make_attr(OID_COUNTERSIGNATURE, repeated(item, CMS_SIGNERS_MAX + 1)),
		   LTPS_TOO_LARGE, "countersignature");
	refused_as(read_claims, true,
		   make_attr(OID_COMMITMENT_TYPE, repeated(algorithm("1.2.3"), 9)),
		   LTPS_TOO_LARGE, "commitment-type-indication");
}

Test(cades, value_that_is_cut_is_refused_by_every_reader)
{
	static const uint8_t cut[] = { 0x30, 0x05, 0x01 };
	struct view v = view_of(cut, sizeof(cut));
	refused_as(read_stamps, false, make_attr(OID_SIGNATURE_TIME_STAMP, v),
		   LTPS_FORMAT, "signature-time-stamp");
	refused_as(read_stamps, true, make_attr(OID_CONTENT_TIME_STAMP, v), LTPS_FORMAT,
		   "content-time-stamp");
	refused_as(read_counter, false, make_attr(OID_COUNTERSIGNATURE, v), LTPS_FORMAT,
		   "countersignature");
	refused_as(read_values, false, make_attr(OID_CERTIFICATE_VALUES, v),
		   LTPS_FORMAT, "certificate-values");
}

Test(cades, long_term_validation_that_is_no_sequence_with_a_date_is_refused)
{
	refused_as(read_stamps, false, make_attr(OID_LONG_TERM_VALIDATION, make_int(1)),
		   LTPS_FORMAT, "long-term-validation");
	refused_as(read_stamps, false,
		   make_attr(OID_LONG_TERM_VALIDATION, seq(make_int(1))), LTPS_FORMAT,
		   "long-term-validation");
}

/* ---- read ---- */

Test(cades, absent_attributes_are_empty_lists)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene x = scene_of(make_attr(OID_CONTENT_TYPE, make_oid("1.2.3")), NONE);
	struct cades_stamp *stamps = NULL;
	struct cades_signing_certs certs = { 0 };
	struct cades_policy policy;
	struct cades_claims claims;
	size_t n = 1;

	cr_assert_eq(cades_stamps(&x.s, &stamps, &n, &err), 0);
	cr_expect(stamps == NULL && n == 0);
	cr_assert_eq(cades_signing_certs(&x.s, &certs, &err), 0);
	cr_expect(certs.n == 0 && !certs.has_v1 && !certs.has_v2 &&
		  certs.n_attributes == 0);
	cr_assert_eq(cades_policy(&x.s, &policy, &err), 0);
	cr_expect_not(policy.present);
	cr_assert_eq(cades_claims(&x.s, &claims, &err), 0);
	cr_expect_eq(claims.signing_time_ms, INT64_MIN);
	cr_expect_not(claims.algorithm_protection);
	cr_expect_eq(read_values(&x.s, &err), 0);
	cr_expect_eq(read_counter(&x.s, &err), 0);
	scene_end(&x);
}

Test(cades, stamps_are_listed_in_the_order_of_the_file_with_their_places)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view t1 = make_item(1), t2 = make_item(2), t3 = make_item(3);
	struct view later =
	    make_joined(make_attr(OID_ARCHIVE_TIME_STAMP_V3, t3),
			make_joined(make_attr(OID_CERTIFICATE_VALUES, make_empty(0x30)),
				    make_attr2(OID_SIGNATURE_TIME_STAMP, t1, t2)));
	struct scene x = scene_of(make_joined(make_attr(OID_CONTENT_TIME_STAMP, t1),
					      make_attr(OID_SIGNATURE_TIME_STAMP, t2)),
				  later);
	struct cades_stamp *v = NULL;
	size_t n = 0;

	cr_assert_eq(cades_stamps(&x.s, &v, &n, &err), 0, "%s", err.text);
	/* A signature time-stamp among signed attributes is none. */
	cr_assert_eq(n, 4);
	cr_expect(v[0].kind == CADES_STAMP_CONTENT && v[0].attr == 0);
	cr_expect(v[1].kind == CADES_STAMP_ARCHIVE_V3 && v[1].attr == 0);
	cr_expect(v[2].kind == CADES_STAMP_SIGNATURE && v[2].attr == 2 &&
		  v[2].value == 0);
	cr_expect(v[3].attr == 2 && v[3].value == 1);
	cr_expect(view_equal(v[3].token, t2));
	cr_expect_str_eq(cades_stamp_kind_name(v[1].kind), "archive-time-stamp-v3");
	cr_expect_str_eq(cades_stamp_kind_name(CADES_STAMP_KIND_COUNT), "?");
	mem_free(v);
	scene_end(&x);
}

Test(cades, long_term_validation_gives_the_token_in_it_and_nothing_else)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view date = make_el(0x18, view_text("20200101000000Z"));
	struct view token = make_el(0x30, make_oid("1.2.3"), make_int(1));
	struct view with = make_el(0x30, date, make_el(0xa0, token));
	struct view certs = make_el(0x30, date, make_el(0xa0, seq(make_item(1))));
	struct view record = make_el(0x30, date, make_el(0xa1, make_item(1)));
	struct scene x = scene_of(
	    make_attr(OID_CONTENT_TYPE, make_oid("1.2.3")),
	    make_joined(make_attr2(OID_LONG_TERM_VALIDATION, certs, record),
			make_joined(make_attr(OID_LONG_TERM_VALIDATION, seq(date)),
				    make_attr(OID_LONG_TERM_VALIDATION, with))));
	struct cades_stamp *v = NULL;
	size_t n = 0;

	cr_assert_eq(cades_stamps(&x.s, &v, &n, &err), 0, "%s", err.text);
	cr_assert_eq(n, 1);
	cr_expect(v[0].kind == CADES_STAMP_LONG_TERM && v[0].attr == 2);
	cr_expect(view_equal(v[0].token, token));
	mem_free(v);
	scene_end(&x);
}

Test(cades, signing_certificates_of_both_versions_are_told_apart)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view name = seq(make_item(5));
	struct view issuer_serial =
	    make_el(0x30, seq(make_el(0xa4, name)), make_int(9));
	struct view sha512 = algorithm("2.16.840.1.101.3.4.2.3");
	struct view v1 = seq(seq(seq(make_octets("old"))));
	struct view v2 =
	    seq(make_joined(make_el(0x30, make_octets("new"), issuer_serial),
			    make_el(0x30, sha512, make_octets("second"))));
	struct scene x = scene_of(
	    make_joined(make_attr(OID_SIGNING_CERTIFICATE_V2, make_el(0x30, v2)),
			make_attr(OID_SIGNING_CERTIFICATE, v1)),
	    NONE);
	struct cades_signing_certs c = { 0 };

	cr_assert_eq(cades_signing_certs(&x.s, &c, &err), 0, "%s", err.text);
	cr_assert_eq(c.n, 3);
	cr_expect(c.has_v1 && c.has_v2 && c.n_attributes == 2 && c.v2_from == 1);
	cr_expect(c.refs[0].alg == DIGEST_SHA1 && !c.refs[0].v2 &&
		  c.refs[0].serial.n == 0);
	cr_expect(c.refs[1].alg == DIGEST_SHA256 && c.refs[1].v2 &&
		  c.refs[1].oid.n == 0);
	cr_expect(view_is_text(c.refs[1].hash, "new"));
	cr_expect(view_equal(c.refs[1].issuer, name));
	cr_expect_eq(c.refs[1].serial.n, 1);
	cr_expect(c.refs[2].alg == DIGEST_SHA512 && c.refs[2].oid.n == 9);
	cades_signing_certs_clear(&c);
	scene_end(&x);
}

Test(cades, second_signing_certificate_counts_as_a_defect)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view one = seq(seq(seq(make_octets("a"))));
	struct view empty =
	    make_el(0x30, make_oid(OID_SIGNING_CERTIFICATE_V2), make_empty(0x31));
	struct scene x = scene_of(
	    make_joined(make_attr2(OID_SIGNING_CERTIFICATE_V2, one, one), empty), NONE);
	struct cades_signing_certs c = { 0 };

	cr_assert_eq(cades_signing_certs(&x.s, &c, &err), 0, "%s", err.text);
	cr_expect_eq(c.n_attributes, 3);
	cades_signing_certs_clear(&c);
	scene_end(&x);
}

Test(cades, issuer_that_is_not_one_directory_name_is_absent)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view mail = make_el(0x81, view_text("a@b"));
	struct view two = make_joined(make_el(0xa4, make_empty(0x30)), mail);
	struct view ref = make_el(0x30, make_octets("h"),
				  make_el(0x30, make_el(0x30, two), make_int(1)));
	struct view other = make_el(0x30, make_octets("h"),
				    make_el(0x30, make_el(0x30, mail), make_int(1)));
	struct scene x =
	    scene_of(make_attr(OID_CONTENT_TYPE, make_oid("1.2.3")),
		     make_attr(OID_CERTIFICATE_REFS, make_el(0x30, ref, other)));
	struct cades_cert_ref *v = NULL;
	size_t n = 0;

	cr_assert_eq(cades_cert_refs(&x.s, &v, &n, &err), 0, "%s", err.text);
	cr_assert_eq(n, 2);
	cr_expect(v[0].issuer.n == 0 && v[0].serial.n == 1);
	cr_expect(v[1].issuer.n == 0 && v[0].alg == DIGEST_SHA1);
	mem_free(v);
	scene_end(&x);
}

Test(cades, revocation_references_give_hash_issuer_and_time)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view name = seq(make_item(3));
	struct view time = make_el(0x17, view_text("200101000000Z"));
	struct view produced = make_el(0x18, view_text("20200102000000Z"));
	struct view other =
	    make_el(0x30, algorithm("2.16.840.1.101.3.4.2.1"), make_octets("sha256"));
	struct view crl = make_el(0x30, other, make_el(0x30, name, time, make_int(4)));
	struct view bare = make_el(0x30, make_octets("sha1"));
	struct view id = make_el(0x30, make_el(0xa2, make_octets("key")), produced);
	struct view refs = make_el(
	    0x30, make_el(0x30, make_el(0xa0, seq(make_el(0x30, crl, bare)))),
	    make_el(0x30, make_el(0xa1, seq(make_el(0x30, seq(id),
						    make_el(0x30, id, other))))),
	    make_empty(0x30));
	struct scene x = scene_of(make_attr(OID_CONTENT_TYPE, make_oid("1.2.3")),
				  make_attr(OID_REVOCATION_REFS, refs));
	struct cades_status_ref *v = NULL;
	size_t n = 0;

	cr_assert_eq(cades_status_refs(&x.s, &v, &n, &err), 0, "%s %s", err.text,
		     err.where);
	cr_assert_eq(n, 4);
	cr_expect(!v[0].ocsp && v[0].alg == DIGEST_SHA256 &&
		  view_is_text(v[0].hash, "sha256") && view_equal(v[0].issuer, name));
	cr_expect_eq(v[0].issued_ms, 1577836800000);
	cr_expect(v[1].alg == DIGEST_SHA1 && v[1].issued_ms == INT64_MIN);
	cr_expect(v[2].ocsp && v[2].alg == DIGEST_NONE && v[2].hash.n == 0);
	cr_expect_eq(v[2].issued_ms, 1577923200000);
	cr_expect(v[3].ocsp && v[3].alg == DIGEST_SHA256);
	mem_free(v);
	scene_end(&x);
}

Test(cades, values_are_given_as_they_stand)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view revocation =
	    make_el(0x30, make_el(0xa0, make_el(0x30, make_item(2))),
		    make_el(0xa1, make_el(0x30, make_basic_ocsp(3))),
		    make_el(0xa2, make_octets("unknown")));
	struct scene x =
	    scene_of(make_attr(OID_CONTENT_TYPE, make_oid("1.2.3")),
		     make_joined(make_attr(OID_CERTIFICATE_VALUES,
					   make_el(0x30, make_item(0), make_item(1))),
				 make_attr(OID_REVOCATION_VALUES, revocation)));
	struct cades_values v = { 0 };
	struct buf wrapped = buf_make(1024);

	cr_assert_eq(cades_values(&x.s, &v, &err), 0, "%s", err.text);
	cr_assert(v.n_certs == 2 && v.n_crls == 1 && v.n_basic == 1);
	cr_expect(view_equal(v.certs[1], make_item(1)));
	cr_expect(view_equal(v.crls[0], make_item(2)));
	cr_assert_eq(cades_ocsp_wrap(v.basic[0], &wrapped, &err), 0);
	cr_expect(view_equal(view_buf(&wrapped), make_ocsp(make_basic_ocsp(3), 0)));
	buf_free(&wrapped);
	cades_values_clear(&v);
	scene_end(&x);
}

Test(cades, ocsp_wrap_refuses_what_is_not_one_sequence)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct buf out = buf_make(1024);
	cr_expect_eq(cades_ocsp_wrap(make_octets("x"), &out, &err), -1);
	cr_expect_eq(
	    cades_ocsp_wrap(make_joined(make_item(1), make_item(2)), &out, &err2), -1);
	cr_expect_eq(out.n, 0);
	buf_free(&out);
}

Test(cades, policy_gives_hash_and_qualifiers)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view hash =
	    make_el(0x30, algorithm("2.16.840.1.101.3.4.2.1"), make_octets("hash"));
	struct view uri = make_el(0x30, make_oid("1.2.840.113549.1.9.16.5.1"),
				  make_el(0x16, view_text("http://p")));
	struct view text = make_el(0x0c, view_text("read me"));
	struct view notice = make_el(0x30, make_oid("1.2.840.113549.1.9.16.5.2"),
				     make_el(0x30, make_empty(0x30), text));
	struct view spec = make_oid("1.2.3.5");
	struct view doc = make_el(0x30, make_oid("0.4.0.19122.2.1"), spec);
	struct view id =
	    make_el(0x30, make_oid("1.2.3.4"), hash, make_el(0x30, uri, notice, doc));
	struct view store = make_el(0x30, spec, make_octets("the policy"));
	struct scene x = scene_of(make_attr(OID_SIGNATURE_POLICY, id),
				  make_attr(OID_SIGNATURE_POLICY_STORE, store));
	struct cades_policy p;

	cr_assert_eq(cades_policy(&x.s, &p, &err), 0, "%s", err.text);
	cr_expect(p.present && !p.implied && p.alg == DIGEST_SHA256);
	cr_expect_str_eq(p.oid, "1.2.3.4");
	cr_expect(view_is_text(p.hash, "hash") && view_is_text(p.uri, "http://p"));
	cr_expect(view_is_text(p.notice, "read me"));
	cr_expect(view_equal(p.specification, spec) && view_equal(p.store_spec, spec));
	cr_expect(view_is_text(p.store, "the policy"));
	scene_end(&x);
}

Test(cades, policy_without_hash_keeps_its_qualifiers)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view uri = make_el(0x30, make_oid("1.2.840.113549.1.9.16.5.1"),
				  make_el(0x16, view_text("u")));
	struct view with = make_el(0x30, make_oid("1.2.3.4"), seq(uri));
	struct scene x = scene_of(make_attr(OID_SIGNATURE_POLICY, with), NONE);
	struct scene bare =
	    scene_of(make_attr(OID_SIGNATURE_POLICY, seq(make_oid("1.2.3.4"))), NONE);
	struct scene implied =
	    scene_of(make_attr(OID_SIGNATURE_POLICY, make_empty(0x05)), NONE);
	struct cades_policy p;

	cr_assert_eq(cades_policy(&x.s, &p, &err), 0, "%s", err.text);
	cr_expect(p.hash.n == 0 && view_is_text(p.uri, "u"));
	cr_assert_eq(cades_policy(&bare.s, &p, &err), 0, "%s", err.text);
	cr_expect(p.present && p.hash.n == 0 && p.uri.n == 0);
	cr_assert_eq(cades_policy(&implied.s, &p, &err), 0, "%s", err.text);
	cr_expect(p.present && p.implied);
	scene_end(&implied);
	scene_end(&bare);
	scene_end(&x);
}

Test(cades, claims_are_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view attrs[] = {
		make_attr(OID_SIGNING_TIME, make_el(0x17, view_text("200101000000Z"))),
		make_attr(OID_MIME_TYPE, make_el(0x0c, view_text("text/plain"))),
		make_attr(
		    OID_CONTENT_HINTS,
		    make_el(0x30, make_el(0x0c, view_text("hint")), make_oid("1.2.3"))),
		make_attr(OID_CONTENT_IDENTIFIER, make_octets("id")),
		make_attr(OID_SIGNER_LOCATION, make_item(1)),
		make_attr(OID_SIGNER_ATTRIBUTES_V2, make_item(2)),
		make_attr2(OID_COMMITMENT_TYPE, algorithm("1.2.3.1"),
			   algorithm("1.2.3.2")),
		make_attr(OID_COMMITMENT_TYPE, algorithm("1.2.3.3")),
	};
	struct view all = NONE;
	struct cades_claims c;

	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		all = make_joined(all, attrs[i]);
	struct scene x = scene_of(all, NONE);
	cr_assert_eq(cades_claims(&x.s, &c, &err), 0, "%s", err.text);
	cr_expect_eq(c.signing_time_ms, 1577836800000);
	cr_expect(view_is_text(c.mime_type, "text/plain"));
	cr_expect(view_is_text(c.content_hints_text, "hint") &&
		  oid_is(c.content_hints_type, "1.2.3"));
	cr_expect(view_is_text(c.content_identifier, "id"));
	cr_expect(view_equal(c.location, make_item(1)));
	cr_expect(view_equal(c.signer_attributes, make_item(2)) &&
		  c.signer_attributes_v2);
	cr_assert_eq(c.n_commitments, 3);
	cr_expect_str_eq(c.commitments[2], "1.2.3.3");
	scene_end(&x);
}

/* ---- cms-algorithm-protection ---- */

static bool protected_ok(struct view digest, struct view signature_body,
			 struct view extra)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_claims c;
	struct view sig = signature_body.n > 0 ? make_el(0xa1, signature_body) : NONE;
	struct scene x = scene_of(
	    make_attr(OID_CMS_ALGORITHM_PROTECTION, make_el(0x30, digest, sig, extra)),
	    NONE);

	cr_assert_eq(cades_claims(&x.s, &c, &err), 0, "%s", err.text);
	cr_expect(c.algorithm_protection);
	scene_end(&x);
	return c.algorithm_protection_ok;
}

Test(cades, algorithm_protection_holds_only_for_the_same_algorithms)
{
	struct view digest = algorithm("2.16.840.1.101.3.4.2.1");
	struct view signature = make_oid("1.2.840.113549.1.1.11");
	struct view null = make_empty(0x05);

	cr_expect_not(
	    protected_ok(algorithm("2.16.840.1.101.3.4.2.2"), signature, NONE));
	cr_expect_not(protected_ok(digest, make_oid("1.2.840.113549.1.1.12"), NONE));
	cr_expect_not(protected_ok(digest, make_joined(signature, make_int(1)), NONE));
	cr_expect_not(protected_ok(digest, NONE, NONE));
	cr_expect_not(protected_ok(digest, signature, make_el(0xa2, signature)));
	cr_expect(protected_ok(digest, signature, NONE));
	cr_expect(protected_ok(digest, make_joined(signature, null), NONE));
}

Test(cades, countersignatures_of_all_values_and_instances_are_listed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_signer inner = make_signer_default();
	struct view a = make_signer_build(&inner);
	struct scene x = scene_of(make_attr(OID_CONTENT_TYPE, make_oid("1.2.3")),
				  make_joined(make_attr2(OID_COUNTERSIGNATURE, a, a),
					      make_attr(OID_COUNTERSIGNATURE, a)));
	struct view *v = NULL;
	size_t n = 0;
	struct cms_signer s;
	struct buf joined;

	cr_assert_eq(cades_countersignatures(&x.s, &v, &n, &err), 0, "%s", err.text);
	cr_assert_eq(n, 3);
	cr_assert_eq(cms_signer_parse(v[2], &s, &joined, &err), 0, "%s", err.text);
	cr_expect(view_is_text(s.signature, "signature"));
	cms_signer_clear(&s);
	buf_free(&joined);
	mem_free(v);
	scene_end(&x);
}
