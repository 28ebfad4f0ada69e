/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_gate - tsa_path_gate() with the sources at hand: certificates that the token
 * leaves out are fetched, and a revocation of the TSA that is told by now sends us to
 * the next one instead of into the file.
 */
#include <string.h>

#include "ltp/augment_private.h"
#include "ltp/needs.h"
#include "validation/tsa_path.h"

#define GATE_ROUNDS_MAX 8

struct gate {
	const struct tst *tst;
	X509 *signer;
	int64_t time_ms;
	struct material *all; /* trust, what is known, the token's own */
	struct material *got;
	struct needs needs;
	struct tsa_path_result path;
};

static int judge(struct gate *g, struct ltps_error *err)
{
	const struct tsa_path_input in = {
		.signer = g->signer,
		.material = g->all,
		.gen_time_ms = g->tst->gen_time_ms,
		.time_ms = g->time_ms,
		.need_revocation = true,
		.want_needs = true,
	};
	tsa_path_result_clear(&g->path);
	return tsa_path_judge(&in, &g->path, err);
}

static int go_round(struct gate *g, struct ltps_error *err)
{
	for (int round = 1;; round++) {
		bool news = false;
		if (judge(g, err) != 0)
			return -1;
		if (g->path.indication != INDICATION_INDETERMINATE ||
		    round == GATE_ROUNDS_MAX)
			return 0;
		if (needs_answer(&g->needs, g->path.needs, g->path.n_needs, &news,
				 err) != 0 ||
		    material_add_all(g->all, g->got, err) != 0)
			return -1;
		if (!news)
			return 0;
	}
}

/* A status that cannot be had is a matter of the level, not of the token. */
static bool is_accepted(const struct tsa_path_result *r)
{
	return r->indication == INDICATION_PASSED ||
	       (r->subindication != NULL && strcmp(r->subindication, "TRY_LATER") == 0);
}

int augment_gate(const void *arg, const struct tst *tst, X509 *signer,
		 int64_t received_ms, struct ltps_error *err)
{
	const struct augmenting *a = arg;
	struct path_sources sources = *a->in->sources;
	struct gate g = { .tst = tst,
			  .signer = signer,
			  .time_ms = received_ms > tst->gen_time_ms
					 ? received_ms
					 : tst->gen_time_ms };
	int rc = -1;
	/* What is fetched has to come to us, not into what others share. */
	sources.known = NULL;
	sources.asked = NULL;
	g.needs = (struct needs){ .sources = &sources, .time_ms = g.time_ms };
	if (material_new(&g.all, err) != 0 || material_new(&g.got, err) != 0 ||
	    material_add_all(g.all, a->in->tsa->gate_arg, err) != 0 ||
	    material_add_all(g.all, a->out->kept, err) != 0 ||
	    material_add_cms(g.all, tst->cms, err) != 0)
		goto out;
	g.needs.got = g.got;
	if (go_round(&g, err) != 0 || material_add_all(a->out->kept, g.got, err) != 0)
		goto out;
	rc = is_accepted(&g.path)
		 ? 0
		 : ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, g.path.clause,
			     "%s: %s", g.path.subindication, g.path.text);
out:
	needs_clear(&g.needs);
	tsa_path_result_clear(&g.path);
	material_free(g.got);
	material_free(g.all);
	return rc;
}
