/* SPDX-License-Identifier: Apache-2.0 */
/* engine - the order in which a document is judged, EN 319 102-1 5. */
#include "validation/engine.h"

#include <string.h>

#include "base/mem.h"
#include "validation/engine_private.h"
#include "validation/path_search.h"

/*
 * Of all paths of a file together, as evidence records have it: what a thousand
 * time-stamps need in good faith, and some ten seconds of a hostile mesh. A path never
 * gets more than its own default, and enough to be found in an honest file.
 */
#define ENGINE_SIGNATURES_MAX 50000
#define ENGINE_STEPS_MAX 20000000
#define ENGINE_PATH_SIGNATURES_MIN 50
#define ENGINE_PATH_STEPS_MIN 20000

/* ---- before ---- */

/* What the reader promises: an index that points elsewhere is a fault of the program.
 */
static bool indexes_hold(const struct document *d)
{
	for (size_t i = 0; i < d->n_signatures; i++)
		if (d->signatures[i].parent < -1 || d->signatures[i].parent >= (int)i)
			return false;
	for (size_t k = 0; k < d->n_stamps; k++)
		if (d->stamps[k].signature < -1 ||
		    d->stamps[k].signature >= (int)d->n_signatures ||
		    (d->stamps[k].tst != NULL && d->stamps[k].as_signature == NULL))
			return false;
	for (size_t i = 0; i < d->n_records; i++)
		if (d->records[i].er >= d->n_ers)
			return false;
	return true;
}

static int check_input(const struct engine_input *in, struct ltps_error *err)
{
	if (in->document == NULL || in->policy == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no document or no policy to judge by");
	if (in->n_pools > PATH_POOLS_MAX - 1)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "more than %d pools of material", PATH_POOLS_MAX - 1);
	if (!indexes_hold(in->document))
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "a document whose parts do not fit together");
	return 0;
}

static uint32_t share_of(uint32_t given, uint32_t all, uint32_t n, uint32_t least,
			 uint32_t most)
{
	if (given != 0)
		return given;
	uint32_t share = all / n;
	return share < least ? least : share > most ? most : share;
}

/* Each signature has its path, each time-stamp one now and one in the past. */
static struct path_budget budget_of(const struct engine_input *in)
{
	uint32_t n = 1 + (uint32_t)in->document->n_signatures * 2 +
		     (uint32_t)in->document->n_stamps * 2;
	struct path_budget b = in->budget;
	b.signatures = share_of(b.signatures, ENGINE_SIGNATURES_MAX, n,
				ENGINE_PATH_SIGNATURES_MIN, PATH_SIGNATURES_DEFAULT);
	b.steps = share_of(b.steps, ENGINE_STEPS_MAX, n, ENGINE_PATH_STEPS_MIN,
			   PATH_STEPS_DEFAULT);
	return b;
}

static int make_entries(struct report *r, struct ltps_error *err)
{
	const struct document *d = r->document;
	r->signatures = mem_zalloc(d->n_signatures + 1, sizeof(*r->signatures));
	r->stamps = mem_zalloc(d->n_stamps + 1, sizeof(*r->stamps));
	r->records = mem_zalloc(d->n_records + 1, sizeof(*r->records));
	if (r->signatures == NULL || r->stamps == NULL || r->records == NULL)
		return ltps_fail_nomem(err);
	r->n_signatures = d->n_signatures;
	r->n_stamps = d->n_stamps;
	r->n_records = d->n_records;
	for (size_t i = 0; i < d->n_signatures; i++) {
		struct report_signature *s = &r->signatures[i];
		s->signature = &d->signatures[i];
		s->best_signature_time_ms = r->time_ms;
		s->profile = d->signatures[i].profile;
	}
	for (size_t k = 0; k < d->n_stamps; k++) {
		r->stamps[k].stamp = &d->stamps[k];
		r->stamps[k].poe_ms = INT64_MAX;
	}
	for (size_t i = 0; i < d->n_records; i++) {
		r->records[i].record = &d->records[i];
		r->records[i].time_ms = INT64_MIN;
	}
	return 0;
}

static int make_proofs(struct engine *e, struct ltps_error *err)
{
	const struct engine_input *in = e->in;
	if (poe_set_new(&e->report->poes, err) != 0)
		return -1;
	e->poes = e->report->poes;
	/* 5.6.3.4 step 2: everything exists now. */
	poe_default(e->poes, in->time_ms);
	for (size_t i = 0; i < in->n_proofs; i++)
		if (poe_add(e->poes, in->proofs[i].sha256, in->proofs[i].time_ms,
			    err) != 0)
			return -1;
	return 0;
}

/* Whether anything but the signature time-stamps may prove that something existed. */
static bool has_long_term(const struct engine_input *in)
{
	const struct document *d = in->document;
	if (d->n_records > 0)
		return true;
	for (size_t i = 0; i < in->n_proofs; i++)
		if (in->proofs[i].time_ms < in->time_ms)
			return true;
	for (size_t k = 0; k < d->n_stamps; k++)
		if (d->stamps[k].type == STAMP_ARCHIVE ||
		    d->stamps[k].type == STAMP_DOCUMENT)
			return true;
	return false;
}

static int begin(struct engine *e, struct ltps_error *err)
{
	struct report *r = mem_zalloc(1, sizeof(*r));
	if (r == NULL)
		return ltps_fail_nomem(err);
	e->report = r;
	r->document = e->in->document;
	r->policy = e->in->policy;
	r->time_ms = e->in->time_ms;
	e->long_term = has_long_term(e->in);
	e->cache = e->in->cache;
	if (e->cache == NULL) {
		if (sig_cache_new(&e->own_cache, err) != 0)
			return -1;
		e->cache = e->own_cache;
	}
	e->last_stamp.wanted = r->document->n_stamps > 1;
	e->past = mem_zalloc(r->document->n_stamps + 1, sizeof(*e->past));
	if (e->past == NULL)
		return ltps_fail_nomem(err);
	if (make_entries(r, err) != 0)
		return -1;
	return make_proofs(e, err);
}

static void engine_clear(struct engine *e)
{
	for (size_t k = 0; e->past != NULL && k < e->in->document->n_stamps; k++)
		cert_validation_free(e->past[k].certificate);
	mem_free(e->past);
	cert_validation_free(e->last_stamp.result);
	sig_cache_free(e->own_cache);
	report_free(e->report);
}

/* ---- after ---- */

/* 5.4 had nothing to say about what is not at hand when the token itself did not pass;
 * once it does, it matters. */
static void judge_cover(struct report_stamp *s)
{
	if (s->conclusion.indication == INDICATION_PASSED &&
	    s->stamp->imprint != MATCH_YES)
		s->conclusion =
		    conclusion_of(SUB_SIGNED_DATA_NOT_FOUND, "EN 319 102-1 5.4",
				  "what the time-stamp is for is not at hand");
}

/* The outcome of 5.6.3.4 step 5 takes the place of that of 5.4. */
static void finish_stamps(struct engine *e)
{
	for (size_t k = 0; k < e->report->n_stamps; k++) {
		struct report_stamp *s = &e->report->stamps[k];
		s->conclusion = e->past[k].conclusion;
		if (e->past[k].certificate != NULL &&
		    s->conclusion.indication == INDICATION_PASSED) {
			struct cert_validation_result *now = s->certificate;
			s->certificate = e->past[k].certificate;
			e->past[k].certificate = now;
		}
		s->poe_ms = poe_earliest(e->poes, s->stamp->sha256);
		judge_cover(s);
	}
}

static enum signature_level level_from_name(const char *name)
{
	enum signature_level l = LEVEL_LTA;
	while (l > LEVEL_NONE && strcmp(signature_level_name(l), name) != 0)
		l--;
	return l;
}

/* 5.2.8.4.2 with what is known only now: the level that the signature holds. */
static int constrain_level(struct engine *e, size_t i, struct ltps_error *err)
{
	struct report_signature *r = &e->report->signatures[i];
	const struct engine_ledger l = engine_signature_ledger(e, i);
	const struct constraint_rule *rule = engine_rule(e, &l, CONSTRAINT_LEVEL);
	bool fails = false;
	if (rule->level == CONSTRAINT_IGNORE || rule->n_values == 0)
		return 0;
	enum signature_level wanted = level_from_name(rule->values[0]);
	if (engine_constrain(e, &l, CONSTRAINT_LEVEL, r->level >= wanted, &fails, err,
			     "it holds %s, %s is wanted",
			     signature_level_name(r->level),
			     signature_level_name(wanted)) != 0)
		return -1;
	if (fails && r->conclusion.indication == INDICATION_PASSED) {
		r->conclusion = conclusion_of(
		    SUB_SIG_CONSTRAINTS_FAILURE, "EN 319 102-1 5.2.8.4.2",
		    "the signature holds level %s, %s is wanted",
		    signature_level_name(r->level), signature_level_name(wanted));
		r->conclusion.constraint = CONSTRAINT_LEVEL;
	}
	return 0;
}

static int finish_levels(struct engine *e, struct ltps_error *err)
{
	for (size_t i = 0; i < e->report->n_signatures; i++) {
		e->report->signatures[i].level = level_judge(e, i);
		if (constrain_level(e, i, err) != 0)
			return -1;
	}
	return 0;
}

static void worsen(enum indication *worst, enum indication i)
{
	if (i == INDICATION_FAILED || *worst == INDICATION_PASSED)
		*worst = i;
}

static void sum_up(struct report *r)
{
	r->indication = INDICATION_PASSED;
	r->nothing = r->n_signatures == 0 && r->n_stamps == 0 && r->n_records == 0;
	if (r->nothing)
		r->indication = INDICATION_INDETERMINATE;
	for (size_t i = 0; i < r->n_signatures; i++)
		worsen(&r->indication, r->signatures[i].conclusion.indication);
	if (r->n_signatures > 0)
		return;
	for (size_t k = 0; k < r->n_stamps; k++)
		worsen(&r->indication, r->stamps[k].conclusion.indication);
	for (size_t i = 0; i < r->n_records; i++)
		worsen(&r->indication, r->records[i].conclusion.indication);
}

/* ---- the whole ---- */

static int judge(struct engine *e, struct ltps_error *err)
{
	if (begin(e, err) != 0 || engine_pdf(e, err) != 0 ||
	    engine_records(e, err) != 0 || engine_stamps(e, err) != 0)
		return -1;
	/* Children first: a parent may ask whether its countersignatures pass. */
	for (size_t i = e->report->n_signatures; i-- > 0;)
		if (engine_long_term(e, i, err) != 0)
			return -1;
	finish_stamps(e);
	if (engine_pdf_stamps(e, err) != 0 || finish_levels(e, err) != 0 ||
	    engine_gather(e, err) != 0)
		return -1;
	sum_up(e->report);
	return 0;
}

int engine_judge(const struct engine_input *in, struct report **ret_report,
		 struct ltps_error *err)
{
	struct engine_input own = *in;
	struct engine e = { .in = &own };
	int rc = -1;
	if (check_input(in, err) != 0)
		return -1;
	own.budget = budget_of(in);
	if (judge(&e, err) == 0) {
		*ret_report = e.report;
		e.report = NULL;
		rc = 0;
	}
	engine_clear(&e);
	return rc;
}

void report_free(struct report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; r->signatures != NULL && i < r->n_signatures; i++) {
		cert_validation_free(r->signatures[i].certificate);
		cert_validation_free(r->signatures[i].past);
		mem_free(r->signatures[i].constraints);
	}
	for (size_t k = 0; r->stamps != NULL && k < r->n_stamps; k++) {
		cert_validation_free(r->stamps[k].certificate);
		mem_free(r->stamps[k].constraints);
	}
	for (size_t i = 0; r->records != NULL && i < r->n_records; i++)
		ers_report_free(r->records[i].report);
	mem_free(r->signatures);
	mem_free(r->stamps);
	mem_free(r->records);
	mem_free(r->findings);
	path_needs_free(r->needs, r->n_needs);
	mem_free(r->certs);
	mem_free(r->crls);
	mem_free(r->ocsps);
	poe_set_free(r->poes);
	mem_free(r);
}
