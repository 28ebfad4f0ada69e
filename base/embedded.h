/* SPDX-License-Identifier: Apache-2.0 */
/* embedded - data files built into the program (cmake/embed.cmake). */
#ifndef LTPS_BASE_EMBEDDED_H
#define LTPS_BASE_EMBEDDED_H

#include "base/bytes.h"

struct embedded {
	const char *name; /* file name without folder */
	struct view bytes;
	const char *sha256; /* of bytes, in hexadecimal digits */
};

#endif
