/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_words - authenticated words put together. The latest counts; a
 * revocation for good is never taken back, a hold can be (RFC 5280 5.3.1).
 */
#include <string.h>

#include "validation/revocation_private.h"

void revocation_words_init(struct revocation_words *w)
{
	memset(w, 0, sizeof(*w));
	w->released_ms = TIME_NONE;
	w->later_ms = TIME_NONE;
	w->later_invalidity_ms = TIME_NONE;
	w->later_reason = REASON_NONE;
}

/* ---- one word ---- */

/* a - b without leaving the range. */
static int64_t minus(int64_t a, int64_t b)
{
	int64_t r;
	if (__builtin_sub_overflow(a, b, &r))
		return b > 0 ? INT64_MIN : INT64_MAX;
	return r;
}

/*
 * EN 319 102-1 5.2.5: issued after the time asked for less the maximum age; without
 * a maximum, that is the time from thisUpdate to nextUpdate. Without both only what
 * was issued after the time asked for is fresh: nothing newer could say more about it.
 */
static bool is_fresh(const struct revocation_query *q, int64_t this_ms, int64_t next_ms)
{
	if (this_ms > q->time_ms)
		return true;
	if (q->max_age_ms > 0)
		return this_ms > minus(q->time_ms, q->max_age_ms);
	return next_ms != TIME_NONE && next_ms > q->time_ms;
}

struct revocation_word revocation_word_of(const struct revocation_job *job,
					  enum path_source source, int64_t this_ms,
					  int64_t next_ms)
{
	return (struct revocation_word){
		.kind = REVOCATION_SILENT,
		.reasons = REASONS_ALL,
		.this_ms = this_ms,
		.next_ms = next_ms,
		.revoked_ms = TIME_NONE,
		.invalidity_ms = TIME_NONE,
		.reason = REASON_NONE,
		.fresh = is_fresh(job->q, this_ms, next_ms),
		.source = source,
	};
}

/* The date that counts: an earlier invalidityDate is it, RFC 5280 5.3.2. */
static int64_t effective_ms(int64_t revoked_ms, int64_t invalidity_ms)
{
	if (invalidity_ms != TIME_NONE && invalidity_ms < revoked_ms)
		return invalidity_ms;
	return revoked_ms;
}

static int64_t word_effective_ms(const struct revocation_word *w)
{
	return effective_ms(w->revoked_ms, w->invalidity_ms);
}

static bool is_after_end(const struct revocation_job *job,
			 const struct revocation_word *w)
{
	return w->this_ms > job->cert->not_after_ms;
}

void revocation_word_listed(const struct revocation_job *job, struct revocation_word *w,
			    int64_t revoked_ms, int64_t invalidity_ms, int reason)
{
	w->revoked_ms = revoked_ms;
	w->invalidity_ms = invalidity_ms;
	w->reason = reason;
	w->kept = is_after_end(job, w);
	/*
	 * With hindsight only: what was issued after the time asked for tells of a later
	 * revocation. An entry that was there by then counts whatever its date: RFC 5280
	 * 6.3.3 j looks at none.
	 */
	if (job->known_ms > job->q->time_ms && w->this_ms > job->q->time_ms &&
	    word_effective_ms(w) > job->q->time_ms)
		w->kind = REVOCATION_GOOD;
	else
		w->kind = reason == REASON_HOLD ? REVOCATION_HOLD : REVOCATION_REVOKED;
}

void revocation_word_unlisted(const struct revocation_job *job,
			      struct revocation_word *w, int64_t kept_from_ms)
{
	bool after = is_after_end(job, w);
	w->kept = after && kept_from_ms <= job->cert->not_after_ms;
	w->kind = after && !w->kept ? REVOCATION_SILENT : REVOCATION_GOOD;
}

/* ---- all words ---- */

static bool is_better(const struct revocation_word *a, const struct revocation_word *b)
{
	if (b->kind == REVOCATION_SILENT || a->fresh != b->fresh)
		return b->kind == REVOCATION_SILENT || a->fresh;
	return a->this_ms > b->this_ms;
}

static bool covers(const struct revocation_word *w, int bit)
{
	return (w->reasons >> bit & 1) != 0;
}

/*
 * Only a word that the certificate is not listed ends a hold. An entry with a later
 * date does not: it may be what the hold became (X.509 9.5.3.1).
 */
static bool releases(const struct revocation_words *all,
		     const struct revocation_word *w)
{
	return w->revoked_ms == TIME_NONE && covers(w, REASON_HOLD) &&
	       w->this_ms > all->released_ms;
}

static bool good_matters(const struct revocation_words *all,
			 const struct revocation_word *w)
{
	for (int bit = 1; bit < REVOCATION_REASON_BITS; bit++) {
		if (covers(w, bit) && is_better(w, &all->good[bit]))
			return true;
	}
	return releases(all, w);
}

bool revocation_word_matters(const struct revocation_job *job,
			     const struct revocation_word *w)
{
	const struct revocation_words *all = &job->words;
	switch (w->kind) {
	case REVOCATION_SILENT:
		return false;
	case REVOCATION_GOOD:
		return !all->revoked && good_matters(all, w);
	case REVOCATION_HOLD:
		return !all->revoked && (!all->held || w->this_ms > all->hold.this_ms);
	case REVOCATION_REVOKED:
		return !all->revoked ||
		       word_effective_ms(w) < word_effective_ms(&all->first_revoked) ||
		       w->this_ms > all->latest_revoked.this_ms;
	}
	return false;
}

static void add_revoked(struct revocation_words *all, const struct revocation_word *w)
{
	if (!all->revoked ||
	    word_effective_ms(w) < word_effective_ms(&all->first_revoked))
		all->first_revoked = *w;
	if (!all->revoked || w->this_ms > all->latest_revoked.this_ms)
		all->latest_revoked = *w;
	all->revoked = true;
}

static void add_later(struct revocation_words *all, const struct revocation_word *w)
{
	if (w->revoked_ms == TIME_NONE ||
	    (all->later_ms != TIME_NONE && all->later_ms <= w->revoked_ms))
		return;
	all->later_ms = w->revoked_ms;
	all->later_invalidity_ms = w->invalidity_ms;
	all->later_reason = w->reason;
}

static void add_good(struct revocation_words *all, const struct revocation_word *w)
{
	for (int bit = 1; bit < REVOCATION_REASON_BITS; bit++) {
		if (covers(w, bit) && is_better(w, &all->good[bit]))
			all->good[bit] = *w;
	}
	if (releases(all, w))
		all->released_ms = w->this_ms;
	add_later(all, w);
}

void revocation_word_add(struct revocation_job *job, const struct revocation_word *w)
{
	struct revocation_words *all = &job->words;
	switch (w->kind) {
	case REVOCATION_SILENT:
		break;
	case REVOCATION_GOOD:
		add_good(all, w);
		break;
	case REVOCATION_HOLD:
		if (!all->held || w->this_ms > all->hold.this_ms)
			all->hold = *w;
		all->held = true;
		break;
	case REVOCATION_REVOKED:
		add_revoked(all, w);
		break;
	}
}

/* ---- the answer ---- */

void revocation_unknown(struct path_cert_revocation *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->status = PATH_STATUS_UNKNOWN;
	ret->why = PATH_REVOCATION_UNKNOWN;
	ret->this_ms = TIME_NONE;
	ret->next_ms = TIME_NONE;
	ret->revoked_ms = TIME_NONE;
	ret->invalidity_ms = TIME_NONE;
	ret->reason = REASON_NONE;
}

static bool is_listed(const struct path_cert_revocation *r,
		      const struct path_status_object *o)
{
	for (size_t i = 0; i < r->n_objects; i++) {
		if (r->objects[i].crl == o->crl && r->objects[i].ocsp == o->ocsp)
			return true;
	}
	return false;
}

static void list_object(struct path_cert_revocation *r,
			const struct path_status_object *o)
{
	if (r->n_objects < PATH_STATUS_OBJECTS_MAX && !is_listed(r, o))
		r->objects[r->n_objects++] = *o;
}

static void list_crl(struct path_cert_revocation *r, const struct revocation_word *w,
		     const struct crl *crl)
{
	struct path_status_object o = { .source = w->source,
					.crl = crl,
					.ocsp = w->ocsp,
					.signer = w->signer->cert,
					.n_signer_path = w->signer->n_path };
	memcpy(o.signer_path, w->signer->path, sizeof(o.signer_path));
	list_object(r, &o);
}

static void list_word(struct path_cert_revocation *r, const struct revocation_word *w)
{
	list_crl(r, w, w->crl);
	if (w->delta != NULL)
		list_crl(r, w, w->delta);
}

/* What the signer's own status rests on, behind what speaks about the certificate. */
static void list_support(struct path_cert_revocation *r,
			 const struct revocation_word *w)
{
	for (size_t i = 0; i < w->signer->n_objects; i++)
		list_object(r, &w->signer->objects[i]);
}

static void take_word(struct path_cert_revocation *r, const struct revocation_word *w)
{
	r->source = w->source;
	r->this_ms = w->this_ms;
	r->next_ms = w->next_ms;
	r->fresh = w->fresh;
	r->kept_after_end = w->kept;
}

static void conclude_revoked(const struct revocation_words *all,
			     struct path_cert_revocation *r)
{
	r->status = PATH_STATUS_REVOKED;
	r->why = PATH_REVOKED;
	take_word(r, &all->latest_revoked);
	r->revoked_ms = all->first_revoked.revoked_ms;
	r->invalidity_ms = all->first_revoked.invalidity_ms;
	r->reason = all->latest_revoked.reason;
	list_word(r, &all->latest_revoked);
	list_word(r, &all->first_revoked);
	list_support(r, &all->latest_revoked);
	list_support(r, &all->first_revoked);
}

static void conclude_held(const struct revocation_words *all,
			  struct path_cert_revocation *r)
{
	r->status = PATH_STATUS_ON_HOLD;
	r->why = PATH_ON_HOLD;
	take_word(r, &all->hold);
	r->revoked_ms = all->hold.revoked_ms;
	r->invalidity_ms = all->hold.invalidity_ms;
	r->reason = all->hold.reason;
	list_word(r, &all->hold);
	list_support(r, &all->hold);
}

/* 6.3.3: all reasons. The oldest of the words is the one that the answer is as old as.
 */
static const struct revocation_word *oldest_good(const struct revocation_words *all)
{
	const struct revocation_word *oldest = NULL;
	for (int bit = 1; bit < REVOCATION_REASON_BITS; bit++) {
		const struct revocation_word *w = &all->good[bit];
		if (w->kind == REVOCATION_SILENT)
			return NULL;
		if (oldest == NULL || (oldest->fresh && !w->fresh) ||
		    (oldest->fresh == w->fresh && w->this_ms < oldest->this_ms))
			oldest = w;
	}
	return oldest;
}

static void conclude_good(const struct revocation_words *all,
			  const struct revocation_word *oldest,
			  struct path_cert_revocation *r)
{
	/* Too old is no answer, but what there is is told. */
	r->status = oldest->fresh ? PATH_STATUS_GOOD : PATH_STATUS_UNKNOWN;
	r->why = oldest->fresh ? PATH_OK : PATH_REVOCATION_STALE;
	take_word(r, oldest);
	r->revoked_ms = all->later_ms;
	r->invalidity_ms = all->later_invalidity_ms;
	r->reason = all->later_reason;
	list_word(r, oldest);
	/* Where the oldest came after the end and keeps entries, so do the others. */
	for (int bit = 1; bit < REVOCATION_REASON_BITS; bit++)
		list_word(r, &all->good[bit]);
	for (int bit = 1; bit < REVOCATION_REASON_BITS; bit++)
		list_support(r, &all->good[bit]);
}

void revocation_conclude(const struct revocation_job *job,
			 struct path_cert_revocation *ret)
{
	const struct revocation_words *all = &job->words;
	const struct revocation_word *oldest = oldest_good(all);
	revocation_unknown(ret);
	if (all->revoked)
		conclude_revoked(all, ret);
	else if (all->held && all->released_ms <= all->hold.this_ms)
		conclude_held(all, ret);
	else if (oldest != NULL && !job->cut)
		conclude_good(all, oldest, ret);
	else if (job->stale)
		/* An answer is there; who gave it cannot be vouched for anew. */
		ret->why = PATH_REVOCATION_STALE;
}
