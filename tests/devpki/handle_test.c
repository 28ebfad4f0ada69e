/* SPDX-License-Identifier: Apache-2.0 */
/* Routes, methods, media types, limits, GET OCSP, control. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/devpki_kit.h"

#define T2026 "2026-06-01T12:00:00Z"

static void expect_status(struct devpki *p, const char *method, const char *target,
			  const char *type, struct view body, int status)
{
	struct devpki_answer a = kit_ask(p, method, target, type, body);
	cr_expect_eq(a.status, status, "%s %s: %d", method, target, a.status);
	devpki_answer_free(&a);
}

Test(handle, unknown_paths_are_not_found)
{
	static const char *const paths[] = {
		"",
		"/",
		"/tsa2",
		"/ocspx",
		"/aia/",
		"/aia/root",
		"/aia/.cer",
		"/aia/../state.cer",
		"/aia/none.cer",
		"/AIA/root.cer",
		"/anchors.pem/",
		"/keys/root.pem",
		"anchors.pem",
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		expect_status(p, "GET", paths[i], NULL, VIEW_NULL, 404);
	devpki_free(p);
}

Test(handle, wrong_methods_are_named_with_the_right_one)
{
	static const struct {
		const char *method, *path, *allow;
	} cases[] = {
		{ "GET", "/tsa", "POST" },           { "GET", "/ocsp", "POST" },
		{ "POST", "/ocsp/AAAA", "GET" },     { "POST", "/crl/ca.crl", "GET" },
		{ "DELETE", "/anchors.pem", "GET" }, { "PUT", "/tsa/0", "POST" },
		{ "GET", "/control/clock", "POST" }, { "get", "/anchors.pem", "GET" },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct devpki_answer a =
		    kit_ask(p, cases[i].method, cases[i].path, NULL, VIEW_NULL);
		cr_expect_eq(a.status, 405, "%s", cases[i].path);
		cr_assert_not_null(a.allow);
		cr_expect_str_eq(a.allow, cases[i].allow);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}

Test(handle, media_type_is_required_in_any_case_with_parameters)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct view none = VIEW_NULL;
	expect_status(p, "POST", "/tsa", NULL, none, 415);
	expect_status(p, "POST", "/tsa", "application/timestamp-reply", none, 415);
	expect_status(p, "POST", "/tsa", "application/timestamp-queryx", none, 415);
	expect_status(p, "POST", "/ocsp", "text/plain", none, 415);
	expect_status(p, "POST", "/ocsp", "application/timestamp-query", none, 415);
	expect_status(p, "POST", "/ocsp", "Application/OCSP-Request; x=y", none, 200);
	expect_status(p, "POST", "/tsa", "application/timestamp-query ;a=b", none, 200);
	devpki_free(p);
}

Test(handle, bodies_beyond_their_limit_are_refused)
{
	struct devpki *p = kit_pki(NULL, T2026);
	uint8_t *big = mem_zalloc(1, DEVPKI_BODY_MAX + 1);
	cr_assert_not_null(big);
	expect_status(p, "POST", "/ocsp", "application/ocsp-request",
		      view_of(big, DEVPKI_BODY_MAX + 1), 413);
	expect_status(p, "POST", "/ocsp", "application/ocsp-request",
		      view_of(big, DEVPKI_BODY_MAX), 200);
	expect_status(p, "POST", "/tsa", "application/timestamp-query",
		      view_of(big, TSP_QUERY_MAX + 1), 413);
	expect_status(p, "GET", "/anchors.pem", NULL, view_of(big, 1), 413);
	mem_free(big);
	devpki_free(p);
}

Test(handle, path_beyond_its_limit_is_refused)
{
	struct devpki *p = kit_pki(NULL, T2026);
	char path[9000];
	memset(path, 'A', sizeof(path));
	memcpy(path, "/ocsp/", 6);
	path[sizeof(path) - 1] = '\0';
	expect_status(p, "GET", path, NULL, VIEW_NULL, 414);
	devpki_free(p);
}

Test(handle, documents_have_their_media_types)
{
	static const struct {
		const char *path, *type;
	} cases[] = {
		{ "/anchors.pem", "application/x-pem-file" },
		{ "/aia/root.cer", "application/pkix-cert" },
		{ "/aia/ca.cer", "application/pkix-cert" },
		{ "/crl/root.crl", "application/pkix-crl" },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct devpki_answer a =
		    kit_ask(p, "GET", cases[i].path, NULL, VIEW_NULL);
		cr_expect_eq(a.status, 200);
		cr_expect_str_eq(a.content_type, cases[i].type);
		cr_expect_gt(a.body.n, 0);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}

/* ---- GET OCSP: RFC 6960 A.1 ---- */

/* Base64, either plain or with everything but letters and digits escaped. */
static void get_path(struct view der, bool escape, char *out, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(size);
	cr_assert_eq(b64_encode(der, &text, &err), 0);
	size_t n = (size_t)snprintf(out, size, "/ocsp/");
	for (size_t i = 0; i < text.n; i++) {
		int c = text.p[i];
		bool plain = !escape || (c != '+' && c != '/' && c != '=');
		n += (size_t)snprintf(out + n, size - n, plain ? "%c" : "%%%02x",
				      (unsigned char)c);
	}
	buf_free(&text);
}

static int get_status(struct devpki *p, const char *path)
{
	struct devpki_answer a = kit_ask(p, "GET", path, NULL, VIEW_NULL);
	const unsigned char *at = a.body.p;
	cr_assert_eq(a.status, 200);
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)a.body.n);
	cr_assert_not_null(r);
	int status = OCSP_response_status(r);
	OCSP_RESPONSE_free(r);
	devpki_answer_free(&a);
	return status;
}

/* A nonce of these lengths gives base64 with each padding and with '+', '/'. */
Test(handle, ocsp_by_get_reads_plain_and_escaped_base64)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	char path[2048];
	for (size_t n = 1; n < 40; n++) {
		struct buf req = kit_ocsp_request(&c, 1, n);
		get_path(view_buf(&req), true, path, sizeof(path));
		cr_expect_eq(get_status(p, path), OCSP_RESPONSE_STATUS_SUCCESSFUL);
		get_path(view_buf(&req), false, path, sizeof(path));
		cr_expect_eq(get_status(p, path), OCSP_RESPONSE_STATUS_SUCCESSFUL);
		buf_free(&req);
	}
	devpki_free(p);
}

Test(handle, ocsp_by_get_with_noise_is_malformed)
{
	static const char *const paths[] = { "/ocsp/%",       "/ocsp/%4",   "/ocsp/%zz",
					     "/ocsp/!!!!",    "/ocsp/AAAA", "/ocsp/A",
					     "/ocsp/MAA=MAA=" };
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		cr_expect_eq(get_status(p, paths[i]),
			     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, "%s", paths[i]);
	devpki_free(p);
}

/* ---- control ---- */

Test(control, without_the_option_is_not_there)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T2026)) };
	struct devpki *p = NULL;
	cr_assert_eq(devpki_create(NULL, &o, &p, &err), 0);
	expect_status(p, "POST", "/control/fault?kind=late", NULL, VIEW_NULL, 404);
	expect_status(p, "POST", "/control/clock?time=" T2026, NULL, VIEW_NULL, 404);
	expect_status(p, "GET", "/control/state", NULL, VIEW_NULL, 404);
	devpki_free(p);
}

Test(control, bad_parameters_are_named_and_change_nothing)
{
	static const char *const targets[] = {
		"/control/fault",
		"/control/fault?kind=",
		"/control/fault?kind=nonsense",
		"/control/fault?kind=late&count=-1",
		"/control/fault?kind=late&count=4294967296",
		"/control/fault?kind=late&tsa=x",
		"/control/fault?kind=late&target=root",
		"/control/fault?kind=%zz",
		"/control/clock",
		"/control/clock?time=yesterday",
		"/control/clock?time=2026-02-30T00:00:00Z",
		"/control/clock?time=2026-01-01T00:00:00Z&fixed=2",
		"/control/revoke",
		"/control/revoke?serial=",
		"/control/revoke?serial=ffffffffffffffffff",
		"/control/revoke?serial=zz",
		"/control/revoke?serial=root",
		"/control/revoke?serial=tsa0&reason=boredom",
		"/control/revoke?serial=tsa0&time=never",
		"/control/revoke?serial=tsa0&invalid=never",
		"/control/release",
		"/control/release?serial=",
		"/control/release?serial=zz",
		"/control/release?serial=tsa0",
		"/control/release?serial=tsa0&time=never",
		"/control/point",
		"/control/point?name=",
		"/control/point?name=x",
		"/control/point?name=ca&ca=ca",
		"/control/point?name=x&ca=nobody",
		"/control/point?name=x&ca=tsa0",
		"/control/point?name=x&ca=ca&signer=tsa0",
		"/control/point?name=x&ca=ca&reasons=boredom",
		"/control/point?name=x&ca=ca&reasons=superseded,",
		"/control/point?name=x&ca=ca&reasons=unspecified",
		"/control/point?name=x&ca=ca&scope=some",
		"/control/point?name=x&ca=ca&named=2",
		"/control/point?name=%00&ca=ca",
		"/control/point?name=x%00y&ca=ca",
		"/control/issue?kind=king",
		"/control/issue?name=ca",
		"/control/issue?name=x%00y",
		"/control/issue?subject=%00",
		"/control/issue?issuer=nobody",
		"/control/issue?issuer=tsa0",
		"/control/issue?cross=nobody",
		"/control/issue?point=nobody",
		"/control/issue?key=des",
		"/control/issue?days=x",
		"/control/issue?freshest=2",
		"/control/ocsp?by-key=2",
		"/control/ocsp?cert-hash=yes",
		"/control/rollover",
		"/control/rollover?what=ee",
		"/control/rollover?what=tsa&tsa=5",
		"/control/rollover?what=tsa&key=des",
		"/control/rollover?what=tsa&days=366001",
	};
	struct devpki *p = kit_pki(NULL, T2026);
	size_t before = devpki_count(p);
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		expect_status(p, "POST", targets[i], NULL, VIEW_NULL, 400);
	cr_expect_eq(devpki_count(p), before);
	cr_expect_eq(devpki_now_ms(p), kit_time(T2026));
	cr_expect_not(kit_named(p, "tsa0")->revoked);
	devpki_free(p);
}

Test(control, clock_can_stand_or_run)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/clock?time=2095-01-01T00%3A00%3A00Z&fixed=1");
	cr_expect_eq(devpki_now_ms(p), kit_time("2095-01-01T00:00:00Z"));
	kit_order(p, "/control/clock?time=1995-01-01T00:00:00Z");
	cr_expect_geq(devpki_now_ms(p), kit_time("1995-01-01T00:00:00Z"));
	cr_expect_lt(devpki_now_ms(p), kit_time("1996-01-01T00:00:00Z"));
	devpki_free(p);
}

Test(control, revoke_takes_name_or_serial_reason_and_time)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *tsa = kit_named(p, "tsa0");
	char target[160];
	kit_order(p, "/control/revoke?serial=tsa0");
	cr_expect(tsa->revoked);
	cr_expect_eq(tsa->reason, DEVPKI_REASON_ABSENT);
	cr_expect_eq(tsa->revoked_ms, kit_time(T2026));
	snprintf(target, sizeof(target),
		 "/control/revoke?serial=%llX&reason=keyCompromise&time=%s",
		 (unsigned long long)tsa->serial, "2026-05-01T00:00:00Z");
	kit_order(p, target);
	cr_expect_eq(tsa->reason, DEVPKI_REASON_KEY_COMPROMISE);
	cr_expect_eq(tsa->revoked_ms, kit_time("2026-05-01T00:00:00Z"));
	devpki_free(p);
}

Test(control, suspension_is_ordered_ended_and_told)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	kit_order(p, "/control/revoke?serial=leaf&reason=certificateHold"
		     "&invalid=2020-01-01T00:00:00Z");
	cr_expect(c->has_invalidity);
	cr_expect_eq(c->invalidity_ms, kit_time("2020-01-01T00:00:00Z"));
	cr_expect_not(c->released);
	kit_order(p, "/control/release?serial=leaf&time=2027-01-01T00:00:00Z");
	cr_expect(c->released);
	cr_expect_eq(c->released_ms, kit_time("2027-01-01T00:00:00Z"));
	struct devpki_answer a = kit_ask(p, "GET", "/control/state", NULL, VIEW_NULL);
	cr_expect_not_null(
	    memmem(a.body.p, a.body.n, "\"released\":\"2027-01-01T00:00:00", 31));
	devpki_answer_free(&a);
	devpki_free(p);
}

Test(control, certificate_is_issued_as_ordered)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/point?name=part&ca=ca");
	kit_order(p,
		  "/control/issue?name=bob&subject=Bob%20B&key=p384&days=7&point=part"
		  "&freshest=1");
	const struct devpki_cert *c = kit_named(p, "bob");
	char cn[32];
	X509_NAME_get_text_by_NID(X509_get_subject_name(c->x509), NID_commonName, cn,
				  sizeof(cn));
	cr_expect_str_eq(cn, "Bob B");
	cr_expect_eq(c->kind, DEVPKI_EE);
	cr_expect_eq(EVP_PKEY_get_bits(c->key), 384);
	cr_expect_eq(c->n_points, 1);
	cr_expect_geq(X509_get_ext_by_NID(c->x509, NID_freshest_crl, -1), 0);
	cr_expect_eq(kit_asn1_ms(X509_get0_notAfter(c->x509)),
		     kit_time(T2026) + 7 * KIT_DAY_MS);
	kit_order(p, "/control/issue?kind=root&name=other");
	kit_order(p, "/control/issue?kind=ca&name=cross&cross=ca&issuer=other");
	cr_expect_eq(EVP_PKEY_eq(kit_named(p, "cross")->key, kit_named(p, "ca")->key),
		     1);
	kit_order(p, "/control/issue");
	devpki_free(p);
}

Test(control, point_is_made_with_all_its_properties)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/rollover?what=crl");
	kit_order(p, "/control/point?name=part&ca=ca&signer=crl&scope=users&named=1"
		     "&freshest=1&reasons=keyCompromise%2CaffiliationChanged");
	const struct devpki_point *point = devpki_point_find(p, view_text("part"));
	cr_assert_not_null(point);
	cr_expect_str_eq(point->ca->name, "ca");
	cr_expect_str_eq(point->signer->name, "crl");
	cr_expect_eq(point->scope, DEVPKI_SCOPE_USERS);
	cr_expect_eq(point->reasons, 1u << 1 | 1u << 3);
	cr_expect(point->named_only && point->freshest);
	struct devpki_answer a = kit_ask(p, "GET", "/crl/part.crl", NULL, VIEW_NULL);
	cr_expect_eq(a.status, 200);
	cr_expect_str_eq(a.content_type, "application/pkix-crl");
	devpki_answer_free(&a);
	devpki_free(p);
}

Test(control, state_lists_what_happened)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text = NULL;
	kit_order(p, "/control/rollover?what=ca&key=p384&days=100");
	kit_order(p, "/control/revoke?serial=tsa1");
	X509_CRL_free(kit_crl(p, "ca"));
	struct devpki_answer a = kit_ask(p, "GET", "/control/state", NULL, VIEW_NULL);
	cr_expect_str_eq(a.content_type, "application/json");
	cr_assert_eq(buf_text(&a.body, &text, &err), 0);
	cr_expect_not_null(strstr(text, "\"name\":\"ca-2\""));
	cr_expect_not_null(strstr(text, "\"revoked\":\"2026-06-01T12:00:00Z\""));
	cr_expect_not_null(strstr(text, "\"crl\":1"));
	devpki_answer_free(&a);
	devpki_free(p);
}

/* ---- failing allocations ---- */

/* Every allocation in turn: an error or a whole answer, never anything else. */
static void fail_each(struct devpki *p, const struct devpki_request *req)
{
	for (uint64_t n = 1; n < 20000; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_answer a;
		mem_fail_nth(n);
		int ret = devpki_handle(p, req, &a, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		if (ret == 0)
			devpki_answer_free(&a);
		else
			cr_assert_neq(err.code, LTPS_OK);
		cr_assert_eq(ERR_peek_error(), 0, "allocation %llu",
			     (unsigned long long)n);
		if (!hit)
			return;
	}
	cr_assert(false, "allocations without end");
}

Test(handle, failing_allocations_are_errors_or_answers)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(
	    devpki_revoke(p, c->serial, kit_time(T2026), DEVPKI_REASON_ABSENT, &err),
	    0);
	kit_order(p, "/control/rollover?what=crl");
	kit_order(p, "/control/point?name=all&signer=crl&freshest=1");
	kit_order(p, "/control/ocsp?cert-hash=1");
	struct devpki_issue named = { .kind = DEVPKI_EE, .n_points = 1 };
	const struct devpki_point *all = devpki_point_find(p, view_text("all"));
	const struct devpki_cert *second = NULL;
	named.points = &all;
	cr_assert_eq(devpki_issue(p, &named, &second, &err), 0);
	cr_assert_eq(devpki_revoke_since(p, second->serial, kit_time(T2026),
					 DEVPKI_REASON_HOLD, 0, &err),
		     0);
	struct buf ocsp = kit_ocsp_request(&c, 1, 16);
	struct tsp_request ignored;
	struct buf tsp = kit_tsp_request(&ignored, "x");
	struct devpki_request reqs[] = {
		{ .method = view_text("GET"), .path = view_text("/crl/ca.crl") },
		{ .method = view_text("GET"), .path = view_text("/crl/all.crl") },
		{ .method = view_text("GET"), .path = view_text("/crl/all-delta.crl") },
		{ .method = view_text("GET"), .path = view_text("/anchors.pem") },
		{ .method = view_text("POST"),
		  .path = view_text("/ocsp"),
		  .content_type = view_text("application/ocsp-request"),
		  .body = view_buf(&ocsp) },
		{ .method = view_text("POST"),
		  .path = view_text("/tsa"),
		  .content_type = view_text("application/timestamp-query"),
		  .body = view_buf(&tsp) },
		{ .method = view_text("POST"),
		  .path = view_text("/control/rollover"),
		  .query = view_text("what=tsa") },
	};
	for (size_t i = 0; i < sizeof(reqs) / sizeof(reqs[0]); i++) {
		struct devpki_answer a;
		/* What OpenSSL keeps for good is allocated before. */
		cr_assert_eq(devpki_handle(p, &reqs[i], &a, &err), 0);
		devpki_answer_free(&a);
		fail_each(p, &reqs[i]);
	}
	buf_free(&tsp);
	buf_free(&ocsp);
	devpki_free(p);
}
