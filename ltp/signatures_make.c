/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_make - a form by one authority and by the other, and once more by both
 * where the status of the first two is from before their proof.
 *
 * A time-stamp exists, for whoever judges it later, since the next one over it. Once
 * its certificate has ended, or its CA is lost, EN 319 102-1 5.6.2.2 c takes the
 * control time back to the issue of the status inside, and 5.6.2.4 step 3 asks that
 * the time-stamp existed then: its status has to be from after the time-stamp over it,
 * and is then covered by none but a third. Within a second both are of one time, and
 * two are enough; otherwise what is asked for behind the two is covered by two more.
 * Making the two again would be the same race again.
 */
#include <stdio.h>

#include "ltp/rows.h"
#include "ltp/signatures.h"

/* The level of the form that is begun. */
static enum signature_level goal_of(const struct care *c, const struct cared_part *p)
{
	return p->form.n > 0 || (p->sealed && c->profile->augment == LEVEL_NONE)
		   ? LEVEL_LTA
		   : c->profile->augment;
}

/* One augmentation. */
struct raising {
	struct view file;
	size_t first;    /* of the configured TSAs, which is asked first */
	int64_t time_ms; /* of the judgement of the file */
	const struct path_sources *sources;
};

static int raise_with(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, const struct raising *r,
		      struct augmented *ret, struct ltps_error *err)
{
	struct tsa list[TSP_TSAS_MAX];
	struct tsp_client tsa = ltp_tsp_client(c->w->l);
	struct augment_input in = {
		.file = r->file,
		.content = p->content.in_memory ? &p->content : NULL,
		.level = goal_of(c, p),
		.tsa = &tsa,
		.digest = leaf_digest(c->w->l, c->profile, c->now_ms),
		.sources = r->sources,
		.judgement = signatures_input(j),
		.clock = c->w->l->o.clock
	};
	in.judgement.time_ms = r->time_ms;
	if (r->first > 0)
		tsp_client_begin_with(&tsa, r->first, list);
	if (augment_document(&in, ret, err) != 0)
		return -1;
	/* By the list that it was given. */
	if (c->w->l->o.n_tsas > 0)
		ret->last_tsa = (ret->last_tsa + r->first) % c->w->l->o.n_tsas;
	return 0;
}

int signatures_begin_raised(struct care *c, const struct signatures_judging *j,
			    struct cared_part *p, const struct path_sources *sources,
			    struct ltps_error *err)
{
	const struct raising r = { .file = p->form.n > 0 ? view_buf(&p->form)
							 : c->parts[p->part].data,
				   .time_ms = j->now_ms,
				   .sources = sources };
	return raise_with(c, j, p, &r, &p->augmented, err);
}

/* A further time-stamp over what was made, by the next authority. */
static int raise_over(struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, const struct augmented *under,
		      const struct raising *how, struct augmented *ret,
		      struct ltps_error *err)
{
	struct raising r = *how;
	r.file = view_buf(&under->out);
	r.first = (under->last_tsa + 1) % c->w->l->o.n_tsas;
	return raise_with(c, j, p, &r, ret, err);
}

/* ---- by one authority, and by the other ---- */

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
	if (err->code != LTPS_OK && signatures_is_own_failure(c, err))
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
	const struct raising how = { .time_ms = j->now_ms, .sources = sources };
	p->half = p->augmented;
	p->augmented = (struct augmented){ 0 };
	const int rc = raise_over(c, j, p, &p->half, &how, &p->augmented, err);
	if (rc == 0 && p->augmented.outcome == AUGMENT_DONE)
		return 0;
	return take_half(c, p, err);
}

/* ---- once more by both ---- */

/* Nobody but two authorities makes a pair that could hold. */
static int look_ahead(const struct care *c, const struct signatures_judging *j,
		      struct cared_part *p, struct signatures_outlook *ret,
		      struct ltps_error *err)
{
	const struct augmented *a = &p->augmented;
	const int64_t since_ms = signatures_turn_since(c);
	*ret = (struct signatures_outlook){ .retry_ms = INT64_MIN };
	if (c->w->l->o.n_tsas < 2 || a->outcome != AUGMENT_DONE ||
	    a->judged.report == NULL ||
	    signatures_standing_of(a->judged.report, since_ms) != STANDS_ON_TWO)
		return 0;
	return signatures_outlook(j, p, since_ms, ret, err);
}

/* The first two, and the others over them, with status of their own: what was asked
 * for a moment ago is from before. *ret_done false: one of them was not had. */
static int add_both(struct care *c, const struct signatures_judging *j,
		    struct cared_part *p, bool *ret_done, struct ltps_error *err)
{
	struct path_sources sources = worker_sources(c->w, true);
	struct raising how = { .sources = &sources };
	sources.known = NULL;
	sources.asked = NULL;
	sources.conn = NULL;
	*ret_done = false;
	how.time_ms = p->base[1].judged.report->time_ms;
	if (raise_over(c, j, p, &p->base[1], &how, &p->half, err) != 0)
		return -1;
	if (p->half.outcome != AUGMENT_DONE)
		return 0;
	how.time_ms = p->half.judged.report->time_ms;
	if (raise_over(c, j, p, &p->half, &how, &p->augmented, err) != 0)
		return -1;
	*ret_done = p->augmented.outcome == AUGMENT_DONE;
	return 0;
}

static void keep_first_two(struct cared_part *p)
{
	augmented_clear(&p->augmented);
	augmented_clear(&p->half);
	p->half = p->base[0];
	p->augmented = p->base[1];
	p->base[0] = p->base[1] = (struct augmented){ 0 };
}

/* Whether `than` has to be told, and this not, or less of it. */
static bool is_better(const struct signatures_outlook *o,
		      const struct signatures_outlook *than)
{
	return o->why[0] == '\0' || (than->young && !o->young);
}

/* o: of the first two; of all then. What fails keeps back nothing of them. */
static int go_on(struct care *c, const struct signatures_judging *j,
		 struct cared_part *p, struct signatures_outlook *o,
		 struct ltps_error *err)
{
	struct signatures_outlook later = { .young = true };
	bool done = false;
	p->base[0] = p->half;
	p->base[1] = p->augmented;
	p->half = p->augmented = (struct augmented){ 0 };
	int rc = add_both(c, j, p, &done, err);
	if (rc == 0 && done)
		rc = look_ahead(c, j, p, &later, err);
	if (rc != 0 && signatures_is_own_failure(c, err))
		return -1;
	done = rc == 0 && done && is_better(&later, o);
	ltps_error_clear(err);
	if (!done)
		keep_first_two(p);
	else
		*o = later;
	return 0;
}

static int make_both(struct care *c, const struct signatures_judging *j,
		     struct cared_part *p, signatures_beginning *begin,
		     struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(c->w, true);
	if (begin(c, j, p, &sources, err) != 0)
		return -1;
	return is_second_wanted(c, p) ? add_second(c, j, p, &sources, err) : 0;
}

int signatures_make(struct care *c, const struct signatures_judging *j,
		    struct cared_part *p, signatures_beginning *begin,
		    struct ltps_error *err)
{
	struct signatures_outlook o;
	if (make_both(c, j, p, begin, err) != 0 || look_ahead(c, j, p, &o, err) != 0)
		return -1;
	if (o.why[0] != '\0' && !signatures_is_spent(c) && go_on(c, j, p, &o, err) != 0)
		return -1;
	p->dim = o.young;
	p->again_ms = o.retry_ms;
	if (o.why[0] != '\0')
		log_write(c->w->l->o.log, LOG_VALIDATION, LOG_WARNING,
			  "a form has parts that will prove nothing in the end",
			  LOG_FIELDS({ "poid", c->object->poid }, { "why", o.why }));
	return 0;
}
