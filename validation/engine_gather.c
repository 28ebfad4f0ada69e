/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_gather - what a report says beside its outcomes: the certificates and status
 * that counted, each once and in the order of the file, and what is missing.
 */
#include <string.h>

#include "base/mem.h"
#include "validation/engine_private.h"

#define GATHER_STEP 16
/* What a judgement of all signatures of a file may ask for; each path has
 * PATH_NEEDS_MAX. */
#define NEEDS_MAX 512
#define NEEDS_STEP 32

struct gather {
	struct report *r;
	struct poe_set *seen; /* by hash, whatever the time */
};

/* ---- material ---- */

static int is_new(struct gather *g, const uint8_t sha256[32], bool *ret,
		  struct ltps_error *err)
{
	*ret = poe_earliest(g->seen, sha256) == INT64_MAX;
	return *ret ? poe_add(g->seen, sha256, 0, err) : 0;
}

static int room(void **list, size_t n, struct ltps_error *err)
{
	if (n % GATHER_STEP != 0)
		return 0;
	void *larger = mem_resize(*list, n + GATHER_STEP, sizeof(void *));
	if (larger == NULL)
		return ltps_fail_nomem(err);
	*list = larger;
	return 0;
}

/* One more pointer in a list of the report, unless the object is in one already. */
static int take(struct gather *g, void **list, size_t *n, const uint8_t sha256[32],
		const void *object, struct ltps_error *err)
{
	bool fresh = false;
	if (is_new(g, sha256, &fresh, err) != 0)
		return -1;
	if (!fresh)
		return 0;
	if (room(list, *n, err) != 0)
		return -1;
	((const void **)*list)[(*n)++] = object;
	return 0;
}

static int take_cert(struct gather *g, const struct cert *c, struct ltps_error *err)
{
	void *list = (void *)g->r->certs;
	int rc = c != NULL ? take(g, &list, &g->r->n_certs, c->sha256, c, err) : 0;
	g->r->certs = list;
	return rc;
}

static int take_crl(struct gather *g, const struct crl *c, struct ltps_error *err)
{
	void *list = (void *)g->r->crls;
	int rc = c != NULL ? take(g, &list, &g->r->n_crls, c->sha256, c, err) : 0;
	g->r->crls = list;
	return rc;
}

static int take_ocsp(struct gather *g, const struct ocsp *o, struct ltps_error *err)
{
	void *list = (void *)g->r->ocsps;
	int rc = o != NULL ? take(g, &list, &g->r->n_ocsps, o->sha256, o, err) : 0;
	g->r->ocsps = list;
	return rc;
}

static int take_status(struct gather *g, const struct path_status_object *o,
		       struct ltps_error *err)
{
	if (take_crl(g, o->crl, err) != 0 || take_ocsp(g, o->ocsp, err) != 0 ||
	    take_cert(g, o->signer, err) != 0)
		return -1;
	for (size_t i = 0; i < o->n_signer_path; i++)
		if (take_cert(g, o->signer_path[i], err) != 0)
			return -1;
	return 0;
}

static int take_path(struct gather *g, const struct cert_validation_result *r,
		     struct ltps_error *err)
{
	if (r == NULL)
		return 0;
	for (size_t i = 0; i < r->chain.n_certs; i++) {
		if (take_cert(g, r->chain.certs[i], err) != 0)
			return -1;
		if (i + 1 == r->chain.n_certs || r->chain.revocation == NULL)
			continue;
		const struct path_cert_revocation *s = &r->chain.revocation[i];
		for (size_t k = 0; k < s->n_objects; k++)
			if (take_status(g, &s->objects[k], err) != 0)
				return -1;
	}
	return 0;
}

/* ---- needs ---- */

static int needs_room(struct report *r, struct ltps_error *err)
{
	if (r->n_needs % NEEDS_STEP != 0)
		return 0;
	struct need *larger =
	    mem_resize(r->needs, r->n_needs + NEEDS_STEP, sizeof(*larger));
	if (larger == NULL)
		return ltps_fail_nomem(err);
	r->needs = larger;
	return 0;
}

int engine_need(struct engine *e, const struct need *n, struct ltps_error *err)
{
	struct report *r = e->report;
	for (size_t i = 0; i < r->n_needs; i++)
		if (need_same(&r->needs[i], n))
			return 0;
	if (r->n_needs == NEEDS_MAX)
		return 0;
	if (needs_room(r, err) != 0)
		return -1;
	char *url = mem_dup_text(n->url);
	if (url == NULL)
		return ltps_fail_nomem(err);
	r->needs[r->n_needs++] = (struct need){
		.kind = n->kind,
		.url = url,
		.cert = n->cert != NULL ? cert_ref(n->cert) : NULL,
		.issuer = n->issuer != NULL ? cert_ref(n->issuer) : NULL,
	};
	return 0;
}

static bool has_need(const struct cert_validation_result *r, const struct need *n)
{
	for (size_t i = 0; r != NULL && i < r->n_needs; i++)
		if (need_same(&r->needs[i], n))
			return true;
	return false;
}

/*
 * Whether all that asked for it has passed or failed meanwhile, by proofs of
 * existence: then an answer changes nothing. What nobody is known to have asked for
 * was asked for the sake of a warning.
 */
static bool is_settled(const struct engine *e, const struct need *n)
{
	const struct report *r = e->report;
	bool asked = false;
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		if (!has_need(s->certificate, n) && !has_need(s->past, n))
			continue;
		if (s->conclusion.indication == INDICATION_INDETERMINATE)
			return false;
		asked = true;
	}
	for (size_t k = 0; k < r->n_stamps; k++) {
		const struct report_stamp *s = &r->stamps[k];
		if (!has_need(s->certificate, n) &&
		    !has_need(e->past[k].certificate, n))
			continue;
		if (s->conclusion.indication == INDICATION_INDETERMINATE)
			return false;
		asked = true;
	}
	return asked;
}

static void drop_settled(struct engine *e)
{
	struct report *r = e->report;
	size_t kept = 0;
	for (size_t i = 0; i < r->n_needs; i++) {
		struct need *n = &r->needs[i];
		if (!is_settled(e, n)) {
			r->needs[kept++] = *n;
			continue;
		}
		mem_free(n->url);
		cert_free(n->cert);
		cert_free(n->issuer);
	}
	r->n_needs = kept;
}

/* ---- all ---- */

static int gather(struct gather *g, struct ltps_error *err)
{
	for (size_t i = 0; i < g->r->n_signatures; i++) {
		const struct report_signature *s = &g->r->signatures[i];
		if (take_cert(g, s->signing_certificate, err) != 0 ||
		    take_path(g, s->certificate, err) != 0 ||
		    take_path(g, s->past, err) != 0)
			return -1;
	}
	for (size_t k = 0; k < g->r->n_stamps; k++) {
		const struct report_stamp *s = &g->r->stamps[k];
		if (take_cert(g, s->signer, err) != 0 ||
		    take_path(g, s->certificate, err) != 0)
			return -1;
	}
	return 0;
}

int engine_gather(struct engine *e, struct ltps_error *err)
{
	struct gather g = { .r = e->report };
	int rc = -1;
	if (poe_set_new(&g.seen, err) == 0)
		rc = gather(&g, err);
	poe_set_free(g.seen);
	drop_settled(e);
	return rc;
}
