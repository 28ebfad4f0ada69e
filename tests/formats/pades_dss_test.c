/* SPDX-License-Identifier: Apache-2.0 */
/* DSS and VRI. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pades_make.h"

#define CATALOG(dss)                                                                   \
	{                                                                              \
		.number = 1,                                                           \
		.body =                                                                \
		    "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /DSS " dss " >>"   \
	}
#define STREAM(n, text)                                                                \
	{                                                                              \
		.number = n, .body = "", .stream = text                                \
	}

static const struct make_object streams[] = { STREAM(20, "cert 20"),
					      STREAM(21, "cert 21"),
					      STREAM(22, "crl 22"),
					      STREAM(23, "ocsp 23") };

/* A signed file with an update that adds a DSS and the streams. */
static struct view with_dss(struct make_object catalog)
{
	return MAKE(make_signed(), catalog, streams[0], streams[1], streams[2],
		    streams[3]);
}

static bool item_is(const struct pades_item *i, const char *text)
{
	return view_equal(i->der, view_text(text));
}

Test(pades_dss, dss_that_is_no_dictionary_is_a_finding)
{
	struct make_object catalog = CATALOG("(x)");
	struct pades *p = make_read(with_dss(catalog));

	cr_expect_not(p->dss.present);
	cr_expect(make_has(p, "PDF_DSS"));
	pades_free(p);
}

Test(pades_dss, entries_that_are_no_streams_are_findings)
{
	struct make_object catalog = CATALOG("<< /Certs [5 0 R (x) 99 0 R 20 0 R] >>");
	struct pades *p = make_read(with_dss(catalog));

	cr_expect(p->dss.present);
	cr_assert_eq(p->dss.n_certs, 1);
	cr_expect(item_is(&p->dss.certs[0], "cert 20"));
	cr_expect(make_has(p, "PDF_DSS_ITEM"));
	pades_free(p);
}

Test(pades_dss, filter_that_is_not_known_is_a_finding)
{
	struct make_object catalog = CATALOG("<< /Certs [24 0 R] >>");
	struct make_object odd = { .number = 24,
				   .body = "/Filter /Odd",
				   .stream = "x" };
	struct pades *p = make_read(MAKE(make_signed(), catalog, odd));

	cr_expect_eq(p->dss.n_certs, 0);
	cr_expect(make_has(p, "PDF_DSS_ITEM"));
	pades_free(p);
}

Test(pades_dss, too_many_items_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)1 << 20);
	struct pades *p = NULL;
	const char *text;

	cr_assert_eq(
	    buf_put_text(&b, "<< /Type /Catalog /Pages 2 0 R /DSS << /Certs [", &err),
	    0);
	for (size_t i = 0; i <= PADES_DSS_ITEMS_MAX; i++)
		cr_assert_eq(buf_put_text(&b, "20 0 R ", &err), 0);
	cr_assert_eq(buf_put_text(&b, "] >> >>", &err), 0);
	cr_assert_eq(buf_text(&b, &text, &err), 0);
	struct make_object catalog = { .number = 1, .body = text };
	struct view file = MAKE(VIEW_NULL, catalog, make_pages, streams[0]);
	cr_expect_eq(pades_read(file, VIEW_NULL, &p, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(pades_dss, lists_are_read_by_either_name_each_object_once)
{
	struct make_object catalog = CATALOG(
	    "<< /Type /DSS /Certs [20 0 R 20 0 R 21 0 R] /Cert [21 0 R] /CRL [22 0 R] "
	    "/OCSPs [23 0 R] >>");
	struct pades *p = make_read(with_dss(catalog));

	cr_assert_eq(p->dss.n_certs, 2);
	cr_assert_eq(p->dss.n_crls, 1);
	cr_assert_eq(p->dss.n_ocsps, 1);
	cr_expect(item_is(&p->dss.certs[0], "cert 20"));
	cr_expect(item_is(&p->dss.certs[1], "cert 21"));
	cr_expect(item_is(&p->dss.crls[0], "crl 22"));
	cr_expect(item_is(&p->dss.ocsps[0], "ocsp 23"));
	cr_expect_eq(p->dss.certs[0].ref.number, 20);
	cr_expect_eq(p->dss.certs[0].revision, 1);
	cr_expect_eq(p->dss.revision, 1);
	cr_expect_eq(p->dss.ref.number, 0);
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}

Test(pades_dss, items_say_in_which_revision_they_came)
{
	struct make_object catalog = CATALOG("9 0 R");
	struct make_object first = { .number = 9,
				     .body = "<< /Certs [20 0 R 21 0 R] >>" };
	struct make_object more = { .number = 9,
				    .body = "<< /Certs [20 0 R 21 0 R 25 0 R] >>" };
	struct make_object other = STREAM(25, "cert 25");
	struct make_object replaced = STREAM(21, "cert 21 again");
	struct view file = MAKE(with_dss(catalog), first);
	struct pades *p = make_read(MAKE(file, more, other, replaced));

	cr_assert_eq(p->dss.n_certs, 3);
	cr_expect_eq(p->dss.ref.number, 9);
	cr_expect_eq(p->dss.revision, 1);
	cr_expect_eq(p->dss.certs[0].revision, 1);
	/* What stands there now came with the last update. */
	cr_expect_eq(p->dss.certs[1].revision, 3);
	cr_expect(item_is(&p->dss.certs[1], "cert 21 again"));
	cr_expect_eq(p->dss.certs[2].revision, 3);
	pades_free(p);
}

/* ---- stores that were begun anew ---- */

/* A store, a second signature over it, another store that forgets the first. */
static struct pades *read_renewed(struct make_object first, struct make_object changed)
{
	struct make_object both = { .number = 4,
				    .body = "<< /Fields [5 0 R 7 0 R] /SigFlags 3 >>" };
	struct make_object field = { .number = 7,
				     .body = "<< /FT /Sig /T (b) /V 8 0 R >>" };
	struct make_object sig = { .number = 8, .body = MAKE_SIG(MAKE_CMS_2) };
	struct make_object other = STREAM(25, "cert 25");
	struct make_object renewed = CATALOG("<< /Certs [25 0 R 21 0 R] >>");
	struct view file = MAKE(with_dss(first), both, field, sig);

	return make_read(MAKE(file, renewed, other, changed));
}

static const struct make_object older_catalog =
    CATALOG("<< /Certs [20 0 R 21 0 R] /CRLs [22 0 R] /OCSPs [23 0 R] >>");
static const struct make_object unrelated = STREAM(30, "x");

Test(pades_dss, what_a_covered_store_had_is_told_beside_the_newest)
{
	struct pades *p = read_renewed(older_catalog, unrelated);

	cr_assert_eq(p->n_signatures, 2);
	cr_expect_eq(p->dss.n_certs, 2);
	cr_expect_eq(p->dss.n_crls, 0);
	cr_assert_eq(p->dss.n_older_certs, 1);
	cr_expect(item_is(&p->dss.older_certs[0], "cert 20"));
	cr_expect_eq(p->dss.older_certs[0].revision, 1);
	cr_assert_eq(p->dss.n_older_crls, 1);
	cr_expect(item_is(&p->dss.older_crls[0], "crl 22"));
	cr_assert_eq(p->dss.n_older_ocsps, 1);
	cr_expect(item_is(&p->dss.older_ocsps[0], "ocsp 23"));
	pades_free(p);
}

Test(pades_dss, object_of_an_older_store_that_was_replaced_is_not_told)
{
	struct make_object replaced = STREAM(20, "cert 20 again");
	struct make_object freed = { .number = 20 };
	struct pades *p = read_renewed(older_catalog, replaced);

	cr_expect_eq(p->dss.n_older_certs, 0);
	cr_expect_eq(p->dss.n_older_crls, 1);
	pades_free(p);
	p = read_renewed(older_catalog, freed);
	cr_expect_eq(p->dss.n_older_certs, 0);
	cr_expect_eq(p->dss.n_older_crls, 1);
	pades_free(p);
}

Test(pades_dss, older_store_that_nothing_covers_is_not_told)
{
	struct make_object renewed = CATALOG("<< /Certs [21 0 R] >>");
	struct make_object catalog = older_catalog;
	struct pades *p = make_read(MAKE(with_dss(catalog), renewed));

	cr_expect_eq(p->dss.n_certs, 1);
	cr_expect_eq(p->dss.n_older_certs, 0);
	cr_expect_eq(p->dss.n_older_crls, 0);
	pades_free(p);
}

/* ---- VRI ---- */

static void match(struct pades *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(pades_match_vris(p, &err), 0, "%s", err.text);
}

static void vri_for(const char *key, int expected)
{
	char body[512];

	snprintf(body, sizeof(body),
		 "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /DSS << /VRI << /Type "
		 "/VRI /%s << /Cert [20 0 R] /CRLs [22 0 R] /OCSP [23 0 R] /TU "
		 "(D:20260102030405Z) /TS 21 0 R >> >> >> >>",
		 key);
	struct make_object catalog = { .number = 1, .body = body };
	struct pades *p = make_read(with_dss(catalog));
	cr_assert_eq(p->dss.n_vris, 1);
	const struct pades_vri *v = &p->dss.vris[0];
	cr_expect_eq(v->signature, -1);
	match(p);
	cr_expect_eq(v->signature, expected, "%s", key);
	match(p);
	cr_expect_eq(v->signature, expected, "%s", key);
	cr_expect(view_equal(v->key, view_text(key)));
	cr_expect_eq(v->n_certs, 1);
	cr_expect_eq(v->n_crls, 1);
	cr_expect_eq(v->n_ocsps, 1);
	cr_expect(v->has_time);
	cr_expect_eq(v->time_ms, INT64_C(1767323045000));
	cr_expect(view_equal(v->stamp, view_text("cert 21")));
	pades_free(p);
}

static const char *key_of(struct view octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static char key[41];

	cr_assert_eq(pades_vri_key(octets, key, &err), 0);
	return key;
}

Test(pades_dss, vri_of_no_signature_belongs_to_none)
{
	vri_for("0123456789ABCDEF0123456789ABCDEF01234567", -1);
	vri_for("x", -1);
}

Test(pades_dss, vri_is_found_by_every_key_that_programs_write)
{
	static const uint8_t padded[MAKE_SIG_OCTETS] = { 0x30, 3, 2, 1, 5 };

	vri_for(key_of(view_of(padded, sizeof(padded))), 0);
	vri_for(key_of(view_of(padded, 5)), 0);
	vri_for(key_of(view_text("30030201050000000000000000000000")), 0);
}

Test(pades_dss, vri_is_found_by_upper_case_digits)
{
	struct make_object sig = { .number = 6, .body = MAKE_SIG("300302010A") };
	char body[256];

	snprintf(
	    body, sizeof(body),
	    "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R /DSS << /VRI << /%s << "
	    ">> >> >> >>",
	    key_of(view_text("300302010A0000000000000000000000")));
	struct make_object catalog = { .number = 1, .body = body };
	struct view file = MAKE(VIEW_NULL, make_catalog, make_pages, make_page,
				make_form, make_field, sig);
	struct pades *p = make_read(MAKE(file, catalog));
	cr_assert_eq(p->dss.n_vris, 1);
	match(p);
	cr_expect_eq(p->dss.vris[0].signature, 0);
	cr_expect_not(p->dss.vris[0].has_time);
	cr_expect_eq(p->dss.vris[0].stamp.n, 0);
	pades_free(p);
}

Test(pades_dss, vri_that_is_no_dictionary_is_empty)
{
	struct make_object catalog = CATALOG("<< /VRI << /K (x) >> >>");
	struct pades *p = make_read(with_dss(catalog));

	cr_assert_eq(p->dss.n_vris, 1);
	cr_expect_eq(p->dss.vris[0].n_certs, 0);
	pades_free(p);
}

/* ---- memory ---- */

Test(pades_dss, allocation_that_fails_is_an_error_and_leaks_nothing)
{
	struct make_object catalog = CATALOG("<< /Certs [20 0 R 21 0 R] /CRLs [22 0 R] "
					     "/VRI << /K << /TS 23 0 R >> >> >>");
	struct view file = with_dss(catalog);
	bool hit = true;
	int rc = -1;

	pades_free(make_read(file));
	for (uint64_t n = 1; hit; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pades *p = NULL;
		mem_fail_nth(n);
		rc = pades_read(file, VIEW_NULL, &p, &err);
		hit = mem_fail_hit() != 0;
		mem_fail_nth(0);
		if (rc == 0)
			pades_free(p);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "%s", ltps_code_name(err.code));
	}
	cr_expect_eq(rc, 0);
}
