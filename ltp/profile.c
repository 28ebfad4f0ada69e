/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/profile.h"

#include <string.h>

#include "base/conf.h"
#include "base/embedded.h"
#include "base/mem.h"
#include "ltp/profile_private.h"

extern const struct embedded ltp_profiles[];
extern const size_t ltp_profiles_count;

#define SECTION "profile"

static const struct conf_rule RULES[] = {
	{ .section = SECTION, .key = "id", .type = CONF_TEXT, .required = true },
	{ .section = SECTION, .key = "scheme", .type = CONF_TEXT, .required = true },
	{ .section = SECTION, .key = "specification", .type = CONF_TEXT },
	{ .section = SECTION,
	  .key = "description",
	  .type = CONF_TEXT,
	  .required = true },
	{ .section = SECTION,
	  .key = "goal",
	  .type = CONF_TEXT,
	  .list = true,
	  .required = true },
	{ .section = SECTION,
	  .key = "submission_format",
	  .type = CONF_TEXT,
	  .list = true },
	{ .section = SECTION, .key = "po_format", .type = CONF_TEXT, .list = true },
	{ .section = SECTION,
	  .key = "evidence_format",
	  .type = CONF_TEXT,
	  .list = true,
	  .required = true },
	{ .section = SECTION,
	  .key = "evidence_policy",
	  .type = CONF_TEXT,
	  .required = true },
	{ .section = SECTION, .key = "signature_policy", .type = CONF_TEXT },
	{ .section = SECTION, .key = "storage", .type = CONF_TEXT, .required = true },
	{ .section = SECTION,
	  .key = "operation",
	  .type = CONF_TEXT,
	  .list = true,
	  .required = true },
	{ .section = SECTION,
	  .key = "valid_from",
	  .type = CONF_TIME,
	  .required = true },
	{ .section = SECTION, .key = "valid_until", .type = CONF_TIME },
	{
	    .section = SECTION,
	    .key = "period",
	    .type = CONF_PERIOD,
	},
	{
	    .section = SECTION,
	    .key = "period_end",
	    .type = CONF_TEXT,
	},
	{ .section = SECTION,
	  .key = "expected_evidence_duration",
	  .type = CONF_PERIOD },
	{ .section = SECTION, .key = "on_failed", .type = CONF_TEXT },
	{ .section = SECTION, .key = "augment", .type = CONF_TEXT },
	{ .section = SECTION, .key = "seal", .type = CONF_TEXT },
	{ .section = SECTION,
	  .key = "digest_list_algorithm",
	  .type = CONF_TEXT,
	  .list = true },
	{ .section = SECTION, .key = "evidence_attributes", .type = CONF_BOOL },
	{ .section = SECTION, .key = "digest", .type = CONF_TEXT, .required = true },
	{ .section = SECTION,
	  .key = "tree_max_leaves",
	  .type = CONF_INT,
	  .min = 1,
	  .max = 100000000 },
	{ .section = SECTION,
	  .key = "tree_max_age",
	  .type = CONF_DURATION,
	  .min = 1,
	  .max = (int64_t)366 * 86400000 },
	{ .section = SECTION,
	  .key = "tree_max_bytes",
	  .type = CONF_SIZE,
	  .min = 1,
	  .max = INT64_MAX },
	{ .section = SECTION,
	  .key = "max_po_bytes",
	  .type = CONF_SIZE,
	  .required = true,
	  .min = 1,
	  .max = (int64_t)1 << 32 },
	{ .section = SECTION,
	  .key = "max_pos",
	  .type = CONF_INT,
	  .required = true,
	  .min = 1,
	  .max = 10000 },
};

static const char *const OPERATIONS[OP_COUNT] = {
	[OP_RETRIEVE_INFO] = "RetrieveInfo",
	[OP_PRESERVE_PO] = "PreservePO",
	[OP_RETRIEVE_PO] = "RetrievePO",
	[OP_DELETE_PO] = "DeletePO",
	[OP_UPDATE_POC] = "UpdatePOC",
	[OP_RETRIEVE_TRACE] = "RetrieveTrace",
	[OP_VALIDATE_EVIDENCE] = "ValidateEvidence",
	[OP_SEARCH] = "Search",
};

static const char *const STORAGE_MODELS[] = {
	[WITH_STORAGE] = "WithStorage",
	[WITH_TEMPORARY_STORAGE] = "WithTemporaryStorage",
	[WITHOUT_STORAGE] = "WithoutStorage",
};

const char *operation_name(enum operation op)
{
	return (unsigned)op < OP_COUNT ? OPERATIONS[op] : "?";
}

const char *storage_model_name(enum storage_model m)
{
	return (unsigned)m <= WITHOUT_STORAGE ? STORAGE_MODELS[m] : "?";
}

bool profile_active(const struct profile *p, int64_t now_ms)
{
	return now_ms >= p->valid_from_ms && now_ms < p->valid_until_ms;
}

void profile_free(struct profile *p)
{
	if (p == NULL)
		return;
	conf_free(p->owned);
	mem_free(p);
}

/* The values of a list key; at most PROFILE_LIST_MAX - 1, so that NULL ends it. */
static int read_list(const struct conf *c, const char *key,
		     const char *ret_list[PROFILE_LIST_MAX], struct ltps_error *err)
{
	size_t i = 0;
	for (const char *v; (v = conf_text_at(c, SECTION, NULL, key, i)) != NULL; i++) {
		if (i == PROFILE_LIST_MAX - 1)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "more than %d values of %s",
					 PROFILE_LIST_MAX - 1, key);
		ret_list[i] = v;
	}
	ret_list[i] = NULL;
	return 0;
}

/* Index of a text in a table, or -1. */
static int find_name(const char *const *table, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(table[i], name) == 0)
			return (int)i;
	return -1;
}

static int read_operations(const struct conf *c, struct profile *p,
			   struct ltps_error *err)
{
	const char *v;
	for (size_t i = 0; (v = conf_text_at(c, SECTION, NULL, "operation", i)) != NULL;
	     i++) {
		int op = find_name(OPERATIONS, OP_COUNT, v);
		if (op < 0)
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
					 "TS 119 512 5.2", "unknown operation '%s'", v);
		p->operations |= 1u << op;
	}
	return 0;
}

static int read_choices(const struct conf *c, struct profile *p, struct ltps_error *err)
{
	const char *model = conf_text(c, SECTION, NULL, "storage", "");
	const char *end = conf_text(c, SECTION, NULL, "period_end", "keep");
	const char *digest = conf_text(c, SECTION, NULL, "digest", "");
	int m = find_name(STORAGE_MODELS, WITHOUT_STORAGE + 1, model);
	if (m < 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
				 "TS 119 512 5.4.6", "unknown storage model '%s'",
				 model);
	p->storage = (enum storage_model)m;
	if (strcmp(end, "keep") == 0)
		p->period_end = PERIOD_KEEP;
	else if (strcmp(end, "delete") == 0)
		p->period_end = PERIOD_DELETE;
	else
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "period_end is keep or delete, not '%s'", end);
	p->digest = digest_from_name(view_text(digest));
	if (digest_len(p->digest) < 32) /* no new tree below 256 bits, TS 119 312 */
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "TS 119 312",
				 "'%s' cannot be the digest of new trees", digest);
	return 0;
}

/* The index of a key's value among the names; 0, the first, when it is absent. */
static int read_choice(const struct conf *c, const char *key, const char *const *names,
		       size_t n, int *ret, struct ltps_error *err)
{
	const char *v = conf_text(c, SECTION, NULL, key, names[0]);
	*ret = find_name(names, n, v);
	return *ret >= 0 ? 0
			 : ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				     "%s cannot be '%s'", key, v);
}

/* Goals pds and aug: signatures are judged and raised; what is unsigned is sealed. */
static int read_signatures(const struct conf *c, struct profile *p,
			   struct ltps_error *err)
{
	static const char *const FAILED[] = { "refuse", "keep" };
	static const char *const AUGMENT[] = { "none", "t", "lt", "lta" };
	static const char *const SEAL[] = { "none", "detached", "enveloping" };
	static const enum signature_level LEVELS[] = { LEVEL_NONE, LEVEL_T, LEVEL_LT,
						       LEVEL_LTA };
	int failed, augment, seal;
	p->signature_policy = conf_text(c, SECTION, NULL, "signature_policy", NULL);
	if (read_choice(c, "on_failed", FAILED, 2, &failed, err) != 0 ||
	    read_choice(c, "augment", AUGMENT, 4, &augment, err) != 0 ||
	    read_choice(c, "seal", SEAL, 3, &seal, err) != 0)
		return -1;
	p->on_failed = (enum profile_failed)failed;
	p->augment = LEVELS[augment];
	p->seal = (enum profile_seal)seal;
	if (p->signature_policy == NULL && (augment != 0 || seal != 0 || failed != 0))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "augment, seal and on_failed need a signature_policy");
	return 0;
}

/* Digests of old evidence only are not taken: TS 119 511 OVR-9.3-08, TS 119 312. */
static int read_list_algs(const struct conf *c, struct profile *p,
			  struct ltps_error *err)
{
	const char *v;
	size_t n = 0;
	for (size_t i = 0;
	     (v = conf_text_at(c, SECTION, NULL, "digest_list_algorithm", i)) != NULL;
	     i++) {
		const enum digest_alg alg = digest_from_name(view_text(v));
		bool twice = false;
		for (size_t k = 0; k < n; k++)
			twice = twice || p->list_algs[k] == alg;
		if (digest_len(alg) < 32 || twice)
			return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
					 "TS 119 312",
					 "'%s' cannot be a digest_list_algorithm", v);
		p->list_algs[n++] = alg;
	}
	return 0;
}

/* What a profile says that keeps anything for a time. */
static int read_kept(const struct conf *c, struct profile *p, struct ltps_error *err)
{
	static const char *const keys[] = { "period", "period_end", "tree_max_leaves",
					    "tree_max_age", "tree_max_bytes" };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const bool is = conf_line(c, SECTION, NULL, keys[i], 0) != 0;
		if (is == (p->storage != WITHOUT_STORAGE))
			continue;
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
				 "TS 119 512 annex F", "%s is %s with storage = %s",
				 keys[i], is ? "meaningless" : "required",
				 storage_model_name(p->storage));
	}
	return 0;
}

static void read_limits(const struct conf *c, struct profile *p)
{
	p->valid_from_ms = conf_int(c, SECTION, NULL, "valid_from", 0);
	p->valid_until_ms = conf_int(c, SECTION, NULL, "valid_until", INT64_MAX);
	(void)conf_period(c, SECTION, NULL, "period", &p->period);
	(void)conf_period(c, SECTION, NULL, "expected_evidence_duration",
			  &p->expected_evidence_duration);
	p->evidence_attributes =
	    conf_int(c, SECTION, NULL, "evidence_attributes", 0) != 0;
	p->tree_max_leaves = (uint64_t)conf_int(c, SECTION, NULL, "tree_max_leaves", 1);
	p->tree_max_age_ms = conf_int(c, SECTION, NULL, "tree_max_age", 1);
	p->tree_max_bytes = (uint64_t)conf_int(c, SECTION, NULL, "tree_max_bytes", 1);
	p->max_po_bytes = (uint64_t)conf_int(c, SECTION, NULL, "max_po_bytes", 1);
	p->max_pos = (uint64_t)conf_int(c, SECTION, NULL, "max_pos", 1);
}

int profile_parse(struct view text, const char *name, struct profile **ret_p,
		  struct ltps_error *err)
{
	int rc = -1;
	struct conf *c = NULL;
	struct profile *p = mem_zalloc(1, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	if (conf_parse(text, name, RULES, sizeof(RULES) / sizeof(RULES[0]), &c, err) !=
	    0)
		goto out;
	p->owned = c;
	if (!conf_has_section(c, SECTION, NULL)) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
			  "no [profile] section");
		goto out;
	}
	p->id = conf_text(c, SECTION, NULL, "id", "");
	p->scheme = conf_text(c, SECTION, NULL, "scheme", "");
	p->specification = conf_text(c, SECTION, NULL, "specification", NULL);
	p->description = conf_text(c, SECTION, NULL, "description", "");
	p->evidence_policy = conf_text(c, SECTION, NULL, "evidence_policy", "");
	read_limits(c, p);
	if (read_list(c, "goal", p->goals, err) != 0 ||
	    read_list(c, "submission_format", p->submission_formats, err) != 0 ||
	    read_list(c, "po_format", p->po_formats, err) != 0 ||
	    read_list(c, "evidence_format", p->evidence_formats, err) != 0 ||
	    read_choices(c, p, err) != 0 || read_list_algs(c, p, err) != 0 ||
	    read_signatures(c, p, err) != 0 || read_operations(c, p, err) != 0 ||
	    profile_scheme_check(p, err) != 0 || read_kept(c, p, err) != 0)
		goto out;
	*ret_p = p;
	p = NULL;
	rc = 0;
out:
	if (rc != 0)
		(void)ltps_where(err, "%s", name);
	profile_free(p);
	return rc;
}

int profile_builtin(struct profile **ret_list, size_t max, size_t *ret_n,
		    struct ltps_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < ltp_profiles_count; i++) {
		const struct embedded *e = &ltp_profiles[i];
		if (n == max) {
			ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				  "more than %zu built-in profiles", max);
			goto fail;
		}
		if (profile_parse(e->bytes, e->name, &ret_list[n], err) != 0)
			goto fail;
		n++;
	}
	*ret_n = n;
	return 0;
fail:
	while (n > 0)
		profile_free(ret_list[--n]);
	return -1;
}
