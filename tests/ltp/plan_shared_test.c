/* SPDX-License-Identifier: Apache-2.0 */
/* Two time-stamping authorities that stand on one CA: told in the forecast and in
 * /health, and nothing else comes of it. */
#include <criterion/criterion.h>
#include <string.h>

#include "ltp/plan.h"
#include "tests/support/signed_kit.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
#define RAISED                                                                         \
	"digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 2s\n"                 \
	"signature_policy = default\naugment = lta\n"

static struct ltp_kit k;

static void start_with(unsigned n_tsas, const char *profile)
{
	const struct ltp_kit_upkeep how = { .n_tsas = n_tsas,
					    .profile_change = profile };
	ltp_kit_start_upkeep(&k, &how);
}

static void end(void)
{
	ltp_kit_stop(&k);
}

TestSuite(plan_shared, .fini = end, .timeout = TEST_SECONDS_MAX);

static void preserve(void)
{
	cr_assert_eq(ltp_kit_preserve_text(&k, "an object", NULL), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
}

/* Of the policy in force, or of another one. */
static struct forecast forecast(const struct algorithm_policy *policy)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct forecast f;
	cr_assert_eq(plan_forecast(k.ltp, k.w->conn, policy, clock_now_ms(&k.clock), &f,
				   &err),
		     0, "%s", err.text);
	return f;
}

static struct plan_shares shares(void)
{
	struct forecast f = forecast(NULL);
	const struct plan_shares s = f.shares;
	forecast_clear(&f);
	return s;
}

/* Of who serves now: CN=... */
static void expect_name(const char *name, enum devpki_kind kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c = devpki_active(pki_server_enter(k.pki), kind, 0);
	char expected[CERT_TEXT_MAX];
	struct cert *cert = NULL;
	cr_assert_eq(cert_parse(c->der, &cert, &err), 0, "%s", err.text);
	pki_server_leave(k.pki);
	cert_text(cert, expected);
	cert_free(cert);
	cr_expect_str_eq(name, expected);
}

/* ---- what they share ---- */

Test(plan_shared, names_the_ca_of_both)
{
	start_with(2, NULL);
	preserve();
	const struct plan_shares s = shares();
	cr_assert_eq(s.n, 1);
	cr_expect_eq(s.list[0].count, 1);
	cr_expect_eq(s.list[0].objects, 1);
	expect_name(s.list[0].authority, DEVPKI_CA);
}

Test(plan_shared, names_the_anchor_where_the_cas_differ)
{
	start_with(2, NULL);
	ltp_kit_rehouse(&k, 1, "another");
	preserve();
	const struct plan_shares s = shares();
	cr_assert_eq(s.n, 1);
	expect_name(s.list[0].authority, DEVPKI_ROOT);
}

static void add_root(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c;
	cr_assert_eq(devpki_rollover(pki_server_enter(k.pki), DEVPKI_ROOT, 0, NULL, &c,
				     &err),
		     0, "%s", err.text);
	pki_server_leave(k.pki);
	ltp_kit_close(&k);
	ltp_kit_trust(&k);
	ltp_kit_open(&k);
}

Test(plan_shared, is_none_where_the_anchors_differ)
{
	start_with(2, NULL);
	add_root();
	ltp_kit_rehouse(&k, 1, "another");
	preserve();
	cr_expect_eq(shares().n, 0, "%s", shares().list[0].authority);
	cr_expect_str_eq(ltp_kit_health(&k).shared_authority, "");
}

Test(plan_shared, is_none_with_one_authority)
{
	start_with(1, NULL);
	preserve();
	cr_expect_eq(shares().n, 0);
}

static uint64_t planned(enum forecast_kind kind)
{
	struct forecast f = forecast(NULL);
	uint64_t n = 0;
	for (size_t i = 0; i < f.n; i++)
		n += f.items[i].kind == kind ? f.items[i].trees : 0;
	forecast_clear(&f);
	return n;
}

Test(plan_shared, counts_time_stamps_and_forms_of_signatures)
{
	start_with(2, RAISED);
	struct buf file = signed_kit_cades(&k, "text", false);
	const struct ltp_po po = { .data = view_buf(&file), .mime = "application/cms" };
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, NULL), LTP_OK);
	buf_free(&file);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
	const struct plan_shares s = shares();
	cr_assert_eq(s.n, 1);
	cr_expect_eq(planned(FORECAST_AUGMENT), 1);
	cr_expect_eq(s.list[0].count, planned(FORECAST_TIMESTAMP) + 1);
}

Test(plan_shared, is_the_same_under_another_policy)
{
	static const struct algorithm_policy other = { .n = 0 };
	start_with(2, NULL);
	preserve();
	struct forecast f = forecast(&other);
	const struct plan_shares s = shares();
	cr_assert_eq(f.shares.n, 1);
	cr_expect_str_eq(f.shares.list[0].authority, s.list[0].authority);
	cr_expect_eq(f.shares.list[0].count, s.list[0].count);
	cr_expect_eq(f.shares.list[0].objects, s.list[0].objects);
	forecast_clear(&f);
}

/* ---- it is told, and nothing else ---- */

static struct buf text_of(const struct forecast *f, bool json)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	struct jsonw j = jsonw_to(&out);
	if (json)
		forecast_json(f, &j);
	cr_assert_eq(json ? jsonw_end(&j, &err) : forecast_text(f, &out, &err), 0, "%s",
		     err.text);
	cr_assert_eq(buf_put_byte(&out, 0, &err), 0);
	return out;
}

static void expect_told(const struct forecast *f, bool json, const char *what)
{
	struct buf out = text_of(f, json);
	cr_expect_not_null(strstr((const char *)out.p, what), "%s", out.p);
	buf_free(&out);
}

Test(plan_shared, is_told_in_the_forecast)
{
	struct forecast f = { .shares = { .n = 1,
					  .list = { { "CN=One", 3, 5 } } } };
	start_with(2, NULL);
	expect_told(&f, false,
		    "Note: both time-stamping authorities of 3 renewals stand on one "
		    "CA, CN=One: its loss takes both\n");
	expect_told(&f, true,
		    "\"shared_authorities\":[{\"authority\":\"CN=One\",\"count\":3,"
		    "\"objects\":5}]");
}

Test(plan_shared, is_no_alarm_and_asks_for_nothing)
{
	char detail[256];
	start_with(2, NULL);
	preserve();
	const size_t stamped = ltp_kit_audited(&k, "EvidenceTimestamped", detail);
	ltp_kit_live(&k, 60 * DAY, DAY);
	const struct ltp_health h = ltp_kit_health(&k);
	expect_name(h.shared_authority, DEVPKI_CA);
	cr_expect_not(h.alarm);
	cr_expect_not(h.trouble_alarm);
	cr_expect_str_eq(h.trouble, "");
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceTimestamped", detail), stamped);
}
