/* SPDX-License-Identifier: Apache-2.0 */
/* revocation - one question after another, each answered from all objects at hand. */
#include "validation/revocation.h"

#include <string.h>

#include "base/mem.h"
#include "validation/name_coarse.h"
#include "validation/revocation_private.h"

bool revocation_step(struct revocation_job *job, uint32_t n)
{
	if (path_run_step(job->run, n))
		return true;
	job->cut = true;
	return false;
}

int revocation_forgive(struct ltps_error *err)
{
	if (err->fault == LTPS_FAULT_SELF)
		return -1;
	ltps_error_clear(err);
	return 0;
}

static bool has_well_formed(const struct cert *c, enum cert_ext e)
{
	return cert_has(c, e) && (c->malformed >> e & 1) == 0;
}

/*
 * RFC 9608 4: the extension beside basicConstraints with cA, a distribution point,
 * freshestCRL or an OCSP address makes the certificate invalid; chain_check says so,
 * here it exempts nobody.
 */
static bool is_no_rev_avail(const struct cert *c)
{
	return has_well_formed(c, CERT_EXT_NO_REV_AVAIL) && !c->ca &&
	       !cert_has(c, CERT_EXT_CRL_POINTS) && !cert_has(c, CERT_EXT_FRESHEST_CRL);
}

static bool is_exempt(const struct revocation_job *job)
{
	return is_no_rev_avail(job->cert) ||
	       (job->run->in->exempt_short_term &&
		has_well_formed(job->cert, CERT_EXT_VALIDITY_ASSURED));
}

/* Nobody promised a status; what was said against it all the same stands. */
static void exempt(struct path_cert_revocation *r)
{
	if (r->status == PATH_STATUS_REVOKED || r->status == PATH_STATUS_ON_HOLD)
		return;
	if (r->status != PATH_STATUS_GOOD) {
		revocation_unknown(r);
		r->status = PATH_STATUS_GOOD;
		r->source = PATH_SOURCE_EXEMPT;
		r->why = PATH_OK;
		r->fresh = true;
	}
	r->kept_after_end = true;
}

static int answer(struct revocation_job *job, struct path_cert_revocation *ret,
		  struct ltps_error *err)
{
	if (revocation_points_read(job, err) != 0 ||
	    revocation_ask_ocsp(job, err) != 0 || revocation_ask_crls(job, err) != 0)
		return -1;
	revocation_conclude(job, ret);
	if (is_exempt(job)) {
		exempt(ret);
		return 0;
	}
	return job->q->record_needs ? revocation_needs(job, ret, err) : 0;
}

int revocation_ask(struct path_run *run, const struct revocation_query *q,
		   const struct revocation_job *asker, struct path_cert_revocation *ret,
		   struct ltps_error *err)
{
	revocation_unknown(ret);
	if (q->index + 1 >= q->path->n_certs)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "status asked for an anchor");
	struct revocation_job *job = mem_zalloc(1, sizeof(*job));
	if (job == NULL)
		return ltps_fail_nomem(err);
	job->run = run;
	job->q = q;
	job->asker = asker;
	job->path = q->path;
	job->cert = q->path->certs[q->index];
	job->issuer = q->path->certs[q->index + 1];
	job->issuer_coarse = buf_make(NAME_COARSE_MAX);
	job->known_ms = q->known_ms != 0 ? q->known_ms : q->time_ms;
	revocation_words_init(&job->words);
	int rc = answer(job, ret, err);
	buf_free(&job->issuer_coarse);
	revocation_points_free(job);
	revocation_signers_free(job);
	mem_free(job);
	return rc;
}

int revocation_judge(struct path_run *run, const struct revocation_query *q,
		     struct path_cert_revocation *ret, struct ltps_error *err)
{
	return revocation_ask(run, q, NULL, ret, err);
}

int revocation_room(struct path_candidate *c, struct ltps_error *err)
{
	const size_t n = c->n_certs - 1;
	c->revocation = mem_alloc(n * sizeof(*c->revocation));
	if (c->revocation == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		revocation_unknown(&c->revocation[i]);
	return 0;
}
