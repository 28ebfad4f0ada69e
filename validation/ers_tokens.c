/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature and path of every token. Each must be valid at the time of the
 * next one, the last at the time of judgement, or from when another record covers
 * this one: RFC 4998 5.3 step 2. That it was
 * is judged with all that is known now: a revocation from before the next one
 * counts although it was told later.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/ers_job.h"
#include "validation/name.h"

struct outcome {
	enum indication indication;
	const char *subindication;
};

/* EN 319 102-1 table 6 for what tst_check finds. */
static const struct outcome outcomes[] = {
	[TST_OK] = { INDICATION_PASSED, NULL },
	[TST_NO_SIGNER_CERTIFICATE] = { INDICATION_INDETERMINATE,
					"NO_SIGNING_CERTIFICATE_FOUND" },
	[TST_MESSAGE_DIGEST] = { INDICATION_FAILED, "HASH_FAILURE" },
	[TST_CONTENT_TYPE] = { INDICATION_FAILED, "FORMAT_FAILURE" },
	[TST_SIGNATURE] = { INDICATION_FAILED, "SIG_CRYPTO_FAILURE" },
	[TST_ALGORITHM] = { INDICATION_INDETERMINATE,
			    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE" },
	[TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE] = { INDICATION_INDETERMINATE,
						   "SIG_CONSTRAINTS_FAILURE" },
	[TST_SIGNING_CERTIFICATE_MISMATCH] = { INDICATION_INDETERMINATE,
					       "NO_SIGNING_CERTIFICATE_FOUND" },
	[TST_EXTENDED_KEY_USAGE] = { INDICATION_INDETERMINATE,
				     "CHAIN_CONSTRAINTS_FAILURE" },
	[TST_KEY_USAGE] = { INDICATION_INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE" },
	[TST_TSA_NAME] = { INDICATION_INDETERMINATE, "SIG_CONSTRAINTS_FAILURE" },
	[TST_CRITICAL_EXTENSION] = { INDICATION_INDETERMINATE,
				     "SIG_CONSTRAINTS_FAILURE" },
};

/* The worst indication stays, with the first reason for it. */
static void lower(struct ers_stamp_report *s, const struct outcome *o,
		  const char *clause, const char *text)
{
	static const int rank[] = {
		[INDICATION_PASSED] = 0,
		[INDICATION_INDETERMINATE] = 1,
		[INDICATION_FAILED] = 2,
	};
	if (rank[o->indication] <= rank[s->indication])
		return;
	s->indication = o->indication;
	s->subindication = o->subindication;
	s->clause = clause;
	snprintf(s->text, sizeof(s->text), "%s", text);
}

static int add_finding(struct ers_job *job, size_t c, size_t s, const char *code,
		       const char *clause, const char *text, struct ltps_error *err)
{
	struct ers_finding f = { .code = code, .clause = clause };
	ers_name_stamp(c, s, f.object);
	snprintf(f.text, sizeof(f.text), "%s", text);
	return ers_report_add(job->rep, &f, err);
}

int ers_open(struct ers_job *job, size_t chain, size_t stamp, const char *subindication,
	     const char *clause, const char *text, struct ltps_error *err)
{
	const struct outcome o = { INDICATION_INDETERMINATE, subindication };
	lower(&job->rep->chains[chain].stamps[stamp], &o, clause, text);
	return add_finding(job, chain, stamp, "ERS_ENDED", clause, text, err);
}

int64_t ers_time_of_next(const struct ers_job *job, size_t token)
{
	const struct tst *tst = job->tokens[token];
	const int64_t proven_ms = job->in->proven_ms;

	for (size_t i = token + 1; i < job->n_tokens; i++)
		if (job->tokens[i] != NULL)
			return job->tokens[i]->gen_time_ms;
	if (tst != NULL && proven_ms >= tst->gen_time_ms &&
	    proven_ms < job->in->time_ms)
		return proven_ms;
	return job->in->time_ms;
}

static int64_t proven_ms(void *arg, const uint8_t sha256[32])
{
	const struct ers_job *job = arg;
	const int64_t inside_ms = poe_earliest(job->poes, sha256);
	const int64_t outside_ms =
	    job->in->poes != NULL ? poe_earliest(job->in->poes, sha256) : INT64_MAX;
	return inside_ms < outside_ms ? inside_ms : outside_ms;
}

static int judge_path(struct ers_job *job, size_t c, size_t s, const struct tst *tst,
		      X509 *signer, struct ltps_error *err)
{
	struct ers_stamp_report *report = &job->rep->chains[c].stamps[s];
	struct tsa_path_input in = {
		.signer = signer,
		.material = job->material,
		.gen_time_ms = report->time_ms,
		.time_ms = ers_time_of_next(job, job->first[c] + s),
		.now_ms = job->in->time_ms,
		.need_revocation = true,
		.algorithms = job->in->policy,
		.proven_ms = proven_ms,
		.proven_arg = job,
		.budget = &job->budget,
		.cache = job->cache,
	};
	struct tsa_path_result path;
	struct outcome o;
	int rc = 0;

	memset(&path, 0, sizeof(path));
	if (tsa_path_judge(&in, &path, err) != 0)
		return -1;
	o = (struct outcome){ path.indication, path.subindication };
	lower(report, &o, path.clause, path.text);
	report->status_age_ms = path.status_age_ms;
	memcpy(report->algorithm, path.algorithm, sizeof(report->algorithm));
	if (path.indication != INDICATION_PASSED)
		rc =
		    add_finding(job, c, s, "ERS_TSA_PATH", path.clause, path.text, err);
	/* A weak status says nothing against the path: what else has ended is told. */
	if (rc == 0 &&
	    (path.indication == INDICATION_PASSED || path.algorithm[0] != '\0'))
		rc = ers_check_policy(job, c, s, tst, &path, in.time_ms, err);
	tsa_path_result_clear(&path);
	return rc;
}

/* --- candidates for the signer --- */

/* Octets of a candidate that one step of the budget pays for: it is hashed, and may
 * be decoded. */
#define OCTETS_A_STEP 256

/* Those that the SignerIdentifier of one token names; there is room for all. */
struct candidates {
	struct view *certs;
	size_t n;
};

/* The issuer that a token names, for comparing; empty when it is none. */
static int canonical_issuer(const struct cms_signer *s, struct buf *out,
			    struct ltps_error *err)
{
	if (s->issuer.n == 0 || name_canonical(s->issuer, out, err) == 0)
		return 0;
	buf_clear(out);
	if (!ers_is_objects_fault(err))
		return -1;
	ltps_error_clear(err);
	return 0;
}

static bool is_named(const struct cms_signer *s, struct view issuer,
		     const struct cert *c)
{
	if (s->ski.n > 0)
		return view_equal(s->ski, c->ski);
	return issuer.n > 0 && view_equal(s->serial, c->serial) &&
	       view_equal(issuer, c->issuer_canonical);
}

/* False when the budget is spent: judge_path() then says so of every token. */
static bool pay_for(struct ers_job *job, const struct cert *c)
{
	uint32_t steps = (uint32_t)(1 + c->der.n / OCTETS_A_STEP);
	bool paid = steps <= job->budget.steps;
	job->budget.steps = paid ? job->budget.steps - steps : 0;
	return paid;
}

/*
 * Signers are looked for among certificates and anchors alike. These are decoded
 * already, so that a token costs no more than comparisons with those that it does not
 * name: a record may have thousands of both.
 */
static int find_candidates(struct ers_job *job, const struct tst *tst,
			   struct candidates *ret, struct ltps_error *err)
{
	static const enum material_kind kinds[] = { MATERIAL_CERT, MATERIAL_ANCHOR };
	const struct cms_signer *signer = &tst->cms->signers[0];
	struct buf issuer = buf_make(NAME_CANONICAL_MAX);
	int rc = canonical_issuer(signer, &issuer, err);

	ret->n = 0;
	for (size_t k = 0; rc == 0 && k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (size_t i = 0; i < material_count(job->material, kinds[k]); i++) {
			const struct cert *c = material_cert(job->material, kinds[k], i);
			if (is_named(signer, view_buf(&issuer), c) && pay_for(job, c))
				ret->certs[ret->n++] = c->der;
		}
	buf_free(&issuer);
	return rc;
}

static int make_candidates(const struct material *m, struct candidates *ret,
			   struct ltps_error *err)
{
	size_t most =
	    material_count(m, MATERIAL_CERT) + material_count(m, MATERIAL_ANCHOR);

	ret->n = 0;
	ret->certs = mem_zalloc(most + 1, sizeof(*ret->certs));
	return ret->certs != NULL ? 0 : ltps_fail_nomem(err);
}

static int judge_token(struct ers_job *job, size_t c, size_t s, const struct tst *tst,
		       struct candidates *named, struct ltps_error *err)
{
	struct ers_stamp_report *report = &job->rep->chains[c].stamps[s];
	struct tst_intact intact;
	const char *text;
	int rc = 0;

	memset(&intact, 0, sizeof(intact));
	if (find_candidates(job, tst, named, err) != 0 ||
	    tst_check(tst, named->certs, named->n, &intact, err) != 0)
		return -1;
	report->signature_intact = intact.signature_intact;
	if (intact.defect != TST_OK) {
		text = tst_defect_text(intact.defect);
		lower(report, &outcomes[intact.defect], intact.clause, text);
		rc = add_finding(job, c, s, tst_defect_name(intact.defect),
				 intact.clause, text, err);
	} else {
		rc = judge_path(job, c, s, tst, intact.signer, err);
	}
	tst_intact_clear(&intact);
	return rc;
}

/* Time-stamps times material; see ERS_WORK_MAX. */
static int check_work(const struct ers_job *job, struct ltps_error *err)
{
	uint64_t each = 0; /* at most MATERIAL_BYTES_MAX and a little */
	for (int k = 0; k < MATERIAL_KIND_COUNT; k++) {
		enum material_kind kind = (enum material_kind)k;
		for (size_t i = 0; i < material_count(job->material, kind); i++)
			each += material_at(job->material, kind, i).n + ERS_WORK_ITEM;
	}
	if (each == 0 || job->n_tokens <= ERS_WORK_MAX / each)
		return 0;
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			 "%zu time-stamps over this much material", job->n_tokens);
}

int ers_check_tokens(struct ers_job *job, struct ltps_error *err)
{
	struct candidates named = { NULL, 0 };
	int rc = -1;

	struct sig_cache *own = NULL;
	job->budget = (struct tsa_path_budget){ ERS_SIGNATURES_MAX, ERS_STEPS_MAX };
	if (check_work(job, err) != 0 ||
	    (job->in->cache == NULL && sig_cache_new(&own, err) != 0))
		return -1;
	job->cache = own != NULL ? own : job->in->cache;
	if (make_candidates(job->material, &named, err) != 0)
		goto out;
	for (size_t c = 0; c < job->er->n_chains; c++)
		for (size_t s = 0; s < job->er->chains[c].n; s++) {
			const struct tst *tst = ers_token(job, c, s);
			if (tst != NULL &&
			    judge_token(job, c, s, tst, &named, err) != 0)
				goto out;
		}
	rc = 0;
out:
	sig_cache_free(own);
	job->cache = NULL;
	mem_free(named.certs);
	return rc;
}
