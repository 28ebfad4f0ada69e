/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/report_scene.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW REPORT_SCENE_NOW
#define DAY REPORT_SCENE_DAY
#define OUT_MAX REPORT_SCENE_OUT_MAX

void report_scene_mark(uint8_t sha256[32], uint8_t with)
{
	memset(sha256, with, 32);
}

/* Name with one commonName. */
static struct view name_of(char out[80], const char *cn)
{
	const size_t n = strlen(cn);
	const uint8_t head[] = { 0x30,      (uint8_t)(n + 11),
				 0x31,      (uint8_t)(n + 9),
				 0x30,      (uint8_t)(n + 7),
				 0x06,      3,
				 0x55,      4,
				 3,         0x0c,
				 (uint8_t)n };
	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), cn, n);
	return view_of(out, sizeof(head) + n);
}

void report_scene_cert(struct report_scene *s, int i, const char *cn)
{
	static const char *const ders[CERTS] = { "alice", "ca", "root", "tsa" };
	struct cert *c = &s->certs[i];
	*c = (struct cert){ .der = view_text(ders[i]),
			    .serial = view_text("\x01\x02"),
			    .subject = name_of(s->names[i], cn),
			    .not_before_ms = NOW - 500 * DAY,
			    .not_after_ms = i == ROOT ? INT64_MAX : NOW + 500 * DAY };
	report_scene_mark(c->sha256, (uint8_t)(0x10 + i));
	s->cert_list[i] = c;
}

struct conclusion report_scene_passed(void)
{
	return (struct conclusion){ .indication = INDICATION_PASSED,
				    .time_ms = INT64_MIN,
				    .reason = -1,
				    .retry_ms = INT64_MIN,
				    .constraint = CONSTRAINT_COUNT };
}

struct conclusion report_scene_outcome(enum subindication sub)
{
	struct conclusion c = report_scene_passed();
	c.indication = subindication_main(sub);
	c.sub = sub;
	c.clause = "EN 319 102-1 5";
	snprintf(c.text, sizeof(c.text), "because of %s", subindication_name(sub));
	return c;
}

static struct cert_validation_result *make_chain(struct report_scene *s, int leaf)
{
	struct cert_validation_result *r = mem_zalloc(1, sizeof(*r));
	r->indication = INDICATION_PASSED;
	r->revoked_ms = r->retry_ms = r->control_time_ms = INT64_MIN;
	r->chain.certs[0] = &s->certs[leaf];
	r->chain.certs[1] = &s->certs[CA];
	r->chain.certs[2] = &s->certs[ROOT];
	r->chain.n_certs = 3;
	r->chain.revocation = s->revocation;
	return r;
}

static void make_status(struct report_scene *s)
{
	s->crl = (struct crl){ .der = view_text("crl") };
	s->ocsp = (struct ocsp){ .der = view_text("ocsp") };
	report_scene_mark(s->crl.sha256, 0x20);
	report_scene_mark(s->ocsp.sha256, 0x21);
	s->crls[0] = &s->crl;
	s->ocsps[0] = &s->ocsp;
	for (int i = 0; i < 2; i++) {
		s->revocation[i] = (struct path_cert_revocation){
			.status = PATH_STATUS_GOOD,
			.source = i == 0 ? PATH_SOURCE_OCSP : PATH_SOURCE_CRL,
			.this_ms = NOW - DAY,
			.next_ms = NOW + DAY,
			.revoked_ms = INT64_MIN,
			.invalidity_ms = INT64_MIN,
			.reason = -1,
			.n_objects = 1,
		};
		struct path_status_object *o = &s->revocation[i].objects[0];
		o->source = s->revocation[i].source;
		o->crl = i == 0 ? NULL : &s->crl;
		o->ocsp = i == 0 ? &s->ocsp : NULL;
		o->signer = &s->certs[CA];
	}
}

static void make_signature(struct report_scene *s, int i, const char *id)
{
	struct document_signature *d = &s->signatures[i];
	snprintf(d->id, sizeof(d->id), "%s", id);
	report_scene_mark(d->sha256, (uint8_t)(0x30 + i));
	d->role = i == COUNTER ? ROLE_COUNTERSIGNATURE : ROLE_SIGNATURE;
	d->parent = i == COUNTER ? SIGNED : -1;
	d->digest = DIGEST_SHA256;
	d->value = view_text("signature value");
	d->octets[0] = view_text("signed attributes");
	d->n_octets = 1;
	d->references[0] = (struct document_reference){
		.name = "message-digest",
		.alg = DIGEST_SHA256,
		.value = view_of(s->signatures[SIGNED].content_sha256, 32),
		.match = MATCH_YES
	};
	d->n_references = 1;
	d->claims.signing_time_ms = NOW - 100 * DAY;
	d->has_signed_attrs = true;
	report_scene_mark(d->content_sha256, 0x40);
	d->has_content = i != COUNTER;
	s->report_signatures[i] = (struct report_signature){
		.signature = d,
		.process = PROCESS_BASIC,
		.conclusion = report_scene_passed(),
		.basic = report_scene_passed(),
		.checked = true,
		.signature_intact = true,
		.references_intact = MATCH_YES,
		.best_signature_time_ms = NOW,
		.level = LEVEL_B,
		.profile = "CAdES-BASELINE-B",
	};
}

static void make_signatures(struct report_scene *s)
{
	make_signature(s, SIGNED, "S-0000000000000001");
	make_signature(s, COUNTER, "S-0000000000000002");
	make_signature(s, BROKEN, "S-0000000000000003");
	struct document_signature *d = &s->signatures[SIGNED];
	s->ref = (struct cades_cert_ref){ .alg = DIGEST_SHA256,
					  .hash = view_of(s->certs[ALICE].sha256, 32) };
	d->signing_certs = (struct cades_signing_certs){ .refs = &s->ref, .n = 1 };
	d->content_type_attr = view_text("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
	d->claims.mime_type = view_text("text/plain");
	snprintf(d->claims.commitments[0], OID_TEXT_MAX, "1.2.840.113549.1.9.16.6.1");
	d->claims.n_commitments = 1;
	d->policy.present = true;
	snprintf(d->policy.oid, OID_TEXT_MAX, "1.2.3.4");
	struct report_signature *r = &s->report_signatures[SIGNED];
	r->process = PROCESS_LTA;
	r->basic = report_scene_outcome(SUB_OUT_OF_BOUNDS_NO_POE);
	r->signing_certificate = &s->certs[ALICE];
	r->certificate = s->chain;
	r->best_signature_time_ms = NOW - 99 * DAY;
	r->best_proof = s->stamps[STAMP_SIG].id;
	r->level = LEVEL_LTA;
	r->profile = "CAdES-BASELINE-LTA";
	r->constraints = s->constraints;
	r->n_constraints = COUNT(s->constraints);
	r = &s->report_signatures[COUNTER];
	r->conclusion = r->basic =
	    report_scene_outcome(SUB_NO_SIGNING_CERTIFICATE_FOUND);
	r->checked = r->signature_intact = false;
	r = &s->report_signatures[BROKEN];
	r->conclusion = r->basic = report_scene_outcome(SUB_HASH_FAILURE);
	r->references_intact = MATCH_NO;
	r->signing_certificate = &s->certs[ALICE];
}

static void make_stamp(struct report_scene *s, int i, enum stamp_type type,
		       const char *name)
{
	static const char *const tokens[STAMPS] = { "token 1", "token 2", "token 3" };
	struct document_stamp *d = &s->stamps[i];
	snprintf(d->id, sizeof(d->id), "T-000000000000000%d", i + 1);
	report_scene_mark(d->sha256, (uint8_t)(0x50 + i));
	d->type = type;
	d->name = name;
	d->signature = type == STAMP_DOCUMENT ? -1 : SIGNED;
	d->token = view_text(tokens[i]);
	s->tst[i] = (struct tst){ .imprint_alg = DIGEST_SHA256,
				  .policy = "1.2.3",
				  .serial = view_text("\x07"),
				  .gen_time_ms = NOW - (99 - i) * DAY };
	d->tst = &s->tst[i];
	d->as_signature = &s->token_signature;
	d->imprint = MATCH_YES;
	d->index = i == STAMP_ATS ? MATCH_YES : MATCH_UNKNOWN;
	d->covers = s->covers;
	d->n_covers = COUNT(s->covers);
	s->report_stamps[i] = (struct report_stamp){
		.stamp = d,
		.conclusion = report_scene_passed(),
		.signature_intact = true,
		.signer = &s->certs[TSA],
		.certificate = s->tsa_chain,
		.poe_ms = NOW - (98 - i) * DAY,
		.counted = true,
	};
}

static void make_stamps(struct report_scene *s)
{
	s->token_signature = (struct document_signature){
		.id = "S-00000000000000ff",
		.role = ROLE_TIME_STAMP,
		.parent = -1,
		.digest = DIGEST_SHA512,
		.value = view_text("value of the token"),
		.octets = { view_text("attributes of the token") },
		.n_octets = 1,
		.claims = { .signing_time_ms = INT64_MIN },
	};
	s->covers[0] = (struct document_cover){ .kind = OBJECT_SIGNATURE };
	memcpy(s->covers[0].sha256, s->signatures[SIGNED].sha256, 32);
	s->covers[1] = (struct document_cover){ .kind = OBJECT_CERT };
	memcpy(s->covers[1].sha256, s->certs[ALICE].sha256, 32);
	s->covers[2] = (struct document_cover){ .kind = OBJECT_CERT };
	report_scene_mark(s->covers[2].sha256,
			  0xee); /* nothing that the report knows */
	make_stamp(s, STAMP_SIG, STAMP_SIGNATURE, "signature-time-stamp");
	make_stamp(s, STAMP_ATS, STAMP_ARCHIVE, "archive-time-stamp-v3");
	make_stamp(s, STAMP_FILE, STAMP_DOCUMENT, "time-stamp");
}

static void make_rest(struct report_scene *s)
{
	struct report_constraint *c = s->constraints;
	c[0] = (struct report_constraint){ CONSTRAINT_FORMAT, CONSTRAINT_FAIL, true,
					   true, "" };
	c[1] = (struct report_constraint){ CONSTRAINT_KEY_USAGE, CONSTRAINT_WARN, true,
					   false, "keyEncipherment" };
	c[2] = (struct report_constraint){ CONSTRAINT_MIME_TYPE, CONSTRAINT_IGNORE,
					   false, false, "" };
	snprintf(s->record.id, sizeof(s->record.id), "E-0000000000000001");
	report_scene_mark(s->record.sha256, 0x60);
	s->record.record = view_text("record");
	s->record.covers = s->covers;
	s->record.n_covers = COUNT(s->covers);
	s->report_record = (struct report_record){ .record = &s->record,
						   .intact = true,
						   .form = CMS_ER_CUT,
						   .conclusion = report_scene_passed(),
						   .time_ms = NOW - 50 * DAY };
	s->findings[0] = (struct report_finding){ .code = "KEY_USAGE",
						  .clause = "RFC 5280 4.2.1.3",
						  .level = CONSTRAINT_WARN,
						  .object = "S-0000000000000001",
						  .text = "keyEncipherment" };
	static char url[] = "http://crl.example/1";
	s->need = (struct need){ .kind = NEED_CRL, .url = url, .cert = &s->certs[CA] };
	static char id[] = "urn:ltps:policy:test", what[] = "A policy for tests";
	s->policy.id = id;
	s->policy.description = what;
	report_scene_mark(s->policy.sha256, 0x70);
	snprintf(s->document.notes[0], sizeof(s->document.notes[0]), "a note");
	s->document.n_notes = 1;
	s->document.format = format_by_kind(FORMAT_CADES);
}

/* All parts but the time-stamp of the file. */
struct report_scene *report_scene_new(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report_scene *s = mem_zalloc(1, sizeof(*s));
	report_scene_cert(s, ALICE, "Alice");
	report_scene_cert(s, CA, "CA");
	report_scene_cert(s, ROOT, "Root");
	report_scene_cert(s, TSA, "TSA");
	s->cert_list[CERTS] = &s->certs[ALICE]; /* once more */
	make_status(s);
	s->chain = make_chain(s, ALICE);
	s->tsa_chain = make_chain(s, TSA);
	make_signatures(s);
	make_stamps(s);
	make_rest(s);
	s->report = (struct report){
		.document = &s->document,
		.policy = &s->policy,
		.time_ms = NOW,
		.indication = INDICATION_FAILED,
		.signatures = s->report_signatures,
		.n_signatures = SIGNATURES,
		.stamps = s->report_stamps,
		.n_stamps = STAMP_FILE,
		.records = &s->report_record,
		.n_records = 1,
		.findings = s->findings,
		.n_findings = 1,
		.needs = &s->need,
		.n_needs = 1,
		.certs = s->cert_list,
		.n_certs = CERTS + 1,
		.crls = s->crls,
		.n_crls = 1,
		.ocsps = s->ocsps,
		.n_ocsps = 1,
	};
	cr_assert_eq(poe_set_new(&s->report.poes, &err), 0);
	poe_default(s->report.poes, NOW);
	cr_assert_eq(
	    poe_add(s->report.poes, s->certs[ALICE].sha256, NOW - 99 * DAY, &err), 0);
	s->frame = (struct report_frame){ .file = "a.p7m",
					  .service = "urn:ltps:test",
					  .version = "1.0",
					  .whole = true };
	return s;
}

void report_scene_free(struct report_scene *s)
{
	poe_set_free(s->report.poes);
	mem_free(s->chain);
	mem_free(s->tsa_chain);
	mem_free(s);
}

/* ---- its forms ---- */

struct buf report_scene_write(const struct report_scene *s, enum report_form form)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(OUT_MAX);
	if (form == REPORT_JSON) {
		struct jsonw j = jsonw_to(&out);
		report_json(&s->report, &s->frame, &j);
		cr_assert_eq(jsonw_end(&j, &err), 0, "%s", err.text);
	} else if (form == REPORT_TEXT) {
		cr_assert_eq(report_text(&s->report, &s->frame, &out, &err), 0, "%s",
			     err.text);
	} else {
		cr_assert_eq(report_xml(&s->report, &s->frame, &out, &err), 0, "%s",
			     err.text);
	}
	return out;
}

bool text_has(const struct buf *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

size_t text_times(const struct buf *b, const char *text)
{
	size_t n = 0;
	const uint8_t *p = b->p, *end = b->p + b->n;
	while ((p = memmem(p, (size_t)(end - p), text, strlen(text))) != NULL) {
		n++;
		p += strlen(text);
	}
	return n;
}
