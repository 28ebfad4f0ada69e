/* SPDX-License-Identifier: Apache-2.0 */
/* limits - every limit of the store, with its reason. */
#ifndef LTPS_STORAGE_LIMITS_H
#define LTPS_STORAGE_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Largest blob kept inside the database. Above it the second write (log, then
 * database) costs more than a file of its own; measured by bench/storage_bench.
 */
#define STORE_SMALL_MAX ((size_t)32 << 10)
/* Largest inline blob that may be configured: rows stay readable at once. */
#define STORE_SMALL_LIMIT ((size_t)1 << 20)
/* Largest blob: one object is held in memory once. */
#define STORE_BLOB_MAX ((uint64_t)1 << 32)
/* Tasks waiting for the writer; beyond it callers get BUSY. */
#define STORE_QUEUE_MAX 4096
/* Tasks of one transaction: more gains nothing and delays the first. */
#define STORE_BATCH_MAX 256
/* Log size at which the writer checkpoints: bounds recovery time at start. */
#define STORE_WAL_MAX ((uint64_t)16 << 20)
/* How long an operation waits for another process's batch. */
#define STORE_LOCK_WAIT_MS 10000
/* Rows of one page of a listing, whatever the caller asks. */
#define STORE_PAGE_MAX 10000

/* Text fields. A longer value is refused with ARGUMENT, never cut. */
#define STORE_TENANT_MAX 64    /* also a folder name */
#define STORE_POID_MAX 128     /* a URN or UUID */
#define STORE_URI_MAX 512      /* profile and format identifiers */
#define STORE_NAME_MAX 128     /* version ids, MIME types, job kinds */
#define STORE_SUBJECT_MAX 1024 /* job subjects, related-object lists */
#define STORE_TEXT_MAX 4096    /* audit details, reasons, source addresses */
#define STORE_ERROR_MAX 512    /* last error kept with a tree or a job */

#define STORE_PARTS_MAX 10000                /* parts of one version: a data group */
#define STORE_VERSIONS_MAX 10000             /* versions of one object */
/* The last number that an update takes: the forms and reports of that many signed
 * versions need the rest, at each renewal again. */
#define STORE_UPDATES_MAX 1000
#define STORE_TOKEN_MAX ((size_t)16 << 20)   /* token with its validation data */
#define STORE_CHAIN_MAX ((size_t)64 << 20)   /* earlier chains of one version */
#define STORE_LEAVES_MAX ((uint64_t)1 << 32) /* as MERKLE_LEAVES_MAX */

#endif
