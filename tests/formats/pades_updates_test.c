/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures over several revisions: who covers what, and what later revisions did to
 * earlier signatures. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pades_make.h"

static const struct make_object note = { .number = 30, .body = "(a note)" };
static const struct make_object form_two = { .number = 4,
					     .body = "<< /Fields [5 0 R 7 0 R] >>" };
static const struct make_object field_two = { .number = 7,
					      .body =
						  "<< /FT /Sig /T (b) /V 8 0 R >>" };
static const struct make_object sig_two = { .number = 8, .body = MAKE_SIG(MAKE_CMS_2) };

static void expect_clean(const struct pades *p, size_t i, size_t revision,
			 enum pades_coverage coverage)
{
	cr_assert_lt(i, p->n_signatures);
	cr_expect_str_eq(p->signatures[i].defect, "");
	cr_expect_eq(p->signatures[i].revision, revision);
	cr_expect_eq(p->signatures[i].coverage, coverage);
}

static void expect_defect(struct view file, size_t i, const char *text)
{
	struct pades *p = make_read(file);

	cr_assert_lt(i, p->n_signatures);
	cr_expect_neq(strstr(p->signatures[i].defect, text), NULL, "\"%s\"",
		      p->signatures[i].defect);
	cr_expect_not_null(p->signatures[i].defect_clause);
	pades_free(p);
}

/* ---- what is fine ---- */

Test(pades_updates, update_of_something_else_leaves_the_signature_as_it_was)
{
	struct pades *p = make_read(MAKE(make_signed(), note));

	cr_expect_eq(p->n_signatures, 1);
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}

Test(pades_updates, signatures_come_in_the_order_of_what_they_cover)
{
	struct make_object form = { .number = 4,
				    .body = "<< /Fields [7 0 R 5 0 R] >>" };
	struct pades *p = make_read(MAKE(make_signed(), form, field_two, sig_two));

	cr_expect_eq(p->n_signatures, 2);
	cr_expect_eq(p->signatures[0].value.number, 6);
	cr_expect_eq(p->signatures[1].value.number, 8);
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	expect_clean(p, 1, 1, PADES_COVERS_FILE);
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}

Test(pades_updates, signature_without_a_range_comes_last)
{
	struct make_object sig = {
		.number = 8, .body = "<< /Type /Sig /SubFilter /x /Contents <30> >>"
	};
	struct make_object form = { .number = 4,
				    .body = "<< /Fields [7 0 R 5 0 R] >>" };
	struct pades *p = make_read(MAKE(make_signed(), form, field_two, sig));

	cr_expect_eq(p->n_signatures, 2);
	cr_expect_eq(p->signatures[0].value.number, 6);
	cr_expect_eq(p->signatures[1].value.number, 8);
	cr_expect_eq(p->signatures[1].revision, 1);
	cr_expect_eq(p->signatures[1].coverage, PADES_COVERS_NOTHING);
	pades_free(p);
}

Test(pades_updates, field_written_again_without_a_change_is_fine)
{
	struct pades *p = make_read(MAKE(make_signed(), make_field, make_form));

	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}

/* ---- spoofing ---- */

Test(pades_updates, dictionary_replaced_by_another_with_the_same_range_is_a_defect)
{
	struct view file = make_signed();
	struct pades *p = make_read(file);
	char sig[512];

	/* All as it was, but another reason. */
	snprintf(sig, sizeof(sig),
		 "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
		 "/M (D:20260102030405Z) /Reason (paid) /ByteRange [0 %zu %zu %zu] "
		 "/Contents <" MAKE_CMS "0000000000000000000000> >>",
		 (size_t)p->signatures[0].range[1], (size_t)p->signatures[0].range[2],
		 (size_t)p->signatures[0].range[3]);
	pades_free(p);
	struct make_object o = { .number = 6, .body = sig };
	expect_defect(MAKE(file, o), 0, "was replaced after revision 0");
	p = make_read(MAKE(file, o));
	cr_expect(make_has(p, "PDF_SIGNATURE_REMOVED"));
	pades_free(p);
	/* The same dictionary in a new object, and the field shows that one. */
	struct make_object copy = { .number = 20, .body = sig };
	struct make_object field = { .number = 5,
				     .body = "<< /FT /Sig /T (a) /V 20 0 R >>" };
	expect_defect(MAKE(file, copy, field), 0, "does not have this signature");
}

Test(pades_updates, copy_of_the_dictionary_word_by_word_is_no_defect_in_its_own_object)
{
	struct view file = make_signed();
	const char *at = memmem(file.p, file.n, "6 0 obj\n", 8);
	const char *end =
	    memmem(at, file.n - (size_t)(at - (const char *)file.p), "\nendobj", 7);
	char sig[512] = "";

	memcpy(sig, at + 8, (size_t)(end - at) - 8);
	struct make_object o = { .number = 6, .body = sig };
	struct pades *p = make_read(MAKE(file, o));
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	pades_free(p);
	/* But not as the value of another field. */
	struct make_object copy = { .number = 8, .body = sig };
	p = make_read(MAKE(file, form_two, field_two, copy));
	cr_assert_eq(p->n_signatures, 2);
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	cr_expect_neq(strstr(p->signatures[1].defect, "does not have this signature"),
		      NULL, "%s", p->signatures[1].defect);
	pades_free(p);
}

Test(pades_updates, contents_of_another_dictionary_in_the_gap_are_a_defect)
{
	/* Both are in the revision that they sign; the second names the gap of the
	 * first. */
	struct make_object twin = { .number = 8,
				    .body = "<< /Type /Sig /SubFilter "
					    "/ETSI.CAdES.detached /ByteRange [0 "
					    "$$$$$$$$$1 $$$$$$$$$2 $$$$$$$$$3] "
					    "/Contents\n<" MAKE_CMS
					    "0000000000000000000000> >>" };
	struct view file = MAKE(VIEW_NULL, make_catalog, make_pages, make_page,
				form_two, make_field, field_two, make_sig, twin);
	char text[4][16];
	struct view range = view_text("/ByteRange [0 0");
	const char *at = memmem(file.p, file.n, range.p, range.n);

	for (size_t i = 0; i < 3; i++) {
		memcpy(text[i], at + strlen("/ByteRange [0 ") + 11 * i, 10);
		text[i][10] = '\0';
	}
	file = make_swap(file, "$$$$$$$$$1", 0, text[0]);
	file = make_swap(file, "$$$$$$$$$2", 0, text[1]);
	file = make_swap(file, "$$$$$$$$$3", 0, text[2]);
	struct pades *p = make_read(file);
	cr_assert_eq(p->n_signatures, 2);
	expect_clean(p, 0, 0, PADES_COVERS_FILE);
	cr_expect_neq(strstr(p->signatures[1].defect, "another dictionary"), NULL, "%s",
		      p->signatures[1].defect);
	pades_free(p);
}

Test(pades_updates, signature_moved_to_another_field_is_a_defect)
{
	struct make_object form = { .number = 4, .body = "<< /Fields [7 0 R] >>" };
	struct make_object field = { .number = 7,
				     .body = "<< /FT /Sig /T (a) /V 6 0 R >>" };
	struct make_object page = { .number = 3,
				    .body = "<< /Type /Page /Parent 2 0 R >>" };

	expect_defect(MAKE(make_signed(), form, field, page), 0,
		      "does not have this signature");
}

Test(pades_updates, field_renamed_after_signing_is_a_defect)
{
	struct make_object field = { .number = 5,
				     .body = "<< /FT /Sig /T (z) /V 6 0 R >>" };

	expect_defect(MAKE(make_signed(), field), 0, "does not have this signature");
}

Test(pades_updates, direct_field_is_found_again_by_its_name)
{
	struct make_object form = {
		.number = 4, .body = "<< /Fields [<< /FT /Sig /T (d) /V 6 0 R >>] >>"
	};
	struct make_object page = { .number = 3,
				    .body = "<< /Type /Page /Parent 2 0 R >>" };
	struct make_object other = {
		.number = 4, .body = "<< /Fields [<< /FT /Sig /T (e) /V 6 0 R >>] >>"
	};
	struct view file =
	    MAKE(VIEW_NULL, make_catalog, make_pages, page, form, make_sig);
	struct pades *p = make_read(MAKE(file, note));

	cr_expect_eq(p->n_signatures, 1);
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	pades_free(p);
	expect_defect(MAKE(file, other), 0, "does not have this signature");
}

Test(pades_updates, range_that_covers_a_revision_before_the_dictionary_is_a_defect)
{
	/* Signed in revision 0 by another; the second dictionary came in revision 1 and
	 * says that it is that one. */
	struct view file = make_signed();
	struct pades *p = make_read(file);
	char sig[512];

	snprintf(sig, sizeof(sig),
		 "<< /Type /Sig /SubFilter /ETSI.CAdES.detached /ByteRange [0 %zu %zu "
		 "%zu] /Contents <" MAKE_CMS "0000000000000000000000> >>",
		 (size_t)p->signatures[0].range[1], (size_t)p->signatures[0].range[2],
		 (size_t)p->signatures[0].range[3]);
	pades_free(p);
	struct make_object o = { .number = 8, .body = sig };
	p = make_read(MAKE(file, form_two, field_two, o));
	cr_assert_eq(p->n_signatures, 2);
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	cr_expect_str_neq(p->signatures[1].defect, "");
	pades_free(p);
}

/* ---- shared, colliding ---- */

Test(pades_updates, dictionary_of_two_fields_counts_for_the_first)
{
	struct make_object field = { .number = 7,
				     .body = "<< /FT /Sig /T (b) /V 6 0 R >>" };
	struct pades *p = make_read(MAKE(VIEW_NULL, make_catalog, make_pages, make_page,
					 form_two, make_field, field, make_sig));

	cr_assert_eq(p->n_signatures, 2);
	expect_clean(p, 0, 0, PADES_COVERS_FILE);
	cr_expect_neq(strstr(p->signatures[1].defect, "another field"), NULL);
	cr_expect(make_has(p, "PDF_SIGNATURE_SHARED"));
	pades_free(p);
}

Test(pades_updates, two_signatures_of_one_revision_collide)
{
	struct pades *p =
	    make_read(MAKE(VIEW_NULL, make_catalog, make_pages, make_page, form_two,
			   make_field, field_two, make_sig, sig_two));

	cr_assert_eq(p->n_signatures, 2);
	cr_expect_neq(strstr(p->signatures[0].defect, "ends where it ends"), NULL);
	cr_expect_neq(strstr(p->signatures[1].defect, "earlier signature covers"),
		      NULL);
	cr_expect(make_has(p, "PDF_BYTE_RANGE_COLLISION"));
	pades_free(p);
}

Test(pades_updates, later_signature_with_its_gap_in_an_earlier_one_is_a_defect)
{
	/* Both gaps in revision 0; the range of the second is stretched over
	 * revision 1.
	 */
	struct view file = MAKE(VIEW_NULL, make_catalog, make_pages, make_page,
				form_two, make_field, field_two, make_sig, sig_two);
	size_t before = file.n;

	file = MAKE(file, note);
	file = make_move_range(file, 1, 3, (int64_t)(file.n - before));
	struct pades *p = make_read(file);
	cr_assert_eq(p->n_signatures, 2);
	expect_clean(p, 0, 0, PADES_COVERS_REVISION);
	cr_expect_neq(strstr(p->signatures[1].defect, "earlier signature covers"),
		      NULL);
	cr_expect(make_has(p, "PDF_BYTE_RANGE_COLLISION"));
	pades_free(p);
}

/* ---- removed ---- */

static void expect_removed(struct view file, size_t n)
{
	struct pades *p = make_read(file);

	cr_expect_eq(p->n_signatures, n);
	cr_expect(make_has(p, "PDF_SIGNATURE_REMOVED"));
	pades_free(p);
}

Test(pades_updates, signature_that_an_update_took_away_is_a_finding)
{
	struct make_object empty = { .number = 5, .body = "<< /FT /Sig /T (a) >>" };
	struct make_object none = { .number = 4, .body = "<< /Fields [] >>" };
	struct make_object page = { .number = 3,
				    .body = "<< /Type /Page /Parent 2 0 R >>" };
	struct make_object gone = { .number = 6 };
	struct make_object no_form = { .number = 1,
				       .body = "<< /Type /Catalog /Pages 2 0 R >>" };

	expect_removed(MAKE(make_signed(), empty), 0);
	expect_removed(MAKE(make_signed(), none, page), 0);
	expect_removed(MAKE(make_signed(), gone), 0);
	expect_removed(MAKE(make_signed(), no_form, page), 0);
}

Test(pades_updates, signature_of_a_middle_revision_that_is_gone_is_a_finding)
{
	struct view file = MAKE(make_signed(), form_two, field_two, sig_two);
	struct make_object empty = { .number = 7, .body = "<< /FT /Sig /T (b) >>" };

	expect_removed(MAKE(file, empty), 1);
}

Test(pades_updates, signature_that_an_update_made_unreadable_is_a_defect)
{
	struct make_object broken = { .number = 6, .body = "<< /ByteRange [ >>" };
	struct pades *p = make_read(MAKE(make_signed(), broken));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_eq(p->signatures[0].defect, "its dictionary cannot be read");
	cr_expect(make_has(p, "PDF_SIGNATURE_REMOVED"));
	pades_free(p);
}

Test(pades_updates, direct_signature_that_is_gone_is_a_finding)
{
	struct make_object f = {
		.number = 5, .body = "<< /FT /Sig /T (a) /V " MAKE_SIG(MAKE_CMS) " >>"
	};
	struct make_object empty = { .number = 5, .body = "<< /FT /Sig /T (a) >>" };
	struct view file =
	    MAKE(VIEW_NULL, make_catalog, make_pages, make_page, make_form);

	expect_removed(MAKE(MAKE(file, f), empty), 0);
}

Test(pades_updates, signature_replaced_by_a_new_one_is_a_finding)
{
	struct make_object other = { .number = 6, .body = MAKE_SIG(MAKE_CMS_2) };

	expect_removed(MAKE(make_signed(), other), 1);
}

Test(pades_updates, draft_that_was_never_a_signature_is_not_missed)
{
	struct make_object draft = {
		.number = 6,
		.body = "<< /Type /Sig /ByteRange [0 0 0 0] /Contents <0000> >>"
	};
	struct view file = MAKE(VIEW_NULL, make_catalog, make_pages, make_page,
				make_form, make_field, draft);
	struct pades *p = make_read(MAKE(file, make_sig));

	cr_expect_eq(p->n_signatures, 1);
	expect_clean(p, 0, 1, PADES_COVERS_FILE);
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}
