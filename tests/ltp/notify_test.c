/* SPDX-License-Identifier: Apache-2.0 */
/* notify - who is told what: never lost, never by a redirect, never to whom it is not
 * for, and signed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/mem.h"
#include "ltp/inside.h"
#include "ltp/notify_private.h"
#include "ltp/upkeep.h"
#include "storage/queue.h"
#include "tests/support/http_stub.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"

#define DAY ((int64_t)86400000)
#define HOUR ((int64_t)3600000)
#define SECRET "0123456789abcdef-key"
#define OKAY "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
#define BUSY "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define MOVED                                                                          \
	"HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n"          \
	"Connection: close\r\n\r\n"

static struct ltp_kit k;
static struct http_stub *stubs[2];
static struct notify_hook hooks[2];
static char urls[2][96];

static const struct stub_answer okay = { .text = OKAY };
static const struct stub_answer busy = { .text = BUSY };
static const struct stub_answer moved = { .text = MOVED };
static const struct stub_answer late[] = { { .text = BUSY }, { .text = OKAY } };

static void add_hook(const struct stub_answer *answers, size_t n, unsigned kinds)
{
	static const char *const names[] = { "one", "two" };
	const size_t i = k.n_hooks;
	stubs[i] = http_stub_start(answers, n);
	snprintf(urls[i], sizeof(urls[i]), "%s", http_stub_url(stubs[i], "/hook"));
	hooks[i] = (struct notify_hook){
		.name = names[i],
		.url = urls[i],
		.secret = view_text(SECRET),
		.kinds = kinds,
		.give_up_ms = 7 * DAY,
		.fetch = { .allow_http = true, .allow_loopback = true },
	};
	k.hooks = hooks;
	k.n_hooks++;
}

static void restart(void)
{
	ltp_kit_close(&k);
	ltp_kit_open(&k);
}

/* With one hook that answers so. */
static void start(const struct stub_answer *answers, size_t n, unsigned kinds)
{
	ltp_kit_start(&k, NULL);
	add_hook(answers, n, kinds);
	restart();
}

static void end(void)
{
	ltp_kit_stop(&k);
	for (size_t i = 0; i < 2; i++)
		if (stubs[i] != NULL)
			http_stub_stop(stubs[i]);
}

TestSuite(notify, .fini = end, .timeout = TEST_SECONDS_MAX);

/* ---- what happens ---- */

struct event {
	const char *operation;
	const char *poid;
	const char *detail;
	bool fails;
};

static int run_event(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct event *e = arg;
	const struct upkeep_event u = { .operation = e->operation,
					.tenant = "default",
					.poid = e->poid,
					.now_ms = ltp_now(k.ltp) };
	if (upkeep_audit(conn, &u, err, "%s", e->detail) != 0)
		return -1;
	return e->fails
		   ? ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL, "test says so")
		   : 0;
}

static int happen(struct event e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	return store_write(k.store, run_event, &e, &err);
}

static void lose(void)
{
	cr_assert_eq(happen((struct event){ "EvidenceLost", "urn:x", "a tree", false }),
		     0);
}

/* Until nothing is due at this moment. */
static void notify(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t next_ms = 0;
	for (unsigned i = 0; next_ms <= ltp_now(k.ltp); i++) {
		cr_assert_lt(i, 1000u);
		cr_assert_eq(ltp_notify(k.w, &next_ms, &err), 0, "%s", err.text);
	}
}

static int count_row(void *arg, const struct queue_row *row, struct ltps_error *err)
{
	(void)err;
	*(size_t *)arg += strncmp(row->kind, "notify:", 7) == 0;
	return 0;
}

static size_t waiting(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct queue_query q = { .state = -1 };
	size_t n = 0;
	cr_assert_eq(queue_list(k.w->conn, &q, count_row, &n, &err), 0, "%s", err.text);
	return n;
}

static size_t audited(const char *operation)
{
	char detail[256];
	return ltp_kit_audited(&k, operation, detail);
}

/* ---- what is asked of a hook ---- */

static void field(const char *request, const char *name, char out[128])
{
	const char *at = strstr(request, name);
	cr_assert_not_null(at, "%s in %s", name, request);
	at += strlen(name) + 2;
	snprintf(out, 128, "%.*s", (int)strcspn(at, "\r\n"), at);
}

static void expected_signature(const char *timestamp, const char *body, char out[80])
{
	char text[4096];
	uint8_t mac[32];
	unsigned n;
	snprintf(text, sizeof(text), "%s.%s", timestamp, body);
	HMAC(EVP_sha256(), SECRET, strlen(SECRET), (const uint8_t *)text, strlen(text),
	     mac, &n);
	snprintf(out, 80, "sha256=");
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 7 + 2 * i, 3, "%02x", mac[i]);
}

static const char *body_of(const char *request)
{
	const char *at = strstr(request, "\r\n\r\n");
	cr_assert_not_null(at);
	return at + 4;
}

/* ---- what must not be ---- */

Test(notify, without_a_hook_nothing_is_written)
{
	ltp_kit_start(&k, NULL);
	lose();
	notify();
	cr_expect_eq(waiting(), 0);
	cr_expect_eq(audited("AlarmRaised"), 0);
}

Test(notify, an_event_that_is_undone_is_not_told)
{
	start(&okay, 1, NOTIFY_ALL);
	cr_assert_eq(happen((struct event){ "EvidenceLost", NULL, "no", true }), -1);
	cr_expect_eq(waiting(), 0);
	notify();
	cr_expect_eq(http_stub_requests(stubs[0]), 0);
}

Test(notify, what_a_hook_does_not_want_is_not_told_to_it)
{
	start(&okay, 1, NOTIFY_PERIOD | NOTIFY_DAMAGE);
	lose();
	happen((struct event){ "VerdictChanged", "urn:x", "was, is", false });
	happen((struct event){ "Augmented", "urn:x", "nobody cares", false });
	cr_expect_eq(waiting(), 0);
	happen((struct event){ "ObjectDamaged", "urn:x", "blob 1", false });
	cr_expect_eq(waiting(), 1);
}

Test(notify, a_redirect_is_not_followed_and_told_again)
{
	start(&moved, 1, NOTIFY_ALL);
	lose();
	notify();
	cr_expect_eq(http_stub_requests(stubs[0]), 1);
	cr_expect_eq(waiting(), 1);
	ltp_kit_pass(&k, HOUR);
	notify();
	cr_expect_eq(http_stub_requests(stubs[0]), 2);
	cr_expect_null(strstr(http_stub_request(stubs[0], 1), "elsewhere"));
}

Test(notify, an_address_that_is_not_allowed_is_not_spoken_to)
{
	start(&okay, 1, NOTIFY_ALL);
	hooks[0].fetch.allow_loopback = false;
	restart();
	lose();
	notify();
	cr_expect_eq(http_stub_connections(stubs[0]), 0);
	cr_expect_eq(waiting(), 1);
}

Test(notify, http_that_is_not_allowed_is_not_spoken)
{
	start(&okay, 1, NOTIFY_ALL);
	hooks[0].fetch.allow_http = false;
	restart();
	lose();
	notify();
	cr_expect_eq(http_stub_connections(stubs[0]), 0);
}

Test(notify, a_hook_that_fails_is_left_in_peace_and_asked_again)
{
	start(late, 2, NOTIFY_ALL);
	lose();
	notify();
	notify();
	cr_expect_eq(http_stub_requests(stubs[0]), 1);
	ltp_kit_pass(&k, 10000);
	notify();
	cr_assert_eq(http_stub_requests(stubs[0]), 2);
	cr_expect_eq(waiting(), 0);
	char first[128], second[128];
	field(http_stub_request(stubs[0], 0), "LTPS-Event", first);
	field(http_stub_request(stubs[0], 1), "LTPS-Event", second);
	cr_expect_str_eq(first, second);
}

Test(notify, a_hook_that_fails_does_not_keep_up_another)
{
	start(&busy, 1, NOTIFY_ALL);
	add_hook(&okay, 1, NOTIFY_ALL);
	restart();
	for (int i = 0; i < 5; i++)
		lose();
	notify();
	cr_expect_eq(http_stub_requests(stubs[0]), 1);
	cr_expect_eq(http_stub_requests(stubs[1]), 5);
	cr_expect_eq(waiting(), 5);
}

Test(notify, what_is_not_taken_for_long_is_given_up_and_the_audit_says_so)
{
	start(&busy, 1, NOTIFY_ALL);
	lose();
	for (int i = 0; i < 6; i++) {
		notify();
		ltp_kit_pass(&k, DAY);
	}
	cr_expect_eq(waiting(), 1);
	cr_expect_eq(audited("NotificationGivenUp"), 0);
	ltp_kit_pass(&k, DAY);
	notify();
	cr_expect_eq(waiting(), 0);
	cr_expect_eq(audited("NotificationGivenUp"), 1);
}

Test(notify, what_waits_for_a_hook_that_is_gone_is_given_up)
{
	start(&busy, 1, NOTIFY_ALL);
	lose();
	lose();
	notify();
	cr_assert_eq(waiting(), 2);
	hooks[0].name = "other";
	restart();
	notify();
	cr_expect_eq(waiting(), 0);
	cr_expect_eq(audited("NotificationGivenUp"), 1);
}

/* ---- what must be ---- */

Test(notify, an_event_before_a_crash_is_told_after_it)
{
	start(&okay, 1, NOTIFY_ALL);
	lose();
	restart();
	notify();
	cr_assert_eq(http_stub_requests(stubs[0]), 1);
	cr_expect_eq(waiting(), 0);
	cr_expect_not_null(strstr(http_stub_request(stubs[0], 0), "EvidenceLost"));
}

Test(notify, body_is_signed_with_its_time)
{
	char timestamp[128], signature[128], expected[80];
	start(&okay, 1, NOTIFY_VERDICT);
	happen((struct event){ "VerdictChanged", "urn:the:po", "a \"b\"", false });
	notify();
	const char *request = http_stub_request(stubs[0], 0);
	cr_assert_eq(strncmp(request, "POST /hook HTTP/1.1\r\n", 21), 0, "%s", request);
	field(request, "LTPS-Timestamp", timestamp);
	field(request, "LTPS-Signature", signature);
	expected_signature(timestamp, body_of(request), expected);
	cr_expect_str_eq(signature, expected);
	cr_expect_null(strstr(request, SECRET));
	const char *body = body_of(request);
	cr_expect_not_null(strstr(body, "\"kind\":\"verdict\""), "%s", body);
	cr_expect_not_null(strstr(body, "\"event\":\"VerdictChanged\""));
	cr_expect_not_null(strstr(body, "\"poid\":\"urn:the:po\""));
	cr_expect_not_null(strstr(body, "\"tenant\":\"default\""));
	cr_expect_not_null(strstr(body, "\"service\":\"urn:test:service\""));
	cr_expect_not_null(strstr(body, "a \\\"b\\\""));
}

Test(notify, events_have_ids_of_their_own)
{
	char first[128], second[128];
	start(&okay, 1, NOTIFY_ALL);
	lose();
	lose();
	notify();
	cr_assert_eq(http_stub_requests(stubs[0]), 2);
	field(http_stub_request(stubs[0], 0), "LTPS-Event", first);
	field(http_stub_request(stubs[0], 1), "LTPS-Event", second);
	cr_expect_str_neq(first, second);
	cr_expect_eq(strlen(first), 64);
}

Test(notify, an_alarm_is_told_once_when_it_comes_and_once_when_it_goes)
{
	start(&okay, 1, NOTIFY_EVIDENCE);
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_CLOSED);
	ltp_kit_fault(&k, 1, DEVPKI_FAULT_CLOSED);
	cr_assert_eq(ltp_kit_preserve_text(&k, "text\n", NULL), LTP_OK);
	ltp_kit_pass(&k, 3000);
	ltp_kit_work(&k);
	notify();
	cr_expect_eq(audited("AlarmRaised"), 1);
	ltp_kit_pass(&k, 20000);
	restart();
	notify();
	cr_expect_eq(audited("AlarmRaised"), 1);
	cr_assert_eq(http_stub_requests(stubs[0]), 1);
	cr_expect_not_null(
	    strstr(http_stub_request(stubs[0], 0), "\"alarm\":\"evidence-late\""));
	ltp_kit_fault(&k, 0, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, HOUR);
	ltp_kit_work(&k);
	notify();
	cr_expect_eq(audited("AlarmCleared"), 1);
	cr_expect_eq(http_stub_requests(stubs[0]), 2);
}
