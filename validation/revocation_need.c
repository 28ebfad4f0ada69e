/* SPDX-License-Identifier: Apache-2.0 */
/* revocation_need - where a status, or a newer one, could be had. */
#include <string.h>
#include <strings.h>

#include "validation/name.h"
#include "validation/revocation_private.h"

#define OID_AD_OCSP "1.3.6.1.5.5.7.48.1"

static bool has_scheme(struct view url, const char *scheme)
{
	size_t n = strlen(scheme);
	return url.n > n && strncasecmp((const char *)url.p, scheme, n) == 0;
}

static bool is_http(struct view url)
{
	return has_scheme(url, "http://") || has_scheme(url, "https://");
}

/* ldap:///... names no server: nobody could ask. */
static bool is_ldap(struct view url)
{
	return (has_scheme(url, "ldap://") && url.p[7] != '/') ||
	       (has_scheme(url, "ldaps://") && url.p[8] != '/');
}

static int need_urls(struct revocation_job *job, enum need_kind kind, struct view names,
		     struct ltps_error *err)
{
	struct general_name g;
	while (names.n > 0) {
		if (!revocation_step(job, 1))
			return 0;
		if (general_name_next(&names, &g, err) != 0)
			return revocation_forgive(err);
		if (g.kind != GENERAL_NAME_URI ||
		    !(is_http(g.value) || is_ldap(g.value)))
			continue;
		if (path_run_need(job->run, kind, g.value, job->cert, NULL, err) != 0)
			return -1;
	}
	return 0;
}

static int need_points(struct revocation_job *job, enum need_kind kind,
		       struct view points, struct ltps_error *err)
{
	struct dist_point dp;
	while (points.n > 0) {
		if (!revocation_step(job, 1))
			return 0;
		if (dist_point_next(&points, &dp, err) != 0)
			return revocation_forgive(err);
		if (need_urls(job, kind, dp.full_name, err) != 0)
			return -1;
	}
	return 0;
}

/* AccessDescription ::= SEQUENCE { accessMethod, accessLocation }, RFC 5280 4.2.2.1 */
static int read_access(struct view *cursor, bool *ret_ocsp, struct general_name *ret,
		       struct ltps_error *err)
{
	struct tlv one, method;
	if (tlv_expect(cursor, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "AccessDescription",
		       &one, err) != 0 ||
	    tlv_expect(&one.body, ASN1_UNIVERSAL, ASN1_TAG_OID, "accessMethod", &method,
		       err) != 0)
		return -1;
	*ret_ocsp = oid_is(method.body, OID_AD_OCSP);
	return general_name_next(&one.body, ret, err);
}

static int need_ocsp(struct revocation_job *job, struct ltps_error *err)
{
	struct view list = cert_ext_list(job->cert, CERT_EXT_AIA);
	struct general_name g;
	bool is_ocsp;
	while (list.n > 0) {
		if (!revocation_step(job, 1))
			return 0;
		if (read_access(&list, &is_ocsp, &g, err) != 0)
			return revocation_forgive(err);
		if (!is_ocsp || g.kind != GENERAL_NAME_URI || !is_http(g.value))
			continue;
		if (path_run_need(job->run, NEED_OCSP, g.value, job->cert, job->issuer,
				  err) != 0)
			return -1;
	}
	return 0;
}

/* A list without a current delta though there is said to be one: newer news exist. */
static const struct crl *without_delta(const struct revocation_job *job)
{
	for (int bit = 1; bit < REVOCATION_REASON_BITS; bit++) {
		const struct revocation_word *w = &job->words.good[bit];
		if (w->kind == REVOCATION_GOOD && w->crl != NULL && w->delta == NULL &&
		    (w->crl->freshest.n > 0 ||
		     cert_has(job->cert, CERT_EXT_FRESHEST_CRL)))
			return w->crl;
	}
	return NULL;
}

static int need_deltas(struct revocation_job *job, const struct crl *complete,
		       struct ltps_error *err)
{
	if (need_points(job, NEED_DELTA_CRL,
			cert_ext_list(job->cert, CERT_EXT_FRESHEST_CRL), err) != 0)
		return -1;
	return complete != NULL
		   ? need_points(job, NEED_DELTA_CRL, complete->freshest, err)
		   : 0;
}

int revocation_needs(struct revocation_job *job, const struct path_cert_revocation *r,
		     struct ltps_error *err)
{
	const struct crl *complete = without_delta(job);
	bool good = r->status == PATH_STATUS_GOOD;
	if (r->status == PATH_STATUS_REVOKED)
		return 0;
	if (!good &&
	    (need_ocsp(job, err) != 0 ||
	     need_points(job, NEED_CRL, cert_ext_list(job->cert, CERT_EXT_CRL_POINTS),
			 err) != 0))
		return -1;
	if (!good || complete != NULL)
		return need_deltas(job, complete, err);
	return 0;
}
