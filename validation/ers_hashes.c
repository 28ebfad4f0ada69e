/* SPDX-License-Identifier: Apache-2.0 */
/* Roots of the reduced hash trees, and what a timestamp renewal covers. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "timestamping/merkle.h"
#include "validation/ers_job.h"

/*
 * RFC 4998 4.3 leaves open what a list with one hash, or with the same hash
 * twice, gives. The first reading is what every known writer means.
 */
struct reading {
	bool pass_single; /* RFC 6283 3.3.1: a lone value moves up unhashed */
	bool distinct;    /* equal values count once */
};

static const struct reading readings[] = {
	{ .pass_single = true, .distinct = false },
	{ .pass_single = true, .distinct = true },
	{ .pass_single = false, .distinct = false },
};

static int by_value(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

/* Sorts, and drops what is there already; returns how many are left. */
static size_t make_distinct(struct view *hashes, size_t n)
{
	size_t kept = 0;
	qsort(hashes, n, sizeof(*hashes), by_value);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || view_compare(hashes[kept - 1], hashes[i]) != 0)
			hashes[kept++] = hashes[i];
	return kept;
}

/* One list, with the value that comes up from below but for the first. */
static int join_list(enum digest_alg alg, const struct ers_list *list, bool first,
		     const struct reading *r, struct digest *current,
		     struct ltps_error *err)
{
	struct digest below = *current;
	size_t n = list->n;
	struct view *all = mem_zalloc(n + 1, sizeof(*all));
	int rc;

	if (all == NULL)
		return ltps_fail_nomem(err);
	memcpy(all, list->hashes, n * sizeof(*all));
	if (!first)
		all[n++] = digest_view(&below);
	if (r->distinct)
		n = make_distinct(all, n);
	rc = merkle_group(alg, all, n, r->pass_single, current, err);
	mem_free(all);
	return rc;
}

static int root_of(const struct ers_stamp *stamp, const struct reading *r,
		   struct digest *ret_root, struct ltps_error *err)
{
	struct digest current = { .alg = stamp->alg };
	for (size_t i = 0; i < stamp->n_lists; i++)
		if (join_list(stamp->alg, &stamp->lists[i], i == 0, r, &current, err) !=
		    0)
			return -1;
	*ret_root = current;
	return 0;
}

static bool lengths_fit(const struct ers_stamp *stamp)
{
	size_t len = digest_len(stamp->alg);
	for (size_t i = 0; i < stamp->n_lists; i++)
		for (size_t k = 0; k < stamp->lists[i].n; k++)
			if (stamp->lists[i].hashes[k].n != len)
				return false;
	return true;
}

/* Root of the tree against the imprint, RFC 4998 4.3 steps 3 and 4. */
static int check_root(struct ers_job *job, size_t c, size_t s, struct ltps_error *err)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[s];
	const struct tst *tst = ers_token(job, c, s);
	struct digest root;

	if (!lengths_fit(stamp))
		return ers_judge(job, c, s, ERS_HASH_LENGTH, err);
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		if (root_of(stamp, &readings[i], &root, err) != 0)
			return -1;
		if (tst_covers(tst, &root)) {
			job->rep->chains[c].stamps[s].imprint_intact = true;
			return 0;
		}
	}
	return ers_judge(job, c, s, ERS_IMPRINT_MISMATCH, err);
}

static bool list_holds(const struct ers_list *list, const struct digest *d)
{
	for (size_t i = 0; i < list->n; i++)
		if (view_equal(list->hashes[i], digest_view(d)))
			return true;
	return false;
}

/* Whether this is the hash that a time-stamp is over as a renewal. */
static bool renews(const struct ers_job *job, size_t c, size_t s,
		   const struct digest *d)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[s];
	return stamp->has_tree ? list_holds(&stamp->lists[0], d)
			       : tst_covers(ers_token(job, c, s), d);
}

/* Over the DER form of the token before, where that stands in BER: RFC 4998 5.2 does
 * not say which octets of the field are hashed. A token may have no such form. */
static int renews_der(const struct ers_job *job, size_t c, size_t s, bool *ret_does,
		      struct ltps_error *err)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[s];
	struct digest d;

	*ret_does = false;
	if (ers_token_hash_der(stamp->alg, stamp[-1].token, &d, err) == 0) {
		*ret_does = renews(job, c, s, &d);
		return 0;
	}
	if (!ers_is_objects_fault(err))
		return -1;
	ltps_error_clear(err);
	return 0;
}

/*
 * The token before must be in the first list, or be what is stamped (RFC 4998
 * 5.2, 5.3 step 2). Where all earlier tokens stand there as a group, as some
 * write it, the one before is among them.
 */
static int check_link(struct ers_job *job, size_t c, size_t s, struct ltps_error *err)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[s];
	struct ers_stamp_report *report = &job->rep->chains[c].stamps[s];
	struct digest d;

	if (ers_token_hash(stamp->alg, stamp[-1].token, &d, err) != 0)
		return -1;
	report->link_intact = renews(job, c, s, &d);
	if (!report->link_intact &&
	    renews_der(job, c, s, &report->link_intact, err) != 0)
		return -1;
	if (!stamp->has_tree)
		report->imprint_intact = report->link_intact;
	return report->link_intact ? 0 : ers_judge(job, c, s, ERS_LINK_MISSING, err);
}

static int check_stamp(struct ers_job *job, size_t c, size_t s, struct ltps_error *err)
{
	const struct ers_stamp *stamp = &job->er->chains[c].stamps[s];
	struct ers_stamp_report *report = &job->rep->chains[c].stamps[s];
	const struct tst *tst = ers_token(job, c, s);

	report->link_intact = s == 0;
	if (tst == NULL)
		return 0; /* said already */
	if (digest_len(stamp->alg) == 0)
		return ers_judge(job, c, s, ERS_ALGORITHM_UNKNOWN, err);
	/* digestAlgorithm must be that of the imprint, RFC 4998 4.3 step 4. */
	if (tst->imprint_alg != stamp->alg)
		return ers_judge(job, c, s, ERS_IMPRINT_MISMATCH, err);
	/* Without a tree the imprint is itself the hash of what is covered. */
	report->imprint_intact = !stamp->has_tree;
	if (stamp->has_tree && check_root(job, c, s, err) != 0)
		return -1;
	return s > 0 ? check_link(job, c, s, err) : 0;
}

int ers_check_hashes(struct ers_job *job, struct ltps_error *err)
{
	for (size_t c = 0; c < job->er->n_chains; c++)
		for (size_t s = 0; s < job->er->chains[c].n; s++)
			if (check_stamp(job, c, s, err) != 0)
				return -1;
	return 0;
}
