/* SPDX-License-Identifier: Apache-2.0 */
/* The answers of TS 119 512 5.3 in SOAP, alone or as the root of several parts. */
#include <stdio.h>
#include <string.h>

#include "formats/xml_c14n.h"
#include "server/api_json_out.h"
#include "server/result.h"
#include "server/soap_private.h"

static const char *const names[OP_COUNT] = {
	[OP_RETRIEVE_INFO] = "pres:RetrieveInfoResponse",
	[OP_PRESERVE_PO] = "pres:PreservePOResponse",
	[OP_RETRIEVE_PO] = "pres:RetrievePOResponse",
	[OP_DELETE_PO] = "pres:DeletePOResponse",
	[OP_UPDATE_POC] = "pres:UpdatePOCResponse",
	[OP_RETRIEVE_TRACE] = "pres:RetrieveTraceResponse",
	[OP_VALIDATE_EVIDENCE] = "pres:ValidateEvidenceResponse",
	[OP_SEARCH] = "pres:SearchResponse",
};

/* ---- parts (MTOM 1.0 3, XOP 1.0 4) ---- */

static bool has_parts(const struct api_answer *a)
{
	return a->form != NULL && a->form->mtom;
}

static int start_parts(const struct api_answer *a, struct buf *out,
		       struct ltps_error *err)
{
	return buf_put_fmt(out, err,
			   "--%s\r\nContent-Type: application/xop+xml; charset=utf-8; "
			   "type=\"application/soap+xml\"\r\n"
			   "Content-Transfer-Encoding: binary\r\n"
			   "Content-ID: <root.%s@ltps>\r\n\r\n",
			   a->form->boundary, a->form->boundary);
}

static int put_part(const struct api_answer *a, size_t i, struct view data,
		    struct buf *out, struct ltps_error *err)
{
	if (buf_put_fmt(out, err,
			"\r\n--%s\r\nContent-Type: application/octet-stream\r\n"
			"Content-Transfer-Encoding: binary\r\n"
			"Content-ID: <%zu.%s@ltps>\r\n\r\n",
			a->form->boundary, i, a->form->boundary) != 0)
		return -1;
	return buf_put(out, data, err);
}

static int end_parts(const struct api_answer *a, struct buf *out,
		     struct ltps_error *err)
{
	return buf_put_fmt(out, err, "\r\n--%s--\r\n", a->form->boundary);
}

/* ---- the response around the content ---- */

static void put_result(struct xmlw *w, const struct ltp_result *result)
{
	const struct result_uris uris = result_of_minor(result->minor);
	xmlw_open(w, "dsb:Result");
	soap_element(w, "dsb:ResultMajor", uris.major);
	soap_element(w, "dsb:ResultMinor", uris.minor);
	if (result->message[0] != '\0') {
		xmlw_open(w, "dsb:ResultMessage");
		soap_attribute(w, "xml:lang", "en");
		xmlw_text(w, view_text(result->message));
		xmlw_close(w);
	}
	xmlw_close(w);
}

static struct xmlw start(const struct api_answer *a, enum operation op, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (has_parts(a))
		(void)!start_parts(a, out, &err);
	struct xmlw w = soap_begin(a->form, out);
	if (err.code != LTPS_OK)
		w.err = err;
	xmlw_open(&w, "env:Envelope");
	xmlw_open(&w, "env:Body");
	xmlw_open(&w, names[op]);
	soap_attribute(&w, "RequestID", a->req_id);
	put_result(&w, a->result);
	return w;
}

static int finish(struct xmlw *w, const struct api_answer *a, struct ltps_error *err)
{
	if (soap_end(w, err) != 0)
		return -1;
	return has_parts(a) ? end_parts(a, w->out, err) : 0;
}

/* 5.3.1.2, and what an answer must hold even when there is nothing to tell. A status
 * that is not 200 belongs to a fault. */
static int out_result(const struct api_answer *a, enum operation op, struct buf *out,
		      struct ltps_error *err)
{
	if (a->status >= 400)
		return soap_out_fault(a->form, a->status, a->result->message, out, err);
	struct xmlw w = start(a, op, out);
	if (op == OP_RETRIEVE_TRACE) {
		xmlw_open(&w, "pres:Trace");
		xmlw_close(&w);
	}
	return finish(&w, a, err);
}

/* ---- RetrieveInfo, PreservePO, UpdatePOC, Search ---- */

static int out_info(const struct api_answer *a, const struct profile *const *profiles,
		    size_t n, struct buf *out, struct ltps_error *err)
{
	struct xmlw w = start(a, OP_RETRIEVE_INFO, out);
	for (size_t i = 0; i < n; i++)
		soap_put_profile(&w, profiles[i]);
	return finish(&w, a, err);
}

static int out_preserved(const struct api_answer *a, const char *poid, struct buf *out,
			 struct ltps_error *err)
{
	struct xmlw w = start(a, OP_PRESERVE_PO, out);
	soap_element(&w, "pres:POID", poid);
	return finish(&w, a, err);
}

static int out_updated(const struct api_answer *a, const char *version, struct buf *out,
		       struct ltps_error *err)
{
	struct xmlw w = start(a, OP_UPDATE_POC, out);
	soap_element(&w, "pres:VersionID", version);
	return finish(&w, a, err);
}

static int out_found(const struct api_answer *a, const struct ltp_found *found,
		     struct buf *out, struct ltps_error *err)
{
	struct xmlw w = start(a, OP_SEARCH, out);
	for (size_t i = 0; i < found->n; i++)
		soap_element(&w, "pres:POID", found->poids[i]);
	return finish(&w, a, err);
}

/* ---- RetrievePO ---- */

/* An ID of the message: xs:ID, once. What came over JSON need not be one. */
#define ID_MAX 320
#define OWN_ID "_ltps."

static bool is_id(const char *id)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	if (id == NULL || id[0] == '\0' || strchr(letters, id[0]) == NULL ||
	    strncmp(id, OWN_ID, sizeof(OWN_ID) - 1) == 0)
		return false;
	return strlen(id) < ID_MAX &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			  "0123456789_.-") == strlen(id);
}

/* Of the first object with this id; n: none has it. */
static size_t find_id(const struct ltp_retrieved *r, const char *id)
{
	size_t i = 0;
	while (i < r->n_pos && (r->pos[i].id == NULL || strcmp(r->pos[i].id, id) != 0))
		i++;
	return i;
}

/* "" for an object that has none. */
static const char *id_of(const struct ltp_retrieved *r, size_t i, char out[ID_MAX])
{
	const char *id = r->pos[i].id;
	out[0] = '\0';
	if (id != NULL && is_id(id) && find_id(r, id) == i)
		snprintf(out, ID_MAX, "%s", id);
	else if (id != NULL)
		snprintf(out, ID_MAX, OWN_ID "%zu", i + 1);
	return out;
}

static void put_related(struct xmlw *w, const struct ltp_retrieved *r, size_t i)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_po_out *po = &r->pos[i];
	struct buf list = buf_make((po->n_related + 1) * (ID_MAX + 1));
	char id[ID_MAX];
	const char *text = NULL;
	int rc = 0;
	for (size_t k = 0; k < po->n_related && rc == 0; k++) {
		const size_t at = find_id(r, po->related[k]);
		if (at < r->n_pos)
			rc = buf_put_fmt(&list, &err, "%s%s", list.n > 0 ? " " : "",
					 id_of(r, at, id));
	}
	if (rc == 0 && list.n > 0)
		rc = buf_text(&list, &text, &err);
	if (rc != 0 && w->err.code == LTPS_OK)
		w->err = err;
	soap_attribute(w, "RelatedObjects", text);
	buf_free(&list);
}

/* Compares what is put with what is there. */
static int same_bytes(void *arg, struct view v, struct ltps_error *err)
{
	struct view *rest = arg;
	if (v.n > rest->n || memcmp(rest->p, v.p, v.n) != 0)
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_OBJECT, NULL,
				 "not in canonical form");
	*rest = view_skip(*rest, v.n);
	return 0;
}

/*
 * Whether whoever canonicalises the content of xmlData has these octets again, and the
 * schema lets it stand there (##other). Else they leave as binaryData: evidence is
 * over octets.
 */
static bool is_canonical(struct view data, const struct api_form *form)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct xml_reader *xml = NULL;
	enum xml_event event;
	struct view rest = data;
	const struct xml_c14n to = { .put = same_bytes, .arg = &rest };
	bool same = false;
	if (xml_open(data, &xml, &err) != 0)
		return false;
	xml_refuse_instructions(xml);
	if (xml_next(xml, &event, &err) == 0 && event == XML_START &&
	    !xml_in(xml, "") && !xml_in(xml, soap_ns(form)))
		same = xml_c14n_element(xml, &to, &err) == 0 && rest.n == 0 &&
		       xml_next(xml, &event, &err) == 0 && event == XML_DONE;
	xml_close(xml);
	return same;
}

/* XOP 1.0 section 3: what holds an xop:Include of its own cannot be packed, since it
 * would be read as a reference. In canonical form a namespace stands as it is. */
static bool can_be_packed(struct view canonical)
{
	return memmem(canonical.p, canonical.n, XREAD_NS_XOP,
		      sizeof(XREAD_NS_XOP) - 1) == NULL;
}

static void put_binary(struct xmlw *w, const struct api_answer *a,
		       struct ltp_po_out *po, size_t i)
{
	char href[128];
	xmlw_open(w, "pres:binaryData");
	if (has_parts(a)) {
		snprintf(href, sizeof(href), "cid:%zu.%s@ltps", i, a->form->boundary);
		xmlw_open(w, "xop:Include");
		soap_attribute(w, "href", href);
		xmlw_close(w);
	} else {
		xmlw_base64(w, view_buf(&po->data));
		buf_free(&po->data);
	}
	xmlw_close(w);
}

static void put_po(struct xmlw *w, const struct api_answer *a, struct ltp_retrieved *r,
		   size_t i)
{
	struct ltp_po_out *po = &r->pos[i];
	char id[ID_MAX];
	xmlw_open(w, "pres:PO");
	soap_attribute(w, "FormatId", po->format_id);
	soap_attribute(w, "ID", po->id != NULL ? id_of(r, i, id) : NULL);
	soap_attribute(w, "MimeType", po->mime);
	soap_attribute(w, "PronomId", po->pronom);
	put_related(w, r, i);
	if (po->xml && is_canonical(view_buf(&po->data), a->form) &&
	    (!has_parts(a) || can_be_packed(view_buf(&po->data)))) {
		xmlw_open(w, "pres:xmlData");
		xmlw_canonical(w, view_buf(&po->data));
		xmlw_close(w);
		buf_free(&po->data);
	} else {
		put_binary(w, a, po, i);
	}
	xmlw_close(w);
}

/* One allocation for all of it, as the buffer would otherwise grow by copies. */
static int reserve_pos(const struct api_answer *a, const struct ltp_retrieved *r,
		       struct buf *out, struct ltps_error *err)
{
	size_t n = 4096;
	for (size_t i = 0; i < r->n_pos; i++)
		n += (has_parts(a) ? r->pos[i].data.n
				   : b64_encoded_len(r->pos[i].data.n)) +
		     2048;
	if (n > out->max)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "the answer is larger than %zu bytes", out->max);
	return buf_reserve(out, n, err);
}

/* What put_po() has left to them. */
static int put_parts(const struct api_answer *a, struct ltp_retrieved *r,
		     struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_pos; i++) {
		struct buf *data = &r->pos[i].data;
		if (data->p != NULL && put_part(a, i, view_buf(data), out, err) != 0)
			return -1;
		buf_free(data);
	}
	return end_parts(a, out, err);
}

static int out_retrieved(const struct api_answer *a, enum operation op,
			 struct ltp_retrieved *r, struct buf *out,
			 struct ltps_error *err)
{
	if (reserve_pos(a, r, out, err) != 0)
		return -1;
	struct xmlw w = start(a, op, out);
	for (size_t i = 0; i < r->n_pos && w.err.code == LTPS_OK; i++)
		put_po(&w, a, r, i);
	if (soap_end(&w, err) != 0)
		return -1;
	return has_parts(a) ? put_parts(a, r, out, err) : 0;
}

/* ---- RetrieveTrace, ValidateEvidence ---- */

static int out_trace(const struct api_answer *a, const struct ltp_trace *trace,
		     struct buf *out, struct ltps_error *err)
{
	struct xmlw w = start(a, OP_RETRIEVE_TRACE, out);
	xmlw_open(&w, "pres:Trace");
	for (size_t i = 0; i < trace->n && w.err.code == LTPS_OK; i++) {
		const struct ltp_event *e = &trace->events[i];
		xmlw_open(&w, "pres:Event");
		xmlw_element_time(&w, "pres:Time", e->time_ms);
		soap_element(&w, "pres:Subject", e->subject);
		soap_element(&w, "pres:Operation", e->operation);
		soap_element(&w, "pres:Object", e->object);
		soap_element(&w, "pres:Detail", e->detail);
		xmlw_close(&w);
	}
	return finish(&w, a, err);
}

static void put_report(struct xmlw *w, const struct evidence_reports *reports)
{
	struct buf report = buf_make(API_REPORT_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	if (api_report_json(reports, &report, &err) != 0 && w->err.code == LTPS_OK)
		w->err = err;
	xmlw_open(w, "pres:ValidationReport");
	soap_attribute(w, "MimeType", "application/json");
	xmlw_open(w, "pres:binaryData");
	xmlw_base64(w, view_buf(&report));
	xmlw_close(w);
	xmlw_close(w);
	buf_free(&report);
}

static int out_validated(const struct api_answer *a,
			 const struct evidence_reports *reports, struct buf *out,
			 struct ltps_error *err)
{
	struct xmlw w = start(a, OP_VALIDATE_EVIDENCE, out);
	if (reports->n > 0) {
		const struct ers_report *worst = evidence_worst(reports);
		put_report(&w, reports);
		if (worst->proof_of_existence_ms != INT64_MIN)
			xmlw_element_time(&w, "pres:ProofOfExistence",
					  worst->proof_of_existence_ms);
	}
	return finish(&w, a, err);
}

const struct api_binding api_soap_binding = {
	.parse = soap_parse,
	.media_type = SOAP_MEDIA_TYPE,
	.result = out_result,
	.info = out_info,
	.preserved = out_preserved,
	.updated = out_updated,
	.found = out_found,
	.retrieved = out_retrieved,
	.trace = out_trace,
	.validated = out_validated,
};
