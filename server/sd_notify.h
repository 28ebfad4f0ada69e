/* SPDX-License-Identifier: Apache-2.0 */
/* sd_notify - tells the service manager how far we are (sd_notify(3)). */
#ifndef LTPS_SERVER_SD_NOTIFY_H
#define LTPS_SERVER_SD_NOTIFY_H

/* state: "READY=1", "STOPPING=1". Nothing where nobody wants to know; what cannot be
 * told is left untold, since the manager has limits of its own. */
void sd_notify_state(const char *state);

#endif
