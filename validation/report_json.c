/* SPDX-License-Identifier: Apache-2.0 */
/* report_json - the JSON of `ltps validate` and POST /validate. */
#include "base/clock.h"
#include "validation/report_private.h"

/* Left out when there is none. */
static void put_known_time(struct jsonw *j, const char *key, int64_t t_ms)
{
	if (report_has_time(t_ms))
		jsonw_member_time(j, key, t_ms);
}

static void put_cert(struct jsonw *j, const char *key, const struct cert *c)
{
	char name[CERT_TEXT_MAX];
	jsonw_key(j, key);
	if (c == NULL) {
		jsonw_null(j);
		return;
	}
	cert_text(c, name);
	jsonw_cstr(j, name);
}

static void put_text(struct jsonw *j, const char *key, const char *text)
{
	if (text != NULL && text[0] != '\0')
		jsonw_member(j, key, text);
}

static void put_match(struct jsonw *j, const char *key, enum document_match m)
{
	jsonw_key(j, key);
	if (m == MATCH_UNKNOWN)
		jsonw_null(j);
	else
		jsonw_bool(j, m == MATCH_YES);
}

static void put_sha256(struct jsonw *j, const char *key, const uint8_t sha256[32])
{
	jsonw_key(j, key);
	jsonw_hex(j, view_of(sha256, 32));
}

/* ---- outcomes ---- */

/* Why, with the report data of tables 5 and 6; null when there is nothing to say. */
static void put_reason(struct jsonw *j, const struct conclusion *c)
{
	jsonw_key(j, "reason");
	if (c->indication == INDICATION_PASSED && c->text[0] == '\0') {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_member(j, "clause", c->clause);
	jsonw_member(j, "text", c->text);
	put_known_time(j, "time", c->time_ms);
	if (report_is_revocation(c))
		put_text(j, "revocation_reason", report_reason_name(c->reason));
	if (c->sub == SUB_TRY_LATER)
		put_known_time(j, "retry", c->retry_ms);
	if (report_is_crypto(c))
		put_text(j, "algorithm", c->algorithm);
	if (c->has_object)
		put_sha256(j, "object", c->object);
	if (c->constraint < CONSTRAINT_COUNT)
		jsonw_member(j, "constraint", constraint_name(c->constraint));
	put_text(j, "would_help", report_advice(c));
	jsonw_object_end(j);
}

static void put_conclusion(struct jsonw *j, const struct conclusion *c)
{
	jsonw_member(j, "indication", indication_name(c->indication));
	jsonw_member(j, "subindication", subindication_name(c->sub));
	put_reason(j, c);
}

static void put_constraints(struct jsonw *j, const struct report_constraint *list,
			    size_t n)
{
	jsonw_key(j, "constraints");
	jsonw_array(j);
	for (size_t i = 0; i < n; i++) {
		const struct report_constraint *c = &list[i];
		jsonw_object(j);
		jsonw_member(j, "name", constraint_name(c->constraint));
		jsonw_member(j, "level", constraint_level_name(c->level));
		jsonw_member_bool(j, "disabled", c->level == CONSTRAINT_IGNORE);
		jsonw_key(j, "holds");
		if (c->checked)
			jsonw_bool(j, c->holds);
		else
			jsonw_null(j);
		put_text(j, "text", c->text);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* ---- certificates ---- */

static void put_status(struct jsonw *j, const struct path_cert_revocation *r)
{
	jsonw_key(j, "status");
	jsonw_object(j);
	jsonw_member(j, "status", path_cert_status_name(r->status));
	jsonw_member(j, "source", report_source_name(r->source));
	put_known_time(j, "this_update", r->this_ms);
	put_known_time(j, "next_update", r->next_ms);
	put_known_time(j, "revoked", r->revoked_ms);
	if (report_has_time(r->revoked_ms))
		put_text(j, "reason", report_reason_name(r->reason));
	jsonw_object_end(j);
}

static void put_chain(struct jsonw *j, const struct path_candidate *chain)
{
	jsonw_key(j, "chain");
	jsonw_array(j);
	for (size_t i = 0; i < chain->n_certs; i++) {
		const struct cert *c = chain->certs[i];
		const bool anchor = i + 1 == chain->n_certs;
		jsonw_object(j);
		put_cert(j, "subject", c);
		put_sha256(j, "sha256", c->sha256);
		jsonw_key(j, "serial");
		jsonw_hex(j, c->serial);
		jsonw_member_time(j, "not_before", c->not_before_ms);
		jsonw_member_time(j, "not_after", c->not_after_ms);
		jsonw_member_bool(j, "trust_anchor", anchor);
		if (!anchor && chain->revocation != NULL)
			put_status(j, &chain->revocation[i]);
		jsonw_object_end(j);
	}
	jsonw_array_end(j);
}

/* The outcome of 5.2.6 or of 5.6.2.1; null when it did not get there. */
static void put_certificate(struct jsonw *j, const char *key,
			    const struct cert_validation_result *r)
{
	jsonw_key(j, key);
	if (r == NULL) {
		jsonw_null(j);
		return;
	}
	jsonw_object(j);
	jsonw_member(j, "indication", indication_name(r->indication));
	jsonw_member(j, "subindication", r->subindication);
	put_text(j, "text", r->text);
	put_known_time(j, "control_time", r->control_time_ms);
	put_chain(j, &r->chain);
	jsonw_object_end(j);
}

/* ---- time-stamps ---- */

static void put_token(struct jsonw *j, const struct tst *t)
{
	jsonw_member_time(j, "time", t != NULL ? t->gen_time_ms : INT64_MIN);
	if (t == NULL)
		return;
	jsonw_member(j, "digest", digest_name(t->imprint_alg));
	jsonw_member(j, "policy", t->policy);
	jsonw_key(j, "serial");
	jsonw_hex(j, t->serial);
}

/* ---- PDF ---- */

static void put_change(struct jsonw *j, const struct pdf_change *c)
{
	jsonw_object(j);
	jsonw_member_int(j, "revision", (int64_t)c->revision + 1);
	jsonw_member(j, "kind", pdf_change_kind_name(c->kind));
	jsonw_member(j, "what", c->what);
	if (c->attack != NULL)
		jsonw_member(j, "attack", c->attack);
	jsonw_object_end(j);
}

/* Revisions are counted from 1; null and nothing outside a PDF. */
static void put_coverage(struct jsonw *j, const struct document_pdf *p)
{
	jsonw_key(j, "byte_range_valid");
	if (p != NULL)
		jsonw_bool(j, p->byte_range_valid);
	else
		jsonw_null(j);
	jsonw_key(j, "covers_whole_file");
	if (p != NULL)
		jsonw_bool(j, p->covers_whole_file);
	else
		jsonw_null(j);
	jsonw_key(j, "modifications");
	jsonw_array(j);
	for (size_t i = 0; p != NULL && i < p->n_changes; i++)
		put_change(j, &p->changes[i]);
	jsonw_array_end(j);
	if (p == NULL)
		return;
	jsonw_member_int(j, "revision", (int64_t)p->found->revision + 1);
	jsonw_key(j, "field");
	jsonw_text(j, p->found->field_name);
	jsonw_member(j, "subfilter", pades_subfilter_name(p->found->subfilter));
	put_text(j, "forbidden_change", p->forbidden_why);
}

static void put_stamp(struct jsonw *j, const struct report_stamp *s)
{
	const struct document_stamp *d = s->stamp;
	jsonw_object(j);
	jsonw_member(j, "id", d->id);
	jsonw_member(j, "type", stamp_type_name(d->type));
	jsonw_member(j, "name", d->name);
	put_token(j, d->tst);
	put_match(j, "imprint_intact", d->imprint);
	if (d->index != MATCH_UNKNOWN)
		put_match(j, "index_intact", d->index);
	jsonw_member_bool(j, "signature_intact", s->signature_intact);
	put_conclusion(j, &s->conclusion);
	if (d->pdf != NULL)
		put_coverage(j, d->pdf);
	jsonw_member_bool(j, "counted", s->counted);
	jsonw_member_time(j, "exists_since", s->poe_ms);
	put_cert(j, "signing_certificate", s->signer);
	put_certificate(j, "certificate", s->certificate);
	put_text(j, "defect", d->defect);
	put_constraints(j, s->constraints, s->n_constraints);
	jsonw_object_end(j);
}

static void put_stamps(struct jsonw *j, const struct report *r, int signature)
{
	jsonw_key(j, "timestamps");
	jsonw_array(j);
	for (size_t i = report_next_stamp(r, signature, 0); i < r->n_stamps;
	     i = report_next_stamp(r, signature, i + 1))
		put_stamp(j, &r->stamps[i]);
	jsonw_array_end(j);
}

/* ---- signatures ---- */

static void put_basic(struct jsonw *j, const struct conclusion *c)
{
	jsonw_key(j, "basic");
	jsonw_object(j);
	put_conclusion(j, c);
	jsonw_object_end(j);
}

static void put_integrity(struct jsonw *j, const struct report_signature *s)
{
	jsonw_member_bool(j, "signature_checked", s->checked);
	jsonw_member_bool(j, "signature_intact", s->signature_intact);
	put_match(j, "references_intact", s->references_intact);
	put_coverage(j, s->signature->pdf);
}

static void put_claims(struct jsonw *j, const struct document_signature *d)
{
	jsonw_member_time(j, "claimed_signing_time", d->claims.signing_time_ms);
	jsonw_key(j, "signature_policy");
	if (d->policy.present)
		jsonw_cstr(j, d->policy.implied ? "implied" : d->policy.oid);
	else
		jsonw_null(j);
	jsonw_key(j, "commitments");
	jsonw_array(j);
	for (size_t i = 0; i < d->claims.n_commitments; i++)
		jsonw_cstr(j, d->claims.commitments[i]);
	jsonw_array_end(j);
}

static void put_signature(struct jsonw *j, const struct report *r,
			  const struct report_signature *s)
{
	const struct document_signature *d = s->signature;
	jsonw_object(j);
	jsonw_member(j, "id", d->id);
	jsonw_member(j, "parent",
		     d->parent >= 0 ? r->signatures[d->parent].signature->id : NULL);
	jsonw_member(j, "format", signature_format_name(d->format));
	jsonw_member(j, "level", signature_level_name(s->level));
	jsonw_member(j, "profile", s->profile);
	put_text(j, "not_baseline", d->why_not);
	jsonw_member(j, "indication", indication_total_name(s->conclusion.indication));
	jsonw_member(j, "subindication", subindication_name(s->conclusion.sub));
	put_reason(j, &s->conclusion);
	put_integrity(j, s);
	put_cert(j, "signing_certificate", s->signing_certificate);
	put_claims(j, d);
	jsonw_member_time(j, "best_signature_time", s->best_signature_time_ms);
	jsonw_member(j, "best_signature_proof", s->best_proof);
	jsonw_member(j, "digest",
		     d->digest != DIGEST_NONE ? digest_name(d->digest) : NULL);
	jsonw_member(j, "process", report_process_name(s->process));
	put_basic(j, &s->basic);
	put_certificate(j, "certificate", s->certificate);
	put_certificate(j, "past_certificate", s->past);
	put_stamps(j, r, (int)(s - r->signatures));
	put_constraints(j, s->constraints, s->n_constraints);
	jsonw_object_end(j);
}

/* ---- the rest ---- */

static void put_record(struct jsonw *j, const struct report_record *e)
{
	jsonw_object(j);
	jsonw_member(j, "id", e->record->id);
	jsonw_member(j, "format", "RFC4998");
	jsonw_member_bool(j, "external", e->record->external);
	jsonw_member_bool(j, "intact", e->intact);
	jsonw_member_time(j, "time", e->time_ms);
	put_conclusion(j, &e->conclusion);
	jsonw_member(j, "form",
		     e->intact && !e->record->alone ? report_form_name(e->form) : NULL);
	jsonw_key(j, "record");
	if (e->report != NULL)
		ers_report_json(e->report, j);
	else
		jsonw_null(j);
	jsonw_object_end(j);
}

static void put_finding(struct jsonw *j, const struct report_finding *f)
{
	jsonw_object(j);
	jsonw_member(j, "code", f->code);
	jsonw_member(j, "clause", f->clause);
	jsonw_member(j, "object", f->object);
	jsonw_member(j, "text", f->text);
	jsonw_member(j, "level", constraint_level_name(f->level));
	jsonw_object_end(j);
}

static void put_need(struct jsonw *j, const struct need *n)
{
	jsonw_object(j);
	jsonw_member(j, "kind", report_need_name(n->kind));
	jsonw_member(j, "url", n->url);
	put_cert(j, "cert", n->cert);
	jsonw_object_end(j);
}

static void put_switched_off(struct jsonw *j, const struct report *r)
{
	jsonw_key(j, "switched_off");
	jsonw_array(j);
	for (int context = 0; context < CONTEXT_COUNT; context++) {
		for (int c = 0; c < CONSTRAINT_COUNT; c++) {
			if (!report_switched_off(r, (enum constraint_context)context,
						 (enum constraint)c))
				continue;
			jsonw_object(j);
			jsonw_member(j, "name", constraint_name((enum constraint)c));
			jsonw_member(
			    j, "context",
			    constraint_context_name((enum constraint_context)context));
			jsonw_object_end(j);
		}
	}
	jsonw_array_end(j);
}

static void put_policy(struct jsonw *j, const struct report *r)
{
	const struct validation_policy *p = r->policy;
	jsonw_key(j, "policy");
	jsonw_object(j);
	jsonw_member(j, "id", p->id);
	jsonw_member(j, "description", p->description);
	put_sha256(j, "sha256", p->sha256);
	put_switched_off(j, r);
	jsonw_object_end(j);
}

static void put_head(struct jsonw *j, const struct report *r,
		     const struct report_frame *f)
{
	jsonw_member(j, "file", f->file);
	jsonw_member(j, "format", r->document->format->name);
	jsonw_member_time(j, "validation_time", r->time_ms);
	jsonw_member(j, "indication",
		     r->nothing
			 ? NULL
			 : (r->n_signatures > 0 ? indication_total_name(r->indication)
						: indication_name(r->indication)));
	put_policy(j, r);
}

static void put_notes(struct jsonw *j, const struct document *d)
{
	jsonw_key(j, "notes");
	jsonw_array(j);
	for (size_t i = 0; i < d->n_notes; i++)
		jsonw_cstr(j, d->notes[i]);
	jsonw_array_end(j);
}

void report_json(const struct report *r, const struct report_frame *f, struct jsonw *j)
{
	jsonw_object(j);
	put_head(j, r, f);
	jsonw_key(j, "signatures");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_signatures; i++)
		put_signature(j, r, &r->signatures[i]);
	jsonw_array_end(j);
	put_stamps(j, r, -1);
	jsonw_key(j, "evidence_records");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_records; i++)
		put_record(j, &r->records[i]);
	jsonw_array_end(j);
	jsonw_key(j, "findings");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_findings; i++)
		put_finding(j, &r->findings[i]);
	jsonw_array_end(j);
	put_notes(j, r->document);
	jsonw_key(j, "needs");
	jsonw_array(j);
	for (size_t i = 0; i < r->n_needs; i++)
		put_need(j, &r->needs[i]);
	jsonw_array_end(j);
	jsonw_object_end(j);
}
