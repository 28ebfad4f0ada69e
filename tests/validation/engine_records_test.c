/* SPDX-License-Identifier: Apache-2.0 */
/* Evidence records inside a signature, EN 319 102-1 5.6.3.4 step 1. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"

#define OID_ER_INTERNAL "1.2.840.113549.1.9.16.2.49"

static struct cades_kit_scene s;
static struct cades_judge j;

static void begin(const struct cades_kit_scene_options *o)
{
	cades_judge_clear(&j);
	if (s.root != NULL)
		cades_kit_scene_free(&s);
	s = cades_kit_scene(o);
}

/* The signer's certificate ends on day 10: on day 20 only a record from before lifts
 * its signatures. */
static void set_up(void)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&s);
}

TestSuite(engine_records, .init = set_up, .fini = tear_down);

static struct view unproven(bool detached)
{
	const struct cades_kit_signer signer = { .cert = s.signer };
	return cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer,
				      .n_signers = 1,
				      .detached = detached,
				      .material = cades_kit_status(&s, KIT_DAY(2)) });
}

static struct cades_kit_record record_on(int64_t day)
{
	return (struct cades_kit_record){ .tsa = s.tsa, .gen_ms = KIT_DAY(day) };
}

/* With fresh status of the CAs and TSAs. */
static void at(struct view file, int64_t day)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
	j.outside.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(day - 1), NULL);
	j.outside.crls[1] = cades_kit_crl(s.root, KIT_DAY(day - 1), NULL);
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

static void expect_record(enum subindication sub)
{
	cr_assert_eq(j.report->n_records, 1);
	cr_expect_eq(j.report->records[0].conclusion.sub, sub, "%s",
		     j.report->records[0].conclusion.text);
}

/* ---- the whole ---- */

Test(engine_records, a_record_proves_the_time_of_its_first_stamp_and_is_named)
{
	struct cades_kit_record r = record_on(3);
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_NONE);
	expect_record(SUB_NONE);
	cr_assert(j.report->records[0].intact);
	cr_assert_eq(j.report->records[0].time_ms, KIT_DAY(3));
	cr_assert_eq(j.first->process, PROCESS_LTA);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(3));
	cr_assert_str_eq(j.first->best_proof, j.document->records[0].id);
	r = record_on(11); /* after the signer's end */
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	expect_record(SUB_NONE);
}

Test(engine_records, a_record_of_something_else_proves_nothing)
{
	struct cades_kit_record r = record_on(3);
	r.wrong_hash = true;
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	expect_record(SUB_SIGNED_DATA_NOT_FOUND);
	cr_assert_not(j.report->records[0].intact);
	cr_assert_eq(j.report->records[0].time_ms, INT64_MIN);
	cr_assert_null(j.first->past);
}

Test(engine_records, a_record_that_does_not_decode_is_told_and_proves_nothing)
{
	const struct view records[] = { make_el(0x30, make_octets("x")),
					make_el(0x30, make_int(7)) /* version */ };
	for (size_t i = 0; i < 2; i++) {
		at(cades_kit_attribute(unproven(false), 0,
				       make_attr(OID_ER_INTERNAL, records[i])),
		   20);
		expect(SUB_OUT_OF_BOUNDS_NO_POE);
		expect_record(i == 0 ? SUB_FORMAT_FAILURE : SUB_CUSTOM);
		cr_assert_null(j.report->records[0].report);
	}
}

Test(engine_records, of_two_records_the_older_one_counts)
{
	struct cades_kit_record first = record_on(3), second = record_on(5);
	at(cades_kit_record(cades_kit_record(unproven(false), &first), &second), 20);
	expect(SUB_NONE);
	cr_assert_eq(j.report->n_records, 2);
	for (size_t i = 0; i < 2; i++)
		cr_expect_eq(j.report->records[i].conclusion.sub, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(3));
}

/* The TSA of the signature time-stamp is gone; the record covers its token. */
Test(engine_records, a_record_lifts_the_stamps_that_it_covers)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(12) } });
	for (int64_t day = 5; day <= 14; day += 9) {
		struct cades_kit_record r = record_on(day);
		r.tsa = s.tsa2;
		at(cades_kit_record(cades_kit_typical(&s, CADES_KIT_LT), &r), 20);
		expect(day == 5 ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
		cades_judge_expect_stamp(
		    &j, 0, day == 5 ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
		if (day == 5)
			cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));
	}
}

/* The older record's TSA is gone; what covers the record proves it from before. */
Test(engine_records, a_record_lifts_the_older_ones_that_it_covers)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(15) } });
	struct cades_kit_record older = record_on(3), younger = record_on(14);
	older.inside = cades_kit_status(&s, KIT_DAY(4));
	younger.tsa = s.tsa2;
	const struct view file = cades_kit_record(unproven(false), &older);
	at(cades_kit_record(file, &younger), 20);
	expect(SUB_NONE);
	cr_assert_eq(j.report->n_records, 2);
	cr_expect_eq(j.report->records[0].conclusion.sub, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(3));
	younger.gen_ms = KIT_DAY(16);
	at(cades_kit_record(file, &younger), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(j.report->records[0].conclusion.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(j.report->records[1].conclusion.sub, SUB_NONE);
}

Test(engine_records, a_record_lifts_no_older_one_that_it_does_not_cover)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(15) } });
	struct cades_kit_record older = record_on(3), younger = record_on(14);
	older.inside = cades_kit_status(&s, KIT_DAY(4));
	younger.tsa = s.tsa2;
	const struct view file = unproven(false);
	/* Cut out with the younger one, whose attribute it shares. */
	const struct view values = make_joined(cades_kit_record_of(file, &older),
					       cades_kit_record_of(file, &younger));
	at(cades_kit_attribute(file, 0, make_attr(OID_ER_INTERNAL, values)), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cr_assert_eq(j.report->n_records, 2);
	cr_expect_eq(j.report->records[0].conclusion.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(j.report->records[1].conclusion.sub, SUB_NONE);
	younger.wrong_hash = true;
	at(cades_kit_record(cades_kit_record(file, &older), &younger), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(j.report->records[0].conclusion.sub, SUB_OUT_OF_BOUNDS_NO_POE);
}

/* ---- content beside the file ---- */

Test(engine_records, an_external_record_wants_the_content)
{
	struct cades_kit_record r = record_on(3);
	r.external = true;
	struct view file = cades_kit_record(unproven(true), &r);
	at(file, 20);
	j.has_content = true;
	j.content = view_text(CADES_KIT_CONTENT);
	expect(SUB_NONE);
	expect_record(SUB_NONE);
	at(file, 20);
	j.has_content = true;
	j.content = view_text("something else\n");
	expect(SUB_HASH_FAILURE);
	expect_record(SUB_SIGNED_DATA_NOT_FOUND);
	at(file, 20);
	expect(SUB_SIGNED_DATA_NOT_FOUND);
	expect_record(SUB_SIGNED_DATA_NOT_FOUND);
}

static int feed(void *arg, content_take *take, void *to, struct ltps_error *err)
{
	const struct view *v = arg;
	for (size_t i = 0; i < v->n; i++)
		if (take(to, view_of(v->p + i, 1), err) != 0)
			return -1;
	return 0;
}

/* Judged with this content; the outcome of the record. */
static enum subindication judged_over(struct view file, struct content *c,
				      enum subindication *ret_record)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct document *d = NULL;
	struct report *r = NULL;
	at(file, 20);
	cr_assert(cades_judge_run(&j)); /* makes the pool */
	cr_assert_eq(document_read(file, c, &d, &err), 0, "%s", err.text);
	const struct material *pools[1] = { j.pool };
	const struct engine_input in = { .document = d,
					 .policy = j.policy,
					 .pools = pools,
					 .n_pools = 1,
					 .time_ms = KIT_DAY(20) };
	cr_assert_eq(engine_judge(&in, &r, &err), 0, "%s", err.text);
	enum subindication sub = r->signatures[0].conclusion.sub;
	*ret_record = r->records[0].conclusion.sub;
	report_free(r);
	document_free(d);
	return sub;
}

Test(engine_records, content_that_is_read_in_pieces_or_known_by_its_digest_will_do)
{
	struct view text = view_text(CADES_KIT_CONTENT);
	struct cades_kit_record r = record_on(3);
	enum subindication sub;
	r.external = true;
	struct view file = cades_kit_record(unproven(true), &r);

	struct content pieces = { .feed = feed, .arg = &text };
	cr_expect_eq(judged_over(file, &pieces, &sub), SUB_NONE);
	cr_expect_eq(sub, SUB_NONE);

	struct content digests = { .digests_only = true };
	digests.known[DIGEST_SHA256] = cades_kit_hash(DIGEST_SHA256, text);
	cr_expect_eq(judged_over(file, &digests, &sub), SUB_NONE);
	cr_expect_eq(sub, SUB_NONE);

	/* Of another algorithm than that of the record. */
	r.alg = DIGEST_SHA512;
	cr_expect_eq(judged_over(cades_kit_record(unproven(true), &r), &digests, &sub),
		     SUB_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(sub, SUB_SIGNED_DATA_NOT_FOUND);
}

/* ---- time and algorithms ---- */

Test(engine_records, each_stamp_must_have_been_valid_when_the_next_came)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(15) } });
	struct cades_kit_record r = record_on(3);
	r.inside = cades_kit_status(&s, KIT_DAY(4));
	at(cades_kit_record(unproven(false), &r), 14);
	expect(SUB_NONE);
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	expect_record(SUB_OUT_OF_BOUNDS_NO_POE);
	r.renewal_tsa = s.tsa2;
	r.renewal_ms = KIT_DAY(14);
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_NONE);
	r.renewal_ms = KIT_DAY(16);
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	expect_record(SUB_OUT_OF_BOUNDS_NO_POE);
}

static struct algorithm_limit limits[] = {
	{ .algorithm = "sha256", .until_ms = INT64_MAX },
	{ .algorithm = "ECDSA", .until_ms = INT64_MAX },
	{ .algorithm = ALGORITHM_ECDSA_WITH, .until_ms = INT64_MAX },
	{ .algorithm = "sha512", .until_ms = KIT_DAY(15) },
};

static void judge_with_limits(const struct algorithm_limit *v, size_t n)
{
	const struct algorithm_policy own = j.policy->algorithms;
	j.policy->algorithms = (struct algorithm_policy){ v, n };
	cr_assert(cades_judge_run(&j));
	j.policy->algorithms = own;
}

Test(engine_records, the_hash_tree_must_be_reliable_until_now)
{
	struct cades_kit_record r = record_on(3);
	r.alg = DIGEST_SHA512;
	struct view file = cades_kit_record(unproven(false), &r);
	for (int64_t day = 14; day <= 16; day += 2) {
		at(file, day);
		judge_with_limits(limits, sizeof(limits) / sizeof(limits[0]));
		expect_record(day == 14 ? SUB_NONE
					: SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
		cr_expect_eq(j.report->records[0].time_ms,
			     day == 14 ? KIT_DAY(3) : INT64_MIN);
	}
	cr_expect_str_eq(j.report->records[0].conclusion.algorithm, "sha512");
}

/* The whole path of the TSA, as with a time-stamp of the signature. */
Test(engine_records, the_key_of_the_tsas_ca_must_be_reliable_until_now)
{
	static struct algorithm_limit with_rsa[] = {
		{ .algorithm = "sha256", .until_ms = INT64_MAX },
		{ .algorithm = "ECDSA", .until_ms = INT64_MAX },
		{ .algorithm = ALGORITHM_ECDSA_WITH, .until_ms = INT64_MAX },
		{ .algorithm = ALGORITHM_RSA_PKCS1, .until_ms = INT64_MAX },
		{ .algorithm = "RSA", .until_ms = KIT_DAY(15) },
	};
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa_ca = { .key = FIX_KEY_RSA } });
	struct cades_kit_record r = record_on(3);
	struct view file = cades_kit_record(unproven(false), &r);
	for (int64_t day = 14; day <= 16; day += 2) {
		at(file, day);
		judge_with_limits(with_rsa, sizeof(with_rsa) / sizeof(with_rsa[0]));
		expect_record(day == 14 ? SUB_NONE
					: SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	}
	cr_expect(strncmp(j.report->records[0].conclusion.algorithm, "RSA", 3) == 0);
	cr_expect_eq(j.report->records[0].conclusion.constraint, CONSTRAINT_CRYPTO);
	cr_expect_eq(j.report->records[0].time_ms, INT64_MIN);
}

Test(engine_records, a_tsas_ca_that_has_ended_ends_the_proof)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa_ca = { .not_after_ms = KIT_DAY(15) } });
	struct cades_kit_record r = record_on(3);
	r.inside = cades_kit_status(&s, KIT_DAY(4));
	struct view file = cades_kit_record(unproven(false), &r);
	for (int64_t day = 14; day <= 16; day += 2) {
		at(file, day);
		if (day == 16)
			/* Algorithms are not asked for here; ends are. */
			cades_judge_rule(&j, CONTEXT_TIME_STAMP, CONSTRAINT_CRYPTO,
					 CONSTRAINT_WARN, NULL);
		expect(day == 14 ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
		expect_record(day == 14 ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
	}
}

/* ---- trust and policy ---- */

Test(engine_records, a_record_without_an_anchor_proves_nothing)
{
	struct cades_kit_record r = record_on(3);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *nobody = NULL;
	struct report *rep = NULL;
	at(cades_kit_record(unproven(false), &r), 20);
	expect(SUB_NONE);
	cr_assert_eq(material_new(&nobody, &err), 0);
	const struct material *pools[1] = { j.pool };
	const struct engine_input in = { .document = j.document,
					 .policy = j.policy,
					 .pools = pools,
					 .n_pools = 1,
					 .stamp_anchors = nobody,
					 .time_ms = KIT_DAY(20) };
	cr_assert_eq(engine_judge(&in, &rep, &err), 0, "%s", err.text);
	cr_expect_neq(rep->records[0].conclusion.sub, SUB_NONE);
	cr_expect_eq(rep->signatures[0].conclusion.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	report_free(rep);
	material_free(nobody);
}

Test(engine_records, a_bad_record_fails_the_signature_only_where_the_policy_says_so)
{
	struct cades_kit_record r = record_on(3);
	r.wrong_hash = true;
	struct view file = cades_kit_record(unproven(false), &r);
	at(file, 5); /* the signer is still valid */
	expect(SUB_NONE);
	cr_assert(cades_judge_has_finding(&j, "evidence-record"));
	at(file, 5);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_EVIDENCE_RECORD,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_EVIDENCE_RECORD);
	r.wrong_hash = false;
	at(cades_kit_record(unproven(false), &r), 5);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_EVIDENCE_RECORD,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_NONE);
}

/* ---- what is missing ---- */

Test(engine_records, the_status_that_a_record_misses_is_named)
{
	for (int here = 0; here < 2; here++) {
		begin(&(struct cades_kit_scene_options){
		    .signer = { .not_after_ms = KIT_DAY(10) },
		    .tsa = { .crl_url = FIX_CRL_URL } });
		struct cades_kit_record r = record_on(3);
		at(cades_kit_record(unproven(false), &r), 20);
		if (here)
			j.outside.crls[0] = cades_kit_crl_make(
			    &(struct fix_crl_options){ .issuer = s.tsa_ca,
						       .this_ms = KIT_DAY(19),
						       .idp = FIX_IDP_POINT });
		else
			j.outside.crls[0] = (struct view){ 0 };
		expect(here ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
		expect_record(here ? SUB_NONE : SUB_TRY_LATER);
		size_t asked = 0;
		for (size_t i = 0; i < j.report->n_needs; i++)
			asked += strcmp(j.report->needs[i].url, FIX_CRL_URL) == 0;
		cr_expect_eq(asked, here ? 0 : 1);
	}
}
