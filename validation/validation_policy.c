/* SPDX-License-Identifier: Apache-2.0 */
#include "validation/validation_policy.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/digest.h"
#include "base/embedded.h"
#include "base/mem.h"
#include "validation/validation_policy_private.h"

extern const struct embedded validation_policies[];
extern const size_t validation_policies_count;
extern const struct embedded algorithm_suites[];
extern const size_t algorithm_suites_count;

#define SECTION "policy"
#define ALGORITHMS "algorithms"
#define POLICY_PREFIX "validation-"
#define POLICY_SUFFIX ".conf"
#define SUITE_PREFIX "algorithms-"
#define SUITE_SUFFIX ".xml"
#define NOTE_MAX 256
#define DAY_MS ((int64_t)86400000)

static const struct conf_rule fixed_rules[] = {
	{ .section = SECTION, .key = "id", .type = CONF_TEXT, .required = true },
	{ .section = SECTION, .key = "description", .type = CONF_TEXT },
	{ .section = SECTION, .key = "model", .type = CONF_TEXT, .required = true },
	{ .section = SECTION,
	  .key = "max_age",
	  .type = CONF_DURATION,
	  .min = 1,
	  .max = 36600 * DAY_MS },
	{ .section = SECTION, .key = "exempt_short_term", .type = CONF_BOOL },
	{ .section = SECTION, .key = "anchor_as_signer_passes", .type = CONF_BOOL },
	{ .section = ALGORITHMS, .key = "suite", .type = CONF_TEXT, .required = true },
	{ .section = ALGORITHMS, .key = "out_of_date", .type = CONF_TEXT },
};
#define FIXED_RULES (sizeof(fixed_rules) / sizeof(fixed_rules[0]))
#define RULES_COUNT (FIXED_RULES + (size_t)CONTEXT_COUNT * CONSTRAINT_COUNT)

/* ---- suites ---- */

int policy_set_suite(struct validation_policy *p, struct algorithm_suite *suite,
		     const char *name, struct ltps_error *err)
{
	p->suite = suite;
	p->suite_name = mem_dup_text(name);
	if (p->suite_name == NULL)
		return ltps_fail_nomem(err);
	if (algorithm_suite_limits(suite, &p->limits, &p->algorithms.n, err) != 0)
		return -1;
	p->algorithms.limits = p->limits;
	return 0;
}

static bool is_file_of(const char *file, const char *prefix, const char *name,
		       const char *suffix)
{
	char wanted[VALIDATION_POLICY_NAME_MAX];
	int n = snprintf(wanted, sizeof(wanted), "%s%s%s", prefix, name, suffix);
	return n > 0 && (size_t)n < sizeof(wanted) && strcmp(file, wanted) == 0;
}

/* Of the built-in suites; algorithm_suites_count: none has this name. */
static size_t suite_place(const char *name)
{
	size_t i = 0;
	while (i < algorithm_suites_count &&
	       !is_file_of(algorithm_suites[i].name, SUITE_PREFIX, name, SUITE_SUFFIX))
		i++;
	return i;
}

/* A file of the operator may have the name of a built-in one, and other rules. */
static bool is_builtin(const char *name, struct view text)
{
	const size_t i = suite_place(name);
	return i < algorithm_suites_count &&
	       view_equal(text, algorithm_suites[i].bytes);
}

bool validation_policy_is_whole(const struct validation_policy *p)
{
	return p->suite_is_builtin;
}

static int builtin_suite(const char *name, struct buf *out, struct ltps_error *err)
{
	const size_t i = suite_place(name);
	if (i < algorithm_suites_count)
		return buf_put(out, algorithm_suites[i].bytes, err);
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			 "there is no algorithm suite %.100s", name);
}

static int find_suite(const struct validation_policy_source *source, const char *name,
		      struct buf *out, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	if (source == NULL)
		return builtin_suite(name, out, err);
	if (source->suite(source->arg, name, out, &inner) == 0)
		return 0;
	if (inner.code == LTPS_NOT_FOUND) {
		buf_clear(out);
		return builtin_suite(name, out, err);
	}
	*err = inner;
	return -1;
}

static int read_suite(struct validation_policy *p,
		      const struct validation_policy_source *source, const char *name,
		      struct ltps_error *err)
{
	struct buf text = buf_make(SUITE_BYTES_MAX);
	struct algorithm_suite *suite = NULL;
	int rc = find_suite(source, name, &text, err);
	p->suite_is_builtin = rc == 0 && is_builtin(name, view_buf(&text));
	if (rc == 0)
		rc = algorithm_suite_parse(view_buf(&text), &suite, err);
	if (rc == 0)
		rc = policy_set_suite(p, suite, name, err);
	else
		(void)ltps_where(err, "suite %s", name);
	buf_free(&text);
	return rc;
}

/* ---- the file of the house ---- */

static int fail_at(struct ltps_error *err, const char *name, const struct conf *c,
		   const char *section, const char *key, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%.100s:%u: %s",
			 name, conf_line(c, section, NULL, key, 0), what);
}

/* Texts that stand in one line of what is shown. */
static bool is_one_line(const char *text)
{
	while (*text != '\0' && (uint8_t)*text >= ' ' && *text != 0x7f)
		text++;
	return *text == '\0';
}

static int read_algorithms(const struct conf *c, const char *name,
			   const struct validation_policy_source *source,
			   struct validation_policy *p, struct ltps_error *err)
{
	const char *level = conf_text(c, ALGORITHMS, NULL, "out_of_date", "FAIL");
	const char *suite = conf_text(c, ALGORITHMS, NULL, "suite", NULL);
	if (!constraint_level_from_name(view_text(level), &p->out_of_date))
		return fail_at(err, name, c, ALGORITHMS, "out_of_date",
			       "out_of_date is FAIL, WARN, INFORM or IGNORE");
	if (suite == NULL)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "%.100s: no suite in [" ALGORITHMS "]", name);
	if (!is_one_line(suite))
		return fail_at(err, name, c, ALGORITHMS, "suite",
			       "suite is one line of text");
	return read_suite(p, source, suite, err);
}

static int read_policy(const struct conf *c, const char *name,
		       struct validation_policy *p, struct ltps_error *err)
{
	const char *model = conf_text(c, SECTION, NULL, "model", "");
	p->id = mem_dup_text(conf_text(c, SECTION, NULL, "id", ""));
	p->description = mem_dup_text(conf_text(c, SECTION, NULL, "description", ""));
	if (p->id == NULL || p->description == NULL)
		return ltps_fail_nomem(err);
	if (p->id[0] == '\0')
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "%.100s: no [" SECTION "]", name);
	if (!is_one_line(p->id))
		return fail_at(err, name, c, SECTION, "id", "id is one line of text");
	if (!is_one_line(p->description))
		return fail_at(err, name, c, SECTION, "description",
			       "description is one line of text");
	if (strcmp(model, "shell") != 0 && strcmp(model, "chain") != 0)
		return fail_at(err, name, c, SECTION, "model",
			       "model is shell or chain");
	p->model = strcmp(model, "chain") == 0 ? PATH_CHAIN : PATH_SHELL;
	p->max_age_ms = conf_int(c, SECTION, NULL, "max_age", 0);
	p->exempt_short_term = conf_int(c, SECTION, NULL, "exempt_short_term", 0) != 0;
	p->anchor_as_signer_passes =
	    conf_int(c, SECTION, NULL, "anchor_as_signer_passes", 0) != 0;
	return 0;
}

/* A key for every constraint in every context; which ones fit is looked at later. */
static int make_rules(struct conf_rule **ret, struct ltps_error *err)
{
	struct conf_rule *rules = mem_zalloc(RULES_COUNT, sizeof(*rules));
	size_t n = FIXED_RULES;
	if (rules == NULL)
		return ltps_fail_nomem(err);
	memcpy(rules, fixed_rules, sizeof(fixed_rules));
	for (int x = 0; x < CONTEXT_COUNT; x++)
		for (int c = 0; c < CONSTRAINT_COUNT; c++)
			rules[n++] = (struct conf_rule){
				.section = policy_sections[x],
				.key = constraint_name((enum constraint)c),
				.type = CONF_TEXT,
			};
	*ret = rules;
	return 0;
}

static int read_conf(struct view text, const char *name,
		     const struct validation_policy_source *source,
		     struct validation_policy *p, struct ltps_error *err)
{
	struct conf_rule *rules = NULL;
	struct conf *c = NULL;
	int rc = -1;
	if (make_rules(&rules, err) == 0 &&
	    conf_parse(text, name, rules, RULES_COUNT, &c, err) == 0 &&
	    read_policy(c, name, p, err) == 0 &&
	    policy_rules_read(c, name, p, err) == 0 &&
	    read_algorithms(c, name, source, p, err) == 0)
		rc = 0;
	conf_free(c);
	mem_free(rules);
	return rc;
}

/* ---- */

static int read_any(struct view text, const char *name,
		    const struct validation_policy_source *source,
		    struct validation_policy *p, struct ltps_error *err)
{
	struct digest d;
	bool is_19172 = false;
	size_t i = 0;
	if (digest_once(DIGEST_SHA256, text, &d, err) != 0)
		return -1;
	memcpy(p->sha256, d.p, sizeof(p->sha256));
	while (i < text.n && text.p[i] <= ' ')
		i++;
	if (i == text.n || text.p[i] != '<')
		return read_conf(text, name, source, p, err);
	if (policy_is_19172(text, &is_19172, err) != 0)
		return -1;
	return is_19172 ? policy_refuse_19172(text, err)
			: policy_read_dss(text, name, p, err);
}

int validation_policy_parse(struct view text, const char *name,
			    const struct validation_policy_source *source,
			    struct validation_policy **ret_p, struct ltps_error *err)
{
	struct validation_policy *p = mem_zalloc(1, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	policy_rules_default(p);
	if (read_any(text, name, source, p, err) != 0) {
		(void)ltps_where(err, "%s", name);
		validation_policy_free(p);
		return -1;
	}
	*ret_p = p;
	return 0;
}

bool validation_policy_builtin_name(size_t i, char out[VALIDATION_POLICY_NAME_MAX])
{
	if (i >= validation_policies_count)
		return false;
	const char *file = validation_policies[i].name + strlen(POLICY_PREFIX);
	snprintf(out, VALIDATION_POLICY_NAME_MAX, "%.*s",
		 (int)(strlen(file) - strlen(POLICY_SUFFIX)), file);
	return true;
}

int validation_policy_builtin(const char *name, struct validation_policy **ret_p,
			      struct ltps_error *err)
{
	for (size_t i = 0; i < validation_policies_count; i++) {
		const struct embedded *e = &validation_policies[i];
		struct validation_policy *p = NULL;
		if (validation_policy_parse(e->bytes, e->name, NULL, &p, err) != 0)
			return -1;
		if (is_file_of(e->name, POLICY_PREFIX, name, POLICY_SUFFIX) ||
		    strcmp(p->id, name) == 0) {
			*ret_p = p;
			return 0;
		}
		validation_policy_free(p);
	}
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			 "there is no validation policy %.100s", name);
}

int policy_note(struct validation_policy *p, struct ltps_error *err, const char *fmt,
		...)
{
	char text[NOTE_MAX] = "and more, which are not named";
	va_list ap;
	if (p->n_notes >= POLICY_NOTES_MAX)
		return 0;
	char **grown = mem_resize(p->notes, p->n_notes + 1, sizeof(*grown));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	p->notes = grown;
	if (p->n_notes + 1 < POLICY_NOTES_MAX) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
	}
	grown[p->n_notes] = mem_dup_text(text);
	if (grown[p->n_notes] == NULL)
		return ltps_fail_nomem(err);
	p->n_notes++;
	return 0;
}

void validation_policy_free(struct validation_policy *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->n_notes; i++)
		mem_free(p->notes[i]);
	mem_free(p->notes);
	policy_rules_free(p);
	mem_free(p->limits);
	algorithm_suite_free(p->suite);
	mem_free(p->suite_name);
	mem_free(p->id);
	mem_free(p->description);
	mem_free(p);
}

void validation_policy_apply(const struct validation_policy *p, struct path_input *in)
{
	in->model = p->model;
	in->max_age_ms = p->max_age_ms;
	in->exempt_short_term = p->exempt_short_term;
	in->algorithms = &p->algorithms;
}

bool validation_policy_outdated(const struct validation_policy *p, int64_t time_ms,
				enum constraint_level *ret_level)
{
	*ret_level = p->out_of_date;
	return p->out_of_date != CONSTRAINT_IGNORE &&
	       !algorithm_suite_current(p->suite, time_ms);
}
