/* SPDX-License-Identifier: Apache-2.0 */
/* Trusted lists that are not to be believed, each for one reason; pivots; services
 * through the years. */
#include "validation/trusted_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/trusted_list_kit.h"

#define OUT_MAX ((size_t)4 << 20)
#define GRANTED "granted"

static struct trusted_list *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct trusted_list *l = NULL;
	cr_assert_eq(trusted_list_parse(in, &l, &err), 0, "%s (%s)", err.text,
		     err.where);
	return l;
}

static struct cert *decode(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *ret = NULL;
	cr_assert_eq(cert_parse(c->der, &ret, &err), 0, "%s", err.text);
	return ret;
}

static struct fix_cert *signer_make(enum fix_key key)
{
	return fix_cert_make(&(struct fix_cert_options){ .cn = "Operator", .key = key });
}

/* Of a document, under these two signers at most. */
static struct trusted_list_verdict judged(struct view in, const struct fix_cert *a,
					  const struct fix_cert *b,
					  const struct trusted_list_wanted *wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct trusted_list *l = parse(in);
	struct cert *certs[2] = { decode(a), b != NULL ? decode(b) : NULL };
	struct trusted_list_wanted w =
	    wanted != NULL ? *wanted
			   : (struct trusted_list_wanted){ .time_ms = FIX_T0_MS };
	struct trusted_list_verdict v;
	w.signers = (struct trusted_list_signers){ (const struct cert *const *)certs,
						   b != NULL ? 2 : 1 };
	cr_assert_eq(trusted_list_judge(l, &w, &v, &err), 0, "%s", err.text);
	v.signer = NULL; /* is freed */
	trusted_list_free(l);
	cert_free(certs[0]);
	cert_free(certs[1]);
	return v;
}

static void expect(const char *what, const struct tlkit_list *list,
		   const struct tlkit_signature *sign,
		   const struct trusted_list_wanted *wanted,
		   enum trusted_list_reason reason)
{
	struct buf plain = buf_make(OUT_MAX), out = buf_make(OUT_MAX);
	tlkit_list(list, &plain);
	tlkit_sign(view_buf(&plain), sign, &out);
	const struct trusted_list_verdict v =
	    judged(view_buf(&out), sign->signer, NULL, wanted);
	cr_expect_eq(v.reason, reason, "%s: %s: %s", what, trusted_list_word(v.reason),
		     v.why);
	buf_free(&plain);
	buf_free(&out);
}

/* ---- good ones ---- */

Test(trusted_list, lists_by_keys_of_each_kind_verify)
{
	static const struct {
		enum fix_key key;
		const char *method;
	} cases[] = {
		{ FIX_KEY_RSA, NULL },
		{ FIX_KEY_RSA, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" },
		{ FIX_KEY_RSA, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" },
		{ FIX_KEY_RSA, "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" },
		{ FIX_KEY_RSA, "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" },
		{ FIX_KEY_RSA, "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" },
		{ FIX_KEY_P256, NULL },
		{ FIX_KEY_P384, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" },
		{ FIX_KEY_ED25519, NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fix_cert *c = signer_make(cases[i].key);
		struct tlkit_list list = { .services = tlkit_service(
					       TLKIT_CA_QC, GRANTED,
					       "2020-01-01T00:00:00Z", c, NULL) };
		struct tlkit_signature sign = { .signer = c,
						.method = cases[i].method };
		expect("good", &list, &sign, NULL, TRUSTED_LIST_GOOD);
		fix_cert_free(c);
	}
}

Test(trusted_list, other_forms_that_are_allowed_verify)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	struct tlkit_list list = { .id = "whole", .version = "5" };
	struct tlkit_signature sign = { .signer = c,
					.uri = "#whole",
					.first_version = true,
					.digest = "http://www.w3.org/2001/04/xmlenc#sha512" };
	expect("by Id", &list, &sign, NULL, TRUSTED_LIST_GOOD);
	sign.cert_digest = "http://www.w3.org/2000/09/xmldsig#sha1";
	expect("named by SHA-1", &list, &sign, NULL, TRUSTED_LIST_GOOD);
	sign.inclusive = true;
	expect("properties without a transform", &list, &sign, NULL, TRUSTED_LIST_GOOD);
	fix_cert_free(c);
}

/* What a canonical form says otherwise than the document is not what was signed. */
Test(trusted_list, a_document_in_another_spelling_is_the_same_list)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	struct buf plain = buf_make(OUT_MAX), out = buf_make(OUT_MAX),
		   other = buf_make(OUT_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlkit_signature sign = { .signer = c };
	const char *text;
	tlkit_list(&(struct tlkit_list){ 0 }, &plain);
	tlkit_sign(view_buf(&plain), &sign, &out);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	const char *at = strstr(text, "<SchemeInformation>");
	cr_assert_eq(buf_put_text(&other, "<?xml version=\"1.0\"?>\n<!-- a -->", &err), 0);
	cr_assert_eq(buf_put(&other, view_of(text, (size_t)(at - text)), &err), 0);
	cr_assert_eq(buf_put_text(&other, "<!-- b --><SchemeInformation  >", &err), 0);
	cr_assert_eq(buf_put_text(&other, at + strlen("<SchemeInformation>"), &err), 0);
	const struct trusted_list_verdict v = judged(view_buf(&other), c, NULL, NULL);
	cr_expect_eq(v.reason, TRUSTED_LIST_GOOD, "%s", v.why);
	fix_cert_free(c);
	buf_free(&plain);
	buf_free(&out);
	buf_free(&other);
}

/* ---- signatures that are not to be believed ---- */

Test(trusted_list, each_defect_of_a_signature_is_its_own_reason)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	struct fix_cert *other = signer_make(FIX_KEY_P256);
	struct fix_cert *rsa = signer_make(FIX_KEY_RSA);
	const struct {
		const char *what;
		struct tlkit_signature sign;
		enum trusted_list_reason reason;
	} cases[] = {
		{ "altered", { .signer = c, .wrong_digest = true }, TRUSTED_LIST_ALTERED },
		{ "properties altered",
		  { .signer = c, .wrong_properties = true },
		  TRUSTED_LIST_ALTERED },
		{ "value", { .signer = c, .wrong_value = true }, TRUSTED_LIST_SIGNATURE },
		{ "names another", { .signer = c, .named = other }, TRUSTED_LIST_SIGNER },
		{ "names none", { .signer = c, .no_certificate = true },
		  TRUSTED_LIST_SIGNER },
		{ "named twice", { .signer = c, .both = true },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "no time", { .signer = c, .time = "" }, TRUSTED_LIST_SIGNING_TIME },
		{ "before the certificate",
		  { .signer = c, .time = "2001-01-01T00:00:00Z" },
		  TRUSTED_LIST_SIGNING_TIME },
		{ "after the certificate",
		  { .signer = c, .time = "2060-01-01T00:00:00Z" },
		  TRUSTED_LIST_SIGNING_TIME },
		{ "no properties",
		  { .signer = c, .no_properties = true },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "digest SHA-1",
		  { .signer = c, .digest = "http://www.w3.org/2000/09/xmldsig#sha1" },
		  TRUSTED_LIST_ALGORITHM },
		{ "signature SHA-1",
		  { .signer = rsa,
		    .method = "http://www.w3.org/2000/09/xmldsig#rsa-sha1" },
		  TRUSTED_LIST_ALGORITHM },
		{ "method of another key",
		  { .signer = c,
		    .method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" },
		  TRUSTED_LIST_ALGORITHM },
		{ "an unknown method",
		  { .signer = rsa,
		    .method = "http://www.w3.org/2021/04/xmldsig-more#rsa" },
		  TRUSTED_LIST_ALGORITHM },
		{ "inclusive canonical form",
		  { .signer = c,
		    .canonicalization =
			"http://www.w3.org/TR/2001/REC-xml-c14n-20010315" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "only enveloped",
		  { .signer = c, .transforms = TLKIT_TRANSFORM(TLKIT_ENVELOPED) },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "order of transforms",
		  { .signer = c,
		    .transforms =
			TLKIT_TRANSFORM(TLKIT_EXC) TLKIT_TRANSFORM(TLKIT_ENVELOPED) },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "a transform more",
		  { .signer = c,
		    .transforms = TLKIT_TRANSFORMS TLKIT_TRANSFORM(TLKIT_EXC) },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "a transform with contents",
		  { .signer = c,
		    .transforms = TLKIT_TRANSFORM(
			TLKIT_ENVELOPED) "<ds:Transform Algorithm=\"" TLKIT_EXC
					 "\"><ds:XPath>a</ds:XPath></ds:Transform>" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "a part of the list",
		  { .signer = c, .uri = "#part" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "another document",
		  { .signer = c, .uri = "http://a.test/" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "properties of another",
		  { .signer = c, .properties_uri = "#props2" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "properties transformed",
		  { .signer = c,
		    .properties_transforms =
			TLKIT_TRANSFORM(TLKIT_EXC) TLKIT_TRANSFORM(TLKIT_EXC) },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "properties without a transform, altered",
		  { .signer = c, .inclusive = true, .wrong_properties = true },
		  TRUSTED_LIST_ALTERED },
		{ "the one canonical form for the other",
		  { .signer = c,
		    .inclusive = true,
		    .properties_transforms = TLKIT_TRANSFORM(TLKIT_EXC) },
		  TRUSTED_LIST_ALTERED },
		{ "an empty list of transforms",
		  { .signer = c, .inclusive = true, .properties_transforms = "" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "a third thing",
		  { .signer = c,
		    .more = "<ds:Reference URI=\"\"><ds:DigestMethod Algorithm=\"a\">"
			    "</ds:DigestMethod><ds:DigestValue>AAAA</ds:DigestValue>"
			    "</ds:Reference>" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "one inside",
		  { .signer = c,
		    .unsigned_properties =
			"<xades:UnsignedProperties><ds:Signature></ds:Signature>"
			"</xades:UnsignedProperties>" },
		  TRUSTED_LIST_SIGNATURE_FORM },
		{ "SHA-224",
		  { .signer = c,
		    .digest = "http://www.w3.org/2001/04/xmldsig-more#sha224" },
		  TRUSTED_LIST_ALGORITHM },
	};
	const struct tlkit_list list = { .id = "whole" };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].what, &list, &cases[i].sign, NULL, cases[i].reason);
	fix_cert_free(c);
	fix_cert_free(other);
	fix_cert_free(rsa);
}

/* A signing time is what the signer writes; the issue of a list that counts is not. */
Test(trusted_list, a_certificate_that_ended_before_the_issue_signs_no_list)
{
	struct fix_cert *c = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Old", .not_after_ms = FIX_T0_MS - FIX_DAY_MS });
	const struct {
		int64_t ago_ms; /* from the end to the issue */
		enum trusted_list_reason reason;
	} cases[] = {
		{ -FIX_DAY_MS, TRUSTED_LIST_GOOD },
		{ FIX_DAY_MS, TRUSTED_LIST_GOOD },
		{ FIX_DAY_MS + 1000, TRUSTED_LIST_SIGNING_TIME },
		{ 30 * FIX_DAY_MS, TRUSTED_LIST_SIGNING_TIME },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const int64_t issued_ms = FIX_T0_MS - FIX_DAY_MS + cases[i].ago_ms;
		char signed_at[TIME_TEXT_MAX], issued[TIME_TEXT_MAX];
		time_rfc3339(FIX_T0_MS - 2 * FIX_DAY_MS, signed_at);
		time_rfc3339(issued_ms, issued);
		const struct tlkit_list list = { .issued = issued };
		const struct tlkit_signature sign = { .signer = c, .time = signed_at };
		const struct trusted_list_wanted wanted = { .time_ms = issued_ms };
		expect(issued, &list, &sign, &wanted, cases[i].reason);
	}
	fix_cert_free(c);
}

/* No time is not the beginning of time. */
Test(trusted_list, a_certificate_that_was_always_valid_needs_a_time_too)
{
	struct fix_cert *c = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Old", .not_before_ms = -FIX_YEAR_MS });
	struct tlkit_signature sign = { .signer = c, .time = "" };
	expect("no time", &(struct tlkit_list){ 0 }, &sign, NULL,
	       TRUSTED_LIST_SIGNING_TIME);
	fix_cert_free(c);
}

Test(trusted_list, a_small_key_is_not_accepted)
{
	EVP_PKEY *small = EVP_RSA_gen(1024);
	struct fix_cert *rsa = signer_make(FIX_KEY_RSA);
	/* The certificate of the small key: made over it, signed by the large one. */
	struct fix_cert holder = { .x = NULL, .key = small, .der = rsa->der };
	struct fix_cert *c = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Small", .issuer = rsa, .same_key = &holder });
	struct tlkit_signature sign = { .signer = c };
	expect("RSA 1024", &(struct tlkit_list){ 0 }, &sign, NULL,
	       TRUSTED_LIST_ALGORITHM);
	fix_cert_free(c);
	fix_cert_free(rsa);
	EVP_PKEY_free(small);
}

Test(trusted_list, one_that_is_not_among_the_signers_is_not_believed)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	struct fix_cert *other = signer_make(FIX_KEY_P256);
	struct buf plain = buf_make(OUT_MAX), out = buf_make(OUT_MAX);
	struct tlkit_signature sign = { .signer = c };
	tlkit_list(&(struct tlkit_list){ 0 }, &plain);
	tlkit_sign(view_buf(&plain), &sign, &out);
	cr_expect_eq(judged(view_buf(&out), other, NULL, NULL).reason,
		     TRUSTED_LIST_SIGNER);
	cr_expect_eq(judged(view_buf(&out), other, c, NULL).reason, TRUSTED_LIST_GOOD);
	/* The key in KeyInfo counts for nothing, nor does a name that another has. */
	sign.named = other;
	buf_clear(&out);
	tlkit_sign(view_buf(&plain), &sign, &out);
	cr_expect_eq(judged(view_buf(&out), other, c, NULL).reason,
		     TRUSTED_LIST_SIGNATURE);
	cr_expect_eq(judged(view_buf(&plain), c, NULL, NULL).reason,
		     TRUSTED_LIST_UNSIGNED);
	fix_cert_free(c);
	fix_cert_free(other);
	buf_free(&plain);
	buf_free(&out);
}

/* ---- wrapping ---- */

/* A good signed list; what is put in its place behind `from`. */
static enum trusted_list_reason wrapped(const struct fix_cert *c, const char *before,
					const char *insert, bool with_signature)
{
	struct buf plain = buf_make(OUT_MAX), good = buf_make(OUT_MAX),
		   bad = buf_make(OUT_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlkit_signature sign = { .signer = c };
	const char *text;
	tlkit_list(&(struct tlkit_list){ .extension = "x" }, &plain);
	tlkit_sign(view_buf(&plain), &sign, &good);
	cr_assert_eq(buf_text(&good, &text, &err), 0);
	const char *at = strstr(text, before);
	const char *from = strstr(text, "<ds:Signature "),
		   *to = strstr(text, "</TrustServiceStatusList>");
	cr_assert_not_null(at, "%s", before);
	cr_assert_eq(buf_put(&bad, view_of(text, (size_t)(at - text)), &err), 0);
	cr_assert_eq(buf_put_text(&bad, insert, &err), 0);
	if (with_signature)
		cr_assert_eq(buf_put(&bad, view_of(from, (size_t)(to - from)), &err), 0);
	cr_assert_eq(buf_put_text(&bad, at, &err), 0);
	const enum trusted_list_reason reason =
	    judged(view_buf(&bad), c, NULL, NULL).reason;
	buf_free(&plain);
	buf_free(&good);
	buf_free(&bad);
	return reason;
}

Test(trusted_list, what_is_wrapped_is_refused)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	const char *end = "</TrustServiceStatusList>";
	cr_expect_eq(wrapped(c, end, "", false), TRUSTED_LIST_GOOD);
	cr_expect_eq(wrapped(c, end, "", true), TRUSTED_LIST_SIGNATURE_FORM, "two");
	cr_expect_eq(wrapped(c, "</Extension>", "", true), TRUSTED_LIST_SIGNATURE_FORM,
		     "one inside");
	cr_expect_eq(wrapped(c, "</ds:Signature>",
			     "<ds:Object><a></a></ds:Object>", false),
		     TRUSTED_LIST_SIGNATURE_FORM, "an object more");
	cr_expect_eq(wrapped(c, "</SchemeTerritory>", "X", false), TRUSTED_LIST_ALTERED);
	fix_cert_free(c);
}

/* What it covers is the same: only its place is another. */
Test(trusted_list, a_signature_that_was_moved_inside_is_refused)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	struct buf plain = buf_make(OUT_MAX), good = buf_make(OUT_MAX),
		   bad = buf_make(OUT_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlkit_signature sign = { .signer = c };
	const char *text;
	tlkit_list(&(struct tlkit_list){ .extension = "x" }, &plain);
	tlkit_sign(view_buf(&plain), &sign, &good);
	cr_assert_eq(buf_text(&good, &text, &err), 0);
	const char *at = strstr(text, "</Extension>"),
		   *from = strstr(text, "<ds:Signature "),
		   *to = strstr(text, "</TrustServiceStatusList>");
	cr_assert_eq(buf_put(&bad, view_of(text, (size_t)(at - text)), &err), 0);
	cr_assert_eq(buf_put(&bad, view_of(from, (size_t)(to - from)), &err), 0);
	cr_assert_eq(buf_put(&bad, view_of(at, (size_t)(from - at)), &err), 0);
	cr_assert_eq(buf_put_text(&bad, to, &err), 0);
	cr_expect_eq(judged(view_buf(&bad), c, NULL, NULL).reason,
		     TRUSTED_LIST_SIGNATURE_FORM);
	fix_cert_free(c);
	buf_free(&plain);
	buf_free(&good);
	buf_free(&bad);
}

/* ---- the list itself ---- */

Test(trusted_list, what_the_list_says_of_itself_is_judged)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	const struct tlkit_signature sign = { .signer = c };
	const struct trusted_list_seen ten = { .sequence = 10,
					       .issued_ms = 1764547200000 };
	const struct trusted_list_seen eleven = { .sequence = 11 };
	const struct trusted_list_seen later = { .sequence = 10,
						 .issued_ms = 1764547200001 };
	const char *lists =
	    "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists";
	const struct {
		const char *what;
		struct tlkit_list list;
		struct trusted_list_wanted wanted;
		enum trusted_list_reason reason;
	} cases[] = {
		{ "good", { 0 }, { .time_ms = FIX_T0_MS }, TRUSTED_LIST_GOOD },
		{ "the same again",
		  { 0 },
		  { .time_ms = FIX_T0_MS, .seen = &ten },
		  TRUSTED_LIST_GOOD },
		{ "version 4",
		  { .version = "4" },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_VERSION },
		{ "version 7",
		  { .version = "7" },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_VERSION },
		{ "number back",
		  { 0 },
		  { .time_ms = FIX_T0_MS, .seen = &eleven },
		  TRUSTED_LIST_BACKWARDS },
		{ "date back",
		  { 0 },
		  { .time_ms = FIX_T0_MS, .seen = &later },
		  TRUSTED_LIST_BACKWARDS },
		{ "issued a day ahead, for clocks that differ",
		  { .issued = "2026-01-02T00:00:00Z" },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_GOOD },
		{ "issued later than that",
		  { .issued = "2026-01-02T00:00:01Z" },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_FUTURE },
		{ "of the far future, after one that was known",
		  { .sequence = "11",
		    .issued = "2039-01-01T00:00:00Z",
		    .next_update = "2045-06-01T00:00:00Z" },
		  { .time_ms = FIX_T0_MS, .seen = &ten },
		  TRUSTED_LIST_FUTURE },
		{ "expired",
		  { .next_update = "2025-12-31T23:59:59Z" },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_EXPIRED },
		{ "the last moment",
		  { .next_update = "2026-01-01T00:00:00Z" },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_GOOD },
		{ "closed",
		  { .closed = true },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_CLOSED },
		{ "of another",
		  { 0 },
		  { .time_ms = FIX_T0_MS, .territory = "YY" },
		  TRUSTED_LIST_KIND },
		{ "a list of lists for a list",
		  { .type = lists },
		  { .time_ms = FIX_T0_MS },
		  TRUSTED_LIST_KIND },
		{ "a list for a list of lists",
		  { 0 },
		  { .time_ms = FIX_T0_MS, .lists = true },
		  TRUSTED_LIST_KIND },
		{ "a list of lists",
		  { .type = lists },
		  { .time_ms = FIX_T0_MS, .lists = true },
		  TRUSTED_LIST_GOOD },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].what, &cases[i].list, &sign, &cases[i].wanted,
		       cases[i].reason);
	fix_cert_free(c);
}

Test(trusted_list, it_counts_for_six_months_at_most)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	const struct tlkit_signature sign = { .signer = c };
	const int64_t issued_ms = 1764547200000; /* 2025-12-01 */
	const int64_t march_ms = 1772323200000;  /* 2026-03-01 */
	const int64_t end_ms = issued_ms + 185 * FIX_DAY_MS;
	const struct {
		const char *what;
		struct tlkit_list list;
		int64_t time_ms;
		enum trusted_list_reason reason;
	} cases[] = {
		{ "the longest half of a year",
		  { .issued = "2026-03-01T00:00:00Z",
		    .next_update = "2026-09-01T00:00:00Z" },
		  march_ms + 184 * FIX_DAY_MS,
		  TRUSTED_LIST_GOOD },
		{ "it ends with it",
		  { .issued = "2026-03-01T00:00:00Z",
		    .next_update = "2026-09-01T00:00:00Z" },
		  march_ms + 184 * FIX_DAY_MS + 1,
		  TRUSTED_LIST_EXPIRED },
		{ "a day more, its last moment",
		  { .next_update = "2026-06-04T00:00:00Z" },
		  end_ms,
		  TRUSTED_LIST_GOOD },
		{ "years, within six months",
		  { .next_update = "2030-01-01T00:00:00Z" },
		  end_ms,
		  TRUSTED_LIST_GOOD },
		{ "years, behind six months",
		  { .next_update = "2030-01-01T00:00:00Z" },
		  end_ms + 1,
		  TRUSTED_LIST_EXPIRED },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct trusted_list_wanted wanted = { .time_ms =
								cases[i].time_ms };
		expect(cases[i].what, &cases[i].list, &sign, &wanted, cases[i].reason);
	}
	cr_expect_eq(trusted_list_until(issued_ms, INT64_MIN), INT64_MIN, "closed");
	fix_cert_free(c);
}

static struct trusted_list_seen seen_of(const struct tlkit_list *list,
					const struct tlkit_signature *sign)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf plain = buf_make(OUT_MAX), out = buf_make(OUT_MAX);
	tlkit_list(list, &plain);
	tlkit_sign(view_buf(&plain), sign, &out);
	struct trusted_list *l = parse(view_buf(&out));
	struct trusted_list_seen seen = { .sequence = l->sequence,
					  .issued_ms = l->issued_ms };
	cr_assert_eq(trusted_list_content(l, &seen.content, &err), 0);
	trusted_list_free(l);
	buf_free(&plain);
	buf_free(&out);
	return seen;
}

Test(trusted_list, other_contents_need_another_number)
{
	struct fix_cert *c = signer_make(FIX_KEY_P256);
	struct fix_cert *by_other = signer_make(FIX_KEY_P256);
	const struct tlkit_signature sign = { .signer = c }, other = { .signer =
									   by_other };
	const struct tlkit_list first = { 0 };
	const struct trusted_list_seen seen = seen_of(&first, &other);
	const struct trusted_list_wanted wanted = { .time_ms = FIX_T0_MS,
						    .seen = &seen };
	const struct {
		const char *what;
		struct tlkit_list list;
		enum trusted_list_reason reason;
	} cases[] = {
		{ "the same, signed anew by another", { 0 }, TRUSTED_LIST_GOOD },
		{ "one service more",
		  { .services = tlkit_service(TLKIT_CA_QC, TLKIT_STATUS GRANTED,
					      "2020-01-01T00:00:00Z", c, NULL) },
		  TRUSTED_LIST_SAME_NUMBER },
		{ "issued later, but under the same number",
		  { .issued = "2025-12-02T00:00:00Z" },
		  TRUSTED_LIST_SAME_NUMBER },
		{ "with a number of its own",
		  { .issued = "2025-12-02T00:00:00Z", .sequence = "11" },
		  TRUSTED_LIST_GOOD },
		{ "older and different is older",
		  { .issued = "2025-11-30T00:00:00Z" },
		  TRUSTED_LIST_BACKWARDS },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].what, &cases[i].list, &sign, &wanted, cases[i].reason);
	fix_cert_free(c);
	fix_cert_free(by_other);
}

/* ---- pivots ---- */

#define PIVOT_TYPE "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"

/* A list of lists that this key signs and that names the next. */
static struct trusted_list *pivot(const struct fix_cert *by, const struct fix_cert *next)
{
	struct buf plain = buf_make(OUT_MAX), out = buf_make(OUT_MAX);
	struct tlkit_list list = { .type = PIVOT_TYPE,
				   .next_update = "2020-01-01T00:00:00Z" };
	struct tlkit_signature sign = { .signer = by };
	if (next != NULL)
		list.pointers = tlkit_pointer("http://a.test/lotl.xml", "XX",
					      "EUlistofthelists", next);
	tlkit_list(&list, &plain);
	tlkit_sign(view_buf(&plain), &sign, &out);
	struct trusted_list *l = parse(view_buf(&out));
	buf_free(&plain);
	buf_free(&out);
	return l;
}


static struct trusted_list_verdict through(const struct fix_cert *configured,
					   struct trusted_list *newest,
					   struct trusted_list *oldest,
					   const struct fix_cert *last)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = decode(configured), *want = decode(last);
	const struct trusted_list *const pivots[] = { newest, oldest };
	const struct trusted_list_signers signers = { (const struct cert *const *)&c,
						      1 };
	struct trusted_list_certs certs = { .n = 0 };
	struct trusted_list_verdict v;
	cr_assert_eq(trusted_list_through(pivots, 2, &signers, &certs, &v, &err), 0);
	if (v.reason == TRUSTED_LIST_GOOD) {
		cr_assert_eq(certs.n, 1);
		cr_expect(cert_equal(certs.list[0], want), "another signer");
	} else {
		cr_expect_eq(certs.n, 0);
	}
	v.signer = NULL;
	trusted_list_certs_clear(&certs);
	trusted_list_free(newest);
	trusted_list_free(oldest);
	cert_free(c);
	cert_free(want);
	return v;
}

Test(trusted_list, pivots_hand_on_who_signs)
{
	struct fix_cert *a = signer_make(FIX_KEY_P256), *b = signer_make(FIX_KEY_P256),
			*c = signer_make(FIX_KEY_P256);
	cr_expect_eq(through(a, pivot(b, c), pivot(a, b), c).reason, TRUSTED_LIST_GOOD);
	/* Each step by one who may not. */
	cr_expect_eq(through(a, pivot(b, c), pivot(c, b), c).reason, TRUSTED_LIST_PIVOT);
	cr_expect_eq(through(a, pivot(a, c), pivot(a, b), c).reason, TRUSTED_LIST_PIVOT);
	/* In the wrong order. */
	cr_expect_eq(through(a, pivot(a, b), pivot(b, c), c).reason, TRUSTED_LIST_PIVOT);
	/* One that names none. */
	cr_expect_eq(through(a, pivot(b, NULL), pivot(a, b), c).reason,
		     TRUSTED_LIST_PIVOT);
	fix_cert_free(a);
	fix_cert_free(b);
	fix_cert_free(c);
}

static size_t pivots_of(const char *uris, const char *announcement, bool *ok)
{
	struct buf b = buf_make(OUT_MAX);
	const char *list[TRUSTED_LIST_PIVOTS_MAX];
	size_t n = 99;
	tlkit_list(&(struct tlkit_list){ .information = uris }, &b);
	struct trusted_list *l = parse(view_buf(&b));
	*ok = trusted_list_pivots(l, announcement, list, &n);
	trusted_list_free(l);
	buf_free(&b);
	return n;
}

Test(trusted_list, pivots_stand_before_the_announcement)
{
#define URI(u) "<URI xml:lang=\"en\">" u "</URI>"
	static const char uris[] =
	    URI("http://a.test/p2.xml") URI("http://a.test/p1.xml")
		URI("http://a.test/OJ") URI("http://a.test/p0.xml")
		    URI("http://a.test/legal.html");
	bool ok;
	cr_expect_eq(pivots_of(uris, "http://a.test/OJ", &ok), 2);
	cr_expect(ok);
	cr_expect_eq(pivots_of(uris, NULL, &ok), 3);
	cr_expect(ok);
	pivots_of(uris, "http://a.test/OJ2", &ok);
	cr_expect_not(ok, "an announcement that is not there");
}

/* ---- services ---- */

static struct trusted_list *with_service(const char *status, const char *from,
					 const char *history)
{
	struct buf b = buf_make(OUT_MAX);
	struct tlkit_list list = { .services = tlkit_service(TLKIT_CA_QC, status, from,
							     NULL, history) };
	tlkit_list(&list, &b);
	struct trusted_list *l = parse(view_buf(&b));
	buf_free(&b);
	return l;
}

#define Y2015 ((int64_t)1420070400000)
#define Y2018 ((int64_t)1514764800000)
#define Y2020 ((int64_t)1577836800000)

Test(trusted_list, a_service_is_what_it_was_at_the_time)
{
	char history[8192];
	bool ordered;
	snprintf(history, sizeof(history), "%s%s",
		 tlkit_past(TLKIT_CA_QC, GRANTED, "2018-01-01T00:00:00Z"),
		 tlkit_past(TLKIT_CA_QC, "undersupervision", "2015-01-01T00:00:00Z"));
	struct trusted_list *l =
	    with_service("withdrawn", "2020-01-01T00:00:00Z", history);
	const struct trusted_list_service *s = &l->services[0];
	cr_expect_eq(trusted_list_state_at(s, Y2020, &ordered), &s->states[0]);
	cr_expect(ordered);
	cr_expect_eq(trusted_list_state_at(s, Y2020 - 1, NULL), &s->states[1]);
	cr_expect_eq(trusted_list_state_at(s, Y2018 - 1, NULL), &s->states[2]);
	cr_expect_null(trusted_list_state_at(s, Y2015 - 1, NULL));
	struct trusted_list_period p;
	cr_assert(trusted_list_last_period(s, TLKIT_CA_QC, FIX_T0_MS, &p));
	cr_expect_eq(p.from_ms, Y2015, "granted goes on from what was before it");
	cr_expect_eq(p.until_ms, Y2020);
	cr_expect_not(trusted_list_last_period(s, TLKIT_TSA_QTST, FIX_T0_MS, &p), "another type");
	trusted_list_free(l);
}

Test(trusted_list, a_history_out_of_order_says_nothing)
{
	char history[8192];
	bool ordered = true;
	struct trusted_list_period p;
	snprintf(history, sizeof(history), "%s%s",
		 tlkit_past(TLKIT_CA_QC, GRANTED, "2015-01-01T00:00:00Z"),
		 tlkit_past(TLKIT_CA_QC, GRANTED, "2018-01-01T00:00:00Z"));
	struct trusted_list *l =
	    with_service("withdrawn", "2020-01-01T00:00:00Z", history);
	cr_expect_null(trusted_list_state_at(&l->services[0], Y2018, &ordered));
	cr_expect_not(ordered);
	cr_expect_not(trusted_list_last_period(&l->services[0], TLKIT_CA_QC, FIX_T0_MS, &p));
	trusted_list_free(l);
}

Test(trusted_list, a_gap_ends_a_period)
{
	char history[16384];
	struct trusted_list_period p;
	snprintf(history, sizeof(history), "%s%s",
		 tlkit_past(TLKIT_CA_QC, "withdrawn", "2018-01-01T00:00:00Z"),
		 tlkit_past(TLKIT_CA_QC, GRANTED, "2015-01-01T00:00:00Z"));
	struct trusted_list *l = with_service(GRANTED, "2020-01-01T00:00:00Z", history);
	cr_assert(trusted_list_last_period(&l->services[0], TLKIT_CA_QC, FIX_T0_MS, &p));
	cr_expect_eq(p.from_ms, Y2020);
	cr_expect_eq(p.until_ms, INT64_MAX);
	trusted_list_free(l);
}

Test(trusted_list, what_is_announced_is_not_there_yet)
{
	struct trusted_list_period p;
	struct trusted_list *l = with_service(
	    "withdrawn", "2027-01-01T00:00:00Z",
	    tlkit_past(TLKIT_CA_QC, GRANTED, "2026-01-02T00:00:00Z"));
	cr_expect_not(trusted_list_last_period(&l->services[0], TLKIT_CA_QC, FIX_T0_MS,
					       &p));
	cr_assert(trusted_list_last_period(&l->services[0], TLKIT_CA_QC,
					   FIX_T0_MS + FIX_DAY_MS, &p));
	cr_expect_eq(p.until_ms, FIX_T0_MS + 365 * FIX_DAY_MS);
	trusted_list_free(l);
}

Test(trusted_list, which_statuses_grant)
{
	cr_expect(trusted_list_status_grants(TLKIT_STATUS "granted"));
	cr_expect(trusted_list_status_grants(TLKIT_STATUS "accredited"));
	cr_expect_not(trusted_list_status_grants(TLKIT_STATUS "withdrawn"));
	cr_expect_not(trusted_list_status_grants(TLKIT_STATUS "supervisionceased"));
	cr_expect_not(trusted_list_status_grants(TLKIT_STATUS "supervisionrevoked"));
	cr_expect_not(trusted_list_status_grants(
	    TLKIT_STATUS "deprecatedatnationallevel"));
	cr_expect_not(trusted_list_status_grants("granted"));
	cr_expect_not(trusted_list_status_grants(TLKIT_STATUS "grantedx"));
}
