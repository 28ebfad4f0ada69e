/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, links, and tenants that do not see each other. */
#include <criterion/criterion.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "ltp/access.h"
#include "ltp/link.h"
#include "tests/support/ltp_kit.h"

#define DAY_MS INT64_C(86400000)

static const struct ltp_caller ALPHA = { "alpha", "a" };
static const struct ltp_caller BETA = { "beta", "b" };

static int64_t now_of(const struct ltp_kit *k)
{
	return clock_now_ms(&k->clock);
}

static enum ltps_code add(struct ltp_kit *k, const char *name, const char *tenant,
			  int64_t until_ms, int64_t *ret_id,
			  char secret[ACCESS_SECRET_SIZE])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct credential new = { .created_ms = now_of(k),
				  .until_ms = until_ms,
				  .roles = 1 };
	snprintf(new.tenant, sizeof(new.tenant), "%s", tenant);
	snprintf(new.name, sizeof(new.name), "%s", name);
	(void)!access_add(k->store, CREDENTIAL_TOKEN, "test", &new, ret_id, secret,
			  &err);
	return err.code;
}

/* NULL: it opens what ret says. */
static const char *why_not(struct ltp_kit *k, const char *secret,
			   struct credential *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest hash;
	const char *why;
	cr_assert(access_hash(CREDENTIAL_TOKEN, view_text(secret), &hash));
	cr_assert_eq(access_find(k->w, CREDENTIAL_TOKEN, &hash, ret, &why, &err), 0);
	return why;
}

Test(access, texts_that_are_no_secret_have_no_hash)
{
	static const char *const texts[] = {
		"",
		"ltps_",
		"ltps_0",
		"LTPS_0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"ltps_000000000000000000000000000000000000000000000000000000000000000",
		("ltps_"
		 "00000000000000000000000000000000000000000000000000000000000000000"),
		"ltps_000000000000000000000000000000000000000000000000000000000000000g",
		"ltps_000000000000000000000000000000000000000000000000000000000000000A",
		"ltps_00000000000000000000000000000000000000000000000000000000000000 0",
	};
	struct digest hash;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_not(access_hash(CREDENTIAL_TOKEN, view_text(texts[i]), &hash),
			      "%s", texts[i]);
	/* A link has no prefix. */
	cr_expect(access_hash(CREDENTIAL_LINK, view_text(texts[4]), &hash));
}

Test(access, bad_names_tenants_and_ends_are_refused)
{
	struct ltp_kit k;
	char secret[ACCESS_SECRET_SIZE];
	int64_t id;
	ltp_kit_start(&k, NULL);
	cr_expect_eq(add(&k, "", "alpha", 0, &id, secret), LTPS_ARGUMENT);
	cr_expect_eq(add(&k, "a b", "alpha", 0, &id, secret), LTPS_ARGUMENT);
	cr_expect_eq(add(&k, "a\nb", "alpha", 0, &id, secret), LTPS_ARGUMENT);
	cr_expect_eq(add(&k, "a", "_system", 0, &id, secret), LTPS_ARGUMENT);
	cr_expect_eq(add(&k, "a", "../a", 0, &id, secret), LTPS_ARGUMENT);
	cr_expect_eq(add(&k, "a", "Alpha", 0, &id, secret), LTPS_ARGUMENT);
	cr_expect_eq(add(&k, "a", "alpha", now_of(&k), &id, secret), LTPS_ARGUMENT);
	ltp_kit_stop(&k);
}

Test(access, token_opens_until_its_end_and_not_when_revoked)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_kit k;
	struct credential c;
	char one[ACCESS_SECRET_SIZE], two[ACCESS_SECRET_SIZE], detail[256];
	int64_t first, second;
	ltp_kit_start(&k, NULL);
	cr_assert_eq(add(&k, "one", "alpha", now_of(&k) + DAY_MS, &first, one),
		     LTPS_OK);
	cr_assert_eq(add(&k, "two", "beta", 0, &second, two), LTPS_OK);
	cr_assert_str_neq(one, two);
	cr_assert_null(why_not(&k, one, &c));
	cr_assert(c.id == first && c.roles == 1 && strcmp(c.tenant, "alpha") == 0);
	/* Its use is written down. */
	cr_assert_null(why_not(&k, one, &c));
	cr_assert_gt(c.used_ms, 0);
	ltp_kit_pass(&k, DAY_MS);
	cr_assert_str_eq(why_not(&k, one, &c), "it has expired");
	cr_assert_null(why_not(&k, two, &c));
	cr_assert_eq(access_revoke(k.store, CREDENTIAL_TOKEN, second, "alpha", "test",
				   now_of(&k), &err),
		     -1);
	ltps_error_clear(&err);
	cr_assert_eq(access_revoke(k.store, CREDENTIAL_TOKEN, second, NULL, "test",
				   now_of(&k), &err),
		     0);
	cr_assert_str_eq(why_not(&k, two, &c), "it is revoked");
	cr_assert_str_eq(
	    why_not(&k,
		    "ltps_00000000000000000000000000000000000000000000000000"
		    "00000000000000",
		    &c),
	    "nobody has it");
	cr_assert_eq(c.id, 0);
	cr_assert_eq(ltp_kit_audited(&k, "AddToken", detail), 2);
	cr_assert_null(strstr(detail, two + 5));
	cr_assert_eq(ltp_kit_audited(&k, "RevokeToken", detail), 1);
	ltp_kit_stop(&k);
}

/* ---- tenants ---- */

static void ingest_done(void *arg, struct ltp_ingest *i, const struct ltps_error *err)
{
	(void)i;
	cr_assert_eq(err->code, LTPS_OK);
	*(atomic_bool *)arg = true;
}

static enum ltp_minor preserve(struct ltp_kit *k, const struct ltp_caller *who,
			       const char *text, char poid[64])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result r;
	struct ltp_ingest *i;
	atomic_bool over = false;
	const struct ltp_po po = { .data = view_text(text), .mime = "text/plain" };
	const struct ltp_ingest_request req = {
		.caller = *who, .profile_id = KIT_PROFILE, .pos = &po, .n_pos = 1
	};
	cr_assert_eq(ltp_ingest_prepare(k->w, &req, &i, &r, &err), 0, "%s", err.text);
	if (i == NULL)
		return r.minor;
	cr_assert_eq(ltp_ingest_commit(i, ingest_done, &over, &err), 0);
	while (!atomic_load(&over))
		sched_yield();
	snprintf(poid, 64, "%s", ltp_ingest_poid(i));
	ltp_ingest_free(i);
	return LTP_OK;
}

Test(tenants, nothing_of_another_tenant_is_there)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_kit k;
	struct ltp_result r;
	struct ltp_trace t = { 0 };
	struct ltp_retrieved got = { 0 };
	struct evidence_reports reports = { .n = 0 };
	char poid[64], secret[ACCESS_SECRET_SIZE];
	int64_t id;
	ltp_kit_start(&k, NULL);
	cr_assert_eq(preserve(&k, &ALPHA, "same", poid), LTP_OK);
	for (int s = SUBJECT_PO; s <= SUBJECT_PO_DETACHED; s++) {
		const struct ltp_retrieve_request req = { .caller = BETA,
							  .poid = poid,
							  .subject = (enum subject)s };
		cr_assert_eq(ltp_retrieve(k.w, &req, &got, &r, &err), 0);
		cr_expect(r.minor == LTP_UNKNOWN_POID && got.n_pos == 0, "%d", s);
		ltp_retrieved_clear(&got);
	}
	cr_assert_eq(ltp_trace(k.w, &BETA, poid, &t, &r, &err), 0);
	cr_expect(r.minor == LTP_UNKNOWN_POID && t.n == 0);
	const struct ltp_delete_request del = { .caller = BETA,
						.poid = poid,
						.reason = "x" };
	cr_assert_eq(ltp_delete(k.w, &del, &r, &err), 0);
	cr_expect_eq(r.minor, LTP_UNKNOWN_POID);
	const struct ltp_evidence_request ev = { .caller = BETA,
						 .poid = poid,
						 .evidence = view_text("x") };
	cr_assert_eq(ltp_validate_evidence(k.w, &ev, &reports, &r, &err), 0);
	cr_expect(r.minor != LTP_OK && reports.n == 0);
	evidence_reports_clear(&reports);
	const struct link_request link = { .caller = BETA,
					   .poid = poid,
					   .until_ms = now_of(&k) + DAY_MS };
	cr_assert_eq(link_add(k.w, &link, &id, secret, &r, &err), 0);
	cr_expect(r.minor == LTP_UNKNOWN_POID && secret[0] == '\0');
	const struct ltp_retrieve_request mine = { .caller = ALPHA, .poid = poid };
	cr_assert_eq(ltp_retrieve(k.w, &mine, &got, &r, &err), 0);
	cr_assert(r.minor == LTP_OK && got.n_pos == 1);
	ltp_retrieved_clear(&got);
	ltp_kit_stop(&k);
}

static void restart(struct ltp_kit *k, const struct ltp_tenant *tenants, size_t n)
{
	ltp_kit_start(k, NULL);
	ltp_kit_close(k);
	k->tenants = tenants;
	k->n_tenants = n;
	ltp_kit_open(k);
}

Test(tenants, quota_is_an_answer_and_deletion_makes_room)
{
	static const struct ltp_tenant tenants[] = {
		{ .name = "alpha", .max_objects = 1 },
		{ .name = "beta", .max_bytes = 7 }
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_kit k;
	struct ltp_result r;
	char poid[64], other[64];
	restart(&k, tenants, 2);
	cr_assert_eq(preserve(&k, &ALPHA, "one", poid), LTP_OK);
	cr_assert_eq(preserve(&k, &ALPHA, "two", other), LTP_NO_SPACE);
	const struct ltp_delete_request del = { .caller = ALPHA,
						.poid = poid,
						.reason = "x" };
	cr_assert_eq(ltp_delete(k.w, &del, &r, &err), 0);
	cr_assert_eq(preserve(&k, &ALPHA, "two", other), LTP_OK);
	cr_assert_eq(preserve(&k, &BETA, "12345678", other), LTP_NO_SPACE);
	cr_assert_eq(preserve(&k, &BETA, "1234567", other), LTP_OK);
	cr_assert_eq(preserve(&k, &BETA, "8", other), LTP_NO_SPACE);
	ltp_kit_stop(&k);
}

Test(tenants, profile_that_one_names_is_not_there_for_others)
{
	static const char *const own[] = { KIT_PROFILE };
	static const struct ltp_tenant tenants[] = {
		{ .name = "alpha", .profiles = own, .n_profiles = 1 },
		{ .name = "beta" }
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct profile *list[4];
	struct ltp_kit k;
	struct ltp_result r;
	char poid[64];
	size_t n = 9;
	restart(&k, tenants, 2);
	cr_expect_eq(preserve(&k, &BETA, "x", poid), LTP_PARAMETER_ERROR);
	cr_assert_eq(
	    ltp_info(k.ltp, &BETA, NULL, PROFILE_STATUS_ALL, list, 4, &n, &r, &err), 0);
	cr_expect_eq(n, 0);
	cr_assert_eq(ltp_info(k.ltp, &BETA, KIT_PROFILE, PROFILE_STATUS_ALL, list, 4,
			      &n, &r, &err),
		     0);
	cr_expect_eq(r.minor, LTP_PARAMETER_ERROR);
	cr_expect_eq(preserve(&k, &ALPHA, "x", poid), LTP_OK);
	cr_assert_eq(
	    ltp_info(k.ltp, &ALPHA, NULL, PROFILE_STATUS_ALL, list, 4, &n, &r, &err),
	    0);
	cr_expect_eq(n, 1);
	ltp_kit_stop(&k);
}

Test(links, end_and_object_are_needed_and_uses_are_bounded)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_kit k;
	struct ltp_result r;
	char poid[64], secret[ACCESS_SECRET_SIZE];
	int64_t id = 0;
	ltp_kit_start(&k, NULL);
	cr_assert_eq(preserve(&k, &ALPHA, "x", poid), LTP_OK);
	struct link_request req = { .caller = ALPHA,
				    .poid = poid,
				    .until_ms = now_of(&k) };
	cr_assert_eq(link_add(k.w, &req, &id, secret, &r, &err), 0);
	cr_expect_eq(r.minor, LTP_PARAMETER_ERROR, "an end that is past");
	req.until_ms += DAY_MS;
	req.name = "not plain";
	cr_assert_eq(link_add(k.w, &req, &id, secret, &r, &err), 0);
	cr_expect_eq(r.minor, LTP_PARAMETER_ERROR);
	req.name = NULL;
	cr_assert_eq(link_add(k.w, &req, &id, secret, &r, &err), 0);
	cr_assert_eq(r.minor, LTP_OK);
	cr_assert_eq(strlen(secret), ACCESS_SECRET_HEX);
	cr_assert_eq(link_revoke(k.w, &BETA, id, &r, &err), 0);
	cr_expect_eq(r.minor, LTP_PARAMETER_ERROR);
	cr_assert_eq(link_revoke(k.w, &ALPHA, id, &r, &err), 0);
	cr_expect_eq(r.minor, LTP_OK);
	ltp_kit_stop(&k);
}
