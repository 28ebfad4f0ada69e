/* SPDX-License-Identifier: Apache-2.0 */
/* engine_past - past signature validation, EN 319 102-1 5.6.2.4. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/engine_decide.h"
#include "validation/engine_private.h"
#include "validation/fields.h"
#include "validation/past_private.h"
#include "validation/status_signatures.h"

#define CLAUSE "EN 319 102-1 5.6.2.4"

struct past_job {
	struct engine *e;
	const struct basic *b;
	const struct conclusion *current;
	struct past_signature *ret;
	int64_t best_ms;
};

/* ---- step 1: status of the signer with a proof for who issued it ---- */

/* Objects beside those about the signer speak of the signers of these. */
static bool is_about(const struct path_status_object *o, const struct cert *signer)
{
	if (o->crl != NULL)
		return o->crl->indirect ||
		       view_equal(o->crl->issuer_canonical, signer->issuer_canonical);
	for (size_t i = 0; o->ocsp != NULL && i < o->ocsp->n_singles; i++)
		if (view_equal(field_shortest_integer(o->ocsp->singles[i].serial),
			       field_shortest_integer(signer->serial)))
			return true;
	return false;
}

static int64_t proven_ms(void *arg, const uint8_t sha256[32])
{
	return poe_earliest(arg, sha256);
}

static int64_t known_since(const struct past_job *j, const struct cert *cert,
			   const struct path_status_object *o)
{
	return status_known_since(o, cert, proven_ms, j->e->poes);
}

/* Known to have existed inside its validity; anchors need no proof. */
static bool issuer_proven(const struct past_job *j, const struct path_candidate *c,
			  const struct path_status_object *o)
{
	const struct cert *issuer = o->signer;
	if (issuer == NULL)
		return false;
	if (path_same_entity(issuer, c->certs[c->n_certs - 1]))
		return true;
	int64_t poe_ms = known_since(j, issuer, o);
	return issuer->not_before_ms <= poe_ms && poe_ms <= issuer->not_after_ms;
}

static bool chain_status_proven(const struct past_job *j,
				const struct cert_validation_result *r)
{
	if (r == NULL || r->chain.n_certs < 2 || r->chain.revocation == NULL)
		return false;
	const struct path_cert_revocation *own = &r->chain.revocation[0];
	for (size_t i = 0; i < own->n_objects; i++)
		if (is_about(&own->objects[i], r->chain.certs[0]) &&
		    issuer_proven(j, &r->chain, &own->objects[i]))
			return true;
	return false;
}

/* No status is asked of it: of anchors, of the exempt, and where the policy asks none.
 */
static bool needs_no_status(const struct past_job *j,
			    const struct cert_validation_result *r)
{
	const struct constraint_rule *rule =
	    engine_rule(j->e, &j->b->ledger, CONSTRAINT_REVOCATION);
	if (rule->level == CONSTRAINT_IGNORE)
		return true;
	return r != NULL && r->indication == INDICATION_PASSED &&
	       (r->chain.n_certs == 1 ||
		(r->chain.revocation != NULL &&
		 r->chain.revocation[0].source == PATH_SOURCE_EXEMPT));
}

/* rev_poe_status. */
static bool status_is_proven(const struct past_job *j)
{
	const struct cert_validation_result *past = j->ret->certificate;
	return needs_no_status(j, past) || chain_status_proven(j, past) ||
	       chain_status_proven(j, j->b->certificate);
}

/* ---- step 3: a CA that was revoked ---- */

static bool status_known_by(const struct past_job *j,
			    const struct cert_validation_result *r, int64_t time_ms)
{
	if (r == NULL || r->chain.n_certs < 2 || r->chain.revocation == NULL)
		return false;
	const struct path_cert_revocation *own = &r->chain.revocation[0];
	for (size_t i = 0; i < own->n_objects; i++) {
		const struct path_status_object *o = &own->objects[i];
		const uint8_t *id = path_status_id(o);
		if (id != NULL && is_about(o, r->chain.certs[0]) &&
		    poe_earliest(j->e->poes, id) <= time_ms)
			return true;
	}
	return false;
}

static bool status_before_ca_revoked(const struct past_job *j)
{
	int64_t revoked_ms = j->current->time_ms;
	return j->current->sub == SUB_REVOKED_CA_NO_POE && revoked_ms != INT64_MIN &&
	       (status_known_by(j, j->ret->certificate, revoked_ms) ||
		status_known_by(j, j->b->certificate, revoked_ms));
}

/* ---- step 4: what was weak, and since when it is known ---- */

struct weak {
	const struct past_job *j;
	int64_t now_ms;
	bool found;    /* something is weak now */
	bool unproven; /* and is not known from before */
};

static void weigh(struct weak *w, int64_t poe_ms, int64_t until_ms)
{
	if (w->now_ms <= until_ms)
		return;
	w->found = true;
	if (poe_ms == INT64_MAX || poe_ms > until_ms)
		w->unproven = true;
}

/* The signature on certs[i], by the key that this path gives its issuer. */
static int weigh_cert(struct weak *w, const struct path_candidate *c, size_t i,
		      struct ltps_error *err)
{
	const struct algorithm_policy *p = &w->j->e->in->policy->algorithms;
	EVP_PKEY *key = NULL;
	uint8_t id[32];
	if (chain_key(c, i + 1, &key, id, err) != 0)
		return -1;
	weigh(w, poe_earliest(w->j->e->poes, c->certs[i]->sha256),
	      algorithm_policy_until(p, key, c->certs[i]->algorithm));
	EVP_PKEY_free(key);
	return 0;
}

static void weigh_signature(void *arg, const struct status_signature *s)
{
	struct weak *w = arg;
	const int64_t poe_ms = s->cert != NULL ? known_since(w->j, s->cert, s->word)
					       : poe_earliest(w->j->e->poes, s->sha256);
	weigh(w, poe_ms,
	      algorithm_policy_until(&w->j->e->in->policy->algorithms, s->key,
				     s->algorithm));
}

static int weigh_path(struct weak *w, const struct path_candidate *c,
		      struct ltps_error *err)
{
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		const struct path_cert_revocation *r =
		    c->revocation != NULL ? &c->revocation[i] : NULL;
		if (weigh_cert(w, c, i, err) != 0)
			return -1;
		if (r != NULL &&
		    status_signatures(c, i, r, weigh_signature, w, err) != 0)
			return -1;
	}
	return 0;
}

static bool same_chain(const struct cert_validation_result *a,
		       const struct cert_validation_result *b)
{
	if (a->chain.n_certs != b->chain.n_certs)
		return false;
	for (size_t i = 0; i < a->chain.n_certs; i++)
		if (!cert_equal(a->chain.certs[i], b->chain.certs[i]))
			return false;
	return true;
}

/* The status that the past was found by, where it was, and not what was published
 * since: a word signed when its algorithm had ended is asked for no proof from before.
 */
static const struct cert_validation_result *rests_on(const struct past_job *j)
{
	const struct cert_validation_result *now = j->b->certificate;
	const struct cert_validation_result *past = j->ret->certificate;
	return past != NULL && past->indication == INDICATION_PASSED &&
		       same_chain(now, past)
		   ? past
		   : now;
}

static int weak_is_proven(const struct past_job *j, bool *ret, struct ltps_error *err)
{
	struct weak now = { .j = j, .now_ms = j->e->in->time_ms }, proof;
	*ret = false;
	if (j->current->sub != SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE)
		return 0;
	if (j->b->weak_signature)
		weigh(&now, j->best_ms, j->b->weak_until_ms);
	proof = now;
	if (j->b->certificate != NULL &&
	    (weigh_path(&now, &j->b->certificate->chain, err) != 0 ||
	     weigh_path(&proof, &rests_on(j)->chain, err) != 0))
		return -1;
	*ret = now.found && !proof.unproven;
	return 0;
}

/* ---- the steps ---- */

/* Whether nothing but dates above the signer speaks against the path; algorithms that
 * ended meanwhile are weighed in the past (5.6.2.2 step d). */
static bool only_expired(const struct path_candidate *c)
{
	bool expired = false;
	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i].code == PATH_ALGORITHM_WEAK)
			continue;
		if (c->findings[i].code != PATH_EXPIRED || c->findings[i].cert < 1)
			return false;
		expired = true;
	}
	return expired && c->n_findings < PATH_FINDINGS_MAX;
}

enum subindication engine_past_sub(const struct conclusion *c,
				   const struct cert_validation_result *r)
{
	bool lifted = c->sub == SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE && r != NULL &&
		      r->why == PATH_EXPIRED && only_expired(&r->chain);
	return lifted ? SUB_OUT_OF_BOUNDS_NO_POE : c->sub;
}

/*
 * Whether the revocation or hold that is known now was there when the signature is
 * first proven: the sliding may have gone back to before it was told. In the chain
 * model a CA may be lost once it has signed the certificate.
 */
static bool lost_before(const struct past_job *j)
{
	const struct cert_validation_result *now = j->b->certificate;
	bool ca = now->subindication != NULL &&
		  strcmp(now->subindication, "REVOKED_CA_NO_POE") == 0;
	if (now->revoked_ms == INT64_MIN ||
	    (ca && j->e->in->policy->model == PATH_CHAIN))
		return false;
	return now->revoked_ms <= j->best_ms;
}

/* Step 5. What another chain let pass lifts nothing here, unless it was proven. */
static bool fresh_at_best(const struct past_job *j, int64_t validation_ms)
{
	const struct cert_validation_result *now = j->b->certificate;
	size_t i;
	return engine_status_holds(j->e, now, j->best_ms, &i) &&
	       (same_chain(now, j->ret->certificate) || j->best_ms <= validation_ms);
}

/* The current time outcome, with why the past does not lift it. */
static void set_current(struct past_job *j, const char *why)
{
	struct conclusion *c = &j->ret->conclusion;
	*c = *j->current;
	size_t n = strlen(c->text);
	snprintf(c->text + n, sizeof(c->text) - n, "%s%s", n > 0 ? "; " : "", why);
}

static void set_outcome(struct past_job *j, enum subindication sub)
{
	char best[TIME_TEXT_MAX], from[TIME_TEXT_MAX], to[TIME_TEXT_MAX];
	if (sub == SUB_SIG_CONSTRAINTS_FAILURE) /* no matter of time */
		return;
	if (sub == engine_past_sub(j->current, j->b->certificate)) {
		set_current(j, "no proof of existence from a time that would help");
		return;
	}
	time_rfc3339(j->best_ms, best);
	time_rfc3339(j->b->signer->not_before_ms, from);
	time_rfc3339(j->b->signer->not_after_ms, to);
	j->ret->conclusion = conclusion_of(sub, CLAUSE,
					   "it existed at %s, the certificate is valid "
					   "from %s to %s",
					   best, from, to);
}

/* Step 7. */
static void set_proven(struct past_job *j)
{
	if (status_is_proven(j))
		j->ret->conclusion = conclusion_passed();
	else
		j->ret->conclusion = conclusion_of(
		    SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE, CLAUSE,
		    "nothing proves that the issuer of the revocation status existed "
		    "while its certificate was valid");
}

/* Steps 3 to 7. */
static int decide(struct past_job *j, struct ltps_error *err)
{
	const struct cert_validation_result *past = j->ret->certificate;
	const struct cert_validation_result *now = j->b->certificate;
	enum subindication sub = SUB_NONE;
	struct decide_past d = {
		.current = engine_past_sub(j->current, now),
		.on_hold = now->why == PATH_ON_HOLD,
		.best_ms = j->best_ms,
		.validation_ms = INT64_MIN,
		.not_before_ms = j->b->signer->not_before_ms,
		.not_after_ms = j->b->signer->not_after_ms,
		.status_before_ca_revoked = status_before_ca_revoked(j),
		.lost_before = lost_before(j),
	};
	if (past->indication == INDICATION_PASSED)
		d.validation_ms = past->control_time_ms;
	d.fresh_at_best = fresh_at_best(j, d.validation_ms);
	if (weak_is_proven(j, &d.weak_proven, err) != 0)
		return -1;
	j->ret->validation_time_ms = d.validation_ms;
	if (decide_past(&d, &sub))
		set_proven(j);
	else
		set_outcome(j, sub);
	return 0;
}

static void set_no_past(struct past_job *j)
{
	const struct cert_validation_result *past = j->ret->certificate;
	char why[200];
	snprintf(why, sizeof(why), "in the past: %s, %.150s",
		 past->subindication != NULL ? past->subindication : "no path",
		 past->text);
	set_current(j, why);
}

int engine_past(struct engine *e, struct basic *b, const uint8_t object[32],
		const struct conclusion *current, struct past_signature *ret,
		struct ltps_error *err)
{
	struct past_job j = {
		.e = e,
		.b = b,
		.current = current,
		.ret = ret,
		.best_ms = poe_earliest(e->poes, object),
	};
	memset(ret, 0, sizeof(*ret));
	ret->conclusion = *current;
	ret->validation_time_ms = INT64_MIN;
	/* What did not come to its certificate has no past either. */
	if (current->indication != INDICATION_INDETERMINATE || b->signer == NULL ||
	    b->certificate == NULL)
		return 0;
	if (engine_certificate(e, b, e->in->time_ms, true, &ret->certificate, err) != 0)
		return -1;
	if (!decide_goes_on(DECIDE_PAST, ret->certificate->indication,
			    subindication_from_name(ret->certificate->subindication))) {
		set_no_past(&j);
		return 0;
	}
	return decide(&j, err);
}
