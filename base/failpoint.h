/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failpoint - named points at which a test or the simulator ends the process
 * as if by kill -9, or lets an operation fail.
 *
 * Armed by failpoint_arm("name:n:kill") or "name:n:fail": at the n-th passage
 * of that point. Unarmed, a passage costs one load and a branch.
 */
#ifndef LTPS_BASE_FAILPOINT_H
#define LTPS_BASE_FAILPOINT_H

#include <stdbool.h>

#include "base/err.h"

/* One spec, or several separated by commas; NULL or "" disarms all. */
int failpoint_arm(const char *specs, struct ltps_error *err) LTPS_CHECKED;
/*
 * failpoint_pass - true when the operation here is to fail; does not return
 * when the process is to die (SIGKILL to itself).
 */
bool failpoint_pass(const char *name);
/* The same as an operation that fails: -1 with IO (self), else 0. */
int failpoint_fail(const char *name, struct ltps_error *err) LTPS_CHECKED;

#endif
