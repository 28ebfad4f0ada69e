/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpki_judge - OpenSSL's opinion of what a throwaway PKI made in unusual
 * shapes: delta, indirect and partitioned CRLs, bridges, responders. What
 * cannot be judged ends the test.
 */
#ifndef LTPS_TESTS_DEVPKI_JUDGE_H
#define LTPS_TESTS_DEVPKI_JUDGE_H

#include "devpki/devpki_shapes.h"
#include "tests/support/devpki_kit.h"

#define JUDGE_CRLS_MAX 32

struct judge {
	struct devpki *p;
	const struct devpki_cert *anchor; /* NULL: all roots */
	const struct devpki *other;       /* its CAs are at hand as well */
	X509_CRL *crl[JUDGE_CRLS_MAX];    /* none: revocation is not asked for */
	size_t n_crl;
	unsigned long flags; /* X509_V_FLAG_... besides */
	const char *policy;  /* required, dotted; NULL: none */
};

/* X509_V_OK or the error, with extended CRLs and deltas, at the PKI's time. */
int judge_cert(const struct judge *j, const struct devpki_cert *leaf);
/* The same with these CRLs, freed after. */
int judge_with(struct devpki *p, const struct devpki_cert *leaf, X509_CRL *a,
	       X509_CRL *b);

const struct devpki_cert *judge_issue(struct devpki *p, const struct devpki_issue *how);
const struct devpki_point *judge_point(struct devpki *p,
				       const struct devpki_point *how);
void judge_revoke(struct devpki *p, const struct devpki_cert *c, const char *at,
		  enum devpki_reason reason);

/* /crl/NAME.crl, parsed. */
X509_CRL *judge_crl(struct devpki *p, const char *name);
X509_CRL *judge_crl_shaped(struct devpki *p, const struct devpki_cert *ca,
			   const struct devpki_crl_how *how);
/* -1: not listed; else its reasonCode, 100 when that is absent. */
int judge_entry(X509_CRL *crl, const struct devpki_cert *c);
int64_t judge_number(X509_CRL *crl, int nid); /* -1: absent */

/* NULL: OCSP_basic_verify() refuses it, or it is not successful. */
OCSP_BASICRESP *judge_ocsp(struct devpki *p, struct view response, unsigned long flags);

#endif
