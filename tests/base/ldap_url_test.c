/* SPDX-License-Identifier: Apache-2.0 */
/* LDAP URLs of certificates: each defect refused, each part understood. */
#include <criterion/criterion.h>

#include <string.h>

#include "base/fetch.h"
#include "base/fetch_ldap.h"

static enum ltps_code parse_code(const char *text, char *ret_text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ldap_url u = { 0 };
	if (ldap_url_parse(text, &u, &err) == 0)
		ldap_url_free(&u);
	if (ret_text != NULL)
		strcpy(ret_text, err.text);
	return err.code;
}

Test(ldap_url, each_defect_is_an_argument_error_that_says_so)
{
	static const struct {
		const char *url;
		const char *why;
	} rows[] = {
		{ "http://h/cn=x?cACertificate", "another scheme" },
		{ "ldap:h/cn=x?cACertificate", "without \"//\"" },
		{ "ldap:///cn=x?cACertificate", "no default server" },
		{ "ldap://:389/cn=x?cACertificate", "no default server" },
		{ "ldap:////cn=x?cACertificate", "no default server" },
		{ "ldap://user@h/cn=x?cACertificate", "user information" },
		{ "ldap://u:secret@h/cn=x?cACertificate", "user information" },
		{ "ldap://h:0/cn=x?cACertificate", "malformed port" },
		{ "ldap://h:65536/cn=x?cACertificate", "malformed port" },
		{ "ldap://h:99999999999999999999/cn=x?cACertificate",
		  "malformed port" },
		{ "ldap://h:/cn=x?cACertificate", "malformed port" },
		{ "ldap://h:3a/cn=x?cACertificate", "malformed port" },
		{ "ldap://[::1]389/cn=x?cACertificate", "malformed port" },
		{ "ldap://[::1/cn=x?cACertificate", "malformed host" },
		{ "ldap://[]/cn=x?cACertificate", "malformed host" },
		{ "ldap://[fe80::1%25eth0]/cn=x?cACertificate", "malformed host" },
		{ "ldap://a%2eb/cn=x?cACertificate", "malformed host" },
		{ "ldap://a b/cn=x?cACertificate", "malformed host" },
		{ "ldap://h?cACertificate", "without \"/\"" },
		{ "ldap://h/cn=x?cACertificate#a", "fragment" },
		{ "ldap://h/cn=%?cACertificate", "broken percent" },
		{ "ldap://h/cn=%4?cACertificate", "broken percent" },
		{ "ldap://h/cn=%zz?cACertificate", "broken percent" },
		{ "ldap://h/cn=%00?cACertificate", "encoded NUL" },
		{ "ldap://h/cn=%ff?cACertificate", "not UTF-8" },
		{ "ldap://h", "without an attribute" },
		{ "ldap://h/", "without an attribute" },
		{ "ldap://h/cn=x", "without an attribute" },
		{ "ldap://h/cn=x??base", "without an attribute" },
		{ "ldap://h/cn=x?*", "no certificates" },
		{ "ldap://h/cn=x?userPassword", "no certificates" },
		{ "ldap://h/cn=x?cACertificate,userPassword", "no certificates" },
		{ "ldap://h/cn=x?cACertificate,", "empty attribute" },
		{ "ldap://h/cn=x?,cACertificate", "no certificates" },
		{ "ldap://h/cn=x?cACertificate;", "option other than binary" },
		{ "ldap://h/cn=x?cACertificate;lang-de", "option other than binary" },
		{ "ldap://h/cn=x?cACertificate;binary;binary",
		  "option other than binary" },
		{ "ldap://h/cn=x?cACertificate?children", "unknown scope" },
		{ "ldap://h/cn=x?cACertificate?bas", "unknown scope" },
		{ "ldap://h/cn=x?cACertificate?base?(a=b", "closing parenthesis" },
		{ "ldap://h/cn=x?cACertificate?base?a=b?!x-a=b", "critical" },
		{ "ldap://h/cn=x?cACertificate???x-a=b,!x-c", "critical" },
		{ "ldap://h/cn=x?cACertificate???%21x-a", "critical" },
		{ "ldap://h/cn=x?cACertificate???bindname=cn=y", "authenticate" },
		{ "ldap://h/cn=x?cACertificate???BindName=cn=y", "authenticate" },
		{ "ldap://h/cn=x?cACertificate?base?a=b?!bindname=cn=y", "critical" },
		{ "ldap://h/cn=x?cACertificate???,x-a", "empty extension" },
		{ "ldap://h/cn=x?cACertificate???x-a,", "empty extension" },
		{ "ldap://h/cn=x?cACertificate????", "too many parts" },
		{ "ldap://h/cn=x?cACertificate????x?y", "too many parts" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256];
		const enum ltps_code code = parse_code(rows[i].url, text);
		cr_expect_eq(code, LTPS_ARGUMENT, "%s: %s", rows[i].url, text);
		cr_expect_not_null(strstr(text, rows[i].why), "%s: %s", rows[i].url,
				   text);
		cr_expect_null(strstr(text, "secret"));
	}
}

Test(ldap_url, host_beyond_the_limit_is_an_argument_error)
{
	char url[LDAP_HOST_MAX + 64] = "ldap://";
	for (size_t n = LDAP_HOST_MAX; n <= LDAP_HOST_MAX + 1; n++) {
		memset(url + 7, 'a', n);
		strcpy(url + 7 + n, "/cn=x?cACertificate");
		cr_expect_eq(parse_code(url, NULL),
			     n > LDAP_HOST_MAX ? LTPS_ARGUMENT : LTPS_OK);
	}
}

Test(ldap_url, url_beyond_the_limit_is_an_argument_error)
{
	static char url[FETCH_URL_MAX + 2];
	memset(url, 'a', sizeof(url) - 1);
	memcpy(url, "ldap://h/x?cACertificate????", 28);
	cr_expect_eq(parse_code(url, NULL), LTPS_ARGUMENT);
}

static struct ldap_url parsed(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ldap_url u = { 0 };
	cr_assert_eq(ldap_url_parse(text, &u, &err), 0, "%s: %s", text, err.text);
	return u;
}

Test(ldap_url, parts_of_a_distribution_point_are_understood)
{
	struct ldap_url u = parsed("ldap://dir.example.test/CN=CA%201,O=M%C3%BCller,"
				   "C=DE?certificateRevocationList;binary?base?"
				   "objectClass=cRLDistributionPoint");
	static const uint8_t filter[] = "\xa3\x23\x04\x0bobjectClass\x04\x14"
					"cRLDistributionPoint";
	cr_expect_not(u.tls);
	cr_expect_str_eq(u.host, "dir.example.test");
	cr_expect_eq(u.port, 389);
	cr_expect_eq(u.scope, LDAP_BASE);
	cr_expect(view_is_text(view_buf(&u.base), "CN=CA 1,O=M\xc3\xbcller,C=DE"));
	cr_expect_eq(u.wanted,
		     ldap_attribute_bit(view_text("certificateRevocationList")));
	cr_expect_eq(u.binary, u.wanted);
	cr_expect(view_equal(view_buf(&u.filter), view_of(filter, sizeof(filter) - 1)));
	ldap_url_free(&u);
}

Test(ldap_url, defaults_and_letter_case_follow_the_specification)
{
	struct ldap_url u = parsed("LDAPS://[2001:db8::1]:1636/?CACERTIFICATE,"
				   "2.5.4.40;Binary?SUB??x-ignored=1,y");
	static const uint8_t present[] = "\x87\x0bobjectClass";
	cr_expect(u.tls);
	cr_expect_str_eq(u.host, "[2001:db8::1]");
	cr_expect_eq(u.port, 1636);
	cr_expect_eq(u.scope, LDAP_SUB);
	cr_expect_eq(u.base.n, 0);
	cr_expect_eq(u.binary, ldap_attribute_bit(view_text("crossCertificatePair")));
	cr_expect_eq(u.wanted,
		     u.binary | ldap_attribute_bit(view_text("cACertificate")));
	cr_expect(
	    view_equal(view_buf(&u.filter), view_of(present, sizeof(present) - 1)));
	ldap_url_free(&u);
	u = parsed("ldaps://h/cn=x?userCertificate?one??"); /* empty parts */
	cr_expect_eq(u.port, 636);
	cr_expect_eq(u.scope, LDAP_ONE);
	ldap_url_free(&u);
}

/* --- filters ------------------------------------------------------------------- */

Test(ldap_url, malformed_filter_is_an_argument_error)
{
	static const char *const filters[] = {
		"(",         "()",        "(a)",     "a",          "=b",
		"(=b)",      "(a=b",      "(a=b))",  "(a=b)(c=d)", "a=b)",
		"a=(b",      "(a=\\)",    "(a=\\4)", "(a=\\zz)",   "(a=**)",
		"(a=x**y)",  "(a>=*)",    "(a~=x*)", "(a>b)",      "(a:=b)",
		"(a:dn:=b)", "(&)",       "(|)",     "(!)",        "(!(a=b)(c=d))",
		"(&(a=b)",   "(&(a=b)x)", "(&a=b)",  "((a=b))",    "(a b=c)",
		"(!a=b)",
	};
	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(1000);
		cr_expect_eq(ldap_filter_encode(view_text(filters[i]), &out, &err), -1,
			     "%s", filters[i]);
		cr_expect_eq(err.code, LTPS_ARGUMENT, "%s: %s", filters[i], err.text);
		buf_free(&out);
	}
}

Test(ldap_url, filter_nested_beyond_the_limit_is_an_argument_error)
{
	for (int depth = LDAP_FILTER_DEPTH_MAX - 1; depth <= LDAP_FILTER_DEPTH_MAX;
	     depth++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(1000);
		char text[128] = "";
		for (int i = 0; i < depth; i++)
			strcat(text, "(!");
		strcat(text, "(a=b)");
		for (int i = 0; i < depth; i++)
			strcat(text, ")");
		const int rc = ldap_filter_encode(view_text(text), &out, &err);
		cr_expect_eq(rc, depth < LDAP_FILTER_DEPTH_MAX ? 0 : -1, "%s", text);
		buf_free(&out);
	}
}

Test(ldap_url, filters_are_encoded_as_the_specification_says)
{
	static const struct {
		const char *text;
		const char *hex;
	} rows[] = {
		{ "", "870b6f626a656374436c617373" },
		{ "(a=b)", "a306040161040162" },
		{ "a=b", "a306040161040162" },
		{ "a=*", "870161" },
		{ "(a=)", "a3050401610400" },
		{ "(a>=1)", "a506040161040131" },
		{ "(a<=1)", "a606040161040131" },
		{ "(a~=1)", "a806040161040131" },
		{ "(a=\\2a\\28\\5C)", "a308040161"
				      "04032a285c" },
		{ "(a=x*)", "a40804016130"
			    "03800178" },
		{ "(a=*x)", "a40804016130"
			    "03820178" },
		{ "(a=x*y*z)", "a40e0401613009800178810179"
			       "82017a" },
		{ "(!(a=b))", "a208a306040161040162" },
		{ "(&(a=b)(|(c=*)(d=*)))", "a010a306040161040162a106870163870164" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(1000);
		char hex[200];
		cr_assert_eq(ldap_filter_encode(view_text(rows[i].text), &out, &err), 0,
			     "%s: %s", rows[i].text, err.text);
		hex_encode(view_buf(&out), hex);
		cr_expect_str_eq(hex, rows[i].hex, "%s: %s", rows[i].text, hex);
		buf_free(&out);
	}
}
