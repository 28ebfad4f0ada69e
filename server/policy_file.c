/* SPDX-License-Identifier: Apache-2.0 */
#include "server/policy_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"

#define PATH_ROOM 4096

/* A suite by the policy's file: only a plain name in the same folder. */
static int read_suite(void *arg, const char *name, struct buf *out,
		      struct ltps_error *err)
{
	const char *policy = arg;
	const char *slash = strrchr(policy, '/');
	char path[PATH_ROOM];
	if (strchr(name, '/') != NULL || strchr(name, '.') == NULL)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "no file of a suite: %.100s", name);
	int n = snprintf(path, sizeof(path), "%.*s%s",
			 slash != NULL ? (int)(slash - policy + 1) : 0, policy, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "path of a suite: %.100s", name);
	return file_read(path, out, err);
}

/* found: there is such a file, whatever is wrong with it. */
static int load_file(const char *path, struct validation_policy **ret_p,
		     bool *ret_found, struct ltps_error *err)
{
	struct buf text = buf_make(VALIDATION_POLICY_BYTES_MAX);
	char name[PATH_ROOM];
	snprintf(name, sizeof(name), "%s", path);
	const struct validation_policy_source source = { .suite = read_suite,
							 .arg = name };
	int rc = file_read(path, &text, err);
	*ret_found = rc == 0;
	if (rc == 0)
		rc =
		    validation_policy_parse(view_buf(&text), path, &source, ret_p, err);
	buf_free(&text);
	return rc;
}

int policy_load(const char *name, struct validation_policy **ret_p,
		struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	bool found = false;
	if (validation_policy_builtin(name, ret_p, &inner) == 0)
		return 0;
	if (inner.code != LTPS_NOT_FOUND) {
		*err = inner;
		return -1;
	}
	ltps_error_clear(&inner);
	if (load_file(name, ret_p, &found, &inner) == 0)
		return 0;
	if (inner.code == LTPS_NOT_FOUND && !found)
		return ltps_fail(
		    err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
		    "there is no validation policy %.100s, and no such file", name);
	*err = inner;
	return -1;
}
