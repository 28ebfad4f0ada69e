/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "base/xmlw.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct xmlw_namespace spaces[] = {
	{ "a", "urn:a" },
	{ "b", "urn:b&\"<" },
};

static void assert_written(struct xmlw *x, const char *expected)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *s = "";
	cr_assert_eq(xmlw_end(x, &err), 0, "%s", err.text);
	cr_assert_eq(buf_text(x->out, &s, &err), 0);
	cr_assert_str_eq(s, expected);
}

/* ---- misuse ---- */

static void nothing(struct xmlw *x)
{
	(void)x;
}

static void not_closed(struct xmlw *x)
{
	xmlw_open(x, "a:r");
}

static void closed_twice(struct xmlw *x)
{
	xmlw_element(x, "a:r", "");
	xmlw_close(x);
}

static void two_roots(struct xmlw *x)
{
	xmlw_element(x, "a:r", "");
	xmlw_element(x, "a:r", "");
}

static void unknown_prefix(struct xmlw *x)
{
	xmlw_element(x, "c:r", "");
}

static void no_prefix(struct xmlw *x)
{
	xmlw_element(x, "r", "");
}

static void longer_prefix(struct xmlw *x)
{
	xmlw_element(x, "ab:r", "");
}

static void text_outside(struct xmlw *x)
{
	xmlw_text(x, view_text("x"));
}

static void attribute_behind_text(struct xmlw *x)
{
	xmlw_open(x, "a:r");
	xmlw_text(x, view_text("x"));
	xmlw_attribute(x, "n", view_text("1"));
	xmlw_close(x);
}

static void attributes_out_of_order(struct xmlw *x)
{
	xmlw_open(x, "a:r");
	xmlw_attribute(x, "n", view_text("1"));
	xmlw_attribute(x, "m", view_text("1"));
	xmlw_close(x);
}

static void attribute_twice(struct xmlw *x)
{
	xmlw_open(x, "a:r");
	xmlw_attribute(x, "n", view_text("1"));
	xmlw_attribute(x, "n", view_text("1"));
	xmlw_close(x);
}

static void too_deep(struct xmlw *x)
{
	for (int i = 0; i <= XMLW_DEPTH_MAX; i++)
		xmlw_open(x, "a:r");
	for (int i = 0; i <= XMLW_DEPTH_MAX; i++)
		xmlw_close(x);
}

Test(xmlw, misuse_is_our_own_error)
{
	void (*const wrong[])(struct xmlw *) = { nothing,
						 not_closed,
						 closed_twice,
						 two_roots,
						 unknown_prefix,
						 no_prefix,
						 longer_prefix,
						 text_outside,
						 attribute_behind_text,
						 attributes_out_of_order,
						 attribute_twice,
						 too_deep };
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(10000);
		struct xmlw x = xmlw_to(&out, spaces, COUNT(spaces));
		wrong[i](&x);
		cr_assert_eq(xmlw_end(&x, &err), -1, "%zu", i);
		cr_assert_eq(err.code, LTPS_INTERNAL, "%zu", i);
		cr_assert_eq(err.fault, LTPS_FAULT_SELF, "%zu", i);
		buf_free(&out);
	}
}

Test(xmlw, too_long_for_the_buffer_is_said_at_the_end)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(20);
	struct xmlw x = xmlw_to(&out, spaces, COUNT(spaces));
	xmlw_element(&x, "a:r", "text that is too long");
	cr_assert_eq(xmlw_end(&x, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&out);
}

/* ---- the form ---- */

Test(xmlw, namespaces_are_declared_where_they_are_used_first)
{
	struct buf out = buf_make(10000);
	struct xmlw x = xmlw_to(&out, spaces, COUNT(spaces));
	xmlw_open(&x, "a:r");
	xmlw_element(&x, "b:x", "");
	xmlw_open(&x, "b:y");
	xmlw_element(&x, "a:z", "");
	xmlw_element(&x, "b:z", "");
	xmlw_close(&x);
	xmlw_close(&x);
	assert_written(&x, "<a:r xmlns:a=\"urn:a\">"
			   "<b:x xmlns:b=\"urn:b&amp;&quot;&lt;\"></b:x>"
			   "<b:y xmlns:b=\"urn:b&amp;&quot;&lt;\"><a:z></a:z>"
			   "<b:z></b:z></b:y></a:r>");
	buf_free(&out);
}

Test(xmlw, text_is_escaped_as_the_canonical_form_wants)
{
	struct buf out = buf_make(10000);
	struct xmlw x = xmlw_to(&out, spaces, COUNT(spaces));
	xmlw_open(&x, "a:r");
	xmlw_attribute(&x, "n", view_text("<>&\"'\t\n\r"));
	xmlw_text(&x, view_text("<>&\"'\t\n\r]]>"));
	xmlw_close(&x);
	assert_written(&x,
		       "<a:r xmlns:a=\"urn:a\" n=\"&lt;>&amp;&quot;'&#x9;&#xA;&#xD;\">"
		       "&lt;&gt;&amp;\"'\t\n&#xD;]]&gt;</a:r>");
	buf_free(&out);
}

Test(xmlw, what_is_no_character_becomes_the_replacement_character)
{
	/* NUL, ESC, half a sequence, a surrogate, U+FFFE, U+FFFF, overlong; then some
	 * that are characters: U+FFFD, U+FFBE, U+10FFFF. */
	static const char bytes[] = "\0\x1b\xc3|\xed\xa0\x80|\xef\xbf\xbe|\xef\xbf\xbf|"
				    "\xc0\x80|\xef\xbf\xbd\xef\xbe\xbe\xf4\x8f\xbf\xbf";
#define R "\xef\xbf\xbd"
	struct buf out = buf_make(10000);
	struct xmlw x = xmlw_to(&out, spaces, COUNT(spaces));
	xmlw_open(&x, "a:r");
	xmlw_text(&x, view_of(bytes, sizeof(bytes) - 1));
	xmlw_close(&x);
	assert_written(&x, "<a:r xmlns:a=\"urn:a\">" R R R "|" R R R "|" R R R "|" R R R
			   "|" R R "|" R "\xef\xbe\xbe\xf4\x8f\xbf\xbf</a:r>");
	buf_free(&out);
}

Test(xmlw, values_have_the_forms_of_the_schema)
{
	struct buf out = buf_make(10000);
	struct xmlw x = xmlw_to(&out, spaces, COUNT(spaces));
	xmlw_open(&x, "a:r");
	xmlw_element_bool(&x, "a:b", true);
	xmlw_element_time(&x, "a:t", 0);
	/* The year 0000 is none in XML Schema 1.0. */
	xmlw_element_time(&x, "a:t", INT64_C(-62167219200000));
	xmlw_element_base64(&x, "a:d", view_text("a"));
	xmlw_close(&x);
	assert_written(&x,
		       "<a:r xmlns:a=\"urn:a\"><a:b>true</a:b>"
		       "<a:t>1970-01-01T00:00:00Z</a:t><a:t>0001-01-01T00:00:00Z</a:t>"
		       "<a:d>YQ==</a:d></a:r>");
	buf_free(&out);
}
