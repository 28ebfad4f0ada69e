/* SPDX-License-Identifier: Apache-2.0 */
/* LDAP through the bounded fetch: what is refused, what a server may do to us. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/asn1.h"
#include "base/fetch_ldap.h"
#include "base/mem.h"
#include "tests/base/fetch_fixture.h"
#include "tests/support/ldap_server.h"

#define BIND 0x61
#define DONE 0x65
#define EXTENDED 0x78
#define CRL_TAIL "cn=CA,c=DE?certificateRevocationList;binary?base?objectClass=*"

static const uint8_t der_a[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
static const uint8_t der_b[] = { 0x30, 0x04, 0x02, 0x02, 0x01, 0x00 };
static const struct view values_ab[] = { { der_a, sizeof(der_a) },
					 { der_b, sizeof(der_b) } };

static struct fetch_policy lenient_ldap(void)
{
	struct fetch_policy p = lenient();
	p.allow_http = false;
	p.allow_ldap = true;
	return p;
}

/* A script of two steps: to the bind, to the search. */
struct script {
	struct buf bound;
	struct buf found;
	struct ldap_step steps[2];
	struct ldap_server *server;
};

static struct script script_make(void)
{
	struct script s = { .bound = buf_make(1 << 16), .found = buf_make(1 << 20) };
	ldap_say_result(&s.bound, 1, BIND, 0);
	return s;
}

static void script_start(struct script *s)
{
	s->steps[0].answer = view_buf(&s->bound);
	s->steps[1].answer = view_buf(&s->found);
	s->server = ldap_server_start(s->steps, 2);
}

static void script_free(struct script *s)
{
	ldap_server_stop(s->server);
	buf_free(&s->bound);
	buf_free(&s->found);
}

/* The outcome of asking for a CRL, and the end of the script. */
static struct outcome ask(struct script *s, const struct fetch_policy *policy)
{
	script_start(s);
	const struct outcome o = get(policy, ldap_server_url(s->server, CRL_TAIL));
	script_free(s);
	return o;
}

static struct outcome ask_leniently(struct script *s)
{
	const struct fetch_policy policy = lenient_ldap();
	return ask(s, &policy);
}

static void expect_remote(struct script *s, enum ltps_code code, const char *why)
{
	const struct outcome o = ask_leniently(s);
	cr_expect_not_null(strstr(o.err.text, why), "%s: %s", why, o.err.text);
	expect_failure(o, code, LTPS_FAULT_REMOTE);
}

/* --- refused before anything is sent ------------------------------------------- */

static void expect_refused_unheard(const struct fetch_policy *policy, const char *tail,
				   enum ltps_code code)
{
	struct script s = script_make();
	script_start(&s);
	expect_failure(get(policy, ldap_server_url(s.server, tail)), code,
		       LTPS_FAULT_CALLER);
	cr_expect_eq(ldap_server_connections(s.server), 0);
	script_free(&s);
}

Test(ldap, scheme_is_denied_unless_allowed)
{
	struct fetch_policy policy = lenient();
	expect_refused_unheard(&policy, CRL_TAIL, LTPS_DENIED);
	expect_failure(get(&policy, "ldaps://127.0.0.1/" CRL_TAIL), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
	expect_failure(get(&policy, "LDAP://127.0.0.1/" CRL_TAIL), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
}

Test(ldap, allowing_ldap_does_not_allow_http)
{
	const struct fetch_policy policy = lenient_ldap();
	expect_failure(get(&policy, "http://127.0.0.1/"), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
}

Test(ldap, address_that_is_not_allowed_is_denied)
{
	struct fetch_policy policy = lenient_ldap();
	policy.allow_loopback = false;
	expect_refused_unheard(&policy, CRL_TAIL, LTPS_DENIED);
	expect_failure(get(&policy, "ldap://localhost/" CRL_TAIL), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
	expect_failure(get(&policy, "ldaps://[::1]/" CRL_TAIL), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
	expect_failure(get(&policy, "ldap://2130706433/" CRL_TAIL), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
	policy.allow_loopback = true;
	expect_failure(get(&policy, "ldap://10.0.0.1/" CRL_TAIL), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
}

Test(ldap, malformed_url_is_an_argument_error)
{
	static const char *const urls[] = {
		"ldap:",
		"ldap:///cn=x?cACertificate",
		"ldap://127.0.0.1/cn=x",
		"ldap://127.0.0.1/cn=a b?cACertificate",
		"ldap://u:p@127.0.0.1/cn=x?cACertificate",
		"ldap://127.0.0.1/cn=x?cACertificate?base?a=b?!x",
		"ldap://[1:2]/cn=x?cACertificate",
	};
	const struct fetch_policy policy = lenient_ldap();
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const struct outcome o = get(&policy, urls[i]);
		cr_expect_eq(o.err.code, LTPS_ARGUMENT, "%s: %s", urls[i], o.err.text);
		expect_failure(o, LTPS_ARGUMENT, LTPS_FAULT_CALLER);
	}
	expect_refused_unheard(&policy, "cn=x?userPassword", LTPS_ARGUMENT);
}

Test(ldap, body_or_post_is_an_argument_error)
{
	const struct fetch_policy policy = lenient_ldap();
	const struct fetch_request requests[] = {
		{ .url = "ldap://127.0.0.1/" CRL_TAIL, .post = true },
		{ .url = "ldap://127.0.0.1/" CRL_TAIL, .body = view_text("x") },
	};
	for (int i = 0; i < 2; i++)
		expect_failure(fetch_with(&policy, &requests[i]), LTPS_ARGUMENT,
			       LTPS_FAULT_CALLER);
}

Test(ldap, redirect_from_http_is_denied)
{
	struct fetch_policy policy = lenient();
	struct script s = script_make();
	char text[512];
	policy.allow_ldap = true;
	script_start(&s);
	snprintf(text, sizeof(text), "HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n",
		 ldap_server_url(s.server, CRL_TAIL));
	struct http_stub *http = answering(text);
	expect_failure(get(&policy, http_stub_url(http, "/")), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
	cr_expect_eq(ldap_server_connections(s.server), 0);
	http_stub_stop(http);
	script_free(&s);
}

/* --- answers that are none ------------------------------------------------------ */

Test(ldap, refused_bind_is_a_remote_error)
{
	struct script s = script_make();
	buf_clear(&s.bound);
	ldap_say_result(&s.bound, 1, BIND, 48);
	expect_remote(&s, LTPS_REMOTE, "bind refused with result 48");
}

Test(ldap, refused_search_is_a_remote_error)
{
	static const struct {
		unsigned result;
		enum ltps_code code;
		const char *why;
	} rows[] = {
		{ 1, LTPS_REMOTE, "refused with result 1" },
		{ 3, LTPS_TIMEOUT, "in time" },
		{ 4, LTPS_TOO_LARGE, "entries" },
		{ 10, LTPS_REMOTE, "referral" },
		{ 16, LTPS_REMOTE, "refused with result 16" },
		{ 32, LTPS_REMOTE, "refused with result 32" },
		{ 50, LTPS_REMOTE, "refused with result 50" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct script s = script_make();
		/* Values that came before are not half an answer. */
		ldap_say_entry(&s.found, 2, "certificateRevocationList", values_ab, 2);
		ldap_say_result(&s.found, 2, DONE, rows[i].result);
		expect_remote(&s, rows[i].code, rows[i].why);
	}
}

Test(ldap, referral_is_not_followed)
{
	struct script elsewhere = script_make();
	ldap_say_entry(&elsewhere.found, 2, "certificateRevocationList", values_ab, 2);
	ldap_say_result(&elsewhere.found, 2, DONE, 0);
	script_start(&elsewhere);
	const char *uri = ldap_server_url(elsewhere.server, "cn=y");
	for (int i = 0; i < 3; i++) {
		struct script s = script_make();
		if (i == 0) {
			ldap_say_referral(&s.found, 2, DONE, uri);
		} else if (i == 1) {
			ldap_say_reference(&s.found, 2, uri);
			ldap_say_result(&s.found, 2, DONE, 0);
		} else {
			buf_clear(&s.bound);
			ldap_say_referral(&s.bound, 1, BIND, uri);
		}
		expect_remote(&s, LTPS_REMOTE, "referral");
	}
	cr_expect_eq(ldap_server_connections(elsewhere.server), 0);
	script_free(&elsewhere);
}

Test(ldap, answer_to_another_question_is_a_remote_error)
{
	for (unsigned id = 1; id < 300; id += id < 4 ? 2 : 250) {
		struct script s = script_make();
		ldap_say_entry(&s.found, id, "certificateRevocationList", values_ab, 2);
		ldap_say_result(&s.found, id, DONE, 0);
		expect_remote(&s, LTPS_REMOTE, "another question");
	}
	struct script s = script_make();
	buf_clear(&s.bound);
	ldap_say_result(&s.bound, 2, BIND, 0);
	expect_remote(&s, LTPS_REMOTE, "another question");
}

/* It could have been sent by whoever knows nothing of the question. */
Test(ldap, answer_before_its_question_is_a_remote_error)
{
	struct script s = script_make();
	ldap_say_entry(&s.bound, 2, "certificateRevocationList", values_ab, 2);
	ldap_say_result(&s.bound, 2, DONE, 0);
	expect_remote(&s, LTPS_REMOTE, "before its question");
}

Test(ldap, answer_of_another_kind_is_a_remote_error)
{
	static const uint8_t kinds[] = { 0x60, BIND, 0x63, 0x67, EXTENDED, 0x79, 0x30 };
	for (size_t i = 0; i < sizeof(kinds); i++) {
		struct script s = script_make();
		ldap_say_result(&s.found, 2, kinds[i], 0);
		expect_remote(&s, LTPS_REMOTE, "not asked for");
	}
	struct script s = script_make();
	buf_clear(&s.bound);
	ldap_say_result(&s.bound, 1, DONE, 0);
	expect_remote(&s, LTPS_REMOTE, "not asked for");
}

Test(ldap, unsolicited_message_is_a_remote_error)
{
	struct script s = script_make();
	ldap_say_result(&s.found, 0, EXTENDED, 52);
	expect_remote(&s, LTPS_REMOTE, "disconnects with result 52");
	s = script_make();
	ldap_say_result(&s.found, 0, DONE, 0);
	expect_remote(&s, LTPS_REMOTE, "to no question");
}

Test(ldap, truncated_answer_is_a_remote_error)
{
	struct buf whole = buf_make(4096);
	ldap_say_entry(&whole, 2, "certificateRevocationList", values_ab, 2);
	ldap_say_result(&whole, 2, DONE, 0);
	for (size_t n = 0; n < whole.n; n += 5) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct script s = script_make();
		cr_assert_eq(buf_put(&s.found, view_head(view_buf(&whole), n), &err),
			     0);
		s.steps[1].then = LDAP_CLOSE;
		expect_remote(&s, LTPS_REMOTE, "ends within the answer");
	}
	buf_free(&whole);
}

Test(ldap, server_that_closes_at_once_is_a_remote_error)
{
	struct script s = script_make();
	buf_clear(&s.bound);
	s.steps[0].then = LDAP_CLOSE;
	expect_remote(&s, LTPS_REMOTE, "ends within the answer");
}

Test(ldap, refused_connection_is_a_remote_error)
{
	const struct fetch_policy policy = lenient_ldap();
	struct script s = script_make();
	char url[128];
	script_start(&s);
	snprintf(url, sizeof(url), "%s", ldap_server_url(s.server, CRL_TAIL));
	script_free(&s);
	expect_failure(get(&policy, url), LTPS_REMOTE, LTPS_FAULT_REMOTE);
}

#define BYTES(s)                                                                       \
	{                                                                              \
		s, sizeof(s) - 1                                                       \
	}

Test(ldap, garbage_is_a_remote_error)
{
	static const struct {
		const char *p;
		size_t n;
	} rows[] = {
		BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"),
		BYTES("\x16\x03\x01\x02\x00\x01"),
		BYTES("\x30\x80\x02\x01\x02\x00\x00"),         /* indefinite */
		BYTES("\x30\x85\x00\x00\x00\x00\x05\x02\x01"), /* length of length */
		BYTES("\x30\x00"),
		BYTES("\x30\x03\x02\x01\x02"),
		BYTES("\x30\x05\x04\x01\x02\x65\x00"),             /* no id */
		BYTES("\x30\x05\x02\x01\xff\x65\x00"),             /* negative */
		BYTES("\x30\x05\x02\x01\x02\x65\x05"),             /* beyond */
		BYTES("\x30\x05\x02\x01\x02\x65\x00"),             /* no result */
		BYTES("\x30\x08\x02\x01\x02\x65\x03\x02\x01\x00"), /* INTEGER */
		BYTES("\x30\x08\x02\x01\x02\x65\x03\x0a\x01\x00"), /* two missing */
		BYTES("\x30\x0c\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x24\x00"),
		BYTES("\x30\x0e\x02\x01\x02\x65\x09\x0a\x01\x00\x04\x00\x04\x00"
		      "\xa3\x05"), /* rest */
		BYTES("\x30\x0e\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
		      "\x05\x00"), /* behind */
		BYTES("\x30\x10\x02\x01\x02\x65\x07\x0a\x01\x00\x04\x00\x04\x00"
		      "\xa0\x00\x05\x00"),             /* behind it */
		BYTES("\x30\x05\x02\x01\x02\x64\x00"), /* empty entry */
		BYTES("\x30\x07\x02\x01\x02\x64\x02\x04\x00"),
		BYTES("\x30\x0b\x02\x01\x02\x64\x06\x04\x00\x30\x02\x30\x00"),
		BYTES("\x30\x0d\x02\x01\x02\x64\x08\x04\x00\x30\x04\x30\x02\x04\x00"),
		BYTES("\x30\x11\x02\x01\x02\x64\x0c\x04\x00\x30\x08\x30\x06\x04\x00"
		      "\x31\x02\x02\x00"), /* no OCTETs */
		BYTES("\x30\x0b\x02\x01\x02\x64\x06\x04\x00\x30\x00\x04\x00"),
		BYTES("\x30\x05\x02\x01\x02\x73\x00"), /* no URI */
		BYTES("\x30\x07\x02\x01\x02\x73\x02\x02\x00"),
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct script s = script_make();
		cr_assert_eq(buf_put(&s.found, view_of(rows[i].p, rows[i].n), &err), 0);
		const struct outcome o = ask_leniently(&s);
		cr_expect_eq(o.err.code, LTPS_REMOTE, "%zu: %s", i, o.err.text);
		cr_expect_null(strstr(o.err.text, "ends within"), "%zu", i);
		expect_failure(o, LTPS_REMOTE, LTPS_FAULT_REMOTE);
	}
}

Test(ldap, value_that_is_no_single_element_is_a_remote_error)
{
	static const struct view bad[] = {
		{ (const uint8_t *)"-----BEGIN", 10 },
		{ (const uint8_t *)"\x30\x03\x02\x01", 4 },
		{ (const uint8_t *)"\x30\x00\x30\x00", 4 },
		{ (const uint8_t *)"\0", 1 },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct script s = script_make();
		ldap_say_entry(&s.found, 2, "certificateRevocationList", &bad[i], 1);
		ldap_say_result(&s.found, 2, DONE, 0);
		expect_remote(&s, LTPS_REMOTE, "not BER");
	}
}

/* --- limits ---------------------------------------------------------------------- */

Test(ldap, values_up_to_the_limit_are_taken_and_one_byte_more_refused)
{
	for (size_t max = sizeof(der_a) + sizeof(der_b) - 1;
	     max <= sizeof(der_a) + sizeof(der_b); max++) {
		struct fetch_policy policy = lenient_ldap();
		struct script s = script_make();
		policy.max_bytes = max;
		ldap_say_entry(&s.found, 2, "certificateRevocationList", values_ab, 2);
		ldap_say_result(&s.found, 2, DONE, 0);
		struct outcome o = ask(&s, &policy);
		if (max < sizeof(der_a) + sizeof(der_b)) {
			expect_failure(o, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE);
		} else {
			cr_expect_eq(o.rc, 0, "%s", o.err.text);
			fetch_result_free(&o.r);
		}
	}
}

Test(ldap, announced_length_beyond_the_limit_is_refused_before_it_comes)
{
	static const uint8_t announced[] = { 0x30, 0x84, 0x40, 0, 0, 0, 0x02 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct script s = script_make();
	cr_assert_eq(buf_put(&s.found, view_of(announced, sizeof(announced)), &err), 0);
	expect_remote(&s, LTPS_TOO_LARGE, "exceeds");
}

/* Each answer is small, all of them are not. */
Test(ldap, endless_answers_are_too_large)
{
	for (int i = 0; i < 3; i++) {
		struct script s = script_make();
		s.steps[1].then = LDAP_ENDLESS;
		if (i == 0)
			ldap_say_entry(&s.found, 2, "cn", values_ab, 2);
		else if (i == 1)
			ldap_say_reference(&s.found, 2, "ldap://127.0.0.1/");
		else
			ldap_say_entry(&s.found, 2, "certificateRevocationList",
				       values_ab, 1);
		expect_remote(&s, LTPS_TOO_LARGE, "LDAP answer has more than");
	}
}

/* What was not asked for counts against the limit too. */
Test(ldap, foreign_attributes_beyond_the_limit_are_too_large)
{
	struct buf big = buf_make(1 << 17);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_reserve(&big, 40000, &err), 0);
	memset(big.p, 'x', 40000);
	big.n = 40000;
	const struct view value = view_buf(&big);
	struct script s = script_make();
	ldap_say_entry(&s.found, 2, "description", &value, 1);
	ldap_say_entry(&s.found, 2, "description", &value, 1);
	ldap_say_result(&s.found, 2, DONE, 0);
	expect_remote(&s, LTPS_TOO_LARGE, "exceeds");
	buf_free(&big);
}

Test(ldap, values_beyond_their_number_are_too_large)
{
	static struct view many[LDAP_VALUES_MAX + 1];
	for (size_t i = 0; i <= LDAP_VALUES_MAX; i++)
		many[i] = values_ab[0];
	for (size_t n = LDAP_VALUES_MAX; n <= LDAP_VALUES_MAX + 1; n++) {
		struct fetch_policy policy = lenient_ldap();
		struct script s = script_make();
		policy.max_bytes = 1 << 20;
		ldap_say_entry(&s.found, 2, "certificateRevocationList", many, n);
		ldap_say_result(&s.found, 2, DONE, 0);
		struct outcome o = ask(&s, &policy);
		cr_expect_eq(o.err.code, n > LDAP_VALUES_MAX ? LTPS_TOO_LARGE : LTPS_OK,
			     "%s", o.err.text);
		fetch_result_free(&o.r);
	}
}

Test(ldap, silent_server_times_out)
{
	struct fetch_policy policy = lenient_ldap();
	policy.total_ms = 50;
	for (int i = 0; i < 3; i++) {
		struct script s = script_make();
		if (i == 0)
			buf_clear(&s.bound);
		else if (i == 2)
			ldap_say_entry(&s.found, 2, "cn", values_ab, 2);
		expect_failure(ask(&s, &policy), LTPS_TIMEOUT, LTPS_FAULT_REMOTE);
	}
}

/* --- answers ---------------------------------------------------------------------- */

static void expect_values(struct outcome o, const struct view *values, size_t n)
{
	cr_expect_eq(o.rc, 0, "%s: %s", ltps_code_name(o.err.code), o.err.text);
	cr_expect_eq(o.r.status, n > 0 ? 200 : 404, "%d", o.r.status);
	cr_expect_str_eq(o.r.content_type, "");
	struct view cursor = view_buf(&o.r.body);
	for (size_t i = 0; i < n && o.rc == 0; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct tlv t;
		cr_assert_eq(tlv_next(&cursor, &t, &err), 0);
		cr_expect(view_equal(t.whole, values[i]));
	}
	cr_expect_eq(cursor.n, 0);
	fetch_result_free(&o.r);
}

Test(ldap, missing_entry_or_attribute_is_404)
{
	static const unsigned results[] = { 0, 16, 32 };
	for (size_t i = 0; i < 3; i++) {
		struct script s = script_make();
		ldap_say_result(&s.found, 2, DONE, results[i]);
		expect_values(ask_leniently(&s), NULL, 0);
	}
	struct script s = script_make();
	ldap_say_entry(&s.found, 2, "certificateRevocationList;binary", NULL, 0);
	ldap_say_entry(&s.found, 2, "certificateRevocationList;binary",
		       &(struct view){ NULL, 0 }, 1); /* a mere place-holder */
	ldap_say_entry(&s.found, 2, "cACertificate", values_ab, 2);
	ldap_say_entry(&s.found, 2, "certificateRevocationList;lang-de", values_ab, 2);
	ldap_say_result(&s.found, 2, DONE, 0);
	expect_values(ask_leniently(&s), NULL, 0);
}

Test(ldap, all_values_come_in_order)
{
	static const char *const types[] = { "certificateRevocationList;binary",
					     "CertificateRevocationList",
					     "2.5.4.39;Binary" };
	for (size_t i = 0; i < 3; i++) {
		struct script s = script_make();
		ldap_say_entry(&s.found, 2, types[i], values_ab, 2);
		ldap_say_result(&s.found, 2, DONE, 0);
		expect_values(ask_leniently(&s), values_ab, 2);
	}
	struct script s = script_make();
	ldap_say_entry(&s.found, 2, types[0], &values_ab[0], 1);
	ldap_say_reference(&s.found, 2, "ldap://127.0.0.1/");
	ldap_say_entry(&s.found, 2, types[0], &values_ab[1], 1);
	ldap_say_result(&s.found, 2, DONE, 0);
	expect_values(ask_leniently(&s), values_ab, 2);
}

/* In many pieces: larger than what is read at once. */
Test(ldap, large_value_comes_whole)
{
	const size_t n = 300000;
	struct fetch_policy policy = lenient_ldap();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf value = buf_make(1 << 20);
	struct script s = script_make();
	cr_assert_eq(der_put_header(&value, 0x30, n, &err), 0);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(buf_put_byte(&value, (uint8_t)(i * 7), &err), 0);
	const struct view v = view_buf(&value);
	policy.max_bytes = value.n;
	ldap_say_entry(&s.found, 2, "certificateRevocationList;binary", &v, 1);
	ldap_say_result(&s.found, 2, DONE, 0);
	expect_values(ask(&s, &policy), &v, 1);
	buf_free(&value);
}

Test(ldap, nothing_but_bind_search_and_unbind_is_sent)
{
	static const char *const expected[] = {
		"300c020101600702010304008000",
		/* base, never aliases, 16 entries, 61 s, values too */
		("3051020102634c040a636e3d43412c633d44450a01000a010002011002013d010100"
		 "870b6f626a656374436c617373"
		 "3022042063657274696669636174655265766f636174696f6e4c6973743b62696e617"
		 "2"
		 "79"),
		"30050201034200",
		"",
	};
	const struct fetch_policy policy = lenient_ldap();
	struct script s = script_make();
	ldap_say_entry(&s.found, 2, "certificateRevocationList;binary", values_ab, 2);
	ldap_say_result(&s.found, 2, DONE, 0);
	script_start(&s);
	expect_values(get(&policy, ldap_server_url(s.server, CRL_TAIL)), values_ab, 2);
	ldap_server_wait_closed(s.server, 1);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		char hex[512];
		hex_encode(view_head(ldap_server_message(s.server, i), 250), hex);
		cr_expect_str_eq(hex, expected[i], "%s", hex);
	}
	script_free(&s);
}

Test(ldap, handle_serves_http_and_ldap_by_turns)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_policy policy = lenient();
	struct http_stub *http = answering(OK_ABC);
	struct script s = script_make();
	struct fetch *f = NULL;
	policy.allow_ldap = true;
	ldap_say_entry(&s.found, 2, "certificateRevocationList", values_ab, 2);
	ldap_say_result(&s.found, 2, DONE, 0);
	script_start(&s);
	const struct fetch_request requests[] = {
		{ .url = http_stub_url(http, "/") },
		{ .url = ldap_server_url(s.server, CRL_TAIL) },
	};
	cr_assert_eq(fetch_new(&policy, &f, &err), 0);
	for (int i = 0; i < 6; i++) {
		struct outcome o = { .err = LTPS_ERROR_INIT };
		o.rc = fetch_do(f, &requests[i % 2], &o.r, &o.err);
		if (i % 2 == 0)
			expect_body(o, 200, "abc");
		else
			expect_values(o, values_ab, 2);
	}
	/* A connection each, and each of them ended. */
	ldap_server_wait_closed(s.server, 3);
	cr_expect_eq(ldap_server_connections(s.server), 3);
	fetch_free(f);
	http_stub_stop(http);
	script_free(&s);
}

/* --- cancelling and memory ----------------------------------------------------------
 */

struct runner {
	struct fetch *f;
	struct fetch_request req;
	struct outcome o;
};

static void *run_fetch(void *arg)
{
	struct runner *r = arg;
	r->o.rc = fetch_do(r->f, &r->req, &r->o.r, &r->o.err);
	return NULL;
}

Test(ldap, running_fetch_is_cancelled_from_another_thread)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = lenient_ldap();
	for (size_t heard = 1; heard <= 2; heard++) {
		struct script s = script_make();
		struct runner r = { .o = { .err = LTPS_ERROR_INIT } };
		pthread_t thread;
		if (heard == 1)
			buf_clear(&s.bound); /* waits for the bind's answer */
		script_start(&s);
		r.req.url = ldap_server_url(s.server, CRL_TAIL);
		cr_assert_eq(fetch_new(&policy, &r.f, &err), 0);
		cr_assert_eq(pthread_create(&thread, NULL, run_fetch, &r), 0);
		ldap_server_wait(s.server, heard);
		fetch_cancel(r.f);
		pthread_join(thread, NULL);
		expect_failure(r.o, LTPS_CANCELLED, LTPS_FAULT_SELF);
		ldap_server_wait_closed(s.server, 1);
		fetch_free(r.f);
		script_free(&s);
	}
}

/* One exchange of which the n-th allocation fails; false when it has fewer. */
static bool fetch_without_memory(const struct fetch_request *req, uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = lenient_ldap();
	struct fetch_result r = { 0 };
	struct fetch *f = NULL;
	mem_fail_nth(n);
	int rc = fetch_new(&policy, &f, &err);
	if (rc == 0)
		rc = fetch_do(f, req, &r, &err);
	const bool hit = mem_fail_hit() != 0;
	mem_fail_nth(0);
	if (rc != 0)
		cr_expect_eq(err.code, LTPS_NOMEM, "%lu: %s %s", (unsigned long)n,
			     ltps_code_name(err.code), err.text);
	else
		cr_expect_eq(r.body.n, sizeof(der_a) + sizeof(der_b));
	cr_expect(hit || rc == 0);
	fetch_result_free(&r);
	fetch_free(f);
	return hit;
}

Test(ldap, failing_allocation_is_an_error_and_never_half_a_result)
{
	uint64_t n = 1;
	bool hit = true;
	cr_assert_eq(fetch_load(&(struct ltps_error)LTPS_ERROR_INIT), 0);
	while (hit) {
		struct script s = script_make();
		ldap_say_entry(&s.found, 2, "certificateRevocationList", values_ab, 2);
		ldap_say_result(&s.found, 2, DONE, 0);
		script_start(&s);
		const struct fetch_request req = { .url = ldap_server_url(s.server,
									  CRL_TAIL) };
		hit = fetch_without_memory(&req, n++);
		script_free(&s);
	}
	cr_expect_gt(n, 20);
}
