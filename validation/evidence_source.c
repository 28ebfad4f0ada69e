/* SPDX-License-Identifier: Apache-2.0 */
#include "validation/evidence_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/asic.h"
#include "formats/cms_er.h"
#include "formats/format.h"
#include "timestamping/tst.h"

enum source_kind { SOURCE_RECORD, SOURCE_CMS, SOURCE_ASIC };

static int kind_of(struct view in, enum source_kind *ret_kind, struct ltps_error *err)
{
	switch (format_detect(in)->kind) {
	case FORMAT_CADES:
	case FORMAT_TIME_STAMP_TOKEN:
		*ret_kind = SOURCE_CMS;
		return 0;
	case FORMAT_ASIC_E:
	case FORMAT_ASIC_S:
	case FORMAT_ASIC_ERS:
		*ret_kind = SOURCE_ASIC;
		return 0;
	case FORMAT_EVIDENCE_RECORD_XML:
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "RFC 6283",
				 "evidence records in XML are not supported");
	default:
		*ret_kind = SOURCE_RECORD; /* or refused by its parser */
		return 0;
	}
}

static int algs_of_record(struct view record, bool used[DIGEST_ALG_COUNT],
			  struct ltps_error *err)
{
	struct ers *er = NULL;
	if (ers_parse(record, &er, err) != 0)
		return -1;
	for (size_t c = 0; c < er->n_chains; c++)
		used[er->chains[c].stamps[0].alg] = true;
	ers_free(er);
	return 0;
}

/* Of one among several: one that cannot be read is told by evidence_judge(). */
static int algs_of_one(struct view record, bool used[DIGEST_ALG_COUNT],
		       struct ltps_error *err)
{
	if (algs_of_record(record, used, err) == 0)
		return 0;
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int algs_of_cms(struct view in, bool used[DIGEST_ALG_COUNT],
		       struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct cms_er *ers = NULL;
	size_t n = 0;
	int rc = -1;

	if (cms_parse(in, &cms, err) != 0 || cms_er_list(cms, &ers, &n, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (algs_of_one(ers[i].record, used, err) != 0)
			goto out;
	rc = 0;
out:
	mem_free(ers);
	cms_free(cms);
	return rc;
}

static int algs_of_asic(struct view in, bool used[DIGEST_ALG_COUNT],
			struct ltps_error *err)
{
	struct asic *asic = NULL;
	int rc = -1;

	if (asic_parse(in, &asic, err) != 0)
		goto out;
	for (size_t i = 0; i < asic->n_records; i++)
		if (!asic->records[i].xml &&
		    algs_of_one(asic->records[i].file->data, used, err) != 0)
			goto out;
	rc = 0;
out:
	asic_free(asic);
	return rc;
}

int evidence_algs(struct view in, bool used[DIGEST_ALG_COUNT], struct ltps_error *err)
{
	enum source_kind kind;
	if (kind_of(in, &kind, err) != 0)
		return -1;
	switch (kind) {
	case SOURCE_CMS:
		return algs_of_cms(in, used, err);
	case SOURCE_ASIC:
		return algs_of_asic(in, used, err);
	default:
		return algs_of_record(in, used, err);
	}
}

/* Each record of the file has the report of its place. */
static int make_places(struct evidence_reports *out, size_t n, struct ltps_error *err)
{
	if (n > EVIDENCE_REPORTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "too many evidence records in one file");
	for (size_t i = 0; i < n; i++)
		out->r[i] = NULL;
	out->n = n;
	return 0;
}

/* --- records that cannot be read --- */

/*
 * One in a file that nothing can be said of gets a report of its own: anybody may add
 * it, and the others are judged all the same. Not conforming is FAILED; what we do not
 * know, or refuse for its size, may be right (EN 319 102-1 table 6).
 */
static int report_unread(const struct ltps_error *why, struct ers_report **ret_r,
			 struct ltps_error *err)
{
	bool unknown = why->code != LTPS_FORMAT;
	struct ers_finding f = { .code = unknown ? "ERS_UNSUPPORTED" : "ERS_MALFORMED",
				 .clause =
				     why->clause != NULL ? why->clause : "RFC 4998 3.1",
				 .object = "evidence record" };
	struct ers_report *r = mem_zalloc(1, sizeof(*r));

	if (r == NULL)
		return ltps_fail_nomem(err);
	r->indication = unknown ? INDICATION_INDETERMINATE : INDICATION_FAILED;
	r->subindication = unknown ? "CUSTOM" : "FORMAT_FAILURE";
	r->proof_of_existence_ms = INT64_MIN;
	snprintf(f.text, sizeof(f.text), "%.200s", why->text);
	if (ers_report_add(r, &f, err) != 0) {
		ers_report_free(r);
		return -1;
	}
	*ret_r = r;
	return 0;
}

/* After a judgement that could not be made: what is the record's fault is its report,
 * all else ends the whole. */
static int report_or_fail(struct ers_report **ret_r, struct ltps_error *err)
{
	const struct ltps_error why = *err;
	if (why.fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	return report_unread(&why, ret_r, err);
}

static int report_xml(struct ers_report **ret_r, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	(void)ltps_fail(&why, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "RFC 6283",
			"evidence records in XML are not supported");
	return report_unread(&why, ret_r, err);
}

/* --- records that can --- */

/* The objects that the file itself gives, in front of the caller's. */
static struct ers_object *join_objects(const struct ers_object *own, size_t n_own,
				       const struct ers_input *input)
{
	struct ers_object *all = mem_zalloc(n_own + input->n_objects + 1, sizeof(*all));
	if (all == NULL)
		return NULL;
	if (n_own > 0)
		memcpy(all, own, n_own * sizeof(*all));
	if (input->n_objects > 0)
		memcpy(all + n_own, input->objects, input->n_objects * sizeof(*all));
	return all;
}

static int verify_with(struct view record, const struct ers_object *own, size_t n_own,
		       const struct ers_input *input, struct ers_report **ret_r,
		       struct ltps_error *err)
{
	struct ers_input in = *input;
	struct ers_object *all = join_objects(own, n_own, input);
	int rc;

	if (all == NULL)
		return ltps_fail_nomem(err);
	in.objects = all;
	in.n_objects = n_own + input->n_objects;
	rc = ers_verify(record, &in, ret_r, err);
	mem_free(all);
	return rc;
}

/* genTime of the first archive time-stamp; INT64_MAX when that or the record does not
 * decode. */
static int first_time(struct view record, int64_t *ret_ms, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct ers *er = NULL;
	struct tst *tst = NULL;
	int rc = -1;

	*ret_ms = INT64_MAX;
	if (ers_parse(record, &er, &inner) == 0 &&
	    tst_parse(er->chains[0].stamps[0].token, &tst, &inner) == 0)
		*ret_ms = tst->gen_time_ms;
	else if (inner.fault != LTPS_FAULT_OBJECT) {
		*err = inner;
		goto out;
	}
	rc = 0;
out:
	tst_free(tst);
	ers_free(er);
	return rc;
}

/* Their places, oldest first; what does not decode, last. n: EVIDENCE_REPORTS_MAX at
 * most. */
static int order_by_time(const struct view *records, size_t n, size_t *ret_order,
			 struct ltps_error *err)
{
	int64_t times[EVIDENCE_REPORTS_MAX];
	for (size_t i = 0; i < n; i++) {
		size_t k = i;
		int64_t t;
		if (first_time(records[i], &t, err) != 0)
			return -1;
		for (; k > 0 && times[k - 1] > t; k--) {
			times[k] = times[k - 1];
			ret_order[k] = ret_order[k - 1];
		}
		times[k] = t;
		ret_order[k] = i;
	}
	return 0;
}

/* The earlier of two proofs; 0 is none. */
static int64_t earlier_proof(int64_t a_ms, int64_t b_ms)
{
	return a_ms == 0 || b_ms < a_ms ? b_ms : a_ms;
}

/* --- in a CMS --- */

/*
 * Oldest first: each covers those before it, and the SET that they stand in
 * does not keep their order (RFC 4998 appendix A).
 */
static int sort_by_time(struct cms_er *ers, size_t n, struct ltps_error *err)
{
	struct view records[EVIDENCE_REPORTS_MAX] = { 0 };
	size_t order[EVIDENCE_REPORTS_MAX];
	struct cms_er *as_found = mem_zalloc(n + 1, sizeof(*as_found));
	int rc = -1;

	if (as_found == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		as_found[i] = ers[i];
		records[i] = ers[i].record;
	}
	if (order_by_time(records, n, order, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		ers[i] = as_found[order[i]];
	rc = 0;
out:
	mem_free(as_found);
	return rc;
}

struct cms_source {
	const struct cms *cms;
	const struct cms_er *ers;
	size_t n;
	const struct ers_input *input;
	const struct evidence_reports *reports; /* of the younger ones */
};

/*
 * When the records that are younger than this one prove that it stood in the file; 0:
 * none does. One that holds proves what it hashed: an attribute that was cut out for it
 * may have been put there yesterday.
 */
static int64_t proven_by_younger(const struct cms_source *s, size_t which)
{
	const struct cms_er *er = &s->ers[which];
	int64_t proven_ms = 0;
	for (size_t k = which + 1; k < s->n; k++) {
		const struct ers_report *younger = s->reports->r[k];
		if (younger->proof_of_existence_ms != INT64_MIN &&
		    !cms_er_cuts(s->ers, s->n, k, er->signer, er->attr))
			proven_ms =
			    earlier_proof(proven_ms, younger->proof_of_existence_ms);
	}
	return proven_ms;
}

/* One record over the CMS in one of the forms that writers have hashed. */
static int judge_form(const struct cms_source *s, size_t which, enum cms_er_form form,
		      struct ers_report **ret_r, struct ltps_error *err)
{
	struct buf covered = buf_make(ERS_SIZE_MAX);
	struct ers_object own[2] = { { .name = "signature", .has_data = true },
				     { .name = "detached content" } };
	struct ers_input input = *s->input;
	size_t n_own = 1;
	int rc = -1;

	if (cms_er_covered(s->cms, s->ers, s->n, which, form, &covered, err) != 0)
		goto out;
	own[0].data = view_buf(&covered);
	/* An external record covers content too; none given is not covered. */
	if (s->ers[which].external && s->input->n_objects == 0)
		n_own = 2;
	input.proven_ms = proven_by_younger(s, which);
	rc = verify_with(s->ers[which].record, own, n_own, &input, ret_r, err);
out:
	buf_free(&covered);
	return rc;
}

/* The first form that the record covers; when none is, the plain one. */
static int judge_embedded(const struct cms_source *s, size_t which,
			  struct ers_report **ret_r, struct ltps_error *err)
{
	struct ers_report *first = NULL;
	for (int form = 0; form < CMS_ER_FORM_COUNT; form++) {
		struct ers_report *r = NULL;
		if (judge_form(s, which, (enum cms_er_form)form, &r, err) != 0) {
			if (first == NULL)
				return report_or_fail(ret_r, err);
			if (err->fault == LTPS_FAULT_OBJECT) {
				ltps_error_clear(err); /* not to be had in this form */
				continue;
			}
			ers_report_free(first);
			return -1;
		}
		if (first == NULL || r->covers[0].covered) {
			ers_report_free(first);
			first = r;
		} else {
			ers_report_free(r);
		}
		if (first->covers[0].covered)
			break;
	}
	*ret_r = first;
	return 0;
}

static int judge_cms(struct view in, const struct ers_input *input,
		     struct evidence_reports *out, struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct cms_er *ers = NULL;
	size_t n = 0;
	int rc = -1;

	if (cms_parse(in, &cms, err) != 0 || cms_er_list(cms, &ers, &n, err) != 0 ||
	    make_places(out, n, err) != 0 || sort_by_time(ers, n, err) != 0)
		goto out;
	/* The youngest first: it proves the older ones. */
	for (size_t i = n; i-- > 0;) {
		struct cms_source s = { cms, ers, n, input, out };
		if (judge_embedded(&s, i, &out->r[i], err) != 0)
			goto out;
	}
	rc = 0;
out:
	mem_free(ers);
	cms_free(cms);
	return rc;
}

/* --- in a container --- */

/* A name of the container as text that outlives it. */
static int keep_name(struct buf *names, struct view name, const char **ret_name,
		     struct ltps_error *err)
{
	size_t at = names->n;
	if (buf_put(names, name, err) != 0 || buf_put_byte(names, '\0', err) != 0)
		return -1;
	*ret_name = (const char *)names->p + at;
	return 0;
}

/* Missing data stays an object without data: it is then not covered. */
static int reference_objects(const struct asic_record *r, struct buf *names,
			     struct ers_object *objects, struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_references; i++) {
		const struct asic_reference *ref = &r->references[i];
		if (keep_name(names, ref->uri, &objects[i].name, err) != 0)
			return -1;
		objects[i].has_data = ref->file != NULL;
		if (ref->file != NULL)
			objects[i].data = ref->file->data;
	}
	return 0;
}

/* A digest that we cannot compute says nothing: neither good nor bad. */
static void lower_for_manifest(struct ers_report *report, bool known)
{
	report->proof_of_existence_ms = INT64_MIN;
	if (known) {
		report->intact = false;
		report->indication = INDICATION_FAILED;
		report->subindication = "HASH_FAILURE";
	} else if (report->indication == INDICATION_PASSED) {
		report->indication = INDICATION_INDETERMINATE;
		report->subindication = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE";
	}
}

/* The manifest's own digests must be right too, EN 319 162-1 A.4. */
static int judge_manifest(const struct asic_record *r, struct ers_report *report,
			  struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_references; i++) {
		const struct asic_reference *ref = &r->references[i];
		bool known = ref->alg != DIGEST_NONE;
		struct ers_finding f = { .code = known ? "ASIC_REFERENCE_MISMATCH"
						       : "ASIC_DIGEST_UNKNOWN",
					 .clause = "EN 319 162-1 A.4" };
		if (ref->file == NULL || ref->matches)
			continue;
		snprintf(f.object, sizeof(f.object), "%.*s", (int)ref->uri.n,
			 (const char *)ref->uri.p);
		snprintf(f.text, sizeof(f.text), "%s",
			 known ? "the manifest has another digest of it"
			       : "the manifest's digest of it is of an unknown "
				 "algorithm");
		lower_for_manifest(report, known);
		if (ers_report_add(report, &f, err) != 0)
			return -1;
	}
	return 0;
}

/* As in a CMS: the younger records that name the older one's file. */
static int64_t proven_in_container(const struct asic *asic, size_t which,
				   const struct evidence_reports *reports)
{
	int64_t proven_ms = 0;
	for (size_t k = 0; k < asic->n_records; k++) {
		const struct asic_record *other = &asic->records[k];
		const struct ers_report *r = reports->r[k];
		if (r == NULL || r->proof_of_existence_ms == INT64_MIN)
			continue;
		for (size_t i = 0; i < other->n_references; i++)
			if (other->references[i].file == asic->records[which].file)
				proven_ms = earlier_proof(proven_ms,
							  r->proof_of_existence_ms);
	}
	return proven_ms;
}

static int judge_asic_record(const struct asic_record *r, const struct ers_input *input,
			     struct buf *names, struct ers_report **ret_r,
			     struct ltps_error *err)
{
	struct ers_object *objects = NULL;
	struct ers_report *report = NULL;
	int rc = -1;

	if (r->xml)
		return report_xml(ret_r, err);
	objects = mem_zalloc(r->n_references + 1, sizeof(*objects));
	if (objects == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (reference_objects(r, names, objects, err) != 0)
		goto out;
	if (verify_with(r->file->data, objects, r->n_references, input, &report, err) !=
	    0) {
		rc = report_or_fail(ret_r, err);
		goto out;
	}
	if (judge_manifest(r, report, err) != 0)
		goto out;
	*ret_r = report;
	report = NULL;
	rc = 0;
out:
	ers_report_free(report);
	mem_free(objects);
	return rc;
}

/* Room for every name at once: their addresses must not change. */
static int reserve_names(const struct asic *asic, struct buf *names,
			 struct ltps_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < asic->n_records; i++)
		for (size_t k = 0; k < asic->records[i].n_references; k++)
			n += asic->records[i].references[k].uri.n + 1;
	*names = buf_make(n);
	return n > 0 ? buf_reserve(names, n, err) : 0;
}

/* ret  by file: some record's manifest names it */
static int find_referenced(const struct asic *asic, bool **ret, struct ltps_error *err)
{
	bool *named = mem_zalloc(asic->n_files + 1, sizeof(*named));
	if (named == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < asic->n_records; i++)
		for (size_t k = 0; k < asic->records[i].n_references; k++)
			if (asic->records[i].references[k].file != NULL)
				named[asic->records[i].references[k].file -
				      asic->files] = true;
	*ret = named;
	return 0;
}

/* A container may hold files that no record is about: whoever reads of the others must
 * not take them for preserved. */
static int tell_uncovered(const struct asic *asic, struct ers_report *report,
			  struct ltps_error *err)
{
	bool *named = NULL;
	int rc = find_referenced(asic, &named, err);
	for (size_t i = 0; rc == 0 && i < asic->n_objects; i++) {
		const struct asic_file *file = asic->objects[i];
		struct ers_finding f = { .code = "ASIC_FILE_NOT_COVERED",
					 .clause = "EN 319 162-1 A.4",
					 .text = "no evidence record of the container "
						 "is about this file" };
		if (named[file - asic->files])
			continue;
		snprintf(f.object, sizeof(f.object), "%.*s", (int)file->name.n,
			 (const char *)file->name.p);
		rc = ers_report_add(report, &f, err);
	}
	mem_free(named);
	return rc;
}

/* The youngest first, which is where records that do not decode stand too. */
static int judge_asic_records(const struct asic *asic, const struct ers_input *input,
			      struct evidence_reports *out, struct ltps_error *err)
{
	struct view records[EVIDENCE_REPORTS_MAX] = { 0 };
	size_t order[EVIDENCE_REPORTS_MAX];
	struct ers_input in = *input;

	for (size_t i = 0; i < out->n; i++)
		records[i] = asic->records[i].file->data;
	if (order_by_time(records, out->n, order, err) != 0)
		return -1;
	for (size_t i = out->n; i-- > 0;) {
		size_t k = order[i];
		in.proven_ms = proven_in_container(asic, k, out);
		if (judge_asic_record(&asic->records[k], &in, &out->names, &out->r[k],
				      err) != 0)
			return -1;
	}
	return 0;
}

static int judge_asic(struct view in, const struct ers_input *input,
		      struct evidence_reports *out, struct ltps_error *err)
{
	struct asic *asic = NULL;
	int rc = -1;

	if (asic_parse(in, &asic, err) != 0 ||
	    make_places(out, asic->n_records, err) != 0 ||
	    reserve_names(asic, &out->names, err) != 0 ||
	    judge_asic_records(asic, input, out, err) != 0)
		goto out;
	rc = out->n > 0 ? tell_uncovered(asic, out->r[0], err) : 0;
out:
	asic_free(asic);
	return rc;
}

static int judge_record(struct view in, const struct ers_input *input,
			struct evidence_reports *out, struct ltps_error *err)
{
	if (make_places(out, 1, err) != 0)
		return -1;
	return ers_verify(in, input, &out->r[0], err);
}

int evidence_judge(struct view in, const struct ers_input *input,
		   struct evidence_reports *ret_reports, struct ltps_error *err)
{
	struct evidence_reports out = { .n = 0 };
	enum source_kind kind;
	int rc = -1;

	if (kind_of(in, &kind, err) != 0)
		return -1;
	if (kind == SOURCE_CMS)
		rc = judge_cms(in, input, &out, err);
	else if (kind == SOURCE_ASIC)
		rc = judge_asic(in, input, &out, err);
	else
		rc = judge_record(in, input, &out, err);
	if (rc != 0)
		evidence_reports_clear(&out);
	else
		*ret_reports = out;
	return rc;
}

void evidence_reports_clear(struct evidence_reports *r)
{
	for (size_t i = 0; i < r->n; i++)
		ers_report_free(r->r[i]);
	r->n = 0;
	buf_free(&r->names);
}

static int rank(const struct ers_report *r)
{
	switch (r->indication) {
	case INDICATION_PASSED:
		return 0;
	case INDICATION_INDETERMINATE:
		return 1;
	default:
		return 2;
	}
}

const struct ers_report *evidence_worst(const struct evidence_reports *r)
{
	const struct ers_report *worst = r->r[0];
	for (size_t i = 1; i < r->n; i++)
		if (rank(r->r[i]) > rank(worst))
			worst = r->r[i];
	return worst;
}
