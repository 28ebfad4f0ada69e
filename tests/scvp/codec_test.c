/* SPDX-License-Identifier: Apache-2.0 */
/* The codec: everything there and back, BER, and what is refused with which status. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/scvp_kit.h"

/* Not a certificate, but one SEQUENCE; the codec does not look inside. */
static const uint8_t cert_octets[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
static const struct view cert = { cert_octets, sizeof(cert_octets) };
static const uint8_t oid1_octets[] = { 0x2a, 0x03 };
static const struct view oid1 = { oid1_octets, 2 };
static const uint8_t dns_octets[] = { 0x82, 3, 'a', '.', 'b' };
static const struct view dns = { dns_octets, sizeof(dns_octets) };
static const uint8_t null_octets[] = { 5, 0 };
static const uint8_t sha512_octets[] = { 0x60, 0x86, 0x48, 0x01, 0x65,
					 0x03, 0x04, 0x02, 0x03 };
static const uint8_t alg_octets[] = { 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03 };

struct everything {
	struct scvp_cert_ref refs[2];
	struct scvp_rev_info infos[4];
	struct scvp_extension extensions[2];
	uint16_t usages[3];
	struct view lists[4];
	struct scvp_request q;
};

static void fill_policy(struct everything *e, struct scvp_policy *p)
{
	e->usages[0] = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_CRL_SIGN;
	e->usages[1] = KEY_USAGE_DECIPHER_ONLY;
	e->usages[2] = 0;
	*p = (struct scvp_policy){
		.id = oid1,
		.params = view_of(null_octets, 2),
		.alg = scvp_svp_oid(2),
		.alg_params = cert,
		.has_user_policies = true,
		.user_policies = { e->lists, 2 },
		.inhibit_mapping = SCVP_FALSE,
		.explicit_policy = SCVP_TRUE,
		.inhibit_any = SCVP_FALSE,
		.has_anchors = true,
		.anchors = e->refs,
		.n_anchors = 2,
		.has_key_usages = true,
		.key_usages = e->usages,
		.n_key_usages = 3,
		.has_extended_key_usages = true,
		.has_specified_key_usages = true,
		.specified_key_usages = { e->lists, 1 },
	};
}

/* A request with every item that there is. */
static void fill(struct everything *e)
{
	memset(e, 0, sizeof(*e));
	struct scvp_query *q = &e->q.query;
	e->refs[0] = (struct scvp_cert_ref){ .kind = SCVP_REF_CERT, .cert = cert };
	e->refs[1] =
	    (struct scvp_cert_ref){ .kind = SCVP_REF_PKC,
				    .id = { .hash = view_text("01234567890123456789"),
					    .hash_algorithm = view_of(sha512_octets, 9),
					    .issuer = dns,
					    .serial = view_text("\x01\x02") } };
	for (unsigned i = 0; i < 4; i++) {
		e->infos[i] = (struct scvp_rev_info){ (enum scvp_rev_kind)i, cert };
		e->lists[i] = i % 2 == 0 ? oid1 : view_of(sha512_octets, 9);
	}
	e->extensions[0] = (struct scvp_extension){ oid1, true, cert };
	e->extensions[1] = (struct scvp_extension){ oid1, false, VIEW_NULL };
	fill_policy(e, &q->policy);
	q->certs = e->refs;
	q->n_certs = 2;
	q->checks = (struct scvp_list){ e->lists, 2 };
	q->want_backs = (struct scvp_list){ e->lists, 3 };
	q->full_request = q->policy_by_value = q->unprotected = q->fresh_only = true;
	q->has_context = true;
	q->context = view_text("context");
	q->has_validation_time = true;
	q->validation_time_ms = FIX_T0_MS;
	q->intermediates = (struct scvp_list){ &cert, 1 };
	q->rev_infos = e->infos;
	q->n_rev_infos = 4;
	q->has_produced_at = true;
	q->produced_at_ms = FIX_T0_MS - 1000;
	q->extensions = (struct scvp_extensions){ true, e->extensions, 2 };
	e->q.has_requestor_ref = true;
	e->q.requestor_ref = (struct scvp_list){ &dns, 1 };
	e->q.has_nonce = true;
	e->q.nonce = view_text("nonce");
	e->q.requestor_name = e->q.responder_name = dns;
	e->q.extensions = (struct scvp_extensions){ true, e->extensions, 1 };
	e->q.signature_alg = view_of(alg_octets, sizeof(alg_octets));
	e->q.hash_alg = view_of(sha512_octets, 9);
	e->q.text = view_text("text");
}

static struct buf encode(const struct scvp_request *q)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(SCVP_REQUEST_MAX);
	cr_assert_eq(scvp_request_encode(q, &b, &err), 0, "%s", err.text);
	cr_assert_eq(der_check(view_buf(&b), &err), 0, "%s", err.text);
	return b;
}

static struct scvp_request *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum scvp_status status;
	struct scvp_request *q = NULL;
	cr_assert_eq(scvp_request_parse(in, &q, &status, &err), 0, "%s", err.text);
	cr_assert_eq(status, SCVP_OKAY);
	return q;
}

Test(scvp_codec, request_with_every_item_goes_there_and_back)
{
	struct everything e;
	fill(&e);
	struct buf b = encode(&e.q);
	struct scvp_request *q = parse(view_buf(&b));
	const struct scvp_policy *p = &q->query.policy;
	cr_assert(view_equal(q->exact, view_buf(&b)));
	cr_assert_eq(q->query.n_certs, 2);
	cr_assert(view_equal(q->query.certs[0].cert, cert));
	cr_assert(view_equal(q->query.certs[1].id.hash, e.refs[1].id.hash));
	cr_assert(view_equal(q->query.certs[1].id.serial, e.refs[1].id.serial));
	cr_assert_eq(p->n_key_usages, 3);
	cr_assert_eq(memcmp(p->key_usages, e.usages, sizeof(e.usages)), 0);
	cr_assert(p->has_extended_key_usages);
	cr_assert_eq(p->extended_key_usages.n, 0);
	cr_assert_eq(p->explicit_policy, SCVP_TRUE);
	cr_assert(q->query.full_request && q->query.policy_by_value &&
		  q->query.unprotected && q->query.fresh_only);
	cr_assert_eq(q->query.n_rev_infos, 4);
	cr_assert_eq(q->query.rev_infos[3].kind, SCVP_REV_OTHER);
	cr_assert_eq(q->query.validation_time_ms, FIX_T0_MS);
	cr_assert(q->query.extensions.e[0].critical);
	cr_assert_not(q->query.extensions.e[1].critical);
	struct buf again = encode(q);
	cr_assert(view_equal(view_buf(&b), view_buf(&again)));
	buf_free(&again);
	scvp_request_free(q);
	buf_free(&b);
}

static void expect_status(struct view in, enum scvp_status expected, const char *what)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum scvp_status status = SCVP_OKAY;
	struct scvp_request *q = NULL;
	cr_assert_eq(scvp_request_parse(in, &q, &status, &err), -1, "%s", what);
	cr_assert_eq(status, expected, "%s: %s, not %s (%s)", what,
		     scvp_status_name(status), scvp_status_name(expected), err.text);
	cr_assert_neq(err.code, LTPS_OK);
}

/* Every cut is refused; every changed octet is refused or read, never a crash. */
Test(scvp_codec, cut_and_changed_requests_never_pass_as_something_else)
{
	struct everything e;
	fill(&e);
	struct buf b = encode(&e.q);
	for (size_t n = 1; n < b.n; n++)
		expect_status(view_of(b.p, n), SCVP_UNABLE_TO_DECODE, "cut");
	for (size_t i = 0; i < b.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			enum scvp_status status;
			struct scvp_request *q = NULL;
			b.p[i] ^= (uint8_t)(1u << bit);
			if (scvp_request_parse(view_buf(&b), &q, &status, &err) == 0)
				scvp_request_free(q);
			b.p[i] ^= (uint8_t)(1u << bit);
		}
	}
	buf_free(&b);
}

Test(scvp_codec, what_the_module_forbids_is_bad_structure)
{
	struct everything e;
	struct buf b;
	static const uint8_t bare_dns[] = { 0x30, 0 };
#define BAD(change, expected)                                                          \
	do {                                                                           \
		fill(&e);                                                              \
		change;                                                                \
		struct ltps_error err = LTPS_ERROR_INIT;                               \
		b = buf_make(SCVP_REQUEST_MAX);                                        \
		cr_assert_eq(scvp_request_encode(&e.q, &b, &err), 0);                  \
		expect_status(view_buf(&b), expected, #change);                        \
		buf_free(&b);                                                          \
	} while (0)
	BAD(e.q.query.n_certs = 0, SCVP_BAD_STRUCTURE);
	BAD(e.q.query.checks.n = 0, SCVP_BAD_STRUCTURE);
	BAD(e.q.query.attribute_certs = true, SCVP_BAD_STRUCTURE);
	BAD(e.refs[1].kind = SCVP_REF_AC, SCVP_BAD_STRUCTURE);
	BAD(e.q.query.policy.user_policies.n = 0, SCVP_BAD_STRUCTURE);
	BAD(e.q.query.policy.n_anchors = 0, SCVP_BAD_STRUCTURE);
	BAD(e.q.query.extensions.n = 0, SCVP_BAD_STRUCTURE);
	BAD(e.q.requestor_ref.n = 0, SCVP_BAD_STRUCTURE);
	BAD(e.q.requestor_name = view_of(bare_dns, 2), SCVP_BAD_STRUCTURE);
	BAD(e.q.text = view_text("\xff"), SCVP_BAD_STRUCTURE);
	BAD(e.q.version = 3, SCVP_UNSUPPORTED_VERSION);
	BAD(e.refs[1].id.issuer = VIEW_NULL, SCVP_BAD_STRUCTURE);
}

Test(scvp_codec, limits_make_an_invalid_request)
{
	static uint8_t long_text[SCVP_NONCE_MAX + 1];
	static struct view many[SCVP_OIDS_MAX + 1];
	static struct scvp_cert_ref refs[SCVP_CERTS_MAX + 1];
	struct everything e;
	struct buf b;
	memset(long_text, 'x', sizeof(long_text));
	for (size_t i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		many[i] = oid1;
	for (size_t i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
		refs[i] = (struct scvp_cert_ref){ .kind = SCVP_REF_CERT, .cert = cert };
	BAD(e.q.text = view_of(long_text, SCVP_TEXT_MAX + 1), SCVP_INVALID_REQUEST);
	BAD(e.q.nonce = view_of(long_text, SCVP_NONCE_MAX + 1), SCVP_INVALID_REQUEST);
	BAD((e.q.query.certs = refs, e.q.query.n_certs = SCVP_CERTS_MAX + 1),
	    SCVP_INVALID_REQUEST);
	BAD(e.q.query.checks = ((struct scvp_list){ many, SCVP_CHECKS_MAX + 1 }),
	    SCVP_INVALID_REQUEST);
	BAD(e.q.query.want_backs =
		((struct scvp_list){ many, SCVP_WANT_BACKS_MAX + 1 }),
	    SCVP_INVALID_REQUEST);
	BAD(e.q.query.policy.user_policies =
		((struct scvp_list){ many, SCVP_OIDS_MAX + 1 }),
	    SCVP_INVALID_REQUEST);
	fill(&e);
	e.q.query.certs = refs;
	e.q.query.n_certs = SCVP_CERTS_MAX;
	e.q.text = view_of(long_text, SCVP_TEXT_MAX);
	e.q.nonce = view_of(long_text, SCVP_NONCE_MAX);
	b = encode(&e.q);
	scvp_request_free(parse(view_buf(&b)));
	buf_free(&b);
}

/* Names and parameters come back in answers, which are DER. */
Test(scvp_codec, names_and_parameters_that_are_not_ber_cannot_be_decoded)
{
	static const uint8_t broken[] = { 0x30, 0x02, 0x04, 0x7f };
	static const uint8_t long_form[] = { 0x30, 0x81, 0x02, 0x05, 0x00 };
	struct everything e;
	struct buf b;
	BAD(e.q.query.policy.alg_params = view_of(broken, 4), SCVP_UNABLE_TO_DECODE);
	BAD(e.q.query.policy.alg_params = view_of(long_form, 5), SCVP_UNABLE_TO_DECODE);
	BAD(e.refs[0].cert = view_of(broken, 4), SCVP_UNABLE_TO_DECODE);
}

/* The captured clients write an empty responseFlags; others write defaults out. */
Test(scvp_codec, empty_and_default_flags_are_accepted)
{
	static const uint8_t flags[][14] = {
		{ 0x30, 0 },
		{ 0x30, 0x0c, 0x80, 1, 0, 0x81, 1, 0xff, 0x82, 1, 0xff, 0x83, 1, 0x01 },
	};
	for (size_t i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct kit_ask ask = { .q = { .version = 0 } };
		const struct scvp_cert_ref ref = { .cert = cert };
		struct tlv whole, query;
		struct buf a = buf_make(4096), b = buf_make(4096), c = buf_make(4096);
		ask.q.query.certs = &ref;
		ask.q.query.n_certs = 1;
		ask.q.query.checks = (struct scvp_list){ &oid1, 1 };
		ask.q.query.policy.id = oid1;
		struct buf plain = encode(&ask.q);
		cr_assert_eq(tlv_only(view_buf(&plain), &whole, &err), 0);
		cr_assert_eq(tlv_only(whole.body, &query, &err), 0);
		cr_assert_eq(buf_put(&a, query.body, &err), 0);
		cr_assert_eq(buf_put(&a, view_of(flags[i], flags[i][1] + 2u), &err), 0);
		cr_assert_eq(der_put(&b, DER_SEQUENCE, view_buf(&a), &err), 0);
		cr_assert_eq(der_put(&c, DER_SEQUENCE, view_buf(&b), &err), 0);
		struct scvp_request *q = parse(view_buf(&c));
		cr_assert(q->query.has_flags);
		cr_assert_not(q->query.full_request || q->query.policy_by_value ||
			      q->query.unprotected || q->query.fresh_only);
		scvp_request_free(q);
		buf_free(&plain);
		buf_free(&c);
		buf_free(&b);
		buf_free(&a);
	}
}

/* Indefinite lengths and a nonce in segments. */
Test(scvp_codec, ber_is_read)
{
	static const uint8_t ber[] = { 0x30, 0x80, 0x30, 0x80, 0xa0, 0x80, 0xa0, 0x80,
				       0x02, 0x01, 0x07, 0x00, 0x00, 0x00, 0x00, 0x30,
				       0x04, 0x06, 0x02, 0x2a, 0x03, 0x30, 0x80, 0x30,
				       0x04, 0x06, 0x02, 0x2a, 0x03, 0x00, 0x00, 0x00,
				       0x00, 0xa1, 0x06, 0x04, 0x01, 'a',  0x04, 0x01,
				       'b',  0x00, 0x00 };
	struct scvp_request *q = parse(view_of(ber, sizeof(ber)));
	cr_assert(view_is_text(q->nonce, "ab"));
	cr_assert(view_equal(q->query.certs[0].cert, cert));
	cr_assert_eq(q->exact.n, sizeof(ber), "hashed as it came");
	scvp_request_free(q);
}

Test(scvp_codec, times_are_whole_seconds_in_utc)
{
	static const char *const bad[] = { "20260101000000.5Z", "202601010000Z",
					   "20260101000000+00", "20261301000000Z" };
	for (size_t i = 0; i < 4; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct everything e;
		struct buf b, c = buf_make(SCVP_REQUEST_MAX);
		uint8_t *at;
		fill(&e);
		b = encode(&e.q);
		at = memmem(b.p, b.n, "20260101000000Z", 15);
		cr_assert_not_null(at);
		if (strlen(bad[i]) == 15) {
			memcpy(at, bad[i], 15);
			expect_status(view_buf(&b), SCVP_BAD_STRUCTURE, bad[i]);
		} else {
			at[14] = '0'; /* of the right length, but not UTC */
			expect_status(view_buf(&b), SCVP_BAD_STRUCTURE, bad[i]);
		}
		cr_assert_eq(err.code, LTPS_OK);
		buf_free(&c);
		buf_free(&b);
	}
}

/* ---- responses ---- */

Test(scvp_codec, response_with_every_item_goes_there_and_back)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct everything e;
	fill(&e);
	const struct scvp_check checks[] = { { scvp_check_oid(SCVP_CHECK_STATUS), 0 },
					     { scvp_check_oid(SCVP_CHECK_VALID), 4 } };
	const struct scvp_want_back wants[] = {
		{ scvp_want_oid(SCVP_WANT_BEST_PATH), cert },
		{ scvp_want_oid(SCVP_WANT_ERS_ALL), VIEW_NULL }
	};
	const struct scvp_reply replies[] = {
		{ .cert = e.refs[0],
		  .validation_time_ms = FIX_T0_MS,
		  .checks = checks,
		  .n_checks = 2,
		  .want_backs = wants,
		  .n_want_backs = 2 },
		{ .cert = e.refs[1],
		  .status = SCVP_REPLY_PATH_NOT_VALID,
		  .validation_time_ms = FIX_T0_MS,
		  .errors = { e.lists, 2 },
		  .has_next_update = true,
		  .next_update_ms = FIX_T0_MS + 1000,
		  .extensions = { true, e.extensions, 2 } },
	};
	struct scvp_response p = {
		.version = 1,
		.config_id = view_text("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a"),
		.produced_ms = FIX_T0_MS,
		.status = SCVP_SKIP_UNRECOGNIZED_ITEMS,
		.message = view_text("message"),
		.has_policy = true,
		.policy = e.q.query.policy,
		.request_ref = SCVP_REQUEST_REF_FULL,
		.full_request = cert,
		.has_requestor_ref = true,
		.requestor_ref = { &dns, 1 },
		.has_requestor_name = true,
		.requestor_name = { &dns, 1 },
		.replies = replies,
		.n_replies = 2,
		.has_nonce = true,
		.nonce = view_text("nonce"),
		.has_context = true,
		.context = view_text("context"),
		.extensions = { true, e.extensions, 2 },
		.text = view_text("text"),
	};
	struct buf b = buf_make(SCVP_RESPONSE_MAX), again = buf_make(SCVP_RESPONSE_MAX);
	struct scvp_response *r = NULL;
	cr_assert_eq(scvp_response_encode(&p, &b, &err), 0, "%s", err.text);
	cr_assert_eq(der_check(view_buf(&b), &err), 0, "%s", err.text);
	cr_assert_eq(scvp_response_parse(view_buf(&b), &r, &err), 0, "%s", err.text);
	cr_assert_eq(r->n_replies, 2);
	cr_assert_eq(r->replies[0].checks[1].status, 4);
	cr_assert_eq(r->replies[0].want_backs[1].value.n, 0);
	cr_assert_eq(r->replies[1].errors.n, 2);
	cr_assert(view_equal(r->full_request, cert));
	cr_assert(view_equal(r->config_id, p.config_id), "an INTEGER of any size");
	cr_assert_eq(scvp_response_encode(r, &again, &err), 0);
	cr_assert(view_equal(view_buf(&b), view_buf(&again)));
	scvp_response_free(r);
	for (size_t n = 0; n < b.n; n++) {
		struct ltps_error cut = LTPS_ERROR_INIT;
		cr_assert_eq(scvp_response_parse(view_of(b.p, n), &r, &cut), -1);
	}
	for (size_t i = 0; i < b.n; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		b.p[i] ^= 0x21;
		if (scvp_response_parse(view_buf(&b), &r, &bad) == 0)
			scvp_response_free(r);
		b.p[i] ^= 0x21;
	}
	buf_free(&again);
	buf_free(&b);
}

Test(scvp_codec, small_structures_refuse_what_is_not_theirs)
{
	static const uint8_t empty[] = { 0x30, 0 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view items[2];
	struct scvp_want_back records[2];
	struct scvp_rev_want_back *w = NULL;
	struct scvp_name_params p;
	size_t n;
	cr_assert_eq(scvp_bundle_parse(view_of(empty, 2), items, 2, &n, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(scvp_bundle_parse(cert, items, 2, &n, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(scvp_ers_all_parse(view_of(empty, 2), records, 2, &n, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(scvp_rev_want_back_parse(view_of(empty, 2), &w, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(scvp_name_params_parse(VIEW_NULL, &p, &err), -1);
}

Test(scvp_codec, identifiers_are_those_of_the_modules)
{
	cr_assert(oid_is(scvp_check_oid(SCVP_CHECK_STATUS), OID_STC ".3"));
	cr_assert(oid_is(scvp_want_oid(SCVP_WANT_ERS_ALL), OID_SWB ".20"));
	cr_assert(oid_is(scvp_svp_oid(4), OID_NVA_DN));
	cr_assert_eq(scvp_want_id(scvp_want_oid(SCVP_WANT_PARTIAL_PATH)),
		     SCVP_WANT_PARTIAL_PATH);
	cr_assert_eq(scvp_want_id(oid1), SCVP_WANT_OTHER);
	cr_assert_eq(scvp_check_id(scvp_want_oid(SCVP_WANT_BEST_PATH)),
		     SCVP_CHECK_OTHER);
	cr_assert_eq(scvp_want_oid(SCVP_WANT_OTHER).n, 0);
}
