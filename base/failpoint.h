/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failpoint - named points at which a test or the simulator ends the process
 * as if by kill -9, or lets an operation fail.
 *
 * Armed by failpoint_arm("name:n:kill"), "name:n:fail", "name:n:full" or
 * "name:n:pause": at the n-th passage of that point. Unarmed, a passage costs one
 * load and a branch.
 *
 *   full   from there on every point fails, as on a full disk, until armed anew
 *   pause  the caller of failpoint_on_pause() is called, and what was going on goes
 *          on when he returns
 */
#ifndef LTPS_BASE_FAILPOINT_H
#define LTPS_BASE_FAILPOINT_H

#include <stdbool.h>

#include "base/err.h"

/* One spec, or several separated by commas; NULL or "" disarms all. */
int failpoint_arm(const char *specs, struct ltps_error *err) LTPS_CHECKED;
/*
 * failpoint_pass - true when the operation here is to fail, errno is why: EIO, or
 * ENOSPC; does not return when the process is to die (SIGKILL to itself).
 */
bool failpoint_pass(const char *name);
/* The same as an operation that fails: -1 with IO or NO_SPACE (self), else 0. */
int failpoint_fail(const char *name, struct ltps_error *err) LTPS_CHECKED;
/* Before anything is armed. fn runs on the thread that passes the point. NULL: pauses
 * do nothing. */
void failpoint_on_pause(void (*fn)(void *arg, const char *name), void *arg);

#endif
