/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_signed - signatures that come with a new version, or are about something that
 * does; what is taken over is not raised again; who signed is found.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "formats/cms_build.h"
#include "ltp/inside.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"
#include "timestamping/signature.h"

#define TREE "digest = sha256\ntree_max_leaves = 1000\ntree_max_age = 2s\n"
#define OFFER "operation = UpdatePOC\noperation = Search\n"
#define RAISED TREE OFFER "signature_policy = default\naugment = lta\n"
#define SEALED RAISED "seal = enveloping\n"
#define TEXT "The buyer pays on delivery.\n"
#define FILES_MAX 8

static struct ltp_kit k;
static struct buf files[FILES_MAX]; /* signed, until the test ends */
static size_t n_files;
static char poid[64];
static struct ltp_result result;
static char version[LTP_VERSION_MAX];

static void end(void)
{
	ltp_kit_stop(&k);
	while (n_files > 0)
		buf_free(&files[--n_files]);
}

TestSuite(update_signed, .fini = end, .timeout = TEST_SECONDS_MAX);

static void start(const char *profile)
{
	ltp_kit_start(&k, profile);
}

static const struct devpki_cert *holder(struct devpki *p, const char *who)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_issue how = { .kind = DEVPKI_EE,
					  .name = who,
					  .common_name = who };
	const struct devpki_cert *c = devpki_find_text(p, view_text(who));
	if (c == NULL)
		cr_assert_eq(devpki_issue(p, &how, &c, &err), 0, "%s", err.text);
	return c;
}

/* A CMS by this person over a text, which is inside unless it is detached. */
static struct view sign(const char *who, const char *text, bool detached)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf attrs = buf_make(65536), algorithm = buf_make(4096),
		   value = buf_make(16384), out = buf_make(1 << 20);
	const struct devpki_cert *c = holder(pki_server_enter(k.pki), who);
	struct cms_build_attrs in = { .content_type = "1.2.840.113549.1.7.1",
				      .signing_time_ms = clock_now_ms(&k.clock),
				      .certificate = c->der };
	cr_assert_eq(
	    digest_once(DIGEST_SHA256, view_text(text), &in.message_digest, &err), 0);
	cr_assert_eq(cms_build_signed_attrs(&in, &attrs, &err), 0, "%s", err.text);
	cr_assert_eq(signature_sign(c->key, DIGEST_SHA256, view_buf(&attrs), &algorithm,
				    &value, &err),
		     0, "%s", err.text);
	const struct view certs[] = { c->der, c->issuer->der };
	const struct cms_build_signer signer = { .certificate = c->der,
						 .digest = DIGEST_SHA256,
						 .signed_attrs = view_buf(&attrs),
						 .algorithm = view_buf(&algorithm),
						 .signature = view_buf(&value) };
	const struct cms_build b = { .content_type = "1.2.840.113549.1.7.1",
				     .has_content = !detached,
				     .content = detached ? VIEW_NULL : view_text(text),
				     .certs = certs,
				     .n_certs = 2,
				     .signers = &signer,
				     .n_signers = 1 };
	cr_assert_eq(cms_build(&b, &out, &err), 0, "%s", err.text);
	pki_server_leave(k.pki);
	buf_free(&attrs);
	buf_free(&algorithm);
	buf_free(&value);
	cr_assert_lt(n_files, FILES_MAX);
	files[n_files++] = out;
	return view_buf(&out);
}

static struct ltp_po cms(const char *id, struct view file)
{
	return (
	    struct ltp_po){ .data = file, .mime = "application/pkcs7-mime", .id = id };
}

static struct ltp_po text(const char *id, const char *data)
{
	return (
	    struct ltp_po){ .data = view_text(data), .mime = "text/plain", .id = id };
}

static void preserve(struct ltp_po po)
{
	cr_assert_eq(ltp_kit_preserve(&k, &po, 1, poid), LTP_OK);
}

static enum ltp_minor update(const struct ltp_po *pos, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_update_request req = {
		.caller = { "", "tester" }, .poid = poid, .pos = pos, .n_pos = n
	};
	cr_assert_eq(ltp_update(k.w, &req, version, &result, &err), 0, "%s", err.text);
	return result.minor;
}

static struct object *object(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct object *o = NULL;
	cr_assert_eq(object_get(k.w->conn, "default", poid, &o, &err), 0, "%s",
		     err.text);
	return o;
}

static bool verdict_is(const char *label, const char *begin)
{
	struct object *o = object();
	const char *v = object_version(o, label)->verdict;
	const bool is = v != NULL && strncmp(v, begin, strlen(begin)) == 0;
	if (!is)
		fprintf(stderr, "the verdict of %s is %s\n", label,
			v != NULL ? v : "none");
	object_free(o);
	return is;
}

/* Forms and reports as "augmented-1(v1):augmented-a ...". */
static const char *forms(enum version_kind kind)
{
	static char out[1024];
	struct object *o = object();
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < o->n_versions; i++) {
		const struct version *v = &o->versions[i];
		if (v->kind != kind)
			continue;
		n += (size_t)snprintf(out + n, sizeof(out) - n,
				      "%s%s(%s):", n > 0 ? " " : "", v->label,
				      object_version_by_id(o, v->base)->label);
		for (size_t m = 0; m < v->n_parts; m++)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
					      m > 0 ? "," : "", v->parts[m].po_id);
	}
	object_free(o);
	return out;
}

static size_t found(const char *filter)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_found f = { 0 };
	struct ltp_result r;
	const struct ltp_caller caller = { "", "tester" };
	cr_assert_eq(ltp_search(k.w, &caller, filter, &f, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r.minor, LTP_OK, "%s", r.message);
	const size_t n = f.n;
	ltp_found_clear(&f);
	return n;
}

/* ---- refused ---- */

Test(update_signed, signature_that_fails_over_what_is_there_is_refused)
{
	static const char *const about[] = { "doc" };
	struct ltp_po po;
	start(RAISED);
	preserve(text("doc", TEXT));
	po = cms("sig", sign("anna", "Another text.\n", true));
	po.related = about;
	po.n_related = 1;
	cr_expect_eq(update(&po, 1), LTP_DELTA_POC_PROBLEM);
	cr_expect_not_null(strstr(result.message, "HASH_FAILURE"), "%s",
			   result.message);
	struct object *o = object();
	cr_expect_eq(o->n_versions, 1);
	object_free(o);
}

Test(update_signed, content_that_breaks_its_signature_is_refused)
{
	const struct ltp_po both[] = { text("doc", TEXT), cms("sig", VIEW_NULL) };
	struct ltp_po pos[2];
	start(RAISED);
	memcpy(pos, both, sizeof(pos));
	pos[1].data = sign("anna", TEXT, true);
	cr_assert_eq(ltp_kit_preserve(&k, pos, 2, poid), LTP_OK);
	pos[0] = text("doc", "Another text.\n");
	cr_expect_eq(update(pos, 1), LTP_DELTA_POC_PROBLEM);
	cr_expect_not_null(strstr(result.message, "HASH_FAILURE"), "%s",
			   result.message);
	/* With a signature of its own it may come. */
	pos[1].data = sign("anna", "Another text.\n", true);
	cr_expect_eq(update(pos, 2), LTP_OK, "%s", result.message);
	ltp_kit_work(&k);
	cr_expect(verdict_is("v2", "TOTAL_PASSED"));
}

Test(update_signed, failed_signature_is_kept_where_the_profile_says_so)
{
	const struct ltp_po doc = text("doc", TEXT);
	start(RAISED "on_failed = keep\n");
	preserve(doc);
	const struct ltp_po po = cms("sig", sign("anna", "Another text.\n", true));
	cr_expect_eq(update(&po, 1), LTP_OK, "%s", result.message);
	cr_expect(verdict_is("v2", "TOTAL_FAILED/HASH_FAILURE"));
	ltp_kit_work(&k);
	cr_expect(verdict_is("v2", "TOTAL_FAILED/HASH_FAILURE"));
}

/* ---- judged and raised ---- */

Test(update_signed, detached_signature_added_later_is_raised)
{
	static const char *const about[] = { "doc" };
	start(RAISED);
	preserve(text("doc", TEXT));
	ltp_kit_work(&k);
	struct ltp_po po = cms("sig", sign("anna", TEXT, true));
	po.related = about;
	po.n_related = 1;
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	ltp_kit_work(&k);
	cr_expect(verdict_is("v2", "TOTAL_PASSED"));
	cr_expect_str_eq(forms(VERSION_AUGMENTED), "augmented-1(v2):augmented-sig");
	cr_expect_str_eq(forms(VERSION_REPORT), "report-1(v2):report-sig");
}

Test(update_signed, what_is_taken_over_keeps_its_form)
{
	struct ltp_retrieved r = { 0 };
	start(RAISED);
	preserve(cms("a", sign("anna", TEXT, false)));
	ltp_kit_work(&k);
	cr_assert_str_eq(forms(VERSION_AUGMENTED), "augmented-1(v1):augmented-a");
	const struct ltp_po po = cms("b", sign("bert", TEXT, false));
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	ltp_kit_work(&k);
	cr_expect(verdict_is("v2", "TOTAL_PASSED"));
	cr_expect_str_eq(forms(VERSION_AUGMENTED),
			 "augmented-1(v1):augmented-a augmented-2(v2):augmented-b");
	/* By default: all that came, then the forms of all of it. */
	cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
	cr_assert_eq(r.n_pos, 4);
	cr_expect_str_eq(r.pos[0].id, "a");
	cr_expect_str_eq(r.pos[1].id, "b");
	cr_expect_str_eq(r.pos[2].id, "augmented-1-augmented-a");
	cr_assert_eq(r.pos[2].n_related, 1);
	cr_expect_str_eq(r.pos[2].related[0], "a");
	cr_expect_str_eq(r.pos[3].id, "augmented-2-augmented-b");
	cr_assert_eq(r.pos[3].n_related, 1);
	cr_expect_str_eq(r.pos[3].related[0], "b");
	ltp_retrieved_clear(&r);
}

Test(update_signed, a_replaced_part_has_a_form_of_its_own)
{
	struct ltp_retrieved r = { 0 };
	start(RAISED);
	preserve(cms("a", sign("anna", TEXT, false)));
	ltp_kit_work(&k);
	const struct ltp_po po = cms("a", sign("bert", TEXT, false));
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	ltp_kit_work(&k);
	cr_expect_str_eq(forms(VERSION_AUGMENTED),
			 "augmented-1(v1):augmented-a augmented-2(v2):augmented-a");
	cr_assert_eq(ltp_kit_retrieve(&k, poid, SUBJECT_PO, &r), LTP_OK);
	cr_assert_eq(r.n_pos, 2,
		     "the form of what was replaced is not of this version");
	cr_expect_str_eq(r.pos[1].id, "augmented-2-augmented-a");
	ltp_retrieved_clear(&r);
}

Test(update_signed, care_that_comes_late_is_of_the_version_that_asked)
{
	start(RAISED);
	preserve(cms("a", sign("anna", TEXT, false)));
	const struct ltp_po po = cms("a", sign("bert", TEXT, false));
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	ltp_kit_work(&k);
	cr_expect_str_eq(forms(VERSION_AUGMENTED),
			 "augmented-1(v1):augmented-a augmented-2(v2):augmented-a");
}

Test(update_signed, only_what_is_new_is_sealed)
{
	start(SEALED);
	preserve(text("a", "first"));
	ltp_kit_work(&k);
	cr_assert_str_eq(forms(VERSION_SEALED), "sealed-1(v1):sealed-a");
	const struct ltp_po po = text("b", "second");
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	ltp_kit_work(&k);
	cr_expect_str_eq(forms(VERSION_SEALED),
			 "sealed-1(v1):sealed-a sealed-2(v2):sealed-b");
}

/* ---- found ---- */

Test(update_signed, who_signed_is_found_at_once_and_after_the_care)
{
	start(RAISED);
	preserve(cms("a", sign("anna", TEXT, false)));
	cr_expect_eq(found("signer ~ anna"), 1);
	cr_expect_eq(found("signer ~ bert"), 0);
	const struct ltp_po po = cms("b", sign("bert", TEXT, false));
	cr_assert_eq(update(&po, 1), LTP_OK, "%s", result.message);
	for (unsigned i = 0; i < 2; i++) {
		cr_expect_eq(found("signer ~ anna and signer ~ bert"), 1);
		cr_expect_eq(storage_sql_int(k.dir, "SELECT count(*) FROM signature"),
			     1 + 2, "two in the new version");
		ltp_kit_work(&k);
	}
	cr_expect_eq(found("indication = TOTAL_PASSED and versions = 2"), 1);
	cr_expect_eq(found("indication != TOTAL_PASSED"), 0);
	cr_expect_eq(found("mime = application/pkcs7-mime and id = b"), 1);
}
