/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures_pair - the two time-stamps that each signature of a form stands on.
 *
 * An archive time-stamp of a CMS covers one signer (EN 319 122-1 5.5.3): where one
 * authority fails between two of them, the signers of a file stand on different ones,
 * and the file is worth what its weakest signer has. Those of a PDF cover all.
 */
#include <string.h>

#include "ltp/signatures.h"

static bool is_archive(const struct report_stamp *s)
{
	return s->stamp->type == STAMP_ARCHIVE || s->stamp->type == STAMP_DOCUMENT;
}

/* A signature time-stamp may be the second of a form. */
bool signatures_stamp_counts(const struct report_stamp *s)
{
	return s->stamp->tst != NULL && s->signer != NULL && s->certificate != NULL &&
	       s->conclusion.indication == INDICATION_PASSED &&
	       (is_archive(s) || s->stamp->type == STAMP_SIGNATURE);
}

static bool is_over(const struct document_stamp *over, const struct document_stamp *s)
{
	for (size_t k = 0; over != s && k < over->n_covers; k++)
		if (over->covers[k].kind == OBJECT_STAMP &&
		    memcmp(over->covers[k].sha256, s->sha256, sizeof(s->sha256)) == 0)
			return true;
	return false;
}

/* By another one that counts: two of one second are told apart by that alone. */
bool signatures_stamp_is_covered(const struct report *r, const struct report_stamp *s)
{
	for (size_t i = 0; i < r->n_stamps; i++)
		if (signatures_stamp_counts(&r->stamps[i]) &&
		    is_over(r->stamps[i].stamp, s->stamp))
			return true;
	return false;
}

bool signatures_by_same(const struct report_stamp *s, const struct report_stamp *other)
{
	return other != NULL && view_equal(s->signer->der, other->signer->der);
}

static bool is_younger(const struct report_stamp *s, const struct report_stamp *than)
{
	return than == NULL ||
	       s->stamp->tst->gen_time_ms >= than->stamp->tst->gen_time_ms;
}

/* Of this signature, or of the file. */
static bool is_for(const struct report_stamp *s, size_t signature)
{
	return signatures_stamp_counts(s) &&
	       (s->stamp->signature < 0 || (size_t)s->stamp->signature == signature);
}

/* A countersignature is covered with its parent. */
static bool stands_itself(const struct report *r, size_t signature)
{
	return r->signatures[signature].signature->role == ROLE_SIGNATURE;
}

struct signatures_pair signatures_pair_of(const struct report *r, size_t signature,
					  int64_t since_ms)
{
	struct signatures_pair p = { 0 };
	if (!stands_itself(r, signature))
		return p;
	for (size_t i = 0; i < r->n_stamps; i++)
		if (is_for(&r->stamps[i], signature) && is_archive(&r->stamps[i]) &&
		    !signatures_stamp_is_covered(r, &r->stamps[i]) &&
		    is_younger(&r->stamps[i], p.last))
			p.last = &r->stamps[i];
	for (size_t i = 0; p.last != NULL && i < r->n_stamps; i++)
		if (is_for(&r->stamps[i], signature) &&
		    r->stamps[i].stamp->tst->gen_time_ms >= since_ms &&
		    !signatures_by_same(&r->stamps[i], p.last) &&
		    is_younger(&r->stamps[i], p.under))
			p.under = &r->stamps[i];
	return p;
}

enum signatures_standing signatures_standing_of(const struct report *r,
						int64_t since_ms)
{
	size_t on_none = 0, on_one = 0, on_two = 0;
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct signatures_pair p = signatures_pair_of(r, i, since_ms);
		if (!stands_itself(r, i))
			continue;
		on_none += p.last == NULL;
		on_one += p.last != NULL && p.under == NULL;
		on_two += p.under != NULL;
	}
	if (on_one + on_two == 0)
		return STANDS_ON_NONE;
	return on_none + on_one > 0 ? STANDS_ON_ONE : STANDS_ON_TWO;
}

static bool is_by_either(const struct report_stamp *s, const struct signatures_pair *p)
{
	return signatures_by_same(s, p->last) || signatures_by_same(s, p->under);
}

bool signatures_same_authorities(const struct report *before, const struct report *now)
{
	for (size_t i = 0; i < now->n_signatures && i < before->n_signatures; i++) {
		const struct signatures_pair a =
		    signatures_pair_of(before, i, INT64_MIN);
		const struct signatures_pair b = signatures_pair_of(now, i, INT64_MIN);
		if (b.under == NULL)
			continue;
		if (a.under == NULL || !is_by_either(a.last, &b) ||
		    !is_by_either(a.under, &b))
			return false;
	}
	return true;
}
