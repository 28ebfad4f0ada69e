/* SPDX-License-Identifier: Apache-2.0 */
/* The value of Content-Type up to the first LF, then the body. */
#include <stdlib.h>
#include <string.h>

#include "server/multipart.h"
#include "tests/fuzz/fuzz.h"

static void must_be_inside(struct view part, struct view whole)
{
	if (part.n > 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
		abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct multipart_part parts[MULTIPART_PARTS_MAX];
	const struct view whole = view_of(data, size);
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	const size_t head = lf != NULL ? (size_t)(lf - data) : size;
	const struct view body = view_skip(whole, lf != NULL ? head + 1 : head);
	size_t n = 0;
	if (multipart_parse(view_head(whole, head), body, parts, MULTIPART_PARTS_MAX,
			    &n, &err) != 0) {
		if (err.code == LTPS_OK)
			abort();
		return;
	}
	for (size_t i = 0; i < n; i++) {
		must_be_inside(parts[i].name, body);
		must_be_inside(parts[i].filename, body);
		must_be_inside(parts[i].body, body);
		if (parts[i].name.n == 0)
			abort();
	}
}
