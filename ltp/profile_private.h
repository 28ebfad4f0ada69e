/* SPDX-License-Identifier: Apache-2.0 */
/* profile_private - between profile.c and profile_scheme.c. */
#ifndef LTPS_LTP_PROFILE_PRIVATE_H
#define LTPS_LTP_PROFILE_PRIVATE_H

#include "ltp/profile.h"

/*
 * profile_scheme_check - whether a profile that was read keeps to its scheme, and what
 * follows from it: p->evidence.
 * Fails: UNSUPPORTED (caller) for a scheme that is not implemented; FORMAT (caller) for
 *        what the scheme does not allow
 * Spec:  TS 119 512 annex F
 */
int profile_scheme_check(struct profile *p, struct ltps_error *err) LTPS_CHECKED;

#endif
