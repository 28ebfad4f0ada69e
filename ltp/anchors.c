/* SPDX-License-Identifier: Apache-2.0 */
/* anchors - periods of trust, and the file that auditors get of them. */
#include "ltp/anchors.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define PEM_LINE 64 /* RFC 7468 2 */
#define SOURCE_CONFIGURED "configuration"

/* ---- the history in memory ---- */

struct period {
	uint8_t *der;
	size_t n;
	int64_t from_ms;
	int64_t sunset_ms; /* INT64_MAX: trusted still */
	char source[128];
};
struct history {
	struct period *list;
	size_t n, capacity;
};

static void history_clear(struct history *h)
{
	for (size_t i = 0; i < h->n; i++)
		mem_free(h->list[i].der);
	mem_free(h->list);
}

static int take_row(void *arg, const struct anchor_row *row, struct ltps_error *err)
{
	struct history *h = arg;
	if (mem_grow(&h->list, sizeof(*h->list), h->n + 1, &h->capacity, err) != 0)
		return -1;
	struct period *p = &h->list[h->n];
	p->der = mem_dup(row->der.p, row->der.n);
	if (p->der == NULL)
		return ltps_fail_nomem(err);
	p->n = row->der.n;
	p->from_ms = row->trusted_from_ms;
	p->sunset_ms = row->sunset_ms != 0 ? row->sunset_ms : INT64_MAX;
	snprintf(p->source, sizeof(p->source), "%s",
		 row->source != NULL ? row->source : SOURCE_CONFIGURED);
	h->n++;
	return 0;
}

/* The last period of this anchor; NULL: it is new. */
static const struct period *last_period(const struct history *h, struct view der)
{
	const struct period *last = NULL;
	for (size_t i = 0; i < h->n; i++) {
		const struct period *p = &h->list[i];
		if (view_equal(view_of(p->der, p->n), der) &&
		    (last == NULL || p->from_ms >= last->from_ms))
			last = p;
	}
	return last;
}

/* ---- where they come from ---- */

int anchor_origins_add(struct anchor_origins *o, const struct anchor_origin *origin,
		       struct ltps_error *err)
{
	if (mem_grow(&o->list, sizeof(*o->list), o->n + 1, &o->capacity, err) != 0)
		return -1;
	o->list[o->n++] = *origin;
	return 0;
}

/* Names decide last: the order in which they were added never does. */
static bool is_before(const struct anchor_origin *a, const struct anchor_origin *b)
{
	if (a->until_ms != b->until_ms)
		return a->until_ms > b->until_ms;
	if (a->from_ms != b->from_ms)
		return a->from_ms < b->from_ms;
	return strcmp(a->source, b->source) < 0;
}

static const struct anchor_origin *last_origin(const struct anchor_origins *o,
					       const uint8_t sha256[32])
{
	const struct anchor_origin *last = NULL;
	for (size_t i = 0; i < o->n; i++)
		if (memcmp(o->list[i].sha256, sha256, 32) == 0 &&
		    (last == NULL || is_before(&o->list[i], last)))
			last = &o->list[i];
	return last;
}

/* One that began before and had not ended when this time began. */
static const struct anchor_origin *origin_leading_to(const struct anchor_origins *o,
						     const struct anchor_origin *joined)
{
	for (size_t i = 0; i < o->n; i++)
		if (memcmp(o->list[i].sha256, joined->sha256, 32) == 0 &&
		    o->list[i].from_ms < joined->from_ms &&
		    o->list[i].until_ms >= joined->from_ms)
			return &o->list[i];
	return NULL;
}

bool anchor_origins_join(const struct anchor_origins *o, const uint8_t sha256[32],
			 struct anchor_origin *ret)
{
	const struct anchor_origin *next =
	    o != NULL ? last_origin(o, sha256) : NULL;
	if (next == NULL)
		return false;
	*ret = *next;
	while ((next = origin_leading_to(o, ret)) != NULL)
		ret->from_ms = next->from_ms;
	return true;
}

/* ---- changes ---- */

static const char *source_of(const struct anchor_origin *origin)
{
	return origin != NULL ? origin->source : SOURCE_CONFIGURED;
}

struct recording {
	struct store_conn *conn;
	const struct history *h;
	const struct anchor_origins *origins;
	int64_t now_ms;
	size_t changes;
};

static int put(struct recording *r, struct view der, int64_t from_ms, int64_t sunset_ms,
	       const struct anchor_origin *origin, struct ltps_error *err)
{
	int64_t id;
	const struct anchor_row row = {
		.der = der,
		.trusted_from_ms = from_ms,
		.sunset_ms = sunset_ms != INT64_MAX ? sunset_ms : 0,
		.source = source_of(origin),
	};
	++r->changes;
	return anchor_put(r->conn, &row, &id, err);
}

/* One that is configured with an end behind us: when its period began is not known,
 * and not before the certificate was made. */
static int64_t begin_of(const struct cert *c, int64_t sunset_ms, int64_t now_ms)
{
	if (sunset_ms > now_ms)
		return now_ms;
	return c->not_before_ms < sunset_ms ? c->not_before_ms : sunset_ms;
}

/* The first period of one that a list tells of begins when the list says. */
static int64_t first_of(const struct recording *r, const struct cert *c,
			const struct anchor_origin *origin, int64_t sunset_ms)
{
	return origin != NULL && origin->from_ms <= r->now_ms &&
		       origin->from_ms <= sunset_ms
		   ? origin->from_ms
		   : begin_of(c, sunset_ms, r->now_ms);
}

static int record_one(struct recording *r, const struct cert *c, int64_t sunset_ms,
		      struct ltps_error *err)
{
	const struct period *p = last_period(r->h, c->der);
	struct anchor_origin joined;
	const struct anchor_origin *origin =
	    anchor_origins_join(r->origins, c->sha256, &joined) ? &joined : NULL;
	const bool runs = p != NULL && p->sunset_ms > r->now_ms;
	if (p == NULL)
		return put(r, c->der, first_of(r, c, origin, sunset_ms), sunset_ms,
			   origin, err);
	if (!runs && sunset_ms > r->now_ms)
		return put(r, c->der, begin_of(c, sunset_ms, r->now_ms), sunset_ms,
			   origin, err);
	/* A period that is over is over: what was proven in it was proven under it. */
	if (!runs ||
	    (p->sunset_ms == sunset_ms && strcmp(p->source, source_of(origin)) == 0))
		return 0;
	return put(r, c->der, p->from_ms,
		   sunset_ms > p->from_ms ? sunset_ms : p->from_ms, origin, err);
}

static int end_one(struct recording *r, const struct period *p,
		   const struct material *configured, struct ltps_error *err)
{
	const struct view der = view_of(p->der, p->n);
	struct anchor_origin from;
	struct digest d;
	if (p->sunset_ms <= r->now_ms)
		return 0;
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	if (material_find_cert(configured, MATERIAL_ANCHOR, d.p) != NULL)
		return 0;
	snprintf(from.source, sizeof(from.source), "%s", p->source);
	/* A clock that was set back ends nothing before it began. */
	return put(r, der, p->from_ms,
		   r->now_ms > p->from_ms ? r->now_ms : p->from_ms, &from, err);
}

int anchors_record(struct store_conn *conn, const struct material *configured,
		   const struct anchor_origins *origins, int64_t now_ms,
		   size_t *ret_changes, struct ltps_error *err)
{
	struct history h = { 0 };
	struct recording r = {
		.conn = conn, .h = &h, .origins = origins, .now_ms = now_ms
	};
	int rc = anchor_list(conn, take_row, &h, err);
	for (size_t i = 0; rc == 0 && i < material_count(configured, MATERIAL_ANCHOR);
	     i++)
		rc = record_one(&r, material_cert(configured, MATERIAL_ANCHOR, i),
				material_sunset(configured, i), err);
	for (size_t i = 0; rc == 0 && i < h.n; i++)
		rc = end_one(&r, &h.list[i], configured, err);
	history_clear(&h);
	if (rc == 0 && ret_changes != NULL)
		*ret_changes = r.changes;
	return rc;
}

/* ---- reading ---- */

static int add_anchor(void *arg, const struct anchor_row *row, struct ltps_error *err)
{
	return material_add_anchor(
	    arg, row->der, row->sunset_ms != 0 ? row->sunset_ms : INT64_MAX, err);
}

int anchors_read(struct store_conn *conn, struct material *into, struct ltps_error *err)
{
	return anchor_list(conn, add_anchor, into, err);
}

/* ---- the file ---- */

static int put_pem(struct buf *out, struct view der, struct ltps_error *err)
{
	struct buf text = buf_make(b64_encoded_len(der.n));
	int rc = b64_encode(der, &text, err);
	if (rc == 0)
		rc = buf_put_text(out, "-----BEGIN CERTIFICATE-----\n", err);
	for (struct view v = view_buf(&text); rc == 0 && v.n > 0;
	     v = view_skip(v, PEM_LINE)) {
		rc = buf_put(out, view_head(v, PEM_LINE), err);
		if (rc == 0)
			rc = buf_put_byte(out, '\n', err);
	}
	if (rc == 0)
		rc = buf_put_text(out, "-----END CERTIFICATE-----\n", err);
	buf_free(&text);
	return rc;
}

static int write_anchor(void *arg, const struct anchor_row *row, struct ltps_error *err)
{
	struct buf *out = arg;
	char name[CERT_TEXT_MAX], at[TIME_TEXT_MAX];
	struct cert *c = NULL;
	if (cert_parse(row->der, &c, err) != 0)
		return -1;
	cert_text(c, name);
	cert_free(c);
	time_rfc3339(row->trusted_from_ms, at);
	if (buf_put_fmt(out, err, "%sSubject: %s\nTrusted-From: %s\n",
			out->n > 0 ? "\n" : "", name, at) != 0)
		return -1;
	time_rfc3339(row->sunset_ms, at);
	if (row->sunset_ms != 0 &&
	    buf_put_fmt(out, err, "Trusted-Until: %s\n", at) != 0)
		return -1;
	return put_pem(out, row->der, err);
}

int anchors_write(struct store_conn *conn, struct buf *out, struct ltps_error *err)
{
	return anchor_list(conn, write_anchor, out, err);
}
