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

/* ---- what is missing ---- */

/* Of the octets of the record: a younger one that covers it has been judged before. */
static int64_t proven_at(const struct record_job *j)
{
	return poe_earliest(j->e->poes, j->record->sha256);
}

/* When the next proof takes over from chain c: the first time-stamp of the next
 * chain, a younger record that covers this one, or now (RFC 4998 5.3). */
static int64_t renewed_at(const struct record_job *j, size_t c)
{
	const struct ers_report *rep = j->r->report;
	if (c + 1 < rep->n_chains && rep->chains[c + 1].n > 0 &&
	    rep->chains[c + 1].stamps[0].time_ms != INT64_MIN)
		return rep->chains[c + 1].stamps[0].time_ms;
	const int64_t proven_ms = proven_at(j), now_ms = j->e->in->time_ms;
	return proven_ms < now_ms ? proven_ms : now_ms;
}

static int64_t next_of(const struct record_job *j, size_t c, size_t s)
{
	const struct ers_chain_report *chain = &j->r->report->chains[c];
	return s + 1 < chain->n ? chain->stamps[s + 1].time_ms : renewed_at(j, c);
}

/* Of a policy that wants this, of time-stamps; NULL: algorithms are not judged. */
static const struct algorithm_policy *algorithms_of(const struct record_job *j)
{
	const struct validation_policy *p = j->e->in->policy;
	const struct constraint_rule *rule =
	    validation_policy_rule(p, CONTEXT_TIME_STAMP, CONSTRAINT_CRYPTO);
	return rule->level == CONSTRAINT_FAIL ? &p->algorithms : NULL;
}

/* What the path of one token wants: the record's own judgement does not tell. That
 * knows better what proves a status; here one too many is asked for at most. */
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
		.algorithms = algorithms_of(j),
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

/* The first time-stamp that made the record what it is; NULL: none did. */
static const struct ers_stamp_report *decisive(const struct ers_report *rep)
{
	for (size_t c = 0; rep->subindication != NULL && c < rep->n_chains; c++)
		for (size_t i = 0; i < rep->chains[c].n; i++) {
			const struct ers_stamp_report *s = &rep->chains[c].stamps[i];
			if (s->indication == rep->indication &&
			    s->subindication != NULL &&
			    strcmp(s->subindication, rep->subindication) == 0)
				return s;
		}
	return NULL;
}

/* What the record's own report has against it. */
static void set_open(struct record_job *j, const char *prefix, const char *otherwise)
{
	const struct ers_report *rep = j->r->report;
	const struct ers_stamp_report *s = decisive(rep);
	struct conclusion *to = &j->r->conclusion;
	const enum subindication sub = subindication_from_name(rep->subindication);
	const char *text = s != NULL		  ? s->text
			   : rep->n_findings > 0 ? rep->findings[0].text
						  : otherwise;
	*to = conclusion_of(sub != SUB_NONE ? sub : SUB_CUSTOM, CLAUSE, "%s%.200s",
			    prefix, text);
	if (sub != SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE || s == NULL ||
	    s->algorithm[0] == '\0')
		return;
	snprintf(to->algorithm, sizeof(to->algorithm), "%s", s->algorithm);
	memcpy(to->object, j->record->sha256, sizeof(to->object));
	to->has_object = true;
	to->constraint = CONSTRAINT_CRYPTO;
}

/* Of a record on its own `intact` speaks of itself: its data may not be at hand. */
static int judge_alone(struct record_job *j, struct ltps_error *err)
{
	set_open(j, "", "the data is not at hand");
	return j->r->report->intact ? ask(j, err) : 0;
}

static int judge_report(struct record_job *j, struct ltps_error *err)
{
	const struct ers_report *rep = j->r->report;
	j->r->intact = rep->intact;
	if (tell_of_data(j, err) != 0)
		return -1;
	if (j->record->alone && rep->indication != INDICATION_PASSED)
		return judge_alone(j, err);
	for (size_t i = 0; i < rep->n_covers; i++)
		j->r->intact = j->r->intact && rep->covers[i].covered;
	if (rep->indication != INDICATION_PASSED || !j->r->intact) {
		set_open(j, j->r->intact ? "" : "not intact, or not about this file: ",
			 "");
		return j->r->intact ? ask(j, err) : 0;
	}
	j->r->conclusion = conclusion_passed();
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
		.policy = algorithms_of(j),
		.ends = true,
		.poes = j->e->poes,
		.proven_ms = proven_at(j),
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
