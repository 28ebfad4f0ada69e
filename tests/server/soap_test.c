/* SPDX-License-Identifier: Apache-2.0 */
/* Whole SOAP calls over a real domain, and the form of the answers. */
#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/xml.h"
#include "server/result.h"
#include "server/soap.h"
#include "tests/support/ltp_kit.h"

#define SOAP "application/soap+xml"
#define V112 "http://uri.etsi.org/19512/v1.1.2#"
#define V121 "http://uri.etsi.org/19512/v1.2.1#"
#define ENVELOPE(content)                                                              \
	"<e:Envelope xmlns:e=\"" SOAP_NS_ENV "\"><e:Body>" content                     \
	"</e:Body></e:Envelope>"
#define OP(name, content)                                                              \
	ENVELOPE("<" name " xmlns=\"" V112 "\" RequestID=\"r\">" content "</" name ">")

static struct ltp_kit kit;
static struct api_call call;
static struct ltp_room room; /* for the next calls */
static sem_t committed;

static void on_later(struct api_call *c)
{
	(void)c;
	sem_post(&committed);
}

static void ask_view(const char *type, struct view text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	api_clear(&call);
	call = (struct api_call){ .binding = &api_soap_binding,
				  .op_unknown = true,
				  .content_type = view_text(type),
				  .ltp = kit.ltp,
				  .request_id = "1",
				  .caller = { "", "tester" },
				  .later = on_later,
				  .room = room };
	call.body = buf_make(1 << 22);
	cr_assert_eq(buf_put(&call.body, text, &err), 0);
	if (!api_run(&call, kit.w)) {
		while (sem_wait(&committed) != 0)
			;
		api_finish(&call);
	}
}

/* Carries out one call; its answer as text, until the next. */
static const char *ask(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *answer = "";
	ask_view(SOAP, view_text(text));
	cr_assert_eq(buf_text(&call.answer, &answer, &err), 0);
	return answer;
}

static void start(void)
{
	cr_assert_eq(sem_init(&committed, 0, 0), 0);
	ltp_kit_start(&kit, NULL);
}

static void stop(void)
{
	api_clear(&call);
	ltp_kit_stop(&kit);
}

static bool has(const char *answer, const char *part)
{
	return strstr(answer, part) != NULL;
}

static bool well_formed(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct xml_reader *r = NULL;
	enum xml_event event = XML_START;
	int rc = xml_open(view_text(text), &r, &err);
	while (rc == 0 && event != XML_DONE)
		rc = xml_next(r, &event, &err);
	xml_close(r);
	return rc == 0;
}

/* What stands between two texts. */
static void between(const char *answer, const char *from, const char *to, char *out,
		    size_t out_size)
{
	const char *p = strstr(answer, from);
	cr_assert_not_null(p, "%s: %s", from, answer);
	p += strlen(from);
	const char *end = strstr(p, to);
	cr_assert_not_null(end, "%s", answer);
	snprintf(out, out_size, "%.*s", (int)(end - p), p);
}

#define ERROR(name)                                                                    \
	"<dsb:ResultMinor>http://uri.etsi.org/19512/error/" name "</dsb:ResultMinor>"

TestSuite(soap, .init = start, .fini = stop);

Test(soap, faults_tell_their_code_and_have_their_status)
{
	static const struct {
		const char *text;
		int status;
		const char *has[3];
	} cases[] = {
		{ "<",
		  400,
		  { "<env:Value>env:Sender</env:Value>", "<env:Text xml:lang=" } },
		{ "<!DOCTYPE a><a/>", 400, { "env:Sender", "DOCTYPE" } },
		{ ENVELOPE("<RetrieveInfo xmlns=\"u:x\"/>"),
		  400,
		  { "env:Sender", "u:x" } },
		{ "<a:Envelope xmlns:a=\"u:x\"/>",
		  500,
		  { "<env:Value>env:VersionMismatch</env:Value>",
		    "<env:Upgrade><env:SupportedEnvelope qname=\"s:Envelope\" "
		    "xmlns:s=\"" SOAP_NS_ENV "\">" } },
		{ "<a:Envelope xmlns:a=\"" SOAP_NS_ENV_11 "\"/>",
		  500,
		  { "<faultcode>env:VersionMismatch</faultcode>",
		    "<env:Envelope xmlns:env=\"" SOAP_NS_ENV_11 "\">", "Upgrade" } },
		{ "<e:Envelope xmlns:e=\"" SOAP_NS_ENV
		  "\"><e:Header><h:x xmlns:h=\"u:h\" "
		  "e:mustUnderstand=\"1\"/></e:Header><e:Body/></e:Envelope>",
		  500,
		  { "<env:Value>env:MustUnderstand</env:Value>",
		    "<env:NotUnderstood qname=\"b:x\" xmlns:b=\"u:h\">" } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *a = ask(cases[i].text);
		cr_expect_eq(call.status, cases[i].status, "%zu: %s", i, a);
		cr_expect_eq(call.outcome, API_REFUSED, "%zu", i);
		cr_expect(well_formed(a), "%zu: %s", i, a);
		for (size_t k = 0; k < 3 && cases[i].has[k] != NULL; k++)
			cr_expect(has(a, cases[i].has[k]), "%zu: %s", i, a);
		cr_expect_str_eq(api_media_type(&call),
				 i == 4 ? "text/xml; charset=utf-8" : SOAP_MEDIA_TYPE);
	}
}

Test(soap, refusals_tell_minor_and_echo_the_request)
{
	static const struct {
		const char *text;
		const char *response, *minor;
	} cases[] = {
		{ OP("PreservePO", ""), "PreservePOResponse", ERROR("parameterError") },
		{ OP("PreservePO", "<Profile>urn:none</Profile><PO MimeType=\"a/b\">"
				   "<binaryData>QQ==</binaryData></PO>"),
		  "PreservePOResponse", ERROR("parameterError") },
		{ OP("RetrieveInfo", "<Profile>urn:none</Profile>"),
		  "RetrieveInfoResponse", ERROR("parameterError") },
		{ OP("RetrievePO", "<POID>none</POID>"), "RetrievePOResponse",
		  ERROR("unknownPOID") },
		{ OP("DeletePO", "<POID>none</POID>"), "DeletePOResponse",
		  ERROR("unknownPOID") },
		{ OP("RetrieveTrace", "<POID>none</POID>"), "RetrieveTraceResponse",
		  ERROR("unknownPOID") },
		{ OP("ValidateEvidence", ""), "ValidateEvidenceResponse",
		  ERROR("parameterError") },
		{ OP("UpdatePOC", "<POID>none</POID><DeltaPOC><binaryData>QQ=="
				  "</binaryData></DeltaPOC>"),
		  "UpdatePOCResponse", ERROR("notSupported") },
		{ OP("Search", "<Filter>x</Filter>"), "SearchResponse",
		  ERROR("notSupported") },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char start_tag[200];
		const char *a = ask(cases[i].text);
		snprintf(start_tag, sizeof(start_tag),
			 "<pres:%s xmlns:pres=\"" V112 "\" RequestID=\"r\">"
			 "<dsb:Result xmlns:dsb=",
			 cases[i].response);
		cr_expect_eq(call.status, 200, "%zu: %s", i, a);
		cr_expect(has(a, start_tag), "%zu: %s", i, a);
		cr_expect(has(a, cases[i].minor), "%zu: %s", i, a);
		cr_expect(has(a, "resultmajor:RequesterError<"), "%zu: %s", i, a);
		cr_expect_eq(has(a, "<pres:Trace>"), i == 5, "%zu: %s", i, a);
		cr_expect_eq(call.outcome, API_REFUSED, "%zu", i);
		cr_expect(well_formed(a), "%zu: %s", i, a);
	}
}

static bool no_room(void *arg, size_t n)
{
	(void)arg;
	(void)n;
	return false;
}

Test(soap, what_has_no_room_passes_by_as_a_fault_of_the_receiver)
{
	room = (struct ltp_room){ .take = no_room, .max = 1 << 30 };
	const char *a = ask(OP("PreservePO", "<Profile>" KIT_PROFILE
					     "</Profile><PO MimeType=\"a/b\"><xmlData>"
					     "<a xmlns=\"u:x\"/></xmlData></PO>"));
	cr_expect_eq(call.status, 503, "%s", a);
	cr_expect_eq(call.outcome, API_FAILED);
	cr_expect(has(a, "<env:Value>env:Receiver</env:Value>"), "%s", a);
	room = (struct ltp_room){ .take = NULL };
}

static void preserve(const char *pos, char poid[64])
{
	char text[4096];
	snprintf(text, sizeof(text),
		 OP("PreservePO", "<Profile>" KIT_PROFILE "</Profile>%s"), pos);
	const char *a = ask(text);
	cr_assert(has(a, "resultmajor:Success<"), "%s", a);
	cr_expect(call.ingested);
	between(a, "<pres:POID>", "</pres:POID>", poid, 64);
}

static const char *retrieve(const char *poid, const char *subject)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 OP("RetrievePO",
		    "<POID>%s</POID><SubjectOfRetrieval>%s</SubjectOfRetrieval>"),
		 poid, subject);
	return ask(text);
}

Test(soap, submitted_objects_come_back_byte_for_byte)
{
	char poid[64], text[1024];
	preserve(
	    "<PO MimeType=\"a/&lt;b&#34;\" ID=\"a\"><binaryData>AAEC//8=</binaryData>"
	    "</PO><PO MimeType=\"a/b\" ID=\"b\" RelatedObjects=\"a\"><binaryData>QQ=="
	    "</binaryData></PO>",
	    poid);
	const char *a = retrieve(poid, "PO");
	cr_expect(has(a, "<pres:PO ID=\"a\" MimeType=\"a/&lt;b&quot;\">"
			 "<pres:binaryData>AAEC//8=</pres:binaryData></pres:PO>"),
		  "%s", a);
	cr_expect(has(a, "<pres:PO ID=\"b\" MimeType=\"a/b\" RelatedObjects=\"a\">"),
		  "%s", a);
	cr_expect(well_formed(a));
	cr_expect_str_eq(api_media_type(&call), SOAP_MEDIA_TYPE);

	a = retrieve(poid, "Evidence");
	cr_expect(has(a, "warning/requestOnlyPartlySuccessful<"), "%s", a);
	cr_expect_eq(call.outcome, API_SUCCESS);

	snprintf(text, sizeof(text), OP("RetrieveTrace", "<POID>%s</POID>"), poid);
	a = ask(text);
	cr_expect(has(a, "<pres:Operation>PreservePO</pres:Operation>"), "%s", a);
	cr_expect(has(a, "<pres:Subject>tester</pres:Subject>"), "%s", a);

	snprintf(text, sizeof(text),
		 OP("DeletePO", "<POID>%s</POID><Reason>x</Reason>"), poid);
	a = ask(text);
	cr_expect(has(a, "resultmajor:Success<"), "%s", a);
	cr_expect(well_formed(a));
}

/* ##other, and exclusive canonical form: docs/decisions/0021. */
Test(soap, xml_comes_back_as_xml_where_that_keeps_its_octets)
{
	static const char canonical[] =
	    "<a:a xmlns:a=\"u:a\" b=\"&lt;\"><c xmlns=\"u:c\">x</c></a:a>";
	const struct ltp_po pos[] = {
		{ .data = view_text(canonical), .mime = "a/b", .xml = true },
		{ .data = view_text("<a xmlns='u:a'/>"), .mime = "a/b", .xml = true },
		{ .data = view_text("<a></a>"), .mime = "a/b", .xml = true },
		{ .data = view_text("<a xmlns=\"" V112 "\"></a>"),
		  .mime = "a/b",
		  .xml = true },
		{ .data = view_text("<?x y?><a xmlns=\"u:a\"></a>"),
		  .mime = "a/b",
		  .xml = true },
		{ .data = view_text("<a xmlns=\"u:a\"></a>\n"),
		  .mime = "a/b",
		  .xml = true },
		{ .data = view_text("no XML"), .mime = "a/b", .xml = true },
		{ .data = view_text(canonical), .mime = "a/b" },
	};
	char poid[64], text[1024], got[1024];
	for (size_t i = 0; i < sizeof(pos) / sizeof(pos[0]); i++) {
		cr_assert_eq(ltp_kit_preserve(&kit, &pos[i], 1, poid), LTP_OK);
		const char *a = retrieve(poid, "PO");
		cr_expect_eq(has(a, "<pres:xmlData>"), i == 0, "%zu: %s", i, a);
		cr_expect_eq(has(a, "<pres:binaryData>"), i != 0, "%zu: %s", i, a);
	}
	snprintf(text, sizeof(text),
		 "<PO MimeType=\"a/b\"><xmlData>\n<a:a b='&lt;' xmlns:a=\"u:a\"><c "
		 "xmlns='u:c' ><!-- gone -->x</c></a:a> </xmlData></PO>");
	preserve(text, poid);
	between(retrieve(poid, "PO"), "<pres:xmlData>", "</pres:xmlData>", got,
		sizeof(got));
	cr_expect_str_eq(got, canonical);
}

Test(soap, an_answer_is_in_the_namespace_of_its_request)
{
	const char *a = ask(ENVELOPE("<RetrieveInfo xmlns=\"" V121 "\"/>"));
	cr_expect(has(a, "<pres:RetrieveInfoResponse xmlns:pres=\"" V121 "\">"), "%s",
		  a);
	cr_expect(!has(a, V112), "%s", a);
	cr_expect(has(a, ">" KIT_PROFILE "</md:ProfileIdentifier>"), "%s", a);
	cr_expect(well_formed(a));
	a = ask(OP("RetrieveInfo", ""));
	cr_expect(has(a, "xmlns:pres=\"" V112 "\""), "%s", a);
	cr_expect(!has(a, V121), "%s", a);
}

/* An id that came over JSON need not be an xs:ID. */
Test(soap, ids_that_xml_does_not_have_are_named_anew)
{
	struct ltp_po pos[] = {
		{ .data = view_text("one"), .mime = "a/b", .id = "1" },
		{ .data = view_text("two"), .mime = "a/b", .id = "_ltps.1" },
		{ .data = view_text("three"), .mime = "a/b", .id = "c" },
	};
	const char *related[] = { "1", "c" };
	char poid[64];
	pos[2].related = related;
	pos[2].n_related = 2;
	cr_assert_eq(ltp_kit_preserve(&kit, pos, 3, poid), LTP_OK);
	const char *a = retrieve(poid, "PO");
	cr_expect(has(a, "<pres:PO ID=\"_ltps.1\" "), "%s", a);
	cr_expect(has(a, "<pres:PO ID=\"_ltps.2\" "), "%s", a);
	cr_expect(
	    has(a, "<pres:PO ID=\"c\" MimeType=\"a/b\" RelatedObjects=\"_ltps.1 c\">"),
	    "%s", a);
}

#define RELATED                                                                        \
	"multipart/related; type=\"application/xop+xml\"; start=\"<r>\"; boundary=b"
#define ROOT(content)                                                                  \
	"--b\r\nContent-Type: application/xop+xml; type=\"" SOAP                       \
	"\"\r\nContent-ID: <r>\r\n\r\n" content "\r\n"

static void retrieve_in_parts(const char *poid)
{
	char text[1024];
	snprintf(
	    text, sizeof(text),
	    ROOT(OP(
		"RetrievePO",
		"<POID>%s</POID><SubjectOfRetrieval>PO</SubjectOfRetrieval>")) "--b--",
	    poid);
	ask_view(RELATED, view_text(text));
}

Test(soap, parts_are_answered_in_parts)
{
	static const char request[] = ROOT(
	    OP("PreservePO",
	       "<Profile>" KIT_PROFILE "</Profile><PO MimeType=\"a/b\"><binaryData>"
	       "<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" "
	       "href=\"cid:d\"/></binaryData></PO>")) "--b\r\nContent-ID: "
						      "<d>\r\n\r\n\0\r\n1\r\n--b--";
	char poid[64], boundary[64];
	ask_view(RELATED, view_of(request, sizeof(request) - 1));
	cr_assert_eq(call.status, 200, "%.*s", (int)call.answer.n, call.answer.p);
	cr_expect(
	    has(api_media_type(&call), "multipart/related; type=\"application/xop"));
	between((const char *)call.answer.p, "<pres:POID>", "</pres:POID>", poid, 64);

	retrieve_in_parts(poid);
	between(api_media_type(&call), "boundary=\"", "\"", boundary, 64);
	char expected[256];
	const int n = snprintf(expected, sizeof(expected),
			       "Content-ID: <0.%s@ltps>\r\n\r\n%c\r\n1\r\n--%s--\r\n",
			       boundary, 0, boundary);
	const struct view a = view_buf(&call.answer);
	cr_assert_geq(a.n, (size_t)n);
	cr_expect_eq(memcmp(a.p + a.n - n, expected, (size_t)n), 0);
	snprintf(expected, sizeof(expected),
		 "<xop:Include xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" "
		 "href=\"cid:0.%s@ltps\"></xop:Include>",
		 boundary);
	cr_expect(has((const char *)a.p, expected), "%s", (const char *)a.p);

	/* A refusal too; a fault is plain. */
	ask_view(RELATED, view_text(ROOT(OP("Search", "<Filter/>")) "--b--"));
	cr_expect(has(api_media_type(&call), "multipart/related"));
	ask_view(RELATED, view_text(ROOT("<a/>") "--b--"));
	cr_expect_str_eq(api_media_type(&call), SOAP_MEDIA_TYPE);
}

/* XOP 1.0 section 3: it would be read as a reference, to the root or another object. */
Test(soap, object_with_an_include_of_its_own_is_no_reference_in_an_answer_in_parts)
{
	static const char include[] =
	    "<a:a xmlns:a=\"u:a\"><xop:Include "
	    "xmlns:xop=\"http://www.w3.org/2004/08/xop/include\" "
	    "href=\"cid:root@ltps\"></xop:Include></a:a>";
	const struct ltp_po po = { .data = view_text(include),
				   .mime = "a/b",
				   .xml = true };
	char poid[64], root[4096];
	cr_assert_eq(ltp_kit_preserve(&kit, &po, 1, poid), LTP_OK);
	cr_expect(has(retrieve(poid, "PO"), "<pres:xmlData>"));
	retrieve_in_parts(poid);
	const struct view a = view_buf(&call.answer);
	between((const char *)a.p, "<pres:PO ", "</pres:PO>", root, sizeof(root));
	cr_expect(has(root, "<pres:binaryData><xop:Include "), "%s", root);
	cr_expect(!has(root, "xmlData"), "%s", root);
	cr_expect(!has(api_media_type(&call), "<root@ltps>"));
	cr_expect_not_null(memmem(a.p, a.n, include, sizeof(include) - 1));
}

Test(soap_description, what_there_is_not_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 20);
	bool found = true;
	cr_assert_eq(soap_description("../route.c", "http://x", &out, &found, &err), 0);
	cr_expect(!found);
	cr_assert_eq(soap_description("", "http://x", &out, &found, &err), 0);
	cr_expect(!found);
	buf_free(&out);
}

Test(soap_description, addresses_are_put_into_all_files)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 20);
	const char *s = "";
	bool found = false;
	cr_assert_eq(soap_description("wsdl", "http://h/p?a&b", &out, &found, &err), 0);
	cr_assert(found);
	cr_assert_eq(buf_text(&out, &s, &err), 0);
	cr_expect(has(s, "<soap12:address location=\"http://h/p?a&#38;b\"/>"), "%s", s);
	cr_expect(
	    has(s, "schemaLocation=\"http://h/p?a&#38;b?xsd=soap-preservation.xsd\""),
	    "%s", s);
	cr_expect(well_formed(s));
	buf_free(&out);
}
