/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/jsonw.h"
#include "base/mem.h"

/* Long enough for a record with every field, short enough for any collector. */
#define LOG_RECORD_MAX ((size_t)8 << 10)
/* Kept free while fields are written, for the mark of a cut record. */
#define LOG_END_MAX 32
/* One source byte becomes at most \u00XX or the three bytes of U+FFFD. */
#define LOG_EXPANSION_MAX 6

struct log {
	int fd;
	atomic_bool json;
	_Atomic unsigned level; /* enum log_level */
	const struct clock *clock;
	pthread_mutex_t lock; /* one record after the other; guards torn */
	bool torn;            /* the last record was not written to its end */
};

/* What a record says, before it is given a form. */
struct record {
	const char *level;
	const char *channel;
	const char *text;
	char time[TIME_TEXT_MAX];
	struct {
		const struct log_field *fields;
		size_t n;
	} parts[2];
};

static const char *const level_names[] = {
	[LOG_ERROR] = "error",
	[LOG_WARNING] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

#define LOG_LEVEL_COUNT (sizeof(level_names) / sizeof(level_names[0]))

int log_level_parse(const char *s, enum log_level *ret_level)
{
	for (size_t i = 0; i < LOG_LEVEL_COUNT; i++) {
		if (strcmp(s, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

void log_set(struct log *log, bool json, enum log_level level)
{
	if (log == NULL)
		return;
	atomic_store(&log->json, json);
	atomic_store(&log->level, (unsigned)level);
}

int log_new(int fd, bool json, enum log_level level, const struct clock *clock,
	    struct log **ret_log, struct ltps_error *err)
{
	struct log *log = mem_zalloc(1, sizeof(*log));
	if (log == NULL)
		return ltps_fail_nomem(err);
	log->fd = fd;
	log_set(log, json, level);
	log->clock = clock;
	pthread_mutex_init(&log->lock, NULL);
	*ret_log = log;
	return 0;
}

void log_free(struct log *log)
{
	if (log == NULL)
		return;
	pthread_mutex_destroy(&log->lock);
	mem_free(log);
}

static struct view bounded_text(const char *s)
{
	return view_of(s, strnlen(s, LOG_RECORD_MAX));
}

/* --- text form ----------------------------------------------------------- */

/* Bytes that need no quotes around a value. */
static bool is_plain(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c != '\0' && strchr("._:/@+-%,", c) != NULL);
}

static bool is_plain_text(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!is_plain(v.p[i]))
			return false;
	}
	return v.n > 0;
}

/* Length of the UTF-8 character at the start of v, 0 when it is none. */
static size_t character_len(struct view v)
{
	const uint8_t c = v.p[0];
	const size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	return n <= v.n && utf8_valid(view_head(v, n)) ? n : 0;
}

/*
 * Characters that break a line or turn its direction on a terminal: C0, C1,
 * U+2028 to U+202E, U+2066 to U+2069.
 */
static bool is_hostile(struct view c)
{
	if (c.n == 1)
		return c.p[0] < 0x20 || c.p[0] == 0x7f;
	if (c.n == 2)
		return c.p[0] == 0xc2 && c.p[1] < 0xa0;
	if (c.n != 3 || c.p[0] != 0xe2)
		return false;
	return (c.p[1] == 0x80 && c.p[2] >= 0xa8 && c.p[2] <= 0xae) ||
	       (c.p[1] == 0x81 && c.p[2] >= 0xa6 && c.p[2] <= 0xa9);
}

static int put_escaped_byte(struct buf *b, uint8_t c, struct ltps_error *err)
{
	if (c == '\n')
		return buf_put_text(b, "\\n", err);
	if (c == '\t')
		return buf_put_text(b, "\\t", err);
	return buf_put_fmt(b, err, "\\x%02x", c);
}

static int put_character(struct buf *b, struct view c, struct ltps_error *err)
{
	if (c.n == 1 && (c.p[0] == '"' || c.p[0] == '\\'))
		return buf_put_fmt(b, err, "\\%c", c.p[0]);
	return buf_put(b, c, err);
}

static int put_quoted(struct buf *b, struct view v, struct ltps_error *err)
{
	if (buf_put_byte(b, '"', err) != 0)
		return -1;
	while (v.n > 0) {
		const size_t n = character_len(v);
		const bool bad = n == 0 || is_hostile(view_head(v, n));
		const struct view c = view_head(v, n == 0 ? 1 : n);
		if (!bad && put_character(b, c, err) != 0)
			return -1;
		for (size_t i = 0; bad && i < c.n; i++) {
			if (put_escaped_byte(b, c.p[i], err) != 0)
				return -1;
		}
		v = view_skip(v, c.n);
	}
	return buf_put_byte(b, '"', err);
}

static int put_field(struct buf *b, struct view key, struct view value,
		     struct ltps_error *err)
{
	if (buf_put_byte(b, ' ', err) != 0)
		return -1;
	/* Keys are constants of the program; anything else must not split a line. */
	for (size_t i = 0; i < key.n; i++) {
		if (buf_put_byte(b, is_plain(key.p[i]) ? key.p[i] : '_', err) != 0)
			return -1;
	}
	if (buf_put_byte(b, '=', err) != 0)
		return -1;
	return is_plain_text(value) ? buf_put(b, value, err)
				    : put_quoted(b, value, err);
}

/* --- one form or the other ---------------------------------------------- */

struct writer {
	struct buf out; /* over a local array that is full size: never grows */
	bool json;
	bool cut;
	struct jsonw j;
};

static int write_member(struct writer *w, const char *key, struct view value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (!w->json)
		return put_field(&w->out, bounded_text(key), value, &err);
	jsonw_key(&w->j, key);
	jsonw_text(&w->j, value);
	return w->j.err.code == LTPS_OK ? 0 : -1;
}

static int write_head(struct writer *w, const struct record *r, struct view text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (w->json) {
		jsonw_object(&w->j);
		jsonw_member(&w->j, "time", r->time);
		jsonw_member(&w->j, "level", r->level);
		jsonw_member(&w->j, "channel", r->channel);
		jsonw_key(&w->j, "text");
		jsonw_text(&w->j, text);
		return w->j.err.code == LTPS_OK ? 0 : -1;
	}
	if (buf_put_fmt(&w->out, &err, "%s %s %s ", r->time, r->level, r->channel) != 0)
		return -1;
	return put_quoted(&w->out, text, &err);
}

/*
 * Writes r's head (field NULL) or a field. When it does not fit, what was
 * begun is taken back and it is written once more with its text shortened so
 * far that it fits whatever its bytes.
 */
static void write_fitting(struct writer *w, const struct record *r,
			  const struct log_field *field)
{
	struct view value = bounded_text(field != NULL ? field->value : r->text);
	const size_t key_n = field != NULL ? bounded_text(field->key).n : 0;
	const struct jsonw before = w->j;
	const size_t n = w->out.n;
	if (w->cut)
		return;
	const int rc = field != NULL ? write_member(w, field->key, value)
				     : write_head(w, r, value);
	if (rc == 0)
		return;
	w->cut = true;
	w->out.n = n;
	w->j = before;
	const size_t fixed = field != NULL ? LOG_EXPANSION_MAX * (key_n + 1) : 256;
	const size_t left = w->out.max - n;
	if (left < fixed)
		return;
	value = view_head(value, (left - fixed) / LOG_EXPANSION_MAX);
	if (field != NULL ? write_member(w, field->key, value)
			  : write_head(w, r, value)) {
		w->out.n = n;
		w->j = before;
	}
}

/* The record's end, in the room kept for it. */
static void write_end(struct writer *w)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = 0;
	w->out.max = LOG_RECORD_MAX;
	if (w->json) {
		if (w->cut)
			jsonw_member_bool(&w->j, "cut", true);
		jsonw_object_end(&w->j);
		rc |= jsonw_end(&w->j, &err);
	} else if (w->cut) {
		rc |= buf_put_text(&w->out, " cut=true", &err);
	}
	rc |= buf_put_byte(&w->out, '\n', &err);
	(void)rc; /* LOG_END_MAX holds all of it */
}

/* v's first byte ends the line of a record that was torn before. */
static void write_all(struct log *log, struct view v)
{
	pthread_mutex_lock(&log->lock);
	if (!log->torn)
		v = view_skip(v, 1);
	while (v.n > 0) {
		const ssize_t n = write(log->fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		v = view_skip(v, (size_t)n);
		log->torn = v.n > 0;
	}
	pthread_mutex_unlock(&log->lock);
}

static void record_write(struct log *log, const struct record *r)
{
	uint8_t bytes[1 + LOG_RECORD_MAX + 1]; /* NL before, NUL behind */
	struct writer w = {
		.out = { .p = bytes + 1,
			 .cap = LOG_RECORD_MAX + 1,
			 .max = LOG_RECORD_MAX - LOG_END_MAX },
		.json = log->json,
	};
	bytes[0] = '\n';
	w.j = jsonw_to(&w.out);
	write_fitting(&w, r, NULL);
	for (size_t p = 0; p < 2; p++) {
		for (size_t i = 0; i < r->parts[p].n; i++) {
			if (r->parts[p].fields[i].value != NULL)
				write_fitting(&w, r, &r->parts[p].fields[i]);
		}
	}
	write_end(&w);
	write_all(log, view_of(bytes, 1 + w.out.n));
}

static bool is_wanted(const struct log *log, enum log_level level)
{
	return log != NULL && (unsigned)level < LOG_LEVEL_COUNT && level <= log->level;
}

static void record_init(struct record *r, const struct log *log,
			enum log_channel channel, enum log_level level,
			const char *text)
{
	*r = (struct record){
		.level = level_names[level],
		.channel = channel == LOG_VALIDATION ? "validation" : "operation",
		.text = text,
	};
	time_rfc3339(clock_now_ms(log->clock), r->time);
}

void log_write(struct log *log, enum log_channel channel, enum log_level level,
	       const char *text, const struct log_field *fields, size_t n)
{
	struct record r;
	if (!is_wanted(log, level))
		return;
	record_init(&r, log, channel, level, text);
	r.parts[0].fields = fields;
	r.parts[0].n = n;
	record_write(log, &r);
}

void log_error(struct log *log, enum log_channel channel, enum log_level level,
	       const char *text, const struct ltps_error *e,
	       const struct log_field *fields, size_t n)
{
	struct record r;
	char line[sizeof(e->text) + sizeof(e->where) + 128];
	if (!is_wanted(log, level))
		return;
	ltps_error_line(e, line, sizeof(line));
	const struct log_field own[] = {
		{ "error", line },
		{ "code", ltps_code_name(e->code) },
		{ "fault", ltps_fault_name(e->fault) },
		{ "clause", e->clause },
	};
	record_init(&r, log, channel, level, text);
	r.parts[0].fields = own;
	r.parts[0].n = sizeof(own) / sizeof(own[0]);
	r.parts[1].fields = fields;
	r.parts[1].n = n;
	record_write(log, &r);
}
