/* SPDX-License-Identifier: Apache-2.0 */
/* crl_index - positions of a list's entries in buckets. */
#include "validation/crl_index.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "validation/crl.h"
#include "validation/fields.h"

/* Entries in a bucket, on average. */
#define BUCKET_ENTRIES 4
#define PENDING_FIRST 16
/* Coarse names of all issuers in an indirect list: grows with what it holds. */
#define NAMES_MAX (4 * CRL_SIZE_MAX)
/* Segments looked back at for the same name: lists in order of serial numbers
 * alternate between few issuers. */
#define NAMES_LOOK_BACK 16

/* The entries from this position up to the next segment are of this issuer. */
struct segment {
	uint32_t from;
	uint32_t name_n;
	size_t name_at;
	uint64_t hash;
};

struct pending {
	uint32_t position;
	uint32_t hash;
};

struct crl_index {
	struct view entries;
	uint64_t key[2];
	struct segment *segments; /* first: the issuer of the list itself */
	size_t n_segments, cap_segments;
	struct buf names;
	struct pending *pending; /* until finished */
	size_t n, cap_pending;
	uint32_t *positions; /* by bucket, within it in their order */
	uint32_t *starts;    /* n_buckets + 1 */
	size_t n_buckets;
};

_Static_assert(CRL_SIZE_MAX <= UINT32_MAX, "positions have 32 bits");

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static uint64_t hash_bytes(const struct crl_index *x, uint64_t h, struct view v)
{
	uint64_t word;
	h = mix(h ^ x->key[0], v.n);
	for (; v.n >= sizeof(word); v = view_skip(v, sizeof(word))) {
		memcpy(&word, v.p, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	if (v.n > 0)
		memcpy(&word, v.p, v.n);
	return mix(mix(h, word), x->key[1]);
}

/* Numbers that are equal have one hash, however long they are written. */
static uint32_t hash_entry(const struct crl_index *x, const struct segment *s,
			   struct view shortest_serial)
{
	return (uint32_t)(hash_bytes(x, s->hash, shortest_serial) >> 32);
}

int crl_index_new(struct view entries, const uint8_t sha256[32], struct view own_issuer,
		  struct crl_index **ret, struct ltps_error *err)
{
	struct crl_index *x = mem_zalloc(1, sizeof(*x));
	if (x == NULL)
		return ltps_fail_nomem(err);
	x->entries = entries;
	memcpy(x->key, sha256, sizeof(x->key));
	x->names = buf_make(NAMES_MAX);
	if (crl_index_issuer(x, 0, own_issuer, err) != 0) {
		crl_index_free(x);
		return -1;
	}
	*ret = x;
	return 0;
}

void crl_index_free(struct crl_index *x)
{
	if (x == NULL)
		return;
	mem_free(x->starts);
	mem_free(x->positions);
	mem_free(x->pending);
	mem_free(x->segments);
	buf_free(&x->names);
	mem_free(x);
}

static struct view segment_name(const struct crl_index *x, const struct segment *s)
{
	return view_of(x->names.p + s->name_at, s->name_n);
}

/* The name of a recent segment, or kept behind the others. */
static int keep_name(struct crl_index *x, struct view issuer, size_t *ret_at,
		     struct ltps_error *err)
{
	size_t n = x->n_segments;
	for (size_t back = 1; back <= n && back <= NAMES_LOOK_BACK; back++) {
		const struct segment *s = &x->segments[n - back];
		if (view_compare(segment_name(x, s), issuer) != 0)
			continue;
		*ret_at = s->name_at;
		return 0;
	}
	*ret_at = x->names.n;
	return buf_put(&x->names, issuer, err);
}

int crl_index_issuer(struct crl_index *x, size_t position, struct view issuer,
		     struct ltps_error *err)
{
	if (x->n_segments > 0 &&
	    view_equal(segment_name(x, &x->segments[x->n_segments - 1]), issuer))
		return 0;
	if (x->n_segments == x->cap_segments) {
		size_t cap = x->cap_segments > 0 ? 2 * x->cap_segments : 1;
		struct segment *p = mem_resize(x->segments, cap, sizeof(*p));
		if (p == NULL)
			return ltps_fail_nomem(err);
		x->segments = p;
		x->cap_segments = cap;
	}
	size_t at;
	if (keep_name(x, issuer, &at, err) != 0)
		return -1;
	x->segments[x->n_segments++] =
	    (struct segment){ .from = (uint32_t)position,
			      .name_n = (uint32_t)issuer.n,
			      .name_at = at,
			      .hash = hash_bytes(x, 0, issuer) };
	return 0;
}

int crl_index_add(struct crl_index *x, size_t position, struct view serial,
		  struct ltps_error *err)
{
	if (x->n == x->cap_pending) {
		size_t cap = x->cap_pending > 0 ? 2 * x->cap_pending : PENDING_FIRST;
		struct pending *p = mem_resize(x->pending, cap, sizeof(*p));
		if (p == NULL)
			return ltps_fail_nomem(err);
		x->pending = p;
		x->cap_pending = cap;
	}
	uint32_t hash = hash_entry(x, &x->segments[x->n_segments - 1],
				   field_shortest_integer(serial));
	x->pending[x->n++] = (struct pending){ (uint32_t)position, hash };
	return 0;
}

static size_t bucket_of(const struct crl_index *x, uint32_t hash)
{
	return (size_t)((uint64_t)hash * x->n_buckets >> 32);
}

/* Counts, then places: linear, and stable within each bucket. */
static void fill_buckets(struct crl_index *x)
{
	for (size_t i = 0; i < x->n; i++)
		x->starts[bucket_of(x, x->pending[i].hash) + 1]++;
	for (size_t b = 0; b < x->n_buckets; b++)
		x->starts[b + 1] += x->starts[b];
	/* Each start moves to its end while placing, and back by shifting. */
	for (size_t i = 0; i < x->n; i++) {
		size_t b = bucket_of(x, x->pending[i].hash);
		x->positions[x->starts[b]++] = x->pending[i].position;
	}
	memmove(x->starts + 1, x->starts, x->n_buckets * sizeof(*x->starts));
	x->starts[0] = 0;
}

int crl_index_finish(struct crl_index *x, struct ltps_error *err)
{
	x->n_buckets = x->n / BUCKET_ENTRIES + 1;
	x->positions = mem_zalloc(x->n, sizeof(*x->positions));
	x->starts = mem_zalloc(x->n_buckets + 1, sizeof(*x->starts));
	if (x->positions == NULL || x->starts == NULL)
		return ltps_fail_nomem(err);
	fill_buckets(x);
	mem_free(x->pending);
	x->pending = NULL;
	x->cap_pending = 0;
	return 0;
}

/* The segment that governs a position. */
static const struct segment *segment_at(const struct crl_index *x, size_t position)
{
	size_t low = 0, high = x->n_segments; /* low governs, high does not */
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (x->segments[middle].from <= position)
			low = middle;
		else
			high = middle;
	}
	return &x->segments[low];
}

static struct view serial_at(const struct crl_index *x, size_t position)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view cursor = view_skip(x->entries, position), serial = VIEW_NULL;
	struct tlv entry;
	if (field_next(&cursor, DER_SEQUENCE, "entry", &entry, &ignored) != 0)
		return serial;
	cursor = entry.body;
	if (field_integer(&cursor, "serial", &serial, &ignored) != 0)
		return VIEW_NULL;
	return field_shortest_integer(serial);
}

bool crl_index_find(const struct crl_index *x, struct view serial, struct view issuer,
		    size_t *cursor, size_t *ret_position)
{
	struct view shortest = field_shortest_integer(serial);
	const struct segment asked = { .hash = hash_bytes(x, 0, issuer) };
	if (x->n == 0 || x->starts == NULL || serial.n == 0)
		return false;
	size_t b = bucket_of(x, hash_entry(x, &asked, shortest));
	for (size_t i = x->starts[b + 1] - *cursor; i > x->starts[b]; i--) {
		size_t position = x->positions[i - 1];
		++*cursor;
		if (view_compare(serial_at(x, position), shortest) != 0)
			continue;
		if (view_compare(segment_name(x, segment_at(x, position)), issuer) != 0)
			continue;
		*ret_position = position;
		return true;
	}
	return false;
}

size_t crl_index_size(const struct crl_index *x)
{
	return sizeof(*x) + x->n * sizeof(*x->positions) +
	       (x->n_buckets + 1) * sizeof(*x->starts) +
	       x->cap_segments * sizeof(*x->segments) + x->names.cap;
}
