/* SPDX-License-Identifier: Apache-2.0 */
/* preserve - when trees close, what a failing TSA does, what a token carries. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "scheduler/job.h"
#include "storage/blob.h"
#include "storage/evidence.h"
#include "tests/support/ltp_kit.h"
#include "timestamping/ers.h"
#include "timestamping/merkle.h"
#include "timestamping/tst.h"

static void fault(struct ltp_kit *k, unsigned tsa, enum devpki_fault f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(devpki_fault_set(pki_server_enter(k->pki), DEVPKI_TARGET_TSA, tsa,
				      f, 0, 0, &err),
		     0, "%s", err.text);
	pki_server_leave(k->pki);
}

static void status_fault(struct ltp_kit *k, enum devpki_fault f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(k->pki);
	cr_assert_eq(devpki_fault_set(p, DEVPKI_TARGET_OCSP, 0, f, 0, 0, &err), 0);
	cr_assert_eq(devpki_fault_set(p, DEVPKI_TARGET_CRL, 0, f, 0, 0, &err), 0);
	pki_server_leave(k->pki);
}

/* The evidence record of an object, parsed; NULL while there is none. */
static struct ers *record_of(struct ltp_kit *k, const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_retrieved r = { 0 };
	struct ers *er = NULL;
	if (ltp_kit_retrieve(k, poid, SUBJECT_EVIDENCE, &r) == LTP_OK) {
		cr_assert_eq(r.n_pos, 1);
		cr_assert_eq(ers_parse(view_buf(&r.pos[0].data), &er, &err), 0, "%s",
			     err.text);
	}
	ltp_retrieved_clear(&r);
	return er;
}

Test(preserve, tree_stays_open_before_its_age)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_null(record_of(&k, poid));
	cr_expect_eq(pki_server_stamps(k.pki), 0);
	cr_expect_eq(ltp_kit_health(&k).trees_open, 1);
	ltp_kit_stop(&k);
}

Test(preserve, tree_closes_by_age)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	struct ers *er = record_of(&k, poid);
	cr_assert_not_null(er);
	ers_free(er);
	ltp_kit_stop(&k);
}

Test(preserve, tree_closes_by_count)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, "digest = sha512\ntree_max_leaves = 3\ntree_max_age = 1h\n");
	for (int i = 0; i < 2; i++)
		cr_assert_eq(ltp_kit_preserve_text(&k, i == 0 ? "a" : "b", poid),
			     LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 0);
	cr_assert_eq(ltp_kit_preserve_text(&k, "c", poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	struct ers *er = record_of(&k, poid);
	cr_assert_not_null(er);
	cr_expect_eq(er->chains[0].stamps[0].alg, DIGEST_SHA512);
	ers_free(er);
	ltp_kit_stop(&k);
}

Test(preserve, tree_closes_by_bytes)
{
	struct ltp_kit k;
	char poid[64], big[2048];
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ltp_kit_start(&k,
		      "digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 1h\n");
	k.profile->tree_max_bytes = 3000;
	cr_assert_eq(ltp_kit_preserve_text(&k, big, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 0);
	big[0] = 'y';
	cr_assert_eq(ltp_kit_preserve_text(&k, big, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	ltp_kit_stop(&k);
}

Test(preserve, many_objects_cost_one_request)
{
	struct ltp_kit k;
	char poids[40][64], text[32];
	ltp_kit_start(&k, NULL);
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "object %d", i);
		cr_assert_eq(ltp_kit_preserve_text(&k, text, poids[i]), LTP_OK);
	}
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	for (int i = 0; i < 40; i++) {
		struct ers *er = record_of(&k, poids[i]);
		cr_assert_not_null(er, "object %d has evidence", i);
		ers_free(er);
	}
	ltp_kit_stop(&k);
}

Test(preserve, next_leaf_opens_a_new_tree)
{
	struct ltp_kit k;
	char a[64], b[64];
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", a), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_assert_eq(ltp_kit_preserve_text(&k, "b", b), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_null(record_of(&k, b));
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	struct ers *er = record_of(&k, b);
	cr_assert_not_null(er);
	ers_free(er);
	cr_expect_eq(pki_server_stamps(k.pki), 2);
	ltp_kit_stop(&k);
}

static const struct {
	enum devpki_fault fault;
	const char *name;
} TSA_FAULTS[] = {
	{ DEVPKI_FAULT_GARBAGE, "garbage" },
	{ DEVPKI_FAULT_CUT, "cut" },
	{ DEVPKI_FAULT_TRUNCATED, "truncated" },
	{ DEVPKI_FAULT_CLOSED, "closed" },
	{ DEVPKI_FAULT_HTTP_500, "500" },
	{ DEVPKI_FAULT_WRONG_NONCE, "wrong nonce" },
	{ DEVPKI_FAULT_NO_NONCE, "no nonce" },
	{ DEVPKI_FAULT_BAD_SIGNATURE, "bad signature" },
	{ DEVPKI_FAULT_REFUSE, "refused" },
	{ DEVPKI_FAULT_LATE, "late" },
	{ DEVPKI_FAULT_WRONG_IMPRINT, "wrong imprint" },
	{ DEVPKI_FAULT_NO_CERTIFICATE, "no certificate" },
	{ DEVPKI_FAULT_NO_SIGNING_CERTIFICATE, "no signing certificate" },
	{ DEVPKI_FAULT_WRONG_SIGNING_CERTIFICATE, "wrong signing certificate" },
	{ DEVPKI_FAULT_WRONG_MESSAGE_DIGEST, "wrong message digest" },
	{ DEVPKI_FAULT_CRITICAL_EXTENSION, "critical extension" },
};

Test(preserve, every_fault_of_a_tsa_is_seen_and_the_second_asked)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	for (size_t i = 0; i < sizeof(TSA_FAULTS) / sizeof(TSA_FAULTS[0]); i++) {
		fault(&k, 0, TSA_FAULTS[i].fault);
		cr_assert_eq(ltp_kit_preserve_text(&k, TSA_FAULTS[i].name, poid),
			     LTP_OK);
		size_t before = pki_server_stamps(k.pki);
		ltp_kit_pass(&k, 2001);
		ltp_kit_work(&k);
		cr_expect_eq(pki_server_stamps(k.pki), before + 2,
			     "%s: both were asked", TSA_FAULTS[i].name);
		struct ltps_error err = LTPS_ERROR_INIT;
		struct token *t = NULL;
		struct store_conn *conn = NULL;
		cr_assert_eq(store_reader_open(k.store, &conn, &err), 0);
		cr_assert_eq(token_get(conn, (int64_t)i + 1, &t, &err), 0, "%s: %s",
			     TSA_FAULTS[i].name, err.text);
		cr_expect_str_eq(t->tsa, "second", "%s", TSA_FAULTS[i].name);
		token_free(t);
		store_reader_close(conn);
	}
	ltp_kit_stop(&k);
}

Test(preserve, without_any_tsa_ingest_goes_on_and_an_alarm_is_raised)
{
	struct ltp_kit k;
	char first[64], second[64];
	ltp_kit_start(&k, NULL);
	fault(&k, 0, DEVPKI_FAULT_CLOSED);
	fault(&k, 1, DEVPKI_FAULT_HTTP_503);
	cr_assert_eq(ltp_kit_preserve_text(&k, "first", first), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	struct ltp_health h = ltp_kit_health(&k);
	cr_expect(h.alarm);
	cr_expect_eq(h.trees_closing, 1);
	cr_expect_geq(h.waiting_leaves, 1);
	cr_expect_not_null(strstr(h.last_stamp_error, "first"), "names the TSA: %s",
			   h.last_stamp_error);
	cr_assert_eq(ltp_kit_preserve_text(&k, "second", second), LTP_OK);
	cr_expect_null(record_of(&k, first));

	fault(&k, 0, DEVPKI_FAULT_NONE);
	fault(&k, 1, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, 600000);
	ltp_kit_work(&k);
	struct ers *a = record_of(&k, first), *b = record_of(&k, second);
	cr_expect_not_null(a);
	cr_expect_not_null(b);
	ers_free(a);
	ers_free(b);
	cr_expect_not(ltp_kit_health(&k).alarm);
	ltp_kit_stop(&k);
}

Test(preserve, failing_tsa_is_not_asked_before_its_delay)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	fault(&k, 0, DEVPKI_FAULT_CLOSED);
	fault(&k, 1, DEVPKI_FAULT_CLOSED);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	size_t asked = pki_server_stamps(k.pki);
	int64_t next;
	struct ltps_error err = LTPS_ERROR_INIT;
	k.clock = clock_fixed(clock_now_ms(&k.clock));
	cr_assert_eq(ltp_step(k.w, &next, &err), 0);
	cr_expect_eq(pki_server_stamps(k.pki), asked);
	cr_expect_gt(next, clock_now_ms(&k.clock));
	cr_expect_lt(next, clock_now_ms(&k.clock) + 10000);
	ltp_kit_stop(&k);
}

/* SIGTERM is no fault of a TSA: no alarm, no delay after the next start. */
Test(preserve, cancelled_step_asks_nobody_and_counts_no_failure)
{
	struct ltp_kit k;
	char poid[64];
	int64_t next;
	struct ltps_error err = LTPS_ERROR_INIT;
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_worker_cancel(k.w);
	cr_expect_eq(ltp_step(k.w, &next, &err), -1);
	cr_expect_eq(err.code, LTPS_CANCELLED);
	cr_expect_eq(pki_server_stamps(k.pki), 0);
	cr_expect_eq(ltp_kit_health(&k).stamp_failures, 0);
	cr_expect_not(ltp_kit_health(&k).alarm);
	ltp_kit_close(&k);
	ltp_kit_open(&k);
	ltp_kit_work(&k);
	cr_expect_eq(pki_server_stamps(k.pki), 1);
	ltp_kit_stop(&k);
}

/* The stored token of the first tree. */
static struct tst *first_token(struct ltp_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct token *t = NULL;
	struct tst *tst = NULL;
	cr_assert_eq(store_reader_open(k->store, &conn, &err), 0);
	cr_assert_eq(token_get(conn, 1, &t, &err), 0, "%s", err.text);
	cr_assert_eq(tst_parse(t->der, &tst, &err), 0, "%s", err.text);
	token_free(t);
	store_reader_close(conn);
	return tst;
}

Test(preserve, token_gets_its_validation_data)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	struct tst *t = first_token(&k);
	cr_expect_geq(t->cms->n_certs, 2, "TSA and CA");
	cr_expect_geq(t->cms->n_crls, 2, "a status for TSA and for CA");
	tst_free(t);
	ltp_kit_stop(&k);
}

/* How many of the token's revocation items are OCSP responses (RFC 5940). */
static size_t ocsps_in(const struct tst *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->cms->n_crls; i++)
		n += t->cms->crls[i].p[0] == 0xa1;
	return n;
}

Test(preserve, status_comes_by_crl_and_without_it_by_ocsp)
{
	for (int crl = 0; crl < 2; crl++) {
		struct ltp_kit k;
		char poid[64];
		struct ltps_error err = LTPS_ERROR_INIT;
		ltp_kit_start(&k, NULL);
		if (!crl)
			cr_assert_eq(
			    devpki_fault_set(pki_server_enter(k.pki), DEVPKI_TARGET_CRL,
					     0, DEVPKI_FAULT_HTTP_503, 0, 0, &err),
			    0);
		if (!crl)
			pki_server_leave(k.pki);
		cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
		ltp_kit_pass(&k, 2001);
		ltp_kit_work(&k);
		struct tst *t = first_token(&k);
		cr_expect_eq(t->cms->n_crls, 2);
		cr_expect_eq(ocsps_in(t), crl ? 0 : 2);
		tst_free(t);
		ltp_kit_stop(&k);
	}
}

Test(preserve, evidence_is_there_although_status_is_not)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	status_fault(&k, DEVPKI_FAULT_HTTP_503);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	struct ers *er = record_of(&k, poid);
	cr_assert_not_null(er);
	ers_free(er);
	struct tst *t = first_token(&k);
	cr_expect_eq(t->cms->n_crls, 0);
	tst_free(t);

	status_fault(&k, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, 3600000);
	ltp_kit_work(&k);
	t = first_token(&k);
	cr_expect_geq(t->cms->n_crls, 2, "completed when the status came back");
	tst_free(t);
	ltp_kit_stop(&k);
}

/* A tree stamped by a process that died before it completed the token. */
static int run_close_first(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return tree_close(conn, 1, *(int64_t *)arg, err);
}

static int run_half(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	int64_t token;
	if (tree_stamp(conn, arg, &token, err) != 0)
		return -1;
	return job_add(conn, "complete-token", "1", 0, NULL, err);
}

Test(preserve, record_is_held_back_while_its_token_is_completed)
{
	struct ltp_kit k;
	char poid[64];
	uint8_t nodes[3 * 32];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	int64_t now = clock_now_ms(&k.clock);
	cr_assert_eq(store_write(k.store, run_close_first, &now, &err), 0);
	cr_assert_eq(store_reader_open(k.store, &conn, &err), 0);
	struct tree_stamp stamp = { .tree = 1,
				    .gen_time_ms = now,
				    .tsa = "first",
				    .now_ms = now,
				    .token = view_of("\x30\x00", 2) };
	cr_assert_eq(tree_leaves(conn, 1, nodes, 2 * 32, &err), 0);
	cr_assert_eq(merkle_build(DIGEST_SHA256, nodes, 2, &stamp.root, &err), 0);
	cr_assert_eq(blob_prepare(k.store, STORE_TENANT_SYSTEM,
				  view_of(nodes, sizeof(nodes)), NULL, &stamp.nodes,
				  &err),
		     0);
	cr_assert_eq(store_write(k.store, run_half, &stamp, &err), 0, "%s", err.text);
	blob_new_free(stamp.nodes);
	store_reader_close(conn);
	struct ltp_retrieved r = { 0 };
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_WARN_PARTLY);
	cr_expect_eq(r.n_pos, 0);
	ltp_retrieved_clear(&r);
	ltp_kit_pass(&k, 10001);
	cr_expect_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_OK);
	cr_expect_eq(r.n_pos, 1);
	ltp_retrieved_clear(&r);
	ltp_kit_stop(&k);
}

Test(preserve, closing_tree_is_stamped_after_a_restart)
{
	struct ltp_kit k;
	char poid[64];
	ltp_kit_start(&k, NULL);
	fault(&k, 0, DEVPKI_FAULT_CLOSED);
	fault(&k, 1, DEVPKI_FAULT_CLOSED);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	ltp_kit_close(&k);
	fault(&k, 0, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, 600000);
	ltp_kit_open(&k);
	ltp_kit_work(&k);
	struct ers *er = record_of(&k, poid);
	cr_assert_not_null(er);
	ers_free(er);
	ltp_kit_stop(&k);
}

Test(preserve, audit_head_is_a_leaf_of_every_tree)
{
	struct ltp_kit k;
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	struct leaf leaf;
	struct tree tree;
	ltp_kit_start(&k, NULL);
	cr_assert_eq(ltp_kit_preserve_text(&k, "a", poid), LTP_OK);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_assert_eq(store_reader_open(k.store, &conn, &err), 0);
	cr_assert_eq(tree_get(conn, 1, &tree, &err), 0);
	cr_assert_eq(tree_leaf_at(conn, 1, tree.n_leaves - 1, &leaf, &err), 0);
	cr_expect_eq(leaf.kind, LEAF_AUDIT_HEAD);
	store_reader_close(conn);
	ltp_kit_stop(&k);
}
