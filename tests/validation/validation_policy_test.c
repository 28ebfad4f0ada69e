/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as data: what is refused, and that the built-in ones say what they say. */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/file.h"
#include "base/mem.h"
#include "tests/support/corpus.h"
#include "validation/algorithm_suite.h"
#include "validation/validation_policy.h"

extern const struct embedded algorithm_suites[];

#define P "[policy]\nid = urn:x\nmodel = shell\n"
#define A "[algorithms]\nsuite = default\n"
#define S "[constraints]\n"

static int parse(const char *text, struct validation_policy **p, struct ltps_error *err)
{
	int rc = validation_policy_parse(view_text(text), "test.conf", NULL, p, err);
	cr_assert_eq(rc == 0, err->code == LTPS_OK);
	return rc;
}

Test(validation_policy, nonsense_is_refused_with_file_and_line)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "no [policy]" },
		{ (P), "no suite in [algorithms]" },
		{ (A), "no [policy]" },
		{ "[policy]\nid = \"urn:x\\ny\"\nmodel = shell\n" A,
		  "test.conf:2: id is one line" },
		{ (P "description = \"a\\n[constraints]\"\n" A),
		  "test.conf:4: description is one line" },
		{ (P "[algorithms]\nsuite = \"a\\tb\"\n"), "suite is one line" },
		{ "[policy]\nid = urn:x\n" A, "test.conf:1: missing key: model" },
		{ "[policy]\nid = urn:x\nmodel = both\n" A,
		  "test.conf:3: model is shell or chain" },
		{ (P A "out_of_date = LATER\n"), "test.conf:6: out_of_date is" },
		{ (P A "limit = sha256 0 open\n"), "test.conf:6: unknown key" },
		{ (P A "[constraint]\n"), "test.conf:6: unknown section" },
		{ (P A S "signature = FAIL\n"), "test.conf:7: unknown key: signature" },
		{ (P A S "crypto = fail\n"), "test.conf:7: crypto begins with FAIL" },
		{ (P A S "crypto = FAIL x\n"),
		  "test.conf:7: crypto takes no value: x" },
		{ (P A S "signature-intact = WARN\n"),
		  "test.conf:7: signature-intact may not be lowered" },
		{ (P A S "format = IGNORE\n"), "may not be lowered" },
		{ (P A S "references-intact = INFORM\n"), "may not be lowered" },
		{ (P A S "revoked = WARN\n"), "may not be lowered" },
		{ (P A S "expired = WARN\n"), "may not be lowered" },
		{ (P A S "not-yet-valid = WARN\n"), "may not be lowered" },
		{ (P A S "signing-certificate = WARN\n"), "may not be lowered" },
		{ (P A "[constraints.time-stamp]\nformat = WARN\n"),
		  "test.conf:7: format may not be lowered" },
		{ (P A S "tsa-name = WARN\n"),
		  "test.conf:7: tsa-name has no meaning for a signature" },
		{ (P A "[constraints.countersignature]\ncontent-type = WARN\n"),
		  "has no meaning for a countersignature" },
		{ (P A S "key-usage = FAIL\n"),
		  "test.conf:7: key-usage needs a value" },
		{ (P A S "key-usage = FAIL signing\n"),
		  "is not a value of it: signing" },
		{ (P A S "key-usage = FAIL nonRepudiation+\n"), "is not a value" },
		{ (P A S "extended-key-usage = FAIL 1.x\n"), "is not a value" },
		{ (P A S "signature-policy = FAIL SOME\n"), "is not a value" },
		{ (P A S "format-allowed = FAIL XAdES\n"), "is not a value" },
		{ (P A S "qc-type = FAIL signature\n"), "is not a value" },
		{ (P A S "level = FAIL\n"), "needs a value" },
		{ (P A S "level = FAIL LTV\n"), "is not a value" },
		{ (P A S "level = FAIL LT LTA\n"), "has too many values" },
		{ (P A S "time-stamp-delay = FAIL\n"), "needs a value" },
		{ (P A S "time-stamp-delay = FAIL 0d\n"), "is not a value" },
		{ (P A S "time-stamp-delay = FAIL soon\n"), "is not a value" },
		{ (P A S "time-stamp-delay = FAIL 99999999999999999999d\n"),
		  "is not a value" },
		{ (P A S "crypto = WARN\ncrypto = WARN\n"), "test.conf:8: " },
		{ "<a/>", "no ConstraintsParameters" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		cr_expect_neq(parse(cases[i].text, &p, &err), 0, "%s", cases[i].text);
		cr_expect_null(p);
		cr_expect_eq(err.code, LTPS_FORMAT);
		cr_expect(strstr(err.text, cases[i].says) != NULL, "%s: %s",
			  cases[i].says, err.text);
	}
}

Test(validation_policy, name_that_is_not_there_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(validation_policy_builtin("defaul", &p, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	cr_assert_eq(parse(P "[algorithms]\nsuite = best\n", &p, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* ---- whether its text is all that is needed ---- */

/* The operator's file for whatever name. */
static int give_any(void *arg, const char *name, struct buf *out,
		    struct ltps_error *err)
{
	(void)name;
	return buf_put(out, view_buf(arg), err);
}

static bool is_whole(struct buf *suite)
{
	const struct validation_policy_source source = { give_any, suite };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(validation_policy_parse(view_text(P A), "x",
					     suite != NULL ? &source : NULL, &p, &err),
		     0, "%s", err.text);
	const bool whole = validation_policy_is_whole(p);
	validation_policy_free(p);
	return whole;
}

Test(validation_policy, text_is_whole_with_the_octets_of_the_built_in_suite_alone)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf suite = buf_make(SUITE_BYTES_MAX);
	const struct embedded *e = algorithm_suites;
	while (strcmp(e->name, "algorithms-default.xml") != 0)
		e++;
	cr_assert(is_whole(NULL));
	cr_assert_eq(buf_put(&suite, e->bytes, &err), 0);
	cr_expect(is_whole(&suite), "a copy says the same");
	cr_assert_eq(buf_put_text(&suite, "\n", &err), 0);
	cr_expect_not(is_whole(&suite), "another one by the same name may not");
	buf_free(&suite);
}

static int give_suite(void *arg, const char *name, struct buf *out,
		      struct ltps_error *err)
{
	if (strcmp(name, "mine") != 0)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL, "none");
	return buf_put_text(out, arg, err);
}

Test(validation_policy, suite_of_the_source_comes_before_the_built_in_ones)
{
	static const char suite[] =
	    "{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"mine\"},"
	    "\"Publisher\":{\"Name\":\"p\"},\"PolicyIssueDate\":\"2024-10-13T00:00:"
	    "00Z\","
	    "\"NextUpdate\":\"2030-01-01T00:00:00Z\",\"Algorithm\":["
	    "{\"AlgorithmIdentifier\":{\"Name\":\"a\",\"ObjectIdentifier\":"
	    "\"2.16.840.1.101.3.4.2.1\"},\"Evaluation\":[{\"Validity\":{}}]}]}}";
	struct validation_policy_source source = { give_suite, NULL };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	enum constraint_level level;
	char text[sizeof(suite)];
	memcpy(text, suite, sizeof(suite));
	source.arg = text;
	cr_assert_eq(validation_policy_parse(view_text(P "[algorithms]\nsuite = mine\n"
							 "out_of_date = WARN\n"),
					     "x", &source, &p, &err),
		     0, "%s", err.text);
	cr_expect_str_eq(p->suite->name, "mine");
	cr_expect_eq(p->algorithms.n, 1);
	cr_expect_not(validation_policy_outdated(p, p->suite->next_update_ms, &level));
	cr_expect(validation_policy_outdated(p, p->suite->next_update_ms + 1, &level));
	cr_expect_eq(level, CONSTRAINT_WARN);
	validation_policy_free(p);
	cr_assert_eq(validation_policy_parse(view_text(P A), "x", &source, &p, &err),
		     0);
	cr_expect_str_eq(p->suite_name, "default");
	validation_policy_free(p);
	text[1] = '-';
	cr_assert_eq(
	    validation_policy_parse(view_text(P "[algorithms]\nsuite = mine\n"), "x",
				    &source, &p, &err),
	    -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
}

Test(validation_policy, values_are_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	struct path_input in = { 0 };
	cr_assert_eq(
	    parse("[policy]\nid = urn:x\nmodel = chain\nmax_age = 2d\n"
		  "exempt_short_term = true\nanchor_as_signer_passes = true\n" A
		  "out_of_date = IGNORE\n" S
		  "key-usage = FAIL nonRepudiation keyAgreement+keyCertSign\n"
		  "time-stamp-delay = WARN 12h\nlevel = INFORM LTA\n"
		  "revocation = IGNORE\n",
		  &p, &err),
	    0, "%s", err.text);
	validation_policy_apply(p, &in);
	cr_assert_eq(in.model, PATH_CHAIN);
	cr_assert_eq(in.max_age_ms, 2 * 86400000);
	cr_assert(in.exempt_short_term);
	cr_assert(p->anchor_as_signer_passes);
	cr_assert_eq(in.algorithms, &p->algorithms);
	cr_assert_gt(in.algorithms->n, 10);
	const struct constraint_rule *r =
	    validation_policy_rule(p, CONTEXT_SIGNATURE, CONSTRAINT_KEY_USAGE);
	cr_assert_eq(r->n_values, 2);
	cr_assert_str_eq(r->values[1], "keyAgreement+keyCertSign");
	r = validation_policy_rule(p, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMP_DELAY);
	cr_assert_eq(r->number, 43200000);
	cr_assert_eq(r->level, CONSTRAINT_WARN);
	r = validation_policy_rule(p, CONTEXT_SIGNATURE, CONSTRAINT_REVOCATION);
	cr_assert_eq(r->level, CONSTRAINT_IGNORE);
	/* Others are at their default. */
	r = validation_policy_rule(p, CONTEXT_TIME_STAMP, CONSTRAINT_REVOCATION);
	cr_assert_eq(r->level, CONSTRAINT_FAIL);
	validation_policy_free(p);
}

/* Golden: a change of what a built-in policy decides shows here. With
 * LTPS_GOLDEN=write the files are made anew. */
static void compare_golden(const char *name, const struct buf *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf wanted = buf_make(VALIDATION_POLICY_TEXT_MAX);
	char path[1024], copy[] = __FILE__;
	const char *mode = getenv("LTPS_GOLDEN");
	*strrchr(copy, '/') = '\0';
	snprintf(path, sizeof(path), "%s/golden/policy-%s.txt", copy, name);
	if (mode != NULL && strcmp(mode, "write") == 0)
		cr_assert_eq(file_write(path, view_buf(text), 0644, &err), 0);
	cr_assert_eq(file_read(path, &wanted, &err), 0, "%s", path);
	cr_expect(view_equal(view_buf(text), view_buf(&wanted)),
		  "ltps policy show %s is no longer %s", name, path);
	buf_free(&wanted);
}

Test(validation_policy, built_in_ones_say_what_they_said)
{
	static const char *const names[] = { "default", "eddsa", "strict" };
	char name[VALIDATION_POLICY_NAME_MAX];
	size_t n = 0;
	for (; validation_policy_builtin_name(n, name); n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		struct buf text = buf_make(VALIDATION_POLICY_TEXT_MAX);
		cr_assert_lt(n, 3);
		cr_assert_str_eq(name, names[n]);
		cr_assert_eq(validation_policy_builtin(name, &p, &err), 0, "%s",
			     err.text);
		cr_assert_eq(validation_policy_text(p, &text, &err), 0);
		compare_golden(name, &text);
		validation_policy_free(p);
		buf_free(&text);
	}
	cr_assert_eq(n, 3);
}

/* What is shown can be read, and says the same but for the hash of the text. */
Test(validation_policy, text_is_read_again_as_the_same_policy)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL, *q = NULL;
	struct buf first = buf_make(VALIDATION_POLICY_TEXT_MAX);
	struct buf second = buf_make(VALIDATION_POLICY_TEXT_MAX);
	cr_assert_eq(validation_policy_builtin("strict", &p, &err), 0);
	cr_assert_eq(validation_policy_text(p, &first, &err), 0);
	cr_assert_eq(validation_policy_parse(view_buf(&first), "again", NULL, &q, &err),
		     0, "%s", err.text);
	memcpy(q->sha256, p->sha256, sizeof(q->sha256));
	cr_assert_eq(validation_policy_text(q, &second, &err), 0);
	cr_expect(view_equal(view_buf(&first), view_buf(&second)));
	validation_policy_free(p);
	validation_policy_free(q);
	buf_free(&first);
	buf_free(&second);
}

static const char *lines_of_suite(const char *name)
{
	static char text[1024];
	snprintf(text, sizeof(text),
		 "{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"%s\"},"
		 "\"Publisher\":{\"Name\":\"p\"},\"PolicyIssueDate\":"
		 "\"2024-10-13T00:00:00Z\",\"Algorithm\":[{\"AlgorithmIdentifier\":"
		 "{\"Name\":\"a\",\"ObjectIdentifier\":\"2.16.840.1.101.3.4.2.1\"},"
		 "\"Evaluation\":[{\"Validity\":{}}]}]}}",
		 name);
	return text;
}

/* What a suite or a description says stays within its own line. */
Test(validation_policy, text_when_names_hold_lines_is_read_again)
{
	static const char head[] =
	    "[policy]\nid = \" urn:x\\\"\\\\ \"\nmodel = shell\n"
	    "description = \"\\\" b\"\n[algorithms]\nsuite = mine\n";
	struct validation_policy_source source = { give_suite, NULL };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL, *q = NULL;
	struct buf text = buf_make(VALIDATION_POLICY_TEXT_MAX);
	char suite[1024];
	snprintf(suite, sizeof(suite), "%s",
		 lines_of_suite("n\\n[constraints]\\ncrypto = IGNORE\\u001b[2J"));
	source.arg = suite;
	cr_assert_eq(validation_policy_parse(view_text(head), "x", &source, &p, &err),
		     0, "%s", err.text);
	cr_assert_eq(validation_policy_text(p, &text, &err), 0);
	for (size_t i = 0; i < text.n; i++)
		cr_assert(text.p[i] >= ' ' || text.p[i] == '\n');
	cr_assert_eq(
	    validation_policy_parse(view_buf(&text), "again", &source, &q, &err), 0,
	    "%s", err.text);
	cr_expect_str_eq(q->id, p->id);
	cr_expect_str_eq(q->description, p->description);
	cr_expect_eq(q->rules[CONTEXT_SIGNATURE][CONSTRAINT_CRYPTO].level,
		     CONSTRAINT_FAIL);
	validation_policy_free(p);
	validation_policy_free(q);
	buf_free(&text);
}

Test(validation_policy, json_is_written)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	struct buf out = buf_make(VALIDATION_POLICY_TEXT_MAX);
	const char *s;
	cr_assert_eq(validation_policy_builtin("default", &p, &err), 0);
	cr_assert_eq(validation_policy_json(p, &out, &err), 0);
	cr_assert_eq(buf_text(&out, &s, &err), 0);
	cr_expect(strstr(s, "\"constraint\":\"key-usage\",\"level\":\"FAIL\"") != NULL);
	cr_expect(strstr(s, "\"algorithm\":\"sha1\",\"from\":null,"
			    "\"until\":\"2012-07-31T23:59:59.999Z\"") != NULL);
	validation_policy_free(p);
	buf_free(&out);
}

Test(validation_policy, id_is_a_name_too)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(
	    validation_policy_builtin("urn:ltps:policy:validation:default:2", &p, &err),
	    0);
	validation_policy_free(p);
}

/* ---- what the built-in suites say ---- */

Test(validation_policy, eddsa_is_outside_the_default_suite)
{
	static const uint8_t ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	const struct algorithm_use use = { .key = key,
					   .algorithm =
					       view_of(ed25519, sizeof(ed25519)) };
	struct algorithm_verdict v;
	cr_assert_eq(validation_policy_builtin("default", &p, &err), 0);
	algorithm_policy_explain(&p->algorithms, &use, &v);
	cr_expect_eq(v.until_ms, INT64_MIN);
	cr_expect_not(v.known);
	validation_policy_free(p);
	cr_assert_eq(validation_policy_builtin("eddsa", &p, &err), 0);
	algorithm_policy_explain(&p->algorithms, &use, &v);
	cr_expect_eq(v.until_ms, INT64_MAX);
	validation_policy_free(p);
	EVP_PKEY_free(key);
}

/* ---- signature policies of TS 119 172-2 ---- */

Test(validation_policy, signature_policy_of_19172_is_refused_with_its_parts)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(parse("<p:SignaturePolicy xmlns:p=\"urn:p\"><p:Digest/>"
			   "<p:PolicyComponents><p:GeneralDetails/><p:PolicyRules>"
			   "<p:Digest/></p:PolicyRules></p:PolicyComponents>"
			   "</p:SignaturePolicy>",
			   &p, &err),
		     -1);
	cr_expect_eq(err.code, LTPS_UNSUPPORTED);
	cr_expect(strstr(err.text,
			 "not used: Digest, PolicyComponents, GeneralDetails, "
			 "PolicyRules") != NULL,
		  "%s", err.text);
}

/* ---- policies of DSS ---- */

#define D_HEAD                                                                         \
	"<ConstraintsParameters Name=\"a b\" "                                         \
	"xmlns=\"http://dss.esig.europa.eu/validation/policy\">"
#define D_MODEL "<Model Value=\"SHELL\"/>"
#define D_CRYPTO                                                                       \
	"<Cryptographic Level=\"FAIL\"><AcceptableEncryptionAlgo><Algo>RSA</Algo>"     \
	"</AcceptableEncryptionAlgo><AcceptableDigestAlgo><Algo>SHA256</Algo>"         \
	"</AcceptableDigestAlgo></Cryptographic>"
#define D_TAIL "</ConstraintsParameters>"
#define D_SIGNATURE(inner) "<SignatureConstraints>" inner "</SignatureConstraints>"
#define D_BASIC(inner)                                                                 \
	"<BasicSignatureConstraints>" inner "</BasicSignatureConstraints>"

Test(validation_policy, dss_when_not_usable_is_refused)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "<ConstraintsParameters/>", "no ConstraintsParameters" },
		{ (D_HEAD D_CRYPTO D_TAIL), "Model is missing" },
		{ (D_HEAD D_MODEL D_TAIL), "Algorithm is missing" },
		{ (D_HEAD "<Model Value=\"HYBRID\"/>" D_CRYPTO D_TAIL),
		  "SHELL or CHAIN" },
		{ (D_HEAD D_SIGNATURE(D_BASIC("<SignatureIntact Level=\"WARN\"/>"))
		       D_MODEL D_CRYPTO D_TAIL),
		  "SignatureIntact: may not be lowered" },
		{ (D_HEAD D_SIGNATURE("<FullScope Level=\"MAYBE\"/>")
		       D_MODEL D_CRYPTO D_TAIL),
		  "SignatureConstraints/FullScope: no such level" },
		{ (D_HEAD D_SIGNATURE("<AcceptableFormats Level=\"FAIL\"><Id>XAdES</Id>"
				      "</AcceptableFormats>") D_MODEL D_CRYPTO D_TAIL),
		  "none of the formats" },
		{ (D_HEAD "<o xmlns=\"urn:o\"/>" D_MODEL D_CRYPTO D_TAIL),
		  "another namespace" },
		{ (D_HEAD "<Cryptographic><AlgoExpirationDate Format=\"dd.MM.yyyy\"/>"
			  "</Cryptographic>" D_MODEL D_TAIL),
		  "not yyyy-MM-dd" },
		{ (D_HEAD
		   "<Cryptographic><AlgoExpirationDate><Algo Date=\"soon\">RSA"
		   "</Algo></AlgoExpirationDate></Cryptographic>" D_MODEL D_TAIL),
		  "no such date or size" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		cr_expect_neq(parse(cases[i].text, &p, &err), 0, "%s", cases[i].text);
		cr_expect(strstr(err.text, cases[i].says) != NULL, "%s: %s",
			  cases[i].says, err.text);
	}
}

/* ---- memory ---- */

static void fail_each_allocation(const char *text)
{
	bool hit = true;
	for (uint64_t n = 1; hit; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		mem_fail_nth(n);
		const int rc = parse(text, &p, &err);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_expect_eq(rc == 0, p != NULL);
		if (rc != 0)
			cr_expect(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "%d: %s", (int)n, err.text);
		validation_policy_free(p);
	}
}

/* A curve that is lost would let every other one in. */
/* Refused for what it is, or for want of memory. */
Test(validation_policy, memory_when_it_ends_makes_no_other_refusal)
{
	bool hit = true;
	for (uint64_t n = 1; hit; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		mem_fail_nth(n);
		cr_expect_eq(
		    parse("<SignaturePolicy><Digest/></SignaturePolicy>", &p, &err),
		    -1);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_expect_neq(err.code, LTPS_FORMAT, "%d: %s", (int)n, err.text);
	}
}

Test(validation_policy, memory_when_it_ends_loses_no_limit)
{
	static const char suite[] =
	    "{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"n\"},"
	    "\"Publisher\":{\"Name\":\"p\"},\"PolicyIssueDate\":"
	    "\"2024-10-13T00:00:00Z\",\"Algorithm\":[{\"AlgorithmIdentifier\":"
	    "{\"Name\":\"c\",\"ObjectIdentifier\":\"1.2.840.10045.3.1.7\"},"
	    "\"Evaluation\":[{\"Validity\":{}}]}]}}";
	char text[sizeof(suite)];
	const struct validation_policy_source source = { give_suite, text };
	memcpy(text, suite, sizeof(suite));
	bool hit = true;
	for (uint64_t n = 1; hit; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		mem_fail_nth(n);
		const int rc =
		    validation_policy_parse(view_text(P "[algorithms]\nsuite = mine\n"),
					    "x", &source, &p, &err);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc == 0)
			cr_expect_eq(p->algorithms.n, 1, "%d", (int)n);
		validation_policy_free(p);
	}
}

Test(validation_policy, memory_when_it_ends_anywhere_is_told)
{
	fail_each_allocation(P A S "key-usage = FAIL nonRepudiation\n");
	fail_each_allocation(D_HEAD "<Description>a</Description>" D_SIGNATURE(
	    "<AcceptablePolicies Level=\"FAIL\"><Id>ANY_POLICY</Id>"
	    "</AcceptablePolicies><FullScope Level=\"FAIL\"/>")
				 D_MODEL D_CRYPTO D_TAIL);
}

static bool has_note(const struct validation_policy *p, const char *what)
{
	for (size_t i = 0; i < p->n_notes; i++)
		if (strstr(p->notes[i], what) != NULL)
			return true;
	return false;
}

Test(validation_policy, dss_parts_that_are_not_used_are_named)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(parse(D_HEAD D_SIGNATURE("<FullScope Level=\"FAIL\"/>" D_BASIC(
			       "<ReferenceDataExist"
			       "ence "
			       "Level=\"WARN\"/>"
			       "<SigningCertificate"
			       "><NotExpired "
			       "Level=\"FAIL\"/>"
			       "<UsePseudonym "
			       "Level=\"INFORM\"/"
			       "></"
			       "SigningCertificate"
			       ">")) "<eIDAS><"
				     "TLVersion "
				     "Level="
				     "\"FAIL\"><Id>"
				     "5</Id></"
				     "TLVersion></"
				     "eIDAS"
				     ">" D_MODEL D_CRYPTO D_TAIL,
			   &p, &err),
		     0, "%s", err.text);
	cr_expect_str_eq(p->id, "urn:ltps:policy:dss:a-b");
	cr_expect(has_note(p, "not used: SignatureConstraints/FullScope (FAIL)"));
	cr_expect(has_note(p, "stands as FAIL: SignatureConstraints/"
			      "BasicSignatureConstraints/ReferenceDataExistence"));
	cr_expect(has_note(p, "UsePseudonym (INFORM)"));
	cr_expect(has_note(p, "eIDAS/TLVersion (FAIL)"));
	cr_expect_not(has_note(p, "NotExpired"));
	cr_expect_eq(p->n_notes, 4);
	validation_policy_free(p);
}

static int64_t rsa_until(const struct validation_policy *p, unsigned bits)
{
	int64_t until = INT64_MIN;
	for (size_t i = 0; i < p->algorithms.n; i++) {
		const struct algorithm_limit *l = &p->algorithms.limits[i];
		if (strcmp(l->algorithm, ALGORITHM_RSA_PKCS1) == 0 &&
		    bits >= l->min_bits && (l->max_bits == 0 || bits <= l->max_bits) &&
		    l->until_ms > until)
			until = l->until_ms;
	}
	return until;
}

Test(validation_policy, dss_default_policy_is_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf b = corpus_read("policies/dss-constraints/policy/constraint.xml");
	cr_assert_eq(
	    validation_policy_parse(view_buf(&b), "constraint.xml", NULL, &p, &err), 0,
	    "%s", err.text);
	const struct constraint_rule *s = p->rules[CONTEXT_SIGNATURE];
	cr_expect_eq(s[CONSTRAINT_SIGNATURE_POLICY].level, CONSTRAINT_FAIL);
	cr_expect_eq(s[CONSTRAINT_SIGNATURE_POLICY].n_values, 2);
	cr_expect_str_eq(s[CONSTRAINT_SIGNATURE_POLICY].values[1], "NONE");
	cr_expect_eq(s[CONSTRAINT_KEY_USAGE].level, CONSTRAINT_WARN);
	cr_expect_str_eq(s[CONSTRAINT_KEY_USAGE].values[0], "nonRepudiation");
	cr_expect_eq(s[CONSTRAINT_SIGNING_TIME].level, CONSTRAINT_FAIL);
	cr_expect_eq(s[CONSTRAINT_QC_COMPLIANCE].level, CONSTRAINT_IGNORE);
	cr_expect_eq(s[CONSTRAINT_FORMAT_ALLOWED].level, CONSTRAINT_FAIL);
	cr_expect_eq(s[CONSTRAINT_FORMAT_ALLOWED].n_values, 0);
	cr_expect_eq(s[CONSTRAINT_TIME_STAMP_ORDER].level, CONSTRAINT_WARN);
	cr_expect_eq(
	    p->rules[CONTEXT_TIME_STAMP][CONSTRAINT_TSA_EXTENDED_KEY_USAGE].level,
	    CONSTRAINT_FAIL);
	cr_expect_eq(p->rules[CONTEXT_TIME_STAMP][CONSTRAINT_HASH_INDEX].level,
		     CONSTRAINT_WARN);
	cr_expect(p->exempt_short_term);
	cr_expect_eq(p->max_age_ms, 0);
	/* 2019-10-01 and 2029-01-01, exclusive. */
	cr_expect_eq(rsa_until(p, 785), INT64_MIN);
	cr_expect_eq(rsa_until(p, 1024), 1569887999999);
	cr_expect_eq(rsa_until(p, 4096), 1861919999999);
	cr_expect_eq(algorithm_policy_digest_until(&p->algorithms, DIGEST_SHA1),
		     1343779199999);
	cr_expect_eq(algorithm_policy_digest_until(&p->algorithms, DIGEST_SHA3_224),
		     INT64_MIN);
	cr_expect(has_note(p, "PLAIN-ECDSA"));
	cr_expect(has_note(p, "count as WARN there"));
	cr_expect_gt(p->n_notes, 100);
	validation_policy_free(p);
	buf_free(&b);
}
