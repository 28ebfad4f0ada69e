/* SPDX-License-Identifier: Apache-2.0 */
/* Drawn PKIs: the same shape for a seed, and enough of each verdict. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "tests/support/devpki_judge.h"
#include "tests/support/pki_random.h"

#define SEEDS 60

static int verdict(const struct pki_random *r, const struct devpki_cert *leaf)
{
	struct judge j = { .p = r->p,
			   .anchor = r->anchor,
			   .flags =
			       X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_CRL_CHECK_ALL };
	for (size_t i = 0; i < r->n_ca; i++)
		j.crl[j.n_crl++] = judge_crl(r->p, r->ca[i]->name);
	int error = judge_cert(&j, leaf);
	for (size_t i = 0; i < j.n_crl; i++)
		X509_CRL_free(j.crl[i]);
	return error;
}

Test(random, seed_decides_the_shape)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct pki_random a, b;
		pki_random_make(seed, PKI_RANDOM_ALL, &a);
		pki_random_make(seed, PKI_RANDOM_ALL, &b);
		cr_expect_str_eq(a.story, b.story);
		cr_expect_lt(strlen(a.story), sizeof(a.story) - 1);
		pki_random_free(&b);
		pki_random_free(&a);
	}
}

Test(random, without_features_what_hangs_on_the_anchor_is_valid)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		struct pki_random r;
		pki_random_make(seed, 0, &r);
		for (size_t i = 0; i < r.n_leaf; i++) {
			const struct devpki_cert *top = r.leaf[i]->issuer;
			while (top->issuer != NULL)
				top = top->issuer;
			cr_expect_eq(verdict(&r, r.leaf[i]) == X509_V_OK,
				     top == r.anchor, "seed %u: %s", (unsigned)seed,
				     r.story);
		}
		pki_random_free(&r);
	}
}

/* A set of drawn PKIs that were all refused, or none, would prove nothing. */
Test(random, every_kind_of_verdict_occurs)
{
	static const int wanted[] = { X509_V_OK,
				      X509_V_ERR_CERT_HAS_EXPIRED,
				      X509_V_ERR_CERT_NOT_YET_VALID,
				      X509_V_ERR_CERT_REVOKED,
				      X509_V_ERR_PATH_LENGTH_EXCEEDED,
				      X509_V_ERR_PERMITTED_VIOLATION,
				      X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION,
				      X509_V_ERR_NO_EXPLICIT_POLICY };
	unsigned seen[128] = { 0 };
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct pki_random r;
		pki_random_make(seed, PKI_RANDOM_ALL, &r);
		for (size_t i = 0; i < r.n_leaf; i++) {
			int error = verdict(&r, r.leaf[i]);
			cr_assert(error >= 0 && error < 128);
			seen[error]++;
		}
		pki_random_free(&r);
	}
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		cr_expect_gt(seen[wanted[i]], 0, "%s",
			     X509_verify_cert_error_string(wanted[i]));
}
