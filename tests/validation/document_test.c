/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CMS files read as documents: what is wrong with each, beside the nearest one that is
 * right. What time-stamps cover and what levels promise stand in document_cover_test.c
 * and document_level_test.c.
 */
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

TestSuite(document, .init = set_up, .fini = tear_down);

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

static struct view signed_by(struct cades_kit_signer s)
{
	s.cert = scene.signer;
	return cades_kit_make(
	    &(struct cades_kit_make){ .signers = &s, .n_signers = 1 });
}

/* Attached unless said otherwise; the first signature. */
static const struct document_signature *read_signer(struct cades_kit_signer s)
{
	read_file(signed_by(s));
	cr_assert_gt(d->n_signatures, 0);
	return &d->signatures[0];
}

static struct view detached(struct cades_kit_signer s)
{
	s.cert = scene.signer;
	return cades_kit_make(&(struct cades_kit_make){
	    .detached = true, .signers = &s, .n_signers = 1 });
}

static bool has_note(const char *part)
{
	for (size_t i = 0; i < d->n_notes; i++) {
		if (strstr(d->notes[i], part) != NULL)
			return true;
	}
	return false;
}

static struct view content_text(void)
{
	return view_text(CADES_KIT_CONTENT);
}

/* ---- files ---- */

Test(document, what_is_no_cms_cannot_be_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(document_read(view_text("nothing"), NULL, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
}

Test(document, bytes_behind_the_cms_cannot_be_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view file = make_joined(cades_kit_plain(scene.signer), make_int(1));
	cr_assert_eq(document_read(file, NULL, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
}

Test(document, file_without_signers_is_empty)
{
	read_file(cades_kit_make(&(struct cades_kit_make){ .n_signers = 0 }));
	cr_assert_eq(d->n_signatures, 0);
	cr_assert_eq(d->n_stamps, 0);
}

Test(document, plain_signature_has_what_it_is_judged_by)
{
	read_file(cades_kit_plain(scene.signer));
	const struct document_signature *s = &d->signatures[0];
	cr_assert_eq(d->n_signatures, 1);
	cr_assert_eq(d->format->kind, FORMAT_CADES);
	cr_assert_eq(s->role, ROLE_SIGNATURE);
	cr_assert_eq(s->format, SIGNATURE_CADES);
	cr_assert_eq(s->parent, -1);
	cr_assert_eq(s->digest, DIGEST_SHA256);
	cr_assert_eq(s->n_octets, 1);
	cr_assert_eq(s->octets[0].p[0], DER_SET);
	cr_assert_eq(s->n_references, 1);
	cr_assert_eq(s->references[0].match, MATCH_YES);
	cr_assert_str_eq(s->references[0].name, "message-digest");
	cr_assert_str_eq(s->defect, "");
	cr_assert_str_eq(s->why_not, "");
	cr_assert_eq(s->signing_certs.n, 1);
	cr_assert_eq(s->claims.signing_time_ms, FIX_T0_MS);
	cr_assert_eq(material_count(d->material, MATERIAL_CERT), 1);
	cr_assert_eq(d->n_notes, 0);
	cr_assert_eq(strncmp(s->id, "S-", 2), 0);
	cr_assert_eq(strlen(s->id), 18);
}

Test(document, pem_is_read_as_the_der_inside)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view file = cades_kit_plain(scene.signer);
	struct buf pem = buf_make(1 << 16);
	char id[DOCUMENT_ID_MAX];
	read_file(file);
	memcpy(id, d->signatures[0].id, sizeof(id));
	cr_assert_eq(buf_put_text(&pem, "-----BEGIN CMS-----\n", &err), 0);
	cr_assert_eq(b64_encode(file, &pem, &err), 0);
	cr_assert_eq(buf_put_text(&pem, "\n-----END CMS-----\n", &err), 0);
	read_file(view_buf(&pem));
	cr_assert_str_eq(d->signatures[0].id, id);
	cr_assert(view_equal(d->cms->whole, file));
	buf_free(&pem);
}

Test(document, ber_is_read_like_der)
{
	struct cades_kit_signer s = { .cert = scene.signer };
	read_file(cades_kit_make(
	    &(struct cades_kit_make){ .ber = true, .signers = &s, .n_signers = 1 }));
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_assert_str_eq(d->signatures[0].defect, "");
	cr_assert_eq(d->signatures[0].structure, LEVEL_B);
}

Test(document, several_signers_stand_in_the_order_of_the_file)
{
	struct cades_kit_signer s[3] = { { .cert = scene.signer },
					 { .cert = scene.tsa, .digest = DIGEST_SHA512 },
					 { .cert = scene.ocsp,
					   .message_digest = CADES_KIT_WRONG } };
	size_t right = 0;
	read_file(
	    cades_kit_make(&(struct cades_kit_make){ .signers = s, .n_signers = 3 }));
	cr_assert_eq(d->n_signatures, 3);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(d->signatures[i].signer, &d->cms->signers[i]);
		right += d->signatures[i].references[0].match == MATCH_YES;
	}
	cr_assert_eq(right, 2);
}

/* ---- content ---- */

Test(document, detached_content_that_differs_does_not_match)
{
	struct content c = content_of(view_text("something else"));
	read_with(detached((struct cades_kit_signer){ 0 }), &c);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_NO);
	cr_assert(d->signatures[0].has_content);
}

Test(document, missing_content_leaves_the_match_unknown)
{
	read_file(detached((struct cades_kit_signer){ 0 }));
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_UNKNOWN);
	cr_assert_not(d->signatures[0].has_content);
	cr_assert_null(d->content);
}

Test(document, detached_content_matches)
{
	struct content c = content_of(content_text());
	struct digest h = cades_kit_hash(DIGEST_SHA256, content_text());
	read_with(detached((struct cades_kit_signer){ 0 }), &c);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_assert_eq(memcmp(d->signatures[0].content_sha256, h.p, 32), 0);
	cr_assert_eq(d->content, &c);
}

static struct content known_by(enum digest_alg alg)
{
	struct content c = { .digests_only = true };
	c.known[alg] = cades_kit_hash(alg, content_text());
	return c;
}

Test(document, content_known_by_another_digest_leaves_the_match_unknown)
{
	struct content c = known_by(DIGEST_SHA512);
	static const uint8_t zeroes[32];
	read_with(detached((struct cades_kit_signer){ 0 }), &c);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_UNKNOWN);
	cr_assert_eq(memcmp(d->signatures[0].content_sha256, zeroes, 32), 0);
}

Test(document, content_known_by_its_digest_matches)
{
	struct content c = known_by(DIGEST_SHA256);
	read_with(detached((struct cades_kit_signer){ 0 }), &c);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_assert(d->signatures[0].has_content);
}

Test(document, content_given_beside_an_attached_one_is_not_used)
{
	struct content c = content_of(view_text("something else"));
	read_with(cades_kit_plain(scene.signer), &c);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_assert(has_note("not used"));
	cr_assert_eq(d->given, MATCH_NO);
	struct content same = content_of(view_text(CADES_KIT_CONTENT));
	read_with(cades_kit_plain(scene.signer), &same);
	cr_assert_eq(d->given, MATCH_YES);
	cr_assert_not(has_note("not used"));
}

struct feeding {
	struct view bytes;
	unsigned passes;
	bool broken;
};

static int feed(void *arg, content_take *take, void *to, struct ltps_error *err)
{
	struct feeding *f = arg;
	struct view v = f->bytes;
	f->passes++;
	if (f->broken)
		return ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL, "broken");
	for (; v.n > 0; v = view_skip(v, 3)) {
		if (take(to, view_head(v, 3), err) != 0)
			return -1;
	}
	return 0;
}

Test(document, all_digests_of_streamed_content_are_taken_in_one_pass)
{
	struct feeding f = { .bytes = content_text() };
	struct content c = { .feed = feed, .arg = &f };
	struct cades_kit_stamp content_stamp = { .tsa = scene.tsa,
						 .gen_ms = FIX_T0_MS,
						 .alg = DIGEST_SHA384 };
	struct cades_kit_signer s[2] = { { .cert = scene.signer,
					   .content_stamps = &content_stamp,
					   .n_content_stamps = 1 },
					 { .cert = scene.ocsp,
					   .digest = DIGEST_SHA512 } };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .detached = true, .signers = s, .n_signers = 2 });
	file = cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = scene.tsa,
					     .gen_ms = KIT_DAY(1),
					     .alg = DIGEST_SHA3_256 });
	read_with(file, &c);
	cr_assert_eq(f.passes, 1);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_YES);
	cr_assert_eq(d->signatures[1].references[0].match, MATCH_YES);
	cr_assert_eq(d->n_stamps, 2);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES, "%s", d->stamps[0].defect);
	cr_assert_eq(d->stamps[1].imprint, MATCH_YES, "%s", d->stamps[1].defect);
}

Test(document, content_that_cannot_be_read_is_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct feeding f = { .bytes = content_text(), .broken = true };
	struct content c = { .feed = feed, .arg = &f };
	struct view file = detached((struct cades_kit_signer){ 0 });
	cr_assert_eq(document_read(file, &c, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_IO);
}

/* ---- what the value is over ---- */

Test(document, unsorted_attributes_are_given_sorted_and_as_received)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ .order = CADES_KIT_UNSORTED });
	cr_assert_eq(s->n_octets, 2);
	cr_assert_not(view_equal(s->octets[0], s->octets[1]));
	cr_assert_eq(s->octets[0].n, s->octets[1].n);
	cr_assert_eq(s->octets[1].p[0], DER_SET);
	cr_assert(view_equal(view_skip(s->octets[1], 1),
			     view_skip(s->signer->signed_attrs.whole, 1)));
}

Test(document, without_signed_attributes_the_value_is_over_the_content)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ .no_signed_attrs = true });
	cr_assert_eq(s->n_octets, 1);
	cr_assert(view_equal(s->octets[0], content_text()));
	cr_assert_eq(s->n_references, 0);
	cr_assert_eq(s->format, SIGNATURE_PKCS7);
	cr_assert_str_eq(s->defect, "");
	cr_assert_str_eq(s->profile, "CMS");
	cr_assert_eq(s->structure, LEVEL_NONE);
}

Test(document, without_signed_attributes_and_content_there_is_nothing_to_verify)
{
	read_file(detached((struct cades_kit_signer){ .no_signed_attrs = true }));
	cr_assert_eq(d->signatures[0].n_octets, 0);
}

Test(document, without_signed_attributes_streamed_content_is_taken_into_memory)
{
	struct feeding f = { .bytes = content_text() };
	struct content c = { .feed = feed, .arg = &f };
	read_with(detached((struct cades_kit_signer){ .no_signed_attrs = true }), &c);
	cr_assert_eq(d->signatures[0].n_octets, 1);
	cr_assert(view_equal(d->signatures[0].octets[0], content_text()));
}

Test(document, without_signed_attributes_another_type_of_content_is_a_defect)
{
	struct cades_kit_signer s = { .cert = scene.signer, .no_signed_attrs = true };
	read_file(cades_kit_make(&(struct cades_kit_make){
	    .content_type = "1.2.3.4", .signers = &s, .n_signers = 1 }));
	cr_assert_str_eq(d->signatures[0].defect_clause, "RFC 5652 5.3");
}

/* Whoever holds a signature with signed attributes can take them for content. */
Test(document, without_signed_attributes_those_of_another_are_no_content)
{
	struct cades_kit_signer bare = { .cert = scene.signer,
					 .no_signed_attrs = true };
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ 0 });
	struct view attributes = make_joined(s->octets[0], VIEW_NULL);
	struct view other = make_el(DER_SET, make_attr(OID_CONTENT_TYPE, make_int(1)));
	for (int i = 0; i < 2; i++) {
		read_file(cades_kit_make(
		    &(struct cades_kit_make){ .content = i == 0 ? attributes : other,
					      .signers = &bare,
					      .n_signers = 1 }));
		cr_assert_eq(d->signatures[0].defect[0] != '\0', i == 0);
	}
}

/* ---- format, EN 319 102-1 5.2.2 ---- */

static void expect_defect(struct cades_kit_signer s, const char *clause)
{
	const struct document_signature *r = read_signer(s);
	cr_assert_neq(r->defect[0], '\0', "no defect, %s", clause);
	cr_assert_str_eq(r->defect_clause, clause, "%s", r->defect);
	cr_assert_eq(r->structure, LEVEL_NONE);
}

Test(document, content_type_must_be_there_once_with_one_value)
{
	static const enum cades_kit_attr bad[] = { CADES_KIT_ABSENT, CADES_KIT_TWICE,
						   CADES_KIT_TWO_VALUES };
	for (size_t i = 0; i < 3; i++)
		expect_defect((struct cades_kit_signer){ .content_type = bad[i] },
			      "RFC 5652 11.1");
}

/* Another value is for a constraint to say, not a defect of the format. */
Test(document, content_type_that_differs_is_only_given)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ .content_type = CADES_KIT_WRONG });
	cr_assert_str_eq(s->defect, "");
	cr_assert(oid_is(s->content_type_attr, "1.2.840.113549.1.7.3"));
}

Test(document, message_digest_must_be_there_once_with_one_value)
{
	static const enum cades_kit_attr bad[] = { CADES_KIT_ABSENT, CADES_KIT_TWICE,
						   CADES_KIT_TWO_VALUES };
	for (size_t i = 0; i < 3; i++)
		expect_defect((struct cades_kit_signer){ .message_digest = bad[i] },
			      "RFC 5652 11.2");
}

Test(document, message_digest_that_differs_does_not_match)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ .message_digest = CADES_KIT_WRONG });
	cr_assert_eq(s->references[0].match, MATCH_NO);
	cr_assert_str_eq(s->defect, "");
}

Test(document, signing_time_must_be_one_time)
{
	static const enum cades_kit_attr bad[] = { CADES_KIT_WRONG, CADES_KIT_TWICE,
						   CADES_KIT_TWO_VALUES };
	for (size_t i = 0; i < 3; i++)
		expect_defect((struct cades_kit_signer){ .signing_time = bad[i] },
			      "RFC 5652 11.3");
}

Test(document, signing_time_may_be_absent)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ .signing_time = CADES_KIT_ABSENT });
	cr_assert_str_eq(s->defect, "");
	cr_assert_eq(s->claims.signing_time_ms, INT64_MIN);
}

Test(document, signing_certificate_must_not_be_repeated)
{
	static const enum cades_kit_attr bad[] = { CADES_KIT_TWICE,
						   CADES_KIT_TWO_VALUES };
	for (size_t i = 0; i < 2; i++)
		expect_defect(
		    (struct cades_kit_signer){ .signing_certificate = bad[i] },
		    "RFC 5035 5.4");
}

Test(document, both_kinds_of_signing_certificate_are_no_defect)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ .reference = CADES_KIT_V1_AND_V2 });
	cr_assert_str_eq(s->defect, "");
	cr_assert_eq(s->signing_certs.n, 2);
}

static struct view attribute(const char *oid, struct view value)
{
	return make_attr(oid, value);
}

Test(document, signing_certificate_that_does_not_decode_is_a_defect)
{
	const struct document_signature *s = read_signer((struct cades_kit_signer){
	    .signing_certificate = CADES_KIT_ABSENT,
	    .more_signed = { attribute(OID_SIGNING_CERTIFICATE_V2, make_int(1)) } });
	cr_assert_neq(s->defect[0], '\0');
	cr_assert_eq(s->signing_certs.n, 0);
}

Test(document, informing_attribute_that_does_not_decode_is_a_note)
{
	const struct document_signature *s = read_signer((struct cades_kit_signer){
	    .commitment = "1.2.3",
	    .more_signed = { attribute(OID_CONTENT_HINTS, make_int(1)) } });
	cr_assert_str_eq(s->defect, "");
	cr_assert(has_note("signed attribute"));
	cr_assert_eq(s->claims.n_commitments, 1);
	cr_assert_eq(s->claims.signing_time_ms, FIX_T0_MS);
}

Test(document, policy_that_does_not_decode_is_a_defect)
{
	expect_defect(
	    (struct cades_kit_signer){
		.more_signed = { attribute(OID_SIGNATURE_POLICY, make_int(1)) } },
	    "EN 319 122-1 5.2.9");
}

/* SignaturePolicyId whose SPuri should be an IA5String; an UTF8String is met. */
static struct view policy_with_uri_of(uint8_t tag)
{
	struct digest h = cades_kit_hash(DIGEST_SHA256, view_text("policy"));
	struct view qualifier =
	    make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.9.16.5.1"),
		    make_el(tag, view_text("http://policy.example/")));
	return make_el(DER_SEQUENCE, make_oid("1.2.3.4"),
		       make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA256),
			       make_el(ASN1_TAG_OCTET_STRING, digest_view(&h))),
		       make_el(DER_SEQUENCE, qualifier));
}

Test(document, policy_is_read_even_where_its_qualifiers_are_not)
{
	static const uint8_t tags[] = { ASN1_TAG_IA5, ASN1_TAG_UTF8, ASN1_TAG_INTEGER };
	for (size_t i = 0; i < 3; i++) {
		const struct document_signature *s =
		    read_signer((struct cades_kit_signer){
			.more_signed = { attribute(OID_SIGNATURE_POLICY,
						   policy_with_uri_of(tags[i])) } });
		cr_assert_str_eq(s->defect, "");
		cr_assert(s->policy.present);
		cr_assert_str_eq(s->policy.oid, "1.2.3.4");
		cr_assert_eq(s->policy.alg, DIGEST_SHA256);
		cr_assert_eq(s->policy.hash.n, 32);
		cr_assert_eq(has_note("qualifiers"), i == 2);
		cr_assert_eq(s->policy.uri.n > 0, i < 2);
	}
}

Test(document, unsigned_attribute_that_does_not_decode_is_a_note)
{
	static const char *const oids[] = {
		OID_CERTIFICATE_VALUES, OID_REVOCATION_VALUES,
		OID_CERTIFICATE_REFS,   OID_REVOCATION_REFS,
		OID_COUNTERSIGNATURE,   OID_SIGNATURE_POLICY_STORE,
		OID_ER_INTERNAL
	};
	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		const struct document_signature *s =
		    read_signer((struct cades_kit_signer){
			.policy = "1.2.3",
			.policy_document = view_text("policy"),
			.more_unsigned = { attribute(oids[i], make_int(1)) } });
		cr_assert_str_eq(s->defect, "", "%s", oids[i]);
		cr_assert_gt(d->n_notes, 0, "%s", oids[i]);
		cr_assert(s->policy.present);
	}
}

/* An algorithm that we do not know is no defect of the file. */
Test(document, digest_algorithm_that_is_unknown_leaves_the_match_unknown)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.digest_algorithm = make_el(DER_SEQUENCE, make_oid("1.2.3.4.5"));
	c.signers = make_el(DER_SET, make_signer_build(&s));
	read_file(make_cms_build(&c));
	cr_assert_eq(d->signatures[0].digest, DIGEST_NONE);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_UNKNOWN);
}

Test(document, digest_algorithm_that_does_not_decode_is_a_defect)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.digest_algorithm = make_el(DER_SEQUENCE, make_int(1));
	c.signers = make_el(DER_SET, make_signer_build(&s));
	read_file(make_cms_build(&c));
	cr_assert_neq(d->signatures[0].defect[0], '\0');
}

/* ---- countersignatures, RFC 5652 11.4 ---- */

static void read_countersigned(struct cades_kit_signer counter)
{
	struct cades_kit_signer s = { .cert = scene.signer,
				      .counters = &counter,
				      .n_counters = 1 };
	counter.cert = scene.ocsp;
	read_file(cades_kit_make(
	    &(struct cades_kit_make){ .material = { .certs = { scene.ocsp->der } },
				      .signers = &s,
				      .n_signers = 1 }));
	cr_assert_eq(d->n_signatures, 2);
	cr_assert_eq(d->signatures[1].role, ROLE_COUNTERSIGNATURE);
	cr_assert_eq(d->signatures[1].parent, 0);
}

Test(document, countersignature_is_about_the_value_of_its_parent)
{
	read_countersigned((struct cades_kit_signer){ 0 });
	const struct document_signature *s = &d->signatures[1];
	cr_assert_str_eq(s->defect, "");
	cr_assert_eq(s->references[0].match, MATCH_YES);
	cr_assert_eq(memcmp(s->content_sha256, d->signatures[0].sha256, 32), 0);
	cr_assert_eq(s->cms, d->cms);
}

Test(document, countersignature_over_something_else_does_not_match)
{
	read_countersigned(
	    (struct cades_kit_signer){ .message_digest = CADES_KIT_WRONG });
	cr_assert_eq(d->signatures[1].references[0].match, MATCH_NO);
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_YES);
}

Test(document, countersignature_must_not_have_a_content_type)
{
	read_countersigned(
	    (struct cades_kit_signer){ .content_type = CADES_KIT_WRONG });
	cr_assert_str_eq(d->signatures[1].defect_clause, "RFC 5652 11.4");
	cr_assert_str_eq(d->signatures[0].defect, "");
}

Test(document, countersignature_without_message_digest_is_defective)
{
	read_countersigned(
	    (struct cades_kit_signer){ .message_digest = CADES_KIT_ABSENT });
	cr_assert_str_eq(d->signatures[1].defect_clause, "RFC 5652 11.2");
}

Test(document, countersignature_without_signed_attributes_is_over_the_value)
{
	read_countersigned((struct cades_kit_signer){ .no_signed_attrs = true });
	const struct document_signature *s = &d->signatures[1];
	cr_assert_str_eq(s->defect, "");
	cr_assert_eq(s->n_octets, 1);
	cr_assert(view_equal(s->octets[0], d->signatures[0].value));
}

/* Neither are those of another what a countersignature was meant for. */
Test(document, countersignature_over_signed_attributes_of_another_is_a_defect)
{
	const struct document_signature *s =
	    read_signer((struct cades_kit_signer){ 0 });
	struct make_signer parent = make_signer_default(), counter = parent;
	parent.signature = make_el(ASN1_TAG_OCTET_STRING, s->octets[0]);
	counter.signed_attrs = VIEW_NULL;
	parent.unsigned_attrs =
	    make_el(DER_ID(ASN1_CONTEXT, 1, 1),
		    make_attr(OID_COUNTERSIGNATURE, make_signer_build(&counter)));
	struct make_cms cms = make_cms_default();
	cms.signers = make_el(DER_SET, make_signer_build(&parent));
	read_file(make_cms_build(&cms));
	cr_assert_eq(d->n_signatures, 2);
	cr_assert_str_eq(d->signatures[1].defect_clause, "RFC 5652 5.4");
}

Test(document, countersignature_of_a_detached_signature_needs_no_content)
{
	struct cades_kit_signer counter = { .cert = scene.ocsp };
	read_file(detached(
	    (struct cades_kit_signer){ .counters = &counter, .n_counters = 1 }));
	cr_assert_eq(d->signatures[0].references[0].match, MATCH_UNKNOWN);
	cr_assert_eq(d->signatures[1].references[0].match, MATCH_YES);
}

/* A chain of countersignatures below the first signature. */
static struct view nested(size_t depth)
{
	struct cades_kit_signer s[CADES_COUNTER_DEPTH_MAX + 2] = { 0 };
	for (size_t i = 0; i < depth; i++) {
		s[i].cert = scene.ocsp;
		if (i + 1 < depth) {
			s[i].counters = &s[i + 1];
			s[i].n_counters = 1;
		}
	}
	return signed_by((struct cades_kit_signer){ .counters = s, .n_counters = 1 });
}

Test(document, countersignatures_nest)
{
	read_file(nested(3));
	cr_assert_eq(d->n_signatures, 4);
	for (int i = 1; i < 4; i++) {
		cr_assert_eq(d->signatures[i].parent, i - 1);
		cr_assert_eq(d->signatures[i].references[0].match, MATCH_YES);
	}
}

Test(document, countersignatures_too_deep_are_passed_over)
{
	read_file(nested(CADES_COUNTER_DEPTH_MAX));
	cr_assert_eq(d->n_signatures, 1 + CADES_COUNTER_DEPTH_MAX);
	cr_assert_not(has_note("deeper"));
	read_file(nested(CADES_COUNTER_DEPTH_MAX + 1));
	cr_assert_eq(d->n_signatures, 1 + CADES_COUNTER_DEPTH_MAX);
	cr_assert(has_note("deeper"));
}

Test(document, countersignature_has_its_own_time_stamps)
{
	struct cades_kit_stamp stamp = { .tsa = scene.tsa, .gen_ms = KIT_DAY(1) };
	read_countersigned(
	    (struct cades_kit_signer){ .stamps = &stamp, .n_stamps = 1 });
	cr_assert_eq(d->n_stamps, 1);
	cr_assert_eq(d->stamps[0].signature, 1);
	cr_assert_eq(d->stamps[0].type, STAMP_SIGNATURE);
	cr_assert_eq(d->stamps[0].imprint, MATCH_YES);
	cr_assert_eq(d->signatures[1].structure, LEVEL_T, "%s",
		     d->signatures[1].why_not);
	cr_assert_eq(d->signatures[0].structure, LEVEL_B);
}
