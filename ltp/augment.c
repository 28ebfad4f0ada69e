/* SPDX-License-Identifier: Apache-2.0 */
/* augment - signatures raised step by step, each step judged; see augment_private.h */
#include "ltp/augment.h"

#include <string.h>

#include "base/mem.h"
#include "ltp/augment_private.h"

/* The pools of the caller, what was fetched in earlier steps; judge_document() adds
 * its own. */
#define POOLS_MAX (PATH_POOLS_MAX - 4)

/* ---- the file at one step ---- */

static void stage_clear(struct stage *s)
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

/* ret: read, and judged with all that can be got; clear with stage_clear(). */
static int stage_make(struct augmenting *a, struct view file, bool fresh,
		      struct stage *ret, struct ltps_error *err)
{
	const struct validation_policy *policy = a->in->judgement.policy;
	struct stage s = { 0 };
	bool news = false;
	if (document_read(file, a->in->content, &s.doc, err) != 0)
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

/* ---- the way ---- */

/* What nothing was made of: the judgement of the input is what there is to tell. */
static void keep_before(struct augmented *o, struct stage *before)
{
	o->judged = before->judged;
	o->document = before->doc;
	o->report_before = before->judged.report;
	*before = (struct stage){ 0 };
}

static void keep_both(struct augmented *o, struct stage *before, struct stage *after)
{
	o->before = before->judged;
	o->document_before = before->doc;
	o->report_before = before->judged.report;
	o->judged = after->judged;
	o->document = after->doc;
	o->outcome = AUGMENT_DONE;
	*before = *after = (struct stage){ 0 };
}

/* A step's file takes the place of the one before. */
static void replace(struct buf *file, struct buf *next)
{
	if (next->n > 0) {
		buf_free(file);
		*file = *next;
		*next = buf_make(CMS_SIZE_MAX);
	}
}

/*
 * From here on nothing is missing but what new time-stamps bring with them. *ret_go
 * false: the outcome is said. file: the new one; empty: nothing to be done.
 */
static int add_all(struct augmenting *a, const struct stage *before, struct buf *file,
		   bool *ret_go, struct ltps_error *err)
{
	struct stage stamped = { 0 };
	const struct stage *now = before;
	struct buf next = buf_make(CMS_SIZE_MAX);
	const bool material = a->in->level >= LEVEL_LT;
	int rc = -1;
	*ret_go = true;
	if (augment_signatures(a, before, file, err) != 0)
		goto out;
	if (file->n > 0 && material) {
		if (stage_make(a, view_buf(file), true, &stamped, err) != 0)
			goto out;
		now = &stamped;
	}
	rc = 0;
	*ret_go = now == before || (augment_not_worse(a, before, now) &&
				    augment_stamps_serve(a, before, now));
	if (*ret_go && material)
		*ret_go = augment_complete(a, now);
	if (!*ret_go || !material)
		goto out;
	rc = augment_material(a, now, &next, err);
	replace(file, &next);
	if (rc != 0 || a->in->level < LEVEL_LTA)
		goto out;
	const struct view present =
	    file->n > 0 ? view_buf(file) : before->doc->cms->whole;
	/* The content is the same in every stage; a large one need not be held twice.
	 */
	stage_clear(&stamped);
	rc = augment_archive(a, before, present, &next, ret_go, err);
	if (rc == 0 && !*ret_go) {
		augment_miss(a, "the signed content", "");
		augment_say(a, AUGMENT_INCOMPLETE,
			    "missing: the signed content, which the archive time-stamp "
			    "covers");
	}
	replace(file, &next);
out:
	buf_free(&next);
	stage_clear(&stamped);
	return rc;
}

/* What was added is there, but the rules of the level may ask for what nobody can add:
 * told, since the level is what was wanted. */
static void say_level(struct augmenting *a, const struct report *r)
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

/* The new file, read and judged as any other. */
static int finish(struct augmenting *a, struct stage *before, struct buf *file,
		  struct ltps_error *err)
{
	struct stage after = { 0 };
	if (augment_kept(before->doc->cms, view_buf(file), a->roots_fixed, err) != 0 ||
	    stage_make(a, view_buf(file), false, &after, err) != 0)
		return -1;
	if (augment_not_worse(a, before, &after) &&
	    augment_stamps_serve(a, before, &after)) {
		augment_note_status(a, &after);
		say_level(a, after.judged.report);
		keep_both(a->out, before, &after);
		a->out->out = *file;
		*file = buf_make(CMS_SIZE_MAX);
	} else {
		keep_before(a->out, before);
	}
	stage_clear(&after);
	return 0;
}

/* Already what was wanted: the file, in DER or BER when it came as text. */
static int finish_unchanged(struct augmenting *a, struct stage *before,
			    struct ltps_error *err)
{
	a->out->out = buf_make(CMS_SIZE_MAX);
	if (buf_put(&a->out->out, before->doc->cms->whole, err) != 0)
		return -1;
	a->out->outcome = AUGMENT_DONE;
	if (a->in->level > LEVEL_B)
		say_level(a, before->judged.report);
	keep_before(a->out, before);
	return 0;
}

static int run_from(struct augmenting *a, struct stage *before, struct ltps_error *err)
{
	struct buf file = buf_make(CMS_SIZE_MAX);
	bool go = augment_may(a, before) &&
		  (a->in->level < LEVEL_LT || augment_complete(a, before));
	int rc = 0;
	if (go && a->in->level > LEVEL_B)
		rc = add_all(a, before, &file, &go, err);
	if (rc == 0 && !go)
		keep_before(a->out, before);
	else if (rc == 0 && file.n == 0)
		rc = finish_unchanged(a, before, err);
	else if (rc == 0)
		rc = finish(a, before, &file, err);
	buf_free(&file);
	return rc;
}

static int run(struct augmenting *a, struct ltps_error *err)
{
	const struct augment_input *in = a->in;
	struct stage before = { 0 };
	if (in->judgement.n_pools > POOLS_MAX || in->level < LEVEL_B ||
	    in->level > LEVEL_LTA)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "too many pools, or no such level");
	if (material_new(&a->out->kept, err) != 0)
		return -1;
	/* A further archive time-stamp covers the status that is got now. */
	if (stage_make(a, in->file, in->level >= LEVEL_LT, &before, err) != 0)
		return -1;
	const int rc = run_from(a, &before, err);
	stage_clear(&before);
	return rc;
}

int augment_cades(const struct augment_input *in, struct augmented *ret,
		  struct ltps_error *err)
{
	struct augmented out = { .retry_ms = INT64_MIN };
	struct augmenting a = { .in = in,
				.out = &out,
				.time_ms = in->judgement.time_ms,
				.values = { buf_make(CMS_SIZE_MAX),
					    buf_make(CMS_SIZE_MAX) } };
	const int rc = run(&a, err);
	buf_free(&a.values[0]);
	buf_free(&a.values[1]);
	if (rc != 0)
		augmented_clear(&out);
	else
		*ret = out;
	return rc;
}

void augmented_clear(struct augmented *a)
{
	buf_free(&a->out);
	judged_clear(&a->judged);
	document_free(a->document);
	judged_clear(&a->before);
	document_free(a->document_before);
	material_free(a->kept);
	*a = (struct augmented){ 0 };
}

const char *augment_outcome_name(enum augment_outcome o)
{
	switch (o) {
	case AUGMENT_DONE:
		return "done";
	case AUGMENT_FAILED_SIGNATURE:
		return "failed-signature";
	case AUGMENT_INCOMPLETE:
		return "incomplete";
	case AUGMENT_FROZEN:
		return "frozen";
	case AUGMENT_UNSUPPORTED:
		break;
	}
	return "unsupported";
}
