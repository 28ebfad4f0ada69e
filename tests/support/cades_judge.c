/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/cades_judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"

#define ANCHORS_MAX 2 /* of a scene */

static void must(int rc, const struct ltps_error *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "cades_judge: %s (%s)\n", err->text, err->where);
	abort();
}

void cades_judge_init(struct cades_judge *j, const struct cades_kit_scene *scene,
		      struct view file, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	*j = (struct cades_judge){ .file = file, .scene = scene, .now_ms = now_ms };
	must(validation_policy_builtin("default", &j->policy, &err), &err);
}

static void forget(struct cades_judge *j)
{
	report_free(j->report);
	document_free(j->document);
	material_free(j->pool);
	j->report = NULL;
	j->document = NULL;
	j->pool = NULL;
	j->first = NULL;
}

void cades_judge_clear(struct cades_judge *j)
{
	forget(j);
	validation_policy_free(j->policy);
	*j = (struct cades_judge){ 0 };
}

static void fill_pool(struct cades_judge *j)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct cades_kit_material *m = &j->outside;
	must(material_new(&j->pool, &err), &err);
	must(material_add_all(j->pool, j->scene->anchors, &err), &err);
	for (size_t i = 0; i < CADES_KIT_LIST_MAX; i++) {
		if (m->certs[i].n > 0)
			fix_material_add(j->pool, MATERIAL_CERT, m->certs[i]);
		if (m->crls[i].n > 0)
			fix_material_add(j->pool, MATERIAL_CRL, m->crls[i]);
		if (m->ocsps[i].n > 0)
			fix_material_add(j->pool, MATERIAL_OCSP, m->ocsps[i]);
	}
}

static void judge(struct cades_judge *j)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct material *pools[1] = { j->pool };
	const struct cert *anchors[ANCHORS_MAX];
	int64_t sunsets[ANCHORS_MAX] = { j->sunset_ms };
	struct engine_input in = { .document = j->document,
				   .policy = j->policy,
				   .pools = pools,
				   .n_pools = 1,
				   .stamp_anchors = j->stamp_anchors,
				   .time_ms = j->now_ms,
				   .proofs = j->proofs,
				   .n_proofs = j->n_proofs,
				   .signature_policy = j->signature_policy };
	if (j->sunset_ms != 0) {
		in.n_anchors = material_count(j->pool, MATERIAL_ANCHOR);
		for (size_t i = 0; i < in.n_anchors && i < ANCHORS_MAX; i++)
			anchors[i] = material_cert(j->pool, MATERIAL_ANCHOR, i);
		in.anchors = anchors;
		in.anchor_sunset_ms = sunsets;
	}
	must(engine_judge(&in, &j->report, &err), &err);
	if (j->report->n_signatures > 0)
		j->first = &j->report->signatures[0];
}

static int read_file(struct cades_judge *j)
{
	const enum format_kind kind = format_detect(j->file)->kind;
	if (kind == FORMAT_PDF || kind == FORMAT_PADES)
		return document_read_pdf(j->file, VIEW_NULL, &j->document, &j->why);
	return document_read(j->file, j->has_content ? &j->given : NULL, &j->document,
			     &j->why);
}

bool cades_judge_run(struct cades_judge *j)
{
	forget(j);
	j->why = (struct ltps_error)LTPS_ERROR_INIT;
	j->given = content_of(j->content);
	if (read_file(j) != 0) {
		if (j->why.code == LTPS_NOMEM || j->why.code == LTPS_CRYPTO)
			must(-1, &j->why);
		j->document = NULL;
		return false;
	}
	fill_pool(j);
	judge(j);
	return true;
}

/* ---- what is expected ---- */

static const char *name(enum subindication s)
{
	return s != SUB_NONE ? subindication_name(s) : "PASSED";
}

static void print_certificate(const struct cert_validation_result *c)
{
	if (c != NULL)
		fprintf(stderr, "    certificate: %s: %s\n",
			c->subindication != NULL ? c->subindication : "passed",
			c->text);
}

static void print(const struct cades_judge *j)
{
	const struct report *r = j->report;
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		fprintf(stderr, "  %s: %s: %s; basic %s: %s\n", s->signature->id,
			name(s->conclusion.sub), s->conclusion.text, name(s->basic.sub),
			s->basic.text);
		print_certificate(s->certificate);
		print_certificate(s->past);
	}
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *s = &r->stamps[i];
		fprintf(stderr, "  %s %s: %s: %s %s%s\n", s->stamp->id, s->stamp->name,
			name(s->conclusion.sub), s->conclusion.text, s->stamp->defect,
			s->counted ? " (counted)" : "");
		print_certificate(s->certificate);
	}
	for (size_t i = 0; i < r->n_records; i++)
		fprintf(stderr, "  %s: %s: %s\n", r->records[i].record->id,
			name(r->records[i].conclusion.sub),
			r->records[i].conclusion.text);
	for (size_t i = 0; i < r->n_findings; i++)
		fprintf(stderr, "  %s %s %s: %s\n",
			constraint_level_name(r->findings[i].level),
			r->findings[i].code, r->findings[i].object,
			r->findings[i].text);
}

static void fail(const struct cades_judge *j, const char *what, enum subindication is,
		 enum subindication wanted)
{
	fprintf(stderr, "%s: %s instead of %s\n", what, name(is), name(wanted));
	print(j);
	abort();
}

void cades_judge_expect(struct cades_judge *j, enum subindication sub)
{
	if (!cades_judge_run(j))
		must(-1, &j->why);
	if (j->first == NULL) {
		fprintf(stderr, "no signature\n");
		abort();
	}
	const struct conclusion *c = &j->first->conclusion;
	if (c->sub != sub)
		fail(j, "signature", c->sub, sub);
	if (c->indication != subindication_main(sub)) {
		fprintf(stderr, "%s with %s\n", indication_name(c->indication),
			name(sub));
		abort();
	}
}

void cades_judge_expect_stamp(const struct cades_judge *j, size_t i,
			      enum subindication sub)
{
	if (i >= j->report->n_stamps) {
		fprintf(stderr, "no time-stamp %zu\n", i);
		abort();
	}
	if (j->report->stamps[i].conclusion.sub != sub)
		fail(j, "time-stamp", j->report->stamps[i].conclusion.sub, sub);
}

/* ---- policy ---- */

static void put_value(struct constraint_rule *r, const char *word, size_t n)
{
	char **grown = mem_resize(r->values, r->n_values + 1, sizeof(*grown));
	char *text = mem_zalloc(n + 1, 1);
	if (grown == NULL || text == NULL)
		abort();
	memcpy(text, word, n);
	r->values = grown;
	r->values[r->n_values++] = text;
}

void cades_judge_rule(struct cades_judge *j, enum constraint_context context,
		      enum constraint c, enum constraint_level level,
		      const char *values)
{
	struct constraint_rule *r = &j->policy->rules[context][c];
	for (size_t i = 0; i < r->n_values; i++)
		mem_free(r->values[i]);
	mem_free(r->values);
	*r = (struct constraint_rule){ .level = level };
	while (values != NULL && *values != '\0') {
		size_t n = strcspn(values, " ");
		put_value(r, values, n);
		values += n + strspn(values + n, " ");
	}
}

const struct report_constraint *cades_judge_constraint(const struct cades_judge *j,
						       enum constraint c)
{
	for (size_t i = 0; i < j->first->n_constraints; i++)
		if (j->first->constraints[i].constraint == c)
			return &j->first->constraints[i];
	return NULL;
}

bool cades_judge_has_finding(const struct cades_judge *j, const char *code)
{
	for (size_t i = 0; i < j->report->n_findings; i++)
		if (strcmp(j->report->findings[i].code, code) == 0)
			return true;
	return false;
}
