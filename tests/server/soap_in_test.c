/* SPDX-License-Identifier: Apache-2.0 */
/* Every SOAP message that must be refused, with what is said about it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/soap.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SOAP "application/soap+xml"

static struct api_call call;
static struct ltp_result refusal;

static void parse_as(const char *type, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	api_clear(&call);
	call = (struct api_call){ .content_type = view_text(type),
				  .status = 200,
				  .op_unknown = true };
	call.body = buf_make(1 << 22);
	cr_assert_eq(buf_put_text(&call.body, text, &err), 0);
	cr_assert_eq(soap_parse(&call, &refusal, &err), 0, "%s: %s", text, err.text);
	cr_assert_null(call.body.p);
}

static void parse(const char *text)
{
	parse_as(SOAP, text);
}

#define ENV12 "http://www.w3.org/2003/05/soap-envelope"
#define IN_ENV(ns, content) "<e:Envelope xmlns:e=\"" ns "\">" content "</e:Envelope>"
#define MESSAGE(content) IN_ENV(ENV12, "<e:Body>" content "</e:Body>")
#define V112 "http://uri.etsi.org/19512/v1.1.2#"
#define V121 "http://uri.etsi.org/19512/v1.2.1#"
#define OP(name, content)                                                              \
	MESSAGE("<p:" name " xmlns:p=\"" V112 "\" RequestID=\"r\">" content            \
		"</p:" name ">")
#define PROFILE "<p:Profile>x</p:Profile>"
#define DATA "<p:binaryData>QQ==</p:binaryData>"
#define PRESERVE(content) OP("PreservePO", PROFILE content)
#define PO(content) PRESERVE("<p:PO>" content "</p:PO>")
#define POID "<p:POID>x</p:POID>"
#define IMPORT(inputs)                                                                 \
	OP("RetrieveInfo", "<p:OptionalInputs xmlns:b=\"" SOAP_NS_BASE "\">" inputs    \
			   "</p:OptionalInputs>")

/* ---- what is no message at all ---- */

struct faulty {
	const char *text;
	enum api_fault fault;
	int status;
	const char *says; /* part of the message */
};

static const struct faulty faulty[] = {
	{ "", API_FAULT_SENDER, 400, "XML" },
	{ "hello", API_FAULT_SENDER, 400, "XML" },
	{ "<a", API_FAULT_SENDER, 400, "XML" },
	{ "<a/>", API_FAULT_SENDER, 400, "no SOAP envelope" },
	{ "<Envelope/>", API_FAULT_VERSION, 500, "SOAP 1.2" },
	{ IN_ENV("http://www.w3.org/2002/12/soap-envelope", ""), API_FAULT_VERSION, 500,
	  "SOAP 1.2" },
	{ IN_ENV(SOAP_NS_ENV_11, "<e:Body/>"), API_FAULT_VERSION_11, 500, "SOAP 1.2" },
	{ IN_ENV(ENV12, ""), API_FAULT_SENDER, 400, "no body" },
	{ IN_ENV(ENV12, "text"), API_FAULT_SENDER, 400, "text" },
	{ IN_ENV(ENV12, "<e:Header/>"), API_FAULT_SENDER, 400, "no body" },
	{ IN_ENV(ENV12, "<Body/>"), API_FAULT_SENDER, 400, "no body" },
	{ IN_ENV(ENV12, "<e:Header/><e:Header/><e:Body/>"), API_FAULT_SENDER, 400,
	  "no body" },
	{ MESSAGE(""), API_FAULT_SENDER, 400, "body is empty" },
	{ MESSAGE("text"), API_FAULT_SENDER, 400, "text" },
	{ MESSAGE("<RetrieveInfo/>"), API_FAULT_SENDER, 400, "no operation" },
	{ MESSAGE("<p:Nothing xmlns:p=\"" V112 "\"/>"), API_FAULT_SENDER, 400,
	  "no operation" },
	{ MESSAGE("<RetrieveInfo xmlns=\"http://uri.etsi.org/19512/v1.1.1#\"/>"),
	  API_FAULT_SENDER, 400, "no operation" },
	{ MESSAGE("<RetrieveInfo xmlns=\"" V112 "\"/><a/>"), API_FAULT_SENDER, 400,
	  "more than one" },
	{ IN_ENV(ENV12, "<e:Body><RetrieveInfo xmlns=\"" V112 "\"/></e:Body><e:Body/>"),
	  API_FAULT_SENDER, 400, "after the body" },
	{ MESSAGE("<RetrieveInfo xmlns=\"" V112 "\"/>") "<a/>", API_FAULT_SENDER, 400,
	  "XML" },
	{ "<!DOCTYPE a>" OP("RetrieveInfo", ""), API_FAULT_SENDER, 400, "DOCTYPE" },
	{ "<!DOCTYPE a [<!ENTITY x \"y\">]>" OP("RetrieveInfo", ""), API_FAULT_SENDER,
	  400, "DOCTYPE" },
	{ "<?a b?>" OP("RetrieveInfo", ""), API_FAULT_SENDER, 400, "instruction" },
	{ OP("RetrieveInfo", "<?a b?>"), API_FAULT_SENDER, 400, "instruction" },
	{ PO("<p:xmlData><a xmlns=\"u:x\"><?a b?></a></p:xmlData>"), API_FAULT_SENDER,
	  400, "instruction" },
	{ OP("RetrieveInfo", "<p:Profile>&nothing;</p:Profile>"), API_FAULT_SENDER, 400,
	  "XML" },
	{ OP("RetrieveInfo", "<p:Profile>\x01</p:Profile>"), API_FAULT_SENDER, 400,
	  "XML" },
	{ OP("RetrieveInfo", "<p:Profile>\xff</p:Profile>"), API_FAULT_SENDER, 400,
	  "XML" },
	{ "<?xml version=\"1.0\" encoding=\"UTF-16\"?>" OP("RetrieveInfo", ""),
	  API_FAULT_SENDER, 400, "encoding" },
	/* the header */
	{ IN_ENV(ENV12, "<e:Header><a xmlns=\"u:x\" e:mustUnderstand=\"true\"/>"
			"</e:Header><e:Body/>"),
	  API_FAULT_MUST_UNDERSTAND, 500, "a of 'u:x'" },
	{ IN_ENV(ENV12,
		 "<e:Header><a xmlns=\"u:x\" e:mustUnderstand=\"1\" e:role=\"" ENV12
		 "/role/next\"/></e:Header><e:Body/>"),
	  API_FAULT_MUST_UNDERSTAND, 500, "not understood" },
	{ IN_ENV(ENV12, "<e:Header><a xmlns=\"u:x\" e:mustUnderstand=\"yes\"/>"
			"</e:Header><e:Body/>"),
	  API_FAULT_SENDER, 400, "mustUnderstand" },
	{ IN_ENV(ENV12, "<e:Header><a/></e:Header><e:Body/>"), API_FAULT_SENDER, 400,
	  "not in a namespace" },
	{ MESSAGE("<RetrieveInfo xmlns=\"" V112
		  "\" e:encodingStyle=\"http://www.w3.org/2003/05/soap-encoding\"/>"),
	  API_FAULT_ENCODING, 500, "encoding" },
};

Test(soap_in, what_is_no_message_is_a_fault)
{
	for (size_t i = 0; i < COUNT(faulty); i++) {
		parse(faulty[i].text);
		cr_expect_neq(refusal.minor, LTP_OK, "%zu: %s", i, faulty[i].text);
		cr_expect_eq(call.form.fault, faulty[i].fault, "%zu: %s: %d %s", i,
			     faulty[i].text, call.form.fault, refusal.message);
		cr_expect_eq(call.status, faulty[i].status, "%zu: %s", i,
			     faulty[i].text);
		cr_expect_not_null(strstr(refusal.message, faulty[i].says), "%zu: %s",
				   i, refusal.message);
	}
	api_clear(&call);
}

Test(soap_in, a_header_of_too_many_blocks_is_refused)
{
	char text[8192] = "<e:Envelope xmlns:e=\"" ENV12 "\"><e:Header>";
	for (int i = 0; i <= SOAP_HEADER_BLOCKS_MAX; i++)
		strcat(text, "<a xmlns=\"u:x\"/>");
	strcat(text, "</e:Header><e:Body/></e:Envelope>");
	parse(text);
	cr_expect_not_null(strstr(refusal.message, "header blocks"));
	api_clear(&call);
}

Test(soap_in, a_header_that_is_not_for_us_is_passed_over)
{
	parse("<e:Envelope xmlns:e=\"" ENV12 "\"><e:Header>"
	      "<a xmlns=\"u:x\" e:mustUnderstand=\"true\" e:role=\"u:other\"><b/>c</a>"
	      "<a xmlns=\"u:x\" e:mustUnderstand=\"0\"/><a xmlns=\"u:x\"/></e:Header>"
	      "<e:Body><RetrieveInfo xmlns=\"" V112 "\"/></e:Body></e:Envelope>");
	cr_expect_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	api_clear(&call);
}

/* ---- media types ---- */

Test(soap_in, a_media_type_that_does_not_agree_is_refused)
{
	static const struct {
		const char *type;
		int status;
		const char *says;
	} bad[] = {
		{ "text/xml", 415, "application/soap+xml" },
		{ SOAP "; charset=iso-8859-1", 415, "charset" },
		{ SOAP "; action=\"" V112 "DeletePO\"", 400, "action" },
		{ SOAP "; action=\"" V121 "RetrieveInfo\"", 400, "action" },
		{ SOAP "; action=\"\"", 400, "action" },
		{ SOAP "; action=\"x", 400, "quoted" },
		{ SOAP "; action=x; action=x", 400, "two parameters" },
		{ "multipart/related; boundary=b", 400, "delimiter" },
		{ "multipart/related", 400, "boundary" },
	};
	static const char *const good[] = {
		SOAP,
		SOAP "; charset=UTF-8",
		SOAP ";charset=\"utf-8\";action=\"" V112 "RetrieveInfo\"",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		parse_as(bad[i].type, OP("RetrieveInfo", ""));
		cr_expect_eq(call.status, bad[i].status, "%s: %d %s", bad[i].type,
			     call.status, refusal.message);
		cr_expect_eq(call.form.fault, API_FAULT_SENDER, "%s", bad[i].type);
		cr_expect_not_null(strstr(refusal.message, bad[i].says), "%s: %s",
				   bad[i].type, refusal.message);
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		parse_as(good[i], OP("RetrieveInfo", ""));
		cr_expect_eq(refusal.minor, LTP_OK, "%s: %s", good[i], refusal.message);
	}
	api_clear(&call);
}

/* ---- messages that are not as the schema has them ---- */

struct bad {
	const char *text;
	enum ltp_minor minor;
	const char *says; /* start of the message */
};

static const struct bad bad[] = {
	{ OP("PreservePO", ""), LTP_PARAMETER_ERROR, "Profile: is required" },
	{ OP("PreservePO", "<p:PO>" DATA "</p:PO>"), LTP_PARAMETER_ERROR,
	  "Profile: is required" },
	{ OP("PreservePO", "<p:PO>" DATA "</p:PO>" PROFILE), LTP_PARAMETER_ERROR,
	  "Profile: is required" },
	{ OP("PreservePO", PROFILE PROFILE), LTP_PARAMETER_ERROR,
	  "Profile: stands twice" },
	{ PRESERVE("<p:X/>"), LTP_PARAMETER_ERROR, "X: is not an element" },
	{ PRESERVE("<PO/>"), LTP_PARAMETER_ERROR, "PO: is not an element" },
	{ PRESERVE("<PO xmlns=\"" V121 "\"/>"), LTP_PARAMETER_ERROR,
	  "PO: is not an element" },
	{ PRESERVE("text"), LTP_PARAMETER_ERROR, "holds text" },
	{ MESSAGE("<RetrieveInfo xmlns=\"" V112 "\" X=\"\"/>"), LTP_PARAMETER_ERROR,
	  "has an unknown attribute 'X'" },
	{ OP("PreservePO", "<p:Profile x=\"\">x</p:Profile>"), LTP_PARAMETER_ERROR,
	  "Profile: has an unknown attribute" },
	{ OP("PreservePO", "<p:Profile><a/></p:Profile>"), LTP_PARAMETER_ERROR,
	  "Profile: holds an element" },
	/* payloads */
	{ PO(""), LTP_PARAMETER_ERROR, "PO[0]: has neither" },
	{ PO("QQ=="), LTP_PARAMETER_ERROR, "PO[0]: holds text" },
	{ PO(DATA DATA), LTP_PARAMETER_ERROR, "PO[0]/binaryData: stands twice" },
	{ PO(DATA "<p:xmlData><a xmlns=\"u:x\"/></p:xmlData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/xmlData: stands beside" },
	{ PO("<p:xmlData><a xmlns=\"u:x\"/></p:xmlData>" DATA), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: stands twice, or not" },
	{ PO("<p:binaryData/>"), LTP_PARAMETER_ERROR, "PO[0]/binaryData: is empty" },
	{ PO("<p:binaryData> \n </p:binaryData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: is empty" },
	{ PO("<p:binaryData>Q!==</p:binaryData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: wrong base64" },
	{ PO("<p:binaryData>QUE</p:binaryData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: wrong base64" },
	{ PO("<p:binaryData>Q&#xA0;Q==</p:binaryData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: wrong base64" },
	{ PO("<p:binaryData><a/></p:binaryData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: holds an element" },
	{ PO("<p:binaryData><x:Include "
	     "xmlns:x=\"http://www.w3.org/2004/08/xop/include\""
	     " href=\"cid:a\"/></p:binaryData>"),
	  LTP_PARAMETER_ERROR, "PO[0]/binaryData: holds an element" },
	{ PO("<p:binaryData x=\"\">QQ==</p:binaryData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/binaryData: has an unknown attribute" },
	{ PO("<p:xmlData/>"), LTP_PARAMETER_ERROR, "PO[0]/xmlData: is empty" },
	{ PO("<p:xmlData>text</p:xmlData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/xmlData: holds text" },
	{ PO("<p:xmlData><a/></p:xmlData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/xmlData: the element is not in a namespace" },
	{ PO("<p:xmlData><p:PO/></p:xmlData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/xmlData: the element is not in a namespace" },
	{ PO("<p:xmlData><a xmlns=\"u:x\"/><a xmlns=\"u:x\"/></p:xmlData>"),
	  LTP_PARAMETER_ERROR, "PO[0]/xmlData: holds more than one" },
	{ PO("<p:xmlData><a xmlns=\"u:x\"/>text</p:xmlData>"), LTP_PARAMETER_ERROR,
	  "PO[0]/xmlData: holds text" },
	/* attributes of an object */
	{ PRESERVE("<p:PO POID=\"x\">" DATA "</p:PO>"), LTP_PARAMETER_ERROR,
	  "PO[0]: has an unknown attribute 'POID'" },
	{ PRESERVE("<p:PO ID=\"\">" DATA "</p:PO>"), LTP_PARAMETER_ERROR,
	  "PO[0]: ID is no xs:ID" },
	{ PRESERVE("<p:PO ID=\"1\">" DATA "</p:PO>"), LTP_PARAMETER_ERROR,
	  "PO[0]: ID is no xs:ID" },
	{ PRESERVE("<p:PO ID=\"a:b\">" DATA "</p:PO>"), LTP_PARAMETER_ERROR,
	  "PO[0]: ID is no xs:ID" },
	{ PRESERVE("<p:PO ID=\"a\">" DATA "</p:PO><p:PO ID=\"a\">" DATA "</p:PO>"),
	  LTP_PARAMETER_ERROR, "the ID 'a' stands twice" },
	{ PRESERVE("<p:PO ID=\"a\" RelatedObjects=\"a b\">" DATA "</p:PO>"),
	  LTP_PARAMETER_ERROR, "RelatedObjects: no object has the ID 'b'" },
	/* optional inputs */
	{ IMPORT("<b:ServicePolicy>x</b:ServicePolicy>"), LTP_NOT_SUPPORTED,
	  "OptionalInputs/ServicePolicy[0]: is not supported" },
	{ IMPORT("<b:Other><b:Value>QQ==</b:Value></b:Other>"), LTP_NOT_SUPPORTED,
	  "OptionalInputs/Other[0]: is not supported" },
	{ IMPORT("<b:AOID/>"), LTP_NOT_SUPPORTED, "OptionalInputs/AOID: is not" },
	{ IMPORT("<p:Other/>"), LTP_NOT_SUPPORTED, "OptionalInputs/Other: is not" },
	/* the other messages */
	{ OP("RetrieveInfo", "<p:Status>dead</p:Status>"), LTP_PARAMETER_ERROR,
	  "Status: 'dead' is no value" },
	{ OP("RetrieveInfo", "<p:Status> all</p:Status>"), LTP_PARAMETER_ERROR,
	  "Status: ' all' is no value" },
	{ OP("RetrieveInfo", "<p:Status>all</p:Status><p:Profile/>"),
	  LTP_PARAMETER_ERROR, "Profile: stands twice, or not" },
	{ OP("RetrievePO", ""), LTP_PARAMETER_ERROR, "POID: is required" },
	{ OP("RetrievePO", POID "<p:SubjectOfRetrieval>po</p:SubjectOfRetrieval>"),
	  LTP_PARAMETER_ERROR, "SubjectOfRetrieval: 'po' is no value" },
	{ OP("RetrievePO", POID "<p:POFormat/><p:VersionID>v1</p:VersionID>"),
	  LTP_PARAMETER_ERROR, "VersionID: stands twice, or not" },
	{ OP("DeletePO", "<p:Mode/>"), LTP_PARAMETER_ERROR, "POID: is required" },
	{ OP("UpdatePOC", POID), LTP_PARAMETER_ERROR, "DeltaPOC: is required" },
	{ OP("UpdatePOC", POID "<p:DeltaPOC/>"), LTP_PARAMETER_ERROR,
	  "DeltaPOC[0]: has neither" },
	{ OP("RetrieveTrace", ""), LTP_PARAMETER_ERROR, "POID: is required" },
	{ OP("RetrieveTrace", POID POID), LTP_PARAMETER_ERROR, "POID: stands twice" },
	{ OP("ValidateEvidence", ""), LTP_PARAMETER_ERROR, "neither Evidence nor PO" },
	{ OP("ValidateEvidence", "<p:Evidence FormatId=\"f\"/>"), LTP_PARAMETER_ERROR,
	  "Evidence: has neither" },
	{ OP("ValidateEvidence", "<p:Evidence>" DATA "</p:Evidence><p:Evidence/>"),
	  LTP_PARAMETER_ERROR, "Evidence: stands twice" },
	{ OP("ValidateEvidence", "<p:Evidence ID=\"a\">" DATA
				 "</p:Evidence><p:PO ID=\"a\">" DATA "</p:PO>"),
	  LTP_PARAMETER_ERROR, "the ID 'a' stands twice" },
	{ OP("Search", ""), LTP_PARAMETER_ERROR, "Filter: is required" },
};

Test(soap_in, bad_messages_are_refused_by_name)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		parse(bad[i].text);
		cr_expect_eq(refusal.minor, bad[i].minor, "%zu: %s: %d %s", i,
			     bad[i].text, refusal.minor, refusal.message);
		cr_expect_eq(call.form.fault, API_FAULT_NONE, "%zu: %s", i,
			     refusal.message);
		cr_expect_eq(call.status, 200, "%zu", i);
		cr_expect(strncmp(refusal.message, bad[i].says, strlen(bad[i].says)) ==
			      0,
			  "%zu: %s: %s", i, bad[i].text, refusal.message);
		cr_expect(!call.op_unknown, "%zu", i);
		cr_expect(call.in.req_id == NULL || strcmp(call.in.req_id, "r") == 0,
			  "%zu", i);
	}
	api_clear(&call);
}

Test(soap_in, too_many_of_anything_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(1 << 22);
	const char *s = "";
	cr_assert_eq(buf_put_text(&text,
				  "<e:Envelope xmlns:e=\"" ENV12 "\"><e:Body>"
				  "<PreservePO xmlns=\"" V112 "\"><Profile>x</Profile>",
				  &err),
		     0);
	for (int i = 0; i <= API_POS_MAX; i++)
		cr_assert_eq(
		    buf_put_text(&text, "<PO><binaryData>QQ==</binaryData></PO>", &err),
		    0);
	cr_assert_eq(buf_put_text(&text, "</PreservePO></e:Body></e:Envelope>", &err),
		     0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	parse(s);
	cr_expect_not_null(strstr(refusal.message, "more than 1000 objects"), "%s",
			   refusal.message);
	buf_clear(&text);
	cr_assert_eq(buf_put_text(&text,
				  "<e:Envelope xmlns:e=\"" ENV12 "\"><e:Body>"
				  "<Search xmlns=\"" V112 "\"><Filter>",
				  &err),
		     0);
	for (int i = 0; i <= 1 << 16; i++)
		cr_assert_eq(buf_put_text(&text, "0123456789abcdef", &err), 0);
	cr_assert_eq(
	    buf_put_text(&text, "</Filter></Search></e:Body></e:Envelope>", &err), 0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	parse(s);
	cr_expect_eq(refusal.minor, LTP_PARAMETER_ERROR);
	cr_expect_not_null(strstr(refusal.message, "Filter: the texts"), "%s",
			   refusal.message);
	buf_free(&text);
	api_clear(&call);
}

/* A namespace that is declared once and used a thousand times is written as often. */
Test(soap_in, a_canonical_form_that_grows_without_measure_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(1 << 22);
	const char *s = "";
	cr_assert_eq(buf_put_text(&text,
				  "<e:Envelope xmlns:e=\"" ENV12 "\"><e:Body>"
				  "<PreservePO xmlns=\"" V112 "\"><Profile>x</Profile>"
				  "<PO><xmlData><a:a xmlns:a=\"u:a\" xmlns:b=\"u:",
				  &err),
		     0);
	for (int i = 0; i < 400; i++)
		cr_assert_eq(buf_put_text(&text, "0123456789abcdef", &err), 0);
	cr_assert_eq(buf_put_text(&text, "\">", &err), 0);
	for (int i = 0; i < 2000; i++)
		cr_assert_eq(buf_put_text(&text, "<b:b/>", &err), 0);
	cr_assert_eq(buf_put_text(&text,
				  "</a:a></xmlData></PO></PreservePO></e:Body>"
				  "</e:Envelope>",
				  &err),
		     0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	parse(s);
	cr_expect_eq(refusal.minor, LTP_PARAMETER_ERROR);
	cr_expect_eq(call.status, 200);
	cr_expect_not_null(strstr(refusal.message, "canonical form"), "%s",
			   refusal.message);
	buf_free(&text);
	api_clear(&call);
}

/* ---- what is taken ---- */

Test(soap_in, every_member_is_read)
{
	parse(OP("PreservePO",
		 "<p:OptionalInputs/><p:Profile> urn:p \n</p:Profile>"
		 "<!-- c --><p:PO FormatId=\"f\" MimeType=\"m\" "
		 "PronomId=\"n\" ID=\"a\" RelatedObjects=\" b  a \">"
		 "<p:binaryData> QU\nI&#x3d;<![CDATA[]]> </p:binaryData>"
		 "</p:PO><p:PO ID=\"b\"><p:xmlData> "
		 "<x:a xmlns:x=\"u:x\" b='1' xmlns:y=\"u:y\"/></p:xmlData>"
		 "</p:PO>"));
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	const struct api_in *in = &call.in;
	cr_expect_eq(call.op, OP_PRESERVE_PO);
	cr_expect(!call.form.v121);
	cr_expect_str_eq(in->req_id, "r");
	cr_expect_str_eq(in->profile, "urn:p");
	cr_assert_eq(in->n_pos, 2);
	cr_expect_str_eq(in->pos[0].format_id, "f");
	cr_expect_str_eq(in->pos[0].mime, "m");
	cr_expect_str_eq(in->pos[0].pronom, "n");
	cr_expect_str_eq(in->pos[0].id, "a");
	cr_assert_eq(in->pos[0].n_related, 2);
	cr_expect_str_eq(in->pos[0].related[0], "b");
	cr_expect_str_eq(in->pos[0].related[1], "a");
	cr_expect(!in->pos[0].xml);
	cr_expect(view_is_text(in->pos[0].data, "AB"));
	cr_expect(in->pos[1].xml);
	cr_expect(view_is_text(in->pos[1].data, "<x:a xmlns:x=\"u:x\" b=\"1\"></x:a>"),
		  "%.*s", (int)in->pos[1].data.n, in->pos[1].data.p);
	api_clear(&call);
}

Test(soap_in, the_other_messages_are_read)
{
	parse(MESSAGE("<RetrievePO xmlns=\"" V121 "\"><POID> x</POID><VersionID>v1"
		      "</VersionID><VersionID>all</VersionID><SubjectOfRetrieval>PO"
		      "</SubjectOfRetrieval><POFormat>f</POFormat><EvidenceFormat>g"
		      "</EvidenceFormat></RetrievePO>"));
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect(call.form.v121);
	cr_expect_str_eq(call.in.poid, " x");
	cr_expect_eq(call.in.n_versions, 2);
	cr_expect_str_eq(call.in.versions[1], "all");
	cr_expect_eq(call.in.sor, SUBJECT_PO);
	cr_expect_str_eq(call.in.po_format, "f");
	cr_expect_str_eq(call.in.evidence_format, "g");

	parse(OP("RetrievePO", POID));
	cr_expect_eq(call.in.sor, SUBJECT_PO_EMBEDDED);

	parse(OP("DeletePO", POID "<p:Mode>OnlySubDOs</p:Mode><p:ClaimedRequestorName>c"
				  "</p:ClaimedRequestorName><p:Reason>r &amp; s"
				  "</p:Reason>"));
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect_str_eq(call.in.mode, "OnlySubDOs");
	cr_expect_str_eq(call.in.claimed_requestor, "c");
	cr_expect_str_eq(call.in.reason, "r & s");

	parse(OP("UpdatePOC", POID "<p:DeltaPOC>" DATA "</p:DeltaPOC><p:DeltaPOC>" DATA
				   "</p:DeltaPOC>"));
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect_eq(call.in.n_pos, 2);

	parse(OP("ValidateEvidence",
		 "<p:Evidence FormatId=\"f\" POID=\"x\" VersionID=\"v\">" DATA
		 "</p:Evidence>"));
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_expect(call.in.has_evidence);
	cr_expect_str_eq(call.in.evidence_poid, "x");
	cr_expect_str_eq(call.in.evidence_version, "v");
	cr_expect(view_is_text(call.in.evidence.data, "A"));

	parse(OP("Search", "<p:Filter>f</p:Filter>"));
	cr_expect_str_eq(call.in.filter, "f");
	parse(OP("RetrieveTrace", POID));
	cr_expect_eq(call.op, OP_RETRIEVE_TRACE);
	parse(IMPORT("<b:Language>de</b:Language>"));
	cr_expect_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	api_clear(&call);
}

/* The one buffer holds the message, then the objects. */
Test(soap_in, large_base64_is_decoded_where_it_stood)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(1 << 22), raw = buf_make(1 << 20);
	const char *s = "";
	for (int i = 0; i < 300000; i++)
		cr_assert_eq(buf_put_byte(&raw, (uint8_t)(i * 7 + i / 256), &err), 0);
	cr_assert_eq(buf_put_text(&text,
				  "<e:Envelope xmlns:e=\"" ENV12 "\"><e:Body>"
				  "<PreservePO xmlns=\"" V112 "\"><Profile>x</Profile>",
				  &err),
		     0);
	for (int k = 0; k < 2; k++) {
		cr_assert_eq(buf_put_text(&text, "<PO><binaryData>", &err), 0);
		cr_assert_eq(b64_encode(view_buf(&raw), &text, &err), 0);
		cr_assert_eq(buf_put_text(&text, "</binaryData></PO>", &err), 0);
	}
	cr_assert_eq(buf_put_text(&text, "</PreservePO></e:Body></e:Envelope>", &err),
		     0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	parse(s);
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_assert_eq(call.in.n_pos, 2);
	for (int k = 0; k < 2; k++) {
		const struct view v = call.in.pos[k].data;
		cr_expect(view_equal(v, view_buf(&raw)));
		cr_expect(v.p >= call.in.body.p &&
			  v.p + v.n <= call.in.body.p + call.in.body.n);
	}
	buf_free(&text);
	buf_free(&raw);
	api_clear(&call);
}

/* ---- several parts ---- */

#define RELATED                                                                        \
	"multipart/related; type=\"application/xop+xml\"; start=\"<r@x>\"; "           \
	"start-info=\"" SOAP "\"; boundary=b"
#define ROOT(content)                                                                  \
	"--b\r\nContent-Type: application/xop+xml; charset=utf-8; type=\"" SOAP        \
	"\"\r\nContent-ID: <r@x>\r\n\r\n" content "\r\n"
#define PART(id, content)                                                              \
	"--b\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n"            \
	"Content-ID: <" id ">\r\n\r\n" content "\r\n"
#define INCLUDE(href)                                                                  \
	"<x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"" href    \
	"\"/>"
#define BINARY(content) "<p:PO><p:binaryData>" content "</p:binaryData></p:PO>"
#define XML(content) "<p:PO><p:xmlData>" content "</p:xmlData></p:PO>"

Test(soap_in, parts_that_do_not_agree_with_the_message_are_refused)
{
	static const struct {
		const char *text;
		const char *says;
		int status;
	} cases[] = {
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a@x")))) "--b--",
		  "PO[0]/binaryData: 'cid:a@x' names no part", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("a@x")))) PART("a@x", "1") "--b--",
		  "PO[0]/binaryData: an xop:Include has no href", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a%zz")))) PART("a@x", "1") "--b--",
		  "PO[0]/binaryData: 'cid:a%zz' is no Content-ID", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:r@x")))) "--b--",
		  "PO[0]/binaryData: 'cid:r@x' names no part", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a@x")) BINARY(INCLUDE("cid:a@x"))))
		      PART("a@x", "1") "--b--",
		  "PO[1]/binaryData: 'cid:a@x' names a part for the second", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a@x")))) PART("a@x", "1")
		      PART("b@x", "2") "--b--",
		  "nothing names the part 'b@x'", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a@x")))) PART("a@x", "") "--b--",
		  "PO[0]/binaryData: is empty", 200 },
		{ ROOT(PRESERVE(BINARY("QQ==" INCLUDE("cid:a@x"))))
		      PART("a@x", "1") "--b--",
		  "PO[0]/binaryData: holds an element", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a@x") "QQ==")))
		      PART("a@x", "1") "--b--",
		  "PO[0]/binaryData: holds text", 200 },
		{ ROOT(PRESERVE(BINARY(INCLUDE("cid:a@x") "<a/>")))
		      PART("a@x", "1") "--b--",
		  "PO[0]/binaryData: holds more", 200 },
		{ ROOT(PRESERVE(XML("<a xmlns=\"u:x\">" INCLUDE("cid:b@x") "</a>")))
		      PART("a@x", "1") "--b--",
		  "PO[0]/xmlData: 'cid:b@x' names no part", 200 },
		{ PART("r@x", PRESERVE("")) "--b--", "the parts are not", 415 },
		{ PART("a@x", PRESERVE("")) "--b--", "no part is the one", 400 },
		{ ROOT("") PART("a@x", "1") PART("a@x", "2") "--b--", "two parts",
		  400 },
		{ ROOT(PRESERVE("")) "--b\r\n\r\n1\r\n--b--", "no Content-ID", 400 },
		{ ROOT(PRESERVE("")) "--b\r\nContent-ID: a\r\n\r\n1\r\n--b--",
		  "angle brackets", 400 },
		{ ROOT(PRESERVE("")) "--b\r\nContent-Transfer-Encoding: base64\r\n"
				     "Content-ID: <a>\r\n\r\nQQ==\r\n--b--",
		  "transfer encoding", 415 },
		{ ROOT(PRESERVE("")), "last delimiter", 400 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		parse_as(RELATED, cases[i].text);
		cr_expect_neq(refusal.minor, LTP_OK, "%zu", i);
		cr_expect_eq(call.status, cases[i].status, "%zu: %d %s", i, call.status,
			     refusal.message);
		cr_expect_not_null(strstr(refusal.message, cases[i].says), "%zu: %s", i,
				   refusal.message);
	}
	api_clear(&call);
}

Test(soap_in, a_packaging_that_is_not_mtom_is_refused)
{
	static const char *const types[] = {
		"multipart/related; type=\"text/xml\"; boundary=b",
		"multipart/related; boundary=b",
		"multipart/related; type=\"application/xop+xml\"; "
		"start-info=\"text/xml\"; "
		"boundary=b",
	};
	for (size_t i = 0; i < COUNT(types); i++) {
		parse_as(types[i], ROOT(OP("RetrieveInfo", "")) "--b--");
		cr_expect_eq(call.status, 415, "%s: %s", types[i], refusal.message);
		cr_expect(!call.form.mtom);
	}
	parse_as("multipart/related; type=\"application/xop+xml\"; boundary=b; "
		 "start-info=\"" SOAP "; action=\\\"urn:x\\\"\"",
		 ROOT(OP("RetrieveInfo", "")) "--b--");
	cr_expect_eq(call.status, 400);
	cr_expect_not_null(strstr(refusal.message, "action"));
	api_clear(&call);
}

Test(soap_in, parts_are_taken_as_they_are)
{
	parse_as(RELATED "; action=\"" V112 "PreservePO\"",
		 PART("a b@x", "\x01\r\n--b\r\x02")
		     ROOT(PRESERVE(BINARY(" " INCLUDE("cid:a%20b@x") " ") BINARY(
			 "QQ==") XML("<a xmlns=\"u:x\">\n" INCLUDE("cid:c@x") "</a>")))
			 PART("c@x", "ABC") "--b--");
	cr_assert_eq(refusal.minor, LTP_OK, "%s", refusal.message);
	cr_assert_eq(call.in.n_pos, 3);
	cr_expect(call.form.mtom);
	cr_expect(view_is_text(call.in.pos[0].data, "\x01\r\n--b\r\x02"));
	cr_expect(view_is_text(call.in.pos[1].data, "A"));
	cr_expect(view_is_text(call.in.pos[2].data, "<a xmlns=\"u:x\">\nQUJD</a>"),
		  "%.*s", (int)call.in.pos[2].data.n, call.in.pos[2].data.p);
	api_clear(&call);
}

/* Whichever allocation fails: it is told as that, never as a fault of the message. */
Test(soap_in, an_allocation_that_fails_is_no_fault_of_the_message)
{
	static const char text[] = ROOT(
	    PRESERVE(BINARY(INCLUDE("cid:a")) "<p:PO ID=\"a\" RelatedObjects=\"a\">"
					      "<p:xmlData><a xmlns=\"u:x\">"
					      "<b/></a></p:xmlData></p:PO>"))
	    PART("a", "1") "--b--";
	bool hit = true;
	for (uint64_t n = 1; hit; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		api_clear(&call);
		call = (struct api_call){ .content_type = view_text(RELATED),
					  .status = 200,
					  .op_unknown = true };
		call.body = buf_make(1 << 22);
		cr_assert_eq(buf_put_text(&call.body, text, &err), 0);
		mem_fail_nth(n);
		const int rc = soap_parse(&call, &refusal, &err);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc != 0)
			cr_assert_eq(err.code, LTPS_NOMEM, "%d: %s", (int)n, err.text);
		else
			cr_assert_eq(refusal.minor, LTP_OK, "%d: %s", (int)n,
				     refusal.message);
		cr_assert(hit || rc == 0, "%d", (int)n);
	}
	api_clear(&call);
}
