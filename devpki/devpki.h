/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpki - a throwaway certification authority for the demonstration and the
 * tests: roots, issuing CAs, OCSP responders, CRL issuers, time-stamping
 * authorities, SCVP responders and end entities, with a clock that can be set
 * to any time and with faults on command. It answers requests as a pure
 * function; server/ puts HTTP around it. Certificates, CRLs and OCSP answers
 * of any shape are made with devpki/devpki_shapes.h.
 *
 * One object belongs to one thread at a time. All keys are made at run time.
 *
 * With a directory everything is durable before a function returns:
 *   DIR/state             serials, revocations, roll-overs, CRL points (text)
 *   DIR/anchors.pem       every root
 *   DIR/certs/NAME.pem    every certificate
 *   DIR/keys/NAME.pem     every key, mode 0600
 *   DIR/lock              held by the process that has the directory open
 * so that devpki_open() goes on after SIGKILL. Without one it lives in memory.
 */
#ifndef LTPS_DEVPKI_DEVPKI_H
#define LTPS_DEVPKI_DEVPKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/err.h"

/* A toy's bounds: a state file stays within what base/conf.h reads. */
#define DEVPKI_CERTS_MAX 4000
#define DEVPKI_TSA_MAX 16
/* CRLs besides the full one of each CA, and those that a certificate names. */
#define DEVPKI_POINTS_MAX 16
#define DEVPKI_POINTS_PER_CERT_MAX 4
/* Extensions of the caller's own in one certificate, CRL or answer. */
#define DEVPKI_EXTENSIONS_MAX 32
#define DEVPKI_NAME_MAX 48
#define DEVPKI_URL_MAX 256
/* First serial number; the following count up over all issuers. */
#define DEVPKI_SERIAL_FIRST 0x1000
/* OCSP and control bodies: a query for a few certificates is below 1 KiB. */
#define DEVPKI_BODY_MAX ((size_t)16 << 10)
/* Largest answer: a CRL of DEVPKI_CERTS_MAX entries is about 200 KiB. */
#define DEVPKI_ANSWER_MAX ((size_t)1 << 20)
#define DEVPKI_URL_DEFAULT "http://127.0.0.1:8513"
/* Below 2.999, the arc for examples (Rec. ITU-T X.660). */
#define DEVPKI_TSA_POLICY "2.999.3161.1"

/* Values stand in state files by name: see devpki_kind_name(). */
enum devpki_kind {
	DEVPKI_ROOT,
	DEVPKI_CA,
	DEVPKI_OCSP,
	DEVPKI_TSA,
	DEVPKI_EE,
	DEVPKI_SCVP,       /* SCVP responder (RFC 5055 8.1); made on demand */
	DEVPKI_CRL_ISSUER, /* signs CRLs alone (RFC 5280 5); made on demand */
	DEVPKI_KIND_COUNT
};

enum devpki_key {
	DEVPKI_KEY_DEFAULT, /* p256, or what the options of creation say */
	DEVPKI_KEY_P256,
	DEVPKI_KEY_P384,
	DEVPKI_KEY_RSA2048,
	DEVPKI_KEY_RSA3072,
	DEVPKI_KEY_RSA4096,
	DEVPKI_KEY_ED25519,
	DEVPKI_KEY_ED448,
	DEVPKI_KEY_P521,
	DEVPKI_KEY_RSA1024,    /* withdrawn long ago */
	DEVPKI_KEY_RSAPSS2048, /* id-RSASSA-PSS in the certificate itself */
	DEVPKI_KEY_DSA2048,    /* q of 256 bits; old archives */
	DEVPKI_KEY_COUNT
};

/* CRLReason (RFC 5280 5.3.1); RFC 3161 4 tells absent from unspecified. */
enum devpki_reason {
	DEVPKI_REASON_ABSENT = -1,
	DEVPKI_REASON_UNSPECIFIED = 0,
	DEVPKI_REASON_KEY_COMPROMISE = 1,
	DEVPKI_REASON_CA_COMPROMISE = 2,
	DEVPKI_REASON_AFFILIATION_CHANGED = 3,
	DEVPKI_REASON_SUPERSEDED = 4,
	DEVPKI_REASON_CESSATION = 5,
	DEVPKI_REASON_HOLD = 6,
	DEVPKI_REASON_PRIVILEGE_WITHDRAWN = 9,
	DEVPKI_REASON_AA_COMPROMISE = 10,
};

/* Deliberate defects of a certificate, to be combined. */
enum devpki_flaw {
	DEVPKI_FLAW_EKU_NOT_CRITICAL = 1 << 0, /* TSA */
	DEVPKI_FLAW_EKU_SECOND = 1 << 1,       /* TSA: clientAuth besides */
	DEVPKI_FLAW_NO_EKU = 1 << 2,           /* TSA, OCSP */
	DEVPKI_FLAW_NO_NOCHECK = 1 << 3,       /* OCSP */
	DEVPKI_FLAW_NOT_A_CA = 1 << 4,         /* CA: cA FALSE */
	DEVPKI_FLAW_NO_KEY_USAGE = 1 << 5,
	DEVPKI_FLAW_KEY_USAGE = 1 << 6, /* keyAgreement only */
	DEVPKI_FLAW_NO_AIA = 1 << 7,
	DEVPKI_FLAW_NO_CRL_POINT = 1 << 8,
};

/* Zeroed is a good default. Text is copied. */
struct devpki_options {
	const char *url; /* http://HOST[:PORT], base of AIA, CRL and OCSP URLs */
	enum devpki_key key[DEVPKI_KIND_COUNT];
	/* Validity; 0: 30, 15, 30, 10, 3, 3, 15 years in the order of kinds. */
	int32_t days[DEVPKI_KIND_COUNT];
	int64_t start_ms;       /* notBefore of the first certificates; 0: now */
	unsigned n_tsa;         /* 0: one */
	struct clock clock;     /* zeroed: the system's */
	bool control;           /* /control/ is answered */
	bool keep_expired;      /* expiredCertsOnCRL and archive cutoff from the
				   beginning of the issuer */
	bool freshest;          /* full CRLs of the CAs, and certificates made, name
				   the delta CRL (RFC 5280 4.2.1.15, 5.2.6) */
	int64_t status_ms;      /* nextUpdate - thisUpdate; 0: a day */
	const char *tsa_policy; /* dotted; NULL: DEVPKI_TSA_POLICY */
};

struct devpki_point;

/* One certificate, owned by its devpki and living as long. */
struct devpki_cert {
	enum devpki_kind kind;
	unsigned slot; /* TSA: its number */
	uint64_t serial;
	char name[DEVPKI_NAME_MAX]; /* file stem and AIA name: "tsa0", "ca-2" */
	bool serving; /* made by create or roll-over, not by devpki_issue() */
	X509 *x509;
	EVP_PKEY *key;
	struct view der;
	const struct devpki_cert *issuer; /* NULL: a root */
	bool revoked;
	int64_t revoked_ms; /* whole seconds; takes effect at this time */
	enum devpki_reason reason;
	bool has_invalidity; /* invalidityDate stands in entry and answer */
	int64_t invalidity_ms;
	bool released; /* was on hold until released_ms; good again from then on */
	int64_t released_ms;
	/* CRL points that its CRL distribution points name, in their order. */
	const struct devpki_point *point[DEVPKI_POINTS_PER_CERT_MAX];
	size_t n_points;
};

/*
 * An extension of the caller's own. It takes the place of the profile's with
 * the same OID; a second one with that OID stands besides. Borrowed.
 */
struct devpki_extension {
	const char *oid; /* dotted */
	bool critical;
	struct view value; /* DER inside extnValue; n == 0: the profile's goes */
};

/* How a signature is made; zeroed: as usual for the key. */
struct devpki_signing {
	enum digest_alg hash; /* NONE: SHA-256, or by the curve; EdDSA has none */
	bool pss;             /* an RSA key signs with RSASSA-PSS */
};

struct devpki;

/*
 * devpki_create - a new PKI with root, issuing CA, an OCSP responder for each
 * of them, and options->n_tsa time-stamping authorities.
 * dir      made when missing; NULL: in memory
 * options  borrowed
 * ret_p    free with devpki_free()
 * Fails:   EXISTS (caller; the directory holds one), BUSY (opened elsewhere),
 *          ARGUMENT (caller; URL, policy, n_tsa), IO, CRYPTO, NOMEM
 */
int devpki_create(const char *dir, const struct devpki_options *options,
		  struct devpki **ret_p, struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_open - go on with a directory. Of the options only clock, control and
 * (unless NULL, for certificates made from now on) url count.
 * Fails: NOT_FOUND, BUSY (opened elsewhere), CORRUPT (self), IO, NOMEM
 */
int devpki_open(const char *dir, const struct devpki_options *options,
		struct devpki **ret_p, struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void devpki_free(struct devpki *p);

int64_t devpki_now_ms(const struct devpki *p);
/* The clock is not part of the state: it is set anew after devpki_open(). */
void devpki_set_clock(struct devpki *p, struct clock clock);
const char *devpki_url(const struct devpki *p);
/*
 * What is made from now on, for simulations in which algorithms end; not part of the
 * state, as the clock.
 * key     of new certificates of a kind; DEFAULT: p256
 * digest  that certificates, CRLs, OCSP answers and tokens are signed with, unless
 * their maker says otherwise, and that tokens name their certificate by; NONE: as usual
 * for the key
 */
void devpki_set_key(struct devpki *p, enum devpki_kind kind, enum devpki_key key);
void devpki_set_digest(struct devpki *p, enum digest_alg digest);
/* nextUpdate - thisUpdate of CRLs and answers from now on; more than 0. */
void devpki_set_status(struct devpki *p, int64_t status_ms);
/* Requests that devpki_handle() answered for a target, with a fault or without. */
uint64_t devpki_answered(const struct devpki *p, unsigned target);
/* For certificates made from now on. Fails: ARGUMENT (caller), IO */
int devpki_set_url(struct devpki *p, const char *url,
		   struct ltps_error *err) LTPS_CHECKED;

size_t devpki_count(const struct devpki *p);
/* In order of issue; NULL beyond the last. */
const struct devpki_cert *devpki_at(const struct devpki *p, size_t i);
/*
 * devpki_active - who serves now: the newest root, CA, TSA number slot, SCVP
 * responder or CRL issuer, or (OCSP) the newest responder of the active CA.
 * NULL when there is none.
 */
const struct devpki_cert *devpki_active(const struct devpki *p, enum devpki_kind kind,
					unsigned slot);
const struct devpki_cert *devpki_find(const struct devpki *p, uint64_t serial);
/* By name, or by serial in hexadecimal. */
const struct devpki_cert *devpki_find_text(const struct devpki *p, struct view text);

/* Zeroed but for kind: a certificate of the usual profile, valid from now. */
struct devpki_issue {
	enum devpki_kind kind;
	enum devpki_key key;
	EVP_PKEY *existing_key;  /* certify this one (reference taken); NULL: new */
	const char *name;        /* [a-z0-9-], unused so far; NULL: made */
	const char *common_name; /* NULL: made from kind and name */
	int32_t days;            /* 0: of the kind; cut to the issuer's end */
	int64_t not_before_ms;   /* 0: now */
	int64_t not_after_ms;    /* 0: by days; else taken as it is */
	const struct devpki_cert *issuer; /* NULL: active CA; for a CA, active root */
	unsigned flaws;                   /* enum devpki_flaw */
	/*
	 * The same subject and key once more, under this issuer: a cross-certificate
	 * or one side of a bridge. May belong to another PKI.
	 */
	const struct devpki_cert *cross;
	/* Subject taken as it is, also empty; NULL: organisation and common name.
	   Equal common_names in one PKI are equal subjects. */
	const X509_NAME *subject;
	struct devpki_signing signing; /* by the issuer */
	/* Where its CRLs are; none: /crl/ISSUER.crl. Points of this PKI. */
	const struct devpki_point *const *points;
	size_t n_points;
	bool freshest; /* names the delta CRLs, whatever the options say */
	const struct devpki_extension *extensions;
	size_t n_extensions;
};

/*
 * devpki_issue - make a key and certify it. Who serves does not change.
 * ret_c  owned by p
 * Fails: ARGUMENT (caller; name, kind, validity, points, extensions), STATE
 *        (caller; the issuer is past its end), TOO_LARGE (caller;
 *        DEVPKI_CERTS_MAX), IO, CRYPTO, NOMEM
 * Spec:  RFC 5280 4, RFC 3161 2.3, RFC 6960 4.2.2.2, RFC 5055 8.1
 */
int devpki_issue(struct devpki *p, const struct devpki_issue *how,
		 const struct devpki_cert **ret_c, struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_rollover - a new certificate with a new key takes over; the old one
 * stays known, fetchable and revocable. A new CA or root comes with a new OCSP
 * responder; the old one keeps signing the status of what it issued. A new
 * OCSP responder is issued by how->issuer, or by the active CA.
 * kind    not EE
 * slot    TSA number, 0 otherwise
 * how     NULL: the defaults; kind in it is ignored
 * Fails:  as devpki_issue()
 */
int devpki_rollover(struct devpki *p, enum devpki_kind kind, unsigned slot,
		    const struct devpki_issue *how, const struct devpki_cert **ret_c,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_need - the newest serving one of a kind; the first, made now, when
 * there is none yet. For the kinds that are made on demand, and CA, ROOT, TSA 0.
 * Fails: ARGUMENT (caller; EE), and as devpki_rollover()
 */
int devpki_need(struct devpki *p, enum devpki_kind kind,
		const struct devpki_cert **ret_c, struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_revoke - from this time (cut to seconds) on. A second call replaces
 * time and reason, and what devpki_release() said.
 * Fails: NOT_FOUND (caller), ARGUMENT (caller; reason, or a root), IO
 */
int devpki_revoke(struct devpki *p, uint64_t serial, int64_t at_ms,
		  enum devpki_reason reason, struct ltps_error *err) LTPS_CHECKED;
/* The same with an invalidityDate (RFC 5280 5.3.2), also earlier than at_ms. */
int devpki_revoke_since(struct devpki *p, uint64_t serial, int64_t at_ms,
			enum devpki_reason reason, int64_t invalid_ms,
			struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_release - ends a suspension (certificateHold) at this time: from then
 * on full CRLs leave the certificate out, OCSP says good, and delta CRLs to an
 * earlier base say removeFromCRL (RFC 5280 5.3.1).
 * Fails: NOT_FOUND (caller), STATE (caller; not on hold, or not yet), IO
 */
int devpki_release(struct devpki *p, uint64_t serial, int64_t at_ms,
		   struct ltps_error *err) LTPS_CHECKED;

/* Which certificates a CRL speaks of (RFC 5280 5.2.5). */
enum devpki_scope {
	DEVPKI_SCOPE_ALL,
	DEVPKI_SCOPE_USERS,      /* onlyContainsUserCerts */
	DEVPKI_SCOPE_CAS,        /* onlyContainsCACerts */
	DEVPKI_SCOPE_ATTRIBUTES, /* onlyContainsAttributeCerts: an empty list */
	DEVPKI_SCOPE_COUNT
};

/*
 * A CRL besides the full one of a CA: at /crl/NAME.crl, its delta CRL at
 * /crl/NAME-delta.crl. It has a critical issuing distribution point with that
 * address whenever it does not speak of everything of its CA.
 */
struct devpki_point {
	char name[DEVPKI_NAME_MAX]; /* [a-z0-9-], of no certificate and no other */
	/* Whose certificates; NULL: all those that name this point. */
	const struct devpki_cert *ca;
	/*
	 * Root, CA or CRL issuer that signs; NULL: ca. With the name of ca it is
	 * another key of the same CA; with another name the CRL is indirect:
	 * indirectCRL here, certificateIssuer in the entries, and cRLIssuer in the
	 * distribution points of certificates that name it.
	 */
	const struct devpki_cert *signer;
	/* ReasonFlags: 1 << 1 keyCompromise ... 1 << 8 aACompromise; 0: all.
	   Revoked without a reason, or for one of no flag, stands in every part. */
	unsigned reasons;
	enum devpki_scope scope;
	bool named_only; /* lists and covers only certificates that name it */
	bool freshest;   /* the full CRL names the delta CRL, and so do the
			    certificates with this point */
};

/*
 * devpki_point_add - durable like a certificate; how is copied.
 * ret_point  owned by p
 * Fails: ARGUMENT (caller; name, ca and signer, scope), TOO_LARGE (caller;
 *        DEVPKI_POINTS_MAX), IO
 * Spec:  RFC 5280 4.2.1.13, 5.2.5
 */
int devpki_point_add(struct devpki *p, const struct devpki_point *how,
		     const struct devpki_point **ret_point,
		     struct ltps_error *err) LTPS_CHECKED;
/* By name; NULL: none. */
const struct devpki_point *devpki_point_find(const struct devpki *p, struct view name);

/*
 * devpki_crl - a full CRL of this CA or root at the clock's time, DER appended.
 * It speaks of every certificate with the CA's name as issuer. For the delta
 * CRL, points and defects: devpki_crl_shaped().
 * Spec: RFC 5280 5
 */
int devpki_crl(struct devpki *p, const struct devpki_cert *ca, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_ocsp - OCSPResponse to any bytes at the clock's time, DER appended.
 * The issuer of the first known certificate decides who signs; what others
 * issued is unknown in that answer. Its delegated responder signs, or the
 * issuer itself when it has none. For other signers, times and defects:
 * devpki_ocsp_shaped().
 * Fails: CRYPTO, NOMEM only
 * Spec:  RFC 6960 4.2, RFC 9654 2.1 (nonce of 1 to 128 octets)
 */
int devpki_ocsp(struct devpki *p, struct view request, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

/* How OCSP answers look; durable. */
enum devpki_ocsp_mode {
	DEVPKI_OCSP_BY_KEY = 1 << 0,    /* ResponderID byKey; else byName */
	DEVPKI_OCSP_CERT_HASH = 1 << 1, /* CertHash (Common PKI, SHA-256), known
					   certificates only */
	DEVPKI_OCSP_BY_ISSUER = 1 << 2, /* the CA signs, its responder does not */
};
/* Replaces all modes. Fails: ARGUMENT (caller), IO */
int devpki_set_ocsp(struct devpki *p, unsigned modes,
		    struct ltps_error *err) LTPS_CHECKED;
/* TimeStampResp of TSA number slot. Fails: NOT_FOUND (caller), CRYPTO, NOMEM */
int devpki_tsp(struct devpki *p, unsigned slot, struct view request, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;
/* Every root, PEM appended. */
int devpki_anchors(const struct devpki *p, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;
/* Certificate / PKCS #8 key as PEM, appended. */
int devpki_cert_pem(const struct devpki_cert *c, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
int devpki_key_pem(const struct devpki_cert *c, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;

/* Whose answers are falsified. TSA has a fault for each of its numbers. */
enum devpki_target {
	DEVPKI_TARGET_TSA,
	DEVPKI_TARGET_OCSP,
	DEVPKI_TARGET_CRL,
	DEVPKI_TARGET_AIA,
	DEVPKI_TARGET_COUNT
};

enum devpki_fault {
	DEVPKI_FAULT_NONE,
	/* any target */
	DEVPKI_FAULT_GARBAGE,   /* octets that are no DER */
	DEVPKI_FAULT_CUT,       /* half of the answer, as if whole */
	DEVPKI_FAULT_TRUNCATED, /* announced whole, connection ends in the middle */
	DEVPKI_FAULT_SLOW,      /* value ms late; 0: 5000 */
	DEVPKI_FAULT_CLOSED,    /* connection ends without an answer */
	DEVPKI_FAULT_HTTP_500,
	DEVPKI_FAULT_HTTP_503,
	/* TSA and OCSP */
	DEVPKI_FAULT_WRONG_NONCE,
	DEVPKI_FAULT_NO_NONCE,
	DEVPKI_FAULT_BAD_SIGNATURE, /* CRL too */
	DEVPKI_FAULT_REFUSE,        /* rejection with systemFailure; tryLater */
	/* TSA */
	DEVPKI_FAULT_LATE, /* genTime value ms off; 0: a day ahead */
	DEVPKI_FAULT_WRONG_IMPRINT,
	DEVPKI_FAULT_WRONG_POLICY,
	DEVPKI_FAULT_NO_CERTIFICATE, /* OCSP too */
	DEVPKI_FAULT_NO_SIGNING_CERTIFICATE,
	DEVPKI_FAULT_WRONG_SIGNING_CERTIFICATE,
	DEVPKI_FAULT_WRONG_MESSAGE_DIGEST,
	DEVPKI_FAULT_CRITICAL_EXTENSION, /* unknown and critical; OCSP, CRL too */
	/* OCSP and CRL */
	DEVPKI_FAULT_STALE, /* both updates value ms earlier; 0: 30 days */
	/* OCSP */
	DEVPKI_FAULT_UNKNOWN, /* every certificate is unknown */
	/* OCSP and CRL */
	DEVPKI_FAULT_FUTURE, /* both updates value ms later; 0: a day */
	DEVPKI_FAULT_NO_NEXT_UPDATE,
	/* in an OCSP single response, in each CRL entry */
	DEVPKI_FAULT_CRITICAL_ENTRY_EXTENSION,
	/* OCSP: about something else */
	DEVPKI_FAULT_WRONG_SERIAL,       /* the next serial number */
	DEVPKI_FAULT_WRONG_ISSUER,       /* other issuerKeyHash */
	DEVPKI_FAULT_OTHER_CERT_ID_HASH, /* SHA-512 in the certID, whatever was asked */
	DEVPKI_FAULT_WRONG_CERT_HASH,    /* CertHash of no certificate of ours */
	DEVPKI_FAULT_OLD_PRODUCED_AT,    /* producedAt alone value ms earlier; 0: 30
					    days */
	/* OCSP: by a responder certificate made for this answer */
	DEVPKI_FAULT_EXPIRED_RESPONDER,     /* ended value ms ago; 0: a day */
	DEVPKI_FAULT_FOREIGN_RESPONDER,     /* issued by another CA of this PKI */
	DEVPKI_FAULT_NO_PURPOSE_RESPONDER,  /* without id-kp-OCSPSigning */
	DEVPKI_FAULT_SELF_SIGNED_RESPONDER, /* of no PKI at all */
	DEVPKI_FAULT_COUNT
};

/*
 * devpki_fault_set - falsify the next count answers over devpki_handle();
 * count 0: until it is cleared (DEVPKI_FAULT_NONE). One fault a target.
 * value  meaning as above
 * Fails: ARGUMENT (caller; no such TSA, or not a fault of that target)
 */
int devpki_fault_set(struct devpki *p, enum devpki_target target, unsigned slot,
		     enum devpki_fault fault, uint32_t count, int64_t value,
		     struct ltps_error *err) LTPS_CHECKED;

struct devpki_request {
	struct view method;
	struct view path;  /* as on the request line, still percent-encoded */
	struct view query; /* behind '?', still percent-encoded */
	struct view content_type;
	struct view body;
};

struct devpki_answer {
	int status;               /* HTTP */
	const char *content_type; /* static */
	const char *allow;        /* of 405; static, else NULL */
	struct buf body;          /* free with devpki_answer_free() */
	uint32_t delay_ms;        /* send it that much later */
	bool close;               /* send nothing, end the connection */
	bool truncated;           /* announce body.n, send sent_n, end it */
	size_t sent_n;
};

/*
 * devpki_handle - one request.
 *   GET  /anchors.pem /aia/NAME.cer /ocsp/BASE64
 *   GET  /crl/CA.crl /crl/CA-delta.crl /crl/POINT.crl /crl/POINT-delta.crl
 *   POST /ocsp /tsa /tsa/N
 * and, when options->control is set (answers are JSON):
 *   GET  /control/state
 *   POST /control/fault?tsa=N|target=ocsp|crl|aia & kind=late & count=2 & value=MS
 *   POST /control/clock?time=RFC3339 [& fixed=1]
 *   POST /control/revoke?serial=HEX|NAME [& reason=keyCompromise] [& time=RFC3339]
 *                        [& invalid=RFC3339]
 *   POST /control/release?serial=HEX|NAME [& time=RFC3339]
 *   POST /control/rollover?what=root|ca|ocsp|tsa|scvp|crl [& tsa=N] [& key=TYPE]
 *                        [& days=N]
 *   POST /control/issue[?kind=KIND] [& name=NAME] [& subject=CN] [& issuer=NAME]
 *                        [& cross=NAME] [& key=TYPE] [& days=N] [& point=NAME]
 *                        [& freshest=1]
 *   POST /control/point?name=NAME [& ca=NAME] [& signer=NAME] [& reasons=R,R...]
 *                        [& scope=all|users|cas|attributes] [& named=1]
 *                        [& freshest=1]
 *   POST /control/ocsp [? by-key=1] [& cert-hash=1] [& by-issuer=1]
 * Anything else is answered by 400, 404, 405, 413, 414 or 415.
 * ret_a  set on success; free with devpki_answer_free()
 * Fails: NOMEM, CRYPTO, IO (self) only
 * Spec:  RFC 6960 A, RFC 3161 3.4, RFC 5280 4.2.1.13, 4.2.2.1
 */
int devpki_handle(struct devpki *p, const struct devpki_request *req,
		  struct devpki_answer *ret_a, struct ltps_error *err) LTPS_CHECKED;
void devpki_answer_free(struct devpki_answer *a);

/* Names as used by files, command line and control; false: unknown. */
const char *devpki_kind_name(enum devpki_kind kind);
bool devpki_kind_parse(struct view name, enum devpki_kind *ret_kind);
const char *devpki_key_name(enum devpki_key key);
bool devpki_key_parse(struct view name, enum devpki_key *ret_key);
/* "absent", "keyCompromise" ... */
const char *devpki_reason_name(enum devpki_reason reason);
bool devpki_reason_parse(struct view name, enum devpki_reason *ret_reason);
/* "all", "users" ... */
const char *devpki_scope_name(enum devpki_scope scope);
bool devpki_scope_parse(struct view name, enum devpki_scope *ret_scope);
/* "keyCompromise,superseded" to ReasonFlags bits; "" is 0. */
bool devpki_reasons_parse(struct view names, unsigned *ret_reasons);
/* "late", "wrong-imprint" ... */
const char *devpki_fault_name(enum devpki_fault fault);
bool devpki_fault_parse(struct view name, enum devpki_fault *ret_fault);

#endif
