/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simulate_judge - the end: every object and its evidence record is taken out and
 * judged offline, as `ltps evidence verify` does, from nothing but the record, the
 * object, and the exported history of the anchors.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "server/simulate.h"
#include "timestamping/ers.h"
#include "validation/evidence_source.h"
#include "validation/key.h"

#define FILE_MAX ((size_t)64 << 20)
/* By which a TSA's clock may differ, and more. */
#define PROOF_EARLY_MS (10 * 60 * SIM_SECOND_MS)

struct judged {
	struct sim *s;
	uint64_t n;
	struct material *anchors;
	struct sig_cache *signatures; /* records of one tree share their tokens */
	struct buf record;
	struct buf parts[SIM_PARTS_MAX];
	struct ers_object objects[SIM_PARTS_MAX];
	size_t n_parts;
};

int sim_write_out(const struct sim *s, const char *name, struct view octets,
		  struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	if (file_join(s->out_dir, name, path, sizeof(path), err) != 0)
		return -1;
	return file_write(path, octets, 0644, err);
}

int sim_read_out(const struct sim *s, const char *name, struct buf *out,
		 bool *ret_there, struct ltps_error *err)
{
	char path[SIM_PATH_MAX];
	if (file_join(s->out_dir, name, path, sizeof(path), err) != 0)
		return -1;
	buf_clear(out);
	*ret_there = access(path, F_OK) == 0;
	if (!*ret_there)
		return 0;
	int rc = file_read(path, out, err);
	if (!s->o.keep)
		unlink(path);
	return rc;
}

static int read_out(const struct sim *s, uint64_t n, const char *what, size_t i,
		    struct buf *out, bool *ret_there, struct ltps_error *err)
{
	char name[64];
	snprintf(name, sizeof(name), "%llu.%s%zu", (unsigned long long)n, what, i);
	return sim_read_out(s, name, out, ret_there, err);
}

/* 1: there; 0: not, and why stands in the reply */
static int take_out(struct sim *s, uint64_t n, bool evidence, struct sim_reply *ret,
		    struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_EXPORT,
				     .a = (int64_t)n,
				     .b = evidence };
	if (sim_ask(s, &o, ret, err) != 0)
		return -1;
	return ret->rc == 0 && ret->text[0] == '\0';
}

/* ---- the object ---- */

/* NULL: as it was handed in. */
static int compare(struct judged *j, const char **ret_why, struct ltps_error *err)
{
	struct buf was = buf_make(FILE_MAX);
	int rc = 0;
	bool there;
	*ret_why = NULL;
	j->n_parts = sim_parts_of(j->s, j->n);
	for (size_t i = 0; rc == 0 && *ret_why == NULL && i < j->n_parts; i++) {
		buf_clear(&was);
		rc = sim_handed_in(j->s, j->n, i, &was, err);
		if (rc == 0)
			rc = read_out(j->s, j->n, "part", i, &j->parts[i], &there, err);
		if (rc != 0)
			break;
		if (!there)
			*ret_why = "a part is missing";
		else if (!view_equal(view_buf(&was), view_buf(&j->parts[i])))
			*ret_why = "other octets than were handed in";
		j->objects[i] = (struct ers_object){ .name = "part",
						     .has_data = true,
						     .data = view_buf(&j->parts[i]) };
	}
	buf_free(&was);
	return rc;
}

static int take_object(struct judged *j, bool *ret_there, struct ltps_error *err)
{
	struct sim_reply reply;
	const char *why = NULL;
	int there = take_out(j->s, j->n, false, &reply, err);
	*ret_there = false;
	if (there < 0)
		return -1;
	if (there == 0)
		return sim_loss_add(j->s, j->n, true, reply.text, err);
	if (compare(j, &why, err) != 0)
		return -1;
	if (why != NULL)
		return sim_loss_add(j->s, j->n, true, why, err);
	*ret_there = true;
	return 0;
}

/* ---- the record ---- */

/* --fault dropped-token: the second time-stamp of the first chain that has three. */
static int drop_token(struct buf *record, struct ltps_error *err)
{
	struct ers *er = NULL;
	struct buf chain = buf_make(FILE_MAX), out = buf_make(FILE_MAX);
	struct view chains[ERS_CHAINS_MAX], stamps[ERS_STAMPS_MAX];
	size_t n = 0, at = 0;
	int rc = ers_parse(view_buf(record), &er, err);
	if (rc != 0)
		goto out;
	while (at + 1 < er->n_chains && er->chains[at].n < 3)
		at++;
	for (size_t i = 0; i < er->chains[at].n; i++)
		if (i != 1)
			stamps[n++] = er->chains[at].stamps[i].whole;
	rc = ers_chain_encode(stamps, n, &chain, err);
	for (size_t i = 0; i < er->n_chains; i++)
		chains[i] = i == at ? view_buf(&chain) : er->chains[i].whole;
	if (rc == 0)
		rc = ers_encode(chains, er->n_chains, er->algs, er->n_algs, VIEW_NULL,
				&out, err);
	buf_clear(record);
	if (rc == 0)
		rc = buf_put(record, view_buf(&out), err);
out:
	ers_free(er);
	buf_free(&chain);
	buf_free(&out);
	return rc;
}

void sim_explain_record(const struct ers_report *r, char *out, size_t n)
{
	for (size_t c = 0; c < r->n_chains; c++)
		for (size_t i = 0; i < r->chains[c].n; i++) {
			const struct ers_stamp_report *t = &r->chains[c].stamps[i];
			char when[TIME_TEXT_MAX] = "";
			if (t->indication == INDICATION_PASSED && t->imprint_intact &&
			    t->link_intact)
				continue;
			if (t->time_ms != INT64_MIN)
				time_rfc3339(t->time_ms, when);
			snprintf(out, n,
				 "chain %zu, time-stamp %zu of %zu (%s): %s %.120s%s",
				 c + 1, i + 1, r->chains[c].n, when,
				 t->subindication != NULL
				     ? t->subindication
				     : indication_name(t->indication),
				 t->text, t->link_intact ? "" : "; its link is broken");
			return;
		}
	snprintf(out, n, "%s: %s",
		 r->subindication != NULL ? r->subindication
					  : indication_name(r->indication),
		 r->n_findings > 0 ? r->findings[0].text : "");
}

static int judge_report(struct judged *j, const struct ers_report *r,
			struct ltps_error *err)
{
	char why[384], since[TIME_TEXT_MAX];
	const int64_t stored_ms = j->s->shared->objects[j->n].stored_ms;
	if (r->indication != INDICATION_PASSED || !r->intact) {
		sim_explain_record(r, why, sizeof(why));
		return sim_loss_add(j->s, j->n, false, why, err);
	}
	if (r->proof_of_existence_ms < stored_ms - PROOF_EARLY_MS)
		return sim_loss_add(j->s, j->n, false,
				    "its proof is older than the object: a wrong clock "
				    "was believed",
				    err);
	if (r->proof_of_existence_ms > stored_ms + 30 * SIM_DAY_MS)
		j->s->restamped++;
	if (r->proof_of_existence_ms <= stored_ms + SIM_PROOF_MS)
		return 0;
	time_rfc3339(r->proof_of_existence_ms, since);
	snprintf(why, sizeof(why), "proof of older time is lost: it exists since %s",
		 since);
	return sim_loss_add(j->s, j->n, false, why, err);
}

static int judge_record(struct judged *j, struct ltps_error *err)
{
	struct evidence_reports reports = { .n = 0 };
	struct ltps_error why = LTPS_ERROR_INIT;
	const struct ers_input in = { .objects = j->objects,
				      .n_objects = j->n_parts,
				      .material = j->anchors,
				      .policy = &j->s->policy,
				      .time_ms = sim_now(j->s),
				      .cache = j->signatures };
	int rc;
	if (evidence_judge(view_buf(&j->record), &in, &reports, &why) != 0)
		return sim_loss_add(j->s, j->n, false, why.text, err);
	rc = reports.n > 0 ? judge_report(j, evidence_worst(&reports), err)
			   : sim_loss_add(j->s, j->n, false, "no record", err);
	evidence_reports_clear(&reports);
	return rc;
}

static int take_record(struct judged *j, struct ltps_error *err)
{
	struct sim_reply reply;
	bool found;
	int there = take_out(j->s, j->n, true, &reply, err);
	if (there < 0)
		return -1;
	if (there == 0)
		return sim_loss_add(j->s, j->n, false, reply.text, err);
	if (read_out(j->s, j->n, "er", 0, &j->record, &found, err) != 0)
		return -1;
	if (j->s->o.fault == SIM_FAULT_DROPPED_TOKEN && j->n == j->s->chosen &&
	    drop_token(&j->record, err) != 0)
		return -1;
	return judge_record(j, err);
}

/* ---- all ---- */

static int judge_one(struct judged *j, struct ltps_error *err)
{
	const enum sim_object_state state = j->s->shared->objects[j->n].state;
	bool there = false;
	if (state == SIM_NOT_YET)
		return sim_loss_add(j->s, j->n, true, "it was never taken", err);
	if (state != SIM_STORED)
		return 0;
	j->s->checked++;
	if (take_object(j, &there, err) != 0)
		return -1;
	const size_t losses = j->s->n_losses;
	if (there && take_record(j, err) != 0)
		return -1;
	/* One reason is enough. */
	return there && losses == j->s->n_losses && sim_is_signed(j->s, j->n)
		   ? sim_judge_forms(j->s, j->n, j->anchors, err)
		   : 0;
}

static int read_anchors(struct judged *j, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_ANCHORS };
	struct sim_reply reply;
	char path[SIM_PATH_MAX];
	if (sim_ask(j->s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc != 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "no history of the anchors: %s", reply.text);
	if (file_join(j->s->out_dir, "anchors.pem", path, sizeof(path), err) != 0 ||
	    material_new(&j->anchors, err) != 0)
		return -1;
	return material_read(j->anchors, MATERIAL_ANCHOR, path, err);
}

static int count(struct sim *s, struct ltps_error *err)
{
	const struct sim_order o = { .kind = SIM_ORDER_COUNT };
	struct sim_reply reply;
	if (sim_ask(s, &o, &reply, err) != 0)
		return -1;
	if (reply.rc != 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "nothing can be counted: %s", reply.text);
	s->timestamp_renewals = reply.timestamp_renewals;
	s->hash_tree_renewals = reply.hash_tree_renewals;
	return 0;
}

int sim_judge(struct sim *s, struct ltps_error *err)
{
	struct judged j = { .s = s, .record = buf_make(FILE_MAX) };
	for (size_t i = 0; i < SIM_PARTS_MAX; i++)
		j.parts[i] = buf_make(FILE_MAX);
	int rc = count(s, err);
	if (rc == 0 && s->o.keep)
		rc = sim_policy_write(s, sim_now(s) + SIM_DAY_MS, err);
	if (rc == 0 && s->o.signed_objects > 0)
		rc = sim_status_make(s, err);
	if (rc == 0)
		rc = read_anchors(&j, err);
	if (rc == 0)
		rc = sig_cache_new(&j.signatures, err);
	for (j.n = 0; rc == 0 && j.n < s->o.objects; j.n++) {
		progress_step(s->o.progress, "judging", PROGRESS_THINGS, j.n,
			      s->o.objects);
		rc = judge_one(&j, err);
	}
	if (rc == 0)
		rc = sim_stop(s, err);
	for (size_t i = 0; i < SIM_PARTS_MAX; i++)
		buf_free(&j.parts[i]);
	buf_free(&j.record);
	sig_cache_free(j.signatures);
	material_free(j.anchors);
	material_free(s->status);
	s->status = NULL;
	return rc;
}
