/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_file - validation policies by what a command line or a configuration calls
 * them: the name or id of a built-in one, or a file (.conf of the house, or .xml of
 * EU DSS). A suite that a file names may stand beside it.
 */
#ifndef LTPS_SERVER_POLICY_FILE_H
#define LTPS_SERVER_POLICY_FILE_H

#include "validation/validation_policy.h"

/*
 * policy_load - what is no built-in one is looked for as a file.
 * ret_p  free with validation_policy_free()
 * Fails: NOT_FOUND (caller) when it is neither; as validation_policy_parse
 */
int policy_load(const char *name, struct validation_policy **ret_p,
		struct ltps_error *err) LTPS_CHECKED;

#endif
