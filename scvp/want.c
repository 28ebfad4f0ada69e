/* SPDX-License-Identifier: Apache-2.0 */
/* want - what goes back beside the verdict: paths, revocation information, and the
 * evidence records of RFC 5276. */
#include <string.h>

#include "scvp/demand.h"
#include "scvp/write.h"

/* Values of one reply: several CRLs of a path, several paths. */
#define VALUE_MAX SCVP_RESPONSE_MAX
#define INFOS_MAX (PATH_CERTS_MAX * PATH_STATUS_OBJECTS_MAX)
#define EXTRA_MAX 256
/* Beside the echoes of the request: names, signature, a policy by value with some
 * thousand anchors of ours. */
#define FRAME_OCTETS ((size_t)8 << 20)

struct wanting {
	struct demand *d;
	const struct cert *target;
	const struct found_paths *paths;
	const struct path_candidate *best;
	struct view values[SCVP_WANT_COUNT]; /* what was made, in the arena */
	bool made[SCVP_WANT_COUNT];
	/* Revocation objects of wantBack 2, for wantBack 19. */
	struct view objects[INFOS_MAX];
	size_t n_objects;
};

/* Whether the response has room for so much more. A batch of small questions about
 * large CRLs must not gather what can never be sent. The certificates, the policy and
 * the request itself may come back too: they are at most twice the request. */
static bool has_room(const struct wanting *w, size_t n)
{
	const size_t taken =
	    2 * w->d->request->exact.n + FRAME_OCTETS + w->d->value_octets;
	return taken <= SCVP_RESPONSE_MAX && n <= SCVP_RESPONSE_MAX - taken;
}

/* What finds no room is not made. */
static int keep(struct wanting *w, enum scvp_want_id id, const struct buf *b,
		struct ltps_error *err)
{
	if (!has_room(w, b->n))
		return 0;
	uint8_t *copy = scvp_arena_alloc(w->d->arena, 1, b->n);
	if (copy == NULL)
		return ltps_fail_nomem(err);
	w->d->value_octets += b->n;
	if (b->n > 0)
		memcpy(copy, b->p, b->n);
	w->values[id] = view_of(copy, b->n);
	w->made[id] = true;
	return 0;
}

/* ---- paths ---- */

int want_bundle(const struct path_candidate *c, size_t from, struct buf *out,
		struct ltps_error *err)
{
	struct view certs[PATH_CERTS_MAX];
	size_t n = 0;
	/* The anchor, which is last, MUST NOT be in it: RFC 5055 3.2.4.7. */
	for (size_t i = from; i + 1 < c->n_certs; i++)
		certs[n++] = c->certs[i]->der;
	return scvp_bundle_encode((struct scvp_list){ certs, n }, out, err);
}

/* A CertBundle is never empty. */
static bool has_bundle(const struct path_candidate *c, size_t from)
{
	return c->n_certs >= from + 2;
}

static int make_bundle(struct wanting *w, enum scvp_want_id id, size_t from,
		       struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	int rc = 0;
	if (has_bundle(w->best, from)) {
		rc = want_bundle(w->best, from, &b, err);
		if (rc == 0)
			rc = keep(w, id, &b, err);
	}
	buf_free(&b);
	return rc;
}

static int make_all_paths(struct wanting *w, struct ltps_error *err)
{
	struct buf body = buf_make(VALUE_MAX), b = buf_make(VALUE_MAX);
	int rc = 0;
	for (size_t i = 0; i < w->paths->n && rc == 0; i++) {
		if (has_bundle(w->paths->paths[i], 0))
			rc = want_bundle(w->paths->paths[i], 0, &body, err);
	}
	if (rc == 0 && body.n > 0) {
		rc = der_put(&b, DER_SEQUENCE, view_buf(&body), err);
		if (rc == 0)
			rc = keep(w, SCVP_WANT_ALL_PATHS, &b, err);
	}
	buf_free(&b);
	buf_free(&body);
	return rc;
}

/* ---- revocation information ---- */

struct gathering {
	struct wanting *w;
	struct scvp_rev_info *infos;
	size_t n_infos;
	const struct cert *extra[EXTRA_MAX];
	size_t n_extra;
	bool complete; /* something for every certificate that needs it */
};

static void add_info(struct gathering *g, enum scvp_rev_kind kind, struct view der)
{
	for (size_t i = 0; i < g->n_infos; i++) {
		if (view_equal(g->infos[i].der, der))
			return;
	}
	g->infos[g->n_infos++] = (struct scvp_rev_info){ .kind = kind, .der = der };
}

/* Whether the client gets it with the paths anyway. */
static bool is_returned(const struct wanting *w, const struct cert *c)
{
	for (size_t i = 0; i < w->paths->n; i++) {
		const struct path_candidate *p = w->paths->paths[i];
		if (i == 0 ? !w->d->wants[SCVP_WANT_BEST_PATH] &&
				 !w->d->wants[SCVP_WANT_ALL_PATHS]
			   : !w->d->wants[SCVP_WANT_ALL_PATHS])
			continue;
		for (size_t k = 0; k + 1 < p->n_certs; k++) {
			if (cert_equal(p->certs[k], c))
				return true;
		}
	}
	return false;
}

static void add_extra(struct gathering *g, const struct cert *c)
{
	const struct path_candidate *best = g->w->best;
	/* An anchor is known to the client, or it trusts nothing we could send. */
	if (c == NULL || cert_equal(c, best->certs[best->n_certs - 1]) ||
	    is_returned(g->w, c))
		return;
	for (size_t i = 0; i < g->n_extra; i++) {
		if (cert_equal(g->extra[i], c))
			return;
	}
	if (g->n_extra == EXTRA_MAX)
		g->complete = false; /* all of them MUST be there: RFC 5055 4.9.5 */
	else
		g->extra[g->n_extra++] = c;
}

static void gather_status(struct gathering *g, const struct path_cert_revocation *r)
{
	for (size_t i = 0; i < r->n_objects; i++) {
		const struct path_status_object *o = &r->objects[i];
		if (o->crl != NULL)
			add_info(g,
				 o->crl->is_delta ? SCVP_REV_DELTA_CRL : SCVP_REV_CRL,
				 o->crl->der);
		else if (o->ocsp != NULL)
			add_info(g, SCVP_REV_OCSP, o->ocsp->der);
		add_extra(g, o->signer);
		/* The last of its path is an anchor. */
		for (size_t k = 0; k + 1 < o->n_signer_path; k++)
			add_extra(g, o->signer_path[k]);
	}
	if (r->n_objects == 0 && r->source != PATH_SOURCE_EXEMPT)
		g->complete = false;
}

static int encode_infos(struct gathering *g, enum scvp_want_id id,
			struct ltps_error *err)
{
	struct view extra[EXTRA_MAX];
	struct buf b = buf_make(VALUE_MAX);
	size_t octets = 0;
	for (size_t i = 0; i < g->n_extra; i++)
		extra[i] = g->extra[i]->der;
	for (size_t i = 0; i < g->n_infos; i++)
		octets += g->infos[i].der.n;
	if (!has_room(g->w, octets))
		return 0;
	const struct scvp_rev_want_back v = { .infos = g->infos,
					      .n_infos = g->n_infos,
					      .extra_certs = { extra, g->n_extra } };
	int rc = scvp_rev_want_back_encode(&v, &b, err);
	if (rc == 0)
		rc = keep(g->w, id, &b, err);
	buf_free(&b);
	return rc;
}

/* Status of the certificates first .. end - 1 of the path. */
static int make_revocation(struct wanting *w, enum scvp_want_id id, size_t first,
			   size_t end, struct ltps_error *err)
{
	struct gathering g = { .w = w, .complete = true };
	int rc = 0;
	if (w->best->revocation == NULL)
		return 0;
	g.infos = scvp_arena_alloc(w->d->arena, INFOS_MAX, sizeof(*g.infos));
	if (g.infos == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = first; i < end; i++)
		gather_status(&g, &w->best->revocation[i]);
	if (g.complete && g.n_infos > 0)
		rc = encode_infos(&g, id, err);
	for (size_t i = 0; id == SCVP_WANT_REVOCATION && i < g.n_infos; i++)
		w->objects[w->n_objects++] = g.infos[i].der;
	return rc;
}

/* ---- evidence records ---- */

/* Only what was judged, and vouched for by an anchor of ours, is worth keeping: of
 * certificates below an anchor of his own a client can make any number. */
static bool is_worth_keeping(const struct wanting *w)
{
	const struct cert *anchor = w->best->certs[w->best->n_certs - 1];
	return (w->d->checks[SCVP_CHECK_VALID] || w->d->checks[SCVP_CHECK_STATUS]) &&
	       material_find_cert(w->d->config->trust, MATERIAL_ANCHOR,
				  anchor->sha256) != NULL;
}

/* The record over these octets, appended; what has none yet is kept for later. */
static int find_evidence(struct wanting *w, struct view object, struct buf *out,
			 struct ltps_error *err)
{
	const struct scvp_archive *a = w->d->archive;
	bool found = false;
	if (a->evidence(a->arg, object, out, &found, err) != 0)
		return -1;
	if (found)
		return 0;
	w->d->settled = false; /* the next answer may have it */
	return a->preserve != NULL && is_worth_keeping(w)
		   ? a->preserve(a->arg, object, err)
		   : 0;
}

/* Without a record the value is empty: RFC 5276 4. */
static int make_evidence(struct wanting *w, enum scvp_want_id id, struct view object,
			 struct ltps_error *err)
{
	struct buf b = buf_make(VALUE_MAX);
	int rc = find_evidence(w, object, &b, err);
	if (rc == 0)
		rc = keep(w, id, &b, err);
	buf_free(&b);
	return rc;
}

/* EvidenceRecords: every revocation object covered, or nothing. */
static int make_evidence_of_status(struct wanting *w, struct ltps_error *err)
{
	struct buf body = buf_make(VALUE_MAX), b = buf_make(VALUE_MAX);
	int rc = 0;
	bool complete = w->n_objects > 0;
	for (size_t i = 0; i < w->n_objects && rc == 0; i++) {
		const size_t before = body.n;
		rc = find_evidence(w, w->objects[i], &body, err);
		complete &= body.n > before;
	}
	if (rc == 0 && complete)
		rc = der_put(&b, DER_SEQUENCE, view_buf(&body), err);
	if (rc == 0)
		rc = keep(w, SCVP_WANT_ERS_REVOCATION, &b, err);
	buf_free(&b);
	buf_free(&body);
	return rc;
}

/* Those that stand in replyWantBacks and are no evidence themselves. */
static bool is_target(const struct wanting *w, unsigned id)
{
	return w->made[id] && id < SCVP_WANT_ERS_CERT;
}

static int make_all_evidence(struct wanting *w, struct ltps_error *err)
{
	struct scvp_want_back items[SCVP_WANT_COUNT];
	struct buf records[SCVP_WANT_COUNT], b = buf_make(VALUE_MAX);
	size_t n = 0;
	int rc = 0;
	for (unsigned id = 1; id < SCVP_WANT_COUNT && rc == 0; id++) {
		if (!is_target(w, id))
			continue;
		records[n] = buf_make(VALUE_MAX);
		rc = find_evidence(w, w->values[id], &records[n], err);
		items[n].oid = scvp_want_oid((enum scvp_want_id)id);
		items[n].value = view_buf(&records[n]);
		n++;
	}
	if (rc == 0 && n > 0)
		rc = scvp_ers_all_encode(items, n, &b, err);
	if (rc == 0 && n > 0)
		rc = keep(w, SCVP_WANT_ERS_ALL, &b, err);
	while (n > 0)
		buf_free(&records[--n]);
	buf_free(&b);
	return rc;
}

/* Each asks for its partner in the same request: RFC 5276 5. */
static bool partners_there(const struct demand *d)
{
	static const struct {
		enum scvp_want_id evidence, partner;
	} pairs[] = { { SCVP_WANT_ERS_CERT, SCVP_WANT_CERT },
		      { SCVP_WANT_ERS_BEST_PATH, SCVP_WANT_BEST_PATH },
		      { SCVP_WANT_ERS_PARTIAL_PATH, SCVP_WANT_PARTIAL_PATH },
		      { SCVP_WANT_ERS_REVOCATION, SCVP_WANT_REVOCATION } };
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if (d->wants[pairs[i].evidence] && !d->wants[pairs[i].partner])
			return false;
	}
	return true;
}

/* ---- all of it ---- */

static int make_paths(struct wanting *w, struct ltps_error *err)
{
	const bool *wants = w->d->wants;
	const size_t end = w->best->n_certs - 1; /* without the anchor */
	if (wants[SCVP_WANT_BEST_PATH] &&
	    make_bundle(w, SCVP_WANT_BEST_PATH, 0, err) != 0)
		return -1;
	if (wants[SCVP_WANT_PARTIAL_PATH] &&
	    make_bundle(w, SCVP_WANT_PARTIAL_PATH, 1, err) != 0)
		return -1;
	if (wants[SCVP_WANT_ALL_PATHS] && make_all_paths(w, err) != 0)
		return -1;
	if (wants[SCVP_WANT_REVOCATION] &&
	    make_revocation(w, SCVP_WANT_REVOCATION, 0, end, err) != 0)
		return -1;
	if (wants[SCVP_WANT_EE_REVOCATION] &&
	    make_revocation(w, SCVP_WANT_EE_REVOCATION, 0, end > 0 ? 1 : 0, err) != 0)
		return -1;
	if (wants[SCVP_WANT_CA_REVOCATION] && end > 0 &&
	    make_revocation(w, SCVP_WANT_CA_REVOCATION, 1, end, err) != 0)
		return -1;
	return 0;
}

static int make_simple(struct wanting *w, struct ltps_error *err)
{
	static const uint8_t empty[] = { DER_SEQUENCE, 0 };
	if (w->d->wants[SCVP_WANT_PUBLIC_KEY]) {
		uint8_t *copy = scvp_arena_alloc(w->d->arena, 1, w->target->spki.n);
		if (copy == NULL)
			return ltps_fail_nomem(err);
		memcpy(copy, w->target->spki.p, w->target->spki.n);
		w->values[SCVP_WANT_PUBLIC_KEY] = view_of(copy, w->target->spki.n);
		w->made[SCVP_WANT_PUBLIC_KEY] = true;
	}
	if (w->d->wants[SCVP_WANT_RELAYED]) {
		/* No other server's answer was used. */
		w->values[SCVP_WANT_RELAYED] = view_of(empty, sizeof(empty));
		w->made[SCVP_WANT_RELAYED] = true;
	}
	return 0;
}

static int make_records(struct wanting *w, struct ltps_error *err)
{
	const bool *wants = w->d->wants;
	if (wants[SCVP_WANT_ERS_CERT] &&
	    make_evidence(w, SCVP_WANT_ERS_CERT, w->target->der, err) != 0)
		return -1;
	if (wants[SCVP_WANT_ERS_BEST_PATH] && w->made[SCVP_WANT_BEST_PATH] &&
	    make_evidence(w, SCVP_WANT_ERS_BEST_PATH, w->values[SCVP_WANT_BEST_PATH],
			  err) != 0)
		return -1;
	if (wants[SCVP_WANT_ERS_PARTIAL_PATH] && w->made[SCVP_WANT_PARTIAL_PATH] &&
	    make_evidence(w, SCVP_WANT_ERS_PARTIAL_PATH,
			  w->values[SCVP_WANT_PARTIAL_PATH], err) != 0)
		return -1;
	if (wants[SCVP_WANT_ERS_REVOCATION] && w->made[SCVP_WANT_REVOCATION] &&
	    make_evidence_of_status(w, err) != 0)
		return -1;
	return wants[SCVP_WANT_ERS_ALL] ? make_all_evidence(w, err) : 0;
}

/* In the order of the request, each once; the certificate goes into `cert`. */
static int collect(struct wanting *w, struct scvp_reply *reply, bool *ret_satisfied,
		   struct ltps_error *err)
{
	const struct scvp_list asked = w->d->request->query.want_backs;
	struct scvp_want_back *out =
	    scvp_arena_alloc(w->d->arena, asked.n, sizeof(*out));
	bool given[SCVP_WANT_COUNT] = { false };
	size_t n = 0;
	if (out == NULL)
		return ltps_fail_nomem(err);
	*ret_satisfied = true;
	for (size_t i = 0; i < asked.n; i++) {
		const enum scvp_want_id id = scvp_want_id(asked.v[i]);
		if (id == SCVP_WANT_CERT || given[id])
			continue;
		given[id] = true;
		if (!w->made[id])
			*ret_satisfied = false;
		out[n++] = (struct scvp_want_back){ .oid = asked.v[i],
						    .value = w->values[id] };
	}
	if (*ret_satisfied) {
		reply->want_backs = out;
		reply->n_want_backs = n;
	}
	return 0;
}

int want_make(struct demand *d, const struct cert *target,
	      const struct found_paths *paths, struct scvp_reply *reply,
	      bool *ret_satisfied, struct ltps_error *err)
{
	*ret_satisfied = true;
	if (d->request->query.want_backs.n == 0)
		return 0;
	*ret_satisfied = false;
	if (!partners_there(d))
		return 0;
	struct wanting *w = scvp_arena_alloc(d->arena, 1, sizeof(*w));
	if (w == NULL)
		return ltps_fail_nomem(err);
	w->d = d;
	w->target = target;
	w->paths = paths;
	w->best = paths->paths[0];
	if (make_simple(w, err) != 0 || make_paths(w, err) != 0 ||
	    make_records(w, err) != 0)
		return -1;
	return collect(w, reply, ret_satisfied, err);
}
