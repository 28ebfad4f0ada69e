/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Augmentation over decades and in bad company: renewals judged with the anchors
 * alone, authorities that are revoked, answer nonsense or leave out their chain.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/seal.h"
#include "tests/support/augment_kit.h"
#include "tests/support/test_time.h"
#include "validation/tsa_path.h"

#define YEAR_MS (365 * KIT_DAY_MS)

static struct augment_kit kit;

static void begin(void)
{
	augment_kit_start(&kit);
}

static void end(void)
{
	augment_kit_stop(&kit);
}

TestSuite(augment_life, .init = begin, .fini = end, .timeout = TEST_SECONDS_MAX);

static int try(struct view file, enum signature_level level, struct augmented *ret,
	       struct ltps_error *err)
{
	struct augment_input in = augment_kit_input(&kit, level);
	in.file = file;
	return augment_cades(&in, ret, err);
}

/* Signatures of the second in which the certificate begins are a case of its own. */
static struct view plain(const char *name)
{
	const struct fix_cert cert = augment_kit_holder(&kit, name, DEVPKI_KEY_P256);
	const struct cades_kit_signer s = { .cert = &cert, .signing_ms = kit.now_ms };
	augment_kit_pass(&kit, 3600 * 1000);
	return cades_kit_make(
	    &(struct cades_kit_make){ .signers = &s, .n_signers = 1 });
}

static struct augmented augment(struct view file, enum signature_level level)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	cr_assert_eq(try(file, level, &a, &err), 0, "%s: %s", err.where, err.text);
	return a;
}

static void expect_passed(const struct augmented *a, enum signature_level level)
{
	const struct report *r = a->judged.report;
	cr_assert_eq(a->outcome, AUGMENT_DONE, "%s: %s",
		     augment_outcome_name(a->outcome), a->text);
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		cr_assert_eq(s->conclusion.indication, INDICATION_PASSED, "%s: %s",
			     subindication_name(s->conclusion.sub), s->conclusion.text);
		cr_assert_eq(s->level, level, "%s: %s", signature_level_name(s->level),
			     s->signature->why_not);
	}
}

/* Material and anchors alone; with the network, status of the last TSA is there. */
static void expect_judged(struct view file, bool network, enum indication wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct document *doc = NULL;
	struct judged j = { 0 };
	const struct path_sources none = { .clock = &kit.clock };
	cr_assert_eq(document_read(file, NULL, &doc, &err), 0, "%s", err.text);
	const struct engine_input in = { .policy = kit.policy,
					 .pools = kit.pools,
					 .n_pools = 1,
					 .time_ms = clock_now_ms(&kit.clock),
					 .document = doc };
	cr_assert_eq(judge_document(network ? &kit.sources : &none, &in, &j, &err), 0,
		     "%s", err.text);
	for (size_t i = 0; i < j.report->n_signatures; i++) {
		const struct conclusion *c = &j.report->signatures[i].conclusion;
		cr_assert_eq(c->indication, wanted, "%s: %s",
			     subindication_name(c->sub), c->text);
	}
	judged_clear(&j);
	document_free(doc);
}

static void roll(enum devpki_kind kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c;
	cr_assert_eq(
	    devpki_rollover(pki_server_enter(kit.server), kind, 0, NULL, &c, &err), 0,
	    "%s", err.text);
	pki_server_leave(kit.server);
}

/* ---- over the years ---- */

Test(augment_life, renewed_in_time_passes_with_the_anchors_alone)
{
	struct augmented a = augment(plain("signer"), LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	for (int year = 2; year <= 28; year += 2) {
		augment_kit_pass(&kit, 2 * YEAR_MS);
		if (year % 12 == 0)
			roll(DEVPKI_CA);
		if (year % 6 == 0)
			roll(DEVPKI_TSA);
		struct augmented next = augment(view_buf(&a.out), LEVEL_LTA);
		expect_passed(&next, LEVEL_LTA);
		expect_judged(view_buf(&next.out), false, INDICATION_PASSED);
		augmented_clear(&a);
		a = next;
	}
	augmented_clear(&a);
}

Test(augment_life, renewed_too_late_is_told)
{
	augment_kit_pass(&kit, KIT_DAY_MS);
	struct augmented a = augment(plain("signer"), LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	augment_kit_pass(&kit, 12 * YEAR_MS);
	roll(DEVPKI_CA);
	roll(DEVPKI_TSA);
	struct augmented late = augment(view_buf(&a.out), LEVEL_LTA);
	cr_assert_eq(late.outcome, AUGMENT_INCOMPLETE, "%s: %s",
		     augment_outcome_name(late.outcome), late.text);
	cr_assert_not_null(strstr(late.text, "older proof of existence"), "%s",
			   late.text);
	cr_assert_eq(late.out.n, 0);
	cr_assert_eq(late.tokens, 0);
	augmented_clear(&late);
	augmented_clear(&a);
}

Test(augment_life, ten_renewals_grow_evenly)
{
	struct augmented a = augment(plain("signer"), LEVEL_LTA);
	size_t first = 0;
	for (int i = 0; i < 10; i++) {
		augment_kit_pass(&kit, KIT_DAY_MS + 3600 * 1000);
		struct augmented next = augment(view_buf(&a.out), LEVEL_LTA);
		expect_passed(&next, LEVEL_LTA);
		const size_t grown = next.out.n - a.out.n;
		if (i == 1)
			first = grown;
		if (i > 1)
			cr_expect_leq(grown, first + first / 2);
		augmented_clear(&a);
		a = next;
	}
	expect_judged(view_buf(&a.out), false, INDICATION_PASSED);
	augment_kit_pass(&kit, 5 * YEAR_MS);
	expect_judged(view_buf(&a.out), true, INDICATION_PASSED);
	augmented_clear(&a);
}

/* ---- revoked authorities ---- */

static void revoke(const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(kit.server);
	const struct devpki_cert *c = devpki_find_text(p, view_text(name));
	cr_assert_not_null(c);
	cr_assert_eq(devpki_revoke(p, c->serial, devpki_now_ms(p),
				   DEVPKI_REASON_KEY_COMPROMISE, &err),
		     0);
	pki_server_leave(kit.server);
}

static void expect_nothing_from_revoked(struct view file, enum signature_level level)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	const int rc = try(file, level, &a, &err);
	if (rc != 0) {
		cr_assert_eq(err.fault, LTPS_FAULT_REMOTE);
		cr_assert_not_null(strstr(err.text, "revoked"), "%s", err.text);
		return;
	}
	cr_assert_neq(a.outcome, AUGMENT_DONE);
	cr_assert_eq(a.out.n, 0);
	cr_assert_neq(a.text[0], '\0');
	augmented_clear(&a);
}

Test(augment_life, revoked_tsa_makes_no_t)
{
	const struct view file = plain("signer");
	revoke("tsa0");
	augment_kit_pass(&kit, 60000);
	expect_nothing_from_revoked(file, LEVEL_T);
}

Test(augment_life, revoked_tsa_makes_no_lta)
{
	const struct view file = plain("signer");
	revoke("tsa0");
	augment_kit_pass(&kit, 60000);
	expect_nothing_from_revoked(file, LEVEL_LTA);
}

Test(augment_life, tsa_revoked_meanwhile_makes_no_archive_stamp)
{
	struct augmented a = augment(plain("signer"), LEVEL_LTA);
	augment_kit_pass(&kit, KIT_DAY_MS);
	roll(DEVPKI_TSA);
	revoke("tsa0-2");
	augment_kit_pass(&kit, 60000);
	expect_nothing_from_revoked(view_buf(&a.out), LEVEL_LTA);
	augmented_clear(&a);
}

/* Whoever has no gate, or one that knows less, is kept from it by the judgement. */
Test(augment_life, revoked_tsa_is_seen_without_a_gate)
{
	const struct view file = plain("signer");
	revoke("tsa0");
	augment_kit_pass(&kit, 60000);
	kit.client.gate = NULL;
	expect_nothing_from_revoked(file, LEVEL_T);
	expect_nothing_from_revoked(file, LEVEL_LTA);
}

Test(augment_life, revoked_tsa_leads_to_the_next)
{
	const struct view file = plain("signer");
	char second[96];
	snprintf(second, sizeof(second), "%s/tsa/1", pki_server_url(kit.server));
	const struct tsa both[2] = { kit.tsa, { .name = "second", .url = second } };
	kit.client.tsas = both;
	kit.client.n_tsas = 2;
	revoke("tsa0");
	augment_kit_pass(&kit, 60000);
	struct augmented a = augment(file, LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	augmented_clear(&a);
}

/* ---- authorities that answer nonsense ---- */

Test(augment_life, each_bad_answer_is_refused_and_the_next_tsa_asked)
{
	static const enum devpki_fault faults[] = {
		DEVPKI_FAULT_GARBAGE,
		DEVPKI_FAULT_CUT,
		DEVPKI_FAULT_TRUNCATED,
		DEVPKI_FAULT_CLOSED,
		DEVPKI_FAULT_HTTP_503,
		DEVPKI_FAULT_WRONG_NONCE,
		DEVPKI_FAULT_NO_NONCE,
		DEVPKI_FAULT_BAD_SIGNATURE,
		DEVPKI_FAULT_REFUSE,
		DEVPKI_FAULT_LATE,
		DEVPKI_FAULT_WRONG_IMPRINT,
		DEVPKI_FAULT_NO_CERTIFICATE,
		DEVPKI_FAULT_NO_SIGNING_CERTIFICATE,
		DEVPKI_FAULT_WRONG_SIGNING_CERTIFICATE,
		DEVPKI_FAULT_WRONG_MESSAGE_DIGEST,
	};
	char second[96];
	snprintf(second, sizeof(second), "%s/tsa/1", pki_server_url(kit.server));
	const struct tsa both[2] = { kit.tsa, { .name = "second", .url = second } };
	const struct view file = plain("signer");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct augmented a = { 0 };
		augment_kit_fault(&kit, DEVPKI_TARGET_TSA, faults[i]);
		kit.client.tsas = &kit.tsa;
		kit.client.n_tsas = 1;
		cr_assert_eq(try(file, LEVEL_T, &a, &err), -1, "fault %d", faults[i]);
		cr_assert_eq(err.fault, LTPS_FAULT_REMOTE, "%s", err.text);
		kit.client.tsas = both;
		kit.client.n_tsas = 2;
		a = augment(file, LEVEL_T);
		expect_passed(&a, LEVEL_T);
		augmented_clear(&a);
	}
}

/* ---- chains that the token leaves out ---- */

static void tsa_below(unsigned flaws, int32_t days)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(kit.server);
	const struct devpki_issue sub = { .kind = DEVPKI_CA,
					  .name = "tsa-ca",
					  .days = days,
					  .issuer = devpki_active(p, DEVPKI_CA, 0) };
	const struct devpki_cert *ca = NULL, *tsa = NULL;
	cr_assert_eq(devpki_issue(p, &sub, &ca, &err), 0, "%s", err.text);
	const struct devpki_issue how = { .issuer = ca, .flaws = flaws };
	cr_assert_eq(devpki_rollover(p, DEVPKI_TSA, 0, &how, &tsa, &err), 0, "%s",
		     err.text);
	pki_server_leave(kit.server);
}

Test(augment_life, intermediate_missing_in_the_token_is_fetched)
{
	tsa_below(0, 0);
	struct augmented a = augment(plain("signer"), LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	expect_judged(view_buf(&a.out), false, INDICATION_PASSED);
	augmented_clear(&a);
}

Test(augment_life, tsa_of_another_pki_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct pki_server *other = pki_server_start(AUGMENT_KIT_NOW);
	const struct view file = plain("signer");
	char url[96];
	snprintf(url, sizeof(url), "%s/tsa/0", pki_server_url(other));
	devpki_set_clock(pki_server_enter(other), kit.clock);
	pki_server_leave(other);
	kit.tsa.url = url;
	cr_assert_eq(try(file, LEVEL_LTA, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_REMOTE, "%s", err.text);
	cr_assert_not_null(strstr(err.text, "NO_CERTIFICATE_CHAIN_FOUND"), "%s",
			   err.text);
	pki_server_stop(other);
}

/* ---- several signers ---- */

static struct view two(struct cades_kit_signer *s)
{
	return cades_kit_make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 });
}

Test(augment_life, one_revoked_of_two_keeps_the_file)
{
	const struct fix_cert good = augment_kit_holder(&kit, "good", DEVPKI_KEY_P256);
	const struct fix_cert bad = augment_kit_holder(&kit, "bad", DEVPKI_KEY_P256);
	struct cades_kit_signer s[2] = { { .cert = &good }, { .cert = &bad } };
	const struct view file = two(s);
	revoke("bad");
	augment_kit_pass(&kit, 60000);
	struct augmented a = augment(file, LEVEL_LTA);
	cr_assert_eq(a.outcome, AUGMENT_INCOMPLETE, "%s", a.text);
	cr_assert_eq(a.tokens, 0);
	cr_assert_eq(a.out.n, 0);
	augmented_clear(&a);
}

Test(augment_life, content_time_stamp_goes_along)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct fix_cert tsa = augment_kit_tsa(&kit);
	const struct cades_kit_stamp t = { .tsa = &tsa, .gen_ms = kit.now_ms - 1000 };
	const struct cades_kit_signer s = { .cert = &cert,
					    .content_stamps = &t,
					    .n_content_stamps = 1 };
	augment_kit_pass(&kit, 3600 * 1000);
	struct augmented a = augment(
	    cades_kit_make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 }),
	    LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	augment_kit_pass(&kit, 4 * YEAR_MS);
	struct augmented b = augment(view_buf(&a.out), LEVEL_LTA);
	expect_passed(&b, LEVEL_LTA);
	expect_judged(view_buf(&b.out), false, INDICATION_PASSED);
	augmented_clear(&b);
	augmented_clear(&a);
}

/* ---- what is sealed with a certificate that may not ---- */

static struct signing_key *key_of(const struct devpki_issue *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c = NULL;
	struct signing_key *k = mem_zalloc(1, sizeof(*k));
	cr_assert_eq(devpki_issue(pki_server_enter(kit.server), how, &c, &err), 0, "%s",
		     err.text);
	pki_server_leave(kit.server);
	EVP_PKEY_up_ref(c->key);
	k->key = c->key;
	cr_assert_eq(cert_parse(c->der, &k->certificate, &err), 0);
	return k;
}

static void expect_no_seal(struct signing_key *k, const char *what)
{
	struct content content = content_of(view_text("sealed"));
	for (enum signature_level l = LEVEL_B; l <= LEVEL_LTA; l++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct augmented a = { 0 };
		const struct seal_input in = { .content = &content,
					       .enveloping = true,
					       .key = k,
					       .digest = DIGEST_SHA256,
					       .augment = augment_kit_input(&kit, l) };
		cr_assert_eq(seal_cades(&in, &a, &err), 0, "%s", err.text);
		cr_assert_eq(a.tokens, 0);
		cr_expect_neq(a.outcome, AUGMENT_DONE, "%s at level %d", what, l);
		cr_expect_eq(a.out.n, 0);
		augmented_clear(&a);
	}
	signing_key_free(k);
}

Test(augment_life, expired_certificate_seals_nothing)
{
	expect_no_seal(key_of(&(struct devpki_issue){
			   .kind = DEVPKI_EE,
			   .name = "old",
			   .not_before_ms = kit.now_ms - 60 * KIT_DAY_MS,
			   .not_after_ms = kit.now_ms - KIT_DAY_MS }),
		       "expired");
}

Test(augment_life, certificate_of_the_future_seals_nothing)
{
	expect_no_seal(key_of(&(struct devpki_issue){
			   .kind = DEVPKI_EE,
			   .name = "early",
			   .not_before_ms = kit.now_ms + KIT_DAY_MS,
			   .not_after_ms = kit.now_ms + 60 * KIT_DAY_MS }),
		       "future");
}

Test(augment_life, revoked_certificate_seals_nothing)
{
	struct signing_key *k =
	    key_of(&(struct devpki_issue){ .kind = DEVPKI_EE, .name = "revoked" });
	revoke("revoked");
	augment_kit_pass(&kit, 60000);
	expect_no_seal(k, "revoked");
}

Test(augment_life, key_usage_that_does_not_sign_seals_nothing)
{
	expect_no_seal(key_of(&(struct devpki_issue){ .kind = DEVPKI_EE,
						      .name = "agree",
						      .flaws = DEVPKI_FLAW_KEY_USAGE }),
		       "key usage");
}
