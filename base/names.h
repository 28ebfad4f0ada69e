/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - which of many texts a given one is: sorted once, found by halves. Who sends
 * many names of many things would otherwise be looked up by comparing each with each.
 */
#ifndef LTPS_BASE_NAMES_H
#define LTPS_BASE_NAMES_H

#include <stddef.h>

struct named {
	const char *text; /* borrowed */
	size_t i;	  /* what bears it */
};

/* By text; equal ones by i. */
void names_sort(struct named *names, size_t n);
/* The first of those with this text, its equals stand behind it; n: there is none.
 * names: sorted. */
size_t names_find(const struct named *names, size_t n, const char *text);

#endif
