/* SPDX-License-Identifier: Apache-2.0 */
/* CRLs and OCSP answers. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/support/devpki_kit.h"

#define T2026 "2026-06-01T12:00:00.500Z"
#define REQUEST "application/ocsp-request"

static void revoke(struct devpki *p, const struct devpki_cert *c, const char *at,
		   enum devpki_reason reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(devpki_revoke(p, c->serial, kit_time(at), reason, &err), 0, "%s",
		     err.text);
}

static OCSP_BASICRESP *ask_with(struct devpki *p,
				const struct devpki_cert *const *certs, size_t n,
				size_t nonce_n, unsigned long flags)
{
	struct buf req = kit_ocsp_request(certs, n, nonce_n);
	struct devpki_answer a = kit_ask(p, "POST", "/ocsp", REQUEST, view_buf(&req));
	cr_assert_eq(a.status, 200);
	cr_assert_str_eq(a.content_type, "application/ocsp-response");
	OCSP_BASICRESP *basic = kit_ocsp_verified(p, view_buf(&a.body), flags);
	devpki_answer_free(&a);
	buf_free(&req);
	return basic;
}

static OCSP_BASICRESP *ask(struct devpki *p, const struct devpki_cert *const *certs,
			   size_t n, size_t nonce_n)
{
	return ask_with(p, certs, n, nonce_n, 0);
}

static int status_of(struct devpki *p, const struct devpki_cert *c)
{
	OCSP_BASICRESP *basic = ask(p, &c, 1, 0);
	int status = kit_ocsp_status(basic, c);
	OCSP_BASICRESP_free(basic);
	return status;
}

/* Status of the whole response to these bytes. */
static int response_status(struct devpki *p, struct view request)
{
	struct devpki_answer a = kit_ask(p, "POST", "/ocsp", REQUEST, request);
	const unsigned char *at = a.body.p;
	cr_assert_eq(a.status, 200);
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)a.body.n);
	cr_assert_not_null(r);
	int status = OCSP_response_status(r);
	OCSP_RESPONSE_free(r);
	devpki_answer_free(&a);
	return status;
}

/* ---- both ---- */

Test(status, revoked_shows_in_crl_and_ocsp_with_time_and_reason)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *bad = kit_issue(p, "bad"),
				 *good = kit_issue(p, "good");
	int reason = 0;
	int64_t at = 0;
	revoke(p, bad, "2026-06-01T11:00:00Z", DEVPKI_REASON_KEY_COMPROMISE);
	X509_CRL *crl = kit_crl(p, "ca");
	cr_expect(kit_crl_lists(crl, bad, &reason, &at));
	cr_expect_eq(reason, 1);
	cr_expect_eq(at, kit_time("2026-06-01T11:00:00Z"));
	cr_expect_not(kit_crl_lists(crl, good, &reason, &at));
	cr_expect_eq(kit_verify(p, bad->x509, kit_time(T2026), crl, 0),
		     X509_V_ERR_CERT_REVOKED);
	cr_expect_eq(kit_verify(p, good->x509, kit_time(T2026), crl, 0), X509_V_OK);
	cr_expect_eq(status_of(p, bad), V_OCSP_CERTSTATUS_REVOKED);
	cr_expect_eq(status_of(p, good), V_OCSP_CERTSTATUS_GOOD);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(status, revocation_takes_effect_when_the_clock_reaches_it)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	int reason;
	int64_t at;
	revoke(p, c, "2026-07-01T00:00:00Z", DEVPKI_REASON_SUPERSEDED);
	X509_CRL *crl = kit_crl(p, "ca");
	cr_expect_not(kit_crl_lists(crl, c, &reason, &at));
	cr_expect_eq(status_of(p, c), V_OCSP_CERTSTATUS_GOOD);
	X509_CRL_free(crl);
	kit_set(p, "2026-07-01T00:00:00Z");
	crl = kit_crl(p, "ca");
	cr_expect(kit_crl_lists(crl, c, &reason, &at));
	cr_expect_eq(status_of(p, c), V_OCSP_CERTSTATUS_REVOKED);
	X509_CRL_free(crl);
	devpki_free(p);
}

/* RFC 3161 4 tells an absent reason from an unspecified one. */
Test(status, absent_reason_stays_absent)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *a = kit_issue(p, "a"), *b = kit_issue(p, "b");
	int reason;
	int64_t at;
	revoke(p, a, T2026, DEVPKI_REASON_ABSENT);
	revoke(p, b, T2026, DEVPKI_REASON_UNSPECIFIED);
	X509_CRL *crl = kit_crl(p, "ca");
	cr_expect(kit_crl_lists(crl, a, &reason, &at));
	cr_expect_eq(reason, -1);
	cr_expect(kit_crl_lists(crl, b, &reason, &at));
	cr_expect_eq(reason, 0);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(status, of_the_issuing_ca_comes_from_the_root)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	int reason;
	int64_t at;
	cr_expect_eq(status_of(p, ca), V_OCSP_CERTSTATUS_GOOD);
	revoke(p, ca, T2026, DEVPKI_REASON_CA_COMPROMISE);
	cr_expect_eq(status_of(p, ca), V_OCSP_CERTSTATUS_REVOKED);
	X509_CRL *crl = kit_crl(p, "root");
	cr_expect(kit_crl_lists(crl, ca, &reason, &at));
	X509_CRL_free(crl);
	crl = kit_crl(p, "ca");
	cr_expect_not(kit_crl_lists(crl, ca, &reason, &at));
	X509_CRL_free(crl);
	devpki_free(p);
}

/* ---- CRL ---- */

Test(crl, is_fresh_in_whole_seconds_and_names_its_issuer)
{
	struct devpki *p = kit_pki(NULL, T2026);
	X509_CRL *crl = kit_crl(p, "ca");
	X509 *ca = devpki_active(p, DEVPKI_CA, 0)->x509;
	int64_t now = kit_time("2026-06-01T12:00:00Z");
	cr_expect_eq(kit_asn1_ms(X509_CRL_get0_lastUpdate(crl)), now);
	cr_expect_eq(kit_asn1_ms(X509_CRL_get0_nextUpdate(crl)), now + KIT_DAY_MS);
	AUTHORITY_KEYID *aki =
	    X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
	cr_assert_not_null(aki);
	cr_expect_eq(ASN1_OCTET_STRING_cmp(aki->keyid, X509_get0_subject_key_id(ca)),
		     0);
	AUTHORITY_KEYID_free(aki);
	X509_CRL_free(crl);
	devpki_free(p);
}

static uint64_t crl_number(struct devpki *p, const char *ca)
{
	X509_CRL *crl = kit_crl(p, ca);
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	uint64_t v = 0;
	cr_assert_eq(ASN1_INTEGER_get_uint64(&v, n), 1);
	ASN1_INTEGER_free(n);
	X509_CRL_free(crl);
	return v;
}

Test(crl, number_only_grows_also_when_the_clock_goes_back)
{
	struct devpki *p = kit_pki(NULL, T2026);
	uint64_t a = crl_number(p, "ca");
	kit_set(p, "2020-01-01T00:00:00Z");
	uint64_t b = crl_number(p, "root");
	uint64_t c = crl_number(p, "ca");
	cr_expect_lt(a, b);
	cr_expect_lt(b, c);
	devpki_free(p);
}

Test(crl, of_2095_has_generalized_times)
{
	struct devpki *p = kit_pki(NULL, "2095-06-01T12:00:00Z");
	const struct devpki_cert *c = kit_issue(p, "leaf");
	int reason;
	int64_t at;
	revoke(p, c, "2095-06-01T12:00:00Z", DEVPKI_REASON_CESSATION);
	X509_CRL *crl = kit_crl(p, "ca");
	cr_expect_eq(X509_CRL_get0_lastUpdate(crl)->type, V_ASN1_GENERALIZEDTIME);
	cr_expect(kit_crl_lists(crl, c, &reason, &at));
	cr_expect_eq(at, kit_time("2095-06-01T12:00:00Z"));
	cr_expect_eq(kit_verify(p, c->x509, devpki_now_ms(p), crl, 0),
		     X509_V_ERR_CERT_REVOKED);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(crl, keep_expired_says_so_in_crl_and_ocsp)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .keep_expired = true,
				    .clock = clock_fixed(kit_time(T2026)) };
	struct devpki *p = NULL;
	cr_assert_eq(devpki_create(NULL, &o, &p, &err), 0);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	X509_CRL *crl = kit_crl(p, "ca");
	ASN1_OBJECT *oid = OBJ_txt2obj("2.5.29.60", 1);
	int i = X509_CRL_get_ext_by_OBJ(crl, oid, -1);
	cr_assert_geq(i, 0);
	const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(X509_CRL_get_ext(crl, i));
	static const char der[] = "\x18\x0f"
				  "20260601120000Z";
	cr_assert_eq(ASN1_STRING_length(v), 17);
	cr_expect_arr_eq(ASN1_STRING_get0_data(v), der, 17);
	OCSP_BASICRESP *basic = ask(p, &c, 1, 0);
	OCSP_SINGLERESP *single = OCSP_resp_get0(basic, 0);
	cr_expect_geq(
	    OCSP_SINGLERESP_get_ext_by_NID(single, NID_id_pkix_OCSP_archiveCutoff, -1),
	    0);
	OCSP_BASICRESP_free(basic);
	ASN1_OBJECT_free(oid);
	X509_CRL_free(crl);
	devpki_free(p);
}

Test(crl, of_what_is_no_ca_is_not_found)
{
	static const char *const paths[] = { "/crl/tsa0.crl", "/crl/none.crl",
					     "/crl/.crl",     "/crl/ca",
					     "/crl/ca.cer",   "/crl/" };
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct devpki_answer a = kit_ask(p, "GET", paths[i], NULL, VIEW_NULL);
		cr_expect_eq(a.status, 404, "%s", paths[i]);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}

/* ---- OCSP ---- */

Test(ocsp, times_follow_the_clock_in_1995_and_2095)
{
	static const char *const times[] = { "1995-01-01T00:00:00Z",
					     "2095-01-01T00:00:00Z" };
	for (size_t i = 0; i < 2; i++) {
		struct devpki *p = kit_pki(NULL, times[i]);
		const struct devpki_cert *c = kit_issue(p, "leaf");
		OCSP_BASICRESP *basic = ask(p, &c, 1, 0);
		ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
		OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL,
					&this_update, &next_update);
		int64_t now = kit_time(times[i]);
		cr_expect_eq(kit_asn1_ms(OCSP_resp_get0_produced_at(basic)), now);
		cr_expect_eq(kit_asn1_ms(this_update), now);
		cr_expect_eq(kit_asn1_ms(next_update), now + KIT_DAY_MS);
		OCSP_BASICRESP_free(basic);
		devpki_free(p);
	}
}

Test(ocsp, delegated_responder_signs_and_is_inside)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	OCSP_BASICRESP *basic = ask(p, &c, 1, 0);
	X509 *signer = NULL;
	cr_assert_eq(OCSP_resp_get0_signer(basic, &signer, NULL), 1);
	cr_expect_eq(X509_cmp(signer, devpki_active(p, DEVPKI_OCSP, 0)->x509), 0);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(ocsp, after_rollover_the_new_responder_signs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf"), *new = NULL;
	cr_assert_eq(devpki_rollover(p, DEVPKI_OCSP, 0, NULL, &new, &err), 0);
	OCSP_BASICRESP *basic = ask(p, &c, 1, 0);
	X509 *signer = NULL;
	cr_assert_eq(OCSP_resp_get0_signer(basic, &signer, NULL), 1);
	cr_expect_eq(X509_cmp(signer, new->x509), 0);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

/* A CA that was only issued has no responder of its own. */
Test(ocsp, issuer_signs_where_no_responder_is)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_CA };
	const struct devpki_cert *ca = NULL, *c = NULL;
	cr_assert_eq(devpki_issue(p, &how, &ca, &err), 0);
	how = (struct devpki_issue){ .kind = DEVPKI_EE, .issuer = ca };
	cr_assert_eq(devpki_issue(p, &how, &c, &err), 0);
	cr_expect_eq(status_of(p, c), V_OCSP_CERTSTATUS_GOOD);
	devpki_free(p);
}

Test(ocsp, several_certificates_get_an_answer_each)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *certs[] = { kit_issue(p, "a"), kit_issue(p, "b"),
					      kit_issue(p, "c") };
	revoke(p, certs[1], T2026, DEVPKI_REASON_HOLD);
	OCSP_BASICRESP *basic = ask(p, certs, 3, 32);
	cr_expect_eq(OCSP_resp_count(basic), 3);
	cr_expect_eq(kit_ocsp_status(basic, certs[0]), V_OCSP_CERTSTATUS_GOOD);
	cr_expect_eq(kit_ocsp_status(basic, certs[1]), V_OCSP_CERTSTATUS_REVOKED);
	cr_expect_eq(kit_ocsp_status(basic, certs[2]), V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

/*
 * A delegated responder speaks only for the CA that issued it; for whom it may
 * speak is what OCSP_NOCHECKS leaves out.
 */
Test(ocsp, certificate_of_another_issuer_in_the_query_is_unknown)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *certs[] = { kit_issue(p, "leaf"),
					      devpki_active(p, DEVPKI_CA, 0) };
	OCSP_BASICRESP *basic = ask_with(p, certs, 2, 0, OCSP_NOCHECKS);
	cr_expect_eq(kit_ocsp_status(basic, certs[0]), V_OCSP_CERTSTATUS_GOOD);
	cr_expect_eq(kit_ocsp_status(basic, certs[1]), V_OCSP_CERTSTATUS_UNKNOWN);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(ocsp, certificate_of_another_pki_is_unknown)
{
	struct devpki *p = kit_pki(NULL, T2026), *other = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(other, "leaf");
	OCSP_BASICRESP *basic = ask_with(p, &c, 1, 0, OCSP_NOCHECKS);
	cr_expect_eq(kit_ocsp_status(basic, c), V_OCSP_CERTSTATUS_UNKNOWN);
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
	devpki_free(other);
}

Test(ocsp, serial_never_issued_is_unknown)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_cert ghost = *kit_issue(p, "leaf");
	ghost.x509 = X509_dup(ghost.x509);
	ASN1_INTEGER *serial = X509_get_serialNumber(ghost.x509);
	ASN1_INTEGER_set_uint64(serial, 0x999999);
	cr_expect_eq(status_of(p, &ghost), V_OCSP_CERTSTATUS_UNKNOWN);
	/* Longer than any of ours, with the low octets of one that exists. */
	BIGNUM *big = BN_new();
	BN_set_word(big, DEVPKI_SERIAL_FIRST + 3);
	BN_set_bit(big, 100);
	BN_to_ASN1_INTEGER(big, serial);
	cr_expect_eq(status_of(p, &ghost), V_OCSP_CERTSTATUS_UNKNOWN);
	BN_free(big);
	X509_free(ghost.x509);
	devpki_free(p);
}

Test(ocsp, certificate_ids_with_sha256_are_understood)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha256(), c->x509, c->issuer->x509);
	unsigned char *der = NULL;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	int status = -1;
	OCSP_request_add0_id(r, id);
	int n = i2d_OCSP_REQUEST(r, &der);
	cr_assert_eq(devpki_ocsp(p, view_of(der, (size_t)n), &out, &err), 0);
	OCSP_BASICRESP *basic = kit_ocsp_verified(p, view_buf(&out), 0);
	cr_assert_eq(OCSP_resp_find_status(basic, id, &status, NULL, NULL, NULL, NULL),
		     1);
	cr_expect_eq(status, V_OCSP_CERTSTATUS_GOOD);
	OCSP_BASICRESP_free(basic);
	buf_free(&out);
	OPENSSL_free(der);
	OCSP_REQUEST_free(r);
	devpki_free(p);
}

/* ---- nonce: RFC 9654 2.1 ---- */

static ASN1_OCTET_STRING *nonce_of(OCSP_BASICRESP *basic)
{
	int at = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1);
	return at < 0 ? NULL
		      : X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
}

Test(ocsp_nonce, of_1_to_128_octets_is_echoed)
{
	static const size_t lengths[] = { 1, 32, 127, 128 };
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		OCSP_BASICRESP *basic = ask(p, &c, 1, lengths[i]);
		ASN1_OCTET_STRING *v = nonce_of(basic);
		cr_assert_not_null(v);
		size_t n = (size_t)ASN1_STRING_length(v);
		cr_expect_eq(n, lengths[i] + (lengths[i] > 127 ? 3 : 2));
		cr_expect_eq(ASN1_STRING_get0_data(v)[n - 1], 0x5a);
		OCSP_BASICRESP_free(basic);
	}
	devpki_free(p);
}

Test(ocsp_nonce, that_is_absent_stays_absent)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	OCSP_BASICRESP *basic = ask(p, &c, 1, 0);
	cr_expect_null(nonce_of(basic));
	OCSP_BASICRESP_free(basic);
	devpki_free(p);
}

Test(ocsp_nonce, of_129_octets_is_malformed)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct buf req = kit_ocsp_request(&c, 1, 129);
	cr_expect_eq(response_status(p, view_buf(&req)),
		     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	buf_free(&req);
	devpki_free(p);
}

/* Adds an extension with these contents to a request and asks. */
static int status_with_extension(int nid, bool critical, const char *value, int n,
				 int times)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	ASN1_OCTET_STRING *v = ASN1_OCTET_STRING_new();
	unsigned char *der = NULL;
	OCSP_request_add0_id(r, OCSP_cert_to_id(NULL, c->x509, c->issuer->x509));
	ASN1_OCTET_STRING_set(v, (const unsigned char *)value, n);
	X509_EXTENSION *e = X509_EXTENSION_create_by_NID(NULL, nid, critical, v);
	for (int i = 0; i < times; i++)
		OCSP_REQUEST_add_ext(r, e, -1);
	int len = i2d_OCSP_REQUEST(r, &der);
	int status = response_status(p, view_of(der, (size_t)len));
	OPENSSL_free(der);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(v);
	OCSP_REQUEST_free(r);
	devpki_free(p);
	return status;
}

Test(ocsp_nonce, that_is_empty_bare_trailing_or_twice_is_malformed)
{
	const int nonce = NID_id_pkix_OCSP_Nonce;
	const int malformed = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
	cr_expect_eq(status_with_extension(nonce, false, "\x04\x00", 2, 1), malformed);
	cr_expect_eq(status_with_extension(nonce, false, "", 0, 1), malformed);
	cr_expect_eq(status_with_extension(nonce, false, "abcdefgh", 8, 1), malformed);
	cr_expect_eq(status_with_extension(nonce, false, "\x04\x01x\x00", 4, 1),
		     malformed);
	cr_expect_eq(status_with_extension(nonce, false, "\x02\x01x", 3, 1), malformed);
	cr_expect_eq(status_with_extension(nonce, false, "\x04\x01x", 3, 2), malformed);
	cr_expect_eq(status_with_extension(nonce, false, "\x04\x01x", 3, 1),
		     OCSP_RESPONSE_STATUS_SUCCESSFUL);
}

Test(ocsp, unknown_extension_counts_only_when_critical)
{
	const int nid = NID_id_pkix_OCSP_serviceLocator;
	cr_expect_eq(status_with_extension(nid, true, "\x05\x00", 2, 1),
		     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	cr_expect_eq(status_with_extension(nid, false, "\x05\x00", 2, 1),
		     OCSP_RESPONSE_STATUS_SUCCESSFUL);
}

/* ---- malformed requests ---- */

Test(ocsp, noise_is_malformed)
{
	static const struct {
		const char *p;
		size_t n;
	} cases[] = {
		{ "", 0 },
		{ "GET", 3 },
		{ "\x30\x00", 2 },
		{ "\x30\x84\x7f\xff\xff\xff", 6 },
		{ "\x30\x80", 2 },
		/* a list of no requests */
		{ "\x30\x04\x30\x02\x30\x00", 6 },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(response_status(p, view_of(cases[i].p, cases[i].n)),
			     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST, "case %zu", i);
	devpki_free(p);
}

Test(ocsp, trailing_octet_is_malformed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct buf req = kit_ocsp_request(&c, 1, 0);
	cr_expect_eq(response_status(p, view_buf(&req)),
		     OCSP_RESPONSE_STATUS_SUCCESSFUL);
	cr_assert_eq(buf_put_byte(&req, 0, &err), 0);
	cr_expect_eq(response_status(p, view_buf(&req)),
		     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	buf_free(&req);
	devpki_free(p);
}

Test(ocsp, more_certificates_than_the_limit_are_malformed)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *certs[65];
	for (size_t i = 0; i < 65; i++)
		certs[i] = devpki_active(p, DEVPKI_TSA, 0);
	struct buf req = kit_ocsp_request(certs, 65, 0);
	cr_expect_eq(response_status(p, view_buf(&req)),
		     OCSP_RESPONSE_STATUS_MALFORMEDREQUEST);
	buf_free(&req);
	req = kit_ocsp_request(certs, 64, 0);
	cr_expect_eq(response_status(p, view_buf(&req)),
		     OCSP_RESPONSE_STATUS_SUCCESSFUL);
	buf_free(&req);
	devpki_free(p);
}

/* Every request cut short, and every octet changed, still gets an answer. */
Test(ocsp, damaged_requests_are_answered)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct buf req = kit_ocsp_request(&c, 1, 16), out = buf_make(1 << 16);
	for (size_t i = 0; i < req.n; i++) {
		buf_clear(&out);
		cr_assert_eq(devpki_ocsp(p, view_head(view_buf(&req), i), &out, &err),
			     0);
		req.p[i] ^= 0x21;
		buf_clear(&out);
		cr_assert_eq(devpki_ocsp(p, view_buf(&req), &out, &err), 0);
		cr_assert_eq(ERR_peek_error(), 0, "octet %zu", i);
		req.p[i] ^= 0x21;
	}
	buf_free(&out);
	buf_free(&req);
	devpki_free(p);
}
