/* SPDX-License-Identifier: Apache-2.0 */
/* tenant - what a tenant may use: profiles and room. */
#ifndef LTPS_LTP_TENANT_H
#define LTPS_LTP_TENANT_H

#include "ltp/ltp.h"
#include "storage/store.h"

/* A profile that some tenant names is for those that name it; all others are for all.
 */
bool tenant_has_profile(const struct ltp *l, const char *tenant, const char *profile);
/*
 * tenant_has_room - whether so much more fits its quota; otherwise noSpaceError.
 * What the service itself adds later (forms, reports) counts, but is never refused: an
 * object that was taken is cared for.
 * *ret_fits, and ret_result when it does not
 */
int tenant_has_room(const struct ltp *l, struct store_conn *conn, const char *tenant,
		    uint64_t objects, uint64_t bytes, bool *ret_fits,
		    struct ltp_result *ret_result, struct ltps_error *err) LTPS_CHECKED;
/* The same once the rows are there, in their transaction: exact whatever runs beside
 * it. Fails: NO_SPACE (caller) */
int tenant_check_room(const struct ltp *l, struct store_conn *conn, const char *tenant,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
