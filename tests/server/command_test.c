/* SPDX-License-Identifier: Apache-2.0 */
/* Exit statuses, and what of a service's texts reaches terminal and disk. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "server/client.h"
#include "server/commands.h"

Test(command, errors_have_their_exit_status, .init = cr_redirect_stderr)
{
	static const struct {
		struct ltps_error err;
		int status;
	} cases[] = {
		{ { .code = LTPS_ARGUMENT }, EXIT_USAGE },
		{ { .code = LTPS_EXISTS }, EXIT_USAGE },
		{ { .code = LTPS_DENIED }, EXIT_USAGE },
		{ { .code = LTPS_DENIED, .foreign = LTPS_FOREIGN_ERRNO }, EXIT_DATA },
		{ { .code = LTPS_NOT_FOUND }, EXIT_DATA },
		{ { .code = LTPS_FORMAT, .fault = LTPS_FAULT_REMOTE },
		  EXIT_UNAVAILABLE },
		{ { .code = LTPS_IO,
		    .foreign = LTPS_FOREIGN_ERRNO,
		    .foreign_code = EISDIR },
		  EXIT_DATA },
		{ { .code = LTPS_IO,
		    .foreign = LTPS_FOREIGN_ERRNO,
		    .foreign_code = EIO },
		  EXIT_SOFTWARE },
		{ { .code = LTPS_TIMEOUT }, EXIT_UNAVAILABLE },
		{ { .code = LTPS_CORRUPT }, EXIT_SOFTWARE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(command_error("x", &cases[i].err), cases[i].status, "%zu",
			     i);
}

Test(client, texts_cannot_steer_the_terminal)
{
	char shown[64] = "";
	FILE *f = tmpfile();
	cr_assert_not_null(f);
	client_show(f, "a\x1b[2J\n\xc2\x9b\x7f\xc3\xa4");
	client_show(f, NULL);
	rewind(f);
	cr_assert_gt(fread(shown, 1, sizeof(shown) - 1, f), 0);
	fclose(f);
	cr_expect_str_eq(shown, "a?[2J???\xc3\xa4-");
}

Test(client, file_names_stay_in_their_folder_and_differ)
{
	static char long_id[CLIENT_NAME_MAX + 1];
	memset(long_id, 'a', CLIENT_NAME_MAX);
	const char *const odd[] = { NULL,   "",     ".",  "..",   "a/b",
				    "../x", "a\\b", "_2", "a\nb", long_id };
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char name[CLIENT_NAME_MAX], want[16];
		snprintf(want, sizeof(want), "_%zu", i + 1);
		client_file_name(odd[i], i, name);
		cr_expect_str_eq(name, want, "%zu", i);
	}
	char name[CLIENT_NAME_MAX];
	client_file_name("evidence-v1", 3, name);
	cr_expect_str_eq(name, "evidence-v1");
}
