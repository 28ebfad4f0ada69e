/* SPDX-License-Identifier: Apache-2.0 */
/* engine_lta - signatures with long-term availability, EN 319 102-1 5.6.3.4. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/engine_decide.h"
#include "validation/engine_private.h"

#define CLAUSE "EN 319 102-1 5.6.3.4"

/* Whether past signature validation is to be tried: steps 3 and 5 c. */
static bool may_be_lifted(enum decide_step step, const struct conclusion *c,
			  const struct cert_validation_result *certificate)
{
	return c->indication == INDICATION_INDETERMINATE &&
	       decide_goes_on(step, c->indication, engine_past_sub(c, certificate));
}

/* ---- step 5: time-stamps ---- */

/* Of a time-stamp: past signature validation, then its acceptance at its earliest
 * proof. Its own signature is judged as of when it is known to have existed. */
static int lift_stamp(struct engine *e, size_t k, struct ltps_error *err)
{
	const struct document_stamp *s = &e->in->document->stamps[k];
	struct stamp_past *past = &e->past[k];
	struct past_signature p = { 0 };
	struct basic b;
	struct conclusion c;
	int rc = -1;

	memset(&b, 0, sizeof(b));
	if (engine_stamp_basic(e, k, e->in->time_ms, &b, err) != 0 ||
	    engine_past(e, &b, s->sha256, &past->conclusion, &p, err) != 0)
		goto out;
	c = p.conclusion;
	if (c.indication == INDICATION_PASSED &&
	    engine_accept(e, &b, poe_earliest(e->poes, s->sha256), &c, err) != 0)
		goto out;
	past->conclusion = c;
	past->certificate = p.certificate;
	p.certificate = NULL;
	rc = 0;
out:
	basic_clear(&b);
	cert_validation_free(p.certificate);
	return rc;
}

/* Steps b and c: what a time-stamp that passed proves. */
static int take_proofs(struct engine *e, size_t k, struct ltps_error *err)
{
	const struct document_stamp *s = &e->in->document->stamps[k];
	int64_t poe_ms = poe_earliest(e->poes, s->sha256);
	if (e->past[k].conclusion.indication != INDICATION_PASSED ||
	    !engine_digest_reliable(e, s->tst->imprint_alg, poe_ms))
		return 0;
	e->report->stamps[k].counted = true;
	return engine_proofs(e, s->covers, s->n_covers, s->tst->gen_time_ms, s->id,
			     err);
}

static int judge_stamp(struct engine *e, size_t k, struct ltps_error *err)
{
	const struct document_stamp *s = &e->in->document->stamps[k];
	const struct report_stamp *r = &e->report->stamps[k];
	if (engine_stamp(e, k, e->in->time_ms, err) != 0)
		return -1;
	e->past[k].conclusion = r->conclusion;
	if (s->tst == NULL)
		return 0;
	if (e->long_term &&
	    may_be_lifted(DECIDE_STAMP, &r->conclusion, r->certificate) &&
	    lift_stamp(e, k, err) != 0)
		return -1;
	return engine_stamp_fits(e, k) ? take_proofs(e, k, err) : 0;
}

struct by_age {
	size_t stamp;
	int64_t gen_ms; /* INT64_MIN: does not decode */
};

/* Newest first; of the same time the later in the file, which may cover the other. */
static int newest_first(const void *a, const void *b)
{
	const struct by_age *x = a, *y = b;
	if (x->gen_ms != y->gen_ms)
		return x->gen_ms > y->gen_ms ? -1 : 1;
	return x->stamp > y->stamp ? -1 : x->stamp < y->stamp;
}

int engine_stamps(struct engine *e, struct ltps_error *err)
{
	const struct document *doc = e->in->document;
	struct by_age *order = mem_zalloc(doc->n_stamps + 1, sizeof(*order));
	int rc = -1;
	if (order == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; k < doc->n_stamps; k++) {
		const struct tst *tst = doc->stamps[k].tst;
		order[k] = (struct by_age){
			.stamp = k,
			.gen_ms = tst != NULL ? tst->gen_time_ms : INT64_MIN,
		};
	}
	qsort(order, doc->n_stamps, sizeof(*order), newest_first);
	for (size_t i = 0; i < doc->n_stamps; i++)
		if (judge_stamp(e, order[i].stamp, err) != 0)
			goto out;
	rc = 0;
out:
	mem_free(order);
	return rc;
}

/* ---- constraints on what was added to the signature ---- */

struct long_job {
	struct engine *e;
	size_t signature;
	struct engine_ledger ledger;
	struct report_signature *r;
	struct with_time w;
	bool past_ran;
};

static bool stamp_passes(const struct engine *e, size_t k)
{
	return engine_stamp_fits(e, k) &&
	       e->past[k].conclusion.indication == INDICATION_PASSED;
}

/* The outcome that a time-stamp gives a signature whose policy insists on it. A FAILED
 * one is no proof against the signature: anybody may have added it. */
static void set_by_stamp(struct long_job *j, size_t k, enum constraint constraint)
{
	const struct conclusion *c = &j->e->past[k].conclusion;
	bool own =
	    c->indication == INDICATION_INDETERMINATE && engine_stamp_fits(j->e, k);
	j->r->conclusion =
	    conclusion_of(own ? c->sub : SUB_SIG_CONSTRAINTS_FAILURE, CLAUSE,
			  "%s does not pass: %.160s", j->e->in->document->stamps[k].id,
			  own || c->indication == INDICATION_FAILED
			      ? c->text
			      : "it does not cover what it should");
	j->r->conclusion.constraint = constraint;
}

/* 5.5.4 step 3 c and 5.6.3.4 step 5 d. */
static int constrain_stamps(struct long_job *j, struct ltps_error *err)
{
	const struct document *doc = j->e->in->document;
	size_t n = 0, bad = doc->n_stamps;
	bool fails = false;
	for (size_t k = 0; k < doc->n_stamps; k++) {
		if (doc->stamps[k].signature != (int)j->signature &&
		    !engine_stamp_over(j->e, k, j->signature))
			continue;
		n++;
		if (bad == doc->n_stamps && !stamp_passes(j->e, k))
			bad = k;
	}
	if (n == 0)
		return 0;
	if (engine_constrain(j->e, &j->ledger, CONSTRAINT_TIME_STAMPS_VALID,
			     bad == doc->n_stamps, &fails, err, "%s",
			     bad < doc->n_stamps ? doc->stamps[bad].id : "") != 0)
		return -1;
	if (fails && j->r->conclusion.indication == INDICATION_PASSED)
		set_by_stamp(j, bad, CONSTRAINT_TIME_STAMPS_VALID);
	return 0;
}

static int constrain_time(struct long_job *j, struct ltps_error *err)
{
	const struct document *doc = j->e->in->document;
	bool holds = false, fails = false;
	for (size_t k = 0; k < doc->n_stamps; k++)
		if (((doc->stamps[k].signature == (int)j->signature &&
		      doc->stamps[k].type == STAMP_SIGNATURE) ||
		     engine_stamp_over(j->e, k, j->signature)) &&
		    stamp_passes(j->e, k))
			holds = true;
	if (engine_constrain(j->e, &j->ledger, CONSTRAINT_SIGNATURE_TIME_STAMP, holds,
			     &fails, err, "%s", holds ? "" : "none that passes") != 0)
		return -1;
	if (fails && j->r->conclusion.indication == INDICATION_PASSED) {
		j->r->conclusion =
		    conclusion_of(SUB_SIG_CONSTRAINTS_FAILURE, "EN 319 102-1 5.5.4",
				  "no signature time-stamp that passes");
		j->r->conclusion.constraint = CONSTRAINT_SIGNATURE_TIME_STAMP;
	}
	return 0;
}

/* Records cover the whole file, and with it every signature. */
static int constrain_records(struct long_job *j, struct ltps_error *err)
{
	const struct report *rep = j->e->report;
	const struct report_record *bad = NULL;
	bool fails = false;
	for (size_t i = 0; i < rep->n_records && bad == NULL; i++)
		if (rep->records[i].conclusion.indication != INDICATION_PASSED)
			bad = &rep->records[i];
	if (rep->n_records == 0)
		return 0;
	if (engine_constrain(j->e, &j->ledger, CONSTRAINT_EVIDENCE_RECORD, bad == NULL,
			     &fails, err, "%s",
			     bad != NULL ? bad->record->id : "") != 0)
		return -1;
	if (fails && j->r->conclusion.indication == INDICATION_PASSED) {
		j->r->conclusion = conclusion_of(SUB_SIG_CONSTRAINTS_FAILURE, CLAUSE,
						 "%s does not pass: %.160s",
						 bad->record->id, bad->conclusion.text);
		j->r->conclusion.constraint = CONSTRAINT_EVIDENCE_RECORD;
	}
	return 0;
}

/* ---- the process ---- */

/* Steps 6 to 10. */
static int judge_past(struct long_job *j, struct ltps_error *err)
{
	const uint8_t *object = j->r->signature->sha256;
	struct past_signature p = { 0 };
	int64_t best_ms = poe_earliest(j->e->poes, object);
	bool holds = true;
	int rc = -1;

	if (engine_past(j->e, &j->w.basic, object, &j->w.conclusion, &p, err) != 0)
		goto out;
	j->past_ran = true;
	j->r->conclusion = p.conclusion;
	j->r->past = p.certificate;
	p.certificate = NULL;
	if (j->r->conclusion.indication == INDICATION_PASSED &&
	    engine_delay(j->e, &j->w.basic, best_ms, &holds, &j->r->conclusion, err) !=
		0)
		goto out;
	if (holds && j->r->conclusion.indication == INDICATION_PASSED &&
	    engine_accept(j->e, &j->w.basic, best_ms, &j->r->conclusion, err) != 0)
		goto out;
	rc = 0;
out:
	cert_validation_free(p.certificate);
	return rc;
}

static bool covers(const struct document_cover *c, size_t n, const uint8_t object[32])
{
	for (size_t i = 0; i < n; i++)
		if (memcmp(c[i].sha256, object, 32) == 0)
			return true;
	return false;
}

/*
 * Step 3: whether there is anything for long-term availability. What step 5 d ignores
 * is as good as absent: adding a time-stamp that proves nothing changes no outcome.
 */
static bool is_preserved(const struct long_job *j)
{
	const struct engine_input *in = j->e->in;
	const struct report *rep = j->e->report;
	const uint8_t *object = j->r->signature->sha256;
	for (size_t i = 0; i < in->n_proofs; i++)
		if (in->proofs[i].time_ms < in->time_ms &&
		    memcmp(in->proofs[i].sha256, object, 32) == 0)
			return true;
	for (size_t i = 0; i < rep->n_records; i++)
		if (rep->records[i].time_ms != INT64_MIN &&
		    covers(rep->records[i].record->covers,
			   rep->records[i].record->n_covers, object))
			return true;
	for (size_t k = 0; k < rep->n_stamps; k++) {
		const struct document_stamp *s = rep->stamps[k].stamp;
		if (rep->stamps[k].counted &&
		    (s->type == STAMP_ARCHIVE || s->type == STAMP_DOCUMENT) &&
		    covers(s->covers, s->n_covers, object))
			return true;
	}
	return false;
}

/* Step 4: what 5.5 found is a proof like others. */
static int take_time(struct long_job *j, struct ltps_error *err)
{
	const uint8_t *object = j->r->signature->sha256;
	if (j->w.best_stamp >= 0 &&
	    poe_add_by(j->e->poes, object, j->w.best_ms,
		       j->e->in->document->stamps[j->w.best_stamp].id, err) != 0)
		return -1;
	j->r->best_signature_time_ms = j->w.best_ms;
	if (j->w.best_stamp >= 0)
		j->r->best_proof = j->e->in->document->stamps[j->w.best_stamp].id;
	if (!j->e->long_term || poe_earliest(j->e->poes, object) >= j->w.best_ms)
		return 0;
	j->r->best_signature_time_ms = poe_earliest(j->e->poes, object);
	j->r->best_proof = poe_source(j->e->poes, object);
	return 0;
}

static enum document_match references_of(const struct document_signature *s)
{
	enum document_match match = MATCH_YES;
	for (size_t i = 0; i < s->n_references; i++) {
		if (s->references[i].match == MATCH_NO)
			return MATCH_NO;
		if (s->references[i].match == MATCH_UNKNOWN)
			match = MATCH_UNKNOWN;
	}
	/* Without signed attributes the value itself is over the content. */
	return s->n_references == 0 && s->n_octets == 0 ? MATCH_UNKNOWN : match;
}

static void take_basic(struct long_job *j)
{
	struct basic *b = &j->w.basic;
	j->r->basic = b->conclusion;
	j->r->checked = b->checked;
	j->r->signature_intact = b->checked && b->intact;
	j->r->references_intact = references_of(j->r->signature);
	j->r->signing_certificate = b->signer;
	j->r->conclusion = j->w.conclusion;
}

/* Whether a time-stamp of this type belongs to the signature, or to one that it
 * countersigns. */
static bool has_stamp(const struct document *doc, int signature, enum stamp_type type,
		      bool above)
{
	for (int s = signature; s >= 0; s = above ? doc->signatures[s].parent : -1)
		for (size_t k = 0; k < doc->n_stamps; k++)
			if (doc->stamps[k].signature == s &&
			    doc->stamps[k].type == type)
				return true;
	return false;
}

/* EN 319 142-1 5.4: a document time-stamp is to a PDF what others have in the CMS. */
static bool has_document_stamp(const struct long_job *j)
{
	for (size_t k = 0; k < j->e->in->document->n_stamps; k++)
		if (engine_stamp_over(j->e, k, j->signature))
			return true;
	return false;
}

static enum report_process process_of(const struct long_job *j)
{
	const struct document *doc = j->e->in->document;
	int s = (int)j->signature;
	if (j->past_ran || doc->n_records > 0 ||
	    has_stamp(doc, s, STAMP_ARCHIVE, true) || has_document_stamp(j))
		return PROCESS_LTA;
	if (has_stamp(doc, s, STAMP_SIGNATURE, false) ||
	    has_stamp(doc, s, STAMP_VALIDATION_DATA, false))
		return PROCESS_LTVM;
	return PROCESS_BASIC;
}

/* Step 3, and what follows when it leaves something to be lifted. */
static int judge_signature(struct long_job *j, struct ltps_error *err)
{
	if (engine_with_time(j->e, j->signature, &j->w, err) != 0 ||
	    take_time(j, err) != 0)
		return -1;
	take_basic(j);
	if (may_be_lifted(DECIDE_LONG_TERM, &j->w.conclusion, j->w.basic.certificate) &&
	    is_preserved(j) && judge_past(j, err) != 0)
		return -1;
	if (constrain_stamps(j, err) != 0 || constrain_time(j, err) != 0 ||
	    constrain_records(j, err) != 0)
		return -1;
	j->r->process = process_of(j);
	j->r->certificate = j->w.basic.certificate;
	j->w.basic.certificate = NULL;
	return 0;
}

int engine_long_term(struct engine *e, size_t signature, struct ltps_error *err)
{
	struct long_job j = {
		.e = e,
		.signature = signature,
		.ledger = engine_signature_ledger(e, signature),
		.r = &e->report->signatures[signature],
	};
	int rc = judge_signature(&j, err);
	with_time_clear(&j.w);
	return rc;
}
