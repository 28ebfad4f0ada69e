/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as data: what is refused, and that the built-in one says what it says. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ltp/validation_policy.h"

#define HEAD "[policy]\nid = urn:x\nmodel = shell\n[algorithms]\n"

static int parse(const char *text, struct validation_policy **p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = validation_policy_parse(view_text(text), "test.conf", p, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	if (rc != 0)
		cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
	return rc;
}

Test(validation_policy, nonsense_is_refused)
{
	static const char *const texts[] = {
		"",
		"[policy]\nid = urn:x\n[algorithms]\nlimit = sha1 0 open\n",
		"[policy]\nid = urn:x\nmodel = both\n[algorithms]\nlimit = sha1 0 "
		"open\n",
		(HEAD),
		(HEAD "limit = md2 0 open\n"),
		(HEAD "limit = rsa 2048 open\n"),
		(HEAD "limit = RSA\n"),
		(HEAD "limit = RSA x open\n"),
		(HEAD "limit = RSA 99999999999 open\n"),
		(HEAD "limit = RSA 2048\n"),
		(HEAD "limit = RSA 2048 soon\n"),
		(HEAD "limit = RSA 2048 2028-13-31\n"),
		(HEAD "limit = RSA 2048 2028-12-31 more\n"),
		(HEAD "limit = RSA 2048 open\nmodel = shell\n"),
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct validation_policy *p = NULL;
		cr_expect_neq(parse(texts[i], &p), 0, "%s", texts[i]);
		cr_expect_null(p);
	}
}

Test(validation_policy, name_that_is_not_there_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(validation_policy_builtin("defaul", &p, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(validation_policy, values_are_read)
{
	struct validation_policy *p = NULL;
	struct path_input in = { 0 };
	cr_assert_eq(parse("[policy]\nid = urn:x\nmodel = chain\nmax_age = 2d\n"
			   "exempt_short_term = true\n[algorithms]\n"
			   "limit = RSA 2048 2028-12-31\nlimit = SHA-256 0 open\n",
			   &p),
		     0);
	validation_policy_apply(p, &in);
	cr_assert_eq(in.model, PATH_CHAIN);
	cr_assert_eq(in.max_age_ms, 2 * 86400000);
	cr_assert(in.exempt_short_term);
	cr_assert_eq(in.algorithms->n, 2);
	cr_assert_str_eq(in.algorithms->limits[0].algorithm, "RSA");
	cr_assert_eq(in.algorithms->limits[0].min_bits, 2048);
	cr_assert_eq(in.algorithms->limits[0].until_ms, 1861919999999);
	cr_assert_str_eq(in.algorithms->limits[1].algorithm, "sha256");
	cr_assert_eq(in.algorithms->limits[1].until_ms, INT64_MAX);
	validation_policy_free(p);
}

/* Golden: a change of what the built-in policy accepts shows here. */
Test(validation_policy, default_says_what_it_said)
{
	static const char wanted[] = "urn:ltps:policy:validation:default:1 0 0 1\n"
				     "sha1 0 2013-12-31T23:59:59.999Z\n"
				     "sha224 0 2028-12-31T23:59:59.999Z\n"
				     "sha3-224 0 2028-12-31T23:59:59.999Z\n"
				     "sha256 0 open\n"
				     "sha384 0 open\n"
				     "sha512 0 open\n"
				     "sha3-256 0 open\n"
				     "sha3-384 0 open\n"
				     "sha3-512 0 open\n"
				     "RSA 1024 2013-12-31T23:59:59.999Z\n"
				     "RSA 1900 2028-12-31T23:59:59.999Z\n"
				     "RSA 3000 open\n"
				     "DSA 1024 2013-12-31T23:59:59.999Z\n"
				     "DSA 1900 2028-12-31T23:59:59.999Z\n"
				     "DSA 3000 open\n"
				     "ECDSA 160 2013-12-31T23:59:59.999Z\n"
				     "ECDSA 224 2028-12-31T23:59:59.999Z\n"
				     "ECDSA 256 open\n"
				     "Ed25519 0 open\n"
				     "Ed448 0 open\n";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	char text[4096], when[TIME_TEXT_MAX];
	cr_assert_eq(validation_policy_builtin("default", &p, &err), 0, "%s", err.text);
	int n = snprintf(text, sizeof(text), "%s %d %lld %d\n", p->id, p->model,
			 (long long)p->max_age_ms, p->exempt_short_term);
	for (size_t i = 0; i < p->algorithms.n; i++) {
		const struct algorithm_limit *l = &p->algorithms.limits[i];
		snprintf(when, sizeof(when), "open");
		if (l->until_ms != INT64_MAX)
			time_rfc3339(l->until_ms, when);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s %u %s\n",
			      l->algorithm, l->min_bits, when);
	}
	validation_policy_free(p);
	cr_assert_str_eq(text, wanted);
}

Test(validation_policy, id_is_a_name_too)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(
	    validation_policy_builtin("urn:ltps:policy:validation:default:1", &p, &err),
	    0);
	validation_policy_free(p);
}
