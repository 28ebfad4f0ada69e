/* SPDX-License-Identifier: Apache-2.0 */
/* report_xml_objects - SignatureValidationObjects, and the ids by which the rest of the
 * report refers to them. TS 119 102-2 4.4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/poe.h"
#include "validation/report_xml_private.h"

/* A larger one is given by its digest: common parsers take no text node beyond
 * 10 000 000 octets, in base64 as here. */
#define WHOLE_MAX ((size_t)7000000)
/* One reference lists at most so many objects; a time-stamp may cover 100000. */
#define REFERENCES_MAX 10000

static const char *const type_uris[] = {
	[XML_CERT] = "urn:etsi:019102:validationObject:certificate",
	[XML_CRL] = "urn:etsi:019102:validationObject:CRL",
	[XML_OCSP] = "urn:etsi:019102:validationObject:OCSPResponse",
	[XML_DATA] = "urn:etsi:019102:validationObject:signedData",
	[XML_STAMP] = "urn:etsi:019102:validationObject:timestamp",
	[XML_RECORD] = "urn:etsi:019102:validationObject:evidencerecord",
};

/* ---- the table ---- */

static int add(struct report_xml *w, const struct report_object *o,
	       struct ltps_error *err)
{
	if (w->n_objects == w->max_objects) {
		const size_t max = w->max_objects > 0 ? 2 * w->max_objects : 64;
		void *grown = mem_resize(w->objects, max, sizeof(*w->objects));
		if (grown == NULL)
			return ltps_fail_nomem(err);
		w->objects = grown;
		w->max_objects = max;
	}
	w->objects[w->n_objects++] = *o;
	return 0;
}

static int add_cert(struct report_xml *w, const struct cert *c, struct ltps_error *err)
{
	const struct report_object o = { .kind = XML_CERT };
	struct report_object one = o;
	if (c == NULL)
		return 0;
	one.sha256 = c->sha256;
	one.octets = c->der;
	return add(w, &one, err);
}

static int add_status(struct report_xml *w, const struct path_status_object *s,
		      struct ltps_error *err)
{
	struct report_object o = { .kind = XML_CRL };
	if (s->crl != NULL) {
		o.sha256 = s->crl->sha256;
		o.octets = s->crl->der;
	} else if (s->ocsp != NULL) {
		o.kind = XML_OCSP;
		o.sha256 = s->ocsp->sha256;
		o.octets = s->ocsp->der;
	} else {
		return 0;
	}
	if (add(w, &o, err) != 0 || add_cert(w, s->signer, err) != 0)
		return -1;
	for (size_t i = 0; i < s->n_signer_path; i++)
		if (add_cert(w, s->signer_path[i], err) != 0)
			return -1;
	return 0;
}

static int add_chain(struct report_xml *w, const struct cert_validation_result *c,
		     struct ltps_error *err)
{
	if (c == NULL)
		return 0;
	for (size_t i = 0; i < c->chain.n_certs; i++) {
		if (add_cert(w, c->chain.certs[i], err) != 0)
			return -1;
		if (c->chain.revocation == NULL || i + 1 == c->chain.n_certs)
			continue;
		const struct path_cert_revocation *v = &c->chain.revocation[i];
		for (size_t k = 0; k < v->n_objects; k++)
			if (add_status(w, &v->objects[k], err) != 0)
				return -1;
	}
	return 0;
}

static int add_signature(struct report_xml *w, const struct report_signature *s,
			 struct ltps_error *err)
{
	const struct document_signature *d = s->signature;
	const struct report_object data = {
		.kind = XML_DATA,
		.sha256 = d->content_sha256,
	};
	if (add_cert(w, s->signing_certificate, err) != 0 ||
	    add_chain(w, s->certificate, err) != 0 || add_chain(w, s->past, err) != 0)
		return -1;
	return d->has_content ? add(w, &data, err) : 0;
}

static int add_stamp(struct report_xml *w, size_t i, struct ltps_error *err)
{
	const struct report_stamp *s = &w->r->stamps[i];
	const struct report_object o = { .kind = XML_STAMP,
					 .sha256 = s->stamp->sha256,
					 .octets = s->stamp->token,
					 .id = s->stamp->id,
					 .index = i };
	if (add(w, &o, err) != 0 || add_cert(w, s->signer, err) != 0)
		return -1;
	return add_chain(w, s->certificate, err);
}

static int add_record(struct report_xml *w, size_t i, struct ltps_error *err)
{
	const struct document_record *d = w->r->records[i].record;
	const struct report_object o = { .kind = XML_RECORD,
					 .sha256 = d->sha256,
					 .octets = d->record,
					 .id = d->id,
					 .index = i };
	return add(w, &o, err);
}

static int add_counted(struct report_xml *w, struct ltps_error *err)
{
	const struct report *r = w->r;
	for (size_t i = 0; i < r->n_certs; i++)
		if (add_cert(w, r->certs[i], err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_crls; i++) {
		const struct path_status_object o = { .crl = r->crls[i] };
		if (add_status(w, &o, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_ocsps; i++) {
		const struct path_status_object o = { .ocsp = r->ocsps[i] };
		if (add_status(w, &o, err) != 0)
			return -1;
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct report_object *x = a, *y = b;
	const int order = memcmp(x->sha256, y->sha256, 32);
	if (order != 0)
		return order;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->id == NULL || y->id == NULL)
		return (y->id == NULL) - (x->id == NULL);
	return strcmp(x->id, y->id);
}

static void keep_each_once(struct report_xml *w)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->n_objects; i++)
		if (kept == 0 || compare(&w->objects[kept - 1], &w->objects[i]) != 0)
			w->objects[kept++] = w->objects[i];
	w->n_objects = kept;
}

int report_xml_collect(struct report_xml *w, struct ltps_error *err)
{
	const struct report *r = w->r;
	int rc = add_counted(w, err);
	for (size_t i = 0; i < r->n_signatures && rc == 0; i++)
		rc = add_signature(w, &r->signatures[i], err);
	for (size_t i = 0; i < r->n_stamps && rc == 0; i++)
		rc = add_stamp(w, i, err);
	for (size_t i = 0; i < r->n_records && rc == 0; i++)
		rc = add_record(w, i, err);
	if (rc == 0 && w->n_objects > 0) {
		qsort(w->objects, w->n_objects, sizeof(*w->objects), compare);
		keep_each_once(w);
	}
	return rc;
}

const struct report_object *report_xml_find(const struct report_xml *w,
					    const uint8_t sha256[32])
{
	size_t low = 0, high = w->n_objects;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (memcmp(w->objects[middle].sha256, sha256, 32) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == w->n_objects || memcmp(w->objects[low].sha256, sha256, 32) != 0)
		return NULL;
	return &w->objects[low];
}

bool report_xml_has(const struct report_xml *w, const uint8_t sha256[32])
{
	return report_xml_find(w, sha256) != NULL;
}

void report_xml_object_id(const struct report_object *o, char out[REPORT_XML_ID_MAX])
{
	static const char letters[] = {
		[XML_CERT] = 'C', [XML_CRL] = 'R', [XML_OCSP] = 'O', [XML_DATA] = 'D'
	};
	if (o->id != NULL) {
		snprintf(out, REPORT_XML_ID_MAX, "%s", o->id);
		return;
	}
	out[0] = letters[o->kind];
	out[1] = '-';
	hex_encode(view_of(o->sha256, 32), out + 2);
}

void report_xml_refer_id(struct report_xml *w, const char *name, const char *id)
{
	xmlw_open(&w->x, name);
	xmlw_attribute(&w->x, "VOReference", view_text(id));
	xmlw_close(&w->x);
}

void report_xml_refer(struct report_xml *w, const char *name, const uint8_t sha256[32])
{
	const struct report_object *o = report_xml_find(w, sha256);
	char id[REPORT_XML_ID_MAX];
	if (o == NULL)
		return;
	report_xml_object_id(o, id);
	report_xml_refer_id(w, name, id);
}

/* ---- the list ---- */

static void write_representation(struct report_xml *w, const struct report_object *o)
{
	struct xmlw *x = &w->x;
	xmlw_open(x, "vr:ValidationObjectRepresentation");
	if (w->f->whole && o->octets.n > 0 && o->octets.n <= WHOLE_MAX) {
		xmlw_element_base64(x, "vr:base64", o->octets);
	} else {
		xmlw_open(x, "vr:DigestAlgAndValue");
		report_xml_digest(w, DIGEST_SHA256, view_of(o->sha256, 32));
		xmlw_close(x);
	}
	xmlw_close(x);
}

static bool is_proof(const struct report *r, const char *id)
{
	for (size_t i = 0; i < r->n_stamps; i++)
		if (strcmp(r->stamps[i].stamp->id, id) == 0)
			return true;
	for (size_t i = 0; i < r->n_records; i++)
		if (strcmp(r->records[i].record->id, id) == 0)
			return true;
	return false;
}

void report_xml_poe(struct report_xml *w, const char *name, int64_t t_ms,
		    const char *by, bool brought)
{
	xmlw_open(&w->x, name);
	xmlw_element_time(&w->x, "vr:POETime", t_ms);
	xmlw_element(&w->x, "vr:TypeOfProof",
		     brought ? "urn:etsi:019102:poetype:provided"
			     : "urn:etsi:019102:poetype:validation");
	if (by != NULL && is_proof(w->r, by))
		report_xml_refer_id(w, "vr:POEObject", by);
	xmlw_close(&w->x);
}

/* The lowest proof that the judgement knows, itself included. */
static void write_poe(struct report_xml *w, const struct report_object *o)
{
	const struct report *r = w->r;
	int64_t t = r->poes != NULL ? poe_earliest(r->poes, o->sha256) : INT64_MAX;
	const char *by = r->poes != NULL ? poe_source(r->poes, o->sha256) : NULL;
	if (o->kind == XML_STAMP && report_has_time(r->stamps[o->index].poe_ms) &&
	    r->stamps[o->index].poe_ms < t)
		t = r->stamps[o->index].poe_ms;
	if (!report_has_time(t))
		return;
	report_xml_poe(w, "vr:POE", t, by, report_is_brought(r, t, by));
}

static bool is_signature(const struct report_xml *w, const uint8_t sha256[32])
{
	for (size_t i = 0; i < w->r->n_signatures; i++)
		if (memcmp(w->r->signatures[i].signature->sha256, sha256, 32) == 0)
			return true;
	return false;
}

/* ids with blanks between them; empty when it covers nothing of the table. */
static int list_covered(const struct report_xml *w, const struct document_cover *covers,
			size_t n, struct buf *out, struct ltps_error *err)
{
	char id[REPORT_XML_ID_MAX];
	for (size_t i = 0, listed = 0; i < n && listed < REFERENCES_MAX; i++) {
		const struct report_object *o = report_xml_find(w, covers[i].sha256);
		if (o == NULL)
			continue;
		report_xml_object_id(o, id);
		if (buf_put_fmt(out, err, "%s%s", listed > 0 ? " " : "", id) != 0)
			return -1;
		listed++;
	}
	return 0;
}

static void write_covered_signatures(struct report_xml *w,
				     const struct document_cover *covers, size_t n)
{
	struct xmlw *x = &w->x;
	for (size_t i = 0; i < n; i++) {
		if (covers[i].kind != OBJECT_SIGNATURE ||
		    !is_signature(w, covers[i].sha256))
			continue;
		xmlw_open(x, "vr:SignatureReference");
		xmlw_element(x, "vr:DigestMethod",
			     xml_digest_uri(DIGEST_SHA256));
		xmlw_element_base64(x, "vr:DigestValue", view_of(covers[i].sha256, 32));
		xmlw_close(x);
	}
}

/* What a time-stamp or a record that counted proves. */
static void write_provisioning(struct report_xml *w, int64_t time_ms,
			       const struct document_cover *covers, size_t n)
{
	struct xmlw *x = &w->x;
	struct buf ids = buf_make((size_t)REFERENCES_MAX * REPORT_XML_ID_MAX);
	if (list_covered(w, covers, n, &ids, &x->err) == 0) {
		xmlw_open(x, "vr:POEProvisioning");
		xmlw_element_time(x, "vr:POETime", time_ms);
		if (ids.n > 0) {
			xmlw_open(x, "vr:ValidationObject");
			xmlw_attribute(x, "VOReference", view_buf(&ids));
			xmlw_close(x);
		}
		write_covered_signatures(w, covers, n);
		xmlw_close(x);
	}
	buf_free(&ids);
}

static void write_nested(struct report_xml *w, const struct report_object *o)
{
	if (o->kind == XML_STAMP) {
		const struct report_stamp *s = &w->r->stamps[o->index];
		if (s->counted && s->stamp->tst != NULL)
			write_provisioning(w, s->stamp->tst->gen_time_ms,
					   s->stamp->covers, s->stamp->n_covers);
		report_xml_stamp(w, "vr:ValidationReport", o->index);
	} else if (o->kind == XML_RECORD) {
		const struct report_record *e = &w->r->records[o->index];
		if (e->intact && report_has_time(e->time_ms))
			write_provisioning(w, e->time_ms, e->record->covers,
					   e->record->n_covers);
		report_xml_record(w, "vr:ValidationReport", o->index);
	}
}

static void write_object(struct report_xml *w, const struct report_object *o)
{
	char id[REPORT_XML_ID_MAX];
	report_xml_object_id(o, id);
	xmlw_open(&w->x, "vr:ValidationObject");
	xmlw_attribute(&w->x, "id", view_text(id));
	xmlw_element(&w->x, "vr:ObjectType", type_uris[o->kind]);
	write_representation(w, o);
	write_poe(w, o);
	write_nested(w, o);
	xmlw_close(&w->x);
}

void report_xml_objects(struct report_xml *w)
{
	if (w->n_objects == 0)
		return;
	xmlw_open(&w->x, "vr:SignatureValidationObjects");
	for (size_t i = 0; i < w->n_objects; i++)
		write_object(w, &w->objects[i]);
	xmlw_close(&w->x);
}
