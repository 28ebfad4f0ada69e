/* SPDX-License-Identifier: Apache-2.0 */
/* engine_time - signatures with time and long-term material, EN 319 102-1 5.5.4. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/engine_decide.h"
#include "validation/engine_private.h"
#include "validation/past_private.h"

#define CLAUSE "EN 319 102-1 5.5.4"

struct timing {
	struct engine *e;
	const struct document *doc;
	size_t signature;
	struct engine_ledger ledger;
	struct with_time *w;
};

struct engine_ledger engine_signature_ledger(struct engine *e, size_t signature)
{
	struct report_signature *r = &e->report->signatures[signature];
	bool counter = r->signature->role == ROLE_COUNTERSIGNATURE;
	return (struct engine_ledger){
		.context = counter ? CONTEXT_COUNTERSIGNATURE : CONTEXT_SIGNATURE,
		.object = r->signature->id,
		.list = &r->constraints,
		.n = &r->n_constraints,
	};
}

/* ---- step 3: time-stamps ---- */

/* As 5.4 has it now: whether its time may be taken. */
static bool counts_now(const struct timing *t, size_t k, enum stamp_type type)
{
	const struct document_stamp *s = &t->doc->stamps[k];
	return s->signature == (int)t->signature && s->type == type && s->tst != NULL &&
	       engine_stamp_fits(t->e, k) &&
	       t->e->report->stamps[k].conclusion.indication == INDICATION_PASSED &&
	       engine_digest_reliable(t->e, s->tst->imprint_alg, t->e->in->time_ms);
}

static void take_best(struct timing *t)
{
	t->w->best_ms = t->e->in->time_ms;
	t->w->best_stamp = -1;
	for (size_t k = 0; k < t->doc->n_stamps; k++) {
		if (!counts_now(t, k, STAMP_SIGNATURE) ||
		    t->doc->stamps[k].tst->gen_time_ms >= t->w->best_ms)
			continue;
		t->w->best_ms = t->doc->stamps[k].tst->gen_time_ms;
		t->w->best_stamp = (int)k;
	}
}

/* ---- step 4 ---- */

static bool in_order(const struct tst *first, const struct tst *second)
{
	bool ordered = first->ordering && second->ordering && first->tsa.n > 0 &&
		       view_equal(first->tsa, second->tsa);
	return decide_ordered(first->gen_time_ms, first->accuracy_us,
			      second->gen_time_ms, second->accuracy_us, ordered);
}

/* Step e: no signature time-stamp before a content time-stamp. */
static int compare_order(struct timing *t, struct ltps_error *err)
{
	const struct document_stamp *first = NULL, *second = NULL;
	bool fails = false;
	for (size_t i = 0; i < t->doc->n_stamps && first == NULL; i++) {
		if (!counts_now(t, i, STAMP_CONTENT))
			continue;
		for (size_t k = 0; k < t->doc->n_stamps && first == NULL; k++) {
			if (!counts_now(t, k, STAMP_SIGNATURE) ||
			    in_order(t->doc->stamps[i].tst, t->doc->stamps[k].tst))
				continue;
			first = &t->doc->stamps[i];
			second = &t->doc->stamps[k];
		}
	}
	if (engine_constrain(t->e, &t->ledger, CONSTRAINT_TIME_STAMP_ORDER,
			     first == NULL, &fails, err, "%s%s%s",
			     first != NULL ? second->id : "",
			     first != NULL ? " is older than " : "",
			     first != NULL ? first->id : "") != 0)
		return -1;
	if (fails) {
		t->w->conclusion = conclusion_of(
		    SUB_TIMESTAMP_ORDER_FAILURE, CLAUSE,
		    "%s, over the signature, is older than %s, which it covers",
		    second->id, first->id);
		t->w->conclusion.constraint = CONSTRAINT_TIME_STAMP_ORDER;
	}
	return 0;
}

/* What step 4 made of it; report data of the outcome of 5.3 is kept. */
static void set_times(struct timing *t, enum subindication sub)
{
	const struct cert *signer = t->w->basic.signer;
	char best[TIME_TEXT_MAX], from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	struct conclusion basic = t->w->basic.conclusion;
	if (sub == basic.sub) {
		t->w->conclusion = basic;
		return;
	}
	time_rfc3339(t->w->best_ms, best);
	time_rfc3339(signer->not_before_ms, from);
	time_rfc3339(signer->not_after_ms, to);
	t->w->conclusion =
	    conclusion_of(sub, CLAUSE,
			  "the signature existed at %s, the certificate is valid from "
			  "%s to %s",
			  best, from, to);
}

static bool compare_times(struct timing *t)
{
	const struct basic *b = &t->w->basic;
	enum subindication sub = SUB_NONE;
	const struct decide_times d = {
		.basic = b->conclusion.sub,
		.best_ms = t->w->best_ms,
		.not_before_ms = b->signer->not_before_ms,
		.not_after_ms = b->signer->not_after_ms,
		.revoked_ms = b->conclusion.time_ms,
		.weak_signature = b->weak_signature,
		.weak_until_ms = b->weak_until_ms,
	};
	if (decide_times(&d, &sub))
		return true;
	set_times(t, sub);
	return false;
}

/* ---- steps 5 to 7 ---- */

int engine_delay(struct engine *e, const struct basic *b, int64_t best_ms,
		 bool *ret_holds, struct conclusion *ret, struct ltps_error *err)
{
	const struct constraint_rule *rule =
	    engine_rule(e, &b->ledger, CONSTRAINT_TIME_STAMP_DELAY);
	int64_t claimed_ms = b->signature->claims.signing_time_ms;
	char best[TIME_TEXT_MAX], claimed[TIME_TEXT_MAX] = "no time at all";
	bool fails = false;
	*ret_holds = true;
	if (rule->number <= 0 || rule->level == CONSTRAINT_IGNORE)
		return 0;
	/* Taken from the right, so that no claim is too large to be added to. */
	bool holds = claimed_ms != INT64_MIN && claimed_ms > best_ms - rule->number;
	time_rfc3339(best_ms, best);
	if (claimed_ms != INT64_MIN)
		time_rfc3339(claimed_ms, claimed);
	if (engine_constrain(e, &b->ledger, CONSTRAINT_TIME_STAMP_DELAY, holds, &fails,
			     err, "%s is claimed, %s is proven", claimed, best) != 0)
		return -1;
	*ret_holds = !fails;
	if (fails) {
		*ret = conclusion_of(SUB_SIG_CONSTRAINTS_FAILURE, CLAUSE,
				     "time-stamp delay: %s is claimed, %s is proven",
				     claimed, best);
		ret->constraint = CONSTRAINT_TIME_STAMP_DELAY;
	}
	return 0;
}

static bool status_holds(const struct engine *e, const struct path_candidate *c,
			 size_t i, int64_t time_ms)
{
	const struct path_cert_revocation *r = &c->revocation[i];
	const struct validation_policy *p = e->in->policy;
	switch (r->status) {
	case PATH_STATUS_REVOKED:
	case PATH_STATUS_ON_HOLD:
		return past_lost_from(r, e->in->time_ms) > time_ms;
	case PATH_STATUS_UNKNOWN:
		if (r->why != PATH_REVOCATION_STALE)
			return false;
		break;
	case PATH_STATUS_GOOD:
		break;
	}
	/* In the chain model a status from after the use is as fresh as it need be. */
	if (p->model == PATH_CHAIN && i > 0 && r->this_ms != INT64_MIN &&
	    r->this_ms >= c->certs[i - 1]->not_before_ms)
		return true;
	return past_is_fresh(r, time_ms, p->max_age_ms);
}

bool engine_status_holds(const struct engine *e, const struct cert_validation_result *c,
			 int64_t time_ms, size_t *ret_i)
{
	*ret_i = 0;
	if (c == NULL || (c->chain.n_certs > 1 && c->chain.revocation == NULL))
		return false;
	for (size_t i = c->chain.n_certs; i-- > 0;) {
		*ret_i = i;
		if (i + 1 < c->chain.n_certs && !status_holds(e, &c->chain, i, time_ms))
			return false;
	}
	return c->chain.n_certs > 0;
}

/*
 * Steps 6 and 7, for every certificate of the path: where 5.2.6.4 ended at a revoked
 * or suspended one, it had not come to the status of the others.
 */
static bool status_now_holds(struct timing *t)
{
	const struct basic *b = &t->w->basic;
	enum subindication sub = b->conclusion.sub;
	size_t i;
	bool asked = sub == SUB_TRY_LATER || sub == SUB_REVOKED_NO_POE ||
		     sub == SUB_REVOKED_CA_NO_POE;
	if (!asked || engine_status_holds(t->e, b->certificate, t->w->best_ms, &i))
		return true;
	if (sub == SUB_TRY_LATER) {
		t->w->conclusion = b->conclusion;
		return false;
	}
	t->w->conclusion =
	    conclusion_of(SUB_TRY_LATER, CLAUSE,
			  "the status of certificate %zu of the path does not say "
			  "enough about the time of the signature",
			  i + 1);
	return false;
}

/*
 * 5.2.6 once more without its questions about status, which were answered above: it
 * had ended at them, before its constraints on the path. What it says about dates is
 * left to step 4. Nothing is written down but the outcome.
 */
static int judge_path_alone(struct timing *t, struct conclusion *ret,
			    struct ltps_error *err)
{
	struct engine *e = t->e;
	const struct engine_input *given = e->in;
	struct report_constraint *list = NULL;
	struct cert_validation_result *r = NULL;
	size_t n = 0;
	struct validation_policy *policy = mem_dup(given->policy, sizeof(*policy));
	struct basic b = t->w->basic;
	struct engine_input in = *given;

	if (policy == NULL)
		return ltps_fail_nomem(err);
	policy->rules[b.ledger.context][CONSTRAINT_REVOCATION].level =
	    CONSTRAINT_IGNORE;
	in.policy = policy;
	b.ledger.list = &list;
	b.ledger.n = &n;
	b.same_chain = true; /* whose status was judged */
	e->in = &in;
	int rc = engine_certificate(e, &b, given->time_ms, false, &r, err);
	e->in = given;
	if (rc == 0)
		*ret = conclusion_of_certificate(r);
	cert_validation_free(r);
	mem_free(list);
	mem_free(policy);
	return rc;
}

static int judge_path(struct timing *t, bool *ret_holds, struct ltps_error *err)
{
	enum subindication sub = t->w->basic.conclusion.sub;
	struct conclusion c;
	*ret_holds = true;
	if (sub != SUB_TRY_LATER && sub != SUB_REVOKED_NO_POE &&
	    sub != SUB_REVOKED_CA_NO_POE)
		return 0;
	if (judge_path_alone(t, &c, err) != 0)
		return -1;
	*ret_holds = c.indication == INDICATION_PASSED ||
		     c.sub == SUB_OUT_OF_BOUNDS_NO_POE ||
		     c.sub == SUB_OUT_OF_BOUNDS_NOT_REVOKED;
	if (!*ret_holds)
		t->w->conclusion = c;
	return 0;
}

/* ---- steps 8 to 11 ---- */

static int accept_then(struct timing *t, struct ltps_error *err)
{
	struct basic *b = &t->w->basic;
	struct conclusion c;
	/* A weak certificate or status was 5.3's outcome: nothing below lifts it. */
	bool weak_path = b->conclusion.sub == SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE &&
			 !b->weak_signature;
	const struct conclusion basic = b->conclusion;
	if (engine_accept(t->e, b, t->w->best_ms, &c, err) != 0)
		return -1;
	if (c.indication == INDICATION_PASSED && b->certificate != NULL &&
	    engine_material_reliable(t->e, b->certificate, t->e->in->time_ms, &c,
				     err) != 0)
		return -1;
	if (c.indication == INDICATION_PASSED && weak_path)
		c = basic;
	t->w->conclusion = c;
	return 0;
}

/* Steps 4 e to 11. */
static int finish(struct timing *t, struct ltps_error *err)
{
	bool holds = false;
	t->w->conclusion = conclusion_passed();
	if (compare_order(t, err) != 0)
		return -1;
	if (t->w->conclusion.indication != INDICATION_PASSED)
		return 0;
	if (engine_delay(t->e, &t->w->basic, t->w->best_ms, &holds, &t->w->conclusion,
			 err) != 0)
		return -1;
	if (!holds || !status_now_holds(t))
		return 0;
	if (judge_path(t, &holds, err) != 0)
		return -1;
	return holds ? accept_then(t, err) : 0;
}

int engine_with_time(struct engine *e, size_t signature, struct with_time *ret,
		     struct ltps_error *err)
{
	struct timing t = {
		.e = e,
		.doc = e->in->document,
		.signature = signature,
		.ledger = engine_signature_ledger(e, signature),
		.w = ret,
	};
	memset(ret, 0, sizeof(*ret));
	ret->best_ms = e->in->time_ms;
	ret->best_stamp = -1;
	if (engine_basic(e, &t.doc->signatures[signature], &t.ledger, e->in->time_ms,
			 &ret->basic, err) != 0)
		return -1;
	ret->conclusion = ret->basic.conclusion;
	/* Step 2. Without a signer there are no times to compare: nothing passed. */
	if (!decide_goes_on(DECIDE_WITH_TIME, ret->conclusion.indication,
			    ret->conclusion.sub) ||
	    ret->basic.signer == NULL)
		return 0;
	take_best(&t);
	return compare_times(&t) ? finish(&t, err) : 0;
}

void with_time_clear(struct with_time *w)
{
	if (w != NULL)
		basic_clear(&w->basic);
}
