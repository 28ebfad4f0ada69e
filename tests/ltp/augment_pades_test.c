/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PDFs raised against a throwaway PKI with TSA, OCSP and CRLs: what must not be
 * augmented, what is missing, and what the updates hold.
 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/augment_private.h"
#include "tests/support/augment_kit.h"
#include "tests/support/corpus.h"
#include "tests/support/pades_kit.h"
#include "tests/support/test_time.h"

#define ENCRYPTED                                                                      \
	"pades/protected/edition_protected_signing_allowed_with_field_signed.pdf"

static struct augment_kit kit;

static void begin(void)
{
	augment_kit_start(&kit);
}

static void end(void)
{
	augment_kit_stop(&kit);
}

TestSuite(augment_pades, .init = begin, .fini = end, .timeout = TEST_SECONDS_MAX);

static struct augmented augment(struct view file, enum signature_level level)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, level);
	in.file = file;
	cr_assert_eq(augment_document(&in, &a, &err), 0, "%s: %s", err.where, err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return a;
}

static enum ltps_code refused(struct view file, enum signature_level level)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, level);
	in.file = file;
	cr_assert_eq(augment_document(&in, &a, &err), -1);
	cr_assert_eq(a.out.n, 0);
	return err.code;
}

static struct view sign_with(struct view file, const struct pades_kit_sign *more,
			     enum devpki_key key)
{
	const struct fix_cert cert = augment_kit_holder(&kit, "signer", key);
	struct pades_kit_sign s = *more;
	s.cert = &cert;
	s.time_ms = clock_now_ms(&kit.clock);
	return pades_kit_sign(file, &s);
}

static struct view sign(struct view file)
{
	return sign_with(file, &(struct pades_kit_sign){ 0 }, DEVPKI_KEY_P256);
}

static struct view plain(void)
{
	return sign(pades_kit_blank(NULL));
}

static struct pades *reading(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;
	cr_assert_eq(pades_read(file, VIEW_NULL, &p, &err), 0, "%s", err.text);
	cr_assert_eq(pades_match_vris(p, &err), 0, "%s", err.text);
	return p;
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

Test(augment_pades, what_is_no_format_of_ours_is_an_error)
{
	cr_assert_eq(refused(view_text("no signature"), LEVEL_LTA), LTPS_UNSUPPORTED);
	cr_assert_eq(refused(view_text("%PDF-1.7\nno PDF"), LEVEL_LTA), LTPS_FORMAT);
}

Test(augment_pades, level_that_is_none_is_refused)
{
	cr_assert_eq(refused(plain(), LEVEL_NONE), LTPS_ARGUMENT);
}

Test(augment_pades, pdf_without_signature_is_unsupported)
{
	expect_nothing(pades_kit_blank(NULL), LEVEL_LTA, AUGMENT_UNSUPPORTED,
		       "no signature");
}

/* Nothing could be added that readers find in one way alone. */
Test(augment_pades, file_with_an_irregular_table_is_unsupported)
{
	static const char head[] = "0000000000 65535 f";
	struct view file = pades_kit_blank(NULL);
	char *row = memmem(file.p, file.n, head, sizeof(head) - 1);
	cr_assert_not_null(row);
	row[sizeof(head) - 2] = 'n';
	expect_nothing(sign(file), LEVEL_LTA, AUGMENT_UNSUPPORTED, "irregular");
}

/* Nor behind objects that are found by those alone who repair the file. */
Test(augment_pades, file_with_an_object_that_no_table_names_is_unsupported)
{
	const struct pades_kit_pdf hidden = { .unnamed = "90 0 obj\n<<>>\nendobj\n" };
	expect_nothing(sign(pades_kit_blank(&hidden)), LEVEL_LTA, AUGMENT_UNSUPPORTED,
		       "names");
}

Test(augment_pades, broken_signature_is_refused)
{
	const struct pades_kit_sign s = { .wrong_digest = true };
	const struct view file = sign_with(pades_kit_blank(NULL), &s, DEVPKI_KEY_P256);
	for (enum signature_level l = LEVEL_B; l <= LEVEL_LTA; l++)
		expect_nothing(file, l, AUGMENT_FAILED_SIGNATURE, "TOTAL-FAILED");
}

Test(augment_pades, one_broken_of_two_is_refused)
{
	const struct pades_kit_sign s = { .wrong_digest = true };
	expect_nothing(sign_with(plain(), &s, DEVPKI_KEY_P256), LEVEL_LTA,
		       AUGMENT_FAILED_SIGNATURE, "HASH_FAILURE");
}

/* Not TOTAL-FAILED, since the signed octets are as they were; but it is told, and no
 * update makes it pass. */
Test(augment_pades, page_that_was_replaced_is_told)
{
	const struct pades_kit_object o = { .number = PADES_KIT_CONTENTS,
					    .body = "",
					    .stream = view_text("BT (other) Tj ET") };
	struct augmented a = augment(pades_kit_update(plain(), &o, 1), LEVEL_LTA);
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s", a.text);
	cr_assert_not_null(strstr(a.text, "changed what was signed"), "%s", a.text);
	cr_assert_neq(a.judged.report->signatures[0].conclusion.indication,
		      INDICATION_PASSED);
	augmented_clear(&a);
}

Test(augment_pades, encrypted_file_is_unsupported)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf file = corpus_read(ENCRYPTED);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = view_buf(&file);
	cr_assert_eq(augment_pades(&in, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.outcome, AUGMENT_UNSUPPORTED, "%s", a.text);
	cr_assert_not_null(strstr(a.text, "encrypted"));
	cr_assert_eq(a.out.n, 0);
	augmented_clear(&a);
	buf_free(&file);
}

#define LOCKED "pades/protected/open_protected.pdf"

Test(augment_pades, file_of_an_unknown_password_is_unsupported)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf file = corpus_read(LOCKED);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = view_buf(&file);
	cr_assert_eq(augment_document(&in, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.outcome, AUGMENT_UNSUPPORTED, "%s", a.text);
	cr_assert_not_null(strstr(a.text, "encrypted"), "%s", a.text);
	cr_assert_eq(a.out.n, 0);
	augmented_clear(&a);
	buf_free(&file);
}

Test(augment_pades, content_beside_it_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct content content = content_of(view_text("beside"));
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = plain();
	in.content = &content;
	cr_assert_eq(augment_document(&in, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
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

Test(augment_pades, status_that_cannot_be_got_is_named)
{
	augment_kit_fault(&kit, DEVPKI_TARGET_CRL, DEVPKI_FAULT_HTTP_500);
	augment_kit_fault(&kit, DEVPKI_TARGET_OCSP, DEVPKI_FAULT_HTTP_503);
	struct augmented a = augment(plain(), LEVEL_LTA);
	expect_missing(&a, "status of CN=", "http://127.0.0.1");
	cr_assert_eq(a.tokens, 0);
	cr_assert_gt(a.retry_ms, kit.now_ms);
	augmented_clear(&a);
}

Test(augment_pades, stranger_has_no_chain)
{
	const struct pades_kit_sign s = { .cert = cades_kit_key(FIX_KEY_P256, 5),
					  .time_ms = kit.now_ms };
	struct augmented a =
	    augment(pades_kit_sign(pades_kit_blank(NULL), &s), LEVEL_LTA);
	expect_missing(&a, "NO_CERTIFICATE_CHAIN_FOUND", "");
	cr_assert_eq(a.tokens, 0);
	augmented_clear(&a);
}

/* References that only a whole reader sees: a comment stands in them. Its own update
 * may not change what is signed, also where the signature has not passed anyway. */
Test(augment_pades, update_that_would_change_the_page_is_not_made)
{
	const struct pades_kit_sign s = { .cert = cades_kit_key(FIX_KEY_P256, 5),
					  .time_ms = kit.now_ms };
	char more[2000] = "/X [ ";
	size_t n = strlen(more);
	for (unsigned i = PADES_KIT_FIRST_FREE; i < 100; i++)
		n += (size_t)snprintf(more + n, sizeof(more) - n, "%u %%\n0 R ", i);
	snprintf(more + n, sizeof(more) - n, "] ");
	const struct view file =
	    pades_kit_blank(&(struct pades_kit_pdf){ .page_more = more });
	struct augmented a = augment(pades_kit_sign(file, &s), LEVEL_T);
	cr_expect_eq(a.outcome, AUGMENT_UNSUPPORTED, "%s: %s",
		     augment_outcome_name(a.outcome), a.text);
	cr_expect_eq(a.out.n, 0);
	cr_expect_not_null(strstr(a.text, "would change what is signed"), "%s", a.text);
	cr_expect_eq(a.retry_ms, INT64_MIN);
	augmented_clear(&a);
}

Test(augment_pades, revoked_before_any_stamp_is_not_raised)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct view file = plain();
	struct devpki *p = pki_server_enter(kit.server);
	const struct devpki_cert *c = devpki_find_text(p, view_text("signer"));
	cr_assert_eq(devpki_revoke(p, c->serial, devpki_now_ms(p),
				   DEVPKI_REASON_SUPERSEDED, &err),
		     0);
	pki_server_leave(kit.server);
	augment_kit_pass(&kit, 60000);
	struct augmented a = augment(file, LEVEL_T);
	expect_missing(&a, "REVOKED_NO_POE", "");
	cr_assert_eq(a.tokens, 0);
	augmented_clear(&a);
}

Test(augment_pades, no_tsa_is_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct augmented a = { 0 };
	struct augment_input in = augment_kit_input(&kit, LEVEL_LTA);
	in.file = plain();
	in.tsa = NULL;
	cr_assert_eq(augment_pades(&in, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(augment_pades, tsa_that_fails_is_remote)
{
	augment_kit_fault(&kit, DEVPKI_TARGET_TSA, DEVPKI_FAULT_HTTP_500);
	cr_assert_eq(refused(plain(), LEVEL_LTA), LTPS_REMOTE);
}

/* ---- made ---- */

static size_t count_stamps(const struct pades *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n_signatures; i++)
		n += p->signatures[i].is_stamp;
	return n;
}

/* Each object once, and everything in a VRI is in the DSS as well. */
static void expect_store(const struct pades *p)
{
	const struct pades_dss *d = &p->dss;
	cr_assert(d->present);
	cr_assert_gt(d->n_certs, 0);
	cr_assert_gt(d->n_crls + d->n_ocsps, 0);
	for (size_t i = 0; i < d->n_certs; i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_not(view_equal(d->certs[i].der, d->certs[k].der));
	for (size_t i = 0; i < d->n_crls; i++)
		for (size_t k = 0; k < i; k++)
			cr_assert_not(view_equal(d->crls[i].der, d->crls[k].der));
	for (size_t i = 0; i < d->n_vris; i++) {
		const struct pades_vri *v = &d->vris[i];
		cr_assert_geq(v->signature, 0);
		cr_assert_gt(v->n_crls + v->n_ocsps, 0);
		for (size_t k = 0; k < v->n_certs; k++) {
			size_t n = 0;
			while (n < d->n_certs &&
			       d->certs[n].ref.number != v->certs[k].ref.number)
				n++;
			cr_assert_lt(n, d->n_certs);
		}
	}
}

static bool has_vri(const struct pades *p, size_t signature)
{
	for (size_t i = 0; i < p->dss.n_vris; i++)
		if (view_is_text(p->dss.vris[i].key, p->signatures[signature].vri_key))
			return true;
	return false;
}

static void expect_clean(const struct pades *p)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		cr_assert_str_eq(p->signatures[i].defect, "", "%s",
				 p->signatures[i].defect);
	for (size_t i = 0; i < p->file->n_findings; i++)
		cr_assert_neq(p->file->findings[i].kind, PDF_SUSPICIOUS, "%s",
			      p->file->findings[i].text);
}

static void expect_passed(const struct augmented *a, enum signature_level level)
{
	const struct report *r = a->judged.report;
	cr_assert_eq(a->outcome, AUGMENT_DONE, "%s: %s",
		     augment_outcome_name(a->outcome), a->text);
	cr_assert_gt(r->n_signatures, 0);
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *s = &r->signatures[i];
		cr_assert_eq(s->conclusion.indication, INDICATION_PASSED, "%s: %s",
			     subindication_name(s->conclusion.sub), s->conclusion.text);
		cr_assert_eq(s->level, level, "%s: %s", signature_level_name(s->level),
			     s->signature->why_not);
	}
}

struct wanted {
	size_t updates, stamps;
	bool store;
};

static void expect_structure(struct view before, const struct augmented *a,
			     const struct wanted *w)
{
	const struct view after = view_buf(&a->out);
	cr_assert_eq(a->outcome, AUGMENT_DONE, "%s: %s",
		     augment_outcome_name(a->outcome), a->text);
	cr_assert_gt(after.n, before.n);
	cr_assert(view_starts(after, before));
	struct pades *x = reading(before), *y = reading(after);
	cr_assert_eq(y->file->n_revisions, x->file->n_revisions + w->updates);
	cr_assert_eq(count_stamps(y), count_stamps(x) + w->stamps);
	cr_assert_eq(a->tokens, w->stamps);
	if (w->store)
		expect_store(y);
	else
		cr_assert_eq(y->dss.present, x->dss.present);
	expect_clean(y);
	pades_free(y);
	pades_free(x);
}

/* From a signature alone: a time-stamp; a DSS with what is known by then; another
 * time-stamp; and after two days what is known of that one, and one more. */
static void expect_steps(struct view file)
{
	struct augmented t = augment(file, LEVEL_T);
	expect_structure(file, &t, &(struct wanted){ 1, 1, false });
	expect_passed(&t, LEVEL_T);
	struct augmented lt = augment(view_buf(&t.out), LEVEL_LT);
	expect_structure(view_buf(&t.out), &lt, &(struct wanted){ 1, 0, true });
	expect_passed(&lt, LEVEL_LT);
	struct augmented lta = augment(view_buf(&lt.out), LEVEL_LTA);
	cr_assert_eq(lta.outcome, AUGMENT_DONE, "%s", lta.text);
	expect_structure(view_buf(&lt.out), &lta, &(struct wanted){ 1, 1, true });
	expect_passed(&lta, LEVEL_LTA);
	augment_kit_pass(&kit, 2 * KIT_DAY_MS);
	struct augmented more = augment(view_buf(&lta.out), LEVEL_LTA);
	expect_structure(view_buf(&lta.out), &more, &(struct wanted){ 2, 1, true });
	expect_passed(&more, LEVEL_LTA);
	struct pades *p = reading(view_buf(&more.out));
	for (size_t i = 0; i + 1 < p->n_signatures; i++)
		cr_assert(has_vri(p, i), "%zu", i);
	cr_assert_not(has_vri(p, p->n_signatures - 1));
	pades_free(p);
	augmented_clear(&more);
	augmented_clear(&lta);
	augmented_clear(&lt);
	augmented_clear(&t);
}

static struct view in_style(enum pades_kit_style style)
{
	return sign(pades_kit_blank(&(struct pades_kit_pdf){ .style = style }));
}

Test(augment_pades, table_goes_all_the_way)
{
	expect_steps(in_style(PADES_KIT_TABLE));
}

Test(augment_pades, stream_goes_all_the_way)
{
	expect_steps(in_style(PADES_KIT_STREAM));
}

Test(augment_pades, linearised_goes_all_the_way)
{
	expect_steps(in_style(PADES_KIT_LINEARISED));
}

Test(augment_pades, rsa_signature_goes_all_the_way)
{
	const struct pades_kit_sign s = { 0 };
	expect_steps(sign_with(pades_kit_blank(NULL), &s, DEVPKI_KEY_RSA2048));
}

Test(augment_pades, all_signatures_go_all_the_way)
{
	const struct pades_kit_sign s = { .field = "other" };
	const struct view one = plain();
	augment_kit_pass(&kit, 1000);
	expect_steps(sign_with(one, &s, DEVPKI_KEY_P256));
}

Test(augment_pades, at_once_is_three_updates)
{
	const struct view file = plain();
	struct augmented a = augment(file, LEVEL_LTA);
	expect_structure(file, &a, &(struct wanted){ 3, 2, true });
	expect_passed(&a, LEVEL_LTA);
	augmented_clear(&a);
}

/* ---- what is there already ---- */

Test(augment_pades, what_has_its_level_is_left_alone)
{
	struct augmented t = augment(plain(), LEVEL_T);
	struct augmented again = augment(view_buf(&t.out), LEVEL_T);
	cr_assert_eq(again.outcome, AUGMENT_DONE, "%s", again.text);
	cr_assert_eq(again.tokens, 0);
	cr_assert(view_equal(view_buf(&t.out), view_buf(&again.out)));
	augmented_clear(&again);
	augmented_clear(&t);
}

Test(augment_pades, level_b_is_judged_and_nothing_more)
{
	const struct view file = plain();
	struct augmented b = augment(file, LEVEL_B);
	expect_passed(&b, LEVEL_B);
	cr_assert(view_equal(view_buf(&b.out), file));
	augmented_clear(&b);
}

static struct view stamped_inside(void)
{
	const struct fix_cert tsa = augment_kit_tsa(&kit);
	const struct cades_kit_stamp stamp = { .kind = CADES_STAMP_SIGNATURE,
					       .tsa = &tsa,
					       .gen_ms = kit.now_ms + 1000 };
	const struct view file =
	    sign_with(pades_kit_blank(NULL),
		      &(struct pades_kit_sign){ .stamp = &stamp }, DEVPKI_KEY_P256);
	augment_kit_pass(&kit, 60000);
	return file;
}

Test(augment_pades, time_stamp_in_the_signature_is_enough_for_t)
{
	const struct view file = stamped_inside();
	struct augmented t = augment(file, LEVEL_T);
	expect_passed(&t, LEVEL_T);
	cr_assert_eq(t.tokens, 0);
	cr_assert_eq(t.out.n, file.n);
	augmented_clear(&t);
	struct augmented lta = augment(file, LEVEL_LTA);
	expect_structure(file, &lta, &(struct wanted){ 2, 1, true });
	expect_passed(&lta, LEVEL_LTA);
	augmented_clear(&lta);
}

/* What it says of the first signature it says of that alone. */
Test(augment_pades, signature_behind_the_time_stamp_gets_its_own)
{
	struct augmented t = augment(plain(), LEVEL_T);
	struct augmented b = { 0 };
	const struct view first = view_buf(&t.out);
	cr_assert_eq(t.outcome, AUGMENT_DONE, "%s", t.text);
	const struct view two = sign(stamped_inside());
	augment_kit_pass(&kit, 1000);
	b = augment(two, LEVEL_T);
	cr_assert_eq(b.tokens, 1, "%s", b.text);
	expect_structure(two, &b, &(struct wanted){ 1, 1, false });
	cr_assert_gt(first.n, 0);
	augmented_clear(&b);
	augmented_clear(&t);
}

static size_t written(const struct pades *p, uint32_t number, size_t from)
{
	size_t n = 0;
	for (size_t i = from; i < p->file->n_revisions; i++)
		n += pdf_file_find(p->file, i, number)->revision == i;
	return n;
}

/* PDF/A: neither the claim nor what describes the document is touched. */
Test(augment_pades, metadata_and_pages_stay_as_they_are)
{
	const struct view file = sign(
	    pades_kit_blank(&(struct pades_kit_pdf){ .pdfa = true, .version = "1.7" }));
	struct augmented a = augment(file, LEVEL_LTA);
	struct pades *before = reading(file), *p = reading(view_buf(&a.out));
	cr_assert_eq(a.outcome, AUGMENT_DONE, "%s", a.text);
	cr_assert_str_eq(p->pdfa, "2");
	cr_assert_eq(p->pdfa_conformance, before->pdfa_conformance);
	const size_t from = before->file->n_revisions;
	cr_assert_eq(written(p, PADES_KIT_METADATA, from), 0);
	cr_assert_eq(written(p, PADES_KIT_INFO, from), 0);
	cr_assert_eq(written(p, PADES_KIT_CONTENTS, from), 0);
	cr_assert_eq(written(p, PADES_KIT_PAGES, from), 0);
	cr_assert_null(p->file->encrypt);
	pades_free(p);
	pades_free(before);
	augmented_clear(&a);
}

Test(augment_pades, certification_that_allows_nothing_is_told)
{
	const struct pades_kit_sign s = { .docmdp = 1 };
	const struct view file = sign_with(pades_kit_blank(NULL), &s, DEVPKI_KEY_P256);
	struct augmented a = augment(file, LEVEL_LTA);
	expect_structure(file, &a, &(struct wanted){ 3, 2, true });
	expect_passed(&a, LEVEL_LTA);
	cr_assert_not_null(strstr(a.text, "certification"), "%s", a.text);
	augmented_clear(&a);
}

Test(augment_pades, certification_that_allows_signing_needs_no_warning)
{
	const struct pades_kit_sign s = { .docmdp = 2 };
	struct augmented a =
	    augment(sign_with(pades_kit_blank(NULL), &s, DEVPKI_KEY_P256), LEVEL_LTA);
	expect_passed(&a, LEVEL_LTA);
	cr_assert_str_empty(a.text);
	augmented_clear(&a);
}

/* ---- the room of a token ---- */

/* How much a token needs shows when it is there: another one over other octets then. */
Test(augment_pades, token_larger_than_the_room_is_asked_for_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct augment_input in = augment_kit_input(&kit, LEVEL_T);
	struct augmented out = { 0 };
	struct augmenting a = { .in = &in, .out = &out, .room = 100 };
	const struct view file = plain();
	struct buf whole = buf_make((size_t)1 << 20);
	cr_assert_eq(material_new(&out.kept, &err), 0);
	cr_assert_eq(buf_put(&whole, file, &err), 0);
	struct pades *p = reading(file);
	cr_assert_eq(augment_pades_stamp(&a, p, &whole, &err), 0, "%s", err.text);
	cr_assert_eq(out.tokens, 2);
	pades_free(p);
	p = reading(view_buf(&whole));
	expect_clean(p);
	const struct pades_signature *s = &p->signatures[p->n_signatures - 1];
	cr_assert(s->is_stamp);
	cr_assert_eq(s->coverage, PADES_COVERS_FILE);
	cr_assert_gt(a.room, s->cms.n);
	cr_assert_lt(s->contents.n, s->cms.n + 2048);
	pades_free(p);
	buf_free(&whole);
	augmented_clear(&out);
}
