/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets are a filter that can be carried out, or an error that is text. */
#include <stdlib.h>
#include <string.h>

#include "ltp/search_filter.h"
#include "tests/fuzz/fuzz.h"

static struct search_filter f;

/* Children stand before their parents, and each once: what storage/search.c wants. */
static void check_nodes(void)
{
	unsigned used[SEARCH_NODES_MAX] = { 0 };
	for (size_t i = 0; i < f.n_nodes; i++) {
		const struct search_node *n = &f.nodes[i];
		if (n->kind == SEARCH_TERM) {
			if (!search_has_op(n->field, n->op) || n->text == NULL ||
			    !utf8_valid(view_text(n->text)))
				abort();
			continue;
		}
		if (n->left >= i || used[n->left]++ > 0)
			abort();
		if (n->kind != SEARCH_NOT && (n->right >= i || used[n->right]++ > 0))
			abort();
	}
	for (size_t i = 0; i + 1 < f.n_nodes; i++)
		if (used[i] != 1)
			abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (search_filter_parse(view_of(data, size), &f, &err) != 0) {
		if (err.fault != LTPS_FAULT_CALLER || !utf8_valid(view_text(err.text)))
			abort();
		return;
	}
	check_nodes();
	if (f.limit > SEARCH_FOUND_MAX || f.n_texts > sizeof(f.texts) ||
	    (f.after != NULL && !utf8_valid(view_text(f.after))))
		abort();
}
