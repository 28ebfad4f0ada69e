/* SPDX-License-Identifier: Apache-2.0 */
/* Faults: SOAP 1.2 part 1, 5.4 and appendix A. */
#include <stdio.h>

#include "server/soap_private.h"

static const char *code_of(const struct api_form *form, int http_status)
{
	switch (form != NULL ? form->fault : API_FAULT_NONE) {
	case API_FAULT_SENDER:
		return "env:Sender";
	case API_FAULT_MUST_UNDERSTAND:
		return "env:MustUnderstand";
	case API_FAULT_VERSION:
		return "env:VersionMismatch";
	case API_FAULT_ENCODING:
		return "env:DataEncodingUnknown";
	default:
		return http_status < 500 ? "env:Sender" : "env:Receiver";
	}
}

/* 5.4.8: one for each header block. */
static void put_not_understood(struct xmlw *w, const struct api_form *form)
{
	for (size_t i = 0; i < form->n_blocks; i++) {
		char qname[sizeof(form->blocks[i].local) + 2];
		snprintf(qname, sizeof(qname), "b:%s", form->blocks[i].local);
		xmlw_open(w, "env:NotUnderstood");
		soap_attribute(w, "qname", qname);
		soap_attribute(w, "xmlns:b", form->blocks[i].ns);
		xmlw_close(w);
	}
}

/* 5.4.7: the only envelope that is taken. */
static void put_upgrade(struct xmlw *w)
{
	xmlw_open(w, "env:Upgrade");
	xmlw_open(w, "env:SupportedEnvelope");
	soap_attribute(w, "qname", "s:Envelope");
	soap_attribute(w, "xmlns:s", SOAP_NS_ENV);
	xmlw_close(w);
	xmlw_close(w);
}

static void put_header(struct xmlw *w, const struct api_form *form)
{
	const enum api_fault fault = form != NULL ? form->fault : API_FAULT_NONE;
	if (fault != API_FAULT_MUST_UNDERSTAND && fault != API_FAULT_VERSION)
		return;
	xmlw_open(w, "env:Header");
	if (fault == API_FAULT_MUST_UNDERSTAND)
		put_not_understood(w, form);
	else
		put_upgrade(w);
	xmlw_close(w);
}

static void put_code(struct xmlw *w, const char *code, const char *text)
{
	xmlw_open(w, "env:Code");
	soap_element(w, "env:Value", code);
	xmlw_close(w);
	xmlw_open(w, "env:Reason");
	xmlw_open(w, "env:Text");
	soap_attribute(w, "xml:lang", "en");
	xmlw_text(w, view_text(text));
	xmlw_close(w);
	xmlw_close(w);
}

/* Appendix A: whoever speaks SOAP 1.1 is told in SOAP 1.1 what is spoken here. The
 * names within its Fault have no namespace; the message is one constant text. */
static int put_old(struct buf *out, struct ltps_error *err)
{
	return buf_put_text(
	    out,
	    "<env:Envelope xmlns:env=\"" SOAP_NS_ENV_11 "\"><env:Header>"
	    "<up:Upgrade xmlns:up=\"" SOAP_NS_ENV "\"><up:SupportedEnvelope "
	    "qname=\"s:Envelope\" xmlns:s=\"" SOAP_NS_ENV "\"></up:SupportedEnvelope>"
	    "</up:Upgrade></env:Header><env:Body><env:Fault>"
	    "<faultcode>env:VersionMismatch</faultcode>"
	    "<faultstring>SOAP 1.2 is spoken here</faultstring>"
	    "</env:Fault></env:Body></env:Envelope>",
	    err);
}

int soap_out_fault(const struct api_form *form, int http_status, const char *text,
		   struct buf *out, struct ltps_error *err)
{
	if (form != NULL && form->fault == API_FAULT_VERSION_11)
		return put_old(out, err);
	struct xmlw w = soap_begin(form, out);
	xmlw_open(&w, "env:Envelope");
	put_header(&w, form);
	xmlw_open(&w, "env:Body");
	xmlw_open(&w, "env:Fault");
	put_code(&w, code_of(form, http_status), text);
	return soap_end(&w, err);
}

int soap_refusal_body(int http_status, const char *text, struct buf *out,
		      struct ltps_error *err)
{
	return soap_out_fault(NULL, http_status, text, out, err);
}
