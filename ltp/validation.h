/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validation - one signed file judged and its report written: what POST /validate and
 * `ltps validate` share. Nothing is kept.
 */
#ifndef LTPS_LTP_VALIDATION_H
#define LTPS_LTP_VALIDATION_H

#include "ltp/judge.h"
#include "ltp/ltp.h"
#include "ltp/signing_key.h"

#define VALIDATION_REPORT_MAX ((size_t)256 << 20) /* XML with all material in it */

enum validation_form { VALIDATION_JSON, VALIDATION_TEXT, VALIDATION_XML };

/*
 * validation_read - document_read(), document_read_pdf() or document_read_record(), by
 * a look at the format. password  of an encrypted PDF; n == 0: the empty one cache of
 * this thread, with certificates decoded before; may be NULL Fails: UNSUPPORTED
 * (object), naming it, for signed formats that are not judged yet; MISMATCH (caller)
 * when the file holds another content than the one given; ARGUMENT (caller) for content
 * beside a PDF; as document_read()
 */
int validation_read(struct view file, struct view password, struct content *content,
		    struct sig_cache *cache, struct document **ret_doc,
		    struct ltps_error *err) LTPS_CHECKED;

/*
 * validation_write - a report in a form; XML is signed when there is a key.
 * time_ms  of the signature: when the report is made
 * out      appended
 * Fails:   as report_xml(), report_sign()
 */
int validation_write(const struct report *r, const struct report_frame *f,
		     enum validation_form form, const struct signing_key *key,
		     int64_t time_ms, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;

/* A report for whoever writes it down in another way. */
struct validation_outcome {
	const struct report *report;
	const struct report_frame *frame;
	const struct signing_key *key; /* of the service, for XML; NULL: none */
	int64_t time_ms;
};

struct ltp_validation {
	struct view file;
	struct view password;    /* of an encrypted PDF */
	struct content *content; /* of a detached signature; NULL: none given */
	const struct validation_policy *policy;
	int64_t time_ms; /* INT64_MIN: now */
	enum validation_form form;
	bool fetch;              /* what is missing may be asked for */
	const char *version;     /* of the program, for the report */
	struct sig_cache *cache; /* of this thread; may be NULL */
	/* NULL: validation_write() in that form. */
	int (*write)(void *arg, const struct validation_outcome *o, struct buf *out,
		     struct ltps_error *err);
	void *write_arg;
};
/*
 * ltp_validate_document - with the anchors and the material of the service.
 * out    appended: the report
 * Fails: as validation_read(); NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store
 */
int ltp_validate_document(struct ltp_worker *w, const struct ltp_validation *v,
			  struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
