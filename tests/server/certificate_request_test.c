/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/certificate_request.h"

static struct certificate_request r;
static struct ltps_error err;

static void tear_down(void)
{
	certificate_request_clear(&r);
}

TestSuite(certificate_request, .fini = tear_down);

static int json(const char *text)
{
	certificate_request_clear(&r);
	err = (struct ltps_error)LTPS_ERROR_INIT;
	return certificate_request_json(&r, view_text(text), &err);
}

Test(certificate_request, what_is_wrong_is_the_callers_and_is_named)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "JSON" },
		{ "{}", "certificates" },
		{ "{\"certificates\":[]}", "no certificate" },
		{ "{\"certificates\":[\"\"]}", "no certificate" },
		{ "{\"certificates\":[\"AAAA\"]}", "" },
		{ "{\"certificates\":[\"!\"]}", "" },
		{ "{\"certificates\":\"AAAA\"}", "certificates" },
		{ "{\"certificates\":[],\"anchors\":[]}", "anchors" },
		{ "{\"certificates\":[],\"explain\":1}", "explain" },
		{ "{\"certificates\":[],\"paths\":-1}", "paths" },
		{ "{\"certificates\":[],\"paths\":1.5}", "paths" },
		{ "{\"certificates\":[],\"crls\":[\"AAAA\"]}", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cr_expect_eq(json(cases[i].text), -1, "%s", cases[i].text);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%s: %s", cases[i].text,
			     err.text);
		cr_expect_not_null(strstr(err.text, cases[i].says), "%s: %s",
				   cases[i].text, err.text);
	}
}

static const char *get(void *arg, const char *name)
{
	const char *const *pairs = arg;
	for (; *pairs != NULL; pairs += 2)
		if (strcmp(pairs[0], name) == 0)
			return pairs[1];
	return NULL;
}

static int query(const char *const *pairs)
{
	certificate_request_clear(&r);
	err = (struct ltps_error)LTPS_ERROR_INIT;
	return certificate_request_query(&r, get, (void *)(uintptr_t)pairs, &err);
}

Test(certificate_request, a_flag_is_true_or_false)
{
	cr_assert_eq(query((const char *const[]){ "inhibit-any", "yes", NULL }), -1);
	cr_assert_not_null(strstr(err.text, "inhibit-any"));
	cr_assert_eq(query((const char *const[]){ "inhibit-any", "false", "explain",
						  "true", NULL }),
		     0);
	cr_assert_eq(r.path.inhibit_any, 0);
	cr_assert_eq(r.path.explain, 1);
}

Test(certificate_request, lists_are_split_and_bounded)
{
	char many[4 * PATH_OPTION_OIDS_MAX + 8] = "1";
	cr_assert_eq(query((const char *const[]){ "initial-policy", "1.2,3.4", "eku",
						  "serverAuth", NULL }),
		     0);
	cr_assert_eq(r.path.initial.n, 2);
	cr_assert_str_eq(r.path.initial.texts[1], "3.4");
	cr_assert_str_eq(r.path.purposes.texts[0], "serverAuth");
	for (size_t i = 0; i < PATH_OPTION_OIDS_MAX; i++)
		strcat(many, ",1");
	cr_assert_eq(query((const char *const[]){ "eku", many, NULL }), -1);
	cr_assert_not_null(strstr(err.text, "too many"));
}
