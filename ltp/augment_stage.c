/* SPDX-License-Identifier: Apache-2.0 */
/* augment_stage - the file at one step, read and judged, whatever its format; and what
 * is told when all steps are done. */
#include <string.h>

#include "ltp/augment_private.h"

/* ---- the file at one step ---- */

void stage_clear(struct stage *s)
{
	judged_clear(&s->judged);
	document_free(s->doc);
	s->doc = NULL;
}

/* What one judgement fetched serves the next ones, and the reports that stay. */
static int judge_with(struct augmenting *a, const struct document *doc,
		      const struct validation_policy *policy, struct judged *ret,
		      struct ltps_error *err)
{
	const struct material *pools[PATH_POOLS_MAX] = { NULL };
	struct engine_input in = a->in->judgement;
	for (size_t i = 0; i < in.n_pools; i++)
		pools[i] = a->in->judgement.pools[i];
	pools[in.n_pools++] = a->out->kept;
	in.pools = pools;
	in.document = doc;
	in.policy = policy;
	in.time_ms = a->time_ms;
	return judge_document(a->in->sources, &in, ret, err);
}

/* The youngest time-stamp of the file; INT64_MIN: none. */
static int64_t last_stamp_ms(const struct document *doc)
{
	int64_t last = INT64_MIN;
	for (size_t i = 0; i < doc->n_stamps; i++)
		if (doc->stamps[i].tst != NULL &&
		    doc->stamps[i].tst->gen_time_ms > last)
			last = doc->stamps[i].tst->gen_time_ms;
	return last;
}

/* Status has whole seconds; a token may have more. */
static bool is_since(int64_t status_ms, int64_t stamp_ms)
{
	return status_ms / 1000 >= stamp_ms / 1000;
}

static bool has_older_status(const struct report *r, int64_t stamp_ms)
{
	for (size_t i = 0; i < r->n_crls; i++)
		if (!is_since(r->crls[i]->this_ms, stamp_ms))
			return true;
	for (size_t i = 0; i < r->n_ocsps; i++)
		if (!is_since(r->ocsps[i]->produced_ms, stamp_ms))
			return true;
	return false;
}

/*
 * Status from after the time-stamps proves more than an older one that still counts.
 * A judgement that takes no other makes the sources be asked for it; what comes of it
 * is kept, and what it says is not looked at.
 */
static int refresh(struct augmenting *a, const struct stage *s, bool *ret_news,
		   struct ltps_error *err)
{
	const int64_t stamp_ms = last_stamp_ms(s->doc);
	struct validation_policy strict = *a->in->judgement.policy;
	struct judged j = { 0 };
	*ret_news = false;
	if (stamp_ms == INT64_MIN || stamp_ms > a->time_ms ||
	    !has_older_status(s->judged.report, stamp_ms))
		return 0;
	strict.max_age_ms = a->time_ms - stamp_ms / 1000 * 1000 + 1;
	int rc = judge_with(a, s->doc, &strict, &j, err);
	*ret_news = rc == 0 && j.fetched > 0;
	if (rc == 0)
		rc = material_add_all(a->out->kept, j.got, err);
	judged_clear(&j);
	return rc;
}

int stage_make(struct augmenting *a, struct view file, bool fresh, struct stage *ret,
	       struct ltps_error *err)
{
	const struct validation_policy *policy = a->in->judgement.policy;
	struct stage s = { 0 };
	bool news = false;
	if (a->format->read(a, file, &s.doc, err) != 0)
		return -1;
	int rc = judge_with(a, s.doc, policy, &s.judged, err);
	if (rc == 0 && fresh)
		rc = refresh(a, &s, &news, err);
	if (rc == 0 && news) {
		/* Its report borrows from what it got: kept first. */
		rc = material_add_all(a->out->kept, s.judged.got, err);
		judged_clear(&s.judged);
		if (rc == 0)
			rc = judge_with(a, s.doc, policy, &s.judged, err);
	}
	if (rc == 0)
		rc = material_add_all(a->out->kept, s.judged.got, err);
	if (rc != 0)
		stage_clear(&s);
	else
		*ret = s;
	return rc;
}

/* ---- what comes out ---- */

/* What nothing was made of: the judgement of the input is what there is to tell. */
void augment_keep_before(struct augmented *o, struct stage *before)
{
	o->judged = before->judged;
	o->document = before->doc;
	o->report_before = before->judged.report;
	*before = (struct stage){ 0 };
}

void augment_keep_both(struct augmented *o, struct stage *before, struct stage *after)
{
	o->before = before->judged;
	o->document_before = before->doc;
	o->report_before = before->judged.report;
	o->judged = after->judged;
	o->document = after->doc;
	o->outcome = AUGMENT_DONE;
	*before = *after = (struct stage){ 0 };
}

/* What was added is there, but the rules of the level may ask for what nobody can add:
 * told, since the level is what was wanted. */
void augment_say_level(struct augmenting *a, const struct report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *g = &r->signatures[i];
		if (g->signature->role != ROLE_SIGNATURE || g->level >= a->in->level)
			continue;
		augment_say(a, AUGMENT_DONE, "signature %s holds level %s: %.140s",
			    g->signature->id, signature_level_name(g->level),
			    g->signature->why_not[0] != '\0' ? g->signature->why_not
							     : g->conclusion.text);
		return;
	}
}
