/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/basic_kit.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "validation/path_search.h"

/* ---- policy, pools ---- */

void basic_kit_init_bare(struct basic_kit *k, const struct cades_kit_scene_options *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	memset(k, 0, sizeof(*k));
	k->scene = cades_kit_scene(o);
	cr_assert_eq(validation_policy_builtin("default", &k->policy, &err), 0, "%s",
		     err.text);
	memcpy(k->rules, k->policy->rules, sizeof(k->rules));
	cr_assert_eq(material_new(&k->extra, &err), 0);
	k->pools[0] = k->scene.anchors;
	k->pools[1] = k->extra;
	k->in = (struct engine_input){ .policy = k->policy,
				       .pools = k->pools,
				       .n_pools = 2,
				       .time_ms = KIT_DAY(4) };
	basic_kit_add(k, MATERIAL_CERT, k->scene.ca->der);
	basic_kit_add(k, MATERIAL_CERT, k->scene.tsa_ca->der);
}

void basic_kit_init(struct basic_kit *k, const struct cades_kit_scene_options *o)
{
	basic_kit_init_bare(k, o);
	struct cades_kit_material m = cades_kit_status(&k->scene, KIT_DAY(2));
	for (size_t i = 0; m.crls[i].n > 0; i++)
		basic_kit_add(k, MATERIAL_CRL, m.crls[i]);
}

void basic_kit_add(struct basic_kit *k, enum material_kind kind, struct view der)
{
	fix_material_add(k->extra, kind, der);
}

void basic_kit_no_anchors(struct basic_kit *k)
{
	static const struct cert *const nobody[1];
	k->in.anchors = nobody;
	k->in.n_anchors = 0;
}

void basic_kit_rule(struct basic_kit *k, enum constraint c, enum constraint_level level,
		    const char *value, const char *value2)
{
	size_t n = 0;
	for (size_t i = 0; i < BASIC_KIT_VALUES_MAX; i++)
		mem_free(k->values[c][i]);
	memset(k->values[c], 0, sizeof(k->values[c]));
	if (value != NULL && value[0] != '\0')
		k->values[c][n++] = mem_dup_text(value);
	if (value2 != NULL)
		k->values[c][n++] = mem_dup_text(value2);
	for (int context = 0; context < CONTEXT_COUNT; context++)
		k->policy->rules[context][c] = (struct constraint_rule){
			.level = level,
			.values = n > 0 ? k->values[c] : NULL,
			.n_values = n,
		};
}

/* ---- the document ---- */

static void clear_document(struct basic_kit *k)
{
	struct report *r = k->report;
	basic_clear(&k->b);
	memset(&k->b, 0, sizeof(k->b));
	for (size_t i = 0; r != NULL && i < r->n_signatures; i++)
		mem_free(r->signatures[i].constraints);
	for (size_t i = 0; r != NULL && i < r->n_stamps; i++) {
		mem_free(r->stamps[i].constraints);
		cert_validation_free(r->stamps[i].certificate);
	}
	if (r != NULL) {
		mem_free(r->signatures);
		mem_free(r->stamps);
		mem_free(r->findings);
		path_needs_free(r->needs, r->n_needs);
	}
	mem_free(r);
	mem_free(k->e.past);
	sig_cache_free(k->e.own_cache);
	document_free(k->doc);
	k->report = NULL;
	k->doc = NULL;
	memset(&k->e, 0, sizeof(k->e));
}

void basic_kit_clear(struct basic_kit *k)
{
	clear_document(k);
	memcpy(k->policy->rules, k->rules, sizeof(k->rules));
	validation_policy_free(k->policy);
	for (int c = 0; c < CONSTRAINT_COUNT; c++)
		for (size_t i = 0; i < BASIC_KIT_VALUES_MAX; i++)
			mem_free(k->values[c][i]);
	material_free(k->extra);
	cades_kit_scene_free(&k->scene);
}

static void begin(struct basic_kit *k)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report *r = mem_zalloc(1, sizeof(*r));
	cr_assert_not_null(r);
	r->document = k->doc;
	r->policy = k->policy;
	r->n_signatures = k->doc->n_signatures;
	r->n_stamps = k->doc->n_stamps;
	r->signatures = mem_zalloc(r->n_signatures + 1, sizeof(*r->signatures));
	r->stamps = mem_zalloc(r->n_stamps + 1, sizeof(*r->stamps));
	cr_assert(r->signatures != NULL && r->stamps != NULL);
	for (size_t i = 0; i < r->n_signatures; i++)
		r->signatures[i].signature = &k->doc->signatures[i];
	for (size_t i = 0; i < r->n_stamps; i++)
		r->stamps[i].stamp = &k->doc->stamps[i];
	k->report = r;
	cr_assert_eq(sig_cache_new(&k->e.own_cache, &err), 0);
	k->e.past = mem_zalloc(r->n_stamps + 1, sizeof(*k->e.past));
	cr_assert_not_null(k->e.past);
	k->e.in = &k->in;
	k->e.report = r;
	k->e.cache = k->e.own_cache;
}

void basic_kit_load(struct basic_kit *k, struct view file, struct view detached)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	clear_document(k);
	k->content = content_of(detached);
	cr_assert_eq(
	    document_read(file, detached.n > 0 ? &k->content : NULL, &k->doc, &err), 0,
	    "%s", err.text);
	k->in.document = k->doc;
	begin(k);
}

void basic_kit_sign(struct basic_kit *k, const struct cades_kit_signer *signer)
{
	struct cades_kit_signer s = *signer;
	if (s.cert == NULL)
		s.cert = k->scene.signer;
	basic_kit_load(
	    k,
	    cades_kit_make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 }),
	    VIEW_NULL);
}

/* ---- runs ---- */

const struct conclusion *basic_kit_judge(struct basic_kit *k, size_t signature,
					 int64_t time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report_signature *r = &k->report->signatures[signature];
	bool counter = r->signature->role == ROLE_COUNTERSIGNATURE;
	const struct engine_ledger ledger = {
		.context = counter ? CONTEXT_COUNTERSIGNATURE : CONTEXT_SIGNATURE,
		.object = r->signature->id,
		.list = &r->constraints,
		.n = &r->n_constraints,
	};
	basic_clear(&k->b);
	cr_assert_eq(engine_basic(&k->e, r->signature, &ledger, time_ms, &k->b, &err),
		     0, "%s", err.text);
	r->checked = k->b.checked;
	r->conclusion = k->b.conclusion;
	return &k->b.conclusion;
}

static const char *name_of(enum subindication s)
{
	return s == SUB_NONE ? "PASSED" : subindication_name(s);
}

void basic_kit_expect(struct basic_kit *k, enum subindication sub)
{
	const struct conclusion *c = basic_kit_judge(k, 0, k->in.time_ms);
	cr_assert_eq(c->sub, sub, "%s (%s), not %s", name_of(c->sub), c->text,
		     name_of(sub));
	cr_assert_eq(c->indication, subindication_main(sub));
}

const struct report_stamp *basic_kit_stamp(struct basic_kit *k, size_t stamp)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_lt(stamp, k->doc->n_stamps);
	cr_assert_eq(engine_stamp(&k->e, stamp, k->in.time_ms, &err), 0, "%s",
		     err.text);
	return &k->report->stamps[stamp];
}

void basic_kit_expect_stamp(struct basic_kit *k, size_t stamp, enum subindication sub)
{
	const struct conclusion *c = &basic_kit_stamp(k, stamp)->conclusion;
	cr_assert_eq(c->sub, sub, "%s (%s), not %s", name_of(c->sub), c->text,
		     name_of(sub));
}

const struct report_finding *basic_kit_finding(const struct basic_kit *k,
					       const char *code)
{
	for (size_t i = 0; i < k->report->n_findings; i++)
		if (strcmp(k->report->findings[i].code, code) == 0)
			return &k->report->findings[i];
	return NULL;
}

const struct report_constraint *
basic_kit_constraint(const struct basic_kit *k, size_t signature, enum constraint c)
{
	const struct report_signature *r = &k->report->signatures[signature];
	for (size_t i = 0; i < r->n_constraints; i++)
		if (r->constraints[i].constraint == c)
			return &r->constraints[i];
	return NULL;
}
