/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is an evidence record, with its data or digests beside it. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/ers_scene.h"
#include "validation/engine.h"

#define NOW 30
#define LIST(array)                                                                    \
	{                                                                              \
		array, sizeof(array) / sizeof((array)[0])                              \
	}

static struct scene s;
static struct validation_policy *policy;
static struct document *doc;
static struct report *report;
static struct ltps_error err;

static void set_up(void)
{
	s = scene_new();
	scene_crls(&s, 1, NULL);
	scene_crls(&s, 21, NULL);
	cr_assert_eq(validation_policy_builtin("default", &policy, &err), 0);
}

static void forget(void)
{
	if (report != NULL)
		report_free(report);
	document_free(doc);
	report = NULL;
	doc = NULL;
}

static void tear_down(void)
{
	forget();
	validation_policy_free(policy);
	scene_free(&s);
}

TestSuite(record_document, .init = set_up, .fini = tear_down);

/* Over "a" and its neighbour, on day 0. */
static struct buf record_of_a(void)
{
	struct digest one[] = { make_digest(DIGEST_SHA256, "a") };
	struct digest two[] = { make_digest(DIGEST_SHA256, "b") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one), LIST(two) } };
	return scene_simple(&s, &o);
}

static void judge(const struct buf *record, struct content *content)
{
	const struct material *pools[] = { s.material };
	forget();
	cr_assert_eq(document_read_record(view_buf(record), content, &doc, &err), 0,
		     "%s", err.text);
	const struct engine_input in = { .document = doc,
					 .policy = policy,
					 .pools = pools,
					 .n_pools = 1,
					 .time_ms = DAY(NOW) };
	cr_assert_eq(engine_judge(&in, &report, &err), 0, "%s", err.text);
	cr_assert_eq(report->n_records, 1);
}

static const struct report_finding *finding(const char *code)
{
	for (size_t i = 0; i < report->n_findings; i++)
		if (strcmp(report->findings[i].code, code) == 0)
			return &report->findings[i];
	return NULL;
}

static void expect(enum indication indication, enum subindication sub)
{
	const struct report_record *r = &report->records[0];
	cr_assert_eq(r->conclusion.indication, indication, "%s", r->conclusion.text);
	cr_assert_eq(r->conclusion.sub, sub, "%s", r->conclusion.text);
	cr_assert_eq(report->indication, indication);
	cr_assert_eq(r->time_ms, indication == INDICATION_PASSED ? DAY(0) : INT64_MIN);
}

Test(record_document, what_does_not_decode_is_no_record)
{
	static const uint8_t junk[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
	cr_assert_eq(
	    document_read_record(view_of(junk, sizeof(junk)), NULL, &doc, &err), -1);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_null(doc);
}

Test(record_document, without_data_nothing_says_what_it_is_about)
{
	struct buf record = record_of_a();
	judge(&record, NULL);
	expect(INDICATION_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND);
	cr_assert(report->records[0].intact);
	cr_assert_not_null(finding("EVIDENCE_WITHOUT_DATA"));
	forget();
	buf_free(&record);
}

Test(record_document, other_data_is_not_covered)
{
	struct buf record = record_of_a();
	struct content other = content_of(view_text("c"));
	judge(&record, &other);
	expect(INDICATION_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND);
	cr_assert_not_null(finding("ERS_OBJECT_NOT_COVERED"));
	forget();
	buf_free(&record);
}

Test(record_document, a_digest_of_another_algorithm_names_the_one_wanted)
{
	struct buf record = record_of_a();
	struct content c = { .digests_only = true };
	c.known[DIGEST_SHA512] = make_digest(DIGEST_SHA512, "a");
	judge(&record, &c);
	expect(INDICATION_INDETERMINATE, SUB_SIGNED_DATA_NOT_FOUND);
	const struct report_finding *f = finding("ERS_DIGEST_NOT_GIVEN");
	cr_assert_not_null(f);
	cr_assert_not_null(strstr(f->text, "sha256"), "%s", f->text);
	forget();
	buf_free(&record);
}

Test(record_document, a_changed_record_fails)
{
	struct digest one[] = { make_digest(DIGEST_SHA256, "a") };
	struct digest other = make_digest(DIGEST_SHA256, "another root");
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { LIST(one) },
				 .imprint = &other };
	struct buf record = scene_simple(&s, &o);
	struct content a = content_of(view_text("a"));
	judge(&record, &a);
	expect(INDICATION_FAILED, SUB_HASH_FAILURE);
	cr_assert_not(report->records[0].intact);
	forget();
	buf_free(&record);
}

Test(record_document, its_data_or_their_digest_existed_at_the_first_stamp)
{
	struct buf record = record_of_a();
	struct content a = content_of(view_text("a"));
	judge(&record, &a);
	expect(INDICATION_PASSED, SUB_NONE);
	cr_assert_eq(doc->records[0].n_covers, 1);
	struct content d = { .digests_only = true };
	d.known[DIGEST_SHA256] = make_digest(DIGEST_SHA256, "a");
	judge(&record, &d);
	expect(INDICATION_PASSED, SUB_NONE);
	forget();
	buf_free(&record);
}

Test(record_document, all_forms_of_the_report_are_written)
{
	struct buf record = record_of_a(), out = buf_make((size_t)1 << 20);
	struct content a = content_of(view_text("a"));
	const struct report_frame frame = { .file = "a.er", .whole = true };
	judge(&record, &a);
	struct jsonw w = jsonw_to(&out);
	report_json(report, &frame, &w);
	cr_assert_eq(jsonw_end(&w, &err), 0);
	cr_assert_eq(report_text(report, &frame, &out, &err), 0);
	cr_assert_eq(report_xml(report, &frame, &out, &err), 0);
	buf_free(&out);
	forget();
	buf_free(&record);
}
