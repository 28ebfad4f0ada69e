/* SPDX-License-Identifier: Apache-2.0 */
/* Records on their own and in ASiC containers; those in a CMS are in
 * ers_corpus_test. */
#include <criterion/criterion.h>
#include <string.h>
#include <zlib.h>

#include "base/asn1.h"
#include "formats/asic.h"
#include "formats/cms.h"
#include "formats/xml.h"
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

/* A record over the group "data one", "data two"; tsa NULL: that of the scene. */
static struct buf group_record(const struct fix_cert *tsa)
{
	struct digest group[] = { make_digest(DIGEST_SHA256, "data one"),
				  make_digest(DIGEST_SHA256, "data two") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { { group, 2 } },
				 .tsa = tsa };
	return scene_simple(&s, &o);
}

/* A container of these two data objects and this record. */
static struct buf container_of(const char *one, const char *two, struct buf record)
{
	struct ltps_error err = LTPS_ERROR_INIT;
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

static struct buf container(const char *one, const char *two)
{
	return container_of(one, two, group_record(NULL));
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
static struct buf with_file(struct buf *plain, const char *name, struct view data)
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
	cr_assert_eq(zip_writer_add(w, view_text(name), data, &err), 0);
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
	more = with_file(&more, "newer.txt", view_text("data three"));
	r = judge(&more, NULL, 0);
	cr_assert_eq(r.n, 1);
	cr_assert(scene_has_finding(r.r[0], "ASIC_FILE_NOT_COVERED"));
	cr_assert_str_eq(r.r[0]->findings[r.r[0]->n_findings - 1].object, "newer.txt");
	cr_assert_eq(r.r[0]->indication, INDICATION_PASSED);
	evidence_reports_clear(&r);
}

/* The container with a second record of this name, about one of its files. */
static struct buf with_record(struct buf plain, const char *name, struct buf record,
			      const char *about, struct view data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf manifest = buf_make(MAKE_MAX);
	struct digest d;
	cr_assert_eq(digest_once(DIGEST_SHA256, data, &d, &err), 0);
	cr_assert_eq(buf_put_fmt(&manifest, &err,
				 "<a:ASiCManifest xmlns:a='%s' xmlns:d='%s'>"
				 "<a:SigReference URI='%s'/>"
				 "<a:DataObjectReference URI='%s'>"
				 "<d:DigestMethod Algorithm='%s'/><d:DigestValue>",
				 ASIC_NS, XML_NS_DSIG, name, about,
				 xml_digest_uri(DIGEST_SHA256)),
		     0);
	cr_assert_eq(b64_encode(digest_view(&d), &manifest, &err), 0);
	cr_assert_eq(buf_put_text(&manifest,
				  "</d:DigestValue></a:DataObjectReference>"
				  "</a:ASiCManifest>",
				  &err),
		     0);
	struct buf more = with_file(&plain, name, view_buf(&record));
	struct buf out =
	    with_file(&more, "META-INF/ASiCEvidenceRecordManifest002.xml",
		      view_buf(&manifest));
	buf_free(&manifest);
	buf_free(&record);
	return out;
}

Test(evidence_source, unreadable_record_of_a_container_leaves_the_other)
{
	static const struct {
		const char *name;
		enum indication indication;
		const char *sub;
	} kinds[] = {
		{ "META-INF/evidencerecord002.ers", INDICATION_FAILED,
		  "FORMAT_FAILURE" },
		{ "META-INF/evidencerecord002.xml", INDICATION_INDETERMINATE,
		  "CUSTOM" },
	};
	for (size_t i = 0; i < 2; i++) {
		bool used[DIGEST_ALG_COUNT] = { false };
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf file = with_record(container("data one", "data two"),
					      kinds[i].name, make_tlv(DER_SEQUENCE, 0),
					      "one.txt", view_text("data one"));
		cr_assert_eq(evidence_algs(view_buf(&file), used, &err), 0, "%s",
			     err.text);
		cr_assert(used[DIGEST_SHA256]);
		struct evidence_reports r = judge(&file, NULL, 0);
		cr_assert_eq(r.n, 2);
		cr_expect_eq(r.r[0]->indication, INDICATION_PASSED);
		cr_expect_eq(r.r[1]->indication, kinds[i].indication);
		cr_expect_str_eq(r.r[1]->subindication, kinds[i].sub);
		cr_expect_eq(evidence_worst(&r), r.r[1]);
		evidence_reports_clear(&r);
	}
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

/* A CMS, which may be covered like any other. */
static struct buf cms_file(void)
{
	struct digest d = make_digest(DIGEST_SHA256, "x");
	struct buf token = buf_make(MAKE_MAX);
	fix_token(s.pki.tsa, NULL, 0, &d, FIX_T0_MS, &token);
	return token;
}

/* A record over these octets, by this TSA on that day. */
static struct buf record_over(const struct buf *file, const struct fix_cert *tsa,
			      int64_t day)
{
	struct digest covered = scene_token_hash(DIGEST_SHA256, file);
	struct scene_stamp o = {
		.alg = DIGEST_SHA256, .imprint = &covered, .tsa = tsa, .day = day
	};
	return scene_simple(&s, &o);
}

/* The file with one more attribute; its values are these octets, whatever they are. */
static struct buf with_values(struct buf file, struct buf values)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX), oid = buf_make(MAKE_MAX);
	cr_assert_eq(der_put_oid(&oid, OID_ER_INTERNAL, &err), 0);
	struct buf attr =
	    make_tlv(DER_SEQUENCE, 2, oid, make_tlv(DER_SET, 1, values));
	struct view v = view_buf(&attr);
	struct cms_addition a = { 0, &v, 1 };
	cr_assert_eq(cms_add_attributes(view_buf(&file), &a, 1, NULL, 0, &out, &err),
		     0, "%s", err.text);
	buf_free(&attr);
	buf_free(&file);
	return out;
}

/* A good record and this value beside it: the good one passes, the other is told. */
static void told_beside(struct buf other, enum indication indication, const char *sub,
			const char *code)
{
	bool used[DIGEST_ALG_COUNT] = { false };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf plain = cms_file();
	struct buf record = record_over(&plain, NULL, 0);
	struct buf file = with_values(with_values(plain, record), other);
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

/* --- an older record under a younger one --- */

static struct fix_cert *ended_tsa(void)
{
	return fix_cert_make(&(struct fix_cert_options){ .cn = "TSA that ended",
							 .issuer = s.pki.ca,
							 .eku = FIX_EKU_TIMESTAMPING,
							 .not_after_ms = DAY(12) });
}

/* On day 30: a record by a TSA that ended on day 12, under one of that day. */
enum younger { RIGHT, OF_SOMETHING_ELSE, BESIDE_IT };

static void expect_older(int64_t day, enum younger how, const char *sub)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fix_cert *ended = ended_tsa();
	struct evidence_reports r = { .n = 0 };
	struct ers_input in = { .material = s.material,
				.ends = true,
				.time_ms = DAY(30) };
	struct buf file = cms_file(), other = make_bytes("other", 5);
	scene_crls(&s, 15, NULL); /* status since the younger one */
	struct buf older = record_over(&file, ended, 0);
	if (how == BESIDE_IT) {
		struct buf younger = record_over(&file, NULL, day);
		file = with_values(file, make_join(older, younger));
	} else {
		file = with_values(file, older);
		struct buf younger =
		    record_over(how == RIGHT ? &file : &other, NULL, day);
		file = with_values(file, younger);
	}
	cr_assert_eq(evidence_judge(view_buf(&file), &in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r.n, 2);
	cr_expect_eq(r.r[1]->indication == INDICATION_PASSED, how != OF_SOMETHING_ELSE);
	cr_expect_eq(r.r[0]->indication == INDICATION_PASSED, sub == NULL);
	cr_expect_eq(r.r[0]->proof_of_existence_ms, sub == NULL ? DAY(0) : INT64_MIN);
	if (sub != NULL)
		cr_expect_str_eq(r.r[0]->subindication, sub);
	evidence_reports_clear(&r);
	buf_free(&file);
	buf_free(&other);
	fix_cert_free(ended);
}

Test(evidence_source, older_record_is_judged_as_of_the_younger_that_covers_it)
{
	expect_older(12, RIGHT, NULL);
}

Test(evidence_source, younger_record_that_came_too_late_does_not_lift_the_older)
{
	expect_older(13, RIGHT, "OUT_OF_BOUNDS_NO_POE");
}

Test(evidence_source, younger_record_of_something_else_does_not_lift_the_older)
{
	expect_older(12, OF_SOMETHING_ELSE, "OUT_OF_BOUNDS_NO_POE");
}

/* It was cut out for the younger one: anybody may have added both. */
Test(evidence_source, older_record_in_the_youngers_attribute_is_not_lifted)
{
	expect_older(12, BESIDE_IT, "OUT_OF_BOUNDS_NO_POE");
}

/* In a container the younger one is about the file that holds the older one. */
Test(evidence_source, older_record_of_a_container_is_judged_as_of_the_younger)
{
	static const struct {
		int64_t day;
		bool about_record;
		bool lifted;
	} cases[] = { { 12, true, true }, { 13, true, false }, { 12, false, false } };
	struct fix_cert *ended = ended_tsa();
	scene_crls(&s, 15, NULL);
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct evidence_reports r = { .n = 0 };
		struct ers_input in = { .material = s.material,
					.ends = true,
					.time_ms = DAY(30) };
		struct buf older = group_record(ended);
		struct buf data = cases[i].about_record
				      ? make_copy(view_buf(&older))
				      : make_bytes("data one", 8);
		struct buf file = with_record(
		    container_of("data one", "data two", older),
		    "META-INF/evidencerecord002.ers",
		    record_over(&data, NULL, cases[i].day),
		    cases[i].about_record ? "META-INF/evidencerecord001.ers"
					  : "one.txt",
		    view_buf(&data));
		cr_assert_eq(evidence_judge(view_buf(&file), &in, &r, &err), 0, "%s",
			     err.text);
		cr_assert_eq(r.n, 2);
		cr_expect_eq(r.r[1]->indication, INDICATION_PASSED);
		cr_expect_eq(r.r[0]->indication == INDICATION_PASSED, cases[i].lifted,
			     "case %zu", i);
		evidence_reports_clear(&r);
		buf_free(&data);
		buf_free(&file);
	}
	fix_cert_free(ended);
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
