/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/continued.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "storage/audit.h"
#include "timestamping/merkle.h"
#include "validation/ers_verify.h"

/* Names the record in refusals. */
#define WHAT "the evidence record that is to be continued"

/* ---- the request ---- */

static bool is_record(const struct ltp_po *po)
{
	return po->format_id != NULL && strcmp(po->format_id, URI_ER_CONTINUED) == 0;
}

/* What is not kept cannot be what another PO speaks of. */
static bool is_related(const struct ltp_po *po, const struct ltp_po *record)
{
	for (size_t i = 0; record->id != NULL && i < po->n_related; i++)
		if (strcmp(po->related[i], record->id) == 0)
			return true;
	return false;
}

bool continued_record(const struct ltp_po *pos, size_t n, const struct ltp_po **ret,
		      struct ltp_result *r)
{
	const struct ltp_po *last =
	    n > 0 && is_record(&pos[n - 1]) ? &pos[n - 1] : NULL;
	*ret = NULL;
	for (size_t i = 0; i < n; i++) {
		if (&pos[i] != last && is_record(&pos[i]))
			refuse(r, LTP_PARAMETER_ERROR,
			       "po[%zu]: an evidence record that is to be continued is "
			       "one, behind all that it is about",
			       i);
		else if (last != NULL && is_related(&pos[i], last))
			refuse(r, LTP_PARAMETER_ERROR,
			       "po[%zu].relObj names the evidence record, which "
			       "becomes no object",
			       i);
		else
			continue;
		return false;
	}
	*ret = last;
	return true;
}

size_t continued_without(const struct ltp_po *pos, size_t n)
{
	return n > 0 && is_record(&pos[n - 1]) ? n - 1 : n;
}

/* ---- chains ---- */

/* They were read when they came: what cannot be now is damage. */
static int read_stored(struct view record, size_t n, struct ers **ret,
		       struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	if (ers_parse(record, ret, &why) == 0 && (*ret)->n_chains == n)
		return 0;
	if (why.code != LTPS_OK && why.fault != LTPS_FAULT_OBJECT) {
		*err = why;
		return -1;
	}
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 5.1",
			 "the %zu chains of another service are not what came: %s", n,
			 why.text);
}

/* A record that is made of them says it. */
int continued_algs(const struct view *chains, size_t n, enum digest_alg *ret,
		   struct ltps_error *err)
{
	const enum digest_alg any = DIGEST_SHA256;
	struct buf record = buf_make(ERS_SIZE_MAX);
	struct ers *er = NULL;
	if (n == 0)
		return 0;
	int rc = ers_encode(chains, n, &any, 1, VIEW_NULL, &record, err);
	if (rc == 0)
		rc = read_stored(view_buf(&record), n, &er, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		ret[i] = er->chains[i].stamps[0].alg;
	ers_free(er);
	buf_free(&record);
	return rc;
}

/* The record as its chains alone make it. */
static int encode_chains(const struct ers *er, struct buf *out, struct ltps_error *err)
{
	struct view chains[ERS_CHAINS_MAX];
	enum digest_alg algs[ERS_CHAINS_MAX];
	for (size_t i = 0; i < er->n_chains; i++) {
		chains[i] = er->chains[i].whole;
		algs[i] = er->chains[i].stamps[0].alg;
	}
	return ers_encode(chains, er->n_chains, algs, er->n_chains, VIEW_NULL, out,
			  err);
}

/* ---- judgement ---- */

/* A data object's digest under each algorithm of a record. */
struct digests {
	struct digest d[DIGEST_ALG_COUNT];
	size_t n;
};
struct objects {
	struct ers_object *list;
	struct digests *digests;
};

static void objects_clear(struct objects *o)
{
	mem_free(o->list);
	mem_free(o->digests);
}

static bool has_digest(const struct digests *d, enum digest_alg alg)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->d[i].alg == alg)
			return true;
	return false;
}

static int take_digests(const struct ers *er, const struct continued_data *data,
			size_t i, struct digests *d, struct ltps_error *err)
{
	for (size_t c = 0; c < er->n_chains; c++) {
		const enum digest_alg alg = er->chains[c].stamps[0].alg;
		if (digest_len(alg) == 0 || has_digest(d, alg))
			continue;
		if (data->digest(data->arg, i, alg, &d->d[d->n], err) != 0)
			return -1;
		d->n++;
	}
	return 0;
}

static int objects_make(const struct ers *er, const struct continued_data *data,
			struct objects *o, struct ltps_error *err)
{
	o->list = mem_zalloc(data->n + 1, sizeof(*o->list));
	o->digests = mem_zalloc(data->n + 1, sizeof(*o->digests));
	if (o->list == NULL || o->digests == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < data->n; i++) {
		if (take_digests(er, data, i, &o->digests[i], err) != 0)
			return -1;
		o->list[i] = (struct ers_object){ .name = "",
						  .digests = o->digests[i].d,
						  .n_digests = o->digests[i].n };
	}
	return 0;
}

struct continued_judge continued_judge_of(const struct ltp_worker *w)
{
	return (struct continued_judge){ .material = w->l->history,
					 .policy = w->l->o.algorithms,
					 .time_ms = ltp_now(w->l),
					 .cache = w->signatures };
}

static int judge(const struct continued_judge *by, const struct ers *er,
		 struct view record, const struct continued_data *data,
		 struct ers_report **ret, struct ltps_error *err)
{
	struct objects o = { 0 };
	int rc = objects_make(er, data, &o, err);
	if (rc == 0) {
		const struct ers_input in = { .objects = o.list,
					      .n_objects = data->n,
					      .material = by->material,
					      .policy = by->policy,
					      .time_ms = by->time_ms,
					      .cache = by->cache };
		rc = ers_verify(record, &in, ret, err);
	}
	objects_clear(&o);
	return rc;
}

static size_t first_uncovered(const struct ers_report *rep)
{
	size_t i = 0;
	while (i < rep->n_covers && rep->covers[i].covered)
		i++;
	return i;
}

/* Exactly these are what the record is about. One object alone need not be a group:
 * others may stand beside it in the first list (RFC 4998 4.2, 5.3 step 1). */
static bool is_about(const struct ers_report *rep)
{
	bool whole = rep->n_covers > 0;
	for (size_t i = 0; i < rep->n_covers; i++)
		whole = whole && rep->covers[i].covered &&
			(rep->covers[i].group_complete || rep->n_covers == 1);
	return whole;
}

static bool proves(const struct ers_report *rep)
{
	return rep->intact && rep->indication == INDICATION_PASSED && is_about(rep);
}

static bool report_holds(const struct ers_report *rep, struct ltp_result *r)
{
	const size_t i = first_uncovered(rep);
	if (!carried_report_holds(rep, WHAT, r))
		return false;
	if (i < rep->n_covers)
		refuse(r, LTP_PO_FORMAT_ERROR, "po[%zu] is not covered by " WHAT, i);
	else if (!is_about(rep))
		refuse(r, LTP_PO_FORMAT_ERROR, WHAT " is about more than came with it");
	else if (!proves(rep))
		refuse(r, LTP_PO_FORMAT_ERROR, WHAT " is %s%s%s",
		       indication_name(rep->indication),
		       rep->subindication != NULL ? ", " : "",
		       rep->subindication != NULL ? rep->subindication : "");
	else
		return true;
	return false;
}

static int parse_and_judge(const struct continued_judge *by, struct view record,
			   const struct continued_data *data, struct ers_report **ret,
			   struct ltps_error *err)
{
	struct ers *er = NULL;
	int rc = ers_parse(record, &er, err);
	if (rc == 0)
		rc = judge(by, er, record, data, ret, err);
	ers_free(er);
	return rc;
}

int continued_proof(const struct continued_judge *by, struct view record,
		    const struct continued_data *data, int64_t *ret_ms,
		    struct ltps_error *err)
{
	struct ers_report *rep = NULL;
	*ret_ms = INT64_MAX;
	const int rc = parse_and_judge(by, record, data, &rep, err);
	if (rc == 0 && proves(rep))
		*ret_ms = rep->proof_of_existence_ms;
	ers_report_free(rep);
	return rc;
}

int continued_stands(const struct continued_judge *by, struct view record,
		     const struct continued_data *data, bool *ret_stands,
		     struct ltps_error *err)
{
	struct ers_report *rep = NULL;
	const int rc = parse_and_judge(by, record, data, &rep, err);
	if (rc == 0)
		*ret_stands = rep->intact && rep->indication != INDICATION_FAILED;
	ers_report_free(rep);
	return rc;
}

/* ---- a record that comes ---- */

void continued_clear(struct continued *c)
{
	carried_clear(&c->carried);
	c->proof_ms = INT64_MAX;
}

static int judge_taken(const struct continued_judge *by, struct continued *c,
		       const struct continued_data *data, bool *ret_holds,
		       struct ltp_result *r, struct ltps_error *err)
{
	const struct ers *er = c->carried.er;
	struct ers_report *rep = NULL;
	struct buf chains = buf_make(ERS_SIZE_MAX);
	int rc = 0;
	if (er->n_chains > CONTINUED_CHAINS_MAX)
		return refuse(r, LTP_PO_FORMAT_ERROR,
			      WHAT " has %zu chains, more than %d", er->n_chains,
			      CONTINUED_CHAINS_MAX);
	rc = encode_chains(er, &chains, err);
	if (rc == 0)
		rc = judge(by, er, view_buf(&chains), data, &rep, err);
	if (rc == 0 && report_holds(rep, r)) {
		*ret_holds = true;
		c->proof_ms = rep->proof_of_existence_ms;
	}
	ers_report_free(rep);
	buf_free(&chains);
	return rc;
}

int continued_take(const struct continued_judge *by, struct view record,
		   const struct continued_data *data, struct continued *ret,
		   bool *ret_holds, struct ltp_result *r, struct ltps_error *err)
{
	*ret_holds = false;
	ret->proof_ms = INT64_MAX;
	if (carried_take(record, DIGEST_NONE, &ret->carried, err) == 0 &&
	    judge_taken(by, ret, data, ret_holds, r, err) == 0)
		return 0;
	if (err->fault != LTPS_FAULT_OBJECT)
		return -1;
	refuse(r, LTP_PO_FORMAT_ERROR, WHAT " cannot be: %.200s", err->text);
	ltps_error_clear(err);
	return 0;
}

int continued_leaf_of(const struct digest *digests, size_t n, struct view sequence,
		      struct digest *ret, struct ltps_error *err)
{
	struct digest *renewed = mem_zalloc(n + 1, sizeof(*renewed));
	struct view *hashes = mem_zalloc(n + 1, sizeof(*hashes));
	int rc = renewed != NULL && hashes != NULL ? 0 : ltps_fail_nomem(err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		rc = ers_renewed_hash(&digests[i], sequence, &renewed[i], err);
		hashes[i] = digest_view(&renewed[i]);
	}
	if (rc == 0)
		rc = merkle_group(digests[0].alg, hashes, n, true, ret, err);
	mem_free(hashes);
	mem_free(renewed);
	return rc;
}

int continued_leaf(const struct continued *c, enum digest_alg alg,
		   const struct continued_data *data, struct digest *ret,
		   struct ltps_error *err)
{
	struct digest *d = mem_zalloc(data->n + 1, sizeof(*d));
	int rc = d != NULL ? 0 : ltps_fail_nomem(err);
	for (size_t i = 0; rc == 0 && i < data->n; i++)
		rc = data->digest(data->arg, i, alg, &d[i], err);
	if (rc == 0)
		rc = continued_leaf_of(d, data->n, c->carried.er->sequence, ret, err);
	mem_free(d);
	return rc;
}

/* ---- kept ---- */

static int audit(const struct continued *c, struct store_conn *conn,
		 const struct continued_note *note, struct ltps_error *err)
{
	char detail[STORE_NAME_MAX + 96], since[TIME_TEXT_MAX];
	time_rfc3339(c->proof_ms, since);
	snprintf(detail, sizeof(detail), "%s: %zu chains of another service since %s",
		 note->version, c->carried.er->n_chains, since);
	const struct audit_entry entry = { .time_ms = note->time_ms,
					   .tenant = note->tenant,
					   .actor = note->actor,
					   .operation = "EvidenceContinued",
					   .poid = note->poid,
					   .detail = detail,
					   .outcome = "success" };
	return audit_append(conn, &entry, NULL, err);
}

int continued_keep(const struct continued *c, struct store_conn *conn, int64_t version,
		   const struct continued_note *note, struct ltps_error *err)
{
	const struct ers *er = c->carried.er;
	if (er == NULL)
		return 0;
	for (size_t i = 0; i < er->n_chains; i++)
		if (chain_put(conn, LEAF_VERSION, version, (uint32_t)(i + 1),
			      er->chains[i].whole, err) != 0)
			return -1;
	return audit(c, conn, note, err);
}
