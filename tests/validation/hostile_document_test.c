/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files made to prove too much: time-stamps over octets that anybody may have had, with
 * statements put around them afterwards; and files made to cost too much.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cades_kit.h"
#include "tests/support/cms_make.h"
#include "tests/support/test_time.h"
#include "validation/document.h"

#define KEY_COMPROMISE 1

static struct cades_kit_scene s;
static struct cades_judge j;
static struct document *d;

static void set_up(void)
{
	s = cades_kit_scene(NULL);
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	document_free(d);
	cades_kit_scene_free(&s);
}

TestSuite(hostile_document, .init = set_up, .fini = tear_down);

static void read_file(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	document_free(d);
	d = NULL;
	cr_assert_eq(document_read(file, NULL, &d, &err), 0, "%s", err.text);
}

/* ---- a value that nobody made ---- */

/*
 * Whoever once had any octets stamped makes a SignerInfo around them later: its value
 * is old, what it says is new.
 */
static struct view old_value_countersigns(struct view file)
{
	struct cades_kit_stamp old = { .tsa = s.tsa, .gen_ms = KIT_DAY(1) };
	struct cades_kit_signer counter = {
		.cert = s.ocsp, .broken = true, .stamps = &old, .n_stamps = 1
	};
	return cades_kit_countersign(file, 0, &counter);
}

Test(hostile_document,
     signer_revoked_before_when_an_old_value_countersigns_expect_no_poe)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(2),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material old = cades_kit_status(&s, KIT_DAY(1));
	struct view file = cades_kit_add(cades_kit_plain(s.signer), &old);
	file = cades_kit_stamp(
	    old_value_countersigns(file),
	    &(struct cades_kit_stamp){
		.kind = CADES_STAMP_ARCHIVE_V3, .tsa = s.tsa, .gen_ms = KIT_DAY(3) });
	cades_judge_init(&j, &s, file, KIT_DAY(51));
	j.outside.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(50), NULL);
	j.outside.crls[1] = cades_kit_crl(s.root, KIT_DAY(50), NULL);
	j.outside.crls[2] = cades_kit_crl(s.ca, KIT_DAY(50), &entry);
	cades_judge_expect(&j, SUB_REVOKED_NO_POE);
}

/* The same with an archive time-stamp of the right time: the nearest neighbour. */
Test(hostile_document, signer_revoked_after_its_archive_stamp_expect_passed)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(4),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material old = cades_kit_status(&s, KIT_DAY(1));
	struct view file = cades_kit_add(cades_kit_plain(s.signer), &old);
	file = cades_kit_stamp(
	    old_value_countersigns(file),
	    &(struct cades_kit_stamp){
		.kind = CADES_STAMP_ARCHIVE_V3, .tsa = s.tsa, .gen_ms = KIT_DAY(3) });
	cades_judge_init(&j, &s, file, KIT_DAY(51));
	j.outside.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(50), NULL);
	j.outside.crls[1] = cades_kit_crl(s.root, KIT_DAY(50), NULL);
	j.outside.crls[2] = cades_kit_crl(s.ca, KIT_DAY(50), &entry);
	cades_judge_expect(&j, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(3));
}

/* ---- products ---- */

#define CROWD 60

/* A reference by SHA-1 to this response, as often as an attribute may hold one. */
static struct view many_references(struct view ocsp)
{
	struct digest h = cades_kit_hash(DIGEST_SHA1, cades_kit_basic(ocsp));
	struct buf all = buf_make((size_t)1 << 20), time = buf_make(32);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(der_put_time(&time, KIT_DAY(1), &err), 0);
	struct view id = make_el(DER_SEQUENCE, make_int(1), view_buf(&time));
	struct view ref =
	    make_el(DER_SEQUENCE, id, make_el(ASN1_TAG_OCTET_STRING, digest_view(&h)));
	for (size_t i = 0; i < CADES_REFS_MAX; i++)
		cr_assert_eq(buf_put(&all, ref, &err), 0);
	struct view list = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, view_buf(&all)));
	buf_free(&time);
	buf_free(&all);
	return make_attr(
	    OID_REVOCATION_REFS,
	    make_el(DER_SEQUENCE,
		    make_el(DER_SEQUENCE, make_el(DER_ID(ASN1_CONTEXT, 1, 1), list))));
}

Test(hostile_document, references_to_a_crowded_response_when_many_expect_a_note)
{
	const struct fix_cert *crowd[CROWD];
	for (size_t i = 0; i < CROWD; i++)
		crowd[i] = s.tsa2;
	struct view ocsp =
	    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
						       .issuer = s.ca,
						       .responder = s.ocsp,
						       .crowd = crowd,
						       .n_crowd = CROWD,
						       .this_ms = KIT_DAY(1) });
	struct view refs = many_references(ocsp);
	struct cades_kit_signer signers[3] = { 0 };
	for (size_t i = 0; i < 3; i++) {
		signers[i].cert = i == 0 ? s.signer : i == 1 ? s.ocsp : s.tsa;
		signers[i].more_unsigned[0] = refs;
	}
	for (size_t n = 1; n <= 3; n += 2) {
		read_file(cades_kit_make(
		    &(struct cades_kit_make){ .material = { .ocsps = { ocsp } },
					      .signers = signers,
					      .n_signers = n }));
		bool told = false;
		for (size_t i = 0; i < d->n_notes; i++)
			told = told || strstr(d->notes[i], "too many") != NULL;
		cr_assert_eq(told, n == 3);
	}
}

/* ---- memory that fails ---- */

/* Something of every kind that a reader looks into. */
static struct view crowded_file(void)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct cades_kit_stamp o = { .tsa = s.tsa2, .gen_ms = FIX_T0_MS };
	struct cades_kit_signer signer = { .cert = s.signer,
					   .policy = "1.2.3.4",
					   .policy_document = view_text("policy"),
					   .policy_uri = "http://policy.example/",
					   .policy_store = true,
					   .commitment = "1.2.3",
					   .mime_type = "text/plain",
					   .content_hints = "a text",
					   .content_stamps = &o,
					   .n_content_stamps = 1 };
	struct view file = cades_kit_make(&(struct cades_kit_make){
	    .ber = true, .signers = &signer, .n_signers = 1 });
	m.ocsps[0] =
	    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
						       .issuer = s.ca,
						       .responder = s.ocsp,
						       .this_ms = KIT_DAY(1) });
	file = old_value_countersigns(file);
	file = cades_kit_stamp(file,
			       &(struct cades_kit_stamp){ .kind = CADES_STAMP_SIGNATURE,
							  .tsa = s.tsa,
							  .gen_ms = KIT_DAY(1) });
	file = cades_kit_add(file, &m);
	file = cades_kit_refs(file, 0, &m, DIGEST_SHA1);
	file = cades_kit_values(file, 0, &m);
	static const enum cades_stamp_kind kinds[] = { CADES_STAMP_C, CADES_STAMP_REFS,
						       CADES_STAMP_ARCHIVE_V2,
						       CADES_STAMP_ARCHIVE_V3 };
	for (size_t i = 0; i < 4; i++)
		file = cades_kit_stamp(
		    file, &(struct cades_kit_stamp){ .kind = kinds[i],
						     .tsa = s.tsa,
						     .gen_ms = KIT_DAY(3 + (int)i) });
	return cades_kit_record(
	    file, &(struct cades_kit_record){ .tsa = s.tsa2, .gen_ms = KIT_DAY(9) });
}

static bool same_document(const struct document *a, const struct document *b)
{
	bool same = a->n_signatures == b->n_signatures && a->n_stamps == b->n_stamps &&
		    a->n_records == b->n_records && a->n_notes == b->n_notes &&
		    a->n_all_covers == b->n_all_covers;
	for (size_t i = 0; same && i < a->n_signatures; i++)
		same = strcmp(a->signatures[i].defect, b->signatures[i].defect) == 0 &&
		       a->signatures[i].n_octets == b->signatures[i].n_octets &&
		       a->signatures[i].structure == b->signatures[i].structure;
	for (size_t i = 0; same && i < a->n_stamps; i++)
		same = a->stamps[i].imprint == b->stamps[i].imprint &&
		       a->stamps[i].index == b->stamps[i].index &&
		       a->stamps[i].reading == b->stamps[i].reading &&
		       strcmp(a->stamps[i].defect, b->stamps[i].defect) == 0;
	return same;
}

Test(hostile_document, failing_allocations_are_told_and_change_nothing,
     .timeout = TEST_SECONDS_MAX)
{
	struct view file = crowded_file();
	read_file(file);
	cr_assert_eq(d->n_stamps, 7);
	cr_assert_eq(d->n_notes, 0, "%s", d->notes[0]);
	for (uint64_t n = 1;; n += 1 + n / 48) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct document *other = NULL;
		mem_fail_nth(n);
		int rc = document_read(file, NULL, &other, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc == 0, other != NULL);
		if (rc == 0)
			cr_assert(same_document(d, other), "allocation %d", (int)n);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "allocation %d: %s", (int)n, err.text);
		document_free(other);
		if (!hit)
			break;
	}
}
