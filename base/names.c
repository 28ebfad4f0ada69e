/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	const int by_text = strcmp(x->text, y->text);
	return by_text != 0 ? by_text : (x->i > y->i) - (x->i < y->i);
}

void names_sort(struct named *names, size_t n)
{
	if (n > 0)
		qsort(names, n, sizeof(*names), compare);
}

size_t names_find(const struct named *names, size_t n, const char *text)
{
	size_t from = 0, to = n;
	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		if (strcmp(names[middle].text, text) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from < n && strcmp(names[from].text, text) == 0 ? from : n;
}
