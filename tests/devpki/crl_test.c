/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs beyond the full one: in parts, indirect, by another key; faults. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/support/devpki_judge.h"

#define T1 "2026-06-01T12:00:00Z"
#define T2 "2026-06-01T13:00:00Z"
#define T3 "2026-06-01T14:00:00Z"
#define NOT_LISTED (-1)
#define WITHOUT_REASON 100

static const struct devpki_cert *issue_at(struct devpki *p, const char *name,
					  const struct devpki_point *const *points,
					  size_t n)
{
	struct devpki_issue how = {
		.kind = DEVPKI_EE, .name = name, .points = points, .n_points = n
	};
	return judge_issue(p, &how);
}

/* ---- entry extensions ---- */

Test(entry, invalidity_date_is_earlier_than_the_revocation)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T3);
	const struct devpki_cert *c = kit_issue(p, "leaf"), *d = kit_issue(p, "plain");
	X509_REVOKED *r = NULL;
	cr_assert_eq(devpki_revoke_since(p, c->serial, kit_time(T2),
					 DEVPKI_REASON_KEY_COMPROMISE, kit_time(T1),
					 &err),
		     0);
	judge_revoke(p, d, T2, DEVPKI_REASON_KEY_COMPROMISE);
	X509_CRL *crl = judge_crl(p, "ca");
	cr_assert_eq(X509_CRL_get0_by_cert(crl, &r, c->x509), 1);
	ASN1_GENERALIZEDTIME *at =
	    X509_REVOKED_get_ext_d2i(r, NID_invalidity_date, NULL, NULL);
	cr_assert_not_null(at);
	cr_expect_eq(kit_asn1_ms(at), kit_time(T1));
	ASN1_GENERALIZEDTIME_free(at);
	cr_expect_eq(kit_asn1_ms(X509_REVOKED_get0_revocationDate(r)), kit_time(T2));
	cr_assert_eq(X509_CRL_get0_by_cert(crl, &r, d->x509), 1);
	cr_expect_lt(X509_REVOKED_get_ext_by_NID(r, NID_invalidity_date, -1), 0);
	X509_CRL_free(crl);
	devpki_free(p);
}

/* ---- indirect CRLs ---- */

struct indirect {
	struct devpki *p;
	const struct devpki_cert *crl_issuer, *second;
	const struct devpki_point *point;
	const struct devpki_cert *leaf[4]; /* two of each CA */
};

static struct indirect indirect_pki(const char *dir)
{
	struct indirect s = { .p = kit_pki(dir, T1) };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_issue ca = { .kind = DEVPKI_CA, .name = "second" };
	struct devpki_issue ee = { .kind = DEVPKI_EE, .n_points = 1 };
	const struct devpki_cert *root = devpki_active(s.p, DEVPKI_ROOT, 0);
	struct devpki_issue lists = { .kind = DEVPKI_CRL_ISSUER, .issuer = root };
	struct devpki_point point = { .name = "all" };
	cr_assert_eq(
	    devpki_rollover(s.p, DEVPKI_CRL_ISSUER, 0, &lists, &s.crl_issuer, &err), 0,
	    "%s", err.text);
	point.signer = s.crl_issuer;
	s.point = judge_point(s.p, &point);
	s.second = judge_issue(s.p, &ca);
	ee.points = &s.point;
	for (size_t i = 0; i < 4; i++) {
		ee.issuer = i % 2 == 0 ? NULL : s.second;
		s.leaf[i] = judge_issue(s.p, &ee);
	}
	return s;
}

Test(indirect, revoked_and_good_of_two_cas_are_told_apart)
{
	struct indirect s = indirect_pki(NULL);
	judge_revoke(s.p, s.leaf[0], T1, DEVPKI_REASON_SUPERSEDED);
	judge_revoke(s.p, s.leaf[3], T1, DEVPKI_REASON_ABSENT);
	static const int expected[] = { X509_V_ERR_CERT_REVOKED, X509_V_OK, X509_V_OK,
					X509_V_ERR_CERT_REVOKED };
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(judge_with(s.p, s.leaf[i], judge_crl(s.p, "all"), NULL),
			     expected[i], "leaf %zu", i);
	devpki_free(s.p);
}

/* RFC 5280 5.3.3: the certificate issuer holds for the entries behind. */
Test(indirect, certificate_issuer_stands_once_for_each_ca)
{
	struct indirect s = indirect_pki(NULL);
	int n = 0;
	for (size_t i = 0; i < 4; i++)
		judge_revoke(s.p, s.leaf[i], T1, DEVPKI_REASON_ABSENT);
	X509_CRL *crl = judge_crl(s.p, "all");
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	cr_assert_eq(sk_X509_REVOKED_num(all), 4);
	for (int i = 0; i < 4; i++) {
		X509_REVOKED *r = sk_X509_REVOKED_value(all, i);
		int at = X509_REVOKED_get_ext_by_NID(r, NID_certificate_issuer, -1);
		if (at < 0)
			continue;
		n++;
		cr_expect_eq(X509_EXTENSION_get_critical(X509_REVOKED_get_ext(r, at)),
			     1);
	}
	cr_expect_eq(n, 2);
	X509_CRL_free(crl);
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(judge_with(s.p, s.leaf[i], judge_crl(s.p, "all"), NULL),
			     X509_V_ERR_CERT_REVOKED, "leaf %zu", i);
	devpki_free(s.p);
}

Test(indirect, list_without_its_scope_is_not_accepted)
{
	struct indirect s = indirect_pki(NULL);
	struct devpki_crl_how how = { .point = s.point, .no_idp = true };
	cr_expect_neq(
	    judge_with(s.p, s.leaf[0], judge_crl_shaped(s.p, NULL, &how), NULL),
	    X509_V_OK);
	cr_expect_eq(judge_with(s.p, s.leaf[0], judge_crl(s.p, "all"), NULL),
		     X509_V_OK);
	devpki_free(s.p);
}

Test(indirect, certificate_names_the_crl_issuer)
{
	struct indirect s = indirect_pki(NULL);
	CRL_DIST_POINTS *dps =
	    X509_get_ext_d2i(s.leaf[0]->x509, NID_crl_distribution_points, NULL, NULL);
	cr_assert_eq(sk_DIST_POINT_num(dps), 1);
	GENERAL_NAMES *names = sk_DIST_POINT_value(dps, 0)->CRLissuer;
	cr_assert_eq(sk_GENERAL_NAME_num(names), 1);
	GENERAL_NAME *name = sk_GENERAL_NAME_value(names, 0);
	cr_assert_eq(name->type, GEN_DIRNAME);
	cr_expect_eq(X509_NAME_cmp(name->d.directoryName,
				   X509_get_subject_name(s.crl_issuer->x509)),
		     0);
	CRL_DIST_POINTS_free(dps);
	devpki_free(s.p);
}

Test(indirect, delta_names_the_certificate_issuer_too)
{
	struct indirect s = indirect_pki(NULL);
	X509_CRL *base = judge_crl(s.p, "all");
	kit_set(s.p, T2);
	judge_revoke(s.p, s.leaf[1], T2, DEVPKI_REASON_SUPERSEDED);
	X509_CRL *delta = judge_crl(s.p, "all-delta");
	X509_REVOKED *r = sk_X509_REVOKED_value(X509_CRL_get_REVOKED(delta), 0);
	cr_assert_not_null(r);
	cr_expect_geq(X509_REVOKED_get_ext_by_NID(r, NID_certificate_issuer, -1), 0);
	cr_expect_geq(
	    X509_CRL_get_ext_by_NID(delta, NID_issuing_distribution_point, -1), 0);
	X509_CRL_free(delta);
	X509_CRL_free(base);
	devpki_free(s.p);
}

/* ---- parts ---- */

struct parts {
	struct devpki *p;
	const struct devpki_point *point[2];
	const struct devpki_cert *leaf;
};

static struct parts parts_by_reason(void)
{
	struct parts s = { .p = kit_pki(NULL, T1) };
	struct devpki_point one = { .name = "grave",
				    .ca = devpki_active(s.p, DEVPKI_CA, 0),
				    .reasons = 1u << 1 | 1u << 2 };
	struct devpki_point two = { .name = "rest", .ca = one.ca };
	two.reasons = 0x1fe & ~one.reasons;
	s.point[0] = judge_point(s.p, &one);
	s.point[1] = judge_point(s.p, &two);
	s.leaf = issue_at(s.p, "leaf", s.point, 2);
	return s;
}

Test(parts, one_of_two_by_reason_leaves_the_status_open)
{
	struct parts s = parts_by_reason();
	cr_expect_eq(judge_with(s.p, s.leaf, judge_crl(s.p, "grave"), NULL),
		     X509_V_ERR_UNABLE_TO_GET_CRL);
	cr_expect_eq(
	    judge_with(s.p, s.leaf, judge_crl(s.p, "grave"), judge_crl(s.p, "rest")),
	    X509_V_OK);
	devpki_free(s.p);
}

Test(parts, revocation_stands_in_the_part_of_its_reason_alone)
{
	static const struct {
		enum devpki_reason reason;
		bool grave, rest;
	} cases[] = {
		{ DEVPKI_REASON_KEY_COMPROMISE, true, false },
		{ DEVPKI_REASON_SUPERSEDED, false, true },
		{ DEVPKI_REASON_AA_COMPROMISE, false, true },
		{ DEVPKI_REASON_PRIVILEGE_WITHDRAWN, false, true },
		{ DEVPKI_REASON_ABSENT, true, true },
	};
	struct parts s = parts_by_reason();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge_revoke(s.p, s.leaf, T1, cases[i].reason);
		X509_CRL *grave = judge_crl(s.p, "grave"),
			 *rest = judge_crl(s.p, "rest");
		cr_expect_eq(judge_entry(grave, s.leaf) != NOT_LISTED, cases[i].grave,
			     "case %zu", i);
		cr_expect_eq(judge_entry(rest, s.leaf) != NOT_LISTED, cases[i].rest,
			     "case %zu", i);
		cr_expect_eq(judge_with(s.p, s.leaf, grave, rest),
			     X509_V_ERR_CERT_REVOKED, "case %zu", i);
	}
	devpki_free(s.p);
}

Test(parts, list_of_cas_alone_says_nothing_of_an_end_entity)
{
	struct devpki *p = kit_pki(NULL, T1);
	struct devpki_point users = { .name = "users",
				      .ca = devpki_active(p, DEVPKI_CA, 0),
				      .scope = DEVPKI_SCOPE_USERS };
	struct devpki_point cas = { .name = "cas",
				    .ca = users.ca,
				    .scope = DEVPKI_SCOPE_CAS };
	const struct devpki_point *points[] = { judge_point(p, &users),
						judge_point(p, &cas) };
	const struct devpki_cert *leaf = issue_at(p, "leaf", points, 2);
	struct devpki_issue below = { .kind = DEVPKI_CA, .issuer = users.ca };
	const struct devpki_cert *sub = judge_issue(p, &below);
	judge_revoke(p, leaf, T1, DEVPKI_REASON_ABSENT);
	judge_revoke(p, sub, T1, DEVPKI_REASON_ABSENT);
	cr_expect_neq(judge_with(p, leaf, judge_crl(p, "cas"), NULL),
		      X509_V_ERR_CERT_REVOKED);
	cr_expect_eq(judge_with(p, leaf, judge_crl(p, "users"), NULL),
		     X509_V_ERR_CERT_REVOKED);
	X509_CRL *crl = judge_crl(p, "cas");
	cr_expect_eq(judge_entry(crl, leaf), NOT_LISTED);
	cr_expect_eq(judge_entry(crl, sub), WITHOUT_REASON);
	X509_CRL_free(crl);
	crl = judge_crl(p, "users");
	cr_expect_eq(judge_entry(crl, leaf), WITHOUT_REASON);
	cr_expect_eq(judge_entry(crl, sub), NOT_LISTED);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(parts, list_of_attribute_certificates_is_empty)
{
	struct devpki *p = kit_pki(NULL, T1);
	struct devpki_point how = { .name = "attributes",
				    .ca = devpki_active(p, DEVPKI_CA, 0),
				    .scope = DEVPKI_SCOPE_ATTRIBUTES };
	judge_point(p, &how);
	judge_revoke(p, kit_issue(p, "leaf"), T1, DEVPKI_REASON_ABSENT);
	X509_CRL *crl = judge_crl(p, "attributes");
	cr_expect_leq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 0);
	ISSUING_DIST_POINT *idp =
	    X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
	cr_assert_not_null(idp);
	cr_expect_gt(idp->onlyattr, 0);
	ISSUING_DIST_POINT_free(idp);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(parts, named_point_covers_only_those_that_name_it)
{
	struct devpki *p = kit_pki(NULL, T1);
	struct devpki_point how = { .name = "shard",
				    .ca = devpki_active(p, DEVPKI_CA, 0),
				    .named_only = true };
	const struct devpki_point *shard = judge_point(p, &how);
	const struct devpki_cert *in = issue_at(p, "in", &shard, 1),
				 *out = kit_issue(p, "out");
	judge_revoke(p, in, T1, DEVPKI_REASON_ABSENT);
	judge_revoke(p, out, T1, DEVPKI_REASON_ABSENT);
	X509_CRL *crl = judge_crl(p, "shard");
	cr_expect_eq(judge_entry(crl, in), WITHOUT_REASON);
	cr_expect_eq(judge_entry(crl, out), NOT_LISTED);
	X509_CRL_free(crl);
	cr_expect_eq(judge_with(p, out, judge_crl(p, "shard"), NULL),
		     X509_V_ERR_DIFFERENT_CRL_SCOPE);
	cr_expect_eq(judge_with(p, in, judge_crl(p, "shard"), NULL),
		     X509_V_ERR_CERT_REVOKED);
	devpki_free(p);
}

/* ---- another key of the same CA ---- */

Test(rolled, list_by_the_new_key_of_the_same_name_speaks_of_old_certificates)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	const struct devpki_cert *old = kit_issue(p, "old");
	struct devpki_issue again = { .kind = DEVPKI_CA,
				      .name = "ca-new-key",
				      .subject = X509_get_subject_name(ca->x509) };
	const struct devpki_cert *new_key = judge_issue(p, &again);
	struct devpki_point how = { .name = "new", .ca = ca, .signer = new_key };
	judge_point(p, &how);
	judge_revoke(p, old, T1, DEVPKI_REASON_SUPERSEDED);
	X509_CRL *crl = judge_crl(p, "new");
	cr_expect_eq(X509_CRL_verify(crl, X509_get0_pubkey(ca->x509)), 0);
	ERR_clear_error();
	cr_expect_eq(X509_CRL_verify(crl, X509_get0_pubkey(new_key->x509)), 1);
	cr_expect_lt(X509_CRL_get_ext_by_NID(crl, NID_issuing_distribution_point, -1),
		     0);
	cr_expect_eq(judge_with(p, old, crl, NULL), X509_V_ERR_CERT_REVOKED);
	devpki_free(p);
}

/* The full list of a name speaks of both its keys' certificates. */
Test(rolled, full_list_of_either_key_lists_all_of_the_name)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	struct devpki_issue again = { .kind = DEVPKI_CA,
				      .name = "ca-new-key",
				      .subject = X509_get_subject_name(ca->x509) };
	struct devpki_issue ee = { .kind = DEVPKI_EE };
	ee.issuer = judge_issue(p, &again);
	const struct devpki_cert *a = kit_issue(p, "a"), *b = judge_issue(p, &ee);
	judge_revoke(p, a, T1, DEVPKI_REASON_ABSENT);
	judge_revoke(p, b, T1, DEVPKI_REASON_ABSENT);
	static const char *const names[] = { "ca", "ca-new-key" };
	for (size_t i = 0; i < 2; i++) {
		X509_CRL *crl = judge_crl(p, names[i]);
		cr_expect_eq(judge_entry(crl, a), WITHOUT_REASON, "%s", names[i]);
		cr_expect_eq(judge_entry(crl, b), WITHOUT_REASON, "%s", names[i]);
		X509_CRL_free(crl);
	}
	devpki_free(p);
}

/* ---- points themselves ---- */

Test(point, mistakes_are_refused)
{
	struct devpki *p = kit_pki(NULL, T1), *q = kit_pki(NULL, T1);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	struct devpki_point good = { .name = "good", .ca = ca };
	const struct devpki_point cases[] = {
		{ .name = "", .ca = ca },
		{ .name = "Upper", .ca = ca },
		{ .name = "ca", .ca = ca },
		{ .name = "good", .ca = ca },
		{ .name = "nobody" },
		{ .name = "tsa", .ca = devpki_active(p, DEVPKI_TSA, 0) },
		{ .name = "tsa", .ca = ca, .signer = devpki_active(p, DEVPKI_TSA, 0) },
		{ .name = "other", .ca = devpki_active(q, DEVPKI_CA, 0) },
		{ .name = "scope", .ca = ca, .scope = DEVPKI_SCOPE_COUNT },
		{ .name = "unused", .ca = ca, .reasons = 1 },
		{ .name = "beyond", .ca = ca, .reasons = 1u << 9 },
	};
	judge_point(p, &good);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const struct devpki_point *made = NULL;
		cr_expect_eq(devpki_point_add(p, &cases[i], &made, &err), -1, "%zu", i);
		cr_expect_eq(err.code, LTPS_ARGUMENT, "%zu", i);
		cr_expect_null(made);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_issue taken = { .kind = DEVPKI_EE, .name = "good" };
	const struct devpki_cert *c = NULL;
	cr_expect_eq(devpki_issue(p, &taken, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	devpki_free(q);
	devpki_free(p);
}

Test(point, more_than_fit_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T1);
	struct devpki_point how = { .ca = devpki_active(p, DEVPKI_CA, 0) };
	const struct devpki_point *made = NULL;
	for (int i = 0; i < DEVPKI_POINTS_MAX; i++) {
		snprintf(how.name, sizeof(how.name), "p%d", i);
		judge_point(p, &how);
	}
	snprintf(how.name, sizeof(how.name), "more");
	cr_expect_eq(devpki_point_add(p, &how, &made, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	devpki_free(p);
}

Test(point, foreign_or_too_many_points_of_a_certificate_are_refused)
{
	struct devpki *p = kit_pki(NULL, T1), *q = kit_pki(NULL, T1);
	struct devpki_point how = { .name = "x" };
	how.ca = devpki_active(q, DEVPKI_CA, 0);
	const struct devpki_point *foreign = judge_point(q, &how);
	how.ca = devpki_active(p, DEVPKI_CA, 0);
	const struct devpki_point *mine = judge_point(p, &how);
	const struct devpki_point *many[] = { mine, mine, mine, mine, mine };
	const struct devpki_cert *c = NULL;
	struct devpki_issue issue = { .kind = DEVPKI_EE, .n_points = 1 };
	struct ltps_error err = LTPS_ERROR_INIT;
	issue.points = &foreign;
	cr_expect_eq(devpki_issue(p, &issue, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	issue.points = many;
	issue.n_points = 5;
	cr_expect_eq(devpki_issue(p, &issue, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	devpki_free(q);
	devpki_free(p);
}

Test(point, is_known_after_a_reopening)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T2)) };
	struct indirect s = indirect_pki(kit_dir(dir));
	struct devpki_point part = { .name = "part",
				     .ca = s.second,
				     .reasons = 1u << 4,
				     .scope = DEVPKI_SCOPE_USERS,
				     .named_only = true,
				     .freshest = true };
	judge_point(s.p, &part);
	judge_revoke(s.p, s.leaf[1], T1, DEVPKI_REASON_SUPERSEDED);
	X509_CRL *before = judge_crl(s.p, "all");
	/* The next change makes the base durable. */
	judge_revoke(s.p, s.leaf[2], T1, DEVPKI_REASON_SUPERSEDED);
	uint64_t serial = s.leaf[1]->serial;
	devpki_free(s.p);
	struct devpki *p = NULL;
	cr_assert_eq(devpki_open(dir, &o, &p, &err), 0, "%s %s", err.where, err.text);
	const struct devpki_point *point = devpki_point_find(p, view_text("part"));
	cr_assert_not_null(point);
	cr_expect_str_eq(point->ca->name, "second");
	cr_expect_eq(point->reasons, 1u << 4);
	cr_expect_eq(point->scope, DEVPKI_SCOPE_USERS);
	cr_expect(point->named_only && point->freshest);
	const struct devpki_cert *c = devpki_find(p, serial);
	cr_assert_eq(c->n_points, 1);
	cr_expect_eq(c->point[0], devpki_point_find(p, view_text("all")));
	cr_expect_eq(judge_with(p, c, judge_crl(p, "all"), NULL),
		     X509_V_ERR_CERT_REVOKED);
	X509_CRL_free(before);
	devpki_free(p);
	kit_remove(dir);
}

Test(point, addresses_that_nobody_has_are_404)
{
	static const char *const paths[] = {
		"/crl/nobody.crl",     "/crl/-delta.crl", "/crl/tsa0.crl",
		"/crl/tsa0-delta.crl", "/crl/ca-delta",   "/crl/ca-delta-delta.crl"
	};
	struct devpki *p = kit_pki(NULL, T1);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct devpki_answer a = kit_ask(p, "GET", paths[i], NULL, VIEW_NULL);
		cr_expect_eq(a.status, 404, "%s", paths[i]);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}

/* ---- faults and algorithms ---- */

Test(shaped_crl, each_fault_shows)
{
	static const struct {
		enum devpki_fault fault;
		int error;
	} cases[] = {
		{ DEVPKI_FAULT_BAD_SIGNATURE, X509_V_ERR_CRL_SIGNATURE_FAILURE },
		{ DEVPKI_FAULT_STALE, X509_V_ERR_CRL_HAS_EXPIRED },
		{ DEVPKI_FAULT_FUTURE, X509_V_ERR_CRL_NOT_YET_VALID },
		{ DEVPKI_FAULT_CRITICAL_EXTENSION,
		  X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION },
		{ DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION,
		  X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION },
		{ DEVPKI_FAULT_NONE, X509_V_OK },
	};
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	judge_revoke(p, kit_issue(p, "other"), T1, DEVPKI_REASON_ABSENT);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct devpki_crl_how how = { .fault = cases[i].fault };
		cr_expect_eq(judge_with(p, c, judge_crl_shaped(p, ca, &how), NULL),
			     cases[i].error, "%s", devpki_fault_name(cases[i].fault));
	}
	struct devpki_crl_how how = { .fault = DEVPKI_FAULT_NO_NEXT_UPDATE };
	X509_CRL *crl = judge_crl_shaped(p, ca, &how);
	cr_expect_null(X509_CRL_get0_nextUpdate(crl));
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(shaped_crl, times_numbers_and_extensions_are_as_ordered)
{
	static const uint8_t null[] = { 5, 0 };
	struct devpki_extension mine[] = {
		{ "2.5.29.20", false, view_of("\x02\x02\x12\x34", 4) },
		{ "2.5.29.35", false, VIEW_NULL },
		{ DEVPKI_OID_UNKNOWN, false, view_of(null, 2) },
	};
	struct devpki *p = kit_pki(NULL, T3);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct devpki_crl_how how = { .this_ms = kit_time(T1),
				      .next_ms = kit_time(T2),
				      .extensions = mine,
				      .n_extensions = 3 };
	judge_revoke(p, c, T2, DEVPKI_REASON_ABSENT);
	X509_CRL *crl = judge_crl_shaped(p, ca, &how);
	cr_expect_eq(judge_entry(crl, c), NOT_LISTED); /* not yet, at T1 */
	cr_expect_eq(kit_asn1_ms(X509_CRL_get0_lastUpdate(crl)), kit_time(T1));
	cr_expect_eq(kit_asn1_ms(X509_CRL_get0_nextUpdate(crl)), kit_time(T2));
	cr_expect_eq(judge_number(crl, NID_crl_number), 0x1234);
	cr_expect_lt(X509_CRL_get_ext_by_NID(crl, NID_authority_key_identifier, -1), 0);
	cr_expect_eq(X509_CRL_get_ext_count(crl), 2);
	X509_CRL_free(crl);
	struct devpki_crl_how bare = { .no_aki = true, .no_number = true };
	crl = judge_crl_shaped(p, ca, &bare);
	cr_expect_eq(X509_CRL_get_ext_count(crl), 0);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(shaped_crl, old_hash_and_pss_signatures_verify)
{
	struct devpki_options o = { .clock = clock_fixed(kit_time(T1)) };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = NULL;
	o.key[DEVPKI_CA] = DEVPKI_KEY_RSA2048;
	cr_assert_eq(devpki_create(NULL, &o, &p, &err), 0);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	static const struct {
		struct devpki_signing signing;
		int nid;
	} cases[] = {
		{ { .hash = DIGEST_SHA1 }, NID_sha1WithRSAEncryption },
		{ { .pss = true }, NID_rsassaPss },
		{ { .hash = DIGEST_SHA512 }, NID_sha512WithRSAEncryption },
	};
	for (size_t i = 0; i < 3; i++) {
		struct devpki_crl_how how = { .signing = cases[i].signing };
		X509_CRL *crl = judge_crl_shaped(p, ca, &how);
		cr_expect_eq(X509_CRL_get_signature_nid(crl), cases[i].nid);
		cr_expect_eq(X509_CRL_verify(crl, X509_get0_pubkey(ca->x509)), 1);
		X509_CRL_free(crl);
	}
	devpki_free(p);
}

Test(shaped_crl, of_no_ca_is_refused)
{
	struct devpki *p = kit_pki(NULL, T1);
	struct devpki_crl_how how = { 0 };
	struct buf out = buf_make(DEVPKI_ANSWER_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_expect_eq(devpki_crl_shaped(p, NULL, &how, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	cr_expect_eq(
	    devpki_crl_shaped(p, devpki_active(p, DEVPKI_TSA, 0), &how, &out, &err),
	    -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	buf_free(&out);
	devpki_free(p);
}
