/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/xml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/*
 * Reads to the end and writes what it saw: "<a" starts, its attribute b
 * follows, ">" ends, text plain.
 */
static int trace(struct view in, struct buf *out, struct ltps_error *err)
{
	struct xml_reader *r = NULL;
	enum xml_event event = XML_START;
	int rc = -1;
	if (xml_open(in, &r, err) != 0)
		return -1;
	while (event != XML_DONE) {
		if (xml_next(r, &event, err) != 0)
			goto out;
		if (event == XML_START && (buf_put_text(out, "<", err) != 0 ||
					   buf_put(out, xml_local(r), err) != 0))
			goto out;
		struct view b;
		if (event == XML_START && xml_attr(r, "b", &b) &&
		    buf_put(out, b, err) != 0)
			goto out;
		if (event == XML_END && buf_put_text(out, ">", err) != 0)
			goto out;
		if (event == XML_TEXT && buf_put(out, xml_text(r), err) != 0)
			goto out;
	}
	rc = 0;
out:
	xml_close(r);
	return rc;
}

static void refused(const char *text, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(65536);
	cr_expect_eq(trace(view_text(text), &out, &err), -1, "accepted: %s", text);
	cr_expect_eq(err.code, code, "%s: %s", text, err.text);
	buf_free(&out);
}

static void gives(const char *text, const char *want)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(65536);
	cr_expect_eq(trace(view_text(text), &out, &err), 0, "%s: %s", text, err.text);
	cr_expect(view_is_text(view_buf(&out), want), "%s: %.*s", text, (int)out.n,
		  (const char *)out.p);
	buf_free(&out);
}

Test(xml, what_is_not_well_formed_is_refused)
{
	static const char *const bad[] = {
		"",
		" ",
		"text",
		"<",
		"<a",
		"<a>",
		"<a></b>",
		"<a><b></a></b>",
		"</a>",
		"<a/><b/>",
		"<a/>text",
		"text<a/>",
		"<a b></a>",
		"<a b=c/>",
		"<a b='c/>",
		"<a b='<'/>",
		"<a b='1'c='2'/>",
		"<a b='1' b='2'/>",
		"<1/>",
		"<a:/>",
		"<a:b:c xmlns:a='x'/>",
		"<a>&b;</a>",
		"<a>&</a>",
		"<a>&#0;</a>",
		"<a>&#xD800;</a>",
		"<a>&#x110000;</a>",
		"<a>&#;</a>",
		"<a b='&c;'/>",
		"<a>]]></a>",
		"<!-- -- --><a/>",
		"<!-- --->",
		"<a/><!--",
		"<?xml?><a/>",
		"<a><?xml version='1.0'?></a>",
		"<a><?b</a>",
		"<a>\x01</a>",
		"<a>\xff</a>",
		"<a b='\x02'/>",
		"<a\xff/>",
		"<![CDATA[x]]><a/>",
		"<a><![CDATA[x</a>",
		"< a/>",
		"<a / >",
		"<a b='x' 'c'/>",
		"<a><!ELEMENT b ANY></a>",
		"<?xml version='1.0' encoding='?><a/>",
		"<?xml version='1.0' encoding=''?><a/>",
		"<?xml version='1.0' standalone='perhaps'?><a/>",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], LTPS_FORMAT);
}

Test(xml, namespace_errors_are_refused)
{
	static const char *const bad[] = {
		"<p:a/>",
		"<a p:b='c'/>",
		"<a xmlns:p=''/>",
		"<a xmlns:xml='x'/>",
		"<a xmlns:xmlns='x'/>",
		"<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
		"<a xmlns:p='x' xmlns:q='x' p:b='1' q:b='2'/>",
		"<a xmlns:p='x' xmlns:p='y'/>",
		"<a xmlns='&amp;'/>",
		"<a><b xmlns:p='x'/><p:c/></a>",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(bad[i], LTPS_FORMAT);
}

Test(xml, doctype_and_other_encodings_are_unsupported)
{
	refused("<!DOCTYPE a><a/>", LTPS_UNSUPPORTED);
	refused("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", LTPS_UNSUPPORTED);
	refused("<!DOCTYPE a SYSTEM 'file:///etc/hostname'><a/>", LTPS_UNSUPPORTED);
	refused("<!DOCTYPE a [ this is not even a DTD", LTPS_UNSUPPORTED);
	refused("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", LTPS_UNSUPPORTED);
	refused("<?xml version='1.0' encoding='UTF-16'?><a/>", LTPS_UNSUPPORTED);
	refused("<?xml version='1.0' encoding=\"ISO-2022-JP\" ?><a/>",
		LTPS_UNSUPPORTED);
	refused("<?xml version='1.0' encoding='UTF-8859'?><a/>", LTPS_UNSUPPORTED);
	gives("<?xml version='1.0' encoding='us-ascii' standalone='yes'?><a/>", "<a>");
	gives("<?xml version='1.0'?><a encoding='ISO-8859-1'/>", "<a>");
}

static void many(const char *before, const char *each, size_t n, const char *after,
		 enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf in = buf_make(65536), out = buf_make(65536);
	cr_assert_eq(buf_put_text(&in, before, &err), 0);
	for (size_t i = 0; i < n; i++) {
		char part[64];
		snprintf(part, sizeof(part), "%s%zu='x'", each, i);
		cr_assert_eq(
		    buf_put_text(&in, strcmp(each, "<a>") == 0 ? each : part, &err), 0);
	}
	cr_assert_eq(buf_put_text(&in, after, &err), 0);
	int rc = trace(view_buf(&in), &out, &err);
	cr_expect_eq(rc, code == LTPS_OK ? 0 : -1, "%s %zu: %s", each, n, err.text);
	cr_expect_eq(err.code, code, "%s: %s", each, err.text);
	buf_free(&in);
	buf_free(&out);
}

/* Bytes that no text constant can hold. */
static void bytes_refused(const void *p, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(256);
	cr_expect_eq(trace(view_of(p, n), &out, &err), -1);
	cr_expect_eq(err.code, LTPS_FORMAT, "%s", err.text);
	buf_free(&out);
}

Test(xml, bytes_of_another_encoding_are_refused)
{
	bytes_refused("\xff\xfe<\0a\0/\0>\0", 10);
	bytes_refused("\xfe\xff\0<\0a\0/\0>", 10);
	bytes_refused("<\0a\0/\0>\0", 8);
	bytes_refused("\0\0\0<\0\0\0a\0\0\0/\0\0\0>", 16);
	bytes_refused("\x4c\x6f\xa7\x94", 4); /* EBCDIC */
	bytes_refused("<a>\0</a>", 8);
	bytes_refused("<a/>\0", 5);
	bytes_refused("\0<a/>", 5);
	bytes_refused("<a b='\0'/>", 9);
	bytes_refused("<!--\0--><a/>", 12);
	bytes_refused("<a><![CDATA[\xc3]]></a>", 20);
}

/* before, n times c, after */
static int trace_long(const char *before, size_t n, char c, const char *after,
		      struct buf *out, struct ltps_error *err)
{
	struct buf in = buf_make(n + 256);
	cr_assert_eq(buf_put_text(&in, before, err), 0);
	cr_assert_eq(buf_reserve(&in, n, err), 0);
	memset(in.p + in.n, c, n);
	in.n += n;
	cr_assert_eq(buf_put_text(&in, after, err), 0);
	int rc = trace(view_buf(&in), out, err);
	buf_free(&in);
	return rc;
}

Test(xml, markup_is_limited_and_text_is_not)
{
	static const struct {
		const char *before;
		const char *after;
		bool text;
	} cases[] = {
		{ "<a>", "</a>", true },        { "<a><![CDATA[", "]]></a>", false },
		{ "<a b='", "'/>", false },     { "<!--", "--><a/>", false },
		{ "<a><?b ", "?></a>", false }, { "<a", "/>", false },
		{ "<a", "></a>", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make((size_t)12 << 20);
		size_t n = cases[i].text ? (size_t)11 << 20 : 2 * XML_MARKUP_MAX;
		char c =
		    cases[i].before[strlen(cases[i].before) - 1] == 'a' ? ' ' : 'x';
		int rc = trace_long(cases[i].before, n, c, cases[i].after, &out, &err);
		cr_expect_eq(rc, cases[i].text ? 0 : -1, "%s: %s", cases[i].before,
			     err.text);
		cr_expect_eq(err.code, cases[i].text ? LTPS_OK : LTPS_TOO_LARGE,
			     "%s: %s", cases[i].before, err.text);
		cr_expect(!cases[i].text || out.n == n + 3, "%zu", out.n);
		/* Half of the limit is within it. */
		ltps_error_clear(&err);
		buf_clear(&out);
		cr_expect_eq(trace_long(cases[i].before, XML_MARKUP_MAX / 2, c,
					cases[i].after, &out, &err),
			     0, "%s: %s", cases[i].before, err.text);
		buf_free(&out);
	}
}

Test(xml, only_what_stands_before_an_error_is_told)
{
	static const char *const cases[][2] = {
		{ "<a>x<p:b/>y<c/>z</a>", "<ax" },
		{ "<a", "" },
		{ "<a b='1'", "" },
		{ "<a \x01", "" },
		{ "<a>x<c b='1'\x02></a>", "<ax" },
		{ "<a><c></c x></a>", "<a<c" },
		{ "<a>x<c $></a>", "<ax" },
		{ "<a><c b='1' b='2'/></a>", "<a" },
		{ "<a/>x", "<a>" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(256);
		cr_expect_eq(trace(view_text(cases[i][0]), &out, &err), -1);
		cr_expect(view_is_text(view_buf(&out), cases[i][1]), "%s: %.*s",
			  cases[i][0], (int)out.n, (const char *)out.p);
		buf_free(&out);
	}
}

Test(xml, names_are_limited)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf in = buf_make((size_t)1 << 20), out = buf_make((size_t)1 << 20);
	cr_expect_eq(trace_long("<a", 60000, 'x', "/>", &out, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE, "%s", err.text);
	ltps_error_clear(&err);
	cr_assert_eq(buf_put_text(&in, "<a>", &err), 0);
	for (int i = 0; i < XML_NAMES_MAX / 4; i++)
		cr_assert_eq(buf_put_fmt(&in, &err, "<b%x/>", i), 0);
	cr_expect_eq(trace(view_buf(&in), &out, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE, "%s", err.text);
	buf_free(&in);
	buf_free(&out);
}

Test(xml, error_names_line_and_offset)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(256);
	cr_expect_eq(trace(view_text("<a>\n<b>\n</c>\n</a>"), &out, &err), -1);
	cr_expect_str_eq(err.where, "line 3, offset 12");
	cr_expect(strncmp(err.text, "XML: ", 5) == 0, "%s", err.text);
	cr_expect_null(strchr(err.text, '?'), "%s", err.text);
	/* What stands before the error was told. */
	cr_expect(view_is_text(view_buf(&out), "<a\n<b\n"));
	buf_free(&out);
}

Test(xml, limits_hold)
{
	many("", "<a>", XML_DEPTH_MAX + 1, "", LTPS_TOO_LARGE);
	many("<a", " b", XML_ATTRS_MAX + 1, "/>", LTPS_TOO_LARGE);
	many("<a", " b", XML_ATTRS_MAX, "/>", LTPS_OK);
	many("<a", " xmlns:b", XML_BINDINGS_MAX + 1, "/>", LTPS_TOO_LARGE);
	many("<a xmlns:c='x'><d", " xmlns:b", XML_BINDINGS_MAX, "/></a>",
	     LTPS_TOO_LARGE);
	many("<a><c xmlns:c='x'/><d", " xmlns:b", XML_BINDINGS_MAX, "/></a>", LTPS_OK);
	many("<a", " xmlns:b", XML_BINDINGS_MAX, "/>", LTPS_OK);
}

Test(xml, events_come_in_their_order)
{
	gives("<a/>", "<a>");
	gives("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\n<!-- c --><?p "
	      "q?><a> b "
	      "</a>\n<!-- d -->",
	      "<a b >");
	gives("<a>1<b/>2<c>3</c >4</a>", "<a1<b>2<c3>4>");
	gives("<a>&lt;&#65;&#x20AC;&amp;</a>", "<a<A\xe2\x82\xac&>");
	gives("<a><![CDATA[<&>]]></a>", "<a<&>>");
	gives("<p:a xmlns:p='x'><p:b/></p:a>", "<a<b>>");
	gives("<p:a xmlns:p='no URI'><p:b/></p:a>", "<a<b>>");
}

Test(xml, names_are_resolved_in_their_scope)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct xml_reader *r = NULL;
	enum xml_event event;
	struct view value;
	cr_assert_eq(xml_open(view_text("<a xmlns='u' b='1'><p:c xmlns:p='v' xmlns=''>"
					"<d p:b='2' b='&lt;'/></p:c><e/></a>"),
			      &r, &err),
		     0);
	cr_assert_eq(xml_next(r, &event, &err), 0);
	cr_expect(xml_is(r, "u", "a"));
	cr_expect_eq(xml_depth(r), 1);
	cr_expect(xml_attr(r, "b", &value));
	cr_expect(view_is_text(value, "1"));
	cr_expect_not(xml_attr(r, "xmlns", &value));
	cr_assert_eq(xml_next(r, &event, &err), 0);
	cr_expect(xml_is(r, "v", "c"));
	cr_assert_eq(xml_next(r, &event, &err), 0);
	cr_expect(xml_is(r, "", "d"));
	cr_expect(xml_attr(r, "b", &value));
	cr_expect(view_is_text(value, "<"));
	cr_assert_eq(xml_skip(r, &err), 0);
	cr_assert_eq(xml_next(r, &event, &err), 0);
	cr_expect_eq(event, XML_END);
	cr_expect(xml_is(r, "v", "c"));
	cr_assert_eq(xml_next(r, &event, &err), 0);
	cr_expect(xml_is(r, "u", "e"));
	xml_close(r);
}

Test(xml, collected_text_may_hold_no_element)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct xml_reader *r = NULL;
	enum xml_event event;
	struct buf out = buf_make(16);
	cr_assert_eq(xml_open(view_text("<a>x<b/></a>"), &r, &err), 0);
	cr_assert_eq(xml_next(r, &event, &err), 0);
	cr_expect_eq(xml_collect(r, &out, &err), -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
	xml_close(r);
	buf_free(&out);
}

/* Puts `raw` into an attribute and into an element and reads both. */
static void reads_as(struct view raw, const char *attr, const char *content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf in = buf_make(512), out = buf_make(512);
	struct xml_reader *r = NULL;
	enum xml_event event;
	struct view value;
	cr_assert_eq(buf_put_fmt(&in, &err, "<a b='%.*s'>%.*s</a>", (int)raw.n, raw.p,
				 (int)raw.n, raw.p),
		     0);
	cr_assert_eq(xml_open(view_buf(&in), &r, &err), 0);
	cr_assert_eq(xml_next(r, &event, &err), 0, "%s", err.text);
	cr_assert(xml_attr(r, "b", &value));
	cr_expect(view_is_text(value, attr), "%.*s", (int)value.n,
		  (const char *)value.p);
	cr_assert_eq(xml_collect(r, &out, &err), 0, "%s", err.text);
	cr_expect(view_is_text(view_buf(&out), content), "%.*s", (int)out.n,
		  (const char *)out.p);
	xml_close(r);
	buf_free(&in);
	buf_free(&out);
}

Test(xml, references_are_resolved_once)
{
	static const char *const cases[][2] = {
		{ "&amp;", "&" },         { "&amp;#38;", "&#38;" },
		{ "&#38;#38;", "&#38;" }, { "&#x26;amp;", "&amp;" },
		{ "&amp;&amp;", "&&" },   { "&lt;&gt;&quot;&apos;", "<>\"'" },
		{ "&#38;lt;", "&lt;" },   { "x&#x10FFFF;y", "x\xf4\x8f\xbf\xbfy" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		reads_as(view_text(cases[i][0]), cases[i][1], cases[i][1]);
}

Test(xml, line_ends_are_normalised)
{
	reads_as(view_text("a\r\nb\rc\td"), "a b c d", "a\nb\nc\td");
}

Test(xml, escaped_text_reads_back)
{
	static const char text[] = "a<b>&\"c'\n\r\t\xc3\xa9";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf esc = buf_make(256);
	cr_assert_eq(xml_put_escaped(&esc, view_text(text), &err), 0);
	cr_expect_null(memchr(esc.p, '<', esc.n));
	cr_expect_null(memchr(esc.p, '"', esc.n));
	reads_as(view_buf(&esc), text, text);
	cr_expect_eq(xml_put_escaped(&esc, view_text("\x01"), &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	buf_free(&esc);
}

/* Each allocation fails in turn: an error, or what is read without failures. */
Test(xml, failing_allocation_is_nomem)
{
#define MORE "<c b='2' p:f='3' g='4' h='5'/>x"
	/* Enough for the queue to grow. */
	static const char text[] =
	    "<?xml version='1.0'?><p:a xmlns:p='u' b='&amp;&lt;1'>"
	    "x&gt;<!-- c --><?d e?><![CDATA[y]]>" MORE MORE MORE MORE MORE MORE MORE
		MORE MORE MORE MORE MORE "</p:a>";
	static const char bad[] = "<a xmlns:p=':'><p:b></a>";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf want = buf_make(256);
	cr_assert_eq(trace(view_text(text), &want, &err), 0);
	for (int round = 0; round < 2; round++) {
		bool hit = true;
		for (uint64_t n = 1; hit; n++) {
			struct buf out = buf_make(256);
			ltps_error_clear(&err);
			mem_fail_nth(n);
			int rc = trace(view_text(round == 0 ? text : bad), &out, &err);
			hit = mem_fail_hit();
			mem_fail_nth(0);
			if (rc != 0)
				cr_expect(err.code == LTPS_NOMEM ||
					      (round == 1 && err.code == LTPS_FORMAT),
					  "%d %d: %s", round, (int)n, err.text);
			cr_expect(round == 1 ||
				      view_starts(view_buf(&want), view_buf(&out)),
				  "%d: %.*s", (int)n, (int)out.n, (const char *)out.p);
			cr_expect(rc != 0 || (round == 0 && out.n == want.n), "%d",
				  (int)n);
			buf_free(&out);
		}
	}
	buf_free(&want);
}

Test(xml, digest_names_map_both_ways)
{
	for (int i = DIGEST_SHA1; i < DIGEST_ALG_COUNT; i++) {
		const char *uri = xml_digest_uri((enum digest_alg)i);
		cr_assert_not_null(uri);
		cr_expect_eq((int)xml_digest_from_uri(view_text(uri)), i);
	}
	cr_expect_eq(xml_digest_from_uri(view_text("urn:oid:2.16.840.1.101.3.4.2.1")),
		     DIGEST_SHA256);
	cr_expect_eq(xml_digest_from_uri(view_text("urn:oid:1.2.3")), DIGEST_NONE);
	cr_expect_null(xml_digest_uri(DIGEST_NONE));
	cr_expect_null(xml_digest_uri(DIGEST_ALG_COUNT));
}
