/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_fixture_status.h"

#include <openssl/err.h>
#include <string.h>

#include "tests/support/pki_fixture_private.h"
#include "validation/path_search.h"

void fix_status_begin(struct fix_status *s, const struct fix_cert *const *certs,
		      size_t n, int64_t time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	memset(s, 0, sizeof(*s));
	s->m = fix_material(certs[n - 1], NULL);
	for (size_t i = 0; i < n; i++) {
		struct cert *c = NULL;
		fix_need(cert_parse(certs[i]->der, &c, &err), &err);
		s->path.certs[i] = c;
	}
	s->path.n_certs = n;
	s->in.target = s->path.certs[0];
	s->in.pools[0] = s->m;
	s->in.n_pools = 1;
	s->in.time_ms = time_ms;
	s->q.path = &s->path;
	s->q.record_needs = true;
}

static void forget_answer(struct fix_status *s)
{
	path_needs_free(s->needs, s->n_needs);
	s->needs = NULL;
	s->n_needs = 0;
}

void fix_status_end(struct fix_status *s)
{
	forget_answer(s);
	for (size_t i = 0; i < s->path.n_certs; i++) {
		union {
			const struct cert *c;
			struct cert *p;
		} cert = { .c = s->path.certs[i] };
		cert_free(cert.p);
	}
	material_free(s->m);
}

void fix_status_cert(struct fix_status *s, const struct fix_cert *c)
{
	fix_material_add(s->m, MATERIAL_CERT, c->der);
}

void fix_status_crl(struct fix_status *s, const struct fix_crl_options *o)
{
	struct buf out = buf_make(1 << 20);
	fix_crl_make(o, &out);
	fix_material_add(s->m, MATERIAL_CRL, view_buf(&out));
	buf_free(&out);
}

void fix_status_ocsp(struct fix_status *s, const struct fix_ocsp_options *o)
{
	struct buf out = buf_make(1 << 20);
	fix_ocsp_make(o, &out);
	fix_material_add(s->m, MATERIAL_OCSP, view_buf(&out));
	buf_free(&out);
}

const struct path_cert_revocation *fix_status_ask(struct fix_status *s, size_t index)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_run run;
	struct revocation_query q = s->q;
	forget_answer(s);
	q.index = index;
	if (q.time_ms == 0)
		q.time_ms = s->in.time_ms;
	if (q.known_ms == 0)
		q.known_ms = q.time_ms;
	fix_need(path_run_init(&run, &s->in, &err), &err);
	fix_need(revocation_judge(&run, &q, &s->r, &err), &err);
	if (ERR_peek_error() != 0)
		fix_die("errors are left in OpenSSL's queue");
	s->needs = run.needs;
	s->n_needs = run.n_needs;
	s->signatures = run.signatures;
	s->steps = run.steps;
	s->spent = run.spent;
	run.needs = NULL;
	run.n_needs = 0;
	path_run_clear(&run);
	return &s->r;
}

bool fix_status_needs(const struct fix_status *s, enum need_kind kind, const char *url)
{
	for (size_t i = 0; i < s->n_needs; i++) {
		if (s->needs[i].kind == kind && strcmp(s->needs[i].url, url) == 0)
			return true;
	}
	return false;
}
