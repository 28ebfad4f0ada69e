/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_kept - what was there is there still: compared octet by octet after the
 * writing, since a signature that no longer verifies could not be mended.
 */
#include "ltp/augment_private.h"

static int changed(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, "EN 319 122-1 5.5.3",
			 "the augmented file does not keep %s", what);
}

/* Each of `old` stands in `new`, in the same order. */
static bool within(const struct view *old, size_t n_old, const struct view *new,
		   size_t n_new)
{
	size_t at = 0;
	for (size_t i = 0; i < n_old; i++, at++) {
		while (at < n_new && !view_equal(old[i], new[at]))
			at++;
		if (at == n_new)
			return false;
	}
	return true;
}

/* An archive time-stamp may have gained material inside (5.5.3); its type stays. */
static bool may_grow(const struct cms_attr *a)
{
	return oid_is(a->type, OID_ARCHIVE_TIME_STAMP_V1) ||
	       oid_is(a->type, OID_ARCHIVE_TIME_STAMP_V2) ||
	       oid_is(a->type, OID_ARCHIVE_TIME_STAMP_V3);
}

static bool attrs_kept(const struct cms_attrs *old, const struct cms_attrs *new,
		       bool grown)
{
	size_t at = 0, n_grown = 0;
	for (size_t i = 0; i < old->n; i++) {
		size_t k = at;
		while (k < new->n && !view_equal(old->a[i].whole, new->a[k].whole))
			k++;
		if (k < new->n)
			at = k + 1;
		else if (!grown || !may_grow(&old->a[i]) || n_grown++ > 0)
			return false;
	}
	return new->n >= old->n;
}

static int signer_kept(const struct cms_signer *o, const struct cms_signer *n,
		       bool grown, struct ltps_error *err)
{
	if (!view_equal(o->version, n->version) || !view_equal(o->sid, n->sid) ||
	    !view_equal(o->digest_algorithm, n->digest_algorithm) ||
	    !view_equal(o->signature_algorithm, n->signature_algorithm))
		return changed(err, "a SignerInfo");
	if (!view_equal(o->signed_attrs.whole, n->signed_attrs.whole))
		return changed(err, "signed attributes");
	if (!view_equal(o->signature_whole, n->signature_whole))
		return changed(err, "a signature value");
	if (!attrs_kept(&o->unsigned_attrs, &n->unsigned_attrs, grown))
		return changed(err, "an unsigned attribute");
	return 0;
}

static int cms_kept(const struct cms *o, const struct cms *n, bool roots_fixed,
		    struct ltps_error *err)
{
	if (!view_equal(o->encap, n->encap))
		return changed(err, "the content");
	if (roots_fixed && (!view_equal(o->certs_whole, n->certs_whole) ||
			    !view_equal(o->crls_whole, n->crls_whole)))
		return changed(err, "certificates and crls as they are stamped");
	if (!within(o->certs, o->n_certs, n->certs, n->n_certs))
		return changed(err, "a certificate");
	if (!within(o->crls, o->n_crls, n->crls, n->n_crls))
		return changed(err, "revocation information");
	if (o->n_signers != n->n_signers)
		return changed(err, "the number of signers");
	for (size_t i = 0; i < o->n_signers; i++)
		if (signer_kept(&o->signers[i], &n->signers[i], roots_fixed, err) != 0)
			return -1;
	return 0;
}

int augment_kept(const struct cms *before, struct view after, bool roots_fixed,
		 struct ltps_error *err)
{
	struct cms *cms = NULL;
	if (cms_parse(after, &cms, err) != 0)
		return -1;
	const int rc = cms_kept(before, cms, roots_fixed, err);
	cms_free(cms);
	return rc;
}
