/* SPDX-License-Identifier: Apache-2.0 */
/* zip_name - which names an entry may have. Private to the room. */
#ifndef LTPS_FORMATS_ZIP_NAME_H
#define LTPS_FORMATS_ZIP_NAME_H

#include <stdbool.h>

#include "base/bytes.h"

/* Why a name is refused, or NULL when it is fine: relative UTF-8 path with
 * '/' between parts, no part empty, "." or "..", no control character, no
 * backslash, no drive letter. A trailing '/' (a folder) is allowed when dirs. */
const char *zip_name_defect(struct view name, bool dirs);

#endif
