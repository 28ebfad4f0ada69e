/* SPDX-License-Identifier: Apache-2.0 */
/* acquire - judge a token's TSA, get what is missing, judge again. */
#include "ltp/acquire.h"

#include <string.h>

#include "ltp/needs.h"

static int judge(const struct acquire *a, X509 *signer, const struct tst *tst,
		 const struct material *m, struct tsa_path_result *ret_path,
		 struct ltps_error *err)
{
	const struct tsa_path_input in = {
		.signer = signer,
		.material = m,
		.gen_time_ms = tst->gen_time_ms,
		.time_ms = clock_now_ms(a->clock),
		.need_revocation = true,
		.want_needs = true,
	};
	return tsa_path_judge(&in, ret_path, err);
}

static int go_round(const struct acquire *a, X509 *signer, const struct tst *tst,
		    struct needs *needs, struct tsa_path_result *path,
		    struct ltps_error *err)
{
	bool news = true;
	for (int i = 0; i < ACQUIRE_ROUNDS_MAX && news; i++) {
		news = false;
		tsa_path_result_clear(path);
		if (judge(a, signer, tst, needs->got, path, err) != 0)
			return -1;
		if (path->indication == INDICATION_INDETERMINATE &&
		    needs_answer(needs, path->needs, path->n_needs, &news, err) != 0)
			return -1;
	}
	return 0;
}

/*
 * CRLs first: they need no further certificate to be judged by, and the common
 * tools read a token that carries them, but not one with OCSP inside (RFC 5940). A
 * CRL that is missing, too large or older than the token leads to OCSP in the next
 * round.
 */
int acquire_for_token(const struct acquire *a, const struct tst *tst,
		      struct material *m, struct tsa_path_result *ret_result,
		      struct ltps_error *err)
{
	int rc = -1;
	struct tst_intact intact = { 0 };
	struct tsa_path_result path = { 0 };
	const struct path_sources sources = {
		.fetch = a->fetch,
		.clock = a->clock,
		.crl_first = true,
		.crl_max = ACQUIRE_CRL_MAX,
	};
	struct needs needs = { .sources = &sources,
			       .time_ms = clock_now_ms(a->clock),
			       .got = m };
	if ((a->trust != NULL && material_add_all(m, a->trust, err) != 0) ||
	    material_add_cms(m, tst->cms, err) != 0 ||
	    tst_check(tst, material_views(m, MATERIAL_CERT),
		      material_count(m, MATERIAL_CERT), &intact, err) != 0)
		goto out;
	if (intact.signer == NULL) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 3161 2.4.2",
			  "the token's signer certificate is missing");
		goto out;
	}
	if (go_round(a, intact.signer, tst, &needs, &path, err) != 0)
		goto out;
	*ret_result = path;
	memset(&path, 0, sizeof(path));
	rc = 0;
out:
	needs_clear(&needs);
	tsa_path_result_clear(&path);
	tst_intact_clear(&intact);
	return rc;
}
