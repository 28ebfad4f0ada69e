/* SPDX-License-Identifier: Apache-2.0 */
/* Cached answers, policy messages, the name validation algorithm. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/scvp_kit.h"

static struct scvp_kit kit;
static struct scvp_cache *cache;

static void make_kit(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	scvp_kit_make(&kit);
	cr_assert_eq(scvp_cache_new(&cache, &err), 0);
}

static void free_kit(void)
{
	scvp_cache_free(cache);
	scvp_kit_free(&kit);
}

TestSuite(scvp_service, .init = make_kit, .fini = free_kit);

/* ---- cached answers: RFC 5055 3.2.5.4, 3.2.10 ---- */

/* Whether the cache answered; the octets are compared with those of before. */
static bool serve(const struct kit_ask *ask, int64_t now_ms, struct buf *ret_body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
	struct buf b = scvp_kit_bytes(ask);
	const struct scvp_exchange x = { .body = view_buf(&b), .now_ms = now_ms };
	cr_assert_eq(scvp_serve(&kit.config, &kit.archive, cache, &x, &a, &err), 0,
		     "%s", err.text);
	buf_free(&b);
	if (ret_body != NULL)
		*ret_body = a.body;
	else
		buf_free(&a.body);
	return a.cached;
}

Test(scvp_service, same_request_gets_the_same_octets_until_the_time_is_over)
{
	struct kit_ask ask;
	struct buf first, again;
	scvp_kit_ask(&ask, kit.ee);
	cr_assert_not(serve(&ask, KIT_NOW_MS, &first));
	cr_assert(serve(&ask, KIT_NOW_MS + 59999, &again));
	cr_assert(view_equal(view_buf(&first), view_buf(&again)));
	cr_assert_eq(kit.judged, 1);
	buf_free(&again);
	buf_free(&first);
	cr_assert_not(serve(&ask, KIT_NOW_MS + 60000, NULL));
	cr_assert_not(serve(&ask, KIT_NOW_MS + 30000, NULL), "the clock went back");
}

Test(scvp_service, answer_is_not_kept_beyond_the_next_update)
{
	struct kit_ask ask;
	const int64_t end = KIT_NOW_MS + 30000;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_status_at(&kit, end - 30 * FIX_DAY_MS);
	cr_assert_not(serve(&ask, KIT_NOW_MS, NULL));
	cr_assert(serve(&ask, end - 1, NULL));
	cr_assert_not(serve(&ask, end, NULL));
}

Test(scvp_service, what_is_bound_to_one_request_is_never_kept)
{
	struct kit_ask ask;
	for (int i = 0; i < 4; i++) {
		scvp_kit_ask(&ask, kit.ee);
		if (i == 0) {
			ask.q.has_nonce = true;
			ask.q.nonce = view_text("nonce");
		} else if (i == 1) {
			ask.q.text = view_text("text");
		} else if (i == 2) {
			scvp_kit_check(&ask, SCVP_CHECK_AC_STATUS); /* an error */
		} else {
			ask.q.query.has_produced_at = true;
			ask.q.query.produced_at_ms = KIT_NOW_MS + 1000;
		}
		cr_assert_not(serve(&ask, KIT_NOW_MS, NULL));
		cr_assert_not(serve(&ask, KIT_NOW_MS, NULL), "case %d", i);
	}
}

Test(scvp_service, answers_that_may_change_are_not_kept)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_status_at(&kit, 0);
	cr_assert_not(serve(&ask, KIT_NOW_MS, NULL));
	scvp_kit_status_at(&kit, KIT_NOW_MS - FIX_DAY_MS);
	cr_assert_not(serve(&ask, KIT_NOW_MS, NULL));
	cr_assert(serve(&ask, KIT_NOW_MS, NULL));
}

Test(scvp_service, cache_is_bounded_and_forgets_the_oldest)
{
	struct kit_ask ask;
	char extension[16];
	static const uint8_t oid[] = { 0x2a, 0x03 };
	struct scvp_extension e = { .oid = view_of(oid, 2) };
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_BUILD);
	ask.q.query.unprotected = true;
	ask.q.extensions = (struct scvp_extensions){ true, &e, 1 };
	for (unsigned i = 0; i <= SCVP_CACHE_ENTRIES_MAX; i++) {
		snprintf(extension, sizeof(extension), "%u", i);
		e.value = view_text(extension);
		cr_assert_not(serve(&ask, KIT_NOW_MS, NULL));
	}
	cr_assert(serve(&ask, KIT_NOW_MS, NULL));
	e.value = view_text("0");
	cr_assert_not(serve(&ask, KIT_NOW_MS, NULL));
}

/* ---- policy messages: RFC 5055 5, 6 ---- */

static void ask_policies(struct view nonce, struct scvp_answer *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct scvp_vp_request q = { .nonce = nonce };
	struct buf m = buf_make(4096), b = buf_make(4096);
	cr_assert_eq(scvp_vp_request_encode(&q, &m, &err), 0);
	cr_assert_eq(
	    scvp_envelope_bare(SCVP_CONTENT_VP_REQUEST, view_buf(&m), &b, &err), 0);
	const struct scvp_exchange x = { .body = view_buf(&b),
					 .policy_request = true,
					 .now_ms = KIT_NOW_MS };
	*a = (struct scvp_answer){ .body = buf_make(SCVP_RESPONSE_MAX) };
	cr_assert_eq(scvp_serve(&kit.config, &kit.archive, cache, &x, a, &err), 0, "%s",
		     err.text);
	buf_free(&b);
	buf_free(&m);
}

static struct scvp_vp_response *read_policies(struct scvp_answer *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e = NULL;
	struct scvp_vp_response *p = NULL;
	struct cert *signer = NULL;
	enum scvp_status status;
	cr_assert_not(a->bad_policy_request);
	cr_assert_eq(scvp_envelope_parse(view_buf(&a->body), &e, &status, &err), 0);
	cr_assert_eq(e->kind, SCVP_CONTENT_VP_RESPONSE);
	cr_assert_eq(scvp_envelope_verify(e, &status, &signer, &err), 0);
	cr_assert_eq(status, SCVP_OKAY, "MUST be signed");
	cr_assert_eq(der_check(e->content, &err), 0);
	cr_assert_eq(scvp_vp_response_parse(e->content, &p, &err), 0, "%s", err.text);
	cert_free(signer);
	scvp_envelope_free(e);
	buf_free(&a->body);
	return p;
}

Test(scvp_service, policies_are_answered_from_the_cache_without_nonce)
{
	struct scvp_answer a;
	ask_policies(view_text("one nonce"), &a);
	cr_assert_not(a.cached);
	struct scvp_vp_response *p = read_policies(&a);
	cr_assert_eq(p->version, 1);
	cr_assert_eq(p->max_cv_version, 1);
	cr_assert_eq(p->this_update_ms, KIT_NOW_MS);
	cr_assert(p->has_next_update);
	cr_assert_eq(p->next_update_ms, KIT_NOW_MS + 3600000);
	cr_assert_not(p->has_nonce);
	cr_assert(view_equal(p->config_id, kit.config.config_id));
	cr_assert_eq(p->checks.n, 3);
	cr_assert_eq(p->want_backs.n, 13);
	cr_assert_eq(p->policies.n, 3);
	cr_assert_eq(p->algorithms.n, 2);
	cr_assert_eq(p->response_types, SCVP_TYPES_BOTH);
	cr_assert_eq(p->revocation_types, 0xf);
	cr_assert_eq(p->signature_generation.n, 3);
	cr_assert_gt(p->signature_verification.n, 0);
	cr_assert_eq(p->hash_algorithms.n, 3);
	cr_assert_eq(p->clock_skew_min, 10);
	const struct scvp_policy *d = &p->defaults;
	cr_assert(d->alg.n > 0 && d->has_user_policies && d->has_anchors &&
		  d->has_key_usages && d->has_extended_key_usages &&
		  d->has_specified_key_usages && d->inhibit_any != SCVP_ABSENT &&
		  d->inhibit_mapping != SCVP_ABSENT &&
		  d->explicit_policy != SCVP_ABSENT);
	scvp_vp_response_free(p);
	ask_policies(view_text("another"), &a);
	cr_assert(a.cached);
	scvp_vp_response_free(read_policies(&a));
}

Test(scvp_service, specific_policy_answer_echoes_the_nonce)
{
	struct scvp_answer a;
	kit.config.vp_cache_ms = 0;
	kit.config.clock_skew_min = 5;
	kit.config.refused = SCVP_REFUSE_DEFAULT_POLICY;
	kit.config.client_trust = NULL;
	ask_policies(view_text("one nonce"), &a);
	struct scvp_vp_response *p = read_policies(&a);
	cr_assert_not(p->has_next_update);
	cr_assert(view_is_text(p->nonce, "one nonce"));
	cr_assert_eq(p->clock_skew_min, 5);
	cr_assert_eq(p->policies.n, 2, "the default policy MUST NOT be listed");
	cr_assert_eq(p->signature_verification.n, 0);
	scvp_vp_response_free(p);
}

Test(scvp_service, bad_policy_requests_have_no_answer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	struct buf b = scvp_kit_bytes(&ask);
	const struct view bodies[] = { VIEW_NULL, view_text("x"), view_buf(&b) };
	for (size_t i = 0; i < 3; i++) {
		struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
		const struct scvp_exchange x = { .body = bodies[i],
						 .policy_request = true,
						 .now_ms = KIT_NOW_MS };
		cr_assert_eq(scvp_serve(&kit.config, &kit.archive, cache, &x, &a, &err),
			     0);
		cr_assert(a.bad_policy_request);
		cr_assert_eq(a.body.n, 0);
		buf_free(&a.body);
	}
	buf_free(&b);
}

Test(scvp_service, configuration_digest_changes_with_what_it_stands_for)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest before, same, after;
	cr_assert_eq(scvp_config_digest(&kit.config, &before, &err), 0);
	kit.config.cache_ms++;
	kit.config.n_signers = 0;
	cr_assert_eq(scvp_config_digest(&kit.config, &same, &err), 0);
	cr_assert(digest_equal(&before, &same));
	kit.config.clock_skew_min++;
	cr_assert_eq(scvp_config_digest(&kit.config, &after, &err), 0);
	cr_assert_not(digest_equal(&before, &after));
	kit.config.clock_skew_min--;
	kit.config.n_policies--;
	cr_assert_eq(scvp_config_digest(&kit.config, &after, &err), 0);
	cr_assert_not(digest_equal(&before, &after));
}

Test(scvp_service, configuration_that_cannot_work_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct scvp_config good = kit.config;
	struct scvp_config c;
#define REFUSED(change)                                                                \
	do {                                                                           \
		c = good;                                                              \
		change;                                                                \
		ltps_error_clear(&err);                                                \
		cr_assert_eq(scvp_config_check(&c, &err), -1, #change);                \
	} while (0)
	REFUSED(c.n_policies = 0);
	REFUSED(c.policies = &kit.policies[1]);
	REFUSED(c.n_hashes = 0);
	REFUSED(c.config_id = VIEW_NULL);
	REFUSED(c.trust = NULL);
	REFUSED((c.require_authentication = true, c.client_trust = NULL));
}

/* ---- names: RFC 5055 3.2.4.2.3 ---- */

enum { NVAE = 2 };
#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define EMAIL "1.3.6.1.5.5.7.3.4"

/* GeneralNames from "1:a@b 2:host": context tag and text. */
static struct buf names_of(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4096);
	while (*text != '\0') {
		const size_t n = strcspn(text + 2, " ");
		cr_assert_eq(der_put(&b,
				     DER_ID(ASN1_CONTEXT, 0, (uint8_t)(text[0] - '0')),
				     view_of(text + 2, n), &err),
			     0);
		text += 2 + n;
		text += *text == ' ';
	}
	return b;
}

/* error 0: the names match. */
static void expect_raw(const struct fix_cert *c, const char *comparison,
		       struct view names, unsigned error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf oid = buf_make(64), params = buf_make(4096);
	struct kit_ask ask;
	struct kit_answer a;
	cr_assert_eq(der_put_oid(&oid, comparison, &err), 0);
	const struct scvp_name_params p = { view_of(oid.p + 2, oid.n - 2), names };
	cr_assert_eq(scvp_name_params_encode(&p, &params, &err), 0);
	scvp_kit_ask(&ask, c);
	ask.q.query.policy.alg = scvp_svp_oid(2);
	ask.q.query.policy.alg_params = view_buf(&params);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->status, SCVP_OKAY, "%s", scvp_status_name(a.p->status));
	const struct scvp_reply *r = &a.p->replies[0];
	cr_assert_eq(r->status,
		     error == 0 ? SCVP_REPLY_SUCCESS : SCVP_REPLY_PATH_NOT_VALID, "%s",
		     scvp_reply_status_name(r->status));
	cr_assert_eq(r->checks[0].status, error == 0 ? 0 : 1);
	if (error != 0)
		cr_assert(scvp_kit_has_error(&a, 0, NVAE, error), "error %u", error);
	scvp_kit_answer_free(&a);
	buf_free(&params);
	buf_free(&oid);
}

static void expect_names(const struct fix_cert *c, const char *comparison,
			 const char *names, unsigned error)
{
	struct buf b = names_of(names);
	expect_raw(c, comparison, view_buf(&b), error);
	buf_free(&b);
}

Test(scvp_service, host_names_match_the_alternative_names)
{
	struct fix_cert *c = fix_cert_make(&(struct fix_cert_options){
	    .cn = "cn.example",
	    .issuer = kit.ca,
	    .san = "DNS:a.example,DNS:*.b.example,email:u@a.example" });
	static const struct {
		const char *names;
		unsigned error;
	} rows[] = {
		{ "2:a.example", 0 },
		{ "2:A.EXAMPLE", 0 },
		{ "2:x.b.example", 0 },
		{ "2:a.example 2:x.b.example", 0 },
		{ "2:x.y.b.example", 1 },
		{ "2:b.example", 1 },
		{ "2:.b.example", 1 },
		{ "2:a.example.org", 1 },
		{ "2:cn.example", 1 }, /* the common name does not count */
		{ "2:a.example 2:other", 1 },
		{ "1:u@a.example", 5 },
		{ "2:a.example 1:u@a.example", 6 },
		{ "2:", 4 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect_names(c, SERVER_AUTH, rows[i].names, rows[i].error);
	expect_names(c, "1.2.3", "2:a.example", 3);
	expect_raw(c, SERVER_AUTH, VIEW_NULL, 4);
	static const uint8_t integer[] = { 0x02, 0x01, 0x00 };
	expect_raw(c, SERVER_AUTH, view_of(integer, 3), 4);
	fix_cert_free(c);
}

Test(scvp_service, common_name_counts_without_dns_names)
{
	struct fix_cert *mail = fix_cert_make(&(struct fix_cert_options){
	    .cn = "cn.example", .issuer = kit.ca, .san = "email:u@a.example" });
	expect_names(kit.ee, SERVER_AUTH, "2:signer.example", 0);
	expect_names(kit.ee, SERVER_AUTH, "2:other.example", 1);
	expect_names(mail, SERVER_AUTH, "2:cn.example", 0);
	fix_cert_free(mail);
}

Test(scvp_service, mail_addresses_match_with_their_case)
{
	struct fix_cert *c = fix_cert_make(&(struct fix_cert_options){
	    .cn = "mail", .issuer = kit.ca, .san = "email:User@Example.org" });
	expect_names(c, EMAIL, "1:User@example.ORG", 0);
	expect_names(c, EMAIL, "1:user@example.org", 1);
	expect_names(c, EMAIL, "1:no-host", 4);
	expect_names(c, EMAIL, "2:example.org", 5);
	expect_names(kit.ee, EMAIL, "1:User@example.org", 2);
	fix_cert_free(c);
}

Test(scvp_service, directory_names_match_as_names)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *ee = NULL, *ca = NULL;
	struct buf right = buf_make(4096), wrong = buf_make(4096);
	cr_assert_eq(cert_parse(kit.ee->der, &ee, &err), 0);
	cr_assert_eq(cert_parse(kit.ca->der, &ca, &err), 0);
	cr_assert_eq(der_put(&right, 0xa4, ee->subject, &err), 0);
	cr_assert_eq(der_put(&wrong, 0xa4, ca->subject, &err), 0);
	expect_raw(kit.ee, OID_NVA_DN, view_buf(&right), 0);
	expect_raw(kit.ee, OID_NVA_DN, view_buf(&wrong), 1);
	expect_names(kit.ee, OID_NVA_DN, "2:signer.example", 5);
	buf_free(&wrong);
	buf_free(&right);
	cert_free(ca);
	cert_free(ee);
}

Test(scvp_service, name_algorithm_without_parameters_is_bad_structure)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.alg = scvp_svp_oid(2);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->status, SCVP_BAD_STRUCTURE);
	scvp_kit_answer_free(&a);
}
