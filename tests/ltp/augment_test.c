/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CAdES signatures raised against a throwaway PKI with TSA, OCSP and CRLs: what must
 * not be augmented, what is missing, and what the steps make.
 */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/augment_private.h"
#include "tests/support/augment_kit.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"
#include "tests/support/test_time.h"

static struct augment_kit kit;

static void begin(void)
{
	augment_kit_start(&kit);
}

static void end(void)
{
	augment_kit_stop(&kit);
}

TestSuite(augment, .init = begin, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct augmented augment_with(struct view file, enum signature_level level,
				     struct content *content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, level);
	in.file = file;
	in.content = content;
	cr_assert_eq(augment_cades(&in, &a, &err), 0, "%s: %s", err.where, err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return a;
}

static struct augmented augment(struct view file, enum signature_level level)
{
	return augment_with(file, level, NULL);
}

static struct view make(const struct cades_kit_make *m)
{
	return cades_kit_make(m);
}

static struct view plain(enum devpki_key key)
{
	const struct fix_cert cert = augment_kit_holder(&kit, "signer", key);
	const struct cades_kit_signer s = { .cert = &cert,
					    .signing_ms = kit.now_ms,
					    .digest = key == DEVPKI_KEY_ED25519
							  ? DIGEST_SHA512
							  : DIGEST_SHA256 };
	return make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 });
}

static struct cms *parsed(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(file, &cms, &err), 0, "%s", err.text);
	return cms;
}

/* ---- nothing is made ---- */

static void expect_nothing(struct view file, enum signature_level level,
			   enum augment_outcome outcome, const char *text)
{
	struct augmented a = augment(file, level);
	cr_assert_eq(a.outcome, outcome, "%s: %s", augment_outcome_name(a.outcome),
		     a.text);
	cr_assert_not_null(strstr(a.text, text), "%s", a.text);
	cr_assert_eq(a.out.n, 0);
	cr_assert_eq(a.tokens, 0);
	cr_assert_not_null(a.document);
	cr_assert_not_null(a.judged.report);
	augmented_clear(&a);
	cr_assert_eq(pki_server_stamps(kit.server), 0);
}

Test(augment, what_is_no_cms_is_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = view_text("no signature");
	cr_assert_eq(augment_cades(&in, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
}

Test(augment, level_that_is_none_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_NONE);
	in.file = plain(DEVPKI_KEY_P256);
	cr_assert_eq(augment_cades(&in, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(augment, broken_signature_is_refused)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s = { .cert = &cert, .broken = true };
	const struct view file =
	    make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 });
	for (enum signature_level l = LEVEL_B; l <= LEVEL_LTA; l++)
		expect_nothing(file, l, AUGMENT_FAILED_SIGNATURE, "TOTAL-FAILED");
}

Test(augment, one_broken_of_two_is_refused)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s[2] = {
		{ .cert = &cert }, { .cert = &cert, .message_digest = CADES_KIT_WRONG }
	};
	expect_nothing(make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 }),
		       LEVEL_LTA, AUGMENT_FAILED_SIGNATURE, "HASH_FAILURE");
}

Test(augment, token_alone_is_unsupported)
{
	struct augmented a = augment(plain(DEVPKI_KEY_P256), LEVEL_T);
	const struct view token = a.document->stamps[0].token;
	struct augmented b = augment(token, LEVEL_LTA);
	cr_assert_eq(b.outcome, AUGMENT_UNSUPPORTED, "%s", b.text);
	cr_assert_eq(b.out.n, 0);
	augmented_clear(&b);
	augmented_clear(&a);
}

Test(augment, evidence_record_inside_freezes_the_file)
{
	const struct fix_cert tsa = augment_kit_tsa(&kit);
	const struct view file = cades_kit_record(
	    plain(DEVPKI_KEY_P256),
	    &(struct cades_kit_record){ .tsa = &tsa, .gen_ms = kit.now_ms - 1000 });
	for (enum signature_level l = LEVEL_T; l <= LEVEL_LTA; l++)
		expect_nothing(file, l, AUGMENT_FROZEN, "evidence record");
}

/* ---- something is missing ---- */

static void expect_missing(const struct augmented *a, const char *what,
			   const char *from)
{
	bool found = false;
	cr_assert_eq(a->outcome, AUGMENT_INCOMPLETE, "%s: %s",
		     augment_outcome_name(a->outcome), a->text);
	cr_assert_eq(a->out.n, 0);
	for (size_t i = 0; i < a->n_missing; i++)
		found = found || (strstr(a->missing[i].what, what) != NULL &&
				  strstr(a->missing[i].from, from) != NULL);
	cr_assert(found, "%s (%s) in %s (%s)", what, from, a->missing[0].what,
		  a->missing[0].from);
}

Test(augment, status_that_cannot_be_got_is_named)
{
	augment_kit_fault(&kit, DEVPKI_TARGET_CRL, DEVPKI_FAULT_HTTP_500);
	augment_kit_fault(&kit, DEVPKI_TARGET_OCSP, DEVPKI_FAULT_HTTP_503);
	struct augmented a = augment(plain(DEVPKI_KEY_P256), LEVEL_LTA);
	expect_missing(&a, "status of CN=", "http://127.0.0.1");
	cr_assert_eq(a.tokens, 0);
	cr_assert_gt(a.retry_ms, kit.now_ms);
	augmented_clear(&a);
	/* A time-stamp needs none of that. */
	a = augment(plain(DEVPKI_KEY_P256), LEVEL_T);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s", a.text);
	augmented_clear(&a);
}

Test(augment, status_without_a_source_is_named)
{
	kit.sources.fetch = NULL;
	struct augmented a = augment(plain(DEVPKI_KEY_P256), LEVEL_LT);
	expect_missing(&a, "of CN=", "");
	cr_assert_eq(a.tokens, 0);
	augmented_clear(&a);
}

Test(augment, stranger_has_no_chain)
{
	const struct fix_cert *stranger = cades_kit_key(FIX_KEY_P256, 5);
	const struct cades_kit_signer s = { .cert = stranger };
	struct augmented a = augment(
	    make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 }), LEVEL_LTA);
	expect_missing(&a, "NO_CERTIFICATE_CHAIN_FOUND", "");
	cr_assert_eq(a.tokens, 0);
	augmented_clear(&a);
}

Test(augment, detached_content_is_missing)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s = { .cert = &cert };
	const struct view file = make(&(struct cades_kit_make){
	    .signers = &s, .n_signers = 1, .detached = true });
	struct augmented a = augment(file, LEVEL_LTA);
	cr_assert_eq(a.outcome, AUGMENT_INCOMPLETE, "%s", a.text);
	cr_assert_eq(a.out.n, 0);
	augmented_clear(&a);
}

Test(augment, no_tsa_is_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = plain(DEVPKI_KEY_P256);
	in.tsa = NULL;
	cr_assert_eq(augment_cades(&in, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(augment, tsa_that_fails_is_remote)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = plain(DEVPKI_KEY_P256);
	augment_kit_fault(&kit, DEVPKI_TARGET_TSA, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(augment_cades(&in, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_REMOTE);
	cr_assert_eq(err.fault, LTPS_FAULT_REMOTE);
}

/* ---- made ---- */

static size_t count(const struct cms_signer *s, const char *oid)
{
	size_t n = 0;
	while (cms_attr_find(&s->unsigned_attrs, oid, n) != NULL)
		n++;
	return n;
}

/* Each index entry stands for something, and all that was there is listed. */
static void expect_last_index(const struct cms *cms, size_t signer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct cms_signer *s = &cms->signers[signer];
	struct cades_stamp *stamps = NULL;
	size_t n = 0, newest = 0;
	int64_t newest_ms = INT64_MIN;
	cr_assert_eq(cades_stamps(s, &stamps, &n, &err), 0, "%s", err.text);
	for (size_t i = 0; i < n; i++) {
		struct tst *t = NULL;
		cr_assert_eq(tst_parse(stamps[i].token, &t, &err), 0);
		if (stamps[i].kind == CADES_STAMP_ARCHIVE_V3 &&
		    t->gen_time_ms >= newest_ms) {
			newest_ms = t->gen_time_ms;
			newest = i;
		}
		tst_free(t);
	}
	cr_assert_neq(newest_ms, INT64_MIN);
	struct tst *t = NULL;
	struct cades_index index;
	struct cades_index_match m;
	cr_assert_eq(tst_parse(stamps[newest].token, &t, &err), 0);
	cr_assert_eq(cades_index_parse(&t->cms->signers[0], &index, &err), 0, "%s",
		     err.text);
	cr_assert_eq(cades_index_match(cms, s, &index, &m, &err), 0);
	cr_assert_eq(index.version, 3);
	cr_assert_eq(index.alg, DIGEST_SHA256);
	cr_assert_eq(m.unmatched, 0, "%s", m.what);
	for (size_t i = 0; i < cms->n_certs; i++)
		cr_assert(m.certs[i]);
	for (size_t i = 0; i < cms->n_crls; i++)
		cr_assert(m.crls[i]);
	for (size_t i = 0; i < s->unsigned_attrs.n; i++)
		cr_assert(m.attrs[i] || i == stamps[newest].attr);
	cades_index_match_clear(&m);
	cades_index_clear(&index);
	tst_free(t);
	mem_free(stamps);
}

static void expect_indication(const struct augmented *a, enum indication wanted)
{
	const struct report *r = a->judged.report;
	cr_assert_eq(a->outcome, AUGMENT_DONE, "%s: %s",
		     augment_outcome_name(a->outcome), a->text);
	for (size_t i = 0; i < r->n_signatures; i++)
		cr_assert_eq(r->signatures[i].conclusion.indication, wanted, "%s",
			     r->signatures[i].conclusion.text);
}

static void expect_passed(const struct augmented *a, enum signature_level level)
{
	const struct report *r = a->judged.report;
	cr_assert_eq(a->outcome, AUGMENT_DONE, "%s: %s",
		     augment_outcome_name(a->outcome), a->text);
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		cr_assert_eq(s->conclusion.indication, INDICATION_PASSED, "%s: %s",
			     subindication_name(s->conclusion.sub), s->conclusion.text);
		cr_assert_eq(s->level, level, "%s", signature_level_name(s->level));
	}
}

/* OpenSSL's judgement of signature values and content. */
static void expect_openssl(struct view file, const char *content)
{
	const unsigned char *p = file.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)file.n);
	BIO *data = content != NULL ? BIO_new_mem_buf(content, -1) : NULL;
	cr_assert_not_null(cms);
	cr_assert_eq(CMS_verify(cms, NULL, NULL, data, NULL,
				CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY),
		     1, "%s", ERR_error_string(ERR_peek_last_error(), NULL));
	BIO_free(data);
	CMS_ContentInfo_free(cms);
}

static void expect_steps(struct view file, struct content *content)
{
	const char *outside = content != NULL ? CADES_KIT_CONTENT : NULL;
	struct augmented t = augment_with(file, LEVEL_T, content);
	expect_passed(&t, LEVEL_T);
	struct cms *cms = parsed(view_buf(&t.out));
	const size_t n = cms->n_signers;
	cr_assert_eq(t.tokens, n);
	cms_free(cms);
	struct augmented lt = augment_with(view_buf(&t.out), LEVEL_LT, content);
	expect_passed(&lt, LEVEL_LT);
	cr_assert_eq(lt.tokens, 0);
	struct augmented lta = augment_with(view_buf(&lt.out), LEVEL_LTA, content);
	expect_passed(&lta, LEVEL_LTA);
	cr_assert_eq(lta.tokens, n);
	augment_kit_pass(&kit, 2 * KIT_DAY_MS);
	struct augmented more = augment_with(view_buf(&lta.out), LEVEL_LTA, content);
	expect_passed(&more, LEVEL_LTA);
	cms = parsed(view_buf(&lta.out));
	const size_t n_crls = cms->n_crls;
	cms_free(cms);
	cms = parsed(view_buf(&more.out));
	cr_assert_gt(cms->n_crls, n_crls, "status of the first archive time-stamp");
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(count(&cms->signers[i], OID_SIGNATURE_TIME_STAMP), 1);
		cr_assert_eq(count(&cms->signers[i], OID_ARCHIVE_TIME_STAMP_V3), 2);
		expect_last_index(cms, i);
	}
	cms_free(cms);
	expect_openssl(view_buf(&t.out), outside);
	expect_openssl(view_buf(&lta.out), outside);
	expect_openssl(view_buf(&more.out), outside);
	augmented_clear(&more);
	augmented_clear(&lta);
	augmented_clear(&lt);
	augmented_clear(&t);
}

Test(augment, ec_signature_goes_all_the_way)
{
	expect_steps(plain(DEVPKI_KEY_P256), NULL);
}

Test(augment, rsa_signature_goes_all_the_way)
{
	expect_steps(plain(DEVPKI_KEY_RSA2048), NULL);
}

Test(augment, all_signers_go_all_the_way)
{
	const struct fix_cert a = augment_kit_holder(&kit, "a", DEVPKI_KEY_P256);
	const struct fix_cert b = augment_kit_holder(&kit, "b", DEVPKI_KEY_RSA2048);
	const struct cades_kit_signer s[2] = { { .cert = &a }, { .cert = &b } };
	expect_steps(make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 }),
		     NULL);
}

Test(augment, detached_signature_goes_all_the_way)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s = { .cert = &cert };
	struct content content = content_of(view_text(CADES_KIT_CONTENT));
	expect_steps(make(&(struct cades_kit_make){
			 .signers = &s, .n_signers = 1, .detached = true }),
		     &content);
}

Test(augment, ber_goes_all_the_way)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s = { .cert = &cert };
	expect_steps(make(&(struct cades_kit_make){
			 .signers = &s, .n_signers = 1, .ber = true }),
		     NULL);
}

Test(augment, countersignature_is_covered_by_its_parent)
{
	const struct fix_cert a = augment_kit_holder(&kit, "a", DEVPKI_KEY_P256);
	const struct fix_cert b = augment_kit_holder(&kit, "b", DEVPKI_KEY_P256);
	const struct cades_kit_signer counter = { .cert = &b };
	const struct cades_kit_signer s = { .cert = &a,
					    .counters = &counter,
					    .n_counters = 1 };
	struct augmented x = augment(
	    make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 }), LEVEL_LTA);
	cr_assert_eq(x.outcome, AUGMENT_DONE, "%s", x.text);
	cr_assert_eq(x.tokens, 2);
	struct cms *cms = parsed(view_buf(&x.out));
	expect_last_index(cms, 0);
	cms_free(cms);
	augmented_clear(&x);
}

Test(augment, pem_becomes_der)
{
	const struct view der = plain(DEVPKI_KEY_P256);
	const unsigned char *p = der.p;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.n);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	PEM_write_bio_CMS_stream(bio, cms, NULL, 0);
	const long n = BIO_get_mem_data(bio, &text);
	struct augmented b = augment(view_of(text, (size_t)n), LEVEL_B);
	cr_assert_eq(b.outcome, AUGMENT_DONE, "%s", b.text);
	cr_assert(view_equal(view_buf(&b.out), der));
	augmented_clear(&b);
	b = augment(view_of(text, (size_t)n), LEVEL_LTA);
	expect_passed(&b, LEVEL_LTA);
	cr_assert_eq(b.out.p[0], 0x30);
	augmented_clear(&b);
	BIO_free(bio);
	CMS_ContentInfo_free(cms);
}

Test(augment, what_has_its_level_is_left_alone)
{
	struct augmented t = augment(plain(DEVPKI_KEY_P256), LEVEL_T);
	struct augmented again = augment(view_buf(&t.out), LEVEL_T);
	expect_passed(&again, LEVEL_T);
	cr_assert_eq(again.tokens, 0);
	cr_assert(view_equal(view_buf(&t.out), view_buf(&again.out)));
	augmented_clear(&again);
	augmented_clear(&t);
}

Test(augment, stamp_about_something_else_is_not_enough)
{
	const struct fix_cert tsa = augment_kit_tsa(&kit);
	const struct view file =
	    cades_kit_stamp(plain(DEVPKI_KEY_P256),
			    &(struct cades_kit_stamp){ .kind = CADES_STAMP_SIGNATURE,
						       .tsa = &tsa,
						       .gen_ms = kit.now_ms - 60000,
						       .wrong_imprint = true });
	struct augmented a = augment(file, LEVEL_T);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s", a.text);
	cr_assert_eq(a.tokens, 1);
	struct cms *cms = parsed(view_buf(&a.out));
	cr_assert_eq(count(&cms->signers[0], OID_SIGNATURE_TIME_STAMP), 2);
	cms_free(cms);
	augmented_clear(&a);
}

/* Status from after the time-stamp is asked for although an older one would count. */
Test(augment, status_is_newer_than_the_time_stamp)
{
	struct augmented t = augment(plain(DEVPKI_KEY_P256), LEVEL_T);
	augment_kit_pass(&kit, 3600 * 1000);
	struct augmented lt = augment(view_buf(&t.out), LEVEL_LT);
	expect_passed(&lt, LEVEL_LT);
	const int64_t stamp_ms = t.document->stamps[0].tst->gen_time_ms;
	const struct material *m = lt.document->material;
	cr_assert_gt(material_count(m, MATERIAL_CRL) + material_count(m, MATERIAL_OCSP),
		     0);
	for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++)
		cr_assert_geq(material_crl(m, i)->this_ms, stamp_ms / 1000 * 1000);
	for (size_t i = 0; i < material_count(m, MATERIAL_OCSP); i++)
		cr_assert_geq(material_ocsp(m, i)->produced_ms, stamp_ms / 1000 * 1000);
	augmented_clear(&lt);
	augmented_clear(&t);
}

Test(augment, status_from_before_the_time_stamp_is_told)
{
	struct augmented a = augment(plain(DEVPKI_KEY_P256), LEVEL_LT);
	cr_assert_eq(a.retry_ms, INT64_MIN);
	cr_assert_str_empty(a.text);
	augmented_clear(&a);
	augment_kit_fault(&kit, DEVPKI_TARGET_OCSP, DEVPKI_FAULT_HTTP_500);
	augment_kit_old_crls(&kit, 3600 * 1000);
	a = augment(plain(DEVPKI_KEY_P256), LEVEL_LT);
	expect_passed(&a, LEVEL_LT);
	cr_assert_not_null(strstr(a.text, "from before the time-stamp"), "%s", a.text);
	cr_assert_gt(a.retry_ms, kit.now_ms);
	augmented_clear(&a);
}

/* ---- what happens meanwhile ---- */

static void revoke_signer(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = pki_server_enter(kit.server);
	const struct devpki_cert *c = devpki_find_text(p, view_text("signer"));
	cr_assert_eq(devpki_revoke(p, c->serial, devpki_now_ms(p),
				   DEVPKI_REASON_SUPERSEDED, &err),
		     0);
	pki_server_leave(kit.server);
}

Test(augment, revoked_before_any_stamp_is_not_raised)
{
	const struct view file = plain(DEVPKI_KEY_P256);
	revoke_signer();
	augment_kit_pass(&kit, 60000);
	for (enum signature_level l = LEVEL_T; l <= LEVEL_LTA; l++) {
		struct augmented a = augment(file, l);
		expect_missing(&a, "REVOKED_NO_POE", "");
		cr_assert_eq(a.tokens, 0);
		cr_assert_eq(a.retry_ms, INT64_MIN);
		augmented_clear(&a);
	}
}

Test(augment, ended_before_any_stamp_is_not_raised)
{
	const struct view file = plain(DEVPKI_KEY_P256);
	augment_kit_pass(&kit, 4 * 365 * KIT_DAY_MS);
	struct augmented a = augment(file, LEVEL_LTA);
	expect_missing(&a, "OUT_OF_BOUNDS", "");
	cr_assert_eq(a.tokens, 0);
	augmented_clear(&a);
}

Test(augment, revoked_after_the_stamp_is_raised_with_that_status)
{
	struct augmented t = augment(plain(DEVPKI_KEY_P256), LEVEL_T);
	augment_kit_pass(&kit, 60000);
	revoke_signer();
	augment_kit_pass(&kit, 60000);
	struct augmented a = augment(view_buf(&t.out), LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	augmented_clear(&a);
	augmented_clear(&t);
}

Test(augment, lta_is_renewed_after_the_end_of_the_signer)
{
	const struct view file = plain(DEVPKI_KEY_P256);
	augment_kit_pass(&kit, KIT_DAY_MS);
	struct augmented lta = augment(file, LEVEL_LTA);
	expect_passed(&lta, LEVEL_LTA);
	augment_kit_pass(&kit, 4 * 365 * KIT_DAY_MS);
	struct augmented more = augment(view_buf(&lta.out), LEVEL_LTA);
	expect_passed(&more, LEVEL_LTA);
	augment_kit_pass(&kit, 365 * KIT_DAY_MS);
	struct augmented again = augment(view_buf(&more.out), LEVEL_LTA);
	expect_passed(&again, LEVEL_LTA);
	augmented_clear(&again);
	augmented_clear(&more);
	augmented_clear(&lta);
}

/* ---- older archive time-stamps ---- */

static struct view with_archive_v2(struct view file)
{
	const struct fix_cert tsa = augment_kit_tsa(&kit);
	struct augmented lt = augment(file, LEVEL_LT);
	cr_assert_eq(lt.outcome, AUGMENT_DONE, "%s", lt.text);
	augment_kit_pass(&kit, 60000);
	const struct view v2 = cades_kit_stamp(
	    view_buf(&lt.out),
	    &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V2,
				       .tsa = &tsa,
				       .gen_ms = clock_now_ms(&kit.clock) - 1000 });
	augmented_clear(&lt);
	return v2;
}

Test(augment, archive_v2_keeps_the_root_as_it_is)
{
	const struct view v2 = with_archive_v2(plain(DEVPKI_KEY_P256));
	augment_kit_pass(&kit, 2 * KIT_DAY_MS);
	struct augmented a = augment(v2, LEVEL_LTA);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s", a.text);
	cr_assert_eq(a.judged.report->signatures[0].conclusion.indication,
		     INDICATION_PASSED, "%s",
		     a.judged.report->signatures[0].conclusion.text);
	struct cms *before = parsed(v2), *after = parsed(view_buf(&a.out));
	cr_assert(view_equal(before->certs_whole, after->certs_whole));
	cr_assert(view_equal(before->crls_whole, after->crls_whole));
	cr_assert_eq(count(&after->signers[0], OID_ARCHIVE_TIME_STAMP_V3), 1);
	const struct cms_attr *old = cms_attr_find(&before->signers[0].unsigned_attrs,
						   OID_ARCHIVE_TIME_STAMP_V2, 0);
	const struct cms_attr *new = cms_attr_find(&after->signers[0].unsigned_attrs,
						   OID_ARCHIVE_TIME_STAMP_V2, 0);
	cr_assert_gt(new->whole.n, old->whole.n, "status went into the older stamp");
	for (size_t i = 0; i < a.judged.report->n_stamps; i++)
		cr_assert_eq(a.judged.report->stamps[i].stamp->imprint, MATCH_YES, "%s",
			     a.judged.report->stamps[i].stamp->name);
	expect_last_index(after, 0);
	cms_free(before);
	cms_free(after);
	augmented_clear(&a);
}

Test(augment, archive_v2_without_signature_stamp_is_frozen)
{
	const struct fix_cert tsa = augment_kit_tsa(&kit);
	const struct view v2 =
	    cades_kit_stamp(plain(DEVPKI_KEY_P256),
			    &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V2,
						       .tsa = &tsa,
						       .gen_ms = kit.now_ms - 1000 });
	expect_nothing(v2, LEVEL_T, AUGMENT_FROZEN, "older archive time-stamp");
}

/* One signer's root may not change for the sake of the other's older stamp. */
Test(augment, archive_v2_of_one_signer_binds_the_other)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s[2] = { { .cert = &cert }, { .cert = &cert } };
	const struct view v2 = with_archive_v2(
	    make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 }));
	augment_kit_pass(&kit, 2 * KIT_DAY_MS);
	struct augmented a = augment(v2, LEVEL_LTA);
	expect_indication(&a, INDICATION_PASSED);
	cr_assert_eq(a.tokens, 2);
	struct cms *before = parsed(v2), *after = parsed(view_buf(&a.out));
	cr_assert(view_equal(before->certs_whole, after->certs_whole));
	cr_assert(view_equal(before->crls_whole, after->crls_whole));
	for (size_t i = 0; i < 2; i++)
		expect_last_index(after, i);
	const bool old = count(&after->signers[1], OID_ARCHIVE_TIME_STAMP_V2) == 0;
	const struct cms_attr *v3 = cms_attr_find(
	    &after->signers[old ? 1 : 0].unsigned_attrs, OID_ARCHIVE_TIME_STAMP_V3, 0);
	struct cms *token = parsed(v3->values);
	cr_assert_eq(count(&token->signers[0], OID_REVOCATION_VALUES), 1);
	cms_free(token);
	cms_free(before);
	cms_free(after);
	/* And again, into the new ones. */
	augment_kit_pass(&kit, 2 * KIT_DAY_MS);
	struct augmented more = augment(view_buf(&a.out), LEVEL_LTA);
	expect_indication(&more, INDICATION_PASSED);
	augmented_clear(&more);
	augmented_clear(&a);
}

/* ---- what was there ---- */

static void expect_changed(struct view before, struct view after, bool roots_fixed,
			   const char *what)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = parsed(before);
	cr_assert_eq(augment_kept(cms, before, roots_fixed, &err), 0);
	cr_assert_eq(augment_kept(cms, after, roots_fixed, &err), -1, "%s", what);
	cr_assert_eq(err.code, LTPS_INTERNAL);
	cr_assert_not_null(strstr(err.text, what), "%s", err.text);
	cms_free(cms);
}

Test(augment, each_loss_is_seen)
{
	const struct fix_cert cert =
	    augment_kit_holder(&kit, "signer", DEVPKI_KEY_P256);
	const struct cades_kit_signer s[2] = { { .cert = &cert },
					       { .cert = &cert, .mime_type = "a/b" } };
	const struct view one =
	    make(&(struct cades_kit_make){ .signers = s, .n_signers = 1 });
	struct augmented t = augment(one, LEVEL_T);
	struct augmented lt = augment(view_buf(&t.out), LEVEL_LT);
	struct augmented lta = augment(view_buf(&lt.out), LEVEL_LTA);
	expect_changed(view_buf(&lta.out), view_buf(&lt.out), false,
		       "an unsigned attribute");
	expect_changed(view_buf(&lt.out), view_buf(&t.out), false, "a certificate");
	expect_changed(view_buf(&t.out), view_buf(&lt.out), true,
		       "certificates and crls");
	expect_changed(
	    one, make(&(struct cades_kit_make){ .signers = s + 1, .n_signers = 1 }),
	    false, "signed attributes");
	expect_changed(one,
		       make(&(struct cades_kit_make){ .signers = s,
						      .n_signers = 1,
						      .content = view_text("other") }),
		       false, "the content");
	expect_changed(one,
		       make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 }),
		       false, "the number of signers");
	/* Another value of the same signature: ECDSA is not deterministic. */
	expect_changed(one,
		       make(&(struct cades_kit_make){ .signers = s, .n_signers = 1 }),
		       false, "a signature value");
	augmented_clear(&lta);
	augmented_clear(&lt);
	augmented_clear(&t);
}

/* ---- the corpus ---- */

/* Who signed himself in the file is trusted here: how far each gets is then a matter
 * of what is in it; without sources that is a time-stamp at most. */
static struct material *anchors_of(struct view bytes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	struct document *d = NULL;
	cr_assert_eq(material_new(&m, &err), 0);
	if (document_read(bytes, NULL, &d, &err) != 0)
		return m;
	for (size_t i = 0; i < material_count(d->material, MATERIAL_CERT); i++) {
		const struct cert *c = material_cert(d->material, MATERIAL_CERT, i);
		if (c->self_issued)
			cr_assert_eq(material_add_cert(m, MATERIAL_ANCHOR, c, &err), 0);
	}
	document_free(d);
	return m;
}

struct corpus_made {
	size_t n;
	enum signature_level level;
};

/* What is made keeps every byte, or augment_cades() itself fails with INTERNAL. */
static void take_file(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct corpus_made *made = arg;
	struct augmented a = { 0 };
	struct material *anchors = anchors_of(bytes);
	const struct material *pools[] = { kit.trust, anchors };
	struct augment_input in = augment_kit_input(&kit, made->level);
	in.file = bytes;
	in.judgement.pools = pools;
	in.judgement.n_pools = 2;
	if (augment_cades(&in, &a, &err) != 0)
		cr_assert_neq(err.code, LTPS_INTERNAL, "%s: %s", path, err.text);
	else if (a.outcome == AUGMENT_DONE)
		made->n++;
	augmented_clear(&a);
	material_free(anchors);
}

Test(augment, corpus_keeps_every_byte)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	kit.sources.fetch = NULL;
	struct corpus_made t = { .level = LEVEL_T }, lta = { .level = LEVEL_LTA };
	corpus_walk("cades", take_file, &t);
	corpus_walk("cades", take_file, &lta);
	cr_expect_gt(t.n, 35, "%zu", t.n);
}
