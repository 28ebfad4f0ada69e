/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The given objects against the first list of each chain's first time-stamp:
 * H(d) in the first chain, H(H(d) || H(all earlier chains)) in each later one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "validation/ers_job.h"

/* The first list of a chain, made ready for many look-ups. */
struct head {
	enum digest_alg alg; /* NONE: nothing can be looked up */
	struct view *sorted;
	bool *met; /* by a given object; at the first of equal hashes */
	size_t n;
	struct digest earlier; /* of all earlier chains */
	size_t tested;         /* objects that this chain ought to cover */
	size_t linked;         /* objects that it does cover */
	bool sorted_variant;
};

enum finding_kind { NOT_IN_FIRST, NOT_RENEWED, NO_DIGEST };

static const struct {
	const char *code, *clause, *text;
} object_findings[] = {
	[NOT_IN_FIRST] = { "ERS_OBJECT_NOT_COVERED", "RFC 4998 4.3",
			   "its %s digest is not in the first list" },
	[NOT_RENEWED] = { "ERS_OBJECT_NOT_RENEWED", "RFC 4998 5.3",
			  "the %s hash tree does not hold it with the earlier chains" },
	[NO_DIGEST] = { "ERS_DIGEST_NOT_GIVEN", "RFC 4998 4.3",
			"neither the data nor a %s digest is given" },
};

static int by_value(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

/* H(ArchiveTimeStampSequence of the chains before this one), RFC 4998 5.2. */
static int hash_earlier(const struct ers *er, size_t c, struct digest *ret_d,
			struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	struct buf header = buf_make(16);
	size_t len = 0;
	int rc = -1;

	for (size_t i = 0; i < c; i++)
		len += er->chains[i].whole.n;
	if (digest_new(ret_d->alg, &ctx, err) != 0 ||
	    der_put_header(&header, DER_SEQUENCE, len, err) != 0 ||
	    digest_update(ctx, view_buf(&header), err) != 0)
		goto out;
	for (size_t i = 0; i < c; i++)
		if (digest_update(ctx, er->chains[i].whole, err) != 0)
			goto out;
	rc = digest_final(ctx, ret_d, err);
out:
	buf_free(&header);
	digest_free(ctx);
	return rc;
}

/* Without a tree the imprint itself is the one hash, RFC 4998 4.1. */
static int fill_hashes(const struct ers_stamp *stamp, const struct tst *tst,
		       struct head *h, struct ltps_error *err)
{
	h->n = stamp->has_tree ? stamp->lists[0].n : 1;
	h->sorted = mem_zalloc(h->n, sizeof(*h->sorted));
	h->met = mem_zalloc(h->n, sizeof(*h->met));
	if (h->sorted == NULL || h->met == NULL)
		return ltps_fail_nomem(err);
	if (stamp->has_tree)
		memcpy(h->sorted, stamp->lists[0].hashes, h->n * sizeof(*h->sorted));
	else
		h->sorted[0] = tst->imprint;
	qsort(h->sorted, h->n, sizeof(*h->sorted), by_value);
	return 0;
}

static int open_head(const struct ers_job *job, size_t c, struct head *h,
		     struct ltps_error *err)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[0];
	const struct tst *tst = ers_token(job, c, 0);

	if (tst == NULL || digest_len(stamp->alg) == 0)
		return 0;
	if (fill_hashes(stamp, tst, h, err) != 0)
		return -1;
	h->alg = stamp->alg;
	h->earlier.alg = stamp->alg;
	return c == 0 ? 0 : hash_earlier(job->er, c, &h->earlier, err);
}

/* Marks the hash as met when it is there. */
static bool head_holds(struct head *h, const struct digest *d)
{
	size_t low = 0, high = h->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (view_compare(h->sorted[middle], digest_view(d)) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == h->n || !view_equal(h->sorted[low], digest_view(d)))
		return false;
	h->met[low] = true;
	return true;
}

/* Every hash of the list belongs to a given object. */
static bool head_all_met(const struct head *h)
{
	for (size_t i = 0; i < h->n; i++)
		if (!h->met[i] &&
		    (i == 0 || !view_equal(h->sorted[i - 1], h->sorted[i])))
			return false;
	return true;
}

static int join(const struct digest *first, const struct digest *second,
		struct digest *ret_d, struct ltps_error *err)
{
	uint8_t both[2 * DIGEST_MAX];
	memcpy(both, first->p, first->n);
	memcpy(both + first->n, second->p, second->n);
	return digest_once(first->alg, view_of(both, first->n + second->n), ret_d, err);
}

/*
 * Whether this chain covers the object. The sorted joining of RFC 4998 figure
 * 4 contradicts 5.2 step 4, which everybody follows: it is recognised, so that
 * the report can say what is wrong, and does not count.
 */
static int look_up(struct head *h, size_t c, const struct digest *d, bool *ret_held,
		   struct ltps_error *err)
{
	struct digest renewed, other;
	if (c == 0) {
		*ret_held = head_holds(h, d);
		return 0;
	}
	if (join(d, &h->earlier, &renewed, err) != 0 ||
	    join(&h->earlier, d, &other, err) != 0)
		return -1;
	*ret_held = head_holds(h, &renewed);
	if (!*ret_held && memcmp(d->p, h->earlier.p, d->n) > 0 && head_holds(h, &other))
		h->sorted_variant = true;
	return 0;
}

/* Digest of the object; alg stays NONE in ret_d when it cannot be had. */
static int digest_of(const struct ers_object *o, enum digest_alg alg,
		     struct digest *ret_d, struct ltps_error *err)
{
	if (ret_d->alg == alg)
		return 0;
	if (o->has_data)
		return digest_once(alg, o->data, ret_d, err);
	for (size_t i = 0; i < o->n_digests; i++)
		if (o->digests[i].alg == alg && o->digests[i].n == digest_len(alg)) {
			*ret_d = o->digests[i];
			return 0;
		}
	return 0;
}

static int add_finding(struct ers_job *job, const struct ers_object *o,
		       enum finding_kind kind, enum digest_alg alg,
		       struct ltps_error *err)
{
	struct ers_finding f = { .code = object_findings[kind].code,
				 .clause = object_findings[kind].clause };
	const char *text = object_findings[kind].text;
	const char *slot = strstr(text, "%s");

	snprintf(f.object, sizeof(f.object), "%s", o->name != NULL ? o->name : "");
	snprintf(f.text, sizeof(f.text), "%.*s%s%s", (int)(slot - text), text,
		 digest_name(alg), slot + 2);
	return ers_report_add(job->rep, &f, err);
}

/* Follows one object through the chains; stops where it is lost. */
static int follow_object(struct ers_job *job, struct head *heads, size_t i,
			 struct ltps_error *err)
{
	const struct ers_object *o = &job->in->objects[i];
	struct digest cache[DIGEST_ALG_COUNT];
	memset(cache, 0, sizeof(cache));

	for (size_t c = 0; c < job->er->n_chains; c++) {
		struct head *h = &heads[c];
		struct digest *d = &cache[h->alg];
		bool held = false;
		if (h->alg == DIGEST_NONE)
			return 0;
		if (digest_of(o, h->alg, d, err) != 0)
			return -1;
		if (d->alg == DIGEST_NONE)
			return add_finding(job, o, NO_DIGEST, h->alg, err);
		h->tested++;
		if (look_up(h, c, d, &held, err) != 0)
			return -1;
		if (!held)
			return add_finding(job, o, c == 0 ? NOT_IN_FIRST : NOT_RENEWED,
					   h->alg, err);
		h->linked++;
	}
	job->rep->covers[i].covered = true;
	return 0;
}

static int add_unchecked(struct ers_job *job, size_t c, struct ltps_error *err)
{
	struct ers_finding f = { .code = "ERS_RENEWAL_UNCHECKED",
				 .clause = "RFC 4998 5.3",
				 .text =
				     "without a covered object the hash-tree renewal "
				     "cannot be checked" };
	ers_name_stamp(c, 0, f.object);
	return ers_report_add(job->rep, &f, err);
}

/* Link of each later chain, RFC 4998 5.3 step 3. */
static int judge_links(struct ers_job *job, const struct head *heads,
		       struct ltps_error *err)
{
	for (size_t c = 1; c < job->er->n_chains; c++) {
		const struct head *h = &heads[c];
		struct ers_chain_report *r = &job->rep->chains[c];
		int rc = 0;
		r->link_checked = h->tested > 0;
		r->links_previous = h->tested > 0 && h->linked == h->tested;
		r->sorted_variant = h->sorted_variant;
		if (h->tested == 0)
			rc = add_unchecked(job, c, err);
		else if (r->sorted_variant)
			rc = ers_judge(job, c, 0, ERS_RENEWAL_SORTED, err);
		else if (!r->links_previous)
			rc = ers_judge(job, c, 0, ERS_RENEWAL_MISSING, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/*
 * RFC 4998 5.3, last paragraph: the first list of the first chain holds the
 * hashes of the given objects and no other.
 */
static void mark_groups(struct ers_job *job, const struct head *heads)
{
	bool complete = heads[0].n > 0 && heads[0].linked == job->in->n_objects &&
			head_all_met(&heads[0]);
	for (size_t i = 0; i < job->rep->n_covers; i++)
		job->rep->covers[i].group_complete =
		    complete && job->rep->covers[i].covered;
}

int ers_check_objects(struct ers_job *job, struct ltps_error *err)
{
	size_t n = job->er->n_chains;
	struct head *heads = mem_zalloc(n, sizeof(*heads));
	int rc = -1;

	if (heads == NULL)
		return ltps_fail_nomem(err);
	for (size_t c = 0; c < n; c++)
		if (open_head(job, c, &heads[c], err) != 0)
			goto out;
	for (size_t i = 0; i < job->in->n_objects; i++)
		if (follow_object(job, heads, i, err) != 0)
			goto out;
	mark_groups(job, heads);
	rc = judge_links(job, heads, err);
out:
	for (size_t c = 0; c < n; c++) {
		mem_free(heads[c].sorted);
		mem_free(heads[c].met);
	}
	mem_free(heads);
	return rc;
}
