/* SPDX-License-Identifier: Apache-2.0 */
#include "server/digest_option.h"

#include <string.h>

#define SHOWN_MAX 160 /* of the text in an error: the longest digest in hex */

static int bad(const char *option, struct view text, const char *why,
	       struct ltps_error *err)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL, "%s %.*s: %s",
			 option, (int)(text.n < SHOWN_MAX ? text.n : SHOWN_MAX),
			 (const char *)text.p, why);
}

int digest_option_parse(const char *option, struct view text, struct digest *ret_d,
			struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct buf value = buf_make(DIGEST_MAX);
	const uint8_t *colon = text.n > 0 ? memchr(text.p, ':', text.n) : NULL;
	if (colon == NULL)
		return bad(option, text, "not ALG:HEX", err);
	const size_t n = (size_t)(colon - text.p);
	struct digest d = { .alg = digest_from_name(view_head(text, n)) };
	if (d.alg == DIGEST_NONE)
		return bad(option, text, "unknown digest algorithm", err);
	int rc = 0;
	if (hex_decode(view_skip(text, n + 1), &value, &inner) != 0 ||
	    value.n != digest_len(d.alg))
		rc = inner.code == LTPS_NOMEM
			 ? ltps_fail_nomem(err)
			 : bad(option, text,
			       "not the hexadecimal digits of such a digest", err);
	if (rc == 0) {
		d.n = value.n;
		memcpy(d.p, value.p, value.n);
		*ret_d = d;
	}
	buf_free(&value);
	return rc;
}

static int know(const char *option, struct view text, struct content *c,
		struct ltps_error *err)
{
	struct digest d;
	if (digest_option_parse(option, text, &d, err) != 0)
		return -1;
	if (c->known[d.alg].alg != DIGEST_NONE)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%s: %s twice", option, digest_name(d.alg));
	c->known[d.alg] = d;
	return 0;
}

int digest_option_known(const char *option, struct view list, struct content *c,
			struct ltps_error *err)
{
	c->digests_only = true;
	for (;;) {
		const uint8_t *comma = list.n > 0 ? memchr(list.p, ',', list.n) : NULL;
		const size_t n = comma != NULL ? (size_t)(comma - list.p) : list.n;
		if (know(option, view_head(list, n), c, err) != 0)
			return -1;
		if (comma == NULL)
			return 0;
		list = view_skip(list, n + 1);
	}
}
