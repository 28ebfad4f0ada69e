/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conf.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"

/* A label names a profile, tenant or authority; it is shown in error texts. */
#define CONF_LABEL_MAX 255
/* How much of a key, label or file name is repeated in an error text. */
#define CONF_SHOWN_MAX 64
#define CONF_NAME_SHOWN_MAX 100

/* Sections and entries own nothing: their texts stand in the arena. */
struct section {
	const char *name;
	const char *label; /* NULL: unlabelled */
	unsigned line;
};

struct entry {
	const char *key;
	const char *value;
	size_t section;
	unsigned line;
	enum conf_type type;
	int64_t number;
	struct duration period;
};

struct conf {
	char *arena; /* all texts, each ended by NUL */
	size_t arena_n;
	struct section *sections;
	size_t n_sections;
	size_t cap_sections;
	struct entry *entries;
	size_t n_entries;
	size_t cap_entries;
};

struct parser {
	struct conf *c;
	const char *name;
	const struct conf_rule *rules;
	size_t n_rules;
	unsigned line;
};

/* Text that fits one %.*s of an error message. */
static int shown(struct view v)
{
	return (int)(v.n < CONF_SHOWN_MAX ? v.n : CONF_SHOWN_MAX);
}

static const char *text_of(struct view v)
{
	return v.n > 0 ? (const char *)v.p : "";
}

/* A long path is shown by its end, so that the line number is never cut. */
static const char *shown_name(const struct parser *p)
{
	const size_t n = strlen(p->name);
	return n > CONF_NAME_SHOWN_MAX ? p->name + n - CONF_NAME_SHOWN_MAX : p->name;
}

/* Values are never repeated: one of them may be a secret. */
static int fail_line(const struct parser *p, unsigned line, const char *what,
		     struct view about, struct ltps_error *err)
{
	if (about.n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s:%u: %s",
				 shown_name(p), line, what);
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s:%u: %s: %.*s",
			 shown_name(p), line, what, shown(about), text_of(about));
}

static int fail_here(const struct parser *p, const char *what, struct view about,
		     struct ltps_error *err)
{
	return fail_line(p, p->line, what, about, err);
}

static int fail_many(const struct parser *p, const char *what, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			 "%s:%u: more than %d %s", shown_name(p), p->line,
			 CONF_ENTRIES_MAX, what);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Bytes before the first c; all of them when there is none. */
static size_t span_to(struct view v, uint8_t c)
{
	const uint8_t *at = v.n > 0 ? memchr(v.p, c, v.n) : NULL;
	return at != NULL ? (size_t)(at - v.p) : v.n;
}

static bool is_name(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		const uint8_t c = v.p[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
			return false;
	}
	return v.n > 0;
}

/*
 * The arena is as large as the source and one more: every text kept, with its
 * NUL, is shorter than the characters that introduced it.
 */
static const char *keep_text(struct conf *c, struct view v)
{
	char *s = c->arena + c->arena_n;
	if (v.n > 0)
		memcpy(s, v.p, v.n);
	s[v.n] = '\0';
	c->arena_n += v.n + 1;
	return s;
}

static bool same_label(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* --- values ----------------------------------------------------------- */

/* Decimal digits without a leading zero, which elsewhere would mean octal. */
static bool read_digits(struct view v, int64_t *ret_n)
{
	int64_t n = 0;
	if (v.n == 0 || (v.n > 1 && v.p[0] == '0'))
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' ||
		    __builtin_mul_overflow(n, (int64_t)10, &n) ||
		    __builtin_add_overflow(n, (int64_t)(v.p[i] - '0'), &n))
			return false;
	}
	*ret_n = n;
	return true;
}

static bool read_int(struct view v, int64_t *ret_n)
{
	const bool negative = v.n > 1 && v.p[0] == '-';
	int64_t n;
	if (!read_digits(negative ? view_skip(v, 1) : v, &n))
		return false;
	*ret_n = negative ? -n : n;
	return true;
}

struct unit {
	const char *suffix;
	int64_t factor;
};

static const struct unit size_units[] = {
	{ "K", (int64_t)1 << 10 },
	{ "M", (int64_t)1 << 20 },
	{ "G", (int64_t)1 << 30 },
	{ "", 1 },
	{ NULL, 0 },
};

static const struct unit duration_units[] = {
	{ "ms", 1 },          { "s", 1000 },          { "m", 60 * 1000 },
	{ "h", 3600 * 1000 }, { "d", 86400 * 1000L }, { NULL, 0 },
};

static bool read_unit(struct view v, const struct unit *units, int64_t *ret_n)
{
	size_t digits = 0;
	int64_t n;
	while (digits < v.n && v.p[digits] >= '0' && v.p[digits] <= '9')
		digits++;
	const struct view suffix = view_skip(v, digits);
	while (units->suffix != NULL && !view_is_text(suffix, units->suffix))
		units++;
	if (units->suffix == NULL || !read_digits(view_head(v, digits), &n))
		return false;
	return !__builtin_mul_overflow(n, units->factor, ret_n);
}

static bool read_bool(struct view v, int64_t *ret_n)
{
	*ret_n = view_is_text(v, "true");
	return *ret_n != 0 || view_is_text(v, "false");
}

/* What a value of each type must look like, for the error text. */
static const char *const type_texts[] = {
	[CONF_TEXT] = "expected a non-empty text",
	[CONF_INT] = "expected a decimal number",
	[CONF_BOOL] = "expected true or false",
	[CONF_SIZE] = "expected a size such as 512, 64K, 16M or 2G",
	[CONF_DURATION] = "expected a duration such as 500ms, 2s, 10m, 12h or 30d",
	[CONF_PERIOD] = "expected an ISO 8601 duration such as P10Y",
	[CONF_TIME] = "expected an RFC 3339 time",
};

static bool read_value(enum conf_type type, struct view v, struct entry *e)
{
	struct ltps_error ignored = LTPS_ERROR_INIT; /* ours names file and line */
	switch (type) {
	case CONF_TEXT:
		return v.n > 0;
	case CONF_INT:
		return read_int(v, &e->number);
	case CONF_BOOL:
		return read_bool(v, &e->number);
	case CONF_SIZE:
		return read_unit(v, size_units, &e->number);
	case CONF_DURATION:
		return read_unit(v, duration_units, &e->number);
	case CONF_PERIOD:
		return time_parse_duration(v, &e->period, &ignored) == 0;
	case CONF_TIME:
		return time_parse_rfc3339(v, &e->number, &ignored) == 0;
	}
	return false;
}

static int check_range(const struct parser *p, const struct conf_rule *rule,
		       int64_t number, struct ltps_error *err)
{
	const bool ranged = rule->type == CONF_INT || rule->type == CONF_SIZE ||
			    rule->type == CONF_DURATION;
	if (!ranged || (rule->min == 0 && rule->max == 0))
		return 0;
	if (number >= rule->min && number <= rule->max)
		return 0;
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
			 "%s:%u: %s is out of range, %lld to %lld%s", shown_name(p),
			 p->line, rule->key, (long long)rule->min, (long long)rule->max,
			 rule->type == CONF_DURATION ? " ms" : "");
}

/* The character that a backslash and c stand for; 0 when they are nothing. */
static char escaped(uint8_t c)
{
	switch (c) {
	case '"':
	case '\\':
		return (char)c;
	case 'n':
		return '\n';
	case 't':
		return '\t';
	default:
		return 0;
	}
}

/* v stands behind the opening quote. Writes to the arena and keeps it there. */
static int keep_quoted(struct parser *p, struct view v, struct view *ret_v,
		       struct ltps_error *err)
{
	struct conf *c = p->c;
	char *s = c->arena + c->arena_n;
	size_t n = 0;
	size_t i = 0;
	for (; i < v.n && v.p[i] != '"'; i++) {
		char ch = (char)v.p[i];
		if (ch == '\\') {
			ch = i + 1 < v.n ? escaped(v.p[++i]) : 0;
			if (ch == 0)
				return fail_here(p, "unknown escape in quoted text",
						 VIEW_NULL, err);
		}
		s[n++] = ch;
	}
	if (i == v.n)
		return fail_here(p, "quoted text has no end", VIEW_NULL, err);
	if (i + 1 != v.n)
		return fail_here(p, "text behind the closing quote", VIEW_NULL, err);
	s[n] = '\0';
	c->arena_n += n + 1;
	*ret_v = view_of(s, n);
	return 0;
}

/* --- sections and entries ---------------------------------------------- */

static int room_for_section(struct parser *p, struct ltps_error *err)
{
	struct conf *c = p->c;
	if (c->n_sections < c->cap_sections)
		return 0;
	if (c->n_sections >= CONF_ENTRIES_MAX)
		return fail_many(p, "sections", err);
	const size_t cap = c->cap_sections == 0 ? 16 : c->cap_sections * 2;
	struct section *grown = mem_resize(c->sections, cap, sizeof(*grown));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	c->sections = grown;
	c->cap_sections = cap;
	return 0;
}

static int room_for_entry(struct parser *p, struct ltps_error *err)
{
	struct conf *c = p->c;
	if (c->n_entries >= CONF_ENTRIES_MAX)
		return fail_many(p, "entries", err);
	if (c->n_entries < c->cap_entries)
		return 0;
	const size_t cap = c->cap_entries == 0 ? 32 : c->cap_entries * 2;
	struct entry *grown = mem_resize(c->entries, cap, sizeof(*grown));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	c->entries = grown;
	c->cap_entries = cap;
	return 0;
}

/* A section that some rule names, with a label exactly when the rule says so. */
static int check_section(const struct parser *p, struct view name, bool labelled,
			 struct ltps_error *err)
{
	bool named = false;
	for (size_t i = 0; i < p->n_rules; i++) {
		if (!view_is_text(name, p->rules[i].section))
			continue;
		if (p->rules[i].labelled == labelled)
			return 0;
		named = true;
	}
	if (!named)
		return fail_here(p, "unknown section", name, err);
	return fail_here(
	    p, labelled ? "this section takes no label" : "this section needs a label",
	    name, err);
}

static const struct section *find_section(const struct conf *c, const char *name,
					  const char *label)
{
	for (size_t i = 0; i < c->n_sections; i++) {
		if (strcmp(c->sections[i].name, name) == 0 &&
		    same_label(c->sections[i].label, label))
			return &c->sections[i];
	}
	return NULL;
}

static bool label_fits(struct view label)
{
	for (size_t i = 0; i < label.n; i++) {
		if (is_blank(label.p[i]) || label.p[i] == '[' || label.p[i] == ']')
			return false;
	}
	return label.n <= CONF_LABEL_MAX;
}

static int add_section(struct parser *p, struct view name, struct view label,
		       struct ltps_error *err)
{
	struct conf *c = p->c;
	if (room_for_section(p, err) != 0)
		return -1;
	struct section s = { .line = p->line };
	s.name = keep_text(c, name);
	s.label = label.n > 0 ? keep_text(c, label) : NULL;
	if (find_section(c, s.name, s.label) != NULL)
		return fail_here(p, "this section is there already",
				 label.n > 0 ? label : name, err);
	c->sections[c->n_sections++] = s;
	return 0;
}

/* line begins with '['. */
static int parse_section(struct parser *p, struct view line, struct ltps_error *err)
{
	if (line.n < 2 || line.p[line.n - 1] != ']')
		return fail_here(p, "a section line ends with ]", VIEW_NULL, err);
	const struct view inner = view_trim(view_of(line.p + 1, line.n - 2));
	size_t n = 0;
	while (n < inner.n && !is_blank(inner.p[n]))
		n++;
	const struct view name = view_head(inner, n);
	const struct view label = view_trim(view_skip(inner, n));
	if (!is_name(name))
		return fail_here(p, "malformed section name", VIEW_NULL, err);
	if (!label_fits(label))
		return fail_here(p, "malformed label of section", name, err);
	if (check_section(p, name, label.n > 0, err) != 0)
		return -1;
	return add_section(p, name, label, err);
}

static const struct conf_rule *find_rule(const struct parser *p,
					 const struct section *s, struct view key)
{
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct conf_rule *rule = &p->rules[i];
		if (rule->labelled == (s->label != NULL) &&
		    strcmp(rule->section, s->name) == 0 && view_is_text(key, rule->key))
			return rule;
	}
	return NULL;
}

static const struct entry *find_entry(const struct conf *c, size_t section,
				      const char *key, size_t i)
{
	for (size_t k = 0; k < c->n_entries; k++) {
		const struct entry *e = &c->entries[k];
		if (e->section == section && strcmp(e->key, key) == 0 && i-- == 0)
			return e;
	}
	return NULL;
}

static int add_entry(struct parser *p, const struct conf_rule *rule, struct view raw,
		     struct ltps_error *err)
{
	struct conf *c = p->c;
	const struct view key = view_text(rule->key);
	struct entry e = { .section = c->n_sections - 1,
			   .line = p->line,
			   .type = rule->type };
	struct view value = raw;
	if (!rule->list && find_entry(c, e.section, rule->key, 0) != NULL)
		return fail_here(p, "this key is there already", key, err);
	if (room_for_entry(p, err) != 0)
		return -1;
	e.key = keep_text(c, key);
	if (raw.n == 0 || raw.p[0] != '"')
		value = view_of(keep_text(c, raw), raw.n);
	else if (keep_quoted(p, view_skip(raw, 1), &value, err) != 0)
		return -1;
	e.value = (const char *)value.p;
	if (!read_value(rule->type, value, &e))
		return fail_here(p, type_texts[rule->type], key, err);
	if (check_range(p, rule, e.number, err) != 0)
		return -1;
	c->entries[c->n_entries++] = e;
	return 0;
}

static int parse_entry(struct parser *p, struct view line, struct ltps_error *err)
{
	const size_t n = span_to(line, '=');
	const struct view key = view_trim(view_head(line, n));
	if (n == line.n)
		return fail_here(p, "expected [section] or key = value", VIEW_NULL,
				 err);
	if (!is_name(key))
		return fail_here(p, "malformed key", VIEW_NULL, err);
	if (p->c->n_sections == 0)
		return fail_here(p, "key before the first section", key, err);
	const struct section *s = &p->c->sections[p->c->n_sections - 1];
	const struct conf_rule *rule = find_rule(p, s, key);
	if (rule == NULL)
		return fail_here(p, "unknown key", key, err);
	return add_entry(p, rule, view_trim(view_skip(line, n + 1)), err);
}

static int parse_line(struct parser *p, struct view line, struct ltps_error *err)
{
	/* A file written elsewhere may end its lines with CR LF. */
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	for (size_t i = 0; i < line.n; i++) {
		if ((line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return fail_here(p, "control character", VIEW_NULL, err);
	}
	if (!utf8_valid(line))
		return fail_here(p, "not UTF-8", VIEW_NULL, err);
	line = view_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return 0;
	if (line.p[0] == '[')
		return parse_section(p, line, err);
	return parse_entry(p, line, err);
}

/* Every section that is present has its required keys. */
static int check_required(const struct parser *p, struct ltps_error *err)
{
	const struct conf *c = p->c;
	for (size_t i = 0; i < c->n_sections; i++) {
		for (size_t k = 0; k < p->n_rules; k++) {
			const struct conf_rule *rule = &p->rules[k];
			const struct section *s = &c->sections[i];
			if (!rule->required || strcmp(rule->section, s->name) != 0 ||
			    rule->labelled != (s->label != NULL))
				continue;
			if (find_entry(c, i, rule->key, 0) == NULL)
				return fail_line(p, s->line, "missing key",
						 view_text(rule->key), err);
		}
	}
	return 0;
}

static int parse_all(struct parser *p, struct view text, struct ltps_error *err)
{
	p->c->arena = mem_alloc(text.n + 1);
	if (p->c->arena == NULL)
		return ltps_fail_nomem(err);
	while (text.n > 0) {
		const size_t n = span_to(text, '\n');
		p->line++;
		if (parse_line(p, view_head(text, n), err) != 0)
			return -1;
		text = view_skip(text, n + 1);
	}
	return check_required(p, err);
}

int conf_parse(struct view text, const char *name, const struct conf_rule *rules,
	       size_t n_rules, struct conf **ret_c, struct ltps_error *err)
{
	struct parser p = { .name = name, .rules = rules, .n_rules = n_rules };
	if (text.n > CONF_FILE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "%s: more than %zu bytes", shown_name(&p),
				 CONF_FILE_MAX);
	p.c = mem_zalloc(1, sizeof(*p.c));
	if (p.c == NULL)
		return ltps_fail_nomem(err);
	if (parse_all(&p, text, err) != 0) {
		conf_free(p.c);
		return -1;
	}
	*ret_c = p.c;
	return 0;
}

int conf_read(const char *path, const struct conf_rule *rules, size_t n_rules,
	      struct conf **ret_c, struct ltps_error *err)
{
	struct buf text = buf_make(CONF_FILE_MAX);
	int rc = file_read(path, &text, err);
	if (rc == 0)
		rc = conf_parse(view_buf(&text), path, rules, n_rules, ret_c, err);
	buf_free(&text);
	return rc;
}

void conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	mem_free(c->entries);
	mem_free(c->sections);
	mem_free(c->arena);
	mem_free(c);
}

/* --- questions ---------------------------------------------------------- */

const char *conf_label(const struct conf *c, const char *section, size_t i)
{
	for (size_t k = 0; k < c->n_sections; k++) {
		const struct section *s = &c->sections[k];
		if (s->label != NULL && strcmp(s->name, section) == 0 && i-- == 0)
			return s->label;
	}
	return NULL;
}

bool conf_has_section(const struct conf *c, const char *section, const char *label)
{
	return find_section(c, section, label) != NULL;
}

static const struct entry *entry_at(const struct conf *c, const char *section,
				    const char *label, const char *key, size_t i)
{
	const struct section *s = find_section(c, section, label);
	return s != NULL ? find_entry(c, (size_t)(s - c->sections), key, i) : NULL;
}

const char *conf_text_at(const struct conf *c, const char *section, const char *label,
			 const char *key, size_t i)
{
	const struct entry *e = entry_at(c, section, label, key, i);
	return e != NULL ? e->value : NULL;
}

unsigned conf_line(const struct conf *c, const char *section, const char *label,
		   const char *key, size_t i)
{
	const struct entry *e = entry_at(c, section, label, key, i);
	return e != NULL ? e->line : 0;
}

const char *conf_text(const struct conf *c, const char *section, const char *label,
		      const char *key, const char *dflt)
{
	const struct entry *e = entry_at(c, section, label, key, 0);
	return e != NULL ? e->value : dflt;
}

int64_t conf_int(const struct conf *c, const char *section, const char *label,
		 const char *key, int64_t dflt)
{
	const struct entry *e = entry_at(c, section, label, key, 0);
	if (e == NULL || e->type == CONF_TEXT || e->type == CONF_PERIOD)
		return dflt;
	return e->number;
}

bool conf_period(const struct conf *c, const char *section, const char *label,
		 const char *key, struct duration *ret_d)
{
	const struct entry *e = entry_at(c, section, label, key, 0);
	if (e == NULL || e->type != CONF_PERIOD)
		return false;
	*ret_d = e->period;
	return true;
}
