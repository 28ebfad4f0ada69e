/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_sign - the enveloped XAdES baseline B signature of a validation report.
 */
#ifndef LTPS_LTP_REPORT_SIGN_H
#define LTPS_LTP_REPORT_SIGN_H

#include "base/bytes.h"
#include "ltp/signing_key.h"

/*
 * report_sign - xml: as report_xml() made it (exclusive canonical form). out: the same
 * with a ds:Signature at the end of its root.
 * time_ms  signing time
 * Fails:   FORMAT (caller) for a text that is no ValidationReport; UNSUPPORTED (caller)
 *          for a key without an XML algorithm; CRYPTO, NOMEM
 * Spec:    TS 119 102-2 4.6; EN 319 132-1 6.3; XML Signature 1.1; Exclusive XML
 *          Canonicalization 1.0
 */
int report_sign(struct view xml, const struct signing_key *key, int64_t time_ms,
		struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
