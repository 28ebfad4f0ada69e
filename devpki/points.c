/* SPDX-License-Identifier: Apache-2.0 */
/* points - CRLs besides the full one of each CA (RFC 5280 5.2.5). */
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/inside.h"

static const char *const scope_names[DEVPKI_SCOPE_COUNT] = {
	[DEVPKI_SCOPE_ALL] = "all",
	[DEVPKI_SCOPE_USERS] = "users",
	[DEVPKI_SCOPE_CAS] = "cas",
	[DEVPKI_SCOPE_ATTRIBUTES] = "attributes",
};

/* Bit of ReasonFlags for a CRLReason; 0: no flag names it (4.2.1.13). */
static unsigned flag_of(enum devpki_reason reason)
{
	switch (reason) {
	case DEVPKI_REASON_KEY_COMPROMISE:
	case DEVPKI_REASON_CA_COMPROMISE:
	case DEVPKI_REASON_AFFILIATION_CHANGED:
	case DEVPKI_REASON_SUPERSEDED:
	case DEVPKI_REASON_CESSATION:
	case DEVPKI_REASON_HOLD:
		return 1u << reason;
	case DEVPKI_REASON_PRIVILEGE_WITHDRAWN:
		return 1u << 7;
	case DEVPKI_REASON_AA_COMPROMISE:
		return 1u << 8;
	default:
		return 0;
	}
}

#define REASONS_ALL 0x1feu /* bits 1 to 8; bit 0 is unused */

const char *devpki_scope_name(enum devpki_scope scope)
{
	return (unsigned)scope < DEVPKI_SCOPE_COUNT ? scope_names[scope] : "?";
}

bool devpki_scope_parse(struct view name, enum devpki_scope *ret_scope)
{
	for (unsigned i = 0; i < DEVPKI_SCOPE_COUNT; i++) {
		if (view_is_text(name, scope_names[i])) {
			*ret_scope = (enum devpki_scope)i;
			return true;
		}
	}
	return false;
}

bool devpki_reasons_parse(struct view names, unsigned *ret_reasons)
{
	unsigned reasons = 0;
	while (names.n > 0) {
		enum devpki_reason reason;
		size_t n = 0;
		while (n < names.n && names.p[n] != ',')
			n++;
		if (!devpki_reason_parse(view_head(names, n), &reason) ||
		    flag_of(reason) == 0 || n + 1 == names.n)
			return false;
		reasons |= flag_of(reason);
		names = view_skip(names, n + 1);
	}
	*ret_reasons = reasons;
	return true;
}

bool devpki_name_equal(const struct devpki_cert *a, const struct devpki_cert *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a->x509),
			     X509_get_subject_name(b->x509)) == 0;
}

const struct devpki_point *devpki_point_find(const struct devpki *p, struct view name)
{
	for (size_t i = 0; i < p->n_points; i++) {
		if (view_is_text(name, p->point[i]->point.name))
			return &p->point[i]->point;
	}
	return NULL;
}

static bool names_point(const struct devpki_cert *c, const struct devpki_point *point)
{
	for (size_t i = 0; i < c->n_points; i++) {
		if (c->point[i] == point)
			return true;
	}
	return false;
}

bool devpki_point_covers(const struct devpki_point *point, const struct devpki_cert *c)
{
	bool is_ca = (X509_get_extension_flags(c->x509) & EXFLAG_CA) != 0;
	if (c->issuer == NULL || (point->scope == DEVPKI_SCOPE_USERS && is_ca) ||
	    (point->scope == DEVPKI_SCOPE_CAS && !is_ca) ||
	    point->scope == DEVPKI_SCOPE_ATTRIBUTES)
		return false;
	if (point->ca != NULL && !devpki_name_equal(point->ca, c->issuer))
		return false;
	return (point->ca != NULL && !point->named_only) || names_point(c, point);
}

bool devpki_point_has_reason(const struct devpki_point *point,
			     enum devpki_reason reason)
{
	unsigned flag = flag_of(reason);
	return point->reasons == 0 || flag == 0 || (point->reasons & flag) != 0;
}

static bool is_ours(const struct devpki *p, const struct devpki_cert *c)
{
	return devpki_find(p, c->serial) == c;
}

static int check(const struct devpki *p, const struct devpki_point *how,
		 struct ltps_error *err)
{
	if (p->n_points >= DEVPKI_POINTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d CRL points", DEVPKI_POINTS_MAX);
	if (memchr(how->name, '\0', sizeof(how->name)) == NULL ||
	    !devpki_is_file_stem(how->name) ||
	    !devpki_name_is_free(p, view_text(how->name)))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "name is taken or not of a-z, 0-9 and -");
	if ((how->ca == NULL && how->signer == NULL) ||
	    (how->ca != NULL && (!is_ours(p, how->ca) || !devpki_is_ca(how->ca))) ||
	    (how->signer != NULL &&
	     (!is_ours(p, how->signer) || !devpki_signs_crls(how->signer))))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "CA or signer cannot sign CRLs of this PKI");
	if ((unsigned)how->scope >= DEVPKI_SCOPE_COUNT ||
	    (how->reasons & ~REASONS_ALL) != 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
				 "RFC 5280 5.2.5", "no such scope or reasons");
	return 0;
}

int devpki_point_put(struct devpki *p, const struct devpki_point *how,
		     struct devpki_base base, const struct devpki_point **ret_point,
		     struct ltps_error *err)
{
	if (check(p, how, err) != 0)
		return -1;
	struct devpki_inner_point *made = mem_zalloc(1, sizeof(*made));
	if (made == NULL)
		return ltps_fail_nomem(err);
	made->point = *how;
	if (made->point.signer == NULL)
		made->point.signer = how->ca;
	made->base = base;
	p->point[p->n_points++] = made;
	*ret_point = &made->point;
	return 0;
}

int devpki_point_add(struct devpki *p, const struct devpki_point *how,
		     const struct devpki_point **ret_point, struct ltps_error *err)
{
	struct devpki_base none = { 0 };
	const struct devpki_point *made = NULL;
	if (devpki_point_put(p, how, none, &made, err) != 0)
		return -1;
	if (devpki_store_state(p, err) != 0) {
		mem_free(p->point[--p->n_points]);
		return -1;
	}
	*ret_point = made;
	return 0;
}

void devpki_points_free(struct devpki *p)
{
	while (p->n_points > 0)
		mem_free(p->point[--p->n_points]);
}
