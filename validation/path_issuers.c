/* SPDX-License-Identifier: Apache-2.0 */
/* path_issuers - candidates for the issuer of a certificate, best first: RFC 4158 3.5.
 */
#include "validation/path_issuers.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/name.h"

/* Of the number of chains of nodes: as many as there are certificates, or so. */
#define TABLE_BITS_MIN 5
#define TABLE_BITS_MAX 12
/* Policies of a certificate that the order looks at; it is only an order. */
#define POLICIES_COMPARED 16
#define OID_ANY_POLICY "2.5.29.32.0"

/* notAfter names a second, and all of it is meant: RFC 5280 4.1.2.5. */
#define SECOND_MS 1000

/* What speaks against a candidate, worst first; its sum is the rank. */
#define RANK_KEY_MISMATCH 64u
#define RANK_NOT_A_CA 32u
#define RANK_NOT_IN_TIME 16u
#define RANK_NO_ANCHOR 8u
#define RANK_NO_KEY_MATCH 4u
#define RANK_SELF_ISSUED 2u
#define RANK_OTHER_POLICIES 1u

struct path_issuers {
	struct path_run *run;
	const struct path_search_options *options;
	struct path_node *first, *last;
	unsigned table_bits;
	struct path_node *table[];
};

/* What a certificate says about its issuer, read once for all candidates. */
struct wanted {
	const struct cert *cert;
	int64_t time_ms;       /* when the issuer should be valid */
	struct buf aki_issuer; /* canonical; n == 0 not given */
};

bool path_same_entity(const struct cert *a, const struct cert *b)
{
	return memcmp(a->spki_sha256, b->spki_sha256, sizeof(a->spki_sha256)) == 0 &&
	       view_equal(a->subject_canonical, b->subject_canonical);
}

static bool material_trusts(const struct material *m, const struct cert *c)
{
	const struct cert *a = NULL;
	while ((a = material_with_key(m, MATERIAL_ANCHOR, c->key_sha1, a)) != NULL)
		if (path_same_entity(a, c))
			return true;
	return false;
}

bool path_is_anchor(const struct path_input *in, const struct cert *c)
{
	for (size_t i = 0; i < in->n_anchors; i++)
		if (path_same_entity(in->anchors[i], c))
			return true;
	if (in->n_anchors > 0)
		return false;
	for (size_t i = 0; i < in->n_pools; i++)
		if (material_trusts(in->pools[i], c))
			return true;
	return false;
}

int64_t path_sunset_of(const struct path_input *in, const struct cert *anchor)
{
	int64_t sunset_ms = INT64_MIN;
	for (size_t i = 0; in->n_anchors == 0 && i < in->n_pools; i++) {
		const int64_t t = material_sunset_of(in->pools[i], anchor);
		sunset_ms = t > sunset_ms ? t : sunset_ms;
	}
	return sunset_ms != INT64_MIN ? sunset_ms : INT64_MAX;
}

bool path_issuers_end_at(const struct path_issuers *p, const struct cert *c)
{
	const struct path_input *in = p->run->in;
	if (p->options->anchor != NULL)
		return cert_equal(p->options->anchor, c);
	for (size_t i = 0; i < in->n_anchors; i++)
		if (cert_equal(in->anchors[i], c))
			return true;
	if (in->n_anchors > 0)
		return false;
	for (size_t i = 0; i < in->n_pools; i++)
		if (material_find_cert(in->pools[i], MATERIAL_ANCHOR, c->sha256) !=
		    NULL)
			return true;
	return false;
}

/* authorityCertIssuer is GeneralNames; only a directory name can be compared. */
static int read_aki_issuer(struct wanted *w, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct view cursor = w->cert->aki_issuer;
	struct general_name g;
	while (cursor.n > 0 && w->aki_issuer.n == 0) {
		if (general_name_next(&cursor, &g, &inner) != 0)
			break;
		if (g.kind == GENERAL_NAME_DIRECTORY &&
		    name_canonical(g.value, &w->aki_issuer, &inner) != 0)
			break;
	}
	if (inner.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	if (inner.code != LTPS_OK) /* the extension is malformed: found elsewhere */
		buf_clear(&w->aki_issuer);
	return 0;
}

/* 1 the identifiers agree, -1 they differ, 0 nothing to compare. RFC 4158 3.5.12 */
static int key_identifier_match(const struct cert *c, const struct cert *issuer)
{
	struct view key_hash = view_of(issuer->key_sha1, sizeof(issuer->key_sha1));
	if (c->aki_key.n == 0)
		return 0;
	if (issuer->ski.n > 0)
		return view_equal(c->aki_key, issuer->ski) ? 1 : -1;
	return view_equal(c->aki_key, key_hash) ? 1 : 0;
}

/* A cross-certificate of the right key has another issuer and serial number, so
 * that a difference tells nothing. */
static bool issuer_serial_match(const struct wanted *w, const struct cert *issuer)
{
	return w->aki_issuer.n > 0 && w->cert->aki_serial.n > 0 &&
	       view_equal(w->cert->aki_serial, issuer->serial) &&
	       view_equal(view_buf(&w->aki_issuer), issuer->issuer_canonical);
}

static size_t read_policies(const struct cert *c, struct view out[POLICIES_COMPARED])
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view cursor = cert_ext_list(c, CERT_EXT_POLICIES);
	struct tlv info, id;
	size_t n = 0;
	while (cursor.n > 0 && n < POLICIES_COMPARED) {
		if (tlv_next(&cursor, &info, &ignored) != 0)
			break;
		struct view body = info.body;
		if (tlv_next(&body, &id, &ignored) != 0)
			break;
		out[n++] = id.body;
	}
	return n;
}

static bool policies_overlap(const struct cert *c, const struct cert *issuer)
{
	struct view a[POLICIES_COMPARED], b[POLICIES_COMPARED];
	size_t n = read_policies(c, a), m = read_policies(issuer, b);
	if (n == 0)
		return true;
	for (size_t k = 0; k < m; k++) {
		if (oid_is(b[k], OID_ANY_POLICY))
			return true;
		for (size_t i = 0; i < n; i++)
			if (view_equal(a[i], b[k]))
				return true;
	}
	return false;
}

/* Of an anchor only what it says of itself counts: version 1 says nothing. */
static bool may_sign_certificates(const struct path_issuer *i)
{
	const struct cert *c = i->cert;
	if (cert_has(c, CERT_EXT_KEY_USAGE) &&
	    (c->key_usage & KEY_USAGE_CERT_SIGN) == 0)
		return false;
	return c->ca || (i->anchor && c->version < 3);
}

/* An anchor's dates are not judged: RFC 5280 6.1.1 d. */
static bool in_time(const struct path_issuer *i, int64_t t_ms)
{
	if (i->anchor)
		return true;
	return t_ms >= i->cert->not_before_ms &&
	       (t_ms <= i->cert->not_after_ms ||
		t_ms - i->cert->not_after_ms < SECOND_MS);
}

static void rate(const struct wanted *w, struct path_issuer *i)
{
	const struct cert *c = i->cert;
	int key = key_identifier_match(w->cert, c);
	i->key_mismatch = key < 0;
	if (key < 0)
		i->rank += RANK_KEY_MISMATCH;
	else if (key == 0 && !issuer_serial_match(w, c))
		i->rank += RANK_NO_KEY_MATCH;
	if (!may_sign_certificates(i))
		i->rank += RANK_NOT_A_CA;
	if (!in_time(i, w->time_ms))
		i->rank += RANK_NOT_IN_TIME;
	i->fit = i->rank < RANK_NOT_IN_TIME;
	if (i->anchor)
		return;
	i->rank += RANK_NO_ANCHOR;
	if (c->self_issued)
		i->rank += RANK_SELF_ISSUED;
	if (!policies_overlap(w->cert, c))
		i->rank += RANK_OTHER_POLICIES;
}

static int compare_issuers(const void *a, const void *b)
{
	const struct path_issuer *x = a, *y = b;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->sequence < y->sequence ? -1 : 1;
}

/* Grows by doubling. */
static int add_issuer(struct path_node *node, size_t *cap, const struct path_issuer *i,
		      struct ltps_error *err)
{
	if (node->n_issuers == *cap) {
		size_t more = *cap == 0 ? 4 : *cap * 2;
		void *p = mem_resize(node->issuers, more, sizeof(*node->issuers));
		if (p == NULL)
			return ltps_fail_nomem(err);
		node->issuers = p;
		*cap = more;
	}
	node->issuers[node->n_issuers++] = *i;
	return 0;
}

/* Where candidates come from: the given anchors, then each pool's two kinds. */
static const struct cert *next_of_source(const struct path_input *in, size_t source,
					 struct view subject, size_t *index,
					 const struct cert *after)
{
	if (source == 0) {
		while (*index < in->n_anchors) {
			const struct cert *a = in->anchors[(*index)++];
			if (view_equal(a->subject_canonical, subject))
				return a;
		}
		return NULL;
	}
	return material_with_subject(in->pools[(source - 1) / 2],
				     source % 2 == 1 ? MATERIAL_ANCHOR : MATERIAL_CERT,
				     subject, after);
}

static bool in_earlier_source(const struct path_input *in, size_t source,
			      const struct cert *c)
{
	for (size_t i = 0; i < in->n_anchors && source > 0; i++)
		if (cert_equal(in->anchors[i], c))
			return true;
	for (size_t s = 1; s < source; s++)
		if (material_find_cert(in->pools[(s - 1) / 2],
				       s % 2 == 1 ? MATERIAL_ANCHOR : MATERIAL_CERT,
				       c->sha256) != NULL)
			return true;
	return false;
}

/* Sets *ret_over when the budget ended it. */
static int collect(struct path_issuers *p, const struct wanted *w,
		   struct path_node *node, bool *ret_over, struct ltps_error *err)
{
	const struct path_input *in = p->run->in;
	uint32_t sequence = 0;
	size_t cap = 0;
	for (size_t source = 0; source < 1 + 2 * in->n_pools; source++) {
		const struct cert *c = NULL;
		size_t index = 0;
		while ((c = next_of_source(in, source, w->cert->issuer_canonical,
					   &index, c)) != NULL) {
			struct path_issuer i = { .cert = c, .sequence = sequence++ };
			if (!path_run_step(p->run, 1)) {
				*ret_over = true;
				return 0;
			}
			if (in_earlier_source(in, source, c))
				continue;
			i.anchor = path_issuers_end_at(p, c);
			rate(w, &i);
			if (add_issuer(node, &cap, &i, err) != 0)
				return -1;
		}
	}
	return 0;
}

static void free_node(struct path_node *node)
{
	if (node != NULL)
		mem_free(node->issuers);
	mem_free(node);
}

static int make_node(struct path_issuers *p, const struct cert *c,
		     struct path_node **ret_node, struct ltps_error *err)
{
	bool shell = p->run->in->model == PATH_SHELL;
	struct wanted w = { .cert = c,
			    .time_ms = shell ? p->options->time_ms : c->not_before_ms,
			    .aki_issuer = buf_make(2 * NAME_SIZE_MAX) };
	struct path_node *node = mem_zalloc(1, sizeof(*node));
	bool over = false;
	int rc = -1;

	if (node == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	node->cert = c;
	if (read_aki_issuer(&w, err) != 0 || collect(p, &w, node, &over, err) != 0)
		goto out;
	rc = 0;
	if (over)
		goto out;
	if (node->n_issuers > 1)
		qsort(node->issuers, node->n_issuers, sizeof(*node->issuers),
		      compare_issuers);
	*ret_node = node;
	node = NULL;
out:
	free_node(node);
	buf_free(&w.aki_issuer);
	return rc;
}

/* The address is mixed in, as material.c does: ten thousand certificates whose hashes
 * begin alike are soon made. Order and answers do not depend on it. */
static size_t slot_of(const struct path_issuers *p, const struct cert *c)
{
	uint64_t h;
	memcpy(&h, c->sha256, sizeof(h));
	h = (h ^ (uint64_t)(uintptr_t)p) * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)(h >> (64 - p->table_bits));
}

int path_issuers_of(struct path_issuers *p, const struct cert *c,
		    struct path_node **ret_node, struct ltps_error *err)
{
	size_t slot = slot_of(p, c);
	struct path_node *node = p->table[slot];
	*ret_node = NULL;
	while (node != NULL && node->cert != c && !cert_equal(node->cert, c))
		node = node->next;
	if (node == NULL) {
		if (make_node(p, c, &node, err) != 0)
			return -1;
		if (node == NULL)
			return 0;
		node->next = p->table[slot];
		p->table[slot] = node;
		*(p->last != NULL ? &p->last->later : &p->first) = node;
		p->last = node;
	}
	*ret_node = node;
	return 0;
}

struct path_node *path_issuers_nodes(struct path_issuers *p)
{
	return p->first;
}

static unsigned bits_for(const struct path_input *in)
{
	unsigned bits = TABLE_BITS_MIN;
	size_t n = 0;
	for (size_t i = 0; i < in->n_pools; i++)
		n += material_count(in->pools[i], MATERIAL_CERT) +
		     material_count(in->pools[i], MATERIAL_ANCHOR);
	while (bits < TABLE_BITS_MAX && (size_t)1 << bits < n)
		bits++;
	return bits;
}

int path_issuers_new(struct path_run *run, const struct path_search_options *o,
		     struct path_issuers **ret, struct ltps_error *err)
{
	const unsigned bits = bits_for(run->in);
	struct path_issuers *p =
	    mem_zalloc(1, sizeof(*p) + (sizeof(p->table[0]) << bits));
	if (p == NULL)
		return ltps_fail_nomem(err);
	p->table_bits = bits;
	p->run = run;
	p->options = o;
	*ret = p;
	return 0;
}

void path_issuers_free(struct path_issuers *p)
{
	struct path_node *node = p != NULL ? p->first : NULL;
	while (node != NULL) {
		struct path_node *later = node->later;
		free_node(node);
		node = later;
	}
	mem_free(p);
}
