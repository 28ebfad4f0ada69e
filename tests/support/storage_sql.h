/* SPDX-License-Identifier: Apache-2.0 */
/* storage_sql - tampering with a closed (or open) store behind its back. */
#ifndef LTPS_TESTS_STORAGE_SQL_H
#define LTPS_TESTS_STORAGE_SQL_H

#include <stdint.h>

/* Runs statements on DIR/ltps.db; ends the process when that fails. */
void storage_sql(const char *dir, const char *sql);
/* First column of the first row. */
int64_t storage_sql_int(const char *dir, const char *sql);
/* Whether the statements succeed. */
int storage_sql_try(const char *dir, const char *sql);

#endif
