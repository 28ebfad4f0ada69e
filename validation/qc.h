/* SPDX-License-Identifier: Apache-2.0 */
/* qc - QCStatements of a certificate: EN 319 412-5, RFC 3739 3.2.6. */
#ifndef LTPS_VALIDATION_QC_H
#define LTPS_VALIDATION_QC_H

#include "base/jsonw.h"
#include "validation/cert.h"

#define QC_COUNTRIES_MAX 8
#define QC_TYPES_MAX 8

struct qc_statements {
	bool present;
	bool malformed;
	bool unknown;    /* a statement of an identifier that we do not know */
	bool compliance; /* QcCompliance 0.4.0.1862.1.1 */
	bool sscd;       /* QcSSCD 0.4.0.1862.1.4 */
	bool type_esign, type_eseal, type_web; /* QcType 0.4.0.1862.1.6.1 .2 .3 */
	bool has_retention;
	uint64_t retention_years; /* 0.4.0.1862.1.3 */
	bool has_limit;           /* 0.4.0.1862.1.2 */
	char limit_currency[8];   /* letters, or the number as text */
	uint64_t limit_amount;    /* amount x 10^exponent */
	int64_t limit_exponent;
	char countries[QC_COUNTRIES_MAX][3]; /* QcCClegislation 0.4.0.1862.1.7 */
	size_t n_countries;
};
/* Never fails: what does not decode is `malformed`. */
void qc_read(const struct cert *c, struct qc_statements *ret);
void qc_json(const struct qc_statements *q, struct jsonw *j); /* one object */

#endif
