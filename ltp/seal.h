/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal - unsigned data becomes a CAdES signature, an unsigned PDF a PAdES one, by the
 * service's key, up to B-LTA.
 */
#ifndef LTPS_LTP_SEAL_H
#define LTPS_LTP_SEAL_H

#include "ltp/augment.h"
#include "ltp/signing_key.h"

struct seal_input {
	struct content *content;
	bool enveloping; /* the content goes into the file; it must be in memory */
	const char *mime_type; /* NULL: no mime-type attribute */
	const struct signing_key *key;
	enum digest_alg digest;
	struct augment_input augment; /* file, content unset; level LEVEL_B: no more */
};
/*
 * seal_cades - sign, then augment_cades().
 * ret    release with augmented_clear()
 * Fails: as augment_cades(); CRYPTO, REMOTE of the key
 * Spec:  EN 319 122-1 6.3
 */
int seal_cades(const struct seal_input *in, struct augmented *ret,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * seal_pades - a PDF without signature gets an invisible one in an incremental update
 * (ETSI.CAdES.detached; from LEVEL_T on with a signature time-stamp in its CMS, which a
 * document time-stamp takes the place of when it does not fit), then as
 * augment_pades(). content in memory; enveloping and mime_type are not used. A PDF that
 * is signed already gets one signature more. Fails: as augment_pades(); UNSUPPORTED
 * (object) when encrypted, or when a signature in it allows no further one Spec:  EN
 * 319 142-1 6.3
 */
int seal_pades(const struct seal_input *in, struct augmented *ret,
	       struct ltps_error *err) LTPS_CHECKED;

#endif
