/* SPDX-License-Identifier: Apache-2.0 */
/* client_want - the wantBacks of a reply: all that were asked for, each what its name
 * says. RFC 5055 4.9.5, RFC 5276 3 and 5.1 */
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "scvp/client_private.h"
#include "validation/key.h"

#define BUNDLE_MAX 64

struct wanting {
	struct scvp_judgement *j;
	const struct scvp_expect *x;
	const struct scvp_request *q;
	struct scvp_report *r;
	struct finder *f;
};

const struct scvp_want_back *reply_want(const struct scvp_reply *r,
					enum scvp_want_id id)
{
	for (size_t i = 0; i < r->n_want_backs; i++)
		if (scvp_want_id(r->want_backs[i].oid) == id)
			return &r->want_backs[i];
	return NULL;
}

/* ---- completeness ---- */

/* These go into `cert`: RFC 5055 4.9.5. */
static bool goes_elsewhere(struct view oid)
{
	const enum scvp_want_id id = scvp_want_id(oid);
	return id == SCVP_WANT_CERT || id == SCVP_WANT_AC_CERT;
}

static size_t count_want(const struct scvp_reply *r, struct view oid)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_want_backs; i++)
		n += view_equal(r->want_backs[i].oid, oid);
	return n;
}

static void add_oid(struct finder *f, struct view oid, const char *what)
{
	char text[OID_TEXT_MAX];
	oid_text(oid, text);
	finder_add(f, SCVP_CODE_WANTS, "%.100s: %s", text, what);
}

static void check_completeness(const struct scvp_reply *r, const struct scvp_request *q,
			       struct finder *f)
{
	if (r->status != SCVP_REPLY_SUCCESS) {
		if (r->n_want_backs > 0)
			finder_add(f, SCVP_CODE_WANTS, "with status %s",
				   scvp_reply_status_name(r->status));
		return;
	}
	for (size_t i = 0; q != NULL && i < q->query.want_backs.n; i++) {
		const struct view oid = q->query.want_backs.v[i];
		if (!goes_elsewhere(oid) && count_want(r, oid) == 0)
			add_oid(f, oid, "missing");
	}
	for (size_t i = 0; i < r->n_want_backs; i++) {
		const struct view oid = r->want_backs[i].oid;
		if (count_want(r, oid) > 1)
			add_oid(f, oid, "twice");
		if (q != NULL && !scvp_list_has(q->query.want_backs, oid))
			add_oid(f, oid, "not asked for");
	}
}

/* ---- certificates ---- */

/* What cannot be decoded is told; -1 only for what is our own fault. */
static int add_material(struct wanting *w, enum material_kind kind, struct view der,
			enum scvp_code code, bool *ret_added, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	*ret_added = material_add(w->r->got, kind, der, &bad) == 0;
	if (*ret_added)
		return 0;
	if (bad.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	finder_add(w->f, code, "%.150s", bad.text);
	return 0;
}

/* NULL in *ret when it does not decode. */
static int add_cert(struct wanting *w, struct view der, const struct cert **ret,
		    struct ltps_error *err)
{
	struct digest d;
	bool added;
	*ret = NULL;
	if (add_material(w, MATERIAL_CERT, der, SCVP_CODE_WANT_FORMAT, &added, err) !=
	    0)
		return -1;
	if (!added)
		return 0;
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	*ret = material_find_cert(w->r->got, MATERIAL_CERT, d.p);
	return 0;
}

/* ---- paths ---- */

/* Whether the key of `issuer` signed c. params  the AlgorithmIdentifier that an
 * inherited key takes its parameters from (RFC 5280 6.1.4 f); follows the key. */
static int is_signed_by(const struct wanting *w, const struct cert *c,
			const struct cert *issuer, struct view *params, bool *ret,
			struct ltps_error *err)
{
	const struct signed_object o = { .sha256 = c->sha256,
					 .tbs = c->tbs,
					 .algorithm = c->algorithm,
					 .signature = c->signature };
	enum signature_verdict verdict;
	EVP_PKEY *own = NULL, *key;
	int rc = -1;
	*ret = false;
	if (cert_key(issuer, &key, err) != 0)
		return -1;
	struct sig_cache *cache = w->x->cache;
	if (key == NULL && key_parameters_missing(issuer) && params->n > 0) {
		if (key_inherited(issuer, *params, &own, err) != 0)
			return -1;
		key = own;
		cache = NULL; /* such a key has no name of its own */
	} else {
		*params = issuer->key_algorithm;
	}
	if (key != NULL) {
		if (sig_cache_verify(cache, &o, key, issuer->spki_sha256, &verdict,
				     NULL, err) != 0)
			goto out;
		*ret = verdict == SIGNATURE_VALID;
	}
	rc = 0;
out:
	EVP_PKEY_free(own);
	return rc;
}

/* Whether one of these references is the certificate. */
static int is_among(const struct scvp_policy *asked, const struct cert *c, bool *ret,
		    struct ltps_error *err)
{
	const struct scvp_cert_ref ref = { .kind = SCVP_REF_CERT, .cert = c->der };
	*ret = false;
	for (size_t i = 0; i < asked->n_anchors && !*ret; i++)
		if (ref_matches(&asked->anchors[i], &ref, ret, err) != 0)
			return -1;
	return 0;
}

static bool are_values(const struct scvp_policy *asked)
{
	for (size_t i = 0; i < asked->n_anchors; i++)
		if (asked->anchors[i].kind != SCVP_REF_CERT)
			return false;
	return true;
}

/* The anchor among these that issued c; NULL when none did. asked  only one of
 * its; NULL: any */
static int find_anchor(const struct wanting *w, const struct material *m,
		       const struct scvp_policy *asked, const struct cert *c,
		       const struct cert **ret, struct ltps_error *err)
{
	const struct cert *a = NULL;
	*ret = NULL;
	while (m != NULL && (a = material_with_subject(
				 m, MATERIAL_ANCHOR, c->issuer_canonical, a)) != NULL) {
		struct view params = VIEW_NULL;
		bool fits;
		if (is_signed_by(w, c, a, &params, &fits, err) != 0 ||
		    (fits && asked != NULL && is_among(asked, a, &fits, err) != 0))
			return -1;
		if (fits) {
			*ret = a;
			return 0;
		}
	}
	return 0;
}

/* Anchors that the request names are the only ones: RFC 5055 3.2.4.7. One that is
 * named by reference may be unknown to us. */
static int check_anchor(const struct wanting *w, struct scvp_path *p,
			struct ltps_error *err)
{
	const struct cert *last = p->certs[p->n_certs - 1];
	const struct scvp_policy *asked = NULL;
	const struct cert *other = NULL;
	if (w->q != NULL && w->q->query.policy.has_anchors)
		asked = &w->q->query.policy;
	if (find_anchor(w, w->j->anchors, NULL, last, &p->anchor, err) != 0)
		return -1;
	if (p->anchor == NULL &&
	    find_anchor(w, w->x->trust, asked, last, &p->anchor, err) != 0)
		return -1;
	if (p->anchor != NULL || asked == NULL)
		return 0;
	if (find_anchor(w, w->x->trust, NULL, last, &other, err) != 0)
		return -1;
	if (other != NULL || are_values(asked))
		finder_add(w->f, SCVP_CODE_PATH_ANCHOR, "%s", "");
	return 0;
}

static int check_order(const struct wanting *w, const struct scvp_path *p,
		       struct ltps_error *err)
{
	struct view params = p->anchor != NULL ? p->anchor->key_algorithm : VIEW_NULL;
	for (size_t i = p->n_certs - 1; i-- > 0;) {
		const struct cert *c = p->certs[i], *issuer = p->certs[i + 1];
		bool fits;
		if (!view_equal(c->issuer_canonical, issuer->subject_canonical)) {
			finder_add(w->f, SCVP_CODE_PATH_ORDER, "certificate %zu", i);
			return 0;
		}
		if (is_signed_by(w, c, issuer, &params, &fits, err) != 0)
			return -1;
		if (!fits) {
			finder_add(w->f, SCVP_CODE_PATH_SIGNATURE, "certificate %zu",
				   i);
			return 0;
		}
	}
	return 0;
}

/* Of a whole path: the certificate asked for, which this makes known when it was asked
 * for by reference. */
static int check_start(struct wanting *w, const struct scvp_path *p,
		       struct ltps_error *err)
{
	bool same = true;
	if (w->r->target != NULL) {
		same = cert_equal(p->certs[0], w->r->target);
	} else {
		const struct scvp_cert_ref first = { .kind = SCVP_REF_CERT,
						     .cert = p->certs[0]->der };
		if (ref_matches(&w->r->reply->cert, &first, &same, err) != 0)
			return -1;
		if (same)
			w->r->target = cert_ref(p->certs[0]);
	}
	if (!same)
		finder_add(w->f, SCVP_CODE_PATH_START, "%s", "");
	return 0;
}

/* A partial path begins with the issuer of the certificate: RFC 5276 5.1. */
static int check_partial_start(struct wanting *w, const struct scvp_path *p,
			       struct ltps_error *err)
{
	const struct cert *target = w->r->target;
	struct view params = p->anchor != NULL ? p->anchor->key_algorithm : VIEW_NULL;
	bool fits;
	if (target == NULL)
		return 0;
	if (!view_equal(target->issuer_canonical, p->certs[0]->subject_canonical)) {
		finder_add(w->f, SCVP_CODE_PATH_START, "not its issuer");
		return 0;
	}
	if (is_signed_by(w, target, p->certs[0], &params, &fits, err) != 0)
		return -1;
	if (!fits)
		finder_add(w->f, SCVP_CODE_PATH_SIGNATURE, "the certificate itself");
	return 0;
}

/* p->n_certs stays 0 when it is no path of certificates. */
static int read_path(struct wanting *w, struct view bundle, bool partial,
		     struct scvp_path *p, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct view items[BUNDLE_MAX];
	size_t n = 0;
	if (scvp_bundle_parse(bundle, items, BUNDLE_MAX, &n, &bad) != 0) {
		if (bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
		finder_add(w->f, SCVP_CODE_WANT_FORMAT, "path: %.120s", bad.text);
		return 0;
	}
	if (n == 0 || n >= PATH_CERTS_MAX) {
		finder_add(w->f, SCVP_CODE_WANT_FORMAT, "path: %zu certificates", n);
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (add_cert(w, items[i], &p->certs[i], err) != 0)
			return -1;
		if (p->certs[i] == NULL)
			return 0;
	}
	p->n_certs = n;
	if (check_anchor(w, p, err) != 0 || check_order(w, p, err) != 0)
		return -1;
	return partial ? check_partial_start(w, p, err) : check_start(w, p, err);
}

static int read_all_paths(struct wanting *w, struct view value, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct view bundles[SCVP_PATHS_MAX];
	size_t n = 0;
	if (scvp_bundle_parse(value, bundles, SCVP_PATHS_MAX, &n, &bad) != 0) {
		if (bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
		finder_add(w->f, SCVP_CODE_WANT_FORMAT, "paths: %.120s", bad.text);
		return 0;
	}
	if (n == 0) {
		finder_add(w->f, SCVP_CODE_WANT_FORMAT, "paths: none");
		return 0;
	}
	w->r->paths = mem_zalloc(n, sizeof(*w->r->paths));
	if (w->r->paths == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		if (read_path(w, bundles[i], false, &w->r->paths[w->r->n_paths++],
			      err) != 0)
			return -1;
	return 0;
}

/* ---- revocation information ---- */

/* RFC 5055 3.2.9: each kind under its own tag. */
static bool is_of_kind(const struct scvp_rev_info *info)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct crl *crl = NULL;
	struct ocsp *ocsp = NULL;
	bool ret = false;
	switch (info->kind) {
	case SCVP_REV_CRL:
	case SCVP_REV_DELTA_CRL:
		ret = crl_parse(info->der, &crl, &bad) == 0 &&
		      crl->is_delta == (info->kind == SCVP_REV_DELTA_CRL);
		break;
	case SCVP_REV_OCSP:
		ret = ocsp_parse(info->der, &ocsp, &bad) == 0 &&
		      ocsp->response_status == 0;
		break;
	case SCVP_REV_OTHER:
		ret = true; /* nothing that we know */
		break;
	}
	crl_free(crl);
	ocsp_free(ocsp);
	return ret;
}

static int add_revocation(struct wanting *w, const struct scvp_rev_want_back *b,
			  struct ltps_error *err)
{
	bool added;
	for (size_t i = 0; i < b->n_infos; i++) {
		const struct scvp_rev_info *info = &b->infos[i];
		const enum material_kind kind =
		    info->kind == SCVP_REV_OCSP ? MATERIAL_OCSP : MATERIAL_CRL;
		if (!is_of_kind(info)) {
			finder_add(w->f, SCVP_CODE_REVOCATION_KIND, "item %zu", i);
			continue;
		}
		if (info->kind != SCVP_REV_OTHER &&
		    add_material(w, kind, info->der, SCVP_CODE_REVOCATION_KIND, &added,
				 err) != 0)
			return -1;
	}
	for (size_t i = 0; i < b->extra_certs.n; i++)
		if (add_material(w, MATERIAL_CERT, b->extra_certs.v[i],
				 SCVP_CODE_WANT_FORMAT, &added, err) != 0)
			return -1;
	return 0;
}

/* Whether anything at hand speaks of this certificate's status. */
static bool is_covered(const struct material *m, const struct cert *c)
{
	if (cert_has(c, CERT_EXT_NO_REV_AVAIL) ||
	    cert_has(c, CERT_EXT_VALIDITY_ASSURED) ||
	    cert_has(c, CERT_EXT_OCSP_NOCHECK))
		return true;
	if (material_crl_of(m, c->issuer_canonical, NULL) != NULL ||
	    material_ocsp_for(m, c->serial, NULL) != NULL)
		return true;
	for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++)
		if (material_crl(m, i)->indirect)
			return true;
	return false;
}

/* With a status check, every certificate in question must have some. */
static void check_covered(const struct wanting *w, enum scvp_want_id id)
{
	const struct scvp_path *p = &w->r->best;
	const size_t begin = id == SCVP_WANT_CA_REVOCATION ? 1 : 0;
	const size_t end = id == SCVP_WANT_EE_REVOCATION ? 1 : p->n_certs;
	char name[CERT_TEXT_MAX];
	if (w->q == NULL ||
	    !scvp_list_has(w->q->query.checks, scvp_check_oid(SCVP_CHECK_STATUS)))
		return;
	if (p->n_certs == 0 && w->r->target != NULL && begin == 0 &&
	    !is_covered(w->r->got, w->r->target))
		finder_add(w->f, SCVP_CODE_REVOCATION_MISSING, "the certificate");
	for (size_t i = begin; i < end && i < p->n_certs; i++) {
		if (is_covered(w->r->got, p->certs[i]))
			continue;
		cert_text(p->certs[i], name);
		finder_add(w->f, SCVP_CODE_REVOCATION_MISSING, "%.150s", name);
	}
}

static int read_revocation(struct wanting *w, enum scvp_want_id id, struct view value,
			   struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct scvp_rev_want_back *b = NULL;
	if (scvp_rev_want_back_parse(value, &b, &bad) != 0) {
		if (bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
		finder_add(w->f, SCVP_CODE_WANT_FORMAT, "%s: %.100s",
			   scvp_want_name(id), bad.text);
		return 0;
	}
	int rc = add_revocation(w, b, err);
	scvp_rev_want_back_free(b);
	if (rc == 0)
		check_covered(w, id);
	return rc;
}

/* ---- the rest ---- */

static void check_key(const struct wanting *w, struct view value)
{
	if (w->r->target != NULL && !view_equal(w->r->target->spki, value))
		finder_add(w->f, SCVP_CODE_PUBLIC_KEY, "%s", "");
}

/* SCVPResponses ::= SEQUENCE OF ContentInfo: kept, not judged. */
static void check_relayed(const struct wanting *w, struct view value)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	bool good = tlv_only(value, &t, &bad) == 0 &&
		    tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE);
	struct view c = good ? t.body : VIEW_NULL;
	while (good && c.n > 0)
		good = tlv_next(&c, &t, &bad) == 0 &&
		       tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE);
	if (!good)
		finder_add(w->f, SCVP_CODE_WANT_FORMAT, "relayed responses");
}

static int read_want(struct wanting *w, enum scvp_want_id id,
		     const struct scvp_want_back *b, struct ltps_error *err)
{
	struct scvp_path partial = { .n_certs = 0 };
	if (b->value.n == 0 && id < SCVP_WANT_ERS_CERT) {
		finder_add(w->f, SCVP_CODE_WANT_EMPTY, "%s", scvp_want_name(id));
		return 0;
	}
	switch (id) {
	case SCVP_WANT_BEST_PATH:
		return read_path(w, b->value, false, &w->r->best, err);
	case SCVP_WANT_PARTIAL_PATH:
		return read_path(w, b->value, true, &partial, err);
	case SCVP_WANT_ALL_PATHS:
		return read_all_paths(w, b->value, err);
	case SCVP_WANT_REVOCATION:
	case SCVP_WANT_EE_REVOCATION:
	case SCVP_WANT_CA_REVOCATION:
		return read_revocation(w, id, b->value, err);
	case SCVP_WANT_PUBLIC_KEY:
		check_key(w, b->value);
		return 0;
	case SCVP_WANT_RELAYED:
		check_relayed(w, b->value);
		return 0;
	default: /* evidence follows; others are of attribute certificates */
		return 0;
	}
}

int want_check(struct scvp_judgement *j, const struct scvp_expect *x,
	       struct scvp_report *r, struct finder *f, struct ltps_error *err)
{
	/* Paths first: what follows speaks of them. */
	static const enum scvp_want_id order[] = {
		SCVP_WANT_BEST_PATH,  SCVP_WANT_PARTIAL_PATH,  SCVP_WANT_ALL_PATHS,
		SCVP_WANT_REVOCATION, SCVP_WANT_EE_REVOCATION, SCVP_WANT_CA_REVOCATION,
		SCVP_WANT_PUBLIC_KEY, SCVP_WANT_RELAYED,
	};
	struct wanting w = { .j = j,
			     .x = x,
			     .q = x->asked != NULL ? x->asked->request : NULL,
			     .r = r,
			     .f = f };
	check_completeness(r->reply, w.q, f);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const struct scvp_want_back *b = reply_want(r->reply, order[i]);
		if (b != NULL && read_want(&w, order[i], b, err) != 0)
			return -1;
	}
	return 0;
}
