/* SPDX-License-Identifier: Apache-2.0 */
/* A document judged with what can be got: over HTTP, from the pools, or not at all. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/devpki.h"
#include "ltp/judge.h"
#include "ltp/validation.h"
#include "tests/support/cades_kit.h"
#include "tests/support/pki_server.h"

#define NOW "2026-01-01T00:00:00Z"

static struct pki_server *server;
static struct material *anchors;
static struct fetch *fetch;
static struct clock now;
static struct validation_policy *policy;
static struct document *document;
static struct view file;

static void begin(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy fetch_policy = { .allow_http = true,
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
	const struct fix_cert signer = { .x = c->x509, .key = c->key, .der = c->der };
	const struct cades_kit_signer by = { .cert = &signer, .signing_ms = ms };
	file =
	    cades_kit_make(&(struct cades_kit_make){ .signers = &by, .n_signers = 1 });
	cr_assert_eq(material_add(anchors, MATERIAL_ANCHOR,
				  devpki_active(p, DEVPKI_ROOT, 0)->der, &err),
		     0);
	pki_server_leave(server);
	cr_assert_eq(fetch_new(&fetch_policy, &fetch, &err), 0);
	cr_assert_eq(validation_policy_builtin("default", &policy, &err), 0);
	cr_assert_eq(document_read(file, NULL, &document, &err), 0, "%s", err.text);
}

static void end(void)
{
	document_free(document);
	validation_policy_free(policy);
	fetch_free(fetch);
	material_free(anchors);
	pki_server_stop(server);
}

TestSuite(ltp_judge, .init = begin, .fini = end);

static struct engine_input input(void)
{
	static const struct material *pools[1];
	pools[0] = anchors;
	return (struct engine_input){ .document = document,
				      .policy = policy,
				      .pools = pools,
				      .n_pools = 1,
				      .time_ms = clock_now_ms(&now) };
}

static struct judged judge(const struct path_sources *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct engine_input in = input();
	struct judged j = { 0 };
	cr_assert_eq(judge_document(s, &in, &j, &err), 0, "%s", err.text);
	cr_assert_not_null(j.report);
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

static enum subindication sub_of(const struct judged *j)
{
	return j->report->signatures[0].conclusion.sub;
}

Test(ltp_judge, without_network_the_report_says_what_is_missing)
{
	struct path_sources s = sources();
	s.fetch = NULL;
	struct judged j = judge(&s);
	cr_assert_eq(j.report->indication, INDICATION_INDETERMINATE);
	cr_assert_eq(sub_of(&j), SUB_NO_CERTIFICATE_CHAIN_FOUND, "%s",
		     subindication_name(sub_of(&j)));
	cr_assert_gt(j.report->n_needs, 0);
	cr_assert_eq(j.fetched, 0);
	judged_clear(&j);
	cr_assert_null(j.report);
}

Test(ltp_judge, issuer_and_status_are_fetched)
{
	struct path_sources s = sources();
	struct judged j = judge(&s);
	cr_assert_eq(j.report->indication, INDICATION_PASSED, "%s: %s",
		     subindication_name(sub_of(&j)),
		     j.report->signatures[0].conclusion.text);
	cr_assert_geq(j.fetched, 3); /* the CA, and a status for each certificate */
	cr_assert_eq(j.failed, 0);
	judged_clear(&j);
}

Test(ltp_judge, a_source_that_fails_is_no_error)
{
	struct path_sources s = sources();
	fault(DEVPKI_TARGET_OCSP, DEVPKI_FAULT_HTTP_503);
	fault(DEVPKI_TARGET_CRL, DEVPKI_FAULT_HTTP_503);
	struct judged j = judge(&s);
	cr_assert_eq(j.report->indication, INDICATION_INDETERMINATE);
	cr_assert_geq(j.failed, 2);
	cr_assert_gt(j.report->n_needs, 0);
	judged_clear(&j);
}

Test(ltp_judge, an_issuer_that_is_not_served_is_asked_for_once)
{
	struct path_sources s = sources();
	fault(DEVPKI_TARGET_AIA, DEVPKI_FAULT_HTTP_500);
	struct judged j = judge(&s);
	cr_assert_eq(sub_of(&j), SUB_NO_CERTIFICATE_CHAIN_FOUND);
	cr_assert_eq(j.failed, 1);
	judged_clear(&j);
}

Test(ltp_judge, the_time_of_the_caller_is_kept)
{
	struct path_sources s = sources();
	struct judged j = judge(&s);
	cr_assert_eq(j.report->time_ms, clock_now_ms(&now));
	judged_clear(&j);
}

/* A second later at each look. */
static int64_t ticking_ms;

static int64_t tick(const struct clock *clock)
{
	(void)clock;
	return ticking_ms += 1000;
}

Test(ltp_judge, without_a_time_each_round_has_that_of_the_clock)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const int64_t began_ms = ticking_ms = clock_now_ms(&now);
	const struct clock ticking = { .now_ms = tick };
	struct path_sources s = sources();
	s.clock = &ticking;
	struct engine_input in = input();
	in.time_ms = INT64_MIN;
	struct judged j = { 0 };
	cr_assert_eq(judge_document(&s, &in, &j, &err), 0, "%s", err.text);
	cr_assert_eq(j.report->indication, INDICATION_PASSED);
	/* One look for each of the rounds: the issuers, the status, the verdict. */
	cr_assert_geq(j.report->time_ms, began_ms + 2000);
	judged_clear(&j);
	s.clock = NULL;
	cr_assert_eq(judge_document(&s, &in, &j, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(ltp_judge, a_cancelled_judgement_with_nothing_missing_is_no_report)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_sources s = sources();
	cr_assert_eq(known_new(anchors, &s.known, &err), 0);
	cr_assert_eq(asked_new(0, &s.asked, &err), 0);
	struct judged j = judge(&s);
	cr_assert_eq(j.report->n_needs, 0);
	judged_clear(&j);
	atomic_bool cancelled = true;
	s.cancelled = &cancelled;
	const struct engine_input in = input();
	cr_assert_eq(judge_document(&s, &in, &j, &err), -1);
	cr_assert_eq(err.code, LTPS_CANCELLED);
	cr_assert_null(j.report);
	known_free(s.known);
	asked_free(s.asked);
}

Test(ltp_judge, known_material_serves_the_next_judgement)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_sources s = sources();
	cr_assert_eq(known_new(anchors, &s.known, &err), 0);
	cr_assert_eq(asked_new(0, &s.asked, &err), 0);
	struct judged j = judge(&s);
	cr_assert_eq(j.report->indication, INDICATION_PASSED);
	cr_assert_geq(j.fetched, 3);
	judged_clear(&j);
	j = judge(&s);
	cr_assert_eq(j.report->indication, INDICATION_PASSED);
	cr_assert_eq(j.fetched, 0);
	judged_clear(&j);
	known_free(s.known);
	asked_free(s.asked);
}

Test(ltp_judge, the_report_outlives_the_next_generation)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_sources s = sources();
	cr_assert_eq(known_new(anchors, &s.known, &err), 0);
	cr_assert_eq(asked_new(0, &s.asked, &err), 0);
	struct judged first = judge(&s), second = judge(&s);
	struct buf a = buf_make((size_t)1 << 20), b = buf_make((size_t)1 << 20);
	const struct report_frame frame = { .whole = true };
	cr_assert_eq(report_xml(first.report, &frame, &a, &err), 0);
	cr_assert_eq(report_xml(second.report, &frame, &b, &err), 0);
	cr_assert_gt(a.n, 1000);
	cr_assert_gt(b.n, 1000);
	judged_clear(&first);
	judged_clear(&second);
	buf_free(&a);
	buf_free(&b);
	known_free(s.known);
	asked_free(s.asked);
}

Test(ltp_judge, a_cancelled_judgement_ends_with_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	atomic_bool cancelled = true;
	struct path_sources s = sources();
	s.cancelled = &cancelled;
	const struct engine_input in = input();
	struct judged j = { 0 };
	cr_assert_eq(judge_document(&s, &in, &j, &err), -1);
	cr_assert_eq(err.code, LTPS_CANCELLED);
	cr_assert_null(j.report);
}

Test(ltp_judge, too_many_pools_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct material *pools[PATH_POOLS_MAX];
	for (size_t i = 0; i < PATH_POOLS_MAX; i++)
		pools[i] = anchors;
	struct path_sources s = sources();
	struct engine_input in = input();
	in.pools = pools;
	in.n_pools = PATH_POOLS_MAX - 2;
	struct judged j = { 0 };
	cr_assert_eq(judge_document(&s, &in, &j, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

/* ---- which files are judged ---- */

Test(ltp_judge, formats_of_later_are_refused_by_name)
{
	static const struct {
		const char *start, *name;
	} rows[] = {
		{ "<?xml version=\"1.0\"?><a><ds:Signature "
		  "xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"></ds:Signature></a>",
		  "XML" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct document *d = NULL;
		cr_assert_eq(validation_read(view_text(rows[i].start), VIEW_NULL, NULL,
					     NULL, &d, &err),
			     -1);
		cr_assert_eq(err.code, LTPS_UNSUPPORTED);
		cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
		cr_assert_eq(strncmp(err.text, rows[i].name, 3), 0, "%s", err.text);
	}
}

Test(ltp_judge, what_is_no_signature_is_malformed)
{
	static const char *const texts[] = { "", "hello", "0", "\x30\x03\x02\x01\x01" };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct document *d = NULL;
		cr_assert_eq(validation_read(view_text(texts[i]), VIEW_NULL, NULL, NULL,
					     &d, &err),
			     -1);
		cr_assert_eq(err.code, LTPS_FORMAT, "%zu", i);
		cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	}
}
