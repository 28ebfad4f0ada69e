/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_pdf - what is particular to a PDF: changes behind a signature and who forbids
 * them (EN 319 102-1 5.2.8 with ISO 32000-2 12.8.2), and what its structure tells. A
 * ByteRange or dictionary that is wrong is a defect of the format, 5.2.2.
 */
#include <stdio.h>
#include <string.h>

#include "validation/engine_accept.h"

#define STRUCTURE_CLAUSE "ISO 32000-2 7.5"
/* No rule of a policy: what a second reader does not confirm nobody has seen. */
#define UNCONFIRMED "no second reader was asked what others see in this file"

/* ---- 5.2.8 ---- */

static int apply_changes(struct accepting *a, const struct document_pdf *p,
			 struct ltps_error *err)
{
	const struct pdf_change *c = p->undefined;
	char text[160] = "";
	if (c != NULL)
		snprintf(text, sizeof(text), "revision %zu%s%s: %.100s",
			 c->revision + 1, c->attack != NULL ? ", " : "",
			 c->attack != NULL ? c->attack : "", c->what);
	return accept_apply(a, CONSTRAINT_PDF_CHANGES, c == NULL, text, err);
}

int accept_pdf(struct accepting *a, struct ltps_error *err)
{
	const struct document_pdf *p = a->b->signature->pdf;
	if (p == NULL || a->b->ledger.context != CONTEXT_SIGNATURE)
		return 0;
	if (apply_changes(a, p, err) != 0 ||
	    accept_apply(a, CONSTRAINT_PDF_PERMISSIONS, p->forbidden == NULL,
			 p->forbidden_why, err) != 0)
		return -1;
	if (p->unconfirmed[0] != '\0')
		accept_fail(a, CONSTRAINT_FORMAT, UNCONFIRMED);
	return 0;
}

/* ---- a file of time-stamps alone ---- */

static int judge_alone(struct engine *e, size_t k, const struct document_pdf *p,
		       struct ltps_error *err)
{
	struct report_stamp *r = &e->report->stamps[k];
	/* The rule for signatures: there is nothing else that this file says. */
	const struct engine_ledger l = { .context = CONTEXT_SIGNATURE,
					 .object = r->stamp->id,
					 .list = &r->constraints,
					 .n = &r->n_constraints };
	const char *what = p->undefined != NULL ? p->undefined->what : "";
	bool fails = false;
	if (engine_constrain(e, &l, CONSTRAINT_PDF_CHANGES, p->undefined == NULL,
			     &fails, err, "%s", what) != 0)
		return -1;
	if (p->unconfirmed[0] == '\0' && !fails)
		return 0;
	r->conclusion =
	    conclusion_of(SUB_SIG_CONSTRAINTS_FAILURE, STRUCTURE_CLAUSE, "%s%s",
			  fails ? "changed after it: " : UNCONFIRMED, what);
	r->conclusion.constraint = fails ? CONSTRAINT_PDF_CHANGES : CONSTRAINT_FORMAT;
	return 0;
}

int engine_pdf_stamps(struct engine *e, struct ltps_error *err)
{
	const struct document *d = e->in->document;
	for (size_t k = 0; d->n_signatures == 0 && k < d->n_stamps; k++)
		if (d->stamps[k].pdf != NULL &&
		    e->report->stamps[k].conclusion.indication == INDICATION_PASSED &&
		    judge_alone(e, k, d->stamps[k].pdf, err) != 0)
			return -1;
	return 0;
}

/* ---- 5.5, 5.6 ---- */

bool engine_stamp_over(const struct engine *e, size_t stamp, size_t signature)
{
	const struct document *d = e->in->document;
	const struct document_stamp *s = &d->stamps[stamp];
	if (s->type != STAMP_DOCUMENT)
		return false;
	for (size_t i = 0; i < s->n_covers; i++)
		if (s->covers[i].kind == OBJECT_SIGNATURE &&
		    memcmp(s->covers[i].sha256, d->signatures[signature].sha256, 32) ==
			0)
			return true;
	return false;
}

/* ---- findings ---- */

static int find_all(struct engine *e, const struct pdf_finding *f, size_t n,
		    struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const enum constraint_level level =
		    f[i].kind == PDF_SUSPICIOUS ? CONSTRAINT_WARN : CONSTRAINT_INFORM;
		if (engine_find(e, level, f[i].code, STRUCTURE_CLAUSE, "", err,
				"revision %zu, offset %llu: %s", f[i].revision + 1,
				(unsigned long long)f[i].offset, f[i].text) != 0)
			return -1;
	}
	return 0;
}

int engine_pdf(struct engine *e, struct ltps_error *err)
{
	const struct pades *p = e->in->document->pdf;
	if (p == NULL)
		return 0;
	if (find_all(e, p->file->findings, p->file->n_findings, err) != 0)
		return -1;
	return find_all(e, p->findings, p->n_findings, err);
}
