/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#include "base/late_library.h"
#include "tests/base/fetch_fixture.h"

#define CURL_FILE "libcurl.so.4"
/* Any that is there and that nothing here has linked would do. */
#define FUNCTIONS(F) F(floor) F(fmax)
#define MEMBER(name) __typeof__(name) *name;
#define SYMBOL(name) { #name, &libm.name },

static struct {
	FUNCTIONS(MEMBER)
} libm;
static const struct late_symbol symbols[] = { FUNCTIONS(SYMBOL) };

static void expect_refused(struct late_library *library, const char *why)
{
	/* Each time: whoever installs it need not start the service anew. */
	for (int i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_expect_eq(late_library_load(library, &err), -1);
		cr_expect_eq(err.code, LTPS_IO);
		cr_expect_eq(err.fault, LTPS_FAULT_SELF);
		cr_expect_not_null(strstr(err.text, library->file), "%s", err.text);
		cr_expect_not_null(strstr(err.text, "libnone1"), "%s", err.text);
		cr_expect_not_null(strstr(err.text, why), "%s", err.text);
	}
}

Test(late_library, missing_file_is_named_with_its_package)
{
	struct late_library none =
	    LATE_LIBRARY("libltps-none.so.1", "libnone1", symbols);
	expect_refused(&none, "No such file");
	cr_expect_null(libm.floor);
}

Test(late_library, missing_function_is_named)
{
	static void (*first)(void), (*second)(void);
	const struct late_symbol some[] = { { "floor", &first },
					    { "ltps_no_such_function", &second } };
	struct late_library lacking = LATE_LIBRARY("libm.so.6", "libnone1", some);
	expect_refused(&lacking, "ltps_no_such_function");
	cr_expect_null(second);
}

Test(late_library, functions_are_called_once_it_is_loaded)
{
	struct late_library library = LATE_LIBRARY("libm.so.6", "libc6", symbols);
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(late_library_load(&library, &err), 0, "%s", err.text);
		cr_expect_eq(libm.floor(3.5), 3.0);
		cr_expect_eq(libm.fmax(3.0, 4.0), 4.0);
	}
}

static bool curl_is_loaded(void)
{
	void *handle = dlopen(CURL_FILE, RTLD_LAZY | RTLD_NOLOAD);
	if (handle != NULL)
		dlclose(handle);
	return handle != NULL;
}

Test(late_library, libcurl_comes_with_the_first_exchange)
{
	const struct stub_answer a = { .text = OK_ABC };
	const struct fetch_policy policy = lenient();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct http_stub *s = http_stub_start(&a, 1);
	const struct fetch_request request = { .url = http_stub_url(s, "/") };
	struct outcome o = { .err = LTPS_ERROR_INIT };
	struct fetch *f = NULL;
	cr_assert_eq(fetch_new(&policy, &f, &err), 0, "%s", err.text);
	fetch_cancel(f); /* nothing to end, and forgotten */
	cr_expect_not(curl_is_loaded());
	o.rc = fetch_do(f, &request, &o.r, &o.err);
	expect_body(o, 200, "abc");
	cr_expect(curl_is_loaded());
	fetch_free(f);
	http_stub_stop(s);
}

Test(late_library, fetch_that_was_never_used_loads_nothing)
{
	const struct fetch_policy policy = lenient();
	const struct fetch_request empty = { .url = "" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_result r;
	struct fetch *f = NULL;
	cr_assert_eq(fetch_new(&policy, &f, &err), 0, "%s", err.text);
	cr_expect_eq(fetch_do(f, &empty, &r, &err), -1);
	fetch_free(f);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_not(curl_is_loaded());
}
