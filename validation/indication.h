/* SPDX-License-Identifier: Apache-2.0 */
/* indication - the outcome of a building block of EN 319 102-1, 5.1.3. */
#ifndef LTPS_VALIDATION_INDICATION_H
#define LTPS_VALIDATION_INDICATION_H

enum indication {
	INDICATION_PASSED,
	INDICATION_FAILED,
	INDICATION_INDETERMINATE,
};

/* "PASSED", "FAILED", "INDETERMINATE" */
const char *indication_name(enum indication i);

#endif
