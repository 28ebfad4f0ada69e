/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signed_kit - signatures by the key of an ltp_kit, as clients submit them: CAdES and
 * PAdES of level B-B. What cannot be made ends the test.
 */
#ifndef LTPS_TESTS_SIGNED_KIT_H
#define LTPS_TESTS_SIGNED_KIT_H

#include "tests/support/ltp_kit.h"
#include "validation/document.h"

/* Free with buf_free(). */
struct buf signed_kit_cades(struct ltp_kit *k, const char *text, bool detached);
/* By two holders of the same PKI, attached. */
struct buf signed_kit_cades_by_two(struct ltp_kit *k);
struct buf signed_kit_pades(struct ltp_kit *k);
/* The level of a CAdES or PAdES, judged now with the anchors of the kit; fails the test
 * when it is not valid. */
enum signature_level signed_kit_level(struct ltp_kit *k, struct view file,
				      struct view content);

#endif
