/* SPDX-License-Identifier: Apache-2.0 */
/*
 * indication - the outcome of a building block or of a whole validation, EN 319 102-1
 * 5.1.3, tables 5 and 6.
 */
#ifndef LTPS_VALIDATION_INDICATION_H
#define LTPS_VALIDATION_INDICATION_H

/* Ordered from good to bad as the exit status of the judging commands is not:
 * FAILED is the worst, then INDETERMINATE. */
enum indication {
	INDICATION_PASSED,
	INDICATION_FAILED,
	INDICATION_INDETERMINATE,
};

enum subindication {
	SUB_NONE = 0,
	/* FAILED */
	SUB_FORMAT_FAILURE,
	SUB_HASH_FAILURE,
	SUB_SIG_CRYPTO_FAILURE,
	SUB_REVOKED,
	SUB_EXPIRED,
	SUB_NOT_YET_VALID,
	/* INDETERMINATE */
	SUB_SIG_CONSTRAINTS_FAILURE,
	SUB_CHAIN_CONSTRAINTS_FAILURE,
	SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE,
	SUB_CRYPTO_CONSTRAINTS_FAILURE,
	SUB_POLICY_PROCESSING_ERROR,
	SUB_SIGNATURE_POLICY_NOT_AVAILABLE,
	SUB_TIMESTAMP_ORDER_FAILURE,
	SUB_NO_SIGNING_CERTIFICATE_FOUND,
	SUB_NO_CERTIFICATE_CHAIN_FOUND,
	SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE,
	SUB_REVOKED_NO_POE,
	SUB_REVOKED_CA_NO_POE,
	SUB_OUT_OF_BOUNDS_NOT_REVOKED,
	SUB_OUT_OF_BOUNDS_NO_POE,
	SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE,
	SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
	SUB_NO_POE,
	SUB_TRY_LATER,
	SUB_SIGNED_DATA_NOT_FOUND,
	SUB_CUSTOM,
	SUB_COUNT
};

/* "PASSED", "FAILED", "INDETERMINATE" */
const char *indication_name(enum indication i);
/* "TOTAL_PASSED", "TOTAL_FAILED", "INDETERMINATE": of a signature as a whole. */
const char *indication_total_name(enum indication i);
/* "HASH_FAILURE"; NULL for SUB_NONE. */
const char *subindication_name(enum subindication s);
/* SUB_NONE for NULL and for what is no name. */
enum subindication subindication_from_name(const char *name);
/* The main indication that table 5 and 6 give it; PASSED for SUB_NONE. */
enum indication subindication_main(enum subindication s);

#endif
