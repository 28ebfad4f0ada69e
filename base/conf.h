/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf - strict reader of configuration text.
 *
 *   # comment
 *   [section]            or   [section label]     (a repeatable section)
 *   key = value          text to the end of the line, blanks trimmed;
 *                        "..." keeps blanks, with \" \\ \n \t inside
 *
 * A key that is unknown, given twice, of a wrong type or out of range is an
 * error with file and line; so is an unknown or repeated section. A key whose
 * rule says `list` may be given more than once; its values keep their order.
 */
#ifndef LTPS_BASE_CONF_H
#define LTPS_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"

#define CONF_FILE_MAX ((size_t)1 << 20)
#define CONF_ENTRIES_MAX 4096

enum conf_type {
	CONF_TEXT,     /* non-empty text */
	CONF_INT,      /* decimal, within min..max */
	CONF_BOOL,     /* true or false */
	CONF_SIZE,     /* bytes: 512, 64K, 16M, 2G */
	CONF_DURATION, /* 500ms, 2s, 10m, 12h, 30d; value in ms */
	CONF_PERIOD,   /* ISO 8601 duration: P10Y (clock.h) */
	CONF_TIME,     /* RFC 3339; value in ms */
};

struct conf_rule {
	const char *section;
	bool labelled; /* [section label] */
	const char *key;
	enum conf_type type;
	bool list;
	bool required;    /* in each section that is present */
	int64_t min, max; /* for INT, SIZE, DURATION; both 0: no limits */
};

struct conf;

/*
 * conf_parse - text to checked entries.
 * name    for error texts; copied
 * Fails:  FORMAT (caller) "name:line: ..."; TOO_LARGE; NOMEM
 */
int conf_parse(struct view text, const char *name, const struct conf_rule *rules,
	       size_t n_rules, struct conf **ret_c,
	       struct ltps_error *err) LTPS_CHECKED;
int conf_read(const char *path, const struct conf_rule *rules, size_t n_rules,
	      struct conf **ret_c, struct ltps_error *err) LTPS_CHECKED;
void conf_free(struct conf *c);

/* i-th label of a labelled section in file order; NULL beyond the last. */
const char *conf_label(const struct conf *c, const char *section, size_t i);
bool conf_has_section(const struct conf *c, const char *section, const char *label);
/* i-th value of a key; NULL when there are no more. label NULL: unlabelled. */
const char *conf_text_at(const struct conf *c, const char *section, const char *label,
			 const char *key, size_t i);
/* The line it stands on, for error texts; 0 when there is none. */
unsigned conf_line(const struct conf *c, const char *section, const char *label,
		   const char *key, size_t i);
/* First value, or the default. */
const char *conf_text(const struct conf *c, const char *section, const char *label,
		      const char *key, const char *dflt);
/* For INT, BOOL (0/1), SIZE (bytes), DURATION (ms), TIME (ms). */
int64_t conf_int(const struct conf *c, const char *section, const char *label,
		 const char *key, int64_t dflt);
bool conf_period(const struct conf *c, const char *section, const char *label,
		 const char *key, struct duration *ret_d);

#endif
