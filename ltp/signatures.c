/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/signatures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/report_sign.h"
#include "ltp/seal.h"
#include "storage/blob.h"

/* One object in memory: its parts; and with them the new forms and reports. */
#define CARE_OBJECT_MAX ((uint64_t)1 << 30)
#define CARE_BYTES_MAX ((uint64_t)2 << 30)
#define CARE_REPORT_MAX ((size_t)64 << 20)
/* Time for the network, of all parts together; the last one may overstep it. */
#define CARE_MS_MAX 60000
/* Judging what comes holds a worker: what takes longer is open, and for the job. */
#define INGEST_MS_MAX 10000
#define ASLEEP_MS ((int64_t)86400000)

void signatures_verdict_text(const struct signatures_verdict *v,
			     char out[SIGNATURES_VERDICT_MAX])
{
	const char *sub = subindication_name(v->sub);
	snprintf(out, SIGNATURES_VERDICT_MAX, "%s%s%s", indication_total_name(v->worst),
		 sub != NULL ? "/" : "", sub != NULL ? sub : "");
}

/* ---- which parts, and what they are about ---- */

static bool is_cms(const struct signatures_part *p)
{
	return p->detected->kind == FORMAT_CADES;
}

static bool is_pdf(const struct signatures_part *p)
{
	return p->detected->kind == FORMAT_PDF || p->detected->kind == FORMAT_PADES;
}

/*
 * Whether a PDF holds a signature, its reader says: a look at its octets misses what is
 * spelt "/Byte#52ange", and takes a text for it. One that cannot be read is what it
 * looks like.
 */
static int pdf_is_signed(const struct signatures_part *p, bool *ret,
			 struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	struct pades *pdf = NULL;
	*ret = p->detected->kind == FORMAT_PADES;
	if (pades_read(p->data, VIEW_NULL, &pdf, &why) == 0)
		*ret = pdf->n_signatures > 0;
	pades_free(pdf);
	if (why.code == LTPS_OK || why.fault == LTPS_FAULT_OBJECT ||
	    why.code == LTPS_TOO_LARGE)
		return 0;
	*err = why;
	return -1;
}

/* Of the signed formats, those that can be judged so far. */
static int is_judged(const struct signatures_part *p, bool *ret, struct ltps_error *err)
{
	*ret = is_cms(p);
	return is_pdf(p) ? pdf_is_signed(p, ret, err) : 0;
}

/* What carries no signature, time-stamp or evidence of its own. A PDF: when it is not
 * judged. */
static bool is_unsigned(const struct signatures_part *p)
{
	switch (p->detected->kind) {
	case FORMAT_OCTETS:
	case FORMAT_PDF:
	case FORMAT_PADES:
	case FORMAT_XML:
	case FORMAT_ZIP:
	case FORMAT_XAIP:
		return true;
	default:
		return false;
	}
}

/* Ids that begin as those made up do are not taken over, nor those without room. */
void signatures_form_id(const struct part *p, enum version_kind kind,
			char out[FORM_ID_MAX])
{
	static const char *const WHAT[] = { [VERSION_AUGMENTED] = "augmented",
					    [VERSION_SEALED] = "sealed",
					    [VERSION_REPORT] = "report" };
	const char *id = p->po_id;
	if (id == NULL || strncmp(id, "po-", 3) == 0 ||
	    snprintf(out, FORM_ID_MAX, "%s-%s", WHAT[kind], id) >= FORM_ID_MAX)
		snprintf(out, FORM_ID_MAX, "%s-po-%u", WHAT[kind], p->seq);
}

static bool names(const struct signatures_part *from, const struct signatures_part *to)
{
	for (size_t i = 0; to->id != NULL && i < from->n_related; i++)
		if (strcmp(from->related[i], to->id) == 0)
			return true;
	return false;
}

/* The part that a detached signature is about: one related to it, a signed one only
 * when the signature names it; else the only other one. NULL: none is submitted with
 * it. */
static const struct signatures_part *content_part(const struct signatures_part *parts,
						  size_t n, size_t signature)
{
	for (size_t i = 0; i < n; i++)
		if (i != signature && !is_cms(&parts[i]) &&
		    (names(&parts[signature], &parts[i]) ||
		     names(&parts[i], &parts[signature])))
			return &parts[i];
	for (size_t i = 0; i < n; i++)
		if (i != signature && names(&parts[signature], &parts[i]))
			return &parts[i];
	const size_t other = 1 - signature;
	return n == 2 && !is_cms(&parts[other]) ? &parts[other] : NULL;
}

/* ---- one signed part ---- */

static void worse(struct signatures_verdict *v, enum indication indication,
		  enum subindication sub, const char *text)
{
	/* FAILED is the worst, then INDETERMINATE. */
	static const int rank[] = { [INDICATION_PASSED] = 0,
				    [INDICATION_INDETERMINATE] = 1,
				    [INDICATION_FAILED] = 2 };
	if (v->any && rank[indication] <= rank[v->worst])
		return;
	v->any = true;
	v->worst = indication;
	v->sub = sub;
	snprintf(v->text, sizeof(v->text), "%s", text);
}

static void take_signature(struct signatures_verdict *v, size_t part,
			   const struct report_signature *s)
{
	char text[400], name[CERT_TEXT_MAX] = "an unknown signer";
	const char *sub = subindication_name(s->conclusion.sub);
	if (s->signing_certificate != NULL)
		cert_text(s->signing_certificate, name);
	snprintf(text, sizeof(text), "po[%zu]: signature of %.120s: %s%s%s%s%.160s",
		 part, name, indication_total_name(s->conclusion.indication),
		 sub != NULL ? ", " : "", sub != NULL ? sub : "",
		 s->conclusion.text[0] != '\0' ? ": " : "", s->conclusion.text);
	worse(v, s->conclusion.indication, s->conclusion.sub, text);
}

static void take_report(struct signatures_verdict *v, size_t part,
			const struct report *r)
{
	for (size_t i = 0; i < r->n_signatures; i++)
		take_signature(v, part, &r->signatures[i]);
}

/* What cannot be read has failed; what is beyond our limits is not known. */
static void take_unreadable(struct signatures_verdict *v, size_t part,
			    const struct ltps_error *why)
{
	char text[400];
	const bool broken = why->code == LTPS_FORMAT;
	snprintf(text, sizeof(text), "po[%zu]: %s", part, why->text);
	worse(v, broken ? INDICATION_FAILED : INDICATION_INDETERMINATE,
	      broken ? SUB_FORMAT_FAILURE : SUB_CUSTOM, text);
}

/* Beyond what is judged: nothing is known of it. */
static void take_excess(struct signatures_verdict *v, size_t part)
{
	char text[80];
	snprintf(text, sizeof(text), "po[%zu]: more than %d signed objects", part,
		 SIGNATURES_PARTS_MAX);
	worse(v, INDICATION_INDETERMINATE, SUB_CUSTOM, text);
}

struct judging {
	struct ltp_worker *w;
	const struct validation_policy *policy;
	struct path_budget budget;
	bool network;
	int64_t now_ms;
	int64_t proof_ms; /* since when the object is proven to exist; INT64_MAX: not */
};

static void add_proof(struct engine_proof *list, size_t *n, const uint8_t sha256[32],
		      int64_t time_ms)
{
	memcpy(list[*n].sha256, sha256, 32);
	list[*n].time_ms = time_ms;
	++*n;
}

/*
 * The object's own evidence record proves everything inside (DESIGN: data path).
 * ret  free with mem_free(); NULL without such a proof
 */
static int proofs_of(const struct document *d, int64_t time_ms,
		     struct engine_proof **ret, size_t *ret_n, struct ltps_error *err)
{
	const struct material *m = d->material;
	const size_t certs = material_count(m, MATERIAL_CERT);
	const size_t crls = material_count(m, MATERIAL_CRL);
	const size_t ocsps = material_count(m, MATERIAL_OCSP);
	*ret_n = 0;
	*ret = NULL;
	if (time_ms == INT64_MAX)
		return 0;
	*ret = mem_zalloc(2 * d->n_signatures + d->n_stamps + certs + crls + ocsps + 1,
			  sizeof(**ret));
	if (*ret == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < d->n_signatures; i++) {
		add_proof(*ret, ret_n, d->signatures[i].sha256, time_ms);
		if (d->signatures[i].has_content)
			add_proof(*ret, ret_n, d->signatures[i].content_sha256,
				  time_ms);
	}
	for (size_t i = 0; i < d->n_stamps; i++)
		add_proof(*ret, ret_n, d->stamps[i].sha256, time_ms);
	for (size_t i = 0; i < certs; i++)
		add_proof(*ret, ret_n, material_cert(m, MATERIAL_CERT, i)->sha256,
			  time_ms);
	for (size_t i = 0; i < crls; i++)
		add_proof(*ret, ret_n, material_crl(m, i)->sha256, time_ms);
	for (size_t i = 0; i < ocsps; i++)
		add_proof(*ret, ret_n, material_ocsp(m, i)->sha256, time_ms);
	return 0;
}

static struct engine_input input_of(const struct judging *j,
				    const struct material *const *pool)
{
	return (struct engine_input){ .policy = j->policy,
				      .pools = pool,
				      .n_pools = *pool != NULL,
				      .budget = j->budget,
				      .time_ms = j->now_ms };
}

static int read_document(const struct signatures_part *p, struct content *content,
			 struct document **ret, struct ltps_error *err)
{
	return is_pdf(p) ? document_read_pdf(p->data, VIEW_NULL, ret, err)
			 : document_read(p->data, content, ret, err);
}

/*
 * Judges one part into c: document and judged are set unless it cannot be read, which
 * the verdict then says.
 */
static int judge_part(const struct judging *j, const struct signatures_part *parts,
		      size_t n, size_t part, struct cared_part *c,
		      struct signatures_verdict *v, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	struct engine_proof *proofs = NULL;
	const struct signatures_part *content =
	    is_pdf(&parts[part]) ? NULL : content_part(parts, n, part);
	const struct material *pool = j->w->l->o.trust;
	struct engine_input in = input_of(j, &pool);
	const struct path_sources sources = worker_sources(j->w, j->network);
	if (content != NULL)
		c->content = content_of(content->data);
	if (read_document(&parts[part], content != NULL ? &c->content : NULL,
			  &c->document, &why) != 0) {
		if (why.fault != LTPS_FAULT_OBJECT) {
			*err = why;
			return -1;
		}
		take_unreadable(v, part, &why);
		return 0;
	}
	if (proofs_of(c->document, j->proof_ms, &proofs, &in.n_proofs, err) != 0)
		return -1;
	in.document = c->document;
	in.proofs = proofs;
	const int rc = judge_document(&sources, &in, &c->judged, err);
	mem_free(proofs);
	if (rc == 0)
		take_report(v, part, c->judged.report);
	return rc;
}

static void cared_clear(struct cared_part *c)
{
	augmented_clear(&c->augmented);
	judged_clear(&c->judged);
	document_free(c->document);
	buf_free(&c->report);
	buf_free(&c->made);
	*c = (struct cared_part){ 0 };
}

static bool is_over(void *arg)
{
	const int64_t *until_ms = arg;
	return clock_monotonic_ms() > *until_ms;
}

int signatures_judge(struct ltp_worker *w, const struct profile *p,
		     const struct signatures_part *parts, size_t n,
		     struct signatures_verdict *ret, struct ltps_error *err)
{
	int64_t until_ms = clock_monotonic_ms() + INGEST_MS_MAX;
	const struct judging j = { .w = w,
				   .policy = policy_of(w->l, p),
				   .budget = { .expired = is_over, .arg = &until_ms },
				   .now_ms = ltp_now(w->l),
				   .proof_ms = INT64_MAX };
	size_t judged = 0;
	int rc = 0;
	*ret = (struct signatures_verdict){ .worst = INDICATION_PASSED };
	for (size_t i = 0; rc == 0 && j.policy != NULL && i < n; i++) {
		struct cared_part c = { .part = i };
		bool signed_part;
		rc = is_judged(&parts[i], &signed_part, err);
		if (rc != 0 || !signed_part)
			continue;
		if (judged++ < SIGNATURES_PARTS_MAX)
			rc = judge_part(&j, parts, n, i, &c, ret, err);
		else
			take_excess(ret, i);
		cared_clear(&c);
	}
	return rc;
}

/* ---- the job: the object read ---- */

static void care_clear(struct care *c)
{
	const size_t n = c->version != NULL ? c->version->n_parts : 0;
	for (size_t i = 0; i < c->n_cared; i++)
		cared_clear(&c->cared[i]);
	for (size_t i = 0; i < n && c->data != NULL; i++)
		buf_free(&c->data[i]);
	for (size_t i = 0; i < n && c->related != NULL; i++) {
		if (c->related[i] != NULL)
			mem_free(c->related[i][0]);
		mem_free(c->related[i]);
	}
	mem_free(c->cared);
	mem_free(c->data);
	mem_free(c->related);
	mem_free(c->parts);
	object_free(c->object);
}

/* "a b c" as a list; the first text holds them all. */
static int split_related(const char *text, char ***ret, size_t *ret_n,
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
	if (blob_read(c->w->conn, p->blob, &c->data[i], err) != 0 ||
	    split_related(p->related, &c->related[i], &to->n_related, err) != 0)
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

static void later(struct care *c, int64_t retry_ms, const char *why)
{
	c->incomplete = true;
	if (retry_ms != INT64_MIN && retry_ms < c->retry_ms)
		c->retry_ms = retry_ms;
	if (c->why[0] == '\0')
		snprintf(c->why, sizeof(c->why), "%.*s", (int)sizeof(c->why) - 1, why);
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

/* Whether this part has such a form; others of its object may be ahead of it. */
static bool has_form(const struct care *c, enum version_kind kind, size_t part)
{
	char id[FORM_ID_MAX];
	signatures_form_id(&c->version->parts[part], kind, id);
	for (size_t i = 0; i < c->object->n_versions; i++) {
		const struct version *v = &c->object->versions[i];
		for (size_t k = 0; v->kind == kind && k < v->n_parts; k++)
			if (v->parts[k].po_id != NULL &&
			    strcmp(v->parts[k].po_id, id) == 0)
				return true;
	}
	return false;
}

/* Nothing more is fetched or made in this turn. */
static bool is_spent(const struct care *c)
{
	return clock_monotonic_ms() > c->until_ms || c->bytes > CARE_BYTES_MAX;
}

/* It counts by the evidence of the object alone: no time-stamp in the file can prove
 * any more what that does, and waiting does not help. */
static bool is_too_late(const struct augmented *a)
{
	const struct report *r = a->judged.report;
	for (size_t i = 0; r != NULL && i < r->n_signatures; i++)
		switch (r->signatures[i].conclusion.sub) {
		case SUB_REVOKED_NO_POE:
		case SUB_REVOKED_CA_NO_POE:
		case SUB_OUT_OF_BOUNDS_NO_POE:
		case SUB_OUT_OF_BOUNDS_NOT_REVOKED:
			return true;
		default:
			break;
		}
	return false;
}

static void take_outcome(struct care *c, struct cared_part *p, const char *what)
{
	struct augmented *a = &p->augmented;
	char text[256];
	if (a->outcome == AUGMENT_DONE &&
	    !view_equal(view_buf(&a->out), c->parts[p->part].data)) {
		p->made = a->out;
		a->out = buf_make(0);
		c->bytes += p->made.n;
	} else if (a->outcome == AUGMENT_INCOMPLETE && !is_too_late(a)) {
		snprintf(text, sizeof(text), "%s: %.200s", what, a->text);
		later(c, a->retry_ms, text);
	}
}

/*
 * Remote parties that fail are a reason to try again later; what cannot be done with
 * this part at all is told. Neither keeps back what the other parts gave.
 */
static int tried(struct care *c, struct ltps_error *err)
{
	if ((err->fault == LTPS_FAULT_SELF && err->code != LTPS_TOO_LARGE) ||
	    atomic_load(&c->w->cancelled))
		return -1;
	if (err->fault == LTPS_FAULT_REMOTE)
		later(c, INT64_MIN, err->text);
	else
		log_error(c->w->l->o.log, LOG_VALIDATION, LOG_WARNING,
			  "a part of an object stays as it is", err,
			  LOG_FIELDS({ "poid", c->object->poid }));
	ltps_error_clear(err);
	return 0;
}

static int raise(struct care *c, const struct judging *j, struct cared_part *p,
		 struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(c->w, true);
	const struct tsp_client tsa = ltp_tsp_client(c->w->l);
	const struct material *pool = c->w->l->o.trust;
	const struct augment_input in = { .file = c->parts[p->part].data,
					  .content =
					      p->content.in_memory ? &p->content : NULL,
					  .level = c->profile->augment,
					  .tsa = &tsa,
					  .digest = c->profile->digest,
					  .sources = &sources,
					  .judgement = input_of(j, &pool),
					  .clock = c->w->l->o.clock };
	if (augment_document(&in, &p->augmented, err) != 0)
		return tried(c, err);
	take_outcome(c, p, "augmentation");
	return 0;
}

static int care_signed(struct care *c, const struct judging *j, struct cared_part *p,
		       struct ltps_error *err)
{
	struct signatures_verdict own = { .worst = INDICATION_PASSED };
	struct judging now = *j;
	now.network = !is_spent(c);
	if (judge_part(&now, c->parts, c->version->n_parts, p->part, p, &own, err) != 0)
		return -1;
	if (!own.any)
		return 0;
	worse(&c->verdict, own.worst, own.sub, own.text);
	if (p->judged.report == NULL)
		return 0;
	if (c->bytes <= CARE_BYTES_MAX && make_report(c, p, p->judged.report, err) != 0)
		return -1;
	if (is_open(p->judged.report))
		later(c, retry_of(p->judged.report), own.text);
	if (own.worst != INDICATION_PASSED || c->profile->augment == LEVEL_NONE ||
	    has_form(c, VERSION_AUGMENTED, p->part))
		return 0;
	if (!is_spent(c))
		return raise(c, j, p, err);
	later(c, INT64_MIN, "time or memory for one turn is used up");
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

static int care_unsigned(struct care *c, const struct judging *j, struct cared_part *p,
			 struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(c->w, true);
	const struct tsp_client tsa = ltp_tsp_client(c->w->l);
	const struct material *pool = c->w->l->o.trust;
	p->content = content_of(c->parts[p->part].data);
	p->sealed = true;
	const struct seal_input in = {
		.content = &p->content,
		.enveloping = c->profile->seal == SEAL_ENVELOPING,
		.mime_type = c->version->parts[p->part].mime,
		.key = c->w->l->o.seal_key,
		.digest = c->profile->digest,
		.augment = { .level = c->profile->augment != LEVEL_NONE
					  ? c->profile->augment
					  : LEVEL_LTA,
			     .tsa = &tsa,
			     .digest = c->profile->digest,
			     .sources = &sources,
			     .judgement = input_of(j, &pool),
			     .clock = c->w->l->o.clock },
	};
	if (seal_part(&in, is_pdf(&c->parts[p->part]), &p->augmented, err) != 0)
		return tried(c, err);
	take_outcome(c, p, "sealing");
	if (p->augmented.outcome != AUGMENT_DONE || p->augmented.judged.report == NULL)
		return 0;
	return make_report(c, p, p->augmented.judged.report, err);
}

static bool is_to_be_sealed(const struct care *c, size_t part)
{
	return c->profile->seal != SEAL_NONE && is_unsigned(&c->parts[part]) &&
	       !has_form(c, VERSION_SEALED, part);
}

static int care_parts(struct care *c, int64_t proof_ms, struct ltps_error *err)
{
	const struct judging j = { .w = c->w,
				   .policy = c->policy,
				   .network = true,
				   .now_ms = c->now_ms,
				   .proof_ms = proof_ms };
	size_t judged = 0, sealed = 0;
	for (size_t i = 0; i < c->version->n_parts; i++) {
		struct cared_part *p = &c->cared[c->n_cared];
		bool signed_part;
		p->part = i;
		if (is_judged(&c->parts[i], &signed_part, err) != 0)
			return -1;
		if (signed_part) {
			if (judged++ == SIGNATURES_PARTS_MAX) {
				judged--;
				take_excess(&c->verdict, i);
				continue;
			}
			c->n_cared++;
			if (care_signed(c, &j, p, err) != 0)
				return -1;
		} else if (is_to_be_sealed(c, i)) {
			if (sealed == SIGNATURES_PARTS_MAX || is_spent(c)) {
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
		rc = care_parts(&c, proof_ms, &why);
	if (rc == 0)
		rc = alive ? signatures_keep(&c, &why) : care_none(&c, &why);
	if (rc != 0)
		rc = care_failed(&c, &why, err);
	care_clear(&c);
	return rc;
}
