/* SPDX-License-Identifier: Apache-2.0 */
/* Generations of shared material: what stays, what leaves, who holds what. */
#include <criterion/criterion.h>

#include "ltp/known.h"
#include "tests/support/pki_fixture.h"

static struct fix_pki pki;
static struct material *base;
static struct known *known;

static void begin(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	pki = fix_pki_make();
	base = fix_material(pki.root, NULL);
	cr_assert_eq(known_new(base, &known, &err), 0);
}

static void end(void)
{
	known_free(known);
	material_free(base);
	fix_pki_free(&pki);
}

TestSuite(known, .init = begin, .fini = end);

static struct material *crl_of(int64_t this_ms)
{
	struct material *m = fix_material(NULL, NULL);
	struct buf der = buf_make(4096);
	fix_crl_simple(pki.root, this_ms, NULL, &der); /* thirty days */
	fix_material_add(m, MATERIAL_CRL, view_buf(&der));
	buf_free(&der);
	return m;
}

static bool add(struct material *m, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool news = false;
	cr_assert_eq(known_add(known, m, now_ms, &news, &err), 0, "%s", err.text);
	material_free(m);
	return news;
}

static size_t count(enum material_kind kind)
{
	struct known_generation *g = known_take(known);
	size_t n = material_count(known_material(g), kind);
	known_drop(g);
	return n;
}

Test(known, status_past_its_next_update_does_not_come_in)
{
	cr_assert(!add(crl_of(FIX_T0_MS - 31 * FIX_DAY_MS), FIX_T0_MS));
	cr_assert_eq(count(MATERIAL_CRL), 0);
	cr_assert(add(crl_of(FIX_T0_MS - 29 * FIX_DAY_MS), FIX_T0_MS));
	cr_assert_eq(count(MATERIAL_CRL), 1);
}

Test(known, status_leaves_when_its_next_update_has_passed)
{
	cr_assert(add(crl_of(FIX_T0_MS), FIX_T0_MS));
	cr_assert(
	    add(crl_of(FIX_T0_MS + 31 * FIX_DAY_MS), FIX_T0_MS + 31 * FIX_DAY_MS));
	cr_assert_eq(count(MATERIAL_CRL), 1);
}

Test(known, what_is_there_already_makes_no_generation)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool news = true;
	struct material *m = crl_of(FIX_T0_MS);
	cr_assert_eq(known_add(known, m, FIX_T0_MS, NULL, &err), 0);
	struct known_generation *before = known_take(known);
	cr_assert_eq(known_add(known, m, FIX_T0_MS, &news, &err), 0);
	struct known_generation *after = known_take(known);
	cr_assert(!news);
	cr_assert_eq(before, after);
	known_drop(before);
	known_drop(after);
	material_free(m);
}

Test(known, fetched_anchor_is_not_trusted)
{
	cr_assert(!add(fix_material(pki.ca, NULL), FIX_T0_MS));
	cr_assert_eq(count(MATERIAL_ANCHOR), 1);
}

Test(known, generation_in_use_outlives_the_next_ones)
{
	struct known_generation *g = known_take(known);
	cr_assert(add(crl_of(FIX_T0_MS), FIX_T0_MS));
	cr_assert_eq(material_count(known_material(g), MATERIAL_CRL), 0);
	cr_assert_eq(count(MATERIAL_CRL), 1);
	known_drop(g);
}

Test(known, too_much_material_begins_afresh)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert(add(crl_of(FIX_T0_MS), FIX_T0_MS));
	struct material *m = fix_material(NULL, NULL);
	for (int i = 0; i < KNOWN_ITEMS_MAX; i++) {
		struct buf der = buf_make(4096);
		struct ocsp *o = NULL;
		ASN1_INTEGER_set(X509_get_serialNumber(pki.ca->x), 1000 + i);
		fix_ocsp_good(pki.ca, pki.root, FIX_T0_MS, &der);
		cr_assert_eq(ocsp_parse(view_buf(&der), &o, &err), 0);
		cr_assert_eq(material_add_ocsp(m, o, &err), 0);
		ocsp_free(o);
		buf_free(&der);
	}
	cr_assert(add(m, FIX_T0_MS));
	cr_assert_eq(count(MATERIAL_CRL), 0);
	cr_assert_eq(count(MATERIAL_OCSP), KNOWN_ITEMS_MAX);
}

Test(known, namesakes_beyond_some_leave_the_oldest_first)
{
	for (int i = 0; i < KNOWN_NAMESAKES_MAX + 3; i++)
		cr_assert(add(crl_of(FIX_T0_MS + i * 1000), FIX_T0_MS));
	struct known_generation *g = known_take(known);
	const struct material *m = known_material(g);
	cr_assert_eq(material_count(m, MATERIAL_CRL), KNOWN_NAMESAKES_MAX);
	for (size_t i = 0; i < KNOWN_NAMESAKES_MAX; i++)
		cr_assert_geq(material_crl(m, i)->this_ms, FIX_T0_MS + 3000);
	known_drop(g);
}

/* The caller keeps what is left out, so it must be told. */
Test(known, what_is_left_out_in_part_is_no_news)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = crl_of(FIX_T0_MS);
	struct material *past = crl_of(FIX_T0_MS - 31 * FIX_DAY_MS);
	cr_assert_eq(material_add_all(m, past, &err), 0);
	cr_assert(!add(m, FIX_T0_MS));
	cr_assert_eq(count(MATERIAL_CRL), 1);
	material_free(past);
}

Test(known, configured_namesakes_are_not_counted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int i = 0; i < KNOWN_NAMESAKES_MAX; i++) {
		struct material *m = crl_of(FIX_T0_MS + i * 1000);
		cr_assert_eq(material_add_all(base, m, &err), 0);
		material_free(m);
	}
	cr_assert(add(crl_of(FIX_T0_MS + FIX_DAY_MS), FIX_T0_MS));
	cr_assert_eq(count(MATERIAL_CRL), KNOWN_NAMESAKES_MAX + 1);
}
