/* SPDX-License-Identifier: Apache-2.0 */
/* digest_list_xml - the XML form: pres:DigestListType of annex C.1. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/xml.h"
#include "server/digest_list.h"
#include "server/result.h"

#define NS_PRES_112 "http://uri.etsi.org/19512/v1.1.2#"
#define NS_PRES_121 "http://uri.etsi.org/19512/v1.2.1#"
#define NS_DS_RW "http://docs.oasis-open.org/dss-x/ns/xmldsig/rewritten"
/* A value as it stands in the document, with blanks and line ends. */
#define VALUE_TEXT_MAX 4096
#define URI_TEXT_MAX 1024

struct doc {
	struct xml_reader *x;
	const char *ns; /* of this document: that of its root */
	struct ltp_digest_list *list;
	size_t cap;
	size_t in; /* octets of the whole: evidence is shorter */
	bool has_alg;
};

static int wrong(const char *what, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "TS 119 512 5.6.1", "%s",
			 what);
}

/* xs:base64Binary may be broken by blanks anywhere. */
static void drop_blanks(struct buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] != ' ' && b->p[i] != '\t' && b->p[i] != '\r' &&
		    b->p[i] != '\n')
			b->p[n++] = b->p[i];
	b->n = n;
}

static int read_method(struct doc *d, struct ltps_error *err)
{
	char text[URI_TEXT_MAX];
	struct view v;
	if (d->has_alg)
		return wrong("DigestMethod stands there twice", err);
	if (!xml_attr(d->x, "Algorithm", &v) || v.n == 0 || v.n >= sizeof(text) ||
	    memchr(v.p, 0, v.n) != NULL)
		return wrong("DigestMethod names no algorithm", err);
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	d->list->alg = digest_alg_of_text(text);
	d->has_alg = true;
	return xml_skip(d->x, err);
}

static int read_value(struct doc *d, struct ltps_error *err)
{
	struct buf text = buf_make(VALUE_TEXT_MAX);
	int rc = -1;
	if (!d->has_alg)
		rc = wrong("DigestValue stands before DigestMethod", err);
	else if (d->list->has_evidence)
		rc = wrong("DigestValue stands behind Evidence", err);
	else if (xml_collect(d->x, &text, err) == 0) {
		drop_blanks(&text);
		rc = digest_list_add(d->list, &d->cap, view_buf(&text), err);
	}
	buf_free(&text);
	return rc;
}

static int read_octets(struct doc *d, struct ltps_error *err)
{
	struct buf text = buf_make(d->in);
	int rc = xml_collect(d->x, &text, err);
	if (rc == 0) {
		drop_blanks(&text);
		rc = b64_decode(view_buf(&text), true, &d->list->evidence, err);
	}
	buf_free(&text);
	if (rc == 0 && d->list->evidence.n == 0)
		rc = wrong("the Evidence is empty", err);
	return rc;
}

static int read_format(struct doc *d, struct ltps_error *err)
{
	char text[URI_TEXT_MAX];
	struct view v;
	if (!xml_attr(d->x, "FormatId", &v))
		return 0;
	if (v.n >= sizeof(text) || memchr(v.p, 0, v.n) != NULL)
		return wrong("FormatId of the Evidence is too long", err);
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	d->list->evidence_format = mem_dup_text(text);
	return d->list->evidence_format != NULL ? 0 : ltps_fail_nomem(err);
}

/* pres:EvidenceType: one binaryData; a record in XML is of a kind that is not taken. */
static int read_evidence(struct doc *d, struct ltps_error *err)
{
	const size_t depth = xml_depth(d->x);
	enum xml_event e;
	if (d->list->has_evidence)
		return wrong("Evidence stands there twice", err);
	d->list->has_evidence = true;
	d->list->evidence = buf_make(d->in);
	if (read_format(d, err) != 0)
		return -1;
	for (;;) {
		if (xml_next(d->x, &e, err) != 0)
			return -1;
		if (e == XML_END && xml_depth(d->x) == depth)
			break;
		if (e != XML_START)
			continue;
		if (!xml_is(d->x, d->ns, "binaryData") || d->list->evidence.n > 0)
			return wrong("Evidence holds something else than one "
				     "binaryData",
				     err);
		if (read_octets(d, err) != 0)
			return -1;
	}
	return d->list->evidence.n > 0 ? 0 : wrong("the Evidence is empty", err);
}

static int read_child(struct doc *d, struct ltps_error *err)
{
	if (xml_is(d->x, NS_DS_RW, "DigestMethod"))
		return read_method(d, err);
	if (xml_is(d->x, NS_DS_RW, "DigestValue"))
		return read_value(d, err);
	if (xml_is(d->x, d->ns, "Evidence"))
		return read_evidence(d, err);
	return wrong("it holds an element that is not of a DigestList", err);
}

static int read_root(struct doc *d, struct ltps_error *err)
{
	if (xml_is(d->x, NS_PRES_112, "DigestList"))
		d->ns = NS_PRES_112;
	else if (xml_is(d->x, NS_PRES_121, "DigestList"))
		d->ns = NS_PRES_121;
	return d->ns != NULL ? 0 : wrong("the root is no pres:DigestList", err);
}

static int read_all(struct doc *d, struct ltps_error *err)
{
	enum xml_event e;
	do {
		if (xml_next(d->x, &e, err) != 0)
			return -1;
		if (e == XML_START &&
		    (d->ns == NULL ? read_root(d, err) : read_child(d, err)) != 0)
			return -1;
	} while (e != XML_DONE);
	if (!d->has_alg)
		return wrong("there is no DigestMethod", err);
	return d->list->n > 0 ? 0 : wrong("there is no DigestValue", err);
}

int digest_list_read_xml(struct view data, struct ltp_digest_list *ret_list,
			 struct ltp_result *ret_refusal, struct ltps_error *err)
{
	struct ltp_digest_list list = { .alg = DIGEST_NONE };
	struct doc d = { .list = &list, .in = data.n };
	int rc = xml_open(data, &d.x, err);
	if (rc == 0)
		rc = read_all(&d, err);
	xml_close(d.x);
	if (rc == 0) {
		*ret_list = list;
		return 0;
	}
	ltp_digest_list_clear(&list);
	if (err->code == LTPS_NOMEM || err->code == LTPS_IO)
		return -1;
	result_set(ret_refusal, LTP_PARAMETER_ERROR, "%s", err->text);
	ltps_error_clear(err);
	return 0;
}
