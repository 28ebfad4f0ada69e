/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time in revocation_judge(): which of several words counts, freshness, hindsight,
 * expired certificates and those that need no status.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pki_fixture_status.h"
#include "validation/path_search.h"

#define NOW FIX_T0_MS
#define HOUR ((int64_t)3600000)
#define DAY FIX_DAY_MS

static struct fix_cert *root, *ca, *ee;
static struct fix_status s;

static void begin(struct fix_cert_options o)
{
	o.cn = "EE";
	o.issuer = ca;
	ee = fix_cert_make(&o);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
}

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	begin((struct fix_cert_options){ 0 });
}

static void tear_down(void)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

static void restart(struct fix_cert_options o)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	begin(o);
}

TestSuite(revocation_time, .init = set_up, .fini = tear_down);

/* The CA's list of that time; it lasts thirty days. */
static void add_good(int64_t this_ms)
{
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = ca, .this_ms = this_ms });
}

static void add_listed(int64_t this_ms, int64_t at_ms, int reason)
{
	struct fix_revoked r = { .cert = ee, .at_ms = at_ms, .reason = reason };
	fix_status_crl(
	    &s, &(struct fix_crl_options){
		    .issuer = ca, .this_ms = this_ms, .revoked = &r, .n_revoked = 1 });
}

static void add_ocsp(struct fix_ocsp_options o)
{
	o.cert = ee;
	o.issuer = ca;
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

/* ---- which word counts ---- */

Test(revocation_time, later_word_releases_a_hold)
{
	add_listed(NOW - 2 * DAY, NOW - 3 * DAY, 6);
	EXPECT_HOLD();
	add_good(NOW - DAY);
	EXPECT_GOOD();
}

Test(revocation_time, earlier_word_does_not_release_a_hold)
{
	add_listed(NOW - 2 * DAY, NOW - 3 * DAY, 6);
	add_good(NOW - 3 * DAY);
	EXPECT_HOLD();
	add_good(NOW - 2 * DAY); /* nor one of the same moment */
	EXPECT_HOLD();
}

Test(revocation_time, release_counts_across_sources)
{
	add_listed(NOW - 2 * DAY, NOW - 3 * DAY, 6);
	add_ocsp((struct fix_ocsp_options){ .this_ms = NOW - DAY });
	EXPECT_GOOD();
	add_ocsp((struct fix_ocsp_options){ .status = FIX_OCSP_REVOKED,
					    .this_ms = NOW - HOUR,
					    .revoked_at_ms = NOW - 2 * HOUR,
					    .reason = 6 });
	EXPECT_HOLD();
	cr_assert_eq(s.r.revoked_ms, NOW - 2 * HOUR);
}

Test(revocation_time, word_that_does_not_cover_holds_releases_none)
{
	add_listed(NOW - 2 * DAY, NOW - 3 * DAY, 6);
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW - DAY,
						      .idp = FIX_IDP_SOME_REASONS });
	EXPECT_HOLD();
}

Test(revocation_time, revocation_is_never_taken_back)
{
	add_listed(NOW - 400 * DAY, NOW - 401 * DAY, 1);
	add_good(NOW - DAY);
	add_ocsp((struct fix_ocsp_options){ .this_ms = NOW - HOUR });
	EXPECT_REVOKED();
	cr_assert_eq(s.r.revoked_ms, NOW - 401 * DAY);
}

Test(revocation_time, earliest_date_and_latest_reason_count)
{
	add_listed(NOW - 3 * DAY, NOW - 4 * DAY, 4);
	add_listed(NOW - 2 * DAY, NOW - 5 * DAY, 3);
	add_listed(NOW - DAY, NOW - 2 * DAY, 1);
	EXPECT_REVOKED();
	cr_assert_eq(s.r.revoked_ms, NOW - 5 * DAY);
	cr_assert_eq(s.r.reason, 1);
	cr_assert_eq(s.r.this_ms, NOW - DAY);
	cr_assert_eq(s.r.n_objects, 2);
}

/* ---- freshness, EN 319 102-1 5.2.5 ---- */

Test(revocation_time, list_lasts_until_its_next_update)
{
	add_good(NOW - 30 * DAY);
	EXPECT_STALE();
	cr_assert(!s.r.fresh);
	cr_assert_eq(s.r.next_ms, NOW);
	cr_assert_eq(s.r.n_objects, 1);
	add_good(NOW - 30 * DAY + 1000);
	EXPECT_GOOD();
}

Test(revocation_time, maximum_age_takes_the_place_of_next_update)
{
	add_good(NOW - 2 * DAY);
	s.q.max_age_ms = 2 * DAY;
	EXPECT_STALE();
	s.q.max_age_ms = 2 * DAY + 1;
	EXPECT_GOOD();
	add_good(NOW - 60 * DAY);
	s.q.max_age_ms = INT64_MAX;
	EXPECT_GOOD();
}

Test(revocation_time, fresh_word_is_preferred_to_a_later_one_that_has_lapsed)
{
	add_good(NOW - 5 * DAY);
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW - 2 * DAY,
						      .next_ms = NOW - DAY });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, NOW - 5 * DAY);
}

Test(revocation_time, old_revocation_needs_no_freshness)
{
	add_listed(NOW - 900 * DAY, NOW - 901 * DAY, 4);
	EXPECT_REVOKED();
	cr_assert(!s.r.fresh);
}

/* ---- hindsight ---- */

Test(revocation_time, later_objects_do_not_count_without_hindsight)
{
	add_good(NOW + DAY);
	EXPECT_UNKNOWN();
}

Test(revocation_time, later_good_word_counts_and_is_fresh)
{
	add_good(NOW + DAY);
	s.q.known_ms = NOW + 2 * DAY;
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, NOW + DAY);
}

Test(revocation_time, later_word_without_next_update_is_fresh_an_earlier_one_is_not)
{
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW + DAY,
						      .next_ms = INT64_MIN });
	s.q.known_ms = NOW + 2 * DAY;
	EXPECT_GOOD();
	s.q.time_ms = NOW + DAY;
	EXPECT_STALE();
}

Test(revocation_time, revocation_after_the_time_does_not_touch_but_is_told)
{
	add_listed(NOW + 2 * DAY, NOW + DAY, 4);
	s.q.known_ms = NOW + 3 * DAY;
	EXPECT_GOOD();
	cr_assert_eq(s.r.revoked_ms, NOW + DAY);
	cr_assert_eq(s.r.reason, 4);
	s.q.time_ms = NOW + DAY; /* the very moment */
	EXPECT_REVOKED();
	s.q.time_ms = NOW + DAY - 1;
	EXPECT_GOOD();
}

Test(revocation_time, revocation_of_before_touches_though_it_was_told_later)
{
	add_good(NOW - HOUR);
	add_listed(NOW + 2 * DAY, NOW - 2 * DAY, 4);
	EXPECT_GOOD(); /* not known yet */
	s.q.known_ms = NOW + 3 * DAY;
	EXPECT_REVOKED();
}

Test(revocation_time, invalidity_before_the_time_touches)
{
	struct fix_revoked r = {
		.cert = ee, .at_ms = NOW + DAY, .reason = 1, .invalidity_ms = NOW - DAY
	};
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW + 2 * DAY,
						      .revoked = &r,
						      .n_revoked = 1 });
	s.q.known_ms = NOW + 3 * DAY;
	EXPECT_REVOKED();
	cr_assert_eq(s.r.revoked_ms, NOW + DAY);
	cr_assert_eq(s.r.invalidity_ms, NOW - DAY);
	cr_assert_eq(s.r.reason, 1);
	s.q.time_ms = NOW - 2 * DAY;
	EXPECT_GOOD();
}

Test(revocation_time, invalidity_after_the_revocation_changes_nothing)
{
	struct fix_revoked r = {
		.cert = ee, .at_ms = NOW - DAY, .reason = 1, .invalidity_ms = NOW + DAY
	};
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = NOW + 2 * DAY,
						      .revoked = &r,
						      .n_revoked = 1 });
	s.q.known_ms = NOW + 3 * DAY;
	EXPECT_REVOKED();
}

Test(revocation_time, without_hindsight_an_entry_counts_whatever_its_date)
{
	add_listed(NOW - HOUR, NOW + DAY, 1);
	EXPECT_REVOKED();
}

/* Whoever judges a signature lets such an end wait for its day (past_lost_from). */
Test(revocation_time, an_end_that_is_announced_counts_at_once)
{
	add_listed(NOW - HOUR, NOW + DAY, 5);
	EXPECT_REVOKED();
	cr_assert_eq(s.r.revoked_ms, NOW + DAY);
}

/* Not hindsight: the list with the date to come was there at the time asked for. */
Test(revocation_time, entry_that_was_there_counts_whatever_its_date)
{
	add_listed(NOW, NOW + DAY, 1);
	s.q.known_ms = NOW + 1; /* a clock read twice */
	EXPECT_REVOKED();
	s.q.known_ms = NOW + 3 * DAY;
	EXPECT_REVOKED();
	s.q.time_ms = NOW - 1;
	EXPECT_GOOD();
}

Test(revocation_time, good_word_of_a_ca_that_was_revoked_meanwhile_does_not_count)
{
	struct path_cert_revocation above[2];
	memset(above, 0, sizeof(above));
	above[1].status = PATH_STATUS_GOOD;
	above[1].revoked_ms = NOW + DAY;
	above[1].invalidity_ms = INT64_MIN;
	s.path.revocation = above;
	s.q.known_ms = NOW + 5 * DAY;
	add_good(NOW + DAY + HOUR);
	EXPECT_UNKNOWN();
	add_good(NOW + DAY - HOUR);
	EXPECT_GOOD();
	add_listed(NOW + 2 * DAY, NOW - DAY,
		   1); /* to revoke it may say, and is believed */
	EXPECT_REVOKED();
	s.path.revocation = NULL;
}

/* ---- signers and time ---- */

/* The CA's key under a certificate that ended an hour ago. */
static struct fix_cert *lapsed_ca(void)
{
	return fix_cert_make(&(struct fix_cert_options){ .cn = "CA",
							 .issuer = root,
							 .ca = true,
							 .same_key = ca,
							 .not_after_ms = NOW - HOUR });
}

Test(revocation_time, signer_must_be_valid_at_the_time_unless_issuance_is_enough)
{
	struct fix_cert *old = lapsed_ca();
	fix_status_end(&s);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, old, root }, 3, NOW);
	add_good(NOW - DAY);
	EXPECT_UNKNOWN();
	s.q.issuer_validity_at_issuance = true;
	EXPECT_GOOD();
	s.q.issuer_validity_at_issuance = false;
	s.in.model = PATH_CHAIN;
	EXPECT_GOOD();
	fix_cert_free(old);
}

Test(revocation_time, signer_must_have_been_valid_at_issuance_always)
{
	struct fix_cert *old = lapsed_ca();
	fix_status_end(&s);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, old, root }, 3, NOW);
	s.q.issuer_validity_at_issuance = true;
	add_good(NOW - HOUR + 1000);
	EXPECT_UNKNOWN();
	fix_cert_free(old);
}

Test(revocation_time, signer_must_have_been_valid_for_its_delta_too)
{
	struct fix_cert *old = lapsed_ca();
	struct fix_revoked r = { .cert = ee, .at_ms = NOW - DAY, .reason = 1 };
	struct fix_crl_options delta = { .issuer = ca,
					 .this_ms = NOW - HOUR / 2,
					 .delta = true,
					 .number = 2,
					 .revoked = &r,
					 .n_revoked = 1 };
	fix_status_end(&s);
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, old, root }, 3, NOW);
	s.q.issuer_validity_at_issuance = true;
	add_good(NOW - 2 * HOUR);
	fix_status_crl(&s, &delta);
	EXPECT_GOOD();
	delta.this_ms = NOW - HOUR;
	fix_status_crl(&s, &delta);
	EXPECT_REVOKED();
	fix_cert_free(old);
}

Test(revocation_time, later_object_asks_for_its_signer_at_issuance)
{
	/* A new key that did not exist at the time asked for. */
	struct fix_cert *new = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = root, .ca = true, .not_before_ms = NOW + DAY });
	fix_status_cert(&s, new);
	fix_status_crl(
	    &s, &(struct fix_crl_options){ .issuer = new, .this_ms = NOW + 2 * DAY });
	fix_status_crl(
	    &s, &(struct fix_crl_options){ .issuer = root, .this_ms = NOW + 2 * DAY });
	s.q.known_ms = NOW + 3 * DAY;
	EXPECT_GOOD();
	cr_assert_eq(s.r.objects[0].n_signer_path, 2);
	fix_cert_free(new);
}

/* ---- after the certificate's end ---- */

#define END (NOW - 10 * DAY)

static void add_kept(int64_t this_ms, int64_t from_ms)
{
	fix_status_crl(&s,
		       &(struct fix_crl_options){ .issuer = ca,
						  .this_ms = this_ms,
						  .expired_kept_from_ms = from_ms });
}

Test(revocation_time, list_after_the_end_is_silent_unless_entries_are_kept)
{
	restart((struct fix_cert_options){ .not_after_ms = END });
	add_good(NOW - DAY);
	EXPECT_UNKNOWN();
	add_kept(NOW - DAY, END + 1000);
	EXPECT_UNKNOWN();
	add_kept(NOW - DAY, END);
	EXPECT_GOOD();
	cr_assert(s.r.kept_after_end);
}

Test(revocation_time, list_before_the_end_counts_and_tells_of_no_keeping)
{
	restart((struct fix_cert_options){ .not_after_ms = END });
	add_kept(END, END - DAY);
	EXPECT_GOOD();
	cr_assert(!s.r.kept_after_end);
}

Test(revocation_time, all_parts_must_keep_entries_for_the_answer_to)
{
	static const char rest[] =
	    ("issuingDistributionPoint=critical,@idp\n[idp]\n"
	     "onlysomereasons=CACompromise,affiliationChanged,superseded,"
	     "cessationOfOperation,certificateHold,privilegeWithdrawn,AACompromise\n");
	restart((struct fix_cert_options){ .not_after_ms = END });
	fix_status_crl(&s, &(struct fix_crl_options){
			       .issuer = ca, .this_ms = END - HOUR, .config = rest });
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = END + HOUR,
						      .idp = FIX_IDP_SOME_REASONS,
						      .expired_kept_from_ms = END });
	EXPECT_GOOD();
	cr_assert(!s.r.kept_after_end);
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = END - 2 * HOUR,
						      .idp = FIX_IDP_SOME_REASONS });
	fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
						      .this_ms = END + HOUR,
						      .config = rest,
						      .expired_kept_from_ms = END });
	EXPECT_GOOD();
	cr_assert(s.r.kept_after_end);
}

Test(revocation_time, response_after_the_end_is_silent_without_an_archive)
{
	restart((struct fix_cert_options){ .not_after_ms = END });
	add_ocsp((struct fix_ocsp_options){ .this_ms = NOW - DAY });
	add_ocsp((struct fix_ocsp_options){ .this_ms = NOW - DAY,
					    .archive_cutoff_ms = END + 1000 });
	EXPECT_UNKNOWN();
	add_ocsp((struct fix_ocsp_options){ .this_ms = NOW - DAY,
					    .archive_cutoff_ms = END });
	EXPECT_GOOD();
	cr_assert(s.r.kept_after_end);
}

Test(revocation_time, entry_after_the_end_revokes_all_the_same)
{
	restart((struct fix_cert_options){ .not_after_ms = END });
	add_listed(NOW - DAY, END - DAY, 1);
	EXPECT_REVOKED();
}

/* RFC 5280 5.3.1: an entry that removes may say no more than that it has expired. */
Test(revocation_time, entry_that_removes_after_the_end_is_no_good_word)
{
	static const int before[] = { 6, 8 };
	static const enum path_cert_status status[] = { PATH_STATUS_ON_HOLD,
							PATH_STATUS_UNKNOWN };
	struct fix_revoked r = { .at_ms = END - DAY };
	for (size_t i = 0; i < 2; i++) {
		restart((struct fix_cert_options){ .not_after_ms = END });
		r.cert = ee;
		r.reason = before[i];
		fix_status_crl(&s,
			       &(struct fix_crl_options){ .issuer = ca,
							  .this_ms = END - HOUR,
							  .number = 5,
							  .expired_kept_from_ms = END,
							  .revoked = &r,
							  .n_revoked = 1 });
		r.reason = 8;
		fix_status_crl(&s, &(struct fix_crl_options){ .issuer = ca,
							      .this_ms = NOW - DAY,
							      .delta = true,
							      .base_number = 5,
							      .number = 6,
							      .revoked = &r,
							      .n_revoked = 1 });
		cr_expect_eq(fix_status_ask(&s, 0)->status, status[i], "%zu", i);
	}
}

/* ---- certificates that need no status ---- */

static void expect_exempt(void)
{
	EXPECT_GOOD();
	cr_assert_eq(s.r.source, PATH_SOURCE_EXEMPT);
	cr_assert(s.r.fresh && s.r.kept_after_end);
	cr_assert_eq(s.r.n_objects, 0);
}

Test(revocation_time, validity_assured_needs_no_status_when_the_input_says_so)
{
	restart((struct fix_cert_options){ .validity_assured = true });
	EXPECT_UNKNOWN();
	s.in.exempt_short_term = true;
	expect_exempt();
}

/* RFC 9608 4 changes RFC 5280 6.1.3 itself. */
Test(revocation_time, certificate_with_no_rev_avail_needs_no_status)
{
	restart((struct fix_cert_options){ .no_rev_avail = true });
	expect_exempt();
}

Test(revocation_time, ordinary_certificates_are_not_exempt)
{
	s.in.exempt_short_term = true;
	EXPECT_UNKNOWN();
	/* RFC 9608 4: such a certificate is in error. */
	restart((struct fix_cert_options){ .no_rev_avail = true,
					   .crl_url = "http://crl.example/" });
	s.in.exempt_short_term = true;
	EXPECT_UNKNOWN();
	restart((struct fix_cert_options){
	    .no_rev_avail = true, .config = "freshestCRL=URI:http://crl.example/\n" });
	s.in.exempt_short_term = true;
	EXPECT_UNKNOWN();
	restart((struct fix_cert_options){ .no_rev_avail = true, .ca = true });
	s.in.exempt_short_term = true;
	EXPECT_UNKNOWN();
}

Test(revocation_time, exempt_certificate_that_is_revoked_all_the_same_is_revoked)
{
	restart((struct fix_cert_options){ .validity_assured = true });
	s.in.exempt_short_term = true;
	add_listed(NOW - DAY, NOW - 2 * DAY, 1);
	EXPECT_REVOKED();
}

/* ---- algorithms ---- */

static const struct algorithm_limit until_now[] = {
	{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = INT64_MAX },
	{ .algorithm = "sha256", .until_ms = NOW },
};
static const struct algorithm_policy policy = { until_now, 2 };

Test(revocation_time, weak_signature_does_not_count)
{
	add_good(NOW - DAY);
	s.in.algorithms = &policy;
	EXPECT_GOOD();
	s.q.time_ms = NOW + 1000;
	EXPECT_UNKNOWN();
	/* Who asks about issuance only judges the strength itself. */
	s.q.issuer_validity_at_issuance = true;
	EXPECT_GOOD();
}

/* A new key of the CA, whose path is looked for. */
static struct fix_cert *add_by_new_key(void)
{
	struct fix_cert *new = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	fix_status_cert(&s, new);
	fix_status_crl(
	    &s, &(struct fix_crl_options){ .issuer = new, .this_ms = NOW + 2 * DAY });
	fix_status_crl(
	    &s, &(struct fix_crl_options){ .issuer = root, .this_ms = NOW + 2 * DAY });
	s.q.known_ms = NOW + 3 * DAY;
	return new;
}

Test(revocation_time, strength_of_the_signers_path_is_judged_with_the_status)
{
	struct fix_cert *new = add_by_new_key();
	s.in.algorithms = &policy;
	EXPECT_UNKNOWN();
	s.q.issuer_validity_at_issuance = true;
	EXPECT_GOOD();
	fix_cert_free(new);
}

/* EN 319 102-1 5.6.2.2 d */
Test(revocation_time, status_of_the_past_is_strong_when_it_is_issued)
{
	struct algorithm_limit limits[] = { until_now[0], until_now[1] };
	const struct algorithm_policy longer = { limits, 2 };
	struct fix_cert *new = add_by_new_key();
	limits[1].until_ms = NOW + 2 * DAY;
	s.in.algorithms = &longer;
	s.q.time_ms = NOW + 3 * DAY;
	s.q.issuer_validity_at_issuance = true;
	s.q.strong_when_issued = true;
	EXPECT_GOOD();
	limits[1].until_ms--;
	EXPECT_UNKNOWN();
	s.q.strong_when_issued = false;
	EXPECT_GOOD();
	fix_cert_free(new);
}

Test(revocation_time, policies_asked_of_the_target_are_not_asked_of_signers)
{
	struct fix_cert *new = add_by_new_key();
	s.in.explicit_policy = true;
	EXPECT_GOOD();
	fix_cert_free(new);
}

/* ---- memory ---- */

/* Fails each allocation in turn: an error comes back, and nothing leaks. */
Test(revocation_time, failing_allocations_are_errors)
{
	struct fix_cert *responder = fix_cert_make(&(struct fix_cert_options){
	    .cn = "OCSP", .issuer = ca, .eku = FIX_EKU_OCSP_SIGNING });
	struct revocation_query q = s.q;
	q.time_ms = q.known_ms = NOW;
	add_good(NOW - DAY);
	add_ocsp(
	    (struct fix_ocsp_options){ .this_ms = NOW - HOUR, .responder = responder });
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct path_run run;
		struct path_cert_revocation r;
		cr_assert_eq(path_run_init(&run, &s.in, &err), 0);
		mem_fail_nth(n);
		int rc = revocation_judge(&run, &q, &r, &err);
		bool hit = mem_fail_hit() != 0;
		mem_fail_nth(0);
		path_run_clear(&run);
		cr_assert(rc == 0 || hit, "allocation %d: %s", (int)n, err.text);
		/* A library that fails for want of memory looks like a bad signature:
		 * then nothing is known, and never something else. */
		cr_assert(rc != 0 || r.status == PATH_STATUS_GOOD ||
			  (hit && r.status == PATH_STATUS_UNKNOWN));
		if (!hit)
			break;
	}
	fix_cert_free(responder);
}
