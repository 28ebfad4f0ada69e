/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Under a policy every token carries the proof only until the first of what it stands
 * on has ended: a certificate of its TSA's path, an algorithm, its tree's digest. The
 * next one must have come before (RFC 4998 5.3; EN 319 102-1 5.4 at the time of the
 * next).
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "validation/algorithm_policy.h"
#include "validation/ers_job.h"

/* The first thing that had ended when the next proof came. */
struct ended {
	bool any;
	const char *subindication;
	const char *clause;
	char text[256];
	char algorithm[ALGORITHM_WHAT_MAX];
};

static void note(struct ended *e, bool algorithm, const char *what, int64_t until_ms,
		 int64_t next_ms)
{
	char until[TIME_TEXT_MAX] = "at no time", next[TIME_TEXT_MAX];
	if (e->any)
		return;
	e->any = true;
	e->subindication =
	    algorithm ? "CRYPTO_CONSTRAINTS_FAILURE_NO_POE" : "OUT_OF_BOUNDS_NO_POE";
	e->clause = "RFC 4998 5.3";
	if (algorithm)
		snprintf(e->algorithm, sizeof(e->algorithm), "%.60s", what);
	if (until_ms != INT64_MIN)
		time_rfc3339(until_ms, until);
	time_rfc3339(next_ms, next);
	snprintf(e->text, sizeof(e->text),
		 "%.120s is good until %s, and nothing newer had taken over before %s",
		 what, until, next);
}

static void ask_use(struct ended *e, const struct algorithm_policy *policy,
		    const struct algorithm_use *use, int64_t next_ms)
{
	struct algorithm_verdict why;
	if (policy != NULL && !algorithm_policy_reliable_at(policy, use, next_ms, &why))
		note(e, true, why.what, why.until_ms, next_ms);
}

static void ask_digest(struct ended *e, const struct algorithm_policy *policy,
		       enum digest_alg alg, int64_t next_ms)
{
	if (policy != NULL && !algorithm_policy_digest_at(policy, alg, next_ms))
		note(e, true, digest_name(alg),
		     algorithm_policy_digest_until(policy, alg), next_ms);
}

/* A certificate of the path below the anchor: its end, and the signature on it. */
static int ask_cert(struct ended *e, const struct algorithm_policy *policy,
		    const struct cert *c, const struct cert *issuer, int64_t next_ms,
		    struct ltps_error *err)
{
	char name[CERT_TEXT_MAX];
	struct algorithm_use use = { .algorithm = c->algorithm };
	if (c->not_after_ms < next_ms) {
		cert_text(c, name);
		note(e, false, name, c->not_after_ms, next_ms);
	}
	if (cert_key(issuer, &use.key, err) != 0)
		return -1;
	ask_use(e, policy, &use, next_ms);
	return 0;
}

static int ask_token(struct ended *e, const struct algorithm_policy *policy,
		     const struct tst *tst, const struct cert *signer, int64_t next_ms,
		     struct ltps_error *err)
{
	const struct cms_signer *s = &tst->cms->signers[0];
	struct algorithm_use use = { .algorithm = s->signature_algorithm,
				     .digest =
					 algorithm_digest_of(s->digest_algorithm) };
	if (cert_key(signer, &use.key, err) != 0)
		return -1;
	ask_use(e, policy, &use, next_ms);
	ask_digest(e, policy, tst->imprint_alg, next_ms);
	return 0;
}

static int ask_path(struct ended *e, const struct ers_job *job, const struct tst *tst,
		    const struct tsa_path_result *path, int64_t next_ms,
		    struct ltps_error *err)
{
	const struct algorithm_policy *policy = job->in->policy;
	struct cert *certs[TSA_PATH_DEPTH_MAX] = { NULL };
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < path->n_chain; i++)
		rc = cert_parse(path->chain[i], &certs[i], err);
	if (rc == 0)
		rc = ask_token(e, policy, tst, certs[0], next_ms, err);
	for (size_t i = 0; rc == 0 && i + 1 < path->n_chain; i++)
		rc = ask_cert(e, policy, certs[i], certs[i + 1], next_ms, err);
	for (size_t i = 0; i < path->n_chain; i++)
		cert_free(certs[i]);
	return rc;
}

int ers_check_policy(struct ers_job *job, size_t c, size_t s, const struct tst *tst,
		     const struct tsa_path_result *path, int64_t next_ms,
		     struct ltps_error *err)
{
	struct ended e = { 0 };
	if (job->in->policy == NULL && !job->in->ends)
		return 0;
	if (ask_path(&e, job, tst, path, next_ms, err) != 0)
		return -1;
	/* The tree carries on to the next chain, not only to the next token. */
	if (s + 1 == job->er->chains[c].n)
		ask_digest(&e, job->in->policy, job->er->chains[c].stamps[0].alg,
			   next_ms);
	if (!e.any)
		return 0;
	char *algorithm = job->rep->chains[c].stamps[s].algorithm;
	if (algorithm[0] == '\0')
		memcpy(algorithm, e.algorithm, sizeof(e.algorithm));
	return ers_open(job, c, s, e.subindication, e.clause, e.text, err);
}
