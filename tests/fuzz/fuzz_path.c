/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Targets: path_judge, its reports, cert_validate and cert_validate_past, over a
 * bundle of certificates, CRLs and OCSP responses one behind the other. The first
 * certificate is judged, the last one is the anchor. make_path_seeds.py makes the
 * seeds.
 */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/past.h"

#define NOW_MS ((int64_t)1780272000000) /* 2026-06-01 */
#define REPORT_MAX ((size_t)4 << 20)
#define ITEMS_MAX 64
#define SIGNATURES 40
#define PATHS 10
#define STEPS 20000

struct bundle {
	struct material *m;
	struct cert *target, *anchor;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool add(struct bundle *b, struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	if (cert_parse(der, &c, &err) == 0) {
		require(material_add_cert(b->m, MATERIAL_CERT, c, &err) == 0);
		if (b->target == NULL)
			b->target = cert_ref(c);
		cert_free(b->anchor);
		b->anchor = c;
		return true;
	}
	ltps_error_clear(&err);
	if (material_add(b->m, MATERIAL_CRL, der, &err) == 0)
		return true;
	ltps_error_clear(&err);
	return material_add(b->m, MATERIAL_OCSP, der, &err) == 0;
}

static void read_bundle(struct bundle *b, struct view rest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	require(material_new(&b->m, &err) == 0);
	for (int n = 0; n < ITEMS_MAX && rest.n > 0; n++)
		if (tlv_next(&rest, &t, &err) != 0 || !add(b, t.whole))
			break;
}

static void report(const struct path_result *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(REPORT_MAX), json = buf_make(REPORT_MAX);
	struct jsonw j = jsonw_to(&json);
	require(path_result_text(r, &text, &err) == 0);
	path_result_json(r, &j);
	require(jsonw_end(&j, &err) == 0);
	buf_free(&json);
	buf_free(&text);
}

static void check_candidate(const struct bundle *b, const struct path_candidate *c)
{
	require((c->status == PATH_VALID) == (c->why == PATH_OK));
	require(c->n_certs <= PATH_CERTS_MAX && c->n_findings <= PATH_FINDINGS_MAX &&
		c->n_policies <= PATH_POLICIES_MAX);
	if (c->n_certs == 0)
		return;
	require(cert_equal(c->certs[0], b->target));
	if (c->status != PATH_VALID)
		return;
	require(cert_equal(c->certs[c->n_certs - 1], b->anchor) ||
		view_equal(c->certs[c->n_certs - 1]->spki, b->anchor->spki));
	for (size_t i = 0; c->revocation != NULL && i + 1 < c->n_certs; i++)
		require(c->revocation[i].status != PATH_STATUS_REVOKED ||
			c->revocation[i].revoked_ms > NOW_MS);
}

static enum path_status judge(const struct bundle *b, const struct path_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_result *r = NULL;
	require(path_judge(in, &r, &err) == 0 && err.code == LTPS_OK);
	require((r->status == PATH_VALID) == (r->why == PATH_OK));
	require(r->status != PATH_VALID || r->best.n_certs > 0);
	require(r->signatures <= SIGNATURES + 1 && r->paths <= PATHS + 1);
	require(r->n_needs <= PATH_NEEDS_MAX &&
		r->n_alternatives <= PATH_ALTERNATIVES_MAX);
	check_candidate(b, &r->best);
	for (size_t i = 0; i < r->n_alternatives; i++)
		check_candidate(b, &r->alternatives[i]);
	report(r);
	const enum path_status status = r->status;
	path_result_free(r);
	return status;
}

static void validate(const struct path_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct cert_validation_input v = { .path = *in };
	struct cert_validation_result *r = NULL;
	require(cert_validate(&v, &r, &err) == 0);
	require((r->indication == INDICATION_PASSED) == (r->subindication == NULL));
	cert_validation_free(r);
	r = NULL;
	require(cert_validate_past(&v, &r, &err) == 0);
	require(r->indication != INDICATION_PASSED || r->control_time_ms <= NOW_MS);
	cert_validation_free(r);
}

static void judge_all(const struct bundle *b)
{
	const struct cert *anchors[] = { b->anchor };
	struct path_input in = {
		.target = b->target,
		.pools = { b->m },
		.n_pools = 1,
		.anchors = anchors,
		.n_anchors = 1,
		.time_ms = NOW_MS,
		.budget = { .signatures = SIGNATURES, .paths = PATHS, .steps = STEPS },
	};
	const enum path_status plain = judge(b, &in);
	require(judge(b, &in) == plain);
	validate(&in);
	in.explicit_policy = true;
	in.explain = true;
	in.want_paths = 4;
	/* Who asks for more does not get what was refused before. */
	const enum path_status strict = judge(b, &in);
	require(strict != PATH_VALID || plain == PATH_VALID);
	in.explicit_policy = false;
	in.model = PATH_CHAIN;
	in.exempt_short_term = true;
	(void)judge(b, &in);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct bundle b = { 0 };
	read_bundle(&b, view_of(data, size));
	if (b.target != NULL)
		judge_all(&b);
	cert_free(b.target);
	cert_free(b.anchor);
	material_free(b.m);
	require(ERR_peek_error() == 0);
}
