/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/signatures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/evidence.h"
#include "ltp/fixity.h"
#include "ltp/report_sign.h"
#include "ltp/rows.h"
#include "ltp/seal.h"
#include "storage/blob.h"

/* One object in memory: its parts; and with them the new forms and reports. */
#define CARE_OBJECT_MAX ((uint64_t)1 << 30)
#define CARE_REPORT_MAX ((size_t)64 << 20)
/* Time for the network, of all parts together; the last one may overstep it. */
#define CARE_MS_MAX 60000
#define ASLEEP_MS ((int64_t)86400000)

/* ---- the job: the object read ---- */

void signatures_related_free(char **list)
{
	if (list != NULL)
		mem_free(list[0]);
	mem_free(list);
}

static void care_clear(struct care *c)
{
	const size_t n = c->version != NULL ? c->version->n_parts : 0;
	for (size_t i = 0; i < c->n_cared; i++)
		signatures_cared_clear(&c->cared[i]);
	for (size_t i = 0; i < n && c->data != NULL; i++)
		buf_free(&c->data[i]);
	for (size_t i = 0; i < n && c->related != NULL; i++) {
		signatures_related_free(c->related[i]);
	}
	mem_free(c->cared);
	mem_free(c->data);
	mem_free(c->related);
	mem_free(c->parts);
	signatures_facts_clear(&c->facts);
	object_free(c->object);
}

int signatures_related(const char *text, char ***ret, size_t *ret_n,
		       struct ltps_error *err)
{
	*ret_n = 0;
	if (text == NULL || text[0] == '\0')
		return 0;
	*ret = mem_zalloc(RELATED_MAX, sizeof(**ret));
	char *copy = mem_dup_text(text), *rest = copy, *one;
	if (*ret == NULL || copy == NULL) {
		mem_free(copy);
		mem_free(*ret);
		*ret = NULL;
		return ltps_fail_nomem(err);
	}
	(*ret)[0] = copy;
	while (*ret_n < RELATED_MAX && (one = strtok_r(rest, " ", &rest)) != NULL)
		(*ret)[(*ret_n)++] = one;
	return 0;
}

static int read_part(struct care *c, size_t i, struct ltps_error *err)
{
	const struct part *p = &c->version->parts[i];
	struct signatures_part *to = &c->parts[i];
	c->data[i] = buf_make((size_t)p->size);
	if (fixity_blob_read(c->w, p->blob, &c->data[i], err) != 0 ||
	    signatures_related(p->related, &c->related[i], &to->n_related, err) != 0)
		return -1;
	to->data = view_buf(&c->data[i]);
	to->id = p->po_id;
	to->related = (const char *const *)c->related[i];
	to->detected = format_detect(to->data);
	return 0;
}

static int read_parts(struct care *c, struct ltps_error *err)
{
	const size_t n = c->version->n_parts;
	for (size_t i = 0; i < n; i++)
		c->bytes += c->version->parts[i].size;
	if (c->bytes > CARE_OBJECT_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "the object is too large to be judged in memory");
	c->data = mem_zalloc(n, sizeof(*c->data));
	c->parts = mem_zalloc(n, sizeof(*c->parts));
	c->related = mem_zalloc(n, sizeof(*c->related));
	c->cared = mem_zalloc(n, sizeof(*c->cared));
	if (c->data == NULL || c->parts == NULL || c->related == NULL ||
	    c->cared == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (read_part(c, i, err) != 0)
			return -1;
	return 0;
}

/* False: there is nothing to care for any more. */
static int care_open(struct care *c, bool *ret_alive, struct ltps_error *err)
{
	char *end;
	const int64_t id = strtoll(c->job->subject, &end, 10);
	*ret_alive = false;
	if (object_get_by_version(c->w->conn, id, &c->object, err) != 0) {
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err); /* deleted meanwhile */
		return 0;
	}
	for (size_t i = 0; i < c->object->n_versions; i++)
		if (c->object->versions[i].id == id)
			c->version = &c->object->versions[i];
	c->profile = profile_by_id(c->w->l, c->object->profile);
	c->policy = c->profile != NULL ? policy_of(c->w->l, c->profile) : NULL;
	c->asleep = c->profile == NULL && c->object->state == OBJECT_LIVE;
	if (c->version == NULL || c->policy == NULL || c->object->state != OBJECT_LIVE)
		return 0;
	*ret_alive = true;
	return read_parts(c, err);
}

/* ---- judged, raised, sealed ---- */

static int64_t retry_of(const struct report *r)
{
	int64_t retry_ms = INT64_MAX;
	for (size_t i = 0; i < r->n_signatures; i++) {
		const int64_t t = r->signatures[i].conclusion.retry_ms;
		if (t > r->time_ms && t < retry_ms)
			retry_ms = t;
	}
	return retry_ms;
}

/* Whether a signature may turn out otherwise, whatever became of those beside it. */
static bool is_open(const struct report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++)
		if (r->signatures[i].conclusion.indication == INDICATION_INDETERMINATE)
			return true;
	return false;
}

static int make_report(struct care *c, struct cared_part *p, const struct report *r,
		       struct ltps_error *err)
{
	const struct ltp_options *o = &c->w->l->o;
	const struct report_frame f = { .file = c->parts[p->part].id,
					.service = o->service_id,
					.version = LTPS_VERSION,
					.signer = o->report_key != NULL
						      ? o->report_key->certificate
						      : NULL };
	struct buf plain = buf_make(CARE_REPORT_MAX);
	p->report = buf_make(CARE_REPORT_MAX);
	int rc = report_xml(r, &f, o->report_key != NULL ? &plain : &p->report, err);
	if (rc == 0 && o->report_key != NULL)
		rc = report_sign(view_buf(&plain), o->report_key, c->now_ms, &p->report,
				 err);
	buf_free(&plain);
	c->bytes += p->report.n;
	return rc;
}

/* Others of its object may be ahead of it. */
static bool has_form(const struct care *c, enum version_kind kind, size_t part)
{
	struct signatures_form f;
	return signatures_form_find(c, kind, part, false, &f);
}

static int care_signed(struct care *c, const struct signatures_judging *j,
		       struct cared_part *p, struct ltps_error *err)
{
	struct signatures_verdict own = { .worst = INDICATION_PASSED };
	struct signatures_judging now = *j;
	now.network = !signatures_is_spent(c);
	if (signatures_judge_part(&now, c->parts, c->version->n_parts, p->part, p, &own,
				  &c->facts, err) != 0)
		return -1;
	if (!own.any)
		return 0;
	signatures_worse(&c->verdict, own.worst, own.sub, own.text);
	if (p->judged.report == NULL)
		return 0;
	if (c->bytes <= CARE_BYTES_MAX && make_report(c, p, p->judged.report, err) != 0)
		return -1;
	if (is_open(p->judged.report))
		signatures_later(c, retry_of(p->judged.report), own.text);
	if (has_form(c, VERSION_AUGMENTED, p->part))
		return signatures_raise_again(c, j, p, VERSION_AUGMENTED, err);
	if (own.worst != INDICATION_PASSED || c->profile->augment == LEVEL_NONE)
		return 0;
	if (!signatures_is_spent(c))
		return signatures_raise(c, j, p, err);
	signatures_later(c, INT64_MIN, "time or memory for one turn is used up");
	return 0;
}

/* Whether a PDF cannot be sealed in its own format: encrypted, not read strictly, or
 * beyond our limits. Then it is sealed as any other file. */
static bool is_only_octets(const struct augmented *a, int rc,
			   const struct ltps_error *err)
{
	return rc == 0 ? a->outcome == AUGMENT_UNSUPPORTED
		       : err->fault == LTPS_FAULT_OBJECT || err->code == LTPS_TOO_LARGE;
}

static int seal_part(const struct seal_input *in, bool pdf, struct augmented *a,
		     struct ltps_error *err)
{
	if (!pdf)
		return seal_cades(in, a, err);
	const int rc = seal_pades(in, a, err);
	if (!is_only_octets(a, rc, err))
		return rc;
	augmented_clear(a);
	ltps_error_clear(err);
	return seal_cades(in, a, err);
}

/* signatures_beginning */
static int begin_sealed(struct care *c, const struct signatures_judging *j,
			struct cared_part *p, const struct path_sources *sources,
			struct ltps_error *err)
{
	const struct tsp_client tsa = ltp_tsp_client(c->w->l);
	const enum digest_alg digest = leaf_digest(c->w->l, c->profile, c->now_ms);
	const struct seal_input in = {
		.content = &p->content,
		.enveloping = c->profile->seal == SEAL_ENVELOPING,
		.mime_type = c->version->parts[p->part].mime,
		.key = c->w->l->o.seal_key,
		.digest = digest,
		.augment = { .level = c->profile->augment != LEVEL_NONE
					  ? c->profile->augment
					  : LEVEL_LTA,
			     .tsa = &tsa,
			     .digest = digest,
			     .sources = sources,
			     .judgement = signatures_input(j),
			     .clock = c->w->l->o.clock },
	};
	return seal_part(&in, signatures_is_pdf(&c->parts[p->part]), &p->augmented,
			 err);
}

static int care_unsigned(struct care *c, const struct signatures_judging *j,
			 struct cared_part *p, struct ltps_error *err)
{
	p->content = content_of(c->parts[p->part].data);
	p->sealed = true;
	if (has_form(c, VERSION_SEALED, p->part))
		return signatures_raise_again(c, j, p, VERSION_SEALED, err);
	if (signatures_make(c, j, p, begin_sealed, err) != 0)
		return signatures_tried(c, err);
	if (signatures_take_outcome(c, p, c->parts[p->part].data, "sealing", err) != 0)
		return -1;
	if (p->augmented.outcome != AUGMENT_DONE || p->augmented.judged.report == NULL)
		return 0;
	return make_report(c, p, p->augmented.judged.report, err);
}

static bool is_to_be_sealed(const struct care *c, size_t part)
{
	return c->profile->seal != SEAL_NONE &&
	       signatures_is_unsigned(&c->parts[part]) &&
	       (c->due || !has_form(c, VERSION_SEALED, part));
}

static int care_parts(struct care *c, int64_t proof_ms, struct ltps_error *err)
{
	const struct signatures_judging j = { .w = c->w,
					      .policy = c->policy,
					      .network = true,
					      .now_ms = c->now_ms,
					      .proof_ms = proof_ms };
	size_t judged = 0, sealed = 0;
	for (size_t i = 0; i < c->version->n_parts; i++) {
		struct cared_part *p = &c->cared[c->n_cared];
		bool signed_part;
		p->part = i;
		if (signatures_is_judged(&c->parts[i], &signed_part, err) != 0)
			return -1;
		if (signed_part) {
			if (judged++ == SIGNATURES_PARTS_MAX) {
				judged--;
				signatures_take_excess(&c->verdict, i);
				continue;
			}
			c->n_cared++;
			if (care_signed(c, &j, p, err) != 0)
				return -1;
		} else if (is_to_be_sealed(c, i)) {
			if (sealed == SIGNATURES_PARTS_MAX || signatures_is_spent(c)) {
				c->more = true;
				continue;
			}
			sealed++;
			c->n_cared++;
			if (care_unsigned(c, &j, p, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* ---- the job ---- */

static int run_finish(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return job_finish(conn, arg, err);
}

static int run_failed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return job_fail(conn, arg, NULL, err);
}

static int run_postponed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct job_failure *f = arg;
	return job_postpone(conn, f->job, f->now_ms, err);
}

/* The attempt ended in an error of ours: again later, as the policy of jobs says. */
static int care_failed(struct care *c, const struct ltps_error *why,
		       struct ltps_error *err)
{
	struct job_failure f = { .job = c->job,
				 .now_ms = c->now_ms,
				 .why = why,
				 .final = why->code == LTPS_TOO_LARGE &&
					  why->fault == LTPS_FAULT_OBJECT };
	struct store *store = c->w->l->o.store;
	if (atomic_load(&c->w->cancelled)) { /* the attempt does not count */
		(void)!store_write(store, run_postponed, &f, err);
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				 "the step was cancelled");
	}
	log_error(c->w->l->o.log, LOG_OPERATION, LOG_WARNING,
		  "the signatures of an object were not cared for; will be tried again",
		  why, LOG_FIELDS({ "version", c->job->subject }));
	return store_write(store, run_failed, &f, err);
}

/* An object that ends the process is taken up again later and later. */
static int run_extend(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct care *c = arg;
	const int64_t lease_ms = job_delay(job_policy_default(), c->job->attempts, 0);
	return c->now_ms + lease_ms <= c->job->lease_until_ms
		   ? 0
		   : job_extend(conn, c->job, c->now_ms, lease_ms, err);
}

/* Rows and octets of one state, so that a deletion meanwhile is no damage. */
static int care_begin(struct care *c, bool *ret_alive, struct ltps_error *err)
{
	if ((c->job->attempts > 1 &&
	     store_write(c->w->l->o.store, run_extend, c, err) != 0) ||
	    store_read_begin(c->w->conn, err) != 0)
		return -1;
	const int rc = care_open(c, ret_alive, err);
	store_read_end(c->w->conn);
	return rc;
}

/* There is nothing to care for: for good, or as long as its profile is away. */
static int care_none(struct care *c, struct ltps_error *err)
{
	struct job_failure f = { .job = c->job, .now_ms = c->now_ms + ASLEEP_MS };
	struct store *store = c->w->l->o.store;
	return c->asleep ? store_write(store, run_postponed, &f, err)
			 : store_write(store, run_finish, c->job, err);
}

int signatures_care(struct ltp_worker *w, struct job *job, struct ltps_error *err)
{
	struct care c = { .w = w,
			  .job = job,
			  .now_ms = ltp_now(w->l),
			  .until_ms = clock_monotonic_ms() + CARE_MS_MAX,
			  .verdict = { .worst = INDICATION_PASSED },
			  .retry_ms = INT64_MAX };
	struct ltps_error why = LTPS_ERROR_INIT;
	bool alive = false;
	int64_t proof_ms = INT64_MAX;
	int rc = care_begin(&c, &alive, &why);
	if (rc == 0 && alive)
		rc = evidence_proof_time(w, c.version, &proof_ms, &why);
	if (rc == 0 && alive)
		rc = signatures_forms_due(&c, &c.due, &why);
	if (rc == 0 && alive)
		rc = care_parts(&c, proof_ms, &why);
	if (rc == 0)
		rc = alive ? signatures_keep(&c, &why) : care_none(&c, &why);
	if (rc != 0)
		rc = care_failed(&c, &why, err);
	care_clear(&c);
	return rc;
}
