/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PDFs read as documents: what is wrong with each, beside the nearest one that is
 * right. Levels stand in pades_document_level_test.c.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"
#include "tests/support/pades_kit.h"
#include "tests/support/test_time.h"
#include "validation/document.h"

static struct cades_kit_scene scene;
static struct document *d;

static void set_up(void)
{
	scene = cades_kit_scene(NULL);
}

static void tear_down(void)
{
	document_free(d);
	cades_kit_scene_free(&scene);
}

TestSuite(pades_document, .init = set_up, .fini = tear_down);

static void read_file(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	document_free(d);
	d = NULL;
	cr_assert_eq(document_read_pdf(file, VIEW_NULL, &d, &err), 0, "%s", err.text);
}

static struct view signed_by(struct pades_kit_sign s)
{
	s.cert = s.cert != NULL ? s.cert : scene.signer;
	return pades_kit_sign(pades_kit_blank(NULL), &s);
}

static const struct document_signature *read_signer(struct pades_kit_sign s)
{
	read_file(signed_by(s));
	cr_assert_eq(d->n_signatures, 1);
	return &d->signatures[0];
}

static struct view stamped(struct view file, int64_t gen_ms)
{
	return pades_kit_stamp(
	    file, &(struct pades_kit_stamp){ .tsa = scene.tsa, .gen_ms = gen_ms });
}

/* Octets of a ByteRange. */
static struct view range_of(struct view file, const uint64_t r[4])
{
	return make_joined(view_of(file.p + r[0], (size_t)r[1]),
			   view_of(file.p + r[2], (size_t)r[3]));
}

/* The same file with other octets, zeros behind them, as /Contents of one dictionary.
 */
static struct view with_contents(struct view file, size_t which, struct view cms)
{
	read_file(file);
	const uint64_t *r = d->pdf->signatures[which].range;
	size_t room = (size_t)(r[2] - r[1]) - 2;
	struct view copy = make_joined(file, VIEW_NULL);
	char *hex = mem_alloc(2 * cms.n + 1);
	cr_assert_geq(room, 2 * cms.n);
	hex_encode(cms, hex);
	uint8_t *to = (uint8_t *)(uintptr_t)copy.p + r[1] + 1;
	memset(to, '0', room);
	memcpy(to, hex, 2 * cms.n);
	mem_free(hex);
	return copy;
}

/* Signed with a CMS that the test makes; content and detached are put in. */
static struct view signed_with(struct cades_kit_make m)
{
	struct view file = signed_by((struct pades_kit_sign){ .room = 20000 });
	read_file(file);
	m.detached = m.content.n == 0;
	if (m.detached)
		m.content = range_of(file, d->pdf->signatures[0].range);
	return with_contents(file, 0, cades_kit_make(&m));
}

static bool covers(const struct document_stamp *st, enum object_kind kind,
		   const uint8_t sha256[32])
{
	for (size_t i = 0; i < st->n_covers; i++) {
		if (st->covers[i].kind == kind &&
		    memcmp(st->covers[i].sha256, sha256, 32) == 0)
			return st->covers[i].by == DIGEST_NONE;
	}
	return false;
}

static bool covers_octets(const struct document_stamp *st, enum object_kind kind,
			  struct view octets)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, octets);
	return covers(st, kind, h.p);
}

static bool has_note(const char *part)
{
	for (size_t i = 0; i < d->n_notes; i++) {
		if (strstr(d->notes[i], part) != NULL)
			return true;
	}
	return false;
}

static void expect_failure(struct view file, enum subindication sub)
{
	struct cades_judge j;
	cades_judge_init(&j, &scene, file, KIT_DAY(4));
	cades_judge_expect(&j, sub);
	cades_judge_clear(&j);
}

/* ---- files ---- */

Test(pades_document, what_is_no_pdf_cannot_be_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(document_read_pdf(view_text("nothing"), VIEW_NULL, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
}

Test(pades_document, file_without_signatures_is_empty)
{
	read_file(pades_kit_blank(NULL));
	cr_expect_eq(d->n_signatures, 0);
	cr_expect_eq(d->n_stamps, 0);
	cr_expect_eq(d->format->kind, FORMAT_PDF);
	cr_expect_not_null(d->pdf);
}

Test(pades_document, signature_has_what_it_is_judged_by)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .time_ms = KIT_DAY(1) });
	struct digest h = cades_kit_hash(
	    DIGEST_SHA256, range_of(d->pdf->file->octets, s->pdf->found->range));
	cr_expect_eq(d->format->kind, FORMAT_PADES);
	cr_expect_null(d->cms);
	cr_expect_eq(s->role, ROLE_SIGNATURE);
	cr_expect_eq(s->format, SIGNATURE_PADES);
	cr_expect_str_eq(s->defect, "");
	cr_expect_eq(s->n_references, 1);
	cr_expect_eq(s->references[0].match, MATCH_YES);
	cr_expect_arr_eq(s->content_sha256, h.p, 32);
	cr_expect(s->has_content);
	cr_expect_eq(s->claims.signing_time_ms, KIT_DAY(1));
	cr_expect(s->pdf->byte_range_valid);
	cr_expect(s->pdf->covers_whole_file);
	cr_expect_eq(s->pdf->n_changes, 0);
	cr_expect_str_eq(s->pdf->unconfirmed, "");
	cr_expect_not_null(
	    material_find_cert(d->material, MATERIAL_CERT,
			       cades_kit_hash(DIGEST_SHA256, scene.signer->der).p));
}

/* ---- what is signed ---- */

Test(pades_document, digest_of_other_octets_does_not_match)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .wrong_digest = true });
	cr_expect_eq(s->references[0].match, MATCH_NO);
	cr_expect_str_eq(s->defect, "");
}

Test(pades_document, changed_octet_does_not_match)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	uint8_t *page = memmem((uint8_t *)(uintptr_t)file.p, file.n, "/MediaBox", 9);
	cr_assert_not_null(page);
	page[1] = 'm';
	read_file(file);
	cr_assert_eq(d->n_signatures, 1);
	cr_expect_eq(d->signatures[0].references[0].match, MATCH_NO);
}

Test(pades_document, each_digest_algorithm_is_taken)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256,
						DIGEST_SHA384, DIGEST_SHA512 };
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		const struct document_signature *s = read_signer(
		    (struct pades_kit_sign){ .cms = { .digest = algs[i] } });
		cr_expect_eq(s->digest, algs[i]);
		cr_expect_eq(s->references[0].match, MATCH_YES, "%zu", i);
	}
}

/* Each with another digest, a stamp between them, all over prefixes of one file. */
Test(pades_document, ranges_of_several_signatures_are_told_apart)
{
	struct view file =
	    signed_by((struct pades_kit_sign){ .cms = { .digest = DIGEST_SHA512 } });
	file = stamped(file, KIT_DAY(1));
	file = pades_kit_sign(file, &(struct pades_kit_sign){
					.cert = scene.signer,
					.cms = { .digest = DIGEST_SHA384 },
				    });
	file = pades_kit_sign(file, &(struct pades_kit_sign){ .cert = scene.signer,
							      .wrong_digest = true });
	read_file(file);
	cr_assert_eq(d->n_signatures, 3);
	cr_assert_eq(d->n_stamps, 1);
	cr_expect_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_expect_eq(d->signatures[1].references[0].match, MATCH_YES);
	cr_expect_eq(d->signatures[2].references[0].match, MATCH_NO);
	cr_expect_eq(d->stamps[0].imprint, MATCH_YES);
	for (size_t i = 0; i < 3; i++) {
		struct digest h = cades_kit_hash(
		    DIGEST_SHA256, range_of(file, d->signatures[i].pdf->found->range));
		cr_expect_arr_eq(d->signatures[i].content_sha256, h.p, 32, "%zu", i);
	}
}

Test(pades_document, signature_without_signed_attributes_is_over_the_range)
{
	const struct document_signature *s = read_signer((struct pades_kit_sign){
	    .subfilter = "adbe.pkcs7.detached", .cms = { .no_signed_attrs = true } });
	cr_assert_eq(s->n_octets, 1);
	cr_expect(view_equal(s->octets[0],
			     range_of(d->pdf->file->octets, s->pdf->found->range)));
	cr_expect_str_eq(s->profile, "PDF");
}

/* ---- dictionaries ---- */

Test(pades_document, range_that_does_not_fit_is_a_defect)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .range = { 0, 10, 20, 1 << 30 } });
	cr_expect_neq(s->defect[0], '\0');
	cr_expect_not_null(s->defect_clause);
	cr_expect_not(s->pdf->byte_range_valid);
	cr_expect_eq(s->references[0].match, MATCH_UNKNOWN);
	expect_failure(d->pdf->file->octets, SUB_FORMAT_FAILURE);
}

Test(pades_document, gap_wider_than_contents_is_a_defect)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .gap_too_wide = true });
	cr_expect_neq(s->defect[0], '\0');
	cr_expect_not(s->pdf->byte_range_valid);
	expect_failure(d->pdf->file->octets, SUB_FORMAT_FAILURE);
}

Test(pades_document, octets_behind_the_cms_are_a_defect)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .padding_not_zero = true });
	cr_expect_neq(s->defect[0], '\0');
	cr_expect_eq(s->references[0].match, MATCH_YES);
	expect_failure(d->pdf->file->octets, SUB_FORMAT_FAILURE);
}

Test(pades_document, unknown_subfilter_is_read_as_a_detached_cms)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .subfilter = "ETSI.Unheard" });
	cr_expect_str_eq(s->defect, "");
	cr_expect_str_eq(s->profile, "PDF");
	cr_expect(has_note("ETSI.Unheard"));
}

Test(pades_document, unknown_subfilter_over_other_octets_is_a_defect)
{
	const struct document_signature *s = read_signer((struct pades_kit_sign){
	    .subfilter = "ETSI.Unheard", .wrong_digest = true });
	cr_expect_not_null(strstr(s->defect, "ETSI.Unheard"));
	expect_failure(d->pdf->file->octets, SUB_FORMAT_FAILURE);
	s = read_signer((struct pades_kit_sign){ .subfilter = "ETSI.Unheard",
						 .cms = { .no_signed_attrs = true } });
	cr_expect_not_null(strstr(s->defect, "ETSI.Unheard"));
}

Test(pades_document, signing_time_of_the_dictionary_gives_way_to_a_pkcs7_one)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .subfilter = "adbe.pkcs7.detached",
						 .time_ms = KIT_DAY(2),
						 .cms = { .signing_ms = KIT_DAY(1) } });
	cr_expect_eq(s->claims.signing_time_ms, KIT_DAY(1));
	s = read_signer(
	    (struct pades_kit_sign){ .subfilter = "adbe.pkcs7.detached",
				     .time_ms = KIT_DAY(2),
				     .cms = { .signing_time = CADES_KIT_ABSENT } });
	cr_expect_eq(s->claims.signing_time_ms, KIT_DAY(2));
	s = read_signer((struct pades_kit_sign){ .no_time = true });
	cr_expect_eq(s->claims.signing_time_ms, INT64_MIN);
}

/* ---- the CMS ---- */

static void expect_unusable(struct view cms, const char *why)
{
	struct view file = signed_by((struct pades_kit_sign){ .room = 20000 });
	file = with_contents(file, 0, cms);
	read_file(file);
	cr_assert_eq(d->n_signatures, 1);
	cr_assert_eq(d->n_stamps, 0);
	const struct document_signature *s = &d->signatures[0];
	cr_expect_null(s->signer);
	cr_expect_null(s->cms);
	cr_expect_not_null(strstr(s->defect, why), "%s", s->defect);
	cr_expect_eq(s->structure, LEVEL_NONE);
	cr_expect_not_null(s->pdf);
	expect_failure(file, SUB_FORMAT_FAILURE);
}

Test(pades_document, contents_that_are_no_cms_stay_in_the_list)
{
	expect_unusable(make_int(5), "");
	expect_unusable(make_el(0x30, make_int(5)), "");
	expect_unusable(view_text("\x30\x84\xff\xff\xff\xff"), "");
}

Test(pades_document, contents_of_zeros_stay_in_the_list)
{
	expect_unusable(VIEW_NULL, "");
}

Test(pades_document, cms_without_a_signer_stays_in_the_list)
{
	expect_unusable(cades_kit_make(&(struct cades_kit_make){ .n_signers = 0,
								 .detached = true }),
			"no signer");
}

Test(pades_document, token_in_a_signature_dictionary_is_no_signature)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, view_text("x"));
	expect_unusable(
	    cades_kit_token(
		&(struct cades_kit_stamp){ .tsa = scene.tsa, .gen_ms = KIT_DAY(1) },
		&h),
	    "time-stamp token");
}

Test(pades_document, content_inside_the_cms_is_a_defect)
{
	struct cades_kit_signer signer = { .cert = scene.signer,
					   .signing_time = CADES_KIT_ABSENT };
	struct cades_kit_make m = { .signers = &signer, .n_signers = 1 };
	read_file(signed_with(m));
	cr_expect_str_eq(d->signatures[0].defect, "");
	cr_expect_eq(d->signatures[0].references[0].match, MATCH_YES);
	m.content = view_text("something else");
	read_file(signed_with(m));
	cr_expect_not_null(strstr(d->signatures[0].defect, "content of its own"));
	cr_expect_eq(d->signatures[0].references[0].match, MATCH_NO);
	cr_expect_str_eq(d->signatures[0].profile, "PDF");
}

Test(pades_document, signers_of_one_cms_are_signatures_of_one_dictionary)
{
	struct cades_kit_signer signers[] = {
		{ .cert = scene.signer, .signing_time = CADES_KIT_ABSENT },
		{ .cert = scene.signer,
		  .signing_time = CADES_KIT_ABSENT,
		  .commitment = "1.2.3" },
	};
	read_file(
	    signed_with((struct cades_kit_make){ .signers = signers, .n_signers = 2 }));
	cr_assert_eq(d->n_signatures, 2);
	cr_expect_eq(d->signatures[0].pdf, d->signatures[1].pdf);
	cr_expect_str_neq(d->signatures[0].id, d->signatures[1].id);
	cr_expect_str_eq(d->signatures[0].defect, "more than one SignerInfo");
	cr_expect_str_eq(d->signatures[1].defect, "more than one SignerInfo");
}

Test(pades_document, countersignature_follows_its_parent)
{
	struct cades_kit_signer counter = { .cert = scene.ocsp };
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file =
	    pades_kit_sign(file, &(struct pades_kit_sign){
				     .cert = scene.signer,
				     .cms = { .counters = &counter, .n_counters = 1 },
				 });
	file = stamped(file, KIT_DAY(1));
	read_file(file);
	cr_assert_eq(d->n_signatures, 3);
	cr_expect_eq(d->signatures[2].role, ROLE_COUNTERSIGNATURE);
	cr_expect_eq(d->signatures[2].parent, 1);
	cr_expect_null(d->signatures[2].pdf);
	cr_expect_str_eq(d->signatures[0].why_not, "");
	cr_expect_not_null(strstr(d->signatures[1].why_not, "countersignature"));
	cr_expect(covers(&d->stamps[0], OBJECT_SIGNATURE, d->signatures[2].sha256));
}

/* ---- older SubFilters ---- */

Test(pades_document, pkcs7_sha1_is_over_the_digest_of_the_range)
{
	const struct document_signature *s =
	    read_signer((struct pades_kit_sign){ .subfilter = "adbe.pkcs7.sha1" });
	cr_expect_str_eq(s->defect, "");
	cr_assert_eq(s->n_references, 2);
	cr_expect_eq(s->references[0].match, MATCH_YES);
	cr_expect_eq(s->references[1].match, MATCH_YES);
	cr_expect_eq(s->references[1].alg, DIGEST_SHA1);
	cr_expect_eq(s->format, SIGNATURE_PKCS7);
}

Test(pades_document, pkcs7_sha1_over_other_octets_does_not_match)
{
	struct view file =
	    signed_by((struct pades_kit_sign){ .subfilter = "adbe.pkcs7.sha1" });
	uint8_t *page = memmem((uint8_t *)(uintptr_t)file.p, file.n, "/MediaBox", 9);
	cr_assert_not_null(page);
	page[1] = 'm';
	read_file(file);
	cr_expect_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_expect_eq(d->signatures[0].references[1].match, MATCH_NO);
	expect_failure(file, SUB_HASH_FAILURE);
}

Test(pades_document, pkcs7_sha1_without_a_digest_inside_is_a_defect)
{
	struct cades_kit_signer signer = { .cert = scene.signer };
	struct view file = signed_by(
	    (struct pades_kit_sign){ .subfilter = "adbe.pkcs7.sha1", .room = 20000 });
	file = with_contents(file, 0,
			     cades_kit_make(&(struct cades_kit_make){
				 .signers = &signer, .n_signers = 1 }));
	read_file(file);
	cr_expect_not_null(strstr(d->signatures[0].defect, "adbe.pkcs7.sha1"));
	expect_failure(file, SUB_FORMAT_FAILURE);
}

Test(pades_document, rsa_sha1_is_judged_as_a_cms)
{
	const struct document_signature *s = read_signer((struct pades_kit_sign){
	    .subfilter = "adbe.x509.rsa_sha1", .cert = cades_kit_key(FIX_KEY_RSA, 0) });
	cr_expect_str_eq(s->defect, "");
	cr_assert_not_null(s->signer);
	cr_expect_eq(s->digest, DIGEST_SHA1);
	cr_assert_eq(s->n_octets, 1);
	cr_expect(view_equal(s->octets[0],
			     range_of(d->pdf->file->octets, s->pdf->found->range)));
	cr_expect_eq(s->cms->n_certs, 1);
	cr_expect_str_eq(s->profile, "PDF");
}

Test(pades_document, rsa_sha1_without_a_certificate_stays_in_the_list)
{
	struct view file = signed_by((struct pades_kit_sign){
	    .subfilter = "adbe.x509.rsa_sha1", .cert = cades_kit_key(FIX_KEY_RSA, 0) });
	uint8_t *cert = memmem((uint8_t *)(uintptr_t)file.p, file.n, "/Cert ", 6);
	cr_assert_not_null(cert);
	memcpy(cert, "/Xert ", 6);
	read_file(file);
	cr_expect_null(d->signatures[0].signer);
	cr_expect_not_null(strstr(d->signatures[0].defect, "/Cert"));
	expect_failure(file, SUB_FORMAT_FAILURE);
}

/* ---- time-stamps ---- */

Test(pades_document, signature_time_stamps_belong_to_their_signature)
{
	struct cades_kit_stamp st = { .kind = CADES_STAMP_SIGNATURE,
				      .tsa = scene.tsa,
				      .gen_ms = KIT_DAY(1) };
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = stamped(file, KIT_DAY(1));
	file = pades_kit_sign(
	    file, &(struct pades_kit_sign){ .cert = scene.signer, .stamp = &st });
	read_file(file);
	cr_assert_eq(d->n_signatures, 2);
	cr_assert_eq(d->n_stamps, 2);
	cr_expect_eq(d->stamps[0].type, STAMP_SIGNATURE);
	cr_expect_eq(d->stamps[0].signature, 1);
	cr_expect_null(d->stamps[0].pdf);
	cr_expect_eq(d->stamps[1].type, STAMP_DOCUMENT);
	cr_expect_eq(d->stamps[1].signature, -1);
	cr_assert_not_null(d->stamps[1].pdf);
	cr_expect_str_eq(d->stamps[1].as_signature->id, d->stamps[1].id);
	/* 5.6.2.3: a time-stamp in one CMS proves nothing of another one. */
	cr_expect_not(covers(&d->stamps[0], OBJECT_SIGNATURE, d->signatures[0].sha256));
	cr_expect(covers(&d->stamps[0], OBJECT_SIGNATURE, d->signatures[1].sha256));
}

Test(pades_document, stamp_of_other_octets_covers_nothing)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = pades_kit_stamp(
	    file, &(struct pades_kit_stamp){
		      .tsa = scene.tsa, .gen_ms = KIT_DAY(1), .wrong_imprint = true });
	read_file(file);
	cr_assert_eq(d->n_stamps, 1);
	cr_expect_eq(d->stamps[0].imprint, MATCH_NO);
	cr_expect_eq(d->stamps[0].n_covers, 0);
	cr_expect_eq(d->signatures[0].structure, LEVEL_B);
}

Test(pades_document, stamp_imprint_is_by_its_own_algorithm)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = pades_kit_stamp(file, &(struct pades_kit_stamp){ .tsa = scene.tsa,
								.gen_ms = KIT_DAY(1),
								.alg = DIGEST_SHA512 });
	read_file(file);
	cr_expect_eq(d->stamps[0].imprint, MATCH_YES);
	cr_expect_eq(d->stamps[0].tst->imprint_alg, DIGEST_SHA512);
}

Test(pades_document, stamp_without_its_type_is_a_defect_and_covers_nothing)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = pades_kit_stamp(file, &(struct pades_kit_stamp){ .tsa = scene.tsa,
								.gen_ms = KIT_DAY(1),
								.no_type = true });
	read_file(file);
	cr_assert_eq(d->n_stamps, 1);
	cr_expect_neq(d->stamps[0].defect[0], '\0');
	cr_expect_neq(d->stamps[0].as_signature->defect[0], '\0');
	cr_expect_eq(d->stamps[0].n_covers, 0);
	cr_expect_eq(d->signatures[0].structure, LEVEL_B);
}

Test(pades_document, signature_in_a_stamp_dictionary_is_no_stamp)
{
	struct view file = stamped(pades_kit_blank(NULL), KIT_DAY(1));
	file = with_contents(file, 0, cades_kit_plain(scene.signer));
	read_file(file);
	cr_assert_eq(d->n_stamps, 1);
	cr_assert_eq(d->n_signatures, 0);
	cr_expect_null(d->stamps[0].tst);
	cr_expect_not_null(strstr(d->stamps[0].defect, "no time-stamp token"));
	cr_expect_eq(d->stamps[0].n_covers, 0);
}

Test(pades_document, file_with_stamps_alone_has_no_signature)
{
	read_file(stamped(pades_kit_blank(NULL), KIT_DAY(1)));
	cr_expect_eq(d->n_signatures, 0);
	cr_assert_eq(d->n_stamps, 1);
	cr_expect_eq(d->stamps[0].imprint, MATCH_YES);
	cr_expect_str_eq(d->stamps[0].name, "document-time-stamp");
}

Test(pades_document, tokens_that_stand_twice_have_their_own_ids)
{
	struct view file = stamped(pades_kit_blank(NULL), KIT_DAY(1));
	read_file(file);
	struct view token = make_joined(d->stamps[0].token, VIEW_NULL);
	file = stamped(file, KIT_DAY(2));
	file = with_contents(file, 1, token);
	read_file(file);
	cr_assert_eq(d->n_stamps, 2);
	cr_expect_str_neq(d->stamps[0].id, d->stamps[1].id);
	cr_expect_eq(d->stamps[0].imprint, MATCH_YES);
	cr_expect_eq(d->stamps[1].imprint, MATCH_NO);
}

/* ---- what document time-stamps cover ---- */

Test(pades_document, stamp_covers_what_stands_before_it)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(1), NULL);
	struct cades_kit_stamp st = { .kind = CADES_STAMP_SIGNATURE,
				      .tsa = scene.tsa,
				      .gen_ms = KIT_DAY(1) };
	struct view file = signed_by((struct pades_kit_sign){
	    .stamp = &st,
	    .material = { .certs = { scene.ca->der }, .crls = { crl } } });
	file = stamped(file, KIT_DAY(2));
	read_file(file);
	cr_assert_eq(d->n_stamps, 2);
	const struct document_stamp *s = &d->stamps[1];
	cr_expect(covers(s, OBJECT_SIGNATURE, d->signatures[0].sha256));
	cr_expect(covers(s, OBJECT_SIGNED_DATA, d->signatures[0].content_sha256));
	cr_expect(covers_octets(s, OBJECT_CERT, scene.signer->der));
	cr_expect(covers_octets(s, OBJECT_CERT, scene.ca->der));
	cr_expect(covers_octets(s, OBJECT_CRL, crl));
	cr_expect(covers(s, OBJECT_STAMP, d->stamps[0].sha256));
	cr_expect(covers_octets(s, OBJECT_CERT, scene.tsa->der));
	cr_expect_not(covers(s, OBJECT_STAMP, s->sha256));
}

Test(pades_document, stamp_does_not_cover_what_came_after_it)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	struct cades_kit_material m = cades_kit_status(&scene, KIT_DAY(2));
	file = stamped(file, KIT_DAY(1));
	file = pades_kit_dss(file, &(struct pades_kit_dss){ .material = m });
	file = pades_kit_sign(
	    file, &(struct pades_kit_sign){ .cert = scene.signer,
					    .cms = { .commitment = "1.2.3" } });
	file = stamped(file, KIT_DAY(3));
	read_file(file);
	cr_assert_eq(d->n_signatures, 2);
	cr_assert_eq(d->n_stamps, 2);
	const struct document_stamp *first = &d->stamps[0], *second = &d->stamps[1];
	cr_expect(covers(first, OBJECT_SIGNATURE, d->signatures[0].sha256));
	cr_expect_not(covers(first, OBJECT_SIGNATURE, d->signatures[1].sha256));
	cr_expect_not(covers_octets(first, OBJECT_CRL, m.crls[0]));
	cr_expect(covers_octets(second, OBJECT_CRL, m.crls[0]));
	cr_expect(covers(second, OBJECT_SIGNATURE, d->signatures[0].sha256));
	cr_expect(covers(second, OBJECT_SIGNATURE, d->signatures[1].sha256));
	cr_expect(covers(second, OBJECT_STAMP, first->sha256));
	cr_expect_not(covers(first, OBJECT_STAMP, second->sha256));
}

Test(pades_document, stamp_does_not_cover_a_signature_whose_place_is_unknown)
{
	struct view file = signed_by((struct pades_kit_sign){ .gap_too_wide = true });
	file = stamped(file, KIT_DAY(1));
	read_file(file);
	cr_assert_eq(d->n_stamps, 1);
	cr_expect_eq(d->stamps[0].imprint, MATCH_YES);
	cr_expect_not(covers(&d->stamps[0], OBJECT_SIGNATURE, d->signatures[0].sha256));
}

/* ---- DSS and VRI ---- */

Test(pades_document, dss_that_does_not_decode_is_a_note)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	struct cades_kit_material m = { .certs = { make_int(5) },
					.crls = { cades_kit_crl(scene.ca, KIT_DAY(1),
								NULL) } };
	file = pades_kit_dss(file, &(struct pades_kit_dss){ .material = m });
	read_file(file);
	cr_expect(has_note("a certificate that does not decode"));
	cr_expect_eq(material_count(d->material, MATERIAL_CRL), 1);
}

Test(pades_document, basic_response_in_the_dss_is_material)
{
	struct view ocsp = cades_kit_ocsp(&(struct fix_ocsp_options){
	    .responder = scene.ocsp,
	    .cert = scene.signer,
	    .issuer = scene.ca,
	    .produced_ms = KIT_DAY(1),
	    .this_ms = KIT_DAY(1),
	    .next_ms = KIT_DAY(9),
	});
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	struct cades_kit_material m = { .ocsps = { cades_kit_basic(ocsp) } };
	file = pades_kit_dss(file, &(struct pades_kit_dss){ .material = m });
	file = stamped(file, KIT_DAY(2));
	read_file(file);
	cr_assert_eq(material_count(d->material, MATERIAL_OCSP), 1);
	cr_expect(
	    covers(&d->stamps[0], OBJECT_OCSP, material_ocsp(d->material, 0)->sha256));
	cr_expect(covers_octets(&d->stamps[0], OBJECT_CERT, scene.ocsp->der));
}

/* The catalog with a direct DSS whose VRI dictionary of the signature has this /TS. */
static struct view with_vri_stamp(struct view file, struct view token)
{
	char vri[200], catalog[2000];
	uint32_t n = pades_kit_free_number(file);
	struct ltps_error err = LTPS_ERROR_INIT;
	read_file(file);
	cr_assert_eq(pades_match_vris(d->pdf, &err), 0);
	snprintf(vri, sizeof(vri), "/DSS << /VRI << /%s << /TS %u 0 R >> >> >> >>",
		 d->pdf->signatures[0].vri_key, n);
	const char *old = pades_kit_object(file, PADES_KIT_CATALOG);
	const char *end = strrchr(old, '>');
	cr_assert_not_null(end);
	snprintf(catalog, sizeof(catalog), "%.*s %s", (int)(end - 1 - old), old, vri);
	struct pades_kit_object objects[] = {
		{ .number = PADES_KIT_CATALOG, .body = catalog },
		{ .number = n, .body = "", .stream = token },
	};
	return pades_kit_update(file, objects, 2);
}

static struct view token_over(struct view octets, int64_t gen_ms)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, octets);
	return cades_kit_token(
	    &(struct cades_kit_stamp){ .tsa = scene.tsa, .gen_ms = gen_ms }, &h);
}

Test(pades_document, vri_stamp_over_something_else_proves_nothing)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = with_vri_stamp(file, token_over(view_text("x"), KIT_DAY(1)));
	read_file(file);
	cr_assert_eq(d->n_stamps, 1);
	cr_expect_eq(d->stamps[0].type, STAMP_VALIDATION_DATA);
	cr_expect_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
	cr_expect_eq(d->stamps[0].n_covers, 0);
}

Test(pades_document, vri_stamp_over_the_value_proves_it)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	read_file(file);
	struct view value = make_joined(d->signatures[0].value, VIEW_NULL);
	file = with_vri_stamp(file, token_over(value, KIT_DAY(1)));
	/* It is no signature time-stamp. */
	read_file(file);
	cr_expect_eq(d->signatures[0].structure, LEVEL_B);
	file = stamped(file, KIT_DAY(2));
	read_file(file);
	cr_assert_eq(d->n_stamps, 2);
	cr_expect_eq(d->stamps[0].signature, 0);
	cr_expect_str_eq(d->stamps[0].name, "VRI-time-stamp");
	cr_expect_eq(d->stamps[0].imprint, MATCH_YES);
	cr_expect(covers(&d->stamps[0], OBJECT_SIGNATURE, d->signatures[0].sha256));
	cr_expect(covers(&d->stamps[1], OBJECT_STAMP, d->stamps[0].sha256));
}

Test(pades_document, stamp_before_the_vri_one_does_not_cover_it)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	read_file(file);
	struct view value = make_joined(d->signatures[0].value, VIEW_NULL);
	file = stamped(file, KIT_DAY(1));
	file = with_vri_stamp(file, token_over(value, KIT_DAY(1)));
	read_file(file);
	cr_assert_eq(d->n_stamps, 2);
	cr_expect_eq(d->stamps[0].type, STAMP_VALIDATION_DATA);
	cr_expect_not(covers(&d->stamps[1], OBJECT_STAMP, d->stamps[0].sha256));
}

/* ---- adbe-revocationInfoArchival ---- */

static struct view archival(struct view inner)
{
	return make_attr("1.2.840.113583.1.1.8", make_el(0x30, inner));
}

Test(pades_document, archived_revocation_is_material_and_covered)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(1), NULL);
	struct view attr = archival(make_el(0xa0, make_el(0x30, crl)));
	struct view file = signed_by((struct pades_kit_sign){
	    .subfilter = "adbe.pkcs7.detached", .cms = { .more_signed = { attr } } });
	file = stamped(file, KIT_DAY(2));
	read_file(file);
	cr_expect_eq(material_count(d->material, MATERIAL_CRL), 1);
	cr_expect(covers_octets(&d->stamps[0], OBJECT_CRL, crl));
}

Test(pades_document, archived_revocation_that_does_not_decode_is_a_note)
{
	struct view attr = archival(make_el(0xa0, make_int(1)));
	read_signer((struct pades_kit_sign){ .subfilter = "adbe.pkcs7.detached",
					     .cms = { .more_signed = { attr } } });
	cr_expect(d->n_notes > 0);
	cr_expect_str_eq(d->signatures[0].defect, "");
}

/* ---- updates ---- */

Test(pades_document, changes_after_the_signature_are_beside_it)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	struct pades_kit_object page = {
		.number = PADES_KIT_CONTENTS,
		.body = "",
		.stream = view_text("BT ET"),
	};
	read_file(stamped(file, KIT_DAY(1)));
	cr_expect_null(d->signatures[0].pdf->undefined);
	cr_expect_not(d->signatures[0].pdf->covers_whole_file);
	cr_expect(d->stamps[0].pdf->covers_whole_file);
	read_file(pades_kit_update(file, &page, 1));
	cr_assert_not_null(d->signatures[0].pdf->undefined);
	cr_expect_eq(d->signatures[0].pdf->undefined->revision, 2);
	cr_expect_eq(d->signatures[0].pdf->n_changes, d->changes.n);
	cr_expect_eq(d->signatures[0].references[0].match, MATCH_YES);
}

Test(pades_document, failing_allocation_leaves_nothing_behind)
{
	struct view file = pades_kit_typical(&scene, CADES_KIT_LTA);
	for (uint64_t n = 1;; n += 97) {
		struct ltps_error err = LTPS_ERROR_INIT;
		mem_fail_nth(n);
		int rc = document_read_pdf(file, VIEW_NULL, &d, &err);
		bool hit = mem_fail_hit() != 0;
		mem_fail_nth(0);
		if (!hit) {
			cr_assert_eq(rc, 0, "%s", err.text);
			break;
		}
		/* An allocation of a probe may fail without harm. */
		if (rc == 0) {
			document_free(d);
			d = NULL;
		}
	}
}

/* ---- the chain of revisions ---- */

/* The offset of the section before is struck out: one revision, with all that is in it,
 * is out of the chain while its octets stay. */
Test(pades_document, revision_out_of_the_chain_is_a_defect_of_all)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	struct pades_kit_object object = { .number = pades_kit_free_number(file),
					   .body = "(x)" };
	size_t first = file.n;
	file = pades_kit_update(file, &object, 1);
	size_t second = file.n;
	object.body = "(y)";
	file = make_joined(pades_kit_update(file, &object, 1), VIEW_NULL);
	read_file(file);
	cr_assert_eq(d->pdf->file->n_revisions, 4);
	cr_expect_str_eq(d->signatures[0].defect, "");
	/* /Prev of the third update: that of the second, which is as long. */
	char *old = memmem(file.p + first, second - first, "/Prev ", 6);
	char *prev = memmem(file.p + second, file.n - second, "/Prev ", 6);
	cr_assert(old != NULL && prev != NULL);
	cr_assert_eq(strspn(old + 6, "0123456789"), strspn(prev + 6, "0123456789"));
	memcpy(prev, old, 6 + strspn(old + 6, "0123456789"));
	read_file(file);
	cr_assert_eq(d->n_signatures, 1);
	cr_expect_not_null(strstr(d->signatures[0].defect, "PDF_"), "%s",
			   d->signatures[0].defect);
}

/* ---- two readers ---- */

/* Of a key that stands twice readers take one or the other. */
Test(pades_document, what_readers_see_differently_is_a_defect)
{
	const struct document_signature *s = read_signer(
	    (struct pades_kit_sign){ .more = "/Prop_Build 1 /Prop_Build 2" });
	cr_expect_neq(s->defect[0], '\0');
	expect_failure(d->pdf->file->octets, SUB_FORMAT_FAILURE);
}

Test(pades_document, usual_file_passes_in_the_engine)
{
	expect_failure(pades_kit_typical(&scene, CADES_KIT_LTA), SUB_NONE);
}

/* The newest are confirmed; what is left out says so, and never silently passes. */
Test(pades_document, revisions_beyond_the_limit_are_unconfirmed,
     .timeout = TEST_SECONDS_MAX)
{
	struct view file = pades_kit_blank(NULL);
	for (size_t i = 0; i < PDF_CONFIRMED_MAX + 2; i++)
		file = pades_kit_sign(file, &(struct pades_kit_sign){
						.cert = scene.signer, .room = 2000 });
	read_file(file);
	cr_assert_eq(d->n_signatures, PDF_CONFIRMED_MAX + 2);
	cr_expect_neq(d->signatures[0].pdf->unconfirmed[0], '\0');
	cr_expect_str_eq(d->signatures[0].defect, "");
	cr_expect_str_eq(d->signatures[PDF_CONFIRMED_MAX + 1].pdf->unconfirmed, "");
	cr_expect(has_note("second reader"));
	struct cades_judge j;
	cades_judge_init(&j, &scene, file, KIT_DAY(4));
	j.outside = cades_kit_status(&scene, KIT_DAY(2));
	cr_assert(cades_judge_run(&j), "%s", j.why.text);
	cr_expect_eq(j.first->conclusion.sub, SUB_SIG_CONSTRAINTS_FAILURE, "%s",
		     j.first->conclusion.text);
	cr_expect_eq(j.first->conclusion.constraint, CONSTRAINT_FORMAT);
	cr_expect_eq(j.report->signatures[PDF_CONFIRMED_MAX + 1].conclusion.indication,
		     INDICATION_PASSED, "%s",
		     j.report->signatures[PDF_CONFIRMED_MAX + 1].conclusion.text);
	cades_judge_clear(&j);
}
