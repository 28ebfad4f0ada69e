/* SPDX-License-Identifier: Apache-2.0 */
/* client_evidence - evidence records that came back, verified over the very octets
 * that they are about. RFC 5276 4 and 5, RFC 4998 3.3
 *
 * What is covered: the certificate's own DER (16), the value of the wantBack (17, 18,
 * 20), each CRL and OCSP response under its own universal tag (19). */
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "scvp/client_private.h"

struct judging {
	const struct scvp_expect *x;
	struct scvp_report *r;
	struct finder *f;
};

static struct scvp_evidence *next_evidence(struct judging *g, enum scvp_want_id of)
{
	if (g->r->n_evidence == SCVP_EVIDENCE_MAX) {
		finder_add(g->f, SCVP_CODE_EVIDENCE_FORMAT, "too many records");
		return NULL;
	}
	struct scvp_evidence *e = &g->r->evidence[g->r->n_evidence++];
	*e = (struct scvp_evidence){ .want = of,
				     .indication = INDICATION_INDETERMINATE,
				     .proof_ms = INT64_MIN };
	return e;
}

/* NULL in *ret when the record cannot be judged. */
static int verify(struct judging *g, struct view record,
		  const struct ers_object *objects, size_t n, struct ers_report **ret,
		  struct ltps_error *err)
{
	const struct ers_input in = {
		.objects = objects,
		.n_objects = n,
		.material =
		    g->x->evidence_trust != NULL ? g->x->evidence_trust : g->x->trust,
		.time_ms = g->x->now_ms,
	};
	struct ltps_error bad = LTPS_ERROR_INIT;
	*ret = NULL;
	if (ers_verify(record, &in, ret, &bad) == 0)
		return 0;
	if (bad.code == LTPS_NOMEM || bad.code == LTPS_CRYPTO) {
		*err = bad;
		return -1;
	}
	finder_add(g->f, SCVP_CODE_EVIDENCE_FORMAT, "%.150s", bad.text);
	return 0;
}

static bool covers_all(const struct ers_report *rep)
{
	for (size_t i = 0; i < rep->n_covers; i++)
		if (!rep->covers[i].covered)
			return false;
	return rep->n_covers > 0;
}

static void conclude(struct judging *g, const struct ers_report *rep,
		     struct scvp_evidence *e)
{
	e->covered = rep->intact && covers_all(rep);
	e->indication = rep->indication;
	e->subindication = rep->subindication;
	e->proof_ms = e->covered ? rep->proof_of_existence_ms : INT64_MIN;
	if (!e->covered || rep->indication == INDICATION_FAILED)
		finder_add(g->f, SCVP_CODE_EVIDENCE_INVALID, "%s: %s",
			   scvp_want_name(e->want),
			   e->covered    ? "failed"
			   : rep->intact ? "of something else"
					 : "not intact");
	else if (rep->indication != INDICATION_PASSED)
		finder_add(g->f, SCVP_CODE_NOTE_EVIDENCE_UNDETERMINED, "%s: %s",
			   scvp_want_name(e->want),
			   rep->subindication != NULL ? rep->subindication : "");
}

/* One record over these octets. */
static int judge_one(struct judging *g, enum scvp_want_id of, struct view record,
		     struct view octets, struct ltps_error *err)
{
	const struct ers_object object = { .name = scvp_want_name(of),
					   .has_data = true,
					   .data = octets };
	struct scvp_evidence *e = next_evidence(g, of);
	struct ers_report *rep;
	if (e == NULL)
		return 0;
	e->present = record.n > 0;
	if (!e->present) {
		finder_add(g->f, SCVP_CODE_NOTE_NO_EVIDENCE, "%s", scvp_want_name(of));
		return 0;
	}
	if (verify(g, record, &object, 1, &rep, err) != 0)
		return -1;
	if (rep != NULL)
		conclude(g, rep, e);
	ers_report_free(rep);
	return 0;
}

/* ---- 16 to 18 ---- */

static int judge_single(struct judging *g, enum scvp_want_id id, enum scvp_want_id of,
			struct ltps_error *err)
{
	const struct scvp_want_back *record = reply_want(g->r->reply, id);
	const struct scvp_want_back *b = reply_want(g->r->reply, of);
	struct view octets = b != NULL ? b->value : VIEW_NULL;
	if (record == NULL)
		return 0;
	if (of == SCVP_WANT_CERT && g->r->target != NULL)
		octets = g->r->target->der;
	if (octets.n == 0) {
		finder_add(g->f, SCVP_CODE_EVIDENCE_TARGET, "%s", scvp_want_name(id));
		return 0;
	}
	return judge_one(g, of, record->value, octets, err);
}

/* ---- 19 ---- */

struct covering {
	struct ers_object objects[SCVP_REV_INFOS_MAX];
	bool covered[SCVP_REV_INFOS_MAX];
	size_t n;
};

/* One record may cover several objects; which ones, its first list tells. */
static int judge_group(struct judging *g, struct view record, struct covering *c,
		       struct ltps_error *err)
{
	struct scvp_evidence *e = next_evidence(g, SCVP_WANT_REVOCATION);
	struct ers_object *own = NULL;
	struct ers_report *rep = NULL;
	size_t n = 0;
	int rc = -1;
	if (e == NULL)
		return 0;
	e->present = true;
	own = mem_zalloc(c->n, sizeof(*own));
	if (own == NULL)
		return ltps_fail_nomem(err);
	if (verify(g, record, c->objects, c->n, &rep, err) != 0)
		goto out;
	for (size_t i = 0; rep != NULL && i < c->n && i < rep->n_covers; i++) {
		if (!rep->covers[i].covered)
			continue;
		c->covered[i] = true;
		own[n++] = c->objects[i];
	}
	rc = 0;
	if (rep != NULL && n > 0 && n < c->n) {
		ers_report_free(rep);
		rc = verify(g, record, own, n, &rep, err);
	}
	if (rc == 0 && rep != NULL)
		conclude(g, rep, e);
out:
	ers_report_free(rep);
	mem_free(own);
	return rc;
}

static int judge_records(struct judging *g, struct view value, struct covering *c,
			 struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	if (tlv_only(value, &t, &bad) != 0 ||
	    !tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE)) {
		finder_add(g->f, SCVP_CODE_EVIDENCE_FORMAT, "EvidenceRecords");
		return 0;
	}
	for (struct view rest = t.body; rest.n > 0;) {
		if (tlv_next(&rest, &t, &bad) != 0) {
			finder_add(g->f, SCVP_CODE_EVIDENCE_FORMAT, "EvidenceRecords");
			return 0;
		}
		if (g->r->n_evidence == SCVP_EVIDENCE_MAX)
			break;
		if (judge_group(g, t.whole, c, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < c->n; i++)
		if (!c->covered[i])
			finder_add(g->f, SCVP_CODE_EVIDENCE_INVALID,
				   "no record of revocation object %zu", i);
	return 0;
}

static int judge_revocation(struct judging *g, struct ltps_error *err)
{
	const struct scvp_want_back *record =
	    reply_want(g->r->reply, SCVP_WANT_ERS_REVOCATION);
	const struct scvp_want_back *b = reply_want(g->r->reply, SCVP_WANT_REVOCATION);
	struct scvp_rev_want_back *infos = NULL;
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct covering *c = NULL;
	int rc = -1;
	if (record == NULL)
		return 0;
	if (record->value.n == 0) {
		struct scvp_evidence *e = next_evidence(g, SCVP_WANT_REVOCATION);
		if (e != NULL)
			finder_add(g->f, SCVP_CODE_NOTE_NO_EVIDENCE, "%s",
				   scvp_want_name(SCVP_WANT_REVOCATION));
		return 0;
	}
	if (b == NULL || scvp_rev_want_back_parse(b->value, &infos, &bad) != 0) {
		finder_add(g->f, SCVP_CODE_EVIDENCE_TARGET, "%s",
			   scvp_want_name(SCVP_WANT_ERS_REVOCATION));
		return bad.code == LTPS_NOMEM ? ltps_fail_nomem(err) : 0;
	}
	c = mem_zalloc(1, sizeof(*c));
	if (c == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	for (size_t i = 0; i < infos->n_infos && c->n < SCVP_REV_INFOS_MAX; i++)
		c->objects[c->n++] = (struct ers_object){ .name = "revocation object",
							  .has_data = true,
							  .data = infos->infos[i].der };
	rc = judge_records(g, record->value, c, err);
out:
	mem_free(c);
	scvp_rev_want_back_free(infos);
	return rc;
}

/* ---- 20 ---- */

static bool is_evidence(enum scvp_want_id id)
{
	return id >= SCVP_WANT_ERS_CERT && id <= SCVP_WANT_ERS_ALL;
}

static int judge_target(struct judging *g, const struct scvp_want_back *item,
			struct ltps_error *err)
{
	const enum scvp_want_id id = scvp_want_id(item->oid);
	const struct scvp_want_back *b = reply_want(g->r->reply, id);
	struct view octets = b != NULL && !is_evidence(id) ? b->value : VIEW_NULL;
	if (id == SCVP_WANT_CERT && g->r->target != NULL)
		octets = g->r->target->der;
	if (octets.n == 0) {
		char oid[OID_TEXT_MAX];
		oid_text(item->oid, oid);
		finder_add(g->f, SCVP_CODE_EVIDENCE_TARGET, "%.100s", oid);
		return 0;
	}
	return judge_one(g, id, item->value, octets, err);
}

/* One for each other wantBack that was returned: RFC 5276 5.5. */
static void check_one_to_one(struct judging *g, const struct scvp_want_back *items,
			     size_t n)
{
	for (size_t i = 0; i < g->r->reply->n_want_backs; i++) {
		const struct view oid = g->r->reply->want_backs[i].oid;
		size_t found = 0;
		if (is_evidence(scvp_want_id(oid)))
			continue;
		for (size_t k = 0; k < n; k++)
			found += view_equal(items[k].oid, oid);
		if (found != 1)
			finder_add(g->f, SCVP_CODE_EVIDENCE_TARGET, "%s: %zu entries",
				   scvp_want_name(scvp_want_id(oid)), found);
	}
}

static int judge_all(struct judging *g, struct ltps_error *err)
{
	const struct scvp_want_back *b = reply_want(g->r->reply, SCVP_WANT_ERS_ALL);
	struct scvp_want_back items[SCVP_WANT_BACKS_MAX];
	struct ltps_error bad = LTPS_ERROR_INIT;
	size_t n = 0;
	if (b == NULL)
		return 0;
	if (b->value.n == 0) {
		finder_add(g->f, SCVP_CODE_NOTE_NO_EVIDENCE, "%s",
			   scvp_want_name(SCVP_WANT_ERS_ALL));
		return 0;
	}
	if (scvp_ers_all_parse(b->value, items, SCVP_WANT_BACKS_MAX, &n, &bad) != 0) {
		finder_add(g->f, SCVP_CODE_EVIDENCE_FORMAT, "%.150s", bad.text);
		return bad.code == LTPS_NOMEM ? ltps_fail_nomem(err) : 0;
	}
	check_one_to_one(g, items, n);
	for (size_t i = 0; i < n; i++)
		if (judge_target(g, &items[i], err) != 0)
			return -1;
	return 0;
}

int evidence_check(const struct scvp_expect *x, struct scvp_report *r, struct finder *f,
		   struct ltps_error *err)
{
	struct judging g = { .x = x, .r = r, .f = f };
	if (judge_single(&g, SCVP_WANT_ERS_CERT, SCVP_WANT_CERT, err) != 0 ||
	    judge_single(&g, SCVP_WANT_ERS_BEST_PATH, SCVP_WANT_BEST_PATH, err) != 0 ||
	    judge_single(&g, SCVP_WANT_ERS_PARTIAL_PATH, SCVP_WANT_PARTIAL_PATH, err) !=
		0 ||
	    judge_revocation(&g, err) != 0)
		return -1;
	return judge_all(&g, err);
}
