/* SPDX-License-Identifier: Apache-2.0 */
/* ByteRange, gap, /Contents and the kind of a signature dictionary: each rule broken
 * alone. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pades_make.h"

/* The file of make_signed() with other entries in the signature dictionary. */
static struct view with_sig(const char *sig)
{
	struct make_object o = { .number = 6, .body = sig };

	return MAKE(VIEW_NULL, make_catalog, make_pages, make_page, make_form,
		    make_field, o);
}

static void expect_defect(struct view file, const char *text,
			  enum pades_coverage coverage, const char *what)
{
	struct pades *p = make_read(file);

	cr_assert_eq(p->n_signatures, 1, "%s", what);
	cr_expect_neq(strstr(p->signatures[0].defect, text), NULL, "%s: \"%s\"", what,
		      p->signatures[0].defect);
	cr_expect_eq(p->signatures[0].coverage, coverage, "%s: %d", what,
		     (int)p->signatures[0].coverage);
	pades_free(p);
}

/* ---- entries that are missing or odd ---- */

#define HEAD "<< /Type /Sig /SubFilter /ETSI.CAdES.detached "

Test(pades_range, dictionary_without_what_a_signature_needs_is_listed_with_a_defect)
{
	static const struct {
		const char *sig, *defect;
		enum pades_coverage coverage;
	} cases[] = {
		{ "<< >>", "no /Contents", PADES_COVERS_NOTHING },
		{ HEAD MAKE_RANGE " /X << " MAKE_HEX(MAKE_CMS) " >> >>", "no /Contents",
		  PADES_COVERS_NOTHING },
		{ HEAD MAKE_HEX(MAKE_CMS) " >>", "no /ByteRange",
		  PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange null " MAKE_HEX(MAKE_CMS) " >>", "no /ByteRange",
		  PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange [] " MAKE_HEX(MAKE_CMS) " >>", "not four integers",
		  PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange [0 10 20] " MAKE_HEX(MAKE_CMS) " >>",
		  "not four integers", PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange [0 10 20 30 40 50] " MAKE_HEX(MAKE_CMS) " >>",
		  "not four integers", PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange [0 10.0 20 30] " MAKE_HEX(MAKE_CMS) " >>",
		  "not four integers", PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange 7 0 R " MAKE_HEX(MAKE_CMS) " >>",
		  "not four integers", PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange [0 -1 20 30] " MAKE_HEX(MAKE_CMS) " >>",
		  "does not fit", PADES_COVERS_NOTHING },
		{ HEAD
		  "/ByteRange [0 9223372036854775807 2 9223372036854775807] " MAKE_HEX(
		      MAKE_CMS) " >>",
		  "does not fit", PADES_COVERS_NOTHING },
		{ HEAD "/ByteRange [0 0 0 0] " MAKE_HEX(MAKE_CMS) " >>", "does not fit",
		  PADES_COVERS_NOTHING },
		{ HEAD MAKE_RANGE " /Contents <> >>", "/Contents is empty",
		  PADES_COVERS_NOTHING },
		{ HEAD MAKE_RANGE " /Contents null /X << " MAKE_HEX(MAKE_CMS) " >> >>",
		  "no /Contents", PADES_COVERS_NOTHING },
		{ HEAD MAKE_RANGE " /Contents /abc /X << " MAKE_HEX(MAKE_CMS) " >> >>",
		  "no string", PADES_COVERS_NOTHING },
		{ HEAD MAKE_RANGE " /Contents 7 0 R /X << " MAKE_HEX(MAKE_CMS) " >> >>",
		  "another object", PADES_COVERS_NOTHING },
		/* The gap is what another entry has. */
		{ HEAD MAKE_RANGE
		  " /X << " MAKE_HEX(MAKE_CMS_2) " >> "
						 "/Contents (0123456789abcdef) >>",
		  "not /Contents in hex alone", PADES_COVERS_NOTHING },
		/* White space between the digits. */
		{ HEAD MAKE_RANGE " /Contents <3003 020105> >>",
		  "not /Contents in hex alone", PADES_COVERS_NOTHING },
		/* An odd digit, whose last half is 0. */
		{ HEAD MAKE_RANGE " /Contents <300302010> >>",
		  "not /Contents in hex alone", PADES_COVERS_NOTHING },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_defect(with_sig(cases[i].sig), cases[i].defect,
			      cases[i].coverage, cases[i].sig);
}

/* ---- the range of a good file moved ---- */

Test(pades_range, range_that_does_not_begin_at_the_start_is_a_defect)
{
	expect_defect(make_swap(make_signed(), "Range [0", 0, "Range [1"),
		      "does not fit", PADES_COVERS_NOTHING, "a is 1");
}

Test(pades_range, gap_other_than_contents_is_a_defect)
{
	static const struct {
		size_t index;
		int64_t by;
	} cases[] = { { 1, -1 }, { 1, 1 }, { 2, -1 }, { 2, 1 } };

	for (size_t i = 0; i < 4; i++) {
		struct view file =
		    make_move_range(make_signed(), 0, cases[i].index, cases[i].by);
		/* The second part still ends with the file. */
		if (cases[i].index == 2)
			file = make_move_range(file, 0, 3, -cases[i].by);
		expect_defect(file, "not /Contents in hex alone", PADES_COVERS_NOTHING,
			      "gap");
	}
}

Test(pades_range, gap_of_the_right_size_at_another_place_is_a_defect)
{
	struct view file = make_move_range(make_signed(), 0, 1, 1);

	file = make_move_range(make_move_range(file, 0, 2, 1), 0, 3, -1);
	expect_defect(file, "not /Contents in hex alone", PADES_COVERS_NOTHING,
		      "both by one");
}

Test(pades_range, range_that_ends_in_the_middle_is_a_defect)
{
	expect_defect(make_move_range(make_signed(), 0, 3, -30), "end of no revision",
		      PADES_COVERS_UNCLEAR, "30 less");
}

Test(pades_range, range_beyond_the_file_is_a_defect)
{
	expect_defect(make_move_range(make_signed(), 0, 3, 1), "does not fit",
		      PADES_COVERS_NOTHING, "one more");
}

Test(pades_range, range_of_nothing_behind_the_gap_is_a_defect)
{
	struct pades *p = make_read(make_signed());
	int64_t d = (int64_t)p->signatures[0].range[3];

	pades_free(p);
	expect_defect(make_move_range(make_signed(), 0, 3, -d), "does not fit",
		      PADES_COVERS_NOTHING, "d is 0");
}

Test(pades_range, range_up_to_the_end_of_file_marker_is_fine)
{
	struct pades *p = make_read(make_move_range(make_signed(), 0, 3, -1));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_eq(p->signatures[0].defect, "");
	cr_expect_eq(p->signatures[0].coverage, PADES_COVERS_FILE);
	pades_free(p);
}

Test(pades_range, octets_behind_the_signed_end_are_not_covered)
{
	struct pades *p = make_read(make_append(make_signed(), "junk"));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_eq(p->signatures[0].defect, "");
	cr_expect_eq(p->signatures[0].coverage, PADES_COVERS_REVISION);
	pades_free(p);
}

Test(pades_range, octets_behind_the_end_that_are_signed_are_covered)
{
	struct view file = make_append(make_signed(), "junk");
	struct pades *p = make_read(make_move_range(file, 0, 3, 4));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_eq(p->signatures[0].defect, "");
	cr_expect_eq(p->signatures[0].coverage, PADES_COVERS_FILE);
	pades_free(p);
}

/* ---- what stands in /Contents ---- */

static void expect_contents(const char *hex, const char *defect, size_t cms)
{
	char sig[256];

	snprintf(sig, sizeof(sig), HEAD MAKE_RANGE " /Contents <%s> >>", hex);
	struct pades *p = make_read(with_sig(sig));
	cr_assert_eq(p->n_signatures, 1);
	if (defect == NULL)
		cr_expect_str_eq(p->signatures[0].defect, "", "%s", hex);
	else
		cr_expect_neq(strstr(p->signatures[0].defect, defect), NULL, "%s: %s",
			      hex, p->signatures[0].defect);
	cr_expect_eq(p->signatures[0].cms.n, cms, "%s", hex);
	cr_expect_eq(p->signatures[0].coverage, PADES_COVERS_FILE, "%s", hex);
	pades_free(p);
}

Test(pades_range, contents_without_an_element_are_a_defect)
{
	expect_contents("00000000", "no BER element", 0);
	expect_contents("30050201", "no BER element", 0);
	expect_contents("3080020105", "no BER element", 0);
	expect_contents("1f", "no BER element", 0);
}

Test(pades_range, octets_behind_the_element_that_are_not_zero_are_a_defect)
{
	expect_contents("30030201050001", "other octets than 00", 5);
	expect_contents("30030201053003020106", "other octets than 00", 5);
}

Test(pades_range, contents_in_any_case_with_or_without_padding_are_fine)
{
	expect_contents("3003020105", NULL, 5);
	expect_contents("3003020105000000", NULL, 5);
	expect_contents("300302010A00", NULL, 5);
	expect_contents("300302010a00", NULL, 5);
	expect_contents("30800201050000", NULL, 7);
	expect_contents("308002010500000000", NULL, 7);
	expect_contents("0401aa", NULL, 3);
}

/* ---- kind ---- */

static void expect_kind(const char *entries, const char *defect, bool stamp,
			enum pades_subfilter subfilter)
{
	char sig[512];

	snprintf(sig, sizeof(sig), "<< %s " MAKE_RANGE " " MAKE_HEX(MAKE_CMS) " >>",
		 entries);
	struct pades *p = make_read(with_sig(sig));
	cr_assert_eq(p->n_signatures, 1);
	if (defect == NULL)
		cr_expect_str_eq(p->signatures[0].defect, "", "%s", entries);
	else
		cr_expect_neq(strstr(p->signatures[0].defect, defect), NULL, "%s: %s",
			      entries, p->signatures[0].defect);
	cr_expect_eq(p->signatures[0].is_stamp, stamp, "%s", entries);
	cr_expect_eq(p->signatures[0].subfilter, subfilter, "%s", entries);
	pades_free(p);
}

Test(pades_range, type_and_subfilter_that_do_not_go_together_are_a_defect)
{
	expect_kind("/Type /Sig /SubFilter /ETSI.RFC3161",
		    "without /Type /DocTimeStamp", true, PADES_RFC3161);
	expect_kind("/SubFilter /ETSI.RFC3161", "without /Type /DocTimeStamp", true,
		    PADES_RFC3161);
	expect_kind("/Type /DocTimeStamp /SubFilter /ETSI.CAdES.detached",
		    "without /SubFilter /ETSI.RFC3161", true, PADES_CADES_DETACHED);
	expect_kind("/Type /DocTimeStamp", "no /SubFilter", true,
		    PADES_OTHER_SUBFILTER);
	expect_kind("/Type /Other /SubFilter /ETSI.CAdES.detached", "/Type is neither",
		    false, PADES_CADES_DETACHED);
	expect_kind("/Type /Sig", "no /SubFilter", false, PADES_OTHER_SUBFILTER);
	expect_kind("/Type /Sig /SubFilter (ETSI.CAdES.detached)", "no /SubFilter",
		    false, PADES_OTHER_SUBFILTER);
}

Test(pades_range, kinds_that_go_together_are_fine)
{
	expect_kind("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161", NULL, true,
		    PADES_RFC3161);
	expect_kind("/SubFilter /ETSI.CAdES.detached", NULL, false,
		    PADES_CADES_DETACHED);
	expect_kind("/SubFilter /adbe.pkcs7.sha1", NULL, false, PADES_PKCS7_SHA1);
	expect_kind("/Type /Sig /SubFilter /something.else", NULL, false,
		    PADES_OTHER_SUBFILTER);
}

Test(pades_range, cert_belongs_to_x509_rsa_sha1_alone)
{
	expect_kind("/SubFilter /adbe.x509.rsa_sha1", "without /Cert", false,
		    PADES_X509_RSA_SHA1);
	expect_kind("/SubFilter /adbe.x509.rsa_sha1 /Cert []", "without /Cert", false,
		    PADES_X509_RSA_SHA1);
	expect_kind("/SubFilter /adbe.x509.rsa_sha1 /Cert [/x]", "without /Cert", false,
		    PADES_X509_RSA_SHA1);
	expect_kind("/SubFilter /adbe.pkcs7.detached /Cert (x)", "/Cert, which only",
		    false, PADES_PKCS7_DETACHED);
	expect_kind("/SubFilter /adbe.x509.rsa_sha1 /Cert (x)", NULL, false,
		    PADES_X509_RSA_SHA1);
}

Test(pades_range, chain_of_x509_rsa_sha1_is_given)
{
	struct pades *p = make_read(
	    with_sig("<< /SubFilter /adbe.x509.rsa_sha1 /Cert [<0102> (ab)] " MAKE_RANGE
		     " " MAKE_HEX(MAKE_CMS) " >>"));

	cr_assert_eq(p->n_signatures, 1);
	cr_assert_eq(p->signatures[0].n_chain_entry, 2);
	cr_expect(view_is_text(p->signatures[0].cert_entry, "\x01\x02"));
	cr_expect(view_is_text(p->signatures[0].chain_entry[1], "ab"));
	pades_free(p);
}

Test(pades_range, key_that_stands_twice_is_a_defect)
{
	expect_kind("/SubFilter /ETSI.CAdES.detached /Reason (a) /Reason (b)",
		    "a key stands twice", false, PADES_CADES_DETACHED);
}
