/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures with long-term availability, EN 319 102-1 5.6.3: what archive time-stamps
 * and evidence records let a signature survive, and what they do not; each file beside
 * its nearest neighbour.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"

#define KEY_COMPROMISE 1
#define YEAR_2011 INT64_C(1293840000000)
#define HOUR ((int64_t)3600000)

static struct cades_kit_scene s;
static struct cades_judge j;

static void begin(const struct cades_kit_scene_options *o)
{
	cades_judge_clear(&j);
	if (s.root != NULL)
		cades_kit_scene_free(&s);
	s = cades_kit_scene(o);
}

static void set_up(void)
{
	begin(NULL);
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&s);
}

TestSuite(matrix_lta, .init = set_up, .fini = tear_down);

/* Fresh status of the TSAs and of the CAs alone, as a validator fetches it. */
static struct cades_kit_material fresh(int64_t day, const struct fix_revoked *ca)
{
	struct cades_kit_material m = { 0 };
	m.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(day), NULL);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(day), ca);
	return m;
}

static void at(struct view file, int64_t day, const struct cades_kit_material *outside)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
	if (outside != NULL)
		j.outside = *outside;
}

static struct view archived(struct view file, const struct fix_cert *tsa, int64_t day)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = tsa,
					     .gen_ms = KIT_DAY(day) });
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

static void expect_best(int64_t ms)
{
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, ms);
	cr_assert_not_null(j.first->best_proof);
}

Test(matrix_lta, archived_when_right_expect_passed_and_level)
{
	at(cades_kit_typical(&s, CADES_KIT_LTA), 4, NULL);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.first->level, LEVEL_LTA);
	cr_assert_eq(j.report->n_stamps, 2);
	cades_judge_expect_stamp(&j, 0, SUB_NONE);
	cades_judge_expect_stamp(&j, 1, SUB_NONE);
	cr_assert_eq(j.report->stamps[1].stamp->index, MATCH_YES);
}

/* ---- expiry ---- */

static void short_lived(void)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
}

Test(matrix_lta, expired_signer_when_archived_expect_passed)
{
	short_lived();
	at(cades_kit_typical(&s, CADES_KIT_LT), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(cades_kit_typical(&s, CADES_KIT_LTA), 20, NULL);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.first->process, PROCESS_LTA);
	cr_assert_eq(j.first->basic.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	cr_assert_not_null(j.first->past);
}

/* Years later: the CRLs inside are stale too, only the TSA's status is at hand. */
Test(matrix_lta, expired_signer_when_status_is_stale_expect_passed)
{
	short_lived();
	struct cades_kit_material m = fresh(3000, NULL);
	at(cades_kit_typical(&s, CADES_KIT_LT), 3001, &m);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
	at(cades_kit_typical(&s, CADES_KIT_LTA), 3001, &m);
	expect_best(KIT_DAY(1));
}

/* The same for the signer: status from before the proof of the signature. */
Test(matrix_lta, status_of_signer_when_from_before_its_proof_expect_no_poe)
{
	short_lived();
	struct cades_kit_material m = fresh(3000, NULL);
	for (int late = 0; late < 2; late++) {
		struct cades_kit_material old =
		    cades_kit_status(&s, KIT_DAY(1) + (late ? HOUR : -HOUR));
		struct view file =
		    cades_kit_add(cades_kit_typical(&s, CADES_KIT_T), &old);
		at(archived(file, s.tsa, 3), 3001, &m);
		expect(late ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
	}
}

Test(matrix_lta, expired_signer_when_archived_too_late_expect_no_poe)
{
	short_lived();
	struct view file = cades_kit_typical(&s, CADES_KIT_B);
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	file = cades_kit_add(file, &m);
	at(archived(file, s.tsa, 11), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(archived(file, s.tsa, 9), 20, NULL); /* itself the proof */
	expect_best(KIT_DAY(9));
}

/* Signed, with status of day 2 and no time-stamp: what comes next is the only proof. */
static struct view unproven(bool ber)
{
	struct cades_kit_signer signer = { .cert = s.signer };
	struct cades_kit_make o = { .signers = &signer, .n_signers = 1, .ber = ber };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	return cades_kit_add(cades_kit_make(&o), &m);
}

/* An archive time-stamp that is defective proves nothing. */
Test(matrix_lta, archive_stamp_when_defective_expect_no_proof)
{
	static const struct cades_kit_stamp defects[] = {
		{ .wrong_imprint = true },
		{ .deviation = { .bad_signature = true } },
		{ .deviation = { .wrong_message_digest = true } },
		{ .index_attr = CADES_KIT_ABSENT },
		{ .index_attr = CADES_KIT_WRONG },
		{ .index_attr = CADES_KIT_TWICE },
		{ .index_attr = CADES_KIT_TWO_VALUES },
		{ .index_alg = DIGEST_SHA512 },
		{ .nothing_in_certs = true },
		{ .nothing_in_crls = true },
		{ .nothing_in_attrs = true },
	};
	short_lived();
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		struct cades_kit_stamp t = defects[i];
		t.kind = CADES_STAMP_ARCHIVE_V3;
		t.tsa = s.tsa;
		t.gen_ms = KIT_DAY(3);
		fprintf(stderr, "defect %zu\n", i);
		/* Attributes: one, for entries to stand for. */
		struct view file = cades_kit_attribute(unproven(false), 0,
						       make_attr("1.2.3", make_int(1)));
		at(cades_kit_stamp(file, &t), 20, NULL);
		expect(SUB_OUT_OF_BOUNDS_NO_POE);
		cr_assert_not(j.report->stamps[0].counted);
		cr_assert_neq(j.first->level, LEVEL_LTA);
	}
}

/*
 * What the index does not list is not proven: here the CA was revoked on day 10, and
 * its word on the signer must be proven to be older than that.
 */
Test(matrix_lta, index_when_crls_are_not_listed_expect_no_poe)
{
	struct fix_revoked entry = { .cert = s.ca,
				     .at_ms = KIT_DAY(10),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = fresh(50, &entry);
	struct cades_kit_stamp t = { .kind = CADES_STAMP_ARCHIVE_V3,
				     .tsa = s.tsa,
				     .gen_ms = KIT_DAY(3),
				     .without_crls = true };
	at(cades_kit_stamp(unproven(false), &t), 51, &m);
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert(j.report->stamps[0].counted, "the time-stamp itself is right");
	cr_assert_not_null(j.first->past);
	cr_assert_str_eq(j.first->past->subindication, "NO_POE");
	t.without_crls = false;
	t.without_certs = true; /* the signer's is proven by its signed reference */
	at(cades_kit_stamp(unproven(false), &t), 51, &m);
	expect_best(KIT_DAY(3));
	t.without_certs = false;
	at(cades_kit_stamp(unproven(false), &t), 51, &m);
	expect_best(KIT_DAY(3));
}

Test(matrix_lta, each_kind_of_archive_stamp_when_right_expect_passed)
{
	static const struct cades_kit_stamp kinds[] = {
		{ .kind = CADES_STAMP_ARCHIVE_V3, .index = 1 },
		{ .kind = CADES_STAMP_ARCHIVE_V3, .index = 2 },
		{ .kind = CADES_STAMP_ARCHIVE_V3, .alg = DIGEST_SHA512 },
		{ .kind = CADES_STAMP_ARCHIVE_V3, .index = 1, .alg = DIGEST_SHA384 },
		{ .kind = CADES_STAMP_ARCHIVE_V1 },
		{ .kind = CADES_STAMP_ARCHIVE_V2 },
		{ .kind = CADES_STAMP_ARCHIVE_V2, .v2_bare = true },
	};
	short_lived();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (int ber = 0; ber < 2; ber++) {
			struct cades_kit_stamp t = kinds[i];
			struct view file = unproven(ber != 0);
			t.tsa = s.tsa;
			t.gen_ms = KIT_DAY(3);
			fprintf(stderr, "kind %zu, BER %d\n", i, ber);
			at(cades_kit_stamp(file, &t), 20, NULL);
			expect_best(KIT_DAY(3));
			t.wrong_imprint = true;
			at(cades_kit_stamp(file, &t), 20, NULL);
			expect(SUB_OUT_OF_BOUNDS_NO_POE);
		}
}

Test(matrix_lta, detached_when_archived_expect_passed)
{
	static const enum cades_stamp_kind kinds[] = { CADES_STAMP_ARCHIVE_V3,
						       CADES_STAMP_ARCHIVE_V2 };
	short_lived();
	for (size_t i = 0; i < 2; i++) {
		struct cades_kit_signer signer = { .cert = s.signer };
		struct cades_kit_make o = { .signers = &signer,
					    .n_signers = 1,
					    .detached = true };
		struct view file =
		    cades_kit_raise(&s, cades_kit_make(&o), CADES_KIT_LT);
		at(cades_kit_stamp(file,
				   &(struct cades_kit_stamp){ .kind = kinds[i],
							      .tsa = s.tsa,
							      .gen_ms = KIT_DAY(3) }),
		   20, NULL);
		j.has_content = true;
		j.content = view_text("another content");
		expect(SUB_HASH_FAILURE);
		j.content = view_text(CADES_KIT_CONTENT);
		expect_best(KIT_DAY(1));
	}
}

/* Material in the attributes of old formats instead of SignedData. */
Test(matrix_lta, values_when_archived_expect_passed)
{
	short_lived();
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct view file = cades_kit_typical(&s, CADES_KIT_T);
	file = cades_kit_refs(file, 0, &m, DIGEST_NONE);
	file = cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_C,
					     .tsa = s.tsa,
					     .gen_ms = KIT_DAY(2) + HOUR });
	file = cades_kit_values(file, 0, &m);
	file = cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V2,
					     .tsa = s.tsa,
					     .gen_ms = KIT_DAY(3) });
	at(file, 20, NULL);
	expect_best(KIT_DAY(1));
	for (size_t i = 0; i < j.report->n_stamps; i++)
		cr_assert_eq(j.report->stamps[i].stamp->imprint, MATCH_YES, "stamp %zu",
			     i);
	cr_assert_str_eq(j.first->profile, "CAdES-A");
}

/* ---- revocation ---- */

Test(matrix_lta, revoked_ca_when_archived_before_expect_passed)
{
	for (int64_t day = 10; day > 0; day -= 8) {
		struct fix_revoked entry = { .cert = s.ca,
					     .at_ms = KIT_DAY(day),
					     .reason = KEY_COMPROMISE };
		struct cades_kit_material m = fresh(50, &entry);
		/* No signature time-stamp: the archive one of day 3 is the proof. */
		struct cades_kit_material old = cades_kit_status(&s, KIT_DAY(1));
		struct view file = cades_kit_add(cades_kit_plain(s.signer), &old);
		at(archived(file, s.tsa, 3), 51, &m);
		if (day == 10) {
			expect_best(KIT_DAY(3));
			cr_assert_eq(j.first->basic.sub, SUB_REVOKED_CA_NO_POE);
		} else {
			expect(SUB_REVOKED_CA_NO_POE);
			cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(2));
		}
	}
}

Test(matrix_lta, revoked_signer_when_archived_before_expect_passed)
{
	for (int64_t day = 10; day > 0; day -= 8) {
		struct fix_revoked entry = { .cert = s.signer,
					     .at_ms = KIT_DAY(day),
					     .reason = KEY_COMPROMISE };
		struct cades_kit_material m = fresh(50, NULL);
		struct cades_kit_material old = cades_kit_status(&s, KIT_DAY(1));
		m.crls[2] = cades_kit_crl(s.ca, KIT_DAY(50), &entry);
		struct view file = cades_kit_add(cades_kit_plain(s.signer), &old);
		at(archived(file, s.tsa, 3), 51, &m);
		if (day == 10) {
			expect_best(KIT_DAY(3));
			cr_assert_eq(j.first->basic.sub, SUB_REVOKED_NO_POE);
		} else {
			expect(SUB_REVOKED_NO_POE);
			cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(2));
			cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
		}
	}
}

/* The responder that said so has expired since; its certificate is in its response. */
Test(matrix_lta, expired_responder_when_archived_before_expect_passed)
{
	begin(&(struct cades_kit_scene_options){
	    .ocsp = { .not_after_ms = KIT_DAY(5) } });
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	m.crls[0] = m.crls[2];
	m.crls[2] = VIEW_NULL;
	m.ocsps[0] =
	    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
						       .issuer = s.ca,
						       .responder = s.ocsp,
						       .this_ms = KIT_DAY(2),
						       .next_ms = KIT_DAY(32) });
	struct view file = cades_kit_add(cades_kit_plain(s.signer), &m);
	at(file, 20, NULL);
	expect(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE);
	at(archived(file, s.tsa, 6), 20, NULL);
	expect(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE);
	at(archived(file, s.tsa, 4), 20, NULL);
	expect_best(KIT_DAY(4));
}

/* ---- time-stamps of TSAs that are gone ---- */

Test(matrix_lta, expired_tsa_when_archived_by_another_expect_passed)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(15) } });
	at(cades_kit_typical(&s, CADES_KIT_LTA), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cades_judge_expect_stamp(&j, 0, SUB_OUT_OF_BOUNDS_NO_POE);
	at(archived(cades_kit_typical(&s, CADES_KIT_LTA), s.tsa2, 12), 20, NULL);
	expect_best(KIT_DAY(1));
	for (size_t i = 0; i < 3; i++)
		cades_judge_expect_stamp(&j, i, SUB_NONE);
	at(archived(cades_kit_typical(&s, CADES_KIT_LTA), s.tsa2, 16), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE); /* too late for it */
}

Test(matrix_lta, revoked_tsa_when_archived_by_another_before_expect_passed)
{
	for (int64_t day = 14; day > 10; day -= 3) {
		begin(&(struct cades_kit_scene_options){
		    .signer = { .not_after_ms = KIT_DAY(10) } });
		struct fix_revoked entry = { .cert = s.tsa,
					     .at_ms = KIT_DAY(day),
					     .reason = KEY_COMPROMISE };
		struct cades_kit_material m = { 0 };
		m.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(19), &entry);
		at(archived(cades_kit_typical(&s, CADES_KIT_LTA), s.tsa2, 12), 20, &m);
		if (day == 14)
			expect_best(KIT_DAY(1));
		else
			expect(SUB_OUT_OF_BOUNDS_NO_POE);
	}
}

/*
 * A chain of three, each TSA gone before now but the last. The word on each TSA is from
 * after the proof of its time-stamp and before its end: once stale it counts up to its
 * issue (5.6.2.2), and after that end no CRL says anything of the certificate.
 */
Test(matrix_lta, archive_stamps_when_renewed_twice_expect_passed)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(20) },
	    .tsa2 = { .not_after_ms = KIT_DAY(60) } });
	struct fix_cert *tsa3 = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA 3", .issuer = s.tsa_ca, .eku = FIX_EKU_TIMESTAMPING });
	struct cades_kit_material second = cades_kit_status(&s, KIT_DAY(17));
	struct cades_kit_material m = fresh(100, NULL);
	struct view file = archived(cades_kit_typical(&s, CADES_KIT_LTA), s.tsa2, 16);
	m.crls[2] = cades_kit_crl(s.tsa_ca, KIT_DAY(42), NULL);
	file = cades_kit_add(file, &second);
	at(file, 101, &m);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(archived(file, tsa3, 61), 101, &m); /* too late for the second */
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(archived(file, tsa3, 41), 101, &m);
	expect_best(KIT_DAY(1));
	fix_cert_free(tsa3);
}

/*
 * The word on the first TSA gathered before the second stamp, as is usual: stale now,
 * it counts up to its issue, and the proof of the first stamp is younger (5.6.2.2 step
 * c). A policy with a maximum age of its own (5.2.5) lets it count.
 */
Test(matrix_lta, status_of_tsa_when_from_before_its_proof_expect_policy_decides)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(20) } });
	struct cades_kit_material m = fresh(100, NULL);
	static const int64_t days[] = { 15, 17 };
	for (size_t i = 0; i < 2; i++) {
		struct cades_kit_material word = cades_kit_status(&s, KIT_DAY(days[i]));
		struct view file = cades_kit_typical(&s, CADES_KIT_LTA);
		file = cades_kit_add(archived(file, s.tsa2, 16), &word);
		at(file, 101, &m);
		expect(i == 0 ? SUB_OUT_OF_BOUNDS_NO_POE : SUB_NONE);
		j.policy->max_age_ms = 100 * FIX_YEAR_MS;
		expect(SUB_NONE);
	}
}

/* ---- algorithms ---- */

static struct fix_cert_options old(void)
{
	return (struct fix_cert_options){ .not_before_ms = YEAR_2011 - FIX_YEAR_MS };
}

/* SHA-1 for everything in 2011: signature, and the imprint of its time-stamp. */
Test(matrix_lta, sha1_imprint_when_archived_before_its_end_expect_passed)
{
	begin(&(struct cades_kit_scene_options){ .root = old(),
						 .ca = old(),
						 .signer = old(),
						 .tsa_ca = old(),
						 .tsa = old(),
						 .tsa2 = old() });
	struct cades_kit_signer signer = { .cert = s.signer,
					   .digest = DIGEST_SHA1,
					   .signing_ms = YEAR_2011 };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct cades_kit_material then = cades_kit_status(&s, YEAR_2011 + 2 * HOUR);
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	file = cades_kit_stamp(file,
			       &(struct cades_kit_stamp){ .kind = CADES_STAMP_SIGNATURE,
							  .tsa = s.tsa,
							  .alg = DIGEST_SHA1,
							  .gen_ms = YEAR_2011 + HOUR });
	file = cades_kit_add(file, &then);
	at(file, 4, &m);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	struct cades_kit_stamp a = { .kind = CADES_STAMP_ARCHIVE_V3,
				     .tsa = s.tsa2,
				     .gen_ms = KIT_DAY(1) };
	at(cades_kit_stamp(file, &a), 4, &m);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE); /* too late */
	a.gen_ms = YEAR_2011 + 10 * FIX_DAY_MS;
	at(cades_kit_stamp(file, &a), 4, &m);
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, YEAR_2011 + HOUR);
}

/* RSA 2048 of the CA is no longer reliable: only proofs from before help. */
Test(matrix_lta, weak_ca_when_archived_before_expect_passed)
{
	const int64_t day = 3 * 365 + 30; /* after 2028 */
	begin(&(struct cades_kit_scene_options){ .ca = { .key = FIX_KEY_RSA } });
	struct cades_kit_material m = fresh(day - 1, NULL);
	at(cades_kit_typical(&s, CADES_KIT_LT), day, &m);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
	at(cades_kit_typical(&s, CADES_KIT_LTA), day, &m);
	expect_best(KIT_DAY(1));
}

/* And it still publishes status, by the same key: what is signed after the end is asked
 * for no proof, since the past rests on the older word (5.6.2.2 d, 5.6.2.4 step 4). */
Test(matrix_lta, weak_ca_when_it_still_publishes_status_expect_passed)
{
	const int64_t day = 3 * 365 + 30;
	begin(&(struct cades_kit_scene_options){ .ca = { .key = FIX_KEY_RSA } });
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(day - 1));
	at(cades_kit_typical(&s, CADES_KIT_LT), day, &m);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	at(cades_kit_typical(&s, CADES_KIT_LTA), day, &m);
	expect_best(KIT_DAY(1));
}

/* ---- sunset of an anchor ---- */

Test(matrix_lta, sunset_when_archived_before_expect_passed)
{
	begin(&(struct cades_kit_scene_options){ .own_tsa_root = true });
	at(cades_kit_typical(&s, CADES_KIT_LTA), 20, NULL);
	j.sunset_ms = KIT_DAY(10);
	expect(SUB_NONE);
	j.sunset_ms = KIT_DAY(1) - HOUR; /* before any proof */
	expect(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE);
}

/* ---- one file, as time goes by ---- */

/*
 * Revoked on day 300, expired on day 400 (and gone from its CA's lists), RSA 2048 at
 * its end after 2028, the anchor's sunset on day 1990: at each moment with fresh
 * status.
 */
static const struct {
	int64_t day;
	bool listed; /* as revoked */
	enum subindication bare, archived;
} moments[] = {
	{ 4, false, SUB_NONE, SUB_NONE },
	{ 299, false, SUB_NONE, SUB_NONE },
	{ 302, true, SUB_REVOKED_NO_POE, SUB_NONE },
	{ 401, false, SUB_OUT_OF_BOUNDS_NO_POE, SUB_NONE },
	{ 1130, false, SUB_OUT_OF_BOUNDS_NO_POE, SUB_NONE },
	{ 1989, false, SUB_OUT_OF_BOUNDS_NO_POE, SUB_NONE },
	{ 1990, false, SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, SUB_NONE },
	/* The last word on the CA that is proven is of day 2: it serves the proofs up
	 * to its nextUpdate. */
	{ 2000, false, SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, SUB_NONE },
};

Test(matrix_lta, one_file_when_time_goes_by_expect_the_archived_one_passes_longer)
{
	begin(&(struct cades_kit_scene_options){
	    .own_tsa_root = true,
	    .signer = { .key = FIX_KEY_RSA, .not_after_ms = KIT_DAY(400) } });
	struct view files[2] = { cades_kit_typical(&s, CADES_KIT_B),
				 cades_kit_typical(&s, CADES_KIT_LTA) };
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		int64_t day = moments[i].day;
		struct fix_revoked entry = { .cert = s.signer,
					     .at_ms = KIT_DAY(300),
					     .reason = KEY_COMPROMISE };
		struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(day - 1));
		if (moments[i].listed)
			m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(day - 1), &entry);
		for (int archived = 0; archived < 2; archived++) {
			fprintf(stderr, "day %d, archived %d\n", (int)day, archived);
			at(files[archived], day, &m);
			j.sunset_ms = KIT_DAY(1990);
			expect(archived ? moments[i].archived : moments[i].bare);
		}
	}
}

/* ---- evidence records ---- */

Test(matrix_lta, evidence_record_when_right_expect_passed)
{
	short_lived();
	struct cades_kit_material m = fresh(19, NULL);
	for (int detached = 0; detached < 2; detached++) {
		struct cades_kit_signer signer = { .cert = s.signer };
		struct cades_kit_record r = { .tsa = s.tsa,
					      .gen_ms = KIT_DAY(3),
					      .external = detached != 0 };
		struct cades_kit_make o = { .signers = &signer,
					    .n_signers = 1,
					    .detached = detached != 0,
					    .material =
						cades_kit_status(&s, KIT_DAY(2)) };
		for (int wrong = 1; wrong >= 0; wrong--) {
			r.wrong_hash = wrong != 0;
			at(cades_kit_record(cades_kit_make(&o), &r), 20, &m);
			j.has_content = detached != 0;
			j.content = view_text(CADES_KIT_CONTENT);
			if (wrong)
				expect(SUB_OUT_OF_BOUNDS_NO_POE);
			else
				expect_best(KIT_DAY(3));
			cr_assert_eq(j.report->n_records, 1);
			cr_assert_eq(j.report->records[0].intact, !wrong);
		}
	}
}

/* The record's TSA ends on day 15: its second time-stamp must come before. */
Test(matrix_lta, evidence_record_when_its_tsa_expired_expect_renewal_saves_it)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(15) } });
	struct cades_kit_material m = fresh(19, NULL);
	struct cades_kit_record r = { .tsa = s.tsa,
				      .gen_ms = KIT_DAY(3),
				      .inside = cades_kit_status(&s, KIT_DAY(4)) };
	at(cades_kit_record(unproven(false), &r), 20, &m);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	r.renewal_tsa = s.tsa2;
	r.renewal_ms = KIT_DAY(16);
	at(cades_kit_record(unproven(false), &r), 20, &m);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	r.renewal_ms = KIT_DAY(12);
	at(cades_kit_record(unproven(false), &r), 20, &m);
	expect_best(KIT_DAY(3));
}

/* ---- several ---- */

Test(matrix_lta, archive_stamp_of_one_signer_expect_no_proof_for_the_other)
{
	short_lived();
	struct cades_kit_signer signers[2] = {
		{ .cert = s.signer }, { .cert = s.signer, .signing_ms = KIT_DAY(1) }
	};
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = signers, .n_signers = 2 });
	at(cades_kit_raise(&s, file, CADES_KIT_LTA), 20, NULL);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_OUT_OF_BOUNDS_NO_POE);
}

/* 2.3: material and attributes added later do not break an archive time-stamp. */
Test(matrix_lta, archive_stamp_when_more_is_added_expect_still_valid)
{
	short_lived();
	struct cades_kit_material later = cades_kit_status(&s, KIT_DAY(4));
	later.ocsps[0] = cades_kit_ocsp(&(struct fix_ocsp_options){
	    .cert = s.tsa2, .issuer = s.tsa_ca, .this_ms = KIT_DAY(4) });
	struct view file = cades_kit_typical(&s, CADES_KIT_LTA);
	file = cades_kit_add(file, &later);
	file = cades_kit_countersign(file, 0,
				     &(struct cades_kit_signer){ .cert = s.tsa2 });
	at(file, 20, NULL);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.report->stamps[1].stamp->index, MATCH_YES);
}
