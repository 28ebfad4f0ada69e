/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens that are large since their TSA put in what nobody asked for: what is added to
 * them later must leave them readable, or they are not taken at all. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/preserve_private.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"
#include "tests/support/x509_make.h"
#include "validation/ers_verify.h"

#define DAY ((int64_t)86400000)
/* The first certificates live FIRST_DAYS and are due for renewal after 490 of them. */
#define FIRST_DAYS 670
#define DUE_DAYS 530
/* Less than any certificate or CRL takes. */
#define NO_ROOM 64

TestSuite(big_token, .timeout = TEST_SECONDS_MAX, .init = mem_init);

static struct ltps_error err = LTPS_ERROR_INIT;
#define MUST(call) cr_assert_eq((call), 0, "%s: %s (%s)", #call, err.text, err.where)

static void start(struct ltp_kit *k, char poid[64])
{
	const struct ltp_kit_upkeep how = { .n_tsas = 1 };
	ltp_kit_start_upkeep(k, &how);
	ltp_kit_rollover(k, 0, FIRST_DAYS);
	cr_assert_eq(ltp_kit_preserve_text(k, "a", poid), LTP_OK);
	ltp_kit_pass(k, 2001);
	ltp_kit_work(k);
}

static struct token *token_one(struct ltp_kit *k)
{
	struct token *t = NULL;
	MUST(token_get(k->w->conn, 1, &t, &err));
	return t;
}

/* The token with a certificate of nobody whose extension has n octets. */
static struct buf with_ballast(struct view token, size_t n)
{
	struct buf out = buf_make(CMS_SIZE_MAX);
	uint8_t *much = mem_zalloc(1, n);
	cr_assert_not_null(much);
	const struct view cert =
	    make_cert_with(make_ext("1.2.3.4", false, view_of(much, n)));
	const struct cms_material add = { .certs = &cert, .n_certs = 1 };
	MUST(cms_add_material(token, &add, &out, &err));
	mem_free(much);
	return out;
}

/* The same, of exactly so many octets. */
static struct buf grown_to(struct view token, size_t size)
{
	struct buf first = with_ballast(token, size - token.n - 1024);
	const size_t rest = size - first.n;
	buf_free(&first);
	struct buf out = with_ballast(token, size - token.n - 1024 + rest);
	cr_assert_eq(out.n, size, "%zu", out.n);
	return out;
}

/* What the gate says of this token, which is whole; its error stays in err. */
static int gate(struct ltp_kit *k, struct view der)
{
	struct tst *tst = NULL;
	struct tst_intact intact = { 0 };
	MUST(tst_parse(der, &tst, &err));
	MUST(tst_check(tst, NULL, 0, &intact, &err));
	cr_assert_eq(intact.defect, TST_OK);
	const int rc =
	    preserve_gate(k->w, tst, intact.signer, clock_now_ms(&k->clock), &err);
	tst_intact_clear(&intact);
	tst_free(tst);
	return rc;
}

Test(big_token, answer_without_room_for_validation_data_is_refused)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, poid);
	struct token *t = token_one(&k);
	struct buf fits = grown_to(t->der, PRESERVE_ANSWER_MAX);
	struct buf large = grown_to(t->der, PRESERVE_ANSWER_MAX + 1);
	MUST(gate(&k, view_buf(&fits)));
	cr_expect_eq(gate(&k, view_buf(&large)), -1);
	cr_expect_eq(err.code, LTPS_REMOTE);
	cr_expect_not_null(strstr(err.text, "no room"), "%s", err.text);
	ltps_error_clear(&err);
	buf_free(&large);
	buf_free(&fits);
	token_free(t);
	ltp_kit_stop(&k);
}

Test(big_token, validation_data_that_makes_it_unreadable_is_refused)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, poid);
	struct token *t = token_one(&k);
	struct buf large = grown_to(t->der, TST_SIZE_MAX - NO_ROOM);
	struct buf out = buf_make(STORE_TOKEN_MAX);
	const struct token full = { .der = view_buf(&large) };
	struct material *m = NULL;
	MUST(material_new(&m, &err));
	MUST(material_add(m, MATERIAL_CERT,
			  make_cert_with(make_ext("1.2.3.5", false, MAKE_NULL)), &err));
	cr_expect_eq(preserve_splice(&full, m, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	buf_clear(&out);
	const struct token small = { .der = t->der };
	MUST(preserve_splice(&small, m, &out, &err));
	cr_expect_gt(out.n, t->der.n);
	material_free(m);
	buf_free(&out);
	buf_free(&large);
	token_free(t);
	ltp_kit_stop(&k);
}

struct swap {
	struct view der;
	int64_t now_ms;
};

static int run_swap(struct store_conn *conn, void *arg, struct ltps_error *e)
{
	const struct swap *s = arg;
	return token_replace(conn, 1, s->der, s->now_ms, e);
}

static void expect_evidence(struct ltp_kit *k, const char *poid, size_t stamps)
{
	struct ers_report *r = ltp_kit_judge_text(k, poid, "a", NULL);
	cr_expect(r->intact, "%s", r->n_findings > 0 ? r->findings[0].text : "");
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s", r->subindication);
	cr_expect_eq(r->chains[0].n, stamps);
	ers_report_free(r);
}

/* Its renewal would put the status of that day into it. */
Test(big_token, full_token_is_renewed_as_it_was_completed)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, poid);
	struct token *t = token_one(&k);
	struct buf large = grown_to(t->der, TST_SIZE_MAX - NO_ROOM);
	struct swap s = { view_buf(&large), clock_now_ms(&k.clock) };
	token_free(t);
	MUST(store_write(k.store, run_swap, &s, &err));
	ltp_kit_live(&k, 480 * DAY, 60 * DAY);
	ltp_kit_rollover(&k, 0, 0);
	ltp_kit_live(&k, (DUE_DAYS - 480) * DAY, 5 * DAY);
	expect_evidence(&k, poid, 2);
	t = token_one(&k);
	cr_expect_eq(t->der.n, large.n, "nothing was added");
	token_free(t);
	buf_free(&large);
	ltp_kit_stop(&k);
}
