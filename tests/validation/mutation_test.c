/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One B-LTA object, each of its octets changed in turn. What a signature covers never
 * passes again; what the verdict rests on never lets it pass; what neither covers may
 * be anything, and says why. Judged twice: when the signer's certificate still lives
 * (nothing but the signature counts), and when only the time-stamps let it pass.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"
#include "tests/support/test_time.h"

/* Octets changed in each range; all of them in the short ones. */
#define PROBES 12
#define RANGES_MAX 128

enum rule {
	FATAL,    /* covered by the signature: never passes */
	FAILED,   /* the same, and the outcome is TOTAL-FAILED when it is still read */
	RESTS_ON, /* never passes late */
	FREE,     /* may pass: see why */
};

struct range {
	const char *name;
	struct view v;
	enum rule rule;
	const char *why; /* of FREE */
};

static struct cades_kit_scene s;
static struct cades_judge j;
static struct view file;
static struct range ranges[RANGES_MAX];
static size_t n_ranges;

#define EARLY KIT_DAY(4)
#define LATE KIT_DAY(51)

/* T by one TSA; the signer's status by OCSP. What comes next is by another TSA, so that
 * neither's certificate is in the other's token. */
static struct view make_lt(bool ber)
{
	struct cades_kit_signer signer = { .cert = s.signer };
	struct cades_kit_make o = { .signers = &signer, .n_signers = 1, .ber = ber };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	m.crls[0] = m.crls[1];
	m.crls[1] = m.crls[2];
	m.crls[2] = VIEW_NULL;
	m.ocsps[0] =
	    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
						       .issuer = s.ca,
						       .this_ms = KIT_DAY(2),
						       .next_ms = KIT_DAY(32) });
	return cades_kit_add(cades_kit_raise(&s, cades_kit_make(&o), CADES_KIT_T), &m);
}

static struct view make_file(bool ber, enum cades_stamp_kind kind)
{
	return cades_kit_stamp(make_lt(ber),
			       &(struct cades_kit_stamp){
				   .kind = kind, .tsa = s.tsa2, .gen_ms = KIT_DAY(3) });
}

/* The CA revoked on day 10, after the archive time-stamp, as known late. */
static void know_late(void)
{
	struct fix_revoked entry = { .cert = s.ca, .at_ms = KIT_DAY(10), .reason = 1 };
	j.outside.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(50), NULL);
	j.outside.crls[1] = cades_kit_crl(s.root, KIT_DAY(50), &entry);
}

static void set_up(void)
{
	/* Late, T alone would prove nothing: its TSA has ended. */
	s = cades_kit_scene(
	    &(struct cades_kit_scene_options){ .tsa = { .not_after_ms = KIT_DAY(5) } });
	file = make_file(false, CADES_STAMP_ARCHIVE_V3);
	cades_judge_init(&j, &s, file, LATE);
	know_late();
	n_ranges = 0;
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&s);
}

TestSuite(mutation, .init = set_up, .fini = tear_down, .timeout = TEST_SECONDS_MAX);

/* ---- the parts of the file ---- */

static void label(const char *name, struct view v, enum rule rule, const char *why)
{
	cr_assert_lt(n_ranges, RANGES_MAX);
	cr_assert(v.p >= file.p && v.p + v.n <= file.p + file.n, "%s", name);
	ranges[n_ranges++] = (struct range){ name, v, rule, why };
}

/* An anchor counts as the caller's, whatever the file says of it. */
static bool is_anchor(struct view v)
{
	return view_equal(v, s.root->der);
}

static void label_material(const struct ck_file *f)
{
	for (size_t i = 0; i < f->certs.n; i++)
		label(is_anchor(f->certs.a[i])               ? "root certificate"
		      : view_equal(f->certs.a[i], s.ca->der) ? "CA certificate"
		      : view_equal(f->certs.a[i], s.tsa_ca->der)
			  ? "TSA CA certificate"
			  : "signer's certificate",
		      f->certs.a[i], RESTS_ON, NULL);
	for (size_t i = 0; i < f->crls.n; i++)
		label(f->crls.a[i].p[0] == 0xa1 ? "OCSP response" : "CRL", f->crls.a[i],
		      RESTS_ON, NULL);
}

/* The fields of a token. Its own SignedData frame is not covered by anybody when it is
 * the newest one; inside the index of a newer one all of it is. */
static void label_token(struct view token, bool archived)
{
	struct ck_file *f = ck_file_read(token);
	const struct ck_signer_info *si = &f->signers[0];
	static const char *loose = "the frame of the newest token is covered by nobody";
	enum rule frame = archived ? RESTS_ON : FREE;
	label(archived ? "T: version" : "archive: version", f->version, frame, loose);
	label(archived ? "T: TSTInfo" : "archive: TSTInfo", f->encap, RESTS_ON, NULL);
	label(archived ? "T: certificate" : "archive: certificate", f->certs.a[0],
	      RESTS_ON, NULL);
	label(archived ? "T: signer version" : "archive: signer version", si->version,
	      frame, loose);
	label(archived ? "T: sid" : "archive: sid", si->sid, frame,
	      "the certificate is found by its reference");
	label(archived ? "T: digest" : "archive: digest", si->digest_algorithm,
	      RESTS_ON, NULL);
	label(archived ? "T: signed attributes" : "archive: signed attributes",
	      si->signed_attrs, RESTS_ON, NULL);
	label(archived ? "T: algorithm" : "archive: algorithm", si->signature_algorithm,
	      RESTS_ON, NULL);
	label(archived ? "T: signature" : "archive: signature", si->signature, RESTS_ON,
	      NULL);
	if (!archived && si->unsigned_whole.n > 0)
		label("hash index", si->unsigned_whole, RESTS_ON, NULL);
	mem_free(f);
}

static struct view token_of(struct view attribute)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view cursor;
	struct tlv t, type, set;
	cr_assert_eq(tlv_only(attribute, &t, &err), 0);
	cursor = t.body;
	cr_assert_eq(tlv_next(&cursor, &type, &err), 0);
	cr_assert_eq(tlv_next(&cursor, &set, &err), 0);
	return set.body;
}

static void label_signer(const struct ck_signer_info *si)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv attrs, t;
	label("signer version", si->version, RESTS_ON, NULL);
	label("sid", si->sid, RESTS_ON, NULL);
	label("digest algorithm", si->digest_algorithm, FATAL, NULL);
	cr_assert_eq(tlv_only(si->signed_attrs, &attrs, &err), 0);
	for (struct view c = attrs.body; c.n > 0;) {
		cr_assert_eq(tlv_next(&c, &t, &err), 0);
		label("signed attribute", t.whole, FATAL, NULL);
	}
	label("signature algorithm", si->signature_algorithm, FATAL, NULL);
	label("signature value", ck_body(si->signature), FAILED, NULL);
	for (size_t i = 0; i < si->unsigned_attrs.n; i++) {
		struct view token = token_of(si->unsigned_attrs.a[i]);
		struct view head =
		    view_of(si->unsigned_attrs.a[i].p,
			    (size_t)(token.p - si->unsigned_attrs.a[i].p));
		label("attribute type", head, RESTS_ON, NULL);
		label_token(token, view_starts(view_skip(head, 4),
					       make_oid(OID_SIGNATURE_TIME_STAMP)));
	}
}

static void label_all(void)
{
	struct ck_file *f = ck_file_read(file);
	struct view content;
	cr_assert(ck_file_content(f, &content));
	label("SignedData version", f->version, FREE,
	      "EN 319 122-1 5.5.3: not part of the imprint");
	label("digestAlgorithms", f->digests.a[0], FREE, "RFC 5652 5.1: a hint");
	/* Of BER the content is in pieces. */
	if (content.p >= file.p && content.p < file.p + file.n) {
		label("content type", view_head(f->encap, f->encap.n - content.n - 4),
		      FATAL, NULL);
		label("content", content, FAILED, NULL);
	} else {
		label("content in pieces", f->encap, FATAL, NULL);
	}
	label_material(f);
	label_signer(&f->signers[0]);
	mem_free(f);
}

/* ---- changing and judging ---- */

static uint8_t *copy;

static bool passes(int64_t now_ms)
{
	j.file = view_of(copy, file.n);
	j.now_ms = now_ms;
	if (!cades_judge_run(&j) || j.first == NULL)
		return false;
	return j.first->conclusion.indication == INDICATION_PASSED;
}

/* How the report must agree with itself about what was changed. */
static void check_report(const struct range *r, size_t at)
{
	if (j.document == NULL || j.first == NULL)
		return;
	const struct report_signature *f = j.first;
	if (strcmp(r->name, "content") == 0) {
		cr_assert_eq(f->references_intact, MATCH_NO, "%zu", at);
		cr_assert_eq(f->conclusion.sub, SUB_HASH_FAILURE, "%zu: %s", at,
			     f->conclusion.text);
	}
	if (strcmp(r->name, "signature value") == 0) {
		cr_assert_eq(f->references_intact, MATCH_YES, "%zu", at);
		cr_assert_not(f->signature_intact, "%zu", at);
		cr_assert_eq(f->conclusion.sub, SUB_SIG_CRYPTO_FAILURE, "%zu", at);
	}
	for (size_t i = 0; i < j.report->n_stamps; i++)
		if (j.report->stamps[i].counted)
			cr_assert(j.report->stamps[i].stamp->imprint == MATCH_YES &&
				      j.report->stamps[i].signature_intact,
				  "%s %zu", r->name, at);
}

static unsigned probe(const struct range *r, size_t at, uint8_t bit)
{
	unsigned wrong = 0;
	copy[at] ^= bit;
	bool late = passes(LATE);
	check_report(r, at);
	bool fatal = r->rule == FATAL || r->rule == FAILED;
	if (late && r->rule != FREE) {
		fprintf(stderr, "%s: octet %zu of %zu (0x%02x) passes late\n", r->name,
			at - (size_t)(r->v.p - file.p), r->v.n, copy[at]);
		wrong++;
	}
	if (r->rule == FAILED && j.first != NULL &&
	    j.first->conclusion.indication != INDICATION_FAILED)
		wrong++;
	if (fatal && passes(EARLY)) {
		fprintf(stderr, "%s: octet %zu of %zu passes\n", r->name,
			at - (size_t)(r->v.p - file.p), r->v.n);
		wrong++;
	}
	copy[at] ^= bit;
	return wrong;
}

/*
 * Any octet but 0 is TRUE in BER, and a hash index may be over the DER of an attribute
 * (cades.h, CADES_AS_DER): so a TRUE is made FALSE, not another TRUE.
 */
static uint8_t change_of(size_t at, unsigned bit)
{
	bool is_true = at >= 2 && file.p[at - 2] == ASN1_TAG_BOOLEAN &&
		       file.p[at - 1] == 1 && file.p[at] == 0xff;
	return is_true ? 0xff : (uint8_t)(1u << (bit % 8));
}

static unsigned mutate(const struct range *r)
{
	size_t probes = r->v.n > 1000 ? r->v.n / 16 : PROBES;
	size_t stride = r->v.n > probes ? r->v.n / probes : 1;
	size_t from = (size_t)(r->v.p - file.p);
	unsigned wrong = 0, bit = 0;
	for (size_t i = 0; i < r->v.n; i += stride)
		wrong += probe(r, from + i, change_of(from + i, bit++));
	return wrong;
}

static void with_ranges(void)
{
	copy = mem_dup(file.p, file.n);
	cr_assert_not_null(copy);
	label_all();
	cr_assert(passes(EARLY));
	cr_assert(passes(LATE), "unchanged, it passes");
}

static void expect_never_passed(void)
{
	unsigned wrong = 0;
	with_ranges();
	for (size_t i = 0; i < n_ranges; i++)
		wrong += mutate(&ranges[i]);
	mem_free(copy);
	cr_assert_eq(wrong, 0);
}

Test(mutation, octet_when_covered_or_rested_on_expect_never_passed)
{
	expect_never_passed();
}

Test(mutation, octet_when_encoded_in_ber_expect_never_passed)
{
	file = make_file(true, CADES_STAMP_ARCHIVE_V3);
	expect_never_passed();
}

Test(mutation, octet_when_archived_by_version_2_expect_never_passed)
{
	file = make_file(false, CADES_STAMP_ARCHIVE_V2);
	expect_never_passed();
}

/* An evidence record covers every octet of the file but its own attribute. */
Test(mutation, octet_when_under_an_evidence_record_expect_never_passed)
{
	struct cades_kit_record r = { .tsa = s.tsa2, .gen_ms = KIT_DAY(3) };
	file = cades_kit_record(make_lt(false), &r);
	struct ck_file *f = ck_file_read(file);
	struct ck_list *l = &f->signers[0].unsigned_attrs;
	struct view own = view_starts(view_skip(l->a[0], 4), make_oid(OID_ER_INTERNAL))
			      ? l->a[0]
			      : l->a[1];
	size_t from = (size_t)(own.p - file.p);
	unsigned wrong = 0;
	copy = mem_dup(file.p, file.n);
	cr_assert(passes(LATE), "unchanged, it passes");
	wrong +=
	    mutate(&(struct range){ "before", view_head(file, from), RESTS_ON, 0 });
	wrong += mutate(
	    &(struct range){ "after", view_skip(file, from + own.n), RESTS_ON, 0 });
	mem_free(copy);
	mem_free(f);
	cr_assert_eq(wrong, 0);
}

/* A SET that is not constructed is none, in whatever reading (X.690 8.12.1). */
static unsigned make_sets_primitive(size_t from, size_t to)
{
	struct range r = { "set", file, RESTS_ON, NULL };
	unsigned wrong = 0;
	copy = mem_dup(file.p, file.n);
	cr_assert(passes(LATE), "unchanged, it passes");
	for (size_t i = from; i < to; i++)
		if (file.p[i] == DER_SET)
			wrong += probe(&r, i, 0x20);
	mem_free(copy);
	return wrong;
}

Test(mutation, set_when_not_constructed_expect_never_passed)
{
	struct cades_kit_record r = { .tsa = s.tsa2, .gen_ms = KIT_DAY(3) };
	file = cades_kit_record(make_lt(false), &r);
	struct ck_file *f = ck_file_read(file);
	/* Of its certificates and its status: covered by the record alone. */
	size_t from = (size_t)(f->certs_whole.p - file.p);
	size_t to = (size_t)(f->crls_whole.p - file.p) + f->crls_whole.n;
	mem_free(f);
	cr_assert_eq(make_sets_primitive(from, to), 0);
}

/* Octets of the frame between the labelled ranges: lengths, tags. Never a crash, and
 * what is still read never says that an archive time-stamp covers what it does not. */
Test(mutation, octet_when_of_the_frame_expect_no_crash)
{
	struct range frame = { "frame", file, FREE, "lengths and tags" };
	with_ranges();
	mutate(&frame);
	mem_free(copy);
}

/* ---- whole elements ---- */

/* EN 319 122-1 5.5.3: neither order of attributes nor that of sets is significant. */
Test(mutation, unsigned_attributes_when_swapped_expect_still_passed)
{
	struct ck_file *f = ck_file_read(file);
	struct ck_list *a = &f->signers[0].unsigned_attrs;
	struct view first = a->a[0];
	cr_assert_eq(a->n, 2);
	a->a[0] = a->a[1];
	a->a[1] = first;
	a->indefinite = true; /* written in the order given */
	j.file = ck_file_write(f);
	cr_assert_not(view_equal(j.file, file));
	cades_judge_expect(&j, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(3));
}

static void without(bool certs, struct view v)
{
	struct ck_file *f = ck_file_read(file);
	struct ck_list *l = certs ? &f->certs : &f->crls;
	size_t kept = 0;
	for (size_t i = 0; i < l->n; i++)
		if (!view_equal(l->a[i], v))
			l->a[kept++] = l->a[i];
	cr_assert_eq(kept + 1, l->n);
	l->n = kept;
	j.file = ck_file_write(f);
}

/* What the index lists and is no longer there makes the time-stamp invalid; given
 * from outside, it is no element of the file all the same. */
Test(mutation, element_when_taken_away_expect_not_passed)
{
	struct ck_file *f = ck_file_read(file);
	for (size_t i = 0; i < f->certs.n; i++) {
		without(true, f->certs.a[i]);
		cr_assert(cades_judge_run(&j));
		cr_assert_neq(j.first->conclusion.indication, INDICATION_PASSED);
		j.outside.certs[0] = f->certs.a[i];
		cr_assert(cades_judge_run(&j));
		cr_assert_neq(j.first->conclusion.indication, INDICATION_PASSED);
		j.outside.certs[0] = VIEW_NULL;
	}
	for (size_t i = 0; i < f->crls.n; i++) {
		without(false, f->crls.a[i]);
		cr_assert(cades_judge_run(&j));
		cr_assert_neq(j.first->conclusion.indication, INDICATION_PASSED);
	}
	mem_free(f);
}

/* A time-stamp of another signature is no proof for this one. */
Test(mutation, time_stamp_when_of_another_file_expect_not_passed)
{
	struct cades_kit_signer signer = { .cert = s.signer, .signing_ms = KIT_DAY(9) };
	struct view other = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	struct ck_file *from = ck_file_read(file);
	struct ck_file *to = ck_file_read(other);
	to->certs = from->certs;
	to->crls = from->crls;
	to->version = from->version;
	to->signers[0].unsigned_attrs = from->signers[0].unsigned_attrs;
	mem_free(from);
	j.file = ck_file_write(to);
	cades_judge_expect(&j, SUB_REVOKED_CA_NO_POE);
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(j.report->stamps[i].stamp->imprint, MATCH_NO);
}
