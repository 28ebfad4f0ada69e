/* SPDX-License-Identifier: Apache-2.0 */
/* Policies of DSS that say less than they seem to: nothing is lowered by silence, by
 * order, by a second word or by length. */
#include <criterion/criterion.h>
#include <string.h>

#include "validation/validation_policy.h"

#define HEAD                                                                           \
	"<ConstraintsParameters Name=\"a\" "                                           \
	"xmlns=\"http://dss.esig.europa.eu/validation/policy\">"
#define TAIL "<Model Value=\"SHELL\"/></ConstraintsParameters>"
#define ENCRYPTION                                                                     \
	"<AcceptableEncryptionAlgo><Algo>RSA</Algo></AcceptableEncryptionAlgo>"
#define DIGEST "<AcceptableDigestAlgo><Algo>SHA256</Algo></AcceptableDigestAlgo>"
#define CRYPTO "<Cryptographic Level=\"FAIL\">" ENCRYPTION DIGEST "</Cryptographic>"
#define IN_SIGNATURE(x) "<SignatureConstraints>" x "</SignatureConstraints>"
#define IN_STAMP(x) "<Timestamp>" x "</Timestamp>"
#define BASIC(x) "<BasicSignatureConstraints>" x "</BasicSignatureConstraints>"
#define SIGNER(x) BASIC("<SigningCertificate>" x "</SigningCertificate>")
#define SKIP(level, ids)                                                               \
	SIGNER("<RevocationDataSkip Level=\"" level "\"><CertificateExtensions>" ids   \
	       "</CertificateExtensions></RevocationDataSkip>")
#define ASSURED "<Id>0.4.0.194121.2.1</Id>"
#define NO_REV_AVAIL "<Id>2.5.29.56</Id>"

static struct validation_policy *parse(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(validation_policy_parse(view_text(text), "x", NULL, &p, &err), 0,
		     "%s: %s", err.text, text);
	return p;
}

static void refuse(const char *text, const char *says)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_expect_eq(validation_policy_parse(view_text(text), "x", NULL, &p, &err), -1,
		     "%s", text);
	cr_expect(strstr(err.text, says) != NULL, "%s: %s", says, err.text);
	validation_policy_free(p);
}

static bool has_note(const struct validation_policy *p, const char *what)
{
	for (size_t i = 0; i < p->n_notes; i++)
		if (strstr(p->notes[i], what) != NULL)
			return true;
	return false;
}

Test(policy_dss, level_when_missing_is_refused)
{
	refuse(HEAD IN_SIGNATURE(SIGNER("<KeyUsage><Id>nonRepudiation</Id></KeyUsage>"))
		   CRYPTO TAIL,
	       "KeyUsage: Level is missing");
	refuse(HEAD IN_STAMP("<Coherence/>") CRYPTO TAIL, "Level is missing");
	/* Below the one at the top it means: as there. */
	struct validation_policy *p =
	    parse(HEAD IN_SIGNATURE(BASIC("<Cryptographic/>")) CRYPTO TAIL);
	cr_expect_eq(p->rules[CONTEXT_SIGNATURE][CONSTRAINT_CRYPTO].level,
		     CONSTRAINT_FAIL);
	validation_policy_free(p);
}

Test(policy_dss, algorithms_without_a_level_stand_as_fail)
{
	struct validation_policy *p =
	    parse(HEAD "<Cryptographic>" ENCRYPTION DIGEST "</Cryptographic>" TAIL);
	for (int x = 0; x < CONTEXT_COUNT; x++)
		cr_expect_eq(p->rules[x][CONSTRAINT_CRYPTO].level, CONSTRAINT_FAIL);
	validation_policy_free(p);
}

Test(policy_dss, algorithms_of_a_section_are_not_lowered_by_those_at_the_top)
{
	struct validation_policy *p =
	    parse(HEAD IN_SIGNATURE(BASIC("<Cryptographic Level=\"FAIL\"/>")) IN_STAMP(
		BASIC("<Cryptographic Level=\"INFORM\"/>")) "<Cryptographic "
							    "Level=\"WARN\">" ENCRYPTION
								DIGEST
							    "</Cryptographic>" TAIL);
	cr_expect_eq(p->rules[CONTEXT_SIGNATURE][CONSTRAINT_CRYPTO].level,
		     CONSTRAINT_FAIL);
	cr_expect_eq(p->rules[CONTEXT_COUNTERSIGNATURE][CONSTRAINT_CRYPTO].level,
		     CONSTRAINT_WARN);
	/* One list, and paths are judged with it: the stricter level counts. */
	cr_expect_eq(p->rules[CONTEXT_TIME_STAMP][CONSTRAINT_CRYPTO].level,
		     CONSTRAINT_WARN);
	validation_policy_free(p);
	/* In the other order too. */
	p = parse(HEAD CRYPTO IN_SIGNATURE(BASIC("<Cryptographic Level=\"IGNORE\"/>"))
		      TAIL);
	cr_expect_eq(p->rules[CONTEXT_SIGNATURE][CONSTRAINT_CRYPTO].level,
		     CONSTRAINT_FAIL);
	validation_policy_free(p);
}

Test(policy_dss, constraint_that_stands_twice_is_refused)
{
	refuse(HEAD IN_SIGNATURE("<PolicyHashMatch Level=\"FAIL\"/>"
				 "<PolicyHashMatch Level=\"IGNORE\"/>") CRYPTO TAIL,
	       "PolicyHashMatch: stands twice");
	refuse(HEAD IN_SIGNATURE("<PolicyHashMatch Level=\"FAIL\"/>")
		   IN_SIGNATURE("<PolicyHashMatch Level=\"IGNORE\"/>") CRYPTO TAIL,
	       "PolicyHashMatch: stands twice");
	refuse(HEAD CRYPTO CRYPTO TAIL, "Cryptographic: stands twice");
	refuse(HEAD CRYPTO "<Model Value=\"CHAIN\"/>" TAIL, "Model: stands twice");
}

Test(policy_dss, status_is_left_out_only_where_it_is_said)
{
	static const struct {
		const char *text;
		bool exempt;
	} cases[] = {
		{ (HEAD IN_SIGNATURE(SKIP("INFORM", ASSURED NO_REV_AVAIL)) CRYPTO TAIL),
		  true },
		{ (HEAD IN_SIGNATURE(SKIP("IGNORE", ASSURED NO_REV_AVAIL)) CRYPTO TAIL),
		  false },
		{ (HEAD IN_SIGNATURE(SKIP("INFORM", ASSURED)) CRYPTO TAIL), false },
		{ (HEAD IN_SIGNATURE(SKIP("INFORM", NO_REV_AVAIL)) CRYPTO TAIL),
		  false },
		{ (HEAD IN_STAMP(SKIP("INFORM", ASSURED NO_REV_AVAIL)) CRYPTO TAIL),
		  false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct validation_policy *p = parse(cases[i].text);
		cr_expect_eq(p->exempt_short_term, cases[i].exempt, "%zu", i);
		cr_expect_eq(has_note(p, "not used: "), i > 1, "%zu", i);
		validation_policy_free(p);
	}
}

/* So many others that no note is made of the format any more. */
Test(policy_dss, formats_are_not_lost_behind_many_notes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	struct buf text = buf_make(VALIDATION_POLICY_BYTES_MAX);
	cr_assert_eq(buf_put_text(&text, HEAD "<eIDAS>", &err), 0);
	for (int i = 0; i < 600; i++)
		cr_assert_eq(buf_put_text(&text, "<x Level=\"WARN\"/>", &err), 0);
	cr_assert_eq(buf_put_text(&text,
				  "</eIDAS>" IN_SIGNATURE(
				      "<AcceptableFormats Level=\"FAIL\"><Id>XAdES"
				      "</Id></AcceptableFormats>") CRYPTO TAIL,
				  &err),
		     0);
	cr_expect_eq(validation_policy_parse(view_buf(&text), "x", NULL, &p, &err), -1);
	cr_expect(strstr(err.text, "none of the formats") != NULL, "%s", err.text);
	validation_policy_free(p);
	buf_free(&text);
}

Test(policy_dss, notes_when_too_many_say_so)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(VALIDATION_POLICY_BYTES_MAX);
	const char *s;
	cr_assert_eq(buf_put_text(&text, HEAD "<eIDAS>", &err), 0);
	for (int i = 0; i < 600; i++)
		cr_assert_eq(buf_put_text(&text, "<x Level=\"WARN\"/>", &err), 0);
	cr_assert_eq(buf_put_text(&text, "</eIDAS>" CRYPTO TAIL, &err), 0);
	cr_assert_eq(buf_text(&text, &s, &err), 0);
	struct validation_policy *p = parse(s);
	cr_expect_str_eq(p->notes[p->n_notes - 1], "and more, which are not named");
	validation_policy_free(p);
	buf_free(&text);
}

#define CRYPTO_OF(x) "<Cryptographic Level=\"FAIL\">" x "</Cryptographic>"

Test(policy_dss, algorithm_rows_that_would_be_lost_are_refused)
{
	refuse(HEAD CRYPTO_OF(ENCRYPTION DIGEST
			      "<MiniPublicKeySize><Algo>RSA</Algo></MiniPublicKeySize>")
		   TAIL,
	       "MiniPublicKeySize");
	refuse(HEAD CRYPTO_OF(ENCRYPTION
			      "<AcceptableDigestAlgo><Algo Date=\"2012-08-01\""
			      ">SHA1</Algo></AcceptableDigestAlgo>") TAIL,
	       "AcceptableDigestAlgo");
	refuse(
	    HEAD CRYPTO_OF(ENCRYPTION DIGEST
			   "<AlgoExpirationDate><Algo Date=\"2012-08-01\">SHA256</Algo>"
			   "<Algo Date=\"2030-08-01\">SHA256</Algo>"
			   "</AlgoExpirationDate>") TAIL,
	    "stands twice");
	refuse(HEAD CRYPTO_OF(ENCRYPTION DIGEST
			      "<MiniPublicKeySize><Algo Size=\"1024\">RSA</Algo>"
			      "<Algo Size=\"3000\">RSA</Algo></MiniPublicKeySize>")
		   TAIL,
	       "stands twice");
}

Test(policy_dss, end_of_a_digest_in_another_spelling_counts)
{
	struct validation_policy *p = parse(HEAD CRYPTO_OF(
	    ENCRYPTION "<AcceptableDigestAlgo><Algo>SHA1</Algo>"
		       "</AcceptableDigestAlgo><AlgoExpirationDate>"
		       "<Algo Date=\"2012-08-01\">SHA-1</Algo></AlgoExpirationDate>")
						TAIL);
	cr_expect_eq(algorithm_policy_digest_until(&p->algorithms, DIGEST_SHA1),
		     1343779199999);
	validation_policy_free(p);
}

/* Where sizes are listed, an algorithm that is not there has none that is enough. */
Test(policy_dss, key_without_a_least_size_beside_others_is_not_accepted)
{
	struct validation_policy *p = parse(HEAD CRYPTO_OF(
	    "<AcceptableEncryptionAlgo><Algo>RSA</Algo><Algo>ECDSA</Algo>"
	    "</AcceptableEncryptionAlgo>" DIGEST
	    "<MiniPublicKeySize><Algo Size=\"2048\">RSA</Algo></MiniPublicKeySize>")
						TAIL);
	for (size_t i = 0; i < p->algorithms.n; i++)
		cr_expect_str_neq(p->algorithms.limits[i].algorithm, "ECDSA");
	cr_expect(has_note(p, "ECDSA"));
	validation_policy_free(p);
}

Test(policy_dss, rows_of_algorithms_that_are_not_accepted_are_named)
{
	struct validation_policy *p = parse(HEAD CRYPTO_OF(
	    ENCRYPTION DIGEST
	    "<AlgoExpirationDate><Algo Date=\"2029-01-01\" Size=\"1900\">"
	    "Rsa</Algo></AlgoExpirationDate>") TAIL);
	cr_expect(has_note(p, "not used: the end of Rsa"));
	validation_policy_free(p);
}
