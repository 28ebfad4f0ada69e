/* SPDX-License-Identifier: Apache-2.0 */
/* engine_records - evidence records inside a signature, EN 319 102-1 5.6.3.4 step 1. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/engine_private.h"

#define CLAUSE "EN 319 102-1 5.6.3.4"
/* Each may cost as much as a whole file; renewals go on inside of one. */
#define RECORDS_JUDGED_MAX 16
/* What a record covers is the file without the record. */
#define OCTETS_MAX CMS_SIZE_MAX

struct record_job {
	struct engine *e;
	const struct document *doc;
	const struct document_record *record;
	struct report_record *r;
	const struct material *material;
	struct ers *er;
	struct buf octets;                     /* B, in the form that is covered */
	struct digest known[DIGEST_ALG_COUNT]; /* of content that is not in memory */
	size_t n_known;
};

/* Whether an error speaks of the object; any other one ends the judgement. */
static bool is_objects(const struct ltps_error *err)
{
	return err->fault == LTPS_FAULT_OBJECT &&
	       (err->code == LTPS_FORMAT || err->code == LTPS_TOO_LARGE ||
		err->code == LTPS_UNSUPPORTED || err->code == LTPS_MISMATCH);
}

/* What we refuse for its size may be right all the same. */
static int set_unread(struct record_job *j, struct ltps_error *err)
{
	if (!is_objects(err))
		return -1;
	j->r->conclusion =
	    conclusion_of(err->code == LTPS_FORMAT ? SUB_FORMAT_FAILURE : SUB_CUSTOM,
			  CLAUSE, "%.200s", err->text);
	ltps_error_clear(err);
	return 0;
}

/* ---- which form ---- */

/* Whether the first archive time-stamp holds this digest: RFC 4998 4.3 step 1. */
static int is_in_first(const struct ers_stamp *s, const struct digest *d, bool *ret,
		       struct ltps_error *err)
{
	struct tst *tst = NULL;
	*ret = false;
	for (size_t i = 0; s->has_tree && s->n_lists > 0 && i < s->lists[0].n; i++)
		if (view_equal(s->lists[0].hashes[i], digest_view(d)))
			*ret = true;
	if (s->has_tree)
		return 0;
	if (tst_parse(s->token, &tst, err) == 0)
		*ret = tst_covers(tst, d);
	else if (is_objects(err))
		ltps_error_clear(err);
	else
		return -1;
	tst_free(tst);
	return 0;
}

/* B in one form; *ret_fits tells whether it is what was hashed. */
static int try_form(struct record_job *j, enum cms_er_form form, bool *ret_fits,
		    struct ltps_error *err)
{
	const struct ers_stamp *first = &j->er->chains[0].stamps[0];
	struct digest d;
	*ret_fits = false;
	buf_clear(&j->octets);
	if (document_record_octets(j->doc, j->record, form, &j->octets, err) != 0) {
		buf_clear(&j->octets);
		if (!is_objects(err))
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	if (digest_len(first->alg) == 0)
		return 0;
	if (digest_once(first->alg, view_buf(&j->octets), &d, err) != 0)
		return -1;
	return is_in_first(first, &d, ret_fits, err);
}

/* The first that fits; when none does, the plain one, for the report. */
static int choose_form(struct record_job *j, struct ltps_error *err)
{
	bool fits = false;
	if (j->record->alone || j->er->n_chains == 0 || j->er->chains[0].n == 0)
		return 0;
	for (int f = 0; f < CMS_ER_FORM_COUNT; f++) {
		if (try_form(j, (enum cms_er_form)f, &fits, err) != 0)
			return -1;
		j->r->form = (enum cms_er_form)f;
		if (fits)
			return 0;
	}
	j->r->form = CMS_ER_CUT;
	return try_form(j, CMS_ER_CUT, &fits, err);
}

/* ---- the content of an external record ---- */

/* One digest of content that is not in memory; one that is not to be had is left out.
 */
static int know_digest(struct record_job *j, enum digest_alg alg,
		       struct ltps_error *err)
{
	if (digest_len(alg) == 0)
		return 0;
	for (size_t i = 0; i < j->n_known; i++)
		if (j->known[i].alg == alg)
			return 0;
	if (content_digest(j->doc->content, alg, &j->known[j->n_known], err) == 0) {
		j->n_known++;
		return 0;
	}
	if (err->code != LTPS_NOT_FOUND && err->code != LTPS_UNSUPPORTED)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* With each algorithm that a chain of the record has. */
static int know_content(struct record_job *j, struct ltps_error *err)
{
	enum digest_alg algs[DIGEST_ALG_COUNT];
	size_t n = 0;
	if (!j->record->external || j->doc->content == NULL ||
	    j->doc->content->in_memory)
		return 0;
	for (size_t c = 0; c < j->er->n_chains; c++) {
		enum digest_alg alg =
		    j->er->chains[c].n > 0 ? j->er->chains[c].stamps[0].alg : 0;
		bool there = digest_len(alg) == 0;
		for (size_t i = 0; i < n && !there; i++)
			there = algs[i] == alg;
		if (!there)
			algs[n++] = alg;
	}
	/* One reading for all; digests alone are asked for one by one. */
	if (n > 0 && content_has_octets(j->doc->content) &&
	    content_digests(j->doc->content, algs, n, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (know_digest(j, algs[i], err) != 0)
			return -1;
	return 0;
}

static struct ers_object content_object(const struct record_job *j)
{
	const struct content *c = j->doc->content;
	struct ers_object o = { .name = "content" };
	if (c != NULL && c->in_memory) {
		o.has_data = true;
		o.data = c->bytes;
	} else {
		o.digests = j->known;
		o.n_digests = j->n_known;
	}
	return o;
}

/* ---- algorithms ---- */

/* When the next proof takes over from chain c: the first time-stamp of the next
 * chain, or now (RFC 4998 5.3). */
static int64_t renewed_at(const struct record_job *j, size_t c)
{
	const struct ers_report *rep = j->r->report;
	if (c + 1 < rep->n_chains && rep->chains[c + 1].n > 0 &&
	    rep->chains[c + 1].stamps[0].time_ms != INT64_MIN)
		return rep->chains[c + 1].stamps[0].time_ms;
	return j->e->in->time_ms;
}

static void set_weak(struct record_job *j, const char *what, int64_t time_ms)
{
	char at[TIME_TEXT_MAX];
	time_rfc3339(time_ms, at);
	j->r->conclusion =
	    conclusion_of(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, CLAUSE,
			  "%s was not reliable any more at %s, when nothing newer had "
			  "taken over",
			  what, at);
	snprintf(j->r->conclusion.algorithm, sizeof(j->r->conclusion.algorithm), "%s",
		 what);
	memcpy(j->r->conclusion.object, j->record->sha256, 32);
	j->r->conclusion.has_object = true;
	j->r->conclusion.constraint = CONSTRAINT_CRYPTO;
}

/* The hash trees, each until the next chain. */
static bool trees_are_reliable(struct record_job *j)
{
	for (size_t c = 0; c < j->r->report->n_chains; c++) {
		enum digest_alg alg = j->r->report->chains[c].n > 0
					  ? j->r->report->chains[c].stamps[0].alg
					  : DIGEST_NONE;
		int64_t until_ms = renewed_at(j, c);
		if (engine_digest_reliable(j->e, alg, until_ms))
			continue;
		set_weak(j, digest_name(alg), until_ms);
		return false;
	}
	return true;
}

static int end_of(X509 *x, int64_t *ret_ms, struct ltps_error *err)
{
	struct cert *c = NULL;
	uint8_t *der = NULL;
	int n = i2d_X509(x, &der);
	if (n < 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "encoding a certificate");
	int rc = cert_parse(view_of(der, (size_t)n), &c, err);
	OPENSSL_free(der);
	*ret_ms = rc == 0 ? c->not_after_ms : INT64_MIN;
	cert_free(c);
	if (rc == 0 || !is_objects(err))
		return rc;
	ltps_error_clear(err);
	return 0;
}

/* 5.4 at the time of the next one: what had ended by then proves nothing after it. */
static int token_is_valid(struct record_job *j, X509 *signer, int64_t time_ms,
			  bool *ret, struct ltps_error *err)
{
	int64_t end_ms = INT64_MIN;
	char end[TIME_TEXT_MAX], at[TIME_TEXT_MAX];
	if (end_of(signer, &end_ms, err) != 0)
		return -1;
	*ret = time_ms <= end_ms;
	if (*ret)
		return 0;
	time_rfc3339(time_ms, at);
	time_rfc3339(end_ms > INT64_MIN ? end_ms : 0, end);
	j->r->conclusion =
	    conclusion_of(SUB_OUT_OF_BOUNDS_NO_POE, CLAUSE,
			  "the certificate of a time-stamp had ended at %s, before the "
			  "next proof at %s",
			  end, at);
	return 0;
}

static bool algorithms_are_reliable(struct record_job *j, const struct tst *tst,
				    X509 *signer, int64_t time_ms)
{
	const struct constraint_rule *rule = validation_policy_rule(
	    j->e->in->policy, CONTEXT_TIME_STAMP, CONSTRAINT_CRYPTO);
	const struct cms_signer *s = &tst->cms->signers[0];
	const struct algorithm_use use = {
		.key = X509_get0_pubkey(signer),
		.algorithm = s->signature_algorithm,
		.digest = algorithm_digest_of(s->digest_algorithm),
	};
	struct algorithm_verdict why;
	if (rule->level != CONSTRAINT_FAIL ||
	    algorithm_policy_reliable_at(&j->e->in->policy->algorithms, &use, time_ms,
					 &why))
		return true;
	set_weak(j, why.what, time_ms);
	return false;
}

/*
 * One token until the next one: time_ms. Whether it verifies and whose it is has been
 * judged; here it is asked for its certificate.
 */
static int token_holds(struct record_job *j, struct view token, int64_t time_ms,
		       bool *ret, struct ltps_error *err)
{
	const struct material *m = j->material;
	struct tst_intact intact;
	struct tst *tst = NULL;
	int rc = -1;

	memset(&intact, 0, sizeof(intact));
	*ret = false;
	if (tst_parse(token, &tst, err) != 0 ||
	    tst_check(tst, material_views(m, MATERIAL_CERT),
		      material_count(m, MATERIAL_CERT), &intact, err) != 0)
		goto out;
	if (intact.signer == NULL) {
		j->r->conclusion = conclusion_of(SUB_NO_SIGNING_CERTIFICATE_FOUND,
						 CLAUSE, "of a time-stamp");
		rc = 0;
		goto out;
	}
	if (token_is_valid(j, intact.signer, time_ms, ret, err) != 0)
		goto out;
	*ret = *ret && algorithms_are_reliable(j, tst, intact.signer, time_ms);
	rc = 0;
out:
	tst_intact_clear(&intact);
	tst_free(tst);
	return rc;
}

static int64_t next_of(const struct record_job *j, size_t c, size_t s)
{
	const struct ers_chain_report *chain = &j->r->report->chains[c];
	return s + 1 < chain->n ? chain->stamps[s + 1].time_ms : renewed_at(j, c);
}

static int tokens_hold(struct record_job *j, bool *ret, struct ltps_error *err)
{
	const struct ers_report *rep = j->r->report;
	*ret = true;
	for (size_t c = 0; c < rep->n_chains; c++)
		for (size_t s = 0; s < rep->chains[c].n && *ret; s++) {
			if (token_holds(j, j->er->chains[c].stamps[s].token,
					next_of(j, c, s), ret, err) != 0)
				return -1;
		}
	return 0;
}

/* ---- what is missing ---- */

/* What the path of one token wants: the record's own judgement does not tell. */
static int ask_for_token(struct record_job *j, struct view token, int64_t time_ms,
			 struct ltps_error *err)
{
	const struct material *m = j->material;
	struct tst_intact intact;
	struct tsa_path_result path;
	struct tst *tst = NULL;
	int rc = -1;

	memset(&intact, 0, sizeof(intact));
	memset(&path, 0, sizeof(path));
	if (tst_parse(token, &tst, err) != 0 ||
	    tst_check(tst, material_views(m, MATERIAL_CERT),
		      material_count(m, MATERIAL_CERT), &intact, err) != 0)
		goto out;
	const struct tsa_path_input in = {
		.signer = intact.signer,
		.material = m,
		.gen_time_ms = tst->gen_time_ms,
		.time_ms = time_ms,
		.now_ms = j->e->in->time_ms,
		.need_revocation = true,
		.want_needs = true,
		.cache = j->e->cache,
	};
	if (intact.signer != NULL && tsa_path_judge(&in, &path, err) != 0)
		goto out;
	rc = 0;
	for (size_t i = 0; rc == 0 && i < path.n_needs; i++)
		rc = engine_need(j->e, &path.needs[i], err);
out:
	tsa_path_result_clear(&path);
	tst_intact_clear(&intact);
	tst_free(tst);
	return rc;
}

static int ask(struct record_job *j, struct ltps_error *err)
{
	const struct ers_report *rep = j->r->report;
	for (size_t c = 0; c < rep->n_chains; c++)
		for (size_t s = 0; s < rep->chains[c].n; s++)
			if (rep->chains[c].stamps[s].indication ==
				INDICATION_INDETERMINATE &&
			    rep->chains[c].stamps[s].signature_intact &&
			    ask_for_token(j, j->er->chains[c].stamps[s].token,
					  next_of(j, c, s), err) != 0)
				return -1;
	return 0;
}

/* ---- judging ---- */

/* What the record's own report says of the data that were given: which digests are
 * wanted, and what is not covered. Beside a signature the conclusion says it. */
static int tell_of_data(struct record_job *j, struct ltps_error *err)
{
	const struct ers_report *rep = j->r->report;
	for (size_t i = 0; j->record->alone && i < rep->n_findings; i++) {
		const struct ers_finding *f = &rep->findings[i];
		if (engine_find(j->e, CONSTRAINT_WARN, f->code, f->clause,
				j->record->id, err, "%s: %.200s", f->object,
				f->text) != 0)
			return -1;
	}
	if (!j->record->alone || rep->n_covers > 0)
		return 0;
	return engine_find(j->e, CONSTRAINT_WARN, "EVIDENCE_WITHOUT_DATA",
			   "RFC 4998 5.3", j->record->id, err,
			   "neither the data nor a digest is given: nothing says what "
			   "the record is about");
}

/* Of a record on its own `intact` speaks of itself: its data may not be at hand. */
static int judge_alone(struct record_job *j, struct ltps_error *err)
{
	const struct ers_report *rep = j->r->report;
	enum subindication sub = subindication_from_name(rep->subindication);
	j->r->conclusion = conclusion_of(
	    sub != SUB_NONE ? sub : SUB_CUSTOM, CLAUSE, "%.200s",
	    rep->n_findings > 0 ? rep->findings[0].text : "the data is not at hand");
	return rep->intact ? ask(j, err) : 0;
}

static int judge_report(struct record_job *j, struct ltps_error *err)
{
	const struct ers_report *rep = j->r->report;
	bool holds = false;
	j->r->intact = rep->intact;
	if (tell_of_data(j, err) != 0)
		return -1;
	if (j->record->alone && rep->indication != INDICATION_PASSED)
		return judge_alone(j, err);
	for (size_t i = 0; i < rep->n_covers; i++)
		j->r->intact = j->r->intact && rep->covers[i].covered;
	if (rep->indication != INDICATION_PASSED || !j->r->intact) {
		enum subindication sub = subindication_from_name(rep->subindication);
		j->r->conclusion = conclusion_of(
		    sub != SUB_NONE ? sub : SUB_CUSTOM, CLAUSE, "%s%.200s",
		    j->r->intact ? "" : "not intact, or not about this file: ",
		    rep->n_findings > 0 ? rep->findings[0].text : "");
		return j->r->intact ? ask(j, err) : 0;
	}
	j->r->conclusion = conclusion_passed();
	if (!trees_are_reliable(j))
		return 0;
	if (tokens_hold(j, &holds, err) != 0)
		return -1;
	if (holds)
		j->r->time_ms = rep->proof_of_existence_ms;
	return 0;
}

static int verify(struct record_job *j, struct ltps_error *err)
{
	const struct ers_object objects[2] = {
		{ .name = "signature", .has_data = true, .data = view_buf(&j->octets) },
		content_object(j),
	};
	const bool alone = j->record->alone;
	const struct ers_input in = {
		.objects = alone ? &objects[1] : objects,
		.n_objects = alone ? j->doc->content != NULL : 1 + j->record->external,
		.material = j->material,
		.time_ms = j->e->in->time_ms,
	};
	if (ers_verify(j->record->record, &in, &j->r->report, err) != 0)
		return set_unread(j, err);
	return judge_report(j, err);
}

static int judge_read(struct record_job *j, struct ltps_error *err)
{
	if (choose_form(j, err) != 0 || know_content(j, err) != 0 ||
	    verify(j, err) != 0)
		return -1;
	/* It proves the first time-stamp's time for all that it covers. */
	if (j->r->time_ms == INT64_MIN)
		return 0;
	return engine_proofs(j->e, j->record->covers, j->record->n_covers,
			     j->r->time_ms, j->record->id, err);
}

static int judge_record(struct engine *e, size_t i, const struct material *m,
			struct ltps_error *err)
{
	struct record_job j = {
		.e = e,
		.doc = e->in->document,
		.record = &e->in->document->records[i],
		.r = &e->report->records[i],
		.material = m,
		.octets = buf_make(OCTETS_MAX),
	};
	int rc;
	if (ers_parse(j.record->record, &j.er, err) == 0)
		rc = judge_read(&j, err);
	else
		rc = set_unread(&j, err);
	ers_free(j.er);
	buf_free(&j.octets);
	return rc;
}

/* ---- material ---- */

static bool is_own_anchors(const struct engine_input *in)
{
	return in->stamp_anchors != NULL || in->anchors != NULL;
}

/* A pool whose anchors do not count for time-stamps gives the rest. */
static int add_pool(struct material *to, const struct material *from, bool anchors,
		    struct ltps_error *err)
{
	if (anchors)
		return material_add_all(to, from, err);
	for (size_t i = 0; i < material_count(from, MATERIAL_ANCHOR); i++)
		if (material_add_cert(to, MATERIAL_CERT,
				      material_cert(from, MATERIAL_ANCHOR, i),
				      err) != 0)
			return -1;
	for (size_t i = 0; i < material_count(from, MATERIAL_CERT); i++)
		if (material_add_cert(to, MATERIAL_CERT,
				      material_cert(from, MATERIAL_CERT, i), err) != 0)
			return -1;
	for (size_t i = 0; i < material_count(from, MATERIAL_CRL); i++)
		if (material_add_crl(to, material_crl(from, i), err) != 0)
			return -1;
	for (size_t i = 0; i < material_count(from, MATERIAL_OCSP); i++)
		if (material_add_ocsp(to, material_ocsp(from, i), err) != 0)
			return -1;
	return 0;
}

/* Anchors past their sunset are no anchors for a record, whose tokens are judged by
 * rules that know of none. */
static int add_anchors(struct material *to, const struct engine_input *in,
		       struct ltps_error *err)
{
	const struct material *s = in->stamp_anchors;
	for (size_t i = 0; s != NULL && i < material_count(s, MATERIAL_ANCHOR); i++)
		if (material_sunset(s, i) > in->time_ms &&
		    material_add_cert(to, MATERIAL_ANCHOR,
				      material_cert(s, MATERIAL_ANCHOR, i), err) != 0)
			return -1;
	for (size_t i = 0; s == NULL && i < in->n_anchors; i++) {
		bool past = in->anchor_sunset_ms != NULL &&
			    in->anchor_sunset_ms[i] != 0 &&
			    in->anchor_sunset_ms[i] <= in->time_ms;
		if (!past &&
		    material_add_cert(to, MATERIAL_ANCHOR, in->anchors[i], err) != 0)
			return -1;
	}
	return 0;
}

static int collect(const struct engine_input *in, struct material *to,
		   struct ltps_error *err)
{
	if (add_anchors(to, in, err) != 0 ||
	    add_pool(to, in->document->material, false, err) != 0)
		return -1;
	for (size_t i = 0; i < in->n_pools; i++)
		if (add_pool(to, in->pools[i], !is_own_anchors(in), err) != 0)
			return -1;
	return 0;
}

int engine_records(struct engine *e, struct ltps_error *err)
{
	struct material *m = NULL;
	int rc = -1;
	if (e->in->document->n_records == 0)
		return 0;
	if (material_new(&m, err) != 0)
		return -1;
	if (collect(e->in, m, err) != 0)
		goto out;
	/* The youngest first, as with time-stamps: it proves what the older rest on. */
	for (size_t i = e->in->document->n_records, done = 0; i-- > 0; done++)
		if (done >= RECORDS_JUDGED_MAX)
			e->report->records[i].conclusion =
			    conclusion_of(SUB_CUSTOM, CLAUSE,
					  "the file has more evidence records than are "
					  "judged");
		else if (judge_record(e, i, m, err) != 0)
			goto out;
	rc = 0;
out:
	material_free(m);
	return rc;
}
