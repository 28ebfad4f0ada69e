/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_forms - the end of signed objects: every augmented form with its evidence
 * record is taken out. The records are judged as those of other objects, and the newest
 * form as anybody would: by the file, the exported anchors, the policy of the world and
 * the time, and with the CRLs that the CAs of that day publish, since what the last
 * time-stamp stands on must not have been revoked by then (EN 319 102-1 5.2.5).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "ltp/validation.h"
#include "server/simulate.h"
#include "timestamping/ers.h"
#include "validation/evidence_source.h"

#define FILE_MAX ((size_t)64 << 20)
/* Each needs a time-stamp of its own: more than one in half a year is a defect. */
#define FORMS_MAX (2 * SIM_YEARS_MAX)

/* CRLs that are published at the end: of some CAs for each root. */
#define STATUS_MAX ((size_t)16 << 20)

struct forms {
	struct sim *s;
	uint64_t object;
	const struct material *anchors;
	struct buf form;   /* the newest so far */
	struct buf record; /* of it */
	bool has_record;
	char why[384]; /* it is not verifiable; "" it is */
};

/* false: there is none, and why stands in the reply */
static int take(struct forms *f, const char *label, bool evidence, bool *ret_there,
		struct ltps_error *err)
{
	struct sim_order o = { .kind = SIM_ORDER_EXPORT,
			       .a = (int64_t)f->object,
			       .b = evidence };
	struct sim_reply reply;
	char name[64];
	*ret_there = false;
	snprintf(o.text, sizeof(o.text), "%s", label);
	if (sim_ask(f->s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc != 0 || reply.text[0] != '\0')
		return 0;
	snprintf(name, sizeof(name), "%" PRIu64 ".%s%s", f->object,
		 evidence ? "evidence-" : "", label);
	return sim_read_out(f->s, name, evidence ? &f->record : &f->form, ret_there,
			    err);
}

/* ---- records ---- */

static int judge_record(struct forms *f, const char *label, struct ltps_error *err)
{
	struct evidence_reports reports = { .n = 0 };
	struct ltps_error why = LTPS_ERROR_INIT;
	const struct ers_object object = { .name = "form",
					   .has_data = true,
					   .data = view_buf(&f->form) };
	const struct ers_input in = { .objects = &object,
				      .n_objects = 1,
				      .material = f->anchors,
				      .policy = &f->s->policy,
				      .time_ms = sim_now(f->s) };
	char text[300] = "no record";
	(void)err;
	if (evidence_judge(view_buf(&f->record), &in, &reports, &why) != 0) {
		snprintf(f->why, sizeof(f->why), "%s: %.300s", label, why.text);
		return 0;
	}
	const struct ers_report *r = reports.n > 0 ? evidence_worst(&reports) : NULL;
	if (r != NULL && r->indication == INDICATION_PASSED && r->intact)
		text[0] = '\0';
	else if (r != NULL)
		sim_explain_record(r, text, sizeof(text));
	if (text[0] != '\0')
		snprintf(f->why, sizeof(f->why), "evidence of %s: %s", label, text);
	evidence_reports_clear(&reports);
	return 0;
}

/* ---- the newest form ---- */

static const struct report_signature *first_open(const struct report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++)
		if (r->signatures[i].conclusion.indication != INDICATION_PASSED)
			return &r->signatures[i];
	return NULL;
}

static void count_stamps(struct forms *f, const struct report *r)
{
	for (size_t i = 0; i < r->n_stamps; i++)
		f->s->forms.timestamps += r->stamps[i].stamp->type == STAMP_ARCHIVE ||
					  r->stamps[i].stamp->type == STAMP_DOCUMENT;
}

static void take_report(struct forms *f, const char *label, const struct report *r)
{
	const struct report_signature *open = first_open(r);
	count_stamps(f, r);
	if (open == NULL && r->n_signatures > 0) {
		f->s->forms.passed++;
		return;
	}
	snprintf(f->why, sizeof(f->why), "%s: %s", label,
		 open == NULL ? "no signature" : "");
	if (open != NULL)
		snprintf(f->why, sizeof(f->why), "%s: %s, %.250s", label,
			 subindication_name(open->conclusion.sub),
			 open->conclusion.text);
}

static int judge_newest(struct forms *f, const char *label, struct ltps_error *err)
{
	const struct clock clock = clock_fixed(sim_now(f->s));
	const struct path_sources sources = { .clock = &clock };
	struct validation_policy *policy = NULL;
	struct document *d = NULL;
	struct judged judged = { 0 };
	const struct material *pools[] = { f->anchors, f->s->status };
	struct engine_input in = { .pools = pools,
				   .n_pools = 2,
				   .time_ms = sim_now(f->s) };
	int rc = sim_policy_of(f->s, &policy, err);
	if (rc == 0)
		rc =
		    validation_read(view_buf(&f->form), VIEW_NULL, NULL, NULL, &d, err);
	in.policy = policy;
	in.document = d;
	if (rc == 0)
		rc = judge_document(&sources, &in, &judged, err);
	if (rc == 0)
		take_report(f, label, judged.report);
	judged_clear(&judged);
	document_free(d);
	validation_policy_free(policy);
	return rc;
}

/* ---- the status of that day ---- */

static bool is_ca(const struct devpki_cert *c, int64_t now_ms)
{
	time_t now = (time_t)(now_ms / 1000);
	return (c->kind == DEVPKI_CA || c->kind == DEVPKI_ROOT) &&
	       X509_cmp_time(X509_get0_notAfter(c->x509), &now) > 0;
}

static int add_crl(struct sim *s, const struct devpki_cert *ca, struct ltps_error *err)
{
	struct buf crl = buf_make(STATUS_MAX);
	char name[80];
	int rc = devpki_crl(s->pki, ca, &crl, err);
	if (rc == 0)
		rc = material_add(s->status, MATERIAL_CRL, view_buf(&crl), err);
	snprintf(name, sizeof(name), "%s.crl", ca->name);
	if (rc == 0 && s->o.keep)
		rc = sim_write_out(s, name, view_buf(&crl), err);
	buf_free(&crl);
	return rc;
}

int sim_status_make(struct sim *s, struct ltps_error *err)
{
	if (material_new(&s->status, err) != 0)
		return -1;
	for (size_t i = 0; i < devpki_count(s->pki); i++) {
		const struct devpki_cert *c = devpki_at(s->pki, i);
		if (is_ca(c, sim_now(s)) && add_crl(s, c, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- all ---- */

/* ret_n: how many there are; the newest is held */
static int judge_all(struct forms *f, unsigned *ret_n, struct ltps_error *err)
{
	char label[32];
	bool there = true;
	*ret_n = 0;
	while (there && *ret_n < FORMS_MAX) {
		struct buf last = f->form;
		f->form = buf_make(FILE_MAX);
		snprintf(label, sizeof(label), "augmented-%u", *ret_n + 1);
		int rc = take(f, label, false, &there, err);
		if (!there) {
			buf_free(&f->form);
			f->form = last;
			return rc;
		}
		buf_free(&last);
		/* Trees close once a day: the newest may have to wait for its own. */
		if (*ret_n > 0 && !f->has_record && f->why[0] == '\0')
			snprintf(f->why, sizeof(f->why), "augmented-%u has no evidence",
				 *ret_n);
		++*ret_n;
		if (rc == 0)
			rc = take(f, label, true, &f->has_record, err);
		if (rc == 0 && f->has_record && f->why[0] == '\0')
			rc = judge_record(f, label, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

int sim_judge_forms(struct sim *s, uint64_t object, const struct material *anchors,
		    struct ltps_error *err)
{
	struct forms f = { .s = s,
			   .object = object,
			   .anchors = anchors,
			   .form = buf_make(FILE_MAX),
			   .record = buf_make(FILE_MAX) };
	char label[32];
	unsigned n;
	int rc = judge_all(&f, &n, err);
	s->forms.forms += n;
	snprintf(label, sizeof(label), "augmented-%u", n);
	if (rc == 0 && n == 0)
		snprintf(f.why, sizeof(f.why), "its signature was never augmented");
	else if (rc == 0 && f.why[0] == '\0')
		rc = judge_newest(&f, label, err);
	if (rc == 0 && f.why[0] != '\0')
		rc = sim_loss_add(s, object, false, f.why, err);
	buf_free(&f.form);
	buf_free(&f.record);
	return rc;
}
