/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRLs in revocation_judge(): each check of RFC 5280 6.3.3 by a list with which only
 * that check finds fault. PKITS is in revocation_pkits_test.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/pki_fixture_status.h"
#include "timestamping/signature.h"

#define NOW FIX_T0_MS
#define HOUR ((int64_t)3600000)
#define ISSUED (NOW - FIX_DAY_MS)
#define URL FIX_CRL_URL

#define POINT "issuingDistributionPoint=critical,@idp\n[idp]\n"
#define POINT_URL POINT "fullname=URI:" URL "\n"

static struct fix_cert *root, *ca, *ee;
static struct fix_status s;

static void begin(struct fix_cert *target)
{
	ee = target;
	fix_status_begin(&s, (const struct fix_cert *[]){ ee, ca, root }, 3, NOW);
}

/* Another target than the usual one. */
static void restart(struct fix_cert *target)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	begin(target);
}

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	begin(fix_cert_make(&(struct fix_cert_options){ .cn = "EE", .issuer = ca }));
}

static void tear_down(void)
{
	fix_status_end(&s);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

TestSuite(revocation_crl, .init = set_up, .fini = tear_down);

static struct fix_cert *make_ee(const char *config)
{
	return fix_cert_make(
	    &(struct fix_cert_options){ .cn = "EE", .issuer = ca, .config = config });
}

static void add(struct fix_crl_options o)
{
	if (o.issuer == NULL)
		o.issuer = ca;
	if (o.this_ms == 0)
		o.this_ms = ISSUED;
	fix_status_crl(&s, &o);
}

static void add_listing(struct fix_crl_options o, int64_t at_ms, int reason)
{
	struct fix_revoked r = { .cert = ee, .at_ms = at_ms, .reason = reason };
	o.revoked = &r;
	o.n_revoked = 1;
	add(o);
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

/* ---- what makes a list unusable ---- */

Test(revocation_crl, no_list_is_unknown)
{
	EXPECT_UNKNOWN();
	cr_assert_eq(s.r.n_objects, 0);
	cr_assert_eq(s.r.this_ms, INT64_MIN);
}

Test(revocation_crl, good_list_is_told_with_its_dates_and_signer)
{
	add((struct fix_crl_options){ 0 });
	EXPECT_GOOD();
	cr_assert_eq(s.r.source, PATH_SOURCE_CRL);
	cr_assert_eq(s.r.this_ms, ISSUED);
	cr_assert_eq(s.r.next_ms, ISSUED + 30 * FIX_DAY_MS);
	cr_assert_eq(s.r.revoked_ms, INT64_MIN);
	cr_assert(s.r.fresh && !s.r.kept_after_end);
	cr_assert_eq(s.r.n_objects, 1);
	cr_assert_not_null(s.r.objects[0].crl);
	cr_assert_eq(s.r.objects[0].signer, s.path.certs[1]);
	cr_assert_eq(s.r.objects[0].n_signer_path, 0);
	cr_assert_eq(s.signatures, 1);
}

Test(revocation_crl, revocation_is_told_with_date_and_reason)
{
	add_listing((struct fix_crl_options){ 0 }, ISSUED - HOUR, 1);
	EXPECT_REVOKED();
	cr_assert_eq(s.r.revoked_ms, ISSUED - HOUR);
	cr_assert_eq(s.r.reason, 1);
	cr_assert_eq(s.r.invalidity_ms, INT64_MIN);
}

Test(revocation_crl, revocation_without_a_reason_is_one)
{
	add_listing((struct fix_crl_options){ 0 }, ISSUED - HOUR, FIX_NO_REASON);
	EXPECT_REVOKED();
	cr_assert_eq(s.r.reason, -1);
}

Test(revocation_crl, another_certificate_of_the_list_is_not_ours)
{
	struct fix_revoked r = { .cert = ca, .at_ms = ISSUED, .reason = 1 };
	add((struct fix_crl_options){ .revoked = &r, .n_revoked = 1 });
	EXPECT_GOOD();
}

Test(revocation_crl, broken_signature_is_passed_over)
{
	add((struct fix_crl_options){ .bad_signature = true });
	EXPECT_UNKNOWN();
	add_listing((struct fix_crl_options){ .bad_signature = true }, ISSUED, 1);
	EXPECT_UNKNOWN();
}

Test(revocation_crl, key_of_another_ca_is_passed_over)
{
	add((struct fix_crl_options){ .sign_with = root });
	EXPECT_UNKNOWN();
}

Test(revocation_crl, list_of_another_name_is_passed_over)
{
	add((struct fix_crl_options){ .issuer = root });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_crl, issuer_without_crl_sign_is_not_entitled)
{
	struct fix_cert *mute =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA",
						      .issuer = root,
						      .ca = true,
						      .same_key = ca,
						      .key_usage = "keyCertSign" });
	fix_cert_free(ca);
	ca = mute;
	restart(make_ee(NULL));
	add((struct fix_crl_options){ 0 });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_crl, issuer_without_key_usage_is_entitled)
{
	struct fix_cert *plain = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = root, .ca = true, .same_key = ca, .key_usage = "" });
	fix_cert_free(ca);
	ca = plain;
	restart(make_ee(NULL));
	add((struct fix_crl_options){ 0 });
	EXPECT_GOOD();
}

Test(revocation_crl, future_is_refused_but_for_the_skew_of_clocks)
{
	add((struct fix_crl_options){ .this_ms = NOW + 61000 });
	EXPECT_UNKNOWN();
	add((struct fix_crl_options){ .this_ms = NOW + 60000 });
	EXPECT_GOOD();
}

Test(revocation_crl, next_update_before_this_update_is_nonsense)
{
	add((struct fix_crl_options){ .next_ms = ISSUED - HOUR });
	EXPECT_UNKNOWN();
}

Test(revocation_crl, unknown_critical_extension_makes_it_useless)
{
	add((struct fix_crl_options){ .critical_extension = true });
	EXPECT_UNKNOWN();
}

Test(revocation_crl, unknown_critical_extension_of_any_entry_makes_it_useless)
{
	struct fix_revoked r = { .cert = ca, .at_ms = ISSUED, .reason = 1 };
	add((struct fix_crl_options){
	    .revoked = &r, .n_revoked = 1, .critical_entry_extension = true });
	EXPECT_UNKNOWN();
}

/* Signed with SHA-384, while what is signed says SHA-256. */
static void add_with_other_algorithm(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf der = buf_make(65536), body = buf_make(65536), out = buf_make(65536);
	struct buf value = buf_make(1024), bits = buf_make(1024);
	struct crl *c = NULL;
	fix_crl_simple(ca, ISSUED, NULL, &der);
	cr_assert_eq(crl_parse(view_buf(&der), &c, &err), 0);
	cr_assert_eq(buf_put(&body, c->tbs, &err), 0);
	cr_assert_eq(
	    signature_sign(ca->key, DIGEST_SHA384, c->tbs, &body, &value, &err), 0);
	cr_assert_eq(buf_put_byte(&bits, 0, &err), 0);
	cr_assert_eq(buf_put(&bits, view_buf(&value), &err), 0);
	cr_assert_eq(der_put(&body, 0x03, view_buf(&bits), &err), 0);
	cr_assert_eq(der_put(&out, DER_SEQUENCE, view_buf(&body), &err), 0);
	fix_material_add(s.m, MATERIAL_CRL, view_buf(&out));
	crl_free(c);
	buf_free(&bits);
	buf_free(&value);
	buf_free(&out);
	buf_free(&body);
	buf_free(&der);
}

Test(revocation_crl, algorithm_outside_must_be_the_one_that_is_signed)
{
	add_with_other_algorithm();
	EXPECT_UNKNOWN();
}

Test(revocation_crl, extension_that_stands_twice_makes_it_useless)
{
	add((struct fix_crl_options){ .config = "2.5.29.20=DER:020101\n" });
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
}

Test(revocation_crl, delta_alone_says_nothing)
{
	add((struct fix_crl_options){ .delta = true });
	EXPECT_UNKNOWN();
	add_listing((struct fix_crl_options){ .delta = true }, ISSUED, 1);
	EXPECT_UNKNOWN();
}

Test(revocation_crl, list_that_the_caller_may_not_use_is_passed_over)
{
	add((struct fix_crl_options){ 0 });
	s.q.known_ms = ISSUED - 2 * HOUR; /* not yet known then */
	EXPECT_UNKNOWN();
}

static bool only_newer(void *arg, const uint8_t sha256[32], int64_t issued_ms)
{
	(void)sha256;
	return issued_ms >= *(const int64_t *)arg;
}

Test(revocation_crl, further_condition_is_asked_with_the_time_of_issue)
{
	int64_t from = ISSUED;
	s.q.usable = only_newer;
	s.q.arg = &from;
	add((struct fix_crl_options){ 0 });
	EXPECT_GOOD();
	from = ISSUED + 1;
	EXPECT_UNKNOWN();
}

/* RFC 5280 5.3.1: such an entry belongs to deltas. */
Test(revocation_crl, entry_that_removes_says_nothing_in_a_complete_list)
{
	add_listing((struct fix_crl_options){ 0 }, ISSUED, 8);
	EXPECT_UNKNOWN();
	cr_assert_eq(s.signatures, 0);
	/* Another list speaks, and so does this one about others. */
	add((struct fix_crl_options){ .this_ms = ISSUED - HOUR });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED - HOUR);
	restart(make_ee(NULL));
	struct fix_revoked r = { .cert = ca, .at_ms = ISSUED, .reason = 8 };
	add((struct fix_crl_options){ .revoked = &r, .n_revoked = 1 });
	EXPECT_GOOD();
}

Test(revocation_crl, entry_that_removes_in_a_complete_list_ends_no_hold)
{
	add_listing((struct fix_crl_options){ .this_ms = ISSUED - HOUR }, ISSUED - HOUR,
		    6);
	add_listing((struct fix_crl_options){ 0 }, ISSUED - HOUR, 8);
	EXPECT_HOLD();
}

/* ---- scope ---- */

Test(revocation_crl, only_user_and_only_ca_lists_speak_about_their_own)
{
	add((struct fix_crl_options){ .idp = FIX_IDP_ONLY_CA });
	EXPECT_UNKNOWN();
	add((struct fix_crl_options){ .idp = FIX_IDP_ONLY_USER });
	EXPECT_GOOD();
	add((struct fix_crl_options){ .issuer = root, .idp = FIX_IDP_ONLY_USER });
	cr_assert_eq(fix_status_ask(&s, 1)->status, PATH_STATUS_UNKNOWN);
	add((struct fix_crl_options){ .issuer = root, .idp = FIX_IDP_ONLY_CA });
	cr_assert_eq(fix_status_ask(&s, 1)->status, PATH_STATUS_GOOD);
}

Test(revocation_crl, list_of_attribute_certificates_is_none_of_ours)
{
	add((struct fix_crl_options){ .config = POINT "onlyAA=TRUE\n" });
	EXPECT_UNKNOWN();
}

Test(revocation_crl, point_must_be_one_that_the_certificate_names)
{
	add((struct fix_crl_options){ .config = POINT_URL });
	EXPECT_UNKNOWN();
	restart(make_ee("crlDistributionPoints=URI:http://crl.example/2\n"));
	add((struct fix_crl_options){ .config = POINT_URL });
	EXPECT_UNKNOWN();
	restart(
	    make_ee("crlDistributionPoints=URI:http://crl.example/2,URI:" URL "\n"));
	add((struct fix_crl_options){ .config = POINT_URL });
	EXPECT_GOOD();
}

Test(revocation_crl, one_of_several_names_is_enough)
{
	restart(make_ee("crlDistributionPoints=URI:" URL "\n"));
	add((struct fix_crl_options){ .config = POINT
				      "fullname=URI:http://a.example/,URI:" URL "\n" });
	EXPECT_GOOD();
}

Test(revocation_crl, point_named_like_the_issuer_needs_no_naming)
{
	/* 6.3.3, last paragraph: the implied point. */
	add((struct fix_crl_options){
	    .config = POINT "fullname=dirName:dn\n[dn]\nO=LTPS Test\nCN=CA\n" });
	EXPECT_GOOD();
	fix_status_end(&s);
	fix_cert_free(ee);
	begin(make_ee(NULL));
	add((struct fix_crl_options){
	    .config = POINT "fullname=dirName:dn\n[dn]\nO=LTPS Test\nCN=CB\n" });
	EXPECT_UNKNOWN();
}

Test(revocation_crl, other_name_of_the_issuer_implies_a_point_too)
{
	restart(make_ee("issuerAltName=URI:" URL "\n"));
	add((struct fix_crl_options){ .config = POINT_URL });
	EXPECT_GOOD();
}

Test(revocation_crl, relative_name_stands_behind_the_issuers)
{
	static const char relative[] = POINT "relativename=rn\n[rn]\nOU=one\n";
	static const char whole[] =
	    ("crlDistributionPoints=dp\n[dp]\nfullname=dirName:dn\n"
	     "[dn]\nO=LTPS Test\nCN=CA\nOU=one\n");
	static const char other[] = ("crlDistributionPoints=dp\n[dp]\n"
				     "relativename=rn\n[rn]\nOU=two\n");
	static const char same[] = ("crlDistributionPoints=dp\n[dp]\n"
				    "relativename=rn\n[rn]\nOU=one\n");
	restart(make_ee(other));
	add((struct fix_crl_options){ .config = relative });
	EXPECT_UNKNOWN();
	restart(make_ee(whole));
	add((struct fix_crl_options){ .config = relative });
	EXPECT_GOOD();
	restart(make_ee(same));
	add((struct fix_crl_options){ .config = relative });
	EXPECT_GOOD();
}

Test(revocation_crl, some_reasons_are_not_all)
{
	add((struct fix_crl_options){ .idp = FIX_IDP_SOME_REASONS });
	EXPECT_UNKNOWN();
	add((struct fix_crl_options){
	    .config = POINT "onlysomereasons=CACompromise,affiliationChanged,"
			    "superseded,cessationOfOperation,certificateHold\n" });
	EXPECT_UNKNOWN();
	add((struct fix_crl_options){
	    .config = POINT "onlysomereasons=privilegeWithdrawn,AACompromise\n" });
	EXPECT_GOOD();
	cr_assert_eq(s.r.n_objects, 3);
}

Test(revocation_crl, some_reasons_are_enough_to_revoke)
{
	add_listing((struct fix_crl_options){ .idp = FIX_IDP_SOME_REASONS },
		    ISSUED - HOUR, 1);
	EXPECT_REVOKED();
}

Test(revocation_crl, reasons_of_the_point_narrow_those_of_the_list)
{
	restart(make_ee("crlDistributionPoints=dp\n[dp]\nfullname=URI:" URL
			"\nreasons=keyCompromise\n"));
	add((struct fix_crl_options){ .config = POINT_URL });
	EXPECT_UNKNOWN();
}

Test(revocation_crl, answer_is_as_old_as_its_oldest_part)
{
	add((struct fix_crl_options){ .idp = FIX_IDP_SOME_REASONS,
				      .this_ms = ISSUED - 5 * HOUR });
	add((struct fix_crl_options){ .config = POINT
				      "onlysomereasons=CACompromise,affiliationChanged,"
				      "superseded,cessationOfOperation,certificateHold,"
				      "privilegeWithdrawn,AACompromise\n" });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED - 5 * HOUR);
}

/* ---- indirect lists ---- */

#define DP_OF_X                                                                        \
	"crlDistributionPoints=dp\n[dp]\nfullname=URI:" URL                            \
	"\nCRLissuer=dirName:x\n[x]\nO=LTPS Test\nCN=X\n"
#define INDIRECT POINT "indirectCRL=TRUE\nfullname=URI:" URL "\n"

static struct fix_cert *make_x(const struct fix_cert *issuer, const char *config)
{
	return fix_cert_make(
	    &(struct fix_cert_options){ .cn = "X",
					.issuer = issuer,
					.key_usage = "critical,cRLSign",
					.config = config });
}

/* X, its status, and a target that points at it. */
static struct fix_cert *begin_indirect(void)
{
	struct fix_cert *x = make_x(ca, NULL);
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add((struct fix_crl_options){ .idp = FIX_IDP_ONLY_CA });
	return x;
}

/* The CA's list, for X alone: the target points elsewhere, but an ordinary list would
 * speak about it too. */
static void add_status_of_x(const struct fix_cert *x, int reason)
{
	struct fix_revoked r = { .cert = x, .at_ms = ISSUED, .reason = reason };
	struct fix_crl_options o = { .config =
					 POINT "fullname=URI:http://x.example/\n" };
	if (reason >= 0) {
		o.revoked = &r;
		o.n_revoked = 1;
	}
	add(o);
}
#define DP_X "crlDistributionPoints=URI:http://x.example/\n"

Test(revocation_crl, indirect_list_speaks_for_other_issuers)
{
	struct fix_cert *x = make_x(ca, DP_X);
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add_status_of_x(x, -1);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_GOOD();
	cr_assert_eq(s.r.n_objects, 2); /* the list, and what X's status rests on */
	cr_assert_eq(s.r.objects[0].n_signer_path, 3);
	cr_assert(cert_equal(s.r.objects[0].signer, s.r.objects[0].signer_path[0]));
	cr_assert_eq(s.r.objects[1].signer, s.path.certs[1]);
	fix_cert_free(x);
}

Test(revocation_crl, indirect_list_whose_signer_has_no_status_is_passed_over)
{
	struct fix_cert *x = begin_indirect();
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
}

Test(revocation_crl, nocheck_is_of_no_use_to_a_crl_issuer)
{
	struct fix_cert *x =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "X",
						      .issuer = ca,
						      .key_usage = "critical,cRLSign",
						      .ocsp_nocheck = true });
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
}

Test(revocation_crl, indirect_list_whose_signer_is_revoked_is_passed_over)
{
	struct fix_cert *x = make_x(ca, DP_X);
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add_status_of_x(x, 1);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
}

Test(revocation_crl, indirect_list_under_another_anchor_is_passed_over)
{
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Other", .ca = true });
	struct fix_cert *x = make_x(other, NULL);
	restart(make_ee(DP_OF_X));
	fix_material_add(s.m, MATERIAL_ANCHOR, other->der);
	fix_status_cert(&s, x);
	add((struct fix_crl_options){ .issuer = other });
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
	fix_cert_free(other);
}

Test(revocation_crl, list_of_the_crl_issuer_must_say_that_it_is_indirect)
{
	struct fix_cert *x = make_x(ca, DP_X);
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add_status_of_x(x, -1);
	add((struct fix_crl_options){ .issuer = x, .config = POINT_URL });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
}

Test(revocation_crl, indirect_list_must_be_named_by_the_certificate)
{
	struct fix_cert *x = make_x(ca, DP_X);
	restart(make_ee("crlDistributionPoints=URI:" URL "\n"));
	fix_status_cert(&s, x);
	add_status_of_x(x, -1);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
}

Test(revocation_crl, point_without_a_name_takes_that_of_the_crl_issuer)
{
	/* 6.3.3 b 2 i */
	struct fix_cert *x = make_x(ca, DP_X);
	restart(make_ee("crlDistributionPoints=dp\n[dp]\nCRLissuer=dirName:x\n"
			"[x]\nO=LTPS Test\nCN=X\n"));
	fix_status_cert(&s, x);
	add_status_of_x(x, -1);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_UNKNOWN();
	add((struct fix_crl_options){ .issuer = x,
				      .config =
					  POINT "indirectCRL=TRUE\nfullname=dirName:x\n"
						"[x]\nO=LTPS Test\nCN=X\n" });
	EXPECT_GOOD();
	fix_cert_free(x);
}

Test(revocation_crl, entries_of_an_indirect_list_belong_to_the_issuer_they_name)
{
	struct fix_cert *x = make_x(ca, DP_X);
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add_status_of_x(x, -1);
	/* Of X itself, then of the root: the same serial number means others. */
	struct fix_revoked others[] = {
		{ .cert = ee, .at_ms = ISSUED, .reason = 1 },
		{ .cert = ee, .at_ms = ISSUED, .reason = 1, .of_issuer = root },
	};
	add((struct fix_crl_options){
	    .issuer = x, .config = INDIRECT, .revoked = others, .n_revoked = 2 });
	EXPECT_GOOD();
	/* certificateIssuer stays in force for the entries behind it. */
	struct fix_revoked ours[] = {
		{ .cert = x, .at_ms = ISSUED, .reason = 1, .of_issuer = ca },
		{ .cert = ee, .at_ms = ISSUED, .reason = 4 },
	};
	add((struct fix_crl_options){ .issuer = x,
				      .this_ms = ISSUED + HOUR,
				      .config = INDIRECT,
				      .revoked = ours,
				      .n_revoked = 2 });
	EXPECT_REVOKED();
	cr_assert_eq(s.r.reason, 4);
	fix_cert_free(x);
}

Test(revocation_crl, two_signers_who_vouch_for_each_other_do_not_count)
{
	struct fix_cert *x =
	    make_x(ca, "crlDistributionPoints=dp\n[dp]\nfullname=URI:" URL
		       "\nCRLissuer=dirName:y\n[y]\nO=LTPS Test\nCN=Y\n");
	struct fix_cert *y =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Y",
						      .issuer = ca,
						      .key_usage = "critical,cRLSign",
						      .config = DP_OF_X });
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	fix_status_cert(&s, y);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	add((struct fix_crl_options){ .issuer = y, .config = INDIRECT });
	EXPECT_UNKNOWN();
	fix_cert_free(y);
	fix_cert_free(x);
}

Test(revocation_crl, signer_whose_only_source_is_its_own_list_counts)
{
	/* PKITS 4.14.30 */
	struct fix_cert *x = make_x(ca, DP_OF_X);
	restart(make_ee(DP_OF_X));
	fix_status_cert(&s, x);
	add((struct fix_crl_options){ .issuer = x, .config = INDIRECT });
	EXPECT_GOOD();
	/* ... unless that list revokes it. */
	struct fix_revoked self = {
		.cert = x, .at_ms = ISSUED, .reason = 1, .of_issuer = ca
	};
	add((struct fix_crl_options){ .issuer = x,
				      .this_ms = ISSUED + HOUR,
				      .config = INDIRECT,
				      .revoked = &self,
				      .n_revoked = 1 });
	EXPECT_UNKNOWN();
	fix_cert_free(x);
}

/* ---- other keys of the issuer ---- */

/* The same CA with a new key, certified by the root. */
static struct fix_cert *make_new_ca(const struct fix_cert *issuer)
{
	return fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = issuer, .ca = true });
}

Test(revocation_crl, list_by_the_new_key_of_the_issuer_counts)
{
	struct fix_cert *new = make_new_ca(root);
	fix_status_cert(&s, new);
	add((struct fix_crl_options){ .issuer = new });
	EXPECT_UNKNOWN(); /* the new certificate has no status yet */
	add((struct fix_crl_options){ .issuer = root });
	EXPECT_GOOD();
	cr_assert_eq(s.r.objects[0].n_signer_path, 2);
	fix_cert_free(new);
}

Test(revocation_crl, list_by_a_self_issued_new_key_counts)
{
	/* New with old: its status is in a list by the old key. */
	struct fix_cert *new = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = ca, .ca = true, .config = DP_X });
	fix_status_cert(&s, new);
	add((struct fix_crl_options){ .issuer = new });
	EXPECT_UNKNOWN();
	add_status_of_x(new, -1);
	EXPECT_GOOD();
	cr_assert_eq(s.r.objects[0].n_signer_path, 3);
	fix_cert_free(new);
}

/* The first is new with old, the second new with the first. */
static void make_two_keys(struct fix_cert *keys[2])
{
	fix_status_cert(&s, ca);
	for (size_t i = 0; i < 2; i++) {
		keys[i] = fix_cert_make(
		    &(struct fix_cert_options){ .cn = "CA",
						.issuer = i == 0 ? ca : keys[0],
						.ca = true,
						.config = DP_X });
		fix_status_cert(&s, keys[i]);
	}
}

/* RFC 5280 6.3.3 f: both stand on the path of the last, below the CA of the path. */
Test(revocation_crl, list_by_the_last_of_two_self_issued_keys_counts)
{
	struct fix_cert *keys[2];
	make_two_keys(keys);
	add((struct fix_crl_options){ .issuer = keys[1] });
	EXPECT_UNKNOWN();
	add_status_of_x(keys[1], -1); /* by the first key of all, about both */
	EXPECT_GOOD();
	cr_assert_eq(s.r.objects[0].n_signer_path, 4);
	fix_cert_free(keys[1]);
	fix_cert_free(keys[0]);
}

Test(revocation_crl, list_by_the_last_of_two_keys_wants_the_first_unrevoked)
{
	struct fix_cert *keys[2];
	make_two_keys(keys);
	add((struct fix_crl_options){ .issuer = keys[1] });
	add_status_of_x(keys[0], 1);
	EXPECT_UNKNOWN();
	fix_cert_free(keys[1]);
	fix_cert_free(keys[0]);
}

Test(revocation_crl, revoked_new_key_does_not_count)
{
	struct fix_cert *new = make_new_ca(root);
	struct fix_revoked r = { .cert = new, .at_ms = ISSUED, .reason = 1 };
	fix_status_cert(&s, new);
	add((struct fix_crl_options){ .issuer = new });
	add((struct fix_crl_options){ .issuer = root, .revoked = &r, .n_revoked = 1 });
	EXPECT_UNKNOWN();
	fix_cert_free(new);
}

Test(revocation_crl, same_name_that_is_no_ca_of_the_anchor_does_not_count)
{
	struct fix_cert *impostor =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "CA", .ca = true });
	fix_status_cert(&s, impostor);
	add((struct fix_crl_options){ .issuer = impostor });
	add((struct fix_crl_options){ .issuer = root });
	EXPECT_UNKNOWN();
	fix_cert_free(impostor);
}

/* ---- deltas ---- */

#define DELTA .delta = true, .this_ms = ISSUED + HOUR, .base_number = 5, .number = 7

static void add_base(void)
{
	add((struct fix_crl_options){ .number = 5 });
}

Test(revocation_crl, delta_revokes)
{
	add_base();
	add_listing((struct fix_crl_options){ DELTA }, ISSUED, 1);
	EXPECT_REVOKED();
	cr_assert_eq(s.r.this_ms, ISSUED + HOUR);
	cr_assert_eq(s.r.n_objects, 2);
}

Test(revocation_crl, delta_makes_the_answer_newer)
{
	add_base();
	add((struct fix_crl_options){ DELTA });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED + HOUR);
	cr_assert_eq(s.r.n_objects, 2);
}

Test(revocation_crl, delta_releases_a_hold)
{
	add_listing((struct fix_crl_options){ .number = 5 }, ISSUED - HOUR, 6);
	EXPECT_HOLD();
	add_listing((struct fix_crl_options){ DELTA }, ISSUED - HOUR, 8);
	EXPECT_GOOD();
}

Test(revocation_crl, delta_of_the_same_moment_releases_a_hold)
{
	add_listing((struct fix_crl_options){ .number = 5 }, ISSUED - HOUR, 6);
	add_listing(
	    (struct fix_crl_options){ .delta = true, .base_number = 3, .number = 5 },
	    ISSUED - HOUR, 8);
	EXPECT_GOOD();
}

Test(revocation_crl, delta_that_says_nothing_leaves_a_hold)
{
	add_listing((struct fix_crl_options){ .number = 5 }, ISSUED - HOUR, 6);
	add((struct fix_crl_options){ DELTA });
	EXPECT_HOLD();
	cr_assert_eq(s.r.this_ms, ISSUED + HOUR);
}

Test(revocation_crl, delta_cannot_take_back_a_revocation)
{
	add_listing((struct fix_crl_options){ .number = 5 }, ISSUED - HOUR, 1);
	add_listing((struct fix_crl_options){ DELTA }, ISSUED - HOUR, 8);
	EXPECT_REVOKED();
}

Test(revocation_crl, delta_speaks_for_itself_where_the_complete_list_removes)
{
	static const struct {
		int reason;
		enum path_cert_status status;
	} cases[] = {
		{ 8, PATH_STATUS_GOOD },
		{ 6, PATH_STATUS_ON_HOLD },
		{ 1, PATH_STATUS_REVOKED },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		restart(make_ee(NULL));
		add_listing((struct fix_crl_options){ .number = 5 }, ISSUED, 8);
		add_listing((struct fix_crl_options){ DELTA }, ISSUED, cases[i].reason);
		cr_expect_eq(fix_status_ask(&s, 0)->status, cases[i].status, "%zu", i);
	}
}

Test(revocation_crl, silent_delta_takes_nothing_from_a_complete_list_that_removes)
{
	add_listing((struct fix_crl_options){ .number = 5 }, ISSUED, 8);
	add((struct fix_crl_options){ DELTA });
	EXPECT_UNKNOWN();
}

/* None of these goes with the complete list, so it says nothing. */
Test(revocation_crl, delta_that_does_not_fit_is_passed_over)
{
	struct fix_crl_options unfit[] = {
		{ DELTA, .bad_signature = true },
		{ DELTA, .sign_with = root },
		{ DELTA, .config = POINT "onlyuser=TRUE\n" },
		{ DELTA, .config = "authorityKeyIdentifier=keyid\n" },
		{ DELTA, .critical_extension = true },
		{ DELTA, .critical_entry_extension = true },
		{ DELTA, .next_ms = ISSUED },
		{ .delta = true,
		  .this_ms = ISSUED + HOUR,
		  .base_number = 6,
		  .number = 7 },
		{ .delta = true,
		  .this_ms = ISSUED + HOUR,
		  .base_number = 2,
		  .number = 4 },
		{ .delta = true,
		  .this_ms = ISSUED - HOUR,
		  .base_number = 5,
		  .number = 7 },
		{ .delta = true,
		  .this_ms = NOW + 2 * HOUR,
		  .base_number = 5,
		  .number = 7 },
	};
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++) {
		restart(make_ee(NULL));
		add_base();
		add_listing(unfit[i], ISSUED, 1);
		const struct path_cert_revocation *r = fix_status_ask(&s, 0);
		cr_expect_eq(r->status, PATH_STATUS_GOOD, "delta %zu: %s", i,
			     path_cert_status_name(r->status));
		cr_expect_eq(r->this_ms, ISSUED, "delta %zu", i);
	}
}

Test(revocation_crl, stale_complete_list_lives_on_with_a_fresh_delta)
{
	/* 6.3.3 a 1 i */
	add((struct fix_crl_options){ .number = 5, .next_ms = NOW - HOUR });
	EXPECT_STALE();
	add((struct fix_crl_options){ DELTA });
	EXPECT_GOOD();
}

Test(revocation_crl, stale_delta_does_not_spoil_a_fresh_complete_list)
{
	add_base();
	add((struct fix_crl_options){ DELTA, .next_ms = NOW - HOUR });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED);
}

Test(revocation_crl, stale_delta_cannot_refresh_a_stale_complete_list)
{
	add((struct fix_crl_options){ .number = 5, .next_ms = NOW - HOUR });
	add((struct fix_crl_options){ DELTA, .next_ms = NOW - HOUR });
	EXPECT_STALE();
}

Test(revocation_crl, stale_delta_still_revokes)
{
	add_base();
	add_listing((struct fix_crl_options){ DELTA, .next_ms = NOW - HOUR }, ISSUED,
		    1);
	EXPECT_REVOKED();
}

/* ---- cost ---- */

Test(revocation_crl, older_lists_cost_no_signature)
{
	for (int i = 0; i < 100; i++)
		add((struct fix_crl_options){ .this_ms = ISSUED - i * HOUR });
	EXPECT_GOOD();
	cr_assert_eq(s.r.this_ms, ISSUED);
	cr_assert_eq(s.signatures, 1);
}

static void add_forged(int n, int64_t latest_ms)
{
	for (int i = 0; i < n; i++)
		add_listing((struct fix_crl_options){ .sign_with = root,
						      .this_ms = latest_ms - i * 1000 },
			    latest_ms - HOUR, 1);
}

Test(revocation_crl, forged_lists_end_with_the_budget_and_not_with_good)
{
	add((struct fix_crl_options){ .this_ms = ISSUED });
	add_forged(40, NOW);
	s.in.budget.signatures = 20;
	EXPECT_UNKNOWN();
	cr_assert(s.spent);
	cr_assert_leq(s.signatures, 20);
	s.in.budget.signatures = 100;
	EXPECT_GOOD();
}

Test(revocation_crl, good_word_does_not_count_when_revocations_went_unseen)
{
	add((struct fix_crl_options){ .this_ms = ISSUED });
	add_forged(40, ISSUED - HOUR);
	s.in.budget.signatures = 20;
	EXPECT_UNKNOWN();
	cr_assert(s.spent);
}

Test(revocation_crl, looking_at_lists_is_counted)
{
	for (int i = 0; i < 50; i++)
		add((struct fix_crl_options){ .idp = FIX_IDP_ONLY_CA,
					      .this_ms = ISSUED - i * HOUR });
	s.in.budget.steps = 20;
	EXPECT_UNKNOWN();
	cr_assert(s.spent);
	cr_assert_eq(s.signatures, 0);
	cr_assert_leq(s.steps, 20);
}

/* ---- needs ---- */

#define PLACES                                                                         \
	"crlDistributionPoints=URI:http://a.example/crl,"                              \
	"URI:ldap://b.example/cn=CA?certificateRevocationList,"                        \
	"URI:ldap:///cn=CA?certificateRevocationList,URI:ftp://c.example/crl\n"        \
	"freshestCRL=URI:http://d.example/delta\n"                                     \
	"authorityInfoAccess=OCSP;URI:http://e.example/ocsp,"                          \
	"caIssuers;URI:http://f.example/ca\n"

Test(revocation_crl, unknown_status_names_where_to_ask)
{
	restart(make_ee(PLACES));
	EXPECT_UNKNOWN();
	cr_assert_eq(s.n_needs, 4);
	cr_assert(fix_status_needs(&s, NEED_CRL, "http://a.example/crl"));
	cr_assert(fix_status_needs(&s, NEED_CRL,
				   "ldap://b.example/cn=CA?certificateRevocationList"));
	cr_assert(fix_status_needs(&s, NEED_DELTA_CRL, "http://d.example/delta"));
	cr_assert(fix_status_needs(&s, NEED_OCSP, "http://e.example/ocsp"));
	cr_assert(cert_equal(s.needs[0].issuer, s.path.certs[1]));
}

Test(revocation_crl, stale_status_names_where_to_ask)
{
	restart(make_ee(PLACES));
	add((struct fix_crl_options){ .next_ms = NOW - HOUR });
	EXPECT_STALE();
	cr_assert(fix_status_needs(&s, NEED_CRL, "http://a.example/crl"));
}

Test(revocation_crl, good_status_lacks_only_the_delta_that_is_promised)
{
	restart(make_ee(PLACES));
	add_base();
	EXPECT_GOOD();
	cr_assert_eq(s.n_needs, 1);
	cr_assert(fix_status_needs(&s, NEED_DELTA_CRL, "http://d.example/delta"));
	add((struct fix_crl_options){ DELTA });
	EXPECT_GOOD();
	cr_assert_eq(s.n_needs, 0);
}

Test(revocation_crl, delta_that_the_list_promises_is_named_too)
{
	add((struct fix_crl_options){ .config =
					  "freshestCRL=URI:http://g.example/delta\n" });
	EXPECT_GOOD();
	cr_assert(fix_status_needs(&s, NEED_DELTA_CRL, "http://g.example/delta"));
}

Test(revocation_crl, revocation_needs_nothing_more)
{
	restart(make_ee(PLACES));
	add_listing((struct fix_crl_options){ 0 }, ISSUED, 1);
	EXPECT_REVOKED();
	cr_assert_eq(s.n_needs, 0);
}

Test(revocation_crl, nothing_is_named_when_nobody_wants_to_know)
{
	restart(make_ee(PLACES));
	s.q.record_needs = false;
	EXPECT_UNKNOWN();
	cr_assert_eq(s.n_needs, 0);
}
