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
		c->soon = c->soon || a->guessed;
		signatures_later(c, a->guessed ? INT64_MIN : a->retry_ms, text);
	}
	return signatures_stand(c, p, err);
}

/* Neither a remote party's, nor that of what is too large for it. */
bool signatures_is_own_failure(const struct care *c, const struct ltps_error *err)
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
	if (signatures_is_own_failure(c, err))
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

/* Remote parties that fail, where it is known already when to try again. */
static int forgive_remote(struct care *c, struct ltps_error *err)
{
	if (err->fault != LTPS_FAULT_REMOTE || signatures_is_own_failure(c, err))
		return signatures_tried(c, err);
	ltps_error_clear(err);
	return 0;
}

/* ---- raised ---- */

int signatures_raise(struct care *c, const struct signatures_judging *j,
		     struct cared_part *p, struct ltps_error *err)
{
	if (signatures_make(c, j, p, signatures_begin_raised, err) != 0)
		return signatures_tried(c, err);
	return signatures_take_outcome(c, p, c->parts[p->part].data, "augmentation",
				       err);
}

/* ---- once more ---- */

/* While it stands on something, a form waits: for the other authority, or for status
 * from after the time-stamps of both. */
static bool may_wait(const struct care *c)
{
	return c->holds_ms > signatures_alone_until(c->w->l, c->now_ms);
}

/* Of the file before anything was made of it in this turn; NULL: not judged. */
static const struct report *report_before(const struct cared_part *p)
{
	const struct augmented *in_order[] = { &p->base[0], &p->base[1], &p->half,
					       &p->augmented };
	for (size_t i = 0; i < sizeof(in_order) / sizeof(in_order[0]); i++)
		if (in_order[i]->report_before != NULL)
			return in_order[i]->report_before;
	return NULL;
}

/*
 * Whether anything is won by what was made. A further time-stamp of the authority that
 * answers is none the better. Two of both that will prove nothing yet are what the next
 * ones make good, but not over two of the same certificates: then only the status that
 * is missing would.
 */
static bool is_won(const struct care *c, const struct cared_part *p)
{
	const struct report *now = p->augmented.judged.report;
	const struct report *before = report_before(p);
	const int64_t since_ms = signatures_turn_since(c);
	if (!signatures_is_alone(c, p))
		return true;
	return signatures_standing_of(now, since_ms) == STANDS_ON_TWO &&
	       (before == NULL || !signatures_same_authorities(before, now));
}

/* Nothing is taken. */
static void wait_for_other(struct cared_part *p, const struct signatures_form *f)
{
	char why[sizeof(p->augmented.text)];
	snprintf(why, sizeof(why), "%s",
		 p->augmented.outcome == AUGMENT_INCOMPLETE ? p->augmented.text
		 : p->dim ? "status from after a new time-stamp is not to be had"
			  : "a second time-stamping authority does not answer");
	augmented_clear(&p->augmented);
	p->augmented.outcome = AUGMENT_INCOMPLETE;
	snprintf(p->augmented.text, sizeof(p->augmented.text), "%s", why);
	p->waits = f->version->id;
}

/* A form that waits tries no sooner because of what else it did not get. */
static int raise_form(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, const struct signatures_form *f,
		      struct ltps_error *err)
{
	struct version_stood s;
	if (version_stand_get(c->w->conn, f->version->id, &s, err) != 0)
		return -1;
	const bool waits = s.stand.second_ms != 0 && may_wait(c);
	if (signatures_make(c, j, p, signatures_begin_raised, err) != 0) {
		p->waits = waits ? f->version->id : 0;
		return waits ? forgive_remote(c, err) : signatures_tried(c, err);
	}
	const enum augment_outcome outcome = p->augmented.outcome;
	if ((outcome == AUGMENT_DONE && may_wait(c) && !is_won(c, p)) ||
	    (outcome == AUGMENT_INCOMPLETE && waits)) {
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
