/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a form will prove when the certificates of its time-stamps have ended and one of
 * its two authorities is lost, where the newest status of earlier authorities is covered
 * by one of the two only: the form made step by step, since that takes the turn of a
 * second between the status that is known and the first of the two.
 */
#include <criterion/criterion.h>

#include "ltp/inside.h"
#include "ltp/signatures.h"
#include "tests/support/signed_kit.h"
#include "tests/support/test_time.h"

#define SECOND ((int64_t)1000)
#define DAY ((int64_t)86400000)
#define RAISED                                                                         \
	"digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 2s\n"                 \
	"signature_policy = default\naugment = lta\n"

static struct ltp_kit k;
static struct augmented made; /* the form; its file in made.out */

static void start(void)
{
	const struct ltp_kit_upkeep how = { .profile_change = RAISED, .n_tsas = 2 };
	ltp_kit_start_upkeep(&k, &how);
	ltp_kit_look(&k, 0);
	ltp_kit_rehouse(&k, 0, "first-ca");
	ltp_kit_rehouse(&k, 1, "second-ca");
	ltp_kit_pass(&k, DAY);
}

static void end(void)
{
	augmented_clear(&made);
	ltp_kit_stop(&k);
}

TestSuite(signatures_outlook, .init = start, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct signatures_judging judging(void)
{
	return (struct signatures_judging){ .w = k.w,
					    .policy = policy_of(k.ltp, k.profile),
					    .now_ms = clock_now_ms(&k.clock) };
}

/* ---- made step by step ---- */

enum status { STATUS_KNOWN, STATUS_ASKED_NOW };

/* What is in `made` to this level, by this authority; what a first form gets over the
 * time-stamp of its signature is of the other one (augment_token()). */
static void raise_to(enum signature_level level, size_t tsa, enum status status)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa list[TSP_TSAS_MAX];
	struct tsp_client client = ltp_tsp_client(k.ltp);
	struct path_sources sources = worker_sources(k.w, true);
	struct augmented next = { 0 };
	const struct signatures_judging j = judging();
	if (status == STATUS_ASKED_NOW) {
		sources.known = NULL;
		sources.asked = NULL;
		sources.conn = NULL;
	}
	tsp_client_begin_with(&client, tsa, list);
	const struct augment_input in = { .file = view_buf(&made.out),
					  .level = level,
					  .tsa = &client,
					  .digest = DIGEST_SHA256,
					  .sources = &sources,
					  .judgement = signatures_input(&j),
					  .clock = &k.clock };
	cr_assert_eq(augment_document(&in, &next, &err), 0, "%s", err.text);
	cr_assert_eq(next.outcome, AUGMENT_DONE, "%s", next.text);
	cr_assert_eq(next.tokens > 0, level > LEVEL_B);
	augmented_clear(&made);
	made = next;
}

/* A form by two authorities, then by two others of other CAs: the status of the first
 * two is asked for as much earlier as this. */
static void make_by_four(struct buf file, int64_t earlier_ms)
{
	made.out = file;
	raise_to(LEVEL_LTA, 0, STATUS_ASKED_NOW);
	raise_to(LEVEL_LTA, 0, STATUS_ASKED_NOW);
	ltp_kit_pass(&k, 20 * DAY);
	ltp_kit_rehouse(&k, 0, "third-ca");
	ltp_kit_rehouse(&k, 1, "fourth-ca");
	ltp_kit_pass(&k, DAY);
	raise_to(LEVEL_B, 0, STATUS_KNOWN);
	ltp_kit_pass(&k, earlier_ms);
	raise_to(LEVEL_LTA, 1, STATUS_KNOWN);
	raise_to(LEVEL_LTA, 0, STATUS_ASKED_NOW);
}

static struct signatures_outlook look(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signatures_outlook o;
	const struct signatures_judging j = judging();
	const struct cared_part p = { .augmented = made };
	const struct report *r = made.judged.report;
	cr_assert_eq(signatures_standing_of(r, j.now_ms - DAY), STANDS_ON_TWO);
	cr_assert_eq(r->signatures[0].conclusion.indication, INDICATION_PASSED);
	cr_assert_eq(signatures_outlook(&j, &p, j.now_ms - DAY, &o, &err), 0, "%s",
		     err.text);
	return o;
}

/* The last two of the first signer are of the first authority and a third one, of the
 * second signer of the second and the third: the second one fails once. */
static void make_by_three(struct buf file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	made.out = file;
	ltp_kit_pass(&k, DAY);
	cr_assert_eq(devpki_fault_set(pki_server_enter(k.pki), DEVPKI_TARGET_TSA, 1,
				      DEVPKI_FAULT_CLOSED, 1, 0, &err),
		     0, "%s", err.text);
	pki_server_leave(k.pki);
	raise_to(LEVEL_LTA, 0, STATUS_ASKED_NOW);
	ltp_kit_rehouse(&k, 0, "third-ca");
	raise_to(LEVEL_LTA, 0, STATUS_ASKED_NOW);
}

/* ---- what it says ---- */

/* All status of before is under both. */
static void expect_good(struct buf file)
{
	make_by_four(file, 0);
	const struct signatures_outlook o = look();
	cr_expect_str_eq(o.why, "");
}

/*
 * The status that is known is from the second before the first of the two, and is asked
 * for anew before the last one: the newest word about the two of before is under that
 * one alone. Two more cover it twice.
 */
static void expect_told(struct buf file)
{
	make_by_four(file, SECOND);
	struct signatures_outlook o = look();
	cr_expect_str_neq(o.why, "", "status under the lost one alone is taken");
	cr_expect_not(o.young, "of earlier authorities: %s", o.why);
	raise_to(LEVEL_LTA, 1, STATUS_ASKED_NOW);
	raise_to(LEVEL_LTA, 0, STATUS_ASKED_NOW);
	o = look();
	cr_expect_str_eq(o.why, "");
}

Test(signatures_outlook, is_good_where_both_cover_the_status)
{
	expect_good(signed_kit_cades(&k, "text", false));
}

Test(signatures_outlook, is_good_where_both_cover_the_status_in_a_pdf)
{
	expect_good(signed_kit_pades(&k));
}

Test(signatures_outlook, takes_no_status_that_only_the_lost_one_covers)
{
	expect_told(signed_kit_cades(&k, "text", false));
}

Test(signatures_outlook, takes_no_status_that_only_the_lost_one_covers_in_a_pdf)
{
	expect_told(signed_kit_pades(&k));
}

/* Never are both of one signer lost at once; the other signer stands on another two. */
Test(signatures_outlook, asks_each_signer_for_its_own_two)
{
	make_by_three(signed_kit_cades_by_two(&k));
	const struct report *r = made.judged.report;
	const struct signatures_pair a = signatures_pair_of(r, 0, INT64_MIN);
	const struct signatures_pair b = signatures_pair_of(r, 1, INT64_MIN);
	cr_assert(signatures_by_same(a.last, b.last));
	cr_assert_not(signatures_by_same(a.under, b.under));
	const struct signatures_outlook o = look();
	cr_expect_str_eq(o.why, "");
}
