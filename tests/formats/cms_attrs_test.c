/* SPDX-License-Identifier: Apache-2.0 */
/* Unsigned attributes put into files and into tokens inside of them. */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"

#define NONE ((struct view){ NULL, 0 })
#define OUT_MAX ((size_t)64 << 20)

static struct view keep(struct buf *b)
{
	struct view v = make_joined(view_buf(b), NONE);
	buf_free(b);
	return v;
}

static struct view add(struct view in, size_t signer, const struct view *attrs,
		       size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_addition a = { signer, attrs, n };
	struct buf b = buf_make(OUT_MAX);
	cr_assert_eq(cms_add_attributes(in, &a, 1, NULL, 0, &b, &err), 0, "%s",
		     err.text);
	return keep(&b);
}

static struct view nest(struct view in, size_t attr, size_t value,
			const struct view *attrs, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_assert_eq(cms_nested_attributes(in, 0, attr, value, attrs, n, &b, &err), 0,
		     "%s", err.text);
	return keep(&b);
}

static void refused(struct view in, const struct cms_addition *a, size_t n,
		    enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_add_attributes(in, a, n, NULL, 0, &b, &err), -1);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_eq(b.n, 0);
	buf_free(&b);
}

static void nest_refused(struct view in, size_t signer, size_t attr, size_t value,
			 enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view extra = make_attr("1.2.3", make_int(1));
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(
	    cms_nested_attributes(in, signer, attr, value, &extra, 1, &b, &err), -1);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_eq(b.n, 0);
	buf_free(&b);
}

static struct cms *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(in, &cms, &err), 0, "%s", err.text);
	return cms;
}

static struct view file_with(struct view unsigned_attrs)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.unsigned_attrs = unsigned_attrs.n > 0 ? make_el(0xa1, unsigned_attrs) : NONE;
	c.signers = make_el(0x31, make_signer_build(&s));
	return make_cms_build(&c);
}

/* ---- refused ---- */

Test(cms_attrs, wrong_attributes_are_refused)
{
	struct view in = file_with(NONE);
	struct view bad[] = {
		make_int(1),
		make_el(0x30, make_oid("1.2.3")),
		make_el(0x30, make_oid("1.2.3"), make_empty(0x31)),
		make_el(0x30, make_oid("1.2.3"), make_el(0x30, make_int(1))),
		make_el(0x30, make_oid("1.2.3"), make_el(0x31, make_int(1)),
			make_int(1)),
		make_joined(make_attr("1.2.3", make_int(1)), make_int(1)),
		view_head(make_attr("1.2.3", make_int(1)), 6),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct cms_addition a = { 0, &bad[i], 1 };
		refused(in, &a, 1, LTPS_FORMAT);
	}
}

Test(cms_attrs, damaged_file_and_absent_signer_are_refused)
{
	struct view attr = make_attr("1.2.3", make_int(1));
	struct cms_addition a = { 0, &attr, 1 }, second = { 1, &attr, 1 };
	refused(make_item(1), &a, 1, LTPS_FORMAT);
	refused(file_with(NONE), &second, 1, LTPS_ARGUMENT);
}

Test(cms_attrs, more_attributes_than_allowed_are_too_large)
{
	struct view attrs[CMS_ATTRS_MAX + 1], full = NONE;
	for (size_t i = 0; i <= CMS_ATTRS_MAX; i++)
		attrs[i] = make_attr("1.2.3", make_int((unsigned)i));
	struct cms_addition a = { 0, attrs, CMS_ATTRS_MAX + 1 };
	struct cms_addition one = { 0, &attrs[CMS_ATTRS_MAX], 1 };
	struct cms_addition split[] = { { 0, attrs, CMS_ATTRS_MAX },
					{ 0, &attrs[CMS_ATTRS_MAX], 1 } };
	refused(file_with(NONE), &a, 1, LTPS_TOO_LARGE);
	refused(file_with(NONE), split, 2, LTPS_TOO_LARGE);
	for (size_t i = 0; i < CMS_ATTRS_MAX; i++)
		full = make_joined(full, attrs[i]);
	refused(file_with(full), &one, 1, LTPS_TOO_LARGE);
}

Test(cms_attrs, unknown_digest_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum digest_alg none = DIGEST_NONE;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_add_attributes(file_with(NONE), NULL, 0, &none, 1, &b, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	buf_free(&b);
}

Test(cms_attrs, place_of_a_token_that_is_not_there_is_refused)
{
	struct view in =
	    file_with(make_attr(OID_ARCHIVE_TIME_STAMP_V2, file_with(NONE)));
	struct view no_token =
	    file_with(make_attr(OID_ARCHIVE_TIME_STAMP_V2, make_item(1)));
	struct make_cms empty = make_cms_default();
	empty.signers = make_empty(0x31);
	nest_refused(in, 1, 0, 0, LTPS_ARGUMENT);
	nest_refused(in, 0, 1, 0, LTPS_ARGUMENT);
	nest_refused(in, 0, 0, 1, LTPS_ARGUMENT);
	nest_refused(no_token, 0, 0, 0, LTPS_FORMAT);
	nest_refused(
	    file_with(make_attr(OID_ARCHIVE_TIME_STAMP_V2, make_cms_build(&empty))), 0,
	    0, 0, LTPS_ARGUMENT);
}

/* ---- added ---- */

Test(cms_attrs, first_attributes_make_a_sorted_set)
{
	struct view attrs[] = { make_attr("1.2.5", make_int(1)),
				make_attr("1.2.3", make_int(2)),
				make_attr("1.2.4", make_int(3)),
				make_attr("1.2.3", make_int(2)) };
	struct view sorted = make_joined(attrs[1], make_joined(attrs[2], attrs[0]));
	cr_expect(view_equal(add(file_with(NONE), 0, attrs, 4), file_with(sorted)));
}

Test(cms_attrs, sorted_set_stays_sorted_and_another_grows_at_its_end)
{
	struct view a = make_attr("1.2.3", make_int(1));
	struct view b = make_attr("1.2.4", make_int(1));
	struct view c = make_attr("1.2.5", make_int(1));

	cr_expect(view_equal(add(file_with(make_joined(a, c)), 0, &b, 1),
			     file_with(make_joined(a, make_joined(b, c)))));
	cr_expect(view_equal(add(file_with(make_joined(c, a)), 0, &b, 1),
			     file_with(make_joined(c, make_joined(a, b)))));
}

Test(cms_attrs, what_is_there_already_changes_nothing)
{
	struct view a = make_attr("1.2.3", make_int(1));
	struct view in = file_with(a);
	cr_expect(view_equal(add(in, 0, &a, 1), in));
}

Test(cms_attrs, indefinite_lengths_stay_and_all_else_keeps_its_octets)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	struct view a = make_el_indefinite(
	    0x30, make_oid("1.2.5"), make_el_indefinite(0x31, make_octets("ber")));
	struct view b = make_attr("1.2.9", make_int(1));
	struct view fields =
	    make_joined(make_joined(s.version, s.sid),
			make_joined(make_joined(s.digest_algorithm, s.signed_attrs),
				    make_joined(s.signature_algorithm, s.signature)));
	struct view before =
	    make_el_indefinite(0x30, fields, make_el_indefinite(0xa1, a));
	bool in_order = view_compare(a, b) <= 0;
	struct view set = in_order ? make_joined(a, b) : make_joined(b, a);
	struct view after =
	    make_el_indefinite(0x30, fields, make_el_indefinite(0xa1, set));

	c.indefinite = true;
	c.certs = make_el_indefinite(0xa0, make_item(2), make_item(1));
	c.crls = make_el(0xa1, make_item(4), make_item(3));
	c.signers = make_el_indefinite(0x31, before);
	struct view in = make_cms_build(&c);
	c.signers = make_el_indefinite(0x31, after);
	cr_expect(view_equal(add(in, 0, &b, 1), make_cms_build(&c)));
}

Test(cms_attrs, signers_keep_their_places)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	struct view first = make_signer_build(&s);
	s.signature = make_octets("the longer signature");
	struct view second = make_signer_build(&s);
	struct view attr =
	    make_attr("1.2.3", make_octets("long enough to change places"));
	struct cms_addition both[] = { { 0, &attr, 1 }, { 1, &attr, 1 } };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(OUT_MAX);

	c.signers = make_el(0x31, first, second);
	struct view one = add(make_cms_build(&c), 0, &attr, 1);
	struct cms *cms = parse(one);
	cr_expect(view_is_text(cms->signers[0].signature, "signature"));
	cr_expect_eq(cms->signers[0].unsigned_attrs.n, 1);
	cr_expect(view_equal(cms->signers[1].whole, second));
	cms_free(cms);
	cr_assert_eq(
	    cms_add_attributes(make_cms_build(&c), both, 2, NULL, 0, &out, &err), 0);
	cms = parse(view_buf(&out));
	cr_expect(cms->signers[0].unsigned_attrs.n == 1 &&
		  cms->signers[1].unsigned_attrs.n == 1);
	cms_free(cms);
	buf_free(&out);
}

Test(cms_attrs, digest_algorithm_is_added_once_whatever_its_parameters)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_cms c = make_cms_default();
	struct view sha256 =
	    make_el(0x30, make_oid("2.16.840.1.101.3.4.2.1"), make_empty(0x05));
	enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA512, DIGEST_SHA512 };
	struct buf out = buf_make(OUT_MAX);

	c.digest_algorithms = make_el(0x31, sha256);
	struct view in = make_cms_build(&c);
	cr_assert_eq(cms_add_attributes(in, NULL, 0, algs, 3, &out, &err), 0, "%s",
		     err.text);
	struct view sha512 = digest_algorithm_identifier(DIGEST_SHA512);
	bool first = view_compare(sha512, sha256) < 0;
	c.digest_algorithms =
	    make_el(0x31, first ? sha512 : sha256, first ? sha256 : sha512);
	cr_expect(view_equal(view_buf(&out), make_cms_build(&c)));
	buf_free(&out);
}

/* ---- inside a token ---- */

Test(cms_attrs, token_inside_gains_attributes_and_all_else_stays)
{
	struct view material =
	    make_attr(OID_CERTIFICATE_VALUES, make_el(0x30, make_item(7)));
	struct view plain = file_with(NONE), grown = file_with(material);
	struct view other = make_attr(OID_SIGNATURE_TIME_STAMP, make_item(1));
	struct view in =
	    file_with(make_joined(other, make_attr(OID_ARCHIVE_TIME_STAMP_V2, plain)));
	struct view wanted =
	    file_with(make_joined(other, make_attr(OID_ARCHIVE_TIME_STAMP_V2, grown)));

	cr_expect(view_equal(nest(in, 1, 0, &material, 1), wanted));
}

Test(cms_attrs, unsorted_attributes_and_values_keep_their_order_around_a_token)
{
	struct view material = make_attr("1.2.3", make_int(1));
	struct view plain = file_with(NONE), grown = file_with(material);
	struct view oid = make_oid(OID_ARCHIVE_TIME_STAMP_V2);
	struct view last = make_attr("1.2.3", make_int(9));
	/* Larger before smaller, both in the set of values and in that of attributes.
	 */
	struct view big = make_el(0x31, make_int(5));
	struct view in =
	    file_with(make_joined(make_el(0x30, oid, make_el(0x31, big, plain)), last));
	struct view wanted =
	    file_with(make_joined(make_el(0x30, oid, make_el(0x31, big, grown)), last));

	cr_expect(view_equal(nest(in, 0, 1, &material, 1), wanted));
}

/* ---- real files ---- */

static bool openssl_reads(struct view in)
{
	const unsigned char *p = in.p;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)in.n);
	CMS_ContentInfo_free(ci);
	return ci != NULL;
}

static void grow_file(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL, *after;
	struct view attr = make_attr("1.2.3.4", make_octets("extra"));
	size_t *n = arg;

	if (cms_parse(bytes, &cms, &err) != 0)
		return;
	for (size_t i = 0; i < cms->n_signers; i++) {
		struct view out = add(bytes, i, &attr, 1);
		after = parse(out);
		cr_expect(openssl_reads(out), "%s", path);
		const struct cms_signer *a = &cms->signers[i], *b = &after->signers[i];
		cr_expect_eq(b->unsigned_attrs.n, a->unsigned_attrs.n + 1, "%s", path);
		cr_expect(view_equal(a->signed_attrs.whole, b->signed_attrs.whole));
		cr_expect(view_equal(a->signature_whole, b->signature_whole));
		cr_expect(view_equal(cms->encap, after->encap));
		cr_expect(view_equal(cms->certs_whole, after->certs_whole));
		cr_expect(view_equal(cms->crls_whole, after->crls_whole));
		size_t k = 0;
		for (size_t j = 0; j < b->unsigned_attrs.n; j++) {
			if (!oid_is(b->unsigned_attrs.a[j].type, "1.2.3.4"))
				cr_expect(view_equal(b->unsigned_attrs.a[j].whole,
						     a->unsigned_attrs.a[k++].whole));
		}
		cms_free(after);
		++*n;
	}
	cms_free(cms);
}

Test(cms_attrs, real_files_keep_every_existing_octet)
{
	size_t n = 0;

	if (!corpus_present())
		cr_skip("no corpus");
	corpus_walk("cades/validation", grow_file, &n);
	cr_expect_gt(n, 60);
}
