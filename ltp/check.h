/* SPDX-License-Identifier: Apache-2.0 */
/* check - what fsck asks of the domain: are trees and tokens right? */
#ifndef LTPS_LTP_CHECK_H
#define LTPS_LTP_CHECK_H

#include "storage/fsck.h"

/* Static; for store_fsck(). */
const struct fsck_hooks *ltp_fsck_hooks(void);

#endif
