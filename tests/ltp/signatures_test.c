/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signatures - what becomes of signed objects: refused, kept and judged again, raised,
 * sealed; what is kept of it and how often; what fails on the way and what that must
 * not take with it.
 */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "formats/cms_build.h"
#include "ltp/inside.h"
#include "ltp/signatures.h"
#include "scheduler/job.h"
#include "storage/blob.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/pades_kit.h"
#include "tests/support/test_time.h"
#include "timestamping/signature.h"

#define HOUR_MS ((int64_t)3600000)
#define TREE "digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 2s\n"
#define JUDGED TREE "signature_policy = default\n"
#define RAISED JUDGED "augment = lta\n"
#define SEALED RAISED "seal = detached\n"
#define TEXT "The buyer pays on delivery.\n"

#define FILES_MAX 16

static struct ltp_kit k;
static struct buf files[FILES_MAX]; /* signed, until the test ends */
static size_t n_files;

static void start(const char *profile)
{
	ltp_kit_start(&k, profile);
	k.profile->max_pos = 1000;
}

static void end(void)
{
	ltp_kit_stop(&k);
	while (n_files > 0)
		buf_free(&files[--n_files]);
}

TestSuite(signatures, .fini = end, .timeout = TEST_SECONDS_MAX);

/* ---- signed files ---- */

struct signing {
	const char *who; /* NULL: "anna" */
	const char *common_name;
	const char *text;        /* NULL: TEXT */
	struct devpki *stranger; /* whose CA certifies; NULL: the PKI trusted here */
	bool detached, alone;    /* alone: without the CA's certificate */
	bool broken;             /* the value */
	bool other;              /* the content was another when it was signed */
};

static const struct devpki_cert *holder(struct devpki *p, const struct signing *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *who = s->who != NULL ? s->who : "anna";
	const struct devpki_issue how = { .kind = DEVPKI_EE,
					  .name = who,
					  .common_name = s->common_name };
	const struct devpki_cert *c = devpki_find_text(p, view_text(who));
	if (c == NULL)
		cr_assert_eq(devpki_issue(p, &how, &c, &err), 0, "%s", err.text);
	return c;
}

static void attributes(const struct devpki_cert *c, const char *text, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms_build_attrs in = { .content_type = "1.2.840.113549.1.7.1",
				      .signing_time_ms = clock_now_ms(&k.clock),
				      .certificate = c->der };
	cr_assert_eq(
	    digest_once(DIGEST_SHA256, view_text(text), &in.message_digest, &err), 0);
	cr_assert_eq(cms_build_signed_attrs(&in, out, &err), 0, "%s", err.text);
}

static struct view sign(const struct signing *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf attrs = buf_make(65536), algorithm = buf_make(4096),
		   value = buf_make(16384), out = buf_make(1 << 20);
	struct devpki *p = s->stranger;
	if (p == NULL)
		p = pki_server_enter(k.pki);
	const struct devpki_cert *c = holder(p, s);
	const char *text = s->text != NULL ? s->text : TEXT;
	attributes(c, s->other ? "Another text.\n" : text, &attrs);
	cr_assert_eq(signature_sign(c->key, DIGEST_SHA256, view_buf(&attrs), &algorithm,
				    &value, &err),
		     0, "%s", err.text);
	if (s->broken)
		value.p[value.n - 1] ^= 1;
	const struct view certs[] = { c->der, c->issuer->der };
	const struct cms_build_signer signer = { .certificate = c->der,
						 .digest = DIGEST_SHA256,
						 .signed_attrs = view_buf(&attrs),
						 .algorithm = view_buf(&algorithm),
						 .signature = view_buf(&value) };
	const struct cms_build b = { .content_type = "1.2.840.113549.1.7.1",
				     .has_content = !s->detached,
				     .content =
					 s->detached ? VIEW_NULL : view_text(text),
				     .certs = certs,
				     .n_certs = s->alone ? 1 : 2,
				     .signers = &signer,
				     .n_signers = 1 };
	cr_assert_eq(cms_build(&b, &out, &err), 0, "%s", err.text);
	if (s->stranger == NULL)
		pki_server_leave(k.pki);
	buf_free(&attrs);
	buf_free(&algorithm);
	buf_free(&value);
	cr_assert_lt(n_files, FILES_MAX);
	files[n_files++] = out;
	return view_buf(&out);
}

static struct ltp_po signed_po(const char *id, struct view file)
{
	return (
	    struct ltp_po){ .data = file, .mime = "application/pkcs7-mime", .id = id };
}

static struct ltp_po text_po(const char *id, const char *text)
{
	return (
	    struct ltp_po){ .data = view_text(text), .mime = "text/plain", .id = id };
}

/* Preserves one signed file. */
static void preserve(struct view file, char poid[64])
{
	const struct ltp_po po = signed_po("contract", file);
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK);
}

/* ---- what is kept ---- */

static struct store_conn *reader(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	cr_assert_eq(store_reader_open(k.store, &conn, &err), 0, "%s", err.text);
	return conn;
}

static struct object *object_of(const char *poid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	struct store_conn *conn = reader();
	cr_assert_eq(object_get(conn, "default", poid, &o, &err), 0, "%s", err.text);
	store_reader_close(conn);
	return o;
}

static size_t count(const char *poid, enum version_kind kind)
{
	struct object *o = object_of(poid);
	size_t n = 0;
	for (size_t i = 0; i < o->n_versions; i++)
		n += o->versions[i].kind == kind;
	object_free(o);
	return n;
}

/* Parts of all versions of a kind. */
static size_t count_parts(const char *poid, enum version_kind kind)
{
	struct object *o = object_of(poid);
	size_t n = 0;
	for (size_t i = 0; i < o->n_versions; i++)
		if (o->versions[i].kind == kind)
			n += o->versions[i].n_parts;
	object_free(o);
	return n;
}

static bool verdict_is(const char *poid, const char *begin)
{
	struct object *o = object_of(poid);
	const char *v = o->versions[0].verdict;
	const bool is = v != NULL && strncmp(v, begin, strlen(begin)) == 0;
	if (!is)
		fprintf(stderr, "the verdict is %s\n", v != NULL ? v : "none");
	object_free(o);
	return is;
}

/* The job of the first version; false: there is none. */
static bool job_of(const char *poid, struct queue_row *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = object_of(poid);
	struct store_conn *conn = reader();
	char subject[32];
	bool found = false;
	snprintf(subject, sizeof(subject), "%lld", (long long)o->versions[0].id);
	cr_assert_eq(queue_find(conn, JOB_CARE, subject, ret, &found, &err), 0);
	store_reader_close(conn);
	object_free(o);
	return found;
}

static int64_t due_in(const char *poid)
{
	struct queue_row row;
	cr_assert(job_of(poid, &row), "the job is gone");
	return row.due_ms - clock_now_ms(&k.clock);
}

static void fault(enum devpki_target target, enum devpki_fault f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (unsigned slot = 0; slot < (target == DEVPKI_TARGET_TSA ? 2 : 1); slot++) {
		cr_assert_eq(devpki_fault_set(pki_server_enter(k.pki), target, slot, f,
					      0, 0, &err),
			     0, "%s", err.text);
		pki_server_leave(k.pki);
	}
}

static void status_fault(enum devpki_fault f)
{
	fault(DEVPKI_TARGET_OCSP, f);
	fault(DEVPKI_TARGET_CRL, f);
}

/* The service starts again: nobody remembers who did not answer. */
static void restart(void)
{
	ltp_kit_close(&k);
	ltp_kit_open(&k);
}

static struct devpki *stranger(void)
{
	return kit_pki(NULL, KIT_NOW);
}

/* ---- what comes ---- */

static void expect_refused(struct view file, const char *why)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_ingest *i = NULL;
	struct ltp_result r;
	const struct ltp_po po = signed_po("contract", file);
	const struct ltp_ingest_request req = { .caller = { "", "tester" },
						.profile_id = KIT_PROFILE,
						.pos = &po,
						.n_pos = 1 };
	cr_assert_eq(ltp_ingest_prepare(k.w, &req, &i, &r, &err), 0, "%s", err.text);
	cr_assert_null(i, "it was taken");
	cr_expect_eq(r.minor, LTP_PO_FORMAT_ERROR);
	cr_expect_not_null(strstr(r.message, why), "%s", r.message);
	cr_expect(utf8_valid(view_text(r.message)));
}

Test(signatures, what_is_total_failed_is_refused_and_the_answer_says_why)
{
	start(RAISED);
	expect_refused(sign(&(struct signing){ .other = true }), "HASH_FAILURE");
	expect_refused(sign(&(struct signing){ .broken = true }), "SIG_CRYPTO_FAILURE");
	cr_expect_eq(ltp_kit_health(&k).trees_open, 0);
}

Test(signatures, a_refusal_naming_a_long_foreign_name_is_text)
{
	static const char *const FRONT[] = { "", "x", "xx" };
	char name[3][70], who[16];
	start(RAISED);
	for (size_t i = 0; i < 3; i++) {
		size_t n = (size_t)snprintf(name[i], sizeof(name[i]), "%s", FRONT[i]);
		while (n + 3 <= 62)
			n += (size_t)snprintf(name[i] + n, sizeof(name[i]) - n, "€");
		snprintf(who, sizeof(who), "euro%zu", i);
		expect_refused(sign(&(struct signing){
				   .who = who, .common_name = name[i], .other = true }),
			       "HASH_FAILURE");
	}
}

Test(signatures, what_failed_is_kept_where_the_profile_says_so)
{
	char poid[64];
	struct queue_row row;
	start(RAISED "on_failed = keep\n");
	preserve(sign(&(struct signing){ .other = true }), poid);
	cr_expect(verdict_is(poid, "TOTAL_FAILED/HASH_FAILURE"));
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_REPORT), 1);
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 0);
	cr_expect_not(job_of(poid, &row), "nothing can mend it");
}

Test(signatures, no_failed_signature_hides_behind_many_good_ones)
{
	enum { N = SIGNATURES_PARTS_MAX + 44 };
	struct ltp_po *pos = mem_zalloc(N, sizeof(*pos));
	start(JUDGED);
	const struct view good = sign(&(struct signing){ 0 });
	for (size_t i = 0; i < N; i++)
		pos[i] = signed_po(NULL, good);
	pos[SIGNATURES_PARTS_MAX].data = sign(&(struct signing){ .other = true });
	char poid[64] = "";
	const enum ltp_minor m = ltp_kit_preserve(&k, pos, N, poid);
	if (m == LTP_OK) {
		cr_expect(verdict_is(poid, "INDETERMINATE"));
		ltp_kit_work(&k);
		cr_expect(verdict_is(poid, "INDETERMINATE"), "never passed unseen");
	}
	mem_free(pos);
}

/* ---- raised ---- */

Test(signatures, what_passes_is_raised_once_and_reported_once)
{
	char poid[64];
	struct queue_row row;
	start(RAISED);
	preserve(sign(&(struct signing){ 0 }), poid);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_PASSED"));
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
	cr_expect_eq(count(poid, VERSION_REPORT), 1);
	cr_expect_not(job_of(poid, &row));
	ltp_kit_pass(&k, 90 * 24 * HOUR_MS);
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
	cr_expect_eq(count(poid, VERSION_REPORT), 1);
}

Test(signatures, an_issuer_that_can_be_fetched_makes_it_pass)
{
	char poid[64];
	start(RAISED);
	preserve(sign(&(struct signing){ .alone = true }), poid);
	cr_expect(verdict_is(poid, "INDETERMINATE"));
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_PASSED"));
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
}

static int count_material(void *arg, const struct material_row *row,
			  struct ltps_error *err)
{
	(void)row;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

static size_t material_rows(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = reader();
	size_t n = 0;
	cr_assert_eq(material_list(conn, 0, 0, count_material, &n, &err), 0);
	store_reader_close(conn);
	return n;
}

static size_t leaves(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = reader();
	size_t n = 0;
	struct tree tree;
	for (int64_t i = 1; i < 1000; i++)
		n += tree_get(conn, i, &tree, &err) == 0 ? tree.n_leaves : 0;
	store_reader_close(conn);
	return n;
}

Test(signatures, material_of_many_objects_is_kept_and_covered_once)
{
	char poid[64], text[32];
	start(JUDGED);
	preserve(sign(&(struct signing){ 0 }), poid);
	ltp_kit_work(&k);
	const size_t rows = material_rows(), before = leaves();
	cr_expect_gt(rows, 0);
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "text %d\n", i);
		preserve(sign(&(struct signing){ .text = text }), poid);
		ltp_kit_work(&k);
		cr_expect(verdict_is(poid, "TOTAL_PASSED"));
	}
	cr_expect_eq(material_rows(), rows);
	cr_expect_eq(leaves(), before + 5 * 2, "the object and its report alone");
}

/* ---- open verdicts ---- */

Test(signatures, an_open_verdict_is_judged_again_later_and_later)
{
	char poid[64];
	int64_t last = 0;
	struct devpki *other;
	start(RAISED);
	other = stranger();
	preserve(sign(&(struct signing){ .stranger = other }), poid);
	for (int i = 0; i < 4; i++) {
		ltp_kit_work(&k);
		cr_expect(verdict_is(poid, "INDETERMINATE"));
		cr_expect_eq(count(poid, VERSION_REPORT), 1, "no news, no report");
		cr_expect_gt(due_in(poid), last);
		last = due_in(poid);
		ltp_kit_pass(&k, last + 1);
	}
	cr_expect_gt(last, 6 * HOUR_MS);
	devpki_free(other);
}

Test(signatures, status_that_is_missing_is_fetched_when_it_can_be)
{
	char poid[64];
	start(RAISED);
	status_fault(DEVPKI_FAULT_HTTP_500);
	preserve(sign(&(struct signing){ 0 }), poid);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "INDETERMINATE"));
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 0);
	status_fault(DEVPKI_FAULT_NONE);
	restart();
	ltp_kit_pass(&k, due_in(poid) + 1);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_PASSED"));
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
	cr_expect_eq(count(poid, VERSION_REPORT), 2);
}

static int set_verdict(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return object_set_verdict(conn, *(int64_t *)arg, "INDETERMINATE/TRY_LATER", 1,
				  err);
}

Test(signatures, a_verdict_that_turns_total_failed_deletes_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[64];
	struct queue_row row;
	start(RAISED "on_failed = keep\n");
	preserve(sign(&(struct signing){ .broken = true }), poid);
	struct object *o = object_of(poid);
	int64_t id = o->versions[0].id;
	object_free(o);
	cr_assert_eq(store_write(k.store, set_verdict, &id, &err), 0);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_FAILED/SIG_CRYPTO_FAILURE"));
	cr_expect_eq(count(poid, VERSION_SUBMITTED), 1);
	cr_expect_eq(count(poid, VERSION_REPORT), 1);
	cr_expect_not(job_of(poid, &row));
}

Test(signatures, the_evidence_of_the_object_proves_its_existence)
{
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	start(RAISED);
	status_fault(DEVPKI_FAULT_HTTP_500);
	preserve(sign(&(struct signing){ 0 }), poid);
	ltp_kit_pass(&k, 2001);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "INDETERMINATE"));
	cr_expect_gt(pki_server_stamps(k.pki), 0, "its tree was stamped");
	ltp_kit_pass(&k, HOUR_MS / 2);
	struct devpki *p = pki_server_enter(k.pki);
	cr_assert_eq(devpki_revoke(p, devpki_find_text(p, view_text("anna"))->serial,
				   devpki_now_ms(p), DEVPKI_REASON_KEY_COMPROMISE,
				   &err),
		     0);
	pki_server_leave(k.pki);
	status_fault(DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, HOUR_MS);
	restart();
	ltp_kit_pass(&k, 24 * HOUR_MS);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_PASSED"));
	/* A file of its own cannot prove it: it stays as it is, for good. */
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 0);
	struct queue_row row;
	cr_expect_not(job_of(poid, &row));
}

Test(signatures, two_signatures_are_both_followed_up_though_one_failed)
{
	char poid[64];
	struct queue_row row;
	struct devpki *other;
	start(RAISED "on_failed = keep\n");
	other = stranger();
	const struct ltp_po pos[] = {
		signed_po("bad", sign(&(struct signing){ .broken = true })),
		signed_po("open", sign(&(struct signing){ .stranger = other })),
	};
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_FAILED"));
	cr_expect(job_of(poid, &row));
	devpki_free(other);
}

/* ---- sealed ---- */

Test(signatures, unsigned_data_is_sealed_beside_and_around)
{
	static const char *const HOW[] = { SEALED, RAISED "seal = enveloping\n" };
	for (size_t i = 0; i < 2; i++) {
		char poid[64];
		start(HOW[i]);
		cr_assert_eq(ltp_kit_preserve_text(&k, TEXT, poid), LTP_OK);
		ltp_kit_work(&k);
		cr_expect_eq(count(poid, VERSION_SEALED), 1);
		cr_expect_eq(count(poid, VERSION_REPORT), 1);
		struct ltp_retrieved r = { 0 };
		cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
		cr_assert_eq(r.n_pos, 2);
		cr_expect(view_equal(view_buf(&r.pos[0].data), view_text(TEXT)));
		cr_expect_str_eq(r.pos[1].mime, i == 0 ? "application/pkcs7-signature"
						       : "application/pkcs7-mime");
		ltp_retrieved_clear(&r);
		if (i == 0)
			ltp_kit_stop(&k);
	}
}

static struct ltp_po pdf_po(struct view file)
{
	return (struct ltp_po){ .data = file, .mime = "application/pdf", .id = "pdf" };
}

/* Sealed in its own format: the name of the form that RetrievePO gives. */
static void expect_sealed(struct view file, const char *mime)
{
	char poid[64];
	struct ltp_retrieved r = { 0 };
	const struct ltp_po po = pdf_po(file);
	start(SEALED);
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
	cr_assert_eq(r.n_pos, 2);
	cr_expect_str_eq(r.pos[1].mime, mime);
	ltp_retrieved_clear(&r);
}

Test(signatures, a_pdf_that_only_speaks_of_signatures_is_sealed)
{
	expect_sealed(pades_kit_blank(&(struct pades_kit_pdf){
			  .page_more = "/Note (/ByteRange) " }),
		      "application/pdf");
}

Test(signatures, a_pdf_that_takes_no_signature_is_sealed_as_octets)
{
	expect_sealed(pades_kit_blank(&(struct pades_kit_pdf){
			  .before = view_text("some junk\n") }),
		      "application/pkcs7-signature");
}

Test(signatures, a_pdf_that_hides_its_signature_is_judged)
{
	const struct fix_cert *f = cades_kit_key(FIX_KEY_P256, 3);
	struct view file = pades_kit_sign(pades_kit_blank(NULL),
					  &(struct pades_kit_sign){ .cert = f });
	uint8_t *p = mem_dup(file.p, file.n);
	uint8_t *name = memmem(p, file.n, "/ByteRange", 10);
	start(RAISED);
	cr_assert_not_null(name);
	/* The blanks behind the numbers make room for the longer spelling. */
	uint8_t *rest = name + 10;
	uint8_t *blanks = memmem(rest, file.n - (size_t)(rest - p), "  ", 2);
	cr_assert_not_null(blanks);
	memmove(rest + 2, rest, (size_t)(blanks - rest));
	memcpy(name, "/Byte#52ange", 12);
	cr_assert_eq(format_detect(view_of(p, file.n))->kind, FORMAT_PDF);
	expect_refused(view_of(p, file.n), "FAILURE");
	mem_free(p);
}

Test(signatures, a_seal_waits_for_the_tsa)
{
	char poid[64];
	start(SEALED);
	fault(DEVPKI_TARGET_TSA, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(ltp_kit_preserve_text(&k, TEXT, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_SEALED), 0);
	fault(DEVPKI_TARGET_TSA, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, due_in(poid) + 1);
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_SEALED), 1);
}

/* The second part's own mistake, or what it waits for, is not the first one's. */
Test(signatures, parts_that_wait_are_sealed_after_those_that_did_not)
{
	char poid[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	start(SEALED);
	const struct ltp_po pos[] = { text_po("a", "a\n"), text_po("b", "b\n"),
				      text_po("c", "c\n") };
	cr_assert_eq(ltp_kit_preserve(&k, pos, 3, poid), LTP_OK);
	/* Signature and archive time-stamp of the first; then nobody answers. */
	for (unsigned slot = 0; slot < 2; slot++) {
		cr_assert_eq(devpki_fault_set(pki_server_enter(k.pki),
					      DEVPKI_TARGET_TSA, slot,
					      DEVPKI_FAULT_HTTP_500, 2, 0, &err),
			     0);
		pki_server_leave(k.pki);
	}
	ltp_kit_work(&k);
	fault(DEVPKI_TARGET_TSA, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, 24 * HOUR_MS);
	ltp_kit_work(&k);
	cr_expect_eq(count_parts(poid, VERSION_SEALED), 3);
}

Test(signatures, more_parts_than_are_sealed_at_a_time_are_all_sealed)
{
	enum { N = SIGNATURES_PARTS_MAX + 2 };
	struct ltp_po *pos = mem_zalloc(N, sizeof(*pos));
	char poid[64];
	struct queue_row row;
	start(SEALED);
	for (size_t i = 0; i < N; i++)
		pos[i] = text_po(NULL, TEXT);
	cr_assert_eq(ltp_kit_preserve(&k, pos, N, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(count_parts(poid, VERSION_SEALED), N);
	cr_expect_not(job_of(poid, &row));
	mem_free(pos);
}

/* A signature raised while another part still waits for its status. */
Test(signatures, parts_that_wait_are_raised_after_those_that_did_not)
{
	char poid[64];
	start(RAISED);
	fault(DEVPKI_TARGET_AIA, DEVPKI_FAULT_HTTP_500);
	const struct ltp_po pos[] = {
		signed_po("a", sign(&(struct signing){ 0 })),
		signed_po("b", sign(&(struct signing){ .alone = true })),
	};
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(count_parts(poid, VERSION_AUGMENTED), 1);
	fault(DEVPKI_TARGET_AIA, DEVPKI_FAULT_NONE);
	ltp_kit_pass(&k, due_in(poid) + 1);
	restart();
	ltp_kit_work(&k);
	cr_expect_eq(count_parts(poid, VERSION_AUGMENTED), 2);
}

Test(signatures, a_detached_signature_has_its_related_content)
{
	const char *TO[] = { "text" };
	char poid[64];
	start(RAISED);
	struct ltp_po pos[] = {
		text_po("other", "something else\n"),
		text_po("text", TEXT),
		signed_po("signature", sign(&(struct signing){ .detached = true })),
	};
	pos[2].related = TO;
	pos[2].n_related = 1;
	cr_assert_eq(ltp_kit_preserve(&k, pos, 3, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect(verdict_is(poid, "TOTAL_PASSED"));
	TO[0] = "other";
	cr_expect_eq(ltp_kit_preserve(&k, pos, 3, NULL), LTP_PO_FORMAT_ERROR);
}

Test(signatures, a_detached_signature_may_be_about_a_signed_file)
{
	static const char *const TO[] = { "signed" };
	char poid[64];
	start(JUDGED);
	const struct view inner = sign(&(struct signing){ 0 });
	struct ltp_po pos[] = {
		signed_po("signed", inner),
		signed_po("signature", sign(&(struct signing){ .detached = true })),
	};
	pos[1].related = TO;
	pos[1].n_related = 1;
	/* It is about TEXT, not about the file: the file must be looked at. */
	cr_expect_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_PO_FORMAT_ERROR);
}

Test(signatures, an_enveloping_signature_is_none_beside_another_part)
{
	char poid[64];
	start(RAISED);
	const struct ltp_po pos[] = {
		text_po("letter", "cover letter\n"),
		signed_po("contract", sign(&(struct signing){ 0 })),
	};
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	ltp_kit_work(&k);
	struct object *o = object_of(poid);
	for (size_t i = 0; i < o->n_versions; i++)
		if (o->versions[i].kind == VERSION_AUGMENTED)
			cr_expect_str_eq(o->versions[i].parts[0].mime,
					 "application/pkcs7-mime");
	object_free(o);
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
}

/* ---- ids ---- */

Test(signatures, parts_with_the_longest_ids_are_raised)
{
	char poid[64], id[PO_ID_MAX + 1];
	memset(id, 'i', PO_ID_MAX);
	id[PO_ID_MAX] = '\0';
	start(RAISED);
	const struct ltp_po po = signed_po(id, sign(&(struct signing){ 0 }));
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
}

static void expect_ids_differ(const struct ltp_retrieved *r)
{
	for (size_t i = 0; i < r->n_pos; i++)
		for (size_t j = 0; j < i; j++)
			cr_expect_str_neq(r->pos[i].id, r->pos[j].id);
}

static bool has_id(const struct ltp_retrieved *r, const char *id)
{
	for (size_t i = 0; i < r->n_pos; i++)
		if (strcmp(r->pos[i].id, id) == 0)
			return true;
	return false;
}

static void retrieve_all(const char *poid, struct ltp_retrieved *ret)
{
	static const char *const ALL[] = { "all" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result result;
	const struct ltp_retrieve_request q = { .caller = { "", "tester" },
						.poid = poid,
						.versions = ALL,
						.n_versions = 1 };
	cr_assert_eq(ltp_retrieve(k.w, &q, ret, &result, &err), 0);
}

Test(signatures, ids_of_forms_are_of_one_part_each)
{
	static const char *const IDS[] = { "report-x", "x", "po-4", NULL,
					   "augmented-1-augmented-x" };
	char poid[64];
	struct ltp_po pos[5];
	struct ltp_retrieved r = { 0 };
	start(RAISED);
	const struct view file = sign(&(struct signing){ 0 });
	for (size_t i = 0; i < 5; i++)
		pos[i] = signed_po(IDS[i], file);
	pos[2].id = "po-5"; /* what the fifth, nameless one would be called */
	pos[3].id = "augmented-1-augmented-x";
	pos[4].id = NULL;
	cr_assert_eq(ltp_kit_preserve(&k, pos, 5, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_assert_eq(count_parts(poid, VERSION_AUGMENTED), 5);
	struct object *o = object_of(poid);
	for (size_t v = 1; v < o->n_versions; v++)
		for (size_t i = 0; i < o->versions[v].n_parts; i++)
			for (size_t j = 0; j < i; j++)
				cr_expect_str_neq(o->versions[v].parts[i].po_id,
						  o->versions[v].parts[j].po_id);
	object_free(o);
	ltp_retrieved_clear(&r);
}

Test(signatures, ids_in_an_answer_differ_whatever_was_submitted)
{
	char poid[64];
	struct ltp_retrieved r = { 0 };
	start(RAISED);
	const struct view file = sign(&(struct signing){ 0 });
	const struct ltp_po pos[] = { signed_po("x", file),
				      signed_po("augmented-1-augmented-x", file) };
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
	cr_expect_eq(r.n_pos, 4);
	expect_ids_differ(&r);
	ltp_retrieved_clear(&r);
}

Test(signatures, a_form_names_the_part_it_was_made_of_in_every_answer)
{
	char poid[64];
	struct ltp_retrieved r = { 0 };
	start(SEALED);
	const struct ltp_po po = text_po("minutes", TEXT);
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK);
	ltp_kit_work(&k);
	for (int all = 0; all < 2; all++) {
		if (all)
			retrieve_all(poid, &r);
		else
			cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r),
				     LTP_OK);
		for (size_t i = 1; i < r.n_pos; i++) {
			cr_assert_eq(r.pos[i].n_related, 1);
			cr_expect(has_id(&r, r.pos[i].related[0]), "%s",
				  r.pos[i].related[0]);
		}
		ltp_retrieved_clear(&r);
	}
}

/* ---- what goes while it waits ---- */

static void delete_object(const char *poid, const char *mode)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result result;
	const struct ltp_delete_request d = { .caller = { "", "tester" },
					      .poid = poid,
					      .mode = mode,
					      .reason = "a test" };
	cr_assert_eq(ltp_delete(k.w, &d, &result, &err), 0, "%s", err.text);
	cr_assert_eq(result.minor, LTP_OK, "%s", result.message);
}

Test(signatures, a_deleted_object_is_cared_for_no_more)
{
	static const char *const MODES[] = { "SubDOsAndEvidence", "OnlySubDOs" };
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t due = 0;
	char poid[64];
	start(SEALED);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(ltp_kit_preserve_text(&k, TEXT, poid), LTP_OK);
		delete_object(poid, MODES[i]);
		ltp_kit_work(&k);
	}
	struct store_conn *conn = reader();
	cr_assert_eq(queue_next_due(conn, JOB_CARE, &due, &err), 0);
	cr_expect_eq(due, 0);
	store_reader_close(conn);
}

Test(signatures, care_goes_on_when_the_profile_is_back)
{
	char poid[64];
	start(SEALED);
	cr_assert_eq(ltp_kit_preserve_text(&k, TEXT, poid), LTP_OK);
	const char *id = k.profile->id;
	k.profile->id = "urn:test:another";
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_SEALED), 0);
	k.profile->id = id;
	ltp_kit_pass(&k, due_in(poid) + 1);
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_SEALED), 1);
}

/* The process dies over it, as often as it is begun. */
static void care_and_die(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t next;
	int status;
	ltp_kit_close(&k);
	const pid_t pid = fork();
	if (pid == 0) {
		ltp_kit_open(&k);
		(void)!failpoint_arm("signatures.keep:1:kill", &err);
		(void)!ltp_care(k.w, &next, &err);
		_exit(1);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ltp_kit_open(&k);
}

Test(signatures, an_object_that_ends_the_process_is_taken_up_later_and_later)
{
	char poid[64];
	int64_t first = 0, last = 0;
	start(RAISED);
	preserve(sign(&(struct signing){ 0 }), poid);
	for (int i = 0; i < 6; i++) {
		care_and_die();
		cr_expect_eq(count(poid, VERSION_AUGMENTED), 0);
		last = due_in(poid);
		if (i == 0)
			first = last;
		ltp_kit_pass(&k, last + 1);
	}
	cr_expect_gt(last, 2 * first);
	ltp_kit_work(&k);
	cr_expect_eq(count(poid, VERSION_AUGMENTED), 1);
	cr_expect_eq(count(poid, VERSION_REPORT), 1);
}

Test(signatures, no_failing_allocation_loses_the_job_or_half_of_what_is_kept)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[64];
	int64_t next;
	struct devpki *other;
	bool hit = true;
	start(JUDGED);
	other = stranger();
	preserve(sign(&(struct signing){ .stranger = other, .alone = true }), poid);
	for (uint64_t n = 1; hit; n += n / 8 + 1) {
		ltps_error_clear(&err);
		mem_fail_nth(n);
		const int rc = ltp_care(k.w, &next, &err);
		hit = mem_fail_hit() != 0;
		mem_fail_nth(0);
		cr_expect(rc == 0 || err.code != LTPS_OK, "allocation %lu",
			  (unsigned long)n);
		/* An open verdict: whatever happened, it is judged again. */
		ltp_kit_pass(&k, due_in(poid) + 1);
		cr_expect_leq(count(poid, VERSION_REPORT), 1);
	}
	cr_expect_eq(count(poid, VERSION_REPORT), 1);
	devpki_free(other);
}

/* ---- the report ---- */

Test(signatures, the_signed_report_names_its_signer)
{
	char poid[64];
	struct ltp_retrieved r = { 0 };
	start(JUDGED);
	preserve(sign(&(struct signing){ 0 }), poid);
	ltp_kit_work(&k);
	retrieve_all(poid, &r);
	cr_assert_eq(r.n_pos, 2);
	const struct view v = view_buf(&r.pos[1].data);
	cr_expect(memmem(v.p, v.n, "SignatureValidator", 18) != NULL);
	cr_expect(memmem(v.p, v.n, "<tsl:X509Certificate", 20) != NULL);
	ltp_retrieved_clear(&r);
}

Test(signatures, the_trace_tells_all_of_it)
{
	static const char *const OPERATIONS[] = { "SignatureValidated", "Augmented",
						  "Sealed", "ValidationReport" };
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_caller caller = { "", "tester" };
	struct ltp_trace t = { 0 };
	struct ltp_result result;
	char poid[64];
	start(SEALED);
	const struct ltp_po pos[] = { text_po("letter", TEXT),
				      signed_po("contract",
						sign(&(struct signing){ 0 })) };
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	ltp_kit_work(&k);
	cr_assert_eq(ltp_trace(k.w, &caller, poid, &t, &result, &err), 0);
	for (size_t i = 0; i < 4; i++) {
		size_t n = 0;
		for (size_t e = 0; e < t.n; e++)
			n += strcmp(t.events[e].operation, OPERATIONS[i]) == 0;
		cr_expect_eq(n, 1, "%s: %zu", OPERATIONS[i], n);
	}
	ltp_trace_clear(&t);
}

/* ---- evidence first ---- */

Test(signatures, evidence_does_not_wait_for_signatures)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[64], text[32];
	int64_t next;
	start(RAISED);
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof(text), "text %d\n", i);
		preserve(sign(&(struct signing){ .text = text }), poid);
	}
	ltp_kit_pass(&k, 2001);
	cr_assert_eq(ltp_step(k.w, &next, &err), 0);
	struct ltp_retrieved r = { 0 };
	cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_EVIDENCE, &r), LTP_OK);
	cr_expect_eq(r.n_pos, 1, "the token is complete before any care");
	cr_expect_eq(count(poid, VERSION_REPORT), 0);
	ltp_retrieved_clear(&r);
}
