/* SPDX-License-Identifier: Apache-2.0 */
/* signatures_raise - a part raised to the level of its profile, its newest form once
 * more; and what is to be done when that cannot be. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ltp/rows.h"
#include "ltp/signatures.h"

void signatures_later(struct care *c, int64_t retry_ms, const char *why)
{
	c->incomplete = true;
	if (retry_ms != INT64_MIN && retry_ms < c->retry_ms)
		c->retry_ms = retry_ms;
	if (c->why[0] == '\0')
		snprintf(c->why, sizeof(c->why), "%.*s", (int)sizeof(c->why) - 1, why);
}

bool signatures_is_spent(const struct care *c)
{
	return clock_monotonic_ms() > c->until_ms || c->bytes > CARE_BYTES_MAX;
}

/* It counts by the evidence of the object alone: no time-stamp in the file can prove
 * any more what that does, and waiting does not help. */
static bool is_too_late(const struct augmented *a)
{
	const struct report *r = a->judged.report;
	for (size_t i = 0; r != NULL && i < r->n_signatures; i++)
		switch (r->signatures[i].conclusion.sub) {
		case SUB_REVOKED_NO_POE:
		case SUB_REVOKED_CA_NO_POE:
		case SUB_OUT_OF_BOUNDS_NO_POE:
		case SUB_OUT_OF_BOUNDS_NOT_REVOKED:
			return true;
		default:
			break;
		}
	return false;
}

int signatures_take_outcome(struct care *c, struct cared_part *p, struct view from,
			    const char *what, struct ltps_error *err)
{
	struct augmented *a = &p->augmented;
	char text[256];
	if (a->outcome == AUGMENT_DONE && !view_equal(view_buf(&a->out), from)) {
		p->made = a->out;
		a->out = buf_make(0);
		c->bytes += p->made.n;
	} else if (a->outcome == AUGMENT_INCOMPLETE && !is_too_late(a)) {
		snprintf(text, sizeof(text), "%s: %.200s", what, a->text);
		signatures_later(c, a->retry_ms, text);
	}
	return signatures_stand(c, p, err);
}

/*
 * Remote parties that fail are a reason to try again later; what cannot be done with
 * this part at all is told. Neither keeps back what the other parts gave.
 */
int signatures_tried(struct care *c, struct ltps_error *err)
{
	if ((err->fault == LTPS_FAULT_SELF && err->code != LTPS_TOO_LARGE) ||
	    atomic_load(&c->w->cancelled))
		return -1;
	if (err->fault == LTPS_FAULT_REMOTE)
		signatures_later(c, INT64_MIN, err->text);
	else
		log_error(c->w->l->o.log, LOG_VALIDATION, LOG_WARNING,
			  "a part of an object stays as it is", err,
			  LOG_FIELDS({ "poid", c->object->poid }));
	ltps_error_clear(err);
	return 0;
}

/* ---- raised ---- */

/* first  of the configured TSAs, which is asked first */
static int raise_with(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, struct view file, size_t first,
		      enum signature_level level, struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(c->w, true);
	struct tsa list[TSP_TSAS_MAX];
	struct tsp_client tsa = ltp_tsp_client(c->w->l);
	const struct augment_input in = {
		.file = file,
		.content = p->content.in_memory ? &p->content : NULL,
		.level = level,
		.tsa = &tsa,
		.digest = leaf_digest(c->w->l, c->profile, c->now_ms),
		.sources = &sources,
		.judgement = signatures_input(j),
		.clock = c->w->l->o.clock
	};
	if (first > 0)
		tsp_client_begin_with(&tsa, first, list);
	return augment_document(&in, &p->augmented, err);
}

int signatures_raise(struct care *c, const struct signatures_judging *j,
		     struct cared_part *p, struct view file, enum signature_level level,
		     struct ltps_error *err)
{
	if (raise_with(c, j, p, file, 0, level, err) != 0)
		return signatures_tried(c, err);
	return signatures_take_outcome(c, p, file, "augmentation", err);
}

/* ---- once more, by two authorities ---- */

/* A signature time-stamp is the second of a form that was made now. */
static bool is_counted(const struct report_stamp *s)
{
	return s->stamp->tst != NULL && s->signer != NULL &&
	       (s->stamp->type == STAMP_ARCHIVE || s->stamp->type == STAMP_DOCUMENT ||
		s->stamp->type == STAMP_SIGNATURE);
}

bool signatures_on_two(const struct report *r)
{
	const struct report_stamp *last = NULL, *before = NULL;
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *s = &r->stamps[i];
		if (!is_counted(s))
			continue;
		const int64_t t = s->stamp->tst->gen_time_ms;
		if (last == NULL || t >= last->stamp->tst->gen_time_ms) {
			before = last;
			last = s;
		} else if (before == NULL || t >= before->stamp->tst->gen_time_ms) {
			before = s;
		}
	}
	return before != NULL && !view_equal(last->signer->der, before->signer->der);
}

/* While there is time, a form waits for its second authority. */
static bool may_wait(const struct care *c)
{
	return c->now_ms < c->weakens_ms - c->w->l->o.upkeep.margin_ms / 2;
}

/* The second of two: p->augmented holds the first, and both then. */
static int raise_second(struct care *c, const struct signatures_judging *j,
			struct cared_part *p, struct ltps_error *err)
{
	p->half = p->augmented.out;
	p->augmented.out = buf_make(0);
	augmented_clear(&p->augmented);
	return raise_with(c, j, p, view_buf(&p->half), 1, LEVEL_LTA, err);
}

static bool is_second_wanted(const struct care *c, const struct cared_part *p)
{
	const size_t n = c->w->l->o.n_tsas;
	return n > 1 && n <= TSP_TSAS_MAX && p->augmented.outcome == AUGMENT_DONE &&
	       p->augmented.tokens > 0;
}

/* The first one alone; what was judged last is the form with it. */
static void take_half(struct cared_part *p)
{
	p->augmented.out = p->half;
	p->half = buf_make(0);
	p->augmented.outcome = AUGMENT_DONE;
}

/* Nothing is taken while the other authority may still come back. */
static int wait_for_second(struct care *c, struct cared_part *p)
{
	augmented_clear(&p->augmented);
	p->augmented.outcome = AUGMENT_INCOMPLETE;
	snprintf(p->augmented.text, sizeof(p->augmented.text),
		 "a second time-stamping authority does not answer");
	signatures_later(c, INT64_MIN, p->augmented.text);
	return 0;
}

static int raise_twice(struct care *c, const struct signatures_judging *j,
		       struct cared_part *p, struct ltps_error *err)
{
	const struct view form = view_buf(&p->form);
	if (raise_with(c, j, p, form, 0, LEVEL_LTA, err) != 0)
		return signatures_tried(c, err);
	if (!is_second_wanted(c, p))
		return signatures_take_outcome(c, p, form, "augmentation", err);
	if (raise_second(c, j, p, err) != 0)
		return signatures_tried(c, err);
	if (p->augmented.outcome != AUGMENT_DONE && !may_wait(c))
		take_half(p);
	else if (p->augmented.outcome == AUGMENT_DONE &&
		 !signatures_on_two(p->augmented.judged.report) && may_wait(c))
		return wait_for_second(c, p);
	return signatures_take_outcome(c, p, form, "augmentation", err);
}

int signatures_raise_again(struct care *c, const struct signatures_judging *j,
			   struct cared_part *p, enum version_kind kind,
			   struct ltps_error *err)
{
	struct signatures_form f;
	if (!c->due || !signatures_form_find(c, kind, p->part, true, &f))
		return 0;
	if (signatures_is_spent(c)) {
		signatures_later(c, INT64_MIN,
				 "time or memory for one turn is used up");
		return 0;
	}
	if (signatures_form_read(c, p, &f, err) != 0 || raise_twice(c, j, p, err) != 0)
		return -1;
	if (p->made.n == 0) /* it counts by the object's evidence alone from now on */
		log_write(c->w->l->o.log, LOG_VALIDATION, LOG_WARNING,
			  "a form got no further time-stamp",
			  LOG_FIELDS(
			      { "poid", c->object->poid },
			      { "outcome", augment_outcome_name(p->augmented.outcome) },
			      { "why", p->augmented.text }));
	return 0;
}
