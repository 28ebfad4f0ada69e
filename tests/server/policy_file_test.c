/* SPDX-License-Identifier: Apache-2.0 */
/* Policies by name and by file, and suites that stand beside them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "server/policy_file.h"

#define SUITE                                                                          \
	"{\"SecuritySuitabilityPolicy\":{\"PolicyName\":{\"Name\":\"own\"},"           \
	"\"Publisher\":{\"Name\":\"p\"},\"PolicyIssueDate\":\"2024-10-13T00:00:00Z\"," \
	"\"Algorithm\":[{\"AlgorithmIdentifier\":{\"Name\":\"a\","                     \
	"\"ObjectIdentifier\":"                                                        \
	"\"2.16.840.1.101.3.4.2.1\"},\"Evaluation\":[{\"Validity\":{}}]}]}}"
#define POLICY "[policy]\nid = urn:x\nmodel = shell\n[algorithms]\nsuite = %s\n"

static char folder[] = "/tmp/policy_file_test.XXXXXX";

static void make_folder(void)
{
	cr_assert_not_null(mkdtemp(folder));
}

static void write_file(const char *name, const char *text, char path[256])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	snprintf(path, 256, "%s/%s", folder, name);
	cr_assert_eq(file_write(path, view_text(text), 0600, &err), 0, "%s", err.text);
}

static void remove_all(void)
{
	static const char *const names[] = { "suite.json", "p.conf" };
	char path[256];
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

TestSuite(policy_file, .init = make_folder, .fini = remove_all);

static int load_with(const char *suite, struct validation_policy **p,
		     struct ltps_error *err)
{
	char path[256], text[512];
	snprintf(text, sizeof(text), POLICY, suite);
	write_file("p.conf", text, path);
	return policy_load(path, p, err);
}

Test(policy_file, name_that_is_nothing_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(policy_load("nothing-at-all", &p, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(policy_file, suite_outside_the_folder_is_not_read)
{
	static const char *const names[] = { "../suite.json", "/etc/passwd",
					     "sub/suite.json", "suite.json" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct validation_policy *p = NULL;
		cr_expect_eq(load_with(names[i], &p, &err), -1, "%s", names[i]);
		cr_expect_eq(err.code, LTPS_NOT_FOUND, "%s: %s", names[i], err.text);
	}
}

Test(policy_file, suite_that_is_missing_is_what_is_named)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(load_with("none.xml", &p, &err), -1);
	cr_expect_eq(err.code, LTPS_NOT_FOUND);
	cr_expect(strstr(err.text, "algorithm suite none.xml") != NULL, "%s", err.text);
}

Test(policy_file, file_when_malformed_is_refused_with_its_line)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	char path[256];
	write_file("p.conf", "[policy]\nid\n", path);
	cr_assert_eq(policy_load(path, &p, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert(strstr(err.text, "p.conf:2:") != NULL, "%s", err.text);
}

Test(policy_file, suite_beside_the_file_is_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	char path[256];
	write_file("suite.json", SUITE, path);
	cr_assert_eq(load_with("suite.json", &p, &err), 0, "%s", err.text);
	cr_expect_str_eq(p->suite->name, "own");
	validation_policy_free(p);
	cr_assert_eq(load_with("default", &p, &err), 0, "%s", err.text);
	cr_expect_str_eq(p->suite->name, "LTPS algorithm suite");
	validation_policy_free(p);
}

Test(policy_file, built_in_names_and_ids_are_known)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL;
	cr_assert_eq(policy_load("strict", &p, &err), 0);
	validation_policy_free(p);
	cr_assert_eq(policy_load("urn:ltps:policy:validation:strict:1", &p, &err), 0);
	validation_policy_free(p);
}
