/* SPDX-License-Identifier: Apache-2.0 */
/* shapes - extensions of any content: makers, and the way into OpenSSL. */
#include "devpki/devpki_shapes.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "devpki/inside.h"

#define OID_AIA "1.3.6.1.5.5.7.1.1"
#define OID_SIA "1.3.6.1.5.5.7.1.11"
#define OID_CRL_POINTS "2.5.29.31"
#define OID_FRESHEST "2.5.29.46"
#define OID_IDP "2.5.29.28"
/* GeneralName (RFC 5280 4.2.1.6). */
#define GN_DIRECTORY DER_ID(ASN1_CONTEXT, true, 4)
#define GN_URI DER_ID(ASN1_CONTEXT, false, 6)

/* ---- into OpenSSL ---- */

static int devpki_extension_new(const struct devpki_extension *e,
				X509_EXTENSION **ret_e, struct ltps_error *err)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(e->oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *made = NULL;
	if (oid != NULL && value != NULL &&
	    ASN1_OCTET_STRING_set(value, e->value.p, (int)e->value.n) == 1)
		made = X509_EXTENSION_create_by_OBJ(NULL, oid, e->critical, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	if (made == NULL)
		return ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "making an extension");
	*ret_e = made;
	return 0;
}

int devpki_extensions_add(const struct devpki_extension *list, size_t n,
			  devpki_add_extension *add, void *to, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		X509_EXTENSION *e = NULL;
		if (list[i].value.n == 0)
			continue;
		if (devpki_extension_new(&list[i], &e, err) != 0)
			return -1;
		int ok = add(to, e);
		X509_EXTENSION_free(e);
		if (ok != 1)
			return devpki_fail_crypto(err, "adding an extension");
	}
	return 0;
}

void devpki_crl_url(const struct devpki *p, const char *name, bool delta,
		    char out[DEVPKI_CRL_URL_MAX])
{
	snprintf(out, DEVPKI_CRL_URL_MAX, "%s/crl/%.*s%s.crl", p->url,
		 DEVPKI_NAME_MAX - 1, name, delta ? "-delta" : "");
}

/* ---- the list ---- */

void devpki_shapes_free(struct devpki_shapes *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		buf_free(&s->value[i]);
	memset(s, 0, sizeof(*s));
}

int devpki_shape_der(struct devpki_shapes *s, const char *oid, bool critical,
		     struct view value, struct ltps_error *err)
{
	struct buf checked = buf_make(OID_TEXT_MAX);
	if (s->n >= DEVPKI_EXTENSIONS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d extensions", DEVPKI_EXTENSIONS_MAX);
	if (der_put_oid(&checked, oid, err) != 0) {
		buf_free(&checked);
		return -1;
	}
	buf_free(&checked);
	if (snprintf(s->oid[s->n], sizeof(s->oid[0]), "%s", oid) >=
	    (int)sizeof(s->oid[0]))
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "OID of more than %zu characters", sizeof(s->oid[0]));
	struct buf copy = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	if (buf_put(&copy, value, err) != 0)
		return -1;
	s->value[s->n] = copy;
	s->e[s->n] = (struct devpki_extension){
		.oid = s->oid[s->n],
		.critical = critical,
		.value = view_buf(&s->value[s->n]),
	};
	s->n++;
	return 0;
}

int devpki_shape_remove(struct devpki_shapes *s, const char *oid,
			struct ltps_error *err)
{
	return devpki_shape_der(s, oid, false, VIEW_NULL, err);
}

int devpki_shape_null(struct devpki_shapes *s, const char *oid, bool critical,
		      struct ltps_error *err)
{
	static const uint8_t null[] = { ASN1_TAG_NULL, 0 };
	return devpki_shape_der(s, oid, critical, view_of(null, sizeof(null)), err);
}

/* Contents, wrapped in a SEQUENCE and put into the list. */
static int put_sequence(struct devpki_shapes *s, const char *oid, bool critical,
			const struct buf *body, struct ltps_error *err)
{
	struct buf whole = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	int ret = der_put(&whole, DER_SEQUENCE, view_buf(body), err);
	if (ret == 0)
		ret = devpki_shape_der(s, oid, critical, view_buf(&whole), err);
	buf_free(&whole);
	return ret;
}

/* Wraps what out holds from `from` on. */
static int wrap(struct buf *out, size_t from, uint8_t id, struct ltps_error *err)
{
	struct buf body = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	int ret = buf_put(&body, view_skip(view_buf(out), from), err);
	if (ret == 0) {
		out->n = from;
		ret = der_put(out, id, view_buf(&body), err);
	}
	buf_free(&body);
	return ret;
}

/* ---- text ---- */

static int read_sections(const char *sections, CONF **ret_c, struct ltps_error *err)
{
	BIO *bio = BIO_new_mem_buf(sections, -1);
	CONF *c = NCONF_new(NULL);
	long line = 0;
	int ok = bio != NULL && c != NULL && NCONF_load_bio(c, bio, &line) == 1;
	BIO_free(bio);
	if (ok) {
		*ret_c = c;
		return 0;
	}
	NCONF_free(c);
	return ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "sections of an extension, line %ld", line);
}

static int put_made(struct devpki_shapes *s, X509_EXTENSION *e, struct ltps_error *err)
{
	char oid[OID_TEXT_MAX];
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(e);
	if (OBJ_obj2txt(oid, sizeof(oid), X509_EXTENSION_get_object(e), 1) <= 0)
		return devpki_fail_crypto(err, "OID of an extension");
	return devpki_shape_der(
	    s, oid, X509_EXTENSION_get_critical(e) == 1,
	    view_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
	    err);
}

int devpki_shape_text(struct devpki_shapes *s, const char *name, const char *value,
		      const char *sections, struct ltps_error *err)
{
	X509V3_CTX ctx;
	CONF *c = NULL;
	int ret = -1;
	/* Some extensions insist on a configuration, be it empty. */
	if (read_sections(sections != NULL ? sections : "", &c, err) != 0)
		return -1;
	/* Without certificates: "hash" and the like are refused, not guessed. */
	X509V3_set_ctx(&ctx, NULL, NULL, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, c);
	X509_EXTENSION *e = X509V3_EXT_nconf(c, &ctx, name, value);
	if (e == NULL)
		ltps_fail_openssl(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				  "extension %.40s does not take this value", name);
	else
		ret = put_made(s, e, err);
	X509_EXTENSION_free(e);
	NCONF_free(c);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

/* ---- addresses ---- */

int devpki_shape_access(struct devpki_shapes *s, bool subject,
			const struct devpki_access *list, size_t n,
			struct ltps_error *err)
{
	struct buf body = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	int ret = 0;
	for (size_t i = 0; i < n && ret == 0; i++) {
		size_t from = body.n;
		ret = der_put_oid(&body, list[i].method, err);
		if (ret == 0)
			ret = der_put(&body, GN_URI, view_text(list[i].uri), err);
		if (ret == 0)
			ret = wrap(&body, from, DER_SEQUENCE, err);
	}
	if (ret == 0)
		ret = put_sequence(s, subject ? OID_SIA : OID_AIA, false, &body, err);
	buf_free(&body);
	return ret;
}

/* distributionPoint [0] { fullName [0] { uri } } */
static int put_full_name(struct buf *out, const char *uri, struct ltps_error *err)
{
	size_t from = out->n;
	if (der_put(out, GN_URI, view_text(uri), err) != 0 ||
	    wrap(out, from, DER_ID(ASN1_CONTEXT, true, 0), err) != 0)
		return -1;
	return wrap(out, from, DER_ID(ASN1_CONTEXT, true, 0), err);
}

/* ReasonFlags under this tag: a named bit list ends with its last one (X.690
   11.2.2). */
static int put_reasons(struct buf *out, unsigned number, unsigned reasons,
		       struct ltps_error *err)
{
	uint8_t body[3] = { 0 };
	unsigned last = 0;
	for (unsigned i = 0; i < 16; i++) {
		if ((reasons & 1u << i) == 0)
			continue;
		body[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
		last = i;
	}
	body[0] = (uint8_t)(7 - last % 8);
	return der_put(out, DER_ID(ASN1_CONTEXT, false, number),
		       view_of(body, 2 + last / 8), err);
}

/* GeneralNames of one directoryName, under this tag. */
static int put_issuer(struct buf *out, unsigned number, const X509_NAME *name,
		      struct ltps_error *err)
{
	size_t from = out->n;
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(name, &der);
	if (n <= 0)
		return devpki_fail_crypto(err, "encoding a name");
	int ret = der_put(out, GN_DIRECTORY, view_of(der, (size_t)n), err);
	OPENSSL_free(der);
	if (ret != 0)
		return -1;
	return wrap(out, from, DER_ID(ASN1_CONTEXT, true, number), err);
}

static int put_dp(struct buf *out, const struct devpki_dp *dp, struct ltps_error *err)
{
	size_t from = out->n;
	if ((dp->uri != NULL && put_full_name(out, dp->uri, err) != 0) ||
	    (dp->reasons != 0 && put_reasons(out, 1, dp->reasons, err) != 0) ||
	    (dp->crl_issuer != NULL && put_issuer(out, 2, dp->crl_issuer, err) != 0))
		return -1;
	return wrap(out, from, DER_SEQUENCE, err);
}

int devpki_shape_crl_points(struct devpki_shapes *s, bool freshest, bool critical,
			    const struct devpki_dp *list, size_t n,
			    struct ltps_error *err)
{
	struct buf body = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	int ret = 0;
	for (size_t i = 0; i < n && ret == 0; i++)
		ret = put_dp(&body, &list[i], err);
	if (ret == 0)
		ret = put_sequence(s, freshest ? OID_FRESHEST : OID_CRL_POINTS,
				   critical, &body, err);
	buf_free(&body);
	return ret;
}

/* A BOOLEAN TRUE under this tag, or nothing: FALSE is the default. */
static int put_flag(struct buf *out, unsigned number, bool flag, struct ltps_error *err)
{
	static const uint8_t yes = 0xff;
	if (!flag)
		return 0;
	return der_put(out, DER_ID(ASN1_CONTEXT, false, number), view_of(&yes, 1), err);
}

int devpki_shape_idp(struct devpki_shapes *s, const char *uri,
		     const struct devpki_point *point, bool indirect,
		     struct ltps_error *err)
{
	struct buf body = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	int ret = -1;
	if (put_full_name(&body, uri, err) == 0 &&
	    put_flag(&body, 1, point->scope == DEVPKI_SCOPE_USERS, err) == 0 &&
	    put_flag(&body, 2, point->scope == DEVPKI_SCOPE_CAS, err) == 0 &&
	    (point->reasons == 0 || put_reasons(&body, 3, point->reasons, err) == 0) &&
	    put_flag(&body, 4, indirect, err) == 0 &&
	    put_flag(&body, 5, point->scope == DEVPKI_SCOPE_ATTRIBUTES, err) == 0)
		ret = put_sequence(s, OID_IDP, true, &body, err);
	buf_free(&body);
	return ret;
}

int devpki_shape_certificate_issuer(struct devpki_shapes *s, const X509_NAME *name,
				    struct ltps_error *err)
{
	struct buf body = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	unsigned char *der = NULL;
	int n = i2d_X509_NAME(name, &der);
	int ret = -1;
	if (n <= 0)
		devpki_fail_crypto(err, "encoding a name");
	else if (der_put(&body, GN_DIRECTORY, view_of(der, (size_t)n), err) == 0)
		ret = put_sequence(s, "2.5.29.29", true, &body, err);
	OPENSSL_free(der);
	buf_free(&body);
	return ret;
}

/* ---- qualified certificates ---- */

#define OID_QC "0.4.0.1862.1"

/* QCStatement ::= SEQUENCE { statementId, statementInfo OPTIONAL } */
static int put_statement(struct buf *out, const char *oid, struct view info,
			 struct ltps_error *err)
{
	size_t from = out->n;
	if (der_put_oid(out, oid, err) != 0 || buf_put(out, info, err) != 0)
		return -1;
	return wrap(out, from, DER_SEQUENCE, err);
}

/* QcType ::= SEQUENCE OF OBJECT IDENTIFIER (EN 319 412-5 4.2.3) */
static int put_types(struct buf *out, unsigned qc, struct ltps_error *err)
{
	static const struct {
		unsigned bit;
		const char *oid;
	} types[] = {
		{ DEVPKI_QC_ESIGN, (OID_QC ".6.1") },
		{ DEVPKI_QC_ESEAL, (OID_QC ".6.2") },
		{ DEVPKI_QC_WEB, (OID_QC ".6.3") },
	};
	struct buf info = buf_make(128);
	int ret = 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]) && ret == 0; i++) {
		if ((qc & types[i].bit) != 0)
			ret = der_put_oid(&info, types[i].oid, err);
	}
	if (ret == 0 && info.n > 0) {
		ret = wrap(&info, 0, DER_SEQUENCE, err);
		if (ret == 0)
			ret = put_statement(out, OID_QC ".6", view_buf(&info), err);
	}
	buf_free(&info);
	return ret;
}

/* QcRetentionPeriod ::= INTEGER (4.3.3) */
static int put_retention(struct buf *out, int years, struct ltps_error *err)
{
	struct buf info = buf_make(16);
	int ret = 0;
	if (years >= 0) {
		ret = der_put_uint(&info, (uint64_t)years, err);
		if (ret == 0)
			ret = put_statement(out, OID_QC ".3", view_buf(&info), err);
	}
	buf_free(&info);
	return ret;
}

/* QcCClegislation ::= SEQUENCE OF PrintableString (SIZE (2)) (4.2.4) */
static int put_country(struct buf *out, const char *country, struct ltps_error *err)
{
	struct buf info = buf_make(16);
	int ret = 0;
	if (country != NULL) {
		ret = der_put(&info, V_ASN1_PRINTABLESTRING, view_text(country), err);
		if (ret == 0)
			ret = wrap(&info, 0, DER_SEQUENCE, err);
		if (ret == 0)
			ret = put_statement(out, OID_QC ".7", view_buf(&info), err);
	}
	buf_free(&info);
	return ret;
}

int devpki_shape_qc(struct devpki_shapes *s, unsigned qc, int retention_years,
		    const char *country, struct ltps_error *err)
{
	struct buf body = buf_make(DEVPKI_SHAPE_VALUE_MAX);
	int ret = -1;
	if (((qc & DEVPKI_QC_COMPLIANCE) == 0 ||
	     put_statement(&body, OID_QC ".1", VIEW_NULL, err) == 0) &&
	    put_retention(&body, retention_years, err) == 0 &&
	    ((qc & DEVPKI_QC_SSCD) == 0 ||
	     put_statement(&body, OID_QC ".4", VIEW_NULL, err) == 0) &&
	    put_types(&body, qc, err) == 0 && put_country(&body, country, err) == 0)
		ret = put_sequence(s, DEVPKI_OID_QC_STATEMENTS, false, &body, err);
	buf_free(&body);
	return ret;
}
