/* SPDX-License-Identifier: Apache-2.0 */
/* The care of trusted lists: when it is told that other anchors follow. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ltp/inside.h"
#include "ltp/trusted_lists.h"
#include "ltp/upkeep.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/trusted_list_kit.h"

static char dir[4096], file[4200];
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

static void publish(const char *from)
{
	struct buf plain = buf_make(1 << 20), octets = buf_make(1 << 20);
	const struct tlkit_list l = { .services = tlkit_service(
					  TLKIT_CA_QC, TLKIT_STATUS "granted", from, ca,
					  NULL) };
	const struct tlkit_signature s = { .signer = operator };
	tlkit_list(&l, &plain);
	tlkit_sign(view_buf(&plain), &s, &octets);
	FILE *f = fopen(file, "wb");
	cr_assert(f != NULL && fwrite(octets.p, 1, octets.n, f) == octets.n &&
		  fclose(f) == 0);
	buf_free(&plain);
	buf_free(&octets);
}

static void setup(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fixture_dir(dir);
	snprintf(file, sizeof(file), "%s/list.xml", dir);
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

static void turn(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = { .now_ms = now.fixed_ms };
	cr_assert_eq(trusted_lists_turn(w, &t, &err), 0, "%s", err.text);
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
