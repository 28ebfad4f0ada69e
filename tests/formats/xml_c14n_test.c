/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml_c14n.h"

#include <criterion/criterion.h>

static int put(void *arg, struct view v, struct ltps_error *err)
{
	return buf_put(arg, v, err);
}

static bool inclusive;

/* The element <c> of the document, or its root. */
static int canonical(const char *text, struct buf *out, struct ltps_error *err)
{
	struct xml_reader *r = NULL;
	enum xml_event event = XML_TEXT;
	const struct xml_c14n to = { .put = put, .arg = out, .inclusive = inclusive };
	int rc = -1;
	cr_assert_eq(xml_open(view_text(text), &r, err), 0);
	while (event != XML_DONE) {
		if (xml_next(r, &event, err) != 0)
			goto out;
		if (event == XML_START && view_is_text(xml_local(r), "c") &&
		    xml_c14n_element(r, &to, err) != 0)
			goto out;
	}
	rc = 0;
out:
	xml_close(r);
	return rc;
}

static void gives(const char *text, const char *want)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(65536);
	cr_expect_eq(canonical(text, &out, &err), 0, "%s: %s", text, err.text);
	cr_expect(view_is_text(view_buf(&out), want), "%s: %.*s", text, (int)out.n,
		  (const char *)out.p);
	buf_free(&out);
}

Test(xml_c14n, what_is_not_well_formed_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(65536);
	cr_expect_eq(canonical("<c><a></c>", &out, &err), -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
	buf_free(&out);
}

Test(xml_c14n, a_sink_that_is_full_ends_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(5);
	cr_expect_eq(canonical("<c>1234567</c>", &out, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&out);
}

/* Exclusive XML Canonicalization 1.0, 2.2: the element of its example. */
Test(xml_c14n, only_namespaces_in_use_are_written)
{
	gives("<n0:local xmlns:n0=\"foo:bar\" xmlns:n3=\"ftp://example.org\">"
	      "<n1:c xmlns:n1=\"http://example.net\" xml:lang=\"en\">"
	      "<n3:stuff xmlns:n3=\"ftp://example.org\"/></n1:c></n0:local>",
	      "<n1:c xmlns:n1=\"http://example.net\" xml:lang=\"en\">"
	      "<n3:stuff xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:c>");
	gives("<a xmlns=\"u:d\" xmlns:p=\"u:p\" xmlns:q=\"u:q\"><c><p:x/><p:x>"
	      "<p:y q:z=\"\"/></p:x></c></a>",
	      "<c xmlns=\"u:d\"><p:x xmlns:p=\"u:p\"></p:x><p:x xmlns:p=\"u:p\">"
	      "<p:y xmlns:q=\"u:q\" q:z=\"\"></p:y></p:x></c>");
	/* The default is undone, and not undone twice. */
	gives("<c xmlns=\"u:d\"><a xmlns=\"\"><b/></a></c>",
	      "<c xmlns=\"u:d\"><a xmlns=\"\"><b></b></a></c>");
	gives("<a><c/></a>", "<c></c>");
	/* A prefix that is bound anew. */
	gives("<p:c xmlns:p=\"u:1\"><p:a xmlns:p=\"u:2\"><p:b xmlns:p=\"u:1\"/></p:a>"
	      "<p:a/></p:c>",
	      "<p:c xmlns:p=\"u:1\"><p:a xmlns:p=\"u:2\"><p:b xmlns:p=\"u:1\"></p:b>"
	      "</p:a><p:a></p:a></p:c>");
}

Test(xml_c14n, attributes_are_ordered_by_namespace_and_name)
{
	gives(
	    "<c xmlns:a=\"u:2\" xmlns:b=\"u:1\" z='1' a:m='2' b:n='3' y='4' a:l='5'/>",
	    "<c xmlns:a=\"u:2\" xmlns:b=\"u:1\" y=\"4\" z=\"1\" b:n=\"3\" a:l=\"5\" "
	    "a:m=\"2\"></c>");
}

Test(xml_c14n, characters_are_escaped_as_the_form_has_it)
{
	gives(
	    "<c a=\"&lt;&gt;&amp;&quot;'&#9;&#10;&#13; \t\n\">&lt;&gt;&amp;\"'&#13;\r\n"
	    "<![CDATA[<&>]]><!-- gone --><?gone too?></c>",
	    "<c a=\"&lt;>&amp;&quot;'&#x9;&#xA;&#xD;   \">&lt;&gt;&amp;\"'&#xD;\n"
	    "&lt;&amp;&gt;</c>");
	gives("<c>\xc3\xa9&#xe9;&#x1F600;</c>",
	      "<c>\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80</c>");
}

/* ---- Canonical XML 1.0 ---- */

TestSuite(xml_c14n_inclusive);

static void gives_inclusive(const char *text, const char *want)
{
	inclusive = true;
	gives(text, want);
}

/* Exclusive XML Canonicalization 1.0, 2.2: what its example shows of the other form. */
Test(xml_c14n_inclusive, what_is_declared_around_the_element_is_declared_on_it)
{
	gives_inclusive("<n0:local xmlns:n0=\"foo:bar\" xmlns:n3=\"ftp://example.org\">"
			"<n1:c xmlns:n1=\"http://example.net\" xml:lang=\"en\">"
			"<n3:stuff xmlns:n3=\"ftp://example.org\"/></n1:c></n0:local>",
			"<n1:c xmlns:n0=\"foo:bar\" xmlns:n1=\"http://example.net\" "
			"xmlns:n3=\"ftp://example.org\" xml:lang=\"en\">"
			"<n3:stuff></n3:stuff></n1:c>");
	/* Used or not, by prefix, the default first; what ended before is not there. */
	gives_inclusive("<a xmlns:q=\"u:q\" xmlns=\"u:d\"><b xmlns:z=\"u:z\"/>"
			"<p:x xmlns:p=\"u:p\"><c/></p:x></a>",
			"<c xmlns=\"u:d\" xmlns:p=\"u:p\" xmlns:q=\"u:q\"></c>");
}

Test(xml_c14n_inclusive, an_inner_declaration_hides_an_outer_one)
{
	gives_inclusive("<a xmlns:p=\"u:1\" xmlns=\"u:d\"><b xmlns:p=\"u:2\" "
			"xmlns=\"u:e\"><c/></b></a>",
			"<c xmlns=\"u:e\" xmlns:p=\"u:2\"></c>");
	/* A default that was undone is none. */
	gives_inclusive("<a xmlns=\"u:d\"><b xmlns=\"\"><c/></b></a>", "<c></c>");
	gives_inclusive("<a xmlns=\"u:d\"><c xmlns=\"\"><b/></c></a>",
			"<c><b></b></c>");
}

Test(xml_c14n_inclusive, below_the_element_only_what_is_new_is_declared)
{
	gives_inclusive("<c xmlns=\"u:d\" xmlns:p=\"u:1\"><a xmlns=\"u:d\" "
			"xmlns:p=\"u:1\" xmlns:q=\"u:q\"/><a xmlns=\"\"><b xmlns=\"\"/>"
			"</a><p:b xmlns:p=\"u:2\"><p:a xmlns:p=\"u:1\"/></p:b></c>",
			"<c xmlns=\"u:d\" xmlns:p=\"u:1\"><a xmlns:q=\"u:q\"></a>"
			"<a xmlns=\"\"><b></b></a><p:b xmlns:p=\"u:2\">"
			"<p:a xmlns:p=\"u:1\"></p:a></p:b></c>");
}

Test(xml_c14n_inclusive, attributes_xml_around_the_element_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(65536);
	inclusive = true;
	cr_expect_eq(canonical("<a xml:lang=\"en\"><b><c/></b></a>", &out, &err), -1);
	cr_expect_eq(err.code, LTPS_UNSUPPORTED);
	buf_free(&out);
	/* Beside it they are nothing to it, nor on it. */
	gives_inclusive("<a><b xml:lang=\"en\"/><b><c xml:space=\"preserve\"/></b></a>",
			"<c xml:space=\"preserve\"></c>");
	inclusive = false;
	gives("<a xml:lang=\"en\"><c/></a>", "<c></c>");
}
