/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/validation_policy.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/digest.h"
#include "base/embedded.h"
#include "base/mem.h"

extern const struct embedded ltp_validation_policies[];
extern const size_t ltp_validation_policies_count;

#define SECTION "policy"
#define ALGORITHMS "algorithms"
#define FILE_PREFIX "validation-"
#define FILE_SUFFIX ".conf"
#define NAME_MAX_LEN 128
#define DAY_MS ((int64_t)86400000)
#define BITS_MAX 65536

static const struct conf_rule RULES[] = {
	{ .section = SECTION, .key = "id", .type = CONF_TEXT, .required = true },
	{ .section = SECTION, .key = "description", .type = CONF_TEXT },
	{ .section = SECTION, .key = "model", .type = CONF_TEXT, .required = true },
	{ .section = SECTION,
	  .key = "max_age",
	  .type = CONF_DURATION,
	  .min = 1,
	  .max = 36600 * DAY_MS },
	{ .section = SECTION, .key = "exempt_short_term", .type = CONF_BOOL },
	{ .section = ALGORITHMS,
	  .key = "limit",
	  .type = CONF_TEXT,
	  .list = true,
	  .required = true },
};

/* What algorithm_policy.h calls keys; digests by digest_name(). */
static const char *const key_names[] = { "RSA", "DSA", "ECDSA", "Ed25519", "Ed448" };

static int fail(struct ltps_error *err, const char *what, const char *text)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s: %s", what,
			 text);
}

/* The word before the next blank; the cursor stands behind it. */
static struct view next_word(struct view *cursor)
{
	size_t n = 0;
	while (cursor->n > 0 && cursor->p[0] == ' ')
		*cursor = view_skip(*cursor, 1);
	while (n < cursor->n && cursor->p[n] != ' ')
		n++;
	struct view word = view_head(*cursor, n);
	*cursor = view_skip(*cursor, n);
	return word;
}

static const char *algorithm_name(struct view word)
{
	enum digest_alg d = digest_from_name(word);
	if (d != DIGEST_NONE)
		return digest_name(d);
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++)
		if (view_is_text(word, key_names[i]))
			return key_names[i];
	return NULL;
}

static bool read_bits(struct view word, unsigned *ret)
{
	unsigned v = 0;
	if (word.n == 0)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(word.p[i] - '0');
		if (v > BITS_MAX)
			return false;
	}
	*ret = v;
	return true;
}

/* The end of that day. */
static bool read_day(struct view word, int64_t *ret_ms)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char text[32];
	if (view_is_text(word, "open")) {
		*ret_ms = INT64_MAX;
		return true;
	}
	if (word.n != strlen("2028-12-31"))
		return false;
	snprintf(text, sizeof(text), "%.10sT00:00:00Z", (const char *)word.p);
	if (time_parse_rfc3339(view_text(text), ret_ms, &ignored) != 0)
		return false;
	*ret_ms += DAY_MS - 1;
	return true;
}

static int read_limit(const char *text, struct algorithm_limit *l,
		      struct ltps_error *err)
{
	struct view cursor = view_text(text);
	l->algorithm = algorithm_name(next_word(&cursor));
	if (l->algorithm == NULL)
		return fail(err, "limit of an unknown algorithm", text);
	if (!read_bits(next_word(&cursor), &l->min_bits))
		return fail(err, "limit without a size", text);
	if (!read_day(next_word(&cursor), &l->until_ms) || next_word(&cursor).n > 0)
		return fail(err, "limit without a last day", text);
	return 0;
}

static int read_limits(const struct conf *c, struct validation_policy *p,
		       struct ltps_error *err)
{
	struct algorithm_limit *limits =
	    mem_zalloc(VALIDATION_POLICY_LIMITS_MAX, sizeof(*limits));
	const char *text;
	if (limits == NULL)
		return ltps_fail_nomem(err);
	p->algorithms.limits = p->limits = limits;
	for (size_t i = 0;
	     (text = conf_text_at(c, ALGORITHMS, NULL, "limit", i)) != NULL; i++) {
		if (i == VALIDATION_POLICY_LIMITS_MAX)
			return fail(err, "more limits than allowed", text);
		if (read_limit(text, &limits[i], err) != 0)
			return -1;
		p->algorithms.n = i + 1;
	}
	return 0;
}

static int read_policy(const struct conf *c, struct validation_policy *p,
		       struct ltps_error *err)
{
	const char *model = conf_text(c, SECTION, NULL, "model", "");
	p->id = mem_dup_text(conf_text(c, SECTION, NULL, "id", ""));
	p->description = mem_dup_text(conf_text(c, SECTION, NULL, "description", ""));
	if (p->id == NULL || p->description == NULL)
		return ltps_fail_nomem(err);
	if (strcmp(model, "shell") != 0 && strcmp(model, "chain") != 0)
		return fail(err, "model is shell or chain, not", model);
	p->model = strcmp(model, "chain") == 0 ? PATH_CHAIN : PATH_SHELL;
	p->max_age_ms = conf_int(c, SECTION, NULL, "max_age", 0);
	p->exempt_short_term = conf_int(c, SECTION, NULL, "exempt_short_term", 0) != 0;
	return read_limits(c, p, err);
}

int validation_policy_parse(struct view text, const char *name,
			    struct validation_policy **ret_p, struct ltps_error *err)
{
	struct validation_policy *p = NULL;
	struct conf *c = NULL;
	int rc = -1;

	if (conf_parse(text, name, RULES, sizeof(RULES) / sizeof(RULES[0]), &c, err) !=
	    0)
		goto out;
	p = mem_zalloc(1, sizeof(*p));
	if (p == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (read_policy(c, p, err) != 0) {
		(void)ltps_where(err, "%s", name);
		goto out;
	}
	*ret_p = p;
	p = NULL;
	rc = 0;
out:
	validation_policy_free(p);
	conf_free(c);
	return rc;
}

static bool is_file_of(const char *file, const char *name)
{
	char wanted[NAME_MAX_LEN];
	int n = snprintf(wanted, sizeof(wanted), FILE_PREFIX "%s" FILE_SUFFIX, name);
	return n > 0 && (size_t)n < sizeof(wanted) && strcmp(file, wanted) == 0;
}

int validation_policy_builtin(const char *name, struct validation_policy **ret_p,
			      struct ltps_error *err)
{
	for (size_t i = 0; i < ltp_validation_policies_count; i++) {
		const struct embedded *e = &ltp_validation_policies[i];
		struct validation_policy *p = NULL;
		if (validation_policy_parse(e->bytes, e->name, &p, err) != 0)
			return -1;
		if (is_file_of(e->name, name) || strcmp(p->id, name) == 0) {
			*ret_p = p;
			return 0;
		}
		validation_policy_free(p);
	}
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			 "there is no validation policy %.100s", name);
}

void validation_policy_free(struct validation_policy *p)
{
	if (p == NULL)
		return;
	mem_free(p->id);
	mem_free(p->description);
	mem_free(p->limits);
	mem_free(p);
}

void validation_policy_apply(const struct validation_policy *p, struct path_input *in)
{
	in->model = p->model;
	in->max_age_ms = p->max_age_ms;
	in->exempt_short_term = p->exempt_short_term;
	in->algorithms = &p->algorithms;
}
