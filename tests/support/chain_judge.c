/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/chain_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *text)
{
	fprintf(stderr, "chain_judge: %s: %s\n", what, text);
	abort();
}

void chain_judge_reset(struct chain_judge *j)
{
	memset(j, 0, sizeof(*j));
	j->in.time_ms = KIT_T0_MS;
}

void chain_judge_path(struct chain_judge *j, size_t n, ...)
{
	va_list args;
	va_start(args, n);
	memset(&j->c, 0, sizeof(j->c));
	for (size_t i = 0; i < n; i++) {
		const struct kit_cert *k = va_arg(args, const struct kit_cert *);
		if (k->cert == NULL)
			die("certificate", "does not decode");
		j->c.certs[i] = k->cert;
	}
	j->c.n_certs = n;
	va_end(args);
}

void chain_judge_run(struct chain_judge *j)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_run run;
	struct path_candidate fresh = { .n_certs = j->c.n_certs };
	memcpy(fresh.certs, j->c.certs, sizeof(fresh.certs));
	j->c = fresh;
	if (path_run_init(&run, &j->in, &err) != 0 ||
	    chain_check(&run, j->times, !j->no_usages, &j->c, &err) != 0)
		die("error", err.text);
	path_run_clear(&run);
}

static int first_with(const struct path_candidate *c, enum path_code code)
{
	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i].code == code)
			return c->findings[i].cert;
	}
	return -1;
}

void chain_judge_expect(const struct chain_judge *j, enum path_code why, int cert)
{
	const struct path_candidate *c = &j->c;
	bool ok = c->why == why && (c->status == PATH_VALID) == (why == PATH_OK) &&
		  (why == PATH_OK || first_with(c, why) == cert);
	if (ok)
		return;
	fprintf(stderr, "expected %s at %d\n", path_code_name(why), cert);
	for (size_t i = 0; i < c->n_findings; i++)
		fprintf(stderr, "  %s at %d: %s\n", path_code_name(c->findings[i].code),
			c->findings[i].cert, c->findings[i].text);
	die("outcome", path_code_name(c->why));
}
