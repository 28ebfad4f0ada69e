/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"

#include "base/bytes.h"

/* RFC 3629 section 3: by its first octet; utf8_valid() sees the rest. */
static size_t letter_len(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

void text_make_utf8(char *s)
{
	while (*s != '\0') {
		const size_t n = letter_len((uint8_t)*s);
		if (strnlen(s, n) == n && utf8_valid(view_of(s, n)))
			s += n;
		else
			*s++ = '?';
	}
}
