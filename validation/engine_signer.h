/* SPDX-License-Identifier: Apache-2.0 */
/* engine_signer - certificates beside the names and references that a signature gives.
 * Private to the engine. */
#ifndef LTPS_VALIDATION_ENGINE_SIGNER_H
#define LTPS_VALIDATION_ENGINE_SIGNER_H

#include "validation/engine_private.h"

/* Whether it is the certificate of this issuer (Name TLV) and serial number. */
int signer_names(struct view issuer, struct view serial, const struct cert *c,
		 bool *ret_fits, struct ltps_error *err) LTPS_CHECKED;
/* Whether a reference has this certificate's hash; false for unknown digests. */
int signer_reference_matches(const struct cades_cert_ref *r, const struct cert *c,
			     bool *ret_matches, struct ltps_error *err) LTPS_CHECKED;

#endif
