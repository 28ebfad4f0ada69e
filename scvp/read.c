/* SPDX-License-Identifier: Apache-2.0 */
#include "scvp/read.h"

#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

/* ---- the arena ---- */

struct block {
	struct block *next;
	max_align_t bytes[];
};
struct scvp_arena {
	struct block *blocks;
};

struct scvp_arena *scvp_arena_new(void)
{
	return mem_zalloc(1, sizeof(struct scvp_arena));
}

void scvp_arena_free(struct scvp_arena *a)
{
	if (a == NULL)
		return;
	while (a->blocks != NULL) {
		struct block *b = a->blocks;
		a->blocks = b->next;
		mem_free(b);
	}
	mem_free(a);
}

void *scvp_arena_alloc(struct scvp_arena *a, size_t count, size_t size)
{
	if (size > 0 && count > (SIZE_MAX - sizeof(struct block)) / size)
		return NULL;
	struct block *b = mem_zalloc(1, sizeof(struct block) + count * size);
	if (b == NULL)
		return NULL;
	b->next = a->blocks;
	a->blocks = b;
	return b->bytes;
}

/* ---- the reader ---- */

int read_fail(struct reader *r, enum scvp_status status, const char *clause,
	      const char *what)
{
	if (r->err->code == LTPS_OK)
		r->status = status;
	return ltps_fail(r->err,
			 status == SCVP_INVALID_REQUEST ? LTPS_TOO_LARGE : LTPS_FORMAT,
			 LTPS_FAULT_OBJECT, clause, "%s", what);
}

int read_nomem(struct reader *r)
{
	if (r->err->code == LTPS_OK)
		r->status = SCVP_INTERNAL_ERROR;
	return ltps_fail_nomem(r->err);
}

bool read_own_failure(const struct ltps_error *e)
{
	return e->code == LTPS_NOMEM || e->code == LTPS_CRYPTO ||
	       e->code == LTPS_INTERNAL;
}

int read_pass_failure(const struct ltps_error *e, struct ltps_error *err)
{
	if (!read_own_failure(e))
		return 0;
	if (err->code == LTPS_OK)
		*err = *e;
	return -1;
}

/* A lower function failed: at the bytes, unless we could not work. */
static int lower_failed(struct reader *r, enum scvp_status status)
{
	r->status = read_own_failure(r->err) ? SCVP_INTERNAL_ERROR : status;
	return -1;
}

int read_any(struct reader *r, struct view *c, struct tlv *ret)
{
	if (tlv_next(c, ret, r->err) != 0)
		return lower_failed(r, SCVP_UNABLE_TO_DECODE);
	return 0;
}

static bool form_fits(const struct tlv *t, enum read_form form)
{
	return form == READ_STRING || t->constructed == (form == READ_LIST);
}

int read_maybe(struct reader *r, struct view *c, uint8_t id, enum read_form form,
	       const char *what, struct tlv *ret, bool *ret_there)
{
	struct view ahead = *c;
	*ret_there = false;
	if (c->n == 0)
		return 0;
	if (read_any(r, &ahead, ret) != 0)
		return -1;
	if (!tlv_is(ret, (enum asn1_class)(id >> 6), id & 0x1f))
		return 0;
	if (!form_fits(ret, form))
		return read_fail(r, SCVP_BAD_STRUCTURE, NULL, what);
	*c = ahead;
	*ret_there = true;
	return 0;
}

int read_need(struct reader *r, struct view *c, uint8_t id, enum read_form form,
	      const char *what, struct tlv *ret)
{
	bool there;
	if (read_maybe(r, c, id, form, what, ret, &there) != 0)
		return -1;
	return there ? 0 : read_fail(r, SCVP_BAD_STRUCTURE, NULL, what);
}

int read_end(struct reader *r, struct view c, const char *what)
{
	struct tlv t;
	if (c.n == 0)
		return 0;
	if (read_any(r, &c, &t) != 0)
		return -1;
	return read_fail(r,
			 t.cls == ASN1_CONTEXT ? SCVP_ABORT_UNRECOGNIZED_ITEMS
					       : SCVP_BAD_STRUCTURE,
			 NULL, what);
}

int read_deep(struct reader *r, struct view in)
{
	struct view stack[ASN1_DEPTH_MAX];
	size_t depth = 1;
	struct tlv t;
	stack[0] = in;
	while (depth > 0) {
		if (stack[depth - 1].n == 0) {
			depth--;
			continue;
		}
		if (read_any(r, &stack[depth - 1], &t) != 0)
			return -1;
		if (!t.constructed)
			continue;
		if (depth == ASN1_DEPTH_MAX)
			return read_fail(r, SCVP_UNABLE_TO_DECODE, NULL,
					 "nested too deep");
		stack[depth++] = t.body;
	}
	return 0;
}

int read_der(struct reader *r, struct view in, const char *what)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (!r->strict || der_check(in, &bad) == 0)
		return 0;
	return read_fail(r, SCVP_UNABLE_TO_DECODE, "RFC 5055 B", what);
}

/* ---- values ---- */

int read_octets(struct reader *r, const struct tlv *t, size_t max, const char *what,
		struct view *ret)
{
	if (!t->constructed) {
		*ret = t->body;
	} else {
		struct buf joined = buf_make(t->body.n);
		uint8_t *copy = NULL;
		int rc = tlv_octets(t, &joined, r->err);
		if (rc != 0)
			rc = lower_failed(r, SCVP_BAD_STRUCTURE);
		else if ((copy = scvp_arena_alloc(r->arena, 1, joined.n)) == NULL)
			rc = read_nomem(r);
		else if (joined.n > 0)
			memcpy(copy, joined.p, joined.n);
		*ret = view_of(copy, joined.n);
		buf_free(&joined);
		if (rc != 0)
			return -1;
	}
	if (ret->n > max)
		return read_fail(r, SCVP_INVALID_REQUEST, NULL, what);
	return 0;
}

static size_t utf8_chars(struct view v)
{
	size_t n = 0;
	for (size_t i = 0; i < v.n; i++)
		n += (v.p[i] & 0xc0) != 0x80;
	return n;
}

int read_utf8(struct reader *r, const struct tlv *t, size_t max_chars, struct view *ret)
{
	if (read_octets(r, t, 4 * max_chars, "text too long", ret) != 0)
		return -1;
	if (!utf8_valid(*ret))
		return read_fail(r, SCVP_BAD_STRUCTURE, NULL, "text is not UTF-8");
	if (utf8_chars(*ret) > max_chars)
		return read_fail(r, SCVP_INVALID_REQUEST, NULL, "text too long");
	return 0;
}

int read_uint(struct reader *r, const struct tlv *t, uint64_t *ret)
{
	return tlv_uint(t, ret, r->err) == 0 ? 0 : lower_failed(r, SCVP_BAD_STRUCTURE);
}

int read_boolean(struct reader *r, const struct tlv *t, bool *ret)
{
	return tlv_boolean(t, ret, r->err) == 0 ? 0
						: lower_failed(r, SCVP_BAD_STRUCTURE);
}

int read_time(struct reader *r, const struct tlv *t, int64_t *ret)
{
	if (t->constructed || t->body.n != 15)
		return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5055 3.2.7",
				 "time is not YYYYMMDDHHMMSSZ");
	return time_parse_asn1(t->body, false, ret, r->err) == 0
		   ? 0
		   : lower_failed(r, SCVP_BAD_STRUCTURE);
}

int read_retagged(struct reader *r, const struct tlv *t, struct view *ret)
{
	size_t n = der_header_len(t->body.n) + t->body.n;
	if (!t->indefinite)
		n = t->whole.n;
	struct buf b = buf_make(n);
	uint8_t *copy = scvp_arena_alloc(r->arena, 1, n);
	if (copy == NULL)
		return read_nomem(r);
	if (!t->indefinite) {
		memcpy(copy, t->whole.p, n);
		copy[0] = ID_SEQUENCE;
	} else {
		int rc = der_put(&b, ID_SEQUENCE, t->body, r->err);
		if (rc == 0)
			memcpy(copy, b.p, n);
		buf_free(&b);
		if (rc != 0)
			return lower_failed(r, SCVP_INTERNAL_ERROR);
	}
	*ret = view_of(copy, n);
	return 0;
}

/* ---- lists ---- */

int read_count(struct reader *r, struct view body, size_t min, size_t max,
	       const char *what, size_t *ret)
{
	struct tlv t;
	size_t n = 0;
	while (body.n > 0) {
		if (n == max)
			return read_fail(r, SCVP_INVALID_REQUEST, NULL, what);
		if (read_any(r, &body, &t) != 0)
			return -1;
		n++;
	}
	if (n < min)
		return read_fail(r, SCVP_BAD_STRUCTURE, NULL, what);
	*ret = n;
	return 0;
}

static int read_list(struct reader *r, struct view body, size_t min, size_t max,
		     bool oids, const char *what, struct scvp_list *ret)
{
	size_t n;
	struct tlv t;
	if (read_count(r, body, min, max, what, &n) != 0)
		return -1;
	struct view *v = scvp_arena_alloc(r->arena, n, sizeof(*v));
	if (v == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (!oids) {
			if (read_any(r, &body, &t) != 0)
				return -1;
			v[i] = t.whole;
		} else {
			if (read_need(r, &body, ID_OID, READ_VALUE, what, &t) != 0)
				return -1;
			v[i] = t.body;
		}
	}
	*ret = (struct scvp_list){ v, n };
	return 0;
}

int read_oids(struct reader *r, struct view body, size_t min, size_t max,
	      const char *what, struct scvp_list *ret)
{
	return read_list(r, body, min, max, true, what, ret);
}

int read_tlvs(struct reader *r, struct view body, size_t min, size_t max,
	      const char *what, struct scvp_list *ret)
{
	return read_list(r, body, min, max, false, what, ret);
}

static int check_name(struct reader *r, struct view name)
{
	struct tlv t;
	if (read_any(r, &name, &t) != 0)
		return -1;
	if (t.cls != ASN1_CONTEXT || t.number > 8)
		return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5280 4.2.1.6",
				 "not a GeneralName");
	return read_der(r, t.whole, "a name is not DER");
}

int read_names(struct reader *r, struct view body, struct scvp_list *ret)
{
	if (read_tlvs(r, body, 1, SCVP_NAMES_MAX, "names", ret) != 0)
		return -1;
	for (size_t i = 0; i < ret->n; i++) {
		if (check_name(r, ret->v[i]) != 0)
			return -1;
	}
	return 0;
}

int read_name(struct reader *r, struct view body, struct view *ret)
{
	struct tlv t;
	if (body.n == 0)
		return read_fail(r, SCVP_BAD_STRUCTURE, NULL, "name is missing");
	if (read_any(r, &body, &t) != 0 || check_name(r, t.whole) != 0)
		return -1;
	*ret = t.whole;
	return body.n == 0
		   ? 0
		   : read_fail(r, SCVP_BAD_STRUCTURE, NULL, "more than one name");
}

static int read_extension(struct reader *r, struct view *c, struct scvp_extension *ret)
{
	static const char what[] = "extension";
	struct tlv t;
	bool there;
	if (read_need(r, c, ID_SEQUENCE, READ_LIST, what, &t) != 0)
		return -1;
	struct view body = t.body;
	if (read_need(r, &body, ID_OID, READ_VALUE, what, &t) != 0)
		return -1;
	ret->oid = t.body;
	if (read_maybe(r, &body, ID_BOOLEAN, READ_VALUE, what, &t, &there) != 0)
		return -1;
	if (there && read_boolean(r, &t, &ret->critical) != 0)
		return -1;
	if (read_need(r, &body, ID_OCTETS, READ_STRING, what, &t) != 0 ||
	    read_octets(r, &t, SIZE_MAX, what, &ret->value) != 0)
		return -1;
	return read_end(r, body, what);
}

int read_extensions(struct reader *r, struct view body, struct scvp_extensions *ret)
{
	size_t n = 0;
	if (read_count(r, body, 1, SCVP_EXTENSIONS_MAX, "extensions", &n) != 0)
		return -1;
	struct scvp_extension *e = scvp_arena_alloc(r->arena, n, sizeof(*e));
	if (e == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_extension(r, &body, &e[i]) != 0)
			return -1;
	}
	*ret = (struct scvp_extensions){ .present = true, .e = e, .n = n };
	return 0;
}

int read_algorithm_oid(struct reader *r, struct view body, struct view *ret)
{
	struct tlv t;
	if (read_need(r, &body, ID_OID, READ_VALUE, "algorithm", &t) != 0)
		return -1;
	*ret = t.body;
	/* Parameters: NULL or absent for hashes; nothing is read from them. */
	if (body.n > 0 && read_any(r, &body, &t) != 0)
		return -1;
	return read_end(r, body, "algorithm");
}
