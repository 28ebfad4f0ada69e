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

/* Neither a remote party's, nor that of what is too large for it. */
static bool is_own_failure(const struct care *c, const struct ltps_error *err)
{
	return (err->fault == LTPS_FAULT_SELF && err->code != LTPS_TOO_LARGE) ||
	       atomic_load(&c->w->cancelled);
}

/*
 * Remote parties that fail are a reason to try again later; what cannot be done with
 * this part at all is told. Neither keeps back what the other parts gave.
 */
int signatures_tried(struct care *c, struct ltps_error *err)
{
	if (is_own_failure(c, err))
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

/* ---- by one authority, and by the other ---- */

/* The level of the form that is begun. */
static enum signature_level goal_of(const struct care *c, const struct cared_part *p)
{
	return p->form.n > 0 || (p->sealed && c->profile->augment == LEVEL_NONE)
		   ? LEVEL_LTA
		   : c->profile->augment;
}

/* first  of the configured TSAs, which is asked first */
static int raise_with(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, struct view file, size_t first,
		      const struct path_sources *sources, struct augmented *ret,
		      struct ltps_error *err)
{
	struct tsa list[TSP_TSAS_MAX];
	struct tsp_client tsa = ltp_tsp_client(c->w->l);
	const struct augment_input in = {
		.file = file,
		.content = p->content.in_memory ? &p->content : NULL,
		.level = goal_of(c, p),
		.tsa = &tsa,
		.digest = leaf_digest(c->w->l, c->profile, c->now_ms),
		.sources = sources,
		.judgement = signatures_input(j),
		.clock = c->w->l->o.clock
	};
	if (first > 0)
		tsp_client_begin_with(&tsa, first, list);
	return augment_document(&in, ret, err);
}

/* signatures_beginning */
static int begin_raised(struct care *c, const struct signatures_judging *j,
			struct cared_part *p, const struct path_sources *sources,
			struct ltps_error *err)
{
	const struct view file =
	    p->form.n > 0 ? view_buf(&p->form) : c->parts[p->part].data;
	return raise_with(c, j, p, file, 0, sources, &p->augmented, err);
}

static bool is_second_wanted(const struct care *c, const struct cared_part *p)
{
	const struct augmented *a = &p->augmented;
	const size_t n = c->w->l->o.n_tsas;
	return n > 1 && n <= TSP_TSAS_MAX && a->outcome == AUGMENT_DONE &&
	       a->tokens > 0 && goal_of(c, p) == LEVEL_LTA;
}

/* What the other authority did not give, or what came of it, is no failure of the
 * first. Fails: as signatures_tried() */
static int take_half(struct care *c, struct cared_part *p, struct ltps_error *err)
{
	if (err->code != LTPS_OK && is_own_failure(c, err))
		return -1;
	ltps_error_clear(err);
	augmented_clear(&p->augmented);
	p->augmented = p->half;
	p->half = (struct augmented){ 0 };
	return 0;
}

/* p->augmented holds the first, and both then; p->half what they borrow from. */
static int add_second(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, const struct path_sources *sources,
		      struct ltps_error *err)
{
	const size_t first = (p->augmented.last_tsa + 1) % c->w->l->o.n_tsas;
	p->half = p->augmented;
	p->augmented = (struct augmented){ 0 };
	const int rc = raise_with(c, j, p, view_buf(&p->half.out), first, sources,
				  &p->augmented, err);
	if (rc == 0 && p->augmented.outcome == AUGMENT_DONE)
		return 0;
	return take_half(c, p, err);
}

static int make_both(struct care *c, const struct signatures_judging *j,
		     struct cared_part *p, signatures_beginning *begin,
		     const struct path_sources *sources, struct ltps_error *err)
{
	augmented_clear(&p->augmented);
	augmented_clear(&p->half);
	if (begin(c, j, p, sources, err) != 0)
		return -1;
	return is_second_wanted(c, p) ? add_second(c, j, p, sources, err) : 0;
}

/* Nothing was made: nothing to be seen. */
static int look_ahead(const struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, struct signatures_outlook *ret,
		      struct ltps_error *err)
{
	*ret = (struct signatures_outlook){ 0 };
	if (p->augmented.outcome == AUGMENT_DONE &&
	    signatures_outlook(j, p, signatures_turn_since(c), ret, err) != 0)
		return -1;
	p->dim = ret->young;
	return 0;
}

/*
 * Status that others asked for a moment ago is from before the time-stamp, and proves
 * nothing of it in the end (EN 319 102-1 5.6.2.2): then all of it is asked for anew.
 */
int signatures_make(struct care *c, const struct signatures_judging *j,
		    struct cared_part *p, signatures_beginning *begin,
		    struct ltps_error *err)
{
	struct path_sources sources = worker_sources(c->w, true);
	struct signatures_outlook o;
	if (make_both(c, j, p, begin, &sources, err) != 0 ||
	    look_ahead(c, j, p, &o, err) != 0)
		return -1;
	if (o.why[0] == '\0')
		return 0;
	sources.known = NULL;
	sources.asked = NULL;
	sources.conn = NULL;
	if (make_both(c, j, p, begin, &sources, err) != 0 ||
	    look_ahead(c, j, p, &o, err) != 0)
		return -1;
	if (o.why[0] != '\0')
		log_write(c->w->l->o.log, LOG_VALIDATION, LOG_WARNING,
			  "a form has parts that will prove nothing in the end",
			  LOG_FIELDS({ "poid", c->object->poid }, { "why", o.why }));
	return 0;
}

/* ---- raised ---- */

int signatures_raise(struct care *c, const struct signatures_judging *j,
		     struct cared_part *p, struct ltps_error *err)
{
	if (signatures_make(c, j, p, begin_raised, err) != 0)
		return signatures_tried(c, err);
	return signatures_take_outcome(c, p, c->parts[p->part].data, "augmentation",
				       err);
}

/* ---- once more ---- */

/* While it stands on something, a form waits for the other authority. */
static bool may_wait(const struct care *c)
{
	return c->holds_ms > signatures_alone_until(c->w->l, c->now_ms);
}

/* Nothing is taken: a further time-stamp of the same authority, or one that will prove
 * nothing, is none the better. */
static void wait_for_other(struct cared_part *p, const struct signatures_form *f)
{
	augmented_clear(&p->augmented);
	p->augmented.outcome = AUGMENT_INCOMPLETE;
	snprintf(p->augmented.text, sizeof(p->augmented.text), "%s",
		 p->dim ? "status from after a new time-stamp is not to be had"
			: "a second time-stamping authority does not answer");
	p->waits = f->version->id;
}

static int raise_form(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, const struct signatures_form *f,
		      struct ltps_error *err)
{
	if (signatures_make(c, j, p, begin_raised, err) != 0)
		return signatures_tried(c, err);
	if (p->augmented.outcome == AUGMENT_DONE && signatures_is_alone(c, p) &&
	    may_wait(c)) {
		wait_for_other(p, f);
		return 0;
	}
	return signatures_take_outcome(c, p, view_buf(&p->form), "augmentation", err);
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
	if (signatures_form_read(c, p, &f, err) != 0 ||
	    raise_form(c, j, p, &f, err) != 0)
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
