/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_scope - which lists speak about a certificate, and for which reasons:
 * its distribution points against their issuing distribution points.
 */
#include <string.h>

#include "validation/name.h"
#include "validation/revocation_private.h"

/* ---- points ---- */

/* The first directoryName: cRLIssuer holds the list's issuer and nothing else,
 * RFC 5280 4.2.1.13. */
static int read_issuer(struct revocation_point *p, struct ltps_error *err)
{
	struct view cursor = p->dp.crl_issuer;
	struct general_name g;
	while (cursor.n > 0) {
		if (general_name_next(&cursor, &g, err) != 0)
			return revocation_forgive(err);
		if (g.kind != GENERAL_NAME_DIRECTORY)
			continue;
		p->issuer_name = g.value;
		if (name_canonical(g.value, &p->issuer_canonical, err) == 0)
			return 0;
		buf_free(&p->issuer_canonical);
		p->issuer_name = VIEW_NULL;
		return revocation_forgive(err);
	}
	return 0;
}

/* Malformed or too many: the rest is passed over, which can only leave the status
 * unknown. */
static int read_listed(struct revocation_job *job, struct ltps_error *err)
{
	struct view cursor = cert_ext_list(job->cert, CERT_EXT_CRL_POINTS);
	while (cursor.n > 0 && job->n_points < REVOCATION_POINTS_MAX) {
		struct revocation_point *p = &job->points[job->n_points];
		*p = (struct revocation_point){ .issuer_canonical =
						    buf_make(NAME_SIZE_MAX) };
		if (!revocation_step(job, 1))
			return 0;
		if (dist_point_next(&cursor, &p->dp, err) != 0)
			return revocation_forgive(err);
		job->n_points++;
		if (read_issuer(p, err) != 0)
			return -1;
	}
	return 0;
}

int revocation_points_read(struct revocation_job *job, struct ltps_error *err)
{
	if (read_listed(job, err) != 0)
		return -1;
	job->points[job->n_points++] = (struct revocation_point){
		.dp = { .reasons = REASONS_ALL },
		.implied = true,
	};
	return 0;
}

void revocation_points_free(struct revocation_job *job)
{
	for (size_t i = 0; i < job->n_points; i++)
		buf_free(&job->points[i].issuer_canonical);
	job->n_points = 0;
}

/* ---- names ---- */

/* Names of a point: general names, and one of its own as a canonical form. */
struct names {
	struct view list;
	struct view own; /* Name TLV that counts as a directoryName beside the list */
	struct buf canonical; /* of a nameRelativeToCRLIssuer, whole; n 0: none */
};

/* Octets of a name that one step pays for: names may be long, and lists of them too. */
#define OCTETS_PER_STEP 256

static bool pay(struct revocation_job *job, size_t n)
{
	return revocation_step(job, 1 + (uint32_t)(n / OCTETS_PER_STEP));
}

static int canonical_equal(const struct general_name *g, struct view canonical,
			   bool *ret, struct ltps_error *err)
{
	struct buf b = buf_make(NAME_SIZE_MAX);
	*ret = false;
	if (g->kind != GENERAL_NAME_DIRECTORY || canonical.n == 0)
		return 0;
	int rc = name_canonical(g->value, &b, err);
	if (rc == 0)
		*ret = view_equal(view_buf(&b), canonical);
	else
		rc = revocation_forgive(err);
	buf_free(&b);
	return rc;
}

/* Whether one of the names of the list is g. */
static int list_has(struct revocation_job *job, struct view list,
		    const struct general_name *g, bool *ret, struct ltps_error *err)
{
	struct general_name other;
	*ret = false;
	while (list.n > 0 && !*ret) {
		if (general_name_next(&list, &other, err) != 0)
			return revocation_forgive(err);
		if (!pay(job, other.value.n + g->value.n))
			return 0;
		if (general_name_equal(&other, g, ret, err) != 0) {
			*ret = false;
			return revocation_forgive(err);
		}
	}
	return 0;
}

static int names_have(struct revocation_job *job, const struct names *names,
		      const struct general_name *g, bool *ret, struct ltps_error *err)
{
	if (list_has(job, names->list, g, ret, err) != 0)
		return -1;
	if (!*ret && names->own.n > 0) {
		const struct general_name own = { .kind = GENERAL_NAME_DIRECTORY,
						  .value = names->own };
		if (g->kind == own.kind && general_name_equal(&own, g, ret, err) != 0)
			return revocation_forgive(err);
	}
	return *ret ? 0 : canonical_equal(g, view_buf(&names->canonical), ret, err);
}

/* Whether the canonical form is one of the names. */
static int names_have_canonical(struct revocation_job *job, const struct names *names,
				struct view canonical, bool *ret,
				struct ltps_error *err)
{
	struct view list = names->list;
	struct general_name g = { .kind = GENERAL_NAME_DIRECTORY, .value = names->own };
	*ret = view_equal(view_buf(&names->canonical), canonical);
	if (!*ret && names->own.n > 0 && canonical_equal(&g, canonical, ret, err) != 0)
		return -1;
	while (list.n > 0 && !*ret) {
		if (general_name_next(&list, &g, err) != 0)
			return revocation_forgive(err);
		if (!pay(job, g.value.n))
			return 0;
		if (canonical_equal(&g, canonical, ret, err) != 0)
			return -1;
	}
	return 0;
}

static int names_meet(struct revocation_job *job, const struct names *a,
		      const struct names *b, bool *ret, struct ltps_error *err)
{
	struct view list = a->list;
	struct general_name g;
	*ret = false;
	if (a->canonical.n > 0)
		return names_have_canonical(job, b, view_buf(&a->canonical), ret, err);
	while (list.n > 0 && !*ret) {
		if (general_name_next(&list, &g, err) != 0)
			return revocation_forgive(err);
		if (!pay(job, g.value.n))
			return 0;
		if (names_have(job, b, &g, ret, err) != 0)
			return -1;
	}
	return 0;
}

/* nameRelativeToCRLIssuer is a whole name behind its issuer's, RFC 5280 4.2.1.13. */
static int set_relative(struct names *names, struct view issuer, struct view relative,
			struct ltps_error *err)
{
	if (name_canonical_relative(issuer, relative, &names->canonical, err) == 0)
		return 0;
	buf_free(&names->canonical);
	return revocation_forgive(err);
}

static struct view issuer_of_point(const struct revocation_job *job,
				   const struct revocation_point *p)
{
	return p->issuer_name.n > 0 ? p->issuer_name : job->cert->issuer;
}

/* Names of the certificate's side: 6.3.3 b 2 i, and the last paragraph for the
 * implied point. */
static int names_of_point(const struct revocation_job *job,
			  const struct revocation_point *p, struct names *ret,
			  struct ltps_error *err)
{
	if (p->implied) {
		ret->own = job->cert->issuer;
		ret->list = cert_ext_list(job->cert, CERT_EXT_IAN);
		return 0;
	}
	if (p->dp.relative.n > 0)
		return set_relative(ret, issuer_of_point(job, p), p->dp.relative, err);
	ret->list = p->dp.full_name.n > 0 ? p->dp.full_name : p->dp.crl_issuer;
	return 0;
}

/* ---- scope ---- */

/* 6.3.3 b 1 */
static bool issuer_fits(const struct revocation_job *job,
			const struct revocation_point *p, const struct crl *crl)
{
	if (p->dp.crl_issuer.n > 0)
		return crl->indirect && view_equal(view_buf(&p->issuer_canonical),
						   crl->issuer_canonical);
	return view_equal(job->cert->issuer_canonical, crl->issuer_canonical);
}

static bool has_point_name(const struct crl *crl)
{
	return crl->idp_name.full_name.n > 0 || crl->idp_name.relative.n > 0;
}

/* 6.3.3 b 2 i */
static int point_fits(struct revocation_job *job, const struct revocation_point *p,
		      const struct crl *crl, bool *ret, struct ltps_error *err)
{
	struct names idp = { .list = crl->idp_name.full_name,
			     .canonical = buf_make(NAME_SIZE_MAX) };
	struct names dp = { .canonical = buf_make(NAME_SIZE_MAX) };
	int rc = 0;
	*ret = issuer_fits(job, p, crl);
	if (!*ret || !has_point_name(crl))
		return 0;
	*ret = false;
	if (!pay(job, crl->issuer.n + job->cert->issuer.n))
		return 0;
	if (idp.list.n == 0)
		rc = set_relative(&idp, crl->issuer, crl->idp_name.relative, err);
	if (rc == 0)
		rc = names_of_point(job, p, &dp, err);
	if (rc == 0)
		rc = names_meet(job, &idp, &dp, ret, err);
	buf_free(&dp.canonical);
	buf_free(&idp.canonical);
	return rc;
}

int revocation_scope(struct revocation_job *job, const struct crl *crl,
		     uint16_t *ret_reasons, struct ltps_error *err)
{
	*ret_reasons = 0;
	/* 6.3.3 b 2 ii to iv */
	if ((crl->only_user && job->cert->ca) || (crl->only_ca && !job->cert->ca) ||
	    crl->only_attribute)
		return 0;
	for (size_t i = 0; i < job->n_points; i++) {
		const struct revocation_point *p = &job->points[i];
		uint16_t reasons = crl->reasons & p->dp.reasons & REASONS_ALL;
		bool fits;
		if ((*ret_reasons | reasons) == *ret_reasons)
			continue;
		if (point_fits(job, p, crl, &fits, err) != 0)
			return -1;
		if (fits)
			*ret_reasons |= reasons;
	}
	return 0;
}

/* ---- deltas ---- */

/* CRLNumber ::= INTEGER (0..MAX): false for what is absent or negative. */
static bool number_digits(struct view *v)
{
	if (v->n == 0 || (v->p[0] & 0x80) != 0)
		return false;
	while (v->n > 0 && v->p[0] == 0)
		*v = view_skip(*v, 1);
	return true;
}

static bool number_at_most(struct view a, struct view b)
{
	if (!number_digits(&a) || !number_digits(&b))
		return false;
	return a.n != b.n ? a.n < b.n : view_compare(a, b) <= 0;
}

bool revocation_delta_fits(const struct crl *complete, const struct crl *delta)
{
	return view_equal(complete->issuer_canonical, delta->issuer_canonical) &&
	       complete->has_idp == delta->has_idp &&
	       view_equal(complete->idp, delta->idp) &&
	       view_equal(complete->aki_key, delta->aki_key) &&
	       complete->this_ms <= delta->this_ms &&
	       number_at_most(delta->base_number, complete->number) &&
	       number_at_most(complete->number, delta->number);
}
