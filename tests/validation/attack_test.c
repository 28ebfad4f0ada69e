/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody would try who wants evidence to say too much, or the verifier
 * to work without end. */
#include <criterion/criterion.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/asn1.h"
#include "formats/asic.h"
#include "formats/cms.h"
#include "formats/zip.h"
#include "tests/support/ers_scene.h"
#include "timestamping/tst.h"
#include "validation/evidence_source.h"

#define NOW 30

static struct scene s;
static struct digest object;

static void set_up(void)
{
	s = scene_new();
	object = make_digest(DIGEST_SHA256, "a");
}

static void tear_down(void)
{
	scene_free(&s);
}

TestSuite(attack, .init = set_up, .fini = tear_down);

static bool is_inside(struct view inner, struct view outer)
{
	return inner.p >= outer.p && inner.p + inner.n <= outer.p + outer.n;
}

/* The DER element with `part`, which lies in it, replaced. */
static struct buf replaced(struct view element, struct view part, struct view by)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = buf_make(MAKE_MAX);
	struct tlv t;
	if (element.p == part.p && element.n == part.n)
		return make_copy(by);
	if (!is_inside(part, element))
		return make_copy(element);
	cr_assert_eq(tlv_only(element, &t, &err), 0);
	for (struct view rest = t.body; rest.n > 0;) {
		struct tlv child;
		cr_assert_eq(tlv_next(&rest, &child, &err), 0);
		body = make_join(body, replaced(child.whole, part, by));
	}
	return make_tlv(element.p[0], 1, body);
}

/* A token over the object with its signedAttrs replaced. */
static struct buf token_with_attributes(struct view by)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf token = buf_make(MAKE_MAX), forged;
	struct cms *cms = NULL;
	fix_token(s.pki.tsa, NULL, 0, &object, DAY(0), &token);
	cr_assert_eq(cms_parse(view_buf(&token), &cms, &err), 0);
	forged = replaced(cms->whole, cms->signers[0].signed_attrs.whole, by);
	cms_free(cms);
	buf_free(&token);
	return forged;
}

static struct ers_report *verify_token(struct buf token)
{
	struct buf stamp =
	    make_tlv(DER_SEQUENCE, 2, make_algorithm(0xa0, DIGEST_SHA256), token);
	scene_crls(&s, 1, NULL);
	return scene_verify(&s, scene_record(1, make_tlv(DER_SEQUENCE, 1, stamp)), NOW,
			    1, "a");
}

/* The signature over a SET could then be passed off as one over a content. */
Test(attack, token_without_signed_attributes_fails_and_is_judged)
{
	struct ers_report *r = verify_token(token_with_attributes(VIEW_NULL));
	cr_assert_not(r->chains[0].stamps[0].signature_intact);
	scene_expect(r, false, INDICATION_FAILED, "FORMAT_FAILURE");
}

/* More members than a SET may have where it must be sorted. */
Test(attack, attribute_of_too_many_values_fails_and_is_judged)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf values = buf_make(MAKE_MAX), oid = buf_make(MAKE_MAX), attrs;
	struct ers_report *r;
	for (int i = 0; i < 5000; i++)
		cr_assert_eq(der_put_null(&values, &err), 0);
	cr_assert_eq(der_put_oid(&oid, OID_CONTENT_TYPE, &err), 0);
	attrs = make_tlv(0xa0, 1,
			 make_tlv(DER_SEQUENCE, 2, oid, make_tlv(DER_SET, 1, values)));
	r = verify_token(token_with_attributes(view_buf(&attrs)));
	cr_assert_not(r->chains[0].stamps[0].signature_intact);
	scene_expect(r, false, INDICATION_FAILED, "FORMAT_FAILURE");
	buf_free(&attrs);
}

/*
 * The key was lost on day 2. On day 8 its thief makes a token of day 0, has it
 * renewed elsewhere on day 10; the CA tells of the loss on day 11.
 */
Test(attack, backdated_token_of_a_lost_key_is_not_saved_by_a_renewal)
{
	struct fix_cert_options o = { .cn = "TSA 2",
				      .issuer = s.pki.ca,
				      .eku = FIX_EKU_TIMESTAMPING };
	struct fix_cert *other = fix_cert_make(&o);
	struct fix_revoked revoked = { .cert = s.pki.tsa,
				       .at_ms = DAY(2),
				       .reason = 1 /* keyCompromise */ };
	struct buf token;
	struct scene_stamp first = { .alg = DIGEST_SHA256, .imprint = &object };
	struct buf one = scene_stamp_make(&s, &first, &token);
	struct digest cover = scene_token_hash(DIGEST_SHA256, &token);
	struct scene_stamp second = {
		.alg = DIGEST_SHA256, .imprint = &cover, .day = 10, .tsa = other
	};
	struct buf two = scene_stamp_make(&s, &second, NULL);
	struct ers_report *r;

	scene_crls(&s, 1, NULL);
	scene_crls(&s, 11, &revoked);
	r = scene_verify(&s, scene_record(1, make_tlv(DER_SEQUENCE, 2, one, two)), NOW,
			 1, "a");
	cr_assert_eq(r->chains[0].stamps[1].indication, INDICATION_PASSED);
	scene_expect(r, true, INDICATION_INDETERMINATE, "REVOKED_NO_POE");
	buf_free(&token);
	fix_cert_free(other);
}

/* The certificate signed again without its basicConstraints. */
static struct buf without_constraints(struct fix_cert *c, EVP_PKEY *issuer_key)
{
	struct buf out = buf_make(MAKE_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	unsigned char *der = NULL;
	X509 *x = X509_dup(c->x);
	int n, at = X509_get_ext_by_NID(x, NID_basic_constraints, -1);
	X509_EXTENSION_free(X509_delete_ext(x, at));
	cr_assert_gt(X509_sign(x, issuer_key, EVP_sha256()), 0);
	n = i2d_X509(x, &der);
	cr_assert_gt(n, 0);
	cr_assert_eq(buf_put(&out, view_of(der, (size_t)n), &err), 0);
	OPENSSL_free(der);
	X509_free(x);
	return out;
}

static enum indication judge_below(struct view ca, struct fix_cert *tsa, bool anchor)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = fix_material(anchor ? NULL : s.pki.root, NULL);
	struct tsa_path_input in = { .signer = tsa->x,
				     .material = m,
				     .gen_time_ms = DAY(0),
				     .time_ms = DAY(1) };
	struct tsa_path_result r;
	enum indication i;
	fix_material_add(m, anchor ? MATERIAL_ANCHOR : MATERIAL_CERT, ca);
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0, "%s", err.text);
	i = r.indication;
	if (i != INDICATION_PASSED)
		cr_assert_str_eq(r.subindication, "CHAIN_CONSTRAINTS_FAILURE", "%s",
				 r.text);
	tsa_path_result_clear(&r);
	material_free(m);
	return i;
}

/* RFC 5280 6.1.4 (k): keyCertSign alone makes no CA, nor does trust in one that says
 * it is none. */
Test(attack, ca_without_basic_constraints_is_no_ca)
{
	struct fix_cert *ca = fix_cert_make(&(struct fix_cert_options){
	    .cn = "no CA", .issuer = s.pki.root, .ca = true });
	struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA below", .issuer = ca, .eku = FIX_EKU_TIMESTAMPING });
	struct buf der = without_constraints(ca, s.pki.root->key);
	cr_assert_eq(judge_below(ca->der, tsa, false), INDICATION_PASSED);
	cr_assert_eq(judge_below(view_buf(&der), tsa, false), INDICATION_INDETERMINATE);
	cr_assert_eq(judge_below(view_buf(&der), tsa, true), INDICATION_INDETERMINATE);
	cr_assert_eq(judge_below(ca->der, tsa, true), INDICATION_PASSED);
	buf_free(&der);
	fix_cert_free(tsa);
	fix_cert_free(ca);
}

/* Whether the TSA's certificate passes with this responder's good answer. */
static enum indication judge_answered_by(const struct fix_cert *responder)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = fix_material(s.pki.ca, NULL);
	struct buf answer = buf_make(MAKE_MAX);
	struct tsa_path_input in = { .signer = s.pki.tsa->x,
				     .material = m,
				     .gen_time_ms = DAY(0),
				     .time_ms = DAY(1),
				     .need_revocation = true };
	struct tsa_path_result r;
	fix_ocsp_make(&(struct fix_ocsp_options){ .cert = s.pki.tsa,
						  .issuer = s.pki.ca,
						  .responder = responder,
						  .this_ms = DAY(0) + 1000 },
		      &answer);
	fix_material_add(m, MATERIAL_OCSP, view_buf(&answer));
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0, "%s", err.text);
	enum indication i = r.indication;
	tsa_path_result_clear(&r);
	material_free(m);
	buf_free(&answer);
	return i;
}

/* Of those that claim to answer for the CA only the one that it signed, for that
 * purpose, is heard. */
Test(attack, forged_responders_are_not_heard)
{
	struct fix_cert_options o = { .cn = "Responder",
				      .issuer = s.pki.ca,
				      .ocsp_nocheck = true,
				      .eku = FIX_EKU_OCSP_SIGNING };
	struct fix_cert *good = fix_cert_make(&o);
	o.sign_with = s.pki.root;
	struct fix_cert *forged = fix_cert_make(&o);
	o.sign_with = NULL;
	o.eku = FIX_EKU_OTHER;
	struct fix_cert *other = fix_cert_make(&o);
	cr_assert_eq(judge_answered_by(good), INDICATION_PASSED);
	cr_assert_eq(judge_answered_by(forged), INDICATION_INDETERMINATE);
	cr_assert_eq(judge_answered_by(other), INDICATION_INDETERMINATE);
	fix_cert_free(other);
	fix_cert_free(forged);
	fix_cert_free(good);
}

/* OCSPResponses that say only "no", each with another number for it. */
static void add_many_responses(struct material *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t der[] = {
			DER_SEQUENCE,      5,         ASN1_TAG_ENUMERATED, 3, 1,
			(uint8_t)(i >> 8), (uint8_t)i
		};
		fix_material_add(m, MATERIAL_OCSP, view_of(der, sizeof(der)));
	}
}

Test(attack, many_tokens_over_much_material_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf stamps = buf_make(MAKE_MAX), record;
	struct ers_report *r = NULL;
	struct ers_input in = { .material = s.material, .time_ms = DAY(NOW) };
	add_many_responses(s.material, 5000);
	for (int i = 0; i < 1000; i++)
		stamps = make_join(stamps, make_plain_stamp(make_fake_token("t")));
	record = scene_record(1, make_tlv(DER_SEQUENCE, 1, stamps));
	cr_assert_eq(ers_verify(view_buf(&record), &in, &r, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	buf_free(&record);
}

/* The container with one text of its entries replaced by one as long. */
static struct buf container_with(const char *from, const char *to)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &object };
	struct buf record = scene_simple(&s, &o);
	struct asic_object data = { .name = view_text("a.txt"),
				    .data = view_text("a") };
	struct asic_input in = { .objects = &data,
				 .n_objects = 1,
				 .record = view_buf(&record),
				 .alg = DIGEST_SHA256,
				 .time_ms = FIX_T0_MS };
	struct buf plain = buf_make(MAKE_MAX), out = buf_make(MAKE_MAX);
	struct zip *z = NULL;
	struct zip_writer *w = NULL;
	size_t replaced_n = 0;

	cr_assert_eq(asic_build(&in, &plain, &err), 0, "%s", err.text);
	cr_assert_eq(zip_open(view_buf(&plain), &z, &err), 0, "%s", err.text);
	cr_assert_eq(zip_writer_new(zip_sink_buf(&out), FIX_T0_MS, &w, &err), 0);
	for (size_t i = 0; i < z->n; i++) {
		struct buf copy = make_copy(z->entries[i].packed);
		uint8_t *at = memmem(copy.p, copy.n, from, strlen(from));
		if (at != NULL) {
			memcpy(at, to, strlen(to));
			replaced_n++;
		}
		cr_assert_eq(
		    zip_writer_add(w, z->entries[i].name, view_buf(&copy), &err), 0);
		buf_free(&copy);
	}
	cr_assert_eq(replaced_n, 1);
	cr_assert_eq(zip_writer_finish(w, &err), 0);
	zip_writer_free(w);
	zip_free(z);
	buf_free(&plain);
	buf_free(&record);
	return out;
}

static void expect_container(const char *to, bool intact, enum indication indication,
			     const char *finding)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf file = container_with("xmlenc#sha256", to);
	struct evidence_reports r = { .n = 0 };
	struct ers_input in = { .material = s.material, .time_ms = DAY(NOW) };
	cr_assert_eq(evidence_judge(view_buf(&file), &in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r.n, 1);
	cr_assert_eq(r.r[0]->intact, intact);
	cr_assert_eq(r.r[0]->indication, indication);
	cr_assert_eq(r.r[0]->proof_of_existence_ms == INT64_MIN,
		     indication != INDICATION_PASSED);
	if (finding != NULL)
		cr_assert(scene_has_finding(r.r[0], finding));
	evidence_reports_clear(&r);
	buf_free(&file);
}

/* The record covers the file; the manifest neither helps nor contradicts. */
Test(attack, manifest_of_an_unknown_digest_is_no_contradiction)
{
	scene_crls(&s, 1, NULL);
	expect_container("xmlenc#sha256", true, INDICATION_PASSED, NULL);
	expect_container("xmlenc#sha999", true, INDICATION_INDETERMINATE,
			 "ASIC_DIGEST_UNKNOWN");
	expect_container("xmlenc#sha512", false, INDICATION_FAILED,
			 "ASIC_REFERENCE_MISMATCH");
}
