/* SPDX-License-Identifier: Apache-2.0 */
/* profile - what a profile file may promise, and what is refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/profile.h"

static const char *const GOOD[] = {
	"[profile]",
	"id = urn:test:1",
	"scheme = http://uri.etsi.org/19512/scheme/pds+pgd+aug+wst+ers",
	"description = a profile",
	"goal = http://uri.etsi.org/19512/goal/pgd",
	"evidence_format = urn:ietf:rfc:4998:EvidenceRecord",
	"evidence_policy = urn:test:policy",
	"storage = WithStorage",
	"operation = RetrieveInfo",
	"operation = PreservePO",
	"operation = RetrievePO",
	"operation = DeletePO",
	"valid_from = 2026-01-01T00:00:00Z",
	"period = P10Y",
	"period_end = keep",
	"digest = sha256",
	"tree_max_leaves = 1000",
	"tree_max_age = 2s",
	"tree_max_bytes = 1G",
	"max_po_bytes = 1M",
	"max_pos = 10",
};
#define LINES (sizeof(GOOD) / sizeof(GOOD[0]))

/* The good file with the line that starts so replaced (NULL: left out). */
static int parse_with(const char *starts, const char *instead, struct profile **ret_p,
		      struct ltps_error *err)
{
	char text[8192] = "";
	size_t n = 0;
	for (size_t i = 0; i < LINES; i++) {
		const char *line = GOOD[i];
		if (starts != NULL && strncmp(line, starts, strlen(starts)) == 0) {
			if (instead == NULL)
				continue;
			line = instead;
		}
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\n", line);
	}
	return profile_parse(view_text(text), "test.conf", ret_p, err);
}

Test(profile, good_file_is_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct profile *p = NULL;
	cr_assert_eq(parse_with(NULL, NULL, &p, &err), 0, "%s", err.text);
	cr_assert_str_eq(p->id, "urn:test:1");
	cr_assert_eq(p->storage, WITH_STORAGE);
	cr_assert_eq(p->digest, DIGEST_SHA256);
	cr_assert_eq(p->tree_max_age_ms, 2000);
	cr_assert_eq(p->tree_max_leaves, 1000);
	cr_assert_eq(p->max_po_bytes, 1 << 20);
	cr_assert_eq(p->period.months, 120);
	cr_assert_eq(p->valid_until_ms, INT64_MAX);
	cr_assert_str_eq(p->goals[0], "http://uri.etsi.org/19512/goal/pgd");
	cr_assert_null(p->goals[1]);
	cr_assert_null(p->submission_formats[0]);
	cr_assert_eq(p->operations, 1u << OP_RETRIEVE_INFO | 1u << OP_PRESERVE_PO |
					1u << OP_RETRIEVE_PO | 1u << OP_DELETE_PO);
	profile_free(p);
}

static const struct {
	const char *name;
	const char *starts, *instead;
	enum ltps_code code;
} BAD[] = {
	{ "no id", "id", NULL, LTPS_FORMAT },
	{ "no goal", "goal", NULL, LTPS_FORMAT },
	{ "no period", "period =", NULL, LTPS_FORMAT },
	{ "unknown key", "max_pos", "max_pos = 10\nmax_poss = 1", LTPS_FORMAT },
	{ "unknown scheme", "scheme",
	  "scheme = http://uri.etsi.org/19512/scheme/pgd+wts+ers", LTPS_UNSUPPORTED },
	{ "unknown storage", "storage", "storage = WithMagic", LTPS_FORMAT },
	{ "storage of another scheme", "storage", "storage = WithoutStorage",
	  LTPS_UNSUPPORTED },
	{ "unknown operation", "operation = DeletePO",
	  "operation = DeletePO\noperation = Dance", LTPS_FORMAT },
	{ "mandatory operation missing", "operation = DeletePO", NULL, LTPS_FORMAT },
	{ "weak digest", "digest", "digest = sha1", LTPS_FORMAT },
	{ "digest of 224 bits", "digest", "digest = sha224", LTPS_FORMAT },
	{ "unknown digest", "digest", "digest = md5", LTPS_FORMAT },
	{ "period end unknown", "period_end", "period_end = forget", LTPS_FORMAT },
	{ "no leaves", "tree_max_leaves", "tree_max_leaves = 0", LTPS_FORMAT },
	{ "no age", "tree_max_age", "tree_max_age = 0s", LTPS_FORMAT },
	{ "period is no duration", "period =", "period = 10 years", LTPS_FORMAT },
	{ "from is no time", "valid_from", "valid_from = tomorrow", LTPS_FORMAT },
	{ "no section", "[profile]", "# [profile]", LTPS_FORMAT },
};

Test(profile, bad_file_is_refused_by_name)
{
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct profile *p = NULL;
		cr_expect_eq(parse_with(BAD[i].starts, BAD[i].instead, &p, &err), -1,
			     "%s", BAD[i].name);
		cr_expect_null(p);
		cr_expect_eq(err.code, BAD[i].code, "%s: %s", BAD[i].name, err.text);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%s", BAD[i].name);
		cr_expect_not_null(
		    strstr(err.where[0] != '\0' ? err.where : err.text, "test.conf"),
		    "%s names the file", BAD[i].name);
	}
}

Test(profile, too_many_values_are_refused)
{
	char many[PROFILE_LIST_MAX * 32] = "";
	for (int i = 0; i < PROFILE_LIST_MAX; i++)
		strcat(many, "goal = urn:g\n");
	struct ltps_error err = LTPS_ERROR_INIT;
	struct profile *p = NULL;
	cr_assert_eq(parse_with("goal", many, &p, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
}

Test(profile, active_only_within_its_validity)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct profile *p = NULL;
	cr_assert_eq(parse_with("valid_from",
				"valid_from = 2026-01-01T00:00:00Z\n"
				"valid_until = 2027-01-01T00:00:00Z",
				&p, &err),
		     0, "%s", err.text);
	cr_assert_not(profile_active(p, p->valid_from_ms - 1));
	cr_assert(profile_active(p, p->valid_from_ms));
	cr_assert(profile_active(p, p->valid_until_ms - 1));
	cr_assert_not(profile_active(p, p->valid_until_ms));
	profile_free(p);
}

Test(profile, built_in_ones_are_all_readable)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct profile *list[PROFILES_MAX];
	size_t n = 0;
	cr_assert_eq(profile_builtin(list, PROFILES_MAX, &n, &err), 0, "%s %s",
		     err.where, err.text);
	cr_assert_geq(n, 1);
	for (size_t i = 0; i < n; i++)
		profile_free(list[i]);
}

Test(profile, built_in_ones_need_room)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct profile *list[1];
	size_t n = 99;
	cr_assert_eq(profile_builtin(list, 0, &n, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(n, 99);
}
