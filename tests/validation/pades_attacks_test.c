/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published attacks on signed PDFs, built on files that are signed well, each
 * beside a harmless twin: the twin passes, the attack does not, and for the reason that
 * is meant.
 *
 * USF, ISA, SWA: universal forgery, incremental saving, signature wrapping ("1 Trillion
 * Dollar Refund"); hide, replace, hide-and-replace ("Shadow Attacks"); EAA, SSA: evil
 * annotations and sneaky signatures ("Breaking the Specification: PDF Certification").
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"
#include "tests/support/pades_kit.h"

static struct cades_kit_scene s;

static void begin(void)
{
	s = cades_kit_scene(NULL);
}

static void end(void)
{
	cades_kit_scene_free(&s);
}

TestSuite(pades_attacks, .init = begin, .fini = end);

/* ---- what comes out ---- */

enum outcome {
	PASSES,
	UNDEFINED, /* a change that nothing makes harmless */
	FORBIDDEN, /* a change that the signer excluded */
	DEFECT,    /* the signature itself is malformed */
};

static void judge(struct cades_judge *j, struct view pdf)
{
	cades_judge_init(j, &s, pdf, KIT_DAY(4));
	j->outside = cades_kit_status(&s, KIT_DAY(2));
	cr_assert(cades_judge_run(j), "it cannot be read: %s", j->why.text);
	cr_assert_not_null(j->first, "no signature is found");
}

static void expect(const char *what, struct view pdf, enum outcome o)
{
	struct cades_judge j;
	judge(&j, pdf);
	const struct document_signature *d = j.first->signature;
	const enum indication i = j.first->conclusion.indication;
	const char *text = j.first->conclusion.text;
	cr_assert_not_null(d->pdf);
	switch (o) {
	case PASSES:
		cr_expect_eq(i, INDICATION_PASSED, "%s: %s", what, text);
		cr_expect_null(d->pdf->undefined, "%s", what);
		cr_expect_null(d->pdf->forbidden, "%s: %s", what,
			       d->pdf->forbidden_why);
		break;
	case UNDEFINED:
		cr_expect_eq(i, INDICATION_INDETERMINATE, "%s: %s", what, text);
		cr_expect_eq(j.first->conclusion.sub, SUB_SIG_CONSTRAINTS_FAILURE, "%s",
			     what);
		cr_expect_eq(j.first->conclusion.constraint, CONSTRAINT_PDF_CHANGES,
			     "%s", what);
		cr_expect_not_null(d->pdf->undefined, "%s", what);
		break;
	case FORBIDDEN:
		cr_expect_eq(i, INDICATION_INDETERMINATE, "%s: %s", what, text);
		cr_expect_eq(j.first->conclusion.constraint, CONSTRAINT_PDF_PERMISSIONS,
			     "%s: %s", what, text);
		cr_expect_null(d->pdf->undefined, "%s", what);
		cr_expect_not_null(d->pdf->forbidden, "%s", what);
		break;
	case DEFECT:
		cr_expect_eq(i, INDICATION_FAILED, "%s: %s", what, text);
		cr_expect_eq(j.first->conclusion.sub, SUB_FORMAT_FAILURE, "%s: %s",
			     what, text);
		break;
	}
	cades_judge_clear(&j);
}

/* ---- files ---- */

static struct view form(void)
{
	return pades_kit_blank(&(struct pades_kit_pdf){ .form = true });
}

static struct view sign(struct view pdf)
{
	return pades_kit_sign(pdf, &(struct pades_kit_sign){ .cert = s.signer });
}

static struct view certify(int p)
{
	return pades_kit_sign(
	    form(), &(struct pades_kit_sign){ .cert = s.signer, .docmdp = p });
}

static struct view update(struct view pdf, uint32_t number, const char *body)
{
	return pades_kit_update(
	    pdf, &(struct pades_kit_object){ .number = number, .body = body }, 1);
}

static struct view update_stream(struct view pdf, uint32_t number, const char *members,
				 const char *data)
{
	return pades_kit_update(pdf,
				&(struct pades_kit_object){ .number = number,
							    .body = members,
							    .stream = view_text(data) },
				1);
}

/* The value with something put in front of its last ">>". */
static const char *with(const char *dict, const char *more)
{
	static char out[8][4096];
	static unsigned turn;
	char *to = out[turn++ % 8];
	const size_t n = strlen(dict);
	cr_assert(n > 2 && strcmp(dict + n - 2, ">>") == 0, "%s", dict);
	snprintf(to, sizeof(out[0]), "%.*s %s >>", (int)n - 2, dict, more);
	return to;
}

static struct view add(struct view pdf, uint32_t number, const char *more)
{
	return update(pdf, number, with(pades_kit_object(pdf, number), more));
}

static size_t find(struct view in, const char *what, size_t from)
{
	const size_t n = strlen(what);
	for (size_t i = from; i + n <= in.n; i++)
		if (memcmp(in.p + i, what, n) == 0)
			return i;
	cr_assert_fail("%s is not there", what);
	return 0;
}

/* Into a copy of ours. */
static void overwrite(struct view copy, size_t at, const char *text, size_t n)
{
	uint8_t *p;
	memcpy(&p, &copy.p, sizeof(p));
	memcpy(p + at, text, n);
}

/* The same octets but for one word, of the same length. */
static struct view replaced(struct view in, const char *from, const char *to)
{
	struct view out = make_joined(in, VIEW_NULL);
	cr_assert_eq(strlen(from), strlen(to));
	overwrite(out, find(in, from, 0), to, strlen(to));
	return out;
}

static struct view appended(struct view pdf, const char *text)
{
	return make_joined(pdf, view_text(text));
}

/* ---- universal forgery ---- */

Test(pades_attacks, usf_without_contents)
{
	expect("twin", sign(form()), PASSES);
	expect("no /Contents", replaced(sign(form()), "/Contents <", "/Kontents <"),
	       DEFECT);
}

Test(pades_attacks, usf_without_byte_range)
{
	expect("no /ByteRange", replaced(sign(form()), "/ByteRange", "/ByteRunge"),
	       DEFECT);
}

Test(pades_attacks, usf_with_byte_ranges_of_all_kinds)
{
	static const uint64_t ranges[][4] = {
		{ 0, 0, 0, 1 },
		{ 0, 100, 50, 1000 },
		{ 1, 100, 200, 1000 },
		{ 0, UINT64_MAX, 200, 1000 },
		{ 0, 100, UINT64_MAX, 1000 },
		{ 0, 100, 200, 0 },
		{ 0, 100, 200, UINT64_MAX - 100 },
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		struct pades_kit_sign o = { .cert = s.signer };
		memcpy(o.range, ranges[i], sizeof(o.range));
		expect("range", pades_kit_sign(form(), &o), DEFECT);
	}
}

Test(pades_attacks, octets_beside_the_contents_in_the_gap)
{
	expect("gap",
	       pades_kit_sign(form(), &(struct pades_kit_sign){ .cert = s.signer,
								.gap_too_wide = true }),
	       DEFECT);
	expect("padding",
	       pades_kit_sign(form(),
			      &(struct pades_kit_sign){ .cert = s.signer,
							.padding_not_zero = true }),
	       DEFECT);
}

/* ---- incremental saving ---- */

Test(pades_attacks, isa_contents_of_the_page_replaced)
{
	struct view pdf = sign(form());
	expect("isa",
	       update_stream(pdf, PADES_KIT_CONTENTS, "",
			     "BT /F1 18 Tf 20 150 Td (Pay 9999 EUR to Mallory) Tj ET"),
	       UNDEFINED);
	/* Written again as it was. */
	expect("twin",
	       update_stream(pdf, PADES_KIT_CONTENTS, "",
			     "BT /F1 18 Tf 20 150 Td (Pay 100 EUR to Bogdan) Tj ET"),
	       PASSES);
}

Test(pades_attacks, isa_object_without_any_section)
{
	struct view pdf = sign(form());
	expect("twin", appended(pdf, "\n\n"), PASSES);
	expect("isa",
	       appended(
		   pdf,
		   "4 0 obj\n<< /Length 9 >>\nstream\n(Mallory)\nendstream\nendobj\n"),
	       UNDEFINED);
}

/* A trailer and an end, but the section of before: the octets between are nobody's, and
 * readers that repair files take them for a revision: two readings of one file. */
Test(pades_attacks, isa_end_that_names_the_old_section)
{
	struct view pdf = sign(form());
	const size_t at = find(pdf, "startxref\n", pdf.n - 40);
	struct view old_end = view_of(pdf.p + at, pdf.n - at);
	struct view more = appended(
	    pdf, "4 0 obj\n<< /Length 9 >>\nstream\n(Mallory)\nendstream\nendobj\n");
	expect("isa", make_joined(more, old_end), DEFECT);
}

Test(pades_attacks, replaced_in_one_revision_and_restored_in_the_next)
{
	struct view pdf = sign(form());
	pdf = update_stream(pdf, PADES_KIT_CONTENTS, "", "BT (Mallory) Tj ET");
	pdf = update_stream(pdf, PADES_KIT_CONTENTS, "",
			    "BT /F1 18 Tf 20 150 Td (Pay 100 EUR to Bogdan) Tj ET");
	expect("between", pdf, UNDEFINED);
}

/* Of time-stamps alone a file says what it shows too. */
Test(pades_attacks, stamped_file_with_other_contents)
{
	struct view pdf = pades_kit_stamp(
	    form(), &(struct pades_kit_stamp){ .tsa = s.tsa, .gen_ms = KIT_DAY(1) });
	struct view evil =
	    update_stream(pdf, PADES_KIT_CONTENTS, "", "BT (Mallory) Tj");
	struct cades_judge j;
	cades_judge_init(&j, &s, pdf, KIT_DAY(4));
	j.outside = cades_kit_status(&s, KIT_DAY(2));
	cr_assert(cades_judge_run(&j));
	cr_expect_eq(j.report->indication, INDICATION_PASSED, "%s",
		     j.report->stamps[0].conclusion.text);
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, evil, KIT_DAY(4));
	j.outside = cades_kit_status(&s, KIT_DAY(2));
	cr_assert(cades_judge_run(&j));
	cr_expect_eq(j.report->indication, INDICATION_INDETERMINATE);
	cades_judge_expect_stamp(&j, 0, SUB_SIG_CONSTRAINTS_FAILURE);
	cades_judge_clear(&j);
}

/* ---- signature wrapping ---- */

/* The second part moved behind octets of the attacker's, and a dictionary that says so.
 */
Test(pades_attacks, swa_second_part_moved)
{
	struct view pdf = sign(form());
	const size_t lt = find(pdf, "/Contents <", 0) + strlen("/Contents ");
	const size_t gt = find(pdf, ">", lt);
	struct view first = view_of(pdf.p, lt), hex = view_of(pdf.p + lt, gt + 1 - lt);
	struct view second = view_skip(pdf, gt + 1);
	char range[128];
	struct view evil =
	    view_text(" >>\nendobj\n4 0 obj\n<< /Length 9 >>\nstream\n(Mallory)"
		      "\nendstream\nendobj\n");
	struct view moved =
	    make_joined(make_joined(make_joined(first, hex), evil), second);
	const size_t c = first.n + hex.n + evil.n;
	int n = snprintf(range, sizeof(range), "/ByteRange [0 %zu %zu %zu]", first.n, c,
			 second.n);
	const size_t at = find(pdf, "/ByteRange [", 0);
	overwrite(moved, at, range, (size_t)n);
	struct cades_judge j;
	cades_judge_init(&j, &s, moved, KIT_DAY(4));
	/* Not readable, or not passed. */
	if (cades_judge_run(&j) && j.first != NULL)
		cr_expect_neq(j.first->conclusion.indication, INDICATION_PASSED);
	cades_judge_clear(&j);
}

/* The dictionary that counts now is another than the one that was signed. */
Test(pades_attacks, dictionary_of_a_later_revision_is_spoofed)
{
	struct view pdf = sign(form());
	const size_t value = find(pdf, "/Type /Sig ", 0);
	size_t start = value;
	while (memcmp(pdf.p + start, " obj\n", 5) != 0)
		start--;
	size_t number = start;
	while (pdf.p[number - 1] != '\n')
		number--;
	const size_t stop = find(pdf, " >>\nendobj", value);
	char *body = mem_zalloc(1, stop - start + 64);
	cr_assert_not_null(body);
	snprintf(body, stop - start + 64, "%.*s /Reason (I agree) >>",
		 (int)(stop - start - 5), (const char *)pdf.p + start + 5);
	expect("spoofed",
	       update(pdf, (uint32_t)strtoul((const char *)pdf.p + number, NULL, 10),
		      body),
	       DEFECT);
	mem_free(body);
}

/* ---- shadow attacks ---- */

#define OVERLAY 40

/* A form object that is drawn over the text. */
static struct view with_overlay(void)
{
	struct view pdf = form();
	const struct pades_kit_object objects[] = {
		{ .number = OVERLAY,
		  .body = "/Type /XObject /Subtype /Form /BBox [0 0 300 200]",
		  .stream = view_text("1 g 0 0 300 200 re f") },
		{ .number = PADES_KIT_CONTENTS,
		  .stream = view_text("BT /F1 18 Tf (Pay 9999 EUR) Tj ET /Over Do") },
		{ .number = PADES_KIT_PAGE,
		  .body = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] "
			  "/Contents 4 0 R "
			  "/Resources << /Font << /F1 5 0 R >> /XObject << /Over 40 0 "
			  "R >> >> "
			  "/Annots [8 0 R] >>" },
	};
	return sign(pades_kit_update(pdf, objects, 3));
}

Test(pades_attacks, shadow_hide_by_an_empty_overlay)
{
	expect("twin", with_overlay(), PASSES);
	expect("hide",
	       update_stream(with_overlay(), OVERLAY,
			     "/Type /XObject /Subtype /Form /BBox [0 0 300 200]",
			     "q Q"),
	       UNDEFINED);
}

Test(pades_attacks, shadow_hide_by_a_freed_overlay)
{
	expect("freed", update(with_overlay(), OVERLAY, NULL), UNDEFINED);
}

Test(pades_attacks, shadow_hide_by_layers)
{
	struct view pdf = sign(form());
	expect("layers",
	       add(pdf, PADES_KIT_CATALOG,
		   "/OCProperties << /OCGs [] /D << /OFF [] >> >>"),
	       UNDEFINED);
}

Test(pades_attacks, shadow_replace_by_a_font)
{
	struct view pdf = sign(form());
	expect("font",
	       update(pdf, PADES_KIT_FONT,
		      "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"),
	       UNDEFINED);
}

Test(pades_attacks, shadow_hide_and_replace_by_another_page_tree)
{
	struct view pdf = form();
	const struct pades_kit_object hidden[] = {
		{ .number = 41, .body = "<< /Type /Pages /Kids [42 0 R] /Count 1 >>" },
		{ .number = 42,
		  .body = "<< /Type /Page /Parent 41 0 R /MediaBox [0 0 300 200] "
			  "/Contents 43 0 R "
			  ">>" },
		{ .number = 43, .stream = view_text("BT (Mallory) Tj ET") },
	};
	pdf = sign(pades_kit_update(pdf, hidden, 3));
	expect("twin", pdf, PASSES);
	const char *catalog = pades_kit_object(pdf, PADES_KIT_CATALOG);
	char other[1024];
	const char *pages = strstr(catalog, "/Pages 2 0 R");
	cr_assert_not_null(pages);
	snprintf(other, sizeof(other), "%.*s/Pages 41 0 R%s", (int)(pages - catalog),
		 catalog, pages + strlen("/Pages 2 0 R"));
	expect("pages", update(pdf, PADES_KIT_CATALOG, other), UNDEFINED);
}

Test(pades_attacks, page_added_and_page_changed)
{
	struct view pdf = sign(form());
	const struct pades_kit_object objects[] = {
		{ .number = PADES_KIT_PAGES,
		  .body = "<< /Type /Pages /Kids [3 0 R 44 0 R] /Count 2 >>" },
		{ .number = 44,
		  .body = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] >>" },
	};
	expect("page added", pades_kit_update(pdf, objects, 2), UNDEFINED);
	expect("page turned", add(pdf, PADES_KIT_PAGE, "/Rotate 180"), UNDEFINED);
	expect("an action",
	       add(pdf, PADES_KIT_CATALOG,
		   "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"),
	       UNDEFINED);
}

/* ---- one object, two purposes ---- */

Test(pades_attacks, metadata_that_is_page_contents_too)
{
	struct view plain =
	    sign(pades_kit_blank(&(struct pades_kit_pdf){ .metadata = true }));
	expect("twin",
	       update_stream(plain, PADES_KIT_METADATA, "/Type /Metadata /Subtype /XML",
			     "<x:xmpmeta xmlns:x='adobe:ns:meta/'></x:xmpmeta>"),
	       PASSES);
	struct view pdf = pades_kit_blank(&(struct pades_kit_pdf){ .metadata = true });
	pdf = sign(update(
	    pdf, PADES_KIT_PAGE,
	    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents [4 0 R 9 "
	    "0 R] /Resources << /Font << /F1 5 0 R >> >> >>"));
	expect("shared",
	       update_stream(pdf, PADES_KIT_METADATA, "/Type /Metadata /Subtype /XML",
			     "BT (Mallory) Tj ET"),
	       UNDEFINED);
}

Test(pades_attacks, object_stream_that_takes_the_number_of_the_contents)
{
	struct view pdf = sign(form());
	expect(
	    "colliding",
	    update_stream(pdf, PADES_KIT_CONTENTS, "/Type /ObjStm /N 0 /First 0", ""),
	    UNDEFINED);
	expect("twin",
	       update_stream(pdf, pades_kit_free_number(pdf),
			     "/Type /ObjStm /N 0 /First 0", " "),
	       PASSES);
}

/* ---- certification ---- */

static struct view annotated(struct view pdf)
{
	const uint32_t number = pades_kit_free_number(pdf);
	char annots[128], page[2048];
	const char *old = pades_kit_object(pdf, PADES_KIT_PAGE);
	const char *at = strstr(old, "/Annots");
	const char *bracket = at != NULL ? strchr(at, '[') : NULL;
	cr_assert_not_null(bracket);
	snprintf(annots, sizeof(annots), "[%u 0 R ", number);
	snprintf(page, sizeof(page), "%.*s%s%s", (int)(bracket - old), old, annots,
		 bracket + 1);
	const struct pades_kit_object objects[] = {
		{ .number = number,
		  .body = "<< /Type /Annot /Subtype /FreeText /Rect [20 140 280 180] "
			  "/Contents (Pay "
			  "9999 EUR) /DA (/Helv 18 Tf) >>" },
		{ .number = PADES_KIT_PAGE, .body = page },
	};
	return pades_kit_update(pdf, objects, 2);
}

Test(pades_attacks, eaa_annotation_where_none_is_allowed)
{
	expect("P=1", annotated(certify(1)), FORBIDDEN);
	expect("P=2", annotated(certify(2)), FORBIDDEN);
	expect("P=3", annotated(certify(3)), PASSES);
}

Test(pades_attacks, ssa_signature_where_none_is_allowed)
{
	expect("P=1", sign(certify(1)), FORBIDDEN);
	expect("P=2", sign(certify(2)), PASSES);
}

/* ISO 32000-2 12.8.2.2.1: validation data and time-stamps are no changes. */
Test(pades_attacks, long_term_material_is_always_allowed)
{
	struct view pdf = pades_kit_dss(
	    certify(1),
	    &(struct pades_kit_dss){ .material = cades_kit_status(&s, KIT_DAY(2)),
				     .vri = true });
	pdf = pades_kit_stamp(
	    pdf, &(struct pades_kit_stamp){ .tsa = s.tsa, .gen_ms = KIT_DAY(3) });
	expect("P=1", pdf, PASSES);
}

static const char FILLED[] =
    "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [20 20 120 "
    "40] /F 4 /P 3 0 R /V (Mallory) /DA (/Helv 10 Tf 0 g) >>";

Test(pades_attacks, field_filled_where_no_filling_is_allowed)
{
	expect("P=1", update(certify(1), PADES_KIT_TEXT_FIELD, FILLED), FORBIDDEN);
	expect("P=2", update(certify(2), PADES_KIT_TEXT_FIELD, FILLED), PASSES);
	expect("no certification", update(sign(form()), PADES_KIT_TEXT_FIELD, FILLED),
	       PASSES);
}

static struct view locked(const char *lock, const char *fieldmdp)
{
	struct view pdf = pades_kit_sign(
	    form(), &(struct pades_kit_sign){
			.cert = s.signer, .lock = lock, .fieldmdp = fieldmdp });
	return update(pdf, PADES_KIT_TEXT_FIELD, FILLED);
}

Test(pades_attacks, locked_field_filled)
{
	expect("lock all", locked("<< /Type /SigFieldLock /Action /All >>", NULL),
	       FORBIDDEN);
	expect(
	    "lock it",
	    locked("<< /Type /SigFieldLock /Action /Include /Fields [(name)] >>", NULL),
	    FORBIDDEN);
	expect("lock others",
	       locked("<< /Type /SigFieldLock /Action /Include /Fields [(other)] >>",
		      NULL),
	       PASSES);
	expect(
	    "lock all but it",
	    locked("<< /Type /SigFieldLock /Action /Exclude /Fields [(name)] >>", NULL),
	    PASSES);
	expect("FieldMDP",
	       locked(NULL, "<< /Type /TransformParams /Action /All /V /1.2 >>"),
	       FORBIDDEN);
	expect(
	    "FieldMDP of others",
	    locked(
		NULL,
		"<< /Type /TransformParams /Action /Include /Fields [(other)] /V /1.2 "
		">>"),
	    PASSES);
}

/* ---- the DSS as a vehicle ---- */

Test(pades_attacks, dss_with_foreign_members)
{
	struct view pdf = pades_kit_dss(
	    sign(form()),
	    &(struct pades_kit_dss){ .material = cades_kit_status(&s, KIT_DAY(2)) });
	const char *catalog = pades_kit_object(pdf, PADES_KIT_CATALOG);
	const char *dss = strstr(catalog, "/DSS ");
	cr_assert_not_null(dss);
	const uint32_t number = (uint32_t)strtoul(dss + 5, NULL, 10);
	expect("twin", pdf, PASSES);
	expect("foreign", add(pdf, number, "/Font << /F1 5 0 R >>"), UNDEFINED);
}

Test(pades_attacks, signature_taken_out_of_the_form)
{
	struct view pdf = sign(form());
	const struct pades_kit_object objects[] = {
		{ .number = PADES_KIT_FORM, .body = "<< /Fields [8 0 R] >>" },
		{ .number = PADES_KIT_PAGE,
		  .body = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] "
			  "/Contents 4 0 R "
			  "/Resources << /Font << /F1 5 0 R >> >> /Annots [8 0 R] >>" },
	};
	struct cades_judge j;
	cades_judge_init(&j, &s, pades_kit_update(pdf, objects, 2), KIT_DAY(4));
	cr_assert(cades_judge_run(&j));
	cr_expect_neq(j.report->indication, INDICATION_PASSED);
	cr_expect(cades_judge_has_finding(&j, "PDF_SIGNATURE_REMOVED"));
	cades_judge_clear(&j);
}

/* ---- every style of file, unharmed ---- */

Test(pades_attacks, files_of_each_style_pass)
{
	static const struct pades_kit_pdf files[] = {
		{ .style = PADES_KIT_TABLE },
		{ .style = PADES_KIT_TABLE, .form = true },
		{ .style = PADES_KIT_STREAM },
		{ .style = PADES_KIT_STREAM, .form = true },
		{ .style = PADES_KIT_LINEARISED },
		{ .style = PADES_KIT_LINEARISED, .form = true, .pages = 3 },
		{ .style = PADES_KIT_TABLE, .pdfa = true },
	};
	const struct cades_kit_stamp t = { .tsa = s.tsa, .gen_ms = KIT_DAY(1) };
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct view pdf = pades_kit_sign(
		    pades_kit_blank(&files[i]),
		    &(struct pades_kit_sign){ .cert = s.signer, .stamp = &t });
		expect("signed", pdf, PASSES);
		pdf =
		    pades_kit_dss(pdf, &(struct pades_kit_dss){
					   .material = cades_kit_status(&s, KIT_DAY(2)),
					   .vri = true });
		pdf = pades_kit_stamp(pdf, &(struct pades_kit_stamp){
					       .tsa = s.tsa, .gen_ms = KIT_DAY(3) });
		expect("preserved", pdf, PASSES);
	}
}
