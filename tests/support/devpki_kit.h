/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpki_kit - a throwaway PKI in the hands of a test: made in one line, asked
 * in one line, its certificates judged by OpenSSL. What cannot be made ends
 * the test.
 */
#ifndef LTPS_TESTS_DEVPKI_KIT_H
#define LTPS_TESTS_DEVPKI_KIT_H

#include <openssl/ocsp.h>

#include "base/digest.h"
#include "devpki/devpki.h"
#include "timestamping/tsp.h"

#define KIT_DAY_MS ((int64_t)86400000)

/* RFC 3339 to ms. */
int64_t kit_time(const char *text);
/* In memory unless dir is given; two TSAs, control on, the clock stands. */
struct devpki *kit_pki(const char *dir, const char *now);
/* A new empty directory below /tmp, and its removal with all files. */
const char *kit_dir(char out[64]);
void kit_remove(const char *dir);
void kit_set(struct devpki *p, const char *now);

/* One request; "/path?query". The answer is to be freed. */
struct devpki_answer kit_ask(struct devpki *p, const char *method, const char *target,
			     const char *type, struct view body);
/* The same for POST /control/..., which must succeed. */
void kit_order(struct devpki *p, const char *target);

const struct devpki_cert *kit_issue(struct devpki *p, const char *name);
const struct devpki_cert *kit_named(struct devpki *p, const char *name);

/*
 * X509_verify_cert() with all roots as anchors and every CA at hand;
 * X509_V_OK or the error. crl may be NULL; purpose as X509_PURPOSE_..., or 0.
 */
int kit_verify(struct devpki *p, X509 *leaf, int64_t at_ms, X509_CRL *crl, int purpose);
/* Fresh, parsed; its signature is proved by the CA. */
X509_CRL *kit_crl(struct devpki *p, const char *ca);
bool kit_crl_lists(X509_CRL *crl, const struct devpki_cert *c, int *ret_reason,
		   int64_t *ret_at_ms);
int64_t kit_asn1_ms(const ASN1_TIME *t);

/* Request about these certificates; nonce of nonce_n octets when not 0. */
struct buf kit_ocsp_request(const struct devpki_cert *const *certs, size_t n,
			    size_t nonce_n);
/* Answer proved by OCSP_basic_verify() with these flags at the PKI's time. */
OCSP_BASICRESP *kit_ocsp_verified(struct devpki *p, struct view response,
				  unsigned long flags);
/* V_OCSP_CERTSTATUS_..., or -1 when the answer does not speak of it. */
int kit_ocsp_status(OCSP_BASICRESP *basic, const struct devpki_cert *c);

/* SHA-256 request with nonce; its bytes. */
struct buf kit_tsp_request(struct tsp_request *ret_r, const char *data);

#endif
