/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/multipart.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TYPE "multipart/form-data; boundary=b"
#define NAMED(name) "Content-Disposition: form-data; name=" name "\r\n"
#define PART(name, body) "--b\r\n" NAMED(name) "\r\n" body "\r\n"

static struct multipart_part parts[MULTIPART_PARTS_MAX];
static size_t n_parts;

static int parse(const char *type, const char *body, struct ltps_error *err)
{
	n_parts = 0;
	return multipart_parse(view_text(type), view_text(body), parts, COUNT(parts),
			       &n_parts, err);
}

static void assert_refused(const char *type, const char *body, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(parse(type, body, &err), -1, "%s\n%s", type, body);
	cr_assert_eq(err.code, code, "%s\n%s\n%s", type, body, err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
}

static void assert_part(size_t i, const char *name, const char *filename,
			const char *body)
{
	cr_assert(view_is_text(parts[i].name, name), "%zu", i);
	cr_assert(view_is_text(parts[i].filename, filename), "%zu", i);
	cr_assert(view_is_text(parts[i].body, body), "%zu: %.*s", i,
		  (int)parts[i].body.n, parts[i].body.p);
}

Test(multipart, another_type_is_unsupported)
{
	static const char *const types[] = { "", "text/plain",
					     "multipart/mixed; boundary=b",
					     "multipart/form-datax; boundary=b" };
	for (size_t i = 0; i < COUNT(types); i++)
		assert_refused(types[i], PART("x", "1") "--b--", LTPS_UNSUPPORTED);
}

Test(multipart, a_boundary_that_cannot_be_used_is_refused)
{
	static const char *const types[] = {
		"multipart/form-data",
		"multipart/form-data;",
		"multipart/form-data; boundary",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"b",
		"multipart/form-data; boundary=\"b \"",
		"multipart/form-data; boundary=\"b\\\"\"",
		"multipart/form-data; boundary=b; boundary=b",
		"multipart/form-data; boundary=\"b\"x",
		/* 71 characters */
		"multipart/form-data; "
		"boundary=01234567890123456789012345678901234567890"
		"123456789012345678901234567890",
	};
	for (size_t i = 0; i < COUNT(types); i++)
		assert_refused(types[i], PART("x", "1") "--b--", LTPS_FORMAT);
}

Test(multipart, a_body_that_is_malformed_is_refused)
{
	static const char *const bodies[] = {
		"",
		"--b",
		"--b--",
		"--b--\r\n",
		"--b\r\n",
		PART("x", "1"),                         /* not closed */
		PART("x", "1") "--b-",                  /* nearly */
		PART("x", "1") "--bb--",                /* another boundary */
		"--b\n" NAMED("x") "\r\n1\r\n--b--",    /* no CRLF behind it */
		"x--b\r\n" NAMED("x") "\r\n1\r\n--b--", /* not at the start of a line */
		"--b\r\n\r\n1\r\n--b--",                /* without a header */
		"--b\r\n" NAMED("x") "1\r\n--b--",      /* header without an end */
		"--b\r\nContent-Type: a/b\r\n\r\n1\r\n--b--", /* without a name */
		"--b\r\n" NAMED("") "\r\n1\r\n--b--",
		"--b\r\n" NAMED("\"\"") "\r\n1\r\n--b--",
		"--b\r\n" NAMED("\"x") "\r\n1\r\n--b--",
		"--b\r\n" NAMED("x; name=y") "\r\n1\r\n--b--",
		"--b\r\n" NAMED("x") NAMED("x") "\r\n1\r\n--b--",
		"--b\r\nContent-Disposition: attachment; name=x\r\n\r\n1\r\n--b--",
		"--b\r\nno colon\r\n" NAMED("x") "\r\n1\r\n--b--",
	};
	for (size_t i = 0; i < COUNT(bodies); i++)
		assert_refused(TYPE, bodies[i], LTPS_FORMAT);
}

Test(multipart, a_transfer_encoding_is_unsupported)
{
	assert_refused(TYPE,
		       "--b\r\n" NAMED("x") "Content-Transfer-Encoding: base64\r\n\r\n"
					    "MQ==\r\n--b--",
		       LTPS_UNSUPPORTED);
}

Test(multipart, more_than_the_limits_is_too_large)
{
	static char body[40000];
	body[0] = '\0';
	for (int i = 0; i <= MULTIPART_PARTS_MAX; i++)
		strcat(body, PART("x", "1"));
	strcat(body, "--b--");
	assert_refused(TYPE, body, LTPS_TOO_LARGE);

	strcpy(body, "--b\r\n");
	for (int i = 0; i <= MULTIPART_FIELDS_MAX; i++)
		strcat(body, "X: y\r\n");
	strcat(body, NAMED("x") "\r\n1\r\n--b--");
	assert_refused(TYPE, body, LTPS_TOO_LARGE);

	/* A line that is longer than all of a header may be. */
	strcpy(body, "--b\r\nX: ");
	memset(body + 8, 'y', MULTIPART_HEADER_MAX);
	strcpy(body + 8 + MULTIPART_HEADER_MAX, "\r\n" NAMED("x") "\r\n1\r\n--b--");
	assert_refused(TYPE, body, LTPS_FORMAT);
}

Test(multipart, parts_are_given_in_their_order)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(
	    parse(TYPE,
		  "--b\r\n" NAMED(
		      "\"document\"; filename=\"a b.p7m\"") "Content-Type: "
							    "application/"
							    "pkcs7-mime\r\n\r\n"
							    "one\r\ntwo\r\n" PART(
								"content",
								"") "--b--\r\n",
		  &err),
	    0, "%s", err.text);
	cr_assert_eq(n_parts, 2);
	assert_part(0, "document", "a b.p7m", "one\r\ntwo");
	assert_part(1, "content", "", "");
}

Test(multipart, what_only_begins_like_a_delimiter_is_content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(
	    parse(TYPE, PART("x", "1\r\n--bc\r\n--b-\r\n--b- -") "--b--", &err), 0,
	    "%s", err.text);
	cr_assert_eq(n_parts, 1);
	assert_part(0, "x", "", "1\r\n--bc\r\n--b-\r\n--b- -");
}

Test(multipart, text_around_and_padding_are_passed_over)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(
	    parse("Multipart/Form-Data; charset=\"a;b\"; Boundary=\"b\";",
		  "before\r\n--b \t\r\n" NAMED("\"x\"") "\r\n1\r\n--b-- \r\nafter "
							"--b\r\n",
		  &err),
	    0, "%s", err.text);
	cr_assert_eq(n_parts, 1);
	assert_part(0, "x", "", "1");
}
