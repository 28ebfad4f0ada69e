/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ingest_digests - PreservePO with temporary storage (TS 119 512 F.2): digests that the
 * client took, or data of which the digest is taken and nothing is kept. The parts have
 * no octets; the evidence is fetched by RetrievePO while it is held.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/carried.h"
#include "ltp/ingest_private.h"
#include "ltp/plan.h"
#include "ltp/rows.h"
#include "timestamping/merkle.h"

void ltp_digest_list_clear(struct ltp_digest_list *l)
{
	mem_free(l->values);
	mem_free(l->evidence_format);
	buf_free(&l->evidence);
	*l = (struct ltp_digest_list){ .alg = DIGEST_NONE };
}

static bool is_list(const struct ltp_po *po)
{
	return po->format_id != NULL && strcmp(po->format_id, URI_DIGEST_LIST) == 0;
}

static const struct ltp_digest_list *list_of(const struct ltp_ingest_request *req)
{
	return req->n_pos == 1 ? req->pos[0].digests : NULL;
}

size_t ingest_parts_wanted(const struct ltp_ingest_request *req)
{
	const struct ltp_digest_list *list = list_of(req);
	return list != NULL ? list->n + (list->has_evidence ? 1 : 0) : req->n_pos;
}

/* ---- whether it may be taken ---- */

static bool alg_taken(const struct ltp *l, const struct profile *p,
		      const struct ltp_digest_list *list, struct ltp_result *r)
{
	bool taken = false;
	for (size_t i = 0; p->list_algs[i] != DIGEST_NONE; i++)
		taken = taken || p->list_algs[i] == list->alg;
	if (list->alg == DIGEST_NONE)
		refuse(r, LTP_PO_FORMAT_ERROR,
		       "DigestList: the digest algorithm is not known here");
	else if (!taken)
		refuse(r, LTP_PO_FORMAT_ERROR,
		       "DigestList: the profile does not take digests by %s",
		       digest_name(list->alg));
	else if (plan_digest_end(l, list->alg) <= ltp_now(l))
		refuse(r, LTP_PO_FORMAT_ERROR,
		       "DigestList: %s is not reliable any more",
		       digest_name(list->alg));
	else
		return true;
	return false;
}

static bool evidence_taken(const struct ltp_digest_list *list, struct ltp_result *r)
{
	const char *f = list->evidence_format;
	if (!list->has_evidence || f == NULL || strcmp(f, URI_ER_4998) == 0 ||
	    strcmp(f, URI_ER_4998_SHORT) == 0)
		return true;
	refuse(r, LTP_UNKNOWN_PO_FORMAT,
	       "DigestList: evidence of the format '%s' is not renewed", f);
	return false;
}

static bool list_holds(const struct ltp *l, const struct profile *p,
		       const struct ltp_digest_list *list, struct ltp_result *r)
{
	if (!alg_taken(l, p, list, r))
		return false;
	if (list->n == 0)
		refuse(r, LTP_PO_FORMAT_ERROR, "DigestList: it holds no digest");
	else if (list->n > p->max_pos)
		refuse(r, LTP_PARAMETER_ERROR,
		       "DigestList: %zu digests; the profile takes at most %llu",
		       list->n, (unsigned long long)p->max_pos);
	else if (list->n_wrong_len > 0)
		/* TS 119 511 OVR-9.3-08 */
		refuse(r, LTP_PO_FORMAT_ERROR,
		       "DigestList: %zu of %zu digests are not %zu octets long, as %s "
		       "makes them",
		       list->n_wrong_len, list->n, digest_len(list->alg),
		       digest_name(list->alg));
	else
		return evidence_taken(list, r);
	return false;
}

bool ingest_digests_hold(const struct ltp *l, const struct profile *p,
			 const struct ltp_ingest_request *req, struct ltp_result *r)
{
	for (size_t i = 0; i < req->n_pos; i++) {
		if (!is_list(&req->pos[i]))
			continue;
		if (req->n_pos > 1)
			refuse(r, LTP_PARAMETER_ERROR,
			       "po[%zu]: a DigestList is the only po of its request",
			       i);
		else if (req->pos[i].digests == NULL)
			refuse(r, LTP_PO_FORMAT_ERROR,
			       "po[%zu]: the DigestList was not read", i);
		else
			return list_holds(l, p, req->pos[i].digests, r);
		return false;
	}
	return true;
}

/* ---- rows ---- */

static int make_leaf(struct ltp_ingest *i, const struct digest *members, size_t n,
		     struct ltps_error *err)
{
	struct view *hashes = mem_zalloc(n, sizeof(*hashes));
	if (hashes == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; k < n; k++)
		hashes[k] = digest_view(&members[k]);
	const int rc =
	    merkle_group(members[0].alg, hashes, n, true, &i->version.digest, err);
	mem_free(hashes);
	return rc;
}

/* Its digests are not those of a part: the version's is not made of them. */
static int add_carried(struct ltp_ingest *i, const struct ltp_digest_list *list,
		       struct ltps_error *err)
{
	struct part_new *p = &i->parts[list->n];
	*p = (struct part_new){ .format_id = URI_ER_4998,
				.detected = CARRIED_PART,
				.size = list->evidence.n };
	i->bytes += list->evidence.n;
	return blob_prepare(i->l->o.store, i->tenant, view_buf(&list->evidence), NULL,
			    &p->blob, err);
}

/* 1: the leaf is made, 0: refused, -1: failed. */
static int renew(struct ltp_ingest *i, const struct ltp_digest_list *list,
		 struct ltp_result *r, struct ltps_error *err)
{
	struct carried c = { 0 };
	struct digest *members = mem_zalloc(list->n, sizeof(*members));
	size_t n;
	bool holds = false;
	int rc = -1;
	if (members == NULL)
		return ltps_fail_nomem(err);
	if (carried_take(view_buf(&list->evidence), list->alg, &c, err) != 0 ||
	    carried_judge(i->l, &c, list->values, list->n, &holds, r, err) != 0) {
		if (err->fault != LTPS_FAULT_OBJECT)
			goto out;
		refuse(r, LTP_PO_FORMAT_ERROR,
		       "DigestList: the evidence cannot be renewed: %.200s", err->text);
		ltps_error_clear(err);
	}
	if (!holds)
		rc = 0;
	else if (carried_group(&c, list->values, list->n, members, &n, err) == 0 &&
		 make_leaf(i, members, n, err) == 0 && add_carried(i, list, err) == 0)
		rc = 1;
out:
	carried_clear(&c);
	mem_free(members);
	return rc;
}

static int make_list(struct ltp_ingest *i, const struct ltp_po *po,
		     struct ltp_result *r, struct ltps_error *err)
{
	const struct ltp_digest_list *list = po->digests;
	for (size_t k = 0; k < list->n; k++) {
		i->parts[k] = (struct part_new){ .given = list->values[k] };
		i->bytes += list->values[k].n;
	}
	if (list->has_evidence)
		return renew(i, list, r, err);
	return make_leaf(i, list->values, list->n, err) == 0 ? 1 : -1;
}

/* The digest of the tree as one that was given: nothing takes it from octets later. */
static int take_digest(struct ltp_ingest *i, size_t k, const struct ltp_po *po,
		       enum digest_alg alg, struct ltp_result *r, bool *ret_taken,
		       struct ltps_error *err)
{
	const struct format *detected = format_detect(po->data);
	struct part_new *p = &i->parts[k];
	*ret_taken = request_format_true(po, detected, k, r);
	if (!*ret_taken)
		return 0;
	if (ingest_describe(i, k, po, detected->name, err) != 0)
		return -1;
	p->size = po->data.n;
	i->bytes += po->data.n;
	return digest_once(alg, po->data, &p->given, err);
}

static int make_digests(struct ltp_ingest *i, const struct ltp_ingest_request *req,
			struct ltp_result *r, struct ltps_error *err)
{
	const enum digest_alg alg = leaf_digest(i->l, i->profile, ltp_now(i->l));
	struct digest *members = mem_zalloc(req->n_pos, sizeof(*members));
	bool taken = true;
	int rc = 0;
	if (members == NULL)
		return ltps_fail_nomem(err);
	for (size_t k = 0; rc == 0 && taken && k < req->n_pos; k++) {
		rc = take_digest(i, k, &req->pos[k], alg, r, &taken, err);
		members[k] = i->parts[k].given;
	}
	if (rc == 0 && taken)
		rc = make_leaf(i, members, req->n_pos, err);
	mem_free(members);
	if (rc != 0)
		return -1;
	return taken ? 1 : 0;
}

int ingest_digests_make(struct ltp_ingest *i, const struct ltp_ingest_request *req,
			struct ltp_result *r, struct ltps_error *err)
{
	return list_of(req) != NULL ? make_list(i, &req->pos[0], r, err)
				    : make_digests(i, req, r, err);
}
