/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew - the crash points of stamping and renewing, for tests and the simulation:
 * NULL-terminated names for failpoint_arm(). At each a restart must repair all.
 */
#ifndef LTPS_LTP_RENEW_H
#define LTPS_LTP_RENEW_H

extern const char *const preserve_failpoints[]; /* preserve.c, preserve_token.c */
extern const char *const renew_failpoints[];    /* renew.c */

#endif
