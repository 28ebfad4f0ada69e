/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/interop/records_stamp.h"

#include <openssl/ocsp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms.h"
#include "timestamping/ers.h"
#include "timestamping/merkle.h"
#include "timestamping/tsp.h"

#define YEAR_MS ((int64_t)365 * 86400000)
#define HOUR_MS ((int64_t)3600000)
#define FIRST_STAMP_MS ((int64_t)1325376000000) /* 2012-01-01 */

/* A record while it grows. */
struct growth {
	struct devpki *pki;
	const struct plan *plan;
	struct buf stamps[STEPS_MAX]; /* of the chain at hand */
	unsigned n_stamps;
	struct buf chains[STEPS_MAX]; /* finished ones */
	unsigned n_chains;
	struct buf token; /* of the last time-stamp, as it stands in the record */
	struct buf infos;
	enum digest_alg algs[STEPS_MAX];
	unsigned n_steps;
	bool vain; /* sorting changed nothing */
};

/* The first hash list of a time-stamp. */
struct group {
	struct digest d[MEMBERS_MAX];
	struct view v[MEMBERS_MAX];
	unsigned n;
};

/* Revocation status and chain of the TSA at one time. */
struct status {
	struct buf bytes[2 * MATERIAL_MAX];
	struct view certs[MATERIAL_MAX], crls[MATERIAL_MAX], ocsps[MATERIAL_MAX];
	struct cms_material m;
};

void stop(const char *what, const struct ltps_error *err)
{
	char line[512] = "";
	if (err != NULL)
		ltps_error_line(err, line, sizeof(line));
	fprintf(stderr, "records_make: %s: %s\n", what, line);
	exit(70);
}

void must(int rc, const char *what, const struct ltps_error *err)
{
	if (rc != 0)
		stop(what, err);
}

int64_t step_time(unsigned i)
{
	return FIRST_STAMP_MS + 2 * YEAR_MS * i;
}

int64_t status_time(unsigned i)
{
	return step_time(i) + HOUR_MS;
}

void crl_at(struct devpki *pki, const struct devpki_cert *ca, int64_t at_ms,
	    struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	devpki_set_clock(pki, clock_fixed(at_ms));
	must(devpki_crl(pki, ca, out, &err), "CRL", &err);
}

static void ocsp_at(struct devpki *pki, const struct devpki_cert *c, int64_t at_ms,
		    struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	OCSP_REQUEST *request = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	int n;

	if (request == NULL ||
	    OCSP_request_add0_id(
		request, OCSP_cert_to_id(NULL, c->x509, c->issuer->x509)) == NULL)
		stop("OCSP request", NULL);
	n = i2d_OCSP_REQUEST(request, &der);
	if (n <= 0)
		stop("OCSP request", NULL);
	devpki_set_clock(pki, clock_fixed(at_ms));
	must(devpki_ocsp(pki, view_of(der, (size_t)n), out, &err), "OCSP response",
	     &err);
	OPENSSL_free(der);
	OCSP_REQUEST_free(request);
}

static void status_collect(struct devpki *pki, enum status_place place, int64_t at_ms,
			   struct status *s)
{
	const struct devpki_cert *tsa = devpki_active(pki, DEVPKI_TSA, 0);
	const struct devpki_cert *c = tsa;

	memset(s, 0, sizeof(*s));
	for (unsigned i = 0; c->issuer != NULL; i++, c = c->issuer) {
		s->bytes[i] = buf_make(BYTES_MAX);
		s->certs[s->m.n_certs++] = c->issuer->der;
		if (place == STATUS_OCSP_INSIDE) {
			ocsp_at(pki, c, at_ms, &s->bytes[i]);
			s->ocsps[s->m.n_ocsps++] = view_buf(&s->bytes[i]);
		} else {
			crl_at(pki, c->issuer, at_ms, &s->bytes[i]);
			s->crls[s->m.n_crls++] = view_buf(&s->bytes[i]);
		}
	}
	s->m.certs = s->certs;
	s->m.crls = s->crls;
	s->m.ocsps = s->ocsps;
}

static void status_release(struct status *s)
{
	for (unsigned i = 0; i < 2 * MATERIAL_MAX; i++)
		buf_free(&s->bytes[i]);
}

static void token_ask(struct devpki *pki, const struct digest *root, int64_t at_ms,
		      struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf question = buf_make(TSP_QUERY_MAX), answer = buf_make(BYTES_MAX);
	struct tsp_request request;
	struct tsp_response response;

	devpki_set_clock(pki, clock_fixed(at_ms));
	must(tsp_request_make(root, NULL, &request, &err), "request", &err);
	must(tsp_request_encode(&request, &question, &err), "request", &err);
	must(devpki_tsp(pki, 0, view_buf(&question), &answer, &err), "token", &err);
	must(tsp_response_parse(view_buf(&answer), &response, &err), "token", &err);
	if (response.token.n == 0)
		stop("the TSA gives no token", NULL);
	buf_clear(out);
	must(buf_put(out, response.token, &err), "token", &err);
	buf_free(&question);
	buf_free(&answer);
}

/* Chain and status go into the token before anything takes its hash. */
static void token_complete(struct growth *g, int64_t at_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf completed = buf_make(BYTES_MAX);
	struct status s;

	if (g->plan->status == STATUS_OUTSIDE)
		return;
	status_collect(g->pki, g->plan->status, at_ms, &s);
	if (g->plan->status == STATUS_INFOS) {
		must(ers_crypto_infos_encode(&s.m, &g->infos, &err), "cryptoInfos",
		     &err);
	} else {
		must(cms_add_material(view_buf(&g->token), &s.m, &completed, &err),
		     "token with material", &err);
		buf_clear(&g->token);
		must(buf_put(&g->token, view_buf(&completed), &err), "token", &err);
	}
	status_release(&s);
	buf_free(&completed);
}

/* A tree whose leaf in the middle is this one; siblings of it by position. */
struct tree {
	uint8_t *nodes;
	size_t len;
	struct digest root;
	struct view path[MERKLE_PATH_MAX];
	size_t n_path;
};

static void tree_make(enum digest_alg alg, const struct digest *leaf, unsigned leaves,
		      struct tree *t)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint64_t positions[MERKLE_PATH_MAX];
	unsigned mine = leaves / 2;

	t->len = digest_len(alg);
	t->nodes = mem_zalloc(merkle_node_count(leaves), t->len);
	if (t->nodes == NULL)
		stop("memory", NULL);
	for (unsigned i = 0; i < leaves; i++) {
		char text[32];
		struct digest d = *leaf;
		int n = snprintf(text, sizeof(text), "another object %u", i);
		if (i != mine)
			must(digest_once(alg, view_of(text, (size_t)n), &d, &err),
			     "digest", &err);
		memcpy(t->nodes + i * t->len, d.p, t->len);
	}
	must(merkle_build(alg, t->nodes, leaves, &t->root, &err), "tree", &err);
	t->n_path = merkle_path_positions(leaves, mine, positions);
	for (size_t i = 0; i < t->n_path; i++)
		t->path[i] = view_of(t->nodes + positions[i] * t->len, t->len);
}

static void group_fix(struct group *g)
{
	for (unsigned i = 0; i < g->n; i++)
		g->v[i] = digest_view(&g->d[i]);
}

static void stamp_put(struct growth *g, const struct step *step, struct group *group)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	unsigned i = g->n_steps;
	int64_t at_ms =
	    step->flaw == FLAW_ORDER ? step_time(0) - YEAR_MS : step_time(i);
	struct tree t = { 0 };
	struct digest leaf, imprint;
	struct ers_stamp_parts parts = { .alg = step->alg };

	group_fix(group);
	must(merkle_group(step->alg, group->v, group->n, true, &leaf, &err), "group",
	     &err);
	imprint = leaf;
	if (step->leaves > 0) {
		tree_make(step->alg, &leaf, step->leaves, &t);
		imprint = t.root;
		parts.group = group->v;
		parts.n_group = group->n;
		parts.path = t.path;
		parts.n_path = t.n_path;
	}
	if (step->flaw == FLAW_IMPRINT)
		imprint.p[0] ^= 1;
	token_ask(g->pki, &imprint, at_ms, &g->token);
	token_complete(g, at_ms + HOUR_MS);
	if (step->flaw == FLAW_SIGNATURE)
		g->token.p[g->token.n - 1] ^= 1;
	if (step->flaw == FLAW_PATH)
		t.nodes[(size_t)(t.path[0].p - t.nodes)] ^= 1;
	parts.token = view_buf(&g->token);
	g->stamps[g->n_stamps] = buf_make(BYTES_MAX);
	must(ers_stamp_encode(&parts, &g->stamps[g->n_stamps++], &err), "time-stamp",
	     &err);
	g->algs[g->n_steps++] = step->alg;
	mem_free(t.nodes);
}

static void views_of(const struct buf *b, unsigned n, struct view *ret)
{
	for (unsigned i = 0; i < n; i++)
		ret[i] = view_buf(&b[i]);
}

static void chain_close(struct growth *g)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view stamps[STEPS_MAX];

	if (g->n_stamps == 0)
		return;
	views_of(g->stamps, g->n_stamps, stamps);
	g->chains[g->n_chains] = buf_make(BYTES_MAX);
	must(ers_chain_encode(stamps, g->n_stamps, &g->chains[g->n_chains++], &err),
	     "chain", &err);
	while (g->n_stamps > 0)
		buf_free(&g->stamps[--g->n_stamps]);
}

/* What stands for one member in a chain that renews the earlier ones. */
static void member_renew(struct growth *g, const struct step *step,
			 struct view sequence, struct digest *d)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest right, chains;
	struct view both[2];

	must(ers_renewed_hash(d, sequence, &right, &err), "renewed hash", &err);
	if (step->flaw == FLAW_SORTED) {
		/* The reading of figure 4 of RFC 4998, which nobody follows. */
		must(digest_once(d->alg, sequence, &chains, &err), "digest", &err);
		both[0] = digest_view(d);
		both[1] = digest_view(&chains);
		must(merkle_group(d->alg, both, 2, false, d, &err), "digest", &err);
		g->vain = g->vain || digest_equal(d, &right);
	} else {
		*d = right;
	}
}

static void chain_step(struct growth *g, const struct step *step)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf sequence = buf_make(BYTES_MAX);
	struct view chains[STEPS_MAX];
	struct group group = { .n = g->plan->n_members };

	chain_close(g);
	views_of(g->chains, g->n_chains, chains);
	if (g->n_chains > 0)
		must(ers_sequence_encode(chains, g->n_chains, &sequence, &err),
		     "sequence", &err);
	if (step->flaw == FLAW_LINK)
		sequence.p[sequence.n - 1] ^= 1;
	for (unsigned i = 0; i < group.n; i++) {
		must(digest_once(step->alg, g->plan->members[i], &group.d[i], &err),
		     "digest", &err);
		if (g->n_chains > 0)
			member_renew(g, step, view_buf(&sequence), &group.d[i]);
	}
	stamp_put(g, step, &group);
	buf_free(&sequence);
}

static void stamp_step(struct growth *g, const struct step *step)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct group group = { .n = 1 };
	struct view token = view_buf(&g->token);

	if (step->flaw == FLAW_LINK)
		token = view_head(token, token.n - 1);
	must(ers_token_hash(step->alg, token, &group.d[0], &err), "token hash", &err);
	stamp_put(g, step, &group);
}

bool record_make(struct devpki *pki, const struct plan *plan, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct growth g = { .pki = pki, .plan = plan };
	struct view chains[STEPS_MAX];

	g.token = buf_make(BYTES_MAX);
	g.infos = buf_make(BYTES_MAX);
	for (unsigned i = 0; i < STEPS_MAX && plan->steps[i].kind != STEP_END; i++) {
		if (plan->steps[i].kind == STEP_CHAIN)
			chain_step(&g, &plan->steps[i]);
		else
			stamp_step(&g, &plan->steps[i]);
	}
	chain_close(&g);
	views_of(g.chains, g.n_chains, chains);
	must(ers_encode(chains, g.n_chains, g.algs, g.n_steps, view_buf(&g.infos), out,
			&err),
	     "record", &err);
	while (g.n_chains > 0)
		buf_free(&g.chains[--g.n_chains]);
	buf_free(&g.token);
	buf_free(&g.infos);
	return !g.vain;
}
