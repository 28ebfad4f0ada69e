/* SPDX-License-Identifier: Apache-2.0 */
/* The care of trusted lists: when it is told that other anchors follow. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/inside.h"
#include "ltp/trusted_lists_private.h"
#include "ltp/upkeep.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"
#include "tests/support/trusted_list_kit.h"

static char dir[4096], file[4200], away[4200];
static struct clock now;
static struct store *store;
static struct ltp *ltp;
static struct ltp_worker *w;
static struct fix_cert *operator, *ca;
static struct cert *signer, *other;
static const struct cert *signers[2];
static const char *const services[] = { TLKIT_CA_QC };
static struct ltp_trusted_list list;
static unsigned told;

static void tell(void *arg)
{
	++*(unsigned *)arg;
}

/* A service whose trust was built when no list was known. */
static void open_all(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct store_options so = { .dir = dir };
	if (store_open(&so, &store, &err) != 0)
		fixture_die("store", &err);
	const struct ltp_options o = { .store = store,
				       .clock = &now,
				       .lists = { &list, 1 },
				       .trust_changed = tell,
				       .trust_changed_arg = &told };
	if (ltp_new(&o, &ltp, &err) != 0 || ltp_worker_new(ltp, &w, &err) != 0)
		fixture_die("ltp", &err);
}

static void close_all(void)
{
	ltp_worker_free(w);
	ltp_free(ltp);
	store_close(store);
}

static const char *next_update; /* NULL: six months from its issue */
static const char *issued;      /* NULL: a month ago */

static void publish_list(const struct tlkit_list *l)
{
	struct buf plain = buf_make(1 << 20), octets = buf_make(1 << 20);
	const struct tlkit_signature s = { .signer = operator };
	tlkit_list(l, &plain);
	tlkit_sign(view_buf(&plain), &s, &octets);
	FILE *f = fopen(file, "wb");
	cr_assert(f != NULL && fwrite(octets.p, 1, octets.n, f) == octets.n &&
		  fclose(f) == 0);
	buf_free(&plain);
	buf_free(&octets);
}

static void publish_service(const char *sequence, const char *service)
{
	publish_list(&(struct tlkit_list){ .sequence = sequence,
					   .issued = issued,
					   .next_update = next_update,
					   .services = service });
}

static void publish_as(const char *sequence, const char *from)
{
	publish_service(sequence, tlkit_service(TLKIT_CA_QC, TLKIT_STATUS "granted",
						from, ca, NULL));
}

static void publish(const char *from)
{
	publish_as(NULL, from);
}

static void setup(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fixture_dir(dir);
	snprintf(file, sizeof(file), "%s/list.xml", dir);
	snprintf(away, sizeof(away), "%s/away.xml", dir);
	now = clock_fixed(FIX_T0_MS);
	operator = fix_cert_make(&(struct fix_cert_options){ .cn = "Operator" });
	ca = fix_cert_make(&(struct fix_cert_options){ .cn = "CA", .ca = true });
	cr_assert_eq(cert_parse(operator->der, &signer, &err), 0, "%s", err.text);
	cr_assert_eq(cert_parse(ca->der, &other, &err), 0, "%s", err.text);
	signers[0] = signer;
	signers[1] = other;
	list = (struct ltp_trusted_list){ .name = "Test",
					  .file = file,
					  .signers = { signers, 2 },
					  .services = services,
					  .n_services = 1,
					  .refresh_ms = TRUSTED_LISTS_REFRESH_MS };
	publish("2020-01-01T00:00:00Z");
	open_all();
}

static void teardown(void)
{
	close_all();
	cert_free(signer);
	cert_free(other);
	fix_cert_free(operator);
	fix_cert_free(ca);
	fixture_remove(dir);
}

TestSuite(trusted_lists, .init = setup, .fini = teardown);

static void watch(struct ltp_worker *worker)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(trusted_lists_watch(worker, now.fixed_ms, &err), 0, "%s",
		     err.text);
}

static struct upkeep_turn turn_in_trouble(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = now.fixed_ms };
	cr_assert_eq(trusted_lists_turn(w, &t, &err), 0, "%s", err.text);
	watch(w);
	return t;
}

static void turn(void)
{
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert_str_eq(t.trouble, "");
}

Test(trusted_lists, other_anchors_are_told_once)
{
	turn();
	cr_assert_eq(told, 1);
	turn();
	cr_assert_eq(told, 1);
}

/* The turn of a generation that is being replaced tells nobody: the next one looks. */
Test(trusted_lists, what_was_kept_by_the_one_before_is_noticed_at_once)
{
	turn();
	close_all();
	told = 0;
	open_all();
	turn();
	cr_assert_eq(told, 1);
}

static uint64_t good_lists(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint64_t n, good;
	cr_assert_eq(trusted_lists_count(w->conn, &w->l->o.lists, now.fixed_ms, &n, &good,
					 &err),
		     0, "%s", err.text);
	return good;
}

Test(trusted_lists, the_order_of_its_signers_is_nothing_new)
{
	turn();
	cr_assert_eq(good_lists(), 1);
	close_all();
	signers[0] = other;
	signers[1] = signer;
	open_all();
	cr_assert_eq(good_lists(), 1);
	close_all();
	list.signers.n = 1; /* he who signed it is gone */
	open_all();
	cr_assert_eq(good_lists(), 0);
}

/* ---- what is stored is damaged ---- */

static size_t anchors_now(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct anchor_origins origins = { 0 };
	struct material *m = NULL;
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(trusted_lists_anchors(w->conn, &w->l->o.lists, now.fixed_ms, m,
					   &origins, &err),
		     0, "%s", err.text);
	const size_t n = material_count(m, MATERIAL_ANCHOR);
	mem_free(origins.list);
	material_free(m);
	return n;
}

/* What an operator sees. */
static bool shows(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	const char *json;
	struct jsonw j = jsonw_to(&out);
	jsonw_array(&j);
	cr_assert_eq(trusted_lists_json(w->conn, &w->l->o.lists, now.fixed_ms, &j,
					&err),
		     0, "%s", err.text);
	jsonw_array_end(&j);
	cr_assert_eq(jsonw_end(&j, &err), 0);
	cr_assert_eq(buf_text(&out, &json, &err), 0);
	const bool there = strstr(json, text) != NULL;
	buf_free(&out);
	return there;
}

static const char *const spoil =
    "UPDATE blob SET data = CAST(substr(data, 1, size - 1) || x'00' AS BLOB) "
    "WHERE id = (SELECT max(id) FROM blob)";

/* The upkeep of the disk found something, or repaired it. */
static int run_stir(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	(void)arg;
	return trusted_lists_stir(conn, err);
}

static void stir(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(store_write(store, run_stir, NULL, &err), 0, "%s", err.text);
}

/* A list that is believed, and then damaged; nobody publishes it for now. */
static void damage(void)
{
	turn();
	cr_assert_eq(anchors_now(), 1);
	cr_assert(shows("\"state\":\"good\""));
	storage_sql(dir, spoil);
	cr_assert_eq(rename(file, away), 0);
	stir();
	watch(w);
}

Test(trusted_lists, a_damaged_document_is_told_and_its_anchors_end)
{
	damage();
	cr_assert_eq(anchors_now(), 0);
	cr_assert_eq(good_lists(), 0);
	cr_assert(shows("\"state\":\"damaged\""));
	cr_assert(shows("\"why\":\"what is stored of it cannot be read any more\""));
	cr_assert(shows("\"trusted\":false"));
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert(t.alarm);
	cr_assert_not_null(strstr(t.trouble, "Test: damaged: "), "%s", t.trouble);
	cr_assert(shows("cannot be read any more; unreachable: "));
	/* Its repair from a copy is ordered too. */
	cr_assert_eq(
	    storage_sql_int(dir, "SELECT count(*) FROM job WHERE kind = 'fixity'"), 1);
}

Test(trusted_lists, a_damaged_document_heals_when_the_same_is_got_again)
{
	damage();
	cr_assert_eq(rename(away, file), 0);
	turn(); /* at once, although the next update is far away */
	cr_assert(shows("\"state\":\"good\""));
	cr_assert_eq(anchors_now(), 1);
	cr_assert_eq(good_lists(), 1);
	cr_assert_eq(
	    storage_sql_int(dir, "SELECT count(*) FROM material WHERE kind = 5"), 1,
	    "it is the same material, whole again");
	stir();
	turn();
	cr_assert(shows("\"state\":\"good\""));
}

Test(trusted_lists, a_damaged_document_heals_when_a_newer_one_is_got)
{
	damage();
	publish_as("11", "2020-01-01T00:00:00Z");
	turn();
	cr_assert(shows("\"state\":\"good\""));
	cr_assert(shows("\"sequence\":11"));
	cr_assert_eq(anchors_now(), 1);
}

Test(trusted_lists, a_damaged_document_is_not_healed_by_an_older_one)
{
	damage();
	publish_as("9", "2020-01-01T00:00:00Z");
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert(t.alarm);
	cr_assert(shows("\"state\":\"damaged\""));
	cr_assert(shows("number 9 after number 10"));
	cr_assert_eq(anchors_now(), 0);
}

Test(trusted_lists, a_document_that_was_repaired_counts_again)
{
	turn();
	const char *const keep_good = "CREATE TABLE good AS SELECT id, data FROM blob";
	const char *const put_good =
	    "UPDATE blob SET data = (SELECT data FROM good WHERE good.id = blob.id); "
	    "DROP TABLE good";
	storage_sql(dir, keep_good);
	damage();
	turn_in_trouble();
	cr_assert(shows("\"state\":\"damaged\""));
	storage_sql(dir, put_good);
	told = 0;
	stir();
	watch(w);
	cr_assert(shows("\"state\":\"unreachable\""), "as the last attempt left it");
	cr_assert(shows("\"trusted\":true"));
	cr_assert_eq(anchors_now(), 1);
	cr_assert_eq(told, 1);
}

/* Nobody stirs when a disk decays: it is looked at anyway, as often as the list. */
Test(trusted_lists, damage_that_nobody_told_is_found_in_the_rhythm_of_the_list)
{
	turn();
	storage_sql(dir, spoil);
	watch(w);
	cr_assert(shows("\"state\":\"good\""));
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	cr_assert_eq(unlink(file), 0);
	turn_in_trouble();
	cr_assert(shows("\"state\":\"damaged\""));
}

/* ---- a disk that does not take it ---- */

#define NO(what) "CREATE TRIGGER no BEFORE " what " BEGIN SELECT RAISE(ABORT, 'no'); END"

/* Another list, in the other file. */
static void publish_away(void)
{
	char kept[4200];
	snprintf(kept, sizeof(kept), "%s/kept.xml", dir);
	cr_assert_eq(rename(file, kept), 0);
	publish_as("3", "2021-01-01T00:00:00Z");
	cr_assert_eq(rename(file, away), 0);
	cr_assert_eq(rename(kept, file), 0);
}

/* The one that cannot be kept stands first, and is as overdue as the other. */
static void expect_the_other_is_got(const char *why)
{
	struct ltp_trusted_list both[2] = { list, list };
	both[1].file = away;
	both[1].name = "Other";
	ltp->o.lists = (struct trusted_lists){ both, 2 };
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert(t.alarm);
	cr_assert(shows(why));
	cr_assert(shows("\"failures\":1"));
	turn_in_trouble();
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM setting WHERE name = "
					  "'trusted-list.Other'"),
		     1, "it was tried");
	storage_sql(dir, "DROP TRIGGER no");
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	turn_in_trouble();
	turn();
	cr_assert_eq(good_lists(), 2);
	ltp->o.lists = (struct trusted_lists){ &list, 1 };
}

Test(trusted_lists, damage_that_cannot_be_mended_does_not_hold_up_the_others)
{
	damage();
	cr_assert_eq(rename(away, file), 0);
	publish_away();
	storage_sql(dir, NO("UPDATE ON blob"));
	expect_the_other_is_got("cannot be read any more; unkept: ");
}

Test(trusted_lists, one_that_cannot_be_stored_does_not_hold_up_the_others)
{
	turn();
	publish_as("11", "2020-01-01T00:00:00Z");
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	publish_away();
	storage_sql(dir, NO("INSERT ON blob"));
	expect_the_other_is_got("\"state\":\"unkept\"");
}

/* ---- below a list of lists ---- */

static int run_put(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct tl_entry below = { &list, "XX" };
	return tl_state_put(conn, &below, arg, err);
}

/* A list of lists, and the list of XX below it, as if it had been believed by it. */
static void publish_lists(void)
{
	static const char *const territories[] = { "XX" };
	const struct tl_entry own = { &list, NULL };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tl_state of_list, of_lists;
	turn();
	cr_assert_eq(tl_state_get(w->conn, &own, &of_list, &err), 0, "%s", err.text);
	list.lists = true;
	list.territories = territories;
	list.n_territories = 1;
	publish_list(&(struct tlkit_list){
	    .type = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists" });
	turn();
	cr_assert_eq(tl_state_get(w->conn, &own, &of_lists, &err), 0, "%s", err.text);
	memcpy(of_list.config, of_lists.config, sizeof(of_list.config));
	of_list.due_ms = INT64_MAX;
	cr_assert_eq(store_write(store, run_put, &of_list, &err), 0, "%s", err.text);
	cr_assert_eq(good_lists(), 2);
	cr_assert_eq(anchors_now(), 1);
}

Test(trusted_lists, nothing_follows_from_what_a_damaged_list_of_lists_led_to)
{
	publish_lists();
	storage_sql(dir, spoil);
	cr_assert_eq(rename(file, away), 0);
	stir();
	watch(w);
	cr_assert_eq(good_lists(), 0);
	cr_assert_eq(anchors_now(), 0);
	cr_assert(shows("what is stored of its list of lists cannot be read any more"));
	/* It is whole itself: nothing else has to be got again. */
	cr_assert_eq(rename(away, file), 0);
	turn();
	cr_assert_eq(good_lists(), 2);
	cr_assert_eq(anchors_now(), 1);
}

/* ---- one number, one version ---- */

Test(trusted_lists, other_contents_under_its_number_are_refused)
{
	turn();
	publish("2021-01-01T00:00:00Z");
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert(t.alarm);
	cr_assert(shows("\"state\":\"same-number\""));
	cr_assert(shows("\"trusted\":true"), "the last good one stays");
	cr_assert_eq(anchors_now(), 1);
	/* Signed anew it is what it was. */
	publish("2020-01-01T00:00:00Z");
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	turn();
	cr_assert(shows("\"state\":\"good\""));
}

Test(trusted_lists, damage_is_no_occasion_for_other_contents)
{
	damage();
	publish("2021-01-01T00:00:00Z");
	turn_in_trouble();
	cr_assert(shows("\"state\":\"damaged\""));
	cr_assert(shows("same-number: number 10"));
	cr_assert_eq(anchors_now(), 0);
	cr_assert_eq(rename(away, file), 0);
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	turn();
	cr_assert(shows("\"state\":\"good\""));
	cr_assert_eq(anchors_now(), 1);
}

/* It would be good until then, and every true one older. */
Test(trusted_lists, one_of_the_far_future_does_not_lock_out_the_true_ones)
{
	turn();
	issued = "2039-01-01T00:00:00Z";
	next_update = "2039-06-01T00:00:00Z";
	publish_as("99", "2020-01-01T00:00:00Z");
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert(t.alarm);
	cr_assert_not_null(strstr(t.trouble, "Test: future: issued 2039-"), "%s",
			   t.trouble);
	cr_assert(shows("\"trusted\":true"), "the last good one stays");
	issued = next_update = NULL;
	publish_as("11", "2020-01-01T00:00:00Z");
	now.fixed_ms += TRUSTED_LISTS_REFRESH_MS;
	turn();
	cr_assert(shows("\"state\":\"good\""));
	cr_assert(shows("\"sequence\":11"));
}

/* ---- several lists ---- */

/* One list withdrew what another one grants. */
static void expect_joined(const char *const files[2], const char *const names[2])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_trusted_list both[2] = { list, list };
	struct anchor_origins origins = { 0 };
	struct anchor_origin joined;
	struct material *m = NULL;
	for (size_t i = 0; i < 2; i++) {
		both[i].file = files[i];
		both[i].name = names[i];
	}
	ltp->o.lists = (struct trusted_lists){ both, 2 };
	turn();
	turn();
	cr_assert_eq(good_lists(), 2);
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(trusted_lists_anchors(w->conn, &ltp->o.lists, now.fixed_ms, m,
					   &origins, &err),
		     0, "%s", err.text);
	cr_assert_eq(material_count(m, MATERIAL_ANCHOR), 1);
	cr_expect_eq(material_sunset(m, 0), INT64_MAX, "%s first", names[0]);
	cr_assert(anchor_origins_join(&origins, other->sha256, &joined));
	cr_expect_eq(joined.from_ms, 1262304000000, "2010, when the first one began");
	cr_expect_eq(joined.until_ms, INT64_MAX);
	cr_expect_str_eq(joined.source, "trusted list Granting", "%s first", names[0]);
	mem_free(origins.list);
	material_free(m);
	ltp->o.lists = (struct trusted_lists){ &list, 1 };
}

Test(trusted_lists, what_one_list_withdrew_another_may_grant_in_both_orders)
{
	publish_service("1", tlkit_service(TLKIT_CA_QC, TLKIT_STATUS "withdrawn",
					   "2022-01-01T00:00:00Z", ca,
					   tlkit_past(TLKIT_CA_QC,
						      TLKIT_STATUS "granted",
						      "2010-01-01T00:00:00Z")));
	cr_assert_eq(rename(file, away), 0);
	publish("2020-01-01T00:00:00Z");
	expect_joined((const char *[]){ file, away },
		      (const char *[]){ "Granting", "Withdrawing" });
	expect_joined((const char *[]){ away, file },
		      (const char *[]){ "Withdrawing", "Granting" });
}

/* ---- its end ---- */

Test(trusted_lists, one_that_names_no_end_for_years_ends_after_six_months)
{
	const int64_t end_ms = FIX_T0_MS + (int64_t)(185 - 31) * FIX_DAY_MS;
	next_update = "2030-01-01T00:00:00Z";
	publish("2020-01-01T00:00:00Z");
	turn();
	cr_assert(shows("\"until\":\"2026-06-04T00:00:00Z\""));
	cr_assert(shows("\"next_update\":\"2030-01-01T00:00:00Z\""));
	cr_assert_eq(
	    storage_sql_int(dir, "SELECT until_ms FROM material WHERE kind = 5"), end_ms,
	    "so is what is preserved of it");
	now.fixed_ms = end_ms;
	turn();
	cr_assert(shows("\"trusted\":true"));
	told = 0;
	now.fixed_ms = end_ms + 1;
	const struct upkeep_turn t = turn_in_trouble();
	cr_assert(t.alarm);
	cr_assert(shows("\"state\":\"expired\""));
	cr_assert(shows("a list counts for six months at most"));
	cr_assert(shows("\"trusted\":false"));
	cr_assert_eq(told, 1, "it was due, and its anchors end");
}

/* ---- lists that are due ---- */

/* A service that began with the anchors that there are now; told anew. */
static struct material *begin_with_anchors(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct anchor_origins origins = { 0 };
	struct material *m = NULL;
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(trusted_lists_anchors(w->conn, &ltp->o.lists, now.fixed_ms, m,
					   &origins, &err),
		     0, "%s", err.text);
	mem_free(origins.list);
	ltp->o.lists_anchors = m;
	ltp->o.lists_at_ms = now.fixed_ms;
	told = 0;
	return m;
}

static struct ltp_trusted_list with_other[2];

static void add_other(void)
{
	with_other[0] = with_other[1] = list;
	with_other[1].name = "Other";
	with_other[1].file = away;
	ltp->o.lists = (struct trusted_lists){ with_other, 2 };
}

Test(trusted_lists, what_is_new_waits_for_a_list_that_is_due_but_not_for_ever)
{
	add_other();
	turn(); /* the other one is due, and its turn never comes */
	cr_assert_eq(anchors_now(), 1);
	cr_assert_eq(told, 0);
	now.fixed_ms += 60000;
	watch(w);
	cr_assert_eq(told, 0);
	now.fixed_ms += 300000;
	watch(w);
	cr_assert_eq(told, 1);
	watch(w);
	cr_assert_eq(told, 1);
}

Test(trusted_lists, what_is_new_is_told_once_the_last_one_was_tried)
{
	add_other();
	turn();
	cr_assert_eq(told, 0);
	turn_in_trouble(); /* nobody publishes the other one */
	cr_assert_eq(told, 1);
}

Test(trusted_lists, what_is_damaged_ends_whatever_else_is_due)
{
	turn();
	struct material *m = begin_with_anchors();
	add_other();
	storage_sql(dir, spoil);
	stir();
	watch(w);
	cr_assert_eq(told, 1);
	cr_assert(shows("\"state\":\"damaged\""));
	watch(w); /* that it was noted is something that happened */
	told = 0;
	watch(w);
	cr_assert_eq(told, 0, "and not at every turn");
	material_free(m);
}

Test(trusted_lists, what_expired_ends_whatever_else_is_due)
{
	turn();
	struct material *m = begin_with_anchors();
	add_other();
	watch(w);
	cr_assert_eq(told, 0);
	now.fixed_ms += (int64_t)200 * FIX_DAY_MS;
	watch(w);
	cr_assert_eq(told, 1);
	material_free(m);
}

/* Nothing can be written: what is read still counts. */
Test(trusted_lists, what_is_damaged_ends_although_that_cannot_be_noted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	turn();
	struct material *m = begin_with_anchors();
	storage_sql(dir, spoil);
	stir();
	storage_sql(dir, NO("INSERT ON setting"));
	cr_assert_eq(trusted_lists_watch(w, now.fixed_ms, &err), -1);
	cr_assert_eq(told, 1);
	material_free(m);
}

/* ---- two processes on one store ---- */

Test(trusted_lists, what_another_process_kept_is_taken_up)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	unsigned told_other = 0;
	struct ltp *l = NULL;
	struct ltp_worker *waiting = NULL;
	struct ltp_options o = ltp->o;
	o.trust_changed_arg = &told_other;
	cr_assert_eq(ltp_new(&o, &l, &err), 0, "%s", err.text);
	cr_assert_eq(ltp_worker_new(l, &waiting, &err), 0, "%s", err.text);
	watch(waiting);
	cr_assert_eq(told_other, 0, "nothing is there yet");
	turn();
	cr_assert_eq(told, 1);
	cr_assert_eq(told_other, 0);
	watch(waiting);
	cr_assert_eq(told_other, 1);
	watch(waiting);
	cr_assert_eq(told_other, 1, "once");
	/* The end of a list comes without anybody's doing. */
	now.fixed_ms += (int64_t)160 * 86400000;
	cr_assert_eq(unlink(file), 0);
	turn_in_trouble();
	cr_assert_eq(anchors_now(), 1);
	told_other = 0;
	watch(waiting);
	cr_assert_eq(told_other, 1);
	ltp_worker_free(waiting);
	ltp_free(l);
}
