/* SPDX-License-Identifier: Apache-2.0 */
#include "validation/indication.h"

const char *indication_name(enum indication i)
{
	switch (i) {
	case INDICATION_PASSED:
		return "PASSED";
	case INDICATION_FAILED:
		return "FAILED";
	case INDICATION_INDETERMINATE:
		return "INDETERMINATE";
	}
	return "?";
}
