/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP in revocation_judge(): each check by a response with which only that check finds
 * fault. RFC 6960 3.2, 4.2.2. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/pki_fixture_status.h"

#define NOW FIX_T0_MS
#define HOUR ((int64_t)3600000)
#define ISSUED (NOW - FIX_DAY_MS)

static struct fix_cert *root, *ca, *ee;
static struct fix_status s;

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	ee = fix_cert_make(&(struct fix_cert_options){ .cn = "EE", .issuer = ca });
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
}

static void tear_down(void)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

TestSuite(revocation_ocsp, .init = set_up, .fini = tear_down);

static void add(struct fix_ocsp_options o)
{
	if (o.cert == NULL)
		o.cert = ee;
	if (o.issuer == NULL)
		o.issuer = ca;
	if (o.this_ms == 0)
		o.this_ms = ISSUED;
	if (o.status == FIX_OCSP_GOOD)
		o.reason = FIX_NO_REASON;
	fix_status_ocsp(&s, &o);
}

static void expect_at(int line, enum path_cert_status status, enum path_code why)
{
	const struct path_cert_revocation *r = fix_status_ask(&s, 0);
	cr_assert(r->status == status && r->why == why, "line %d: %s, %s", line,
		  path_cert_status_name(r->status), path_code_name(r->why));
}
#define EXPECT(status, why) expect_at(__LINE__, PATH_STATUS_##status, PATH_##why)
#define EXPECT_UNKNOWN() EXPECT(UNKNOWN, REVOCATION_UNKNOWN)
#define EXPECT_STALE() EXPECT(UNKNOWN, REVOCATION_STALE)
#define EXPECT_GOOD() EXPECT(GOOD, OK)
#define EXPECT_REVOKED() EXPECT(REVOKED, REVOKED)
#define EXPECT_HOLD() EXPECT(ON_HOLD, ON_HOLD)

/* ---- the issuer itself answers ---- */

Test(revocation_ocsp, good_answer_of_the_issuer_is_told_with_its_dates)
{
	add((struct fix_ocsp_options){ 0 });
	EXPECT_GOOD();
	cr_assert_eq(s.r.source, PATH_SOURCE_OCSP);
	cr_assert_eq(s.r.this_ms, ISSUED);
	cr_assert_eq(s.r.next_ms, ISSUED + 7 * FIX_DAY_MS);
	cr_assert_eq(s.r.n_objects, 1);
	cr_assert_not_null(s.r.objects[0].ocsp);
	cr_assert_eq(s.r.objects[0].signer, s.path.certs[1]);
	cr_assert_eq(s.r.objects[0].n_signer_path, 0);
	cr_assert_eq(s.signatures, 1);
}

Test(revocation_ocsp, revocation_is_told_with_date_and_reason)
{
	add((struct fix_ocsp_options){
	    .status = FIX_OCSP_REVOKED, .revoked_at_ms = ISSUED - HOUR, .reason = 1 });
	EXPECT_REVOKED();
	cr_assert_eq(s.r.revoked_ms, ISSUED - HOUR);
	cr_assert_eq(s.r.reason, 1);
}

Test(revocation_ocsp, revocation_without_a_reason_is_one)
{
	add((struct fix_ocsp_options){ .status = FIX_OCSP_REVOKED,
				       .revoked_at_ms = ISSUED - HOUR,
				       .reason = FIX_NO_REASON });
	EXPECT_REVOKED();
	cr_assert_eq(s.r.reason, -1);
}

Test(revocation_ocsp, hold_is_a_hold)
{
	add((struct fix_ocsp_options){
	    .status = FIX_OCSP_REVOKED, .revoked_at_ms = ISSUED - HOUR, .reason = 6 });
	EXPECT_HOLD();
}

Test(revocation_ocsp, certificate_never_issued_is_held_at_any_time)
{
	add((struct fix_ocsp_options){ .status = FIX_OCSP_REVOKED,
				       .revoked_at_ms = 0,
				       .reason = 6,
				       .extended_revoke = true });
	s.q.known_ms = NOW;
	s.q.time_ms = NOW - FIX_YEAR_MS;
	EXPECT_HOLD();
	cr_assert_eq(s.r.revoked_ms, 0);
}

Test(revocation_ocsp, unknown_is_no_answer)
{
	add((struct fix_ocsp_options){ .status = FIX_OCSP_UNKNOWN });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_ocsp, response_that_is_not_successful_says_nothing)
{
	add((struct fix_ocsp_options){ .not_successful = true });
	EXPECT_UNKNOWN();
}

Test(revocation_ocsp, broken_signature_is_passed_over)
{
	add((struct fix_ocsp_options){ .bad_signature = true });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 1);
}

Test(revocation_ocsp, answer_about_another_certificate_is_passed_over)
{
	add((struct fix_ocsp_options){ .cert = ca });
	add((struct fix_ocsp_options){ .wrong_serial = true });
	add((struct fix_ocsp_options){ .wrong_issuer_name = true });
	add((struct fix_ocsp_options){ .wrong_issuer_key = true });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_ocsp, certificate_is_named_by_any_digest)
{
	add((struct fix_ocsp_options){ .cert_id_digest = DIGEST_SHA256 });
	EXPECT_GOOD();
	add((struct fix_ocsp_options){ .cert_id_digest = DIGEST_SHA512,
				       .this_ms = ISSUED + HOUR });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED + HOUR);
}

Test(revocation_ocsp, issuer_may_name_itself_by_its_key)
{
	add((struct fix_ocsp_options){ .by_key_hash = true });
	EXPECT_GOOD();
}

Test(revocation_ocsp, unknown_critical_extensions_make_it_useless)
{
	add((struct fix_ocsp_options){ .critical_extension = true });
	add((struct fix_ocsp_options){ .critical_single_extension = true });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_ocsp, hash_of_the_certificate_must_be_its_own)
{
	add((struct fix_ocsp_options){ .wrong_cert_hash = true });
	EXPECT_UNKNOWN();
	add((struct fix_ocsp_options){ .cert_hash = true });
	EXPECT_GOOD();
}

/* ---- times ---- */

Test(revocation_ocsp, future_is_refused_but_for_the_skew_of_clocks)
{
	add((struct fix_ocsp_options){ .this_ms = NOW + 61000 });
	add((struct fix_ocsp_options){ .this_ms = NOW - HOUR,
				       .produced_ms = NOW + 61000 });
	add((struct fix_ocsp_options){ .this_ms = NOW + 61000,
				       .produced_ms = NOW + 30000 });
	EXPECT_UNKNOWN();
	add((struct fix_ocsp_options){ .this_ms = NOW + 60000 });
	EXPECT_GOOD();
}

Test(revocation_ocsp, status_cannot_be_later_than_its_response)
{
	add((struct fix_ocsp_options){ .this_ms = NOW - HOUR,
				       .produced_ms = NOW - 2 * HOUR });
	EXPECT_UNKNOWN();
}

Test(revocation_ocsp, next_update_before_this_update_is_nonsense)
{
	add((struct fix_ocsp_options){ .next_ms = ISSUED - HOUR });
	EXPECT_UNKNOWN();
}

Test(revocation_ocsp, answer_lasts_until_its_next_update)
{
	add((struct fix_ocsp_options){ .next_ms = NOW - 1000 });
	EXPECT_STALE();
	cr_assert_eq(s.r.source, PATH_SOURCE_OCSP);
	cr_assert_eq(s.r.this_ms, ISSUED);
	add((struct fix_ocsp_options){ .next_ms = NOW + 1000 });
	EXPECT_GOOD();
}

Test(revocation_ocsp, without_next_update_only_a_maximum_age_makes_it_fresh)
{
	add((struct fix_ocsp_options){ .next_ms = INT64_MIN });
	EXPECT_STALE();
	s.q.max_age_ms = FIX_DAY_MS;
	EXPECT_STALE();
	s.q.max_age_ms = FIX_DAY_MS + 1;
	EXPECT_GOOD();
}

Test(revocation_ocsp, issuer_must_have_been_valid_when_it_answered)
{
	struct fix_cert *young =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA",
						      .issuer = root,
						      .ca = true,
						      .same_key = ca,
						      .not_before_ms = ISSUED + HOUR });
	fix_status_end(&s);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, young, root }, 3, NOW);
	add((struct fix_ocsp_options){ 0 });
	EXPECT_UNKNOWN();
	/* Its older certificate was, and has a path and a status. */
	fix_status_cert(&s, ca);
	EXPECT_UNKNOWN();
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = root, .this_ms = ISSUED });
	EXPECT_GOOD();
	cr_assert_eq(s.r.objects[0].n_signer_path, 2);
	fix_cert_free(young);
}

/* ---- delegated responders ---- */

static struct fix_cert_options responder_options(void)
{
	return (struct fix_cert_options){ .cn = "OCSP",
					  .issuer = ca,
					  .eku = FIX_EKU_OCSP_SIGNING,
					  .ocsp_nocheck = true };
}

static void expect_responder(int line, const struct fix_cert_options *o,
			     enum path_cert_status status)
{
	struct fix_cert *responder = fix_cert_make(o);
	add((struct fix_ocsp_options){ .responder = responder });
	const struct path_cert_revocation *r = fix_status_ask(&s, 0);
	cr_assert_eq(r->status, status, "line %d: %s", line,
		     path_cert_status_name(r->status));
	fix_cert_free(responder);
}
#define EXPECT_RESPONDER(o, status)                                                    \
	expect_responder(__LINE__, &(o), PATH_STATUS_##status)

Test(revocation_ocsp, delegated_responder_counts_and_is_told_with_its_path)
{
	struct fix_cert_options o = responder_options();
	EXPECT_RESPONDER(o, GOOD);
	cr_assert_eq(s.r.n_objects, 1);
	cr_assert_eq(s.r.objects[0].n_signer_path, 3);
	cr_assert(cert_equal(s.r.objects[0].signer_path[1], s.path.certs[1]));
	cr_assert_eq(s.signatures, 3); /* the CA's certificate among them */
}

Test(revocation_ocsp, responder_may_be_left_out_and_be_in_the_pool)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = responder,
				       .responder_left_out = true });
	EXPECT_UNKNOWN();
	fix_status_cert(&s, responder);
	EXPECT_GOOD();
	add((struct fix_ocsp_options){ .responder = responder,
				       .responder_left_out = true,
				       .by_key_hash = true,
				       .this_ms = ISSUED + HOUR });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED + HOUR);
	fix_cert_free(responder);
}

Test(revocation_ocsp, responder_without_the_purpose_is_not_entitled)
{
	struct fix_cert_options o = responder_options();
	o.eku = FIX_EKU_NONE;
	EXPECT_RESPONDER(o, UNKNOWN);
	o.eku = FIX_EKU_OTHER;
	EXPECT_RESPONDER(o, UNKNOWN);
}

Test(revocation_ocsp, responder_that_may_not_sign_is_not_entitled)
{
	struct fix_cert_options o = responder_options();
	o.key_usage = "critical,keyEncipherment";
	EXPECT_RESPONDER(o, UNKNOWN);
}

Test(revocation_ocsp, responder_of_another_ca_is_not_entitled)
{
	struct fix_cert_options o = responder_options();
	o.issuer = root;
	EXPECT_RESPONDER(o, UNKNOWN);
}

Test(revocation_ocsp, responder_certified_by_another_key_of_the_ca_is_not_entitled)
{
	/* RFC 6960 4.2.2.2: by the key that signed the certificate. */
	struct fix_cert *new = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	struct fix_cert_options o = responder_options();
	o.issuer = new;
	fix_status_cert(&s, new);
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = root, .this_ms = ISSUED });
	EXPECT_RESPONDER(o, UNKNOWN);
	fix_cert_free(new);
}

Test(revocation_ocsp, responder_with_an_unknown_critical_extension_is_not_entitled)
{
	struct fix_cert_options o = responder_options();
	o.critical_extension = true;
	EXPECT_RESPONDER(o, UNKNOWN);
}

Test(revocation_ocsp, responder_must_have_been_valid_when_it_answered)
{
	struct fix_cert_options o = responder_options();
	o.not_before_ms = ISSUED + HOUR;
	EXPECT_RESPONDER(o, UNKNOWN);
}

Test(revocation_ocsp,
     responder_that_has_expired_counts_for_who_asks_about_issuance_only)
{
	struct fix_cert_options o = responder_options();
	o.not_after_ms = ISSUED + HOUR;
	EXPECT_RESPONDER(o, UNKNOWN);
	s.q.issuer_validity_at_issuance = true;
	EXPECT_GOOD();
}

Test(revocation_ocsp, responder_named_otherwise_is_not_looked_at)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder = fix_cert_make(&o);
	o.cn = "Other";
	struct fix_cert *other = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = responder, .sign_with = other });
	fix_status_cert(&s, other);
	EXPECT_UNKNOWN();
	add((struct fix_ocsp_options){
	    .responder = responder, .sign_with = other, .sent = other });
	EXPECT_UNKNOWN();
	add((struct fix_ocsp_options){ .responder = other });
	EXPECT_GOOD();
	fix_cert_free(other);
	fix_cert_free(responder);
}

/* Of the same key, but another CA: not "issued directly by" ours. */
Test(revocation_ocsp, responder_of_another_ca_with_the_same_key_is_not_entitled)
{
	struct fix_cert *other = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Other", .issuer = root, .ca = true, .same_key = ca });
	struct fix_cert_options o = responder_options();
	o.issuer = other;
	fix_status_cert(&s, other);
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = root, .this_ms = ISSUED });
	EXPECT_RESPONDER(o, UNKNOWN);
	fix_cert_free(other);
}

Test(revocation_ocsp, another_key_of_the_issuer_is_not_entitled_by_its_name)
{
	struct fix_cert *new = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	fix_status_cert(&s, new);
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = root, .this_ms = ISSUED });
	add((struct fix_ocsp_options){ .sign_with = new });
	EXPECT_UNKNOWN();
	fix_cert_free(new);
}

static bool never(void *arg, const uint8_t sha256[32], int64_t issued_ms)
{
	(void)arg;
	(void)sha256;
	cr_assert_eq(issued_ms, ISSUED);
	return false;
}

Test(revocation_ocsp, answer_that_the_caller_may_not_use_is_passed_over)
{
	add((struct fix_ocsp_options){ .produced_ms = ISSUED + HOUR });
	EXPECT_GOOD();
	s.q.usable = never;
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_ocsp, responder_without_nocheck_needs_a_status)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder;
	o.ocsp_nocheck = false;
	responder = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = responder });
	EXPECT_UNKNOWN();
	fix_status_crl(
	    &s, &(struct fix_crl_options){ .issuer = ca, .this_ms = ISSUED - HOUR });
	s.q.record_needs = false;
	EXPECT_GOOD();
	cr_assert_eq(s.r.source, PATH_SOURCE_OCSP);
	cr_assert_eq(s.r.n_objects, 2);
	cr_assert_not_null(s.r.objects[1].crl);
	fix_cert_free(responder);
}

Test(revocation_ocsp, revoked_responder_does_not_count)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder;
	o.ocsp_nocheck = false;
	responder = fix_cert_make(&o);
	struct fix_revoked r = { .cert = responder, .at_ms = ISSUED, .reason = 1 };
	/* For responders alone, so that the list is silent about the target. */
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW - 40 * FIX_DAY_MS,
						      .revoked = &r,
						      .n_revoked = 1 });
	add((struct fix_ocsp_options){ .responder = responder });
	EXPECT_STALE();
	cr_assert_eq(s.r.source, PATH_SOURCE_CRL);
	fix_cert_free(responder);
}

Test(revocation_ocsp, stale_status_of_the_responder_is_told_as_such)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder;
	o.ocsp_nocheck = false;
	responder = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = responder });
	add((struct fix_ocsp_options){ .cert = responder, .next_ms = NOW - HOUR });
	EXPECT_STALE();
	add((struct fix_ocsp_options){ .cert = responder });
	EXPECT_GOOD();
	fix_cert_free(responder);
}

Test(revocation_ocsp, responder_cannot_vouch_for_itself)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder;
	o.ocsp_nocheck = false;
	responder = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = responder });
	add((struct fix_ocsp_options){ .cert = responder, .responder = responder });
	EXPECT_UNKNOWN();
	fix_cert_free(responder);
}

/* What a CRL issuer may by its distribution point, a responder may not. */
Test(revocation_ocsp, responder_that_names_itself_cannot_vouch_for_itself)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *responder;
	o.ocsp_nocheck = false;
	o.config = "crlDistributionPoints=dp\n[dp]\nfullname=URI:http://a.example/\n"
		   "CRLissuer=dirName:r\n[r]\nO=LTPS Test\nCN=OCSP\n";
	responder = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = responder });
	add((struct fix_ocsp_options){ .cert = responder, .responder = responder });
	EXPECT_UNKNOWN();
	fix_cert_free(responder);
}

Test(revocation_ocsp, responders_that_vouch_for_each_other_do_not_count)
{
	struct fix_cert_options o = responder_options();
	struct fix_cert *a, *b;
	o.ocsp_nocheck = false;
	a = fix_cert_make(&o);
	o.cn = "OCSP 2";
	b = fix_cert_make(&o);
	add((struct fix_ocsp_options){ .responder = a });
	add((struct fix_ocsp_options){ .cert = a, .responder = b });
	add((struct fix_ocsp_options){ .cert = b, .responder = a });
	EXPECT_UNKNOWN();
	fix_cert_free(b);
	fix_cert_free(a);
}

/* Each asked about by the next one; the last one has nocheck. */
static void add_chain(unsigned n)
{
	const struct fix_cert *about = ee;
	static struct fix_cert *made[8];
	for (unsigned i = 0; i < n; i++) {
		struct fix_cert_options o = responder_options();
		char name[] = "OCSP 0";
		name[5] = (char)('0' + i);
		o.cn = name;
		o.ocsp_nocheck = i + 1 == n;
		made[i] = fix_cert_make(&o);
		add((struct fix_ocsp_options){ .cert = about, .responder = made[i] });
		about = made[i];
	}
	for (unsigned i = 0; i < n; i++)
		fix_cert_free(made[i]);
}

Test(revocation_ocsp, questions_go_only_so_deep)
{
	add_chain(REVOCATION_DEPTH_MAX + 1);
	EXPECT_GOOD();
}

Test(revocation_ocsp, questions_deeper_than_the_limit_have_no_answer)
{
	add_chain(REVOCATION_DEPTH_MAX + 2);
	EXPECT_UNKNOWN();
}

Test(revocation_ocsp, need_of_the_responders_status_is_told)
{
	struct fix_cert_options o = responder_options();
	o.ocsp_nocheck = false;
	o.crl_url = "http://responder.example/crl";
	EXPECT_RESPONDER(o, UNKNOWN);
	cr_assert(fix_status_needs(&s, NEED_CRL, "http://responder.example/crl"));
}

/* ---- cost ---- */

Test(revocation_ocsp, older_answers_cost_no_signature)
{
	for (int i = 0; i < 100; i++)
		add((struct fix_ocsp_options){ .this_ms = ISSUED - i * HOUR });
	EXPECT_GOOD();
	cr_assert_eq(s.signatures, 1);
}

Test(revocation_ocsp, forged_answers_end_with_the_budget_and_not_with_good)
{
	add((struct fix_ocsp_options){ 0 });
	for (int i = 0; i < 40; i++)
		add((struct fix_ocsp_options){ .sign_with = root,
					       .this_ms = NOW - i * 1000 });
	s.in.budget.signatures = 20;
	EXPECT_UNKNOWN();
	cr_assert(s.spent);
	s.in.budget.signatures = 100;
	EXPECT_GOOD();
}

Test(revocation_ocsp, forged_responders_end_with_the_budget_and_not_with_good)
{
	add((struct fix_ocsp_options){ 0 });
	for (int i = 0; i < 40; i++) {
		struct fix_cert_options o = responder_options();
		o.sign_with = ee;
		struct fix_cert *forged = fix_cert_make(&o);
		add((struct fix_ocsp_options){ .responder = forged,
					       .this_ms = NOW - i * 1000 });
		fix_cert_free(forged);
	}
	s.in.budget.signatures = 20;
	EXPECT_UNKNOWN();
	s.in.budget.signatures = 100;
	EXPECT_GOOD();
	cr_assert_leq(s.signatures, 41); /* each costs one, not two */
}
