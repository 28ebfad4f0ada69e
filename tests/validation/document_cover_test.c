/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What time-stamps and evidence records are proofs of, and what they are not: a proof
 * too many lets a forged object pass, one too few costs a good signature its life.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_kit.h"
#include "tests/support/cms_make.h"
#include "validation/document.h"

#define NOT_COVERED (-1)

static struct cades_kit_scene scene;
static struct document *d;

static void set_up(void)
{
	scene = cades_kit_scene(NULL);
}

static void tear_down(void)
{
	document_free(d);
	cades_kit_scene_free(&scene);
}

TestSuite(document_cover, .init = set_up, .fini = tear_down);

static void read_with(struct view file, struct content *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	document_free(d);
	d = NULL;
	cr_assert_eq(document_read(file, c, &d, &err), 0, "%s", err.text);
}

static void read_file(struct view file)
{
	read_with(file, NULL);
}

/* Through which digest the object is covered; NOT_COVERED. */
static int by(const struct document_cover *covers, size_t n, enum object_kind kind,
	      const uint8_t *sha256)
{
	for (size_t i = 0; i < n; i++) {
		if (covers[i].kind == kind && memcmp(covers[i].sha256, sha256, 32) == 0)
			return (int)covers[i].by;
	}
	return NOT_COVERED;
}

static int stamp_by(size_t stamp, enum object_kind kind, struct view octets)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, octets);
	const struct document_stamp *st = &d->stamps[stamp];
	cr_assert_eq(st->imprint, MATCH_YES, "%s: %s", st->name, st->defect);
	return by(st->covers, st->n_covers, kind, h.p);
}

static int record_by(size_t record, enum object_kind kind, struct view octets)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, octets);
	return by(d->records[record].covers, d->records[record].n_covers, kind, h.p);
}

static struct view content_text(void)
{
	return view_text(CADES_KIT_CONTENT);
}

static struct view stamp(struct view file, enum cades_stamp_kind kind, int day)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){
		      .kind = kind, .tsa = scene.tsa, .gen_ms = KIT_DAY(day) });
}

static struct view v3(struct view file, int day)
{
	return stamp(file, CADES_STAMP_ARCHIVE_V3, day);
}

/* Index of the n-th time-stamp with this name. */
static size_t nth(const char *name, size_t n)
{
	for (size_t i = 0; i < d->n_stamps; i++) {
		if (strcmp(d->stamps[i].name, name) == 0 && n-- == 0)
			return i;
	}
	cr_assert_fail("%s", name);
	return 0;
}

static size_t at_day(int day)
{
	for (size_t i = 0; i < d->n_stamps; i++) {
		if (d->stamps[i].tst->gen_time_ms == KIT_DAY(day))
			return i;
	}
	cr_assert_fail("day %d", day);
	return 0;
}

/* ---- content and signature ---- */

Test(document_cover, content_stamp_proves_the_content_alone)
{
	struct cades_kit_stamp o = { .tsa = scene.tsa, .gen_ms = FIX_T0_MS };
	struct cades_kit_signer s = { .cert = scene.signer,
				      .content_stamps = &o,
				      .n_content_stamps = 1 };
	read_file(
	    cades_kit_make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 }));
	cr_assert_eq(stamp_by(0, OBJECT_SIGNED_DATA, content_text()), DIGEST_NONE);
	cr_assert_eq(d->stamps[0].n_covers, 1);
}

/* One signer of each field, stamped on day 1. */
static void read_stamped(struct cades_kit_signer signer)
{
	signer.cert = scene.signer;
	read_file(stamp(
	    cades_kit_make(&(struct cades_kit_make){
		.material = { .certs = { scene.ca->der },
			      .crls = { cades_kit_crl(scene.ca, FIX_T0_MS, NULL) } },
		.signers = &signer,
		.n_signers = 1 }),
	    CADES_STAMP_SIGNATURE, 1));
}

Test(document_cover, signature_stamp_proves_what_the_signature_names)
{
	read_stamped((struct cades_kit_signer){ .digest = DIGEST_SHA512,
						.reference_digest = DIGEST_SHA384 });
	cr_assert_eq(stamp_by(0, OBJECT_SIGNATURE, d->signatures[0].value),
		     DIGEST_NONE);
	cr_assert_eq(stamp_by(0, OBJECT_SIGNED_DATA, content_text()), DIGEST_SHA512);
	cr_assert_eq(stamp_by(0, OBJECT_CERT, scene.signer->der), DIGEST_SHA384);
	cr_assert_eq(stamp_by(0, OBJECT_CERT, scene.ca->der), NOT_COVERED);
	cr_assert_eq(d->stamps[0].n_covers, 3);
}

Test(document_cover, signature_stamp_proves_by_the_weaker_digest)
{
	read_stamped((struct cades_kit_signer){ .digest = DIGEST_SHA256,
						.reference_digest = DIGEST_SHA512 });
	cr_assert_eq(stamp_by(0, OBJECT_CERT, scene.signer->der), DIGEST_SHA256);
}

/* Signed attributes may be put beside an old value later. */
Test(document_cover, signature_stamp_proves_nothing_that_the_value_does_not_sign)
{
	const struct cades_kit_signer signers[] = {
		{ .broken = true },
		{ .sign_with = scene.ca },
		{ .signing_certificate = CADES_KIT_WRONG },
		{ .signing_certificate = CADES_KIT_ABSENT },
	};
	for (size_t i = 0; i < sizeof(signers) / sizeof(signers[0]); i++) {
		read_stamped(signers[i]);
		cr_assert_eq(stamp_by(0, OBJECT_SIGNATURE, d->signatures[0].value),
			     DIGEST_NONE);
		cr_assert_eq(d->stamps[0].n_covers, 1, "%zu", i);
	}
}

Test(document_cover, signature_stamp_does_not_prove_content_that_was_exchanged)
{
	read_stamped((struct cades_kit_signer){ .message_digest = CADES_KIT_WRONG });
	cr_assert_eq(stamp_by(0, OBJECT_SIGNED_DATA, content_text()), NOT_COVERED);
	cr_assert_eq(stamp_by(0, OBJECT_CERT, scene.signer->der), DIGEST_SHA256);
}

Test(document_cover, archive_stamp_proves_what_the_signed_attributes_name)
{
	struct cades_kit_stamp o = { .tsa = scene.tsa2, .gen_ms = FIX_T0_MS };
	struct cades_kit_signer s = { .cert = scene.signer,
				      .digest = DIGEST_SHA512,
				      .reference_digest = DIGEST_SHA384,
				      .content_stamps = &o,
				      .n_content_stamps = 1 };
	struct view file = cades_kit_make(&(struct cades_kit_make){
	    .no_signer_certificates = true, .signers = &s, .n_signers = 1 });
	file = cades_kit_add(
	    file, &(struct cades_kit_material){ .certs = { scene.signer->der } });
	read_file(cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = scene.tsa,
					     .gen_ms = KIT_DAY(1),
					     .without_certs = true }));
	size_t k = at_day(1);
	cr_assert_eq(stamp_by(k, OBJECT_SIGNED_DATA, content_text()), DIGEST_SHA256);
	cr_assert_eq(stamp_by(k, OBJECT_CERT, scene.signer->der), DIGEST_SHA384);
	cr_assert_eq(stamp_by(k, OBJECT_STAMP, d->stamps[0].token), DIGEST_NONE);
	cr_assert_eq(stamp_by(k, OBJECT_CERT, scene.tsa2->der), DIGEST_NONE);
}

/* A digest of a certificate that is not in the file; only SHA-256 is its identity. */
Test(document_cover, certificate_outside_the_file_is_covered_by_its_sha256)
{
	static const struct {
		enum digest_alg alg;
		int by;
	} rows[] = { { DIGEST_SHA256, DIGEST_SHA256 }, { DIGEST_SHA384, NOT_COVERED } };
	for (size_t i = 0; i < 2; i++) {
		struct cades_kit_signer s = { .cert = scene.signer,
					      .reference_digest = rows[i].alg };
		read_file(stamp(cades_kit_make(&(struct cades_kit_make){
				    .no_signer_certificates = true,
				    .signers = &s,
				    .n_signers = 1 }),
				CADES_STAMP_ARCHIVE_V3, 1));
		cr_assert_eq(stamp_by(0, OBJECT_CERT, scene.signer->der), rows[i].by);
	}
}

Test(document_cover, signature_stamp_proves_content_stamps)
{
	struct cades_kit_stamp o = { .tsa = scene.tsa2, .gen_ms = FIX_T0_MS };
	struct cades_kit_signer s = { .cert = scene.signer,
				      .content_stamps = &o,
				      .n_content_stamps = 1 };
	read_file(stamp(
	    cades_kit_make(&(struct cades_kit_make){ .signers = &s, .n_signers = 1 }),
	    CADES_STAMP_SIGNATURE, 1));
	cr_assert_eq(stamp_by(1, OBJECT_STAMP, d->stamps[0].token), DIGEST_SHA256);
	cr_assert_eq(stamp_by(1, OBJECT_CERT, scene.tsa2->der), DIGEST_SHA256);
	cr_assert_eq(stamp_by(0, OBJECT_STAMP, d->stamps[1].token), NOT_COVERED);
}

Test(document_cover, stamp_of_one_signer_does_not_prove_another)
{
	struct cades_kit_signer s[2] = { { .cert = scene.signer },
					 { .cert = scene.ocsp } };
	read_file(
	    v3(cades_kit_make(&(struct cades_kit_make){ .signers = s, .n_signers = 2 }),
	       1));
	size_t own = (size_t)d->stamps[0].signature;
	cr_assert_eq(stamp_by(0, OBJECT_SIGNATURE, d->signatures[own].value),
		     DIGEST_NONE);
	cr_assert_eq(stamp_by(0, OBJECT_SIGNATURE, d->signatures[1 - own].value),
		     NOT_COVERED);
}

/* ---- archive-time-stamp-v3: what its index lists ---- */

static struct view ocsp_of_signer(void)
{
	return cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = scene.signer,
							  .issuer = scene.ca,
							  .responder = scene.ocsp,
							  .this_ms = KIT_DAY(2) });
}

Test(document_cover, v3_proves_what_its_index_lists)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(2), NULL);
	struct view ocsp = ocsp_of_signer();
	for (int basic = 0; basic < 2; basic++) {
		read_file(v3(cades_kit_add(cades_kit_typical(&scene, CADES_KIT_T),
					   &(struct cades_kit_material){
					       .certs = { scene.ca->der },
					       .crls = { crl },
					       .ocsps = { ocsp },
					       .basic = basic != 0 }),
			     3));
		size_t i = nth("archive-time-stamp-v3", 0);
		cr_assert_eq(stamp_by(i, OBJECT_SIGNATURE, d->signatures[0].value),
			     DIGEST_NONE);
		cr_assert_eq(stamp_by(i, OBJECT_SIGNED_DATA, content_text()),
			     DIGEST_SHA256);
		cr_assert_eq(stamp_by(i, OBJECT_CERT, scene.ca->der), DIGEST_NONE);
		cr_assert_eq(stamp_by(i, OBJECT_CRL, crl), DIGEST_NONE);
		cr_assert_eq(stamp_by(i, OBJECT_OCSP, ocsp), DIGEST_NONE);
		cr_assert_eq(stamp_by(i, OBJECT_STAMP, d->stamps[at_day(1)].token),
			     DIGEST_NONE);
		cr_assert_eq(stamp_by(i, OBJECT_CERT, scene.tsa->der), DIGEST_NONE);
		cr_assert_eq(stamp_by(i, OBJECT_STAMP, d->stamps[i].token),
			     NOT_COVERED);
	}
}

Test(document_cover, v3_does_not_prove_what_came_later)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(4), NULL);
	struct view file = v3(cades_kit_typical(&scene, CADES_KIT_T), 3);
	file = cades_kit_add(file, &(struct cades_kit_material){
				       .certs = { scene.ca->der }, .crls = { crl } });
	read_file(stamp(file, CADES_STAMP_SIGNATURE, 5));
	size_t i = nth("archive-time-stamp-v3", 0);
	cr_assert_eq(stamp_by(i, OBJECT_CERT, scene.ca->der), NOT_COVERED);
	cr_assert_eq(stamp_by(i, OBJECT_CRL, crl), NOT_COVERED);
	cr_assert_eq(stamp_by(i, OBJECT_STAMP, d->stamps[at_day(5)].token),
		     NOT_COVERED);
	cr_assert_eq(stamp_by(i, OBJECT_STAMP, d->stamps[at_day(1)].token),
		     DIGEST_NONE);
}

Test(document_cover, v3_does_not_prove_what_it_leaves_out)
{
	struct view file = cades_kit_typical(&scene, CADES_KIT_LT);
	struct view token;
	read_file(file);
	token = make_joined(d->stamps[0].token, VIEW_NULL);
	for (int i = 0; i < 3; i++) {
		struct cades_kit_stamp o = { .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = scene.tsa2,
					     .gen_ms = KIT_DAY(3),
					     .without_certs = i == 0,
					     .without_crls = i == 1,
					     .without_attrs = i == 2 };
		read_file(cades_kit_stamp(file, &o));
		size_t n = nth("archive-time-stamp-v3", 0);
		struct view crl = material_at(d->material, MATERIAL_CRL, 0);
		cr_assert_eq(stamp_by(n, OBJECT_CERT, scene.ca->der) != NOT_COVERED,
			     i != 0);
		cr_assert_eq(stamp_by(n, OBJECT_CRL, crl) != NOT_COVERED, i != 1);
		cr_assert_eq(stamp_by(n, OBJECT_STAMP, token) != NOT_COVERED, i != 2);
	}
}

Test(document_cover, v3_proves_the_one_before)
{
	read_file(v3(cades_kit_typical(&scene, CADES_KIT_LTA), 20));
	size_t first = at_day(3), second = at_day(20);
	cr_assert_eq(stamp_by(second, OBJECT_STAMP, d->stamps[first].token),
		     DIGEST_NONE);
	cr_assert_eq(stamp_by(first, OBJECT_STAMP, d->stamps[second].token),
		     NOT_COVERED);
}

/* Certificates that stand only inside a response: 5.6.2.3, closed under containment. */
Test(document_cover, v3_proves_the_responders_inside_its_responses)
{
	read_file(v3(cades_kit_add(
			 cades_kit_typical(&scene, CADES_KIT_T),
			 &(struct cades_kit_material){ .ocsps = { ocsp_of_signer() } }),
		     3));
	cr_assert_eq(stamp_by(at_day(3), OBJECT_CERT, scene.ocsp->der), DIGEST_NONE);
	cr_assert_eq(stamp_by(at_day(1), OBJECT_CERT, scene.ocsp->der), NOT_COVERED);
}

/* ---- archive-time-stamp-v2: all that is not younger ---- */

Test(document_cover, v2_proves_all_but_younger_archive_stamps)
{
	struct view file = cades_kit_typical(&scene, CADES_KIT_LT);
	file = stamp(file, CADES_STAMP_ARCHIVE_V2, 5);
	file = stamp(file, CADES_STAMP_ARCHIVE_V2, 9);
	read_file(v3(file, 12));
	size_t older = at_day(5), younger = at_day(9), last = at_day(12);
	cr_assert_eq(stamp_by(older, OBJECT_CERT, scene.ca->der), DIGEST_NONE);
	cr_assert_eq(stamp_by(older, OBJECT_SIGNED_DATA, content_text()), DIGEST_NONE);
	cr_assert_eq(stamp_by(older, OBJECT_STAMP, d->stamps[at_day(1)].token),
		     DIGEST_NONE);
	cr_assert_eq(stamp_by(older, OBJECT_STAMP, d->stamps[younger].token),
		     NOT_COVERED);
	cr_assert_eq(stamp_by(older, OBJECT_STAMP, d->stamps[older].token),
		     NOT_COVERED);
	cr_assert_eq(stamp_by(younger, OBJECT_STAMP, d->stamps[older].token),
		     DIGEST_NONE);
	cr_assert_eq(stamp_by(younger, OBJECT_STAMP, d->stamps[last].token),
		     NOT_COVERED);
	cr_assert_eq(stamp_by(last, OBJECT_STAMP, d->stamps[younger].token),
		     DIGEST_NONE);
}

/* ---- references and values ---- */

static struct cades_kit_material references(struct view crl, struct view ocsp)
{
	return (struct cades_kit_material){ .certs = { scene.ca->der },
					    .crls = { crl },
					    .ocsps = { ocsp } };
}

Test(document_cover, c_stamp_proves_references_and_signature_stamps)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(2), NULL);
	struct view ocsp = ocsp_of_signer();
	struct cades_kit_material m = references(crl, ocsp);
	struct view file = cades_kit_typical(&scene, CADES_KIT_T);
	file = cades_kit_refs(file, 0, &m, DIGEST_SHA256);
	file = cades_kit_values(file, 0, &m);
	file = stamp(file, CADES_STAMP_C, 4);
	read_file(stamp(file, CADES_STAMP_REFS, 5));
	size_t c = nth("CAdES-C-timestamp", 0), refs = at_day(5);
	for (size_t i = 0; i < 2; i++) {
		size_t k = i == 0 ? c : refs;
		cr_assert_eq(stamp_by(k, OBJECT_CERT, scene.ca->der), DIGEST_SHA256);
		cr_assert_eq(stamp_by(k, OBJECT_CRL, crl), DIGEST_SHA256);
		cr_assert_eq(stamp_by(k, OBJECT_OCSP, ocsp), DIGEST_SHA256);
		cr_assert_eq(stamp_by(k, OBJECT_SIGNATURE, d->signatures[0].value),
			     i == 0 ? DIGEST_NONE : NOT_COVERED);
		cr_assert_eq(stamp_by(k, OBJECT_STAMP, d->stamps[at_day(1)].token),
			     i == 0 ? DIGEST_NONE : NOT_COVERED);
	}
}

/* SHA-1 is no identity: it leads to what stands in the file. */
Test(document_cover, reference_by_sha1_needs_the_object)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(2), NULL);
	struct cades_kit_material m = { .certs = { scene.ca->der }, .crls = { crl } };
	struct view file = cades_kit_typical(&scene, CADES_KIT_T);
	file = cades_kit_refs(file, 0, &m, DIGEST_SHA1);
	file = stamp(file, CADES_STAMP_REFS, 5);
	read_file(file);
	size_t i = at_day(5);
	cr_assert_eq(stamp_by(i, OBJECT_CERT, scene.ca->der), NOT_COVERED);
	cr_assert_eq(stamp_by(i, OBJECT_CRL, crl), NOT_COVERED);
	read_file(cades_kit_add(file, &m));
	cr_assert_eq(stamp_by(i, OBJECT_CERT, scene.ca->der), DIGEST_SHA1);
	cr_assert_eq(stamp_by(i, OBJECT_CRL, crl), DIGEST_SHA1);
}

Test(document_cover, values_are_proven_where_they_stand)
{
	struct view crl = cades_kit_crl(scene.ca, KIT_DAY(2), NULL);
	struct view ocsp = ocsp_of_signer();
	struct cades_kit_material m = references(crl, ocsp);
	read_file(
	    v3(cades_kit_values(cades_kit_typical(&scene, CADES_KIT_T), 0, &m), 4));
	size_t i = at_day(4);
	cr_assert_eq(stamp_by(i, OBJECT_CERT, scene.ca->der), DIGEST_NONE);
	cr_assert_eq(stamp_by(i, OBJECT_CRL, crl), DIGEST_NONE);
	cr_assert_eq(stamp_by(i, OBJECT_OCSP, ocsp), DIGEST_NONE);
	cr_assert_eq(stamp_by(at_day(1), OBJECT_CRL, crl), NOT_COVERED);
}

/* ---- countersignatures ---- */

/* One that is added later is a new attribute and takes nothing from the first. */
Test(document_cover, v3_proves_countersignatures_that_were_there)
{
	struct cades_kit_stamp inner = { .tsa = scene.tsa2, .gen_ms = KIT_DAY(2) };
	struct cades_kit_signer counter = { .cert = scene.ocsp,
					    .stamps = &inner,
					    .n_stamps = 1 };
	struct cades_kit_signer late = { .cert = scene.tsa };
	struct view file =
	    cades_kit_countersign(cades_kit_plain(scene.signer), 0, &counter);
	read_file(file);
	struct view first = make_joined(d->signatures[1].value, VIEW_NULL);
	read_file(cades_kit_countersign(v3(file, 4), 0, &late));
	cr_assert_eq(d->n_signatures, 3);
	size_t i = at_day(4);
	cr_assert_eq(stamp_by(i, OBJECT_SIGNATURE, first), DIGEST_NONE);
	cr_assert_eq(stamp_by(i, OBJECT_STAMP, d->stamps[at_day(2)].token),
		     DIGEST_NONE);
	for (size_t k = 1; k < 3; k++) {
		struct view value = d->signatures[k].value;
		cr_assert_eq(stamp_by(i, OBJECT_SIGNATURE, value),
			     view_equal(value, first) ? DIGEST_NONE : NOT_COVERED);
	}
}

Test(document_cover, stamp_of_a_countersignature_proves_its_parent_by_digest)
{
	for (int broken = 0; broken < 2; broken++) {
		struct cades_kit_stamp inner = { .tsa = scene.tsa,
						 .gen_ms = KIT_DAY(2) };
		struct cades_kit_signer counter = { .cert = scene.ocsp,
						    .broken = broken,
						    .stamps = &inner,
						    .n_stamps = 1 };
		struct view file =
		    cades_kit_countersign(cades_kit_plain(scene.signer), 0, &counter);
		read_file(cades_kit_add(file, &(struct cades_kit_material){
						  .certs = { scene.ocsp->der } }));
		cr_assert_eq(stamp_by(0, OBJECT_SIGNATURE, d->signatures[1].value),
			     DIGEST_NONE);
		cr_assert_eq(stamp_by(0, OBJECT_SIGNATURE, d->signatures[0].value),
			     broken ? NOT_COVERED : (int)DIGEST_SHA256);
		cr_assert_eq(stamp_by(0, OBJECT_SIGNED_DATA, content_text()),
			     NOT_COVERED);
	}
}

/* ---- evidence records ---- */

static struct view record(struct view file, int day, bool external)
{
	return cades_kit_record(file,
				&(struct cades_kit_record){ .tsa = scene.tsa2,
							    .external = external,
							    .gen_ms = KIT_DAY(day) });
}

Test(document_cover, record_proves_all_that_stood_in_the_file)
{
	struct cades_kit_signer s[2] = { { .cert = scene.signer },
					 { .cert = scene.ocsp } };
	struct view file = cades_kit_make(&(struct cades_kit_make){
	    .material = { .certs = { scene.ca->der } }, .signers = s, .n_signers = 2 });
	read_file(record(v3(file, 3), 5, false));
	cr_assert_eq(d->n_records, 1);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(record_by(0, OBJECT_SIGNATURE, d->signatures[i].value),
			     DIGEST_NONE);
	cr_assert_eq(record_by(0, OBJECT_SIGNED_DATA, content_text()), DIGEST_NONE);
	cr_assert_eq(record_by(0, OBJECT_CERT, scene.ca->der), DIGEST_NONE);
	cr_assert_eq(record_by(0, OBJECT_STAMP, d->stamps[0].token), DIGEST_NONE);
	cr_assert_eq(record_by(0, OBJECT_CERT, scene.tsa->der), DIGEST_NONE);
	/* Its own time-stamp is not what it covers. */
	cr_assert_eq(record_by(0, OBJECT_CERT, scene.tsa2->der), NOT_COVERED);
	cr_assert_eq(record_by(0, OBJECT_RECORD, d->records[0].record), NOT_COVERED);
}

Test(document_cover, record_proves_older_records_only)
{
	read_file(record(record(cades_kit_plain(scene.signer), 5, false), 9, false));
	cr_assert_eq(d->n_records, 2);
	cr_assert_eq(record_by(1, OBJECT_CERT, scene.tsa2->der), DIGEST_NONE);
	cr_assert_eq(record_by(0, OBJECT_CERT, scene.tsa2->der), NOT_COVERED);
	cr_assert_eq(record_by(1, OBJECT_RECORD, d->records[0].record), DIGEST_NONE);
	cr_assert_eq(record_by(0, OBJECT_RECORD, d->records[1].record), NOT_COVERED);
}

/* An attribute goes with all of its values, so that what was put beside a younger
 * record was never hashed: anybody may have added both of them yesterday. */
Test(document_cover, record_proves_no_older_one_that_was_cut_out_beside_a_younger)
{
	const struct view file = cades_kit_plain(scene.signer);
	const struct cades_kit_record older = { .tsa = scene.tsa,
						.gen_ms = KIT_DAY(3) };
	const struct cades_kit_record younger = { .tsa = scene.tsa,
						  .gen_ms = KIT_DAY(9) };
	const struct view values = make_joined(cades_kit_record_of(file, &older),
					       cades_kit_record_of(file, &younger));
	read_file(cades_kit_attribute(record(file, 5, false), 0,
				      make_attr(OID_ER_INTERNAL, values)));
	cr_assert_eq(d->n_records, 3);
	cr_assert_eq(record_by(1, OBJECT_SIGNATURE, d->signatures[0].value),
		     DIGEST_NONE);
	cr_assert_eq(record_by(1, OBJECT_RECORD, d->records[0].record), NOT_COVERED);
	cr_assert_eq(record_by(1, OBJECT_CERT, scene.tsa->der), NOT_COVERED);
	/* The youngest covers the true one, and nothing of its own attribute. */
	cr_assert_eq(record_by(2, OBJECT_RECORD, d->records[1].record), DIGEST_NONE);
	cr_assert_eq(record_by(2, OBJECT_RECORD, d->records[0].record), NOT_COVERED);
}

Test(document_cover, external_record_proves_the_detached_content)
{
	struct cades_kit_signer s = { .cert = scene.signer };
	struct content c = content_of(content_text());
	struct view file = cades_kit_make(&(struct cades_kit_make){
	    .detached = true, .signers = &s, .n_signers = 1 });
	read_with(record(file, 5, true), &c);
	cr_assert_eq(record_by(0, OBJECT_SIGNED_DATA, content_text()), DIGEST_NONE);
	struct content c2 = content_of(content_text());
	read_with(record(file, 5, false), &c2);
	cr_assert_eq(record_by(0, OBJECT_SIGNED_DATA, content_text()), DIGEST_SHA256);
}

/* No digest of the content stands in these files, or one of something else. */
Test(document_cover, record_proves_no_detached_content_that_nothing_names)
{
	struct cades_kit_signer s[] = {
		{ .cert = scene.signer, .no_signed_attrs = true },
		{ .cert = scene.signer, .message_digest = CADES_KIT_WRONG },
	};
	for (size_t i = 0; i < 2; i++) {
		struct content c = content_of(content_text());
		struct view file = cades_kit_make(&(struct cades_kit_make){
		    .detached = true, .signers = &s[i], .n_signers = 1 });
		read_with(record(file, 5, false), &c);
		cr_assert_eq(record_by(0, OBJECT_SIGNATURE, d->signatures[0].value),
			     DIGEST_NONE);
		cr_assert_eq(record_by(0, OBJECT_SIGNED_DATA, content_text()),
			     NOT_COVERED);
	}
}

/* A policy may let such an index pass; the weaker digest proves nothing all the same.
 */
Test(document_cover, v3_proves_nothing_by_an_index_of_another_digest)
{
	read_file(
	    cades_kit_stamp(cades_kit_typical(&scene, CADES_KIT_LT),
			    &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
						       .tsa = scene.tsa,
						       .gen_ms = KIT_DAY(3),
						       .index_alg = DIGEST_SHA1 }));
	size_t k = at_day(3);
	cr_assert_eq(stamp_by(k, OBJECT_SIGNATURE, d->signatures[0].value),
		     DIGEST_NONE);
	cr_assert_eq(stamp_by(k, OBJECT_CERT, scene.ca->der), NOT_COVERED);
	cr_assert_eq(stamp_by(k, OBJECT_STAMP, d->stamps[0].token), NOT_COVERED);
}
