/* SPDX-License-Identifier: Apache-2.0 */
/* Delta CRLs and suspension. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/support/devpki_judge.h"

#define T1 "2026-06-01T12:00:00Z"
#define T2 "2026-06-01T13:00:00Z"
#define T3 "2026-06-01T14:00:00Z"
#define NOT_LISTED (-1)

/* A PKI whose CRLs and certificates name delta CRLs. */
static struct devpki *fresh_pki(const char *dir)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .control = true,
				    .freshest = true,
				    .clock = clock_fixed(kit_time(T1)) };
	struct devpki *p = NULL;
	cr_assert_eq(devpki_create(dir, &o, &p, &err), 0, "%s", err.text);
	return p;
}

static void release(struct devpki *p, const struct devpki_cert *c, const char *at)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(devpki_release(p, c->serial, kit_time(at), &err), 0, "%s",
		     err.text);
}

Test(delta, revocation_after_the_base_is_seen_with_the_delta_alone)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	X509_CRL *base = judge_crl(p, "ca");
	kit_set(p, T2);
	judge_revoke(p, c, T2, DEVPKI_REASON_KEY_COMPROMISE);
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), DEVPKI_REASON_KEY_COMPROMISE);
	X509_CRL_up_ref(base);
	cr_expect_eq(judge_with(p, c, base, NULL), X509_V_OK);
	cr_expect_eq(judge_with(p, c, base, delta), X509_V_ERR_CERT_REVOKED);
	devpki_free(p);
}

Test(delta, release_since_the_base_is_remove_from_crl)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	judge_revoke(p, c, T1, DEVPKI_REASON_HOLD);
	X509_CRL *base = judge_crl(p, "ca");
	cr_expect_eq(judge_entry(base, c), DEVPKI_REASON_HOLD);
	kit_set(p, T2);
	X509_CRL *before = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(before, c), NOT_LISTED);
	X509_CRL_free(before);
	release(p, c, T2);
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), CRL_REASON_REMOVE_FROM_CRL);
	X509_CRL_up_ref(base);
	cr_expect_eq(judge_with(p, c, base, NULL), X509_V_ERR_CERT_REVOKED);
	cr_expect_eq(judge_with(p, c, base, delta), X509_V_OK);
	X509_CRL *full = judge_crl(p, "ca");
	cr_expect_eq(judge_entry(full, c), NOT_LISTED);
	cr_expect_eq(judge_with(p, c, full, NULL), X509_V_OK);
	devpki_free(p);
}

/* A delta CRL in between may have listed it (RFC 5280 5.2.4). */
Test(delta, hold_and_release_both_since_the_base_are_still_told)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	X509_CRL_free(judge_crl(p, "ca"));
	kit_set(p, T2);
	judge_revoke(p, c, T2, DEVPKI_REASON_HOLD);
	kit_set(p, T3);
	release(p, c, T3);
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), CRL_REASON_REMOVE_FROM_CRL);
	X509_CRL_free(delta);
	devpki_free(p);
}

Test(delta, revocation_dated_before_the_base_but_made_after_is_listed)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	X509_CRL_free(judge_crl(p, "ca"));
	kit_set(p, T2);
	judge_revoke(p, c, "2026-05-01T00:00:00Z", DEVPKI_REASON_SUPERSEDED);
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), DEVPKI_REASON_SUPERSEDED);
	X509_CRL_free(delta);
	devpki_free(p);
}

Test(delta, lists_nothing_that_the_base_lists)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	judge_revoke(p, c, T1, DEVPKI_REASON_SUPERSEDED);
	X509_CRL_free(judge_crl(p, "ca"));
	kit_set(p, T2);
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), NOT_LISTED);
	X509_CRL_free(delta);
	devpki_free(p);
}

Test(delta, has_its_own_number_and_a_critical_indicator_of_the_base)
{
	struct devpki *p = fresh_pki(NULL);
	X509_CRL *base = judge_crl(p, "ca"), *delta = judge_crl(p, "ca-delta");
	int critical = 0;
	ASN1_INTEGER_free(X509_CRL_get_ext_d2i(delta, NID_delta_crl, &critical, NULL));
	cr_expect_eq(critical, 1);
	cr_expect_eq(judge_number(delta, NID_delta_crl),
		     judge_number(base, NID_crl_number));
	cr_expect_gt(judge_number(delta, NID_crl_number),
		     judge_number(base, NID_crl_number));
	cr_expect_eq(judge_number(base, NID_delta_crl), -1);
	X509_CRL_free(delta);
	X509_CRL_free(base);
	devpki_free(p);
}

/* A base from the future, or a falsified one, is none. */
Test(delta, without_a_base_tells_everything)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf"), *d = kit_issue(p, "free");
	judge_revoke(p, c, T1, DEVPKI_REASON_SUPERSEDED);
	judge_revoke(p, d, T1, DEVPKI_REASON_HOLD);
	release(p, d, T2);
	kit_set(p, T3);
	kit_order(p, "/control/fault?target=crl&kind=bad-signature&count=1");
	X509_CRL_free(judge_crl(p, "ca"));
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), DEVPKI_REASON_SUPERSEDED);
	cr_expect_eq(judge_entry(delta, d), CRL_REASON_REMOVE_FROM_CRL);
	X509_CRL_free(delta);
	X509_CRL_free(judge_crl(p, "ca")); /* a base of T3 */
	kit_set(p, T2);
	delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), DEVPKI_REASON_SUPERSEDED);
	X509_CRL_free(delta);
	devpki_free(p);
}

Test(delta, chosen_base_decides_what_is_listed)
{
	struct devpki *p = fresh_pki(NULL);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	struct devpki_crl_how how = { .delta = true };
	X509_CRL *base = judge_crl(p, "ca");
	how.base_number = (uint64_t)judge_number(base, NID_crl_number);
	how.base_ms = kit_time(T1);
	judge_revoke(p, c, T2, DEVPKI_REASON_SUPERSEDED);
	kit_set(p, T3);
	X509_CRL_free(judge_crl(p, "ca")); /* newer, and lists it */
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_entry(delta, c), NOT_LISTED);
	X509_CRL_free(delta);
	delta = judge_crl_shaped(p, ca, &how);
	cr_expect_eq(judge_entry(delta, c), DEVPKI_REASON_SUPERSEDED);
	cr_expect_eq(judge_with(p, c, base, delta), X509_V_ERR_CERT_REVOKED);
	devpki_free(p);
}

Test(delta, address_stands_where_it_was_asked_for_and_never_in_deltas)
{
	for (int asked = 0; asked < 2; asked++) {
		struct devpki *p = asked ? fresh_pki(NULL) : kit_pki(NULL, T1);
		const struct devpki_cert *c = kit_issue(p, "leaf");
		X509_CRL *full = judge_crl(p, "ca"), *delta = judge_crl(p, "ca-delta");
		cr_expect_eq(X509_get_ext_by_NID(c->x509, NID_freshest_crl, -1) >= 0,
			     asked);
		cr_expect_eq(X509_CRL_get_ext_by_NID(full, NID_freshest_crl, -1) >= 0,
			     asked);
		cr_expect_lt(X509_CRL_get_ext_by_NID(delta, NID_freshest_crl, -1), 0);
		X509_CRL_free(delta);
		X509_CRL_free(full);
		devpki_free(p);
	}
}

Test(delta, of_one_certificate_alone_can_be_asked_for)
{
	struct devpki *p = kit_pki(NULL, T1);
	struct devpki_issue how = { .kind = DEVPKI_EE, .freshest = true };
	const struct devpki_cert *c = judge_issue(p, &how);
	CRL_DIST_POINTS *dps = X509_get_ext_d2i(c->x509, NID_freshest_crl, NULL, NULL);
	cr_assert_eq(sk_DIST_POINT_num(dps), 1);
	DIST_POINT *dp = sk_DIST_POINT_value(dps, 0);
	GENERAL_NAME *name = sk_GENERAL_NAME_value(dp->distpoint->name.fullname, 0);
	cr_expect_str_eq((const char *)ASN1_STRING_get0_data(name->d.ia5),
			 "http://127.0.0.1:8513/crl/ca-delta.crl");
	CRL_DIST_POINTS_free(dps);
	devpki_free(p);
}

Test(delta, base_and_status_are_known_after_a_reopening)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T3)) };
	struct devpki *p = fresh_pki(kit_dir(dir));
	const struct devpki_cert *c = kit_issue(p, "leaf"), *d = kit_issue(p, "held");
	judge_revoke(p, d, T1, DEVPKI_REASON_HOLD);
	X509_CRL *base = judge_crl(p, "ca");
	kit_set(p, T2);
	judge_revoke(p, c, T2, DEVPKI_REASON_KEY_COMPROMISE);
	release(p, d, T2);
	devpki_free(p);
	cr_assert_eq(devpki_open(dir, &o, &p, &err), 0, "%s %s", err.where, err.text);
	c = kit_named(p, "leaf");
	d = kit_named(p, "held");
	cr_expect(d->released);
	cr_expect_eq(d->released_ms, kit_time(T2));
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_eq(judge_number(delta, NID_delta_crl),
		     judge_number(base, NID_crl_number));
	cr_expect_eq(judge_entry(delta, c), DEVPKI_REASON_KEY_COMPROMISE);
	cr_expect_eq(judge_entry(delta, d), CRL_REASON_REMOVE_FROM_CRL);
	X509_CRL_free(base);
	X509_CRL *full = judge_crl(p, "ca");
	cr_expect_geq(X509_CRL_get_ext_by_NID(full, NID_freshest_crl, -1), 0);
	X509_CRL_free(full);
	X509_CRL_free(delta);
	devpki_free(p);
	kit_remove(dir);
}

Test(delta, base_is_known_after_a_reopening_without_any_change)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T3)) };
	struct devpki *p = fresh_pki(kit_dir(dir));
	X509_CRL_free(judge_crl(p, "root"));
	X509_CRL *base = judge_crl(p, "ca");
	devpki_free(p);
	cr_assert_eq(devpki_open(dir, &o, &p, &err), 0, "%s %s", err.where, err.text);
	X509_CRL *delta = judge_crl(p, "ca-delta");
	cr_expect_gt(judge_number(base, NID_crl_number), 0);
	cr_expect_eq(judge_number(delta, NID_delta_crl),
		     judge_number(base, NID_crl_number));
	X509_CRL_free(delta);
	X509_CRL_free(base);
	devpki_free(p);
	kit_remove(dir);
}

Test(hold, release_needs_a_suspension_that_has_begun)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	cr_expect_eq(devpki_release(p, 1, 0, &err), -1);
	cr_expect_eq(err.code, LTPS_NOT_FOUND);
	static const enum devpki_reason not_held[] = { DEVPKI_REASON_ABSENT,
						       DEVPKI_REASON_SUPERSEDED };
	for (size_t i = 0; i < 2; i++) {
		ltps_error_clear(&err);
		cr_expect_eq(devpki_release(p, c->serial, kit_time(T3), &err), -1);
		cr_expect_eq(err.code, LTPS_STATE);
		judge_revoke(p, c, T1, not_held[i]);
	}
	judge_revoke(p, c, T2, DEVPKI_REASON_HOLD);
	ltps_error_clear(&err);
	cr_expect_eq(devpki_release(p, c->serial, kit_time(T1), &err), -1);
	cr_expect_eq(err.code, LTPS_STATE);
	release(p, c, T2);
	ltps_error_clear(&err);
	cr_expect_eq(devpki_release(p, c->serial, kit_time(T3), &err), -1);
	cr_expect_eq(err.code, LTPS_STATE);
	devpki_free(p);
}

Test(hold, revocation_after_a_release_is_final)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	judge_revoke(p, c, T1, DEVPKI_REASON_HOLD);
	release(p, c, T2);
	judge_revoke(p, c, T3, DEVPKI_REASON_KEY_COMPROMISE);
	kit_set(p, T3);
	cr_expect_eq(judge_with(p, c, judge_crl(p, "ca"), NULL),
		     X509_V_ERR_CERT_REVOKED);
	devpki_free(p);
}
