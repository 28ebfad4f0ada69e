/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order - two TSAs whose clocks differ: no token is taken that is older than what it
 * covers, since no record with it would be intact (RFC 4998 5.1).
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/inside.h"
#include "tests/support/continued_kit.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"
#include "validation/ers_verify.h"

TestSuite(order, .timeout = TEST_SECONDS_MAX, .init = mem_init);

#define TEXT "text"

static struct ltps_error err;
#define MUST(call) cr_assert_eq(call, 0, "%s: %s", #call, err.text)

/* The second TSA is one of a PKI of its own, with a clock of its own. */
struct scene {
	struct ltp_kit k;
	struct pki_server *other;
	char url[96];
	char poid[64];
};

static void set_other(struct scene *s, int64_t behind_ms)
{
	devpki_set_clock(pki_server_enter(s->other),
			 clock_shifted(clock_now_ms(&s->k.clock) - behind_ms));
	pki_server_leave(s->other);
}

static void begin(struct scene *s, int64_t behind_ms)
{
	struct buf anchors = buf_make(1 << 20);
	const struct ltp_kit_upkeep how = { .n_tsas = 2 };
	ltp_kit_start_upkeep(&s->k, &how);
	ltp_kit_close(&s->k);
	s->other = pki_server_start(KIT_NOW);
	snprintf(s->url, sizeof(s->url), "%s/tsa/0", pki_server_url(s->other));
	s->k.tsas[1].url = s->url;
	MUST(devpki_anchors(pki_server_enter(s->other), &anchors, &err));
	pki_server_leave(s->other);
	MUST(material_add_text_or_der(s->k.trust, MATERIAL_ANCHOR, view_buf(&anchors),
				      &err));
	buf_free(&anchors);
	/* Certificates are valid from the hour of the PKI on. */
	ltp_kit_pass(&s->k, 3600000);
	set_other(s, behind_ms);
	ltp_kit_open(&s->k);
	cr_assert_eq(ltp_kit_preserve_text(&s->k, TEXT, s->poid), LTP_OK);
	ltp_kit_pass(&s->k, 2001);
	set_other(s, behind_ms);
	ltp_kit_work(&s->k);
}

static void end(struct scene *s)
{
	ltp_kit_stop(&s->k);
	pki_server_stop(s->other);
}

/* Of the record as it is, which is intact; time-stamps in it. */
static size_t judged(struct scene *s)
{
	struct ers_report *r = ltp_kit_judge_text(&s->k, s->poid, TEXT, NULL);
	cr_expect(r->intact);
	cr_expect_eq(r->indication, INDICATION_PASSED, "%s",
		     r->subindication != NULL ? r->subindication : "-");
	const size_t n = r->chains[0].n;
	ers_report_free(r);
	return n;
}

static void expect_no_alarm(struct ltp_kit *k)
{
	const struct ltp_health h = ltp_kit_health(k);
	cr_expect_not(h.alarm, "%s", h.last_stamp_error);
	cr_expect_eq(h.trouble[0], '\0', "%s", h.trouble);
}

/* The other one is asked again when its clock is there, and nothing is said. */
static void works_a_little_later(int64_t behind_ms)
{
	struct scene s;
	begin(&s, behind_ms);
	cr_expect_eq(judged(&s), 1, "the other's is too old yet");
	expect_no_alarm(&s.k);
	ltp_kit_pass(&s.k, behind_ms + 3000);
	set_other(&s, behind_ms);
	ltp_kit_work(&s.k);
	cr_expect_eq(judged(&s), 2);
	expect_no_alarm(&s.k);
	end(&s);
}

Test(order, second_tsa_three_seconds_behind_works_a_little_later)
{
	works_a_little_later(3000);
}

Test(order, second_tsa_forty_seconds_behind_works_a_little_later)
{
	works_a_little_later(40000);
}

Test(order, second_tsa_ahead_is_taken_at_once)
{
	struct scene s;
	begin(&s, -5000);
	ltp_kit_pass(&s.k, 6000);
	cr_expect_eq(judged(&s), 2);
	expect_no_alarm(&s.k);
	end(&s);
}

/* Its clock stands: soon it is told, and no record has what it gave. */
Test(order, tsa_that_stays_behind_is_told)
{
	struct scene s;
	begin(&s, 40000);
	const struct clock stands = clock_fixed(clock_now_ms(&s.k.clock) - 40000);
	devpki_set_clock(pki_server_enter(s.other), stands);
	pki_server_leave(s.other);
	ltp_kit_live(&s.k, 300000, 50000);
	cr_expect_eq(judged(&s), 1);
	cr_expect(ltp_kit_health(&s.k).alarm);
	end(&s);
}

/* ---- what such a record proves ---- */

/* Another service of the same store: it remembers nothing. */
static int64_t proven(struct scene *s)
{
	struct object *o = NULL;
	struct evidence_proofs proofs = { 0 };
	struct evidence_recalled r;
	int64_t ms;
	ltp_kit_close(&s->k);
	ltp_kit_open(&s->k);
	MUST(object_get(s->k.w->conn, "default", s->poid, &o, &err));
	MUST(evidence_proof_recall(s->k.w, &o->versions[0], &proofs, &r, &err));
	cr_expect_not(r.known, "nothing is judged within a transaction");
	MUST(evidence_proof_prepare(s->k.w, &o->versions[0], NULL, &proofs, &err));
	MUST(evidence_proof_recall(s->k.w, &o->versions[0], &proofs, &r, &err));
	MUST(evidence_proof_time(s->k.w, &o->versions[0], &ms, &err));
	cr_expect(r.known && r.proven_ms == ms);
	evidence_proofs_clear(&proofs);
	object_free(o);
	return ms;
}

Test(order, record_that_is_broken_proves_nothing)
{
	struct scene s;
	begin(&s, 0);
	ltp_kit_pass(&s.k, 3000);
	ltp_kit_work(&s.k);
	cr_assert_eq(judged(&s), 2);
	cr_expect_leq(proven(&s), clock_now_ms(&s.k.clock));
	/* Of the tip. */
	storage_sql(s.k.dir,
		    "UPDATE token SET der = CAST(" CKIT_OTHER_END " AS BLOB) "
		    "WHERE frozen = 0");
	cr_expect_eq(proven(&s), INT64_MAX);
	end(&s);
}
