/* SPDX-License-Identifier: Apache-2.0 */
/*
 * at_once - PreservePO without storage (TS 119 512 F.4): each signature of the request
 * judged, raised to the level of the profile and given back in the answer. What is
 * fetched on the way is known to the service afterwards; of the objects nothing is.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/ingest_private.h"
#include "ltp/limit.h"
#include "ltp/rows.h"
#include "storage/audit.h"

struct once {
	struct ltp_worker *w;
	const struct ltp_ingest_request *req;
	const struct profile *profile;
	struct signatures_part *parts;
	int64_t now_ms;
	struct limit limit;
	struct ltp_retrieved out;
	struct ltp_result *result;
};

bool ltp_is_at_once(const struct ltp *l, const char *profile_id)
{
	const struct profile *p = profile_by_id(l, profile_id);
	return p != NULL && p->storage == WITHOUT_STORAGE;
}

/* ---- how many at a time ---- */

/* Each holds a worker while it waits for the network: the others go on serving. */
static int enter(struct ltp *l, struct ltps_error *err)
{
	if (atomic_fetch_add(&l->at_once, 1) < l->o.fetchers || l->o.fetchers == 0)
		return 0;
	atomic_fetch_sub(&l->at_once, 1);
	return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
			 "as many requests wait for the network as may");
}

static void leave(struct ltp *l)
{
	atomic_fetch_sub(&l->at_once, 1);
}

/* ---- refusals; 0 is returned so that they can be ---- */

static int refuse_signature(struct once *o, const char *text)
{
	return refuse(o->result, LTP_PO_FORMAT_ERROR, "%s", text);
}

/* Who did not answer decides whether asking again later is of any use. */
static int refuse_open(struct once *o, const struct cared_part *c,
		       const struct signatures_verdict *v)
{
	const bool remote = c->judged.failed > 0 || v->sub == SUB_TRY_LATER;
	return refuse(o->result,
		      remote ? LTP_EXTERNAL_UNAVAILABLE : LTP_PO_FORMAT_ERROR, "%s",
		      v->text);
}

static int refuse_outcome(struct once *o, size_t part, const struct augmented *a)
{
	const bool missing = a->outcome == AUGMENT_INCOMPLETE;
	const char *what = a->n_missing > 0 ? a->missing[0].what : "";
	const char *from = a->n_missing > 0 ? a->missing[0].from : "";
	return refuse(o->result,
		      missing ? LTP_EXTERNAL_UNAVAILABLE : LTP_PO_FORMAT_ERROR,
		      "po[%zu]: %.200s%s%.100s%s%.100s", part, a->text,
		      what[0] != '\0' ? "; missing: " : "", what,
		      from[0] != '\0' ? ", from " : "", from);
}

/* Remote parties and the object are told of; what is ours stays an error. */
static int refuse_error(struct once *o, size_t part, struct ltps_error *err)
{
	const bool object =
	    err->fault == LTPS_FAULT_OBJECT ||
	    (err->code == LTPS_TOO_LARGE && err->fault == LTPS_FAULT_SELF);
	if (atomic_load(&o->w->cancelled) ||
	    (err->fault != LTPS_FAULT_REMOTE && !object))
		return -1;
	refuse(o->result, object ? LTP_PO_FORMAT_ERROR : LTP_EXTERNAL_UNAVAILABLE,
	       "po[%zu]: %.400s", part, err->text);
	ltps_error_clear(err);
	return 0;
}

/* ---- one signature ---- */

static int set_text(char **ret, const char *s, struct ltps_error *err)
{
	if (s == NULL)
		return 0;
	*ret = mem_dup_text(s);
	return *ret == NULL ? ltps_fail_nomem(err) : 0;
}

static int give(struct once *o, size_t part, struct cared_part *c,
		struct ltps_error *err)
{
	const struct ltp_po *from = &o->req->pos[part];
	struct ltp_po_out *po = &o->out.pos[o->out.n_pos++];
	const struct format *format;
	const char *format_id, *mime;
	const bool detached = !signatures_is_pdf(&o->parts[part]) &&
			      c->document->cms != NULL &&
			      !c->document->cms->has_content;
	signatures_describe_form(from->format_id, view_buf(&c->augmented.out), detached,
				 &format, &format_id, &mime);
	/* A PDF that needed nothing more borrows from the request. */
	po->data = buf_make(RETRIEVE_BYTES_MAX);
	if (worker_take(o->w, c->augmented.out.n, err) != 0 ||
	    buf_put(&po->data, view_buf(&c->augmented.out), err) != 0 ||
	    set_text(&po->id, from->id, err) != 0 ||
	    set_text(&po->format_id, format_id, err) != 0)
		return -1;
	return set_text(&po->mime, mime, err);
}

static int raise(struct once *o, const struct signatures_judging *j, size_t part,
		 struct cared_part *c, struct ltps_error *err)
{
	const struct path_sources sources = worker_sources(o->w, true);
	const struct tsp_client tsa = ltp_tsp_client(o->w->l);
	const struct augment_input in = {
		.file = o->parts[part].data,
		.content = c->content.in_memory ? &c->content : NULL,
		.level = o->profile->augment,
		.tsa = &tsa,
		.digest = leaf_digest(o->w->l, o->profile, o->now_ms),
		.sources = &sources,
		.judgement = signatures_input(j),
		.clock = o->w->l->o.clock
	};
	if (augment_document(&in, &c->augmented, err) != 0)
		return refuse_error(o, part, err);
	return c->augmented.outcome == AUGMENT_DONE
		   ? give(o, part, c, err)
		   : refuse_outcome(o, part, &c->augmented);
}

static int care(struct once *o, size_t part, struct cared_part *c,
		struct ltps_error *err)
{
	const struct signatures_judging j = { .w = o->w,
					      .policy = policy_of(o->w->l, o->profile),
					      .budget = limit_budget(&o->limit),
					      .network = true,
					      .now_ms = o->now_ms,
					      .proof_ms = INT64_MAX };
	struct signatures_verdict v = { .worst = INDICATION_PASSED };
	char text[64];
	if (signatures_judge_part(&j, o->parts, o->req->n_pos, part, c, &v, NULL,
				  err) != 0)
		return -1;
	snprintf(text, sizeof(text), "po[%zu]: there is no signature in it", part);
	if (!v.any)
		return refuse_signature(o, text);
	if (v.worst == INDICATION_FAILED)
		return refuse_signature(o, v.text);
	if (v.worst != INDICATION_PASSED)
		return refuse_open(o, c, &v);
	return raise(o, &j, part, c, err);
}

/* ---- the request ---- */

static int care_all(struct once *o, struct ltps_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && o->result->minor == LTP_OK && i < o->req->n_pos;
	     i++) {
		struct cared_part c = { .part = i };
		bool is_signed;
		if (signatures_is_judged(&o->parts[i], &is_signed, err) != 0)
			return -1;
		if (!is_signed)
			continue;
		if (limit_is_over(&o->limit)) {
			refuse(o->result, LTP_EXTERNAL_UNAVAILABLE,
			       "po[%zu]: not done within %d s", i,
			       AT_ONCE_MS_MAX / 1000);
			return 0;
		}
		rc = care(o, i, &c, err);
		signatures_cared_clear(&c);
	}
	return rc;
}

static bool formats_true(struct once *o)
{
	for (size_t i = 0; i < o->req->n_pos; i++)
		if (!request_format_true(&o->req->pos[i], o->parts[i].detected, i,
					 o->result))
			return false;
	return true;
}

static int run(struct once *o, struct ltps_error *err)
{
	o->parts = ingest_signature_parts(o->req);
	o->out.pos = mem_zalloc(o->req->n_pos, sizeof(*o->out.pos));
	if (o->parts == NULL || o->out.pos == NULL)
		return ltps_fail_nomem(err);
	if (!formats_true(o))
		return 0;
	const int possible =
	    ingest_forms_possible(o->profile, o->parts, o->req->n_pos, o->result, err);
	if (possible <= 0)
		return possible;
	fetch_until(o->w->fetch, o->limit.until_ms);
	const int rc = care_all(o, err);
	fetch_until(o->w->fetch, INT64_MAX);
	return rc;
}

static int audit(const struct once *o, struct ltps_error *err)
{
	char detail[STORE_URI_MAX + 64];
	snprintf(detail, sizeof(detail), "%s, %zu POs raised", o->profile->id,
		 o->out.n_pos);
	const struct audit_note note = { .caller = &o->req->caller,
					 .operation = OP_PRESERVE_PO,
					 .detail = o->result->minor == LTP_OK
						       ? detail
						       : o->result->message,
					 .result = o->result };
	return ltp_audit(o->w, &note, err);
}

int ltp_preserve_at_once(struct ltp_worker *w, const struct ltp_ingest_request *req,
			 struct ltp_retrieved *ret, struct ltp_result *ret_result,
			 struct ltps_error *err)
{
	struct once o = { .w = w,
			  .req = req,
			  .now_ms = ltp_now(w->l),
			  .limit = limit_of(AT_ONCE_MS_MAX, NULL),
			  .result = ret_result };
	refuse(ret_result, LTP_OK, "%s", "");
	*ret = (struct ltp_retrieved){ 0 };
	if (ingest_check(w->l, req, &o.profile, ret_result, err) != 0)
		return -1;
	if (o.profile == NULL)
		return ingest_audit_refusal(w, req, ret_result, err);
	if (enter(w->l, err) != 0)
		return -1;
	int rc = run(&o, err);
	leave(w->l);
	if (rc == 0)
		rc = audit(&o, err);
	if (rc == 0 && ret_result->minor == LTP_OK) {
		*ret = o.out;
		o.out = (struct ltp_retrieved){ 0 };
	}
	ltp_retrieved_clear(&o.out);
	mem_free(o.parts);
	return rc;
}
