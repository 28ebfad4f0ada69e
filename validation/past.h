/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past - certificates judged in the past: EN 319 102-1 X.509 certificate
 * validation (5.2.6), past certificate validation (5.6.2.1) and validation time
 * sliding (5.6.2.2).
 */
#ifndef LTPS_VALIDATION_PAST_H
#define LTPS_VALIDATION_PAST_H

#include "validation/constraint.h"
#include "validation/indication.h"
#include "validation/path.h"

/* What X.509 constraints of a policy find on one chain. */
struct cert_constraint {
	bool fails;
	enum constraint constraint;
	char text[200];
};

/* Constraints of the validation policy beyond path_input. */
struct cert_validation_input {
	struct path_input path;     /* time_ms: the time of validation; known_ms 0 */
	const struct poe_set *poes; /* 5.6.2: NULL: everything exists since time_ms */
	/* Anchors past their sunset: by the same index as path.anchors, or NULL. */
	const int64_t *anchor_sunset_ms; /* 0: none */
	bool anchor_as_signer_passes;    /* 5.2.6.4 step 1: MAY */
	/* A status that is missing or stale is as good as one; a bad one counts. */
	bool status_optional;
	/* Only this chain is looked at; NULL: all. */
	const struct path_candidate *only;
	/* Step 5 (of 5.6.2.1: step 4) for each chain, after those of path_input; ret is
	 * zeroed before. NULL: none. */
	int (*constraints)(void *arg, const struct path_candidate *c,
			   struct cert_constraint *ret, struct ltps_error *err);
	void *constraints_arg;
};

struct cert_validation_result {
	enum indication indication;
	const char *subindication; /* EN 319 102-1 term; NULL when passed */
	enum path_code why;
	char text[256];
	struct path_candidate chain; /* the last one looked at; n_certs 0: none */
	/* Of REVOKED_(CA_)NO_POE and hold, else INT64_MIN; ahead of the time of
	 * validation only for a reason that leaves earlier signatures their worth. */
	int64_t revoked_ms;
	int reason;
	int64_t retry_ms;           /* of TRY_LATER: nextUpdate; INT64_MIN unknown */
	enum constraint constraint; /* that failed; CONSTRAINT_COUNT: none */
	/* Of CRYPTO_CONSTRAINTS_FAILURE_NO_POE: the object whose signature is weak, by
	 * its SHA-256, the algorithm that ends first and its last moment (INT64_MIN:
	 * reliable at no time). Then has_weak is set. */
	bool has_weak;
	uint8_t weak_object[32];
	char weak_algorithm[ALGORITHM_WHAT_MAX];
	int64_t weak_until_ms;
	int64_t control_time_ms; /* of past validation, when PASSED */
	struct need *needs;
	size_t n_needs;
};

/* 5.2.6.4, step by step. ret: free with cert_validation_free(). Fails: NOMEM, CRYPTO */
int cert_validate(const struct cert_validation_input *in,
		  struct cert_validation_result **ret,
		  struct ltps_error *err) LTPS_CHECKED;
/* 5.6.2.1: at some time in the past, with validation time sliding. */
int cert_validate_past(const struct cert_validation_input *in,
		       struct cert_validation_result **ret,
		       struct ltps_error *err) LTPS_CHECKED;
void cert_validation_free(struct cert_validation_result *r);
/* The same once more, but its needs, of which there are none then. Fails: NOMEM */
int cert_validation_copy(const struct cert_validation_result *r,
			 struct cert_validation_result **ret,
			 struct ltps_error *err) LTPS_CHECKED;

/*
 * time_slide - 5.6.2.2 over one chain.
 * start_ms  now, or the anchor's sunset if that is earlier
 * c         certs and n_certs; revocation is filled in
 * INDETERMINATE / NO_POE in *ret_code != PATH_OK with the missing object in text.
 */
struct time_slide {
	bool found;
	int64_t control_time_ms;
	int missing_for;   /* index of the certificate without usable status or proof */
	bool missing_cert; /* the proof for the certificate itself is missing */
	char text[200];
};
struct path_run;
int time_slide(struct path_run *run, const struct poe_set *poes, int64_t start_ms,
	       struct path_candidate *c, struct time_slide *ret,
	       struct ltps_error *err) LTPS_CHECKED;

/* SHA-256 of the CRL or response; NULL: it is neither. */
const uint8_t *path_status_id(const struct path_status_object *o);

#endif
