/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log - one record a line, two channels: operation (the operator acts) and
 * validation (the object's fault). Only the edge and ltp/ steps that handle an
 * error write here; libraries return errors instead.
 *
 * Text form:  2026-11-21T20:04:05.123Z info operation "text" key=value ...
 * JSON form:  {"time":...,"level":...,"channel":...,"text":...,"key":...}
 */
#ifndef LTPS_BASE_LOG_H
#define LTPS_BASE_LOG_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"

enum log_channel { LOG_OPERATION, LOG_VALIDATION };
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log; /* may be shared by threads; a record is one write(2) */

struct log_field {
	const char *key;
	const char *value; /* NULL: field is left out */
};

/* fd is borrowed. */
int log_new(int fd, bool json, enum log_level level, const struct clock *clock,
	    struct log **ret_log, struct ltps_error *err) LTPS_CHECKED;
/* Another form and level, from the next record on; any thread. log may be NULL. */
void log_set(struct log *log, bool json, enum log_level level);
void log_free(struct log *log);
/* log may be NULL (nothing is written). Never fails; a record is cut at 8 KiB. */
void log_write(struct log *log, enum log_channel channel, enum log_level level,
	       const char *text, const struct log_field *fields, size_t n);
/* The same from an error: its code, fault, clause and line become fields. */
void log_error(struct log *log, enum log_channel channel, enum log_level level,
	       const char *text, const struct ltps_error *e,
	       const struct log_field *fields, size_t n);
#define LOG_FIELDS(...)                                                                \
	(const struct log_field[]){ __VA_ARGS__ },                                     \
	    sizeof((const struct log_field[]){ __VA_ARGS__ }) /                        \
		sizeof(struct log_field)
int log_level_parse(const char *s, enum log_level *ret_level);

#endif
