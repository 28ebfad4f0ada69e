/* SPDX-License-Identifier: Apache-2.0 */
/* Names held against subtrees, form by form. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/chain_kit.h"
#include "validation/name_constraints.h"
#include "validation/path_search.h"

static struct kit *k;
static const struct kit_cert *root;

static void set_up(void)
{
	k = kit_new();
	root = kit_ca(k, "CN=Root", NULL);
}

static void tear_down(void)
{
	cr_assert_eq(ERR_peek_error(), 0);
	kit_free(k);
}

TestSuite(name_constraints, .init = set_up, .fini = tear_down);

/* Contents of a NameConstraints. */
static struct view constraints(const char *permitted, const char *excluded)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_extension e = kit_ext_name_constraints(k, permitted, excluded);
	struct tlv t;
	cr_assert_eq(tlv_only(e.value, &t, &err), 0);
	return t.body;
}

static enum path_code check(const struct name_constraints *n, const struct cert *c,
			    uint32_t steps, uint32_t *ret_steps)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_input in = { .budget.steps = steps };
	struct path_run run = { .in = &in };
	struct name_verdict v;
	cr_assert_eq(name_constraints_check(n, c, &run, &v, &err), 0, "%s", err.text);
	cr_assert_eq(err.code, LTPS_OK);
	if (ret_steps != NULL)
		*ret_steps = run.steps;
	return v.code;
}

static struct name_constraints *add(struct name_constraints *n, struct view value,
				    bool critical)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	bool malformed;
	if (n == NULL)
		cr_assert_eq(name_constraints_new(&n, &err), 0);
	cr_assert_eq(name_constraints_add(n, value, critical, &malformed, &err), 0);
	cr_assert_not(malformed);
	return n;
}

/* One extension and one certificate: subject, alternative names (NULL: none). */
struct row {
	const char *permitted, *excluded, *subject, *names;
	enum path_code code;
};

static void expect_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct kit_options o = { .subject = r->subject, .by = root };
		if (r->names != NULL)
			o.extensions[0] = kit_ext_san(k, r->names);
		const struct kit_cert *c = kit_cert(k, &o);
		struct name_constraints *nc =
		    add(NULL, constraints(r->permitted, r->excluded), true);
		cr_assert_not_null(c->cert, "row %zu", i);
		enum path_code code = check(nc, c->cert, 0, NULL);
		cr_expect_eq(code, r->code, "row %zu, %s in %s but %s: %s", i,
			     r->names != NULL ? r->names : r->subject,
			     r->permitted != NULL ? r->permitted : "",
			     r->excluded != NULL ? r->excluded : "",
			     path_code_name(code));
		name_constraints_free(nc);
	}
}

#define EXPECT(...)                                                                    \
	do {                                                                           \
		static const struct row rows[] = { __VA_ARGS__ };                      \
		expect_rows(rows, sizeof(rows) / sizeof(rows[0]));                     \
	} while (0)

#define OUTSIDE PATH_NAME_NOT_PERMITTED
#define EXCLUDED PATH_NAME_EXCLUDED
#define UNSUPPORTED PATH_NAME_CONSTRAINT_UNSUPPORTED
#define FINE PATH_OK

Test(name_constraints, directory_names_when_outside_or_excluded_are_refused)
{
	EXPECT({ "dir:O=a", NULL, "O=b,CN=x", NULL, OUTSIDE },
	       { "dir:O=a,OU=b", NULL, "O=a,CN=x", NULL, OUTSIDE },
	       { "dir:O=a", NULL, "CN=x,O=a", NULL, OUTSIDE },
	       { "dir:O=a", NULL, "O=ab", NULL, OUTSIDE },
	       { "dir:O=a", NULL, "O=a+CN=x", NULL, OUTSIDE }, /* another RDN */
	       { NULL, "dir:O=a", "O=a,CN=x", NULL, EXCLUDED },
	       { NULL, "dir:O=a", "O=A  ,CN=x", NULL, EXCLUDED },
	       { NULL, "dir:", "O=b", NULL, EXCLUDED },
	       { "dir:O=a", "dir:O=a,OU=b", "O=a,OU=b,CN=x", NULL, EXCLUDED },
	       { "dir:O=a", NULL, "O=a", "dir:O=b", OUTSIDE },
	       { NULL, "dir:O=b", "O=a", "dir:O=b,CN=x", EXCLUDED },
	       { "dir:O=a", NULL, "O=a", "dir:O=a;dir:O=b", OUTSIDE });
}

/* Excluded subtrees take what RFC 5280 7.1 holds equal; permitted ones stay strict. */
Test(name_constraints, directory_names_when_only_coarsely_equal_are_excluded)
{
	EXPECT({ NULL, "dir:O=\xc3\x84rzte", "O=\xc3\xa4rzte,CN=x", NULL, EXCLUDED },
	       { NULL, "dir:O=\xc3\x84rzte", "O=A\xcc\x88rzte", NULL, EXCLUDED },
	       { NULL, "dir:O=\xc3\x84rzte", "O=b", "dir:O=\xc3\xa4RZTE", EXCLUDED },
	       { NULL, "dir:O=\xc3\x84rzte", "O=Arzte", NULL, FINE },
	       { "dir:O=\xc3\x84rzte", NULL, "O=\xc3\xa4rzte", NULL, OUTSIDE },
	       { "dir:O=\xc3\x84rzte", NULL, "O=\xc3\x84rzte", NULL, FINE });
}

Test(name_constraints, directory_names_when_within_are_permitted)
{
	EXPECT({ "dir:O=a", NULL, "O=a,CN=x", NULL, FINE },
	       { "dir:O=a", NULL, "O=a", NULL, FINE },
	       { "dir:O=a;dir:O=b", NULL, "O=b,CN=x", NULL, FINE },
	       { "dir:", NULL, "O=b", NULL, FINE },
	       { "dir:O=a", NULL, "", NULL, FINE }, /* no name at all */
	       { "dir:O=a", "dir:O=a,OU=b", "O=a,OU=c", "dir:O=a,CN=y", FINE },
	       { "dns:a.example", NULL, "O=b", NULL, FINE }); /* another form */
}

Test(name_constraints, dns_names_when_outside_or_excluded_are_refused)
{
	EXPECT(
	    { "dns:b.example", NULL, "", "dns:c.example", OUTSIDE },
	    { "dns:b.example", NULL, "", "dns:ab.example", OUTSIDE },
	    { "dns:a.b.example", NULL, "", "dns:b.example", OUTSIDE },
	    { NULL, "dns:b.example", "", "dns:a.B.Example", EXCLUDED },
	    { NULL, "dns:b.example", "", "dns:b.example", EXCLUDED },
	    { NULL, "dns:", "", "dns:b.example", EXCLUDED },
	    { "dns:b.example", "dns:a.b.example", "", "dns:x.a.b.example", EXCLUDED });
}

Test(name_constraints, dns_names_when_malformed_are_refused_where_constrained)
{
	EXPECT({ "dns:b.example", NULL, "", "dns:.b.example", OUTSIDE },
	       { "dns:b.example", NULL, "", "dns:a..b.example", OUTSIDE },
	       { "dns:b.example", NULL, "", "dns:b.example.", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:b.example.", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:a b.example", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:-a.example", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:192.0.2.1", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:a*.c.example", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:a.*.example", OUTSIDE },
	       { NULL, "dns:b.example", "", "dns:*", OUTSIDE },
	       { NULL, "dir:O=x", "", "dns:.b.example", FINE });
}

Test(name_constraints, dns_wildcards_when_some_may_be_outside_are_refused)
{
	EXPECT({ "dns:a.b.example", NULL, "", "dns:*.b.example", OUTSIDE },
	       { "dns:b.example", NULL, "", "dns:*.example", OUTSIDE },
	       { NULL, "dns:a.b.example", "", "dns:*.b.example", EXCLUDED },
	       { NULL, "dns:b.example", "", "dns:*.b.example", EXCLUDED },
	       { NULL, "dns:b.example", "", "dns:*.a.b.example", EXCLUDED },
	       { "dns:b.example", NULL, "", "dns:*.b.example", FINE },
	       { "dns:b.example", NULL, "", "dns:*.a.b.example", FINE },
	       { NULL, "dns:c.example", "", "dns:*.b.example", FINE });
}

Test(name_constraints, dns_subtrees_when_of_unknown_meaning_refuse_dns_names)
{
	EXPECT({ "dns:.b.example", NULL, "", "dns:a.b.example", UNSUPPORTED },
	       { NULL, "dns:*.b.example", "", "dns:c.example", UNSUPPORTED },
	       { "dns:.b.example", NULL, "O=a", "email:a@b.example", FINE });
}

Test(name_constraints, dns_names_when_within_are_permitted)
{
	EXPECT({ "dns:b.example", NULL, "", "dns:b.example", FINE },
	       { "dns:b.example", NULL, "", "dns:x.A.B.EXAMPLE", FINE },
	       { "dns:", NULL, "", "dns:b.example", FINE },
	       { "dns:b.example;dns:c.example", NULL, "",
		 "dns:c.example;dns:_x.b.example", FINE },
	       { "dns:b.example", "dns:a.b.example", "", "dns:c.b.example", FINE });
}

Test(name_constraints, mail_when_outside_or_excluded_is_refused)
{
	EXPECT({ "email:a@b.example", NULL, "", "email:c@b.example", OUTSIDE },
	       { "email:a@b.example", NULL, "", "email:A@b.example", OUTSIDE },
	       { "email:b.example", NULL, "", "email:a@x.b.example", OUTSIDE },
	       { "email:.b.example", NULL, "", "email:a@b.example", OUTSIDE },
	       { "email:.b.example", NULL, "", "email:a@ab.example", OUTSIDE },
	       { NULL, "email:a@b.example", "", "email:a@B.EXAMPLE", EXCLUDED },
	       { NULL, "email:a@b.example", "", "email:\"a\"@b.example", EXCLUDED },
	       { NULL, "email:a@b.example", "", "email:\"\\a\"@b.example", EXCLUDED },
	       { NULL, "email:b.example", "", "email:\"x@y\"@b.example", EXCLUDED },
	       { NULL, "email:.b.example", "", "email:a@x.b.example", EXCLUDED },
	       { NULL, "email:", "", "email:a@b.example", EXCLUDED },
	       { "email:*@b.example", NULL, "", "email:a@b.example", OUTSIDE });
}

Test(name_constraints, mail_when_malformed_is_refused_where_constrained)
{
	EXPECT({ NULL, "email:c.example", "", "email:b.example", OUTSIDE },
	       { NULL, "email:c.example", "", "email:@b.example", OUTSIDE },
	       { NULL, "email:c.example", "", "email:a@c@b.example", OUTSIDE },
	       { NULL, "email:c.example", "", "email:a@", OUTSIDE },
	       { NULL, "email:c.example", "", "email:a@[192.0.2.1]", OUTSIDE },
	       { NULL, "email:c.example", "", "email:a@c.example.", OUTSIDE },
	       { NULL, "email:c.example", "", "email:\"a@c.example", OUTSIDE },
	       { NULL, "dns:c.example", "", "email:a@c@b.example", FINE });
}

Test(name_constraints, mail_when_within_is_permitted)
{
	EXPECT({ "email:a@b.example", NULL, "", "email:a@B.example", FINE },
	       { "email:b.example", NULL, "", "email:any.one@b.example", FINE },
	       { "email:.b.example", NULL, "", "email:a@x.y.b.example", FINE },
	       { "email:*@b.example", NULL, "", "email:*@b.example", FINE },
	       { NULL, "email:a@b.example", "", "email:c@b.example", FINE },
	       { "email:b.example", NULL, "CN=x", NULL, FINE });
}

Test(name_constraints, mail_in_the_subject_counts_whatever_else_is_there)
{
	EXPECT(
	    { "email:b.example", NULL, "CN=x,E=a@c.example", NULL, OUTSIDE },
	    { NULL, "email:b.example", "CN=x+E=a@b.example", NULL, EXCLUDED },
	    { NULL, "email:b.example", "E=a@b.example", "dns:x.example", EXCLUDED },
	    { "email:b.example", NULL, "E=nonsense", NULL, OUTSIDE },
	    { "email:b.example", NULL, "E=a@c.example", "email:a@b.example", OUTSIDE },
	    { "email:b.example", NULL, "E=c@b.example", "email:a@b.example", FINE },
	    { "email:b.example", NULL, "E=a@b.example", NULL, FINE });
}

/* RFC 9598: id-on-SmtpUTF8Mailbox */
#define MAILBOX "other:1.3.6.1.5.5.7.8.9="

Test(name_constraints, utf8_mail_when_constrained_is_mail)
{
	EXPECT({ "email:b.example", NULL, "", MAILBOX "\xc3\xa9@c.example", OUTSIDE },
	       { NULL, "email:b.example", "", MAILBOX "\xc3\xa9@b.example", EXCLUDED },
	       { NULL, "email:b.example", "", MAILBOX "nonsense", OUTSIDE },
	       { "email:b.example", NULL, "", MAILBOX "\xc3\xa9@b.example", FINE },
	       { "email:b.example", NULL, "", "other:1.2.3=x", FINE });
}

Test(name_constraints, uris_when_outside_or_excluded_are_refused)
{
	EXPECT(
	    { "uri:b.example", NULL, "", "uri:http://a.b.example/", OUTSIDE },
	    { "uri:.b.example", NULL, "", "uri:http://b.example/", OUTSIDE },
	    { "uri:.b.example", NULL, "", "uri:http://ab.example", OUTSIDE },
	    { "uri:b.example", NULL, "", "uri:http://b.example@c.example/", OUTSIDE },
	    { "uri:b.example", NULL, "", "uri:http://c.example/b.example", OUTSIDE },
	    { "uri:b.example", NULL, "", "uri:http://c.example?@b.example", OUTSIDE },
	    { NULL, "uri:b.example", "", "uri:ftp://u:p@B.example:21/x", EXCLUDED },
	    { NULL, "uri:.b.example", "", "uri:ldap://a.b.example", EXCLUDED },
	    { NULL, "uri:b.example", "", "uri:http://b.example#x", EXCLUDED });
}

/* RFC 5280 4.2.1.10: no authority, or a host that is no name, is refused. */
Test(name_constraints, uris_when_without_a_host_name_are_refused_where_constrained)
{
	EXPECT({ NULL, "uri:b.example", "", "uri:mailto:a@c.example", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:urn:oid:1.2.3", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http://192.0.2.1/", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http://[2001:db8::1]/", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http:///x", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http://c.example:x/", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http://c%2eexample/", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http://b.example./", OUTSIDE },
	       { NULL, "uri:b.example", "", "uri:http://b.example\\x.c.example/",
		 OUTSIDE },
	       { NULL, "dns:b.example", "", "uri:urn:oid:1.2.3", FINE });
}

Test(name_constraints, uris_when_within_are_permitted)
{
	EXPECT({ "uri:b.example", NULL, "", "uri:http://B.example:8080/x", FINE },
	       { "uri:.b.example", NULL, "", "uri:https://a.b.example", FINE },
	       { NULL, "uri:.b.example", "", "uri:https://b.example/", FINE },
	       { "uri:", NULL, "", "uri:https://b.example/", FINE });
}

Test(name_constraints, addresses_when_outside_or_excluded_are_refused)
{
	EXPECT({ "ip:c0000200ffffff00", NULL, "", "ip:c0000301", OUTSIDE },
	       { "ip:c0000200ffffffff", NULL, "", "ip:c0000201", OUTSIDE },
	       { NULL, "ip:c0000200ffffff00", "", "ip:c00002ff", EXCLUDED },
	       { NULL, "ip:0000000000000000", "", "ip:c00002ff", EXCLUDED },
	       /* Version 6 is outside what is of version 4 */
	       { "ip:c0000200ffffff00", NULL, "", "ip:20010db8000000000000000000000001",
		 OUTSIDE },
	       { NULL,
		 "ip:20010db8000000000000000000000000"
		 "ffffffff000000000000000000000000",
		 "", "ip:20010db8ffff00000000000000000001", EXCLUDED });
}

Test(name_constraints, addresses_when_within_are_permitted)
{
	EXPECT({ "ip:c0000200ffffff00", NULL, "", "ip:c0000201", FINE },
	       { "ip:c0000203ffffff00", NULL, "", "ip:c0000201", FINE },
	       { NULL, "ip:0000000000000000", "", "ip:20010db8000000000000000000000001",
		 FINE },
	       { "ip:20010db8000000000000000000000000"
		 "ffffffff000000000000000000000000",
		 NULL, "", "ip:20010db8ffff00000000000000000001", FINE });
}

Test(name_constraints, forms_when_not_supported_refuse_their_names)
{
	EXPECT({ "other:1.2.3=a", NULL, "", "other:1.2.3=a", UNSUPPORTED },
	       { NULL, "other:1.2.3=a", "", "other:1.2.4=b", UNSUPPORTED },
	       { NULL, "rid:1.2.3", "", "rid:1.2.4", UNSUPPORTED },
	       { NULL, "x400:", "", "x400:", UNSUPPORTED },
	       { "edi:", NULL, "", "edi:", UNSUPPORTED },
	       { NULL, "other:1.2.3=a", "CN=x", "dns:a.example", FINE });
}

Test(name_constraints, forms_when_not_supported_nor_critical_are_passed_over)
{
	struct kit_options o = { .by = root,
				 .extensions = { kit_ext_san(k, "rid:1.2.3") } };
	struct name_constraints *n =
	    add(NULL, constraints("rid:1.2.4", "dir:O=x"), false);
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), PATH_OK);
	o.subject = "O=x"; /* what is supported is applied all the same */
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), PATH_NAME_EXCLUDED);
	name_constraints_free(n);
}

/* A subtree with minimum 1, or maximum 5. */
static void expect_distance(const char *distance_hex, enum path_code code)
{
	struct view base = kit_general_names(k, "dns:b.example");
	struct view tree =
	    kit_der(k, 0x30, kit_join(k, base, kit_hex(k, distance_hex)));
	struct kit_options o = { .by = root,
				 .extensions = { kit_ext_san(k, "dns:c.example") } };
	struct name_constraints *n = add(NULL, kit_der(k, 0xa1, tree), true);
	cr_expect_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), code, "%s",
		     distance_hex);
	name_constraints_free(n);
}

Test(name_constraints, subtrees_when_with_a_distance_are_not_supported)
{
	expect_distance("800101", UNSUPPORTED);
	expect_distance("810105", UNSUPPORTED);
	expect_distance("800100", FINE); /* the default, written */
	expect_distance("", FINE);
}

Test(name_constraints, permitted_subtrees_when_of_two_certificates_must_both_hold)
{
	struct kit_options o = { .subject = "", .by = root };
	struct name_constraints *n =
	    add(NULL, constraints("dns:b.example;dns:c.example", NULL), true);
	n = add(n, constraints("dns:b.example;dns:d.example", NULL), true);
	o.extensions[0] = kit_ext_san(k, "dns:c.example");
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), OUTSIDE);
	o.extensions[0] = kit_ext_san(k, "dns:d.example");
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), OUTSIDE);
	o.extensions[0] = kit_ext_san(k, "dns:b.example");
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), FINE);
	n = add(n, constraints(NULL, "dns:a.b.example"), true);
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), FINE);
	o.extensions[0] = kit_ext_san(k, "dns:a.b.example");
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), EXCLUDED);
	name_constraints_free(n);
}

Test(name_constraints, permitted_subtrees_when_widened_below_stay_narrow)
{
	struct kit_options o = { .subject = "",
				 .by = root,
				 .extensions = { kit_ext_san(k, "dns:c.example") } };
	struct name_constraints *n =
	    add(NULL, constraints("dns:b.example", NULL), true);
	n = add(n, constraints("dns:example", NULL), true);
	cr_assert_eq(check(n, kit_cert(k, &o)->cert, 0, NULL), OUTSIDE);
	name_constraints_free(n);
}

static void expect_malformed(struct view value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct name_constraints *n = NULL;
	bool malformed = false;
	cr_assert_eq(name_constraints_new(&n, &err), 0);
	cr_assert_eq(name_constraints_add(n, value, true, &malformed, &err), 0);
	cr_expect(malformed);
	cr_expect_eq(err.code, LTPS_OK);
	name_constraints_free(n);
}

Test(name_constraints, subtrees_when_malformed_are_reported)
{
	static const char *const bases[] = {
		"email:a@b@c.example", "email:a b.example",
		"email:@b.example",    "dns:a..b",
		"dns:caf\xc3\xa9",     "uri:http://b.example/",
		"ip:c0000200",         "ip:c0000200ff00ff00",
	};
	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		expect_malformed(constraints(bases[i], NULL));
		expect_malformed(constraints(NULL, bases[i]));
	}
	expect_malformed(VIEW_NULL);
	expect_malformed(kit_hex(k, "a003300104"));
	/* directoryName that is no Name */
	expect_malformed(kit_hex(k, "a1063004a4020500"));
}

/* ---- hostile ---- */

#define MANY 2000

static const char *many_names(const char *form)
{
	static char text[MANY * 32];
	size_t at = 0;
	for (int i = 0; i < MANY; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%sdns:%s%d.example", i > 0 ? ";" : "", form, i);
	return text;
}

Test(name_constraints, comparisons_when_too_many_end_by_the_budget)
{
	struct kit_options o = { .subject = "", .by = root };
	uint32_t steps;
	o.extensions[0] = kit_ext_san(k, many_names("a"));
	const struct kit_cert *c = kit_cert(k, &o);
	struct name_constraints *n =
	    add(NULL, constraints(NULL, many_names("b")), true);
	cr_assert_eq(check(n, c->cert, MANY, NULL), PATH_BUDGET);
	cr_assert_eq(check(n, c->cert, 0, &steps), PATH_OK);
	cr_assert_eq(steps, MANY * (MANY / 1000));
	name_constraints_free(n);
}
