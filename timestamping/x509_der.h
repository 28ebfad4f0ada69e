/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x509_der - exact decoding of OpenSSL's X.509 objects: the whole input is one
 * object, and want of memory is told apart from bad bytes.
 */
#ifndef LTPS_TIMESTAMPING_X509_DER_H
#define LTPS_TIMESTAMPING_X509_DER_H

#include <openssl/x509.h>
#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"

/* All: FORMAT (object) also on trailing bytes, NOMEM; free as OpenSSL says. */
int x509_der_certificate(struct view der, X509 **ret_x,
			 struct ltps_error *err) LTPS_CHECKED;
/*
 * x509_der_serial - INTEGER contents of a certificate's serial number, read
 * without decoding the rest: to pick candidates among many cheaply.
 * Fails: FORMAT (object)
 */
int x509_der_serial(struct view der, struct view *ret_serial,
		    struct ltps_error *err) LTPS_CHECKED;
/*
 * x509_der_key_id - octets of a certificate's first subjectKeyIdentifier, read in the
 * same way; n == 0 when it has none.
 * Fails: FORMAT (object), also where the plain forms of DER are not kept
 */
int x509_der_key_id(struct view der, struct view *ret_id,
		    struct ltps_error *err) LTPS_CHECKED;
/* Whether an error says that the object is bad, not that we could not work. */
bool x509_der_is_object_fault(const struct ltps_error *err);
/*
 * x509_der_settle - empty OpenSSL's queue after a run of checks whose negative
 * answers are findings. Fails: NOMEM when an allocation had failed among them,
 * since the answers then mean nothing.
 */
int x509_der_settle(struct ltps_error *err) LTPS_CHECKED;

#endif
