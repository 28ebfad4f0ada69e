/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_kit - a PKI with TSA, OCSP and CRLs behind HTTP on loopback, and all that
 * augment_cades() and seal_cades() take, in the hands of a test. What cannot be made
 * ends the test.
 */
#ifndef LTPS_TESTS_AUGMENT_KIT_H
#define LTPS_TESTS_AUGMENT_KIT_H

#include "ltp/augment.h"
#include "tests/support/cades_kit.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/pki_server.h"

#define AUGMENT_KIT_NOW "2026-06-01T12:00:00Z"

struct augment_kit {
	struct pki_server *server;
	struct clock clock;
	int64_t now_ms; /* at the start */
	struct material *trust;
	const struct material *pools[1];
	struct validation_policy *policy;
	struct fetch *fetch;
	char url[96];
	struct tsa tsa;
	struct tsp_client client;
	struct path_sources sources;
};

void augment_kit_start(struct augment_kit *k);
void augment_kit_stop(struct augment_kit *k);
/* Moves the clock of the test and of the PKI. */
void augment_kit_pass(struct augment_kit *k, int64_t ms);
/* Everything but file and content. */
struct augment_input augment_kit_input(struct augment_kit *k,
				       enum signature_level level);
/* A holder of this name, issued now; the TSA's own certificate and key. */
struct fix_cert augment_kit_holder(struct augment_kit *k, const char *name,
				   enum devpki_key key);
struct fix_cert augment_kit_tsa(struct augment_kit *k);
/* From now on. */
void augment_kit_fault(struct augment_kit *k, enum devpki_target target,
		       enum devpki_fault fault);
/* CRLs are this much older than the time at which they are given. */
void augment_kit_old_crls(struct augment_kit *k, int64_t ms);

#endif
