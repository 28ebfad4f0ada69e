/* SPDX-License-Identifier: Apache-2.0 */
/* validation_policy_show - a policy with all that it decides, for people and programs.
 */
#include <string.h>

#include "base/clock.h"
#include "base/jsonw.h"
#include "validation/validation_policy_private.h"

#define MS_OF_DAY ((int64_t)86400000)

static const char *const signature_texts[] = {
	[SUITE_UNSIGNED] = "none",
	[SUITE_SIGNATURE_UNVERIFIED] = "not verified",
	[SUITE_SIGNATURE_VERIFIES] = "verifies",
	[SUITE_SIGNATURE_ELSEWHERE] = "verifies over another document",
};

static const char *model_name(const struct validation_policy *p)
{
	return p->model == PATH_CHAIN ? "chain" : "shell";
}

/* In the largest unit that fits, as conf.h reads it. */
static int put_duration(struct buf *out, int64_t ms, struct ltps_error *err)
{
	static const struct {
		int64_t ms;
		const char *suffix;
	} units[] = { { MS_OF_DAY, "d" },
		      { 3600000, "h" },
		      { 60000, "m" },
		      { 1000, "s" },
		      { 1, "ms" } };
	size_t i = 0;
	while (ms % units[i].ms != 0)
		i++;
	return buf_put_fmt(out, err, "%lld%s", (long long)(ms / units[i].ms),
			   units[i].suffix);
}

static int put_time(struct buf *out, int64_t t_ms, struct ltps_error *err)
{
	char text[TIME_TEXT_MAX] = "open";
	if (t_ms == INT64_MIN)
		return buf_put_text(out, "never", err);
	if (t_ms != INT64_MAX)
		time_rfc3339(t_ms, text);
	return buf_put_text(out, text, err);
}

/* ---- text ---- */

/* Ends a comment that began there: what stands in it came from somebody else, and ends
 * no line and moves no cursor. */
static int end_comment(struct buf *out, size_t from, struct ltps_error *err)
{
	for (size_t i = from; i < out->n; i++)
		if (out->p[i] < ' ' || out->p[i] == 0x7f)
			out->p[i] = ' ';
	return buf_put_byte(out, '\n', err);
}

static int put_comment(struct buf *out, const char *what, const char *text,
		       struct ltps_error *err)
{
	const size_t from = out->n;
	if (buf_put_fmt(out, err, "# %s: %s", what, text) != 0)
		return -1;
	return end_comment(out, from, err);
}

/* One line of text as conf.h reads it: in quotes where it would be read otherwise. */
static int put_text(struct buf *out, const char *key, const char *text,
		    struct ltps_error *err)
{
	const size_t n = strlen(text);
	if (buf_put_fmt(out, err, "%s = ", key) != 0)
		return -1;
	if (n > 0 && text[0] != '"' && text[0] != ' ' && text[n - 1] != ' ')
		return buf_put_fmt(out, err, "%s\n", text);
	if (buf_put_byte(out, '"', err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (((text[i] == '"' || text[i] == '\\') &&
		     buf_put_byte(out, '\\', err) != 0) ||
		    buf_put_byte(out, (uint8_t)text[i], err) != 0)
			return -1;
	return buf_put_text(out, "\"\n", err);
}

static int put_signature(const struct algorithm_suite *s, struct buf *out,
			 struct ltps_error *err)
{
	const size_t from = out->n;
	if (buf_put_fmt(out, err, "# suite signature: %s%s%s",
			signature_texts[s->signature], s->signer != NULL ? ", by " : "",
			s->signer != NULL ? s->signer : "") != 0)
		return -1;
	return end_comment(out, from, err);
}

static int put_suite(const struct algorithm_suite *s, struct buf *out,
		     struct ltps_error *err)
{
	const size_t from = out->n;
	char hex[65];
	hex_encode(view_of(s->sha256, sizeof(s->sha256)), hex);
	if (buf_put_fmt(out, err, "# suite: %s%s%s, issued ", s->name,
			s->uri != NULL ? ", " : "",
			s->uri != NULL ? s->uri : "") != 0 ||
	    (s->issued_ms == 0 ? buf_put_text(out, "at no known time", err)
			       : put_time(out, s->issued_ms, err)) != 0 ||
	    buf_put_text(out, ", next update ", err) != 0 ||
	    (s->next_update_ms == INT64_MAX
		 ? buf_put_text(out, "not announced", err)
		 : put_time(out, s->next_update_ms, err)) != 0 ||
	    end_comment(out, from, err) != 0 ||
	    put_comment(out, "suite sha256", hex, err) != 0 ||
	    put_signature(s, out, err) != 0)
		return -1;
	for (size_t i = 0; i < s->n_notes; i++)
		if (put_comment(out, "suite note", s->notes[i], err) != 0)
			return -1;
	return 0;
}

static int put_head(const struct validation_policy *p, struct buf *out,
		    struct ltps_error *err)
{
	char hex[65];
	hex_encode(view_of(p->sha256, sizeof(p->sha256)), hex);
	if (buf_put_fmt(out, err, "# sha256: %s\n", hex) != 0)
		return -1;
	for (size_t i = 0; i < p->n_notes; i++)
		if (put_comment(out, "note", p->notes[i], err) != 0)
			return -1;
	if (buf_put_text(out, "[policy]\n", err) != 0 ||
	    put_text(out, "id", p->id, err) != 0 ||
	    (p->description[0] != '\0' &&
	     put_text(out, "description", p->description, err) != 0) ||
	    buf_put_fmt(out, err, "model = %s\n", model_name(p)) != 0)
		return -1;
	if (p->max_age_ms != 0 && (buf_put_text(out, "max_age = ", err) != 0 ||
				   put_duration(out, p->max_age_ms, err) != 0 ||
				   buf_put_byte(out, '\n', err) != 0))
		return -1;
	if (buf_put_fmt(out, err,
			"exempt_short_term = %s\nanchor_as_signer_passes = %s\n\n"
			"[algorithms]\n",
			p->exempt_short_term ? "true" : "false",
			p->anchor_as_signer_passes ? "true" : "false") != 0 ||
	    put_text(out, "suite", p->suite_name, err) != 0)
		return -1;
	return buf_put_fmt(out, err, "out_of_date = %s\n",
			   constraint_level_name(p->out_of_date));
}

static int put_rule(const struct constraint_rule *r, enum constraint c, struct buf *out,
		    struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "%s = %s", constraint_name(c),
			constraint_level_name(r->level)) != 0)
		return -1;
	for (size_t i = 0; i < r->n_values; i++)
		if (buf_put_fmt(out, err, " %s", r->values[i]) != 0)
			return -1;
	if (r->number != 0 && (buf_put_byte(out, ' ', err) != 0 ||
			       put_duration(out, r->number, err) != 0))
		return -1;
	return buf_put_byte(out, '\n', err);
}

static int put_rules(const struct validation_policy *p, enum constraint_context x,
		     struct buf *out, struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "\n[%s]\n", policy_sections[x]) != 0)
		return -1;
	for (int c = 0; c < CONSTRAINT_COUNT; c++)
		if (constraint_applies((enum constraint)c, x) &&
		    put_rule(&p->rules[x][c], (enum constraint)c, out, err) != 0)
			return -1;
	return 0;
}

static int put_range(struct buf *out, const char *what, unsigned min, unsigned max,
		     struct ltps_error *err)
{
	if (min == 0 && max == 0)
		return 0;
	if (max == 0)
		return buf_put_fmt(out, err, " %s>=%u", what, min);
	return buf_put_fmt(out, err, " %s=%u..%u", what, min, max);
}

static int put_limit(const struct algorithm_limit *l, struct buf *out,
		     struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "# algorithm: %s", l->algorithm) != 0 ||
	    (l->digest != DIGEST_NONE &&
	     buf_put_fmt(out, err, " %s", digest_name(l->digest)) != 0) ||
	    put_range(out, "bits", l->min_bits, l->max_bits, err) != 0 ||
	    put_range(out, "q", l->min_q, l->max_q, err) != 0)
		return -1;
	if (l->from_ms != 0 && (buf_put_text(out, " from ", err) != 0 ||
				put_time(out, l->from_ms, err) != 0))
		return -1;
	if (buf_put_text(out, " until ", err) != 0 ||
	    put_time(out, l->until_ms, err) != 0)
		return -1;
	return buf_put_byte(out, '\n', err);
}

int validation_policy_text(const struct validation_policy *p, struct buf *out,
			   struct ltps_error *err)
{
	if (put_head(p, out, err) != 0 || put_suite(p->suite, out, err) != 0)
		return -1;
	for (size_t i = 0; i < p->algorithms.n; i++)
		if (put_limit(&p->algorithms.limits[i], out, err) != 0)
			return -1;
	for (int x = 0; x < CONTEXT_COUNT; x++)
		if (put_rules(p, (enum constraint_context)x, out, err) != 0)
			return -1;
	return 0;
}

/* ---- JSON ---- */

static void json_time_or_null(struct jsonw *j, const char *key, int64_t t_ms)
{
	jsonw_key(j, key);
	if (t_ms == INT64_MAX || t_ms == INT64_MIN || t_ms == 0)
		jsonw_null(j);
	else
		jsonw_time(j, t_ms);
}

static void json_digest(struct jsonw *j, const uint8_t sha256[32])
{
	jsonw_key(j, "sha256");
	jsonw_hex(j, view_of(sha256, 32));
}

static void json_texts(struct jsonw *j, const char *key, const char *const *texts,
		       size_t n)
{
	jsonw_key(j, key);
	jsonw_array(j);
	for (size_t i = 0; i < n; i++)
		jsonw_cstr(j, texts[i]);
	jsonw_array_end(j);
}

static void json_suite(struct jsonw *j, const struct validation_policy *p)
{
	const struct algorithm_suite *s = p->suite;
	jsonw_key(j, "suite");
	jsonw_object(j);
	jsonw_member(j, "suite", p->suite_name);
	jsonw_member(j, "name", s->name);
	jsonw_member(j, "oid", s->oid);
	jsonw_member(j, "uri", s->uri);
	jsonw_member(j, "publisher", s->publisher);
	json_time_or_null(j, "issued", s->issued_ms);
	json_time_or_null(j, "next_update", s->next_update_ms);
	jsonw_member(j, "signature", signature_texts[s->signature]);
	jsonw_member(j, "signer", s->signer);
	json_digest(j, s->sha256);
	json_texts(j, "notes", s->notes, s->n_notes);
	jsonw_member(j, "out_of_date", constraint_level_name(p->out_of_date));
	jsonw_object_end(j);
}

static void json_limit(struct jsonw *j, const struct algorithm_limit *l)
{
	jsonw_object(j);
	jsonw_member(j, "algorithm", l->algorithm);
	if (l->digest != DIGEST_NONE)
		jsonw_member(j, "digest", digest_name(l->digest));
	if (l->min_bits != 0)
		jsonw_member_int(j, "min_bits", l->min_bits);
	if (l->max_bits != 0)
		jsonw_member_int(j, "max_bits", l->max_bits);
	if (l->min_q != 0)
		jsonw_member_int(j, "min_q", l->min_q);
	if (l->max_q != 0)
		jsonw_member_int(j, "max_q", l->max_q);
	json_time_or_null(j, "from", l->from_ms);
	json_time_or_null(j, "until", l->until_ms);
	jsonw_member_bool(j, "never", l->until_ms == INT64_MIN);
	jsonw_object_end(j);
}

static void json_rule(struct jsonw *j, const struct constraint_rule *r,
		      enum constraint c)
{
	jsonw_object(j);
	jsonw_member(j, "constraint", constraint_name(c));
	jsonw_member(j, "level", constraint_level_name(r->level));
	jsonw_key(j, "values");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_values; i++)
		jsonw_cstr(j, r->values[i]);
	jsonw_array_end(j);
	if (r->number != 0)
		jsonw_member_int(j, "milliseconds", r->number);
	jsonw_member(j, "clause", constraint_clause(c));
	jsonw_member_bool(j, "may_be_lowered", constraint_may_be_lowered(c));
	jsonw_object_end(j);
}

static void json_rules(struct jsonw *j, const struct validation_policy *p)
{
	jsonw_key(j, "constraints");
	jsonw_object(j);
	for (int x = 0; x < CONTEXT_COUNT; x++) {
		jsonw_key(j, constraint_context_name((enum constraint_context)x));
		jsonw_array(j);
		for (int c = 0; c < CONSTRAINT_COUNT; c++)
			if (constraint_applies((enum constraint)c,
					       (enum constraint_context)x))
				json_rule(j, &p->rules[x][c], (enum constraint)c);
		jsonw_array_end(j);
	}
	jsonw_object_end(j);
}

int validation_policy_json(const struct validation_policy *p, struct buf *out,
			   struct ltps_error *err)
{
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "id", p->id);
	jsonw_member(&j, "description", p->description);
	json_digest(&j, p->sha256);
	jsonw_key(&j, "notes");
	jsonw_array(&j);
	for (size_t i = 0; i < p->n_notes; i++)
		jsonw_cstr(&j, p->notes[i]);
	jsonw_array_end(&j);
	jsonw_member(&j, "model", model_name(p));
	jsonw_key(&j, "max_age_ms");
	if (p->max_age_ms != 0)
		jsonw_int(&j, p->max_age_ms);
	else
		jsonw_null(&j);
	jsonw_member_bool(&j, "exempt_short_term", p->exempt_short_term);
	jsonw_member_bool(&j, "anchor_as_signer_passes", p->anchor_as_signer_passes);
	json_suite(&j, p);
	jsonw_key(&j, "algorithms");
	jsonw_array(&j);
	for (size_t i = 0; i < p->algorithms.n; i++)
		json_limit(&j, &p->algorithms.limits[i]);
	jsonw_array_end(&j);
	json_rules(&j, p);
	jsonw_object_end(&j);
	return jsonw_end(&j, err);
}
