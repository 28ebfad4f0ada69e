/* SPDX-License-Identifier: Apache-2.0 */
/* OCSP answers of other shapes: signers, times, certIDs, extensions. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/devpki_judge.h"

#define T1 "2026-06-01T12:00:00Z"
#define T2 "2026-06-01T13:00:00Z"
#define SECONDS_OF_A_DAY 86400

/* The answer about c; NULL: OpenSSL does not accept who signed it. */
static OCSP_BASICRESP *answer(struct devpki *p, const struct devpki_cert *c,
			      const struct devpki_ocsp_how *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf der = buf_make(DEVPKI_ANSWER_MAX);
	cr_assert_eq(devpki_ocsp_about(p, c, how, &der, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	OCSP_BASICRESP *basic = judge_ocsp(p, view_buf(&der), 0);
	buf_free(&der);
	return basic;
}

static OCSP_BASICRESP *faulty(struct devpki *p, const struct devpki_cert *c,
			      enum devpki_fault fault)
{
	struct devpki_ocsp_how how = { .fault = fault };
	return answer(p, c, &how);
}

static OCSP_SINGLERESP *only(OCSP_BASICRESP *basic)
{
	cr_assert_not_null(basic);
	cr_assert_eq(OCSP_resp_count(basic), 1);
	return OCSP_resp_get0(basic, 0);
}

static int64_t difference(const ASN1_TIME *t, const char *from)
{
	return (kit_asn1_ms(t) - kit_time(from)) / 1000;
}

/* ---- who signed ---- */

Test(responder, unauthorised_ones_are_not_accepted)
{
	static const enum devpki_fault faults[] = {
		DEVPKI_FAULT_EXPIRED_RESPONDER,    DEVPKI_FAULT_FOREIGN_RESPONDER,
		DEVPKI_FAULT_NO_PURPOSE_RESPONDER, DEVPKI_FAULT_SELF_SIGNED_RESPONDER,
		DEVPKI_FAULT_NO_CERTIFICATE,       DEVPKI_FAULT_BAD_SIGNATURE,
	};
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	size_t n = devpki_count(p);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		cr_expect_null(faulty(p, c, faults[i]), "%s",
			       devpki_fault_name(faults[i]));
	cr_expect_eq(devpki_count(p), n);
	OCSP_BASICRESP_free(answer(p, c, NULL));
	devpki_free(p);
}

/* Each is wrong in one way: all but that way is right. */
Test(responder, made_for_a_fault_has_that_fault_alone)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	X509 *ca = devpki_active(p, DEVPKI_CA, 0)->x509;
	time_t now = (time_t)(kit_time(T1) / 1000);
	static const struct {
		enum devpki_fault fault;
		bool by_ca, in_time, purpose;
	} cases[] = {
		{ DEVPKI_FAULT_EXPIRED_RESPONDER, true, false, true },
		{ DEVPKI_FAULT_FOREIGN_RESPONDER, false, true, true },
		{ DEVPKI_FAULT_NO_PURPOSE_RESPONDER, true, true, false },
		{ DEVPKI_FAULT_SELF_SIGNED_RESPONDER, false, true, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_ocsp_how how = { .fault = cases[i].fault };
		struct buf der = buf_make(DEVPKI_ANSWER_MAX);
		cr_assert_eq(devpki_ocsp_about(p, c, &how, &der, &err), 0);
		const unsigned char *at = der.p;
		OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)der.n);
		OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
		X509 *x = sk_X509_value(OCSP_resp_get0_certs(basic), 0);
		cr_assert_not_null(x);
		cr_expect_eq(X509_verify(x, X509_get0_pubkey(ca)) == 1, cases[i].by_ca);
		cr_expect_eq(X509_cmp_time(X509_get0_notAfter(x), &now) > 0,
			     cases[i].in_time);
		uint32_t xku = X509_get_extended_key_usage(x);
		cr_expect_eq(xku != UINT32_MAX && (xku & XKU_OCSP_SIGN) != 0,
			     cases[i].purpose);
		ERR_clear_error();
		OCSP_BASICRESP_free(basic);
		OCSP_RESPONSE_free(r);
		buf_free(&der);
	}
	devpki_free(p);
}

Test(responder, issuer_and_chosen_signers_sign)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	const struct devpki_cert *tsa = devpki_active(p, DEVPKI_TSA, 0);
	const ASN1_OCTET_STRING *key = NULL;
	const X509_NAME *name = NULL;
	cr_assert_eq(devpki_set_ocsp(p, DEVPKI_OCSP_BY_ISSUER, &err), 0);
	OCSP_BASICRESP *basic = answer(p, c, NULL);
	cr_assert_not_null(basic);
	cr_assert_eq(OCSP_resp_get0_id(basic, &key, &name), 1);
	cr_expect_null(key);
	cr_expect_eq(X509_NAME_cmp(name, X509_get_subject_name(ca->x509)), 0);
	OCSP_BASICRESP_free(basic);
	struct devpki_ocsp_how how = { .signer = tsa };
	cr_expect_null(answer(p, c, &how));
	devpki_free(p);
}

Test(responder, id_by_key_is_the_hash_of_its_key)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct devpki_ocsp_how how = { .modes = DEVPKI_OCSP_BY_KEY };
	const ASN1_OCTET_STRING *key = NULL;
	const X509_NAME *name = NULL;
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	OCSP_BASICRESP *basic = answer(p, c, &how);
	cr_assert_not_null(basic);
	cr_assert_eq(OCSP_resp_get0_id(basic, &key, &name), 1);
	cr_expect_null(name);
	cr_assert_not_null(key);
	X509_pubkey_digest(devpki_active(p, DEVPKI_OCSP, 0)->x509, EVP_sha1(), md, &n);
	cr_expect_eq(ASN1_STRING_length(key), (int)n);
	cr_expect_eq(memcmp(ASN1_STRING_get0_data(key), md, n), 0);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

/* ---- about what ---- */

Test(about, wrong_serial_issuer_or_hash_is_not_the_certificate_asked_for)
{
	static const enum devpki_fault faults[] = { DEVPKI_FAULT_WRONG_SERIAL,
						    DEVPKI_FAULT_OTHER_CERT_ID_HASH };
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	for (size_t i = 0; i < 2; i++) {
		OCSP_BASICRESP *basic = faulty(p, c, faults[i]);
		only(basic);
		cr_expect_eq(kit_ocsp_status(basic, c), -1, "%s",
			     devpki_fault_name(faults[i]));
		OCSP_BASICRESP_free(basic);
	}
	/* Its responder is then none of that issuer's. */
	cr_expect_null(faulty(p, c, DEVPKI_FAULT_WRONG_ISSUER));
	OCSP_BASICRESP *basic = answer(p, c, NULL);
	cr_expect_eq(kit_ocsp_status(basic, c), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(about, cert_id_has_the_hash_of_the_request)
{
	static const enum digest_alg hashes[] = { DIGEST_SHA1, DIGEST_SHA256,
						  DIGEST_SHA512 };
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf ask = buf_make(DEVPKI_BODY_MAX);
		struct buf der = buf_make(DEVPKI_ANSWER_MAX);
		cr_assert_eq(devpki_ocsp_request(&c, 1, hashes[i], view_text("nonce"),
						 &ask, &err),
			     0);
		cr_assert_eq(devpki_ocsp(p, view_buf(&ask), &der, &err), 0);
		OCSP_BASICRESP *basic = judge_ocsp(p, view_buf(&der), 0);
		OCSP_CERTID *id =
		    OCSP_cert_to_id(digest_evp(hashes[i]), c->x509, c->issuer->x509);
		int status = -1;
		cr_expect_eq(
		    OCSP_resp_find_status(basic, id, &status, NULL, NULL, NULL, NULL),
		    1);
		cr_expect_eq(status, V_OCSP_CERTSTATUS_GOOD);
		cr_expect_geq(
		    OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1),
		    0);
		OCSP_CERTID_free(id);
		OCSP_BASICRESP_free(basic);
		buf_free(&der);
		buf_free(&ask);
	}
	devpki_free(p);
}

Test(about, root_cannot_be_asked_about)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T1);
	struct buf out = buf_make(DEVPKI_ANSWER_MAX);
	cr_expect_eq(
	    devpki_ocsp_about(p, devpki_active(p, DEVPKI_ROOT, 0), NULL, &out, &err),
	    -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	buf_free(&out);
	devpki_free(p);
}

Test(about, suspended_is_revoked_and_released_is_good_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	judge_revoke(p, c, T1, DEVPKI_REASON_HOLD);
	cr_assert_eq(devpki_release(p, c->serial, kit_time(T2), &err), 0);
	OCSP_BASICRESP *basic = answer(p, c, NULL);
	cr_expect_eq(kit_ocsp_status(basic, c), V_OCSP_CERTSTATUS_REVOKED);
	OCSP_BASICRESP_free(basic);
	kit_set(p, T2);
	basic = answer(p, c, NULL);
	cr_expect_eq(kit_ocsp_status(basic, c), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	/* What was known then, asked later. */
	struct devpki_ocsp_how how = { .this_ms = kit_time(T1) };
	basic = answer(p, c, &how);
	cr_expect_eq(kit_ocsp_status(basic, c), V_OCSP_CERTSTATUS_REVOKED);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

/* ---- when ---- */

Test(when, each_fault_moves_its_own_times)
{
	static const struct {
		enum devpki_fault fault;
		int64_t value, this_s, next_s, produced_s; /* from now */
		bool next;
	} cases[] = {
		{ DEVPKI_FAULT_NONE, 0, 0, SECONDS_OF_A_DAY, 0, true },
		{ DEVPKI_FAULT_NO_NEXT_UPDATE, 0, 0, 0, 0, false },
		{ DEVPKI_FAULT_FUTURE, 3600000, 3600, 3600 + SECONDS_OF_A_DAY, 3600,
		  true },
		{ DEVPKI_FAULT_OLD_PRODUCED_AT, 3600000, 0, SECONDS_OF_A_DAY, -3600,
		  true },
		{ DEVPKI_FAULT_STALE, 3600000, -3600, SECONDS_OF_A_DAY - 3600, -3600,
		  true },
	};
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct devpki_ocsp_how how = { .fault = cases[i].fault,
					       .fault_value = cases[i].value };
		ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
		OCSP_BASICRESP *basic = answer(p, c, &how);
		OCSP_single_get0_status(only(basic), NULL, NULL, &from, &until);
		cr_expect_eq(difference(from, T1), cases[i].this_s, "case %zu", i);
		cr_expect_eq(until != NULL, cases[i].next, "case %zu", i);
		if (until != NULL)
			cr_expect_eq(difference(until, T1), cases[i].next_s, "case %zu",
				     i);
		cr_expect_eq(difference(OCSP_resp_get0_produced_at(basic), T1),
			     cases[i].produced_s, "case %zu", i);
		OCSP_BASICRESP_free(basic);
	}
	devpki_free(p);
}

Test(when, times_are_as_ordered)
{
	struct devpki *p = kit_pki(NULL, T2);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct devpki_ocsp_how how = { .this_ms = kit_time(T1),
				       .next_ms = kit_time(T2),
				       .produced_ms = kit_time(T2),
				       .cutoff_ms = kit_time("2001-01-01T00:00:00Z") };
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	OCSP_BASICRESP *basic = answer(p, c, &how);
	OCSP_SINGLERESP *single = only(basic);
	OCSP_single_get0_status(single, NULL, NULL, &from, &until);
	cr_expect_eq(difference(from, T1), 0);
	cr_expect_eq(difference(until, T2), 0);
	cr_expect_eq(difference(OCSP_resp_get0_produced_at(basic), T2), 0);
	ASN1_GENERALIZEDTIME *cutoff = OCSP_SINGLERESP_get1_ext_d2i(
	    single, NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
	cr_assert_not_null(cutoff);
	cr_expect_eq(difference(cutoff, "2001-01-01T00:00:00Z"), 0);
	ASN1_GENERALIZEDTIME_free(cutoff);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

/* ---- extensions ---- */

static X509_EXTENSION *find(OCSP_SINGLERESP *single, const char *oid)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	int at = OCSP_SINGLERESP_get_ext_by_OBJ(single, obj, -1);
	ASN1_OBJECT_free(obj);
	return at >= 0 ? OCSP_SINGLERESP_get_ext(single, at) : NULL;
}

/* SEQUENCE { SEQUENCE { sha256 }, OCTET STRING }: the hash comes last. */
static bool names_certificate(OCSP_SINGLERESP *single, const struct devpki_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	X509_EXTENSION *e = find(single, DEVPKI_OID_CERT_HASH);
	cr_assert_not_null(e);
	const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);
	struct view der =
	    view_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v));
	cr_assert_eq(der_check(der, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA256, c->der, &d, &err), 0);
	return view_equal(view_skip(der, der.n - d.n), digest_view(&d));
}

Test(extensions, cert_hash_is_right_or_wrong_as_ordered)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct devpki_ocsp_how how = { .modes = DEVPKI_OCSP_CERT_HASH };
	OCSP_BASICRESP *basic = answer(p, c, NULL);
	cr_expect_null(find(only(basic), DEVPKI_OID_CERT_HASH));
	OCSP_BASICRESP_free(basic);
	basic = answer(p, c, &how);
	cr_expect(names_certificate(only(basic), c));
	OCSP_BASICRESP_free(basic);
	basic = faulty(p, c, DEVPKI_FAULT_WRONG_CERT_HASH);
	cr_expect_not(names_certificate(only(basic), c));
	OCSP_BASICRESP_free(basic);
	/* An unknown certificate has none. */
	how.fault = DEVPKI_FAULT_UNKNOWN;
	basic = answer(p, c, &how);
	cr_expect_null(find(only(basic), DEVPKI_OID_CERT_HASH));
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(extensions, unknown_critical_ones_stand_where_ordered)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	OCSP_BASICRESP *basic = faulty(p, c, DEVPKI_FAULT_CRITICAL_EXTENSION);
	cr_expect_eq(OCSP_SINGLERESP_get_ext_count(only(basic)), 0);
	cr_expect_eq(OCSP_BASICRESP_get_ext_by_critical(basic, 1, -1), 0);
	OCSP_BASICRESP_free(basic);
	basic = faulty(p, c, DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION);
	cr_expect_eq(OCSP_SINGLERESP_get_ext_by_critical(only(basic), 1, -1), 0);
	cr_expect_eq(OCSP_BASICRESP_get_ext_count(basic), 0);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(extensions, own_ones_are_put_in)
{
	struct devpki_extension mine = { DEVPKI_OID_UNKNOWN, false,
					 view_of("\x05\x00", 2) };
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct devpki_ocsp_how how = { .extensions = &mine,
				       .n_extensions = 1,
				       .single_extensions = &mine,
				       .n_single_extensions = 1 };
	OCSP_BASICRESP *basic = answer(p, c, &how);
	cr_expect_eq(OCSP_BASICRESP_get_ext_count(basic), 1);
	cr_expect_not_null(find(only(basic), DEVPKI_OID_UNKNOWN));
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(extensions, invalidity_date_stands_in_the_single_response)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	cr_assert_eq(devpki_revoke_since(p, c->serial, kit_time(T2),
					 DEVPKI_REASON_KEY_COMPROMISE, kit_time(T1),
					 &err),
		     0);
	OCSP_BASICRESP *basic = answer(p, c, NULL);
	ASN1_GENERALIZEDTIME *at =
	    OCSP_SINGLERESP_get1_ext_d2i(only(basic), NID_invalidity_date, NULL, NULL);
	cr_assert_not_null(at);
	cr_expect_eq(difference(at, T1), 0);
	ASN1_GENERALIZEDTIME_free(at);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

/* ---- over HTTP ---- */

Test(orders, every_fault_of_ocsp_and_crl_can_be_ordered_by_name)
{
	struct devpki *p = kit_pki(NULL, T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct buf req = kit_ocsp_request(&c, 1, 8);
	for (int i = DEVPKI_FAULT_NONE; i < DEVPKI_FAULT_COUNT; i++) {
		for (int crl = 0; crl < 2; crl++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			enum devpki_target target =
			    crl ? DEVPKI_TARGET_CRL : DEVPKI_TARGET_OCSP;
			if (devpki_fault_set(p, target, 0, (enum devpki_fault)i, 1, 0,
					     &err) != 0)
				continue;
			struct devpki_answer a =
			    crl ? kit_ask(p, "GET", "/crl/ca.crl", NULL, VIEW_NULL)
				: kit_ask(p, "POST", "/ocsp",
					  "application/ocsp-request", view_buf(&req));
			cr_expect(a.status == 200 || i == DEVPKI_FAULT_HTTP_500 ||
				  i == DEVPKI_FAULT_HTTP_503);
			devpki_answer_free(&a);
		}
	}
	buf_free(&req);
	devpki_free(p);
}

Test(orders, modes_set_over_control_last_over_a_reopening)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T1)) };
	struct devpki *p = kit_pki(kit_dir(dir), T1);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	cr_expect_eq(devpki_set_ocsp(p, 1u << 9, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	kit_order(p, "/control/ocsp?cert-hash=1&by-key=1");
	devpki_free(p);
	ltps_error_clear(&err);
	cr_assert_eq(devpki_open(dir, &o, &p, &err), 0, "%s", err.text);
	c = kit_named(p, "leaf");
	OCSP_BASICRESP *basic = answer(p, c, NULL);
	const ASN1_OCTET_STRING *key = NULL;
	const X509_NAME *name = NULL;
	cr_expect(names_certificate(only(basic), c));
	cr_assert_eq(OCSP_resp_get0_id(basic, &key, &name), 1);
	cr_expect_not_null(key);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
	kit_remove(dir);
}
