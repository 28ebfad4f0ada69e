/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: chain_check and qc_read, over certificates that stand one behind the other,
 * the target first: name constraints, policies and the rest of what they say. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/path_search.h"

#define NOW_MS ((int64_t)1767225600000)

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void judge(struct path_candidate *c, bool explicit_policy)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_input in = { .time_ms = NOW_MS,
				 .explicit_policy = explicit_policy,
				 .budget.steps = 1000 };
	struct path_run run;
	require(path_run_init(&run, &in, &err) == 0);
	require(chain_check(&run, CHAIN_TIME_ALL, true, c, &err) == 0);
	require(err.code == LTPS_OK);
	require((c->status == PATH_VALID) == (c->why == PATH_OK));
	require((c->n_findings == 0) == (c->why == PATH_OK));
	require(c->n_findings <= PATH_FINDINGS_MAX);
	require(c->n_policies <= PATH_POLICIES_MAX);
	path_run_clear(&run);
}

static void read_qc(const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	struct jsonw j = jsonw_to(&out);
	struct qc_statements q;
	qc_read(c, &q);
	qc_json(&q, &j);
	require(jsonw_end(&j, &err) == 0);
	buf_free(&out);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	static struct path_candidate c;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view rest = view_of(data, size);
	const struct cert *certs[PATH_CERTS_MAX];
	struct tlv t;
	size_t n = 0;
	while (n < PATH_CERTS_MAX && rest.n > 0 && tlv_next(&rest, &t, &err) == 0) {
		struct cert *one = NULL;
		if (cert_parse(t.whole, &one, &err) != 0)
			break;
		read_qc(one);
		certs[n++] = one;
	}
	for (int explicit_policy = 0; n > 0 && explicit_policy < 2; explicit_policy++) {
		memset(&c, 0, sizeof(c));
		memcpy(c.certs, certs, n * sizeof(certs[0]));
		c.n_certs = n;
		judge(&c, explicit_policy != 0);
	}
	for (size_t i = 0; i < n; i++)
		cert_free((struct cert *)(uintptr_t)certs[i]);
	require(ERR_peek_error() == 0);
}
