/* SPDX-License-Identifier: Apache-2.0 */
/* crl - certificate revocation lists: full, delta, in parts, indirect (RFC 5280 5). */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/inside.h"

/* ITU-T X.509 9.5.2.8; OpenSSL has no name for it. */
#define OID_EXPIRED_CERTS_ON_CRL "2.5.29.60"
/* The time alone: tag, length, "YYYYMMDDHHMMSSZ". */
#define TIME_DER_MAX 32
#define STALE_MS (30 * DEVPKI_DAY_MS)

struct crl_job {
	struct devpki *p;
	const struct devpki_crl_how *how;
	struct devpki_point whole; /* a CA's full CRL, seen as a point */
	const struct devpki_point *point;
	const struct devpki_cert *signer;
	bool indirect;
	int64_t known_ms; /* revocations until here count */
	int64_t this_ms, next_ms;
	uint64_t number;
	struct devpki_base base; /* of a delta CRL */
	X509_CRL *crl;
	const struct devpki_cert *entry_issuer; /* of the entry before */
};

/* ---- entries ---- */

/* reasonCode; absent is a value of its own for time-stamps (RFC 3161 4). */
static int put_reason(X509_REVOKED *r, enum devpki_reason reason)
{
	ASN1_ENUMERATED *e;
	int ok;
	if (reason == DEVPKI_REASON_ABSENT)
		return 1;
	e = ASN1_ENUMERATED_new();
	ok = e != NULL && ASN1_ENUMERATED_set(e, reason) == 1 &&
	     X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0) == 1;
	ASN1_ENUMERATED_free(e);
	return ok;
}

/* CertificateIssuer holds until the next one (5.3.3). */
static int put_certificate_issuer(struct crl_job *j, const struct devpki_cert *c,
				  struct devpki_shapes *s, struct ltps_error *err)
{
	if (!j->indirect || devpki_name_equal(c->issuer, j->entry_issuer))
		return 0;
	j->entry_issuer = c->issuer;
	return devpki_shape_certificate_issuer(
	    s, X509_get_subject_name(c->issuer->x509), err);
}

static int revoked_add(void *r, X509_EXTENSION *e)
{
	return X509_REVOKED_add_ext(r, e, -1);
}

static int put_entry_extensions(struct crl_job *j, const struct devpki_cert *c,
				X509_REVOKED *r, struct ltps_error *err)
{
	struct devpki_shapes s = { 0 };
	int ret = put_certificate_issuer(j, c, &s, err);
	if (ret == 0 && j->how->fault == DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION)
		ret = devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, true, err);
	if (ret == 0)
		ret = devpki_extensions_add(s.e, s.n, revoked_add, r, err);
	if (ret == 0)
		ret = devpki_extensions_add(j->how->entry_extensions,
					    j->how->n_entry_extensions, revoked_add, r,
					    err);
	devpki_shapes_free(&s);
	return ret;
}

/* InvalidityDate ::= GeneralizedTime (5.3.2) */
static int put_invalidity(X509_REVOKED *r, const struct devpki_cert *c)
{
	ASN1_TIME *at;
	ASN1_GENERALIZEDTIME *general = NULL;
	int ok;
	if (!c->has_invalidity)
		return 1;
	at = devpki_time(c->invalidity_ms);
	if (at != NULL)
		general = ASN1_TIME_to_generalizedtime(at, NULL);
	ok = general != NULL &&
	     X509_REVOKED_add1_ext_i2d(r, NID_invalidity_date, general, 0, 0) == 1;
	ASN1_GENERALIZEDTIME_free(general);
	ASN1_TIME_free(at);
	return ok;
}

/* removed: the entry of a delta CRL that ends a suspension. */
static int put_entry(struct crl_job *j, const struct devpki_cert *c, bool removed,
		     struct ltps_error *err)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *at = devpki_time(removed ? c->released_ms : c->revoked_ms);
	int ok =
	    r != NULL && at != NULL &&
	    X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(c->x509)) == 1 &&
	    X509_REVOKED_set_revocationDate(r, at) == 1 &&
	    put_reason(r, removed ? (enum devpki_reason)CRL_REASON_REMOVE_FROM_CRL
				  : c->reason) &&
	    (removed || put_invalidity(r, c));
	ASN1_TIME_free(at);
	if (!ok) {
		X509_REVOKED_free(r);
		return devpki_fail_crypto(err, "making a CRL entry");
	}
	if (put_entry_extensions(j, c, r, err) != 0) {
		X509_REVOKED_free(r);
		return -1;
	}
	if (X509_CRL_add0_revoked(j->crl, r) == 1)
		return 0;
	X509_REVOKED_free(r);
	return devpki_fail_crypto(err, "making a CRL entry");
}

static bool release_in_base(const struct crl_job *j, const struct devpki_inner *c)
{
	return j->base.made && c->released_crl <= j->base.number &&
	       c->c.released_ms <= j->base.ms;
}

static bool listed_in_base(const struct crl_job *j, const struct devpki_inner *c)
{
	return j->base.made && c->revoked_crl <= j->base.number &&
	       c->c.revoked_ms <= j->base.ms &&
	       !(c->c.released && release_in_base(j, c));
}

/*
 * A release since the base is told whether or not the base listed the
 * certificate: a delta CRL in between may have (RFC 5280 5.2.4).
 */
static int judge_entry(struct crl_job *j, const struct devpki_cert *c,
		       struct ltps_error *err)
{
	const struct devpki_inner *inner = devpki_inner(c);
	if (!c->revoked || !devpki_point_has_reason(j->point, c->reason))
		return 0;
	if (devpki_is_revoked(c, j->known_ms)) {
		if (j->how->delta && listed_in_base(j, inner))
			return 0;
		return put_entry(j, c, false, err);
	}
	if (j->how->delta && c->released && c->released_ms <= j->known_ms &&
	    !release_in_base(j, inner))
		return put_entry(j, c, true, err);
	return 0;
}

/* By issuer, then serial number, so that each issuer is named once. */
static int compare_entries(const void *a, const void *b)
{
	const struct devpki_cert *const *x = a, *const *y = b;
	int by_name = X509_NAME_cmp(X509_get_issuer_name((*x)->x509),
				    X509_get_issuer_name((*y)->x509));
	if (by_name != 0)
		return by_name;
	return (*x)->serial < (*y)->serial ? -1 : (*x)->serial > (*y)->serial;
}

static int put_entries(struct crl_job *j, struct ltps_error *err)
{
	size_t n = 0;
	int ret = 0;
	const struct devpki_cert **covered =
	    mem_zalloc(j->p->n_cert, sizeof(struct devpki_cert *));
	if (covered == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < j->p->n_cert; i++) {
		if (devpki_point_covers(j->point, j->p->cert[i]))
			covered[n++] = j->p->cert[i];
	}
	if (j->indirect && n > 1)
		qsort(covered, n, sizeof(struct devpki_cert *), compare_entries);
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = judge_entry(j, covered[i], err);
	mem_free(covered);
	return ret;
}

/* ---- the list ---- */

static int put_times(struct crl_job *j, struct ltps_error *err)
{
	bool endless = j->how->fault == DEVPKI_FAULT_NO_NEXT_UPDATE;
	ASN1_TIME *this_update = devpki_time(j->this_ms);
	ASN1_TIME *next_update = devpki_time(j->next_ms);
	int ok = this_update != NULL && next_update != NULL &&
		 X509_CRL_set1_lastUpdate(j->crl, this_update) == 1 &&
		 (endless || X509_CRL_set1_nextUpdate(j->crl, next_update) == 1);
	ASN1_TIME_free(next_update);
	ASN1_TIME_free(this_update);
	return ok ? 0 : devpki_fail_crypto(err, "setting the times of a CRL");
}

/* The list names the expired too, from the beginning of its CA on. */
static int put_expired(const struct devpki_cert *ca, X509_CRL *crl,
		       struct ltps_error *err)
{
	ASN1_GENERALIZEDTIME *from =
	    ASN1_TIME_to_generalizedtime(X509_get0_notBefore(ca->x509), NULL);
	ASN1_OBJECT *oid = OBJ_txt2obj(OID_EXPIRED_CERTS_ON_CRL, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	unsigned char der[TIME_DER_MAX];
	unsigned char *end = der;
	X509_EXTENSION *e = NULL;
	int n = from != NULL ? i2d_ASN1_GENERALIZEDTIME(from, NULL) : 0;
	int ok = oid != NULL && value != NULL && n > 0 && n <= (int)sizeof(der) &&
		 i2d_ASN1_GENERALIZEDTIME(from, &end) == n &&
		 ASN1_OCTET_STRING_set(value, der, n) == 1 &&
		 (e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value)) != NULL &&
		 X509_CRL_add_ext(crl, e, -1) == 1;
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	ASN1_GENERALIZEDTIME_free(from);
	return ok ? 0 : devpki_fail_crypto(err, "making a CRL extension");
}

static int crl_add(void *crl, X509_EXTENSION *e)
{
	return X509_CRL_add_ext(crl, e, -1);
}

static int put_aki(struct crl_job *j, struct ltps_error *err)
{
	X509V3_CTX ctx;
	if (j->how->no_aki || X509_get0_subject_key_id(j->signer->x509) == NULL)
		return 0;
	X509V3_set_ctx(&ctx, j->signer->x509, NULL, NULL, j->crl, 0);
	X509_EXTENSION *aki = X509V3_EXT_nconf_nid(
	    NULL, &ctx, NID_authority_key_identifier, "keyid:always");
	int ok = aki != NULL && X509_CRL_add_ext(j->crl, aki, -1) == 1;
	X509_EXTENSION_free(aki);
	return ok ? 0 : devpki_fail_crypto(err, "making a CRL extension");
}

static int put_number(struct crl_job *j, int nid, uint64_t n, bool critical,
		      struct ltps_error *err)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	int ok = number != NULL && ASN1_INTEGER_set_uint64(number, n) == 1 &&
		 X509_CRL_add1_ext_i2d(j->crl, nid, number, critical, 0) == 1;
	ASN1_INTEGER_free(number);
	return ok ? 0 : devpki_fail_crypto(err, "making a CRL extension");
}

/* 5.2.3 and 5.2.4: base and delta CRLs of a scope share their numbers. */
static int put_numbers(struct crl_job *j, struct ltps_error *err)
{
	j->number = j->how->number;
	if (j->number == 0 && devpki_store_crl_number(j->p, &j->number, err) != 0)
		return -1;
	if (!j->how->no_number &&
	    put_number(j, NID_crl_number, j->number, false, err) != 0)
		return -1;
	return j->how->delta ? put_number(j, NID_delta_crl, j->base.number, true, err)
			     : 0;
}

/* Does it speak of less than everything of its own name? */
static bool needs_idp(const struct crl_job *j)
{
	return !j->how->no_idp &&
	       (j->indirect || j->point->named_only || j->point->reasons != 0 ||
		j->point->scope != DEVPKI_SCOPE_ALL);
}

static int put_scope(struct crl_job *j, struct ltps_error *err)
{
	struct devpki_shapes s = { 0 };
	char url[DEVPKI_CRL_URL_MAX];
	int ret = 0;
	/* The delta CRL has that of its base, address included (5.2.4). */
	devpki_crl_url(j->p, j->point->name, false, url);
	if (needs_idp(j))
		ret = devpki_shape_idp(&s, url, j->point, j->indirect, err);
	if (ret == 0 && j->point->freshest && !j->how->delta) {
		struct devpki_dp dp = { .uri = url };
		devpki_crl_url(j->p, j->point->name, true, url);
		ret = devpki_shape_crl_points(&s, true, false, &dp, 1, err);
	}
	if (ret == 0 && j->how->fault == DEVPKI_FAULT_CRITICAL_EXTENSION)
		ret = devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, true, err);
	if (ret == 0)
		ret = devpki_extensions_add(s.e, s.n, crl_add, j->crl, err);
	devpki_shapes_free(&s);
	return ret;
}

/* The caller's own replace ours, as in certificates. */
static int put_own(struct crl_job *j, struct ltps_error *err)
{
	const struct devpki_crl_how *how = j->how;
	for (size_t i = 0; i < how->n_extensions; i++) {
		ASN1_OBJECT *oid = OBJ_txt2obj(how->extensions[i].oid, 1);
		int at;
		if (oid == NULL)
			return ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
						 NULL, "OID of an extension");
		while ((at = X509_CRL_get_ext_by_OBJ(j->crl, oid, -1)) >= 0)
			X509_EXTENSION_free(X509_CRL_delete_ext(j->crl, at));
		ASN1_OBJECT_free(oid);
	}
	return devpki_extensions_add(how->extensions, how->n_extensions, crl_add,
				     j->crl, err);
}

static int put_extensions(struct crl_job *j, struct ltps_error *err)
{
	if (put_aki(j, err) != 0 || put_numbers(j, err) != 0 || put_scope(j, err) != 0)
		return -1;
	if (j->p->keep_expired &&
	    put_expired(j->point->ca != NULL ? j->point->ca : j->signer, j->crl, err) !=
		0)
		return -1;
	return put_own(j, err);
}

static int put_crl(X509_CRL *crl, enum devpki_fault fault, struct buf *out,
		   struct ltps_error *err)
{
	unsigned char *der = NULL;
	int n = i2d_X509_CRL(crl, &der);
	int ret;
	if (n <= 0)
		return devpki_fail_crypto(err, "encoding a CRL");
	/* The signature value comes last. */
	if (fault == DEVPKI_FAULT_BAD_SIGNATURE)
		der[n - 1] ^= 1;
	ret = buf_put(out, view_of(der, (size_t)n), err);
	OPENSSL_free(der);
	return ret;
}

static int sign(struct crl_job *j, struct ltps_error *err)
{
	EVP_MD_CTX *ctx = NULL;
	if (devpki_signer_new(j->signer->key, devpki_signing_of(j->p, j->how->signing),
			      &ctx, err) != 0)
		return -1;
	int ok = X509_CRL_sign_ctx(j->crl, ctx) > 0;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : devpki_fail_crypto(err, "signing a CRL");
}

/* ---- what is wanted ---- */

static int choose_scope(struct crl_job *j, const struct devpki_cert *ca,
			struct ltps_error *err)
{
	const struct devpki_crl_how *how = j->how;
	if (how->point == NULL && (ca == NULL || !devpki_is_ca(ca)))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "only a CA has a CRL");
	j->point = how->point;
	if (j->point == NULL) {
		j->whole = (struct devpki_point){ .ca = ca,
						  .signer = ca,
						  .freshest = j->p->freshest };
		memcpy(j->whole.name, ca->name, sizeof(j->whole.name));
		j->point = &j->whole;
	}
	j->signer = how->signer != NULL ? how->signer : j->point->signer;
	j->indirect =
	    j->point->ca == NULL || !devpki_name_equal(j->signer, j->point->ca);
	j->entry_issuer = j->signer;
	if (how->n_extensions > DEVPKI_EXTENSIONS_MAX ||
	    how->n_entry_extensions > DEVPKI_EXTENSIONS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "more than %d extensions", DEVPKI_EXTENSIONS_MAX);
	return 0;
}

static struct devpki_base *base_of(const struct crl_job *j)
{
	return j->how->point != NULL ? &devpki_inner_point(j->how->point)->base
				     : &devpki_inner(j->point->ca)->base;
}

static void choose_times(struct crl_job *j)
{
	const struct devpki_crl_how *how = j->how;
	int64_t value = how->fault_value;
	j->known_ms = how->this_ms != 0 ? how->this_ms : clock_now_ms(&j->p->clock);
	if (how->fault == DEVPKI_FAULT_STALE)
		j->known_ms -= value != 0 ? value : STALE_MS;
	j->this_ms = j->known_ms;
	if (how->fault == DEVPKI_FAULT_FUTURE)
		j->this_ms += value != 0 ? value : DEVPKI_DAY_MS;
	j->next_ms = how->next_ms != 0 ? how->next_ms : j->this_ms + j->p->status_ms;
	if (how->base_number != 0 || how->base_ms != 0)
		j->base = (struct devpki_base){ .made = true,
						.number = how->base_number,
						.ms = how->base_ms };
	else if (base_of(j)->made && base_of(j)->ms <= j->known_ms)
		j->base = *base_of(j);
}

static int make(struct crl_job *j, struct buf *out, struct ltps_error *err)
{
	const X509_NAME *issuer = X509_get_subject_name(j->signer->x509);
	if (X509_CRL_set_version(j->crl, X509_CRL_VERSION_2) != 1 ||
	    X509_CRL_set_issuer_name(j->crl, issuer) != 1)
		return devpki_fail_crypto(err, "making a CRL");
	if (put_times(j, err) != 0 || put_entries(j, err) != 0 ||
	    put_extensions(j, err) != 0 || sign(j, err) != 0 ||
	    put_crl(j->crl, j->how->fault, out, err) != 0)
		return -1;
	/* Falsified ones are nothing to build upon. */
	if (!j->how->delta && j->how->fault == DEVPKI_FAULT_NONE) {
		*base_of(j) = (struct devpki_base){ .made = true,
						    .number = j->number,
						    .ms = j->known_ms };
		j->p->new_base = true;
	}
	return 0;
}

int devpki_crl_shaped(struct devpki *p, const struct devpki_cert *ca,
		      const struct devpki_crl_how *how, struct buf *out,
		      struct ltps_error *err)
{
	struct crl_job j = { .p = p, .how = how };
	int ret = -1;
	if (choose_scope(&j, ca, err) != 0)
		return -1;
	choose_times(&j);
	j.crl = X509_CRL_new();
	if (j.crl == NULL)
		devpki_fail_crypto(err, "making a CRL");
	else
		ret = make(&j, out, err);
	X509_CRL_free(j.crl);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

int devpki_crl(struct devpki *p, const struct devpki_cert *ca, struct buf *out,
	       struct ltps_error *err)
{
	struct devpki_crl_how how = { 0 };
	return devpki_crl_shaped(p, ca, &how, out, err);
}
