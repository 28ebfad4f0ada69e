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
#include "tests/support/report_scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW REPORT_SCENE_NOW
#define DAY REPORT_SCENE_DAY
#define OUT_MAX REPORT_SCENE_OUT_MAX

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
	struct report_scene *s = report_scene_new();
	for (int form = 0; form < REPORT_FORMS; form++) {
		struct buf b = report_scene_write(s, (enum report_form)form);
		assert_golden(names[form], &b);
		buf_free(&b);
	}
	report_scene_free(s);
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

static void add_file(struct xml_files *f, const struct report_scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = report_scene_write(s, REPORT_XML);
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
			struct report_scene *s = report_scene_new();
			struct conclusion c =
			    report_scene_outcome((enum subindication)sub);
			dress(&c, with != 0, s->crl.sha256);
			s->report_signatures[SIGNED].conclusion = c;
			s->report_signatures[COUNTER].conclusion = c;
			s->report_stamps[STAMP_SIG].conclusion = c;
			s->report_record.conclusion = c;
			s->report.n_stamps = with != 0 ? STAMPS : STAMP_FILE;
			s->frame.whole = with != 0;
			add_file(&f, s);
			report_scene_free(s);
		}
	}
	check_files(&f);
}

Test(report, xml_is_valid_without_this_and_that)
{
	struct xml_files f;
	begin_files(&f);
	for (int lack = 0; lack < 13; lack++) {
		struct report_scene *s = report_scene_new();
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
		report_scene_free(s);
	}
	check_files(&f);
}

Test(report, xml_is_in_exclusive_canonical_form)
{
	struct xml_files f;
	struct report_scene *s = report_scene_new();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf ours = report_scene_write(s, REPORT_XML), theirs = buf_make(OUT_MAX);
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
	report_scene_free(s);
}

/* ---- what outsiders write ---- */

#define HOSTILE "<&\"'>]]>\x1b[2J\x01\xff\xc3\xc2\x9b\r\n</x>"

static void make_hostile(struct report_scene *s)
{
	report_scene_cert(s, ALICE, HOSTILE);
	s->frame.file = HOSTILE;
	s->signatures[SIGNED].claims.mime_type = view_text(HOSTILE);
	snprintf(s->findings[0].text, sizeof(s->findings[0].text), HOSTILE);
	snprintf(s->constraints[1].text, sizeof(s->constraints[1].text), HOSTILE);
	s->report_signatures[SIGNED].conclusion = report_scene_outcome(SUB_CUSTOM);
	snprintf(s->report_signatures[SIGNED].conclusion.text, 256, HOSTILE);
	snprintf(s->document.notes[0], sizeof(s->document.notes[0]), HOSTILE);
	snprintf(s->stamps[STAMP_SIG].defect, 200, HOSTILE);
	static char url[] = HOSTILE;
	s->need.url = url;
}

Test(report, json_of_hostile_texts_is_json)
{
	struct report_scene *s = report_scene_new();
	make_hostile(s);
	struct buf b = report_scene_write(s, REPORT_JSON);
	json_error_t e;
	json_t *j = json_loadb((const char *)b.p, b.n, JSON_REJECT_DUPLICATES, &e);
	cr_assert_not_null(j, "%s", e.text);
	json_decref(j);
	buf_free(&b);
	report_scene_free(s);
}

Test(report, text_of_hostile_texts_moves_no_terminal)
{
	struct report_scene *s = report_scene_new();
	make_hostile(s);
	struct buf b = report_scene_write(s, REPORT_TEXT);
	cr_assert(utf8_valid(view_buf(&b)));
	for (size_t i = 0; i < b.n; i++) {
		cr_assert(b.p[i] == '\n' || (b.p[i] >= 0x20 && b.p[i] != 0x7f));
		cr_assert(b.p[i] != 0xc2 || b.p[i + 1] >= 0xa0);
	}
	buf_free(&b);
	report_scene_free(s);
}

Test(report, xml_of_hostile_texts_is_valid)
{
	struct xml_files f;
	begin_files(&f);
	struct report_scene *s = report_scene_new();
	make_hostile(s);
	add_file(&f, s);
	report_scene_free(s);
	check_files(&f);
}

/* ---- report data of tables 5 and 6 ---- */

/* The XML with this outcome of the first signature. */
static struct buf with_outcome(struct report_scene *s, enum subindication sub,
			       bool with)
{
	struct conclusion c = report_scene_outcome(sub);
	dress(&c, with, s->crl.sha256);
	s->report_signatures[SIGNED].conclusion = c;
	s->report.n_signatures = 1;
	return report_scene_write(s, REPORT_XML);
}

Test(report, a_revocation_is_told_with_time_reason_and_object)
{
	static const enum subindication subs[] = { SUB_REVOKED, SUB_REVOKED_NO_POE,
						   SUB_REVOKED_CA_NO_POE,
						   SUB_TRY_LATER };
	for (size_t i = 0; i < COUNT(subs); i++) {
		struct report_scene *s = report_scene_new();
		s->revocation[1].status = PATH_STATUS_REVOKED;
		struct buf b = with_outcome(s, subs[i], true);
		cr_assert(text_has(&b, "<vr:RevocationStatusInformation>"
				       "<vr:ValidationObjectId VOReference=\"C-1111"));
		cr_assert(text_has(&b, "<vr:RevocationTime>2026-05-22T00:00:00Z<"));
		cr_assert(text_has(&b, "revocationReason:keyCompromise<"));
		cr_assert(text_has(&b, "<vr:RevocationObject VOReference=\"R-2020"));
		buf_free(&b);
		report_scene_free(s);
	}
}

Test(report, no_revocation_is_told_where_none_is_known)
{
	struct report_scene *s = report_scene_new();
	struct buf b = with_outcome(s, SUB_TRY_LATER, false); /* stale, not on hold */
	cr_assert(!text_has(&b, "<vr:RevocationStatusInformation>"));
	buf_free(&b);
	b = with_outcome(s, SUB_EXPIRED, true);
	cr_assert(!text_has(&b, "<vr:RevocationStatusInformation>"));
	buf_free(&b);
	report_scene_free(s);
}

Test(report, a_weak_algorithm_is_told_with_its_end_and_object)
{
	struct report_scene *s = report_scene_new();
	struct buf b = with_outcome(s, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, true);
	cr_assert(text_has(&b, "<vr:CryptoInformation>"
			       "<vr:ValidationObjectId VOReference=\"R-2020"));
	cr_assert(text_has(&b, "<vr:SecureAlgorithm>false<"));
	cr_assert(text_has(&b, "<vr:NotAfter>2026-05-22T00:00:00Z<"));
	cr_assert(text_has(&b, "<vr:Value>1024<"));
	buf_free(&b);
	/* Without an object it is the signature itself. */
	b = with_outcome(s, SUB_CRYPTO_CONSTRAINTS_FAILURE, false);
	cr_assert(text_has(&b, "<vr:CryptoInformation><vr:ValidationObjectId "
			       "VOReference=\"S-0000000000000001\">"));
	buf_free(&b);
	b = with_outcome(s, SUB_NO_POE, true);
	cr_assert(!text_has(&b, "<vr:CryptoInformation>"));
	buf_free(&b);
	report_scene_free(s);
}

Test(report, a_wrong_order_names_all_time_stamps)
{
	struct report_scene *s = report_scene_new();
	struct buf b = with_outcome(s, SUB_TIMESTAMP_ORDER_FAILURE, false);
	cr_assert_eq(text_times(&b, "<vr:RelatedValidationObject VOReference=\"T-"), 2);
	buf_free(&b);
	b = with_outcome(s, SUB_NO_POE, false);
	cr_assert_eq(text_times(&b, "<vr:RelatedValidationObject"), 0);
	buf_free(&b);
	report_scene_free(s);
}

Test(report, a_wrong_digest_names_the_signed_data)
{
	struct report_scene *s = report_scene_new();
	struct buf b = with_outcome(s, SUB_HASH_FAILURE, false);
	cr_assert(text_has(&b, "<vr:RelatedValidationObject VOReference=\"D-4040"));
	buf_free(&b);
	report_scene_free(s);
}

Test(report, a_retry_is_told)
{
	struct report_scene *s = report_scene_new();
	struct buf b = with_outcome(s, SUB_TRY_LATER, true);
	cr_assert(text_has(&b, "retry-after</vr:Type><vr:Value>2026-06-02T00:00:00Z<"));
	buf_free(&b);
	report_scene_free(s);
}

/* ---- the rest ---- */

Test(report, disabled_constraints_are_listed_and_have_no_status)
{
	struct report_scene *s = report_scene_new();
	struct buf b = report_scene_write(s, REPORT_XML);
	cr_assert_eq(
	    text_times(&b, "constraintStatus:disabled</vr:Status></vr:ConstraintStatus>"
			   "</vr:ValidationConstraint>"),
	    1);
	cr_assert_eq(text_times(&b, "constraintStatus:applied"), 2);
	buf_free(&b);
	report_scene_free(s);
}

Test(report, every_object_is_listed_once)
{
	struct report_scene *s = report_scene_new();
	struct buf b = report_scene_write(s, REPORT_XML);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"C-"), CERTS);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"R-"), 1);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"O-"), 1);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"T-"), 2);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"E-"), 1);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"D-"), 1);
	buf_free(&b);
	report_scene_free(s);
}

Test(report, json_says_null_where_nothing_is_known)
{
	struct report_scene *s = report_scene_new();
	struct report_signature *r = &s->report_signatures[SIGNED];
	r->references_intact = MATCH_UNKNOWN;
	r->best_signature_time_ms = INT64_MIN;
	r->signing_certificate = NULL;
	struct buf b = report_scene_write(s, REPORT_JSON);
	cr_assert(text_has(&b, "\"references_intact\":null"));
	cr_assert(text_has(&b, "\"best_signature_time\":null"));
	cr_assert(text_has(&b, "\"signing_certificate\":null"));
	buf_free(&b);
	report_scene_free(s);
}

Test(report, a_file_that_is_a_time_stamp_has_it_at_the_top)
{
	struct report_scene *s = report_scene_new();
	s->report.n_signatures = 0;
	s->report.n_stamps = STAMPS;
	s->report.indication = INDICATION_PASSED;
	struct buf b = report_scene_write(s, REPORT_JSON);
	cr_assert(text_has(&b, "\"signatures\":[],\"timestamps\":[{\"id\":"
			       "\"T-0000000000000003\",\"type\":\"document\""));
	cr_assert(text_has(&b, "\"indication\":\"PASSED\",\"policy\""));
	buf_free(&b);
	report_scene_free(s);
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
	struct report_scene *s = report_scene_new();
	for (int form = 0; form < REPORT_FORMS; form++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(100);
		int rc;
		if (form == REPORT_JSON) {
			struct jsonw j = jsonw_to(&out);
			report_json(&s->report, &s->frame, &j);
			rc = jsonw_end(&j, &err);
		} else if (form == REPORT_TEXT) {
			rc = report_text(&s->report, &s->frame, &out, &err);
		} else {
			rc = report_xml(&s->report, &s->frame, &out, &err);
		}
		cr_assert_eq(rc, -1);
		cr_assert_eq(err.code, LTPS_TOO_LARGE);
		buf_free(&out);
	}
	report_scene_free(s);
}
