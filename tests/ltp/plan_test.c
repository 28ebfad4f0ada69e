/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of evidence: what changes them, the TSAs watched, what has none, forecasts. */
#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "devpki/devpki_shapes.h"
#include "ltp/plan.h"
#include "ltp/upkeep.h"
#include "tests/support/http_stub.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
#define MARGIN (180 * DAY)
#define OPEN INT64_MAX

static struct ltp_kit k;

/* ---- policies ---- */

static struct algorithm_limit limits[] = {
	{ .algorithm = "sha256", .until_ms = OPEN },
	{ .algorithm = "sha512", .until_ms = OPEN },
	{ .algorithm = "sha3-512", .until_ms = OPEN },
	{ .algorithm = "RSA", .min_bits = 2048, .until_ms = OPEN },
	{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = OPEN },
};
static const struct algorithm_policy policy = { limits, 5 };
/* Without elliptic curves, which the TSAs of the kit sign with. */
static const struct algorithm_policy narrow = { limits, 4 };

static int64_t at(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms = 0;
	cr_assert_eq(time_parse_rfc3339(view_text(text), &ms, &err), 0);
	return ms;
}

/* ---- a kit whose plan is run by hand ---- */

static void start_with(const struct algorithm_policy *p)
{
	const struct ltp_kit_upkeep how = { .n_tsas = 1, .algorithms = p };
	ltp_kit_start_upkeep(&k, &how);
	k.keeps_up = false;
}

static void begin(void)
{
	start_with(NULL);
}

static void end(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	ltp_kit_stop(&k);
}

/* Each test begins its kit. */
static void nothing(void)
{
}

TestSuite(plan, .init = begin, .fini = end, .timeout = TEST_SECONDS_MAX);
TestSuite(plan_policy, .init = nothing, .fini = end, .timeout = TEST_SECONDS_MAX);
TestSuite(plan_digest, .init = nothing, .timeout = TEST_SECONDS_MAX);

static struct upkeep_turn turn(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = clock_now_ms(&k.clock),
				 .again_ms = INT64_MAX };
	cr_assert_eq(plan_turn(k.w, &t, &err), 0, "%s", err.text);
	return t;
}

static void preserve(void)
{
	cr_assert_eq(ltp_kit_preserve_text(&k, "an object", NULL), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

/* The only footing, or the first of several. */
struct first {
	struct footing f;
	size_t n;
};

static int take_first(void *arg, const struct footing *f, struct ltps_error *err)
{
	struct first *first = arg;
	(void)err;
	if (first->n++ == 0)
		first->f = *f;
	first->f.uses = VIEW_NULL;
	first->f.owned = buf_make(0);
	return 0;
}

static struct footing footing(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct first first = { 0 };
	cr_assert_eq(footing_list(k.w->conn, take_first, &first, &err), 0, "%s",
		     err.text);
	cr_assert_eq(first.n, 1);
	return first.f;
}

static int64_t id_of_one(void)
{
	return footing().id;
}

/* Also one that nothing stands on any more. */
static struct footing footing_by(int64_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct footing f;
	cr_assert_eq(footing_get(k.w->conn, id, &f, &err), 0, "%s", err.text);
	footing_clear(&f);
	return f;
}

static void reopen(const struct algorithm_policy *p)
{
	ltp_kit_close(&k);
	k.algorithms = p;
	ltp_kit_open(&k);
}

static int64_t tsa_end(void)
{
	const struct devpki_cert *c =
	    devpki_active(pki_server_enter(k.pki), DEVPKI_TSA, 0);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *decoded = NULL;
	cr_assert_eq(cert_parse(c->der, &decoded, &err), 0);
	const int64_t end_ms = decoded->not_after_ms;
	cert_free(decoded);
	pki_server_leave(k.pki);
	return end_ms;
}

/* ---- dates ---- */

Test(plan, completed_token_has_the_date_of_its_tsa)
{
	preserve();
	const struct footing f = footing();
	cr_assert_eq(f.weakens_ms, tsa_end());
	cr_assert_eq(f.ends_ms, tsa_end());
	cr_assert(strncmp(f.reason, "TSA certificate ", 16) == 0, "%s", f.reason);
}

Test(plan, unchanged_configuration_is_planned_once)
{
	preserve();
	turn();
	turn();
	reopen(NULL);
	turn();
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", NULL), 1);
}

Test(plan_policy, new_policy_moves_dates_both_ways)
{
	char detail[256];
	limits[0].until_ms = OPEN;
	start_with(&policy);
	preserve();
	turn();
	cr_assert_eq(footing().weakens_ms, tsa_end());
	limits[0].until_ms = at("2029-12-31T23:59:59Z");
	reopen(&policy);
	turn();
	cr_assert_eq(footing().weakens_ms, at("2029-12-31T23:59:59Z"));
	cr_assert_str_eq(footing().reason, "sha256");
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", detail), 2);
	cr_assert_not_null(strstr(detail, "1 footings judged anew, 1 with another"),
			   "%s", detail);
	limits[0].until_ms = OPEN;
	reopen(&policy);
	turn();
	cr_assert_eq(footing().weakens_ms, tsa_end());
}

Test(plan_policy, what_never_was_reliable_is_an_alarm)
{
	start_with(&narrow);
	preserve();
	cr_assert_eq(footing().weakens_ms, INT64_MIN);
	const struct upkeep_turn t = turn();
	cr_assert(t.alarm);
	cr_assert_not_null(strstr(t.trouble, "ECDSA"), "%s", t.trouble);
}

static void trust_until(int64_t sunset_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	ltp_kit_close(&k);
	cr_assert_eq(material_new(&m, &err), 0);
	for (size_t i = 0; i < material_count(k.trust, MATERIAL_ANCHOR); i++)
		cr_assert_eq(
		    material_add_anchor(m, material_at(k.trust, MATERIAL_ANCHOR, i),
					sunset_ms, &err),
		    0);
	material_free(k.trust);
	k.trust = m;
	ltp_kit_open(&k);
}

Test(plan, sunset_of_the_anchor_counts)
{
	preserve();
	turn();
	trust_until(at("2028-01-01T00:00:00Z"));
	turn();
	cr_assert_eq(footing().weakens_ms, at("2028-01-01T00:00:00Z"));
	cr_assert(strncmp(footing().reason, "trust anchor ", 13) == 0, "%s",
		  footing().reason);
}

Test(plan, anchor_that_is_configured_no_more_ends_now)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	preserve();
	turn();
	ltp_kit_close(&k);
	material_free(k.trust);
	cr_assert_eq(material_new(&k.trust, &err), 0);
	ltp_kit_open(&k);
	turn();
	cr_assert_leq(footing().weakens_ms, clock_now_ms(&k.clock));
	cr_assert_gt(footing().weakens_ms, clock_now_ms(&k.clock) - DAY);
}

Test(plan, turn_that_fails_before_the_plan_is_stored_is_done_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = clock_now_ms(&k.clock) };
	preserve();
	cr_assert_eq(failpoint_arm("ltp.plan.judged:1:fail", &err), 0);
	cr_assert_eq(plan_turn(k.w, &t, &err), -1);
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", NULL), 0);
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	turn();
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", NULL), 1);
}

/* ---- the watch ---- */

static void next_day(void)
{
	ltp_kit_pass(&k, DAY + 60000);
}

static void revoke_at(enum devpki_kind kind, enum devpki_reason reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(k.pki);
	cr_assert_eq(devpki_revoke(p, devpki_active(p, kind, 0)->serial,
				   devpki_now_ms(p), reason, &err),
		     0, "%s", err.text);
	pki_server_leave(k.pki);
}

/* A footing on which a TSA stood that was revoked so, a day later. */
static struct footing after_revocation(enum devpki_kind kind, enum devpki_reason reason,
				       struct upkeep_turn *ret_turn)
{
	preserve();
	const int64_t id = id_of_one();
	turn();
	revoke_at(kind, reason);
	next_day();
	*ret_turn = turn();
	return footing_by(id);
}

Test(plan, good_tsa_is_no_trouble)
{
	preserve();
	for (int i = 0; i < 3; i++) {
		const struct upkeep_turn t = turn();
		cr_assert_str_eq(t.trouble, "");
		cr_assert_leq(t.again_ms, t.now_ms + DAY);
		cr_assert_gt(t.again_ms, t.now_ms);
		next_day();
	}
	cr_assert_eq(footing().weakens_ms, tsa_end());
	cr_assert_eq(footing().lost_ms, 0);
}

Test(plan, tsa_is_asked_about_once_a_day)
{
	preserve();
	const int64_t id = id_of_one();
	turn();
	revoke_at(DEVPKI_TSA, DEVPKI_REASON_KEY_COMPROMISE);
	turn();
	cr_assert_eq(footing_by(id).lost_ms, 0);
	next_day();
	turn();
	cr_assert_neq(footing_by(id).lost_ms, 0);
}

static void expect_lost(enum devpki_kind kind, enum devpki_reason reason,
			const char *why)
{
	char detail[256];
	struct upkeep_turn t;
	const struct footing f = after_revocation(kind, reason, &t);
	cr_assert_neq(f.lost_ms, 0);
	cr_assert_eq(ltp_kit_audited(&k, "EvidenceLost", detail), 1);
	cr_assert_not_null(strstr(detail, why), "%s", detail);
	cr_assert_not_null(strstr(detail, "1 time-stamps fell"), "%s", detail);
	/* There was no other. */
	cr_assert(t.alarm);
	cr_assert_not_null(strstr(t.trouble, "1 trees"), "%s", t.trouble);
}

Test(plan, compromised_tsa_is_lost)
{
	expect_lost(DEVPKI_TSA, DEVPKI_REASON_KEY_COMPROMISE, "keyCompromise");
}

Test(plan, tsa_revoked_without_a_reason_is_lost)
{
	expect_lost(DEVPKI_TSA, DEVPKI_REASON_ABSENT, "no reason given");
}

Test(plan, tsa_revoked_for_its_ca_is_lost)
{
	expect_lost(DEVPKI_TSA, DEVPKI_REASON_CA_COMPROMISE, "cACompromise");
}

/* As tsa_path_judge() has it: only four reasons spare what is older. */
Test(plan, tsa_without_its_privilege_is_lost)
{
	expect_lost(DEVPKI_TSA, DEVPKI_REASON_PRIVILEGE_WITHDRAWN,
		    "privilegeWithdrawn");
}

Test(plan, compromised_ca_takes_its_tsa_along)
{
	expect_lost(DEVPKI_CA, DEVPKI_REASON_CA_COMPROMISE, "the CA CN=");
}

static void expect_withdrawn(enum devpki_kind kind, enum devpki_reason reason,
			     const char *why)
{
	struct upkeep_turn t;
	const struct footing f = after_revocation(kind, reason, &t);
	cr_assert_eq(f.lost_ms, 0);
	cr_assert_eq(f.weakens_ms, t.now_ms);
	cr_assert_not_null(strstr(f.reason, why), "%s", f.reason);
	cr_assert_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 0);
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", NULL), 2);
}

Test(plan, tsa_that_closes_weakens_now)
{
	expect_withdrawn(DEVPKI_TSA, DEVPKI_REASON_CESSATION,
			 "the TSA was withdrawn: cessationOfOperation");
}

Test(plan, superseded_tsa_weakens_now)
{
	expect_withdrawn(DEVPKI_TSA, DEVPKI_REASON_SUPERSEDED, "superseded");
}

Test(plan, tsa_of_another_affiliation_weakens_now)
{
	expect_withdrawn(DEVPKI_TSA, DEVPKI_REASON_AFFILIATION_CHANGED,
			 "affiliationChanged");
}

Test(plan, unspecified_reason_weakens_now)
{
	expect_withdrawn(DEVPKI_TSA, DEVPKI_REASON_UNSPECIFIED, "unspecified");
}

Test(plan, superseded_ca_weakens_its_tsa_now)
{
	expect_withdrawn(DEVPKI_CA, DEVPKI_REASON_SUPERSEDED, "the CA CN=");
}

Test(plan, withdrawal_outlives_a_new_policy)
{
	struct upkeep_turn t;
	const struct footing f =
	    after_revocation(DEVPKI_TSA, DEVPKI_REASON_CESSATION, &t);
	limits[0].until_ms = OPEN;
	reopen(&policy);
	next_day();
	turn();
	cr_assert_eq(footing_by(f.id).weakens_ms, f.weakens_ms);
	cr_assert_str_eq(footing_by(f.id).reason, f.reason);
}

Test(plan, withdrawn_tsa_may_be_found_compromised_later)
{
	struct upkeep_turn t;
	const struct footing f =
	    after_revocation(DEVPKI_TSA, DEVPKI_REASON_CESSATION, &t);
	revoke_at(DEVPKI_TSA, DEVPKI_REASON_KEY_COMPROMISE);
	next_day();
	turn();
	cr_assert_neq(footing_by(f.id).lost_ms, 0);
}

Test(plan, tsa_on_hold_is_told_and_nothing_more)
{
	struct upkeep_turn t;
	const struct footing f = after_revocation(DEVPKI_TSA, DEVPKI_REASON_HOLD, &t);
	cr_assert_eq(f.lost_ms, 0);
	cr_assert_eq(f.weakens_ms, tsa_end());
	cr_assert_not_null(strstr(t.trouble, "on hold"), "%s", t.trouble);
	cr_assert_not(t.alarm);
}

static void expect_silence(enum devpki_fault fault)
{
	preserve();
	turn();
	ltp_kit_status_fault(&k, fault);
	next_day();
	cr_assert_str_eq(turn().trouble, "");
	ltp_kit_pass(&k, 3 * DAY);
	struct upkeep_turn t = turn();
	cr_assert_not_null(strstr(t.trouble, "no good word of the TSA"), "%s",
			   t.trouble);
	cr_assert_not(t.alarm);
	ltp_kit_pass(&k, MARGIN / 2);
	t = turn();
	cr_assert(t.alarm);
	cr_assert_eq(footing().lost_ms, 0);
	cr_assert_eq(footing().weakens_ms, tsa_end());
	ltp_kit_status_fault(&k, DEVPKI_FAULT_NONE);
	next_day();
	cr_assert_str_eq(turn().trouble, "");
}

Test(plan, unreachable_status_is_told_when_it_lasts)
{
	expect_silence(DEVPKI_FAULT_HTTP_503);
}

Test(plan, status_that_is_issued_no_more_is_told_when_it_lasts)
{
	expect_silence(DEVPKI_FAULT_STALE);
}

Test(plan, forged_status_is_no_word)
{
	preserve();
	const int64_t id = id_of_one();
	turn();
	revoke_at(DEVPKI_TSA, DEVPKI_REASON_KEY_COMPROMISE);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_BAD_SIGNATURE);
	next_day();
	turn();
	cr_assert_eq(footing_by(id).lost_ms, 0);
}

Test(plan, loss_that_could_not_be_stored_is_found_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	preserve();
	const int64_t id = id_of_one();
	turn();
	revoke_at(DEVPKI_TSA, DEVPKI_REASON_KEY_COMPROMISE);
	next_day();
	cr_assert_eq(failpoint_arm("ltp.plan.lost:1:fail", &err), 0);
	struct upkeep_turn t = { .now_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(plan_turn(k.w, &t, &err), -1);
	cr_assert_eq(footing_by(id).lost_ms, 0);
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
	turn();
	cr_assert_neq(footing_by(id).lost_ms, 0);
	cr_assert_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 1);
}

/* ---- what plans left out ---- */

struct stale {
	int64_t footing;
	int64_t weakens_ms;
};

static int run_stale(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct stale *s = arg;
	return footing_set_plan(conn, s->footing, s->weakens_ms, "an old plan", err);
}

/* As when nothing stood on it when plans were made. */
static void make_stale(int64_t id, int64_t weakens_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct stale s = { id, weakens_ms };
	cr_assert_eq(store_write(k.store, run_stale, &s, &err), 0, "%s", err.text);
}

Test(plan, footing_that_was_left_out_is_judged_in_the_next_round)
{
	preserve();
	turn();
	make_stale(id_of_one(), at("2090-01-01T00:00:00Z"));
	next_day();
	turn();
	cr_assert_eq(footing().weakens_ms, tsa_end());
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", NULL), 2);
	next_day();
	turn();
	cr_assert_eq(ltp_kit_audited(&k, "RenewalPlanned", NULL), 2);
}

/* The only token is renewed, by the TSA of now; returns the new footing. */
static int64_t renew(int64_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	make_stale(id, clock_now_ms(&k.clock) + DAY);
	struct upkeep_turn t = { .now_ms = clock_now_ms(&k.clock) };
	cr_assert_eq(renew_timestamps_turn(k.w, &t, &err), 0, "%s", err.text);
	ltp_kit_work(&k);
	const int64_t now = id_of_one();
	cr_assert_neq(now, id);
	return now;
}

static void compromise(void)
{
	revoke_at(DEVPKI_TSA, DEVPKI_REASON_KEY_COMPROMISE);
	next_day();
}

Test(plan, tip_again_by_a_loss_is_judged_at_once)
{
	preserve();
	turn();
	const int64_t before = id_of_one(), end_ms = tsa_end();
	ltp_kit_rollover(&k, 0, 0);
	const int64_t after = renew(before);
	turn();
	make_stale(before, at("2090-01-01T00:00:00Z"));
	compromise();
	const struct upkeep_turn t = turn();
	cr_assert_neq(footing_by(after).lost_ms, 0);
	cr_assert_eq(id_of_one(), before);
	cr_assert_eq(t.again_ms, t.now_ms);
	turn();
	cr_assert_eq(footing().weakens_ms, end_ms);
}

/* The same certificate signs with another digest: what is a tip again is lost, too. */
Test(plan, tip_again_by_a_loss_falls_with_the_same_certificate)
{
	preserve();
	turn();
	const int64_t before = id_of_one();
	devpki_set_digest(pki_server_enter(k.pki), DIGEST_SHA512);
	pki_server_leave(k.pki);
	const int64_t after = renew(before);
	cr_assert_arr_eq(footing_by(before).tsa_sha256, footing_by(after).tsa_sha256,
			 32);
	turn();
	compromise();
	const struct upkeep_turn t = turn();
	cr_assert_neq(footing_by(after).lost_ms, 0);
	cr_assert_neq(footing_by(before).lost_ms, 0);
	cr_assert_not_null(strstr(t.trouble, "1 trees"), "%s", t.trouble);
}

/* More certificates than one turn asks about. */
Test(plan, round_takes_several_turns_and_forgets_nobody)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int i = 0; i < 6; i++) {
		if (i > 0)
			ltp_kit_rollover(&k, 0, 0);
		preserve();
	}
	struct upkeep_turn t = turn();
	cr_assert_eq(t.again_ms, t.now_ms);
	t = turn();
	cr_assert_gt(t.again_ms, t.now_ms);
	struct devpki *p = pki_server_enter(k.pki);
	for (size_t i = 0; i < devpki_count(p); i++)
		if (devpki_at(p, i)->kind == DEVPKI_TSA && devpki_at(p, i)->slot == 0)
			cr_assert_eq(devpki_revoke(p, devpki_at(p, i)->serial,
						   devpki_now_ms(p),
						   DEVPKI_REASON_KEY_COMPROMISE, &err),
				     0);
	pki_server_leave(k.pki);
	next_day();
	turn();
	cr_assert_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 4);
	turn();
	cr_assert_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 6);
}

/* ---- what a CRL says of days to come ---- */

static ASN1_TIME *asn1_time(int64_t ms)
{
	return ASN1_TIME_set(NULL, (time_t)(ms / 1000));
}

/* A list of this CA with one entry, served behind an HTTP head; free with mem_free().
 */
static char *crl_answer(const struct devpki_cert *ca, const struct devpki_cert *tsa,
			int64_t now_ms, int64_t revoked_ms, size_t *ret_n)
{
	X509_CRL *crl = X509_CRL_new();
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *last = asn1_time(now_ms), *next = asn1_time(now_ms + DAY),
		  *at_time = asn1_time(revoked_ms);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	unsigned char *der = NULL;
	cr_assert_eq(ASN1_ENUMERATED_set(reason, 5), 1);
	cr_assert_eq(X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(tsa->x509)),
		     1);
	cr_assert_eq(X509_REVOKED_set_revocationDate(r, at_time), 1);
	cr_assert_eq(X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, reason, 0, 0), 1);
	cr_assert_eq(X509_CRL_set_version(crl, 1), 1);
	cr_assert_eq(X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x509)), 1);
	cr_assert_eq(X509_CRL_set1_lastUpdate(crl, last), 1);
	cr_assert_eq(X509_CRL_set1_nextUpdate(crl, next), 1);
	cr_assert_eq(X509_CRL_add0_revoked(crl, r), 1);
	cr_assert_gt(X509_CRL_sign(crl, ca->key, EVP_sha256()), 0);
	const int n = i2d_X509_CRL(crl, &der);
	cr_assert_gt(n, 0);
	char *answer = mem_alloc((size_t)n + 256);
	int head = snprintf(answer, 256,
			    "HTTP/1.1 200 OK\r\nContent-Type: application/pkix-crl\r\n"
			    "Content-Length: %d\r\nConnection: close\r\n\r\n",
			    n);
	memcpy(answer + head, der, (size_t)n);
	*ret_n = (size_t)(head + n);
	OPENSSL_free(der);
	ASN1_TIME_free(last);
	ASN1_TIME_free(next);
	ASN1_TIME_free(at_time);
	ASN1_ENUMERATED_free(reason);
	X509_CRL_free(crl);
	return answer;
}

/* The TSA's list comes from the stub: its address is put into a new certificate. */
static void tsa_with_point(const char *url)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_shapes shapes = { 0 };
	const struct devpki_cert *c;
	const struct devpki_dp dp = { .uri = url };
	cr_assert_eq(devpki_shape_crl_points(&shapes, false, false, &dp, 1, &err), 0,
		     "%s", err.text);
	const struct devpki_issue how = { .kind = DEVPKI_TSA,
					  .extensions = shapes.e,
					  .n_extensions = shapes.n };
	struct devpki *p = pki_server_enter(k.pki);
	cr_assert_eq(devpki_rollover(p, DEVPKI_TSA, 0, &how, &c, &err), 0, "%s",
		     err.text);
	pki_server_leave(k.pki);
	devpki_shapes_free(&shapes);
}

Test(plan, announced_end_of_a_tsa_weakens_then)
{
	struct stub_answer answer = { .text = "HTTP/1.1 503 X\r\nContent-Length: 0"
					      "\r\nConnection: close\r\n\r\n" };
	struct http_stub *stub = http_stub_start(&answer, 1);
	const int64_t end_ms = at("2026-09-01T00:00:00Z");
	tsa_with_point(http_stub_url(stub, "/crl"));
	preserve(); /* with OCSP, since there is no list yet */
	turn();
	cr_assert_eq(footing().weakens_ms, tsa_end());
	struct devpki *p = pki_server_enter(k.pki);
	char *text =
	    crl_answer(devpki_active(p, DEVPKI_CA, 0), devpki_active(p, DEVPKI_TSA, 0),
		       clock_now_ms(&k.clock) + DAY, end_ms, &answer.n);
	pki_server_leave(k.pki);
	answer.text = text;
	next_day();
	cr_assert_str_eq(turn().trouble, "");
	cr_assert_eq(footing().weakens_ms, end_ms);
	cr_assert_str_eq(footing().reason,
			 "the TSA is to be withdrawn: cessationOfOperation");
	cr_assert_eq(footing().lost_ms, 0);
	http_stub_stop(stub);
	mem_free(text);
}

/* ---- without a date ---- */

Test(plan, token_without_validation_data_is_told_after_a_day)
{
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	preserve();
	cr_assert_str_eq(turn().trouble, "");
	next_day();
	const struct upkeep_turn t = turn();
	cr_assert_not_null(strstr(t.trouble, "1 time-stamps have no date"), "%s",
			   t.trouble);
	cr_assert_not(t.alarm);
}

Test(plan, token_without_validation_data_is_an_alarm_when_its_end_is_near)
{
	ltp_kit_rollover(&k, 0, 60);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	preserve();
	next_day();
	cr_assert(turn().alarm);
}

/* ---- digests ---- */

static struct ltp *domain(void)
{
	static struct ltp l;
	l.o.algorithms = &policy;
	l.o.upkeep.margin_ms = MARGIN;
	return &l;
}

#define NOW (400 * MARGIN)

Test(plan_digest, wanted_one_is_taken_while_it_lasts)
{
	limits[0].until_ms = NOW + 2 * MARGIN;
	cr_assert_eq(plan_digest(domain(), DIGEST_SHA256, NOW), DIGEST_SHA256);
	cr_assert_neq(plan_digest(domain(), DIGEST_SHA256, NOW + 1), DIGEST_SHA256);
}

Test(plan_digest, longest_life_is_taken_then_and_sha512_among_equals)
{
	limits[0].until_ms = NOW;
	limits[1].until_ms = NOW + 3 * MARGIN;
	limits[2].until_ms = NOW + 3 * MARGIN;
	cr_assert_eq(plan_digest(domain(), DIGEST_SHA256, NOW), DIGEST_SHA512);
	limits[2].until_ms++;
	cr_assert_eq(plan_digest(domain(), DIGEST_SHA256, NOW), DIGEST_SHA3_512);
	limits[1].until_ms = OPEN;
	cr_assert_eq(plan_digest(domain(), DIGEST_SHA256, NOW), DIGEST_SHA512);
}

Test(plan_digest, none_is_left_when_all_have_ended)
{
	limits[0].until_ms = limits[1].until_ms = limits[2].until_ms = NOW;
	cr_assert_eq(plan_digest(domain(), DIGEST_SHA256, NOW), DIGEST_NONE);
}

Test(plan_digest, end_is_that_of_the_policy)
{
	struct ltp l = *domain();
	limits[0].until_ms = NOW;
	cr_assert_eq(plan_digest_end(&l, DIGEST_SHA256), NOW);
	cr_assert_eq(plan_digest_end(&l, DIGEST_SHA1), INT64_MIN);
	l.o.algorithms = NULL;
	cr_assert_eq(plan_digest_end(&l, DIGEST_SHA1), INT64_MAX);
	cr_assert_eq(plan_digest(&l, DIGEST_SHA256, NOW), DIGEST_SHA256);
}

Test(plan_digest, due_is_the_margin_before)
{
	cr_assert(plan_is_due(NOW + MARGIN, MARGIN, NOW));
	cr_assert_not(plan_is_due(NOW + MARGIN + 1, MARGIN, NOW));
	cr_assert(plan_is_due(INT64_MIN, MARGIN, NOW));
	cr_assert_not(plan_is_due(INT64_MAX, MARGIN, NOW));
}

/* ---- forecasts ---- */

static struct forecast forecast(const struct algorithm_policy *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct forecast f;
	cr_assert_eq(
	    plan_forecast(k.ltp, k.w->conn, p, clock_now_ms(&k.clock), &f, &err), 0,
	    "%s", err.text);
	return f;
}

Test(plan, forecast_of_nothing_is_empty)
{
	struct forecast f = forecast(NULL);
	cr_assert_eq(f.n, 0);
	cr_assert_eq(f.undated, 0);
	forecast_clear(&f);
}

Test(plan, forecast_gathers_what_is_due_together)
{
	preserve();
	preserve();
	struct forecast f = forecast(NULL);
	cr_assert_eq(f.n, 1);
	cr_assert_eq(f.items[0].kind, FORECAST_TIMESTAMP);
	cr_assert_eq(f.items[0].due_ms, tsa_end() - MARGIN);
	cr_assert_eq(f.items[0].alg, DIGEST_SHA256);
	cr_assert_eq(f.items[0].trees, 2);
	cr_assert_eq(f.items[0].objects, 2);
	cr_assert_eq(f.items[0].requests, 1);
	forecast_clear(&f);
}

/* A quarter of the margin: 45 days. */
Test(plan, forecast_gathers_within_a_quarter_of_the_margin)
{
	ltp_kit_rollover(&k, 0, 400);
	preserve();
	ltp_kit_rollover(&k, 0, 440);
	preserve();
	ltp_kit_rollover(&k, 0, 450);
	preserve();
	struct forecast f = forecast(NULL);
	cr_assert_eq(f.n, 2);
	cr_assert_eq(f.items[0].trees, 2);
	cr_assert_eq(f.items[0].requests, 1);
	cr_assert_eq(f.items[1].trees, 1);
	cr_assert_eq(f.items[1].weakens_ms, tsa_end());
	cr_assert_lt(f.items[0].due_ms, f.items[1].due_ms);
	forecast_clear(&f);
}

Test(plan_policy, second_tsa_doubles_the_requests)
{
	const struct ltp_kit_upkeep how = { .n_tsas = 2 };
	ltp_kit_start_upkeep(&k, &how);
	k.keeps_up = false;
	preserve();
	struct forecast f = forecast(NULL);
	cr_assert_eq(f.n, 1);
	cr_assert_eq(f.items[0].requests, 2);
	forecast_clear(&f);
}

Test(plan, token_without_a_footing_is_undated)
{
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	preserve();
	struct forecast f = forecast(NULL);
	cr_assert_eq(f.undated, 1);
	cr_assert_eq(f.n, 0);
	struct forecast other = forecast(&policy);
	cr_assert_eq(other.undated, 1);
	cr_assert_eq(other.n, 0);
	forecast_clear(&f);
	forecast_clear(&other);
}

/* "What if SHA-256 ends in 2029": nothing of it is stored. */
Test(plan, forecast_of_another_policy_shows_its_dates)
{
	const int64_t end_ms = at("2029-12-31T23:59:59Z");
	limits[0].until_ms = end_ms;
	preserve();
	turn();
	struct forecast f = forecast(&policy);
	cr_assert_eq(f.n, 2);
	cr_assert_eq(f.items[0].kind, FORECAST_TIMESTAMP);
	cr_assert_eq(f.items[0].weakens_ms, end_ms);
	cr_assert_str_eq(f.items[0].reason, "sha256");
	cr_assert_eq(f.items[1].kind, FORECAST_HASH_TREE);
	cr_assert_eq(f.items[1].weakens_ms, end_ms);
	cr_assert_eq(f.items[1].due_ms, end_ms - MARGIN);
	cr_assert_eq(f.items[1].trees, 1);
	cr_assert_eq(f.items[1].requests, 1);
	cr_assert_gt(f.items[1].bytes, 0);
	forecast_clear(&f);
	cr_assert_eq(footing().weakens_ms, tsa_end());
	f = forecast(NULL);
	cr_assert_eq(f.n, 1);
	cr_assert_eq(f.items[0].weakens_ms, tsa_end());
	forecast_clear(&f);
}

static struct forecast sample(struct forecast_item items[5])
{
	items[0] = (struct forecast_item){ .kind = FORECAST_TIMESTAMP,
					   .due_ms = INT64_MIN,
					   .weakens_ms = INT64_MIN,
					   .reason = "RSA 1024",
					   .tsa = "CN=Old TSA",
					   .alg = DIGEST_SHA256,
					   .trees = 3,
					   .objects = 12,
					   .requests = 2,
					   .bytes = 32768 };
	items[1] = (struct forecast_item){ .kind = FORECAST_HASH_TREE,
					   .due_ms = at("2029-07-04T23:59:59Z"),
					   .weakens_ms = at("2029-12-31T23:59:59Z"),
					   .reason = "sha256",
					   .alg = DIGEST_SHA256,
					   .trees = 1000,
					   .objects = 1000000,
					   .requests = 2,
					   .bytes = (uint64_t)3 << 40 };
	items[2] = (struct forecast_item){ .kind = FORECAST_TIMESTAMP,
					   .due_ms = at("2030-01-01T00:00:00Z"),
					   .weakens_ms = at("2030-06-30T00:00:00Z"),
					   .reason = "TSA certificate CN=TSA 1 ends",
					   .tsa = "CN=TSA 1",
					   .alg = DIGEST_SHA3_512,
					   .trees = 2,
					   .objects = 1999,
					   .requests = 2,
					   .bytes = 32768 };
	items[3] = (struct forecast_item){ .kind = FORECAST_AUGMENT,
					   .due_ms = at("2030-01-01T00:00:00Z"),
					   .weakens_ms = at("2030-06-30T00:00:00Z"),
					   .reason = "sha256",
					   .tsa = "CN=TSA 1",
					   .trees = 7,
					   .objects = 7,
					   .requests = 7,
					   .bytes = 114688 };
	items[4] = (struct forecast_item){ .kind = FORECAST_TIMESTAMP,
					   .due_ms = INT64_MAX,
					   .weakens_ms = INT64_MAX,
					   .tsa = "CN=Endless",
					   .alg = DIGEST_SHA512,
					   .trees = 1,
					   .objects = 1 };
	return (struct forecast){ .now_ms = at("2026-06-01T12:00:00Z"),
				  .margin_ms = MARGIN,
				  .items = items,
				  .n = 5,
				  .undated = 4 };
}

Test(plan_digest, forecast_text_is_as_ever)
{
	static const char golden[] =
	    "Renewals as planned at 2026-06-01T12:00:00Z, 180 days before"
	    " they are needed\n"
	    "ALARM: time-stamps without a date, since their validation da"
	    "ta is missing: 4\n"
	    "ALARM: renewals without a date, since what they renew was ne"
	    "ver reliable: 1\n"
	    "due         weakens     what                digest        co"
	    "unt     objects   requests       bytes  why\n"
	    "NOW         NOW         time-stamp renewal  sha256          "
	    "  3          12          2    32.0 KiB  RSA 1024 (CN=Old TSA"
	    ")\n"
	    "2029-07-04  2029-12-31  hash-tree renewal   sha256         1"
	    "000     1000000          2     3.0 TiB  sha256\n"
	    "2030-01-01  2030-06-30  time-stamp renewal  sha3-512        "
	    "  2        1999          2    32.0 KiB  TSA certificate CN=T"
	    "SA 1 ends\n"
	    "2030-01-01  2030-06-30  augmentation        -               "
	    "  7           7          7   112.0 KiB  sha256 (CN=TSA 1)\n"
	    "-           -           time-stamp renewal  sha512          "
	    "  1           1          0         0 B  no end is known (CN="
	    "Endless)\n";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct forecast_item items[5];
	const struct forecast f = sample(items);
	struct buf out = buf_make(1 << 16);
	const char *text;
	cr_assert_eq(forecast_text(&f, &out, &err), 0);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_assert_str_eq(text, golden);
	buf_free(&out);
}

Test(plan_digest, forecast_of_nothing_says_so)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct forecast f = { .now_ms = at("2026-06-01T12:00:00Z"),
				    .margin_ms = MARGIN };
	struct buf out = buf_make(1 << 16);
	const char *text;
	cr_assert_eq(forecast_text(&f, &out, &err), 0);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_assert_str_eq(text, "Renewals as planned at 2026-06-01T12:00:00Z, 180 days "
			       "before they are needed\nNothing is planned.\n");
	buf_free(&out);
}

Test(plan_digest, forecast_json_has_dates_and_alarms)
{
	static const char first[] =
	    "{\"time\":\"2026-06-01T12:00:00Z\",\"margin_days\":180,\"undated\":4,"
	    "\"renewals\":[{\"what\":\"time-stamp renewal\",\"due\":null,"
	    "\"weakens\":null,\"alarm\":true,\"why\":\"RSA 1024\","
	    "\"tsa\":\"CN=Old TSA\",\"digest\":\"sha256\",\"count\":3,\"objects\":12,"
	    "\"requests\":2,\"bytes\":32768},{\"what\":\"hash-tree renewal\","
	    "\"due\":\"2029-07-04T23:59:59Z\",\"weakens\":\"2029-12-31T23:59:59Z\","
	    "\"alarm\":false,\"why\":\"sha256\",\"tsa\":null,\"digest\":\"sha256\",";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct forecast_item items[5];
	const struct forecast f = sample(items);
	struct buf out = buf_make(1 << 16);
	struct jsonw j = jsonw_to(&out);
	forecast_json(&f, &j);
	cr_assert_eq(jsonw_end(&j, &err), 0, "%s", err.text);
	cr_assert(view_starts(view_buf(&out), view_text(first)), "%.*s", (int)out.n,
		  out.p);
	buf_free(&out);
}
