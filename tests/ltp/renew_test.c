/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew - evidence over the ends, losses and failures of its TSAs. At the end of each
 * scene the record is verified from nothing but record, object and anchors.
 */
#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/inside.h"
#include "ltp/renew.h"
#include "ltp/upkeep.h"
#include "storage/blob.h"
#include "storage/evidence.h"
#include "storage/renewal.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"
#include "timestamping/tst.h"
#include "validation/ers_verify.h"

TestSuite(renew, .timeout = TEST_SECONDS_MAX, .init = mem_init);

#define DAY ((int64_t)86400000)
/* The first certificates, with the default margin of half a year: due after 490 days,
 * half of the margin over after 580. Later ones live two years. */
#define FIRST_DAYS 670
#define LIFE_DAYS 730
/* Shortly before the first ones are due. */
#define BEFORE_DAYS 480

static void start(struct ltp_kit *k, unsigned n_tsas)
{
	const struct ltp_kit_upkeep how = { .n_tsas = n_tsas };
	ltp_kit_start_upkeep(k, &how);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(k, i, FIRST_DAYS);
}

static void keep_text(struct ltp_kit *k, const char *text, char poid[64])
{
	cr_assert_eq(ltp_kit_preserve_text(k, text, poid), LTP_OK);
	ltp_kit_pass(k, 2001);
	ltp_kit_work(k);
}

/* To where the certificates of now are due, with new ones in place before. */
static void generation(struct ltp_kit *k)
{
	ltp_kit_live(k, BEFORE_DAYS * DAY, 60 * DAY);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(k, i, LIFE_DAYS);
	ltp_kit_live(k, 50 * DAY, 5 * DAY);
}

struct outcome {
	size_t n_chains, n_stamps;
	int64_t proof_ms;
};

static void report(const struct ers_report *r, struct outcome *o)
{
	for (size_t i = 0; i < r->n_findings; i++)
		fprintf(stderr, "%s: %s\n", r->findings[i].object, r->findings[i].text);
	*o = (struct outcome){ .n_chains = r->n_chains,
			       .n_stamps = r->chains[r->n_chains - 1].n,
			       .proof_ms = r->proof_of_existence_ms };
}

static struct outcome verify_group(struct ltp_kit *k, const char *poid,
				   const char *const *texts, size_t n)
{
	struct ers_object objects[8] = { { 0 } };
	struct outcome o;
	for (size_t i = 0; i < n; i++)
		objects[i] = (struct ers_object){ .name = texts[i],
						  .has_data = true,
						  .data = view_text(texts[i]) };
	struct ers_report *r = ltp_kit_judge(k, poid, objects, n, NULL);
	report(r, &o);
	cr_expect(r->intact);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s",
		     r->subindication != NULL ? r->subindication : "-");
	for (size_t i = 0; i < n; i++)
		cr_expect(r->covers[i].covered && r->covers[i].group_complete);
	ers_report_free(r);
	return o;
}

static struct outcome verify(struct ltp_kit *k, const char *poid, const char *text)
{
	return verify_group(k, poid, &text, 1);
}

/* ---- what is not due ---- */

Test(renew, nothing_due_asks_nobody)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 48 * DAY);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceRenewed", NULL), 0);
	cr_expect_eq(ltp_kit_health(&k).trouble[0], '\0', "%s",
		     ltp_kit_health(&k).trouble);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 1);
	ltp_kit_stop(&k);
}

Test(renew, with_one_tsa_there_is_no_second_opinion)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	ltp_kit_stop(&k);
}

Test(renew, with_two_tsas_the_other_one_is_asked_at_once)
{
	struct ltp_kit k;
	char poid[64], detail[256];
	start(&k, 2);
	keep_text(&k, "a", poid);
	cr_expect_eq(pki_server_stamps(k.pki), 2);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceRenewed", detail), 1);
	cr_expect_not_null(strstr(detail, "second opinion"), "%s", detail);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceTimestamped", detail), 1);
	cr_expect_not_null(strstr(detail, "second"), "%s", detail);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2);
	ltp_kit_live(&k, 30 * DAY, 3 * DAY);
	cr_expect_eq(pki_server_stamps(k.pki), 2, "and nobody once more");
	ltp_kit_stop(&k);
}

/* ---- generations ---- */

static void generations(unsigned n_tsas, int n)
{
	struct ltp_kit k;
	char poid[64], detail[256];
	start(&k, n_tsas);
	keep_text(&k, "a", poid);
	const int64_t kept_ms = clock_now_ms(&k.clock);
	for (int i = 0; i < n; i++)
		generation(&k);
	const struct outcome o = verify(&k, poid, "a");
	cr_expect_eq(o.n_chains, 1);
	cr_expect_eq(o.n_stamps, (size_t)(n + 1) * n_tsas, "%zu time-stamps",
		     o.n_stamps);
	cr_expect_leq(o.proof_ms, kept_ms);
	cr_expect_eq(pki_server_stamps(k.pki), (size_t)(n + 1) * n_tsas);
	cr_expect_geq(ltp_kit_audited(&k, "EvidenceRenewed", detail), (size_t)n);
	cr_expect_eq(ltp_kit_health(&k).trouble[0], '\0', "%s",
		     ltp_kit_health(&k).trouble);
	ltp_kit_stop(&k);
}

Test(renew, record_after_one_renewal_verifies)
{
	generations(1, 1);
}

Test(renew, record_after_two_renewals_verifies)
{
	generations(1, 2);
}

Test(renew, record_after_five_renewals_verifies)
{
	generations(1, 5);
}

Test(renew, record_after_five_renewals_with_seconds_verifies)
{
	generations(2, 5);
}

Test(renew, group_after_renewals_verifies)
{
	struct ltp_kit k;
	char poid[64];
	static const char *const texts[] = { "one", "two", "three" };
	struct ltp_po pos[3];
	start(&k, 2);
	for (size_t i = 0; i < 3; i++)
		pos[i] = (struct ltp_po){ .data = view_text(texts[i]),
					  .mime = "text/plain" };
	cr_assert_eq(ltp_kit_preserve(&k, pos, 3, poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	generation(&k);
	generation(&k);
	cr_expect_eq(verify_group(&k, poid, texts, 3).n_stamps, 6);
	ltp_kit_stop(&k);
}

Test(renew, many_trees_cost_one_request)
{
	struct ltp_kit k;
	char poids[12][64], text[32], detail[256];
	start(&k, 1);
	for (int i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		keep_text(&k, text, poids[i]);
	}
	cr_expect_eq(pki_server_stamps(k.pki), 12);
	generation(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 13);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceRenewed", detail), 1);
	cr_expect_not_null(strstr(detail, "12 time-stamps, 12 objects"), "%s", detail);
	for (int i = 0; i < 12; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		cr_expect_eq(verify(&k, poids[i], text).n_stamps, 2);
	}
	ltp_kit_stop(&k);
}

/* Within a quarter of the margin behind the first that is due. */
Test(renew, what_is_due_soon_goes_along)
{
	struct ltp_kit k;
	char early[64], soon[64], later[64];
	start(&k, 1);
	keep_text(&k, "early", early);
	ltp_kit_rollover(&k, 0, FIRST_DAYS + 40);
	keep_text(&k, "soon", soon);
	ltp_kit_rollover(&k, 0, FIRST_DAYS + 80);
	keep_text(&k, "later", later);
	generation(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 4);
	cr_expect_eq(verify(&k, early, "early").n_stamps, 2);
	cr_expect_eq(verify(&k, soon, "soon").n_stamps, 2);
	cr_expect_eq(verify(&k, later, "later").n_stamps, 1);
	ltp_kit_stop(&k);
}

/* A year in which nothing ran. */
Test(renew, after_a_leap_of_time_it_is_made_good)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	keep_text(&k, "a", poid);
	ltp_kit_pass(&k, 200 * DAY);
	ltp_kit_work(&k);
	ltp_kit_pass(&k, 500 * DAY);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(&k, i, LIFE_DAYS);
	ltp_kit_work(&k);
	ltp_kit_live(&k, 40 * DAY, 10 * DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 4);
	ltp_kit_stop(&k);
}

/* A TSA that ends soon gives nothing better: it is not asked without end. */
Test(renew, useless_renewals_are_rare)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	ltp_kit_rollover(&k, 0, 120);
	keep_text(&k, "a", poid);
	ltp_kit_work(&k);
	cr_expect_leq(pki_server_stamps(k.pki), 3, "%zu", pki_server_stamps(k.pki));
	cr_expect_neq(ltp_kit_health(&k).trouble[0], '\0');
	ltp_kit_live(&k, 100 * DAY, 2 * DAY);
	cr_expect_leq(pki_server_stamps(k.pki), 16, "%zu", pki_server_stamps(k.pki));
	cr_expect(ltp_kit_health(&k).trouble_alarm);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 18 * DAY, DAY);
	cr_expect_not(ltp_kit_health(&k).trouble_alarm);
	ltp_kit_live(&k, 100 * DAY, 20 * DAY);
	verify(&k, poid, "a");
	ltp_kit_stop(&k);
}

/* ---- lost TSAs ---- */

/* The TSA that serves a slot is compromised, and has a new key at once. */
static void compromise(struct ltp_kit *k, unsigned slot)
{
	ltp_kit_revoke(k, slot, DEVPKI_REASON_KEY_COMPROMISE);
	ltp_kit_rollover(k, slot, LIFE_DAYS);
}

Test(renew, first_tsa_compromised_before_goes_on_with_the_other)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	ltp_kit_revoke(&k, 0, DEVPKI_REASON_KEY_COMPROMISE);
	ltp_kit_pass(&k, 5000);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, 3 * DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 1, "the second alone is left");
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 3 * DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2);
	generation(&k);
	verify(&k, poid, "a");
	ltp_kit_stop(&k);
}

Test(renew, first_tsa_compromised_after_both_loses_nothing)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	keep_text(&k, "a", poid);
	const int64_t kept_ms = clock_now_ms(&k.clock);
	ltp_kit_live(&k, 10 * DAY, 2 * DAY);
	compromise(&k, 0);
	ltp_kit_live(&k, 6 * DAY, DAY);
	struct outcome o = verify(&k, poid, "a");
	cr_expect_eq(o.n_stamps, 3, "a new partner for the second");
	cr_expect_leq(o.proof_ms, kept_ms);
	generation(&k);
	o = verify(&k, poid, "a");
	cr_expect_leq(o.proof_ms, kept_ms);
	ltp_kit_stop(&k);
}

Test(renew, second_tsa_compromised_goes_on_from_the_first)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	keep_text(&k, "a", poid);
	const int64_t kept_ms = clock_now_ms(&k.clock);
	ltp_kit_live(&k, 10 * DAY, 2 * DAY);
	compromise(&k, 1);
	ltp_kit_live(&k, 6 * DAY, DAY);
	cr_expect_geq(ltp_kit_audited(&k, "EvidenceLost", NULL), 1);
	struct outcome o = verify(&k, poid, "a");
	cr_expect_eq(o.n_stamps, 2);
	cr_expect_leq(o.proof_ms, kept_ms);
	generation(&k);
	o = verify(&k, poid, "a");
	cr_expect_leq(o.proof_ms, kept_ms);
	ltp_kit_stop(&k);
}

/* Between the token and its second opinion, which cannot be had then. */
Test(renew, first_tsa_compromised_between_is_stamped_again)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_CLOSED);
	keep_text(&k, "a", poid);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 1);
	compromise(&k, 0);
	ltp_kit_live(&k, 3 * DAY, DAY);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 3 * DAY, DAY);
	cr_expect_geq(ltp_kit_audited(&k, "EvidenceLost", NULL), 1);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2);
	generation(&k);
	verify(&k, poid, "a");
	ltp_kit_stop(&k);
}

Test(renew, only_tsa_compromised_is_told_and_stamped_again)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	const int64_t first_ms = verify(&k, poid, "a").proof_ms;
	ltp_kit_live(&k, 10 * DAY, 2 * DAY);
	compromise(&k, 0);
	ltp_kit_live(&k, 4 * DAY, DAY);
	cr_expect_geq(ltp_kit_audited(&k, "EvidenceLost", NULL), 1);
	const struct outcome o = verify(&k, poid, "a");
	cr_expect_eq(o.n_stamps, 1);
	cr_expect_gt(o.proof_ms, first_ms, "the older proof is lost");
	generation(&k);
	verify(&k, poid, "a");
	ltp_kit_stop(&k);
}

/* It goes on answering with a key that is known to be unsafe. */
Test(renew, revoked_tsa_that_answers_is_refused)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	ltp_kit_revoke(&k, 0, DEVPKI_REASON_CESSATION);
	ltp_kit_pass(&k, 5000);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, 2 * DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 1);
	const size_t asked = pki_server_stamps(k.pki);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), asked);
	ltp_kit_stop(&k);
}

/* Ended in good order: what it stamped is renewed at once, and nothing is lost. */
Test(renew, withdrawn_tsa_is_renewed_at_once)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	const int64_t kept_ms = clock_now_ms(&k.clock);
	ltp_kit_live(&k, 10 * DAY, 2 * DAY);
	ltp_kit_revoke(&k, 0, DEVPKI_REASON_SUPERSEDED);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 4 * DAY, DAY);
	const struct outcome o = verify(&k, poid, "a");
	cr_expect_eq(o.n_stamps, 2);
	cr_expect_leq(o.proof_ms, kept_ms);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 0);
	ltp_kit_stop(&k);
}

/* ---- failures of others ---- */

Test(renew, one_tsa_down_the_other_renews)
{
	struct ltp_kit k;
	char poid[64], detail[256];
	start(&k, 2);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(&k, i, LIFE_DAYS);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_HTTP_503);
	ltp_kit_live(&k, 24 * DAY, 6 * DAY);
	cr_expect_geq(ltp_kit_audited(&k, "EvidenceTimestamped", detail), 2);
	cr_expect_not_null(strstr(detail, "second"), "%s", detail);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 3);
	cr_expect_neq(ltp_kit_health(&k).trouble[0], '\0', "no second opinion is told");
	cr_expect_not(ltp_kit_health(&k).trouble_alarm);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 2 * DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 4);
	cr_expect_eq(ltp_kit_health(&k).trouble[0], '\0', "%s",
		     ltp_kit_health(&k).trouble);
	ltp_kit_stop(&k);
}

Test(renew, both_tsas_down_is_told_then_an_alarm_then_made_good)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	for (unsigned i = 0; i < 2; i++) {
		ltp_kit_rollover(&k, i, LIFE_DAYS);
		ltp_kit_fault(&k, i, DEVPKI_FAULT_CLOSED);
	}
	ltp_kit_live(&k, 24 * DAY, 6 * DAY);
	cr_expect_neq(ltp_kit_health(&k).trouble[0], '\0');
	cr_expect_not(ltp_kit_health(&k).trouble_alarm, "%s",
		      ltp_kit_health(&k).trouble);
	ltp_kit_live(&k, 90 * DAY, 10 * DAY);
	cr_expect(ltp_kit_health(&k).trouble_alarm, "%s", ltp_kit_health(&k).trouble);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_fault(&k, i, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 4 * DAY, DAY);
	cr_expect_eq(ltp_kit_health(&k).trouble[0], '\0', "%s",
		     ltp_kit_health(&k).trouble);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 4);
	ltp_kit_stop(&k);
}

/* The other TSA never comes back: the one that was to be spared is better than none. */
Test(renew, second_opinion_is_not_waited_for_to_the_end)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_CLOSED);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 150 * DAY, 10 * DAY);
	cr_expect_geq(verify(&k, poid, "a").n_stamps, 2);
	ltp_kit_stop(&k);
}

Test(renew, status_that_cannot_be_had_is_waited_for_while_there_is_time)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	ltp_kit_live(&k, 40 * DAY, 10 * DAY);
	cr_expect_eq(pki_server_stamps(k.pki), 1, "it waits");
	cr_expect_neq(ltp_kit_health(&k).trouble[0], '\0');
	ltp_kit_live(&k, 70 * DAY, 10 * DAY);
	cr_expect_eq(pki_server_stamps(k.pki), 2, "it waits no longer");
	ltp_kit_status_fault(&k, DEVPKI_FAULT_NONE);
	ltp_kit_live(&k, 10 * DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2);
	ltp_kit_stop(&k);
}

/* Fresh status goes into the token before its hash is taken. */
Test(renew, renewed_token_carries_status_of_then)
{
	struct ltp_kit k;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct token *t = NULL;
	struct tst *tst = NULL;
	start(&k, 1);
	keep_text(&k, "a", poid);
	generation(&k);
	cr_assert_eq(store_reader_open(k.store, &conn, &err), 0);
	cr_assert_eq(token_get(conn, 1, &t, &err), 0);
	cr_expect(t->frozen);
	cr_assert_eq(tst_parse(t->der, &tst, &err), 0);
	cr_expect_eq(tst->cms->n_crls, 4, "%zu", tst->cms->n_crls);
	tst_free(tst);
	token_free(t);
	store_reader_close(conn);
	ltp_kit_stop(&k);
}

/* A token that never got its data is renewed all the same before its end. */
Test(renew, token_without_validation_data_is_renewed_at_the_last)
{
	struct ltp_kit k;
	char poid[64], detail[256];
	start(&k, 1);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, 630 * DAY, 30 * DAY);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 30 * DAY, 5 * DAY);
	cr_expect_eq(pki_server_stamps(k.pki), 2);
	cr_expect_geq(ltp_kit_audited(&k, "EvidenceRenewed", detail), 1);
	cr_expect_not_null(strstr(detail, "without its validation data"), "%s", detail);
	ltp_kit_stop(&k);
}

/* ---- crashes ---- */

/* The work is done in another process, which dies at this point. */
static void die_at(struct ltp_kit *k, const char *point)
{
	char spec[96];
	struct ltps_error err = LTPS_ERROR_INIT;
	int status = 0;
	snprintf(spec, sizeof(spec), "%s:1:kill", point);
	ltp_kit_close(k);
	pid_t child = fork();
	cr_assert_geq(child, 0);
	if (child == 0) {
		ltp_kit_open(k);
		if (failpoint_arm(spec, &err) != 0)
			_exit(1);
		ltp_kit_work(k);
		_exit(0); /* it never came there */
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "%s: status %d",
		  point, status);
	ltp_kit_open(k);
}

static void survive(const char *point, unsigned n_tsas)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, n_tsas);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(&k, i, LIFE_DAYS);
	ltp_kit_pass(&k, 14 * DAY);
	die_at(&k, point);
	/* The dead one's leases run out. */
	ltp_kit_pass(&k, 3600000);
	ltp_kit_work(&k);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2 * n_tsas, "%s", point);
	ltp_kit_live(&k, 30 * DAY, 5 * DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2 * n_tsas, "%s", point);
	ltp_kit_stop(&k);
}

Test(renew, killed_while_renewing_nothing_is_lost_or_done_twice)
{
	for (size_t i = 0; renew_failpoints[i] != NULL; i++)
		survive(renew_failpoints[i], 2);
}

Test(renew, killed_while_stamping_nothing_is_lost_or_done_twice)
{
	for (size_t i = 0; preserve_failpoints[i] != NULL; i++)
		survive(preserve_failpoints[i], 1);
}

Test(renew, killed_inside_the_store_nothing_is_lost_or_done_twice)
{
	survive("storage.tree.close", 1);
	survive("storage.tree.stamp", 1);
	survive("storage.token.replace", 1);
}

/* ---- two of them ---- */

struct companion {
	struct ltp_worker *w;
	const struct clock *clock;
	bool failed;
};

static void *accompany(void *arg)
{
	struct companion *c = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int i = 0; i < 100 && !c->failed; i++) {
		int64_t next;
		c->failed = ltp_step(c->w, &next, &err) != 0 ||
			    ltp_upkeep(c->w, &next, &err) != 0;
	}
	if (c->failed)
		fprintf(stderr, "companion: %s\n", err.text);
	return NULL;
}

Test(renew, two_workers_on_one_store_renew_once)
{
	struct ltp_kit k;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct companion c[2] = { { 0 } };
	pthread_t threads[2];
	start(&k, 2);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(&k, i, LIFE_DAYS);
	ltp_kit_pass(&k, 14 * DAY);
	for (int i = 0; i < 2; i++) {
		c[i].clock = &k.clock;
		cr_assert_eq(ltp_worker_new(k.ltp, &c[i].w, &err), 0);
		cr_assert_eq(pthread_create(&threads[i], NULL, accompany, &c[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		cr_expect_not(c[i].failed);
		ltp_worker_free(c[i].w);
	}
	ltp_kit_work(&k);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 4);
	ltp_kit_stop(&k);
}

/* ---- many ---- */

/* Trees of one leaf, all with the same token: nothing here looks into it. */
struct crowd {
	struct digest root;
	struct view der;
	int64_t now_ms, footing;
	struct blob_new *nodes;
	size_t n;
};

static int run_crowd(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct crowd *c = arg;
	for (size_t i = 0; i < c->n; i++) {
		int64_t token;
		struct tree_stamp stamp = { .root = c->root,
					    .nodes = c->nodes,
					    .token = c->der,
					    .gen_time_ms = c->now_ms,
					    .tsa = "first",
					    .now_ms = c->now_ms };
		const struct leaf_new leaf = { .alg = DIGEST_SHA256,
					       .kind = LEAF_VERSION,
					       .ref = 1,
					       .digest = c->root,
					       .bytes = 1,
					       .now_ms = c->now_ms };
		if (tree_open_renewal(conn, TREE_HASH_RENEWAL, "crowd", DIGEST_SHA256,
				      c->now_ms, &stamp.tree, err) != 0 ||
		    tree_add_leaf(conn, stamp.tree, &leaf, NULL, err) != 0 ||
		    tree_close(conn, stamp.tree, c->now_ms, err) != 0 ||
		    tree_stamp(conn, &stamp, &token, err) != 0 ||
		    token_set_footing(conn, token, c->footing, err) != 0)
			return -1;
	}
	return 0;
}

/* As many more trees as this beside the first one. */
static void crowd(struct ltp_kit *k, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct token *t = NULL;
	struct token_link link;
	uint8_t nodes[32];
	struct crowd c = { .n = n, .now_ms = clock_now_ms(&k->clock) };
	cr_assert_eq(store_reader_open(k->store, &conn, &err), 0);
	cr_assert_eq(token_get(conn, 1, &t, &err), 0);
	cr_assert_eq(token_link_get(conn, 1, &link, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text("x"), &c.root, &err), 0);
	memcpy(nodes, c.root.p, 32);
	c.der = t->der;
	c.footing = link.footing;
	cr_assert_eq(blob_prepare(k->store, STORE_TENANT_SYSTEM, view_of(nodes, 32),
				  NULL, &c.nodes, &err),
		     0);
	cr_assert_eq(store_write(k->store, run_crowd, &c, &err), 0, "%s", err.text);
	blob_new_free(c.nodes);
	token_free(t);
	store_reader_close(conn);
}

/* The last tree that renews tokens. */
static int find_renewal(void *arg, const struct tree *t, struct ltps_error *err)
{
	(void)err;
	if (t->purpose == TREE_TIMESTAMP_RENEWAL)
		*(struct tree *)arg = *t;
	return 0;
}

static struct tree last_renewal(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct tree t = { 0 };
	cr_assert_eq(store_reader_open(k->store, &conn, &err), 0);
	cr_assert_eq(tree_list(conn, -1, 0, 0, find_renewal, &t, &err), 0);
	store_reader_close(conn);
	return t;
}

/* Several batches, killed between them: one tree in the end, each token once. */
Test(renew, batches_that_were_cut_short_are_gone_on_with)
{
	struct ltp_kit k;
	char poid[64];
	char spec[] = "ltp.renew.batch:3:kill";
	struct ltps_error err = LTPS_ERROR_INIT;
	start(&k, 1);
	keep_text(&k, "a", poid);
	crowd(&k, 1299);
	ltp_kit_pass(&k, 20 * DAY + BEFORE_DAYS * DAY);
	ltp_kit_close(&k);
	pid_t child = fork();
	if (child == 0) {
		ltp_kit_open(&k);
		if (failpoint_arm(spec, &err) == 0)
			ltp_kit_work(&k);
		_exit(0);
	}
	int status = 0;
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status));
	ltp_kit_open(&k);
	struct tree t = last_renewal(&k);
	cr_expect_eq(t.state, TREE_OPEN);
	cr_expect_eq(t.n_leaves, 1000);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_pass(&k, 3600000);
	ltp_kit_work(&k);
	const int64_t id = t.id;
	t = last_renewal(&k);
	cr_expect_eq(t.id, id);
	cr_expect_eq(t.state, TREE_STAMPED);
	cr_expect_eq(t.n_leaves, 1301, "and the head of the audit: %llu",
		     (unsigned long long)t.n_leaves);
	cr_expect_eq(pki_server_stamps(k.pki), 2);
	verify(&k, poid, "a");
	ltp_kit_stop(&k);
}

/* Nobody watches; the renewal asks, and learns it. The TSA goes on with its key. */
Test(renew, tsa_found_lost_before_a_renewal_is_not_asked_again)
{
	struct ltp_kit k;
	char poid[64];
	const struct ltp_kit_upkeep how = { .n_tsas = 1,
					    .options = { .watch_ms = 36500 * DAY } };
	ltp_kit_start_upkeep(&k, &how);
	ltp_kit_rollover(&k, 0, FIRST_DAYS);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	ltp_kit_revoke(&k, 0, DEVPKI_REASON_KEY_COMPROMISE);
	ltp_kit_live(&k, 30 * DAY, 5 * DAY);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 1);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceCreated", NULL), 1,
		     "nothing of it is taken");
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 1);
	ltp_kit_stop(&k);
}

/* ---- clocks that were wrong ---- */

static struct queue_row job_of(struct ltp_kit *k, const char *kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct queue_row row = { 0 };
	bool found = false;
	cr_assert_eq(queue_find(k->w->conn, kind, "all", &row, &found, &err), 0);
	cr_assert(found, "%s", kind);
	return row;
}

/* Ten years ahead everything is due, and cannot be had: all of it waits until then. */
Test(renew, clock_that_was_ten_years_ahead_stops_nothing)
{
	struct ltp_kit k;
	char poid[64], ahead[64], later[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	ltp_kit_pass(&k, 3650 * DAY);
	keep_text(&k, "ahead", ahead);
	cr_assert_eq(ltp_kit_preserve_text(&k, "open", later), LTP_OK);
	ltp_kit_pass(&k, -3650 * DAY);
	ltp_kit_work(&k);
	cr_expect_eq(verify(&k, ahead, "ahead").n_stamps, 1, "its tree is stamped");
	cr_expect_eq(ltp_kit_health(&k).waiting_leaves, 0, "its tree is closed");
	for (size_t i = 0; i < 2; i++) {
		static const char *const kinds[] = { JOB_RENEW_TIMESTAMPS, JOB_PLAN };
		const struct queue_row row = job_of(&k, kinds[i]);
		cr_expect_leq(row.due_ms, clock_now_ms(&k.clock) + 31 * DAY, "%s",
			      kinds[i]);
	}
	const size_t before = verify(&k, poid, "a").n_stamps;
	keep_text(&k, "later", later);
	generation(&k);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, before + 1);
	cr_expect_eq(verify(&k, later, "later").n_stamps, 2);
	ltp_kit_stop(&k);
}

/* The first attempt to complete a token failed then. */
Test(renew, token_of_a_clock_ahead_is_completed)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	ltp_kit_rollover(&k, 0, 9000);
	ltp_kit_pass(&k, 3650 * DAY);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	keep_text(&k, "a", poid);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, -3650 * DAY);
	ltp_kit_work(&k);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct queue_row row;
	bool found = false;
	cr_assert_eq(queue_find(k.w->conn, JOB_COMPLETE_TOKEN, "1", &row, &found, &err),
		     0);
	cr_expect(!found || row.due_ms <= clock_now_ms(&k.clock) + DAY);
	ltp_kit_stop(&k);
}

/* And died, with a lease that is to last for ten years. */
Test(renew, lease_of_a_clock_that_was_ahead_is_taken_over)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 1);
	keep_text(&k, "a", poid);
	ltp_kit_pass(&k, 500 * DAY);
	die_at(&k, "ltp.renew.batch");
	cr_expect_eq(job_of(&k, JOB_RENEW_TIMESTAMPS).state, QUEUE_LEASED);
	ltp_kit_pass(&k, -20 * DAY);
	ltp_kit_work(&k);
	const struct queue_row row = job_of(&k, JOB_RENEW_TIMESTAMPS);
	cr_expect_eq(row.state, QUEUE_WAITING);
	ltp_kit_stop(&k);
}

/* More than one task sets right, behind one that comes soon. */
#define PUT_OFF 150

static int run_put_off(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	static const char *const kinds[] = { JOB_CARE, JOB_COMPLETE_TOKEN };
	const struct ltp_kit *k = arg;
	const int64_t now_ms = clock_now_ms(&k->clock);
	char subject[32];
	for (size_t i = 0; i < 2 * PUT_OFF; i++) {
		snprintf(subject, sizeof(subject), "%zu", 900000 + i);
		if (job_add(conn, kinds[i % 2], subject, now_ms + 3650 * DAY, NULL,
			    err) != 0)
			return -1;
	}
	/* Nobody lives who has it; and what is due while the clock is right. */
	struct job job;
	bool found;
	const struct job_claim claim = { .kind = "other",
					 .owner = "killed",
					 .now_ms = now_ms + 3650 * DAY,
					 .lease_ms = 30000 };
	if (job_add(conn, "other", "1", now_ms + 3650 * DAY, NULL, err) != 0 ||
	    job_claim(conn, &claim, &job, &found, err) != 0)
		return -1;
	return job_add(conn, "other", "2", now_ms + DAY, NULL, err);
}

static int count_ahead(void *arg, const struct queue_row *row, struct ltps_error *err)
{
	(void)row;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

static size_t ahead_of(struct ltp_kit *k, const char *kind)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const int64_t from_ms = clock_now_ms(&k->clock) + 41 * DAY;
	const struct queue_ahead q = { kind, from_ms, from_ms, 1000 };
	size_t n = 0;
	cr_assert_eq(queue_list_ahead(k->w->conn, &q, count_ahead, &n, &err), 0, "%s",
		     err.text);
	return n;
}

Test(renew, jobs_of_a_clock_ahead_are_set_right_however_many_and_what_else_is_due)
{
	struct ltp_kit k;
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[64];
	int64_t due_ms;
	start(&k, 1);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	cr_assert_eq(store_write(k.store, run_put_off, &k, &err), 0, "%s", err.text);
	cr_assert_eq(ahead_of(&k, JOB_CARE), PUT_OFF);
	cr_assert_eq(ahead_of(&k, "other"), 1);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_expect_eq(ahead_of(&k, JOB_CARE), 0);
	cr_expect_eq(ahead_of(&k, JOB_COMPLETE_TOKEN), 0);
	const int64_t now_ms = clock_now_ms(&k.clock);
	cr_assert_eq(upkeep_due(k.w, "other", now_ms, 40 * DAY, &due_ms, &err), 0, "%s",
		     err.text);
	cr_expect_leq(due_ms, now_ms);
	cr_expect_eq(ahead_of(&k, "other"), 0, "the lease of who was killed");
	ltp_kit_stop(&k);
}

/* A clock that was ahead is told, until it was right for a week. */
Test(renew, clock_that_is_right_again_is_no_alarm_for_ever)
{
	struct ltp_kit k;
	start(&k, 1);
	ltp_kit_work(&k);
	ltp_kit_pass(&k, 3650 * DAY);
	ltp_kit_work(&k);
	ltp_kit_pass(&k, -3650 * DAY);
	ltp_kit_live(&k, DAY, DAY);
	cr_expect_gt(ltp_kit_health(&k).clock_back_ms, 3640 * DAY);
	ltp_kit_live(&k, 5 * DAY, DAY);
	cr_expect_gt(ltp_kit_health(&k).clock_back_ms, 3640 * DAY);
	ltp_kit_live(&k, 60 * DAY, 10 * DAY);
	cr_expect_eq(ltp_kit_health(&k).clock_back_ms, 0);
	ltp_kit_pass(&k, -2 * DAY);
	cr_expect_gt(ltp_kit_health(&k).clock_back_ms, DAY, "it is watched as before");
	ltp_kit_stop(&k);
}

/* ---- work that nobody comes to ---- */

static int run_care(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return job_add(conn, JOB_CARE, "900000", *(const int64_t *)arg, NULL, err);
}

Test(renew, care_that_waits_for_a_day_is_an_alarm_until_it_was_given)
{
	struct ltp_kit k;
	struct ltps_error err = LTPS_ERROR_INIT;
	start(&k, 1);
	ltp_kit_work(&k);
	int64_t due_ms = clock_now_ms(&k.clock);
	cr_assert_eq(store_write(k.store, run_care, &due_ms, &err), 0, "%s", err.text);
	ltp_kit_pass(&k, DAY / 2);
	cr_expect(!ltp_kit_health(&k).trouble_alarm, "half a day is none");
	ltp_kit_pass(&k, DAY);
	const struct ltp_health h = ltp_kit_health(&k);
	cr_expect(h.trouble_alarm);
	cr_expect(strstr(h.trouble, "waits for 36 hours") != NULL, "%s", h.trouble);
	ltp_kit_work(&k);
	cr_expect(!ltp_kit_health(&k).trouble_alarm, "%s", ltp_kit_health(&k).trouble);
	ltp_kit_stop(&k);
}

Test(renew, failures_are_forgotten_after_a_turn_that_went_well)
{
	struct ltp_kit k;
	char poid[64];
	char spec[] = "ltp.renew.batch:1:fail";
	struct ltps_error err = LTPS_ERROR_INIT;
	start(&k, 1);
	keep_text(&k, "a", poid);
	ltp_kit_pass(&k, 500 * DAY);
	cr_assert_eq(failpoint_arm(spec, &err), 0);
	ltp_kit_work(&k);
	cr_expect_eq(job_of(&k, JOB_RENEW_TIMESTAMPS).attempts, 1);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, DAY, DAY);
	cr_expect_eq(job_of(&k, JOB_RENEW_TIMESTAMPS).attempts, 0);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2);
	ltp_kit_stop(&k);
}

/* ---- seconds that are none ---- */

static void reopen(struct ltp_kit *k, const char *second_url)
{
	ltp_kit_close(k);
	k->tsas[1].url = second_url;
	ltp_kit_open(k);
}

Test(renew, same_tsa_under_another_name_is_no_second_opinion)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	reopen(&k, k.urls[0]);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 1);
	const struct ltp_health h = ltp_kit_health(&k);
	cr_expect_not_null(strstr(h.trouble, "no second opinion"), "%s", h.trouble);
	reopen(&k, k.urls[1]);
	ltp_kit_live(&k, DAY, DAY);
	cr_expect_eq(verify(&k, poid, "a").n_stamps, 2, "a real one");
	cr_expect_eq(ltp_kit_health(&k).trouble[0], '\0', "%s",
		     ltp_kit_health(&k).trouble);
	ltp_kit_stop(&k);
}

/* It is better than none when the end is near. */
Test(renew, same_tsa_under_another_name_renews_in_the_end)
{
	struct ltp_kit k;
	char poid[64];
	start(&k, 2);
	reopen(&k, k.urls[0]);
	keep_text(&k, "a", poid);
	ltp_kit_live(&k, BEFORE_DAYS * DAY, 60 * DAY);
	ltp_kit_rollover(&k, 0, LIFE_DAYS);
	ltp_kit_live(&k, 150 * DAY, 10 * DAY);
	cr_expect_geq(verify(&k, poid, "a").n_stamps, 2);
	ltp_kit_stop(&k);
}

/* ---- without validation data ---- */

Test(renew, tokens_that_wait_hide_none_that_is_near_its_end)
{
	struct ltp_kit k;
	char poid[64], text[32];
	start(&k, 1);
	ltp_kit_status_fault(&k, DEVPKI_FAULT_HTTP_503);
	ltp_kit_rollover(&k, 0, 3000);
	for (int i = 0; i < 66; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		keep_text(&k, text, poid);
	}
	ltp_kit_rollover(&k, 0, 30);
	keep_text(&k, "x", poid);
	keep_text(&k, "y", poid);
	ltp_kit_rollover(&k, 0, 3000);
	ltp_kit_live(&k, 20 * DAY, 10 * DAY);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceRenewed", NULL), 1);
	cr_expect_eq(last_renewal(&k).n_leaves, 3, "both, and the head of the audit");
	ltp_kit_stop(&k);
}
