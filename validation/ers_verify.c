/* SPDX-License-Identifier: Apache-2.0 */
/* The order of judgement, and the overall outcome. */
#include "validation/ers_verify.h"

#include <stdio.h>

#include "base/mem.h"
#include "validation/ers_job.h"

struct judgement {
	const char *code;
	enum indication indication;
	const char *subindication;
	const char *clause;
	bool breaks; /* the record is not intact */
	const char *text;
};

static const struct judgement judgements[ERS_VERDICT_COUNT] = {
	[ERS_TOKEN_MALFORMED] = { "ERS_TOKEN_MALFORMED", INDICATION_FAILED,
				  "FORMAT_FAILURE", "RFC 4998 4.1", true,
				  "timeStamp is not a time-stamp token that we can "
				  "read" },
	[ERS_ALGORITHM_UNKNOWN] = { "ERS_ALGORITHM_UNKNOWN", INDICATION_INDETERMINATE,
				    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", "RFC 4998 4.1",
				    true,
				    "the digest algorithm of the hash tree is "
				    "unknown" },
	[ERS_HASH_LENGTH] = { "ERS_HASH_LENGTH", INDICATION_FAILED, "HASH_FAILURE",
			      "RFC 4998 4.2", true,
			      "a hash has another length than its algorithm gives" },
	[ERS_IMPRINT_MISMATCH] = { "ERS_IMPRINT_MISMATCH", INDICATION_FAILED,
				   "HASH_FAILURE", "RFC 4998 4.3", true,
				   "the root of the hash tree is not what was "
				   "stamped" },
	[ERS_LINK_MISSING] = { "ERS_LINK_MISSING", INDICATION_FAILED, "HASH_FAILURE",
			       "RFC 4998 5.3", true,
			       "the time-stamp before it is not covered" },
	[ERS_RENEWAL_MISSING] = { "ERS_RENEWAL_MISSING", INDICATION_FAILED,
				  "HASH_FAILURE", "RFC 4998 5.3", true,
				  "a given object is not covered with the earlier "
				  "chains" },
	[ERS_RENEWAL_SORTED] = { "ERS_RENEWAL_SORTED", INDICATION_FAILED,
				 "HASH_FAILURE", "RFC 4998 5.2", true,
				 "the hash-tree renewal sorted the object's hash and "
				 "that "
				 "of the earlier chains, where step 4 concatenates "
				 "them" },
	[ERS_ORDER] = { "ERS_ORDER", INDICATION_FAILED, "FORMAT_FAILURE",
			"RFC 4998 5.1", true, "older than the time-stamp before it" },
	[ERS_MIXED_ALGORITHMS] = { "ERS_MIXED_ALGORITHMS", INDICATION_FAILED,
				   "FORMAT_FAILURE", "RFC 4998 5.1", true,
				   "another hash algorithm than its chain began with" },
	[ERS_FUTURE] = { "ERS_FUTURE", INDICATION_INDETERMINATE,
			 "TIMESTAMP_ORDER_FAILURE", "EN 319 102-1 5.6.3", false,
			 "younger than the time of judgement" },
};

bool ers_is_objects_fault(const struct ltps_error *err)
{
	switch (err->code) {
	case LTPS_FORMAT:
	case LTPS_TOO_LARGE:
	case LTPS_UNSUPPORTED:
	case LTPS_MISMATCH:
		return true;
	default:
		return false;
	}
}

void ers_name_stamp(size_t chain, size_t stamp, char out[64])
{
	snprintf(out, 64, "chain %zu, time-stamp %zu", chain + 1, stamp + 1);
}

struct tst *ers_token(const struct ers_job *job, size_t chain, size_t stamp)
{
	return job->tokens[job->first[chain] + stamp];
}

int ers_judge(struct ers_job *job, size_t chain, size_t stamp, enum ers_verdict v,
	      struct ltps_error *err)
{
	const struct judgement *j = &judgements[v];
	struct ers_stamp_report *s = &job->rep->chains[chain].stamps[stamp];
	struct ers_finding f = { .code = j->code, .clause = j->clause };

	if (s->indication == INDICATION_PASSED ||
	    (s->indication == INDICATION_INDETERMINATE &&
	     j->indication == INDICATION_FAILED)) {
		s->indication = j->indication;
		s->subindication = j->subindication;
		s->clause = j->clause;
		snprintf(s->text, sizeof(s->text), "%s", j->text);
	}
	if (j->breaks)
		job->broken = true;
	ers_name_stamp(chain, stamp, f.object);
	snprintf(f.text, sizeof(f.text), "%s", j->text);
	return ers_report_add(job->rep, &f, err);
}

static int make_chains(struct ers_job *job, struct ltps_error *err)
{
	const struct ers *er = job->er;
	job->rep->chains = mem_zalloc(er->n_chains, sizeof(*job->rep->chains));
	job->first = mem_zalloc(er->n_chains, sizeof(*job->first));
	if (job->rep->chains == NULL || job->first == NULL)
		return ltps_fail_nomem(err);
	job->rep->n_chains = er->n_chains;
	for (size_t c = 0; c < er->n_chains; c++) {
		struct ers_chain_report *r = &job->rep->chains[c];
		r->stamps = mem_zalloc(er->chains[c].n, sizeof(*r->stamps));
		if (r->stamps == NULL)
			return ltps_fail_nomem(err);
		r->n = er->chains[c].n;
		job->first[c] = job->n_tokens;
		job->n_tokens += r->n;
	}
	job->tokens = mem_zalloc(job->n_tokens, sizeof(struct tst *));
	return job->tokens != NULL ? 0 : ltps_fail_nomem(err);
}

static int make_covers(struct ers_job *job, struct ltps_error *err)
{
	size_t n = job->in->n_objects;
	job->rep->covers = mem_zalloc(n + 1, sizeof(*job->rep->covers));
	if (job->rep->covers == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		job->rep->covers[i].name = job->in->objects[i].name;
	job->rep->n_covers = n;
	return 0;
}

static int read_token(struct ers_job *job, size_t c, size_t s, struct ltps_error *err)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[s];
	struct ers_stamp_report *r = &job->rep->chains[c].stamps[s];
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct tst **tst = &job->tokens[job->first[c] + s];

	r->alg = stamp->alg;
	r->time_ms = INT64_MIN;
	r->status_age_ms = INT64_MIN;
	if (tst_parse(stamp->token, tst, &inner) == 0) {
		r->time_ms = (*tst)->gen_time_ms;
		return 0;
	}
	if (!ers_is_objects_fault(&inner)) {
		*err = inner;
		return -1;
	}
	return ers_judge(job, c, s, ERS_TOKEN_MALFORMED, err);
}

static int read_tokens(struct ers_job *job, struct ltps_error *err)
{
	for (size_t c = 0; c < job->er->n_chains; c++)
		for (size_t s = 0; s < job->er->chains[c].n; s++)
			if (read_token(job, c, s, err) != 0)
				return -1;
	return 0;
}

/* Over the whole sequence, RFC 4998 5.1. */
static int check_order(struct ers_job *job, struct ltps_error *err)
{
	int64_t before = INT64_MIN;
	for (size_t c = 0; c < job->er->n_chains; c++)
		for (size_t s = 0; s < job->er->chains[c].n; s++) {
			int64_t t = job->rep->chains[c].stamps[s].time_ms;
			if (t == INT64_MIN)
				continue;
			if (!ers_in_order(before, t) &&
			    ers_judge(job, c, s, ERS_ORDER, err) != 0)
				return -1;
			if (t > job->in->time_ms &&
			    ers_judge(job, c, s, ERS_FUTURE, err) != 0)
				return -1;
			if (t > before)
				before = t;
		}
	return 0;
}

static bool is_listed(const struct ers *er, enum digest_alg alg)
{
	for (size_t i = 0; i < er->n_algs; i++)
		if (er->algs[i] == alg)
			return true;
	return false;
}

/*
 * digestAlgorithms is the union of those used (RFC 4998 3.1), but 5.3 asks
 * nothing of it and nothing protects it: a gap is told and breaks nothing.
 */
static int check_listed(struct ers_job *job, size_t c, struct ltps_error *err)
{
	enum digest_alg alg = job->er->chains[c].stamps[0].alg;
	struct ers_finding f = { .code = "ERS_ALGORITHM_NOT_LISTED",
				 .clause = "RFC 4998 3.1" };
	if (alg == DIGEST_NONE || is_listed(job->er, alg))
		return 0;
	ers_name_stamp(c, 0, f.object);
	snprintf(f.text, sizeof(f.text), "%s is not among digestAlgorithms",
		 digest_name(alg));
	return ers_report_add(job->rep, &f, err);
}

static int check_algorithms(struct ers_job *job, struct ltps_error *err)
{
	for (size_t c = 0; c < job->er->n_chains; c++) {
		const struct ers_chain *chain = &job->er->chains[c];
		if (check_listed(job, c, err) != 0)
			return -1;
		for (size_t s = 1; s < chain->n; s++)
			if (chain->stamps[s].alg != chain->stamps[0].alg &&
			    ers_judge(job, c, s, ERS_MIXED_ALGORITHMS, err) != 0)
				return -1;
	}
	return 0;
}

/* RFC 4998 6: what is covered is then the encrypted form of the object. */
static int note_encryption(struct ers_job *job, struct ltps_error *err)
{
	const struct ers_finding f = {
		.code = "ERS_ENCRYPTED",
		.clause = "RFC 4998 6",
		.object = "encryptionInfo",
		.text = "the record covers encrypted objects; give them as encrypted",
	};
	return job->er->encryption_info.n > 0 ? ers_report_add(job->rep, &f, err) : 0;
}

/* The first time-stamp with this indication; NULL when there is none. */
static const struct ers_stamp_report *first_with(const struct ers_report *rep,
						 enum indication indication)
{
	for (size_t c = 0; c < rep->n_chains; c++)
		for (size_t s = 0; s < rep->chains[c].n; s++)
			if (rep->chains[c].stamps[s].indication == indication)
				return &rep->chains[c].stamps[s];
	return NULL;
}

static bool is_intact(const struct ers_stamp_report *s)
{
	return s->imprint_intact && s->link_intact && s->signature_intact;
}

static bool all_intact(const struct ers_report *rep)
{
	for (size_t c = 0; c < rep->n_chains; c++)
		for (size_t s = 0; s < rep->chains[c].n; s++)
			if (!is_intact(&rep->chains[c].stamps[s]))
				return false;
	return true;
}

static bool all_covered(const struct ers_report *rep)
{
	for (size_t i = 0; i < rep->n_covers; i++)
		if (!rep->covers[i].covered)
			return false;
	return rep->n_covers > 0;
}

static void sum_up(struct ers_job *job)
{
	struct ers_report *rep = job->rep;
	const struct ers_stamp_report *failed = first_with(rep, INDICATION_FAILED);
	const struct ers_stamp_report *open = first_with(rep, INDICATION_INDETERMINATE);

	rep->intact = !job->broken && all_intact(rep);
	rep->indication = INDICATION_INDETERMINATE;
	if (failed != NULL) {
		rep->indication = INDICATION_FAILED;
		rep->subindication = failed->subindication;
	} else if (!all_covered(rep)) {
		rep->subindication = "SIGNED_DATA_NOT_FOUND";
	} else if (open != NULL) {
		rep->subindication = open->subindication;
	} else if (rep->intact) {
		rep->indication = INDICATION_PASSED;
		rep->proof_of_existence_ms = rep->chains[0].stamps[0].time_ms;
	}
}

static int judge(struct ers_job *job, struct ltps_error *err)
{
	if (make_chains(job, err) != 0 || make_covers(job, err) != 0 ||
	    read_tokens(job, err) != 0 || check_algorithms(job, err) != 0 ||
	    ers_check_hashes(job, err) != 0 || ers_check_objects(job, err) != 0 ||
	    check_order(job, err) != 0 || ers_gather_material(job, err) != 0 ||
	    ers_check_tokens(job, err) != 0 || note_encryption(job, err) != 0)
		return -1;
	sum_up(job);
	return 0;
}

static void job_clear(struct ers_job *job, struct ers *er)
{
	for (size_t i = 0; job->tokens != NULL && i < job->n_tokens; i++)
		tst_free(job->tokens[i]);
	mem_free(job->tokens);
	mem_free(job->first);
	material_free(job->material);
	poe_set_free(job->poes);
	ers_report_free(job->rep);
	ers_free(er);
}

int ers_verify(struct view record, const struct ers_input *in,
	       struct ers_report **ret_report, struct ltps_error *err)
{
	struct ers_job job = { .in = in };
	struct ers *er = NULL;
	int rc = -1;

	if (in->n_objects > ERS_HASHES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "too many data objects");
	if (ers_parse(record, &er, err) != 0)
		goto out;
	job.er = er;
	job.rep = mem_zalloc(1, sizeof(*job.rep));
	if (job.rep == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	job.rep->proof_of_existence_ms = INT64_MIN;
	if (judge(&job, err) != 0)
		goto out;
	*ret_report = job.rep;
	job.rep = NULL;
	rc = 0;
out:
	job_clear(&job, er);
	return rc;
}
