/* SPDX-License-Identifier: Apache-2.0 */
/* The time-stamps and evidence records of documents: imprints, indexes, tokens. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "tests/support/cades_kit.h"
#include "tests/support/cms_make.h"
#include "validation/document.h"

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

TestSuite(document_stamp, .init = set_up, .fini = tear_down);

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

/* A file with whatever the kinds of time-stamp need to be there. */
static struct view file_with_refs(void)
{
	struct cades_kit_material m = cades_kit_status(&scene, KIT_DAY(2));
	struct view file = cades_kit_typical(&scene, CADES_KIT_T);
	return cades_kit_refs(file, 0, &m, DIGEST_NONE);
}

/* Attributes are sorted: only its time tells one of a kind. */
static const struct document_stamp *at_day(int day)
{
	for (size_t i = 0; i < d->n_stamps; i++) {
		if (d->stamps[i].tst->gen_time_ms == KIT_DAY(day))
			return &d->stamps[i];
	}
	cr_assert_fail("no time-stamp of day %d", day);
	return NULL;
}

static const struct {
	enum cades_stamp_kind kind;
	enum stamp_type type;
} kinds[] = {
	{ CADES_STAMP_SIGNATURE, STAMP_SIGNATURE },
	{ CADES_STAMP_C, STAMP_VALIDATION_DATA },
	{ CADES_STAMP_REFS, STAMP_VALIDATION_DATA },
	{ CADES_STAMP_ARCHIVE_V1, STAMP_ARCHIVE },
	{ CADES_STAMP_ARCHIVE_V2, STAMP_ARCHIVE },
	{ CADES_STAMP_ARCHIVE_V3, STAMP_ARCHIVE },
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const struct document_stamp *read_kind(size_t i, struct cades_kit_stamp o)
{
	o.kind = kinds[i].kind;
	o.tsa = scene.tsa;
	o.gen_ms = KIT_DAY(3);
	read_file(cades_kit_stamp(file_with_refs(), &o));
	cr_assert_str_eq(at_day(3)->name, cades_stamp_kind_name(kinds[i].kind));
	return at_day(3);
}

Test(document_stamp, imprint_over_something_else_does_not_match)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		const struct document_stamp *st =
		    read_kind(i, (struct cades_kit_stamp){ .wrong_imprint = true });
		cr_assert_eq(st->imprint, MATCH_NO, "%s", st->name);
		cr_assert_neq(st->defect[0], '\0');
		cr_assert_eq(st->n_covers, 0);
		cr_assert_null(st->reading);
	}
}

Test(document_stamp, imprint_of_each_kind_matches)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		const struct document_stamp *st =
		    read_kind(i, (struct cades_kit_stamp){ 0 });
		cr_assert_eq(st->imprint, MATCH_YES, "%s: %s", st->name, st->defect);
		cr_assert_eq(st->type, kinds[i].type);
		cr_assert_str_eq(st->defect, "");
		cr_assert_str_eq(st->reading, "as stored");
		cr_assert_gt(st->n_covers, 0);
		cr_assert_eq(st->index, kinds[i].kind == CADES_STAMP_ARCHIVE_V3
					    ? MATCH_YES
					    : MATCH_UNKNOWN);
	}
}

Test(document_stamp, imprint_of_v2_without_tag_is_named)
{
	const struct document_stamp *st =
	    read_kind(4, (struct cades_kit_stamp){ .v2_bare = true });
	cr_assert_eq(st->imprint, MATCH_YES);
	cr_assert_str_eq(st->reading, "unsigned attributes without tag and length");
}

Test(document_stamp, token_has_a_signer_of_its_own)
{
	const struct document_stamp *st = read_kind(0, (struct cades_kit_stamp){ 0 });
	const struct document_signature *s = st->as_signature;
	cr_assert_eq(s->role, ROLE_TIME_STAMP);
	cr_assert_str_eq(s->id, st->id);
	cr_assert_eq(s->parent, -1);
	cr_assert_eq(s->references[0].match, MATCH_YES);
	cr_assert_eq(s->n_octets, 1);
	cr_assert_eq(s->cms, st->tst->cms);
	cr_assert_str_eq(s->defect, "");
	cr_assert_gt(s->signing_certs.n, 0);
}

Test(document_stamp, token_that_does_not_decode_is_told)
{
	read_file(
	    cades_kit_attribute(cades_kit_plain(scene.signer), 0,
				make_attr(OID_SIGNATURE_TIME_STAMP,
					  make_el(DER_SEQUENCE, make_oid("1.2.3")))));
	cr_assert_eq(d->n_stamps, 1);
	cr_assert_null(d->stamps[0].tst);
	cr_assert_null(d->stamps[0].as_signature);
	cr_assert_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
	cr_assert_neq(d->stamps[0].defect[0], '\0');
	cr_assert_eq(strncmp(d->stamps[0].id, "T-", 2), 0);
	cr_assert_eq(d->signatures[0].structure, LEVEL_B);
}

/* What anybody may add takes no other time-stamp away. */
Test(document_stamp, long_term_validation_that_does_not_decode_leaves_the_others)
{
	read_file(
	    cades_kit_attribute(cades_kit_typical(&scene, CADES_KIT_LTA), 0,
				make_attr(OID_LONG_TERM_VALIDATION, make_int(1))));
	cr_assert_eq(d->n_stamps, 2);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(d->stamps[i].imprint, MATCH_YES, "%s",
			     d->stamps[i].defect);
}

Test(document_stamp, same_token_twice_has_two_ids)
{
	struct view file = cades_kit_typical(&scene, CADES_KIT_T);
	char first[DOCUMENT_ID_MAX], second[DOCUMENT_ID_MAX];
	read_file(file);
	snprintf(first, sizeof(first), "%s", d->stamps[0].id);
	snprintf(second, sizeof(second), "%.70s-2", d->stamps[0].id);
	struct view token = make_joined(d->stamps[0].token, VIEW_NULL);
	read_file(
	    cades_kit_attribute(file, 0, make_attr(OID_SIGNATURE_TIME_STAMP, token)));
	cr_assert_eq(d->n_stamps, 2);
	cr_assert_str_eq(d->stamps[0].id, first);
	cr_assert_str_eq(d->stamps[1].id, second);
}

/* ---- content time-stamps ---- */

static void read_content_stamp(struct cades_kit_stamp o, bool detached,
			       struct content *c)
{
	o.tsa = scene.tsa;
	o.gen_ms = FIX_T0_MS;
	struct cades_kit_signer s = { .cert = scene.signer,
				      .content_stamps = &o,
				      .n_content_stamps = 1 };
	read_with(cades_kit_make(&(struct cades_kit_make){
		      .detached = detached, .signers = &s, .n_signers = 1 }),
		  c);
	cr_assert_eq(d->n_stamps, 1);
	cr_assert_eq(d->stamps[0].type, STAMP_CONTENT);
}

Test(document_stamp, content_stamp_over_other_content_does_not_match)
{
	read_content_stamp((struct cades_kit_stamp){ .wrong_imprint = true }, false,
			   NULL);
	cr_assert_eq(d->stamps[0].imprint, MATCH_NO);
}

Test(document_stamp, content_stamp_without_content_stays_unknown)
{
	read_content_stamp((struct cades_kit_stamp){ 0 }, true, NULL);
	cr_assert_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
	cr_assert_str_eq(d->stamps[0].defect, "");
}

Test(document_stamp, content_stamp_matches_content)
{
	struct content c = content_of(view_text(CADES_KIT_CONTENT));
	read_content_stamp((struct cades_kit_stamp){ .alg = DIGEST_SHA512 }, false,
			   NULL);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
	read_content_stamp((struct cades_kit_stamp){ .alg = DIGEST_SHA512 }, true, &c);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
}

/* ---- archive time-stamps over detached content ---- */

static struct view detached_archive(enum cades_stamp_kind kind)
{
	struct cades_kit_signer s = { .cert = scene.signer };
	struct view file = cades_kit_make(&(struct cades_kit_make){
	    .detached = true, .signers = &s, .n_signers = 1 });
	return cades_kit_stamp(file, &(struct cades_kit_stamp){ .kind = kind,
								.tsa = scene.tsa,
								.gen_ms = KIT_DAY(1) });
}

Test(document_stamp, archive_stamp_without_content_stays_unknown)
{
	read_file(detached_archive(CADES_STAMP_ARCHIVE_V2));
	cr_assert_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
	read_file(detached_archive(CADES_STAMP_ARCHIVE_V3));
	cr_assert_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
	cr_assert_eq(d->stamps[0].index, MATCH_YES);
}

Test(document_stamp, archive_stamp_over_other_content_does_not_match)
{
	struct content c = content_of(view_text("other"));
	read_with(detached_archive(CADES_STAMP_ARCHIVE_V2), &c);
	cr_assert_eq(d->stamps[0].imprint, MATCH_NO);
	struct content c2 = content_of(view_text("other"));
	read_with(detached_archive(CADES_STAMP_ARCHIVE_V3), &c2);
	cr_assert_eq(d->stamps[0].imprint, MATCH_NO);
}

/* Version 3 takes the digest of the content, version 2 its octets. */
Test(document_stamp, digest_of_the_content_is_enough_for_v3_alone)
{
	struct content c = { .digests_only = true };
	c.known[DIGEST_SHA256] =
	    cades_kit_hash(DIGEST_SHA256, view_text(CADES_KIT_CONTENT));
	struct content c2 = c;
	read_with(detached_archive(CADES_STAMP_ARCHIVE_V3), &c);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
	read_with(detached_archive(CADES_STAMP_ARCHIVE_V2), &c2);
	cr_assert_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
}

Test(document_stamp, detached_archive_stamp_matches_its_content)
{
	struct content c = content_of(view_text(CADES_KIT_CONTENT));
	read_with(detached_archive(CADES_STAMP_ARCHIVE_V2), &c);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
	struct content c2 = content_of(view_text(CADES_KIT_CONTENT));
	read_with(detached_archive(CADES_STAMP_ARCHIVE_V3), &c2);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
}

/* ---- hash index, EN 319 122-1 5.5.2 ---- */

static const struct document_stamp *read_v3(struct cades_kit_stamp o)
{
	return read_kind(5, o);
}

Test(document_stamp, index_entry_for_nothing_makes_the_index_invalid)
{
	for (int i = 0; i < 3; i++) {
		const struct document_stamp *st =
		    read_v3((struct cades_kit_stamp){ .nothing_in_certs = i == 0,
						      .nothing_in_crls = i == 1,
						      .nothing_in_attrs = i == 2 });
		cr_assert_eq(st->index, MATCH_NO, "%d", i);
		cr_assert_eq(st->imprint, MATCH_YES);
		cr_assert_neq(st->defect[0], '\0');
	}
}

Test(document_stamp, index_of_another_digest_than_the_imprint_is_invalid)
{
	const struct document_stamp *st =
	    read_v3((struct cades_kit_stamp){ .index_alg = DIGEST_SHA512 });
	cr_assert_eq(st->index, MATCH_NO);
}

Test(document_stamp, index_must_be_there_once)
{
	static const enum cades_kit_attr bad[] = { CADES_KIT_ABSENT, CADES_KIT_TWICE,
						   CADES_KIT_TWO_VALUES };
	for (size_t i = 0; i < 3; i++) {
		const struct document_stamp *st =
		    read_v3((struct cades_kit_stamp){ .index_attr = bad[i] });
		cr_assert_eq(st->index, MATCH_NO, "%zu", i);
		cr_assert_eq(st->imprint, MATCH_NO, "%zu", i);
		cr_assert_neq(st->defect[0], '\0');
	}
}

Test(document_stamp, index_that_was_changed_does_not_fit_the_imprint)
{
	const struct document_stamp *st =
	    read_v3((struct cades_kit_stamp){ .index_attr = CADES_KIT_WRONG });
	cr_assert_eq(st->imprint, MATCH_NO);
}

Test(document_stamp, what_the_index_does_not_list_leaves_it_valid)
{
	const struct document_stamp *st = read_v3((struct cades_kit_stamp){
	    .without_certs = true, .without_crls = true, .without_attrs = true });
	cr_assert_eq(st->index, MATCH_YES);
	cr_assert_eq(st->imprint, MATCH_YES);
}

Test(document_stamp, index_of_each_version_is_read)
{
	for (unsigned version = 1; version <= 3; version++) {
		const struct document_stamp *st =
		    read_v3((struct cades_kit_stamp){ .index = version });
		cr_assert_eq(st->index, MATCH_YES, "%u: %s", version, st->defect);
		cr_assert_eq(st->imprint, MATCH_YES, "%u", version);
	}
}

/* ---- a file that is a token ---- */

static struct view token_of_content(void)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, view_text(CADES_KIT_CONTENT));
	return cades_kit_token(
	    &(struct cades_kit_stamp){ .tsa = scene.tsa, .gen_ms = KIT_DAY(1) }, &h);
}

Test(document_stamp, token_alone_is_a_stamp_and_no_signature)
{
	read_file(token_of_content());
	cr_assert_eq(d->n_signatures, 0);
	cr_assert_eq(d->n_stamps, 1);
	cr_assert_eq(d->stamps[0].type, STAMP_DOCUMENT);
	cr_assert_eq(d->stamps[0].signature, -1);
	cr_assert_eq(d->stamps[0].imprint, MATCH_UNKNOWN);
	cr_assert_eq(d->format->kind, FORMAT_TIME_STAMP_TOKEN);
	cr_assert_eq(material_count(d->material, MATERIAL_CERT), 1);
	cr_assert_eq(d->n_all_covers, 0);
}

Test(document_stamp, token_of_other_content_does_not_match)
{
	struct content c = content_of(view_text("other"));
	read_with(token_of_content(), &c);
	cr_assert_eq(d->stamps[0].imprint, MATCH_NO);
	cr_assert_eq(d->n_all_covers, 0);
}

Test(document_stamp, token_matches_its_content)
{
	struct content c = content_of(view_text(CADES_KIT_CONTENT));
	struct digest h = cades_kit_hash(DIGEST_SHA256, c.bytes);
	read_with(token_of_content(), &c);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
	cr_assert_eq(d->stamps[0].n_covers, 1);
	cr_assert_eq(d->stamps[0].covers[0].kind, OBJECT_SIGNED_DATA);
	cr_assert_eq(memcmp(d->stamps[0].covers[0].sha256, h.p, 32), 0);
}

/* ---- evidence records ---- */

static struct view add_record(struct view file, int day)
{
	return cades_kit_record(file, &(struct cades_kit_record){
					  .tsa = scene.tsa, .gen_ms = KIT_DAY(day) });
}

Test(document_stamp, records_stand_from_the_oldest_to_the_youngest)
{
	struct view file = cades_kit_typical(&scene, CADES_KIT_LT);
	struct buf octets = buf_make(1 << 20);
	struct ltps_error err = LTPS_ERROR_INIT;
	read_file(add_record(add_record(file, 5), 9));
	cr_assert_eq(d->n_records, 2);
	cr_assert_not(d->records[0].external);
	cr_assert_eq(strncmp(d->records[0].id, "E-", 2), 0);
	cr_assert_eq(
	    document_record_octets(d, &d->records[0], CMS_ER_CUT, &octets, &err), 0,
	    "%s", err.text);
	cr_assert(view_equal(view_buf(&octets), file));
	buf_free(&octets);
}

Test(document_stamp, record_that_does_not_decode_is_there_with_a_note)
{
	read_file(cades_kit_attribute(
	    cades_kit_plain(scene.signer), 0,
	    make_attr(OID_ER_INTERNAL, make_el(DER_SEQUENCE, make_int(7)))));
	cr_assert_eq(d->n_records, 1);
	cr_assert_gt(d->n_notes, 0);
}

Test(document_stamp, material_of_records_and_tokens_is_gathered)
{
	struct cades_kit_material inside = { .certs = { scene.tsa_ca->der },
					     .crls = { cades_kit_crl(
						 scene.tsa_ca, KIT_DAY(6), NULL) } };
	struct view file = cades_kit_plain(scene.signer);
	read_file(file);
	cr_assert_eq(material_count(d->material, MATERIAL_CERT), 1);
	read_file(cades_kit_record(
	    file, &(struct cades_kit_record){
		      .tsa = scene.tsa, .gen_ms = KIT_DAY(5), .inside = inside }));
	cr_assert_eq(material_count(d->material, MATERIAL_CERT), 3);
	cr_assert_eq(material_count(d->material, MATERIAL_CRL), 1);
	read_file(cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_SIGNATURE,
					     .tsa = scene.tsa,
					     .gen_ms = KIT_DAY(1),
					     .inside = inside }));
	cr_assert_eq(material_count(d->material, MATERIAL_CERT), 3);
	cr_assert_eq(material_count(d->material, MATERIAL_CRL), 1);
	read_file(cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_SIGNATURE,
					     .tsa = scene.tsa,
					     .gen_ms = KIT_DAY(1),
					     .values = inside }));
	cr_assert_eq(material_count(d->material, MATERIAL_CERT), 3);
	cr_assert_eq(material_count(d->material, MATERIAL_CRL), 1);
}
