/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The forms of a report, over reports that are filled in by hand: their octets never
 * change by accident (golden/report-*), what outsiders wrote never breaks them, and the
 * XML is valid and canonical whatever the outcome.
 *
 * LTPS_GOLDEN_WRITE=1 writes the golden files anew.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/format.h"
#include "validation/poe.h"
#include "validation/report.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW INT64_C(1780272000000) /* 2026-06-01 */
#define DAY INT64_C(86400000)
#define OUT_MAX ((size_t)16 << 20)

/* ---- a report by hand ---- */

enum { ALICE, CA, ROOT, TSA, CERTS };
enum { SIGNED, COUNTER, BROKEN, SIGNATURES };
enum { STAMP_SIG, STAMP_ATS, STAMP_FILE, STAMPS };

struct scene {
	char names[CERTS][80];
	struct cert certs[CERTS];
	const struct cert *cert_list[CERTS + 1];
	struct crl crl;
	struct ocsp ocsp;
	const struct crl *crls[1];
	const struct ocsp *ocsps[1];
	struct path_cert_revocation revocation[2];
	struct cert_validation_result *chain; /* of Alice */
	struct cert_validation_result *tsa_chain;
	struct document_signature signatures[SIGNATURES];
	struct document_signature token_signature;
	struct document_stamp stamps[STAMPS];
	struct document_record record;
	struct document_cover covers[3];
	struct tst tst[STAMPS];
	struct cades_cert_ref ref;
	struct document document;
	struct validation_policy policy;
	struct report_constraint constraints[3];
	struct report_signature report_signatures[SIGNATURES];
	struct report_stamp report_stamps[STAMPS];
	struct report_record report_record;
	struct report_finding findings[1];
	struct need need;
	struct report report;
	struct report_frame frame;
};

static void mark(uint8_t sha256[32], uint8_t with)
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

static void make_cert(struct scene *s, int i, const char *cn)
{
	static const char *const ders[CERTS] = { "alice", "ca", "root", "tsa" };
	struct cert *c = &s->certs[i];
	*c = (struct cert){ .der = view_text(ders[i]),
			    .serial = view_text("\x01\x02"),
			    .subject = name_of(s->names[i], cn),
			    .not_before_ms = NOW - 500 * DAY,
			    .not_after_ms = i == ROOT ? INT64_MAX : NOW + 500 * DAY };
	mark(c->sha256, (uint8_t)(0x10 + i));
	s->cert_list[i] = c;
}

static struct conclusion passed(void)
{
	return (struct conclusion){ .indication = INDICATION_PASSED,
				    .time_ms = INT64_MIN,
				    .reason = -1,
				    .retry_ms = INT64_MIN,
				    .constraint = CONSTRAINT_COUNT };
}

static struct conclusion outcome(enum subindication sub)
{
	struct conclusion c = passed();
	c.indication = subindication_main(sub);
	c.sub = sub;
	c.clause = "EN 319 102-1 5";
	snprintf(c.text, sizeof(c.text), "because of %s", subindication_name(sub));
	return c;
}

static struct cert_validation_result *make_chain(struct scene *s, int leaf)
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

static void make_status(struct scene *s)
{
	s->crl = (struct crl){ .der = view_text("crl") };
	s->ocsp = (struct ocsp){ .der = view_text("ocsp") };
	mark(s->crl.sha256, 0x20);
	mark(s->ocsp.sha256, 0x21);
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

static void make_signature(struct scene *s, int i, const char *id)
{
	struct document_signature *d = &s->signatures[i];
	snprintf(d->id, sizeof(d->id), "%s", id);
	mark(d->sha256, (uint8_t)(0x30 + i));
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
	mark(d->content_sha256, 0x40);
	d->has_content = i != COUNTER;
	s->report_signatures[i] = (struct report_signature){
		.signature = d,
		.process = PROCESS_BASIC,
		.conclusion = passed(),
		.basic = passed(),
		.checked = true,
		.signature_intact = true,
		.references_intact = MATCH_YES,
		.best_signature_time_ms = NOW,
		.level = LEVEL_B,
		.profile = "CAdES-BASELINE-B",
	};
}

static void make_signatures(struct scene *s)
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
	r->basic = outcome(SUB_OUT_OF_BOUNDS_NO_POE);
	r->signing_certificate = &s->certs[ALICE];
	r->certificate = s->chain;
	r->best_signature_time_ms = NOW - 99 * DAY;
	r->best_proof = s->stamps[STAMP_SIG].id;
	r->level = LEVEL_LTA;
	r->profile = "CAdES-BASELINE-LTA";
	r->constraints = s->constraints;
	r->n_constraints = COUNT(s->constraints);
	r = &s->report_signatures[COUNTER];
	r->conclusion = r->basic = outcome(SUB_NO_SIGNING_CERTIFICATE_FOUND);
	r->checked = r->signature_intact = false;
	r = &s->report_signatures[BROKEN];
	r->conclusion = r->basic = outcome(SUB_HASH_FAILURE);
	r->references_intact = MATCH_NO;
	r->signing_certificate = &s->certs[ALICE];
}

static void make_stamp(struct scene *s, int i, enum stamp_type type, const char *name)
{
	static const char *const tokens[STAMPS] = { "token 1", "token 2", "token 3" };
	struct document_stamp *d = &s->stamps[i];
	snprintf(d->id, sizeof(d->id), "T-000000000000000%d", i + 1);
	mark(d->sha256, (uint8_t)(0x50 + i));
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
		.conclusion = passed(),
		.signature_intact = true,
		.signer = &s->certs[TSA],
		.certificate = s->tsa_chain,
		.poe_ms = NOW - (98 - i) * DAY,
		.counted = true,
	};
}

static void make_stamps(struct scene *s)
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
	mark(s->covers[2].sha256, 0xee); /* nothing that the report knows */
	make_stamp(s, STAMP_SIG, STAMP_SIGNATURE, "signature-time-stamp");
	make_stamp(s, STAMP_ATS, STAMP_ARCHIVE, "archive-time-stamp-v3");
	make_stamp(s, STAMP_FILE, STAMP_DOCUMENT, "time-stamp");
}

static void make_rest(struct scene *s)
{
	struct report_constraint *c = s->constraints;
	c[0] = (struct report_constraint){ CONSTRAINT_FORMAT, CONSTRAINT_FAIL, true,
					   true, "" };
	c[1] = (struct report_constraint){ CONSTRAINT_KEY_USAGE, CONSTRAINT_WARN, true,
					   false, "keyEncipherment" };
	c[2] = (struct report_constraint){ CONSTRAINT_MIME_TYPE, CONSTRAINT_IGNORE,
					   false, false, "" };
	snprintf(s->record.id, sizeof(s->record.id), "E-0000000000000001");
	mark(s->record.sha256, 0x60);
	s->record.record = view_text("record");
	s->record.covers = s->covers;
	s->record.n_covers = COUNT(s->covers);
	s->report_record = (struct report_record){ .record = &s->record,
						   .intact = true,
						   .form = CMS_ER_CUT,
						   .conclusion = passed(),
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
	mark(s->policy.sha256, 0x70);
	snprintf(s->document.notes[0], sizeof(s->document.notes[0]), "a note");
	s->document.n_notes = 1;
	s->document.format = format_by_kind(FORMAT_CADES);
}

/* All parts but the time-stamp of the file. */
static struct scene *scene_new(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene *s = mem_zalloc(1, sizeof(*s));
	make_cert(s, ALICE, "Alice");
	make_cert(s, CA, "CA");
	make_cert(s, ROOT, "Root");
	make_cert(s, TSA, "TSA");
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

static void scene_free(struct scene *s)
{
	poe_set_free(s->report.poes);
	mem_free(s->chain);
	mem_free(s->tsa_chain);
	mem_free(s);
}

/* ---- its forms ---- */

enum form { JSON, TEXT, XML, FORMS };

static struct buf write_form(const struct scene *s, enum form form)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(OUT_MAX);
	if (form == JSON) {
		struct jsonw j = jsonw_to(&out);
		report_json(&s->report, &s->frame, &j);
		cr_assert_eq(jsonw_end(&j, &err), 0, "%s", err.text);
	} else if (form == TEXT) {
		cr_assert_eq(report_text(&s->report, &s->frame, &out, &err), 0, "%s",
			     err.text);
	} else {
		cr_assert_eq(report_xml(&s->report, &s->frame, &out, &err), 0, "%s",
			     err.text);
	}
	return out;
}

static bool has(const struct buf *b, const char *text)
{
	return memmem(b->p, b->n, text, strlen(text)) != NULL;
}

static size_t times(const struct buf *b, const char *text)
{
	size_t n = 0;
	const uint8_t *p = b->p, *end = b->p + b->n;
	while ((p = memmem(p, (size_t)(end - p), text, strlen(text))) != NULL) {
		n++;
		p += strlen(text);
	}
	return n;
}

static void golden_path(const char *name, char out[512])
{
	const char *slash = strrchr(__FILE__, '/');
	snprintf(out, 512, "%.*sgolden/%s", (int)(slash + 1 - __FILE__), __FILE__,
		 name);
}

static void assert_golden(const char *name, const struct buf *got)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf golden = buf_make(OUT_MAX);
	char path[512];
	golden_path(name, path);
	if (getenv("LTPS_GOLDEN_WRITE") != NULL)
		cr_assert_eq(file_write(path, view_buf(got), 0644, &err), 0);
	cr_assert_eq(file_read(path, &golden, &err), 0, "%s", err.text);
	cr_assert_eq(golden.n, got->n, "%s differs:\n%.*s", name, (int)got->n, got->p);
	cr_assert_eq(memcmp(golden.p, got->p, got->n), 0, "%s differs:\n%.*s", name,
		     (int)got->n, got->p);
	buf_free(&golden);
}

Test(report, the_same_judgement_gives_the_same_octets)
{
	static const char *const names[] = { "report.json", "report.txt",
					     "report.xml" };
	struct scene *s = scene_new();
	for (int form = 0; form < FORMS; form++) {
		struct buf b = write_form(s, (enum form)form);
		assert_golden(names[form], &b);
		buf_free(&b);
	}
	scene_free(s);
}

/* ---- validity of the XML ---- */

struct xml_files {
	char dir[64];
	char list[200000];
	unsigned n;
};

static void schema_path(char out[512])
{
	const char *root = getenv("LTPS_SCHEMAS");
	const char *slash = strrchr(__FILE__, '/');
	if (root != NULL)
		snprintf(out, 512, "%s/xml/TS119102-2-v141.xsd", root);
	else
		snprintf(out, 512,
			 "%.*s../../../shared/schemas/xml/TS119102-2-v141.xsd",
			 (int)(slash + 1 - __FILE__), __FILE__);
}

static void begin_files(struct xml_files *f)
{
	char schema[512];
	schema_path(schema);
	if (access(schema, R_OK) != 0)
		cr_skip_test("the schema of TS 119 102-2 is not there");
	if (system("xmllint --version >/dev/null 2>&1") != 0)
		cr_skip_test("xmllint (libxml2-utils) is not installed");
	*f = (struct xml_files){ .dir = "/tmp/ltps-report-XXXXXX" };
	cr_assert_not_null(mkdtemp(f->dir));
}

static void add_file(struct xml_files *f, const struct scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = write_form(s, XML);
	char path[128];
	snprintf(path, sizeof(path), "%s/%u.xml", f->dir, f->n++);
	cr_assert_eq(file_write(path, view_buf(&b), 0600, &err), 0);
	snprintf(f->list + strlen(f->list), sizeof(f->list) - strlen(f->list), " %s",
		 path);
	buf_free(&b);
}

static void check_files(struct xml_files *f)
{
	char *command = NULL;
	char schema[512], first[128];
	schema_path(schema);
	cr_assert(asprintf(&command, "xmllint --nonet --noout --schema '%s'%s 2>%s/log",
			   schema, f->list, f->dir) > 0);
	const int rc = system(command);
	free(command);
	snprintf(first, sizeof(first), "grep -v validates %s/log | cut -c1-500 >&2",
		 f->dir);
	if (rc != 0 && system(first) != 0)
		cr_log_error("the log cannot be read");
	cr_assert(asprintf(&command, "rm -rf %s", f->dir) > 0);
	cr_assert_eq(system(command), 0);
	free(command);
	cr_assert_eq(rc, 0, "a report is not valid");
}

/* With what a sub-indication may bring, and with nothing of it. */
static void dress(struct conclusion *c, bool with, const uint8_t object[32])
{
	if (!with)
		return;
	c->time_ms = NOW - 10 * DAY;
	c->retry_ms = NOW + DAY;
	c->reason = 1;
	snprintf(c->algorithm, sizeof(c->algorithm), "RSA 1024");
	memcpy(c->object, object, 32);
	c->has_object = true;
	c->constraint = CONSTRAINT_KEY_USAGE;
}

Test(report, xml_is_valid_for_every_outcome)
{
	struct xml_files f;
	begin_files(&f);
	for (int sub = 1; sub < SUB_COUNT; sub++) {
		for (int with = 0; with < 2; with++) {
			struct scene *s = scene_new();
			struct conclusion c = outcome((enum subindication)sub);
			dress(&c, with != 0, s->crl.sha256);
			s->report_signatures[SIGNED].conclusion = c;
			s->report_signatures[COUNTER].conclusion = c;
			s->report_stamps[STAMP_SIG].conclusion = c;
			s->report_record.conclusion = c;
			s->report.n_stamps = with != 0 ? STAMPS : STAMP_FILE;
			s->frame.whole = with != 0;
			add_file(&f, s);
			scene_free(s);
		}
	}
	check_files(&f);
}

Test(report, xml_is_valid_without_this_and_that)
{
	struct xml_files f;
	begin_files(&f);
	for (int lack = 0; lack < 13; lack++) {
		struct scene *s = scene_new();
		struct report_signature *r = &s->report_signatures[SIGNED];
		if (lack == 0) /* nothing at all */
			s->report.n_signatures = s->report.n_stamps =
			    s->report.n_records = 0,
			s->report.nothing = true;
		if (lack == 1) /* a record alone */
			s->report.n_signatures = s->report.n_stamps = 0;
		if (lack == 2) /* a file that is a time-stamp */
			s->report.n_signatures = s->report.n_records = 0,
			s->report.stamps += STAMP_FILE, s->report.n_stamps = 1;
		if (lack == 3)
			s->report.n_certs = s->report.n_crls = s->report.n_ocsps = 0;
		if (lack == 4)
			r->certificate = NULL;
		if (lack == 5)
			r->signing_certificate = NULL, r->certificate = NULL;
		if (lack == 6)
			r->best_signature_time_ms = INT64_MIN, r->best_proof = NULL;
		if (lack == 7)
			r->best_proof = "T-unknown";
		if (lack == 8)
			s->stamps[STAMP_SIG].tst = NULL,
			s->stamps[STAMP_SIG].as_signature = NULL;
		if (lack == 9) /* a plain signature of the content itself */
			memset(&s->signatures[BROKEN].claims, 0,
			       sizeof(s->signatures[BROKEN].claims)),
			    s->signatures[BROKEN].claims.signing_time_ms = INT64_MIN,
			    s->signatures[BROKEN].has_signed_attrs = false,
			    s->signatures[BROKEN].n_references = 0,
			    s->signatures[BROKEN].n_octets = 0,
			    s->signatures[BROKEN].has_content = false;
		if (lack == 10) /* times at both ends of what ASN.1 can say */
			s->tst[STAMP_SIG].gen_time_ms = INT64_C(-62167219200000),
			r->best_signature_time_ms = INT64_C(253402300799999);
		if (lack == 11)
			s->policy.description = NULL, s->frame.file = NULL,
			s->frame.service = NULL, s->frame.version = NULL;
		if (lack == 12) /* the anchor signs itself */
			s->chain->chain.n_certs = 1, s->frame.signer = &s->certs[CA];
		add_file(&f, s);
		scene_free(s);
	}
	check_files(&f);
}

Test(report, xml_is_in_exclusive_canonical_form)
{
	struct xml_files f;
	struct scene *s = scene_new();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf ours = write_form(s, XML), theirs = buf_make(OUT_MAX);
	char command[256], path[128];
	begin_files(&f);
	add_file(&f, s);
	snprintf(command, sizeof(command), "xmllint --exc-c14n %s/0.xml >%s/c14n",
		 f.dir, f.dir);
	cr_assert_eq(system(command), 0);
	snprintf(path, sizeof(path), "%s/c14n", f.dir);
	cr_assert_eq(file_read(path, &theirs, &err), 0);
	cr_assert_eq(ours.n, theirs.n);
	cr_assert_eq(memcmp(ours.p, theirs.p, ours.n), 0);
	check_files(&f);
	buf_free(&ours);
	buf_free(&theirs);
	scene_free(s);
}

/* ---- what outsiders write ---- */

#define HOSTILE "<&\"'>]]>\x1b[2J\x01\xff\xc3\xc2\x9b\r\n</x>"

static void make_hostile(struct scene *s)
{
	make_cert(s, ALICE, HOSTILE);
	s->frame.file = HOSTILE;
	s->signatures[SIGNED].claims.mime_type = view_text(HOSTILE);
	snprintf(s->findings[0].text, sizeof(s->findings[0].text), HOSTILE);
	snprintf(s->constraints[1].text, sizeof(s->constraints[1].text), HOSTILE);
	s->report_signatures[SIGNED].conclusion = outcome(SUB_CUSTOM);
	snprintf(s->report_signatures[SIGNED].conclusion.text, 256, HOSTILE);
	snprintf(s->document.notes[0], sizeof(s->document.notes[0]), HOSTILE);
	snprintf(s->stamps[STAMP_SIG].defect, 200, HOSTILE);
	static char url[] = HOSTILE;
	s->need.url = url;
}

Test(report, json_of_hostile_texts_is_json)
{
	struct scene *s = scene_new();
	make_hostile(s);
	struct buf b = write_form(s, JSON);
	json_error_t e;
	json_t *j = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, &e);
	cr_assert_not_null(j, "%s", e.text);
	json_decref(j);
	buf_free(&b);
	scene_free(s);
}

Test(report, text_of_hostile_texts_moves_no_terminal)
{
	struct scene *s = scene_new();
	make_hostile(s);
	struct buf b = write_form(s, TEXT);
	cr_assert(utf8_valid(view_buf(&b)));
	for (size_t i = 0; i < b.n; i++) {
		cr_assert(b.p[i] == '\n' || (b.p[i] >= 0x20 && b.p[i] != 0x7f));
		cr_assert(b.p[i] != 0xc2 || b.p[i + 1] >= 0xa0);
	}
	buf_free(&b);
	scene_free(s);
}

Test(report, xml_of_hostile_texts_is_valid)
{
	struct xml_files f;
	begin_files(&f);
	struct scene *s = scene_new();
	make_hostile(s);
	add_file(&f, s);
	scene_free(s);
	check_files(&f);
}

/* ---- report data of tables 5 and 6 ---- */

/* The XML with this outcome of the first signature. */
static struct buf with_outcome(struct scene *s, enum subindication sub, bool with)
{
	struct conclusion c = outcome(sub);
	dress(&c, with, s->crl.sha256);
	s->report_signatures[SIGNED].conclusion = c;
	s->report.n_signatures = 1;
	return write_form(s, XML);
}

Test(report, a_revocation_is_told_with_time_reason_and_object)
{
	static const enum subindication subs[] = { SUB_REVOKED, SUB_REVOKED_NO_POE,
						   SUB_REVOKED_CA_NO_POE,
						   SUB_TRY_LATER };
	for (size_t i = 0; i < COUNT(subs); i++) {
		struct scene *s = scene_new();
		s->revocation[1].status = PATH_STATUS_REVOKED;
		struct buf b = with_outcome(s, subs[i], true);
		cr_assert(has(&b, "<vr:RevocationStatusInformation>"
				  "<vr:ValidationObjectId VOReference=\"C-1111"));
		cr_assert(has(&b, "<vr:RevocationTime>2026-05-22T00:00:00Z<"));
		cr_assert(has(&b, "revocationReason:keyCompromise<"));
		cr_assert(has(&b, "<vr:RevocationObject VOReference=\"R-2020"));
		buf_free(&b);
		scene_free(s);
	}
}

Test(report, no_revocation_is_told_where_none_is_known)
{
	struct scene *s = scene_new();
	struct buf b = with_outcome(s, SUB_TRY_LATER, false); /* stale, not on hold */
	cr_assert(!has(&b, "<vr:RevocationStatusInformation>"));
	buf_free(&b);
	b = with_outcome(s, SUB_EXPIRED, true);
	cr_assert(!has(&b, "<vr:RevocationStatusInformation>"));
	buf_free(&b);
	scene_free(s);
}

Test(report, a_weak_algorithm_is_told_with_its_end_and_object)
{
	struct scene *s = scene_new();
	struct buf b = with_outcome(s, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, true);
	cr_assert(has(&b, "<vr:CryptoInformation>"
			  "<vr:ValidationObjectId VOReference=\"R-2020"));
	cr_assert(has(&b, "<vr:SecureAlgorithm>false<"));
	cr_assert(has(&b, "<vr:NotAfter>2026-05-22T00:00:00Z<"));
	cr_assert(has(&b, "<vr:Value>1024<"));
	buf_free(&b);
	/* Without an object it is the signature itself. */
	b = with_outcome(s, SUB_CRYPTO_CONSTRAINTS_FAILURE, false);
	cr_assert(has(&b, "<vr:CryptoInformation><vr:ValidationObjectId "
			  "VOReference=\"S-0000000000000001\">"));
	buf_free(&b);
	b = with_outcome(s, SUB_NO_POE, true);
	cr_assert(!has(&b, "<vr:CryptoInformation>"));
	buf_free(&b);
	scene_free(s);
}

Test(report, a_wrong_order_names_all_time_stamps)
{
	struct scene *s = scene_new();
	struct buf b = with_outcome(s, SUB_TIMESTAMP_ORDER_FAILURE, false);
	cr_assert_eq(times(&b, "<vr:RelatedValidationObject VOReference=\"T-"), 2);
	buf_free(&b);
	b = with_outcome(s, SUB_NO_POE, false);
	cr_assert_eq(times(&b, "<vr:RelatedValidationObject"), 0);
	buf_free(&b);
	scene_free(s);
}

Test(report, a_wrong_digest_names_the_signed_data)
{
	struct scene *s = scene_new();
	struct buf b = with_outcome(s, SUB_HASH_FAILURE, false);
	cr_assert(has(&b, "<vr:RelatedValidationObject VOReference=\"D-4040"));
	buf_free(&b);
	scene_free(s);
}

Test(report, a_retry_is_told)
{
	struct scene *s = scene_new();
	struct buf b = with_outcome(s, SUB_TRY_LATER, true);
	cr_assert(has(&b, "retry-after</vr:Type><vr:Value>2026-06-02T00:00:00Z<"));
	buf_free(&b);
	scene_free(s);
}

/* ---- the rest ---- */

Test(report, disabled_constraints_are_listed_and_have_no_status)
{
	struct scene *s = scene_new();
	struct buf b = write_form(s, XML);
	cr_assert_eq(times(&b,
			   "constraintStatus:disabled</vr:Status></vr:ConstraintStatus>"
			   "</vr:ValidationConstraint>"),
		     1);
	cr_assert_eq(times(&b, "constraintStatus:applied"), 2);
	buf_free(&b);
	scene_free(s);
}

Test(report, every_object_is_listed_once)
{
	struct scene *s = scene_new();
	struct buf b = write_form(s, XML);
	cr_assert_eq(times(&b, "<vr:ValidationObject id=\"C-"), CERTS);
	cr_assert_eq(times(&b, "<vr:ValidationObject id=\"R-"), 1);
	cr_assert_eq(times(&b, "<vr:ValidationObject id=\"O-"), 1);
	cr_assert_eq(times(&b, "<vr:ValidationObject id=\"T-"), 2);
	cr_assert_eq(times(&b, "<vr:ValidationObject id=\"E-"), 1);
	cr_assert_eq(times(&b, "<vr:ValidationObject id=\"D-"), 1);
	buf_free(&b);
	scene_free(s);
}

Test(report, json_says_null_where_nothing_is_known)
{
	struct scene *s = scene_new();
	struct report_signature *r = &s->report_signatures[SIGNED];
	r->references_intact = MATCH_UNKNOWN;
	r->best_signature_time_ms = INT64_MIN;
	r->signing_certificate = NULL;
	struct buf b = write_form(s, JSON);
	cr_assert(has(&b, "\"references_intact\":null"));
	cr_assert(has(&b, "\"best_signature_time\":null"));
	cr_assert(has(&b, "\"signing_certificate\":null"));
	buf_free(&b);
	scene_free(s);
}

Test(report, a_file_that_is_a_time_stamp_has_it_at_the_top)
{
	struct scene *s = scene_new();
	s->report.n_signatures = 0;
	s->report.n_stamps = STAMPS;
	s->report.indication = INDICATION_PASSED;
	struct buf b = write_form(s, JSON);
	cr_assert(has(&b, "\"signatures\":[],\"timestamps\":[{\"id\":"
			  "\"T-0000000000000003\",\"type\":\"document\""));
	cr_assert(has(&b, "\"indication\":\"PASSED\",\"policy\""));
	buf_free(&b);
	scene_free(s);
}

Test(report, exit_status_follows_the_worst)
{
	static const struct {
		bool nothing;
		enum indication indication;
		int status;
	} rows[] = {
		{ false, INDICATION_PASSED, 0 },        { false, INDICATION_FAILED, 1 },
		{ false, INDICATION_INDETERMINATE, 2 }, { true, INDICATION_PASSED, 3 },
		{ true, INDICATION_INDETERMINATE, 3 },
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct report r = { .nothing = rows[i].nothing,
					  .indication = rows[i].indication };
		cr_assert_eq(report_exit_status(&r), rows[i].status, "%zu", i);
	}
}

Test(report, what_does_not_fit_is_an_error)
{
	struct scene *s = scene_new();
	for (int form = 0; form < FORMS; form++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(100);
		int rc;
		if (form == JSON) {
			struct jsonw j = jsonw_to(&out);
			report_json(&s->report, &s->frame, &j);
			rc = jsonw_end(&j, &err);
		} else if (form == TEXT) {
			rc = report_text(&s->report, &s->frame, &out, &err);
		} else {
			rc = report_xml(&s->report, &s->frame, &out, &err);
		}
		cr_assert_eq(rc, -1);
		cr_assert_eq(err.code, LTPS_TOO_LARGE);
		buf_free(&out);
	}
	scene_free(s);
}
