/* SPDX-License-Identifier: Apache-2.0 */
/* validation_policy_rules - the constraints of a policy, level and values. */
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "validation/cert.h"
#include "validation/validation_policy_private.h"

#define OID_DER_MAX 128
#define DAYS_MAX 36600 /* a century: what a delay may be */

const char *const policy_sections[CONTEXT_COUNT] = {
	[CONTEXT_SIGNATURE] = "constraints",
	[CONTEXT_COUNTERSIGNATURE] = "constraints.countersignature",
	[CONTEXT_TIME_STAMP] = "constraints.time-stamp",
};

static const char *const policy_words[] = { "ANY", "NONE", "IMPLICIT", NULL };
static const char *const qc_types[] = { "esign", "eseal", "web", NULL };
static const char *const formats[] = { "CAdES", "PAdES", "PKCS7", NULL };
static const char *const signature_levels[] = { "B", "T", "LT", "LTA", NULL };

static int fail(struct ltps_error *err, const char *what, struct view word)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s%s%.*s", what,
			 word.n > 0 ? ": " : "", (int)(word.n < 64 ? word.n : 64),
			 word.n > 0 ? (const char *)word.p : "");
}

/* The word before the next blank; the cursor stands behind it. */
static struct view next_word(struct view *cursor)
{
	size_t n = 0;
	while (cursor->n > 0 && (cursor->p[0] == ' ' || cursor->p[0] == '\t'))
		*cursor = view_skip(*cursor, 1);
	while (n < cursor->n && cursor->p[n] != ' ' && cursor->p[n] != '\t')
		n++;
	struct view word = view_head(*cursor, n);
	*cursor = view_skip(*cursor, n);
	return word;
}

static bool is_one_of(struct view word, const char *const *names)
{
	while (*names != NULL && !view_is_text(word, *names))
		names++;
	return *names != NULL;
}

static bool is_oid(struct view word)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	uint8_t room[OID_DER_MAX];
	char text[OID_TEXT_MAX];
	struct buf der = { .p = room, .cap = sizeof(room), .max = sizeof(room) };
	if (word.n == 0 || word.n >= sizeof(text))
		return false;
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	return der_put_oid(&der, text, &ignored) == 0;
}

/* "nonRepudiation", or several that must stand together: "a+b". */
static bool is_key_usage(struct view word)
{
	for (;;) {
		const uint8_t *plus = word.n > 0 ? memchr(word.p, '+', word.n) : NULL;
		size_t n = plus != NULL ? (size_t)(plus - word.p) : word.n;
		if (cert_key_usage_bit(view_head(word, n)) == 0)
			return false;
		if (plus == NULL)
			return true;
		word = view_skip(word, n + 1);
	}
}

static bool is_value(enum constraint_values kind, struct view word)
{
	switch (kind) {
	case VALUES_NONE:
	case VALUES_DURATION:
		return false;
	case VALUES_OIDS:
		return is_oid(word);
	case VALUES_SIGNATURE_POLICIES:
		return is_one_of(word, policy_words) || is_oid(word);
	case VALUES_KEY_USAGES:
		return is_key_usage(word);
	case VALUES_QC_TYPES:
		return is_one_of(word, qc_types);
	case VALUES_FORMATS:
		return is_one_of(word, formats);
	case VALUES_LEVEL:
		return is_one_of(word, signature_levels);
	}
	return false;
}

/* "12h": as durations stand elsewhere in configuration files (conf.h). */
static bool read_duration(struct view word, int64_t *ret_ms)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = {
		{ "ms", 1 },      { "s", 1000 },     { "m", 60000 },
		{ "h", 3600000 }, { "d", 86400000 },
	};
	int64_t n = 0;
	size_t digits = 0;
	while (digits < word.n && word.p[digits] >= '0' && word.p[digits] <= '9' &&
	       n <= DAYS_MAX * (int64_t)86400000)
		n = n * 10 + (word.p[digits++] - '0');
	for (size_t i = 0; digits > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
		if (!view_is_text(view_skip(word, digits), units[i].suffix))
			continue;
		if (n == 0 || n > DAYS_MAX * (int64_t)86400000 / units[i].ms)
			return false;
		*ret_ms = n * units[i].ms;
		return true;
	}
	return false;
}

/* Constraints that ask for nothing without a list. */
static bool needs_values(enum constraint c)
{
	switch (c) {
	case CONSTRAINT_KEY_USAGE:
	case CONSTRAINT_EXTENDED_KEY_USAGE:
	case CONSTRAINT_CERTIFICATE_POLICY:
	case CONSTRAINT_QC_TYPE:
	case CONSTRAINT_TSA_POLICY:
	case CONSTRAINT_LEVEL:
	case CONSTRAINT_TIME_STAMP_DELAY:
		return true;
	default:
		return false;
	}
}

static int add_value(struct constraint_rule *rule, struct view word,
		     struct ltps_error *err)
{
	char **grown = mem_resize(rule->values, rule->n_values + 1, sizeof(*grown));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	rule->values = grown;
	char *text = mem_alloc(word.n + 1);
	if (text == NULL)
		return ltps_fail_nomem(err);
	memcpy(text, word.p, word.n);
	text[word.n] = '\0';
	rule->values[rule->n_values++] = text;
	return 0;
}

static void clear_rule(struct constraint_rule *rule)
{
	for (size_t i = 0; i < rule->n_values; i++)
		mem_free(rule->values[i]);
	mem_free(rule->values);
	*rule = (struct constraint_rule){ .level = CONSTRAINT_IGNORE };
}

static int read_values(struct constraint_rule *rule, enum constraint c,
		       struct view cursor, struct ltps_error *err)
{
	const enum constraint_values kind = constraint_values(c);
	struct view word;
	size_t n = 0;
	while ((word = next_word(&cursor)).n > 0) {
		if (kind == VALUES_NONE)
			return fail(err, "takes no value", word);
		if (kind == VALUES_DURATION ? !read_duration(word, &rule->number)
					    : !is_value(kind, word))
			return fail(err, "is not a value of it", word);
		if (n++ >= POLICY_VALUES_MAX ||
		    ((kind == VALUES_LEVEL || kind == VALUES_DURATION) && n > 1))
			return fail(err, "has too many values", word);
		if (kind != VALUES_DURATION && add_value(rule, word, err) != 0)
			return -1;
	}
	if (n == 0 && needs_values(c) && rule->level != CONSTRAINT_IGNORE)
		return fail(err, NEEDS_A_VALUE, VIEW_NULL);
	return 0;
}

int policy_rule_set(struct constraint_rule *rule, enum constraint c, struct view words,
		    struct ltps_error *err)
{
	struct view cursor = words;
	const struct view level = next_word(&cursor);
	clear_rule(rule);
	if (!constraint_level_from_name(level, &rule->level))
		return fail(err, "begins with FAIL, WARN, INFORM or IGNORE, not",
			    level);
	if (rule->level != CONSTRAINT_FAIL && !constraint_may_be_lowered(c))
		return fail(err, "may not be lowered (EN 319 102-1 5.1.4.1)", level);
	return read_values(rule, c, cursor, err);
}

void policy_rules_default(struct validation_policy *p)
{
	for (int x = 0; x < CONTEXT_COUNT; x++)
		for (int c = 0; c < CONSTRAINT_COUNT; c++)
			p->rules[x][c].level = constraint_default_level(
			    (enum constraint)c, (enum constraint_context)x);
}

/* Error texts begin with file and line. */
static int fail_at(struct ltps_error *err, const struct ltps_error *inner,
		   const char *name, unsigned line, const char *key)
{
	if (inner->code != LTPS_FORMAT) {
		*err = *inner;
		return -1;
	}
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%.100s:%u: %s %s",
			 name, line, key, inner->text);
}

static int read_context(const struct conf *c, const char *name,
			enum constraint_context x, struct validation_policy *p,
			struct ltps_error *err)
{
	const char *section = policy_sections[x];
	for (int i = 0; i < CONSTRAINT_COUNT; i++) {
		struct ltps_error inner = LTPS_ERROR_INIT;
		const char *key = constraint_name((enum constraint)i);
		const char *text = conf_text(c, section, NULL, key, NULL);
		const unsigned line = conf_line(c, section, NULL, key, 0);
		if (text == NULL)
			continue;
		if (!constraint_applies((enum constraint)i, x))
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
					 "%.100s:%u: %s has no meaning for a %s", name,
					 line, key, constraint_context_name(x));
		if (policy_rule_set(&p->rules[x][i], (enum constraint)i,
				    view_text(text), &inner) != 0)
			return fail_at(err, &inner, name, line, key);
	}
	return 0;
}

int policy_rules_read(const struct conf *c, const char *name,
		      struct validation_policy *p, struct ltps_error *err)
{
	for (int x = 0; x < CONTEXT_COUNT; x++)
		if (read_context(c, name, (enum constraint_context)x, p, err) != 0)
			return -1;
	return 0;
}

void policy_rules_free(struct validation_policy *p)
{
	for (int x = 0; x < CONTEXT_COUNT; x++)
		for (int c = 0; c < CONSTRAINT_COUNT; c++)
			clear_rule(&p->rules[x][c]);
}
