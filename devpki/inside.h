/* SPDX-License-Identifier: Apache-2.0 */
/* inside - what the files of this room share; nobody else includes it. */
#ifndef LTPS_DEVPKI_INSIDE_H
#define LTPS_DEVPKI_INSIDE_H

#include "base/asn1.h"
#include "base/digest.h"
#include "devpki/devpki_shapes.h"

#define DEVPKI_TAG_MAX 9 /* 8 hex digits: names of two PKIs never collide */
#define DEVPKI_OCSP_MODES                                                              \
	(DEVPKI_OCSP_BY_KEY | DEVPKI_OCSP_CERT_HASH | DEVPKI_OCSP_BY_ISSUER)
#define DEVPKI_DAY_MS ((int64_t)86400000)

/* A full CRL that a delta CRL can build upon. */
struct devpki_base {
	bool made;
	uint64_t number;
	int64_t ms;
};

/* What the list knows of a certificate besides what everybody may see. */
struct devpki_inner {
	struct devpki_cert c; /* first: &inner->c is the certificate's address */
	/* The first CRL number that can know of the revocation, of the release. */
	uint64_t revoked_crl, released_crl;
	struct devpki_base base; /* of a CA's full CRL */
};

struct devpki_inner_point {
	struct devpki_point point; /* first, as above */
	struct devpki_base base;
};

struct devpki_fault_state {
	enum devpki_fault fault;
	uint32_t left; /* 0: until cleared */
	int64_t value;
};

struct devpki {
	struct clock clock;
	bool control;
	bool keep_expired;
	bool freshest;
	unsigned ocsp_modes;
	int64_t status_ms;
	char *dir; /* NULL: in memory */
	int lock_fd;
	char url[DEVPKI_URL_MAX];
	char policy[OID_TEXT_MAX];
	char tag[DEVPKI_TAG_MAX];
	enum devpki_key key[DEVPKI_KIND_COUNT];
	enum digest_alg digest; /* devpki_set_digest() */
	int32_t days[DEVPKI_KIND_COUNT];
	unsigned n_tsa;
	/* CRL numbers are handed out below the durable mark. */
	uint64_t crl_next, crl_mark;
	bool new_base; /* a full CRL was made; written with the next state */
	struct devpki_cert **cert; /* each the head of a struct devpki_inner */
	size_t n_cert, cap_cert;
	struct devpki_inner_point *point[DEVPKI_POINTS_MAX];
	size_t n_points;
	struct devpki_fault_state fault[DEVPKI_TARGET_COUNT][DEVPKI_TSA_MAX];
	uint64_t answered[DEVPKI_TARGET_COUNT];
};

static inline int64_t devpki_whole_second(int64_t t_ms)
{
	int64_t rest = t_ms % 1000;
	return t_ms - (rest < 0 ? rest + 1000 : rest);
}

/* The record around a certificate or point of ours. */
static inline struct devpki_inner *devpki_inner(const struct devpki_cert *c)
{
	return (struct devpki_inner *)(uintptr_t)c;
}
static inline struct devpki_inner_point *
devpki_inner_point(const struct devpki_point *point)
{
	return (struct devpki_inner_point *)(uintptr_t)point;
}

/* An OpenSSL call failed for no fault of the input: CRYPTO (self), -1. */
int devpki_fail_crypto(struct ltps_error *err, const char *what);

/* devpki.c: with the digest of the day where none is said. */
struct devpki_signing devpki_signing_of(const struct devpki *p,
					struct devpki_signing how);

/* keys.c */
int devpki_key_make(enum devpki_key type, EVP_PKEY **ret_key,
		    struct ltps_error *err) LTPS_CHECKED;
/* Digest to sign with; NONE for EdDSA. */
enum digest_alg devpki_key_digest(const EVP_PKEY *key);
/* For X509_sign_ctx() and its like; free with EVP_MD_CTX_free(). */
int devpki_signer_new(EVP_PKEY *key, struct devpki_signing how, EVP_MD_CTX **ret_ctx,
		      struct ltps_error *err) LTPS_CHECKED;
int devpki_key_parse_pem(struct view pem, EVP_PKEY **ret_key,
			 struct ltps_error *err) LTPS_CHECKED;
int devpki_cert_parse_pem(struct view pem, X509 **ret_x,
			  struct ltps_error *err) LTPS_CHECKED;

/* profile.c */
struct devpki_profile {
	enum devpki_kind kind;
	uint64_t serial;
	const char *common_name;
	EVP_PKEY *key;
	const struct devpki_cert *issuer; /* NULL: self */
	int64_t not_before_ms, not_after_ms;
	const struct devpki_issue *how; /* subject, flaws, points, extensions ... */
};
int devpki_profile_make(const struct devpki *p, const struct devpki_profile *how,
			X509 **ret_x, struct ltps_error *err) LTPS_CHECKED;
/* UTCTime through 2049, GeneralizedTime outside (RFC 5280 4.1.2.5). */
ASN1_TIME *devpki_time(int64_t t_ms);

/* issue.c */
/* Takes over x and key in every case. issuer NULL: a root. */
int devpki_add(struct devpki *p, const struct devpki_inner *like, X509 *x,
	       EVP_PKEY *key, struct devpki_cert **ret_c,
	       struct ltps_error *err) LTPS_CHECKED;
/* Forgets the newest certificates until n are left. */
void devpki_drop_to(struct devpki *p, size_t n);
/* Issue and mark as serving, without writing the state. */
int devpki_install(struct devpki *p, enum devpki_kind kind, unsigned slot,
		   const struct devpki_issue *how, struct devpki_cert **ret_c,
		   struct ltps_error *err) LTPS_CHECKED;
/* Newest serving responder of this CA; NULL when it has none. */
const struct devpki_cert *devpki_responder_of(const struct devpki *p,
					      const struct devpki_cert *ca);
bool devpki_is_ca(const struct devpki_cert *c);
/* May its key sign CRLs? */
bool devpki_signs_crls(const struct devpki_cert *c);
/* Revoked at this time, and not released again? */
bool devpki_is_revoked(const struct devpki_cert *c, int64_t now_ms);
bool devpki_is_file_stem(const char *name);
int32_t devpki_default_days(enum devpki_kind kind);
/* Free for a new certificate or point? */
bool devpki_name_is_free(const struct devpki *p, struct view name);

/* points.c */
/* Adds without writing the state. */
int devpki_point_put(struct devpki *p, const struct devpki_point *how,
		     struct devpki_base base, const struct devpki_point **ret_point,
		     struct ltps_error *err) LTPS_CHECKED;
void devpki_points_free(struct devpki *p);
/* Is this certificate in what the CRL speaks of, whatever its status? */
bool devpki_point_covers(const struct devpki_point *point, const struct devpki_cert *c);
/* Does the reason belong to this part? */
bool devpki_point_has_reason(const struct devpki_point *point,
			     enum devpki_reason reason);
bool devpki_name_equal(const struct devpki_cert *a, const struct devpki_cert *b);

/* shapes.c */
/* "http://HOST/crl/NAME.crl", or of its delta CRL. */
#define DEVPKI_CRL_URL_MAX (DEVPKI_URL_MAX + DEVPKI_NAME_MAX + 16)
void devpki_crl_url(const struct devpki *p, const char *name, bool delta,
		    char out[DEVPKI_CRL_URL_MAX]);
/* Those of the list, by any of OpenSSL's add functions. */
typedef int devpki_add_extension(void *to, X509_EXTENSION *e);
int devpki_extensions_add(const struct devpki_extension *list, size_t n,
			  devpki_add_extension *add, void *to,
			  struct ltps_error *err) LTPS_CHECKED;
/* IssuingDistributionPoint (RFC 5280 5.2.5). */
int devpki_shape_idp(struct devpki_shapes *s, const char *uri,
		     const struct devpki_point *point, bool indirect,
		     struct ltps_error *err) LTPS_CHECKED;
/* CertificateIssuer of a CRL entry (5.3.3). */
int devpki_shape_certificate_issuer(struct devpki_shapes *s, const X509_NAME *name,
				    struct ltps_error *err) LTPS_CHECKED;

/* store.c: nothing happens in memory */
int devpki_store_lock(struct devpki *p, struct ltps_error *err) LTPS_CHECKED;
bool devpki_store_exists(const char *dir);
int devpki_store_cert(const struct devpki *p, const struct devpki_cert *c,
		      struct ltps_error *err) LTPS_CHECKED;
int devpki_store_state(const struct devpki *p, struct ltps_error *err) LTPS_CHECKED;
int devpki_store_load(struct devpki *p, struct ltps_error *err) LTPS_CHECKED;
/* A number larger than all before, also those before a crash. */
int devpki_store_crl_number(struct devpki *p, uint64_t *ret_number,
			    struct ltps_error *err) LTPS_CHECKED;

/* fault.c */
/* The fault of this answer, counted down. */
struct devpki_fault_state devpki_fault_take(struct devpki *p, enum devpki_target target,
					    unsigned slot);
/* What a fault does to an answer that is made already. */
int devpki_fault_spoil(struct devpki_fault_state fault, struct devpki_answer *a,
		       struct ltps_error *err) LTPS_CHECKED;

/* tsa.c: the public function with a fault */
int devpki_tsp_make(struct devpki *p, unsigned slot, struct view request,
		    struct devpki_fault_state fault, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;

/* query.c */
/* Percent-decoding (RFC 3986 2.1); '+' stays. Fails: FORMAT (caller) */
int devpki_percent_decode(struct view in, struct buf *out,
			  struct ltps_error *err) LTPS_CHECKED;
/* Value of a query parameter, decoded; *ret_present says whether it is there. */
int devpki_query_get(struct view query, const char *name, struct buf *out,
		     bool *ret_present, struct ltps_error *err) LTPS_CHECKED;
int devpki_uint_parse(struct view text, uint64_t max, uint64_t *ret_v,
		      struct ltps_error *err) LTPS_CHECKED;

/* control.c */
int devpki_control_state(struct devpki *p, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
int devpki_control_fault(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
int devpki_control_clock(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
int devpki_control_revoke(struct devpki *p, struct view query, struct buf *out,
			  struct ltps_error *err) LTPS_CHECKED;
int devpki_control_issue(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
int devpki_control_release(struct devpki *p, struct view query, struct buf *out,
			   struct ltps_error *err) LTPS_CHECKED;
int devpki_control_point(struct devpki *p, struct view query, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
int devpki_control_ocsp(struct devpki *p, struct view query, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;
int devpki_control_rollover(struct devpki *p, struct view query, struct buf *out,
			    struct ltps_error *err) LTPS_CHECKED;

#endif
