/* SPDX-License-Identifier: Apache-2.0 */
/* outlook_text - the outlook of an object as JSON, and as lines for people. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ltp/outlook.h"
#include "ltp/rows.h"
#include "storage/signature.h"

#define DAY_MS 86400000

static const char *const PURPOSES[] = {
	[TREE_FIRST] = "first",
	[TREE_TIMESTAMP_RENEWAL] = "time-stamp renewal",
	[TREE_HASH_RENEWAL] = "hash-tree renewal",
};
static const char *const TREE_STATES[] = {
	[TREE_OPEN] = "open",
	[TREE_CLOSING] = "closing",
	[TREE_STAMPED] = "stamped",
};
static const char *const OBJECT_STATES[] = {
	[OBJECT_LIVE] = "live",
	[OBJECT_DATA_DELETED] = "data-deleted",
	[OBJECT_DELETED] = "deleted",
};

/* ---- JSON ---- */

static void put_text(struct jsonw *j, const char *key, const char *s)
{
	jsonw_member(j, key, s[0] != '\0' ? s : NULL);
}

static void put_due(struct jsonw *j, const struct outlook_due *d)
{
	jsonw_object(j);
	jsonw_member(j, "what", forecast_kind_name(d->kind));
	jsonw_member_time(j, "due", d->due_ms);
	jsonw_member_time(j, "weakens", d->weakens_ms);
	jsonw_member_bool(j, "alarm", d->weakens_ms == INT64_MIN);
	jsonw_member(j, "why", d->why);
	put_text(j, "tsa", d->authority);
	jsonw_member(j, "digest",
		     d->alg != DIGEST_NONE ? digest_name(d->alg) : NULL);
	jsonw_object_end(j);
}

static void put_stamp(struct jsonw *j, const struct outlook_stamp *s)
{
	jsonw_object(j);
	jsonw_member_time(j, "time", s->gen_time_ms);
	jsonw_member_time(j, "stored", s->stored_ms);
	jsonw_member(j, "tsa", s->tsa);
	put_text(j, "authority", s->authority);
	jsonw_member_time(j, "weakens", s->weakens_ms);
	put_text(j, "why", s->why);
	jsonw_member_bool(j, "fallen", s->fallen);
	jsonw_member_bool(j, "last", s->tip);
	jsonw_object_end(j);
}

/* What a tree says to tenants when a time-stamp could not be had. */
#define TREE_FAILED "time-stamping failed"

static const char *error_of(const struct outlook *o, const struct outlook_chain *c)
{
	return o->for_operator || c->tree.last_error[0] == '\0' ? c->tree.last_error
								 : TREE_FAILED;
}

/* How many leaves it has is not told: they are of other tenants too. */
static void put_chain(const struct outlook *o, struct jsonw *j,
		      const struct outlook_chain *c)
{
	jsonw_object(j);
	jsonw_member_int(j, "tree", c->tree.id);
	jsonw_member_int(j, "leaf", (int64_t)c->leaf);
	jsonw_member(j, "purpose", PURPOSES[c->tree.purpose]);
	jsonw_member(j, "digest", digest_name(c->tree.alg));
	jsonw_member(j, "state", TREE_STATES[c->tree.state]);
	jsonw_member_time(j, "since", c->tree.opened_ms);
	put_text(j, "error", error_of(o, c));
	jsonw_key(j, "timestamps");
	jsonw_array(j);
	for (size_t i = 0; i < c->n; i++)
		put_stamp(j, &c->stamps[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}

static void put_digest(struct jsonw *j, const char *key, const struct digest *d)
{
	jsonw_key(j, key);
	if (d->alg == DIGEST_NONE)
		jsonw_null(j);
	else
		jsonw_hex(j, digest_view(d));
}

static void put_part(struct jsonw *j, const struct part *p)
{
	jsonw_object(j);
	jsonw_member_int(j, "number", p->seq);
	jsonw_member(j, "id", p->po_id);
	jsonw_member(j, "format", p->format_id);
	jsonw_member(j, "mime", p->mime);
	jsonw_member(j, "detected", p->detected);
	jsonw_member_int(j, "size", (int64_t)p->size);
	put_digest(j, "sha256", &p->sha256);
	jsonw_member_bool(j, "data", p->blob != 0);
	jsonw_object_end(j);
}

static int put_signature(void *arg, const struct signature_row *r,
			 struct ltps_error *err)
{
	struct jsonw *j = arg;
	(void)err;
	jsonw_object(j);
	jsonw_member_int(j, "part", r->part);
	jsonw_member(j, "signer", r->subject);
	jsonw_member(j, "verdict", r->verdict);
	jsonw_object_end(j);
	return 0;
}

/* Forms and reports follow what they were made of, and are not judged by themselves. */
static int64_t judged_again(const struct outlook *o, const struct version *v)
{
	return version_is_logical(v) && v->verdict != NULL &&
		       o->object->state == OBJECT_LIVE
		   ? v->judged_ms + o->rhythm_ms
		   : INT64_MAX;
}

static void put_lists(const struct outlook *o, const struct outlook_version *ov,
		      struct jsonw *j)
{
	jsonw_key(j, "parts");
	jsonw_array(j);
	for (size_t i = 0; i < ov->version->n_parts; i++)
		put_part(j, &ov->version->parts[i]);
	jsonw_array_end(j);
	jsonw_key(j, "evidence");
	jsonw_array(j);
	for (size_t i = 0; i < ov->n; i++)
		put_chain(o, j, &ov->chains[i]);
	jsonw_array_end(j);
	jsonw_key(j, "renewals");
	jsonw_array(j);
	for (size_t i = 0; i < ov->n_dues; i++)
		put_due(j, &ov->dues[i]);
	jsonw_array_end(j);
}

static int put_version(const struct outlook *o, const struct outlook_version *ov,
		       struct store_conn *conn, struct jsonw *j, struct ltps_error *err)
{
	const struct version *v = ov->version;
	const struct version *base =
	    v->base != 0 ? object_version_by_id(o->object, v->base) : NULL;
	jsonw_object(j);
	jsonw_member(j, "id", v->label);
	jsonw_member(j, "kind", version_kind_name(v->kind));
	jsonw_member(j, "made_of", base != NULL ? base->label : NULL);
	jsonw_member_time(j, "created", v->created_ms);
	jsonw_member(j, "verdict", v->verdict);
	jsonw_member_time(j, "judged", v->verdict != NULL ? v->judged_ms : INT64_MAX);
	jsonw_member_time(j, "judged_again", judged_again(o, v));
	jsonw_member_time(j, "proven_since", ov->proven_ms);
	jsonw_member_int(j, "chains_taken_over", (int64_t)ov->came);
	jsonw_key(j, "signatures");
	jsonw_array(j);
	if (signatures_list(conn, v->id, put_signature, j, err) != 0)
		return -1;
	jsonw_array_end(j);
	put_lists(o, ov, j);
	jsonw_object_end(j);
	return 0;
}

int outlook_json(const struct outlook *o, struct store_conn *conn, struct jsonw *j,
		 struct ltps_error *err)
{
	const struct object *object = o->object;
	const struct outlook_due *next = outlook_next(o);
	jsonw_object(j);
	jsonw_member(j, "poid", object->poid);
	jsonw_member(j, "profile", object->profile);
	jsonw_member(j, "state", OBJECT_STATES[object->state]);
	jsonw_member_time(j, "stored", object->created_ms);
	jsonw_member_time(j, "preserve_until",
			  object->preserve_until_ms != 0 ? object->preserve_until_ms
							 : INT64_MAX);
	jsonw_member_time(j, "deleted",
			  object->deleted_ms != 0 ? object->deleted_ms : INT64_MAX);
	jsonw_member_time(j, "time", o->now_ms);
	jsonw_member_int(j, "margin_days", o->margin_ms / DAY_MS);
	jsonw_key(j, "next");
	if (next != NULL)
		put_due(j, next);
	else
		jsonw_null(j);
	jsonw_key(j, "versions");
	jsonw_array(j);
	for (size_t i = 0; i < o->n; i++)
		if (put_version(o, &o->versions[i], conn, j, err) != 0)
			return -1;
	jsonw_array_end(j);
	jsonw_object_end(j);
	return jsonw_end(j, err);
}

/* ---- text ---- */

static int text_stamp(const struct outlook_stamp *s, struct buf *out,
		      struct ltps_error *err)
{
	char time[TIME_TEXT_MAX], weakens[TIME_TEXT_MAX];
	time_rfc3339(s->gen_time_ms, time);
	forecast_day(s->weakens_ms, weakens);
	if (s->authority[0] == '\0')
		return buf_put_fmt(out, err, "    time-stamp %s by %s, no date yet\n",
				   time, s->tsa);
	return buf_put_fmt(out, err, "    time-stamp %s by %s, weakens %s (%s)%s\n",
			   time, s->tsa, weakens, s->why,
			   s->fallen ? ", proves nothing any more" : "");
}

static int text_due(const struct outlook_due *d, struct buf *out,
		    struct ltps_error *err)
{
	char due[TIME_TEXT_MAX], weakens[TIME_TEXT_MAX];
	forecast_day(d->due_ms, due);
	forecast_day(d->weakens_ms, weakens);
	return buf_put_fmt(out, err, "    due %s: %s, before %s (%s)\n", due,
			   forecast_kind_name(d->kind), weakens, d->why);
}

/* What came before the first time-stamp of ours. */
static int text_came(const struct outlook_version *v, struct buf *out,
		     struct ltps_error *err)
{
	char since[TIME_TEXT_MAX];
	if (v->came == 0)
		return 0;
	forecast_day(v->proven_ms, since);
	return buf_put_fmt(out, err,
			   "    evidence of another service, %" PRIu64
			   " %s, proven since %s\n",
			   v->came, v->came == 1 ? "chain" : "chains", since);
}

static int text_version(const struct outlook_version *v, struct buf *out,
			struct ltps_error *err)
{
	const struct version *x = v->version;
	char at[TIME_TEXT_MAX];
	time_rfc3339(x->created_ms, at);
	if (buf_put_fmt(out, err, "  %s  %s %s%s%s\n", x->label,
			version_kind_name(x->kind), at,
			x->verdict != NULL ? ", " : "",
			x->verdict != NULL ? x->verdict : "") != 0 ||
	    text_came(v, out, err) != 0)
		return -1;
	for (size_t c = 0; c < v->n; c++) {
		const struct outlook_chain *chain = &v->chains[c];
		if (chain->n == 0 &&
		    buf_put_fmt(out, err, "    no time-stamp yet (tree %" PRId64 ")\n",
				chain->tree.id) != 0)
			return -1;
		for (size_t i = 0; i < chain->n; i++)
			if (text_stamp(&chain->stamps[i], out, err) != 0)
				return -1;
	}
	for (size_t i = 0; i < v->n_dues; i++)
		if (text_due(&v->dues[i], out, err) != 0)
			return -1;
	return 0;
}

int outlook_text(const struct outlook *o, struct buf *out, struct ltps_error *err)
{
	const struct outlook_due *next = outlook_next(o);
	char due[TIME_TEXT_MAX], until[TIME_TEXT_MAX];
	forecast_day(next != NULL ? next->due_ms : INT64_MAX, due);
	forecast_day(o->object->preserve_until_ms != 0 ? o->object->preserve_until_ms
						       : INT64_MAX,
		     until);
	if (buf_put_fmt(out, err, "%s\n  %s, preserved until %s, next renewal %s%s%s\n",
			o->object->poid, OBJECT_STATES[o->object->state], until, due,
			next != NULL ? ": " : "",
			next != NULL ? forecast_kind_name(next->kind) : "") != 0)
		return -1;
	for (size_t i = 0; i < o->n; i++)
		if (text_version(&o->versions[i], out, err) != 0)
			return -1;
	return 0;
}
