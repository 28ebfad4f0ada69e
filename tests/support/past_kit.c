/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/past_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"

static void must(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "past_kit: %s: %s\n", what, err->text);
	abort();
}

void past_kit_init(struct past_kit *k, int64_t time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	memset(k, 0, sizeof(*k));
	must(material_new(&k->m, &err), &err, "material");
	k->in.path.pools[0] = k->m;
	k->in.path.n_pools = 1;
	k->in.path.time_ms = time_ms;
}

void past_kit_clear(struct past_kit *k)
{
	cert_validation_free(k->r);
	poe_set_free(k->poes);
	cert_free(k->target);
	material_free(k->m);
	memset(k, 0, sizeof(*k));
}

void past_kit_target(struct past_kit *k, struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cert_free(k->target);
	must(cert_parse(der, &k->target, &err), &err, "target");
	k->in.path.target = k->target;
}

void past_kit_add(struct past_kit *k, enum material_kind kind, struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(material_add_text_or_der(k->m, kind, der, &err), &err, "item");
}

void past_kit_take(struct past_kit *k, enum material_kind kind, struct buf der)
{
	past_kit_add(k, kind, view_buf(&der));
	buf_free(&der);
}

static struct poe_set *poes_of(struct past_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (k->poes == NULL)
		must(poe_set_new(&k->poes, &err), &err, "proofs");
	k->in.poes = k->poes;
	return k->poes;
}

void past_kit_poe(struct past_kit *k, struct view der, int64_t time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	must(digest_once(DIGEST_SHA256, der, &d, &err), &err, "digest");
	must(poe_add(poes_of(k), d.p, time_ms, &err), &err, "proof");
}

void past_kit_poe_default(struct past_kit *k, int64_t time_ms)
{
	poe_default(poes_of(k), time_ms);
}

static const struct cert_validation_result *
judge(struct past_kit *k,
      int (*f)(const struct cert_validation_input *, struct cert_validation_result **,
	       struct ltps_error *))
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cert_validation_free(k->r);
	k->r = NULL;
	must(f(&k->in, &k->r, &err), &err, "judgement");
	return k->r;
}

const struct cert_validation_result *past_kit_now(struct past_kit *k)
{
	return judge(k, cert_validate);
}

const struct cert_validation_result *past_kit_past(struct past_kit *k)
{
	return judge(k, cert_validate_past);
}

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void refuse(const struct cert_validation_result *r, const char *expected)
{
	char at[TIME_TEXT_MAX] = "-";
	if (r->control_time_ms != INT64_MIN)
		time_rfc3339(r->control_time_ms, at);
	fprintf(stderr, "expected %s, got %s %s %s at %s: %s\n", expected,
		indication_name(r->indication),
		r->subindication != NULL ? r->subindication : "-",
		path_code_name(r->why), at, r->text);
	abort();
}

void past_kit_expect(struct past_kit *k, const char *sub)
{
	const struct cert_validation_result *r = past_kit_now(k);
	enum indication i = sub == NULL ? INDICATION_PASSED : INDICATION_INDETERMINATE;
	if (r->indication != i || !is_same(r->subindication, sub))
		refuse(r, sub != NULL ? sub : "PASSED");
}

void past_kit_expect_past(struct past_kit *k, int64_t control_ms)
{
	const struct cert_validation_result *r = past_kit_past(k);
	char at[TIME_TEXT_MAX] = "no control time";
	if (control_ms != INT64_MIN)
		time_rfc3339(control_ms, at);
	if ((r->indication == INDICATION_PASSED) != (control_ms != INT64_MIN) ||
	    r->control_time_ms != control_ms)
		refuse(r, at);
}
