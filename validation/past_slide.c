/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past_slide - validation time sliding, EN 319 102-1 5.6.2.2: from the anchor down
 * to the target, the control time goes back to where each certificate was known
 * to be good from what is proven to have existed then.
 *
 * A deviation from the letter: a status that is stale takes the control time back to
 * its issue (step c), as the letter has it, but what is asked about the certificates
 * below (step a) goes back to its nextUpdate only. Up to then it was good enough for
 * anybody; otherwise status gathered before an archive time-stamp, as is usual, would
 * prove nothing once it is stale. A revocation is not overlooked for that: it counts
 * wherever nothing but staleness speaks against whoever tells of it.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/past_private.h"

struct slide {
	struct path_run *run;
	const struct poe_set *poes;
	struct path_candidate *c;
	struct time_slide *ret;
	bool optional; /* missing or stale status takes nothing back */
	int64_t control_ms;
	int64_t proof_ms; /* up to then the authorities so far were known to be good */
	int64_t loss_ms;  /* from then on something speaks against one of them */
};

/* What counts has been issued, and is proven to have existed, up to a time. */
struct word_filter {
	const struct slide *s;
	int64_t until_ms;
};

/* Without proofs everything exists since the time of the judgement. */
static bool existed(const struct slide *s, const uint8_t sha256[32], int64_t until_ms)
{
	int64_t poe =
	    s->poes != NULL ? poe_earliest(s->poes, sha256) : s->run->in->time_ms;
	return poe != INT64_MAX && poe <= until_ms;
}

static int64_t proven_ms(void *arg, const uint8_t sha256[32])
{
	const struct word_filter *f = arg;
	return poe_earliest(f->s->poes, sha256);
}

static bool is_usable(void *arg, const uint8_t sha256[32], int64_t issued_ms)
{
	const struct word_filter *f = arg;
	return issued_ms < f->until_ms && existed(f->s, sha256, f->until_ms);
}

static void fail(struct slide *s, size_t i, bool cert, const char *what)
{
	char name[CERT_TEXT_MAX], at[TIME_TEXT_MAX];
	cert_text(s->c->certs[i], name);
	time_rfc3339(s->proof_ms, at);
	s->ret->found = false;
	s->ret->missing_for = (int)i;
	s->ret->missing_cert = cert;
	snprintf(s->ret->text, sizeof(s->ret->text), "%s %.120s at %s", what, name, at);
}

static void lower(int64_t *time_ms, int64_t other_ms)
{
	if (other_ms < *time_ms)
		*time_ms = other_ms;
}

/* Revoked, or too weak from then on. */
static void back_to(struct slide *s, int64_t time_ms)
{
	lower(&s->control_ms, time_ms);
	lower(&s->proof_ms, time_ms);
	lower(&s->loss_ms, time_ms);
}

/* Stale: it was fresh once, from its issue on. */
static void back_to_issue(struct slide *s, const struct path_cert_revocation *r,
			  int64_t max_age_ms)
{
	int64_t fresh_ms = r->this_ms;
	if (max_age_ms > 0)
		fresh_ms += max_age_ms;
	else if (r->next_ms > r->this_ms)
		fresh_ms = r->next_ms;
	lower(&s->control_ms, r->this_ms);
	lower(&s->proof_ms, fresh_ms);
}

bool past_is_fresh(const struct path_cert_revocation *r, int64_t time_ms,
		   int64_t max_age_ms)
{
	if (r->source == PATH_SOURCE_EXEMPT)
		return true;
	if (r->this_ms == INT64_MIN)
		return false;
	if (max_age_ms > 0)
		return r->this_ms >= time_ms - max_age_ms;
	return r->next_ms != INT64_MIN && time_ms <= r->next_ms;
}

/* What is known about one certificate from what existed up to until_ms. in_time: by
 * good words that were proven before the end of their algorithm. */
static int ask(const struct slide *s, size_t i, int64_t until_ms, bool in_time,
	       struct path_cert_revocation *r, struct ltps_error *err)
{
	struct word_filter f = { s, until_ms };
	const struct revocation_query q = {
		.path = s->c,
		.index = i,
		.time_ms = s->control_ms,
		.known_ms = until_ms,
		.max_age_ms = PAST_ANY_AGE_MS,
		.usable = is_usable,
		.arg = &f,
		.issuer_validity_at_issuance = true,
		.strong_when_issued = true,
		.proven_ms = in_time ? proven_ms : NULL,
		.record_needs = true,
	};
	return revocation_judge(s->run, &q, r, err);
}

static bool is_bad(const struct path_cert_revocation *r)
{
	return r->status == PATH_STATUS_REVOKED || r->status == PATH_STATUS_ON_HOLD;
}

static int64_t last_proof_ms(const struct slide *s,
			     const struct path_cert_revocation *r)
{
	int64_t last_ms = INT64_MIN;
	for (size_t i = 0; i < r->n_objects; i++) {
		const uint8_t *id = path_status_id(&r->objects[i]);
		const int64_t poe_ms =
		    id != NULL ? poe_earliest(s->poes, id) : INT64_MIN;
		if (poe_ms > last_ms)
			last_ms = poe_ms;
	}
	return last_ms;
}

/* A good word that anybody could have made by the time it is proven gives way to one
 * that nobody could. */
static int ask_proven(const struct slide *s, size_t i, struct path_cert_revocation *r,
		      struct ltps_error *err)
{
	int64_t until_ms;
	if (ask(s, i, s->proof_ms, false, r, err) != 0)
		return -1;
	if (s->poes == NULL || r->status != PATH_STATUS_GOOD)
		return 0;
	if (past_reliable_until(s->run->in->algorithms, s->c, i, r, &until_ms, err) !=
	    0)
		return -1;
	return last_proof_ms(s, r) > until_ms ? ask(s, i, s->proof_ms, true, r, err)
					      : 0;
}

/* Where a stale status has taken the proofs back: a later word that is bad counts. */
static int ask_later(const struct slide *s, size_t i, struct path_cert_revocation *r,
		     struct ltps_error *err)
{
	if (s->loss_ms <= s->proof_ms || is_bad(r))
		return 0;
	struct path_cert_revocation *later = mem_zalloc(1, sizeof(*later));
	if (later == NULL)
		return ltps_fail_nomem(err);
	int rc = ask(s, i, s->loss_ms, false, later, err);
	if (rc == 0 && is_bad(later))
		*r = *later;
	mem_free(later);
	return rc;
}

/* Steps a to c for one certificate; *ret_known false when it has no usable status. */
static int slide_status(struct slide *s, size_t i, bool *ret_known,
			struct ltps_error *err)
{
	const struct path_input *in = s->run->in;
	struct path_cert_revocation *r = &s->c->revocation[i];
	if (ask_proven(s, i, r, err) != 0 || ask_later(s, i, r, err) != 0)
		return -1;
	*ret_known = r->status != PATH_STATUS_UNKNOWN;
	switch (r->status) {
	case PATH_STATUS_REVOKED:
	case PATH_STATUS_ON_HOLD:
		if (in->model == PATH_SHELL || !past_reason_keeps_earlier(r->reason))
			back_to(s, past_bad_from(r));
		break;
	case PATH_STATUS_GOOD:
		r->fresh = past_is_fresh(r, s->control_ms, in->max_age_ms);
		if (!r->fresh && !s->optional)
			back_to_issue(s, r, in->max_age_ms);
		break;
	case PATH_STATUS_UNKNOWN:
		break;
	}
	return 0;
}

/* One certificate; *ret_go_on false when the sliding has failed. */
static int slide_one(struct slide *s, size_t i, bool *ret_go_on, struct ltps_error *err)
{
	bool known = true;
	int64_t until_ms = INT64_MAX;
	*ret_go_on = false;
	if (!existed(s, s->c->certs[i]->sha256, s->proof_ms)) {
		fail(s, i, true, "no proof of existence of");
		return 0;
	}
	if (!s->run->in->no_revocation && slide_status(s, i, &known, err) != 0)
		return -1;
	if (!known && s->optional) {
		s->c->revocation[i].n_objects = 0;
	} else if (!known) {
		fail(s, i, false, "no revocation data with proof of existence for");
		return 0;
	}
	if (past_reliable_until(s->run->in->algorithms, s->c, i, &s->c->revocation[i],
				&until_ms, err) != 0)
		return -1;
	if (until_ms == INT64_MIN) {
		fail(s, i, false, "an algorithm that was reliable at no time: of");
		return 0;
	}
	back_to(s, until_ms);
	*ret_go_on = true;
	return 0;
}

int time_slide(struct path_run *run, const struct poe_set *poes, int64_t start_ms,
	       struct path_candidate *c, struct time_slide *ret, struct ltps_error *err)
{
	return time_slide_with(run, poes, start_ms, false, c, ret, err);
}

int time_slide_with(struct path_run *run, const struct poe_set *poes, int64_t start_ms,
		    bool optional, struct path_candidate *c, struct time_slide *ret,
		    struct ltps_error *err)
{
	struct slide s = {
		.run = run,
		.poes = poes,
		.c = c,
		.ret = ret,
		.optional = optional,
		.control_ms = start_ms,
		.proof_ms = start_ms,
		.loss_ms = start_ms,
	};
	bool go_on = true;
	*ret = (struct time_slide){ .control_time_ms = INT64_MIN, .missing_for = -1 };
	if (c->revocation == NULL && c->n_certs > 1 && revocation_room(c, err) != 0)
		return -1;
	for (size_t i = c->n_certs; go_on && i-- > 0;)
		if (i + 1 < c->n_certs && slide_one(&s, i, &go_on, err) != 0)
			return -1;
	if (!go_on)
		return 0;
	ret->found = true;
	ret->control_time_ms = s.control_ms;
	return 0;
}
