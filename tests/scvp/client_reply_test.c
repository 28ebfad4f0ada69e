/* SPDX-License-Identifier: Apache-2.0 */
/* One reply: its certificate, status, checks, time and wantBacks. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/scvp_peer.h"

#define MINUTE_MS ((int64_t)60000)

static struct scvp_peer *peer;
static void begin(void)
{
	peer = peer_new();
	peer_ask(peer);
}
static void end(void)
{
	peer_free(peer);
}
TestSuite(scvp_client_reply, .init = begin, .fini = end);

/* What is wrong in one reply leaves the other one standing. */
static void expect_in_second(struct peer_answer *a, enum scvp_code code,
			     const char *what)
{
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, code, what);
	cr_assert(j->trusted, "%s", what);
	cr_assert_eq(scvp_verdict(j, 0), PATH_VALID, "%s", what);
	cr_assert_eq(scvp_verdict(j, 1), PATH_UNDETERMINED, "%s", what);
	cr_assert_str_eq(scvp_why(j, 1), scvp_code_name(code));
	scvp_judgement_free(j);
}

/* ---- defects of a reply ---- */

static void other_cert(struct peer_answer *a)
{
	a->replies[1].cert.cert = peer->server->der;
	/* Its path and key too: nothing but the certificate is wrong. */
	static struct buf path;
	const struct view certs[] = { peer->server->der, peer->ca->der };
	path = peer_bundle(certs, 2);
	peer_want(a, 1, SCVP_WANT_BEST_PATH, view_buf(&path));
	peer_want(a, 1, SCVP_WANT_PUBLIC_KEY, peer->server_cert->spki);
}
static void unknown_status(struct peer_answer *a)
{
	a->replies[1].status = 9;
	a->replies[1].n_want_backs = 0;
}
static void check_missing(struct peer_answer *a)
{
	a->replies[1].n_checks--;
}
static void check_twice(struct peer_answer *a)
{
	a->checks[1][a->replies[1].n_checks] = a->checks[1][0];
	a->replies[1].n_checks++;
}
static void check_unasked(struct peer_answer *a)
{
	a->checks[1][a->replies[1].n_checks++].oid = scvp_check_oid(SCVP_CHECK_BUILD);
}
static void checks_of_malformed(struct peer_answer *a)
{
	a->replies[1].status = SCVP_REPLY_MALFORMED_PKC;
	a->replies[1].n_want_backs = 0;
}
static void success_with_failed_check(struct peer_answer *a)
{
	a->checks[1][1].status = 1;
}
static void failure_without_failed_check(struct peer_answer *a)
{
	a->replies[1].status = SCVP_REPLY_PATH_NOT_VALID;
	a->replies[1].n_want_backs = 0;
}
static void check_number_unknown(struct peer_answer *a)
{
	a->replies[1].status = SCVP_REPLY_PATH_NOT_VALID;
	a->replies[1].n_want_backs = 0;
	a->checks[1][0].status = 2; /* of build-valid-pkc-path */
}
static void errors_with_success(struct peer_answer *a)
{
	static struct view e[1];
	e[0] = peer_oid(OID_SVP_BASIC_ALG ".1");
	a->replies[1].errors = (struct scvp_list){ e, 1 };
}
static void time_future(struct peer_answer *a)
{
	a->replies[1].validation_time_ms = PEER_NOW_MS + 15 * MINUTE_MS;
}
static void time_past(struct peer_answer *a)
{
	a->replies[1].validation_time_ms = PEER_NOW_MS - 15 * MINUTE_MS;
}
static void outdated(struct peer_answer *a)
{
	a->replies[1].has_next_update = true;
	a->replies[1].next_update_ms = PEER_NOW_MS - 15 * MINUTE_MS;
}
static void critical_extension(struct peer_answer *a)
{
	static struct scvp_extension e;
	e = (struct scvp_extension){ .oid = peer_oid("1.2.3.4"),
				     .critical = true,
				     .value = view_text("x") };
	a->replies[1].extensions = (struct scvp_extensions){ true, &e, 1 };
}
static void want_missing(struct peer_answer *a)
{
	a->replies[1].n_want_backs--;
}
static void want_twice(struct peer_answer *a)
{
	a->wants[1][a->replies[1].n_want_backs] = a->wants[1][0];
	a->replies[1].n_want_backs++;
}
static void want_unasked(struct peer_answer *a)
{
	struct scvp_want_back *w = &a->wants[1][a->replies[1].n_want_backs++];
	w->oid = scvp_want_oid(SCVP_WANT_RELAYED);
	w->value = view_text("\x30");
	w->value = view_of("\x30\x00", 2);
}
static void wants_with_failure(struct peer_answer *a)
{
	a->replies[1].status = SCVP_REPLY_PATH_NOT_VALID;
	a->checks[1][1].status = 1;
}
static void want_empty(struct peer_answer *a)
{
	peer_want(a, 1, SCVP_WANT_BEST_PATH, VIEW_NULL);
}
static void path_garbage(struct peer_answer *a)
{
	peer_want(a, 1, SCVP_WANT_BEST_PATH, view_text("garbage"));
}
static void path_not_certificates(struct peer_answer *a)
{
	peer_want(a, 1, SCVP_WANT_BEST_PATH, view_of("\x30\x04\x30\x02\x05\x00", 6));
}

static struct buf made; /* until the test's process ends */

static void set_path(struct peer_answer *a, const struct view *certs, size_t n)
{
	made = peer_bundle(certs, n);
	peer_want(a, 1, SCVP_WANT_BEST_PATH, view_buf(&made));
}
static void path_of_another(struct peer_answer *a)
{
	const struct view certs[] = { peer->ee->der, peer->ca->der };
	set_path(a, certs, 2);
}
static void path_disordered(struct peer_answer *a)
{
	const struct view certs[] = { peer->second->der, peer->server->der,
				      peer->ca->der };
	set_path(a, certs, 3);
}
static void path_to_the_wrong_anchor(struct peer_answer *a)
{
	const struct view certs[] = { peer->second->der };
	set_path(a, certs, 1);
}
static struct fix_cert *forged_ca(void)
{
	const struct fix_cert_options o = { .cn = "ca",
					    .issuer = peer->root,
					    .ca = true };
	return fix_cert_make(&o);
}
static void path_signed_by_another_key(struct peer_answer *a)
{
	struct fix_cert *c = forged_ca();
	const struct view certs[] = { peer->second->der, c->der };
	set_path(a, certs, 2);
	fix_cert_free(c);
}
static void key_of_another(struct peer_answer *a)
{
	peer_want(a, 1, SCVP_WANT_PUBLIC_KEY, peer->ee_cert->spki);
}
static void set_infos(struct peer_answer *a, const struct scvp_rev_info *infos,
		      size_t n)
{
	made = peer_infos(infos, n);
	peer_want(a, 1, SCVP_WANT_REVOCATION, view_buf(&made));
}
static void revocation_garbage(struct peer_answer *a)
{
	peer_want(a, 1, SCVP_WANT_REVOCATION, view_text("garbage"));
}
static void crl_as_delta(struct peer_answer *a)
{
	const struct scvp_rev_info infos[] = {
		{ SCVP_REV_CRL, view_buf(&peer->crl_ca) },
		{ SCVP_REV_CRL, view_buf(&peer->crl_root) },
		{ SCVP_REV_DELTA_CRL, view_buf(&peer->crl_root) },
	};
	set_infos(a, infos, 3);
}
static void crl_as_ocsp(struct peer_answer *a)
{
	const struct scvp_rev_info infos[] = {
		{ SCVP_REV_CRL, view_buf(&peer->crl_ca) },
		{ SCVP_REV_CRL, view_buf(&peer->crl_root) },
		{ SCVP_REV_OCSP, view_buf(&peer->crl_root) },
	};
	set_infos(a, infos, 3);
}
static void delta_as_crl(struct peer_answer *a)
{
	struct buf delta = buf_make(PEER_VALUE_MAX);
	const struct fix_crl_options o = { .issuer = peer->ca,
					   .this_ms = PEER_NOW_MS - 1000,
					   .delta = true };
	fix_crl_make(&o, &delta);
	const struct scvp_rev_info infos[] = {
		{ SCVP_REV_CRL, view_buf(&peer->crl_ca) },
		{ SCVP_REV_CRL, view_buf(&peer->crl_root) },
		{ SCVP_REV_CRL, view_buf(&delta) },
	};
	set_infos(a, infos, 3);
	buf_free(&delta);
}
static void crl_of_the_ca_missing(struct peer_answer *a)
{
	const struct scvp_rev_info infos[] = {
		{ SCVP_REV_CRL, view_buf(&peer->crl_root) },
	};
	set_infos(a, infos, 1);
}

Test(scvp_client_reply, each_defect_is_found_by_its_own_check)
{
	static const struct {
		const char *name;
		void (*spoil)(struct peer_answer *a);
		enum scvp_code code;
	} defects[] = {
		{ "other-cert", other_cert, SCVP_CODE_REPLY_CERT },
		{ "unknown-status", unknown_status, SCVP_CODE_REPLY_STATUS },
		{ "check-missing", check_missing, SCVP_CODE_REPLY_CHECKS },
		{ "check-twice", check_twice, SCVP_CODE_REPLY_CHECKS },
		{ "check-unasked", check_unasked, SCVP_CODE_REPLY_CHECKS },
		{ "checks-of-malformed", checks_of_malformed, SCVP_CODE_REPLY_CHECKS },
		{ "success-with-failed-check", success_with_failed_check,
		  SCVP_CODE_REPLY_CONTRADICTS },
		{ "failure-without-failed-check", failure_without_failed_check,
		  SCVP_CODE_REPLY_CONTRADICTS },
		{ "check-number-unknown", check_number_unknown,
		  SCVP_CODE_REPLY_CONTRADICTS },
		{ "errors-with-success", errors_with_success, SCVP_CODE_REPLY_ERRORS },
		{ "time-future", time_future, SCVP_CODE_REPLY_TIME },
		{ "time-past", time_past, SCVP_CODE_REPLY_TIME },
		{ "outdated", outdated, SCVP_CODE_REPLY_OUTDATED },
		{ "critical-extension", critical_extension, SCVP_CODE_EXTENSION },
		{ "want-missing", want_missing, SCVP_CODE_WANTS },
		{ "want-twice", want_twice, SCVP_CODE_WANTS },
		{ "want-unasked", want_unasked, SCVP_CODE_WANTS },
		{ "wants-with-failure", wants_with_failure, SCVP_CODE_WANTS },
		{ "want-empty", want_empty, SCVP_CODE_WANT_EMPTY },
		{ "path-garbage", path_garbage, SCVP_CODE_WANT_FORMAT },
		{ "path-not-certificates", path_not_certificates,
		  SCVP_CODE_WANT_FORMAT },
		{ "path-of-another", path_of_another, SCVP_CODE_PATH_START },
		{ "path-disordered", path_disordered, SCVP_CODE_PATH_ORDER },
		{ "path-to-wrong-anchor", path_to_the_wrong_anchor,
		  SCVP_CODE_PATH_ANCHOR },
		{ "path-signed-by-another-key", path_signed_by_another_key,
		  SCVP_CODE_PATH_SIGNATURE },
		{ "key-of-another", key_of_another, SCVP_CODE_PUBLIC_KEY },
		{ "revocation-garbage", revocation_garbage, SCVP_CODE_WANT_FORMAT },
		{ "crl-as-delta", crl_as_delta, SCVP_CODE_REVOCATION_KIND },
		{ "crl-as-ocsp", crl_as_ocsp, SCVP_CODE_REVOCATION_KIND },
		{ "delta-as-crl", delta_as_crl, SCVP_CODE_REVOCATION_KIND },
		{ "crl-of-ca-missing", crl_of_the_ca_missing,
		  SCVP_CODE_REVOCATION_MISSING },
	};
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		struct peer_answer *a = peer_answer(peer);
		defects[i].spoil(a);
		expect_in_second(a, defects[i].code, defects[i].name);
		buf_free(&made);
	}
}

Test(scvp_client_reply, replies_in_another_order)
{
	struct peer_answer *a = peer_answer(peer);
	const struct scvp_reply first = a->replies[0];
	a->replies[0] = a->replies[1];
	a->replies[1] = first;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_REPLY_CERT, "swapped");
	cr_assert_eq(scvp_verdict(j, 0), PATH_UNDETERMINED);
	cr_assert_eq(scvp_verdict(j, 1), PATH_UNDETERMINED);
	scvp_judgement_free(j);
}

/* ---- what a status means ---- */

static void expect_status(uint64_t status, uint64_t check, const char *error,
			  enum path_status wanted)
{
	struct peer_answer *a = peer_answer(peer);
	struct scvp_reply *r = &a->replies[1];
	struct view e[1];
	r->status = status;
	r->n_want_backs = 0;
	a->checks[1][1].status = check;
	if (status >= 1 && status <= 4)
		r->n_checks = 0;
	if (error != NULL) {
		e[0] = peer_oid(error);
		r->errors = (struct scvp_list){ e, 1 };
	}
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, scvp_reply_status_name(status));
	cr_assert_eq(scvp_verdict(j, 1), wanted, "status %d, check %d: %s", (int)status,
		     (int)check, path_status_name(scvp_verdict(j, 1)));
	cr_assert_eq(scvp_worst(j), wanted);
	scvp_judgement_free(j);
}

Test(scvp_client_reply, every_status_has_its_verdict)
{
	expect_status(SCVP_REPLY_MALFORMED_PKC, 0, NULL, PATH_INVALID);
	expect_status(SCVP_REPLY_UNAVAILABLE_TIME, 0, NULL, PATH_UNDETERMINED);
	expect_status(SCVP_REPLY_REFERENCE_HASH_FAIL, 0, NULL, PATH_UNDETERMINED);
	expect_status(SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, NULL, PATH_UNDETERMINED);
	expect_status(SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, OID_SVP_BASIC_ALG ".1",
		      PATH_INVALID);
	expect_status(SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, OID_SVP_BASIC_ALG ".3",
		      PATH_UNDETERMINED);
	expect_status(SCVP_REPLY_PATH_NOT_VALID, 1, OID_SVP_BASIC_ALG ".5",
		      PATH_INVALID);
	expect_status(SCVP_REPLY_PATH_NOT_VALID, 1, NULL, PATH_INVALID);
	expect_status(SCVP_REPLY_PATH_NOT_VALID, 4, NULL, PATH_UNDETERMINED);
	expect_status(SCVP_REPLY_PATH_NOT_VALID_NOW, 3, NULL, PATH_UNDETERMINED);
	expect_status(SCVP_REPLY_PATH_NOT_VALID_NOW, 1, NULL, PATH_INVALID);
	expect_status(SCVP_REPLY_WANT_BACK_UNSATISFIED, 0, NULL, PATH_VALID);
}

/* ---- time ---- */

Test(scvp_client_reply, past_time_comes_back_as_asked)
{
	peer->ask.has_time = true;
	peer->ask.time_ms = PEER_NOW_MS - FIX_YEAR_MS;
	peer_ask(peer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "past");
	scvp_judgement_free(j);
	struct peer_answer *a = peer_answer(peer);
	a->replies[1].validation_time_ms += 1000;
	expect_in_second(a, SCVP_CODE_REPLY_TIME, "a second later");
	a = peer_answer(peer);
	a->replies[1].validation_time_ms = PEER_NOW_MS;
	expect_in_second(a, SCVP_CODE_REPLY_TIME, "now instead");
}

/* ---- references ---- */

static struct scvp_cert_ref reference_to(const struct cert *c, struct digest *d,
					 struct buf *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(digest_once(DIGEST_SHA1, c->der, d, &err), 0);
	*name = buf_make(1024);
	cr_assert_eq(der_put(name, 0xa4, c->issuer, &err), 0);
	return (struct scvp_cert_ref){ .kind = SCVP_REF_PKC,
				       .id = { .hash = digest_view(d),
					       .issuer = view_buf(name),
					       .serial = c->serial } };
}

Test(scvp_client_reply, certificate_asked_for_by_reference)
{
	struct digest d;
	struct buf name;
	peer->certs[1] = reference_to(peer->second_cert, &d, &name);
	peer_ask(peer);
	/* With wantBack 10 the certificate itself comes back. */
	struct peer_answer *a = peer_answer(peer);
	expect_in_second(a, SCVP_CODE_WANTS, "certificate missing");
	a = peer_answer(peer);
	a->replies[1].cert = (struct scvp_cert_ref){ .cert = peer->second->der };
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, "certificate");
	scvp_judgement_free(j);
	/* Another certificate for the same reference. */
	a = peer_answer(peer);
	other_cert(a);
	a->replies[1].cert = (struct scvp_cert_ref){ .cert = peer->server->der };
	expect_in_second(a, SCVP_CODE_REPLY_CERT, "another certificate");

	/* Without it the path says which certificate it is. */
	peer->ask.wants &= ~(1u << SCVP_WANT_CERT);
	peer_ask(peer);
	j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "reference");
	cr_assert(cert_equal(j->reports[1].target, peer->second_cert));
	scvp_judgement_free(j);
	a = peer_answer(peer);
	path_of_another(a);
	peer_want(a, 1, SCVP_WANT_PUBLIC_KEY, peer->second_cert->spki);
	expect_in_second(a, SCVP_CODE_PATH_START, "path of another");
	buf_free(&made);
	a = peer_answer(peer);
	a->replies[1].cert.id.serial = view_text("\x7f");
	expect_in_second(a, SCVP_CODE_REPLY_CERT, "another reference");
	buf_free(&name);
}

/* ---- further wantBacks ---- */

Test(scvp_client_reply, all_paths_partial_path_and_split_revocation)
{
	peer->ask.wants = 1u << SCVP_WANT_ALL_PATHS | 1u << SCVP_WANT_PARTIAL_PATH |
			  1u << SCVP_WANT_EE_REVOCATION | 1u << SCVP_WANT_BEST_PATH |
			  1u << SCVP_WANT_CA_REVOCATION | 1u << SCVP_WANT_RELAYED;
	peer_ask(peer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "all");
	cr_assert_eq(j->reports[1].n_paths, 1);
	cr_assert_eq(material_count(j->reports[1].got, MATERIAL_CRL), 2);
	scvp_judgement_free(j);

	const struct view ee[] = { peer->ee->der, peer->ca->der };
	struct buf one = peer_bundle(ee, 2);
	const struct view v = view_buf(&one);
	struct buf all = peer_bundle(&v, 1);
	struct peer_answer *a = peer_answer(peer);
	peer_want(a, 1, SCVP_WANT_ALL_PATHS, view_buf(&all));
	expect_in_second(a, SCVP_CODE_PATH_START, "all paths of another");
	a = peer_answer(peer);
	peer_want(a, 1, SCVP_WANT_PARTIAL_PATH, view_buf(&one));
	expect_in_second(a, SCVP_CODE_PATH_START, "whole path as a partial one");
	a = peer_answer(peer);
	peer_want(a, 1, SCVP_WANT_RELAYED, view_of("\x30\x02\x05\x00", 4));
	expect_in_second(a, SCVP_CODE_WANT_FORMAT, "relayed nothings");
	const struct scvp_rev_info root[] = { { SCVP_REV_CRL,
						view_buf(&peer->crl_root) } };
	struct buf infos = peer_infos(root, 1);
	a = peer_answer(peer);
	peer_want(a, 1, SCVP_WANT_EE_REVOCATION, view_buf(&infos));
	peer_want(a, 1, SCVP_WANT_CA_REVOCATION, view_buf(&infos));
	expect_in_second(a, SCVP_CODE_REVOCATION_MISSING, "of the CA for the target");
	buf_free(&infos);
	buf_free(&all);
	buf_free(&one);
}

Test(scvp_client_reply, json_of_both_has_the_members_of_design)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	struct jsonw w = jsonw_to(&out);
	const char *text;
	scvp_judgement_json(j, &w);
	cr_assert_eq(jsonw_end(&w, &err), 0, "%s", err.text);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_assert_not_null(strstr(text, "\"replies\":[{\"valid\":true,"
					"\"status\":\"valid\",\"error\":null,"
					"\"chain\":[\"CN=ee"));
	cr_assert_not_null(strstr(text, "\"source\":\"crl\""));
	buf_clear(&out);
	cr_assert_eq(scvp_judgement_text(j, &out, &err), 0);
	buf_free(&out);
	scvp_judgement_free(j);
}
