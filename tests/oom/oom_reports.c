/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenarios of reports: a document with everything is judged and written in every form.
 * A failed allocation may end it; it never changes a verdict or an octet.
 */
#include <string.h>

#include "ltp/report_sign.h"
#include "ltp/validation.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"
#include "tests/support/cades_kit.h"

#define NOW KIT_DAY(3)
#define FORMS 3

static struct {
	struct cades_kit_scene scene;
	struct view file;
	struct document *document;
	struct validation_policy *policy;
	struct clock clock;
	struct judged judged;
	struct signing_key key;
	struct buf forms[FORMS]; /* with all the memory */
} s;

static const struct report_frame frame = { .file = "a.p7m",
					   .version = "1",
					   .whole = true };

static int judge(struct judged *ret, struct ltps_error *err)
{
	const struct material *pools[] = { s.scene.anchors };
	const struct path_sources sources = { .clock = &s.clock };
	const struct engine_input in = {
		.document = s.document,
		.policy = s.policy,
		.pools = pools,
		.n_pools = 1,
		.time_ms = INT64_MIN,
	};
	return judge_document(&sources, &in, ret, err);
}

/* Ed25519: the only one whose signature is the same each time. */
static int write_form(enum validation_form form, struct buf *out,
		      struct ltps_error *err)
{
	return validation_write(s.judged.report, &frame, form, &s.key, NOW, out, err);
}

static void make_key(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fix_cert *holder = cades_kit_key(FIX_KEY_ED25519, 0);
	s.key.key = holder->key;
	must(cert_parse(holder->der, &s.key.certificate, &err), "certificate", &err);
}

void oom_reports_make(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	s.scene = cades_kit_scene(NULL);
	s.file = cades_kit_typical(&s.scene, CADES_KIT_LTA);
	s.clock = clock_fixed(NOW);
	make_key();
	must(validation_policy_builtin("default", &s.policy, &err), "policy", &err);
	must(validation_read(s.file, VIEW_NULL, NULL, NULL, &s.document, &err),
	     "document", &err);
	must(judge(&s.judged, &err), "judgement", &err);
	for (int i = 0; i < FORMS; i++) {
		s.forms[i] = buf_make(OOM_BYTES_MAX);
		must(write_form((enum validation_form)i, &s.forms[i], &err), "report",
		     &err);
	}
}

void oom_reports_free(void)
{
	for (int i = 0; i < FORMS; i++)
		buf_free(&s.forms[i]);
	judged_clear(&s.judged);
	document_free(s.document);
	validation_policy_free(s.policy);
	cert_free(s.key.certificate);
	cades_kit_scene_free(&s.scene);
}

static int write_same(enum validation_form form, struct ltps_error *err)
{
	struct buf out = buf_make(OOM_BYTES_MAX);
	int rc = write_form(form, &out, err);
	if (rc == 0 && !view_equal(view_buf(&out), view_buf(&s.forms[form])))
		rc = OOM_OTHER;
	buf_free(&out);
	return rc;
}

static int json(struct ltps_error *err)
{
	return write_same(VALIDATION_JSON, err);
}

static int text(struct ltps_error *err)
{
	return write_same(VALIDATION_TEXT, err);
}

static int xml(struct ltps_error *err)
{
	return write_same(VALIDATION_XML, err);
}

static int read_document(struct ltps_error *err)
{
	struct document *d = NULL;
	if (validation_read(s.file, VIEW_NULL, NULL, NULL, &d, err) != 0)
		return -1;
	const bool same = d->n_signatures == s.document->n_signatures &&
			  d->n_stamps == s.document->n_stamps &&
			  d->n_notes == s.document->n_notes;
	document_free(d);
	return same ? 0 : OOM_OTHER;
}

static int judge_again(struct ltps_error *err)
{
	struct judged j = { 0 };
	if (judge(&j, err) != 0)
		return -1;
	const struct report *a = j.report, *b = s.judged.report;
	const bool same =
	    a->indication == b->indication && a->n_needs == b->n_needs &&
	    a->n_findings == b->n_findings &&
	    a->signatures[0].level == b->signatures[0].level &&
	    a->signatures[0].conclusion.sub == b->signatures[0].conclusion.sub;
	judged_clear(&j);
	return same ? 0 : OOM_OTHER;
}

const struct oom_case oom_reports[] = {
	{ "reports: document", read_document },
	{ "reports: judgement", judge_again },
	{ "reports: JSON", json },
	{ "reports: text", text },
	{ "reports: signed XML", xml },
	{ 0 },
};
