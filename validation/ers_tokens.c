/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature and path of every token. Each must be valid at the time of the
 * next one, the last at the time of judgement: RFC 4998 5.3 step 2. That it was
 * is judged with all that is known now: a revocation from before the next one
 * counts although it was told later.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/ers_job.h"

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
	for (size_t i = token + 1; i < job->n_tokens; i++)
		if (job->tokens[i] != NULL)
			return job->tokens[i]->gen_time_ms;
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

static int judge_token(struct ers_job *job, size_t c, size_t s, const struct tst *tst,
		       const struct view *certs, size_t n_certs, struct ltps_error *err)
{
	struct ers_stamp_report *report = &job->rep->chains[c].stamps[s];
	struct tst_intact intact;
	const char *text;
	int rc = 0;

	memset(&intact, 0, sizeof(intact));
	if (tst_check(tst, certs, n_certs, &intact, err) != 0)
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

/* Signers are looked for among certificates and anchors alike. */
static int join_candidates(const struct material *m, struct view **ret_certs,
			   size_t *ret_n, struct ltps_error *err)
{
	size_t certs = material_count(m, MATERIAL_CERT);
	size_t anchors = material_count(m, MATERIAL_ANCHOR);
	struct view *all = mem_zalloc(certs + anchors + 1, sizeof(*all));

	if (all == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < certs; i++)
		all[i] = material_at(m, MATERIAL_CERT, i);
	for (size_t i = 0; i < anchors; i++)
		all[certs + i] = material_at(m, MATERIAL_ANCHOR, i);
	*ret_certs = all;
	*ret_n = certs + anchors;
	return 0;
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
	struct view *certs = NULL;
	size_t n_certs = 0;
	int rc = -1;

	struct sig_cache *own = NULL;
	job->budget = (struct tsa_path_budget){ ERS_SIGNATURES_MAX, ERS_STEPS_MAX };
	if (check_work(job, err) != 0 ||
	    (job->in->cache == NULL && sig_cache_new(&own, err) != 0))
		return -1;
	job->cache = own != NULL ? own : job->in->cache;
	if (join_candidates(job->material, &certs, &n_certs, err) != 0)
		goto out;
	for (size_t c = 0; c < job->er->n_chains; c++)
		for (size_t s = 0; s < job->er->chains[c].n; s++) {
			const struct tst *tst = ers_token(job, c, s);
			if (tst != NULL &&
			    judge_token(job, c, s, tst, certs, n_certs, err) != 0)
				goto out;
		}
	rc = 0;
out:
	sig_cache_free(own);
	job->cache = NULL;
	mem_free(certs);
	return rc;
}
