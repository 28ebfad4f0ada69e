/* SPDX-License-Identifier: Apache-2.0 */
/* An unsigned PDF becomes PAdES, by every kind of key. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/seal.h"
#include "tests/support/augment_kit.h"
#include "tests/support/corpus.h"
#include "tests/support/pades_kit.h"
#include "tests/support/test_time.h"

#define ENCRYPTED "pades/protected/edition_protected_none.pdf"

static struct augment_kit kit;
static struct content content;

static void begin(void)
{
	augment_kit_start(&kit);
	content = content_of(pades_kit_blank(NULL));
}

static void end(void)
{
	augment_kit_stop(&kit);
}

TestSuite(seal_pades, .init = begin, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct signing_key *key_of(const struct fix_cert *f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = mem_zalloc(1, sizeof(*k));
	EVP_PKEY_up_ref(f->key);
	k->key = f->key;
	cr_assert_eq(cert_parse(f->der, &k->certificate, &err), 0);
	const struct devpki_cert *ca =
	    devpki_active(pki_server_enter(kit.server), DEVPKI_CA, 0);
	pki_server_leave(kit.server);
	cr_assert_eq(cert_parse(ca->der, &k->chain[0], &err), 0);
	k->n_chain = 1;
	return k;
}

static struct signing_key *key(enum devpki_key kind)
{
	const struct fix_cert f = augment_kit_holder(&kit, "k", kind);
	return key_of(&f);
}

static struct seal_input input(const struct signing_key *k, enum signature_level level)
{
	return (struct seal_input){ .content = &content,
				    .key = k,
				    .digest = DIGEST_SHA256,
				    .augment = augment_kit_input(&kit, level) };
}

static struct augmented seal(const struct seal_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	cr_assert_eq(seal_pades(in, &a, &err), 0, "%s: %s", err.where, err.text);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s: %s", augment_outcome_name(a.outcome),
		     a.text);
	cr_assert_eq(ERR_peek_error(), 0);
	cr_assert(view_starts(view_buf(&a.out), in->content->bytes));
	return a;
}

static struct pades *reading(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;
	cr_assert_eq(pades_read(file, VIEW_NULL, &p, &err), 0, "%s", err.text);
	return p;
}

static void expect_level(const struct augmented *a, enum signature_level level)
{
	const struct report *r = a->judged.report;
	cr_assert_gt(r->n_signatures, 0);
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		cr_assert_eq(s->conclusion.indication, INDICATION_PASSED, "%s: %s",
			     subindication_name(s->conclusion.sub), s->conclusion.text);
		cr_assert_eq(s->level, level, "%s: %s", signature_level_name(s->level),
			     s->signature->why_not);
	}
}

/* ---- what is refused ---- */

static enum ltps_code refused(const struct seal_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	cr_assert_eq(seal_pades(in, &a, &err), -1);
	cr_assert_eq(a.out.n, 0);
	return err.code;
}

static int feed_none(void *arg, content_take *take, void *to, struct ltps_error *err)
{
	(void)arg;
	return take(to, VIEW_NULL, err);
}

Test(seal_pades, file_outside_memory_is_refused)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	struct content fed = { .feed = feed_none };
	struct seal_input in = input(k, LEVEL_B);
	in.content = &fed;
	cr_assert_eq(refused(&in), LTPS_ARGUMENT);
	signing_key_free(k);
}

Test(seal_pades, what_is_no_pdf_is_refused)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	struct content text = content_of(view_text("no PDF"));
	struct seal_input in = input(k, LEVEL_B);
	in.content = &text;
	cr_assert_eq(refused(&in), LTPS_FORMAT);
	signing_key_free(k);
}

Test(seal_pades, ed448_is_unsupported)
{
	struct signing_key *k = key(DEVPKI_KEY_ED448);
	const struct seal_input in = input(k, LEVEL_B);
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
}

Test(seal_pades, certification_that_allows_nothing_is_unsupported)
{
	const struct fix_cert f = augment_kit_holder(&kit, "other", DEVPKI_KEY_P256);
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct pades_kit_sign s = { .cert = &f,
					  .docmdp = 1,
					  .time_ms = kit.now_ms };
	struct content certified =
	    content_of(pades_kit_sign(pades_kit_blank(NULL), &s));
	struct seal_input in = input(k, LEVEL_B);
	in.content = &certified;
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
}

Test(seal_pades, encrypted_file_is_unsupported)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf file = corpus_read(ENCRYPTED);
	struct signing_key *k = key(DEVPKI_KEY_P256);
	struct content encrypted = content_of(view_buf(&file));
	struct seal_input in = input(k, LEVEL_LTA);
	in.content = &encrypted;
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
	buf_free(&file);
}

#define LOCKED "pades/protected/open_protected.pdf"

Test(seal_pades, file_of_an_unknown_password_is_unsupported)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf file = corpus_read(LOCKED);
	struct signing_key *k = key(DEVPKI_KEY_P256);
	struct content locked = content_of(view_buf(&file));
	struct seal_input in = input(k, LEVEL_LTA);
	in.content = &locked;
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
	buf_free(&file);
}

Test(seal_pades, offsets_that_readers_count_otherwise_are_unsupported)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct pades_kit_pdf o = { .before = view_text("some junk\n") };
	struct seal_input in = input(k, LEVEL_LTA);
	content = content_of(pades_kit_blank(&o));
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
}

Test(seal_pades, object_that_no_table_names_is_unsupported)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct pades_kit_pdf o = { .unnamed = "90 0 obj\n<<>>\nendobj\n" };
	struct seal_input in = input(k, LEVEL_LTA);
	content = content_of(pades_kit_blank(&o));
	cr_assert_eq(refused(&in), LTPS_UNSUPPORTED);
	signing_key_free(k);
}

/* What nothing mends is said at once, and not tried again. */
static void expect_unsealable(struct view file, enum signature_level level,
			      unsigned tokens)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct seal_input in = input(k, level);
	struct augmented a = { 0 };
	content = content_of(file);
	cr_assert_eq(seal_pades(&in, &a, &err), 0, "%s", err.text);
	cr_expect_eq(a.outcome, AUGMENT_UNSUPPORTED, "%s: %s",
		     augment_outcome_name(a.outcome), a.text);
	cr_expect_eq(a.out.n, 0);
	cr_expect_eq(a.retry_ms, INT64_MIN);
	cr_expect_leq(a.tokens, tokens);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal_pades, file_with_a_key_twice_is_unsupported)
{
	const char *twice = "/AcroForm null /AcroForm << /Fields [ ] >>";
	expect_unsealable(
	    pades_kit_blank(&(struct pades_kit_pdf){ .catalog_more = twice }),
	    LEVEL_LTA, 2);
}

/* As a reader that skips the last section sees it. */
Test(seal_pades, file_of_several_readings_is_unsupported)
{
	static const char more[] = "/Root 1 0 R";
	const struct view file = pades_kit_blank(NULL);
	struct buf out = buf_make(file.n + 100);
	struct ltps_error err = LTPS_ERROR_INIT;
	const uint8_t *at = memmem(file.p, file.n, "trailer", 7);
	cr_assert_not_null(at);
	const size_t head = (size_t)(at - file.p) + 7;
	const uint8_t *open = memmem(at, file.n - head, "<<", 2);
	const size_t n = (size_t)(open + 2 - file.p);
	cr_assert_eq(buf_put(&out, view_head(file, n), &err), 0);
	cr_assert_eq(buf_put_text(&out, more, &err), 0);
	cr_assert_eq(buf_put(&out, view_skip(file, n), &err), 0);
	expect_unsealable(view_buf(&out), LEVEL_B, 0);
	expect_unsealable(view_buf(&out), LEVEL_LTA, 0);
	buf_free(&out);
}

Test(seal_pades, without_a_tsa_nothing_is_made)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct seal_input in = input(k, LEVEL_LTA);
	augment_kit_fault(&kit, DEVPKI_TARGET_TSA, DEVPKI_FAULT_CLOSED);
	cr_assert_eq(refused(&in), LTPS_REMOTE);
	signing_key_free(k);
}

Test(seal_pades, key_of_a_stranger_is_incomplete)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = key_of(cades_kit_key(FIX_KEY_P256, 3));
	const struct seal_input in = input(k, LEVEL_LTA);
	struct augmented a = { 0 };
	cr_assert_eq(seal_pades(&in, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.outcome, AUGMENT_INCOMPLETE, "%s", a.text);
	cr_assert_eq(a.out.n, 0);
	cr_assert_eq(a.tokens, 0);
	augmented_clear(&a);
	signing_key_free(k);
}

/* ---- what is made ---- */

/* Signature time-stamps. */
static size_t count_inside(const struct augmented *a)
{
	size_t n = 0;
	for (size_t i = 0; i < a->document->n_stamps; i++)
		n += a->document->stamps[i].type == STAMP_SIGNATURE;
	return n;
}

static void expect_lta(enum devpki_key kind, enum pades_kit_style style)
{
	struct signing_key *k = key(kind);
	const struct seal_input in = input(k, LEVEL_LTA);
	content = content_of(
	    pades_kit_blank(&(struct pades_kit_pdf){ .style = style, .form = true }));
	augment_kit_pass(&kit, 1000);
	struct augmented a = seal(&in);
	expect_level(&a, LEVEL_LTA);
	cr_assert_eq(a.tokens, 2);
	struct pades *p = reading(view_buf(&a.out));
	cr_assert_eq(p->file->n_revisions, 4);
	cr_assert_eq(p->n_signatures, 2);
	cr_assert_eq(count_inside(&a), 1);
	cr_assert(p->dss.present);
	pades_free(p);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal_pades, ec_key_goes_to_lta)
{
	expect_lta(DEVPKI_KEY_P256, PADES_KIT_TABLE);
}

Test(seal_pades, rsa_key_goes_to_lta)
{
	expect_lta(DEVPKI_KEY_RSA2048, PADES_KIT_STREAM);
}

Test(seal_pades, pss_key_goes_to_lta)
{
	expect_lta(DEVPKI_KEY_RSAPSS2048, PADES_KIT_LINEARISED);
}

/* Outside of the suite of the default policy, so the value alone. RFC 8419 3.1 */
Test(seal_pades, ed25519_signs_with_sha512)
{
	struct signing_key *k = key(DEVPKI_KEY_ED25519);
	const struct seal_input in = input(k, LEVEL_B);
	struct augmented a = seal(&in);
	const struct report_signature *s = &a.judged.report->signatures[0];
	cr_assert(s->signature_intact, "%s", s->conclusion.text);
	cr_assert_eq(s->signature->digest, DIGEST_SHA512);
	augmented_clear(&a);
	signing_key_free(k);
}

/* EN 319 142-1 6.3: the claimed time is in the dictionary and not in the CMS. */
Test(seal_pades, signature_is_that_of_the_baseline)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct seal_input in = input(k, LEVEL_B);
	struct augmented a = seal(&in);
	struct pades *p = reading(view_buf(&a.out));
	const struct pades_signature *s = &p->signatures[0];
	const struct document_signature *d = &a.document->signatures[0];
	expect_level(&a, LEVEL_B);
	cr_assert_eq(a.tokens, 0);
	cr_assert_eq(p->n_signatures, 1);
	cr_assert_eq(s->subfilter, PADES_CADES_DETACHED);
	cr_assert_eq(s->coverage, PADES_COVERS_FILE);
	cr_assert_str_eq(s->defect, "");
	cr_assert(view_is_text(s->filter, "Adobe.PPKLite"));
	cr_assert(view_is_text(s->field_name, "LTPS-Seal"));
	cr_assert(s->has_time);
	cr_assert_eq(s->time_ms / 1000, in.augment.judgement.time_ms / 1000);
	cr_assert_eq(s->docmdp, 0);
	cr_assert_null(
	    cms_attr_find(&d->signer->signed_attrs, "1.2.840.113549.1.9.5", 0));
	cr_assert(d->signing_certs.has_v2 && !d->signing_certs.has_v1);
	cr_assert_eq(d->cms->n_certs, 2);
	cr_assert_not(d->cms->has_content);
	pades_free(p);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal_pades, every_digest_serves)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA384,
						DIGEST_SHA512, DIGEST_SHA3_256 };
	struct signing_key *k = key(DEVPKI_KEY_P256);
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		struct seal_input in = input(k, LEVEL_B);
		in.digest = algs[i];
		struct augmented a = seal(&in);
		cr_assert(a.judged.report->signatures[0].signature_intact, "%s",
			  digest_name(algs[i]));
		cr_assert_eq(a.judged.report->signatures[0].signature->digest, algs[i]);
		augmented_clear(&a);
	}
	signing_key_free(k);
}

Test(seal_pades, second_seal_leaves_the_first_one_good)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	struct seal_input in = input(k, LEVEL_B);
	struct augmented a = seal(&in);
	struct content sealed = content_of(view_buf(&a.out));
	in.content = &sealed;
	struct augmented b = seal(&in);
	expect_level(&b, LEVEL_B);
	cr_assert_eq(b.judged.report->n_signatures, 2);
	augmented_clear(&b);
	augmented_clear(&a);
	signing_key_free(k);
}

/* A signature time-stamp speaks of its own signature alone. */
Test(seal_pades, older_signature_without_time_stamp_gets_one_too)
{
	const struct fix_cert f = augment_kit_holder(&kit, "other", DEVPKI_KEY_P256);
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct pades_kit_sign s = { .cert = &f, .time_ms = kit.now_ms };
	content = content_of(pades_kit_sign(pades_kit_blank(NULL), &s));
	augment_kit_pass(&kit, 1000);
	const struct seal_input in = input(k, LEVEL_T);
	struct augmented a = seal(&in);
	expect_level(&a, LEVEL_T);
	cr_assert_eq(a.tokens, 2);
	cr_assert_eq(count_inside(&a), 1);
	augmented_clear(&a);
	signing_key_free(k);
}

/* What is null to a page stays null, whatever objects come. */
Test(seal_pades, page_that_refers_to_what_is_not_there_goes_to_lta)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct seal_input in = input(k, LEVEL_LTA);
	content = content_of(pades_kit_blank(
	    &(struct pades_kit_pdf){ .page_more = "/X [ 20 0 R 21 0 R 22 0 R 23 0 R "
						  "24 0 R 25 0 R 26 0 R 27 0 R ] "
						  "/Thumb 28 0 R" }));
	struct augmented a = seal(&in);
	expect_level(&a, LEVEL_LTA);
	struct pades *p = reading(view_buf(&a.out));
	for (uint32_t i = 20; i <= 28; i++)
		cr_expect_null(pdf_file_find(p->file, p->file->n_revisions - 1, i));
	pades_free(p);
	augmented_clear(&a);
	signing_key_free(k);
}

Test(seal_pades, claim_of_pdfa_stays)
{
	struct signing_key *k = key(DEVPKI_KEY_P256);
	const struct seal_input in = input(k, LEVEL_LTA);
	content = content_of(pades_kit_blank(&(struct pades_kit_pdf){ .pdfa = true }));
	struct augmented a = seal(&in);
	struct pades *p = reading(view_buf(&a.out));
	cr_assert_str_eq(p->pdfa, "2");
	cr_assert_eq(
	    pdf_file_find(p->file, p->file->n_revisions - 1, PADES_KIT_METADATA)
		->revision,
	    0);
	pades_free(p);
	augmented_clear(&a);
	signing_key_free(k);
}
