/* SPDX-License-Identifier: Apache-2.0 */
#include "server/query_names.h"

#include <stdbool.h>
#include <string.h>

#define NAMES_MAX 64
#define SHOWN_MAX 40

static int bad(struct view p, const char *why, struct ltps_error *err)
{
	return ltps_fail(
	    err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "the parameter '%.*s' %s",
	    (int)(p.n < SHOWN_MAX ? p.n : SHOWN_MAX), (const char *)p.p, why);
}

static int check_one(struct view p, const char *const *names, bool seen[NAMES_MAX],
		     struct ltps_error *err)
{
	const uint8_t *equals = memchr(p.p, '=', p.n);
	if (equals == NULL)
		return bad(p, "has no value", err);
	const struct view name = view_head(p, (size_t)(equals - p.p));
	for (size_t i = 0; names[i] != NULL && i < NAMES_MAX; i++) {
		if (!view_is_text(name, names[i]))
			continue;
		if (seen[i])
			return bad(name, "is there twice", err);
		seen[i] = true;
		return 0;
	}
	return bad(name, "is not known", err);
}

int query_names_check(struct view raw, const char *const *names, struct ltps_error *err)
{
	bool seen[NAMES_MAX] = { false };
	while (raw.n > 0) {
		const uint8_t *amp = memchr(raw.p, '&', raw.n);
		const size_t n = amp != NULL ? (size_t)(amp - raw.p) : raw.n;
		if (n > 0 && check_one(view_head(raw, n), names, seen, err) != 0)
			return -1;
		raw = view_skip(raw, n < raw.n ? n + 1 : n);
	}
	return 0;
}
