/* SPDX-License-Identifier: Apache-2.0 */
/* What DocMDP, FieldMDP and the locks of fields forbid of what changed. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"

TestSuite(pdf_changes_forbidden, .init = mem_init);

/* ---- permissions ---- */

Test(pdf_changes_forbidden, docmdp_of_each_level_permits_what_it_should)
{
	pdf_scene_expect_forbidden(SCENE(.signature = DOCMDP("1"), .update = { FILL }),
				   "P=1");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = DOCMDP("1"), .update = { EXTEND }), "");
	pdf_scene_expect_forbidden(SCENE(.signature = DOCMDP("2"), .update = { FILL }),
				   "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = DOCMDP("2"), .update = { COMMENT }), "P=2");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = DOCMDP("3"), .update = { COMMENT }), "");
	pdf_scene_expect_forbidden(SCENE(.update = { COMMENT }), "");
}

Test(pdf_changes_forbidden, fieldmdp_forbids_the_fields_it_names_and_those_below)
{
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"), .update = { FILL }),
	    "FieldMDP");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(p)]"),
		  .update = { FILL_KID }),
	    "\"p.q\"");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(p)]"),
		  .update = { FILL }),
	    "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(na)]"),
		  .update = { FILL }),
	    "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Exclude /Fields [(p)]"),
		  .update = { FILL_KID }),
	    "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Exclude /Fields [(p)]"),
		  .update = { FILL }),
	    "\"name\"");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"), .update = { EXTEND }), "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"),
		  .update = { { 14, EMPTY_FIELD("/V 50 0 R") }, { 50, SOME_STAMP } }),
	    "");
}

Test(pdf_changes_forbidden, lock_of_the_field_forbids_and_its_permission_counts)
{
	pdf_scene_expect_forbidden(
	    SCENE(.field = "/Lock << /Type /SigFieldLock /Action /Include "
			   "/Fields [(name)] >>",
		  .update = { FILL }),
	    "lock");
	pdf_scene_expect_forbidden(
	    SCENE(.field = "/Lock << /Type /SigFieldLock /Action /Include "
			   "/Fields [(name)] >>",
		  .update = { FILL_KID }),
	    "");
	pdf_scene_expect_forbidden(
	    SCENE(.field = "/Lock << /Type /SigFieldLock /Action /Include "
			   "/Fields [(other)] /P 2 >>",
		  .update = { COMMENT }),
	    "P=2");
}

Test(pdf_changes_forbidden, lock_applied_by_its_own_signature_is_no_violation)
{
	pdf_scene_expect_forbidden(SCENE(.signature = FIELDMDP("/Action /All"),
					 .field = "/Ff 1 /Lock << /Action /All >>"),
				   "");
}

/* ---- locks ---- */

Test(pdf_changes_forbidden, lock_of_all_fields_forbids_to_draw_them_anew)
{
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"),
		  .update = { { 7, FORM_WITH("[" ALL_FIELDS "]",
					     "/NeedAppearances true") } }),
	    "FieldMDP");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"),
		  .update = { { 7, "<< /Fields [" ALL_FIELDS
				   "] /DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 0 "
				   "Tf 1 g) /SigFlags 3 >>" } }),
	    "FieldMDP");
}

Test(pdf_changes_forbidden, lock_forbids_to_hide_or_move_its_field)
{
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(name)]"),
		  .update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /F 2") } }),
	    "\"name\"");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(name)]"),
		  .update = { { 8, "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) "
				   "/Rect [500 500 510 510] /P 3 0 R /V (a) /AP << /N "
				   "11 0 R >> >>" } }),
	    "\"name\"");
}

Test(pdf_changes_forbidden, field_below_one_with_an_endless_name_is_locked)
{
	static char above[6000];
	(void)snprintf(above, sizeof(above),
		       "<< /FT /Tx /T (%05000d) /Kids [16 0 R] >>", 0);
	pdf_scene_expect_forbidden(
	    SCENE(.base = { { 15, above } },
		  .signature = FIELDMDP("/Action /Exclude /Fields [(q)]"),
		  .update = { FILL_KID }),
	    "FieldMDP");
}

/* ---- above, beside and below a locked field ---- */

#define LOCKS_KID FIELDMDP("/Action /Include /Fields [(p.q)]")
#define PARENT(kids, more) "<< /FT /Tx /T (p) /Kids [" kids "] " more " >>"

Test(pdf_changes_forbidden, value_that_a_locked_field_inherits_is_locked)
{
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { { 15, PARENT("16 0 R", "/V (evil)") } }),
	    "\"p\"");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(pq.q)]"),
		  .update = { { 15, PARENT("16 0 R", "/V (fine)") } }),
	    "");
}

/* Names that stand between "p" and "p.q" by their octets, and one before all. */
Test(pdf_changes_forbidden, lock_of_many_names_finds_those_above_and_below)
{
#define AMONG(name) "/Fields [(z) (p!) (p-) " name " (p!.q) (a) (z.z)]"
	static const char *const locked[] = {
		"/Action /Include " AMONG("(p)"),
		"/Action /Include " AMONG("(p.q)"),
		"/Action /Exclude " AMONG("(p.r)"),
	};
	static const char *const spared[] = {
		"/Action /Exclude " AMONG("(p)"),
		"/Action /Exclude " AMONG("(p.q)"),
		"/Action /Include " AMONG("(p.r)"),
	};
	char signature[400];
	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(signature, sizeof(signature), FIELDMDP("%s"), locked[i]);
		pdf_scene_expect_forbidden(
		    SCENE(.signature = signature, .update = { FILL_KID }), "\"p.q\"");
		(void)snprintf(signature, sizeof(signature), FIELDMDP("%s"), spared[i]);
		pdf_scene_expect_forbidden(
		    SCENE(.signature = signature, .update = { FILL_KID }), "");
	}
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include " AMONG("(p.q)")),
		  .update = { { 15, PARENT("16 0 R", "/V (evil)") } }),
	    "\"p\"");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include " AMONG("(pq.q)")),
		  .update = { { 15, PARENT("16 0 R", "/V (fine)") } }),
	    "");
}

Test(pdf_changes_forbidden, new_field_of_a_locked_name_is_locked_and_others_are_not)
{
	static const struct pdf_scene_object form = {
		7, FORM_WITH("[50 0 R " ALL_FIELDS "]", "")
	};
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { { 15, PARENT("50 0 R 16 0 R", "") },
			      { 50, "<< /FT /Tx /T (q) /Parent 15 0 R /V (z) >>" } }),
	    "\"p.q\"");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { { 15, PARENT("50 0 R 16 0 R", "") },
			      { 50, "<< /FT /Tx /T (r) /Parent 15 0 R /V (z) >>" } }),
	    "");
	/* Listed as a kid of the one, it calls another its parent. */
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { { 15, PARENT("50 0 R 16 0 R", "") },
			      { 50, "<< /FT /Tx /T (q) /Parent 8 0 R /V (z) >>" } }),
	    "FieldMDP");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { form, { 50, "<< /FT /Tx /T (p.q) /V (z) >>" } }),
	    "FieldMDP");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { form, { 50, "<< /FT /Tx /T (r) /V (z) >>" } }),
	    "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = LOCKS_KID,
		  .update = { { 16, "<< /T (q) /Parent 15 0 R /V (x) /Kids [50 0 R] "
				    ">>" },
			      { 50, "<< /FT /Tx /T (c) /Parent 16 0 R /V (z) >>" } }),
	    "\"p.q.c\"");
}

Test(pdf_changes_forbidden, new_signature_is_locked_by_its_name_alone)
{
	static const struct pdf_scene_object
	    form = { 7, FORM_WITH("[50 0 R " ALL_FIELDS "]", "") },
	    field = { 50, "<< /FT /Sig /T (r) /V 51 0 R >>" },
	    value = { 51, SOME_SIGNATURE };
	pdf_scene_expect_forbidden(SCENE(.signature = FIELDMDP("/Action /All"),
					 .update = { form, field, value }),
				   "");
	pdf_scene_expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(r)]"),
		  .update = { form, field, value }),
	    "\"r\"");
}

/* A widget or kid of a field that was there is no new field, nor is that field itself,
 * shown once more. */
Test(pdf_changes_forbidden, new_widget_of_an_old_signature_field_is_locked)
{
	static const struct pdf_scene_object
	    page = { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "") },
	    again = { 3, PAGE_WITH("[8 0 R 12 0 R 17 0 R 40 0 R 14 0 R]", "") },
	    unseen = { 3, PAGE_WITH("[8 0 R 12 0 R 17 0 R 40 0 R]", "") },
	    widget = { 50, "<< /Type /Annot /Subtype /Widget /Rect [9 9 99 99] /P 3 0 "
			   "R /Parent 14 0 R >>" },
	    deeper = { 50, "<< /Type /Annot /Subtype /Widget /Rect [9 9 99 99] /P 3 0 "
			   "R /Parent 51 0 R >>" },
	    between = { 51, "<< /Parent 14 0 R >>" },
	    field = { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (r) /Rect [9 9 "
			  "99 99] /P 3 0 R >>" },
	    below = { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (r) /Rect [9 9 "
			  "99 99] /P 3 0 R /Parent 51 0 R >>" },
	    above = { 51, "<< /T (p2) /Kids [50 0 R] >>" };
	static const char *const locks[] = {
		FIELDMDP("/Action /All"),
		FIELDMDP("/Action /Exclude /Fields [(name)]"),
	};
	for (size_t i = 0; i < 2; i++) {
		pdf_scene_expect_forbidden(
		    SCENE(.signature = locks[i], .update = { page, widget }),
		    "\"empty\"");
		pdf_scene_expect_forbidden(
		    SCENE(.signature = locks[i], .update = { page, deeper, between }),
		    "\"empty\"");
		pdf_scene_expect_forbidden(SCENE(.base = { unseen },
						 .signature = locks[i],
						 .update = { again }),
					   "\"empty\"");
		pdf_scene_expect_forbidden(
		    SCENE(.signature = locks[i], .update = { page, field }), "");
		pdf_scene_expect_forbidden(
		    SCENE(.signature = locks[i], .update = { page, below, above }), "");
	}
}

/* ---- names that are not the same to all readers ---- */

#define LOCKS_AMOUNT FIELDMDP("/Action /Include /Fields [(amount)]")

/* More levels than anybody follows, and the name at the end of them. */
static void put_deep_widget(struct buf *b, unsigned levels, const char *top)
{
	struct pdf_scene_object v[64];
	static char text[64][160];
	size_t n = 0;
	v[n++] = (struct pdf_scene_object){
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	for (unsigned i = 0; i < levels; i++, n++) {
		(void)snprintf(text[n], sizeof(text[n]),
			       i == 0 ? "<< /Type /Annot /Subtype /Widget /FT /Tx /V "
					"(9) /Rect [9 9 99 99] /Parent %u 0 R >>"
				      : "<< /Parent %u 0 R >>",
			       51 + i);
		v[n] = (struct pdf_scene_object){ 50 + i, text[n] };
	}
	v[n++] = (struct pdf_scene_object){ 50 + levels, top };
	pdf_scene_revision(b, v, n, NULL);
}

static bool forbids_deep_widget(unsigned levels, const char *top)
{
	struct buf b = pdf_scene_write(SCENE(.signature = LOCKS_AMOUNT));
	put_deep_widget(&b, levels, top);
	struct pdf_scene_result r = pdf_scene_read_file(view_buf(&b));
	const struct pdf_change *c;
	char why[200];
	pdf_changes_forbidden(r.p, &r.c, 0, &c, why);
	pdf_scene_free(&r);
	buf_free(&b);
	return c != NULL;
}

Test(pdf_changes_forbidden, new_widget_whose_name_is_too_far_above_is_locked)
{
	static const char amount[] = "<< /T (amount) >>", other[] = "<< /T (other) >>";
	/* The widget itself is the first of 32. */
	cr_expect(forbids_deep_widget(31, amount));
	cr_expect(!forbids_deep_widget(31, other));
	cr_expect(forbids_deep_widget(32, amount));
	cr_expect(forbids_deep_widget(32, other));
}

#define NEW_NAMED(t)                                                                   \
	{ 7, FORM_WITH("[50 0 R " ALL_FIELDS "]", "") },                               \
	{                                                                              \
		50, "<< /FT /Tx /T " t " /V (9) >>"                                    \
	}

Test(pdf_changes_forbidden, new_field_whose_name_readers_take_for_others_is_locked)
{
	/* Of "amount": least octet first; with a language, in each encoding; with an
	 * end before the end; with half a character more. */
	static const struct pdf_scene_object doubtful[][2] = {
		{ NEW_NAMED("<FFFE61006D006F0075006E007400>") },
		{ NEW_NAMED("<FEFF001B0065006E001B0061006D006F0075006E0074>") },
		{ NEW_NAMED("<EFBBBF1B656E1B616D6F756E74>") },
		{ NEW_NAMED("<1B656E1B616D6F756E74>") },
		{ NEW_NAMED("(amount\\000)") },
		{ NEW_NAMED("<FEFF0061006D006F0075006E007400>") },
		{ NEW_NAMED("<EFBBBF616D6F756E74FF>") },
	};
	/* Other names, whatever octets they have. */
	static const struct pdf_scene_object plain[][2] = {
		{ NEW_NAMED("(other)") },
		{ NEW_NAMED("<FEFF041B1B00>") },
		{ NEW_NAMED("<FEFFD834DD1E>") },
		{ NEW_NAMED("<EFBBBFD09B>") },
		{ NEW_NAMED("(m\\374nze\\037)") },
	};
	for (size_t i = 0; i < sizeof(doubtful) / sizeof(doubtful[0]); i++)
		pdf_scene_expect_forbidden(
		    SCENE(.signature = LOCKS_AMOUNT,
			  .update = { doubtful[i][0], doubtful[i][1] }),
		    "FieldMDP");
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		pdf_scene_expect_forbidden(
		    SCENE(.signature = LOCKS_AMOUNT,
			  .update = { plain[i][0], plain[i][1] }),
		    "");
}

Test(pdf_changes_forbidden, old_field_whose_name_readers_take_for_another_is_locked)
{
	pdf_scene_expect_forbidden(
	    SCENE(.base = { { 15, "<< /FT /Tx /T <FFFE61006D006F0075006E007400> /Kids "
				  "[16 0 R] >>" } },
		  .signature = LOCKS_AMOUNT, .update = { FILL_KID }),
	    "FieldMDP");
	pdf_scene_expect_forbidden(
	    SCENE(.base = { { 15, "<< /FT /Tx /T <FEFF0061006D> /Kids [16 0 R] >>" } },
		  .signature = LOCKS_AMOUNT, .update = { FILL_KID }),
	    "");
}

/* ---- one object, used by a field and by something else ---- */

#define PAGE_SHOWING(x)                                                                \
	{                                                                              \
		3, "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << "       \
		   "/XObject << " x " >> >> /Annots [8 0 R 40 0 R] >>"                 \
	}
#define APPEARANCE STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 2]", "abcdefgh")

/* References are found in the order of the entries: the page's, 3, before the field's,
 * and the font's, 59, behind it. */
Test(pdf_changes_forbidden, locked_field_is_found_behind_and_before_another_use)
{
	static const struct pdf_scene_object before = PAGE_SHOWING("/X1 11 0 R");
	static const struct pdf_scene_object behind[] = {
		PAGE_SHOWING("/X1 59 0 R"), { 59, "<< /X [11 0 R] >>" }
	};
	pdf_scene_expect_forbidden(SCENE(.signature = FIELDMDP("/Action /All"),
					 .update = { { 11, APPEARANCE } }),
				   "\"name\"");
	pdf_scene_expect_forbidden(SCENE(.base = { before },
					 .signature = FIELDMDP("/Action /All"),
					 .update = { { 11, APPEARANCE } }),
				   "\"name\"");
	pdf_scene_expect_forbidden(SCENE(.base = { behind[0], behind[1] },
					 .signature = FIELDMDP("/Action /All"),
					 .update = { { 11, APPEARANCE } }),
				   "\"name\"");
	pdf_scene_expect_forbidden(
	    SCENE(.base = { before },
		  .field = "/Lock << /Action /Include /Fields [(name)] >>",
		  .update = { { 11, APPEARANCE } }),
	    "lock");
	pdf_scene_expect_forbidden(
	    SCENE(.base = { before },
		  .signature = FIELDMDP("/Action /Include /Fields [(other)]"),
		  .update = { { 11, APPEARANCE } }),
	    "");
}

/* Without a lock one such use is enough, however many there are. */
Test(pdf_changes_forbidden, without_a_lock_the_first_use_that_must_not_change_is_enough)
{
	struct pdf_scene_result r = pdf_scene_read(SCENE(
	    .base = { PAGE_SHOWING("/X1 11 0 R") }, .update = { { 11, APPEARANCE } }));
	cr_expect_eq(r.c.n, 1);
	pdf_scene_free(&r);
}

/* The field is one of more uses than are looked at. */
Test(pdf_changes_forbidden, field_among_too_many_uses_is_taken_for_locked)
{
	static char shown[(PDF_SCENE_OCTETS >> 4)], page[PDF_SCENE_OCTETS >> 3];
	size_t n = 0;
	for (unsigned i = 0; i < 5000; i++)
		n += (size_t)sprintf(shown + n, "/X%u 11 0 R ", i);
	(void)snprintf(page, sizeof(page),
		       "<< /Type /Page /Parent 2 0 R /Resources << /XObject << %s >> "
		       ">> /Annots [8 0 R 40 0 R] >>",
		       shown);
	pdf_scene_expect_forbidden(
	    SCENE(.base = { { 3, page } },
		  .signature = FIELDMDP("/Action /Include /Fields [(name)]"),
		  .update = { { 11, APPEARANCE } }),
	    "FieldMDP");
}

