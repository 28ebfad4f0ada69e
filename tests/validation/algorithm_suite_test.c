/* SPDX-License-Identifier: Apache-2.0 */
/* Suites of algorithms: what is refused and where, what is mended, what they answer. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "tests/support/corpus.h"
#include "validation/algorithm_suite.h"

#define FOLDER "policies/ts119322/"

#define X_ROOT                                                                         \
	"<d:SecuritySuitabilityPolicy xmlns:d=\"urn:ietf:params:xml:ns:dssc\" "        \
	"xmlns:e=\"http://uri.etsi.org/19322/v1.1.1#\" xmlns:o=\"urn:other\">"
#define X_NAMES                                                                        \
	"<d:PolicyName><d:Name>n</d:Name></d:PolicyName>"                              \
	"<d:Publisher><d:Name>p</d:Name></d:Publisher>"
#define X_DATE "<d:PolicyIssueDate>2024-10-13T00:00:00Z</d:PolicyIssueDate>"
#define X_HEAD X_ROOT X_NAMES X_DATE
#define X_TAIL "</d:SecuritySuitabilityPolicy>"
#define X_ID(name, oid)                                                                \
	"<d:AlgorithmIdentifier><d:Name>" name "</d:Name><d:ObjectIdentifier>" oid     \
	"</d:ObjectIdentifier></d:AlgorithmIdentifier>"
#define X_EVAL(inner) "<d:Evaluation>" inner "</d:Evaluation>"
#define X_OPEN X_EVAL("<d:Validity/>")
#define X_ALG(id, rest) "<d:Algorithm>" id rest "</d:Algorithm>"
#define SHA256 "2.16.840.1.101.3.4.2.1"
#define RSA256 "1.2.840.113549.1.1.11"
#define X_SHA(rest) X_ALG(X_ID("SHA256", SHA256), rest)
#define X_ONE(rest) X_HEAD X_SHA(rest) X_TAIL
#define X_MIN(n)                                                                       \
	"<d:Parameter name=\"moduluslength\"><d:Min>" n "</d:Min></d:Parameter>"

#define J_HEAD                                                                         \
	"{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"n\"},"             \
	"\"Publisher\":{\"Name\":\"p\"},"                                              \
	"\"PolicyIssueDate\":\"2024-10-13T00:00:00Z\",\"Algorithm\":["
#define J_TAIL "]}}"
#define J_ID                                                                           \
	"\"AlgorithmIdentifier\":{\"Name\":\"SHA256\",\"ObjectIdentifier\":\"" SHA256  \
	"\"}"
#define J_ONE(rest) J_HEAD "{" J_ID rest "}" J_TAIL
#define J_OPEN ",\"Evaluation\":[{\"Validity\":{}}]"

static struct algorithm_suite *parse(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	cr_assert_eq(algorithm_suite_parse(view_text(text), &s, &err), 0, "%s: %s",
		     err.text, text);
	return s;
}

struct refusal {
	const char *text, *says;
};

static void refuse_all(const struct refusal *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct algorithm_suite *s = NULL;
		cr_expect_eq(algorithm_suite_parse(view_text(list[i].text), &s, &err),
			     -1, "%s", list[i].text);
		cr_expect_null(s);
		cr_expect(strstr(err.text, list[i].says) != NULL, "%s: %s",
			  list[i].says, err.text);
	}
}
#define REFUSE(list) refuse_all(list, sizeof(list) / sizeof((list)[0]))

Test(algorithm_suite, xml_when_not_as_the_schema_says_is_refused_with_the_place)
{
	static const struct refusal list[] = {
		{ "", "line 1" },
		{ "<a/>", "the root" },
		{ (X_ROOT X_TAIL), "PolicyName is missing" },
		{ (X_ROOT X_NAMES X_SHA(X_OPEN) X_TAIL), "not what is expected here" },
		{ (X_HEAD X_TAIL), "Algorithm is missing" },
		{ (X_ROOT X_NAMES
		   "<d:PolicyIssueDate>2024-10-13</d:PolicyIssueDate>" X_SHA(X_OPEN)
		       X_TAIL),
		  "PolicyIssueDate is no dateTime" },
		{ (X_HEAD X_DATE X_SHA(X_OPEN) X_TAIL), "stands too often" },
		{ (X_ONE("")), "Evaluation is missing" },
		{ (X_HEAD X_ALG("", X_OPEN) X_TAIL), "not what is expected here" },
		{ (X_HEAD X_ALG(X_ID("", SHA256), X_OPEN) X_TAIL), "has no Name" },
		{ (X_HEAD X_ALG(X_ID("a", "1.x"), X_OPEN) X_TAIL),
		  "ObjectIdentifier is none: 1.x" },
		{ (X_ONE(X_EVAL(""))),
		  "Algorithm 1 (SHA256): Evaluation 1: Validity is missing" },
		{ (X_ONE(
		      X_OPEN X_EVAL("<d:Validity><d:End>soon</d:End></d:Validity>"))),
		  "Evaluation 2: End is no date: soon" },
		{ (X_ONE(X_EVAL("<d:Validity><d:End>2028-13-31</d:End></d:Validity>"))),
		  "End is no date" },
		{ (X_ONE(X_EVAL("<d:Validity><d:Start>2028-01-02</d:Start>"
				"<d:End>2028-01-01</d:End></d:Validity>"))),
		  "ends before it starts" },
		{ (X_ONE(X_EVAL("<d:Validity><d:End>2028-01-02</d:End>"
				"<d:Start>2028-01-01</d:Start></d:Validity>"))),
		  "not expected here: Start" },
		{ (X_ONE(X_EVAL(X_MIN("x") "<d:Validity/>"))), "Min is no number: x" },
		{ (X_ONE(X_EVAL(X_MIN("9999999999") "<d:Validity/>"))),
		  "Min is no number" },
		{ (X_ONE(X_EVAL("<d:Parameter><d:Min>1</d:Min></d:Parameter>"
				"<d:Validity/>"))),
		  "Parameter without a name" },
		{ (X_ONE(X_EVAL("<d:Parameter name=\"a\"><d:Min>2</d:Min><d:Max>1"
				"</d:Max></d:Parameter><d:Validity/>"))),
		  "Max is below Min" },
		{ (X_ONE(X_EVAL(X_MIN("1") X_MIN("2") "<d:Validity/>"))),
		  "stands twice" },
		{ (X_ONE(X_EVAL("<d:Validity/><e:MoreDetails><e:Recommendation>X"
				"</e:Recommendation></e:MoreDetails>"))),
		  "Recommendation is R or L, not X" },
		{ (X_ONE(X_EVAL("<d:Validity/><d:Else/>"))),
		  "not expected here: Else" },
		{ (X_ONE(X_OPEN "text")), "text between elements" },
		{ (X_HEAD X_SHA(X_OPEN) X_SHA(X_OPEN) X_TAIL),
		  "stands at SHA256 already" },
		{ (X_HEAD X_SHA(X_OPEN)), "" },
		{ "<!DOCTYPE a [<!ENTITY e \"x\">]><a/>", "" },
	};
	REFUSE(list);
}

Test(algorithm_suite, json_when_not_as_the_schema_says_is_refused_with_the_place)
{
	static const struct refusal list[] = {
		{ "{", "line 1" },
		{ "[]", "neither XML" },
		{ "{}", "not one SecuritySuitabilityPolicy" },
		{ "{\"Other\":{}}", "unknown member Other" },
		{ "{\"SecuritySuitabilityPolicy\":{}}", "PolicyName is no object" },
		{ (J_HEAD J_TAIL), "Algorithm is missing" },
		{ (J_HEAD "1" J_TAIL), "Algorithm is no object" },
		{ (J_ONE("")), "Evaluation is missing or no array" },
		{ (J_ONE(",\"Evaluation\":[]")), "Evaluation is missing" },
		{ (J_ONE(",\"Evaluation\":[{}]")), "Validity is missing" },
		{ (J_ONE(J_OPEN ",\"More\":1")), "unknown member More" },
		{ (J_ONE(",\"Evaluation\":[{\"Validity\":{\"End\":1}}]")),
		  "End is no text" },
		{ (J_ONE(",\"Evaluation\":[{\"Validity\":{\"Until\":\"x\"}}]")),
		  "Validity: unknown member Until" },
		{ (J_ONE(",\"Evaluation\":[{\"Validity\":{},\"Parameter\":[{\"name\":"
			 "\"a\",\"Min\":-1}]}]")),
		  "Min is no number" },
		{ (J_ONE(",\"Evaluation\":[{\"Validity\":{},\"Parameter\":[{\"Min\":1}]"
			 "}]")),
		  "Parameter without a name" },
		{ (J_ONE(",\"Evaluation\":[{\"Validity\":{},\"Recommendation\":1}]")),
		  "Recommendation is R or L" },
		{ (J_HEAD "{\"AlgorithmIdentifier\":{\"Name\":\"a\"}" J_OPEN
			  "}" J_TAIL),
		  "has no ObjectIdentifier" },
		{ (J_HEAD
		   "{\"AlgorithmIdentifier\":{\"Name\":\"a\","
		   "\"ObjectIdentifier\":\"1.2.3\",\"Objectidentifier\":\"1.2.4\""
		   "}" J_OPEN "}" J_TAIL),
		  "in two spellings" },
		{ (J_HEAD "{" J_ID J_OPEN "}],\"Signature\":10}}"),
		  "Signature is neither a compact nor a flattened JWS" },
		{ (J_HEAD "{" J_ID J_OPEN "}],\"Signature\":\"a.b\"}}"),
		  "Signature is neither" },
		{ (J_HEAD "{" J_ID J_OPEN "}],\"Signature\":\"a.b.c.d\"}}"),
		  "Signature is neither" },
		{ (J_HEAD "{" J_ID J_OPEN "}],\"Signature\":\"!..c\"}}"),
		  "is not base64url" },
		{ (J_HEAD "{" J_ID J_OPEN "}],\"Signature\":{\"protected\":\"e30\"}}}"),
		  "no flattened JWS" },
		{ (J_HEAD "{" J_ID J_OPEN
			  "}],\"Signature\":\"eyJjcml0IjpbIngiXX0..c\"}}"),
		  "critical header x" },
		{ (J_HEAD "{" J_ID J_OPEN "}]},\"SecuritySuitabilityPolicy\":{}}"),
		  "duplicate" },
	};
	REFUSE(list);
}

/* ---- mendings ---- */

static bool has_note(const struct algorithm_suite *s, const char *what)
{
	for (size_t i = 0; i < s->n_notes; i++)
		if (strstr(s->notes[i], what) != NULL)
			return true;
	return false;
}

Test(algorithm_suite, known_errors_are_mended_only_with_their_name)
{
	struct algorithm_suite *s =
	    parse(X_HEAD X_ALG(X_ID("SHA224", "1.2.840.10045.4.3.1"), X_OPEN)
		      X_ALG(X_ID("SHA384", "2.16.840.1.101.3.4.2"), X_OPEN)
			  X_ALG(X_ID("secp512r1", "1.3.132.0.35"), X_OPEN) X_TAIL);
	cr_expect_str_eq(s->algorithms[0].oids[0], "2.16.840.1.101.3.4.2.4");
	cr_expect_str_eq(s->algorithms[1].oids[0], "2.16.840.1.101.3.4.2.2");
	cr_expect_str_eq(s->algorithms[2].name, "secp521r1");
	cr_expect_eq(s->n_notes, 3);
	algorithm_suite_free(s);
	s = parse(X_HEAD X_ALG(X_ID("ECDSA", "1.2.840.10045.4.3.1"), X_OPEN)
		      X_ALG(X_ID("SHA2", "2.16.840.1.101.3.4.2"), X_OPEN)
			  X_ALG(X_ID("secp512r1", "1.3.132.0.34"), X_OPEN) X_TAIL);
	cr_expect_str_eq(s->algorithms[0].oids[0], "1.2.840.10045.4.3.1");
	cr_expect_str_eq(s->algorithms[1].oids[0], "2.16.840.1.101.3.4.2");
	cr_expect_str_eq(s->algorithms[2].name, "secp512r1");
	cr_expect_eq(s->n_notes, 0);
	algorithm_suite_free(s);
}

Test(algorithm_suite, evaluation_without_validity_is_mended_only_when_recommended)
{
	static const struct refusal legacy[] = {
		{ (X_ONE(X_EVAL("<e:MoreDetails><e:Recommendation>L"
				"</e:Recommendation></e:MoreDetails>"))),
		  "Validity is missing" },
	};
	REFUSE(legacy);
	struct algorithm_suite *s =
	    parse(X_ONE(X_EVAL("<d:MoreDetails><d:Recommendation>R</d:Recommendation>"
			       "</d:MoreDetails>")));
	cr_expect_eq(s->algorithms[0].evaluations[0].end_ms, INT64_MAX);
	cr_expect(has_note(s, "without Validity"));
	cr_expect(has_note(s, "MoreDetails in the namespace"));
	algorithm_suite_free(s);
}

Test(algorithm_suite, json_errors_are_mended_and_named)
{
	struct algorithm_suite *s =
	    parse("{\"SecuritySuitabilityPolicyType\":{\"PolicyName\":{\"Name\":\"n\"},"
		  "\"Publisher\":{\"Name\":\"p\"},\"PolicyIssueDate\":\"2024-10-13T00:"
		  "00:00\","
		  "\"Algorithm\":[{\"AlgorithmIdentifier\":{\"Name\":\"a\","
		  "\"Objectidentifier\":\"1.2.3\"},\"Evaluation\":{\"Parameter\":"
		  "{\"name\":\"x\",\"Min\":\"7\"},\"Validity\":"
		  "{\"End\":\"2028-12-31T23:59:59.999+01:00\"}}}]}}");
	const struct suite_evaluation *e = &s->algorithms[0].evaluations[0];
	cr_expect_eq(e->parameters[0].min, 7);
	cr_expect_eq(e->end_ms, 1861919999999 - 3600000);
	cr_expect_eq(s->n_notes, 6);
	algorithm_suite_free(s);
}

Test(algorithm_suite, end_counts_as_the_whole_day_of_its_zone)
{
	struct algorithm_suite *s = parse(X_ONE(
	    X_EVAL("<d:Validity><d:Start>2020-01-01</d:Start>"
		   "<d:End>2028-12-31</d:End></d:Validity>")
		X_EVAL("<d:Validity><d:End>2028-12-31+01:00</d:End></d:Validity>")));
	cr_expect_eq(s->algorithms[0].evaluations[0].start_ms, 1577836800000);
	cr_expect_eq(s->algorithms[0].evaluations[0].end_ms, 1861919999999);
	cr_expect_eq(s->algorithms[0].evaluations[1].end_ms, 1861919999999 - 3600000);
	algorithm_suite_free(s);
}

/* ---- questions ---- */

#define YEAR(y) (((int64_t)(y)-1970) * 31556952000)

Test(algorithm_suite, answer_tells_unknown_from_unsuitable)
{
	struct algorithm_suite *s = parse(
	    X_HEAD X_ALG(X_ID("RSA", RSA256),
			 X_EVAL(X_MIN("1900") "<d:Validity><d:Start>2010-01-01"
					      "</d:Start><d:End>2028-12-31</d:End>"
					      "</d:Validity>")) X_TAIL);
	const struct suite_value small = { "moduluslength", 1899 };
	const struct suite_value fits = { "moduluslength", 1900 };
	const struct suite_value other = { "plength", 4000 };
	cr_expect_eq(algorithm_suite_ask(s, SHA256, &fits, 1, YEAR(2020)),
		     SUITE_UNKNOWN);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &small, 1, YEAR(2020)),
		     SUITE_UNSUITABLE);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &other, 1, YEAR(2020)),
		     SUITE_UNSUITABLE);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, NULL, 0, YEAR(2020)),
		     SUITE_UNSUITABLE);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &fits, 1, YEAR(2020)),
		     SUITE_SUITABLE);
	/* Both ends are included. */
	const struct suite_evaluation *e = &s->algorithms[0].evaluations[0];
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &fits, 1, e->end_ms),
		     SUITE_SUITABLE);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &fits, 1, e->end_ms + 1),
		     SUITE_UNSUITABLE);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &fits, 1, e->start_ms),
		     SUITE_SUITABLE);
	cr_expect_eq(algorithm_suite_ask(s, RSA256, &fits, 1, e->start_ms - 1),
		     SUITE_UNSUITABLE);
	algorithm_suite_free(s);
}

Test(algorithm_suite, next_update_when_past_is_not_current)
{
	struct algorithm_suite *s = parse(
	    X_HEAD "<d:NextUpdate>2030-01-01T00:00:00Z</d:NextUpdate>" X_SHA(X_OPEN)
		X_TAIL);
	cr_expect(algorithm_suite_current(s, s->next_update_ms));
	cr_expect_not(algorithm_suite_current(s, s->next_update_ms + 1));
	algorithm_suite_free(s);
	s = parse(X_ONE(X_OPEN));
	cr_expect(algorithm_suite_current(s, INT64_MAX));
	algorithm_suite_free(s);
}

/* ---- the plain form ---- */

static struct algorithm_limit only_limit(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = parse(text);
	struct algorithm_limit *limits = NULL, first = { 0 };
	size_t n = 0;
	cr_assert_eq(algorithm_suite_limits(s, &limits, &n, &err), 0);
	cr_assert_leq(n, 1);
	if (n == 1)
		first = limits[0];
	mem_free(limits);
	algorithm_suite_free(s);
	return first;
}

Test(algorithm_suite, limit_when_it_cannot_be_used_never_holds)
{
	/* A constraint that is not known (RFC 5698 6.4), a parameter that no such key
	 * has, a use that is not signing. */
	static const char *const texts[] = {
		(X_ONE(X_EVAL("<d:Validity/><o:Else/>"))),
		(X_ONE(X_EVAL("<d:Validity/><e:MoreDetails><o:Else/>"
			      "</e:MoreDetails>"))),
		(X_ONE(X_EVAL(X_MIN("1") "<d:Validity/>"))),
		(X_ONE(X_EVAL("<d:Validity/><e:MoreDetails><e:AlgorithmUsage>"
			      "http://uri.etsi.org/19322/encrypt</e:AlgorithmUsage>"
			      "</e:MoreDetails>"))),
		(J_ONE(",\"Evaluation\":[{\"Validity\":{},\"Any\":{}}]")),
		(X_ONE(X_EVAL("<d:Validity/><e:MoreDetails><e:AlgorithmUsage>"
			      "http://uri.etsi.org/19322/sign_data/sign_certificates"
			      "</e:AlgorithmUsage></e:MoreDetails>"))),
		(J_ONE(",\"Evaluation\":[{\"Validity\":{},\"AlgorithmUsage\":"
		       "\"http://uri.etsi.org/19322/sign_data/sign_ocsp\"}]")),
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct algorithm_limit l = only_limit(texts[i]);
		cr_assert_not_null(l.algorithm);
		cr_expect_str_eq(l.algorithm, "sha256");
		cr_expect_eq(l.until_ms, INT64_MIN, "%s", texts[i]);
	}
	cr_expect_eq(only_limit(X_ONE(X_OPEN)).until_ms, INT64_MAX);
	cr_expect_null(
	    only_limit(X_HEAD X_ALG(X_ID("x", "1.2.3.4"), X_OPEN) X_TAIL).algorithm);
}

Test(algorithm_suite, limits_hold_what_evaluations_say)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_limit *l = NULL;
	size_t n = 0;
	struct algorithm_suite *s = parse(
	    X_HEAD X_ALG(X_ID("a", RSA256), X_EVAL(X_MIN("1900") "<d:Validity><d:End>"
								 "2028-12-31</d:End>"
								 "</d:Validity>"))
		X_ALG(X_ID("DSA", "1.2.840.10040.4.1"),
		      X_EVAL("<d:Parameter name=\"plength\"><d:Min>3000</d:Min>"
			     "</d:Parameter><d:Parameter name=\"qlength\"><d:Min>250"
			     "</d:Min><d:Max>512</d:Max></d:Parameter><d:Validity/>"))
		    X_ALG(X_ID("P-256", "1.2.840.10045.3.1.7"), X_OPEN) X_TAIL);
	cr_assert_eq(algorithm_suite_limits(s, &l, &n, &err), 0);
	cr_assert_eq(n, 3);
	cr_expect_str_eq(l[0].algorithm, ALGORITHM_RSA_PKCS1);
	cr_expect_eq(l[0].digest, DIGEST_SHA256);
	cr_expect_eq(l[0].min_bits, 1900);
	cr_expect_eq(l[0].until_ms, 1861919999999);
	cr_expect_str_eq(l[1].algorithm, "DSA");
	cr_expect_eq(l[1].min_bits, 3000);
	cr_expect_eq(l[1].min_q, 250);
	cr_expect_eq(l[1].max_q, 512);
	cr_expect_str_eq(l[2].algorithm, "1.2.840.10045.3.1.7");
	mem_free(l);
	algorithm_suite_free(s);
}

/* Zero is no "without end": no key has so few bits. */
Test(algorithm_suite, parameter_that_ends_at_zero_never_holds)
{
	static const char *const texts[] = {
		(X_HEAD X_ALG(
		    X_ID("a", RSA256),
		    X_EVAL("<d:Parameter name=\"moduluslength\"><d:Max>0</d:Max>"
			   "</d:Parameter><d:Validity/>")) X_TAIL),
		(X_HEAD X_ALG(X_ID("DSA", "1.2.840.10040.4.1"),
			      X_EVAL("<d:Parameter name=\"qlength\"><d:Max>0</d:Max>"
				     "</d:Parameter><d:Validity/>")) X_TAIL),
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_eq(only_limit(texts[i]).until_ms, INT64_MIN, "%s", texts[i]);
}

/* ---- memory ---- */

static void fail_each_allocation(const char *text)
{
	bool hit = true;
	for (uint64_t n = 1; hit; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct algorithm_suite *s = NULL;
		mem_fail_nth(n);
		const int rc = algorithm_suite_parse(view_text(text), &s, &err);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_expect_eq(rc == 0, s != NULL);
		if (rc != 0)
			cr_expect(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "%d: %s", (int)n, err.text);
		algorithm_suite_free(s);
	}
}

Test(algorithm_suite, memory_when_it_ends_anywhere_is_told)
{
	fail_each_allocation(
	    X_HEAD X_SHA(X_EVAL(X_MIN("1900") "<d:Validity><d:End>2028-12-31</d:End>"
					      "</d:Validity>")) X_TAIL);
	fail_each_allocation(J_ONE(",\"Evaluation\":{\"Validity\":{},\"Parameter\":[{"
				   "\"name\":\"a\",\"Min\":\"1\"}]}"));
}

/* ---- the published files ---- */

static struct algorithm_suite *read_file(const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	char path[128];
	snprintf(path, sizeof(path), FOLDER "%s", name);
	struct buf b = corpus_read(path);
	cr_assert_eq(algorithm_suite_parse(view_buf(&b), &s, &err), 0, "%s: %s", name,
		     err.text);
	buf_free(&b);
	return s;
}

/* One line for each evaluation. but: an algorithm that is left out. */
static void put_algorithms(const struct algorithm_suite *s, const char *but,
			   char out[32768])
{
	size_t n = 0;
	out[0] = '\0';
	for (size_t i = 0; i < s->n_algorithms; i++) {
		const struct suite_algorithm *a = &s->algorithms[i];
		for (size_t k = 0; k < a->n_evaluations && strcmp(a->name, but) != 0;
		     k++) {
			const struct suite_evaluation *e = &a->evaluations[k];
			n += (size_t)snprintf(
			    out + n, 32768 - n, "%s %s %c %lld", a->name, a->oids[0],
			    e->recommendation != 0 ? e->recommendation : '-',
			    (long long)e->end_ms);
			for (size_t m = 0; m < e->n_parameters; m++)
				n += (size_t)snprintf(out + n, 32768 - n, " %s>=%lld",
						      e->parameters[m].name,
						      (long long)e->parameters[m].min);
			n += (size_t)snprintf(out + n, 32768 - n, "\n");
		}
	}
	cr_assert_lt(n, 32768);
}

/* The JSON forms were published without EC-SDSA-opt. */
static void expect_same(const char *a, const char *b, const char *but)
{
	static char first[32768], second[32768];
	struct algorithm_suite *s = read_file(a), *t = read_file(b);
	put_algorithms(s, but, first);
	put_algorithms(t, but, second);
	cr_expect_str_eq(first, second, "%s and %s", a, b);
	algorithm_suite_free(s);
	algorithm_suite_free(t);
}

Test(algorithm_suite, published_forms_are_the_same_suite)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	expect_same("19312MachineReadable.xml", "19312MachineReadable-fix.xml", "");
	expect_same("19312MachineReadable.xml", "19312MachineReadable.json",
		    "EC-SDSA-opt");
	expect_same("19312MachineReadable-signed-compact-jws.json",
		    "19312MachineReadable-signed-flattened-jws.json", "");
	expect_same("suite/dss-crypto-suite.xml", "suite/dss-crypto-suite.json",
		    "EC-SDSA-opt");
}

/* What the mended JSON says otherwise than the published one: each End a day later,
 * and an end for RSASSA-PSS of the larger sizes too. */
Test(algorithm_suite, mended_json_differs_where_it_is_known_to)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct algorithm_suite *a = read_file("19312MachineReadable.json");
	struct algorithm_suite *b = read_file("19312MachineReadable-fix.json");
	unsigned later = 0, closed = 0;
	cr_assert_eq(a->n_algorithms, b->n_algorithms);
	for (size_t i = 0; i < a->n_algorithms; i++) {
		const struct suite_algorithm *x = &a->algorithms[i],
					     *y = &b->algorithms[i];
		cr_expect_str_eq(x->name, y->name);
		cr_expect_str_eq(x->oids[0], y->oids[0]);
		cr_assert_eq(x->n_evaluations, y->n_evaluations);
		for (size_t k = 0; k < x->n_evaluations; k++) {
			const int64_t e = x->evaluations[k].end_ms,
				      f = y->evaluations[k].end_ms;
			if (e == f)
				continue;
			if (e == INT64_MAX)
				closed++;
			else if (f - e == 86400000 + 3600000)
				later++;
			else
				cr_expect_fail("%s", x->name);
		}
	}
	cr_expect_eq(later, 20, "%u", later);
	cr_expect_eq(closed, 1, "%u", closed);
	algorithm_suite_free(a);
	algorithm_suite_free(b);
}

Test(algorithm_suite, published_files_name_what_was_mended)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct algorithm_suite *s = read_file("19312MachineReadable.xml");
	cr_expect_str_eq(s->name, "ETSI ESI Cryptographic Suites");
	cr_expect_str_eq(s->oid, "1.5.1");
	cr_expect_null(s->uri);
	cr_expect_eq(s->n_algorithms, 32);
	cr_expect(has_note(s, "SHA224 stood"));
	cr_expect(has_note(s, "SHA384 was cut"));
	cr_expect(has_note(s, "secp512r1"));
	cr_expect(has_note(s, "in the namespace of RFC 5698"));
	cr_expect(has_note(s, "a dateTime"));
	cr_expect(has_note(s, "without Validity"));
	cr_expect_eq(s->n_notes, 6);
	algorithm_suite_free(s);
	s = read_file("19312MachineReadable-fix.xml");
	cr_expect_eq(s->n_notes, 3);
	algorithm_suite_free(s);
	s = read_file("19312MachineReadable.json");
	cr_expect(has_note(s, "Objectidentifier read as ObjectIdentifier (31)"));
	cr_expect(has_note(s, "an Evaluation that is no array"));
	cr_expect(has_note(s, "a Min or Max that is a text"));
	cr_expect(has_note(s, "SecuritySuitabilityPolicyType"));
	algorithm_suite_free(s);
}

Test(algorithm_suite, published_signatures_verify_but_cover_another_document)
{
	static const char *const files[] = {
		"19312MachineReadable-signed-compact-jws.json",
		"19312MachineReadable-signed-flattened-jws.json",
	};
	if (!corpus_present())
		cr_skip_test("no corpus");
	for (size_t i = 0; i < 2; i++) {
		struct algorithm_suite *s = read_file(files[i]);
		cr_expect_eq(s->signature, SUITE_SIGNATURE_ELSEWHERE, "%s", files[i]);
		cr_assert_not_null(s->signer);
		cr_expect(strstr(s->signer, "CN=good-user") != NULL, "%s", s->signer);
		cr_expect(has_note(s, "19312MachineReadable-fix.json"));
		algorithm_suite_free(s);
	}
}

Test(algorithm_suite, published_signature_when_changed_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf b =
	    corpus_read(FOLDER "19312MachineReadable-signed-compact-jws.json");
	uint8_t *end = memmem(b.p, b.n, "_RUE\"", 5);
	cr_assert_not_null(end);
	end[1] = 'S';
	cr_expect_eq(algorithm_suite_parse(view_buf(&b), &s, &err), -1);
	cr_expect(strstr(err.text, "does not verify") != NULL, "%s", err.text);
	buf_free(&b);
}

Test(algorithm_suite, published_file_with_a_number_as_signature_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	if (!corpus_present())
		cr_skip_test("no corpus");
	struct buf b = corpus_read(FOLDER "19312MachineReadable-invalid-signature-type."
					  "json");
	cr_expect_eq(algorithm_suite_parse(view_buf(&b), &s, &err), -1);
	cr_expect(strstr(err.text, "Signature is neither") != NULL, "%s", err.text);
	buf_free(&b);
}
