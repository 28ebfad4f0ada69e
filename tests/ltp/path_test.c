/* SPDX-License-Identifier: Apache-2.0 */
/* Needs answered over HTTP and from the store: what is got, kept and asked again. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/devpki.h"
#include "ltp/path.h"
#include "storage/material.h"
#include "tests/support/pki_server.h"
#include "tests/support/storage_fixture.h"

#define NOW "2026-01-01T00:00:00Z"

static struct pki_server *server;
static struct material *anchors;
static struct fetch *fetch;
static struct clock now;
static struct cert *target;

static struct cert *cert_of(const struct devpki_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *ret = NULL;
	cr_assert_eq(cert_parse(c->der, &ret, &err), 0, "%s", err.text);
	return ret;
}

static void begin(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true };
	const struct devpki_issue how = { .kind = DEVPKI_EE };
	const struct devpki_cert *c = NULL;
	int64_t ms = 0;
	cr_assert_eq(time_parse_rfc3339(view_text(NOW), &ms, &err), 0);
	now = clock_fixed(ms + 60000);
	server = pki_server_start(NOW);
	cr_assert_eq(material_new(&anchors, &err), 0);
	struct devpki *p = pki_server_enter(server);
	cr_assert_eq(devpki_issue(p, &how, &c, &err), 0, "%s", err.text);
	target = cert_of(c);
	cr_assert_eq(material_add(anchors, MATERIAL_ANCHOR,
				  devpki_active(p, DEVPKI_ROOT, 0)->der, &err),
		     0);
	pki_server_leave(server);
	cr_assert_eq(fetch_new(&policy, &fetch, &err), 0);
}

static void end(void)
{
	fetch_free(fetch);
	cert_free(target);
	material_free(anchors);
	pki_server_stop(server);
}

TestSuite(ltp_path, .init = begin, .fini = end);

static struct judged_path judge(const struct path_sources *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct judged_path j = { 0 };
	const struct path_input in = {
		.target = target,
		.pools = { anchors },
		.n_pools = 1,
		.time_ms = clock_now_ms(&now),
	};
	cr_assert_eq(path_judge_fetching(s, &in, &j, &err), 0, "%s", err.text);
	return j;
}

static struct path_sources sources(void)
{
	return (struct path_sources){ .fetch = fetch, .clock = &now };
}

static void fault(enum devpki_target what, enum devpki_fault f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(server);
	cr_assert_eq(devpki_fault_set(p, what, 0, f, 0, 0, &err), 0, "%s", err.text);
	pki_server_leave(server);
}

Test(ltp_path, without_network_the_issuer_stays_missing)
{
	struct path_sources s = sources();
	s.fetch = NULL;
	struct judged_path j = judge(&s);
	cr_assert_eq(j.result->status, PATH_UNDETERMINED);
	cr_assert_eq(j.result->why, PATH_NO_ISSUER, "%s",
		     path_code_name(j.result->why));
	cr_assert_gt(j.result->n_needs, 0);
	judged_path_clear(&j);
}

Test(ltp_path, issuer_and_status_are_fetched)
{
	struct path_sources s = sources();
	struct judged_path j = judge(&s);
	cr_assert_eq(j.result->status, PATH_VALID, "%s", path_code_name(j.result->why));
	cr_assert_eq(j.result->best.n_certs, 3);
	cr_assert_eq(j.result->best.revocation[0].source, PATH_SOURCE_OCSP);
	cr_assert_eq(j.fetched, 3); /* the CA, and a status for each certificate */
	judged_path_clear(&j);
}

Test(ltp_path, crls_come_first_when_asked_so)
{
	struct path_sources s = sources();
	s.crl_first = true;
	struct judged_path j = judge(&s);
	cr_assert_eq(j.result->status, PATH_VALID);
	cr_assert_eq(j.result->best.revocation[0].source, PATH_SOURCE_CRL);
	judged_path_clear(&j);
}

Test(ltp_path, responder_that_fails_leaves_the_crl)
{
	static const enum devpki_fault FAULTS[] = {
		DEVPKI_FAULT_HTTP_500,      DEVPKI_FAULT_GARBAGE,
		DEVPKI_FAULT_CUT,           DEVPKI_FAULT_CLOSED,
		DEVPKI_FAULT_REFUSE,        DEVPKI_FAULT_WRONG_NONCE,
		DEVPKI_FAULT_BAD_SIGNATURE,
	};
	for (size_t i = 0; i < sizeof(FAULTS) / sizeof(FAULTS[0]); i++) {
		struct path_sources s = sources();
		fault(DEVPKI_TARGET_OCSP, FAULTS[i]);
		struct judged_path j = judge(&s);
		cr_assert_eq(j.result->status, PATH_VALID, "%s: %s",
			     devpki_fault_name(FAULTS[i]),
			     path_code_name(j.result->why));
		cr_assert_eq(j.result->best.revocation[0].source, PATH_SOURCE_CRL);
		judged_path_clear(&j);
	}
}

Test(ltp_path, no_source_of_status_answers)
{
	struct path_sources s = sources();
	fault(DEVPKI_TARGET_OCSP, DEVPKI_FAULT_HTTP_503);
	fault(DEVPKI_TARGET_CRL, DEVPKI_FAULT_HTTP_503);
	struct judged_path j = judge(&s);
	cr_assert_eq(j.result->status, PATH_UNDETERMINED);
	cr_assert_eq(j.result->why, PATH_REVOCATION_UNREACHABLE, "%s",
		     path_code_name(j.result->why));
	cr_assert_geq(j.failed, 2);
	judged_path_clear(&j);
}

Test(ltp_path, issuer_that_is_not_served_is_asked_for_once)
{
	struct path_sources s = sources();
	fault(DEVPKI_TARGET_AIA, DEVPKI_FAULT_HTTP_500);
	struct judged_path j = judge(&s);
	cr_assert_eq(j.result->status, PATH_UNDETERMINED);
	cr_assert_eq(j.result->why, PATH_NO_ISSUER);
	cr_assert_eq(j.failed, 1);
	judged_path_clear(&j);
}

Test(ltp_path, known_material_serves_the_next_judgement)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_sources s = sources();
	cr_assert_eq(known_new(anchors, &s.known, &err), 0);
	cr_assert_eq(asked_new(0, &s.asked, &err), 0);
	struct judged_path j = judge(&s);
	cr_assert_eq(j.fetched, 3);
	judged_path_clear(&j);
	j = judge(&s);
	cr_assert_eq(j.result->status, PATH_VALID);
	cr_assert_eq(j.fetched, 0);
	judged_path_clear(&j);
	known_free(s.known);
	asked_free(s.asked);
}

Test(ltp_path, source_that_failed_is_left_in_peace)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_sources s = sources();
	fault(DEVPKI_TARGET_AIA, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(known_new(anchors, &s.known, &err), 0);
	cr_assert_eq(asked_new(0, &s.asked, &err), 0);
	struct judged_path j = judge(&s);
	cr_assert_eq(j.failed, 1);
	judged_path_clear(&j);
	j = judge(&s);
	cr_assert_eq(j.failed, 0);
	cr_assert_eq(j.result->status, PATH_UNDETERMINED);
	judged_path_clear(&j);
	known_free(s.known);
	asked_free(s.asked);
}

/* --- the material store --- */

struct kept {
	char dir[4096];
	struct store *store;
	struct store_conn *reader;
};

static struct path_sources with_store(struct kept *k)
{
	struct path_sources s = sources();
	fixture_start(k->dir, &k->store, &k->reader);
	s.store = k->store;
	s.conn = k->reader;
	return s;
}

static int count_row(void *arg, const struct material_row *row, struct ltps_error *err)
{
	size_t *n = arg;
	(void)err;
	cr_assert_gt(row->key.n, 0);
	cr_assert_gt(row->produced_ms, 0);
	(*n)++;
	return 0;
}

Test(ltp_path, fetched_material_answers_from_the_store)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kept k;
	size_t n = 0;
	struct path_sources s = with_store(&k);
	struct judged_path j = judge(&s);
	cr_assert_eq(j.fetched, 3);
	judged_path_clear(&j);
	cr_assert_eq(material_list(k.reader, 0, 100, count_row, &n, &err), 0);
	cr_assert_eq(n, 3);
	s.fetch = NULL;
	j = judge(&s);
	cr_assert_eq(j.result->status, PATH_VALID, "%s", path_code_name(j.result->why));
	cr_assert_eq(j.fetched, 0);
	judged_path_clear(&j);
	fixture_stop(k.dir, k.store, k.reader);
}

Test(ltp_path, stored_status_past_its_next_update_is_fetched_again)
{
	struct kept k;
	struct path_sources s = with_store(&k);
	struct judged_path j = judge(&s);
	judged_path_clear(&j);
	now = clock_fixed(now.fixed_ms + 3 * 86400000LL);
	struct devpki *p = pki_server_enter(server);
	devpki_set_clock(p, now);
	pki_server_leave(server);
	j = judge(&s);
	cr_assert_eq(j.result->status, PATH_VALID, "%s", path_code_name(j.result->why));
	cr_assert_eq(j.fetched, 2); /* both status; the CA came from the store */
	judged_path_clear(&j);
	fixture_stop(k.dir, k.store, k.reader);
}

Test(ltp_path, older_status_in_the_store_answers_for_its_time)
{
	struct kept k;
	const struct clock then = now;
	struct path_sources s = with_store(&k);
	struct judged_path j = judge(&s);
	judged_path_clear(&j);
	now = clock_fixed(now.fixed_ms + 3 * 86400000LL);
	struct devpki *p = pki_server_enter(server);
	devpki_set_clock(p, now);
	pki_server_leave(server);
	j = judge(&s);
	judged_path_clear(&j);
	now = then;
	s.fetch = NULL;
	j = judge(&s);
	cr_assert_eq(j.result->status, PATH_VALID, "%s", path_code_name(j.result->why));
	judged_path_clear(&j);
	fixture_stop(k.dir, k.store, k.reader);
}
