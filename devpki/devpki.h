/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpki - a throwaway certification authority for the demonstration and the
 * tests: root, issuing CA, OCSP responders, time-stamping authorities and
 * end entities, with a clock that can be set to any time and with faults on
 * command. It answers requests as a pure function; server/ puts HTTP around it.
 *
 * One object belongs to one thread at a time. All keys are made at run time.
 *
 * With a directory everything is durable before a function returns:
 *   DIR/state             serials, revocations, roll-overs (text)
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
#include "base/err.h"

/* A toy's bounds: a state file stays within what base/conf.h reads. */
#define DEVPKI_CERTS_MAX 4000
#define DEVPKI_TSA_MAX 16
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
	int32_t days[DEVPKI_KIND_COUNT]; /* validity; 0: 30, 15, 30, 10, 3 years */
	int64_t start_ms;       /* notBefore of the first certificates; 0: now */
	unsigned n_tsa;         /* 0: one */
	struct clock clock;     /* zeroed: the system's */
	bool control;           /* /control/ is answered */
	bool keep_expired;      /* expiredCertsOnCRL and archive cutoff from the
				   beginning of the issuer */
	int64_t status_ms;      /* nextUpdate - thisUpdate; 0: a day */
	const char *tsa_policy; /* dotted; NULL: DEVPKI_TSA_POLICY */
};

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
void devpki_free(struct devpki *p);

int64_t devpki_now_ms(const struct devpki *p);
/* The clock is not part of the state: it is set anew after devpki_open(). */
void devpki_set_clock(struct devpki *p, struct clock clock);
const char *devpki_url(const struct devpki *p);
/* For certificates made from now on. Fails: ARGUMENT (caller), IO */
int devpki_set_url(struct devpki *p, const char *url,
		   struct ltps_error *err) LTPS_CHECKED;

size_t devpki_count(const struct devpki *p);
/* In order of issue; NULL beyond the last. */
const struct devpki_cert *devpki_at(const struct devpki *p, size_t i);
/*
 * devpki_active - who serves now: the newest root, CA or TSA number slot, or
 * (OCSP) the newest responder of the active CA. NULL when there is none.
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
};

/*
 * devpki_issue - make a key and certify it. Who serves does not change.
 * ret_c  owned by p
 * Fails: ARGUMENT (caller; name, kind, validity), STATE (caller; the issuer is
 *        past its end), TOO_LARGE (caller; DEVPKI_CERTS_MAX), IO, CRYPTO, NOMEM
 * Spec:  RFC 5280 4, RFC 3161 2.3, RFC 6960 4.2.2.2
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
 * devpki_revoke - from this time (cut to seconds) on. A second call replaces
 * time and reason.
 * Fails: NOT_FOUND (caller), ARGUMENT (caller; reason, or a root), IO
 */
int devpki_revoke(struct devpki *p, uint64_t serial, int64_t at_ms,
		  enum devpki_reason reason, struct ltps_error *err) LTPS_CHECKED;

/*
 * devpki_crl - a full CRL of this CA or root at the clock's time, DER appended.
 * Spec: RFC 5280 5
 */
int devpki_crl(struct devpki *p, const struct devpki_cert *ca, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_ocsp - OCSPResponse to any bytes at the clock's time, DER appended.
 * The issuer of the first known certificate decides who signs; what others
 * issued is unknown in that answer. Its delegated responder signs, or the
 * issuer itself when it has none.
 * Fails: CRYPTO, NOMEM only
 * Spec:  RFC 6960 4.2, RFC 9654 2.1 (nonce of 1 to 128 octets)
 */
int devpki_ocsp(struct devpki *p, struct view request, struct buf *out,
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
	DEVPKI_FAULT_NO_CERTIFICATE,
	DEVPKI_FAULT_NO_SIGNING_CERTIFICATE,
	DEVPKI_FAULT_WRONG_SIGNING_CERTIFICATE,
	DEVPKI_FAULT_WRONG_MESSAGE_DIGEST,
	DEVPKI_FAULT_CRITICAL_EXTENSION,
	/* OCSP and CRL */
	DEVPKI_FAULT_STALE, /* both updates value ms earlier; 0: 30 days */
	/* OCSP */
	DEVPKI_FAULT_UNKNOWN, /* every certificate is unknown */
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
 *   GET  /anchors.pem /aia/NAME.cer /crl/CA.crl /ocsp/BASE64
 *   POST /ocsp /tsa /tsa/N
 * and, when options->control is set (answers are JSON):
 *   GET  /control/state
 *   POST /control/fault?tsa=N|target=ocsp|crl|aia & kind=late & count=2 & value=MS
 *   POST /control/clock?time=RFC3339 [& fixed=1]
 *   POST /control/revoke?serial=HEX|NAME [& reason=keyCompromise] [& time=RFC3339]
 *   POST /control/rollover?what=root|ca|ocsp|tsa [& tsa=N] [& key=TYPE] [& days=N]
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
/* "late", "wrong-imprint" ... */
const char *devpki_fault_name(enum devpki_fault fault);
bool devpki_fault_parse(struct view name, enum devpki_fault *ret_fault);

#endif
