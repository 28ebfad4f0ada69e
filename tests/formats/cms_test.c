/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"

static void refused(struct view in, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(in, &cms, &err), -1, "%s: accepted", text);
	cr_expect_eq(err.code, code, "%s: %s %s", text, ltps_code_name(err.code),
		     err.text);
	cr_expect_eq(err.fault, LTPS_FAULT_OBJECT, "%s", text);
	cr_expect(strstr(err.text, text) != NULL, "'%s' for '%s'", err.text, text);
	cr_expect_null(cms);
}

static struct cms *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(in, &cms, &err), 0, "%s", err.text);
	return cms;
}

/* ---- refused ---- */

Test(cms, empty_input_is_refused)
{
	refused(VIEW_NULL, LTPS_FORMAT, "ContentInfo");
}

Test(cms, every_cut_of_a_file_is_refused)
{
	struct make_cms c = make_cms_default();
	struct view whole = make_cms_build(&c);
	c.indefinite = true;
	struct view ber = make_cms_build(&c);
	for (size_t n = 0; n < whole.n; n++)
		refused(view_head(whole, n), LTPS_FORMAT, "");
	for (size_t n = 0; n < ber.n; n++)
		refused(view_head(ber, n), LTPS_FORMAT, "");
}

Test(cms, trailing_byte_is_refused)
{
	struct make_cms c = make_cms_default();
	refused(make_joined(make_cms_build(&c), view_text("\n")), LTPS_FORMAT,
		"ContentInfo: trailing");
}

Test(cms, other_content_type_is_unsupported)
{
	struct make_cms c = make_cms_default();
	c.content_type = make_oid("1.2.840.113549.1.7.3");
	refused(make_cms_build(&c), LTPS_UNSUPPORTED, "1.2.840.113549.1.7.3");
}

Test(cms, primitive_sequence_is_refused)
{
	struct make_cms c = make_cms_default();
	struct view whole = make_cms_build(&c);
	struct view bad = make_el(0x10, view_skip(whole, 3));
	refused(bad, LTPS_FORMAT, "primitive list");
}

Test(cms, constructed_version_is_refused)
{
	struct make_cms c = make_cms_default();
	c.version = make_el(0x22, make_int(1));
	refused(make_cms_build(&c), LTPS_FORMAT, "constructed value");
}

Test(cms, field_behind_signer_infos_is_refused)
{
	struct make_cms c = make_cms_default();
	c.extra = make_int(1);
	refused(make_cms_build(&c), LTPS_FORMAT, "SignedData: trailing");
}

Test(cms, missing_signer_infos_is_refused)
{
	struct make_cms c = make_cms_default();
	c.signers = VIEW_NULL;
	refused(make_cms_build(&c), LTPS_FORMAT, "signerInfos");
}

Test(cms, crls_before_certificates_is_refused)
{
	struct make_cms c = make_cms_default();
	c.certs = make_el(0xa1, make_item(1));
	c.crls = make_el(0xa0, make_item(2));
	refused(make_cms_build(&c), LTPS_FORMAT, "signerInfos");
}

Test(cms, primitive_certificates_are_refused)
{
	struct make_cms c = make_cms_default();
	c.certs = make_el(0x80, make_item(1));
	refused(make_cms_build(&c), LTPS_FORMAT, "not a set");
}

Test(cms, foreign_element_among_certificates_is_refused)
{
	struct make_cms c = make_cms_default();
	c.certs = make_el(0xa0, make_item(1), make_octets("x"));
	refused(make_cms_build(&c), LTPS_FORMAT, "foreign element");
}

Test(cms, foreign_element_among_crls_is_refused)
{
	struct make_cms c = make_cms_default();
	c.crls = make_el(0xa1, make_el(0xa2, make_item(1)));
	refused(make_cms_build(&c), LTPS_FORMAT, "foreign element");
}

Test(cms, content_of_another_type_is_unsupported)
{
	struct make_cms c = make_cms_default();
	c.encap = make_el(DER_SEQUENCE, make_oid("1.3.6.1.4.1.311.2.1.4"),
			  make_el(0xa0, make_item(1)));
	refused(make_cms_build(&c), LTPS_UNSUPPORTED, "no OCTET STRING");
}

Test(cms, content_of_two_elements_is_refused)
{
	struct make_cms c = make_cms_default();
	c.encap = make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"),
			  make_el(0xa0, make_octets("a"), make_octets("b")));
	refused(make_cms_build(&c), LTPS_FORMAT, "trailing");
}

static void refused_signer(const struct make_signer *s, enum ltps_code code,
			   const char *text)
{
	struct make_cms c = make_cms_default();
	c.signers = make_el(DER_SET, make_signer_build(s));
	refused(make_cms_build(&c), code, text);
}

Test(cms, unknown_sid_is_refused)
{
	struct make_signer s = make_signer_default();
	s.sid = make_el(0xa1, make_item(1));
	refused_signer(&s, LTPS_FORMAT, "sid");
}

Test(cms, third_field_of_issuer_and_serial_is_refused)
{
	struct make_signer s = make_signer_default();
	s.sid =
	    make_el(DER_SEQUENCE, make_empty(DER_SEQUENCE), make_int(7), make_int(8));
	refused_signer(&s, LTPS_FORMAT, "issuerAndSerialNumber");
}

Test(cms, empty_serial_is_refused)
{
	struct make_signer s = make_signer_default();
	s.sid = make_el(DER_SEQUENCE, make_empty(DER_SEQUENCE),
			make_empty(ASN1_TAG_INTEGER));
	refused_signer(&s, LTPS_FORMAT, "serialNumber");
}

Test(cms, primitive_signed_attributes_are_refused)
{
	struct make_signer s = make_signer_default();
	s.signed_attrs = make_el(0x80, make_attr(OID_CONTENT_TYPE, make_octets("x")));
	refused_signer(&s, LTPS_FORMAT, "not a set");
}

Test(cms, attribute_with_a_third_field_is_refused)
{
	struct make_signer s = make_signer_default();
	s.signed_attrs =
	    make_el(0xa0, make_el(DER_SEQUENCE, make_oid(OID_CONTENT_TYPE),
				  make_el(DER_SET, make_octets("x")), make_int(1)));
	refused_signer(&s, LTPS_FORMAT, "Attribute");
}

Test(cms, attribute_values_not_in_a_set_are_refused)
{
	struct make_signer s = make_signer_default();
	s.unsigned_attrs = make_el(
	    0xa1, make_el(DER_SEQUENCE, make_oid(OID_CONTENT_TYPE), make_octets("x")));
	refused_signer(&s, LTPS_FORMAT, "attrValues");
}

Test(cms, field_behind_unsigned_attributes_is_refused)
{
	struct make_signer s = make_signer_default();
	s.extra = make_int(1);
	refused_signer(&s, LTPS_FORMAT, "SignerInfo: trailing");
}

/* n copies of one element under an identifier */
static struct view repeated(uint8_t id, struct view item, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)8 << 20);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(buf_put(&b, item, &err), 0);
	struct view v = make_el(id, view_buf(&b));
	buf_free(&b);
	return v;
}

Test(cms, one_signer_too_many_is_too_large)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	c.signers = repeated(DER_SET, make_signer_build(&s), CMS_SIGNERS_MAX + 1);
	refused(make_cms_build(&c), LTPS_TOO_LARGE, "signers");
	c.signers = repeated(DER_SET, make_signer_build(&s), CMS_SIGNERS_MAX);
	cms_free(parse(make_cms_build(&c)));
}

Test(cms, one_attribute_too_many_is_too_large)
{
	struct make_signer s = make_signer_default();
	s.unsigned_attrs =
	    repeated(0xa1, make_attr("1.2.3", make_int(1)), CMS_ATTRS_MAX + 1);
	refused_signer(&s, LTPS_TOO_LARGE, "attributes");
}

Test(cms, one_certificate_or_crl_too_many_is_too_large)
{
	struct make_cms c = make_cms_default();
	c.certs = repeated(0xa0, make_item(1), CMS_CERTS_MAX + 1);
	refused(make_cms_build(&c), LTPS_TOO_LARGE, "certificates");
	c.certs = VIEW_NULL;
	c.crls = repeated(0xa1, make_item(1), CMS_CRLS_MAX + 1);
	refused(make_cms_build(&c), LTPS_TOO_LARGE, "crls");
}

/* ---- accepted, and what comes out ---- */

Test(cms, fields_point_at_the_original_bytes)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	struct view cert = make_item(3), crl = make_item(4);
	s.unsigned_attrs = make_el(0xa1, make_attr("1.2.3", make_int(9)));
	c.signers = make_el(DER_SET, make_signer_build(&s));
	c.certs = make_el(0xa0, cert);
	c.crls = make_el(0xa1, crl);
	struct view in = make_cms_build(&c);
	struct cms *cms = parse(in);
	cr_expect(view_equal(cms->whole, in));
	cr_expect_eq(cms->version, 1);
	cr_expect(oid_is(cms->content_type, "1.2.840.113549.1.7.1"));
	cr_expect(cms->has_content);
	cr_expect(view_is_text(cms->content, "hello"));
	cr_assert_eq(cms->n_certs, 1);
	cr_expect(view_equal(cms->certs[0], cert));
	cr_assert_eq(cms->n_crls, 1);
	cr_expect(view_equal(cms->crls[0], crl));
	cr_assert_eq(cms->n_signers, 1);
	const struct cms_signer *k = &cms->signers[0];
	cr_expect_eq(k->issuer.n, 2);
	cr_expect_eq(k->serial.n, 1);
	cr_expect_eq(k->ski.n, 0);
	cr_expect(view_is_text(k->signature, "signature"));
	cr_expect_eq(k->signed_attrs.n, 2);
	cr_expect(view_equal(k->unsigned_attrs.whole, s.unsigned_attrs));
	cms_free(cms);
}

Test(cms, indefinite_lengths_and_constructed_strings_are_joined)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	struct view parts = make_joined(make_octets("he"), make_octets("llo"));
	c.indefinite = true;
	c.encap = make_el_indefinite(
	    DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"),
	    make_el_indefinite(0xa0, make_el_indefinite(0x24, parts)));
	s.sid = make_el(0xa0, make_octets("key"), make_octets("id"));
	s.signature = make_el(0x24, make_octets("sig"), make_octets("nature"));
	c.signers = make_el_indefinite(DER_SET, make_signer_build(&s));
	struct cms *cms = parse(make_cms_build(&c));
	cr_expect(view_is_text(cms->content, "hello"));
	cr_expect(view_is_text(cms->signers[0].ski, "keyid"));
	cr_expect(view_is_text(cms->signers[0].signature, "signature"));
	cms_free(cms);
}

Test(cms, primitive_key_identifier_is_read)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.sid = make_el(0x80, view_text("keyid"));
	c.signers = make_el(DER_SET, make_signer_build(&s));
	struct cms *cms = parse(make_cms_build(&c));
	cr_expect(view_is_text(cms->signers[0].ski, "keyid"));
	cr_expect_eq(cms->signers[0].issuer.n, 0);
	cms_free(cms);
}

Test(cms, detached_content_is_absent)
{
	struct make_cms c = make_cms_default();
	c.encap = make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"));
	struct cms *cms = parse(make_cms_build(&c));
	cr_expect_not(cms->has_content);
	cr_expect_eq(cms->content.n, 0);
	cms_free(cms);
}

/* ---- attributes ---- */

static struct cms *with_unsigned(struct view attrs)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.unsigned_attrs = make_el(0xa1, attrs);
	c.signers = make_el(DER_SET, make_signer_build(&s));
	return parse(make_cms_build(&c));
}

static void attr_refused(struct view attrs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view v = VIEW_NULL;
	struct cms *cms = with_unsigned(attrs);
	cr_expect_eq(cms_attr_one(&cms->signers[0].unsigned_attrs, "1.2.3", &v, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
	cms_free(cms);
}

Test(cms, attribute_given_twice_is_refused)
{
	struct view a = make_attr("1.2.3", make_int(1));
	attr_refused(make_joined(a, a));
}

Test(cms, attribute_with_two_values_is_refused)
{
	attr_refused(make_attr("1.2.3", make_joined(make_int(1), make_int(2))));
}

Test(cms, attribute_without_value_is_refused)
{
	attr_refused(make_attr("1.2.3", VIEW_NULL));
}

Test(cms, absent_attribute_is_no_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view v = view_text("x");
	struct cms *cms = with_unsigned(make_attr("1.2.4", make_int(1)));
	cr_expect_eq(cms_attr_one(&cms->signers[0].unsigned_attrs, "1.2.3", &v, &err),
		     0);
	cr_expect_eq(v.n, 0);
	cr_expect_null(cms_attr_find(&cms->signers[0].unsigned_attrs, "1.2.4", 1));
	cr_expect_eq(cms_attr_one(&cms->signers[0].unsigned_attrs, "1.2.4", &v, &err),
		     0);
	cr_expect(view_equal(v, make_int(1)));
	cms_free(cms);
}

static struct view signed_der(struct view attrs)
{
	static struct buf b;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.signed_attrs = attrs;
	c.signers = make_el(DER_SET, make_signer_build(&s));
	struct cms *cms = parse(make_cms_build(&c));
	b = buf_make(4096);
	cr_assert_eq(cms_signed_attrs_der(&cms->signers[0], &b, &err), 0, "%s",
		     err.text);
	cms_free(cms);
	struct view v = make_joined(view_buf(&b), VIEW_NULL);
	buf_free(&b);
	return v;
}

Test(cms, signed_attributes_are_given_in_der_whatever_their_form)
{
	struct view a = make_attr("1.2.3", make_octets("ab"));
	struct view b = make_attr("1.2.3.4", make_octets("c"));
	struct view want = make_el(DER_SET, b, a);
	if (view_compare(a, b) < 0)
		want = make_el(DER_SET, a, b);
	/* Constructed string, indefinite lengths, wrong order */
	struct view split =
	    make_el_indefinite(0x24, make_octets("a"), make_octets("b"));
	struct view ber = make_el_indefinite(DER_SEQUENCE, make_oid("1.2.3"),
					     make_el_indefinite(DER_SET, split));
	cr_expect(view_equal(signed_der(make_el(0xa0, a, b)), want));
	cr_expect(view_equal(signed_der(make_el(0xa0, b, a)), want));
	cr_expect(view_equal(signed_der(make_el_indefinite(0xa0, b, ber)), want));
}

Test(cms, signed_attributes_that_are_absent_are_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_signer none = { 0 };
	struct buf b = buf_make(16);
	cr_expect_eq(cms_signed_attrs_der(&none, &b, &err), -1);
	cr_expect_eq(err.code, LTPS_STATE);
}

/* ---- revocation information ---- */

static struct buf ocsp_of(struct view choice, int want)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4096);
	cr_expect_eq(cms_crl_ocsp_response(choice, &b, &err), want, "%s", err.text);
	return b;
}

Test(cms, both_forms_of_an_ocsp_response_give_the_same)
{
	struct view basic = make_basic_ocsp(1), full = make_ocsp(basic, 0);
	struct view choices[] = {
		make_other_revocation(OID_RI_OCSP_RESPONSE, full),
		make_other_revocation(OID_PKIX_OCSP_BASIC, basic),
		make_other_revocation(OID_RI_OCSP_RESPONSE, basic),
		make_other_revocation(OID_PKIX_OCSP_BASIC, full),
	};
	for (size_t i = 0; i < 4; i++) {
		struct buf b = ocsp_of(choices[i], 0);
		cr_expect(view_equal(view_buf(&b), full), "form %zu", i);
		buf_free(&b);
	}
}

Test(cms, what_is_no_ocsp_response_gives_nothing)
{
	struct buf b = ocsp_of(make_item(1), 0);
	cr_expect_eq(b.n, 0);
	b = ocsp_of(make_other_revocation("1.3.6.1.5.5.7.16.4", make_item(1)), 0);
	cr_expect_eq(b.n, 0);
}

Test(cms, broken_ocsp_choice_is_refused)
{
	ocsp_of(make_other_revocation(OID_RI_OCSP_RESPONSE, make_int(1)), -1);
	ocsp_of(make_other_revocation(OID_RI_OCSP_RESPONSE, VIEW_NULL), -1);
	ocsp_of(make_other_revocation(OID_RI_OCSP_RESPONSE,
				      make_joined(make_item(1), make_item(2))),
		-1);
}

/* ---- allocation failure ---- */

Test(cms, every_failing_allocation_is_an_ordinary_error)
{
	struct make_cms c = make_cms_default();
	c.certs = make_el(0xa0, make_item(1));
	c.crls = make_el(0xa1, make_item(1));
	struct view in = make_cms_build(&c);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct cms *cms = NULL;
		mem_fail_nth(n);
		int rc = cms_parse(in, &cms, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc == 0) {
			cms_free(cms);
			cr_expect_not(hit);
			cr_expect_gt(n, 4);
			break;
		}
		cr_expect_eq(err.code, LTPS_NOMEM);
	}
}

/* ---- corpus ---- */

struct tally {
	size_t parsed;
	size_t wrong;
};

static void visit(const char *path, struct view bytes, void *arg)
{
	struct tally *t = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	struct buf der = buf_make(CMS_SIZE_MAX);
	enum format_kind kind = format_detect(bytes)->kind;
	bool is_cms = kind == FORMAT_CADES || kind == FORMAT_TIME_STAMP_TOKEN;
	struct view in = bytes;

	if (format_is_pem(bytes) && format_pem_decode(bytes, &der, &err) == 0)
		in = view_buf(&der);
	int rc = cms_parse(in, &cms, &err);
	if ((rc == 0) != is_cms) {
		t->wrong++;
		cr_log_warn("%s: detected as %s, parser says %s", path,
			    format_detect(bytes)->name, rc == 0 ? "CMS" : err.text);
	}
	if (rc == 0)
		t->parsed++;
	else if (err.code != LTPS_FORMAT && err.code != LTPS_UNSUPPORTED)
		t->wrong++;
	cms_free(cms);
	buf_free(&der);
}

Test(cms, every_signature_of_the_corpus_is_decoded)
{
	struct tally t = { 0, 0 };
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	corpus_walk("cades", visit, &t);
	corpus_walk("tokens", visit, &t);
	corpus_walk("scvp", visit, &t);
	cr_expect_eq(t.wrong, 0);
	cr_expect_eq(t.parsed, 73, "%zu", t.parsed);
}

/* ---- fields as they stand, and a signer on its own ---- */

Test(cms, fields_of_signed_data_and_signer_are_given_with_their_tags)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.sid = make_el(0x80, view_text("key id"));
	s.signature =
	    make_el_indefinite(0x24, make_octets("sig"), make_octets("nature"));
	c.certs = make_el_indefinite(0xa0, make_item(1));
	c.crls = make_el(0xa1, make_item(2));
	c.signers = make_el(0x31, make_signer_build(&s));
	struct cms *cms = parse(make_cms_build(&c));
	cr_expect(view_equal(cms->digest_algorithms, c.digest_algorithms));
	cr_expect(view_equal(cms->encap, c.encap));
	cr_expect(view_equal(cms->certs_whole, c.certs));
	cr_expect(view_equal(cms->crls_whole, c.crls));
	cr_expect(view_equal(cms->signers[0].version, s.version));
	cr_expect(view_equal(cms->signers[0].sid, s.sid));
	cr_expect(view_equal(cms->signers[0].signature_whole, s.signature));
	cr_expect(view_is_text(cms->signers[0].signature, "signature"));
	cms_free(cms);
}

Test(cms, absent_sets_have_no_octets)
{
	struct make_cms c = make_cms_default();
	struct cms *cms = parse(make_cms_build(&c));
	cr_expect(cms->certs_whole.n == 0 && cms->crls_whole.n == 0);
	cms_free(cms);
}

Test(cms, signer_on_its_own_is_refused_when_cut_or_followed)
{
	struct make_signer s = make_signer_default();
	s.signature =
	    make_el_indefinite(0x24, make_octets("sig"), make_octets("nature"));
	s.unsigned_attrs = make_el(0xa1, make_attr("1.2.3", make_int(1)));
	struct view whole = make_signer_build(&s);
	for (size_t n = 0; n <= whole.n; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view in =
		    n < whole.n ? view_head(whole, n) : make_joined(whole, make_int(1));
		struct cms_signer ret;
		struct buf joined;
		cr_expect_eq(cms_signer_parse(in, &ret, &joined, &err), -1, "%zu", n);
		cr_expect_eq(err.code, LTPS_FORMAT);
		cr_expect_null(joined.p);
	}
}

Test(cms, signer_on_its_own_reads_as_in_a_file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_signer s = make_signer_default();
	struct cms_signer ret;
	struct buf joined;
	s.sid = make_el_indefinite(0xa0, make_octets("key"), make_octets("id"));
	s.signature =
	    make_el_indefinite(0x24, make_octets("sig"), make_octets("nature"));
	cr_assert_eq(cms_signer_parse(make_signer_build(&s), &ret, &joined, &err), 0,
		     "%s", err.text);
	/* Both are joined in one buffer, which must not have moved. */
	cr_expect(view_is_text(ret.ski, "keyid"));
	cr_expect(view_is_text(ret.signature, "signature"));
	cr_expect_eq(ret.signed_attrs.n, 2);
	cms_signer_clear(&ret);
	cms_signer_clear(&ret);
	cms_signer_clear(NULL);
	buf_free(&joined);
}
