/* SPDX-License-Identifier: Apache-2.0 */
/* The report on an evidence record: findings, JSON, text. */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/ers_job.h"

/* Findings are kept in steps of this many. */
#define FINDINGS_STEP 16

int ers_report_add(struct ers_report *rep, const struct ers_finding *finding,
		   struct ltps_error *err)
{
	if (rep->n_findings == ERS_FINDINGS_MAX)
		return 0;
	if (rep->n_findings % FINDINGS_STEP == 0) {
		void *more = mem_resize(rep->findings, rep->n_findings + FINDINGS_STEP,
					sizeof(*rep->findings));
		if (more == NULL)
			return ltps_fail_nomem(err);
		rep->findings = more;
	}
	rep->findings[rep->n_findings++] = *finding;
	return 0;
}

void ers_report_free(struct ers_report *r)
{
	if (r == NULL)
		return;
	for (size_t i = 0; i < r->n_chains; i++)
		mem_free(r->chains[i].stamps);
	mem_free(r->chains);
	mem_free(r->covers);
	mem_free(r->findings);
	mem_free(r);
}

static void put_time_member(struct jsonw *j, const char *key, int64_t t_ms)
{
	jsonw_key(j, key);
	if (t_ms == INT64_MIN)
		jsonw_null(j);
	else
		jsonw_time(j, t_ms);
}

static void put_text_member(struct jsonw *j, const char *key, const char *s)
{
	jsonw_key(j, key);
	jsonw_text(j, view_of(s, strlen(s)));
}

static void put_covers(const struct ers_report *r, struct jsonw *j)
{
	jsonw_key(j, "covers");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_covers; i++) {
		jsonw_object(j);
		jsonw_member(j, "data", r->covers[i].name);
		jsonw_member_bool(j, "covered", r->covers[i].covered);
		jsonw_member_bool(j, "group_complete", r->covers[i].group_complete);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

static void put_stamp(const struct ers_stamp_report *s, struct jsonw *j)
{
	jsonw_member(j, "digest", s->alg == DIGEST_NONE ? NULL : digest_name(s->alg));
	put_time_member(j, "time", s->time_ms);
	jsonw_member_bool(j, "imprint_intact", s->imprint_intact);
	jsonw_member_bool(j, "signature_intact", s->signature_intact);
	jsonw_member(j, "indication", indication_name(s->indication));
	jsonw_member(j, "subindication", s->subindication);
	if (s->status_age_ms != INT64_MIN)
		jsonw_member_int(j, "status_age_seconds", s->status_age_ms / 1000);
	if (s->indication != INDICATION_PASSED) {
		jsonw_member(j, "clause", s->clause);
		put_text_member(j, "text", s->text);
	}
}

/* Of the first time-stamp of a later chain; null: not checked. */
static void put_chain_link(const struct ers_chain_report *r, struct jsonw *j)
{
	jsonw_key(j, "link_intact");
	if (r->link_checked)
		jsonw_bool(j, r->links_previous);
	else
		jsonw_null(j);
	jsonw_member_bool(j, "sorted_variant", r->sorted_variant);
}

static void put_chains(const struct ers_report *r, struct jsonw *j)
{
	jsonw_key(j, "chains");
	jsonw_array(j);
	for (size_t c = 0; c < r->n_chains; c++) {
		jsonw_array(j);
		for (size_t s = 0; s < r->chains[c].n; s++) {
			jsonw_object(j);
			put_stamp(&r->chains[c].stamps[s], j);
			if (s > 0)
				jsonw_member_bool(j, "link_intact",
						  r->chains[c].stamps[s].link_intact);
			else if (c > 0)
				put_chain_link(&r->chains[c], j);
			jsonw_object_end(j);
		}
		jsonw_array_end(j);
	}
	jsonw_array_end(j);
}

static void put_findings(const struct ers_report *r, struct jsonw *j)
{
	jsonw_key(j, "findings");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_findings; i++) {
		jsonw_object(j);
		jsonw_member(j, "code", r->findings[i].code);
		jsonw_member(j, "clause", r->findings[i].clause);
		put_text_member(j, "object", r->findings[i].object);
		put_text_member(j, "text", r->findings[i].text);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

void ers_report_json_members(const struct ers_report *r, struct jsonw *j)
{
	jsonw_member_bool(j, "intact", r->intact);
	jsonw_member(j, "indication", indication_name(r->indication));
	jsonw_member(j, "subindication", r->subindication);
	put_covers(r, j);
	put_chains(r, j);
	put_time_member(j, "proof_of_existence", r->proof_of_existence_ms);
	put_findings(r, j);
}

void ers_report_json(const struct ers_report *r, struct jsonw *j)
{
	jsonw_object(j);
	ers_report_json_members(r, j);
	jsonw_object_end(j);
}

static void time_or_unknown(int64_t t_ms, char out[TIME_TEXT_MAX])
{
	static const char unknown[] = "unknown time";
	if (t_ms == INT64_MIN)
		memcpy(out, unknown, sizeof(unknown));
	else
		time_rfc3339(t_ms, out);
}

/* Names come from outside: nothing in them may steer a terminal. */
#define TEXT_NAME_MAX 256
static const char *printable(const char *name, char out[TEXT_NAME_MAX])
{
	size_t n = 0;
	for (; name != NULL && name[n] != '\0' && n < TEXT_NAME_MAX - 1; n++) {
		unsigned char c = (unsigned char)name[n];
		out[n] = c < 0x20 || c == 0x7f ? '?' : name[n];
	}
	out[n] = '\0';
	return out;
}

static int text_stamp(const struct ers_stamp_report *s, size_t c, size_t k,
		      struct buf *out, struct ltps_error *err)
{
	char time[TIME_TEXT_MAX];
	time_or_unknown(s->time_ms, time);
	return buf_put_fmt(
	    out, err, "  chain %zu, time-stamp %zu: %s, %s, %s%s%s%s%s%s\n", c + 1,
	    k + 1, time, digest_name(s->alg), indication_name(s->indication),
	    s->subindication != NULL ? " " : "",
	    s->subindication != NULL ? s->subindication : "",
	    s->imprint_intact ? "" : ", imprint not intact",
	    s->link_intact ? "" : ", link not intact",
	    s->signature_intact ? "" : ", signature not intact");
}

static int text_covers(const struct ers_report *r, struct buf *out,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_covers; i++) {
		const struct ers_cover *c = &r->covers[i];
		const char *group = c->group_complete ? ", the group is complete" : "";
		char name[TEXT_NAME_MAX];
		if (buf_put_fmt(out, err, "  %s: %s%s\n", printable(c->name, name),
				c->covered ? "covered" : "NOT covered", group) != 0)
			return -1;
	}
	return 0;
}

static int text_findings(const struct ers_report *r, struct buf *out,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_findings; i++) {
		const struct ers_finding *f = &r->findings[i];
		char object[TEXT_NAME_MAX], text[TEXT_NAME_MAX];
		if (buf_put_fmt(out, err, "  %s: %s: %s (%s)\n", f->code,
				printable(f->object, object), printable(f->text, text),
				f->clause != NULL ? f->clause : "-") != 0)
			return -1;
	}
	return 0;
}

static int text_chains(const struct ers_report *r, struct buf *out,
		       struct ltps_error *err)
{
	for (size_t c = 0; c < r->n_chains; c++)
		for (size_t s = 0; s < r->chains[c].n; s++)
			if (text_stamp(&r->chains[c].stamps[s], c, s, out, err) != 0)
				return -1;
	return 0;
}

int ers_report_text(const struct ers_report *r, struct buf *out, struct ltps_error *err)
{
	char time[TIME_TEXT_MAX];
	if (buf_put_fmt(out, err, "evidence record: %s%s%s, %s\n",
			indication_name(r->indication),
			r->subindication != NULL ? " " : "",
			r->subindication != NULL ? r->subindication : "",
			r->intact ? "intact" : "not intact") != 0)
		return -1;
	if (text_covers(r, out, err) != 0 || text_chains(r, out, err) != 0 ||
	    text_findings(r, out, err) != 0)
		return -1;
	if (r->proof_of_existence_ms == INT64_MIN)
		return 0;
	time_rfc3339(r->proof_of_existence_ms, time);
	return buf_put_fmt(out, err, "  existed at %s\n", time);
}
