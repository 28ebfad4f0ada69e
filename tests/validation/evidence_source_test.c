/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their own and in ASiC containers; those in a CMS are in
 * ers_corpus_test. */
#include <criterion/criterion.h>
#include <string.h>
#include <zlib.h>

#include "base/asn1.h"
#include "formats/asic.h"
#include "formats/cms_build.h"
#include "formats/zip.h"
#include "tests/support/ers_scene.h"
#include "validation/evidence_source.h"

static struct scene s;

static void set_up(void)
{
	s = scene_new();
	scene_crls(&s, 1, NULL);
}

static void tear_down(void)
{
	scene_free(&s);
}

TestSuite(evidence_source, .init = set_up, .fini = tear_down);

/* A record over the group "data one", "data two". */
static struct buf group_record(void)
{
	struct digest group[] = { make_digest(DIGEST_SHA256, "data one"),
				  make_digest(DIGEST_SHA256, "data two") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { { group, 2 } } };
	return scene_simple(&s, &o);
}

/* A container of these two data objects and the record above. */
static struct buf container(const char *one, const char *two)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf record = group_record();
	struct asic_object objects[] = {
		{ .name = view_text("one.txt"), .data = view_text(one) },
		{ .name = view_text("two.txt"), .data = view_text(two) },
	};
	struct asic_input in = { .objects = objects,
				 .n_objects = 2,
				 .record = view_buf(&record),
				 .alg = DIGEST_SHA256,
				 .time_ms = FIX_T0_MS };
	struct buf out = buf_make(MAKE_MAX);
	cr_assert_eq(asic_build(&in, &out, &err), 0, "%s", err.text);
	buf_free(&record);
	return out;
}

static struct evidence_reports judge(struct buf *file, const struct ers_object *objects,
				     size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_reports reports = { .n = 0 };
	struct ers_input in = { .objects = objects,
				.n_objects = n,
				.material = s.material,
				.time_ms = DAY(30) };
	cr_assert_eq(evidence_judge(view_buf(file), &in, &reports, &err), 0, "%s",
		     err.text);
	buf_free(file);
	return reports;
}

static void replace_all(struct buf *b, const void *from, const void *to, size_t n)
{
	size_t found = 0;
	for (size_t i = 0; i + n <= b->n; i++)
		if (memcmp(b->p + i, from, n) == 0) {
			memcpy(b->p + i, to, n);
			found++;
		}
	cr_assert_gt(found, 0);
}

Test(evidence_source, changed_object_of_a_container_is_not_covered)
{
	struct buf file = container("data one", "data 2");
	struct evidence_reports r = judge(&file, NULL, 0);
	cr_assert_eq(r.n, 1);
	cr_assert_str_eq(r.r[0]->covers[1].name, "two.txt");
	cr_assert(r.r[0]->covers[0].covered);
	cr_assert_not(r.r[0]->covers[1].covered);
	cr_assert_eq(r.r[0]->indication, INDICATION_INDETERMINATE);
	cr_assert_str_eq(r.r[0]->subindication, "SIGNED_DATA_NOT_FOUND");
	evidence_reports_clear(&r);
}

/* The manifest still has the digest of what was there before. */
Test(evidence_source, object_that_the_manifest_contradicts_fails)
{
	struct buf file = container("data one", "data two");
	uint32_t before = (uint32_t)crc32(0, (const Bytef *)"data two", 8);
	uint32_t after = (uint32_t)crc32(0, (const Bytef *)"data 222", 8);
	struct evidence_reports r;
	replace_all(&file, "data two", "data 222", 8);
	replace_all(&file, &before, &after, sizeof(before));
	r = judge(&file, NULL, 0);
	cr_assert(scene_has_finding(r.r[0], "ASIC_REFERENCE_MISMATCH"));
	cr_assert_not(r.r[0]->intact);
	cr_assert_eq(r.r[0]->indication, INDICATION_FAILED);
	evidence_reports_clear(&r);
}

/* The container with a further file in it. */
static struct buf with_file(struct buf *plain, const char *name, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	struct zip *z = NULL;
	struct zip_writer *w = NULL;
	cr_assert_eq(zip_open(view_buf(plain), &z, &err), 0, "%s", err.text);
	cr_assert_eq(zip_writer_new(zip_sink_buf(&out), FIX_T0_MS, &w, &err), 0);
	for (size_t i = 0; i < z->n; i++)
		cr_assert_eq(zip_writer_add(w, z->entries[i].name, z->entries[i].packed,
					    &err),
			     0);
	cr_assert_eq(zip_writer_add(w, view_text(name), view_text(text), &err), 0);
	cr_assert_eq(zip_writer_finish(w, &err), 0);
	zip_writer_free(w);
	zip_free(z);
	buf_free(plain);
	return out;
}

Test(evidence_source, file_that_no_manifest_names_is_told)
{
	struct buf plain = container("data one", "data two");
	struct buf more = container("data one", "data two");
	struct evidence_reports r = judge(&plain, NULL, 0);
	cr_assert_not(scene_has_finding(r.r[0], "ASIC_FILE_NOT_COVERED"));
	evidence_reports_clear(&r);
	more = with_file(&more, "newer.txt", "data three");
	r = judge(&more, NULL, 0);
	cr_assert_eq(r.n, 1);
	cr_assert(scene_has_finding(r.r[0], "ASIC_FILE_NOT_COVERED"));
	cr_assert_str_eq(r.r[0]->findings[r.r[0]->n_findings - 1].object, "newer.txt");
	cr_assert_eq(r.r[0]->indication, INDICATION_PASSED);
	evidence_reports_clear(&r);
}

Test(evidence_source, container_cut_short_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_reports reports = { .n = 0 };
	struct ers_input in = { .time_ms = DAY(30) };
	struct buf file = container("data one", "data two");
	cr_assert_eq(
	    evidence_judge(view_head(view_buf(&file), file.n - 1), &in, &reports, &err),
	    -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_eq(reports.n, 0);
	buf_free(&file);
}

Test(evidence_source, xml_record_is_unsupported)
{
	static const char xml[] =
	    "<?xml version=\"1.0\"?><EvidenceRecord "
	    "xmlns=\"urn:ietf:params:xml:ns:ers\" Version=\"1.0\"></EvidenceRecord>";
	struct ltps_error err = LTPS_ERROR_INIT;
	bool used[DIGEST_ALG_COUNT] = { false };
	cr_assert_eq(evidence_algs(view_text(xml), used, &err), -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
}

Test(evidence_source, token_without_records_holds_nothing_to_judge)
{
	struct digest d = make_digest(DIGEST_SHA256, "x");
	struct buf token = buf_make(MAKE_MAX);
	struct evidence_reports r;
	fix_token(s.pki.tsa, NULL, 0, &d, FIX_T0_MS, &token);
	r = judge(&token, NULL, 0);
	cr_assert_eq(r.n, 0);
	evidence_reports_clear(&r);
}

/* A CMS with a good record over it, and beside it this value of another attribute. */
static struct buf cms_with_record_and(struct buf other)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = make_digest(DIGEST_SHA256, "x"), covered;
	struct buf token = buf_make(MAKE_MAX);
	struct buf out = buf_make(MAKE_MAX);
	fix_token(s.pki.tsa, NULL, 0, &d, FIX_T0_MS, &token);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_buf(&token), &covered, &err), 0);
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &covered };
	struct buf record = scene_simple(&s, &o);
	struct view values[] = { view_buf(&record), view_buf(&other) };
	struct buf attrs[] = { buf_make(MAKE_MAX), buf_make(MAKE_MAX) };
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(cms_build_attribute(OID_ER_INTERNAL, &values[i], 1,
						 &attrs[i], &err),
			     0);
	struct view both[] = { view_buf(&attrs[0]), view_buf(&attrs[1]) };
	struct cms_addition a = { 0, both, 2 };
	cr_assert_eq(
	    cms_add_attributes(view_buf(&token), &a, 1, NULL, 0, &out, &err), 0);
	buf_free(&attrs[0]);
	buf_free(&attrs[1]);
	buf_free(&record);
	buf_free(&other);
	buf_free(&token);
	return out;
}

/* A good record and this value beside it: the good one passes, the other is told. */
static void told_beside(struct buf other, enum indication indication, const char *sub,
			const char *code)
{
	bool used[DIGEST_ALG_COUNT] = { false };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf file = cms_with_record_and(other);
	cr_assert_eq(evidence_algs(view_buf(&file), used, &err), 0, "%s", err.text);
	cr_assert(used[DIGEST_SHA256]);
	struct evidence_reports r = judge(&file, NULL, 0);
	cr_assert_eq(r.n, 2);
	cr_assert_eq(r.r[0]->indication, INDICATION_PASSED, "%s",
		     r.r[0]->subindication);
	cr_assert_eq(r.r[1]->indication, indication);
	cr_assert_str_eq(r.r[1]->subindication, sub);
	cr_assert_not(r.r[1]->intact);
	cr_assert_eq(r.r[1]->proof_of_existence_ms, INT64_MIN);
	cr_assert(scene_has_finding(r.r[1], code));
	cr_assert_eq(evidence_worst(&r), r.r[1]);
	evidence_reports_clear(&r);
}

/* Anybody may add an unsigned attribute: it takes nothing from the record beside it. */
Test(evidence_source, unreadable_record_leaves_the_one_beside_it)
{
	told_beside(make_tlv(DER_SEQUENCE, 0), INDICATION_FAILED, "FORMAT_FAILURE",
		    "ERS_MALFORMED");
}

Test(evidence_source, value_that_is_no_sequence_leaves_the_one_beside_it)
{
	told_beside(make_bytes("\x04\x04junk", 6), INDICATION_FAILED, "FORMAT_FAILURE",
		    "ERS_MALFORMED");
}

/* What we do not know may be right. */
Test(evidence_source, record_of_another_version_leaves_the_one_beside_it)
{
	told_beside(make_tlv(DER_SEQUENCE, 1, make_version(9)),
		    INDICATION_INDETERMINATE, "CUSTOM", "ERS_UNSUPPORTED");
}

/* On its own there is nothing to judge beside it: the file is what is malformed. */
Test(evidence_source, unreadable_record_on_its_own_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct evidence_reports reports = { .n = 0 };
	struct ers_input in = { .material = s.material, .time_ms = DAY(30) };
	struct buf record = make_tlv(DER_SEQUENCE, 0);
	cr_assert_eq(evidence_judge(view_buf(&record), &in, &reports, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	buf_free(&record);
}

Test(evidence_source, container_covers_its_data)
{
	struct buf file = container("data one", "data two");
	struct evidence_reports r = judge(&file, NULL, 0);
	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.r[0]->n_covers, 2);
	cr_assert_str_eq(r.r[0]->covers[0].name, "one.txt");
	cr_assert(r.r[0]->covers[0].group_complete);
	cr_assert(r.r[0]->covers[1].group_complete);
	cr_assert_eq(evidence_worst(&r), r.r[0]);
	cr_assert_eq(r.r[0]->indication, INDICATION_PASSED);
	evidence_reports_clear(&r);
}

Test(evidence_source, further_object_beside_a_container_is_judged_too)
{
	struct ers_object further = { .name = "x",
				      .has_data = true,
				      .data = view_text("x") };
	struct buf file = container("data one", "data two");
	struct evidence_reports r = judge(&file, &further, 1);
	cr_assert_eq(r.r[0]->n_covers, 3);
	cr_assert_not(r.r[0]->covers[2].covered);
	cr_assert_eq(r.r[0]->indication, INDICATION_INDETERMINATE);
	evidence_reports_clear(&r);
}

Test(evidence_source, algorithms_of_every_chain_are_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool used[DIGEST_ALG_COUNT] = { false };
	struct digest one[] = { make_digest(DIGEST_SHA256, "a") };
	struct digest two[] = { make_digest(DIGEST_SHA512, "a") };
	struct scene_stamp o = { .alg = DIGEST_SHA256, .lists = { { one, 1 } } };
	struct scene_stamp p = { .alg = DIGEST_NONE,
				 .lists = { { two, 1 } },
				 .day = 10 };
	struct buf record =
	    scene_record(2, make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &o, NULL)),
			 make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &p, NULL)));
	cr_assert_eq(evidence_algs(view_buf(&record), used, &err), 0);
	cr_assert(used[DIGEST_SHA256]);
	cr_assert(used[DIGEST_SHA512]);
	cr_assert_not(used[DIGEST_SHA384]);
	buf_free(&record);
}
