/* SPDX-License-Identifier: Apache-2.0 */
/* provider_result - the word of a server in the form of our own judgement. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/provider.h"

/* ---- why not ---- */

/* Without a reason that has a name, the finding is the reason. */
static enum path_code code_of(const struct scvp_reply *r)
{
	static const struct {
		const char *name;
		enum path_code code;
	} codes[] = {
		{ "revoked", PATH_REVOKED },
		{ "expired", PATH_EXPIRED },
		{ "notYetValid", PATH_NOT_YET_VALID },
		{ "invalidKeyPurpose", PATH_EXTENDED_KEY_USAGE },
		{ "invalidKeyUsage", PATH_KEY_USAGE },
		{ "invalidCertPolicy", PATH_POLICY },
		{ "wrongTrustAnchor", PATH_WRONG_ANCHOR },
	};
	for (size_t k = 0; k < sizeof(codes) / sizeof(codes[0]); k++)
		for (size_t i = 0; i < r->errors.n; i++) {
			const char *name = scvp_error_name(r->errors.v[i]);
			if (name != NULL && strcmp(name, codes[k].name) == 0)
				return codes[k].code;
		}
	return PATH_DECIDED_REMOTELY;
}

/* ---- the path ---- */

/* Everything that the result borrows belongs to ret->got, but the target. */
static const struct cert *owned(const struct judged_path *ret, const struct cert *c)
{
	return material_find_cert(ret->got, MATERIAL_CERT, c->sha256);
}

static int put_path(const struct scvp_report *r, const struct path_input *in,
		    struct judged_path *ret, struct ltps_error *err)
{
	struct path_candidate *best = &ret->result->best;
	if (material_add_all(ret->got, r->got, err) != 0 ||
	    material_add_cert(ret->got, MATERIAL_CERT, r->best.anchor, err) != 0)
		return -1;
	best->certs[best->n_certs++] = in->target;
	for (size_t i = 1; i < r->best.n_certs; i++)
		best->certs[best->n_certs++] = owned(ret, r->best.certs[i]);
	/* An anchor that the server put into the path itself is there already. */
	if (!cert_equal(best->certs[best->n_certs - 1], r->best.anchor))
		best->certs[best->n_certs++] = owned(ret, r->best.anchor);
	return 0;
}

/* ---- what status rests on ---- */

static int put_status(const struct material *m, const struct path_candidate *c,
		      size_t i, struct path_cert_revocation *r, struct ltps_error *err)
{
	const struct cert *cert = c->certs[i];
	const struct ocsp_single *single = NULL;
	const struct ocsp *o = NULL;
	*r = (struct path_cert_revocation){ .status = PATH_STATUS_GOOD,
					    .source = PATH_SOURCE_NONE,
					    .why = PATH_OK,
					    .this_ms = INT64_MIN,
					    .next_ms = INT64_MIN,
					    .revoked_ms = INT64_MIN,
					    .invalidity_ms = INT64_MIN,
					    .reason = -1,
					    .fresh = true };
	while (single == NULL && (o = material_ocsp_for(m, cert->serial, o)) != NULL)
		if (ocsp_single_for(o, cert, c->certs[i + 1], &single, err) != 0)
			return -1;
	const struct crl *crl = material_crl_of(m, cert->issuer_canonical, NULL);
	if (single != NULL) {
		r->source = PATH_SOURCE_OCSP;
		r->this_ms = single->this_ms;
		r->next_ms = single->next_ms;
		r->objects[r->n_objects++] =
		    (struct path_status_object){ .source = PATH_SOURCE_OCSP,
						 .ocsp = o };
	} else if (crl != NULL) {
		r->source = PATH_SOURCE_CRL;
		r->this_ms = crl->this_ms;
		r->next_ms = crl->next_ms;
		r->objects[r->n_objects++] =
		    (struct path_status_object){ .source = PATH_SOURCE_CRL,
						 .crl = crl };
	}
	return 0;
}

static int put_revocation(const struct path_input *in, struct judged_path *ret,
			  struct ltps_error *err)
{
	struct path_candidate *c = &ret->result->best;
	if (in->no_revocation || c->n_certs < 2)
		return 0;
	c->revocation = mem_zalloc(c->n_certs - 1, sizeof(*c->revocation));
	if (c->revocation == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i + 1 < c->n_certs; i++)
		if (put_status(ret->got, c, i, &c->revocation[i], err) != 0)
			return -1;
	return 0;
}

/* ---- all of it ---- */

static int put_valid(const struct scvp_report *report, const struct path_input *in,
		     struct judged_path *ret, struct ltps_error *err)
{
	if (put_path(report, in, ret, err) != 0)
		return -1;
	ret->result->best.status = PATH_VALID;
	return put_revocation(in, ret, err);
}

static void put_finding(struct path_result *r, const char *url)
{
	struct path_finding *f = &r->findings[r->n_findings++];
	f->code = PATH_DECIDED_REMOTELY;
	f->cert = -1;
	snprintf(f->text, sizeof(f->text), "%.*s: %s", PROVIDER_FINDING_MAX, url,
		 path_status_name(r->status));
}

int provider_result(const struct scvp_judgement *j, const struct path_input *in,
		    const char *url, struct judged_path *ret, const char **ret_why,
		    struct ltps_error *err)
{
	const struct scvp_report *report = &j->reports[0];
	*ret_why = NULL;
	if (report->status == PATH_VALID &&
	    (report->best.n_certs == 0 || report->best.anchor == NULL)) {
		*ret_why = "valid, but without a path to an anchor";
		return 0;
	}
	ret->result = mem_zalloc(1, sizeof(*ret->result));
	if (ret->result == NULL)
		return ltps_fail_nomem(err);
	ret->result->status = report->status;
	qc_read(in->target, &ret->result->qc);
	put_finding(ret->result, url);
	if (material_new(&ret->got, err) != 0)
		return -1;
	if (report->status == PATH_VALID)
		return put_valid(report, in, ret, err);
	ret->result->why = code_of(report->reply);
	return 0;
}
