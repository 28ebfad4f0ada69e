/* SPDX-License-Identifier: Apache-2.0 */
/* The hash index of archive-time-stamp-v3: read, built, and matched with a file. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "tests/support/cms_make.h"

#define NONE ((struct view){ NULL, 0 })

static struct view sha256_of(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(digest_once(DIGEST_SHA256, v, &d, &err), 0);
	return make_el(0x04, digest_view(&d));
}

static struct view sha256_algorithm(void)
{
	return make_el(0x30, make_oid("2.16.840.1.101.3.4.2.1"));
}

/* A file with two certificates, a CRL, an OCSP response and unsigned attributes. */
static struct view attr_one(void)
{
	return make_attr(OID_SIGNATURE_TIME_STAMP, make_item(10));
}

static struct view attr_two(void)
{
	return make_el(0x30, make_oid(OID_CERTIFICATE_VALUES),
		       make_el(0x31, make_item(11), make_item(12)));
}

static struct view ocsp_choice(void)
{
	return make_other_revocation(OID_RI_OCSP_RESPONSE,
				     make_ocsp(make_basic_ocsp(1), 0));
}

static struct cms *make_file(struct view unsigned_attrs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	struct cms *cms = NULL;

	s.unsigned_attrs = unsigned_attrs.n > 0 ? make_el(0xa1, unsigned_attrs) : NONE;
	c.signers = make_el(0x31, make_signer_build(&s));
	c.certs = make_el(0xa0, make_item(1), make_item(2));
	c.crls = make_el(0xa1, make_item(3), ocsp_choice());
	cr_assert_eq(cms_parse(make_cms_build(&c), &cms, &err), 0, "%s", err.text);
	return cms;
}

static struct cms *default_file(void)
{
	return make_file(make_joined(attr_one(), attr_two()));
}

/* An index read from a signer that has these unsigned attributes. */
static int parse_index(struct view unsigned_attrs, struct cades_index *ret,
		       struct cms **ret_cms, struct ltps_error *err)
{
	*ret_cms = make_file(unsigned_attrs);
	return cades_index_parse(&(*ret_cms)->signers[0], ret, err);
}

static void refused(struct view unsigned_attrs, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_index x = { 0 };
	struct cms *cms = NULL;
	char line[512];

	cr_assert_eq(parse_index(unsigned_attrs, &x, &cms, &err), -1, "%s", text);
	ltps_error_line(&err, line, sizeof(line));
	cr_expect_eq(err.code, code, "%s", line);
	cr_expect_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_expect(strstr(line, text) != NULL, "'%s' for '%s'", line, text);
	cms_free(cms);
}

static struct view lists(struct view certs, struct view crls, struct view attrs)
{
	return make_joined(make_el(0x30, certs),
			   make_joined(make_el(0x30, crls), make_el(0x30, attrs)));
}

static struct view v3_attr(struct view body)
{
	return make_attr(OID_ATS_HASH_INDEX_V3, make_el(0x30, body));
}

/* ---- refused ---- */

Test(cades_index, absent_index_is_not_found)
{
	refused(attr_one(), LTPS_NOT_FOUND, "no hash index");
}

Test(cades_index, several_indexes_are_refused)
{
	struct view body = make_joined(sha256_algorithm(), lists(NONE, NONE, NONE));
	struct view twice =
	    make_el(0x30, make_oid(OID_ATS_HASH_INDEX_V3),
		    make_el(0x31, make_el(0x30, body), make_el(0x30, body)));
	refused(make_joined(v3_attr(body), v3_attr(body)), LTPS_FORMAT,
		"more than once");
	refused(make_joined(v3_attr(body),
			    make_attr(OID_ATS_HASH_INDEX, make_el(0x30, body))),
		LTPS_FORMAT, "several hash indexes");
	refused(twice, LTPS_FORMAT, "several values");
}

Test(cades_index, wrong_shapes_are_refused)
{
	struct view octets = make_octets("x");
	struct view three = lists(NONE, NONE, NONE);
	struct view good = make_joined(sha256_algorithm(), three);

	refused(make_attr(OID_ATS_HASH_INDEX_V3, octets), LTPS_FORMAT, "ATSHashIndex");
	refused(v3_attr(NONE), LTPS_FORMAT, "hashIndAlgorithm");
	/* Only version 1 may leave the algorithm out. */
	refused(v3_attr(three), LTPS_FORMAT, "hashAlgorithm");
	refused(make_attr(OID_ATS_HASH_INDEX_V2, make_el(0x30, three)), LTPS_FORMAT,
		"hashAlgorithm");
	refused(v3_attr(make_joined(good, make_empty(0x30))), LTPS_FORMAT,
		"ATSHashIndex: trailing");
	refused(
	    v3_attr(make_joined(sha256_algorithm(), lists(make_int(1), NONE, NONE))),
	    LTPS_FORMAT, "certificatesHashIndex");
	refused(
	    v3_attr(make_joined(sha256_algorithm(), lists(NONE, make_int(1), NONE))),
	    LTPS_FORMAT, "crlsHashIndex");
	refused(
	    v3_attr(make_joined(sha256_algorithm(), lists(NONE, NONE, make_int(1)))),
	    LTPS_FORMAT, "unsignedAttrsHashIndex");
	refused(v3_attr(make_joined(sha256_algorithm(),
				    lists(make_el(0x24, octets), NONE, NONE))),
		LTPS_FORMAT, "constructed");
}

Test(cades_index, one_entry_too_many_is_too_large)
{
	struct view some = make_octets("h"), all = NONE;
	for (size_t i = 0; i <= CADES_REFS_MAX; i++)
		all = make_joined(all, some);
	refused(v3_attr(make_joined(sha256_algorithm(), lists(all, NONE, NONE))),
		LTPS_TOO_LARGE, "entries");
}

Test(cades_index, build_for_a_signer_or_algorithm_that_is_not_there_fails)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct cms *cms = default_file();
	struct buf out = buf_make(65536);

	cr_expect_eq(cades_index_build(cms, 1, DIGEST_SHA256, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(cades_index_build(cms, 0, DIGEST_NONE, &out, &err2), -1);
	cr_expect_eq(out.n, 0);
	buf_free(&out);
	cms_free(cms);
}

/* ---- read and built ---- */

Test(cades_index, version_one_without_algorithm_is_sha256)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_index x = { 0 };
	struct cms *cms = NULL;
	struct view body = lists(make_octets("a"), NONE, make_octets("b"));

	cr_assert_eq(parse_index(make_attr(OID_ATS_HASH_INDEX, make_el(0x30, body)), &x,
				 &cms, &err),
		     0, "%s", err.text);
	cr_expect(x.version == 1 && x.alg == DIGEST_SHA256);
	cr_expect(x.n_certs == 1 && x.n_crls == 0 && x.n_attrs == 1);
	cr_expect(view_equal(x.whole, make_el(0x30, body)));
	cades_index_clear(&x);
	cms_free(cms);
}

Test(cades_index, algorithm_may_have_null_parameters)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cades_index x = { 0 };
	struct cms *cms = NULL;
	struct view alg =
	    make_el(0x30, make_oid("2.16.840.1.101.3.4.2.3"), make_empty(0x05));

	cr_assert_eq(parse_index(v3_attr(make_joined(alg, lists(NONE, NONE, NONE))), &x,
				 &cms, &err),
		     0, "%s", err.text);
	cr_expect(x.version == 3 && x.alg == DIGEST_SHA512);
	cades_index_clear(&x);
	cms_free(cms);
}

Test(cades_index, built_index_has_these_octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = default_file();
	struct buf out = buf_make(65536);
	struct view type_one = make_oid(OID_SIGNATURE_TIME_STAMP);
	struct view type_two = make_oid(OID_CERTIFICATE_VALUES);
	struct view certs =
	    make_joined(sha256_of(make_item(1)), sha256_of(make_item(2)));
	struct view crls =
	    make_joined(sha256_of(make_item(3)), sha256_of(ocsp_choice()));
	struct view attrs =
	    make_joined(sha256_of(make_joined(type_one, make_item(10))),
			make_joined(sha256_of(make_joined(type_two, make_item(11))),
				    sha256_of(make_joined(type_two, make_item(12)))));
	struct view wanted =
	    make_el(0x30, sha256_algorithm(), lists(certs, crls, attrs));

	cr_assert_eq(cades_index_build(cms, 0, DIGEST_SHA256, &out, &err), 0, "%s",
		     err.text);
	cr_expect(view_equal(view_buf(&out), wanted));
	buf_free(&out);
	cms_free(cms);
}

Test(cades_index, absent_sets_are_empty_lists)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_cms c = make_cms_default();
	struct cms *cms = NULL;
	struct buf out = buf_make(65536);

	cr_assert_eq(cms_parse(make_cms_build(&c), &cms, &err), 0);
	cr_assert_eq(cades_index_build(cms, 0, DIGEST_SHA256, &out, &err), 0);
	cr_expect(view_equal(view_buf(&out), make_el(0x30, sha256_algorithm(),
						     lists(NONE, NONE, NONE))));
	buf_free(&out);
	cms_free(cms);
}

/* ---- matched ---- */

struct match {
	struct cms *cms, *token;
	struct cades_index index;
	struct cades_index_match m;
};

/* This index attribute beside a file with these unsigned attributes. */
static struct match match_of(struct view index_attr, struct view unsigned_attrs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct match x = { 0 };

	cr_assert_eq(parse_index(index_attr, &x.index, &x.token, &err), 0, "%s",
		     err.text);
	x.cms = make_file(unsigned_attrs);
	cr_assert_eq(cades_index_match(x.cms, &x.cms->signers[0], &x.index, &x.m, &err),
		     0, "%s", err.text);
	return x;
}

static void match_end(struct match *x)
{
	cades_index_match_clear(&x->m);
	cades_index_clear(&x->index);
	cms_free(x->token);
	cms_free(x->cms);
}

static struct view index_over(const struct cms *cms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(65536);
	struct tlv t;

	cr_assert_eq(cades_index_build(cms, 0, DIGEST_SHA256, &out, &err), 0);
	cr_assert_eq(tlv_only(view_buf(&out), &t, &err), 0);
	struct view attr = make_joined(v3_attr(t.body), NONE);
	buf_free(&out);
	return attr;
}

Test(cades_index, built_index_matches_its_file_and_what_comes_later_is_unlisted)
{
	struct cms *before = default_file();
	struct view later = make_attr(OID_ARCHIVE_TIME_STAMP_V3, make_item(20));
	struct match x =
	    match_of(index_over(before),
		     make_joined(later, make_joined(attr_one(), attr_two())));

	cr_expect_eq(x.m.unmatched, 0, "%s", x.m.what);
	cr_expect_eq(x.m.outside, 0);
	cr_expect(x.m.certs[0] && x.m.certs[1] && x.m.crls[0] && x.m.crls[1]);
	cr_expect(!x.m.attrs[0] && x.m.attrs[1] && x.m.attrs[2]);
	match_end(&x);
	cms_free(before);
}

Test(cades_index, value_taken_out_or_changed_leaves_an_entry_over)
{
	struct cms *before = default_file();
	struct view index = index_over(before);
	struct view fewer = make_attr(OID_CERTIFICATE_VALUES, make_item(11));
	struct view moved = make_attr(OID_CERTIFICATE_REFS, make_item(10));
	struct match a = match_of(index, make_joined(attr_one(), fewer));
	struct match b = match_of(index, make_joined(moved, attr_two()));

	cr_expect_eq(a.m.unmatched, 1);
	cr_expect_str_eq(a.m.what, "unsigned attribute entry 3");
	cr_expect(a.m.attrs[0] && a.m.attrs[1]);
	cr_expect_eq(b.m.unmatched, 1);
	cr_expect(!b.m.attrs[0] && b.m.attrs[1]);
	match_end(&b);
	match_end(&a);
	cms_free(before);
}

Test(cades_index, value_added_to_a_listed_attribute_unlists_the_attribute_only)
{
	struct cms *before = make_file(attr_one());
	struct view more = make_el(0x30, make_oid(OID_SIGNATURE_TIME_STAMP),
				   make_el(0x31, make_item(10), make_item(19)));
	struct match x = match_of(index_over(before), more);

	cr_expect_eq(x.m.unmatched, 0);
	cr_expect_not(x.m.attrs[0]);
	match_end(&x);
	cms_free(before);
}

Test(cades_index, foreign_entries_of_each_list_are_counted)
{
	struct view h = sha256_of(make_item(99));
	struct view body = make_joined(
	    sha256_algorithm(), lists(make_joined(sha256_of(make_item(1)), h), h, h));
	struct match x = match_of(v3_attr(body), attr_one());

	cr_expect_eq(x.m.unmatched, 3);
	cr_expect_str_eq(x.m.what, "certificate entry 2");
	cr_expect(x.m.certs[0] && !x.m.certs[1] && !x.m.crls[0] && !x.m.attrs[0]);
	match_end(&x);
}

Test(cades_index, entry_of_another_list_is_no_match)
{
	struct view cert = sha256_of(make_item(1)), crl = sha256_of(make_item(3));
	struct match x = match_of(
	    v3_attr(make_joined(sha256_algorithm(), lists(crl, cert, NONE))), NONE);

	cr_expect_eq(x.m.unmatched, 2);
	match_end(&x);
}

Test(cades_index, unknown_algorithm_matches_nothing)
{
	struct view alg = make_el(0x30, make_oid("1.2.3.4"));
	struct view list = sha256_of(make_item(1));
	struct match x =
	    match_of(v3_attr(make_joined(alg, lists(list, NONE, NONE))), attr_one());

	cr_expect_eq(x.m.unmatched, 1);
	cr_expect_not(x.m.certs[0]);
	match_end(&x);
}

Test(cades_index, entry_given_twice_stands_for_the_same_object)
{
	struct view h = sha256_of(make_item(1));
	struct match x =
	    match_of(v3_attr(make_joined(sha256_algorithm(),
					 lists(make_joined(h, h), NONE, NONE))),
		     NONE);

	cr_expect_eq(x.m.unmatched, 0);
	cr_expect(x.m.certs[0] && !x.m.certs[1]);
	match_end(&x);
}

Test(cades_index, versions_one_and_two_list_whole_attributes)
{
	struct view by_attr =
	    make_joined(sha256_algorithm(), lists(NONE, NONE, sha256_of(attr_two())));
	struct view by_value =
	    make_joined(sha256_algorithm(),
			lists(NONE, NONE,
			      sha256_of(make_joined(make_oid(OID_SIGNATURE_TIME_STAMP),
						    make_item(10)))));
	struct view attrs = make_joined(attr_one(), attr_two());
	static const char *const oids[] = { OID_ATS_HASH_INDEX, OID_ATS_HASH_INDEX_V2 };

	for (size_t i = 0; i < 2; i++) {
		struct match x =
		    match_of(make_attr(oids[i], make_el(0x30, by_attr)), attrs);
		struct match y =
		    match_of(make_attr(oids[i], make_el(0x30, by_value)), attrs);
		cr_expect(x.m.unmatched == 0 && !x.m.attrs[0] && x.m.attrs[1]);
		cr_expect_eq(y.m.unmatched, 1);
		match_end(&y);
		match_end(&x);
	}
	struct match z = match_of(v3_attr(by_attr), attrs);
	cr_expect_eq(z.m.unmatched, 1);
	match_end(&z);
}

Test(cades_index, attribute_stored_in_ber_is_matched_in_der_too)
{
	struct view oid = make_oid(OID_SIGNATURE_TIME_STAMP);
	struct view ber = make_el_indefinite(0x30, oid, make_el(0x31, make_item(10)));
	struct view listed =
	    make_joined(sha256_algorithm(), lists(NONE, NONE, sha256_of(attr_one())));
	struct match x =
	    match_of(make_attr(OID_ATS_HASH_INDEX_V2, make_el(0x30, listed)), ber);

	cr_expect(x.m.unmatched == 0 && x.m.attrs[0]);
	match_end(&x);
}

Test(cades_index, entries_for_what_stands_in_values_and_tokens_are_outside)
{
	struct make_cms token = make_cms_default();
	token.certs = make_el(0xa0, make_item(30));
	struct view values =
	    make_attr(OID_CERTIFICATE_VALUES, make_el(0x30, make_item(31)));
	struct view revocation =
	    make_attr(OID_REVOCATION_VALUES,
		      make_el(0x30, make_el(0xa0, make_el(0x30, make_item(32))),
			      make_el(0xa1, make_el(0x30, make_basic_ocsp(33)))));
	struct view stamp = make_attr(OID_SIGNATURE_TIME_STAMP, make_cms_build(&token));
	struct view choice = make_other_revocation(OID_RI_OCSP_RESPONSE,
						   make_ocsp(make_basic_ocsp(33), 0));
	struct view certs =
	    make_joined(sha256_of(make_item(30)),
			make_joined(sha256_of(make_item(31)), sha256_of(make_item(1))));
	struct view crls =
	    make_joined(sha256_of(make_item(32)),
			make_joined(sha256_of(choice), sha256_of(make_item(98))));
	struct match x =
	    match_of(v3_attr(make_joined(sha256_algorithm(), lists(certs, crls, NONE))),
		     make_joined(values, make_joined(revocation, stamp)));

	cr_expect_eq(x.m.outside, 4);
	cr_expect_eq(x.m.unmatched, 1);
	cr_expect_str_eq(x.m.what, "revocation entry 3");
	match_end(&x);
}
