/* SPDX-License-Identifier: Apache-2.0 */
/* algorithm_suite_private - between the readers of suites. */
#ifndef LTPS_VALIDATION_ALGORITHM_SUITE_PRIVATE_H
#define LTPS_VALIDATION_ALGORITHM_SUITE_PRIVATE_H

#include "validation/algorithm_suite.h"

/* The errors of the published file that are mended. */
enum suite_mend {
	MEND_SHA224_OID,
	MEND_SHA384_OID,
	MEND_SECP521R1,
	MEND_ROOT_NAME,
	MEND_OID_KEY,
	MEND_EVALUATION_OBJECT,
	MEND_PARAMETER_OBJECT,
	MEND_NUMBER_TEXT,
	MEND_DETAILS_NAMESPACE,
	MEND_DATE_TIME,
	MEND_NO_VALIDITY,
	MEND_COUNT
};

/* A suite being read, and where the reader stands. */
struct suite_reader {
	struct algorithm_suite *s;
	struct suite_algorithm *algorithm; /* being read; NULL */
	size_t evaluation;                 /* number of the one being read; 0: none */
	bool validity;                     /* it has one */
	unsigned mended[MEND_COUNT];
};

int suite_text(struct algorithm_suite *s, struct view v, const char **ret,
	       struct ltps_error *err) LTPS_CHECKED;
int suite_note(struct algorithm_suite *s, struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))) LTPS_CHECKED;

/* "Algorithm 3 (SHA384): Evaluation 1: what": FORMAT (caller). */
int suite_fail(const struct suite_reader *r, struct ltps_error *err, const char *fmt,
	       ...) __attribute__((format(printf, 3, 4)));

/* What the readers find, checked and kept. Texts are borrowed. */
int suite_add_algorithm(struct suite_reader *r, struct ltps_error *err) LTPS_CHECKED;
int suite_add_oid(struct suite_reader *r, struct view v,
		  struct ltps_error *err) LTPS_CHECKED;
int suite_add_uri(struct suite_reader *r, struct view v,
		  struct ltps_error *err) LTPS_CHECKED;
int suite_add_evaluation(struct suite_reader *r, struct ltps_error *err) LTPS_CHECKED;
int suite_add_parameter(struct suite_reader *r, struct view name,
			struct ltps_error *err) LTPS_CHECKED;
/* Min or Max of the last parameter. */
int suite_set_bound(struct suite_reader *r, bool max, struct view v,
		    struct ltps_error *err) LTPS_CHECKED;
/* Start or End. */
int suite_set_day(struct suite_reader *r, bool end, struct view v,
		  struct ltps_error *err) LTPS_CHECKED;
int suite_add_usage(struct suite_reader *r, struct view v,
		    struct ltps_error *err) LTPS_CHECKED;
int suite_set_recommendation(struct suite_reader *r, struct view v,
			     struct ltps_error *err) LTPS_CHECKED;
/* xs:dateTime; without a zone it is UTC. */
int suite_time(const struct suite_reader *r, const char *what, struct view v,
	       int64_t *ret_ms, struct ltps_error *err) LTPS_CHECKED;
/* At the end of an evaluation, of an algorithm, of the file. */
int suite_end_evaluation(struct suite_reader *r, struct ltps_error *err) LTPS_CHECKED;
int suite_end_algorithm(struct suite_reader *r, struct ltps_error *err) LTPS_CHECKED;
int suite_end(struct suite_reader *r, struct ltps_error *err) LTPS_CHECKED;
struct suite_evaluation *suite_evaluation(const struct suite_reader *r);

/* The two forms (algorithm_suite_xml.c, algorithm_suite_json.c). */
int suite_read_xml(struct suite_reader *r, struct view in,
		   struct ltps_error *err) LTPS_CHECKED;
int suite_read_json(struct suite_reader *r, struct view in,
		    struct ltps_error *err) LTPS_CHECKED;

/* algorithm_suite_jws.c: RFC 7515 5.2 with a certificate at hand. */
struct suite_jws {
	struct view algorithm; /* "RS256" */
	struct view signing_input;
	struct view signature;   /* octets */
	struct view certificate; /* DER */
};
/*
 * suite_jws_verify - check it and note its signer.
 * Fails: FORMAT (caller) when it does not verify; UNSUPPORTED (caller) for another
 *        algorithm; NOMEM, CRYPTO
 */
int suite_jws_verify(struct suite_reader *r, const struct suite_jws *j,
		     struct ltps_error *err) LTPS_CHECKED;
/* RFC 4648 5 without padding, appended. Fails: FORMAT (caller) */
int suite_base64url(struct view text, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;

#endif
