/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/validation.h"

#include "formats/format.h"
#include "ltp/inside.h"
#include "ltp/limit.h"
#include "ltp/report_sign.h"

/* Of one request: a file with many signatures must not hold the thread for hours. */
#define VALIDATE_MS_MAX 120000

/* Formats that are recognised, so that the refusal can name them. */
static const struct {
	enum format_kind kind;
	const char *what;
} not_yet[] = {
	{ FORMAT_XADES, "XML signatures are" },
	{ FORMAT_ASIC_E, "ASiC containers are" },
	{ FORMAT_ASIC_S, "ASiC containers are" },
	{ FORMAT_ASIC_ERS, "ASiC containers are" },
	{ FORMAT_EVIDENCE_RECORD_XML, "evidence records in XML are" },
};

static int read_pdf(struct view file, struct view password,
		    const struct content *content, struct sig_cache *cache,
		    struct document **ret_doc, struct ltps_error *err)
{
	if (content != NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a PDF holds what it signs: no content goes with it");
	return document_read_pdf_known(file, password, cache, ret_doc, err);
}

int validation_read(struct view file, struct view password, struct content *content,
		    struct sig_cache *cache, struct document **ret_doc,
		    struct ltps_error *err)
{
	const struct format *f = format_detect(file);
	if (f->kind == FORMAT_PDF || f->kind == FORMAT_PADES)
		return read_pdf(file, password, content, cache, ret_doc, err);
	for (size_t i = 0; i < sizeof(not_yet) / sizeof(not_yet[0]); i++) {
		if (f->kind == not_yet[i].kind)
			return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, NULL,
					 "%s not judged yet", not_yet[i].what);
	}
	if (f->kind == FORMAT_EVIDENCE_RECORD)
		return document_read_record(file, content, ret_doc, err);
	struct document *doc = NULL;
	if (document_read_known(file, content, cache, &doc, err) != 0)
		return -1;
	/* A verdict about other octets than those that were meant is worse than none.
	 */
	if (doc->given == MATCH_NO) {
		document_free(doc);
		return ltps_fail(
		    err, LTPS_MISMATCH, LTPS_FAULT_CALLER, "EN 319 102-1 5.2.7",
		    "the file holds the content that it signs, and it is not "
		    "the one given beside it");
	}
	*ret_doc = doc;
	return 0;
}

static int write_json(const struct report *r, const struct report_frame *f,
		      struct buf *out, struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	report_json(r, f, &j);
	if (jsonw_end(&j, err) != 0)
		return -1;
	return buf_put_byte(out, '\n', err);
}

static int write_xml(const struct report *r, const struct report_frame *f,
		     const struct signing_key *key, int64_t time_ms, struct buf *out,
		     struct ltps_error *err)
{
	struct report_frame frame = *f;
	struct buf xml = buf_make(VALIDATION_REPORT_MAX);
	frame.signer = key != NULL ? key->certificate : NULL;
	int rc = report_xml(r, &frame, &xml, err);
	if (rc == 0)
		rc = key != NULL ? report_sign(view_buf(&xml), key, time_ms, out, err)
				 : buf_put(out, view_buf(&xml), err);
	buf_free(&xml);
	return rc == 0 ? buf_put_byte(out, '\n', err) : -1;
}

int validation_write(const struct report *r, const struct report_frame *f,
		     enum validation_form form, const struct signing_key *key,
		     int64_t time_ms, struct buf *out, struct ltps_error *err)
{
	switch (form) {
	case VALIDATION_JSON:
		return write_json(r, f, out, err);
	case VALIDATION_TEXT:
		return report_text(r, f, out, err);
	case VALIDATION_XML:
		break;
	}
	return write_xml(r, f, key, time_ms, out, err);
}

/* ---- in the service ---- */

static int judge(struct ltp_worker *w, const struct ltp_validation *v,
		 const struct document *d, struct buf *out, struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(w, v->fetch);
	struct limit limit = limit_of(VALIDATE_MS_MAX, &w->cancelled);
	const struct engine_input in = {
		.document = d,
		.policy = v->policy,
		.time_ms = v->time_ms,
		.budget = limit_budget(&limit),
		.cache = v->cache,
	};
	const struct report_frame frame = { .service = w->l->o.service_id,
					    .version = v->version,
					    .whole = true };
	struct judged j = { 0 };
	if (judge_document(&sources, &in, &j, err) != 0)
		return -1;
	const struct validation_outcome o = { j.report, &frame, w->l->o.report_key,
					      ltp_now(w->l) };
	const int rc = v->write != NULL ? v->write(v->write_arg, &o, out, err)
					: validation_write(o.report, &frame, v->form,
							   o.key, o.time_ms, out, err);
	judged_clear(&j);
	return rc;
}

int ltp_validate_document(struct ltp_worker *w, const struct ltp_validation *v,
			  struct buf *out, struct ltps_error *err)
{
	struct document *d = NULL;
	if (validation_read(v->file, v->password, v->content, v->cache, &d, err) != 0)
		return -1;
	const int rc = judge(w, v, d, out, err);
	document_free(d);
	return rc;
}
