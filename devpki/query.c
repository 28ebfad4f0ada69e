/* SPDX-License-Identifier: Apache-2.0 */
/* query - percent-encoding, query parameters and numbers in them. */
#include "devpki/inside.h"

int devpki_percent_decode(struct view in, struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];
		if (c == '%') {
			int high = i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(in.p[i + 2]) : -1;
			if (low < 0)
				return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
						 "RFC 3986 2.1",
						 "broken percent-encoding");
			c = (uint8_t)(high << 4 | low);
			i += 2;
		}
		if (buf_put_byte(out, c, err) != 0)
			return -1;
	}
	return 0;
}

/* The part in front of c; the rest behind it. */
static struct view cut(struct view *rest, uint8_t c)
{
	size_t n = 0;
	while (n < rest->n && rest->p[n] != c)
		n++;
	struct view head = view_head(*rest, n);
	*rest = view_skip(*rest, n + 1);
	return head;
}

int devpki_query_get(struct view query, const char *name, struct buf *out,
		     bool *ret_present, struct ltps_error *err)
{
	*ret_present = false;
	buf_clear(out);
	while (query.n > 0) {
		struct view value = cut(&query, '&');
		struct view key = cut(&value, '=');
		if (!view_is_text(key, name))
			continue;
		*ret_present = true;
		return devpki_percent_decode(value, out, err);
	}
	return 0;
}

int devpki_uint_parse(struct view text, uint64_t max, uint64_t *ret_v,
		      struct ltps_error *err)
{
	uint64_t v = 0;
	bool fine = text.n > 0 && text.n <= 19;
	for (size_t i = 0; fine && i < text.n; i++) {
		fine = text.p[i] >= '0' && text.p[i] <= '9';
		v = v * 10 + (uint64_t)(text.p[i] - '0');
	}
	if (!fine || v > max)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "not a number of at most %llu",
				 (unsigned long long)max);
	*ret_v = v;
	return 0;
}
