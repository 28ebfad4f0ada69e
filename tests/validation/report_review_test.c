/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports that say more than was found, or less: proofs of whom, revocations of whom,
 * checks that were switched off, names that deceive a reader, references to nothing.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/report_scene.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NOW REPORT_SCENE_NOW
#define DAY REPORT_SCENE_DAY

/* ---- references ---- */

static bool has_id(const struct buf *b, const char *id, size_t n)
{
	char wanted[200];
	snprintf(wanted, sizeof(wanted), " id=\"%.*s\"", (int)n, id);
	return text_has(b, wanted);
}

/* Every token of every VOReference is an id of the document. */
static void assert_references_hold(const struct buf *b)
{
	static const char start[] = " VOReference=\"";
	const char *p = (const char *)b->p, *end = p + b->n;
	size_t seen = 0;
	while ((p = memmem(p, (size_t)(end - p), start, strlen(start))) != NULL) {
		p += strlen(start);
		while (*p != '"') {
			const size_t n = strcspn(p, " \"");
			cr_assert_gt(n, 0);
			cr_assert(has_id(b, p, n), "%.*s", (int)n, p);
			p += n + (p[n] == ' ');
			seen++;
		}
	}
	cr_assert_gt(seen, 0);
}

Test(report_review, references_lead_to_objects_for_every_outcome)
{
	for (int sub = 1; sub < SUB_COUNT; sub++) {
		struct report_scene *s = report_scene_new();
		struct conclusion c = report_scene_outcome((enum subindication)sub);
		c.time_ms = NOW - DAY;
		c.has_object = true; /* of an object that nothing else speaks of */
		report_scene_mark(c.object, 0xdd);
		s->report_signatures[SIGNED].conclusion = c;
		s->report_stamps[STAMP_SIG].conclusion = c;
		s->report_record.conclusion = c;
		s->report.n_stamps = STAMPS;
		struct buf b = report_scene_write(s, REPORT_XML);
		assert_references_hold(&b);
		cr_assert(!text_has(&b, "dddddddd"));
		buf_free(&b);
		report_scene_free(s);
	}
}

Test(report_review, a_signed_certificate_is_told_apart_from_that_of_the_signer)
{
	struct report_scene *s = report_scene_new();
	memcpy(s->signatures[SIGNED].content_sha256, s->certs[ALICE].sha256, 32);
	struct buf b = report_scene_write(s, REPORT_XML);
	assert_references_hold(&b);
	cr_assert(text_has(&b, "<vr:SignerCertificate VOReference=\"C-1010"));
	cr_assert(text_has(&b, "<vr:ValidationObject id=\"D-1010"));
	buf_free(&b);
	report_scene_free(s);
}

Test(report_review, the_same_token_twice_is_two_objects)
{
	struct report_scene *s = report_scene_new();
	memcpy(s->stamps[STAMP_ATS].sha256, s->stamps[STAMP_SIG].sha256, 32);
	snprintf(s->stamps[STAMP_ATS].id, DOCUMENT_ID_MAX, "%.20s-2",
		 s->stamps[STAMP_SIG].id);
	struct buf b = report_scene_write(s, REPORT_XML);
	assert_references_hold(&b);
	cr_assert_eq(text_times(&b, "<vr:ValidationObject id=\"T-"), 2);
	buf_free(&b);
	report_scene_free(s);
}

/* ---- proofs of existence ---- */

Test(report_review, proofs_of_the_file_are_not_called_provided)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report_scene *s = report_scene_new();
	cr_assert_eq(poe_add_by(s->report.poes, s->stamps[STAMP_SIG].sha256,
				NOW - 98 * DAY, s->stamps[STAMP_ATS].id, &err),
		     0);
	s->report_stamps[STAMP_ATS].poe_ms = NOW;
	struct buf b = report_scene_write(s, REPORT_XML);
	/* Alice's certificate alone: report_scene_new() brings a proof of it. */
	cr_assert_eq(text_times(&b, "poetype:provided"), 1);
	cr_assert(text_has(&b, "<vr:POEObject VOReference=\"T-0000000000000002\">"));
	assert_references_hold(&b);
	buf_free(&b);
	report_scene_free(s);
}

Test(report_review, a_proof_that_was_brought_is_called_provided)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report_scene *s = report_scene_new();
	cr_assert_eq(poe_add(s->report.poes, s->certs[CA].sha256, NOW - 98 * DAY, &err),
		     0);
	struct buf b = report_scene_write(s, REPORT_XML);
	cr_assert(text_has(&b, "<vr:POETime>2026-02-23T00:00:00Z</vr:POETime>"
			       "<vr:TypeOfProof>urn:etsi:019102:poetype:provided<"));
	buf_free(&b);
	report_scene_free(s);
}

/* ---- revocation ---- */

Test(report_review, a_revoked_authority_is_named_not_the_signer)
{
	struct report_scene *s = report_scene_new();
	struct conclusion c = report_scene_outcome(SUB_REVOKED_CA_NO_POE);
	struct path_cert_revocation none[2] = { 0 };
	c.time_ms = NOW - 10 * DAY;
	s->revocation[1].status = PATH_STATUS_REVOKED;
	/* The past was looked at too, and says nothing about it. */
	struct cert_validation_result *past = mem_zalloc(1, sizeof(*past));
	*past = *s->chain;
	past->chain.revocation = none;
	s->report_signatures[SIGNED].past = past;
	s->report_signatures[SIGNED].conclusion = c;
	struct buf b = report_scene_write(s, REPORT_XML);
	cr_assert(text_has(&b, "<vr:RevocationStatusInformation>"
			       "<vr:ValidationObjectId VOReference=\"C-1111"));
	cr_assert(text_has(&b, "<vr:RevocationObject VOReference=\"R-2020"));
	buf_free(&b);
	/* Where no chain says which one, nobody is accused. */
	s->revocation[1].status = PATH_STATUS_GOOD;
	b = report_scene_write(s, REPORT_XML);
	cr_assert(!text_has(&b, "<vr:RevocationStatusInformation>"));
	buf_free(&b);
	mem_free(past);
	report_scene_free(s);
}

Test(report_review, on_hold_is_not_called_revoked)
{
	struct report_scene *s = report_scene_new();
	struct conclusion c = report_scene_outcome(SUB_TRY_LATER);
	c.time_ms = NOW - 10 * DAY;
	c.reason = 6;
	s->report_signatures[SIGNED].conclusion = c;
	struct buf b = report_scene_write(s, REPORT_TEXT);
	cr_assert(text_has(&b, "  on hold since: 2026-05-22T00:00:00Z"));
	cr_assert(!text_has(&b, "revoked:"));
	buf_free(&b);
	report_scene_free(s);
}

/* ---- checks that were switched off ---- */

Test(report_review, a_check_that_was_never_reached_is_listed_when_switched_off)
{
	struct report_scene *s = report_scene_new();
	s->policy.rules[CONTEXT_SIGNATURE][CONSTRAINT_REVOCATION].level =
	    CONSTRAINT_IGNORE;
	s->policy.rules[CONTEXT_TIME_STAMP][CONSTRAINT_REVOCATION].level =
	    CONSTRAINT_IGNORE;
	/* By default not asked for: nothing is switched off. */
	s->policy.rules[CONTEXT_SIGNATURE][CONSTRAINT_CONTENT_HINTS].level =
	    CONSTRAINT_IGNORE;
	struct buf b = report_scene_write(s, REPORT_TEXT);
	cr_assert(text_has(&b,
			   "switched off by the policy: revocation (signature)\n"
			   "switched off by the policy: revocation (time-stamp)\n"));
	cr_assert(!text_has(&b, "content-hints"));
	buf_free(&b);
	b = report_scene_write(s, REPORT_JSON);
	cr_assert(text_has(&b, "\"switched_off\":[{\"name\":\"revocation\",\"context\":"
			       "\"signature\"},{\"name\":\"revocation\",\"context\":"
			       "\"time-stamp\"}]"));
	buf_free(&b);
	b = report_scene_write(s, REPORT_XML);
	/* In two signatures and two time-stamps; the countersignature has its own. */
	cr_assert_eq(text_times(&b, "<vr:ValidationConstraintIdentifier>"
				    "urn:ltps:constraint:revocation<"),
		     4);
	cr_assert_eq(text_times(&b, "constraintStatus:disabled"), 4 + 1);
	buf_free(&b);
	report_scene_free(s);
}

Test(report_review, nothing_switched_off_is_said_so)
{
	struct report_scene *s = report_scene_new();
	struct buf b = report_scene_write(s, REPORT_TEXT);
	cr_assert(!text_has(&b, "switched off by"));
	buf_free(&b);
	b = report_scene_write(s, REPORT_JSON);
	cr_assert(text_has(&b, "\"switched_off\":[]"));
	buf_free(&b);
	report_scene_free(s);
}

/* ---- the text ---- */

Test(report_review, a_time_stamp_alone_has_its_details_in_the_text)
{
	struct report_scene *s = report_scene_new();
	s->report.n_signatures = s->report.n_records = 0;
	s->report.stamps += STAMP_FILE;
	s->report.n_stamps = 1;
	s->report.stamps[0].constraints = s->constraints;
	s->report.stamps[0].n_constraints = COUNT(s->constraints);
	struct buf b = report_scene_write(s, REPORT_TEXT);
	cr_assert(text_has(&b, "Details\n"));
	cr_assert(text_has(&b, "CN=Root (trust anchor)"));
	cr_assert(text_has(&b, "WARN: key-usage does not hold: keyEncipherment"));
	buf_free(&b);
	report_scene_free(s);
}

Test(report_review, texts_that_turn_the_direction_of_reading_are_harmless)
{
	static const char *const marks[] = {
		"\xe2\x80\xae", "\xe2\x80\x8f", "\xe2\x81\xa6", "\xe2\x80\xa8",
		"\xd8\x9c",     "\xe2\x80\x8b", "\xef\xbb\xbf",
	};
	for (size_t i = 0; i < COUNT(marks); i++) {
		struct report_scene *s = report_scene_new();
		snprintf(s->findings[0].text, sizeof(s->findings[0].text),
			 "A%sB \xc3\xa4", marks[i]);
		struct buf b = report_scene_write(s, REPORT_TEXT);
		cr_assert(!text_has(&b, marks[i]), "%zu", i);
		cr_assert(text_has(&b, ": A?"), "%zu", i);
		cr_assert(text_has(&b, "B \xc3\xa4"), "%zu", i);
		buf_free(&b);
		report_scene_free(s);
	}
}

Test(report_review, a_need_without_address_is_told_without_one)
{
	struct report_scene *s = report_scene_new();
	s->need.url = NULL;
	struct buf b = report_scene_write(s, REPORT_TEXT);
	cr_assert(!text_has(&b, "(null)"));
	buf_free(&b);
	report_scene_free(s);
}

/* ---- sizes ---- */

/* A text node beyond 10 000 000 octets is refused by common XML parsers. */
Test(report_review, what_no_parser_takes_is_given_by_its_digest)
{
	struct report_scene *s = report_scene_new();
	struct buf big = buf_make((size_t)8 << 20);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_reserve(&big, big.max, &err), 0);
	memset(big.p, 0, big.max);
	big.n = big.max;
	s->crl.der = view_buf(&big);
	struct buf b = report_scene_write(s, REPORT_XML);
	cr_assert_lt(b.n, 100000);
	cr_assert(text_has(&b, "<vr:base64>")); /* of the others */
	buf_free(&b);
	buf_free(&big);
	report_scene_free(s);
}
